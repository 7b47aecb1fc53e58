/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernel versions: the only file that asks for one. The
 * rest of LTCP is written for the newest kernel as far as possible.
 */
#ifndef LTCP_COMPAT_H
#define LTCP_COMPAT_H

#include <linux/bpf-cgroup.h>
#include <linux/bvec.h>
#include <linux/hrtimer.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <net/gro.h>
#include <net/inet_common.h>
#include <net/inet_sock.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#define LTCP_KERNEL_BEFORE(major, minor) \
	(LINUX_VERSION_CODE < KERNEL_VERSION(major, minor, 0))

#if !LTCP_KERNEL_BEFORE(6, 5)
#include <net/gso.h>
#endif

#if LTCP_KERNEL_BEFORE(6, 12)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

/*
 * Most kernels are configured to zero what a function has not initialised. A
 * large structure that the next call fills, for each segment, can do without.
 */
#ifndef __uninitialized
#if __has_attribute(__uninitialized__)
#define __uninitialized	__attribute__((__uninitialized__))
#else
#define __uninitialized
#endif
#endif

/* skb_set_delivery_time() is told a clock since 6.11; before, whether it is this one */
#if LTCP_KERNEL_BEFORE(6, 11)
#define SKB_CLOCK_MONOTONIC	true
#endif

/*
 * proto.accept: LTCP_COMPAT_ACCEPT(fn) after the definition of fn, written as
 * 6.10 and later want it, and .accept = ltcp_compat_accept(fn).
 */
#if LTCP_KERNEL_BEFORE(6, 10)
struct proto_accept_arg {
	int flags;
	int err;
	int is_empty;
	bool kern;
};

#define LTCP_COMPAT_ACCEPT(fn)							\
static struct sock *fn##_compat_accept(struct sock *sk, int flags, int *err, bool kern) \
{										\
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };		\
										\
	sk = fn(sk, &arg);							\
	*err = arg.err;								\
	return sk;								\
}

#define ltcp_compat_accept(fn)	fn##_compat_accept
#else
#define LTCP_COMPAT_ACCEPT(fn)
#define ltcp_compat_accept(fn)	fn
#endif

/*
 * Protocols may answer for options of level SOL_SOCKET themselves after 6.1: sockets say so
 * one by one, those that are accepted, too. ltcp_compat_stream_accept is for
 * proto_ops.accept.
 */
#if LTCP_KERNEL_BEFORE(6, 10)
static inline void ltcp_compat_answer_sockopts(struct socket *sock)
{
}

#define ltcp_compat_stream_accept	inet_accept
#else
static inline void ltcp_compat_answer_sockopts(struct socket *sock)
{
	set_bit(SOCK_CUSTOM_SOCKOPT, &sock->flags);
}

static inline int ltcp_compat_stream_accept(struct socket *sock, struct socket *newsock,
					    struct proto_accept_arg *arg)
{
	int err = inet_accept(sock, newsock, arg);

	if (!err)
		ltcp_compat_answer_sockopts(newsock);
	return err;
}
#endif

/*
 * proto.ioctl: LTCP_COMPAT_IOCTL(fn) after the definition of fn, written as
 * 6.5 and later want it, and .ioctl = ltcp_compat_ioctl(fn).
 */
#if LTCP_KERNEL_BEFORE(6, 5)
#define LTCP_COMPAT_IOCTL(fn)							\
static int fn##_compat_ioctl(struct sock *sk, int cmd, unsigned long arg)	\
{										\
	int val = 0;								\
	int err = fn(sk, cmd, &val);						\
										\
	return err ?: put_user(val, (int __user *)arg);				\
}

#define ltcp_compat_ioctl(fn)	fn##_compat_ioctl
#else
#define LTCP_COMPAT_IOCTL(fn)
#define ltcp_compat_ioctl(fn)	fn
#endif

/*
 * proto_ops.splice_eof tells that no more follows, in spite of MSG_MORE, since
 * 6.5; later releases of 6.1 have it too, and name the flag that came with it.
 */
