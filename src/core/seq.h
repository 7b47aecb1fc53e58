/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sequence number arithmetic, RFC 9293 section 3.4: numbers live on a circle
 * of 2^32, so "less than" only means anything within half of it.
 */
#ifndef LTCP_CORE_SEQ_H
#define LTCP_CORE_SEQ_H

#include <linux/types.h>

static inline bool seq_lt(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool seq_le(u32 a, u32 b)
{
	return (s32)(a - b) <= 0;
}

static inline bool seq_gt(u32 a, u32 b)
{
	return (s32)(a - b) > 0;
}

static inline bool seq_ge(u32 a, u32 b)
{
	return (s32)(a - b) >= 0;
}

/* Is @seq in [@low, @low + @len)? False for an empty range. */
static inline bool seq_in(u32 seq, u32 low, u32 len)
{
	return seq - low < len;
}

static inline u32 seq_max(u32 a, u32 b)
{
	return seq_gt(a, b) ? a : b;
}

static inline u32 seq_min(u32 a, u32 b)
{
	return seq_lt(a, b) ? a : b;
}

#endif
