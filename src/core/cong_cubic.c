// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC, RFC 9438. Windows are in octets, so W_max and its like are the RFC's
 * times SMSS; time is in microseconds and that on the curve in milliseconds.
 */
#include <linux/math64.h>

#include "cong.h"
#include "hystart.h"

#define CURVE_MS_MAX	131072u	/* further from K than that W_cubic is beyond any window */

/**
 * struct curve - congestion avoidance since the last reduction: an epoch
 * @k_ms: K: how long the curve takes to come back to W_max
 * @t_us: t: how long the window has been in use in this epoch
 * @w_est: W_est: what Reno would have, section 4.3
 */
struct curve {
	u32 k_ms;
	u32 t_us;
	u32 w_est;
};

/**
 * struct cubic - the private state
 * @w_max: W_max, 0: not known
 * @cwnd_prior: CWND before the last reduction
 * @hystart: in the first slow start
 * @now: the epoch
 * @last_us: when @now.t_us was last brought forward, low 32 bits
 * @est_acked: octets acknowledged towards the next step of @now.w_est
 * @undo: the epoch before the last reduction
 * @undo_w_max: W_max then
 * @epoch: @now is valid: congestion avoidance has begun
 * @undo_epoch: @undo is valid
 */
struct cubic {
	u32 w_max;
	u32 cwnd_prior;
	union {
		struct ltcp_hystart hystart;
		struct {
			struct curve now;
			u32 last_us;
			u32 est_acked;
			struct curve undo;
		};
	};
	u32 undo_w_max;
	u8 epoch:1;
	u8 undo_epoch:1;
};

LTCP_CONG_CHECK_PRIV(struct cubic);

/* The largest number whose cube is not larger, digit by binary digit */
static u32 cube_root(u64 a)
{
	u64 root = 0;
	int shift;

	for (shift = 63; shift >= 0; shift -= 3) {
		u64 step;

		root *= 2;
		step = 3 * root * (root + 1) + 1;
		if (a >> shift < step)
			continue;
		a -= step << shift;
		root++;
	}
	return root;
}

/* Figure 2: K = cubic_root((W_max - cwnd_epoch) / C), C = 0.4 */
static u32 k_of(const struct ltcp_tcb *tcb, u32 w_max)
{
	return cube_root(div_u64((u64)(w_max - tcb->cwnd) * 2500000000u, tcb->snd_mss));
}

/* Figure 1: W_cubic(t) = C * (t - K)^3 + W_max */
static u32 w_cubic(const struct ltcp_tcb *tcb, const struct cubic *c, u32 t_us)
{
	u32 t = t_us / 1000;
	u64 d = t > c->now.k_ms ? t - c->now.k_ms : c->now.k_ms - t, w;

	if (d > CURVE_MS_MAX)
		d = CURVE_MS_MAX;
	w = div_u64(div_u64(d * d * d, 2500) * tcb->snd_mss, 1000000);
	if (t < c->now.k_ms)
		return w < c->w_max ? c->w_max - w : 0;
	return w + c->w_max < LTCP_CONG_CWND_MAX ? w + c->w_max : LTCP_CONG_CWND_MAX;
}

static void begin_epoch(struct ltcp_tcb *tcb, struct cubic *c, u64 now)
{
	c->epoch = 1;
	c->last_us = now;
	c->est_acked = 0;
	c->now = (struct curve) { .w_est = tcb->cwnd };
	/* Without a loss to remember (HyStart++, section 4.10; timeout, section 4.8) K is 0 */
	if (c->w_max > tcb->cwnd)
		c->now.k_ms = k_of(tcb, c->w_max);
	else
		c->w_max = tcb->cwnd;
}

/*
 * Section 5.8: time in which the window was not used does not count. While it
 * is, ACKs that let it grow are never much further apart than a round trip.
 */
