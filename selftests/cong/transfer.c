// SPDX-License-Identifier: GPL-2.0
/*
 * Connections for cong.sh:
 *	transfer default		says what a new socket uses
 *	transfer choose NAME		asks a new socket to use NAME, says what it uses
 *	transfer send NAME OCTETS [ADDRESS]
 *					a listener that uses NAME, a client that is told to
 *					when it is connected; sends, and checks the accepted
 *					socket's name. By 127.0.0.1, ::1 or ::ffff:127.0.0.1
 *	transfer hold NAME		a socket that uses NAME, says so, and keeps it
 *	transfer user NAME		as choose, as an ordinary user
 */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ltcp.h>

#define NOBODY 65534

static int open_socket(int family)
{
	int fd = socket(family, SOCK_STREAM, IPPROTO_LTCP);

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

static void client(const struct addrinfo *to, const char *name, long octets)
{
	static char buf[65536];
	int fd = open_socket(to->ai_family);

	if (connect(fd, to->ai_addr, to->ai_addrlen))
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

static void transfer(const char *name, long octets, const char *address)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	int listener, fd, one = 1, status;
	struct addrinfo *to;

	if (getaddrinfo(address, "7000", &hints, &to))
		errx(1, "%s is no address", address);
	listener = open_socket(to->ai_family);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	choose(listener, name);
	if (bind(listener, to->ai_addr, to->ai_addrlen) || listen(listener, 1))
		err(1, "listen");
	if (!fork())
		client(to, name, octets);
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

	if (!strcmp(how, "send") && argc >= 4)
		transfer(name, atol(argv[3]), argc > 4 ? argv[4] : "127.0.0.1");
	fd = open_socket(AF_INET);
	if (!strcmp(how, "user") && setresuid(NOBODY, NOBODY, NOBODY))
		err(1, "setresuid");
	if (*name)
		choose(fd, name);
	say(fd);
	if (!strcmp(how, "hold"))
		pause();
	return 0;
}
