/* SPDX-License-Identifier: GPL-2.0 */
/* The sockets API. */
#ifndef LTCP_SOCKET_H
#define LTCP_SOCKET_H

#include <linux/net.h>
#include <net/sock.h>

extern struct proto ltcp_prot;
extern const struct proto_ops ltcp_stream_ops;

/**
 * ltcp_socket_closed() - a connection's TCB is deleted: the socket follows
 * @sk: locked; timers stop, the table and the port let go, waiters wake
 * @err: positive errno for the user, 0: none
 */
void ltcp_socket_closed(struct sock *sk, int err);

/**
 * ltcp_socket_child() - make a connection's fresh state out of its listener's copy
 * @sk: result of sk_clone_lock()
 */
void ltcp_socket_child(struct sock *sk);

/**
 * ltcp_socket_discard() - close a connection that no user ever got
 * @sk: not locked; the last reference is dropped; the peer gets RST
 */
void ltcp_socket_discard(struct sock *sk);

int ltcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
int ltcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen);

#endif
