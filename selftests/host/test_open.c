// SPDX-License-Identifier: GPL-2.0
/* How connections begin: RFC 9293 section 3.5 and its figures 6 to 11. */
#include <linux/errno.h>

#include "script.h"

/* What @from has sent arrives at @to, one segment */
static struct ltcp_seg pass(struct peer *from, struct peer *to)
{
	struct ltcp_seg seg = {};

	EXPECT(peer_take(from, &seg, NULL));
	peer_segment(to, &seg);
	return seg;
}

static void two_peers(struct peer *a, struct peer *b)
{
	peer_init(a, "A", 100);
	peer_init(b, "B", 300);
}

static void use_all_options(struct peer *p)
{
	p->conf.timestamps = 1;
	p->conf.window_scaling = 1;
	p->conf.sack = 1;
	p->wscale = 7;
	p->buffer = 1 << 20;
}

/* Figure 6 */
TEST(open_basic_three_way_handshake)
{
	struct peer a, b;

	two_peers(&a, &b);
	peer_listen(&b);
	peer_connect(&a);
	EXPECT_EQ(pass(&a, &b).flags, SYN);
	EXPECT_STATE(&a, SYN_SENT);
	EXPECT_STATE(&b, SYN_RECEIVED);
	EXPECT(!b.connected);
	EXPECT_EQ(pass(&b, &a).flags, SYN | ACK);
	EXPECT_STATE(&a, ESTABLISHED);
	EXPECT(a.connected);
	EXPECT_EQ(pass(&a, &b).flags, ACK);
	EXPECT_STATES(&a, "CLOSED SYN-SENT ESTABLISHED");
	EXPECT_STATES(&b, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
	EXPECT(b.connected);
	EXPECT(a.tcb.irs == 300 && b.tcb.irs == 100 && a.tcb.iss == 100 && b.tcb.iss == 300);

	/* line 5: text follows at ISS + 1 */
	peer_send(&a, 10);
	EXPECT_SENT(&a, ACK, 101, 301, 10);
	EXPECT_SILENT(&b);
}

/* The segments' exact numbers, without text, and what timers run afterwards */
TEST(open_active_segments)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	EXPECT(!p.connected);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	EXPECT_SILENT(&p);
	EXPECT_STATE(&p, ESTABLISHED);
	EXPECT_EQ(peer_next_timer(&p), 0);
}

/* Every combination of what each side is willing to use: an option is on if both are */
TEST(open_negotiates_options)
{
	unsigned int i;

	for (i = 0; i < 64; i++) {
		unsigned int both = i & (i >> 3);
		struct peer a, b;

		host_at("A %#o B %#o", i & 7, i >> 3);
		two_peers(&a, &b);
		a.conf.timestamps = i & 1;
		a.conf.window_scaling = i >> 1 & 1;
		a.conf.sack = i >> 2 & 1;
		b.conf.timestamps = i >> 3 & 1;
		b.conf.window_scaling = i >> 4 & 1;
		b.conf.sack = i >> 5 & 1;
		a.wscale = 3;
		b.wscale = 7;
		a.buffer = 1 << 20;
		b.buffer = 1 << 20;
		peer_listen(&b);
		peer_connect(&a);
		pass(&a, &b);
		pass(&b, &a);
		pass(&a, &b);
		EXPECT_STATE(&a, ESTABLISHED);
		EXPECT_STATE(&b, ESTABLISHED);
		EXPECT(a.tcb.ts_ok == (both & 1) && b.tcb.ts_ok == (both & 1));
		EXPECT(a.tcb.wscale_ok == (both >> 1 & 1) && b.tcb.wscale_ok == (both >> 1 & 1));
		EXPECT(a.tcb.sack_ok == (both >> 2 & 1) && b.tcb.sack_ok == (both >> 2 & 1));
		EXPECT_EQ(a.tcb.rcv_wscale, both & 2 ? 3 : 0);
		EXPECT_EQ(b.tcb.snd_wscale, both & 2 ? 3 : 0);
		EXPECT_EQ(a.tcb.snd_wscale, both & 2 ? 7 : 0);
		EXPECT_EQ(b.tcb.rcv_wscale, both & 2 ? 7 : 0);
		EXPECT_EQ(a.tcb.snd_mss, both & 1 ? 1448 : 1460);
		EXPECT_EQ(b.tcb.snd_mss, both & 1 ? 1448 : 1460);
	}
}

