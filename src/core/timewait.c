// SPDX-License-Identifier: GPL-2.0
/* TIME-WAIT: RFC 9293 sections 3.6.1 and 3.10.7.4, RFC 1337, RFC 6191. */
#include <linux/string.h>

#include "timewait.h"

void ltcp_tw_from_tcb(struct ltcp_tw *tw, const struct ltcp_tcb *tcb)
{
	memset(tw, 0, sizeof(*tw));
	tw->snd_nxt = tcb->snd_nxt;
	tw->rcv_nxt = tcb->rcv_nxt;
	tw->ts_recent = tcb->ts_recent;
	tw->ts_off = tcb->ts_off;
	tw->ts_ok = tcb->ts_ok;
	tw->wnd = ltcp_rcv_wnd(tcb) >> tcb->rcv_wscale;
}

/*
 * MAY-2 and RFC 6191 section 2: a SYN of a new incarnation, beyond all of the
 * old one. Should only the new one use timestamps, PAWS tells the two apart.
 */
static bool reopens(const struct ltcp_tw *tw, const struct ltcp_seg *seg,
		    const struct ltcp_conf *conf)
{
	if ((seg->flags & (LTCP_SYN | LTCP_ACK)) != LTCP_SYN)
		return false;
	if (conf->timestamps && (seg->opt.has & LTCP_HAS_TS)) {
		if (!tw->ts_ok)
			return true;
		if (seq_gt(seg->opt.tsval, tw->ts_recent))
			return true;
		if (seg->opt.tsval != tw->ts_recent)
			return false;
	}
	return seq_gt(seg->seq, tw->rcv_nxt);
}

static void answer_old(struct ltcp_tw *tw, u64 now, enum ltcp_reason why, struct ltcp_verdict *v)
{
	v->reason = why;
	if (ltcp_limiter_allow(&tw->challenge, now))
		v->act |= LTCP_ACT_ACK;
}

/*
 * RFC 7323 section 4.3, and as for text whose ACK was lost (arrives.c): what comes in its place
 * moves TS.Recent, and the FIN that comes again is what our ACK answers. RFC 6191 wants the last.
 */
static void follow_timestamp(struct ltcp_tw *tw, const struct ltcp_seg *seg)
{
	if (tw->ts_ok && (seg->opt.has & LTCP_HAS_TS) && seg->ack == tw->snd_nxt)
		tw->ts_recent = seg->opt.tsval;
}

void ltcp_tw_segment(struct ltcp_tw *tw, const struct ltcp_seg *seg,
		     const struct ltcp_conf *conf, u64 now, struct ltcp_verdict *v)
{
	bool old = tw->ts_ok && (seg->opt.has & LTCP_HAS_TS) &&
		   seq_lt(seg->opt.tsval, tw->ts_recent);

	if (seg->flags & LTCP_RST) {	/* RFC 1337, fix F1 */
		v->reason = LTCP_REASON_RST;
		return;
	}
	if (reopens(tw, seg, conf)) {
		v->act |= LTCP_ACT_REOPEN;
		v->iss_min = tw->snd_nxt;
		return;
	}
	/* "The only thing that can arrive in this state is a retransmission of the remote FIN" */
	if ((seg->flags & (LTCP_FIN | LTCP_ACK | LTCP_SYN)) == (LTCP_FIN | LTCP_ACK) && !old &&
	    ltcp_seg_end(seg) == tw->rcv_nxt) {
		follow_timestamp(tw, seg);
		v->act |= LTCP_ACT_ACK | LTCP_ACT_RESTART;
		return;
	}
	/* An ACK in its place needs no answer; two TIME-WAITs must not talk for ever */
	if (!ltcp_seg_len(seg) && seg->seq == tw->rcv_nxt && !old) {
		follow_timestamp(tw, seg);
		return;
	}
	answer_old(tw, now, old ? LTCP_REASON_PAWS : LTCP_REASON_SEQUENCE, v);
}

bool ltcp_tw_reusable(const struct ltcp_tw *tw, const struct ltcp_conf *conf, u32 age_ms)
{
	return conf->timewait_reuse && conf->timestamps && tw->ts_ok && age_ms >= LTCP_TW_REUSE_MS;
}

void ltcp_tw_ack(const struct ltcp_tw *tw, u64 now, struct ltcp_seg *seg)
{
	ltcp_segment_clear(seg);
	seg->seq = tw->snd_nxt;
	seg->ack = tw->rcv_nxt;
	seg->wnd = tw->wnd;
	seg->flags = LTCP_ACK;
	if (!tw->ts_ok)
		return;
	seg->opt.has = LTCP_HAS_TS;
	seg->opt.tsval = ltcp_ms(now) + tw->ts_off;
	seg->opt.tsecr = tw->ts_recent;
}
