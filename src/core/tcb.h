/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transmission control block: the variables of one connection, RFC 9293
 * section 3.3.1, and the settings that bear on them.
 *
 * Sequence numbers are in host byte order, times in microseconds of a clock
 * that never goes back. Nothing here knows of sockets or buffers.
 */
#ifndef LTCP_CORE_TCB_H
#define LTCP_CORE_TCB_H

#include <linux/math64.h>
#include <linux/types.h>

#include "flight.h"
#include "rcvbuf.h"
#include "rtt.h"
#include "segment.h"
#include "seq.h"

/* States, RFC 9293 section 3.3.2, with the numbers that Linux gives TCP's */
enum ltcp_state {
	LTCP_ESTABLISHED	= 1,
	LTCP_SYN_SENT		= 2,
	LTCP_SYN_RECEIVED	= 3,
	LTCP_FIN_WAIT_1		= 4,
	LTCP_FIN_WAIT_2		= 5,
	LTCP_TIME_WAIT		= 6,
	LTCP_CLOSED		= 7,
	LTCP_CLOSE_WAIT		= 8,
	LTCP_LAST_ACK		= 9,
	LTCP_LISTEN		= 10,
	LTCP_CLOSING		= 11,
	LTCP_N_STATES		= 12,
};

/* A set of states, for the predicates below */
#define LTCP_IN(state, set)	((1u << (state)) & (set))
#define LTCP_F(name)		(1u << LTCP_##name)

/* Data and FIN may be sent */
#define LTCP_MAY_TRANSMIT	(LTCP_F(ESTABLISHED) | LTCP_F(CLOSE_WAIT) | LTCP_F(FIN_WAIT_1) | \
				 LTCP_F(CLOSING) | LTCP_F(LAST_ACK))
/* The user may still queue data */
#define LTCP_MAY_SEND		(LTCP_F(ESTABLISHED) | LTCP_F(CLOSE_WAIT))
/* Text that arrives is taken */
#define LTCP_MAY_RECEIVE	(LTCP_F(ESTABLISHED) | LTCP_F(FIN_WAIT_1) | LTCP_F(FIN_WAIT_2))

/* The timers of a connection; each is a deadline in ltcp_tcb.timer, 0 when off */
enum ltcp_timer {
	LTCP_TIMER_RTX,		/* RFC 6298: oldest unacknowledged segment */
	LTCP_TIMER_PERSIST,	/* section 3.8.6.1: window probe; SWS override */
	LTCP_TIMER_DELACK,	/* section 3.8.6.3: delayed acknowledgment */
	LTCP_TIMER_KEEPALIVE,	/* section 3.8.4 */
	LTCP_TIMER_PACE,	/* pacing: the next segment may go ... */
	LTCP_TIMER_LINGER = LTCP_TIMER_PACE, /* ... or, with none to come, ltcp_lingers() */
	LTCP_N_TIMERS,
};

/**
 * struct ltcp_conf - settings that connections share (one per network namespace)
 * @syn_retries: SYNs sent again before an active open gives up (MUST-23: >= 180 s)
 * @synack_retries: SYN-ACKs sent again before a half-open connection is dropped
 * @retries1: R1: retransmissions before the route is doubted (SHLD-10)
 * @retries2: R2: retransmissions before the connection is dropped (SHLD-11)
 * @orphan_retries: R2 for a connection that no user holds
 * @keepalive_probes: unanswered probes that end a connection
 * @keepalive_time_s: seconds of silence before the first probe (MUST-28)
 * @keepalive_intvl_s: seconds between probes
 * @fin_timeout_s: seconds that FIN-WAIT-2 may last without a user
 * @timewait_ms: 2MSL in milliseconds; 0: no TIME-WAIT
 * @timewait_reuse: an active open may take the place of TIME-WAIT
 * @delack_us: longest delay of an acknowledgment (MUST-40: < 0.5 s)
 * @min_snd_mss: least MSS that a peer can impose, as far as the path carries it
 * @timestamps: offer and accept timestamps (RFC 7323)
 * @window_scaling: offer and accept window scaling (RFC 7323)
 * @sack: offer and accept SACK (RFC 2018)
 * @dsack: tell the peer what came twice (RFC 2883)
 * @tail_probe: probe for a lost tail before the RTO (RFC 8985 section 7)
 * @frto: find out whether a timeout was spurious before all is sent again (RFC 5682)
 * @ecn: ECN (RFC 3168): 0: no, 1: ask for it and accept it, 2: accept it
 * @slow_start_after_idle: after an RTO of silence begin with a small window
 * @mtu_probing: enum ltcp_mtu_probing
 * @base_mss: where the search for a path's MTU begins (RFC 4821 section 7.2)
 * @mtu_probe_floor: and what it never falls below
 * @probe_threshold: it ends when what passes and what does not are less than that apart
 * @probe_interval_s: and begins again after so many seconds
 */
