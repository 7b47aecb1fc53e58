/* SPDX-License-Identifier: GPL-2.0 */
/* TIME-WAIT: RFC 9293 sections 3.6.1 and 3.10.7.4, RFC 1337, RFC 6191. */
#ifndef LTCP_CORE_TIMEWAIT_H
#define LTCP_CORE_TIMEWAIT_H

#include "fsm.h"
#include "segment.h"
#include "tcb.h"

/**
 * struct ltcp_tw - what must be remembered for 2MSL
 * @snd_nxt: SND.NXT
 * @rcv_nxt: RCV.NXT
 * @ts_recent: TS.Recent
 * @ts_off: added to the millisecond clock to make TSval
 * @wnd: window to advertise, as on the wire
 * @ts_ok: timestamps are in use
 * @challenge: limits answers
 */
struct ltcp_tw {
	u32 snd_nxt;
	u32 rcv_nxt;
	u32 ts_recent;
	u32 ts_off;
	u16 wnd;
	u8 ts_ok:1;
	struct ltcp_limiter challenge;
};

/**
 * ltcp_tw_from_tcb() - what remains of a connection in TIME-WAIT
 * @tw: result
 * @tcb: in TIME-WAIT
 */
void ltcp_tw_from_tcb(struct ltcp_tw *tw, const struct ltcp_tcb *tcb);

/**
 * ltcp_tw_segment() - SEGMENT ARRIVES in TIME-WAIT
 * @tw: the entry
 * @seg: the segment; not changed
 * @conf: settings of the connection that a SYN might open
 * @now: clock
 * @v: verdict: LTCP_ACT_ACK, with LTCP_ACT_RESTART for the peer's FIN; or
 *	LTCP_ACT_REOPEN for a new SYN; RST does nothing (RFC 1337)
 */
void ltcp_tw_segment(struct ltcp_tw *tw, const struct ltcp_seg *seg,
		     const struct ltcp_conf *conf, u64 now, struct ltcp_verdict *v);

#define LTCP_TW_REUSE_MS	1000	/* the timestamp clock has moved on for certain */

/**
 * ltcp_tw_reusable() - may the user open a connection between the same two ends?
 * @tw: the entry
 * @conf: settings
 * @age_ms: since it entered TIME-WAIT, or that last began anew
 *
 * The side that connects knows of RFC 6191 section 2 that its peer, if he waits
 * as well, accepts a newer timestamp; and PAWS keeps old segments out.
 */
bool ltcp_tw_reusable(const struct ltcp_tw *tw, const struct ltcp_conf *conf, u32 age_ms);

/**
 * ltcp_tw_ack() - the header of the ACK that TIME-WAIT sends
 * @tw: the entry
 * @now: clock
 * @seg: result, ports left zero
 */
void ltcp_tw_ack(const struct ltcp_tw *tw, u64 now, struct ltcp_seg *seg);

#endif
