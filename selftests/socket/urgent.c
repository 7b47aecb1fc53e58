// SPDX-License-Identifier: GPL-2.0
/* Urgent data: RFC 9293 section 3.8.5, RFC 6093, and what tcp(7) makes of it. */
#include "../kselftest_harness.h"

#include <linux/sockios.h>
#include <signal.h>

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(urgent);

#define SOON	10	/* ms: what loopback has done by then is done */

static int at_mark(int fd)
{
	int yes = -1;

	return ioctl(fd, SIOCATMARK, &yes) ? -errno : yes;
}

static volatile sig_atomic_t heard;

static void hear(int sig)
{
	heard++;
}

TEST_F(urgent, none_is_an_error)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_ERR(EINVAL, recv(sv[1], &octet, 1, MSG_OOB));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_ERR(EINVAL, recv(sv[1], &octet, 1, MSG_OOB));
	EXPECT_EQ(0, at_mark(sv[1]));
}

TEST_F(urgent, out_of_line)
{
	char text[8] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	/* Of several octets the last is the urgent one */
	EXPECT_EQ(3, send(sv[0], "abU", 3, MSG_OOB));
	EXPECT_EQ(3, send(sv[0], "cde", 3, 0));
	sleep_ms(SOON);
	EXPECT_EQ(1, recv(sv[1], text, 8, MSG_OOB));
	EXPECT_EQ('U', text[0]);
	EXPECT_ERR(EINVAL, recv(sv[1], text, 8, MSG_OOB));
	/* The rest comes without it, and a read ends at its place */
	EXPECT_EQ(0, at_mark(sv[1]));
	EXPECT_EQ(2, recv(sv[1], text, 8, 0));
	EXPECT_EQ(1, at_mark(sv[1]));
	EXPECT_EQ(3, recv(sv[1], text + 2, 8, 0));
	EXPECT_EQ(0, at_mark(sv[1]));
	text[5] = 0;
	EXPECT_STREQ("abcde", text);
}

TEST_F(urgent, peek)
{
	char octet = 0;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(1, send(sv[0], "U", 1, MSG_OOB));
	sleep_ms(SOON);
	EXPECT_EQ(1, recv(sv[1], &octet, 1, MSG_OOB | MSG_PEEK));
	EXPECT_EQ('U', octet);
	EXPECT_EQ(1, recv(sv[1], &octet, 1, MSG_OOB));
	EXPECT_ERR(EINVAL, recv(sv[1], &octet, 1, MSG_OOB));
}

TEST_F(urgent, in_line)
{
	char text[8] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(opt_set(sv[1], SOL_SOCKET, SO_OOBINLINE, 1));
	EXPECT_EQ(2, send(sv[0], "ab", 2, 0));
	EXPECT_EQ(1, send(sv[0], "U", 1, MSG_OOB));
	EXPECT_EQ(2, send(sv[0], "cd", 2, 0));
	sleep_ms(SOON);
	EXPECT_ERR(EINVAL, recv(sv[1], text, 8, MSG_OOB));
	/* The mark still divides */
	EXPECT_EQ(2, recv(sv[1], text, 8, 0));
	EXPECT_EQ(1, at_mark(sv[1]));
	EXPECT_EQ(3, recv(sv[1], text + 2, 8, 0));
	EXPECT_STREQ("abUcd", text);
	EXPECT_EQ(0, at_mark(sv[1]));
}

TEST_F(urgent, read_past_without_looking)
{
	char text[8] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(3, send(sv[0], "abU", 3, MSG_OOB));
	EXPECT_EQ(3, send(sv[0], "cde", 3, 0));
	sleep_ms(SOON);
	EXPECT_EQ(2, recv(sv[1], text, 8, 0));
	EXPECT_EQ(3, recv(sv[1], text + 2, 8, 0));
	EXPECT_STREQ("abcde", text);
	/* Passed is lost */
	EXPECT_ERR(EINVAL, recv(sv[1], text, 8, MSG_OOB));
}

