/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A half-open connection: SYN-RECEIVED of a passive open, before there is a
 * TCB. RFC 9293 section 3.10.7.4 for that state.
 */
#ifndef LTCP_CORE_HALF_H
#define LTCP_CORE_HALF_H

#include "ecn.h"
#include "fsm.h"
#include "segment.h"
#include "tcb.h"

/**
 * struct ltcp_half - what must be remembered between SYN and ACK
 * @irs: the SYN's sequence number
 * @iss: ours
 * @ts_recent: the SYN's TSval
 * @ts_off: added to the millisecond clock to make TSval
 * @mss: the peer's MSS, or the default
 * @adv_mss: what we offer
 * @wnd: window of the SYN-ACK, not scaled
 * @snd_wnd: window of the SYN
 * @snd_wscale: the peer's window scale
 * @rcv_wscale: ours
 * @agreed: of LTCP_HAS_TS, _WSCALE and _SACK_PERM what is in use
 * @ecn_ok: ECN is in use
 * @cookie: built from a cookie
 * @acked: our SYN was acknowledged, but the connection waits for text
 * @retries: RTOs that are over
 * @resent: SYN-ACKs sent again
 * @challenge: limits answers
 */
struct ltcp_half {
	u32 irs;
	u32 iss;
	u32 ts_recent;
	u32 ts_off;
	u16 mss;
	u16 adv_mss;
	u16 wnd;
	u16 snd_wnd;
	u8 snd_wscale:4;
	u8 rcv_wscale:4;
	u8 agreed:4;
	u8 ecn_ok:1;
	u8 cookie:1;
	u8 acked:1;
	u8 retries;
	u8 resent;
	struct ltcp_limiter challenge;
};

/* Which options we agree to */
static inline u8 ltcp_half_accepts(const struct ltcp_conf *conf)
{
	return (conf->timestamps ? LTCP_HAS_TS : 0) | (conf->sack ? LTCP_HAS_SACK_PERM : 0) |
	       (conf->window_scaling ? LTCP_HAS_WSCALE : 0);
}

/**
 * ltcp_half_from_syn() - take in a SYN
 * @half: result; the caller has set @iss, @ts_off, @adv_mss, @wnd and @rcv_wscale, and
 *	@ecn_ok if ECN may be used
 * @seg: the SYN
 * @conf: which options we agree to
 * @default_mss: when the SYN carries none (MUST-15)
 */
static inline void ltcp_half_from_syn(struct ltcp_half *half, const struct ltcp_seg *seg,
				      const struct ltcp_conf *conf, u16 default_mss)
{
	u16 mss = seg->opt.has & LTCP_HAS_MSS ? seg->opt.mss : default_mss;
	u8 agreed = seg->opt.has & ltcp_half_accepts(conf);

	half->irs = seg->seq;
	half->snd_wnd = seg->wnd;
	half->mss = mss < conf->min_snd_mss ? conf->min_snd_mss : mss;
	half->agreed = agreed;
	half->ts_recent = agreed & LTCP_HAS_TS ? seg->opt.tsval : 0;
	half->snd_wscale = agreed & LTCP_HAS_WSCALE ? seg->opt.wscale : 0;
	if (!(agreed & LTCP_HAS_WSCALE))
		half->rcv_wscale = 0;
	half->ecn_ok = half->ecn_ok && ltcp_ecn_setup_syn(seg);
}

/* What a SYN-ACK and an ACK have in common */
static inline void ltcp_half_header(const struct ltcp_half *half, u64 now, struct ltcp_seg *seg)
{
	ltcp_segment_clear(seg);
	seg->ack = half->irs + 1;
	seg->opt.tsval = ltcp_ms(now) + half->ts_off;
	seg->opt.tsecr = half->ts_recent;
}

/**
 * ltcp_half_synack() - the SYN-ACK's header
 * @half: the half-open connection
 * @now: clock
 * @seg: result, ports left zero
 */
