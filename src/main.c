// SPDX-License-Identifier: GPL-2.0
/* LTCP, a loadable TCP: registration in order, and its unwinding. */
#include <linux/module.h>

#include "autocork.h"
#include "cong.h"
#include "family.h"
#include "half.h"
#include "net.h"
#include "ports.h"
#include "reset.h"
#include "socket.h"
#include "timewait.h"

static int __init ltcp_init(void)
{
	int err;

	err = ltcp_protocol_check();
	if (err)
		return err;
	err = ltcp_timewait_init();
	if (err)
		return err;
	err = ltcp_ports_init();
	if (err)
		goto out_timewait;
	err = ltcp_half_init();
	if (err)
		goto out_ports;
	err = ltcp_autocork_init();
	if (err)
		goto out_half;
	err = ltcp_socket_init();
	if (err)
		goto out_autocork;
	ltcp_cong_register_builtin();
	err = ltcp_net_register();
	if (err)
		goto out_socket;
	err = ltcp_ipv4_register();
	if (err)
		goto out_net;
	err = ltcp_ipv6_register();
	if (err)
		goto out_ipv4;
	ltcp_ipv4_offer();
	ltcp_reset_enable(true);
	return 0;

out_ipv4:
	ltcp_ipv4_unregister();
out_net:
	ltcp_net_unregister();
out_socket:
	ltcp_socket_exit();
out_autocork:
	ltcp_autocork_exit();
out_half:
	ltcp_half_exit();
out_ports:
	ltcp_ports_exit();
out_timewait:
	ltcp_timewait_exit();
	return err;
}

/* No socket is left. What RCU still has to free is freed before its cache goes. */
static void __exit ltcp_exit(void)
{
	ltcp_reset_enable(false);
	ltcp_ipv4_withdraw();
	ltcp_ipv6_unregister();
	ltcp_ipv4_unregister();
	ltcp_net_unregister();
	rcu_barrier();
	ltcp_socket_exit();
	ltcp_autocork_exit();
	ltcp_half_exit();
	ltcp_ports_exit();
	ltcp_timewait_exit();
}

/* Whom nobody calls that the compiler sees (Kbuild) it would leave out */
int __visible init_module(void);
void __visible cleanup_module(void);
module_init(ltcp_init);
module_exit(ltcp_exit);

MODULE_AUTHOR("The LTCP authors");
MODULE_DESCRIPTION("LTCP, a loadable TCP");
MODULE_LICENSE("GPL");
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, 253, 1);
MODULE_ALIAS_NET_PF_PROTO(PF_INET, 253);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, 253, 1);
MODULE_ALIAS_NET_PF_PROTO(PF_INET6, 253);