/* RFC 7323 section 2.2: the window of a SYN is taken as it is, whatever the scale */
TEST(open_windows_of_syns_are_not_scaled)
{
	struct ltcp_options opt = { .has = LTCP_HAS_MSS | LTCP_HAS_WSCALE, .mss = 1460,
				    .wscale = 7 };
	struct ltcp_seg seg;
	struct peer p;

	peer_init(&p, "active", ISS);
	p.conf.window_scaling = 1;
	p.wscale = 5;
	p.buffer = 1 << 20;
	peer_connect(&p);
	seg = EXPECT_SENT(&p, SYN, ISS, 0, 0);
	EXPECT_EQ(seg.wnd, 65535);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1, .wnd = 1000, .opt = opt);
	EXPECT_EQ(p.tcb.snd_wnd, 1000);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	EXPECT_EQ(seg.wnd, (1 << 20) >> 5);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 1000);
	EXPECT_EQ(p.tcb.snd_wnd, 128000);

	peer_init(&p, "passive", ISS);
	p.conf.window_scaling = 1;
	p.wscale = 5;
	p.buffer = 1 << 20;
	peer_listen(&p);
	ARRIVES(&p, .flags = SYN, .seq = IRS, .wnd = 1000, .opt = opt);
	seg = EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	EXPECT_EQ(seg.wnd, 65535);
	EXPECT(seg.opt.has & LTCP_HAS_WSCALE && seg.opt.wscale == 5);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 1000);
	EXPECT_EQ(p.tcb.snd_wnd, 128000);
}

/* MUST-14, MUST-15, MUST-16 */
TEST(open_mss)
{
	static const struct {
		u16 offer;	/* 0: none */
		u16 path;
		u16 want;
	} cases[] = {
		{ 700, 1460, 700 }, { 0, 1460, 536 }, { 9000, 1460, 1460 }, { 1460, 1000, 1000 },
		{ 1, 1460, 48 }, { 65535, 65495, 65495 },
	};
	struct ltcp_seg seg;
	unsigned int i;
	struct peer p;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ltcp_options opt = { .mss = cases[i].offer };

		if (opt.mss)
			opt.has = LTCP_HAS_MSS;
		host_at("offer %u path %u", cases[i].offer, cases[i].path);
		peer_init(&p, "active", ISS);
		p.path_mss = cases[i].path;
		p.adv_mss = 1234;
		peer_connect(&p);
		seg = EXPECT_SENT(&p, SYN, ISS, 0, 0);
		EXPECT(seg.opt.has & LTCP_HAS_MSS && seg.opt.mss == 1234);
		ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1, .opt = opt);
		EXPECT_EQ(p.tcb.snd_mss, cases[i].want);

		peer_init(&p, "passive", ISS);
		p.path_mss = cases[i].path;
		p.adv_mss = 1234;
		peer_listen(&p);
		ARRIVES(&p, .flags = SYN, .seq = IRS, .opt = opt);
		seg = EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
		EXPECT(seg.opt.has & LTCP_HAS_MSS && seg.opt.mss == 1234);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
		EXPECT_EQ(p.tcb.snd_mss, cases[i].want);
	}
}

static void expect_open_pair(struct peer *a, struct peer *b)
{
	EXPECT_STATE(a, ESTABLISHED);
	EXPECT_STATE(b, ESTABLISHED);
	EXPECT(a->connected && b->connected);
	EXPECT(a->tcb.irs == b->tcb.iss && b->tcb.irs == a->tcb.iss);
	EXPECT(a->tcb.rcv_nxt == b->tcb.snd_nxt && b->tcb.rcv_nxt == a->tcb.snd_nxt);
	EXPECT_SILENT(a);
	EXPECT_SILENT(b);
	peer_send(a, 100);
	pass(a, b);
	EXPECT_EQ(b->received, 100);
	peer_send(b, 200);
	pass(b, a);
	EXPECT_EQ(a->received, 200);
}

