// SPDX-License-Identifier: GPL-2.0
/* How large the receive buffer has to be: see rcvbuf.h. */
#include <linux/math64.h>

#include "rcvbuf.h"
#include "seq.h"

#define WANT_MAX	0x40000000u	/* RFC 7323: no window is larger */
#define SLACK		16		/* segments: one period is not exactly a round trip */

void ltcp_rcvbuf_init(struct ltcp_rcvbuf *rb, u32 seq, u32 read, u64 now)
{
	*rb = (struct ltcp_rcvbuf) {
		.seq = seq,
		.at = now,
		.read = read ? read : 1,
		.window_end = seq,
		.window_at = now,
	};
}

/* A moving average, as SRTT is one; a shorter one counts at once where it must be right */
static void sample(struct ltcp_rcvbuf *rb, u32 us, bool least)
{
	if (!us)
		us = 1;
	if (!rb->rtt_us || (least && us < rb->rtt_us))
		rb->rtt_us = us;
	else if (!least)
		rb->rtt_us += (s32)(us - rb->rtt_us) / 8;
}

void ltcp_rcvbuf_echo(struct ltcp_rcvbuf *rb, u32 tsecr, u32 age_us)
{
	if (tsecr == rb->echo)
		return;
	rb->echo = tsecr;
	sample(rb, age_us, false);
}

void ltcp_rcvbuf_window(struct ltcp_rcvbuf *rb, u32 rcv_nxt, u32 rcv_adv, u64 now)
{
	if (seq_lt(rcv_nxt, rb->window_end))
		return;
	sample(rb, (u32)now - rb->window_at, true);
	rb->window_end = rcv_adv;
	rb->window_at = now;
}

/* Twice what was read; and as the sender speeds up, more by as much */
static u32 wanted(u32 octets, u32 before, u32 mss)
{
	u64 window = 2ull * octets + SLACK * mss;

	window += 2 * div_u64(window * (octets - before), before);
	return window < WANT_MAX ? window : WANT_MAX;
}

u32 ltcp_rcvbuf_taken(struct ltcp_rcvbuf *rb, u32 seq, u32 mss, u64 now)
{
	u32 octets = seq - rb->seq, want = 0;

	if (!rb->rtt_us || (u32)now - rb->at < rb->rtt_us)
		return 0;
	if (octets > rb->read) {
		want = wanted(octets, rb->read, mss);
		rb->read = octets;
	}
	rb->seq = seq;
	rb->at = now;
	return want;
}
