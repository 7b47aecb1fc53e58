// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES: RFC 9293 section 3.10.7, in its order and with its steps.
 * A step returns false when the segment's processing ends with it.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "cong.h"
#include "ecn.h"
#include "fsm_enter.h"
#include "mss.h"
#include "plpmtu.h"
#include "rack.h"
#include "recovery.h"
#include "sack.h"
#include "transmit.h"
#include "window.h"

#define PAWS_IDLE_S	(24u * 24 * 3600)	/* RFC 7323 section 5.5 */

bool ltcp_limiter_allow(struct ltcp_limiter *l, u64 now)
{
	struct ltcp_limiter fresh = { .since_ms = ltcp_ms(now) };
	struct ltcp_limiter past = { .since_ms = fresh.since_ms - l->since_ms };

	if (!l->n || past.since_ms >= LTCP_LIMITER_MS)
		*l = fresh;
	if (l->n >= LTCP_LIMITER_N)
		return false;
	l->n++;
	return true;
}

/* RFC 5961: say where we are, but not so often that it becomes a weapon */
static bool challenge(struct ltcp_tcb *tcb, enum ltcp_reason why, const struct ltcp_env *env,
		      struct ltcp_verdict *v)
{
	v->reason = why;
	if (ltcp_limiter_allow(&tcb->challenge, env->now))
		v->act |= LTCP_ACT_ACK;
	return false;
}

/* What of a segment RCV.NXT has passed already: the ACK will tell of it (RFC 2883) */
static void note_duplicate(struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
			   struct ltcp_verdict *v)
{
	struct ltcp_range old = { seg->seq, seq_min(ltcp_seg_end(seg), tcb->rcv_nxt) };

	if ((seg->flags & LTCP_SYN) || !seq_lt(old.start, old.end))
		return;
	v->notes |= LTCP_NOTE_DUPLICATE;
	ltcp_sack_duplicate(tcb, &old);
}

/*
 * An unacceptable segment is answered by an ACK. Without text the answer is
 * limited: two peers that find each other's ACKs unacceptable would never end.
 */
static bool unacceptable(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, enum ltcp_reason why,
			 const struct ltcp_env *env, struct ltcp_verdict *v)
{
	v->reason = why;
	if (seg->flags & LTCP_RST)
		return false;
	note_duplicate(tcb, seg, v);
	if (!seg->text || (seg->flags & LTCP_SYN))
		return challenge(tcb, why, env, v);
	v->act |= LTCP_ACT_ACK;
	return false;
}

/* Section 3.10.7.1 */
void ltcp_fsm_segment_closed(const struct ltcp_seg *seg, struct ltcp_verdict *v)
{
	if (seg->flags & LTCP_RST)
		return;
	if (seg->flags & LTCP_ACK) {
		fsm_rst(v, seg->ack);
		return;
	}
	fsm_rst(v, 0);
	v->rst.ack = ltcp_seg_end(seg);
	v->rst.flags = LTCP_RST | LTCP_ACK;
}

/* RFC 7323 section 5.3, R1: the timestamp is from before what was last taken */
static bool paws_rejects(const struct ltcp_tcb *tcb, const struct ltcp_seg *seg, u64 now)
{
	if (!seq_lt(seg->opt.tsval, tcb->ts_recent))
		return false;
	/* R1's exception: after 24 days of silence TS.Recent means nothing */
	return ltcp_s(now) - tcb->ts_recent_s <= PAWS_IDLE_S;
}

/* RFC 7323 section 4.3: TS.Recent follows the segment that the last ACK ends at */
static void update_ts_recent(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, u64 now)
{
	if (seq_gt(seg->seq, tcb->rcv_wup) || !(seg->opt.has & LTCP_HAS_TS))
		return;
	tcb->ts_recent = seg->opt.tsval;
	tcb->ts_recent_s = ltcp_s(now);
}

/*
 * Text that ends where the last ACK does: that was lost. RFC 7323 section 5.3 passes
 * over the timestamp of what comes again, yet it is this one that our answer answers:
 * with the first one's the peer would measure his own RTO, and each longer than the last.
 */
static bool lost_our_ack(const struct ltcp_tcb *tcb, const struct ltcp_seg *seg)
{
	return seg->text && (seg->flags & (LTCP_ACK | LTCP_SYN | LTCP_RST)) == LTCP_ACK &&
	       ltcp_seg_end(seg) == tcb->rcv_nxt && tcb->rcv_wup == tcb->rcv_nxt &&
	       seq_le(seg->ack, tcb->snd_nxt) &&
	       seq_ge(seg->ack, tcb->snd_una - tcb->max_snd_wnd);
}

