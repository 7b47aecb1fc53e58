// SPDX-License-Identifier: GPL-2.0
/*
 * MSG_ZEROCOPY: memory that is lent for a send, and the error queue that gives it back.
 * Kernels before 6.10 let no protocol but their own have SO_ZEROCOPY.
 */
#include "../kselftest_harness.h"

#include <linux/errqueue.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "netns.h"
#include "stream.h"

#define PORT	4000
#define LEN	16384

STREAM_FIXTURE(zerocopy);

static bool kernel_grants(void)
{
	struct utsname u;
	int major, minor;

	if (!flavour.ltcp)
		return true;
	if (uname(&u) || sscanf(u.release, "%d.%d", &major, &minor) != 2)
		return false;
	return major > 6 || (major == 6 && minor >= 10);
}

#define NEEDS_ZEROCOPY()						\
	do {								\
		if (!kernel_grants())					\
			SKIP(return, "this kernel grants it to its own TCP alone"); \
	} while (0)

/**
 * struct given - what the error queue gives back
 * @first: number of the first call
 * @last: number of the last
 * @copied: no memory was saved
 */
struct given {
	uint32_t first;
	uint32_t last;
	bool copied;
};

static bool given_back(int fd, struct given *given)
{
	union {
		char room[CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(union addr))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = { .msg_control = control.room, .msg_controllen = sizeof(control) };
	struct sock_extended_err err;

	if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) || !CMSG_FIRSTHDR(&msg))
		return false;
	memcpy(&err, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(err));
	if (err.ee_origin != SO_EE_ORIGIN_ZEROCOPY || err.ee_errno)
		return false;
	*given = (struct given){
		.first = err.ee_info,
		.last = err.ee_data,
		.copied = err.ee_code == SO_EE_CODE_ZEROCOPY_COPIED,
	};
	return true;
}

/* Wait until all calls before number @to are given back, in order: how far it comes */
static uint32_t given_up_to(int fd, uint32_t from, uint32_t to)
{
	struct given given;

	while (from < to) {
		wait_events(fd, 0, 10000);
		if (!given_back(fd, &given) || given.first != from || given.last < given.first)
			break;
		from = given.last + 1;
	}
	return from;
}

static bool nothing_given(int fd)
{
	return recv(fd, &(char){ 0 }, 1, MSG_ERRQUEUE | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* A connection over a link that swallows all */
static int pair_over_hole(struct netns_pair *net, int sv[2])
{
	const struct netem hole = { .loss = 1000000 };

	if (netns_pair(net) || stream_pair_across(net, sv, PORT) ||
	    opt_set(sv[0], SOL_SOCKET, SO_ZEROCOPY, 1))
		return -1;
	return netem_set("eth0", &hole);
}

static int mend(void)
{
	return netem_set("eth0", &(struct netem){ .limit = 1000 });
}

TEST_F(zerocopy, old_kernels_refuse)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	for (int i = 0; i < 2; i++) {
		int err = opt_set(sv[i], SOL_SOCKET, SO_ZEROCOPY, 1) ? errno : 0;

		EXPECT_EQ(kernel_grants() ? 0 : EOPNOTSUPP, err);
		EXPECT_EQ(kernel_grants(), opt_get(sv[i], SOL_SOCKET, SO_ZEROCOPY));
	}
}

/* Without SO_ZEROCOPY the flag means nothing */
TEST_F(zerocopy, not_asked_for)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(1, send(sv[0], "x", 1, MSG_ZEROCOPY));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_TRUE(nothing_given(sv[0]));
}

/* Each call has its number, at either end; over loopback all is copied after all */
TEST_F(zerocopy, calls_are_counted)
{
	struct given given;
	char text[3];
	int sv[2];

	NEEDS_ZEROCOPY();
	ASSERT_OK(stream_pair(sv));
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(opt_set(sv[i], SOL_SOCKET, SO_ZEROCOPY, 1));
		EXPECT_EQ(1, send(sv[i], "x", 1, 0));
		EXPECT_EQ(1, recv(sv[!i], text, 1, 0));
		for (uint32_t n = 0; n < 3; n++) {
			EXPECT_EQ(2, send(sv[i], "yz", 2, MSG_ZEROCOPY));
			EXPECT_EQ(2, recv(sv[!i], text, 2, MSG_WAITALL));
			EXPECT_EQ(0, memcmp("yz", text, 2));
			EXPECT_EQ(POLLERR, wait_events(sv[i], POLLIN, 1000));
			ASSERT_TRUE(given_back(sv[i], &given));
			EXPECT_EQ(n, given.first);
			EXPECT_EQ(n, given.last);
			EXPECT_TRUE(given.copied);
		}
	}
}

