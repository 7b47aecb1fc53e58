/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loss recovery and congestion control: RFC 5681 (slow start, avoidance, fast
 * retransmit), RFC 6582 (NewReno), RFC 6298 (timeout), RFC 6928 (IW10).
 */
#ifndef LTCP_CORE_RECOVERY_H
#define LTCP_CORE_RECOVERY_H

#include "tcb.h"

/**
 * ltcp_recovery_init() - the initial congestion window
 * @tcb: @tcb->snd_mss is known
 */
void ltcp_recovery_init(struct ltcp_tcb *tcb);

/**
 * ltcp_recovery_acked() - SND.UNA is about to advance
 * @tcb: still with the old SND.UNA
 * @ack: the new one
 */
void ltcp_recovery_acked(struct ltcp_tcb *tcb, u32 ack);

/**
 * ltcp_recovery_dupack() - a duplicate ACK, RFC 5681 section 2
 * @tcb: the third starts fast retransmit
 *
 * Return: true when something may be sent because of it
 */
bool ltcp_recovery_dupack(struct ltcp_tcb *tcb);

/**
 * ltcp_recovery_timeout() - the retransmission timer has expired
 * @tcb: everything in flight is to be sent again, from one segment on
 */
void ltcp_recovery_timeout(struct ltcp_tcb *tcb);

#endif
