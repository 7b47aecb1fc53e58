// SPDX-License-Identifier: GPL-2.0
/* getsockopt() and setsockopt() at level SOL_TCP, and STATUS (RFC 9293 section 3.10.6). */
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <net/ip.h>

#include "compat.h"
#include "cong.h"
#include "core/half.h"
#include "core/pace.h"
#include "core/window.h"
#include "family.h"
#include "fastopen.h"
#include "input.h"
#include "listen.h"
#include "saved_syn.h"
#include "stream.h"
#include "timers.h"

#define LTCP_MIN_USER_MSS	64
#define LTCP_MAX_USER_MSS	32767
#define LTCP_MAX_KEEP_S		32767
#define LTCP_MAX_TRIES		127
#define LTCP_MAX_LINGER2_S	120

static bool ltcp_within(int val, int least, int most)
{
	return val >= least && val <= most;
}

static int ltcp_set_maxseg(struct ltcp_sock *lsk, int val)
{
	if (val && !ltcp_within(val, LTCP_MIN_USER_MSS, LTCP_MAX_USER_MSS))
		return -EINVAL;
	lsk->user_mss = val;
	return 0;
}

/* What is queued goes now, even if the socket is corked: as Linux's TCP */
static int ltcp_set_nodelay(struct sock *sk, bool on)
{
	ltcp_sk(sk)->tcb.nodelay = on;
	if (on)
		ltcp_socket_push(sk, false);
	return 0;
}

static int ltcp_set_cork(struct sock *sk, bool on)
{
	if (on)
		ltcp_socket_push_earlier(sk);
	ltcp_sk(sk)->cork = on;
	if (on)
		ltcp_sk(sk)->tcb.more = !(sk->sk_shutdown & SEND_SHUTDOWN);
	else
		ltcp_socket_push(sk, false);
	return 0;
}

/* For as long as the user likes; Linux's goes back to its own judgement after a while */
static int ltcp_set_quickack(struct sock *sk, bool on)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	struct ltcp_verdict v = { .act = LTCP_ACT_ACK };

	tcb->quickack = on;
	if (on && tcb->timer[LTCP_TIMER_DELACK])
		ltcp_act(sk, &v, ltcp_now());
	return 0;
}

static int ltcp_set_window_clamp(struct sock *sk, int val)
{
	if (!val && sk->sk_state != TCP_CLOSE)
		return -EINVAL;
	WRITE_ONCE(ltcp_sk(sk)->window_clamp, val ? max_t(int, val, SOCK_MIN_RCVBUF / 2) : 0);
	return 0;
}

static int ltcp_set_linger2(struct ltcp_tcb *tcb, int val)
{
	tcb->linger_s = val < 0 ? -1 : min(val, LTCP_MAX_LINGER2_S);
	return 0;
}

/* The timer finds out by itself when the next probe is due */
static void ltcp_keepalive_restart(struct sock *sk)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	u64 now;

	if (!tcb->keepalive || !tcb->syn_acked || sk->sk_state == TCP_CLOSE)
		return;
	now = ltcp_now();
	tcb->timer[LTCP_TIMER_KEEPALIVE] = now;
	ltcp_timers_sync(sk, now);
}

/**
 * ltcp_keepalive() - proto.keepalive: SO_KEEPALIVE
 * @sk: locked
 * @on: off by default (MUST-25)
 */
void ltcp_keepalive(struct sock *sk, int on)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;

	tcb->keepalive = !!on;
	if (on)
		ltcp_keepalive_restart(sk);
	else
		tcb->timer[LTCP_TIMER_KEEPALIVE] = 0;
}

static int ltcp_set_keep(struct sock *sk, int optname, int val)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;

	if (!ltcp_within(val, 1, optname == TCP_KEEPCNT ? LTCP_MAX_TRIES : LTCP_MAX_KEEP_S))
		return -EINVAL;
	if (optname == TCP_KEEPIDLE)
		tcb->keep_idle_s = val;
	else if (optname == TCP_KEEPINTVL)
		tcb->keep_intvl_s = val;
	else
		tcb->keep_count = val;
	ltcp_keepalive_restart(sk);
	return 0;
}

