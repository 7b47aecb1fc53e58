// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: the peer's, ours, the congestion window; Nagle and silly windows.
 * RFC 9293 sections 3.1, 3.7.4, 3.8.2 and 3.8.6, RFC 7323 section 2, RFC 5681,
 * RFC 6582, RFC 6928; labels are RFC 9293's.
 */
#define WIRE_MAIN
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define TCP_NODELAY	1
#define TCP_CORK	3
#define IW		10	/* RFC 6928: segments in the initial window */
#define RTO_MIN		200

/* An open connection with room for whatever a test writes */
static int open_roomy(struct wire *w, const struct wire_open *open)
{
	struct wire_open with = *open;

	with.fd = wire_socket(w);
	wire_setsockopt(w, with.fd, SOL_SOCKET, SO_SNDBUF, 1 << 20);
	return wire_open_active_at(w, WIRE_HERE, &with);
}

/* Expect so many full segments, now */
static void expect_full(struct wire *w, int mss, int n)
{
	int i;

	for (i = 0; i < n; i++)
		wire_expect(w, ACK | PSH_ANY, .len = mss);
}

/*
 * Give it always more to send, acknowledge each segment with that window; the
 * most that was ever in flight, once it reaches @enough.
 */
static s64 most_in_flight(struct wire *w, int fd, int win, s64 enough)
{
	s64 most = 0, acked = w->flow->nxt;
	int round;

	for (round = 0; round < 40 && most < enough; round++) {
		while (wire_write(w, fd, 50000) == 50000)
			;
		while (wire_recv(w, 2))
			;
		if (w->flow->nxt - acked > most)
			most = w->flow->nxt - acked;
		while (acked < w->flow->nxt && most < enough) {
			acked += w->pkt->seg.len;
			if (acked > w->flow->nxt)
				acked = w->flow->nxt;
			wire_send(w, ACK, .ack = acked, .win = win);
		}
	}
	while (wire_recv(w, 2))
		;
	return most;
}

/* --- the peer's window ------------------------------------------------------ */

/* MUST-1: the field is unsigned: 65535 is no negative number; and it is obeyed */
WIRE_TEST(window_is_unsigned)
{
	int fd = open_roomy(w, WIRE_OPEN());
	s64 most = most_in_flight(w, fd, 65535, 65535 - 1459);

	wire_check(w, most > 65535 - 1460 && most <= 65535, "%lld in flight", (long long)most);
}

/* REC-1: a scaled window takes more than 16 bits */
WIRE_TEST(window_scaled)
{
	int fd = open_roomy(w, WIRE_OPEN(.wscale = 7));
	s64 most = most_in_flight(w, fd, 2000, 200000);

	wire_check(w, most >= 200000 && most <= 2000 << 7, "%lld in flight", (long long)most);
}

/* RFC 7323 section 2.3: a shift above 14 is 14 */
WIRE_TEST(window_scale_15_is_14)
{
	int fd = open_roomy(w, WIRE_OPEN(.wscale = 15, .mss = 1000));
	s64 most = most_in_flight(w, fd, 1, 16384 - 999);

	wire_check(w, most >= 16000 && most <= 16384, "%lld in flight", (long long)most);
}

/* RFC 7323 section 2.2: the window of a SYN or SYN-ACK is never scaled */
WIRE_TEST(window_of_syn_ack_unscaled)
{
	int fd = wire_open_active(w, .mss = 1000, .wscale = 7, .win = 2000);

	wire_write(w, fd, 5000);
	expect_full(w, 1000, 2);
	wire_expect_nothing(w, 100);
}

/* ... that of the third ACK is */
WIRE_TEST(window_of_third_ack_scaled)
{
	int fd = wire_open_passive(w, .mss = 1000, .wscale = 7, .win = 65535, .ack_win = 16);

	wire_write(w, fd, 5000);
	expect_full(w, 1000, 2);
	wire_expect_nothing(w, 100);
}

/* RFC 7323 section 2.2: without the peer's option nothing is scaled, ours neither */
WIRE_TEST(window_scale_not_agreed)
{
	int fd = wire_open_active(w);
	s64 edge = w->pkt->seg.ack + w->pkt->seg.win;

	wire_send(w, PSH | ACK, .len = 1000);
	wire_expect(w, ACK, .until = 499);
	/* The field is the window itself: at most the received octets less than before */
	wire_check(w, w->pkt->seg.ack + w->pkt->seg.win >= edge, "the edge went back");
	wire_check(w, w->pkt->seg.win >= 32768, "win %lld", (long long)w->pkt->seg.win);
	wire_read(w, fd, 1000);
	wire_drain(w, 10);
}

/* --- the congestion window ---------------------------------------------------- */

