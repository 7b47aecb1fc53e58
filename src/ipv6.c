// SPDX-License-Identifier: GPL-2.0
/* What IPv6 has of its own: addresses and scopes, routes, packets, ICMPv6, and registration. */
#include <linux/icmpv6.h>
#include <linux/random.h>
#include <net/dsfield.h>
#include <net/inet_common.h>
#include <net/inet_ecn.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/protocol.h>
#include <net/transp_v6.h>
#include <net/xfrm.h>

#include "compat.h"
#include "core/bytes.h"
#include "family.h"
#include "input.h"
#include "net.h"
#include "offload.h"
#include "output.h"
#include "sock.h"
#include "socket.h"

#define LTCP_IPV6_MSS	1220	/* MUST-15 */

/* Routes */

/*
 * A flow's route, by way of the first stop if the user has set a routing
 * header; the flow gets a source address if it has none
 */
static struct dst_entry *ipv6_route_flow(struct net *net, const struct sock *sk,
					 struct flowi6 *fl6)
{
	struct in6_addr *last, kept;

	security_sk_classify_flow((struct sock *)sk, flowi6_to_flowi_common(fl6));
	rcu_read_lock();
	last = fl6_update_dst(fl6, rcu_dereference(inet6_sk(sk)->opt), &kept);
	rcu_read_unlock();
	return ip6_dst_lookup_flow(net, sk, fl6, last);
}

static void ipv6_flow_of_sock(const struct sock *sk, struct flowi6 *fl6)
{
	const struct ipv6_pinfo *np = inet6_sk(sk);

	*fl6 = (struct flowi6){
		.flowi6_proto = sk->sk_protocol,
		.daddr = sk->sk_v6_daddr,
		.saddr = sk->sk_v6_rcv_saddr,
		.flowlabel = ip6_make_flowinfo(np->tclass, np->flow_label),
		.flowi6_oif = sk->sk_bound_dev_if,
		.flowi6_mark = READ_ONCE(sk->sk_mark),
		.fl6_sport = inet_sk(sk)->inet_sport,
		.fl6_dport = inet_sk(sk)->inet_dport,
		.flowi6_uid = sk->sk_uid,
	};
}

/* A route becomes the socket's, with what its device can do */
static void ipv6_take_route(struct sock *sk, struct dst_entry *dst)
{
	sk->sk_gso_type = LTCP_IPV6_GSO;
	ltcp_compat_ip6_dst_store(sk, dst);
	ltcp_output_caps(sk, dst);
}

/* Route a socket by its addresses and ports; the route becomes the socket's. */
static struct dst_entry *ipv6_lookup(struct sock *sk)
{
	struct dst_entry *dst;
	struct flowi6 fl6;

	ipv6_flow_of_sock(sk, &fl6);
	dst = ipv6_route_flow(sock_net(sk), sk, &fl6);
	if (!IS_ERR(dst))
		ipv6_take_route(sk, dst);
	return dst;
}

static struct dst_entry *ipv6_route_sock(struct sock *sk)
{
	return __sk_dst_check(sk, inet6_sk(sk)->dst_cookie) ?: ipv6_lookup(sk);
}

/* IPV6_FLOWINFO_SEND's twin for listeners: the label of what is answered, else the socket's */
static __be32 ipv6_reply_label(const struct ltcp_net *ln, const struct ltcp_reply *reply)
{
	if (!reply->sk)
		return ln->net->ipv6.sysctl.flowlabel_reflect & FLOWLABEL_REFLECT_TCP_RESET ?
			reply->label : 0;
	if (reply->label && ltcp_compat_inet6_REPFLOW(reply->sk))
		return reply->label;
	return inet6_sk(reply->sk)->flow_label;
}

