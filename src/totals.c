// SPDX-License-Identifier: GPL-2.0
/* Counting what a connection carries. */
#include <linux/slab.h>
#include <linux/tcp.h>

#include "compat.h"
#include "core/fsm.h"
#include "totals.h"

/* Octets of text between two sequence numbers: neither SYN nor FIN */
static u32 text_between(const struct ltcp_tcb *tcb, u32 from, u32 to)
{
	from = seq_max(from, tcb->iss + 1);
	to = seq_min(to, tcb->snd_end);
	return seq_gt(to, from) ? to - from : 0;
}

static u32 in_segments(const struct ltcp_tcb *tcb, u32 octets)
{
	return DIV_ROUND_UP(octets, max_t(u32, tcb->snd_mss, 1));
}

/*
 * Without memory they are not counted: nothing hangs on it. Whoever counts them stands
 * apart, so that segments without mishaps pass by unhindered.
 */
static struct ltcp_mishaps *mishaps(struct ltcp_totals *t)
{
	if (!t->mishaps)
		t->mishaps = kzalloc(sizeof(*t->mishaps), GFP_ATOMIC | __GFP_NOWARN);
	return t->mishaps;
}

void ltcp_totals_begin(struct ltcp_totals *t, unsigned int in, unsigned int out,
		       unsigned int resent)
{
	t->segs_in = in;
	t->segs_out = out;
	if (resent && mishaps(t))
		t->mishaps->segs_resent = resent;
}

void ltcp_totals_end(struct ltcp_totals *t)
{
	kfree(t->mishaps);
	memset(t, 0, sizeof(*t));
}

static bool is_ahead(const struct ltcp_tcb *tcb, const struct ltcp_seg *seg)
{
	return tcb->syn_acked && seq_gt(seg->seq, tcb->rcv_nxt) && seq_lt(seg->seq, tcb->rcv_adv);
}

static noinline void count_ahead(struct ltcp_totals *t, unsigned int n)
{
	if (mishaps(t))
		t->mishaps->ahead += n;
}

void ltcp_totals_in(struct ltcp_totals *t, const struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
		    unsigned int n, u64 now)
{
	t->segs_in += n;
	if (!t->text_at)
		t->text_at = ltcp_ms(now);
	if (!seg->text)
		return;
	t->text_segs_in += n;
	t->text_at = ltcp_ms(now);
	if (unlikely(is_ahead(tcb, seg)))
		count_ahead(t, n);
}

static noinline void count_resent(struct ltcp_totals *t, const struct ltcp_tcb *tcb,
				  const struct ltcp_seg *seg, unsigned int n)
{
	struct ltcp_mishaps *m = mishaps(t);

	if (!m)
		return;
	m->segs_resent += n;
	m->text_segs_resent += seg->text ? n : 0;
	m->resent += text_between(tcb, seg->seq, seq_min(seg->seq + seg->text, tcb->snd_nxt));
}

void ltcp_totals_out(struct ltcp_totals *t, const struct ltcp_tcb *tcb,
		     const struct ltcp_seg *seg, unsigned int n, bool again)
{
	t->segs_out += n;
	t->text_segs_out += seg->text ? n : 0;
	if (unlikely(again) && (seg->text || (seg->flags & (LTCP_SYN | LTCP_FIN))))
		count_resent(t, tcb, seg, n);
}

void ltcp_totals_rehashed(struct ltcp_totals *t)
{
	if (mishaps(t))
		t->mishaps->rehashes++;
}

/* What limits the sender */

static bool window_is_full(const struct ltcp_tcb *tcb)
{
	u32 next = min_t(u32, ltcp_unsent(tcb), tcb->snd_mss);

	return seq_gt(tcb->snd_nxt + next, tcb->snd_una + tcb->snd_wnd);
}

static bool path_has_room(const struct ltcp_tcb *tcb)
{
	return ltcp_pipe(tcb) + tcb->snd_mss <= tcb->cwnd;
}

