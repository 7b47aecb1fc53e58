// SPDX-License-Identifier: GPL-2.0
/* shutdown(), close() and reset: how a connection ends, and what its users hear of it. */
#include "../kselftest_harness.h"

#include <signal.h>

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(close);

#define SOON	10	/* ms: what loopback has done by then is done */

/* A connection that can be cut: over a device of its own to host 2, whose namespace we keep */
static int remote_pair(struct netns_pair *net, int sv[2])
{
	int listener;

	if (netns_pair(net))
		return -1;
	netns_enter(net->ns[1]);
	listener = stream_listener(addr_host(2, 4000), 1);
	netns_enter(net->ns[0]);
	return stream_pair_at(sv, listener, addr_host(2, 4000));
}

/* Nothing passes any more, and nobody is told */
static int cut(void)
{
	struct netem all = { .loss = 1000000 };

	return netem_set("eth0", &all);
}

/* --- shutdown() -------------------------------------------------------------- */

TEST_F(close, half_close)
{
	struct mover m;
	char text[8] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(5, send(sv[0], "hello", 5, 0));
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_EQ(5, recv(sv[1], text, 8, MSG_WAITALL));
	EXPECT_EQ(0, recv(sv[1], text, 8, 0));
	EXPECT_EQ(0, recv(sv[1], text, 8, 0));
	EXPECT_TRUE(stream_reaches(sv[0], FIN_WAIT_2, 1000));
	EXPECT_EQ(CLOSE_WAIT, stream_state(sv[1]));
	/* The other way lives on */
	sleep_ms(200);
	mover_send(&m, sv[1], 1 << 20, 1);
	EXPECT_TRUE(recv_pattern(sv[0], 1 << 20, 1, 0));
	EXPECT_TRUE(mover_join(&m));
	EXPECT_OK(shutdown(sv[1], SHUT_WR));
	EXPECT_EQ(0, recv(sv[0], text, 8, 0));
}

