// SPDX-License-Identifier: GPL-2.0
/* Sequence number arithmetic round the circle, RFC 9293 section 3.4. */
#include "core/bytes.h"
#include "core/seq.h"
#include "host.h"

/* Places where comparisons go wrong: both ends of the circle and its middle */
static const u32 bases[] = {
	0, 1, 2, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff,
	0x12345678, 0xdeadbeef,
};

/* Distances within half the circle, least and greatest among them */
static const u32 distances[] = { 1, 2, 1460, 65535, 0x40000000, 0x7ffffffe, 0x7fffffff };

TEST(seq_order_round_the_wrap)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		for (j = 0; j < ARRAY_SIZE(distances); j++) {
			u32 a = bases[i], b = a + distances[j];

			host_at("a %#x b %#x", a, b);
			EXPECT(seq_lt(a, b) && seq_le(a, b) && !seq_gt(a, b) && !seq_ge(a, b));
			EXPECT(!seq_lt(b, a) && !seq_le(b, a) && seq_gt(b, a) && seq_ge(b, a));
		}
	}
}

TEST(seq_order_of_equals)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		u32 a = bases[i];

		EXPECT(seq_le(a, a) && seq_ge(a, a) && !seq_lt(a, a) && !seq_gt(a, a));
	}
}

TEST(seq_max_min_round_the_wrap)
{
	EXPECT_EQ(seq_max(0xfffffff0, 0x10), 0x10);
	EXPECT_EQ(seq_max(0x10, 0xfffffff0), 0x10);
	EXPECT_EQ(seq_min(0xfffffff0, 0x10), 0xfffffff0);
	EXPECT_EQ(seq_min(0x10, 0xfffffff0), 0xfffffff0);
	EXPECT_EQ(seq_max(0x7fffffff, 0x80000000), 0x80000000);
	EXPECT_EQ(seq_min(0x7fffffff, 0x80000000), 0x7fffffff);
	EXPECT_EQ(seq_max(7, 7), 7);
	EXPECT_EQ(seq_min(7, 7), 7);
}

TEST(seq_in_a_range)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		u32 low = bases[i];

		host_at("low %#x", low);
		EXPECT(seq_in(low, low, 1));
		EXPECT(seq_in(low + 99, low, 100));
		EXPECT(!seq_in(low + 100, low, 100));
		EXPECT(!seq_in(low - 1, low, 100));
		EXPECT(!seq_in(low, low, 0));
		EXPECT(seq_in(low + 0xfffffffe, low, 0xffffffff));
	}
}

TEST(bytes_are_in_network_order_at_any_address)
{
	u8 buf[16] = {};
	unsigned int at;

	for (at = 0; at < 8; at++) {
		ltcp_put_be32(buf + at, 0x81020384);
		EXPECT(buf[at] == 0x81 && buf[at + 1] == 2 && buf[at + 2] == 3 &&
		       buf[at + 3] == 0x84);
		EXPECT_EQ(ltcp_get_be32(buf + at), 0x81020384);
		ltcp_put_be16(buf + at, 0xfedc);
		EXPECT(buf[at] == 0xfe && buf[at + 1] == 0xdc);
		EXPECT_EQ(ltcp_get_be16(buf + at), 0xfedc);
	}
}
