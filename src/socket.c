// SPDX-License-Identifier: GPL-2.0
/* LTCP's sockets: how they begin, their memory, and what is put where in the kernel's tables. */
#include <linux/module.h>
#include <linux/percpu_counter.h>
#include <linux/sockios.h>
#include <linux/swap.h>
#include <asm/ioctls.h>
#include <net/inet_common.h>
#include <net/ip.h>

#include "autocork.h"
#include "cong.h"
#include "core/window.h"
#include "family.h"
#include "input.h"
#include "listen.h"
#include "ports.h"
#include "stream.h"
#include "timers.h"

/*
 * A connection that was opened by a peer belongs to no memory cgroup: what would
 * enter it there, mem_cgroup_sk_alloc(), is not exported. Its memory counts here.
 */
static atomic_long_t ltcp_memory_allocated ____cacheline_aligned_in_smp;
static DEFINE_PER_CPU(int, ltcp_memory_per_cpu);
static struct percpu_counter ltcp_sockets_allocated;
static unsigned long ltcp_memory_pressure;
long ltcp_mem[3] __read_mostly;

/* What each socket may have even under pressure; only the first is read */
static int ltcp_socket_min[3] = { PAGE_SIZE, PAGE_SIZE, PAGE_SIZE };

static void ltcp_enter_memory_pressure(struct sock *sk)
{
	if (READ_ONCE(ltcp_memory_pressure))
		return;
	WRITE_ONCE(ltcp_memory_pressure, 1);
	LTCP_COUNT(ltcp_sk_net(sk), MEMORY_PRESSURES);
}

bool ltcp_socket_memory_pressure(void)
{
	return READ_ONCE(ltcp_memory_pressure);
}

bool ltcp_socket_memory_full(void)
{
	return atomic_long_read(&ltcp_memory_allocated) > READ_ONCE(ltcp_mem[2]);
}

/*
 * As sk_forced_mem_schedule(), which modules cannot call. What a stream socket asks
 * for is never refused once its send buffer is full: so much more is asked for, and
 * given back. The buffer is made small before, or it could be a lot.
 */
void ltcp_socket_claim(struct sock *sk, int size)
{
	int claim = size - sk->sk_forward_alloc, most;

	if (claim <= 0)
		return;
	sk_stream_moderate_sndbuf(sk);
	most = max(claim, sk->sk_sndbuf - sk->sk_wmem_queued);
	__sk_mem_schedule(sk, most, SK_MEM_SEND);
	if (most - claim >= PAGE_SIZE)
		__sk_mem_reclaim(sk, most - claim);
}

/*
 * Octets that a part of the receive buffer is good for: buffers are counted
 * with what the kernel adds to them, and half is what text of a usual segment
 * leaves. A peer that sends many tiny segments needs more than was promised:
 * what exceeds the buffer is then dropped (ltcp_env.may_store), never kept.
 */
void ltcp_sk_room(const struct sock *sk, struct ltcp_env *env)
{
	int size = READ_ONCE(sk->sk_rcvbuf);
	int held = atomic_read(&sk->sk_rmem_alloc);

	env->space = ltcp_socket_window(sk, size - held - READ_ONCE(sk->sk_backlog.len));
	env->buffer = ltcp_socket_window(sk, size);
	env->unread = ltcp_sk_unread(sk);
	env->may_store = held <= size;
	env->pressed = ltcp_socket_memory_pressure();
}

/* Whoever finds the socket in a list just now may ask for its namespace: @conf must not blink */
void ltcp_socket_renew(struct sock *sk)
{
	ltcp_cong_end(&ltcp_sk(sk)->tcb);
	ltcp_tcb_renew(&ltcp_sk(sk)->tcb);
	ltcp_sk(sk)->stamp_id = 0;	/* the base was of the old sequence space */
	ltcp_totals_end(&ltcp_sk(sk)->totals);
}

/* Runs when a grace period has passed: no lookup can see the socket any more */
static void ltcp_destruct(struct sock *sk)
{
	ltcp_autocork_forget(sk);
	ltcp_listen_free(sk);
	ltcp_totals_end(&ltcp_sk(sk)->totals);
	ltcp_family_of(sk)->destruct(sk);
}

