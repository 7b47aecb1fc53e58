// SPDX-License-Identifier: GPL-2.0
/* Congestion control and loss recovery: RFC 5681, RFC 6582, RFC 6928, RFC 6298. */
#include "core/cong.h"
#include "core/transmit.h"
#include "script.h"

#define MSS 1460u

/* Established, with @segments full ones in flight in a window of as many, none taken yet */
static void in_flight(struct peer *p, u32 segments)
{
	peer_init(p, "P", ISS);
	p->conf.window_scaling = 1;
	bring_to_state(p, LTCP_SYN_SENT);
	ARRIVES(p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1,
		.opt = { .has = LTCP_HAS_MSS | LTCP_HAS_WSCALE, .mss = 1460, .wscale = 7 });
	ARRIVES(p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	p->n_sent = 0;
	p->tcb.cwnd = segments * MSS;
	peer_send(p, 1000 * MSS);
	EXPECT_EQ(p->n_sent, segments);
	p->n_sent = 0;
}

static void ack_segments(struct peer *p, u32 segments)
{
	ARRIVES(p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1 + segments * MSS);
}

static void expect_segment(struct peer *p, u32 number)
{
	EXPECT_SENT(p, ACK, ISS + 1 + number * MSS, IRS + 1, MSS);
}

/* RFC 6928 section 2: min(10 * MSS, max(2 * MSS, 14600)); RFC 5681 after a lost SYN */
TEST(cwnd_initial)
{
	static const struct {
		u16 mss;
		u32 want;
	} cases[] = { { 1460, 14600 }, { 536, 5360 }, { 1448, 14480 }, { 8960, 17920 },
		      { 2000, 14600 }, { 65495, 130990 } };
	struct ltcp_tcb tcb = { .cong = &ltcp_cong_reno };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		tcb.snd_mss = cases[i].mss;
		ltcp_cong_init(&tcb, 0);
		EXPECT_EQ(tcb.cwnd, cases[i].want);
	}
	tcb.snd_mss = 1000;
	tcb.init_cwnd = 3;
	ltcp_cong_init(&tcb, 0);
	EXPECT_EQ(tcb.cwnd, 3000);
	tcb.syn_rtx = 1;
	ltcp_cong_init(&tcb, 0);
	EXPECT_EQ(tcb.cwnd, 1000);
}

/*
 * RFC 9406: behind a bottleneck slow start sees the queue grow, by the round trip
 * of each ACK, and goes on at a quarter of its pace.
 */
TEST(cwnd_slow_start_sees_the_queue)
{
	const u32 each = 120, path = 20 * MS / each;	/* microseconds, segments */
	u64 at, idle_at = 0;
	struct ltcp_seg seg;
	struct peer p;

	in_flight(&p, 1);
	ack_segments(&p, 1);
	p.tcb.cong = &ltcp_cong_cubic;
	ltcp_cong_init(&p.tcb, now);
	while (peer_take(&p, &seg, &at)) {
		idle_at = (idle_at > at + 10 * MS ? idle_at : at + 10 * MS) + each;
		now = idle_at + 10 * MS;
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = seg.seq + seg.text);
	}
	EXPECT_EQ(p.tcb.snd_una, ISS + 1 + 1000 * MSS);
	EXPECT_GE(p.tcb.cwnd, 2 * path * MSS);
	EXPECT_LE(p.tcb.cwnd, 4 * path * MSS);
}

/* RFC 5681 section 3.1, RFC 3465: slow start, by what is acknowledged */
TEST(cwnd_slow_start)
{
	struct peer p;

	in_flight(&p, 10);
	ack_segments(&p, 1);
	EXPECT_EQ(p.tcb.cwnd, 11 * MSS);
	expect_segment(&p, 10);
	expect_segment(&p, 11);
	EXPECT_SILENT(&p);
	ack_segments(&p, 5);
	EXPECT_EQ(p.tcb.cwnd, 15 * MSS);
}

/* RFC 3465 section 2.3: what one ACK may do has a limit, a lower one after a timeout */
TEST(cwnd_slow_start_limit)
{
	struct ltcp_tcb tcb = { .snd_mss = 1000, .cwnd = 1000000, .ssthresh = ~0u };

	EXPECT_EQ(ltcp_cong_slow_start(&tcb, 900000), 0);
	EXPECT_EQ(tcb.cwnd, 1000000 + 2 * 65536);
	tcb.snd_mss = 60000;
	ltcp_cong_slow_start(&tcb, 900000);
	EXPECT_EQ(tcb.cwnd, 1000000 + 2 * 65536 + 8 * 60000);

	tcb.recovery = LTCP_REC_LOSS;
	tcb.cwnd = 1000;
	tcb.snd_mss = 1000;
	ltcp_cong_slow_start(&tcb, 5000);
	EXPECT_EQ(tcb.cwnd, 2000);

	tcb.recovery = LTCP_REC_OPEN;
	tcb.ssthresh = 5000;
	EXPECT_EQ(ltcp_cong_slow_start(&tcb, 4000), 1000);	/* the rest is not slow start's */
	EXPECT_EQ(tcb.cwnd, 5000);
}

