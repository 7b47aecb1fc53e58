/* SPDX-License-Identifier: GPL-2.0 */
/* The headers of the SYN that opened a connection, for its user: TCP_SAVE_SYN. */
#ifndef LTCP_SAVED_SYN_H
#define LTCP_SAVED_SYN_H

#include "sock.h"

/**
 * struct ltcp_saved_syn - the headers, as they came; kfree() it
 * @len: octets
 * @octets: from the IP header, or the link's, to the end of the options
 */
struct ltcp_saved_syn {
	u32 len;
	u8 octets[];
};

/**
 * ltcp_saved_syn() - keep the headers of a SYN, if the listener's user wants them
 * @listener: TCP_SAVE_SYN is his
 * @skb: the segment, skb->data at our header
 * @seg: decoded
 *
 * Return: the headers; NULL: nobody wants them, or there is no memory
 */
struct ltcp_saved_syn *ltcp_saved_syn(const struct sock *listener, const struct sk_buff *skb,
				      const struct ltcp_seg *seg);

/**
 * ltcp_saved_syn_free() - a connection keeps its SYN no longer
 * @sk: locked or unreachable
 */
void ltcp_saved_syn_free(struct sock *sk);

#endif
