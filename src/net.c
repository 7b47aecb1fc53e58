// SPDX-License-Identifier: GPL-2.0
/* The beginning and the end of a network namespace. */
#include "cong.h"
#include "demux.h"
#include "family.h"
#include "fastopen.h"
#include "half.h"
#include "mib.h"
#include "net.h"
#include "proc.h"
#include "sysctl.h"
#include "tcb_table.h"
#include "timewait.h"

unsigned int ltcp_net_id __read_mostly;

static int __net_init net_start(struct net *net)
{
	struct ltcp_net *ln = ltcp_net(net);
	int err;

	ln->net = net;
	ltcp_cong_net_init(ln);
	err = ltcp_mib_init(ln);
	if (err)
		goto out_cong;
	err = ltcp_timewait_net_init(ln);
	if (err)
		goto out_mib;
	err = ltcp_half_net_init(ln);
	if (err)
		goto out_timewait;
	err = ltcp_fastopen_net_init(ln);
	if (err)
		goto out_half;
	err = ltcp_table_init(ln);
	if (err)
		goto out_fastopen;
	err = ltcp_sysctl_init(ln);
	if (err)
		goto out_table;
	err = ltcp_ipv4_net_init(ln);
	if (err)
		goto out_sysctl;
	err = ltcp_ipv6_net_init(ln);
	if (err)
		goto out_ipv4;
	err = ltcp_proc_init(ln);
	if (err)
		goto out_ipv6;
	return 0;

out_ipv6:
	ltcp_ipv6_net_exit(ln);
out_ipv4:
	ltcp_ipv4_net_exit(ln);
out_sysctl:
	ltcp_sysctl_exit(ln);
	ltcp_demux_end(ln);	/* somebody may have been quick to write the setting */
	synchronize_rcu();
out_table:
	ltcp_table_exit(ln);
out_fastopen:
	ltcp_fastopen_net_exit(ln);
out_half:
	ltcp_half_net_exit(ln);
out_timewait:
	ltcp_timewait_net_exit(ln);
out_mib:
	ltcp_mib_exit(ln);
out_cong:
	ltcp_cong_net_exit(ln);
	return err;
}

/* A grace period passes between this and net_stop() */
static void __net_exit net_stop_lookups(struct net *net)
{
	ltcp_demux_end(ltcp_net(net));
}

/* No socket is left and no segment arrives; TIME-WAIT entries pin nothing. */
static void __net_exit net_stop(struct net *net)
{
	struct ltcp_net *ln = ltcp_net(net);

	ltcp_proc_exit(ln);
	ltcp_half_net_exit(ln);
	ltcp_timewait_net_exit(ln);
	ltcp_ipv6_net_exit(ln);
	ltcp_ipv4_net_exit(ln);
	ltcp_sysctl_exit(ln);
	ltcp_table_exit(ln);
	ltcp_fastopen_net_exit(ln);
	ltcp_mib_exit(ln);
	ltcp_cong_net_exit(ln);
}

static struct pernet_operations net_ops = {
	.init = net_start,
	.pre_exit = net_stop_lookups,
	.exit = net_stop,
	.id = &ltcp_net_id,
	.size = sizeof(struct ltcp_net),
};

int ltcp_net_register(void)
{
	return register_pernet_subsys(&net_ops);
}

void ltcp_net_unregister(void)
{
	unregister_pernet_subsys(&net_ops);
}
