// SPDX-License-Identifier: GPL-2.0
/* Building and sending segments: what core/transmit.c plans is made into packets. */
#include <linux/errqueue.h>
#include <net/dst.h>
#include <net/ip.h>

#include "compat.h"
#include "core/cong.h"
#include "core/pace.h"
#include "input.h"
#include "offload.h"
#include "output.h"
#include "pages.h"
#include "socket.h"
#include "spans.h"
#include "timers.h"
#include "trace.h"

#define MSS_ANYWHERE		536	/* RFC 9293 section 3.7.1: of every IPv4 host */

/* As skb_set_tcp_pure_ack(): what waits below holds text back (autocork.h), but no ACK does */
#define BARE_ACK_TRUESIZE	2

/* Room for a header that is pushed in front of text */
#define HEADROOM	(MAX_HEADER + 60 + LTCP_HEADER_MAX)

static void count_sent(struct ltcp_net *ln, const struct ltcp_seg *seg, unsigned int n, bool again)
{
	LTCP_COUNT_N(ln, OUT_SEGS, n);
	if (seg->flags & LTCP_RST)
		LTCP_COUNT(ln, OUT_RSTS);
	if (again && (seg->text || (seg->flags & (LTCP_SYN | LTCP_FIN))))
		LTCP_COUNT(ln, RETRANS_SEGS);
}

static unsigned int seg_header_len(const struct ltcp_seg *seg)
{
	return LTCP_HEADER_MIN + ltcp_options_len(&seg->opt);
}

/* Put the header in front of the text, where there is room; the checksum stays zero */
static inline void push_header(struct sk_buff *skb, struct ltcp_seg *seg, unsigned int len,
			       const struct ltcp_key *key)
{
	seg->sport = ntohs(key->lport);
	seg->dport = ntohs(key->rport);
	ltcp_segment_write(__skb_push(skb, len), seg);
	skb_reset_transport_header(skb);
}

void ltcp_output_sum(struct sk_buff *skb, __wsum pseudo)
{
	__sum16 *check = (__sum16 *)(skb->data + LTCP_AT_CHECKSUM);

	/* What changes after it was summed must not leave; without memory it may, and is refused */
	if (unlikely(skb_has_shared_frag(skb)) && !__skb_linearize(skb))
		check = (__sum16 *)(skb->data + LTCP_AT_CHECKSUM);
	*check = 0;
	skb->ip_summed = CHECKSUM_NONE;
	*check = csum_fold(skb_is_nonlinear(skb) ? skb_checksum(skb, 0, skb->len, pseudo) :
						   csum_partial(skb->data, skb->len, pseudo));
}

/*
 * A burst is for IP one packet, which is cut into segments of SND.MSS later.
 * What was noted of an skb whose clone was sent before is overwritten.
 */
static unsigned int mark_burst(struct sk_buff *skb, const struct ltcp_sock *ls,
			       const struct ltcp_plan *plan)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	u32 mss = ls->tcb.snd_mss, len = plan->len;

	if (len <= mss || plan->mtu_probe) {
		info->gso_size = 0;
		info->gso_segs = 0;
		info->gso_type = 0;
		return 1;
	}
	info->gso_size = mss;
	info->gso_segs = DIV_ROUND_UP(len, mss);
	info->gso_type = ls->family->gso_type;
	return info->gso_segs;
}

/* As skb_set_owner_w() does, for what is nobody's yet, and a full socket */
static inline void own(struct sk_buff *skb, struct sock *sk)
{
	skb->sk = sk;
	skb->destructor = sock_wfree;
	skb_set_hash_from_sk(skb, sk);
	/* What waits below the socket keeps it, by an octet at least, without a reference */
	refcount_add(skb->truesize, &sk->sk_wmem_alloc);
}

/*
 * When it may leave, as TCP's packets have it: fq keeps it until then. What has no such time fq
 * paces by sk_pacing_rate, but roughly, and since 6.7 only if SO_MAX_PACING_RATE is set, where the
 * socket is not TCP's. An ACK waits for nothing.
 */
static void set_departure(const struct sock *sk, struct sk_buff *skb,
			  const struct ltcp_plan *plan, u64 now)
{
	if (READ_ONCE(sk->sk_pacing_status) == SK_PACING_NONE)
		return;
	if ((plan->len || plan->flags & LTCP_FIN) && !(plan->flags & LTCP_SYN))
		now = ltcp_pace_departure(&ltcp_sk(sk)->tcb, now);
	/* ltcp_now() is just ahead of the clock */
	skb_set_delivery_time(skb, (now - 1) * NSEC_PER_USEC, SKB_CLOCK_MONOTONIC);
}