static enum ltcp_limit limit_of(const struct ltcp_tcb *tcb, bool full)
{
	if (!ltcp_unsent(tcb) && !text_between(tcb, tcb->snd_una, tcb->snd_nxt))
		return LTCP_LIMIT_IDLE;
	if (!path_has_room(tcb))
		return LTCP_LIMIT_PATH;
	if (ltcp_unsent(tcb))
		return window_is_full(tcb) ? LTCP_LIMIT_WINDOW : LTCP_LIMIT_PATH;
	return full ? LTCP_LIMIT_BUFFER : LTCP_LIMIT_PATH;
}

/* How fast text is delivered: measured over a round trip at a time */

static u32 delivered(const struct ltcp_totals *t, const struct ltcp_tcb *tcb)
{
	return (u32)t->acked + tcb->flight.sacked;
}

static void begin_round(struct ltcp_totals *t, const struct ltcp_tcb *tcb, u64 now)
{
	t->round_at = now;
	t->round_from = delivered(t, tcb);
	t->few = 0;
}

/* Who sends little says little of the path, unless it is more than was known */
static void end_round(struct ltcp_totals *t, const struct ltcp_tcb *tcb, u64 now)
{
	struct ltcp_rate rate = {
		.octets = delivered(t, tcb) - t->round_from,
		.us = (u32)now - t->round_at,
	};

	/* SRTT is kept eightfold; an eighth less, lest a round take two */
	if (!rate.us || rate.us < tcb->rtt.srtt_us / 64 * 7 || (s32)rate.octets <= 0)
		return;
	if (!t->few || (u64)rate.octets * t->rate.us >= (u64)t->rate.octets * rate.us) {
		t->rate = rate;
		t->rate_few = t->few;
	}
	begin_round(t, tcb, now);
}

/*
 * Whole milliseconds of what was spent in @t->limit are noted.
 * Return: microseconds that are left: the next limit has them
 */
static u32 spend(struct ltcp_totals *t, u64 now)
{
	u32 rest;

	t->busy_ms[t->limit - 1] += div_u64_rem(now - t->limit_at, USEC_PER_MSEC, &rest);
	return rest;
}

void ltcp_totals_limit(struct ltcp_totals *t, const struct ltcp_tcb *tcb, bool full, u64 now)
{
	enum ltcp_limit limit = limit_of(tcb, full);

	if (limit && !t->limit)
		begin_round(t, tcb, now);
	if (limit && !ltcp_unsent(tcb) && path_has_room(tcb))
		t->few = 1;
	if (limit == t->limit)
		return;
	t->limit_at = t->limit ? now - spend(t, now) : now;
	t->limit = limit;
}

static noinline void end_rto(struct ltcp_mishaps *m, u64 now)
{
	m->rto_ms += ltcp_ms(now) - m->rto_at;
	m->in_rto = false;
}

void ltcp_totals_timeout(struct ltcp_totals *t, u64 now)
{
	struct ltcp_mishaps *m = mishaps(t);

	if (!m)
		return;
	m->rtos++;
	if (m->in_rto)
		return;
	m->rto_runs++;
	m->rto_at = ltcp_ms(now);
	m->in_rto = true;
}

static noinline void count_dups(struct ltcp_totals *t, const struct ltcp_tcb *tcb,
				const struct ltcp_sack_block *dsack)
{
	if (mishaps(t))
		t->mishaps->dups += in_segments(tcb, dsack->end - dsack->start);
}

static noinline void count_marked(struct ltcp_totals *t, const struct ltcp_tcb *tcb, u32 text)
{
	if (mishaps(t))
		t->mishaps->marked += in_segments(tcb, text);
}

