/* SPDX-License-Identifier: GPL-2.0 */
/* The passive open: half-open entries, cookies and the accept queue. */
#ifndef LTCP_LISTEN_H
#define LTCP_LISTEN_H

#include "core/half.h"
#include "sock.h"

struct ltcp_reply;

/**
 * struct ltcp_half_entry - a half-open connection in the TCB table
 * @node: place in the TCB table
 * @half: what the core needs
 * @lock: protects @half and @dead
 * @dead: ended; whoever found it must look again
 * @listener: holds a reference on it
 * @link: in ltcp_listener.halves
 * @timer: repeats the SYN-ACK
 * @reply: how to answer
 * @rcu: for freeing
 */
struct ltcp_half_entry;

int ltcp_listen_init(void);
void ltcp_listen_exit(void);

/**
 * ltcp_listen_start() - listen(): CLOSED -> LISTEN
 * @sk: locked
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
 * ltcp_listen_rcv() - a segment for a listener, no entry in the table
 * @sk: listener, found under RCU
 * @skb: the segment; consumed
 * @seg: decoded
 * @reply: ready for an answer
 * @iss_min: not 0: the ISS must lie beyond (TIME-WAIT reopened), and no cookie is sent
 *
 * Context: softirq, rcu_read_lock() is held.
 */
void ltcp_listen_rcv(struct sock *sk, struct sk_buff *skb, struct ltcp_seg *seg,
		     struct ltcp_reply *reply, const u32 *iss_min);

/**
 * ltcp_half_rcv() - a segment for a half-open entry
 * @ln: namespace
 * @node: of kind LTCP_KIND_HALF
 * @skb: the segment; consumed unless the result is false
 * @seg: decoded
 * @reply: ready for an answer
 *
 * Return: false when the entry has ended: look again
 */
bool ltcp_half_rcv(struct ltcp_net *ln, struct ltcp_node *node, struct sk_buff *skb,
		   struct ltcp_seg *seg, struct ltcp_reply *reply);

#endif
