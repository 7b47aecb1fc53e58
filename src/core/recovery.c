// SPDX-License-Identifier: GPL-2.0
/* Loss recovery and congestion control: RFC 5681, RFC 6582, RFC 6928. */
#include "recovery.h"

#define DUPACKS		3	/* RFC 5681 section 3.2 */
#define CWND_MAX	0x3fffffffu	/* RFC 7323: no window is larger */

void ltcp_recovery_init(struct ltcp_tcb *tcb)
{
	u32 mss = tcb->snd_mss, iw = 10 * mss;

	/* RFC 6928 section 2 */
	if (iw > 14600)
		iw = 2 * mss > 14600 ? 2 * mss : 14600;
	if (tcb->init_cwnd)
		iw = tcb->init_cwnd * mss;
	/* RFC 5681 section 3.1: one segment if the SYN was lost */
	tcb->cwnd = tcb->syn_rtx ? mss : iw;
	tcb->cwnd_acked = 0;
}

/* RFC 5681 equation (4): half of what is in flight, at least two segments */
static u32 half_of_flight(const struct ltcp_tcb *tcb)
{
	u32 half = ltcp_in_flight(tcb) / 2;

	return half > 2u * tcb->snd_mss ? half : 2u * tcb->snd_mss;
}

/* Slow start by the octets acknowledged (RFC 5681 equation 2), then one segment a window */
static void grow(struct ltcp_tcb *tcb, u32 acked)
{
	if (tcb->cwnd >= CWND_MAX)
		return;
	/* A window that was not used says nothing about the path (RFC 7661) */
	if (ltcp_in_flight(tcb) < tcb->cwnd / 2)
		return;
	if (tcb->cwnd < tcb->ssthresh) {
		tcb->cwnd += acked < tcb->snd_mss ? acked : tcb->snd_mss;
		return;
	}
	tcb->cwnd_acked += acked;
	if (tcb->cwnd_acked < tcb->cwnd)
		return;
	tcb->cwnd_acked -= tcb->cwnd;
	tcb->cwnd += tcb->snd_mss;
}

/* One segment from @seq on is sent at once, whatever the window */
static void resend_one(struct ltcp_tcb *tcb, u32 seq)
{
	tcb->rtx_nxt = seq;
	tcb->rtx_end = seq_min(seq + tcb->snd_mss, tcb->snd_nxt);
	tcb->rtx_force = 1;
}

/* RFC 6582 section 3.2, step 3 */
static void acked_in_fast_recovery(struct ltcp_tcb *tcb, u32 ack, u32 n)
{
	if (seq_ge(ack, tcb->recover)) {
		u32 flight = tcb->snd_nxt - ack;

		if (flight < tcb->snd_mss)
			flight = tcb->snd_mss;
		flight += tcb->snd_mss;
		tcb->cwnd = tcb->ssthresh < flight ? tcb->ssthresh : flight;
		tcb->recovery = LTCP_REC_OPEN;
		return;
	}
	tcb->cwnd = tcb->cwnd > n + tcb->snd_mss ? tcb->cwnd - n : tcb->snd_mss;
	if (n >= tcb->snd_mss)
		tcb->cwnd += tcb->snd_mss;
	resend_one(tcb, ack);
}

void ltcp_recovery_acked(struct ltcp_tcb *tcb, u32 ack)
{
	u32 n = ack - tcb->snd_una;

	tcb->dupacks = 0;
	if (tcb->recovery == LTCP_REC_FAST) {
		acked_in_fast_recovery(tcb, ack, n);
		return;
	}
	if (tcb->recovery == LTCP_REC_LOSS && seq_ge(ack, tcb->recover))
		tcb->recovery = LTCP_REC_OPEN;
	grow(tcb, n);
}

bool ltcp_recovery_dupack(struct ltcp_tcb *tcb)
{
	if (tcb->recovery == LTCP_REC_FAST) {
		tcb->cwnd += tcb->snd_mss;
		return true;
	}
	if (tcb->recovery == LTCP_REC_LOSS || tcb->dupacks >= DUPACKS)
		return false;
	if (++tcb->dupacks < DUPACKS)
		return false;
	/* RFC 6582 section 3.2, step 2: not twice for one window */
	if (!seq_gt(tcb->snd_una, tcb->recover))
		return false;
	tcb->ssthresh = half_of_flight(tcb);
	tcb->recover = tcb->snd_nxt;
	tcb->cwnd = tcb->ssthresh + DUPACKS * tcb->snd_mss;
	tcb->recovery = LTCP_REC_FAST;
	resend_one(tcb, tcb->snd_una);
	return true;
}

void ltcp_recovery_timeout(struct ltcp_tcb *tcb)
{
	/* RFC 5681 section 3.1: only the first timeout of a segment lowers ssthresh */
	if (tcb->retries <= 1)
		tcb->ssthresh = half_of_flight(tcb);
	tcb->cwnd = tcb->snd_mss;
	tcb->cwnd_acked = 0;
	tcb->recover = tcb->snd_nxt;
	tcb->recovery = LTCP_REC_LOSS;
	tcb->dupacks = 0;
	tcb->rtx_nxt = tcb->snd_una;
	tcb->rtx_end = tcb->snd_nxt;
	tcb->rtx_force = 1;
}
