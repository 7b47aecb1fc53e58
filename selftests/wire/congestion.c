// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion control: ECN (RFC 3168), DCTCP's echo (RFC 8257), growth and restart of
 * the window (RFC 5681, RFC 3465, RFC 9438).
 */
#define WIRE_MAIN
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire.h"

#define TCP_NODELAY	1
#define TCP_CONGESTION	13
#define NOT_ECT		0
#define ECT_0		2
#define CE		3

/* An open connection that uses ECN, opened by the stack */
static int open_ecn(struct wire *w)
{
	int fd;

	wire_sysctl(w, "ltcp_ecn", 1);
	fd = wire_connect_start(w);
	wire_expect(w, SYN | ECE | CWR, .tos = NOT_ECT);
	wire_send(w, SYN | ACK | ECE, .mss = 1000);
	wire_expect(w, ACK, .tos = NOT_ECT);
	return fd;
}

/* An open connection with room for whatever a test writes */
static int open_roomy(struct wire *w)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, SOL_SOCKET, SO_SNDBUF, 1 << 20);
	return wire_open_active(w, .mss = 1000, .fd = fd);
}

static void expect_full(struct wire *w, int n)
{
	while (n--)
		wire_expect(w, ACK | PSH_ANY, .len = 1000);
}

/* RFC 3168 section 6.1.1: asked for, agreed on, and then text is ECT(0) */
WIRE_TEST(ecn_active)
{
	int fd = open_ecn(w);

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100, .tos = ECT_0);
	wire_send(w, ACK);
}

WIRE_TEST(ecn_active_refused)
{
	int fd;

	wire_sysctl(w, "ltcp_ecn", 1);
	fd = wire_connect_start(w);
	wire_expect(w, SYN | ECE | CWR);
	wire_send(w, SYN | ACK, .mss = 1000);
	wire_expect(w, ACK);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100, .tos = NOT_ECT);
	wire_send(w, ACK);
}

/* Section 6.1.1.1: the SYN again, without it */
WIRE_TEST(ecn_active_falls_back)
{
	int fd;

	wire_sysctl(w, "ltcp_ecn", 1);
	fd = wire_connect_start(w);
	wire_expect(w, SYN | ECE | CWR);
	wire_expect(w, SYN, .after = 1000);
	wire_send(w, SYN | ACK, .mss = 1000);
	wire_expect(w, ACK);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100, .tos = NOT_ECT);
	wire_send(w, ACK);
}

/* Accept with @setting; ECN is in use then if @yes */
static void accept_ecn(struct wire *w, int setting, bool yes, bool ts)
{
	int listener, fd;

	wire_sysctl(w, "ltcp_ecn", setting);
	listener = wire_listen(w);
	wire_send(w, SYN | ECE | CWR, .mss = 1000, .tsval = ts ? 100 : NONE);
	wire_expect(w, yes ? SYN | ACK | ECE : SYN | ACK, .tos = NOT_ECT);
	wire_send(w, ACK);
	fd = wire_accept(w, listener);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100, .tos = yes ? ECT_0 : NOT_ECT);
	wire_send(w, ACK);
}

WIRE_TEST(ecn_passive) { accept_ecn(w, 2, true, false); }
WIRE_TEST(ecn_passive_off) { accept_ecn(w, 0, false, false); }

/* A cookie carries it in the timestamp, and without one cannot agree to it */
WIRE_TEST(ecn_cookie)
{
	wire_sysctl(w, "ltcp_syncookies", 2);
	accept_ecn(w, 2, true, true);
}

WIRE_TEST(ecn_cookie_without_timestamps)
{
	wire_sysctl(w, "ltcp_syncookies", 2);
	accept_ecn(w, 2, false, false);
}

/* The SYN does not ask: the answer does not offer */
WIRE_TEST(ecn_passive_unasked)
{
	wire_listen(w);
	wire_send(w, SYN, .mss = 1000);
	wire_expect(w, SYN | ACK);
	wire_send(w, ACK);
}

/* Section 6.1.3: a mark is echoed until the peer says CWR */
WIRE_TEST(ecn_echo)
{
	int fd = open_ecn(w);

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_NODELAY, 1);
	wire_send(w, ACK, .len = 1000, .ecn = CE);
	wire_send(w, ACK, .len = 1000, .ecn = ECT_0);
	wire_expect(w, ACK | ECE, .tos = NOT_ECT);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK | ECE, .len = 10, .tos = ECT_0);
	wire_send(w, ACK | CWR, .len = 1000, .ecn = ECT_0);
	wire_send(w, ACK, .len = 1000, .ecn = ECT_0);
	wire_expect(w, ACK);
}

