// SPDX-License-Identifier: GPL-2.0
/* What is common to all congestion control: RFC 5681, RFC 3465, RFC 6928. */
#include <linux/string.h>

#include "cong.h"

#define NVP		286u	/* RFC 7661 section 4.4.3: non-validated period, 300 s in ticks */
#define BURST_MAX	65536u	/* what is sent, and acknowledged, at one go with offload */

/* RFC 6928 section 2 */
static u32 initial_window(const struct ltcp_tcb *tcb)
{
	u32 mss = tcb->snd_mss, iw = 10 * mss;

	if (iw > 14600)
		iw = 2 * mss > 14600 ? 2 * mss : 14600;
	if (tcb->init_cwnd)
		iw = tcb->init_cwnd * mss;
	/* RFC 5681 section 3.1: one segment if the SYN was lost */
	return tcb->syn_rtx ? mss : iw;
}

void ltcp_cong_end(struct ltcp_tcb *tcb)
{
	if (tcb->cong_begun && tcb->cong->release)
		tcb->cong->release(tcb);
	tcb->cong_begun = 0;
}

static void begin(struct ltcp_tcb *tcb, u64 now)
{
	tcb->cong_begun = 1;
	memset(tcb->cong_priv, 0, sizeof(tcb->cong_priv));
	tcb->cwnd_acked = 0;
	if (tcb->cong->init)
		tcb->cong->init(tcb, now);
}

static void tell_algorithm(struct ltcp_tcb *tcb, enum ltcp_cong_event event, u64 now)
{
	if (tcb->cong->event)
		tcb->cong->event(tcb, event, now);
}

/* Nothing finer is asked of @tcb->cwnd_used_at, and 32 bits last for ever */
static u32 tick(u64 now)
{
	return now >> 20;
}

void ltcp_cong_init(struct ltcp_tcb *tcb, u64 now)
{
	tcb->cwnd = initial_window(tcb);
	tcb->cwnd_used_at = tick(now);
	if (!tcb->cong_begun)
		begin(tcb, now);
}

void ltcp_cong_choose(struct ltcp_tcb *tcb, const struct ltcp_cong_ops *ops, u64 now)
{
	bool begun = tcb->cong_begun;

	ltcp_cong_end(tcb);
	tcb->cong = ops;
	if (begun)
		begin(tcb, now);
}

static void reduce(struct ltcp_tcb *tcb, enum ltcp_cong_signal signal, u32 flight, u64 now)
{
	u32 ssthresh = tcb->cong->ssthresh(tcb, signal, flight, now);

	tcb->prior_cwnd = tcb->cwnd;
	tcb->prior_ssthresh = tcb->ssthresh;
	/* RFC 5681 equation (4): never less than two segments, whatever the algorithm */
	tcb->ssthresh = ssthresh > 2u * tcb->snd_mss ? ssthresh : 2u * tcb->snd_mss;
	tcb->cwnd_acked = 0;
	if (!tcb->ecn_ok)
		return;
	/* RFC 3168 section 6.1.2: whatever the reason, marks of this window mean the same */
	tcb->ecn_cwr = 1;
	tcb->ecn_reduced = 1;
	tcb->ecn_reduced_end = tcb->snd_nxt;
}

void ltcp_cong_reduce(struct ltcp_tcb *tcb, u32 flight, u64 now)
{
	reduce(tcb, LTCP_CONG_LOSS, flight, now);
}

/* RFC 3168 section 6.1.2; recovery has reduced the window for its own reasons */
static void marked(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample)
{
	if (tcb->ecn_reduced || tcb->recovery != LTCP_REC_OPEN)
		return;
	reduce(tcb, LTCP_CONG_ECHO, sample->in_flight, sample->now);
	if (tcb->cwnd > tcb->ssthresh)
		tcb->cwnd = tcb->ssthresh;
	tell_algorithm(tcb, LTCP_CONG_EV_CWR, sample->now);
}

/* CWND becomes @window; ssthresh remembers most of what it was (RFC 7661 section 4.4.3) */
static void shrink(struct ltcp_tcb *tcb, u32 window)
{
	u32 keep = tcb->cwnd / 4 * 3;

	if (tcb->ssthresh < keep)
		tcb->ssthresh = keep;
	tcb->cwnd = window;
	tcb->cwnd_acked = 0;
}

