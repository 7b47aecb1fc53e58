/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control algorithms by name: who offers them, and who uses which.
 * What one has to provide is in core/cong.h; Documentation/congestion-control.md
 * shows how to write one.
 */
#ifndef LTCP_CONG_H
#define LTCP_CONG_H

#include <linux/device.h>
#include <net/sock.h>

#include "core/cong.h"
#include "net.h"

/*
 * What other modules' algorithms use: a compiler that sees all of this module (Kbuild)
 * would leave out of it what only others call.
 */
extern typeof(ltcp_cong_slow_start) ltcp_cong_slow_start __visible;
extern typeof(ltcp_cong_avoid) ltcp_cong_avoid __visible;
extern typeof(ltcp_cong_reno_grow) ltcp_cong_reno_grow __visible;

/**
 * ltcp_cong_register() - offer an algorithm
 * @ops: name, ssthresh and grow are set; nobody writes to it but LTCP until
 *	ltcp_cong_unregister()
 *
 * Return: 0, -EINVAL when something is missing, -EEXIST when the name is taken
 */
int __visible ltcp_cong_register(struct ltcp_cong_ops *ops);

/**
 * ltcp_cong_unregister() - no longer offer it
 * @ops: no connection uses it and no namespace has it as default: either would hold
 *	a reference to @ops->owner
 */
void __visible ltcp_cong_unregister(struct ltcp_cong_ops *ops);

/**
 * module_ltcp_cong() - all that a module with one algorithm does: offer it while it is loaded
 * @ops: variable of struct ltcp_cong_ops, NAME_ops: the module's functions become
 *	NAME_ops_init() and NAME_ops_exit()
 */
#define module_ltcp_cong(ops) \
	module_driver(ops, ltcp_cong_register, ltcp_cong_unregister)

/**
 * ltcp_cong_get() - find an algorithm, its module is loaded if need be and if the caller may
 * @name: the name
 * @may_all: also those that not everybody may use
 *
 * Return: the algorithm, with a reference for ltcp_cong_put(), or ERR_PTR: -ENOENT, -EPERM
 */
const struct ltcp_cong_ops *ltcp_cong_get(const char *name, bool may_all);

/**
 * ltcp_cong_put() - give a reference back
 * @ops: the algorithm
 */
void ltcp_cong_put(const struct ltcp_cong_ops *ops);

/**
 * ltcp_cong_get_default() - what new sockets of a namespace use
 * @ln: namespace
 *
 * Return: the algorithm, with a reference for ltcp_cong_put()
 */
const struct ltcp_cong_ops *ltcp_cong_get_default(struct ltcp_net *ln);

/**
 * ltcp_cong_set_default() - say what new sockets of a namespace use
 * @ln: namespace
 * @name: an algorithm; everybody may use it from now on
 *
 * Return: 0 or -errno
 */
int ltcp_cong_set_default(struct ltcp_net *ln, const char *name);

/**
 * ltcp_cong_names() - names, separated by blanks
 * @buf: result
 * @size: its size
 * @allowed: only those that everybody may use
 */
void ltcp_cong_names(char *buf, size_t size, bool allowed);

/**
 * ltcp_cong_allow() - say which algorithms everybody may use
 * @names: names, separated by blanks; changed
 *
 * Return: 0, or -ENOENT when one of them is not there, and nothing has changed
 */
int ltcp_cong_allow(char *names);

/* Room for all names */
#define LTCP_CONG_NAMES_MAX	(LTCP_CONG_NAME_MAX * 64)

/**
 * ltcp_cong_switch() - a socket uses another algorithm from now on
 * @sk: locked
 * @ops: with a reference, which becomes the socket's
 */
void ltcp_cong_switch(struct sock *sk, const struct ltcp_cong_ops *ops);

/**
 * ltcp_cong_register_builtin() - offer those that LTCP itself has, when it is loaded
 */
void ltcp_cong_register_builtin(void);

/**
 * ltcp_cong_sock_init() - a new socket uses its namespace's default
 * @sk: nobody else knows it yet
 */
void ltcp_cong_sock_init(struct sock *sk);

/**
 * ltcp_cong_sock_child() - a passive connection uses what its listener does
 * @sk: the listener's copy: its reference is the listener's so far
 */
void ltcp_cong_sock_child(struct sock *sk);

/**
 * ltcp_cong_sock_exit() - a socket gives its reference back
 * @sk: at its end
 */
void ltcp_cong_sock_exit(struct sock *sk);

/**
 * ltcp_cong_net_init() - a namespace begins with the default of the first one
 * @ln: the namespace
 */
void ltcp_cong_net_init(struct ltcp_net *ln);

/**
 * ltcp_cong_net_exit() - a namespace gives its reference back
 * @ln: the namespace, at its end
 */
void ltcp_cong_net_exit(struct ltcp_net *ln);

#endif
