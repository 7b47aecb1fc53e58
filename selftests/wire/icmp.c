// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors: soft ones, hard ones, path MTU, and forged ones. RFC 9293
 * section 3.9.2.2, RFC 5927, RFC 1191; labels are RFC 9293's.
 */
#define WIRE_MAIN
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

/* ICMP types and codes */
#define UNREACHABLE	3
#define NET		0
#define HOST		1
#define PROTOCOL	2
#define PORT		3
#define TOO_BIG		4
#define SOURCE_ROUTE	5
#define SOURCE_QUENCH	4
#define TIME_EXCEEDED	11
#define PARAMETER	12

#define ROUTER		"192.0.2.1"

/*
 * What UNREACHABLE, PROTOCOL is for the user; its twin is "administratively
 * prohibited", since ICMPv6 says by a soft error that a protocol is unknown
 */
static int hard_error(const struct wire *w)
{
	return w->ipv6 ? EACCES : ENOPROTOOPT;
}

/* --- soft errors (MUST-56) ---------------------------------------------------- */

/* The connection goes on as if nothing had come, and opens */
static void soft_while_opening(struct wire *w, int type, int code)
{
	int fd = wire_connect_start(w);

	wire_expect(w, SYN);
	wire_icmp(w, type, code, .seq = 0, .src = ROUTER);
	wire_expect_state(w, fd, SYN_SENT);
	wire_expect(w, SYN, .seq = 0, .after = 990, .until = 1200);
	wire_icmp(w, type, code, .seq = 0, .src = ROUTER);
	wire_expect(w, SYN, .seq = 0, .after = 1990, .until = 2300);
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	wire_expect_state(w, fd, ESTABLISHED);
}

static void soft_while_open(struct wire *w, int type, int code)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_icmp(w, type, code, .seq = 1, .src = ROUTER);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 100, .after = 190, .until = 300);
	wire_send(w, ACK);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_expect_state(w, fd, ESTABLISHED);
}

#define SOFT(name, type, code)							\
	WIRE_TEST(name##_while_opening) { soft_while_opening(w, type, code); }	\
	WIRE_TEST(name##_while_open) { soft_while_open(w, type, code); }

SOFT(net_unreachable, UNREACHABLE, NET)
SOFT(host_unreachable, UNREACHABLE, HOST)
SOFT(source_route_failed, UNREACHABLE, SOURCE_ROUTE)
SOFT(time_exceeded, TIME_EXCEEDED, 0)
SOFT(reassembly_time_exceeded, TIME_EXCEEDED, 1)
SOFT(parameter_problem, PARAMETER, 0)
/* MUST-55: Source Quench is dropped in silence */
SOFT(source_quench, SOURCE_QUENCH, 0)

/* SHLD-25, MUST-47: in the end the user learns what stood behind the silence */
WIRE_TEST(soft_error_is_the_reason)
{
	int fd = wire_connect_start(w);

	wire_expect(w, SYN);
	wire_icmp(w, UNREACHABLE, HOST, .seq = 0, .src = ROUTER);
	wire_drain(w, 600 * 1000);
	wire_expect_state(w, fd, CLOSED);
	wire_expect_error(w, fd, EHOSTUNREACH);
}

/* ... but not if the path has worked since then */
WIRE_TEST(soft_error_is_forgotten)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_icmp(w, UNREACHABLE, HOST, .seq = 1, .src = ROUTER);
	wire_getsockopt(w, fd, SOL_SOCKET, SO_ERROR);
	wire_send(w, ACK);
	wire_write(w, fd, 100);
	wire_drain(w, 1800 * 1000);
	wire_expect_state(w, fd, CLOSED);
	wire_expect_error(w, fd, ETIMEDOUT);
}

/* MUST-55: Source Quench changes nothing about how much is sent */
WIRE_TEST(source_quench_leaves_window)
{
	int fd = wire_open_active(w, .mss = 1000), i;

	wire_write(w, fd, 1000);
	wire_expect(w, PSH | ACK, .len = 1000);
	wire_icmp(w, SOURCE_QUENCH, 0, .seq = 1, .src = ROUTER);
	wire_write(w, fd, 9000);
	for (i = 0; i < 9; i++)
		wire_expect(w, ACK | PSH_ANY, .len = 1000);
}

/* --- hard errors (SHLD-26) -------------------------------------------------------- */

/* A peer without LTCP: that is what the caller must hear (issue: ENOPROTOOPT) */
WIRE_TEST(protocol_unreachable_in_syn_sent)
{
	int fd = wire_into(w, SYN_SENT);

	wire_icmp(w, UNREACHABLE, PROTOCOL, .seq = 0);
	wire_expect_state(w, fd, CLOSED);
	wire_arrow(w, 24);
	wire_expect_error(w, fd, hard_error(w));
	wire_expect_nothing(w, 10000);
}

WIRE_TEST(port_unreachable_in_syn_sent)
{
	int fd = wire_into(w, SYN_SENT);

	wire_icmp(w, UNREACHABLE, PORT, .seq = 0);
	wire_expect_state(w, fd, CLOSED);
	wire_arrow(w, 24);
	wire_expect_error(w, fd, ECONNREFUSED);
	wire_expect_nothing(w, 10000);
}

/* Arrow 25 */
WIRE_TEST(protocol_unreachable_in_syn_received)
{
	int fd = wire_into(w, SYN_RECEIVED);

	wire_icmp(w, UNREACHABLE, PROTOCOL, .seq = 0);
	wire_expect_state(w, fd, CLOSED);
	wire_arrow(w, 25);
	wire_expect_error(w, fd, hard_error(w));
	wire_expect_nothing(w, 10000);
}

/* ... and of a half-open connection, which the user does not know of */
WIRE_TEST(port_unreachable_half_open)
{
	int listener = wire_into(w, SYN_RECEIVED, .passive = true);

	wire_icmp(w, UNREACHABLE, PORT, .seq = 0);
	wire_expect_nothing(w, 100000);
	wire_send(w, ACK);
	wire_expect(w, RST, .seq = 1);
	wire_expect_error(w, listener, 0);
}

/* RFC 5927 section 5.2: a synchronised connection survives them; retransmission decides */
static void hard_while_open(struct wire *w, int code)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_icmp(w, UNREACHABLE, code, .seq = 1, .src = ROUTER);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 100, .after = 190, .until = 300);
	wire_send(w, ACK);
	wire_expect_state(w, fd, ESTABLISHED);
}

