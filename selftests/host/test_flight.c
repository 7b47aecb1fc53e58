// SPDX-License-Identifier: GPL-2.0
/* The scoreboard: spans in flight against a model that knows each octet. */
#include <stdlib.h>
#include <string.h>

#include "core/flight.h"
#include "core/seq.h"
#include "host.h"

#define BASE 0xffffff80u	/* the numbers wrap on the way */

static struct ltcp_span storage[LTCP_SPANS_MAX];

static struct ltcp_delivery nothing(u32 now)
{
	return (struct ltcp_delivery){ .now = now, .fack = BASE, .recover = BASE + 100000 };
}

static void expect_span(const struct ltcp_flight *f, unsigned int i, u32 end, u32 sent, u8 is)
{
	EXPECT_LT(i, f->n);
	EXPECT_EQ(ltcp_flight_span(f, i)->end, BASE + end);
	EXPECT_EQ(ltcp_flight_span(f, i)->sent, sent);
	EXPECT_EQ(ltcp_flight_span(f, i)->is, is);
}

static void sack(struct ltcp_flight *f, u32 start, u32 end, struct ltcp_delivery *d)
{
	const struct ltcp_range what = { BASE + start, BASE + end };

	ltcp_flight_sacked(f, BASE, &what, d);
}

static void resend(struct ltcp_flight *f, u32 start, u32 end, u32 at)
{
	const struct ltcp_range what = { BASE + start, BASE + end };

	ltcp_flight_resent(f, BASE, &what, at, 0);
}

/* What is sent at about the same time is one span, however much it is */
TEST(flight_calm_is_few_spans)
{
	struct ltcp_flight f = {};
	struct ltcp_delivery d = nothing(2000);
	u32 i;

	for (i = 1; i <= 100; i++)
		ltcp_flight_sent(&f, BASE, BASE + i * 10, 1000 + i, 200);
	EXPECT_EQ(f.n, 1);
	ltcp_flight_sent(&f, BASE, BASE + 1010, 1300, 200);
	EXPECT_EQ(f.n, 2);
	expect_span(&f, 0, 1000, 1001, 0);
	expect_span(&f, 1, 1010, 1300, 0);
	ltcp_flight_acked(&f, BASE, BASE + 500, &d);
	EXPECT_EQ(f.n, 2);
	EXPECT_EQ(d.octets, 500);
	ltcp_flight_acked(&f, BASE + 500, BASE + 1005, &d);
	EXPECT_EQ(f.n, 1);
	EXPECT_EQ(d.octets, 1005);
	EXPECT_EQ(d.sent, 1300);
	EXPECT_EQ(d.end, BASE + 1005);
	ltcp_flight_acked(&f, BASE + 1005, BASE + 1010, &d);
	EXPECT_EQ(f.n, 0);
	EXPECT(ltcp_flight_clean(&f));
}

/*
 * What comes back tells of what was sent before it (RFC 8985), so new text
 * from before and after a retransmission must not pass for one.
 */
TEST(flight_retransmission_parts)
{
	const struct ltcp_range first = { BASE, BASE + 100 }, second = { BASE + 100, BASE + 200 };
	const struct ltcp_range third = { BASE + 200, BASE + 300 };
	struct ltcp_flight f = { .more = storage, .room = 32 };

	ltcp_flight_sent(&f, BASE, BASE + 300, 100, 50);
	ltcp_flight_sent(&f, BASE, BASE + 1000, 1000, 50);
	ltcp_flight_resent(&f, BASE, &first, 1010, 50);
	ltcp_flight_resent(&f, BASE, &second, 1012, 50);
	ltcp_flight_sent(&f, BASE, BASE + 1100, 1020, 50);
	ltcp_flight_sent(&f, BASE, BASE + 1200, 1022, 50);
	ltcp_flight_resent(&f, BASE, &third, 1030, 50);
	EXPECT_EQ(f.n, 4);
	expect_span(&f, 0, 200, 1010, LTCP_SPAN_AGAIN);
	expect_span(&f, 1, 300, 1030, LTCP_SPAN_AGAIN);
	expect_span(&f, 2, 1000, 1000, 0);
	expect_span(&f, 3, 1200, 1020, 0);
}

/* By the last that is acknowledged; what was sent again, or received before, tells nothing */
TEST(flight_measures_round_trip)
{
	struct ltcp_flight f = { .more = storage, .room = 32 };
	struct ltcp_delivery d = nothing(500);

	ltcp_flight_sent(&f, BASE, BASE + 1000, 100, 50);
	ltcp_flight_sent(&f, BASE, BASE + 2000, 200, 50);
	ltcp_flight_sent(&f, BASE, BASE + 4000, 300, 50);
	EXPECT_EQ(ltcp_flight_rtt(&f, BASE + 500, 1100), 1000);
	EXPECT_EQ(ltcp_flight_rtt(&f, BASE + 1000, 1100), 1000);
	EXPECT_EQ(ltcp_flight_rtt(&f, BASE + 1001, 1100), 900);
	EXPECT_EQ(ltcp_flight_rtt(&f, BASE + 4000, 1100), 800);
	EXPECT_EQ(ltcp_flight_rtt(&f, BASE + 4000, 300), 1);
	resend(&f, 0, 1000, 400);
	EXPECT_EQ(ltcp_flight_rtt(&f, BASE + 1000, 1100), 0);
	sack(&f, 2000, 4000, &d);
	EXPECT_EQ(ltcp_flight_rtt(&f, BASE + 2000, 1100), 900);
	EXPECT_EQ(ltcp_flight_rtt(&f, BASE + 4000, 1100), 0);
	ltcp_flight_clear(&f);
	EXPECT_EQ(ltcp_flight_rtt(&f, BASE + 1, 1100), 0);
}

