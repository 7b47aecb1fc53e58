/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Round-trip time and retransmission timeout, RFC 6298. Times are in
 * microseconds.
 */
#ifndef LTCP_CORE_RTT_H
#define LTCP_CORE_RTT_H

#include <linux/types.h>

#define LTCP_RTO_INIT_US	1000000u	/* RFC 6298 (2.1) */
#define LTCP_RTO_SYN_LOST_US	3000000u	/* RFC 6298 (5.7) */
#define LTCP_RTO_MIN_US		200000u		/* default, as Linux; a route may say otherwise */
#define LTCP_RTO_MAX_US		120000000u	/* RFC 6298 (2.5) asks for >= 60 s */

/**
 * struct ltcp_rtt - what is known about a path's delay
 * @srtt_us: smoothed round-trip time * 8; 0 before the first sample
 * @rttvar_us: variation * 4
 * @rto_us: retransmission timeout, without backoff
 * @rto_min_us: lower bound of @rto_us (route metric rto_min or LTCP_RTO_MIN_US)
 * @min_us: least sample so far, ~0 before the first
 */
struct ltcp_rtt {
	u32 srtt_us;
	u32 rttvar_us;
	u32 rto_us;
	u32 rto_min_us;
	u32 min_us;
};

/**
 * ltcp_rtt_init() - no sample yet
 * @rtt: to initialise
 * @rto_min_us: lower bound for the RTO, 0 for the default
 */
void ltcp_rtt_init(struct ltcp_rtt *rtt, u32 rto_min_us);

/**
 * ltcp_rtt_sample() - take one measurement, RFC 6298 (2.2) and (2.3)
 * @rtt: to update
 * @us: the measurement; 0 counts as 1. The caller applies Karn's rule: never
 *	from a segment sent more than once (RFC 6298 section 3)
 */
void ltcp_rtt_sample(struct ltcp_rtt *rtt, u32 us);

/**
 * ltcp_rtt_syn_lost() - the SYN was sent more than once and no sample exists
 * @rtt: its RTO becomes 3 s, RFC 6298 (5.7)
 */
void ltcp_rtt_syn_lost(struct ltcp_rtt *rtt);

/**
 * ltcp_rtt_backoff() - the RTO doubled @n times, RFC 6298 (5.5)
 * @rtt: source of the base value
 * @n: how often the timer has expired in a row
 *
 * Return: microseconds, at most LTCP_RTO_MAX_US
 */
u32 ltcp_rtt_backoff(const struct ltcp_rtt *rtt, unsigned int n);

#endif
