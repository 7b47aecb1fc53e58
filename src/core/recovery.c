// SPDX-License-Identifier: GPL-2.0
/* Loss recovery: RFC 6675, RFC 6937, RFC 8985; RFC 6582; RFC 5682, RFC 3522. */
#include <linux/math64.h>

#include "plpmtu.h"
#include "rack.h"
#include "recovery.h"

#define DUPACKS		3	/* RFC 5681 section 3.2 */

/**
 * struct news - what an ACK tells, beyond its number
 * @now: clock
 * @d: what was delivered
 * @advanced: SND.UNA moved
 * @dup: a duplicate ACK
 * @has_dsack: @dsack is set
 * @dsack: what the peer received twice
 */
struct news {
	u64 now;
	struct ltcp_delivery d;
	bool advanced;
	bool dup;
	bool has_dsack;
	struct ltcp_range dsack;
};

/* RFC 2883 section 4: the first block is a duplicate if it lies below the ACK, or in the second */
static bool is_dsack(const struct ltcp_seg *seg)
{
	const struct ltcp_sack_block *b = seg->opt.sack;

	if (!seg->opt.n_sack)
		return false;
	if (seq_lt(b[0].start, seg->ack))
		return true;
	return seg->opt.n_sack > 1 && seq_ge(b[0].start, b[1].start) &&
	       seq_le(b[0].end, b[1].end);
}

/* What was never sent, or so long ago that nobody can have it twice now, is no duplicate */
static bool dsack_valid(const struct ltcp_tcb *tcb, const struct ltcp_sack_block *b)
{
	return seq_lt(b->start, b->end) && seq_le(b->end, tcb->snd_nxt) &&
	       seq_ge(b->start, tcb->snd_una - tcb->max_snd_wnd) && seq_gt(b->start, tcb->iss);
}

static void take_dsack(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, struct news *news,
		       struct ltcp_verdict *v)
{
	const struct ltcp_sack_block *b = seg->opt.sack;

	if (!is_dsack(seg) || !dsack_valid(tcb, b))
		return;
	news->has_dsack = true;
	news->dsack = (struct ltcp_range){ b->start, b->end };
	v->notes |= LTCP_NOTE_DSACK;
	if (tcb->undo && seq_gt(b->end, tcb->undo_una) && seq_le(b->end, tcb->recover)) {
		u32 len = b->end - b->start;

		tcb->undo_octets -= len < tcb->undo_octets ? len : tcb->undo_octets;
	}
}

/* RFC 2018 section 4: blocks above the ACK, of what was sent; others mean nothing */
static void take_blocks(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, struct news *news)
{
	unsigned int i;

	for (i = is_dsack(seg); i < seg->opt.n_sack; i++) {
		const struct ltcp_sack_block *b = &seg->opt.sack[i];
		const struct ltcp_range what = { b->start, b->end };

		if (seq_gt(b->start, seg->ack) && seq_lt(b->start, b->end) &&
		    seq_le(b->end, tcb->snd_nxt))
			ltcp_flight_sacked(&tcb->flight, tcb->snd_una, &what, &news->d);
	}
}

/* The last microsecond of the millisecond that TSecr names; their low 32 bits go together */
static u32 echo_us(const struct ltcp_tcb *tcb, const struct ltcp_seg *seg)
{
	return (seg->opt.tsecr - tcb->ts_off) * 1000 + 999;
}

/* Nothing is missing */
static bool is_calm(const struct ltcp_tcb *tcb)
{
	return tcb->recovery == LTCP_REC_OPEN && ltcp_flight_clean(&tcb->flight);
}

/* While all is well nobody keeps up what RACK knew: it may be from long ago */
static void wake_rack(struct ltcp_tcb *tcb)
{
	if (!is_calm(tcb))
		return;
	tcb->rack.timed = 0;
	tcb->rack.wait_us = 0;
	tcb->flight.fack = tcb->snd_una;
}

