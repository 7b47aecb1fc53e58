// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies (RFC 4987 section 3.6) and initial sequence numbers (RFC 6528).
 *
 * A cookie takes three forms, by what the peer will send back:
 *
 * - the option, which those echo whose SYN says so: all of the SYN's options,
 *   when it was answered, and 63 bits of hash, 31 of them in the ISS;
 * - the timestamp, which everybody echoes: 22 bits for the options as they were,
 *   10 of hash, and 31 in the ISS;
 * - the ISS alone: an MSS of four, and 29 bits of hash.
 *
 * The lowest bit of the ISS tells in which of the two periods that count a cookie
 * was made, so that a flood of ACKs costs one hash each; to a forger the bit is
 * worth what trying both would be.
 */
#include <linux/siphash.h>
#include <linux/string.h>
#include <linux/types.h>

#include "bytes.h"
#include "cookie.h"
#include "segment.h"
#include "tcb.h"

static const u8 mapped[12] = { [10] = 0xff, 0xff };

/* Of IPv4 a quarter of the octets says as much, and hashing is what a flood costs */
static inline bool is_ipv4(const struct ltcp_tuple *tuple)
{
	return !memcmp(tuple->laddr, mapped, sizeof(mapped)) &&
	       !memcmp(tuple->raddr, mapped, sizeof(mapped));
}

static inline u64 ipv4_hosts(const struct ltcp_tuple *tuple)
{
	return (u64)ltcp_get_be32(tuple->laddr + 12) << 32 | ltcp_get_be32(tuple->raddr + 12);
}

static u64 both_ports(const struct ltcp_tuple *tuple)
{
	return (u64)tuple->lport << 16 | tuple->rport;
}

/* Here and below: inputs of different purposes differ in length, which SipHash takes in */
u32 ltcp_isn(const struct ltcp_tuple *tuple, const siphash_key_t *key, u64 now_us)
{
	u32 clock = now_us >> 2;

	if (is_ipv4(tuple))
		return clock + (u32)siphash_2u64(ipv4_hosts(tuple), both_ports(tuple), key);
	return clock + (u32)siphash(tuple, sizeof(*tuple), key);
}

u32 ltcp_ts_offset(const struct ltcp_tuple *tuple, const siphash_key_t *key)
{
	if (is_ipv4(tuple))
		return siphash_1u64(ipv4_hosts(tuple), key);
	return siphash(tuple, sizeof(tuple->laddr) + sizeof(tuple->raddr), key);
}

/*
 * What a cookie says: 31 to 16 the MSS, 15 to 12 the window scale or NO_WSCALE,
 * SACK, ECN. Timestamps have room for these; the option for all of it.
 */
#define STATE_WSCALE	12
#define STATE_SACK	0x800u
#define STATE_ECN	0x400u
#define STATE_TS_MASK	0xfffffc00u
#define STATE_TS	0x200u	/* the peer sends timestamps */
#define STATE_BARE	0x100u	/* never sent: the ISS alone */
#define NO_WSCALE	15u

#define PERIOD_BIT	1u
#define BARE_SHIFT	1		/* where the ISS alone says which MSS */
#define BARE_BITS	(3u << BARE_SHIFT)

static u32 state_of(const struct ltcp_cookie_options *opt)
{
	u32 wscale = opt->agreed & LTCP_HAS_WSCALE ? opt->wscale : NO_WSCALE;

	return (u32)opt->mss << 16 | wscale << STATE_WSCALE | (opt->ecn_ok ? STATE_ECN : 0) |
	       (opt->agreed & LTCP_HAS_SACK_PERM ? STATE_SACK : 0) |
	       (opt->agreed & LTCP_HAS_TS ? STATE_TS : 0);
}

static void options_of(struct ltcp_cookie_options *opt, u32 state)
{
	u32 wscale = state >> STATE_WSCALE & 15;

	*opt = (struct ltcp_cookie_options){
		.mss = state >> 16,
		.wscale = wscale != NO_WSCALE ? wscale : 0,
		.agreed = (wscale != NO_WSCALE ? LTCP_HAS_WSCALE : 0) |
			  (state & STATE_SACK ? LTCP_HAS_SACK_PERM : 0) |
			  (state & STATE_TS ? LTCP_HAS_TS : 0),
		.ecn_ok = !!(state & STATE_ECN),
	};
}

/* What is hashed for IPv6: without holes */
struct ipv6_input {
	struct ltcp_tuple tuple;
	u32 irs;
	u32 period;
	u32 state;
};

static noinline u64 ipv6_mac(const struct ltcp_tuple *tuple, u32 irs, u32 period, u32 state,
			     const siphash_key_t *key)
{
	struct ipv6_input in = { *tuple, irs, period, state };

	return siphash(&in, sizeof(in), key);
}

static __always_inline u64 mac_of(const struct ltcp_tuple *tuple,
				  const struct ltcp_cookie_keys *keys, u32 irs, u32 period,
				  u32 state)
{
	const siphash_key_t *key = &keys->key[period / LTCP_COOKIE_KEY_PERIODS & 1];

	if (is_ipv4(tuple))
		return siphash_3u64(ipv4_hosts(tuple), both_ports(tuple) << 32 | irs,
				    (u64)period << 32 | state, key);
	return ipv6_mac(tuple, irs, period, state, key);
}

/*
 * The MSS that two bits can express. 48 is below what any peer may impose
 * (min_snd_mss), so rounding down never ends above the offer; 536 and 1220 are
 * the defaults of IPv4 and IPv6 (MUST-15), 1440 fits Ethernet with either.
 */