WIRE_TEST(protocol_unreachable_while_open)	{ hard_while_open(w, PROTOCOL); }
WIRE_TEST(port_unreachable_while_open)		{ hard_while_open(w, PORT); }

/* --- forged ones (RFC 5927 section 4.1, MUST-54) ------------------------------------ */

/* A quote of what is not in flight is ignored, and counted */
static void ignored(struct wire *w, s64 seq)
{
	long before = wire_counter(w, "IcmpIgnored");

	wire_icmp(w, UNREACHABLE, PROTOCOL, .seq = seq);
	wire_check(w, wire_counter(w, "IcmpIgnored") == before + 1, "seq %lld: not counted",
		   (long long)seq);
}

WIRE_TEST(quote_not_in_flight_in_syn_sent)
{
	int fd = wire_into(w, SYN_SENT);

	ignored(w, -1);
	ignored(w, 1);
	ignored(w, 1 << 30);
	wire_expect_error(w, fd, 0);
	wire_expect_state(w, fd, SYN_SENT);
	wire_icmp(w, UNREACHABLE, PROTOCOL, .seq = 0);
	wire_expect_state(w, fd, CLOSED);
}

WIRE_TEST(quote_not_in_flight_half_open)
{
	int listener = wire_into(w, SYN_RECEIVED, .passive = true);

	wire_icmp(w, UNREACHABLE, PROTOCOL, .seq = -1);
	wire_icmp(w, UNREACHABLE, PROTOCOL, .seq = 1);
	wire_send(w, ACK);
	wire_expect_state(w, wire_accept(w, listener), ESTABLISHED);
}

/* A path MTU out of the blue */
WIRE_TEST(quote_not_in_flight_mtu)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_icmp(w, UNREACHABLE, TOO_BIG, .seq = 1, .mtu = 1300);
	wire_icmp(w, UNREACHABLE, TOO_BIG, .seq = 0, .mtu = 1300);
	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_icmp(w, UNREACHABLE, TOO_BIG, .seq = 1461, .mtu = 1300);
	wire_send(w, ACK);
	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
}

/* Another port, a wrong checksum: not ours */
WIRE_TEST(quote_of_other_connection)
{
	int fd = wire_into(w, SYN_SENT);

	wire_icmp(w, UNREACHABLE, PROTOCOL, .seq = 0, .port = 1);
	wire_icmp(w, UNREACHABLE, PROTOCOL, .seq = 0, .bad_csum = true);
	wire_expect_state(w, fd, SYN_SENT);
	wire_expect_error(w, fd, 0);
}

/* A quote that is too short to hold a sequence number must not be read past its end */
WIRE_TEST(quote_too_short)
{
	int fd = wire_into(w, SYN_SENT);

	wire_icmp(w, UNREACHABLE, PROTOCOL, .seq = 0, .quote = 4);
	wire_expect_state(w, fd, SYN_SENT);
}

