// SPDX-License-Identifier: GPL-2.0
/* User calls: RFC 9293 sections 3.10.1 to 3.10.6; and the one place where states change. */
#include <linux/errno.h>
#include <linux/string.h>

#include "cong.h"
#include "ecn.h"
#include "fsm_enter.h"
#include "mss.h"
#include "transmit.h"
#include "window.h"

/* In earnest nobody looks for a bug that all tests would have found */
#ifdef LTCP_DEBUG
#define LTCP_CHECKS_ARROWS	1
#else
#define LTCP_CHECKS_ARROWS	0
#endif

void ltcp_fsm_move(struct ltcp_verdict *v, enum ltcp_state from, enum ltcp_state to,
		   enum ltcp_cause cause)
{
	struct ltcp_move *move;

	if (v->n_moves == LTCP_MOVES_MAX ||
	    (LTCP_CHECKS_ARROWS && !ltcp_fsm_arrow(from, to, cause)))
		v->act |= LTCP_ACT_ILLEGAL;
	if (v->n_moves == LTCP_MOVES_MAX)
		return;
	move = &v->moves[v->n_moves++];
	move->from = from;
	move->to = to;
	move->cause = cause;
}

void fsm_enter(struct ltcp_tcb *tcb, enum ltcp_state to, enum ltcp_cause cause,
	       struct ltcp_verdict *v)
{
	ltcp_fsm_move(v, tcb->state, to, cause);
	tcb->state = to;
}

void ltcp_tcb_leave(struct ltcp_tcb *tcb)
{
	memset(tcb->timer, 0, sizeof(tcb->timer));
	tcb->state = LTCP_CLOSED;
}

void fsm_delete(struct ltcp_tcb *tcb, enum ltcp_cause cause, int err, struct ltcp_verdict *v)
{
	fsm_enter(tcb, LTCP_CLOSED, cause, v);
	memset(tcb->timer, 0, sizeof(tcb->timer));
	v->act |= LTCP_ACT_CLOSED;
	v->act &= ~(LTCP_ACT_OUTPUT | LTCP_ACT_ACK | LTCP_ACT_TEXT);
	v->err = err;
}

void fsm_start_linger(struct ltcp_tcb *tcb, u64 now)
{
	s32 s = tcb->linger_s ? : tcb->conf->fin_timeout_s;

	if (!ltcp_lingers(tcb))
		return;
	tcb->timer[LTCP_TIMER_LINGER] = now + (s > 0 ? s * 1000000ull : 0);
}

void fsm_restart_rtx(struct ltcp_tcb *tcb, u64 now)
{
	tcb->rtx_mode = LTCP_RTX_TIMEOUT;
	tcb->timer[LTCP_TIMER_RTX] = now + ltcp_rtt_backoff(&tcb->rtt, tcb->backoff);
}

/* All but conf, which comes first */
static void clear_tcb(struct ltcp_tcb *tcb)
{
	memset((u8 *)tcb + sizeof(tcb->conf), 0, sizeof(*tcb) - sizeof(tcb->conf));
	tcb->state = LTCP_CLOSED;
	tcb->peer_mss = 536;
	tcb->path_mss = 536;
	tcb->rcv_mss = 536;
	tcb->snd_mss = 536;
	tcb->ssthresh = ~0u;
	tcb->cong = &ltcp_cong_reno;
	ltcp_rtt_init(&tcb->rtt, 0);
}

void ltcp_tcb_init(struct ltcp_tcb *tcb, const struct ltcp_conf *conf)
{
	tcb->conf = conf;
	clear_tcb(tcb);
}

