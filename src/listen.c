// SPDX-License-Identifier: GPL-2.0
/* The passive open: what a SYN leads to, cookies, and the accept queue. */
#include <linux/slab.h>
#include <net/dst.h>

#include "compat.h"
#include "core/ecn.h"
#include "demux.h"
#include "fastopen.h"
#include "half.h"
#include "input.h"
#include "listen.h"
#include "lsm.h"
#include "output.h"
#include "ports.h"
#include "saved_syn.h"
#include "secret.h"
#include "socket.h"
#include "timewait.h"

struct ltcp_listener *ltcp_listen_make(struct sock *sk)
{
	struct ltcp_listener *l = ltcp_sk(sk)->listener;

	if (l)
		return l;
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return NULL;
	spin_lock_init(&l->accept_lock);
	ltcp_sk(sk)->listener = l;
	return l;
}

int ltcp_listen_start(struct sock *sk, int backlog)
{
	struct ltcp_listener *l = ltcp_listen_make(sk);
	struct ltcp_verdict v = {};
	int err;

	if (!l)
		return -ENOMEM;
	l->closing = false;	/* it may have listened before */
	l->no_accept = false;
	sk->sk_max_ack_backlog = backlog;
	ltcp_fastopen_listen(sk, backlog);
	err = ltcp_ports_listen(sk);
	if (err)
		return err;
	ltcp_fsm_open_passive(&ltcp_sk(sk)->tcb, &v);
	ltcp_act(sk, &v, ltcp_now());
	return 0;
}

static void close_accept_queue(struct ltcp_listener *l, struct hlist_head *waiting)
{
	spin_lock_bh(&l->accept_lock);
	l->no_accept = true;
	hlist_move_list(&l->accept_queue, waiting);
	spin_unlock_bh(&l->accept_lock);
}

void ltcp_listen_stop(struct sock *sk)
{
	struct ltcp_listener *l = ltcp_sk(sk)->listener;
	HLIST_HEAD(waiting);
	struct hlist_node *next;
	struct sock *child;

	if (!l)
		return;
	ltcp_ports_unlisten(sk);
	ltcp_half_purge(sk);
	close_accept_queue(l, &waiting);
	sk_for_each_safe(child, next, &waiting) {
		hlist_del_init(&child->sk_node);
		ltcp_listen_let_go(sk);
		ltcp_socket_discard(child);
	}
}

/* SOCK_RCU_FREE: nobody can look at it any more */
void ltcp_listen_free(struct sock *sk)
{
	struct ltcp_listener *l = ltcp_sk(sk)->listener;

	ltcp_sk(sk)->listener = NULL;
	kfree(l);
}

struct sock *ltcp_listen_accept(struct sock *sk)
{
	struct ltcp_listener *l = ltcp_sk(sk)->listener;
	struct sock *child;

	spin_lock_bh(&l->accept_lock);
	child = sk_head(&l->accept_queue);
	if (child) {
		hlist_del_init(&child->sk_node);
		sk_acceptq_removed(sk);
	}
	spin_unlock_bh(&l->accept_lock);
	return child;
}

bool ltcp_listen_empty(const struct sock *sk)
{
	const struct ltcp_listener *l = ltcp_sk(sk)->listener;

	return !l || hlist_empty(&l->accept_queue);
}

bool ltcp_listen_has_room(const struct sock *sk)
{
	return !sk_acceptq_is_full(sk);
}

bool ltcp_listen_reserve(struct sock *sk)
{
	struct ltcp_listener *l = ltcp_sk(sk)->listener;
	bool room;

	spin_lock(&l->accept_lock);
	room = !sk_acceptq_is_full(sk);
	if (room)
		sk_acceptq_added(sk);
	spin_unlock(&l->accept_lock);
	return room;
}

void ltcp_listen_let_go(struct sock *sk)
{
	struct ltcp_listener *l = ltcp_sk(sk)->listener;

	spin_lock_bh(&l->accept_lock);
	sk_acceptq_removed(sk);
	spin_unlock_bh(&l->accept_lock);
}

static void append(struct ltcp_listener *l, struct sock *child)
{
	if (hlist_empty(&l->accept_queue))
		hlist_add_head(&child->sk_node, &l->accept_queue);
	else
		hlist_add_behind(&child->sk_node, l->accept_last);
	l->accept_last = &child->sk_node;
}

