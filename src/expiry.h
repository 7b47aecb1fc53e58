/* SPDX-License-Identifier: GPL-2.0 */
/* Entries that wait for their ends: lanes (core/lanes.h) and an hrtimer for each CPU. */
#ifndef LTCP_EXPIRY_H
#define LTCP_EXPIRY_H

#include <linux/hrtimer.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>

#include "core/lanes.h"

struct ltcp_net;

/* An entry has reached its end and has left its lane. Context: softirq, RCU read side. */
typedef void (*ltcp_expired_fn)(struct ltcp_net *ln, struct ltcp_due *due, u64 now);

/**
 * struct ltcp_expiry - the entries that began on one CPU, of one namespace
 * @lock: protects all but what is set at the beginning, and the entries' ltcp_due
 * @lanes: of the entries
 * @timer: runs when the first of them ends
 * @at_ms: when that is, with @armed
 * @armed: @timer runs
 * @ln: namespace
 * @expired: called for each entry at its end
 */
struct ltcp_expiry {
	spinlock_t lock;	/* softirq-safe; innermost but for the TCB table's */
	struct ltcp_lanes lanes;
	struct hrtimer timer;
	u32 at_ms;
	bool armed;
	struct ltcp_net *ln;
	ltcp_expired_fn expired;
};

/**
 * ltcp_expiry_make() - lanes for all CPUs
 * @ln: namespace
 * @n_lanes: lanes of each
 * @expired: what happens at an entry's end
 *
 * Return: NULL without memory
 */
struct ltcp_expiry __percpu *ltcp_expiry_make(struct ltcp_net *ln, unsigned int n_lanes,
					      ltcp_expired_fn expired);

/**
 * ltcp_expiry_free() - the opposite
 * @expiry: of ltcp_expiry_make(), NULL: none; no entry waits
 */
void ltcp_expiry_free(struct ltcp_expiry __percpu *expiry);

/**
 * ltcp_expiry_add() - an entry begins to wait
 * @e: of its CPU, locked
 * @lane: as ltcp_lanes_pick() would say
 * @due: the entry
 * @span_ms: how long
 * @now: clock
 */
void ltcp_expiry_add(struct ltcp_expiry *e, unsigned int lane, struct ltcp_due *due,
		     u32 span_ms, u64 now);

/**
 * ltcp_expiry_take() - take any entry from its lane, whenever it ends
 * @e: not locked
 *
 * Return: NULL when there is none
 */
struct ltcp_due *ltcp_expiry_take(struct ltcp_expiry *e);

/**
 * ltcp_expiry_of() - the lanes that an entry waits in
 * @expiry: of all CPUs
 * @due: the entry
 */
static inline struct ltcp_expiry *ltcp_expiry_of(struct ltcp_expiry __percpu *expiry,
						 const struct ltcp_due *due)
{
	return per_cpu_ptr(expiry, due->cpu);
}

/**
 * ltcp_expiry_here() - the lanes for an entry that begins now
 * @expiry: of all CPUs
 * @due: the entry; remembers the CPU
 */
static inline struct ltcp_expiry *ltcp_expiry_here(struct ltcp_expiry __percpu *expiry,
						   struct ltcp_due *due)
{
	due->cpu = raw_smp_processor_id();
	return per_cpu_ptr(expiry, due->cpu);
}

/**
 * ltcp_expiry_left_ms() - how long does an entry still wait?
 * @e: its lanes; need not be locked for an estimate
 * @due: the entry
 *
 * Return: milliseconds, 0: its end has come
 */
u32 ltcp_expiry_left_ms(const struct ltcp_expiry *e, const struct ltcp_due *due);

#endif
