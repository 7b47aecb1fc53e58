// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of AF_INET6 beside those of AF_INET: who may share a port, who hears
 * whom, what addresses they have. All other programs run over IPv6 and with
 * mapped addresses in passes of their own (suite.conf).
 */
#include "../kselftest_harness.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "netns.h"
#include "stream.h"

#define PORT	4000

FIXTURE(ipv6) {
	struct netns_pair net;
};

FIXTURE_VARIANT(ipv6) {
	struct flavour flavour;
};

FIXTURE_VARIANT_ADD(ipv6, ltcp) {
	.flavour = { .ltcp = true, .family = AF_INET6 },
};

FIXTURE_VARIANT_ADD(ipv6, tcp) {
	.flavour = { .ltcp = false, .family = AF_INET6 },
};

FIXTURE_SETUP(ipv6)
{
	ASSERT_STREQ("", stream_begin(&variant->flavour));
	ASSERT_OK(netns_pair(&self->net));
}

FIXTURE_TEARDOWN(ipv6)
{
	netns_pair_close(&self->net);
}

/* One of IPv4 if @text has no colon */
static int family_of(const char *text)
{
	return strchr(text, ':') ? AF_INET6 : AF_INET;
}

static union addr parse(const char *text, int port)
{
	union addr a = {};

	a.sa.sa_family = family_of(text);
	a.in.sin_port = htons(port);
	inet_pton(a.sa.sa_family, text,
		  a.sa.sa_family == AF_INET ? (void *)&a.in.sin_addr : &a.in6.sin6_addr);
	return a;
}

static int make(int family, bool v6only)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, stream_protocol());

	if (family == AF_INET6)
		opt_set(fd, SOL_IPV6, IPV6_V6ONLY, v6only);
	return fd;
}

static int bound(const char *text, bool v6only, bool reuse)
{
	union addr a = parse(text, PORT);
	int fd = make(a.sa.sa_family, v6only);

	opt_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
	return bind(fd, &a.sa, sizeof(a.in6)) ? -1 : fd;
}

static int connected(const char *text)
{
	union addr a = parse(text, PORT);
	int fd = make(a.sa.sa_family, false);

	return connect(fd, &a.sa, sizeof(a.in6)) ? -1 : fd;
}

static const char *name_of(const union addr *a)
{
	static char text[INET6_ADDRSTRLEN];

	return inet_ntop(AF_INET6, &a->in6.sin6_addr, text, sizeof(text));
}

/* --- ports --------------------------------------------------------------------------- */

