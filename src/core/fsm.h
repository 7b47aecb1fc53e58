/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state machine of a connection: RFC 9293 section 3.10, every user call
 * and SEGMENT ARRIVES, as a pure function:
 *
 *	(connection variables, event, now) -> (connection variables', verdict)
 *
 * The caller carries out the verdict; nothing here allocates, locks, sleeps,
 * reads a clock or sends.
 */
#ifndef LTCP_CORE_FSM_H
#define LTCP_CORE_FSM_H

#include "segment.h"
#include "tcb.h"

/* Why a state changes: with the two states, the label of an arrow */
enum ltcp_cause {
	LTCP_CAUSE_OPEN_PASSIVE,	/* user: OPEN, passive */
	LTCP_CAUSE_OPEN_ACTIVE,		/* user: OPEN, active */
	LTCP_CAUSE_CLOSE,		/* user: CLOSE */
	LTCP_CAUSE_ABORT,		/* user: ABORT, or the system in his stead */
	LTCP_CAUSE_RCV_SYN,		/* SYN */
	LTCP_CAUSE_RCV_SYN_ACK,		/* SYN and ACK of our SYN */
	LTCP_CAUSE_RCV_ACK_OF_SYN,	/* ACK of our SYN */
	LTCP_CAUSE_RCV_FIN,		/* FIN */
	LTCP_CAUSE_RCV_ACK_OF_FIN,	/* ACK of our FIN */
	LTCP_CAUSE_RCV_FIN_ACK,		/* FIN with ACK of our FIN */
	LTCP_CAUSE_RCV_RST,		/* acceptable RST */
	LTCP_CAUSE_ICMP,		/* hard ICMP error */
	LTCP_CAUSE_TIMEOUT,		/* R2, USER TIMEOUT, keep-alive */
	LTCP_CAUSE_2MSL,		/* TIME-WAIT is over */
	LTCP_CAUSE_ORPHAN,		/* FIN-WAIT-2 without a user is over */
	LTCP_N_CAUSES,
};

/**
 * struct ltcp_arrow - one line of the state table
 * @number: the arrow's number, 1 to LTCP_N_ARROWS; several lines may share one
 * @from: enum ltcp_state
 * @to: enum ltcp_state
 * @causes: set of 1 << enum ltcp_cause
 * @rule: where the RFC draws it
 */
struct ltcp_arrow {
	u8 number;
	u8 from;
	u8 to;
	u32 causes;
	const char *rule;
};

#define LTCP_N_ARROWS	26

extern const struct ltcp_arrow ltcp_arrows[];
extern const unsigned int ltcp_n_arrow_lines;

/**
 * ltcp_fsm_arrow() - find an arrow in the state table
 * @from: old state
 * @to: new state
 * @cause: why
 *
 * Return: its number, or 0 when there is no such arrow
 */
unsigned int ltcp_fsm_arrow(enum ltcp_state from, enum ltcp_state to, enum ltcp_cause cause);

/**
 * ltcp_state_name() - the RFC's name of a state, "SYN-SENT"
 * @state: enum ltcp_state
 */
const char *ltcp_state_name(unsigned int state);

/**
 * ltcp_cause_name() - a cause in words, "rcv SYN"
 * @cause: enum ltcp_cause
 */
const char *ltcp_cause_name(unsigned int cause);

/**
 * struct ltcp_env - what an event finds outside the connection's variables
 * @now: the clock, microseconds
 * @space: octets that the receive buffer can still take
 * @buffer: octets that it can take when empty
 * @unread: octets of text in order that the user has not read
 * @may_store: memory for the text of this segment is at hand
 * @pressed: the memory of all connections together is short
 */
struct ltcp_env {
	u64 now;
	u32 space;
	u32 buffer;
	u32 unread;
	bool may_store;
	bool pressed;
};

/* What the caller has to do; carried out in this order */
enum ltcp_act {
	LTCP_ACT_ACKED		= 1 << 0,	/* SND.UNA advanced: release what lies before */
	LTCP_ACT_TEXT		= 1 << 1,	/* store the text, then ltcp_fsm_text_stored() */
	LTCP_ACT_URGENT		= 1 << 2,	/* RCV.UP advanced: tell the user (MUST-32) */
	LTCP_ACT_CONNECTED	= 1 << 3,	/* the handshake is complete */
	LTCP_ACT_EOF		= 1 << 4,	/* the peer's FIN was reached */
	LTCP_ACT_SYNACK		= 1 << 5,	/* send SYN,ACK (again) */
	LTCP_ACT_ACK		= 1 << 6,	/* send an ACK now */
	LTCP_ACT_RST		= 1 << 7,	/* send the RST in @rst */
	LTCP_ACT_PROBE		= 1 << 8,	/* send a window probe: ltcp_transmit_probe() */
	LTCP_ACT_KEEPALIVE	= 1 << 9,	/* send a keep-alive probe */
	LTCP_ACT_SYN		= 1 << 10,	/* send SYN (again) */
	LTCP_ACT_OUTPUT		= 1 << 11,	/* something may be sent: ltcp_transmit_next() */
	LTCP_ACT_DOUBT_ROUTE	= 1 << 12,	/* R1 passed: advise IP (MUST-20) */
	LTCP_ACT_SOFT_ERROR	= 1 << 13,	/* report @err as a soft error */
	LTCP_ACT_ESTABLISH	= 1 << 14,	/* half-open: make it a connection */
	LTCP_ACT_REOPEN		= 1 << 15,	/* TIME-WAIT: give this SYN to a listener (MAY-2) */
	LTCP_ACT_RESTART	= 1 << 16,	/* TIME-WAIT: 2MSL begins again */
	LTCP_ACT_TIME_WAIT	= 1 << 17,	/* move the connection to a TIME-WAIT entry */
	LTCP_ACT_CLOSED		= 1 << 18,	/* delete the TCB; @err for the user, 0: none */
	LTCP_ACT_ACK_FIRST	= 1 << 20,	/* send an ACK before the text is stored */
	LTCP_ACT_ILLEGAL	= 1 << 19,	/* an arrow outside the table: a bug (LTCP_DEBUG) */
};

/* Why a segment was dropped or answered; for counters and traces */
enum ltcp_reason {
	LTCP_REASON_NONE,
	LTCP_REASON_SEQUENCE,		/* not acceptable, step 1 */
	LTCP_REASON_PAWS,		/* old timestamp */
	LTCP_REASON_NO_TS,		/* negotiated timestamp is missing */
	LTCP_REASON_RST,		/* RST in the window but not at RCV.NXT */
	LTCP_REASON_SYN,		/* SYN in a synchronised state */
	LTCP_REASON_NO_ACK,		/* ACK bit is off */
	LTCP_REASON_ACK,		/* ACK outside what is acceptable */
	LTCP_REASON_MEMORY,		/* no memory for the text */
	LTCP_REASON_GONE,		/* text for a user who has closed */
	LTCP_REASON_ICMP_SEQUENCE,	/* ICMP quotes what is not in flight (RFC 5927) */
	LTCP_N_REASONS,
};

/* What else happened, for counters: bits of ltcp_verdict.notes, each a counter of its own */
enum ltcp_note {
	LTCP_NOTE_TIMEOUT		= 1 << 0,	/* the RTO was over, or a probe's time */
	LTCP_NOTE_FAST_RETRANSMIT	= 1 << 1,	/* recovery began without a timeout */
	LTCP_NOTE_TAIL_PROBE		= 1 << 2,	/* RFC 8985 section 7.3 */
	LTCP_NOTE_TAIL_REPAIRED		= 1 << 3,	/* such a probe was all it took */
	LTCP_NOTE_SPURIOUS_TIMEOUT	= 1 << 4,	/* RFC 5682, RFC 3522 */
	LTCP_NOTE_UNDO			= 1 << 5,	/* nothing was lost: CWND as before */
	LTCP_NOTE_REORDERED		= 1 << 6,	/* a path was found to reorder */
	LTCP_NOTE_RENEGED		= 1 << 7,	/* RFC 2018 section 8 */
	LTCP_NOTE_DSACK			= 1 << 8,	/* the peer reports a duplicate */
	LTCP_NOTE_DUPLICATE		= 1 << 9,	/* text arrived that was received before */
	LTCP_NOTE_DEFERRED		= 1 << 10,	/* an ACK without text made no connection */
	LTCP_NOTE_BLACK_HOLE		= 1 << 11,	/* smaller segments, RFC 4821 section 7.7 */
	LTCP_NOTE_MTU_PASSED		= 1 << 12,	/* a probe of the path's MTU arrived */
	LTCP_NOTE_MTU_FAILED		= 1 << 13,	/* it was too big */
	LTCP_N_NOTES			= 14,
};

#define LTCP_MOVES_MAX	3

/**
 * struct ltcp_move - one change of state
 * @from: enum ltcp_state
 * @to: enum ltcp_state
 * @cause: enum ltcp_cause
 */
struct ltcp_move {
	u8 from;
	u8 to;
	u8 cause;
};

/**
 * struct ltcp_verdict - what came of an event
 * @act: set of enum ltcp_act
 * @err: positive errno, with LTCP_ACT_CLOSED or LTCP_ACT_SOFT_ERROR
 * @reason: enum ltcp_reason
 * @n_moves: valid entries in @moves
 * @notes: set of enum ltcp_note
 * @moves: the changes of state, in order
 * @text_skip: octets at the segment's head that were received before
 * @text_len: octets to store after those
 * @text_seq: sequence number of the first of them; in order when RCV.NXT
 * @rst: with LTCP_ACT_RST: seq, ack and flags of the segment to send
 * @iss_min: with LTCP_ACT_REOPEN: the new ISS must lie beyond (RFC 6191)
 */
struct ltcp_verdict {
	u32 act;
	u16 err;
	u8 reason;
	u8 n_moves;
	u16 notes;
	struct ltcp_move moves[LTCP_MOVES_MAX];
	u32 text_skip;
	u32 text_len;
	u32 text_seq;
	struct {
		u32 seq;
		u32 ack;
		u8 flags;
	} rst;
	u32 iss_min;
};

/**
 * ltcp_tcb_init() - variables of a connection in CLOSED
 * @tcb: to initialise
 * @conf: shared settings
 */
void ltcp_tcb_init(struct ltcp_tcb *tcb, const struct ltcp_conf *conf);

/**
 * ltcp_tcb_renew() - as ltcp_tcb_init(), but what the user has chosen stays
 * @tcb: in CLOSED, of no connection any more; its conf is not written to, not even the same
 */
void ltcp_tcb_renew(struct ltcp_tcb *tcb);

/**
 * ltcp_tcb_leave() - the connection lives on in a TIME-WAIT entry
 * @tcb: in TIME-WAIT; its variables are no longer the connection's: CLOSED, no timer
 */
void ltcp_tcb_leave(struct ltcp_tcb *tcb);

/**
 * ltcp_fsm_move() - record a change of state of something that is no TCB
 * @v: the verdict to add it to
 * @from: old state
 * @to: new state
 * @cause: why; without such an arrow LTCP_ACT_ILLEGAL is set, in builds with LTCP_DEBUG
 */
void ltcp_fsm_move(struct ltcp_verdict *v, enum ltcp_state from, enum ltcp_state to,
		   enum ltcp_cause cause);

/* User calls, RFC 9293 sections 3.10.1 to 3.10.6. Each starts from a zeroed verdict. */

/**
 * ltcp_fsm_open_passive() - OPEN, passive: CLOSED -> LISTEN
 * @tcb: in CLOSED
 * @v: verdict
 */
void ltcp_fsm_open_passive(struct ltcp_tcb *tcb, struct ltcp_verdict *v);

/**
 * ltcp_fsm_open_active() - OPEN, active: CLOSED or LISTEN -> SYN-SENT
 * @tcb: @tcb->adv_mss, @tcb->path_mss, @tcb->ts_off and @tcb->rcv_wscale are set
 * @iss: initial send sequence number (RFC 6528)
 * @env: surroundings
 * @v: verdict: LTCP_ACT_SYN
 */
void ltcp_fsm_open_active(struct ltcp_tcb *tcb, u32 iss, const struct ltcp_env *env,
			  struct ltcp_verdict *v);

/**
 * ltcp_fsm_hold_syn() - the SYN waits for text to go with it (RFC 7413 section 4.2.1)
 * @tcb: as ltcp_fsm_open_active() left it
 * @v: its verdict: LTCP_ACT_SYN is taken out
 */
void ltcp_fsm_hold_syn(struct ltcp_tcb *tcb, struct ltcp_verdict *v);

/**
 * ltcp_fsm_release_syn() - it goes now
 * @tcb: in SYN-SENT, @tcb->syn_held
 * @now: clock
 */
void ltcp_fsm_release_syn(struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_fsm_send() - SEND: the user has queued octets
 * @tcb: in a state of LTCP_MAY_SEND, or SYN-SENT or SYN-RECEIVED
 * @n: octets
 * @urgent: the last of them is urgent (MUST-62)
 */
void ltcp_fsm_send(struct ltcp_tcb *tcb, u32 n, bool urgent);

/**
 * ltcp_fsm_received() - RECEIVE: the user has taken octets out of the buffer
 * @tcb: any state
 * @env: surroundings, after the octets were taken
 * @v: verdict: LTCP_ACT_ACK when one is owed (SHLD-19) or a window update is due (MUST-39)
 */
void ltcp_fsm_received(struct ltcp_tcb *tcb, const struct ltcp_env *env, struct ltcp_verdict *v);

/**
 * ltcp_fsm_close() - CLOSE: the user sends no more
 * @tcb: any state
 * @v: verdict
 */
void ltcp_fsm_close(struct ltcp_tcb *tcb, struct ltcp_verdict *v);

/**
 * ltcp_fsm_orphan() - the user has gone: he neither sends nor receives any more
 * @tcb: any state; CLOSE is implied
 * @unread: received text was not read: the peer gets RST (SHLD-3, RFC 2525 section 2.17)
 * @env: surroundings
 * @v: verdict
 */
void ltcp_fsm_orphan(struct ltcp_tcb *tcb, bool unread, const struct ltcp_env *env,
		     struct ltcp_verdict *v);

/**
 * ltcp_fsm_abort() - ABORT
 * @tcb: any state
 * @err: positive errno for the user, 0: none
 * @v: verdict: LTCP_ACT_CLOSED, with LTCP_ACT_RST where the peer may know us
 */
void ltcp_fsm_abort(struct ltcp_tcb *tcb, int err, struct ltcp_verdict *v);

/* SEGMENT ARRIVES, section 3.10.7 */

/* A RST at @seq without ACK, as ABORT and unacceptable ACKs ask for */
static inline void fsm_rst(struct ltcp_verdict *v, u32 seq)
{
	v->act |= LTCP_ACT_RST;
	v->rst.seq = seq;
	v->rst.ack = 0;
	v->rst.flags = LTCP_RST;
}

/**
 * ltcp_fsm_segment_closed() - section 3.10.7.1: nobody is here
 * @seg: the segment
 * @v: verdict: LTCP_ACT_RST, or nothing for a RST
 */
void ltcp_fsm_segment_closed(const struct ltcp_seg *seg, struct ltcp_verdict *v);

/**
 * ltcp_fsm_segment_listen() - section 3.10.7.2: a listener, no half-open entry
 * @seg: the segment
 * @v: verdict: LTCP_ACT_SYNACK for a SYN: make a half-open entry or a cookie;
 *	LTCP_ACT_RST for an ACK (after the caller has tried it as a cookie)
 */
static inline void ltcp_fsm_segment_listen(const struct ltcp_seg *seg, struct ltcp_verdict *v)
{
	if (seg->flags & LTCP_RST)
		return;
	if (seg->flags & LTCP_ACK)
		fsm_rst(v, seg->ack);
	else if (seg->flags & LTCP_SYN)
		v->act |= LTCP_ACT_SYNACK;
}

/**
 * ltcp_fsm_segment() - sections 3.10.7.3 and 3.10.7.4
 * @tcb: in SYN-SENT or a later state, not TIME-WAIT
 * @seg: the segment; trimmed to the window
 * @env: surroundings
 * @v: verdict; with LTCP_ACT_TEXT, store v->text_len octets, then call
 *	ltcp_fsm_text_stored()
 */
void ltcp_fsm_segment(struct ltcp_tcb *tcb, struct ltcp_seg *seg, const struct ltcp_env *env,
		      struct ltcp_verdict *v);

/**
 * ltcp_fsm_text_in_order() - octets at RCV.NXT have been put into the receive buffer
 * @tcb: RCV.NXT advances
 * @n: octets; from the segment itself, or kept before and now in order
 */
void ltcp_fsm_text_in_order(struct ltcp_tcb *tcb, u32 n);

/**
 * ltcp_fsm_text_stored() - the rest of a segment's processing: FIN, and the ACK
 * @tcb: as ltcp_fsm_segment() left it, RCV.NXT advanced
 * @ahead: text is kept that is not in order yet
 * @env: surroundings, after the text was stored
 * @v: the verdict of ltcp_fsm_segment(); acts and moves are added
 */
void ltcp_fsm_text_stored(struct ltcp_tcb *tcb, bool ahead, const struct ltcp_env *env,
			  struct ltcp_verdict *v);

/**
 * ltcp_fsm_timeout() - section 3.10.8: a timer has expired
 * @tcb: @tcb->timer[@timer] has passed
 * @timer: which
 * @env: surroundings
 * @v: verdict
 */
void ltcp_fsm_timeout(struct ltcp_tcb *tcb, enum ltcp_timer timer, const struct ltcp_env *env,
		      struct ltcp_verdict *v);

/* What an ICMP message means, RFC 9293 section 3.9.2.2 */
enum ltcp_icmp {
	LTCP_ICMP_SOFT,		/* unreachable 0, 1, 5, time exceeded, parameter problem */
	LTCP_ICMP_HARD,		/* unreachable 2, 3 */
	LTCP_ICMP_MTU,		/* unreachable 4, packet too big */
};

/**
 * ltcp_fsm_icmp() - an ICMP error quotes a segment of ours
 * @tcb: the connection
 * @kind: what it means
 * @err: positive errno that stands for it
 * @seq: SEG.SEQ of the quoted segment; ignored unless in flight (RFC 5927)
 * @env: surroundings
 * @v: verdict; for LTCP_ICMP_MTU a non-zero act says that the message is
 *	genuine: the caller updates the route, then calls ltcp_tcb_set_path_mss()
 */
void ltcp_fsm_icmp(struct ltcp_tcb *tcb, enum ltcp_icmp kind, int err, u32 seq,
		   const struct ltcp_env *env, struct ltcp_verdict *v);

/**
 * ltcp_limiter_allow() - may one more answer be given?
 * @l: the connection's limiter
 * @now: clock, microseconds
 */
bool ltcp_limiter_allow(struct ltcp_limiter *l, u64 now);

#endif
