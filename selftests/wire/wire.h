/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wire tests. The test is the peer: it writes segments to a tun device and
 * reads what the stack answers, packet by packet.
 *
 *	WIRE_TEST(simultaneous_open)
 *	{
 *		int fd = wire_connect_start(w);
 *
 *		wire_expect(w, SYN, .mss = 1460);
 *		wire_send(w, SYN);
 *		wire_expect(w, SYN | ACK, .seq = 0);
 *		wire_send(w, SYN | ACK, .seq = 0);
 *		wire_expect_state(w, fd, ESTABLISHED);
 *	}
 *
 * Sequence numbers are relative: a SYN is 0, the first octet of text 1. What
 * is left out has the value that a peer without surprises would send or
 * expect (struct wire_seg). The first difference ends the test and prints all
 * packets and changes of state so far, with their times.
 *
 * Documentation/writing-wire-tests.md is the introduction.
 */
#ifndef WIRE_H
#define WIRE_H

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "../lib/tcp.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

/* What may stand among the control bits in wire_expect(): PSH or not */
#define PSH_ANY	0x100

/* Values of a segment's fields that are no numbers */
#define ANY	(INT_MIN)	/* expect: do not look; send: as negotiated */
#define NONE	(INT_MIN + 1)	/* the option is absent */
#define NEXT	(INT_MIN + 2)	/* the number that comes next */

#define NO_FD	(-1)

/**
 * struct wire_seg - a segment to be sent or expected
 * @flags: control bits
 * @seq: SEG.SEQ, relative to its sender's ISS. NEXT (default): what follows
 *	all that its sender has sent; 0 with SYN
 * @ack: SEG.ACK, relative to its receiver's ISS. NEXT (default): all that the
 *	other side has sent
 * @len: octets of text
 * @fill: send: the octet that the text is made of, instead of wire_octet()
 * @win: SEG.WND as on the wire; send: 65535, expect: ANY
 * @up: urgent pointer
 * @mss: option; NONE is the default of send, ANY of expect, here and below
 * @wscale: option
 * @sackok: option, 1 or NONE
 * @tsval: option; send: ANY (default) adds timestamps if both SYNs had them
 * @tsecr: option
 * @opt: send: octets to use as options instead of those above: OPTIONS(2, 4, 5, 180)
 * @opt_len: octets in @opt
 * @doff: send: data offset in 32-bit words, when it is to lie
 * @bad_csum: send: flip a bit of the checksum
 * @stray: send: the stack has to drop it: NEXT does not count it
 * @sport: send: source port, 0: the connection's
 * @dport: send: destination port, 0: the connection's
 * @src: send: source address, NULL: the peer's
 * @dst: send: destination address, NULL: the stack's
 * @ip_opt: send: IP options, a multiple of 4 octets; IPv6: extension headers
 * @ip_opt_len: octets in @ip_opt
 * @ip_opt_next: send: IPv6: what @ip_opt is, 0: destination options
 * @label: IPv6: flow label; send: 0: none, expect: ANY
 * @ecn: send: the two ECN bits
 * @tos: expect: DS field with ECN bits
 * @ttl: send: 0: 64; expect: ANY by default
 * @after: expect: milliseconds since the packet before (or wire_mark());
 *	0: at once, within WIRE_SOON_MS
 * @until: expect: ... at the latest; 0: @after and what the kernel's timer
 *	wheel may be late, an eighth
 */
struct wire_seg {
	int flags;
	s64 seq;
	s64 ack;
	int len;
	int fill;
	s64 win;
	int up;
	int mss;
	int wscale;
	int sackok;
	s64 tsval;
	s64 tsecr;
	const u8 *opt;
	int opt_len;
	int doff;
	bool bad_csum;
	bool stray;
	u16 sport;
	u16 dport;
	const char *src;
	const char *dst;
	const u8 *ip_opt;
	int ip_opt_len;
	int ip_opt_next;
	int label;
	int ecn;
	int tos;
	int ttl;
	int after;
	int until;
};

#define WIRE_SOON_MS	10
#define WIRE_DSTOPTS	60	/* extension header "destination options" */

#define WIRE_BYTES(...)		((const u8[]){ __VA_ARGS__ })
#define OPTIONS(...)		.opt = WIRE_BYTES(__VA_ARGS__), \
				.opt_len = sizeof((u8[]){ __VA_ARGS__ })
#define IP_OPTS(...)		.ip_opt = WIRE_BYTES(__VA_ARGS__), \
				.ip_opt_len = sizeof((u8[]){ __VA_ARGS__ })