static bool is_bare_ack(const struct ltcp_seg *seg)
{
	return !seg->text && !(seg->flags & (LTCP_SYN | LTCP_FIN));
}

/* The one way out for a connection's segments */
static int transmit(struct sock *sk, struct sk_buff *skb, const struct ltcp_plan *plan, u64 now)
{
	struct ltcp_sock *ls = ltcp_sk(sk);
	struct ltcp_env env = { .now = now };
	struct ltcp_seg seg __uninitialized;
	unsigned int n;

	ltcp_sk_room(sk, &env);
	ltcp_transmit_header(&ls->tcb, plan, &env, &seg);
	n = mark_burst(skb, ls, plan);
	push_header(skb, &seg, seg_header_len(&seg), &ls->node.key);
	if (is_bare_ack(&seg))
		skb->truesize = BARE_ACK_TRUESIZE;
	own(skb, sk);
	set_departure(sk, skb, plan, now);
	skb->ip_summed = CHECKSUM_NONE;
	ls->family->checksum(skb, &ls->node.key, __sk_dst_get(sk));
	trace_ltcp_segment_out(ltcp_sk_net(sk), &ls->node.key, &seg);
	count_sent(ltcp_sk_net(sk), &seg, n, plan->again);
	ltcp_totals_out(&ls->totals, &ls->tcb, &seg, n, plan->again);
	return ls->family->transmit(sk, skb, seg.ecn);
}

static struct sk_buff *alloc_empty(void)
{
	struct sk_buff *skb = alloc_skb(HEADROOM, GFP_ATOMIC | __GFP_NOWARN);

	if (skb)
		skb_reserve(skb, HEADROOM);
	return skb;
}

/* Nobody else looks at it, and there is room for @len octets and IP's and the link's headers */
static inline bool can_serve(const struct sk_buff *skb, unsigned int len, unsigned int headers)
{
	return !skb_shared(skb) && !skb_cloned(skb) && !skb_is_nonlinear(skb) && !skb_is_gso(skb) &&
	       !skb_pfmemalloc(skb) && skb_end_offset(skb) - skb_headroom(skb) >= len &&
	       skb_headroom(skb) >= headers;
}

/* A segment that came in becomes an empty one, as if it had just been allocated */
static inline void wipe(struct sk_buff *skb, unsigned int len)
{
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	skb_clear_hash(skb);
	skb_init_secmark(skb);
	skb_shinfo(skb)->tx_flags = 0;	/* its sender's, if he is on this host */
	skb->encapsulation = 0;
	skb->csum_valid = 0;
	skb->csum_level = 0;
	__skb_trim(skb, 0);
	skb_reserve(skb, len);
}

/* What came without text, and brought an ACK about, carries it away */
static struct sk_buff *spare_skb(struct sock *sk)
{
	struct ltcp_sock *ls = ltcp_sk(sk);
	const struct dst_entry *dst = __sk_dst_get(sk);
	struct sk_buff *skb = ls->spare;

	if (!skb || !dst ||
	    !can_serve(skb, LTCP_HEADER_MAX, ls->family->header_len + ls->family->options_len(sk) +
		       LL_RESERVED_SPACE(dst->dev)))
		return NULL;
	ls->spare = NULL;
	wipe(skb, LTCP_HEADER_MAX);
	return skb;
}

static void send_planned(struct sock *sk, const struct ltcp_plan *plan, u64 now)
{
	struct sk_buff *skb = spare_skb(sk) ?: alloc_empty();

	if (skb)
		transmit(sk, skb, plan, now);
}

static struct sk_buff *next_queued(struct sock *sk, struct sk_buff *skb)
{
	if (skb_queue_is_last(&sk->sk_write_queue, skb))
		return NULL;
	return skb_queue_next(&sk->sk_write_queue, skb);
}

/* The queued skb that holds @seq, from @skb on */
static struct sk_buff *find_queued(struct sock *sk, struct sk_buff *skb, u32 seq)
{
	if (!skb)
		skb = skb_peek(&sk->sk_write_queue);
	while (skb && seq_ge(seq, LTCP_CB(skb)->end))
		skb = next_queued(sk, skb);
	return skb && seq_ge(seq, LTCP_CB(skb)->seq) ? skb : NULL;
}

