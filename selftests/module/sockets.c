// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets for module.sh to hold:
 *	sockets open PROTOCOL		opens and closes one
 *	sockets hold PROTOCOL		opens one, says "open", and keeps it
 *	sockets connect PROTOCOL	connects to itself over loopback, leaves data
 *					unread and exits
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_socket(int protocol)
{
	int fd = socket(AF_INET, SOCK_STREAM, protocol);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static void connect_to_self(int protocol)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(7000),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = open_socket(protocol);
	int client = open_socket(protocol);

	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "bind");
	if (listen(listener, 1))
		err(1, "listen");
	if (connect(client, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "connect");
	if (send(client, "x", 1, 0) != 1)
		err(1, "send");
}

int main(int argc, char **argv)
{
	int protocol;

	if (argc != 3)
		errx(2, "usage: sockets open|hold|connect PROTOCOL");
	protocol = atoi(argv[2]);
	if (!strcmp(argv[1], "connect")) {
		connect_to_self(protocol);
		return 0;
	}
	open_socket(protocol);
	if (!strcmp(argv[1], "hold")) {
		puts("open");
		fflush(stdout);
		pause();
	}
	return 0;
}
