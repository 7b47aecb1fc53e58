// SPDX-License-Identifier: GPL-2.0
/* LTCP's port space. */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/rculist.h>
#include <linux/rculist_nulls.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock_reuseport.h>

#include "net.h"
#include "ports.h"
#include "sock.h"
#include "taken.h"
#include "timewait.h"

#define LTCP_PORT_BUCKETS	4096
#define LTCP_PORT_COUNTERS	65536
#define LTCP_PORT_PROBES	16	/* a search that needs more is a long one */

/**
 * struct ltcp_port - a port of a namespace that is in use
 * @link: in its bucket
 * @bucket: its lock protects all but what RCU reads
 * @ln: namespace
 * @num: host byte order
 * @quiet: nobody has ever listened at it: no lookup under RCU knows of it
 * @n_bound: sockets that came to it by bind(), theirs or their listener's
 * @owners: sockets, by sk_bind_node
 * @listeners: those of them that listen, by sk_nulls_node (RCU); its end says @num
 * @holds: TIME-WAIT entries of such sockets, by ltcp_timewait.port_link
 * @rcu: for freeing
 */
struct ltcp_port {
	struct hlist_node link;
	struct ltcp_port_bucket *bucket;
	struct ltcp_net *ln;
	u16 num;
	bool quiet;
	unsigned int n_bound;
	struct hlist_head owners;
	struct hlist_nulls_head listeners;
	struct hlist_head holds;
	struct rcu_head rcu;
};

/**
 * struct ltcp_port_bucket - ports, and TIME-WAIT entries, of the same hash
 * @lock: protects all below
 * @ports: ports in use at which somebody has listened (RCU)
 * @quiet: the others: segments never ask for them
 * @holds: TIME-WAIT entries of ports that connect() chose, by ltcp_timewait.port_link:
 *	there is seldom more than one at a port, so they need no &struct ltcp_port
 */
struct ltcp_port_bucket {
	spinlock_t lock;	/* taken with BH disabled, within sockets' locks */
	struct hlist_head ports;
	struct hlist_head quiet;
	struct hlist_head holds;
};

/* Algorithm 4 of RFC 6056 is two keyed functions of these. */
struct ltcp_port_seed {
	struct in6_addr laddr;
	struct in6_addr raddr;
	__be16 rport;
} __packed;

static struct kmem_cache *port_cache;
static struct ltcp_port_bucket *buckets;
static u32 *counters;
static siphash_key_t connect_key;
static u32 spread_seed;

int ltcp_ports_init(void)
{
	unsigned int i;

	port_cache = kmem_cache_create("ltcp_port", sizeof(struct ltcp_port), 0, 0, NULL);
	buckets = kvmalloc_array(LTCP_PORT_BUCKETS, sizeof(*buckets), GFP_KERNEL);
	counters = kvmalloc_array(LTCP_PORT_COUNTERS, sizeof(*counters), GFP_KERNEL);
	if (!port_cache || !buckets || !counters) {
		ltcp_ports_exit();
		return -ENOMEM;
	}
	for (i = 0; i < LTCP_PORT_BUCKETS; i++) {
		spin_lock_init(&buckets[i].lock);
		INIT_HLIST_HEAD(&buckets[i].ports);
		INIT_HLIST_HEAD(&buckets[i].quiet);
		INIT_HLIST_HEAD(&buckets[i].holds);
	}
	get_random_bytes(counters, LTCP_PORT_COUNTERS * sizeof(*counters));
	get_random_bytes(&connect_key, sizeof(connect_key));
	get_random_bytes(&spread_seed, sizeof(spread_seed));
	return 0;
}

void ltcp_ports_exit(void)
{
	ltcp_taken_exit();
	rcu_barrier();
	kvfree(counters);
	kvfree(buckets);
	kmem_cache_destroy(port_cache);
}

/* Ports */

