// SPDX-License-Identifier: GPL-2.0
/* The search for a path's MTU without ICMP, RFC 4821. */
#include "core/cong.h"
#include "core/transmit.h"
#include "script.h"

#define RTT	(20 * MS)
#define BASE	1024u		/* ltcp_conf.base_mss */
#define NEAR	8u		/* ltcp_conf.probe_threshold */
#define PLENTY	(4u << 20)	/* so many windows that a search comes to its end */
#define SOON	(300 * SECOND)

/* A sender, a receiver, and a path that swallows segments with more text than it carries */
static struct peer a, b;
static u32 carries;
static u32 swallowed;
static u32 notes;

static void deliver(struct peer *from, struct peer *to)
{
	unsigned int n = from->n_sent;
	struct ltcp_seg seg;

	while (n-- && peer_take(from, &seg, NULL)) {
		if (seg.text > carries) {
			swallowed++;
			continue;
		}
		now++;	/* no two arrive at once */
		peer_segment(to, &seg);
		if (to == &a)
			notes |= a.last.notes;
		peer_read(to, to->unread);
	}
}

/* Until all is acknowledged, or @until */
static void carry(u64 until)
{
	while (now < until && a.tcb.snd_una != a.tcb.snd_end) {
		deliver(&a, &b);
		now += RTT / 2;
		deliver(&b, &a);
		now += RTT / 2;
		peer_run_timers(&a);
		notes |= a.last.notes;
		peer_run_timers(&b);
	}
}

static void open_path(int mtu_probing, bool sack, u32 path)
{
	carries = path;
	swallowed = 0;
	notes = 0;
	peer_init(&a, "A", ISS);
	peer_init(&b, "B", IRS);
	a.conf.mtu_probing = mtu_probing;
	a.conf.sack = sack;
	b.conf.sack = sack;
	peer_listen(&b);
	peer_connect(&a);
	while (!a.connected || !b.connected) {
		deliver(&a, &b);
		deliver(&b, &a);
		now += MS;
	}
}

static void send_all(u32 n)
{
	const u64 until = now + SOON;

	peer_send(&a, n);
	carry(until);
}

static void expect_found(u32 most)
{
	EXPECT_EQ(a.tcb.snd_una, a.tcb.snd_end);
	EXPECT_LE(a.tcb.snd_mss, most);
	EXPECT_GT(a.tcb.snd_mss, most - NEAR);
}

TEST(plpmtu_off)
{
	open_path(LTCP_MTU_PROBING_OFF, true, 1000);
	send_all(PLENTY);
	EXPECT_EQ(a.tcb.snd_una, ISS + 1);
	EXPECT_EQ(a.tcb.snd_mss, 1460);
	EXPECT(!(notes & LTCP_NOTE_BLACK_HOLE));
}

/* A path as it should be: nothing is searched for, nothing lost */
TEST(plpmtu_on_demand)
{
	open_path(LTCP_MTU_PROBING_STALLED, true, 1460);
	send_all(PLENTY);
	expect_found(1460);
	EXPECT_EQ(swallowed, 0);
	EXPECT_EQ(a.tcb.plpmtu.low, 0);
}

static void black_hole(bool sack)
{
	static const u32 paths[] = { 1459, 1300, 1025, 1024, 1023, 700, 512, 511, 100, 48 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		host_at("a path that carries %u", paths[i]);
		open_path(LTCP_MTU_PROBING_STALLED, sack, paths[i]);
		send_all(PLENTY);
		expect_found(paths[i]);
		EXPECT(notes & LTCP_NOTE_BLACK_HOLE);
	}
}

TEST(plpmtu_black_hole)
{
	black_hole(true);
}

TEST(plpmtu_black_hole_without_sack)
{
	black_hole(false);
}

/* The first probe is of what the path is said to carry: the search is over with it */
TEST(plpmtu_always)
{
	open_path(LTCP_MTU_PROBING_ALWAYS, true, 1460);
	EXPECT_EQ(a.tcb.snd_mss, BASE);
	send_all(PLENTY);
	expect_found(1460);
	EXPECT_EQ(a.tcb.snd_mss, 1460);
	EXPECT_EQ(swallowed, 0);
	EXPECT(notes & LTCP_NOTE_MTU_PASSED);
	EXPECT(!(notes & LTCP_NOTE_MTU_FAILED));
}