/* Figure 7 (MUST-10): both SYNs cross, then both SYN-ACKs */
TEST(open_simultaneous)
{
	struct ltcp_seg a_syn, b_syn, a_syn_ack, b_syn_ack;
	struct peer a, b;

	two_peers(&a, &b);
	use_all_options(&a);
	use_all_options(&b);
	peer_connect(&a);
	peer_connect(&b);
	EXPECT(peer_take(&a, &a_syn, NULL) && peer_take(&b, &b_syn, NULL));
	peer_segment(&a, &b_syn);
	EXPECT_STATE(&a, SYN_RECEIVED);
	peer_segment(&b, &a_syn);
	EXPECT_STATE(&b, SYN_RECEIVED);
	EXPECT(peer_take(&a, &a_syn_ack, NULL) && peer_take(&b, &b_syn_ack, NULL));
	EXPECT(a_syn_ack.flags == (SYN | ACK) && a_syn_ack.seq == 100 && a_syn_ack.ack == 301);
	EXPECT(b_syn_ack.flags == (SYN | ACK) && b_syn_ack.seq == 300 && b_syn_ack.ack == 101);
	peer_segment(&a, &b_syn_ack);
	peer_segment(&b, &a_syn_ack);
	EXPECT_STATES(&a, "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED");
	EXPECT_STATES(&b, "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED");
	EXPECT_EQ(a.tcb.snd_wnd, 65535);	/* from a SYN: not scaled */
	expect_open_pair(&a, &b);
}

/* The same, but a SYN-ACK is lost: the timer sends it again */
TEST(open_simultaneous_with_a_lost_syn_ack)
{
	struct ltcp_seg a_syn, b_syn, lost;
	struct peer a, b;

	two_peers(&a, &b);
	peer_connect(&a);
	peer_connect(&b);
	EXPECT(peer_take(&a, &a_syn, NULL) && peer_take(&b, &b_syn, NULL));
	peer_segment(&a, &b_syn);
	peer_segment(&b, &a_syn);
	EXPECT(peer_take(&a, &lost, NULL));
	pass(&b, &a);
	EXPECT_STATE(&a, ESTABLISHED);
	EXPECT_STATE(&b, SYN_RECEIVED);
	/* B does not know that A has what it needs, and asks */
	peer_wait_until(&b, now + 2 * SECOND);
	pass(&b, &a);
	EXPECT_EQ(pass(&a, &b).flags, ACK);
	EXPECT_STATE(&b, ESTABLISHED);
	while (b.n_sent)
		pass(&b, &a);
	expect_open_pair(&a, &b);
}

/* Self-connect: each segment comes back to its sender */
TEST(open_to_oneself)
{
	struct peer a;
	int i;

	peer_init(&a, "self", 100);
	a.conf.timestamps = 1;
	peer_connect(&a);
	for (i = 0; i < 8 && a.n_sent; i++)
		pass(&a, &a);
	EXPECT_STATES(&a, "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED");
	EXPECT_SILENT(&a);
	peer_send(&a, 100);
	pass(&a, &a);
	EXPECT_EQ(a.received, 100);
}

/* Figure 8: an old duplicate SYN makes B answer; A resets that, and its own SYN then opens */
TEST(open_recovers_from_an_old_duplicate_syn)
{
	struct peer a, b;
	struct ltcp_seg syn;

	two_peers(&a, &b);
	peer_listen(&b);
	peer_connect(&a);
	EXPECT(peer_take(&a, &syn, NULL));
	ARRIVES(&b, .flags = SYN, .seq = 90);
	EXPECT_STATE(&b, SYN_RECEIVED);
	pass(&b, &a);				/* <SEQ=300><ACK=91><CTL=SYN,ACK> */
	EXPECT_STATE(&a, SYN_SENT);
	EXPECT_EQ(a.n_sent, 1);
	EXPECT(a.sent[0].flags == RST && a.sent[0].seq == 91);
	pass(&a, &b);
	EXPECT_STATE(&b, LISTEN);
	EXPECT_SILENT(&b);
	peer_segment(&b, &syn);
	pass(&b, &a);
	pass(&a, &b);
	EXPECT_STATES(&b, "CLOSED LISTEN SYN-RECEIVED LISTEN SYN-RECEIVED ESTABLISHED");
	expect_open_pair(&a, &b);
}

/* The same with the true SYN overtaking the RST: it lies in B's window and so brings LISTEN back */
TEST(open_old_duplicate_syn_then_the_true_one)
{
	struct peer a, b;

	two_peers(&a, &b);
	peer_listen(&b);
	peer_connect(&a);
	ARRIVES(&b, .flags = SYN, .seq = 90);
	EXPECT(b.n_sent);
	b.n_sent = 0;				/* the answer to that one is lost */
	pass(&a, &b);
	EXPECT_STATE(&b, LISTEN);
	/* nothing came of it; the retransmitted SYN opens */
	peer_wait_until(&a, now + 3 * SECOND / 2);
	pass(&a, &b);
	pass(&b, &a);
	pass(&a, &b);
	expect_open_pair(&a, &b);
}