struct ltcp_conf {
	int syn_retries;
	int synack_retries;
	int retries1;
	int retries2;
	int orphan_retries;
	int keepalive_probes;
	int keepalive_time_s;
	int keepalive_intvl_s;
	int fin_timeout_s;
	int timewait_ms;
	int timewait_reuse;
	int delack_us;
	int min_snd_mss;
	int timestamps;
	int window_scaling;
	int sack;
	int dsack;
	int tail_probe;
	int frto;
	int ecn;
	int slow_start_after_idle;
	int mtu_probing;
	int base_mss;
	int mtu_probe_floor;
	int probe_threshold;
	int probe_interval_s;
};

/* When the path's MTU is searched for by probes, RFC 4821 */
enum ltcp_mtu_probing {
	LTCP_MTU_PROBING_OFF,
	LTCP_MTU_PROBING_STALLED,	/* once timeouts say that ICMP may not come through */
	LTCP_MTU_PROBING_ALWAYS,
};

/**
 * struct ltcp_limiter - at most so many answers a period, RFC 5961 section 7
 * @since_ms: start of the period, low 28 bits of the millisecond clock
 * @n: answers given in it
 *
 * One per connection: a shared one would tell an attacker of others'
 * connections (CVE-2016-5696).
 */
struct ltcp_limiter {
	u32 since_ms:28;
	u32 n:4;
};

#define LTCP_LIMITER_N		10	/* answers, at most 15 ... */
#define LTCP_LIMITER_MS		5000	/* ... a period: RFC 5961 section 7's own figures */

#define LTCP_FIN_DELACK_US	1000	/* a user who closes because the peer has does so at once */

#define LTCP_UNREAD_SEGMENTS	10	/* with more to read the user is behind: RFC 6928's 10 */

#define LTCP_CONG_PRIV_SIZE	48	/* octets: every connection pays for them */

struct ltcp_cong_ops;

/* What the sender is recovering from, RFC 5681 and RFC 6582 */
enum ltcp_recovery {
	LTCP_REC_OPEN,		/* nothing */
	LTCP_REC_FAST,		/* fast recovery after three duplicate ACKs */
	LTCP_REC_LOSS,		/* after a retransmission timeout */
};

/* What the retransmission timer is set for: RFC 8985 section 8 makes one of three */
enum ltcp_rtx_mode {
	LTCP_RTX_TIMEOUT,	/* the RTO, RFC 6298 */
	LTCP_RTX_PROBE,		/* a tail loss probe, RFC 8985 section 7.2 */
	LTCP_RTX_REORDER,	/* what is missing may have been reordered, section 6.2 step 5 */
};

/* Why Fast Open was not fast, with the numbers of TCP_INFO */
enum ltcp_fastopen_fail {
	LTCP_FASTOPEN_FAIL_NONE,
	LTCP_FASTOPEN_FAIL_NO_COOKIE,	/* there was none for this peer */
	LTCP_FASTOPEN_FAIL_NOT_ACKED,	/* he did not take the text */
	LTCP_FASTOPEN_FAIL_SYN_LOST,	/* nor the SYN, before it came again without */
};

/* Where F-RTO is, RFC 5682 section 2.1 */
enum ltcp_frto {
	LTCP_FRTO_OFF,
	LTCP_FRTO_RETRANSMITTED,	/* step 1 done: one segment was sent again */
	LTCP_FRTO_NEW,			/* step 2b done: new text was sent */
};

