// SPDX-License-Identifier: GPL-2.0
/* Initial sequence numbers (RFC 6528), timestamp offsets and SYN cookies (RFC 4987). */
#include <string.h>

#include "core/cookie.h"
#include "core/tcb.h"
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

/* --- cookies ------------------------------------------------------------------- */

/* Both keys the same, but for the tests of their change */
static const struct ltcp_cookie_keys keys = {
	{ { { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull } },
	  { { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull } } },
};

static const struct ltcp_tuple tuple6 = {
	.laddr = { 0x20, 1, 0xd, 0xb8, [15] = 1 },
	.raddr = { 0x20, 1, 0xd, 0xb8, [15] = 7 },
	.lport = 80,
	.rport = 40000,
};

/* What the peer can send back */
enum form {
	BARE,		/* the ISS */
	TIMESTAMP,
	OPTION,		/* beside a timestamp */
	OPTION_ALONE,
	N_FORMS,
};

static const char *const form_names[] = { "bare", "timestamp", "option", "option alone" };

static struct ltcp_cookie_options options(enum form form, u16 mss)
{
	return (struct ltcp_cookie_options){
		.mss = mss,
		.wscale = 7,
		.agreed = LTCP_HAS_WSCALE | LTCP_HAS_SACK_PERM |
			  (form == TIMESTAMP || form == OPTION ? LTCP_HAS_TS : 0),
		.echo_ok = form >= OPTION,
	};
}

/* The third segment of a handshake that began with IRS and was answered by @cookie */
static struct ltcp_seg third(enum form form, u32 irs, const struct ltcp_cookie *cookie)
{
	struct ltcp_seg seg = { .flags = LTCP_ACK, .seq = irs + 1, .ack = cookie->iss + 1 };

	if (form == TIMESTAMP || form == OPTION) {
		seg.opt.has |= LTCP_HAS_TS;
		seg.opt.tsecr = cookie->tsval;
	}
	if (form >= OPTION) {
		seg.opt.has |= LTCP_HAS_COOKIE;
		memcpy(seg.opt.cookie, cookie->option, sizeof(seg.opt.cookie));
	}
	return seg;
}

static struct ltcp_seg answered(enum form form, u32 irs, u16 mss, u64 now)
{
	struct ltcp_cookie_options opt = options(form, mss);
	struct ltcp_cookie cookie;

	ltcp_cookie_make(&cookie, &tuple, &keys, irs, &opt, now);
	return third(form, irs, &cookie);
}

static bool accepted(const struct ltcp_seg *seg, u64 now)
{
	struct ltcp_cookie_options opt;

	return ltcp_cookie_check(&opt, &tuple, &keys, seg, true, now);
}

static bool same_options(const struct ltcp_cookie_options *a, const struct ltcp_cookie_options *b)
{
	return a->mss == b->mss && a->agreed == b->agreed &&
	       (!(a->agreed & LTCP_HAS_WSCALE) || a->wscale == b->wscale) &&
	       a->ecn_ok == b->ecn_ok;
}

static void expect_nothing_lost(enum form form, u16 mss, unsigned int wscale, unsigned int flags)
{
	const struct ltcp_tuple *t = flags & 4 ? &tuple6 : &tuple;
	struct ltcp_cookie_options in = options(form, mss), out;
	struct ltcp_cookie cookie;
	struct ltcp_seg seg;

	in.agreed &= LTCP_HAS_TS;
	in.agreed |= (wscale < 15 ? LTCP_HAS_WSCALE : 0) | (flags & 1 ? LTCP_HAS_SACK_PERM : 0);
	in.wscale = wscale;
	in.ecn_ok = !!(flags & 2);
	host_at("%s mss %u wscale %u flags %u", form_names[form], mss, wscale, flags);
	ltcp_cookie_make(&cookie, t, &keys, IRS, &in, NOW);
	seg = third(form, IRS, &cookie);
	EXPECT(ltcp_cookie_check(&out, t, &keys, &seg, false, NOW + 1000));
	EXPECT(same_options(&in, &out));
}

/* All that a SYN can say, over both families: with timestamps or the option nothing is lost */
TEST(cookie_loses_nothing)
{
	static const u16 mss[] = { 48, 536, 1220, 1379, 1460, 8960, 65535 };
	unsigned int i, form, wscale, flags;

	for (form = TIMESTAMP; form < N_FORMS; form++)
		for (i = 0; i < ARRAY_SIZE(mss); i++)
			for (wscale = 0; wscale <= 15; wscale++)
				for (flags = 0; flags < 8; flags++)
					expect_nothing_lost(form, mss[i], wscale, flags);
}