/* Text that lies in too many pieces is copied into an skb of its own */
static struct sk_buff *gather_text(struct sock *sk, struct sk_buff *from, u32 seq, u32 len)
{
	struct sk_buff *skb = alloc_skb(HEADROOM + len, GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return NULL;
	skb_reserve(skb, HEADROOM);
	while (len) {
		u32 offset = seq - LTCP_CB(from)->seq;
		u32 n = min(len, from->len - offset);

		if (skb_copy_bits(from, offset, skb_put(skb, n), n))
			goto fail;
		seq += n;
		len -= n;
		if (!len)
			return skb;
		from = next_queued(sk, from);
		if (!from)
			goto fail;
	}
	return skb;
fail:
	kfree_skb(skb);
	return NULL;
}

/* Timestamps are wanted of an skb's last octet */
static void take_stamp(struct sk_buff *skb, const struct sk_buff *from)
{
	skb_shinfo(skb)->tx_flags |= skb_shinfo(from)->tx_flags & SKBTX_ANY_TSTAMP;
	skb_shinfo(skb)->tskey = skb_shinfo(from)->tskey;
}

/* Short text lies in the linear part of an skb and is copied; return: octets */
static u32 copy_linear(struct sk_buff *to, const struct sk_buff *from, u32 offset, u32 most)
{
	u32 n = offset < skb_headlen(from) ? min(skb_headlen(from) - offset, most) : 0;

	if (!n || skb_is_nonlinear(to) || n > (u32)skb_tailroom(to))
		return 0;
	skb_put_data(to, from->data + offset, n);
	return n;
}

/* Text that does not coincide with a queued skb: a head of its own, the same pages */
static struct sk_buff *slice(struct sock *sk, struct sk_buff *from, u32 seq, u32 len)
{
	struct sk_buff *skb = alloc_empty();
	u32 offset = seq - LTCP_CB(from)->seq;

	if (!skb)
		return NULL;
	while (from && skb->len < len) {
		u32 most = min(len - skb->len, from->len - offset);
		u32 n = copy_linear(skb, from, offset, most);
		u32 shared = ltcp_pages_share(skb, from, offset + n, most - n);

		skb->len += shared;
		skb->data_len += shared;
		skb->truesize += shared;
		n += shared;
		if (offset + n == from->len && skb_shinfo(from)->tx_flags)
			take_stamp(skb, from);
		if (n < most)
			break;
		offset = 0;
		from = next_queued(sk, from);
	}
	return skb;
}

/* A burst that lies in too many pieces becomes as many full segments as there is place for */
static struct sk_buff *sliced(struct sock *sk, struct sk_buff *from, struct ltcp_plan *plan)
{
	struct sk_buff *skb = slice(sk, from, plan->seq, plan->len);
	u32 mss = ltcp_sk(sk)->tcb.snd_mss, len;

	if (!skb || skb->len == plan->len)
		return skb;
	len = max(skb->len - skb->len % mss, min(plan->len, mss));
	if (len > skb->len || pskb_trim(skb, len)) {
		kfree_skb(skb);
		skb = gather_text(sk, from, plan->seq, len);
	}
	ltcp_plan_shorten(plan, len);
	return skb;
}

/* A clone shares the text and has its own header room, unless the last one's is in use */
static struct sk_buff *twin(struct sk_buff *from)
{
	struct sk_buff *skb;

	if (!skb_cloned(from))
		return skb_clone(from, GFP_ATOMIC);
	skb = pskb_copy(from, GFP_ATOMIC);
	if (skb)
		ltcp_pages_inherit(skb, from);
	return skb;
}

/* A packet's worth of queued text; an empty one for a bare FIN. @plan may be shortened. */
static struct sk_buff *text_skb(struct sock *sk, struct ltcp_plan *plan)
{
	struct sk_buff *hint = plan->again ? NULL : sk->sk_send_head, *from, *skb;