/* Figure 9: A has crashed and opens again; B, half-open, says where it is; A resets it */
TEST(open_discovers_a_half_open_peer)
{
	struct peer a, b;

	in_state(&b, LTCP_ESTABLISHED);		/* RCV.NXT 5001, SND.NXT 1001 */
	peer_init(&a, "A", 400);
	peer_connect(&a);
	pass(&a, &b);
	EXPECT_STATE(&b, ESTABLISHED);
	EXPECT(b.sent[0].flags == ACK && b.sent[0].seq == 1001 && b.sent[0].ack == 5001);
	pass(&b, &a);
	EXPECT_STATE(&a, SYN_SENT);
	EXPECT(a.sent[0].flags == RST && a.sent[0].seq == 5001);
	pass(&a, &b);
	EXPECT_STATE(&b, CLOSED);
	EXPECT_EQ(b.err, ECONNRESET);
	/* and the next SYN meets a closed or listening port */
	peer_wait_until(&a, now + SECOND);
	EXPECT_SENT(&a, SYN, 400, 0, 0);
	EXPECT_SILENT(&a);
}

/* Figure 10: the side that still lives sends first */
TEST(open_live_side_sends_to_a_crashed_one)
{
	struct peer a, b;

	peer_init(&a, "A", 400);		/* knows nothing */
	in_state(&b, LTCP_ESTABLISHED);
	peer_send(&b, 10);
	pass(&b, &a);
	EXPECT(a.sent[0].flags == RST && a.sent[0].seq == 5001);
	pass(&a, &b);
	EXPECT_STATE(&b, CLOSED);
	EXPECT_EQ(b.err, ECONNRESET);
}

/* Figure 11: an old duplicate SYN meets two listeners */
TEST(open_old_duplicate_syn_with_two_listeners)
{
	struct peer a, b;

	two_peers(&a, &b);
	peer_listen(&a);
	peer_listen(&b);
	ARRIVES(&b, .flags = SYN, .seq = 90);
	pass(&b, &a);				/* a SYN-ACK that nobody asked for */
	EXPECT(a.sent[0].flags == RST && a.sent[0].seq == 91);
	pass(&a, &b);
	EXPECT_STATES(&b, "CLOSED LISTEN SYN-RECEIVED LISTEN");
	EXPECT_STATES(&a, "CLOSED LISTEN");
	EXPECT_SILENT(&b);
}

/* Section 3.10.7.1 (M4): what a port without a listener answers */
TEST(open_closed_port_resets)
{
	struct peer p;

	peer_init(&p, "closed", ISS);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, RST | ACK, 0, IRS + 1, 0);
	ARRIVES(&p, .flags = SYN | FIN, .seq = IRS, .text = 10);
	EXPECT_SENT(&p, RST | ACK, 0, IRS + 12, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS, .ack = 77, .text = 10);
	EXPECT_SENT(&p, RST, 77, 0, 0);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = 77);
	EXPECT_SENT(&p, RST, 77, 0, 0);
	ARRIVES(&p, .flags = RST, .seq = IRS);
	ARRIVES(&p, .flags = RST | ACK, .seq = IRS, .ack = 77);
	EXPECT_SILENT(&p);
}

/* Section 3.10.7.2 */
TEST(open_what_a_listener_answers)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = RST, .seq = IRS);
	ARRIVES(&p, .flags = RST | SYN, .seq = IRS);
	ARRIVES(&p, .flags = RST | ACK, .seq = IRS, .ack = 7);
	ARRIVES(&p, .flags = FIN, .seq = IRS);
	ARRIVES(&p, .flags = 0, .seq = IRS, .text = 100);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS, .ack = 7);
	EXPECT_SENT(&p, RST, 7, 0, 0);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = 7);
	EXPECT_SENT(&p, RST, 7, 0, 0);
	EXPECT_STATES(&p, "CLOSED LISTEN");
}

/* M7: a refused connection */
TEST(open_refused)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	ARRIVES(&p, .flags = RST | ACK, .seq = 0, .ack = ISS + 1);
	EXPECT_STATES(&p, "CLOSED SYN-SENT CLOSED");
	EXPECT_EQ(p.err, ECONNREFUSED);
	EXPECT_SILENT(&p);
	EXPECT_EQ(peer_next_timer(&p), 0);
}

