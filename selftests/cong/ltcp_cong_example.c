// SPDX-License-Identifier: GPL-2.0
/*
 * A congestion control of one's own: Scalable TCP (Kelly 2003). A hundredth of
 * what is acknowledged is added to the window, congestion takes an eighth of it.
 *
 *	insmod ltcp_cong_example.ko
 *	sysctl net.ipv4.ltcp_congestion_control=example
 */
#include <linux/module.h>

#include "cong.h"

/* One's own state: at most LTCP_CONG_PRIV_SIZE octets, zero at first */
struct example {
	u32 credit;
};

LTCP_CONG_CHECK_PRIV(struct example);

static unsigned int connections;
module_param(connections, uint, 0444);
MODULE_PARM_DESC(connections, "connections that have used it so far");

static void example_init(struct ltcp_tcb *tcb, u64 now)
{
	connections++;	/* two at the same moment may count as one */
}

static u32 example_ssthresh(struct ltcp_tcb *tcb, enum ltcp_cong_signal signal, u32 flight,
			    u64 now)
{
	return flight - flight / 8;
}

static void example_grow(struct ltcp_tcb *tcb, const struct ltcp_cong_sample *sample)
{
	struct example *e = ltcp_cong_priv(tcb);
	u32 acked = sample->acked;

	if (tcb->cwnd < tcb->ssthresh)
		acked = ltcp_cong_slow_start(tcb, acked);
	e->credit += acked;
	tcb->cwnd += e->credit / 100;
	e->credit %= 100;
}

static struct ltcp_cong_ops example_ops = {
	.name = "example",
	.flags = LTCP_CONG_RESTRICTED,	/* not fair to others: for root, or as the default */
	.init = example_init,
	.ssthresh = example_ssthresh,
	.grow = example_grow,
	.owner = THIS_MODULE,
};
module_param_named(flags, example_ops.flags, uint, 0444);
MODULE_PARM_DESC(flags, "what it asks for, a sum of LTCP_CONG_*");

module_ltcp_cong(example_ops);
MODULE_DESCRIPTION("An example of a congestion control for LTCP");
MODULE_LICENSE("GPL");