static int ltcp_set_syncnt(struct ltcp_tcb *tcb, int val)
{
	if (!ltcp_within(val, 1, LTCP_MAX_TRIES))
		return -EINVAL;
	tcb->syn_retries = val;
	return 0;
}

static int ltcp_set_user_timeout(struct ltcp_tcb *tcb, int val)
{
	if (val < 0)
		return -EINVAL;
	tcb->user_timeout_ms = val;
	return 0;
}

static int ltcp_set_inq(struct ltcp_sock *lsk, int val)
{
	if (!ltcp_within(val, 0, 1))
		return -EINVAL;
	lsk->inq = val;
	return 0;
}

static int ltcp_set_fastopen(struct sock *sk, int val)
{
	struct ltcp_listener *l;

	if (val < 0 || !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
		return -EINVAL;
	l = ltcp_listen_make(sk);
	if (!l)
		return -ENOMEM;
	WRITE_ONCE(l->fastopen_queue, min(val, READ_ONCE(sock_net(sk)->core.sysctl_somaxconn)));
	return 0;
}

static int ltcp_set_defer_accept(struct sock *sk, int val)
{
	struct ltcp_listener *l = ltcp_listen_make(sk);

	if (!l)
		return -ENOMEM;
	WRITE_ONCE(l->defer_accept, ltcp_half_defer(val));
	return 0;
}

static int ltcp_set_fastopen_connect(struct sock *sk, int val)
{
	if (!ltcp_within(val, 0, 1))
		return -EINVAL;
	if (!(READ_ONCE(ltcp_sk_net(sk)->set.fastopen) & LTCP_FASTOPEN_CLIENT))
		return -EOPNOTSUPP;
	if (sk->sk_state != TCP_CLOSE)
		return -EINVAL;
	ltcp_sk(sk)->fastopen_connect = val;
	return 0;
}

static int ltcp_set_fastopen_no_cookie(struct sock *sk, int val)
{
	if (!ltcp_within(val, 0, 1) || !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
		return -EINVAL;
	WRITE_ONCE(ltcp_sk(sk)->fastopen_no_cookie, val);
	return 0;
}

static int ltcp_set_option(struct sock *sk, int optname, int val)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);

	switch (optname) {
	case TCP_NODELAY:
		return ltcp_set_nodelay(sk, val);
	case TCP_MAXSEG:
		return ltcp_set_maxseg(lsk, val);
	case TCP_CORK:
		return ltcp_set_cork(sk, val);
	case TCP_KEEPIDLE:
	case TCP_KEEPINTVL:
	case TCP_KEEPCNT:
		return ltcp_set_keep(sk, optname, val);
	case TCP_SYNCNT:
		return ltcp_set_syncnt(&lsk->tcb, val);
	case TCP_LINGER2:
		return ltcp_set_linger2(&lsk->tcb, val);
	case TCP_WINDOW_CLAMP:
		return ltcp_set_window_clamp(sk, val);
	case TCP_QUICKACK:
		return ltcp_set_quickack(sk, val);
	case TCP_USER_TIMEOUT:
		return ltcp_set_user_timeout(&lsk->tcb, val);
	case TCP_NOTSENT_LOWAT:
		WRITE_ONCE(lsk->notsent_lowat, val);
		ltcp_socket_room(sk);
		return 0;
	case TCP_DEFER_ACCEPT:
		return ltcp_set_defer_accept(sk, val);
	case TCP_SAVE_SYN:
		if (!ltcp_within(val, 0, 2))
			return -EINVAL;
		WRITE_ONCE(lsk->save_syn, val);
		return 0;
	case TCP_FASTOPEN:
		return ltcp_set_fastopen(sk, val);
	case TCP_FASTOPEN_CONNECT:
		return ltcp_set_fastopen_connect(sk, val);
	case TCP_FASTOPEN_NO_COOKIE:
		return ltcp_set_fastopen_no_cookie(sk, val);
	case TCP_INQ:
		return ltcp_set_inq(lsk, val);
	case TCP_THIN_LINEAR_TIMEOUTS:
		if (!ltcp_within(val, 0, 1))
			return -EINVAL;
		lsk->tcb.thin_linear = val;
		return 0;
	case TCP_THIN_DUPACK:	/* RFC 8985 needs no third duplicate ACK */
		return ltcp_within(val, 0, 1) ? 0 : -EINVAL;
	case TCP_TIMESTAMP:	/* only TCP_REPAIR may set it */
		return -EPERM;
	default:
		return -ENOPROTOOPT;
	}
}

