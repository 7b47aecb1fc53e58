// SPDX-License-Identifier: GPL-2.0
/* What the next segment is, and its header: RFC 9293 sections 3.7 and 3.8.6. */
#include <linux/string.h>

#include "mss.h"
#include "plpmtu.h"
#include "rack.h"
#include "recovery.h"
#include "sack.h"
#include "ecn.h"
#include "transmit.h"
#include "window.h"

#define CORK_US		200000	/* MUST-60: what MSG_MORE may hold back, and how long */
#define PATH_MSS_MIN	28	/* of the least_of MTU that RFC 791 allows, 68 octets */
#define MOMENT_US	1000	/* what is ahead by more is not, see ltcp_transmit_moment() */
#define BURST_US	1000	/* what a burst may be worth at the rate of the path */

void ltcp_tcb_set_path_mss(struct ltcp_tcb *tcb, u32 path_mss)
{
	u16 old = tcb->snd_mss, old_path = tcb->path_mss;

	if (path_mss < PATH_MSS_MIN)
		path_mss = PATH_MSS_MIN;
	tcb->path_mss = path_mss > 65535 ? 65535 : path_mss;
	ltcp_plpmtu_path(tcb, old_path);
	ltcp_mss_update(tcb);
	if (tcb->snd_mss >= old || !ltcp_in_flight(tcb) || !tcb->syn_acked)
		return;
	/* RFC 1191 section 6.5: what was too big is sent again; that is no congestion */
	tcb->mss_clamped = 1;
	tcb->timing = 0;
	ltcp_recovery_resend_all(tcb);
}

/* PSH when the segment empties the queue (MUST-61); FIN when it is due as well */
static void finish_plan(const struct ltcp_tcb *tcb, struct ltcp_plan *plan, bool fin)
{
	plan->flags = LTCP_ACK;
	plan->probe = false;
	plan->mtu_probe = false;
	if (plan->len && plan->seq + plan->len == tcb->snd_end)
		plan->flags |= LTCP_PSH;
	if (fin)
		plan->flags |= LTCP_FIN;
}