/* RFC 6928: ten segments to begin with */
WIRE_TEST(initial_window)
{
	int fd = open_roomy(w, WIRE_OPEN());

	wire_write(w, fd, 30 * 1460);
	expect_full(w, 1460, IW);
	wire_expect_nothing(w, 100);
}

/*
 * MUST-19: slow start, one segment more for each ACK. Not CUBIC's: its HyStart++ takes
 * a machine that is slow to answer, under a kernel that checks all it does, for a queue.
 */
WIRE_TEST(slow_start)
{
	int fd, i, round, n = IW;

	wire_sysctl_text(w, "ltcp_congestion_control", "reno");
	fd = open_roomy(w, WIRE_OPEN());
	wire_write(w, fd, 100 * 1460);
	for (round = 0; round < 2; round++, n *= 2) {
		s64 first = w->flow->nxt;

		expect_full(w, 1460, n);
		wire_expect_nothing(w, 10);
		for (i = 1; i < n; i++) {
			/* Two for each, checked at the round's end */
			wire_send(w, ACK, .ack = first + i * 1460);
			w->flow->nxt = first + n * 1460;
		}
		wire_send(w, ACK, .ack = first + n * 1460);
	}
	wire_check(w, wire_drain(w, 10) == n, "not %d segments in the third round", n);
}

/* RFC 5681 section 3.2: the third duplicate ACK draws the missing segment, no timer */
WIRE_TEST(fast_retransmit)
{
	int fd = open_roomy(w, WIRE_OPEN(.mss = 1000));

	wire_write(w, fd, 10000);
	expect_full(w, 1000, 10);
	wire_send(w, ACK, .ack = 1);
	wire_send(w, ACK, .ack = 1);
	wire_expect_nothing(w, 20);
	wire_send(w, ACK, .ack = 1);
	wire_expect(w, ACK | PSH_ANY, .seq = 1, .len = 1000);
	wire_expect_nothing(w, 20);
	wire_send(w, ACK, .ack = 10001);
	wire_expect_nothing(w, 1000);
}

/* What is no duplicate ACK: another window (RFC 5681 section 2 (e)) */
WIRE_TEST(window_update_is_no_duplicate_ack)
{
	int fd = open_roomy(w, WIRE_OPEN(.mss = 1000, .win = 20000)), i;

	wire_write(w, fd, 10000);
	expect_full(w, 1000, 10);
	for (i = 1; i <= 5; i++)
		wire_send(w, ACK, .ack = 1, .win = 20000 + i * 100);
	wire_expect_nothing(w, 100);
}

/* ... nor text */
WIRE_TEST(text_is_no_duplicate_ack)
{
	int fd = open_roomy(w, WIRE_OPEN(.mss = 1000)), i;

	wire_write(w, fd, 10000);
	expect_full(w, 1000, 10);
	for (i = 0; i < 4; i++)
		wire_send(w, PSH | ACK, .ack = 1, .len = 1);
	while (wire_recv(w, 100))
		wire_check(w, w->pkt->seg.len == 0, "a retransmission");
}

/* RFC 6582: a partial ACK draws the next hole at once */
WIRE_TEST(partial_ack)
{
	int fd = open_roomy(w, WIRE_OPEN(.mss = 1000)), i;

	wire_write(w, fd, 10000);
	expect_full(w, 1000, 10);
	for (i = 0; i < 3; i++)
		wire_send(w, ACK, .ack = 1);
	wire_expect(w, ACK | PSH_ANY, .seq = 1, .len = 1000);
	wire_send(w, ACK, .ack = 4001);
	wire_expect(w, ACK | PSH_ANY, .seq = 4001, .len = 1000);
	wire_send(w, ACK, .ack = 10001);
	wire_expect_nothing(w, 1000);
}

/*
 * RFC 5681 section 3.2: a loss halves the window. Nine duplicate ACKs say that
 * nine of ten segments have left: the first two let a new one go each (limited
 * transmit, RFC 3042), the third brings the window to 5 + 3, the other six to
 * 14: two new segments more. The ACK of all that was sent before recovery ends
 * it with half of ten (RFC 6582 section 3.2, step 3: no more than what is in
 * flight and one).
 */
WIRE_TEST(fast_recovery)
{
	int fd, i;

	wire_sysctl_text(w, "ltcp_congestion_control", "reno");
	fd = open_roomy(w, WIRE_OPEN(.mss = 1000));
	wire_write(w, fd, 200000);
	expect_full(w, 1000, 10);
	for (i = 0; i < 2; i++)
		wire_send(w, ACK, .ack = 1);
	expect_full(w, 1000, 2);
	wire_send(w, ACK, .ack = 1);
	wire_expect(w, ACK | PSH_ANY, .seq = 1, .len = 1000);
	for (i = 3; i < 9; i++)
		wire_send(w, ACK, .ack = 1);
	expect_full(w, 1000, 2);
	wire_expect_nothing(w, 20);
	wire_send(w, ACK, .ack = 12001);
	expect_full(w, 1000, 1);
	wire_expect_nothing(w, 20);
}

