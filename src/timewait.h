/* SPDX-License-Identifier: GPL-2.0 */
/* TIME-WAIT entries and the hrtimer that ends them. */
#ifndef LTCP_TIMEWAIT_H
#define LTCP_TIMEWAIT_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <net/sock.h>

#include "core/seq.h"
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

/**
 * struct ltcp_tw_reopen - a connection that is opened anew (MAY-2, RFC 6191)
 * @entry: by a SYN: still in TIME-WAIT, and remains so unless ltcp_timewait_yield()
 *	succeeds; by the user: has yielded; NULL: none
 * @iss_min: where the new ISS must lie beyond
 */
struct ltcp_tw_reopen {
	struct ltcp_timewait *entry;
	u32 iss_min;
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
 * @now: clock
 *
 * With 2MSL 0, too many entries, or no memory, the node just leaves the table.
 */
void ltcp_timewait_enter(struct sock *sk, u64 now);

/**
 * ltcp_timewait_rcv() - a segment for an entry
 * @ln: namespace
 * @node: of kind LTCP_KIND_TIMEWAIT
 * @seg: the segment
 * @reply: ready for an answer; its mark and the like become the connection's
 * @listening: there is a listener
 * @reopen: result, if that is to be asked: a SYN may open the connection anew
 *
 * Context: rcu_read_lock() is held.
 * Return: true when the segment has been dealt with; false: ask the listener if @reopen
 * has an entry now, or else look again, the entry has ended
 */
bool ltcp_timewait_rcv(struct ltcp_net *ln, struct ltcp_node *node, const struct ltcp_seg *seg,
		       struct ltcp_reply *reply, bool listening, struct ltcp_tw_reopen *reopen);

#define LTCP_TW_ISS_STEP	65537	/* beyond any window without scaling (RFC 6191 section 2) */

/**
 * ltcp_timewait_iss() - the ISS of a connection that may have been opened anew
 * @old: the old connection, NULL or without an entry: none
 * @iss: what it would be otherwise
 */
static inline u32 ltcp_timewait_iss(const struct ltcp_tw_reopen *old, u32 iss)
{
	if (!old || !old->entry || seq_gt(iss, old->iss_min + LTCP_TW_ISS_STEP))
		return iss;
	return old->iss_min + LTCP_TW_ISS_STEP;
}

/**
 * ltcp_timewait_yield() - a half-open connection takes an entry's place
 * @ln: namespace
 * @entry: waits, unless it has ended meanwhile
 * @node: of the half-open connection; same key
 *
 * The entry belongs to the half-open connection then, which calls one of the two below.
 *
 * Return: false when it has ended, or for want of memory: nothing has changed
 */
bool ltcp_timewait_yield(struct ltcp_net *ln, struct ltcp_timewait *entry,
			 struct ltcp_node *node);

/**
 * ltcp_timewait_reuse() - the user opens a connection whose pair is taken
 * @ln: namespace
 * @node: of the connection; in the table on success
 * @old: result: the entry that has yielded, for one of the two below
 *
 * Return: false unless a TIME-WAIT entry has the pair, and may be reused
 */
bool ltcp_timewait_reuse(struct ltcp_net *ln, struct ltcp_node *node,
			 struct ltcp_tw_reopen *old);

/**
 * ltcp_timewait_return() - the SYN was old, or nobody stands by it: back to TIME-WAIT
 * @ln: namespace
 * @entry: has yielded; 2MSL begins anew
 * @node: of the new connection; leaves the table
 * @now: clock
 */
void ltcp_timewait_return(struct ltcp_net *ln, struct ltcp_timewait *entry,
			  struct ltcp_node *node, u64 now);

/**
 * ltcp_timewait_over() - the new connection has come about
 * @ln: namespace
 * @entry: has yielded; is freed
 */
void ltcp_timewait_over(struct ltcp_net *ln, struct ltcp_timewait *entry);

#endif
