// SPDX-License-Identifier: GPL-2.0
/* Half-open entries: their place in the table, their timer, their end. */
#include <linux/slab.h>

#include "compat.h"
#include "half.h"
#include "input.h"
#include "listen.h"
#include "output.h"
#include "saved_syn.h"
#include "timewait.h"

#define CLOSE_BATCH	64	/* entries of a closing listener that a search gathers */

static struct kmem_cache *half_cache, *tailed_cache;

int ltcp_half_init(void)
{
	half_cache = KMEM_CACHE(ltcp_half_entry, 0);
	tailed_cache = kmem_cache_create("ltcp_half_tailed", sizeof(struct ltcp_half_entry) +
					 sizeof(struct ltcp_half_tail), 0, 0, NULL);
	if (half_cache && tailed_cache)
		return 0;
	ltcp_half_exit();
	return -ENOMEM;
}

void ltcp_half_exit(void)
{
	kmem_cache_destroy(tailed_cache);
	kmem_cache_destroy(half_cache);
}

static struct ltcp_half_entry *entry_of(struct ltcp_node *node)
{
	return container_of(node, struct ltcp_half_entry, node);
}

static const struct ltcp_family *family_of(const struct ltcp_half_entry *entry)
{
	return ltcp_family_of_addr(&entry->node.key.laddr);
}

static struct ltcp_timewait *timewait_of(const struct ltcp_half_entry *entry)
{
	return entry->node.tail ? entry->tail->timewait : NULL;
}

static void free_entry(struct rcu_head *rcu)
{
	struct ltcp_half_entry *entry = container_of(rcu, struct ltcp_half_entry, rcu);

	if (entry->node.tail) {
		kfree(entry->tail->options);
		kfree(entry->tail->syn);
		kmem_cache_free(tailed_cache, entry);
	} else {
		kmem_cache_free(half_cache, entry);
	}
}

static void reply_for(const struct ltcp_half_entry *entry, struct ltcp_reply *reply)
{
	*reply = (struct ltcp_reply){
		.key = &entry->node.key,
		.sk = entry->listener,
		.oif = entry->oif,
		.mark = entry->node.mark,
		.priority = entry->listener->sk_priority,
		.tos = entry->node.tos,
		.named = true,
	};
	if (entry->node.tail) {
		reply->label = entry->tail->label;
		reply->options = entry->tail->options;
	}
}

/* Waiting for the next SYN-ACK. BH are off: see release() for who ends an entry */

static void wait_on(struct ltcp_expiry *e, struct ltcp_half_entry *entry, u64 now)
{
	unsigned int lane = ltcp_half_lane(&entry->half);

	ltcp_expiry_add(e, lane, &entry->due, e->lanes.lane[lane].span_ms, now);
}

/* False: the listener closes just now */
static bool wait(struct ltcp_net *ln, struct ltcp_half_entry *entry, u64 now)
{
	const struct ltcp_listener *l = ltcp_sk(entry->listener)->listener;
	struct ltcp_expiry *e = ltcp_expiry_of(ln->halves, &entry->due);
	bool open;

	spin_lock(&e->lock);
	open = !READ_ONCE(l->closing);
	if (open)
		wait_on(e, entry, now);
	spin_unlock(&e->lock);
	return open;
}

static void wait_no_more(struct ltcp_net *ln, struct ltcp_half_entry *entry)
{
	struct ltcp_expiry *e = ltcp_expiry_of(ln->halves, &entry->due);

	spin_lock(&e->lock);
	ltcp_lanes_remove(&entry->due);
	spin_unlock(&e->lock);
}

/* The end */

/* Let go of everything; the node's dead was set by the caller, who thereby owns its end */
static void release(struct ltcp_net *ln, struct ltcp_half_entry *entry)
{
	wait_no_more(ln, entry);
	atomic_dec(&ltcp_sk(entry->listener)->listener->n_half);
	sock_put(entry->listener);
	call_rcu(&entry->rcu, free_entry);
}

/* The entry ends without becoming a connection */
static void end(struct ltcp_net *ln, struct ltcp_half_entry *entry, u64 now)
{
	struct ltcp_timewait *old = timewait_of(entry);

	if (old)
		ltcp_timewait_return(ln, old, &entry->node, now);
	else
		ltcp_table_remove(ln, &entry->node);
	release(ln, entry);
}

