/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loss recovery: what an ACK, a duplicate ACK and a timeout mean for what is
 * in flight, and how much may be sent while it is repaired.
 *
 *	with SACK	RFC 2018, RFC 2883, RFC 6675, RFC 6937 (PRR), RFC 8985
 *	without		RFC 6582 (NewReno), RFC 3042 (limited transmit)
 *	both		RFC 6298 (timeout), RFC 5682 (F-RTO), RFC 3522 (Eifel)
 *
 * What is lost is found in rack.h or here, marked in flight.h, and sent again
 * by transmit.h as far as the congestion window allows (cong.h).
 */
#ifndef LTCP_CORE_RECOVERY_H
#define LTCP_CORE_RECOVERY_H

#include "cong.h"
#include "fsm.h"
#include "tcb.h"

/**
 * ltcp_recovery_acked() - SND.UNA advances
 * @tcb: still with the old SND.UNA; it is set here
 * @seg: the segment with the ACK
 * @sample: what congestion control is told of it; the delivered octets are filled in
 * @v: verdict
 */
void ltcp_recovery_acked(struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
			 struct ltcp_cong_sample *sample, struct ltcp_verdict *v);

/**
 * ltcp_recovery_dupack() - an ACK at SND.UNA that may tell something all the same
 * @tcb: something is in flight, or the segment has blocks
 * @seg: the segment
 * @dup: it is a duplicate ACK, RFC 5681 section 2
 * @now: clock
 * @v: verdict
 */
void ltcp_recovery_dupack(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, bool dup, u64 now,
			  struct ltcp_verdict *v);

/**
 * ltcp_recovery_timeout() - the retransmission timeout is over
 * @tcb: what is in flight is to be sent again, from one segment on
 * @now: clock
 * @v: verdict
 */
void ltcp_recovery_timeout(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v);

/**
 * ltcp_recovery_early() - the retransmission timer ran for something else than the RTO
 * @tcb: @tcb->rtx_mode says what for
 * @now: clock
 * @v: verdict
 *
 * Return: false when it was the RTO
 */
bool ltcp_recovery_early(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v);

/**
 * ltcp_recovery_resend_all() - all that is in flight has to go again; not for congestion
 * @tcb: one segment goes at once
 */
void ltcp_recovery_resend_all(struct ltcp_tcb *tcb);

/**
 * ltcp_recovery_reopened() - the window opens, and what is in flight may not have been taken
 * @tcb: all of it goes again, and has its timer; the persist timer is off
 * @now: clock
 * @v: verdict
 */
void ltcp_recovery_reopened(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v);

#endif
