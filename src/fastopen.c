// SPDX-License-Identifier: GPL-2.0
/* TCP Fast Open (RFC 7413): its keys, and what the two ends remember for it. */
#include <linux/random.h>
#include <linux/slab.h>
#include <net/dst.h>

#include "compat.h"
#include "core/transmit.h"
#include "fastopen.h"
#include "listen.h"
#include "output.h"
#include "secret.h"
#include "timers.h"

/* Keys */

static int set_keys(struct ltcp_fastopen_secret __rcu **slot,
		    const struct ltcp_fastopen_keys *keys)
{
	struct ltcp_fastopen_secret *secret = kmalloc(sizeof(*secret), GFP_KERNEL);

	if (!secret)
		return -ENOMEM;
	secret->keys = *keys;
	secret = unrcu_pointer(xchg(slot, RCU_INITIALIZER(secret)));
	if (secret)
		kfree_rcu(secret, rcu);
	return 0;
}

int ltcp_fastopen_net_set(struct ltcp_net *ln, const struct ltcp_fastopen_keys *keys)
{
	return set_keys(&ln->fastopen_keys, keys);
}

void ltcp_fastopen_net_get(struct ltcp_net *ln, struct ltcp_fastopen_keys *keys)
{
	rcu_read_lock();
	*keys = rcu_dereference(ln->fastopen_keys)->keys;
	rcu_read_unlock();
}

int ltcp_fastopen_net_init(struct ltcp_net *ln)
{
	struct ltcp_fastopen_keys keys = { .n = 1 };

	spin_lock_init(&ln->fastopen_lock);
	get_random_bytes(&keys.key[0], sizeof(keys.key[0]));
	return ltcp_fastopen_net_set(ln, &keys);
}

void ltcp_fastopen_net_exit(struct ltcp_net *ln)
{
	kfree(rcu_dereference_protected(ln->fastopen_keys, true));
	kfree(ln->fastopen_cache);
}

int ltcp_fastopen_set(struct sock *sk, const u8 *octets, unsigned int len)
{
	struct ltcp_fastopen_keys keys = { .n = len / LTCP_FASTOPEN_KEY_LEN };
	struct ltcp_listener *l;
	unsigned int i;

	if (len != LTCP_FASTOPEN_KEY_LEN && len != 2 * LTCP_FASTOPEN_KEY_LEN)
		return -EINVAL;
	for (i = 0; i < keys.n; i++)
		memcpy(&keys.key[i], octets + i * LTCP_FASTOPEN_KEY_LEN, LTCP_FASTOPEN_KEY_LEN);
	l = ltcp_listen_make(sk);
	return l ? set_keys(&l->fastopen_keys, &keys) : -ENOMEM;
}

unsigned int ltcp_fastopen_get(const struct sock *sk, u8 *octets)
{
	const struct ltcp_listener *l = ltcp_sk(sk)->listener;
	const struct ltcp_fastopen_secret *secret;
	unsigned int len = 0;

	if (!l)
		return 0;
	rcu_read_lock();
	secret = rcu_dereference(l->fastopen_keys);
	if (secret) {
		len = secret->keys.n * LTCP_FASTOPEN_KEY_LEN;
		memcpy(octets, secret->keys.key, len);
	}
	rcu_read_unlock();
	return len;
}

void ltcp_fastopen_free(struct sock *sk)
{
	struct ltcp_listener *l = ltcp_sk(sk)->listener;
	struct ltcp_fastopen_secret *secret;

	if (!l)
		return;
	secret = unrcu_pointer(xchg(&l->fastopen_keys, NULL));
	if (secret)
		kfree_rcu(secret, rcu);
}

/* Some settings of each side do without cookies: the namespace's, the socket's, the route's */
static bool trusts(const struct sock *sk, const struct dst_entry *dst, int bit)
{
	return READ_ONCE(ltcp_sk_net(sk)->set.fastopen) & bit ||
	       READ_ONCE(ltcp_sk(sk)->fastopen_no_cookie) ||
	       (dst && dst_metric(dst, RTAX_FASTOPEN_NO_COOKIE));
}

/* The server's side */

void ltcp_fastopen_listen(struct sock *sk, int backlog)
{
	struct ltcp_listener *l = ltcp_sk(sk)->listener;
	int set = READ_ONCE(ltcp_sk_net(sk)->set.fastopen);

	if (set & LTCP_FASTOPEN_SERVER && set & LTCP_FASTOPEN_ALL_LISTENERS &&
	    !l->fastopen_queue)
		WRITE_ONCE(l->fastopen_queue, backlog);
}

