// SPDX-License-Identifier: GPL-2.0
/* RECEIVE (RFC 9293 section 3.10.3), and the urgent octet (sections 3.8.5 and RFC 6093). */
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <net/inet_common.h>
#include <linux/tcp.h>
#include <net/busy_poll.h>
#include <net/tcp_states.h>

#include "input.h"
#include "stream.h"

/**
 * struct ltcp_reader - one call of recvmsg() under way
 * @msg: where text goes
 * @pipe: or where it goes instead, with the pages it is in; NULL: not there
 * @left: octets that the user still has room for
 * @flags: MSG_*
 * @copied: octets read
 * @target: octets to wait for
 * @hole: urgent octets left out
 * @peeked: octets left out because they were peeked at before (SO_PEEK_OFF)
 * @seq: sequence number of the next octet; with MSG_PEEK ahead of copied_seq
 * @timeo: how long to wait, jiffies
 * @stamped: the last packet read from, if the user wants to know when it came, or NULL
 */
struct ltcp_reader {
	struct msghdr *msg;
	struct pipe_inode_info *pipe;
	size_t left;
	int flags;
	int copied;
	int target;
	u32 hole;
	u32 peeked;
	u32 seq;
	long timeo;
	struct sk_buff *stamped;
};

/* The loop ends with what was read so far */
#define LTCP_READ_ENDS	1

/* The place of the urgent octet still matters, and it is not read with the rest */
static bool ltcp_out_of_line(const struct sock *sk)
{
	return ltcp_sk(sk)->oob_state != LTCP_OOB_NONE && !sock_flag(sk, SOCK_URGINLINE);
}

int ltcp_socket_unread(const struct sock *sk)
{
	const struct ltcp_sock *lsk = ltcp_sk(sk);
	const struct sk_buff *last = skb_peek_tail(&sk->sk_receive_queue);
	u32 end = last ? LTCP_CB(last)->end : lsk->copied_seq;

	if (ltcp_out_of_line(sk) && seq_ge(lsk->oob_seq, lsk->copied_seq) &&
	    seq_lt(lsk->oob_seq, end))
		end = lsk->oob_seq;
	return end - lsk->copied_seq;
}

/*
 * Unless its user has chosen its size, the receive buffer grows with what he
 * reads in a round trip. Half of it is the window.
 */
static void ltcp_recv_expand(struct sock *sk)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);
	const struct ltcp_settings *set = &ltcp_sk_net(sk)->set;
	u64 want;

	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		return;
	want = 2ull * ltcp_rcvbuf_taken(&lsk->tcb.rcvbuf, lsk->copied_seq, lsk->tcb.adv_mss,
					ltcp_now());
	if (!want || !READ_ONCE(set->moderate_rcvbuf) ||
	    ltcp_socket_memory_pressure())
		return;
	want = min_t(u64, want, READ_ONCE(set->base_rmem[2]));
	if (sk->sk_rcvbuf < (int)want)
		WRITE_ONCE(sk->sk_rcvbuf, want);
}

void ltcp_socket_taken(struct sock *sk)
{
	struct ltcp_verdict v = {};
	struct ltcp_env env = {};	/* no clock: all that is asked for is room */

	ltcp_recv_expand(sk);
	ltcp_sk_room(sk, &env);
	ltcp_fsm_received(&ltcp_sk(sk)->tcb, &env, &v);
	if (v.act)
		ltcp_act(sk, &v, ltcp_now());
}

static int ltcp_copy_oob(struct ltcp_sock *lsk, struct msghdr *msg, size_t len, int flags)
{
	u8 octet = lsk->oob_byte;

	msg->msg_flags |= MSG_OOB;
	if (!(flags & MSG_PEEK))
		WRITE_ONCE(lsk->oob_state, LTCP_OOB_READ);
	if (!len) {
		msg->msg_flags |= MSG_TRUNC;
		return 0;
	}
	if (!(flags & MSG_TRUNC) && memcpy_to_msg(msg, &octet, 1))
		return -EFAULT;
	return 1;
}