static struct ltcp_port_bucket *port_bucket(const struct ltcp_net *ln, u16 num)
{
	return &buckets[(num + net_hash_mix(ln->net)) % LTCP_PORT_BUCKETS];
}

/* Where somebody listens, or has done so: under RCU, or the bucket's lock */
static struct ltcp_port *port_find_loud(struct ltcp_port_bucket *bucket, const struct ltcp_net *ln,
					u16 num)
{
	struct ltcp_port *port;

	hlist_for_each_entry_rcu(port, &bucket->ports, link, lockdep_is_held(&bucket->lock))
		if (port->num == num && port->ln == ln)
			return port;
	return NULL;
}

/* Under the bucket's lock */
static struct ltcp_port *port_find(struct ltcp_port_bucket *bucket, const struct ltcp_net *ln,
				   u16 num)
{
	struct ltcp_port *port;

	hlist_for_each_entry(port, &bucket->quiet, link)
		if (port->num == num && port->ln == ln)
			return port;
	return port_find_loud(bucket, ln, num);
}

static struct ltcp_port *port_find_or_make(struct ltcp_port_bucket *bucket, struct ltcp_net *ln,
					   u16 num)
{
	struct ltcp_port *port = port_find(bucket, ln, num);

	if (port)
		return port;
	port = kmem_cache_zalloc(port_cache, GFP_ATOMIC);
	if (!port)
		return NULL;
	port->bucket = bucket;
	port->ln = ln;
	port->num = num;
	port->quiet = true;
	INIT_HLIST_NULLS_HEAD(&port->listeners, num);
	hlist_add_head(&port->link, &bucket->quiet);
	return port;
}

/* Lookups under RCU are to find it from now on */
static void port_make_loud(struct ltcp_port *port)
{
	if (!port->quiet)
		return;
	hlist_del(&port->link);
	port->quiet = false;
	hlist_add_head_rcu(&port->link, &port->bucket->ports);
}

static void port_free(struct rcu_head *rcu)
{
	kmem_cache_free(port_cache, container_of(rcu, struct ltcp_port, rcu));
}

static void port_free_if_unused(struct ltcp_port *port)
{
	if (!hlist_empty(&port->owners) || !hlist_empty(&port->holds))
		return;
	if (port->quiet) {
		hlist_del(&port->link);
		kmem_cache_free(port_cache, port);
		return;
	}
	hlist_del_rcu(&port->link);
	call_rcu(&port->rcu, port_free);
}

/* Somebody chose it by bind(): not for active opens that are not bound */
static bool port_bound(const struct ltcp_port *port)
{
	return port->n_bound || !hlist_empty(&port->holds);
}

static void port_own(struct ltcp_port *port, struct sock *sk, bool bound)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);

	lsk->port = port;
	lsk->port_bound = bound;
	port->n_bound += bound;
	sk_add_bind_node(sk, &port->owners);
	lsk->inet.inet_num = port->num;
	lsk->inet.inet_sport = htons(port->num);
}

/* Conflicts */

/**
 * struct ltcp_claim - what a socket or a TIME-WAIT entry claims of a port
 * @addr: address, or a wildcard; IPv4 mapped
 * @dev: interface, 0: all
 * @l3mdev: VRF, which has a port space of its own; 0: none
 * @uid: owner
 * @v6only: an IPv6 wildcard does not stand for IPv4
 * @reuse: SO_REUSEADDR
 * @reuseport: SO_REUSEPORT
 * @listens: a listener
 * @timewait: a TIME-WAIT entry
 */
struct ltcp_claim {
	struct in6_addr addr;
	int dev;
	int l3mdev;
	kuid_t uid;
	bool v6only;
	bool reuse;
	bool reuseport;
	bool listens;
	bool timewait;
};

static void claim_addr(struct in6_addr *addr, const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		*addr = sk->sk_v6_rcv_saddr;
		return;
	}
#endif
	ipv6_addr_set_v4mapped(READ_ONCE(sk->sk_rcv_saddr), addr);
}

