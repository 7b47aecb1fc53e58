/* SPDX-License-Identifier: GPL-2.0 */
/* What a connection has carried so far, for TCP_INFO (RFC 4898). */
#ifndef LTCP_TOTALS_H
#define LTCP_TOTALS_H

#include "core/tcb.h"

struct tcp_info;

/**
 * struct ltcp_totals - octets of text and segments
 *
 * Not in the TCB: nothing is decided by them, and without them its states are finite.
 * @received: octets in order
 * @acked: octets acknowledged
 * @resent: octets sent again
 * @segs_in: segments
 * @segs_out: segments
 * @text_segs_in: segments with text
 * @text_segs_out: segments with text
 * @segs_resent: segments with text, SYN or FIN sent again
 */
struct ltcp_totals {
	u64 received;
	u64 acked;
	u64 resent;
	u32 segs_in;
	u32 segs_out;
	u32 text_segs_in;
	u32 text_segs_out;
	u32 segs_resent;
};

/**
 * ltcp_totals_in() - a segment has come in
 * @t: to count it in
 * @seg: the segment
 * @n: of how many it was merged
 */
void ltcp_totals_in(struct ltcp_totals *t, const struct ltcp_seg *seg, unsigned int n);

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
 * ltcp_totals_acked() - SND.UNA has advanced, or not
 * @t: to count text in
 * @tcb: the connection
 * @una: SND.UNA before
 */
void ltcp_totals_acked(struct ltcp_totals *t, const struct ltcp_tcb *tcb, u32 una);

/**
 * ltcp_totals_info() - what TCP_INFO says of them
 * @t: totals
 * @tcb: the connection
 * @info: fields are filled in
 */
void ltcp_totals_info(const struct ltcp_totals *t, const struct ltcp_tcb *tcb,
		      struct tcp_info *info);

#endif
