// SPDX-License-Identifier: GPL-2.0
/* Windows and acknowledgments, RFC 9293 section 3.8.6; Nagle, section 3.7.4. */
#include <linux/errno.h>

#include "core/window.h"
#include "script.h"

/* Text from the other side, as far as it has sent */
static void text_arrives(struct peer *p, u32 n)
{
	ARRIVES(p, .flags = ACK, .seq = p->tcb.rcv_nxt, .ack = p->tcb.snd_nxt, .text = n);
}

/* The other side acknowledges all */
static void ack_arrives(struct peer *p, u16 wnd)
{
	ARRIVES(p, .flags = ACK, .seq = p->tcb.rcv_nxt, .ack = p->tcb.snd_nxt, .wnd = wnd);
}

static void established(struct peer *p, u32 buffer)
{
	peer_init(p, "P", ISS);
	p->buffer = buffer;
	bring_to_state(p, LTCP_ESTABLISHED);
}

TEST(window_scale_by_buffer)
{
	EXPECT_EQ(ltcp_window_scale(0), 0);
	EXPECT_EQ(ltcp_window_scale(65535), 0);
	EXPECT_EQ(ltcp_window_scale(65536), 1);
	EXPECT_EQ(ltcp_window_scale(131071), 1);
	EXPECT_EQ(ltcp_window_scale(1 << 20), 5);
	EXPECT_EQ(ltcp_window_scale(0xffffffff), 14);
}

/* MUST-1: 65535 is a window, not -1 */
TEST(window_of_65535_is_used)
{
	struct peer p;

	established(&p, 65535);
	p.tcb.cwnd = 100000;
	peer_send(&p, 100000);
	EXPECT_EQ(p.n_sent, 44);	/* 44 full segments, and no silly one behind them */
	EXPECT_EQ(p.tcb.snd_nxt, ISS + 1 + 44 * 1460);
}

/* MUST-39: a user who reads octet by octet does not open the window octet by octet */
TEST(window_receiver_avoids_silly_windows)
{
	static const u32 buffers[] = { 1000, 2000, 10000, 65535 };
	unsigned int i;
	struct peer p;

	for (i = 0; i < ARRAY_SIZE(buffers); i++) {
		u32 step = buffers[i] / 2 < 1460 ? buffers[i] / 2 : 1460;
		u32 edge, new_edge, k;
		struct ltcp_seg seg;

		host_at("buffer %u", buffers[i]);
		established(&p, buffers[i]);
		while (p.unread < p.buffer)
			text_arrives(&p, p.buffer - p.unread < 1460 ? p.buffer - p.unread : 1460);
		p.n_sent = 0;
		edge = p.tcb.rcv_adv;
		EXPECT_EQ(edge, IRS + 1 + buffers[i]);
		for (k = 0; k < buffers[i]; k++) {
			peer_read(&p, 1);
			if (!peer_take(&p, &seg, NULL))
				continue;
			new_edge = seg.ack + seg.wnd;
			EXPECT(seq_ge(new_edge, edge + step));
			edge = new_edge;
		}
		/* the peer was told of enough room to go on */
		EXPECT(edge - p.tcb.rcv_nxt >= step);
	}
}

/* A user who reads all at once: the peer learns of it without asking */
TEST(window_update_when_the_buffer_empties)
{
	struct ltcp_seg seg;
	struct peer p;

	established(&p, 2920);
	text_arrives(&p, 1460);
	text_arrives(&p, 1460);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2921, 0);
	EXPECT_EQ(seg.wnd, 0);
	peer_read(&p, 2920);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2921, 0);
	EXPECT_EQ(seg.wnd, 2920);
}

/*
 * The buffer was made smaller than the window: text that finds no room is not
 * just dropped, or the peer, who has to take it for lost, gives up at last. It
 * is told that the window is closed, and then how far it is open.
 */