/**
 * struct ltcp_rack - time-based loss detection, RFC 8985 section 5.2
 * @sent: RACK.xmit_ts, low 32 bits of microseconds, with @timed
 * @end: RACK.end_seq
 * @rtt_us: RACK.rtt
 * @dsack_round: RACK.dsack_round, with @in_dsack_round
 * @probe_end: TLP.end_seq, with @probing
 * @wait_us: until what is missing counts as lost, 0: nothing to wait for
 * @reo_mult: RACK.reo_wnd_mult less 1
 * @reo_persist: RACK.reo_wnd_persist
 * @timed: something was delivered since all was well
 * @reordered: RACK.reordering_seen
 * @in_dsack_round: @reo_mult has been raised in this round trip
 * @probe_due: a tail loss probe is to be sent
 * @probing: it was sent and is not answered
 * @probe_again: TLP.is_retrans
 */
struct ltcp_rack {
	u32 sent;
	u32 end;
	u32 rtt_us;
	u32 dsack_round;
	u32 probe_end;
	u32 wait_us;
	u8 reo_mult;
	u8 reo_persist;
	u8 timed:1;
	u8 reordered:1;
	u8 in_dsack_round:1;
	u8 probe_due:1;
	u8 probing:1;
	u8 probe_again:1;
};

/**
 * struct ltcp_sack - what the next ACK tells of text out of order
 * @block: contiguous pieces, the one that last changed first
 * @duplicate: what was received twice, with @dup
 * @n: blocks
 * @dup: a duplicate is to be reported
 */
struct ltcp_sack {
	struct ltcp_sack_block block[LTCP_SACK_MAX];
	struct ltcp_sack_block duplicate;
	u8 n;
	u8 dup;
};

/**
 * struct ltcp_plpmtu - the search for what the path carries, RFC 4821 section 7
 * @start: first octet of the probe that is under way
 * @since_s: when something was last learned, seconds
 * @low: search_low: segments of that size pass, less 20 octets of header; 0: no search
 * @high: search_high: what is larger does not
 * @size: of the probe that is under way, 0: none
 */
struct ltcp_plpmtu {
	u32 start;
	u32 since_s;
	u16 low;
	u16 high;
	u16 size;
};

