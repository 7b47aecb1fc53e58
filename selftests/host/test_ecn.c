// SPDX-License-Identifier: GPL-2.0
/* ECN (RFC 3168), DCTCP (RFC 8257), and the window after silence (RFC 5681 section 4.1). */
#include <string.h>

#include "core/cong.h"
#include "core/ecn.h"
#include "core/pace.h"
#include "core/transmit.h"
#include "script.h"

#define MSS 1460u
#define ECE LTCP_ECE
#define CWR LTCP_CWR
#define CE .ecn = LTCP_ECN_CE

static struct ltcp_seg sent(struct peer *p)
{
	struct ltcp_seg seg;

	EXPECT(peer_take(p, &seg, NULL));
	return seg;
}

static void start(struct peer *p, const struct ltcp_cong_ops *ops)
{
	peer_init(p, "P", ISS);
	p->conf.ecn = 1;
	p->conf.window_scaling = 1;
	p->tcb.cong = ops;
	peer_connect(p);
	p->tcb.cong = ops;
	p->tcb.ecn_asked = 1;
}

/* A connection that has agreed on ECN, @segments in flight and not taken */
static void in_flight(struct peer *p, const struct ltcp_cong_ops *ops, u32 segments)
{
	start(p, ops);
	p->n_sent = 0;
	ARRIVES(p, .flags = SYN | ACK | ECE, .seq = IRS, .ack = ISS + 1,
		.opt = { .has = LTCP_HAS_MSS | LTCP_HAS_WSCALE, .mss = MSS, .wscale = 7 });
	EXPECT(p->tcb.ecn_ok);
	ARRIVES(p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);	/* the window, scaled */
	p->tcb.cwnd = (segments ? : 10) * MSS;
	p->tcb.nodelay = 1;
	p->n_sent = 0;
	if (segments)
		peer_send(p, 1000 * MSS);
	EXPECT_EQ(p->n_sent, segments);
}

static void ack_segments(struct peer *p, u32 segments, u8 flags)
{
	ARRIVES(p, .flags = ACK | flags, .seq = IRS + 1, .ack = ISS + 1 + segments * MSS);
}

/* Section 6.1.1: asked for with ECE and CWR, agreed with ECE alone */
TEST(ecn_is_agreed_on)
{
	static const struct {
		u8 answer;
		bool ok;
	} cases[] = { { ECE, true }, { 0, false }, { ECE | CWR, false }, { CWR, false } };
	struct peer p;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		host_at("answer %#x", cases[i].answer);
		peer_init(&p, "P", ISS);
		p.conf.ecn = 1;
		peer_connect(&p);
		EXPECT_EQ(sent(&p).flags, SYN | ECE | CWR);
		ARRIVES(&p, .flags = SYN | ACK | cases[i].answer, .seq = IRS, .ack = ISS + 1);
		EXPECT_EQ(p.tcb.ecn_ok, cases[i].ok);
		EXPECT_EQ(sent(&p).flags, ACK);
	}
}

/* By setting 2, the default, ECN is not asked for; an answer with ECE agrees to nothing */
TEST(ecn_is_not_asked_for)
{
	struct peer p;

	peer_init(&p, "P", ISS);
	peer_connect(&p);
	EXPECT_EQ(sent(&p).flags, SYN);
	ARRIVES(&p, .flags = SYN | ACK | ECE, .seq = IRS, .ack = ISS + 1);
	EXPECT(!p.tcb.ecn_ok);
}

TEST(ecn_is_accepted_by_setting)
{
	struct peer p;
	int ecn;

	for (ecn = 0; ecn <= 2; ecn++) {
		host_at("ecn %d", ecn);
		peer_init(&p, "P", ISS);
		p.conf.ecn = ecn;
		peer_listen(&p);
		ARRIVES(&p, .flags = SYN | ECE | CWR, .seq = IRS);
		EXPECT_EQ(sent(&p).flags, ecn ? SYN | ACK | ECE : SYN | ACK);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
		EXPECT_EQ(p.tcb.ecn_ok, !!ecn);
	}
}