#ifdef MSG_SPLICE_PAGES
#define LTCP_COMPAT_SPLICE_EOF(fn)	.splice_eof = (fn),
#else
#define LTCP_COMPAT_SPLICE_EOF(fn)
#define MSG_SPLICE_PAGES	0x8000000
#endif

/*
 * Since 6.5 sendmsg() with MSG_SPLICE_PAGES takes pages as they are; before, there
 * is proto_ops.sendpage: LTCP_COMPAT_SENDPAGE(fn) where fn is what 6.5 and
 * later have for proto.sendmsg, and LTCP_COMPAT_SENDPAGE_OP(fn) in proto_ops.
 */
#if LTCP_KERNEL_BEFORE(6, 5)
#define LTCP_COMPAT_SENDPAGE(fn)						\
static ssize_t fn##_compat_sendpage(struct socket *sock, struct page *page,	\
				    int offset, size_t size, int flags)		\
{										\
	struct bio_vec piece = {						\
		.bv_page = page,						\
		.bv_len = size,							\
		.bv_offset = offset,						\
	};									\
	struct msghdr msg = {							\
		.msg_flags = (flags & (MSG_DONTWAIT | MSG_NOSIGNAL)) | MSG_SPLICE_PAGES, \
	};									\
										\
	if (flags & (MSG_MORE | MSG_SENDPAGE_NOTLAST))				\
		msg.msg_flags |= MSG_MORE;					\
	iov_iter_bvec(&msg.msg_iter, WRITE, &piece, 1, size);			\
	return fn(sock->sk, &msg, size);					\
}

#define LTCP_COMPAT_SENDPAGE_OP(fn)	.sendpage = fn##_compat_sendpage,
#else
#define LTCP_COMPAT_SENDPAGE(fn)
#define LTCP_COMPAT_SENDPAGE_OP(fn)
#endif