void ltcp_totals_acked(struct ltcp_totals *t, const struct ltcp_tcb *tcb, u32 una,
		       const struct ltcp_seg *seg, u16 notes, u64 now)
{
	u32 text = text_between(tcb, una, tcb->snd_una);

	t->acked += text;
	if (unlikely(notes & LTCP_NOTE_DSACK))
		count_dups(t, tcb, &seg->opt.sack[0]);
	if (unlikely((seg->flags & (LTCP_ECE | LTCP_SYN)) == LTCP_ECE))
		count_marked(t, tcb, text);
	if (unlikely(t->mishaps && t->mishaps->in_rto) && una != tcb->snd_una &&
	    tcb->recovery != LTCP_REC_LOSS)
		end_rto(t->mishaps, now);
	if (t->limit)
		end_round(t, tcb, now);
}

/* What TCP_INFO says */

static const struct ltcp_mishaps *mishaps_of(const struct ltcp_totals *t)
{
	static const struct ltcp_mishaps none;

	return t->mishaps ?: &none;
}

static u64 rate_of(const struct ltcp_rate *rate)
{
	return rate->us ? div_u64((u64)rate->octets * USEC_PER_SEC, rate->us) : 0;
}

static u64 spent(const struct ltcp_totals *t, enum ltcp_limit limit, u64 now)
{
	return (u64)t->busy_ms[limit - 1] * USEC_PER_MSEC +
	       (t->limit == limit ? now - t->limit_at : 0);
}

static void info_of_times(const struct ltcp_totals *t, u64 now, struct tcp_info *info)
{
	const struct ltcp_mishaps *m = mishaps_of(t);
	u32 rto_ms = m->rto_ms + (m->in_rto ? ltcp_ms(now) - m->rto_at : 0);

	info->tcpi_rwnd_limited = spent(t, LTCP_LIMIT_WINDOW, now);
	info->tcpi_sndbuf_limited = spent(t, LTCP_LIMIT_BUFFER, now);
	info->tcpi_busy_time = spent(t, LTCP_LIMIT_PATH, now) + info->tcpi_rwnd_limited +
			       info->tcpi_sndbuf_limited;
	info->tcpi_delivery_rate = rate_of(&t->rate);
	info->tcpi_delivery_rate_app_limited = t->rate_few;
	ltcp_compat_info_rtos(info, m->rtos, m->rto_runs, rto_ms);
}

/* Segments that were sent, each counted once, and are not under way */
static u32 segments_delivered(const struct ltcp_totals *t, const struct ltcp_tcb *tcb)
{
	u32 away = text_between(tcb, tcb->snd_una, tcb->snd_nxt) - tcb->flight.sacked;
	u32 sent = t->text_segs_out - mishaps_of(t)->text_segs_resent;

	return sent - min(sent, in_segments(tcb, away));
}

void ltcp_totals_info(const struct ltcp_totals *t, const struct ltcp_tcb *tcb, u64 now,
		      struct tcp_info *info)
{
	const struct ltcp_mishaps *m = mishaps_of(t);

	info->tcpi_bytes_received = t->received;
	info->tcpi_bytes_acked = t->acked;
	info->tcpi_bytes_retrans = m->resent;
	/* What was sent once is acknowledged or still under way */
	info->tcpi_bytes_sent = t->acked + m->resent +
				text_between(tcb, tcb->snd_una, tcb->snd_nxt);
	info->tcpi_segs_in = t->segs_in;
	info->tcpi_segs_out = t->segs_out;
	info->tcpi_data_segs_in = t->text_segs_in;
	info->tcpi_data_segs_out = t->text_segs_out;
	info->tcpi_total_retrans = m->segs_resent;
	info->tcpi_rcv_ooopack = m->ahead;
	info->tcpi_delivered = segments_delivered(t, tcb);
	info->tcpi_delivered_ce = m->marked;
	info->tcpi_dsack_dups = m->dups;
	ltcp_compat_info_rehash(info, m->rehashes);
	info_of_times(t, now, info);
}