TEST(window_closes_when_the_buffer_shrinks)
{
	struct ltcp_seg seg;
	struct peer p;

	established(&p, 14600);
	text_arrives(&p, 1460);
	p.n_sent = 0;
	p.buffer = 2920;
	text_arrives(&p, 1460);
	p.n_sent = 0;
	p.no_memory = true;
	text_arrives(&p, 1460);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2921, 0);
	EXPECT_EQ(seg.wnd, 0);
	EXPECT_EQ(p.tcb.rcv_adv, IRS + 1 + 14600);	/* acceptable all the same */
	/* Reading one segment of two opens nothing, reading all of it opens all there is */
	p.no_memory = false;
	peer_read(&p, 1000);
	EXPECT_EQ(p.n_sent, 0);
	peer_read(&p, 1920);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2921, 0);
	EXPECT_EQ(seg.wnd, 2920);
	/* A probe is answered with what there is */
	text_arrives(&p, 1460);
	text_arrives(&p, 1460);
	p.n_sent = 0;
	ARRIVES(&p, .flags = ACK, .seq = p.tcb.rcv_nxt - 1, .ack = p.tcb.snd_nxt);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 5841, 0);
	EXPECT_EQ(seg.wnd, 0);
	/* The buffer grows: the promise holds again */
	peer_read(&p, 2920);
	p.n_sent = 0;
	p.buffer = 14600;
	text_arrives(&p, 1460);
	text_arrives(&p, 1460);
	EXPECT_EQ(p.tcb.shrunk, 0);
}

/*
 * There is room in the buffer, but no memory: the window is closed all the same, and
 * stays so, until the user reads, or text is stored as the answer to a probe.
 */
TEST(window_closes_when_memory_is_short)
{
	struct ltcp_seg seg;
	struct peer p;

	established(&p, 14600);
	text_arrives(&p, 1460);
	text_arrives(&p, 1460);
	p.n_sent = 0;
	p.no_memory = true;
	text_arrives(&p, 1460);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2921, 0);
	EXPECT_EQ(seg.wnd, 0);
	EXPECT_EQ(p.tcb.rcv_adv, IRS + 1 + 14600);	/* acceptable all the same */
	ARRIVES(&p, .flags = ACK, .seq = p.tcb.rcv_nxt - 1, .ack = p.tcb.snd_nxt);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2921, 0);
	EXPECT_EQ(seg.wnd, 0);
	peer_read(&p, 1460);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2921, 0);
	EXPECT_EQ(seg.wnd, 13140);
	/* Text out of order is kept by the peer as well: its loss closes nothing */
	ARRIVES(&p, .flags = ACK, .seq = p.tcb.rcv_nxt + 1460, .ack = p.tcb.snd_nxt, .text = 1460);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2921, 0);
	EXPECT_EQ(seg.wnd, 13140);
	/* Closed again; there is memory when the probe comes, and nobody reads */
	text_arrives(&p, 1460);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2921, 0);
	EXPECT_EQ(seg.wnd, 0);
	p.no_memory = false;
	text_arrives(&p, 1);
	peer_wait_until(&p, now + 50 * MS);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2922, 0);
	EXPECT_EQ(seg.wnd, 13139);
}

/*
 * While all connections' memory is short each says four segments, or a unit of the
 * scale if that is more; but what was promised before stays promised (SHLD-14).
 */
TEST(window_is_small_while_memory_is_short)
{
	u32 wnd, edge, i, most;
	struct peer p;
	int scale;

	for (scale = 0; scale <= 14; scale += 7) {
		host_at("scale %d", scale);
		peer_init(&p, "P", ISS);
		p.conf.window_scaling = 1;
		p.wscale = scale;
		p.buffer = 65535u << scale;
		bring_to_state(&p, LTCP_ESTABLISHED);
		p.pressed = true;
		edge = p.tcb.rcv_adv;
		wnd = 4 * 1460 > 1 << scale ? 4 * 1460 >> scale << scale : 1 << scale;
		while (ltcp_rcv_wnd(&p.tcb) > wnd + 1460) {
			text_arrives(&p, 1460);
			peer_read(&p, 1460);
			EXPECT_EQ(p.tcb.rcv_adv, edge);
			p.n_sent = 0;
		}
		for (most = i = 0; i < 40; i++) {
			EXPECT_GE(ltcp_rcv_wnd(&p.tcb), 1460);
			text_arrives(&p, 1460);
			peer_read(&p, 1460);
			EXPECT_LE(ltcp_rcv_wnd(&p.tcb), wnd + 1460);
			if (ltcp_rcv_wnd(&p.tcb) > most)
				most = ltcp_rcv_wnd(&p.tcb);
		}
		EXPECT_GE(most, wnd);
		/* And no longer */
		p.pressed = false;
		p.n_sent = 0;
		while (!p.n_sent) {
			text_arrives(&p, 1460);
			peer_read(&p, 1460);
		}
		EXPECT_GT((u32)p.sent[p.n_sent - 1].wnd << scale, 2 * wnd);
	}
}

