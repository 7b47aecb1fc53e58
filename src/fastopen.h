/* SPDX-License-Identifier: GPL-2.0 */
/* TCP Fast Open (RFC 7413): its keys, and what the two ends remember for it. */
#ifndef LTCP_FASTOPEN_H
#define LTCP_FASTOPEN_H

#include "core/fastopen.h"
#include "sock.h"

#define LTCP_FASTOPEN_KEY_LEN	16	/* octets, as programs know them */

/**
 * struct ltcp_fastopen_secret - keys in force
 * @rcu: for freeing
 * @keys: the keys
 */
struct ltcp_fastopen_secret {
	struct rcu_head rcu;
	struct ltcp_fastopen_keys keys;
};

/* A namespace begins with a key of its own, and has no cookie of anybody: 0 or -ENOMEM */
int ltcp_fastopen_net_init(struct ltcp_net *ln);
void ltcp_fastopen_net_exit(struct ltcp_net *ln);

/**
 * ltcp_fastopen_net_set() - other keys for the listeners of a namespace
 * @ln: namespace
 * @keys: the keys
 *
 * Return: 0 or -ENOMEM
 */
int ltcp_fastopen_net_set(struct ltcp_net *ln, const struct ltcp_fastopen_keys *keys);

/**
 * ltcp_fastopen_net_get() - a namespace's keys
 * @ln: namespace
 * @keys: result
 */
void ltcp_fastopen_net_get(struct ltcp_net *ln, struct ltcp_fastopen_keys *keys);

/**
 * ltcp_fastopen_set() - keys of a socket's own (TCP_FASTOPEN_KEY)
 * @sk: locked
 * @octets: one key or two, the one in use first
 * @len: of @octets
 *
 * Return: 0, -EINVAL or -ENOMEM
 */
int ltcp_fastopen_set(struct sock *sk, const u8 *octets, unsigned int len);

/**
 * ltcp_fastopen_get() - the keys of a socket's own
 * @sk: locked
 * @octets: result, room for two keys
 *
 * Return: octets, 0: it has none
 */
unsigned int ltcp_fastopen_get(const struct sock *sk, u8 *octets);

/**
 * ltcp_fastopen_free() - a socket ends
 * @sk: locked or unreachable
 */
void ltcp_fastopen_free(struct sock *sk);

/* The server's side */

/**
 * ltcp_fastopen_listen() - a listener begins
 * @sk: locked; a namespace may give TCP_FASTOPEN to all of them
 * @backlog: length of the accept queue
 */
void ltcp_fastopen_listen(struct sock *sk, int backlog);

/**
 * ltcp_fastopen_wanted() - is a SYN a matter of Fast Open at all?
 * @sk: listener
 * @seg: the SYN
 */
static inline bool ltcp_fastopen_wanted(const struct sock *sk, const struct ltcp_seg *seg)
{
	return READ_ONCE(ltcp_sk(sk)->listener->fastopen_queue) &&
	       ((seg->opt.has & LTCP_HAS_FASTOPEN) || seg->text) &&
	       READ_ONCE(ltcp_sk_net(sk)->set.fastopen) & LTCP_FASTOPEN_SERVER;
}

/**
 * ltcp_fastopen_take_syn() - what to make of a SYN
 * @sk: listener, ltcp_fastopen_wanted(); RCU read lock is held
 * @dst: the way back
 * @key: both ends
 * @seg: the SYN
 * @answer: result: the cookie that the SYN-ACK gives; length 0: none
 *
 * Return: true when the connection is to be opened at once; it has a place in the
 *	listener's queue then
 */
bool ltcp_fastopen_take_syn(struct sock *sk, const struct dst_entry *dst,
			    const struct ltcp_key *key, const struct ltcp_seg *seg,
			    struct ltcp_fastopen *answer);

/**
 * ltcp_fastopen_let_go() - the place is not needed after all
 * @sk: listener
 */
void ltcp_fastopen_let_go(struct sock *sk);

/**
 * ltcp_fastopen_opened() - a connection takes the place
 * @sk: the connection, locked, in SYN-RECEIVED
 * @listener: a reference is taken
 */
void ltcp_fastopen_opened(struct sock *sk, struct sock *listener);

/**
 * ltcp_fastopen_moved() - a connection that has a place has changed its state
 * @sk: locked, ltcp_sock.parent is the listener
 * @v: the verdict
 */
void ltcp_fastopen_moved(struct sock *sk, const struct ltcp_verdict *v);

/* The client's side */

/**
 * ltcp_fastopen_connect() - the SYN is ready: does it wait for text?
 * @sk: locked; its peer's MSS is set
 *
 * Return: true when it does; else ltcp_tcb.syn_fastopen may have been set
 */
bool ltcp_fastopen_connect(struct sock *sk);

/**
 * ltcp_fastopen_room() - how much text goes with the SYN
 * @sk: locked, in SYN-SENT, ltcp_tcb.syn_held
 *
 * Return: octets, at most
 */
u32 ltcp_fastopen_room(struct sock *sk);

/**
 * ltcp_fastopen_send() - the SYN goes, with what text has been queued meanwhile
 * @sk: locked, in SYN-SENT, ltcp_tcb.syn_held
 */
void ltcp_fastopen_send(struct sock *sk);

/**
 * ltcp_fastopen_answered() - the SYN-ACK has arrived: what is to be remembered?
 * @sk: locked, ltcp_sock.fastopen_tried
 * @seg: the SYN-ACK
 */
void ltcp_fastopen_answered(struct sock *sk, const struct ltcp_seg *seg);

#endif
