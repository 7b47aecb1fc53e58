// SPDX-License-Identifier: GPL-2.0
/* Entries that wait for their ends: in order, in time, and without a search. */
#include <stdlib.h>

#include "core/half.h"
#include "core/lanes.h"
#include "host.h"

#define N	100000
#define SPAN	60000

struct world {
	struct ltcp_lanes lanes;
	struct ltcp_lane lane[4];
	u32 now;
};

static void world_init(struct world *w, u32 now)
{
	ltcp_lanes_init(&w->lanes, w->lane, ARRAY_SIZE(w->lane));
	w->now = now;
}

static void begin(struct world *w, struct ltcp_due *due, u32 span)
{
	ltcp_lanes_add(&w->lanes, ltcp_lanes_pick(&w->lanes, span), due, span, w->now);
}

/* The clock goes on to the first end; NULL: nobody waits */
static struct ltcp_due *end(struct world *w)
{
	struct ltcp_due *due = ltcp_lanes_first(&w->lanes);

	if (!due)
		return NULL;
	EXPECT((s32)(ltcp_lanes_end_ms(&w->lanes, due) - w->now) >= 0);
	w->now = ltcp_lanes_end_ms(&w->lanes, due);
	EXPECT(ltcp_lanes_remove(due));
	return due;
}

/* 100 000 begin within four minutes, across the wrap of the clock: each ends in its time */
TEST(lanes_hundred_thousand_end_in_time)
{
	struct ltcp_due *due = calloc(N, sizeof(*due));
	u32 *began = calloc(N, sizeof(*began));
	struct world w;
	int i, n = 0;

	world_init(&w, -100000u);
	for (i = 0; i < N; i++) {
		began[i] = w.now;
		begin(&w, &due[i], SPAN);
		w.now += i % 2;
		while (ltcp_lanes_first(&w.lanes) &&
		       (s32)(ltcp_lanes_end_ms(&w.lanes, ltcp_lanes_first(&w.lanes)) - w.now) <= 0)
			EXPECT(end(&w) == &due[n++]);
	}
	for (; n < N; n++) {
		EXPECT(end(&w) == &due[n]);
		EXPECT_EQ(w.now - began[n], SPAN + 1);	/* not before 60 000 full ones */
	}
	EXPECT(!end(&w));
	free(began);
	free(due);
}

/* A new span concerns those who come after, and they do not wait for the old ones */
TEST(lanes_of_different_spans)
{
	static const u32 spans[] = { 600000, 1000, 60000, 10 };
	struct ltcp_due due[8];
	struct world w;
	int i;

	world_init(&w, 5);
	for (i = 0; i < 8; i++)
		begin(&w, &due[i], spans[i / 2]);
	for (i = 6; i < 8; i++)
		EXPECT(end(&w) == &due[i]);
	for (i = 2; i < 4; i++)
		EXPECT(end(&w) == &due[i]);
	EXPECT_EQ(w.now, 5 + 1000 + 1);
	for (i = 4; i < 6; i++)
		EXPECT(end(&w) == &due[i]);
	for (i = 0; i < 2; i++)
		EXPECT(end(&w) == &due[i]);
	EXPECT_EQ(w.now, 5 + 600000 + 1);
	EXPECT(!end(&w));
}

/* More spans than lanes: all the same, everybody ends in his time */
TEST(lanes_more_spans_than_lanes)
{
	struct ltcp_due due[200];
	struct world w;
	u32 last = 0;
	int i;

	world_init(&w, -300u);
	for (i = 0; i < 200; i++) {
		begin(&w, &due[i], 1 + (i * 37) % 200);
		w.now++;
	}
	for (i = 0; i < 200; i++) {
		struct ltcp_due *first = ltcp_lanes_first(&w.lanes);
		int who = first - due;
		u32 at = ltcp_lanes_end_ms(&w.lanes, first) + 300;

		EXPECT_EQ(at, who + 1 + (who * 37) % 200 + 1);
		EXPECT(at >= last);
		last = at;
		EXPECT(ltcp_lanes_remove(first));
	}
	EXPECT(!ltcp_lanes_first(&w.lanes));
}

/* Who begins anew goes to the end; who has left is not found, and leaves once */
TEST(lanes_restart_and_leave)
{
	struct ltcp_due due[3];
	struct world w;
	int i;

	world_init(&w, 0);
	for (i = 0; i < 3; i++)
		begin(&w, &due[i], SPAN);
	w.now = 1000;
	EXPECT(ltcp_lanes_remove(&due[0]));
	begin(&w, &due[0], SPAN);
	EXPECT(ltcp_lanes_remove(&due[1]));
	EXPECT(!ltcp_lanes_remove(&due[1]));
	EXPECT(end(&w) == &due[2]);
	EXPECT_EQ(w.now, SPAN + 1);
	EXPECT(end(&w) == &due[0]);
	EXPECT_EQ(w.now, 1000 + SPAN + 1);
	EXPECT(!end(&w));
}

/* An empty lane takes any span */
TEST(lanes_are_used_again)
{
	struct ltcp_due due;
	struct world w;
	u32 span;

	world_init(&w, 0);
	for (span = 1; span < 100; span++) {
		begin(&w, &due, span);
		EXPECT(due.lane < 2);
		EXPECT(end(&w) == &due);
	}
}

/* SYN-ACKs are sent again after RTOs that double up to 120 s, each in a few lengths */
TEST(lanes_of_half_open_connections)
{
	struct ltcp_half half = {};
	unsigned int seen, i;
	u32 rto;

	for (half.retries = 0; half.retries < 20; half.retries++) {
		rto = half.retries < 7 ? 1000u << half.retries : 120000;
		seen = 0;
		for (i = 0; i < 100000; i++) {
			unsigned int lane = ltcp_half_lane(&half);

			EXPECT(lane < LTCP_HALF_LANES);
			EXPECT(ltcp_half_wait_ms(lane) >= rto);
			EXPECT(ltcp_half_wait_ms(lane) <= rto + rto / 10);
			seen |= 1u << lane % LTCP_HALF_JITTERS;
			half.iss = half.iss * 1664525 + 1013904223;
		}
		EXPECT_EQ(seen, (1u << LTCP_HALF_JITTERS) - 1);
	}
	for (i = 1; i < LTCP_HALF_LANES; i++)
		EXPECT(ltcp_half_wait_ms(i) > ltcp_half_wait_ms(i - 1));
}
