// SPDX-License-Identifier: GPL-2.0
/* SEND (RFC 9293 section 3.10.2): text goes from the user into the send queue. */
#include <linux/net.h>
#include <linux/skbuff.h>
#include <net/inet_common.h>
#include <net/tcp_states.h>

#include "autocork.h"
#include "fastopen.h"
#include "output.h"
#include "pages.h"
#include "stream.h"

/* After so many packets' worth of text, see to what has arrived meanwhile */
#define LTCP_SEND_BATCH	16
/* A send buffer holds at least twice so many full segments: RFC 6928's first flight */
#define LTCP_SEND_SEGMENTS	10

/* What a full segment in the queue costs */
static u32 ltcp_send_cost(const struct ltcp_tcb *tcb)
{
	u32 head = LTCP_MAX_HEADER + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));

	return roundup_pow_of_two(head) + SKB_DATA_ALIGN(sizeof(struct sk_buff)) + tcb->snd_mss;
}

/*
 * Unless its user has chosen its size, the send buffer grows with the
 * congestion window: room for all that is in flight, and as much to follow.
 */
static void ltcp_send_expand(struct sock *sk)
{
	const struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	u32 segments = max_t(u32, tcb->cwnd / max_t(u32, tcb->snd_mss, 1), LTCP_SEND_SEGMENTS);
	u64 want = 2ull * segments * ltcp_send_cost(tcb);

	if ((sk->sk_userlocks & SOCK_SNDBUF_LOCK) || ltcp_socket_memory_pressure())
		return;
	want = min_t(u64, want, READ_ONCE(ltcp_sk_net(sk)->set.base_wmem[2]));
	if (sk->sk_sndbuf < (int)want)
		WRITE_ONCE(sk->sk_sndbuf, want);
}

bool ltcp_stream_memory_free(const struct sock *sk, int wake)
{
	const struct ltcp_sock *lsk = ltcp_sk(sk);
	u32 lowat = READ_ONCE(lsk->notsent_lowat);

	/* Who waits is told when half of it has gone */
	return !lowat || (u64)ltcp_unsent(&lsk->tcb) << wake < lowat;
}

void ltcp_socket_sent(struct sock *sk)
{
	if (READ_ONCE(ltcp_sk(sk)->notsent_lowat) && sk->sk_socket &&
	    test_bit(SOCK_NOSPACE, &sk->sk_socket->flags))
		ltcp_socket_room(sk);
}

/* To those who wait; under rcu_read_lock() */
static void ltcp_send_tell(struct sock *sk, struct socket *sock)
{
	struct socket_wq *wq = rcu_dereference(sk->sk_wq);

	clear_bit(SOCK_NOSPACE, &sock->flags);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	if (wq && wq->fasync_list && !(sk->sk_shutdown & SEND_SHUTDOWN))
		sock_wake_async(wq, SOCK_WAKE_SPACE, POLL_OUT);
}

void ltcp_socket_write_space(struct sock *sk)
{
	struct socket *sock;

	ltcp_autocork_freed(sk);
	/* close() may just be taking the socket from us; it lasts for a grace period */
	rcu_read_lock();
	sock = READ_ONCE(sk->sk_socket);
	if (sock && test_bit(SOCK_NOSPACE, &sock->flags) && sk_stream_is_writeable(sk))
		ltcp_send_tell(sk, sock);
	rcu_read_unlock();
}

void ltcp_socket_room(struct sock *sk)
{
	ltcp_send_expand(sk);
	sk->sk_write_space(sk);
}

/* The user wants to know when its last octet has gone, or was acknowledged */
static bool ltcp_send_stamped(const struct sk_buff *skb)
{
	return skb_shinfo(skb)->tx_flags || LTCP_CB(skb)->stamp_ack;
}

/* Who lends memory for this call, and is to know when it is not needed any more */
static struct ubuf_info *ltcp_send_lender(const struct msghdr *msg)
{
	return unlikely(msg->msg_flags & MSG_ZEROCOPY) ? msg->msg_ubuf : NULL;
}

/*
 * The last skb in the queue, if it may grow: some of it is still to be sent,
 * no packet under way shares its list of pages, and they are all of one lender.
 */
