// SPDX-License-Identifier: GPL-2.0
/* Timestamps and PAWS: RFC 7323 sections 3 to 5. */
#include "script.h"

#define RECENT 100u	/* TSval of the other side's SYN */

static void established(struct peer *p)
{
	peer_init(p, "P", ISS);
	p->conf.timestamps = 1;
	bring_to_state(p, LTCP_ESTABLISHED);
	EXPECT(p->tcb.ts_ok);
	EXPECT_EQ(p->tcb.ts_recent, RECENT);
}

static u32 tsval_of(const struct peer *p)
{
	return p->tcb.ts_off + ltcp_ms(now);
}

/* Every segment carries them but RST: section 3.2 */
TEST(ts_on_every_segment)
{
	struct ltcp_seg seg;
	struct peer p;

	peer_init(&p, "P", ISS);
	p.conf.timestamps = 1;
	peer_connect(&p);
	seg = EXPECT_SENT(&p, SYN, ISS, 0, 0);
	EXPECT(seg.opt.has & LTCP_HAS_TS);
	EXPECT_EQ(seg.opt.tsval, tsval_of(&p));
	EXPECT_EQ(seg.opt.tsecr, 0);		/* without ACK it must be zero */
	ARRIVES_TS(&p, 700, tsval_of(&p), .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	EXPECT(seg.opt.has == LTCP_HAS_TS && seg.opt.tsecr == 700);
	now += 7 * MS;
	peer_send(&p, 10);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 10);
	EXPECT(seg.opt.has == LTCP_HAS_TS && seg.opt.tsecr == 700);
	EXPECT_EQ(seg.opt.tsval, tsval_of(&p));
	peer_close(&p);
	seg = EXPECT_SENT(&p, FIN | ACK, ISS + 11, IRS + 1, 0);
	EXPECT_EQ(seg.opt.has, LTCP_HAS_TS);
}

/* Section 3.2: negotiated, they must be there; a RST may do without */
TEST(ts_missing_is_dropped)
{
	struct peer p;

	established(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10);
	EXPECT_EQ(p.received, 0);
	EXPECT_EQ(p.last.reason, LTCP_REASON_NO_TS);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = RST, .seq = IRS + 1);
	EXPECT_STATE(&p, CLOSED);
}

/* Not negotiated, they mean nothing */
TEST(ts_unasked_is_ignored)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES_TS(&p, 5, 6, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10);
	EXPECT_EQ(p.received, 10);
	ARRIVES_TS(&p, 4, 6, .flags = ACK, .seq = IRS + 11, .ack = ISS + 1, .text = 10);
	EXPECT_EQ(p.received, 20);
}

/* Section 5.3, R1: older than TS.Recent, round the wrap; an ACK is the answer */
TEST(paws_refuses_old_segments)
{
	static const u32 old[] = { 99, 0, 0xffffffff, 100u - 0x7fffffff };
	struct peer p;
	unsigned int i;

	established(&p);
	for (i = 0; i < ARRAY_SIZE(old); i++) {
		host_at("%#x", old[i]);
		ARRIVES_TS(&p, old[i], 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1,
			   .text = 10);
		EXPECT_EQ(p.received, 0);
		EXPECT_EQ(p.last.reason, LTCP_REASON_PAWS);
		EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	}
	ARRIVES_TS(&p, 100, 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10);
	ARRIVES_TS(&p, 100u + 0x7fffffff, 0, .flags = ACK, .seq = IRS + 11, .ack = ISS + 1,
		   .text = 10);
	EXPECT_EQ(p.received, 20);
}

/* RST is not judged by its timestamp (section 5.2) */
TEST(paws_lets_rst_through)
{
	struct peer p;

	established(&p);
	ARRIVES_TS(&p, 5, 0, .flags = RST, .seq = IRS + 1);
	EXPECT_STATE(&p, CLOSED);
}

/* Section 4.3, (2): TS.Recent follows a segment that lies at or before Last.ACK.sent */
TEST(ts_recent_follows_the_last_ack)
{
	struct peer p;

	established(&p);
	/* two segments, one ACK: the first one's timestamp is echoed */
	ARRIVES_TS(&p, 200, 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 1000);
	ARRIVES_TS(&p, 201, 0, .flags = ACK, .seq = IRS + 1001, .ack = ISS + 1, .text = 1000);
	EXPECT_EQ(p.sent[0].opt.tsecr, 200);
	/* out of order: not taken; the one that fills the gap is */
	p.n_sent = 0;
	ARRIVES_TS(&p, 300, 0, .flags = ACK, .seq = IRS + 2101, .ack = ISS + 1, .text = 100);
	EXPECT_EQ(p.sent[0].opt.tsecr, 200);
	p.n_sent = 0;
	ARRIVES_TS(&p, 299, 0, .flags = ACK, .seq = IRS + 2001, .ack = ISS + 1, .text = 100);
	EXPECT_EQ(p.sent[0].opt.tsecr, 299);
}

/* It does not follow a segment that was not acceptable */
TEST(ts_recent_does_not_follow_unacceptable_segments)
{
	struct peer p;

	established(&p);
	ARRIVES_TS(&p, 500, 0, .flags = ACK, .seq = IRS - 1000, .ack = ISS + 1, .text = 10);
	EXPECT_EQ(p.tcb.ts_recent, RECENT);
	ARRIVES_TS(&p, 500, 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1000, .text = 10);
	EXPECT_EQ(p.tcb.ts_recent, RECENT);
}