/* RFC 5681 section 3.1: beyond ssthresh the window grows by about a segment a round */
WIRE_TEST(congestion_avoidance)
{
	int fd, round, i, last = 0;

	wire_sysctl_text(w, "ltcp_congestion_control", "reno");
	fd = open_roomy(w, WIRE_OPEN(.mss = 1000));
	wire_write(w, fd, 200000);
	expect_full(w, 1000, 10);
	for (i = 0; i < 9; i++)
		wire_send(w, ACK, .ack = 1);
	while (wire_recv(w, 5))
		;
	wire_send(w, ACK, .ack = 12001);
	while (wire_recv(w, 5))
		;
	/* Three in flight, and soon five: ssthresh. Each round acknowledges them one by one. */
	for (round = 0; round < 6; round++) {
		s64 acked = round ? w->flow->nxt - last * 1000 : 12001;
		s64 end = w->flow->nxt;
		int n;

		for (acked += 1000; acked <= end; acked += 1000)
			wire_send(w, ACK, .ack = acked);
		n = wire_drain(w, 20);
		wire_check(w, w->flow->nxt == end + n * 1000, "something came twice");
		wire_check(w, round == 0 || n == last || n == last + 1, "%d segments, then %d",
			   last, n);
		last = n;
	}
	wire_check(w, last >= 9 && last <= 11, "%d segments after six rounds from 5", last);
}

/* --- Nagle ----------------------------------------------------------------------- */

/* SHLD-7: a small segment waits while something is unacknowledged */
WIRE_TEST(nagle)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_write(w, fd, 20);
	wire_expect_nothing(w, 150);
	wire_send(w, ACK);
	wire_expect(w, PSH | ACK, .len = 20);
	wire_send(w, ACK);
	wire_expect_nothing(w, 1000);
}

/* SHLD-27: what waits is sent together */
WIRE_TEST(nagle_merges)
{
	int fd = wire_into(w, ESTABLISHED), i;

	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	for (i = 0; i < 5; i++)
		wire_write(w, fd, 20);
	wire_send(w, ACK);
	wire_expect(w, PSH | ACK, .len = 100);
}

/* RFC 9293 appendix A.3: the end of a large write does not wait for its beginning's ACK */
WIRE_TEST(nagle_lets_the_end_of_a_write_go)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 1470);
	wire_expect(w, ACK | PSH_ANY, .len = 1460);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_write(w, fd, 10);
	wire_expect_nothing(w, 100);
	wire_send(w, ACK);
	wire_expect(w, PSH | ACK, .len = 10);
}

/* A full segment does not wait */
WIRE_TEST(nagle_lets_full_segments_go)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_write(w, fd, 1470);
	wire_expect(w, ACK | PSH_ANY, .len = 1460);
	wire_expect_nothing(w, 100);
	wire_send(w, ACK);
	wire_expect(w, PSH | ACK, .len = 10);
}

/* MUST-17: it can be turned off */
WIRE_TEST(nodelay)
{
	int fd = wire_into(w, ESTABLISHED), i;

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_NODELAY, 1);
	for (i = 0; i < 5; i++) {
		wire_write(w, fd, 10);
		wire_expect(w, PSH | ACK, .len = 10);
	}
}

/* tcp(7): setting it sends what waits */
WIRE_TEST(nodelay_releases)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_write(w, fd, 20);
	wire_expect_nothing(w, 50);
	wire_mark(w);
	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_NODELAY, 1);
	wire_expect(w, PSH | ACK, .len = 20);
}

/* MAY-15, MAY-16: MSG_MORE holds a partial segment until more comes */
WIRE_TEST(msg_more)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write_flags(w, fd, 100, MSG_MORE);
	wire_expect_nothing(w, 100);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 200);
}

/* MUST-60: ... but not for ever */
WIRE_TEST(msg_more_not_for_ever)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write_flags(w, fd, 100, MSG_MORE);
	wire_expect(w, ACK | PSH_ANY, .len = 100, .after = 150, .until = 500);
}

/* MUST-60: one small write goes at once */
WIRE_TEST(small_write_goes)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 1);
	wire_expect(w, PSH | ACK, .len = 1);
}

/* --- autocorking: tcp_should_autocork() of Linux's TCP ----------------------------------- */