static struct sk_buff *ltcp_send_tail(const struct sock *sk, const struct msghdr *msg)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (!skb || !sk->sk_send_head || skb_cloned(skb) || ltcp_send_stamped(skb) ||
	    skb_zcopy(skb) != ltcp_send_lender(msg))
		return NULL;
	return skb;
}

/* An empty skb: text will lie in pages, room for headers ahead of it */
static struct sk_buff *ltcp_send_alloc(struct sock *sk)
{
	struct sk_buff *skb = alloc_skb_fclone(LTCP_MAX_HEADER, sk->sk_allocation);

	if (!skb) {
		sk->sk_prot->enter_memory_pressure(sk);
		sk_stream_moderate_sndbuf(sk);
		return NULL;
	}
	if (!sk_wmem_schedule(sk, skb->truesize)) {
		if (!skb_queue_empty(&sk->sk_write_queue)) {
			__kfree_skb(skb);
			return NULL;
		}
		ltcp_socket_claim(sk, skb->truesize);
	}
	skb_reserve(skb, LTCP_MAX_HEADER);
	skb->ip_summed = CHECKSUM_PARTIAL;	/* or else text is summed while it is copied */
	return skb;
}

/* Octets that the send buffer has room for; negative when it holds more than it should */
static int ltcp_send_room(struct sock *sk)
{
	if (!sk_stream_memory_free(sk))
		ltcp_send_expand(sk);
	return sk->sk_sndbuf - sk->sk_wmem_queued;
}

/*
 * Append @n octets where the skb has room behind its headers, which is paid for
 * already. Short messages fit there, and a page for them would cost more.
 */
static int ltcp_send_linear(struct sk_buff *skb, struct msghdr *msg, int n)
{
	if (!copy_from_iter_full(skb_tail_pointer(skb), n, &msg->msg_iter))
		return -EFAULT;
	__skb_put(skb, n);
	return n;
}

/*
 * Of @n octets so many as all sockets' memory allows. Who has nothing in the queue
 * whose acknowledgment would wake him gets a page's worth in any case.
 */
static int ltcp_send_afford(struct sock *sk, int n)
{
	int least = (int)PAGE_SIZE - sk->sk_wmem_queued;

	if (sk_wmem_schedule(sk, n))
		return n;
	if (least <= 0)
		return -ENOBUFS;
	n = min(n, least);
	ltcp_socket_claim(sk, n);
	return n;
}

/* Copy at most one page fragment of the user's octets to @skb; as ltcp_send_fill() */
static int ltcp_send_copy(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, int n)
{
	struct page_frag *pfrag = sk_page_frag(sk);
	int err;

	if (!sk_page_frag_refill(sk, pfrag))
		return -ENOBUFS;
	if (!ltcp_pages_fit(skb, pfrag->page, pfrag->offset))
		return 0;
	n = min_t(int, n, pfrag->size - pfrag->offset);
	n = min_t(size_t, n, msg_data_left(msg));
	n = ltcp_send_afford(sk, n);
	if (n < 0)
		return n;
	err = skb_copy_to_page_nocache(sk, &msg->msg_iter, skb, pfrag->page, pfrag->offset, n);
	if (err)
		return err;
	ltcp_pages_add(skb, pfrag->page, pfrag->offset, n);
	pfrag->offset += n;
	return n;
}

/* splice() and sendfile() bring pages, which need not be copied */
static bool ltcp_send_brings_pages(const struct msghdr *msg)
{
	return unlikely(msg->msg_flags & MSG_SPLICE_PAGES) && iov_iter_is_bvec(&msg->msg_iter);
}

static bool ltcp_send_add_page(struct sock *sk, struct sk_buff *skb, struct page *page,
			       unsigned int offset, int n)
{
	if (!ltcp_pages_add(skb, page, offset, n))
		return false;
	/* Who owns it may go on writing to it */
	skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
	skb->len += n;
	skb->data_len += n;
	skb->truesize += n;
	sk_wmem_queued_add(sk, n);
	sk_mem_charge(sk, n);
	return true;
}

