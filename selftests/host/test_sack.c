// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery with SACK: RFC 2018, RFC 2883, RFC 6675, RFC 6937, RFC 8985; F-RTO
 * (RFC 5682) and Eifel (RFC 3522) with and without it.
 */
#include "core/rack.h"
#include "core/recovery.h"
#include "core/sack.h"
#include "core/transmit.h"
#include "script.h"

#define MSS	1000u
#define RTT	(100 * MS)

/* Sequence number of segment @n, and of its first octet in our stream */
#define SEG(n)	(ISS + 1 + (n) * MSS)

struct how {
	bool sack;
	bool ts;
	bool frto;
};

static u64 born;	/* the peer's clock starts here */

static struct ltcp_options with_blocks(const struct peer *p, u32 n, const u32 *segments)
{
	struct ltcp_options opt = { .n_sack = n };
	u32 i;

	for (i = 0; i < n; i++) {
		opt.sack[i].start = SEG(segments[2 * i]);
		opt.sack[i].end = SEG(segments[2 * i + 1]);
	}
	if (p->tcb.ts_ok) {
		opt.has = LTCP_HAS_TS;
		opt.tsval = 100 + ltcp_ms(now - born);
		opt.tsecr = p->tcb.ts_off + ltcp_ms(now - RTT);
	}
	return opt;
}

/* ACK up to segment @n, with blocks of segments: ACKS(p, 0, 1, 2, 3, 5): 1 and 3, 4 */
#define ACKS(p, n, ...) \
	acks(p, n, sizeof((u32[]){ 0, ##__VA_ARGS__ }) / 8, (const u32[]){ 0, ##__VA_ARGS__ } + 1)

static void acks(struct peer *p, u32 to, u32 n, const u32 *segments)
{
	ARRIVES(p, .flags = ACK, .seq = IRS + 1, .ack = SEG(to),
		.opt = with_blocks(p, n, segments));
}

static void opened(struct peer *p, struct how with)
{
	peer_init(p, "P", ISS);
	p->conf.window_scaling = 1;
	p->conf.sack = with.sack;
	p->conf.dsack = 1;
	p->conf.tail_probe = 1;
	p->conf.frto = with.frto;
	p->conf.timestamps = with.ts;
	p->path_mss = MSS + 12 * with.ts;
	born = now;
	peer_connect(p);
	now += RTT;
	ARRIVES(p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1,
		.opt = { .has = LTCP_HAS_MSS | LTCP_HAS_WSCALE |
				(with.sack ? LTCP_HAS_SACK_PERM : 0) | (with.ts ? LTCP_HAS_TS : 0),
			 .mss = 1460, .wscale = 7, .tsval = 100,
			 .tsecr = p->tcb.ts_off + ltcp_ms(now - RTT) });
	ACKS(p, 0);
	p->n_sent = 0;
	EXPECT_EQ(p->tcb.snd_mss, MSS);
}

/* With @segments of @queued in flight, sent just now, and a round trip before their ACKs */
static void in_flight(struct peer *p, struct how with, u32 segments, u32 queued)
{
	opened(p, with);
	p->tcb.cwnd = segments * MSS;
	peer_send(p, queued * MSS);
	EXPECT_EQ(p->n_sent, segments < queued ? segments : queued);
	p->n_sent = 0;
	now += RTT;
}

static void expect_segment(struct peer *p, u32 number)
{
	EXPECT_SENT(p, ACK, SEG(number), IRS + 1, MSS);
}

static const struct how with_sack = { .sack = true };
static const struct how with_both = { .sack = true, .ts = true, .frto = true };

/* RFC 8985 section 3.3.1's kind of example: one hole; DupThresh segments beyond it prove it */
TEST(sack_fast_retransmit)
{
	struct peer p;

	in_flight(&p, with_sack, 10, 100);
	ACKS(&p, 0, 1, 2);
	expect_segment(&p, 10);		/* what has left the path makes room: RFC 6675 step 3 */
	ACKS(&p, 0, 1, 3);
	expect_segment(&p, 11);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	ACKS(&p, 0, 1, 4);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_FAST);
	expect_segment(&p, 0);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.tcb.ssthresh, 5 * MSS);
	EXPECT(p.last.notes & LTCP_NOTE_FAST_RETRANSMIT);
	ACKS(&p, 10);
	ACKS(&p, 12);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_EQ(p.tcb.flight.n, 1);	/* what was sent since */
}

/* RFC 6937 section 3: of what is delivered, ssthresh / RecoverFS is sent */
TEST(sack_proportional_rate)
{
	u32 sent = 0, i;
	struct peer p;

	in_flight(&p, with_sack, 20, 100);
	ACKS(&p, 0, 1, 4);		/* three at once */
	EXPECT_EQ(p.tcb.ssthresh, 10 * MSS);
	expect_segment(&p, 0);
	EXPECT_SILENT(&p);
	for (i = 4; i < 20; i++) {
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEG(0),
			.opt = with_blocks(&p, 1, (const u32[]){ 1, i + 1 }));
		sent += p.n_sent;
		p.n_sent = 0;
		if (i == 11)		/* and not all of it at the end */
			EXPECT_EQ(sent, 4);
	}
	/* 19 of 20 delivered: half of that, rounded up, less the retransmission */
	EXPECT_EQ(sent, 9);
	EXPECT_EQ(ltcp_pipe(&p.tcb), 10 * MSS);
	ACKS(&p, 20);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_EQ(p.tcb.cwnd, 10 * MSS);
}