/* Section 3.10.7.3, first and second: RST counts only with an acceptable ACK (S9) */
TEST(open_syn_sent_ignores_a_blind_rst)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	ARRIVES(&p, .flags = RST, .seq = 0);
	ARRIVES(&p, .flags = RST | ACK, .seq = 0, .ack = ISS);
	ARRIVES(&p, .flags = RST | ACK, .seq = 0, .ack = ISS + 2);
	ARRIVES(&p, .flags = RST | SYN, .seq = 0);
	EXPECT_SILENT(&p);
	EXPECT_STATE(&p, SYN_SENT);
}

TEST(open_syn_sent_resets_an_ack_of_something_else)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS);
	EXPECT_SENT(&p, RST, ISS, 0, 0);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 2);
	EXPECT_SENT(&p, RST, ISS + 2, 0, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS, .ack = ISS - 1);
	EXPECT_SENT(&p, RST, ISS - 1, 0, 0);
	/* a good ACK without SYN says nothing */
	ARRIVES(&p, .flags = ACK, .seq = IRS, .ack = ISS + 1);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS, .ack = ISS + 1, .text = 10);
	EXPECT_SILENT(&p);
	EXPECT_STATE(&p, SYN_SENT);
}

/* MUST-11: RST in SYN-RECEIVED; the passive open returns to LISTEN and tells nobody */
TEST(open_rst_in_syn_received_after_passive_open)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	ARRIVES(&p, .flags = RST, .seq = IRS + 1);	/* without ACK: it counts all the same */
	EXPECT_STATES(&p, "CLOSED LISTEN SYN-RECEIVED LISTEN");
	EXPECT_EQ(p.err, 0);
	EXPECT_SILENT(&p);
}

TEST(open_rst_in_syn_received_after_active_open)
{
	struct peer p;

	in_state(&p, LTCP_SYN_RECEIVED);
	ARRIVES(&p, .flags = RST, .seq = IRS + 1);
	EXPECT_STATES(&p, "CLOSED SYN-SENT SYN-RECEIVED CLOSED");
	EXPECT_EQ(p.err, ECONNREFUSED);
	EXPECT_SILENT(&p);
}

/* RFC 5961 section 3.2 holds for half-open entries as well */
TEST(open_rst_elsewhere_in_the_window_of_a_half_open_entry)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	ARRIVES(&p, .flags = RST, .seq = IRS + 2);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = RST, .seq = IRS);
	ARRIVES(&p, .flags = RST, .seq = IRS + 1 + 65535);
	EXPECT_SILENT(&p);
	EXPECT_STATE(&p, SYN_RECEIVED);
}

/* The SYN again: the SYN-ACK again, the same */
TEST(open_repeated_syn_draws_the_same_syn_ack)
{
	struct peer p;
	int i;

	in_state(&p, LTCP_LISTEN);
	for (i = 0; i < 3; i++) {
		ARRIVES(&p, .flags = SYN, .seq = IRS);
		EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
		EXPECT_STATE(&p, SYN_RECEIVED);
	}
}

/* Section 3.10.7.4, fifth, in SYN-RECEIVED: S4, nobody gets in without our ISN */
TEST(open_syn_received_resets_a_wrong_ack)
{
	static const u32 wrong[] = { ISS, ISS + 2, ISS - 1, 0, ISS + 0x80000000 };
	struct peer p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		in_state(&p, LTCP_LISTEN);
		ARRIVES(&p, .flags = SYN, .seq = IRS);
		EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = wrong[i]);
		EXPECT_SENT(&p, RST, wrong[i], 0, 0);
		EXPECT_STATE(&p, SYN_RECEIVED);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
		EXPECT_STATE(&p, ESTABLISHED);

		in_state(&p, LTCP_SYN_RECEIVED);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = wrong[i]);
		EXPECT_SENT(&p, RST, wrong[i], 0, 0);
		EXPECT_STATE(&p, SYN_RECEIVED);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
		EXPECT_STATE(&p, ESTABLISHED);
	}
}

TEST(open_syn_received_wants_an_ack)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	ARRIVES(&p, .flags = 0, .seq = IRS + 1, .text = 10);
	ARRIVES(&p, .flags = FIN, .seq = IRS + 1);
	EXPECT_SILENT(&p);
	EXPECT_STATE(&p, SYN_RECEIVED);
}

/* An unacceptable segment says where we are, and changes nothing */
TEST(open_syn_received_old_sequence_number)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS - 100, .ack = ISS + 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	EXPECT_STATE(&p, SYN_RECEIVED);
	ARRIVES(&p, .flags = SYN, .seq = IRS - 100000);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	EXPECT_STATE(&p, SYN_RECEIVED);
}