/* Return: @skb, or NULL when the answer took its memory */
static struct sk_buff *answer_syn(struct ltcp_net *ln, const struct ltcp_half_entry *entry,
				  const struct ltcp_half *half, const struct ltcp_verdict *v,
				  struct sk_buff *skb, u64 now)
{
	struct ltcp_reply reply;
	struct ltcp_seg seg __uninitialized;

	if (!(v->act & (LTCP_ACT_RST | LTCP_ACT_SYNACK | LTCP_ACT_ACK)))
		return skb;
	reply_for(entry, &reply);
	reply.spare = skb;
	if (v->act & LTCP_ACT_RST) {
		ltcp_output_reply_rst(ln, family_of(entry), &reply, v);
	} else if (v->act & LTCP_ACT_SYNACK) {
		ltcp_half_synack(half, now, &seg);
		ltcp_output_reply(ln, family_of(entry), &reply, &seg, NULL);
	} else {
		ltcp_half_ack(half, now, &seg);
		ltcp_output_reply(ln, family_of(entry), &reply, &seg, NULL);
	}
	return reply.spare;
}

/* We end it, and the peer is told: @entry->lock is held */
static void abort_entry(struct ltcp_half_entry *entry, struct ltcp_verdict *v)
{
	ltcp_fsm_move(v, LTCP_SYN_RECEIVED, LTCP_CLOSED, LTCP_CAUSE_ABORT);
	v->act |= LTCP_ACT_RST | LTCP_ACT_CLOSED;
	v->rst.seq = entry->half.iss + 1;
	v->rst.flags = LTCP_RST;
}

static unsigned int defer_of(const struct ltcp_half_entry *entry)
{
	return READ_ONCE(ltcp_sk(entry->listener)->listener->defer_accept);
}

/* Another SYN-ACK, or the end: @entry->lock is held */
static void decide_expired(struct ltcp_net *ln, struct ltcp_half_entry *entry,
			   struct ltcp_verdict *v, u64 now)
{
	ltcp_half_timeout(&entry->half, READ_ONCE(ln->conf.synack_retries), defer_of(entry), v);
	if (v->act & LTCP_ACT_CLOSED || wait(ln, entry, now))
		return;
	v->act &= ~LTCP_ACT_SYNACK;
	abort_entry(entry, v);
}

/* RCU keeps the listener even if the entry has let go of it */
static void expired(struct ltcp_net *ln, struct ltcp_due *due, u64 now)
{
	struct ltcp_half_entry *entry = container_of(due, struct ltcp_half_entry, due);
	struct ltcp_verdict v = {};
	struct ltcp_half half;

	spin_lock(&entry->lock);
	if (!entry->node.dead)
		decide_expired(ln, entry, &v, now);
	if (v.act & LTCP_ACT_CLOSED)
		entry->node.dead = true;
	ltcp_trace_moves(ln, &entry->node.key, &v);
	half = entry->half;
	spin_unlock(&entry->lock);

	if (v.act & LTCP_ACT_SYNACK) {
		LTCP_COUNT(ln, TIMEOUTS);
		LTCP_COUNT(ln, RETRANS_SEGS);
	}
	answer_syn(ln, entry, &half, &v, NULL, now);
	if (v.act & LTCP_ACT_CLOSED)
		end(ln, entry, now);
}

int ltcp_half_net_init(struct ltcp_net *ln)
{
	unsigned int i;
	int cpu;

	ln->halves = ltcp_expiry_make(ln, LTCP_HALF_LANES, expired);
	if (!ln->halves)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		for (i = 0; i < LTCP_HALF_LANES; i++)
			per_cpu_ptr(ln->halves, cpu)->lanes.lane[i].span_ms = ltcp_half_wait_ms(i);
	return 0;
}

void ltcp_half_net_exit(struct ltcp_net *ln)
{
	ltcp_expiry_free(ln->halves);
}

/* The beginning */

static struct ltcp_half_entry *alloc_entry(bool tail)
{
	struct ltcp_half_entry *entry;

