// SPDX-License-Identifier: GPL-2.0
/* Segmentation in software: cutting bursts into segments, merging segments into bursts. */
#include <net/gro.h>
#include <net/ip.h>
#include <net/protocol.h>

#include "compat.h"
#include "core/bytes.h"
#include "core/segment.h"
#include "net.h"
#include "offload.h"
#include "pages.h"
#include "slices.h"

#define LAST_ONLY	(LTCP_FIN | LTCP_PSH)	/* what only the last segment of a burst has */
#define FIRST_ONLY	LTCP_CWR		/* and only the first: RFC 3168 section 6.1.2 */
#define ENDS_RUN	(LTCP_FIN | LTCP_SYN | LTCP_RST | LTCP_PSH | LTCP_URG)
/* What the segments of a run may differ in; of these only the first may have CWR */
#define MAY_DIFFER	(LAST_ONLY | FIRST_ONLY)

static unsigned int tcp_header_len(const u8 *header)
{
	return (header[12] >> 4) * 4;
}

static __sum16 *checksum_of(u8 *header)
{
	return (__sum16 *)(header + LTCP_AT_CHECKSUM);
}

/* Cutting */

/* The sum of a pseudo-header in @check is of a length @was; make it one of @len */
static void resum(struct sk_buff *skb, unsigned int was, unsigned int len)
{
	__sum16 *check = checksum_of(skb_transport_header(skb));
	__wsum sum = csum_sub(csum_unfold(*check), (__force __wsum)htonl(was));

	sum = csum_add(sum, (__force __wsum)htonl(len));
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		ltcp_offload_sum_by_anyone(skb, sum);
		gso_reset_checksum(skb, ~csum_unfold(*check));
	} else {
		*check = ~csum_fold(sum);
		*check = gso_make_checksum(skb, ~csum_unfold(*check));
	}
}

/* Give each segment its own number, flags and checksum */
static void finish_segments(struct sk_buff *segs, unsigned int header, unsigned int was)
{
	const u8 *first = skb_transport_header(segs);
	u32 seq = ltcp_get_be32(first + LTCP_AT_SEQ);
	u8 flags = first[LTCP_AT_FLAGS], mask = FIRST_ONLY;
	struct sk_buff *skb;

	for (skb = segs; skb; skb = skb->next) {
		u8 *h = skb_transport_header(skb);
		unsigned int text = skb->len - skb_transport_offset(skb) - header;

		h[LTCP_AT_FLAGS] = flags & ~(LAST_ONLY | FIRST_ONLY);
		h[LTCP_AT_FLAGS] |= flags & mask;
		if (!skb->next)
			h[LTCP_AT_FLAGS] |= flags & LAST_ONLY;
		mask = 0;
		ltcp_put_be32(h + LTCP_AT_SEQ, seq);
		seq += text;
		resum(skb, was, header + text);
	}
}

struct sk_buff *ltcp_offload_cut(struct sk_buff *skb, netdev_features_t features)
{
	unsigned int header, was = skb->len;
	struct sk_buff *segs;

	if (!pskb_may_pull(skb, LTCP_HEADER_MIN))
		return ERR_PTR(-EINVAL);
	header = tcp_header_len(skb->data);
	if (header < LTCP_HEADER_MIN || !pskb_may_pull(skb, header))
		return ERR_PTR(-EINVAL);
	__skb_pull(skb, header);
	/* A device that sums only protocols it knows would sum ours wrongly or not at all */
	if (!(features & NETIF_F_HW_CSUM))
		features &= ~NETIF_F_CSUM_MASK;
	segs = ltcp_slices(skb, features & ~NETIF_F_GSO_PARTIAL);
	if (!IS_ERR_OR_NULL(segs))
		finish_segments(segs, header, was);
	return segs;
}

/* Merging */

/* Is @skb what follows in the run @p? Options, timestamps too, must be the same. */
static bool follows(struct sk_buff *p, const u8 *h, const u8 *held, unsigned int header,
		    unsigned int text)
{
	unsigned int most = skb_shinfo(p)->gso_size, options = header - LTCP_HEADER_MIN;
	u32 next = ltcp_get_be32(held + LTCP_AT_SEQ) + skb_gro_len(p);
	u8 flags = h[LTCP_AT_FLAGS];

	return text && text <= most && tcp_header_len(held) == header &&
	       !((flags ^ held[LTCP_AT_FLAGS]) & ~MAY_DIFFER) && !(flags & FIRST_ONLY) &&
	       !memcmp(h + LTCP_AT_ACK, held + LTCP_AT_ACK, 4) &&
	       !memcmp(h + LTCP_AT_WND, held + LTCP_AT_WND, 2) &&
	       !memcmp(h + LTCP_HEADER_MIN, held + LTCP_HEADER_MIN, options) &&
	       ltcp_get_be32(h + LTCP_AT_SEQ) == next &&
	       !ltcp_compat_gro_ip_flush(h, held, p);
}