static void send_beside_ip_options(struct wire *w, int ecn)
{
	const u8 nops[] = { 1, 1, 1, 0 }, padding[] = { w->protocol, 0, 1, 4, 0, 0, 0, 0 };

	wire_send(w, ACK, .len = 1000, .ecn = ecn, .ip_opt = w->ipv6 ? padding : nops,
		  .ip_opt_len = w->ipv6 ? sizeof(padding) : sizeof(nops));
}

/* What is a mark, and what is not, with options in the IP header or extensions behind it */
WIRE_TEST(ecn_echo_beside_ip_options)
{
	open_ecn(w);
	send_beside_ip_options(w, ECT_0);
	send_beside_ip_options(w, ECT_0);
	wire_expect(w, ACK);
	send_beside_ip_options(w, CE);
	send_beside_ip_options(w, ECT_0);
	wire_expect(w, ACK | ECE, .tos = NOT_ECT);
}

/* Section 6.1.2: an echo takes the window down once, and is answered by CWR once */
WIRE_TEST(ecn_reaction)
{
	int fd, i;

	wire_sysctl_text(w, "ltcp_congestion_control", "reno");
	fd = open_ecn(w);
	wire_write(w, fd, 100000);
	expect_full(w, 10);
	for (i = 1; i <= 5; i++)	/* from ten to five in flight */
		wire_send(w, ACK | ECE, .ack = 1 + i * 1000);
	wire_expect_nothing(w, 20);
	wire_send(w, ACK | ECE, .ack = 6001);
	wire_expect(w, ACK | CWR | PSH_ANY, .len = 1000, .tos = ECT_0);
	wire_send(w, ACK, .ack = 7001);
	wire_expect(w, ACK | PSH_ANY, .len = 1000, .tos = ECT_0);
}

/* Section 6.1.5: what is sent again is not marked as able */
WIRE_TEST(ecn_retransmission)
{
	int fd = open_ecn(w);

	wire_write(w, fd, 500);
	wire_expect(w, PSH | ACK, .len = 500, .tos = ECT_0);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 500, .tos = NOT_ECT, .after = 200,
		    .until = 1500);
	wire_send(w, ACK);
}

/* A mark on what is answered without a connection is not the answer's */
WIRE_TEST(ecn_mark_is_not_mirrored)
{
	wire_send(w, SYN, .ecn = CE);
	wire_expect(w, RST | ACK, .seq = 0, .tos = NOT_ECT);
}

/* RFC 8257 section 3.2: what was not marked is acknowledged apart from what was */
WIRE_TEST(dctcp_echo)
{
	int fd = wire_socket(w);

	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "dctcp", 5))
		wire_fail(w, WIRE_HERE, "TCP_CONGESTION: %s", strerror(errno));
	wire_connect_fd(w, fd);
	wire_expect(w, SYN | ECE | CWR);	/* though the setting is 2 */
	wire_send(w, SYN | ACK | ECE, .mss = 1000);
	wire_expect(w, ACK);
	wire_send(w, ACK, .len = 1000, .ecn = ECT_0);
	wire_send(w, ACK, .len = 1000, .ecn = CE);
	wire_expect(w, ACK, .ack = 1001);
	wire_send(w, ACK, .len = 1000, .ecn = CE);
	wire_expect(w, ACK | ECE, .ack = 3001);
	wire_send(w, ACK, .len = 1000, .ecn = ECT_0);
	wire_send(w, ACK, .len = 1000, .ecn = ECT_0);
	wire_expect(w, ACK, .ack = 5001);
}

/* RFC 9438 section 4.6: CUBIC keeps seven tenths */
WIRE_TEST(cubic_reduces_to_seven_tenths)
{
	int fd, i;

	wire_sysctl_text(w, "ltcp_congestion_control", "cubic");
	fd = open_ecn(w);
	wire_write(w, fd, 100000);
	expect_full(w, 10);
	for (i = 1; i <= 3; i++)
		wire_send(w, ACK | ECE, .ack = 1 + i * 1000);
	wire_expect_nothing(w, 20);
	wire_send(w, ACK, .ack = 4001);
	wire_expect(w, ACK | CWR | PSH_ANY, .len = 1000);
}

