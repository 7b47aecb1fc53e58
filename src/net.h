/* SPDX-License-Identifier: GPL-2.0 */
/* What LTCP keeps for each network namespace. */
#ifndef LTCP_NET_H
#define LTCP_NET_H

#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "core/tcb.h"
#include "mib.h"

struct ctl_table_header;
struct ltcp_expiry;
struct ltcp_fastopen_cache;
struct ltcp_fastopen_secret;

/**
 * struct ltcp_settings - sysctls that are not the protocol's own (net.ipv4.ltcp_*)
 * @syncookies: 0 never, 1 when the half-open queue is full, 2 always
 * @syncookies_bare: accept those that an ISS alone makes
 * @max_orphans: connections without a user, at most
 * @max_timewait: TIME-WAIT entries, at most
 * @max_half: half-open entries of one listener, at most, besides its backlog
 * @abort_on_overflow: reset instead of waiting when the accept queue is full
 * @fastopen: LTCP_FASTOPEN_* bits
 * @min_pmtu: the least path MTU that ICMP can impose
 * @moderate_rcvbuf: receive buffers grow by themselves
 * @early_demux: connections remember the way in, see demux.c
 * @autocorking: small writes wait for packets below, see autocork.c
 * @base_rmem: SO_RCVBUF's least, default and most; new sockets get the larger of the first two
 * @base_wmem: SO_SNDBUF's least, default and most; likewise
 */
struct ltcp_settings {
	int syncookies;
	int syncookies_bare;
	int max_orphans;
	int max_timewait;
	int max_half;
	int abort_on_overflow;
	int fastopen;
	int min_pmtu;
	int moderate_rcvbuf;
	int early_demux;
	int autocorking;
	int base_rmem[3];
	int base_wmem[3];
};

/* Is every packet shown to demux.c before IP looks for its route? */
enum ltcp_demux {
	LTCP_DEMUX_OFF,
	LTCP_DEMUX_ON,
	LTCP_DEMUX_OVER,	/* no more: the namespace ends */
};

/**
 * struct ltcp_net - one namespace
 * @net: back pointer
 * @table: connections, half-open and TIME-WAIT entries
 * @conf: settings that the protocol's core reads
 * @set: other settings
 * @cong: congestion control of new sockets; a reference is held
 * @demux: enum ltcp_demux
 * @sysctl: registration
 * @mib: counters, one set a CPU
 * @ctl4: control socket for answers that no socket sends, IPv4
 * @ctl6: the same, IPv6; NULL: the kernel has none
 * @orphans: connections without a user
 * @cookie_at: when a cookie was last sent, microseconds, to the second; 0: never
 * @fastopen_keys: of listeners that have none of their own
 * @fastopen_lock: protects what is in @fastopen_cache
 * @fastopen_cache: cookies of servers, NULL: nobody has ever asked for one
 * @halves: where half-open entries wait for their next SYN-ACK
 * @timewait: where TIME-WAIT entries wait for their ends
 * @tw_count: TIME-WAIT entries
 */
struct ltcp_net {
	struct net *net;
	struct rhashtable table;
	struct ltcp_conf conf;
	struct ltcp_settings set;
	const struct ltcp_cong_ops *cong;
	u8 demux;
	struct ctl_table_header *sysctl;
	struct ltcp_mib __percpu *mib;
	struct sock *ctl4;
	struct sock *ctl6;
	atomic_t orphans;
	u64 cookie_at;
	struct ltcp_fastopen_secret __rcu *fastopen_keys;
	spinlock_t fastopen_lock;	/* softirq-safe; innermost */
	struct ltcp_fastopen_cache *fastopen_cache;
	struct ltcp_expiry __percpu *halves;
	struct ltcp_expiry __percpu *timewait;
	atomic_t tw_count;
};

extern unsigned int ltcp_net_id;

static inline struct ltcp_net *ltcp_net(const struct net *net)
{
	return net_generic(net, ltcp_net_id);
}

/* The same under rcu_read_lock(), for those who are asked about each packet */
static inline struct ltcp_net *ltcp_net_rcu(const struct net *net)
{
	return rcu_dereference(net->gen)->ptr[ltcp_net_id];
}

/* Namespaces, those there are and those to come */
int ltcp_net_register(void);
void ltcp_net_unregister(void);

/*
 * Memory of all sockets together, in pages, as tcp_mem: below the first no
 * limit, from the second on pressure, at the third no more.
 */
extern long ltcp_mem[3];

/* The protocol number in force (module parameter) */
extern int ltcp_protocol;

/**
 * ltcp_protocol_check() - may LTCP use the protocol number it was given?
 *
 * Return: 0 or -errno, the reason is in the log
 */
int ltcp_protocol_check(void);

#endif