/* A buffer to begin with: the default, but neither less than the least nor than the floor */
static int ltcp_first_size(const int base[3], int floor)
{
	return max3(READ_ONCE(base[0]), READ_ONCE(base[1]), floor);
}

static int ltcp_init_sock(struct sock *sk)
{
	struct ltcp_net *ln = ltcp_net(sock_net(sk));
	struct ltcp_sock *lsk = ltcp_sk(sk);

	lsk->family = ltcp_family_of(sk);
	lsk->node.kind = LTCP_KIND_SOCK;
	lsk->node.af = sk->sk_family;
	lsk->ahead = RB_ROOT;
	ltcp_tcb_init(&lsk->tcb, &ln->conf);
	ltcp_cong_sock_init(sk);
	ltcp_timers_init(sk);

	/* Lookups find connections and listeners under RCU and take no reference */
	sock_set_flag(sk, SOCK_RCU_FREE);
	set_bit(SOCK_SUPPORT_ZC, &sk->sk_socket->flags);
	ltcp_compat_answer_sockopts(sk->sk_socket);
	sk->sk_destruct = ltcp_destruct;
	sk->sk_write_space = ltcp_socket_write_space;
	WRITE_ONCE(sk->sk_sndbuf, ltcp_first_size(ln->set.base_wmem, SOCK_MIN_SNDBUF));
	WRITE_ONCE(sk->sk_rcvbuf, ltcp_first_size(ln->set.base_rmem, SOCK_MIN_RCVBUF));
	sk_sockets_allocated_inc(sk);
	sock_prot_inuse_add(sock_net(sk), sk->sk_prot, 1);
	return 0;
}

static void ltcp_unhash(struct sock *sk)
{
	ltcp_table_remove(ltcp_sk_net(sk), &ltcp_sk(sk)->node);
}

/* The answers of SIOCOUTQ and SIOCOUTQNSD: queued text and FIN from @seq on */
static int ltcp_queued_from(const struct sock *sk, u32 seq)
{
	const struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	u32 end = tcb->snd_end + tcb->fin_queued;

	if (sk->sk_state == TCP_SYN_SENT || sk->sk_state == TCP_SYN_RECV ||
	    sk->sk_state == TCP_CLOSE)
		return 0;
	return seq_gt(end, seq) ? end - seq : 0;
}

static int ltcp_ioctl_locked(struct sock *sk, int cmd, int *karg)
{
	const struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;

	if (cmd != SIOCATMARK && sk->sk_state == TCP_LISTEN)
		return -EINVAL;
	switch (cmd) {
	case SIOCATMARK:
		*karg = ltcp_socket_at_mark(ltcp_sk(sk));
		break;
	case SIOCINQ:
		*karg = ltcp_socket_unread(sk);
		break;
	case SIOCOUTQ:
		*karg = ltcp_queued_from(sk, tcb->snd_una);
		break;
	case SIOCOUTQNSD:
		*karg = ltcp_queued_from(sk, tcb->snd_nxt);
		break;
	}
	return 0;
}

static int ltcp_ioctl(struct sock *sk, int cmd, int *karg)
{
	int err;

	if (cmd != SIOCATMARK && cmd != SIOCINQ && cmd != SIOCOUTQ && cmd != SIOCOUTQNSD)
		return -ENOIOCTLCMD;
	lock_sock(sk);
	err = ltcp_ioctl_locked(sk, cmd, karg);
	release_sock(sk);
	return err;
}

LTCP_COMPAT_IOCTL(ltcp_ioctl)
LTCP_COMPAT_ACCEPT(ltcp_accept)
LTCP_COMPAT_SENDPAGE(ltcp_sendmsg)

static int ltcp_stream_peek_len(struct socket *sock)
{
	int len;

	lock_sock(sock->sk);
	len = ltcp_socket_unread(sock->sk);
	release_sock(sock->sk);
	return len;
}

