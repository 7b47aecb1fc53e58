/* SPDX-License-Identifier: GPL-2.0 */
/* The sockets API. */
#ifndef LTCP_SOCKET_H
#define LTCP_SOCKET_H

#include <linux/net.h>
#include <net/sock.h>

#include "core/window.h"
#include "net.h"
#include "sock.h"

extern struct proto ltcp_prot;
extern const struct proto_ops ltcp_stream_ops;
extern struct proto ltcp6_prot;
extern struct proto_ops ltcp6_stream_ops;

/**
 * ltcp_socket_init() - memory limits, and the slab of the sockets
 *
 * Return: 0 or -errno
 */
int ltcp_socket_init(void);
void ltcp_socket_exit(void);

/* The same for AF_INET6, from copies of what AF_INET has */
#if IS_ENABLED(CONFIG_IPV6)
int ltcp_socket6_init(void);
void ltcp_socket6_exit(void);
#else
static inline int ltcp_socket6_init(void) { return 0; }
static inline void ltcp_socket6_exit(void) { }
#endif

/**
 * ltcp_socket_claim() - memory that a connection cannot go on without
 * @sk: locked
 * @size: octets that can then be charged to it, whatever the limits; little
 */
void ltcp_socket_claim(struct sock *sk, int size);

/**
 * ltcp_socket_memory_pressure() - has the memory of all sockets become scarce?
 */
bool ltcp_socket_memory_pressure(void);

/**
 * ltcp_socket_memory_full() - do all sockets together have all the memory they may?
 */
bool ltcp_socket_memory_full(void);

/**
 * ltcp_socket_window() - the window that stands for so much of the receive buffer
 * @sk: a connection or a listener
 * @room: octets of memory; less than 0: none
 *
 * Return: octets of text
 */
static inline u32 ltcp_socket_window(const struct sock *sk, int room)
{
	u32 clamp = READ_ONCE(ltcp_sk(sk)->window_clamp);
	u32 octets = room > 0 ? room / 2 : 0;

	return clamp ? min(octets, clamp) : octets;
}

/**
 * ltcp_socket_rcv_wscale() - the window scale to offer
 * @sk: a connection about to open, or a listener
 *
 * Enough for the largest buffer that the socket may come to have: the scale
 * cannot change later (RFC 7323 section 2.3).
 */
static inline u8 ltcp_socket_rcv_wscale(const struct sock *sk)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);
	int size = READ_ONCE(sk->sk_rcvbuf);

	if (!READ_ONCE(ln->conf.window_scaling))
		return 0;
	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
		size = max(size, READ_ONCE(ln->set.base_rmem[2]));
	return ltcp_window_scale(ltcp_socket_window(sk, size));
}

/**
 * ltcp_socket_failing() - a connection is about to be CLOSED by an error
 * @sk: locked
 * @err: positive errno, 0: none
 *
 * The error is noted before the state that it causes, because poll() and
 * SO_ERROR look without the lock: a connection that has failed must never
 * seem to have been closed in peace.
 */
void ltcp_socket_failing(struct sock *sk, int err);

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

/**
 * ltcp_socket_abandon() - abort a connection that no user holds, if there are too many
 *	or all sockets' memory is used up
 * @sk: locked; the caller has a reference of its own
 *
 * Return: true when it has ended
 */
bool ltcp_socket_abandon(struct sock *sk);

/**
 * ltcp_socket_room() - the send buffer may have room again, or should have more
 * @sk: locked; those who wait are told when a third is free
 */
void ltcp_socket_room(struct sock *sk);

/**
 * ltcp_socket_sent() - text was sent for the first time (TCP_NOTSENT_LOWAT)
 * @sk: locked
 */
void ltcp_socket_sent(struct sock *sk);

/**
 * ltcp_socket_readable() - tell the user of text, if there is as much as he waits for
 * @sk: locked; text was put into its receive queue (SO_RCVLOWAT)
 */
void ltcp_socket_readable(struct sock *sk);

/**
 * ltcp_setsockopt() - proto.setsockopt: level SOL_TCP, and those of IP
 * @sk: not locked
 * @level: SOL_*
 * @optname: option
 * @optval: its value
 * @optlen: octets of @optval
 *
 * Return: 0 or -errno
 */
int ltcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen);

/**
 * ltcp_stream_setsockopt() - proto_ops.setsockopt: what the kernel leaves to protocols
 * @sock: not locked
 * @level: SOL_*; SOL_SOCKET in kernels that ask (ltcp_compat_answer_sockopts())
 * @optname: option
 * @optval: its value
 * @optlen: octets of @optval
 *
 * Return: 0 or -errno
 */
int ltcp_stream_setsockopt(struct socket *sock, int level, int optname, sockptr_t optval,
			   unsigned int optlen);

/**
 * ltcp_getsockopt() - proto.getsockopt: level SOL_TCP, and those of IP
 * @sk: not locked
 * @level: SOL_*
 * @optname: option
 * @optval: where its value goes
 * @optlen: room there; what of it was used
 *
 * Return: 0 or -errno
 */
int ltcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen);

#endif
