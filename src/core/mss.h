/* SPDX-License-Identifier: GPL-2.0 */
/* How much text a segment may carry, RFC 9293 section 3.7.1. */
#ifndef LTCP_CORE_MSS_H
#define LTCP_CORE_MSS_H

#include "tcb.h"

/**
 * ltcp_mss_text() - the text of a segment
 * @tcb: its options are taken off
 * @size: of the segment, less 20 octets of header
 */
u16 ltcp_mss_text(const struct ltcp_tcb *tcb, u16 size);

/**
 * ltcp_mss_most() - the largest segment that peer and path admit, less 20 octets of header
 * @tcb: the connection
 */
u16 ltcp_mss_most(const struct ltcp_tcb *tcb);

/**
 * ltcp_mss_update() - SND.MSS from the peer's offer, the path and the options (MUST-16)
 * @tcb: @tcb->snd_mss follows
 */
void ltcp_mss_update(struct ltcp_tcb *tcb);

#endif
