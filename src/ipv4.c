// SPDX-License-Identifier: GPL-2.0
/* What IPv4 has of its own: addresses, routes, packets, ICMP, and their registration. */
#include <linux/icmp.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/inet_common.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/protocol.h>
#include <net/route.h>
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

#define LTCP_ICMP_QUOTE		8	/* octets of ours that any ICMP error quotes */
#define LTCP_IPV4_MIN_MTU	68	/* RFC 791 section 3.2 */
#define LTCP_IPV4_MSS		536	/* MUST-15 */

static __be32 ipv4_laddr(const struct ltcp_key *key)
{
	return key->laddr.s6_addr32[3];
}

static __be32 ipv4_raddr(const struct ltcp_key *key)
{
	return key->raddr.s6_addr32[3];
}

/* Routes */

/* Where packets go first: the peer, or the first stop of a source route */
static __be32 ipv4_first_stop(const struct sock *sk, const struct ip_options_rcu *opt)
{
	return unlikely(opt && opt->opt.srr) ? opt->opt.faddr : inet_sk(sk)->inet_daddr;
}

static __be32 ipv4_nexthop(const struct sock *sk)
{
	__be32 addr;

	rcu_read_lock();
	addr = ipv4_first_stop(sk, rcu_dereference(inet_sk(sk)->inet_opt));
	rcu_read_unlock();
	return addr;
}

/* A route becomes the socket's, with what its device can do */
static void ipv4_take_route(struct sock *sk, struct rtable *rt)
{
	sk->sk_gso_type = LTCP_IPV4_GSO;
	sk_setup_caps(sk, &rt->dst);
	ltcp_output_caps(sk, &rt->dst);
}

/* Does IPsec leave alone what @sk sends? */
static bool ipv4_plain(const struct net *net, const struct sock *sk)
{
#ifdef CONFIG_XFRM
	return !READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_OUT]) &&
	       READ_ONCE(net->xfrm.policy_default[XFRM_POLICY_OUT]) == XFRM_USERPOLICY_ACCEPT &&
	       !rcu_access_pointer(sk->sk_policy[XFRM_POLICY_OUT]);
#else
	return true;
#endif
}

/*
 * Does a route stay what it is when source address and port become known? Rules of the
 * administrator's and IPsec may ask for these, and so may the choice among equal paths; not
 * if that goes by addresses, since ours is one that the path itself has brought; should routes
 * change, it is asked which path goes with that address.
 */
static bool ipv4_is_final(const struct sock *sk)
{
	const struct net *net = sock_net(sk);

#ifdef CONFIG_IP_MULTIPLE_TABLES
	if (net->ipv4.fib_has_custom_rules)
		return false;
#endif
#ifdef CONFIG_IP_ROUTE_MULTIPATH
	if (READ_ONCE(net->ipv4.sysctl_fib_multipath_hash_policy))
		return false;
#endif
	return ipv4_plain(net, sk);
}

static __always_inline struct rtable *ipv4_route_flow(struct net *net, struct flowi4 *fl4,
						      const struct sock *sk)
{
	if (ipv4_plain(net, sk))
		return __ip_route_output_key(net, fl4);
	/* The security modules' name for it, by which IPsec alone chooses */
	security_sk_classify_flow((struct sock *)sk, flowi4_to_flowi_common(fl4));
	return ip_route_output_flow(net, fl4, sk);
}

/* Route a socket by its addresses and ports; the route becomes the socket's. */
static struct dst_entry *ipv4_lookup(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);
	struct flowi4 fl4 __uninitialized;
	struct rtable *rt;

	flowi4_init_output(&fl4, sk->sk_bound_dev_if, READ_ONCE(sk->sk_mark), ip_sock_rt_tos(sk),
			   ip_sock_rt_scope(sk), sk->sk_protocol, inet_sk_flowi_flags(sk),
			   ipv4_nexthop(sk), inet->inet_saddr, inet->inet_dport,
			   inet->inet_sport, sk->sk_uid);
	rt = ipv4_route_flow(sock_net(sk), &fl4, sk);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	ipv4_take_route(sk, rt);
	return &rt->dst;
}

