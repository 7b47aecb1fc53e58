// SPDX-License-Identifier: GPL-2.0
/* The runner of the host tests: host-tests [name...] */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

static struct host_test *tests;
static char where[256];

/* In the order of the sources: constructors run in link order */
void host_register(struct host_test *test)
{
	struct host_test **p = &tests;

	while (*p)
		p = &(*p)->next;
	*p = test;
}

void host_fail(const char *file, int line, const char *fmt, ...)
{
	const char *base = strrchr(file, '/');
	va_list ap;

	printf("# %s:%d: ", base ? base + 1 : file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("%s%s\n", where[0] ? "\n#   at " : "", where);
	exit(1);
}

void host_at(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(where, sizeof(where), fmt, ap);
	va_end(ap);
}

u32 host_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 16;
}

static int wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(name, argv[i]))
			return 1;
	}
	return argc == 1;
}

/* A process of its own: a crash or a sanitizer's report is one failed test */
static int passes(const struct host_test *test)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(60);
		test->run();
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 0;
	if (WIFSIGNALED(status))
		printf("# ended by signal: %s\n", strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	int total = 0, number = 0, failed = 0;
	struct host_test *test;

	for (test = tests; test; test = test->next)
		total += wanted(test->name, argc, argv);
	printf("TAP version 13\n1..%d\n", total);
	for (test = tests; test; test = test->next) {
		int ok;

		if (!wanted(test->name, argc, argv))
			continue;
		ok = passes(test);
		failed += !ok;
		printf("%sok %d %s\n", ok ? "" : "not ", ++number, test->name);
	}
	if (!total)
		printf("# there is no such test; the sources' TEST() lines name them\n");
	return failed || !total;
}
