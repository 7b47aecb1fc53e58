// SPDX-License-Identifier: GPL-2.0
/*
 * The arrows of the state diagram, RFC 9293 section 3.3.2 figure 5, its notes
 * and section 3.10, each forced on the wire and seen in the state trace. The
 * last test totals them: an arrow without a test fails it.
 */
#define WIRE_MAIN
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>

#include "wire.h"

/* Arrows 1 and 3: OPEN, passive (section 3.10.1); CLOSE in LISTEN (section 3.10.4) */
WIRE_TEST(listen_and_close)
{
	int fd = wire_into(w, LISTEN);

	wire_arrow(w, 1);
	wire_close(w, fd);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_arrow(w, 3);
	wire_expect_nothing(w, 1000);
}

/* Arrows 2 and 8: the client's side of figure 6 (section 3.5) */
WIRE_TEST(active_open)
{
	int fd = wire_connect_start(w);

	wire_expect(w, SYN, .mss = 1460);
	wire_expect_state(w, fd, SYN_SENT);
	wire_arrow(w, 2);
	wire_send(w, SYN | ACK, .seq = 0, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	wire_connected(w, fd);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_arrow(w, 8);
}

/* Arrows 4 and 9: the server's side of figure 6 (section 3.5) */
WIRE_TEST(passive_open)
{
	int listener = wire_listen(w), fd;

	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	wire_expect_state(w, NO_FD, SYN_RECEIVED);
	wire_arrow(w, 4);
	wire_send(w, ACK, .seq = 1, .ack = 1);
	fd = wire_accept(w, listener);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_arrow(w, 9);
	wire_expect_nothing(w, 1000);
}

/* Arrow 5: OPEN, active, in LISTEN turns the listener into a client (section 3.10.1) */
WIRE_TEST(active_open_on_listener)
{
	int fd = wire_into(w, LISTEN);

	wire_connect_fd(w, fd);
	wire_expect(w, SYN, .mss = 1460);
	wire_expect_state(w, fd, SYN_SENT);
	wire_arrow(w, 5);
	wire_check(w, w->pkt->sport == WIRE_PORT, "the SYN comes from port %u", w->pkt->sport);
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* Arrow 6: CLOSE in SYN-SENT deletes the TCB, silently (section 3.10.4) */
WIRE_TEST(close_in_syn_sent)
{
	int fd = wire_into(w, SYN_SENT);

	wire_close(w, fd);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_arrow(w, 6);
	wire_expect_nothing(w, 10000);
}

/* Arrows 7 and 9: simultaneous open, figure 7 (section 3.5, MUST-10) */
WIRE_TEST(simultaneous_open)
{
	int fd = wire_connect_start(w);

	wire_expect(w, SYN, .mss = 1460);
	wire_send(w, SYN, .seq = 0, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	wire_expect_state(w, fd, SYN_RECEIVED);
	wire_arrow(w, 7);
	wire_send(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	wire_connected(w, fd);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_arrow(w, 9);
	/* Data flows both ways from ISS+1 on. */
	wire_drain(w, 1000);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	wire_send(w, PSH | ACK, .len = 10);
	wire_read(w, fd, 10);
	wire_drain(w, 1000);
}

/* Arrow 10: CLOSE in SYN-RECEIVED (section 3.10.4) */
WIRE_TEST(close_in_syn_received)
{
	int fd = wire_into(w, SYN_RECEIVED);

	wire_shutdown(w, fd);
	wire_expect_state(w, fd, FIN_WAIT_1);
	wire_arrow(w, 10);
	/* When the FIN goes is close.c's business: fin_in_syn_received */
	wire_send(w, ACK, .ack = 1);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_send(w, ACK, .ack = 2);
	wire_expect_state(w, fd, FIN_WAIT_2);
}

/*
 * Arrows 11, 13, 16 and 20: the closer's side of figure 12 (section 3.6), and
 * the end of TIME-WAIT after 2MSL (section 3.10.8)
 */
WIRE_TEST(active_close)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_shutdown(w, fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_expect_state(w, fd, FIN_WAIT_1);
	wire_arrow(w, 11);
	wire_send(w, ACK, .ack = 2);
	wire_expect_state(w, fd, FIN_WAIT_2);
	wire_arrow(w, 13);
	wire_send(w, FIN | ACK, .ack = 2);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_expect_state(w, NO_FD, TIME_WAIT);
	wire_arrow(w, 16);
	wire_expect_nothing(w, 61000);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_arrow(w, 20);
}

/* Arrows 12, 18 and 19: the other side of figure 12 (section 3.6) */
WIRE_TEST(passive_close)
{
	int fd = wire_into(w, ESTABLISHED, .passive = true);

	wire_send(w, FIN | ACK);
	wire_expect(w, ACK, .seq = 1, .ack = 2);
	wire_expect_state(w, fd, CLOSE_WAIT);
	wire_arrow(w, 12);
	wire_read_eof(w, fd);
	wire_close(w, fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_expect_state(w, NO_FD, LAST_ACK);
	wire_arrow(w, 18);
	wire_send(w, ACK, .ack = 2);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_arrow(w, 19);
	wire_expect_nothing(w, 10000);
}

/* Arrows 14 and 17: simultaneous close, figure 13 (section 3.6) */
WIRE_TEST(simultaneous_close)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_shutdown(w, fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_send(w, FIN | ACK, .seq = NEXT, .ack = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_expect_state(w, fd, CLOSING);
	wire_arrow(w, 14);
	wire_send(w, ACK, .ack = 2);
	wire_expect_state(w, NO_FD, TIME_WAIT);
	wire_arrow(w, 17);
	wire_expect_nothing(w, 10000);
}

/* Arrow 15: FIN and the ACK of our FIN in one segment (section 3.10.7.4, eighth, FIN-WAIT-1) */
WIRE_TEST(fin_with_ack_of_fin)
{
	int fd = wire_into(w, FIN_WAIT_1);

	wire_send(w, FIN | ACK, .ack = 2);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_expect_state(w, NO_FD, TIME_WAIT);
	wire_arrow(w, 15);
	wire_read_eof(w, fd);
}

/* Arrow 21: RST in SYN-RECEIVED of a passive open: back to LISTEN, silently (MUST-11) */
WIRE_TEST(reset_half_open_passive)
{
	int listener = wire_into(w, SYN_RECEIVED, .passive = true);

	wire_send(w, RST, .seq = 1);
	wire_expect_nothing(w, 10000);
	wire_arrow(w, 21);
	wire_expect_state(w, listener, LISTEN);
	/* The listener is none the worse for it. */
	wire_new_flow(w);
	wire_into(w, ESTABLISHED, .passive = true, .fd = listener);
}

/* Arrow 22: the ACK of SYN brings a FIN along (section 3.10.7.4, eighth) */
WIRE_TEST(fin_with_ack_of_syn)
{
	int listener = wire_into(w, SYN_RECEIVED, .passive = true), fd;

	wire_send(w, FIN | ACK, .seq = NEXT, .ack = 1);
	wire_expect(w, ACK, .seq = 1, .ack = 2);
	fd = wire_accept(w, listener);
	wire_expect_state(w, fd, CLOSE_WAIT);
	wire_arrow(w, 22);
	wire_read_eof(w, fd);
}

/* Arrow 23: RST at RCV.NXT (section 3.10.7.4, second; MUST-12) */
WIRE_TEST(reset_established)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, RST);
	wire_expect_state(w, fd, CLOSED);
	wire_arrow(w, 23);
	wire_read_error(w, fd, ECONNRESET);
	wire_expect_nothing(w, 10000);
}

/* Arrow 23: ABORT sends RST (section 3.10.5) */
WIRE_TEST(abort_established)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_abort(w, fd);
	wire_expect(w, RST, .seq = 1);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_arrow(w, 23);
	wire_expect_nothing(w, 10000);
}

/* Arrow 23: USER TIMEOUT (section 3.10.8, MUST-21) */
WIRE_TEST(user_timeout_established)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_setsockopt(w, fd, IPPROTO_TCP, 18 /* TCP_USER_TIMEOUT */, 5000);
	wire_write(w, fd, 1);
	wire_expect(w, PSH | ACK, .len = 1);
	wire_drain(w, 20000);
	wire_expect_state(w, fd, CLOSED);
	wire_arrow(w, 23);
	wire_expect_error(w, fd, ETIMEDOUT);
}

/* Arrow 24: RST with an acceptable ACK in SYN-SENT (section 3.10.7.3, second) */
WIRE_TEST(refused)
{
	int fd = wire_into(w, SYN_SENT);

	wire_send(w, RST | ACK, .seq = 0, .ack = 1);
	wire_expect_state(w, fd, CLOSED);
	wire_arrow(w, 24);
	wire_expect_error(w, fd, ECONNREFUSED);
	wire_expect_nothing(w, 10000);
}

/* Arrow 25: RST in SYN-RECEIVED of an active open (MUST-11) */
WIRE_TEST(reset_half_open_active)
{
	int fd = wire_into(w, SYN_RECEIVED);

	wire_send(w, RST, .seq = 1);
	wire_expect_state(w, fd, CLOSED);
	wire_arrow(w, 25);
	wire_expect_error(w, fd, ECONNREFUSED);
	wire_expect_nothing(w, 10000);
}

/* Arrow 26: FIN-WAIT-2 without a user ends by itself, and silently */
WIRE_TEST(orphan_in_fin_wait_2)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_close(w, fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_send(w, ACK, .ack = 2);
	wire_expect_state(w, NO_FD, FIN_WAIT_2);
	wire_expect_nothing(w, 70000);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_arrow(w, 26);
}

/* Every arrow has been forced by a test above. */
WIRE_TEST(all_arrows)
{
	if (!wire_tests_before())
		SKIP(return, "totals the other tests of this program: run it whole");
	wire_check(w, wire_missing_arrows() == 0, "arrows that no test has forced");
}

TEST_HARNESS_MAIN