TEST_F(ipv6, bind_conflicts)
{
	static const struct {
		const char *first;
		bool first_only;
		const char *second;
		bool second_only;
		int err;
	} cases[] = {
		{ "::", false, "0.0.0.0", false, EADDRINUSE },
		{ "0.0.0.0", false, "::", false, EADDRINUSE },
		{ "::", true, "0.0.0.0", false, 0 },
		{ "0.0.0.0", false, "::", true, 0 },
		{ "::", false, "127.0.0.1", false, EADDRINUSE },
		{ "::", true, "127.0.0.1", false, 0 },
		{ "127.0.0.1", false, "::", false, EADDRINUSE },
		{ "::1", false, "127.0.0.1", false, 0 },
		{ "::1", false, "0.0.0.0", false, 0 },
		{ "0.0.0.0", false, "::1", false, 0 },
		{ "::", true, "::", true, EADDRINUSE },
		{ "::", false, "::1", false, EADDRINUSE },
		{ "::", true, "::1", false, EADDRINUSE },
		{ "::1", false, "::", true, EADDRINUSE },
		{ "::1", false, "fd00::1", false, 0 },
		{ "::ffff:127.0.0.1", false, "127.0.0.1", false, EADDRINUSE },
		{ "127.0.0.1", false, "::ffff:127.0.0.1", false, EADDRINUSE },
		{ "::ffff:127.0.0.1", false, "127.0.0.2", false, 0 },
		{ "::ffff:127.0.0.1", false, "0.0.0.0", false, EADDRINUSE },
		{ "::ffff:0.0.0.0", false, "127.0.0.1", false, EADDRINUSE },
		{ "::ffff:0.0.0.0", false, "::1", false, 0 },
		{ "::", false, "::ffff:127.0.0.1", false, EADDRINUSE },
		{ "::", true, "::ffff:127.0.0.1", false, 0 },
		{ "::ffff:127.0.0.1", false, "::", true, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* The TCP of 6.1 forgets such sockets */
		if (!flavour.ltcp && !strcmp(cases[i].first, "::ffff:0.0.0.0"))
			continue;
		for (int reuse = 0; reuse < 2; reuse++) {
			int first = bound(cases[i].first, cases[i].first_only, reuse), second;

			ASSERT_OK(first);
			ASSERT_OK(listen(first, 1));
			second = bound(cases[i].second, cases[i].second_only, reuse);
			EXPECT_STREQ(err_name(cases[i].err), err_of(second))
				TH_LOG("%s and then %s, case %zu", cases[i].first,
				       cases[i].second, i);
			close(first);
			close(second);
		}
	}
}

TEST_F(ipv6, v6only_and_mapped)
{
	union addr mapped = parse("::ffff:127.0.0.1", PORT);
	int fd = make(AF_INET6, true);

	EXPECT_ERR(EINVAL, bind(fd, &mapped.sa, sizeof(mapped.in6)));
	EXPECT_ERR(ENETUNREACH, connect(fd, &mapped.sa, sizeof(mapped.in6)));
	/* Once it has a port it is too late to ask */
	ASSERT_OK(stream_bind(fd, addr_any(0)));
	EXPECT_ERR(EINVAL, opt_set(fd, SOL_IPV6, IPV6_V6ONLY, 0));
}

TEST_F(ipv6, bindv6only_sysctl)
{
	ASSERT_OK(sysctl_set_path("ipv6/bindv6only", "1"));
	EXPECT_EQ(1, opt_get(stream_socket(0), SOL_IPV6, IPV6_V6ONLY));
}

/* Two listeners of one port: each hears its own family */
TEST_F(ipv6, listeners_of_both_families)
{
	int six = bound("::", true, false), four = bound("0.0.0.0", false, false);

	ASSERT_OK(six);
	ASSERT_OK(four);
	ASSERT_OK(listen(six, 8));
	ASSERT_OK(listen(four, 8));
	EXPECT_OK(connected("::1"));
	EXPECT_EQ(POLLIN, wait_events(six, POLLIN, 1000));
	EXPECT_EQ(0, wait_events(four, POLLIN, 10));
	EXPECT_OK(connected("127.0.0.1"));
	EXPECT_EQ(POLLIN, wait_events(four, POLLIN, 1000));
}

TEST_F(ipv6, v6only_listener_does_not_hear_ipv4)
{
	int six = bound("::", true, false);

	ASSERT_OK(listen(six, 8));
	EXPECT_ERR(ECONNREFUSED, connected("127.0.0.1"));
	EXPECT_ERR(ECONNREFUSED, connected("::ffff:127.0.0.1"));
	EXPECT_OK(connected("::1"));
}

/* --- addresses ------------------------------------------------------------------------- */

/* A listener of both families tells IPv4's peers by mapped addresses */
TEST_F(ipv6, dual_stack_listener)
{
	static const struct {
		const char *to;
		const char *seen;
	} cases[] = {
		{ "127.0.0.1", "::ffff:127.0.0.1" },
		{ "::ffff:127.0.0.1", "::ffff:127.0.0.1" },
		{ "::1", "::1" },
	};
	int listener = bound("::", false, false);

	ASSERT_OK(listen(listener, 8));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = connected(cases[i].to), server;
		union addr name;

		ASSERT_OK(fd);
		server = accept(listener, &name.sa, &(socklen_t){ sizeof(name) });
		ASSERT_OK(server);
		EXPECT_EQ(AF_INET6, name.sa.sa_family);
		EXPECT_STREQ(cases[i].seen, name_of(&name));
		name = addr_local(server);
		EXPECT_STREQ(cases[i].seen, name_of(&name));
		EXPECT_TRUE(send_pattern(fd, 5000, 1, 0));
		EXPECT_TRUE(recv_pattern(server, 5000, 1, 0));
		/* The accepted socket is its own master */
		EXPECT_OK(opt_set(server, SOL_IPV6, IPV6_TCLASS, 0x10));
		EXPECT_EQ(0, opt_get(listener, SOL_IPV6, IPV6_TCLASS));
		close(server);
		close(fd);
	}
}