/* A later urgent octet takes the place of one that was not read */
TEST_F(urgent, later_replaces)
{
	char text[8] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(2, send(sv[0], "aU", 2, MSG_OOB));
	sleep_ms(SOON);
	EXPECT_EQ(2, send(sv[0], "bV", 2, MSG_OOB));
	sleep_ms(SOON);
	EXPECT_EQ(1, recv(sv[1], text, 1, MSG_OOB));
	EXPECT_EQ('V', text[0]);
	/* The first is ordinary text now */
	EXPECT_EQ(3, recv(sv[1], text, 8, 0));
	EXPECT_EQ(0, memcmp(text, "aUb", 3));
}

TEST_F(urgent, signal_to_the_owner)
{
	struct sigaction sa = { .sa_handler = hear };
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(sigaction(SIGURG, &sa, NULL));
	ASSERT_OK(fcntl(sv[1], F_SETOWN, getpid()));
	EXPECT_EQ(getpid(), fcntl(sv[1], F_GETOWN));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	sleep_ms(SOON);
	EXPECT_EQ(0, heard);
	EXPECT_EQ(1, send(sv[0], "U", 1, MSG_OOB));
	sleep_ms(SOON);
	EXPECT_EQ(1, heard);
}

/* MUST-32: the user hears of urgent data as soon as the pointer arrives, even with no window */
TEST_F(urgent, announced_before_it_arrives)
{
	struct sigaction sa = { .sa_handler = hear, .sa_flags = SA_RESTART };
	char octet = 0;
	int sv[2];

	ASSERT_OK(stream_small_pair(sv, 20000, 20000));
	ASSERT_OK(sigaction(SIGURG, &sa, NULL));
	ASSERT_OK(fcntl(sv[1], F_SETOWN, getpid()));
	for (int i = 0; i < 5; i++) {
		fill(sv[0], 1);
		sleep_ms(100);
	}
	/* Room in the send buffer for one more octet, none at the peer */
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_SNDBUF, 100000));
	ASSERT_EQ(1, send(sv[0], "U", 1, MSG_OOB));
	sleep_ms(5000);
	EXPECT_EQ(1, heard);
	EXPECT_ERR(EAGAIN, recv(sv[1], &octet, 1, MSG_OOB));
	/* Read up to the mark, not over it */
	for (int i = 0; i < 100 && !at_mark(sv[1]); i++) {
		char buf[4096];

		if (recv(sv[1], buf, sizeof(buf), MSG_DONTWAIT) < 0)
			sleep_ms(100);
	}
	EXPECT_EQ(POLLPRI, wait_events(sv[1], POLLPRI, 5000));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, MSG_OOB));
	EXPECT_EQ('U', octet);
}

TEST_F(urgent, with_fin)
{
	char text[8] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(3, send(sv[0], "abU", 3, MSG_OOB));
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	sleep_ms(SOON);
	EXPECT_EQ(2, recv(sv[1], text, 8, 0));
	EXPECT_EQ(1, recv(sv[1], text, 8, MSG_OOB));
	EXPECT_EQ(0, recv(sv[1], text, 8, 0));
}

/* MUST-31: urgent data may be of any length */
TEST_F(urgent, among_much_data)
{
	struct mover m;
	char octet = 0;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	mover_send(&m, sv[0], 200000, 1);
	EXPECT_TRUE(recv_pattern(sv[1], 200000, 1, 0));
	EXPECT_TRUE(mover_join(&m));
	EXPECT_EQ(1, send(sv[0], "U", 1, MSG_OOB));
	mover_send(&m, sv[0], 200000, 2);
	EXPECT_TRUE(recv_pattern(sv[1], 200000, 2, 0));
	EXPECT_TRUE(mover_join(&m));
	EXPECT_ERR(EINVAL, recv(sv[1], &octet, 1, MSG_OOB));
}

/* On the wire: URG, and a pointer to the octet after the urgent one (RFC 6093 section 6) */
TEST_F(urgent, pointer_on_the_wire)
{
	struct packet p;
	int sv[2], tap;

	ASSERT_OK(stream_pair(sv));
	tap = tap_open("lo");
	EXPECT_EQ(3, send(sv[0], "abU", 3, MSG_OOB));
	ASSERT_TRUE(tap_find(tap, &p, URG, true, 1000));
	EXPECT_EQ(3, p.len);
	/* RFC 9293 has it at the last octet, BSD and Linux after it; RFC 6093 settles on that */
	EXPECT_EQ(3, p.urgent);
}

TEST_HARNESS_MAIN
