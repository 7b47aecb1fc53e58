// SPDX-License-Identifier: GPL-2.0
/* How connections end: RFC 9293 section 3.6, figures 12 and 13, and TIME-WAIT. */
#include <linux/errno.h>

#include "script.h"

/* What @from has sent arrives at @to, one segment */
static void pass(struct peer *from, struct peer *to)
{
	struct ltcp_seg seg;

	EXPECT(peer_take(from, &seg, NULL));
	peer_segment(to, &seg);
}

static void open_pair(struct peer *a, struct peer *b)
{
	peer_init(a, "A", 100);
	peer_init(b, "B", 300);
	peer_listen(b);
	peer_connect(a);
	pass(a, b);
	pass(b, a);
	pass(a, b);
	b->listener = false;
}

/* Figure 12 */
TEST(close_normal)
{
	struct peer a, b;

	open_pair(&a, &b);
	peer_close(&a);
	EXPECT_STATE(&a, FIN_WAIT_1);
	pass(&a, &b);
	EXPECT_STATE(&b, CLOSE_WAIT);
	EXPECT(b.eof);
	peer_wait_until(&b, now + LTCP_FIN_DELACK_US);
	pass(&b, &a);
	EXPECT_STATE(&a, FIN_WAIT_2);
	peer_close(&b);
	EXPECT_STATE(&b, LAST_ACK);
	pass(&b, &a);
	EXPECT_STATE(&a, TIME_WAIT);
	EXPECT(a.eof);
	pass(&a, &b);
	EXPECT_STATES(&b, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
	EXPECT(b.ended && !b.err);
	peer_wait_until(&a, now + 60 * SECOND - 1);
	EXPECT_STATE(&a, TIME_WAIT);
	peer_wait_until(&a, now + 1);
	EXPECT_STATES(&a, "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
	EXPECT_SILENT(&a);
	EXPECT_SILENT(&b);
}

/* Figure 13: both at once */
TEST(close_simultaneous)
{
	struct ltcp_seg a_fin, b_fin;
	struct peer a, b;

	open_pair(&a, &b);
	peer_close(&a);
	peer_close(&b);
	EXPECT(peer_take(&a, &a_fin, NULL) && peer_take(&b, &b_fin, NULL));
	peer_segment(&a, &b_fin);
	peer_segment(&b, &a_fin);
	EXPECT_STATE(&a, CLOSING);
	EXPECT_STATE(&b, CLOSING);
	pass(&a, &b);
	pass(&b, &a);
	EXPECT_STATES(&a, "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT");
	EXPECT_STATES(&b, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT");
	EXPECT_SILENT(&a);
	EXPECT_SILENT(&b);
}

/* Arrow 15, note 2: FIN with the ACK of ours */
TEST(close_fin_with_ack_of_fin)
{
	struct peer p;

	in_state(&p, LTCP_FIN_WAIT_1);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 2);
	EXPECT_STATES(&p, "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 TIME-WAIT");
	EXPECT_EQ(p.moves[p.n_moves - 1].cause, LTCP_CAUSE_RCV_FIN_ACK);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
}

/* A user who closes because the peer has: one segment says both */
TEST(close_fin_carries_the_ack)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_STATE(&p, CLOSE_WAIT);
	EXPECT_SILENT(&p);
	peer_close(&p);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1, IRS + 2, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 2, .ack = ISS + 2);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_SILENT(&p);
	EXPECT_EQ(peer_next_timer(&p), 0);
}

/* Its acknowledgment waits no longer than that of text, which it may be due with */
TEST(close_ack_of_fin_waits_no_longer_than_that_of_text)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10);
	now += p.conf.delack_us - LTCP_FIN_DELACK_US / 2;
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 11, .ack = ISS + 1);
	EXPECT_SENT_AFTER(&p, LTCP_FIN_DELACK_US / 2, ACK, ISS + 1, IRS + 12, 0);

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 11, .ack = ISS + 1);
	EXPECT_SENT_AFTER(&p, LTCP_FIN_DELACK_US, ACK, ISS + 1, IRS + 12, 0);
}

