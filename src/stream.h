/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the sockets API share: socket.c, sockopt.c, stream_*.c. */
#ifndef LTCP_STREAM_H
#define LTCP_STREAM_H

#include <linux/netdevice.h>
#include <linux/poll.h>
#include <net/sock.h>

#include "compat.h"
#include "core/segment.h"
#include "sock.h"
#include "socket.h"

/* Room ahead of queued text: link, IP with options, TCP with options */
#define LTCP_MAX_HEADER	L1_CACHE_ALIGN(MAX_HEADER + 60 + LTCP_HEADER_MAX)

/**
 * ltcp_socket_renew() - connection variables of a connection that does not exist yet
 * @sk: locked or unreachable; what its user has set is kept
 */
void ltcp_socket_renew(struct sock *sk);

/**
 * ltcp_socket_forget() - free all text that only the connection needed
 * @sk: locked or unreachable; what its user may still read is kept
 */
void ltcp_socket_forget(struct sock *sk);

/**
 * ltcp_socket_write_space() - sk_write_space: a send buffer has room, or a packet has gone
 * @sk: any context, whoever holds its lock; who waits for room is told when a third is free
 */
void ltcp_socket_write_space(struct sock *sk);

/**
 * ltcp_stream_memory_free() - proto.stream_memory_free: TCP_NOTSENT_LOWAT
 * @sk: need not be locked
 * @wake: 1 when it is about waking who waits
 */
bool ltcp_stream_memory_free(const struct sock *sk, int wake);

/**
 * ltcp_socket_push() - send what is queued
 * @sk: locked; nothing is sent unless it is connected
 * @more: the last segment, if it is not full, waits for what the user will add
 */
void ltcp_socket_push(struct sock *sk, bool more);

/**
 * ltcp_socket_push_earlier() - what was written before does not wait for what will be
 * @sk: locked; its user is about to say that more will follow
 */
void ltcp_socket_push_earlier(struct sock *sk);

/**
 * ltcp_socket_taken() - the user has taken text: the peer may have to know
 * @sk: locked
 */
void ltcp_socket_taken(struct sock *sk);

/**
 * ltcp_socket_unread() - octets that can be read at once (SIOCINQ)
 * @sk: locked
 *
 * Return: octets up to the urgent one, if that is out of line, or to the end
 */
int ltcp_socket_unread(const struct sock *sk);

/**
 * ltcp_socket_at_mark() - is the urgent octet the next one? (SIOCATMARK)
 * @lsk: need not be locked
 */
static inline bool ltcp_socket_at_mark(const struct ltcp_sock *lsk)
{
	return READ_ONCE(lsk->oob_state) != LTCP_OOB_NONE &&
	       READ_ONCE(lsk->oob_seq) == READ_ONCE(lsk->copied_seq);
}

/* struct proto: each has the contract of the member with its name */
int ltcp_connect(struct sock *sk, struct sockaddr *addr, int len);
int ltcp_disconnect(struct sock *sk, int flags);
struct sock *ltcp_accept(struct sock *sk, struct proto_accept_arg *arg);
void ltcp_shutdown(struct sock *sk, int how);
void ltcp_close(struct sock *sk, long timeout);
void ltcp_destroy(struct sock *sk);
void ltcp_release_cb(struct sock *sk);
void ltcp_keepalive(struct sock *sk, int on);
int ltcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);
int ltcp_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len);

/* struct proto_ops, likewise */
int ltcp_stream_connect(struct socket *sock, struct sockaddr *addr, int len, int flags);
int ltcp_stream_listen(struct socket *sock, int backlog);
__poll_t ltcp_stream_poll(struct file *file, struct socket *sock, poll_table *wait);
int ltcp_stream_set_rcvlowat(struct sock *sk, int val);
ssize_t ltcp_stream_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
				size_t len, unsigned int flags);
void ltcp_stream_splice_eof(struct socket *sock);

#endif