/*
 * The SYN could promise no more than 65535 octets of a large buffer, but the peer's
 * congestion window begins with ten segments and grows by what is acknowledged: an
 * update would tell of room that nobody can use yet.
 */
TEST(window_update_waits_until_the_peer_could_use_it)
{
	struct peer p;

	peer_init(&p, "P", ISS);
	p.conf.window_scaling = 1;
	p.wscale = 6;
	p.buffer = 2 << 20;
	bring_to_state(&p, LTCP_ESTABLISHED);
	/* Our part of the handshake has told of all of the room: as if it had not */
	p.tcb.rcv_adv = p.tcb.rcv_nxt + 65535;
	text_arrives(&p, 1);
	peer_read(&p, 1);
	EXPECT_SILENT(&p);
	/* With no more left than such a window he could */
	p.tcb.rcv_adv = p.tcb.rcv_nxt + 10 * 1460;
	text_arrives(&p, 1);
	peer_read(&p, 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 3, 0);
}

/*
 * SHLD-14: the right edge never goes back, whatever the user reads and the
 * peer sends, with every scale; and no more is promised than there is room
 * (peer_env() checks that on every call).
 */
TEST(window_edge_never_goes_back)
{
	unsigned int scale, round;
	u64 seed = 1122;
	struct peer p;

	for (scale = 0; scale <= 14; scale += 2) {
		u32 edge, new_edge, n;
		struct ltcp_seg seg;

		peer_init(&p, "P", ISS);
		p.conf.window_scaling = 1;
		p.wscale = scale;
		p.buffer = 49152u << scale;
		bring_to_state(&p, LTCP_ESTABLISHED);
		edge = p.tcb.rcv_adv;
		for (round = 0; round < 5000; round++) {
			host_at("scale %u round %u", scale, round);
			n = host_random(&seed) % 2 ? 1 + host_random(&seed) % 1460 : 100;
			if (n > ltcp_rcv_wnd(&p.tcb))
				n = ltcp_rcv_wnd(&p.tcb);
			text_arrives(&p, n);
			if (host_random(&seed) % 8 == 0 && p.unread)
				peer_read(&p, host_random(&seed) % p.unread);
			while (peer_take(&p, &seg, NULL)) {
				new_edge = seg.ack + ((u32)seg.wnd << scale);
				/* less than a unit may be lost in the wire's rounding */
				EXPECT(seq_gt(new_edge + (1u << scale), edge));
				edge = seq_max(edge, new_edge);
				EXPECT(seq_le(new_edge, p.tcb.rcv_adv));
			}
		}
	}
}

/*
 * A peer that sends less than a unit of the window scale at a time, to a user
 * who does not read, gets no further than the buffer goes.
 */
TEST(window_scale_does_not_outgrow_the_buffer)
{
	unsigned int i;
	struct peer p;

	peer_init(&p, "P", ISS);
	p.conf.window_scaling = 1;
	p.wscale = 7;
	p.buffer = 20000;
	bring_to_state(&p, LTCP_ESTABLISHED);
	for (i = 0; i < 1000; i++) {
		text_arrives(&p, 127);
		p.n_sent = 0;
	}
	EXPECT_LE(p.received, p.buffer);
	EXPECT_GT(p.received + 256, p.buffer);
}

/* MUST-36, SHLD-29, SHLD-30: the first probe after an RTO, then ever slower */
TEST(window_probes_back_off)
{
	struct peer p;
	unsigned int i;
	u64 rto;

	established(&p, 65535);
	ack_arrives(&p, 0);
	rto = p.tcb.rtt.rto_us;
	peer_send(&p, 1000);
	for (i = 0; i < 6; i++) {
		EXPECT_SENT_AFTER(&p, rto << i, ACK, ISS + 1, IRS + 1, 1);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 0);
		EXPECT_SILENT(&p);
	}
}

/* MUST-37: for as long as they are answered; the interval has a bound */
TEST(window_probes_go_on_while_answered)
{
	u64 start, last;
	struct peer p;

	established(&p, 65535);
	ack_arrives(&p, 0);
	peer_send(&p, 1000);
	start = now;
	last = now;
	while (now < start + 2 * 86400 * SECOND) {
		struct ltcp_seg seg;

		peer_wait_until(&p, peer_next_timer(&p));
		EXPECT_STATE(&p, ESTABLISHED);
		EXPECT(peer_take(&p, &seg, NULL));
		EXPECT_EQ(seg.text, 1);
		EXPECT_LE(now - last, LTCP_RTO_MAX_US);
		last = now;
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 0);
	}
}