/*
 * An open connection that Nagle does not hold up, and that sends nothing again while tc, a
 * program, does its work
 */
static int open_patient(struct wire *w, int mss, int win)
{
	int fd;

	wire_ip(w, "route replace 10.0.0.2/32 dev tun0 rto_min 10s");
	fd = wire_open_active(w, .mss = mss, .win = win);
	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return fd;
}

/* ... whose packets wait in the host from now on */
static int open_queueing(struct wire *w, int mss, int win)
{
	int fd = open_patient(w, mss, win);

	wire_check(w, !system("tc qdisc add dev tun0 root plug"), "no queue");
	return fd;
}

/* ... of which a packet with 10 octets waits, and 20 are held back */
static int open_holding(struct wire *w)
{
	int fd = open_queueing(w, 1460, 65535);

	wire_write(w, fd, 10);
	wire_write(w, fd, 20);
	return fd;
}

/* So many packets wait */
static void expect_queued(struct wire *w, int n)
{
	char command[100];

	snprintf(command, sizeof(command), "tc -s qdisc show dev tun0 | grep -q ' %dp '", n);
	wire_check(w, !system(command), "not %d packets in the queue", n);
}

/* They leave, and those that come */
static void unplug(struct wire *w)
{
	wire_mark(w);
	wire_check(w, !system("tc qdisc change dev tun0 root plug release_indefinite"), "unplug");
}

/* What is written while a packet waits goes together, when that has gone */
WIRE_TEST(autocork)
{
	int fd = open_queueing(w, 1460, 65535), i;

	wire_write(w, fd, 10);
	for (i = 0; i < 9; i++)
		wire_write(w, fd, 20);
	wire_sleep(w, 100);
	expect_queued(w, 1);
	wire_check(w, wire_counter(w, "AutoCorking") == 1, "AutoCorking");
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, PSH | ACK, .len = 180);
	/* Nothing waits any more */
	wire_write(w, fd, 30);
	wire_expect(w, PSH | ACK, .len = 30);
}

/* ... and with Nagle, who holds it longer */
WIRE_TEST(autocork_and_nagle)
{
	int fd = open_queueing(w, 1460, 65535);

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_NODELAY, 0);
	wire_write(w, fd, 10);
	wire_write(w, fd, 20);
	wire_check(w, wire_counter(w, "AutoCorking") == 0, "AutoCorking");
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect_nothing(w, 100);
	wire_send(w, ACK);
	wire_expect(w, PSH | ACK, .len = 20);
}

WIRE_TEST(autocork_off)
{
	int fd;

	wire_sysctl(w, "ltcp_autocorking", 0);
	fd = open_queueing(w, 1460, 65535);
	wire_write(w, fd, 10);
	wire_write(w, fd, 20);
	wire_write(w, fd, 30);
	expect_queued(w, 3);
	wire_check(w, wire_counter(w, "AutoCorking") == 0, "AutoCorking");
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, PSH | ACK, .len = 20);
	wire_expect(w, PSH | ACK, .len = 30);
}

/* An ACK sends it, though the queue stands still */
WIRE_TEST(autocork_until_ack)
{
	int fd = open_holding(w);

	expect_queued(w, 1);
	wire_send(w, ACK, .ack = 11);
	expect_queued(w, 2);
	wire_write(w, fd, 30);
	expect_queued(w, 2);
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, PSH | ACK, .len = 20);
	wire_expect(w, PSH | ACK, .len = 30);
}

/* With nothing in flight no ACK would come: it goes at once */
WIRE_TEST(autocork_not_without_flight)
{
	int fd = open_queueing(w, 1460, 65535);

	wire_write(w, fd, 10);
	wire_send(w, ACK, .ack = 11);
	wire_write(w, fd, 20);
	expect_queued(w, 2);
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, PSH | ACK, .len = 20);
}

/* An ACK that waits is none of it */
WIRE_TEST(autocork_not_for_an_ack)
{
	int fd = open_patient(w, 1460, 65535);

	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_check(w, !system("tc qdisc add dev tun0 root plug"), "no queue");
	wire_send(w, ACK, .ack = 1, .len = 1460);
	wire_send(w, ACK, .ack = 1, .len = 1460);
	expect_queued(w, 1);
	wire_write(w, fd, 20);
	expect_queued(w, 2);
	unplug(w);
	wire_expect(w, ACK);
	wire_expect(w, PSH | ACK, .len = 20);
}

/* What fills a packet does not wait (bursts are half of the window); what is left does */
WIRE_TEST(autocork_until_full)
{
	int fd = open_queueing(w, 1000, 3000);

	wire_write(w, fd, 10);
	wire_write(w, fd, 400);
	wire_write(w, fd, 500);
	expect_queued(w, 1);
	wire_write(w, fd, 200);
	expect_queued(w, 2);
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_expect(w, PSH | ACK, .len = 100);
}

