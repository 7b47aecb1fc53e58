/* SPDX-License-Identifier: GPL-2.0 */
/* TIME-WAIT entries and the hrtimer that ends them. */
#ifndef LTCP_TIMEWAIT_H
#define LTCP_TIMEWAIT_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <net/sock.h>

#include "core/timewait.h"
#include "expiry.h"
#include "tcb_table.h"

struct ltcp_net;
struct ltcp_reply;

/**
 * struct ltcp_timewait - what is left of a connection for 2MSL
 * @node: place in the TCB table
 * @due: its end, in ltcp_net.timewait; an entry that does not wait has ended, and whoever
 *	found it must look again
 * @rcu: for freeing
 * @tw: what the core needs; under the lock of its CPU's lanes
 * @priority: of its answers
 * @netns: number of the namespace, which the port's lists do not tell apart
 * @port_link: among those that keep the same port, see ports.c
 */
struct ltcp_timewait {
	struct ltcp_node node;
	union {
		struct ltcp_due due;
		struct rcu_head rcu;
	};
	struct ltcp_tw tw;
	u32 priority;
	u32 netns;
	struct hlist_node port_link;
};

static_assert(sizeof(struct ltcp_timewait) <= 128);
static_assert(sizeof(struct rcu_head) <= offsetof(struct ltcp_due, since_ms));

/* What became of a segment for a TIME-WAIT entry */
enum ltcp_tw_result {
	LTCP_TW_DONE,		/* dealt with; the caller frees the skb */
	LTCP_TW_GONE,		/* the entry has ended: look again */
	LTCP_TW_REOPEN,		/* a new SYN: the entry has ended, ask a listener */
};

int ltcp_timewait_init(void);
void ltcp_timewait_exit(void);
int ltcp_timewait_net_init(struct ltcp_net *ln);
void ltcp_timewait_net_exit(struct ltcp_net *ln);

/**
 * ltcp_timewait_purge() - end all entries of a namespace at once
 * @ln: namespace
 */
void ltcp_timewait_purge(struct ltcp_net *ln);

/**
 * ltcp_timewait_enter() - a connection's place in the table goes to a new entry
 * @sk: locked; its TCB has just entered TIME-WAIT; @sk's node leaves the table
 *
 * With 2MSL 0, too many entries, or no memory, the node just leaves the table.
 */
void ltcp_timewait_enter(struct sock *sk);

/**
 * ltcp_timewait_rcv() - a segment for an entry
 * @ln: namespace
 * @entry: found by ltcp_table_lookup()
 * @seg: the segment
 * @reply: ready for an answer
 * @iss_min: with LTCP_TW_REOPEN: where the new ISS must start beyond
 *
 * Context: rcu_read_lock() is held.
 * Return: enum ltcp_tw_result; REOPEN is given only if @listening
 */
enum ltcp_tw_result ltcp_timewait_rcv(struct ltcp_net *ln, struct ltcp_timewait *entry,
				      const struct ltcp_seg *seg, struct ltcp_reply *reply,
				      bool listening, u32 *iss_min);

#endif
