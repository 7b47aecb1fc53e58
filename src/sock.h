/* SPDX-License-Identifier: GPL-2.0 */
/* A socket: what the kernel keeps around a connection's variables. */
#ifndef LTCP_SOCK_H
#define LTCP_SOCK_H

#include <linux/ipv6.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "core/fastopen.h"
#include "core/fsm.h"
#include "net.h"
#include "tcb_table.h"
#include "totals.h"

struct ltcp_family;
struct ltcp_port;
struct ltcp_saved_syn;

/**
 * struct ltcp_skb_cb - what is noted in skb->cb of a queued skb
 * @seq: sequence number of the first octet
 * @end: just past the last octet of text
 * @stamp_ack: tell the user when all of it is acknowledged (SOF_TIMESTAMPING_TX_ACK)
 */
struct ltcp_skb_cb {
	u32 seq;
	u32 end;
	bool stamp_ack;
};

#define LTCP_CB(skb) ((struct ltcp_skb_cb *)&(skb)->cb[0])

/**
 * struct ltcp_listener - what only a listening socket has, or one that is to listen
 * @accept_lock: protects @accept_queue
 * @accept_queue: connections that wait for accept(), by sk_node, the oldest first
 * @accept_last: the youngest of them, if there are any
 * @fastopen: connections that were opened by a SYN; under @accept_lock
 * @fastopen_keys: TCP_FASTOPEN_KEY, NULL: the namespace's count
 * @fastopen_queue: TCP_FASTOPEN
 * @n_half: half-open entries
 * @closing: no more half-open entries
 * @no_accept: no more connections; under @accept_lock
 * @defer_accept: TCP_DEFER_ACCEPT, in RTOs (ltcp_half_defer())
 */
struct ltcp_listener {
	spinlock_t accept_lock;
	struct hlist_head accept_queue;
	struct hlist_node *accept_last;
	struct ltcp_fastopen_queue fastopen;
	struct ltcp_fastopen_secret __rcu *fastopen_keys;
	int fastopen_queue;
	atomic_t n_half;
	bool closing;
	bool no_accept;
	u8 defer_accept;
};

/* Bits of sk_tsq_flags: work that found the socket owned by its user; autocork.c's */
enum {
	LTCP_DEFERRED_TIMER,
	LTCP_DEFERRED_MTU,
	LTCP_DEFERRED_DISCARD,
	LTCP_DEFERRED_PUSH,	/* the last of LTCP_DEFERRED_ANY */
	LTCP_PUSH_HELD,		/* text may be held back; set under the socket lock */
	LTCP_PUSH_LISTED,	/* a tasklet is about to send it */
};

#define LTCP_DEFERRED_ANY	(BIT(LTCP_DEFERRED_PUSH + 1) - 1)

/**
 * struct ltcp_sock - a socket; protected by the socket lock unless said otherwise
 *
 * Of &struct sock it uses what others do without an inet_connection_sock have no use for:
 * sk_node is a listener's place in its port's list of listeners (RCU, under the port's
 * lock), and a connection's in the queue of the listener whose accept() it waits for;
 * sk_send_head is the first skb of sk_write_queue that was never sent, NULL: none;
 * sk_tsq_flags, as with TCP, are LTCP_DEFERRED_* and LTCP_PUSH_* bits.
 *
 * And of &struct inet_sock it uses cork's place: there datagram and raw sockets gather what
 * several calls send as one, by ip_append_data() and ip6_append_data(), and connect() of
 * datagram sockets and inet_sk_rebuild_header() leave the flow they have routed. No call
 * of ours comes to these; what IP does with any socket, its options among it, does not
 * know of cork.
 *
 * @inet: must be first
 * @before_cork: what of @inet comes before
 * @tcb: the connection's variables
 * @totals: what it has carried
 * @node: place in the TCB table
 * @family: what differs between IPv4 and IPv6
 * @spare: segment without text that is being processed: its memory may serve for an ACK;
 *	NULL: none
 * @ahead: text kept out of order, by LTCP_CB(skb)->seq
 * @copied_seq: sequence number of the next octet that the user will read
 * @oob_seq: sequence number of the urgent octet (RCV.UP - 1), with @oob_state
 * @oob_state: LTCP_OOB_*
 * @oob_byte: the urgent octet, once it has arrived
 * @port_bound: @port was chosen by bind(), this socket's or its listener's
 * @port: bound port, NULL: none; protected by the port's lock, as is its list of owners
 *	(sk_bind_node)
 * @listener: NULL: it has never listened, nor been asked to do so in a certain way
 * @listens: it is in the port's list of listeners; protected by the port's lock
 * @parent: Fast Open: the listener whose queue counts this connection, a reference is
 *	held; NULL: none
 * @timer_by: when sk_timer runs at the latest, microseconds; 0: it does not; it is set for
 *	the earliest of @tcb.timer, or an earlier time
 * @counted_orphan: counted in ltcp_net.orphans
 * @cork: TCP_CORK
 * @sparse: the receive queue may hold small pieces that would cost less together
 * @readers: calls of recvmsg() that wait: they are woken for any text, having
 *	read a part of what SO_RCVLOWAT or MSG_WAITALL asks for already
 * @user_mss: TCP_MAXSEG, 0: none
 * @notsent_lowat: TCP_NOTSENT_LOWAT: unsent octets from which on the user waits, 0: none
 * @window_clamp: upper bound for the receive window, 0: none
 * @mtu: path MTU that ICMP reported, with LTCP_DEFERRED_MTU
 * @save_syn: TCP_SAVE_SYN: 1: headers of IP and ours, 2: the link's, too
 * @saved_syn: TCP_SAVED_SYN, NULL: none, or read
 * @fastopen_connect: TCP_FASTOPEN_CONNECT
 * @fastopen_no_cookie: TCP_FASTOPEN_NO_COOKIE
 * @fastopen_now: MSG_FASTOPEN: the call that connects brings text along
 * @fastopen_tried: the SYN has tried, its answer tells
 * @inq: TCP_INQ: recvmsg() tells how much is left
 * @stamp_id: SOF_TIMESTAMPING_OPT_ID was on when something was last sent
 * @stamp_base: sequence number that timestamps' identifiers count from, with @stamp_id
 */
