// SPDX-License-Identifier: GPL-2.0
/* Ports: who may share one, who may have one, and how a free one is found. */
#include "../kselftest_harness.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(ports);

#define PORT	4000

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE	51
#endif

/* A device that swallows what is sent to 10.9.0.0/24 */
static int silent_network(void)
{
	return netns_ip("link add dummy0 type dummy\n"
			"address add 10.9.0.1/24 dev dummy0\n"
			"address add fd00:0:9::1/64 dev dummy0 nodad\n"
			"link set dummy0 up\n");
}

static union addr silent_host(int port)
{
	return addr_parse("10.9.0.2", port);
}

static int connecting(union addr to)
{
	int fd = stream_socket(SOCK_NONBLOCK);

	if (stream_connect(fd, to) && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static int local_port(int fd)
{
	union addr a = addr_local(fd);

	return addr_port(&a);
}

/* --- free ports -------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* Nanoseconds that @n connections to one destination take; 0: one failed */
static uint64_t cost_of(int n)
{
	uint64_t start = now_ns();

	for (int i = 0; i < n; i++)
		if (connecting(silent_host(7)) < 0)
			return 0;
	return now_ns() - start;
}

/* Finding one of the last free ports costs little more than finding one of many */
TEST_F_TIMEOUT(ports, the_last_hundredth, 600)
{
	struct rlimit limit = { 9000, 9000 };
	uint64_t first, last;

	NEEDS_VIRTUAL_CLOCK();
	if (!flavour.ltcp)
		SKIP(return, "Linux's tries one port after another");
	ASSERT_OK(setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, silent_network());
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_port_range", "20000 27999"));
	first = cost_of(80);
	ASSERT_NE(0, first);
	ASSERT_NE(0, cost_of(8000 - 2 * 80));
	last = cost_of(80);
	ASSERT_NE(0, last);
	TH_LOG("the first: %llu ns each, the last: %llu ns", (unsigned long long)first / 80,
	       (unsigned long long)last / 80);
	EXPECT_LT(last, 4 * first);
	EXPECT_ERR(EADDRNOTAVAIL, connecting(silent_host(7)));
	/* Another destination has all of them */
	EXPECT_OK(connecting(silent_host(8)));
	EXPECT_OK(connecting(addr_parse("10.9.0.3", 7)));
}

/* Every port of the range is found, each once; and what is closed is found again */
TEST_F(ports, all_of_them_and_again)
{
	struct rlimit limit = { 1000, 1000 };
	int fds[300], again;
	bool used[300] = {};

	ASSERT_OK(setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, silent_network());
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_port_range", "40000 40299"));
	for (int i = 0; i < 300; i++) {
		fds[i] = connecting(silent_host(7));
		ASSERT_OK(fds[i]);
		ASSERT_FALSE(used[local_port(fds[i]) - 40000]);
		used[local_port(fds[i]) - 40000] = true;
	}
	EXPECT_ERR(EADDRNOTAVAIL, connecting(silent_host(7)));
	for (int i = 0; i < 300; i += 7) {
		int port = local_port(fds[i]);

		close(fds[i]);
		again = connecting(silent_host(7));
		ASSERT_OK(again);
		EXPECT_EQ(port, local_port(again));
	}
	EXPECT_ERR(EADDRNOTAVAIL, connecting(silent_host(7)));
}

#define TARGETS	64
#define STEP	32	/* ports that a counter passes over at most, and then some */

/* How far the next port to a destination is from the one before, in a range of 28000 */
static int step_from(int *port, union addr to)
{
	int before = *port, fd = connecting(to);

	*port = local_port(fd);
	close(fd);
	return (*port - before + 28000) % 28000;
}

/*
 * RFC 6056 section 3.3.4: to one destination ports go on from where they were, which keeps an old
 * one from coming again soon; where that is for another tells nobody.
 */
TEST_F(ports, cannot_be_foretold)
{
	int first[TARGETS], differences = 0, low = 0;

	if (!flavour.ltcp)
		SKIP(return, "Linux's takes every other port");
	ASSERT_EQ(0, silent_network());
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_port_range", "20000 47999"));
	for (int i = 0; i < TARGETS; i++) {
		first[i] = 0;
		step_from(&first[i], silent_host(7 + i));
		low += first[i] < 20000 + 14000;
		for (int j = 1; j < i; j++)
			differences += first[i] - first[i - 1] == first[j] - first[j - 1];
	}
	/* Tosses of a coin: four standard deviations either way */
	EXPECT_LE(TARGETS / 2 - 16, low);
	EXPECT_GE(TARGETS / 2 + 16, low);
	/* Of 2016 pairs of differences hardly any is one of equals */
	EXPECT_GE(8, differences);
	/* All of them go on from where they were, though others have been connected to since */
	for (int i = 0; i < TARGETS; i++) {
		int step = step_from(&first[i], silent_host(7 + i));

		ASSERT_LE(1, step);
		ASSERT_GE(STEP, step);
	}
}

TEST_F(ports, reserved_ports_are_left_out)
{
	ASSERT_EQ(0, silent_network());
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_port_range", "40000 40009"));
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_reserved_ports", "40000-40004,40006-40009"));
	for (int i = 0; i < 3; i++) {
		int fd = stream_socket(0), active = connecting(silent_host(7));

		EXPECT_OK(active);
		EXPECT_EQ(40005, local_port(active));
		close(active);
		EXPECT_OK(stream_bind(fd, addr_any(0)));
		EXPECT_EQ(40005, local_port(fd));
		close(fd);
	}
	/* Who asks for one by number gets it */
	EXPECT_OK(stream_bind(stream_socket(0), addr_any(40000)));
}

/* What somebody has bound is not used for a connection that is not bound */
TEST_F(ports, bound_ports_are_left_out)
{
	int fd = stream_socket(0);

	ASSERT_EQ(0, silent_network());
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_port_range", "40000 40001"));
	ASSERT_OK(stream_bind(fd, addr_any(40000)));
	EXPECT_EQ(40001, local_port(connecting(silent_host(7))));
	EXPECT_ERR(EADDRNOTAVAIL, connecting(silent_host(7)));
	EXPECT_EQ(40001, local_port(connecting(silent_host(8))));
}

/* IP_BIND_ADDRESS_NO_PORT: connections to several destinations share a port */
TEST_F(ports, bound_address_without_a_port)
{
	int fd[2];

	ASSERT_EQ(0, silent_network());
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_port_range", "40000 40000"));
	for (int i = 0; i < 2; i++) {
		fd[i] = stream_socket(SOCK_NONBLOCK);
		ASSERT_OK(opt_set(fd[i], SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1));
		EXPECT_EQ(1, opt_get(fd[i], SOL_IP, IP_BIND_ADDRESS_NO_PORT));
		ASSERT_OK(stream_bind(fd[i], addr_parse("10.9.0.1", 0)));
		EXPECT_EQ(0, local_port(fd[i]));
		EXPECT_ERR(EINPROGRESS, stream_connect(fd[i], silent_host(7 + i)));
		EXPECT_EQ(40000, local_port(fd[i]));
	}
}

TEST_F(ports, range_of_a_socket)
{
	uint32_t range = 41000 | 41000u << 16;
	int fd = stream_socket(SOCK_NONBLOCK), bound = stream_socket(0);

	ASSERT_EQ(0, silent_network());
	if (setsockopt(fd, SOL_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)))
		SKIP(return, "since Linux 6.3");
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, silent_host(7)));
	EXPECT_EQ(41000, local_port(fd));
	close(fd);
	ASSERT_OK(setsockopt(bound, SOL_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)));
	EXPECT_OK(stream_bind(bound, addr_any(0)));
	EXPECT_EQ(41000, local_port(bound));
}

