// SPDX-License-Identifier: GPL-2.0
/*
 * Early demultiplexing. IP asks TCP and UDP whose a packet is before it looks
 * for a route, and is spared that if the socket remembers one; other protocols
 * it does not ask. The last hook before the route is looked for, where
 * addresses are translated already, is as good a place.
 */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/l3mdev.h>

#include "compat.h"
#include "core/segment.h"
#include "demux.h"
#include "family.h"

static DEFINE_MUTEX(demux_mutex);	/* ltcp_net.demux changes */

/* Under an l3mdev the packet passes twice, by different devices: left to IP */
static bool demux_possible(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_HOST && !skb_dst(skb) && !skb->sk &&
	       !netif_is_l3_master(skb->dev) && !netif_is_l3_slave(skb->dev);
}

/*
 * With a SYN a connection begins, which knows no way yet; with a RST it needs none any
 * more. Floods are made of these: whoever knows already that it is one asks no further.
 */
static bool demux_in_vain(const struct sk_buff *skb, unsigned int header)
{
	return skb_headlen(skb) > header + LTCP_AT_FLAGS &&
	       skb->data[header + LTCP_AT_FLAGS] & (LTCP_SYN | LTCP_RST);
}

/* Give @skb the connection and the route that it remembers, as far as there are */
static void demux(struct sk_buff *skb, const struct ltcp_key *key, const struct net *net,
		  const struct ltcp_family *family)
{
	struct ltcp_net *ln = ltcp_net_rcu(net);
	struct ltcp_node *node = ltcp_table_lookup(ln, key, skb->skb_iif, 0);
	struct dst_entry *dst;
	struct sock *sk;

	if (!node || node->kind != LTCP_KIND_SOCK)
		return;
	sk = ltcp_node_sk(node);
	dst = rcu_dereference(sk->sk_rx_dst);
	/* What is mapped from IPv4 means nothing in an IPv6 header */
	if (!dst || sk->sk_rx_dst_ifindex != skb->skb_iif || ltcp_sk(sk)->family != family ||
	    !dst_check(dst, sk->sk_rx_dst_cookie) || !refcount_inc_not_zero(&sk->sk_refcnt))
		return;
	LTCP_COUNT(ln, EARLY_DEMUX);
	skb_dst_set_noref(skb, dst);
	skb->sk = sk;
	skb->destructor = sock_edemux;
}

static noinline unsigned int demux_ours_ipv4(struct sk_buff *skb, const struct net *net)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct ltcp_key key __uninitialized;
	const __be16 *ports;

	if (iph->ihl != sizeof(*iph) / 4 || ip_is_fragment(iph) || !demux_possible(skb) ||
	    !pskb_may_pull(skb, sizeof(*iph) + LTCP_HEADER_MIN) || demux_in_vain(skb, sizeof(*iph)))
		return NF_ACCEPT;
	iph = ip_hdr(skb);
	ports = (const __be16 *)(iph + 1);
	ltcp_key_ipv4(&key, iph->daddr, ports[1], iph->saddr, ports[0]);
	demux(skb, &key, net, &ltcp_ipv4);
	return NF_ACCEPT;
}

/* Every packet comes by here: those of others should not pay for ours */
static unsigned int demux_ipv4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (likely(ip_hdr(skb)->protocol != ltcp_protocol) ||
	    demux_in_vain(skb, sizeof(struct iphdr)))
		return NF_ACCEPT;
	return demux_ours_ipv4(skb, state->net);
}

#if IS_ENABLED(CONFIG_IPV6)
static noinline unsigned int demux_ours_ipv6(struct sk_buff *skb, const struct net *net)
{
	const struct ipv6hdr *iph;
	struct ltcp_key key __uninitialized;
	const __be16 *ports;

	if (!demux_possible(skb) || !pskb_may_pull(skb, sizeof(*iph) + LTCP_HEADER_MIN) ||
	    demux_in_vain(skb, sizeof(*iph)))
		return NF_ACCEPT;
	iph = ipv6_hdr(skb);
	ports = (const __be16 *)(iph + 1);
	key = (struct ltcp_key){ iph->daddr, iph->saddr, ports[1], ports[0] };
	demux(skb, &key, net, &ltcp_ipv6);
	return NF_ACCEPT;
}

