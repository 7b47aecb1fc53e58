// SPDX-License-Identifier: GPL-2.0
/*
 * Timers: retransmission (RFC 6298), R1 and R2, USER TIMEOUT, keep-alive,
 * window probes, delayed acknowledgments. RFC 9293 sections 3.8.1 to 3.8.4,
 * 3.8.6.1 and 3.8.6.3; labels are RFC 9293's. All in real time, that is, in
 * the virtual machine's.
 */
#define WIRE_MAIN
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define TCP_KEEPIDLE		4
#define TCP_KEEPINTVL		5
#define TCP_KEEPCNT		6
#define TCP_SYNCNT		7
#define TCP_THIN_LINEAR_TIMEOUTS	16
#define TCP_USER_TIMEOUT	18

#define SECOND		1000
#define MINUTE		(60 * SECOND)
#define HOUR		(60 * MINUTE)
#define RTO_MIN		200
#define RTO_MAX		(120 * SECOND)
#define DELACK_MAX	499	/* MUST-40: less than 0.5 s */

/* --- SYN ------------------------------------------------------------------ */

/* RFC 6298 (2.1), (5.5): 1 s at first, then doubling; the same SYN each time */
WIRE_TEST(syn_schedule)
{
	int fd = wire_connect_start(w), rto;

	wire_expect(w, SYN);
	for (rto = 1 * SECOND; rto <= 64 * SECOND; rto *= 2)
		wire_expect(w, SYN, .seq = 0, .mss = 1460, .after = rto);
	wire_expect_state(w, fd, SYN_SENT);
	wire_close(w, fd);
}

/* MUST-22, MUST-23: it gives up, with ETIMEDOUT, but not before 180 s */
WIRE_TEST(syn_gives_up_after_180s)
{
	int fd = wire_connect_start(w);
	u64 mark = wire_mark(w);
	s64 lasted;

	wire_drain(w, 179 * SECOND);
	wire_expect_state(w, fd, SYN_SENT);
	wire_expect_error(w, fd, 0);
	wire_drain(w, 400 * SECOND);
	wire_arrow(w, 24);
	lasted = (s64)(wire_move_time(w, SYN_SENT, CLOSED) - mark) / 1000;
	wire_check(w, lasted >= 180 * SECOND, "gave up after %lld ms", (long long)lasted);
	wire_expect_error(w, fd, ETIMEDOUT);
	wire_expect_state(w, fd, CLOSED);
}

/* TCP_SYNCNT: so many SYNs again, then ETIMEDOUT */
WIRE_TEST(syn_count_of_user)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_SYNCNT, 2);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN);
	wire_expect(w, SYN, .after = 1 * SECOND);
	wire_expect(w, SYN, .after = 2 * SECOND);
	wire_expect_nothing(w, 10 * SECOND);
	wire_expect_error(w, fd, ETIMEDOUT);
}

/* MUST-21: USER TIMEOUT bounds the opening too */
WIRE_TEST(syn_user_timeout)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 5 * SECOND);
	wire_connect_fd(w, fd);
	wire_drain(w, 4900);
	wire_expect_state(w, fd, SYN_SENT);
	wire_drain(w, 1000);
	wire_expect_error(w, fd, ETIMEDOUT);
}

/* The SYN-ACK of a half-open connection follows the same schedule */
WIRE_TEST(syn_ack_schedule)
{
	int rto;

	wire_into(w, SYN_RECEIVED, .passive = true);
	for (rto = 1 * SECOND; rto <= 16 * SECOND; rto *= 2)
		wire_expect(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460, .after = rto);
}

/* L3: SYN-RECEIVED is always left; the late ACK is a stray then */
WIRE_TEST(syn_ack_gives_up)
{
	wire_into(w, SYN_RECEIVED, .passive = true);
	wire_drain(w, 400 * SECOND);
	wire_arrow(w, 25);
	wire_send(w, ACK);
	wire_expect(w, RST, .seq = 1);
}

/* ... and of a simultaneous open */
WIRE_TEST(simultaneous_open_schedule)
{
	int fd = wire_into(w, SYN_RECEIVED), rto;

	for (rto = 1 * SECOND; rto <= 16 * SECOND; rto *= 2)
		wire_expect(w, SYN | ACK, .seq = 0, .ack = 1, .after = rto);
	wire_drain(w, 600 * SECOND);
	wire_arrow(w, 25);
	wire_expect_error(w, fd, ETIMEDOUT);
}

