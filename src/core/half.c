// SPDX-License-Identifier: GPL-2.0
/* SYN-RECEIVED of a passive open: RFC 9293 sections 3.10.7.2 and 3.10.7.4. */
#include <linux/string.h>

#include "cong.h"
#include "ecn.h"
#include "fsm_enter.h"
#include "half.h"
#include "mss.h"

void ltcp_half_ack(const struct ltcp_half *half, u64 now, struct ltcp_seg *seg)
{
	ltcp_half_header(half, now, seg);
	seg->seq = half->iss + 1;
	seg->flags = LTCP_ACK;
	seg->opt.has = half->agreed & LTCP_HAS_TS;
	seg->wnd = half->wnd >> half->rcv_wscale;
}

static void answer_half(struct ltcp_half *half, u64 now, enum ltcp_reason why,
			struct ltcp_verdict *v)
{
	v->reason = why;
	if (ltcp_limiter_allow(&half->challenge, now))
		v->act |= LTCP_ACT_ACK;
}

/* MUST-11: back to LISTEN, which has never heard of it */
static void forget(struct ltcp_verdict *v, enum ltcp_cause cause)
{
	ltcp_fsm_move(v, LTCP_SYN_RECEIVED, LTCP_LISTEN, cause);
	v->act |= LTCP_ACT_CLOSED;
}

static bool acceptable(const struct ltcp_half *half, const struct ltcp_seg *seg)
{
	u32 rcv_nxt = half->irs + 1, len = ltcp_seg_len(seg), wnd = half->wnd;

	/* Text that overtook the ACK, or the ACK itself; a window of 0 takes only that */
	if (seg->seq == rcv_nxt)
		return true;
	return seq_in(seg->seq, rcv_nxt, wnd) || (len && seq_in(seg->seq + len - 1, rcv_nxt, wnd));
}

static bool old_timestamp(const struct ltcp_half *half, const struct ltcp_seg *seg)
{
	return (half->agreed & LTCP_HAS_TS) && (seg->opt.has & LTCP_HAS_TS) &&
	       seq_lt(seg->opt.tsval, half->ts_recent);
}

/* The user wants to hear of the connection when there is text, not before */
static bool deferred(struct ltcp_half *half, const struct ltcp_seg *seg, unsigned int defer)
{
	if (half->retries >= defer || ltcp_seg_end(seg) != half->irs + 1)
		return false;
	half->acked = 1;
	return true;
}

void ltcp_half_segment(struct ltcp_half *half, const struct ltcp_seg *seg, unsigned int defer,
		       u64 now, struct ltcp_verdict *v)
{
	u8 flags = seg->flags;

	/* The SYN again: our SYN-ACK was lost, or is late */
	if ((flags & (LTCP_SYN | LTCP_ACK | LTCP_RST)) == LTCP_SYN && seg->seq == half->irs) {
		if (ltcp_limiter_allow(&half->challenge, now))
			v->act |= LTCP_ACT_SYNACK;
		return;
	}
	if (!acceptable(half, seg) || (!(flags & LTCP_RST) && old_timestamp(half, seg))) {
		if (!(flags & LTCP_RST))
			answer_half(half, now, LTCP_REASON_SEQUENCE, v);
		return;
	}
	if (flags & LTCP_RST) {		/* RFC 5961 section 3.2 */
		if (seg->seq == half->irs + 1)
			forget(v, LTCP_CAUSE_RCV_RST);
		else
			answer_half(half, now, LTCP_REASON_RST, v);
		return;
	}
	if (flags & LTCP_SYN) {		/* fourth: "return this connection to LISTEN" */
		forget(v, LTCP_CAUSE_RCV_SYN);
		return;
	}
	if (!(flags & LTCP_ACK)) {
		v->reason = LTCP_REASON_NO_ACK;
		return;
	}
	if (seg->ack != half->iss + 1) {
		v->reason = LTCP_REASON_ACK;
		fsm_rst(v, seg->ack);
		return;
	}
	if ((half->agreed & LTCP_HAS_TS) && !(seg->opt.has & LTCP_HAS_TS)) {
		v->reason = LTCP_REASON_NO_TS;
		return;
	}
	if (deferred(half, seg, defer))
		v->notes |= LTCP_NOTE_DEFERRED;
	else
		v->act |= LTCP_ACT_ESTABLISH;
}

