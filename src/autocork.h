/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Autocorking: what a user writes in small pieces is sent in larger ones while packets
 * of his wait in this host, in a qdisc or a device. What they wait for it would wait
 * for, too, behind them; when one has gone it goes.
 */
#ifndef LTCP_AUTOCORK_H
#define LTCP_AUTOCORK_H

#include <net/sock.h>

#include "sock.h"

/**
 * ltcp_autocork_init() - lists of sockets, one a CPU
 *
 * Return: 0 or -errno
 */
int ltcp_autocork_init(void);

/**
 * ltcp_autocork_exit() - no list is looked at any more
 *
 * No socket is left.
 */
void ltcp_autocork_exit(void);

/**
 * ltcp_autocork_below() - do packets of a socket wait in this host?
 * @sk: locked
 *
 * The last octet of a packet's share is given back after sk_write_space() was called,
 * not before (sock_wfree()): a few octets are packets that have gone. Bare ACKs count
 * for as little (transmit() in output.c).
 */
static inline bool ltcp_autocork_below(const struct sock *sk)
{
	return refcount_read(&sk->sk_wmem_alloc) >= SKB_TRUESIZE(1);
}

/**
 * ltcp_autocork_hold() - hold back what was written?
 * @sk: locked; ltcp_autocork_below()
 *
 * Return: true when it is: it goes as soon as one of the packets below has gone, or
 *	with any call of ltcp_output() before
 */
bool ltcp_autocork_hold(struct sock *sk);

/**
 * ltcp_autocork_held() - may there be text that is held back?
 * @sk: any
 *
 * Return: false when there is none
 */
static inline bool ltcp_autocork_held(const struct sock *sk)
{
	return test_bit(LTCP_PUSH_HELD, &sk->sk_tsq_flags);
}

/* What ltcp_autocork_freed() does when text is held back */
void ltcp_autocork_schedule(struct sock *sk);

/**
 * ltcp_autocork_freed() - a packet may have gone: what is held back is sent, soon
 * @sk: any context, whoever holds its lock; nothing is sent or locked here
 */
static inline void ltcp_autocork_freed(struct sock *sk)
{
	smp_mb__after_atomic();	/* in sock_wfree(); with that in ltcp_autocork_hold() */
	if (unlikely(ltcp_autocork_held(sk)))
		ltcp_autocork_schedule(sk);
}

/**
 * ltcp_autocork_forget() - a socket ends that may not have sent what it held back
 * @sk: nobody else has it, nor are there packets of it
 */
void ltcp_autocork_forget(struct sock *sk);

#endif
