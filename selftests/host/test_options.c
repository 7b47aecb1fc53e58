// SPDX-License-Identifier: GPL-2.0
/* Option layouts, RFC 9293 section 3.2 and MUST-4 to MUST-7, RFC 7323, RFC 2018. */
#include <stdlib.h>
#include <string.h>

#include "core/options.h"
#include "host.h"

/*
 * Parse from memory of just this size, so that the sanitizer sees a read past
 * the end, at an odd address, so that it sees an aligned access (MUST-64).
 */
static bool parse(struct ltcp_options *opt, const u8 *octets, unsigned int len, bool syn)
{
	u8 *p = malloc(len + 1);
	bool ok;

	memcpy(p + 1, octets, len);
	memset(opt, 0xa5, sizeof(*opt));
	ok = ltcp_options_parse(opt, p + 1, len, syn);
	free(p);
	return ok;
}

#define OCTETS(...) ((const u8[]){ __VA_ARGS__ })
#define PARSE_OCTETS(opt, syn, ...) \
	parse(opt, OCTETS(__VA_ARGS__), sizeof(OCTETS(__VA_ARGS__)), syn)
#define PARSE(opt, syn, string) parse(opt, (const u8 *)(string), sizeof(string) - 1, syn)

#define SYN true
#define NO_SYN false

#define EOL		"\0"
#define NOP		"\1"
#define MSS_1460	"\2\4\x05\xb4"
#define WSCALE_7	"\3\3\7"
#define SACK_PERM	"\4\2"
#define TS_1_2		"\x08\x0a\0\0\0\1\x80\0\0\2"
#define TSECR		0x80000002u

static void expect_all(const struct ltcp_options *opt)
{
	EXPECT_EQ(opt->has, LTCP_HAS_MSS | LTCP_HAS_WSCALE | LTCP_HAS_SACK_PERM | LTCP_HAS_TS);
	EXPECT_EQ(opt->mss, 1460);
	EXPECT_EQ(opt->wscale, 7);
	EXPECT_EQ(opt->tsval, 1);
	EXPECT_EQ(opt->tsecr, TSECR);
	EXPECT_EQ(opt->n_sack, 0);
}

TEST(options_none)
{
	struct ltcp_options opt;

	EXPECT(parse(&opt, OCTETS(0), 0, SYN));
	EXPECT_EQ(opt.has, 0);
	EXPECT_EQ(opt.n_sack, 0);
}

/* What Linux, BSD and Windows send in a SYN */
TEST(options_syn_layouts_of_linux_bsd_windows)
{
	struct ltcp_options opt;

	EXPECT(PARSE(&opt, SYN, MSS_1460 SACK_PERM TS_1_2 NOP WSCALE_7));
	expect_all(&opt);
	EXPECT(PARSE(&opt, SYN, MSS_1460 NOP WSCALE_7 SACK_PERM TS_1_2));
	expect_all(&opt);
	EXPECT(PARSE(&opt, SYN, MSS_1460 NOP WSCALE_7 NOP NOP TS_1_2 SACK_PERM EOL EOL));
	expect_all(&opt);
	EXPECT(PARSE(&opt, SYN, MSS_1460 NOP WSCALE_7 NOP NOP SACK_PERM));
	EXPECT_EQ(opt.has, LTCP_HAS_MSS | LTCP_HAS_WSCALE | LTCP_HAS_SACK_PERM);
}

/* Alignment is a habit of senders, not a rule (MUST-64) */
/* Whatever is taken in at once means the same as behind NOPs, octet by octet */
TEST(options_of_the_usual_syn_are_no_special_case)
{
	static const u8 usual[] = MSS_1460 SACK_PERM TS_1_2 NOP WSCALE_7 "\xfd\4LC";
	struct ltcp_options opt, slow;
	u8 octets[4 + sizeof(usual) - 1];
	unsigned int at, value, len;

	memset(octets, LTCP_OPT_NOP, 4);
	EXPECT(parse(&opt, usual, sizeof(usual) - 1, SYN));
	EXPECT_EQ(opt.has, LTCP_HAS_MSS | LTCP_HAS_WSCALE | LTCP_HAS_SACK_PERM | LTCP_HAS_TS |
			   LTCP_HAS_COOKIE_OK);
	for (at = 0; at < sizeof(usual) - 1; at++) {
		for (value = 0; value < 256; value++) {
			memcpy(octets + 4, usual, sizeof(usual) - 1);
			octets[4 + at] = value;
			len = value % 2 ? sizeof(usual) - 1 : 20;
			EXPECT_EQ(parse(&opt, octets + 4, len, SYN),
				  parse(&slow, octets, 4 + len, SYN));
			EXPECT(!memcmp(&opt, &slow, sizeof(opt)));
		}
	}
}

