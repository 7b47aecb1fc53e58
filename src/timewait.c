// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT entries. All of a namespace wait in one list in the order of their
 * ends, and one hrtimer runs for its head.
 *
 * Whoever takes an entry off the list ends it: the timer, a new SYN, or the
 * end of the namespace. Locks nest: entry, then tw_lock.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"
#include "family.h"
#include "input.h"
#include "net.h"
#include "output.h"
#include "sock.h"
#include "timewait.h"

#define LTCP_TW_BATCH		256			/* entries that one run ends */
#define LTCP_TW_BREATH_NS	(50 * NSEC_PER_USEC)	/* between full runs */
#define LTCP_TW_SLACK_NS	NSEC_PER_MSEC		/* entries that end together */

static struct kmem_cache *timewait_cache;

int ltcp_timewait_init(void)
{
	timewait_cache = KMEM_CACHE(ltcp_timewait, 0);
	return timewait_cache ? 0 : -ENOMEM;
}

void ltcp_timewait_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(timewait_cache);
}

/* The list */

static void timewait_arm(struct ltcp_net *ln, ktime_t at)
{
	hrtimer_start_range_ns(&ln->tw_timer, at, LTCP_TW_SLACK_NS, HRTIMER_MODE_ABS_SOFT);
}

/* Only after a sysctl has shortened 2MSL does an entry not belong at the tail. */
static void timewait_link(struct ltcp_net *ln, struct ltcp_timewait *entry)
{
	struct ltcp_timewait *pos;

	entry->ends = ktime_add_ms(ktime_get(), READ_ONCE(ln->conf.timewait_ms));
	list_for_each_entry_reverse(pos, &ln->tw_list, link)
		if (ktime_compare(pos->ends, entry->ends) <= 0)
			break;
	list_add(&entry->link, &pos->link);
	if (list_is_first(&entry->link, &ln->tw_list))
		timewait_arm(ln, entry->ends);
}

/* Take an entry off the list; false: somebody else has */
static bool timewait_unlink(struct ltcp_net *ln, struct ltcp_timewait *entry)
{
	bool mine;

	spin_lock_bh(&ln->tw_lock);
	mine = !list_empty(&entry->link);
	if (mine) {
		list_del_init(&entry->link);
		ln->tw_count--;
	}
	spin_unlock_bh(&ln->tw_lock);
	return mine;
}

/* Take the first entry off the list if it ends by then */
static struct ltcp_timewait *timewait_pop(struct ltcp_net *ln, ktime_t by)
{
	struct ltcp_timewait *entry;

	spin_lock_bh(&ln->tw_lock);
	entry = list_first_entry_or_null(&ln->tw_list, struct ltcp_timewait, link);
	if (entry && ktime_after(entry->ends, by))
		entry = NULL;
	if (entry) {
		list_del_init(&entry->link);
		ln->tw_count--;
	}
	spin_unlock_bh(&ln->tw_lock);
	return entry;
}

/* The end */

static void timewait_free(struct rcu_head *rcu)
{
	kmem_cache_free(timewait_cache, container_of(rcu, struct ltcp_timewait, rcu));
}

static void timewait_trace_end(struct ltcp_net *ln, const struct ltcp_key *key,
			       enum ltcp_cause cause)
{
	struct ltcp_verdict v = {};

	ltcp_fsm_move(&v, LTCP_TIME_WAIT, LTCP_CLOSED, cause);
	ltcp_trace_moves(ln, key, &v);
}

/* The entry is off the list: the caller's alone but for lookups. */
static void timewait_end(struct ltcp_net *ln, struct ltcp_timewait *entry,
			 enum ltcp_cause cause)
{
	spin_lock_bh(&entry->lock);
	entry->dead = true;
	spin_unlock_bh(&entry->lock);
	timewait_trace_end(ln, &entry->node.key, cause);
	ltcp_table_remove(ln, &entry->node);
	ltcp_ports_drop(&entry->hold);
	call_rcu(&entry->rcu, timewait_free);
}

static enum hrtimer_restart timewait_expired(struct hrtimer *timer)
{
	struct ltcp_net *ln = container_of(timer, struct ltcp_net, tw_timer);
	struct ltcp_timewait *entry;
	ktime_t now = ktime_get();
	int i;

	for (i = 0; i < LTCP_TW_BATCH; i++) {
		entry = timewait_pop(ln, now);
		if (!entry)
			break;
		LTCP_COUNT(ln, TW);
		timewait_end(ln, entry, LTCP_CAUSE_2MSL);
	}
	now = ktime_add_ns(ktime_get(), LTCP_TW_BREATH_NS);
	spin_lock_bh(&ln->tw_lock);
	entry = list_first_entry_or_null(&ln->tw_list, struct ltcp_timewait, link);
	if (entry)
		timewait_arm(ln, ktime_after(entry->ends, now) ? entry->ends : now);
	spin_unlock_bh(&ln->tw_lock);
	return HRTIMER_NORESTART;
}

void ltcp_timewait_purge(struct ltcp_net *ln)
{
	struct ltcp_timewait *entry;

	while ((entry = timewait_pop(ln, KTIME_MAX))) {
		timewait_end(ln, entry, LTCP_CAUSE_ABORT);
		cond_resched();
	}
}

