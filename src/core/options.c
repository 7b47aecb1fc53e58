// SPDX-License-Identifier: GPL-2.0
/* TCP options on the wire: RFC 9293 section 3.2, RFC 7323, RFC 2018. */
#include <linux/string.h>
#include <linux/types.h>

#include "bytes.h"
#include "options.h"

/* Lengths, kind and length octets included */
enum {
	LEN_MSS		= 4,
	LEN_WSCALE	= 3,
	LEN_SACK_PERM	= 2,
	LEN_TIMESTAMP	= 10,
	LEN_SACK	= 2,	/* and as many blocks as follow */
	LEN_SACK_BLOCK	= 8,
	LEN_COOKIE_OK	= 4,
	LEN_COOKIE	= 4 + LTCP_COOKIE_OPTION,
	LEN_FASTOPEN	= 2,	/* and the cookie */
};

/* A SACK option and the two NOPs that align its blocks */
#define SACK_ALIGNED	(2 + LEN_SACK)

static void parse_mss(struct ltcp_options *opt, const u8 *p, unsigned int len)
{
	if (len != LEN_MSS)
		return;
	opt->has |= LTCP_HAS_MSS;
	opt->mss = ltcp_get_be16(p + 2);
}

/* RFC 7323 section 2.3: a greater shift is taken for 14 */
static u8 wscale_of(u8 shift)
{
	return shift < LTCP_WSCALE_MAX ? shift : LTCP_WSCALE_MAX;
}

static void parse_wscale(struct ltcp_options *opt, const u8 *p, unsigned int len)
{
	if (len != LEN_WSCALE)
		return;
	opt->has |= LTCP_HAS_WSCALE;
	opt->wscale = wscale_of(p[2]);
}

static void parse_sack_perm(struct ltcp_options *opt, unsigned int len)
{
	if (len == LEN_SACK_PERM)
		opt->has |= LTCP_HAS_SACK_PERM;
}

static void parse_timestamp(struct ltcp_options *opt, const u8 *p, unsigned int len)
{
	if (len != LEN_TIMESTAMP)
		return;
	opt->has |= LTCP_HAS_TS;
	opt->tsval = ltcp_get_be32(p + 2);
	opt->tsecr = ltcp_get_be32(p + 6);
}

static void parse_sack(struct ltcp_options *opt, const u8 *p, unsigned int len)
{
	unsigned int n = (len - LEN_SACK) / LEN_SACK_BLOCK;
	unsigned int i;

	if (len != LEN_SACK + n * LEN_SACK_BLOCK || n > LTCP_SACK_MAX)
		return;
	for (i = 0; i < n; i++) {
		opt->sack[i].start = ltcp_get_be32(p + LEN_SACK + i * LEN_SACK_BLOCK);
		opt->sack[i].end = ltcp_get_be32(p + LEN_SACK + i * LEN_SACK_BLOCK + 4);
	}
	opt->n_sack = n;
}

static void parse_experiment(struct ltcp_options *opt, const u8 *p, unsigned int len, bool syn)
{
	if (len < LEN_COOKIE_OK || ltcp_get_be16(p + 2) != LTCP_EXID_COOKIE)
		return;
	if (len == LEN_COOKIE_OK && syn)
		opt->has |= LTCP_HAS_COOKIE_OK;
	if (len != LEN_COOKIE)
		return;
	opt->has |= LTCP_HAS_COOKIE;
	memcpy(opt->cookie, p + 4, LTCP_COOKIE_OPTION);
}

/* RFC 7413 section 4.1.1: any other length is as good as no option */
static void parse_fastopen(struct ltcp_options *opt, const u8 *p, unsigned int len)
{
	unsigned int n = len - LEN_FASTOPEN;

	if (n && (n < LTCP_FASTOPEN_MIN || n > LTCP_FASTOPEN_MAX || n % 2))
		return;
	opt->has |= LTCP_HAS_FASTOPEN;
	opt->fastopen.len = n;
	memcpy(opt->fastopen.cookie, p + LEN_FASTOPEN, n);
}

