// SPDX-License-Identifier: GPL-2.0
/* The meter: under QEMU's -icount shift=0 a tick of the TSC is an instruction. */
#include <stdio.h>
#include <string.h>
#include <x86intrin.h>

#include "load.h"

static struct {
	double wall;
	double idle;
} start;

static double last_wall;

/*
 * Nanoseconds that the processor has been idle. Idle time takes no time of the
 * host's, but the TSC counts it.
 */
static double idle_ns(void)
{
	char line[256];
	double sum = 0, ns;
	FILE *f = fopen("/proc/timer_list", "re");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " .idle_sleeptime : %lf", &ns) == 1)
			sum += ns;
	fclose(f);
	return sum;
}

/*
 * No-operations that the profiler's plugin knows (scripts/profile/): what runs
 * from here on belongs to that account.
 */
static void mark(unsigned int account)
{
	if (account == LTCP)
		asm volatile("nopl 0x4c544301(%rax)");
	else if (account == TCP)
		asm volatile("nopl 0x4c544302(%rax)");
	else if (account)
		asm volatile("nopl 0x4c544303(%rax)");
	else
		asm volatile("nopl 0x4c544300(%rax)");
}

void meter_start(struct meter *m, enum subject s)
{
	memset(m, 0, sizeof(*m));
	start.idle = idle_ns();
	mark(s);
	start.wall = __rdtsc();
}

void meter_stop(struct meter *m)
{
	m->wall = __rdtsc() - start.wall;
	mark(0);
	m->busy = m->wall - (idle_ns() - start.idle);
}

void meter_wall(double value)
{
	last_wall = value;
}

double meter_last_wall(void)
{
	return last_wall;
}