/* TCP_CONGESTION; a name that is not finished ends where the option does */
static int ltcp_set_congestion(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	bool may_all = ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN);
	char name[LTCP_CONG_NAME_MAX];
	const struct ltcp_cong_ops *ops;
	long len;

	if (optlen < 1)
		return -EINVAL;
	len = strncpy_from_sockptr(name, optval, min_t(unsigned int, optlen, sizeof(name) - 1));
	if (len < 0)
		return -EFAULT;
	name[len] = 0;
	ops = ltcp_cong_get(name, may_all);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	lock_sock(sk);
	ltcp_cong_switch(sk, ops);
	release_sock(sk);
	return 0;
}

/* One key, or two: cookies of the second, too, are valid for a while */
static int ltcp_set_fastopen_key(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	u8 keys[2 * LTCP_FASTOPEN_KEY_LEN];
	int err;

	if (optlen > sizeof(keys))
		return -EINVAL;
	if (copy_from_sockptr(keys, optval, optlen))
		return -EFAULT;
	lock_sock(sk);
	err = ltcp_fastopen_set(sk, keys, optlen);
	release_sock(sk);
	return err;
}

int ltcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	int val, err;

	if (level != SOL_TCP)
		return ltcp_family_of(sk)->setsockopt(sk, level, optname, optval, optlen);
	if (optname == TCP_CONGESTION)
		return ltcp_set_congestion(sk, optval, optlen);
	if (optname == TCP_FASTOPEN_KEY)
		return ltcp_set_fastopen_key(sk, optval, optlen);
	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	lock_sock(sk);
	err = ltcp_set_option(sk, optname, val);
	release_sock(sk);
	return err;
}

/* The kernel itself grants it to its own protocols alone */
static int ltcp_set_zerocopy(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	int val;

	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (!ltcp_within(val, 0, 1))
		return -EINVAL;
	lock_sock(sk);
	sock_valbool_flag(sk, SOCK_ZEROCOPY, val);
	release_sock(sk);
	return 0;
}

int ltcp_stream_setsockopt(struct socket *sock, int level, int optname, sockptr_t optval,
			   unsigned int optlen)
{
	if (level != SOL_SOCKET)
		return sock_common_setsockopt(sock, level, optname, optval, optlen);
	if (optname == SO_ZEROCOPY)
		return ltcp_set_zerocopy(sock->sk, optval, optlen);
	return sock_setsockopt(sock, level, optname, optval, optlen);
}

/* The text a segment can carry: what was asked for until a path is known */
static int ltcp_get_maxseg(const struct sock *sk)
{
	const struct ltcp_sock *lsk = ltcp_sk(sk);

	if (lsk->user_mss && (sk->sk_state == TCP_CLOSE || sk->sk_state == TCP_LISTEN))
		return lsk->user_mss;
	return lsk->tcb.snd_mss;
}

/* How long, or how often, a connection waits for its peer */
static int ltcp_get_patience(const struct ltcp_tcb *tcb, int optname, int *val)
{
	const struct ltcp_conf *conf = tcb->conf;

	switch (optname) {
	case TCP_KEEPIDLE:
		*val = tcb->keep_idle_s ? : conf->keepalive_time_s;
		break;
	case TCP_KEEPINTVL:
		*val = tcb->keep_intvl_s ? : conf->keepalive_intvl_s;
		break;
	case TCP_KEEPCNT:
		*val = tcb->keep_count ? : conf->keepalive_probes;
		break;
	case TCP_SYNCNT:
		*val = tcb->syn_retries ? : conf->syn_retries;
		break;
	case TCP_LINGER2:
		*val = tcb->linger_s ? : conf->fin_timeout_s;
		break;
	case TCP_USER_TIMEOUT:
		*val = tcb->user_timeout_ms;
		break;
	case TCP_THIN_LINEAR_TIMEOUTS:
		*val = tcb->thin_linear;
		break;
	default:
		return -ENOPROTOOPT;
	}
	return 0;
}

