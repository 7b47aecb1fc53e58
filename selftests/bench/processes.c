// SPDX-License-Identifier: GPL-2.0
/*
 * The same with a process at each end. Who runs when is the scheduler's choice
 * and part of what is measured, so these are shown and not judged.
 */
#include <stdlib.h>
#include <sys/wait.h>

#include "load.h"

static void serve_bulk(const struct workload *w, struct end *e)
{
	size_t left = w->size * w->count;

	while (left) {
		size_t n = checked(read(e->in, scratch, sizeof(scratch)), "read");

		if (!n)
			return;
		left -= n;
	}
	end_write(e, scratch, 1);
}

static void drive_bulk(const struct workload *w, struct end *e)
{
	long i;

	for (i = 0; i < w->count; i++)
		end_write(e, scratch, w->size);
	end_read(e, scratch, 1);
}

static void serve_requests(const struct workload *w, struct end *e)
{
	long i;

	for (i = 0; i < w->count; i++) {
		end_read(e, scratch, w->size);
		end_write(e, scratch, w->size);
	}
}

static void drive_requests(const struct workload *w, struct end *e)
{
	long i;

	for (i = 0; i < w->count; i++) {
		end_write(e, scratch, w->size);
		end_read(e, scratch, w->size);
	}
}

/* Each round is as long as the one that counts */
#define WARM_UP	2

static double sample_processes(const struct workload *w, enum subject s)
{
	bool bulk = !(w->flags & REQUESTS);
	struct end client, server;
	struct meter m;
	double units;
	pid_t child;
	int i;

	ends_open(&client, &server, s, w->flags);
	child = checked(fork(), "fork");
	if (!child) {
		ends_close(&client);
		for (i = 0; i <= WARM_UP; i++)
			(bulk ? serve_bulk : serve_requests)(w, &server);
		_exit(0);
	}
	for (i = 0; i <= WARM_UP; i++) {
		if (i == WARM_UP)
			meter_start(&m, s);
		(bulk ? drive_bulk : drive_requests)(w, &client);
	}
	meter_stop(&m);
	checked(waitpid(child, NULL, 0), "waitpid");
	ends_close(&client);
	ends_close(&server);
	units = bulk ? (double)w->size * w->count : w->count;
	meter_wall(m.wall / units);
	return m.busy / units;
}

#define BULK(name_, size_, count_, subjects_, flags_)			\
	{								\
		.name = name_,						\
		.unit = "instructions/byte",				\
		.subjects = subjects_,					\
		.sample = sample_processes,				\
		.size = size_,						\
		.count = count_,					\
		.flags = flags_,					\
	}

#define PING_PONG(name_, size_)						\
	{								\
		.name = name_,						\
		.unit = "instructions/transaction",			\
		.subjects = STREAMS | FLOORS,				\
		.sample = sample_processes,				\
		.size = size_,						\
		.count = 400,						\
		.flags = REQUESTS,					\
	}

const struct workload process_workloads[] = {
	BULK("bulk-64", 64, 2048, STREAMS | UNIX | PIPE, NODELAY),
	BULK("bulk-1460", 1460, 1024, STREAMS | UNIX, 0),
	BULK("bulk-16k", 16384, 512, STREAMS | UNIX | PIPE, 0),
	BULK("bulk-128k", 131072, 64, STREAMS | UNIX | PIPE, 0),
	PING_PONG("pp-1", 1),
	PING_PONG("pp-1k", 1024),
	{}
};
