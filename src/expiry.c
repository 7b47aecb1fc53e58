// SPDX-License-Identifier: GPL-2.0
/* Entries that wait for their ends, and the hrtimers that tell them. */
#include <linux/sched.h>

#include "compat.h"
#include "expiry.h"
#include "sock.h"

#define BATCH		256			/* entries that one run ends */
#define BREATH_NS	(50 * NSEC_PER_USEC)	/* between full runs */
#define SLACK_NS	NSEC_PER_MSEC		/* entries that end together */

/* The timer runs at a millisecond, or a breath from now if that has passed */
static void arm(struct ltcp_expiry *e, u32 at_ms, u64 now)
{
	s32 in_ms = at_ms - ltcp_ms(now);
	u64 ns;

	if (in_ms > 0)
		ns = (div_u64(now, USEC_PER_MSEC) + in_ms) * NSEC_PER_MSEC;
	else
		ns = now * NSEC_PER_USEC + BREATH_NS;
	e->at_ms = at_ms;
	e->armed = true;
	hrtimer_start_range_ns(&e->timer, ns_to_ktime(ns), SLACK_NS, HRTIMER_MODE_ABS_SOFT);
}

static void arm_first(struct ltcp_expiry *e, u64 now)
{
	struct ltcp_due *first = ltcp_lanes_first(&e->lanes);

	e->armed = false;
	if (first)
		arm(e, ltcp_lanes_end_ms(&e->lanes, first), now);
}

/* What leaves its lane early leaves the timer as it is: it runs and finds nothing. */
void ltcp_expiry_add(struct ltcp_expiry *e, unsigned int lane, struct ltcp_due *due,
		     u32 span_ms, u64 now)
{
	u32 end;

	ltcp_lanes_add(&e->lanes, lane, due, span_ms, ltcp_ms(now));
	end = ltcp_lanes_end_ms(&e->lanes, due);
	if (!e->armed || ltcp_ms_before(end, e->at_ms))
		arm(e, end, now);
}

/* Take the first entry from its lane, if it ends by now */
static struct ltcp_due *pop(struct ltcp_expiry *e, u64 now)
{
	struct ltcp_due *due;

	spin_lock(&e->lock);
	due = ltcp_lanes_first(&e->lanes);
	if (due && ltcp_ms_before(ltcp_ms(now), ltcp_lanes_end_ms(&e->lanes, due)))
		due = NULL;
	if (due)
		ltcp_lanes_remove(due);
	spin_unlock(&e->lock);
	return due;
}

static enum hrtimer_restart lane_timer_expired(struct hrtimer *timer)
{
	struct ltcp_expiry *e = container_of(timer, struct ltcp_expiry, timer);
	struct ltcp_due *due;
	u64 now = 0;
	int i;

	rcu_read_lock();
	for (i = 0; i < BATCH; i++) {
		now = ltcp_now();
		due = pop(e, now);
		if (!due)
			break;
		e->expired(e->ln, due, now);
	}
	rcu_read_unlock();
	spin_lock(&e->lock);
	arm_first(e, now);
	spin_unlock(&e->lock);
	return HRTIMER_NORESTART;
}

struct ltcp_due *ltcp_expiry_take(struct ltcp_expiry *e)
{
	struct ltcp_due *due;

	spin_lock_bh(&e->lock);
	due = ltcp_lanes_first(&e->lanes);
	if (due)
		ltcp_lanes_remove(due);
	spin_unlock_bh(&e->lock);
	return due;
}

u32 ltcp_expiry_left_ms(const struct ltcp_expiry *e, const struct ltcp_due *due)
{
	s32 left = ltcp_lanes_end_ms(&e->lanes, due) - ltcp_ms(ltcp_now());

	return max(left, 0);
}

struct ltcp_expiry __percpu *ltcp_expiry_make(struct ltcp_net *ln, unsigned int n_lanes,
					      ltcp_expired_fn expired)
{
	struct ltcp_expiry __percpu *expiry;
	int cpu;

	expiry = __alloc_percpu(sizeof(*expiry) + n_lanes * sizeof(struct ltcp_lane),
				__alignof__(*expiry));
	if (!expiry)
		return NULL;
	for_each_possible_cpu(cpu) {
		struct ltcp_expiry *e = per_cpu_ptr(expiry, cpu);

		spin_lock_init(&e->lock);
		ltcp_lanes_init(&e->lanes, (struct ltcp_lane *)(e + 1), n_lanes);
		ltcp_compat_hrtimer_setup(&e->timer, lane_timer_expired, CLOCK_MONOTONIC,
					  HRTIMER_MODE_ABS_SOFT);
		e->ln = ln;
		e->expired = expired;
	}
	return expiry;
}

void ltcp_expiry_free(struct ltcp_expiry __percpu *expiry)
{
	int cpu;

	if (!expiry)
		return;
	for_each_possible_cpu(cpu)
		hrtimer_cancel(&per_cpu_ptr(expiry, cpu)->timer);
	free_percpu(expiry);
}