TEST(options_at_odd_offsets)
{
	struct ltcp_options opt;

	EXPECT(PARSE(&opt, SYN, NOP TS_1_2 WSCALE_7 NOP SACK_PERM MSS_1460 EOL));
	expect_all(&opt);
	EXPECT(PARSE(&opt, SYN, WSCALE_7 MSS_1460 TS_1_2 SACK_PERM));
	expect_all(&opt);
	EXPECT(PARSE(&opt, NO_SYN, TS_1_2 "\x05\x0a\x00\x00\x00\x09\x00\x00\x00\x0a"));
	EXPECT_EQ(opt.tsecr, TSECR);
	EXPECT_EQ(opt.n_sack, 1);
	EXPECT(opt.sack[0].start == 9 && opt.sack[0].end == 10);
}

TEST(options_unknown_kinds_are_skipped)
{
	struct ltcp_options opt;

	EXPECT(PARSE(&opt, SYN, "\xfa\x06\1\2\3\4" MSS_1460 "\xfd\2" WSCALE_7 "\x22\3\xff"
		     SACK_PERM TS_1_2));
	expect_all(&opt);
	EXPECT(PARSE(&opt, NO_SYN, "\xff\x04\x08\x0a"));
	EXPECT_EQ(opt.has, 0);
}

/* An unknown option's value may look like options */
TEST(options_inside_an_unknown_kind_do_not_count)
{
	struct ltcp_options opt;

	EXPECT(PARSE(&opt, SYN, "\x63\x06" MSS_1460 EOL));
	EXPECT_EQ(opt.has, 0);
}

TEST(options_every_unknown_kind_with_every_length)
{
	u8 octets[LTCP_OPTIONS_MAX];
	unsigned int kind, len;
	struct ltcp_options opt;

	for (kind = 9; kind < 256; kind++) {
		if (kind == LTCP_OPT_FASTOPEN)
			continue;
		for (len = 2; len <= LTCP_OPTIONS_MAX; len++) {
			host_at("kind %u length %u", kind, len);
			memset(octets, 1, sizeof(octets));
			octets[0] = kind;
			octets[1] = len;
			EXPECT(parse(&opt, octets, sizeof(octets), SYN));
			EXPECT(!opt.has && !opt.n_sack);
		}
	}
}

TEST(options_eol_ends_whatever_follows)
{
	struct ltcp_options opt;

	EXPECT(PARSE(&opt, SYN, MSS_1460 EOL WSCALE_7));
	EXPECT_EQ(opt.has, LTCP_HAS_MSS);
	/* what would be bogus before EOL is padding after it */
	EXPECT(PARSE(&opt, SYN, MSS_1460 "\x00\x02\x00\x63"));
	EXPECT_EQ(opt.has, LTCP_HAS_MSS);
	EXPECT(PARSE(&opt, SYN, EOL EOL EOL EOL));
	EXPECT_EQ(opt.has, 0);
}

TEST(options_nop_only)
{
	u8 octets[LTCP_OPTIONS_MAX];
	struct ltcp_options opt;

	memset(octets, LTCP_OPT_NOP, sizeof(octets));
	EXPECT(parse(&opt, octets, sizeof(octets), SYN));
	EXPECT_EQ(opt.has, 0);
}