/* Section 6.1.1.1: a SYN that was lost may have been lost because it asked */
TEST(ecn_is_not_asked_for_twice)
{
	struct peer p;

	peer_init(&p, "P", ISS);
	p.conf.ecn = 1;
	peer_connect(&p);
	EXPECT_EQ(sent(&p).flags, SYN | ECE | CWR);
	EXPECT_SENT_AFTER(&p, SECOND, SYN, ISS, 0, 0);
	ARRIVES(&p, .flags = SYN | ACK | ECE, .seq = IRS, .ack = ISS + 1);
	EXPECT(!p.tcb.ecn_ok);
}

/* Sections 6.1.4 and 6.1.5: new text is ECT(0); neither bare ACKs nor what is sent again */
TEST(ecn_codepoints)
{
	struct peer p;
	int i;

	in_flight(&p, &ltcp_cong_reno, 10);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(sent(&p).ecn, LTCP_ECN_ECT_0);
	for (i = 0; i < 3; i++)
		ack_segments(&p, 0, 0);
	for (i = 0; i < 2; i++)				/* limited transmit: new text */
		EXPECT_EQ(sent(&p).ecn, LTCP_ECN_ECT_0);
	EXPECT_EQ(sent(&p).ecn, LTCP_ECN_NOT_ECT);	/* fast retransmit */
	p.n_sent = 0;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 100);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 101, .ack = ISS + 1, .text = 1460);
	EXPECT_EQ(sent(&p).ecn, LTCP_ECN_NOT_ECT);
}

/* Section 6.1.2: once for each window of data, and the peer is told with new text, once */
TEST(ecn_echo_reduces_once_a_window)
{
	struct peer p;
	u32 i;

	in_flight(&p, &ltcp_cong_reno, 10);
	p.n_sent = 0;
	ack_segments(&p, 1, ECE);
	EXPECT_EQ(p.tcb.cwnd, 5 * MSS);
	EXPECT_EQ(p.tcb.ssthresh, 5 * MSS);
	for (i = 2; i <= 10; i++) {
		ack_segments(&p, i, ECE);
		host_at("ACK of %u", i);
		EXPECT_EQ(p.tcb.cwnd, 5 * MSS);
	}
	EXPECT_EQ(p.n_sent, 5);
	EXPECT(sent(&p).flags & CWR);
	for (i = 0; i < 4; i++)
		EXPECT(!(sent(&p).flags & CWR));
	/* The window after that */
	ack_segments(&p, 11, ECE);
	EXPECT_EQ(p.tcb.cwnd, 5 * MSS / 2);
}

/* Without agreement ECE means nothing */
TEST(ecn_echo_unasked)
{
	struct peer p;

	in_flight(&p, &ltcp_cong_reno, 10);
	p.tcb.ecn_ok = 0;
	ack_segments(&p, 1, ECE);
	EXPECT_EQ(p.tcb.cwnd, 11 * MSS);
}

/* A loss has reduced the window: marks of the same window do not do it again */
TEST(ecn_echo_and_loss)
{
	struct peer p;
	int i;

	in_flight(&p, &ltcp_cong_reno, 10);
	for (i = 0; i < 3; i++)
		ack_segments(&p, 0, ECE);
	EXPECT_EQ(p.tcb.ssthresh, 5 * MSS);
	ack_segments(&p, 10, ECE);
	EXPECT_EQ(p.tcb.ssthresh, 5 * MSS);
}

/* Section 6.1.3: the echo goes on until CWR; a mark on that segment counts again */
TEST(ecn_marks_are_echoed_until_cwr)
{
	struct peer p;

	in_flight(&p, &ltcp_cong_reno, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = MSS, CE);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1 + MSS, .ack = ISS + 1, .text = MSS);
	EXPECT_EQ(sent(&p).flags, ACK | ECE);
	peer_send(&p, 10);
	EXPECT_EQ(sent(&p).flags, ACK | PSH | ECE);
	/* Neither a bare ACK's mark nor its CWR counts */
	ARRIVES(&p, .flags = ACK | CWR, .seq = IRS + 1 + 2 * MSS, .ack = ISS + 1);
	peer_send(&p, 10);
	EXPECT_EQ(sent(&p).flags, ACK | PSH | ECE);
	ARRIVES(&p, .flags = ACK | CWR, .seq = IRS + 1 + 2 * MSS, .ack = ISS + 1, .text = 100, CE);
	peer_send(&p, 10);
	EXPECT_EQ(sent(&p).flags, ACK | PSH | ECE);
	ARRIVES(&p, .flags = ACK | CWR, .seq = IRS + 101 + 2 * MSS, .ack = ISS + 1, .text = 100);
	peer_send(&p, 10);
	EXPECT_EQ(sent(&p).flags, ACK | PSH);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 201 + 2 * MSS, .ack = ISS + 1, CE);
	peer_send(&p, 10);
	EXPECT_EQ(sent(&p).flags, ACK | PSH);
}

