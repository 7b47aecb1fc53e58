/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP Fast Open, RFC 7413: cookies that a server gives, what it makes of a SYN
 * with one, how many such SYNs it takes on trust; and what a client remembers.
 */
#ifndef LTCP_CORE_FASTOPEN_H
#define LTCP_CORE_FASTOPEN_H

#include <linux/siphash.h>
#include <linux/types.h>

#include "cookie.h"
#include "options.h"
#include "segment.h"

#define LTCP_FASTOPEN_OURS	8	/* octets of the cookies that we give */

/* Bits of ltcp_fastopen, the setting; with Linux's numbers */
enum {
	LTCP_FASTOPEN_CLIENT		= 0x001,	/* text on our SYNs */
	LTCP_FASTOPEN_SERVER		= 0x002,	/* text on others' */
	LTCP_FASTOPEN_CLIENT_TRUSTS	= 0x004,	/* ... without a cookie */
	LTCP_FASTOPEN_SERVER_TRUSTS	= 0x200,	/* likewise */
	LTCP_FASTOPEN_ALL_LISTENERS	= 0x400,	/* not only those who asked for it */
	LTCP_FASTOPEN_BITS		= 0x607,
};

/**
 * struct ltcp_fastopen_keys - the secrets of a server's cookies
 * @key: the one in use, and the one before, whose cookies still count
 * @n: 1 or 2
 */
struct ltcp_fastopen_keys {
	siphash_key_t key[2];
	u8 n;
};

/**
 * ltcp_fastopen_cookie() - the cookie of a client (RFC 7413 section 4.1.2)
 * @cookie: result
 * @tuple: both ends; only the addresses count
 * @key: secret
 */
void ltcp_fastopen_cookie(struct ltcp_fastopen *cookie, const struct ltcp_tuple *tuple,
			  const siphash_key_t *key);

/* What a server makes of a SYN */
enum ltcp_fastopen_syn {
	LTCP_FASTOPEN_PLAIN,	/* a SYN like any other */
	LTCP_FASTOPEN_ASKED,	/* a cookie is asked for */
	LTCP_FASTOPEN_WRONG,	/* its cookie is not ours */
	LTCP_FASTOPEN_OPEN,	/* the connection is open at once */
	LTCP_FASTOPEN_OPEN_OLD,	/* likewise, by a cookie of the old key */
};

/**
 * ltcp_fastopen_syn() - what to make of a SYN
 * @seg: the SYN
 * @tuple: both ends
 * @keys: secret
 * @trusts: no cookie is needed
 * @answer: result: the cookie that the SYN-ACK gives, but for _PLAIN and _OPEN
 */
enum ltcp_fastopen_syn ltcp_fastopen_syn(const struct ltcp_seg *seg,
					 const struct ltcp_tuple *tuple,
					 const struct ltcp_fastopen_keys *keys, bool trusts,
					 struct ltcp_fastopen *answer);

#define LTCP_FASTOPEN_PERIOD_S	15
#define LTCP_FASTOPEN_PERIODS	5	/* a minute, whole, has passed when they are over */

/**
 * struct ltcp_fastopen_queue - SYNs taken on trust (RFC 7413 section 5.1)
 * @open: connections whose SYN-ACK is not acknowledged yet
 * @period: the one that @reset begins with
 * @reset: those that a RST ended instead, by the period: whoever used an innocent host's
 *	address with its cookie made that host send it, and could go on without end
 */
struct ltcp_fastopen_queue {
	u32 open;
	u32 period;
	u32 reset[LTCP_FASTOPEN_PERIODS];
};

/**
 * ltcp_fastopen_enter() - one more?
 * @q: the listener's
 * @max: TCP_FASTOPEN
 * @now: clock
 *
 * Return: false: there are as many as there may be
 */
bool ltcp_fastopen_enter(struct ltcp_fastopen_queue *q, u32 max, u64 now);

/**
 * ltcp_fastopen_leave() - one has been acknowledged, or has ended
 * @q: the listener's
 * @reset: by a RST
 * @now: clock
 */
void ltcp_fastopen_leave(struct ltcp_fastopen_queue *q, bool reset, u64 now);

/**
 * struct ltcp_fastopen_peer - what a client knows of a server
 * @laddr: our address: the cookie is for that
 * @raddr: the server's
 * @fastopen: his cookie, @fastopen.len 0: none
 * @losses: SYNs with text in a row that were lost, and came through without
 * @mss: his MSS
 * @lost_s: when the last of them was, seconds
 * @used: when this was last asked for, by ltcp_fastopen_cache.uses; 0: never
 */
struct ltcp_fastopen_peer {
	u8 laddr[16];
	u8 raddr[16];
	struct ltcp_fastopen fastopen;
	u8 losses;
	u16 mss;
	u32 lost_s;
	u32 used;
};

#define LTCP_FASTOPEN_SETS	64
#define LTCP_FASTOPEN_WAYS	4

/**
 * struct ltcp_fastopen_cache - servers; the one that was longest not asked for gives way
 * @key: secret, so that nobody chooses which of them share a set
 * @uses: counts
 * @peer: servers, by a hash of both addresses
 */
struct ltcp_fastopen_cache {
	siphash_key_t key;
	u32 uses;
	struct ltcp_fastopen_peer peer[LTCP_FASTOPEN_SETS][LTCP_FASTOPEN_WAYS];
};

/**
 * ltcp_fastopen_find() - what is known of a server
 * @cache: servers
 * @tuple: both ends; only the addresses count
 *
 * Return: NULL: nothing
 */
struct ltcp_fastopen_peer *ltcp_fastopen_find(struct ltcp_fastopen_cache *cache,
					      const struct ltcp_tuple *tuple);

/**
 * ltcp_fastopen_learn() - as ltcp_fastopen_find(), and if nothing is known somebody gives way
 * @cache: servers
 * @tuple: both ends; only the addresses count
 */
struct ltcp_fastopen_peer *ltcp_fastopen_learn(struct ltcp_fastopen_cache *cache,
					       const struct ltcp_tuple *tuple);

/**
 * ltcp_fastopen_lost() - a SYN with text was lost, one without came through
 * @peer: the server
 * @now: clock
 */
void ltcp_fastopen_lost(struct ltcp_fastopen_peer *peer, u64 now);

/**
 * ltcp_fastopen_doubtful() - does something on the way drop SYNs with text?
 * @peer: the server
 * @now: clock
 *
 * After two in a row Fast Open pauses for four minutes, and twice as long after each that
 * is lost again (RFC 7413 section 4.1.3).
 */
bool ltcp_fastopen_doubtful(const struct ltcp_fastopen_peer *peer, u64 now);

#endif
