// SPDX-License-Identifier: GPL-2.0
/*
 * What tools/ltcpize preloads: stream sockets become LTCP's.
 *
 * LTCP_PROTOCOL	the protocol number, set by tools/ltcpize
 * LTCP_VERBOSE		say on stderr when a socket stays the system's
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

typedef int socket_fn(int domain, int type, int protocol);

static int ltcp_protocol(void)
{
	const char *number = getenv("LTCP_PROTOCOL");

	return number ? atoi(number) : 253;
}

/* Is it what TCP would serve? The flags in @type do not matter. */
static int is_tcp(int domain, int type, int protocol)
{
	if (domain != AF_INET && domain != AF_INET6)
		return 0;
	if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM)
		return 0;
	return protocol == 0 || protocol == IPPROTO_TCP;
}

/* The address family may not be offered (yet): the program can do with TCP then */
static int not_offered(int err)
{
	return err == EPROTONOSUPPORT || err == ESOCKTNOSUPPORT || err == EAFNOSUPPORT;
}

int socket(int domain, int type, int protocol)
{
	static socket_fn *next;
	int fd, err = errno;

	if (!next)
		next = (socket_fn *)dlsym(RTLD_NEXT, "socket");
	if (!is_tcp(domain, type, protocol))
		return next(domain, type, protocol);
	fd = next(domain, type, ltcp_protocol());
	if (fd >= 0 || !not_offered(errno))
		return fd;
	if (getenv("LTCP_VERBOSE"))
		fprintf(stderr, "ltcpize: no LTCP for AF_%s: this one is TCP's\n",
			domain == AF_INET ? "INET" : "INET6");
	errno = err;
	return next(domain, type, protocol);
}