	entry = kmem_cache_zalloc(tail ? tailed_cache : half_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (entry)
		entry->node.tail = tail;
	return entry;
}

static struct ltcp_half_entry *make_entry(struct sock *listener, const struct ltcp_half *half,
					  const struct ltcp_reply *reply, bool more)
{
	struct ltcp_half_entry *entry;

	entry = alloc_entry(reply->options || reply->label || more);
	if (!entry)
		return NULL;
	entry->node.key = *reply->key;
	entry->node.kind = LTCP_KIND_HALF;
	entry->node.bound_dev_if = reply->scope ?: listener->sk_bound_dev_if;
	entry->node.af = listener->sk_family;
	entry->node.mark = reply->mark;
	entry->node.tos = reply->tos;
	entry->half = *half;
	entry->oif = reply->oif;
	entry->listener = listener;
	spin_lock_init(&entry->lock);
	if (entry->node.tail)
		entry->tail->label = reply->label;
	return entry;
}

/* Into the table, alone or in the place of TIME-WAIT */
static int enter_entry(struct ltcp_net *ln, struct ltcp_half_entry *entry,
		       struct ltcp_timewait *old)
{
	if (!old)
		return ltcp_table_insert(ln, &entry->node);
	if (!ltcp_timewait_yield(ln, old, &entry->node))
		return -EADDRINUSE;
	entry->tail->timewait = old;
	return 0;
}

/* @entry->lock is held until the entry is complete: who finds it in the table waits */
static int start(struct ltcp_net *ln, struct ltcp_half_entry *entry,
		 const struct ltcp_reply *reply, struct ltcp_saved_syn *syn,
		 struct ltcp_timewait *old, u64 now)
{
	int err = -ESHUTDOWN;

	ltcp_expiry_here(ln->halves, &entry->due);
	if (wait(ln, entry, now))
		err = enter_entry(ln, entry, old);
	if (err) {
		entry->node.dead = true;
		return err;
	}
	if (entry->node.tail) {
		entry->tail->options = reply->options;
		entry->tail->syn = syn;
	}
	ltcp_listen_trace_syn(ln, &entry->node.key);
	return 0;
}

int ltcp_half_new(struct sock *listener, const struct ltcp_half *half,
		  const struct ltcp_reply *reply, struct ltcp_saved_syn *syn,
		  struct ltcp_timewait *old, u64 now)
{
	struct ltcp_net *ln = ltcp_sk_net(listener);
	struct ltcp_half_entry *entry;
	int err;

	if (!refcount_inc_not_zero(&listener->sk_refcnt))
		return -ESHUTDOWN;
	entry = make_entry(listener, half, reply, syn || old);
	if (!entry) {
		sock_put(listener);
		return -ENOMEM;
	}
	atomic_inc(&ltcp_sk(listener)->listener->n_half);
	/* Then it is asked whether the listener closes; ltcp_half_purge() asks the other way */
	smp_mb__after_atomic();
	spin_lock(&entry->lock);
	err = start(ln, entry, reply, syn, old, now);
	spin_unlock(&entry->lock);
	if (err)
		release(ln, entry);
	return err;
}

/* The entry becomes a connection, which takes its place in the table */
static struct sock *promote(struct ltcp_net *ln, struct ltcp_half_entry *entry,
			    struct sk_buff *skb, u64 now)
{
	struct sock *child;

	if (!ltcp_listen_reserve(entry->listener))
		return NULL;
	child = ltcp_listen_child(entry->listener, &entry->half, family_of(entry),
				  &entry->node.key, skb, now);
	if (child && ltcp_table_replace(ln, &entry->node, &ltcp_sk(child)->node)) {
		ltcp_listen_drop_child(child);
		child = NULL;
	}
	if (!child) {
		ltcp_listen_let_go(entry->listener);
		return NULL;
	}
	entry->node.dead = true;
	if (entry->node.tail)
		swap(ltcp_sk(child)->saved_syn, entry->tail->syn);
	return child;
}

/* The accept queue is full: the peer repeats its ACK, or we our SYN-ACK, unless told to reset */
static void overflow(struct ltcp_net *ln, struct ltcp_half_entry *entry, struct ltcp_verdict *v)
{
	LTCP_COUNT(ln, LISTEN_OVERFLOWS);
	if (ln->set.abort_on_overflow)
		abort_entry(entry, v);
}

bool ltcp_half_rcv(struct ltcp_net *ln, struct ltcp_node *node, struct sk_buff *skb,
		   struct ltcp_seg *seg, struct ltcp_reply *reply)
{
	struct ltcp_half_entry *entry = entry_of(node);
	struct sock *listener = entry->listener, *child = NULL;
	struct ltcp_verdict v = {};
	struct ltcp_half half;
	u64 now;