/* Another's settings are read without its lock: its bind() would have seen ours. */
static void claim_of_sock(struct ltcp_claim *claim, const struct sock *sk)
{
	claim_addr(&claim->addr, sk);
	claim->dev = READ_ONCE(sk->sk_bound_dev_if);
	claim->l3mdev = inet_sk_bound_l3mdev(sk);
	claim->uid = READ_ONCE(sk->sk_uid);
	claim->v6only = sk->sk_ipv6only;
	claim->reuse = sk->sk_reuse;
	claim->reuseport = sk->sk_reuseport;
	claim->listens = ltcp_sk(sk)->listens;
	claim->timewait = false;
}

/* The VRF that a TIME-WAIT entry is of, as inet_sk_bound_l3mdev() says of a socket */
static int hold_l3mdev(struct net *net, const struct ltcp_node *node)
{
#ifdef CONFIG_NET_L3_MASTER_DEV
	if (!READ_ONCE(net->ipv4.sysctl_tcp_l3mdev_accept))
		return l3mdev_master_ifindex_by_index(net, node->bound_dev_if);
#endif
	return 0;
}

static void claim_of_hold(struct ltcp_claim *claim, struct net *net, const struct ltcp_node *node)
{
	claim->addr = node->key.laddr;
	claim->dev = node->bound_dev_if;
	claim->l3mdev = hold_l3mdev(net, node);
	claim->uid = INVALID_UID;
	claim->v6only = false;
	claim->reuse = node->reuse;
	claim->reuseport = node->reuseport;
	claim->listens = false;
	claim->timewait = true;
}

static bool addr_is_v4_wildcard(const struct in6_addr *addr)
{
	return ipv6_addr_v4mapped(addr) && !addr->s6_addr32[3];
}

static bool addr_is_wildcard(const struct in6_addr *addr)
{
	return ipv6_addr_any(addr) || addr_is_v4_wildcard(addr);
}

/* Does an address, perhaps a wildcard, stand for another? */
static bool addr_covers(const struct in6_addr *addr, bool v6only, const struct in6_addr *other)
{
	if (ipv6_addr_any(addr))
		return !v6only || !ipv6_addr_v4mapped(other);
	if (addr_is_v4_wildcard(addr))
		return ipv6_addr_v4mapped(other);
	return ipv6_addr_equal(addr, other);
}

static bool claims_overlap(const struct ltcp_claim *a, const struct ltcp_claim *b)
{
	if (a->l3mdev != b->l3mdev || (a->dev && b->dev && a->dev != b->dev))
		return false;
	return addr_covers(&a->addr, a->v6only, &b->addr) ||
	       addr_covers(&b->addr, b->v6only, &a->addr);
}

/* May a newcomer share with one who is there? The rules are those of Linux's TCP. */
static bool claims_share(const struct ltcp_claim *newcomer, const struct ltcp_claim *other)
{
	if (newcomer->reuse && other->reuse && !other->listens)
		return true;
	return newcomer->reuseport && other->reuseport &&
	       (other->timewait || uid_eq(newcomer->uid, other->uid));
}

static bool claims_conflict(const struct ltcp_claim *newcomer, const struct ltcp_claim *other,
			    bool share)
{
	return claims_overlap(newcomer, other) && !(share && claims_share(newcomer, other));
}

/* Does a TIME-WAIT entry among these object? They may be of other ports and namespaces */
static bool holds_conflict(const struct hlist_head *holds, const struct ltcp_port *port,
			   const struct ltcp_claim *newcomer, bool share)
{
	struct net *net = port->ln->net;
	struct ltcp_timewait *entry;
	struct ltcp_claim other;

	hlist_for_each_entry(entry, holds, port_link) {
		if (entry->node.key.lport != htons(port->num) || entry->netns != net->ns.inum)
			continue;
		claim_of_hold(&other, net, &entry->node);
		if (claims_conflict(newcomer, &other, share))
			return true;
	}
	return false;
}