TEST_F(close, no_writing_after_shutdown)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_ERR(EPIPE, send(sv[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, opt_get(sv[0], SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(1, send(sv[1], "x", 1, 0));
	EXPECT_EQ(1, recv(sv[0], &octet, 1, 0));
}

TEST_F(close, no_reading_after_shutdown)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_OK(shutdown(sv[0], SHUT_RD));
	EXPECT_EQ(0, recv(sv[0], &octet, 1, 0));
	/* The peer hears nothing of it */
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_EQ(1, send(sv[1], "x", 1, MSG_NOSIGNAL));
}

TEST_F(close, shutdown_errors)
{
	int fd = stream_socket(0), sv[2];

	EXPECT_ERR(ENOTCONN, shutdown(fd, SHUT_RDWR));
	ASSERT_OK(stream_pair(sv));
	EXPECT_ERR(EINVAL, shutdown(sv[0], 7));
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_OK(shutdown(sv[0], SHUT_RDWR));
	stream_reset(sv[1]);
	sleep_ms(SOON);
	EXPECT_ERR(ENOTCONN, shutdown(sv[0], SHUT_RDWR));
}

TEST_F(close, shutdown_sends_what_is_queued)
{
	long sent;
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	sent = fill(sv[0], 1);
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_TRUE(recv_pattern(sv[1], sent, 1, 0));
	EXPECT_EQ(0, recv(sv[1], &octet, 1, 0));
}

TEST_F(close, close_sends_what_is_queued)
{
	long sent;
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	sent = fill(sv[0], 1);
	close(sv[0]);
	sleep_ms(500);
	EXPECT_TRUE(recv_pattern(sv[1], sent, 1, 0));
	EXPECT_EQ(0, recv(sv[1], &octet, 1, 0));
}

TEST_F(close, states_of_an_orderly_end)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(ESTABLISHED, stream_state(sv[0]));
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_TRUE(stream_reaches(sv[0], FIN_WAIT_2, 1000));
	EXPECT_TRUE(stream_reaches(sv[1], CLOSE_WAIT, 1000));
	EXPECT_OK(shutdown(sv[1], SHUT_WR));
	/* TIME-WAIT is out of its user's sight */
	EXPECT_TRUE(stream_reaches(sv[0], CLOSED, 1000));
	EXPECT_TRUE(stream_reaches(sv[1], CLOSED, 1000));
}

/* --- reset -------------------------------------------------------------------- */

TEST_F(close, unread_data_resets)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	sleep_ms(SOON);
	close(sv[1]);
	EXPECT_ERR(ECONNRESET, recv(sv[0], &octet, 1, 0));
	/* Told once */
	EXPECT_EQ(0, recv(sv[0], &octet, 1, 0));
	EXPECT_ERR(EPIPE, send(sv[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, opt_get(sv[0], SOL_SOCKET, SO_ERROR));
	EXPECT_ERR(ENOTCONN, getpeername(sv[0], &(union addr){}.sa, &(socklen_t){ 16 }));
}

TEST_F(close, data_for_one_who_left_resets)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	close(sv[1]);
	EXPECT_EQ(0, recv(sv[0], &octet, 1, 0));
	EXPECT_EQ(1, send(sv[0], "x", 1, MSG_NOSIGNAL));
	sleep_ms(SOON);
	EXPECT_EQ(POLLERR | POLLHUP, wait_events(sv[0], 0, 0));
	EXPECT_ERR(EPIPE, send(sv[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, recv(sv[0], &octet, 1, 0));
}

TEST_F(close, linger_zero_resets)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_OK(opt_linger(sv[1], 0));
	close(sv[1]);
	EXPECT_ERR(ECONNRESET, recv(sv[0], &octet, 1, 0));
}

TEST_F(close, reset_is_told_to_a_writer)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	stream_reset(sv[1]);
	sleep_ms(SOON);
	EXPECT_ERR(ECONNRESET, send(sv[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_ERR(EPIPE, send(sv[0], "x", 1, MSG_NOSIGNAL));
}

TEST_F(close, reset_is_told_once)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	stream_reset(sv[1]);
	sleep_ms(SOON);
	EXPECT_EQ(ECONNRESET, opt_get(sv[0], SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(0, opt_get(sv[0], SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(0, recv(sv[0], &octet, 1, 0));
}

/* What had arrived before a reset can still be read, as with Linux's TCP */
TEST_F(close, reset_after_data)
{
	char octet = 0;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(1, send(sv[1], "x", 1, 0));
	stream_reset(sv[1]);
	sleep_ms(SOON);
	EXPECT_EQ(1, recv(sv[0], &octet, 1, 0));
	EXPECT_EQ('x', octet);
	EXPECT_ERR(ECONNRESET, recv(sv[0], &octet, 1, 0));
}

/* --- SO_LINGER ------------------------------------------------------------------ */

TEST_F(close, linger_waits_for_acknowledgment)
{
	struct netns_pair net;
	long start;
	int sv[2];

	ASSERT_OK(remote_pair(&net, sv));
	ASSERT_OK(cut());
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_OK(opt_linger(sv[0], 3));
	start = now_ms();
	close(sv[0]);
	EXPECT_TOOK(start, 2990, 3500);
}

TEST_F(close, linger_ends_with_acknowledgment)
{
	long start;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_OK(opt_linger(sv[0], 10));
	start = now_ms();
	close(sv[0]);
	EXPECT_TOOK(start, 0, 500);
}

/* --- orphans ---------------------------------------------------------------------- */

/* A connection whose user has gone does not try for ever: its port comes free */
TEST_F_TIMEOUT(close, orphan_gives_up, 1200)
{
	struct netns_pair net;
	union addr name;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(remote_pair(&net, sv));
	ASSERT_OK(sysctl_set("orphan_retries", "3"));
	ASSERT_OK(cut());
	name = addr_local(sv[0]);
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	close(sv[0]);
	sleep_ms(500);
	EXPECT_ERR(EADDRINUSE, stream_bound(name, false));
	/* RTOs of 0.2 + 0.4 + 0.8 + 1.6 s; with RTOs of 1 s: 15 s */
	sleep_ms(20000);
	EXPECT_OK(stream_bound(name, false));
}

TEST_F_TIMEOUT(close, fin_wait_2_without_a_user_ends, 600)
{
	union addr name;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(stream_pair(sv));
	name = addr_local(sv[0]);
	close(sv[0]);
	sleep_ms(55000);
	EXPECT_ERR(EADDRINUSE, stream_bound(name, false));
	sleep_ms(10000);
	EXPECT_OK(stream_bound(name, false));
	/* The peer still believes in it */
	EXPECT_EQ(CLOSE_WAIT, stream_state(sv[1]));
}

TEST_F_TIMEOUT(close, fin_wait_2_by_sysctl, 600)
{
	union addr name;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(sysctl_set("fin_timeout", "10"));
	ASSERT_OK(stream_pair(sv));
	name = addr_local(sv[0]);
	close(sv[0]);
	sleep_ms(8000);
	EXPECT_ERR(EADDRINUSE, stream_bound(name, false));
	sleep_ms(4000);
	EXPECT_OK(stream_bound(name, false));
}

/* With a user FIN-WAIT-2 may last */
TEST_F_TIMEOUT(close, fin_wait_2_with_a_user_stays, 600)
{
	char octet;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(stream_pair(sv));
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	sleep_ms(300000);
	EXPECT_EQ(1, send(sv[1], "x", 1, 0));
	EXPECT_EQ(1, recv(sv[0], &octet, 1, 0));
}

/* Above the bound a connection that loses its user is reset instead of kept */
TEST_F(close, orphans_are_bounded)
{
	int sv[10][2], reset = 0;

	if (!flavour.ltcp)
		SKIP(return, "Linux's bound is the whole machine's");
	ASSERT_OK(sysctl_set("max_orphans", "4"));
	for (int i = 0; i < 10; i++)
		ASSERT_OK(stream_pair(sv[i]));
	for (int i = 0; i < 10; i++)
		close(sv[i][0]);
	sleep_ms(SOON);
	for (int i = 0; i < 10; i++)
		reset += wait_events(sv[i][1], 0, 0) == (POLLERR | POLLHUP);
	EXPECT_EQ(6, reset);
	/* When orphans end there is room again */
	for (int i = 0; i < 10; i++)
		close(sv[i][1]);
	sleep_ms(SOON);
	ASSERT_OK(stream_pair(sv[0]));
	close(sv[0][0]);
	sleep_ms(SOON);
	EXPECT_EQ(0, wait_events(sv[0][1], 0, 0));
}

/* --- timeouts ---------------------------------------------------------------------- */

/* R2: with what was measured so far 15 retransmissions last more than 100 s (SHLD-11) */
TEST_F_TIMEOUT(close, silence_ends_a_connection, 3000)
{
	struct netns_pair net;
	char octet;
	long start;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(remote_pair(&net, sv));
	ASSERT_OK(cut());
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	start = now_ms();
	EXPECT_ERR(ETIMEDOUT, recv(sv[0], &octet, 1, 0));
	EXPECT_TOOK(start, 100000, 2000000);
	EXPECT_EQ(0, recv(sv[0], &octet, 1, 0));
	EXPECT_ERR(EPIPE, send(sv[0], "x", 1, MSG_NOSIGNAL));
}

TEST_F_TIMEOUT(close, silence_by_sysctl, 600)
{
	struct netns_pair net;
	char octet;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(remote_pair(&net, sv));
	ASSERT_OK(sysctl_set("retries2", "3"));
	ASSERT_OK(cut());
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_ERR(ETIMEDOUT, recv(sv[0], &octet, 1, 0));
}

TEST_F_TIMEOUT(close, keepalive_ends_a_connection, 600)
{
	struct netns_pair net;
	char octet;
	long start;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(remote_pair(&net, sv));
	ASSERT_OK(sysctl_set("keepalive_time", "10"));
	ASSERT_OK(sysctl_set("keepalive_intvl", "2"));
	ASSERT_OK(sysctl_set("keepalive_probes", "3"));
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_KEEPALIVE, 1));
	/* As long as the peer answers all is well */
	sleep_ms(60000);
	EXPECT_EQ(ESTABLISHED, stream_state(sv[0]));
	ASSERT_OK(cut());
	start = now_ms();
	EXPECT_ERR(ETIMEDOUT, recv(sv[0], &octet, 1, 0));
	/* 0 to 10 s until the first probe, three more, and their wait */
	EXPECT_TOOK(start, 5500, 17000);
}

TEST_F_TIMEOUT(close, without_keepalive_silence_lasts, 100000)
{
	struct netns_pair net;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(remote_pair(&net, sv));
	ASSERT_OK(cut());
	sleep_ms(4 * 3600 * 1000L);
	EXPECT_EQ(ESTABLISHED, stream_state(sv[0]));
}

TEST_HARNESS_MAIN