/* The route of a segment that belongs to no connection */
static struct dst_entry *ipv4_route(struct ltcp_net *ln, const struct ltcp_reply *reply)
{
	const struct sock *sk = reply->sk ?: ln->ctl4;
	const struct ip_options_rcu *opt = reply->options;
	struct rtable *rt;
	struct flowi4 fl4 __uninitialized;

	flowi4_init_output(&fl4, reply->oif, reply->mark, reply->tos & INET_DSCP_MASK,
			   RT_SCOPE_UNIVERSE, ltcp_protocol, FLOWI_FLAG_ANYSRC,
			   opt ? opt->opt.faddr : ipv4_raddr(reply->key),
			   ipv4_laddr(reply->key), reply->key->rport, reply->key->lport,
			   sock_net_uid(ln->net, reply->sk));
	rt = ipv4_route_flow(ln->net, &fl4, sk);
	if (IS_ERR(rt))
		return NULL;
	/* MUST-63: the way back is asked for in any case, so that it tells of the source as well */
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		LTCP_COUNT(ln, DROP_ADDRESS);
		ip_rt_put(rt);
		return NULL;
	}
	return &rt->dst;
}

static struct dst_entry *ipv4_route_sock(struct sock *sk)
{
	return __sk_dst_check(sk, 0) ?: ipv4_lookup(sk);
}

/* Active open */

/*
 * An address to connect to, and the address to come from: is there a way at all?
 * Which one it is to be is asked again once the port is known, if that can make a
 * difference (ipv4_rehash()).
 */
static int ipv4_connect_route(struct sock *sk, const struct sockaddr_in *sin, __be32 *saddr,
			      __be32 *daddr)
{
	struct inet_sock *inet = inet_sk(sk);
	struct flowi4 fl4 __uninitialized;
	struct ip_options_rcu *opt;
	__be32 nexthop = sin->sin_addr.s_addr;
	struct rtable *rt;
	bool many;

	opt = rcu_dereference_protected(inet->inet_opt, lockdep_sock_is_held(sk));
	if (opt && opt->opt.srr) {
		if (!nexthop)
			return -EINVAL;
		nexthop = opt->opt.faddr;
	}
	ip_route_connect_init(&fl4, nexthop, inet->inet_saddr, sk->sk_bound_dev_if,
			      sk->sk_protocol, inet->inet_sport, sin->sin_port, sk);
	rt = __ip_route_output_key(sock_net(sk), &fl4);
	if (IS_ERR(rt)) {
		if (PTR_ERR(rt) == -ENETUNREACH)
			IP_INC_STATS(sock_net(sk), IPSTATS_MIB_OUTNOROUTES);
		return PTR_ERR(rt);
	}
	/* MUST-46: a connection has one peer. */
	many = rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST);
	if (!many && ipv4_is_final(sk)) {
		ipv4_take_route(sk, rt);
	} else {
		ip_rt_put(rt);
		sk_dst_reset(sk);
	}
	if (many)
		return -ENETUNREACH;
	*saddr = inet->inet_saddr ?: fl4.saddr;
	*daddr = opt && opt->opt.srr ? sin->sin_addr.s_addr : fl4.daddr;
	return 0;
}

static void ipv4_set_addresses(struct sock *sk, __be32 saddr, __be32 daddr, __be16 dport)
{
	struct inet_sock *inet = inet_sk(sk);

	inet->inet_saddr = saddr;
	sk_rcv_saddr_set(sk, saddr);
	sk_daddr_set(sk, daddr);
	inet->inet_dport = dport;
	atomic_set(&inet->inet_id, get_random_u16());
}

