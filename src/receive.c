// SPDX-License-Identifier: GPL-2.0
/* Keeping received text. What belongs where is decided in core/reasm.c. */
#include <linux/rbtree.h>

#include "core/reasm.h"
#include "core/sack.h"
#include "receive.h"
#include "socket.h"

/* Of an skb that the text of several small segments is copied into, so that all is a page */
#define ROOMY	SKB_WITH_OVERHEAD(PAGE_SIZE)

static struct ltcp_range range_of(const struct sk_buff *skb)
{
	return (struct ltcp_range){ LTCP_CB(skb)->seq, LTCP_CB(skb)->end };
}

static bool over_limit(const struct sock *sk)
{
	return atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf);
}

static bool has_room(struct sock *sk, struct sk_buff *skb)
{
	return !over_limit(sk) && sk_rmem_schedule(sk, skb, skb->truesize);
}

/* Text that is copied into the last piece (coalesce()) costs nothing, however full the buffer */
static bool fits_tail(const struct sock *sk, const struct sk_buff *skb)
{
	const struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);

	return tail && skb->len <= skb_tailroom(tail) && !skb_cloned(tail) &&
	       !tail->pp_recycle && !skb->pp_recycle;
}

static bool fits(struct sock *sk, struct sk_buff *skb, bool in_order)
{
	return has_room(sk, skb) || (in_order && fits_tail(sk, skb));
}

static void take_out(struct rb_root *root, struct sk_buff *skb)
{
	rb_erase(&skb->rbnode, root);
	RB_CLEAR_NODE(&skb->rbnode);
	skb->next = NULL;
	skb->prev = NULL;
	skb->dev = NULL;	/* shares its place with the rbnode */
}

/*
 * The window promises half of the buffer as text, but a small segment may cost
 * many times its text. Once a quarter of the buffer is taken, or all sockets'
 * memory is short, such text is copied to where the next can join it, so that
 * what was promised fits.
 */
static bool wasteful(const struct sock *sk, const struct sk_buff *skb)
{
	return skb->truesize > 2 * skb->len &&
	       (atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf) / 4 ||
		ltcp_socket_memory_pressure());
}

/* The text of @skb behind what @roomy has; the last time is the one that is told */
static bool append_text(struct sk_buff *roomy, const struct sk_buff *skb)
{
	if (skb_copy_bits(skb, 0, skb_put(roomy, skb->len), skb->len))
		return false;
	LTCP_CB(roomy)->end = LTCP_CB(skb)->end;
	roomy->tstamp = skb->tstamp;
	skb_hwtstamps(roomy)->hwtstamp = skb_hwtstamps((struct sk_buff *)skb)->hwtstamp;
	return true;
}

/* An empty skb with room for the text of @first, and more; NULL: there is no memory */
static struct sk_buff *alloc_roomy(const struct sk_buff *first)
{
	struct sk_buff *roomy = alloc_skb(ROOMY, GFP_ATOMIC | __GFP_NOWARN);

	if (roomy) {
		LTCP_CB(roomy)->seq = LTCP_CB(first)->seq;
		LTCP_CB(roomy)->end = LTCP_CB(first)->seq;
	}
	return roomy;
}

/* In an skb with room for more; @skb itself if it is not wasteful, or memory is short */
static struct sk_buff *repack(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff *roomy;

	if (skb->sk || skb->len > ROOMY || !wasteful(sk, skb))
		return skb;
	roomy = alloc_roomy(skb);
	if (!roomy)
		return skb;
	if (!sk_rmem_schedule(sk, roomy, roomy->truesize) || !append_text(roomy, skb)) {
		kfree_skb(roomy);
		return skb;
	}
	kfree_skb(skb);
	return roomy;
}

/**
 * struct ltcp_run - pieces in the receive queue that follow each other
 * @last: of them
 * @len: octets of text
 * @truesize: what they cost
 */
struct ltcp_run {
	struct sk_buff *last;
	unsigned int len;
	unsigned int truesize;
};

/* As many pieces from @first on as would fit into one skb */
static struct ltcp_run run_from(const struct sk_buff_head *queue, struct sk_buff *first)
{
	struct ltcp_run run = { first, first->len, first->truesize };
	struct sk_buff *skb = first;