static void bring_forward(const struct ltcp_tcb *tcb, struct cubic *c, u64 now)
{
	u32 passed = (u32)now - c->last_us, most = tcb->rtt.srtt_us / 4;

	if (passed > most)
		passed = most;
	c->last_us = now;
	if (c->now.t_us < ~0u - passed)
		c->now.t_us += passed;
}

/* Section 4.3: alpha is 9/17 until what was lost is regained, then 1 */
static u32 grow_w_est(const struct ltcp_tcb *tcb, struct cubic *c, u32 acked)
{
	u32 window = c->now.w_est < c->cwnd_prior ? tcb->cwnd / 9 * 17 : tcb->cwnd;

	c->est_acked += acked;
	if (c->est_acked >= window) {
		c->est_acked -= window;
		c->now.w_est += tcb->snd_mss;
	}
	return c->now.w_est;
}

/* Sections 4.4 and 4.5: in a round trip to where the curve will be then, by half at most */
static void grow_by_curve(struct ltcp_tcb *tcb, const struct cubic *c, u32 acked)
{
	u32 target = w_cubic(tcb, c, c->now.t_us + tcb->rtt.srtt_us / 8);
	u32 most = tcb->cwnd + tcb->cwnd / 2;

	if (target > most)
		target = most;
	if (target <= tcb->cwnd)
		return;
	ltcp_cong_avoid(tcb, acked, div_u64((u64)tcb->cwnd * tcb->snd_mss, target - tcb->cwnd));
}

static void avoid(struct ltcp_tcb *tcb, struct cubic *c, u32 acked, u64 now)
{
	u32 w_est;

	if (!c->epoch)
		begin_epoch(tcb, c, now);
	bring_forward(tcb, c, now);
	w_est = grow_w_est(tcb, c, acked);
	if (w_cubic(tcb, c, c->now.t_us) >= w_est)
		grow_by_curve(tcb, c, acked);
	else if (w_est > tcb->cwnd)
		tcb->cwnd = w_est;
}

static void cubic_grow(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample)
{
	struct cubic *c = ltcp_cong_priv(tcb);
	u32 acked = sample->acked;

	if (tcb->ssthresh == ~0u) {
		ltcp_hystart_acked(&c->hystart, tcb, sample);
		return;
	}
	if (tcb->cwnd < tcb->ssthresh)
		acked = ltcp_cong_slow_start(tcb, acked);
	if (acked)
		avoid(tcb, c, acked, sample->now);
}

/* Sections 4.6 and 4.7; beta is 0.7 */
static u32 cubic_ssthresh(struct ltcp_tcb *tcb, enum ltcp_cong_signal signal, u32 flight, u64 now)
{
	struct cubic *c = ltcp_cong_priv(tcb);

	c->undo_epoch = c->epoch;
	c->undo = c->now;
	c->undo_w_max = c->w_max;
	c->epoch = 0;
	c->cwnd_prior = tcb->cwnd;
	/* Fast convergence: a new flow is here, give way to it */
	c->w_max = tcb->cwnd < c->w_max ? div_u64(tcb->cwnd * 17ull, 20) : tcb->cwnd;
	return div_u64(flight * 7ull, 10);
}

/* Section 4.9: a reduction for nothing */
static void cubic_undo(struct cubic *c, u64 now)
{
	c->epoch = c->undo_epoch;
	c->now = c->undo;
	c->w_max = c->undo_w_max;
	c->last_us = now;
}

static void cubic_event(struct ltcp_tcb *tcb, enum ltcp_cong_event event, u64 now)
{
	struct cubic *c = ltcp_cong_priv(tcb);

	if (event == LTCP_CONG_EV_RTO) {
		c->w_max = 0;
		c->epoch = 0;
	}
	if (event == LTCP_CONG_EV_UNDO) {
		cubic_undo(c, now);
		if (tcb->ssthresh == ~0u)
			c->hystart = (struct ltcp_hystart) {};
	}
}

struct ltcp_cong_ops ltcp_cong_cubic = {
	.name = "cubic",
	.ssthresh = cubic_ssthresh,
	.grow = cubic_grow,
	.event = cubic_event,
};
