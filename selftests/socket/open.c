// SPDX-License-Identifier: GPL-2.0
/* socket(), bind(), listen(), connect(), accept(): how a connection begins. */
#include "../kselftest_harness.h"

#include <sys/resource.h>

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(open);

/* A device that swallows what is sent to 10.9.0.0/24 */
static int silent_network(void)
{
	return netns_ip("link add dummy0 type dummy\n"
			"address add 10.9.0.1/24 dev dummy0\n"
			"address add fd00:0:9::1/64 dev dummy0 nodad\n"
			"link set dummy0 up\n");
}

static union addr silent_host(void)
{
	return addr_parse("10.9.0.2", 7);
}

/* --- socket() -------------------------------------------------------------- */

TEST_F(open, socket_names_its_kind)
{
	int fd = stream_socket(0);

	ASSERT_OK(fd);
	EXPECT_EQ(stream_protocol(), opt_get(fd, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(SOCK_STREAM, opt_get(fd, SOL_SOCKET, SO_TYPE));
	EXPECT_EQ(flavour.family, opt_get(fd, SOL_SOCKET, SO_DOMAIN));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ACCEPTCONN));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(open, socket_flags)
{
	int fd = stream_socket(SOCK_NONBLOCK | SOCK_CLOEXEC);

	ASSERT_OK(fd);
	EXPECT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

TEST_F(open, socket_refuses_other_kinds)
{
	int sv[2];

	EXPECT_ERR(EPROTONOSUPPORT, socket(flavour.family, SOCK_DGRAM, stream_protocol()));
	EXPECT_ERR(ESOCKTNOSUPPORT, socket(flavour.family, SOCK_SEQPACKET, stream_protocol()));
	EXPECT_ERR(EOPNOTSUPP, socketpair(flavour.family, SOCK_STREAM, stream_protocol(), sv));
}

/* --- bind() ---------------------------------------------------------------- */

TEST_F(open, bind_errors)
{
	union addr a = addr_loopback(4000), other = a;
	int fd = stream_socket(0);

	other.sa.sa_family = AF_UNIX;
	EXPECT_ERR(EAFNOSUPPORT, stream_bind(fd, other));
	EXPECT_ERR(EINVAL, bind(fd, &a.sa, sizeof(a.sa.sa_family)));
	EXPECT_ERR(EFAULT, bind(fd, (struct sockaddr *)1, addr_len()));
	EXPECT_ERR(EADDRNOTAVAIL, stream_bind(fd, addr_parse("203.0.113.1", 4000)));
	EXPECT_OK(stream_bind(fd, a));
	EXPECT_ERR(EINVAL, stream_bind(fd, addr_loopback(4001)));
}

TEST_F(open, bind_privileged_port)
{
	int fd = stream_socket(0);

	ASSERT_OK(setresuid(65534, 65534, 65534));
	EXPECT_ERR(EACCES, stream_bind(fd, addr_loopback(80)));
	EXPECT_OK(stream_bind(fd, addr_loopback(1024)));
}

TEST_F(open, bind_tells_its_name)
{
	union addr a = addr_loopback(4000), name;
	int fd = stream_socket(0);

	name = addr_local(fd);
	EXPECT_EQ(0, addr_port(&name));
	EXPECT_OK(stream_bind(fd, a));
	name = addr_local(fd);
	EXPECT_TRUE(addr_equal(&a, &name));
}

TEST_F(open, bind_any_port)
{
	union addr name;
	int fd = stream_socket(0);

	EXPECT_OK(stream_bind(fd, addr_any(0)));
	name = addr_local(fd);
	EXPECT_LE(32768, addr_port(&name));
	EXPECT_GE(60999, addr_port(&name));
}

TEST_F(open, bind_exhausts_the_range)
{
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_port_range", "40000 40009"));
	for (int i = 0; i < 10; i++)
		EXPECT_OK(stream_bound(addr_loopback(0), false));
	EXPECT_ERR(EADDRINUSE, stream_bound(addr_loopback(0), false));
	/* Another address has its own ports */
	EXPECT_OK(stream_bound(addr_parse("127.0.0.2", 0), false));
}

/* Two binds to one port: SO_REUSEADDR of each, addresses, may the second */
TEST_F(open, bind_conflicts)
{
	static const struct {
		const char *first;
		bool first_reuse;
		bool listens;
		const char *second;
		bool second_reuse;
		int err;
	} cases[] = {
		{ "127.0.0.1", false, false, "127.0.0.1", false, EADDRINUSE },
		{ "127.0.0.1", true, false, "127.0.0.1", false, EADDRINUSE },
		{ "127.0.0.1", false, false, "127.0.0.1", true, EADDRINUSE },
		{ "127.0.0.1", true, false, "127.0.0.1", true, 0 },
		{ "127.0.0.1", true, true, "127.0.0.1", true, EADDRINUSE },
		{ "127.0.0.1", false, false, "127.0.0.2", false, 0 },
		{ "127.0.0.1", false, true, "127.0.0.2", false, 0 },
		{ "0.0.0.0", false, false, "127.0.0.1", false, EADDRINUSE },
		{ "127.0.0.1", false, false, "0.0.0.0", false, EADDRINUSE },
		{ "0.0.0.0", true, false, "127.0.0.1", true, 0 },
		{ "0.0.0.0", true, true, "127.0.0.1", true, EADDRINUSE },
		{ "127.0.0.1", true, true, "0.0.0.0", true, EADDRINUSE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int first, second;

		first = stream_bound(addr_parse(cases[i].first, 4000), cases[i].first_reuse);
		ASSERT_OK(first);
		if (cases[i].listens)
			ASSERT_OK(listen(first, 1));
		second = stream_bound(addr_parse(cases[i].second, 4000), cases[i].second_reuse);
		EXPECT_STREQ(err_name(cases[i].err), err_of(second))
			TH_LOG("case %zu", i);
		close(first);
		close(second);
	}
}

TEST_F(open, only_one_of_two_may_listen)
{
	int a = stream_bound(addr_loopback(4000), true), b = stream_bound(addr_loopback(4000), true);

	ASSERT_OK(a);
	ASSERT_OK(b);
	EXPECT_OK(listen(a, 1));
	EXPECT_ERR(EADDRINUSE, listen(b, 1));
	close(a);
	EXPECT_OK(listen(b, 1));
}

TEST_F(open, close_frees_the_port)
{
	int fd = stream_bound(addr_loopback(4000), false);

	close(fd);
	EXPECT_OK(stream_bound(addr_loopback(4000), false));
}

TEST_F(open, protocols_have_ports_of_their_own)
{
	int tcp;

	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	tcp = socket(flavour.family, SOCK_STREAM, 0);
	EXPECT_STREQ(err_name(flavour.ltcp ? 0 : EADDRINUSE),
		     err_of(stream_bind(tcp, addr_loopback(4000))));
}

/* --- listen() -------------------------------------------------------------- */

TEST_F(open, listen_chooses_a_port)
{
	int fd = stream_socket(0);
	union addr name;

	EXPECT_OK(listen(fd, 1));
	EXPECT_EQ(1, opt_get(fd, SOL_SOCKET, SO_ACCEPTCONN));
	EXPECT_EQ(LISTEN, stream_state(fd));
	name = addr_local(fd);
	EXPECT_NE(0, addr_port(&name));
	EXPECT_OK(listen(fd, 5));
	EXPECT_OK(stream_connected(addr_loopback(addr_port(&name))));
}

TEST_F(open, listen_errors)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_ERR(EINVAL, listen(sv[0], 1));
	EXPECT_ERR(EINVAL, listen(sv[1], 1));
}

TEST_F(open, listener_refuses_data_calls)
{
	int fd = stream_listener(addr_loopback(0), 1);
	char octet;

	EXPECT_ERR(ENOTCONN, recv(fd, &octet, 1, MSG_DONTWAIT));
	EXPECT_ERR(EPIPE, send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
	EXPECT_ERR(ENOTCONN, getpeername(fd, &(union addr){}.sa, &(socklen_t){ 16 }));
}

TEST_F(open, shutdown_ends_listening)
{
	int fd = stream_listener(addr_loopback(4000), 1);
	struct later l;

	later_start(&l, 50, act_shutdown, fd);
	EXPECT_ERR(EINVAL, stream_accept(fd));
	later_join(&l);
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ACCEPTCONN));
	EXPECT_ERR(ECONNREFUSED, stream_connected(addr_loopback(4000)));
	/* It may begin anew */
	EXPECT_OK(listen(fd, 1));
	EXPECT_OK(stream_connected(addr_loopback(4000)));
}

TEST_F(open, closed_listener_resets_who_waits)
{
	int fd = stream_listener(addr_loopback(4000), 2), client;
	char octet;

	client = stream_connected(addr_loopback(4000));
	ASSERT_OK(client);
	close(fd);
	EXPECT_ERR(ECONNRESET, recv(client, &octet, 1, 0));
	EXPECT_ERR(ECONNREFUSED, stream_connected(addr_loopback(4000)));
}

/*
 * RFC 9293 section 3.10.1: OPEN, active, on a listening socket: LISTEN ->
 * SYN-SENT. Linux refuses.
 */
TEST_F(open, connect_from_a_listener)
{
	int fd = stream_listener(addr_loopback(4000), 2);
	int to = stream_listener(addr_loopback(4001), 2), other;
	char octet = 0;

	if (!flavour.ltcp) {
		EXPECT_ERR(EISCONN, stream_connect(fd, addr_loopback(4001)));
		return;
	}
	EXPECT_OK(stream_connect(fd, addr_loopback(4001)));
	EXPECT_EQ(ESTABLISHED, stream_state(fd));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ACCEPTCONN));
	EXPECT_ERR(EINVAL, stream_accept(fd));
	other = stream_accept(to);
	EXPECT_EQ(1, send(fd, "x", 1, 0));
	EXPECT_EQ(1, recv(other, &octet, 1, 0));
	/* It listens no more */
	EXPECT_ERR(ECONNREFUSED, stream_connected(addr_loopback(4000)));
}