/* Segments of 100 octets in flight, each by itself */
static void small_in_flight(struct peer *p, u32 segments)
{
	u32 i;

	opened(p, with_sack);
	p->tcb.nodelay = 1;
	for (i = 0; i < segments; i++)
		peer_send(p, 100);
	EXPECT_EQ(p->n_sent, segments);
	p->n_sent = 0;
	now += RTT;
}

/* An ACK of nothing new with one block for each of @n octets' places */
static void small_sacked(struct peer *p, u32 n, const u32 *at)
{
	struct ltcp_options opt = { .n_sack = n };
	u32 i;

	for (i = 0; i < n; i++) {
		opt.sack[i].start = SEG(0) + at[i];
		opt.sack[i].end = opt.sack[i].start + 100;
	}
	ARRIVES(p, .flags = ACK, .seq = IRS + 1, .ack = SEG(0), .opt = opt);
}

/* RFC 6675 section 4, IsLost(): three sequences apart, though short and told by one ACK */
TEST(sack_lost_by_sequences)
{
	struct peer p;

	small_in_flight(&p, 10);
	small_sacked(&p, 2, (const u32[]){ 100, 300 });
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_SILENT(&p);

	small_in_flight(&p, 10);
	small_sacked(&p, 3, (const u32[]){ 100, 300, 500 });
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_FAST);
	EXPECT_SENT(&p, ACK, SEG(0), IRS + 1, 100);
}

/* ... or more than two segments' octets, told by one ACK; as many are not more */
TEST(sack_lost_by_octets)
{
	struct peer p;

	in_flight(&p, with_sack, 10, 10);
	ACKS(&p, 0, 1, 3);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_SILENT(&p);

	in_flight(&p, with_sack, 10, 10);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEG(0),
		.opt = { .n_sack = 1, .sack[0] = { SEG(1), SEG(3) + 1 } });
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_FAST);
	expect_segment(&p, 0);
}

/*
 * Nothing was measured yet (Karn's rule, cookies): what RACK itself has seen is the round
 * trip, so that one segment ahead of others proves no more than otherwise
 */
TEST(sack_before_any_measurement)
{
	struct peer p;

	opened(&p, with_sack);
	ltcp_rtt_init(&p.tcb.rtt, 0);
	p.tcb.cwnd = 10 * MSS;
	peer_send(&p, 10 * MSS);
	p.n_sent = 0;
	now += RTT;
	ACKS(&p, 0, 1, 2);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_EQ(p.tcb.rtx_mode, LTCP_RTX_REORDER);
	EXPECT_EQ(p.tcb.timer[LTCP_TIMER_RTX], now + RTT / 4);
	ACKS(&p, 0, 1, 3);
	EXPECT_SILENT(&p);
	ACKS(&p, 0, 1, 4);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_FAST);
	expect_segment(&p, 0);
}