static void hear(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, struct news *news,
		 struct ltcp_verdict *v)
{
	wake_rack(tcb);
	news->advanced = seg->ack != tcb->snd_una;
	news->d = (struct ltcp_delivery){
		.now = news->now,
		.min_rtt_us = tcb->rtt.min_us,
		.echoed = tcb->ts_ok && (seg->opt.has & LTCP_HAS_TS) && seg->opt.tsecr,
		.echo = echo_us(tcb, seg),
		.recover = tcb->recover,
		.fack = tcb->flight.fack,
		.before = tcb->flight.fack,
	};
	if (tcb->sack_ok) {
		take_dsack(tcb, seg, news, v);
		take_blocks(tcb, seg, news);
	}
	if (news->advanced)
		ltcp_flight_acked(&tcb->flight, tcb->snd_una, seg->ack, &news->d);
	tcb->snd_una = seg->ack;
	if (news->d.reordered && !tcb->rack.reordered)
		v->notes |= LTCP_NOTE_REORDERED;
	ltcp_rack_delivered(tcb, &news->d);
	ltcp_rack_duplicate(tcb, news->has_dsack);
}

/* RFC 6937 section 3: what may be sent for what was delivered */
static void reduce_proportionally(struct ltcp_tcb *tcb, u32 delivered, bool more)
{
	u32 pipe = ltcp_pipe(tcb), limit, quota = 0;
	u64 share;

	tcb->prr_delivered += delivered;
	if (pipe > tcb->ssthresh) {
		share = (u64)tcb->prr_delivered * tcb->ssthresh + tcb->prr_flight - 1;
		share = div_u64(share, tcb->prr_flight);
		if (share > tcb->prr_out)
			quota = share - tcb->prr_out;
	} else {
		limit = tcb->prr_delivered > tcb->prr_out ? tcb->prr_delivered - tcb->prr_out : 0;
		if (limit < delivered)
			limit = delivered;
		/* The slow start bound, while nothing says that the path is still too full */
		if (more)
			limit += tcb->snd_mss;
		quota = tcb->ssthresh - pipe;
		if (quota > limit)
			quota = limit;
	}
	tcb->cwnd = pipe + quota;
}

static void start_undo(struct ltcp_tcb *tcb)
{
	tcb->undo = 1;
	tcb->undo_una = tcb->snd_una;
	tcb->undo_octets = 0;
	tcb->undo_tsval = 0;
}

/* What is lost goes again, the first of it at once */
static void enter_fast(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	u32 flight = ltcp_in_flight(tcb);

	/* RFC 5681 section 3.2, step 2: without what limited transmit has sent */
	ltcp_cong_reduce(tcb, flight < tcb->cwnd ? flight : tcb->cwnd, now);
	tcb->recover = tcb->snd_nxt;
	tcb->recovery = LTCP_REC_FAST;
	tcb->prr_delivered = 0;
	tcb->prr_out = 0;
	tcb->prr_flight = flight;
	tcb->rack.probe_due = 0;
	tcb->rtx_force = 1;
	ltcp_plpmtu_forget(tcb);
	start_undo(tcb);
	v->notes |= LTCP_NOTE_FAST_RETRANSMIT;
}

static void leave_recovery(struct ltcp_tcb *tcb, u64 now)
{
	tcb->recovery = LTCP_REC_OPEN;
	tcb->frto = LTCP_FRTO_OFF;
	tcb->dupacks = 0;
	ltcp_rack_recovered(tcb);
	ltcp_cong_recovered(tcb, now);
}

/* Nothing was lost: all is as before */
static void undo_recovery(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	v->notes |= LTCP_NOTE_UNDO;
	if (tcb->recovery == LTCP_REC_LOSS)
		v->notes |= LTCP_NOTE_SPURIOUS_TIMEOUT;
	tcb->undo = 0;
	tcb->rtx_force = 0;
	ltcp_flight_forget_lost(&tcb->flight);
	if (tcb->recovery != LTCP_REC_OPEN)
		leave_recovery(tcb, now);
	ltcp_cong_undo(tcb, now);
}