/* The run that @skb belongs to, by ports; addresses have been compared */
static struct sk_buff *find_run(struct list_head *held, const u8 *h)
{
	struct sk_buff *p;

	list_for_each_entry(p, held, list) {
		if (!NAPI_GRO_CB(p)->same_flow)
			continue;
		if (!memcmp(skb_transport_header(p), h, 4))
			return p;
		NAPI_GRO_CB(p)->same_flow = 0;
	}
	return NULL;
}

/* Is all of @skb's text in pages that @last has places for, and may share? */
static bool can_share(const struct sk_buff *last, const struct sk_buff *skb, unsigned int header)
{
	return skb_headlen(skb) <= header && !skb->pp_recycle && !last->pp_recycle &&
	       !skb_has_frag_list(skb) &&
	       skb_shinfo(last)->nr_frags + skb_shinfo(skb)->nr_frags <= MAX_SKB_FRAGS;
}

/* Text that lies in pages is shared, its skb can go */
static bool append_pages(struct sk_buff *p, struct sk_buff *skb, unsigned int header)
{
	struct sk_buff *last = NAPI_GRO_CB(p)->last;
	unsigned int text = skb->len - header, cost;

	if ((last != p && skb_cloned(last)) || !can_share(last, skb, header))
		return false;
	cost = skb->truesize - SKB_TRUESIZE(skb_end_offset(skb));
	ltcp_pages_share(last, skb, header, text);
	skb->truesize -= cost;
	if (last != p) {
		last->len += text;
		last->data_len += text;
		last->truesize += cost;
	}
	p->truesize += cost;
	NAPI_GRO_CB(skb)->free = NAPI_GRO_FREE;
	return true;
}

/* Other text becomes a link in a chain of skbs */
static bool append_skb(struct sk_buff *p, struct sk_buff *skb, unsigned int header)
{
	if (!pskb_pull(skb, header))
		return false;
	if (NAPI_GRO_CB(p)->last == p)
		skb_shinfo(p)->frag_list = skb;
	else
		NAPI_GRO_CB(p)->last->next = skb;
	NAPI_GRO_CB(p)->last = skb;
	__skb_header_release(skb);
	skb->destructor = NULL;
	skb->sk = NULL;
	p->truesize += skb->truesize;
	return true;
}

/*
 * What comes from within the host may still be accounted to its sender, and be
 * the clone of what he keeps: a run gets shared info of its own, and is his as a
 * whole (for else the kernel takes what follows for another flow), or nobody's.
 */
static bool append_segment(struct sk_buff *p, struct sk_buff *skb)
{
	unsigned int text = skb_gro_len(skb), header = skb_gro_offset(skb);

	/* What is lent (ltcp_pages_mix()) IP copies before it is kept, from single packets alone */
	if (p->len + text >= min(GRO_LEGACY_MAX_SIZE, READ_ONCE(p->dev->gro_max_size)) ||
	    NAPI_GRO_CB(skb)->flush || skb_zcopy(skb) || skb_zcopy(p))
		return false;
	if (p->sk != skb->sk || p->destructor != skb->destructor) {
		skb_orphan(p);
		skb_orphan(skb);
	}
	if (skb_unclone(p, GFP_ATOMIC))
		return false;
	if (!append_pages(p, skb, header) && !append_skb(p, skb, header))
		return false;
	p->len += text;
	p->data_len += text;
	NAPI_GRO_CB(p)->count++;
	NAPI_GRO_CB(skb)->same_flow = 1;
	return true;
}

/* The segment's header, pulled; NULL: it is malformed */
static const u8 *gro_header(struct sk_buff *skb, unsigned int *len)
{
	unsigned int at = skb_gro_offset(skb);
	const u8 *h = skb_gro_header(skb, at + LTCP_HEADER_MIN, at);

	if (!h)
		return NULL;
	*len = tcp_header_len(h);
	if (*len < LTCP_HEADER_MIN || *len > skb_gro_len(skb))
		return NULL;
	h = skb_gro_header(skb, at + *len, at);
	if (h)
		skb_gro_pull(skb, *len);
	return h;
}

