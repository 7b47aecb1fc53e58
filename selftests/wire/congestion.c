// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion control: ECN (RFC 3168), DCTCP's echo (RFC 8257), growth and restart of
 * the window (RFC 5681, RFC 3465, RFC 9438).
 */
#define WIRE_MAIN
#include <netinet/in.h>
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

/* SO_MAX_PACING_RATE without fq: ten segments a second hundred, however large the window is */
WIRE_TEST(pacing)
{
	int fd = open_roomy(w), rate = 100000;

	wire_setsockopt(w, fd, SOL_SOCKET, SO_MAX_PACING_RATE, rate);
	wire_write(w, fd, 10000);
	expect_full(w, 2);
	wire_check(w, wire_drain(w, 50) >= 4, "too slow");
	wire_check(w, wire_drain(w, 10) <= 2, "too fast");
	wire_drain(w, 200);
	wire_send(w, ACK, .ack = 10001);
}

TEST_HARNESS_MAIN