/* Into the place that was reserved for it, unless the listener closes just now */
static bool enqueue(struct sock *listener, struct sock *child)
{
	struct ltcp_listener *l = ltcp_sk(listener)->listener;
	bool open;

	spin_lock(&l->accept_lock);
	open = !l->no_accept;
	if (open)
		append(l, child);
	else
		sk_acceptq_removed(listener);
	spin_unlock(&l->accept_lock);
	return open;
}

/* The lock was taken by sk_clone_lock(), which does not tell sparse of it */
static void unlock_child(struct sock *child)
{
	__acquire(&child->sk_lock.slock);
	bh_unlock_sock(child);
}

void ltcp_listen_welcome(struct sock *listener, struct sock *child, struct sk_buff *skb,
			 struct ltcp_seg *seg, u64 now)
{
	bool open;

	ltcp_lsm_opened(child, skb);
	ltcp_demux_remember(child, skb);
	ltcp_input_detach(skb);
	ltcp_input_segment(child, skb, seg, now);
	open = enqueue(listener, child);
	unlock_child(child);
	if (open)
		listener->sk_data_ready(listener);
	else
		ltcp_socket_discard(child);
	sock_put(child);
}

void ltcp_listen_drop_child(struct sock *child)
{
	struct ltcp_verdict v = {};

	ltcp_fsm_abort(&ltcp_sk(child)->tcb, 0, &v);
	v.act &= ~LTCP_ACT_RST;
	v.n_moves = 0;
	inet_sk_set_state(child, TCP_CLOSE);
	unlock_child(child);
	ltcp_socket_discard(child);
	sock_put(child);
}

static void prepare_child(struct sock *child, const struct ltcp_half *half,
			  const struct ltcp_family *family, const struct ltcp_key *key)
{
	struct ltcp_sock *ls = ltcp_sk(child);

	ltcp_socket_child(child);
	child->sk_ack_backlog = 0;	/* the listener's: this one may listen itself some day */
	ls->family = family;
	ls->node.key = *key;
	ls->node.kind = LTCP_KIND_SOCK;
	ls->node.bound_dev_if = child->sk_bound_dev_if;
	ls->copied_seq = half->irs + 1;
}

struct sock *ltcp_listen_child(struct sock *listener, const struct ltcp_half *half,
			       const struct ltcp_family *family, const struct ltcp_key *key,
			       struct sk_buff *skb, u64 now)
{
	struct sock *child = sk_clone_lock(listener, GFP_ATOMIC);
	const struct dst_entry *dst;

	if (!child)
		return NULL;
	prepare_child(child, half, family, key);
	ltcp_tcb_from_half(&ltcp_sk(child)->tcb, half, now);
	/* The SYN and our answers to it went by without a socket */
	ltcp_totals_begin(&ltcp_sk(child)->totals, 1 + half->acked, 1 + half->resent,
			  half->resent);
	inet_sk_set_state(child, TCP_SYN_RECV);
	if (ltcp_ports_inherit(child, listener) || family->adopt(child, listener, skb))
		goto fail;
	dst = __sk_dst_get(child);
	if (dst)
		ltcp_output_route(child, dst);
	return child;
fail:
	ltcp_listen_drop_child(child);
	return NULL;
}

static bool half_open_full(const struct sock *sk)
{
	const struct ltcp_settings *set = &ltcp_sk_net(sk)->set;
	unsigned int n = atomic_read(&ltcp_sk(sk)->listener->n_half);

	return n > READ_ONCE(sk->sk_max_ack_backlog) || n >= set->max_half;
}

static bool wants_cookie(const struct sock *sk, const struct ltcp_tw_reopen *old)
{
	const struct ltcp_settings *set = &ltcp_sk_net(sk)->set;

	/* After TIME-WAIT the ISS must lie beyond the old one, which a cookie cannot promise */
	if (old)
		return false;
	return set->syncookies == 2 || (set->syncookies == 1 && half_open_full(sk));
}

