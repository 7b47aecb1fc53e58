// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies (RFC 4987 section 3.6) and initial sequence numbers (RFC 6528).
 *
 * A cookie is 29 bits of a keyed hash over both ends, the client's ISN and the
 * number of the period and an MSS, and 3 bits that say which MSS, masked by
 * another hash. What those cannot hold rides in the timestamp, if there is one.
 */
#include <linux/math64.h>
#include <linux/siphash.h>
#include <linux/string.h>
#include <linux/types.h>

#include "cookie.h"
#include "segment.h"
#include "seq.h"

/* What is hashed; the purpose keeps one function's values from serving another */
enum purpose {
	FOR_ISN,
	FOR_TS_OFFSET,
	FOR_COOKIE_MSS,
	FOR_COOKIE,	/* and as many more as there are MSS values */
};

/* Without holes, so that all of it can be hashed */
struct hash_input {
	struct ltcp_tuple tuple;
	u32 purpose;
	u32 irs;
	u32 period;
};

static u64 hash(const siphash_key_t *key, enum purpose purpose, const struct ltcp_tuple *tuple,
		u32 irs, u32 period)
{
	struct hash_input in;

	memset(&in, 0, sizeof(in));
	in.tuple = *tuple;
	in.purpose = purpose;
	in.irs = irs;
	in.period = period;
	return siphash(&in, sizeof(in), key);
}

u32 ltcp_isn(const struct ltcp_tuple *tuple, const siphash_key_t *key, u64 now_us)
{
	return (u32)(now_us >> 2) + (u32)hash(key, FOR_ISN, tuple, 0, 0);
}

u32 ltcp_ts_offset(const struct ltcp_tuple *tuple, const siphash_key_t *key)
{
	struct ltcp_tuple hosts = *tuple;

	hosts.lport = 0;
	hosts.rport = 0;
	return hash(key, FOR_TS_OFFSET, &hosts, 0, 0);
}

/*
 * The MSS that three bits can express. 48 is below what any peer may impose
 * (min_snd_mss), so rounding down never ends above the offer; 536 and 1220 are
 * the defaults of IPv4 and IPv6 (MUST-15), 1440 and 1460 Ethernet's, 8960 that
 * of jumbo frames, those between fit tunnels.
 */
static const u16 mss_table[] = { 48, 536, 1220, 1300, 1400, 1440, 1460, 8960 };

#define MSS_BITS	7u

static unsigned int mss_index(u16 mss)
{
	unsigned int i = MSS_BITS;

	while (i && mss_table[i] > mss)
		i--;
	return i;
}

static u32 period_of(u64 now_us)
{
	return div_u64(now_us, LTCP_COOKIE_PERIOD_US);
}

/* The cookie's low bits are hidden, and what they say is part of what the rest vouches for */
static u32 cookie_of(const struct ltcp_tuple *tuple, const siphash_key_t *key, u32 irs,
		     unsigned int index, u32 period)
{
	u32 mask = hash(key, FOR_COOKIE_MSS, tuple, irs, period);
	u32 mac = hash(key, FOR_COOKIE + index, tuple, irs, period);

	return (mac & ~MSS_BITS) | ((index ^ mask) & MSS_BITS);
}

u32 ltcp_cookie_make(const struct ltcp_tuple *tuple, const siphash_key_t *key, u32 irs,
		     u16 mss, u64 now_us)
{
	return cookie_of(tuple, key, irs, mss_index(mss), period_of(now_us));
}

/*
 * The low bits of TSval, echoed in TSecr: 0 to 3 the window scale or NO_WSCALE,
 * 4 SACK, 5 ECN.
 */
#define TS_BITS		63u
#define TS_WSCALE	15u
#define TS_SACK		16u
#define TS_ECN		32u
#define NO_WSCALE	15u

u32 ltcp_cookie_tsval(u32 tsval, const struct ltcp_cookie_options *opt)
{
	u32 bits = opt->wscale_ok ? opt->wscale & TS_WSCALE : NO_WSCALE;
	u32 val;

	if (opt->sack_ok)
		bits |= TS_SACK;
	if (opt->ecn_ok)
		bits |= TS_ECN;
	val = (tsval & ~TS_BITS) | bits;
	/* A TSval from the future would let PAWS refuse what follows */
	return seq_gt(val, tsval) ? val - (TS_BITS + 1) : val;
}

static void options_from_tsecr(struct ltcp_cookie_options *opt, u32 tsecr)
{
	opt->ts_ok = true;
	opt->sack_ok = !!(tsecr & TS_SACK);
	opt->ecn_ok = !!(tsecr & TS_ECN);
	opt->wscale = tsecr & TS_WSCALE;
	opt->wscale_ok = opt->wscale != NO_WSCALE;
	if (!opt->wscale_ok)
		opt->wscale = 0;
}

/* Is it the cookie of this period? Then @mss is what it carries */
static bool check_period(u16 *mss, const struct ltcp_tuple *tuple, const siphash_key_t *key,
			 const struct ltcp_seg *seg, u32 period)
{
	u32 irs = seg->seq - 1, cookie = seg->ack - 1;
	unsigned int index = (cookie ^ hash(key, FOR_COOKIE_MSS, tuple, irs, period)) & MSS_BITS;

	*mss = mss_table[index];
	return cookie == cookie_of(tuple, key, irs, index, period);
}

bool ltcp_cookie_check(struct ltcp_cookie_options *opt, const struct ltcp_tuple *tuple,
		       const siphash_key_t *key, const struct ltcp_seg *seg, u64 now_us)
{
	u32 period = period_of(now_us);

	*opt = (struct ltcp_cookie_options) {};
	if (!check_period(&opt->mss, tuple, key, seg, period) &&
	    !check_period(&opt->mss, tuple, key, seg, period - 1))
		return false;
	if (seg->opt.has & LTCP_HAS_TS)
		options_from_tsecr(opt, seg->opt.tsecr);
	return true;
}
