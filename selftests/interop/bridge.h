/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two namespaces: in one of them streams are LTCP's, in the other the kernel's
 * TCP's. What leaves by eth0 of either comes in by eth0 of the other, as the
 * other protocol's. The bridge sees, loses and marks packets.
 */
#ifndef LTCP_SELFTESTS_BRIDGE_H
#define LTCP_SELFTESTS_BRIDGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* The two sides; host numbers of addr_host() are one more */
enum side {
	LTCP,
	TCP,
};

/**
 * struct seen - what one side sent
 * @segments: segments, lost ones included
 * @lost: those that were lost
 * @text: with text
 * @fin: with FIN
 * @rst: with RST
 * @sack: with SACK blocks
 * @dsack: whose first block is a duplicate (RFC 2883)
 * @timestamps: with timestamps
 * @ect: ECN-capable packets
 * @ece: with ECE, SYNs apart
 * @cwr: with CWR, SYNs apart
 * @urgent: with URG
 * @zero_window: that close the window
 * @probes: with at most one octet, below the highest number sent
 * @again: with text below the highest number sent ...
 * @tail: ... and up to it: perhaps a tail loss probe
 * @syn_options: kinds of options on the SYN, as bits
 * @syn_flags: flags of the SYN
 * @mss: its MSS option
 * @end: the highest number sent
 */
struct seen {
	int segments;
	int lost;
	int text;
	int fin;
	int rst;
	int sack;
	int dsack;
	int timestamps;
	int ect;
	int ece;
	int cwr;
	int urgent;
	int zero_window;
	int probes;
	int again;
	int tail;
	uint32_t syn_options;
	uint8_t syn_flags;
	int mss;
	uint32_t end;
};

/**
 * struct bridge - a bridge and its two sides
 * @ns: their namespaces
 * @tun: their devices
 * @number: their protocols
 * @start: when it was made
 * @loss: packets lost each way, of a million
 * @mark: ECN-capable packets marked each way, of a million
 * @cut: everything is lost
 * @seen: what each side sent
 * @random: state of the random numbers
 * @thread: the one that carries packets
 * @stop: it shall end; a pipe
 */
struct bridge {
	int ns[2];
	int tun[2];
	int number[2];
	long start;
	int loss;
	int mark;
	bool cut;
	struct seen seen[2];
	uint64_t random;
	pthread_t thread;
	int stop[2];
};

/* Make it; packets take @delay_us each way: 0 or -1 */
int bridge_open(struct bridge *b, uint32_t delay_us);
void bridge_close(struct bridge *b);
/* The calling thread is in that namespace then, and its streams are that side's */
void bridge_enter(const struct bridge *b, enum side side);
/* Forget what was seen */
void bridge_forget(struct bridge *b);

#endif