/* MUST-7, for every kind that has a length */
TEST(options_bogus_lengths_are_refused)
{
	struct ltcp_options opt;
	unsigned int kind;

	for (kind = 2; kind < 256; kind++) {
		host_at("kind %u", kind);
		EXPECT(!PARSE_OCTETS(&opt, SYN, kind, 0, 0, 0));
		EXPECT(!PARSE_OCTETS(&opt, SYN, kind, 1, 0, 0));
		EXPECT(!PARSE_OCTETS(&opt, SYN, kind, 5, 0, 0));
		EXPECT(!PARSE_OCTETS(&opt, SYN, kind, 255, 0, 0));
		EXPECT(!PARSE_OCTETS(&opt, SYN, 1, 1, 1, kind));
		EXPECT(!PARSE_OCTETS(&opt, NO_SYN, kind, 0, 0, 0));
		EXPECT(!PARSE_OCTETS(&opt, NO_SYN, 1, 1, 1, kind));
	}
}

TEST(options_cut_anywhere)
{
	static const u8 octets[30] = MSS_1460 SACK_PERM TS_1_2 NOP WSCALE_7
				     "\x05\x0a\0\0\0\1\0\0\0\2";
	static const unsigned int whole[] = { 0, 4, 6, 16, 17, 20, 30 };
	unsigned int len, i;
	struct ltcp_options opt;

	for (len = 0; len <= sizeof(octets); len++) {
		bool want = false;

		for (i = 0; i < ARRAY_SIZE(whole); i++)
			want |= len == whole[i];
		host_at("cut at %u", len);
		EXPECT_EQ(parse(&opt, octets, len, SYN), want);
	}
}

/* options.h: a known kind with a wrong length is skipped like an unknown one */
TEST(options_known_kind_of_wrong_length_is_skipped)
{
	static const struct {
		u8 kind;
		u8 right;
	} kinds[] = { { 2, 4 }, { 3, 3 }, { 4, 2 }, { 8, 10 } };
	u8 octets[LTCP_OPTIONS_MAX];
	struct ltcp_options opt;
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (len = 2; len <= 36; len++) {
			host_at("kind %u length %u", kinds[i].kind, len);
			memset(octets, 1, sizeof(octets));
			octets[0] = kinds[i].kind;
			octets[1] = len;
			EXPECT(parse(&opt, octets, sizeof(octets), SYN));
			EXPECT_EQ(!!opt.has, len == kinds[i].right);
		}
	}
}

/* RFC 9293 section 3.7.1, RFC 7323 section 2.2, RFC 2018 section 2 */
TEST(options_of_the_handshake_count_on_syn_only)
{
	struct ltcp_options opt;

	EXPECT(PARSE(&opt, NO_SYN, MSS_1460 SACK_PERM TS_1_2 NOP WSCALE_7));
	EXPECT_EQ(opt.has, LTCP_HAS_TS);
	EXPECT_EQ(opt.tsval, 1);
}

/* RFC 7323 section 2.3: a greater shift is taken for 14 */
TEST(options_wscale_is_at_most_14)
{
	struct ltcp_options opt;
	unsigned int shift;

	for (shift = 0; shift < 256; shift++) {
		host_at("shift %u", shift);
		EXPECT(PARSE_OCTETS(&opt, SYN, 3, 3, shift, 1));
		EXPECT_EQ(opt.has, LTCP_HAS_WSCALE);
		EXPECT_EQ(opt.wscale, shift < 14 ? shift : 14);
	}
}

TEST(options_mss_takes_every_value)
{
	struct ltcp_options opt;
	unsigned int mss;

	for (mss = 0; mss < 65536; mss++) {
		EXPECT(PARSE_OCTETS(&opt, SYN, 2, 4, mss >> 8, mss));
		EXPECT_EQ(opt.has, LTCP_HAS_MSS);
		EXPECT_EQ(opt.mss, mss);
	}
}

/* A block's two edges, told from its number */
static struct ltcp_sack_block block(unsigned int i)
{
	return (struct ltcp_sack_block){ .start = 0xfffffff0u + i * 8, .end = 0xfffffff4u + i * 8 };
}

static struct ltcp_options with_sack(unsigned int n)
{
	struct ltcp_options opt = { .n_sack = n };
	unsigned int i;

	for (i = 0; i < n; i++)
		opt.sack[i] = block(i);
	return opt;
}

