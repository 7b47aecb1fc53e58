// SPDX-License-Identifier: GPL-2.0
/* Bursts: one process writes into one end and then reads it all from the other. */
#include "load.h"

/*
 * What does not fit the window at once must be read in between: no end may
 * block, they are in one process.
 */
static void burst(struct end *from, struct end *to, const struct workload *w)
{
	size_t todo = w->size * w->count, written = 0, read_ = 0;

	while (read_ < todo) {
		size_t part = w->size - written % w->size;
		ssize_t n = written < todo ? write(from->out, scratch, part) : -1;

		if (n > 0) {
			written += n;
			continue;
		}
		n = read(to->in, scratch, sizeof(scratch));
		if (n > 0)
			read_ += n;
		else if (n == 0 || errno != EAGAIN)
			die("read of %zu octets", todo - read_);
		else
			wait_events(to->in, POLLIN, 10000);
	}
}

static double sample_burst(const struct workload *w, enum subject s)
{
	double octets = (double)w->size * w->count * w->rounds;
	struct end client, server;
	struct meter m;
	long i;

	if (w->flags & NO_OFFLOAD)
		ends_offload(false);
	ends_open(&client, &server, s, w->flags);
	nonblocking(client.out, true);
	nonblocking(server.in, true);
	/* Windows open, caches fill */
	for (i = 0; i < 40; i++)
		burst(&client, &server, w);
	meter_start(&m, s);
	for (i = 0; i < w->rounds; i++)
		burst(&client, &server, w);
	meter_stop(&m);
	ends_close(&client);
	ends_close(&server);
	if (w->flags & NO_OFFLOAD)
		ends_offload(true);
	meter_wall(m.wall / octets);
	return m.busy / octets;
}

#define BURST(name_, size_, count_, rounds_, subjects_, flags_)		\
	{								\
		.name = name_,						\
		.unit = "instructions/byte",				\
		.subjects = subjects_,					\
		.sample = sample_burst,					\
		.size = size_,						\
		.count = count_,					\
		.rounds = rounds_,					\
		.flags = flags_,					\
	}

const struct workload burst_workloads[] = {
	BURST("burst-64", 64, 64, 16, STREAMS | UNIX | PIPE, NODELAY),
	BURST("burst-1460", 1460, 128, 4, STREAMS | UNIX, 0),
	BURST("burst-16k", 16384, 16, 16, STREAMS | UNIX | PIPE, 0),
	BURST("burst-128k", 131072, 1, 64, STREAMS | UNIX | PIPE, 0),
	BURST("burst-64-nogso", 64, 64, 16, STREAMS, NODELAY | NO_OFFLOAD),
	BURST("burst-1460-nogso", 1460, 128, 4, STREAMS, NO_OFFLOAD),
	BURST("burst-16k-nogso", 16384, 16, 8, STREAMS, NO_OFFLOAD),
	BURST("burst-128k-nogso", 131072, 1, 32, STREAMS, NO_OFFLOAD),
	{}
};