/* But that of text which comes again because our ACK was lost is what our answer echoes */
TEST(ts_of_what_comes_again)
{
	struct peer p;

	established(&p);
	ARRIVES_TS(&p, 200, 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 1000);
	ARRIVES_TS(&p, 201, 0, .flags = ACK, .seq = IRS + 1001, .ack = ISS + 1, .text = 1000);
	p.n_sent = 0;
	ARRIVES_TS(&p, 400, 0, .flags = ACK, .seq = IRS + 1001, .ack = ISS + 1, .text = 1000);
	EXPECT_EQ(p.sent[0].opt.tsecr, 400);
	/* An older one is not it; nor is what acknowledges what was never sent */
	p.n_sent = 0;
	ARRIVES_TS(&p, 500, 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 1000);
	EXPECT_EQ(p.sent[0].opt.tsecr, 400);
	p.n_sent = 0;
	ARRIVES_TS(&p, 500, 0, .flags = ACK, .seq = IRS + 1001, .ack = ISS + 2, .text = 1000);
	EXPECT_EQ(p.sent[0].opt.tsecr, 400);
}

/* Section 5.5: after 24 days of silence TS.Recent means nothing */
TEST(paws_forgets_after_24_days)
{
	struct peer p;

	established(&p);
	now += 24 * 86400 * SECOND;
	ARRIVES_TS(&p, 99, 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10);
	EXPECT_EQ(p.received, 0);
	now += 2 * SECOND;
	ARRIVES_TS(&p, 99, 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10);
	EXPECT_EQ(p.received, 10);
	EXPECT_EQ(p.tcb.ts_recent, 99);
}

/* ... but not sooner, also when the millisecond clock wraps after 49.7 days */
TEST(paws_across_the_wrap_of_the_clock)
{
	struct peer p;

	now = ((1ull << 32) - 1000) * MS;
	established(&p);
	now += 2 * SECOND;
	ARRIVES_TS(&p, 99, 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10);
	EXPECT_EQ(p.received, 0);
	EXPECT_EQ(p.last.reason, LTCP_REASON_PAWS);
}

/* Section 4.1: the echo measures the round trip where Karn forbids the timer to */
TEST(ts_echo_measures_a_retransmission)
{
	struct peer p;
	u32 second;

	established(&p);
	p.tcb.rtt.srtt_us = 0;
	peer_send(&p, 100);
	peer_wait_until(&p, peer_next_timer(&p));
	EXPECT_EQ(p.n_sent, 2);
	second = p.sent[1].opt.tsval;
	now += 50 * MS;
	ARRIVES_TS(&p, 101, second, .flags = ACK, .seq = IRS + 1, .ack = ISS + 101);
	EXPECT_EQ(p.tcb.rtt.srtt_us, 8 * 50 * MS);
}

/* An echo from the future or of nothing measures nothing */
TEST(ts_echo_nonsense_is_no_sample)
{
	struct peer p;

	established(&p);
	p.tcb.rtt.srtt_us = 0;
	peer_send(&p, 100);
	peer_wait_until(&p, peer_next_timer(&p));
	ARRIVES_TS(&p, 101, tsval_of(&p) + 1000, .flags = ACK, .seq = IRS + 1, .ack = ISS + 51);
	EXPECT_EQ(p.tcb.rtt.srtt_us, 0);
	ARRIVES_TS(&p, 101, 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 101);
	EXPECT_EQ(p.tcb.rtt.srtt_us, 0);
}

/* A half-open entry does the same */
TEST(ts_of_a_half_open_entry)
{
	struct ltcp_seg seg;
	struct peer p;

	peer_init(&p, "P", ISS);
	p.conf.timestamps = 1;
	peer_listen(&p);
	ARRIVES_TS(&p, 100, 0, .flags = SYN, .seq = IRS);
	seg = EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	EXPECT(seg.opt.has & LTCP_HAS_TS && seg.opt.tsecr == 100);
	ARRIVES_TS(&p, 99, seg.opt.tsval, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_EQ(p.form, PEER_HALF);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_EQ(p.form, PEER_HALF);
	EXPECT_SILENT(&p);
	ARRIVES_TS(&p, 101, seg.opt.tsval, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_STATE(&p, ESTABLISHED);
	EXPECT(p.tcb.ts_ok);
	EXPECT_EQ(p.tcb.ts_recent, 101);
}

/* Nor does a RST's timestamp matter there */
TEST(ts_of_a_rst_for_a_half_open_entry)
{
	struct peer p;

	peer_init(&p, "P", ISS);
	p.conf.timestamps = 1;
	peer_listen(&p);
	ARRIVES_TS(&p, 100, 0, .flags = SYN, .seq = IRS);
	ARRIVES_TS(&p, 99, 0, .flags = RST, .seq = IRS + 1);
	EXPECT_STATE(&p, LISTEN);
}

/* One clock from the SYN-ACK to the last ACK of TIME-WAIT: it never jumps */
TEST(ts_clock_is_the_same_in_every_form)
{
	struct ltcp_seg seg;
	struct peer p;
	u32 first;

	peer_init(&p, "P", ISS);
	p.conf.timestamps = 1;
	peer_listen(&p);
	ARRIVES_TS(&p, 100, 0, .flags = SYN, .seq = IRS);
	seg = EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	first = seg.opt.tsval;
	now += 10 * MS;
	ARRIVES_TS(&p, 100, first, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	peer_close(&p);
	seg = EXPECT_SENT(&p, FIN | ACK, ISS + 1, IRS + 1, 0);
	EXPECT_EQ(seg.opt.tsval, first + 10);
	now += 10 * MS;
	ARRIVES_TS(&p, 101, first + 10, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 2);
	seg = EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
	EXPECT_EQ(seg.opt.tsval, first + 20);
	now += 10 * MS;
	ARRIVES_TS(&p, 102, first + 10, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 2);
	seg = EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
	EXPECT_EQ(seg.opt.tsval, first + 30);
}
