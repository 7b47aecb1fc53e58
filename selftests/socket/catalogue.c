// SPDX-License-Identifier: GPL-2.0
/* The tables of Documentation/socket-options.md against what is answered. */
#include "../kselftest_harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "stream.h"

STREAM_FIXTURE(catalogue);

#define PAGE	TOP "/Documentation/socket-options.md"

/* One row */
struct row {
	int number;
	char name[64];
	char answer[16];	/* "get, set", "get", "set" or "no" */
};

static FILE *page_open(int level)
{
	FILE *page = fopen(PAGE, "re");
	char line[1024];
	int number;

	while (page && fgets(line, sizeof(line), page))
		if (sscanf(line, "## Level %*s (%d)", &number) == 1 && number == level)
			return page;
	return NULL;
}

/* The next row of the level's table; false: there is none */
static bool page_row(FILE *page, struct row *row)
{
	char line[1024];

	while (fgets(line, sizeof(line), page) && strncmp(line, "## ", 3))
		if (sscanf(line, "| %d | `%63[A-Z0-9_]` | %15[a-z, ] |", &row->number, row->name,
			   row->answer) == 3)
			return true;
	return false;
}

/* What getsockopt() or setsockopt() says of a number: whether it is an option at all */
static bool known(int fd, int level, int number, bool set)
{
	uint32_t val[16] = {};
	socklen_t len = sizeof(val);
	int err;

	if (set)
		err = setsockopt(fd, level, number, val, sizeof(val));
	else
		err = getsockopt(fd, level, number, val, &len);
	return !err || errno != ENOPROTOOPT;
}

/* The row is what the socket says */
static bool true_of(const struct row *row, int level)
{
	int fd = stream_socket(0);
	bool get = known(fd, level, row->number, false), set = known(fd, level, row->number, true);

	close(fd);
	if (!flavour.ltcp)	/* by the number Linux's has it, whatever ours has */
		return get || set;
	if (row->answer[0] == 'n')
		return !get && !set;
	return (!strstr(row->answer, "get") || get) && (!strstr(row->answer, "set") || set);
}

/* Options that one of the kernels does not have yet */
static bool newer(const char *name)
{
	static const char * const names[] = {
		"TCP_AO_ADD_KEY", "TCP_AO_DEL_KEY", "TCP_AO_INFO", "TCP_AO_GET_KEYS",
		"TCP_AO_REPAIR", "TCP_IS_MPTCP", "IP_LOCAL_PORT_RANGE", "SO_PEEK_OFF",
		"TCP_MD5SIG", "TCP_MD5SIG_EXT",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* How many rows of a level there are; those that are wrong are named */
static int walk(int level, int *bad)
{
	FILE *page = page_open(level);
	struct row row;
	int n = 0;

	*bad = 0;
	if (!page)
		return 0;
	while (page_row(page, &row)) {
		bool may_lack = newer(row.name) && (!flavour.ltcp || level == SOL_IP);

		n++;
		if (may_lack || true_of(&row, level))
			continue;
		printf("# %s (%d): not \"%s\"\n", row.name, row.number, row.answer);
		(*bad)++;
	}
	fclose(page);
	return n;
}

TEST_F(catalogue, sol_tcp)
{
	int bad;

	EXPECT_EQ(42, walk(SOL_TCP, &bad));
	EXPECT_EQ(0, bad);
	if (flavour.ltcp)
		EXPECT_EQ(0, opt_get(stream_socket(0), SOL_TCP, 43));
}

TEST_F(catalogue, sol_socket)
{
	int bad;

	EXPECT_LE(30, walk(SOL_SOCKET, &bad));
	EXPECT_EQ(0, bad);
}

TEST_F(catalogue, ip)
{
	int bad;

	EXPECT_LE(10, walk(SOL_IP, &bad));
	EXPECT_EQ(0, bad);
}

TEST_F(catalogue, ipv6)
{
	int bad;

	if (flavour.family != AF_INET6)
		SKIP(return, "sockets of AF_INET have none of these");
	EXPECT_LE(15, walk(SOL_IPV6, &bad));
	EXPECT_EQ(0, bad);
}

TEST_HARNESS_MAIN