	if (!plan->len)
		return alloc_empty();
	from = find_queued(sk, hint, plan->seq);
	if (WARN_ON_ONCE(!from))
		return NULL;
	if (LTCP_CB(from)->seq != plan->seq || from->len != plan->len)
		return sliced(sk, from, plan);
	skb = twin(from);
	if (skb)
		memset(skb->cb, 0, sizeof(skb->cb));
	return skb;
}

static void advance_send_head(struct sock *sk)
{
	struct ltcp_sock *ls = ltcp_sk(sk);

	while (sk->sk_send_head && seq_ge(ls->tcb.snd_nxt, LTCP_CB(sk->sk_send_head)->end))
		sk->sk_send_head = next_queued(sk, sk->sk_send_head);
}

static bool send_text(struct sock *sk, struct ltcp_plan *plan, u64 now)
{
	struct sk_buff *skb = text_skb(sk, plan);

	if (!skb)
		return false;
	transmit(sk, skb, plan, now);
	ltcp_spans_reserve(sk, plan->again ? 2 : 1);
	ltcp_transmit_sent(&ltcp_sk(sk)->tcb, plan, now);
	advance_send_head(sk);
	return true;
}

static u32 headers_len(const struct ltcp_family *family)
{
	return family->header_len + LTCP_HEADER_MIN;
}

static u32 path_mss(const struct sock *sk, u32 mtu)
{
	const struct ltcp_sock *ls = ltcp_sk(sk);
	u32 headers = headers_len(ls->family) + ls->family->options_len(sk);
	u32 mss = mtu > headers ? mtu - headers : 0;

	return ls->user_mss && ls->user_mss < mss ? ls->user_mss : mss;
}

/* What is to be sent passes nearly everywhere; where it does not, ICMP says so, IP's own too */
static bool is_short(const struct ltcp_tcb *tcb)
{
	return ltcp_unsent(tcb) <= MSS_ANYWHERE && !tcb->flight.lost && !tcb->rack.probe_due;
}

/*
 * A path may become narrower without an ICMP message: by a route's or device's
 * new MTU, or the user's IP options. IPv6 does not fragment what is too big then.
 */
static void follow_route(struct sock *sk)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	const struct dst_entry *dst;

	if (!tcb->syn_acked || is_short(tcb))
		return;
	dst = ltcp_sk(sk)->family->route_sock(sk);
	if (!IS_ERR(dst) && path_mss(sk, dst_mtu(dst)) < tcb->path_mss)
		ltcp_output_path_mtu(sk, dst_mtu(dst));
}

/*
 * How much IP takes at once depends on the route, which may change at any time; what is
 * not TCP's never gets more than GSO_LEGACY_MAX_SIZE, less a header.
 */
static void update_gso_max(struct sock *sk, u64 rate)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;

	tcb->gso_max = sk_can_gso(sk) ? min_t(u32, sk->sk_gso_max_size,
					      sk->sk_gso_max_segs * tcb->snd_mss) : 0;
	if (rate)	/* a burst is no more than a millisecond's worth */
		tcb->gso_max = min_t(u64, tcb->gso_max, div_u64(rate, 1000));
}

/* SO_MAX_PACING_RATE, or what the congestion control wants; 0: any */
static u64 pacing_rate(struct sock *sk)
{
	u64 rate;

	if (READ_ONCE(sk->sk_pacing_status) == SK_PACING_NONE)
		return 0;
	rate = ltcp_pace_rate(&ltcp_sk(sk)->tcb, READ_ONCE(sk->sk_max_pacing_rate));
	WRITE_ONCE(sk->sk_pacing_rate, rate);
	return rate != ~0UL ? rate : 0;
}

void ltcp_output_limit(struct sock *sk, u64 now)
{
	bool full = sk->sk_socket && test_bit(SOCK_NOSPACE, &sk->sk_socket->flags);

	ltcp_totals_limit(&ltcp_sk(sk)->totals, &ltcp_sk(sk)->tcb, full, now);
}

void ltcp_output_begin(struct sock *sk)
{
	update_gso_max(sk, pacing_rate(sk));
}

/* All that may be sent at one time */
static bool send_all(struct sock *sk, u64 now)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	struct ltcp_plan plan;
	u64 rate = pacing_rate(sk);
	bool sent = false;

	now = ltcp_transmit_moment(tcb, now);
	follow_route(sk);
	update_gso_max(sk, rate);
	if (!ltcp_in_flight(tcb))
		ltcp_cong_start(tcb, now);
	while (ltcp_transmit_wanted(tcb) && ltcp_transmit_next(tcb, &plan)) {
		if (rate && ltcp_pace_wait(tcb, now))
			break;
		/* For want of memory: a timer runs, or ltcp_transmit_idle() sets one */
		if (!send_text(sk, &plan, now))
			break;
		if (rate)
			ltcp_pace_sent(tcb, plan.len, rate, now);
		else
			ltcp_pace_free(tcb, now);
		sent = true;
	}
	if (sent)
		ltcp_socket_sent(sk);
	ltcp_transmit_idle(tcb, now);
	ltcp_output_limit(sk, now);
	return sent;
}