static void expect_blocks(const struct ltcp_options *opt, unsigned int n)
{
	unsigned int i;

	EXPECT_EQ(opt->n_sack, n);
	for (i = 0; i < n; i++) {
		EXPECT_EQ(opt->sack[i].start, block(i).start);
		EXPECT_EQ(opt->sack[i].end, block(i).end);
	}
}

TEST(options_sack_1_to_4_blocks_alone)
{
	struct ltcp_options opt, got;
	u8 octets[LTCP_OPTIONS_MAX];
	unsigned int n;

	for (n = 1; n <= 4; n++) {
		host_at("%u blocks", n);
		opt = with_sack(n);
		EXPECT_EQ(ltcp_options_len(&opt), 4 + 8 * n);
		EXPECT_EQ(ltcp_options_write(octets, &opt), 4 + 8 * n);
		EXPECT(octets[0] == 1 && octets[1] == 1 && octets[2] == 5 &&
		       octets[3] == 2 + 8 * n);
		EXPECT(parse(&got, octets, 4 + 8 * n, NO_SYN));
		expect_blocks(&got, n);
	}
}

/* RFC 2018 section 3: with timestamps three blocks fit */
TEST(options_sack_with_timestamps)
{
	static const unsigned int fit[] = { 0, 1, 2, 3, 3 };
	struct ltcp_options opt, got;
	u8 octets[LTCP_OPTIONS_MAX];
	unsigned int n, len;

	for (n = 0; n <= 4; n++) {
		host_at("%u blocks", n);
		opt = with_sack(n);
		opt.has = LTCP_HAS_TS;
		opt.tsval = 5;
		opt.tsecr = 6;
		len = 12 + (fit[n] ? 4 + 8 * fit[n] : 0);
		EXPECT_EQ(ltcp_options_len(&opt), len);
		EXPECT_EQ(ltcp_options_write(octets, &opt), len);
		EXPECT(parse(&got, octets, len, NO_SYN));
		EXPECT(got.has == LTCP_HAS_TS && got.tsval == 5 && got.tsecr == 6);
		expect_blocks(&got, fit[n]);
	}
}

TEST(options_sack_of_wrong_length_is_skipped)
{
	u8 octets[LTCP_OPTIONS_MAX];
	struct ltcp_options opt;
	unsigned int len;

	for (len = 2; len <= LTCP_OPTIONS_MAX; len++) {
		host_at("length %u", len);
		memset(octets, 1, sizeof(octets));
		octets[0] = LTCP_OPT_SACK;
		octets[1] = len;
		EXPECT(parse(&opt, octets, sizeof(octets), NO_SYN));
		EXPECT_EQ(opt.n_sack, len % 8 == 2 ? len / 8 : 0);
	}
}

static void expect_written(const struct ltcp_options *opt, const u8 *want, unsigned int len)
{
	u8 octets[LTCP_OPTIONS_MAX + 1];
	unsigned int i;

	memset(octets, 0xee, sizeof(octets));
	EXPECT_EQ(ltcp_options_len(opt), len);
	EXPECT_EQ(ltcp_options_write(octets, opt), len);
	for (i = 0; i < len; i++) {
		host_at("octet %u", i);
		EXPECT_EQ(octets[i], want[i]);
	}
	EXPECT_EQ(octets[len], 0xee);
}

#define EXPECT_WRITTEN(opt, string) \
	expect_written(opt, (const u8 *)(string), sizeof(string) - 1)

/* The conventional layouts, which other stacks take on their fast path */
TEST(options_are_written_aligned)
{
	struct ltcp_options opt = { .mss = 1460, .wscale = 7, .tsval = 1, .tsecr = TSECR };

	EXPECT_WRITTEN(&opt, "");
	opt.has = LTCP_HAS_TS;
	EXPECT_WRITTEN(&opt, NOP NOP TS_1_2);
	opt.has = LTCP_HAS_MSS;
	EXPECT_WRITTEN(&opt, MSS_1460);
	opt.has = LTCP_HAS_MSS | LTCP_HAS_SACK_PERM;
	EXPECT_WRITTEN(&opt, MSS_1460 NOP NOP SACK_PERM);
	opt.has = LTCP_HAS_MSS | LTCP_HAS_TS | LTCP_HAS_WSCALE;
	EXPECT_WRITTEN(&opt, MSS_1460 NOP NOP TS_1_2 NOP WSCALE_7);
	opt.has |= LTCP_HAS_SACK_PERM;
	EXPECT_WRITTEN(&opt, MSS_1460 SACK_PERM TS_1_2 NOP WSCALE_7);
}

