/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Streams for tests: what is written once runs over LTCP and over the kernel's
 * own TCP, which so says whether the expectation is what Linux does.
 */
#ifndef LTCP_SELFTESTS_STREAM_H
#define LTCP_SELFTESTS_STREAM_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* After netinet/in.h; netinet/tcp.h and linux/tcp.h exclude each other */
#include <linux/tcp.h>

#include "tcp.h"

#ifndef SOL_TCP
#define SOL_TCP		IPPROTO_TCP
#endif

/**
 * struct flavour - which stream protocol a test runs over
 * @ltcp: LTCP, not the kernel's TCP
 * @family: AF_INET or AF_INET6
 * @mapped: IPv4 by sockets of AF_INET6
 *
 * LTCP_FAMILY in the environment, 6 or mapped, makes the last two different
 * from what a test's variant says: a pass of the suite (suite.conf).
 */
struct flavour {
	bool ltcp;
	int family;
	bool mapped;
};

/* The one that the test at hand runs over */
extern struct flavour flavour;

/* A fixture whose tests run over both protocols, each in a network namespace of its own */
#define STREAM_FIXTURE(name)						\
	FIXTURE(name) {							\
		int unused;						\
	};								\
	FIXTURE_VARIANT(name) {						\
		struct flavour flavour;					\
	};								\
	FIXTURE_VARIANT_ADD(name, ltcp) {				\
		.flavour = { .ltcp = true, .family = AF_INET },		\
	};								\
	FIXTURE_VARIANT_ADD(name, tcp) {				\
		.flavour = { .ltcp = false, .family = AF_INET },	\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		ASSERT_STREQ("", stream_begin(&variant->flavour));	\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
	}

/* Tests have a minute; it is the guest's, and cheap where nothing happens */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	60

const char *err_name(int err);

/* The call must return -1 and set that errno */
#define EXPECT_ERR(err, call)						\
	EXPECT_STREQ(err_name(err), err_of(call))
#define ASSERT_ERR(err, call)						\
	ASSERT_STREQ(err_name(err), err_of(call))
/* The call must not return -1 */
#define EXPECT_OK(call)							\
	EXPECT_STREQ(err_name(0), err_of(call))
#define ASSERT_OK(call)							\
	ASSERT_STREQ(err_name(0), err_of(call))

/* What a system call that has just returned @ret says: "0" or the errno's name */
const char *err_of(long ret);

/*
 * Milliseconds since @start, with a bound that a busy host does not break. On
 * the wall clock of an emulated machine jiffies and now_ms() are not in step.
 */
#define EXPECT_TOOK(start, least, most)					\
	do {								\
		long took = now_ms() - (start);				\
									\
		EXPECT_LE((least) - stream_early_ms(), took);		\
		EXPECT_GE((most) + stream_slack_ms(), took);		\
	} while (0)

/**
 * stream_begin() - begin a test: a fresh network namespace with lo up
 * @f: the protocol to use
 *
 * Return: "" or what is wrong
 */
const char *stream_begin(const struct flavour *f);

/* Do packets have IPv6's header? */
static inline bool stream_ipv6(void)
{
	return flavour.family == AF_INET6 && !flavour.mapped;
}

/* The protocol's number, for socket() and on the wire */
int stream_protocol(void);

/* Does idle time take no time? Tests that wait for minutes ask. */
bool stream_virtual_clock(void);
/* How late things may be: nearly nothing on the virtual clock */
long stream_slack_ms(void);
/* How early they may seem: not at all on the virtual clock */
static inline long stream_early_ms(void)
{
	return stream_virtual_clock() ? 0 : 20;
}

#define NEEDS_VIRTUAL_CLOCK()						\
	do {								\
		if (!stream_virtual_clock())				\
			SKIP(return, "takes minutes of real time");	\
	} while (0)

/* --- addresses ----------------------------------------------------------- */

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

socklen_t addr_len(void);
/*
 * Tests name addresses as IPv4's. Over IPv6 127.0.0.n is ::n (there are ::1
 * and ::2), 0.0.0.0 is ::, 10.l.m.n is fd00:0:l:m::n, what is nobody's is
 * ff02::1, and others are 2001:db8:0:m::n. Mapped are all but 0.0.0.0.
 */
union addr addr_parse(const char *text, int port);
union addr addr_loopback(int port);
union addr addr_any(int port);
/* The test network's host number @host (netns.h) */
union addr addr_host(int host, int port);
int addr_port(const union addr *a);
bool addr_equal(const union addr *a, const union addr *b);
/* getsockname() and getpeername() */
union addr addr_local(int fd);
union addr addr_peer(int fd);

/* --- sockets; the functions return -1 with errno as the system calls do ---- */

struct netns_pair;

