// SPDX-License-Identifier: GPL-2.0
/* What connections cost in memory: slab pages, by /proc/slabinfo. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "inject.h"
#include "load.h"
#include "tcp.h"

/* Hand empty slabs back, so that what is left is in use */
static void shrink_slabs(void)
{
	glob_t files;
	size_t i;

	checked(-glob("/sys/kernel/slab/*/shrink", 0, NULL, &files), "/sys/kernel/slab");
	for (i = 0; i < files.gl_pathc; i++) {
		int fd = open(files.gl_pathv[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0 && write(fd, "1", 1) < 0 && errno != EINVAL)
			die("%s", files.gl_pathv[i]);
		close(fd);
	}
	globfree(&files);
}

/*
 * Objects in use, each with its part of a slab's pages: how full slabs are is
 * a matter of chance.
 */
static double slab_bytes(void)
{
	char line[512];
	double sum = 0;
	long objects, in_slab, pages;
	FILE *f;

	/* kfree_rcu() collects for up to 5 s before a grace period begins */
	sleep_ms(stream_virtual_clock() ? 6000 : 500);
	shrink_slabs();
	f = fopen("/proc/slabinfo", "re");
	if (!f)
		die("/proc/slabinfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %ld %*d %*d %ld %ld", &objects, &in_slab, &pages) == 3)
			sum += (double)objects * pages * getpagesize() / in_slab;
	fclose(f);
	return sum;
}

static struct end *new_ends(long count)
{
	struct end *ends = calloc(2 * count, sizeof(*ends));

	if (!ends)
		die("memory for %ld connections", count);
	return ends;
}

static double sample_established(const struct workload *w, enum subject s)
{
	struct end *ends = new_ends(w->count);
	int listener = ends_listen(s);
	double before = slab_bytes(), after;
	long i;

	for (i = 0; i < w->count; i++)
		ends_connect(&ends[2 * i], &ends[2 * i + 1], s, listener);
	after = slab_bytes();
	for (i = 0; i < 2 * w->count; i++)
		ends_close(&ends[i]);
	close(listener);
	free(ends);
	ends_settle(s);
	return (after - before) / (2 * w->count);
}

static double sample_timewait(const struct workload *w, enum subject s)
{
	int listener = ends_listen(s);
	double before = slab_bytes(), after;
	struct end client, server;
	long i;

	for (i = 0; i < w->count; i++) {
		ends_connect(&client, &server, s, listener);
		ends_close(&client);
		ends_close(&server);
	}
	after = slab_bytes();
	close(listener);
	ends_settle(s);
	return (after - before) / w->count;
}

/*
 * Half-open entries of the server: Linux's TCP makes only some 5000 of 10 000 SYNs,
 * and those that are not there cost nothing.
 */
static long half_open(enum subject s)
{
	char line[512];
	long found = 0;
	FILE *f;

	ends_enter(1);
	f = fopen(s == LTCP ? "/proc/net/ltcp" : "/proc/net/tcp", "re");
	ends_enter(0);
	if (!f)
		die("/proc/net");
	while (fgets(line, sizeof(line), f)) {
		unsigned int state;

		found += sscanf(line, "%*s %*s %*s %x", &state) == 1 && state == SYN_RECEIVED;
	}
	fclose(f);
	if (!found)
		die("no half-open entries");
	return found;
}

static double sample_halfopen(const struct workload *w, enum subject s)
{
	struct injector *in = inject_open(s);
	int listener = ends_listen(s);
	double before, after;
	long entries;

	ends_setting(s, "syncookies", "0");
	before = slab_bytes();
	inject(in, INJECT_SYN, PORT, w->count);
	after = slab_bytes();
	entries = half_open(s);
	ends_setting(s, "syncookies", "1");
	close(listener);
	inject_close(in);
	ends_settle(s);
	return (after - before) / entries;
}

#define MEMORY(name_, unit_, subjects_, sample_)			\
	{								\
		.name = name_,						\
		.unit = unit_,						\
		.subjects = subjects_,					\
		.sample = sample_,					\
		.count = 10000,						\
		.repetitions = 3,					\
	}

const struct workload memory_workloads[] = {
	MEMORY("mem-established", "bytes/side", STREAMS | UNIX, sample_established),
	MEMORY("mem-timewait", "bytes/entry", STREAMS, sample_timewait),
	MEMORY("mem-halfopen", "bytes/entry", STREAMS, sample_halfopen),
	{}
};