/* What we offer: the same for an entry and for a cookie, which has to repeat it */
static __always_inline void offer(const struct sock *sk, const struct ltcp_family *family,
				  const struct dst_entry *dst, struct ltcp_half *half)
{
	u32 initrwnd = dst_metric(dst, RTAX_INITRWND), wnd;

	memset(half, 0, sizeof(*half));
	half->adv_mss = ltcp_output_adv_mss(family, dst, ltcp_sk(sk)->user_mss);
	/* Nothing is ever held here: the buffer is as large as that of a connection to come */
	wnd = min(ltcp_socket_window(sk, READ_ONCE(sk->sk_rcvbuf)), 65535u);
	if (initrwnd)
		wnd = min(wnd, initrwnd * half->adv_mss);
	half->wnd = wnd;
	half->rcv_wscale = ltcp_socket_rcv_wscale(sk);
	half->ecn_ok = ltcp_ecn_wanted(&ltcp_sk_net(sk)->conf, ltcp_sk(sk)->tcb.cong, false);
}

static void cookie_options(const struct ltcp_half *half, struct ltcp_cookie_options *opt)
{
	*opt = (struct ltcp_cookie_options){
		.mss = half->mss,
		.wscale = half->snd_wscale,
		.agreed = half->agreed,
		.ecn_ok = half->ecn_ok,
	};
}

/* Whoever guesses cookies finds a door only while some are on their way */
static void note_cookie(struct ltcp_net *ln, u64 now)
{
	if (now - READ_ONCE(ln->cookie_at) > USEC_PER_SEC)
		WRITE_ONCE(ln->cookie_at, now);
}

static bool cookies_about(const struct ltcp_net *ln, u64 now)
{
	u64 at = READ_ONCE(ln->cookie_at);

	return at && now - at <= 2 * LTCP_COOKIE_PERIOD_US + USEC_PER_SEC;
}

/* Nothing is remembered: what the peer will echo has to say it all */
static __always_inline void send_cookie(struct ltcp_net *ln, const struct ltcp_family *family,
					struct ltcp_half *half, bool echoes,
					struct ltcp_reply *reply, struct dst_entry *dst, u64 now)
{
	struct ltcp_cookie_options opt __uninitialized;
	struct ltcp_cookie cookie __uninitialized;
	struct ltcp_seg seg __uninitialized;

	if (!(half->agreed & LTCP_HAS_TS) && !echoes) {	/* the ISS has no room for these */
		half->agreed = 0;
		half->ecn_ok = 0;
	}
	cookie_options(half, &opt);
	opt.echo_ok = echoes;
	ltcp_cookie_make(&cookie, ltcp_key_tuple(reply->key), ltcp_secret_cookie_keys(now),
			 half->irs, &opt, now);
	half->iss = cookie.iss;
	ltcp_half_synack(half, now, &seg);
	if (half->agreed & LTCP_HAS_TS)
		seg.opt.tsval = cookie.tsval;
	if (echoes) {
		seg.opt.has |= LTCP_HAS_COOKIE;
		memcpy(seg.opt.cookie, cookie.option, sizeof(seg.opt.cookie));
	}
	note_cookie(ln, now);
	LTCP_COUNT(ln, COOKIES_SENT);
	ltcp_output_reply(ln, family, reply, &seg, dst);
}

void ltcp_listen_trace_syn(struct ltcp_net *ln, const struct ltcp_key *key)
{
	struct ltcp_verdict v = {};

	ltcp_fsm_move(&v, LTCP_LISTEN, LTCP_SYN_RECEIVED, LTCP_CAUSE_RCV_SYN);
	ltcp_trace_moves(ln, key, &v);
}

/* A connection in SYN-RECEIVED, in the table and with a place in the accept queue, or NULL */
static struct sock *make_child(struct sock *sk, const struct ltcp_family *family,
			       const struct ltcp_half *half, const struct ltcp_key *key,
			       struct sk_buff *skb, u64 now)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);
	struct sock *child;

	if (!ltcp_listen_reserve(sk)) {
		LTCP_COUNT(ln, LISTEN_OVERFLOWS);
		return NULL;
	}
	child = ltcp_listen_child(sk, half, family, key, skb, now);
	if (child && ltcp_table_insert(ln, &ltcp_sk(child)->node)) {
		ltcp_listen_drop_child(child);
		child = NULL;
	}
	if (!child) {
		ltcp_listen_let_go(sk);
		return NULL;
	}
	ltcp_listen_trace_syn(ln, key);
	return child;
}

