// SPDX-License-Identifier: GPL-2.0
/* What the next segment is, and its header: RFC 9293 sections 3.7 and 3.8.6. */
#include <linux/string.h>

#include "transmit.h"
#include "window.h"

#define TS_OPTION_LEN	12	/* two NOPs and the timestamps: RFC 7323 appendix A */
#define CORK_US		200000	/* MUST-60: what MSG_MORE may hold back, and how long */

void ltcp_tcb_update_mss(struct ltcp_tcb *tcb)
{
	u16 mss = tcb->peer_mss < tcb->path_mss ? tcb->peer_mss : tcb->path_mss;

	if (tcb->ts_ok)
		mss = mss > TS_OPTION_LEN + 8 ? mss - TS_OPTION_LEN : 8;
	tcb->snd_mss = mss;
}

void ltcp_tcb_set_path_mss(struct ltcp_tcb *tcb, u32 path_mss)
{
	u16 old = tcb->snd_mss;

	if (path_mss < tcb->conf->min_snd_mss)
		path_mss = tcb->conf->min_snd_mss;
	tcb->path_mss = path_mss > 65535 ? 65535 : path_mss;
	ltcp_tcb_update_mss(tcb);
	if (tcb->snd_mss >= old || !ltcp_in_flight(tcb) || !tcb->syn_acked)
		return;
	/* RFC 1191 section 6.5: what was too big is sent again; that is no congestion */
	tcb->mss_clamped = 1;
	tcb->timing = 0;
	tcb->rtx_nxt = tcb->snd_una;
	tcb->rtx_end = tcb->snd_nxt;
	tcb->rtx_force = 1;
}

/* PSH when the segment empties the queue (MUST-61); FIN when it is due as well */
static void finish_plan(const struct ltcp_tcb *tcb, struct ltcp_plan *plan, bool fin)
{
	plan->flags = LTCP_ACK;
	plan->probe = false;
	if (plan->len && plan->seq + plan->len == tcb->snd_end)
		plan->flags |= LTCP_PSH;
	if (fin)
		plan->flags |= LTCP_FIN;
}