/* R2 for a peer that is gone: probes that nobody answers end */
TEST(window_probes_unanswered_give_up)
{
	struct peer p;
	u64 start;

	established(&p, 65535);
	ack_arrives(&p, 0);
	peer_send(&p, 1000);
	start = now;
	peer_wait_until(&p, start + 7200 * SECOND);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_EQ(p.err, ETIMEDOUT);
	EXPECT_EQ(p.n_sent, 15);
	EXPECT_GE(p.sent_at[14] - start, 100 * SECOND);	/* SHLD-11 */
}

/* An orphan is not held for ever, even by a peer that answers */
TEST(window_probes_of_an_orphan_end)
{
	struct peer p;
	u64 start;

	established(&p, 65535);
	ack_arrives(&p, 0);
	peer_send(&p, 1000);
	peer_leave(&p);
	start = now;
	while (p.form == PEER_CONNECTION && now < start + 86400 * SECOND) {
		peer_wait_until(&p, peer_next_timer(&p));
		if (p.form == PEER_CONNECTION)
			ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 0);
		p.n_sent = 0;
	}
	EXPECT_STATE(&p, CLOSED);
	EXPECT_LT(now - start, 3600 * SECOND);
}

/* L6: the window opens, and what the probe carried goes again, with all that fits (SHLD-28) */
TEST(window_opens_after_probes)
{
	struct peer p;

	established(&p, 65535);
	ack_arrives(&p, 0);
	peer_send(&p, 1000);
	EXPECT_SENT_AFTER(&p, p.tcb.rtt.rto_us, ACK, ISS + 1, IRS + 1, 1);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 5000);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1000);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.tcb.timer[LTCP_TIMER_PERSIST], 0);
	EXPECT_NE(p.tcb.timer[LTCP_TIMER_RTX], 0);
}

/* The probe's octet was taken, but the window stays closed: the next octet asks */
TEST(window_probe_octet_is_taken)
{
	struct peer p;
	u64 rto;

	established(&p, 65535);
	ack_arrives(&p, 0);
	peer_send(&p, 1000);
	rto = p.tcb.rtt.rto_us;
	EXPECT_SENT_AFTER(&p, rto, ACK, ISS + 1, IRS + 1, 1);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2, .wnd = 0);
	EXPECT_SILENT(&p);
	EXPECT_SENT_AFTER(&p, p.tcb.rtt.rto_us, ACK, ISS + 2, IRS + 1, 1);
}

/* MUST-34, MUST-35: the peer takes back what it promised */
TEST(window_shrinks_below_what_is_in_flight)
{
	struct peer p;
	int i;

	established(&p, 65535);
	p.tcb.cwnd = 20000;
	peer_send(&p, 30000);
	EXPECT_EQ(p.n_sent, 13);
	p.n_sent = 0;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2921, .wnd = 1000);
	EXPECT_SILENT(&p);		/* nothing beyond the window */
	EXPECT_STATE(&p, ESTABLISHED);
	/* shrunk to nothing: the usual probes */
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2921, .wnd = 0);
	for (i = 0; i < 3; i++) {
		struct ltcp_seg seg;

		peer_wait_until(&p, peer_next_timer(&p));
		EXPECT(peer_take(&p, &seg, NULL));
		EXPECT(seg.seq == ISS + 2921 && seg.text == 1);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2921, .wnd = 0);
		EXPECT_SILENT(&p);
	}
	/* and open again */
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2921, .wnd = 65535);
	EXPECT_SENT(&p, ACK, ISS + 2921, IRS + 1, 1460);
}

/* A peer without memory closed the window on what was in flight: it goes again when it opens */
TEST(window_opens_for_what_was_dropped)
{
	struct peer p;

	established(&p, 65535);
	peer_send(&p, 3 * 1460);
	EXPECT_EQ(p.n_sent, 3);
	p.n_sent = 0;
	now += 100 * MS;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461, .wnd = 0);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461, .wnd = 2920);
	EXPECT_SENT(&p, ACK, ISS + 1461, IRS + 1, 1460);
	p.n_sent = 0;
	EXPECT_GE(p.tcb.cwnd, 10 * 1460);	/* that is no congestion */
	/* But only once in a round trip: answers to what went twice must not breed */
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461, .wnd = 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461, .wnd = 2920);
	EXPECT_SILENT(&p);
}