/* One option of a known or unknown kind; @len is at least 2 and within the header */
static void parse_one(struct ltcp_options *opt, const u8 *p, unsigned int len, bool syn)
{
	switch (p[0]) {
	case LTCP_OPT_MSS:
		if (syn)	/* section 3.7.1: anywhere else it means nothing */
			parse_mss(opt, p, len);
		break;
	case LTCP_OPT_WSCALE:
		if (syn)	/* RFC 7323 section 2.2 */
			parse_wscale(opt, p, len);
		break;
	case LTCP_OPT_SACK_PERM:
		if (syn)	/* RFC 2018 section 2 */
			parse_sack_perm(opt, len);
		break;
	case LTCP_OPT_TIMESTAMP:
		parse_timestamp(opt, p, len);
		break;
	case LTCP_OPT_SACK:
		parse_sack(opt, p, len);
		break;
	case LTCP_OPT_FASTOPEN:
		if (syn)
			parse_fastopen(opt, p, len);
		break;
	case LTCP_OPT_EXPERIMENT:
		parse_experiment(opt, p, len, syn);
		break;
	}
}

/* All but the blocks, which n_sack vouches for: this runs for every segment */
static void clear(struct ltcp_options *opt)
{
	opt->has = 0;
	opt->wscale = 0;
	opt->n_sack = 0;
	opt->mss = 0;
	opt->tsval = 0;
	opt->tsecr = 0;
}

/* RFC 7323 appendix A: what nearly every segment has, and nothing else */
#define TS_ALIGNED	(2 + LEN_TIMESTAMP)
#define TS_PREFIX	((u32)LTCP_OPT_NOP << 24 | LTCP_OPT_NOP << 16 | \
			 LTCP_OPT_TIMESTAMP << 8 | LEN_TIMESTAMP)

static bool only_timestamp(const u8 *p, unsigned int len)
{
	return len == TS_ALIGNED && ltcp_get_be32(p) == TS_PREFIX;
}

/* And what most SYNs begin with: MSS, SACK-permitted and timestamps, window scale */
#define SYN_ALIGNED	(LEN_MSS + LEN_SACK_PERM + LEN_TIMESTAMP + 1 + LEN_WSCALE)
#define MSS_PREFIX	((u32)LTCP_OPT_MSS << 8 | LEN_MSS)
#define SACK_TS_PREFIX	((u32)LTCP_OPT_SACK_PERM << 24 | LEN_SACK_PERM << 16 | \
			 LTCP_OPT_TIMESTAMP << 8 | LEN_TIMESTAMP)
#define WSCALE_PREFIX	((u32)LTCP_OPT_NOP << 16 | LTCP_OPT_WSCALE << 8 | LEN_WSCALE)
#define USUAL_SET	(LTCP_HAS_MSS | LTCP_HAS_SACK_PERM | LTCP_HAS_TS | LTCP_HAS_WSCALE)

static bool begins_as_usual(const u8 *p, unsigned int len)
{
	return len >= SYN_ALIGNED && ltcp_get_be16(p) == MSS_PREFIX &&
	       ltcp_get_be32(p + 4) == SACK_TS_PREFIX &&
	       ltcp_get_be32(p + 16) >> 8 == WSCALE_PREFIX;
}

static void parse_usual(struct ltcp_options *opt, const u8 *p)
{
	opt->has = USUAL_SET;
	opt->mss = ltcp_get_be16(p + 2);
	opt->tsval = ltcp_get_be32(p + 8);
	opt->tsecr = ltcp_get_be32(p + 12);
	opt->wscale = wscale_of(p[19]);
}

