/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SYN cookies (RFC 4987 section 3.6) and initial sequence numbers (RFC 6528):
 * what is computed from keys and clocks instead of being remembered.
 */
#ifndef LTCP_CORE_COOKIE_H
#define LTCP_CORE_COOKIE_H

#include <linux/math64.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include "segment.h"

#define LTCP_COOKIE_PERIOD_US	30000000ull	/* a cookie lives one to two of these */
#define LTCP_COOKIE_LIFE_US	(2 * LTCP_COOKIE_PERIOD_US)
#define LTCP_COOKIE_KEY_PERIODS	16		/* and a key is in use for so many */

/**
 * struct ltcp_tuple - both ends of a connection
 * @laddr: local address; IPv4 as ::ffff:a.b.c.d; network byte order
 * @raddr: remote address, likewise
 * @lport: local port, network byte order
 * @rport: remote port, likewise
 *
 * Nothing is made of it but hashes, for as long as the machine is up.
 */
struct ltcp_tuple {
	u8 laddr[16];
	u8 raddr[16];
	u16 lport;
	u16 rport;
};

/**
 * ltcp_isn() - initial sequence number, RFC 6528: clock (4 us) + F(tuple, key)
 * @tuple: both ends (MUST-9: the keyed function cannot be predicted)
 * @key: secret
 * @now_us: clock in microseconds (MUST-8, SHLD-1)
 *
 * Return: the ISN
 */
u32 ltcp_isn(const struct ltcp_tuple *tuple, const siphash_key_t *key, u64 now_us);

/**
 * ltcp_ts_offset() - where a connection's timestamp clock starts
 * @tuple: both ends; the ports do not enter, so that PAWS across incarnations
 *	and RFC 6191 keep working
 * @key: secret
 *
 * Return: what to add to the millisecond clock
 */
u32 ltcp_ts_offset(const struct ltcp_tuple *tuple, const siphash_key_t *key);

/**
 * struct ltcp_cookie_keys - the keys of cookies
 * @key: for periods whose key's number (ltcp_cookie_key_number()) is even, and odd
 *
 * Whoever has learned a key can use it until it is replaced: the number's change is
 * when the next one must be there; that before is needed for one period more.
 */
struct ltcp_cookie_keys {
	siphash_key_t key[2];
};

/* The period that it is */
static inline u32 ltcp_cookie_period(u64 now_us)
{
	return div_u64(now_us, LTCP_COOKIE_PERIOD_US);
}

/**
 * ltcp_cookie_key_number() - which key is in use
 * @now_us: clock
 *
 * Return: a number that grows; its lowest bit says where in ltcp_cookie_keys
 */
static inline u32 ltcp_cookie_key_number(u64 now_us)
{
	return ltcp_cookie_period(now_us) / LTCP_COOKIE_KEY_PERIODS;
}

/**
 * struct ltcp_cookie_options - what a cookie carries across
 * @mss: the peer's MSS; with neither option nor timestamps rounded down to what the ISS
 *	can express
 * @wscale: the peer's window scale
 * @agreed: of LTCP_HAS_TS, _WSCALE and _SACK_PERM what the peer offers and we take
 * @ecn_ok: the peer asks for ECN
 * @echo_ok: the peer echoes the option
 * @timed: result: when the SYN was answered is known
 * @ts_off: result: what to add to the millisecond clock to make TSval go on from where
 *	the cookie's was, with LTCP_HAS_TS
 */
struct ltcp_cookie_options {
	u16 mss;
	u8 wscale;
	u8 agreed;
	u8 ecn_ok:1;
	u8 echo_ok:1;
	u8 timed:1;
	u32 ts_off;
};

/**
 * struct ltcp_cookie - what the SYN-ACK carries that stands for a half-open connection
 * @iss: its sequence number
 * @tsval: its timestamp, if the peer sends them
 * @option: the option, if the peer echoes it
 */
struct ltcp_cookie {
	u32 iss;
	u32 tsval;
	u8 option[LTCP_COOKIE_OPTION];
};

/**
 * ltcp_cookie_make() - put into a SYN-ACK what an entry would remember
 * @cookie: result
 * @tuple: both ends
 * @keys: secret
 * @irs: the SYN's sequence number
 * @opt: what to carry
 * @now_us: clock
 */
void ltcp_cookie_make(struct ltcp_cookie *cookie, const struct ltcp_tuple *tuple,
		      const struct ltcp_cookie_keys *keys, u32 irs,
		      const struct ltcp_cookie_options *opt, u64 now_us);

/**
 * ltcp_cookie_check() - is this ACK the answer to a cookie of ours?
 * @opt: result: what the cookie carries
 * @tuple: both ends
 * @keys: secret
 * @seg: the ACK; SEG.SEQ - 1 is the IRS, SEG.ACK - 1 the ISS
 * @bare: accept an ISS alone, too: without it forgers have more than 40 bits to guess
 * @now_us: clock
 *
 * A segment with the option must have the right one, and one with a timestamp the
 * right TSecr: they have no second try as a weaker form.
 *
 * Return: true when a cookie made in this period or the one before is echoed
 */
bool ltcp_cookie_check(struct ltcp_cookie_options *opt, const struct ltcp_tuple *tuple,
		       const struct ltcp_cookie_keys *keys, const struct ltcp_seg *seg,
		       bool bare, u64 now_us);

#endif