/* MSG_OOB never waits, whatever the socket's mode */
static int ltcp_recv_oob(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);

	if (!ltcp_out_of_line(sk) || lsk->oob_state == LTCP_OOB_READ)
		return -EINVAL;
	if (sk->sk_state == TCP_CLOSE && !sock_flag(sk, SOCK_DONE))
		return -ENOTCONN;
	if (lsk->oob_state == LTCP_OOB_VALID)
		return ltcp_copy_oob(lsk, msg, len, flags);
	if (sk->sk_state == TCP_CLOSE || (sk->sk_shutdown & RCV_SHUTDOWN))
		return 0;
	return -EAGAIN;
}

/* The skb that holds @seq, and where in it */
static struct sk_buff *ltcp_recv_find(struct sock *sk, u32 seq, u32 *offset)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		*offset = seq - LTCP_CB(skb)->seq;
		if (*offset < skb->len)
			return skb;
	}
	return NULL;
}

/* The urgent mark has been passed: there is nothing urgent any more (section 3.8.5) */
static void ltcp_pass_mark(struct ltcp_sock *lsk)
{
	if (lsk->oob_state == LTCP_OOB_NONE || seq_le(lsk->copied_seq, lsk->oob_seq))
		return;
	WRITE_ONCE(lsk->oob_state, LTCP_OOB_NONE);
}

static void ltcp_recv_advance(struct sock *sk, struct ltcp_reader *rd, u32 n)
{
	rd->seq += n;
	if (rd->flags & MSG_PEEK)
		return;
	WRITE_ONCE(ltcp_sk(sk)->copied_seq, rd->seq);
	ltcp_pass_mark(ltcp_sk(sk));
}

/*
 * Of @n octets from @rd->seq on: how many lie before the urgent one? If it is
 * the first, it is read in line, or left out (@skip).
 */
static u32 ltcp_recv_until_mark(const struct sock *sk, const struct ltcp_reader *rd, u32 n,
				bool *skip)
{
	const struct ltcp_sock *lsk = ltcp_sk(sk);
	u32 before = lsk->oob_seq - rd->seq;

	*skip = false;
	if (lsk->oob_state == LTCP_OOB_NONE || before >= n)
		return n;
	if (before)
		return before;
	*skip = ltcp_out_of_line(sk);
	return *skip ? 1 : n;
}

static bool ltcp_wants_stamps(const struct sock *sk)
{
	return sock_flag(sk, SOCK_RCVTSTAMP) || READ_ONCE(sk->sk_tsflags);
}

/* SO_TIMESTAMP and the like tell of the last packet that a call reads from */
static void ltcp_recv_stamp(struct ltcp_reader *rd, struct sk_buff *skb)
{
	if (rd->stamped == skb)
		return;
	kfree_skb(rd->stamped);
	rd->stamped = skb_get(skb);
}

static void ltcp_tell_stamp(struct sock *sk, struct ltcp_reader *rd)
{
	if (!rd->stamped)
		return;
	if (rd->copied && ktime_to_ns(rd->stamped->tstamp))
		__sock_recv_timestamp(rd->msg, sk, rd->stamped);
	kfree_skb(rd->stamped);
}

/* sk_eat_skb() would free it although a reader still wants to tell its time */
static void ltcp_recv_eat(struct sock *sk, struct sk_buff *skb)
{
	__skb_unlink(skb, &sk->sk_receive_queue);
	if (skb_unref(skb))
		__kfree_skb(skb);
}

/* Return: octets that have got to where they go, or -errno */
static int ltcp_recv_deliver(struct sock *sk, struct ltcp_reader *rd, struct sk_buff *skb,
			     u32 offset, u32 n)
{
	if (unlikely(rd->pipe))
		return skb_splice_bits(skb, sk, offset, rd->pipe, n, 0) ? : -ENOMEM;
	if (!(rd->flags & MSG_TRUNC) && skb_copy_datagram_msg(skb, offset, rd->msg, n))
		return -EFAULT;
	if (unlikely(ltcp_wants_stamps(sk)))
		ltcp_recv_stamp(rd, skb);
	return n;
}