int stream_socket(int flags);
int stream_bind(int fd, union addr a);
/* A socket of its own bound to @a, with SO_REUSEADDR or not; -1 with errno */
int stream_bound(union addr a, bool reuse);
int stream_connect(int fd, union addr a);
/* Two blocking calls of which a signal interrupts neither: connect() in a new socket */
int stream_connected(union addr to);
/* Bound and listening */
int stream_listener(union addr a, int backlog);
int stream_accept(int listener);
/* A connection over loopback: [0] connected, [1] accepted */
int stream_pair(int sv[2]);
/* The same, over a listener and an address of the caller's */
int stream_pair_at(int sv[2], int listener, union addr to);
/* The same, from the first namespace, where the caller is then, to a listener in the second */
int stream_pair_across(const struct netns_pair *net, int sv[2], int port);
/* The same with small buffers from the start */
int stream_small_pair(int sv[2], int sndbuf, int rcvbuf);
void stream_close_pair(int sv[2]);

int opt_set(int fd, int level, int name, int val);
/* The value, or -errno */
int opt_get(int fd, int level, int name);
/* Type of service or traffic class, time to live or hop limit: level and name for them */
static inline int opt_ip(void)
{
	return stream_ipv6() ? SOL_IPV6 : SOL_IP;
}

static inline int opt_tos(void)
{
	return stream_ipv6() ? IPV6_TCLASS : IP_TOS;
}

static inline int opt_ttl(void)
{
	return stream_ipv6() ? IPV6_UNICAST_HOPS : IP_TTL;
}

int opt_linger(int fd, int seconds);
int opt_timeout(int fd, int name, long ms);
/* Make close() a reset */
void stream_reset(int fd);
int nonblocking(int fd, bool on);

/* tcp_info of a socket */
int stream_info(int fd, struct tcp_info *info);
/* TCP_ESTABLISHED and so on, from tcp_info */
int stream_state(int fd);
/* Wait until a socket is in a state; false: it never was */
bool stream_reaches(int fd, int state, long ms);

/* net.ipv4.ltcp_… or tcp_…: 0 or -1 */
int sysctl_set(const char *name, const char *value);
/* Any sysctl by its path under /proc/sys/net */
int sysctl_set_path(const char *path, const char *value);
/* The first number in it, or -1 */
long sysctl_get(const char *name);
/* A counter of LTCP's in the calling thread's namespace, by its name in src/mib.h, or -1 */
long stream_counter(const char *name);
/* KiB of the kernel's slabs, or -1 */
long slab_kib(void);

/* --- time ------------------------------------------------------------------ */

long now_ms(void);
void sleep_ms(long ms);
/* poll() of one descriptor: revents, 0 after @ms */
int wait_events(int fd, int events, long ms);

/* Do something to a descriptor after @ms, in another thread */
struct later {
	pthread_t thread;
	pthread_t caller;
	long ms;
	void (*act)(int fd);
	int fd;
};

void later_start(struct later *l, long ms, void (*act)(int fd), int fd);
void later_join(struct later *l);
/* A signal, SIGUSR1 with a handler that does nothing, for the calling thread */
void later_signal(struct later *l, long ms, bool restart);

/* Acts for later_start() */
void act_close(int fd);
void act_reset(int fd);
void act_send_one(int fd);		/* one octet, 'x' */
void act_shutdown_wr(int fd);
void act_shutdown(int fd);
void act_accept(int fd);		/* accept and close */
void act_drain(int fd);			/* read what is there */

/* --- data ------------------------------------------------------------------ */

/* Octet number @pos of the test stream @seed */
uint8_t pattern_at(uint32_t seed, uint64_t pos);
void pattern_fill(void *buf, size_t len, uint32_t seed, uint64_t pos);
/* Position of the first octet that is not the pattern's, -1: all are */
long pattern_check(const void *buf, size_t len, uint32_t seed, uint64_t pos);

/* All of it or -1 */
ssize_t send_all(int fd, const void *buf, size_t len);
ssize_t recv_all(int fd, void *buf, size_t len);
/* Send pattern octets until EAGAIN: how many */
long fill(int fd, uint32_t seed);
/* Read and check pattern octets from @pos to EAGAIN or EOF: how many, -1: wrong */
long drain(int fd, uint32_t seed, uint64_t pos);
/* Read and check exactly @len pattern octets: true if they are right */
bool recv_pattern(int fd, size_t len, uint32_t seed, uint64_t pos);
/* Send @len pattern octets, blocking */
bool send_pattern(int fd, size_t len, uint32_t seed, uint64_t pos);

/* The same in another thread */
struct mover {
	pthread_t thread;
	int fd;
	size_t len;
	uint32_t seed;
	bool ok;
	int err;
};

void mover_send(struct mover *m, int fd, size_t len, uint32_t seed);
void mover_recv(struct mover *m, int fd, size_t len, uint32_t seed);
/* Wait for its end: true if all went right */
bool mover_join(struct mover *m);

#endif
