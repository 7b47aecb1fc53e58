// SPDX-License-Identifier: GPL-2.0
/* Ending everything: the parameter reset_all. */
#include <linux/moduleparam.h>
#include <linux/rtnetlink.h>

#include "core/fsm.h"
#include "input.h"
#include "net.h"
#include "ports.h"
#include "reset.h"
#include "sock.h"
#include "tcb_table.h"
#include "timewait.h"

#define LTCP_RESET_PASSES	16	/* enough, unless users open new connections all the time */

static void reset_sock(struct sock *sk)
{
	struct ltcp_verdict v = {};

	lock_sock(sk);
	ltcp_fsm_abort(&ltcp_sk(sk)->tcb, ECONNABORTED, &v);
	ltcp_act(sk, &v, ltcp_now());
	release_sock(sk);
}

/* The next listener, its reference taken. Sockets that are being freed are passed over. */
static struct sock *next_listener(struct ltcp_ports_iter *iter)
{
	struct sock *sk;

	rcu_read_lock();
	do {
		sk = ltcp_ports_next(iter);
	} while (sk && !refcount_inc_not_zero(&sk->sk_refcnt));
	rcu_read_unlock();
	return sk;
}

static void reset_listeners(struct ltcp_net *ln)
{
	struct ltcp_ports_iter iter = { .ln = ln };
	struct sock *sk;

	while ((sk = next_listener(&iter))) {
		reset_sock(sk);
		/* What has left the list makes room for the next. */
		if (!READ_ONCE(ltcp_sk(sk)->listens))
			iter.index--;
		sock_put(sk);
		cond_resched();
	}
}

/* The next connection, its reference taken */
static struct sock *next_connection(struct rhashtable_iter *iter)
{
	struct ltcp_node *node;
	struct sock *sk;

	while ((node = ltcp_table_next(iter))) {
		if (node->kind != LTCP_KIND_SOCK)
			continue;
		sk = ltcp_node_sk(node);
		if (refcount_inc_not_zero(&sk->sk_refcnt))
			return sk;
	}
	return NULL;
}

/* Return: how many there were */
static unsigned int reset_connections_once(struct ltcp_net *ln)
{
	struct rhashtable_iter iter;
	unsigned int n = 0;
	struct sock *sk;

	rhashtable_walk_enter(&ln->table, &iter);
	do {
		rhashtable_walk_start(&iter);
		sk = next_connection(&iter);
		rhashtable_walk_stop(&iter);
		if (sk) {
			reset_sock(sk);
			sock_put(sk);
			n++;
		}
		cond_resched();
	} while (sk);
	rhashtable_walk_exit(&iter);
	return n;
}

/* A walk that stops may pass over neighbours of what has left the table meanwhile. */
static void reset_connections(struct ltcp_net *ln)
{
	int i;

	for (i = 0; i < LTCP_RESET_PASSES; i++)
		if (!reset_connections_once(ln))
			break;
}

static void reset_all(void)
{
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		struct ltcp_net *ln = ltcp_net(net);

		/* Listeners first, or they would make new connections. */
		reset_listeners(ln);
		reset_connections(ln);
		ltcp_timewait_purge(ln);
	}
	up_read(&net_rwsem);
}

static bool enabled;	/* under the lock of the module's parameters */

void ltcp_reset_enable(bool enable)
{
	kernel_param_lock(THIS_MODULE);
	enabled = enable;
	kernel_param_unlock(THIS_MODULE);
}

static int set_reset_all(const char *val, const struct kernel_param *kp)
{
	bool reset;
	int err = kstrtobool(val, &reset);

	if (!err && reset && enabled)
		reset_all();
	return err;
}

static const struct kernel_param_ops reset_all_ops = { .set = set_reset_all };

module_param_cb(reset_all, &reset_all_ops, NULL, 0200);
MODULE_PARM_DESC(reset_all, "write 1: abort all connections and listeners");
