/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pacing: no more than so many octets a second, whatever the windows allow. For
 * connections whose user or whose congestion control asks for it. The timer is
 * coarse, so what is due soon is handed to IP with its time of departure: fq keeps
 * it until then, and any other queueing discipline lets it go a little early.
 */
#ifndef LTCP_CORE_PACE_H
#define LTCP_CORE_PACE_H

#include "tcb.h"

/**
 * ltcp_pace_rate() - how fast to send
 * @tcb: the connection
 * @limit: octets a second that the user allows, ~0: any
 *
 * Return: octets a second, ~0: not paced. An algorithm that has its packets paced
 * sends a window in half a round trip in slow start, in five sixths of one later
 */
u64 ltcp_pace_rate(const struct ltcp_tcb *tcb, u64 limit);

/**
 * ltcp_pace_wait() - is it too early to send?
 * @tcb: LTCP_TIMER_PACE is set if so
 * @now: clock
 */
bool ltcp_pace_wait(struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_pace_sent() - text was sent
 * @tcb: the next may follow when its time has passed
 * @octets: how many
 * @rate: octets a second
 * @now: clock
 */
void ltcp_pace_sent(struct ltcp_tcb *tcb, u32 octets, u64 rate, u64 now);

/**
 * ltcp_pace_free() - text was sent, and is not paced
 * @tcb: nor is what follows, should it have been before
 * @now: clock
 */
static inline void ltcp_pace_free(struct ltcp_tcb *tcb, u64 now)
{
	if (tcb->pace_at > now)
		tcb->pace_at = now;
}

/**
 * ltcp_pace_departure() - when may leave what is sent now?
 * @tcb: the connection; whether it is paced at present does not matter
 * @now: clock
 *
 * Return: @now or a little later, and never sooner than what was sent before
 */
u64 ltcp_pace_departure(const struct ltcp_tcb *tcb, u64 now);

#endif
