// SPDX-License-Identifier: GPL-2.0
/* One kernel timer a connection, at the earliest of the core's deadlines. */
#include <linux/jiffies.h>

#include "compat.h"
#include "input.h"
#include "output.h"
#include "socket.h"
#include "timers.h"

/* 0 is a timer that is off, and less 1 later than any other */
static u64 earlier(u64 a, u64 b)
{
	return min(a - 1, b - 1) + 1;
}

/* Asked for with every segment, hence no loop */
static u64 earliest(const struct ltcp_tcb *tcb)
{
	const u64 *at = tcb->timer;

	BUILD_BUG_ON(LTCP_N_TIMERS != 5);
	return earlier(earlier(earlier(at[0], at[1]), earlier(at[2], at[3])), at[4]);
}

/*
 * How much later than asked a kernel timer may run, by how far ahead it is set: to the next
 * jiffy, and to the next step of the wheel. That is a jiffy up to 62 of them, and grows
 * eightfold with each eightfold distance (LVL_GRAN() in kernel/time/timer.c).
 */
static u64 lateness(u64 delay)
{
	u64 step = TICK_USEC;

	while (delay > 62 * step)
		step *= 8;
	return TICK_USEC + step;
}

/*
 * As sk_reset_timer(), which takes the timer's reference when the timer is set: one that is due
 * at the next tick may run before, and would release the user's.
 */
static void set_timer(struct sock *sk, u64 delay)
{
	unsigned long expires = jiffies + usecs_to_jiffies(delay);

	/* mod_timer() would not move it to a finer step of the wheel if the jiffy is the same */
	if (sk->sk_timer.expires == expires)
		sk_stop_timer(sk, &sk->sk_timer);
	sock_hold(sk);
	if (mod_timer(&sk->sk_timer, expires))
		__sock_put(sk);
}

/*
 * Deadlines mostly move away (each ACK pushes RTX on), so the timer is only
 * ever moved forward in time: one that runs early finds nothing due and is
 * set again. What counts is when it runs at the latest: set for a keep-alive in
 * hours it may be minutes late, and a deadline just after that must not wait for it.
 */
void ltcp_timers_sync(struct sock *sk, u64 now)
{
	struct ltcp_sock *ls = ltcp_sk(sk);
	u64 at = earliest(&ls->tcb), delay, by;

	if (!at || (ls->timer_by && ls->timer_by <= at))
		return;
	delay = at > now ? min_t(u64, at - now, INT_MAX) : 0;
	by = now + delay + lateness(delay);
	if (ls->timer_by && ls->timer_by <= by)
		return;
	ls->timer_by = by;
	set_timer(sk, delay);
}

void ltcp_timers_stop(struct sock *sk)
{
	ltcp_sk(sk)->timer_by = 0;
	sk_stop_timer(sk, &sk->sk_timer);
}

/* The peer does not answer, or takes nothing */
static bool is_stuck(const struct ltcp_tcb *tcb, enum ltcp_timer timer)
{
	return timer == LTCP_TIMER_PERSIST ||
	       (timer == LTCP_TIMER_RTX && tcb->rtx_mode == LTCP_RTX_TIMEOUT);
}

static void expire(struct sock *sk, enum ltcp_timer timer, u64 now)
{
	struct ltcp_verdict v = {};
	struct ltcp_env env = { .now = now };

	if (is_stuck(&ltcp_sk(sk)->tcb, timer) && ltcp_socket_abandon(sk))
		return;
	ltcp_sk_room(sk, &env);
	ltcp_fsm_timeout(&ltcp_sk(sk)->tcb, timer, &env, &v);
	if (timer == LTCP_TIMER_DELACK)
		LTCP_COUNT(ltcp_sk_net(sk), DELAYED_ACKS);
	/* A closed window is no timeout, nor is what comes before one */
	if (timer == LTCP_TIMER_RTX && v.notes & LTCP_NOTE_TIMEOUT && !(v.act & LTCP_ACT_PROBE))
		ltcp_totals_timeout(&ltcp_sk(sk)->totals, now);
	ltcp_act(sk, &v, now);
}

void ltcp_timers_run(struct sock *sk)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	u64 now = ltcp_now();
	int i;

	ltcp_sk(sk)->timer_by = 0;
	for (i = 0; i < LTCP_N_TIMERS; i++)
		if (tcb->timer[i] && tcb->timer[i] <= now)
			expire(sk, i, now);
	if (tcb->state != LTCP_CLOSED)
		ltcp_timers_sync(sk, now);
}

static void timer_expired(struct timer_list *t)
{
	struct sock *sk = ltcp_compat_from_timer(sk, t, sk_timer);

	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk))
		ltcp_timers_run(sk);
	else
		set_bit(LTCP_DEFERRED_TIMER, &sk->sk_tsq_flags);	/* release_cb runs it */
	bh_unlock_sock(sk);
	sock_put(sk);
}

void ltcp_timers_init(struct sock *sk)
{
	timer_setup(&sk->sk_timer, timer_expired, 0);
	ltcp_sk(sk)->timer_by = 0;
}