/* --- the retransmission timeout ---------------------------------------------- */

/* An open connection whose handshake took @rtt; its last ACK was due at once */
static int open_with_rtt(struct wire *w, int rtt)
{
	int fd = wire_connect_start(w);

	wire_expect(w, SYN);
	wire_sleep(w, rtt);
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	wire_connected(w, fd);
	return fd;
}

/* RFC 6298 (2.2): RTO = R + 4 * R/2 after the first measurement */
WIRE_TEST(rto_after_first_sample)
{
	int fd = open_with_rtt(w, 400);

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 100, .after = 1200);
}

/* RFC 6298 (2.3): SRTT and RTTVAR; 400 ms each time */
WIRE_TEST(rto_after_more_samples)
{
	int fd = open_with_rtt(w, 400), i;

	for (i = 0; i < 2; i++) {
		wire_write(w, fd, 100);
		wire_expect(w, PSH | ACK, .len = 100);
		wire_sleep(w, 400);
		wire_send(w, ACK);
	}
	/* RTTVAR 200, 150, 112.5: RTO = 400 + 450 */
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_expect(w, PSH | ACK, .seq = 201, .len = 100, .after = 850);
}

/* A short path: the least RTO (200 ms, as Linux; RFC 6298 (2.4) asks for 1 s) */
WIRE_TEST(rto_minimum)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 100, .after = RTO_MIN);
}

/* RFC 6298 (5.5): it doubles; (2.5): up to a bound of not less than 60 s */
WIRE_TEST(rto_doubles)
{
	int fd = wire_into(w, ESTABLISHED), rto;

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	for (rto = RTO_MIN; rto < RTO_MAX; rto *= 2)
		wire_expect(w, PSH | ACK, .seq = 1, .len = 100, .after = rto);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 100, .after = RTO_MAX);
}

/* TCP_THIN_LINEAR_TIMEOUTS: six times it does not, if less than four segments are in flight */
static void thin_schedule(struct wire *w, int len, bool linear)
{
	int fd = wire_into(w, ESTABLISHED), rto = RTO_MIN, i;

	wire_check(w, setsockopt(fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, &(int){ 2 },
				 sizeof(int)) && errno == EINVAL, "2 is a truth value");
	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1);
	wire_check(w, wire_getsockopt(w, fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS) == 1,
		   "it is off");
	wire_write(w, fd, len);
	wire_drain(w, 0);
	for (i = 0; i < 9; i++) {
		wire_expect(w, ACK | PSH_ANY, .seq = 1, .len = len < 1460 ? len : 1460,
			    .after = rto);
		if (!linear || i >= 6)
			rto *= 2;
	}
}

WIRE_TEST(thin_stream_is_linear)	{ thin_schedule(w, 100, true); }
WIRE_TEST(thin_stream_is_thick)		{ thin_schedule(w, 4 * 1460, false); }

/* RFC 6298 (5.3): an ACK of new data restarts the timer */
WIRE_TEST(rto_restarts_with_ack)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_setsockopt(w, fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, 1);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_sleep(w, 150);
	wire_send(w, ACK, .ack = 101);
	/* 200 ms and more from here, not 50; a sample of 150 ms has come in */
	wire_expect_nothing(w, RTO_MIN - 10);
	wire_recv(w, SECOND);
	wire_check(w, w->pkt->seg.seq == 101, "seq %lld", (long long)w->pkt->seg.seq);
}

/* RFC 6298 (5.2): nothing outstanding, no timer */
WIRE_TEST(rto_stops_with_last_ack)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_send(w, ACK);
	wire_expect_nothing(w, 5 * MINUTE);
}

/* RFC 6298 (5.7): the SYN was lost, nothing was measured: 3 s for the first data */
WIRE_TEST(rto_after_lost_syn)
{
	int fd = wire_connect_start(w);

	wire_expect(w, SYN);
	wire_expect(w, SYN, .after = 1 * SECOND);
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	wire_connected(w, fd);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 100, .after = 3 * SECOND);
}

/*
 * MUST-18, Karn: the ACK of a segment sent twice is no measurement. It comes
 * 500 ms after the first sending, 300 ms after the second: either would make
 * the RTO larger than the least.
 */
