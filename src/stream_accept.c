// SPDX-License-Identifier: GPL-2.0
/* OPEN, passive (RFC 9293 section 3.10.1), and accept(). */
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <net/inet_sock.h>

#include "demux.h"
#include "listen.h"
#include "ports.h"
#include "stream.h"

/* A listener that was never bound gets a port of the system's choice */
static int ltcp_listen_bind(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);

	if (inet->inet_num)
		return 0;
	if (sk->sk_prot->get_port(sk, 0))
		return -EADDRINUSE;
	inet->inet_sport = htons(inet->inet_num);
	return 0;
}

static int ltcp_listen_locked(struct sock *sk, int backlog)
{
	int err;

	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	if (sk->sk_state == TCP_LISTEN)
		return 0;
	err = ltcp_listen_bind(sk);
	if (err)
		return err;
	ltcp_socket_renew(sk);
	err = ltcp_listen_start(sk, backlog);
	if (err && !(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		ltcp_ports_release(sk);
	return err;
}

/**
 * ltcp_stream_listen() - proto_ops.listen
 * @sock: unconnected
 * @backlog: length of the accept queue; on a listener: the new one
 *
 * Return: 0 or -errno
 */
int ltcp_stream_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	int err = -EINVAL;

	lock_sock(sk);
	if (sock->state == SS_UNCONNECTED &&
	    (sk->sk_state == TCP_CLOSE || sk->sk_state == TCP_LISTEN))
		err = ltcp_listen_locked(sk, backlog);
	release_sock(sk);
	return err;
}

/*
 * Sleep until something happens or @timeo has passed. Exclusive: one
 * connection wakes one of those who wait.
 */
static void ltcp_accept_sleep(struct sock *sk, long *timeo)
{
	DEFINE_WAIT(wait);

	prepare_to_wait_exclusive(sk_sleep(sk), &wait, TASK_INTERRUPTIBLE);
	release_sock(sk);
	if (ltcp_listen_empty(sk))
		*timeo = schedule_timeout(*timeo);
	sched_annotate_sleep();
	lock_sock(sk);
	finish_wait(sk_sleep(sk), &wait);
}

static struct sock *ltcp_accept_locked(struct sock *sk, int flags, int *err)
{
	long timeo = sock_rcvtimeo(sk, flags & O_NONBLOCK);
	struct sock *child;

	for (;;) {
		*err = -EINVAL;
		if (sk->sk_state != TCP_LISTEN)
			return NULL;
		child = ltcp_listen_accept(sk);
		if (child)
			return child;
		*err = -EAGAIN;
		if (!timeo)
			return NULL;
		*err = sock_intr_errno(timeo);
		if (signal_pending(current))
			return NULL;
		ltcp_accept_sleep(sk, &timeo);
	}
}

/**
 * ltcp_accept() - proto.accept: the oldest connection that waits
 * @sk: listener
 * @arg: flags in, error out
 *
 * Return: the connection, or NULL
 */
struct sock *ltcp_accept(struct sock *sk, struct proto_accept_arg *arg)
{
	struct sock *child;

	lock_sock(sk);
	child = ltcp_accept_locked(sk, arg->flags, &arg->err);
	arg->is_empty = ltcp_listen_empty(sk);
	release_sock(sk);
	if (child)
		ltcp_demux_start(ltcp_sk_net(child));
	return child;
}
