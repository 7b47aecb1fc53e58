// SPDX-License-Identifier: GPL-2.0
/* CLOSE and ABORT (RFC 9293 sections 3.10.4 and 3.10.5), and how a socket ends. */
#include <net/xfrm.h>

#include "cong.h"
#include "family.h"
#include "fastopen.h"
#include "input.h"
#include "listen.h"
#include "output.h"
#include "ports.h"
#include "receive.h"
#include "saved_syn.h"
#include "spans.h"
#include "stream.h"
#include "tcb_table.h"
#include "timers.h"

void ltcp_socket_forget(struct sock *sk)
{
	ltcp_output_purge(sk);
	ltcp_receive_purge(sk);
	ltcp_spans_free(sk);
}

/**
 * ltcp_destroy() - proto.destroy: give back all that a socket holds
 * @sk: CLOSE, without a user
 */
void ltcp_destroy(struct sock *sk)
{
	ltcp_timers_stop(sk);
	ltcp_cong_sock_exit(sk);
	ltcp_saved_syn_free(sk);
	ltcp_fastopen_free(sk);
	ltcp_socket_forget(sk);
	ltcp_table_remove(ltcp_sk_net(sk), &ltcp_sk(sk)->node);
	ltcp_ports_release(sk);
	sk_sockets_allocated_dec(sk);
	sock_prot_inuse_add(sock_net(sk), sk->sk_prot, -1);
}

static void ltcp_count_orphan(struct sock *sk)
{
	ltcp_sk(sk)->counted_orphan = true;
	atomic_inc(&ltcp_sk_net(sk)->orphans);
}

static void ltcp_uncount_orphan(struct sock *sk)
{
	if (ltcp_sk(sk)->counted_orphan)
		atomic_dec(&ltcp_sk_net(sk)->orphans);
	ltcp_sk(sk)->counted_orphan = false;
}

/* The end of a socket without a user; the caller has a reference of its own */
static void ltcp_socket_destroy(struct sock *sk)
{
	WARN_ON_ONCE(sk->sk_state != TCP_CLOSE || !sock_flag(sk, SOCK_DEAD));
	sk->sk_prot->destroy(sk);
	sk_stream_kill_queues(sk);
	xfrm_sk_free_policy(sk);
	ltcp_uncount_orphan(sk);
	sock_put(sk);
}

void ltcp_socket_failing(struct sock *sk, int err)
{
	if (!err)
		return;
	WRITE_ONCE(sk->sk_err, err);
	smp_wmb();	/* with smp_rmb() in ltcp_stream_poll() */
}

/* Those who use the socket see its end */
static void ltcp_tell_closed(struct sock *sk, int err)
{
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	if (sock_flag(sk, SOCK_DEAD))
		return;
	sk->sk_state_change(sk);
	if (err)
		sk_error_report(sk);
}

void ltcp_socket_closed(struct sock *sk, int err)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);

	if (lsk->listener)
		ltcp_listen_stop(sk);
	ltcp_timers_stop(sk);
	ltcp_socket_forget(sk);
	ltcp_table_remove(ltcp_sk_net(sk), &lsk->node);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		ltcp_ports_release(sk);
	ltcp_tell_closed(sk, err);
	if (sock_flag(sk, SOCK_DEAD))
		ltcp_socket_destroy(sk);
}

/**
 * ltcp_shutdown() - proto.shutdown
 * @sk: locked; connected, or closed already
 * @how: RCV_SHUTDOWN, SEND_SHUTDOWN or both; only the latter reaches the peer
 */
void ltcp_shutdown(struct sock *sk, int how)
{
	struct ltcp_verdict v = {};

	if (!(how & SEND_SHUTDOWN) || sk->sk_state == TCP_CLOSE)
		return;
	ltcp_fsm_close(&ltcp_sk(sk)->tcb, &v);
	ltcp_act(sk, &v, ltcp_now());
}

/* Throw away what was received; was there text that the user has not read? */
static bool ltcp_drop_unread(struct sock *sk)
{
	bool unread = false;
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&sk->sk_receive_queue))) {
		unread |= seq_gt(LTCP_CB(skb)->end, ltcp_sk(sk)->copied_seq);
		__kfree_skb(skb);
	}
	return unread;
}

/* close() of something that is not closed yet: CLOSE or ABORT, by what it leaves behind */
static void ltcp_close_connection(struct sock *sk, bool unread)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	struct ltcp_env env = { .now = ltcp_now() };	/* nobody asks for the room */
	struct ltcp_verdict v = {};

	if (!unread && sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime &&
	    sk->sk_state != TCP_LISTEN) {
		ltcp_fsm_abort(tcb, 0, &v);
	} else {
		if (unread)
			LTCP_COUNT(ltcp_sk_net(sk), ABORT_CLOSE);
		ltcp_fsm_orphan(tcb, unread, &env, &v);
	}
	ltcp_act(sk, &v, env.now);
}

