// SPDX-License-Identifier: GPL-2.0
/* Congestion control by the figures of its RFCs: CUBIC (9438), HyStart++ (9406). */
#include <math.h>
#include <string.h>

#include "core/cong.h"
#include "core/hystart.h"
#include "host.h"
#include "peer.h"

#define MSS 1000u

/* A connection whose window is always full, seen from congestion control only */
struct flow {
	struct ltcp_tcb tcb;
	u64 now;
	u32 rtt_us;
};

static void flow_init(struct flow *f, const struct ltcp_cong_ops *ops, u32 segments, u32 rtt_us)
{
	memset(f, 0, sizeof(*f));
	f->now = 1000 * SECOND;
	f->rtt_us = rtt_us;
	f->tcb.snd_mss = MSS;
	f->tcb.ssthresh = ~0u;
	f->tcb.cong = ops;
	f->tcb.snd_una = 5000;
	f->tcb.snd_nxt = 5000;
	ltcp_rtt_init(&f->tcb.rtt, 0);
	ltcp_rtt_sample(&f->tcb.rtt, rtt_us);
	ltcp_cong_init(&f->tcb, f->now);
	f->tcb.cwnd = segments * MSS;
}

/* One round trip: a window is sent, and each of its segments acknowledged */
static void flow_round(struct flow *f)
{
	u32 n = f->tcb.cwnd / MSS, i;

	f->tcb.snd_nxt = f->tcb.snd_una + n * MSS;
	for (i = 0; i < n; i++) {
		struct ltcp_cong_sample sample = {
			.now = f->now + (u64)f->rtt_us * i / n,
			.ack = f->tcb.snd_una + MSS,
			.acked = MSS,
			.delivered = MSS,
			.in_flight = f->tcb.cwnd,
			.rtt_us = f->rtt_us,
		};

		ltcp_cong_acked(&f->tcb, &sample);
		f->tcb.snd_una += MSS;
		f->tcb.snd_nxt = f->tcb.snd_una + f->tcb.cwnd;
	}
	f->now += f->rtt_us;
}

static void flow_rounds(struct flow *f, unsigned int n)
{
	while (n--)
		flow_round(f);
}

/* A loss that is repaired at once */
static void flow_loss(struct flow *f)
{
	ltcp_cong_reduce(&f->tcb, f->tcb.cwnd, f->now);
	f->tcb.cwnd = f->tcb.ssthresh;
	ltcp_cong_recovered(&f->tcb, f->now);
}

/* RFC 9438 figure 1, in segments */
static double w_cubic(double t, double w_max, double cwnd_epoch)
{
	double k = cbrt((w_max - cwnd_epoch) / 0.4);

	return 0.4 * pow(t - k, 3) + w_max;
}

static void expect_about(const struct flow *f, double segments, double slack)
{
	double got = (double)f->tcb.cwnd / MSS;

	if (fabs(got - segments) > slack)
		FAIL("CWND is %.2f segments, should be %.2f +- %.2f", got, segments, slack);
}

/* RFC 9438 section 4.6: beta is 0.7; section 4.2: the curve, concave and convex */
TEST(cubic_follows_the_curve)
{
	struct flow f;
	int i;

	flow_init(&f, &ltcp_cong_cubic, 1000, 100000);
	flow_loss(&f);
	EXPECT_EQ(f.tcb.cwnd, 700 * MSS);
	EXPECT_EQ(f.tcb.ssthresh, 700 * MSS);
	/* K = cbrt(300 / 0.4) = 9.09 s: back at W_max then, and as far above it at 2 K */
	for (i = 1; i <= 180; i++) {
		double want = w_cubic(i * 0.1, 1000, 700);

		flow_round(&f);
		host_at("%.1f s", i * 0.1);
		expect_about(&f, want, 2 + want / 200);
	}
	expect_about(&f, 1293, 15);
}

/* K itself: nothing moves around it */
TEST(cubic_plateau)
{
	struct flow f;

	flow_init(&f, &ltcp_cong_cubic, 1000, 100000);
	flow_loss(&f);
	flow_rounds(&f, 86);
	expect_about(&f, 1000, 2);
	flow_rounds(&f, 10);
	expect_about(&f, 1000, 2);
}

/* Section 4.3: with a short round trip Reno would be ahead, so CUBIC goes with it */
TEST(cubic_is_friendly_to_reno)
{
	struct flow f;
	double w = 14;
	int i;

	flow_init(&f, &ltcp_cong_cubic, 20, 10000);
	flow_loss(&f);
	EXPECT_EQ(f.tcb.cwnd, 14 * MSS);
	for (i = 1; i <= 60; i++) {
		flow_round(&f);
		w += w < 20 ? 3 * 0.3 / 1.7 : 1;	/* alpha_cubic, then 1 */
		host_at("round %d", i);
		expect_about(&f, w, 2.5);
	}
	/* 6 / 0.529 = 11.3 rounds to come back, then one segment each */
	expect_about(&f, 20 + 60 - 11.3, 2.5);
}

