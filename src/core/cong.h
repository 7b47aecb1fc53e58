/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control, RFC 5681: what is common to all algorithms, and what one
 * has to provide. Windows are in octets.
 *
 * Loss recovery (recovery.h) finds out what was lost and what may be sent
 * while it is repaired; the algorithm says how far the window goes down, and
 * how it grows otherwise.
 */
#ifndef LTCP_CORE_CONG_H
#define LTCP_CORE_CONG_H

#include <linux/build_bug.h>

#include "tcb.h"

struct module;

#define LTCP_CONG_CWND_MAX	0x3fffffffu	/* RFC 7323: no window is larger */

/**
 * struct ltcp_cong_sample - what an ACK has told
 * @now: when it arrived
 * @ack: SEG.ACK
 * @acked: octets that SND.UNA moves past with it, the SYN not counted
 * @delivered: octets that are known with it to have arrived: @acked, and what
 *	SACK told, but nothing twice
 * @in_flight: octets in flight just before it
 * @rtt_us: round-trip time measured with it (Karn's rule is heeded), 0: none
 * @marked: octets of @acked that it says met congestion (ECN-Echo)
 */
struct ltcp_cong_sample {
	u64 now;
	u32 ack;
	u32 acked;
	u32 delivered;
	u32 in_flight;
	u32 rtt_us;
	u32 marked;
};

/* What else happens to a connection; CWND and ssthresh have been changed already */
enum ltcp_cong_event {
	LTCP_CONG_EV_RTO,	/* the retransmission timer expired: CWND is one segment */
	LTCP_CONG_EV_CWR,	/* ECN-Echo: CWND was reduced to ssthresh */
	LTCP_CONG_EV_RECOVERED,	/* recovery has ended: CWND is at most ssthresh */
	LTCP_CONG_EV_UNDO,	/* the last reduction was a mistake and is taken back */
	LTCP_CONG_EV_RESTART,	/* CWND is less because it was not in use */
};

/* How congestion has shown */
enum ltcp_cong_signal {
	LTCP_CONG_LOSS,		/* something was lost */
	LTCP_CONG_ECHO,		/* something was marked: ECN-Echo */
};

/* ltcp_cong_ops.flags */
enum {
	LTCP_CONG_NEEDS_ECN	= 1 << 0,	/* ECN is asked for, whatever the settings say */
	LTCP_CONG_EXACT_ECN	= 1 << 1,	/* marks are echoed and counted, RFC 8257 */
	LTCP_CONG_NEEDS_PACING	= 1 << 2,	/* what is sent is paced */
	LTCP_CONG_RESTRICTED	= 1 << 3,	/* not for everyone, unless the settings allow it */
};

#define LTCP_CONG_NAME_MAX	16

/**
 * struct ltcp_cong_ops - a congestion control algorithm
 * @name: for TCP_CONGESTION and net.ipv4.ltcp_congestion_control
 * @flags: LTCP_CONG_NEEDS_ECN and so on
 * @init: the connection begins, or is given this algorithm while it runs; CWND and
 *	ssthresh are set, the private state (ltcp_cong_priv()) is zero; NULL: nothing to do
 * @release: the connection ends, or is given another algorithm; NULL: nothing to do
 * @ssthresh: congestion, by @signal: the new slow start threshold; @flight is what was in flight.
 *	Called once a congestion event: loss, first timeout of a segment, ECN-Echo
 * @grow: an ACK arrived outside recovery, and the window was in use: enlarge CWND
 * @measure: an ACK arrived, at any time; before @grow; NULL: not of interest
 * @event: enum ltcp_cong_event; NULL: not of interest
 * @info: for TCP_CC_INFO: fill in at most @size octets at @buf and return how many,
 *	with @attr as the kernel's INET_DIAG_*INFO; NULL: nothing to tell
 * @owner: THIS_MODULE; the module stays as long as a connection uses the algorithm
 * @list: for the registry
 *
 * All of them run with the connection locked, mostly in softirq: they must not sleep.
 */
struct ltcp_cong_ops {
	char name[LTCP_CONG_NAME_MAX];
	u32 flags;
	void (*init)(struct ltcp_tcb *tcb, u64 now);
	void (*release)(struct ltcp_tcb *tcb);
	u32 (*ssthresh)(struct ltcp_tcb *tcb, enum ltcp_cong_signal signal, u32 flight, u64 now);
	void (*grow)(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample);
	void (*measure)(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample);
	void (*event)(struct ltcp_tcb *tcb, enum ltcp_cong_event event, u64 now);
	size_t (*info)(const struct ltcp_tcb *tcb, void *buf, size_t size, int *attr);
	struct module *owner;
	struct list_head list;
};