/* Several holes: each goes as soon as it is known */
TEST(sack_three_holes)
{
	struct peer p;

	in_flight(&p, with_sack, 10, 10);
	ACKS(&p, 0, 1, 3);
	ACKS(&p, 0, 4, 5, 1, 3);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_FAST);
	expect_segment(&p, 0);
	ACKS(&p, 0, 6, 7, 4, 5, 1, 3);
	expect_segment(&p, 3);
	ACKS(&p, 0, 6, 10, 4, 5, 1, 3);
	expect_segment(&p, 5);
	EXPECT_SILENT(&p);
	now += RTT;
	ACKS(&p, 3, 6, 10, 4, 5);
	ACKS(&p, 5, 6, 10);
	EXPECT_SILENT(&p);
	ACKS(&p, 10);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_SILENT(&p);
}

/* Less than DupThresh beyond the hole: it may be late, for a quarter of the round trip */
TEST(sack_reordering_window)
{
	struct peer p;

	in_flight(&p, with_sack, 4, 4);
	ACKS(&p, 0, 1, 2);
	EXPECT_EQ(p.tcb.rtx_mode, LTCP_RTX_REORDER);
	EXPECT_SENT_AFTER(&p, RTT / 4, ACK, SEG(0), IRS + 1, MSS);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_FAST);

	/* and if it was, nothing is sent again */
	in_flight(&p, with_sack, 4, 4);
	ACKS(&p, 0, 1, 2);
	now += RTT / 8;
	ACKS(&p, 2);
	EXPECT(p.tcb.rack.reordered);
	ACKS(&p, 4);
	peer_wait_until(&p, now + SECOND);
	EXPECT_SILENT(&p);
}

/* Once a path is known to reorder, DupThresh proves nothing: RFC 8985 section 6.2 */
TEST(sack_known_reordering)
{
	struct peer p;

	in_flight(&p, with_sack, 10, 10);
	ACKS(&p, 0, 1, 2);
	ACKS(&p, 2);
	EXPECT(p.tcb.rack.reordered);
	EXPECT(p.last.notes & LTCP_NOTE_REORDERED);
	ACKS(&p, 2, 3, 8);
	EXPECT_SILENT(&p);
	now += RTT / 8;
	ACKS(&p, 10);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
}

/*
 * What one ACK tells of first came in no order that it would show: an ACK that was delayed, so
 * that it also acknowledges something, and the blocks of ACKs that were lost
 */
TEST(sack_one_ack_shows_no_reordering)
{
	struct peer p;

	in_flight(&p, with_sack, 10, 10);
	ACKS(&p, 1, 2, 3);
	EXPECT(!p.tcb.rack.reordered);
	ACKS(&p, 1, 6, 7, 4, 5, 2, 3);
	EXPECT(!p.tcb.rack.reordered);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_FAST);
	expect_segment(&p, 1);
	ACKS(&p, 1, 3, 4, 6, 7);
	EXPECT(p.tcb.rack.reordered);
}

/*
 * Of @queued segments 0 and 1 go again, in one go with what is new. 0 is lost once more, which
 * is seen when what was sent after it arrives, up to @arrived.
 */
static void first_of_one_go_is_lost(u32 queued, u32 arrived)
{
	struct peer p;

	in_flight(&p, with_sack, 20, queued);
	ACKS(&p, 0, 2, 20);
	expect_segment(&p, 0);
	p.n_sent = 0;
	now += RTT;
	ACKS(&p, 0, 1, arrived);
	expect_segment(&p, 0);
}

/* The second retransmission tells, and so does new text that went after it */
TEST(sack_lost_retransmission_of_two) { first_of_one_go_is_lost(20, 20); }
TEST(sack_lost_retransmission_before_new_text) { first_of_one_go_is_lost(100, 23); }

/* A retransmission that is lost as well is found by its time, before any timeout */
TEST(sack_lost_retransmission)
{
	struct peer p;

	in_flight(&p, with_sack, 10, 100);
	ACKS(&p, 0, 1, 4);
	expect_segment(&p, 0);
	ACKS(&p, 0, 1, 10);
	EXPECT(p.n_sent > 0);		/* new text, sent after it */
	p.n_sent = 0;
	now += RTT + 1;
	ACKS(&p, 0, 1, 12);
	expect_segment(&p, 0);
	EXPECT_EQ(p.tcb.backoff, 0);
}