/* M10: text that comes with or right behind the third segment */
TEST(open_third_segment_with_text)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 100);
	EXPECT_STATE(&p, ESTABLISHED);
	EXPECT(p.connected);
	EXPECT_EQ(p.received, 100);
}

/* Arrow 22: the third segment with FIN; the trace shows 9 and 12 */
TEST(open_third_segment_with_text_and_fin)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 100);
	EXPECT_STATES(&p, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT");
	EXPECT(p.connected && p.eof);
	EXPECT_EQ(p.received, 100);
	EXPECT_SENT_AFTER(&p, LTCP_FIN_DELACK_US, ACK, ISS + 1, IRS + 102, 0);
}

/* Text that overtakes the third segment's loss */
TEST(open_second_text_segment_first)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 101, .ack = ISS + 1, .text = 100);
	EXPECT_STATE(&p, ESTABLISHED);
	EXPECT_EQ(p.received, 0);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 100);
	EXPECT_EQ(p.received, 200);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 201, 0);
}

/* M8, M10: a SYN-ACK may bring text, and FIN */
TEST(open_syn_ack_with_text_and_fin)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1, .text = 50);
	EXPECT_STATE(&p, ESTABLISHED);
	EXPECT_EQ(p.received, 50);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 51, 0);

	in_state(&p, LTCP_SYN_SENT);
	ARRIVES(&p, .flags = SYN | ACK | FIN, .seq = IRS, .ack = ISS + 1, .text = 50);
	EXPECT_STATES(&p, "CLOSED SYN-SENT ESTABLISHED CLOSE-WAIT");
	EXPECT_EQ(p.received, 50);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 52, 0);
}

/* Text on a SYN may stay unacknowledged, so that the peer sends it again */
TEST(open_syn_with_text_is_acknowledged_without_it)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN | FIN, .seq = IRS, .text = 50);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	EXPECT_STATE(&p, SYN_RECEIVED);
	in_state(&p, LTCP_SYN_SENT);
	ARRIVES(&p, .flags = SYN | FIN, .seq = IRS, .text = 50);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	EXPECT_STATE(&p, SYN_RECEIVED);
	EXPECT_EQ(p.received, 0);
}

/* SEND in SYN-SENT: the text waits for ESTABLISHED and then goes with the ACK */
TEST(open_text_queued_in_syn_sent)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	peer_send(&p, 100);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 100);
	EXPECT_SILENT(&p);
}

/* Arrow 5: a listener opens actively */
TEST(open_active_open_on_a_listener)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	peer_connect(&p);
	EXPECT_SENT(&p, SYN, ISS, 0, 0);
	EXPECT_STATES(&p, "CLOSED LISTEN SYN-SENT");
	/* MUST-11: now it is of active origin */
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	ARRIVES(&p, .flags = RST, .seq = IRS + 1);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_EQ(p.err, ECONNREFUSED);
}

/* Arrows 3 and 6, and section 3.10.5 for the same states */
TEST(open_close_before_anything_came)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	peer_close(&p);
	EXPECT_STATES(&p, "CLOSED LISTEN CLOSED");
	in_state(&p, LTCP_SYN_SENT);
	peer_close(&p);
	EXPECT_STATES(&p, "CLOSED SYN-SENT CLOSED");
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.err, 0);
	in_state(&p, LTCP_LISTEN);
	peer_abort(&p);
	EXPECT_STATES(&p, "CLOSED LISTEN CLOSED");
	in_state(&p, LTCP_SYN_SENT);
	peer_abort(&p);
	EXPECT_STATES(&p, "CLOSED SYN-SENT CLOSED");
	EXPECT_SILENT(&p);
}

/* Arrow 10 (S12): CLOSE in SYN-RECEIVED sends FIN at once (section 3.10.4) */
TEST(open_close_in_syn_received)
{
	struct peer p;

	in_state(&p, LTCP_SYN_RECEIVED);
	p.n_sent = 0;
	peer_close(&p);
	EXPECT_STATES(&p, "CLOSED SYN-SENT SYN-RECEIVED FIN-WAIT-1");
	EXPECT_SENT(&p, FIN | ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2);
	EXPECT_STATE(&p, FIN_WAIT_2);
}