/* RFC 2018 section 5, case 3 of its table in octets: blocks cut out of what was one span */
TEST(flight_blocks)
{
	struct ltcp_flight f = { .more = storage, .room = 32 };
	struct ltcp_delivery d = nothing(500);
	struct ltcp_range run;

	ltcp_flight_sent(&f, BASE, BASE + 4000, 100, 0);
	sack(&f, 1500, 2000, &d);
	expect_span(&f, 0, 1500, 100, 0);
	expect_span(&f, 1, 2000, 100, LTCP_SPAN_SACKED);
	expect_span(&f, 2, 4000, 100, 0);
	EXPECT_EQ(d.octets, 500);
	EXPECT_EQ(d.end, BASE + 2000);
	EXPECT(!d.reordered);
	d.before = d.fack;		/* the next ACK */
	sack(&f, 500, 1000, &d);
	EXPECT(d.reordered);		/* sent once, and behind what came before */
	sack(&f, 500, 1000, &d);	/* old news */
	EXPECT_EQ(d.octets, 1000);
	EXPECT_EQ(d.fack, BASE + 2000);
	sack(&f, 900, 2100, &d);	/* what was between, and a bit more: one */
	EXPECT_EQ(f.n, 3);
	expect_span(&f, 1, 2100, 100, LTCP_SPAN_SACKED);
	EXPECT_EQ(f.sacked, 1600);
	EXPECT_EQ(d.octets, 1600);
	EXPECT(!ltcp_flight_next_lost(&f, BASE, &run));
	ltcp_flight_lose_all(&f, BASE);
	EXPECT_EQ(f.lost, 2400);
	EXPECT(ltcp_flight_next_lost(&f, BASE, &run));
	EXPECT_EQ(run.start, BASE);
	EXPECT_EQ(run.end, BASE + 500);
}

/* Sent again: no longer lost, and its time is another */
TEST(flight_sent_again)
{
	struct ltcp_flight f = { .more = storage, .room = 32 };
	struct ltcp_delivery d = nothing(1000);
	struct ltcp_range run;

	ltcp_flight_sent(&f, BASE, BASE + 4000, 100, 0);
	ltcp_flight_lose_head(&f, BASE, 3000);
	EXPECT_EQ(f.lost, 3000);
	resend(&f, 0, 1000, 900);
	EXPECT_EQ(f.lost, 2000);
	expect_span(&f, 0, 1000, 900, LTCP_SPAN_AGAIN);
	expect_span(&f, 1, 3000, 100, LTCP_SPAN_LOST);
	resend(&f, 1000, 2000, 900);
	expect_span(&f, 0, 2000, 900, LTCP_SPAN_AGAIN);
	EXPECT(ltcp_flight_next_lost(&f, BASE, &run));
	EXPECT_EQ(run.start, BASE + 2000);
	EXPECT_EQ(ltcp_flight_again(&f, BASE), 2000);
	/* it returns too soon to be an answer to the second time */
	d.min_rtt_us = 200;
	sack(&f, 0, 1000, &d);
	EXPECT_EQ(d.octets, 1000);
	EXPECT_EQ(d.fresh, 0);
	EXPECT(!d.timed);
	d.now = 1200;
	sack(&f, 1000, 1500, &d);
	EXPECT(d.timed);
	EXPECT_EQ(d.sent, 900);
	/* or the timestamp says that it is none */
	d = nothing(1200);
	d.echoed = true;
	d.echo = 899;
	sack(&f, 1500, 2000, &d);
	EXPECT_EQ(d.octets, 500);
	EXPECT(!d.timed);
}

TEST(flight_nothing_was_lost)
{
	struct ltcp_flight f = { .more = storage, .room = 32 };
	struct ltcp_delivery d = nothing(500);

	ltcp_flight_sent(&f, BASE, BASE + 1000, 100, 0);
	sack(&f, 500, 600, &d);
	ltcp_flight_lose_all(&f, BASE);
	EXPECT_EQ(f.lost, 900);
	ltcp_flight_forget_lost(&f);
	EXPECT_EQ(f.lost, 0);
	EXPECT_EQ(f.sacked, 100);
	ltcp_flight_forget_sacked(&f);
	EXPECT(ltcp_flight_clean(&f));
}

