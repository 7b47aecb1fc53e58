// SPDX-License-Identifier: GPL-2.0
/*
 * Autocorking, as tcp_should_autocork() has it.
 *
 * Sent skbs are freed by sock_wfree(), which calls sk_write_space() of sockets that do
 * not set SOCK_USE_WRITE_QUEUE: once the skb's share of sk_wmem_alloc has been given back,
 * but for one octet. Ours never set it. To set it while nothing is held back would spare
 * a call, but sock_wfree() looks at it before it gives back, so that what is held back
 * just then would not be noticed by a packet that leaves just then, which may be the last.
 *
 * It goes when any packet has gone, not only when all have, as with tcp_wfree(): one has
 * left the queue, one may enter it. Were it to wait for the last the queue would run dry
 * before it is filled again, and what is gathered would cost time; so it costs none.
 */
#include <linux/interrupt.h>
#include <linux/percpu.h>

#include "autocork.h"
#include "core/transmit.h"
#include "stream.h"

/* So many sockets hold something back at a time, at most: there is a place for each */
#define HOLDERS_MAX	512

/**
 * struct holders - sockets of which a packet has gone on one CPU
 * @tasklet: sends what they hold back
 * @first: number of the first; with interrupts off, as what follows
 * @end: number of the one after the last
 * @sk: by number, modulo; a reference is held
 */
struct holders {
	struct tasklet_struct tasklet;
	unsigned int first;
	unsigned int end;
	struct sock *sk[HOLDERS_MAX];
};

static struct holders __percpu *holders;
static atomic_t n_holders;	/* sockets with LTCP_PUSH_HELD */

/* Somebody else, who has put his sk_write_space() in the place of ours, need not call ours */
static bool hears_of_freed(const struct sock *sk)
{
	return READ_ONCE(sk->sk_write_space) == ltcp_socket_write_space;
}

static bool become_holder(struct sock *sk)
{
	if (ltcp_autocork_held(sk))
		return true;
	if (atomic_inc_return(&n_holders) > HOLDERS_MAX) {
		atomic_dec(&n_holders);
		return false;
	}
	set_bit(LTCP_PUSH_HELD, &sk->sk_tsq_flags);
	LTCP_COUNT(ltcp_sk_net(sk), AUTO_CORKING);
	return true;
}

static void end_holder(struct sock *sk)
{
	if (test_and_clear_bit(LTCP_PUSH_HELD, &sk->sk_tsq_flags))
		atomic_dec(&n_holders);
}

bool ltcp_autocork_hold(struct sock *sk)
{
	if (!READ_ONCE(ltcp_sk_net(sk)->set.autocorking) ||
	    !ltcp_transmit_may_gather(&ltcp_sk(sk)->tcb) || !hears_of_freed(sk) ||
	    !become_holder(sk))
		return false;
	/* Who gives back his share from now on sees that we hold. Has somebody before? */
	smp_mb__after_atomic();
	return ltcp_autocork_below(sk);
}

static void put(struct sock *sk)
{
	struct holders *h;
	unsigned long flags;

	local_irq_save(flags);
	h = this_cpu_ptr(holders);
	WARN_ON_ONCE(h->end - h->first >= HOLDERS_MAX);	/* all of them are holders */
	h->sk[h->end++ % HOLDERS_MAX] = sk;
	tasklet_schedule(&h->tasklet);
	local_irq_restore(flags);
}

static struct sock *take(struct holders *h)
{
	struct sock *sk;

	local_irq_disable();
	sk = h->sk[h->first++ % HOLDERS_MAX];
	local_irq_enable();
	return sk;
}

void ltcp_autocork_schedule(struct sock *sk)
{
	while (!test_and_set_bit(LTCP_PUSH_LISTED, &sk->sk_tsq_flags)) {
		if (ltcp_autocork_held(sk)) {
			if (refcount_inc_not_zero(&sk->sk_refcnt))
				put(sk);
			return;
		}
		/* It was pushed meanwhile, and is no holder any more: its place may be another's */
		clear_bit(LTCP_PUSH_LISTED, &sk->sk_tsq_flags);
		smp_mb__after_atomic();	/* with test_and_set_bit() of others, who relied on it */
		if (!ltcp_autocork_held(sk))
			return;
	}
}

/*
 * What was held back before the bits were cleared is sent here, whatever else has gone
 * meanwhile: the lock is taken later. What is held back afterwards finds them cleared.
 */
static void push_one(struct sock *sk)
{
	end_holder(sk);
	clear_bit(LTCP_PUSH_LISTED, &sk->sk_tsq_flags);
	smp_mb__after_atomic();	/* before the queue is looked at; with test_and_set_bit() */
	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk))
		ltcp_socket_push(sk, ltcp_sk(sk)->tcb.more);
	else
		set_bit(LTCP_DEFERRED_PUSH, &sk->sk_tsq_flags);	/* release_cb does it */
	bh_unlock_sock(sk);
	sock_put(sk);
}

/* For those who come meanwhile it runs again */
static void push_all(struct tasklet_struct *tasklet)
{
	struct holders *h = from_tasklet(h, tasklet, tasklet);
	unsigned int n = READ_ONCE(h->end) - h->first;

	while (n--)
		push_one(take(h));
}

void ltcp_autocork_forget(struct sock *sk)
{
	end_holder(sk);
}

int ltcp_autocork_init(void)
{
	int cpu;

	holders = alloc_percpu(struct holders);
	if (!holders)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		tasklet_setup(&per_cpu_ptr(holders, cpu)->tasklet, push_all);
	return 0;
}

/* One may be about to return: its last socket was the last of all */
void ltcp_autocork_exit(void)
{
	int cpu;

	WARN_ON_ONCE(atomic_read(&n_holders));
	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(holders, cpu)->tasklet);
	free_percpu(holders);
}