/**
 * struct ltcp_tcb - transmission control block
 * @conf: shared settings; outlives the connection
 * @state: enum ltcp_state; only fsm_enter() writes it
 * @active: opened by the user, or LISTEN turned SYN-SENT (MUST-11)
 * @user_gone: no user holds the connection any more: text that arrives is
 *	answered by RST (SHLD-3), FIN-WAIT-2 is limited
 * @close_pending: CLOSE came in SYN-RECEIVED with text queued: done in ESTABLISHED
 * @fin_queued: the user has closed: FIN follows the last queued octet
 * @rcv_fin: a FIN is known at @rcv_fin_seq, perhaps ahead of missing text
 * @rcv_fin_done: that FIN has been reached: nothing follows
 * @shrunk: what RCV.ADV promises found no memory: text in order was dropped
 * @choked: for that reason the window is said to be 0, until the user reads or text is
 *	stored again
 * @ts_ok: both SYNs carried timestamps
 * @wscale_ok: both SYNs carried window scale
 * @sack_ok: both SYNs permitted SACK
 * @nodelay: Nagle's algorithm is off (MUST-17)
 * @more: the user will send more at once: hold a partial segment (MSG_MORE)
 * @thin_linear: timeouts of a thin stream do not back off at first (TCP_THIN_LINEAR_TIMEOUTS)
 * @keepalive: probes are wanted (MUST-24, MUST-25)
 * @quickack: acknowledge every segment at once: the user's wish (TCP_QUICKACK) ...
 * @route_quickack: ... or the route's (metric)
 * @ack_now: an acknowledgment is owed without delay
 * @snd_urg: @snd_up is ahead of SND.UNA
 * @recovery: enum ltcp_recovery
 * @rtx_force: send again one segment of what is lost, whatever the congestion window
 * @rtx_mode: enum ltcp_rtx_mode, what the retransmission timer is set for
 * @frto: enum ltcp_frto
 * @undo: the last reduction of @cwnd can still turn out to be a mistake
 * @timing: the segment that ends at @rtt_seq is being timed (Karn)
 * @syn_rtx: the SYN was sent more than once
 * @syn_acked: our SYN has been acknowledged
 * @mss_clamped: @snd_mss was cut by path MTU discovery
 * @snd_wscale: shift of received windows (the peer's scale)
 * @rcv_wscale: shift of advertised windows (ours)
 * @backoff: how often the retransmission or persist timer expired in a row
 * @retries: retransmissions of the oldest segment
 * @probes: window probes without an answer
 * @keep_probes: keep-alive probes without an answer
 * @dupacks: duplicate ACKs in a row; with SACK, those that told something
 * @init_rwnd: initial receive window in segments (route metric), 0: what the buffer allows
 * @init_cwnd: initial congestion window in segments (route metric), 0: RFC 6928
 * @soft_err: positive errno of the last soft ICMP error, for ETIMEDOUT's place
 * @iss: initial send sequence number
 * @snd_una: SND.UNA, oldest unacknowledged
 * @snd_nxt: SND.NXT, next to be sent for the first time
 * @snd_end: just past the last octet that the user has queued; FIN's number
 * @snd_wnd: SND.WND in octets
 * @max_snd_wnd: MAX.SND.WND, the largest ever seen (RFC 5961, SWS avoidance)
 * @snd_wl1: SND.WL1
 * @snd_wl2: SND.WL2
 * @snd_small: just past the last segment that was sent with less than SND.MSS of text
 * @snd_up: SND.UP, just past the urgent octets
 * @recover: SND.NXT when recovery began (RFC 6582)
 * @cwnd: congestion window, octets
 * @ssthresh: slow start threshold, octets
 * @cwnd_acked: octets acknowledged towards the next increase of @cwnd
 * @cwnd_used_at: when at least half of @cwnd was in flight, or it was halved because it
 *	had not been for long (RFC 7661), in 2^20 microseconds
 * @prior_cwnd: @cwnd before the last reduction, for undo
 * @prior_ssthresh: @ssthresh then
 * @prr_delivered: octets delivered in recovery (RFC 6937)
 * @prr_out: octets sent in recovery
 * @prr_flight: octets in flight when recovery began
 * @undo_una: SND.UNA when @undo was set
 * @undo_octets: sent again since then and not reported as duplicates
 * @undo_tsval: TSval of the first that was sent again (RFC 3522)
 * @rtt_seq: with @timing: the acknowledgment that ends the measurement
 * @irs: initial receive sequence number
 * @rcv_nxt: RCV.NXT
 * @rcv_adv: right edge of the window as advertised: RCV.NXT + RCV.WND; never
 *	goes back (SHLD-14)
 * @rcv_wup: RCV.NXT of the last segment sent
 * @rcv_up: RCV.UP
 * @rcv_fin_seq: sequence number of the peer's FIN
 * @rcv_ahead: segments are kept out of order: acknowledge at once
 * @snd_mss: Eff.snd.MSS: text a segment may carry, options taken off (MUST-16)
 * @peer_mss: as the peer offered, or the default (MUST-15)
 * @path_mss: what the path carries: MTU less IP and TCP headers without options
 * @adv_mss: what we offered (MUST-67)
 * @gso_max: octets of text that IP takes as one packet to be cut into segments
 *	later, 0: a segment at a time
 * @plpmtu: what of that is known by probes
 * @rcv_mss: estimate of the peer's segment size, for delayed acknowledgments
 * @user_timeout_ms: USER TIMEOUT (MUST-21), 0: by retries
 * @keep_idle_s: seconds of silence before probes, 0: @conf's
 * @keep_intvl_s: seconds between probes, 0: @conf's
 * @keep_count: probes without an answer that end it, 0: @conf's
 * @linger_s: FIN-WAIT-2 without a user, 0: @conf's, negative: none
 * @syn_retries: 0: @conf's
 * @cong: congestion control algorithm
 * @cong_priv: its private state
 * @ecn_asked: our SYN asks for ECN
 * @ecn_ok: ECN is in use
 * @ecn_seen: the peer's text has been marked
 * @ecn_echo: tell the peer so (ECE); with an algorithm that echoes exactly: the last
 *	text stored was marked
 * @ecn_flip: @ecn_echo changes as soon as the segment at hand is stored
 * @ecn_cwr: the window was reduced: say so with the next new text (CWR)
 * @ecn_reduced: it was, because of what was sent up to @ecn_reduced_end
 * @ecn_reduced_end: SND.NXT then
 * @cong_begun: @cong's init has run, and its release has not
 * @sack: what the next ACK tells of text out of order
 * @ts_recent: TS.Recent
 * @ts_recent_s: when it was taken, seconds (RFC 7323 section 5.5: 24 days)
 * @ts_off: added to the millisecond clock to make TSval
 * @flight: what is in flight
 * @rack: time-based loss detection
 * @echoing: the SYN-ACK was a cookie, and nothing else has been heard: whatever is sent
 *	carries @cookie
 * @fastopen: opened by a SYN whose text was taken at once (RFC 7413): until our SYN is
 *	acknowledged text is sent all the same
 * @syn_held: our SYN is not sent before there is text to go with it
 * @syn_text: our SYN carried text
 * @syn_text_acked: ... and the SYN-ACK acknowledged of it, or the peer's SYN carried text
 *	that was taken
 * @fastopen_fail: enum ltcp_fastopen_fail
 * @syn_option: the next SYN carries @syn_fastopen, and none after it
 * @syn_fastopen: Fast Open's option, with @syn_option: nothing is paced then
 * @echoes: ACKs sent again to that end
 * @cookie: what the SYN-ACK asks to be echoed; nothing is out of order then
 * @challenge: limits challenge ACKs and answers to unacceptable segments
 * @rtt: round-trip time
 * @rcvbuf: how large the receive buffer has to be
 * @rtt_at: when the timed segment was sent, low 32 bits of the clock
 * @rtx_since: when the oldest unacknowledged segment was first sent again, 0: never
 * @rcv_at: when the peer was last heard
 * @snd_at: when data was last sent
 * @pace_at: when the next may be sent, if sending is paced
 * @timer: deadlines, by enum ltcp_timer; 0: off
 */