static int ltcp_get_option(const struct sock *sk, int optname, int *val)
{
	const struct ltcp_sock *lsk = ltcp_sk(sk);
	const struct ltcp_tcb *tcb = &lsk->tcb;

	switch (optname) {
	case TCP_NODELAY:
		*val = tcb->nodelay;
		break;
	case TCP_MAXSEG:
		*val = ltcp_get_maxseg(sk);
		break;
	case TCP_CORK:
		*val = lsk->cork;
		break;
	case TCP_WINDOW_CLAMP:
		*val = lsk->window_clamp;
		break;
	case TCP_QUICKACK:
		*val = tcb->quickack;
		break;
	case TCP_NOTSENT_LOWAT:
		*val = lsk->notsent_lowat;
		break;
	case TCP_DEFER_ACCEPT:
		*val = lsk->listener ? ltcp_half_defer_s(lsk->listener->defer_accept) : 0;
		break;
	case TCP_SAVE_SYN:
		*val = lsk->save_syn;
		break;
	case TCP_FASTOPEN:
		*val = lsk->listener ? lsk->listener->fastopen_queue : 0;
		break;
	case TCP_FASTOPEN_CONNECT:
		*val = lsk->fastopen_connect;
		break;
	case TCP_FASTOPEN_NO_COOKIE:
		*val = lsk->fastopen_no_cookie;
		break;
	case TCP_INQ:
		*val = lsk->inq;
		break;
	case TCP_THIN_DUPACK:
	case TCP_IS_MPTCP:
		*val = 0;
		break;
	case TCP_TIMESTAMP:
		*val = ltcp_ms(ltcp_now()) + tcb->ts_off;
		break;
	default:
		return ltcp_get_patience(tcb, optname, val);
	}
	return 0;
}

static u32 ltcp_ms_since(u64 then, u64 now)
{
	return then && then < now ? ltcp_ms(now - then) : 0;
}

static u32 ltcp_in_segments(const struct ltcp_tcb *tcb, u32 octets)
{
	return DIV_ROUND_UP(octets, max_t(u32, tcb->snd_mss, 1));
}

static u8 ltcp_info_recovery(const struct ltcp_tcb *tcb)
{
	static const u8 ca_state[] = {
		[LTCP_REC_OPEN]	= TCP_CA_Open,
		[LTCP_REC_FAST]	= TCP_CA_Recovery,
		[LTCP_REC_LOSS]	= TCP_CA_Loss,
	};

	if (tcb->recovery == LTCP_REC_OPEN && (tcb->flight.sacked || tcb->dupacks))
		return TCP_CA_Disorder;
	if (tcb->recovery == LTCP_REC_OPEN && tcb->ecn_reduced)
		return TCP_CA_CWR;
	return ca_state[tcb->recovery];
}

static void ltcp_info_options(const struct ltcp_tcb *tcb, struct tcp_info *info)
{
	if (tcb->ts_ok)
		info->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if (tcb->sack_ok)
		info->tcpi_options |= TCPI_OPT_SACK;
	if (tcb->ecn_ok)
		info->tcpi_options |= TCPI_OPT_ECN;
	if (tcb->ecn_seen)
		info->tcpi_options |= TCPI_OPT_ECN_SEEN;
	if (tcb->syn_text_acked)
		info->tcpi_options |= TCPI_OPT_SYN_DATA;
	info->tcpi_fastopen_client_fail = tcb->fastopen_fail;
	if (tcb->wscale_ok) {
		info->tcpi_options |= TCPI_OPT_WSCALE;
		info->tcpi_snd_wscale = tcb->snd_wscale;
		info->tcpi_rcv_wscale = tcb->rcv_wscale;
	}
}

