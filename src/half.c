// SPDX-License-Identifier: GPL-2.0
/* Half-open entries: their place in the table, their timer, their end. */
#include <linux/slab.h>

#include "compat.h"
#include "half.h"
#include "input.h"
#include "listen.h"
#include "output.h"

static struct kmem_cache *half_cache;

int ltcp_half_init(void)
{
	half_cache = KMEM_CACHE(ltcp_half_entry, SLAB_HWCACHE_ALIGN);
	return half_cache ? 0 : -ENOMEM;
}

void ltcp_half_exit(void)
{
	kmem_cache_destroy(half_cache);
}

static struct ltcp_half_entry *entry_of(struct ltcp_node *node)
{
	return container_of(node, struct ltcp_half_entry, node);
}

static void free_entry(struct rcu_head *rcu)
{
	struct ltcp_half_entry *entry = container_of(rcu, struct ltcp_half_entry, rcu);

	kfree(entry->options);
	kmem_cache_free(half_cache, entry);
}

static void reply_for(const struct ltcp_half_entry *entry, struct ltcp_reply *reply)
{
	*reply = (struct ltcp_reply){
		.key = entry->node.key,
		.sk = entry->listener,
		.oif = entry->oif,
		.mark = entry->mark,
		.priority = entry->listener->sk_priority,
		.tos = entry->tos,
		.label = entry->label,
		.options = entry->options,
	};
}

/* Let go of everything; @entry->dead was set by the caller, who thereby owns its end */
static void release(struct ltcp_half_entry *entry)
{
	struct ltcp_listener *l = ltcp_sk(entry->listener)->listener;

	if (timer_delete(&entry->timer))
		sock_put(entry->listener);	/* the timer's reference */
	spin_lock_bh(&l->half_lock);
	hlist_del(&entry->link);
	l->n_half--;
	spin_unlock_bh(&l->half_lock);
	sock_put(entry->listener);
	call_rcu(&entry->rcu, free_entry);
}

/* The entry ends without becoming a connection */
static void end(struct ltcp_net *ln, struct ltcp_half_entry *entry)
{
	ltcp_table_remove(ln, &entry->node);
	release(entry);
}

static void set_timer(struct ltcp_half_entry *entry)
{
	struct ltcp_rtt rtt;

	ltcp_rtt_init(&rtt, 0);
	sock_hold(entry->listener);
	mod_timer(&entry->timer, jiffies +
		  usecs_to_jiffies(ltcp_rtt_backoff(&rtt, entry->half.retries)));
}

/* Another SYN-ACK, or R2 (section 3.8.3): true when the entry has ended */
static bool expired(struct ltcp_net *ln, struct ltcp_half_entry *entry)
{
	struct ltcp_verdict v = {};

	if (entry->half.retries < ln->conf.synack_retries) {
		entry->half.retries++;
		set_timer(entry);
		return false;
	}
	entry->dead = true;
	ltcp_fsm_move(&v, LTCP_SYN_RECEIVED, LTCP_CLOSED, LTCP_CAUSE_TIMEOUT);
	ltcp_trace_moves(ln, &entry->node.key, &v);
	return true;
}

static void timer_expired(struct timer_list *t)
{
	struct ltcp_half_entry *entry = ltcp_compat_from_timer(entry, t, timer);
	struct sock *listener = entry->listener;
	struct ltcp_net *ln = ltcp_sk_net(listener);
	struct ltcp_half half;
	struct ltcp_reply reply;
	struct ltcp_seg seg;
	bool over;

	spin_lock(&entry->lock);
	if (entry->dead) {
		spin_unlock(&entry->lock);
		goto out;
	}
	over = expired(ln, entry);
	half = entry->half;
	reply_for(entry, &reply);
	spin_unlock(&entry->lock);

	if (over) {
		end(ln, entry);
	} else {
		LTCP_COUNT(ln, TIMEOUTS);
		LTCP_COUNT(ln, RETRANS_SEGS);
		ltcp_half_synack(&half, ltcp_now(), &seg);
		ltcp_output_reply(ln, entry->family, &reply, &seg, NULL);
	}
out:
	sock_put(listener);
}

static void trace_syn(struct ltcp_net *ln, const struct ltcp_key *key)
{
	struct ltcp_verdict v = {};

	ltcp_fsm_move(&v, LTCP_LISTEN, LTCP_SYN_RECEIVED, LTCP_CAUSE_RCV_SYN);
	ltcp_trace_moves(ln, key, &v);
}

