// SPDX-License-Identifier: GPL-2.0
/* Congestion control algorithms by name. */
#include <linux/capability.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "cong.h"
#include "sock.h"

/* Changes of the list and of who is allowed; readers use RCU */
static DEFINE_SPINLOCK(cong_lock);
static LIST_HEAD(cong_list);

static struct ltcp_cong_ops *const cong_builtin[] = {
	&ltcp_cong_cubic,	/* the default */
	&ltcp_cong_reno,
	&ltcp_cong_dctcp,
};

static struct ltcp_cong_ops *find_named(const char *name)
{
	struct ltcp_cong_ops *ops;

	list_for_each_entry_rcu(ops, &cong_list, list, lockdep_is_held(&cong_lock))
		if (!strcmp(ops->name, name))
			return ops;
	return NULL;
}

int ltcp_cong_register(struct ltcp_cong_ops *ops)
{
	int err = 0;

	if (!ops->ssthresh || !ops->grow || !ops->name[0] ||
	    strnlen(ops->name, sizeof(ops->name)) == sizeof(ops->name) ||
	    strpbrk(ops->name, " \t\n")) {
		pr_err("ltcp: a congestion control needs a name without blanks, ssthresh and grow\n");
		return -EINVAL;
	}
	spin_lock(&cong_lock);
	if (find_named(ops->name))
		err = -EEXIST;
	else
		list_add_tail_rcu(&ops->list, &cong_list);
	spin_unlock(&cong_lock);
	if (err)
		pr_err("ltcp: there is a congestion control %s already\n", ops->name);
	return err;
}
EXPORT_SYMBOL_GPL(ltcp_cong_register);

void ltcp_cong_unregister(struct ltcp_cong_ops *ops)
{
	spin_lock(&cong_lock);
	list_del_rcu(&ops->list);
	spin_unlock(&cong_lock);
	/* Who found it just before, or read it as a default, fails to get its module */
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(ltcp_cong_unregister);

/* What others' algorithms are made of */
EXPORT_SYMBOL_GPL(ltcp_cong_slow_start);
EXPORT_SYMBOL_GPL(ltcp_cong_avoid);
EXPORT_SYMBOL_GPL(ltcp_cong_reno_grow);

static const struct ltcp_cong_ops *get(const char *name, bool may_all)
{
	const struct ltcp_cong_ops *ops;

	rcu_read_lock();
	ops = find_named(name);
	if (!ops)
		ops = ERR_PTR(-ENOENT);
	else if (READ_ONCE(ops->flags) & LTCP_CONG_RESTRICTED && !may_all)
		ops = ERR_PTR(-EPERM);
	else if (!try_module_get(ops->owner))
		ops = ERR_PTR(-ENOENT);
	rcu_read_unlock();
	return ops;
}

const struct ltcp_cong_ops *ltcp_cong_get(const char *name, bool may_all)
{
	const struct ltcp_cong_ops *ops = get(name, may_all);

	if (ops != ERR_PTR(-ENOENT) || !capable(CAP_NET_ADMIN))
		return ops;
	request_module("ltcp_cong_%s", name);
	return get(name, may_all);
}

void ltcp_cong_put(const struct ltcp_cong_ops *ops)
{
	module_put(ops->owner);
}

const struct ltcp_cong_ops *ltcp_cong_get_default(struct ltcp_net *ln)
{
	const struct ltcp_cong_ops *ops;

	rcu_read_lock();
	ops = READ_ONCE(ln->cong);
	if (!try_module_get(ops->owner))
		ops = cong_builtin[0];
	rcu_read_unlock();
	return ops;
}

static void allow(struct ltcp_cong_ops *ops, bool yes)
{
	u32 flags = ops->flags & ~LTCP_CONG_RESTRICTED;

	WRITE_ONCE(ops->flags, yes ? flags : flags | LTCP_CONG_RESTRICTED);
}

int ltcp_cong_set_default(struct ltcp_net *ln, const char *name)
{
	const struct ltcp_cong_ops *ops = ltcp_cong_get(name, true);

	if (IS_ERR(ops))
		return PTR_ERR(ops);
	spin_lock(&cong_lock);
	allow(find_named(name), true);	/* it is still there: we have its module */
	spin_unlock(&cong_lock);
	ltcp_cong_put(xchg(&ln->cong, ops));
	return 0;
}

void ltcp_cong_names(char *buf, size_t size, bool allowed)
{
	const struct ltcp_cong_ops *ops;
	size_t n = 0;

	*buf = 0;
	rcu_read_lock();
	list_for_each_entry_rcu(ops, &cong_list, list) {
		if (allowed && READ_ONCE(ops->flags) & LTCP_CONG_RESTRICTED)
			continue;
		n += scnprintf(buf + n, size - n, "%s%s", n ? " " : "", ops->name);
	}
	rcu_read_unlock();
}

static bool named_in(const struct ltcp_cong_ops *ops, const char *names, const char *end)
{
	for (; names < end; names += strlen(names) + 1)
		if (!strcmp(ops->name, names))
			return true;
	return false;
}

int ltcp_cong_allow(char *names)
{
	char *end = names + strlen(names), *next = names, *name;
	struct ltcp_cong_ops *ops;
	int err = 0;

	spin_lock(&cong_lock);
	while ((name = strsep(&next, " ")))
		if (*name && !find_named(name))
			err = -ENOENT;
	if (!err)
		list_for_each_entry(ops, &cong_list, list)
			allow(ops, named_in(ops, names, end));
	spin_unlock(&cong_lock);
	return err;
}

/* As SO_MAX_PACING_RATE does; fq, if it is there, says that it paces */
static void ask_for_pacing(struct sock *sk)
{
	if (ltcp_sk(sk)->tcb.cong->flags & LTCP_CONG_NEEDS_PACING)
		cmpxchg(&sk->sk_pacing_status, SK_PACING_NONE, SK_PACING_NEEDED);
}

void ltcp_cong_switch(struct sock *sk, const struct ltcp_cong_ops *ops)
{
	const struct ltcp_cong_ops *old = ltcp_sk(sk)->tcb.cong;

	ltcp_cong_choose(&ltcp_sk(sk)->tcb, ops, ltcp_now());
	ask_for_pacing(sk);
	ltcp_cong_put(old);
}

void ltcp_cong_sock_init(struct sock *sk)
{
	ltcp_sk(sk)->tcb.cong = ltcp_cong_get_default(ltcp_sk_net(sk));
	ask_for_pacing(sk);
}

/* The listener, whose algorithm it is, may just have let go of it; RCU keeps it */
void ltcp_cong_sock_child(struct sock *sk)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;

	if (!try_module_get(tcb->cong->owner))
		tcb->cong = cong_builtin[0];
}

void ltcp_cong_sock_exit(struct sock *sk)
{
	struct ltcp_tcb *tcb = &ltcp_sk(sk)->tcb;

	ltcp_cong_end(tcb);
	ltcp_cong_put(tcb->cong);
	tcb->cong = cong_builtin[0];
}

void ltcp_cong_register_builtin(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cong_builtin); i++)
		ltcp_cong_register(cong_builtin[i]);
}

/* A new namespace begins with what the first one uses */
void ltcp_cong_net_init(struct ltcp_net *ln)
{
	if (net_eq(ln->net, &init_net))
		ln->cong = cong_builtin[0];
	else
		ln->cong = ltcp_cong_get_default(ltcp_net(&init_net));
}

void ltcp_cong_net_exit(struct ltcp_net *ln)
{
	ltcp_cong_put(ln->cong);
}
