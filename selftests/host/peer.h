/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer: the least that has to stand around the core to make a TCP of it. It
 * holds one connection in whatever form it is, carries out verdicts, and keeps
 * what it sends until somebody takes it. Text is not stored: the octet at a
 * sequence number is known by that number, so only ranges matter.
 */
#ifndef LTCP_HOST_PEER_H
#define LTCP_HOST_PEER_H

#include "core/fsm.h"
#include "core/half.h"
#include "core/timewait.h"
#include "host.h"
#include "store.h"

#define MS		1000ull
#define SECOND		1000000ull
/* The explorer keeps many peers and makes them smaller */
#ifndef PEER_SENT_MAX
#define PEER_SENT_MAX	2048
#define PEER_MOVES_MAX	64
#define PEER_SPANS_MAX	LTCP_SPANS_MAX
#endif

/* The clock of all peers, microseconds */
extern u64 now;

/* What a peer has of its connection */
enum peer_form {
	PEER_CLOSED,		/* nothing */
	PEER_LISTENING,		/* a listener */
	PEER_HALF,		/* a half-open entry */
	PEER_CONNECTION,	/* a TCB */
	PEER_TIME_WAIT,		/* a TIME-WAIT entry */
};

/**
 * struct peer - one end
 * @name: for messages
 * @form: what there is
 * @listener: listens, and falls back to that when the connection ends
 * @no_memory: no text can be stored
 * @pressed: the memory of all connections is short
 * @mute: no text can be sent, for want of memory
 * @conf: settings; may be changed before the connection begins
 * @iss: initial send sequence number of the next connection
 * @path_mss: what the path carries
 * @adv_mss: MSS to offer
 * @wscale: window scale to offer
 * @trusting: a SYN's text is taken at once (RFC 7413)
 * @defer: RTOs for which a half-open entry waits for text
 * @buffer: size of the receive buffer
 * @tcb: with PEER_CONNECTION
 * @spans: storage for the spans in flight
 * @half: with PEER_HALF
 * @half_timer: with PEER_HALF: when the SYN-ACK is sent again
 * @tw: with PEER_TIME_WAIT
 * @tw_end: when 2MSL is over
 * @ahead: text out of order
 * @unread: octets in order that the user has not read
 * @received: octets in order in all
 * @queued: octets that the user has sent in all
 * @acts: all acts of all verdicts so far
 * @last: the last verdict
 * @connected: the handshake was completed
 * @eof: the end was reached
 * @ended: the connection was deleted ...
 * @err: ... with that errno
 * @urgent: how often the user was told
 * @n_sent: segments in @sent
 * @sent: segments sent and not taken yet
 * @sent_at: when each was sent
 * @n_moves: moves in @moves
 * @moves: all changes of state
 */
struct peer {
	const char *name;
	enum peer_form form;
	bool listener;
	bool no_memory;
	bool pressed;
	bool mute;
	bool trusting;
	struct ltcp_conf conf;
	u32 iss;
	u16 path_mss;
	u16 adv_mss;
	u8 wscale;
	u8 defer;
	u32 buffer;

	struct ltcp_tcb tcb;
	struct ltcp_span spans[PEER_SPANS_MAX];
	struct ltcp_half half;
	u64 half_timer;
	struct ltcp_tw tw;
	u64 tw_end;
	struct store ahead;
	u32 unread;
	u64 received;
	u64 queued;

	u32 acts;
	struct ltcp_verdict last;
	bool connected;
	bool eof;
	bool ended;
	int err;
	unsigned int urgent;

	unsigned int n_sent;
	struct ltcp_seg sent[PEER_SENT_MAX];
	u64 sent_at[PEER_SENT_MAX];
	unsigned int n_moves;
	struct ltcp_move moves[PEER_MOVES_MAX];
};

/* A peer that does nothing yet; without timestamps, scaling and SACK until @conf says so */
void peer_init(struct peer *p, const char *name, u32 iss);

/* User calls */
void peer_listen(struct peer *p);
void peer_connect(struct peer *p);
/* With text on the SYN, and a Fast Open option unless that is NULL */
void peer_connect_fast(struct peer *p, u32 n, const struct ltcp_fastopen *fastopen);
void peer_send(struct peer *p, u32 n);
void peer_send_urgent(struct peer *p, u32 n);
void peer_read(struct peer *p, u32 n);
/* The last piece of what is out of order makes room for something else */
void peer_prune(struct peer *p);
void peer_close(struct peer *p);
void peer_leave(struct peer *p);
void peer_abort(struct peer *p);

/* A segment arrives. It goes through the codec, as it would on the wire. */
void peer_segment(struct peer *p, const struct ltcp_seg *seg);

/* An ICMP error arrives */
void peer_icmp(struct peer *p, enum ltcp_icmp kind, int err, u32 seq);

/* Carry out what @v says; for user calls that have no function here */
void peer_act(struct peer *p, struct ltcp_verdict *v, const struct ltcp_seg *seg);

/* Send what may be sent */
void peer_output(struct peer *p);

/* What the core is told of the surroundings */
struct ltcp_env peer_env(const struct peer *p);

/* Enum ltcp_state, whatever the form */
enum ltcp_state peer_state(const struct peer *p);

/* When the next timer expires, 0: none is running */
u64 peer_next_timer(const struct peer *p);

/* Let all expire that is due */
void peer_run_timers(struct peer *p);

/* Let time pass until @until, timers expiring one by one */
void peer_wait_until(struct peer *p, u64 until);

/* The oldest segment that was sent and not taken. False: none. */
bool peer_take(struct peer *p, struct ltcp_seg *seg, u64 *at);

#endif