bool ltcp_output(struct sock *sk, u64 now)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	bool sent = false;

	if (ltcp_transmit_wanted(tcb))
		sent = send_all(sk, now);
	ltcp_timers_sync(sk, now);
	return sent;
}

void ltcp_output_ack(struct sock *sk, u64 now)
{
	struct ltcp_plan plan;

	ltcp_transmit_ack(&ltcp_sk(sk)->tcb, &plan);
	send_planned(sk, &plan, now);
}

void ltcp_output_syn(struct sock *sk, u64 now)
{
	struct ltcp_plan plan;

	ltcp_transmit_syn(&ltcp_sk(sk)->tcb, &plan);
	plan.again = ltcp_sk(sk)->tcb.syn_rtx;
	send_planned(sk, &plan, now);
	ltcp_syn_fastopen(&ltcp_sk(sk)->tcb, NULL);
}

void ltcp_output_syn_text(struct sock *sk, u64 now)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	struct ltcp_plan plan, text;
	struct sk_buff *skb;

	ltcp_transmit_syn_text(tcb, &plan);
	text = plan;
	text.seq++;
	skb = text_skb(sk, &text);
	plan.len = text.len;
	if (skb) {
		transmit(sk, skb, &plan, now);
		ltcp_transmit_sent(tcb, &plan, now);
		advance_send_head(sk);
	}
	ltcp_syn_fastopen(tcb, NULL);
}

void ltcp_output_probe(struct sock *sk, u64 now)
{
	struct ltcp_plan plan;

	LTCP_COUNT(ltcp_sk_net(sk), PROBES);
	if (ltcp_transmit_probe(&ltcp_sk(sk)->tcb, &plan))
		send_text(sk, &plan, now);
}

void ltcp_output_keepalive(struct sock *sk, u64 now)
{
	struct ltcp_plan plan;

	LTCP_COUNT(ltcp_sk_net(sk), KEEPALIVES);
	ltcp_transmit_keepalive(&ltcp_sk(sk)->tcb, &plan);
	send_planned(sk, &plan, now);
}

static void reply_to_key(struct ltcp_reply *reply, const struct sock *sk)
{
	memset(reply, 0, sizeof(*reply));
	reply->key = &ltcp_sk(sk)->node.key;
	reply->sk = sk;	/* MUST-49: its TTL counts for RST as well */
	reply->oif = sk->sk_bound_dev_if;
	reply->mark = sk->sk_mark;
	reply->priority = sk->sk_priority;
	reply->tos = ltcp_sk(sk)->family->tos(sk);
	reply->named = true;
}

static void rst_header(const struct ltcp_verdict *v, struct ltcp_seg *seg)
{
	ltcp_segment_clear(seg);
	seg->seq = v->rst.seq;
	seg->ack = v->rst.ack;
	seg->flags = v->rst.flags;
}

void ltcp_output_rst(struct sock *sk, const struct ltcp_verdict *v)
{
	struct ltcp_reply reply;
	struct ltcp_seg seg __uninitialized;

	rst_header(v, &seg);
	reply_to_key(&reply, sk);
	ltcp_output_reply(ltcp_sk_net(sk), ltcp_sk(sk)->family, &reply, &seg, NULL);
}

void ltcp_output_reply_rst(struct ltcp_net *ln, const struct ltcp_family *family,
			   struct ltcp_reply *reply, const struct ltcp_verdict *v)
{
	struct ltcp_seg seg __uninitialized;

	rst_header(v, &seg);
	ltcp_output_reply(ln, family, reply, &seg, NULL);
}

/*
 * Under a flood most of the cost of an answer is memory that is allocated for
 * it, and that of the segment which is freed: the segment turns round instead.
 */
static struct sk_buff *reply_skb(const struct ltcp_family *family, struct ltcp_reply *reply,
				 unsigned int len, const struct dst_entry *dst)
{
	struct sk_buff *skb = reply->spare;

	if (!skb || reply->options ||
	    !can_serve(skb, len, family->header_len + LL_RESERVED_SPACE(dst->dev)))
		return alloc_empty();
	reply->spare = NULL;
	wipe(skb, len);
	return skb;
}

/*
 * Control groups' programs and packet filters ask for the socket that sends. A
 * listener that is being freed counts as nobody.
 */