static void ltcp_info_sender(const struct ltcp_tcb *tcb, struct tcp_info *info)
{
	info->tcpi_ca_state = ltcp_info_recovery(tcb);
	info->tcpi_retransmits = tcb->retries;
	info->tcpi_probes = tcb->probes;
	info->tcpi_backoff = tcb->backoff;
	info->tcpi_rto = ltcp_rtt_backoff(&tcb->rtt, tcb->backoff);
	info->tcpi_snd_mss = tcb->snd_mss;
	info->tcpi_unacked = ltcp_in_segments(tcb, ltcp_in_flight(tcb));
	info->tcpi_rtt = tcb->rtt.srtt_us >> 3;
	info->tcpi_rttvar = tcb->rtt.rttvar_us >> 2;
	info->tcpi_min_rtt = tcb->rtt.min_us;
	info->tcpi_snd_cwnd = ltcp_in_segments(tcb, tcb->cwnd);
	info->tcpi_snd_ssthresh = tcb->ssthresh == ~0u ? ~0u : ltcp_in_segments(tcb, tcb->ssthresh);
	info->tcpi_sacked = ltcp_in_segments(tcb, tcb->flight.sacked);
	info->tcpi_lost = ltcp_in_segments(tcb, tcb->flight.lost);
	info->tcpi_retrans = ltcp_in_segments(tcb, ltcp_flight_again(&tcb->flight, tcb->snd_una));
	info->tcpi_reordering = 3;	/* DupThresh, if RACK knows no better */
	info->tcpi_reord_seen = tcb->rack.reordered;
	info->tcpi_notsent_bytes = ltcp_unsent(tcb);
	info->tcpi_snd_wnd = tcb->snd_wnd;
}

static void ltcp_info_receiver(const struct ltcp_tcb *tcb, const struct ltcp_env *env,
			       u32 text_at, struct tcp_info *info)
{
	info->tcpi_ato = tcb->conf->delack_us;
	info->tcpi_rcv_mss = tcb->rcv_mss;
	info->tcpi_advmss = tcb->adv_mss;
	info->tcpi_rcv_ssthresh = ltcp_rcv_wnd(tcb);
	info->tcpi_rcv_space = env->buffer;
	info->tcpi_rcv_rtt = tcb->rcvbuf.rtt_us;
	info->tcpi_last_data_sent = ltcp_ms_since(tcb->snd_at, env->now);
	info->tcpi_last_data_recv = text_at ? ltcp_ms(env->now) - text_at : 0;
	info->tcpi_last_ack_recv = ltcp_ms_since(tcb->rcv_at, env->now);
	ltcp_compat_info_rcv_wnd(info, ltcp_rcv_wnd(tcb));
}

/* Octets a second; "any" is all bits on, however many the kernel's word has */
static u64 ltcp_info_rate(unsigned long rate)
{
	return rate == ~0UL ? ~0ULL : rate;
}

static void ltcp_info_pacing(const struct sock *sk, struct tcp_info *info)
{
	unsigned long most = READ_ONCE(sk->sk_max_pacing_rate);

	info->tcpi_max_pacing_rate = ltcp_info_rate(most);
	info->tcpi_pacing_rate = ltcp_pace_rate(&ltcp_sk(sk)->tcb, ltcp_info_rate(most));
}

/*
 * STATUS. tcpi_fackets and tcpi_last_ack_sent are 0, as Linux's; a listener tells of
 * its accept queue, likewise.
 */