/* FIN takes it along, of shutdown() ... */
WIRE_TEST(autocork_until_shutdown)
{
	int fd = open_holding(w);

	wire_shutdown(w, fd);
	expect_queued(w, 2);
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, FIN | PSH | ACK, .len = 20);
}

/* ... and close() */
WIRE_TEST(autocork_until_close)
{
	int fd = open_holding(w);

	wire_close(w, fd);
	expect_queued(w, 2);
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, FIN | PSH | ACK, .len = 20);
}

/* A connection that ends with what it holds back leaves nothing behind */
WIRE_TEST(autocork_until_abort)
{
	int fd = open_holding(w);

	wire_abort(w, fd);
	expect_queued(w, 2);
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, RST);
}

/* tcp(7): setting TCP_NODELAY sends what waits, so does urgent text */
WIRE_TEST(autocork_until_pushed)
{
	int fd = open_holding(w);

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_NODELAY, 1);
	expect_queued(w, 2);
	wire_write(w, fd, 30);
	expect_queued(w, 2);
	wire_write_flags(w, fd, 1, MSG_OOB);
	expect_queued(w, 3);
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, PSH | ACK, .len = 20);
	wire_expect(w, URG | PSH | ACK, .len = 31, .up = 31);
}

/* TCP_CORK is about what comes after it, and taking it off sends what waits */
WIRE_TEST(autocork_and_cork)
{
	int fd = open_holding(w);

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_CORK, 1);
	expect_queued(w, 2);
	wire_write(w, fd, 30);
	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_CORK, 0);
	expect_queued(w, 3);
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, PSH | ACK, .len = 20);
	wire_expect(w, PSH | ACK, .len = 30);
}

/* As with TCP_CORK; and what comes after a message that is to wait waits for it */
WIRE_TEST(autocork_and_msg_more)
{
	int fd = open_holding(w);

	wire_write_flags(w, fd, 30, MSG_MORE);
	wire_write(w, fd, 40);
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, PSH | ACK, .len = 20);
	wire_expect(w, PSH | ACK, .len = 70);
}

/* What has timestamps of its own is not mixed with what has others */
WIRE_TEST(autocork_not_with_timestamps)
{
	int fd = open_queueing(w, 1460, 65535);

	wire_write(w, fd, 10);
	wire_setsockopt(w, fd, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SCHED);
	wire_write(w, fd, 20);
	expect_queued(w, 2);
	unplug(w);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, PSH | ACK, .len = 20);
}

/* MUST-61: the last segment of what was written has PSH */
WIRE_TEST(push_on_last)
{
	int fd = wire_open_active(w, .mss = 1000);

	wire_write(w, fd, 3000);
	wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_expect(w, ACK | PSH, .len = 1000);
}

/* SHLD-28, SHLD-27: many small writes, held up, make full segments */
WIRE_TEST(full_segments)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 1000), i;

	wire_write(w, fd, 1000);
	expect_full(w, 1000, 1);
	for (i = 0; i < 100; i++)
		wire_write(w, fd, 40);
	wire_send(w, ACK, .win = 65535);
	expect_full(w, 1000, 4);
	wire_expect_nothing(w, 100);
}

/* --- silly windows ------------------------------------------------------------------ */

/* MUST-38: the sender waits for a whole segment, or half the largest window, ... */
WIRE_TEST(sender_avoids_silly_window)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 4000);

	wire_write(w, fd, 20000);
	expect_full(w, 1000, 4);
	wire_send(w, ACK, .win = 300);
	wire_expect_nothing(w, 90);
	wire_send(w, ACK, .win = 999);
	wire_expect_nothing(w, 90);
	wire_send(w, ACK, .win = 1000);
	expect_full(w, 1000, 1);
	/* Window for one and a half: the half waits */
	wire_send(w, ACK, .win = 1500);
	expect_full(w, 1000, 1);
	wire_expect_nothing(w, 90);
	wire_send(w, ACK, .win = 1000);
	expect_full(w, 1000, 1);
}

/* ... (3) half of a window that never takes a whole segment ... */
WIRE_TEST(sender_takes_half_of_small_window)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 800);

	wire_write(w, fd, 5000);
	wire_expect(w, ACK | PSH_ANY, .len = 800);
	wire_send(w, ACK, .win = 399);
	wire_expect_nothing(w, 90);
	wire_send(w, ACK, .win = 400);
	wire_expect(w, ACK | PSH_ANY, .len = 400);
}