/* A longer quote is as good (RFC 1812 section 4.3.2.3) */
WIRE_TEST(quote_long)
{
	int fd = wire_into(w, SYN_SENT);

	wire_icmp(w, UNREACHABLE, PROTOCOL, .seq = 0, .quote = 60);
	wire_expect_error(w, fd, hard_error(w));
}

/* TIME-WAIT and LISTEN have nothing in flight */
WIRE_TEST(unreachable_in_time_wait)
{
	wire_into(w, TIME_WAIT);
	wire_icmp(w, UNREACHABLE, PORT, .seq = 1);
	wire_icmp(w, UNREACHABLE, PORT, .seq = 2);
	wire_expect_state(w, NO_FD, TIME_WAIT);
	wire_expect_nothing(w, 1000);
}

WIRE_TEST(unreachable_for_listener)
{
	int fd = wire_into(w, LISTEN);

	wire_icmp(w, UNREACHABLE, PORT, .seq = 0);
	wire_expect_state(w, fd, LISTEN);
	wire_expect_error(w, fd, 0);
}

/* --- path MTU (RFC 1191, MUST-16) ------------------------------------------------------ */

/* What was too big goes again at once, in pieces that fit; later segments fit too */
WIRE_TEST(mtu_shrinks_segments)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_icmp(w, UNREACHABLE, TOO_BIG, .seq = 1, .mtu = 1400, .src = ROUTER);
	wire_expect(w, ACK | PSH_ANY, .seq = 1, .len = 1360);
	wire_drain(w, 20);
	wire_send(w, ACK, .ack = 1461);
	wire_write(w, fd, 1360 * 3);
	wire_expect(w, ACK | PSH_ANY, .len = 1360);
	wire_expect(w, ACK | PSH_ANY, .len = 1360);
	wire_expect(w, ACK | PSH, .len = 1360);
	wire_check(w, w->pkt->df, "no DF: the path could not be measured any further");
}

/* RFC 1191 section 6.5: that is no congestion: what fits the window goes on */
WIRE_TEST(mtu_is_no_congestion)
{
	int fd = wire_into(w, ESTABLISHED), i, n;

	wire_write(w, fd, 14600);
	for (i = 0; i < 10; i++)
		wire_expect(w, ACK | PSH_ANY, .len = 1460);
	wire_icmp(w, UNREACHABLE, TOO_BIG, .seq = 1, .mtu = 1400, .src = ROUTER);
	n = wire_drain(w, 20);
	wire_check(w, n >= 1 && w->pkt->seg.len <= 1360, "%d segments", n);
	wire_send(w, ACK, .ack = 1361);
	for (i = 0; i < 40 && w->pkt->seg.seq + w->pkt->seg.len < 14601; i++) {
		wire_check(w, wire_recv(w, 20), "it waits at %lld",
			   (long long)w->pkt->seg.seq + w->pkt->seg.len);
		wire_check(w, w->pkt->seg.len <= 1360, "a segment of %d", w->pkt->seg.len);
		wire_send(w, ACK, .ack = w->pkt->seg.seq + w->pkt->seg.len);
	}
	wire_drain(w, 20);
}

/* With timestamps they come off too */
WIRE_TEST(mtu_less_timestamps)
{
	int fd = wire_open_active(w, .ts = true);

	wire_write(w, fd, 1448);
	wire_expect(w, PSH | ACK, .len = 1448);
	wire_icmp(w, UNREACHABLE, TOO_BIG, .seq = 1, .mtu = 1400, .src = ROUTER);
	wire_expect(w, ACK | PSH_ANY, .seq = 1, .len = 1348);
	wire_drain(w, 20);
}

/*
 * The floor: nobody makes us send crumbs; 552 is Linux's route/min_pmtu. Over
 * IPv6 the message is to be discarded (RFC 8201 section 4).
 */
WIRE_TEST(mtu_floor)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_icmp(w, UNREACHABLE, TOO_BIG, .seq = 1, .mtu = 68, .src = ROUTER);
	if (w->ipv6) {
		wire_expect_nothing(w, 100);
		return;
	}
	wire_expect(w, ACK | PSH_ANY, .seq = 1, .len = 512);
	wire_drain(w, 20);
}

/* A larger one is no news */
WIRE_TEST(mtu_larger_is_ignored)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_icmp(w, UNREACHABLE, TOO_BIG, .seq = 1, .mtu = 9000, .src = ROUTER);
	wire_expect_nothing(w, 100);
	wire_send(w, ACK);
	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
}

