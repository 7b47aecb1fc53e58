/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The timers of a connection. The core keeps a deadline for each (enum
 * ltcp_timer: RTX, PERSIST, DELACK, KEEPALIVE, PACE or LINGER); one kernel timer runs
 * at the earliest. TIME-WAIT has its own (timewait.h), half-open entries too
 * (listen.h).
 */
#ifndef LTCP_TIMERS_H
#define LTCP_TIMERS_H

#include <net/sock.h>

void ltcp_timers_init(struct sock *sk);

/**
 * ltcp_timers_sync() - the kernel's timer follows the deadlines
 * @sk: locked; called after everything that may have changed a deadline
 * @now: clock
 */
void ltcp_timers_sync(struct sock *sk, u64 now);

/**
 * ltcp_timers_stop() - no timer runs any more
 * @sk: locked, its TCB is deleted
 */
void ltcp_timers_stop(struct sock *sk);

/**
 * ltcp_timers_run() - act on the deadlines that have passed
 * @sk: locked
 */
void ltcp_timers_run(struct sock *sk);

#endif