static void name_sender(struct sk_buff *skb, const struct ltcp_reply *reply)
{
	struct sock *sender = (struct sock *)reply->sk;

	if (!reply->named || !refcount_inc_not_zero(&sender->sk_refcnt))
		return;
	skb->sk = sender;
	skb->destructor = sock_efree;
}

int ltcp_output_reply(struct ltcp_net *ln, const struct ltcp_family *family,
		      struct ltcp_reply *reply, struct ltcp_seg *seg,
		      struct dst_entry *dst)
{
	unsigned int len = seg_header_len(seg);
	struct sk_buff *skb;

	if (!dst)
		dst = family->route(ln, reply);
	if (!dst)
		return -EHOSTUNREACH;
	skb = reply_skb(family, reply, len, dst);
	if (!skb) {
		dst_release(dst);
		return -ENOMEM;
	}
	push_header(skb, seg, len, reply->key);
	name_sender(skb, reply);
	skb->ip_summed = CHECKSUM_NONE;
	family->checksum(skb, reply->key, dst);
	trace_ltcp_segment_out(ln, reply->key, seg);
	count_sent(ln, seg, 1, false);
	return family->reply(ln, reply, skb, dst);
}

static void free_queued(struct sock *sk, struct sk_buff *skb)
{
	if (sk->sk_send_head == skb)
		sk->sk_send_head = NULL;
	__skb_unlink(skb, &sk->sk_write_queue);
	sk_wmem_queued_add(sk, -skb->truesize);
	sk_mem_uncharge(sk, skb->truesize);
	__kfree_skb(skb);
}

void ltcp_output_release(struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_write_queue)) &&
	       seq_ge(ltcp_sk(sk)->tcb.snd_una, LTCP_CB(skb)->end)) {
		if (unlikely(LTCP_CB(skb)->stamp_ack))
			__skb_tstamp_tx(skb, NULL, NULL, sk, SCM_TSTAMP_ACK);
		free_queued(sk, skb);
	}
	ltcp_spans_shrink(sk);
	smp_mb();	/* with ltcp_poll_out(), which asks for a wake-up and looks again */
	if (sk->sk_socket && test_bit(SOCK_NOSPACE, &sk->sk_socket->flags))
		ltcp_socket_room(sk);
}

void ltcp_output_purge(struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_write_queue)))
		free_queued(sk, skb);
	sk->sk_send_head = NULL;
}

/*
 * The kernel takes it for TCP's sockets alone that a device without GSO is no
 * obstacle: bursts are cut in front of it then, once IP has been passed.
 */
void ltcp_output_caps(struct sock *sk, const struct dst_entry *dst)
{
	if (sk->sk_route_caps & NETIF_F_GSO || sk->sk_gso_disabled || dst->header_len)
		return;
	sk->sk_route_caps |= NETIF_F_GSO | NETIF_F_GSO_SOFTWARE | NETIF_F_SG | NETIF_F_HW_CSUM;
	sk->sk_gso_max_size = min_t(u32, READ_ONCE(dst->dev->gso_max_size), GSO_LEGACY_MAX_SIZE) -
			      (HEADROOM + 1);
	sk->sk_gso_max_segs = max_t(u32, READ_ONCE(dst->dev->gso_max_segs), 1);
}

void ltcp_output_path_mtu(struct sock *sk, u32 mtu)
{
	ltcp_tcb_set_path_mss(&ltcp_sk(sk)->tcb, path_mss(sk, mtu));
}

void ltcp_output_route(struct sock *sk, const struct dst_entry *dst)
{
	struct ltcp_sock *ls = ltcp_sk(sk);
	u32 rto_min = dst_metric(dst, RTAX_RTO_MIN);

	if (!ls->tcb.adv_mss)
		ls->tcb.adv_mss = ltcp_output_adv_mss(ls->family, dst, ls->user_mss);
	/* The metric is in milliseconds, as `ip route ... rto_min` gives it */
	if (dst_metric_locked(dst, RTAX_RTO_MIN) && rto_min)
		ls->tcb.rtt.rto_min_us = rto_min * 1000;
	ls->tcb.init_cwnd = min_t(u32, dst_metric(dst, RTAX_INITCWND), 255);
	ls->tcb.init_rwnd = min_t(u32, dst_metric(dst, RTAX_INITRWND), 255);
	ls->tcb.route_quickack = !!dst_metric(dst, RTAX_QUICKACK);
	ltcp_output_path_mtu(sk, dst_mtu(dst));
}