/* Every set of options with every number of blocks: within 40, a multiple of 4, and read back */
TEST(options_every_combination_fits)
{
	struct ltcp_options opt, got;
	u8 octets[LTCP_OPTIONS_MAX];
	unsigned int has, n, len;

	for (has = 0; has < 64; has++) {
		/* It is asked for an echo, or says that it would give one */
		if ((has & LTCP_HAS_COOKIE) && (has & LTCP_HAS_COOKIE_OK))
			continue;
		for (n = 0; n <= LTCP_SACK_MAX; n++) {
			host_at("has %#x, %u blocks", has, n);
			opt = with_sack(n);
			opt.has = has;
			len = ltcp_options_write(octets, &opt);
			EXPECT_EQ(len, ltcp_options_len(&opt));
			EXPECT_EQ(len % 4, 0);
			EXPECT_LE(len, LTCP_OPTIONS_MAX);
			EXPECT(parse(&got, octets, len, SYN));
			EXPECT_EQ(got.has, has);
			EXPECT_LE(got.n_sack, n);
			/* no block is left out that there was room for */
			EXPECT(got.n_sack == n || len + (got.n_sack ? 8 : 12) > LTCP_OPTIONS_MAX);
			expect_blocks(&got, got.n_sack);
		}
	}
}

#define COOKIE		"\375\016\114\1030123456789"
#define COOKIE_OK	"\375\4\x4c\x43"

/* RFC 6994: an experiment is known by kind, identifier and length; empty it counts on SYN only */
TEST(options_cookie)
{
	struct ltcp_options opt = { .has = LTCP_HAS_COOKIE, .cookie = "012345678" };

	opt.cookie[9] = '9';
	EXPECT_WRITTEN(&opt, NOP NOP COOKIE);
	EXPECT(PARSE(&opt, NO_SYN, COOKIE));
	EXPECT_EQ(opt.has, LTCP_HAS_COOKIE);
	EXPECT(!memcmp(opt.cookie, "0123456789", 10));
	opt.has = LTCP_HAS_COOKIE_OK;
	EXPECT_WRITTEN(&opt, COOKIE_OK);
	EXPECT(PARSE(&opt, SYN, COOKIE_OK));
	EXPECT_EQ(opt.has, LTCP_HAS_COOKIE_OK);
	EXPECT(PARSE(&opt, NO_SYN, COOKIE_OK));
	EXPECT_EQ(opt.has, 0);
	EXPECT(PARSE(&opt, SYN, "\375\4\x4c\x44"));	/* another experiment */
	EXPECT_EQ(opt.has, 0);
	EXPECT(PARSE(&opt, SYN, "\375\2"));		/* without an identifier */
	EXPECT_EQ(opt.has, 0);
	EXPECT(PARSE(&opt, SYN, "\375\015\114\103012345678"));
	EXPECT_EQ(opt.has, 0);
}

/* Nothing that arrives makes the parser read outside, whatever it answers */
TEST(options_random_octets)
{
	u64 seed = 20220801;
	unsigned int round, i, len;
	u8 octets[LTCP_OPTIONS_MAX];
	struct ltcp_options opt;

	for (round = 0; round < 100000; round++) {
		len = host_random(&seed) % (LTCP_OPTIONS_MAX + 1);
		for (i = 0; i < len; i++) {
			u32 r = host_random(&seed);

			octets[i] = r & 0x100 ? r % 11 : r;
		}
		host_at("round %u", round);
		if (!parse(&opt, octets, len, round & 1))
			continue;
		EXPECT_LE(opt.n_sack, LTCP_SACK_MAX);
		EXPECT(!(opt.has & LTCP_HAS_WSCALE) || opt.wscale <= LTCP_WSCALE_MAX);
	}
}