static void ltcp_get_info(const struct sock *sk, struct tcp_info *info)
{
	const struct ltcp_sock *lsk = ltcp_sk(sk);
	struct ltcp_env env;

	memset(info, 0, sizeof(*info));
	info->tcpi_state = sk->sk_state;
	if (sk->sk_state == TCP_LISTEN) {
		info->tcpi_unacked = READ_ONCE(sk->sk_ack_backlog);
		info->tcpi_sacked = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}
	ltcp_sk_env(sk, &env);
	ltcp_info_options(&lsk->tcb, info);
	ltcp_info_sender(&lsk->tcb, info);
	ltcp_info_receiver(&lsk->tcb, &env, lsk->totals.text_at, info);
	ltcp_info_pacing(sk, info);
	ltcp_totals_info(&lsk->totals, &lsk->tcb, env.now, info);
	info->tcpi_pmtu = lsk->tcb.path_mss + lsk->family->header_len +
			  lsk->family->options_len(sk) + LTCP_HEADER_MIN;
}

static int ltcp_put_option(const void *val, int size, char __user *optval, int __user *optlen)
{
	int len;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	len = min(len, size);
	if (put_user(len, optlen) || copy_to_user(optval, val, len))
		return -EFAULT;
	return 0;
}

static int ltcp_getsockopt_info(struct sock *sk, char __user *optval, int __user *optlen)
{
	struct tcp_info info;

	lock_sock(sk);
	ltcp_get_info(sk, &info);
	release_sock(sk);
	return ltcp_put_option(&info, sizeof(info), optval, optlen);
}

static int ltcp_get_congestion(struct sock *sk, char __user *optval, int __user *optlen)
{
	char name[LTCP_CONG_NAME_MAX];

	lock_sock(sk);
	strscpy_pad(name, ltcp_sk(sk)->tcb.cong->name, sizeof(name));
	release_sock(sk);
	return ltcp_put_option(name, sizeof(name), optval, optlen);
}

static int ltcp_get_cc_info(struct sock *sk, char __user *optval, int __user *optlen)
{
	const struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;
	union tcp_cc_info info = {};
	size_t size = 0;
	int attr;

	lock_sock(sk);
	if (tcb->cong_begun && tcb->cong->info)
		size = tcb->cong->info(tcb, &info, sizeof(info), &attr);
	release_sock(sk);
	return ltcp_put_option(&info, size, optval, optlen);
}

/* Too little room is told, by how much there has to be; what was read is gone */
static int ltcp_get_saved_syn(struct sock *sk, char __user *optval, int __user *optlen)
{
	const struct ltcp_saved_syn *syn;
	int len, size, err;

	if (get_user(len, optlen))
		return -EFAULT;
	lock_sock(sk);
	syn = ltcp_sk(sk)->saved_syn;
	size = syn ? syn->len : 0;
	if (len < size)
		err = put_user(size, optlen) ? -EFAULT : -EINVAL;
	else
		err = ltcp_put_option(syn ? syn->octets : NULL, size, optval, optlen);
	if (!err)
		ltcp_saved_syn_free(sk);
	release_sock(sk);
	return err;
}

/* His own: the namespace's are nobody's business */
static int ltcp_get_fastopen_key(struct sock *sk, char __user *optval, int __user *optlen)
{
	u8 keys[2 * LTCP_FASTOPEN_KEY_LEN];
	unsigned int size;

	lock_sock(sk);
	size = ltcp_fastopen_get(sk, keys);
	release_sock(sk);
	return ltcp_put_option(keys, size, optval, optlen);
}

int ltcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen)
{
	int val, err;

	if (level != SOL_TCP)
		return ltcp_family_of(sk)->getsockopt(sk, level, optname, optval, optlen);
	if (optname == TCP_INFO)
		return ltcp_getsockopt_info(sk, optval, optlen);
	if (optname == TCP_CONGESTION)
		return ltcp_get_congestion(sk, optval, optlen);
	if (optname == TCP_CC_INFO)
		return ltcp_get_cc_info(sk, optval, optlen);
	if (optname == TCP_FASTOPEN_KEY)
		return ltcp_get_fastopen_key(sk, optval, optlen);
	if (optname == TCP_SAVED_SYN)
		return ltcp_get_saved_syn(sk, optval, optlen);
	lock_sock(sk);
	err = ltcp_get_option(sk, optname, &val);
	release_sock(sk);
	return err ? : ltcp_put_option(&val, sizeof(val), optval, optlen);
}