/* Does anybody object to a socket's use of a port? */
static bool port_conflict(const struct ltcp_port *port, const struct sock *sk, bool share)
{
	struct ltcp_claim newcomer, other;
	struct sock *owner;

	claim_of_sock(&newcomer, sk);
	sk_for_each_bound(owner, &port->owners) {
		if (owner == sk)
			continue;
		claim_of_sock(&other, owner);
		if (claims_conflict(&newcomer, &other, share))
			return true;
	}
	return holds_conflict(&port->holds, port, &newcomer, share) ||
	       holds_conflict(&port->bucket->holds, port, &newcomer, share);
}

/* bind() */

static int port_bind(struct sock *sk, u16 num, bool share)
{
	struct ltcp_net *ln = ltcp_sk_net(sk);
	struct ltcp_port_bucket *bucket = port_bucket(ln, num);
	struct ltcp_port *port;
	int err = 0;

	spin_lock_bh(&bucket->lock);
	port = port_find_or_make(bucket, ln, num);
	if (!port) {
		err = -ENOMEM;
	} else if (port_conflict(port, sk, share)) {
		err = -EADDRINUSE;
		port_free_if_unused(port);
	} else {
		port_own(port, sk, true);
	}
	spin_unlock_bh(&bucket->lock);
	return err;
}

/* RFC 6056 algorithm 1: from a random port on, the first that nobody has */
static int ports_bind_any(struct sock *sk, bool share)
{
	struct net *net = sock_net(sk);
	int low, high, err;
	u32 start, i, n;

	inet_sk_get_local_port_range(sk, &low, &high);
	n = high - low + 1;
	start = get_random_u32_below(n);
	for (i = 0; i < n; i++) {
		u16 num = low + (start + i) % n;

		if (inet_is_local_reserved_port(net, num))
			continue;
		err = port_bind(sk, num, share);
		if (err != -EADDRINUSE)
			return err;
		cond_resched();
	}
	return -EADDRINUSE;
}

int ltcp_ports_bind(struct sock *sk, unsigned short num)
{
	int err;

	if (num)
		return port_bind(sk, num, true);
	err = ports_bind_any(sk, false);
	if (err == -EADDRINUSE && sk->sk_reuse &&
	    READ_ONCE(sock_net(sk)->ipv4.sysctl_ip_autobind_reuse))
		err = ports_bind_any(sk, true);
	return err;
}

/* connect() */

/**
 * struct ltcp_port_search - a search for a local port to connect from
 * @sk: the socket
 * @taken: what is known of its destination, NULL: nothing
 * @probes: ports that were tried
 * @old: TIME-WAIT that has given way to it
 */
struct ltcp_port_search {
	struct sock *sk;
	struct ltcp_taken *taken;
	u32 probes;
	struct ltcp_tw_reopen *old;
};

/* A port to connect from if the pair is free; NULL: somebody has bound it; or -errno */
static struct ltcp_port *port_for_connect(struct ltcp_port_bucket *bucket, struct ltcp_net *ln,
					  u16 num)
{
	struct ltcp_port *port = port_find_or_make(bucket, ln, num);

	if (!port)
		return ERR_PTR(-ENOMEM);
	return port_bound(port) ? NULL : port;
}

/* Enter a connection, perhaps in the place of TIME-WAIT */
static int port_enter(struct ltcp_net *ln, struct ltcp_node *node, struct ltcp_tw_reopen *old)
{
	int err = ltcp_table_insert(ln, node);

	return err == -EADDRINUSE && ltcp_timewait_reuse(ln, node, old) ? 0 : err;
}