/* ... (4) or 0.1 to 1 s */
WIRE_TEST(sender_overrides_silly_window)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 4000);

	wire_write(w, fd, 20000);
	expect_full(w, 1000, 4);
	wire_send(w, ACK, .win = 300);
	wire_expect(w, ACK | PSH_ANY, .len = 300, .after = 100, .until = 1000);
}

/* Fill the receive buffer: until the window is closed. Returns its right edge. */
static s64 fill_receive_buffer(struct wire *w)
{
	s64 edge = w->pkt->seg.ack + w->pkt->seg.win;
	int i;

	for (i = 0; i < 1000 && w->flow->peer_nxt < edge; i++) {
		s64 room = edge - w->flow->peer_nxt;

		wire_send(w, PSH | ACK, .len = room < 1460 ? room : 1460);
		while (wire_recv(w, w->flow->peer_nxt == edge ? 499 : 0))
			edge = w->pkt->seg.ack + w->pkt->seg.win;
	}
	wire_check(w, w->pkt->seg.ack == edge && !w->pkt->seg.win, "the window did not close");
	return edge;
}

/* An open connection with a small receive buffer */
static int open_small(struct wire *w)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, SOL_SOCKET, SO_RCVBUF, 16384);
	return wire_open_active(w, .fd = fd);
}

/* MUST-39: however little the user reads at a time, the edge moves by a segment or not at all */
WIRE_TEST(receiver_avoids_silly_window)
{
	int fd = open_small(w), i, steps = 0;
	s64 edge = fill_receive_buffer(w);

	for (i = 0; i < 600; i++) {
		wire_read(w, fd, 10);
		while (wire_recv(w, 0)) {
			s64 now = w->pkt->seg.ack + w->pkt->seg.win;

			wire_check(w, now == edge || now - edge >= 1460, "a step of %lld",
				   (long long)(now - edge));
			steps += now != edge;
			edge = now;
		}
	}
	wire_check(w, steps >= 1, "6000 octets read, and the window stays closed");
}

/* The same when probes ask for the window */
WIRE_TEST(receiver_avoids_silly_window_when_asked)
{
	int fd = open_small(w), i;
	s64 edge = fill_receive_buffer(w);

	for (i = 0; i < 100; i++) {
		s64 now;

		wire_read(w, fd, 50);
		while (wire_recv(w, 0))
			edge = w->pkt->seg.ack + w->pkt->seg.win;
		if (edge != w->flow->peer_nxt)
			break;
		wire_send(w, ACK, .len = 1, .stray = true);
		wire_expect(w, ACK);
		now = w->pkt->seg.ack + w->pkt->seg.win;
		wire_check(w, now == edge || now - edge >= 1460, "a step of %lld",
			   (long long)(now - edge));
	}
}

/* L6: the user has read everything: the peer is told without being asked */
WIRE_TEST(window_update_after_read)
{
	int fd = open_small(w);
	s64 edge = fill_receive_buffer(w);

	wire_sleep(w, 5000);
	wire_read(w, fd, edge - 1);
	wire_recv(w, 0);
	while (wire_recv(w, 0))
		;
	wire_check(w, w->pkt->seg.win >= 1460 && w->pkt->seg.len == 0, "no window update");
	/* ... and it holds what it promises */
	edge = w->pkt->seg.ack + w->pkt->seg.win;
	wire_send(w, PSH | ACK, .len = 1460);
	wire_read(w, fd, 1460);
	wire_drain(w, 499);
}

/* SHLD-14: the right edge never goes back */
WIRE_TEST(edge_never_goes_back)
{
	int fd = open_small(w), i, unread = 0;
	s64 edge = w->pkt->seg.ack + w->pkt->seg.win;

	for (i = 0; i < 400; i++) {
		int len = 1 + i * 37 % 900;
		s64 now;

		if (w->flow->peer_nxt + len <= edge) {
			wire_send(w, PSH | ACK, .len = len);
			unread += len;
		} else {
			int n = 1 + i * 113 % 2000;

			if (n > unread)
				n = unread;
			wire_read(w, fd, n);
			unread -= n;
		}
		while (wire_recv(w, i % 7 ? 0 : 60)) {
			now = w->pkt->seg.ack + w->pkt->seg.win;
			wire_check(w, now >= edge, "the edge goes back from %lld to %lld",
				   (long long)edge, (long long)now);
			edge = now;
		}
	}
	wire_check(w, w->flow->peer_nxt > 50000, "only %lld octets", (long long)w->flow->peer_nxt);
	wire_drain(w, 499);
}