/*
 * RFC 3522: the ACK echoes a time before anything was sent again, so it is the
 * first transmission that it answers. RFC 3708: everything arrived twice.
 */
static bool was_mistaken(const struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
			 const struct news *news)
{
	if (!tcb->undo || !tcb->undo_tsval)
		return false;
	if (news->has_dsack && !tcb->undo_octets)
		return true;
	return news->advanced && tcb->recovery != LTCP_REC_OPEN && news->d.echoed &&
	       seq_lt(seg->opt.tsecr, tcb->undo_tsval);
}

/* RFC 6582 section 3.2, step 2 */
static void third_duplicate(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	/* not twice for one window */
	if (!seq_gt(tcb->snd_una, tcb->recover))
		return;
	if (tcb->plpmtu.size && tcb->snd_una == tcb->plpmtu.start) {
		ltcp_flight_lose_head(&tcb->flight, tcb->snd_una, ltcp_plpmtu_text(tcb));
		if (ltcp_plpmtu_lost(tcb, now, v))
			return;
	}
	enter_fast(tcb, now, v);
	tcb->cwnd = tcb->ssthresh + DUPACKS * tcb->snd_mss;
	ltcp_flight_lose_head(&tcb->flight, tcb->snd_una, tcb->snd_mss);
}

/* RFC 6582 section 3.2, step 3, partial acknowledgment: the next hole is known */
static void partial_ack(struct ltcp_tcb *tcb, u32 n)
{
	tcb->cwnd = tcb->cwnd > n + tcb->snd_mss ? tcb->cwnd - n : tcb->snd_mss;
	if (n >= tcb->snd_mss)
		tcb->cwnd += tcb->snd_mss;
	ltcp_flight_lose_head(&tcb->flight, tcb->snd_una, tcb->snd_mss);
	tcb->rtx_force = 1;
}

/* The same step, full acknowledgment: no burst of all that has left the flight */
static void full_ack(struct ltcp_tcb *tcb)
{
	u32 flight = ltcp_in_flight(tcb);

	if (flight < tcb->snd_mss)
		flight = tcb->snd_mss;
	flight += tcb->snd_mss;
	tcb->cwnd = tcb->ssthresh < flight ? tcb->ssthresh : flight;
}

static void count_dupack(struct ltcp_tcb *tcb)
{
	if (tcb->dupacks < 255)
		tcb->dupacks++;
}

static void in_open(struct ltcp_tcb *tcb, const struct news *news, struct ltcp_verdict *v)
{
	if (news->advanced)
		tcb->dupacks = 0;
	if (tcb->sack_ok) {
		if (news->d.sacked)
			count_dupack(tcb);
		if (ltcp_rack_detect(tcb, news->now) && !ltcp_plpmtu_lost(tcb, news->now, v))
			enter_fast(tcb, news->now, v);
		if (tcb->recovery == LTCP_REC_FAST)
			reduce_proportionally(tcb, news->d.octets, false);
		return;
	}
	if (!news->dup || tcb->dupacks >= DUPACKS)
		return;
	count_dupack(tcb);
	if (tcb->dupacks == DUPACKS)
		third_duplicate(tcb, news->now, v);
}

static void in_fast(struct ltcp_tcb *tcb, u32 acked, const struct news *news,
		    struct ltcp_verdict *v)
{
	bool more;

	if (news->advanced && seq_ge(tcb->snd_una, tcb->recover)) {
		if (tcb->sack_ok)
			tcb->cwnd = tcb->ssthresh;
		else
			full_ack(tcb);
		leave_recovery(tcb, news->now);
		in_open(tcb, news, v);	/* what was sent since may be missing, too */
		return;
	}
	if (tcb->sack_ok) {
		more = !ltcp_rack_detect(tcb, news->now) && news->advanced;
		reduce_proportionally(tcb, news->d.octets, more);
	} else if (news->advanced) {
		partial_ack(tcb, acked);
	} else if (news->dup) {
		tcb->cwnd += tcb->snd_mss;
	}
}

