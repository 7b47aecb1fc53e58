// SPDX-License-Identifier: GPL-2.0
/* Request and response over one connection. */
#include "load.h"

static void transact(struct end *client, struct end *server, size_t size)
{
	end_write(client, scratch, size);
	end_read(server, scratch, size);
	end_write(server, scratch, size);
	end_read(client, scratch, size);
}

double requests(const struct workload *w, enum subject s)
{
	struct end client, server;
	struct meter m;
	long i;

	ends_open(&client, &server, s, w->flags);
	for (i = 0; i < 50; i++)
		transact(&client, &server, w->size);
	meter_start(&m, s);
	for (i = 0; i < w->rounds; i++)
		transact(&client, &server, w->size);
	meter_stop(&m);
	ends_close(&client);
	ends_close(&server);
	meter_wall(m.wall / w->rounds);
	return m.busy / w->rounds;
}

#define EXCHANGE(name_, size_)						\
	{								\
		.name = name_,						\
		.unit = "instructions/transaction",			\
		.subjects = STREAMS | FLOORS,				\
		.sample = requests,				\
		.size = size_,						\
		.rounds = 400,						\
	}

const struct workload request_workloads[] = {
	EXCHANGE("rr-1", 1),
	EXCHANGE("rr-1k", 1024),
	{}
};
