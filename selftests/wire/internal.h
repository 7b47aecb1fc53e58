/* SPDX-License-Identifier: GPL-2.0 */
/* What the harness keeps to itself. */
#ifndef WIRE_INTERNAL_H
#define WIRE_INTERNAL_H

#include <stdarg.h>

#include "wire.h"

#define WIRE_PACKET_MAX	65536
#define WIRE_FLOWS	64
#define WIRE_LOG_HEAD	150	/* lines kept from a test's beginning ... */
#define WIRE_LOG_TAIL	350	/* ... and from its end */
#define WIRE_MOVES	4096
#define WIRE_LINE	240

/* A packet as read from the tun device, and when */
struct wire_raw {
	struct wire_raw *next;
	u64 time;
	int len;
	u8 data[];
};

/* A line for people */
struct wire_line {
	u64 time;
	char text[WIRE_LINE];
};

/* A change of state out of the trace */
struct wire_move {
	u64 time;
	u16 port;
	u16 peer_port;
	int from;
	int to;
	int arrow;
	char cause[32];
};

/**
 * struct wire_private - the harness's part of struct wire
 * @test: its name
 * @tun: descriptor
 * @start: when the test began
 * @base: what .after counts from
 * @head: packets read and not taken yet
 * @tail: the last of them
 * @flows: connections
 * @n_flows: how many
 * @lines: the log's beginning and, as a ring, its end
 * @n_lines: lines ever logged
 * @trace: the tracefs instance, empty without
 * @netns: this network namespace's number
 */
struct wire_private {
	char test[64];
	int tun;
	u64 start;
	u64 base;
	struct wire_raw *head;
	struct wire_raw **tail;
	struct wire_flow flows[WIRE_FLOWS];
	int n_flows;
	struct wire_line lines[WIRE_LOG_HEAD + WIRE_LOG_TAIL];
	int n_lines;
	char trace[128];
	unsigned long netns;
};

/* packet.c */
u16 wire_checksum(const void *data, int len, u32 sum);
u32 wire_pseudo_sum(const u8 *src, const u8 *dst, int addr_len, int protocol, int len);
/* A header of IPv4, of IPv6, or of the test's family, for @len octets; returns its length */
int wire_put_ipv4(struct wire *w, u8 *ip, const char *src, const char *dst, int protocol, int len);
int wire_put_ipv6(struct wire *w, u8 *ip, const char *src, const char *dst, int protocol, int len);
int wire_put_ip(struct wire *w, u8 *ip, const char *src, const char *dst, int protocol, int len);
int wire_build(struct wire *w, const struct wire_seg *seg, u8 *packet);
const char *wire_parse(struct wire *w, const u8 *packet, int len, struct wire_pkt *pkt);
int wire_format_flags(char *out, int size, int flags);
void wire_format(char *out, int size, const struct wire_seg *seg, const u8 *opts, int opts_len);

/* An address of the test's family, in network byte order */
struct wire_addr {
	int len;
	u8 octets[16];
};

struct wire_addr wire_address(struct wire *w, const char *text);

/* log.c */
void wire_log(struct wire *w, u64 time, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void wire_log_print(struct wire *w);
void wire_vfail(struct wire *w, const char *here, const char *format, va_list args)
	__attribute__((noreturn, format(printf, 3, 0)));

/* script.c */
struct wire_flow *wire_flow_of(struct wire *w, u16 port, u16 peer_port);
void wire_pump(struct wire *w, u64 until);
struct wire_pkt *wire_take(struct wire *w, u64 until);

/* user.c */
int wire_info_state(struct wire *w, int fd);

/* trace.c */
void wire_trace_begin(struct wire *w);
void wire_trace_end(struct wire *w);
int wire_trace_read(struct wire *w, struct wire_move *moves, int max);
void wire_trace_check(struct wire *w);

#endif
