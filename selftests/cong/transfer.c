// SPDX-License-Identifier: GPL-2.0
/*
 * Connections for cong.sh:
 *	transfer default		says what a new socket uses
 *	transfer choose NAME		asks a new socket to use NAME, says what it uses
 *	transfer send NAME OCTETS	a listener that uses NAME, a client that is told to
 *					when it is connected; sends, and checks the accepted
 *					socket's name
 *	transfer hold NAME		a socket that uses NAME, says so, and keeps it
 *	transfer user NAME		as choose, as an ordinary user
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ltcp.h>

#define NOBODY 65534

static int open_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_LTCP);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static void say(int fd)
{
	char name[16] = "";
	socklen_t len = sizeof(name);

	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len))
		err(1, "getsockopt");
	printf("%s\n", name);
	fflush(stdout);
}

static void choose(int fd, const char *name)
{
	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name))) {
		printf("%s\n", strerror(errno));
		exit(1);
	}
}

static void read_all(int fd)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		;
	if (n < 0)
		err(1, "read");
}

static void client(const struct sockaddr_in *addr, const char *name, long octets)
{
	static char buf[65536];
	int fd = open_socket();

	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		err(1, "connect");
	choose(fd, name);
	while (octets > 0) {
		ssize_t n = write(fd, buf, octets < (long)sizeof(buf) ? octets : (long)sizeof(buf));

		if (n < 0)
			err(1, "write");
		octets -= n;
	}
	say(fd);
	exit(0);
}

static void transfer(const char *name, long octets)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(7000),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = open_socket(), fd, one = 1, status;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	choose(listener, name);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 1))
		err(1, "listen");
	if (!fork())
		client(&addr, name, octets);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		err(1, "accept");
	say(fd);
	read_all(fd);
	wait(&status);
	exit(status ? 1 : 0);
}

int main(int argc, char *argv[])
{
	const char *how = argc > 1 ? argv[1] : "", *name = argc > 2 ? argv[2] : "";
	int fd;

	if (!strcmp(how, "send") && argc == 4)
		transfer(name, atol(argv[3]));
	fd = open_socket();
	if (!strcmp(how, "user") && setresuid(NOBODY, NOBODY, NOBODY))
		err(1, "setresuid");
	if (*name)
		choose(fd, name);
	say(fd);
	if (!strcmp(how, "hold"))
		pause();
	return 0;
}
