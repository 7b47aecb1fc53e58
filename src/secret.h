/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The secrets of this boot, and what is computed from them: initial sequence
 * numbers (RFC 6528), timestamp offsets, SYN cookies. They never leave this file.
 */
#ifndef LTCP_SECRET_H
#define LTCP_SECRET_H

#include "core/cookie.h"
#include "tcb_table.h"

/**
 * ltcp_key_tuple() - both ends as the core wants them
 * @key: both ends
 */
static inline const struct ltcp_tuple *ltcp_key_tuple(const struct ltcp_key *key)
{
	static_assert(sizeof(struct ltcp_tuple) == sizeof(*key));
	static_assert(offsetof(struct ltcp_tuple, raddr) == offsetof(struct ltcp_key, raddr));
	static_assert(offsetof(struct ltcp_tuple, lport) == offsetof(struct ltcp_key, lport));
	return (const struct ltcp_tuple *)key;
}

/**
 * ltcp_secret_isn() - the initial sequence number of a connection that starts now
 * @key: both ends
 * @now: clock
 */
u32 ltcp_secret_isn(const struct ltcp_key *key, u64 now);

/**
 * ltcp_secret_ts_off() - where a connection's timestamp clock starts
 * @key: both ends
 */
u32 ltcp_secret_ts_off(const struct ltcp_key *key);

/**
 * ltcp_secret_cookie_keys() - the keys of ltcp_cookie_make() and ltcp_cookie_check()
 * @now: clock
 *
 * Every eight minutes there is a new one.
 */
const struct ltcp_cookie_keys *ltcp_secret_cookie_keys(u64 now);

#endif
