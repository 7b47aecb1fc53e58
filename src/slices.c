// SPDX-License-Identifier: GPL-2.0
/* Slices of a burst: a packet for each segment. */
#include <linux/netdevice.h>

#include "compat.h"
#include "pages.h"
#include "slices.h"

/**
 * struct ltcp_slicer - how far it has come
 * @burst: what is sliced, its data begins with the link's header
 * @header: octets of all headers
 * @room: octets of memory for the headers of a slice, and for those to come
 * @frag: the piece of @burst's text in which the next slice begins
 * @done: octets of that piece that are in slices already
 */
struct ltcp_slicer {
	struct sk_buff *burst;
	unsigned int header;
	unsigned int room;
	const skb_frag_t *frag;
	unsigned int done;
};

/*
 * What we send ourselves: headers in the linear part and all text in pages that can be
 * shared, to a device that gathers and sums. The kernel's skb_segment() does it all, but
 * asks for memory four times where twice will do.
 */
static bool is_plain(const struct sk_buff *burst, netdev_features_t features)
{
	return features & NETIF_F_SG && features & NETIF_F_HW_CSUM &&
	       burst->ip_summed == CHECKSUM_PARTIAL && !skb_headlen(burst) &&
	       !skb_has_frag_list(burst) && !skb_tnl_header_len(burst) &&
	       !skb_zcopy((struct sk_buff *)burst) && !burst->pp_recycle &&
	       skb_shinfo(burst)->gso_size && !irqs_disabled();
}

/* The headers, in a piece of a page that the slices share */
static struct sk_buff *slice_headers(const struct ltcp_slicer *s)
{
	void *room = napi_alloc_frag(s->room);
	struct sk_buff *skb;

	if (!room)
		return NULL;
	skb = napi_build_skb(room, s->room);
	if (!skb) {
		skb_free_frag(room);
		return NULL;
	}
	skb_reserve(skb, skb_headroom(s->burst));
	memcpy(__skb_put(skb, s->header), s->burst->data, s->header);
	skb_copy_header(skb, s->burst);
	skb_shinfo(skb)->gso_size = 0;
	skb_shinfo(skb)->gso_segs = 0;
	skb_shinfo(skb)->gso_type = 0;
	skb_reset_mac_len(skb);
	return skb;
}

/* A slice has no more pieces than its burst: there is a place for each */
static void slice_text(struct ltcp_slicer *s, struct sk_buff *skb, unsigned int len)
{
	unsigned int n, todo;

	for (todo = len; todo; todo -= n) {
		n = min(todo, skb_frag_size(s->frag) - s->done);
		ltcp_pages_add(skb, skb_frag_page(s->frag), skb_frag_off(s->frag) + s->done, n);
		s->done += n;
		if (s->done == skb_frag_size(s->frag)) {
			s->frag++;
			s->done = 0;
		}
	}
	ltcp_pages_inherit(skb, s->burst);
	skb->len += len;
	skb->data_len = len;
	skb->truesize += len;
}

/* The socket is told when the last has gone: until then it is to believe that all is under way */
static void slice_owner(struct sk_buff *burst, struct sk_buff *last)
{
	if (burst->destructor != sock_wfree)
		return;
	swap(last->truesize, burst->truesize);
	swap(last->destructor, burst->destructor);
	swap(last->sk, burst->sk);
}

static struct sk_buff *slice_all(struct ltcp_slicer *s, unsigned int text, unsigned int mss)
{
	struct sk_buff *first = NULL, *last = NULL, *skb;
	unsigned int n;

	for (; text; text -= n) {
		skb = slice_headers(s);
		if (!skb) {
			kfree_skb_list(first);
			return ERR_PTR(-ENOMEM);
		}
		n = min(text, mss);
		slice_text(s, skb, n);
		if (last)
			last->next = skb;
		else
			first = skb;
		last = skb;
	}
	/* Who sends a list looks for its end there */
	first->prev = last;
	slice_owner(s->burst, last);
	return first;
}

struct sk_buff *ltcp_slices(struct sk_buff *burst, netdev_features_t features)
{
	struct ltcp_slicer s = { .burst = burst, .frag = skb_shinfo(burst)->frags };
	unsigned int text = burst->len;
	struct sk_buff *first;

	if (!text || !is_plain(burst, features))
		return skb_segment(burst, features);
	s.header = burst->data - skb_mac_header(burst);
	__skb_push(burst, s.header);
	s.room = SKB_DATA_ALIGN(skb_headroom(burst) + s.header) +
		 SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	local_bh_disable();	/* the caches are the processor's */
	first = slice_all(&s, text, skb_shinfo(burst)->gso_size);
	local_bh_enable();
	return first;
}