/*
 * RFC 5682 section 2.1, step 2: is there something new to send instead of what
 * is lost? Something that nothing can hold back, for then nothing would go.
 */
static bool may_send_new(const struct ltcp_tcb *tcb)
{
	return ltcp_unsent(tcb) >= tcb->snd_mss &&
	       tcb->snd_wnd >= ltcp_in_flight(tcb) + tcb->snd_mss &&
	       tcb->cwnd >= ltcp_pipe(tcb) + tcb->snd_mss;
}

/* RFC 5682: true when the timeout was spurious */
static bool forward(struct ltcp_tcb *tcb, const struct news *news)
{
	bool heard = news->advanced || news->dup || news->d.sacked;

	if (tcb->frto == LTCP_FRTO_OFF || !heard)
		return false;
	if (tcb->frto == LTCP_FRTO_NEW) {
		tcb->frto = LTCP_FRTO_OFF;
		if (news->d.fresh && (news->advanced || tcb->sack_ok))
			return true;		/* step 3b */
		/* Step 3a: what slow start would have come to in two round trips */
		tcb->cwnd = DUPACKS * tcb->snd_mss;
		return false;
	}
	/* With SACK, until what was sent again is answered, blocks answer what went before */
	if (!news->advanced && tcb->sack_ok)
		return false;
	/* Steps 2a, 2b */
	if (news->advanced && seq_lt(tcb->snd_una, tcb->recover) && may_send_new(tcb))
		tcb->frto = LTCP_FRTO_NEW;
	else
		tcb->frto = LTCP_FRTO_OFF;
	return false;
}

static void in_loss(struct ltcp_tcb *tcb, const struct news *news, struct ltcp_verdict *v)
{
	if (forward(tcb, news)) {
		undo_recovery(tcb, news->now, v);
		return;
	}
	if (tcb->sack_ok)
		ltcp_rack_detect(tcb, news->now);
	if (news->advanced && seq_ge(tcb->snd_una, tcb->recover))
		leave_recovery(tcb, news->now);
}

/* Section 7.4.2 of RFC 8985: the probe was what was lost, and that was congestion */
static void tail_repaired(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	v->notes |= LTCP_NOTE_TAIL_REPAIRED;
	if (tcb->recovery != LTCP_REC_OPEN)
		return;
	ltcp_cong_reduce(tcb, ltcp_in_flight(tcb) + tcb->snd_mss, now);
	if (tcb->cwnd > tcb->ssthresh)
		tcb->cwnd = tcb->ssthresh;
	ltcp_cong_recovered(tcb, now);
}

static void respond(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, u32 acked,
		    const struct news *news, struct ltcp_verdict *v)
{
	if (ltcp_rack_probe_answered(tcb, seg, news->has_dsack ? &news->dsack : NULL, news->dup))
		tail_repaired(tcb, news->now, v);
	if (news->advanced)
		tcb->rack.probe_due = 0;
	if (was_mistaken(tcb, seg, news))
		undo_recovery(tcb, news->now, v);
	switch (tcb->recovery) {
	case LTCP_REC_OPEN:
		in_open(tcb, news, v);
		break;
	case LTCP_REC_FAST:
		in_fast(tcb, acked, news, v);
		break;
	case LTCP_REC_LOSS:
		in_loss(tcb, news, v);
		break;
	}
}

void ltcp_recovery_acked(struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
			 struct ltcp_cong_sample *sample, struct ltcp_verdict *v)
{
	struct news news = { .now = sample->now };
	u32 acked = seg->ack - tcb->snd_una;