/* What was not sent has no number; and an empty call lends nothing */
TEST_F(zerocopy, calls_that_fail)
{
	char *text = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char got[LEN];
	int sv[2];

	NEEDS_ZEROCOPY();
	ASSERT_NE(MAP_FAILED, text);
	ASSERT_OK(munmap(text + LEN / 2, LEN / 2));
	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_ZEROCOPY, 1));
	EXPECT_ERR(EFAULT, send(sv[0], text + LEN / 2, 100, MSG_ZEROCOPY));
	EXPECT_ERR(EFAULT, send(sv[0], text, LEN, MSG_ZEROCOPY));
	EXPECT_EQ(0, send(sv[0], text, 0, MSG_ZEROCOPY));
	EXPECT_TRUE(nothing_given(sv[0]));
	EXPECT_EQ(LEN / 2, send(sv[0], text, LEN / 2, MSG_ZEROCOPY));
	EXPECT_EQ(LEN / 2, recv_all(sv[1], got, LEN / 2));
	EXPECT_EQ(1, given_up_to(sv[0], 0, 1));
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_ERR(EPIPE, send(sv[0], text, 1, MSG_ZEROCOPY | MSG_NOSIGNAL));
	EXPECT_TRUE(nothing_given(sv[0]));
}

TEST_F(zerocopy, option_is_a_boolean)
{
	int sv[2];

	NEEDS_ZEROCOPY();
	ASSERT_OK(stream_pair(sv));
	EXPECT_ERR(EINVAL, opt_set(sv[0], SOL_SOCKET, SO_ZEROCOPY, 2));
	EXPECT_ERR(EINVAL, opt_set(sv[0], SOL_SOCKET, SO_ZEROCOPY, -1));
	EXPECT_ERR(EINVAL, setsockopt(sv[0], SOL_SOCKET, SO_ZEROCOPY, "x", 1));
	EXPECT_ERR(EFAULT, setsockopt(sv[0], SOL_SOCKET, SO_ZEROCOPY, (void *)4096, 4));
	EXPECT_OK(opt_set(sv[0], SOL_SOCKET, SO_ZEROCOPY, 1));
	EXPECT_OK(opt_set(sv[0], SOL_SOCKET, SO_ZEROCOPY, 0));
	EXPECT_EQ(1, send(sv[0], "x", 1, MSG_ZEROCOPY));
	EXPECT_TRUE(nothing_given(sv[0]));
	/* Who answers for this one has not lost the others */
	for (int i = 0; i < 2; i++) {
		EXPECT_OK(opt_set(sv[i], SOL_SOCKET, SO_PRIORITY, 3));
		EXPECT_EQ(3, opt_get(sv[i], SOL_SOCKET, SO_PRIORITY));
	}
}

/*
 * Memory is lent until it is acknowledged; till then what is sent is what is in it then.
 * What a peer on this host has received and not read yet is not the lender's memory.
 */
static void lent_until_acknowledged(struct __test_metadata *_metadata, const char *features)
{
	static char text[LEN], got[LEN];
	struct netns_pair net;
	int sv[2];

	NEEDS_ZEROCOPY();
	ASSERT_OK(pair_over_hole(&net, sv));
	ASSERT_OK(netns_features(&net, features));
	memset(text, 'a', sizeof(text));
	ASSERT_EQ(LEN, send(sv[0], text, LEN, MSG_ZEROCOPY));
	sleep_ms(100);
	EXPECT_TRUE(nothing_given(sv[0]));
	memset(text, 'b', sizeof(text));
	ASSERT_OK(mend());
	EXPECT_EQ(1, given_up_to(sv[0], 0, 1));
	memset(text, 'c', sizeof(text));
	EXPECT_EQ(LEN, recv_all(sv[1], got, LEN));
	memset(text, 'b', sizeof(text));
	EXPECT_EQ(0, memcmp(text, got, LEN));
}

TEST_F(zerocopy, lent_until_acknowledged)
{
	lent_until_acknowledged(_metadata, "tx on tso on");
}

TEST_F(zerocopy, lent_and_summed_by_us)
{
	lent_until_acknowledged(_metadata, "tx off");
}

TEST_F(zerocopy, lent_and_merged)
{
	lent_until_acknowledged(_metadata, "tso off tx-sctp-segmentation off gro on");
}

/* Calls that wait together, small ones and what is copied among them: all are given back once */
TEST_F(zerocopy, calls_that_wait_together)
{
	static uint8_t text[20 * 1000];
	struct netns_pair net;
	size_t at = 0;
	int sv[2];

	NEEDS_ZEROCOPY();
	ASSERT_OK(pair_over_hole(&net, sv));
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_SNDBUF, 1 << 20));
	pattern_fill(text, sizeof(text), 1, 0);
	for (int i = 0; i < 20; i++) {
		size_t lent = i % 5 ? 990 : 10;

		ASSERT_EQ(lent, send(sv[0], text + at, lent, MSG_ZEROCOPY));
		ASSERT_EQ(1000 - lent, send(sv[0], text + at + lent, 1000 - lent, 0));
		at += 1000;
	}
	sleep_ms(100);
	EXPECT_TRUE(nothing_given(sv[0]));
	ASSERT_OK(mend());
	EXPECT_TRUE(recv_pattern(sv[1], at, 1, 0));
	EXPECT_EQ(20, given_up_to(sv[0], 0, 20));
	sleep_ms(100);
	EXPECT_TRUE(nothing_given(sv[0]));
}

