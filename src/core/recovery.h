/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loss recovery: RFC 5681 (fast retransmit), RFC 6582 (NewReno), RFC 6298
 * (timeout). How large the congestion window is otherwise: cong.h.
 */
#ifndef LTCP_CORE_RECOVERY_H
#define LTCP_CORE_RECOVERY_H

#include "cong.h"
#include "tcb.h"

/**
 * ltcp_recovery_acked() - SND.UNA is about to advance
 * @tcb: still with the old SND.UNA
 * @ack: the new one
 * @sample: what the ACK has told
 */
void ltcp_recovery_acked(struct ltcp_tcb *tcb, u32 ack, const struct ltcp_cong_sample *sample);

/**
 * ltcp_recovery_dupack() - a duplicate ACK, RFC 5681 section 2
 * @tcb: the third starts fast retransmit
 * @now: clock
 *
 * Return: true when something may be sent because of it
 */
bool ltcp_recovery_dupack(struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_recovery_timeout() - the retransmission timer has expired
 * @tcb: everything in flight is to be sent again, from one segment on
 * @now: clock
 */
void ltcp_recovery_timeout(struct ltcp_tcb *tcb, u64 now);

#endif