/* The same in a simultaneous open: our SYN is acknowledged by the peer's SYN-ACK */
TEST(open_close_in_syn_received_then_syn_ack)
{
	struct ltcp_options opt = { .has = LTCP_HAS_MSS | LTCP_HAS_WSCALE, .mss = 1460,
				    .wscale = 7 };
	struct peer p;

	peer_init(&p, "P", ISS);
	p.conf.window_scaling = 1;
	bring_to_state(&p, LTCP_SYN_SENT);
	ARRIVES(&p, .flags = SYN, .seq = IRS, .opt = opt);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	peer_close(&p);
	EXPECT_STATE(&p, FIN_WAIT_1);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1, .wnd = 1000, .opt = opt);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.tcb.snd_wnd, 1000);		/* S18: a SYN's window, not scaled */
}

/* CLOSE with text queued: it goes first, FIN after it */
TEST(open_close_in_syn_received_with_text_queued)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	peer_send(&p, 100);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	peer_close(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1, IRS + 1, 100);
	EXPECT_STATES(&p, "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED FIN-WAIT-1");
}

/* MUST-23: with the default of 7 retries the caller learns of it no sooner than after 180 s */
TEST(open_syn_gives_up_no_sooner_than_180_s)
{
	static const u32 gaps[] = { 1, 2, 4, 8, 16, 32, 64 };
	struct peer p;
	unsigned int i;
	u64 start;

	in_state(&p, LTCP_SYN_SENT);
	start = now;
	for (i = 0; i < ARRAY_SIZE(gaps); i++)
		EXPECT_SENT_AFTER(&p, gaps[i] * SECOND, SYN, ISS, 0, 0);
	peer_wait_until(&p, start + 180 * SECOND);
	EXPECT_STATE(&p, SYN_SENT);
	peer_wait_until(&p, start + 300 * SECOND);
	EXPECT_STATES(&p, "CLOSED SYN-SENT CLOSED");
	EXPECT_EQ(p.err, ETIMEDOUT);
	EXPECT_SILENT(&p);
}

/* MUST-22: R1 asks IP for another route */
TEST(open_syn_r1_doubts_the_route)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	peer_wait_until(&p, now + 3 * SECOND);
	EXPECT(!(p.acts & LTCP_ACT_DOUBT_ROUTE));
	peer_wait_until(&p, now + 5 * SECOND);
	EXPECT(p.acts & LTCP_ACT_DOUBT_ROUTE);
}

/* The same for the SYN-ACK of a simultaneous open (arrow 25) */
TEST(open_syn_received_times_out)
{
	struct peer p;
	u64 start;

	in_state(&p, LTCP_SYN_RECEIVED);
	start = now;
	EXPECT_SENT_AFTER(&p, 1 * SECOND, SYN | ACK, ISS, IRS + 1, 0);
	EXPECT_SENT_AFTER(&p, 2 * SECOND, SYN | ACK, ISS, IRS + 1, 0);
	peer_wait_until(&p, start + 180 * SECOND);
	EXPECT_STATE(&p, SYN_RECEIVED);
	peer_wait_until(&p, start + 300 * SECOND);
	EXPECT_STATES(&p, "CLOSED SYN-SENT SYN-RECEIVED CLOSED");
	EXPECT_EQ(p.err, ETIMEDOUT);
}

/* Its time counts from the SYN-ACK, not from our SYN */
TEST(open_syn_received_starts_its_own_timer)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	peer_wait_until(&p, now + 3700 * MS);	/* it was sent three times */
	p.n_sent = 0;
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	EXPECT_SENT_AFTER(&p, SECOND, SYN | ACK, ISS, IRS + 1, 0);
}

/* RFC 6298 (5.7) and RFC 5681 section 3.1: after a lost SYN begin with 3 s and one segment */
TEST(open_after_a_lost_syn)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	EXPECT_SENT_AFTER(&p, SECOND, SYN, ISS, 0, 0);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1,
		.opt = { .has = LTCP_HAS_MSS, .mss = 1460 });
	EXPECT_EQ(p.tcb.rtt.srtt_us, 0);	/* Karn: which SYN was it? */
	EXPECT_EQ(p.tcb.rtt.rto_us, 3 * SECOND);
	EXPECT_EQ(p.tcb.cwnd, 1460);
}

TEST(open_after_a_lost_syn_ack)
{
	struct peer p;

	in_state(&p, LTCP_SYN_RECEIVED);
	EXPECT_SENT_AFTER(&p, SECOND, SYN | ACK, ISS, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_EQ(p.tcb.cwnd, p.tcb.snd_mss);
	EXPECT_EQ(p.tcb.rtt.rto_us, 3 * SECOND);

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	peer_wait_until(&p, now + SECOND);
	EXPECT_EQ(p.n_sent, 2);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_EQ(p.tcb.cwnd, p.tcb.snd_mss);
}

/* The handshake measures the round trip, once */
TEST(open_measures_the_round_trip)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	peer_wait_until(&p, now + 100 * MS);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1);
	EXPECT_EQ(p.tcb.rtt.srtt_us, 8 * 100 * MS);
	EXPECT_EQ(p.tcb.rtt.rto_us, 300 * MS);
}