/* Enter the connection with one local port: -EADDRINUSE when the pair is taken. */
static int port_connect(struct ltcp_port_search *search, u16 num)
{
	struct ltcp_net *ln = ltcp_sk_net(search->sk);
	struct ltcp_port_bucket *bucket = port_bucket(ln, num);
	struct ltcp_node *node = &ltcp_sk(search->sk)->node;
	struct ltcp_port *port;
	int err = -EADDRINUSE;

	spin_lock_bh(&bucket->lock);
	port = port_for_connect(bucket, ln, num);
	if (IS_ERR_OR_NULL(port)) {
		err = port ? PTR_ERR(port) : err;
		goto out;
	}
	node->key.lport = htons(num);
	ltcp_taken_note(search->taken, num);
	err = port_enter(ln, node, search->old);
	if (err)
		port_free_if_unused(port);
	else
		port_own(port, search->sk, false);
out:
	spin_unlock_bh(&bucket->lock);
	if (err == -ENOMEM)
		ltcp_taken_wipe(ln, &node->key);
	return err;
}

/* The first free port from @from to @to; @port: which it was */
static int search_range(struct ltcp_port_search *search, u32 from, u32 to, u32 *port)
{
	struct sock *sk = search->sk;
	u32 num;
	int err;

	for (num = ltcp_taken_next(search->taken, from); num <= to;
	     num = ltcp_taken_next(search->taken, num + 1)) {
		if (inet_is_local_reserved_port(sock_net(sk), num))
			continue;
		err = port_connect(search, num);
		if (err != -EADDRINUSE) {
			*port = num;
			return err;
		}
		if (++search->probes == LTCP_PORT_PROBES && !search->taken)
			search->taken = ltcp_taken_begin(ltcp_sk_net(sk), &ltcp_sk(sk)->node.key);
		cond_resched();
	}
	return -EADDRINUSE;
}

static u64 connect_hash(const struct ltcp_key *key)
{
	const struct ltcp_port_seed seed = {
		.laddr = key->laddr,
		.raddr = key->raddr,
		.rport = key->rport,
	};

	if (ipv6_addr_v4mapped(&key->raddr))	/* a quarter of the octets says as much */
		return siphash_2u64((__force u64)key->laddr.s6_addr32[3] << 32 |
				    (__force u32)key->raddr.s6_addr32[3],
				    (__force u16)key->rport, &connect_key);
	return siphash(&seed, sizeof(seed), &connect_key);
}

/* All of a range, from somewhere within it on */
static int search_round(struct ltcp_port_search *search, u32 low, u32 high, u32 start, u32 *port)
{
	int err = search_range(search, start, high, port);

	if (err == -EADDRINUSE && start > low)
		err = search_range(search, low, start - 1, port);
	return err;
}

/* What is noted is left out; only if nothing is left are notes not believed */
static int search_port(struct ltcp_port_search *search, u32 low, u32 high, u32 start, u32 *port)
{
	struct ltcp_taken *taken;
	int err;

	err = search_round(search, low, high, start, port);
	taken = search->taken;
	if (err == -EADDRINUSE && taken) {
		search->taken = NULL;
		search->probes = LTCP_PORT_PROBES;
		err = search_round(search, low, high, start, port);
	}
	ltcp_taken_put(taken);
	return err == -EADDRINUSE ? -EADDRNOTAVAIL : err;
}

/*
 * RFC 6056 algorithm 4: an offset by the three other values of the pair, and
 * one of many counters, by the same. The counters advance by a little more
 * than was used: their steps would betray which connections share one.
 */
static int ports_connect_any(struct sock *sk, struct ltcp_tw_reopen *old)
{
	const struct ltcp_key *key = &ltcp_sk(sk)->node.key;
	struct ltcp_port_search search = { .sk = sk, .old = old };
	u64 hash = connect_hash(key);
	u32 *counter = &counters[(hash >> 32) % LTCP_PORT_COUNTERS];
	u32 start, port, n;
	int low, high, err;

	inet_sk_get_local_port_range(sk, &low, &high);
	n = high - low + 1;
	start = low + ((u32)hash + READ_ONCE(*counter)) % n;
	search.taken = ltcp_taken_find(ltcp_sk_net(sk), key);
	err = search_port(&search, low, high, start, &port);
	if (err)
		return err;
	WRITE_ONCE(*counter, *counter + (port + n - start) % n + 1 + get_random_u32_below(8));
	return 0;
}