extern struct ltcp_cong_ops ltcp_cong_reno;
extern struct ltcp_cong_ops ltcp_cong_cubic;
extern struct ltcp_cong_ops ltcp_cong_dctcp;

/**
 * ltcp_cong_priv() - an algorithm's private state
 * @tcb: LTCP_CONG_PRIV_SIZE octets of it
 */
static inline void *ltcp_cong_priv(struct ltcp_tcb *tcb)
{
	return tcb->cong_priv;
}

/* An algorithm's state must fit: put this behind its definition */
#define LTCP_CONG_CHECK_PRIV(type) \
	static_assert(sizeof(type) <= LTCP_CONG_PRIV_SIZE)

/* For loss recovery and the other parts of the core */

/**
 * ltcp_cong_init() - the initial congestion window (RFC 6928), and the algorithm's beginning
 * @tcb: @tcb->snd_mss and @tcb->cong are set; again, when the handshake has told more
 * @now: clock
 */
void ltcp_cong_init(struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_cong_end() - the connection ends
 * @tcb: the algorithm gives back what it holds
 */
void ltcp_cong_end(struct ltcp_tcb *tcb);

/**
 * ltcp_cong_choose() - use another algorithm from now on
 * @tcb: any state; what the old algorithm knew is lost, but for CWND and ssthresh
 * @ops: the algorithm
 * @now: clock
 */
void ltcp_cong_choose(struct ltcp_tcb *tcb, const struct ltcp_cong_ops *ops, u64 now);

/**
 * ltcp_cong_acked() - an ACK has arrived that acknowledges something new
 * @tcb: SND.UNA may still be the old one; @tcb->recovery says whether the window
 *	may grow: not in LTCP_REC_FAST. Marks reduce it, once for each window of data
 * @sample: what it told
 */
void ltcp_cong_acked(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample);

/**
 * ltcp_cong_reduce() - a loss: ssthresh goes down; CWND is the caller's affair
 * @tcb: how it was is kept for ltcp_cong_undo(); with ECN the peer is told by CWR
 * @flight: octets in flight (RFC 5681 equation 4: not CWND)
 * @now: clock
 */
void ltcp_cong_reduce(struct ltcp_tcb *tcb, u32 flight, u64 now);

/**
 * ltcp_cong_rto() - the retransmission timer has expired: CWND is one segment
 * @tcb: ssthresh goes down if @tcb->retries says that it is the segment's first time
 *	(RFC 5681 section 3.1)
 * @flight: octets in flight
 * @now: clock
 */
void ltcp_cong_rto(struct ltcp_tcb *tcb, u32 flight, u64 now);

/**
 * ltcp_cong_recovered() - recovery has ended
 * @tcb: CWND is what it is to be
 * @now: clock
 */
void ltcp_cong_recovered(struct ltcp_tcb *tcb, u64 now);

/**
 * ltcp_cong_undo() - nothing was lost after all (Eifel, D-SACK, F-RTO)
 * @tcb: CWND and ssthresh are at least what they were before ltcp_cong_reduce()
 * @now: clock
 */
void ltcp_cong_undo(struct ltcp_tcb *tcb, u64 now);

/* For algorithms */

/**
 * ltcp_cong_slow_start() - grow up to ssthresh, by the octets acknowledged (RFC 3465)
 * @tcb: CWND < ssthresh
 * @acked: octets acknowledged
 *
 * Return: octets that were not needed to reach ssthresh
 */
u32 ltcp_cong_slow_start(struct ltcp_tcb *tcb, u32 acked);

/**
 * ltcp_cong_avoid() - one more segment for each @window octets acknowledged
 * @tcb: @tcb->cwnd_acked counts them
 * @acked: octets acknowledged
 * @window: CWND for RFC 5681's congestion avoidance
 */
void ltcp_cong_avoid(struct ltcp_tcb *tcb, u32 acked, u32 window);

/**
 * ltcp_cong_reno_grow() - RFC 5681: slow start, then one segment a window
 * @tcb: CWND grows
 * @sample: what an ACK has told
 */
void ltcp_cong_reno_grow(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample);

/**
 * ltcp_cong_start() - something is about to be sent, and nothing is in flight
 * @tcb: after an RTO of silence CWND is the restart window (RFC 5681 section 4.1); where
 *	that is not wanted it is halved for each five minutes without use (RFC 7661)
 * @now: clock
 */
void ltcp_cong_start(struct ltcp_tcb *tcb, u64 now);

#endif
