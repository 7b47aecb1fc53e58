/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SYN cookies (RFC 4987 section 3.6) and initial sequence numbers (RFC 6528):
 * what is computed from keys and clocks instead of being remembered.
 */
#ifndef LTCP_CORE_COOKIE_H
#define LTCP_CORE_COOKIE_H

#include <linux/siphash.h>
#include <linux/types.h>

#include "segment.h"

#define LTCP_COOKIE_PERIOD_US	30000000ull	/* a cookie lives one to two of these */

/**
 * struct ltcp_tuple - both ends of a connection
 * @laddr: local address; IPv4 as ::ffff:a.b.c.d; network byte order
 * @raddr: remote address, likewise
 * @lport: local port, host byte order
 * @rport: remote port, host byte order
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
 * struct ltcp_cookie_options - what a cookie carries across
 * @mss: the peer's MSS, rounded down to what the cookie can express
 * @wscale: the peer's window scale, meaningful with @wscale_ok
 * @wscale_ok: the peer offered window scaling
 * @sack_ok: the peer permits SACK
 * @ecn_ok: the peer asks for ECN
 * @ts_ok: the peer sends timestamps
 */
struct ltcp_cookie_options {
	u16 mss;
	u8 wscale;
	u8 wscale_ok:1;
	u8 sack_ok:1;
	u8 ecn_ok:1;
	u8 ts_ok:1;
};

/**
 * ltcp_cookie_make() - the ISS that stands for a half-open connection
 * @tuple: both ends
 * @key: secret
 * @irs: the SYN's sequence number
 * @mss: the peer's MSS
 * @now_us: clock
 *
 * Return: the cookie
 */
u32 ltcp_cookie_make(const struct ltcp_tuple *tuple, const siphash_key_t *key, u32 irs,
		     u16 mss, u64 now_us);

/**
 * ltcp_cookie_tsval() - hide options in the low bits of a SYN-ACK's TSval
 * @tsval: the clock's value; the result is not later than it
 * @opt: what to carry
 *
 * Return: TSval to send
 */
u32 ltcp_cookie_tsval(u32 tsval, const struct ltcp_cookie_options *opt);

/**
 * ltcp_cookie_check() - is this ACK the answer to a cookie of ours?
 * @opt: result: the options that the cookie and TSecr carry
 * @tuple: both ends
 * @key: secret
 * @seg: the ACK; SEG.SEQ - 1 is the IRS, SEG.ACK - 1 the cookie
 * @now_us: clock
 *
 * Return: true when SEG.ACK is a cookie made within the last two periods
 */
bool ltcp_cookie_check(struct ltcp_cookie_options *opt, const struct ltcp_tuple *tuple,
		       const siphash_key_t *key, const struct ltcp_seg *seg, u64 now_us);

#endif
