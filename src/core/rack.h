/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loss detection by time, and probes for a lost tail: RACK-TLP, RFC 8985; and
 * the retransmission timer, which serves both and the RTO (its section 8).
 */
#ifndef LTCP_CORE_RACK_H
#define LTCP_CORE_RACK_H

#include "tcb.h"

/**
 * ltcp_rack_grain() - microseconds that are one time for the flight
 * @tcb: the connection
 *
 * A sixteenth of the round trip, a quarter of the least reordering window. In
 * the first slow start also an eighth of what HyStart++ takes for a queue: by
 * these times it measures round trips.
 */
static inline u32 ltcp_rack_grain(const struct ltcp_tcb *tcb)
{
	u32 us = tcb->rtt.srtt_us ? tcb->rtt.srtt_us >> 7 : 1000;

	return tcb->ssthresh == ~0u && us > 500 ? 500 : us;
}

/**
 * ltcp_rack_delivered() - section 6.2, steps 2 and 3
 * @tcb: the connection
 * @d: what an ACK has told
 */
void ltcp_rack_delivered(struct ltcp_tcb *tcb, const struct ltcp_delivery *d);

/**
 * ltcp_rack_duplicate() - section 6.2, step 4: the reordering window follows D-SACK
 * @tcb: SND.UNA is the new one
 * @dsack: the ACK reports a duplicate
 */
void ltcp_rack_duplicate(struct ltcp_tcb *tcb, bool dsack);

/**
 * ltcp_rack_recovered() - the same step: recovery has ended
 * @tcb: the connection
 */
void ltcp_rack_recovered(struct ltcp_tcb *tcb);

/**
 * ltcp_rack_detect() - section 6.2, step 5: what is lost by now?
 * @tcb: the flight is marked; what may be merely late sets @tcb->rack.wait_us
 * @now: clock
 *
 * Return: octets that are lost and were not before
 */
u32 ltcp_rack_detect(struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_rack_timeout() - section 6.3: what is lost when the RTO expires
 * @tcb: the flight is marked
 * @now: clock
 */
void ltcp_rack_timeout(struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_rack_probe_answered() - section 7.4.2: has a probe repaired a loss?
 * @tcb: the connection
 * @seg: the segment with the ACK
 * @dsack: the duplicate that it reports, NULL: none
 * @dup: it is a duplicate ACK
 *
 * Return: true when it has: that was congestion
 */
bool ltcp_rack_probe_answered(struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
			      const struct ltcp_range *dsack, bool dup);

/**
 * ltcp_rack_start_timer() - the retransmission timer starts anew, for what is due first
 * @tcb: something is in flight
 * @now: clock
 */
void ltcp_rack_start_timer(struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_rack_sent() - something new was sent: the timer runs, and a probe waits for its answer
 * @tcb: the connection
 * @now: clock
 */
void ltcp_rack_sent(struct ltcp_tcb *tcb, u64 now);

#endif
