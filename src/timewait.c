// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT entries. They wait in lanes (expiry.h): one for each 2MSL that has
 * been in force, so that a change of it concerns only what comes after.
 *
 * Whoever takes an entry from its lane ends it: its time, a new SYN, or the
 * end of the namespace.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "family.h"
#include "input.h"
#include "net.h"
#include "output.h"
#include "ports.h"
#include "sock.h"
#include "timewait.h"

#define LTCP_TW_LANES	4	/* different 2MSLs at once; more cost a search */

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

static const struct ltcp_family *timewait_family(const struct ltcp_timewait *entry)
{
	return ltcp_family_of_addr(&entry->node.key.laddr);
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

/* The entry has left its lane: the caller's alone but for lookups. */
void ltcp_timewait_over(struct ltcp_net *ln, struct ltcp_timewait *entry)
{
	atomic_dec(&ln->tw_count);
	ltcp_table_remove(ln, &entry->node);
	ltcp_ports_drop(ln, entry);
	call_rcu(&entry->rcu, timewait_free);
}

static void timewait_end(struct ltcp_net *ln, struct ltcp_timewait *entry,
			 enum ltcp_cause cause)
{
	timewait_trace_end(ln, &entry->node.key, cause);
	ltcp_timewait_over(ln, entry);
}

static void timewait_expired(struct ltcp_net *ln, struct ltcp_due *due, u64 now)
{
	LTCP_COUNT(ln, TW);
	timewait_end(ln, container_of(due, struct ltcp_timewait, due), LTCP_CAUSE_2MSL);
}

void ltcp_timewait_purge(struct ltcp_net *ln)
{
	struct ltcp_due *due;
	int cpu;

	for_each_possible_cpu(cpu) {
		while ((due = ltcp_expiry_take(per_cpu_ptr(ln->timewait, cpu)))) {
			timewait_end(ln, container_of(due, struct ltcp_timewait, due),
				     LTCP_CAUSE_ABORT);
			cond_resched();
		}
	}
}

int ltcp_timewait_net_init(struct ltcp_net *ln)
{
	ln->timewait = ltcp_expiry_make(ln, LTCP_TW_LANES, timewait_expired);
	return ln->timewait ? 0 : -ENOMEM;
}

void ltcp_timewait_net_exit(struct ltcp_net *ln)
{
	ltcp_timewait_purge(ln);
	ltcp_expiry_free(ln->timewait);
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
	entry->node.mark = READ_ONCE(sk->sk_mark);
	entry->node.tos = lsk->family->tos(sk);
	entry->priority = READ_ONCE(sk->sk_priority);
	ltcp_tw_from_tcb(&entry->tw, &lsk->tcb);
	ltcp_ports_pass(entry, sk);
	return entry;
}

/* 2MSL begins: @e is locked */
static void timewait_wait(struct ltcp_net *ln, struct ltcp_expiry *e, struct ltcp_timewait *entry,
			  u64 now)
{
	u32 ms = READ_ONCE(ln->conf.timewait_ms);

	ltcp_expiry_add(e, ltcp_lanes_pick(&e->lanes, ms), &entry->due, ms, now);
}

/* Lookups may find the entry at once, so it waits when they do. */
static bool timewait_start(struct ltcp_net *ln, struct ltcp_expiry *e, struct ltcp_node *old,
			   struct ltcp_timewait *entry, u64 now)
{
	bool ok;

	spin_lock_bh(&e->lock);
	ok = !ltcp_table_replace(ln, old, &entry->node);
	if (ok)
		timewait_wait(ln, e, entry, now);
	spin_unlock_bh(&e->lock);
	return ok;
}

/* Is there room for one more? It is taken then. */
static bool timewait_room(struct ltcp_net *ln)
{
	if (atomic_inc_return(&ln->tw_count) <= READ_ONCE(ln->set.max_timewait))
		return true;
	atomic_dec(&ln->tw_count);
	LTCP_COUNT(ln, TW_OVERFLOW);
	return false;
}

static bool timewait_try(struct ltcp_net *ln, struct sock *sk, u64 now)
{
	struct ltcp_timewait *entry;

	if (!timewait_room(ln))
		return false;
	entry = timewait_make(sk);
	if (entry && timewait_start(ln, ltcp_expiry_here(ln->timewait, &entry->due),
				    &ltcp_sk(sk)->node, entry, now))
		return true;
	atomic_dec(&ln->tw_count);
	if (entry) {
		ltcp_ports_drop(ln, entry);
		kmem_cache_free(timewait_cache, entry);
	}
	return false;
}

void ltcp_timewait_enter(struct sock *sk, u64 now)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);
	struct ltcp_node *node = &ltcp_sk(sk)->node;
	bool wait = READ_ONCE(ln->conf.timewait_ms);

	if (wait && timewait_try(ln, sk, now))
		return;
	timewait_trace_end(ln, &node->key, wait ? LTCP_CAUSE_ABORT : LTCP_CAUSE_2MSL);
	ltcp_table_remove(ln, node);
}

/* Segments */