	if (is_calm(tcb) && !tcb->rack.probing && !seg->opt.n_sack) {
		tcb->dupacks = 0;
		ltcp_flight_advance(&tcb->flight, seg->ack);
		tcb->snd_una = seg->ack;
		ltcp_cong_acked(tcb, sample);
		return;
	}
	hear(tcb, seg, &news, v);
	sample->delivered = news.d.octets;
	ltcp_cong_acked(tcb, sample);
	respond(tcb, seg, acked, &news, v);
}

void ltcp_recovery_dupack(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, bool dup, u64 now,
			  struct ltcp_verdict *v)
{
	struct news news = { .now = now, .dup = dup };

	if (!dup && !(tcb->sack_ok && seg->opt.n_sack))
		return;
	hear(tcb, seg, &news, v);
	respond(tcb, seg, 0, &news, v);
	/* The probe's conditions may have gone, and what is late may need a date */
	if (tcb->timer[LTCP_TIMER_RTX] &&
	    (tcb->rtx_mode != LTCP_RTX_TIMEOUT || tcb->rack.wait_us))
		ltcp_rack_start_timer(tcb, now);
	v->act |= LTCP_ACT_OUTPUT;
}

/* RFC 2018 section 8: what the peer has at SND.UNA it would have acknowledged by now */
static void doubt_sacked(struct ltcp_tcb *tcb, struct ltcp_verdict *v)
{
	if (!tcb->flight.n || !(ltcp_flight_span(&tcb->flight, 0)->is & LTCP_SPAN_SACKED))
		return;
	ltcp_flight_forget_sacked(&tcb->flight);
	v->notes |= LTCP_NOTE_RENEGED;
}

void ltcp_recovery_timeout(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	bool again = tcb->recovery == LTCP_REC_LOSS || tcb->retries > 1;

	wake_rack(tcb);
	doubt_sacked(tcb, v);
	ltcp_cong_rto(tcb, ltcp_in_flight(tcb), now);
	if (!again)
		start_undo(tcb);
	ltcp_rack_timeout(tcb, now);
	tcb->frto = tcb->conf->frto && !again ? LTCP_FRTO_RETRANSMITTED : LTCP_FRTO_OFF;
	tcb->recover = tcb->snd_nxt;
	tcb->recovery = LTCP_REC_LOSS;
	tcb->dupacks = 0;
	tcb->rack.probing = 0;
	tcb->rack.probe_due = 0;	/* a window that has shrunk may never let it go */
	tcb->rtx_force = 1;
	ltcp_plpmtu_forget(tcb);
}

/* What was late is lost by now */
static void reordering_over(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	if (!ltcp_rack_detect(tcb, now) || ltcp_plpmtu_lost(tcb, now, v))
		return;
	if (tcb->recovery == LTCP_REC_OPEN)
		enter_fast(tcb, now, v);
	if (tcb->recovery == LTCP_REC_FAST)
		reduce_proportionally(tcb, 0, false);
}

bool ltcp_recovery_early(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	switch (tcb->rtx_mode) {
	case LTCP_RTX_PROBE:
		tcb->rack.probe_due = 1;
		tcb->rack.probing = 1;	/* one, then the RTO */
		v->notes |= LTCP_NOTE_TAIL_PROBE;
		break;
	case LTCP_RTX_REORDER:
		reordering_over(tcb, now, v);
		break;
	default:
		return false;
	}
	ltcp_rack_start_timer(tcb, now);
	v->act |= LTCP_ACT_OUTPUT;
	return true;
}

void ltcp_recovery_resend_all(struct ltcp_tcb *tcb)
{
	wake_rack(tcb);
	ltcp_flight_lose_all(&tcb->flight, tcb->snd_una);
	tcb->rtx_force = 1;
	ltcp_plpmtu_forget(tcb);
}

void ltcp_recovery_reopened(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	doubt_sacked(tcb, v);
	ltcp_recovery_resend_all(tcb);
	/* The persist timer stood in its place, section 3.8.6.1 of RFC 9293 */
	if (ltcp_in_flight(tcb) && !tcb->timer[LTCP_TIMER_RTX])
		ltcp_rack_start_timer(tcb, now);
}