/* First, check sequence number: the table of section 3.10.7.4 */
static bool in_window(const struct ltcp_tcb *tcb, const struct ltcp_seg *seg)
{
	u32 wnd = ltcp_rcv_wnd(tcb), len = ltcp_seg_len(seg);

	if (!wnd)
		/*
		 * Nothing may be sent to us, yet valid ACKs, URGs and RSTs
		 * count (MUST-66); the text is cut off later.
		 */
		return seg->seq == tcb->rcv_nxt;
	if (seq_in(seg->seq, tcb->rcv_nxt, wnd))
		return true;
	if (!len)
		/*
		 * Where a peer's bare ACKs lie that has filled the window and lost
		 * text in it: unheard, they would stop our own text as well.
		 */
		return seg->seq == tcb->rcv_adv && !(seg->flags & LTCP_RST);
	return seq_in(seg->seq + len - 1, tcb->rcv_nxt, wnd);
}

/* What follows a SYN that has been dealt with; SEG.UP counts from SEG.SEQ */
static void strip_syn(struct ltcp_seg *seg)
{
	seg->flags &= ~LTCP_SYN;
	seg->seq++;
	if (seg->up)
		seg->up--;
}

static bool step1_sequence(struct ltcp_tcb *tcb, struct ltcp_seg *seg,
			   const struct ltcp_env *env, struct ltcp_verdict *v)
{
	/* Figure 7, line 6: in a simultaneous open the peer's SYN comes again, with ACK */
	if (!tcb->syn_acked && seg->seq == tcb->irs &&
	    (seg->flags & (LTCP_SYN | LTCP_ACK | LTCP_RST)) == (LTCP_SYN | LTCP_ACK)) {
		strip_syn(seg);
	}
	if (tcb->ts_ok && !(seg->flags & LTCP_RST)) {
		if (!(seg->opt.has & LTCP_HAS_TS)) {	/* RFC 7323 section 3.2 */
			v->reason = LTCP_REASON_NO_TS;
			return false;
		}
		if (paws_rejects(tcb, seg, env->now))
			return unacceptable(tcb, seg, LTCP_REASON_PAWS, env, v);
	}
	if (!in_window(tcb, seg)) {
		if (tcb->ts_ok && lost_our_ack(tcb, seg))
			update_ts_recent(tcb, seg, env->now);
		return unacceptable(tcb, seg, LTCP_REASON_SEQUENCE, env, v);
	}
	return true;
}

/* Second, check the RST bit: RFC 5961 section 3 */
static bool step2_rst(struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
		      const struct ltcp_env *env, struct ltcp_verdict *v)
{
	int err = ECONNRESET;

	if (!(seg->flags & LTCP_RST))
		return true;
	if (seg->seq != tcb->rcv_nxt)
		return challenge(tcb, LTCP_REASON_RST, env, v);
	if (tcb->state == LTCP_SYN_RECEIVED && !tcb->fastopen)
		err = ECONNREFUSED;
	else if (tcb->state == LTCP_CLOSE_WAIT)
		err = EPIPE;	/* as Linux: the reader has seen the end already */
	fsm_delete(tcb, LTCP_CAUSE_RCV_RST, err, v);
	return false;
}

/* Third, security: none. Fourth, check the SYN bit: RFC 5961 section 4 */
static bool step4_syn(struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
		      const struct ltcp_env *env, struct ltcp_verdict *v)
{
	if (!(seg->flags & LTCP_SYN))
		return true;
	return challenge(tcb, LTCP_REASON_SYN, env, v);
}

/*
 * A window opens that was closed on what was in flight: the peer had no memory for
 * it (RFC 9293 section 3.8.6: he shrunk the window). It goes again, but no sooner
 * than it would have been answered: what goes twice draws more such answers. By the least
 * round trip that was ever seen it would soon be nothing but answers to each other.
 */
static bool was_refused(const struct ltcp_tcb *tcb, u64 now)
{
	return !tcb->snd_wnd && ltcp_in_flight(tcb) && tcb->rtt.srtt_us &&
	       now - tcb->snd_at >= tcb->rtt.srtt_us / 8;
}

static void take_window(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, u32 wnd, u64 now,
			struct ltcp_verdict *v)
{
	bool opened = wnd > tcb->snd_wnd, refused = was_refused(tcb, now);