/* A segment that is not acceptable marks nothing */
TEST(ecn_marks_outside_the_window)
{
	struct peer p;

	in_flight(&p, &ltcp_cong_reno, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1 + 1000000, .ack = ISS + 1, .text = 10, CE);
	EXPECT_EQ(sent(&p).flags, ACK);
}

/* RFC 8257 section 3.2: an ACK tells of the text that it acknowledges, and of no other */
TEST(dctcp_exact_echo)
{
	struct peer p;
	struct ltcp_seg seg;

	in_flight(&p, &ltcp_cong_dctcp, 0);
	p.tcb.rcv_mss = MSS;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = MSS);
	EXPECT_SILENT(&p);
	/* marked: what came before is acknowledged first, without ECE */
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1 + MSS, .ack = ISS + 1, .text = MSS, CE);
	seg = sent(&p);
	EXPECT_EQ(seg.flags, ACK);
	EXPECT_EQ(seg.ack, IRS + 1 + MSS);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1 + 2 * MSS, .ack = ISS + 1, .text = MSS, CE);
	seg = sent(&p);
	EXPECT_EQ(seg.flags, ACK | ECE);
	EXPECT_EQ(seg.ack, IRS + 1 + 3 * MSS);
	/* not marked any more; nothing is owed, so nothing goes first */
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1 + 3 * MSS, .ack = ISS + 1, .text = MSS);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1 + 4 * MSS, .ack = ISS + 1, .text = MSS);
	EXPECT_EQ(sent(&p).flags, ACK);
	EXPECT_SILENT(&p);
}

/* DCTCP asks for ECN, and accepts it, whatever the setting says */
TEST(dctcp_needs_ecn)
{
	struct ltcp_conf conf = {};

	EXPECT(ltcp_ecn_wanted(&conf, &ltcp_cong_dctcp, true));
	EXPECT(ltcp_ecn_wanted(&conf, &ltcp_cong_dctcp, false));
	EXPECT(!ltcp_ecn_wanted(&conf, &ltcp_cong_reno, false));
}

/* A window of @n segments of which the first @marked are echoed as marked */
static void dctcp_window(struct ltcp_tcb *tcb, u32 n, u32 marked)
{
	u32 i;

	tcb->snd_nxt = tcb->snd_una + n * 1000;
	for (i = 0; i < n; i++) {
		struct ltcp_cong_sample sample = {
			.ack = tcb->snd_una + 1000, .acked = 1000, .in_flight = tcb->cwnd,
			.marked = i < marked ? 1000 : 0,
		};

		ltcp_cong_acked(tcb, &sample);
		tcb->snd_una += 1000;
	}
}

static void dctcp_start(struct ltcp_tcb *tcb)
{
	*tcb = (struct ltcp_tcb) {
		.cong = &ltcp_cong_dctcp, .snd_mss = 1000, .ecn_ok = 1,
		.snd_una = 1, .snd_nxt = 1, .ssthresh = 1000,
	};
	ltcp_cong_init(tcb, 0);
	tcb->cwnd = 100000;
}

/*
 * RFC 8257 section 3.3: Alpha = Alpha * (1 - g) + g * M, once a window of data,
 * and cwnd = cwnd * (1 - Alpha / 2)
 */
TEST(dctcp_alpha)
{
	struct ltcp_tcb tcb;
	double alpha = 1;
	u32 i;

	dctcp_start(&tcb);
	for (i = 0; i < 100; i++) {
		tcb.cwnd = 100000;
		dctcp_window(&tcb, 100, 0);
	}
	/* Windows without a mark: (15/16)^100 = 0.0016 is left of it */
	dctcp_window(&tcb, 100, 1);
	EXPECT_GE(tcb.cwnd, 99500);
	dctcp_start(&tcb);
	for (i = 0; i < 200; i++) {
		u32 before;

		tcb.cwnd = 100000;
		tcb.ecn_reduced = 0;
		before = tcb.cwnd;
		dctcp_window(&tcb, 100, 25);
		host_at("window %u, alpha %f", i, alpha);
		if (i) {	/* a quarter was marked: alpha tends to that */
			EXPECT_LE(tcb.cwnd, before * (1 - alpha / 2) + 1500);
			EXPECT_GE(tcb.cwnd, before * (1 - alpha / 2) - 6000);
		}
		alpha = alpha * 15 / 16 + 0.25 / 16;
	}
	EXPECT_GE(tcb.cwnd, 86500);
	EXPECT_LE(tcb.cwnd, 88500);
}