void ltcp_timewait_net_init(struct ltcp_net *ln)
{
	spin_lock_init(&ln->tw_lock);
	INIT_LIST_HEAD(&ln->tw_list);
	ltcp_compat_hrtimer_setup(&ln->tw_timer, timewait_expired, CLOCK_MONOTONIC,
				  HRTIMER_MODE_ABS_SOFT);
}

void ltcp_timewait_net_exit(struct ltcp_net *ln)
{
	ltcp_timewait_purge(ln);
	hrtimer_cancel(&ln->tw_timer);
}

/* The beginning */

static struct ltcp_timewait *timewait_make(struct sock *sk)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);
	struct ltcp_timewait *entry;

	entry = kmem_cache_zalloc(timewait_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!entry)
		return NULL;
	entry->node.key = lsk->node.key;
	entry->node.bound_dev_if = lsk->node.bound_dev_if;
	entry->node.kind = LTCP_KIND_TIMEWAIT;
	entry->node.af = lsk->node.af;
	entry->mark = sk->sk_mark;
	entry->family = lsk->family;
	spin_lock_init(&entry->lock);
	INIT_LIST_HEAD(&entry->link);
	ltcp_tw_from_tcb(&entry->tw, &lsk->tcb);
	entry->hold.node = &entry->node;
	ltcp_ports_pass(&entry->hold, sk);
	return entry;
}

/* Lookups may find the entry at once, so it is in the list when they do. */
static bool timewait_start(struct ltcp_net *ln, struct ltcp_node *old,
			   struct ltcp_timewait *entry)
{
	bool ok = false;

	spin_lock_bh(&ln->tw_lock);
	if (ln->tw_count >= READ_ONCE(ln->set.max_timewait)) {
		LTCP_COUNT(ln, TW_OVERFLOW);
	} else if (!ltcp_table_replace(ln, old, &entry->node)) {
		timewait_link(ln, entry);
		ln->tw_count++;
		ok = true;
	}
	spin_unlock_bh(&ln->tw_lock);
	return ok;
}

void ltcp_timewait_enter(struct sock *sk)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);
	struct ltcp_node *node = &ltcp_sk(sk)->node;
	bool wait = READ_ONCE(ln->conf.timewait_ms);
	struct ltcp_timewait *entry = wait ? timewait_make(sk) : NULL;

	if (entry && timewait_start(ln, node, entry))
		return;
	if (entry) {
		ltcp_ports_drop(&entry->hold);
		kmem_cache_free(timewait_cache, entry);
	}
	timewait_trace_end(ln, &node->key, wait ? LTCP_CAUSE_ABORT : LTCP_CAUSE_2MSL);
	ltcp_table_remove(ln, node);
}

/* Segments */

static void timewait_restart(struct ltcp_net *ln, struct ltcp_timewait *entry)
{
	spin_lock(&ln->tw_lock);
	if (!list_empty(&entry->link)) {
		list_del(&entry->link);
		timewait_link(ln, entry);
	}
	spin_unlock(&ln->tw_lock);
}

/* What the core says, @entry->lock held; with LTCP_ACT_ACK, the answer in @ack */
static void timewait_decide(struct ltcp_net *ln, struct ltcp_timewait *entry,
			    const struct ltcp_seg *seg, bool listening,
			    struct ltcp_verdict *v, struct ltcp_seg *ack)
{
	u64 now = ltcp_now();

	ltcp_tw_segment(&entry->tw, seg, now, v);
	/* Without a listener a new SYN is answered as an old one is (RFC 5961 section 4.2). */
	if (v->act & LTCP_ACT_REOPEN && !listening)
		v->act = ltcp_limiter_allow(&entry->tw.challenge, now) ? LTCP_ACT_ACK : 0;
	if (v->act & LTCP_ACT_RESTART)
		timewait_restart(ln, entry);
	if (v->act & LTCP_ACT_ACK)
		ltcp_tw_ack(&entry->tw, now, ack);
}

enum ltcp_tw_result ltcp_timewait_rcv(struct ltcp_net *ln, struct ltcp_timewait *entry,
				      const struct ltcp_seg *seg, struct ltcp_reply *reply,
				      bool listening, u32 *iss_min)
{
	struct ltcp_verdict v = {};
	struct ltcp_seg ack = {};

	spin_lock_bh(&entry->lock);
	if (entry->dead) {
		spin_unlock_bh(&entry->lock);
		return LTCP_TW_GONE;
	}
	timewait_decide(ln, entry, seg, listening, &v, &ack);
	spin_unlock_bh(&entry->lock);

	if (v.act & LTCP_ACT_REOPEN) {
		if (!timewait_unlink(ln, entry))
			return LTCP_TW_GONE;
		LTCP_COUNT(ln, TW_REOPENED);
		timewait_end(ln, entry, LTCP_CAUSE_RCV_SYN);
		*iss_min = v.iss_min;
		return LTCP_TW_REOPEN;
	}
	if (v.act & LTCP_ACT_ACK)
		ltcp_output_reply(ln, entry->family, reply, &ack, NULL);
	return LTCP_TW_DONE;
}
