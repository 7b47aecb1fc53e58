// SPDX-License-Identifier: GPL-2.0
/* Which RST, SYN and ACK count: RFC 9293 section 3.10.7.4 and RFC 5961, in every state. */
#include <linux/errno.h>

#include "script.h"

static const u8 synchronised[] = {
	LTCP_SYN_RECEIVED, LTCP_ESTABLISHED, LTCP_FIN_WAIT_1, LTCP_FIN_WAIT_2, LTCP_CLOSE_WAIT,
	LTCP_CLOSING, LTCP_LAST_ACK,
};

#define FOR_EACH_SYNCHRONISED(p, i)					\
	for (i = 0; i < ARRAY_SIZE(synchronised) &&			\
	     (in_state(p, synchronised[i]), host_at("%s", (p)->name), true); i++)

/* Arrows 23 and 25: RST at RCV.NXT ends it, with or without ACK, whatever the ACK */
TEST(rst_at_rcv_nxt_ends_the_connection)
{
	static const int errs[] = { ECONNREFUSED, ECONNRESET, ECONNRESET, ECONNRESET, EPIPE,
				    ECONNRESET, ECONNRESET };
	struct peer p;
	unsigned int i;

	FOR_EACH_SYNCHRONISED(&p, i) {
		ARRIVES(&p, .flags = RST, .seq = p.tcb.rcv_nxt);
		EXPECT_STATE(&p, CLOSED);
		EXPECT_EQ(p.moves[p.n_moves - 1].cause, LTCP_CAUSE_RCV_RST);
		EXPECT_EQ(p.err, errs[i]);
		EXPECT_SILENT(&p);
		EXPECT_EQ(peer_next_timer(&p), 0);
	}
	FOR_EACH_SYNCHRONISED(&p, i) {
		ARRIVES(&p, .flags = RST | ACK, .seq = p.tcb.rcv_nxt, .ack = 77);
		EXPECT_STATE(&p, CLOSED);
		EXPECT_SILENT(&p);
	}
}

/* RFC 5961 section 3.2: elsewhere in the window it is a question, not an order */
TEST(rst_elsewhere_in_the_window_draws_a_challenge_ack)
{
	struct peer p;
	unsigned int i;

	FOR_EACH_SYNCHRONISED(&p, i) {
		ARRIVES(&p, .flags = RST, .seq = p.tcb.rcv_nxt + 1);
		EXPECT_SENT(&p, ACK, p.tcb.snd_nxt, p.tcb.rcv_nxt, 0);
		ARRIVES(&p, .flags = RST | ACK, .seq = p.tcb.rcv_adv - 1, .ack = p.tcb.snd_nxt);
		EXPECT_SENT(&p, ACK, p.tcb.snd_nxt, p.tcb.rcv_nxt, 0);
		EXPECT_EQ(p.last.reason, LTCP_REASON_RST);
		EXPECT_EQ(peer_state(&p), synchronised[i]);
	}
}

TEST(rst_outside_the_window_is_ignored)
{
	struct peer p;
	unsigned int i;

	FOR_EACH_SYNCHRONISED(&p, i) {
		ARRIVES(&p, .flags = RST, .seq = p.tcb.rcv_nxt - 1);
		ARRIVES(&p, .flags = RST, .seq = p.tcb.rcv_adv);
		ARRIVES(&p, .flags = RST, .seq = p.tcb.rcv_adv + 1);
		ARRIVES(&p, .flags = RST, .seq = p.tcb.rcv_nxt + 0x80000000);
		EXPECT_SILENT(&p);
		EXPECT_EQ(peer_state(&p), synchronised[i]);
	}
}

