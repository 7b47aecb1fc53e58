/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between IPv4 and IPv6, and nothing else. */
#ifndef LTCP_FAMILY_H
#define LTCP_FAMILY_H

#include <linux/skbuff.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "core/segment.h"
#include "tcb_table.h"

struct ip_options_rcu;
struct ltcp_net;
struct sockaddr;

/**
 * struct ltcp_reply - what a segment that no connection sends needs besides its header
 * @key: both ends, seen from here
 * @sk: socket whose settings count (a listener), NULL: the control socket
 * @oif: interface to leave by, 0: by the route
 * @scope: interface that the addresses mean something on (RFC 4007), 0: anywhere
 * @mark: the route's and the packet's mark
 * @priority: the packet's priority
 * @tos: type of service or traffic class
 * @named: packet filters and control groups see @sk as the sender. That takes a reference:
 *	not for cookies and a listener's RSTs, lest floods have all processors write to it
 * @label: IPv6: flow label, 0: of the host's choice
 * @options: IPv4: options to send along (MUST-53), NULL: none; not the reply's own
 * @spare: the segment that is answered: its memory may serve for the answer, and is
 *	taken from here then; NULL: none
 */
struct ltcp_reply {
	const struct ltcp_key *key;
	const struct sock *sk;
	int oif;
	int scope;
	u32 mark;
	u32 priority;
	u8 tos;
	bool named;
	__be32 label;
	const struct ip_options_rcu *options;
	struct sk_buff *spare;
};

/**
 * struct ltcp_family - one address family
 * @af: AF_INET or AF_INET6
 * @header_len: octets of the IP header without options
 * @default_mss: send MSS when the peer names none (MUST-15)
 * @min_mtu: the least MTU of a link
 * @gso_type: SKB_GSO_* of a burst, see offload.h
 * @connect: check a peer address, and that there is a way to it: sets the inet_sock's addresses
 *	and ports but the local port, ltcp_sock.node.key's addresses and rport; socket
 *	locked; 0 or -errno (MUST-44, MUST-46)
 * @rehash: the source port is known: route the socket; 0 or -errno
 * @adopt: set addresses of a passive connection from its key, and its route; takes the
 *	SYN or ACK's skb for IP options, marks and so on; 0 or -errno
 * @route: the route of a reply, NULL: none, or the peer's address is not one host's
 *	(MUST-57, MUST-63); caller releases it
 * @transmit: send a segment of a connection: skb->data is the TCP header; consumes it;
 *	@ecn goes into the IP header (RFC 3168)
 * @reply: send a segment that belongs to no connection; consumes it. @dst is the route,
 *	its reference is taken over
 * @checksum: fill in the checksum of an outgoing segment, skb->data at the TCP header;
 *	a burst's is finished when it is cut, another's later if @dst's device sums anything
 * @policy_ok: XFRM and the socket's least TTL (RFC 5082) let this segment in; @sk may be
 *	NULL
 * @unicast: a received segment was sent to one host, us (MUST-57), and its source might be
 *	one: @route has the last word on that
 * @answer: what a received segment says about answers to it: ltcp_reply.oif, scope,
 *	mark, tos and label
 * @tos: type of service that a socket's user has asked for
 * @options: options that the answers to a received SYN carry; kfree() them; NULL: none
 * @options_len: octets of IP options or extension headers in a socket's packets (MUST-16)
 * @route_sock: the route of a locked socket, looked up again if it is not valid any more;
 *	ERR_PTR(-errno) without one; no reference is taken
 * @accepts_pmtu: do ICMP messages tell this socket of its path's MTU?
 * @recverr: does the user want to hear of soft errors at once?
 * @child: make a passive connection's socket its own master, fresh from
 *	sk_clone_lock(); NULL: nothing to do
 * @destruct: the end of sk->sk_destruct
 * @setsockopt: options of IP's own
 * @getsockopt: options of IP's own
 *
 * The family of a connection is ltcp_sock.family: IPv4's for a v4-mapped peer.
 * The family of a socket, ltcp_family_of(), stays what socket() was told, and
 * is asked for @connect, and from @child on.
 */