/* RFC 8985 section 7: the last segment is lost; a probe finds it long before the RTO */
TEST(sack_tail_probe)
{
	struct peer p;

	in_flight(&p, with_sack, 4, 4);
	ACKS(&p, 2);
	EXPECT_EQ(p.tcb.rtx_mode, LTCP_RTX_PROBE);
	EXPECT_SENT_AFTER(&p, 2 * RTT, ACK, SEG(3), IRS + 1, MSS);
	EXPECT(p.last.notes & LTCP_NOTE_TAIL_PROBE);
	EXPECT_EQ(p.tcb.rtx_mode, LTCP_RTX_TIMEOUT);
	now += RTT;
	ACKS(&p, 2, 3, 4);		/* the probe has arrived: what is before it is missing */
	expect_segment(&p, 2);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_FAST);
}

/* Section 7.3: new text makes the better probe; section 7.4: it needs no answer of its own */
TEST(sack_tail_probe_is_new_text)
{
	struct peer p;

	in_flight(&p, with_sack, 4, 5);
	EXPECT_SENT_AFTER(&p, RTT, ACK, SEG(4), IRS + 1, MSS);
	EXPECT(!p.tcb.rack.probe_again);
	now += RTT;
	ACKS(&p, 5);
	EXPECT(!p.tcb.rack.probing);
	EXPECT(!(p.last.notes & LTCP_NOTE_TAIL_REPAIRED));
}

/* Section 7.4.2: whether the probe repaired a loss */
TEST(sack_tail_probe_answers)
{
	u32 cwnd;
	struct peer p;

	in_flight(&p, with_sack, 10, 10);	/* it did: congestion */
	ACKS(&p, 9);
	cwnd = p.tcb.cwnd;
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	expect_segment(&p, 9);
	now += RTT;
	ACKS(&p, 10);
	EXPECT(p.tcb.rack.probing);
	EXPECT_EQ(p.tcb.cwnd, cwnd);
	peer_send(&p, MSS);
	p.n_sent = 0;
	ACKS(&p, 11);
	EXPECT(p.last.notes & LTCP_NOTE_TAIL_REPAIRED);
	EXPECT_LT(p.tcb.cwnd, cwnd);

	in_flight(&p, with_sack, 10, 10);	/* it was superfluous: the peer has it twice */
	ACKS(&p, 9);
	cwnd = p.tcb.cwnd;
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	expect_segment(&p, 9);
	ACKS(&p, 10);
	ACKS(&p, 10, 9, 10);
	EXPECT(!p.tcb.rack.probing);
	EXPECT(p.last.notes & LTCP_NOTE_DSACK);
	EXPECT_EQ(p.tcb.cwnd, cwnd);
}

/* Section 7.2: a single segment's ACK may be delayed, by 200 ms at worst */
TEST(sack_tail_probe_of_one)
{
	struct peer p;

	opened(&p, with_sack);
	p.tcb.rtt.rto_us = SECOND;
	peer_send(&p, 100);
	EXPECT_SENT(&p, ACK, SEG(0), IRS + 1, 100);
	EXPECT_SENT_AFTER(&p, 2 * RTT + 200 * MS, ACK, SEG(0), IRS + 1, 100);
	EXPECT(p.last.notes & LTCP_NOTE_TAIL_PROBE);
}

/* On a link as fast as memory a peer takes longer to be given a processor than segments to get there */
TEST(sack_tail_probe_of_fast_links)
{
	struct peer p;

	in_flight(&p, with_sack, 4, 4);
	ACKS(&p, 2);
	EXPECT_EQ(p.tcb.rtx_mode, LTCP_RTX_PROBE);
	p.tcb.rtt.srtt_us = 8 * 100;
	ltcp_rack_start_timer(&p.tcb, now);
	EXPECT_EQ(p.tcb.timer[LTCP_TIMER_RTX], now + 10 * MS);
}

/* The window has shrunk and lets no probe go: that keeps nothing else from being sent again */
TEST(sack_tail_probe_behind_the_window)
{
	struct peer p;

	in_flight(&p, with_sack, 4, 4);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEG(0), .wnd = 1);
	EXPECT_EQ(p.tcb.rtx_mode, LTCP_RTX_PROBE);
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	EXPECT(p.tcb.rack.probe_due);
	EXPECT_SILENT(&p);
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	expect_segment(&p, 0);

	in_flight(&p, with_sack, 4, 4);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEG(0), .wnd = 1);
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	ACKS(&p, 0, 1, 4);
	expect_segment(&p, 0);
}