/* --- who may share ------------------------------------------------------------------- */

/* One of two sockets that want the same port */
struct claim {
	const char *addr;
	const char *dev;
	uid_t uid;
	bool v6only;
	bool reuse;
	bool reuseport;
	bool listens;
};

static int claim_socket(bool ltcp, const struct claim *c)
{
	bool v6 = strchr(c->addr, ':');
	int fd;

	flavour.ltcp = ltcp;
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, stream_protocol());
	if (v6)
		opt_set(fd, SOL_IPV6, IPV6_V6ONLY, c->v6only);
	opt_set(fd, SOL_SOCKET, SO_REUSEADDR, c->reuse);
	opt_set(fd, SOL_SOCKET, SO_REUSEPORT, c->reuseport);
	if (c->dev)
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, c->dev, strlen(c->dev));
	/* Who owns a socket is settled when it is made, or changes hands */
	if (c->uid)
		fchown(fd, c->uid, -1);
	return fd;
}

static int claim_bind(int fd, const struct claim *c)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };

	if (inet_pton(AF_INET, c->addr, &in.sin_addr) == 1)
		return bind(fd, (struct sockaddr *)&in, sizeof(in));
	inet_pton(AF_INET6, c->addr, &in6.sin6_addr);
	return bind(fd, (struct sockaddr *)&in6, sizeof(in6));
}