TEST_F(open, connect_from_a_listener_resets_who_waits)
{
	int fd = stream_listener(addr_loopback(4000), 2), client;
	char octet;

	if (!flavour.ltcp)
		SKIP(return, "Linux's TCP refuses it");
	ASSERT_OK(stream_listener(addr_loopback(4001), 2));
	client = stream_connected(addr_loopback(4000));
	ASSERT_OK(client);
	EXPECT_OK(stream_connect(fd, addr_loopback(4001)));
	EXPECT_ERR(ECONNRESET, recv(client, &octet, 1, 0));
}

/* --- accept() -------------------------------------------------------------- */

TEST_F(open, accept_errors)
{
	int fd = stream_socket(0), sv[2];

	EXPECT_ERR(EINVAL, stream_accept(fd));
	ASSERT_OK(stream_pair(sv));
	EXPECT_ERR(EINVAL, stream_accept(sv[0]));
	EXPECT_OK(listen(fd, 1));
	EXPECT_ERR(EINVAL, accept4(fd, NULL, NULL, SOCK_DGRAM));
	nonblocking(fd, true);
	EXPECT_ERR(EAGAIN, stream_accept(fd));
}

TEST_F(open, accept4_flags)
{
	int fd = stream_listener(addr_loopback(4000), 2), plain, flagged;

	nonblocking(fd, true);
	ASSERT_OK(stream_connected(addr_loopback(4000)));
	ASSERT_OK(stream_connected(addr_loopback(4000)));
	plain = stream_accept(fd);
	flagged = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	/* The listener's flags are not inherited */
	EXPECT_EQ(0, fcntl(plain, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(0, fcntl(plain, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(O_NONBLOCK, fcntl(flagged, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(FD_CLOEXEC, fcntl(flagged, F_GETFD) & FD_CLOEXEC);
}

TEST_F(open, accept_tells_who)
{
	int fd = stream_listener(addr_loopback(4000), 2), client, server;
	union addr peer = {}, a, b, to = addr_loopback(4000);
	socklen_t len = sizeof(peer);

	client = stream_connected(addr_loopback(4000));
	server = accept(fd, &peer.sa, &len);
	ASSERT_OK(server);
	EXPECT_EQ(addr_len(), len);
	a = addr_local(client);
	b = addr_peer(server);
	EXPECT_TRUE(addr_equal(&peer, &a));
	EXPECT_TRUE(addr_equal(&peer, &b));
	a = addr_peer(client);
	b = addr_local(server);
	EXPECT_TRUE(addr_equal(&a, &to));
	EXPECT_TRUE(addr_equal(&b, &to));
}

TEST_F(open, accept_cuts_the_address)
{
	int fd = stream_listener(addr_loopback(4000), 2);
	union addr peer = {};
	socklen_t len = 4;

	ASSERT_OK(stream_connected(addr_loopback(4000)));
	EXPECT_OK(accept(fd, &peer.sa, &len));
	EXPECT_EQ(addr_len(), len);
	EXPECT_EQ(flavour.family, peer.sa.sa_family);
	EXPECT_EQ(0, peer.in.sin_addr.s_addr);
}

TEST_F(open, accept_in_order)
{
	int fd = stream_listener(addr_loopback(4000), 8);
	union addr first[8], name;

	for (int i = 0; i < 8; i++) {
		int client = stream_connected(addr_loopback(4000));

		ASSERT_OK(client);
		first[i] = addr_local(client);
	}
	for (int i = 0; i < 8; i++) {
		name = addr_peer(stream_accept(fd));
		EXPECT_TRUE(addr_equal(&first[i], &name));
	}
}

TEST_F(open, accept_waits)
{
	int fd = stream_listener(addr_loopback(4000), 8), client = stream_socket(0);
	long start = now_ms();
	union addr to = addr_loopback(4000);
	pid_t pid = fork();

	if (!pid) {
		sleep_ms(200);
		_exit(stream_connect(client, to));
	}
	EXPECT_OK(stream_accept(fd));
	EXPECT_TOOK(start, 190, 250);
	waitpid(pid, NULL, 0);
}

TEST_F(open, accept_times_out)
{
	int fd = stream_listener(addr_loopback(0), 8);
	long start = now_ms();

	ASSERT_OK(opt_timeout(fd, SO_RCVTIMEO, 300));
	EXPECT_ERR(EAGAIN, stream_accept(fd));
	EXPECT_TOOK(start, 299, 350);
}

TEST_F(open, accept_is_interrupted)
{
	int fd = stream_listener(addr_loopback(0), 8);
	struct later l;

	later_signal(&l, 100, false);
	EXPECT_ERR(EINTR, stream_accept(fd));
	later_join(&l);
}

TEST_F(open, accept_restarts)
{
	int fd = stream_listener(addr_loopback(4000), 8), client = stream_socket(0);
	struct later l;
	pid_t pid = fork();

	if (!pid) {
		sleep_ms(300);
		_exit(stream_connect(client, addr_loopback(4000)));
	}
	later_signal(&l, 100, true);
	EXPECT_OK(stream_accept(fd));
	later_join(&l);
	waitpid(pid, NULL, 0);
}

TEST_F(open, accepted_inherits_options)
{
	int fd = stream_listener(addr_loopback(4000), 8), server;
	struct linger linger = {};
	socklen_t len = sizeof(linger);

	ASSERT_OK(opt_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	ASSERT_OK(opt_set(fd, SOL_TCP, TCP_NODELAY, 1));
	ASSERT_OK(opt_set(fd, SOL_SOCKET, SO_OOBINLINE, 1));
	ASSERT_OK(opt_set(fd, SOL_SOCKET, SO_RCVLOWAT, 5));
	ASSERT_OK(opt_linger(fd, 7));
	ASSERT_OK(stream_connected(addr_loopback(4000)));
	server = stream_accept(fd);
	ASSERT_OK(server);
	EXPECT_EQ(1, opt_get(server, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(1, opt_get(server, SOL_TCP, TCP_NODELAY));
	EXPECT_EQ(1, opt_get(server, SOL_SOCKET, SO_OOBINLINE));
	EXPECT_EQ(5, opt_get(server, SOL_SOCKET, SO_RCVLOWAT));
	EXPECT_OK(getsockopt(server, SOL_SOCKET, SO_LINGER, &linger, &len));
	EXPECT_EQ(1, linger.l_onoff);
	EXPECT_EQ(7, linger.l_linger);
	EXPECT_EQ(0, opt_get(server, SOL_SOCKET, SO_ACCEPTCONN));
}

/* A process that connects, perhaps speaks first, and waits for an answer */
static pid_t fork_client(bool speaks)
{
	char octet = 0;
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = stream_connected(addr_loopback(4000));
	if (speaks && send(fd, "y", 1, 0) != 1)
		_exit(2);
	_exit(recv(fd, &octet, 1, 0) == 1 && octet == 'x' ? 0 : 1);
}

/* Answer @n clients within @ms: how many were */
static int serve(int listener, int n, long ms)
{
	long end = now_ms() + ms;
	int served = 0;

	nonblocking(listener, true);
	while (served < n && now_ms() < end) {
		int server = stream_accept(listener);

		if (server < 0)
			wait_events(listener, POLLIN, 1000);
		else if (send(server, "x", 1, 0) == 1)
			served++;
	}
	return served;
}

/* More come than may wait: nobody is lost for good, each is served once */
static void crowd(struct __test_metadata *_metadata, const char *cookies, bool speaks)
{
	int fd = stream_listener(addr_loopback(4000), 1), status;
	pid_t client[8];

	ASSERT_OK(sysctl_set("syncookies", cookies));
	for (int i = 0; i < 8; i++)
		client[i] = fork_client(speaks);
	sleep_ms(200);
	EXPECT_EQ(8, serve(fd, 8, 300000));
	for (int i = 0; i < 8; i++) {
		waitpid(client[i], &status, 0);
		EXPECT_EQ(0, status);
	}
	EXPECT_ERR(EAGAIN, stream_accept(fd));
}

TEST_F_TIMEOUT(open, full_queue_recovers, 600)
{
	NEEDS_VIRTUAL_CLOCK();
	crowd(_metadata, "0", false);
}

/* With cookies TCP's client whose ACK found no room must speak first; LTCP's repeats the ACK */
TEST_F_TIMEOUT(open, full_queue_recovers_with_cookies, 600)
{
	NEEDS_VIRTUAL_CLOCK();
	crowd(_metadata, "2", !flavour.ltcp);
}

TEST_F(open, full_queue_holds_no_more)
{
	int fd = stream_listener(addr_loopback(4000), 3), waiting = 0;

	for (int i = 0; i < 20; i++)
		stream_connect(stream_socket(SOCK_NONBLOCK), addr_loopback(4000));
	sleep_ms(100);
	nonblocking(fd, true);
	while (stream_accept(fd) >= 0)
		waiting++;
	EXPECT_LE(3, waiting);
	/* Linux: backlog + 1 */
	EXPECT_GE(4, waiting);
}

/* --- connect() ------------------------------------------------------------- */

TEST_F(open, connect_errors)
{
	int fd = stream_socket(0);
	union addr a = addr_loopback(4000), other = a;

	other.sa.sa_family = AF_UNIX;
	EXPECT_ERR(EAFNOSUPPORT, stream_connect(fd, other));
	EXPECT_ERR(EINVAL, connect(fd, &a.sa, sizeof(a.sa.sa_family)));
	EXPECT_ERR(EFAULT, connect(fd, (struct sockaddr *)1, addr_len()));
	EXPECT_ERR(ENOTCONN, getpeername(fd, &a.sa, &(socklen_t){ 16 }));
}

TEST_F(open, connect_refused)
{
	int fd = stream_socket(0);

	EXPECT_ERR(ECONNREFUSED, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(CLOSED, stream_state(fd));
	/* The socket is as good as new */
	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	EXPECT_OK(stream_connect(fd, addr_loopback(4000)));
}

TEST_F(open, connect_twice)
{
	int fd = stream_socket(0);

	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	EXPECT_OK(stream_connect(fd, addr_loopback(4000)));
	EXPECT_ERR(EISCONN, stream_connect(fd, addr_loopback(4000)));
}

TEST_F(open, connect_to_any_is_loopback)
{
	if (flavour.mapped)
		SKIP(return, "the unspecified address is IPv6's");
	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	EXPECT_OK(stream_connected(addr_any(4000)));
}

TEST_F(open, connect_from_a_bound_port)
{
	int fd = stream_bound(addr_loopback(4001), false);
	union addr name;

	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	EXPECT_OK(stream_connect(fd, addr_loopback(4000)));
	name = addr_local(fd);
	EXPECT_EQ(4001, addr_port(&name));
}

TEST_F(open, connect_same_pair_twice)
{
	int a = stream_bound(addr_loopback(4001), true), b = stream_bound(addr_loopback(4001), true);

	ASSERT_OK(stream_listener(addr_loopback(4000), 4));
	EXPECT_OK(stream_connect(a, addr_loopback(4000)));
	EXPECT_ERR(EADDRNOTAVAIL, stream_connect(b, addr_loopback(4000)));
	/* Another peer is another pair */
	ASSERT_OK(stream_listener(addr_loopback(4002), 4));
	EXPECT_OK(stream_connect(b, addr_loopback(4002)));
}

TEST_F(open, connect_exhausts_the_range)
{
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_port_range", "40000 40003"));
	ASSERT_OK(stream_listener(addr_loopback(4000), 16));
	ASSERT_OK(stream_listener(addr_loopback(4001), 16));
	for (int i = 0; i < 4; i++)
		EXPECT_OK(stream_connected(addr_loopback(4000)));
	EXPECT_ERR(EADDRNOTAVAIL, stream_connected(addr_loopback(4000)));
	/* The ports are free for another peer */
	for (int i = 0; i < 4; i++)
		EXPECT_OK(stream_connected(addr_loopback(4001)));
}

TEST_F(open, connect_unreachable)
{
	EXPECT_ERR(ENETUNREACH, stream_connected(addr_parse("192.0.2.1", 7)));
	ASSERT_EQ(0, netns_ip("route add unreachable 192.0.2.1\n"
			      "route add prohibit 192.0.2.2\n"
			      "route add blackhole 192.0.2.3\n"
			      "route add unreachable 2001:db8:0:2::1\n"
			      "route add prohibit 2001:db8:0:2::2\n"
			      "route add blackhole 2001:db8:0:2::3\n"));
	EXPECT_ERR(EHOSTUNREACH, stream_connected(addr_parse("192.0.2.1", 7)));
	EXPECT_ERR(EACCES, stream_connected(addr_parse("192.0.2.2", 7)));
	EXPECT_ERR(EINVAL, stream_connected(addr_parse("192.0.2.3", 7)));
}

TEST_F(open, connect_to_many)
{
	ASSERT_EQ(0, silent_network());
	EXPECT_ERR(ENETUNREACH, stream_connected(addr_parse("224.0.0.1", 7)));
	EXPECT_ERR(ENETUNREACH, stream_connected(addr_parse("10.9.0.255", 7)));
	EXPECT_ERR(ENETUNREACH, stream_connected(addr_parse("255.255.255.255", 7)));
}

TEST_F(open, connect_without_blocking)
{
	int fd = stream_socket(SOCK_NONBLOCK);

	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(POLLOUT, wait_events(fd, POLLOUT | POLLIN, 1000));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ERROR));
	/* Linux says so once */
	EXPECT_OK(stream_connect(fd, addr_loopback(4000)));
	EXPECT_ERR(EISCONN, stream_connect(fd, addr_loopback(4000)));
}

TEST_F(open, connect_without_blocking_refused)
{
	int fd = stream_socket(SOCK_NONBLOCK);

	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(POLLOUT | POLLIN | POLLERR | POLLHUP | POLLRDHUP,
		  wait_events(fd, POLLOUT | POLLIN | POLLRDHUP, 1000));
	EXPECT_EQ(ECONNREFUSED, opt_get(fd, SOL_SOCKET, SO_ERROR));
	/* Told once */
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(open, connect_again_tells_the_error)
{
	int fd = stream_socket(SOCK_NONBLOCK);

	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	wait_events(fd, POLLOUT, 1000);
	EXPECT_ERR(ECONNREFUSED, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ERROR));
	/* And then begins anew */
	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(POLLOUT, wait_events(fd, POLLOUT, 1000));
}

TEST_F(open, connect_in_progress)
{
	int fd = stream_socket(SOCK_NONBLOCK);
	char octet;

	ASSERT_EQ(0, silent_network());
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, silent_host()));
	EXPECT_ERR(EALREADY, stream_connect(fd, silent_host()));
	EXPECT_EQ(SYN_SENT, stream_state(fd));
	EXPECT_EQ(0, wait_events(fd, POLLOUT | POLLIN, 100));
	EXPECT_ERR(EAGAIN, recv(fd, &octet, 1, 0));
	EXPECT_ERR(EAGAIN, send(fd, "x", 1, 0));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ERROR));
	EXPECT_ERR(EINVAL, listen(fd, 1));
}

TEST_F(open, connect_times_out_by_option)
{
	int fd = stream_socket(0);
	long start;

	ASSERT_EQ(0, silent_network());
	ASSERT_OK(opt_timeout(fd, SO_SNDTIMEO, 300));
	start = now_ms();
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, silent_host()));
	EXPECT_TOOK(start, 299, 350);
	EXPECT_ERR(EALREADY, stream_connect(fd, silent_host()));
	EXPECT_TOOK(start, 599, 700);
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(open, connect_is_interrupted)
{
	int fd = stream_socket(0);
	struct later l;

	ASSERT_EQ(0, silent_network());
	later_signal(&l, 100, false);
	EXPECT_ERR(EINTR, stream_connect(fd, silent_host()));
	later_join(&l);
	/* It goes on without us */
	EXPECT_EQ(SYN_SENT, stream_state(fd));
	nonblocking(fd, true);
	EXPECT_ERR(EALREADY, stream_connect(fd, silent_host()));
}

/* MUST-23: R2 of a SYN is at least 180 s, where Linux gives up after 131 */
TEST_F_TIMEOUT(open, connect_gives_up, 1000)
{
	int fd = stream_socket(0);
	long start;

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_EQ(0, silent_network());
	start = now_ms();
	EXPECT_ERR(ETIMEDOUT, stream_connect(fd, silent_host()));
	EXPECT_TOOK(start, flavour.ltcp ? 180000 : 60000, 400000);
	EXPECT_EQ(CLOSED, stream_state(fd));
	/* As good as new */
	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	EXPECT_OK(stream_connect(fd, addr_loopback(4000)));
}

TEST_F(open, connect_gives_up_by_sysctl)
{
	int fd = stream_socket(SOCK_NONBLOCK);
	long start = now_ms();

	ASSERT_EQ(0, silent_network());
	ASSERT_OK(sysctl_set("syn_retries", "1"));
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, silent_host()));
	EXPECT_EQ(POLLOUT | POLLIN | POLLERR | POLLHUP | POLLRDHUP,
		  wait_events(fd, POLLOUT | POLLIN | POLLRDHUP, 20000));
	EXPECT_EQ(ETIMEDOUT, opt_get(fd, SOL_SOCKET, SO_ERROR));
	/* 1 s and 2 s; Linux 6.5 and later retransmit linearly: 1 s and 1 s */
	EXPECT_TOOK(start, flavour.ltcp ? 2900 : 1900, 3500);
}

/*
 * ARP finds nobody. Linux ends the attempt at once; RFC 9293 section 3.9.2.2
 * forbids that (MUST-56): the attempt goes on, and its error is what was heard.
 */
TEST_F(open, connect_to_an_absent_host)
{
	struct netns_pair pair;
	int fd = stream_socket(0);

	ASSERT_OK(netns_pair(&pair));
	close(fd);
	ASSERT_OK(sysctl_set("syn_retries", "3"));
	EXPECT_ERR(EHOSTUNREACH, stream_connected(addr_host(9, 7)));
}

TEST_F(open, close_while_connecting)
{
	int fd = stream_socket(SOCK_NONBLOCK);
	union addr name;

	ASSERT_EQ(0, silent_network());
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, silent_host()));
	name = addr_local(fd);
	close(fd);
	/* Nothing is left of it: the port is free */
	EXPECT_OK(stream_bound(name, false));
}