/* What the core says, @e locked; with LTCP_ACT_ACK, the answer in @ack */
static void timewait_decide(struct ltcp_net *ln, struct ltcp_expiry *e,
			    struct ltcp_timewait *entry, const struct ltcp_seg *seg,
			    bool listening, struct ltcp_verdict *v, struct ltcp_seg *ack)
{
	u64 now = ltcp_now();

	ltcp_tw_segment(&entry->tw, seg, &ln->conf, now, v);
	/* Without a listener a new SYN is answered as an old one is (RFC 5961 section 4.2). */
	if (v->act & LTCP_ACT_REOPEN && !listening)
		v->act = ltcp_limiter_allow(&entry->tw.challenge, now) ? LTCP_ACT_ACK : 0;
	if (v->act & LTCP_ACT_RESTART) {
		ltcp_lanes_remove(&entry->due);
		timewait_wait(ln, e, entry, now);
	}
	if (v->act & LTCP_ACT_ACK)
		ltcp_tw_ack(&entry->tw, now, ack);
}

static void timewait_answer(struct ltcp_net *ln, const struct ltcp_timewait *entry,
			    struct ltcp_reply *reply, struct ltcp_seg *ack)
{
	reply->mark = entry->node.mark ?: reply->mark;
	reply->tos = entry->node.tos;
	reply->priority = entry->priority;
	ltcp_output_reply(ln, timewait_family(entry), reply, ack, NULL);
}

bool ltcp_timewait_rcv(struct ltcp_net *ln, struct ltcp_node *node, const struct ltcp_seg *seg,
		       struct ltcp_reply *reply, bool listening, struct ltcp_tw_reopen *reopen)
{
	struct ltcp_timewait *entry = container_of(node, struct ltcp_timewait, node);
	struct ltcp_expiry *e = ltcp_expiry_of(ln->timewait, &entry->due);
	struct ltcp_verdict v = {};
	struct ltcp_seg ack = {};
	bool waits;

	spin_lock_bh(&e->lock);
	waits = entry->due.waits;
	if (waits)
		timewait_decide(ln, e, entry, seg, listening, &v, &ack);
	spin_unlock_bh(&e->lock);
	if (v.act & LTCP_ACT_REOPEN) {
		reopen->entry = entry;
		reopen->iss_min = v.iss_min;
		return false;
	}
	if (v.act & LTCP_ACT_ACK)
		timewait_answer(ln, entry, reply, &ack);
	return waits;
}

/* Giving way to a new SYN */

bool ltcp_timewait_yield(struct ltcp_net *ln, struct ltcp_timewait *entry,
			 struct ltcp_node *node)
{
	struct ltcp_expiry *e = ltcp_expiry_of(ln->timewait, &entry->due);
	bool ok;

	spin_lock_bh(&e->lock);
	ok = entry->due.waits && !ltcp_table_replace(ln, &entry->node, node);
	if (ok)
		ltcp_lanes_remove(&entry->due);
	spin_unlock_bh(&e->lock);
	if (!ok)
		return false;
	LTCP_COUNT(ln, TW_REOPENED);
	timewait_trace_end(ln, &entry->node.key, LTCP_CAUSE_RCV_SYN);
	return true;
}

/* The lanes are locked. */
static u32 timewait_age_ms(const struct ltcp_timewait *entry)
{
	s32 age = ltcp_ms(ltcp_now()) - entry->due.since_ms;

	return max(age, 0);
}

/* All that can tell is looked at under the lock: the node may be anybody's until then */
static bool timewait_reuse(struct ltcp_net *ln, struct ltcp_timewait *entry,
			   struct ltcp_node *node)
{
	struct ltcp_expiry *e = ltcp_expiry_of(ln->timewait, &entry->due);
	bool ok;

	spin_lock_bh(&e->lock);
	ok = entry->due.waits && entry->node.bound_dev_if == node->bound_dev_if &&
	     ltcp_tw_reusable(&entry->tw, &ln->conf, timewait_age_ms(entry)) &&
	     !ltcp_table_replace(ln, &entry->node, node);
	if (ok)
		ltcp_lanes_remove(&entry->due);
	spin_unlock_bh(&e->lock);
	return ok;
}

bool ltcp_timewait_reuse(struct ltcp_net *ln, struct ltcp_node *node,
			 struct ltcp_tw_reopen *old)
{
	struct ltcp_timewait *entry;
	struct ltcp_node *found;

	rcu_read_lock();
	found = ltcp_table_lookup(ln, &node->key, node->bound_dev_if, 0);
	if (found && found->kind == LTCP_KIND_TIMEWAIT) {
		entry = container_of(found, struct ltcp_timewait, node);
		if (timewait_reuse(ln, entry, node)) {
			old->entry = entry;
			old->iss_min = entry->tw.snd_nxt;
		}
	}
	rcu_read_unlock();
	if (!old->entry)
		return false;
	LTCP_COUNT(ln, TW_REUSED);
	timewait_trace_end(ln, &node->key, LTCP_CAUSE_ABORT);
	return true;
}

/* No arrow of the table leads back: what is traced is the end of the half-open connection. */
void ltcp_timewait_return(struct ltcp_net *ln, struct ltcp_timewait *entry,
			  struct ltcp_node *node, u64 now)
{
	/* In its old CPU's lanes: lookups may still hold the entry, and would lock those */
	if (timewait_start(ln, ltcp_expiry_of(ln->timewait, &entry->due), node, entry, now))
		return;
	ltcp_table_remove(ln, node);
	ltcp_timewait_over(ln, entry);
}