void ltcp_half_timeout(struct ltcp_half *half, unsigned int limit, unsigned int defer,
		       struct ltcp_verdict *v)
{
	if (half->retries >= limit && !(half->acked && half->retries < defer)) {
		ltcp_fsm_move(v, LTCP_SYN_RECEIVED, LTCP_CLOSED, LTCP_CAUSE_TIMEOUT);
		v->act |= LTCP_ACT_CLOSED;
		return;
	}
	half->retries++;	/* both limits are less than 256 */
	if (half->acked && half->retries < defer)
		return;
	half->resent++;
	v->act |= LTCP_ACT_SYNACK;
}

unsigned int ltcp_half_lane(const struct ltcp_half *half)
{
	unsigned int last = LTCP_HALF_LANES / LTCP_HALF_JITTERS - 1;
	unsigned int level = half->retries < last ? half->retries : last;

	return level * LTCP_HALF_JITTERS + (half->iss >> (2 * level)) % LTCP_HALF_JITTERS;
}

static u32 rto_ms_after(unsigned int retries)
{
	struct ltcp_rtt rtt;

	ltcp_rtt_init(&rtt, 0);
	return ltcp_rtt_backoff(&rtt, retries) / 1000;
}

u8 ltcp_half_defer(int seconds)
{
	unsigned int n = 0;
	s64 past = 0;

	while (past < seconds && n < 255)
		past += rto_ms_after(n++) / 1000;
	return n;
}

u32 ltcp_half_defer_s(unsigned int defer)
{
	u32 seconds = 0;

	while (defer)
		seconds += rto_ms_after(--defer) / 1000;
	return seconds;
}

u32 ltcp_half_wait_ms(unsigned int lane)
{
	u32 rto_ms = rto_ms_after(lane / LTCP_HALF_JITTERS);

	return rto_ms + rto_ms / 32 * (lane % LTCP_HALF_JITTERS);
}

void ltcp_tcb_from_half(struct ltcp_tcb *tcb, const struct ltcp_half *half, u64 now)
{
	tcb->state = LTCP_SYN_RECEIVED;
	tcb->iss = half->iss;
	tcb->snd_una = half->iss;
	tcb->snd_nxt = half->iss + 1;
	tcb->snd_end = half->iss + 1;
	tcb->snd_up = half->iss;
	tcb->snd_small = half->iss;
	tcb->recover = half->iss;
	tcb->snd_wnd = half->snd_wnd;
	tcb->snd_wl1 = half->irs;
	tcb->snd_wl2 = half->iss;
	tcb->irs = half->irs;
	tcb->rcv_nxt = half->irs + 1;
	tcb->rcv_wup = tcb->rcv_nxt;
	tcb->rcv_up = tcb->rcv_nxt;
	tcb->rcv_adv = tcb->rcv_nxt + half->wnd;
	tcb->peer_mss = half->mss;
	tcb->adv_mss = half->adv_mss;
	tcb->ts_ok = !!(half->agreed & LTCP_HAS_TS);
	tcb->ts_recent = half->ts_recent;
	tcb->ts_recent_s = ltcp_s(now);
	tcb->ts_off = half->ts_off;
	tcb->wscale_ok = !!(half->agreed & LTCP_HAS_WSCALE);
	tcb->snd_wscale = half->snd_wscale;
	tcb->rcv_wscale = half->rcv_wscale;
	tcb->sack_ok = !!(half->agreed & LTCP_HAS_SACK_PERM);
	tcb->ecn_ok = half->ecn_ok;
	tcb->syn_rtx = !!half->resent;
	ltcp_mss_update(tcb);
	ltcp_cong_init(tcb, now);
}
