// SPDX-License-Identifier: GPL-2.0
/*
 * Genuine clients of a listener that is flooded with SYNs, with cookies when it
 * must: how long a handshake takes. LTCP must serve each, with all its options,
 * and need no memory for the flood; TCP is only watched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "inject.h"
#include "load.h"

#define BACKLOG		128
#define PAUSE_MS	100	/* between clients */
#define SETTLED		20	/* clients after which memory grows no more */
#define KIB_MORE	512	/* at most, for all else that goes on */

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/* Its status says what part of the time that it took, in per cent, it should have taken */
static pid_t flood(enum subject s, long a_second, int seconds)
{
	struct injector *in = inject_open(s);
	pid_t child = checked(fork(), "fork");

	if (!child) {
		double start = now_us();

		inject_steadily(in, INJECT_SYN, PORT, a_second, seconds);
		_exit(100 * seconds * 1e6 / (now_us() - start) + 0.5);
	}
	inject_close(in);
	return child;
}

/* A flood that is slower than meant proves less */
static void check_flood(pid_t child)
{
	int status;

	checked(waitpid(child, &status, 0), "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) < 95)
		die("the flood had %d %% of its speed", WEXITSTATUS(status));
}

static void check_options(const struct end *e, enum subject s)
{
	const int all = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE;
	struct tcp_info info = {};

	if (s != LTCP)
		return;
	checked(stream_info(e->in, &info), "TCP_INFO");
	if ((info.tcpi_options & all) != all || info.tcpi_snd_mss != 1448)
		die("a client has lost options: %#x, MSS %u", info.tcpi_options,
		    info.tcpi_snd_mss);
}

/* One client is served: microseconds of its handshake */
static double serve_one(enum subject s, int listener)
{
	struct end client, server;
	double start = now_us(), took;

	ends_connect(&client, &server, s, listener);
	took = now_us() - start;
	end_write(&server, "hello", 5);
	end_read(&client, scratch, 5);
	check_options(&client, s);
	check_options(&server, s);
	stream_reset(client.in);
	ends_close(&server);
	return took;
}

static int ascending(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

/* @w->count: seconds; @w->rounds: SYNs a second */
static double sample_siege(const struct workload *w, enum subject s)
{
	long n = w->count * 1000 / PAUSE_MS * 9 / 10, i, before = 0;
	double *took = calloc(n, sizeof(*took)), median;
	int listener = ends_listen(s);
	pid_t child;

	checked(listen(listener, BACKLOG), "listen");
	child = flood(s, w->rounds, w->count);
	for (i = 0; i < n; i++) {
		sleep_ms(PAUSE_MS);
		took[i] = serve_one(s, listener);
		if (i == SETTLED)
			before = slab_kib();
	}
	if (s == LTCP && before && slab_kib() > before + KIB_MORE)
		die("slabs grew from %ld to %ld KiB", before, slab_kib());
	check_flood(child);
	close(listener);
	ends_settle(s);
	qsort(took, n, sizeof(*took), ascending);
	median = took[n / 2];
	free(took);
	return median;
}

const struct workload siege_workloads[] = {
	{
		.name = "siege",
		.unit = "us/handshake",
		.subjects = STREAMS,
		.sample = sample_siege,
		.count = 30,
		.rounds = 60000,
		.repetitions = 1,
	},
	{}
};