static void ipv6_flow_of_reply(const struct ltcp_net *ln, const struct ltcp_reply *reply,
			       struct flowi6 *fl6)
{
	*fl6 = (struct flowi6){
		.flowi6_proto = ltcp_protocol,
		.daddr = reply->key->raddr,
		.saddr = reply->key->laddr,
		.flowlabel = ip6_make_flowinfo(reply->tos, ipv6_reply_label(ln, reply)),
		.flowi6_oif = reply->oif,
		.flowi6_mark = reply->mark,
		.fl6_sport = reply->key->lport,
		.fl6_dport = reply->key->rport,
		.flowi6_uid = sock_net_uid(ln->net, reply->sk),
	};
}

/* The route of a segment that belongs to no connection */
static struct dst_entry *ipv6_route(struct ltcp_net *ln, const struct ltcp_reply *reply)
{
	struct dst_entry *dst;
	struct flowi6 fl6;

	ipv6_flow_of_reply(ln, reply, &fl6);
	dst = ipv6_route_flow(ln->net, reply->sk ?: ln->ctl6, &fl6);
	return IS_ERR(dst) ? NULL : dst;
}

/* Active open */

/* RFC 4007: a link-local address means nothing without its link. */
static int ipv6_take_scope(struct sock *sk, const struct sockaddr_in6 *sin6, int len)
{
	if (!(ipv6_addr_type(&sin6->sin6_addr) & IPV6_ADDR_LINKLOCAL))
		return 0;
	if (len >= (int)sizeof(*sin6) && sin6->sin6_scope_id) {
		if (!sk_dev_equal_l3scope(sk, sin6->sin6_scope_id))
			return -EINVAL;
		WRITE_ONCE(sk->sk_bound_dev_if, sin6->sin6_scope_id);
	}
	return sk->sk_bound_dev_if ? 0 : -EINVAL;
}

/* IPV6_FLOWINFO_SEND: a label that another process has reserved is not for us. */
static int ipv6_take_label(struct sock *sk, const struct sockaddr_in6 *sin6)
{
	struct ip6_flowlabel *reserved;
	__be32 info = 0;

	if (ltcp_compat_inet6_SNDFLOW(sk))
		info = sin6->sin6_flowinfo & IPV6_FLOWINFO_MASK;
	if (info & IPV6_FLOWLABEL_MASK) {
		reserved = fl6_sock_lookup(sk, info);
		if (IS_ERR(reserved))
			return -EINVAL;
		fl6_sock_release(reserved);
	}
	inet6_sk(sk)->flow_label = info;
	return 0;
}

/* An address of IPv4: from here on the connection is one of IPv4's. */
static int ipv6_connect_mapped(struct sock *sk, const struct in6_addr *daddr, __be16 port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = port,
		.sin_addr.s_addr = daddr->s6_addr32[3],
	};
	int err;

	if (ipv6_only_sock(sk))
		return -ENETUNREACH;
	err = ltcp_ipv4.connect(sk, (struct sockaddr *)&sin, sizeof(sin));
	if (err)
		return err;
	ltcp_sk(sk)->family = &ltcp_ipv4;
	inet6_sk(sk)->saddr = sk->sk_v6_rcv_saddr;
	return 0;
}

/* For those who ask IPv4's member whether there is an address at all, as Linux's TCP */
static void ipv6_set_addresses(struct sock *sk, const struct ltcp_key *key)
{
	struct inet_sock *inet = inet_sk(sk);

	sk->sk_v6_rcv_saddr = key->laddr;
	sk->sk_v6_daddr = key->raddr;
	inet6_sk(sk)->saddr = key->laddr;
	inet->inet_saddr = LOOPBACK4_IPV6;
	inet->inet_rcv_saddr = LOOPBACK4_IPV6;
	inet->inet_daddr = LOOPBACK4_IPV6;
	inet->inet_dport = key->rport;
}

