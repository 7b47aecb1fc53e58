// SPDX-License-Identifier: GPL-2.0
/*
 * 16 MiB each way at the same time over a network that loses, reorders,
 * duplicates and corrupts packets, with offloads and without: compared octet by
 * octet with what the seed says, and by a digest at either end.
 *
 * netem does it, seeded where the kernel can be told a seed (6.6 and later).
 */
#include "../kselftest_harness.h"

#include "netns.h"
#include "stream.h"
#include "transfer.h"

#define PORT	4000
#define DELAY_US	5000

FIXTURE(impaired) {
	struct netns_pair net;
};

FIXTURE_VARIANT(impaired) {
	struct netem netem;
	int family;
	bool mapped;
	const char *features;	/* ethtool -K; as they are at first: bursts pass whole */
};

FIXTURE_VARIANT_ADD(impaired, nothing) {
	.netem = {},
};

FIXTURE_VARIANT_ADD(impaired, delay) {
	.netem = { .delay_us = DELAY_US },
};

FIXTURE_VARIANT_ADD(impaired, loss) {
	.netem = { .delay_us = DELAY_US, .loss = 50000, .seed = 1 },
};

FIXTURE_VARIANT_ADD(impaired, reorder) {
	.netem = { .delay_us = DELAY_US, .reorder = 250000, .seed = 2 },
};

FIXTURE_VARIANT_ADD(impaired, duplicate) {
	.netem = { .delay_us = DELAY_US, .duplicate = 10000, .seed = 3 },
};

FIXTURE_VARIANT_ADD(impaired, corrupt) {
	.netem = { .delay_us = DELAY_US, .corrupt = 5000, .seed = 4 },
};

#define ALL_TOGETHER(_seed)						\
	{								\
		.delay_us = DELAY_US, .loss = 50000, .reorder = 250000,	\
		.duplicate = 10000, .corrupt = 5000, .seed = _seed,	\
	}

FIXTURE_VARIANT_ADD(impaired, all_5) {
	.netem = ALL_TOGETHER(5),
};

FIXTURE_VARIANT_ADD(impaired, all_6_over_ipv6) {
	.netem = ALL_TOGETHER(6),
	.family = AF_INET6,
};

FIXTURE_VARIANT_ADD(impaired, all_7_mapped) {
	.netem = ALL_TOGETHER(7),
	.family = AF_INET6,
	.mapped = true,
};

#define WITHOUT_OFFLOADS "tx off sg off gso off gro off tso off"
#define MERGED		"tso off tx-sctp-segmentation off gro on"

FIXTURE_VARIANT_ADD(impaired, all_8_without_offloads) {
	.netem = ALL_TOGETHER(8),
	.features = WITHOUT_OFFLOADS,
};

FIXTURE_VARIANT_ADD(impaired, all_9_over_ipv6_without_offloads) {
	.netem = ALL_TOGETHER(9),
	.family = AF_INET6,
	.features = WITHOUT_OFFLOADS,
};

/* Cut before they are impaired, and what is left in a row merged by the receiver */
FIXTURE_VARIANT_ADD(impaired, all_10_merged) {
	.netem = ALL_TOGETHER(10),
	.features = MERGED,
};

FIXTURE_VARIANT_ADD(impaired, nothing_without_offloads) {
	.features = WITHOUT_OFFLOADS,
};

/* The two directions have different seeds */
static int impair(const struct netem *netem, int direction)
{
	const char *seed = getenv("INTEGRITY_SEED");
	struct netem n = *netem;

	if (seed && n.seed)
		n.seed = atol(seed);
	if (n.seed)
		n.seed = n.seed * 2 + direction;
	return n.delay_us ? netem_set("eth0", &n) : 0;
}

FIXTURE_SETUP(impaired)
{
	const struct flavour f = {
		.ltcp = !getenv("INTEGRITY_TCP"),
		.family = variant->family ?: AF_INET,
		.mapped = variant->mapped,
	};

	ASSERT_STREQ("", stream_begin(&f));
	ASSERT_OK(netns_pair(&self->net));
	if (variant->features)
		ASSERT_OK(netns_features(&self->net, variant->features));
	for (int i = 1; i >= 0; i--) {
		netns_enter(self->net.ns[i]);
		ASSERT_OK(impair(&variant->netem, i));
	}
}

FIXTURE_TEARDOWN(impaired)
{
	netns_pair_close(&self->net);
}

/*
 * Losses cost retransmission timeouts: in real time there is time for less.
 * The debug kernel takes thirty times as many instructions an octet; it is
 * there for what goes wrong in the kernel, and 2 MiB take all the same paths.
 */
static uint64_t amount(void)
{
	const char *mib = getenv("INTEGRITY_MIB"), *kernel = getenv("LTCP_KERNEL");
	bool quick = !stream_virtual_clock() || (kernel && !strcmp(kernel, "debug"));

	return (mib ? atol(mib) : quick ? 2 : 16) << 20;
}

static void report(long ms)
{
	printf("# %llu MiB each way in %ld.%03ld s\n", (unsigned long long)amount() >> 20,
	       ms / 1000, ms % 1000);
	fflush(stdout);
}

/* A counter of both hosts' */
static long counted(const struct netns_pair *net, const char *name)
{
	long sum = 0;

	for (int i = 1; i >= 0; i--) {
		netns_enter(net->ns[i]);
		sum += stream_counter(name);
	}
	return sum;
}

/*
 * Was there what the transfer is said to have stood? Of bursts that pass whole there are some
 * hundred: too few for what befalls one in a hundred, or fewer, to befall any for sure.
 */
static const char *missed(const struct netns_pair *net, const struct netem *netem, bool cut)
{
	if (netem->loss && !counted(net, "RetransSegs"))
		return "losses";
	if (netem->reorder && !counted(net, "OutOfOrder"))
		return "reordering";
	if (netem->duplicate && cut && !counted(net, "Duplicates"))
		return "duplicates";
	if (netem->corrupt && cut && !counted(net, "InCsumErrors"))
		return "corruption";
	if (!netem->delay_us && counted(net, "InCsumErrors"))
		return "peace";
	/* In real time a host that is busy elsewhere answers late */
	if (!netem->delay_us && stream_virtual_clock() && counted(net, "RetransSegs"))
		return "peace";
	return "";
}

/* The guest's hours are cheap, where it only waits */
TEST_F_TIMEOUT(impaired, both_ways_at_once, 36000)
{
	struct flow flow[2];
	long start = now_ms();
	int sv[2];

	ASSERT_OK(stream_pair_across(&self->net, sv, PORT));
	flow_start_both(flow, sv, &(struct flow) {
		.len = amount(),
		.seed = variant->netem.seed * 2,
		.writing = { .chunk = 65536 },
		.reading = { .chunk = 65536 },
	});
	for (int i = 0; i < 2; i++) {
		flow_join(&flow[i]);
		EXPECT_TRUE(flow_right(&flow[i]));
	}
	report(now_ms() - start);
	if (!getenv("INTEGRITY_TCP"))
		EXPECT_STREQ("", missed(&self->net, &variant->netem, variant->features));
}

TEST_HARNESS_MAIN