/* RFC 7661 section 4.4.3: of a window not used for five minutes half is not known any more */
static void age(struct ltcp_tcb *tcb, u64 now)
{
	u32 window = initial_window(tcb), old = tcb->cwnd;

	while (tick(now) - tcb->cwnd_used_at > NVP && tcb->cwnd > window) {
		shrink(tcb, tcb->cwnd / 2 > window ? tcb->cwnd / 2 : window);
		tcb->cwnd_used_at += NVP;
	}
	if (tcb->cwnd != old)
		tell_algorithm(tcb, LTCP_CONG_EV_RESTART, now);
}

/*
 * RFC 7661 section 4.3: is the window validated, at least half of it in use?
 * Otherwise it says nothing about the path.
 */
static bool in_use(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample)
{
	if (sample->in_flight < tcb->cwnd / 2) {
		age(tcb, sample->now);
		return false;
	}
	tcb->cwnd_used_at = tick(sample->now);
	return true;
}

static bool may_grow(const struct ltcp_tcb *tcb)
{
	if (tcb->recovery == LTCP_REC_FAST || tcb->cwnd >= LTCP_CONG_CWND_MAX)
		return false;
	return !tcb->ecn_reduced || tcb->recovery != LTCP_REC_OPEN;
}

void ltcp_cong_acked(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample)
{
	if (!sample->acked)
		return;
	if (tcb->ecn_reduced && seq_gt(sample->ack, tcb->ecn_reduced_end))
		tcb->ecn_reduced = 0;
	if (tcb->cong->measure)
		tcb->cong->measure(tcb, sample);
	if (sample->marked)
		marked(tcb, sample);
	if (in_use(tcb, sample) && may_grow(tcb))
		tcb->cong->grow(tcb, sample);
}

void ltcp_cong_rto(struct ltcp_tcb *tcb, u32 flight, u64 now)
{
	/* RFC 5681 section 3.1: only the first timeout of a segment lowers ssthresh */
	if (tcb->retries <= 1)
		ltcp_cong_reduce(tcb, flight, now);
	tcb->cwnd = tcb->snd_mss;
	tcb->cwnd_acked = 0;
	tell_algorithm(tcb, LTCP_CONG_EV_RTO, now);
}

void ltcp_cong_recovered(struct ltcp_tcb *tcb, u64 now)
{
	tell_algorithm(tcb, LTCP_CONG_EV_RECOVERED, now);
}

void ltcp_cong_undo(struct ltcp_tcb *tcb, u64 now)
{
	if (tcb->cwnd < tcb->prior_cwnd)
		tcb->cwnd = tcb->prior_cwnd;
	if (tcb->ssthresh < tcb->prior_ssthresh)
		tcb->ssthresh = tcb->prior_ssthresh;
	tcb->ecn_reduced = 0;
	tell_algorithm(tcb, LTCP_CONG_EV_UNDO, now);
}

/* RFC 5681 section 4.1, a restart window of the initial one */
void ltcp_cong_start(struct ltcp_tcb *tcb, u64 now)
{
	u32 window = initial_window(tcb);

	age(tcb, now);
	if (!tcb->conf->slow_start_after_idle || tcb->cwnd <= window ||
	    now - tcb->snd_at <= tcb->rtt.rto_us)
		return;
	shrink(tcb, window);
	tell_algorithm(tcb, LTCP_CONG_EV_RESTART, now);
}

/*
 * L: by how much one ACK may let the window grow, RFC 3465 section 2.3. After a
 * timeout an ACK may cover what had arrived long before: one segment. Otherwise
 * it is 8 as in RFC 9406 section 4.3, but not less than the two bursts that an
 * ACK covers where offload sends, merges and acknowledges them whole.
 */
static u32 most_for_an_ack(const struct ltcp_tcb *tcb)
{
	u32 most = 8 * tcb->snd_mss;

	if (tcb->recovery == LTCP_REC_LOSS)
		return tcb->snd_mss;
	return most > 2 * BURST_MAX ? most : 2 * BURST_MAX;
}

u32 ltcp_cong_slow_start(struct ltcp_tcb *tcb, u32 acked)
{
	u32 room = tcb->ssthresh - tcb->cwnd, most = most_for_an_ack(tcb);

	if (acked > most)
		acked = most;
	if (acked <= room) {
		tcb->cwnd += acked;
		return 0;
	}
	tcb->cwnd = tcb->ssthresh;
	return acked - room;
}

void ltcp_cong_avoid(struct ltcp_tcb *tcb, u32 acked, u32 window)
{
	u32 n;

	tcb->cwnd_acked += acked;
	if (tcb->cwnd_acked < window)
		return;
	n = window ? tcb->cwnd_acked / window : 1;
	tcb->cwnd_acked -= n * window;
	tcb->cwnd += n * tcb->snd_mss;
}