/* A socket may go to the other family after a failure, and after a disconnect */
TEST_F(ipv6, one_socket_both_families)
{
	int listener = bound("::", false, false), fd = make(AF_INET6, false);
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	union addr mapped = parse("::ffff:127.0.0.1", PORT), six = parse("::1", PORT);
	union addr name;

	if (!flavour.ltcp)
		SKIP(return, "sockets of Linux's TCP hang in the family that they began with");
	EXPECT_ERR(ECONNREFUSED, connect(fd, &mapped.sa, sizeof(mapped.in6)));
	ASSERT_OK(listen(listener, 8));
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(connect(fd, &six.sa, sizeof(six.in6)));
		name = addr_local(fd);
		EXPECT_STREQ("::1", name_of(&name));
		ASSERT_OK(connect(fd, &unspec, sizeof(unspec)));
		ASSERT_OK(connect(fd, &mapped.sa, sizeof(mapped.in6)));
		name = addr_local(fd);
		EXPECT_STREQ("::ffff:127.0.0.1", name_of(&name));
		ASSERT_OK(connect(fd, &unspec, sizeof(unspec)));
	}
}

/* What a socket is bound to decides by which family it can connect */
TEST_F(ipv6, bound_to_one_family)
{
	int fd = make(AF_INET6, false);
	union addr a = parse("::1", 0);

	ASSERT_OK(bind(fd, &a.sa, sizeof(a.in6)));
	a = parse("::ffff:127.0.0.1", PORT);
	EXPECT_ERR(ENETUNREACH, connect(fd, &a.sa, sizeof(a.in6)));
	fd = make(AF_INET6, false);
	a = parse("::ffff:127.0.0.1", 0);
	ASSERT_OK(bind(fd, &a.sa, sizeof(a.in6)));
	a = parse("::1", PORT);
	EXPECT_ERR(EAFNOSUPPORT, connect(fd, &a.sa, sizeof(a.in6)));
}