static bool ltcp_too_many_orphans(const struct sock *sk)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);

	return atomic_read(&ln->orphans) > READ_ONCE(ln->set.max_orphans) ||
	       (sk->sk_wmem_queued > SOCK_MIN_SNDBUF &&
		ltcp_socket_memory_full());
}

bool ltcp_socket_abandon(struct sock *sk)
{
	struct ltcp_verdict v = {};

	if (!ltcp_sk(sk)->counted_orphan || !ltcp_too_many_orphans(sk))
		return false;
	LTCP_COUNT(ltcp_sk_net(sk), ABORT_MEMORY);
	ltcp_fsm_abort(&ltcp_sk(sk)->tcb, 0, &v);
	ltcp_act(sk, &v, ltcp_now());
	return true;
}

/**
 * ltcp_close() - proto.close: the user lets go of the socket for ever
 * @sk: not locked; the user's reference is dropped
 * @timeout: SO_LINGER: how long to wait until the peer has everything
 *
 * Segments that wait in the backlog meet a connection without a user, or one
 * that is closed.
 */
void ltcp_close(struct sock *sk, long timeout)
{
	bool unread;

	lock_sock(sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	unread = ltcp_drop_unread(sk);
	if (sk->sk_state != TCP_CLOSE)
		ltcp_close_connection(sk, unread);
	sk_stream_wait_close(sk, timeout);

	sock_hold(sk);
	sock_orphan(sk);
	if (sk->sk_state == TCP_CLOSE) {
		ltcp_socket_destroy(sk);
	} else {
		ltcp_count_orphan(sk);
		ltcp_socket_abandon(sk);
	}
	release_sock(sk);
	sock_put(sk);
}

/* @sk: locked; the caller has a reference of its own */
static void ltcp_discard_locked(struct sock *sk)
{
	struct ltcp_verdict v = {};

	if (sk->sk_state != TCP_CLOSE) {
		ltcp_fsm_abort(&ltcp_sk(sk)->tcb, 0, &v);
		ltcp_act(sk, &v, ltcp_now());
	}
	ltcp_drop_unread(sk);
	sock_orphan(sk);
	ltcp_socket_destroy(sk);
}

/* No user has the socket, but reset_all may just be at it: it finishes the job then */
void ltcp_socket_discard(struct sock *sk)
{
	local_bh_disable();
	bh_lock_sock(sk);
	sock_hold(sk);
	if (sock_owned_by_user(sk))
		set_bit(LTCP_DEFERRED_DISCARD, &sk->sk_tsq_flags);
	else
		ltcp_discard_locked(sk);
	bh_unlock_sock(sk);
	local_bh_enable();
	sock_put(sk);
}

/**
 * ltcp_release_cb() - proto.release_cb: work that had to wait for the user
 * @sk: its lock is about to be released
 */
void ltcp_release_cb(struct sock *sk)
{
	ltcp_input_deferred(sk);
	if (unlikely(test_and_clear_bit(LTCP_DEFERRED_DISCARD, &sk->sk_tsq_flags)))
		ltcp_discard_locked(sk);
}

/*
 * Members that belong to the listener or to its place in some list. It was not locked: it may
 * be closing, or be opened actively by now.
 */
static void ltcp_child_disown(struct sock *sk)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);

	memset(&lsk->node, 0, sizeof(lsk->node));
	lsk->node.kind = LTCP_KIND_SOCK;
	lsk->node.af = sk->sk_family;
	lsk->ahead = RB_ROOT;
	lsk->port = NULL;
	INIT_HLIST_NODE(&sk->sk_bind_node);
	lsk->listener = NULL;
	lsk->listens = false;
	lsk->parent = NULL;
	lsk->totals.mishaps = NULL;
	lsk->tcb.cong_begun = 0;
	lsk->spare = NULL;
	sk->sk_tsq_flags = 0;
	lsk->readers = 0;
	lsk->mtu = 0;
	lsk->saved_syn = NULL;
	lsk->counted_orphan = false;
}

void ltcp_socket_child(struct sock *sk)
{
	const struct ltcp_family *family = ltcp_family_of(sk);
	struct inet_sock *inet = inet_sk(sk);

	ltcp_child_disown(sk);
	if (family->child)
		family->child(sk);
	WRITE_ONCE(sk->sk_state, TCP_CLOSE);
	WRITE_ONCE(sk->sk_shutdown, 0);
	sock_reset_flag(sk, SOCK_DEAD);
	sk->sk_ack_backlog = 0;
	sk->sk_max_ack_backlog = 0;
	atomic64_set(&sk->sk_cookie, 0);
	RCU_INIT_POINTER(sk->sk_rx_dst, NULL);
	RCU_INIT_POINTER(inet->inet_opt, NULL);
	inet->mc_list = NULL;
	ltcp_socket_renew(sk);
	ltcp_cong_sock_child(sk);
	ltcp_timers_init(sk);
	sock_prot_inuse_add(sock_net(sk), sk->sk_prot, 1);
}