/* FIN is part of the tail */
TEST(sack_tail_probe_with_fin)
{
	struct peer p;

	in_flight(&p, with_sack, 5, 4);
	peer_close(&p);
	EXPECT_SENT(&p, FIN | ACK, SEG(4), IRS + 1, 0);
	EXPECT_SENT_AFTER(&p, 2 * RTT, FIN | ACK, SEG(3), IRS + 1, MSS);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEG(4) + 1);
	EXPECT_STATE(&p, FIN_WAIT_2);
}

/* RFC 2883 section 5, RFC 8985 section 6.2: sent again for nothing; the window widens */
TEST(sack_undo_by_dsack)
{
	struct peer p;
	u32 cwnd;

	in_flight(&p, with_sack, 10, 10);
	cwnd = p.tcb.cwnd;
	ACKS(&p, 0, 1, 4);
	expect_segment(&p, 0);
	EXPECT_LT(p.tcb.cwnd, cwnd);
	ACKS(&p, 10);			/* it was only late */
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	ACKS(&p, 10, 0, 1);
	EXPECT(p.last.notes & LTCP_NOTE_UNDO);
	EXPECT_GE(p.tcb.cwnd, cwnd);
	EXPECT_EQ(p.tcb.ssthresh, ~0u);
	EXPECT_EQ(p.tcb.rack.reo_mult, 1);
}

/* A duplicate of something that was lost is no reason to undo the rest */
TEST(sack_no_undo_by_half)
{
	struct peer p;

	in_flight(&p, with_sack, 10, 10);
	ACKS(&p, 0, 2, 6);
	expect_segment(&p, 0);
	ACKS(&p, 0, 2, 10);
	expect_segment(&p, 1);
	ACKS(&p, 10);
	ACKS(&p, 10, 0, 1);
	EXPECT(!(p.last.notes & LTCP_NOTE_UNDO));
	EXPECT_EQ(p.tcb.ssthresh, 5 * MSS);
}

/* RFC 3522: the ACK echoes the first transmission's time */
TEST(sack_undo_by_timestamp)
{
	struct peer p;

	in_flight(&p, with_both, 10, 10);
	ACKS(&p, 0, 1, 4);
	expect_segment(&p, 0);
	now += 5 * MS;
	ACKS(&p, 10);			/* echoes what was sent RTT ago */
	EXPECT(p.last.notes & LTCP_NOTE_UNDO);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_GE(p.tcb.cwnd, 10 * MSS);

	in_flight(&p, with_both, 10, 10);	/* and if it echoes the second's */
	ACKS(&p, 0, 1, 4);
	expect_segment(&p, 0);
	now += RTT + 5 * MS;
	ACKS(&p, 10);
	EXPECT(!(p.last.notes & LTCP_NOTE_UNDO));
}

/* RFC 5682 section 2.2: the timeout was spurious: the ACKs were late, all of them */
TEST(frto_spurious_timeout)
{
	struct peer p;
	u32 cwnd;

	in_flight(&p, (struct how){ .frto = true }, 10, 100);
	cwnd = p.tcb.cwnd;
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	expect_segment(&p, 0);
	EXPECT_SILENT(&p);
	ACKS(&p, 1);			/* step 2b: new text, none of the old */
	expect_segment(&p, 10);
	expect_segment(&p, 11);
	EXPECT_SILENT(&p);
	ACKS(&p, 2);			/* step 3b */
	EXPECT(p.last.notes & LTCP_NOTE_SPURIOUS_TIMEOUT);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_GE(p.tcb.cwnd, cwnd);
	EXPECT_EQ(p.tcb.ssthresh, ~0u);
	EXPECT_EQ(p.tcb.flight.lost, 0);
}

/* Step 3a: a duplicate ACK: it was not */
TEST(frto_real_timeout)
{
	struct peer p;

	in_flight(&p, (struct how){ .frto = true }, 10, 100);
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	expect_segment(&p, 0);
	ACKS(&p, 1);
	p.n_sent = 0;
	ACKS(&p, 1);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_LOSS);
	EXPECT_EQ(p.tcb.cwnd, 3 * MSS);
	expect_segment(&p, 1);
	ACKS(&p, 2);
	expect_segment(&p, 2);
}

