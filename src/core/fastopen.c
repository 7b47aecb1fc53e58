// SPDX-License-Identifier: GPL-2.0
/* TCP Fast Open, RFC 7413. */
#include <linux/string.h>

#include "fastopen.h"
#include "tcb.h"

#define PAUSE_S		60	/* doubled with each loss */
#define LOSSES_MAX	10	/* 17 hours */

void ltcp_fastopen_cookie(struct ltcp_fastopen *cookie, const struct ltcp_tuple *tuple,
			  const siphash_key_t *key)
{
	u64 mac = siphash(tuple, sizeof(tuple->laddr) + sizeof(tuple->raddr), key);

	cookie->len = LTCP_FASTOPEN_OURS;
	memcpy(cookie->cookie, &mac, LTCP_FASTOPEN_OURS);
}

/* All octets are compared, so that the time it takes tells nothing */
static bool same(const struct ltcp_fastopen *a, const struct ltcp_fastopen *b)
{
	u8 differ = a->len ^ b->len;
	unsigned int i;

	for (i = 0; i < LTCP_FASTOPEN_OURS; i++)
		differ |= a->cookie[i] ^ b->cookie[i];
	return !differ;
}

enum ltcp_fastopen_syn ltcp_fastopen_syn(const struct ltcp_seg *seg,
					 const struct ltcp_tuple *tuple,
					 const struct ltcp_fastopen_keys *keys, bool trusts,
					 struct ltcp_fastopen *answer)
{
	const struct ltcp_fastopen *shown = &seg->opt.fastopen;
	bool has = seg->opt.has & LTCP_HAS_FASTOPEN;
	struct ltcp_fastopen old;

	if (trusts && (has || seg->text))
		return LTCP_FASTOPEN_OPEN;
	if (!has)
		return LTCP_FASTOPEN_PLAIN;
	ltcp_fastopen_cookie(answer, tuple, &keys->key[0]);
	if (!shown->len)
		return LTCP_FASTOPEN_ASKED;
	if (shown->len != LTCP_FASTOPEN_OURS)
		return LTCP_FASTOPEN_WRONG;
	if (same(shown, answer))
		return LTCP_FASTOPEN_OPEN;
	if (keys->n < 2)
		return LTCP_FASTOPEN_WRONG;
	ltcp_fastopen_cookie(&old, tuple, &keys->key[1]);
	return same(shown, &old) ? LTCP_FASTOPEN_OPEN_OLD : LTCP_FASTOPEN_WRONG;
}

static void pass_time(struct ltcp_fastopen_queue *q, u64 now)
{
	u32 period = ltcp_s(now) / LTCP_FASTOPEN_PERIOD_S, past = period - q->period;

	if (!past)
		return;
	if (past > LTCP_FASTOPEN_PERIODS)
		past = LTCP_FASTOPEN_PERIODS;
	memmove(q->reset + past, q->reset, (LTCP_FASTOPEN_PERIODS - past) * sizeof(q->reset[0]));
	memset(q->reset, 0, past * sizeof(q->reset[0]));
	q->period = period;
}

bool ltcp_fastopen_enter(struct ltcp_fastopen_queue *q, u32 max, u64 now)
{
	u32 n = q->open;
	unsigned int i;

	pass_time(q, now);
	for (i = 0; i < LTCP_FASTOPEN_PERIODS; i++)
		n += q->reset[i];
	if (n >= max)
		return false;
	q->open++;
	return true;
}

void ltcp_fastopen_leave(struct ltcp_fastopen_queue *q, bool reset, u64 now)
{
	pass_time(q, now);
	q->open--;
	if (reset)
		q->reset[0]++;
}

static struct ltcp_fastopen_peer *set_of(struct ltcp_fastopen_cache *cache,
					 const struct ltcp_tuple *tuple)
{
	u64 hash = siphash(tuple, sizeof(tuple->laddr) + sizeof(tuple->raddr), &cache->key);

	return cache->peer[hash % LTCP_FASTOPEN_SETS];
}

static bool is_cookie_of(const struct ltcp_fastopen_peer *peer, const struct ltcp_tuple *tuple)
{
	return peer->used && !memcmp(peer->laddr, tuple->laddr, sizeof(peer->laddr)) &&
	       !memcmp(peer->raddr, tuple->raddr, sizeof(peer->raddr));
}

static void use(struct ltcp_fastopen_cache *cache, struct ltcp_fastopen_peer *peer)
{
	peer->used = ++cache->uses ? : ++cache->uses;
}

struct ltcp_fastopen_peer *ltcp_fastopen_find(struct ltcp_fastopen_cache *cache,
					      const struct ltcp_tuple *tuple)
{
	struct ltcp_fastopen_peer *set = set_of(cache, tuple);
	unsigned int i;

	for (i = 0; i < LTCP_FASTOPEN_WAYS; i++) {
		if (is_cookie_of(&set[i], tuple)) {
			use(cache, &set[i]);
			return &set[i];
		}
	}
	return NULL;
}

struct ltcp_fastopen_peer *ltcp_fastopen_learn(struct ltcp_fastopen_cache *cache,
					       const struct ltcp_tuple *tuple)
{
	struct ltcp_fastopen_peer *peer = ltcp_fastopen_find(cache, tuple), *set;
	unsigned int i;

	if (peer)
		return peer;
	set = set_of(cache, tuple);
	peer = set;
	for (i = 1; i < LTCP_FASTOPEN_WAYS; i++)
		if (cache->uses - set[i].used > cache->uses - peer->used)
			peer = &set[i];
	memset(peer, 0, sizeof(*peer));
	memcpy(peer->laddr, tuple->laddr, sizeof(peer->laddr));
	memcpy(peer->raddr, tuple->raddr, sizeof(peer->raddr));
	use(cache, peer);
	return peer;
}

void ltcp_fastopen_lost(struct ltcp_fastopen_peer *peer, u64 now)
{
	if (peer->losses < LOSSES_MAX)
		peer->losses++;
	peer->lost_s = ltcp_s(now);
}

bool ltcp_fastopen_doubtful(const struct ltcp_fastopen_peer *peer, u64 now)
{
	return peer->losses > 1 && ltcp_s(now) - peer->lost_s < (u32)PAUSE_S << peer->losses;
}
