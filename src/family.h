/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between IPv4 and IPv6, and nothing else. */
#ifndef LTCP_FAMILY_H
#define LTCP_FAMILY_H

#include <linux/skbuff.h>
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
 * @mark: the route's and the packet's mark
 * @priority: the packet's priority
 * @tos: type of service or traffic class
 * @options: IPv4: options to send along (MUST-53), NULL: none; not the reply's own
 */
struct ltcp_reply {
	struct ltcp_key key;
	const struct sock *sk;
	int oif;
	u32 mark;
	u32 priority;
	u8 tos;
	const struct ip_options_rcu *options;
};

/**
 * struct ltcp_family - one address family
 * @af: AF_INET or AF_INET6
 * @header_len: octets of the IP header without options
 * @default_mss: send MSS when the peer names none (MUST-15)
 * @min_mtu: the least MTU of a link
 * @connect: check and route to a peer address: sets the inet_sock's addresses
 *	and ports but the local port, ltcp_sock.node.key's addresses and rport, and the
 *	socket's route; socket locked; 0 or -errno (MUST-44, MUST-46)
 * @rehash: the source port is known: route again if it matters, sets key.lport; 0 or -errno
 * @adopt: set addresses of a passive connection from its key, and its route; takes the
 *	SYN or ACK's skb for IP options, marks and so on; 0 or -errno
 * @route: the route of a reply, NULL: none; caller releases it
 * @transmit: send a segment of a connection: skb->data is the TCP header; consumes it
 * @reply: send a segment that belongs to no connection; consumes it. @dst is the route,
 *	its reference is taken over
 * @checksum: fill in the checksum of an outgoing segment, skb->data at the TCP header,
 *	wholly in software unless @dst's device sums any protocol
 * @policy_ok: XFRM lets this segment in; @sk may be NULL
 * @unicast: source and destination of a received SYN are acceptable (MUST-57, MUST-63)
 * @tos: type of service of a received segment
 * @options: options that the answers to a received SYN carry; kfree() them; NULL: none
 * @update_pmtu: tell the route of a locked socket about a new path MTU; returns the
 *	route's MTU then
 */
struct ltcp_family {
	u16 af;
	u16 header_len;
	u16 default_mss;
	u16 min_mtu;
	int (*connect)(struct sock *sk, struct sockaddr *addr, int len);
	int (*rehash)(struct sock *sk);
	int (*adopt)(struct sock *sk, const struct sock *listener, struct sk_buff *skb);
	struct dst_entry *(*route)(struct ltcp_net *ln, const struct ltcp_reply *reply);
	int (*transmit)(struct sock *sk, struct sk_buff *skb);
	int (*reply)(struct ltcp_net *ln, const struct ltcp_reply *reply, struct sk_buff *skb,
		     struct dst_entry *dst);
	void (*checksum)(struct sk_buff *skb, const struct ltcp_key *key,
			 const struct dst_entry *dst);
	bool (*policy_ok)(struct sock *sk, struct sk_buff *skb);
	bool (*unicast)(const struct sk_buff *skb);
	u8 (*tos)(const struct sk_buff *skb);
	struct ip_options_rcu *(*options)(const struct sk_buff *skb);
	u32 (*update_pmtu)(struct sock *sk, u32 mtu);
};

extern const struct ltcp_family ltcp_ipv4;

/**
 * ltcp_ipv4_register() - receive protocol ltcp_protocol over IPv4, offer its sockets
 *
 * Return: 0 or -errno (-EEXIST: the number is taken)
 */
int ltcp_ipv4_register(void);
void ltcp_ipv4_unregister(void);

/* Control sockets of a namespace: 0 or -errno */
int ltcp_ipv4_net_init(struct ltcp_net *ln);
void ltcp_ipv4_net_exit(struct ltcp_net *ln);

#endif
