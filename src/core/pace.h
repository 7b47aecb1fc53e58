/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pacing: no more than so many octets a second, whatever the windows allow. For
 * connections whose user or whose congestion control asks for it, where no
 * queueing discipline (fq) does it.
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

#endif