/* Half of what 32 bits of microseconds can tell has passed since the last of it was sent */
TEST(window_opens_after_most_of_an_hour)
{
	struct ltcp_seg seg;
	struct peer p;
	u64 stop;

	established(&p, 65535);
	peer_send(&p, 3 * 1460);
	p.n_sent = 0;
	now += 100 * MS;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461, .wnd = 0);
	for (stop = now + 45 * 60 * SECOND; now < stop;) {
		peer_wait_until(&p, peer_next_timer(&p));
		EXPECT(peer_take(&p, &seg, NULL));
		EXPECT_EQ(seg.text, 1);
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461, .wnd = 0);
	}
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461, .wnd = 2920);
	EXPECT_SENT(&p, ACK, ISS + 1461, IRS + 1, 1460);
	EXPECT_EQ(ltcp_flight_span(&p.tcb.flight, 0)->sent, (u32)now);
	EXPECT_EQ(p.tcb.timer[LTCP_TIMER_RTX], now + p.tcb.rtt.rto_us);
}

/* A round trip is what is usual, not the least ever */
TEST(window_opens_again_too_soon)
{
	struct peer p;

	established(&p, 65535);
	p.tcb.rtt.min_us = 1;
	p.tcb.rtt.srtt_us = 8 * 50 * MS;
	peer_send(&p, 2 * 1460);
	p.n_sent = 0;
	now += 49 * MS;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_SILENT(&p);
	now += 1 * MS;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1460);
}

/* Text that cannot be sent for want of memory waits as for a window, and goes the same way */
TEST(window_probes_when_memory_is_short)
{
	struct peer p;

	established(&p, 65535);
	p.mute = true;
	peer_send(&p, 1000);
	EXPECT_SILENT(&p);
	EXPECT(!p.tcb.timer[LTCP_TIMER_RTX]);
	peer_wait_until(&p, p.tcb.timer[LTCP_TIMER_PERSIST]);
	EXPECT_SILENT(&p);
	p.mute = false;
	EXPECT_SENT_AFTER(&p, 2 * p.tcb.rtt.rto_us, ACK, ISS + 1, IRS + 1, 1000);
	EXPECT(!p.tcb.timer[LTCP_TIMER_PERSIST]);
	EXPECT_GE(p.tcb.timer[LTCP_TIMER_RTX], now + p.tcb.rtt.rto_us);
}

/* MUST-38: less than a segment or half the window is no window to write home about */
TEST(window_sender_avoids_silly_windows)
{
	struct peer p;

	established(&p, 65535);
	ack_arrives(&p, 0);
	peer_send(&p, 10000);
	p.tcb.nodelay = 1;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 100);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 1459);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 1460);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1460);
	EXPECT_SILENT(&p);
}

/* A peer whose whole buffer is less than a segment gets half of it at a time */
TEST(window_sender_fills_half_a_small_window)
{
	struct peer p;

	peer_init(&p, "P", ISS);
	peer_connect(&p);
	EXPECT_SENT(&p, SYN, ISS, 0, 0);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1, .wnd = 1000,
		.opt = { .has = LTCP_HAS_MSS, .mss = 1460 });
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	peer_send(&p, 10000);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1000);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1001, .wnd = 499);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1001, .wnd = 500);
	EXPECT_SENT(&p, ACK, ISS + 1001, IRS + 1, 500);
	EXPECT_SILENT(&p);
}

/* The override timeout of section 3.8.6.2.1: a silly window that stays so is used after all */
TEST(window_sender_overrides_in_time)
{
	struct peer p;
	u64 rto;

	established(&p, 65535);
	ack_arrives(&p, 100);
	rto = p.tcb.rtt.rto_us;
	peer_send(&p, 10000);
	EXPECT_SENT_AFTER(&p, rto, ACK, ISS + 1, IRS + 1, 100);
	EXPECT_LE(rto, SECOND);
}

/* SHLD-7: one small segment in flight holds the next back ... */
TEST(nagle_holds_back_small_segments)
{
	struct peer p;

	established(&p, 65535);
	peer_send(&p, 10);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 10);
	peer_send(&p, 10);
	peer_send(&p, 10);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 11);
	EXPECT_SENT(&p, ACK, ISS + 11, IRS + 1, 20);
	peer_send(&p, 1500);		/* ... but not a full one */
	EXPECT_SENT(&p, ACK, ISS + 31, IRS + 1, 1460);
	EXPECT_SILENT(&p);
}

