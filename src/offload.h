/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segmentation in software: bursts are cut into segments as late as possible
 * (GSO), and segments merged as early as possible (GRO).
 *
 * No device knows our protocol number, so none may be handed what it would
 * take for something else. A burst says that it is TCP's *and* SCTP's: what
 * only virtual devices claim to carry, which pass it on whole. For every other
 * device the kernel asks us to cut it. TCP's type is needed beside SCTP's
 * because the kernel computes the length of segments from it.
 */
#ifndef LTCP_OFFLOAD_H
#define LTCP_OFFLOAD_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/checksum.h>

#include "compat.h"
#include "core/segment.h"

#define LTCP_IPV4_GSO	(SKB_GSO_TCPV4 | SKB_GSO_SCTP)
#define LTCP_IPV6_GSO	(SKB_GSO_TCPV6 | SKB_GSO_SCTP)

struct net_offload;

/**
 * ltcp_offload_sum_later() - somebody else finishes the checksum
 * @skb: the transport header is set
 * @pseudo: sum of the pseudo-header, not complemented
 */
static inline void ltcp_offload_sum_later(struct sk_buff *skb, __wsum pseudo)
{
	u8 *header = skb_transport_header(skb);

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = header - skb->head;
	skb->csum_offset = LTCP_AT_CHECKSUM;
	*(__sum16 *)(header + LTCP_AT_CHECKSUM) = ~csum_fold(pseudo);
}

/**
 * ltcp_offload_sum_by_anyone() - the same, for what no card must take for TCP's
 * @skb: the transport header is set
 * @pseudo: sum of the pseudo-header, not complemented
 *
 * A driver that finds a checksum to be finished 16 octets into a segment takes
 * it for TCP's, and has the card sum it, which looks for a protocol that it
 * knows. So the ports are summed here and the rest is left, in which the
 * checksum is where no protocol has one: virtual devices and the kernel, which
 * sum anything, do so, and a driver of the other kind asks the kernel.
 */
static inline void ltcp_offload_sum_by_anyone(struct sk_buff *skb, __wsum pseudo)
{
	const u8 *ports = skb_transport_header(skb);

	ltcp_offload_sum_later(skb, csum_add(pseudo, get_unaligned((__force __wsum *)ports)));
	skb->csum_start += LTCP_AT_SEQ;
	skb->csum_offset -= LTCP_AT_SEQ;
}

/**
 * ltcp_offload_cut() - cut a burst into segments
 * @skb: the burst, skb->data at its TCP header, its checksum to be finished later
 * @features: NETIF_F_* of the device that asks
 *
 * Return: a list of segments or ERR_PTR()
 */
struct sk_buff *ltcp_offload_cut(struct sk_buff *skb, netdev_features_t features);

/**
 * ltcp_offload_merge() - merge a segment with those before it
 * @held: runs of segments that wait for more
 * @skb: the segment; its checksum is right
 *
 * Return: the run that has to wait no longer, or NULL
 */
struct sk_buff *ltcp_offload_merge(struct list_head *held, struct sk_buff *skb);

/**
 * ltcp_offload_finish() - a run of merged segments becomes a burst
 * @skb: the run, its transport header set
 * @pseudo: sum of its pseudo-header
 * @gso_type: LTCP_IPV4_GSO or LTCP_IPV6_GSO
 */
void ltcp_offload_finish(struct sk_buff *skb, __wsum pseudo, unsigned int gso_type);

extern const struct net_offload ltcp_offload_ipv4;
extern const struct net_offload ltcp_offload_ipv6;

#endif
