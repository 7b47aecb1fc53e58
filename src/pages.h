/* SPDX-License-Identifier: GPL-2.0 */
/* Text in pages: skbs that hold the same text without a copy. */
#ifndef LTCP_PAGES_H
#define LTCP_PAGES_H

#include <linux/skbuff.h>

/**
 * ltcp_pages_add() - append a piece of a page to an skb
 * @skb: its shared info is its own; lengths and truesize are the caller's
 * @page: a reference is taken
 * @offset: where the piece begins
 * @n: octets
 *
 * Return: false when @skb has no place for one more piece
 */
bool ltcp_pages_add(struct sk_buff *skb, struct page *page, unsigned int offset, unsigned int n);

/**
 * ltcp_pages_fit() - is there a place for one more piece?
 * @skb: where it is to go
 * @page: its page
 * @offset: where it begins
 */
static inline bool ltcp_pages_fit(const struct sk_buff *skb, const struct page *page,
				  unsigned int offset)
{
	int i = skb_shinfo(skb)->nr_frags;

	return i < MAX_SKB_FRAGS ||
	       skb_can_coalesce((struct sk_buff *)skb, i, page, offset);
}

/**
 * ltcp_pages_mix() - may pages of one skb be added to another?
 * @to: has pages, or none yet
 * @from: where they are
 *
 * An skb whose pages are lent notes who lends them, and there is place for one. He gets them
 * back when the last skb that notes him is gone.
 */
static inline bool ltcp_pages_mix(struct sk_buff *to, const struct sk_buff *from)
{
	struct ubuf_info *lender = skb_zcopy((struct sk_buff *)from);

	if (likely(!lender))
		return true;
	if (skb_zcopy(to))
		return skb_zcopy(to) == lender;
	net_zcopy_get(lender);
	skb_zcopy_init(to, lender);
	return true;
}

/**
 * ltcp_pages_inherit() - note of an skb what is true of pages that it has from another
 * @to: has some of the pages now
 * @from: where they were
 *
 * Pages that a file or a user still owns may change under us: whoever sums them
 * must know. Pages of the last reserve are no memory for usual sockets.
 */
static inline void ltcp_pages_inherit(struct sk_buff *to, const struct sk_buff *from)
{
	skb_shinfo(to)->flags |= skb_shinfo(from)->flags & SKBFL_SHARED_FRAG;
	if (skb_pfmemalloc(from))
		to->pfmemalloc = 1;
}

/**
 * ltcp_pages_share() - append text of one skb to another
 * @to: its shared info is its own; lengths and truesize are the caller's
 * @from: what lies in pages of it is shared, its linear part is left out
 * @offset: where in @from to begin
 * @len: octets
 *
 * Return: octets appended; fewer than @len when @from ends, or @to is full; 0 where @offset
 * is in the linear part
 */
unsigned int ltcp_pages_share(struct sk_buff *to, const struct sk_buff *from,
			      unsigned int offset, unsigned int len);

#endif
