// SPDX-License-Identifier: GPL-2.0
/*
 * Two clients and two servers in processes of their own, in real time: what a
 * second processor brings. For machines without the virtual clock.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "load.h"

#define PAIRS		2
#define SECONDS		4

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Until the other end closes */
static void serve(const struct workload *w, struct end *e)
{
	ssize_t n;

	do {
		n = read(e->in, scratch, w->flags & REQUESTS ? w->size : sizeof(scratch));
		if (n > 0 && w->flags & REQUESTS)
			end_write(e, scratch, n);
	} while (n > 0);
	_exit(0);
}

/* How much went through in SECONDS, to a pipe */
static void drive(const struct workload *w, struct end *e, int result)
{
	double start = seconds_now(), units = 0;

	while (seconds_now() < start + SECONDS) {
		end_write(e, scratch, w->size);
		if (w->flags & REQUESTS)
			end_read(e, scratch, w->size);
		units += w->flags & REQUESTS ? 1 : w->size;
	}
	checked(write(result, &units, sizeof(units)), "write");
	_exit(0);
}

static void start_pair(const struct workload *w, enum subject s, int result)
{
	struct end client, server;

	ends_open(&client, &server, s, w->flags);
	if (!checked(fork(), "fork")) {
		ends_close(&client);
		serve(w, &server);
	}
	ends_close(&server);
	if (!checked(fork(), "fork"))
		drive(w, &client, result);
	ends_close(&client);
}

static double sample_smp(const struct workload *w, enum subject s)
{
	double sum = 0, units;
	int result[2];
	int i;

	checked(pipe(result), "pipe");
	for (i = 0; i < PAIRS; i++)
		start_pair(w, s, result[1]);
	close(result[1]);
	while (checked(read(result[0], &units, sizeof(units)), "read") == sizeof(units))
		sum += units;
	close(result[0]);
	for (i = 0; i < 2 * PAIRS; i++)
		checked(wait(NULL), "wait");
	return SECONDS * 1e9 / sum;
}

#define SMP(name_, unit_, size_, flags_)				\
	{								\
		.name = name_,						\
		.unit = unit_,						\
		.subjects = LTCP | TCP,					\
		.sample = sample_smp,					\
		.size = size_,						\
		.flags = flags_,					\
		.repetitions = 3,					\
	}

const struct workload smp_workloads[] = {
	SMP("smp-bulk-16k", "ns/byte", 16384, 0),
	SMP("smp-rr-1", "ns/transaction", 1, REQUESTS),
	{}
};
