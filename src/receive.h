/* SPDX-License-Identifier: GPL-2.0 */
/* Keeping received text: the receive queue, and what came out of order. */
#ifndef LTCP_RECEIVE_H
#define LTCP_RECEIVE_H

#include "sock.h"

/**
 * ltcp_receive_room() - is there memory for a segment's text?
 * @sk: locked
 * @skb: the segment
 * @seq: its first octet: what came out of order and lies beyond makes room for it
 *
 * Return: true when it may be stored; it is accounted to the socket then
 */
bool ltcp_receive_room(struct sock *sk, struct sk_buff *skb, u32 seq);

/**
 * ltcp_receive_store() - store the text of a segment as a verdict says
 * @sk: locked
 * @skb: the segment, skb->data at the TCP header; consumed
 * @header: octets of TCP header
 * @v: LTCP_ACT_TEXT is among its acts
 *
 * Text that is in order goes to sk_receive_queue, together with what it makes
 * contiguous, and the core hears of it.
 */
void ltcp_receive_store(struct sock *sk, struct sk_buff *skb, unsigned int header,
			const struct ltcp_verdict *v);

/**
 * ltcp_receive_purge() - free what is kept out of order
 * @sk: locked or unreachable
 */
void ltcp_receive_purge(struct sock *sk);

#endif