/* The same with text before the FIN that comes out of order: the states follow the text */
TEST(close_fin_ahead_of_text)
{
	struct peer p;

	in_state(&p, LTCP_FIN_WAIT_1);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 101, .ack = ISS + 2, .text = 50);
	EXPECT_STATE(&p, FIN_WAIT_2);
	EXPECT(!p.eof);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2, .text = 100);
	EXPECT_STATE(&p, TIME_WAIT);
	EXPECT(p.eof);
	EXPECT_EQ(p.received, 150);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 152, 0);
}

/* A FIN alone that overtook text draws a duplicate ACK at once: RFC 5681 section 4.2 */
TEST(close_bare_fin_ahead_of_text)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 101, .ack = ISS + 1);
	EXPECT_STATE(&p, ESTABLISHED);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 100);
	EXPECT_STATE(&p, CLOSE_WAIT);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 102, 0);
	EXPECT_EQ(p.received, 100);
}

/* S6: the end is where the first FIN said; text beyond it is not taken */
TEST(close_text_beyond_fin_is_not_taken)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 101, .ack = ISS + 1);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 300);
	EXPECT_EQ(p.received, 100);
	EXPECT_STATE(&p, CLOSE_WAIT);
	EXPECT_EQ(p.tcb.rcv_nxt, IRS + 102);
}

/* Half-close: the other direction works for as long as one likes */
TEST(close_half)
{
	struct peer p;

	in_state(&p, LTCP_FIN_WAIT_2);
	peer_wait_until(&p, now + 86400 * SECOND);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2, .text = 1460);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1461, .ack = ISS + 2, .text = 1460);
	EXPECT_EQ(p.received, 2920);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2921, 0);

	in_state(&p, LTCP_CLOSE_WAIT);
	peer_wait_until(&p, now + 86400 * SECOND);
	peer_send(&p, 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2, 100);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 2, .ack = ISS + 101);
	EXPECT_SILENT(&p);
	peer_close(&p);
	EXPECT_SENT(&p, FIN | ACK, ISS + 101, IRS + 2, 0);
}

/* CLOSE with text queued: FIN goes with the last of it, or after it */
TEST(close_fin_rides_on_the_last_text)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	p.tcb.cwnd = 1460;
	peer_send(&p, 2000);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1460);
	peer_close(&p);
	EXPECT_STATE(&p, FIN_WAIT_1);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1461, IRS + 1, 540);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2001);
	EXPECT_STATE(&p, FIN_WAIT_1);	/* the text is acknowledged, the FIN is not */
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2002);
	EXPECT_STATE(&p, FIN_WAIT_2);
}

/* FIN needs its place in the window; a closed window is probed with it */
TEST(close_fin_at_a_closed_window)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 0);
	peer_close(&p);
	EXPECT_STATE(&p, FIN_WAIT_1);
	EXPECT_SENT_AFTER(&p, p.tcb.rtt.rto_us, FIN | ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2, .wnd = 0);
	EXPECT_STATE(&p, FIN_WAIT_2);
	EXPECT_SILENT(&p);
	EXPECT_EQ(peer_next_timer(&p), 0);
}

/* A lost FIN is sent again by its timer, in each state that waits for its ACK */
TEST(close_lost_fin_is_sent_again)
{
	static const u8 states[] = { LTCP_FIN_WAIT_1, LTCP_CLOSING, LTCP_LAST_ACK };
	struct peer p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		u32 rcv_nxt;

		in_state(&p, states[i]);
		rcv_nxt = rcv_nxt_of(&p);
		EXPECT_SENT_AFTER(&p, p.tcb.rtt.rto_us, FIN | ACK, ISS + 1, rcv_nxt, 0);
		EXPECT_SENT_AFTER(&p, 2 * p.tcb.rtt.rto_us, FIN | ACK, ISS + 1, rcv_nxt, 0);
		ARRIVES(&p, .flags = ACK, .seq = rcv_nxt, .ack = ISS + 2);
		EXPECT_SILENT(&p);
	}
}

/* The peer's FIN again, our ACK being lost: the ACK again, in every state after it */
TEST(close_repeated_fin_is_acknowledged_again)
{
	static const u8 states[] = { LTCP_CLOSE_WAIT, LTCP_CLOSING, LTCP_LAST_ACK,
				     LTCP_TIME_WAIT };
	struct peer p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		in_state(&p, states[i]);
		ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 1);
		EXPECT_SENT(&p, ACK, snd_nxt_of(&p), IRS + 2, 0);
		EXPECT_EQ(peer_state(&p), states[i]);
	}
}