/* Section 4.7: a flow that is cut before it was back leaves room for others */
TEST(cubic_fast_convergence)
{
	struct flow f;

	flow_init(&f, &ltcp_cong_cubic, 1000, 100000);
	flow_loss(&f);
	flow_loss(&f);
	EXPECT_EQ(f.tcb.cwnd, 490 * MSS);
	/* W_max = 700 * 0.85 = 595: the plateau is there, K = cbrt(105 / 0.4) = 6.4 s */
	flow_rounds(&f, 64);
	expect_about(&f, 595, 2);
	flow_rounds(&f, 5);
	expect_about(&f, 595, 2);
}

/* Section 4.9: what was undone is as if it had not been */
TEST(cubic_undo)
{
	struct flow f, g;

	flow_init(&f, &ltcp_cong_cubic, 1000, 100000);
	flow_loss(&f);
	flow_rounds(&f, 30);
	g = f;
	flow_loss(&f);
	EXPECT_LT(f.tcb.cwnd, g.tcb.cwnd);
	ltcp_cong_undo(&f.tcb, f.now);
	EXPECT_EQ(f.tcb.cwnd, g.tcb.cwnd);
	EXPECT_EQ(f.tcb.ssthresh, g.tcb.ssthresh);
	flow_rounds(&f, 60);
	flow_rounds(&g, 60);
	expect_about(&f, (double)g.tcb.cwnd / MSS, 3);
}

/* The same where slow start had never ended: it goes on */
TEST(cubic_undo_in_first_slow_start)
{
	struct flow f;

	flow_init(&f, &ltcp_cong_cubic, 10, 100000);
	flow_round(&f);
	flow_loss(&f);
	ltcp_cong_undo(&f.tcb, f.now);
	EXPECT_EQ(f.tcb.cwnd, 20 * MSS);
	EXPECT_EQ(f.tcb.ssthresh, ~0u);
	flow_round(&f);
	EXPECT_EQ(f.tcb.cwnd, 40 * MSS);
}

/* Section 4.8: after a timeout slow start to 0.7 of it, and from there a curve with K = 0 */
TEST(cubic_timeout)
{
	struct flow f;
	int i;

	flow_init(&f, &ltcp_cong_cubic, 1000, 100000);
	f.tcb.retries = 1;
	ltcp_cong_rto(&f.tcb, f.tcb.cwnd, f.now);
	EXPECT_EQ(f.tcb.cwnd, MSS);
	EXPECT_EQ(f.tcb.ssthresh, 700 * MSS);
	while (f.tcb.cwnd < f.tcb.ssthresh)
		flow_round(&f);
	for (i = 1; i <= 80; i++)
		flow_round(&f);
	/* 0.4 * 8^3 = 205; Reno's line would be at 42 */
	expect_about(&f, 905, 12);
}

/* Section 5.8: time that the window was not used in is not CUBIC's */
TEST(cubic_does_not_count_idle_time)
{
	struct flow f, g;

	flow_init(&f, &ltcp_cong_cubic, 1000, 100000);
	flow_loss(&f);
	flow_rounds(&f, 20);
	g = f;
	g.now += 60 * SECOND;
	flow_rounds(&f, 20);
	flow_rounds(&g, 20);
	expect_about(&g, (double)f.tcb.cwnd / MSS, 12);
}

/* Windows of any size: no overflow anywhere on the curve */
TEST(cubic_extremes)
{
	static const u32 windows[] = { 2, 3, 1000, 100000, LTCP_CONG_CWND_MAX / MSS };
	struct flow f;
	u32 i, j, before;

	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		flow_init(&f, &ltcp_cong_cubic, windows[i], 500000);
		flow_loss(&f);
		for (j = 0; j < 2000; j++) {
			struct ltcp_cong_sample sample = {
				.acked = f.tcb.cwnd / 2, .in_flight = f.tcb.cwnd,
			};

			f.now += 250000;
			sample.now = f.now;
			before = f.tcb.cwnd;
			ltcp_cong_acked(&f.tcb, &sample);
			host_at("%u segments, step %u", windows[i], j);
			EXPECT_GE(f.tcb.cwnd, before);
			EXPECT_LE(f.tcb.cwnd, 2ull * LTCP_CONG_CWND_MAX);
			EXPECT_LE(f.tcb.cwnd, before + before / 2 + MSS);
		}
		EXPECT_GT(f.tcb.cwnd, (windows[i] < 1000 ? 3 : 1) * windows[i] * (MSS / 2));
	}
}

