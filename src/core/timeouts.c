// SPDX-License-Identifier: GPL-2.0
/*
 * What happens when a timer expires, RFC 9293 section 3.10.8; and when ICMP
 * brings bad news, section 3.9.2.2.
 */
#include <linux/errno.h>

#include "cookie.h"
#include "fsm_enter.h"
#include "plpmtu.h"
#include "recovery.h"
#include "transmit.h"

#define SECOND_US	1000000ull
#define THIN_RETRIES	6	/* as Linux's TCP has it */
#define THIN_SEGMENTS	4u	/* fewer in flight cannot draw three duplicate ACKs */
#define ORPHAN_RETRIES	8	/* what 0 in ltcp_conf.orphan_retries stands for */

static int orphan_retries(const struct ltcp_tcb *tcb)
{
	return tcb->conf->orphan_retries ? : ORPHAN_RETRIES;
}

/* R2 (MUST-20), counted in retransmissions of one segment */
static int retry_limit(const struct ltcp_tcb *tcb)
{
	if (tcb->fastopen && !tcb->syn_acked)
		return tcb->conf->synack_retries;
	if (!tcb->syn_acked)
		return tcb->syn_retries ? : tcb->conf->syn_retries;
	return tcb->user_gone ? orphan_retries(tcb) : tcb->conf->retries2;
}

/* USER TIMEOUT, RFC 9293 section 3.10.8 (MUST-21): since when is nothing acknowledged? */
static bool user_timeout(const struct ltcp_tcb *tcb, u64 since, u64 now)
{
	return tcb->user_timeout_ms && since && now - since >= tcb->user_timeout_ms * 1000ull;
}

/*
 * R2, by @n attempts or by USER TIMEOUT, which replaces the count (MUST-21);
 * but not that of SYNs, nor that of a connection whose user is gone.
 */
static bool r2_reached(const struct ltcp_tcb *tcb, int n, int limit, u64 now)
{
	if (user_timeout(tcb, tcb->rtx_since, now))
		return true;
	if (tcb->user_timeout_ms && tcb->syn_acked && !tcb->user_gone)
		return false;
	return n >= limit;
}

/* The next expiry, no later than USER TIMEOUT */
static u64 next_expiry(const struct ltcp_tcb *tcb, u64 since, u64 now)
{
	u64 at = now + ltcp_rtt_backoff(&tcb->rtt, tcb->backoff);
	u64 end = since + tcb->user_timeout_ms * 1000ull;

	return tcb->user_timeout_ms && since && end < at ? end : at;
}

static void give_up(struct ltcp_tcb *tcb, struct ltcp_verdict *v)
{
	fsm_delete(tcb, LTCP_CAUSE_TIMEOUT, tcb->soft_err ? : ETIMEDOUT, v);
}

static void count_up(u8 *n)
{
	if (*n < 255)
		(*n)++;
}

/* Section 3.8.6.1: what the persist timer does, whether set for it or not */
static void probe(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	int limit = tcb->user_gone ? orphan_retries(tcb) : tcb->conf->retries2;

	if (!tcb->rtx_since)
		tcb->rtx_since = now;
	/*
	 * Answered probes keep a connection for as long as its user likes
	 * (MUST-37), but not one that has no user any more.
	 */
	if (r2_reached(tcb, tcb->user_gone ? tcb->backoff : tcb->probes, limit, now)) {
		give_up(tcb, v);
		return;
	}
	v->act |= LTCP_ACT_PROBE;
	v->notes |= LTCP_NOTE_TIMEOUT;
	count_up(&tcb->probes);
	count_up(&tcb->backoff);
	tcb->timer[LTCP_TIMER_PERSIST] = next_expiry(tcb, tcb->rtx_since, now);
}

static void resend(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	if (tcb->state == LTCP_SYN_SENT) {
		tcb->syn_rtx = 1;
		tcb->ecn_asked = 0;	/* RFC 3168 section 6.1.1.1: some drop what asks for it */
		v->act |= LTCP_ACT_SYN;
	} else if (!tcb->syn_acked) {
		tcb->syn_rtx = 1;
		v->act |= LTCP_ACT_SYNACK;
	} else {
		if (tcb->retries >= tcb->conf->retries1)
			ltcp_plpmtu_stalled(tcb, now, v);
		ltcp_recovery_timeout(tcb, now, v);
		v->act |= LTCP_ACT_OUTPUT;
	}
}

/*
 * Whoever sends so little that there are never ACKs enough to tell of a loss, and
 * asks for it, has his text sent again six times at the same interval. That much
 * less than RFC 6298 (5.5) asks for is no load on any path.
 */
static bool stays_linear(const struct ltcp_tcb *tcb)
{
	return tcb->thin_linear && tcb->state == LTCP_ESTABLISHED &&
	       tcb->retries <= THIN_RETRIES &&
	       ltcp_in_flight(tcb) < THIN_SEGMENTS * tcb->snd_mss;
}