/* Two connections to one host share the path, and its MTU */
WIRE_TEST(mtu_for_next_connection)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_icmp(w, UNREACHABLE, TOO_BIG, .seq = 1, .mtu = 1400, .src = ROUTER);
	wire_drain(w, 20);
	wire_new_flow(w);
	fd = wire_into(w, ESTABLISHED);
	wire_write(w, fd, 1360);
	wire_expect(w, PSH | ACK, .len = 1360);
	wire_send(w, ACK);
	wire_write(w, fd, 1460);
	wire_expect(w, ACK | PSH_ANY, .len = 1360);
	wire_drain(w, 20);
}

/* While the SYN is out, the message is kept for the segments to come */
WIRE_TEST(mtu_in_syn_sent)
{
	int fd = wire_into(w, SYN_SENT);

	wire_icmp(w, UNREACHABLE, TOO_BIG, .seq = 0, .mtu = 1400, .src = ROUTER);
	wire_expect_state(w, fd, SYN_SENT);
	wire_drain(w, 20);
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	wire_write(w, fd, 1460);
	wire_expect(w, ACK | PSH_ANY, .len = 1360);
	wire_drain(w, 20);
}

/* --- path MTU without ICMP (RFC 4821) --------------------------------------------------- */

/* Section 7.7: after R1 timeouts segments become smaller, and smaller yet */
WIRE_TEST(black_hole_is_noticed)
{
	int fd;

	wire_sysctl(w, "ltcp_mtu_probing", 1);
	fd = wire_into(w, ESTABLISHED);
	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 1460, .after = 190, .until = 300);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 1460, .after = 390, .until = 500);
	wire_expect(w, ACK, .seq = 1, .len = 1024, .after = 790, .until = 1000);
	wire_expect(w, ACK, .seq = 1, .len = 512, .after = 1590, .until = 2000);
	wire_send(w, ACK, .ack = 513);
	wire_expect(w, ACK, .seq = 513, .len = 512);
	wire_drain(w, 20);
	wire_check(w, wire_counter(w, "MTUBlackHoles") == 2, "MTUBlackHoles");
}

/* That is so only where it is asked for */
WIRE_TEST(black_hole_is_none_of_ours)
{
	int fd = wire_into(w, ESTABLISHED), i;

	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	for (i = 0; i < 6; i++)
		wire_expect(w, PSH | ACK, .seq = 1, .len = 1460, .after = 190 << i,
			    .until = 260 << i);
}

/* Three segments of the base's size behind a probe; returns the descriptor */
static int probing(struct wire *w)
{
	int fd, i;

	wire_sysctl(w, "ltcp_mtu_probing", 2);
	fd = wire_open_active(w, .mss = 1460);
	wire_write(w, fd, 1460 + 3 * 1024);
	wire_expect(w, ACK | PSH_ANY, .len = 1460);
	wire_check(w, w->pkt->df, "no DF: a probe that is cut on the way tells nothing");
	for (i = 0; i < 3; i++)
		wire_expect(w, ACK | PSH_ANY, .len = 1024);
	return fd;
}

/* Section 7.6.1: what has passed is the size of segments from now on */
WIRE_TEST(probe_passes)
{
	int fd = probing(w);

	wire_send(w, ACK);
	wire_write(w, fd, 2 * 1460);
	wire_expect(w, ACK | PSH_ANY, .len = 1460);
	wire_expect(w, ACK | PSH_ANY, .len = 1460);
	wire_check(w, wire_counter(w, "MTUPSuccess") == 1, "MTUPSuccess");
}

/* Section 7.5: its text goes again at once, in segments that pass; no congestion */
WIRE_TEST(probe_is_lost)
{
	int fd = probing(w), i;

	for (i = 0; i < 3; i++)
		wire_send(w, ACK, .ack = 1);
	wire_expect(w, ACK, .seq = 1, .len = 1024);
	wire_expect(w, ACK, .seq = 1025, .len = 436);
	wire_expect_nothing(w, 10);
	wire_send(w, ACK, .ack = 1461 + 3 * 1024);
	wire_check(w, wire_counter(w, "MTUPFail") == 1, "MTUPFail");
	wire_check(w, wire_counter(w, "FastRetransmits") == 0, "FastRetransmits");
	/* The next is half as far */
	wire_write(w, fd, 5 * 1024);
	wire_expect(w, ACK | PSH_ANY, .len = (1024 + 1459 + 1) / 2);
	for (i = 0; i < 3; i++)
		wire_expect(w, ACK | PSH_ANY, .len = 1024);
	wire_drain(w, 20);
}

TEST_HARNESS_MAIN
