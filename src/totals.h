/* SPDX-License-Identifier: GPL-2.0 */
/* What a connection has carried so far, for TCP_INFO (RFC 4898). */
#ifndef LTCP_TOTALS_H
#define LTCP_TOTALS_H

#include "core/tcb.h"

struct tcp_info;

/* What keeps a sender from sending more, if it has anything to send at all */
enum ltcp_limit {
	LTCP_LIMIT_IDLE,	/* nothing is to be sent, and all is acknowledged */
	LTCP_LIMIT_PATH,	/* congestion control, or the path itself */
	LTCP_LIMIT_WINDOW,	/* the peer's window */
	LTCP_LIMIT_BUFFER,	/* the send buffer: the user waits for room in it */
	LTCP_N_LIMITS
};

/**
 * struct ltcp_rate - octets that were delivered in so much time
 * @octets: how many
 * @us: microseconds, 0: nothing has been measured
 */
struct ltcp_rate {
	u32 octets;
	u32 us;
};

/**
 * struct ltcp_mishaps - what happens to few connections: made when it first does
 * @resent: octets sent again
 * @segs_resent: segments with text, SYN or FIN sent again
 * @text_segs_resent: of those, with text
 * @ahead: segments received out of order
 * @marked: segments whose acknowledgment echoes congestion (ECE)
 * @dups: segments that the peer has had twice (D-SACK)
 * @rto_ms: how long recoveries that began with a timeout took, those that are over
 * @rto_at: when the one at hand began, milliseconds, with @in_rto
 * @rtos: retransmission timeouts
 * @rto_runs: recoveries that began with one
 * @rehashes: times that another path was tried
 * @in_rto: there is one at hand
 */
struct ltcp_mishaps {
	u64 resent;
	u32 segs_resent;
	u32 text_segs_resent;
	u32 ahead;
	u32 marked;
	u32 dups;
	u32 rto_ms;
	u32 rto_at;
	u16 rtos;
	u16 rto_runs;
	u16 rehashes;
	bool in_rto;
};

/**
 * struct ltcp_totals - octets of text and segments, and times
 *
 * Not in the TCB: nothing is decided by them, and without them its states are finite.
 * @mishaps: NULL: none has happened, or there was no memory to count it
 * @received: octets in order
 * @acked: octets acknowledged
 * @limit_at: since when the sender is in @limit, microseconds
 * @limit: enum ltcp_limit
 * @few: the user had too little to send in the round trip at hand ...
 * @rate_few: ... or in the one of @rate
 * @text_at: when text last came in, or the connection was established, milliseconds
 * @busy_ms: how long the sender was in each of enum ltcp_limit but the first
 * @segs_in: segments
 * @segs_out: segments
 * @text_segs_in: segments with text
 * @text_segs_out: segments with text
 * @round_at: when that round trip began, low 32 bits of the clock
 * @round_from: what had been delivered by then, low 32 bits
 * @rate: of the last round trip in which the user had enough to send, or of a faster one
 */
struct ltcp_totals {
	struct ltcp_mishaps *mishaps;
	u64 received;
	u64 acked;
	u64 limit_at:60;
	u64 limit:2;
	u64 few:1;
	u64 rate_few:1;
	u32 text_at;
	u32 busy_ms[LTCP_N_LIMITS - 1];
	u32 segs_in;
	u32 segs_out;
	u32 text_segs_in;
	u32 text_segs_out;
	u32 round_at;
	u32 round_from;
	struct ltcp_rate rate;
};

/**
 * ltcp_totals_begin() - a connection has begun without a socket
 * @t: as ltcp_totals_end() leaves them
 * @in: segments that have come in
 * @out: segments that have gone out
 * @resent: of those, sent again
 */
void ltcp_totals_begin(struct ltcp_totals *t, unsigned int in, unsigned int out,
		       unsigned int resent);

/**
 * ltcp_totals_end() - there is nothing to count any more
 * @t: all of it is 0 then
 */
void ltcp_totals_end(struct ltcp_totals *t);

/**
 * ltcp_totals_in() - a segment has come in
 * @t: to count it in
 * @tcb: the connection, before it
 * @seg: the segment
 * @n: of how many it was merged
 * @now: clock
 */
void ltcp_totals_in(struct ltcp_totals *t, const struct ltcp_tcb *tcb, const struct ltcp_seg *seg,
		    unsigned int n, u64 now);

/**
 * ltcp_totals_out() - a segment goes out
 * @t: to count it in
 * @tcb: SND.NXT is as before it
 * @seg: the segment
 * @n: how many it will be cut into
 * @again: nothing of it, or not all, is new
 */
void ltcp_totals_out(struct ltcp_totals *t, const struct ltcp_tcb *tcb,
		     const struct ltcp_seg *seg, unsigned int n, bool again);

/**
 * ltcp_totals_acked() - what a segment has acknowledged, if anything
 * @t: to count it in
 * @tcb: the connection, after it
 * @una: SND.UNA before
 * @seg: the segment
 * @notes: LTCP_NOTE_* of its verdict
 * @now: clock
 */
void ltcp_totals_acked(struct ltcp_totals *t, const struct ltcp_tcb *tcb, u32 una,
		       const struct ltcp_seg *seg, u16 notes, u64 now);

/**
 * ltcp_totals_timeout() - the retransmission timer has expired
 * @t: to count it in
 * @now: clock
 */
void ltcp_totals_timeout(struct ltcp_totals *t, u64 now);

/**
 * ltcp_totals_rehashed() - another path is tried
 * @t: to count it in
 */
void ltcp_totals_rehashed(struct ltcp_totals *t);

/**
 * ltcp_totals_limit() - what limits the sender now?
 * @t: it is noted if it has changed
 * @tcb: the connection
 * @full: the user waits for room in the send buffer
 * @now: clock
 */
void ltcp_totals_limit(struct ltcp_totals *t, const struct ltcp_tcb *tcb, bool full, u64 now);

/**
 * ltcp_totals_info() - what TCP_INFO says of them
 * @t: totals
 * @tcb: the connection
 * @now: clock
 * @info: fields are filled in
 */
void ltcp_totals_info(const struct ltcp_totals *t, const struct ltcp_tcb *tcb, u64 now,
		      struct tcp_info *info);

#endif