/* MUST-44: the source address is what the socket is bound to, or else the route's choice. */
static int ipv6_connect_route(struct sock *sk, const struct in6_addr *daddr, __be16 port)
{
	struct ltcp_key *key = &ltcp_sk(sk)->node.key;
	struct dst_entry *dst;
	struct flowi6 fl6;

	ipv6_flow_of_sock(sk, &fl6);
	fl6.daddr = *daddr;
	fl6.fl6_dport = port;
	dst = ipv6_route_flow(sock_net(sk), sk, &fl6);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	key->laddr = fl6.saddr;
	key->raddr = *daddr;
	key->lport = inet_sk(sk)->inet_sport;
	key->rport = port;
	ipv6_set_addresses(sk, key);
	sk_set_txhash(sk);
	ipv6_take_route(sk, dst);
	ltcp_sk(sk)->family = &ltcp_ipv6;
	return 0;
}

/* The unspecified address means this host, by the family that the socket is bound to. */
static struct in6_addr ipv6_peer(const struct sock *sk, const struct sockaddr_in6 *sin6)
{
	struct in6_addr addr = sin6->sin6_addr;

	if (!ipv6_addr_any(&addr))
		return addr;
	if (ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
		ipv6_addr_set_v4mapped(htonl(INADDR_LOOPBACK), &addr);
	else
		ipv6_addr_set(&addr, 0, 0, 0, htonl(1));
	return addr;
}

int ltcp_ipv6_pre_connect(struct sock *sk, struct sockaddr *addr, int len)
{
	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	return LTCP_COMPAT_CGROUP_CONNECT(6, sk, addr, &len);
}

static int ipv6_connect(struct sock *sk, struct sockaddr *addr, int len)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)addr;
	struct in6_addr daddr;
	int err;

	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (sin6->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	err = ipv6_take_label(sk, sin6);
	if (err)
		return err;
	daddr = ipv6_peer(sk, sin6);
	if (ipv6_addr_v4mapped(&daddr))
		return ipv6_connect_mapped(sk, &daddr, sin6->sin6_port);
	/* MUST-46: a connection has one peer. */
	if (ipv6_addr_is_multicast(&daddr))
		return -ENETUNREACH;
	err = ipv6_take_scope(sk, sin6, len);
	if (err)
		return err;
	return ipv6_connect_route(sk, &daddr, sin6->sin6_port);
}

/* Rules for packets, IPsec's above all, may ask for the source port. */
static int ipv6_rehash(struct sock *sk)
{
	return PTR_ERR_OR_ZERO(ipv6_lookup(sk));
}

/* Passive open */

/* The interface that a link-local source means something on, 0: it has meaning everywhere */
static int ipv6_scope(const struct sk_buff *skb)
{
	if (!(ipv6_addr_type(&ipv6_hdr(skb)->saddr) & IPV6_ADDR_LINKLOCAL))
		return 0;
	return IP6CB(skb)->iif;
}

/* Extension headers that the listener's user has set are the connection's, too. */
static void ipv6_adopt_options(struct sock *sk, const struct sock *listener)
{
	struct ipv6_txoptions *opt = txopt_get(inet6_sk(listener));

	if (!opt)
		return;
	RCU_INIT_POINTER(inet6_sk(sk)->opt, ipv6_dup_options(sk, opt));
	txopt_put(opt);
}

static int ipv6_adopt(struct sock *sk, const struct sock *listener, struct sk_buff *skb)
{
	struct ltcp_node *node = &ltcp_sk(sk)->node;
	struct ipv6_pinfo *np = inet6_sk(sk);

	ipv6_set_addresses(sk, &node->key);
	inet_sk(sk)->inet_sport = node->key.lport;
	np->mcast_oif = inet6_iif(skb);
	np->mcast_hops = ipv6_hdr(skb)->hop_limit;
	np->rcv_flowinfo = ip6_flowinfo(ipv6_hdr(skb));
	if (ltcp_compat_inet6_REPFLOW(sk))
		np->flow_label = ip6_flowlabel(ipv6_hdr(skb));
	sk->sk_mark = inet_request_mark(listener, skb);
	sk->sk_bound_dev_if = ipv6_scope(skb) ?: sk->sk_bound_dev_if;
	node->bound_dev_if = sk->sk_bound_dev_if;
	ipv6_adopt_options(sk, listener);
	sk_set_txhash(sk);
	return PTR_ERR_OR_ZERO(ipv6_lookup(sk));
}

