// SPDX-License-Identifier: GPL-2.0
/*
 * Round-trip time and retransmission timeout, RFC 6298, in the scaled integers
 * of its reference (Jacobson 1988): SRTT * 8 and RTTVAR * 4, so that alpha = 1/8
 * and beta = 1/4 are shifts that lose nothing.
 */
#include <linux/types.h>

#include "rtt.h"

/* G: timestamps tick in milliseconds, and the timers that use the RTO need not be finer */
#define GRANULARITY_US	1000u

static u32 clamp_rto(const struct ltcp_rtt *rtt, u32 us)
{
	if (us < rtt->rto_min_us)	/* (2.4) */
		us = rtt->rto_min_us;
	return us < LTCP_RTO_MAX_US ? us : LTCP_RTO_MAX_US;	/* (2.5) */
}

void ltcp_rtt_init(struct ltcp_rtt *rtt, u32 rto_min_us)
{
	*rtt = (struct ltcp_rtt) {
		.rto_min_us = rto_min_us ? rto_min_us : LTCP_RTO_MIN_US,
		.min_us = ~0u,
	};
	rtt->rto_us = clamp_rto(rtt, LTCP_RTO_INIT_US);
}

/* (2.2) */
static void first_sample(struct ltcp_rtt *rtt, u32 us)
{
	rtt->srtt_us = us * 8;
	rtt->rttvar_us = us / 2 * 4;
}

/* (2.3); RTTVAR first, it needs the old SRTT */
static void next_sample(struct ltcp_rtt *rtt, u32 us)
{
	u32 srtt = rtt->srtt_us / 8;
	u32 err = us > srtt ? us - srtt : srtt - us;

	rtt->rttvar_us += err - rtt->rttvar_us / 4;
	rtt->srtt_us += us - srtt;
}

void ltcp_rtt_sample(struct ltcp_rtt *rtt, u32 us)
{
	u32 var;

	if (!us)
		us = 1;
	if (us > LTCP_RTO_MAX_US)	/* keeps SRTT * 8 within 32 bits, and says as much */
		us = LTCP_RTO_MAX_US;
	if (us < rtt->min_us)
		rtt->min_us = us;
	if (rtt->srtt_us)
		next_sample(rtt, us);
	else
		first_sample(rtt, us);
	var = rtt->rttvar_us > GRANULARITY_US ? rtt->rttvar_us : GRANULARITY_US;
	rtt->rto_us = clamp_rto(rtt, rtt->srtt_us / 8 + var);
}

void ltcp_rtt_syn_lost(struct ltcp_rtt *rtt)
{
	if (rtt->rto_us < LTCP_RTO_SYN_LOST_US)
		rtt->rto_us = LTCP_RTO_SYN_LOST_US;
}

u32 ltcp_rtt_backoff(const struct ltcp_rtt *rtt, unsigned int n)
{
	u32 us = rtt->rto_us;

	while (n-- && us < LTCP_RTO_MAX_US)
		us *= 2;
	return us < LTCP_RTO_MAX_US ? us : LTCP_RTO_MAX_US;
}