struct ltcp_family {
	u16 af;
	u16 header_len;
	u16 default_mss;
	u16 min_mtu;
	u32 gso_type;
	int (*connect)(struct sock *sk, struct sockaddr *addr, int len);
	int (*rehash)(struct sock *sk);
	int (*adopt)(struct sock *sk, const struct sock *listener, struct sk_buff *skb);
	struct dst_entry *(*route)(struct ltcp_net *ln, const struct ltcp_reply *reply);
	int (*transmit)(struct sock *sk, struct sk_buff *skb, u8 ecn);
	int (*reply)(struct ltcp_net *ln, const struct ltcp_reply *reply, struct sk_buff *skb,
		     struct dst_entry *dst);
	void (*checksum)(struct sk_buff *skb, const struct ltcp_key *key,
			 const struct dst_entry *dst);
	bool (*policy_ok)(struct sock *sk, struct sk_buff *skb);
	bool (*unicast)(const struct sk_buff *skb);
	void (*answer)(const struct sk_buff *skb, struct ltcp_reply *reply);
	u8 (*tos)(const struct sock *sk);
	struct ip_options_rcu *(*options)(const struct sk_buff *skb);
	unsigned int (*options_len)(const struct sock *sk);
	struct dst_entry *(*route_sock)(struct sock *sk);
	bool (*accepts_pmtu)(const struct sock *sk);
	bool (*recverr)(const struct sock *sk);
	void (*child)(struct sock *sk);
	void (*destruct)(struct sock *sk);
	int (*setsockopt)(struct sock *sk, int level, int optname, sockptr_t optval,
			  unsigned int optlen);
	int (*getsockopt)(struct sock *sk, int level, int optname, char __user *optval,
			  int __user *optlen);
};

extern const struct ltcp_family ltcp_ipv4;
extern const struct ltcp_family ltcp_ipv6;

static inline const struct ltcp_family *ltcp_family_of(const struct sock *sk)
{
	if (IS_ENABLED(CONFIG_IPV6) && sk->sk_family == AF_INET6)
		return &ltcp_ipv6;
	return &ltcp_ipv4;
}

/* The family of a connection, of which only an address is at hand */
static inline const struct ltcp_family *ltcp_family_of_addr(const struct in6_addr *addr)
{
	if (IS_ENABLED(CONFIG_IPV6) && !ipv6_addr_v4mapped(addr))
		return &ltcp_ipv6;
	return &ltcp_ipv4;
}

/**
 * ltcp_ipv4_register() - receive protocol ltcp_protocol over IPv4
 *
 * Return: 0 or -errno (-EEXIST: the number is taken)
 */
int ltcp_ipv4_register(void);
void ltcp_ipv4_unregister(void);

/**
 * ltcp_ipv4_offer() - sockets of LTCP's over IPv4
 *
 * Who has one keeps the module, but for one that fails to load: this comes last.
 */
void ltcp_ipv4_offer(void);
void ltcp_ipv4_withdraw(void);

/* proto.pre_connect: what a control group's programs say to connect() */
int ltcp_ipv4_pre_connect(struct sock *sk, struct sockaddr *addr, int len);
int ltcp_ipv6_pre_connect(struct sock *sk, struct sockaddr *addr, int len);

/* Control sockets of a namespace: 0 or -errno */
int ltcp_ipv4_net_init(struct ltcp_net *ln);
void ltcp_ipv4_net_exit(struct ltcp_net *ln);

/* The same over IPv6; they succeed and do nothing where the kernel has none */
#if IS_ENABLED(CONFIG_IPV6)
int ltcp_ipv6_register(void);
void ltcp_ipv6_unregister(void);
int ltcp_ipv6_net_init(struct ltcp_net *ln);
void ltcp_ipv6_net_exit(struct ltcp_net *ln);
#else
static inline int ltcp_ipv6_register(void) { return 0; }
static inline void ltcp_ipv6_unregister(void) { }
static inline int ltcp_ipv6_net_init(struct ltcp_net *ln) { return 0; }
static inline void ltcp_ipv6_net_exit(struct ltcp_net *ln) { }
#endif

#endif