TEST(plpmtu_always_narrow)
{
	open_path(LTCP_MTU_PROBING_ALWAYS, true, 1200);
	send_all(PLENTY);
	expect_found(1200);
	EXPECT(notes & LTCP_NOTE_MTU_FAILED);
	EXPECT_EQ(notes & (LTCP_NOTE_TIMEOUT | LTCP_NOTE_FAST_RETRANSMIT), 0);
	EXPECT_LT(swallowed, 10);
}

/* Room to probe: a large window, text for a probe and three segments behind it */
static void ready(struct peer *p, bool sack)
{
	peer_init(p, "P", ISS);
	p->conf.mtu_probing = LTCP_MTU_PROBING_ALWAYS;
	bring_to_state(p, LTCP_ESTABLISHED);
	p->tcb.sack_ok = sack;
	p->tcb.cwnd = 20 * BASE;
	p->tcb.ssthresh = 10 * BASE;	/* no slow start: CWND hardly grows */
	p->tcb.rtt.srtt_us = 8 * RTT;
	p->tcb.rtt.min_us = RTT;
	p->n_sent = 0;
}

#define SEQ(n)	(ISS + 1 + 1460 + (n) * BASE)

/* RFC 4821 section 7.5: what is missing is the probe alone: the window stays */
TEST(plpmtu_loss_is_no_congestion)
{
	struct peer p;

	ready(&p, true);
	peer_send(&p, 1460 + 3 * BASE);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1460);
	EXPECT_SENT(&p, ACK, SEQ(0), IRS + 1, BASE);
	EXPECT_SENT(&p, ACK, SEQ(1), IRS + 1, BASE);
	EXPECT_SENT(&p, ACK, SEQ(2), IRS + 1, BASE);
	now += RTT;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1,
		.opt = { .n_sack = 1, .sack = { { SEQ(0), SEQ(3) } } });
	/* Once more, in segments that are known to pass */
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, BASE);
	EXPECT_SENT(&p, ACK, ISS + 1 + BASE, IRS + 1, 1460 - BASE);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.last.notes, LTCP_NOTE_MTU_FAILED);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_EQ(p.tcb.cwnd, 20 * BASE);
	EXPECT_EQ(p.tcb.ssthresh, 10 * BASE);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEQ(3));
	EXPECT_EQ(p.tcb.snd_mss, BASE);
	EXPECT_GE(p.tcb.cwnd, 20 * BASE);
	/* The next is half as far */
	peer_send(&p, 10 * BASE);
	EXPECT_SENT(&p, ACK, SEQ(3), IRS + 1, (BASE + 1459 + 1) / 2);
}

TEST(plpmtu_loss_is_no_congestion_without_sack)
{
	struct peer p;

	ready(&p, false);
	peer_send(&p, 1460 + 3 * BASE);
	p.n_sent = 0;
	now += RTT;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, BASE);
	EXPECT_SENT(&p, ACK, ISS + 1 + BASE, IRS + 1, 1460 - BASE);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	EXPECT_EQ(p.tcb.cwnd, 20 * BASE);
}

/* What is missing besides is a sign of congestion, and the probe says nothing */
TEST(plpmtu_loss_of_more_is_congestion)
{
	struct peer p;

	ready(&p, true);
	peer_send(&p, 1460 + 5 * BASE);
	p.n_sent = 0;
	now += RTT;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1,
		.opt = { .n_sack = 1, .sack = { { SEQ(1), SEQ(5) } } });
	EXPECT(p.last.notes & LTCP_NOTE_FAST_RETRANSMIT);
	EXPECT(!(p.last.notes & LTCP_NOTE_MTU_FAILED));
	EXPECT_LT(p.tcb.ssthresh, 20 * BASE);
	p.n_sent = 0;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEQ(5));
	EXPECT_EQ(p.tcb.snd_mss, BASE);
	/* So the same is tried again */
	p.tcb.cwnd = 20 * BASE;
	p.n_sent = 0;
	peer_send(&p, 10 * BASE);
	EXPECT_SENT(&p, ACK, SEQ(5), IRS + 1, 1460);
}

