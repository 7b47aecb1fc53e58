/* SPDX-License-Identifier: GPL-2.0 */
/* Half-open entries: SYN-RECEIVED of a passive open in the TCB table. */
#ifndef LTCP_HALF_H
#define LTCP_HALF_H

#include "core/half.h"
#include "expiry.h"
#include "family.h"
#include "sock.h"

struct ltcp_saved_syn;
struct ltcp_timewait;

/**
 * struct ltcp_half_tail - what most half-open connections do without
 * @options: IP options for answers, NULL: none; freed with the entry
 * @syn: the SYN's headers (TCP_SAVE_SYN), NULL: not kept; freed with the entry
 * @timewait: TIME-WAIT in whose place it stands, and which comes back should the SYN turn
 *	out to be old; NULL: none
 * @label: IPv6: for answers
 */
struct ltcp_half_tail {
	const struct ip_options_rcu *options;
	struct ltcp_saved_syn *syn;
	struct ltcp_timewait *timewait;
	__be32 label;
};

/**
 * struct ltcp_half_entry - a half-open connection; freed after an RCU grace period
 * @node: place in the TCB table
 * @due: when the SYN-ACK is to be sent again, in ltcp_net.halves
 * @rcu: for freeing
 * @half: what the core needs
 * @listener: a reference is held
 * @lock: protects @half and the node's dead
 * @oif: for answers
 * @tail: one, if the node says so
 */
struct ltcp_half_entry {
	struct ltcp_node node;
	union {
		struct ltcp_due due;
		struct rcu_head rcu;
	};
	struct ltcp_half half;
	struct sock *listener;
	spinlock_t lock;	/* softirq-safe; outside the lanes' */
	int oif;
	struct ltcp_half_tail tail[];
};

static_assert(sizeof(spinlock_t) > 4 || sizeof(struct ltcp_half_entry) <= 128);

int ltcp_half_init(void);
void ltcp_half_exit(void);
int ltcp_half_net_init(struct ltcp_net *ln);
void ltcp_half_net_exit(struct ltcp_net *ln);

/**
 * ltcp_half_new() - remember a SYN
 * @listener: its n_half grows
 * @half: what to remember
 * @reply: how to answer; its options become the entry's
 * @syn: the SYN's headers, NULL: not to be kept; they become the entry's
 * @old: TIME-WAIT that gives way, NULL: none
 * @now: clock
 *
 * Return: 0, -EADDRINUSE when another CPU was first, -ESHUTDOWN when the listener closes,
 * or -ENOMEM
 */
int ltcp_half_new(struct sock *listener, const struct ltcp_half *half,
		  const struct ltcp_reply *reply, struct ltcp_saved_syn *syn,
		  struct ltcp_timewait *old, u64 now);

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
