// SPDX-License-Identifier: GPL-2.0
/* Explicit congestion notification: RFC 3168 section 6.1, RFC 8257 section 3.2. */
#include "ecn.h"

/*
 * RFC 8257 section 3.2: each ACK says of the octets that it is the first to
 * acknowledge whether they were marked; where that changes, what is still to be
 * acknowledged goes first. The segment itself counts when its text is stored.
 */
static void arrives_exact(struct ltcp_tcb *tcb, bool marked, struct ltcp_verdict *v)
{
	tcb->ecn_flip = marked != tcb->ecn_echo;
	if (tcb->ecn_flip && tcb->rcv_nxt != tcb->rcv_wup)
		v->act |= LTCP_ACT_ACK_FIRST;
}

void ltcp_ecn_arrives(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, struct ltcp_verdict *v)
{
	bool marked = seg->ecn == LTCP_ECN_CE;

	if (!seg->text)
		return;
	if (marked)
		tcb->ecn_seen = 1;
	if (tcb->cong->flags & LTCP_CONG_EXACT_ECN) {
		arrives_exact(tcb, marked, v);
		return;
	}
	/* Section 6.1.3: the echo goes on until CWR, which the same mark may follow */
	if (seg->flags & LTCP_CWR)
		tcb->ecn_echo = 0;
	if (marked)
		tcb->ecn_echo = 1;
}

void ltcp_ecn_header(struct ltcp_tcb *tcb, const struct ltcp_plan *plan, struct ltcp_seg *seg)
{
	if (seg->flags & LTCP_SYN) {
		/* Most SYN-ACKs of ours come from a half-open entry, which see */
		if (!(seg->flags & LTCP_ACK) && tcb->ecn_asked)
			seg->flags |= LTCP_ECN_SETUP;
		else if (tcb->fastopen && tcb->ecn_ok)
			seg->flags |= LTCP_ECE;
		return;
	}
	if (!tcb->ecn_ok)
		return;
	if (tcb->ecn_echo)
		seg->flags |= LTCP_ECE;
	/* Sections 6.1.4 to 6.1.6: neither bare ACKs, nor what is sent again, nor probes */
	if (!plan->len || plan->again || plan->probe)
		return;
	seg->ecn = LTCP_ECN_ECT_0;
	if (tcb->ecn_cwr)
		seg->flags |= LTCP_CWR;
	tcb->ecn_cwr = 0;
}