/* Append what lies in one of the user's pages, and the page to @skb; as ltcp_send_fill() */
static int ltcp_send_page(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, int most)
{
	struct page *page;
	size_t offset;
	ssize_t got = iov_iter_get_pages2(&msg->msg_iter, &page, most, 1, &offset);
	int n;

	if (got <= 0)
		return -EFAULT;
	n = ltcp_send_afford(sk, got);
	if (n > 0 && !ltcp_send_add_page(sk, skb, page, offset, n))
		n = 0;
	iov_iter_revert(&msg->msg_iter, got - max(n, 0));
	put_page(page);
	return n;
}

/* Append what is lent, and note in @skb by whom; as ltcp_send_fill() */
static int ltcp_send_lent(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, int n)
{
	int ret;

	n = ltcp_send_afford(sk, min_t(size_t, n, msg_data_left(msg)));
	if (n < 0)
		return n;
	ret = skb_zerocopy_iter_stream(sk, skb, msg, n, ltcp_send_lender(msg));
	return ret == -EMSGSIZE && skb->len ? 0 : ret;
}

/*
 * Append the user's octets to @skb, at most one page of them if they are copied.
 * Return: how many; 0: @skb is full; -ENOBUFS: wait for memory; -EFAULT
 */
static int ltcp_send_fill(struct sock *sk, struct sk_buff *skb, struct msghdr *msg)
{
	int n = ltcp_transmit_burst(&ltcp_sk(sk)->tcb) - skb->len;

	if (n <= 0)
		return 0;
	if (msg_data_left(msg) <= min(n, skb_tailroom(skb)) && !ltcp_send_lender(msg))
		return ltcp_send_linear(skb, msg, msg_data_left(msg));
	/* A small segment is filled in any case, a large one as far as there is room */
	n = min(n, max(ltcp_send_room(sk), (int)PAGE_SIZE - (int)skb->len));
	if (n <= 0)
		return -ENOBUFS;
	if (ltcp_send_lender(msg))
		return ltcp_send_lent(sk, skb, msg, n);
	return ltcp_send_brings_pages(msg) ? ltcp_send_page(sk, skb, msg, n) :
					     ltcp_send_copy(sk, skb, msg, n);
}

/* @truesize: of @skb before text was added, which has been charged already */
static void ltcp_send_queue(struct sock *sk, struct sk_buff *skb, unsigned int truesize)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);

	LTCP_CB(skb)->seq = lsk->tcb.snd_end;
	LTCP_CB(skb)->end = lsk->tcb.snd_end;
	LTCP_CB(skb)->stamp_ack = false;
	__skb_header_release(skb);
	__skb_queue_tail(&sk->sk_write_queue, skb);
	sk_wmem_queued_add(sk, truesize);
	sk_mem_charge(sk, truesize);
	if (!sk->sk_send_head)
		sk->sk_send_head = skb;
}

/* As ltcp_send_fill(), for an skb of its own */
static int ltcp_send_new(struct sock *sk, struct msghdr *msg)
{
	unsigned int truesize;
	struct sk_buff *skb;
	int n;

	if (ltcp_send_room(sk) <= 0 || !ltcp_stream_memory_free(sk, 0))
		return -ENOBUFS;
	skb = ltcp_send_alloc(sk);
	if (!skb)
		return -ENOBUFS;
	truesize = skb->truesize;
	n = ltcp_send_fill(sk, skb, msg);
	if (n > 0) {
		ltcp_send_queue(sk, skb, truesize);
		return n;
	}
	/* What was lent and could not be had is charged all the same */
	truesize = skb->truesize - truesize;
	sk_wmem_queued_add(sk, -truesize);
	sk_mem_uncharge(sk, truesize);
	__kfree_skb(skb);
	return n;
}

/*
 * An skb is full and there is more to come. What does not fill a packet, since most of
 * the skb has been sent, goes with the rest of the call: it is known then what ends it.
 */
static void ltcp_send_burst(struct sock *sk)
{
	const struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;

	if (ltcp_unsent(tcb) >= ltcp_transmit_burst(tcb))
		ltcp_output(sk, ltcp_now());
}