/* The way out */

/* MUST-2, over the pseudo-header of RFC 8200 section 8.1 with our own protocol number */
static void ipv6_checksum(struct sk_buff *skb, const struct ltcp_key *key,
			  const struct dst_entry *dst)
{
	ltcp_output_checksum(skb, dst, ~csum_unfold(csum_ipv6_magic(&key->laddr, &key->raddr,
								    skb->len, ltcp_protocol, 0)));
}

static int ipv6_xmit(const struct sock *sk, struct sk_buff *skb, struct flowi6 *fl6,
		     u32 mark, u8 tclass, u32 priority)
{
	int err;

	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	rcu_read_lock();
	err = ip6_xmit(sk, skb, fl6, mark, rcu_dereference(inet6_sk(sk)->opt), tclass, priority);
	rcu_read_unlock();
	return err;
}

static int ipv6_transmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	struct dst_entry *dst = ipv6_route_sock(sk);
	struct flowi6 fl6;

	if (IS_ERR(dst)) {
		WRITE_ONCE(sk->sk_err_soft, -PTR_ERR(dst));
		kfree_skb(skb);
		return PTR_ERR(dst);
	}
	skb_dst_set(skb, dst_clone(dst));
	ipv6_flow_of_sock(sk, &fl6);
	return ipv6_xmit(sk, skb, &fl6, READ_ONCE(sk->sk_mark),
			 (inet6_sk(sk)->tclass & ~INET_ECN_MASK) | ecn,
			 READ_ONCE(sk->sk_priority));
}

/* MUST-49, MUST-50: hop limit and traffic class are the listener's, or else the defaults. */
static int ipv6_reply(struct ltcp_net *ln, const struct ltcp_reply *reply, struct sk_buff *skb,
		      struct dst_entry *dst)
{
	struct flowi6 fl6;

	ipv6_flow_of_reply(ln, reply, &fl6);
	skb_dst_set(skb, dst);
	return ipv6_xmit(reply->sk ?: ln->ctl6, skb, &fl6, reply->mark, reply->tos,
			 reply->priority);
}

/* The way in */

static bool ipv6_policy_ok(struct sock *sk, struct sk_buff *skb)
{
	/* RFC 5082: IPV6_MINHOPCOUNT keeps out what comes from afar */
	if (sk && ipv6_hdr(skb)->hop_limit < READ_ONCE(inet6_sk(sk)->min_hopcount))
		return false;
	if (!xfrm6_policy_check(sk, XFRM_POLICY_IN, skb))
		return false;
	nf_reset_ct(skb);
	return true;
}

/* MUST-57: neither to nor (MUST-63) from an address that is not one host's */
static bool ipv6_unicast(const struct sk_buff *skb)
{
	const struct in6_addr *saddr = &ipv6_hdr(skb)->saddr;

	return ipv6_unicast_destination(skb) && !ipv6_addr_any(saddr) &&
	       !ipv6_addr_is_multicast(saddr);
}

static void ipv6_answer(const struct sk_buff *skb, struct ltcp_reply *reply)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	reply->scope = ipv6_scope(skb);
	reply->oif = reply->scope;
	if (!reply->oif && inet6_sdif(skb))
		reply->oif = inet6_iif(skb);	/* under an l3mdev the answer goes through it */
	reply->mark = IP6_REPLY_MARK(dev_net(skb->dev), skb->mark);
	reply->tos = ipv6_get_dsfield(ip) & ~INET_ECN_MASK;
	reply->label = ip6_flowlabel(ip);
}

static u8 ipv6_tos(const struct sock *sk)
{
	return inet6_sk(sk)->tclass;
}

/* Source routes are not turned round: type 0 routing headers are no more (RFC 5095). */
static struct ip_options_rcu *ipv6_options(const struct sk_buff *skb)
{
	return NULL;
}

