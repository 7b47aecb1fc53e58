// SPDX-License-Identifier: GPL-2.0
/* Initial sequence numbers (RFC 6528), timestamp offsets and SYN cookies (RFC 4987). */
#include <string.h>

#include "core/cookie.h"
#include "core/seq.h"
#include "host.h"

static const siphash_key_t key = { { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull } };

static const struct ltcp_tuple tuple = {
	.laddr = { [10] = 0xff, 0xff, 192, 0, 2, 1 },
	.raddr = { [10] = 0xff, 0xff, 198, 51, 100, 7 },
	.lport = 80,
	.rport = 40000,
};

#define PERIOD LTCP_COOKIE_PERIOD_US
#define NOW (1000 * PERIOD + 12345678)
#define IRS 0xfffffffeu

/* The reference implementation's vectors: key 00 .. 0f, input 00 01 02 ... */
TEST(siphash_vectors)
{
	static const struct {
		size_t len;
		u64 hash;
	} vectors[] = {
		{ 0, 0x726fdb47dd0e0e31ull },
		{ 1, 0x74f839c593dc67fdull },
		{ 2, 0x0d6c8009d9a94f5aull },
		{ 7, 0xab0200f58b01d137ull },
		{ 8, 0x93f5f5799a932462ull },
		{ 15, 0xa129ca6149be45e5ull },
	};
	u8 octets[17];
	unsigned int i;

	for (i = 0; i < 16; i++)
		octets[i + 1] = i;
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		host_at("length %zu", vectors[i].len);
		EXPECT(siphash(octets + 1, vectors[i].len, &key) == vectors[i].hash);
	}
}

/* Every bit of a tuple, one flipped at a time; @i runs from 0 to TUPLE_BITS */
#define TUPLE_BITS (8 * sizeof(struct ltcp_tuple))

static struct ltcp_tuple other_tuple(unsigned int i)
{
	struct ltcp_tuple other = tuple;

	((u8 *)&other)[i / 8] ^= 1 << i % 8;
	return other;
}

/* MUST-8, RFC 6528: 4 us a step, so 250 a millisecond, all round the circle */
TEST(isn_follows_the_clock)
{
	u64 wrap = 4ull << 32;
	u32 at_0 = ltcp_isn(&tuple, &key, 0);
	u64 t;

	for (t = 0; t < 3 * wrap; t += wrap / 7) {
		EXPECT_EQ(ltcp_isn(&tuple, &key, t + 1000) - ltcp_isn(&tuple, &key, t), 250);
		EXPECT_EQ(ltcp_isn(&tuple, &key, t) - at_0, (u32)(t / 4));
	}
	EXPECT_EQ(ltcp_isn(&tuple, &key, 3), at_0);
	EXPECT_EQ(ltcp_isn(&tuple, &key, 4), at_0 + 1);
	EXPECT_EQ(ltcp_isn(&tuple, &key, wrap), at_0);
	EXPECT_EQ(ltcp_isn(&tuple, &key, wrap - 4), at_0 - 1);
}

/* MUST-9: another tuple or another key, another number that the first tells nothing about */
TEST(isn_is_unrelated_across_tuples_and_keys)
{
	siphash_key_t other_key = key;
	u32 isn[TUPLE_BITS + 1];
	unsigned int i, j, above = 0;

	for (i = 0; i < TUPLE_BITS; i++) {
		struct ltcp_tuple other = other_tuple(i);

		isn[i] = ltcp_isn(&other, &key, NOW);
	}
	other_key.key[1] ^= 1;
	isn[i] = ltcp_isn(&tuple, &other_key, NOW);
	for (i = 0; i <= TUPLE_BITS; i++) {
		EXPECT_NE(isn[i], ltcp_isn(&tuple, &key, NOW));
		above += isn[i] >> 31;
		for (j = 0; j < i; j++)
			EXPECT_NE(isn[i] - isn[j], 0);
	}
	/* 289 tosses of a coin: five standard deviations either way */
	EXPECT(above > 102 && above < 187);
}

TEST(isn_differences_do_not_repeat)
{
	u32 first = 0, last = 0;
	unsigned int port;

	for (port = 1; port < 1000; port++) {
		struct ltcp_tuple a = tuple, b = tuple;
		u32 step;

		a.rport = port;
		b.rport = port + 1;
		step = ltcp_isn(&b, &key, NOW) - ltcp_isn(&a, &key, NOW);
		EXPECT(port == 1 || (step != first && step != last));
		if (port == 1)
			first = step;
		last = step;
	}
}