TEST_F(open, shutdown_while_connecting)
{
	int fd = stream_socket(SOCK_NONBLOCK);

	ASSERT_EQ(0, silent_network());
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, silent_host()));
	EXPECT_OK(shutdown(fd, SHUT_RDWR));
	EXPECT_EQ(CLOSED, stream_state(fd));
	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
}

/* connect() to AF_UNSPEC takes a socket back to the start: ABORT */
TEST_F(open, disconnect)
{
	union addr nobody = {};
	char octet;
	int sv[2];

	EXPECT_OK(stream_connect(stream_socket(0), nobody));
	ASSERT_OK(stream_pair(sv));
	EXPECT_OK(stream_connect(sv[0], nobody));
	EXPECT_ERR(ECONNRESET, recv(sv[1], &octet, 1, 0));
	EXPECT_EQ(CLOSED, stream_state(sv[0]));
	EXPECT_ERR(ENOTCONN, getpeername(sv[0], &nobody.sa, &(socklen_t){ 16 }));
	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	EXPECT_OK(stream_connect(sv[0], addr_loopback(4000)));
}

TEST_F(open, self_connect)
{
	int fd = stream_bound(addr_loopback(4000), false);
	char text[6] = "";

	ASSERT_OK(fd);
	EXPECT_OK(stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(ESTABLISHED, stream_state(fd));
	EXPECT_EQ(5, send(fd, "hello", 5, 0));
	EXPECT_EQ(5, recv(fd, text, 5, 0));
	EXPECT_STREQ("hello", text);
	EXPECT_OK(shutdown(fd, SHUT_WR));
	EXPECT_EQ(0, recv(fd, text, 5, 0));
}

/* --- fast open --------------------------------------------------------------- */

/* Between hosts that have no cookie of each other nothing is fast, but all is sent */
TEST_F(open, fast_open_without_a_cookie)
{
	int listener = stream_listener(addr_loopback(4000), 8), fd = stream_socket(0), server;
	union addr to = addr_loopback(4000);
	char text[6] = "";

	EXPECT_OK(opt_set(listener, SOL_TCP, TCP_FASTOPEN, 5));
	EXPECT_EQ(5, opt_get(listener, SOL_TCP, TCP_FASTOPEN));
	EXPECT_ERR(EINVAL, opt_set(listener, SOL_TCP, TCP_FASTOPEN, -1));
	EXPECT_EQ(5, sendto(fd, "hello", 5, MSG_FASTOPEN, &to.sa, addr_len()));
	server = stream_accept(listener);
	EXPECT_EQ(5, recv(server, text, 5, MSG_WAITALL));
	EXPECT_STREQ("hello", text);
	EXPECT_ERR(EISCONN, sendto(fd, "hello", 5, MSG_FASTOPEN, &to.sa, addr_len()));
	fd = stream_socket(SOCK_NONBLOCK);
	EXPECT_ERR(EINPROGRESS, sendto(fd, "x", 1, MSG_FASTOPEN | MSG_DONTWAIT, &to.sa,
				       addr_len()));
	EXPECT_EQ(POLLOUT, wait_events(fd, POLLOUT, 1000));
	EXPECT_EQ(1, send(fd, "x", 1, 0));
}

TEST_F(open, fast_open_errors)
{
	union addr to = addr_loopback(4000), nobody = {};
	int fd = stream_socket(0);

	EXPECT_ERR(EINVAL, send(fd, "x", 1, MSG_FASTOPEN));
	EXPECT_ERR(EINVAL, sendto(fd, "x", 1, MSG_FASTOPEN, &to.sa, 4));
	EXPECT_ERR(EOPNOTSUPP, sendto(fd, "x", 1, MSG_FASTOPEN, &nobody.sa, addr_len()));
	EXPECT_ERR(ECONNREFUSED, sendto(fd, "x", 1, MSG_FASTOPEN, &to.sa, addr_len()));
}

/* The same by connect() and send() */
TEST_F(open, fast_open_by_connect)
{
	int listener = stream_listener(addr_loopback(4000), 8), fd = stream_socket(0);
	char octet;

	ASSERT_OK(opt_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1));
	EXPECT_EQ(1, opt_get(fd, SOL_TCP, TCP_FASTOPEN_CONNECT));
	EXPECT_ERR(EINVAL, opt_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 2));
	EXPECT_OK(stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(1, send(fd, "x", 1, 0));
	EXPECT_EQ(1, recv(stream_accept(listener), &octet, 1, 0));
	EXPECT_ERR(EINVAL, opt_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 0));
}