#define OUTCOME	64

/* What becomes of two claims: of the second bind() and, where both may, of its listen() */
static void contest(bool ltcp, const struct claim *a, const struct claim *b, char *outcome)
{
	int first = claim_socket(ltcp, a), second = claim_socket(ltcp, b);
	const char *bound = "-", *listening = "-", *before = "-";

	before = err_of(claim_bind(first, a));
	if (a->listens)
		before = err_of(listen(first, 1));
	bound = err_of(claim_bind(second, b));
	if (b->listens && !strcmp(bound, "0"))
		listening = err_of(listen(second, 1));
	snprintf(outcome, OUTCOME, "%s, bind %s, listen %s", before, bound, listening);
	close(second);
	close(first);
}

static void name_claim(char *text, size_t size, const struct claim *c)
{
	snprintf(text, size, "%s%s%s%s%s%s%s%s", c->addr, c->dev ? " dev " : "", c->dev ?: "",
		 c->v6only ? " v6only" : "", c->reuse ? " reuse" : "",
		 c->reuseport ? " reuseport" : "", c->listens ? " listens" : "",
		 c->uid ? " of another" : "");
}

/*
 * Linux's TCP (6.1, not 6.12) looks for the second claim among those of its own address and of the wildcards 0.0.0.0
 * and ::, and so overlooks who has bound the wildcard in its v4-mapped form.
 */
static bool tcp_overlooks(const struct claim *a, const struct claim *b, const char *ltcp)
{
	return !strcmp(a->addr, "::ffff:0.0.0.0") && !strcmp(b->addr, "::ffff:127.0.0.1") &&
	       !strcmp(ltcp, "0, bind EADDRINUSE, listen -");
}

/* Both protocols must settle it alike: returns 1 if they do not */
static int differs(const struct claim *a, const struct claim *b)
{
	char ltcp[OUTCOME], tcp[OUTCOME], first[128], second[128];

	contest(true, a, b, ltcp);
	contest(false, a, b, tcp);
	if (!strcmp(ltcp, tcp) || tcp_overlooks(a, b, ltcp))
		return 0;
	name_claim(first, sizeof(first), a);
	name_claim(second, sizeof(second), b);
	printf("# %s against %s: LTCP %s; TCP %s\n", first, second, ltcp, tcp);
	return 1;
}

/* The tests below look at both protocols themselves */
#define ONCE()								\
	do {								\
		if (!flavour.ltcp || flavour.family != AF_INET)		\
			SKIP(return, "the other variant does it");	\
	} while (0)

static const char * const addresses[] = {
	"0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1", "::ffff:127.0.0.1", "::ffff:0.0.0.0",
};

#define N_ADDRESSES	((int)ARRAY_SIZE(addresses))

/* All pairs of addresses, and of what each of the two has set */
TEST_F_TIMEOUT(ports, conflicts_are_those_of_tcp, 600)
{
	int bad = 0, n = 0;

	ONCE();
	for (int pair = 0; pair < N_ADDRESSES * N_ADDRESSES; pair++) {
		for (int bits = 0; bits < 64; bits++) {
			struct claim a = {
				.addr = addresses[pair / N_ADDRESSES],
				.reuse = bits & 1,
				.reuseport = bits & 2,
				.listens = bits & 4,
			}, b = {
				.addr = addresses[pair % N_ADDRESSES],
				.reuse = bits & 8,
				.reuseport = bits & 16,
				.listens = bits & 32,
			};

			bad += differs(&a, &b);
			n++;
		}
	}
	EXPECT_EQ(0, bad) {
		TH_LOG("of %d", n);
	}
}

