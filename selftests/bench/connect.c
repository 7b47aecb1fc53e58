// SPDX-License-Identifier: GPL-2.0
/* Connections that are opened and closed, with and without a request. */
#include "load.h"

/* The client closes first, and keeps TIME-WAIT */
static void connection(const struct workload *w, enum subject s, int listener)
{
	struct end client, server;

	ends_connect(&client, &server, s, listener);
	if (w->size) {
		end_write(&client, scratch, w->size);
		end_read(&server, scratch, w->size);
		end_write(&server, scratch, w->size);
		end_read(&client, scratch, w->size);
	}
	ends_close(&client);
	ends_close(&server);
}

static double sample_connections(const struct workload *w, enum subject s)
{
	int listener = ends_listen(s);
	struct meter m;
	long i;

	/* What the last sample has left is cleared away before this one counts */
	sleep_ms(1000);
	for (i = 0; i < 20; i++)
		connection(w, s, listener);
	meter_start(&m, s);
	for (i = 0; i < w->rounds; i++)
		connection(w, s, listener);
	meter_stop(&m);
	close(listener);
	ends_settle(s);
	meter_wall(m.wall / w->rounds);
	return m.busy / w->rounds;
}

#define CONNECTIONS(name_, size_)					\
	{								\
		.name = name_,						\
		.unit = "instructions/connection",			\
		.subjects = STREAMS | UNIX,				\
		.sample = sample_connections,				\
		.size = size_,						\
		.rounds = 300,						\
	}

const struct workload connect_workloads[] = {
	CONNECTIONS("crr", 1),
	CONNECTIONS("connect-close", 0),
	{}
};
