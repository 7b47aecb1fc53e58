/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a receiver tells by SACK: RFC 2018 sections 3 and 4, and of duplicates,
 * RFC 2883. The caller keeps the text; here is what was said of it.
 */
#ifndef LTCP_CORE_SACK_H
#define LTCP_CORE_SACK_H

#include "tcb.h"

/**
 * ltcp_sack_widen() - a piece of text, and what is known to be next to it
 * @tcb: the connection
 * @run: text kept out of order; grows over the blocks that it touches
 *
 * So that the caller need not look at each piece of a long run.
 *
 * Return: true when it has grown
 */
bool ltcp_sack_widen(const struct ltcp_tcb *tcb, struct ltcp_range *run);

/**
 * ltcp_sack_stored() - text has arrived and is kept out of order
 * @tcb: the connection
 * @run: all of the contiguous text that it belongs to: the first block of the next ACK
 */
void ltcp_sack_stored(struct ltcp_tcb *tcb, const struct ltcp_range *run);

/**
 * ltcp_sack_duplicate() - text has arrived that was received before
 * @tcb: the connection
 * @what: that part of it; ends after it starts
 */
void ltcp_sack_duplicate(struct ltcp_tcb *tcb, const struct ltcp_range *what);

/**
 * ltcp_sack_forget() - what was kept out of order has been dropped
 * @tcb: the connection
 * @from: sequence number from which on nothing is kept
 */
void ltcp_sack_forget(struct ltcp_tcb *tcb, u32 from);

/**
 * ltcp_sack_fill() - the blocks for a segment about to be sent
 * @tcb: a duplicate is reported once (RFC 2883 section 4)
 * @room: octets that the option may take
 * @opt: result
 */
void ltcp_sack_fill(struct ltcp_tcb *tcb, u32 room, struct ltcp_options *opt);

#endif