/* ... also with a scale: but for the rounding, less than a unit (RFC 7323 section 2.4) */
WIRE_TEST(edge_never_goes_back_scaled)
{
	int fd = wire_open_active(w, .wscale = 0), i;
	int scale = w->flow->wscale;
	s64 edge = 0;

	wire_check(w, scale > 0, "the stack does not scale");
	for (i = 0; i < 300; i++) {
		s64 now;

		wire_send(w, PSH | ACK, .len = 1 + i % 9);
		if (i % 3 == 0)
			wire_read(w, fd, 1);
		while (wire_recv(w, i % 5 ? 0 : 60)) {
			now = w->pkt->seg.ack + (w->pkt->seg.win << scale);
			wire_check(w, now > edge - (1 << scale), "the edge goes back from %lld to %lld",
				   (long long)edge, (long long)now);
			if (now > edge)
				edge = now;
		}
	}
	wire_drain(w, 499);
}

/*
 * A user who makes the buffer smaller than what the peer was promised: the window
 * that is told closes, and opens as far as there is room. The peer, who would take
 * text that is dropped for lost and give up at last, probes.
 */
WIRE_TEST(window_closes_when_the_buffer_shrinks)
{
	int fd = wire_open_active(w), i;
	s64 edge = w->pkt->seg.ack + w->pkt->seg.win;

	wire_setsockopt(w, fd, SOL_SOCKET, SO_RCVBUF, 4096);
	for (i = 0; i < 20 && w->pkt->seg.win; i++) {
		wire_send(w, PSH | ACK, .len = 1460);
		wire_check(w, wire_recv(w, 499), "no acknowledgment");
		w->flow->peer_nxt = w->pkt->seg.ack;	/* the last is sent again */
	}
	wire_check(w, !w->pkt->seg.win && w->pkt->seg.ack < edge, "win %lld at %lld of %lld",
		   (long long)w->pkt->seg.win, (long long)w->pkt->seg.ack, (long long)edge);
	wire_sleep(w, 60000);
	wire_send(w, ACK, .seq = w->flow->peer_nxt - 1, .stray = true);
	wire_expect(w, ACK, .win = 0);
	wire_read(w, fd, w->flow->peer_nxt - 1);
	wire_expect(w, ACK);
	wire_check(w, w->pkt->seg.win >= 1460, "win %lld", (long long)w->pkt->seg.win);
	wire_send(w, PSH | ACK, .len = 1460);
	wire_expect(w, ACK, .until = 499);
	wire_read(w, fd, 1460);
	wire_drain(w, 499);
}

/* --- the peer shrinks its window ------------------------------------------------------ */

/* Ten segments of 1000 in flight; two are acknowledged, and room is left for two */
static int shrunk(struct wire *w)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 10000);

	wire_write(w, fd, 20000);
	expect_full(w, 1000, 10);
	wire_send(w, ACK, .ack = 2001, .win = 2000);
	return fd;
}

/* MUST-34: no harm is done; SHLD-15: nothing new is sent; SHLD-16: the two are, again */
WIRE_TEST(shrink)
{
	int fd = shrunk(w);

	wire_expect(w, ACK | PSH_ANY, .seq = 2001, .len = 1000, .after = RTO_MIN);
	wire_expect(w, ACK | PSH_ANY, .seq = 2001, .len = 1000, .after = 2 * RTO_MIN);
	wire_send(w, ACK, .ack = 3001, .win = 1000);
	wire_expect(w, ACK | PSH_ANY, .seq = 3001, .len = 1000);
	wire_expect_state(w, fd, ESTABLISHED);
	/* It opens again: everything comes through in the end */
	wire_send(w, ACK, .ack = 4001, .win = 10000);
	while (w->flow->nxt < 20001 || w->pkt->seg.seq + w->pkt->seg.len < 20001) {
		wire_check(w, wire_recv(w, 1000), "it has stopped at %lld",
			   (long long)w->flow->nxt);
		wire_send(w, ACK, .ack = w->pkt->seg.seq + w->pkt->seg.len, .win = 10000);
	}
	wire_expect_state(w, fd, ESTABLISHED);
}

/* SHLD-15: whatever happens, nothing new meanwhile; nor, though MAY-7 allows it, old text */
WIRE_TEST(shrink_nothing_new)
{
	shrunk(w);
	while (wire_recv(w, 5000))
		wire_check(w, w->pkt->seg.seq + w->pkt->seg.len <= 4001,
			   "up to %lld is sent, the window ends at 4001",
			   (long long)w->pkt->seg.seq + w->pkt->seg.len);
}

