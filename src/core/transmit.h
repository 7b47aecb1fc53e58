/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the next segment is: RFC 9293 sections 3.8.6 (windows), 3.7.4 (Nagle),
 * 3.7.1 (MSS); and its header.
 */
#ifndef LTCP_CORE_TRANSMIT_H
#define LTCP_CORE_TRANSMIT_H

#include "fsm.h"
#include "segment.h"
#include "tcb.h"

/**
 * struct ltcp_plan - a segment to be sent, or a burst of them
 * @seq: SEG.SEQ
 * @len: octets of text; with more than SND.MSS a burst: IP gets one packet, and
 *	it is cut into segments of SND.MSS as late as possible
 * @flags: control bits; LTCP_ACK is always among them but on the first SYN
 * @again: was sent before
 * @probe: asks for a window that is zero: the persist timer repeats it
 * @mtu_probe: one segment, though larger than SND.MSS: does the path carry it?
 */
struct ltcp_plan {
	u32 seq;
	u32 len;
	u8 flags;
	bool again;
	bool probe;
	bool mtu_probe;
};

/**
 * ltcp_transmit_next() - the next segment with text or FIN that may be sent now
 * @tcb: the connection
 * @plan: result
 *
 * Return: false when nothing may be sent
 */
bool ltcp_transmit_next(const struct ltcp_tcb *tcb, struct ltcp_plan *plan);

/**
 * ltcp_transmit_wanted() - is there anything to send, if it may be?
 * @tcb: the connection
 */
static inline bool ltcp_transmit_wanted(const struct ltcp_tcb *tcb)
{
	return ltcp_unsent(tcb) || ltcp_fin_unsent(tcb) || tcb->flight.lost || tcb->rack.probe_due;
}

/**
 * ltcp_transmit_burst() - how much text may go as one packet at best
 * @tcb: the connection
 *
 * Return: octets, a multiple of SND.MSS
 */
u32 ltcp_transmit_burst(const struct ltcp_tcb *tcb);

/**
 * ltcp_transmit_moment() - when is noted to have been sent what is sent now, in one go
 * @tcb: the connection
 * @now: clock
 *
 * Of what was sent within the same microsecond, that with the lower number was sent first, as
 * RFC 8985 section 6.2 has it. Within one go that is so: what was lost goes first. If one has
 * sent new text within this microsecond already, and something is to go again, this one counts
 * to the next.
 *
 * Return: @now, or a microsecond later
 */
u64 ltcp_transmit_moment(const struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_transmit_may_gather() - may text wait for more to go with it, if only briefly?
 * @tcb: the user has queued text
 *
 * Return: true when it would go, as less than a burst; nothing is urgent, and should all
 *	else fail an acknowledgment will send it
 */
bool ltcp_transmit_may_gather(const struct ltcp_tcb *tcb);

/**
 * ltcp_transmit_probe() - the segment that asks for a window (MUST-36)
 * @tcb: the connection
 * @plan: result: what the window allows, at least one octet or FIN
 *
 * Return: false when there is nothing to probe with
 */
bool ltcp_transmit_probe(const struct ltcp_tcb *tcb, struct ltcp_plan *plan);

/**
 * ltcp_transmit_ack() - a segment without text at SND.NXT
 * @tcb: the connection
 * @plan: result
 */
void ltcp_transmit_ack(const struct ltcp_tcb *tcb, struct ltcp_plan *plan);

/**
 * ltcp_transmit_syn() - our SYN
 * @tcb: the connection
 * @plan: result: SYN in SYN-SENT, else SYN with ACK
 */
void ltcp_transmit_syn(const struct ltcp_tcb *tcb, struct ltcp_plan *plan);

/**
 * ltcp_transmit_syn_room() - how much text fits into a SYN, with all its options
 * @tcb: in SYN-SENT, @tcb->syn_fastopen is set
 *
 * Return: octets
 */
u32 ltcp_transmit_syn_room(const struct ltcp_tcb *tcb);

/**
 * ltcp_transmit_syn_text() - our SYN, with text (RFC 7413 section 4.2.1)
 * @tcb: in SYN-SENT, @tcb->syn_fastopen is set
 * @plan: result; its text begins at SEG.SEQ + 1
 */
void ltcp_transmit_syn_text(const struct ltcp_tcb *tcb, struct ltcp_plan *plan);

/**
 * ltcp_transmit_keepalive() - a segment that the peer must answer (SHLD-12)
 * @tcb: the connection
 * @plan: result: SEG.SEQ = SND.NXT - 1, no text
 */
void ltcp_transmit_keepalive(const struct ltcp_tcb *tcb, struct ltcp_plan *plan);

/**
 * ltcp_plan_shorten() - less of a planned burst is sent for now
 * @plan: what ended with it, PSH and FIN, is left for later; it is no probe of the MTU
 * @len: octets of text, at most @plan->len
 */
void ltcp_plan_shorten(struct ltcp_plan *plan, u32 len);

/**
 * ltcp_transmit_sent() - a planned segment was handed to IP
 * @tcb: SND.NXT, timers and the measurement of the round trip follow
 * @plan: the segment
 * @now: clock
 */
void ltcp_transmit_sent(struct ltcp_tcb *tcb, const struct ltcp_plan *plan, u64 now);

/**
 * ltcp_transmit_idle() - nothing more may be sent now: who will wake us?
 * @tcb: the persist timer is set when text waits and no acknowledgment is due
 * @now: clock
 */
void ltcp_transmit_idle(struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_transmit_header() - the header of a planned segment
 * @tcb: window and acknowledgment are noted as sent
 * @plan: the segment
 * @env: surroundings
 * @seg: result, ports left zero
 */
void ltcp_transmit_header(struct ltcp_tcb *tcb, const struct ltcp_plan *plan,
			  const struct ltcp_env *env, struct ltcp_seg *seg);

/**
 * ltcp_tcb_set_path_mss() - the path's MTU has become known or changed
 * @tcb: @tcb->snd_mss follows; with less, what is in flight is sent again
 * @path_mss: MTU less the IP header and 20 octets
 */
void ltcp_tcb_set_path_mss(struct ltcp_tcb *tcb, u32 path_mss);

#endif
