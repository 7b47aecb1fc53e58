// SPDX-License-Identifier: GPL-2.0
/* RACK-TLP, RFC 8985. */
#include "rack.h"

#define DUPACKS		3		/* DupThresh, RFC 5681 section 3.2 */
#define PERSIST		16		/* section 6.2, step 4: recoveries */
#define DELACK_WORST_US	200000u		/* WCDelAckT, section 7.2 */
#define PTO_LEAST_US	10000u

/* Section 6.2, step 2: was the first sent after the second? */
static bool sent_after(u32 sent1, u32 end1, u32 sent2, u32 end2)
{
	return seq_gt(sent1, sent2) || (sent1 == sent2 && seq_gt(end1, end2));
}

void ltcp_rack_delivered(struct ltcp_tcb *tcb, const struct ltcp_delivery *d)
{
	struct ltcp_rack *rack = &tcb->rack;

	tcb->flight.fack = d->fack;
	if (d->reordered)
		rack->reordered = 1;
	if (!d->timed)
		return;
	rack->rtt_us = d->now - d->sent;
	if (rack->timed && !sent_after(d->sent, d->end, rack->sent, rack->end))
		return;
	rack->timed = 1;
	rack->sent = d->sent;
	rack->end = d->end;
}

void ltcp_rack_duplicate(struct ltcp_tcb *tcb, bool dsack)
{
	struct ltcp_rack *rack = &tcb->rack;

	if (rack->in_dsack_round && seq_ge(tcb->snd_una, rack->dsack_round))
		rack->in_dsack_round = 0;
	if (!dsack || rack->in_dsack_round)
		return;
	rack->in_dsack_round = 1;
	rack->dsack_round = tcb->snd_nxt;
	rack->reo_persist = PERSIST;
	if (rack->reo_mult < 254)
		rack->reo_mult++;
}

void ltcp_rack_recovered(struct ltcp_tcb *tcb)
{
	if (tcb->rack.reo_persist && !--tcb->rack.reo_persist)
		tcb->rack.reo_mult = 0;
}

/* Sequences that were received with something missing between them; each is a segment at least */
static unsigned int sequences_sacked(const struct ltcp_flight *f)
{
	unsigned int i, n = 0;
	bool before = false;

	for (i = 0; i < f->n; i++) {
		bool sacked = ltcp_flight_span(f, i)->is & LTCP_SPAN_SACKED;

		n += sacked && !before;
		before = sacked;
	}
	return n;
}

/*
 * As many segments as DupThresh. Their sizes are not known, so octets and sequences count, too,
 * as in IsLost() of RFC 6675 section 4.
 */
static bool enough_sacked(const struct ltcp_tcb *tcb)
{
	return tcb->dupacks >= DUPACKS || tcb->flight.sacked > (DUPACKS - 1) * tcb->snd_mss ||
	       sequences_sacked(&tcb->flight) >= DUPACKS;
}

/* RACK.reo_wnd, section 6.2, step 4 */
static u32 reo_wnd(const struct ltcp_tcb *tcb)
{
	u32 srtt = tcb->rtt.srtt_us / 8, min = tcb->rtt.min_us;
	u64 wnd;

	/* Nothing was measured yet: the SYN went twice, or there was a cookie */
	if (!srtt) {
		srtt = tcb->rack.rtt_us;
		min = srtt;
	}
	if (!tcb->rack.reordered && (tcb->recovery != LTCP_REC_OPEN || enough_sacked(tcb)))
		return 0;
	wnd = (tcb->rack.reo_mult + 1) * (u64)(min / 4);
	return wnd < srtt ? wnd : srtt;
}

u32 ltcp_rack_detect(struct ltcp_tcb *tcb, u64 now)
{
	struct ltcp_rack *rack = &tcb->rack;
	u32 before = tcb->flight.lost, patience = rack->rtt_us + reo_wnd(tcb);
	unsigned int i;

	rack->wait_us = 0;
	if (!rack->timed)
		return 0;
	for (i = 0; i < tcb->flight.n; i++) {
		const struct ltcp_span *span = ltcp_flight_span(&tcb->flight, i);
		s32 left = span->sent + patience - (u32)now;

		if (span->is & (LTCP_SPAN_SACKED | LTCP_SPAN_LOST) ||
		    !sent_after(rack->sent, rack->end, span->sent, span->end))
			continue;
		if (left <= 0)
			ltcp_flight_lose(&tcb->flight, tcb->snd_una, i);
		else if (left > rack->wait_us)
			rack->wait_us = left;
	}
	return tcb->flight.lost - before;
}

