/* SPDX-License-Identifier: GPL-2.0 */
/* Storage for the spans in flight (core/flight.h): none until a connection needs it. */
#ifndef LTCP_SPANS_H
#define LTCP_SPANS_H

#include "sock.h"

void ltcp_spans_grow(struct sock *sk, unsigned int n);

/**
 * ltcp_spans_reserve() - make room before the core adds spans
 * @sk: locked
 * @n: how many it may add
 *
 * Without memory the core does with what it has.
 */
static inline void ltcp_spans_reserve(struct sock *sk, unsigned int n)
{
	const struct ltcp_flight *f = &ltcp_sk(sk)->tcb.flight;

	if (unlikely(f->n + n > (f->more ? f->room : LTCP_SPANS_OWN)))
		ltcp_spans_grow(sk, n);
}

/**
 * ltcp_spans_shrink() - give the storage back if nothing is in flight
 * @sk: locked
 */
void ltcp_spans_shrink(struct sock *sk);

/**
 * ltcp_spans_free() - the connection is over
 * @sk: locked or unreachable
 */
void ltcp_spans_free(struct sock *sk);

#endif
