/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reassembly: what becomes of a piece of text among the pieces kept before it.
 * The caller owns the storage, ordered by sequence number and free of overlap.
 */
#ifndef LTCP_CORE_REASM_H
#define LTCP_CORE_REASM_H

#include "seq.h"

/**
 * struct ltcp_range - octets of sequence space
 * @start: first
 * @end: just past the last; may be before @start's number on the circle
 */
struct ltcp_range {
	u32 start;
	u32 end;
};

/* What to do with a new piece, having met a kept one */
enum ltcp_fit {
	LTCP_FIT_BEFORE,	/* new lies before kept, disjoint: insert there */
	LTCP_FIT_AFTER,		/* new lies after kept, disjoint: go on */
	LTCP_FIT_DUPLICATE,	/* new lies within kept: drop new */
	LTCP_FIT_REPLACES,	/* kept lies within new: drop kept, go on */
	LTCP_FIT_CUT_HEAD,	/* new->start was moved to kept->end: go on */
	LTCP_FIT_CUT_TAIL,	/* new->end was moved to kept->start: insert before kept */
};

/**
 * ltcp_reasm_fit() - set a new piece against a kept one
 * @new: cut where it overlaps: what was received first stays
 * @kept: a piece in storage
 *
 * Return: what to do
 */
enum ltcp_fit ltcp_reasm_fit(struct ltcp_range *new, const struct ltcp_range *kept);

/**
 * ltcp_reasm_overlap() - what two pieces have in common
 * @a: a piece
 * @b: another
 * @both: result
 *
 * Return: false when that is nothing
 */
bool ltcp_reasm_overlap(const struct ltcp_range *a, const struct ltcp_range *b,
			struct ltcp_range *both);

/* What to do with the first kept piece once RCV.NXT has moved */
enum ltcp_ready {
	LTCP_READY_GAP,		/* text before it is still missing */
	LTCP_READY_OLD,		/* all of it was received otherwise: drop it */
	LTCP_READY_TAKE,	/* deliver it from @skip on, then look at the next */
};

/**
 * ltcp_reasm_ready() - is the first kept piece in order?
 * @kept: the piece
 * @rcv_nxt: RCV.NXT
 * @skip: with LTCP_READY_TAKE: octets at its head to leave out
 */
enum ltcp_ready ltcp_reasm_ready(const struct ltcp_range *kept, u32 rcv_nxt, u32 *skip);

#endif