/* MUST-66: a closed window still lets RST in, at RCV.NXT */
TEST(rst_at_a_closed_window)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	p.tcb.rcv_adv = p.tcb.rcv_nxt;
	ARRIVES(&p, .flags = RST, .seq = p.tcb.rcv_nxt + 1);
	ARRIVES(&p, .flags = RST, .seq = p.tcb.rcv_nxt - 1);
	EXPECT_SILENT(&p);
	EXPECT_STATE(&p, ESTABLISHED);
	ARRIVES(&p, .flags = RST, .seq = p.tcb.rcv_nxt);
	EXPECT_STATE(&p, CLOSED);
}

/* RFC 5961 section 4.2: a SYN draws a challenge ACK wherever it lies, and does nothing else */
TEST(syn_draws_a_challenge_ack)
{
	struct peer p;
	unsigned int i, j;

	FOR_EACH_SYNCHRONISED(&p, i) {
		const u32 seqs[] = { p.tcb.rcv_nxt, p.tcb.rcv_nxt + 100, p.tcb.rcv_nxt - 5000,
				     p.tcb.rcv_adv + 5 };

		for (j = 0; j < ARRAY_SIZE(seqs); j++) {
			ARRIVES(&p, .flags = SYN, .seq = seqs[j]);
			EXPECT_SENT(&p, ACK, p.tcb.snd_nxt, p.tcb.rcv_nxt, 0);
			ARRIVES(&p, .flags = SYN | ACK, .seq = seqs[j], .ack = p.tcb.snd_nxt);
			EXPECT_SENT(&p, ACK, p.tcb.snd_nxt, p.tcb.rcv_nxt, 0);
		}
		EXPECT_EQ(peer_state(&p), synchronised[i]);
	}
}

/* Fifth, "if the ACK bit is off, drop the segment and return" */
TEST(ack_bit_must_be_on)
{
	struct peer p;
	unsigned int i;

	FOR_EACH_SYNCHRONISED(&p, i) {
		ARRIVES(&p, .flags = 0, .seq = p.tcb.rcv_nxt, .text = 10);
		ARRIVES(&p, .flags = FIN, .seq = p.tcb.rcv_nxt);
		EXPECT_EQ(p.last.reason, LTCP_REASON_NO_ACK);
		EXPECT_SILENT(&p);
		EXPECT_EQ(peer_state(&p), synchronised[i]);
		EXPECT_EQ(p.received, 0);
	}
}

/* RFC 5961 section 5.2: SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT, or no text is taken */
TEST(ack_outside_its_range_draws_a_challenge_ack)
{
	struct peer p;
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(synchronised); i++) {
		u32 snd_nxt, low;

		in_state(&p, synchronised[i]);
		host_at("%s", p.name);
		snd_nxt = p.tcb.snd_nxt;
		low = p.tcb.snd_una - 65535;
		ARRIVES(&p, .flags = ACK, .seq = p.tcb.rcv_nxt, .ack = snd_nxt + 1, .text = 10);
		EXPECT_SENT(&p, ACK, snd_nxt, p.tcb.rcv_nxt, 0);
		ARRIVES(&p, .flags = ACK, .seq = p.tcb.rcv_nxt, .ack = low - 1, .text = 10);
		EXPECT_SENT(&p, ACK, snd_nxt, p.tcb.rcv_nxt, 0);
		EXPECT_EQ(p.last.reason, LTCP_REASON_ACK);
		EXPECT_EQ(p.received, 0);
		EXPECT_EQ(peer_state(&p), synchronised[i]);
		ARRIVES(&p, .flags = ACK, .seq = p.tcb.rcv_nxt, .ack = low);
		EXPECT_SILENT(&p);
	}
	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1 - 65535, .text = 10);
	EXPECT_EQ(p.received, 10);
}

/* An old ACK moves nothing back (S8), and no window with it */
TEST(ack_of_before_changes_nothing)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	peer_send(&p, 1000);
	p.n_sent = 0;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1001, .wnd = 5000);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 500, .wnd = 10);
	EXPECT_EQ(p.tcb.snd_una, ISS + 1001);
	EXPECT_EQ(p.tcb.snd_wnd, 5000);
	EXPECT_SILENT(&p);
}