/* Programs read, and write, as much as an address has */
int ltcp_ipv4_pre_connect(struct sock *sk, struct sockaddr *addr, int len)
{
	if (len < (int)sizeof(struct sockaddr_in))
		return -EINVAL;
	return LTCP_COMPAT_CGROUP_CONNECT(4, sk, addr, &len);
}

static int ipv4_connect(struct sock *sk, struct sockaddr *addr, int len)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;
	__be32 saddr, daddr;
	int err;

	if (len < (int)sizeof(*sin))
		return -EINVAL;
	if (sin->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	err = ipv4_connect_route(sk, sin, &saddr, &daddr);
	if (err)
		return err;
	/* MUST-44: with several addresses of our own, the one that the route prefers */
	ipv4_set_addresses(sk, saddr, daddr, sin->sin_port);
	ltcp_key_ipv4(&ltcp_sk(sk)->node.key, saddr, inet_sk(sk)->inet_sport, daddr,
		      sin->sin_port);
	sk_set_txhash(sk);
	return 0;
}

/* Rules for packets, IPsec's above all, may ask for the source port. */
static int ipv4_rehash(struct sock *sk)
{
	return __sk_dst_get(sk) ? 0 : PTR_ERR_OR_ZERO(ipv4_lookup(sk));
}

/* Passive open */

/*
 * MUST-53: a source route that brought the segment here is turned round for
 * the answers. @from is the option as it came, @to has room for as much. The
 * first stop on the way back goes to @faddr, the others to @to; IP itself puts
 * the peer into the last place. Returns the option's length, 0: none is needed.
 */
static unsigned int ipv4_turn_round(const u8 *from, u8 *to, __be32 *faddr, __be32 peer)
{
	unsigned int next = min_t(unsigned int, from[2], from[1] + 1), n = 3;

	if (next < 8)
		return 0;
	memcpy(faddr, from + next - 5, 4);
	for (next -= 4; next >= 8; next -= 4, n += 4)
		memcpy(to + n, from + next - 5, 4);
	/* RFC 1812 section 5.2.4.1: some record themselves as the first stop. */
	if (n > 3 && !memcmp(to + n - 4, &peer, 4))
		n -= 4;
	else if (n == 3 && *faddr == peer)
		return 0;
	to[0] = from[0];
	to[1] = n + 4;
	to[2] = 4;
	return n + 4;
}

static struct ip_options_rcu *ipv4_return_route(const struct sk_buff *skb)
{
	const struct ip_options *from = &IPCB(skb)->opt;
	struct ip_options_rcu *opt;
	unsigned int len;

	if (!from->srr)
		return NULL;
	opt = kzalloc(sizeof(*opt) + MAX_IPOPTLEN, GFP_ATOMIC);
	if (!opt)
		return NULL;
	len = ipv4_turn_round(skb_network_header(skb) + from->srr, opt->opt.__data,
			      &opt->opt.faddr, ip_hdr(skb)->saddr);
	if (!len) {
		kfree(opt);
		return NULL;
	}
	opt->opt.srr = sizeof(struct iphdr);
	opt->opt.is_strictroute = from->is_strictroute;
	opt->opt.optlen = ALIGN(len, 4);	/* the rest is zero: end of options */
	return opt;
}

static int ipv4_adopt(struct sock *sk, const struct sock *listener, struct sk_buff *skb)
{
	const struct ltcp_key *key = &ltcp_sk(sk)->node.key;
	struct inet_sock *inet = inet_sk(sk);

	ipv4_set_addresses(sk, ipv4_laddr(key), ipv4_raddr(key), key->rport);
	inet->inet_sport = key->lport;
	inet->mc_index = inet_iif(skb);
	inet->mc_ttl = ip_hdr(skb)->ttl;
	inet->rcv_tos = ip_hdr(skb)->tos;
	sk->sk_mark = inet_request_mark(listener, skb);
	/* The listener's own options were copied as a pointer. */
	RCU_INIT_POINTER(inet->inet_opt, ipv4_return_route(skb));
	sk_set_txhash(sk);
	return PTR_ERR_OR_ZERO(ipv4_lookup(sk));
}