void ltcp_rack_timeout(struct ltcp_tcb *tcb, u64 now)
{
	const u32 patience = tcb->rack.rtt_us + reo_wnd(tcb);
	unsigned int i;

	tcb->rack.wait_us = 0;
	if (!tcb->sack_ok || !tcb->rack.timed) {
		ltcp_flight_lose_all(&tcb->flight, tcb->snd_una);
		return;
	}
	for (i = 0; i < tcb->flight.n; i++) {
		const struct ltcp_span *span = ltcp_flight_span(&tcb->flight, i);

		if (span->is & (LTCP_SPAN_SACKED | LTCP_SPAN_LOST))
			continue;
		if (!i || (u32)now - span->sent >= patience)
			ltcp_flight_lose(&tcb->flight, tcb->snd_una, i);
	}
}

bool ltcp_rack_probe_answered(struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
			      const struct ltcp_range *dsack, bool dup)
{
	struct ltcp_rack *rack = &tcb->rack;
	bool repaired = false;

	if (!rack->probing || seq_lt(seg->ack, rack->probe_end))
		return false;
	if (!rack->probe_again || (dsack && dsack->end == rack->probe_end))
		rack->probing = 0;	/* new text; or both times it arrived */
	else if (seq_gt(seg->ack, rack->probe_end))
		repaired = true;
	else if (dup && !seg->opt.n_sack)
		rack->probing = 0;	/* the peer does not report duplicates by D-SACK */
	if (repaired)
		rack->probing = 0;
	return repaired;
}

/* Section 7.2: conditions of a probe */
static bool may_probe_tail(const struct ltcp_tcb *tcb)
{
	return tcb->sack_ok && tcb->conf->tail_probe && tcb->recovery == LTCP_REC_OPEN &&
	       ltcp_flight_clean(&tcb->flight) && !tcb->rack.probing && !tcb->backoff &&
	       tcb->rtt.srtt_us && tcb->snd_wnd && tcb->syn_acked;
}

/*
 * PTO: 2 SRTT. On a fast link that may be less than it takes until the peer's user is
 * given a processor, reads, and so has all acknowledged that waits for him.
 */
static u32 probe_timeout(const struct ltcp_tcb *tcb)
{
	u32 us = tcb->rtt.srtt_us / 4;

	if (us < PTO_LEAST_US)
		us = PTO_LEAST_US;
	/* A single segment's ACK may be delayed */
	return ltcp_in_flight(tcb) <= tcb->snd_mss ? us + DELACK_WORST_US : us;
}

void ltcp_rack_start_timer(struct ltcp_tcb *tcb, u64 now)
{
	u64 *timer = &tcb->timer[LTCP_TIMER_RTX], at;

	*timer = now + ltcp_rtt_backoff(&tcb->rtt, tcb->backoff);
	tcb->rtx_mode = LTCP_RTX_TIMEOUT;
	if (tcb->rack.wait_us) {
		at = now + tcb->rack.wait_us;
		tcb->rtx_mode = LTCP_RTX_REORDER;
	} else if (may_probe_tail(tcb)) {
		at = now + probe_timeout(tcb);
		tcb->rtx_mode = LTCP_RTX_PROBE;
	} else {
		return;
	}
	if (at < *timer)
		*timer = at;
}

/*
 * Section 7.2: a probe asks for the last, so it waits for what was sent last;
 * but not so long that the first one's RTO would be over.
 */
void ltcp_rack_sent(struct ltcp_tcb *tcb, u64 now)
{
	u64 *timer = &tcb->timer[LTCP_TIMER_RTX], at = now + probe_timeout(tcb), end;

	if (!*timer) {
		ltcp_rack_start_timer(tcb, now);
		return;
	}
	if (tcb->rtx_mode != LTCP_RTX_PROBE || !tcb->flight.n)
		return;
	end = now - ((u32)now - ltcp_flight_span(&tcb->flight, 0)->sent) + tcb->rtt.rto_us;
	if (end < *timer)
		end = *timer;
	*timer = at < end ? at : end;
}
