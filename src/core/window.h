/* SPDX-License-Identifier: GPL-2.0 */
/* The receive window: RFC 9293 sections 3.8.6 and 3.8.6.2.2, RFC 7323 section 2. */
#ifndef LTCP_CORE_WINDOW_H
#define LTCP_CORE_WINDOW_H

#include "fsm.h"
#include "tcb.h"

/**
 * ltcp_window_advertise() - choose the window of a segment about to be sent
 * @tcb: RCV.ADV follows; it never goes back (SHLD-14), though the window may
 *	where the buffer has been made smaller than what was promised
 * @env: surroundings
 * @syn: the segment has SYN: the window is not scaled (RFC 7323 section 2.2)
 *
 * Return: SEG.WND as on the wire
 */
u16 ltcp_window_advertise(struct ltcp_tcb *tcb, const struct ltcp_env *env, bool syn);

/**
 * ltcp_window_update_due() - has so much room come free that the peer must know?
 * @tcb: the connection
 * @env: surroundings
 */
bool ltcp_window_update_due(const struct ltcp_tcb *tcb, const struct ltcp_env *env);

/**
 * ltcp_window_scale() - the shift that a buffer needs
 * @buffer: octets
 *
 * Return: 0 to LTCP_WSCALE_MAX
 */
static inline u8 ltcp_window_scale(u32 buffer)
{
	u8 shift = buffer >> 16 ? 32 - __builtin_clz(buffer >> 16) : 0;

	return shift < LTCP_WSCALE_MAX ? shift : LTCP_WSCALE_MAX;
}

#endif
