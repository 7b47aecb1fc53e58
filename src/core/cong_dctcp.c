// SPDX-License-Identifier: GPL-2.0
/*
 * DCTCP, RFC 8257: the window goes down by how much of the traffic was marked,
 * not by half. For networks under one hand, whose switches mark early.
 */
#include <linux/math64.h>
#include <linux/string.h>

#include "cong.h"

#define ALPHA_ONE	1048576u
#define G_SHIFT		4		/* g = 1/16, section 3.3 */
#define TOLD_SHIFT	10		/* users are told of alpha in 1024ths */
#define DIAG_DCTCP	9		/* the kernel's INET_DIAG_DCTCPINFO */

/**
 * struct dctcp - the private state
 * @alpha: DCTCP.Alpha: share of marked octets, in ALPHA_ONE-ths
 * @acked: DCTCP.BytesAcked in this window of data
 * @marked: DCTCP.BytesMarked in it
 * @window_end: DCTCP.WindowEnd
 */
struct dctcp {
	u32 alpha;
	u32 acked;
	u32 marked;
	u32 window_end;
};

LTCP_CONG_CHECK_PRIV(struct dctcp);

/**
 * struct told - what TCP_CC_INFO tells, as the kernel's struct tcp_dctcp_info
 * @enabled: the peer echoes marks
 * @ce_state: what was last received was marked
 * @alpha: in 1024ths
 * @ab_ecn: octets marked in this window of data
 * @ab_tot: octets acknowledged in it
 */
struct told {
	u16 enabled;
	u16 ce_state;
	u32 alpha;
	u32 ab_ecn;
	u32 ab_tot;
};

/* Section 3.3: nothing is known yet, so the first mark is taken as Reno would */
static void dctcp_init(struct ltcp_tcb *tcb, u64 now)
{
	struct dctcp *d = ltcp_cong_priv(tcb);

	d->alpha = ALPHA_ONE;
	d->window_end = tcb->snd_nxt;
}

/* Section 3.3, steps 1 to 8 */
static void dctcp_measure(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample)
{
	struct dctcp *d = ltcp_cong_priv(tcb);
	u32 share;

	d->acked += sample->acked;
	d->marked += sample->marked;
	if (!seq_gt(sample->ack, d->window_end))
		return;
	d->window_end = tcb->snd_nxt;
	share = div64_u64((u64)d->marked * ALPHA_ONE, d->acked);
	d->alpha = d->alpha - (d->alpha >> G_SHIFT) + (share >> G_SHIFT);
	d->acked = 0;
	d->marked = 0;
}

/* Section 3.4 for what was lost; section 3.3, step 9, for what was marked */
static u32 dctcp_ssthresh(struct ltcp_tcb *tcb, enum ltcp_cong_signal signal, u32 flight, u64 now)
{
	const struct dctcp *d = ltcp_cong_priv(tcb);

	if (signal == LTCP_CONG_LOSS)
		return flight / 2;
	return tcb->cwnd - (u32)((u64)tcb->cwnd * d->alpha / (2 * ALPHA_ONE));
}

static size_t dctcp_info(const struct ltcp_tcb *tcb, void *buf, size_t size, int *attr)
{
	const struct dctcp *d = (const struct dctcp *)tcb->cong_priv;
	const struct told told = {
		.enabled = tcb->ecn_ok,
		.ce_state = tcb->ecn_echo,
		.alpha = d->alpha >> TOLD_SHIFT,
		.ab_ecn = d->marked,
		.ab_tot = d->acked,
	};

	*attr = DIAG_DCTCP;
	if (size > sizeof(told))
		size = sizeof(told);
	memcpy(buf, &told, size);
	return size;
}

struct ltcp_cong_ops ltcp_cong_dctcp = {
	.name = "dctcp",
	.flags = LTCP_CONG_NEEDS_ECN | LTCP_CONG_EXACT_ECN | LTCP_CONG_RESTRICTED,
	.init = dctcp_init,
	.ssthresh = dctcp_ssthresh,
	.grow = ltcp_cong_reno_grow,
	.measure = dctcp_measure,
	.info = dctcp_info,
};
