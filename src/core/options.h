/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP options on the wire: RFC 9293 section 3.2, RFC 7323 (window scale,
 * timestamps), RFC 2018 (SACK).
 */
#ifndef LTCP_CORE_OPTIONS_H
#define LTCP_CORE_OPTIONS_H

#include <linux/types.h>

#define LTCP_OPTIONS_MAX	40	/* octets of options in a header */
#define LTCP_WSCALE_MAX		14	/* RFC 7323 section 2.3 */
#define LTCP_SACK_MAX		4	/* blocks that fit into 40 octets */

/* Option kinds, IANA "TCP Option Kind Numbers" */
enum {
	LTCP_OPT_EOL		= 0,
	LTCP_OPT_NOP		= 1,
	LTCP_OPT_MSS		= 2,
	LTCP_OPT_WSCALE		= 3,
	LTCP_OPT_SACK_PERM	= 4,
	LTCP_OPT_SACK		= 5,
	LTCP_OPT_TIMESTAMP	= 8,
	LTCP_OPT_FASTOPEN	= 34,	/* RFC 7413 section 4.1.1 */
	LTCP_OPT_EXPERIMENT	= 253,	/* RFC 6994: two octets say which */
};

/* Which experiment: a SYN cookie that the peer is to echo; empty, on a SYN: that it would */
#define LTCP_EXID_COOKIE	0x4c43
#define LTCP_COOKIE_OPTION	10	/* octets of it */

/* Which options a segment carries: bits of ltcp_options.has */
enum {
	LTCP_HAS_MSS		= 1 << 0,
	LTCP_HAS_WSCALE		= 1 << 1,
	LTCP_HAS_SACK_PERM	= 1 << 2,
	LTCP_HAS_TS		= 1 << 3,
	LTCP_HAS_COOKIE		= 1 << 4,
	LTCP_HAS_COOKIE_OK	= 1 << 5,
	LTCP_HAS_FASTOPEN	= 1 << 6,
};

/* RFC 7413 section 4.1.1: an even number of octets */
#define LTCP_FASTOPEN_MIN	4
#define LTCP_FASTOPEN_MAX	16

/**
 * struct ltcp_fastopen - the Fast Open option
 * @len: octets of the cookie; 0: whoever sends it asks for one
 * @cookie: the cookie
 */
struct ltcp_fastopen {
	u8 len;
	u8 cookie[LTCP_FASTOPEN_MAX];
};

/**
 * struct ltcp_sack_block - one block of received sequence space, RFC 2018
 * @start: first sequence number of the block
 * @end: sequence number just past the block
 */
struct ltcp_sack_block {
	u32 start;
	u32 end;
};

/**
 * struct ltcp_options - the options of one segment, decoded, host byte order
 * @has: LTCP_HAS_* bits, which of the members below were present
 * @wscale: shift count as received or to send, at most LTCP_WSCALE_MAX
 * @n_sack: number of valid blocks in @sack
 * @mss: octets, maximum segment size
 * @tsval: TSval, the sender's clock
 * @tsecr: TSecr, the echo of the receiver's clock
 * @sack: SACK blocks
 * @cookie: a SYN cookie, as cookie.c makes them
 * @fastopen: Fast Open, on SYNs only
 */
struct ltcp_options {
	u8 has;
	u8 wscale;
	u8 n_sack;
	u16 mss;
	u32 tsval;
	u32 tsecr;
	struct ltcp_sack_block sack[LTCP_SACK_MAX];
	u8 cookie[LTCP_COOKIE_OPTION];
	struct ltcp_fastopen fastopen;
};

/**
 * ltcp_options_parse() - decode the options of a header
 * @opt: result; only the members that @opt->has names are meaningful
 * @p: first octet of the options, unaligned (MUST-64)
 * @len: octets of options
 * @syn: the segment has SYN; MSS, window scale and SACK-permitted count only then
 *
 * Unknown kinds are skipped by their length (MUST-6); nothing is read past EOL.
 * A known kind with a wrong length is skipped like an unknown one.
 *
 * Return: true, or false when an option's length is 0, 1 or passes the end of
 * the header (MUST-7): the caller then drops the segment.
 */
bool ltcp_options_parse(struct ltcp_options *opt, const u8 *p, unsigned int len, bool syn);

/**
 * ltcp_options_len() - octets that ltcp_options_write() will need
 * @opt: what to send
 *
 * Return: a multiple of 4, at most LTCP_OPTIONS_MAX
 */
unsigned int ltcp_options_len(const struct ltcp_options *opt);

/**
 * ltcp_options_write() - encode options, padded with NOP to 32 bits
 * @p: room for ltcp_options_len() octets
 * @opt: what to send
 *
 * Blocks of @opt->sack that no longer fit beside the rest are left out.
 *
 * Return: octets written, the same as ltcp_options_len()
 */
unsigned int ltcp_options_write(u8 *p, const struct ltcp_options *opt);

#endif
