// SPDX-License-Identifier: GPL-2.0
/* poll(), select() and epoll, and who is woken for how much (SO_RCVLOWAT). */
#include <linux/net.h>
#include <linux/poll.h>

#include "listen.h"
#include "stream.h"

/*
 * As much text as the user waits for; or as much as will come, when he waits
 * for more than the window lets in.
 */
static bool ltcp_readable(const struct sock *sk, int target)
{
	const struct ltcp_sock *lsk = ltcp_sk(sk);
	u32 rcv_nxt = READ_ONCE(lsk->tcb.rcv_nxt);
	int unread = rcv_nxt - READ_ONCE(lsk->copied_seq);

	if (unread <= 0)
		return false;
	return unread >= target || ltcp_socket_memory_pressure() || lsk->tcb.choked ||
	       ltcp_rcv_wnd(&lsk->tcb) <= READ_ONCE(lsk->tcb.rcv_mss);
}

void ltcp_socket_readable(struct sock *sk)
{
	if (sock_flag(sk, SOCK_DONE) || ltcp_sk(sk)->readers ||
	    ltcp_readable(sk, READ_ONCE(sk->sk_rcvlowat)))
		sk->sk_data_ready(sk);
}

static __poll_t ltcp_poll_in(const struct sock *sk)
{
	const struct ltcp_sock *lsk = ltcp_sk(sk);
	int target = sock_rcvlowat(sk, 0, INT_MAX);
	__poll_t mask = 0;

	/* An urgent octet that lies next, out of line, cannot be read as text */
	if (ltcp_socket_at_mark(lsk) && !sock_flag(sk, SOCK_URGINLINE))
		target++;
	if (ltcp_readable(sk, target))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(lsk->oob_state) == LTCP_OOB_VALID)
		mask |= EPOLLPRI;
	return mask;
}

/* The flags ask for a wake-up when there is room */
static __poll_t ltcp_poll_out(struct sock *sk, u8 shutdown)
{
	if (!(shutdown & SEND_SHUTDOWN) && !sk_stream_is_writeable(sk)) {
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		/* Room that came free before they were set woke nobody: look again */
		smp_mb__after_atomic();
		if (!sk_stream_is_writeable(sk))
			return 0;
	}
	return EPOLLOUT | EPOLLWRNORM;
}

/**
 * ltcp_stream_poll() - proto_ops.poll
 * @file: of the socket
 * @sock: the socket; not locked, changes made by others are seen sooner or later
 * @wait: where to be woken
 *
 * Return: EPOLL* bits
 */
__poll_t ltcp_stream_poll(struct file *file, struct socket *sock, poll_table *wait)
{
	struct sock *sk = sock->sk;
	__poll_t mask = 0;
	u8 shutdown;
	int state;

	sock_poll_wait(file, sock, wait);
	state = inet_sk_state_load(sk);
	if (state == TCP_LISTEN)
		return ltcp_listen_empty(sk) ? 0 : EPOLLIN | EPOLLRDNORM;

	shutdown = READ_ONCE(sk->sk_shutdown);
	if (shutdown == SHUTDOWN_MASK || state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if ((state != TCP_SYN_SENT && state != TCP_SYN_RECV) || ltcp_sk(sk)->tcb.fastopen)
		mask |= ltcp_poll_in(sk) | ltcp_poll_out(sk, shutdown);
	else if (state == TCP_SYN_SENT && ltcp_sk(sk)->tcb.syn_held)
		mask |= EPOLLOUT | EPOLLWRNORM;	/* what is written goes with the SYN */
	smp_rmb(); /* an error is noted before the state that it caused */
	if (READ_ONCE(sk->sk_err) || !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	return mask;
}

/**
 * ltcp_stream_set_rcvlowat() - proto_ops.set_rcvlowat: SO_RCVLOWAT
 * @sk: locked
 * @val: octets; at most what half of the receive buffer can hold
 *
 * Return: 0
 */
int ltcp_stream_set_rcvlowat(struct sock *sk, int val)
{
	bool fixed = sk->sk_userlocks & SOCK_RCVBUF_LOCK;
	int most = (fixed ? sk->sk_rcvbuf : READ_ONCE(ltcp_sk_net(sk)->set.base_rmem[2])) / 2;

	val = min(val, most);
	WRITE_ONCE(sk->sk_rcvlowat, val ? : 1);
	ltcp_socket_readable(sk);
	/* A buffer counts text with its overhead: twice as much is needed */
	if (!fixed && val > sk->sk_rcvbuf / 2)
		WRITE_ONCE(sk->sk_rcvbuf, val * 2);
	return 0;
}