WIRE_TEST(karn)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 100, .after = RTO_MIN);
	wire_sleep(w, 300);
	wire_send(w, ACK);
	/* One fresh, short measurement ends the backoff, too */
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_send(w, ACK);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_expect(w, PSH | ACK, .seq = 201, .len = 100, .after = RTO_MIN);
}

/* With timestamps that ACK is a measurement (RFC 7323 section 4): 300 ms, as TSecr says */
WIRE_TEST(timestamps_measure_retransmissions)
{
	int fd = wire_open_active(w, .ts = true), i;
	s64 gap;

	for (i = 0; i < 8; i++) {
		wire_write(w, fd, 100);
		wire_expect(w, PSH | ACK, .len = 100);
		wire_sleep(w, 300);
		while (wire_recv(w, 0))
			;
		wire_send(w, ACK);
	}
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_recv(w, 2 * SECOND);
	gap = w->pkt->seg.seq;
	wire_check(w, gap == 801, "seq %lld", (long long)gap);
}

/* RFC 6298 section 5: everything outstanding goes again, the earliest first (5.4) */
WIRE_TEST(rto_sends_earliest)
{
	int fd = wire_open_active(w, .mss = 1000), i;

	wire_write(w, fd, 3000);
	for (i = 0; i < 3; i++)
		wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_expect(w, ACK | PSH_ANY, .seq = 1, .len = 1000, .after = RTO_MIN);
	/* RFC 5681: the loss window is one segment */
	wire_expect_nothing(w, 100);
	wire_send(w, ACK, .ack = 1001);
	wire_expect(w, ACK | PSH_ANY, .seq = 1001, .len = 1000);
	wire_expect(w, ACK | PSH_ANY, .seq = 2001, .len = 1000);
	wire_send(w, ACK, .ack = 3001);
	wire_expect_nothing(w, MINUTE);
}

/* --- R2 and USER TIMEOUT -------------------------------------------------------- */

/* MUST-20, SHLD-11: data that is never acknowledged ends the connection, not before 100 s */
WIRE_TEST(r2_ends_connection)
{
	int fd = wire_into(w, ESTABLISHED);
	u64 mark = wire_mark(w);
	s64 lasted;

	wire_write(w, fd, 100);
	wire_drain(w, 100 * SECOND);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_expect_error(w, fd, 0);
	wire_drain(w, 30 * MINUTE);
	lasted = (s64)(wire_move_time(w, ESTABLISHED, CLOSED) - mark) / 1000;
	wire_check(w, lasted >= 100 * SECOND && lasted < 30 * MINUTE, "%lld ms",
		   (long long)lasted);
	wire_arrow(w, 23);
	wire_expect_error(w, fd, ETIMEDOUT);
}

/* MUST-20: progress, however slow, starts the count anew */
WIRE_TEST(r2_counts_without_progress)
{
	int fd = wire_into(w, ESTABLISHED), i;

	wire_write(w, fd, 100);
	for (i = 1; i <= 10; i++) {
		wire_drain(w, 90 * SECOND);
		wire_send(w, ACK, .ack = 1 + i * 10);
	}
	wire_drain(w, 2 * MINUTE);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* MUST-21: R2 of one connection, in milliseconds; others do not notice */
WIRE_TEST(user_timeout)
{
	int fd = wire_into(w, ESTABLISHED), other;
	struct wire_flow *first = wire_new_flow(w), *second = w->flow;

	other = wire_into(w, ESTABLISHED);
	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 30 * SECOND);
	wire_check(w, wire_getsockopt(w, fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == 30 * SECOND,
		   "the option is not as set");
	w->flow = first;
	wire_write(w, fd, 100);
	w->flow = second;
	wire_write(w, other, 100);
	wire_drain(w, 30 * SECOND - 100);
	w->flow = first;
	wire_expect_state(w, fd, ESTABLISHED);
	wire_drain(w, 4 * SECOND);
	wire_expect_state(w, fd, CLOSED);
	wire_expect_error(w, fd, ETIMEDOUT);
	wire_arrow(w, 23);
	w->flow = second;
	wire_drain(w, MINUTE);
	wire_expect_state(w, other, ESTABLISHED);
}

/* SHLD-9, SHLD-20, U-1: a soft error takes ETIMEDOUT's place, and only at the end */
WIRE_TEST(soft_error_after_r2)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 10 * SECOND);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_icmp(w, 3, 1, .seq = 1);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_drain(w, 20 * SECOND);
	wire_expect_error(w, fd, EHOSTUNREACH);
}