	while (!skb_queue_is_last(queue, skb)) {
		skb = skb_queue_next(queue, skb);
		if (run.len + skb->len > ROOMY)
			break;
		run.last = skb;
		run.len += skb->len;
		run.truesize += skb->truesize;
	}
	return run;
}

/* Those pieces become one; return: that, or the last of them where it would not be cheaper */
static struct sk_buff *join_skbs(struct sock *sk, struct sk_buff *first, const struct ltcp_run *run)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	struct sk_buff *roomy, *skb = first;

	if (run->len > ROOMY || run->truesize <= SKB_TRUESIZE(ROOMY))
		return run->last;
	roomy = alloc_roomy(first);
	if (!roomy)
		return run->last;
	while (append_text(roomy, skb) && skb != run->last)
		skb = skb_queue_next(queue, skb);
	if (roomy->len != run->len || LTCP_CB(roomy)->end != LTCP_CB(run->last)->end) {
		kfree_skb(roomy);
		return run->last;
	}
	skb_set_owner_r(roomy, sk);
	__skb_queue_before(queue, first, roomy);
	do {
		skb = skb_queue_next(queue, roomy);
		__skb_unlink(skb, queue);
		LTCP_COUNT(ltcp_sk_net(sk), COLLAPSED);
		kfree_skb(skb);
	} while (skb != run->last);
	return roomy;
}

/* Small segments that came while there was room enough are copied together: is there more now? */
static bool collapse(struct sock *sk)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	struct sk_buff *skb = skb_peek(queue);

	if (!ltcp_sk(sk)->sparse)
		return false;
	ltcp_sk(sk)->sparse = false;
	while (skb) {
		struct ltcp_run run = run_from(queue, skb);

		skb = join_skbs(sk, skb, &run);
		skb = skb_queue_is_last(queue, skb) ? NULL : skb_queue_next(queue, skb);
	}
	return true;
}

/*
 * What is out of order makes room for what comes before it, the last first:
 * the peer keeps it until it is acknowledged (RFC 2018 section 8).
 */
static bool prune(struct sock *sk, struct sk_buff *skb, u32 seq)
{
	struct rb_root *root = &ltcp_sk(sk)->ahead;
	struct rb_node *at = rb_last(root);
	bool room = false;
	u32 from = seq;

	if (!at || seq_le(LTCP_CB(rb_to_skb(at))->seq, seq))
		return false;
	LTCP_COUNT(ltcp_sk_net(sk), PRUNED);
	for (; at && !room; at = rb_last(root)) {
		struct sk_buff *last = rb_to_skb(at);

		if (seq_le(LTCP_CB(last)->seq, seq))
			break;
		from = LTCP_CB(last)->seq;
		take_out(root, last);
		kfree_skb(last);
		room = has_room(sk, skb);
	}
	ltcp_sack_forget(&ltcp_sk(sk)->tcb, from);
	return room;
}

/*
 * Whoever waits for text and has nothing to read gets it however short all
 * sockets' memory is: or else those who wait for each other would do so for ever.
 */
static bool starves(struct sock *sk, struct sk_buff *skb)
{
	if (over_limit(sk) || !skb_queue_empty(&sk->sk_receive_queue))
		return false;
	ltcp_socket_claim(sk, skb->truesize);
	return true;
}

bool ltcp_receive_room(struct sock *sk, struct sk_buff *skb, u32 seq)
{
	bool in_order = seq_le(seq, ltcp_sk(sk)->tcb.rcv_nxt);

	return fits(sk, skb, in_order) || (collapse(sk) && fits(sk, skb, in_order)) ||
	       prune(sk, skb, seq) || (in_order && starves(sk, skb));
}

/* Leave of a piece only what @keep says */
static bool cut(struct sk_buff *skb, const struct ltcp_range *keep)
{
	if (!pskb_pull(skb, keep->start - LTCP_CB(skb)->seq))
		return false;
	if (pskb_trim(skb, keep->end - keep->start))
		return false;
	LTCP_CB(skb)->seq = keep->start;
	LTCP_CB(skb)->end = keep->end;
	return true;
}

/* The urgent octet is kept aside as well, for MSG_OOB */
static void catch_urgent(struct ltcp_sock *ls, const struct sk_buff *skb)
{
	u32 offset = ls->oob_seq - LTCP_CB(skb)->seq;

	if (ls->oob_state != LTCP_OOB_AWAITED || offset >= skb->len)
		return;
	if (skb_copy_bits(skb, offset, &ls->oob_byte, 1) == 0)
		ls->oob_state = LTCP_OOB_VALID;
}