struct ltcp_tcb {
	const struct ltcp_conf *conf;	/* first, see ltcp_tcb_renew() */
	u8 state;
	u8 active:1;
	u8 user_gone:1;
	u8 close_pending:1;
	u8 fin_queued:1;
	u8 rcv_fin:1;
	u8 rcv_fin_done:1;
	u8 shrunk:1;
	u8 choked:1;
	u8 ts_ok:1;
	u8 wscale_ok:1;
	u8 sack_ok:1;
	u8 nodelay:1;
	u8 more:1;
	u8 thin_linear:1;
	u8 keepalive:1;
	u8 quickack:1;
	u8 route_quickack:1;
	u8 ack_now:1;
	u8 snd_urg:1;
	u8 recovery:2;
	u8 rtx_force:1;
	u8 rtx_mode:2;
	u8 frto:2;
	u8 undo:1;
	u8 timing:1;
	u8 syn_rtx:1;
	u8 syn_acked:1;
	u8 mss_clamped:1;
	u8 rcv_ahead:1;
	u8 cong_begun:1;
	u8 ecn_asked:1;
	u8 ecn_ok:1;
	u8 ecn_seen:1;
	u8 ecn_echo:1;
	u8 ecn_flip:1;
	u8 ecn_cwr:1;
	u8 ecn_reduced:1;
	u8 echoing:1;
	u8 fastopen:1;
	u8 syn_held:1;
	u8 syn_text:1;
	u8 syn_text_acked:1;
	u8 fastopen_fail:2;
	u8 syn_option:1;
	u8 echoes;
	u8 snd_wscale;
	u8 rcv_wscale;
	u8 backoff;
	u8 retries;
	u8 probes;
	u8 keep_probes;
	u8 dupacks;
	u8 init_cwnd;
	u8 init_rwnd;
	u8 syn_retries;
	u8 keep_count;
	u16 soft_err;
	s16 linger_s;

	u32 iss;
	u32 snd_una;
	u32 snd_nxt;
	u32 snd_end;
	u32 snd_wnd;
	u32 max_snd_wnd;
	u32 snd_wl1;
	u32 snd_wl2;
	u32 snd_small;
	u32 snd_up;
	u32 recover;
	u32 cwnd;
	u32 ssthresh;
	u32 cwnd_acked;
	u32 cwnd_used_at;
	u32 prior_cwnd;
	u32 prior_ssthresh;
	u32 prr_delivered;
	u32 prr_out;
	u32 prr_flight;
	u32 undo_una;
	u32 undo_octets;
	u32 undo_tsval;
	u32 ecn_reduced_end;
	u32 rtt_seq;