/* The way out */

/* MUST-2, over the pseudo-header of RFC 9293 section 3.1 with our own protocol number */
static void ipv4_checksum(struct sk_buff *skb, const struct ltcp_key *key,
			  const struct dst_entry *dst)
{
	ltcp_output_checksum(skb, dst, csum_tcpudp_nofold(ipv4_laddr(key), ipv4_raddr(key),
							  skb->len, ltcp_protocol, 0));
}

/* Of a flow IP reads the addresses; it fills in one itself if it needs a new route. */
static int ipv4_queue(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct ip_options_rcu *opt;
	struct flowi fl __uninitialized;

	opt = rcu_dereference_protected(inet->inet_opt, lockdep_sock_is_held(sk));
	fl.u.ip4.saddr = inet->inet_saddr;
	fl.u.ip4.daddr = ipv4_first_stop(sk, opt);
	return __ip_queue_xmit(sk, skb, &fl, (inet->tos & ~INET_ECN_MASK) | ecn);
}

/*
 * The identifications of a burst's segments count up from its header's. For
 * sockets that are not TCP's the kernel puts there what the last one should
 * have; receivers merge only what counts up from burst to burst.
 */
static noinline int ipv4_queue_burst(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	int ahead = skb_shinfo(skb)->gso_segs - 1, err;

	atomic_sub(ahead, &inet_sk(sk)->inet_id);
	err = ipv4_queue(sk, skb, ecn);
	atomic_add(ahead, &inet_sk(sk)->inet_id);
	return err;
}

static int ipv4_transmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	if (skb_shinfo(skb)->gso_segs > 1)
		return ipv4_queue_burst(sk, skb, ecn);
	return ipv4_queue(sk, skb, ecn);
}

/* An IP header without options, MUST-49: @sk's TTL, or else the route's */
static void ipv4_reply_header(struct net *net, const struct ltcp_reply *reply,
			      const struct sock *sk, struct sk_buff *skb)
{
	int ttl = READ_ONCE(inet_sk(sk)->uc_ttl);
	struct iphdr *iph = __skb_push(skb, sizeof(*iph));	/* there is room, see output.c */

	skb_reset_network_header(skb);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = reply->tos;
	iph->ttl = ttl < 0 ? ip4_dst_hoplimit(skb_dst(skb)) : ttl;
	iph->protocol = ltcp_protocol;
	iph->saddr = ipv4_laddr(reply->key);
	iph->daddr = ipv4_raddr(reply->key);
	if (skb->len <= IPV4_MIN_MTU || ip_dont_fragment(sk, skb_dst(skb))) {
		iph->frag_off = htons(IP_DF);
		iph->id = 0;
	} else {
		iph->frag_off = 0;
		__ip_select_ident(net, iph, 1);
	}
}

/* MUST-49, MUST-50: TTL and TOS are the listener's, or else the defaults. */
static int ipv4_reply(struct ltcp_net *ln, const struct ltcp_reply *reply, struct sk_buff *skb,
		      struct dst_entry *dst)
{
	const struct sock *sk = reply->sk ?: ln->ctl4;

	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb->protocol = htons(ETH_P_IP);
	skb->mark = reply->mark;
	skb_dst_set(skb, dst);
	if (!reply->options) {
		skb->priority = reply->priority;
		ipv4_reply_header(ln->net, reply, sk, skb);
		return ip_local_out(ln->net, (struct sock *)sk, skb);
	}
	return ip_build_and_send_pkt(skb, sk, ipv4_laddr(reply->key), ipv4_raddr(reply->key),
				     (struct ip_options_rcu *)reply->options, reply->tos);
}

/* The way in */

