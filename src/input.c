// SPDX-License-Identifier: GPL-2.0
/* A segment's way in: whose is it, and what does its owner make of it? */
#include <linux/netfilter.h>
#include <net/dst.h>
#include <linux/security.h>
#include <net/busy_poll.h>
#include <net/inet_ecn.h>
#include <net/ip.h>

#include "compat.h"
#include "demux.h"
#include "fastopen.h"
#include "half.h"
#include "input.h"
#include "listen.h"
#include "output.h"
#include "ports.h"
#include "receive.h"
#include "spans.h"
#include "socket.h"
#include "stream.h"
#include "timers.h"
#include "timewait.h"
#include "trace.h"

/* A lookup that met an entry's end is repeated, but not for ever */
#define LOOKUPS_MAX	4

/* The two bits of RFC 3168; skb_get_dsfield() fails, as if all were set, where IP has options */
static u8 ecn_field(const struct sk_buff *skb)
{
	u8 field = ip_hdr(skb)->version == 4 ? ipv4_get_dsfield(ip_hdr(skb)) :
					       ipv6_get_dsfield(ipv6_hdr(skb));

	return field & INET_ECN_MASK;
}

/* Decode the header of a sound segment; its length, or 0 when the segment is malformed */
static __always_inline unsigned int decode(struct ltcp_net *ln, struct sk_buff *skb,
					   struct ltcp_seg *seg)
{
	int len = ltcp_segment_parse(seg, skb->data, skb_headlen(skb), skb->len);

	if (len > 0) {
		seg->ecn = ecn_field(skb);
		return len;
	}
	if (len == LTCP_PARSE_OPTION)
		LTCP_COUNT(ln, IN_OPTION_ERRS);
	LTCP_COUNT(ln, IN_ERRS);
	return 0;
}

/* Of whoever it reminds: tc's programs may have given it a socket, without a reference */
void ltcp_input_detach(struct sk_buff *skb)
{
	skb_orphan(skb);
	skb_dst_drop(skb);
	skb->dev = NULL;
}

static void drop_spare(struct sock *sk)
{
	struct sk_buff *skb = ltcp_sk(sk)->spare;

	if (skb) {
		ltcp_sk(sk)->spare = NULL;
		kfree_skb(skb);
	}
}

/* SEGMENT ARRIVES for a connection; @skb is consumed */
void ltcp_input_segment(struct sock *sk, struct sk_buff *skb, struct ltcp_seg *seg, u64 now)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	unsigned int header = skb->len - seg->text;
	struct ltcp_env env = { .now = now };	/* nobody asks for the room that is left */
	struct ltcp_verdict v = {};
	u32 una = tcb->snd_una;

	if (sk->sk_state == TCP_CLOSE) {	/* it ended while the segment waited */
		kfree_skb(skb);
		return;
	}
	if (seg->text)
		env.may_store = ltcp_receive_room(sk, skb, seg->seq);
	/* A block has two ends; and without SACK a duplicate ACK cuts off the first segment */
	if (seg->opt.n_sack || tcb->dupacks)
		ltcp_spans_reserve(sk, 2 * seg->opt.n_sack + 1);
	ltcp_totals_in(&ltcp_sk(sk)->totals, tcb, seg, max_t(u16, skb_shinfo(skb)->gso_segs, 1),
		       now);
	ltcp_fsm_segment(tcb, seg, &env, &v);
	ltcp_totals_acked(&ltcp_sk(sk)->totals, tcb, una, seg, v.notes, now);
	if (sk->sk_state == TCP_SYN_SENT) {	/* its SYN has told where the text begins */
		WRITE_ONCE(ltcp_sk(sk)->copied_seq, tcb->irs + 1);
		if (v.act & LTCP_ACT_CONNECTED)
			security_inet_conn_established(sk, skb);
		if (v.act & LTCP_ACT_CONNECTED && ltcp_sk(sk)->fastopen_tried)
			ltcp_fastopen_answered(sk, seg);
	}
	if (v.act & LTCP_ACT_TEXT) {
		bool news;
		u32 before = tcb->rcv_nxt;

		if (v.act & LTCP_ACT_ACK_FIRST)
			ltcp_output_ack(sk, now);
		ltcp_act_urgent(sk, &v);
		ltcp_receive_store(sk, skb, header, &v);
		news = tcb->rcv_nxt != before;
		env.unread = ltcp_sk_unread(sk);
		ltcp_fsm_text_stored(tcb, !RB_EMPTY_ROOT(&ltcp_sk(sk)->ahead), &env, &v);
		if (news)
			ltcp_socket_readable(sk);
	} else {
		if (v.reason == LTCP_REASON_MEMORY)
			ltcp_socket_readable(sk);	/* only he can make room */
		ltcp_sk(sk)->spare = skb;
	}
	ltcp_act(sk, &v, now);
	if (ltcp_sk(sk)->totals.limit)
		ltcp_output_limit(sk, now);
	drop_spare(sk);
}

