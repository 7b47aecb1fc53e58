/* SPDX-License-Identifier: GPL-2.0 */
/* Early demultiplexing: a connection remembers the way by which its segments come in. */
#ifndef LTCP_DEMUX_H
#define LTCP_DEMUX_H

#include <linux/skbuff.h>
#include <net/sock.h>

#include "net.h"
#include "sock.h"

#if IS_ENABLED(CONFIG_NETFILTER)
/**
 * ltcp_demux_switch() - do as net.ipv4.ltcp_early_demux says
 * @ln: namespace
 *
 * What cannot be for want of memory is left: IP looks for the routes then.
 */
void ltcp_demux_switch(struct ltcp_net *ln);

/**
 * ltcp_demux_follow() - net.ipv4.ltcp_early_demux has been written
 * @ln: namespace; without connections it waits for the first
 */
void ltcp_demux_follow(struct ltcp_net *ln);

/**
 * ltcp_demux_end() - the namespace ends: no more lookups when a grace period has passed
 * @ln: namespace
 */
void ltcp_demux_end(struct ltcp_net *ln);

/**
 * ltcp_demux_remember() - the connection's next segment will come the same way
 * @sk: its spinlock is held; the user may have the socket
 * @skb: a segment whose route IP has looked for, knowing of none or of one that is out of date
 */
void ltcp_demux_remember(struct sock *sk, const struct sk_buff *skb);

/**
 * ltcp_demux_forget() - no more segments come
 * @sk: locked in either way
 */
void ltcp_demux_forget(struct sock *sk);
#else
static inline void ltcp_demux_switch(struct ltcp_net *ln) { }
static inline void ltcp_demux_follow(struct ltcp_net *ln) { }
static inline void ltcp_demux_end(struct ltcp_net *ln) { }
static inline void ltcp_demux_remember(struct sock *sk, const struct sk_buff *skb) { }
static inline void ltcp_demux_forget(struct sock *sk) { }
#endif

/*
 * A connection is opened, or accepted: a namespace without any, be it flooded, does not
 * pay for what every packet is asked
 */
static inline void ltcp_demux_start(struct ltcp_net *ln)
{
	if (READ_ONCE(ln->demux) == LTCP_DEMUX_OFF && READ_ONCE(ln->set.early_demux))
		ltcp_demux_switch(ln);
}

/**
 * ltcp_demux_take() - the connection that was found before IP looked for a route
 * @skb: on its way in
 *
 * Return: NULL: none was; otherwise the caller releases it
 */
static inline struct sock *ltcp_demux_take(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	/* Programs of others may have chosen a socket for it, too */
	if (!sk || skb->destructor != sock_edemux || !sk_fullsock(sk) ||
	    sk->sk_protocol != ltcp_protocol)
		return NULL;
	skb->sk = NULL;
	skb->destructor = NULL;
	return sk;
}

#endif