static bool ipv4_policy_ok(struct sock *sk, struct sk_buff *skb)
{
	/* RFC 5082: IP_MINTTL keeps out what comes from afar */
	if (sk && ip_hdr(skb)->ttl < READ_ONCE(inet_sk(sk)->min_ttl))
		return false;
	if (!xfrm4_policy_check(sk, XFRM_POLICY_IN, skb))
		return false;
	nf_reset_ct(skb);
	return true;
}

/* MUST-57; IP lets nothing in from multicast addresses, ipv4_route() knows broadcasts */
static bool ipv4_unicast(const struct sk_buff *skb)
{
	return !(skb_rtable(skb)->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST));
}

static void ipv4_answer(const struct sk_buff *skb, struct ltcp_reply *reply)
{
	/* Under an l3mdev the answer goes through it. */
	reply->oif = inet_sdif(skb) ? inet_iif(skb) : 0;
	reply->mark = IP4_REPLY_MARK(dev_net(skb->dev), skb->mark);
	reply->tos = ip_hdr(skb)->tos & ~INET_ECN_MASK;	/* what was marked is not echoed here */
}

static u8 ipv4_tos(const struct sock *sk)
{
	return inet_sk(sk)->tos;
}

static unsigned int ipv4_options_len(const struct sock *sk)
{
	const struct ip_options_rcu *opt;
	unsigned int len;

	if (!rcu_access_pointer(inet_sk(sk)->inet_opt))
		return 0;
	rcu_read_lock();
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	len = opt ? opt->opt.optlen : 0;
	rcu_read_unlock();
	return len;
}

static int ipv4_rcv(struct sk_buff *skb)
{
	struct ltcp_net *ln = ltcp_net_rcu(dev_net(skb->dev));
	struct ltcp_key key __uninitialized;
	const struct iphdr *iph;

	if (skb->pkt_type != PACKET_HOST)
		goto drop;
	LTCP_COUNT_N(ln, IN_SEGS, max_t(u16, 1, skb_shinfo(skb)->gso_segs));
	if (!ltcp_input_sound(ln, skb, inet_compute_pseudo))
		goto drop;
	if (ltcp_input_early(ln, &ltcp_ipv4, skb))
		return 0;
	iph = ip_hdr(skb);
	ltcp_key_ipv4(&key, iph->daddr, get_unaligned((__be16 *)(skb->data + 2)),
		      iph->saddr, get_unaligned((__be16 *)skb->data));
	ltcp_input(ln, &ltcp_ipv4, skb, &key, inet_iif(skb), inet_sdif(skb));
	return 0;
drop:
	kfree_skb(skb);
	return 0;
}

/* ICMP */

/* RFC 9293 section 3.9.2.2; false: to be ignored (MUST-55: source quench) */
static bool ipv4_icmp_meaning(u8 type, u8 code, enum ltcp_icmp *kind, int *err)
{
	*kind = LTCP_ICMP_SOFT;
	switch (type) {
	case ICMP_TIME_EXCEEDED:
		*err = EHOSTUNREACH;
		return true;
	case ICMP_PARAMETERPROB:
		*err = EPROTO;
		return true;
	case ICMP_DEST_UNREACH:
		if (code > NR_ICMP_UNREACH)
			return false;
		*err = icmp_err_convert[code].errno;
		if (code == ICMP_FRAG_NEEDED)
			*kind = LTCP_ICMP_MTU;
		else if (code == ICMP_PROT_UNREACH || code == ICMP_PORT_UNREACH)
			*kind = LTCP_ICMP_HARD;
		return true;
	default:
		return false;
	}
}