int ltcp_ports_connect(struct sock *sk, struct ltcp_tw_reopen *old)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);
	int err;

	lsk->node.kind = LTCP_KIND_SOCK;
	lsk->node.bound_dev_if = sk->sk_bound_dev_if;
	if (!lsk->port)
		return ports_connect_any(sk, old);
	lsk->node.key.lport = htons(lsk->inet.inet_num);
	err = port_enter(ltcp_sk_net(sk), &lsk->node, old);
	return err == -EADDRINUSE ? -EADDRNOTAVAIL : err;
}

/* listen(), and connections that come of it */

static bool same_claim(const struct sock *a, const struct sock *b)
{
	struct ltcp_claim x, y;

	claim_of_sock(&x, a);
	claim_of_sock(&y, b);
	return a->sk_family == b->sk_family && x.dev == y.dev && x.v6only == y.v6only &&
	       uid_eq(x.uid, y.uid) && ipv6_addr_equal(&x.addr, &y.addr);
}

/*
 * Equal listeners are one of the kernel's groups, numbered as they come, among
 * whom a program of the user's may choose (SO_ATTACH_REUSEPORT_CBPF).
 */
static int join_group(const struct ltcp_port *port, struct sock *sk)
{
	struct hlist_nulls_node *pos;
	struct sock *other;

	if (!sk->sk_reuseport)
		return 0;
	sk_nulls_for_each(other, pos, &port->listeners)
		if (other->sk_reuseport && same_claim(sk, other))
			return reuseport_add_sock(sk, other, false);
	return reuseport_alloc(sk, false);
}

static void leave_group(struct sock *sk)
{
	if (rcu_access_pointer(sk->sk_reuseport_cb))
		reuseport_detach_sock(sk);
}

static void enter_listeners(struct sock *sk, struct ltcp_port *port)
{
	port_make_loud(port);
	WRITE_ONCE(ltcp_sk(sk)->listens, true);
	hlist_nulls_add_head_rcu(&sk->sk_nulls_node, &port->listeners);
}

/* A connection's sk_node may be in an accept queue, which is not ours */
static void leave_listeners(struct sock *sk)
{
	if (!ltcp_sk(sk)->listens)
		return;
	hlist_nulls_del_init_rcu(&sk->sk_nulls_node);
	WRITE_ONCE(ltcp_sk(sk)->listens, false);
}

int ltcp_ports_listen(struct sock *sk)
{
	struct ltcp_port *port = ltcp_sk(sk)->port;
	int err;

	if (!port)
		return -EINVAL;
	spin_lock_bh(&port->bucket->lock);
	err = port_conflict(port, sk, true) ? -EADDRINUSE : join_group(port, sk);
	if (!err) {
		struct ltcp_node *node = &ltcp_sk(sk)->node;

		/* For traces: a listener is not in the TCB table */
		memset(&node->key, 0, sizeof(node->key));
		claim_addr(&node->key.laddr, sk);
		node->key.lport = htons(port->num);
		enter_listeners(sk, port);
	}
	spin_unlock_bh(&port->bucket->lock);
	return err;
}

void ltcp_ports_unlisten(struct sock *sk)
{
	struct ltcp_port *port = ltcp_sk(sk)->port;

	if (!port)
		return;
	spin_lock_bh(&port->bucket->lock);
	leave_listeners(sk);
	leave_group(sk);
	spin_unlock_bh(&port->bucket->lock);
}