/* Section 3.10.7.4's guard on the window: SND.WL1 and SND.WL2 */
TEST(ack_reordered_does_not_change_the_window)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10, .wnd = 3000);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 11, .ack = ISS + 1, .wnd = 2000);
	EXPECT_EQ(p.tcb.snd_wnd, 2000);
	/* one of before, in the window still for its last octet */
	ARRIVES(&p, .flags = ACK, .seq = IRS + 10, .ack = ISS + 1, .text = 2, .wnd = 9000);
	EXPECT_EQ(p.tcb.snd_wnd, 2000);
	EXPECT_EQ(p.received, 11);
}

/* The table of section 3.10.7.4, first, spelled out for small numbers */
static bool rfc_accepts(int seq, int len, int wnd)
{
	if (!len)
		return wnd ? seq >= 0 && seq < wnd : seq == 0;
	if (!wnd)
		return false;
	return (seq >= 0 && seq < wnd) || (seq + len - 1 >= 0 && seq + len - 1 < wnd);
}

/*
 * Two liberties, both of segments that bring no text into the window: at a
 * closed window one at RCV.NXT is heard for its ACK (MUST-66), and a bare ACK
 * may lie at the right edge, where a peer's is that has filled the window.
 */
TEST(sequence_acceptance_table)
{
	int wnd, seq, len;

	for (wnd = 0; wnd <= 4; wnd++) {
		for (seq = -6; seq <= 6; seq++) {
			for (len = 0; len <= 5; len++) {
				bool liberty = wnd ? seq == wnd && !len : seq == 0;
				struct peer p;
				u32 end;

				in_state(&p, LTCP_ESTABLISHED);
				host_at("wnd %d seq %d len %d", wnd, seq, len);
				p.tcb.rcv_adv = p.tcb.rcv_nxt + wnd;
				end = p.tcb.rcv_adv;
				p.unread = p.buffer - wnd;
				ARRIVES(&p, .flags = ACK, .seq = p.tcb.rcv_nxt + seq,
					.ack = ISS + 1, .text = len);
				EXPECT_EQ(p.last.reason != LTCP_REASON_SEQUENCE,
					  rfc_accepts(seq, len, wnd) || liberty);
				EXPECT(seq_le(p.tcb.rcv_nxt, end));
				/* an answer is owed to all but a good empty ACK */
				if (len || p.last.reason == LTCP_REASON_SEQUENCE)
					EXPECT(p.n_sent || p.tcb.timer[LTCP_TIMER_DELACK]);
				else
					EXPECT_SILENT(&p);
			}
		}
	}
}

/* Only that part of a segment is taken that is new and in the window */
TEST(sequence_text_is_trimmed_to_the_window)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	p.tcb.rcv_adv = p.tcb.rcv_nxt + 100;
	p.unread = p.buffer - 100;
	p.buffer += 100;
	ARRIVES(&p, .flags = ACK, .seq = IRS - 49, .ack = ISS + 1, .text = 100);
	EXPECT_EQ(p.received, 50);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 51, .ack = ISS + 1, .text = 200);
	EXPECT_EQ(p.received, 100);
	EXPECT_STATE(&p, ESTABLISHED);		/* FIN lies outside, with text that was cut off */
	EXPECT_EQ(p.tcb.rcv_nxt, IRS + 101);
}

/* RFC 5961 section 7: ten in five seconds, and not one of them shared */
TEST(challenge_acks_are_limited_per_connection)
{
	struct peer a, b;
	int i;

	in_state(&a, LTCP_ESTABLISHED);
	for (i = 0; i < 100; i++)
		ARRIVES(&a, .flags = SYN, .seq = IRS + 1);
	EXPECT_EQ(a.n_sent, 10);
	in_state(&b, LTCP_ESTABLISHED);
	ARRIVES(&b, .flags = SYN, .seq = IRS + 1);
	EXPECT_EQ(b.n_sent, 1);
	now += 5 * SECOND - MS;
	ARRIVES(&a, .flags = SYN, .seq = IRS + 1);
	EXPECT_EQ(a.n_sent, 10);
	now += MS;
	for (i = 0; i < 100; i++)
		ARRIVES(&a, .flags = RST, .seq = IRS + 2);
	EXPECT_EQ(a.n_sent, 20);
}

