// SPDX-License-Identifier: GPL-2.0
/* Buffers that grow with the path, unless their user has chosen their size. */
#include "../kselftest_harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "netns.h"
#include "stream.h"
#include "transfer.h"

#define PORT		4000
#define LEN		(16 << 20)
#define DELAY_US	20000	/* each way */

FIXTURE(buffers) {
	struct netns_pair net;
	int sv[2];
};

FIXTURE_SETUP(buffers)
{
	const struct flavour f = { .ltcp = !getenv("INTEGRITY_TCP"), .family = AF_INET };
	const struct netem delay = { .delay_us = DELAY_US };

	ASSERT_STREQ("", stream_begin(&f));
	ASSERT_OK(netns_pair(&self->net));
	for (int i = 1; i >= 0; i--) {
		netns_enter(self->net.ns[i]);
		ASSERT_OK(netem_set("eth0", &delay));
	}
}

FIXTURE_TEARDOWN(buffers)
{
	stream_close_pair(self->sv);
	netns_pair_close(&self->net);
}

/* sv[1] is accepted from a listener with that receive buffer, 0: the default */
static int connect_both(FIXTURE_DATA(buffers) *self, int rcvbuf)
{
	int listener, err;

	netns_enter(self->net.ns[1]);
	listener = stream_listener(addr_host(2, PORT), 1);
	if (rcvbuf)
		opt_set(listener, SOL_SOCKET, SO_RCVBUF, rcvbuf);
	netns_enter(self->net.ns[0]);
	err = stream_pair_at(self->sv, listener, addr_host(2, PORT));
	close(listener);
	return err;
}

/* Milliseconds that it takes, -1: something was wrong */
static long transfer(FIXTURE_DATA(buffers) *self, uint64_t len)
{
	struct flow flow = {
		.from = self->sv[0],
		.to = self->sv[1],
		.len = len,
		.seed = 1,
		.writing = { .chunk = 65536 },
		.reading = { .chunk = 65536 },
	};
	long start = now_ms();

	flow_start(&flow);
	flow_join(&flow);
	return flow_right(&flow) ? now_ms() - start : -1;
}

/* With the first window alone 16 MiB would take more than ten seconds at 40 ms */
TEST_F(buffers, grow)
{
	int before;
	long ms;

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(connect_both(self, 0));
	before = opt_get(self->sv[1], SOL_SOCKET, SO_RCVBUF);
	ms = transfer(self, LEN);
	printf("# %ld ms, receive buffer from %d to %d\n", ms, before,
	       opt_get(self->sv[1], SOL_SOCKET, SO_RCVBUF));
	fflush(stdout);
	EXPECT_LT(0, ms);
	EXPECT_GT(4000, ms);
	EXPECT_LT(4 * before, opt_get(self->sv[1], SOL_SOCKET, SO_RCVBUF));
}

TEST_F(buffers, grow_no_further_than_allowed)
{
	int size;

	NEEDS_VIRTUAL_CLOCK();
	netns_enter(self->net.ns[1]);
	ASSERT_OK(sysctl_set("rmem", "4096 131072 300000"));
	ASSERT_OK(connect_both(self, 0));
	EXPECT_LT(0, transfer(self, LEN / 4));
	size = opt_get(self->sv[1], SOL_SOCKET, SO_RCVBUF);
	EXPECT_LT(131072, size);
	EXPECT_GE(300000, size);
}

TEST_F(buffers, stay_as_chosen)
{
	int size;

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(connect_both(self, 100000));
	size = opt_get(self->sv[1], SOL_SOCKET, SO_RCVBUF);
	EXPECT_LT(0, transfer(self, LEN / 4));
	EXPECT_EQ(size, opt_get(self->sv[1], SOL_SOCKET, SO_RCVBUF));
}

TEST_HARNESS_MAIN