/* An ISS alone: nothing but an MSS, never above the offer but for the least */
TEST(cookie_mss_is_rounded_down_for_every_offer)
{
	static const u16 exact[] = { 536, 1220, 1440 };
	unsigned int mss, i, values = 0;
	struct ltcp_cookie_options opt;
	struct ltcp_seg seg;
	u16 last = 0;

	for (mss = 0; mss < 65536; mss++) {
		host_at("mss %u", mss);
		seg = answered(BARE, mss * 7919, mss, NOW);
		EXPECT(ltcp_cookie_check(&opt, &tuple, &keys, &seg, true, NOW));
		EXPECT(opt.mss <= mss || (mss < 48 && opt.mss == 48));
		EXPECT(!opt.agreed && !opt.ecn_ok);
		EXPECT_GE(opt.mss, last);
		if (opt.mss != last) {
			EXPECT(opt.mss == mss || mss == 0);
			values++;
		}
		last = opt.mss;
	}
	EXPECT_EQ(values, 4);
	for (i = 0; i < ARRAY_SIZE(exact); i++) {
		seg = answered(BARE, IRS, exact[i], NOW);
		EXPECT(ltcp_cookie_check(&opt, &tuple, &keys, &seg, true, NOW));
		EXPECT_EQ(opt.mss, exact[i]);
	}
}

/* Made in period 1000: accepted in 1000 and 1001, from the first microsecond to the last */
TEST(cookie_lifetime_has_sharp_edges)
{
	static const u64 made[] = { 1000 * PERIOD, 1000 * PERIOD + 1, 1001 * PERIOD - 1 };
	unsigned int i, form;

	for (form = 0; form < N_FORMS; form++) {
		for (i = 0; i < ARRAY_SIZE(made); i++) {
			struct ltcp_seg seg = answered(form, IRS, 1460, made[i]);

			host_at("%s made at %llu", form_names[form], made[i]);
			EXPECT(!accepted(&seg, 1000 * PERIOD - 1));
			EXPECT(accepted(&seg, 1000 * PERIOD));
			EXPECT(accepted(&seg, made[i]));
			EXPECT(accepted(&seg, 1001 * PERIOD - 1));
			EXPECT(accepted(&seg, 1001 * PERIOD));
			EXPECT(accepted(&seg, 1002 * PERIOD - 1));
			EXPECT(!accepted(&seg, 1002 * PERIOD));
			EXPECT(!accepted(&seg, 1003 * PERIOD));
		}
	}
}

/* A key serves 16 periods and the one after; the other one may be anything meanwhile */
TEST(cookie_keys_change)
{
	u64 change = 1024 * PERIOD;
	struct ltcp_cookie_keys next = keys;
	struct ltcp_cookie_options opt;
	unsigned int form, i;

	EXPECT_EQ(ltcp_cookie_key_number(change - 1), 63);
	EXPECT_EQ(ltcp_cookie_key_number(change), 64);
	EXPECT_EQ(ltcp_cookie_key_number(change + 16 * PERIOD - 1), 64);
	EXPECT_EQ(ltcp_cookie_key_number(change + 16 * PERIOD), 65);
	next.key[0].key[0] ^= 1;	/* number 64's */
	for (form = 0; form < N_FORMS; form++) {
		struct ltcp_seg seg = answered(form, IRS, 1460, change - 1);

		host_at("%s", form_names[form]);
		EXPECT(ltcp_cookie_check(&opt, &tuple, &next, &seg, true, change - 1));
		EXPECT(ltcp_cookie_check(&opt, &tuple, &next, &seg, true, change));
		EXPECT(ltcp_cookie_check(&opt, &tuple, &next, &seg, true, change + PERIOD - 1));
		for (i = 0; i < 16; i++) {
			seg = answered(form, IRS, 1460, change + i * PERIOD);
			EXPECT(!ltcp_cookie_check(&opt, &tuple, &next, &seg, true,
						  change + i * PERIOD));
		}
	}
}

TEST(cookie_of_another_tuple_is_refused)
{
	struct ltcp_cookie_options opt;
	unsigned int i, form;

	for (form = 0; form < N_FORMS; form++) {
		struct ltcp_seg seg = answered(form, IRS, 1460, NOW);

		for (i = 0; i < TUPLE_BITS; i++) {
			struct ltcp_tuple other = other_tuple(i);

			host_at("%s bit %u", form_names[form], i);
			EXPECT(!ltcp_cookie_check(&opt, &other, &keys, &seg, true, NOW));
		}
	}
}

TEST(cookie_of_another_key_is_refused)
{
	struct ltcp_cookie_options opt;
	unsigned int bit, form;

	for (form = 0; form < N_FORMS; form++) {
		struct ltcp_seg seg = answered(form, IRS, 1460, NOW);

		for (bit = 0; bit < 128; bit++) {
			struct ltcp_cookie_keys other = keys;

			other.key[0].key[bit / 64] ^= 1ull << bit % 64;
			other.key[1].key[bit / 64] ^= 1ull << bit % 64;
			host_at("%s bit %u", form_names[form], bit);
			EXPECT(!ltcp_cookie_check(&opt, &tuple, &other, &seg, true, NOW));
		}
	}
}