/* RFC 3465: slow start counts octets: one ACK of ten segments is worth ten */
WIRE_TEST(slow_start_counts_octets)
{
	int fd = open_roomy(w);

	wire_write(w, fd, 100000);
	expect_full(w, 10);
	wire_send(w, ACK, .ack = 10001);
	expect_full(w, 20);
	wire_expect_nothing(w, 20);
}

/* RFC 5681 section 4.1: after silence no more than the initial window */
static void after_silence(struct wire *w, int setting, int segments)
{
	int fd;

	wire_sysctl(w, "ltcp_slow_start_after_idle", setting);
	fd = open_roomy(w);
	wire_write(w, fd, 30000);
	expect_full(w, 10);
	wire_send(w, ACK, .ack = 10001);
	expect_full(w, 20);
	wire_send(w, ACK, .ack = 30001);
	wire_sleep(w, 5000);
	wire_write(w, fd, 30000);
	expect_full(w, segments);
	wire_expect_nothing(w, 20);
}

WIRE_TEST(restart_after_idle) { after_silence(w, 1, 10); }
WIRE_TEST(no_restart_after_idle) { after_silence(w, 0, 30); }

/*
 * Pacing. LTCP's timer may be late by two ticks of 4 ms, so what is due within 10 ms goes to
 * the queueing discipline. That is the way out at once without fq, which keeps each segment
 * until its time; of that the clock here, which is virtual, shows microseconds.
 */
#define AHEAD_US	10000
#define TIMER_US	8000
#define TOGETHER_US	300

/* How late it may be seen; the checkers of the debug kernel take some milliseconds */
static long clock_us(void)
{
	const char *kernel = getenv("LTCP_KERNEL");

	return kernel && !strcmp(kernel, "debug") ? 6000 : 300;
}

static void add_fq(struct wire *w)
{
	wire_check(w, !system("tc qdisc add dev tun0 root fq"), "no fq");
}

/* An open connection with a window of 40 segments that is not paced so far */
static int open_wide(struct wire *w)
{
	int fd = open_roomy(w);

	wire_write(w, fd, 30000);
	expect_full(w, 10);
	wire_send(w, ACK, .ack = 10001);
	expect_full(w, 20);
	wire_send(w, ACK, .ack = 30001);
	wire_expect_nothing(w, 100);
	return fd;
}

static int open_limited(struct wire *w, int rate)
{
	int fd = open_wide(w);

	wire_setsockopt(w, fd, SOL_SOCKET, SO_MAX_PACING_RATE, rate);
	return fd;
}

/**
 * struct pace - how text is to come
 * @rate: octets a second
 * @burst: segments that may come at a time
 * @fq: fq is there
 * @silent: do not acknowledge them
 */
struct pace {
	int rate;
	int burst;
	bool fq;
	bool silent;
};

/* @n segments, each in its turn or with the first of its burst, none early, none late */
static void expect_paced(struct wire *w, int n, struct pace pace)
{
	long first = (pace.burst - 1) * 1000000000l / pace.rate + (pace.fq ? 0 : AHEAD_US);
	long late = pace.fq ? clock_us() : TIMER_US, begun = 0, due, at;
	u64 start = 0;
	int i, together = 0;

	for (i = 0; i < n; i++) {
		at = wire_expect(w, ACK | PSH_ANY, .len = 1000, .until = 1000)->time;
		if (!start)
			start = at;
		at -= start;
		due = i * 1000000000l / pace.rate;
		wire_check(w, at >= due - first - clock_us(), "segment %d: %ld us early", i,
			   due - first - at);
		due -= pace.fq ? 0 : AHEAD_US;
		wire_check(w, at <= (due > 0 ? due : 0) + late, "segment %d: %ld us late", i,
			   at - due);
		together = i && at - begun < TOGETHER_US ? together + 1 : 1;
		begun = together == 1 ? at : begun;
		wire_check(w, !pace.fq || together <= pace.burst, "segment %d in a longer burst", i);
		if (!pace.silent)	/* no timeout, no probe */
			wire_send(w, ACK);
	}
}