/**
 * struct wire_pkt - a packet that the stack has sent
 * @seg: its fields, sequence numbers relative
 * @time: when, microseconds of CLOCK_MONOTONIC
 * @sport: ports as on the wire
 * @dport: ports as on the wire
 * @seq: absolute
 * @ack: absolute
 * @ip_len: octets of the IP packet
 * @df: don't-fragment bit
 * @opts: the options' octets
 * @opts_len: octets in @opts
 * @ip_opts: IP options
 * @ip_opts_len: octets in @ip_opts
 * @src: source address; of IPv6: the one of IPv4 that it stands for
 * @dst: destination address, likewise
 * @src_octets: source address as on the wire
 * @text: the text
 */
struct wire_pkt {
	struct wire_seg seg;
	u64 time;
	u16 sport;
	u16 dport;
	u32 seq;
	u32 ack;
	int ip_len;
	bool df;
	u8 opts[40];
	int opts_len;
	u8 ip_opts[40];
	int ip_opts_len;
	u32 src;
	u32 dst;
	u8 src_octets[16];
	u8 text[65536];
};

/**
 * struct wire_flow - a connection as the peer sees it
 * @port: the stack's port, 0: learnt from its SYN
 * @peer_port: the peer's port
 * @iss: the stack's ISS, absolute, once @iss_known
 * @peer_iss: the peer's ISS, absolute
 * @nxt: just past what the stack has sent, relative
 * @peer_nxt: just past what the peer has sent without a gap, relative
 * @written: octets that wire_write() has given to the stack
 * @read: octets that wire_read() has taken
 * @iss_known: @iss is set
 * @ts_sent: the peer's SYN had timestamps
 * @ts_seen: the stack's SYN had timestamps
 * @wscale_sent: the peer's SYN had window scale
 * @wscale: the stack's window scale, NONE without
 * @ts_recent: the last TSval of the stack
 */
struct wire_flow {
	u16 port;
	u16 peer_port;
	u32 iss;
	u32 peer_iss;
	s64 nxt;
	s64 peer_nxt;
	u32 written;
	u32 read;
	bool iss_known;
	bool ts_sent;
	bool ts_seen;
	bool wscale_sent;
	int wscale;
	u32 ts_recent;
};

struct wire_private;

/**
 * struct wire - one test's world
 * @flow: the connection that functions without a hint are about
 * @pkt: the last packet that was taken
 * @protocol: IP protocol number
 * @ipv6: over IPv6 (LTCP_FAMILY=6)
 * @more: octets that IPv6's header is longer than IPv4's; 0 over IPv4
 * @linux_tcp: the stack is Linux's own TCP (WIRE_PROTOCOL=6), without traces
 * @any_text: do not compare the text of the stack's segments with wire_octet()
 * @any_ext: packets may have one extension header of 8 octets, destination options
 * @any_flow: packets of connections that are none of w's are let pass
 * @priv: the harness's own
 */
struct wire {
	struct wire_flow *flow;
	struct wire_pkt *pkt;
	int protocol;
	bool ipv6;
	int more;
	bool linux_tcp;
	bool any_text;
	bool any_ext;
	bool any_flow;
	struct wire_private *priv;
};

/*
 * Tests name addresses as IPv4's. Over IPv6 10.0.m.n stands for fd00:0:0:m::n,
 * 127.0.0.n for ::n, 0.0.0.0 for ::, broadcast and multicast for ff02::1, and
 * a.b.m.n for 2001:db8:0:m::n. MTUs are w->more octets larger than the tests
 * say, so that segments are of one size over both.
 */
#define WIRE_STACK	"10.0.0.1"	/* /24, and the default route */
#define WIRE_PEER	"10.0.0.2"
#define WIRE_PORT	8080		/* where wire_listen() listens */
#define WIRE_PEER_PORT	9000
#define WIRE_MTU	1500

#define WIRE_STR_(x)	#x
#define WIRE_STR(x)	WIRE_STR_(x)
#define WIRE_HERE	__FILE__ ":" WIRE_STR(__LINE__)

/* The octet at a place of either stream; the first has place 1, like its number. */
static inline u8 wire_octet(u32 place)
{
	return 'a' + (place + place / 26 + place / 1000) % 26;
}

/* --- segments --------------------------------------------------------- */

