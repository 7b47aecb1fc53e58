// SPDX-License-Identifier: GPL-2.0
/* The memory of all sockets together (ltcp_mem): what goes on without, and what gives way. */
#include "../kselftest_harness.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>

#include "netns.h"
#include "stream.h"
#include "transfer.h"

#define PORT	4000
#define FLOWS	24
#define LEN	(96 << 10)

/*
 * Each CPU keeps 256 pages off the books: only when much more than that is in use
 * is it certain that a threshold of one page is exceeded. Somebody holds so much.
 */
#define HELD	(1 << 20)
#define PRESSED	"1 1 1000000"
#define NONE	"1 1 1"

FIXTURE(pressure) {
	struct netns_pair net;
	int mem;		/* ltcp_mem of the first namespace, which rules all */
	char before[64];
	int idle[2];		/* nobody reads from the second ... */
	long held;		/* ... so many octets */
};

FIXTURE_VARIANT(pressure) {
	struct netem link;
};

FIXTURE_VARIANT_ADD(pressure, late) {
	.link = { .delay_us = 5000 },
};

/* What waits behind a hole has to give way */
FIXTURE_VARIANT_ADD(pressure, lossy) {
	.link = { .delay_us = 5000, .loss = 20000, .seed = 1 },
};

static int set_mem(int fd, const char *text)
{
	return pwrite(fd, text, strlen(text), 0) < 0 ? -1 : 0;
}

/* A connection that holds much, half of it received and half of it not sent */
static long hold(int sv[2])
{
	int listener = stream_listener(addr_loopback(0), 1);

	opt_set(listener, SOL_SOCKET, SO_RCVBUFFORCE, HELD);
	if (stream_pair_at(sv, listener, addr_local(listener)))
		return -1;
	close(listener);
	opt_set(sv[0], SOL_SOCKET, SO_SNDBUFFORCE, HELD);
	return fill(sv[0], 77);
}

FIXTURE_SETUP(pressure)
{
	const struct flavour f = { .ltcp = true, .family = AF_INET };

	self->mem = open("/proc/sys/net/ipv4/ltcp_mem", O_RDWR | O_CLOEXEC);
	ASSERT_OK(self->mem);
	ASSERT_LT(0, pread(self->mem, self->before, sizeof(self->before) - 1, 0));
	ASSERT_STREQ("", stream_begin(&f));
	ASSERT_OK(netns_pair(&self->net));
	for (int i = 1; i >= 0; i--) {
		netns_enter(self->net.ns[i]);
		ASSERT_OK(netem_set("eth0", &variant->link));
	}
	self->held = hold(self->idle);
	ASSERT_LT(HELD, self->held);
}

FIXTURE_TEARDOWN(pressure)
{
	set_mem(self->mem, self->before);
	close(self->mem);
	stream_close_pair(self->idle);
	netns_pair_close(&self->net);
}

/* A counter of both namespaces; the calling thread is in the first afterwards */
static long both(FIXTURE_DATA(pressure) *self, const char *name)
{
	long sum = 0;

	for (int i = 1; i >= 0; i--) {
		netns_enter(self->net.ns[i]);
		sum += stream_counter(name);
	}
	return sum;
}

static void say(FIXTURE_DATA(pressure) *self)
{
	static const char * const names[] = {
		"MemoryPressures", "DropMemory", "OfoPruned", "RcvCollapsed", "AbortOnMemory",
		"WindowProbes", "Timeouts", "RetransSegs",
	};

	for (int i = 0; i < 8; i++)
		printf("%s%s %ld", i ? ", " : "# ", names[i], both(self, names[i]));
	printf("\n");
	fflush(stdout);
}

/* All flows at once, from the first namespace to the second */
static bool flows_go_on(FIXTURE_DATA(pressure) *self)
{
	struct flow flow[FLOWS];
	long start = now_ms();
	bool right = true;
	int sv[2];

	for (int i = 0; i < FLOWS; i++) {
		if (stream_pair_across(&self->net, sv, PORT + i))
			return false;
		flow[i] = (struct flow) {
			.from = sv[0], .to = sv[1], .len = LEN, .seed = i + 1,
			.writing = { .chunk = 16384 },
			.reading = { .chunk = 16384, .pause = 4, .pause_ms = 100 },
		};
	}
	for (int i = 0; i < FLOWS; i++)
		flow_start(&flow[i]);
	for (int i = 0; i < FLOWS; i++) {
		flow_join(&flow[i]);
		right &= flow_right(&flow[i]);
		close(flow[i].from);
		close(flow[i].to);
	}
	printf("# %ld ms\n", now_ms() - start);
	say(self);
	return right;
}

/* Memory is short: windows are small, but there are no losses */
TEST_F(pressure, flows_with_little)
{
	ASSERT_OK(set_mem(self->mem, PRESSED));
	EXPECT_TRUE(flows_go_on(self));
	EXPECT_LT(0, both(self, "MemoryPressures"));
	EXPECT_EQ(0, both(self, "DropMemory"));
}

