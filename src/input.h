/* SPDX-License-Identifier: GPL-2.0 */
/* A segment's way in, and carrying out verdicts. */
#ifndef LTCP_INPUT_H
#define LTCP_INPUT_H

#include <linux/filter.h>
#include <net/ip.h>

#include "family.h"
#include "sock.h"

/* Nearly all lie in one piece, and are summed here if the device has not done it */
static inline bool ltcp_input_sums_up(struct sk_buff *skb, typeof(inet_compute_pseudo) *pseudo)
{
	if (skb->ip_summed == CHECKSUM_NONE && !skb->csum_valid && !skb_is_nonlinear(skb))
		return !csum_fold(csum_partial(skb->data, skb->len, pseudo(skb, ltcp_protocol)));
	return !skb_checksum_validate(skb, ltcp_protocol, pseudo);
}

/**
 * ltcp_input_sound() - is a segment's header whole and its checksum right? (MUST-3)
 * @ln: namespace
 * @skb: skb->data at the TCP header, which is in the linear part afterwards
 * @pseudo: sum of the family's pseudo-header
 *
 * Return: false: to be dropped, it has been counted
 */
static inline bool ltcp_input_sound(struct ltcp_net *ln, struct sk_buff *skb,
				    typeof(inet_compute_pseudo) *pseudo)
{
	unsigned int len;

	if (!pskb_may_pull(skb, LTCP_HEADER_MIN))
		goto bad;
	len = (skb->data[12] >> 4) * 4;
	if (len < LTCP_HEADER_MIN || !pskb_may_pull(skb, len))
		goto bad;
	if (ltcp_input_sums_up(skb, pseudo))
		return true;
	LTCP_COUNT(ln, IN_CSUM_ERRS);
bad:
	LTCP_COUNT(ln, IN_ERRS);
	return false;
}

/**
 * ltcp_input_admitted() - may a segment come in at all? IPsec's policy, then the filter
 * @ln: namespace
 * @family: how it came
 * @sk: whose it is, or the listener of the half-open connection that it is for
 * @skb: skb->data at the TCP header
 * @seg: decoded; its text is shorter afterwards if a filter has cut it
 *
 * Return: false: to be dropped, it has been counted
 */
static inline bool ltcp_input_admitted(struct ltcp_net *ln, const struct ltcp_family *family,
				       struct sock *sk, struct sk_buff *skb, struct ltcp_seg *seg)
{
	unsigned int header = skb->len - seg->text;

	if (!family->policy_ok(sk, skb)) {
		LTCP_COUNT(ln, DROP_POLICY);
		return false;
	}
	if (sk_filter_trim_cap(sk, skb, header)) {
		LTCP_COUNT(ln, DROP_FILTER);
		return false;
	}
	seg->text = skb->len - header;	/* a filter may have cut it */
	return true;
}

/**
 * ltcp_input_detach() - a queue that holds a segment must not pin its route, nor its device
 * @skb: on its way into a connection; it has no owner then
 */
void ltcp_input_detach(struct sk_buff *skb);

/* The rest of ltcp_input_early(), for segments that have a socket */
bool ltcp_input_found(struct ltcp_net *ln, const struct ltcp_family *family, struct sk_buff *skb);

/**
 * ltcp_input_early() - a segment has arrived: is it known already whose it is?
 * @ln: namespace
 * @family: how it came
 * @skb: as for ltcp_input(); consumed if so
 *
 * Context: softirq, rcu_read_lock() is held.
 *
 * Return: false: ltcp_input() has to find out
 */
static inline bool ltcp_input_early(struct ltcp_net *ln, const struct ltcp_family *family,
				    struct sk_buff *skb)
{
	return skb->sk && ltcp_input_found(ln, family, skb);
}