static void at_rate(struct wire *w, struct pace pace)
{
	int fd;

	if (pace.fq)
		add_fq(w);
	fd = open_limited(w, pace.rate);
	wire_write(w, fd, 40000);
	expect_paced(w, 40, pace);
	wire_expect_nothing(w, 100);
	wire_write(w, fd, 10000);	/* after a pause it is the same */
	expect_paced(w, 10, pace);
}

/* SO_MAX_PACING_RATE: a segment in 10 ms; five in a millisecond, which is a burst */
WIRE_TEST(pacing) { at_rate(w, (struct pace){ .rate = 100000, .burst = 1 }); }
WIRE_TEST(pacing_bursts) { at_rate(w, (struct pace){ .rate = 5000000, .burst = 5 }); }
WIRE_TEST(pacing_fq) { at_rate(w, (struct pace){ .rate = 100000, .burst = 1, .fq = true }); }
WIRE_TEST(pacing_fq_bursts) { at_rate(w, (struct pace){ .rate = 5000000, .burst = 5, .fq = true }); }

/* Slower than LTCP looks ahead */
WIRE_TEST(pacing_slow) { at_rate(w, (struct pace){ .rate = 12500, .burst = 1 }); }
WIRE_TEST(pacing_fq_slow) { at_rate(w, (struct pace){ .rate = 12500, .burst = 1, .fq = true }); }

/* Without a limit fq keeps nothing back */
WIRE_TEST(pacing_fq_unlimited)
{
	u64 start, end;
	int fd;

	add_fq(w);
	fd = open_wide(w);
	wire_write(w, fd, 40000);
	start = wire_expect(w, ACK, .len = 1000)->time;
	expect_full(w, 38);
	end = wire_expect(w, ACK | PSH, .len = 1000)->time;
	wire_check(w, (long)(end - start) < 10 * clock_us() / 3, "40 segments took %ld us",
		   (long)(end - start));
	wire_send(w, ACK);
}

/* ... nor when there was one: what comes then only follows what has its time already */
static void limit_is_taken_away(struct wire *w, bool fq)
{
	u64 start, last = 0;
	int fd;

	if (fq)
		add_fq(w);
	fd = open_limited(w, 12500);
	wire_write(w, fd, 20000);
	expect_paced(w, 5, (struct pace){ .rate = 12500, .burst = 1, .fq = fq });
	wire_setsockopt(w, fd, SOL_SOCKET, SO_MAX_PACING_RATE, ~0);
	start = wire_now();
	wire_write(w, fd, 10000);
	/* Some may be held back until others have left, and are seen when we have read these */
	for (int i = 0; i < 25; i++)
		last = wire_expect(w, ACK | PSH_ANY, .len = 1000, .until = 100)->time;
	wire_check(w, last - start < 2 * AHEAD_US, "the last took %ld us", (long)(last - start));
	wire_send(w, ACK);
	wire_write(w, fd, 40000);
	expect_full(w, 40);
	wire_send(w, ACK);
}

WIRE_TEST(pacing_limit_taken_away) { limit_is_taken_away(w, false); }
WIRE_TEST(pacing_fq_limit_taken_away) { limit_is_taken_away(w, true); }

/* An algorithm that has what is sent paced: ten segments in half a round trip in slow start */
static void by_algorithm(struct wire *w, bool fq)
{
	int fd = wire_socket(w);

	/* Still there if the test before has failed */
	wire_check(w, !system("rmmod ltcp_cong_example 2>/dev/null\n"
			      "insmod ${LTCP_KO%/*}/ltcp_cong_example.ko flags=12"), "no module");
	if (fq)
		add_fq(w);
	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "example", 7))
		wire_fail(w, WIRE_HERE, "TCP_CONGESTION: %s", strerror(errno));
	wire_connect_fd(w, fd);
	wire_expect(w, SYN);
	wire_sleep(w, 100);
	wire_send(w, SYN | ACK, .mss = 1000);
	wire_expect(w, ACK);
	wire_write(w, fd, 10000);
	expect_paced(w, 10, (struct pace){ .rate = 200000, .burst = 1, .fq = fq, .silent = true });
	wire_abort(w, fd);
	wire_expect(w, RST);
	wire_check(w, !system("rmmod ltcp_cong_example"), "the module stays");
}

WIRE_TEST(pacing_by_algorithm) { by_algorithm(w, false); }
WIRE_TEST(pacing_fq_by_algorithm) { by_algorithm(w, true); }

TEST_HARNESS_MAIN
