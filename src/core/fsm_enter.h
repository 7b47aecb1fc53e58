/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the state machine share; nobody else's business. */
#ifndef LTCP_CORE_FSM_ENTER_H
#define LTCP_CORE_FSM_ENTER_H

#include "fsm.h"

/* The choke point: the only place that changes a TCB's state */
void fsm_enter(struct ltcp_tcb *tcb, enum ltcp_state to, enum ltcp_cause cause,
	       struct ltcp_verdict *v);

/* To CLOSED: the TCB is deleted. @err: positive errno for the user, 0: none */
void fsm_delete(struct ltcp_tcb *tcb, enum ltcp_cause cause, int err, struct ltcp_verdict *v);

/* FIN-WAIT-2, ours if the user has gone for good: wait no longer than that */
void fsm_start_linger(struct ltcp_tcb *tcb, u64 now);

/* CLOSE in ESTABLISHED or CLOSE-WAIT, or delayed till ESTABLISHED */
void fsm_queue_fin(struct ltcp_tcb *tcb, struct ltcp_verdict *v);

/* Take what a peer's SYN says: sequence number, window, options */
void fsm_take_syn(struct ltcp_tcb *tcb, const struct ltcp_seg *seg);

/* The retransmission timer starts anew; @backoff counts from here */
void fsm_restart_rtx(struct ltcp_tcb *tcb, u64 now);

#endif
