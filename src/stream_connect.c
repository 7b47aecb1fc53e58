// SPDX-License-Identifier: GPL-2.0
/* OPEN, active (RFC 9293 section 3.10.1), and disconnect. */
#include <linux/bpf-cgroup.h>
#include <linux/net.h>
#include <net/inet_common.h>
#include <net/ip.h>

#include "compat.h"
#include "demux.h"
#include "family.h"
#include "fastopen.h"
#include "input.h"
#include "listen.h"
#include "output.h"
#include "ports.h"
#include "secret.h"
#include "stream.h"
#include "tcb_table.h"
#include "timewait.h"

/* What a connection that is not there any more has left in the socket's addresses */
static void ltcp_forget_peer(struct sock *sk)
{
	ltcp_table_remove(ltcp_sk_net(sk), &ltcp_sk(sk)->node);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		ltcp_ports_release(sk);
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet_reset_saddr(sk);
	inet_sk(sk)->inet_dport = 0;
	ltcp_sk(sk)->family = ltcp_family_of(sk);
	sk_dst_reset(sk);
	ltcp_demux_forget(sk);
}

/* A local port and a place in the table; on failure the socket is as before */
static int ltcp_connect_place(struct sock *sk, struct ltcp_tw_reopen *old)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);
	struct ltcp_sock *lsk = ltcp_sk(sk);
	int err;

	lsk->node.bound_dev_if = sk->sk_bound_dev_if;
	err = ltcp_ports_connect(sk, old);
	if (!err)
		err = lsk->family->rehash(sk);
	if (err && old->entry)
		ltcp_timewait_return(ln, old->entry, &lsk->node, ltcp_now());
	else if (old->entry)
		ltcp_timewait_over(ln, old->entry);
	if (err)
		ltcp_forget_peer(sk);
	return err;
}

/* All is set but the connection's variables: CLOSED or LISTEN -> SYN-SENT */
static void ltcp_connect_open(struct sock *sk, const struct ltcp_tw_reopen *old)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);
	struct ltcp_tcb *tcb = &lsk->tcb;
	struct dst_entry *dst = __sk_dst_get(sk);
	struct ltcp_env env = { .now = ltcp_now() };	/* nobody asks for the room */
	struct ltcp_verdict v = {};
	bool held;

	if (sk->sk_state == TCP_CLOSE)
		ltcp_socket_renew(sk);
	ltcp_demux_forget(sk);	/* a late segment may have shown the way from the last peer */
	tcb->peer_mss = lsk->family->default_mss;
	tcb->ts_off = ltcp_secret_ts_off(&lsk->node.key);
	tcb->rcv_wscale = ltcp_socket_rcv_wscale(sk);
	if (dst)
		ltcp_output_route(sk, dst);
	WRITE_ONCE(sk->sk_err, 0);
	sock_reset_flag(sk, SOCK_DONE);
	held = ltcp_fastopen_connect(sk);
	ltcp_fsm_open_active(tcb, ltcp_timewait_iss(old, ltcp_secret_isn(&lsk->node.key, env.now)),
			     &env, &v);
	if (held)
		ltcp_fsm_hold_syn(tcb, &v);
	ltcp_compat_set_defer_connect(sk, held);
	ltcp_act(sk, &v, env.now);
}

/**
 * ltcp_connect() - proto.connect: open a connection; does not wait for it
 * @sk: locked, CLOSE or LISTEN
 * @addr: the peer
 * @len: of @addr
 *
 * Return: 0 or -errno: the socket is closed then, and as good as before
 */
int ltcp_connect(struct sock *sk, struct sockaddr *addr, int len)
{
	struct ltcp_tw_reopen old = {};
	int err;

	err = ltcp_family_of(sk)->connect(sk, addr, len);
	if (err)
		return err;
	err = ltcp_connect_place(sk, &old);
	if (err)
		return err;
	ltcp_demux_start(ltcp_sk_net(sk));
	ltcp_connect_open(sk, &old);
	return 0;
}

