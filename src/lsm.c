// SPDX-License-Identifier: GPL-2.0
/* What security modules are asked of passive connections, and told. */
#include <linux/security.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/request_sock.h>

#include "lsm.h"
#include "sock.h"

/* They know a half-open connection by the kernel's own description of one */
static const struct request_sock_ops ops_ipv4 = { .family = AF_INET };
static const struct request_sock_ops ops_ipv6 = { .family = AF_INET6 };

static void describe(struct inet_request_sock *ireq, const struct sock *sk,
		     const struct ltcp_family *family, const struct ltcp_reply *reply)
{
	const struct ltcp_key *key = reply->key;

	memset(ireq, 0, sizeof(*ireq));
	ireq->req.rsk_ops = family->af == AF_INET6 ? &ops_ipv6 : &ops_ipv4;
	ireq->req.rsk_listener = (struct sock *)sk;
	write_pnet(&ireq->ireq_net, sock_net(sk));
	ireq->ireq_state = TCP_NEW_SYN_RECV;
	ireq->ireq_family = sk->sk_family;
	ireq->ir_loc_addr = key->laddr.s6_addr32[3];
	ireq->ir_rmt_addr = key->raddr.s6_addr32[3];
#if IS_ENABLED(CONFIG_IPV6)
	if (family->af == AF_INET6) {
		ireq->ir_v6_loc_addr = key->laddr;
		ireq->ir_v6_rmt_addr = key->raddr;
	}
#endif
	ireq->ir_num = ntohs(key->lport);
	ireq->ir_rmt_port = key->rport;
	ireq->ir_mark = reply->mark;
}

/* Labels that are IP options (CIPSO, CALIPSO) are not sent */
static void forget_labels(struct inet_request_sock *ireq, struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (ireq->req.rsk_ops->family == AF_INET6) {
		if (ireq->ipv6_opt) {
			atomic_sub(ireq->ipv6_opt->tot_len, &sk->sk_omem_alloc);
			txopt_put(ireq->ipv6_opt);
		}
		return;
	}
#endif
	if (unlikely(rcu_access_pointer(ireq->ireq_opt)))
		kfree(rcu_dereference_protected(ireq->ireq_opt, true));
}

bool ltcp_lsm_admits(const struct sock *sk, const struct ltcp_family *family,
		     struct sk_buff *skb, const struct ltcp_reply *reply)
{
	struct inet_request_sock ireq;
	bool admitted;

	if (!IS_ENABLED(CONFIG_SECURITY_NETWORK))
		return true;
	describe(&ireq, sk, family, reply);
	admitted = !security_inet_conn_request(sk, skb, &ireq.req);
	forget_labels(&ireq, (struct sock *)sk);
	return admitted;
}

void ltcp_lsm_opened(struct sock *child, struct sk_buff *skb)
{
	security_inet_conn_established(child, skb);
}
