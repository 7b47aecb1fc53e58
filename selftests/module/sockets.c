// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets for module.sh to hold:
 *	sockets open PROTOCOL		opens and closes one
 *	sockets open6 PROTOCOL		opens and closes one of AF_INET6
 *	sockets hold6 PROTOCOL		opens one of AF_INET6, says "open", and keeps it
 *	sockets hold PROTOCOL		opens one, says "open", and keeps it
 *	sockets serve PROTOCOL		listens, says "open", and accepts until told off
 *	sockets connect PROTOCOL	connects to itself over loopback, leaves data
 *					unread and exits
 *	sockets crowd PROTOCOL		leaves $CROWD connections in TIME-WAIT
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int family = AF_INET;

static int open_socket(int protocol)
{
	int fd = socket(family, SOCK_STREAM, protocol);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static void open_and_close(int protocol)
{
	close(open_socket(protocol));
}

static int open_listener(int protocol, struct sockaddr_in *addr)
{
	int fd = open_socket(protocol);

	*addr = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(7000),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (bind(fd, (struct sockaddr *)addr, sizeof(*addr)))
		err(1, "bind");
	if (listen(fd, 1))
		err(1, "listen");
	return fd;
}

static void connect_to_self(int protocol)
{
	struct sockaddr_in addr;
	int client = open_socket(protocol);

	open_listener(protocol, &addr);
	if (connect(client, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "connect");
	if (send(client, "x", 1, 0) != 1)
		err(1, "send");
}

/* More than one port has pairs for */
static void leave_crowd(int protocol)
{
	const char *crowd = getenv("CROWD");
	struct sockaddr_in addr, from = { .sin_family = AF_INET };
	int listener = open_listener(protocol, &addr);
	long i, n = crowd ? atol(crowd) : 1;

	for (i = 0; i < n; i++) {
		int client = open_socket(protocol), server;

		from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / 20000);
		if (bind(client, (struct sockaddr *)&from, sizeof(from)) ||
		    connect(client, (struct sockaddr *)&addr, sizeof(addr)))
			err(1, "connection %ld", i);
		server = accept(listener, NULL, NULL);
		close(client);
		close(server);
	}
}

static void say_open(void)
{
	puts("open");
	fflush(stdout);
}

static void serve(int protocol)
{
	struct sockaddr_in addr;
	int listener = open_listener(protocol, &addr);

	say_open();
	while (accept(listener, NULL, NULL) >= 0)
		;
	err(1, "accept");
}

static void hold(int protocol)
{
	open_socket(protocol);
	say_open();
	pause();
}

static void open6_and_close(int protocol)
{
	family = AF_INET6;
	open_and_close(protocol);
}

static void hold6(int protocol)
{
	family = AF_INET6;
	hold(protocol);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(int protocol);
	} modes[] = {
		{ "open", open_and_close },
		{ "hold", hold },
		{ "open6", open6_and_close },
		{ "hold6", hold6 },
		{ "serve", serve },
		{ "connect", connect_to_self },
		{ "crowd", leave_crowd },
	};
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name)) {
			modes[i].run(atoi(argv[2]));
			return 0;
		}
	errx(2, "usage: sockets open|hold|serve|connect|crowd PROTOCOL");
}