/* Small segments share one skb: their headers would cost more than their text */
static bool coalesce(struct sock *sk, struct sk_buff *tail, struct sk_buff *skb)
{
	u32 end = LTCP_CB(skb)->end;
	bool stolen;
	int delta;

	if (!tail || skb->sk || (wasteful(sk, skb) && skb->len > skb_tailroom(tail)) ||
	    !skb_try_coalesce(tail, skb, &stolen, &delta))
		return false;
	atomic_add(delta, &sk->sk_rmem_alloc);
	sk_mem_charge(sk, delta);
	LTCP_CB(tail)->end = end;
	if (skb->tstamp) {	/* the last of those joined is the one whose time is told */
		tail->tstamp = skb->tstamp;
		skb_hwtstamps(tail)->hwtstamp = skb_hwtstamps(skb)->hwtstamp;
	}
	kfree_skb_partial(skb, stolen);
	return true;
}

static void queue_in_order(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	u32 n = skb->len;

	catch_urgent(ltcp_sk(sk), skb);
	if (!coalesce(sk, tail, skb)) {
		tail = repack(sk, skb);
		if (!tail->sk)
			skb_set_owner_r(tail, sk);
		__skb_queue_tail(&sk->sk_receive_queue, tail);
	}
	if (tail->truesize > 2 * tail->len)
		ltcp_sk(sk)->sparse = true;
	ltcp_sk(sk)->totals.received += n;
	ltcp_fsm_text_in_order(&ltcp_sk(sk)->tcb, n);
}

/* The kept piece that begins last at or before @seq */
static struct rb_node *piece_before(const struct rb_root *root, u32 seq)
{
	struct rb_node *at = root->rb_node, *best = NULL;

	while (at) {
		if (seq_gt(LTCP_CB(rb_to_skb(at))->seq, seq)) {
			at = at->rb_left;
		} else {
			best = at;
			at = at->rb_right;
		}
	}
	return best;
}

static void link_ahead(struct rb_root *root, struct sk_buff *skb)
{
	struct rb_node **at = &root->rb_node, *parent = NULL;

	while (*at) {
		parent = *at;
		at = seq_lt(LTCP_CB(skb)->seq, LTCP_CB(rb_to_skb(parent))->seq) ?
			&parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&skb->rbnode, parent, at);
	rb_insert_color(&skb->rbnode, root);
}

/* All of the contiguous text that @run is a part of */
static void widen(const struct sock *sk, struct ltcp_range *run)
{
	const struct rb_root *root = &ltcp_sk(sk)->ahead;
	struct rb_node *before, *after;
	bool grown;

	do {
		grown = ltcp_sack_widen(&ltcp_sk(sk)->tcb, run);
		before = piece_before(root, run->start - 1);
		if (before && seq_ge(LTCP_CB(rb_to_skb(before))->end, run->start)) {
			run->start = LTCP_CB(rb_to_skb(before))->seq;
			grown = true;
		}
		after = piece_before(root, run->end);
		if (after && seq_gt(LTCP_CB(rb_to_skb(after))->end, run->end)) {
			run->end = LTCP_CB(rb_to_skb(after))->end;
			grown = true;
		}
	} while (grown);
}

/* RFC 2018 section 4: the next ACK tells of the piece that has just arrived, new or not */
static void tell_sack(struct sock *sk, struct ltcp_range run)
{
	widen(sk, &run);
	ltcp_sack_stored(&ltcp_sk(sk)->tcb, &run);
}

/* What of @new is kept already was sent twice, RFC 2883 */
static void tell_duplicate(struct sock *sk, const struct ltcp_range *new,
			   const struct ltcp_range *kept)
{
	struct ltcp_range both;

	if (!ltcp_reasm_overlap(new, kept, &both))
		return;
	LTCP_COUNT(ltcp_sk_net(sk), DUPLICATES);
	ltcp_sack_duplicate(&ltcp_sk(sk)->tcb, &both);
}