static struct ltcp_half_entry *make_entry(struct sock *listener, const struct ltcp_half *half,
					  const struct ltcp_family *family,
					  const struct ltcp_reply *reply)
{
	struct ltcp_half_entry *entry = kmem_cache_zalloc(half_cache, GFP_ATOMIC | __GFP_NOWARN);

	if (!entry)
		return NULL;
	entry->node.key = reply->key;
	entry->node.kind = LTCP_KIND_HALF;
	entry->node.bound_dev_if = reply->scope ?: listener->sk_bound_dev_if;
	entry->node.af = listener->sk_family;
	entry->half = *half;
	entry->tos = reply->tos;
	entry->label = reply->label;
	entry->mark = reply->mark;
	entry->oif = reply->oif;
	entry->family = family;
	entry->listener = listener;
	spin_lock_init(&entry->lock);
	timer_setup(&entry->timer, timer_expired, 0);
	return entry;
}

/* Onto the listener's list, unless it closes just now */
static bool link_entry(struct ltcp_half_entry *entry)
{
	struct ltcp_listener *l = ltcp_sk(entry->listener)->listener;
	bool open;

	spin_lock(&l->half_lock);
	open = !l->closing;
	if (open) {
		hlist_add_head(&entry->link, &l->halves);
		l->n_half++;
	}
	spin_unlock(&l->half_lock);
	return open;
}

int ltcp_half_new(struct sock *listener, const struct ltcp_half *half,
		  const struct ltcp_family *family, const struct ltcp_reply *reply)
{
	struct ltcp_net *ln = ltcp_sk_net(listener);
	struct ltcp_half_entry *entry;
	int err = -ESHUTDOWN;

	if (!refcount_inc_not_zero(&listener->sk_refcnt))
		return err;
	entry = make_entry(listener, half, family, reply);
	if (!entry) {
		sock_put(listener);
		return -ENOMEM;
	}
	/* Held until the entry is complete: who finds it in the table waits */
	spin_lock(&entry->lock);
	if (!link_entry(entry)) {
		spin_unlock(&entry->lock);
		goto fail;
	}
	err = ltcp_table_insert(ln, &entry->node);
	if (err) {
		entry->dead = true;
		spin_unlock(&entry->lock);
		release(entry);
		return err;
	}
	entry->options = reply->options;
	trace_syn(ln, &entry->node.key);
	set_timer(entry);
	spin_unlock(&entry->lock);
	return 0;
fail:
	kmem_cache_free(half_cache, entry);
	sock_put(listener);
	return err;
}

/* The entry becomes a connection, which takes its place in the table */
static struct sock *promote(struct ltcp_net *ln, struct ltcp_half_entry *entry,
			    struct sk_buff *skb)
{
	struct sock *child;

	if (!ltcp_listen_reserve(entry->listener))
		return NULL;
	child = ltcp_listen_child(entry->listener, &entry->half, entry->family,
				  &entry->node.key, skb);
	if (child && ltcp_table_replace(ln, &entry->node, &ltcp_sk(child)->node)) {
		ltcp_listen_drop_child(child);
		child = NULL;
	}
	if (child)
		entry->dead = true;
	else
		ltcp_listen_let_go(entry->listener);
	return child;
}

/* Return: @skb, or NULL when the answer took its memory */
static struct sk_buff *answer(struct ltcp_net *ln, const struct ltcp_half_entry *entry,
			      const struct ltcp_half *half, const struct ltcp_verdict *v,
			      struct sk_buff *skb)
{
	struct ltcp_reply reply;
	struct ltcp_seg seg;

	if (!(v->act & (LTCP_ACT_RST | LTCP_ACT_SYNACK | LTCP_ACT_ACK)))
		return skb;
	reply_for(entry, &reply);
	reply.spare = skb;
	if (v->act & LTCP_ACT_RST) {
		ltcp_output_reply_rst(ln, entry->family, &reply, v);
	} else if (v->act & LTCP_ACT_SYNACK) {
		ltcp_half_synack(half, ltcp_now(), &seg);
		ltcp_output_reply(ln, entry->family, &reply, &seg, NULL);
	} else {
		ltcp_half_ack(half, ltcp_now(), &seg);
		ltcp_output_reply(ln, entry->family, &reply, &seg, NULL);
	}
	return reply.spare;
}