/* wire_send(w, flags, .field = …): inject a segment */
#define wire_send(w, f, ...)						\
	wire_send_at(w, WIRE_HERE, &(struct wire_seg){			\
		.seq = NEXT, .ack = NEXT, .fill = NONE, .win = 65535,	\
		.mss = NONE, .wscale = NONE, .sackok = NONE,		\
		.tsval = ANY, .tsecr = ANY,				\
		.flags = (f), ##__VA_ARGS__ })

/*
 * wire_expect(w, flags, .field = …): the next packet of the stack must be this
 * one; returns it
 */
#define wire_expect(w, f, ...)						\
	wire_expect_at(w, WIRE_HERE, &(struct wire_seg){		\
		.seq = NEXT, .ack = NEXT, .win = ANY, .mss = ANY,	\
		.wscale = ANY, .sackok = ANY, .tsval = ANY,		\
		.tsecr = ANY, .tos = ANY, .ttl = ANY, .label = ANY,	\
		.flags = (f), ##__VA_ARGS__ })

/* For so many milliseconds the stack must not send anything. */
#define wire_expect_nothing(w, ms)	wire_expect_nothing_at(w, WIRE_HERE, ms)

void wire_send_at(struct wire *w, const char *here, const struct wire_seg *seg);
const struct wire_pkt *wire_expect_at(struct wire *w, const char *here,
				      const struct wire_seg *seg);
void wire_expect_nothing_at(struct wire *w, const char *here, int ms);

/* The next packet, whatever it is, or NULL when none comes within @ms */
const struct wire_pkt *wire_recv(struct wire *w, int ms);

/* Take all packets of the next @ms milliseconds; returns how many */
int wire_drain(struct wire *w, int ms);

/* Write octets to the tun device as they are: an IP packet of any kind */
void wire_inject(struct wire *w, const void *packet, int len);

/* --- time ------------------------------------------------------------- */

/* Microseconds of CLOCK_MONOTONIC */
u64 wire_now(void);

/* .after counts from here; returns wire_now() */
u64 wire_mark(struct wire *w);

/* Milliseconds since @mark */
s64 wire_since(u64 mark);

/* Let time pass; packets that arrive meanwhile wait for wire_expect() */
void wire_sleep(struct wire *w, int ms);

/* --- ICMP ------------------------------------------------------------- */

/**
 * struct wire_icmp - an ICMP error about a segment of the stack's
 * @type: ICMP type
 * @code: ICMP code
 * @seq: relative sequence number of the quoted segment
 * @mtu: next hop's MTU (3/4)
 * @src: who complains, NULL: the peer
 * @dst: NULL: the stack
 * @quote: octets quoted after the IP header, 0: 8
 * @port: the quoted source port, 0: the connection's
 * @bad_csum: flip a bit of the ICMP checksum
 * @exact: IPv6: @type and @code are ICMPv6's; else they are ICMP's, for which
 *	their twins are sent
 * @pointer: IPv6: the message's other number
 * @ext: IPv6: the quoted packet has an extension header
 */
struct wire_icmp {
	int type;
	int code;
	s64 seq;
	int mtu;
	const char *src;
	const char *dst;
	int quote;
	u16 port;
	bool bad_csum;
	bool exact;
	u32 pointer;
	bool ext;
};

/* wire_icmp(w, type, code, .seq = …) */
#define wire_icmp(w, t, c, ...)						\
	wire_icmp_at(w, WIRE_HERE, &(struct wire_icmp){			\
		.type = (t), .code = (c), ##__VA_ARGS__ })

void wire_icmp_at(struct wire *w, const char *here, const struct wire_icmp *icmp);

/* --- connections ------------------------------------------------------ */

/* Another connection: new ports, new ISS; becomes w->flow, the old one is returned */
struct wire_flow *wire_new_flow(struct wire *w);

/* The same two ports once more, with the peer's new ISS; becomes w->flow */
void wire_next_incarnation(struct wire *w, u32 peer_iss);

/**
 * struct wire_open - how wire_open_active() and its like open
 * @passive: wire_into(): the stack listens
 * @fd: a socket made before (active: not connected, passive: listening), 0: make one
 * @mss: the peer's SYN
 * @wscale: the peer's SYN
 * @sackok: the peer's SYN
 * @ts: the peer's SYN has timestamps
 * @win: window of the peer's SYN
 * @ack_win: window of the ACK (passive), 0: @win
 */
struct wire_open {
	bool passive;
	int fd;
	int mss;
	int wscale;
	int sackok;
	bool ts;
	int win;
	int ack_win;
};

#define WIRE_OPEN(...) (&(struct wire_open){				\
		.mss = 1460, .wscale = NONE, .sackok = NONE, .win = 65535, ##__VA_ARGS__ })

/* Handshakes, each step checked; return the connection's descriptor */
#define wire_open_active(w, ...)	wire_open_active_at(w, WIRE_HERE, WIRE_OPEN(__VA_ARGS__))
#define wire_open_passive(w, ...)	wire_open_passive_at(w, WIRE_HERE, WIRE_OPEN(__VA_ARGS__))

/*
 * Put the stack into a state; returns the descriptor (LISTEN, and SYN_RECEIVED
 * with .passive = true: the listener's). By default the stack has opened;
 * SYN_RECEIVED is then a simultaneous open.
 */
#define wire_into(w, state, ...)	wire_into_at(w, WIRE_HERE, state, WIRE_OPEN(__VA_ARGS__))

int wire_open_active_at(struct wire *w, const char *here, const struct wire_open *open);
int wire_open_passive_at(struct wire *w, const char *here, const struct wire_open *open);
int wire_into_at(struct wire *w, const char *here, enum tcp_state state,
		 const struct wire_open *open);

/* Is this a state with both SYNs acknowledged? */
bool wire_synchronised(enum tcp_state state);

/* --- the user's side; all descriptors are non-blocking ----------------- */

#define wire_socket(w)			wire_socket_at(w, WIRE_HERE)
#define wire_listen(w)			wire_listen_at(w, WIRE_HERE, NO_FD)
#define wire_listen_fd(w, fd)		wire_listen_at(w, WIRE_HERE, fd)
/* ... on 0.0.0.0 instead of WIRE_STACK */
#define wire_listen_any(w)		wire_listen_any_at(w, WIRE_HERE)
#define wire_accept(w, fd)		wire_accept_at(w, WIRE_HERE, fd)
#define wire_connect_start(w)		wire_connect_start_at(w, WIRE_HERE, NO_FD)
#define wire_connect_fd(w, fd)		wire_connect_start_at(w, WIRE_HERE, fd)
#define wire_connected(w, fd)		wire_connected_at(w, WIRE_HERE, fd)
#define wire_write(w, fd, n)		wire_write_at(w, WIRE_HERE, fd, n, 0)
#define wire_write_flags(w, fd, n, f)	wire_write_at(w, WIRE_HERE, fd, n, f)
#define wire_read(w, fd, n)		wire_read_at(w, WIRE_HERE, fd, n)
#define wire_read_eof(w, fd)		wire_read_end_at(w, WIRE_HERE, fd, 0)
#define wire_read_nothing(w, fd)	wire_read_end_at(w, WIRE_HERE, fd, EAGAIN)
#define wire_read_error(w, fd, e)	wire_read_end_at(w, WIRE_HERE, fd, e)
#define wire_write_error(w, fd, e)	wire_write_error_at(w, WIRE_HERE, fd, e)
#define wire_expect_error(w, fd, e)	wire_expect_error_at(w, WIRE_HERE, fd, e)
#define wire_shutdown(w, fd)		wire_shutdown_at(w, WIRE_HERE, fd)
#define wire_setsockopt(w, fd, l, n, v)	wire_setsockopt_at(w, WIRE_HERE, fd, l, n, v)
#define wire_getsockopt(w, fd, l, n)	wire_getsockopt_at(w, WIRE_HERE, fd, l, n)
#define wire_expect_state(w, fd, s)	wire_expect_state_at(w, WIRE_HERE, fd, s)

int wire_socket_at(struct wire *w, const char *here);
int wire_listen_at(struct wire *w, const char *here, int fd);
int wire_listen_any_at(struct wire *w, const char *here);
int wire_accept_at(struct wire *w, const char *here, int fd);
int wire_connect_start_at(struct wire *w, const char *here, int fd);
void wire_connected_at(struct wire *w, const char *here, int fd);
/* Returns how much the stack took; everything unless the send buffer is full */
int wire_write_at(struct wire *w, const char *here, int fd, int n, int flags);
void wire_read_at(struct wire *w, const char *here, int fd, int n);
void wire_read_end_at(struct wire *w, const char *here, int fd, int err);
void wire_write_error_at(struct wire *w, const char *here, int fd, int err);
/* SO_ERROR */
void wire_expect_error_at(struct wire *w, const char *here, int fd, int err);
/* SHUT_WR: CLOSE in the RFC's sense, the user still reads */
void wire_shutdown_at(struct wire *w, const char *here, int fd);
/* close(): nobody reads any more */
void wire_close(struct wire *w, int fd);
/* ABORT: close() with SO_LINGER 0 */
void wire_abort(struct wire *w, int fd);
void wire_setsockopt_at(struct wire *w, const char *here, int fd, int level, int name, int value);
int wire_getsockopt_at(struct wire *w, const char *here, int fd, int level, int name);

/* poll() for @ms milliseconds of real segments too; returns revents */
int wire_poll(struct wire *w, int fd, int events, int ms);

/*
 * The state that TCP_INFO tells (unless NO_FD), and the last one in the state
 * trace of this connection
 */
void wire_expect_state_at(struct wire *w, const char *here, int fd, enum tcp_state state);

/* --- settings and sights ---------------------------------------------- */

/* Write net.ipv4.<name>, "ltcp_syncookies" */
#define wire_sysctl(w, name, value)	wire_sysctl_at(w, WIRE_HERE, name, value)
void wire_sysctl_at(struct wire *w, const char *here, const char *name, int value);
#define wire_sysctl_text(w, name, text)	wire_sysctl_text_at(w, WIRE_HERE, name, text)
void wire_sysctl_text_at(struct wire *w, const char *here, const char *name, const char *text);
int wire_sysctl_read(struct wire *w, const char *name);

void wire_write_file(struct wire *w, const char *here, const char *path, const char *text);

/* Run iproute2's ip, as in wire_ip(w, "route replace default dev tun0 initcwnd 4") */
#define wire_ip(w, args)		wire_ip_at(w, WIRE_HERE, args)
void wire_ip_at(struct wire *w, const char *here, const char *args);

/* MTU of the tun device */
void wire_set_mtu(struct wire *w, int mtu);

/* A counter of /proc/net/ltcp_stat, by its name in src/mib.h */
#define wire_counter(w, name)		wire_counter_at(w, WIRE_HERE, name)
long wire_counter_at(struct wire *w, const char *here, const char *name);

/* --- the state trace --------------------------------------------------- */

#define WIRE_ARROWS	26

/* Arrow n of the state table has been seen in this test, between its two states. */
#define wire_arrow(w, n)		wire_arrow_at(w, WIRE_HERE, n)
void wire_arrow_at(struct wire *w, const char *here, int n);

/* "SYN-SENT" to "CLOSED" has been seen in this test. */
#define wire_moved(w, from, to)		wire_moved_at(w, WIRE_HERE, from, to)
void wire_moved_at(struct wire *w, const char *here, enum tcp_state from, enum tcp_state to);

/* When it was last seen, microseconds of CLOCK_MONOTONIC; the test fails if never */
#define wire_move_time(w, from, to)	wire_move_time_at(w, WIRE_HERE, from, to)
u64 wire_move_time_at(struct wire *w, const char *here, enum tcp_state from, enum tcp_state to);

/* Print who forced which arrow; returns how many nobody did */
int wire_missing_arrows(void);
/* Other tests that this program has run */
int wire_tests_before(void);

const char *wire_state_name(enum tcp_state state);

/* --- judging ----------------------------------------------------------- */

/* The condition must hold; the message, printf()'s, says what it is about. */
#define wire_check(w, cond, ...)					\
	do {								\
		if (!(cond))						\
			wire_not_so(w, WIRE_HERE, #cond, __VA_ARGS__);	\
	} while (0)

void wire_not_so(struct wire *w, const char *here, const char *cond, const char *format, ...)
	__attribute__((noreturn, format(printf, 4, 5)));

/* Ends the test as failed. */
void wire_fail(struct wire *w, const char *here, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* --- the frame ---------------------------------------------------------- */

struct wire *wire_begin(const char *test);
void wire_end(struct wire *w, bool failed);

#define WIRE_TIMEOUT	400000	/* virtual seconds */

#ifdef WIRE_MAIN
#include "../kselftest_harness.h"

FIXTURE(wire)
{
	struct wire *w;
};

FIXTURE_SETUP(wire)
{
	self->w = wire_begin(_metadata->name);
}

FIXTURE_TEARDOWN(wire)
{
	wire_end(self->w, _metadata->exit_code != KSFT_PASS);
}

#define WIRE_TEST(name)							\
	static void wire_test_##name(struct __test_metadata *_metadata,	\
				     struct wire *w);			\
	TEST_F_TIMEOUT(wire, name, WIRE_TIMEOUT)			\
	{								\
		wire_test_##name(_metadata, self->w);			\
	}								\
	static void wire_test_##name(struct __test_metadata		\
				     __attribute__((unused)) *_metadata, \
				     struct wire __attribute__((unused)) *w)
#endif

#endif
