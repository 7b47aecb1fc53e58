// SPDX-License-Identifier: GPL-2.0
/*
 * Transfers through a bottleneck with a round trip of 20 ms, and what flows
 * that share it get. Time is the virtual machine's.
 */
#include <stdlib.h>

#include "path.h"

#define FLOWS	10

/**
 * struct flow - a transfer from client to server
 * @client: its ends
 * @server: likewise
 * @subject: what carries it
 * @sent: octets so far
 * @got: likewise
 */
struct flow {
	struct end client;
	struct end server;
	enum subject subject;
	double sent;
	double got;
};

static void flow_open(struct flow *f, enum subject s)
{
	union addr at = path_server(PORT);
	int listener = ends_listen_at(s, at);

	*f = (struct flow) { .subject = s };
	ends_connect_to(&f->client, &f->server, s, listener, at);
	close(listener);
	nonblocking(f->client.out, true);
	nonblocking(f->server.in, true);
}

static void flow_close(struct flow *f)
{
	/* What is under way is of no interest any more */
	stream_reset(f->client.out);
	stream_reset(f->server.in);
}

/* Move what can be moved; octets at most */
static void flow_move(struct flow *f, double octets)
{
	ssize_t n = 1;

	while (n > 0 && f->sent < octets) {
		size_t part = sizeof(scratch) / 4;

		if (part > octets - f->sent)
			part = octets - f->sent;
		n = write(f->client.out, scratch, part);
		if (n > 0)
			f->sent += n;
		else if (errno != EAGAIN)
			die("write");
	}
	do {
		n = read(f->server.in, scratch, sizeof(scratch));
		if (n > 0)
			f->got += n;
		else if (!n || errno != EAGAIN)
			die("read");
	} while (n > 0);
}

/* Something arrives somewhere, or may be sent */
static void flows_wait(struct flow *flows, int count, double octets, long ms)
{
	struct pollfd fds[2 * FLOWS];
	int i, n = 0;

	for (i = 0; i < count; i++) {
		fds[n++] = (struct pollfd) { flows[i].server.in, POLLIN };
		if (flows[i].sent < octets)
			fds[n++] = (struct pollfd) { flows[i].client.out, POLLOUT };
	}
	checked(poll(fds, n, ms), "poll");
}

/* --- one transfer ------------------------------------------------------------- */

static double sample_goodput(const struct workload *w, enum subject s)
{
	double octets = (double)w->size * w->count;
	struct flow f;
	struct meter m;

	path_set(w->data);
	flow_open(&f, s);
	meter_start(&m, s);
	flow_move(&f, octets);
	while (f.got < octets) {
		flows_wait(&f, 1, octets, 60000);
		flow_move(&f, octets);
	}
	meter_stop(&m);
	flow_close(&f);
	ends_settle(s);
	meter_wall(0);
	return m.wall / 1e6 / w->count;
}

/* --- several ------------------------------------------------------------------ */

/* The first seconds do not count: flows find their places */
#define FIRST_SECONDS	5

static void flows_run(struct flow *flows, int count, long seconds)
{
	long begin = now_ms(), now;
	bool counting = false;
	int i;

	while ((now = now_ms()) < begin + (FIRST_SECONDS + seconds) * 1000) {
		for (i = 0; i < count; i++) {
			flow_move(&flows[i], 1e15);
			if (!counting && now >= begin + FIRST_SECONDS * 1000)
				flows[i].got = 0;
		}
		counting = now >= begin + FIRST_SECONDS * 1000;
		flows_wait(flows, count, 1e15, 10);
	}
	for (i = 0; i < count; i++)
		flow_close(&flows[i]);
}

/* One over Jain's index: 1 is fair, COUNT is one flow that has it all */
static double sample_fairness(const struct workload *w, enum subject s)
{
	struct flow flows[FLOWS];
	double sum = 0, squares = 0;
	int i;

	path_set(w->data);
	for (i = 0; i < w->count; i++)
		flow_open(&flows[i], s);
	flows_run(flows, w->count, w->rounds);
	for (i = 0; i < w->count; i++) {
		sum += flows[i].got;
		squares += flows[i].got * flows[i].got;
	}
	ends_settle(s);
	return w->count * squares / (sum * sum);
}

/* What of the bottleneck LTCP gets beside TCP; asked for TCP, what TCP gets */
static double sample_share(const struct workload *w, enum subject s)
{
	struct flow flows[2];
	int i, mine = 0;

	path_set(w->data);
	for (i = 0; i < 2; i++) {
		enum subject carrier = i ? TCP : LTCP;

		flow_open(&flows[i], carrier);
		if (carrier == s)
			mine = i;
	}
	flows_run(flows, 2, w->rounds);
	ends_settle(s);
	return flows[mine].got / (flows[0].got + flows[1].got);
}

static const struct path clean = { .mbit = 100 };
static const struct path each_100th = { .mbit = 100, .every = 100 };
static const struct path loses_1_in_1000 = { .mbit = 100, .netem = "loss 0.1%" };
static const struct path loses_1_in_100 = { .mbit = 100, .netem = "loss 1%" };
static const struct path loses_3_in_100 = { .mbit = 100, .netem = "loss 3%" };
static const struct path reorders = { .mbit = 100, .netem = "reorder 1%" };
/* A slower one, for there is more to carry */
static const struct path shared = { .mbit = 20 };

#define GOODPUT(name_, mebibytes, path_)				\
	{								\
		.name = name_,						\
		.unit = "ms/MiB",					\
		.subjects = STREAMS,					\
		.sample = sample_goodput,				\
		.size = 1 << 20,					\
		.count = mebibytes,					\
		.data = &(path_),					\
	}

#define SHARING(name_, unit_, flows, subjects_, sample_)		\
	{								\
		.name = name_,						\
		.unit = unit_,						\
		.subjects = subjects_,					\
		.sample = sample_,					\
		.count = flows,						\
		.rounds = 20,						\
		.data = &shared,						\
		.repetitions = 3,					\
	}

const struct workload goodput_workloads[] = {
	GOODPUT("goodput-clean", 16, clean),
	GOODPUT("goodput-loss-1in100", 4, each_100th),
	GOODPUT("goodput-loss-0.1%", 8, loses_1_in_1000),
	GOODPUT("goodput-loss-1%", 4, loses_1_in_100),
	GOODPUT("goodput-loss-3%", 2, loses_3_in_100),
	GOODPUT("goodput-reorder", 8, reorders),
	SHARING("fairness-2", "1/Jain", 2, STREAMS, sample_fairness),
	SHARING("fairness-10", "1/Jain", 10, STREAMS, sample_fairness),
	SHARING("share", "part", 2, LTCP | TCP, sample_share),
	{}
};