	tcb->snd_wnd = wnd;
	tcb->snd_wl1 = seg->seq;
	tcb->snd_wl2 = seg->ack;
	if (wnd > tcb->max_snd_wnd)
		tcb->max_snd_wnd = wnd;
	if (!opened)
		return;
	v->act |= LTCP_ACT_OUTPUT;
	if (!tcb->timer[LTCP_TIMER_PERSIST] && !refused)
		return;
	/* The probe was heard; what it carried may not have been taken: send it again */
	tcb->timer[LTCP_TIMER_PERSIST] = 0;
	tcb->backoff = 0;
	ltcp_recovery_reopened(tcb, now, v);
}

/* RFC 6298 section 3 (Karn): a timed segment, or else a timestamp; 0: no sample */
static u32 sample_rtt(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, u64 now)
{
	u32 us = 0;

	if (tcb->timing && seq_ge(seg->ack, tcb->rtt_seq)) {
		us = (u32)now - tcb->rtt_at ? : 1;
		tcb->timing = 0;
	} else if (!tcb->timing && tcb->ts_ok && (seg->opt.has & LTCP_HAS_TS) &&
		   seg->opt.tsecr) {
		u32 ms = ltcp_ms(now) + tcb->ts_off - seg->opt.tsecr;

		if (ms < LTCP_RTO_MAX_US / 1000)
			us = ms ? ms * 1000 : 1;
	}
	if (us)
		ltcp_rtt_sample(&tcb->rtt, us);
	return us;
}

static void advance_una(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, u64 now,
			struct ltcp_verdict *v)
{
	/* The SYN is no octet that CWND counts */
	u32 acked = seg->ack - tcb->snd_una - (tcb->snd_una == tcb->iss);
	struct ltcp_cong_sample sample = {
		.now = now,
		.ack = seg->ack,
		.acked = acked,
		.delivered = acked,
		.in_flight = ltcp_in_flight(tcb),
		.rtt_us = sample_rtt(tcb, seg, now) ? :
			  ltcp_flight_rtt(&tcb->flight, seg->ack, now),
		.marked = tcb->ecn_ok && (seg->flags & LTCP_ECE) ? acked : 0,
	};

	tcb->retries = 0;
	tcb->backoff = 0;
	tcb->rtx_since = 0;
	tcb->soft_err = 0;
	ltcp_recovery_acked(tcb, seg, &sample, v);
	if (tcb->plpmtu.low)
		ltcp_plpmtu_acked(tcb, now, v);
	if (tcb->snd_urg && seq_ge(tcb->snd_una, tcb->snd_up))
		tcb->snd_urg = 0;
	/* RFC 6298 (5.2) and (5.3); nothing is left to probe with either */
	if (!ltcp_in_flight(tcb)) {
		tcb->timer[LTCP_TIMER_RTX] = 0;
		tcb->timer[LTCP_TIMER_PERSIST] = 0;
	} else if (!tcb->timer[LTCP_TIMER_PERSIST]) {
		ltcp_rack_start_timer(tcb, now);
	}
	v->act |= LTCP_ACT_ACKED | LTCP_ACT_OUTPUT;
}

/* RFC 5681 section 2: what a duplicate ACK is, at SND.UNA */
static bool is_dupack(const struct ltcp_tcb *tcb, const struct ltcp_seg *seg, u32 wnd)
{
	return ltcp_in_flight(tcb) && !ltcp_seg_len(seg) && wnd == tcb->snd_wnd && wnd;
}

static void take_segment_ack(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, bool syn_again,
			     const struct ltcp_env *env, struct ltcp_verdict *v)
{
	/* RFC 7323 section 2.2: the window of a SYN is never scaled */
	u32 wnd = (u32)seg->wnd << (syn_again ? 0 : tcb->snd_wscale);

	tcb->probes = 0;
	if (seq_gt(seg->ack, tcb->snd_una))
		advance_una(tcb, seg, env->now, v);
	else if (seg->ack == tcb->snd_una && (ltcp_in_flight(tcb) || seg->opt.n_sack))
		ltcp_recovery_dupack(tcb, seg, is_dupack(tcb, seg, wnd), env->now, v);
	if (seq_lt(seg->ack, tcb->snd_una))
		return;
	if (seq_lt(tcb->snd_wl1, seg->seq) ||
	    (tcb->snd_wl1 == seg->seq && seq_le(tcb->snd_wl2, seg->ack)))
		take_window(tcb, seg, wnd, env->now, v);
}

