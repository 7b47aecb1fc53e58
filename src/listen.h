/* SPDX-License-Identifier: GPL-2.0 */
/* The passive open: what a SYN leads to, cookies, and the accept queue. */
#ifndef LTCP_LISTEN_H
#define LTCP_LISTEN_H

#include "core/half.h"
#include "sock.h"

struct ltcp_reply;
struct ltcp_tw_reopen;

/**
 * ltcp_listen_make() - what only a listening socket has
 * @sk: locked
 *
 * Return: it, until the socket is freed; made if it is not there; NULL: no memory
 */
struct ltcp_listener *ltcp_listen_make(struct sock *sk);

/**
 * ltcp_listen_start() - listen(): CLOSED -> LISTEN
 * @sk: locked, bound
 * @backlog: length of the accept queue
 *
 * Return: 0 or -errno
 */
int ltcp_listen_start(struct sock *sk, int backlog);

/**
 * ltcp_listen_stop() - the listener closes: half-open and waiting connections are reset
 * @sk: locked, LISTEN or just left it
 */
void ltcp_listen_stop(struct sock *sk);

/**
 * ltcp_listen_free() - the socket is about to be freed
 * @sk: unreachable but for RCU readers
 */
void ltcp_listen_free(struct sock *sk);

/**
 * ltcp_listen_accept() - take the oldest waiting connection
 * @sk: locked listener
 *
 * Return: the connection, its reference handed over, or NULL
 */
struct sock *ltcp_listen_accept(struct sock *sk);

/**
 * ltcp_listen_empty() - does accept() have to wait?
 * @sk: listener
 */
bool ltcp_listen_empty(const struct sock *sk);

/**
 * ltcp_listen_has_room() - can the accept queue take one more?
 * @sk: listener
 */
bool ltcp_listen_has_room(const struct sock *sk);

/**
 * ltcp_listen_reserve() - keep a place in the accept queue for a connection to come
 * @sk: listener
 *
 * The limit holds however many processors make connections at once.
 *
 * Context: BH are off.
 * Return: false when there is none
 */
bool ltcp_listen_reserve(struct sock *sk);

/**
 * ltcp_listen_let_go() - the place is not needed after all
 * @sk: listener, ltcp_listen_reserve() was true
 */
void ltcp_listen_let_go(struct sock *sk);

/**
 * ltcp_listen_rcv() - a segment for a listener, no entry in the table
 * @sk: listener, found under RCU
 * @family: how it came
 * @skb: the segment; consumed
 * @seg: decoded
 * @reply: ready for an answer
 * @old: TIME-WAIT that a SYN may open anew: the ISS lies beyond the old one, and no cookie
 *	is sent; NULL: none
 *
 * Context: softirq, rcu_read_lock() is held.
 */
void ltcp_listen_rcv(struct sock *sk, const struct ltcp_family *family, struct sk_buff *skb,
		     struct ltcp_seg *seg, struct ltcp_reply *reply,
		     const struct ltcp_tw_reopen *old);

/**
 * ltcp_listen_trace_syn() - trace that a SYN, now or as its cookie tells, has been taken
 * @ln: namespace
 * @key: both ends
 */
void ltcp_listen_trace_syn(struct ltcp_net *ln, const struct ltcp_key *key);

/**
 * ltcp_listen_child() - the socket of a passive connection, in SYN-RECEIVED
 * @listener: a reference is held
 * @half: what is known
 * @family: how it came
 * @key: both ends
 * @skb: the segment that completes it, for IP options
 * @now: clock
 *
 * Return: the connection, locked (bh), with two references, in no table; or NULL
 */
struct sock *ltcp_listen_child(struct sock *listener, const struct ltcp_half *half,
			       const struct ltcp_family *family, const struct ltcp_key *key,
			       struct sk_buff *skb, u64 now);

/**
 * ltcp_listen_drop_child() - undo ltcp_listen_child(): no peer has heard of it
 * @child: locked (bh)
 */
void ltcp_listen_drop_child(struct sock *child);

/**
 * ltcp_listen_welcome() - a new connection takes its first segment and waits for accept()
 * @listener: a reference is held, and a place in the accept queue
 * @child: in the table, locked (bh); unlocked
 * @skb: consumed
 * @seg: decoded
 * @now: clock
 */
void ltcp_listen_welcome(struct sock *listener, struct sock *child, struct sk_buff *skb,
			 struct ltcp_seg *seg, u64 now);

#endif