/* With a cookie: by MSG_FASTOPEN and by TCP_FASTOPEN_CONNECT, answered, and told by TCP_INFO */
TEST_F(open, fast_open_with_a_cookie)
{
	int listener = stream_listener(addr_loopback(4000), 8), fd, server;
	union addr to = addr_loopback(4000);
	struct tcp_info info;
	char text[8] = "";

	ASSERT_OK(sysctl_set("fastopen", "3"));
	ASSERT_OK(opt_set(listener, SOL_TCP, TCP_FASTOPEN, 5));
	for (int i = 0; i < 4; i++) {
		fd = stream_socket(0);
		if (i == 3) {
			ASSERT_OK(opt_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1));
			ASSERT_OK(stream_connect(fd, to));
			EXPECT_EQ(POLLOUT, wait_events(fd, POLLIN | POLLOUT, 0));
			EXPECT_EQ(5, send(fd, "hello", 5, 0));
		} else {
			EXPECT_EQ(5, sendto(fd, "hello", 5, MSG_FASTOPEN, &to.sa, addr_len()));
		}
		server = stream_accept(listener);
		EXPECT_EQ(5, recv(server, text, 5, MSG_WAITALL));
		EXPECT_STREQ("hello", text);
		EXPECT_EQ(5, send(server, "olleh", 5, 0));
		EXPECT_EQ(5, recv(fd, text, 5, MSG_WAITALL));
		EXPECT_STREQ("olleh", text);
		ASSERT_OK(stream_info(fd, &info));
		EXPECT_EQ(i ? TCPI_OPT_SYN_DATA : 0, info.tcpi_options & TCPI_OPT_SYN_DATA);
		EXPECT_EQ(i ? 0 : 1, (int)info.tcpi_fastopen_client_fail);
		ASSERT_OK(stream_info(server, &info));
		EXPECT_EQ(i ? TCPI_OPT_SYN_DATA : 0, info.tcpi_options & TCPI_OPT_SYN_DATA);
		close(fd);
		close(server);
	}
}