/* RFC 7413 section 4.2.1: text on our SYN that was not taken goes again; that is no congestion */
static void resend_syn_text(struct ltcp_tcb *tcb)
{
	if (tcb->snd_una == tcb->iss + 1)
		tcb->fastopen_fail = tcb->syn_rtx ? LTCP_FASTOPEN_FAIL_SYN_LOST :
						    LTCP_FASTOPEN_FAIL_NOT_ACKED;
	ltcp_recovery_resend_all(tcb);
}

static void establish(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, enum ltcp_cause cause,
		      u64 now, struct ltcp_verdict *v)
{
	if (tcb->syn_rtx && !tcb->rtt.srtt_us)
		ltcp_rtt_syn_lost(&tcb->rtt);
	tcb->snd_wnd = seg->wnd;
	/* RFC 7323 section 2.2: the window of a SYN is never scaled */
	if (cause == LTCP_CAUSE_RCV_ACK_OF_SYN)
		tcb->snd_wnd <<= tcb->snd_wscale;
	tcb->max_snd_wnd = tcb->snd_wnd;
	tcb->snd_wl1 = seg->seq;
	tcb->snd_wl2 = seg->ack;
	tcb->rcv_at = now;
	ltcp_plpmtu_open(tcb, now);
	ltcp_cong_init(tcb, now);
	if (tcb->syn_text && ltcp_in_flight(tcb))
		resend_syn_text(tcb);
	fsm_enter(tcb, LTCP_ESTABLISHED, cause, v);
	v->act |= LTCP_ACT_CONNECTED | LTCP_ACT_OUTPUT;
	ltcp_rcvbuf_init(&tcb->rcvbuf, tcb->rcv_nxt, 10 * tcb->adv_mss, now);
	if (tcb->keepalive)
		tcb->timer[LTCP_TIMER_KEEPALIVE] = now;	/* finds out by itself when */
	if (tcb->close_pending)
		fsm_queue_fin(tcb, v);
}

/* Fifth, in SYN-RECEIVED: has our SYN been acknowledged? */
static bool ack_of_syn(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, bool syn_again,
		       const struct ltcp_env *env, struct ltcp_verdict *v)
{
	if (!seq_gt(seg->ack, tcb->snd_una) || seq_gt(seg->ack, tcb->snd_nxt)) {
		v->reason = LTCP_REASON_ACK;
		fsm_rst(v, seg->ack);
		return false;
	}
	tcb->syn_acked = 1;
	advance_una(tcb, seg, env->now, v);
	establish(tcb, seg, syn_again ? LTCP_CAUSE_RCV_SYN_ACK : LTCP_CAUSE_RCV_ACK_OF_SYN,
		  env->now, v);
	return true;
}

/* Fifth, check the ACK field: RFC 5961 section 5 for the acceptable range */
static bool step5_ack(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, bool syn_again,
		      const struct ltcp_env *env, struct ltcp_verdict *v)
{
	if (!(seg->flags & LTCP_ACK)) {
		v->reason = LTCP_REASON_NO_ACK;
		return false;
	}
	if (tcb->state == LTCP_SYN_RECEIVED)
		return ack_of_syn(tcb, seg, syn_again, env, v);
	if (seq_gt(seg->ack, tcb->snd_nxt) ||
	    seq_lt(seg->ack, tcb->snd_una - tcb->max_snd_wnd))
		return challenge(tcb, LTCP_REASON_ACK, env, v);
	if (!tcb->syn_acked && seq_gt(seg->ack, tcb->iss))
		tcb->syn_acked = 1;	/* CLOSE came before the ACK of our SYN (arrow 10) */
	take_segment_ack(tcb, seg, syn_again, env, v);

	if (!ltcp_fin_acked(tcb))
		return true;
	/* FIN-WAIT-1 waits for the eighth step: the segment may bring FIN as well */
	if (tcb->state == LTCP_CLOSING) {
		fsm_enter(tcb, LTCP_TIME_WAIT, LTCP_CAUSE_RCV_ACK_OF_FIN, v);
		v->act |= LTCP_ACT_TIME_WAIT;
		return false;
	}
	if (tcb->state == LTCP_LAST_ACK) {
		fsm_delete(tcb, LTCP_CAUSE_RCV_ACK_OF_FIN, 0, v);
		return false;
	}
	return true;
}