/* TCP_CC_INFO, in the form of the kernel's struct tcp_dctcp_info */
TEST(dctcp_told)
{
	u16 half[8] = {};
	u32 word[4];
	struct ltcp_tcb tcb;
	int attr = 0;

	dctcp_start(&tcb);
	tcb.ecn_ok = 1;
	EXPECT_EQ(tcb.cong->info(&tcb, half, sizeof(half), &attr), 16);
	EXPECT_EQ(attr, 9);
	EXPECT_EQ(half[0], 1);
	memcpy(word, half, sizeof(word));
	EXPECT_EQ(word[1], 1024);
	dctcp_window(&tcb, 100, 0);
	tcb.cong->info(&tcb, word, sizeof(word), &attr);
	EXPECT_EQ(word[1], 960);
	EXPECT_EQ(tcb.cong->info(&tcb, word, 4, &attr), 4);
}

/* Section 3.4: a loss is a loss */
TEST(dctcp_loss)
{
	struct ltcp_tcb tcb;

	dctcp_start(&tcb);
	dctcp_window(&tcb, 100, 0);
	ltcp_cong_reduce(&tcb, 100000, 0);
	EXPECT_EQ(tcb.ssthresh, 50000);
}

/* Pacing: 100 octets at 100 000 a second are a millisecond; a late timer is made up for */
TEST(pace_by_rate)
{
	struct ltcp_tcb tcb = { .cong = &ltcp_cong_reno };
	u64 t = 1000 * SECOND;
	u32 i, n = 0;

	EXPECT_EQ(ltcp_pace_rate(&tcb, 100000), 100000);
	for (i = 0; i < 100; i++) {		/* for a second, as fast as it may */
		while (!ltcp_pace_wait(&tcb, t)) {
			ltcp_pace_sent(&tcb, 100, 100000, t);
			n++;
		}
		EXPECT_GT(tcb.timer[LTCP_TIMER_PACE], t);
		t += 10 * MS;
	}
	EXPECT_GE(n, 1000);
	EXPECT_LE(n, 1000 + 20);	/* 10 ms of credit at first */
}

/* What is handed over early has its time with it, for fq: a turn each, however late the timer is */
TEST(pace_departures)
{
	struct ltcp_tcb tcb = { .cong = &ltcp_cong_reno };
	u64 t = 1000 * SECOND, start = t;
	u32 i;

	EXPECT_EQ(ltcp_pace_departure(&tcb, t), t);
	for (i = 0; i < 50; i++) {
		while (ltcp_pace_wait(&tcb, t))
			t = tcb.timer[LTCP_TIMER_PACE] + i % 10 * MS;
		EXPECT_EQ(ltcp_pace_departure(&tcb, t), start + i * 3 * MS);
		ltcp_pace_sent(&tcb, 300, 100000, t);
	}
	/* What does not wait for its turn goes in order, and soon: a probe, a limit that is gone */
	t += 5 * MS;
	ltcp_pace_sent(&tcb, 100000, 100000, t);
	EXPECT_EQ(ltcp_pace_departure(&tcb, t), t + 10 * MS);
	EXPECT_EQ(ltcp_pace_departure(&tcb, t + 2 * SECOND), t + 2 * SECOND);
	EXPECT(ltcp_pace_wait(&tcb, t + MS));
	ltcp_pace_free(&tcb, t + MS);
	EXPECT(!ltcp_pace_wait(&tcb, t + MS));
	EXPECT_EQ(ltcp_pace_departure(&tcb, t + 9 * MS), t + 11 * MS);
	EXPECT_EQ(ltcp_pace_departure(&tcb, t + 12 * MS), t + 12 * MS);
}