/**
 * ltcp_input() - a segment has arrived
 * @ln: namespace
 * @family: how it came
 * @skb: skb->data at the TCP header, checksum verified or CHECKSUM_UNNECESSARY; consumed
 * @key: both ends, seen from here
 * @dif: interface it came in by (l3mdev master under VRF)
 * @sdif: the enslaved interface, 0: none
 *
 * Context: softirq, rcu_read_lock() is held.
 */
void ltcp_input(struct ltcp_net *ln, const struct ltcp_family *family, struct sk_buff *skb,
		const struct ltcp_key *key, int dif, int sdif);

/**
 * ltcp_input_icmp() - an ICMP error quotes a segment of ours
 * @ln: namespace
 * @key: both ends, seen from here
 * @dif: interface it came in by
 * @sdif: the enslaved interface, 0: none
 * @kind: what it means
 * @err: positive errno
 * @info: with LTCP_ICMP_MTU the next hop's MTU
 * @seq: SEG.SEQ of the quoted segment
 * @skb: the ICMP message, for the error queue; skb->data at the quoted IP header
 *
 * Context: softirq, rcu_read_lock() is held.
 */
void ltcp_input_icmp(struct ltcp_net *ln, const struct ltcp_key *key, int dif, int sdif,
		     enum ltcp_icmp kind, int err, u32 info, u32 seq, struct sk_buff *skb);

/**
 * ltcp_input_redirect() - ICMP tells of a better first hop
 * @ln: namespace
 * @key: both ends of the quoted segment, seen from here
 * @dif: interface it came in by
 * @sdif: the enslaved interface, 0: none
 * @seq: SEG.SEQ of the quoted segment
 * @skb: the ICMP message, for the route
 *
 * Context: softirq, rcu_read_lock() is held.
 */
void ltcp_input_redirect(struct ltcp_net *ln, const struct ltcp_key *key, int dif, int sdif,
			 u32 seq, struct sk_buff *skb);

/**
 * ltcp_input_rcv() - proto.backlog_rcv: a segment for a connection
 * @sk: locked
 * @skb: consumed
 *
 * Return: 0
 */
int ltcp_input_rcv(struct sock *sk, struct sk_buff *skb);

/**
 * ltcp_input_segment() - SEGMENT ARRIVES for a connection
 * @sk: locked
 * @skb: skb->data at the TCP header; consumed
 * @seg: decoded
 * @now: clock
 */
void ltcp_input_segment(struct sock *sk, struct sk_buff *skb, struct ltcp_seg *seg, u64 now);

/**
 * ltcp_input_deferred() - do what found the socket owned by its user
 * @sk: its lock is about to be released
 */
void ltcp_input_deferred(struct sock *sk);

/**
 * ltcp_act_urgent() - carry out LTCP_ACT_URGENT, and take it from the verdict
 * @sk: locked; the text of the same segment is not stored yet
 * @v: what the core decided
 */
void ltcp_act_urgent(struct sock *sk, struct ltcp_verdict *v);

/**
 * ltcp_act_count() - count why a segment was not taken
 * @ln: namespace
 * @v: verdict
 */
void ltcp_act_count(struct ltcp_net *ln, const struct ltcp_verdict *v);

/**
 * ltcp_act() - carry out a verdict
 * @sk: locked; may be closed afterwards, the caller holds a reference
 * @v: what the core decided
 * @now: clock, when the event began: all that follows from it is of that time
 */
void ltcp_act(struct sock *sk, struct ltcp_verdict *v, u64 now);

/**
 * ltcp_act_moves() - the one place where a socket's state follows the core's
 * @sk: locked
 * @v: its moves are traced, counted and checked against the table
 */
void ltcp_act_moves(struct sock *sk, const struct ltcp_verdict *v);

/**
 * ltcp_trace_moves() - trace and check moves of an entry that is no socket
 * @ln: namespace
 * @key: both ends
 * @v: the verdict
 */
void ltcp_trace_moves(struct ltcp_net *ln, const struct ltcp_key *key,
		      const struct ltcp_verdict *v);

#endif