TEST_F(ports, conflicts_with_v6only)
{
	int bad = 0;

	ONCE();
	for (int pair = 0; pair < N_ADDRESSES * N_ADDRESSES; pair++) {
		for (int bits = 0; bits < 4; bits++) {
			struct claim a = {
				.addr = addresses[pair / N_ADDRESSES],
				.v6only = bits & 1,
				.listens = true,
			}, b = {
				.addr = addresses[pair % N_ADDRESSES],
				.v6only = bits & 2,
				.listens = true,
			};

			bad += differs(&a, &b);
		}
	}
	EXPECT_EQ(0, bad);
}

/* SO_REUSEPORT is for sockets of one user */
TEST_F(ports, conflicts_of_two_users)
{
	static const char * const two[] = { "127.0.0.1", "0.0.0.0" };
	char outcome[OUTCOME];
	int bad = 0;

	ONCE();
	for (int pair = 0; pair < 4; pair++) {
		for (int bits = 0; bits < 64; bits++) {
			struct claim a = {
				.addr = two[pair / 2],
				.reuse = bits & 1,
				.reuseport = bits & 2,
				.listens = bits & 4,
				.uid = 1000,
			}, b = {
				.addr = two[pair % 2],
				.reuse = bits & 8,
				.reuseport = bits & 16,
				.listens = bits & 32,
			};

			bad += differs(&a, &b);
		}
	}
	EXPECT_EQ(0, bad);
	/* So that it is not nothing that they agree on */
	contest(true, &(struct claim){ .addr = "127.0.0.1", .reuseport = true, .uid = 1000 },
		&(struct claim){ .addr = "127.0.0.1", .reuseport = true }, outcome);
	EXPECT_STREQ("0, bind EADDRINUSE, listen -", outcome);
	contest(true, &(struct claim){ .addr = "127.0.0.1", .reuseport = true, .listens = true },
		&(struct claim){ .addr = "127.0.0.1", .reuseport = true, .listens = true },
		outcome);
	EXPECT_STREQ("0, bind 0, listen 0", outcome);
}

TEST_F(ports, conflicts_of_devices)
{
	static const char * const devs[] = { NULL, "lo", "dummy0" };
	int bad = 0;

	ONCE();
	ASSERT_EQ(0, silent_network());
	for (int pair = 0; pair < 9; pair++) {
		for (int bits = 0; bits < 16; bits++) {
			struct claim a = {
				.addr = bits & 4 ? "127.0.0.1" : "0.0.0.0",
				.dev = devs[pair / 3],
				.reuse = bits & 1,
				.listens = true,
			}, b = {
				.addr = bits & 8 ? "127.0.0.1" : "0.0.0.0",
				.dev = devs[pair % 3],
				.reuse = bits & 2,
				.listens = true,
			};

			bad += differs(&a, &b);
		}
	}
	EXPECT_EQ(0, bad);
}

/*
 * A third one, after two that share. Where the second shares with each of the
 * others, by another option, Linux's TCP remembers only the last of them and
 * does not see that the first and the third have nothing in common.
 */
TEST_F(ports, conflicts_of_three)
{
	static const char * const addrs[] = { "127.0.0.1", "0.0.0.0", "127.0.0.2" };
	const int forgotten = 3 | 6 << 3;	/* reuse, both, reuseport */
	int bad = 0;

	ONCE();
	for (int bits = 0; bits < 3 * 64; bits++) {
		char outcome[2][OUTCOME] = {};

		for (int ltcp = 0; ltcp < 2; ltcp++) {
			struct claim c = { .addr = addrs[bits / 64], .listens = true };
			int fds[3], errs[3];

			for (int i = 0; i < 3; i++) {
				c.reuse = bits >> i & 1;
				c.reuseport = bits >> (3 + i) & 1;
				fds[i] = claim_socket(ltcp, &c);
				errs[i] = claim_bind(fds[i], &c) ? errno : 0;
				c.addr = "127.0.0.1";
			}
			snprintf(outcome[ltcp], OUTCOME, "%d %d %d", errs[0], errs[1], errs[2]);
			for (int i = 0; i < 3; i++)
				close(fds[i]);
		}
		if (bits % 64 == forgotten && bits < 2 * 64) {
			EXPECT_STREQ("0 0 98", outcome[1]);
		} else if (strcmp(outcome[0], outcome[1])) {
			TH_LOG("%d: TCP %s, LTCP %s", bits, outcome[0], outcome[1]);
			bad++;
		}
	}
	EXPECT_EQ(0, bad);
}

/* --- who may have one ------------------------------------------------------------------ */