int ltcp_ports_inherit(struct sock *child, const struct sock *listener)
{
	struct ltcp_sock *lsk = ltcp_sk(child);
	u16 num = ntohs(lsk->node.key.lport);
	struct ltcp_net *ln = ltcp_sk_net(listener);
	struct ltcp_port_bucket *bucket = port_bucket(ln, num);
	struct ltcp_port *port;

	/* The links were copied from the listener. */
	lsk->port = NULL;
	INIT_HLIST_NODE(&child->sk_bind_node);
	lsk->listens = false;
	/* By number: the listener may have let go of its port by now. */
	spin_lock(&bucket->lock);
	port = port_find_or_make(bucket, ln, num);
	if (port)
		port_own(port, child, true);
	spin_unlock(&bucket->lock);
	return port ? 0 : -ENOMEM;
}

/* Letting go */

void ltcp_ports_pass(struct ltcp_timewait *entry, struct sock *sk)
{
	struct ltcp_port *port = ltcp_sk(sk)->port;
	struct ltcp_port_bucket *bucket;

	INIT_HLIST_NODE(&entry->port_link);
	entry->netns = sock_net(sk)->ns.inum;
	entry->node.reuse = !!sk->sk_reuse;
	entry->node.reuseport = !!sk->sk_reuseport;
	if (!port)
		return;
	bucket = port->bucket;
	spin_lock_bh(&bucket->lock);
	entry->node.bound = port_bound(port);
	hlist_add_head(&entry->port_link, entry->node.bound ? &port->holds : &bucket->holds);
	spin_unlock_bh(&bucket->lock);
}

void ltcp_ports_drop(struct ltcp_net *ln, struct ltcp_timewait *entry)
{
	u16 num = ntohs(entry->node.key.lport);
	struct ltcp_port_bucket *bucket = port_bucket(ln, num);

	if (hlist_unhashed(&entry->port_link))
		return;
	spin_lock_bh(&bucket->lock);
	hlist_del_init(&entry->port_link);
	if (entry->node.bound)
		port_free_if_unused(port_find(bucket, ln, num));
	spin_unlock_bh(&bucket->lock);
}

void ltcp_ports_release(struct sock *sk)
{
	struct ltcp_sock *lsk = ltcp_sk(sk);
	struct ltcp_port *port = lsk->port;
	struct ltcp_port_bucket *bucket;

	if (!port)
		return;
	bucket = port->bucket;
	spin_lock_bh(&bucket->lock);
	leave_listeners(sk);
	hlist_del_init(&sk->sk_bind_node);
	port->n_bound -= lsk->port_bound;
	lsk->port = NULL;
	lsk->inet.inet_num = 0;
	port_free_if_unused(port);
	spin_unlock_bh(&bucket->lock);
}

/* Looking for a listener */

/* How well a listener's address fits a segment's: 0: not at all, 1: it is a wildcard */
static __always_inline int address_score(const struct sock *sk, const struct in6_addr *laddr)
{
	__be32 addr = READ_ONCE(sk->sk_rcv_saddr);

#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		if (!addr_covers(&sk->sk_v6_rcv_saddr, sk->sk_ipv6only, laddr))
			return 0;
		return addr_is_wildcard(&sk->sk_v6_rcv_saddr) ? 1 : 9;
	}
#endif
	if (!ipv6_addr_v4mapped(laddr) || (addr && addr != laddr->s6_addr32[3]))
		return 0;
	return addr ? 9 : 1;
}

/* 0: not for this listener; else the higher the better */
static __always_inline int listener_score(const struct sock *sk, const struct ltcp_key *key,
					  int dif, int sdif)
{
	int bound = READ_ONCE(sk->sk_bound_dev_if);
	int score;

	/* It may be on its way from one port to another. */
	if (inet_sk(sk)->inet_num != ntohs(key->lport))
		return 0;
	if (bound ? bound != dif && bound != sdif : sdif)
		return 0;
	score = address_score(sk, &key->laddr);
	if (!score)
		return 0;
	if (bound)
		score += 4;
	if (sk->sk_family == (ipv6_addr_v4mapped(&key->laddr) ? AF_INET : AF_INET6))
		score += 2;
	if (READ_ONCE(sk->sk_incoming_cpu) == raw_smp_processor_id())
		score++;
	return score;
}