/* Without text behind it the loss of a probe would show late: none is sent */
TEST(plpmtu_not_at_the_end)
{
	struct peer p;

	ready(&p, true);
	peer_send(&p, 1460 + 3 * BASE - 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, BASE);
}

TEST(plpmtu_not_in_a_small_window)
{
	struct peer p;

	ready(&p, true);
	p.tcb.cwnd = 1460 + 4 * BASE - 1;
	peer_send(&p, 20 * BASE);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, BASE);
	ready(&p, true);
	p.tcb.snd_wnd = 1460 + 4 * BASE - 1;
	peer_send(&p, 20 * BASE);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, BASE);
}

/* What holds a probe back holds all back, until there is room for it */
TEST(plpmtu_waits_for_room)
{
	struct peer p;

	ready(&p, true);
	p.conf.mtu_probing = LTCP_MTU_PROBING_OFF;
	peer_send(&p, 20 * BASE);
	EXPECT_EQ(p.n_sent, 20);
	p.n_sent = 0;
	p.conf.mtu_probing = LTCP_MTU_PROBING_ALWAYS;
	peer_send(&p, 20 * BASE);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1 + BASE);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1 + 2 * BASE);
	EXPECT_SENT(&p, ACK, ISS + 1 + 20 * BASE, IRS + 1, 1460);
}

/* Bursts are of segments that pass; a probe is never part of one */
TEST(plpmtu_bursts)
{
	struct peer p;

	ready(&p, true);
	p.tcb.gso_max = 65000;
	p.tcb.rtt.srtt_us = 8;
	p.tcb.cwnd = 1 << 20;
	p.tcb.max_snd_wnd = 1 << 20;
	p.tcb.snd_wnd = 1 << 20;
	peer_send(&p, 1460 + 10 * BASE);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1460);
	EXPECT_SENT(&p, ACK, SEQ(0), IRS + 1, 10 * BASE);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = SEQ(10));
	EXPECT_EQ(p.tcb.snd_mss, 1460);
	peer_send(&p, 10 * 1460);
	EXPECT_SENT(&p, ACK, SEQ(10), IRS + 1, 10 * 1460);
}

/* Nobody answers at all: not below the floor, nor for what is small already */
TEST(plpmtu_floor)
{
	open_path(LTCP_MTU_PROBING_STALLED, true, 1460);
	carries = 0;
	peer_send(&a, 1 << 20);
	carry(now + 600 * SECOND);
	EXPECT_EQ(a.tcb.snd_mss, 48);
	open_path(LTCP_MTU_PROBING_STALLED, true, 1460);
	carries = 0;
	peer_send(&a, 40);
	carry(now + 600 * SECOND);
	EXPECT_EQ(a.tcb.snd_mss, 1460);
}

/* What waits is less than the base: only what is smaller yet can help */
TEST(plpmtu_little_text)
{
	open_path(LTCP_MTU_PROBING_STALLED, true, 600);
	send_all(900);
	EXPECT_EQ(a.tcb.snd_una, a.tcb.snd_end);
	EXPECT_EQ(a.tcb.snd_mss, 512);
}

/* Section 7.4: from time to time it is tried again */
TEST(plpmtu_again)
{
	open_path(LTCP_MTU_PROBING_ALWAYS, true, 1200);
	send_all(PLENTY);
	expect_found(1200);
	carries = 1460;
	send_all(PLENTY);
	expect_found(1200);
	now += 600 * SECOND;
	send_all(PLENTY);
	expect_found(1460);
}

/* A message after all: it bounds the search from above */
TEST(plpmtu_and_icmp)
{
	open_path(LTCP_MTU_PROBING_ALWAYS, true, 1200);
	ltcp_tcb_set_path_mss(&a.tcb, 1200);
	send_all(PLENTY);
	EXPECT_EQ(swallowed, 0);
	EXPECT_EQ(a.tcb.snd_mss, 1200);
	ltcp_tcb_set_path_mss(&a.tcb, 900);
	EXPECT_EQ(a.tcb.snd_mss, 900);
	carries = 1460;
	ltcp_tcb_set_path_mss(&a.tcb, 1460);
	EXPECT_EQ(a.tcb.snd_mss, 900);
	send_all(PLENTY);
	EXPECT_EQ(a.tcb.snd_mss, 1460);
}