/* Acknowledgments of parts of a segment do not open the window faster */
TEST(cwnd_slow_start_is_by_octets)
{
	struct peer p;
	int i;

	in_flight(&p, 10);
	for (i = 1; i <= 10; i++)
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1 + i * 146);
	EXPECT_EQ(p.tcb.cwnd, 11 * MSS);
}

/* Congestion avoidance: a segment for a window's worth of them */
TEST(cwnd_avoidance)
{
	struct peer p;
	int i;

	in_flight(&p, 10);
	p.tcb.ssthresh = 10 * MSS;
	for (i = 1; i < 10; i++) {
		ack_segments(&p, i);
		EXPECT_EQ(p.tcb.cwnd, 10 * MSS);
	}
	ack_segments(&p, 10);
	EXPECT_EQ(p.tcb.cwnd, 11 * MSS);
}

/* RFC 7661 section 4.4.1: what is not used does not grow */
TEST(cwnd_does_not_grow_unused)
{
	struct peer p;
	u32 i;

	in_state(&p, LTCP_ESTABLISHED);
	p.tcb.cwnd = 100 * MSS;
	for (i = 0; i < 100; i++) {
		peer_send(&p, 100);
		p.n_sent = 0;
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = p.tcb.snd_nxt);
	}
	EXPECT_EQ(p.tcb.cwnd, 100 * MSS);
}

/*
 * RFC 5681 section 3.2: the third duplicate, not the second, and not a fourth time. The first
 * two let a new segment go each (RFC 3042), which ssthresh does not count.
 */
TEST(recovery_fast_retransmit)
{
	struct peer p;
	int i;

	in_flight(&p, 10);
	ack_segments(&p, 0);
	expect_segment(&p, 10);
	EXPECT_SILENT(&p);
	ack_segments(&p, 0);
	expect_segment(&p, 11);
	EXPECT_SILENT(&p);
	ack_segments(&p, 0);
	expect_segment(&p, 0);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.tcb.ssthresh, 5 * MSS);
	EXPECT_EQ(p.tcb.cwnd, 8 * MSS);		/* ssthresh + 3 */
	for (i = 0; i < 4; i++)
		ack_segments(&p, 0);
	EXPECT_SILENT(&p);			/* 9 to 12: as many as are in flight */
	ack_segments(&p, 0);
	expect_segment(&p, 12);			/* inflated beyond that: new text */
	EXPECT_SILENT(&p);
}

/* RFC 6582 section 3.2, step 3, full acknowledgment */
TEST(recovery_ends_with_a_full_ack)
{
	struct peer p;
	int i;

	in_flight(&p, 10);
	for (i = 0; i < 3; i++)
		ack_segments(&p, 0);
	p.n_sent = 0;
	ack_segments(&p, 12);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	/* min(ssthresh, max(FlightSize, SMSS) + SMSS): nothing is in flight, so no burst */
	EXPECT_EQ(p.tcb.cwnd, 2 * MSS);
	expect_segment(&p, 12);
	expect_segment(&p, 13);
	EXPECT_SILENT(&p);
}

/* Step 3, partial acknowledgments: one hole after the other, a round trip each */
TEST(recovery_partial_acks)
{
	struct peer p;
	int i;

	in_flight(&p, 10);			/* 0, 3 and 7 are lost */
	for (i = 0; i < 3; i++)
		ack_segments(&p, 0);
	expect_segment(&p, 10);			/* limited transmit */
	expect_segment(&p, 11);
	expect_segment(&p, 0);
	for (i = 0; i < 4; i++)
		ack_segments(&p, 0);
	p.n_sent = 0;
	ack_segments(&p, 3);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_FAST);
	expect_segment(&p, 3);
	p.n_sent = 0;
	ack_segments(&p, 7);
	expect_segment(&p, 7);
	p.n_sent = 0;
	ack_segments(&p, 12);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_LE(p.tcb.cwnd, p.tcb.ssthresh);
}

/* Step 2: duplicates of what was sent before recovery ended begin none anew */
TEST(recovery_not_twice_for_one_window)
{
	struct peer p;
	u32 ssthresh;
	int i;

	in_flight(&p, 10);
	peer_wait_until(&p, peer_next_timer(&p));	/* all is taken for lost */
	expect_segment(&p, 0);
	ssthresh = p.tcb.ssthresh;
	ack_segments(&p, 4);
	p.n_sent = 0;
	for (i = 0; i < 6; i++)
		ack_segments(&p, 4);
	EXPECT_EQ(p.tcb.ssthresh, ssthresh);
	EXPECT_NE(p.tcb.recovery, LTCP_REC_FAST);
}