/* Storage that grows, and shrinks again */
TEST(flight_storage)
{
	struct ltcp_flight f = {};
	unsigned int want, i;

	EXPECT_EQ(ltcp_flight_short(&f, 3), 0);
	want = ltcp_flight_short(&f, 4);
	EXPECT_GE(want, 4);
	EXPECT(!ltcp_flight_move(&f, storage, want));
	for (i = 1; i <= want; i++)
		ltcp_flight_sent(&f, BASE, BASE + i, i * 10, 0);
	EXPECT_EQ(f.n, want);
	EXPECT_GT(ltcp_flight_short(&f, 1), want);
	ltcp_flight_acked(&f, BASE, BASE + want - 2, &(struct ltcp_delivery){});
	EXPECT_EQ(f.n, 2);
	EXPECT(ltcp_flight_move(&f, NULL, 0) == storage);
	expect_span(&f, 0, want - 1, (want - 1) * 10, 0);
	f.n = LTCP_SPANS_MAX - 1;
	f.more = storage;
	f.room = LTCP_SPANS_MAX;
	EXPECT_EQ(ltcp_flight_short(&f, 5), 0);	/* there is an end to it */
}

/*
 * The model: what each octet is. With room enough the two agree; without,
 * what the spans say was received was, the sums are right, and nothing that
 * was not received counts as such.
 */
#define OCTETS 300

struct model {
	u8 is[OCTETS];
	u32 sent[OCTETS];
	u32 una;
	u32 nxt;
};

static void compare(const struct ltcp_flight *f, const struct model *m, bool exact)
{
	u32 at = m->una, sacked = 0, lost = 0;
	unsigned int i;

	for (i = 0; i < f->n; i++) {
		const struct ltcp_span *span = ltcp_flight_span(f, i);

		EXPECT(seq_lt(BASE + at, span->end));
		for (; BASE + at != span->end; at++) {
			sacked += !!(span->is & LTCP_SPAN_SACKED);
			lost += !!(span->is & LTCP_SPAN_LOST);
			if (span->is & LTCP_SPAN_SACKED)
				EXPECT(m->is[at] & LTCP_SPAN_SACKED);
			if (!exact)
				continue;
			EXPECT_EQ(span->is & ~LTCP_SPAN_AGAIN, m->is[at] & ~LTCP_SPAN_AGAIN);
			if (!(span->is & (LTCP_SPAN_SACKED | LTCP_SPAN_LOST))) {
				EXPECT_EQ(span->is, m->is[at]);
				EXPECT_EQ(span->sent, m->sent[at]);
			}
		}
	}
	EXPECT_EQ(at, m->nxt);
	EXPECT_EQ(sacked, f->sacked);
	EXPECT_EQ(lost, f->lost);
}

static void model_step(struct ltcp_flight *f, struct model *m, u64 *seed, u32 now)
{
	u32 len = m->nxt - m->una, a, b, i;
	struct ltcp_delivery d = nothing(now);
	struct ltcp_range what;

	if (!len || (m->nxt < OCTETS && host_random(seed) % 4 == 0)) {
		a = 1 + host_random(seed) % 20;
		if (a > OCTETS - m->nxt)
			a = OCTETS - m->nxt;
		if (!a)
			return;
		for (i = 0; i < a; i++, m->nxt++) {
			m->is[m->nxt] = 0;
			m->sent[m->nxt] = now;
		}
		ltcp_flight_sent(f, BASE + m->una, BASE + m->nxt, now, 0);
		return;
	}
	a = m->una + host_random(seed) % len;
	b = a + 1 + host_random(seed) % (m->nxt - a);
	what = (struct ltcp_range){ BASE + a, BASE + b };
	switch (host_random(seed) % 6) {
	case 0:
		if (host_random(seed) % 4)
			return;
		ltcp_flight_acked(f, BASE + m->una, BASE + a, &d);
		m->una = a;
		return;
	case 1:
		ltcp_flight_lose_all(f, BASE + m->una);
		for (i = m->una; i < m->nxt; i++)
			if (!(m->is[i] & LTCP_SPAN_SACKED))
				m->is[i] |= LTCP_SPAN_LOST;
		return;
	case 2:
		ltcp_flight_resent(f, BASE + m->una, &what, now, 0);
		for (i = a; i < b; i++) {
			if (m->is[i] & LTCP_SPAN_SACKED)
				continue;
			m->is[i] = LTCP_SPAN_AGAIN;
			m->sent[i] = now;
		}
		return;
	default:
		ltcp_flight_sacked(f, BASE + m->una, &what, &d);
		for (i = a; i < b; i++)
			m->is[i] = LTCP_SPAN_SACKED;
	}
}

static void against_model(u16 room, bool exact)
{
	u32 seed;

	for (seed = 1; seed <= 300; seed++) {
		struct ltcp_flight f = { .more = room ? storage : NULL, .room = room };
		struct model m = {};
		u64 state = seed;
		u32 now;

		host_at("seed %u", seed);
		for (now = 1; now < 300; now++) {
			model_step(&f, &m, &state, now);
			EXPECT_LE(f.n + f.first, room ? room : LTCP_SPANS_OWN);
			compare(&f, &m, exact);
		}
	}
}

TEST(flight_against_a_model)
{
	against_model(OCTETS + 2, true);
}

TEST(flight_against_a_model_without_room)
{
	against_model(0, false);
	against_model(5, false);
}
