// SPDX-License-Identifier: GPL-2.0
/* The user's side of a connection: sockets calls, all of them non-blocking. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define TCP_INFO	11
#define READ_MAX	(1 << 20)

union wire_sockaddr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static union wire_sockaddr address(struct wire *w, const char *text, u16 port)
{
	struct wire_addr addr = wire_address(w, text);
	union wire_sockaddr a = {};

	a.sa.sa_family = w->ipv6 ? AF_INET6 : AF_INET;
	a.in.sin_port = htons(port);	/* the same place in both */
	memcpy(w->ipv6 ? (void *)&a.in6.sin6_addr : &a.in.sin_addr, addr.octets, addr.len);
	return a;
}

static void must(struct wire *w, const char *here, bool good, const char *what)
{
	if (!good)
		wire_fail(w, here, "%s: %s", what, strerror(errno));
}

int wire_socket_at(struct wire *w, const char *here)
{
	int fd = socket(w->ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, w->protocol);

	must(w, here, fd >= 0, "socket()");
	return fd;
}

static int listen_on(struct wire *w, const char *here, int fd, const char *where)
{
	union wire_sockaddr to = address(w, where, WIRE_PORT);

	wire_setsockopt_at(w, here, fd, SOL_SOCKET, SO_REUSEADDR, 1);
	must(w, here, !bind(fd, &to.sa, sizeof(to)), "bind()");
	must(w, here, !listen(fd, 16), "listen()");
	w->flow->port = WIRE_PORT;
	wire_mark(w);
	return fd;
}

int wire_listen_at(struct wire *w, const char *here, int fd)
{
	return listen_on(w, here, fd == NO_FD ? wire_socket_at(w, here) : fd, WIRE_STACK);
}

int wire_listen_any_at(struct wire *w, const char *here)
{
	return listen_on(w, here, wire_socket_at(w, here), "0.0.0.0");
}

/* The connection must be there already. */
int wire_accept_at(struct wire *w, const char *here, int fd)
{
	int conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	must(w, here, conn >= 0, "accept()");
	return conn;
}

int wire_connect_start_at(struct wire *w, const char *here, int fd)
{
	union wire_sockaddr to = address(w, WIRE_PEER, w->flow->peer_port);

	if (fd == NO_FD)
		fd = wire_socket_at(w, here);
	wire_mark(w);
	if (!connect(fd, &to.sa, sizeof(to)))
		wire_fail(w, here, "connect() is done before the handshake");
	must(w, here, errno == EINPROGRESS, "connect()");
	return fd;
}

int wire_poll(struct wire *w, int fd, int events, int ms)
{
	u64 until = wire_now() + ms * 1000ull;
	struct pollfd pfd[2] = {
		{ .fd = fd, .events = events },
		{ .fd = w->priv->tun, .events = POLLIN },
	};

	for (;;) {
		u64 now = wire_now();
		int left = until > now ? (until - now + 999) / 1000 : 0;

		poll(pfd, 2, left);
		if (pfd[1].revents)
			wire_pump(w, 0);
		if (pfd[0].revents || !left)
			return pfd[0].revents;
	}
}

void wire_connected_at(struct wire *w, const char *here, int fd)
{
	int revents = wire_poll(w, fd, POLLOUT, WIRE_SOON_MS);

	if (!(revents & POLLOUT) || revents & (POLLERR | POLLHUP))
		wire_fail(w, here, "the socket is not connected: poll() says %#x", revents);
	wire_expect_error_at(w, here, fd, 0);
}

/* --- data ------------------------------------------------------------------ */

int wire_write_at(struct wire *w, const char *here, int fd, int n, int flags)
{
	u8 *buffer = malloc(n + 1);
	int i, done;

	for (i = 0; i < n; i++)
		buffer[i] = wire_octet(w->flow->written + 1 + i);
	wire_mark(w);
	done = send(fd, buffer, n, flags | MSG_NOSIGNAL);
	free(buffer);
	must(w, here, done > 0 || (done < 0 && errno == EAGAIN), "send()");
	if (done < 0)
		done = 0;
	w->flow->written += done;
	return done;
}

void wire_read_at(struct wire *w, const char *here, int fd, int n)
{
	u8 *buffer = malloc(n);
	int i, done, sum = 0;

	wire_mark(w);
	while (sum < n) {
		done = recv(fd, buffer + sum, n - sum, 0);
		if (done <= 0)
			wire_fail(w, here, "recv() of %d octets: %d after %d: %s", n, done, sum,
				  done ? strerror(errno) : "end of file");
		sum += done;
	}
	for (i = 0; i < n; i++)
		if (buffer[i] != wire_octet(w->flow->read + 1 + i))
			wire_fail(w, here, "octet %u of what the user reads is wrong",
				  w->flow->read + 1 + i);
	w->flow->read += n;
	free(buffer);
}

/* @err: 0 for end of file */
void wire_read_end_at(struct wire *w, const char *here, int fd, int err)
{
	char octet;
	int done = recv(fd, &octet, 1, 0);

	if (done > 0)
		wire_fail(w, here, "recv() gave an octet, expected %s",
			  err ? strerror(err) : "end of file");
	if (err ? done == 0 || errno != err : done != 0)
		wire_fail(w, here, "recv() gave '%s', expected '%s'",
			  done ? strerror(errno) : "end of file",
			  err ? strerror(err) : "end of file");
}

void wire_write_error_at(struct wire *w, const char *here, int fd, int err)
{
	int done = send(fd, "x", 1, MSG_NOSIGNAL);

	if (done >= 0 || errno != err)
		wire_fail(w, here, "send() gave '%s', expected '%s'",
			  done < 0 ? strerror(errno) : "success", strerror(err));
}

/* --- the rest ------------------------------------------------------------------ */

void wire_expect_error_at(struct wire *w, const char *here, int fd, int err)
{
	int seen = wire_getsockopt_at(w, here, fd, SOL_SOCKET, SO_ERROR);

	if (seen != err)
		wire_fail(w, here, "SO_ERROR is '%s', expected '%s'", strerror(seen),
			  strerror(err));
}

void wire_shutdown_at(struct wire *w, const char *here, int fd)
{
	wire_mark(w);
	must(w, here, !shutdown(fd, SHUT_WR), "shutdown()");
}

void wire_close(struct wire *w, int fd)
{
	wire_mark(w);
	close(fd);
}

void wire_abort(struct wire *w, int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	wire_close(w, fd);
}

void wire_setsockopt_at(struct wire *w, const char *here, int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		wire_fail(w, here, "setsockopt(%d, %d, %d): %s", level, name, value,
			  strerror(errno));
}

int wire_getsockopt_at(struct wire *w, const char *here, int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	if (getsockopt(fd, level, name, &value, &len))
		wire_fail(w, here, "getsockopt(%d, %d): %s", level, name, strerror(errno));
	return value;
}

/* The state is the first octet of struct tcp_info. */
int wire_info_state(struct wire *w, int fd)
{
	u8 info[512];
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) || !len)
		wire_fail(w, WIRE_HERE, "TCP_INFO: %s", strerror(errno));
	return info[0];
}