static unsigned int ipv6_options_len(const struct sock *sk)
{
	const struct ipv6_txoptions *opt;
	unsigned int len;

	if (!rcu_access_pointer(inet6_sk(sk)->opt))
		return 0;
	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(sk)->opt);
	len = opt ? opt->opt_flen + opt->opt_nflen : 0;
	rcu_read_unlock();
	return len;
}

/* On the wire mapped addresses would pass for IPv4's, which nobody has checked. */
static bool ipv6_mapped(const struct sk_buff *skb)
{
	return ipv6_addr_v4mapped(&ipv6_hdr(skb)->saddr) ||
	       ipv6_addr_v4mapped(&ipv6_hdr(skb)->daddr);
}

static int ltcp_ipv6_rcv(struct sk_buff *skb)
{
	struct ltcp_net *ln = ltcp_net_rcu(dev_net(skb->dev));
	struct ltcp_key key;

	if (skb->pkt_type != PACKET_HOST)
		goto drop;
	LTCP_COUNT_N(ln, IN_SEGS, max_t(u16, 1, skb_shinfo(skb)->gso_segs));
	if (!ltcp_input_sound(ln, skb, ip6_compute_pseudo))
		goto drop;
	if (ipv6_mapped(skb)) {
		LTCP_COUNT(ln, DROP_ADDRESS);
		goto drop;
	}
	if (ltcp_input_early(ln, &ltcp_ipv6, skb))
		return 0;
	key.laddr = ipv6_hdr(skb)->daddr;
	key.lport = get_unaligned((__be16 *)(skb->data + 2));
	key.raddr = ipv6_hdr(skb)->saddr;
	key.rport = get_unaligned((__be16 *)skb->data);
	ltcp_input(ln, &ltcp_ipv6, skb, &key, inet6_iif(skb), inet6_sdif(skb));
	return 0;
drop:
	kfree_skb(skb);
	return 0;
}

/* ICMPv6 */

/*
 * RFC 9293 section 3.9.2.2; false: to be ignored. A host without LTCP answers
 * with Parameter Problem, which is a soft error there.
 */
static bool ipv6_icmp_meaning(u8 type, u8 code, u32 mtu, enum ltcp_icmp *kind, int *err)
{
	icmpv6_err_convert(type, code, err);
	*kind = LTCP_ICMP_SOFT;
	switch (type) {
	case ICMPV6_TIME_EXCEED:
	case ICMPV6_PARAMPROB:
		return true;
	case ICMPV6_PKT_TOOBIG:
		*kind = LTCP_ICMP_MTU;
		return mtu >= IPV6_MIN_MTU;	/* RFC 8201 section 4 */
	case ICMPV6_DEST_UNREACH:
		if (code == ICMPV6_ADM_PROHIBITED || code == ICMPV6_PORT_UNREACH)
			*kind = LTCP_ICMP_HARD;
		return true;
	default:
		return false;
	}
}

/* The caller has made sure of the quoted headers and 8 octets of ours. */
static int ipv6_err(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type, u8 code,
		    int offset, __be32 info)
{
	struct ltcp_net *ln = ltcp_net(dev_net(skb->dev));
	const struct ipv6hdr *ip = (const struct ipv6hdr *)skb->data;
	const u8 *quote = skb->data + offset;
	u32 seq = ltcp_get_be32(quote + 4);
	struct ltcp_key key = {
		.laddr = ip->saddr,
		.raddr = ip->daddr,
		.lport = get_unaligned((__be16 *)quote),
		.rport = get_unaligned((__be16 *)(quote + 2)),
	};
	enum ltcp_icmp kind;
	int err;

	if (type == NDISC_REDIRECT)
		ltcp_input_redirect(ln, &key, inet6_iif(skb), inet6_sdif(skb), seq, skb);
	else if (ipv6_icmp_meaning(type, code, ntohl(info), &kind, &err))
		ltcp_input_icmp(ln, &key, inet6_iif(skb), inet6_sdif(skb), kind, err,
				ntohl(info), seq, skb);
	else
		LTCP_COUNT(ln, ICMP_IGNORED);
	return 0;
}

/* Sockets */