/* What is no duplicate ACK: RFC 5681 section 2, (a) to (e) */
TEST(recovery_what_is_no_duplicate_ack)
{
	struct peer p;
	int i;

	in_flight(&p, 10);
	for (i = 0; i < 5; i++)			/* (b) text */
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1 + i, .ack = ISS + 1, .text = 1);
	p.n_sent = 0;
	for (i = 0; i < 5; i++)			/* (e) another window */
		ARRIVES(&p, .flags = ACK, .seq = IRS + 6, .ack = ISS + 1, .wnd = 60000 + i);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.tcb.dupacks, 0);
	in_state(&p, LTCP_ESTABLISHED);
	for (i = 0; i < 5; i++)			/* (a) nothing in flight */
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.tcb.dupacks, 0);
}

/* S11: duplicates of the handshake move neither cwnd nor SND.UNA */
TEST(recovery_duplicate_syn_ack_opens_no_window)
{
	struct peer p;
	u32 cwnd;
	int i;

	in_state(&p, LTCP_ESTABLISHED);
	cwnd = p.tcb.cwnd;
	for (i = 0; i < 5; i++)
		ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1);
	EXPECT_EQ(p.tcb.cwnd, cwnd);
	EXPECT_EQ(p.tcb.snd_una, ISS + 1);
}

/* RFC 5681 section 3.1, equation (4): a timeout halves what was in flight and starts at one */
TEST(recovery_timeout)
{
	struct peer p;

	in_flight(&p, 10);
	peer_wait_until(&p, peer_next_timer(&p));
	expect_segment(&p, 0);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.tcb.ssthresh, 5 * MSS);
	EXPECT_EQ(p.tcb.cwnd, MSS);
	/* another timeout for the same segment leaves ssthresh alone */
	peer_wait_until(&p, peer_next_timer(&p));
	expect_segment(&p, 0);
	EXPECT_EQ(p.tcb.ssthresh, 5 * MSS);
	/* slow start over what is to be sent again */
	ack_segments(&p, 1);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_LOSS);
	EXPECT_EQ(p.tcb.cwnd, 2 * MSS);
	expect_segment(&p, 1);
	expect_segment(&p, 2);
	EXPECT_SILENT(&p);
	ack_segments(&p, 3);
	expect_segment(&p, 3);
	expect_segment(&p, 4);
	expect_segment(&p, 5);
	EXPECT_SILENT(&p);
	/* all had arrived but the first: on with new text */
	ack_segments(&p, 10);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	expect_segment(&p, 10);
}

TEST(recovery_ssthresh_is_at_least_two_segments)
{
	struct peer p;

	in_flight(&p, 1);
	peer_wait_until(&p, peer_next_timer(&p));
	EXPECT_EQ(p.tcb.ssthresh, 2 * MSS);
}

/* FIN is sent again with the last text */
TEST(recovery_resends_fin_with_text)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	p.tcb.more = 1;		/* leaves the rest to FIN */
	peer_send(&p, 2000);
	peer_close(&p);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1460);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1461, IRS + 1, 540);
	peer_wait_until(&p, peer_next_timer(&p));
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1460);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1461, IRS + 1, 540);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2002);
	EXPECT_STATE(&p, FIN_WAIT_2);
}

/* RFC 1191 section 6.5: the path's MTU is less; what is in flight goes again, cut anew */
TEST(recovery_smaller_path_mtu)
{
	struct peer p;
	u32 cwnd;

	in_flight(&p, 4);
	cwnd = p.tcb.cwnd;
	ltcp_tcb_set_path_mss(&p.tcb, 1000);
	EXPECT_EQ(p.tcb.snd_mss, 1000);
	EXPECT_EQ(p.tcb.cwnd, cwnd);
	peer_output(&p);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1000);
	EXPECT_SENT(&p, ACK, ISS + 1001, IRS + 1, 1000);
	/* the floor, what the least MTU of IPv4 carries, and no growth beyond the peer's offer */
	p.n_sent = 0;
	ltcp_tcb_set_path_mss(&p.tcb, 1);
	EXPECT_EQ(p.tcb.snd_mss, 28);
	ltcp_tcb_set_path_mss(&p.tcb, 70000);
	EXPECT_EQ(p.tcb.snd_mss, 1460);
}

/* In the middle of sending again it starts over: what went since was too big as well */
TEST(recovery_smaller_path_mtu_after_a_timeout)
{
	struct peer p;

	in_flight(&p, 10);
	peer_wait_until(&p, peer_next_timer(&p));
	ack_segments(&p, 1);
	EXPECT_EQ(p.n_sent, 3);
	p.n_sent = 0;
	ltcp_tcb_set_path_mss(&p.tcb, 1000);
	peer_output(&p);
	EXPECT_SENT(&p, ACK, ISS + 1461, IRS + 1, 1000);
}

/* A larger MTU sends nothing again */
TEST(recovery_larger_path_mtu)
{
	struct peer p;

	peer_init(&p, "P", ISS);
	p.path_mss = 500;
	bring_to_state(&p, LTCP_ESTABLISHED);
	peer_send(&p, 500);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 500);
	ltcp_tcb_set_path_mss(&p.tcb, 1460);
	peer_output(&p);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.tcb.snd_mss, 1460);
	ltcp_tcb_set_path_mss(&p.tcb, 1460);
	peer_output(&p);
	EXPECT_SILENT(&p);
}