/* RFC 9406 section 4.2: slow start while the round trip stays as it is */
TEST(hystart_stays_in_slow_start)
{
	struct flow f;

	flow_init(&f, &ltcp_cong_cubic, 10, 40000);
	flow_rounds(&f, 6);
	EXPECT_EQ(f.tcb.cwnd, 640 * MSS);
	/* An eighth of 40 ms is 5 ms: less than that is no sign */
	f.rtt_us = 44900;
	flow_rounds(&f, 1);
	EXPECT_EQ(f.tcb.cwnd, 1280 * MSS);
	EXPECT_EQ(f.tcb.ssthresh, ~0u);
}

/* A queue: a quarter of the pace for five rounds, the one it is seen in included */
TEST(hystart_conservative_slow_start)
{
	struct flow f;
	u32 before;
	int i;

	flow_init(&f, &ltcp_cong_cubic, 32, 40000);
	flow_rounds(&f, 2);
	EXPECT_EQ(f.tcb.cwnd, 128 * MSS);
	/* A round ends at what had been sent when the one before did, here six segments early */
	f.rtt_us = 45000;
	flow_round(&f);
	EXPECT_EQ(f.tcb.cwnd, 256 * MSS);
	/* so the eighth sample of 45 ms alone is the second: 2 whole, 254 quarters */
	flow_round(&f);
	EXPECT_EQ(f.tcb.cwnd, (256 + 2) * MSS + 254 * MSS / 4);
	for (i = 2; i <= 5; i++) {
		before = f.tcb.cwnd;
		EXPECT_EQ(f.tcb.ssthresh, ~0u);
		flow_round(&f);
		host_at("round %d", i);
		EXPECT_LE(f.tcb.cwnd, before + before / 4);
		/* the last of the five ends early as well, and congestion avoidance begins */
		EXPECT_GE(f.tcb.cwnd, before + (i < 5 ? before / 4 - MSS : before / 5));
	}
	EXPECT_EQ(f.tcb.ssthresh, f.tcb.cwnd);
	/* Congestion avoidance, without a loss: K = 0 */
	before = f.tcb.cwnd;
	flow_round(&f);
	EXPECT_LE(f.tcb.cwnd, before + 2 * MSS);
}

/* The round trip shrinks again: it was jitter, slow start goes on */
TEST(hystart_resumes)
{
	struct flow f;
	u32 before;

	flow_init(&f, &ltcp_cong_cubic, 32, 40000);
	flow_rounds(&f, 2);
	f.rtt_us = 46000;
	flow_rounds(&f, 2);
	EXPECT_LT(f.tcb.cwnd, 512 * MSS);
	f.rtt_us = 41000;
	flow_round(&f);
	before = f.tcb.cwnd;
	flow_round(&f);
	EXPECT_EQ(f.tcb.cwnd, before + before / MSS * MSS);
	EXPECT_EQ(f.tcb.ssthresh, ~0u);
}

/* Thresholds are 4 ms at least and 16 ms at most */
TEST(hystart_thresholds)
{
	static const struct {
		u32 rtt, rise;
		bool css;
	} cases[] = {
		{ 1000, 3900, false }, { 1000, 4000, true },
		{ 80000, 9900, false }, { 80000, 10000, true },
		{ 400000, 15900, false }, { 400000, 16000, true },
	};
	struct flow f;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		flow_init(&f, &ltcp_cong_cubic, 32, cases[i].rtt);
		flow_rounds(&f, 2);
		f.rtt_us += cases[i].rise;
		flow_rounds(&f, 2);
		host_at("case %u", i);
		EXPECT_EQ(f.tcb.cwnd < 512 * MSS, cases[i].css);
	}
}

/* Another algorithm in the middle of a connection: windows stay, its state begins anew */
TEST(cong_choose)
{
	struct flow f;

	flow_init(&f, &ltcp_cong_cubic, 1000, 100000);
	flow_loss(&f);
	flow_rounds(&f, 10);
	f.tcb.cwnd = 900 * MSS;
	ltcp_cong_choose(&f.tcb, &ltcp_cong_reno, f.now);
	EXPECT_EQ(f.tcb.cwnd, 900 * MSS);
	EXPECT_EQ(f.tcb.ssthresh, 700 * MSS);
	flow_rounds(&f, 10);
	EXPECT_EQ(f.tcb.cwnd, 910 * MSS);
	flow_loss(&f);
	EXPECT_EQ(f.tcb.cwnd, 455 * MSS);
}