void ltcp_tcb_renew(struct ltcp_tcb *tcb)
{
	const struct {
		const struct ltcp_cong_ops *cong;
		u32 user_timeout_ms;
		u16 keep_idle_s, keep_intvl_s;
		s16 linger_s;
		u8 keep_count, syn_retries;
		bool nodelay, quickack, keepalive, thin_linear;
	} user = {
		.cong = tcb->cong,
		.user_timeout_ms = tcb->user_timeout_ms,
		.keep_idle_s = tcb->keep_idle_s,
		.keep_intvl_s = tcb->keep_intvl_s,
		.linger_s = tcb->linger_s,
		.keep_count = tcb->keep_count,
		.syn_retries = tcb->syn_retries,
		.nodelay = tcb->nodelay,
		.quickack = tcb->quickack,
		.keepalive = tcb->keepalive,
		.thin_linear = tcb->thin_linear,
	};

	clear_tcb(tcb);
	tcb->cong = user.cong;
	tcb->user_timeout_ms = user.user_timeout_ms;
	tcb->keep_idle_s = user.keep_idle_s;
	tcb->keep_intvl_s = user.keep_intvl_s;
	tcb->linger_s = user.linger_s;
	tcb->keep_count = user.keep_count;
	tcb->syn_retries = user.syn_retries;
	tcb->nodelay = user.nodelay;
	tcb->quickack = user.quickack;
	tcb->keepalive = user.keepalive;
	tcb->thin_linear = user.thin_linear;
}

void ltcp_fsm_open_passive(struct ltcp_tcb *tcb, struct ltcp_verdict *v)
{
	fsm_enter(tcb, LTCP_LISTEN, LTCP_CAUSE_OPEN_PASSIVE, v);
}

void ltcp_fsm_open_active(struct ltcp_tcb *tcb, u32 iss, const struct ltcp_env *env,
			  struct ltcp_verdict *v)
{
	tcb->active = 1;
	tcb->iss = iss;
	tcb->snd_una = iss;
	tcb->snd_nxt = iss + 1;
	tcb->snd_end = iss + 1;
	tcb->snd_up = iss;
	tcb->snd_small = iss;
	tcb->recover = iss;
	tcb->rcv_nxt = 0;
	tcb->rcv_adv = 0;
	ltcp_mss_update(tcb);
	tcb->ecn_asked = ltcp_ecn_wanted(tcb->conf, tcb->cong, true);
	tcb->timing = 1;
	tcb->rtt_seq = iss + 1;
	tcb->rtt_at = env->now;
	tcb->snd_at = env->now;
	fsm_restart_rtx(tcb, env->now);
	fsm_enter(tcb, LTCP_SYN_SENT, LTCP_CAUSE_OPEN_ACTIVE, v);
	v->act |= LTCP_ACT_SYN;
}

void ltcp_fsm_hold_syn(struct ltcp_tcb *tcb, struct ltcp_verdict *v)
{
	tcb->syn_held = 1;
	tcb->timer[LTCP_TIMER_RTX] = 0;
	v->act &= ~LTCP_ACT_SYN;
}

void ltcp_fsm_release_syn(struct ltcp_tcb *tcb, u64 now)
{
	tcb->syn_held = 0;
	tcb->rtt_at = now;
	tcb->snd_at = now;
	fsm_restart_rtx(tcb, now);
}

void ltcp_fsm_send(struct ltcp_tcb *tcb, u32 n, bool urgent)
{
	tcb->snd_end += n;
	if (!urgent)
		return;
	/* MUST-62: the pointer names the octet after the last urgent one */
	tcb->snd_urg = 1;
	tcb->snd_up = tcb->snd_end;
}

void ltcp_fsm_received(struct ltcp_tcb *tcb, const struct ltcp_env *env, struct ltcp_verdict *v)
{
	if (!LTCP_IN(tcb->state, LTCP_MAY_RECEIVE))
		return;
	if ((tcb->choked || !ltcp_ack_owed(tcb)) && !ltcp_window_update_due(tcb, env))
		return;
	tcb->choked = 0;
	v->act |= LTCP_ACT_ACK;
}

void fsm_queue_fin(struct ltcp_tcb *tcb, struct ltcp_verdict *v)
{
	bool passive_close = tcb->state == LTCP_CLOSE_WAIT;

	tcb->fin_queued = 1;
	tcb->more = 0;	/* nothing will follow that the rest could wait for */
	fsm_enter(tcb, passive_close ? LTCP_LAST_ACK : LTCP_FIN_WAIT_1, LTCP_CAUSE_CLOSE, v);
	v->act |= LTCP_ACT_OUTPUT;
}