/* RFC 6298 (5.4) to (5.6); section 3.8.3 for R1 and R2 */
static void rtx_expired(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	if (!ltcp_in_flight(tcb))
		return;
	if (tcb->syn_acked && !tcb->snd_wnd) {	/* MUST-35; SHLD-17: no R2 for that */
		tcb->timing = 0;
		probe(tcb, now, v);
		return;
	}
	if (ltcp_recovery_early(tcb, now, v))
		return;
	tcb->timing = 0;
	v->notes |= LTCP_NOTE_TIMEOUT;
	if (!tcb->rtx_since)
		tcb->rtx_since = now - ltcp_rtt_backoff(&tcb->rtt, tcb->backoff);
	if (r2_reached(tcb, tcb->retries, retry_limit(tcb), now)) {
		give_up(tcb, v);
		return;
	}
	count_up(&tcb->retries);
	if (!stays_linear(tcb))
		count_up(&tcb->backoff);
	if (tcb->retries == tcb->conf->retries1)
		v->act |= LTCP_ACT_DOUBT_ROUTE;
	resend(tcb, now, v);
	tcb->timer[LTCP_TIMER_RTX] = next_expiry(tcb, tcb->rtx_since, now);
}

/* The peer has not been heard from since it sent a cookie: has it heard our ACK? */
static void echo_again(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	if (now - tcb->rcv_at >= LTCP_COOKIE_LIFE_US) {
		give_up(tcb, v);
		return;
	}
	if (!ltcp_in_flight(tcb))	/* or else what is in flight carries it */
		v->act |= LTCP_ACT_ACK;
	count_up(&tcb->echoes);
	tcb->timer[LTCP_TIMER_KEEPALIVE] = now + ltcp_rtt_backoff(&tcb->rtt, tcb->echoes);
}

/* Section 3.8.4: only when nothing is outstanding and nothing was heard (MUST-26) */
static void keepalive_expired(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	u64 idle = (tcb->keep_idle_s ? : tcb->conf->keepalive_time_s) * SECOND_US;
	u64 intvl = (tcb->keep_intvl_s ? : tcb->conf->keepalive_intvl_s) * SECOND_US;
	int count = tcb->keep_count ? : tcb->conf->keepalive_probes;
	u64 *timer = &tcb->timer[LTCP_TIMER_KEEPALIVE];

	if (!tcb->keepalive || !tcb->syn_acked)
		return;
	if (ltcp_in_flight(tcb) || ltcp_unsent(tcb)) {
		*timer = now + idle;
		return;
	}
	if (now - tcb->rcv_at < idle) {
		*timer = tcb->rcv_at + idle;
		return;
	}
	if (tcb->user_timeout_ms ? user_timeout(tcb, tcb->rcv_at, now) && tcb->keep_probes :
				   tcb->keep_probes >= count) {
		fsm_rst(v, tcb->snd_nxt);	/* should the peer be there after all */
		give_up(tcb, v);
		return;
	}
	v->act |= LTCP_ACT_KEEPALIVE;
	count_up(&tcb->keep_probes);
	*timer = now + intvl;
}

void ltcp_fsm_timeout(struct ltcp_tcb *tcb, enum ltcp_timer timer, const struct ltcp_env *env,
		      struct ltcp_verdict *v)
{
	tcb->timer[timer] = 0;
	switch (timer) {
	case LTCP_TIMER_RTX:
		rtx_expired(tcb, env->now, v);
		break;
	case LTCP_TIMER_PERSIST:
		probe(tcb, env->now, v);
		break;
	case LTCP_TIMER_DELACK:
		v->act |= LTCP_ACT_ACK;
		break;
	case LTCP_TIMER_KEEPALIVE:
		if (tcb->echoing)
			echo_again(tcb, env->now, v);
		else
			keepalive_expired(tcb, env->now, v);
		break;
	case LTCP_TIMER_PACE:
		if (ltcp_lingers(tcb))
			fsm_delete(tcb, LTCP_CAUSE_ORPHAN, 0, v);
		else
			v->act |= LTCP_ACT_OUTPUT;
		break;
	case LTCP_N_TIMERS:
		break;
	}
}

void ltcp_fsm_icmp(struct ltcp_tcb *tcb, enum ltcp_icmp kind, int err, u32 seq,
		   const struct ltcp_env *env, struct ltcp_verdict *v)
{
	bool opening = tcb->state == LTCP_SYN_SENT || tcb->state == LTCP_SYN_RECEIVED;

	/* RFC 5927 section 4.1: whoever cannot quote what is in flight has not seen it */
	if (!seq_in(seq, tcb->snd_una, ltcp_in_flight(tcb))) {
		v->reason = LTCP_REASON_ICMP_SEQUENCE;
		return;
	}
	/*
	 * SHLD-26 would have hard errors end any connection; RFC 5927 section 5.2
	 * shows why a synchronised one must survive them: they are forged too easily.
	 */
	if (kind == LTCP_ICMP_HARD && opening) {
		fsm_delete(tcb, LTCP_CAUSE_ICMP, err, v);
		return;
	}
	if (kind != LTCP_ICMP_MTU)
		tcb->soft_err = err;
	v->act |= LTCP_ACT_SOFT_ERROR;
	v->err = err;
}