/* Appendix A.3: full segments in flight hold nothing back; what is small holds the next */
TEST(nagle_lets_the_end_of_a_write_go)
{
	struct peer p;

	established(&p, 65535);
	peer_send(&p, 1470);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1460);
	EXPECT_SENT(&p, ACK, ISS + 1461, IRS + 1, 10);
	peer_send(&p, 10);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1471);
	EXPECT_SENT(&p, ACK, ISS + 1471, IRS + 1, 10);
}

/* MUST-17 */
TEST(nagle_can_be_turned_off)
{
	struct peer p;

	established(&p, 65535);
	p.tcb.nodelay = 1;
	peer_send(&p, 10);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 10);
	peer_send(&p, 10);
	EXPECT_SENT(&p, ACK, ISS + 11, IRS + 1, 10);
}

/* FIN waits for nobody, and takes the rest with it */
TEST(nagle_does_not_hold_back_fin)
{
	struct peer p;

	established(&p, 65535);
	peer_send(&p, 10);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 10);
	peer_send(&p, 10);
	EXPECT_SILENT(&p);
	peer_close(&p);
	EXPECT_SENT(&p, FIN | ACK, ISS + 11, IRS + 1, 10);
}

/* MSG_MORE holds a partial segment, for a while (MUST-60) */
TEST(more_holds_back_for_a_while)
{
	struct peer p;

	established(&p, 65535);
	p.tcb.more = 1;
	peer_send(&p, 10);
	EXPECT_SILENT(&p);
	EXPECT_SENT_AFTER(&p, 200 * MS, ACK, ISS + 1, IRS + 1, 10);
	peer_send(&p, 1460);
	EXPECT_SENT(&p, ACK, ISS + 11, IRS + 1, 1460);
}

/* CLOSE: nothing follows that the rest could wait for, even if the window has no room for FIN */
TEST(more_does_not_outlive_close)
{
	struct peer p;

	established(&p, 65535);
	p.tcb.more = 1;
	peer_send(&p, 1000);
	EXPECT_SILENT(&p);
	p.tcb.snd_wnd = 1000;
	peer_close(&p);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1000);
}

/* MUST-61: PSH on what empties the queue */
TEST(push_on_the_last_segment)
{
	struct ltcp_seg seg;
	struct peer p;

	established(&p, 65535);
	peer_send(&p, 2000);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1460);
	EXPECT(!(seg.flags & PSH));
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461);
	seg = EXPECT_SENT(&p, ACK, ISS + 1461, IRS + 1, 540);
	EXPECT(seg.flags & PSH);
}

/* MUST-40, SHLD-18 */
TEST(ack_is_delayed_but_not_for_long)
{
	struct peer p;

	established(&p, 65535);
	text_arrives(&p, 100);
	EXPECT_SILENT(&p);
	EXPECT_SENT_AFTER(&p, 40 * MS, ACK, ISS + 1, IRS + 101, 0);
	EXPECT_EQ(peer_next_timer(&p), 0);
}

/* SHLD-19: every second full segment at the latest */
TEST(ack_for_every_second_segment)
{
	struct peer p;
	int i;

	established(&p, 65535);
	for (i = 1; i <= 10; i++) {
		text_arrives(&p, 1460);
		if (i % 2)
			EXPECT_SILENT(&p);
		else
			EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1 + i * 1460, 0);
	}
}

/* The same, with a window of so many segments */
static void wide_open(struct peer *p, u32 segments)
{
	established(p, segments * 1460);
	p->tcb.rcv_wscale = 3;
	p->tcb.rcv_adv = p->tcb.rcv_nxt + segments * 1460;
}

/*
 * Who has a lot to read and does not gets no more by ACKs: they wait for him, for the delay,
 * or until the peer would have to stop.
 */
TEST(ack_waits_for_a_user_who_is_behind)
{
	struct peer p;
	int i;

	wide_open(&p, 200);
	for (i = 1; i <= 10; i++)
		text_arrives(&p, 1460);
	EXPECT_EQ(p.n_sent, 5);
	p.n_sent = 0;
	for (; i <= 30; i++)
		text_arrives(&p, 1460);
	EXPECT_SILENT(&p);
	peer_read(&p, 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1 + 30 * 1460, 0);
	for (; i <= 33; i++)
		text_arrives(&p, 1460);
	EXPECT_SILENT(&p);
	EXPECT_SENT_AFTER(&p, 40 * MS, ACK, ISS + 1, IRS + 1 + 33 * 1460, 0);
}