/* The last ACK ends it without a word */
TEST(close_last_ack)
{
	struct peer p;

	in_state(&p, LTCP_LAST_ACK);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 2, .ack = ISS + 1);
	EXPECT_STATE(&p, LAST_ACK);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 2, .ack = ISS + 2);
	EXPECT_STATE(&p, CLOSED);
	EXPECT(p.ended && !p.err);
	EXPECT_SILENT(&p);
	EXPECT_EQ(peer_next_timer(&p), 0);
}

/* CLOSE in the states that have closed already changes nothing */
TEST(close_twice)
{
	static const u8 states[] = { LTCP_FIN_WAIT_1, LTCP_FIN_WAIT_2, LTCP_CLOSING,
				     LTCP_LAST_ACK };
	struct peer p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		in_state(&p, states[i]);
		peer_close(&p);
		EXPECT_EQ(peer_state(&p), states[i]);
		EXPECT_SILENT(&p);
	}
}

/* Section 3.10.5: ABORT resets in the states where the peer may know us */
TEST(close_abort_in_every_state)
{
	static const struct {
		u8 state;
		bool rst;
	} cases[] = {
		{ LTCP_SYN_SENT, false }, { LTCP_SYN_RECEIVED, true }, { LTCP_ESTABLISHED, true },
		{ LTCP_FIN_WAIT_1, true }, { LTCP_FIN_WAIT_2, true }, { LTCP_CLOSE_WAIT, true },
		{ LTCP_CLOSING, false }, { LTCP_LAST_ACK, false },
	};
	struct peer p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 snd_nxt;

		in_state(&p, cases[i].state);
		snd_nxt = snd_nxt_of(&p);
		peer_abort(&p);
		EXPECT_STATE(&p, CLOSED);
		EXPECT_EQ(p.moves[p.n_moves - 1].cause, LTCP_CAUSE_ABORT);
		if (cases[i].rst) {
			host_at("%s", p.name);
			EXPECT_EQ(p.n_sent, 1);
			EXPECT(p.sent[0].flags & RST && p.sent[0].seq == snd_nxt);
			p.n_sent = 0;
		}
		EXPECT_SILENT(&p);
		EXPECT_EQ(peer_next_timer(&p), 0);
	}
}

/* Arrow 26: FIN-WAIT-2 without a user lasts fin_timeout_s, and is forever with one */
TEST(close_orphan_in_fin_wait_2)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	peer_leave(&p);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2);
	EXPECT_STATE(&p, FIN_WAIT_2);
	peer_wait_until(&p, now + 60 * SECOND - 1);
	EXPECT_STATE(&p, FIN_WAIT_2);
	peer_wait_until(&p, now + 1);
	EXPECT_STATES(&p, "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED");
	EXPECT_EQ(p.moves[p.n_moves - 1].cause, LTCP_CAUSE_ORPHAN);
	EXPECT_SILENT(&p);

	in_state(&p, LTCP_FIN_WAIT_2);		/* half-closed: the user is still there */
	peer_wait_until(&p, now + 3600 * SECOND);
	EXPECT_STATE(&p, FIN_WAIT_2);
	peer_leave(&p);				/* and leaves now */
	peer_wait_until(&p, now + 60 * SECOND);
	EXPECT_STATE(&p, CLOSED);

	in_state(&p, LTCP_ESTABLISHED);		/* TCP_LINGER2 */
	p.tcb.linger_s = 5;
	peer_leave(&p);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2);
	peer_wait_until(&p, now + 5 * SECOND);
	EXPECT_STATE(&p, CLOSED);
}

/* The peer's FIN in time still leads to TIME-WAIT */
TEST(close_orphan_sees_the_peers_fin)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	peer_leave(&p);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2);
	peer_wait_until(&p, now + 30 * SECOND);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 2);
	EXPECT_STATE(&p, TIME_WAIT);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
}

