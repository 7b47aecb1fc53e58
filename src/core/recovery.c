// SPDX-License-Identifier: GPL-2.0
/* Loss recovery: RFC 5681, RFC 6582. */
#include "cong.h"
#include "recovery.h"

#define DUPACKS		3	/* RFC 5681 section 3.2 */

/* One segment from @seq on is sent at once, whatever the window */
static void resend_one(struct ltcp_tcb *tcb, u32 seq)
{
	tcb->rtx_nxt = seq;
	tcb->rtx_end = seq_min(seq + tcb->snd_mss, tcb->snd_nxt);
	tcb->rtx_force = 1;
}

/* RFC 6582 section 3.2, step 3 */
static void acked_in_fast_recovery(struct ltcp_tcb *tcb, u32 ack, u32 n, u64 now)
{
	if (seq_ge(ack, tcb->recover)) {
		u32 flight = tcb->snd_nxt - ack;

		if (flight < tcb->snd_mss)
			flight = tcb->snd_mss;
		flight += tcb->snd_mss;
		tcb->cwnd = tcb->ssthresh < flight ? tcb->ssthresh : flight;
		tcb->recovery = LTCP_REC_OPEN;
		ltcp_cong_recovered(tcb, now);
		return;
	}
	tcb->cwnd = tcb->cwnd > n + tcb->snd_mss ? tcb->cwnd - n : tcb->snd_mss;
	if (n >= tcb->snd_mss)
		tcb->cwnd += tcb->snd_mss;
	resend_one(tcb, ack);
}

void ltcp_recovery_acked(struct ltcp_tcb *tcb, u32 ack, const struct ltcp_cong_sample *sample)
{
	tcb->dupacks = 0;
	ltcp_cong_acked(tcb, sample);
	if (tcb->recovery == LTCP_REC_FAST) {
		acked_in_fast_recovery(tcb, ack, ack - tcb->snd_una, sample->now);
	} else if (tcb->recovery == LTCP_REC_LOSS && seq_ge(ack, tcb->recover)) {
		tcb->recovery = LTCP_REC_OPEN;
		ltcp_cong_recovered(tcb, sample->now);
	}
}

bool ltcp_recovery_dupack(struct ltcp_tcb *tcb, u64 now)
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
	ltcp_cong_reduce(tcb, ltcp_in_flight(tcb), now);
	tcb->recover = tcb->snd_nxt;
	tcb->cwnd = tcb->ssthresh + DUPACKS * tcb->snd_mss;
	tcb->recovery = LTCP_REC_FAST;
	resend_one(tcb, tcb->snd_una);
	return true;
}

void ltcp_recovery_timeout(struct ltcp_tcb *tcb, u64 now)
{
	ltcp_cong_rto(tcb, ltcp_in_flight(tcb), now);
	tcb->recover = tcb->snd_nxt;
	tcb->recovery = LTCP_REC_LOSS;
	tcb->dupacks = 0;
	tcb->rtx_nxt = tcb->snd_una;
	tcb->rtx_end = tcb->snd_nxt;
	tcb->rtx_force = 1;
}