/*
 * L11: our SYN is lost, the peer's own SYN comes 900 ms later, our SYN-ACK and
 * its ACK take 10 ms. The number was sent twice: no sample, least of all 910 ms.
 */
TEST(open_simultaneous_takes_no_false_sample)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	peer_wait_until(&p, now + 900 * MS);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	peer_wait_until(&p, now + 10 * MS);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT(p.tcb.rtt.srtt_us == 0 || p.tcb.rtt.srtt_us == 8 * 10 * MS);
}

/* A SYN-ACK that comes again, our ACK being lost, is answered by the ACK again */
TEST(open_repeated_syn_ack_is_acknowledged)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	EXPECT_STATE(&p, ESTABLISHED);
}

/* RFC 3168: a SYN that asks for ECN */
TEST(open_half_open_entry_notes_ecn)
{
	struct peer p;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN | LTCP_ECE | LTCP_CWR, .seq = IRS);
	EXPECT(p.half.ecn_ok);
	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN | LTCP_ECE, .seq = IRS);
	EXPECT(!p.half.ecn_ok);
}

/* --- TCP_DEFER_ACCEPT ----------------------------------------------------------- */

/* A half-open entry of a listener that waits for text, for so many RTOs */
static void deferring(struct peer *p, u8 defer)
{
	in_state(p, LTCP_LISTEN);
	p->defer = defer;
	ARRIVES(p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(p, SYN | ACK, ISS, IRS + 1, 0);
}

/* An ACK without text is heard, but makes no connection; one with text does */
TEST(open_deferred_until_text)
{
	struct peer p;

	deferring(&p, 2);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_EQ(p.form, PEER_HALF);
	EXPECT_EQ(p.last.notes, LTCP_NOTE_DEFERRED);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 1);
	EXPECT_STATES(&p, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
	EXPECT_EQ(p.unread, 1);
}

/* The end of what the peer sends is something to tell the user, too */
TEST(open_deferred_until_fin)
{
	struct peer p;

	deferring(&p, 2);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_STATES(&p, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT");
}

/* Who has answered is left in peace until the time is over, and asked once more then */
TEST(open_deferred_peer_is_asked_at_the_end)
{
	struct peer p;
	u64 start;

	deferring(&p, 3);	/* 1 + 2 + 4 s */
	start = now;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	peer_wait_until(&p, start + 7 * SECOND - MS);
	EXPECT_SILENT(&p);
	peer_wait_until(&p, start + 7 * SECOND + MS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	EXPECT_EQ(p.half.resent, 1);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_STATES(&p, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
}

/* Who has not answered is asked as often as usual, and given up as soon */
TEST(open_deferred_without_an_ack)
{
	struct peer p;

	deferring(&p, 9);
	p.conf.synack_retries = 1;
	peer_wait_until(&p, now + SECOND + MS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	peer_wait_until(&p, now + 2 * SECOND + MS);
	EXPECT_STATES(&p, "CLOSED LISTEN SYN-RECEIVED CLOSED");
}

/* Who has answered lives until the time is over, however few SYN-ACKs are sent again */
TEST(open_deferred_beyond_r2)
{
	struct peer p;

	deferring(&p, 3);
	p.conf.synack_retries = 1;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	peer_wait_until(&p, now + 6 * SECOND);
	EXPECT_EQ(p.form, PEER_HALF);
	peer_wait_until(&p, now + 2 * SECOND);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	peer_wait_until(&p, now + 9 * SECOND);
	EXPECT_STATES(&p, "CLOSED LISTEN SYN-RECEIVED CLOSED");
}

/* Seconds become RTOs that have passed by then, and RTOs seconds */
TEST(open_deferred_seconds)
{
	static const struct {
		int asked;
		u32 answer;
	} is[] = {
		{ -1, 0 }, { 0, 0 }, { 1, 1 }, { 2, 3 }, { 3, 3 }, { 4, 7 }, { 30, 31 },
		{ 127, 127 }, { 128, 247 }, { 2147483647, 127 + 248 * 120 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(is); i++)
		EXPECT_EQ(ltcp_half_defer_s(ltcp_half_defer(is[i].asked)), is[i].answer);
}