/* Sixth, check the URG bit: the user is told when the pointer advances (MUST-32) */
static void step6_urg(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, struct ltcp_verdict *v)
{
	u32 up = seg->seq + seg->up;

	if (!(seg->flags & LTCP_URG) || !LTCP_IN(tcb->state, LTCP_MAY_RECEIVE))
		return;
	if (!seq_gt(up, tcb->rcv_up) || !seq_gt(up, tcb->rcv_nxt))
		return;
	tcb->rcv_up = up;
	v->act |= LTCP_ACT_URGENT;
}

/* Text for a user who has closed: RFC 1122 section 4.2.2.13 (SHLD-3) */
static void refuse_text(struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
			struct ltcp_verdict *v)
{
	v->reason = LTCP_REASON_GONE;
	fsm_rst(v, seg->ack);
	fsm_delete(tcb, LTCP_CAUSE_ABORT, 0, v);
}

/* Where the part of the segment that we may take ends; FIN is cut off with what follows */
static u32 text_end(const struct ltcp_tcb *tcb, struct ltcp_seg *seg)
{
	u32 end = seg->seq + seg->text;
	u32 edge = seq_max(tcb->rcv_adv, tcb->rcv_nxt);

	if (tcb->rcv_fin)
		edge = seq_min(edge, tcb->rcv_fin_seq);
	if (seq_le(end, edge))
		return end;
	seg->flags &= ~LTCP_FIN;
	return edge;
}

static void note_fin(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, struct ltcp_verdict *v)
{
	u32 at = seg->seq + seg->text;

	if (!(seg->flags & LTCP_FIN))
		return;
	/* RFC 5681 section 4.2: a FIN that has overtaken text is answered at once, like text */
	if (!seg->text && seq_gt(at, tcb->rcv_nxt)) {
		v->act |= LTCP_ACT_ACK;
		tcb->rcv_ahead = 1;
	}
	if (tcb->rcv_fin || seq_lt(at, tcb->rcv_nxt))
		return;
	tcb->rcv_fin = 1;
	tcb->rcv_fin_seq = at;
}

/* For the size of the receive buffer: text in order tells of the round trip */
static void note_round_trip(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, u64 now)
{
	u32 ms;

	if (!tcb->ts_ok) {
		ltcp_rcvbuf_window(&tcb->rcvbuf, tcb->rcv_nxt, tcb->rcv_adv, now);
		return;
	}
	if (!(seg->opt.has & LTCP_HAS_TS) || seg->text < tcb->rcv_mss)
		return;
	ms = ltcp_ms(now) + tcb->ts_off - seg->opt.tsecr;
	if (ms < LTCP_RTO_MAX_US / 1000)
		ltcp_rcvbuf_echo(&tcb->rcvbuf, seg->opt.tsecr, (ms ? ms : 1) * 1000);
}

/* The caller stores @len octets of the segment from @start on */
static void take_text(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, u32 start, u32 len,
		      const struct ltcp_env *env, struct ltcp_verdict *v)
{
	v->text_skip = start - seg->seq;
	v->text_len = len;
	v->text_seq = start;
	v->act |= LTCP_ACT_TEXT;
	if (start == tcb->rcv_nxt)
		note_round_trip(tcb, seg, env->now);
	if (len > tcb->rcv_mss)
		tcb->rcv_mss = len < tcb->adv_mss ? len : tcb->adv_mss;
}

/*
 * Seventh, process the segment text: cut it to the window and say where it
 * belongs; the caller stores it. Returns false when the connection has ended.
 */
static bool step7_text(struct ltcp_tcb *tcb, struct ltcp_seg *seg, const struct ltcp_env *env,
		       struct ltcp_verdict *v)
{
	u32 start = seq_max(seg->seq, tcb->rcv_nxt), end;

	if (!LTCP_IN(tcb->state, LTCP_MAY_RECEIVE))
		return true;
	end = text_end(tcb, seg);
	if (seq_lt(seg->seq, tcb->rcv_nxt))
		note_duplicate(tcb, seg, v);
	if (seq_gt(seg->seq + seg->text, tcb->rcv_nxt) && tcb->user_gone) {
		refuse_text(tcb, seg, v);
		return false;
	}
	if (seg->text && seq_ge(start, end)) {
		v->act |= LTCP_ACT_ACK;	/* nothing of it was new, or none had room */
	} else if (seg->text && !env->may_store) {
		v->reason = LTCP_REASON_MEMORY;
		v->act |= LTCP_ACT_ACK;
		if (start == tcb->rcv_nxt) {
			tcb->shrunk = 1;
			tcb->choked = 1;
		}
		return true;
	} else if (seg->text) {
		take_text(tcb, seg, start, end - start, env, v);
	}
	note_fin(tcb, seg, v);
	return true;
}