/* Queue some of the user's octets; what fills a packet is sent if it may be */
static int ltcp_send_some(struct sock *sk, struct msghdr *msg, bool *fresh)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	struct sk_buff *skb = ltcp_send_tail(sk, msg);
	int n = skb ? ltcp_send_fill(sk, skb, msg) : 0;

	*fresh = !n;
	if (!n)
		n = ltcp_send_new(sk, msg);
	if (n <= 0)
		return n;
	skb = skb_peek_tail(&sk->sk_write_queue);
	LTCP_CB(skb)->end += n;
	/* The last octet of the call is the urgent one (MUST-62) */
	ltcp_fsm_send(tcb, n, (msg->msg_flags & MSG_OOB) && !msg_data_left(msg));
	if (skb->len >= ltcp_transmit_burst(tcb) && msg_data_left(msg))
		ltcp_send_burst(sk);
	return n;
}

void ltcp_socket_push(struct sock *sk, bool more)
{
	ltcp_sk(sk)->tcb.more = more;
	if (ltcp_may_transmit(&ltcp_sk(sk)->tcb))
		ltcp_output(sk, ltcp_now());
}

void ltcp_socket_push_earlier(struct sock *sk)
{
	const struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;

	if (!tcb->more && ltcp_unsent(tcb))
		ltcp_socket_push(sk, false);
}

/* More will follow, the user says */
static bool ltcp_send_more(const struct sock *sk, const struct msghdr *msg)
{
	return (msg->msg_flags & MSG_MORE) || ltcp_sk(sk)->cork;
}

/* Is what was queued left for what may follow? What has a timestamp of its own is not. */
static bool ltcp_send_hold(struct sock *sk, const struct msghdr *msg, u32 stamps)
{
	if (likely(!ltcp_autocork_below(sk)) || ltcp_send_more(sk, msg) ||
	    (stamps & SOF_TIMESTAMPING_TX_RECORD_MASK))
		return false;
	ltcp_sk(sk)->tcb.more = false;
	return ltcp_autocork_hold(sk);
}

/* The send buffer is full: let the peer have all of it, and wait */
static int ltcp_send_wait(struct sock *sk, bool push, long *timeo)
{
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	if (push)
		ltcp_socket_push(sk, false);
	return sk_stream_wait_memory(sk, timeo);
}

/* RFC 7413 section 4.2.2: a server need not wait for the handshake's end */
static bool ltcp_send_early(const struct sock *sk)
{
	return sk->sk_state == TCP_SYN_RECV && ltcp_sk(sk)->tcb.fastopen;
}

static bool ltcp_send_over(const struct sock *sk)
{
	return sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN) ||
	       (!LTCP_IN(sk->sk_state, LTCP_MAY_SEND) && !ltcp_send_early(sk));
}

/* Return: 0 when all octets are queued, or -errno */
static int ltcp_send_all(struct sock *sk, struct msghdr *msg, long *timeo, int *sent)
{
	int batch = 0, err = 0, n;
	bool fresh;

	while (!err && msg_data_left(msg)) {
		if (batch >= LTCP_SEND_BATCH) {
			batch = 0;
			sk_flush_backlog(sk);
		}
		if (ltcp_send_over(sk))
			return -EPIPE;
		n = ltcp_send_some(sk, msg, &fresh);
		batch += fresh;
		if (n > 0)
			*sent += n;
		else if (n == -ENOBUFS)
			err = ltcp_send_wait(sk, *sent, timeo);
		else
			err = n;
	}
	return err;
}

/* @stamps: the timestamps that this call asks for, by SO_TIMESTAMPING or a control message */
static int ltcp_send_check_cmsg(struct sock *sk, struct msghdr *msg, u32 *stamps)
{
	struct sockcm_cookie sockc;
	int err;

	*stamps = READ_ONCE(sk->sk_tsflags);
	if (!msg->msg_controllen)
		return 0;
	sockcm_init(&sockc, sk);
	err = sock_cmsg_send(sk, msg, &sockc) ? -EINVAL : 0;
	*stamps = sockc.tsflags;
	return err;
}