/* Text that is longer than a SYN takes: a blocking call sends all of it */
TEST_F(open, fast_open_of_much)
{
	int listener = stream_listener(addr_loopback(4000), 8), server;
	static char text[300000], is[sizeof(text)];
	union addr to = addr_loopback(4000);

	ASSERT_OK(sysctl_set("fastopen", "3"));
	ASSERT_OK(opt_set(listener, SOL_TCP, TCP_FASTOPEN, 5));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i * 7 + i / 251;
	for (int i = 0; i < 3; i++) {
		int fd = stream_socket(0);

		opt_set(fd, SOL_SOCKET, SO_SNDBUF, 2 * sizeof(text));
		opt_set(listener, SOL_SOCKET, SO_RCVBUF, 4 * sizeof(text));
		EXPECT_EQ(sizeof(text), sendto(fd, text, sizeof(text), MSG_FASTOPEN, &to.sa,
					       addr_len()));
		server = stream_accept(listener);
		EXPECT_EQ(sizeof(is), recv(server, is, sizeof(is), MSG_WAITALL));
		EXPECT_EQ(0, memcmp(text, is, sizeof(is)));
		close(fd);
		close(server);
	}
}

TEST_F(open, fast_open_options)
{
	int fd = stream_socket(0), listener;
	char keys[33] = "0123456789abcdefABCDEFGHIJKLMNOP", is[33];
	union addr to = addr_loopback(4000);
	socklen_t len = sizeof(is);

	EXPECT_ERR(EINVAL, opt_set(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, 2));
	EXPECT_OK(opt_set(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, 1));
	EXPECT_EQ(1, opt_get(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE));
	EXPECT_ERR(EINVAL, setsockopt(fd, SOL_TCP, TCP_FASTOPEN_KEY, keys, 15));
	EXPECT_ERR(EINVAL, setsockopt(fd, SOL_TCP, TCP_FASTOPEN_KEY, keys, 17));
	EXPECT_ERR(EINVAL, setsockopt(fd, SOL_TCP, TCP_FASTOPEN_KEY, keys, 33));
	EXPECT_OK(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_KEY, keys, 32));
	EXPECT_OK(getsockopt(fd, SOL_TCP, TCP_FASTOPEN_KEY, is, &len));
	EXPECT_EQ(32, len);
	EXPECT_EQ(0, memcmp(keys, is, 32));
	ASSERT_OK(sysctl_set("fastopen", "0"));
	EXPECT_ERR(EOPNOTSUPP, opt_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1));
	EXPECT_ERR(EOPNOTSUPP, sendto(fd, "x", 1, MSG_FASTOPEN, &to.sa, addr_len()));
	listener = stream_listener(addr_loopback(4000), 8);
	EXPECT_EQ(0, opt_get(listener, SOL_TCP, TCP_FASTOPEN));
	close(listener);
	ASSERT_OK(sysctl_set("fastopen", "1026"));	/* all listeners, with their backlog */
	listener = stream_listener(addr_loopback(4000), 8);
	EXPECT_EQ(8, opt_get(listener, SOL_TCP, TCP_FASTOPEN));
}