/* MUST-35: shrunk to nothing, the peer is probed, at growing intervals */
WIRE_TEST(shrink_to_zero)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 10000), i;
	s64 last = 0;

	wire_write(w, fd, 20000);
	expect_full(w, 1000, 10);
	wire_send(w, ACK, .ack = 2001, .win = 0);
	for (i = 0; i < 6; i++) {
		u64 before = wire_now();
		s64 gap;

		wire_check(w, wire_recv(w, 60000), "no probe");
		wire_check(w, w->pkt->seg.len <= 1, "more than a probe");
		wire_send(w, ACK, .ack = 2001, .win = 0);
		gap = (s64)(w->pkt->time - before) / 1000;
		wire_check(w, i == 0 || gap > last + last / 2, "%lld ms, then %lld ms",
			   (long long)last, (long long)gap);
		last = gap;
	}
	wire_send(w, ACK, .ack = 2001, .win = 10000);
	wire_expect(w, ACK | PSH_ANY, .seq = 2001, .len = 1000);
	wire_drain(w, 0);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* SHLD-17: text beyond the shrunken edge, unacknowledged for longer than R2, is no failure */
WIRE_TEST(shrink_no_timeout)
{
	int fd = shrunk(w);
	u64 mark = wire_mark(w);

	wire_send(w, ACK, .ack = 4001, .win = 0);
	while (wire_since(mark) < 2400 * 1000) {
		wire_check(w, wire_recv(w, 140000), "the probes have ceased");
		wire_send(w, ACK, .ack = 4001, .win = 0);
	}
	wire_expect_state(w, fd, ESTABLISHED);
}

/* An old ACK must not bring an old window back (section 3.10.7.4, SND.WL1 and SND.WL2) */
WIRE_TEST(old_window_is_ignored)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 2000);

	wire_write(w, fd, 10000);
	expect_full(w, 1000, 2);
	wire_send(w, ACK, .ack = 2001, .win = 0);
	wire_send(w, ACK, .ack = 1, .win = 65535);
	wire_send(w, ACK, .ack = 1001, .win = 65535);
	wire_expect_nothing(w, 100);
}

/* --- our own window is closed ------------------------------------------------------------ */

/* MUST-66: RST counts all the same */
WIRE_TEST(zero_window_rst)
{
	int fd = open_small(w);

	fill_receive_buffer(w);
	wire_send(w, RST);
	wire_expect_state(w, fd, CLOSED);
}

static volatile int urgent_signals;

static void on_sigurg(int signal)
{
	urgent_signals++;
}

/* MUST-66: and URG */
WIRE_TEST(zero_window_urgent)
{
	int fd = open_small(w);

	fill_receive_buffer(w);
	signal(SIGURG, on_sigurg);
	wire_check(w, !fcntl(fd, F_SETOWN, getpid()), "F_SETOWN");
	wire_send(w, URG | ACK, .up = 100);
	wire_check(w, urgent_signals == 1, "the user does not learn of it");
	wire_drain(w, 499);
}

/* Section 3.10.7.4, first: ACKs are valid at window 0 */
WIRE_TEST(zero_window_ack)
{
	int fd = open_small(w);

	fill_receive_buffer(w);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_send(w, ACK);
	wire_expect_nothing(w, 10000);
}

/* A FIN at window 0 waits for room */
WIRE_TEST(zero_window_fin)
{
	int fd = open_small(w);
	s64 edge = fill_receive_buffer(w);

	wire_send(w, FIN | ACK, .stray = true);
	wire_drain(w, 499);
	wire_check(w, w->pkt->seg.ack == edge || w->pkt->seg.ack == edge + 1, "ack %lld",
		   (long long)w->pkt->seg.ack);
	wire_read(w, fd, edge - 1);
	wire_drain(w, 10);
	wire_send(w, FIN | ACK);
	wire_drain(w, 499);
	wire_read_eof(w, fd);
	wire_expect_state(w, fd, CLOSE_WAIT);
}

/* --- what is out of order when the buffer is full ------------------------------------- */

/* The last goes first, for what comes before it; what was dropped comes again and is taken */
WIRE_TEST(ahead_makes_room)
{
	int fd = wire_socket(w), i;

	wire_setsockopt(w, fd, SOL_SOCKET, SO_RCVBUF, 8192);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN);
	wire_send(w, SYN | ACK, .mss = 1460, .sackok = 1);
	wire_expect(w, ACK);
	wire_connected(w, fd);
	for (i = 39; i >= 1; i--) {
		wire_send(w, ACK, .seq = 1 + 200 * i, .len = 100, .stray = true);
		wire_expect(w, ACK, .ack = 1);
	}
	wire_check(w, wire_counter(w, "OfoPruned") > 0, "OfoPruned");
	for (i = 0; i < 20; i++) {
		wire_send(w, ACK, .seq = 1 + 200 * i, .len = 200);
		wire_drain(w, 1);
	}
	wire_read(w, fd, 4000);
	wire_drain(w, 100);
}

TEST_HARNESS_MAIN