/* Not root: a privileged port is refused, but where the namespace allows it */
TEST_F(ports, privileged_ports)
{
	ASSERT_OK(sysctl_set_path("ipv4/ip_unprivileged_port_start", "70"));
	ASSERT_OK(setresuid(65534, 65534, 65534));
	EXPECT_ERR(EACCES, stream_bind(stream_socket(0), addr_loopback(69)));
	EXPECT_OK(stream_bind(stream_socket(0), addr_loopback(70)));
}

/* Root of a user namespace has the ports of network namespaces made in it, and no others */
TEST_F(ports, privileged_ports_of_a_user_namespace)
{
	ASSERT_OK(setresuid(65534, 65534, 65534));
	if (unshare(CLONE_NEWUSER))
		SKIP(return, "no user namespaces");
	EXPECT_ERR(EACCES, stream_bind(stream_socket(0), addr_loopback(80)));
	EXPECT_ERR(EPERM, opt_set(stream_socket(0), SOL_SOCKET, SO_MARK, 1));
	ASSERT_OK(unshare(CLONE_NEWNET));
	EXPECT_OK(stream_bind(stream_socket(0), addr_any(80)));
	EXPECT_OK(opt_set(stream_socket(0), SOL_SOCKET, SO_MARK, 1));
}

static int opt_freebind(void)
{
	return stream_ipv6() ? IPV6_FREEBIND : IP_FREEBIND;
}

static int opt_transparent(void)
{
	return stream_ipv6() ? IPV6_TRANSPARENT : IP_TRANSPARENT;
}

/* An address that is not ours yet, or never will be */
TEST_F(ports, foreign_addresses)
{
	union addr foreign = addr_parse("203.0.113.7", PORT);
	int fd = stream_socket(0);

	EXPECT_ERR(EADDRNOTAVAIL, stream_bind(fd, foreign));
	ASSERT_OK(opt_set(fd, opt_ip(), opt_freebind(), 1));
	EXPECT_EQ(1, opt_get(fd, opt_ip(), opt_freebind()));
	EXPECT_OK(stream_bind(fd, foreign));
	EXPECT_OK(listen(fd, 1));
	fd = stream_socket(0);
	ASSERT_OK(opt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_OK(opt_set(fd, opt_ip(), opt_transparent(), 1));
	EXPECT_EQ(1, opt_get(fd, opt_ip(), opt_transparent()));
	foreign = addr_parse("203.0.113.8", PORT);
	EXPECT_OK(stream_bind(fd, foreign));
}

/* IP_TRANSPARENT is a privilege */
TEST_F(ports, transparent_is_a_privilege)
{
	int fd;

	ASSERT_OK(setresuid(65534, 65534, 65534));
	fd = stream_socket(0);
	EXPECT_ERR(EPERM, opt_set(fd, opt_ip(), opt_transparent(), 1));
	EXPECT_OK(opt_set(fd, opt_ip(), opt_freebind(), 1));
}

/* A transparent proxy: connections to anybody end here, and begin from anybody's address */
TEST_F(ports, transparent_proxy)
{
	union addr foreign = addr_parse("203.0.113.7", PORT), name;
	union addr client = addr_parse("203.0.113.8", 5000);
	int listener = stream_socket(0), fd = stream_socket(0), server;

	ASSERT_EQ(0, netns_ip("route add local 203.0.113.0/24 dev lo table 100\n"
			      "rule add from all lookup 100\n"
			      "route add local 2001:db8::/32 dev lo\n"));
	ASSERT_OK(opt_set(listener, opt_ip(), opt_transparent(), 1));
	ASSERT_OK(stream_bind(listener, addr_any(PORT)));
	ASSERT_OK(listen(listener, 1));
	ASSERT_OK(opt_set(fd, opt_ip(), opt_transparent(), 1));
	ASSERT_OK(stream_bind(fd, client));
	ASSERT_OK(stream_connect(fd, foreign));
	server = stream_accept(listener);
	name = addr_local(server);
	EXPECT_TRUE(addr_equal(&name, &foreign));
	name = addr_peer(server);
	EXPECT_TRUE(addr_equal(&name, &client));
	EXPECT_EQ(1, opt_get(server, opt_ip(), opt_transparent()));
	EXPECT_EQ(1, send(server, "x", 1, 0));
	EXPECT_EQ(1, recv(fd, &(char){ 0 }, 1, 0));
}

TEST_HARNESS_MAIN