/*
 * Header prediction: is this what nearly every segment of an open connection
 * is, the next text or an ACK, with nothing that the first four steps, the
 * sixth or the eighth would take notice of?
 */
static bool is_expected(const struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
			const struct ltcp_env *env)
{
	if (tcb->state != LTCP_ESTABLISHED || (seg->flags & ~LTCP_PSH) != LTCP_ACK ||
	    seg->seq != tcb->rcv_nxt || seq_lt(seg->ack, tcb->snd_una) ||
	    seq_gt(seg->ack, tcb->snd_nxt) || seg->opt.has != (tcb->ts_ok ? LTCP_HAS_TS : 0))
		return false;
	if (tcb->ts_ok && seq_lt(seg->opt.tsval, tcb->ts_recent))
		return false;
	if (tcb->echoing || tcb->rcv_fin || tcb->user_gone)
		return false;
	return !seg->text || (env->may_store && seg->text <= ltcp_rcv_wnd(tcb));
}

/* Steps 5 and 7 of such a segment: what arrives_otherwise() would do */
static void arrives_expected(struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
			     const struct ltcp_env *env, struct ltcp_verdict *v)
{
	take_segment_ack(tcb, seg, false, env, v);
	tcb->rcv_at = env->now;
	tcb->keep_probes = 0;
	if (tcb->ts_ok)
		update_ts_recent(tcb, seg, env->now);
	if (tcb->ecn_ok)
		ltcp_ecn_arrives(tcb, seg, v);
	if (seg->text)
		take_text(tcb, seg, seg->seq, seg->text, env, v);
}

void ltcp_fsm_text_in_order(struct ltcp_tcb *tcb, u32 n)
{
	tcb->rcv_nxt += n;
	tcb->choked = 0;
}

/*
 * Eighth, check the FIN bit, which may have waited for text before it. While
 * the user may still send, its acknowledgment waits a moment, as that of text
 * may (section 3.8.6.3): mostly he closes at once, and our FIN carries it along.
 */
static void step8_fin(struct ltcp_tcb *tcb, struct ltcp_verdict *v)
{
	if (tcb->rcv_fin_done || tcb->rcv_nxt != tcb->rcv_fin_seq)
		return;
	tcb->rcv_nxt++;
	tcb->rcv_fin_done = 1;
	v->act |= LTCP_ACT_EOF;
	if (tcb->state == LTCP_ESTABLISHED) {
		fsm_enter(tcb, LTCP_CLOSE_WAIT, LTCP_CAUSE_RCV_FIN, v);
		return;
	}
	v->act |= LTCP_ACT_ACK;
	switch (tcb->state) {
	case LTCP_FIN_WAIT_1:
		if (!ltcp_fin_acked(tcb)) {
			fsm_enter(tcb, LTCP_CLOSING, LTCP_CAUSE_RCV_FIN, v);
			return;
		}
		fsm_enter(tcb, LTCP_TIME_WAIT, LTCP_CAUSE_RCV_FIN_ACK, v);
		break;
	case LTCP_FIN_WAIT_2:
		fsm_enter(tcb, LTCP_TIME_WAIT, LTCP_CAUSE_RCV_FIN, v);
		break;
	}
	v->act |= LTCP_ACT_TIME_WAIT;
}

/*
 * A user who has so much to read sets the pace: an ACK would only make the peer
 * send more that waits here. What is owed goes with what he reads and the window
 * that this opens (ltcp_fsm_received()), before the peer has used half of what he
 * was promised, or after the usual delay. A mark cannot wait (RFC 3168).
 */
static bool reader_is_behind(const struct ltcp_tcb *tcb, const struct ltcp_env *env)
{
	return env->unread > LTCP_UNREAD_SEGMENTS * tcb->rcv_mss && !tcb->ecn_echo &&
	       tcb->rcv_nxt - tcb->rcv_wup < ltcp_rcv_wnd(tcb);
}

static void delay_ack(struct ltcp_tcb *tcb, u64 now, u32 most_us)
{
	u32 us = tcb->conf->delack_us;
	u64 at = now + (us < most_us ? us : most_us), *timer = &tcb->timer[LTCP_TIMER_DELACK];

	if (!*timer || *timer > at)
		*timer = at;
}