static int ltcp_recv_copy(struct sock *sk, struct ltcp_reader *rd, struct sk_buff *skb, u32 offset)
{
	u32 n = min_t(size_t, skb->len - offset, rd->left);
	bool skip;

	n = ltcp_recv_until_mark(sk, rd, n, &skip);
	if (skip) {
		rd->hole++;
	} else {
		int got = ltcp_recv_deliver(sk, rd, skb, offset, n);

		if (got < 0)
			return got;
		n = got;
		rd->copied += n;
		rd->left -= n;
	}
	ltcp_recv_advance(sk, rd, n);
	if (offset + n == skb->len && !(rd->flags & MSG_PEEK))
		ltcp_recv_eat(sk, skb);
	return 0;
}

/* Nothing more to read: why is it no use to wait? 0: it is; else what to return */
static int ltcp_recv_stop(struct sock *sk, const struct ltcp_reader *rd)
{
	if (rd->copied)
		return !rd->timeo || sk->sk_err || sk->sk_state == TCP_CLOSE ||
		       (sk->sk_shutdown & RCV_SHUTDOWN) || signal_pending(current);
	if (sock_flag(sk, SOCK_DONE))
		return LTCP_READ_ENDS;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return LTCP_READ_ENDS;
	if (sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	if (!rd->timeo)
		return -EAGAIN;
	return signal_pending(current) ? sock_intr_errno(rd->timeo) : 0;
}

/* Others may have read meanwhile what this call has only peeked at */
static void ltcp_recv_resume(const struct sock *sk, struct ltcp_reader *rd)
{
	u32 copied_seq = ltcp_sk(sk)->copied_seq;

	if (!(rd->flags & MSG_PEEK) || rd->seq - rd->copied - rd->hole - rd->peeked != copied_seq)
		rd->seq = copied_seq;
}

static int ltcp_recv_wait(struct sock *sk, struct ltcp_reader *rd)
{
	struct sk_buff *last = skb_peek_tail(&sk->sk_receive_queue);
	bool enough = rd->copied >= rd->target;
	int err;

	if (enough && !READ_ONCE(sk->sk_backlog.tail))
		return LTCP_READ_ENDS;
	err = ltcp_recv_stop(sk, rd);
	if (err)
		return err;
	if (enough) {
		sk_flush_backlog(sk);
	} else {
		if (!(rd->flags & MSG_PEEK))
			ltcp_socket_taken(sk);
		ltcp_sk(sk)->readers++;
		err = sk_wait_data(sk, &rd->timeo, last);
		ltcp_sk(sk)->readers--;
	}
	ltcp_recv_resume(sk, rd);
	return min(err, 0);
}

/* A read never passes the urgent mark: it ends there, and the next begins there */
static int ltcp_recv_step(struct sock *sk, struct ltcp_reader *rd)
{
	const struct ltcp_sock *lsk = ltcp_sk(sk);
	struct sk_buff *skb;
	u32 offset;

	if (unlikely(lsk->oob_state != LTCP_OOB_NONE) && lsk->oob_seq == rd->seq) {
		if (rd->copied)
			return LTCP_READ_ENDS;
		if (signal_pending(current))
			return rd->timeo ? sock_intr_errno(rd->timeo) : -EAGAIN;
	}
	skb = ltcp_recv_find(sk, rd->seq, &offset);
	return skb ? ltcp_recv_copy(sk, rd, skb, offset) : ltcp_recv_wait(sk, rd);
}

/* Read until there is no more, or no more room; the caller makes known what was taken */
static int ltcp_recv_loop(struct sock *sk, struct ltcp_reader *rd)
{
	int err;

	do {
		err = ltcp_recv_step(sk, rd);
	} while (!err && rd->left);
	return err;
}

static int ltcp_recvmsg_locked(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct ltcp_reader rd = {
		.msg = msg,
		.left = len,
		.flags = flags,
		.target = sock_rcvlowat(sk, flags & MSG_WAITALL, len),
		.peeked = max(sk_peek_offset(sk, flags), 0),
		.timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT),
	};
	int err;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	if (flags & MSG_OOB)
		return ltcp_recv_oob(sk, msg, len, flags);
	rd.seq = ltcp_sk(sk)->copied_seq + rd.peeked;
	err = ltcp_recv_loop(sk, &rd);
	ltcp_tell_stamp(sk, &rd);
	if (flags & MSG_PEEK) {
		sk_peek_offset_fwd(sk, rd.copied);
	} else {
		sk_peek_offset_bwd(sk, rd.copied);
		ltcp_socket_taken(sk);
	}
	return rd.copied ? : min(err, 0);
}