/*
 * SOF_TIMESTAMPING_OPT_ID counts octets from where it was switched on, or from the connection's
 * first; @sent of this call are queued already, with the SYN.
 */
static void ltcp_send_number(struct ltcp_sock *lsk, u32 stamps, int sent)
{
	bool id = stamps & SOF_TIMESTAMPING_OPT_ID;

	if (id && !lsk->stamp_id)
		lsk->stamp_base = lsk->tcb.snd_end - sent;
	lsk->stamp_id = id;
}

/* The timestamps are those of the last octet of the call */
static void ltcp_send_stamp(struct sock *sk, u32 stamps)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	struct ltcp_sock *lsk = ltcp_sk(sk);

	if (!skb || !(stamps & SOF_TIMESTAMPING_TX_RECORD_MASK))
		return;
	__sock_tx_timestamp(stamps, &skb_shinfo(skb)->tx_flags);
	LTCP_CB(skb)->stamp_ack = !!(stamps & SOF_TIMESTAMPING_TX_ACK);
	skb_shinfo(skb)->tskey = lsk->tcb.snd_end - 1 - lsk->stamp_base;
}

/* What fits into the SYN is queued, and the SYN goes; 0 or -errno */
static int ltcp_send_syn(struct sock *sk, struct msghdr *msg, int *sent)
{
	size_t all = msg_data_left(msg), most = ltcp_fastopen_room(sk);
	bool fresh;
	int n = 0;

	if (msg->msg_flags & MSG_OOB)	/* there is no urgent text on a SYN */
		most = 0;
	iov_iter_truncate(&msg->msg_iter, most);
	while (msg_data_left(msg) && (n = ltcp_send_some(sk, msg, &fresh)) > 0)
		*sent += n;
	iov_iter_reexpand(&msg->msg_iter, all - *sent);
	ltcp_fastopen_send(sk);
	return n == -EFAULT && !*sent ? n : 0;
}

static int ltcp_send_connect(struct sock *sk, struct msghdr *msg)
{
	int flags = msg->msg_flags & MSG_DONTWAIT ? O_NONBLOCK : 0, err;

	ltcp_sk(sk)->fastopen_now = true;
	err = __inet_stream_connect(sk->sk_socket, msg->msg_name, msg->msg_namelen, flags, 1);
	ltcp_sk(sk)->fastopen_now = false;
	return err;
}

static int ltcp_send_may_open(const struct sock *sk, const struct msghdr *msg)
{
	const struct sockaddr *addr = msg->msg_name;

	if (!(READ_ONCE(ltcp_sk_net(sk)->set.fastopen) & LTCP_FASTOPEN_CLIENT))
		return -EOPNOTSUPP;
	if (addr && msg->msg_namelen >= (int)sizeof(addr->sa_family) &&
	    addr->sa_family == AF_UNSPEC)
		return -EOPNOTSUPP;
	return !addr && sk->sk_state == TCP_CLOSE ? -EINVAL : 0;
}

/*
 * MSG_FASTOPEN, or the first text after TCP_FASTOPEN_CONNECT: with a cookie of the
 * peer's (RFC 7413 section 4.2.1) the SYN takes along what it has room for. Without
 * one the text waits until the connection is open; who does not want to wait sends
 * it again then.
 */
static int ltcp_send_open(struct sock *sk, struct msghdr *msg, int *sent)
{
	const struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	int err = 0;

	if (!tcb->syn_held) {
		err = ltcp_send_may_open(sk, msg) ? : ltcp_send_connect(sk, msg);
		if (err || !tcb->syn_held)
			return err;
	}
	if (sk->sk_state == TCP_SYN_SENT) {
		err = ltcp_send_syn(sk, msg, sent) ? : ltcp_send_connect(sk, msg);
		if (err == -EALREADY)
			err = -EINPROGRESS;
	}
	if (err && err != -EINPROGRESS)
		*sent = 0;
	return err;
}