/* By window and round trip, if the algorithm wants it: twice the pace in slow start */
TEST(pace_by_algorithm)
{
	static const struct ltcp_cong_ops ops = { .flags = LTCP_CONG_NEEDS_PACING };
	struct ltcp_tcb tcb = { .cong = &ops, .cwnd = 100000, .ssthresh = ~0u };

	EXPECT_EQ(ltcp_pace_rate(&tcb, ~0ull), ~0ull);	/* no round trip is known */
	tcb.rtt.srtt_us = 8 * 50000;
	EXPECT_EQ(ltcp_pace_rate(&tcb, ~0ull), 4000000);
	tcb.ssthresh = 1000;
	EXPECT_EQ(ltcp_pace_rate(&tcb, ~0ull), 2400000);
	EXPECT_EQ(ltcp_pace_rate(&tcb, 1000), 1000);
}

/* RFC 5681 section 4.1: after an RTO without sending, no more than the initial window */
TEST(cwnd_restart_after_idle)
{
	struct peer p;

	in_flight(&p, &ltcp_cong_reno, 0);
	p.tcb.cwnd = 40 * MSS;
	p.tcb.ssthresh = 20 * MSS;
	peer_send(&p, 40 * MSS);
	EXPECT_EQ(p.n_sent, 40);
	ack_segments(&p, 40, 0);
	p.n_sent = 0;
	now += p.tcb.rtt.rto_us;
	peer_send(&p, 40 * MSS);		/* not yet: as long as an RTO */
	EXPECT_EQ(p.n_sent, 40);
	ack_segments(&p, 80, 0);
	p.n_sent = 0;
	now += p.tcb.rtt.rto_us + 1;
	peer_send(&p, 40 * MSS);
	EXPECT_EQ(p.n_sent, 10);
	EXPECT_EQ(p.tcb.cwnd, 10 * MSS);
	EXPECT_EQ(p.tcb.ssthresh, (40 * MSS + MSS) / 4 * 3);	/* there was a step of avoidance */
}

TEST(cwnd_is_kept_by_setting)
{
	struct peer p;

	in_flight(&p, &ltcp_cong_reno, 0);
	p.conf.slow_start_after_idle = 0;
	p.tcb.cwnd = 40 * MSS;
	peer_send(&p, 40 * MSS);
	ack_segments(&p, 40, 0);
	p.n_sent = 0;
	now += 10 * SECOND;
	peer_send(&p, 40 * MSS);
	EXPECT_EQ(p.n_sent, 40);
}

/* RFC 7661 section 4.4.3: not for ever, but half of it goes after five minutes, and so on */
TEST(cwnd_that_is_kept_ages)
{
	struct peer p;

	in_flight(&p, &ltcp_cong_reno, 0);
	p.conf.slow_start_after_idle = 0;
	p.tcb.cwnd = 100 * MSS;
	p.tcb.ssthresh = 60 * MSS;
	peer_send(&p, 60 * MSS);
	ack_segments(&p, 60, 0);
	p.tcb.cwnd = 100 * MSS;
	now += 299 * SECOND;
	peer_send(&p, 1);
	EXPECT_EQ(p.tcb.cwnd, 100 * MSS);
	now += 3 * SECOND;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = p.tcb.snd_nxt);
	EXPECT_EQ(p.tcb.cwnd, 50 * MSS);
	EXPECT_EQ(p.tcb.ssthresh, 75 * MSS);
	now += 302 * SECOND;
	peer_send(&p, 1);
	EXPECT_EQ(p.tcb.cwnd, 25 * MSS);
	EXPECT_EQ(p.tcb.ssthresh, 75 * MSS);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = p.tcb.snd_nxt);
	now += 3600 * SECOND;
	peer_send(&p, 1);
	EXPECT_EQ(p.tcb.cwnd, 10 * MSS);
}

/* ... and as well if the application never pauses, but sends less than it might */
TEST(cwnd_that_is_not_filled_ages)
{
	struct peer p;
	u32 i;

	in_flight(&p, &ltcp_cong_reno, 0);
	p.tcb.cwnd = 100 * MSS;
	p.tcb.ssthresh = 60 * MSS;
	peer_send(&p, 2 * MSS);
	for (i = 0; i < 30200; i++) {
		now += SECOND / 100;
		peer_send(&p, MSS);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = p.tcb.snd_nxt - MSS);
		p.n_sent = 0;
	}
	EXPECT_EQ(p.tcb.cwnd, 50 * MSS);
	EXPECT_EQ(p.tcb.ssthresh, 75 * MSS);
}