/* --- many ------------------------------------------------------------------ */

TEST_F(open, two_thousand_in_turn)
{
	int fd = stream_listener(addr_loopback(4000), 8);

	for (int i = 0; i < 2000; i++) {
		char octet = 0;
		int sv[2];

		ASSERT_OK(stream_pair_at(sv, fd, addr_loopback(4000)));
		ASSERT_EQ(1, send(sv[0], "x", 1, 0));
		ASSERT_EQ(1, recv(sv[1], &octet, 1, 0));
		stream_close_pair(sv);
	}
}

TEST_F(open, two_thousand_at_once)
{
	struct rlimit limit = { 5000, 5000 };
	int fd = stream_listener(addr_loopback(4000), 8);
	static int sv[2000][2];

	ASSERT_OK(setrlimit(RLIMIT_NOFILE, &limit));
	for (int i = 0; i < 2000; i++)
		ASSERT_OK(stream_pair_at(sv[i], fd, addr_loopback(4000)));
	for (int i = 0; i < 2000; i++)
		ASSERT_EQ(4, send(sv[i][1], &i, 4, 0));
	for (int i = 0; i < 2000; i++) {
		int number = -1;

		ASSERT_EQ(4, recv(sv[i][0], &number, 4, 0));
		ASSERT_EQ(i, number);
	}
	for (int i = 0; i < 2000; i++)
		stream_close_pair(sv[i]);
}

TEST_HARNESS_MAIN