/* Section 3.8.6.3: acknowledge at once, or after a while (SHLD-18, SHLD-19) */
static void acknowledge(struct ltcp_tcb *tcb, bool ahead, const struct ltcp_env *env,
			struct ltcp_verdict *v)
{
	bool gap = ahead || tcb->rcv_ahead;	/* RFC 5681 section 4.2 */

	tcb->rcv_ahead = ahead;
	if (v->act & (LTCP_ACT_ACK | LTCP_ACT_SYNACK))
		return;
	if (gap || tcb->quickack || tcb->route_quickack ||
	    (ltcp_ack_owed(tcb) && !reader_is_behind(tcb, env)))
		v->act |= LTCP_ACT_ACK;
	else
		delay_ack(tcb, env->now, v->act & LTCP_ACT_EOF ? LTCP_FIN_DELACK_US : ~0u);
}

void ltcp_fsm_text_stored(struct ltcp_tcb *tcb, bool ahead, const struct ltcp_env *env,
			  struct ltcp_verdict *v)
{
	if (tcb->ecn_flip) {
		tcb->ecn_echo ^= 1;
		tcb->ecn_flip = 0;
	}
	if (tcb->rcv_fin)
		step8_fin(tcb, v);
	/* What the fifth step left open: our FIN is acknowledged, the peer's has not come */
	if (tcb->state == LTCP_FIN_WAIT_1 && ltcp_fin_acked(tcb)) {
		fsm_enter(tcb, LTCP_FIN_WAIT_2, LTCP_CAUSE_RCV_ACK_OF_FIN, v);
		fsm_start_linger(tcb, env->now);
	}
	if (v->act & (LTCP_ACT_TEXT | LTCP_ACT_EOF))
		acknowledge(tcb, ahead, env, v);
}

static void steps_6_to_8(struct ltcp_tcb *tcb, struct ltcp_seg *seg, const struct ltcp_env *env,
			 struct ltcp_verdict *v)
{
	step6_urg(tcb, seg, v);
	if (step7_text(tcb, seg, env, v) && !(v->act & LTCP_ACT_TEXT))
		ltcp_fsm_text_stored(tcb, tcb->rcv_ahead, env, v);
}

/*
 * The peer remembers nothing of us: until it is heard from, all that is sent
 * must carry the cookie, and an ACK is sent again as text would be.
 */
static void begin_echo(struct ltcp_tcb *tcb, const struct ltcp_seg *seg)
{
	tcb->echoing = 1;
	tcb->echoes = 0;
	memcpy(tcb->cookie, seg->opt.cookie, sizeof(tcb->cookie));
	ltcp_mss_update(tcb);
}

static void end_echo(struct ltcp_tcb *tcb, u64 now)
{
	tcb->echoing = 0;
	tcb->timer[LTCP_TIMER_KEEPALIVE] = tcb->keepalive ? now : 0;	/* finds out when */
	ltcp_mss_update(tcb);
}

/* Section 3.10.7.3 */
static void arrives_in_syn_sent(struct ltcp_tcb *tcb, struct ltcp_seg *seg,
				const struct ltcp_env *env, struct ltcp_verdict *v)
{
	bool ack = seg->flags & LTCP_ACK;

	if (ack && (seq_le(seg->ack, tcb->iss) || seq_gt(seg->ack, tcb->snd_nxt))) {
		v->reason = LTCP_REASON_ACK;
		if (!(seg->flags & LTCP_RST))
			fsm_rst(v, seg->ack);
		return;
	}
	if (seg->flags & LTCP_RST) {
		if (ack)	/* erratum 8167: this alone makes it acceptable */
			fsm_delete(tcb, LTCP_CAUSE_RCV_RST, ECONNREFUSED, v);
		return;
	}
	if (!(seg->flags & LTCP_SYN))
		return;
	fsm_take_syn(tcb, seg);
	tcb->ts_recent_s = ltcp_s(env->now);
	if (!ack) {
		/* Text on it stays unacknowledged: the peer sends it again */
		tcb->retries = 0;
		tcb->backoff = 0;
		tcb->timing = 0;	/* Karn: the SYN-ACK sends our SYN's number again */
		ltcp_cong_init(tcb, env->now);
		fsm_restart_rtx(tcb, env->now);
		fsm_enter(tcb, LTCP_SYN_RECEIVED, LTCP_CAUSE_RCV_SYN, v);
		v->act |= LTCP_ACT_SYNACK;
		return;
	}
	tcb->syn_acked = 1;
	if (seg->opt.has & LTCP_HAS_COOKIE)
		begin_echo(tcb, seg);
	tcb->syn_text_acked = seq_gt(seg->ack, tcb->iss + 1);
	if (tcb->syn_text)	/* what is acknowledged counts */
		ltcp_cong_init(tcb, env->now);
	advance_una(tcb, seg, env->now, v);
	establish(tcb, seg, LTCP_CAUSE_RCV_SYN_ACK, env->now, v);
	if (tcb->echoing)
		tcb->timer[LTCP_TIMER_KEEPALIVE] = env->now + tcb->rtt.rto_us;
	v->act |= LTCP_ACT_ACK;
	strip_syn(seg);
	steps_6_to_8(tcb, seg, env, v);
}