static u32 least_of(u32 a, u32 b, u32 c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/*
 * How far what is sent again may reach: where it comes to what was never sent,
 * the segment is filled up with that (SHLD-28), as far as the window allows.
 */
static u32 again_room(const struct ltcp_tcb *tcb, const struct ltcp_range *run)
{
	u32 again = run->end - run->start;
	u32 ahead = run->start - tcb->snd_una;
	u32 window = tcb->snd_wnd > ahead ? tcb->snd_wnd - ahead : 0;

	return run->end == tcb->snd_nxt && window > again ? window : again;
}

/* A segment of what was sent before, from the beginning of @run */
static bool plan_run(const struct ltcp_tcb *tcb, const struct ltcp_range *run,
		     struct ltcp_plan *plan)
{
	u32 text = seq_lt(run->start, tcb->snd_end) ? tcb->snd_end - run->start : 0;
	u32 ahead = run->start - tcb->snd_una;

	/* SHLD-16: still send again what fits a window that has shrunk; MAY-7 not used */
	if (ahead && ahead >= tcb->snd_wnd)
		return false;
	plan->again = true;
	plan->seq = run->start;
	plan->len = least_of(text, again_room(tcb, run), tcb->snd_mss);
	finish_plan(tcb, plan, tcb->fin_queued && seq_gt(run->end, tcb->snd_end) &&
		    plan->seq + plan->len == tcb->snd_end);
	return plan->len || (plan->flags & LTCP_FIN);
}

/* The next of what is lost, if the congestion window has room for it or nothing is under way */
static bool plan_again(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	u32 pipe = ltcp_pipe(tcb);
	struct ltcp_range lost;

	if (!ltcp_flight_next_lost(&tcb->flight, tcb->snd_una, &lost) ||
	    !plan_run(tcb, &lost, plan))
		return false;
	return tcb->rtx_force || !pipe || pipe + plan->len <= tcb->cwnd;
}

/*
 * Section 3.7.4, Nagle: may the last octets that there are go as less than a
 * full segment? With the modification of appendix A.3: full segments in flight
 * do not hold back the end of what was written with them, a small one does.
 */
static bool may_go_short(const struct ltcp_tcb *tcb)
{
	return !tcb->more && (tcb->nodelay || seq_le(tcb->snd_small, tcb->snd_una) ||
			      seq_gt(tcb->snd_small, tcb->snd_nxt));
}

/* Section 3.8.6.2.1 (silly windows) and 3.7.4 (Nagle): may @len of @avail octets go? */
static bool may_go(const struct ltcp_tcb *tcb, u32 len, u32 avail, bool fin)
{
	if (len >= tcb->snd_mss || fin)
		return true;
	if (tcb->snd_urg)
		return true;
	if (len == avail && may_go_short(tcb))
		return true;
	return len < avail && len >= tcb->max_snd_wnd / 2;
}

/* What the congestion window still allows */
static u32 cwnd_room(const struct ltcp_tcb *tcb)
{
	u32 pipe = ltcp_pipe(tcb), cwnd = tcb->cwnd;

	/* RFC 3042: without SACK, two duplicate ACKs stand for two segments that have arrived */
	if (tcb->dupacks && !tcb->sack_ok && tcb->recovery == LTCP_REC_OPEN)
		cwnd += (tcb->dupacks < 2 ? 1 : 2) * tcb->snd_mss;
	return cwnd > pipe ? cwnd - pipe : 0;
}

/* How large a burst may be whatever the path; SND.MSS: no burst */
static u32 burst_bound(const struct ltcp_tcb *tcb)
{
	/* A window that one burst filled would stand still until all of it is acknowledged */
	u32 half = tcb->max_snd_wnd / 2, max = tcb->gso_max < half ? tcb->gso_max : half;

	/* The urgent pointer counts from SEG.SEQ: each segment has its own */
	return max < 2u * tcb->snd_mss || tcb->snd_urg ? tcb->snd_mss : max;
}

/*
 * On a path so long that it matters a burst is no more than a millisecond's
 * worth at twice the rate at which windows come round (slow start doubles it):
 * queues and other flows should not see more at once.
 */
static u32 burst_max(const struct ltcp_tcb *tcb)
{
	u32 max = burst_bound(tcb), least_of = 2u * tcb->snd_mss;
	u32 srtt = tcb->rtt.srtt_us / 8;
	u64 worth;

	if (max <= least_of || srtt <= BURST_US)
		return max;
	worth = div_u64(2ull * BURST_US * tcb->cwnd, srtt);
	if (worth >= max)
		return max;
	return worth > least_of ? worth : least_of;
}

u32 ltcp_transmit_burst(const struct ltcp_tcb *tcb)
{
	u32 max = burst_bound(tcb);

	return max - max % tcb->snd_mss;
}

u64 ltcp_transmit_moment(const struct ltcp_tcb *tcb, u64 now)
{
	const struct ltcp_flight *f = &tcb->flight;
	u32 ahead;

	if (!f->n)
		return now;
	/* What was sent long ago may look like what is to be sent in half an hour */
	ahead = ltcp_flight_span(f, f->n - 1)->sent - (u32)now;
	if (ahead > MOMENT_US)
		return now;
	return now + ahead + !!f->lost;
}

bool ltcp_transmit_may_gather(const struct ltcp_tcb *tcb)
{
	u32 unsent = ltcp_unsent(tcb);

	if (!unsent || !tcb->syn_acked || !ltcp_in_flight(tcb) || tcb->snd_urg || tcb->fin_queued)
		return false;
	return unsent < ltcp_transmit_burst(tcb) &&
	       (unsent >= tcb->snd_mss || may_go_short(tcb));
}

/* A burst is of full segments; the last may be less if it would go by itself behind them */
static u32 burst_of(const struct ltcp_tcb *tcb, u32 len, u32 avail, bool fin)
{
	u32 rest = len % tcb->snd_mss;

	if (!rest || (len == avail && (fin || may_go_short(tcb))))
		return len;
	return len - rest;
}

/* The next of what was never sent, @room octets of it at most */
static bool plan_new(const struct ltcp_tcb *tcb, u32 room, struct ltcp_plan *plan)
{
	u32 flight = ltcp_in_flight(tcb), avail = ltcp_unsent(tcb);
	u32 wnd = tcb->snd_wnd > flight ? tcb->snd_wnd - flight : 0;
	bool fin;

	if (wnd < room)
		room = wnd;
	plan->again = false;
	plan->seq = tcb->snd_nxt;
	/* Less than two full segments make no burst, so a probe's room (plan_tail) is one */
	plan->len = least_of(avail, room, room < 2u * tcb->snd_mss ? tcb->snd_mss : burst_max(tcb));
	/* FIN has a number of its own and needs its place in the window */
	fin = ltcp_fin_unsent(tcb) && plan->len == avail && room > plan->len;
	if (plan->len > tcb->snd_mss)
		plan->len = burst_of(tcb, plan->len, avail, fin);
	if (!fin && (!plan->len || !may_go(tcb, plan->len, avail, fin)))
		return false;
	finish_plan(tcb, plan, fin);
	return true;
}

/*
 * A tail loss probe, RFC 8985 section 7.3: new text, or else the last segment
 * once more, though the congestion window be full.
 */
static bool plan_tail(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	struct ltcp_range run = { .end = tcb->snd_nxt };
	u32 text = seq_min(tcb->snd_nxt, tcb->snd_end) - tcb->snd_una;

	if (plan_new(tcb, tcb->snd_mss + 1, plan))
		return true;
	run.start = tcb->snd_una + (text > tcb->snd_mss ? text - tcb->snd_mss : 0);
	return plan_run(tcb, &run, plan);
}

/*
 * A probe of the path's MTU: one segment, larger than SND.MSS. Until the
 * windows have room for it nothing else goes (RFC 4821 section 7.5.1).
 */
static bool plan_mtu_probe(const struct ltcp_tcb *tcb, u32 len, struct ltcp_plan *plan)
{
	if (cwnd_room(tcb) < len || tcb->snd_wnd < ltcp_in_flight(tcb) + len)
		return false;
	plan->again = false;
	plan->seq = tcb->snd_nxt;
	plan->len = len;
	finish_plan(tcb, plan, false);
	plan->mtu_probe = true;
	return true;
}

bool ltcp_transmit_next(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	u32 probe;

	if (!ltcp_may_transmit(tcb))
		return false;
	/* CLOSE in SYN-RECEIVED: FIN goes at once, and again only behind our SYN (3.10.4) */
	if (!tcb->syn_acked)
		return plan_new(tcb, cwnd_room(tcb), plan);
	if (tcb->rack.probe_due)
		return plan_tail(tcb, plan);
	/* RFC 5682 step 2b: what is new, to see whether the rest is lost at all */
	if (tcb->flight.lost && tcb->frto != LTCP_FRTO_NEW)
		return plan_again(tcb, plan);
	if (tcb->plpmtu.low) {
		probe = ltcp_plpmtu_due(tcb);
		if (probe)
			return plan_mtu_probe(tcb, probe, plan);
	}
	return plan_new(tcb, cwnd_room(tcb), plan);
}

bool ltcp_transmit_probe(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	u32 text = tcb->snd_end - tcb->snd_una;
	bool fin = tcb->fin_queued;

	if (ltcp_fin_acked(tcb) || (!text && !fin))
		return false;
	plan->seq = tcb->snd_una;
	plan->again = seq_lt(plan->seq, tcb->snd_nxt);
	plan->len = least_of(text, tcb->snd_wnd ? : 1, tcb->snd_mss);
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
	plan->mtu_probe = false;
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

/* There may be no room for the longest cookie and the offer to echo one of the other kind */
static void fastopen_option(const struct ltcp_fastopen *fastopen, struct ltcp_options *opt)
{
	opt->fastopen = *fastopen;
	opt->has |= LTCP_HAS_FASTOPEN;
	if (ltcp_options_len(opt) > LTCP_OPTIONS_MAX)
		opt->has &= ~LTCP_HAS_COOKIE_OK;
}

/* The options of our SYN: all that we are willing to use, or with ACK what was agreed on */
static void syn_options(const struct ltcp_tcb *tcb, bool ack, struct ltcp_options *opt)
{
	opt->n_sack = 0;
	opt->has = LTCP_HAS_MSS;	/* SHLD-5, MAY-3 */
	opt->mss = tcb->adv_mss;
	opt->wscale = tcb->rcv_wscale;
	if (ack ? tcb->wscale_ok : tcb->conf->window_scaling)
		opt->has |= LTCP_HAS_WSCALE;
	if (ack ? tcb->sack_ok : tcb->conf->sack)
		opt->has |= LTCP_HAS_SACK_PERM;
	if (ack ? tcb->ts_ok : tcb->conf->timestamps)
		opt->has |= LTCP_HAS_TS;
	if (!ack)
		opt->has |= LTCP_HAS_COOKIE_OK;
	if (tcb->syn_option)
		fastopen_option(tcb->syn_fastopen, opt);
}

u32 ltcp_transmit_syn_room(const struct ltcp_tcb *tcb)
{
	struct ltcp_options opt;
	u32 len;

	syn_options(tcb, false, &opt);
	len = ltcp_options_len(&opt);
	return tcb->snd_mss > len ? tcb->snd_mss - len : 0;
}

void ltcp_transmit_syn_text(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	u32 unsent = ltcp_unsent(tcb), room = ltcp_transmit_syn_room(tcb);

	ltcp_transmit_syn(tcb, plan);
	plan->len = unsent < room ? unsent : room;
	plan->again = false;
}

void ltcp_transmit_keepalive(const struct ltcp_tcb *tcb, struct ltcp_plan *plan)
{
	plan_empty(plan, tcb->snd_nxt - 1, LTCP_ACK);
}

/* What was sent again, as far as it is that */
static void note_again(struct ltcp_tcb *tcb, const struct ltcp_plan *plan, u32 end, u64 now)
{
	struct ltcp_range what = { plan->seq, seq_min(end, tcb->snd_nxt) };

	tcb->timing = 0;	/* Karn: its acknowledgment would be ambiguous */
	tcb->rtx_force = 0;
	ltcp_flight_resent(&tcb->flight, tcb->snd_una, &what, now, ltcp_rack_grain(tcb));
	if (!tcb->undo)
		return;
	if (!tcb->undo_octets)
		tcb->undo_tsval = ltcp_ms(now) + tcb->ts_off;
	tcb->undo_octets += what.end - what.start;
}

static void note_new(struct ltcp_tcb *tcb, const struct ltcp_plan *plan, u32 end, u64 now)
{
	ltcp_flight_sent(&tcb->flight, tcb->snd_una, end, now, ltcp_rack_grain(tcb));
	tcb->snd_nxt = end;
	if (plan->len % tcb->snd_mss)
		tcb->snd_small = end;
	if (tcb->timing || plan->again)
		return;
	tcb->timing = 1;
	tcb->rtt_seq = end;
	tcb->rtt_at = now;
}

static void note_tail_probe(struct ltcp_tcb *tcb, const struct ltcp_plan *plan)
{
	tcb->rack.probe_due = 0;
	tcb->rack.probe_end = tcb->snd_nxt;
	tcb->rack.probe_again = plan->again;
}

void ltcp_plan_shorten(struct ltcp_plan *plan, u32 len)
{
	if (len == plan->len)
		return;
	plan->len = len;
	plan->mtu_probe = false;
	plan->flags &= ~(LTCP_PSH | LTCP_FIN);
}

void ltcp_transmit_sent(struct ltcp_tcb *tcb, const struct ltcp_plan *plan, u64 now)
{
	u32 end = plan->seq + plan->len + !!(plan->flags & LTCP_FIN);

	if (end == plan->seq)
		return;
	if (plan->flags & LTCP_SYN) {	/* with text: it comes behind the SYN's number */
		tcb->syn_text = 1;
		end++;
	}
	tcb->snd_at = now;
	if (plan->again)
		note_again(tcb, plan, end, now);
	if (seq_gt(end, tcb->snd_nxt))
		note_new(tcb, plan, end, now);
	if (tcb->recovery == LTCP_REC_FAST)
		tcb->prr_out += end - plan->seq;
	if (plan->probe)
		return;
	if (tcb->rack.probe_due)
		note_tail_probe(tcb, plan);
	if (plan->mtu_probe)
		ltcp_plpmtu_sent(tcb, plan->seq);
	tcb->timer[LTCP_TIMER_PERSIST] = 0;
	ltcp_rack_sent(tcb, now);	/* RFC 6298 (5.1) */
}

void ltcp_transmit_idle(struct ltcp_tcb *tcb, u64 now)
{
	if (!ltcp_may_transmit(tcb) || ltcp_in_flight(tcb) ||
	    tcb->timer[LTCP_TIMER_RTX] || tcb->timer[LTCP_TIMER_PERSIST] ||
	    tcb->timer[LTCP_TIMER_PACE])
		return;
	if (!ltcp_unsent(tcb) && !ltcp_fin_unsent(tcb))
		return;
	if (tcb->more && tcb->snd_wnd >= tcb->snd_mss)
		tcb->timer[LTCP_TIMER_PERSIST] = now + CORK_US;
	else	/* SHLD-29: the first probe after one RTO */
		tcb->timer[LTCP_TIMER_PERSIST] = now + ltcp_rtt_backoff(&tcb->rtt, tcb->backoff);
}

void ltcp_transmit_header(struct ltcp_tcb *tcb, const struct ltcp_plan *plan,
			  const struct ltcp_env *env, struct ltcp_seg *seg)
{
	bool syn = plan->flags & LTCP_SYN;

	ltcp_segment_clear(seg);
	seg->seq = plan->seq;
	seg->text = plan->len;
	seg->flags = plan->flags;
	seg->wnd = ltcp_window_advertise(tcb, env, syn);
	if (syn)
		syn_options(tcb, plan->flags & LTCP_ACK, &seg->opt);
	else if (tcb->ts_ok)
		seg->opt.has = LTCP_HAS_TS;
	seg->opt.tsval = ltcp_ms(env->now) + tcb->ts_off;
	if (tcb->echoing && !syn) {
		seg->opt.has |= LTCP_HAS_COOKIE;
		memcpy(seg->opt.cookie, tcb->cookie, sizeof(seg->opt.cookie));
	}
	if (tcb->snd_urg && seq_gt(tcb->snd_up, plan->seq) && !syn) {
		u32 up = tcb->snd_up - plan->seq;

		seg->flags |= LTCP_URG;
		seg->up = up > 0xffff ? 0xffff : up;
	}
	ltcp_ecn_header(tcb, plan, seg);
	if (!(plan->flags & LTCP_ACK))
		return;
	/* Beside text SACK has what room is left of a segment: SND.MSS does not count it */
	if ((tcb->sack.n | tcb->sack.dup) && !syn)
		ltcp_sack_fill(tcb, plan->len < tcb->snd_mss ? tcb->snd_mss - plan->len : 0,
			       &seg->opt);
	seg->ack = tcb->rcv_nxt;
	seg->opt.tsecr = tcb->ts_recent;
	tcb->rcv_wup = tcb->rcv_nxt;
	tcb->timer[LTCP_TIMER_DELACK] = 0;
}