/* The caller has made sure of the quoted IP header and 8 octets of ours. */
static int ipv4_err(struct sk_buff *skb, u32 info)
{
	struct ltcp_net *ln = ltcp_net(dev_net(skb->dev));
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const u8 *quote = skb->data + iph->ihl * 4;
	u32 seq = ltcp_get_be32(quote + 4);
	enum ltcp_icmp kind;
	struct ltcp_key key;
	int err;

	ltcp_key_ipv4(&key, iph->saddr, get_unaligned((__be16 *)quote),
		      iph->daddr, get_unaligned((__be16 *)(quote + 2)));
	if (icmp_hdr(skb)->type == ICMP_REDIRECT)
		ltcp_input_redirect(ln, &key, inet_iif(skb), inet_sdif(skb), seq, skb);
	else if (ipv4_icmp_meaning(icmp_hdr(skb)->type, icmp_hdr(skb)->code, &kind, &err))
		ltcp_input_icmp(ln, &key, inet_iif(skb), inet_sdif(skb), kind, err, info, seq,
				skb);
	return 0;
}

/* Registration */

const struct ltcp_family ltcp_ipv4 = {
	.af = AF_INET,
	.header_len = sizeof(struct iphdr),
	.default_mss = LTCP_IPV4_MSS,
	.min_mtu = LTCP_IPV4_MIN_MTU,
	.gso_type = LTCP_IPV4_GSO,
	.connect = ipv4_connect,
	.rehash = ipv4_rehash,
	.adopt = ipv4_adopt,
	.route = ipv4_route,
	.transmit = ipv4_transmit,
	.reply = ipv4_reply,
	.checksum = ipv4_checksum,
	.policy_ok = ipv4_policy_ok,
	.unicast = ipv4_unicast,
	.answer = ipv4_answer,
	.tos = ipv4_tos,
	.options = ipv4_return_route,
	.options_len = ipv4_options_len,
	.route_sock = ipv4_route_sock,
	.accepts_pmtu = ip_sk_accept_pmtu,
	.recverr = ltcp_compat_inet_RECVERR,
	.destruct = inet_sock_destruct,
	.setsockopt = ip_setsockopt,
	.getsockopt = ip_getsockopt,
};

static const struct net_protocol ipv4_protocol = {
	.handler = ipv4_rcv,
	.err_handler = ipv4_err,
	.no_policy = 1,			/* asked for by ltcp_family.policy_ok */
	.icmp_strict_tag_validation = 1,
};

static struct inet_protosw ipv4_protosw = {
	.type = SOCK_STREAM,
	.prot = &ltcp_prot,
	.ops = &ltcp_stream_ops,
};

int ltcp_ipv4_register(void)
{
	if (inet_add_protocol(&ipv4_protocol, ltcp_protocol))
		goto taken;
	/* Without it bursts would be lost, so it is there before the first socket */
	if (inet_add_offload(&ltcp_offload_ipv4, ltcp_protocol))
		goto out_protocol;
	return 0;

out_protocol:
	inet_del_protocol(&ipv4_protocol, ltcp_protocol);
taken:
	pr_err("ltcp: protocol=%d is in use by another module\n", ltcp_protocol);
	return -EEXIST;
}

void ltcp_ipv4_unregister(void)
{
	inet_del_offload(&ltcp_offload_ipv4, ltcp_protocol);
	inet_del_protocol(&ipv4_protocol, ltcp_protocol);
}

void ltcp_ipv4_offer(void)
{
	ipv4_protosw.protocol = ltcp_protocol;
	inet_register_protosw(&ipv4_protosw);
}

void ltcp_ipv4_withdraw(void)
{
	inet_unregister_protosw(&ipv4_protosw);
}

/* SOCK_RAW: a socket of our own kind would pin the module. */
int ltcp_ipv4_net_init(struct ltcp_net *ln)
{
	int err;

	err = inet_ctl_sock_create(&ln->ctl4, PF_INET, SOCK_RAW, ltcp_protocol, ln->net);
	if (err)
		return err;
	/* What it sends is small and never to be fragmented. */
	inet_sk(ln->ctl4)->pmtudisc = IP_PMTUDISC_DO;
	return 0;
}

void ltcp_ipv4_net_exit(struct ltcp_net *ln)
{
	inet_ctl_sock_destroy(ln->ctl4);
}
