// SPDX-License-Identifier: GPL-2.0
/* Text in pages: skbs that hold the same text without a copy. */
#include "pages.h"

bool ltcp_pages_add(struct sk_buff *skb, struct page *page, unsigned int offset, unsigned int n)
{
	int i = skb_shinfo(skb)->nr_frags;

	if (skb_can_coalesce(skb, i, page, offset)) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], n);
		return true;
	}
	if (i >= MAX_SKB_FRAGS)
		return false;
	get_page(page);
	skb_fill_page_desc_noacc(skb, i, page, offset, n);
	return true;
}

unsigned int ltcp_pages_share(struct sk_buff *to, const struct sk_buff *from,
			      unsigned int offset, unsigned int len)
{
	const struct skb_shared_info *info = skb_shinfo(from);
	unsigned int done = 0, n;
	int i;

	if (offset < skb_headlen(from) || !ltcp_pages_mix(to, from))
		return 0;
	offset -= skb_headlen(from);
	for (i = 0; i < info->nr_frags && done < len; i++) {
		const skb_frag_t *frag = &info->frags[i];

		if (offset >= skb_frag_size(frag)) {
			offset -= skb_frag_size(frag);
			continue;
		}
		n = min(len - done, skb_frag_size(frag) - offset);
		if (!ltcp_pages_add(to, skb_frag_page(frag), skb_frag_off(frag) + offset, n))
			break;
		done += n;
		offset = 0;
	}
	ltcp_pages_inherit(to, from);
	return done;
}
