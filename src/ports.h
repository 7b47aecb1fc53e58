/* SPDX-License-Identifier: GPL-2.0 */
/* LTCP's port space: who is bound, who listens, which port is free. */
#ifndef LTCP_PORTS_H
#define LTCP_PORTS_H

#include <net/sock.h>

#include "tcb_table.h"

struct ltcp_net;
struct ltcp_port;
struct ltcp_timewait;
struct ltcp_tw_reopen;

int ltcp_ports_init(void);
void ltcp_ports_exit(void);

/**
 * ltcp_ports_bind() - proto.get_port: bind to a port
 * @sk: locked; addresses are set
 * @num: host byte order, 0: any free one (RFC 6056, SO_REUSEADDR heeded)
 *
 * Return: 0; 6.1 and 6.12 both want a positive number or -errno otherwise: -EADDRINUSE
 */
int ltcp_ports_bind(struct sock *sk, unsigned short num);

/**
 * ltcp_ports_connect() - a local port for an active open, and the place in the table
 * @sk: locked; key's addresses and remote port are set; bound already or not
 * @old: result: TIME-WAIT that gave way, as ltcp_timewait_reuse() says
 *
 * Chooses by RFC 6056 algorithm 4 in the range of net.ipv4.ip_local_port_range when
 * unbound, and enters the connection's node in the table.
 *
 * Return: 0, -EADDRNOTAVAIL when no pair is free
 */
int ltcp_ports_connect(struct sock *sk, struct ltcp_tw_reopen *old);

/**
 * ltcp_ports_listen() - from now on segments for the port find this socket
 * @sk: locked, bound, sk_state not yet LISTEN
 *
 * Return: 0 or -EADDRINUSE
 */
int ltcp_ports_listen(struct sock *sk);

/**
 * ltcp_ports_unlisten() - the opposite; lookups may still see it for a grace period
 * @sk: locked
 */
void ltcp_ports_unlisten(struct sock *sk);

/**
 * ltcp_ports_inherit() - a passive connection shares its listener's port
 * @child: not yet visible to others
 * @listener: bound; may be closing
 *
 * Context: BH are off.
 * Return: 0 or -ENOMEM
 */
int ltcp_ports_inherit(struct sock *child, const struct sock *listener);

/**
 * ltcp_ports_pass() - TIME-WAIT keeps the port that its connection had
 * @entry: its node's key and interface are set
 * @sk: locked; its own hold stays until ltcp_ports_release()
 */
void ltcp_ports_pass(struct ltcp_timewait *entry, struct sock *sk);

/**
 * ltcp_ports_drop() - give it up
 * @ln: namespace
 * @entry: as ltcp_ports_pass() left it
 */
void ltcp_ports_drop(struct ltcp_net *ln, struct ltcp_timewait *entry);

/**
 * ltcp_ports_release() - proto.put_port: unbind
 * @sk: locked or unreachable; does nothing when unbound
 */
void ltcp_ports_release(struct sock *sk);

/**
 * ltcp_ports_listener() - who listens for a segment?
 * @ln: namespace
 * @key: local address and port count; the most specific listener wins
 * @dif: interface it came in by
 * @sdif: enslaved interface, 0: none
 *
 * Context: rcu_read_lock() is held; no reference is taken.
 * Return: the listener or NULL
 */
struct sock *ltcp_ports_listener(struct ltcp_net *ln, const struct ltcp_key *key, int dif,
				 int sdif);

/* The rest of ltcp_ports_choose(), for listeners of a group */
struct sock *ltcp_ports_ask(struct sock *sk, const struct ltcp_key *key, struct sk_buff *skb,
			    unsigned int header);

/**
 * ltcp_ports_choose() - among equal listeners a program of their user's may choose
 * @sk: one of them
 * @key: both ends
 * @skb: the segment that the program is to look at
 * @header: octets of its header
 *
 * Context: as ltcp_ports_listener()
 * Return: the one it has chosen; @sk: there is none
 */
static inline struct sock *ltcp_ports_choose(struct sock *sk, const struct ltcp_key *key,
					     struct sk_buff *skb, unsigned int header)
{
	return rcu_access_pointer(sk->sk_reuseport_cb) ? ltcp_ports_ask(sk, key, skb, header) : sk;
}

/**
 * struct ltcp_ports_iter - a walk of a namespace's listeners; start with zeroes but @ln
 * @ln: namespace
 * @bucket: where the walk is
 * @index: listeners of that bucket that were seen
 */
struct ltcp_ports_iter {
	struct ltcp_net *ln;
	unsigned int bucket;
	unsigned int index;
};

/**
 * ltcp_ports_next() - the next listener of a walk
 * @iter: the walk
 *
 * Context: rcu_read_lock() is held; it may be released between two calls.
 * Return: the listener or NULL
 */
struct sock *ltcp_ports_next(struct ltcp_ports_iter *iter);

#endif