static inline void ltcp_half_synack(const struct ltcp_half *half, u64 now, struct ltcp_seg *seg)
{
	ltcp_half_header(half, now, seg);
	seg->seq = half->iss;
	seg->flags = LTCP_SYN | LTCP_ACK;
	if (half->ecn_ok)	/* an ECN-setup SYN-ACK, RFC 3168 section 6.1.1 */
		seg->flags |= LTCP_ECE;
	seg->wnd = half->wnd;
	seg->opt.has = LTCP_HAS_MSS | half->agreed;
	seg->opt.mss = half->adv_mss;
	seg->opt.wscale = half->rcv_wscale;
}

/**
 * ltcp_half_ack() - the header of an ACK (challenge)
 * @half: the half-open connection
 * @now: clock
 * @seg: result, ports left zero
 */
void ltcp_half_ack(const struct ltcp_half *half, u64 now, struct ltcp_seg *seg);

/**
 * ltcp_half_segment() - SEGMENT ARRIVES for a half-open connection
 * @half: the half-open connection
 * @seg: the segment; not changed
 * @defer: for so many RTOs an ACK without text makes no connection; 0: it does at once
 * @now: clock
 * @v: verdict: LTCP_ACT_SYNACK, _ACK, _RST, _ESTABLISH, or _CLOSED with a move
 *	SYN-RECEIVED -> LISTEN (MUST-11)
 */
void ltcp_half_segment(struct ltcp_half *half, const struct ltcp_seg *seg, unsigned int defer,
		       u64 now, struct ltcp_verdict *v);

/**
 * ltcp_half_timeout() - section 3.8.3: an RTO is over
 * @half: the half-open connection
 * @limit: R2: SYN-ACKs sent again before it is given up
 * @defer: as above: whoever has acknowledged our SYN is asked once more when it is over
 * @v: verdict: LTCP_ACT_SYNACK, _CLOSED, or nothing: wait on
 */
void ltcp_half_timeout(struct ltcp_half *half, unsigned int limit, unsigned int defer,
		       struct ltcp_verdict *v);

/**
 * ltcp_half_defer() - RTOs that must be over until so much time has passed (TCP_DEFER_ACCEPT)
 * @seconds: the time; 0 or less: none
 *
 * Return: at most 255
 */
u8 ltcp_half_defer(int seconds);

/**
 * ltcp_half_defer_s() - how long so many RTOs are
 * @defer: of ltcp_half_defer()
 *
 * Return: seconds
 */
u32 ltcp_half_defer_s(unsigned int defer);

/*
 * The SYN-ACK is sent again after RTOs that double (RFC 6298 section 5.5), each
 * a little longer than it must be, by one of a few parts: what came in one
 * burst is not answered in bursts for a minute. There is a lane (lanes.h) for each
 * of these times.
 */
#define LTCP_HALF_JITTERS	4
#define LTCP_HALF_LANES		(8 * LTCP_HALF_JITTERS)	/* the eighth RTO is the longest */

/**
 * ltcp_half_lane() - which of the times it is until the next SYN-ACK
 * @half: the half-open connection; its ISS, which nobody can guess, chooses
 *
 * Return: less than LTCP_HALF_LANES
 */
unsigned int ltcp_half_lane(const struct ltcp_half *half);

/**
 * ltcp_half_wait_ms() - the time of a lane
 * @lane: as ltcp_half_lane() says
 *
 * Return: milliseconds
 */
u32 ltcp_half_wait_ms(unsigned int lane);

/**
 * ltcp_tcb_from_half() - the connection that a half-open one becomes
 * @tcb: result of ltcp_tcb_init(), user's settings in place; @path_mss is set.
 *	It is in SYN-RECEIVED; the ACK goes through ltcp_fsm_segment() next
 * @half: the half-open connection
 * @now: clock
 */
void ltcp_tcb_from_half(struct ltcp_tcb *tcb, const struct ltcp_half *half, u64 now);

#endif
