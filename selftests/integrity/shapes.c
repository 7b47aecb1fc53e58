// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that read and write by fits and starts, through small buffers and
 * a network that loses and reorders: windows close and open again.
 */
#include "../kselftest_harness.h"

#include "netns.h"
#include "stream.h"
#include "transfer.h"

#define PORT	4000

FIXTURE(shapes) {
	struct netns_pair net;
};

FIXTURE_VARIANT(shapes) {
	struct shape writing;
	struct shape reading;
	int sndbuf;
	int rcvbuf;
	uint64_t len;
	struct netem netem;
};

/* Sizes from one octet to several segments */
FIXTURE_VARIANT_ADD(shapes, random_sizes) {
	.writing = { .chunk = 9000, .random = true },
	.reading = { .chunk = 9000, .random = true },
	.len = 3 << 20,
	.netem = { .delay_us = 2000, .loss = 10000, .seed = 11 },
};

/* A reader that sleeps now and then: the window closes, and must open again */
FIXTURE_VARIANT_ADD(shapes, sleepy_reader) {
	.writing = { .chunk = 30000, .random = true },
	.reading = { .chunk = 30000, .random = true, .pause = 20, .pause_ms = 700 },
	.sndbuf = 20000,
	.rcvbuf = 20000,
	.len = 1 << 20,
	.netem = { .delay_us = 2000, .loss = 10000, .seed = 12 },
};

/* The same, and what opens the window again may be lost */
FIXTURE_VARIANT_ADD(shapes, sleepy_reader_bad_network) {
	.writing = { .chunk = 30000, .random = true },
	.reading = { .chunk = 30000, .random = true, .pause = 20, .pause_ms = 3000 },
	.sndbuf = 20000,
	.rcvbuf = 20000,
	.len = 1 << 20,
	.netem = { .delay_us = 5000, .loss = 100000, .reorder = 250000, .seed = 13 },
};

/* One octet after the other */
FIXTURE_VARIANT_ADD(shapes, tiny_writes) {
	.writing = { .chunk = 3, .random = true },
	.reading = { .chunk = 1000, .random = true },
	.len = 40 << 10,
	.netem = { .delay_us = 2000, .loss = 20000, .seed = 14 },
};

FIXTURE_VARIANT_ADD(shapes, tiny_reads) {
	.writing = { .chunk = 5000, .random = true },
	.reading = { .chunk = 3, .random = true },
	.rcvbuf = 5000,
	.len = 40 << 10,
	.netem = { .delay_us = 2000, .loss = 20000, .seed = 15 },
};

/* The least buffers that can be asked for */
FIXTURE_VARIANT_ADD(shapes, least_buffers) {
	.writing = { .chunk = 4000, .random = true },
	.reading = { .chunk = 4000, .random = true },
	.sndbuf = 1,
	.rcvbuf = 1,
	.len = 200 << 10,
	.netem = { .delay_us = 1000, .loss = 20000, .reorder = 250000, .seed = 16 },
};

/* Writers that pause: Nagle's algorithm, delayed acknowledgments, idle restarts */
FIXTURE_VARIANT_ADD(shapes, bursts) {
	.writing = { .chunk = 20000, .random = true, .pause = 4, .pause_ms = 300 },
	.reading = { .chunk = 65536 },
	.len = 1 << 20,
	.netem = { .delay_us = 10000, .loss = 30000, .reorder = 100000, .seed = 17 },
};

FIXTURE_SETUP(shapes)
{
	const struct flavour f = { .ltcp = !getenv("INTEGRITY_TCP"), .family = AF_INET };

	ASSERT_STREQ("", stream_begin(&f));
	ASSERT_OK(netns_pair(&self->net));
	for (int i = 1; i >= 0; i--) {
		struct netem netem = variant->netem;

		netem.seed = netem.seed * 2 + i;
		netns_enter(self->net.ns[i]);
		ASSERT_OK(netem_set("eth0", &netem));
	}
}

FIXTURE_TEARDOWN(shapes)
{
	netns_pair_close(&self->net);
}

static int sized_socket(const FIXTURE_VARIANT(shapes) *v)
{
	int fd = stream_socket(0);

	if (v->sndbuf)
		opt_set(fd, SOL_SOCKET, SO_SNDBUF, v->sndbuf);
	if (v->rcvbuf)
		opt_set(fd, SOL_SOCKET, SO_RCVBUF, v->rcvbuf);
	return fd;
}

TEST_F_TIMEOUT(shapes, both_ways_at_once, 36000)
{
	struct flow flow[2];
	int sv[2], listener;

	netns_enter(self->net.ns[1]);
	listener = sized_socket(variant);
	ASSERT_OK(stream_bind(listener, addr_host(2, PORT)));
	ASSERT_OK(listen(listener, 1));
	netns_enter(self->net.ns[0]);
	sv[0] = sized_socket(variant);
	ASSERT_OK(stream_connect(sv[0], addr_host(2, PORT)));
	sv[1] = stream_accept(listener);
	ASSERT_OK(sv[1]);
	flow_start_both(flow, sv, &(struct flow) {
		.len = variant->len,
		.seed = variant->netem.seed * 2,
		.writing = variant->writing,
		.reading = variant->reading,
	});
	for (int i = 0; i < 2; i++) {
		flow_join(&flow[i]);
		EXPECT_TRUE(flow_right(&flow[i]));
	}
}

TEST_HARNESS_MAIN