struct proto ltcp_prot = {
	.name			= "LTCP",
	.owner			= THIS_MODULE,
	.obj_size		= sizeof(struct ltcp_sock),
	.max_header		= LTCP_MAX_HEADER,
	.no_autobind		= true,
	.init			= ltcp_init_sock,
	.destroy		= ltcp_destroy,
	.close			= ltcp_close,
	.pre_connect		= ltcp_ipv4_pre_connect,
	.connect		= ltcp_connect,
	.disconnect		= ltcp_disconnect,
	.accept			= ltcp_compat_accept(ltcp_accept),
	.ioctl			= ltcp_compat_ioctl(ltcp_ioctl),
	.shutdown		= ltcp_shutdown,
	.setsockopt		= ltcp_setsockopt,
	.getsockopt		= ltcp_getsockopt,
	.keepalive		= ltcp_keepalive,
	.sendmsg		= ltcp_sendmsg,
	.recvmsg		= ltcp_recvmsg,
	.backlog_rcv		= ltcp_input_rcv,
	.release_cb		= ltcp_release_cb,
	.unhash			= ltcp_unhash,
	.get_port		= ltcp_ports_bind,
	.put_port		= ltcp_ports_release,
	.stream_memory_free	= ltcp_stream_memory_free,
	.enter_memory_pressure	= ltcp_enter_memory_pressure,
	.memory_allocated	= &ltcp_memory_allocated,
	.per_cpu_fw_alloc	= &ltcp_memory_per_cpu,
	.sockets_allocated	= &ltcp_sockets_allocated,
	.memory_pressure	= &ltcp_memory_pressure,
	.sysctl_mem		= ltcp_mem,
	.sysctl_wmem		= ltcp_socket_min,
	.sysctl_rmem		= ltcp_socket_min,
};

const struct proto_ops ltcp_stream_ops = {
	.family			= PF_INET,
	.owner			= THIS_MODULE,
	.release		= inet_release,
	.bind			= inet_bind,
	.connect		= ltcp_stream_connect,
	.socketpair		= sock_no_socketpair,
	.accept			= ltcp_compat_stream_accept,
	.getname		= inet_getname,
	.poll			= ltcp_stream_poll,
	.ioctl			= inet_ioctl,
	.gettstamp		= sock_gettstamp,
	.listen			= ltcp_stream_listen,
	.shutdown		= inet_shutdown,
	.setsockopt		= ltcp_stream_setsockopt,
	.getsockopt		= sock_common_getsockopt,
	.sendmsg		= inet_sendmsg,
	.recvmsg		= inet_recvmsg,
	.mmap			= sock_no_mmap,
	.peek_len		= ltcp_stream_peek_len,
	.set_rcvlowat		= ltcp_stream_set_rcvlowat,
	.set_peek_off		= sk_set_peek_off,
	.splice_read		= ltcp_stream_splice_read,
	LTCP_COMPAT_SENDPAGE_OP(ltcp_sendmsg)
	LTCP_COMPAT_SPLICE_EOF(ltcp_stream_splice_eof)
};

/* As tcp_mem: a sixteenth of what is free, less a quarter, and half as much again */
static void ltcp_mem_init(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 16, 128ul);

	ltcp_mem[0] = limit / 4 * 3;
	ltcp_mem[1] = limit;
	ltcp_mem[2] = ltcp_mem[0] * 2;
}

int ltcp_socket_init(void)
{
	int err;

	ltcp_mem_init();
	err = percpu_counter_init(&ltcp_sockets_allocated, 0, GFP_KERNEL);
	if (err)
		return err;
	err = ltcp_socket6_init();
	if (err)
		goto out_counter;
	err = proto_register(&ltcp_prot, 1);
	if (err)
		goto out_socket6;
	return 0;

out_socket6:
	ltcp_socket6_exit();
out_counter:
	percpu_counter_destroy(&ltcp_sockets_allocated);
	return err;
}

void ltcp_socket_exit(void)
{
	proto_unregister(&ltcp_prot);
	ltcp_socket6_exit();
	percpu_counter_destroy(&ltcp_sockets_allocated);
}
