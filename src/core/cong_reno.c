// SPDX-License-Identifier: GPL-2.0
/* Reno: the congestion control of RFC 5681 itself. */
#include "cong.h"

/* Equation (4) */
static u32 reno_ssthresh(struct ltcp_tcb *tcb, enum ltcp_cong_signal signal, u32 flight, u64 now)
{
	return flight / 2;
}

void ltcp_cong_reno_grow(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample)
{
	u32 acked = sample->acked;

	if (tcb->cwnd < tcb->ssthresh)
		acked = ltcp_cong_slow_start(tcb, acked);
	if (acked)
		ltcp_cong_avoid(tcb, acked, tcb->cwnd);
}

struct ltcp_cong_ops ltcp_cong_reno = {
	.name = "reno",
	.ssthresh = reno_ssthresh,
	.grow = ltcp_cong_reno_grow,
};
