// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT states by the ten thousand: each ends when it should, and the end
 * of a namespace ends all at once. CROWD is another number of them; 'make soak'
 * has a hundred thousand.
 */
#include "../kselftest_harness.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "stream.h"

#define PORT		4000
#define PORTS		8	/* of the server's: more pairs of ports */
#define FEW		10000
#define MSL2_US		60000000LL
#define EXACT_US	10000
#define POLL_MS		5

FIXTURE(crowd) {
	long n;
	int listeners[PORTS];
};

FIXTURE_SETUP(crowd)
{
	const struct flavour f = { .ltcp = true, .family = AF_INET };

	ASSERT_STREQ("", stream_begin(&f));
	self->n = getenv("CROWD") ? atol(getenv("CROWD")) : FEW;
}

FIXTURE_TEARDOWN(crowd)
{
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* Room for all, in this network namespace */
static int make_room(void)
{
	return sysctl_set_path("ipv4/ip_local_port_range", "1024 65535") ?:
	       sysctl_set("max_timewait", "1000000");
}

/* In this network namespace */
static bool listen_all(int listeners[PORTS])
{
	for (int i = 0; i < PORTS; i++) {
		listeners[i] = stream_listener(addr_loopback(PORT + i), 8);
		if (listeners[i] < 0)
			return false;
	}
	return true;
}

/* A connection whose client ends it first; when its TIME-WAIT began is between the two times */
static bool leave_one(const int listeners[PORTS], long i, int64_t *from, int64_t *to)
{
	int sv[2];

	if (stream_pair_at(sv, listeners[i % PORTS], addr_loopback(PORT + i % PORTS)))
		return false;
	close(sv[0]);
	*from = now_us();
	close(sv[1]);
	*to = now_us();
	return true;
}

/* TIME-WAIT states that have ended by themselves */
static long ended(void)
{
	return stream_counter("TW");
}

TEST_F_TIMEOUT(crowd, each_ends_within_10_ms, 3600)
{
	int64_t *from = calloc(self->n, sizeof(*from)), *to = calloc(self->n, sizeof(*to));
	long must = 0, may = 0, n = 0;

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_TRUE(from && to);
	ASSERT_OK(make_room());
	ASSERT_TRUE(listen_all(self->listeners));
	for (long i = 0; i < self->n; i++)
		ASSERT_TRUE(leave_one(self->listeners, i, &from[i], &to[i]));
	ASSERT_EQ(0, ended());
	while (must < self->n) {
		int64_t before = now_us(), after;

		n = ended();
		after = now_us();
		while (must < self->n && to[must] + MSL2_US + EXACT_US <= before)
			must++;
		while (may < self->n && from[may] + MSL2_US <= after)
			may++;
		ASSERT_LE(must, n);
		ASSERT_GE(may, n);
		sleep_ms(POLL_MS);
	}
	EXPECT_EQ(self->n, n);
	free(from);
	free(to);
}

/* In a namespace that ends with the process: 0 if all stood */
static int leave_all_in_a_namespace(long n)
{
	const struct flavour f = { .ltcp = true, .family = AF_INET };
	int listeners[PORTS];
	int64_t from, to;

	if (*stream_begin(&f) || make_room() || !listen_all(listeners))
		return 1;
	for (long i = 0; i < n; i++)
		if (!leave_one(listeners, i, &from, &to))
			return 2;
	return ended() ? 3 : 0;
}

/* 128 octets each: they are seen in the sum of all slabs */
TEST_F_TIMEOUT(crowd, namespace_ends_with_them, 3600)
{
	const long kib = self->n * 128 / 1024;
	long before, most;
	int ends[2], status;
	char octet = 0;
	pid_t child;

	sleep_ms(2000);	/* for namespaces of earlier tests to end */
	before = slab_kib();
	ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	child = fork();
	if (!child) {
		octet = leave_all_in_a_namespace(self->n);
		close(ends[0]);
		/* The parent has looked when it closes its end */
		_exit(write(ends[1], &octet, 1) != 1 || read(ends[1], &octet, 1) != 0);
	}
	close(ends[1]);
	ASSERT_EQ(1, read(ends[0], &octet, 1));
	ASSERT_EQ(0, octet);
	most = slab_kib();
	ASSERT_LE(before + kib * 9 / 10, most);
	close(ends[0]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, status);
	sleep_ms(2000);
	EXPECT_GE(most - kib * 9 / 10, slab_kib());
}

TEST_HARNESS_MAIN