	/* RCU keeps the listener even if the entry has let go of it */
	if (!ltcp_input_admitted(ln, family_of(entry), listener, skb, seg)) {
		kfree_skb(skb);
		return true;
	}
	spin_lock(&entry->lock);
	if (entry->node.dead) {
		spin_unlock(&entry->lock);
		return false;
	}
	now = ltcp_now();
	ltcp_half_segment(&entry->half, seg, defer_of(entry), now, &v);
	if (v.act & LTCP_ACT_ESTABLISH) {
		child = promote(ln, entry, skb, now);
		if (!child)
			overflow(ln, entry, &v);
	}
	if (v.act & LTCP_ACT_CLOSED)
		entry->node.dead = true;
	ltcp_act_count(ln, &v);
	ltcp_trace_moves(ln, &node->key, &v);
	half = entry->half;
	sock_hold(listener);	/* our own: the entry's goes with it */
	spin_unlock(&entry->lock);

	skb = answer_syn(ln, entry, &half, &v, skb, now);
	if (v.act & LTCP_ACT_CLOSED)
		end(ln, entry, now);
	if (child) {
		if (half.acked)	/* how long it has waited for text is no round trip */
			seg->opt.tsecr = 0;
		if (timewait_of(entry))
			ltcp_timewait_over(ln, timewait_of(entry));
		release(ln, entry);
		ltcp_listen_welcome(listener, child, skb, seg, now);
	} else {
		kfree_skb(skb);
	}
	sock_put(listener);
	return true;
}

void ltcp_half_icmp(struct ltcp_net *ln, struct ltcp_node *node, enum ltcp_icmp kind, u32 seq)
{
	struct ltcp_half_entry *entry = entry_of(node);
	struct ltcp_verdict v = {};
	bool ends;

	spin_lock(&entry->lock);
	ends = !entry->node.dead && kind == LTCP_ICMP_HARD && seq == entry->half.iss;
	if (ends) {
		entry->node.dead = true;
		ltcp_fsm_move(&v, LTCP_SYN_RECEIVED, LTCP_CLOSED, LTCP_CAUSE_ICMP);
		ltcp_trace_moves(ln, &node->key, &v);
	}
	spin_unlock(&entry->lock);
	if (ends)
		end(ln, entry, ltcp_now());
}

static void reset_entry(struct ltcp_net *ln, struct ltcp_half_entry *entry, u64 now)
{
	struct ltcp_verdict v = {};
	bool ours;

	spin_lock(&entry->lock);
	ours = !entry->node.dead;
	entry->node.dead = true;
	if (ours) {
		abort_entry(entry, &v);
		ltcp_trace_moves(ln, &entry->node.key, &v);
	}
	spin_unlock(&entry->lock);
	if (!ours)
		return;
	answer_syn(ln, entry, &entry->half, &v, NULL, now);
	end(ln, entry, now);
}

/* Some of a listener's entries that wait in one CPU's lanes */
static unsigned int gather_entries(struct ltcp_expiry *e, const struct sock *listener,
				   struct ltcp_half_entry *found[CLOSE_BATCH])
{
	struct ltcp_half_entry *entry;
	unsigned int i, n = 0;

	spin_lock(&e->lock);
	for (i = 0; i < LTCP_HALF_LANES && n < CLOSE_BATCH; i++) {
		list_for_each_entry(entry, &e->lanes.lane[i].dues, due.link) {
			if (entry->listener == listener)
				found[n++] = entry;
			if (n == CLOSE_BATCH)
				break;
		}
	}
	spin_unlock(&e->lock);
	return n;
}

/* Return: false when there was none. Others may end entries meanwhile: RCU keeps them */
static bool purge_some(struct ltcp_net *ln, struct ltcp_expiry *e, struct sock *listener)
{
	struct ltcp_half_entry *found[CLOSE_BATCH];
	u64 now = ltcp_now();
	unsigned int i, n;

	rcu_read_lock();
	local_bh_disable();
	n = gather_entries(e, listener, found);
	for (i = 0; i < n; i++)
		reset_entry(ln, found[i], now);
	local_bh_enable();
	rcu_read_unlock();
	return n;
}

void ltcp_half_purge(struct sock *listener)
{
	struct ltcp_listener *l = ltcp_sk(listener)->listener;
	struct ltcp_net *ln = ltcp_sk_net(listener);
	int cpu;

	WRITE_ONCE(l->closing, true);
	/* Who comes after this sees it; who came before is counted, and in his lane by now */
	smp_mb();
	if (!atomic_read(&l->n_half))
		return;
	for_each_possible_cpu(cpu)
		while (purge_some(ln, per_cpu_ptr(ln->halves, cpu), listener))
			cond_resched();
}