/* Step 2: with nothing new to send it is recovery as ever */
TEST(frto_nothing_new)
{
	struct peer p;

	in_flight(&p, (struct how){ .frto = true }, 10, 10);
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	expect_segment(&p, 0);
	ACKS(&p, 1);
	expect_segment(&p, 1);
	expect_segment(&p, 2);
	EXPECT_SILENT(&p);
}

/* The same if what is new is too little to be sent now: it must not stand in the way */
TEST(frto_nothing_to_wait_for)
{
	struct peer p;

	in_flight(&p, (struct how){ .frto = true }, 10, 10);
	peer_send(&p, 100);		/* Nagle holds it back */
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	expect_segment(&p, 0);
	ACKS(&p, 1);
	expect_segment(&p, 1);
}

/* Section 3: with SACK, blocks of what was sent before the timeout decide */
TEST(frto_with_sack)
{
	struct peer p;

	in_flight(&p, (struct how){ .sack = true, .frto = true }, 10, 100);
	peer_wait_until(&p, now + RTT);	/* the probe */
	p.n_sent = 0;
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	expect_segment(&p, 0);
	ACKS(&p, 1);
	p.n_sent = 0;
	ACKS(&p, 1, 3, 4);		/* 3 had arrived, 2 is on its way or lost */
	EXPECT(p.last.notes & LTCP_NOTE_SPURIOUS_TIMEOUT);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
}

/* RFC 2018 section 8: a peer that drops what it has reported. All goes again after a timeout. */
TEST(sack_reneging)
{
	struct peer p;

	in_flight(&p, with_sack, 10, 10);
	ACKS(&p, 0, 1, 10);
	expect_segment(&p, 0);
	ACKS(&p, 1);			/* not 10: it has forgotten the rest */
	p.n_sent = 0;
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	EXPECT(p.last.notes & LTCP_NOTE_RENEGED);
	expect_segment(&p, 1);
	ACKS(&p, 2);
	expect_segment(&p, 2);
	expect_segment(&p, 3);
}

/*
 * The same with the window closed meanwhile: it is the persist timer that runs out. When the
 * window opens, what the peer had goes again, and has a timer of its own again.
 */
TEST(sack_reneging_while_the_window_is_closed)
{
	struct peer p;

	in_flight(&p, with_sack, 10, 10);
	ACKS(&p, 0, 1, 10);
	expect_segment(&p, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEG(1), .wnd = 0);
	EXPECT_EQ(p.tcb.flight.sacked, ltcp_in_flight(&p.tcb));
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
	EXPECT_SENT(&p, ACK, SEG(1), IRS + 1, 1);
	EXPECT(p.tcb.timer[LTCP_TIMER_PERSIST]);
	EXPECT(!p.tcb.timer[LTCP_TIMER_RTX]);
	now += RTT;
	ACKS(&p, 1);
	EXPECT(p.last.notes & LTCP_NOTE_RENEGED);
	EXPECT(!p.tcb.timer[LTCP_TIMER_PERSIST]);
	EXPECT(p.tcb.timer[LTCP_TIMER_RTX]);
	expect_segment(&p, 1);
}

/* No timer has run yet when it opens; nor is there anything that could go instead */
TEST(sack_reneging_before_the_window_opens)
{
	struct peer p;

	in_flight(&p, with_sack, 10, 10);
	ACKS(&p, 0, 1, 10);
	expect_segment(&p, 0);
	now += RTT;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEG(1), .wnd = 0);
	EXPECT_SILENT(&p);
	ACKS(&p, 1);
	expect_segment(&p, 1);
}

/* However often the timer runs out: what lies at SND.UNA goes again, told of or not */
TEST(sack_reneging_again_and_again)
{
	struct peer p;
	int i;

	in_flight(&p, with_sack, 10, 10);
	ACKS(&p, 0, 1, 10);
	expect_segment(&p, 0);
	ACKS(&p, 1, 2, 10);
	for (i = 0; i < 4; i++) {
		p.n_sent = 0;
		peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_RTX]);
		expect_segment(&p, 1);
		ACKS(&p, 1, 2, 10);
	}
}