static enum ltcp_fastopen_syn judge_cookie(struct sock *sk, const struct dst_entry *dst,
					   const struct ltcp_key *key, const struct ltcp_seg *seg,
					   struct ltcp_fastopen *answer)
{
	const struct ltcp_listener *l = ltcp_sk(sk)->listener;
	const struct ltcp_fastopen_secret *secret = rcu_dereference(l->fastopen_keys);

	if (!secret)
		secret = rcu_dereference(ltcp_sk_net(sk)->fastopen_keys);
	return ltcp_fastopen_syn(seg, ltcp_key_tuple(key), &secret->keys,
				 trusts(sk, dst, LTCP_FASTOPEN_SERVER_TRUSTS), answer);
}

static bool enter_fastopen(struct sock *sk)
{
	struct ltcp_listener *l = ltcp_sk(sk)->listener;
	bool room;

	spin_lock_bh(&l->accept_lock);
	room = ltcp_fastopen_enter(&l->fastopen, READ_ONCE(l->fastopen_queue), ltcp_now());
	spin_unlock_bh(&l->accept_lock);
	return room;
}

static void leave_fastopen(struct sock *sk, bool reset)
{
	struct ltcp_listener *l = ltcp_sk(sk)->listener;

	spin_lock_bh(&l->accept_lock);
	ltcp_fastopen_leave(&l->fastopen, reset, ltcp_now());
	spin_unlock_bh(&l->accept_lock);
}

bool ltcp_fastopen_take_syn(struct sock *sk, const struct dst_entry *dst,
			    const struct ltcp_key *key, const struct ltcp_seg *seg,
			    struct ltcp_fastopen *answer)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);
	enum ltcp_fastopen_syn is = judge_cookie(sk, dst, key, seg, answer);

	switch (is) {
	case LTCP_FASTOPEN_PLAIN:
		answer->len = 0;
		return false;
	case LTCP_FASTOPEN_ASKED:
		LTCP_COUNT(ln, FASTOPEN_REQUESTS);
		return false;
	case LTCP_FASTOPEN_WRONG:
		LTCP_COUNT(ln, FASTOPEN_PASSIVE_FAIL);
		return false;
	case LTCP_FASTOPEN_OPEN:
		answer->len = 0;
		break;
	case LTCP_FASTOPEN_OPEN_OLD:
		LTCP_COUNT(ln, FASTOPEN_OLD_KEY);
		break;
	}
	if (enter_fastopen(sk))
		return true;
	LTCP_COUNT(ln, FASTOPEN_OVERFLOWS);
	answer->len = 0;
	return false;
}

void ltcp_fastopen_let_go(struct sock *sk)
{
	LTCP_COUNT(ltcp_sk_net(sk), FASTOPEN_PASSIVE_FAIL);
	leave_fastopen(sk, false);
}

void ltcp_fastopen_opened(struct sock *sk, struct sock *listener)
{
	LTCP_COUNT(ltcp_sk_net(sk), FASTOPEN_PASSIVE);
	sock_hold(listener);
	ltcp_sk(sk)->parent = listener;
	ltcp_sk(sk)->tcb.fastopen = 1;
}

void ltcp_fastopen_moved(struct sock *sk, const struct ltcp_verdict *v)
{
	const struct ltcp_move *last = &v->moves[v->n_moves - 1];
	struct sock *listener = ltcp_sk(sk)->parent;

	if (!ltcp_sk(sk)->tcb.syn_acked && last->to != LTCP_CLOSED)
		return;
	ltcp_sk(sk)->parent = NULL;
	leave_fastopen(listener, last->to == LTCP_CLOSED && last->cause == LTCP_CAUSE_RCV_RST);
	sock_put(listener);
}

/* The client's side */

/**
 * struct syn_plan - what a SYN brings along
 * @text: text
 * @option: the option, @fastopen
 * @fastopen: a cookie, or a request for one
 * @mss: the peer's, as far as is known, 0: it is not
 */
struct syn_plan {
	bool text;
	bool option;
	struct ltcp_fastopen fastopen;
	u16 mss;
};

/* Made for the first who needs it; he is a user */
static bool has_cache(struct ltcp_net *ln)
{
	struct ltcp_fastopen_cache *cache;

	if (READ_ONCE(ln->fastopen_cache))
		return true;
	cache = kzalloc(sizeof(*cache), GFP_KERNEL);
	if (!cache)
		return false;
	get_random_bytes(&cache->key, sizeof(cache->key));
	if (cmpxchg(&ln->fastopen_cache, NULL, cache))
		kfree(cache);
	return true;
}