int ltcp_input_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct ltcp_seg seg;

	if (decode(ltcp_sk_net(sk), skb, &seg))
		ltcp_input_segment(sk, skb, &seg, ltcp_now());
	else
		kfree_skb(skb);
	return 0;
}

/*
 * What may wait while the user holds the socket: text counts twice until the
 * whole backlog is dealt with, here and in the receive queue; and small
 * packets, ACKs above all, cost more than their text.
 */
static unsigned int backlog_limit(const struct sock *sk)
{
	u64 limit = 2ull * READ_ONCE(sk->sk_rcvbuf) + READ_ONCE(sk->sk_sndbuf) / 2 + 65536;

	return min_t(u64, limit, INT_MAX);
}

/* An ACK that was sent on this host claims to be lighter than it is */
static void weigh(struct sk_buff *skb)
{
	if (!skb_is_nonlinear(skb))
		skb->truesize = max_t(u32, skb->truesize, SKB_TRUESIZE(skb_end_offset(skb)));
}

/* @early: the connection knew the way in */
static void to_connection(struct ltcp_net *ln, const struct ltcp_family *family,
			  struct sock *sk, struct sk_buff *skb, struct ltcp_seg *seg, bool early)
{
	if (!ltcp_input_admitted(ln, family, sk, skb, seg)) {
		kfree_skb(skb);
		return;
	}
	bh_lock_sock_nested(sk);
	sk_incoming_cpu_update(sk);
	sk_mark_napi_id(sk, skb);
	if (!early)
		ltcp_demux_remember(sk, skb);
	if (!sock_owned_by_user(sk)) {
		ltcp_input_detach(skb);
		ltcp_input_segment(sk, skb, seg, ltcp_now());
	} else {
		ltcp_input_detach(skb);
		weigh(skb);
		if (sk_add_backlog(sk, skb, backlog_limit(sk))) {
			LTCP_COUNT(ln, DROP_BACKLOG);
			kfree_skb(skb);
		}
	}
	bh_unlock_sock(sk);
}

static void to_nobody(struct ltcp_net *ln, const struct ltcp_family *family,
		      struct sk_buff *skb, const struct ltcp_seg *seg,
		      struct ltcp_reply *reply)
{
	struct ltcp_verdict v __uninitialized;	/* there is but one act, with a RST */

	/* Section 3.9.2.3: nothing is said to those who cannot be meant (MUST-57, MUST-63) */
	if (!family->unicast(skb) || !family->policy_ok(NULL, skb)) {
		LTCP_COUNT(ln, DROP_ADDRESS);
	} else {
		v.act = 0;
		ltcp_fsm_segment_closed(seg, &v);
		if (v.act & LTCP_ACT_RST)
			ltcp_output_reply_rst(ln, family, reply, &v);
	}
	kfree_skb(reply->spare);
}

static void to_listener(struct ltcp_net *ln, const struct ltcp_family *family,
			struct sock *sk, struct sk_buff *skb, struct ltcp_seg *seg,
			struct ltcp_reply *reply, const struct ltcp_tw_reopen *old)
{
	if (!ltcp_input_admitted(ln, family, sk, skb, seg)) {
		kfree_skb(skb);
		return;
	}
	if (!family->unicast(skb)) {
		LTCP_COUNT(ln, DROP_ADDRESS);
		kfree_skb(skb);
		return;
	}
	reply->sk = sk;
	reply->mark = sk->sk_mark ? : reply->mark;
	reply->priority = sk->sk_priority;
	reply->tos = family->tos(sk);
	ltcp_listen_rcv(sk, family, skb, seg, reply, old);
}