/* TCP_INQ: octets left to read; 1 when the end was read, so that the user asks once more */
static int ltcp_recv_hint(const struct sock *sk)
{
	return ltcp_socket_unread(sk) ? : sock_flag(sk, SOCK_DONE);
}

/* SO_BUSY_POLL: ask the device for what is waited for */
static void ltcp_recv_poll(struct sock *sk, bool nonblock)
{
	if (sk_can_busy_loop(sk) && skb_queue_empty_lockless(&sk->sk_receive_queue) &&
	    READ_ONCE(sk->sk_state) == TCP_ESTABLISHED)
		sk_busy_loop(sk, nonblock);
}

/**
 * ltcp_recvmsg() - proto.recvmsg
 * @sk: not locked
 * @msg: where text goes
 * @len: octets of room
 * @flags: MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT, MSG_TRUNC, MSG_OOB and MSG_ERRQUEUE are heeded
 * @addr_len: of the peer's address, which a connection does not give: untouched
 *
 * Return: octets read; 0: the peer sends no more; or -errno
 */
int ltcp_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len)
{
	int ret, left;
	bool tell;

	if (unlikely(flags & MSG_ERRQUEUE))
		return inet_recv_error(sk, msg, len, addr_len);
	ltcp_recv_poll(sk, flags & MSG_DONTWAIT);
	lock_sock(sk);
	ret = ltcp_recvmsg_locked(sk, msg, len, flags);
	left = ltcp_recv_hint(sk);
	tell = ret >= 0 && ltcp_sk(sk)->inq;
	release_sock(sk);
	msg->msg_inq = left;
	if (unlikely(tell))
		put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(left), &left);
	return ret;
}

static int ltcp_splice_locked(struct sock *sk, struct ltcp_reader *rd)
{
	int err;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	rd->seq = ltcp_sk(sk)->copied_seq;
	err = ltcp_recv_loop(sk, rd);
	sk_peek_offset_bwd(sk, rd->copied);
	ltcp_socket_taken(sk);
	return rd->copied ? : min(err, 0);
}

/**
 * ltcp_stream_splice_read() - proto_ops.splice_read: pages of received text into a pipe
 * @sock: not locked
 * @ppos: where to read, which a stream does not know
 * @pipe: locked
 * @len: octets
 * @flags: SPLICE_F_*; whether to wait for text is the socket's affair (O_NONBLOCK)
 *
 * Return: octets moved, as many as there are or the pipe has room for; 0: the peer sends
 * no more; or -errno
 */
ssize_t ltcp_stream_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
				size_t len, unsigned int flags)
{
	bool nonblock = sock->file->f_flags & O_NONBLOCK;
	struct sock *sk = sock->sk;
	struct ltcp_reader rd = {
		.pipe = pipe,
		.left = min_t(size_t, len, INT_MAX),
		.target = 1,
		.timeo = sock_rcvtimeo(sk, nonblock),
	};
	int ret;

	ltcp_recv_poll(sk, nonblock);
	lock_sock(sk);
	ret = ltcp_splice_locked(sk, &rd);
	release_sock(sk);
	return ret;
}
