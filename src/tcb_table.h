/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hashed TCB table of a network namespace: connections, half-open entries
 * and TIME-WAIT entries, found by both ends. Listeners are in ports.c.
 */
#ifndef LTCP_TCB_TABLE_H
#define LTCP_TCB_TABLE_H

#include <linux/in6.h>
#include <linux/rhashtable.h>
#include <net/ipv6.h>

struct ltcp_net;

/**
 * struct ltcp_key - both ends of a connection; IPv4 as ::ffff:a.b.c.d
 * @laddr: local address, network byte order
 * @raddr: remote address, network byte order
 * @lport: local port, network byte order
 * @rport: remote port, network byte order
 */
struct ltcp_key {
	struct in6_addr laddr;
	struct in6_addr raddr;
	__be16 lport;
	__be16 rport;
};

/* IPv4's addresses and ports, all in network byte order */
static inline void ltcp_key_ipv4(struct ltcp_key *key, __be32 laddr, __be16 lport, __be32 raddr,
				 __be16 rport)
{
	ipv6_addr_set_v4mapped(laddr, &key->laddr);
	ipv6_addr_set_v4mapped(raddr, &key->raddr);
	key->lport = lport;
	key->rport = rport;
}

/* What a node is part of */
enum ltcp_kind {
	LTCP_KIND_SOCK,
	LTCP_KIND_HALF,
	LTCP_KIND_TIMEWAIT,
};

/**
 * struct ltcp_node - an entry's place in the table; freed only after an RCU grace period
 * @link: in the hash table
 * @key: both ends; constant while in the table
 * @bound_dev_if: interface that the entry is bound to, 0: any
 * @mark: of answers, unless a socket gives them
 * @tos: of answers, likewise
 * @af: AF_INET or AF_INET6, whichever its socket is of
 * @hashed: in the table; written under the owner's lock
 * @kind: enum ltcp_kind
 * @reuse: TIME-WAIT: the connection had SO_REUSEADDR
 * @reuseport: TIME-WAIT: the connection had SO_REUSEPORT
 * @bound: TIME-WAIT: it keeps a port that somebody chose by bind()
 * @dead: half-open: ended, whoever found it must look again; under the entry's lock
 * @tail: half-open: it has what most do without, see half.h
 *
 * Every connection, half-open ones and those in TIME-WAIT pay for it: no
 * octet is to spare.
 */
struct ltcp_node {
	struct rhash_head link;
	struct ltcp_key key;
	int bound_dev_if;
	u32 mark;
	u8 tos;
	u8 af;
	bool hashed;
	u8 kind:2;
	u8 reuse:1;
	u8 reuseport:1;
	u8 bound:1;
	u8 dead:1;
	u8 tail:1;
};

/**
 * ltcp_table_init() - make a namespace's table
 * @ln: namespace
 *
 * Return: 0 or -errno
 */
int ltcp_table_init(struct ltcp_net *ln);

/**
 * ltcp_table_exit() - free a namespace's empty table
 * @ln: namespace
 */
void ltcp_table_exit(struct ltcp_net *ln);

/**
 * ltcp_table_lookup() - whose is a segment?
 * @ln: namespace
 * @key: both ends, seen from here
 * @dif: interface it came in by
 * @sdif: the enslaved interface under an l3mdev, 0: none
 *
 * Context: rcu_read_lock() is held; the result is valid while it is.
 * Return: the node or NULL
 */
struct ltcp_node *ltcp_table_lookup(struct ltcp_net *ln, const struct ltcp_key *key,
				    int dif, int sdif);

/**
 * ltcp_table_insert() - enter a node
 * @ln: namespace
 * @node: @key, @bound_dev_if and @kind are set
 *
 * Context: any; the node's owner is locked or unreachable to others.
 * Return: 0, -EADDRINUSE when the pair is taken, or -ENOMEM
 */
int ltcp_table_insert(struct ltcp_net *ln, struct ltcp_node *node);

/**
 * ltcp_table_replace() - put one node in another's place, atomically to lookups
 * @ln: namespace
 * @old: in the table
 * @new: same key
 *
 * Return: 0 or -errno; on error @old stays
 */
int ltcp_table_replace(struct ltcp_net *ln, struct ltcp_node *old, struct ltcp_node *new);

/**
 * ltcp_table_remove() - take a node out; does nothing when it is not in
 * @ln: namespace
 * @node: may be found by lookups until a grace period has passed
 */
void ltcp_table_remove(struct ltcp_net *ln, struct ltcp_node *node);

/**
 * ltcp_table_next() - walk all entries of a table
 * @iter: between rhashtable_walk_start() and _stop() on ltcp_net.table
 *
 * While the table is resized a walk may see entries twice.
 *
 * Context: rcu_read_lock() is held by the walk.
 * Return: the next node or NULL
 */
struct ltcp_node *ltcp_table_next(struct rhashtable_iter *iter);

#endif