/* false: the connection has just ended */
static bool to_sock(struct ltcp_net *ln, const struct ltcp_family *family,
		    struct ltcp_node *node, struct sk_buff *skb, struct ltcp_seg *seg)
{
	struct sock *sk = ltcp_node_sk(node);

	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return false;
	to_connection(ln, family, sk, skb, seg, false);
	sock_put(sk);
	return true;
}

static __always_inline void to_owner(struct ltcp_net *ln, const struct ltcp_family *family,
				     struct ltcp_node *node, struct sk_buff *skb,
				     struct ltcp_seg *seg, struct ltcp_reply *reply,
				     int dif, int sdif)
{
	struct ltcp_tw_reopen old __uninitialized;
	struct sock *listener = NULL;
	int i;

	old.entry = NULL;
	for (i = 0; i < LOOKUPS_MAX && !old.entry; i++) {
		if (i)
			node = ltcp_table_lookup(ln, reply->key, dif, sdif);
		if (!node || node->kind == LTCP_KIND_TIMEWAIT)
			listener = ltcp_ports_listener(ln, reply->key, dif, sdif);
		if (!node)
			break;
		switch ((enum ltcp_kind)node->kind) {
		case LTCP_KIND_SOCK:
			if (to_sock(ln, family, node, skb, seg))
				return;
			break;
		case LTCP_KIND_HALF:
			if (ltcp_half_rcv(ln, node, skb, seg, reply))
				return;
			break;
		case LTCP_KIND_TIMEWAIT:
			if (ltcp_timewait_rcv(ln, node, seg, reply, listener, &old)) {
				kfree_skb(reply->spare);
				return;
			}
			break;
		}
	}
	if (listener)
		listener = ltcp_ports_choose(listener, reply->key, skb, skb->len - seg->text);
	if (listener)
		to_listener(ln, family, listener, skb, seg, reply, old.entry ? &old : NULL);
	else
		to_nobody(ln, family, skb, seg, reply);
}

bool ltcp_input_found(struct ltcp_net *ln, const struct ltcp_family *family, struct sk_buff *skb)
{
	struct sock *sk = ltcp_demux_take(skb);
	struct ltcp_seg seg __uninitialized;

	if (!sk)
		return false;
	if (unlikely(sk->sk_state == TCP_CLOSE)) {	/* it has ended since */
		sock_put(sk);
		return false;
	}
	if (decode(ln, skb, &seg)) {
		trace_ltcp_segment_in(ln, &ltcp_sk(sk)->node.key, &seg);
		to_connection(ln, family, sk, skb, &seg, true);
	} else {
		kfree_skb(skb);
	}
	sock_put(sk);
	return true;
}

void ltcp_input(struct ltcp_net *ln, const struct ltcp_family *family, struct sk_buff *skb,
		const struct ltcp_key *key, int dif, int sdif)
{
	struct ltcp_node *node;
	struct ltcp_seg seg __uninitialized;

	if (!decode(ln, skb, &seg)) {
		kfree_skb(skb);
		return;
	}
	trace_ltcp_segment_in(ln, key, &seg);
	node = ltcp_table_lookup(ln, key, dif, sdif);
	/* Only who is no connection has to be told how to answer */
	if (!node || node->kind != LTCP_KIND_SOCK || !to_sock(ln, family, node, skb, &seg)) {
		struct ltcp_reply reply = { .key = key, .spare = skb };

		family->answer(skb, &reply);
		to_owner(ln, family, node, skb, &seg, &reply, dif, sdif);
	}
}

/* A new path MTU, genuine and not below the floor (RFC 1191, RFC 5927 section 7) */
static void mtu_reduced(struct sock *sk, u32 mtu)
{
	const struct ltcp_family *family = ltcp_sk(sk)->family;
	struct dst_entry *dst;

	if (sk->sk_state == TCP_CLOSE || sk->sk_state == TCP_LISTEN || !family->accepts_pmtu(sk))
		return;
	dst = family->route_sock(sk);
	if (IS_ERR(dst))
		return;
	mtu = max3(mtu, (u32)ltcp_sk_net(sk)->set.min_pmtu, (u32)family->min_mtu);
	dst->ops->update_pmtu(dst, sk, NULL, mtu, true);
	/* That may have made an exception, which only another lookup finds. */
	dst = family->route_sock(sk);
	if (IS_ERR(dst))
		return;
	ltcp_output_path_mtu(sk, dst_mtu(dst));
	ltcp_output(sk, ltcp_now());
}