/* A connection that is given up gives back, too, and this time no octet was copied */
TEST_F(zerocopy, given_back_unsent)
{
	static char text[LEN];
	struct netns_pair net;
	struct given given;
	int sv[2];

	NEEDS_ZEROCOPY();
	ASSERT_OK(pair_over_hole(&net, sv));
	ASSERT_EQ(LEN, send(sv[0], text, LEN, MSG_ZEROCOPY));
	ASSERT_EQ(100, send(sv[0], text, 100, MSG_ZEROCOPY));
	ASSERT_OK(connect(sv[0], &(struct sockaddr){ .sa_family = AF_UNSPEC },
			  sizeof(struct sockaddr)));
	ASSERT_TRUE(given_back(sv[0], &given));
	EXPECT_EQ(0, given.first);
	EXPECT_FALSE(given.copied);
	if (!given.last)
		EXPECT_EQ(2, given_up_to(sv[0], 1, 2));
	EXPECT_TRUE(nothing_given(sv[0]));
}

/* Who closes does not wait for it: what is still to be sent goes, and nothing is left behind */
TEST_F(zerocopy, closed_meanwhile)
{
	static uint8_t text[LEN];
	struct netns_pair net;
	int sv[2];

	NEEDS_ZEROCOPY();
	ASSERT_OK(pair_over_hole(&net, sv));
	pattern_fill(text, LEN, 1, 0);
	ASSERT_EQ(LEN, send(sv[0], text, LEN, MSG_ZEROCOPY));
	close(sv[0]);
	ASSERT_OK(mend());
	EXPECT_TRUE(recv_pattern(sv[1], LEN, 1, 0));
	EXPECT_EQ(0, recv(sv[1], text, 1, 0));
}

/* The user writes to it as soon as he has it back; what was sent again was not changed by that */
TEST_F(zerocopy, lent_through_loss)
{
	const struct netem loss = { .delay_us = 2000, .loss = 50000, .seed = 1 };
	static uint8_t text[3][60000];
	struct netns_pair net;
	struct mover m;
	int sv[2];

	NEEDS_ZEROCOPY();
	ASSERT_OK(netns_pair(&net));
	ASSERT_OK(stream_pair_across(&net, sv, PORT));
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_ZEROCOPY, 1));
	ASSERT_OK(netem_set("eth0", &loss));
	mover_recv(&m, sv[1], 30 * sizeof(text[0]), 1);
	for (uint32_t n = 0, back = 0; n < 30; n++) {
		/* Three are under way at a time */
		while (back + 3 <= n) {
			struct given given;

			wait_events(sv[0], 0, 10000);
			ASSERT_TRUE(given_back(sv[0], &given));
			ASSERT_EQ(back, given.first);
			for (; back <= given.last; back++)
				memset(text[back % 3], 0, sizeof(text[0]));
		}
		pattern_fill(text[n % 3], sizeof(text[0]), 1, n * sizeof(text[0]));
		for (size_t at = 0, sent; at < sizeof(text[0]); at += sent) {
			sent = send(sv[0], text[n % 3] + at, sizeof(text[0]) - at, MSG_ZEROCOPY);
			ASSERT_EQ(sizeof(text[0]), sent);
		}
	}
	EXPECT_TRUE(mover_join(&m));
}

/* Somebody else looks on: he has a copy, and the peer gets what was sent */
TEST_F(zerocopy, tapped)
{
	static uint8_t text[LEN];
	struct netns_pair net;
	struct packet p;
	int sv[2], tap;

	NEEDS_ZEROCOPY();
	ASSERT_OK(netns_pair(&net));
	ASSERT_OK(stream_pair_across(&net, sv, PORT));
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_ZEROCOPY, 1));
	tap = tap_open("eth0");
	ASSERT_LE(0, tap);
	pattern_fill(text, LEN, 1, 0);
	ASSERT_EQ(LEN, send(sv[0], text, LEN, MSG_ZEROCOPY));
	EXPECT_TRUE(recv_pattern(sv[1], LEN, 1, 0));
	EXPECT_EQ(1, given_up_to(sv[0], 0, 1));
	memset(text, 0, LEN);
	ASSERT_TRUE(tap_find(tap, &p, 0, true, 1000));
	EXPECT_EQ(-1, pattern_check(p.raw + p.ip_len - p.len, 50, 1, 0));
}

TEST_HARNESS_MAIN
