// SPDX-License-Identifier: GPL-2.0
/* Counters. */
#include "mib.h"
#include "net.h"

#define LTCP_MIB_NAME(symbol, name) [LTCP_MIB_##symbol] = name,

static const char * const names[] = { LTCP_MIB_LIST(LTCP_MIB_NAME) };

int ltcp_mib_init(struct ltcp_net *ln)
{
	ln->mib = alloc_percpu(struct ltcp_mib);
	return ln->mib ? 0 : -ENOMEM;
}

void ltcp_mib_exit(struct ltcp_net *ln)
{
	free_percpu(ln->mib);
}

const char *ltcp_mib_name(unsigned int i)
{
	return names[i];
}

unsigned long ltcp_mib_sum(const struct ltcp_net *ln, unsigned int i)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(ln->mib, cpu)->count[i];
	return sum;
}