bool ltcp_options_parse(struct ltcp_options *opt, const u8 *p, unsigned int len, bool syn)
{
	clear(opt);
	if (only_timestamp(p, len)) {
		parse_timestamp(opt, p + 2, LEN_TIMESTAMP);
		return true;
	}
	if (syn && begins_as_usual(p, len)) {
		parse_usual(opt, p);
		p += SYN_ALIGNED;
		len -= SYN_ALIGNED;
	}
	while (len) {
		if (p[0] == LTCP_OPT_EOL)
			return true;
		if (p[0] == LTCP_OPT_NOP) {
			p++;
			len--;
			continue;
		}
		if (len < 2 || p[1] < 2 || p[1] > len)
			return false;
		parse_one(opt, p, p[1], syn);
		len -= p[1];
		p += p[1];
	}
	return true;
}

/* Everything but SACK blocks. MSS 4; SACK-permitted and timestamps share 12; the rest 4 each */
static unsigned int len_without_sack(const struct ltcp_options *opt)
{
	unsigned int len = 0;

	if (opt->has & LTCP_HAS_MSS)
		len += LEN_MSS;
	if (opt->has & LTCP_HAS_TS)
		len += 2 + LEN_TIMESTAMP;
	else if (opt->has & LTCP_HAS_SACK_PERM)
		len += 2 + LEN_SACK_PERM;
	if (opt->has & LTCP_HAS_WSCALE)
		len += 1 + LEN_WSCALE;
	if (opt->has & LTCP_HAS_COOKIE)
		len += 2 + LEN_COOKIE;
	else if (opt->has & LTCP_HAS_COOKIE_OK)
		len += LEN_COOKIE_OK;
	if (opt->has & LTCP_HAS_FASTOPEN)
		len += (LEN_FASTOPEN + opt->fastopen.len + 3) & ~3u;
	return len;
}

/* How many blocks there is room for beside @len octets of other options */
static unsigned int sack_blocks(const struct ltcp_options *opt, unsigned int len)
{
	unsigned int room = (LTCP_OPTIONS_MAX - len - SACK_ALIGNED) / LEN_SACK_BLOCK;

	return opt->n_sack < room ? opt->n_sack : room;
}

unsigned int ltcp_options_len(const struct ltcp_options *opt)
{
	unsigned int len, n;

	if (opt->has == USUAL_SET && !opt->n_sack)
		return SYN_ALIGNED;
	len = len_without_sack(opt);
	n = opt->n_sack ? sack_blocks(opt, len) : 0;
	return n ? len + SACK_ALIGNED + n * LEN_SACK_BLOCK : len;
}

/* What aligns an option's values: either NOPs, or an option of just that size */
static u8 *write_nops(u8 *p, unsigned int n)
{
	while (n--)
		*p++ = LTCP_OPT_NOP;
	return p;
}

static u8 *write_mss(u8 *p, u16 mss)
{
	p[0] = LTCP_OPT_MSS;
	p[1] = LEN_MSS;
	ltcp_put_be16(p + 2, mss);
	return p + LEN_MSS;
}

static u8 *write_sack_perm(u8 *p)
{
	p[0] = LTCP_OPT_SACK_PERM;
	p[1] = LEN_SACK_PERM;
	return p + LEN_SACK_PERM;
}

static u8 *write_timestamp(u8 *p, u32 tsval, u32 tsecr)
{
	p[0] = LTCP_OPT_TIMESTAMP;
	p[1] = LEN_TIMESTAMP;
	ltcp_put_be32(p + 2, tsval);
	ltcp_put_be32(p + 6, tsecr);
	return p + LEN_TIMESTAMP;
}

/* SACK-permitted takes the place of the NOPs before the timestamps, as everybody does it */
static u8 *write_sack_perm_and_ts(u8 *p, const struct ltcp_options *opt)
{
	if (!(opt->has & (LTCP_HAS_SACK_PERM | LTCP_HAS_TS)))
		return p;
	if ((opt->has & LTCP_HAS_SACK_PERM) && (opt->has & LTCP_HAS_TS))
		p = write_sack_perm(p);
	else
		p = write_nops(p, 2);
	if (opt->has & LTCP_HAS_TS)
		return write_timestamp(p, opt->tsval, opt->tsecr);
	return write_sack_perm(p);
}

