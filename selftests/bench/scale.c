// SPDX-License-Identifier: GPL-2.0
/* Request and response while many connections stand, and as many wait in TIME-WAIT. */
#include <stdlib.h>

#include "load.h"

#define PORTS	20

static int listeners[PORTS];

static union addr address_of(long i)
{
	return addr_host(2, PORT + 1 + i % PORTS);
}

static struct end *stand(enum subject s, long count)
{
	struct end *ends = calloc(2 * count, sizeof(*ends));
	struct end client, server;
	long i;

	if (!ends)
		die("memory for %ld connections", count);
	for (i = 0; i < count; i++) {
		ends_connect_to(&ends[2 * i], &ends[2 * i + 1], s, listeners[i % PORTS],
				address_of(i));
		ends_connect_to(&client, &server, s, listeners[i % PORTS], address_of(i));
		ends_close(&client);
		ends_close(&server);
	}
	return ends;
}

static double sample_scale(const struct workload *w, enum subject s)
{
	struct end *ends;
	double value;
	long i;

	ends_ports("1024 65535");
	for (i = 0; i < PORTS; i++)
		listeners[i] = ends_listen_at(s, address_of(i));
	ends = stand(s, w->count);
	value = requests(w, s);
	/* Without a TIME-WAIT each */
	for (i = 0; i < 2 * w->count; i++)
		stream_reset(ends[i].in);
	for (i = 0; i < PORTS; i++)
		close(listeners[i]);
	free(ends);
	ends_settle(s);
	ends_ports("32768 60999");
	return value;
}

#define SCALE(name_, count_, repetitions_)				\
	{								\
		.name = name_,						\
		.unit = "instructions/transaction",			\
		.subjects = LTCP,						\
		.sample = sample_scale,					\
		.size = 1,						\
		.count = count_,					\
		.rounds = 2000,						\
		.repetitions = repetitions_,				\
	}

const struct workload scale_workloads[] = {
	SCALE("scale-100", 100, 3),
	SCALE("scale-100k", 100000, 1),
	{}
};
