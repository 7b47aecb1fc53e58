// SPDX-License-Identifier: GPL-2.0
/* Keys, drawn when first needed: by then the kernel's random numbers are ready. */
#include <linux/net.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "compat.h"
#include "secret.h"
#include "sock.h"

/*
 * One key a purpose: an ISN is on the wire for all to see, and must tell
 * nothing of the cookies (MUST-9).
 */
struct ltcp_secrets {
	siphash_key_t isn;
	siphash_key_t ts_off;
};

static const struct ltcp_secrets *ltcp_secrets(void)
{
	static struct ltcp_secrets secrets __read_mostly;

	net_get_random_once(&secrets, sizeof(secrets));
	return &secrets;
}

u32 ltcp_secret_isn(const struct ltcp_key *key, u64 now)
{
	return ltcp_isn(ltcp_key_tuple(key), &ltcp_secrets()->isn, now);
}

u32 ltcp_secret_ts_off(const struct ltcp_key *key)
{
	return ltcp_ts_offset(ltcp_key_tuple(key), &ltcp_secrets()->ts_off);
}

static struct {
	spinlock_t lock;	/* for writers; softirqs are among them */
	bool drawn;
	u32 number;
	struct ltcp_cookie_keys keys;
} cookie = { .lock = __SPIN_LOCK_UNLOCKED(cookie.lock) };

/* Nobody uses what is overwritten: the cookies of the key before the last have expired */
static void draw_cookie_key(u32 number)
{
	spin_lock_bh(&cookie.lock);
	if (!cookie.drawn)
		get_random_bytes(&cookie.keys, sizeof(cookie.keys));
	else if ((s32)(number - cookie.number) > 0)
		get_random_bytes(&cookie.keys.key[number & 1], sizeof(cookie.keys.key[0]));
	if (!cookie.drawn || (s32)(number - cookie.number) > 0)
		smp_store_release(&cookie.number, number);	/* after its key */
	smp_store_release(&cookie.drawn, true);	/* after the keys */
	spin_unlock_bh(&cookie.lock);
}

static bool has_cookie_key(u32 number)
{
	bool drawn = smp_load_acquire(&cookie.drawn);	/* before the keys */
	u32 last = smp_load_acquire(&cookie.number);	/* before its key */

	return drawn && (s32)(number - last) <= 0;
}

const struct ltcp_cookie_keys *ltcp_secret_cookie_keys(u64 now)
{
	u32 number = ltcp_cookie_key_number(now);

	/* A processor that has not seen the period change yet finds its key still there */
	if (!has_cookie_key(number))
		draw_cookie_key(number);
	return &cookie.keys;
}