	u32 irs;
	u32 rcv_nxt;
	u32 rcv_adv;
	u32 rcv_wup;
	u32 rcv_up;
	u32 rcv_fin_seq;

	u16 snd_mss;
	u16 peer_mss;
	u16 path_mss;
	u16 adv_mss;
	u16 rcv_mss;
	u16 gso_max;
	struct ltcp_plpmtu plpmtu;

	u32 user_timeout_ms;
	u16 keep_idle_s;
	u16 keep_intvl_s;

	const struct ltcp_cong_ops *cong;
	u64 cong_priv[LTCP_CONG_PRIV_SIZE / sizeof(u64)];

	union {
		u8 cookie[LTCP_COOKIE_OPTION];
		struct ltcp_sack sack;
	};
	u32 ts_recent;
	u32 ts_recent_s;
	u32 ts_off;
	struct ltcp_flight flight;
	struct ltcp_rack rack;

	struct ltcp_limiter challenge;
	struct ltcp_rtt rtt;
	struct ltcp_rcvbuf rcvbuf;
	u32 rtt_at;
	u64 rtx_since;
	u64 rcv_at;
	u64 snd_at;
	union {
		u64 pace_at;
		const struct ltcp_fastopen *syn_fastopen;
	};
	u64 timer[LTCP_N_TIMERS];
};

/* RCV.WND: what the peer may still send of what it was promised */
static inline u32 ltcp_rcv_wnd(const struct ltcp_tcb *tcb)
{
	return seq_gt(tcb->rcv_adv, tcb->rcv_nxt) ? tcb->rcv_adv - tcb->rcv_nxt : 0;
}

/* Octets and controls sent and not yet acknowledged */
static inline u32 ltcp_in_flight(const struct ltcp_tcb *tcb)
{
	return tcb->snd_nxt - tcb->snd_una;
}

/* Text and FIN may be sent; RFC 7413 section 4.2.2: before the handshake is over, too */
static inline bool ltcp_may_transmit(const struct ltcp_tcb *tcb)
{
	return LTCP_IN(tcb->state, LTCP_MAY_TRANSMIT) ||
	       (tcb->fastopen && tcb->state == LTCP_SYN_RECEIVED);
}

/* The option of the next SYN, NULL: none; it must last until that is sent */
static inline void ltcp_syn_fastopen(struct ltcp_tcb *tcb, const struct ltcp_fastopen *option)
{
	tcb->syn_fastopen = option;
	tcb->syn_option = !!option;
}

/* What of it is on its way, as far as is known: RFC 6675 section 4's pipe */
static inline u32 ltcp_pipe(const struct ltcp_tcb *tcb)
{
	return ltcp_in_flight(tcb) - tcb->flight.sacked - tcb->flight.lost;
}

/* Our FIN has been sent and acknowledged */
static inline bool ltcp_fin_acked(const struct ltcp_tcb *tcb)
{
	return tcb->fin_queued && tcb->snd_una == tcb->snd_end + 1;
}

/* FIN-WAIT-2 without a user: all has been sent, and the peer's FIN has a deadline */
static inline bool ltcp_lingers(const struct ltcp_tcb *tcb)
{
	return tcb->state == LTCP_FIN_WAIT_2 && tcb->user_gone;
}

/* Octets queued and never sent */
static inline u32 ltcp_unsent(const struct ltcp_tcb *tcb)
{
	return seq_gt(tcb->snd_end, tcb->snd_nxt) ? tcb->snd_end - tcb->snd_nxt : 0;
}

/* FIN is queued and was never sent */
static inline bool ltcp_fin_unsent(const struct ltcp_tcb *tcb)
{
	return tcb->fin_queued && seq_le(tcb->snd_nxt, tcb->snd_end);
}

/* More than a full segment is not acknowledged (SHLD-19) */
static inline bool ltcp_ack_owed(const struct ltcp_tcb *tcb)
{
	return tcb->rcv_nxt - tcb->rcv_wup > tcb->rcv_mss;
}

/* A millisecond clock from the microsecond one */
static inline u32 ltcp_ms(u64 us)
{
	return div_u64(us, 1000);
}

/* And a second one, not from the millisecond one: that wraps after 49 days */
static inline u32 ltcp_s(u64 us)
{
	return div_u64(us, 1000000);
}

#endif