/* PAWS across incarnations needs one clock for all ports between two hosts */
TEST(ts_offset_is_by_addresses_and_key)
{
	u32 offset = ltcp_ts_offset(&tuple, &key);
	siphash_key_t other_key = key;
	unsigned int i;

	for (i = 0; i < TUPLE_BITS; i++) {
		struct ltcp_tuple other = other_tuple(i);
		bool ports = i >= 8 * offsetof(struct ltcp_tuple, lport);

		host_at("bit %u", i);
		EXPECT_EQ(ltcp_ts_offset(&other, &key) == offset, ports);
	}
	other_key.key[0] ^= 1;
	EXPECT_NE(ltcp_ts_offset(&tuple, &other_key), offset);
	EXPECT_NE(offset, ltcp_isn(&tuple, &key, 0));
}

/* The third segment of a handshake that began with @irs and was answered by @cookie */
static struct ltcp_seg third(u32 irs, u32 cookie)
{
	return (struct ltcp_seg){ .flags = LTCP_ACK, .seq = irs + 1, .ack = cookie + 1 };
}

static bool accepted(u32 cookie, u64 now)
{
	struct ltcp_seg seg = third(IRS, cookie);
	struct ltcp_cookie_options opt;

	return ltcp_cookie_check(&opt, &tuple, &key, &seg, now);
}

TEST(cookie_is_accepted)
{
	struct ltcp_seg seg = third(IRS, ltcp_cookie_make(&tuple, &key, IRS, 1460, NOW));
	struct ltcp_cookie_options opt;

	memset(&opt, 0xff, sizeof(opt));
	EXPECT(ltcp_cookie_check(&opt, &tuple, &key, &seg, NOW + 100000));
	EXPECT_EQ(opt.mss, 1460);
	EXPECT(!opt.ts_ok && !opt.sack_ok && !opt.ecn_ok && !opt.wscale_ok);
}

/* Made in period 1000: accepted in 1000 and 1001, from the first microsecond to the last */
TEST(cookie_lifetime_has_sharp_edges)
{
	static const u64 made[] = { 1000 * PERIOD, 1000 * PERIOD + 1, 1001 * PERIOD - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(made); i++) {
		u32 cookie = ltcp_cookie_make(&tuple, &key, IRS, 1460, made[i]);

		host_at("made at %llu", made[i]);
		EXPECT(!accepted(cookie, 1000 * PERIOD - 1));
		EXPECT(accepted(cookie, 1000 * PERIOD));
		EXPECT(accepted(cookie, made[i]));
		EXPECT(accepted(cookie, 1001 * PERIOD - 1));
		EXPECT(accepted(cookie, 1001 * PERIOD));
		EXPECT(accepted(cookie, 1002 * PERIOD - 1));
		EXPECT(!accepted(cookie, 1002 * PERIOD));
		EXPECT(!accepted(cookie, 1003 * PERIOD));
	}
}

TEST(cookie_of_another_tuple_is_refused)
{
	struct ltcp_seg seg = third(IRS, ltcp_cookie_make(&tuple, &key, IRS, 1460, NOW));
	struct ltcp_cookie_options opt;
	unsigned int i;

	for (i = 0; i < TUPLE_BITS; i++) {
		struct ltcp_tuple other = other_tuple(i);

		host_at("bit %u", i);
		EXPECT(!ltcp_cookie_check(&opt, &other, &key, &seg, NOW));
	}
}

TEST(cookie_of_another_key_is_refused)
{
	u32 cookie = ltcp_cookie_make(&tuple, &key, IRS, 1460, NOW);
	struct ltcp_seg seg = third(IRS, cookie);
	struct ltcp_cookie_options opt;
	unsigned int bit;

	for (bit = 0; bit < 128; bit++) {
		siphash_key_t other = key;

		other.key[bit / 64] ^= 1ull << bit % 64;
		host_at("bit %u", bit);
		EXPECT(!ltcp_cookie_check(&opt, &tuple, &other, &seg, NOW));
	}
}

/* SEG.SEQ vouches for the IRS */
TEST(cookie_of_another_irs_is_refused)
{
	u32 cookie = ltcp_cookie_make(&tuple, &key, IRS, 1460, NOW);
	struct ltcp_cookie_options opt;
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		struct ltcp_seg seg = third(IRS ^ 1u << bit, cookie);

		host_at("bit %u", bit);
		EXPECT(!ltcp_cookie_check(&opt, &tuple, &key, &seg, NOW));
	}
}

/* Flipping any bit is found out: what chooses the MSS is vouched for as well */
TEST(cookie_forged_bits)
{
	u32 cookie = ltcp_cookie_make(&tuple, &key, IRS, 1460, NOW);
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		host_at("bit %u", bit);
		EXPECT(!accepted(cookie ^ 1u << bit, NOW));
	}
}