/* All kinds of challenge draw on one limit */
TEST(challenge_acks_of_all_kinds_share_the_limit)
{
	struct peer p;
	int i;

	in_state(&p, LTCP_ESTABLISHED);
	for (i = 0; i < 20; i++) {
		ARRIVES(&p, .flags = SYN, .seq = IRS + 1);
		ARRIVES(&p, .flags = RST, .seq = IRS + 2);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 5);
		ARRIVES(&p, .flags = ACK, .seq = IRS - 100, .ack = ISS + 1);
	}
	EXPECT_EQ(p.n_sent, 10);
}

TEST(limiter_counts_from_its_first_answer)
{
	struct ltcp_limiter l = {};
	u64 t = 123456 * MS;
	int i;

	for (i = 0; i < 10; i++)
		EXPECT(ltcp_limiter_allow(&l, t + i * 100 * MS));
	EXPECT(!ltcp_limiter_allow(&l, t + 1000 * MS));
	EXPECT(!ltcp_limiter_allow(&l, t + 4999 * MS));
	for (i = 0; i < 10; i++)
		EXPECT(ltcp_limiter_allow(&l, t + 5000 * MS));
	EXPECT(!ltcp_limiter_allow(&l, t + 5000 * MS));
}

/* L9: two ends that find each other's ACKs unacceptable fall silent */
TEST(challenge_acks_do_not_go_on_for_ever)
{
	struct peer a, b;
	struct ltcp_seg seg;
	int i;

	in_state(&a, LTCP_ESTABLISHED);
	in_state(&b, LTCP_ESTABLISHED);
	a.tcb.snd_nxt += 1000000;		/* two incarnations that have met */
	a.tcb.snd_una = a.tcb.snd_nxt;
	a.tcb.snd_end = a.tcb.snd_nxt;
	ARRIVES(&a, .flags = ACK, .seq = IRS - 100, .ack = a.tcb.snd_nxt);
	for (i = 0; i < 1000 && (a.n_sent || b.n_sent); i++) {
		while (peer_take(&a, &seg, NULL))
			peer_segment(&b, &seg);
		while (peer_take(&b, &seg, NULL))
			peer_segment(&a, &seg);
	}
	EXPECT_SILENT(&a);
	EXPECT_SILENT(&b);
}

/* Nothing but the right number ends a connection: S9, over many random segments */
TEST(random_segments_do_not_end_a_connection)
{
	static const u8 states[] = { LTCP_ESTABLISHED, LTCP_FIN_WAIT_2, LTCP_CLOSE_WAIT,
				     LTCP_SYN_RECEIVED };
	u64 seed = 5961;
	unsigned int i, round;
	struct peer p;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		in_state(&p, states[i]);
		for (round = 0; round < 20000; round++) {
			u32 seq = host_random(&seed), text = host_random(&seed) % 100;
			u8 flags = host_random(&seed);

			host_at("%s round %u flags %#x seq %u", p.name, round, flags, seq);
			/* a tenth of them near RCV.NXT, all but RST at it */
			if (host_random(&seed) % 10 == 0)
				seq = p.tcb.rcv_nxt - 20 + host_random(&seed) % 40;
			if (flags & RST && seq == p.tcb.rcv_nxt)
				seq++;
			if (flags & RST)
				ARRIVES(&p, .flags = flags, .seq = seq, .ack = host_random(&seed));
			else
				ARRIVES(&p, .flags = flags | SYN, .seq = seq,
					.ack = host_random(&seed), .text = text);
			EXPECT_EQ(peer_state(&p), states[i]);
			EXPECT_EQ(p.received, 0);
			p.n_sent = 0;
			now += MS;
		}
	}
}
