/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How large the receive buffer has to be so that it does not hold the sender
 * back: as much as the user reads in a round trip, twice, for a sender in slow
 * start sends twice as much in the next (dynamic right-sizing, Fisk and Feng 2001).
 */
#ifndef LTCP_CORE_RCVBUF_H
#define LTCP_CORE_RCVBUF_H

#include <linux/types.h>

/**
 * struct ltcp_rcvbuf - what is known of the receiver's needs
 * @rtt_us: round trip as the receiver sees it, 0: not known yet
 * @echo: with timestamps: TSecr that was measured last
 * @window_end: without: a round trip is over when this has arrived
 * @window_at: and began then, low 32 bits of the clock
 * @seq: first octet that the user reads in the period at hand
 * @at: when it began, low 32 bits of the clock
 * @read: octets that he read in the best period so far
 */
struct ltcp_rcvbuf {
	u32 rtt_us;
	union {
		u32 echo;
		u32 window_end;
	};
	u32 window_at;
	u32 seq;
	u32 at;
	u32 read;
};

/**
 * ltcp_rcvbuf_init() - a connection is established
 * @rb: result
 * @seq: RCV.NXT
 * @read: what the user is trusted to read at once: the first flight
 * @now: clock, microseconds
 */
void ltcp_rcvbuf_init(struct ltcp_rcvbuf *rb, u32 seq, u32 read, u64 now);

/**
 * ltcp_rcvbuf_echo() - text has arrived that echoes our timestamp
 * @rb: the round trip follows
 * @tsecr: the echo; each is measured once
 * @age_us: how old it is
 *
 * Text echoes what our latest ACK carried, so with a sender who has always
 * something to send that is a round trip; one who has not makes it longer.
 */
void ltcp_rcvbuf_echo(struct ltcp_rcvbuf *rb, u32 tsecr, u32 age_us);

/**
 * ltcp_rcvbuf_window() - text has arrived without timestamps
 * @rb: the round trip follows: no less passes between a window and the next
 * @rcv_nxt: RCV.NXT
 * @rcv_adv: right edge of the window
 * @now: clock
 */
void ltcp_rcvbuf_window(struct ltcp_rcvbuf *rb, u32 rcv_nxt, u32 rcv_adv, u64 now);

/**
 * ltcp_rcvbuf_taken() - the user has read
 * @rb: a period ends after a round trip
 * @seq: next octet that he will read
 * @mss: segment size
 * @now: clock
 *
 * Return: octets of text that the buffer should have room for; 0: as it is
 */
u32 ltcp_rcvbuf_taken(struct ltcp_rcvbuf *rb, u32 seq, u32 mss, u64 now);

#endif
