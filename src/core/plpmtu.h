/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Path MTU discovery without ICMP, RFC 4821: what passes is found by segments
 * larger than SND.MSS. A path that swallows what is too big for it in silence
 * is noticed by timeouts; segments become smaller until they pass, and then
 * probes find what is the largest.
 *
 * Sizes are those of segments less 20 octets of header, as MSS has them.
 */
#ifndef LTCP_CORE_PLPMTU_H
#define LTCP_CORE_PLPMTU_H

#include "fsm.h"
#include "tcb.h"

/**
 * ltcp_plpmtu_open() - the connection has been opened
 * @tcb: its search begins if every connection is to search
 * @now: clock
 */
void ltcp_plpmtu_open(struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_plpmtu_path() - the path's MTU is said to be another one
 * @tcb: @tcb->path_mss is new
 * @old: @tcb->path_mss before
 */
void ltcp_plpmtu_path(struct ltcp_tcb *tcb, u16 old);

/**
 * ltcp_plpmtu_stalled() - nothing is acknowledged, timeout after timeout
 * @tcb: segments are smaller from now on, if that may help
 * @now: clock
 * @v: verdict
 */
void ltcp_plpmtu_stalled(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v);

/**
 * ltcp_plpmtu_due() - is the next segment of new text to be a probe?
 * @tcb: the connection
 *
 * Return: octets of its text, 0: no probe
 */
u32 ltcp_plpmtu_due(const struct ltcp_tcb *tcb);

/**
 * ltcp_plpmtu_text() - octets of text of the probe that is under way
 * @tcb: the connection
 */
u32 ltcp_plpmtu_text(const struct ltcp_tcb *tcb);

/**
 * ltcp_plpmtu_sent() - a probe was sent
 * @tcb: ltcp_plpmtu_due() said so
 * @seq: its first octet
 */
void ltcp_plpmtu_sent(struct ltcp_tcb *tcb, u32 seq);

/**
 * ltcp_plpmtu_acked() - SND.UNA has advanced
 * @tcb: a search is on; what has passed is SND.MSS from now on
 * @now: clock
 * @v: verdict
 */
void ltcp_plpmtu_acked(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v);

/**
 * ltcp_plpmtu_lost() - was the probe too big, and is nothing else missing?
 * @tcb: something has just been found lost
 * @now: clock
 * @v: verdict
 *
 * Return: true when that is so: it tells nothing of congestion (RFC 4821 section 7.5)
 */
bool ltcp_plpmtu_lost(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v);

/**
 * ltcp_plpmtu_forget() - nobody will know what has become of the probe
 * @tcb: the connection
 */
static inline void ltcp_plpmtu_forget(struct ltcp_tcb *tcb)
{
	tcb->plpmtu.size = 0;
}

#endif