/*
 * RFC 7413 section 4.2.2: the SYN of a peer who has shown a cookie. It is the first
 * segment of a connection that there is already; or comes again, for want of our
 * answer. FIN is left for him to repeat.
 */
static void fast_syn(struct ltcp_tcb *tcb, const struct ltcp_seg *seg, const struct ltcp_env *env,
		     struct ltcp_verdict *v)
{
	u32 wnd = ltcp_rcv_wnd(tcb);
	bool again = tcb->timer[LTCP_TIMER_RTX];

	if (again && !ltcp_limiter_allow(&tcb->challenge, env->now))
		return;
	tcb->timing = !again;	/* Karn */
	tcb->syn_rtx |= again;
	if (!again) {
		tcb->rtt_seq = tcb->iss + 1;
		tcb->rtt_at = env->now;
		fsm_restart_rtx(tcb, env->now);
	}
	v->act |= LTCP_ACT_SYNACK;
	if (!seg->text || tcb->rcv_nxt != tcb->irs + 1 || !env->may_store)
		return;
	v->act |= LTCP_ACT_TEXT;
	v->text_seq = tcb->rcv_nxt;
	v->text_len = seg->text < wnd ? seg->text : wnd;
	tcb->syn_text_acked = 1;
}

static bool is_fast_syn(const struct ltcp_tcb *tcb, const struct ltcp_seg *seg)
{
	return tcb->state == LTCP_SYN_RECEIVED && tcb->fastopen && seg->seq == tcb->irs &&
	       (seg->flags & (LTCP_SYN | LTCP_ACK | LTCP_RST)) == LTCP_SYN;
}

/* Section 3.10.7.4 */
static void arrives_otherwise(struct ltcp_tcb *tcb, struct ltcp_seg *seg,
			      const struct ltcp_env *env, struct ltcp_verdict *v)
{
	bool syn = seg->flags & LTCP_SYN, known = tcb->state != LTCP_SYN_RECEIVED;

	if (!step1_sequence(tcb, seg, env, v) ||
	    !step2_rst(tcb, seg, env, v) ||
	    !step4_syn(tcb, seg, env, v) ||
	    !step5_ack(tcb, seg, syn, env, v))
		return;
	if (tcb->echoing)
		end_echo(tcb, env->now);
	/* An ACK that is sent again until we are heard from; text is answered in any case */
	if ((seg->opt.has & LTCP_HAS_COOKIE) && known && !seg->text &&
	    ltcp_limiter_allow(&tcb->challenge, env->now))
		v->act |= LTCP_ACT_ACK;
	tcb->rcv_at = env->now;
	tcb->keep_probes = 0;
	if (tcb->ts_ok)
		update_ts_recent(tcb, seg, env->now);
	if (tcb->ecn_ok)
		ltcp_ecn_arrives(tcb, seg, v);
	steps_6_to_8(tcb, seg, env, v);
}

void ltcp_fsm_segment(struct ltcp_tcb *tcb, struct ltcp_seg *seg, const struct ltcp_env *env,
		      struct ltcp_verdict *v)
{
	if (is_expected(tcb, seg, env)) {
		arrives_expected(tcb, seg, env, v);
		return;
	}
	switch (tcb->state) {
	case LTCP_CLOSED:
		ltcp_fsm_segment_closed(seg, v);
		break;
	case LTCP_LISTEN:
		ltcp_fsm_segment_listen(seg, v);
		break;
	case LTCP_SYN_SENT:
		arrives_in_syn_sent(tcb, seg, env, v);
		break;
	case LTCP_SYN_RECEIVED:
		if (is_fast_syn(tcb, seg))
			fast_syn(tcb, seg, env, v);
		else
			arrives_otherwise(tcb, seg, env, v);
		break;
	default:
		arrives_otherwise(tcb, seg, env, v);
	}
}