/* The accept queue is full: the peer repeats its ACK, or we our SYN-ACK, unless told to reset */
static void overflow(struct ltcp_net *ln, struct ltcp_half_entry *entry, struct ltcp_verdict *v)
{
	LTCP_COUNT(ln, LISTEN_OVERFLOWS);
	if (!ln->set.abort_on_overflow)
		return;
	ltcp_fsm_move(v, LTCP_SYN_RECEIVED, LTCP_CLOSED, LTCP_CAUSE_ABORT);
	v->act |= LTCP_ACT_RST | LTCP_ACT_CLOSED;
	v->rst.seq = entry->half.iss + 1;
	v->rst.flags = LTCP_RST;
}

bool ltcp_half_rcv(struct ltcp_net *ln, struct ltcp_node *node, struct sk_buff *skb,
		   struct ltcp_seg *seg, struct ltcp_reply *reply)
{
	struct ltcp_half_entry *entry = entry_of(node);
	struct sock *listener = entry->listener, *child = NULL;
	struct ltcp_verdict v = {};
	struct ltcp_half half;

	/* RCU keeps the listener even if the entry has let go of it */
	if (!ltcp_input_admitted(ln, entry->family, listener, skb, seg)) {
		kfree_skb(skb);
		return true;
	}
	spin_lock(&entry->lock);
	if (entry->dead) {
		spin_unlock(&entry->lock);
		return false;
	}
	ltcp_half_segment(&entry->half, seg, ltcp_now(), &v);
	if (v.act & LTCP_ACT_ESTABLISH) {
		child = promote(ln, entry, skb);
		if (!child)
			overflow(ln, entry, &v);
	}
	if (v.act & LTCP_ACT_CLOSED)
		entry->dead = true;
	ltcp_act_count(ln, &v);
	ltcp_trace_moves(ln, &node->key, &v);
	half = entry->half;
	sock_hold(listener);	/* our own: the entry's goes with it */
	spin_unlock(&entry->lock);

	skb = answer(ln, entry, &half, &v, skb);
	if (v.act & LTCP_ACT_CLOSED)
		end(ln, entry);
	if (child) {
		release(entry);
		ltcp_listen_welcome(listener, child, skb, seg);
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
	ends = !entry->dead && kind == LTCP_ICMP_HARD && seq == entry->half.iss;
	if (ends) {
		entry->dead = true;
		ltcp_fsm_move(&v, LTCP_SYN_RECEIVED, LTCP_CLOSED, LTCP_CAUSE_ICMP);
		ltcp_trace_moves(ln, &node->key, &v);
	}
	spin_unlock(&entry->lock);
	if (ends)
		end(ln, entry);
}

static void reset_entry(struct ltcp_net *ln, struct ltcp_half_entry *entry)
{
	struct ltcp_verdict v = { .act = LTCP_ACT_RST };
	bool ours;

	spin_lock_bh(&entry->lock);
	ours = !entry->dead;
	entry->dead = true;
	spin_unlock_bh(&entry->lock);
	if (!ours)
		return;
	v.rst.seq = entry->half.iss + 1;
	v.rst.flags = LTCP_RST;
	ltcp_fsm_move(&v, LTCP_SYN_RECEIVED, LTCP_CLOSED, LTCP_CAUSE_ABORT);
	ltcp_trace_moves(ln, &entry->node.key, &v);
	answer(ln, entry, &entry->half, &v, NULL);
	end(ln, entry);
}

static struct ltcp_half_entry *first_half(struct ltcp_listener *l)
{
	struct ltcp_half_entry *entry;

	spin_lock_bh(&l->half_lock);
	l->closing = true;
	entry = hlist_entry_safe(l->halves.first, struct ltcp_half_entry, link);
	spin_unlock_bh(&l->half_lock);
	return entry;
}

void ltcp_half_purge(struct sock *listener)
{
	struct ltcp_listener *l = ltcp_sk(listener)->listener;
	struct ltcp_half_entry *entry;

	/* Others may end entries meanwhile: RCU keeps the one at hand from being freed */
	rcu_read_lock();
	local_bh_disable();
	while ((entry = first_half(l)))
		reset_entry(ltcp_sk_net(listener), entry);
	local_bh_enable();
	rcu_read_unlock();
}
