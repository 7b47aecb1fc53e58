/* SPDX-License-Identifier: GPL-2.0 */
/* Half-open entries: SYN-RECEIVED of a passive open in the TCB table. */
#ifndef LTCP_HALF_H
#define LTCP_HALF_H

#include "core/half.h"
#include "family.h"
#include "sock.h"

/**
 * struct ltcp_half_entry - a half-open connection; freed after an RCU grace period
 * @node: place in the TCB table
 * @half: what the core needs
 * @dead: ended; whoever found it must look again; under @lock
 * @tos: for answers
 * @lock: protects @half and @dead
 * @mark: for answers
 * @oif: for answers
 * @label: for answers
 * @family: how it came
 * @options: IP options for answers, NULL: none; freed with the entry
 * @listener: a reference is held
 * @link: in ltcp_listener.halves
 * @timer: repeats the SYN-ACK
 * @rcu: for freeing
 */
struct ltcp_half_entry {
	struct ltcp_node node;
	struct ltcp_half half;
	bool dead;
	u8 tos;
	spinlock_t lock;
	u32 mark;
	int oif;
	__be32 label;
	const struct ltcp_family *family;
	const struct ip_options_rcu *options;
	struct sock *listener;
	struct hlist_node link;
	struct timer_list timer;
	struct rcu_head rcu;
};

int ltcp_half_init(void);
void ltcp_half_exit(void);

/**
 * ltcp_half_new() - remember a SYN
 * @listener: its n_half grows
 * @half: what to remember
 * @family: how it came
 * @reply: how to answer; its options become the entry's
 *
 * Return: 0, -EADDRINUSE when another CPU was first, or -ENOMEM
 */
int ltcp_half_new(struct sock *listener, const struct ltcp_half *half,
		  const struct ltcp_family *family, const struct ltcp_reply *reply);

/**
 * ltcp_half_rcv() - a segment for a half-open entry
 * @ln: namespace
 * @node: of kind LTCP_KIND_HALF
 * @skb: the segment; consumed unless the result is false
 * @seg: decoded
 * @reply: ready for an answer
 *
 * Return: false when the entry has ended: look again
 */
bool ltcp_half_rcv(struct ltcp_net *ln, struct ltcp_node *node, struct sk_buff *skb,
		   struct ltcp_seg *seg, struct ltcp_reply *reply);

/**
 * ltcp_half_icmp() - an ICMP error quotes our SYN-ACK
 * @ln: namespace
 * @node: of kind LTCP_KIND_HALF
 * @kind: a hard error ends the entry
 * @seq: SEG.SEQ of the quoted segment
 */
void ltcp_half_icmp(struct ltcp_net *ln, struct ltcp_node *node, enum ltcp_icmp kind, u32 seq);

/**
 * ltcp_half_purge() - a listener closes: its half-open connections are reset
 * @listener: locked
 */
void ltcp_half_purge(struct sock *listener);

#endif