static unsigned int demux_ipv6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (likely(ipv6_hdr(skb)->nexthdr != ltcp_protocol) ||
	    demux_in_vain(skb, sizeof(struct ipv6hdr)))
		return NF_ACCEPT;
	return demux_ours_ipv6(skb, state->net);
}
#endif

static const struct nf_hook_ops demux_hooks[] = {
	{
		.hook = demux_ipv4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_LAST,
	},
#if IS_ENABLED(CONFIG_IPV6)
	{
		.hook = demux_ipv6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP6_PRI_LAST,
	},
#endif
};

/* Under demux_mutex: as the setting says */
static void demux_turn(struct ltcp_net *ln)
{
	bool on = READ_ONCE(ln->set.early_demux);

	if (on && ln->demux == LTCP_DEMUX_OFF &&
	    !nf_register_net_hooks(ln->net, demux_hooks, ARRAY_SIZE(demux_hooks))) {
		WRITE_ONCE(ln->demux, LTCP_DEMUX_ON);
	} else if (!on && ln->demux == LTCP_DEMUX_ON) {
		WRITE_ONCE(ln->demux, LTCP_DEMUX_OFF);
		nf_unregister_net_hooks(ln->net, demux_hooks, ARRAY_SIZE(demux_hooks));
	}
}

void ltcp_demux_switch(struct ltcp_net *ln)
{
	mutex_lock(&demux_mutex);
	demux_turn(ln);
	mutex_unlock(&demux_mutex);
}

void ltcp_demux_follow(struct ltcp_net *ln)
{
	if (!READ_ONCE(ln->set.early_demux) || ltcp_mib_sum(ln, LTCP_MIB_CURR_ESTAB))
		ltcp_demux_switch(ln);
}

void ltcp_demux_end(struct ltcp_net *ln)
{
	mutex_lock(&demux_mutex);
	WRITE_ONCE(ln->set.early_demux, 0);
	demux_turn(ln);
	ln->demux = LTCP_DEMUX_OVER;
	mutex_unlock(&demux_mutex);
}

static u32 demux_cookie(const struct sock *sk, struct dst_entry *dst)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (ltcp_sk(sk)->family == &ltcp_ipv6)
		return rt6_get_cookie(container_of(dst, struct rt6_info, dst));
#endif
	return 0;
}

/*
 * Segments come while the user holds the socket, and perhaps lets go of the way in: whoever
 * takes a route out releases it. It lives on for those who look at it under RCU.
 */
static void demux_swap(struct sock *sk, struct dst_entry *dst)
{
	dst_release(unrcu_pointer(xchg(&sk->sk_rx_dst, RCU_INITIALIZER(dst))));
}

void ltcp_demux_remember(struct sock *sk, const struct sk_buff *skb)
{
	struct dst_entry *dst = skb_dst(skb);
	int iif = skb->skb_iif;
	u32 cookie;

	/* Over loopback packets keep the route by which they were sent */
	if (READ_ONCE(ltcp_sk_net(sk)->demux) != LTCP_DEMUX_ON || iif == LOOPBACK_IFINDEX ||
	    !dst || sk->sk_state == TCP_CLOSE)
		return;
	/* A route of IPv6 stays what it is when others change: its cookie does not */
	cookie = demux_cookie(sk, dst);
	if ((dst == rcu_access_pointer(sk->sk_rx_dst) && iif == sk->sk_rx_dst_ifindex &&
	     cookie == sk->sk_rx_dst_cookie) || !dst_hold_safe(dst))
		return;
	ltcp_demux_forget(sk);
	sk->sk_rx_dst_ifindex = iif;
	sk->sk_rx_dst_cookie = cookie;
	demux_swap(sk, dst);
}

void ltcp_demux_forget(struct sock *sk)
{
	if (rcu_access_pointer(sk->sk_rx_dst))
		demux_swap(sk, NULL);
}