static u32 min3(u32 a, u32 b, u32 c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/*
 * How far what is sent again may reach: where it comes to what was never sent,
 * the segment is filled up with that (SHLD-28), as far as the window allows.
 */
static u32 again_room(const struct ltcp_tcb *tcb)
{
	u32 again = tcb->rtx_end - tcb->rtx_nxt;
	u32 ahead = tcb->rtx_nxt - tcb->snd_una;
	u32 window = tcb->snd_wnd > ahead ? tcb->snd_wnd - ahead : 0;

	return tcb->rtx_end == tcb->snd_nxt && window > again ? window : again;
}

/* The next of what is to be sent again */
static bool plan_again(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	u32 ahead = tcb->rtx_nxt - tcb->snd_una;
	u32 text = seq_lt(tcb->rtx_nxt, tcb->snd_end) ? tcb->snd_end - tcb->rtx_nxt : 0;

	if (!tcb->rtx_force && ahead + tcb->snd_mss > tcb->cwnd)
		return false;
	/* SHLD-16: still send again what fits a window that has shrunk; MAY-7 not used */
	if (ahead && ahead >= tcb->snd_wnd)
		return false;
	plan->again = true;
	plan->seq = tcb->rtx_nxt;
	plan->len = min3(text, again_room(tcb), tcb->snd_mss);
	finish_plan(tcb, plan, tcb->fin_queued && seq_gt(tcb->rtx_end, tcb->snd_end) &&
		    plan->seq + plan->len == tcb->snd_end);
	return plan->len || (plan->flags & LTCP_FIN);
}

/* Section 3.8.6.2.1 (silly windows) and 3.7.4 (Nagle): may @len of @avail octets go? */
static bool may_go(const struct ltcp_tcb *tcb, u32 len, u32 avail, bool fin)
{
	if (len >= tcb->snd_mss || fin)
		return true;
	if (tcb->snd_urg)
		return true;
	if (len == avail && !tcb->more)
		return tcb->nodelay || !ltcp_in_flight(tcb);
	return len < avail && len >= tcb->max_snd_wnd / 2;
}

/* The next of what was never sent */
static bool plan_new(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	u32 flight = ltcp_in_flight(tcb), avail = ltcp_unsent(tcb);
	u32 wnd = tcb->snd_wnd < tcb->cwnd ? tcb->snd_wnd : tcb->cwnd;
	u32 room = wnd > flight ? wnd - flight : 0;
	bool fin;

	plan->again = false;
	plan->seq = tcb->snd_nxt;
	plan->len = min3(avail, room, tcb->snd_mss);
	/* FIN has a number of its own and needs its place in the window */
	fin = ltcp_fin_unsent(tcb) && plan->len == avail && room > plan->len;
	if (!fin && (!plan->len || !may_go(tcb, plan->len, avail, fin)))
		return false;
	finish_plan(tcb, plan, fin);
	return true;
}

bool ltcp_transmit_next(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	if (!LTCP_IN(tcb->state, LTCP_MAY_TRANSMIT))
		return false;
	/* CLOSE in SYN-RECEIVED: FIN goes at once, and again only behind our SYN (3.10.4) */
	if (!tcb->syn_acked)
		return plan_new(tcb, plan);
	if (tcb->rtx_nxt != tcb->rtx_end)
		return plan_again(tcb, plan);
	return plan_new(tcb, plan);
}

bool ltcp_transmit_probe(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	u32 text = tcb->snd_end - tcb->snd_una;
	bool fin = tcb->fin_queued;

	if (ltcp_fin_acked(tcb) || (!text && !fin))
		return false;
	plan->seq = tcb->snd_una;
	plan->again = seq_lt(plan->seq, tcb->snd_nxt);
	plan->len = min3(text, tcb->snd_wnd ? : 1, tcb->snd_mss);
	finish_plan(tcb, plan, fin && plan->len == text &&
		    (!text || tcb->snd_wnd > text));
	plan->probe = !tcb->snd_wnd;
	return true;
}

static void plan_empty(struct ltcp_plan *plan, u32 seq, u8 flags)
{
	plan->seq = seq;
	plan->len = 0;
	plan->flags = flags;
	plan->again = true;
	plan->probe = false;
}

void ltcp_transmit_ack(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	plan_empty(plan, tcb->snd_nxt, LTCP_ACK);
}

void ltcp_transmit_syn(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	plan_empty(plan, tcb->iss,
		   tcb->state == LTCP_SYN_SENT ? LTCP_SYN : LTCP_SYN | LTCP_ACK);
}

void ltcp_transmit_keepalive(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	plan_empty(plan, tcb->snd_nxt - 1, LTCP_ACK);
}

void ltcp_transmit_sent(struct ltcp_tcb *tcb, const struct ltcp_plan *plan, u64 now)
{
	u32 end = plan->seq + plan->len + !!(plan->flags & LTCP_FIN);

	if (end == plan->seq)
		return;
	tcb->snd_at = now;
	if (plan->again) {
		tcb->timing = 0;	/* Karn: its acknowledgment would be ambiguous */
		tcb->rtx_force = 0;
		if (seq_gt(end, tcb->rtx_nxt) && seq_le(plan->seq, tcb->rtx_nxt))
			tcb->rtx_nxt = seq_min(end, tcb->rtx_end);
	}
	if (seq_gt(end, tcb->snd_nxt)) {
		tcb->snd_nxt = end;
		if (!tcb->timing && !plan->again) {
			tcb->timing = 1;
			tcb->rtt_seq = end;
			tcb->rtt_at = now;
		}
	}
	if (plan->probe)
		return;
	tcb->timer[LTCP_TIMER_PERSIST] = 0;
	if (!tcb->timer[LTCP_TIMER_RTX])	/* RFC 6298 (5.1) */
		tcb->timer[LTCP_TIMER_RTX] = now + ltcp_rtt_backoff(&tcb->rtt, tcb->backoff);
}

void ltcp_transmit_idle(struct ltcp_tcb *tcb, u64 now)
{
	if (!LTCP_IN(tcb->state, LTCP_MAY_TRANSMIT) || ltcp_in_flight(tcb) ||
	    tcb->timer[LTCP_TIMER_RTX] || tcb->timer[LTCP_TIMER_PERSIST])
		return;
	if (!ltcp_unsent(tcb) && !ltcp_fin_unsent(tcb))
		return;
	if (tcb->more && tcb->snd_wnd >= tcb->snd_mss)
		tcb->timer[LTCP_TIMER_PERSIST] = now + CORK_US;
	else	/* SHLD-29: the first probe after one RTO */
		tcb->timer[LTCP_TIMER_PERSIST] = now + ltcp_rtt_backoff(&tcb->rtt, tcb->backoff);
}

/* The options of our SYN: all that we are willing to use, or with ACK what was agreed on */
static void syn_options(const struct ltcp_tcb *tcb, bool ack, struct ltcp_options *opt)
{
	opt->has = LTCP_HAS_MSS;	/* SHLD-5, MAY-3 */
	opt->mss = tcb->adv_mss;
	opt->wscale = tcb->rcv_wscale;
	if (ack ? tcb->wscale_ok : tcb->conf->window_scaling)
		opt->has |= LTCP_HAS_WSCALE;
	if (ack ? tcb->sack_ok : tcb->conf->sack)
		opt->has |= LTCP_HAS_SACK_PERM;
	if (ack ? tcb->ts_ok : tcb->conf->timestamps)
		opt->has |= LTCP_HAS_TS;
}

void ltcp_transmit_header(struct ltcp_tcb *tcb, const struct ltcp_plan *plan,
			  const struct ltcp_env *env, struct ltcp_seg *seg)
{
	bool syn = plan->flags & LTCP_SYN;

	memset(seg, 0, sizeof(*seg));
	seg->seq = plan->seq;
	seg->text = plan->len;
	seg->flags = plan->flags;
	seg->wnd = ltcp_window_advertise(tcb, env, syn);
	if (syn)
		syn_options(tcb, plan->flags & LTCP_ACK, &seg->opt);
	else if (tcb->ts_ok)
		seg->opt.has = LTCP_HAS_TS;
	seg->opt.tsval = ltcp_ms(env->now) + tcb->ts_off;
	if (tcb->snd_urg && seq_gt(tcb->snd_up, plan->seq) && !syn) {
		u32 up = tcb->snd_up - plan->seq;

		seg->flags |= LTCP_URG;
		seg->up = up > 0xffff ? 0xffff : up;
	}
	if (!(plan->flags & LTCP_ACK))
		return;
	seg->ack = tcb->rcv_nxt;
	seg->opt.tsecr = tcb->ts_recent;
	tcb->rcv_wup = tcb->rcv_nxt;
	tcb->timer[LTCP_TIMER_DELACK] = 0;
}