/* Section 3.10.4. The states that are not named have closed already. */
void ltcp_fsm_close(struct ltcp_tcb *tcb, struct ltcp_verdict *v)
{
	switch (tcb->state) {
	case LTCP_LISTEN:
	case LTCP_SYN_SENT:
		fsm_delete(tcb, LTCP_CAUSE_CLOSE, 0, v);
		break;
	case LTCP_SYN_RECEIVED:
		/* Text is queued: wait for ESTABLISHED, so that it goes first */
		if (tcb->snd_end != tcb->iss + 1)
			tcb->close_pending = 1;
		else
			fsm_queue_fin(tcb, v);
		break;
	case LTCP_ESTABLISHED:
	case LTCP_CLOSE_WAIT:
		fsm_queue_fin(tcb, v);
		break;
	}
}

void ltcp_fsm_orphan(struct ltcp_tcb *tcb, bool unread, const struct ltcp_env *env,
		     struct ltcp_verdict *v)
{
	tcb->user_gone = 1;
	if (unread && tcb->state != LTCP_LISTEN && tcb->state != LTCP_CLOSED) {
		ltcp_fsm_abort(tcb, 0, v);
		return;
	}
	ltcp_fsm_close(tcb, v);
	fsm_start_linger(tcb, env->now);
}

/* Section 3.10.5: what the peer may know of is reset, the rest is forgotten */
void ltcp_fsm_abort(struct ltcp_tcb *tcb, int err, struct ltcp_verdict *v)
{
	switch (tcb->state) {
	case LTCP_CLOSED:
		return;
	case LTCP_SYN_RECEIVED:
	case LTCP_ESTABLISHED:
	case LTCP_FIN_WAIT_1:
	case LTCP_FIN_WAIT_2:
	case LTCP_CLOSE_WAIT:
		fsm_rst(v, tcb->snd_nxt);
		break;
	}
	fsm_delete(tcb, LTCP_CAUSE_ABORT, err, v);
}

void fsm_take_syn(struct ltcp_tcb *tcb, const struct ltcp_seg *seg)
{
	u32 wnd = tcb->rcv_adv - tcb->rcv_nxt;	/* as our SYN promised */

	tcb->syn_held = 0;
	tcb->irs = seg->seq;
	tcb->rcv_nxt = seg->seq + 1;
	tcb->rcv_wup = tcb->rcv_nxt;
	tcb->rcv_up = tcb->rcv_nxt;
	tcb->rcv_adv = tcb->rcv_nxt + wnd;
	tcb->snd_wnd = seg->wnd;
	tcb->snd_wl1 = seg->seq;
	tcb->snd_wl2 = tcb->iss;

	if (seg->opt.has & LTCP_HAS_MSS)
		tcb->peer_mss = seg->opt.mss;
	if (tcb->peer_mss < tcb->conf->min_snd_mss)
		tcb->peer_mss = tcb->conf->min_snd_mss;
	tcb->ts_ok = tcb->conf->timestamps && (seg->opt.has & LTCP_HAS_TS);
	tcb->ts_recent = seg->opt.tsval;
	tcb->sack_ok = tcb->conf->sack && (seg->opt.has & LTCP_HAS_SACK_PERM);
	/* RFC 7323 section 2.2: scaling is on only if both SYNs ask for it */
	tcb->wscale_ok = tcb->conf->window_scaling && (seg->opt.has & LTCP_HAS_WSCALE);
	tcb->snd_wscale = tcb->wscale_ok ? seg->opt.wscale : 0;
	if (!tcb->wscale_ok)
		tcb->rcv_wscale = 0;
	/* In a simultaneous open both would have asked, and neither agrees */
	tcb->ecn_ok = tcb->ecn_asked && (seg->flags & LTCP_ACK) && ltcp_ecn_setup_synack(seg);
	ltcp_mss_update(tcb);
}