TEST_F(ipv6, connect_errors)
{
	int fd = stream_socket(0);
	union addr a = parse("::1", PORT);

	EXPECT_ERR(EINVAL, connect(fd, &a.sa, 23));
	a = parse("127.0.0.1", PORT);
	EXPECT_ERR(EAFNOSUPPORT, connect(fd, &a.sa, sizeof(a.in6)));
	a = parse("ff02::1", PORT);
	EXPECT_ERR(ENETUNREACH, connect(fd, &a.sa, sizeof(a.in6)));
	a = parse("2001:db8::1", PORT);
	EXPECT_ERR(ENETUNREACH, connect(fd, &a.sa, sizeof(a.in6)));
	/* Link-local, without a link and by a link that is not the socket's */
	a = parse("fe80::2", PORT);
	EXPECT_ERR(EINVAL, connect(fd, &a.sa, sizeof(a.in6)));
	ASSERT_OK(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	a.in6.sin6_scope_id = if_nametoindex("eth0");
	EXPECT_ERR(EINVAL, connect(fd, &a.sa, sizeof(a.in6)));
}

/* The unspecified address means this host */
TEST_F(ipv6, connect_to_any)
{
	int listener = bound("::", false, false), fd;
	union addr name;

	ASSERT_OK(listen(listener, 8));
	fd = connected("::");
	ASSERT_OK(fd);
	name = addr_peer(fd);
	EXPECT_STREQ("::1", name_of(&name));
}

TEST_F(ipv6, self_connect)
{
	union addr a = parse("::1", PORT);
	int fd = bound("::1", false, false);
	char octet;

	ASSERT_OK(connect(fd, &a.sa, sizeof(a.in6)));
	EXPECT_EQ(1, send(fd, "x", 1, 0));
	EXPECT_EQ(1, recv(fd, &octet, 1, 0));
}

/* --- link-local -------------------------------------------------------------------------- */

static int link_local(int host)
{
	return netns_ip("address add fe80::%d/64 dev eth0 nodad\n"
			"neighbour add fe80::%d lladdr 02:00:00:00:00:0%d dev eth0\n",
			host, 3 - host, 3 - host);
}

TEST_F(ipv6, link_local)
{
	union addr to = parse("fe80::2", PORT), peer;
	int listener, fd, server;

	ASSERT_EQ(0, link_local(1));
	netns_enter(self->net.ns[1]);
	ASSERT_EQ(0, link_local(2));
	EXPECT_ERR(EINVAL, bound("fe80::2", false, false));
	listener = bound("::", false, false);
	ASSERT_OK(listen(listener, 8));
	netns_enter(self->net.ns[0]);
	to.in6.sin6_scope_id = if_nametoindex("eth0");
	fd = stream_socket(0);
	ASSERT_OK(connect(fd, &to.sa, sizeof(to.in6)));
	peer = addr_peer(fd);
	EXPECT_EQ(to.in6.sin6_scope_id, peer.in6.sin6_scope_id);
	server = stream_accept(listener);
	ASSERT_OK(server);
	EXPECT_TRUE(send_pattern(server, 100000, 1, 0));
	EXPECT_TRUE(recv_pattern(fd, 100000, 1, 0));
	close(server);
	close(fd);
}

/* --- sights ---------------------------------------------------------------------------------- */

static int lines_of(const char *name, const char *what)
{
	char path[64], line[512];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/net/%s%s", flavour.ltcp ? "ltcp" : "tcp", name);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		n += !!strstr(line, what);
	if (f)
		fclose(f);
	return n;
}

/* A line for each of AF_INET6's, mapped or not, in tcp6's form; none of them in the other file */
TEST_F(ipv6, proc)
{
	int listener = bound("::", false, false), fd;

	ASSERT_OK(listen(listener, 8));
	EXPECT_EQ(1, lines_of("6", ": 00000000000000000000000000000000:0FA0 "
				   "00000000000000000000000000000000:0000 0A "));
	ASSERT_OK(connected("::1"));
	EXPECT_EQ(1, lines_of("6", ": 00000000000000000000000001000000:0FA0 "
				   "00000000000000000000000001000000:"));
	fd = connected("::ffff:127.0.0.1");
	ASSERT_OK(fd);
	EXPECT_EQ(1, lines_of("6", ": 0000000000000000FFFF00000100007F:0FA0 "));
	EXPECT_EQ(0, lines_of("", ":0FA0 "));
	ASSERT_OK(connected("127.0.0.1"));
	EXPECT_EQ(1, lines_of("", ":0FA0 "));
}

/* --- namespaces and options ------------------------------------------------------------------ */

TEST_F(ipv6, options)
{
	static const struct {
		int name;
		int val;
	} cases[] = {
		{ IPV6_V6ONLY, 1 },
		{ IPV6_TCLASS, 0x20 },
		{ IPV6_UNICAST_HOPS, 9 },
		{ IPV6_RECVERR, 1 },
		{ IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO },
		{ IPV6_AUTOFLOWLABEL, 0 },
	};
	int fd = stream_socket(0);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_OK(opt_set(fd, SOL_IPV6, cases[i].name, cases[i].val))
			TH_LOG("case %zu", i);
		EXPECT_EQ(cases[i].val, opt_get(fd, SOL_IPV6, cases[i].name))
			TH_LOG("case %zu", i);
	}
	EXPECT_EQ(-ENOTCONN, opt_get(fd, SOL_IPV6, IPV6_MTU));
	EXPECT_EQ(-ENOPROTOOPT, opt_get(fd, SOL_IPV6, 999));
	/* IPv4's are there for mapped peers */
	EXPECT_OK(opt_set(fd, SOL_IP, IP_TOS, 0x10));
	EXPECT_EQ(0x10, opt_get(fd, SOL_IP, IP_TOS));
}

TEST_F(ipv6, mtu_of_a_connection)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(65536, opt_get(sv[0], SOL_IPV6, IPV6_MTU));
}

TEST_HARNESS_MAIN