static void icmp_for_sock(struct sock *sk, enum ltcp_icmp kind, int err, u32 info, u32 seq)
{
	struct ltcp_sock *ls = ltcp_sk(sk);
	bool owned = sock_owned_by_user(sk);
	struct ltcp_verdict v = {};
	struct ltcp_env env;

	if (sk->sk_state == TCP_CLOSE)
		return;
	/* Nothing ends while the user is at work on it: he learns of the error later */
	if (owned && kind == LTCP_ICMP_HARD)
		kind = LTCP_ICMP_SOFT;
	ltcp_sk_env(sk, &env);
	ltcp_fsm_icmp(&ls->tcb, kind, err, seq, &env, &v);
	if (kind != LTCP_ICMP_MTU && !owned) {
		ltcp_act(sk, &v, env.now);
		return;
	}
	ltcp_act_count(ltcp_sk_net(sk), &v);
	if (!v.act)
		return;
	if (kind != LTCP_ICMP_MTU) {
		WRITE_ONCE(sk->sk_err_soft, err);
	} else if (!owned) {
		mtu_reduced(sk, info);
	} else {
		ls->mtu = info;
		set_bit(LTCP_DEFERRED_MTU, &sk->sk_tsq_flags);
	}
}

void ltcp_input_icmp(struct ltcp_net *ln, const struct ltcp_key *key, int dif, int sdif,
		     enum ltcp_icmp kind, int err, u32 info, u32 seq, struct sk_buff *skb)
{
	struct ltcp_node *node = ltcp_table_lookup(ln, key, dif, sdif);
	struct sock *sk;

	if (!node || node->kind == LTCP_KIND_TIMEWAIT)
		return;
	if (node->kind == LTCP_KIND_HALF) {
		ltcp_half_icmp(ln, node, kind, seq);
		return;
	}
	sk = ltcp_node_sk(node);
	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return;
	bh_lock_sock(sk);
	icmp_for_sock(sk, kind, err, info, seq);
	bh_unlock_sock(sk);
	sock_put(sk);
}

/* Others than our peers' routers guess the number in vain (RFC 5927). */
void ltcp_input_redirect(struct ltcp_net *ln, const struct ltcp_key *key, int dif, int sdif,
			 u32 seq, struct sk_buff *skb)
{
	struct ltcp_node *node = ltcp_table_lookup(ln, key, dif, sdif);
	struct dst_entry *dst;
	struct ltcp_sock *ls;
	struct sock *sk;

	if (!node || node->kind != LTCP_KIND_SOCK)
		return;
	sk = ltcp_node_sk(node);
	ls = ltcp_sk(sk);
	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk) && sk->sk_state != TCP_CLOSE &&
	    seq_ge(seq, ls->tcb.snd_una) && seq_le(seq, ls->tcb.snd_nxt)) {
		dst = ls->family->route_sock(sk);
		if (!IS_ERR(dst))
			dst->ops->redirect(dst, sk, skb);
	}
	bh_unlock_sock(sk);
}

void ltcp_input_deferred(struct sock *sk)
{
	if (!(READ_ONCE(sk->sk_tsq_flags) & LTCP_DEFERRED_ANY))
		return;
	if (test_and_clear_bit(LTCP_DEFERRED_MTU, &sk->sk_tsq_flags))
		mtu_reduced(sk, ltcp_sk(sk)->mtu);
	if (test_and_clear_bit(LTCP_DEFERRED_TIMER, &sk->sk_tsq_flags) && sk->sk_state != TCP_CLOSE)
		ltcp_timers_run(sk);
	if (test_and_clear_bit(LTCP_DEFERRED_PUSH, &sk->sk_tsq_flags))
		ltcp_socket_push(sk, ltcp_sk(sk)->tcb.more);
}