/* A child starts as a copy of its listener, to whom all that this points to belongs. */
static void ipv6_child(struct sock *sk)
{
	struct ipv6_pinfo *np = &((struct ltcp6_sock *)sk)->inet6;

	inet_sk(sk)->pinet6 = np;
	np->ipv6_mc_list = NULL;
	np->ipv6_ac_list = NULL;
	np->pktoptions = NULL;
	np->rxpmtu = NULL;
	np->rcv_flowinfo = 0;
	RCU_INIT_POINTER(np->opt, NULL);
	ltcp_compat_inet6_no_labels(sk);
}

/* Registration */

const struct ltcp_family ltcp_ipv6 = {
	.af = AF_INET6,
	.header_len = sizeof(struct ipv6hdr),
	.default_mss = LTCP_IPV6_MSS,
	.min_mtu = IPV6_MIN_MTU,
	.connect = ipv6_connect,
	.rehash = ipv6_rehash,
	.adopt = ipv6_adopt,
	.route = ipv6_route,
	.gso_type = LTCP_IPV6_GSO,
	.transmit = ipv6_transmit,
	.reply = ipv6_reply,
	.checksum = ipv6_checksum,
	.policy_ok = ipv6_policy_ok,
	.unicast = ipv6_unicast,
	.answer = ipv6_answer,
	.tos = ipv6_tos,
	.options = ipv6_options,
	.options_len = ipv6_options_len,
	.route_sock = ipv6_route_sock,
	.accepts_pmtu = ip6_sk_accept_pmtu,
	.recverr = ltcp_compat_inet6_RECVERR6,
	.child = ipv6_child,
	.destruct = inet6_sock_destruct,
	.setsockopt = ipv6_setsockopt,
	.getsockopt = ipv6_getsockopt,
};

static const struct inet6_protocol ipv6_protocol = {
	.handler = ltcp_ipv6_rcv,
	.err_handler = ipv6_err,
	.flags = INET6_PROTO_NOPOLICY | INET6_PROTO_FINAL,
};

static struct inet_protosw ipv6_protosw = {
	.type = SOCK_STREAM,
	.prot = &ltcp6_prot,
	.ops = &ltcp6_stream_ops,
};

/* A host may have switched IPv6 off (ipv6.disable=1); there is no route nor socket then. */
int ltcp_ipv6_register(void)
{
	int err;

	if (!ipv6_mod_enabled())
		return 0;
	err = -EEXIST;
	if (inet6_add_protocol(&ipv6_protocol, ltcp_protocol))
		goto taken;
	if (inet6_add_offload(&ltcp_offload_ipv6, ltcp_protocol))
		goto out_protocol;
	ipv6_protosw.protocol = ltcp_protocol;
	err = inet6_register_protosw(&ipv6_protosw);
	if (!err)
		return 0;
	inet6_del_offload(&ltcp_offload_ipv6, ltcp_protocol);
out_protocol:
	inet6_del_protocol(&ipv6_protocol, ltcp_protocol);
taken:
	if (err == -EEXIST)
		pr_err("ltcp: protocol=%d is in use by another module\n", ltcp_protocol);
	return err;
}

void ltcp_ipv6_unregister(void)
{
	if (!ipv6_mod_enabled())
		return;
	inet6_unregister_protosw(&ipv6_protosw);
	inet6_del_offload(&ltcp_offload_ipv6, ltcp_protocol);
	inet6_del_protocol(&ipv6_protocol, ltcp_protocol);
}

/* SOCK_RAW: a socket of our own kind would pin the module. */
int ltcp_ipv6_net_init(struct ltcp_net *ln)
{
	if (!ipv6_mod_enabled())
		return 0;
	return inet_ctl_sock_create(&ln->ctl6, PF_INET6, SOCK_RAW, ltcp_protocol, ln->net);
}

void ltcp_ipv6_net_exit(struct ltcp_net *ln)
{
	if (ln->ctl6)
		inet_ctl_sock_destroy(ln->ctl6);
}