/* As make_child(); the caller lets go of the listener if there is one */
static struct sock *open_child(struct sock *sk, const struct ltcp_family *family,
			       const struct ltcp_half *half, const struct ltcp_key *key,
			       struct sk_buff *skb, u64 now)
{
	struct sock *child;

	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return NULL;
	child = make_child(sk, family, half, key, skb, now);
	if (!child)
		sock_put(sk);
	return child;
}

/* RFC 7413: the peer has shown a cookie: there is a connection, and the SYN's text is its first */
static bool open_fast(struct sock *sk, const struct ltcp_family *family,
		      const struct ltcp_half *half, struct ltcp_reply *reply,
		      struct ltcp_seg *seg, const struct ltcp_fastopen *answer, u64 now)
{
	struct sk_buff *skb = reply->spare;
	struct sock *child;

	child = open_child(sk, family, half, reply->key, skb, now);
	if (!child) {
		ltcp_fastopen_let_go(sk);
		return false;
	}
	ltcp_fastopen_opened(child, sk);
	ltcp_sk(child)->saved_syn = ltcp_saved_syn(sk, skb, seg);
	if (answer->len)
		ltcp_syn_fastopen(&ltcp_sk(child)->tcb, answer);
	reply->spare = NULL;
	ltcp_listen_welcome(sk, child, skb, seg, now);
	sock_put(sk);
	return true;
}

/* Return: true when an entry was made, whose @reply->options are now */
static noinline bool remember(struct sock *sk, const struct ltcp_family *family,
			      struct ltcp_half *half, struct ltcp_reply *reply,
			      struct ltcp_seg *seg, const struct ltcp_tw_reopen *old,
			      struct dst_entry *dst, u64 now)
{
	struct ltcp_fastopen answer = {};
	struct ltcp_net *ln = ltcp_sk_net(sk);
	struct ltcp_saved_syn *syn;
	struct ltcp_seg synack __uninitialized;

	half->iss = ltcp_timewait_iss(old, ltcp_secret_isn(reply->key, now));
	half->ts_off = ltcp_secret_ts_off(reply->key);
	if (!old && ltcp_fastopen_wanted(sk, seg) &&
	    ltcp_fastopen_take_syn(sk, dst, reply->key, seg, &answer) &&
	    open_fast(sk, family, half, reply, seg, &answer, now)) {
		dst_release(dst);
		return false;
	}
	syn = ltcp_saved_syn(sk, reply->spare, seg);
	if (ltcp_half_new(sk, half, reply, syn, old ? old->entry : NULL, now)) {
		kfree(syn);
		dst_release(dst);
		return false;
	}
	ltcp_half_synack(half, now, &synack);
	if (answer.len) {
		synack.opt.has |= LTCP_HAS_FASTOPEN;
		synack.opt.fastopen = answer;
	}
	reply->named = true;
	ltcp_output_reply(ln, family, reply, &synack, dst);
	return true;
}

/* As remember() */
static bool take_syn(struct sock *sk, const struct ltcp_family *family,
		     struct ltcp_seg *seg, struct ltcp_reply *reply,
		     const struct ltcp_tw_reopen *old)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);
	bool cookie = wants_cookie(sk, old);
	struct ltcp_half half __uninitialized;
	struct dst_entry *dst;
	u64 now;

	if (!ltcp_listen_has_room(sk)) {
		LTCP_COUNT(ln, LISTEN_OVERFLOWS);
		return false;
	}
	if (!cookie && !old && half_open_full(sk)) {
		LTCP_COUNT(ln, HALF_OPEN_FULL);
		return false;
	}
	dst = family->route(ln, reply);
	if (!dst)
		return false;
	offer(sk, family, dst, &half);
	ltcp_half_from_syn(&half, seg, &ln->conf, family->default_mss);
	now = ltcp_now();
	if (!cookie)
		return remember(sk, family, &half, reply, seg, old, dst, now);
	send_cookie(ln, family, &half, seg->opt.has & LTCP_HAS_COOKIE_OK, reply, dst, now);
	return false;
}

