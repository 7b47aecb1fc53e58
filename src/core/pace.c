// SPDX-License-Identifier: GPL-2.0
/* Pacing. */
#include <linux/math64.h>

#include "cong.h"
#include "pace.h"

/* A kernel timer may be that late: what is due within this time is sent already */
#define AHEAD_US	10000u

u64 ltcp_pace_rate(const struct ltcp_tcb *tcb, u64 limit)
{
	u64 rate;

	if (!(tcb->cong->flags & LTCP_CONG_NEEDS_PACING) || !tcb->rtt.srtt_us)
		return limit;
	/* SRTT is kept eightfold */
	rate = div_u64(tcb->cwnd * 8000000ull, tcb->rtt.srtt_us);
	rate = tcb->cwnd < tcb->ssthresh ? rate * 2 : div_u64(rate * 6, 5);
	return rate < limit ? rate : limit;
}

bool ltcp_pace_wait(struct ltcp_tcb *tcb, u64 now)
{
	if (now >= tcb->pace_at)
		return false;
	tcb->timer[LTCP_TIMER_PACE] = tcb->pace_at;
	return true;
}

void ltcp_pace_sent(struct ltcp_tcb *tcb, u32 octets, u64 rate, u64 now)
{
	u64 from = now > AHEAD_US ? now - AHEAD_US : 0;

	if (tcb->pace_at > from)
		from = tcb->pace_at;
	tcb->pace_at = from + div64_u64(octets * 1000000ull, rate ? : 1);
}

u64 ltcp_pace_departure(const struct ltcp_tcb *tcb, u64 now)
{
	/* What goes though it is not its turn follows what was due within AHEAD_US */
	u64 at = (tcb->pace_at < now ? tcb->pace_at : now) + AHEAD_US;

	return at > now ? at : now;
}
