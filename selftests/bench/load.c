// SPDX-License-Identifier: GPL-2.0
/*
 * The load generator of 'make bench': runs workloads over LTCP, over the
 * kernel's TCP and over what is cheaper than either, in turns, and prints a
 * line for each sample. scripts/bench runs it in the virtual machine and makes
 * sense of the lines.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <fcntl.h>
#include <unistd.h>

#include <linux/random.h>

#include "load.h"

static const struct workload * const tables[] = {
	burst_workloads, request_workloads, connect_workloads, memory_workloads, flood_workloads,
	siege_workloads, goodput_workloads, process_workloads, scale_workloads, smp_workloads,
};

static const struct {
	enum subject subject;
	const char *name;
} subjects[] = {
	{ LTCP, "ltcp" },
	{ TCP, "tcp" },
	{ CONTROL, "control" },
	{ UNIX, "unix" },
	{ UDP, "udp" },
	{ PIPE, "pipe" },
};

#define N_SUBJECTS	(int)(sizeof(subjects) / sizeof(*subjects))
#define N_TABLES	(int)(sizeof(tables) / sizeof(*tables))

static const char *workload_now = "load";

void die(const char *format, ...)
{
	int err = errno;
	va_list args;

	fprintf(stderr, "load: %s: ", workload_now);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, " (%s)\n", strerror(err));
	exit(1);
}

long checked(long result, const char *what)
{
	if (result < 0)
		die("%s", what);
	return result;
}

/* --- a machine that does the same each time ---------------------------------- */

/* Without this the kernel gathers randomness while we measure */
static void seed_randomness(void)
{
	struct {
		struct rand_pool_info head;
		uint32_t words[64];
	} seed = { .head = { .entropy_count = 2048, .buf_size = 256 } };
	int fd = checked(open("/dev/urandom", O_WRONLY), "/dev/urandom");

	memset(seed.words, 0x5a, sizeof(seed.words));
	checked(ioctl(fd, RNDADDENTROPY, &seed), "RNDADDENTROPY");
	checked(ioctl(fd, RNDRESEEDCRNG), "RNDRESEEDCRNG");
	close(fd);
}

static void settle_machine(void)
{
	struct rlimit files = { 1 << 20, 1 << 20 };

	memset(scratch, 0x5a, sizeof(scratch));
	seed_randomness();
	checked(setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
	checked(mlockall(MCL_CURRENT | MCL_FUTURE), "mlockall");
}

/* --- samples ----------------------------------------------------------------- */

static void take(const struct workload *w, int subject, int repetition)
{
	double value;

	ends_demux(subjects[subject].subject == LTCP);
	meter_wall(0);
	value = w->sample(w, subjects[subject].subject);

	printf("sample %s %s %d %.6g %.6g\n", w->name, subjects[subject].name, repetition, value,
	       meter_last_wall());
	fflush(stdout);
}

/* There and back again: what drifts meets all alike */
static void run_workload(const struct workload *w, unsigned int wanted, int repetitions)
{
	int r, i;

	if (w->repetitions && repetitions > w->repetitions)
		repetitions = w->repetitions;
	workload_now = w->name;
	printf("workload %s %s\n", w->name, w->unit);
	for (r = 0; r < repetitions; r++)
		for (i = 0; i < N_SUBJECTS; i++) {
			int subject = r % 2 ? N_SUBJECTS - 1 - i : i;

			if (subjects[subject].subject & w->subjects & wanted)
				take(w, subject, r);
		}
}

/*
 * Enough to see that it works; of memory more, for the kernel has some 20 KiB of buffers in
 * hand, or not, which is as much as 200 entries of TIME-WAIT.
 */
static struct workload quick(struct workload w)
{
	long part = strncmp(w.unit, "bytes", strlen("bytes")) ? 50 : 5;

	w.count = (w.count + part - 1) / part;
	w.rounds = (w.rounds + part - 1) / part;
	return w;
}

static const struct workload *find_workload(const char *name)
{
	const struct workload *w;
	int t;

	for (t = 0; t < N_TABLES; t++)
		for (w = tables[t]; w->name; w++)
			if (!strcmp(w->name, name))
				return w;
	fprintf(stderr, "load: there is no workload %s\n", name);
	exit(2);
}

static unsigned int find_subject(const char *name)
{
	int i;

	for (i = 0; i < N_SUBJECTS; i++)
		if (!strcmp(subjects[i].name, name))
			return subjects[i].subject;
	fprintf(stderr, "load: there is no subject %s\n", name);
	exit(2);
}

static void list_workloads(void)
{
	const struct workload *w;
	int t;

	for (t = 0; t < N_TABLES; t++)
		for (w = tables[t]; w->name; w++)
			printf("%s\n", w->name);
}

static void usage(FILE *to)
{
	fputs("Usage: load [-q] [-r REPETITIONS] [-s SUBJECT]... WORKLOAD...\n"
	      "       load -l\n"
	      "Runs workloads over all that can carry them, or the SUBJECTs named.\n"
	      "-q: do little, to see that it works.\n", to);
}

int main(int argc, char **argv)
{
	unsigned int wanted = 0;
	bool be_quick = false;
	int repetitions = 6;
	int opt;

	while ((opt = getopt(argc, argv, "hlqr:s:")) != -1) {
		switch (opt) {
		case 'l':
			list_workloads();
			return 0;
		case 'q':
			be_quick = true;
			break;
		case 'r':
			repetitions = atoi(optarg);
			break;
		case 's':
			wanted |= find_subject(optarg);
			break;
		default:
			usage(opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	settle_machine();
	ends_network();
	for (; optind < argc; optind++) {
		struct workload w = *find_workload(argv[optind]);

		if (be_quick)
			w = quick(w);
		run_workload(&w, wanted ?: ~0u, repetitions);
	}
	return 0;
}