/* False: something on the way drops SYNs with text, it seems */
static bool recall(const struct sock *sk, struct syn_plan *plan)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);
	const struct ltcp_fastopen_peer *peer;
	bool well = true;

	spin_lock_bh(&ln->fastopen_lock);
	peer = ltcp_fastopen_find(ln->fastopen_cache, ltcp_key_tuple(&ltcp_sk(sk)->node.key));
	if (peer) {
		plan->fastopen = peer->fastopen;
		plan->mss = peer->mss;
		well = !ltcp_fastopen_doubtful(peer, ltcp_now());
	}
	spin_unlock_bh(&ln->fastopen_lock);
	return well;
}

static void plan_syn(struct sock *sk, struct syn_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	if (!has_cache(ltcp_sk_net(sk)) || !recall(sk, plan))
		return;
	plan->option = !trusts(sk, __sk_dst_get(sk), LTCP_FASTOPEN_CLIENT_TRUSTS);
	plan->text = !plan->option || plan->fastopen.len;
}

bool ltcp_fastopen_connect(struct sock *sk)
{
	static const struct ltcp_fastopen request;
	struct ltcp_sock *ls = ltcp_sk(sk);
	struct syn_plan plan;

	if (!(ls->fastopen_connect || ls->fastopen_now) ||
	    !(READ_ONCE(ltcp_sk_net(sk)->set.fastopen) & LTCP_FASTOPEN_CLIENT))
		return false;
	plan_syn(sk, &plan);
	ls->fastopen_tried = plan.text || plan.option;
	if (plan.mss)
		ls->tcb.peer_mss = plan.mss;
	if (plan.text)
		return true;
	ls->tcb.fastopen_fail = LTCP_FASTOPEN_FAIL_NO_COOKIE;
	if (plan.option)
		ltcp_syn_fastopen(&ls->tcb, &request);
	return false;
}

u32 ltcp_fastopen_room(struct sock *sk)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	struct syn_plan plan;
	u32 room;

	plan_syn(sk, &plan);
	ltcp_syn_fastopen(tcb, plan.option ? &plan.fastopen : NULL);
	room = ltcp_transmit_syn_room(tcb);
	ltcp_syn_fastopen(tcb, NULL);
	return plan.text ? room : 0;
}

void ltcp_fastopen_send(struct sock *sk)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	u64 now = ltcp_now();
	struct syn_plan plan;

	ltcp_compat_set_defer_connect(sk, false);
	plan_syn(sk, &plan);	/* much may have happened since */
	if (plan.option)
		ltcp_syn_fastopen(tcb, &plan.fastopen);
	ltcp_fsm_release_syn(tcb, now);
	if (plan.text)
		ltcp_output_syn_text(sk, now);
	else
		ltcp_output_syn(sk, now);
	ltcp_timers_sync(sk, now);
}

static void learn(struct ltcp_net *ln, const struct ltcp_sock *ls, const struct ltcp_seg *seg)
{
	const struct ltcp_tcb *tcb = &ls->tcb;
	struct ltcp_fastopen_peer *peer;

	peer = ltcp_fastopen_learn(ln->fastopen_cache, ltcp_key_tuple(&ls->node.key));
	peer->mss = tcb->peer_mss;
	if (seg->opt.has & LTCP_HAS_FASTOPEN && seg->opt.fastopen.len)
		peer->fastopen = seg->opt.fastopen;
	if (tcb->syn_text_acked)
		peer->losses = 0;
	else if (tcb->syn_text && tcb->syn_rtx)
		ltcp_fastopen_lost(peer, ltcp_now());
}

void ltcp_fastopen_answered(struct sock *sk, const struct ltcp_seg *seg)
{
	struct ltcp_sock *ls = ltcp_sk(sk);
	struct ltcp_net *ln = ltcp_sk_net(sk);

	ls->fastopen_tried = false;
	if (ls->tcb.syn_text_acked)
		LTCP_COUNT(ln, FASTOPEN_ACTIVE);
	else if (ls->tcb.syn_text)
		LTCP_COUNT(ln, FASTOPEN_ACTIVE_FAIL);
	spin_lock_bh(&ln->fastopen_lock);
	learn(ln, ls, seg);
	spin_unlock_bh(&ln->fastopen_lock);
}