/* Somebody who does not read has it all; and when he reads, he gets what waited for him */
TEST_F(pressure, flows_with_nothing)
{
	ASSERT_OK(set_mem(self->mem, NONE));
	EXPECT_TRUE(flows_go_on(self));
	EXPECT_LT(0, both(self, "DropMemory"));
	EXPECT_TRUE(recv_pattern(self->idle[1], self->held, 77, 0));
}

/*
 * There is none at all: who reads gets on, a piece at a time, and waits for no timer,
 * although timers have been put off for long while he did not read.
 */
TEST_F(pressure, goes_on_when_read)
{
	long start, ms;
	int sv[2], n;

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(stream_pair_across(&self->net, sv, PORT));
	ASSERT_OK(set_mem(self->mem, NONE));
	ASSERT_TRUE(send_pattern(sv[0], 8000, 1, 0));
	sleep_ms(20000);
	EXPECT_OK(ioctl(sv[1], SIOCINQ, &n));
	EXPECT_LT(0, n);
	EXPECT_GT(8000, n);
	start = now_ms();
	EXPECT_TRUE(recv_pattern(sv[1], 8000, 1, 0));
	ms = now_ms() - start;
	printf("# %d of 8000 octets waited, %ld ms\n", n, ms);
	say(self);
	if (!variant->link.loss)
		EXPECT_GT(500, ms);
	stream_close_pair(sv);
}

/* Messages of 100 octets each, one at a time */
static bool send_small(int fd, int from, int to, long pause_ms)
{
	for (int i = from; i < to; i++) {
		if (!send_pattern(fd, 100, 1, i * 100))
			return false;
		sleep_ms(pause_ms);
	}
	return true;
}

/* Has the peer's queue come to @len octets, in a while? */
static bool waiting(int fd, int len)
{
	int n = -1;

	for (int i = 0; i < 300 && n != len; i++) {
		sleep_ms(100);
		ioctl(fd, SIOCINQ, &n);
	}
	return n == len;
}

/*
 * Many small segments that wait become few when nothing more would fit. What is to come
 * is on its way before memory ends: who sends would find none, either.
 */
TEST_F(pressure, small_segments_are_joined)
{
	const struct netem cut = { .loss = 1000000 };
	int sv[2];

	ASSERT_OK(stream_pair_across(&self->net, sv, PORT));
	opt_set(sv[0], SOL_TCP, TCP_NODELAY, 1);
	opt_set(sv[0], SOL_SOCKET, SO_SNDBUF, 1 << 18);
	ASSERT_TRUE(send_small(sv[0], 0, 40, 20));
	ASSERT_TRUE(waiting(sv[1], 4000));
	ASSERT_OK(netem_set("eth0", &cut));
	ASSERT_TRUE(send_small(sv[0], 40, 100, 0));
	ASSERT_OK(set_mem(self->mem, NONE));
	ASSERT_OK(netem_set("eth0", &variant->link));
	for (int i = 0; i < 100 && !both(self, "RcvCollapsed"); i++)
		sleep_ms(100);
	say(self);
	EXPECT_LT(0, both(self, "RcvCollapsed"));
	EXPECT_TRUE(recv_pattern(sv[1], 10000, 1, 0));
	stream_close_pair(sv);
}

/* What nobody holds any more, and nobody takes, is reset */
TEST_F(pressure, orphans_end)
{
	int later[2], sooner[2];

	ASSERT_OK(stream_pair_across(&self->net, later, PORT));
	ASSERT_OK(stream_pair_across(&self->net, sooner, PORT + 1));
	for (int i = 0; i < 2; i++) {
		int *sv = i ? sooner : later;

		/* More than the peer takes */
		opt_set(sv[0], SOL_SOCKET, SO_SNDBUF, 1 << 18);
		EXPECT_LT(1 << 17, fill(sv[0], 1));
	}
	sleep_ms(500);
	close(later[0]);
	EXPECT_EQ(0, both(self, "AbortOnMemory"));
	ASSERT_OK(set_mem(self->mem, NONE));
	close(sooner[0]);
	EXPECT_LE(1, both(self, "AbortOnMemory"));
	/* The next probe, or what is sent again, finds out */
	for (int i = 0; i < 100 && both(self, "AbortOnMemory") < 2; i++)
		sleep_ms(100);
	EXPECT_EQ(2, both(self, "AbortOnMemory"));
	say(self);
	close(later[1]);
	close(sooner[1]);
}

/* Thresholds in order, of the first namespace alone */
TEST_F(pressure, thresholds)
{
	EXPECT_ERR(EINVAL, set_mem(self->mem, "100 50 200"));
	EXPECT_ERR(EINVAL, set_mem(self->mem, "100 200 150"));
	EXPECT_ERR(EINVAL, set_mem(self->mem, "0 200 300"));
	EXPECT_ERR(EINVAL, set_mem(self->mem, "x"));
	EXPECT_EQ(-1, open("/proc/sys/net/ipv4/ltcp_mem", O_WRONLY));
}

TEST_HARNESS_MAIN
