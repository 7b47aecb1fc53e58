// SPDX-License-Identifier: GPL-2.0
/* The headers of the SYN that opened a connection, for its user: TCP_SAVE_SYN. */
#include <linux/overflow.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "saved_syn.h"

/* TCP_SAVE_SYN of more than 1 asks for the link's header as well, where there is one */
static const u8 *headers_from(const struct sk_buff *skb, u8 wanted)
{
	if (wanted > 1 && skb_mac_header_was_set(skb))
		return skb_mac_header(skb);
	return skb_network_header(skb);
}

struct ltcp_saved_syn *ltcp_saved_syn(const struct sock *listener, const struct sk_buff *skb,
				      const struct ltcp_seg *seg)
{
	u8 wanted = READ_ONCE(ltcp_sk(listener)->save_syn);
	struct ltcp_saved_syn *syn;
	const u8 *from;
	u32 len;

	if (likely(!wanted))
		return NULL;
	from = headers_from(skb, wanted);
	len = skb->data + (skb->len - seg->text) - from;
	syn = kmalloc(struct_size(syn, octets, len), GFP_ATOMIC | __GFP_NOWARN);
	if (!syn)
		return NULL;
	syn->len = len;
	memcpy(syn->octets, from, len);
	return syn;
}

void ltcp_saved_syn_free(struct sock *sk)
{
	kfree(ltcp_sk(sk)->saved_syn);
	ltcp_sk(sk)->saved_syn = NULL;
}