/* Make room among the kept pieces for @new, which is cut; false: nothing of it is new */
static bool fit(struct sock *sk, struct ltcp_range *new)
{
	struct rb_root *root = &ltcp_sk(sk)->ahead;
	struct rb_node *at = piece_before(root, new->start) ? : rb_first(root), *next;

	for (; at; at = next) {
		struct sk_buff *kept = rb_to_skb(at);
		struct ltcp_range range = range_of(kept);

		next = rb_next(at);
		tell_duplicate(sk, new, &range);
		switch (ltcp_reasm_fit(new, &range)) {
		case LTCP_FIT_BEFORE:
		case LTCP_FIT_CUT_TAIL:
			return true;
		case LTCP_FIT_DUPLICATE:
			return false;
		case LTCP_FIT_REPLACES:
			take_out(root, kept);
			kfree_skb(kept);
			break;
		case LTCP_FIT_AFTER:
		case LTCP_FIT_CUT_HEAD:
			break;
		}
	}
	return true;
}

/* The kept piece that ends where @seq begins */
static struct sk_buff *kept_before(struct sock *sk, u32 seq)
{
	struct rb_node *at = piece_before(&ltcp_sk(sk)->ahead, seq);

	return at && LTCP_CB(rb_to_skb(at))->end == seq ? rb_to_skb(at) : NULL;
}

static void keep_ahead(struct sock *sk, struct sk_buff *skb)
{
	struct ltcp_range new = range_of(skb);
	struct sk_buff *before;

	LTCP_COUNT(ltcp_sk_net(sk), OUT_OF_ORDER);
	if (!fit(sk, &new)) {
		tell_sack(sk, new);
		kfree_skb(skb);
		return;
	}
	if (!cut(skb, &new)) {
		kfree_skb(skb);
		return;
	}
	before = kept_before(sk, new.start);
	if (!before || !coalesce(sk, before, skb)) {
		if (before)	/* what follows may join it there */
			skb = repack(sk, skb);
		skb_set_owner_r(skb, sk);
		link_ahead(&ltcp_sk(sk)->ahead, skb);
	}
	tell_sack(sk, new);
}

/* What was kept has come once more, in order */
static void tell_old(struct ltcp_sock *ls, const struct ltcp_range *kept)
{
	const struct ltcp_range old = { kept->start, seq_min(kept->end, ls->tcb.rcv_nxt) };

	ltcp_sack_duplicate(&ls->tcb, &old);
}

/* Deliver what has become contiguous */
static void pull_ahead(struct sock *sk)
{
	struct ltcp_sock *ls = ltcp_sk(sk);
	struct rb_node *first;

	while ((first = rb_first(&ls->ahead))) {
		struct sk_buff *skb = rb_to_skb(first);
		struct ltcp_range range = range_of(skb);
		u32 skip;

		switch (ltcp_reasm_ready(&range, ls->tcb.rcv_nxt, &skip)) {
		case LTCP_READY_GAP:
			return;
		case LTCP_READY_OLD:
			tell_old(ls, &range);
			take_out(&ls->ahead, skb);
			kfree_skb(skb);
			break;
		case LTCP_READY_TAKE:
			if (skip)
				tell_old(ls, &range);
			take_out(&ls->ahead, skb);
			range.start += skip;
			if (!cut(skb, &range)) {
				kfree_skb(skb);	/* the peer will send it again */
				return;
			}
			queue_in_order(sk, skb);
			break;
		}
	}
}

void ltcp_receive_store(struct sock *sk, struct sk_buff *skb, unsigned int header,
			const struct ltcp_verdict *v)
{
	if (!pskb_pull(skb, header + v->text_skip) || pskb_trim(skb, v->text_len)) {
		kfree_skb(skb);
		return;
	}
	LTCP_CB(skb)->seq = v->text_seq;
	LTCP_CB(skb)->end = v->text_seq + v->text_len;
	if (v->text_seq != ltcp_sk(sk)->tcb.rcv_nxt) {
		keep_ahead(sk, skb);
		return;
	}
	queue_in_order(sk, skb);
	if (!RB_EMPTY_ROOT(&ltcp_sk(sk)->ahead))
		pull_ahead(sk);
}

void ltcp_receive_purge(struct sock *sk)
{
	struct rb_root *root = &ltcp_sk(sk)->ahead;
	struct rb_node *at;

	while ((at = rb_first(root))) {
		struct sk_buff *skb = rb_to_skb(at);

		take_out(root, skb);
		kfree_skb(skb);
	}
	ltcp_sack_forget(&ltcp_sk(sk)->tcb, ltcp_sk(sk)->tcb.rcv_nxt);
}
