// SPDX-License-Identifier: GPL-2.0
/* HyStart++: RFC 9406, section 4. */
#include "hystart.h"

/* Section 4.3, by their names there */
#define MIN_RTT_THRESH		4000u
#define MAX_RTT_THRESH		16000u
#define MIN_RTT_DIVISOR		8u
#define N_RTT_SAMPLE		8u
#define CSS_GROWTH_DIVISOR	4u
#define CSS_ROUNDS		5u

static u32 rtt_thresh(const struct ltcp_hystart *h)
{
	u32 us = h->last_min_us / MIN_RTT_DIVISOR;

	if (us < MIN_RTT_THRESH)
		return MIN_RTT_THRESH;
	return us < MAX_RTT_THRESH ? us : MAX_RTT_THRESH;
}

static void next_round(struct ltcp_hystart *h, struct ltcp_tcb *tcb)
{
	h->window_end = tcb->snd_nxt;
	h->last_min_us = h->min_us;
	h->min_us = 0;
	h->samples = 0;
	if (!h->css_rounds)
		return;
	/* A round that conservative slow start began in the middle of counts as well */
	if (h->css_rounds++ < CSS_ROUNDS)
		return;
	tcb->ssthresh = tcb->cwnd;
	h->css_rounds = 0;
}

static void take_rtt(struct ltcp_hystart *h, u32 us)
{
	if (!us)
		return;
	if (!h->min_us || us < h->min_us)
		h->min_us = us;
	if (h->samples < N_RTT_SAMPLE)
		h->samples++;
}

static void judge_round(struct ltcp_hystart *h)
{
	if (h->samples < N_RTT_SAMPLE)
		return;
	if (h->css_rounds) {
		if (h->min_us < h->baseline_us)
			h->css_rounds = 0;	/* it was but jitter: slow start goes on */
	} else if (h->last_min_us && h->min_us >= h->last_min_us + rtt_thresh(h)) {
		h->baseline_us = h->min_us;
		h->css_rounds = 1;
	}
}

void ltcp_hystart_acked(struct ltcp_hystart *h, struct ltcp_tcb *tcb,
			const struct ltcp_cong_sample *sample)
{
	u32 n = sample->acked;

	if (!h->window_end)
		h->window_end = tcb->snd_nxt;
	ltcp_cong_slow_start(tcb, h->css_rounds ? n / CSS_GROWTH_DIVISOR : n);
	take_rtt(h, sample->rtt_us);
	judge_round(h);
	if (seq_ge(sample->ack, h->window_end))
		next_round(h, tcb);
}