static const u16 mss_table[] = { 48, 536, 1220, 1440 };

static unsigned int mss_index(u16 mss)
{
	unsigned int i = 3;

	while (i && mss_table[i] > mss)
		i--;
	return i;
}

static u32 bare_iss(const struct ltcp_tuple *tuple, const struct ltcp_cookie_keys *keys, u32 irs,
		    unsigned int index, u32 period)
{
	u32 mac = mac_of(tuple, keys, irs, period, STATE_BARE | index);

	return (mac & ~(PERIOD_BIT | BARE_BITS)) | index << BARE_SHIFT | (period & PERIOD_BIT);
}

/* The ISS beside the option or timestamps, and the TSval that goes with it */
static u32 full_iss(u64 mac, u32 period)
{
	return ((u32)mac & ~PERIOD_BIT) | (period & PERIOD_BIT);
}

static u32 full_tsval(u64 mac, u32 state)
{
	return (state & STATE_TS_MASK) | (mac >> 32 & ~STATE_TS_MASK);
}

/* Where things are in the option */
enum {
	AT_STATE	= 0,
	AT_SENT		= 4,	/* low 16 bits of the millisecond clock */
	AT_MAC		= 6,
};

static void put_option(u8 *p, u32 state, u64 mac, u64 now_us)
{
	ltcp_put_be32(p + AT_STATE, state);
	ltcp_put_be16(p + AT_SENT, ltcp_ms(now_us));
	ltcp_put_be32(p + AT_MAC, mac >> 32);
}

void ltcp_cookie_make(struct ltcp_cookie *cookie, const struct ltcp_tuple *tuple,
		      const struct ltcp_cookie_keys *keys, u32 irs,
		      const struct ltcp_cookie_options *opt, u64 now_us)
{
	u32 state = state_of(opt), period = ltcp_cookie_period(now_us);
	u64 mac;

	if (!(opt->agreed & LTCP_HAS_TS) && !opt->echo_ok) {
		cookie->iss = bare_iss(tuple, keys, irs, mss_index(opt->mss), period);
		return;
	}
	mac = mac_of(tuple, keys, irs, period, state);
	cookie->iss = full_iss(mac, period);
	cookie->tsval = full_tsval(mac, state);
	if (opt->echo_ok)
		put_option(cookie->option, state, mac, now_us);
}

/* The latest period not after @now_us's that has @iss's lowest bit */
static u32 period_from(u32 iss, u64 now_us)
{
	u32 period = ltcp_cookie_period(now_us);

	return period - ((period ^ iss) & PERIOD_BIT);
}

static bool check_bare(struct ltcp_cookie_options *opt, const struct ltcp_tuple *tuple,
		       const struct ltcp_cookie_keys *keys, u32 irs, u32 iss, u32 period)
{
	unsigned int index = (iss & BARE_BITS) >> BARE_SHIFT;

	*opt = (struct ltcp_cookie_options){ .mss = mss_table[index] };
	return iss == bare_iss(tuple, keys, irs, index, period);
}

static bool check_timestamp(struct ltcp_cookie_options *opt, const struct ltcp_tuple *tuple,
			    const struct ltcp_cookie_keys *keys, const struct ltcp_seg *seg,
			    u32 period, u64 now_us)
{
	u32 state = (seg->opt.tsecr & STATE_TS_MASK) | STATE_TS;
	u64 mac = mac_of(tuple, keys, seg->seq - 1, period, state);

	options_of(opt, state);
	/* When it was sent is not known: the clock of the timestamps begins to run now */
	opt->ts_off = seg->opt.tsecr - ltcp_ms(now_us);
	return seg->ack - 1 == full_iss(mac, period) && seg->opt.tsecr == full_tsval(mac, state);
}

static bool check_option(struct ltcp_cookie_options *opt, const struct ltcp_tuple *tuple,
			 const struct ltcp_cookie_keys *keys, const struct ltcp_seg *seg,
			 u32 period, u64 now_us)
{
	const u8 *p = seg->opt.cookie;
	u32 state = ltcp_get_be32(p + AT_STATE);
	u64 mac = mac_of(tuple, keys, seg->seq - 1, period, state);
	u16 age = ltcp_ms(now_us) - ltcp_get_be16(p + AT_SENT);

	options_of(opt, state);
	opt->ts_off = full_tsval(mac, state) - (ltcp_ms(now_us) - age);
	opt->echo_ok = 1;
	opt->timed = 1;
	/* RFC 7323 section 3.2 */
	if (opt->agreed & LTCP_HAS_TS && !(seg->opt.has & LTCP_HAS_TS))
		return false;
	return seg->ack - 1 == full_iss(mac, period) &&
	       ltcp_get_be32(p + AT_MAC) == mac >> 32 && !(state & STATE_BARE);
}

bool ltcp_cookie_check(struct ltcp_cookie_options *opt, const struct ltcp_tuple *tuple,
		       const struct ltcp_cookie_keys *keys, const struct ltcp_seg *seg,
		       bool bare, u64 now_us)
{
	u32 iss = seg->ack - 1, period = period_from(iss, now_us);

	if (seg->opt.has & LTCP_HAS_COOKIE)
		return check_option(opt, tuple, keys, seg, period, now_us);
	if (seg->opt.has & LTCP_HAS_TS)
		return check_timestamp(opt, tuple, keys, seg, period, now_us);
	return bare && check_bare(opt, tuple, keys, seg->seq - 1, iss, period);
}