/* SHLD-3: text for a user who has gone draws RST, in each state where it may come */
TEST(close_text_for_nobody_is_reset)
{
	struct peer p;
	bool acked;

	for (acked = false; ; acked = true) {
		in_state(&p, LTCP_ESTABLISHED);
		peer_leave(&p);
		EXPECT_SENT(&p, FIN | ACK, ISS + 1, IRS + 1, 0);
		if (acked)
			ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2, .text = 10);
		EXPECT_STATE(&p, CLOSED);
		EXPECT_SENT(&p, RST, ISS + 2, 0, 0);
		EXPECT_SILENT(&p);
		if (acked)
			break;
	}
	in_state(&p, LTCP_ESTABLISHED);		/* an empty ACK is no text */
	peer_leave(&p);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_STATE(&p, FIN_WAIT_1);
	EXPECT_SILENT(&p);
}

/* RFC 2525 section 2.17: leaving with text unread says so to the peer */
TEST(close_leaving_text_unread_resets)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10);
	peer_leave(&p);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_EQ(p.sent[0].flags & RST, RST);
	EXPECT_EQ(p.sent[0].seq, ISS + 1);
}

/* An orphan's retransmissions end sooner than a user's */
TEST(close_orphan_retries)
{
	struct peer p;
	u64 start;

	in_state(&p, LTCP_ESTABLISHED);
	p.conf.orphan_retries = 3;
	peer_leave(&p);
	start = now;
	peer_wait_until(&p, start + 3600 * SECOND);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_EQ(p.n_sent, 4);
	/* 0 stands for 8 */
	in_state(&p, LTCP_ESTABLISHED);
	peer_leave(&p);
	peer_wait_until(&p, now + 3600 * SECOND);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_EQ(p.n_sent, 9);
}

/* MUST-13, figure 12: a repeated FIN restarts 2MSL */
TEST(time_wait_restarts_at_a_repeated_fin)
{
	struct peer p;

	in_state(&p, LTCP_TIME_WAIT);
	peer_wait_until(&p, now + 50 * SECOND);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 2);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
	peer_wait_until(&p, now + 60 * SECOND - 1);
	EXPECT_STATE(&p, TIME_WAIT);
	peer_wait_until(&p, now + 1);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_SILENT(&p);
}

/* RFC 1337: no RST ends TIME-WAIT */
TEST(time_wait_ignores_rst)
{
	struct peer p;

	in_state(&p, LTCP_TIME_WAIT);
	ARRIVES(&p, .flags = RST, .seq = IRS + 2);
	ARRIVES(&p, .flags = RST | ACK, .seq = IRS + 2, .ack = ISS + 2);
	ARRIVES(&p, .flags = RST | SYN, .seq = IRS + 100000);
	EXPECT_STATE(&p, TIME_WAIT);
	EXPECT_SILENT(&p);
}

/* Old segments are answered, but not for ever; the very ACK that is due is not */
TEST(time_wait_answers_old_segments)
{
	struct peer p;
	int i;

	in_state(&p, LTCP_TIME_WAIT);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 2, .ack = ISS + 2);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 1);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
	for (i = 0; i < 100; i++)
		ARRIVES(&p, .flags = ACK, .seq = IRS - 1000, .ack = ISS + 1, .text = 1);
	EXPECT_EQ(p.n_sent, 9);
	EXPECT_STATE(&p, TIME_WAIT);
}

/* MAY-2: a SYN beyond what was received opens anew, its ISS beyond what was sent */
TEST(time_wait_gives_way_to_a_new_syn)
{
	struct peer p;

	in_state(&p, LTCP_TIME_WAIT);
	p.listener = true;
	ARRIVES(&p, .flags = SYN, .seq = IRS + 3);
	EXPECT_STATE(&p, SYN_RECEIVED);
	EXPECT_EQ(p.n_sent, 1);
	EXPECT(p.sent[0].flags == (SYN | ACK) && p.sent[0].ack == IRS + 4);
	EXPECT(seq_gt(p.sent[0].seq, ISS + 2));
}

TEST(time_wait_refuses_an_old_syn)
{
	struct peer p;

	in_state(&p, LTCP_TIME_WAIT);
	p.listener = true;
	ARRIVES(&p, .flags = SYN, .seq = IRS + 2);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	ARRIVES(&p, .flags = SYN, .seq = IRS - 100000);
	EXPECT_STATE(&p, TIME_WAIT);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
}

