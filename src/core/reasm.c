// SPDX-License-Identifier: GPL-2.0
/* Reassembly: how two pieces of sequence space lie to each other. */
#include <linux/types.h>

#include "reasm.h"
#include "seq.h"

enum ltcp_fit ltcp_reasm_fit(struct ltcp_range *new, const struct ltcp_range *kept)
{
	if (seq_le(new->end, kept->start))
		return LTCP_FIT_BEFORE;
	if (seq_ge(new->start, kept->end))
		return LTCP_FIT_AFTER;
	if (seq_ge(new->start, kept->start) && seq_le(new->end, kept->end))
		return LTCP_FIT_DUPLICATE;
	if (seq_le(new->start, kept->start) && seq_ge(new->end, kept->end))
		return LTCP_FIT_REPLACES;
	if (seq_lt(new->start, kept->start)) {
		new->end = kept->start;
		return LTCP_FIT_CUT_TAIL;
	}
	new->start = kept->end;
	return LTCP_FIT_CUT_HEAD;
}

bool ltcp_reasm_overlap(const struct ltcp_range *a, const struct ltcp_range *b,
			struct ltcp_range *both)
{
	both->start = seq_max(a->start, b->start);
	both->end = seq_min(a->end, b->end);
	return seq_lt(both->start, both->end);
}

enum ltcp_ready ltcp_reasm_ready(const struct ltcp_range *kept, u32 rcv_nxt, u32 *skip)
{
	if (seq_gt(kept->start, rcv_nxt))
		return LTCP_READY_GAP;
	if (seq_le(kept->end, rcv_nxt))
		return LTCP_READY_OLD;
	*skip = rcv_nxt - kept->start;
	return LTCP_READY_TAKE;
}