static u32 spread(const struct ltcp_key *key)
{
	return jhash2((const u32 *)key, sizeof(*key) / sizeof(u32), spread_seed);
}

/*
 * Among equals (SO_REUSEPORT) a hash of the pair chooses, the same one each time. @end is where
 * the list ended.
 */
static struct sock *listener_best(struct ltcp_port *port, const struct ltcp_key *key,
				  int dif, int sdif, struct hlist_nulls_node **end)
{
	struct hlist_nulls_node *pos;
	struct sock *best = NULL, *sk;
	int best_score = 0, n = 0;
	u32 hash = 0;

	sk_nulls_for_each_rcu(sk, pos, &port->listeners) {
		int score = listener_score(sk, key, dif, sdif);

		if (!score || score < best_score)
			continue;
		if (score > best_score) {
			best = sk;
			best_score = score;
			n = 1;
			continue;
		}
		hash = n++ == 1 ? spread(key) : hash_32(hash, 32);
		if (!reciprocal_scale(hash, n))
			best = sk;
	}
	*end = pos;
	return best;
}

/* Nearly always there is but one, who only has to fit */
static struct sock *listener_alone(struct ltcp_port *port, const struct ltcp_key *key,
				   int dif, int sdif)
{
	struct hlist_nulls_node *first;
	struct sock *sk;

	first = rcu_dereference_raw(hlist_nulls_first_rcu(&port->listeners));
	if (is_a_nulls(first) || !is_a_nulls(rcu_access_pointer(hlist_nulls_next_rcu(first))))
		return NULL;
	sk = hlist_nulls_entry(first, struct sock, sk_nulls_node);
	return listener_score(sk, key, dif, sdif) ? sk : NULL;
}

struct sock *ltcp_ports_listener(struct ltcp_net *ln, const struct ltcp_key *key, int dif,
				 int sdif)
{
	u16 num = ntohs(key->lport);
	struct ltcp_port_bucket *bucket = port_bucket(ln, num);
	struct ltcp_port *port = port_find_loud(bucket, ln, num);
	struct hlist_nulls_node *end;
	struct sock *sk;

	if (!port)
		return NULL;
	sk = listener_alone(port, key, dif, sdif);
	if (sk)
		return sk;
	sk = listener_best(port, key, dif, sdif, &end);
	if (sk || likely(get_nulls_value(end) == num))
		return sk;
	/* A listener that moved to another port has taken us along. */
	spin_lock_bh(&bucket->lock);
	sk = listener_best(port, key, dif, sdif, &end);
	spin_unlock_bh(&bucket->lock);
	return sk;
}

struct sock *ltcp_ports_ask(struct sock *sk, const struct ltcp_key *key, struct sk_buff *skb,
			    unsigned int header)
{
	const struct sock_reuseport *group = rcu_dereference(sk->sk_reuseport_cb);

	if (!group || !rcu_access_pointer(group->prog))
		return sk;
	return reuseport_select_sock(sk, spread(key), skb, header) ? : sk;
}

/* The listener in place @index of a bucket */
static struct sock *bucket_listener(struct ltcp_port_bucket *bucket, const struct ltcp_net *ln,
				    unsigned int index)
{
	struct hlist_nulls_node *pos;
	struct ltcp_port *port;
	struct sock *sk;

	hlist_for_each_entry_rcu(port, &bucket->ports, link) {
		if (port->ln != ln)
			continue;
		sk_nulls_for_each_rcu(sk, pos, &port->listeners)
			if (!index--)
				return sk;
	}
	return NULL;
}

struct sock *ltcp_ports_next(struct ltcp_ports_iter *iter)
{
	for (; iter->bucket < LTCP_PORT_BUCKETS; iter->bucket++) {
		struct sock *sk = bucket_listener(&buckets[iter->bucket], iter->ln, iter->index);

		if (sk) {
			iter->index++;
			return sk;
		}
		iter->index = 0;
	}
	return NULL;
}
