// SPDX-License-Identifier: GPL-2.0
/* Storage for the spans in flight. */
#include <linux/slab.h>

#include "spans.h"

void ltcp_spans_grow(struct sock *sk, unsigned int n)
{
	struct ltcp_flight *f = &ltcp_sk(sk)->tcb.flight;
	unsigned int room = ltcp_flight_short(f, n);
	struct ltcp_span *more;

	if (!room)
		return;
	more = kmalloc_array(room, sizeof(*more), GFP_ATOMIC | __GFP_NOWARN);
	if (more)
		kfree(ltcp_flight_move(f, more, room));
}

void ltcp_spans_shrink(struct sock *sk)
{
	struct ltcp_flight *f = &ltcp_sk(sk)->tcb.flight;

	if (f->room && !f->n)
		kfree(ltcp_flight_move(f, NULL, 0));
}

void ltcp_spans_free(struct sock *sk)
{
	ltcp_flight_clear(&ltcp_sk(sk)->tcb.flight);
	ltcp_spans_shrink(sk);
}