/* Guesses succeed about as often as 2 periods * 8 in 2^32 say: not once in a million */
TEST(cookie_guesses_fail)
{
	u64 seed = 4987;
	unsigned int i;

	for (i = 0; i < 1000000; i++)
		EXPECT(!accepted(host_random(&seed), NOW));
}

/* The number of the period is hashed, not added where it could be seen */
TEST(cookie_of_the_next_period_differs)
{
	u32 a = ltcp_cookie_make(&tuple, &key, IRS, 1460, NOW);
	u32 b = ltcp_cookie_make(&tuple, &key, IRS, 1460, NOW + PERIOD);

	EXPECT_NE(a, b);
	EXPECT_NE(a >> 24, b >> 24);
}

static u16 mss_through_a_cookie(u16 mss, u32 irs)
{
	struct ltcp_seg seg = third(irs, ltcp_cookie_make(&tuple, &key, irs, mss, NOW));
	struct ltcp_cookie_options opt;

	EXPECT(ltcp_cookie_check(&opt, &tuple, &key, &seg, NOW));
	return opt.mss;
}

/* Never above the offer but for the least, which lies below what any peer may impose */
TEST(cookie_mss_is_rounded_down_for_every_offer)
{
	static const u16 exact[] = { 536, 1220, 1300, 1440, 1460, 8960 };
	unsigned int mss, i, values = 0;
	u16 last = 0, got;

	for (mss = 0; mss < 65536; mss++) {
		host_at("mss %u", mss);
		got = mss_through_a_cookie(mss, mss * 7919);
		EXPECT(got <= mss || (mss < 48 && got == 48));
		EXPECT_GE(got, last);
		if (got != last) {
			EXPECT(got == mss || mss == 0);
			values++;
		}
		last = got;
	}
	EXPECT_EQ(values, 8);
	for (i = 0; i < ARRAY_SIZE(exact); i++)
		EXPECT_EQ(mss_through_a_cookie(exact[i], IRS), exact[i]);
}

static struct ltcp_cookie_options options(unsigned int wscale, bool sack, bool ecn)
{
	struct ltcp_cookie_options opt = { .sack_ok = sack, .ecn_ok = ecn };

	opt.wscale_ok = wscale <= LTCP_WSCALE_MAX;
	opt.wscale = opt.wscale_ok ? wscale : 0;
	return opt;
}

/* All that can be hidden, at clocks round the wrap: not later than the clock, nor long before */
TEST(cookie_tsval_is_never_later_than_the_clock)
{
	static const u32 around[] = { 0, 0x40, 0x7fffffff, 0x80000000, 0xffffffc0, 0xffffffff,
				      1234567890 };
	unsigned int i, wscale, step;

	for (i = 0; i < ARRAY_SIZE(around); i++) {
		for (step = 0; step < 4 * 256 * 16; step++) {
			struct ltcp_cookie_options opt;
			u32 clock = around[i] + (step >> 6) - 128, val;

			wscale = step % 16;
			opt = options(wscale, step & 16, step & 32);
			val = ltcp_cookie_tsval(clock, &opt);
			host_at("clock %#x wscale %u step %u", clock, wscale, step);
			EXPECT(seq_le(val, clock));
			EXPECT_LT(clock - val, 64);
		}
	}
}

TEST(cookie_options_ride_in_the_timestamp)
{
	u32 cookie = ltcp_cookie_make(&tuple, &key, IRS, 1300, NOW);
	unsigned int wscale, flags;

	for (wscale = 0; wscale <= 15; wscale++) {
		for (flags = 0; flags < 4; flags++) {
			struct ltcp_cookie_options in = options(wscale, flags & 1, flags & 2), out;
			struct ltcp_seg seg = third(IRS, cookie);

			host_at("wscale %u flags %u", wscale, flags);
			seg.opt.has = LTCP_HAS_TS;
			seg.opt.tsecr = ltcp_cookie_tsval(0xabcdef01, &in);
			EXPECT(ltcp_cookie_check(&out, &tuple, &key, &seg, NOW));
			EXPECT(out.ts_ok);
			EXPECT_EQ(out.mss, 1300);
			EXPECT_EQ(out.wscale_ok, in.wscale_ok);
			EXPECT_EQ(out.wscale, in.wscale);
			EXPECT_EQ(out.sack_ok, in.sack_ok);
			EXPECT_EQ(out.ecn_ok, in.ecn_ok);
			/* without the timestamp nothing but the MSS survives */
			seg.opt.has = 0;
			EXPECT(ltcp_cookie_check(&out, &tuple, &key, &seg, NOW));
			EXPECT(!out.ts_ok && !out.wscale_ok && !out.sack_ok && !out.ecn_ok);
		}
	}
}