/* Blocks that mean nothing: RFC 2018 section 4, RFC 2883 section 4 */
TEST(sack_bad_blocks)
{
	struct ltcp_options opt = { .n_sack = 1 };
	static const u32 bad[][2] = {
		{ SEG(3), SEG(3) },		/* empty */
		{ SEG(5), SEG(3) },		/* backwards */
		{ SEG(9), SEG(11) },		/* never sent */
		{ SEG(11), SEG(12) },
		{ SEG(0), SEG(1) },		/* at the ACK itself */
		{ SEG(0) - 70000, SEG(2) },
		{ SEG(0) + 0x80000000u, SEG(1) },
	};
	struct peer p;
	u32 i;

	in_flight(&p, with_sack, 10, 10);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		opt.sack[0].start = bad[i][0];
		opt.sack[0].end = bad[i][1];
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEG(0), .opt = opt);
		EXPECT_EQ(p.tcb.flight.sacked, 0);
		EXPECT(!(p.last.notes & LTCP_NOTE_DSACK));
	}
	EXPECT_SILENT(&p);
}

/* What is received: RFC 2018 section 5, the examples with segments of 500 */

static void text(struct peer *p, u32 start, u32 len)
{
	ARRIVES(p, .flags = ACK, .seq = start, .ack = ISS + 1, .text = len);
}

static void expect_blocks(struct peer *p, u32 ack, u32 n, const u32 *edges)
{
	struct ltcp_seg seg = EXPECT_SENT(p, ACK, ISS + 1, ack, 0);
	u32 i;

	EXPECT_EQ(seg.opt.n_sack, n);
	for (i = 0; i < n; i++) {
		EXPECT_EQ(seg.opt.sack[i].start, edges[2 * i]);
		EXPECT_EQ(seg.opt.sack[i].end, edges[2 * i + 1]);
	}
}