/* The address's length, which programs may not change here, is handed over since 6.7. */
#if LTCP_KERNEL_BEFORE(6, 7)
#define LTCP_COMPAT_CGROUP_CONNECT(version, sk, addr, len)			\
	({ (void)(len); BPF_CGROUP_RUN_PROG_INET##version##_CONNECT(sk, addr); })
#else
#define LTCP_COMPAT_CGROUP_CONNECT(version, sk, addr, len)			\
	BPF_CGROUP_RUN_PROG_INET##version##_CONNECT(sk, addr, len)
#endif

/* TCP_IS_MPTCP is new in 6.10. */
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP	43
#endif

/* struct tcp_info has grown in 6.2 ... */
static inline void ltcp_compat_info_rcv_wnd(struct tcp_info *info, u32 rcv_wnd)
{
#if !LTCP_KERNEL_BEFORE(6, 2)
	info->tcpi_rcv_wnd = rcv_wnd;
#endif
}

static inline void ltcp_compat_info_rehash(struct tcp_info *info, u32 rehashes)
{
#if !LTCP_KERNEL_BEFORE(6, 2)
	info->tcpi_rehash = rehashes;
#endif
}

/* ... and in 6.7. */
static inline void ltcp_compat_info_rtos(struct tcp_info *info, u16 rtos, u16 recoveries, u32 ms)
{
#if !LTCP_KERNEL_BEFORE(6, 7)
	info->tcpi_total_rto = rtos;
	info->tcpi_total_rto_recoveries = recoveries;
	info->tcpi_total_rto_time = ms;
#endif
}

/* The flag RECVERR of an inet_sock was a bit-field before 6.6. */
static inline bool ltcp_compat_inet_RECVERR(const struct sock *sk)
{
#if LTCP_KERNEL_BEFORE(6, 6)
	return inet_sk(sk)->recverr;
#else
	return inet_test_bit(RECVERR, sk);
#endif
}

/* So was the one that tells inet_stream_connect() that a connection waits for text. */
static inline void ltcp_compat_set_defer_connect(struct sock *sk, bool on)
{
#if LTCP_KERNEL_BEFORE(6, 6)
	inet_sk(sk)->defer_connect = on;
#else
	inet_assign_bit(DEFER_CONNECT, sk, on);
#endif
}

#if IS_ENABLED(CONFIG_IPV6)
/* proto.ipv6_pinfo_offset is new in 6.6. */
static inline void ltcp_compat_ipv6_pinfo_offset(struct proto *prot, size_t offset)
{
#if !LTCP_KERNEL_BEFORE(6, 6)
	prot->ipv6_pinfo_offset = offset;
#endif
}

/* The socket's own flags of IPv6 became inet_sock's in 6.7. */
#if LTCP_KERNEL_BEFORE(6, 7)
#define LTCP_COMPAT_INET6_FLAG(flag, field)					\
static inline bool ltcp_compat_inet6_##flag(const struct sock *sk)		\
{										\
	return inet6_sk(sk)->field;						\
}
#else
#define LTCP_COMPAT_INET6_FLAG(flag, field)					\
static inline bool ltcp_compat_inet6_##flag(const struct sock *sk)		\
{										\
	return inet6_test_bit(flag, sk);					\
}
#endif

LTCP_COMPAT_INET6_FLAG(RECVERR6, recverr)
LTCP_COMPAT_INET6_FLAG(REPFLOW, repflow)
LTCP_COMPAT_INET6_FLAG(SNDFLOW, sndflow)

/* The flow labels that a socket has reserved are none of its copy's. */
static inline void ltcp_compat_inet6_no_labels(struct sock *sk)
{
#if LTCP_KERNEL_BEFORE(6, 7)
	RCU_INIT_POINTER(inet6_sk(sk)->ipv6_fl_list, NULL);
#else
	RCU_INIT_POINTER(inet_sk(sk)->ipv6_fl_list, NULL);
#endif
}

/* No address is noted, so that any change of routes makes the socket look again. */
static inline void ltcp_compat_ip6_dst_store(struct sock *sk, struct dst_entry *dst)
{
#if LTCP_KERNEL_BEFORE(6, 12)
	ip6_dst_store(sk, dst, NULL, NULL);
#else
	ip6_dst_store(sk, dst, NULL, false);
#endif
}
#endif

/*
 * GRO: may IP's header follow those that were merged? Before 6.10 IP says so
 * in the control block, and expects the transport to settle whether IDs count up.
 */
static inline bool ltcp_compat_gro_ip_flush(const void *th, const void *held, struct sk_buff *p)
{
#if LTCP_KERNEL_BEFORE(6, 10)
	bool first = NAPI_GRO_CB(p)->count == 1 && NAPI_GRO_CB(p)->flush_id == 1;

	if (NAPI_GRO_CB(p)->flush)
		return true;
	if (!first || !NAPI_GRO_CB(p)->is_atomic)
		return NAPI_GRO_CB(p)->flush_id;
	NAPI_GRO_CB(p)->is_atomic = false;
	return false;
#else
	return gro_receive_network_flush(th, held, p);
#endif
}

static inline void ltcp_compat_hrtimer_setup(struct hrtimer *timer,
					     enum hrtimer_restart (*fn)(struct hrtimer *),
					     clockid_t clock, enum hrtimer_mode mode)
{
#if LTCP_KERNEL_BEFORE(6, 13)
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
#else
	hrtimer_setup(timer, fn, clock, mode);
#endif
}

/* from_timer() became timer_container_of() in 6.16. */
#if LTCP_KERNEL_BEFORE(6, 16)
#define ltcp_compat_from_timer(var, timer, field)	from_timer(var, timer, field)
#else
#define ltcp_compat_from_timer(var, timer, field)	timer_container_of(var, timer, field)
#endif

/* What a sysctl's handler is given cannot be changed since 6.11. */
#if LTCP_KERNEL_BEFORE(6, 11)
#define LTCP_COMPAT_CTL_TABLE	struct ctl_table
#else
#define LTCP_COMPAT_CTL_TABLE	const struct ctl_table
#endif

/* Before 6.6 the table ends at an empty entry, which callers provide in any case. */
static inline struct ctl_table_header *ltcp_compat_register_sysctl(struct net *net,
								   const char *path,
								   struct ctl_table *table,
								   size_t size)
{
#if LTCP_KERNEL_BEFORE(6, 6)
	return register_net_sysctl(net, path, table);
#else
	return register_net_sysctl_sz(net, path, table, size);
#endif
}

#endif