static void time_wait_with_timestamps(struct peer *p)
{
	peer_init(p, "P", ISS);
	p->conf.timestamps = 1;
	bring_to_state(p, LTCP_TIME_WAIT);	/* TS.Recent is 100 */
	p->listener = true;
}

/* RFC 6191 section 2: with timestamps they decide, then the sequence number */
TEST(time_wait_with_timestamps_gives_way)
{
	struct peer p;

	time_wait_with_timestamps(&p);
	ARRIVES_TS(&p, 101, 0, .flags = SYN, .seq = IRS - 100000);
	EXPECT_STATE(&p, SYN_RECEIVED);
	time_wait_with_timestamps(&p);
	ARRIVES_TS(&p, 100, 0, .flags = SYN, .seq = IRS + 3);
	EXPECT_STATE(&p, SYN_RECEIVED);
	time_wait_with_timestamps(&p);
	ARRIVES(&p, .flags = SYN, .seq = IRS + 3);	/* the new one does without */
	EXPECT_STATE(&p, SYN_RECEIVED);
}

/* If only the new one has timestamps PAWS will do; but not if we do without */
TEST(time_wait_without_timestamps_gives_way_to_them)
{
	struct peer p;

	in_state(&p, LTCP_TIME_WAIT);
	p.listener = true;
	p.conf.timestamps = 0;
	ARRIVES_TS(&p, 5, 0, .flags = SYN, .seq = IRS - 100000);
	EXPECT_STATE(&p, TIME_WAIT);
	p.conf.timestamps = 1;
	ARRIVES_TS(&p, 5, 0, .flags = SYN, .seq = IRS - 100000);
	EXPECT_STATE(&p, SYN_RECEIVED);
}

TEST(time_wait_with_timestamps_refuses)
{
	struct ltcp_seg seg;
	struct peer p;

	time_wait_with_timestamps(&p);
	ARRIVES_TS(&p, 99, 0, .flags = SYN, .seq = IRS + 100000);
	EXPECT_STATE(&p, TIME_WAIT);
	seg = EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
	EXPECT(seg.opt.has & LTCP_HAS_TS && seg.opt.tsecr == 100);
	ARRIVES_TS(&p, 100, 0, .flags = SYN, .seq = IRS + 2);
	EXPECT_STATE(&p, TIME_WAIT);
	EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
}

/* RFC 7323 section 4.3: TS.Recent follows what is in its place, and the FIN that comes again */
TEST(time_wait_follows_timestamps)
{
	struct ltcp_seg seg;
	struct peer p;

	time_wait_with_timestamps(&p);
	ARRIVES_TS(&p, 150, 0, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 2);
	seg = EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
	EXPECT_EQ(seg.opt.tsecr, 150);
	ARRIVES_TS(&p, 170, 0, .flags = ACK, .seq = IRS + 2, .ack = ISS + 2);
	EXPECT_SILENT(&p);
	/* Not what is old, nor what acknowledges anything else */
	ARRIVES_TS(&p, 190, 0, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2, .text = 1);
	seg = EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
	EXPECT_EQ(seg.opt.tsecr, 170);
	ARRIVES_TS(&p, 190, 0, .flags = ACK, .seq = IRS + 2, .ack = ISS + 1);
	EXPECT_SILENT(&p);
	/* So a SYN from before them is old */
	ARRIVES_TS(&p, 169, 0, .flags = SYN, .seq = IRS + 100000);
	EXPECT_STATE(&p, TIME_WAIT);
	seg = EXPECT_SENT(&p, ACK, ISS + 2, IRS + 2, 0);
	EXPECT_EQ(seg.opt.tsecr, 170);
	ARRIVES_TS(&p, 171, 0, .flags = SYN, .seq = IRS - 100000);
	EXPECT_STATE(&p, SYN_RECEIVED);
}

/* An old FIN, from before TS.Recent, does not restart 2MSL */
TEST(time_wait_is_not_restarted_by_an_old_fin)
{
	struct peer p;
	u64 end;

	time_wait_with_timestamps(&p);
	end = p.tw_end;
	peer_wait_until(&p, now + 10 * SECOND);
	ARRIVES_TS(&p, 99, 0, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 2);
	EXPECT_EQ(p.tw_end, end);
	ARRIVES_TS(&p, 100, 0, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 2);
	EXPECT_EQ(p.tw_end, now + 60 * SECOND);
}