#define EXPECT_BLOCKS(p, ack, ...)						\
	expect_blocks(p, ack, sizeof((u32[]){ 0, ##__VA_ARGS__ }) / 8,		\
		      (const u32[]){ 0, ##__VA_ARGS__ } + 1)

static void receiver(struct peer *p)
{
	peer_init(p, "R", ISS);
	p->conf.sack = 1;
	p->conf.dsack = 1;
	bring_to_state(p, LTCP_ESTABLISHED);
	text(p, IRS + 1, IRS - 1);	/* the RFC's left edge is 5000, here 10000 */
	now += 50 * MS;
	peer_run_timers(p);
	p->n_sent = 0;
	EXPECT_EQ(p->tcb.rcv_nxt, 10000);
}

/* Case 2: the first of eight is lost */
TEST(sack_told_case_2)
{
	struct peer p;
	u32 at;

	receiver(&p);
	for (at = 10500; at < 14000; at += 500) {
		text(&p, at, 500);
		expect_blocks(&p, 10000, 1, (const u32[]){ 10500, at + 500 });
	}
	text(&p, 10000, 500);
	EXPECT_BLOCKS(&p, 14000);
}

/* Case 3: the 2nd, 4th, 6th and 8th are lost; then the 4th and the 2nd come */
TEST(sack_told_case_3)
{
	struct peer p;

	receiver(&p);
	text(&p, 10000, 500);
	peer_wait_until(&p, now + 50 * MS);
	EXPECT_BLOCKS(&p, 10500);
	text(&p, 11000, 500);
	EXPECT_BLOCKS(&p, 10500, 11000, 11500);
	text(&p, 12000, 500);
	EXPECT_BLOCKS(&p, 10500, 12000, 12500, 11000, 11500);
	text(&p, 13000, 500);
	EXPECT_BLOCKS(&p, 10500, 13000, 13500, 12000, 12500, 11000, 11500);
	text(&p, 11500, 500);
	EXPECT_BLOCKS(&p, 10500, 11000, 12500, 13000, 13500);
	text(&p, 10500, 500);
	EXPECT_BLOCKS(&p, 12500, 13000, 13500);
}

/* More pieces than fit: the latest are told of, and a forgotten one is told of whole */
TEST(sack_told_many)
{
	struct peer p;

	receiver(&p);
	text(&p, 11000, 500);
	text(&p, 13000, 500);
	text(&p, 15000, 500);
	text(&p, 17000, 500);
	text(&p, 19000, 500);
	p.n_sent = 0;
	text(&p, 21000, 500);
	EXPECT_BLOCKS(&p, 10000, 21000, 21500, 19000, 19500, 17000, 17500, 15000, 15500);
	text(&p, 11500, 500);
	EXPECT_BLOCKS(&p, 10000, 11000, 12000, 21000, 21500, 19000, 19500, 17000, 17500);
}

/* RFC 2018 section 8: what had to be dropped again is told of no more, in part or whole */
TEST(sack_told_no_more)
{
	struct peer p;

	receiver(&p);
	text(&p, 11000, 500);
	text(&p, 13000, 500);
	text(&p, 13500, 500);
	text(&p, 15000, 500);
	p.n_sent = 0;
	peer_prune(&p);
	text(&p, 11500, 500);
	EXPECT_BLOCKS(&p, 10000, 11000, 12000, 13000, 14000);
	p.ahead.piece[p.ahead.n - 1].end = 13500;
	ltcp_sack_forget(&p.tcb, 13500);
	text(&p, 12000, 100);
	EXPECT_BLOCKS(&p, 10000, 11000, 12100, 13000, 13500);
	/* It comes again, and is new */
	text(&p, 13500, 500);
	EXPECT_BLOCKS(&p, 10000, 13000, 14000, 11000, 12100);
	/* All of it goes, and what was missing comes */
	p.ahead.n = 0;
	ltcp_sack_forget(&p.tcb, p.tcb.rcv_nxt);
	text(&p, 10000, 1000);
	EXPECT_BLOCKS(&p, 11000);
}

/* RFC 2883 section 4.1: duplicates below the ACK; told once */
TEST(dsack_told_below_the_ack)
{
	struct peer p;

	receiver(&p);
	text(&p, 10000, 500);
	text(&p, 10500, 500);
	p.n_sent = 0;
	text(&p, 10000, 500);
	EXPECT_BLOCKS(&p, 11000, 10000, 10500);
	text(&p, 11500, 500);		/* section 4.1.2 */
	EXPECT_BLOCKS(&p, 11000, 11500, 12000);
	text(&p, 10500, 500);
	EXPECT_BLOCKS(&p, 11000, 10500, 11000, 11500, 12000);
	text(&p, 10500, 1000);		/* section 4.2: a part is new */
	EXPECT_BLOCKS(&p, 12000, 10500, 11000);
}

/* Section 4.1.3: duplicates out of order: the block that holds it follows */
TEST(dsack_told_above_the_ack)
{
	struct peer p;

	receiver(&p);
	text(&p, 10500, 500);
	text(&p, 11000, 500);
	text(&p, 12000, 500);
	p.n_sent = 0;
	text(&p, 11000, 500);
	EXPECT_BLOCKS(&p, 10000, 11000, 11500, 10500, 11500, 12000, 12500);
	/* section 4.2.2: what it has in common with what was kept */
	text(&p, 11000, 1000);
	EXPECT_BLOCKS(&p, 10000, 11000, 11500, 10500, 12500);
	/* what fills the hole has come in part before */
	text(&p, 10000, 1000);
	EXPECT_BLOCKS(&p, 12500, 10500, 11000);
}

/* With timestamps there is room for three; and none unless agreed on */
TEST(sack_told_beside_timestamps)
{
	struct peer p;
	u32 i;

	peer_init(&p, "R", ISS);
	p.conf.sack = 1;
	p.conf.timestamps = 1;
	bring_to_state(&p, LTCP_ESTABLISHED);
	for (i = 0; i < 4; i++)
		ARRIVES_TS(&p, 100, 0, .flags = ACK, .seq = IRS + 1001 + 2000 * i, .ack = ISS + 1,
			   .text = 1000);
	EXPECT_EQ(p.n_sent, 4);
	EXPECT_EQ(p.sent[3].opt.n_sack, 3);
	EXPECT_EQ(p.sent[3].opt.sack[0].start, IRS + 7001);
	in_state(&p, LTCP_ESTABLISHED);
	text(&p, IRS + 1001, 1000);
	EXPECT_EQ(p.sent[0].opt.n_sack, 0);
}

/* A segment full of text has no room for blocks, one with little text has */
TEST(sack_told_beside_text)
{
	struct peer p;

	receiver(&p);
	p.tcb.nodelay = 1;
	text(&p, 10500, 500);
	p.n_sent = 0;
	peer_send(&p, 1460 + 100);
	EXPECT_EQ(p.n_sent, 2);
	EXPECT_EQ(p.sent[0].text, 1460);
	EXPECT_EQ(p.sent[0].opt.n_sack, 0);
	EXPECT_EQ(p.sent[1].opt.n_sack, 1);
}