/* SEG.SEQ vouches for the IRS, and every bit that comes back is vouched for, but for the time */
TEST(cookie_forged_bits)
{
	unsigned int bit, form;

	for (form = 0; form < N_FORMS; form++) {
		struct ltcp_seg seg = answered(form, IRS, 1440, NOW), forged;

		for (bit = 0; bit < 32; bit++) {
			host_at("%s bit %u", form_names[form], bit);
			forged = seg;
			forged.seq ^= 1u << bit;
			EXPECT(!accepted(&forged, NOW));
			forged = seg;
			forged.ack = ((seg.ack - 1) ^ 1u << bit) + 1;
			EXPECT(!accepted(&forged, NOW));
			forged = seg;
			forged.opt.tsecr ^= 1u << bit;
			EXPECT(form == TIMESTAMP ? !accepted(&forged, NOW) :
						   accepted(&forged, NOW));
		}
		for (bit = 0; form >= OPTION && bit < 8 * LTCP_COOKIE_OPTION; bit++) {
			host_at("%s option bit %u", form_names[form], bit);
			forged = seg;
			forged.opt.cookie[bit / 8] ^= 1 << bit % 8;
			EXPECT_EQ(accepted(&forged, NOW), bit / 8 == 4 || bit / 8 == 5);
		}
	}
}

/* Whoever sends the option or a timestamp is not given the chance of the weaker form */
TEST(cookie_has_one_form)
{
	struct ltcp_seg seg = answered(BARE, IRS, 1440, NOW);
	struct ltcp_cookie_options opt;

	EXPECT(accepted(&seg, NOW));
	EXPECT(!ltcp_cookie_check(&opt, &tuple, &keys, &seg, false, NOW));
	seg.opt.has = LTCP_HAS_TS;
	EXPECT(!accepted(&seg, NOW));
	seg.opt.has = LTCP_HAS_COOKIE;
	EXPECT(!accepted(&seg, NOW));
	seg = answered(TIMESTAMP, IRS, 1440, NOW);
	seg.opt.has = 0;
	EXPECT(!accepted(&seg, NOW));
	seg.opt.has = LTCP_HAS_TS | LTCP_HAS_COOKIE;
	EXPECT(!accepted(&seg, NOW));
}

/* Timestamps that were agreed on are in every segment (RFC 7323 section 3.2), the first included */
TEST(cookie_wants_the_timestamps_it_tells_of)
{
	struct ltcp_seg seg = answered(OPTION, IRS, 1440, NOW);

	EXPECT(accepted(&seg, NOW));
	seg.opt.has = LTCP_HAS_COOKIE;
	EXPECT(!accepted(&seg, NOW));
	/* Those that were not are ignored */
	seg = answered(OPTION_ALONE, IRS, 1440, NOW);
	seg.opt.has |= LTCP_HAS_TS;
	EXPECT(accepted(&seg, NOW));
}

/* 2^-29 a guess at most: not once in a quarter of a million (count_cookies.c counts them all) */
TEST(cookie_guesses_fail)
{
	u64 seed = 4987;
	unsigned int i, form;

	for (i = 0; i < 250000; i++)
		for (form = 0; form < N_FORMS; form++) {
			struct ltcp_cookie cookie;
			struct ltcp_seg seg;
			unsigned int octet;

			cookie.iss = host_random(&seed);
			cookie.tsval = host_random(&seed);
			for (octet = 0; octet < LTCP_COOKIE_OPTION; octet++)
				cookie.option[octet] = host_random(&seed);
			seg = third(form, IRS, &cookie);
			EXPECT(!accepted(&seg, NOW));
		}
}

/* The number of the period is hashed, not added where it could be seen */
TEST(cookie_of_the_next_period_differs)
{
	unsigned int form;

	for (form = 0; form < N_FORMS; form++) {
		u32 a = answered(form, IRS, 1460, NOW).ack, b;

		b = answered(form, IRS, 1460, NOW + PERIOD).ack;
		host_at("%s", form_names[form]);
		EXPECT_NE(a, b);
		EXPECT_NE(a >> 24, b >> 24);
	}
}

/* TSval goes on from the cookie's; with the option also by as much as time has passed */
TEST(cookie_continues_the_clock)
{
	static const u64 later[] = { 0, 1000, 250000, 29000000, 59999000 };
	u64 made = 1000 * PERIOD;
	unsigned int i, form;

	for (form = TIMESTAMP; form <= OPTION; form++) {
		for (i = 0; i < ARRAY_SIZE(later); i++) {
			struct ltcp_seg seg = answered(form, IRS, 1460, made);
			struct ltcp_cookie_options opt;
			u64 now = made + later[i];

			host_at("%s later %llu", form_names[form], later[i]);
			EXPECT(ltcp_cookie_check(&opt, &tuple, &keys, &seg, true, now));
			EXPECT_EQ(opt.timed, form == OPTION);
			EXPECT_EQ((u32)(ltcp_ms(now) + opt.ts_off) - seg.opt.tsecr,
				  form == OPTION ? later[i] / 1000 : 0);
		}
	}
}