TEST(ack_does_not_wait_until_the_window_is_used)
{
	u32 n = 0, i;
	struct peer p;

	wide_open(&p, 100);
	for (i = 0; i < 90; i++) {
		text_arrives(&p, 1460);
		n = p.n_sent ? 0 : n + 1;
		p.n_sent = 0;
		EXPECT_LE(n, 45);	/* half of what 10 acknowledged segments have left */
	}
}

TEST(ack_of_a_mark_does_not_wait)
{
	struct peer p;
	int i;

	wide_open(&p, 200);
	for (i = 1; i <= 20; i++)
		text_arrives(&p, 1460);
	p.n_sent = 0;
	p.tcb.ecn_echo = 1;
	text_arrives(&p, 1460);
	EXPECT_EQ(p.n_sent, 1);
}

/* The delayed ACK rides on text of our own */
TEST(ack_rides_on_text)
{
	struct peer p;

	established(&p, 65535);
	text_arrives(&p, 100);
	peer_send(&p, 50);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 101, 50);
	EXPECT_EQ(p.tcb.timer[LTCP_TIMER_DELACK], 0);
}

/* RFC 5681 section 4.2: at once out of order, and at once when a gap closes */
TEST(ack_at_once_round_a_gap)
{
	struct peer p;

	established(&p, 65535);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 101, .ack = ISS + 1, .text = 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 301, .ack = ISS + 1, .text = 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 201, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 201, .ack = ISS + 1, .text = 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 401, 0);
	EXPECT_EQ(p.received, 400);
	text_arrives(&p, 100);		/* in order again: delayed again */
	EXPECT_SILENT(&p);
}

/* MUST-59: one ACK for all that a filled gap releases */
TEST(ack_once_for_a_filled_gap)
{
	struct peer p;
	int i;

	established(&p, 65535);
	for (i = 1; i <= 5; i++)
		ARRIVES(&p, .flags = ACK, .seq = IRS + 1 + i * 100, .ack = ISS + 1, .text = 100);
	p.n_sent = 0;
	text_arrives(&p, 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 601, 0);
	EXPECT_SILENT(&p);
}

/* An old duplicate is acknowledged at once */
TEST(ack_at_once_for_old_text)
{
	struct peer p;

	established(&p, 65535);
	text_arrives(&p, 100);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 101, 0);
	EXPECT_EQ(p.received, 100);
}

/* The quickack metric of a route */
TEST(ack_at_once_by_route)
{
	struct peer p;

	established(&p, 65535);
	p.tcb.quickack = 1;
	text_arrives(&p, 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 2, 0);
}

/* Without memory for its text a segment still acknowledges; the sender tries again */
TEST(text_without_memory_is_not_taken)
{
	struct peer p;

	established(&p, 65535);
	peer_send(&p, 10);
	p.n_sent = 0;
	p.no_memory = true;
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 11, .text = 100);
	EXPECT_EQ(p.tcb.snd_una, ISS + 11);
	EXPECT_EQ(p.received, 0);
	EXPECT_STATE(&p, ESTABLISHED);
	EXPECT_SENT(&p, ACK, ISS + 11, IRS + 1, 0);
	p.no_memory = false;
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 11, .text = 100);
	EXPECT_EQ(p.received, 100);
	EXPECT_STATE(&p, CLOSE_WAIT);
}

/* The peer probes our closed window: an answer, and nothing taken */
TEST(window_closed_answers_probes)
{
	struct ltcp_seg seg;
	struct peer p;

	established(&p, 1000);
	text_arrives(&p, 1000);
	p.n_sent = 0;
	peer_wait_until(&p, now + SECOND);
	p.n_sent = 0;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1001, .ack = ISS + 1, .text = 1);
	seg = EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1001, 0);
	EXPECT_EQ(seg.wnd, 0);
	EXPECT_EQ(p.received, 1000);
	/* and the ACK on it counts */
	peer_send(&p, 10);
	p.n_sent = 0;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1001, .ack = ISS + 11, .text = 1);
	EXPECT_EQ(p.tcb.snd_una, ISS + 11);
}