static u8 *write_wscale(u8 *p, u8 wscale)
{
	p = write_nops(p, 1);
	p[0] = LTCP_OPT_WSCALE;
	p[1] = LEN_WSCALE;
	p[2] = wscale;
	return p + LEN_WSCALE;
}

static u8 *write_cookie(u8 *p, const struct ltcp_options *opt)
{
	bool full = opt->has & LTCP_HAS_COOKIE;

	if (full)
		p = write_nops(p, 2);
	p[0] = LTCP_OPT_EXPERIMENT;
	p[1] = full ? LEN_COOKIE : LEN_COOKIE_OK;
	p[2] = LTCP_EXID_COOKIE >> 8;
	p[3] = LTCP_EXID_COOKIE & 0xff;
	if (full)
		memcpy(p + 4, opt->cookie, LTCP_COOKIE_OPTION);
	return p + p[1];
}

static u8 *write_fastopen(u8 *p, const struct ltcp_fastopen *fastopen)
{
	unsigned int len = LEN_FASTOPEN + fastopen->len;

	p = write_nops(p, -len & 3);
	p[0] = LTCP_OPT_FASTOPEN;
	p[1] = len;
	memcpy(p + LEN_FASTOPEN, fastopen->cookie, fastopen->len);
	return p + len;
}

static u8 *write_sack(u8 *p, const struct ltcp_sack_block *block, unsigned int n)
{
	p = write_nops(p, 2);
	*p++ = LTCP_OPT_SACK;
	*p++ = LEN_SACK + n * LEN_SACK_BLOCK;
	for (; n--; block++) {
		ltcp_put_be32(p, block->start);
		ltcp_put_be32(p + 4, block->end);
		p += LEN_SACK_BLOCK;
	}
	return p;
}

static unsigned int write_timestamp_only(u8 *p, const struct ltcp_options *opt)
{
	ltcp_put_be32(p, TS_PREFIX);
	ltcp_put_be32(p + 4, opt->tsval);
	ltcp_put_be32(p + 8, opt->tsecr);
	return TS_ALIGNED;
}

static unsigned int write_usual(u8 *p, const struct ltcp_options *opt)
{
	ltcp_put_be32(p, MSS_PREFIX << 16 | opt->mss);
	ltcp_put_be32(p + 4, SACK_TS_PREFIX);
	ltcp_put_be32(p + 8, opt->tsval);
	ltcp_put_be32(p + 12, opt->tsecr);
	ltcp_put_be32(p + 16, WSCALE_PREFIX << 8 | opt->wscale);
	return SYN_ALIGNED;
}

unsigned int ltcp_options_write(u8 *p, const struct ltcp_options *opt)
{
	const u8 *start = p;
	unsigned int n_sack = 0;

	if (opt->has == LTCP_HAS_TS && !opt->n_sack)
		return write_timestamp_only(p, opt);
	if (opt->has == USUAL_SET && !opt->n_sack)
		return write_usual(p, opt);
	if (opt->n_sack)
		n_sack = sack_blocks(opt, len_without_sack(opt));
	if (opt->has & LTCP_HAS_MSS)
		p = write_mss(p, opt->mss);
	p = write_sack_perm_and_ts(p, opt);
	if (opt->has & LTCP_HAS_WSCALE)
		p = write_wscale(p, opt->wscale);
	if (opt->has & (LTCP_HAS_COOKIE | LTCP_HAS_COOKIE_OK))
		p = write_cookie(p, opt);
	if (opt->has & LTCP_HAS_FASTOPEN)
		p = write_fastopen(p, &opt->fastopen);
	if (n_sack)
		p = write_sack(p, opt->sack, n_sack);
	return p - start;
}