struct sk_buff *ltcp_offload_merge(struct list_head *held, struct sk_buff *skb)
{
	unsigned int header = 0, text, most;
	const u8 *h = gro_header(skb, &header);
	struct sk_buff *p;
	bool over;
	u8 flags;

	if (!h) {
		NAPI_GRO_CB(skb)->flush = 1;
		return NULL;
	}
	flags = h[LTCP_AT_FLAGS];
	text = skb_gro_len(skb);
	over = !text || (flags & ENDS_RUN);
	p = find_run(held, h);
	if (p) {
		most = skb_shinfo(p)->gso_size;
		if (follows(p, h, skb_transport_header(p), header, text) &&
		    append_segment(p, skb)) {
			skb_transport_header(p)[LTCP_AT_FLAGS] |= flags & LAST_ONLY;
			over |= text < most;
		}
	}
	NAPI_GRO_CB(skb)->flush |= over;
	return p && (over || !NAPI_GRO_CB(skb)->same_flow) ? p : NULL;
}

void ltcp_offload_finish(struct sk_buff *skb, __wsum pseudo, unsigned int gso_type)
{
	ltcp_offload_sum_later(skb, pseudo);
	skb_shinfo(skb)->gso_segs = NAPI_GRO_CB(skb)->count;
	skb_shinfo(skb)->gso_type |= gso_type;
}

/* IPv4 */

static __wsum ipv4_pseudo(const struct sk_buff *skb, unsigned int len)
{
	return csum_tcpudp_nofold(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr, len, ltcp_protocol, 0);
}

static struct sk_buff *gso4_segment(struct sk_buff *skb, netdev_features_t features)
{
	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_TCPV4) || !pskb_may_pull(skb, LTCP_HEADER_MIN))
		return ERR_PTR(-EINVAL);
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		ltcp_offload_sum_later(skb, ipv4_pseudo(skb, skb->len));
	return ltcp_offload_cut(skb, features);
}

static struct sk_buff *gro4_receive(struct list_head *held, struct sk_buff *skb)
{
	if (!NAPI_GRO_CB(skb)->flush &&
	    skb_gro_checksum_validate(skb, ltcp_protocol, inet_gro_compute_pseudo)) {
		NAPI_GRO_CB(skb)->flush = 1;
		return NULL;
	}
	return ltcp_offload_merge(held, skb);
}

static int gro4_complete(struct sk_buff *skb, int at)
{
	ltcp_offload_finish(skb, ipv4_pseudo(skb, skb->len - at), LTCP_IPV4_GSO);
	return 0;
}

const struct net_offload ltcp_offload_ipv4 = {
	.callbacks = {
		.gso_segment = gso4_segment,
		.gro_receive = gro4_receive,
		.gro_complete = gro4_complete,
	},
};

/* IPv6 */

static __wsum ipv6_pseudo(const struct sk_buff *skb, unsigned int len)
{
	return ~csum_unfold(csum_ipv6_magic(&ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr, len,
					    ltcp_protocol, 0));
}

static struct sk_buff *gso6_segment(struct sk_buff *skb, netdev_features_t features)
{
	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6) || !pskb_may_pull(skb, LTCP_HEADER_MIN))
		return ERR_PTR(-EINVAL);
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		ltcp_offload_sum_later(skb, ipv6_pseudo(skb, skb->len));
	return ltcp_offload_cut(skb, features);
}

static struct sk_buff *gro6_receive(struct list_head *held, struct sk_buff *skb)
{
	if (!NAPI_GRO_CB(skb)->flush &&
	    skb_gro_checksum_validate(skb, ltcp_protocol, ip6_gro_compute_pseudo)) {
		NAPI_GRO_CB(skb)->flush = 1;
		return NULL;
	}
	return ltcp_offload_merge(held, skb);
}

static int gro6_complete(struct sk_buff *skb, int at)
{
	ltcp_offload_finish(skb, ipv6_pseudo(skb, skb->len - at), LTCP_IPV6_GSO);
	return 0;
}

const struct net_offload ltcp_offload_ipv6 = {
	.callbacks = {
		.gso_segment = gso6_segment,
		.gro_receive = gro6_receive,
		.gro_complete = gro6_complete,
	},
};