/* --- keep-alive ------------------------------------------------------------------- */

static int keepalive(struct wire *w, int idle, int interval, int count)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_setsockopt(w, fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	if (idle)
		wire_setsockopt(w, fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
	if (interval)
		wire_setsockopt(w, fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
	if (count)
		wire_setsockopt(w, fd, IPPROTO_TCP, TCP_KEEPCNT, count);
	wire_mark(w);
	return fd;
}

/* MUST-25: off by default */
WIRE_TEST(keepalive_off)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_expect_nothing(w, 2 * HOUR + 10 * MINUTE);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* MUST-28: two hours by default; SHLD-12: the probe has no text, SEQ = SND.NXT - 1 */
WIRE_TEST(keepalive_default)
{
	int fd = keepalive(w, 0, 0, 0), i;

	wire_check(w, wire_getsockopt(w, fd, IPPROTO_TCP, TCP_KEEPIDLE) == 7200, "idle");
	wire_check(w, wire_getsockopt(w, fd, IPPROTO_TCP, TCP_KEEPINTVL) == 75, "interval");
	wire_check(w, wire_getsockopt(w, fd, IPPROTO_TCP, TCP_KEEPCNT) == 9, "count");
	wire_expect(w, ACK, .seq = 0, .ack = 1, .len = 0, .after = 2 * HOUR);
	for (i = 1; i < 9; i++)
		wire_expect(w, ACK, .seq = 0, .ack = 1, .len = 0, .after = 75 * SECOND);
	wire_expect_state(w, fd, ESTABLISHED);
	/* Nine without an answer: the end */
	wire_drain(w, 90 * SECOND);
	wire_arrow(w, 23);
	wire_expect_error(w, fd, ETIMEDOUT);
}

/* MAY-5, MUST-27: both times and the count are the user's */
WIRE_TEST(keepalive_of_user)
{
	int fd = keepalive(w, 100, 10, 3), i;

	wire_expect(w, ACK, .seq = 0, .after = 100 * SECOND);
	for (i = 1; i < 3; i++)
		wire_expect(w, ACK, .seq = 0, .after = 10 * SECOND);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_drain(w, 12 * SECOND);
	wire_expect_state(w, fd, CLOSED);
	wire_expect_error(w, fd, ETIMEDOUT);
}

/* MUST-24: of two sockets only the one that wants it probes */
WIRE_TEST(keepalive_per_connection)
{
	struct wire_flow *first;
	int fd;

	wire_into(w, ESTABLISHED);
	first = wire_new_flow(w);
	fd = keepalive(w, 100, 10, 3);
	wire_expect(w, ACK, .seq = 0, .after = 100 * SECOND);
	wire_setsockopt(w, fd, SOL_SOCKET, SO_KEEPALIVE, 0);
	wire_expect_nothing(w, 5 * MINUTE);
	w->flow = first;
	wire_send(w, PSH | ACK, .len = 1);
	wire_expect(w, ACK, .until = DELACK_MAX);
}

/* MUST-29: one lost probe is no death; an answer starts the idle time anew */
WIRE_TEST(keepalive_answered)
{
	int fd = keepalive(w, 100, 10, 3), i;

	for (i = 0; i < 5; i++) {
		wire_expect(w, ACK, .seq = 0, .after = 100 * SECOND);
		wire_expect(w, ACK, .seq = 0, .after = 10 * SECOND);
		wire_send(w, ACK);
	}
	wire_expect_state(w, fd, ESTABLISHED);
}

/* MUST-26: whatever arrives within the interval puts the probe off */
WIRE_TEST(keepalive_not_while_heard)
{
	int fd = keepalive(w, 100, 10, 3), i;

	for (i = 0; i < 10; i++) {
		wire_expect_nothing(w, 90 * SECOND);
		wire_send(w, ACK);
	}
	wire_expect(w, ACK, .seq = 0, .after = 100 * SECOND);
	wire_send(w, ACK);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* MUST-26: nor while data is outstanding: retransmissions do its work */
WIRE_TEST(keepalive_not_while_outstanding)
{
	int fd = keepalive(w, 20, 1, 3);
	u64 mark = wire_mark(w);

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	while (wire_since(mark) < MINUTE && wire_recv(w, 2 * MINUTE))
		wire_check(w, w->pkt->seg.len == 100, "a probe among retransmissions");
	wire_expect_state(w, fd, ESTABLISHED);
}

/*
 * The kernel's timer for a deadline far ahead may run minutes late (here two, src/timers.c).
 * What is due just after that deadline does not wait for it, wherever in a jiffy it lies.
 */
WIRE_TEST(rto_beside_keepalive)
{
	int idle = 2000, fd, i;

	for (i = 0; i < 4; i++) {
		wire_sleep(w, i);
		fd = keepalive(w, idle, 0, 0);
		wire_expect_nothing(w, idle * SECOND - RTO_MIN / 2 - 1);
		wire_write(w, fd, 100);
		wire_expect(w, PSH | ACK, .len = 100);
		wire_expect(w, PSH | ACK, .seq = 1, .len = 100, .after = RTO_MIN);
		wire_abort(w, fd);
		wire_expect(w, RST, .seq = 101);
		wire_new_flow(w);
	}
}

/* The peer has forgotten the connection: its RST ends it */
WIRE_TEST(keepalive_finds_reset)
{
	int fd = keepalive(w, 100, 10, 3);

	wire_expect(w, ACK, .seq = 0, .after = 100 * SECOND);
	wire_send(w, RST, .seq = 1);
	wire_expect_error(w, fd, ECONNRESET);
}

/* The stack answers a peer's probe (section 3.8.4): old number, no text or one octet */
WIRE_TEST(keepalive_of_peer)
{
	wire_into(w, ESTABLISHED);
	wire_send(w, ACK, .seq = 0);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	wire_send(w, ACK, .seq = 0, .len = 1, .fill = 0);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
}

/* --- window probes ------------------------------------------------------------------- */

/* An open connection whose peer has closed its window after 1000 octets; more are queued */
static int zero_window(struct wire *w)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 1000);

	wire_write(w, fd, 3000);
	wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_send(w, ACK, .win = 0);
	return fd;
}

/* What a probe may be: one octet of new text, or nothing just below the window */
static void expect_probe_at(struct wire *w, const char *here, int after)
{
	u64 mark = wire_now();
	s64 ms;

	if (!wire_recv(w, after + after / 8 + 20))
		wire_fail(w, here, "no window probe within %d ms", after + after / 8 + 20);
	ms = (s64)(w->pkt->time - mark) / 1000;
	if (ms < after - 2)
		wire_fail(w, here, "a window probe after %lld ms, expected %d", (long long)ms, after);
	if (!(w->pkt->seg.flags & ACK) || w->pkt->seg.len > 1 ||
	    w->pkt->seg.seq + w->pkt->seg.len > 1002)
		wire_fail(w, here, "this is no window probe");
}

#define expect_probe(w, after)	expect_probe_at(w, WIRE_HERE, after)

/* The window is open: the rest of zero_window()'s 3000 octets comes without further delay */
static void expect_rest(struct wire *w)
{
	while (w->flow->nxt < 3001) {
		if (!wire_recv(w, 10))
			wire_fail(w, WIRE_HERE, "the window is open, and nothing comes");
		wire_send(w, ACK);
	}
}

/* MUST-36, SHLD-29, SHLD-30: after one RTO, then at doubling intervals */
WIRE_TEST(probe_schedule)
{
	int rto, fd = zero_window(w);

	for (rto = RTO_MIN; rto < RTO_MAX; rto *= 2) {
		expect_probe(w, rto);
		wire_send(w, ACK, .ack = 1001, .win = 0);
	}
	expect_probe(w, RTO_MAX);
	wire_send(w, ACK, .ack = 1001, .win = 0);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* MUST-37: as long as probes are answered the connection stays, R2 or not */
WIRE_TEST(probe_answered_for_an_hour)
{
	int fd = zero_window(w);
	u64 mark = wire_mark(w);

	while (wire_since(mark) < HOUR) {
		if (!wire_recv(w, 140 * SECOND))
			wire_fail(w, WIRE_HERE, "the probes have ceased");
		wire_send(w, ACK, .ack = 1001, .win = 0);
	}
	wire_expect_state(w, fd, ESTABLISHED);
	/* ... and then everything goes on */
	wire_send(w, ACK, .ack = 1001, .win = 65535);
	expect_rest(w);
	wire_expect_nothing(w, MINUTE);
}

/* The probe's octet may be taken by the peer */
WIRE_TEST(probe_octet_taken)
{
	int fd = zero_window(w);

	expect_probe(w, RTO_MIN);
	if (w->pkt->seg.len == 1) {
		wire_send(w, ACK, .ack = 1002, .win = 0);
		wire_sleep(w, 5 * SECOND);
		while (wire_recv(w, 0))
			wire_check(w, w->pkt->seg.seq >= 1001, "an acknowledged octet again");
		wire_send(w, ACK, .ack = 1002, .win = 65535);
	} else {
		wire_send(w, ACK, .ack = 1001, .win = 65535);
	}
	expect_rest(w);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* Unanswered probes are like unanswered data: R2 ends it */
WIRE_TEST(probe_unanswered)
{
	int fd = zero_window(w);

	wire_drain(w, 100 * SECOND);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_drain(w, 30 * MINUTE);
	wire_expect_state(w, fd, CLOSED);
	wire_expect_error(w, fd, ETIMEDOUT);
}

/* USER TIMEOUT bounds even answered probes (note on MUST-37) */
WIRE_TEST(probe_user_timeout)
{
	int fd = zero_window(w);
	u64 mark = wire_mark(w);

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 30 * SECOND);
	while (wire_since(mark) < MINUTE)
		if (wire_recv(w, 10 * SECOND))
			wire_send(w, ACK, .ack = 1001, .win = 0);
	wire_drain(w, 0);
	wire_expect_error(w, fd, ETIMEDOUT);
}

/* MAY-8: our own window stays closed for as long as the user does not read; probes are ACKed */
WIRE_TEST(probe_of_peer)
{
	int fd = wire_into(w, ESTABLISHED), i;
	s64 next, edge;

	edge = w->pkt->seg.ack + w->pkt->seg.win;
	/* Fill the window to its edge, however it moves meanwhile */
	for (i = 0; i < 10000 && w->flow->peer_nxt < edge; i++) {
		s64 room = edge - w->flow->peer_nxt;

		wire_send(w, PSH | ACK, .len = room < 1000 ? room : 1000);
		while (wire_recv(w, w->flow->peer_nxt == edge ? DELACK_MAX : 0))
			edge = w->pkt->seg.ack + w->pkt->seg.win;
	}
	next = w->flow->peer_nxt;
	wire_check(w, next == edge, "the window does not close");
	for (i = 0; i < 5; i++) {
		wire_sleep(w, MINUTE);
		wire_send(w, ACK, .len = 1, .stray = true);
		wire_expect(w, ACK, .ack = next, .win = 0);
	}
	wire_expect_state(w, fd, ESTABLISHED);
}

/* --- delayed acknowledgments ------------------------------------------------------------ */

/* Past the beginning of a connection, where everything may be acknowledged at once */
static int steady(struct wire *w)
{
	int fd = wire_into(w, ESTABLISHED), i;

	for (i = 0; i < 40; i++) {
		wire_send(w, PSH | ACK, .len = 1000);
		wire_recv(w, DELACK_MAX);
		wire_read(w, fd, 1000);
		wire_drain(w, 0);
	}
	wire_drain(w, 1000);
	return fd;
}

/* SHLD-18: a lone segment is not acknowledged at once; MUST-40: but within 0.5 s */
WIRE_TEST(delayed_ack)
{
	steady(w);
	wire_send(w, PSH | ACK, .len = 100);
	wire_expect(w, ACK, .after = 20, .until = DELACK_MAX);
	wire_expect_nothing(w, 10 * SECOND);
}

/* SHLD-19: every second full-sized segment is */
WIRE_TEST(delayed_ack_second_segment)
{
	int i;

	steady(w);
	for (i = 0; i < 5; i++) {
		wire_send(w, ACK, .len = 1460);
		wire_expect_nothing(w, 0);
		wire_send(w, ACK, .len = 1460);
		wire_expect(w, ACK);
	}
	wire_expect_nothing(w, 10 * SECOND);
}

/* The user's answer carries the acknowledgment along */
WIRE_TEST(delayed_ack_rides_on_data)
{
	int fd = steady(w);

	wire_send(w, PSH | ACK, .len = 100);
	wire_read(w, fd, 100);
	wire_write(w, fd, 50);
	wire_expect(w, PSH | ACK, .len = 50);
	wire_expect_nothing(w, 100);
	wire_send(w, ACK);
	wire_expect_nothing(w, 10 * SECOND);
}

TEST_HARNESS_MAIN
