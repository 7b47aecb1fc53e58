/* SPDX-License-Identifier: GPL-2.0 */
/* Building and sending segments. */
#ifndef LTCP_OUTPUT_H
#define LTCP_OUTPUT_H

#include <net/dst.h>

#include "core/transmit.h"
#include "family.h"
#include "offload.h"
#include "sock.h"

/**
 * ltcp_output() - send all that may be sent now
 * @sk: locked
 * @now: clock
 *
 * Return: true when a segment was sent: it has carried the acknowledgment
 */
bool ltcp_output(struct sock *sk, u64 now);

/**
 * ltcp_output_begin() - find out how large a burst may be
 * @sk: locked, connected; the user's first text is about to be queued, in skbs of that size
 */
void ltcp_output_begin(struct sock *sk);

/**
 * ltcp_output_limit() - note what keeps the socket from sending, for TCP_INFO
 * @sk: locked
 * @now: clock
 */
void ltcp_output_limit(struct sock *sk, u64 now);

/**
 * ltcp_output_ack() - send a segment without text
 * @sk: locked
 * @now: clock
 */
void ltcp_output_ack(struct sock *sk, u64 now);

/**
 * ltcp_output_syn() - send our SYN: with ACK unless in SYN-SENT
 * @sk: locked
 * @now: clock
 */
void ltcp_output_syn(struct sock *sk, u64 now);

/**
 * ltcp_output_syn_text() - send our SYN with text
 * @sk: locked, in SYN-SENT
 * @now: clock
 */
void ltcp_output_syn_text(struct sock *sk, u64 now);

/**
 * ltcp_output_probe() - send a window probe
 * @sk: locked
 * @now: clock
 */
void ltcp_output_probe(struct sock *sk, u64 now);

/**
 * ltcp_output_keepalive() - send a keep-alive probe: SEG.SEQ = SND.NXT - 1 (SHLD-12)
 * @sk: locked
 * @now: clock
 */
void ltcp_output_keepalive(struct sock *sk, u64 now);

/**
 * ltcp_output_rst() - send the RST of a verdict for a connection
 * @sk: locked
 * @v: LTCP_ACT_RST is among its acts
 */
void ltcp_output_rst(struct sock *sk, const struct ltcp_verdict *v);

/**
 * ltcp_output_reply() - send a segment without text that belongs to no connection
 * @ln: namespace
 * @family: whose
 * @reply: to whom
 * @seg: the header; ports are taken from @reply
 * @dst: its route, a reference of which is taken over; NULL: look it up
 *
 * Return: 0 or -errno
 */
int ltcp_output_reply(struct ltcp_net *ln, const struct ltcp_family *family,
		      struct ltcp_reply *reply, struct ltcp_seg *seg,
		      struct dst_entry *dst);

/**
 * ltcp_output_reply_rst() - send the RST of a verdict that concerns no connection
 * @ln: namespace
 * @family: whose
 * @reply: to whom
 * @v: LTCP_ACT_RST is among its acts
 */
void ltcp_output_reply_rst(struct ltcp_net *ln, const struct ltcp_family *family,
			   struct ltcp_reply *reply, const struct ltcp_verdict *v);

/**
 * ltcp_output_release() - SND.UNA has advanced: free what was acknowledged
 * @sk: locked
 */
void ltcp_output_release(struct sock *sk);

/**
 * ltcp_output_purge() - free the send queue
 * @sk: locked or unreachable
 */
void ltcp_output_purge(struct sock *sk);

/**
 * ltcp_output_route() - the route is known or has changed: take its MTU and metrics
 * @sk: locked
 * @dst: the route
 */
void ltcp_output_route(struct sock *sk, const struct dst_entry *dst);

/**
 * ltcp_output_caps() - the socket has a new route: bursts go whatever its device can
 * @sk: locked; sk_setup_caps() has been called
 * @dst: the route
 */
void ltcp_output_caps(struct sock *sk, const struct dst_entry *dst);

/**
 * ltcp_output_sum() - sum a segment now
 * @skb: skb->data at the TCP header, which is skb's transport header
 * @pseudo: sum of the pseudo-header, not complemented
 */
void ltcp_output_sum(struct sk_buff *skb, __wsum pseudo);

static inline bool ltcp_output_sums_later(const struct dst_entry *dst)
{
	return dst && !dst_xfrm(dst) && dst->dev->features & NETIF_F_HW_CSUM;
}

/**
 * ltcp_output_checksum() - what ltcp_family.checksum does with any pseudo-header
 * @skb: skb->data at the TCP header, which is skb's transport header
 * @dst: its route
 * @pseudo: sum of the pseudo-header, not complemented
 */
static inline void ltcp_output_checksum(struct sk_buff *skb, const struct dst_entry *dst,
					__wsum pseudo)
{
	if (skb_is_gso(skb))	/* whoever cuts a burst sums its segments */
		ltcp_offload_sum_later(skb, pseudo);
	else if (ltcp_output_sums_later(dst))
		ltcp_offload_sum_by_anyone(skb, pseudo);
	else
		ltcp_output_sum(skb, pseudo);
}

/**
 * ltcp_output_path_mtu() - what the path carries is known or has changed
 * @sk: locked
 * @mtu: octets of an IP packet
 */
void ltcp_output_path_mtu(struct sock *sk, u32 mtu);

/**
 * ltcp_output_adv_mss() - the MSS to offer on a route (MUST-67, SHLD-6)
 * @family: of the route
 * @dst: the route
 * @user_mss: TCP_MAXSEG, 0: none
 */
static inline u16 ltcp_output_adv_mss(const struct ltcp_family *family,
				      const struct dst_entry *dst, u16 user_mss)
{
	u32 headers = family->header_len + LTCP_HEADER_MIN;
	u32 mss = dst_metric_raw(dst, RTAX_ADVMSS);

	if (!mss) {
		u32 mtu = dst_mtu(dst);	/* SHLD-6, MUST-67: what fits, options not counted */

		mss = mtu > headers ? mtu - headers : 0;
	}
	if (user_mss && user_mss < mss)
		mss = user_mss;
	return clamp_t(u32, mss, 64, 65535);
}

#endif