/*
 * An active open on a listener: LISTEN -> SYN-SENT. Its half-open and waiting
 * connections have nobody left to accept them and are reset. A peer that
 * cannot be reached at all leaves the listener what it is; later failures
 * close it.
 */
static int ltcp_connect_listener(struct sock *sk, struct sockaddr *addr, int len)
{
	struct ltcp_tw_reopen old = {};
	int err = 0;

	if (BPF_CGROUP_PRE_CONNECT_ENABLED(sk))
		err = sk->sk_prot->pre_connect(sk, addr, len);
	if (!err)
		err = ltcp_family_of(sk)->connect(sk, addr, len);
	if (err)
		return err;
	ltcp_listen_stop(sk);
	err = ltcp_connect_place(sk, &old);
	if (err) {
		ltcp_disconnect(sk, 0);
		return err;
	}
	ltcp_demux_start(ltcp_sk_net(sk));
	ltcp_connect_open(sk, &old);
	return 0;
}

static bool ltcp_turns_active(const struct socket *sock, const struct sockaddr *addr, int len)
{
	return sock->sk->sk_state == TCP_LISTEN && sock->state == SS_UNCONNECTED &&
	       addr && len >= (int)sizeof(addr->sa_family) && addr->sa_family != AF_UNSPEC;
}

/* The wait for a connection and its errors are __inet_stream_connect()'s */
static int ltcp_stream_connect_locked(struct socket *sock, struct sockaddr *addr, int len,
				      int flags)
{
	int err;

	if (!ltcp_turns_active(sock, addr, len))
		return __inet_stream_connect(sock, addr, len, flags, 0);
	err = ltcp_connect_listener(sock->sk, addr, len);
	if (err)
		return err;
	sock->state = SS_CONNECTING;
	err = __inet_stream_connect(sock, addr, len, flags, 0);
	return err == -EALREADY ? -EINPROGRESS : err;
}

/**
 * ltcp_stream_connect() - proto_ops.connect
 * @sock: the socket
 * @addr: the peer; AF_UNSPEC: disconnect
 * @len: of @addr
 * @flags: O_NONBLOCK
 *
 * Return: 0 or -errno
 */
int ltcp_stream_connect(struct socket *sock, struct sockaddr *addr, int len, int flags)
{
	int err;

	lock_sock(sock->sk);
	err = ltcp_stream_connect_locked(sock, addr, len, flags);
	release_sock(sock->sk);
	return err;
}

/* Does another user of the connection, cut off under him, have to be told so? */
static bool ltcp_disconnect_is_error(int state)
{
	return state != TCP_LISTEN && state != TCP_CLOSING && state != TCP_LAST_ACK;
}

static void ltcp_drop_received(struct sock *sk)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);

	__skb_queue_purge(&sk->sk_receive_queue);
	WRITE_ONCE(lsk->oob_state, LTCP_OOB_NONE);
	WRITE_ONCE(lsk->copied_seq, 0);
}

static void ltcp_drop_page(struct sock *sk)
{
	if (!sk->sk_frag.page)
		return;
	put_page(sk->sk_frag.page);
	sk->sk_frag.page = NULL;
	sk->sk_frag.offset = 0;
}

/**
 * ltcp_disconnect() - proto.disconnect: ABORT, and the socket is as new
 * @sk: locked
 * @flags: unused
 *
 * Return: 0
 */
int ltcp_disconnect(struct sock *sk, int flags)
{
	int err = ltcp_disconnect_is_error(sk->sk_state) ? ECONNRESET : 0;
	struct ltcp_verdict v = {};

	if (sk->sk_state != TCP_CLOSE) {
		ltcp_fsm_abort(&ltcp_sk(sk)->tcb, err, &v);
		ltcp_act(sk, &v, ltcp_now());
	}
	ltcp_compat_set_defer_connect(sk, false);
	ltcp_socket_forget(sk);
	ltcp_drop_received(sk);
	ltcp_drop_page(sk);
	ltcp_forget_peer(sk);
	ltcp_socket_renew(sk);
	WRITE_ONCE(sk->sk_shutdown, 0);
	sock_reset_flag(sk, SOCK_DONE);
	sk_error_report(sk);
	return 0;
}
