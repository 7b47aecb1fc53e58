// SPDX-License-Identifier: GPL-2.0
/* Round-trip time and retransmission timeout against RFC 6298, worked by hand. */
#include "core/rtt.h"
#include "host.h"

#define MS 1000u

TEST(rtt_before_the_first_sample)
{
	struct ltcp_rtt rtt;

	ltcp_rtt_init(&rtt, 0);
	EXPECT_EQ(rtt.rto_us, 1000 * MS);	/* (2.1) */
	EXPECT_EQ(rtt.rto_min_us, 200 * MS);
	EXPECT_EQ(rtt.srtt_us, 0);
	EXPECT_EQ(rtt.min_us, ~0u);
	ltcp_rtt_init(&rtt, 5 * MS);
	EXPECT_EQ(rtt.rto_us, 1000 * MS);
	EXPECT_EQ(rtt.rto_min_us, 5 * MS);
	ltcp_rtt_init(&rtt, 4000 * MS);		/* a route's rto_min above the initial value */
	EXPECT_EQ(rtt.rto_us, 4000 * MS);
}

/*
 * (2.2): SRTT = 100, RTTVAR = 50, RTO = 100 + 4 * 50.
 * (2.3), R' = 200: RTTVAR = 3/4 * 50 + 1/4 * |100 - 200| = 62.5,
 *	SRTT = 7/8 * 100 + 1/8 * 200 = 112.5, RTO = 112.5 + 250.
 * R' = 112.5: RTTVAR = 3/4 * 62.5 = 46.875, SRTT stays, RTO = 112.5 + 187.5.
 * R' = 32.5: RTTVAR = 3/4 * 46.875 + 1/4 * 80 = 55.15625,
 *	SRTT = 7/8 * 112.5 + 1/8 * 32.5 = 102.5, RTO = 102.5 + 220.625.
 */
TEST(rtt_worked_by_hand)
{
	struct ltcp_rtt rtt;

	ltcp_rtt_init(&rtt, 0);
	ltcp_rtt_sample(&rtt, 100 * MS);
	EXPECT_EQ(rtt.srtt_us, 100 * MS * 8);
	EXPECT_EQ(rtt.rttvar_us, 50 * MS * 4);
	EXPECT_EQ(rtt.rto_us, 300 * MS);
	ltcp_rtt_sample(&rtt, 200 * MS);
	EXPECT_EQ(rtt.srtt_us, 112500 * 8);
	EXPECT_EQ(rtt.rttvar_us, 62500 * 4);
	EXPECT_EQ(rtt.rto_us, 362500);
	ltcp_rtt_sample(&rtt, 112500);
	EXPECT_EQ(rtt.srtt_us, 112500 * 8);
	EXPECT_EQ(rtt.rttvar_us, 46875 * 4);
	EXPECT_EQ(rtt.rto_us, 300000);
	ltcp_rtt_sample(&rtt, 32500);
	EXPECT_EQ(rtt.srtt_us, 102500 * 8);
	EXPECT_EQ(rtt.rttvar_us, 220625);
	EXPECT_EQ(rtt.rto_us, 323125);
	EXPECT_EQ(rtt.min_us, 32500);
}

/* The scaled integers against the RFC's formulas in real numbers, for all kinds of samples */
TEST(rtt_follows_the_formulas)
{
	static const u32 ranges[] = { 10, 1000, 50 * MS, 3000 * MS, 100000 * MS };
	unsigned int i, round;
	u64 seed = 6298;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		double srtt = 0, var = 0, rto, err;
		struct ltcp_rtt rtt;

		ltcp_rtt_init(&rtt, 1);
		for (round = 0; round < 20000; round++) {
			u32 us = host_random(&seed) % ranges[i] + 1;

			host_at("range %u round %u sample %u", ranges[i], round, us);
			ltcp_rtt_sample(&rtt, us);
			err = srtt > us ? srtt - us : us - srtt;
			var = round ? var * 3 / 4 + err / 4 : us / 2.0;
			srtt = round ? srtt * 7 / 8 + us / 8.0 : us;
			rto = srtt + (var * 4 > 1000 ? var * 4 : 1000);
			if (rto > 120e6)
				rto = 120e6;
			/* truncation costs up to a microsecond a step, damped by 7/8 and 3/4 */
			EXPECT(rtt.srtt_us / 8.0 > srtt - 2 && rtt.srtt_us / 8.0 < srtt + 2);
			EXPECT(rtt.rto_us > rto - 12 && rtt.rto_us < rto + 12);
		}
	}
}

