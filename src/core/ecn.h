/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Explicit congestion notification, RFC 3168: how it is agreed on, marked and
 * echoed. What an echo does to the window is cong.h's affair.
 */
#ifndef LTCP_CORE_ECN_H
#define LTCP_CORE_ECN_H

#include "cong.h"
#include "fsm.h"
#include "tcb.h"
#include "transmit.h"

/* The two bits in the IP header, RFC 3168 section 5 */
enum {
	LTCP_ECN_NOT_ECT	= 0,
	LTCP_ECN_ECT_1		= 1,
	LTCP_ECN_ECT_0		= 2,
	LTCP_ECN_CE		= 3,
};

/**
 * ltcp_ecn_wanted() - do we use ECN with a peer who would?
 * @conf: settings
 * @ops: the congestion control
 * @active: we open: do we ask for it?
 */
static inline bool ltcp_ecn_wanted(const struct ltcp_conf *conf, const struct ltcp_cong_ops *ops,
				   bool active)
{
	return (active ? conf->ecn == 1 : conf->ecn) || ops->flags & LTCP_CONG_NEEDS_ECN;
}

#define LTCP_ECN_SETUP	(LTCP_ECE | LTCP_CWR)

/**
 * ltcp_ecn_setup_syn() - does a SYN ask for ECN? RFC 3168 section 6.1.1
 * @seg: the SYN
 */
static inline bool ltcp_ecn_setup_syn(const struct ltcp_seg *seg)
{
	return (seg->flags & LTCP_ECN_SETUP) == LTCP_ECN_SETUP;
}

/**
 * ltcp_ecn_setup_synack() - does a SYN-ACK agree to it?
 * @seg: the SYN-ACK
 */
static inline bool ltcp_ecn_setup_synack(const struct ltcp_seg *seg)
{
	return (seg->flags & LTCP_ECN_SETUP) == LTCP_ECE;
}

/**
 * ltcp_ecn_arrives() - an acceptable segment: was it marked, does it say CWR?
 * @tcb: @tcb->ecn_ok
 * @seg: the segment
 * @v: verdict: LTCP_ACT_ACK_FIRST when marks are echoed exactly and what came
 *	before has another one
 */
void ltcp_ecn_arrives(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, struct ltcp_verdict *v);

/**
 * ltcp_ecn_header() - ECE, CWR and the codepoint of an outgoing segment
 * @tcb: CWR is noted as sent
 * @plan: the segment
 * @seg: its header
 */
void ltcp_ecn_header(struct ltcp_tcb *tcb, const struct ltcp_plan *plan, struct ltcp_seg *seg);

#endif