struct ltcp_sock {
	union {
		struct inet_sock inet;
		struct {
			u8 before_cork[offsetof(struct inet_sock, cork)];
			struct ltcp_totals totals;
			struct ltcp_port *port;
			struct ltcp_listener *listener;
			struct sk_buff *spare;
			u64 timer_by;
			struct ltcp_saved_syn *saved_syn;
			struct sock *parent;
			u32 stamp_base;
			u32 notsent_lowat;
			u32 window_clamp;
			u32 mtu;
		};
	};
	struct ltcp_tcb tcb;
	struct ltcp_node node;
	const struct ltcp_family *family;
	struct rb_root ahead;
	u32 copied_seq;
	u32 oob_seq;
	u8 oob_state;
	u8 oob_byte;
	u8 counted_orphan:1;
	u8 cork:1;
	u8 sparse:1;
	u8 inq:1;
	u8 stamp_id:1;
	u8 fastopen_connect:1;
	u8 fastopen_now:1;
	u8 fastopen_tried:1;
	bool fastopen_no_cookie;
	u8 save_syn;
	bool port_bound;
	bool listens;
	unsigned int readers;
	u16 user_mss;
};

static_assert(offsetofend(struct ltcp_sock, mtu) <= offsetofend(struct inet_sock, cork));

/* ltcp_sock.oob_state */
enum {
	LTCP_OOB_NONE,		/* no urgent octet */
	LTCP_OOB_AWAITED,	/* announced, not here yet */
	LTCP_OOB_VALID,		/* in oob_byte (or in line) and not read */
	LTCP_OOB_READ,		/* was read; the mark still counts */
};

#if IS_ENABLED(CONFIG_IPV6)
/**
 * struct ltcp6_sock - a socket of AF_INET6
 * @ltcp: must be first
 * @inet6: what IPv6 keeps; must be last
 */
struct ltcp6_sock {
	struct ltcp_sock ltcp;
	struct ipv6_pinfo inet6;
};
#endif

static inline struct ltcp_sock *ltcp_sk(const struct sock *sk)
{
	return (struct ltcp_sock *)sk;
}

static inline struct sock *ltcp_node_sk(struct ltcp_node *node)
{
	return (struct sock *)container_of(node, struct ltcp_sock, node);
}

/* A socket's namespace never changes, nor do its settings move */
static inline struct ltcp_net *ltcp_sk_net(const struct sock *sk)
{
	return container_of(ltcp_sk(sk)->tcb.conf, struct ltcp_net, conf);
}

/* The clock of the core: microseconds since boot, never 0 */
static inline u64 ltcp_now(void)
{
	return div_u64(ktime_get_ns(), 1000) + 1;
}

/* Octets that the user could read, and FIN */
static inline u32 ltcp_sk_unread(const struct sock *sk)
{
	return ltcp_sk(sk)->tcb.rcv_nxt - ltcp_sk(sk)->copied_seq;
}

/**
 * ltcp_sk_room() - the receive buffer as the core sees it
 * @sk: locked
 * @env: all but the clock is set
 */
void ltcp_sk_room(const struct sock *sk, struct ltcp_env *env);

/* The surroundings of an event */
static inline void ltcp_sk_env(const struct sock *sk, struct ltcp_env *env)
{
	env->now = ltcp_now();
	ltcp_sk_room(sk, env);
}

#endif
