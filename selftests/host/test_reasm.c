// SPDX-License-Identifier: GPL-2.0
/* Reassembly, exhaustively in a small sequence space, against a map of bits. */
#include "core/reasm.h"
#include "core/seq.h"
#include "host.h"
#include "store.h"

/* Where octet 0 of the small space lies: plain, across the wrap, across the sign */
static const u32 bases[] = { 1000, 0xfffffffc, 0x7ffffffc };

#define SPACE	8
#define PIECES	(SPACE * (SPACE + 1) / 2)

/* All non-empty pieces of the small space */
static unsigned int all_pieces(struct ltcp_range *piece)
{
	unsigned int start, end, n = 0;

	for (start = 0; start < SPACE; start++) {
		for (end = start + 1; end <= SPACE; end++)
			piece[n++] = (struct ltcp_range){ start, end };
	}
	return n;
}

static u32 bits(struct ltcp_range r)
{
	return (1u << r.end) - (1u << r.start);
}

/* Ordered, disjoint, not empty; together just the octets of @want */
static void expect_kept(const struct store *store, u32 base, u32 want)
{
	u32 got = 0, edge = 0;
	unsigned int i;

	for (i = 0; i < store->n; i++) {
		struct ltcp_range r = { store->piece[i].start - base, store->piece[i].end - base };

		EXPECT(edge <= r.start && r.start < r.end && r.end <= SPACE);
		got |= bits(r);
		edge = r.end;
	}
	EXPECT_EQ(got, want);
}

/* Whatever RCV.NXT is when the gap closes, all that lies in order from there is delivered */
static void expect_ready(const struct store *store, u32 base, u32 kept)
{
	unsigned int nxt;

	for (nxt = 0; nxt <= SPACE; nxt++) {
		struct store copy = *store;
		unsigned int n = 0;

		while (kept >> (nxt + n) & 1)
			n++;
		EXPECT_EQ(store_take(&copy, base + nxt), n);
		expect_kept(&copy, base, kept & ~((1u << (nxt + n)) - 1));
	}
}

static void insert(struct store *store, u32 base, struct ltcp_range r, u32 *kept)
{
	EXPECT(store_insert(store, (struct ltcp_range){ base + r.start, base + r.end }));
	*kept |= bits(r);
	expect_kept(store, base, *kept);
}

/* Every three pieces in every order */
TEST(reasm_every_three_pieces)
{
	struct ltcp_range piece[PIECES];
	unsigned int n = all_pieces(piece), b, i, j, k;

	EXPECT_EQ(n, PIECES);
	for (b = 0; b < ARRAY_SIZE(bases); b++) {
		for (i = 0; i < n; i++) {
			for (j = 0; j < n; j++) {
				for (k = 0; k < n; k++) {
					struct store store = { .n = 0 };
					u32 kept = 0;

					host_at("base %#x: [%u,%u) [%u,%u) [%u,%u)", bases[b],
						piece[i].start, piece[i].end, piece[j].start,
						piece[j].end, piece[k].start, piece[k].end);
					insert(&store, bases[b], piece[i], &kept);
					insert(&store, bases[b], piece[j], &kept);
					insert(&store, bases[b], piece[k], &kept);
					expect_ready(&store, bases[b], kept);
				}
			}
		}
	}
}

TEST(reasm_many_random_pieces)
{
	struct ltcp_range piece[PIECES];
	unsigned int n = all_pieces(piece), round, i;
	u64 seed = 815;

	for (round = 0; round < 20000; round++) {
		struct store store = { .n = 0 };
		u32 base = host_random(&seed), kept = 0;

		host_at("round %u base %#x", round, base);
		for (i = 0; i < 12; i++)
			insert(&store, base, piece[host_random(&seed) % n], &kept);
		expect_ready(&store, base, kept);
	}
}

/* What each answer means, one by one, and what it does to the new piece */
TEST(reasm_each_fit)
{
	static const struct {
		struct ltcp_range new;
		enum ltcp_fit fit;
		struct ltcp_range cut;
	} cases[] = {
		{ { 0, 2 }, LTCP_FIT_BEFORE, { 0, 2 } },
		{ { 0, 4 }, LTCP_FIT_BEFORE, { 0, 4 } },	/* adjacent */
		{ { 8, 9 }, LTCP_FIT_AFTER, { 8, 9 } },		/* adjacent */
		{ { 9, 12 }, LTCP_FIT_AFTER, { 9, 12 } },
		{ { 4, 8 }, LTCP_FIT_DUPLICATE, { 4, 8 } },
		{ { 4, 5 }, LTCP_FIT_DUPLICATE, { 4, 5 } },
		{ { 7, 8 }, LTCP_FIT_DUPLICATE, { 7, 8 } },
		{ { 3, 8 }, LTCP_FIT_REPLACES, { 3, 8 } },
		{ { 4, 9 }, LTCP_FIT_REPLACES, { 4, 9 } },
		{ { 3, 9 }, LTCP_FIT_REPLACES, { 3, 9 } },
		{ { 3, 5 }, LTCP_FIT_CUT_TAIL, { 3, 4 } },
		{ { 0, 7 }, LTCP_FIT_CUT_TAIL, { 0, 4 } },
		{ { 5, 9 }, LTCP_FIT_CUT_HEAD, { 8, 9 } },
		{ { 7, 12 }, LTCP_FIT_CUT_HEAD, { 8, 12 } },
	};
	unsigned int i, b;

	for (b = 0; b < ARRAY_SIZE(bases); b++) {
		struct ltcp_range kept = { bases[b] + 4, bases[b] + 8 };

		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			struct ltcp_range new = { bases[b] + cases[i].new.start,
						  bases[b] + cases[i].new.end };

			host_at("base %#x [%u,%u)", bases[b], cases[i].new.start, cases[i].new.end);
			EXPECT_EQ(ltcp_reasm_fit(&new, &kept), cases[i].fit);
			EXPECT_EQ(new.start - bases[b], cases[i].cut.start);
			EXPECT_EQ(new.end - bases[b], cases[i].cut.end);
		}
	}
}

TEST(reasm_ready_round_the_wrap)
{
	struct ltcp_range kept = { 0xfffffffe, 2 };
	u32 skip = 99;

	EXPECT_EQ(ltcp_reasm_ready(&kept, 0xfffffffd, &skip), LTCP_READY_GAP);
	EXPECT_EQ(ltcp_reasm_ready(&kept, 0xfffffffe, &skip), LTCP_READY_TAKE);
	EXPECT_EQ(skip, 0);
	EXPECT_EQ(ltcp_reasm_ready(&kept, 1, &skip), LTCP_READY_TAKE);
	EXPECT_EQ(skip, 3);
	EXPECT_EQ(ltcp_reasm_ready(&kept, 2, &skip), LTCP_READY_OLD);
	EXPECT_EQ(ltcp_reasm_ready(&kept, 3, &skip), LTCP_READY_OLD);
}