/* (2.4), with the bound of the route; G keeps a still path's RTO above its round trip (2.3) */
TEST(rtt_lower_bounds)
{
	struct ltcp_rtt rtt;
	unsigned int i;

	ltcp_rtt_init(&rtt, 0);
	for (i = 0; i < 100; i++)
		ltcp_rtt_sample(&rtt, 10 * MS);
	EXPECT_EQ(rtt.rto_us, 200 * MS);
	ltcp_rtt_init(&rtt, 15 * MS);
	for (i = 0; i < 100; i++)
		ltcp_rtt_sample(&rtt, 10 * MS);
	EXPECT_EQ(rtt.rto_us, 15 * MS);
	ltcp_rtt_init(&rtt, 1);
	for (i = 0; i < 100; i++)
		ltcp_rtt_sample(&rtt, 10 * MS);
	EXPECT_EQ(rtt.rto_us, 11 * MS);
}

/* Samples beyond all reason neither overflow nor pass the upper bound (2.5) */
TEST(rtt_upper_bound)
{
	struct ltcp_rtt rtt;
	unsigned int i;

	ltcp_rtt_init(&rtt, 0);
	for (i = 0; i < 100; i++) {
		ltcp_rtt_sample(&rtt, i & 1 ? 1 : ~0u);
		EXPECT_LE(rtt.rto_us, LTCP_RTO_MAX_US);
		EXPECT_GE(rtt.rto_us, 1000 * MS);
		EXPECT_LE(rtt.srtt_us / 8, LTCP_RTO_MAX_US);
	}
	EXPECT_GE(LTCP_RTO_MAX_US, 60000 * MS);
	ltcp_rtt_init(&rtt, ~0u);
	EXPECT_EQ(rtt.rto_us, LTCP_RTO_MAX_US);
}

TEST(rtt_zero_counts_as_one)
{
	struct ltcp_rtt rtt;

	ltcp_rtt_init(&rtt, 0);
	ltcp_rtt_sample(&rtt, 0);
	EXPECT_EQ(rtt.srtt_us, 8);
	EXPECT_EQ(rtt.min_us, 1);
	ltcp_rtt_sample(&rtt, 0);
	EXPECT_NE(rtt.srtt_us, 0);
}

/* (5.5): doubled each time, up to the bound, and the base stays what it was */
TEST(rto_backoff)
{
	static const u32 want_s[] = { 1, 2, 4, 8, 16, 32, 64, 120, 120 };
	struct ltcp_rtt rtt;
	unsigned int n;

	ltcp_rtt_init(&rtt, 0);
	for (n = 0; n < ARRAY_SIZE(want_s); n++) {
		host_at("backoff %u", n);
		EXPECT_EQ(ltcp_rtt_backoff(&rtt, n), want_s[n] * 1000 * MS);
	}
	for (; n < 300; n++)
		EXPECT_EQ(ltcp_rtt_backoff(&rtt, n), LTCP_RTO_MAX_US);
	EXPECT_EQ(rtt.rto_us, 1000 * MS);
	ltcp_rtt_sample(&rtt, 100 * MS);
	EXPECT_EQ(ltcp_rtt_backoff(&rtt, 3), 2400 * MS);
}

/* (5.7): 3 s after a lost SYN, until a sample says better */
TEST(rto_after_a_lost_syn)
{
	struct ltcp_rtt rtt;

	ltcp_rtt_init(&rtt, 0);
	ltcp_rtt_syn_lost(&rtt);
	EXPECT_EQ(rtt.rto_us, 3000 * MS);
	EXPECT_EQ(ltcp_rtt_backoff(&rtt, 1), 6000 * MS);
	ltcp_rtt_sample(&rtt, 100 * MS);
	EXPECT_EQ(rtt.rto_us, 300 * MS);
	ltcp_rtt_init(&rtt, 5000 * MS);
	ltcp_rtt_syn_lost(&rtt);
	EXPECT_EQ(rtt.rto_us, 5000 * MS);
}
