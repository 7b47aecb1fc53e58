/* SPDX-License-Identifier: GPL-2.0 */
/* Network namespaces, links and what passes over them. */
#ifndef LTCP_SELFTESTS_NETNS_H
#define LTCP_SELFTESTS_NETNS_H

#include <stdbool.h>
#include <stdint.h>

#include "tcp.h"

/**
 * netns_new() - a namespace with lo up; the calling thread is in it afterwards
 *
 * Return: a descriptor of it or -1
 */
int netns_new(void);
/* A descriptor of the namespace that the calling thread is in */
int netns_here(void);
/* Move the calling thread into a namespace: 0 or -1 */
int netns_enter(int ns);

/**
 * netns_ip() - commands of ip(8) in the calling thread's namespace
 * @format: commands without "ip", one a line
 *
 * Return: 0 when all went well
 */
int __attribute__((format(printf, 1, 2))) netns_ip(const char *format, ...);

/**
 * struct netns_pair - two namespaces joined by a veth pair; "eth0" in both
 * @ns: their descriptors; they are host 1 and host 2 of addr_host()
 */
struct netns_pair {
	int ns[2];
};

/* Make them; the calling thread is in ns[0] afterwards: 0 or -1 */
int netns_pair(struct netns_pair *pair);
void netns_pair_close(struct netns_pair *pair);
/* "ethtool -K" of both ends; the calling thread is in ns[0] afterwards: 0 or -1 */
int netns_features(const struct netns_pair *pair, const char *features);

/**
 * struct netem - what a link does to packets (tc-netem(8)); shares are of a million
 * @delay_us: each is late by that much
 * @loss: is lost
 * @reorder: overtakes the delay
 * @duplicate: comes twice
 * @corrupt: has a bit flipped
 * @seed: of the random numbers, 0: any
 * @limit: packets that the queue holds
 */
struct netem {
	uint32_t delay_us;
	uint32_t loss;
	uint32_t reorder;
	uint32_t duplicate;
	uint32_t corrupt;
	uint64_t seed;
	uint32_t limit;
};

/* Set it for what leaves by a device of the calling thread's namespace: 0 or -1 */
int netem_set(const char *dev, const struct netem *netem);

/**
 * struct packet - a segment seen by a tap
 * @out: it leaves by the tapped device
 * @partial: its checksum is left to a device
 * @at_us: when it was seen
 * @ttl: time to live or hop limit
 * @tos: type of service or traffic class
 * @sport: source port
 * @dport: destination port
 * @seq: sequence number
 * @ack: acknowledgment number
 * @window: as on the wire
 * @flags: TH_* bits
 * @len: octets of text
 * @mss: the option's value, 0: none
 * @urgent: urgent pointer
 * @ip_len: octets from the IP header on
 * @raw: the first octets from the IP header on
 */
struct packet {
	bool out;
	bool partial;
	long at_us;
	int ttl;
	int tos;
	int sport;
	int dport;
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint8_t flags;
	int len;
	int mss;
	int urgent;
	int ip_len;
	uint8_t raw[256];
};

/* Watch a device of the calling thread's namespace: a descriptor or -1 */
int tap_open(const char *dev);
/* The next segment of the protocol under test; false: none within @ms */
bool tap_next(int tap, struct packet *p, long ms);
/* The next one that leaves with these control bits set and, with @len, text */
bool tap_find(int tap, struct packet *p, uint8_t flags, bool text, long ms);
/* Forget what was seen so far */
void tap_flush(int tap);

#endif