/* What an entry would have remembered, from what the peer has echoed */
static noinline bool half_from_cookie(const struct sock *sk, const struct ltcp_family *family,
				      struct ltcp_seg *seg, const struct ltcp_reply *reply,
				      u64 now, struct ltcp_half *half)
{
	struct ltcp_cookie_options opt __uninitialized;
	struct dst_entry *dst;

	if (!ltcp_cookie_check(&opt, ltcp_key_tuple(reply->key), ltcp_secret_cookie_keys(now),
			       seg, ltcp_sk_net(sk)->set.syncookies_bare, now))
		return false;
	dst = family->route(ltcp_sk_net(sk), reply);
	if (!dst)
		return false;
	offer(sk, family, dst, half);
	dst_release(dst);
	half->irs = seg->seq - 1;
	half->iss = seg->ack - 1;
	half->mss = opt.mss;
	half->agreed = opt.agreed;
	half->snd_wscale = opt.wscale;
	if (!(opt.agreed & LTCP_HAS_WSCALE))
		half->rcv_wscale = 0;
	half->ecn_ok = half->ecn_ok && opt.ecn_ok;
	half->ts_recent = opt.agreed & LTCP_HAS_TS ? seg->opt.tsval : 0;
	half->ts_off = opt.ts_off;
	if (!opt.timed)		/* no round trip can be told from it */
		seg->opt.tsecr = 0;
	half->snd_wnd = seg->wnd;
	half->cookie = 1;
	return true;
}

/* Two ACKs may race: whoever enters the table first is the connection */
static bool open_from_cookie(struct sock *sk, const struct ltcp_family *family,
			     const struct ltcp_half *half, const struct ltcp_reply *reply,
			     struct sk_buff *skb, struct ltcp_seg *seg, u64 now)
{
	struct sock *child = open_child(sk, family, half, reply->key, skb, now);

	if (!child)
		return false;
	LTCP_COUNT(ltcp_sk_net(sk), COOKIES_RECV);
	ltcp_listen_welcome(sk, child, skb, seg, now);
	sock_put(sk);
	return true;
}

static bool admitted(const struct sock *sk, const struct ltcp_family *family, struct sk_buff *skb,
		     const struct ltcp_reply *reply)
{
	if (ltcp_lsm_admits(sk, family, skb, reply))
		return true;
	LTCP_COUNT(ltcp_sk_net(sk), DROP_POLICY);
	return false;
}

/* Is an ACK the echo of a cookie of ours? True when it was; @skb is consumed then */
static bool take_listener_ack(struct sock *sk, const struct ltcp_family *family,
			      struct sk_buff *skb, struct ltcp_seg *seg,
			      const struct ltcp_reply *reply)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);
	struct ltcp_half half __uninitialized;
	u64 now;

	if (!ln->set.syncookies || (seg->flags & (LTCP_SYN | LTCP_RST | LTCP_ACK)) != LTCP_ACK)
		return false;
	now = ltcp_now();
	if (!cookies_about(ln, now))
		return false;
	if (!half_from_cookie(sk, family, seg, reply, now, &half)) {
		LTCP_COUNT(ln, COOKIES_FAILED);
		return false;
	}
	if (!admitted(sk, family, skb, reply) ||
	    !open_from_cookie(sk, family, &half, reply, skb, seg, now))
		kfree_skb(skb);
	return true;
}

void ltcp_listen_rcv(struct sock *sk, const struct ltcp_family *family, struct sk_buff *skb,
		     struct ltcp_seg *seg, struct ltcp_reply *reply,
		     const struct ltcp_tw_reopen *old)
{
	struct ltcp_verdict v __uninitialized;	/* there are acts, and a RST with the one */

	/* RCU keeps it: CPUs share not even a count of references for what is only answered */
	if (sk->sk_state != TCP_LISTEN) {
		kfree_skb(skb);
		return;
	}
	v.act = 0;
	ltcp_fsm_segment_listen(seg, &v);
	if (take_listener_ack(sk, family, skb, seg, reply))
		return;
	/* Text may overtake the ACK whose cookie makes the connection */
	if ((v.act & LTCP_ACT_RST) && !(seg->opt.has & LTCP_HAS_COOKIE))
		ltcp_output_reply_rst(ltcp_sk_net(sk), family, reply, &v);
	if (v.act & LTCP_ACT_SYNACK && admitted(sk, family, skb, reply)) {
		struct ip_options_rcu *options = family->options(skb);

		reply->options = options;
		if (!take_syn(sk, family, seg, reply, old) && unlikely(options))
			kfree(options);
	}
	kfree_skb(reply->spare);
}
