/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HyStart++, RFC 9406: the first slow start ends when the round-trip time says
 * that a queue has built up, before that overflows.
 */
#ifndef LTCP_CORE_HYSTART_H
#define LTCP_CORE_HYSTART_H

#include "cong.h"

/**
 * struct ltcp_hystart - where the first slow start is; all zero is its beginning
 * @window_end: the round ends when this is acknowledged
 * @last_min_us: least round-trip time of the round before, 0: none
 * @min_us: least of this round, 0: none yet
 * @baseline_us: with @css_rounds: @min_us when conservative slow start began
 * @samples: measurements in this round
 * @css_rounds: in conservative slow start: its round, from 1 on; 0: not in it
 */
struct ltcp_hystart {
	u32 window_end;
	u32 last_min_us;
	u32 min_us;
	u32 baseline_us;
	u8 samples;
	u8 css_rounds;
};

/**
 * ltcp_hystart_acked() - an ACK in the first slow start
 * @h: follows
 * @tcb: CWND grows; ssthresh becomes CWND when slow start has to end
 * @sample: what the ACK told
 */
void ltcp_hystart_acked(struct ltcp_hystart *h, struct ltcp_tcb *tcb,
			const struct ltcp_cong_sample *sample);

#endif