/* Wait until the connection can send, and check what can be checked beforehand */
static int ltcp_send_begin(struct sock *sk, struct msghdr *msg, long *timeo, u32 *stamps,
			   int *sent)
{
	int err = 0;

	if (unlikely(msg->msg_flags & MSG_FASTOPEN || ltcp_sk(sk)->tcb.syn_held))
		err = ltcp_send_open(sk, msg, sent);
	if (err)
		return err;
	if (sk->sk_state != TCP_ESTABLISHED && sk->sk_state != TCP_CLOSE_WAIT &&
	    !ltcp_send_early(sk))
		err = sk_stream_wait_connect(sk, timeo);
	if (!err)
		err = ltcp_send_check_cmsg(sk, msg, stamps);
	if (!err && ltcp_send_over(sk))
		err = -EPIPE;
	return err;
}

static int ltcp_sendmsg_locked(struct sock *sk, struct msghdr *msg)
{
	long timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	int sent = 0, err;
	u32 stamps = 0;

	err = ltcp_send_begin(sk, msg, &timeo, &stamps, &sent);
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	if (!err) {
		ltcp_send_number(ltcp_sk(sk), stamps, sent);
		if (unlikely(!ltcp_sk(sk)->tcb.gso_max))
			ltcp_output_begin(sk);
		if (unlikely(ltcp_send_more(sk, msg)))
			ltcp_socket_push_earlier(sk);
		err = ltcp_send_all(sk, msg, &timeo, &sent);
	}
	if (sent) {
		if (unlikely(stamps))
			ltcp_send_stamp(sk, stamps);
		if (!ltcp_send_hold(sk, msg, stamps))
			ltcp_socket_push(sk, ltcp_send_more(sk, msg));
		return sent;
	}
	err = err ? sk_stream_error(sk, msg->msg_flags, err) : 0;
	/* Who waits by epoll, edge-triggered, and finds no memory although nothing is queued */
	if (err == -EAGAIN && skb_queue_empty(&sk->sk_write_queue))
		ltcp_socket_room(sk);
	return err;
}

/*
 * MSG_ZEROCOPY after SO_ZEROCOPY: the error queue tells when the memory of this call, one
 * more in its count, may be written to again. Calls follow one another in a note of one skb
 * where they can; what io_uring lends has notes of its own.
 */
static int ltcp_sendmsg_lent(struct sock *sk, struct msghdr *msg)
{
	size_t all = msg_data_left(msg);
	struct ubuf_info *note;
	int ret;

	if (msg->msg_ubuf || !sock_flag(sk, SOCK_ZEROCOPY) || !all)
		return ltcp_sendmsg_locked(sk, msg);
	note = msg_zerocopy_realloc(sk, all, skb_zcopy(skb_peek_tail(&sk->sk_write_queue))) ?:
	       msg_zerocopy_realloc(sk, all, NULL);
	if (!note)
		return -ENOBUFS;
	msg->msg_ubuf = note;
	msg->sg_from_iter = NULL;
	ret = ltcp_sendmsg_locked(sk, msg);
	msg->msg_ubuf = NULL;
	if (ret > 0)
		net_zcopy_put(note);
	else
		net_zcopy_put_abort(note, true);
	return ret;
}

/**
 * ltcp_sendmsg() - proto.sendmsg
 * @sk: not locked
 * @msg: what to send; MSG_OOB, MSG_MORE, MSG_DONTWAIT, MSG_NOSIGNAL, MSG_ZEROCOPY and,
 *	from within the kernel, MSG_SPLICE_PAGES are heeded
 * @size: octets
 *
 * Return: octets taken, which may be fewer, or -errno when none were
 */
int ltcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	int ret;

	lock_sock(sk);
	if (unlikely(msg->msg_flags & MSG_ZEROCOPY))
		ret = ltcp_sendmsg_lent(sk, msg);
	else
		ret = ltcp_sendmsg_locked(sk, msg);
	release_sock(sk);
	return ret;
}

/**
 * ltcp_stream_splice_eof() - proto_ops.splice_eof: no more will follow after all
 * @sock: the last splice() into it asked for MSG_MORE
 */
void ltcp_stream_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;

	lock_sock(sk);
	ltcp_socket_push(sk, ltcp_sk(sk)->cork);
	release_sock(sk);
}
