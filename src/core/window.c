// SPDX-License-Identifier: GPL-2.0
/* The receive window: RFC 9293 sections 3.8.6 and 3.8.6.2.2, RFC 7323 section 2. */
#include "window.h"

#define PRESSED_SEGMENTS	4	/* what goes on with little: draws three duplicate ACKs */

/*
 * While the memory of all connections is short each promises just enough to go
 * on with, yet never so little that the scale would make nothing of it.
 */
static u32 room(const struct ltcp_tcb *tcb, const struct ltcp_env *env)
{
	u32 little = PRESSED_SEGMENTS * tcb->adv_mss, unit = 1u << tcb->rcv_wscale;

	if (!env->pressed)
		return env->space;
	if (little < unit)
		little = unit;
	return env->space < little ? env->space : little;
}

/* The window for so much room, in whole units of the scale */
static u32 window_of(const struct ltcp_tcb *tcb, u32 octets)
{
	u32 most = 65535u << tcb->rcv_wscale;
	u32 wnd = octets < most ? octets : most;

	return wnd >> tcb->rcv_wscale << tcb->rcv_wscale;
}

/* MUST-39: the right edge moves by at least that, or not at all */
static u32 least_step(const struct ltcp_tcb *tcb, const struct ltcp_env *env, u32 segments)
{
	u32 full = segments * tcb->adv_mss;

	return full < env->buffer / 2 ? full : env->buffer / 2;
}

/*
 * What is left of a promise, in units of the scale. Rounded up, for the edge
 * must not go back (SHLD-14), but not beyond the room there is: octet by octet
 * the edge would creep on for ever. Rounded down it seems to go back by less
 * than a unit, as RFC 7323 section 2.4 expects; the promise is kept.
 */
static u32 in_units(u32 wnd, u32 space, u8 scale)
{
	u32 unit = 1u << scale;
	u32 up = (wnd + unit - 1) & ~(unit - 1);

	return up <= space ? up : wnd & ~(unit - 1);
}

/*
 * Text that had been promised room found none: the window is closed, and then
 * says what room there is, though its edge goes back. SHLD-14 would have us say
 * more; but a peer that is told so takes what we drop for lost, waits longer and
 * longer, and gives up in the end, where one that is told 0 probes for as long as
 * it takes, and goes on at once when the window opens. What was promised remains
 * acceptable.
 */
static u32 shrunk_window(struct ltcp_tcb *tcb, const struct ltcp_env *env, u32 wnd)
{
	if (wnd < least_step(tcb, env, 1))
		tcb->choked = 1;
	return tcb->choked ? 0 : wnd;
}

u16 ltcp_window_advertise(struct ltcp_tcb *tcb, const struct ltcp_env *env, bool syn)
{
	u32 now = ltcp_rcv_wnd(tcb), space = room(tcb, env), wnd;

	if (syn) {
		wnd = space < 65535 ? space : 65535;
		if (tcb->init_rwnd && wnd > tcb->init_rwnd * tcb->adv_mss)
			wnd = tcb->init_rwnd * tcb->adv_mss;
		tcb->rcv_adv = tcb->rcv_nxt + wnd;
		return wnd;
	}
	wnd = window_of(tcb, space);
	if (tcb->shrunk && (tcb->choked || wnd < now))
		return shrunk_window(tcb, env, wnd) >> tcb->rcv_wscale;
	tcb->shrunk = 0;
	if (wnd < now + least_step(tcb, env, 1))
		wnd = in_units(now, space, tcb->rcv_wscale);
	wnd >>= tcb->rcv_wscale;
	if (wnd > 65535)
		wnd = 65535;
	tcb->rcv_adv = seq_max(tcb->rcv_adv, tcb->rcv_nxt + (wnd << tcb->rcv_wscale));
	return wnd;
}

bool ltcp_window_update_due(const struct ltcp_tcb *tcb, const struct ltcp_env *env)
{
	u32 now = ltcp_rcv_wnd(tcb), wnd = window_of(tcb, room(tcb, env));
	/* While the window is open, two segments' worth: half as many updates */
	u32 step = least_step(tcb, env, now >= tcb->adv_mss ? 2 : 1);

	if (tcb->choked)
		return wnd >= least_step(tcb, env, 2);
	/* As long as half of it is open, the ACKs of what arrives say enough */
	if (now > window_of(tcb, env->buffer) / 2)
		return false;
	/* Nor can he use more so early: ten segments (RFC 6928), and as much as was acknowledged */
	if (now > 10 * tcb->adv_mss + (tcb->rcv_nxt - tcb->irs))
		return false;
	return wnd > now && wnd - now >= step;
}
