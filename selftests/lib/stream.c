// SPDX-License-Identifier: GPL-2.0
/* Streams for tests: see stream.h */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "netns.h"
#include "stream.h"

#define PROTOCOL_FILE	"/sys/module/ltcp/parameters/protocol"

struct flavour flavour;

const char *err_name(int err)
{
	return strerrorname_np(err);
}

const char *err_of(long ret)
{
	return err_name(ret == -1 ? errno : 0);
}

bool stream_virtual_clock(void)
{
	const char *clock = getenv("LTCP_CLOCK");

	return clock && !strcmp(clock, "virtual");
}

long stream_slack_ms(void)
{
	return stream_virtual_clock() ? 60 : 8000;
}

static int read_number(const char *path, long *number)
{
	FILE *f = fopen(path, "re");
	int n;

	if (!f)
		return -1;
	n = fscanf(f, "%ld", number);
	fclose(f);
	return n == 1 ? 0 : -1;
}

int stream_protocol(void)
{
	static long number = -1;

	if (!flavour.ltcp)
		return IPPROTO_TCP;
	if (number < 0 && read_number(PROTOCOL_FILE, &number))
		return -1;
	return number;
}

/* The kernel's work queue makes a new address one that can be bound to */
static int wait_for_address(const struct in6_addr *addr)
{
	struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_addr = *addr };
	int err = -1;

	for (int i = 0; err && i < 1000; i++) {
		int fd = socket(AF_INET6, SOCK_DGRAM, 0);

		err = bind(fd, (struct sockaddr *)&name, sizeof(name));
		close(fd);
		if (err)
			sleep_ms(1);
	}
	return err;
}

/* Tests over IPv4 have all of 127.0.0.0/8; over IPv6 one more address has to do. */
static int second_loopback(void)
{
	struct {
		struct in6_addr addr;
		uint32_t prefixlen;
		int ifindex;
	} req = { .prefixlen = 128, .ifindex = if_nametoindex("lo") };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	int err;

	inet_pton(AF_INET6, "::2", &req.addr);
	err = ioctl(fd, SIOCSIFADDR, &req);
	close(fd);
	return err ? err : wait_for_address(&req.addr);
}

static int loopback_up(void)
{
	struct ifreq req = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int err;

	err = ioctl(fd, SIOCGIFFLAGS, &req);
	req.ifr_flags |= IFF_UP;
	if (!err)
		err = ioctl(fd, SIOCSIFFLAGS, &req);
	close(fd);
	if (!err && stream_ipv6())
		err = second_loopback();
	return err;
}

static void choose_flavour(const struct flavour *f)
{
	const char *family = getenv("LTCP_FAMILY");

	flavour = *f;
	if (!family)
		return;
	flavour.family = AF_INET6;
	flavour.mapped = !strcmp(family, "mapped");
}

const char *stream_begin(const struct flavour *f)
{
	choose_flavour(f);
	if (stream_protocol() < 0)
		return "the module ltcp is not loaded";
	if (unshare(CLONE_NEWNET))
		return "unshare() failed: not root?";
	if (loopback_up())
		return "lo does not come up";
	return "";
}

/* --- addresses ----------------------------------------------------------- */

socklen_t addr_len(void)
{
	return flavour.family == AF_INET6 ? sizeof(struct sockaddr_in6) :
		sizeof(struct sockaddr_in);
}

static void put_mapped(struct in6_addr *addr, const struct in_addr *v4)
{
	addr->s6_addr[10] = 0xff;
	addr->s6_addr[11] = 0xff;
	memcpy(&addr->s6_addr[12], v4, sizeof(*v4));
}

/* The address of IPv6 in the place of one of IPv4, as stream.h says */
static void put_twin(struct in6_addr *addr, const struct in_addr *v4)
{
	static const uint8_t group[2] = { 0xff, 0x02 }, doc[4] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint32_t number = ntohl(v4->s_addr);

	if (number >> 28 >= 14 || (number & 0xff) == 0xff) {
		memcpy(addr->s6_addr, group, sizeof(group));
		addr->s6_addr[15] = 1;
		return;
	}
	addr->s6_addr[15] = number;
	if (!number || number >> 24 == 127)
		return;
	addr->s6_addr[7] = number >> 8;
	if (number >> 24 == 10) {
		addr->s6_addr[0] = 0xfd;
		addr->s6_addr[5] = number >> 16;
	} else {
		memcpy(addr->s6_addr, doc, sizeof(doc));
	}
}

static void parse_ipv6(struct in6_addr *addr, const char *text)
{
	struct in_addr v4;

	if (inet_pton(AF_INET6, text, addr) == 1 || inet_pton(AF_INET, text, &v4) != 1)
		return;
	if (flavour.mapped && v4.s_addr)
		put_mapped(addr, &v4);
	else
		put_twin(addr, &v4);
}

union addr addr_parse(const char *text, int port)
{
	union addr a = {};

	a.sa.sa_family = flavour.family;
	if (flavour.family == AF_INET6) {
		a.in6.sin6_port = htons(port);
		parse_ipv6(&a.in6.sin6_addr, text);
	} else {
		a.in.sin_port = htons(port);
		inet_pton(AF_INET, text, &a.in.sin_addr);
	}
	return a;
}

union addr addr_loopback(int port)
{
	return addr_parse("127.0.0.1", port);
}

/* Both families' where a socket has both */
union addr addr_any(int port)
{
	return addr_parse(flavour.family == AF_INET6 ? "::" : "0.0.0.0", port);
}

union addr addr_host(int host, int port)
{
	char text[64];

	snprintf(text, sizeof(text), "10.0.0.%d", host);
	return addr_parse(text, port);
}

int addr_port(const union addr *a)
{
	return ntohs(a->sa.sa_family == AF_INET6 ? a->in6.sin6_port : a->in.sin_port);
}

bool addr_equal(const union addr *a, const union addr *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET6)
		return a->in6.sin6_port == b->in6.sin6_port &&
		       !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr));
	return a->in.sin_port == b->in.sin_port && a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
}

union addr addr_local(int fd)
{
	union addr a = {};
	socklen_t len = sizeof(a);

	getsockname(fd, &a.sa, &len);
	return a;
}

union addr addr_peer(int fd)
{
	union addr a = {};
	socklen_t len = sizeof(a);

	getpeername(fd, &a.sa, &len);
	return a;
}

/* --- sockets --------------------------------------------------------------- */

int stream_socket(int flags)
{
	return socket(flavour.family, SOCK_STREAM | flags, stream_protocol());
}

int stream_bind(int fd, union addr a)
{
	return bind(fd, &a.sa, addr_len());
}

int stream_bound(union addr a, bool reuse)
{
	int fd = stream_socket(0);

	opt_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
	if (!stream_bind(fd, a))
		return fd;
	close(fd);
	return -1;
}

int stream_connect(int fd, union addr a)
{
	return connect(fd, &a.sa, addr_len());
}

/* Closes without touching errno */
static int fail_closed(int fd)
{
	int err = errno;

	close(fd);
	errno = err;
	return -1;
}

int stream_connected(union addr to)
{
	int fd = stream_socket(SOCK_CLOEXEC);

	if (fd >= 0 && stream_connect(fd, to))
		return fail_closed(fd);
	return fd;
}

int stream_listener(union addr a, int backlog)
{
	int fd = stream_socket(SOCK_CLOEXEC);

	if (fd >= 0 && (stream_bind(fd, a) || listen(fd, backlog)))
		return fail_closed(fd);
	return fd;
}

int stream_accept(int listener)
{
	return accept(listener, NULL, NULL);
}

int stream_pair_at(int sv[2], int listener, union addr to)
{
	sv[0] = stream_connected(to);
	if (sv[0] < 0)
		return -1;
	sv[1] = stream_accept(listener);
	return sv[1] < 0 ? -1 : 0;
}

int stream_pair_across(const struct netns_pair *net, int sv[2], int port)
{
	int listener, err;

	netns_enter(net->ns[1]);
	listener = stream_listener(addr_host(2, port), 1);
	netns_enter(net->ns[0]);
	err = stream_pair_at(sv, listener, addr_host(2, port));
	close(listener);
	return err;
}

int stream_pair(int sv[2])
{
	int listener = stream_listener(addr_loopback(0), 8);
	int err;

	if (listener < 0)
		return -1;
	err = stream_pair_at(sv, listener, addr_local(listener));
	close(listener);
	return err;
}

int stream_small_pair(int sv[2], int sndbuf, int rcvbuf)
{
	int listener = stream_socket(0);

	opt_set(listener, SOL_SOCKET, SO_RCVBUF, rcvbuf);
	opt_set(listener, SOL_SOCKET, SO_SNDBUF, sndbuf);
	if (stream_bind(listener, addr_loopback(0)) || listen(listener, 1))
		return -1;
	sv[0] = stream_socket(0);
	opt_set(sv[0], SOL_SOCKET, SO_SNDBUF, sndbuf);
	opt_set(sv[0], SOL_SOCKET, SO_RCVBUF, rcvbuf);
	if (stream_connect(sv[0], addr_local(listener)))
		return -1;
	sv[1] = stream_accept(listener);
	close(listener);
	return sv[1] < 0 ? -1 : 0;
}

void stream_close_pair(int sv[2])
{
	close(sv[0]);
	close(sv[1]);
}

int opt_set(int fd, int level, int name, int val)
{
	return setsockopt(fd, level, name, &val, sizeof(val));
}

int opt_get(int fd, int level, int name)
{
	int val = 0;
	socklen_t len = sizeof(val);

	return getsockopt(fd, level, name, &val, &len) ? -errno : val;
}

int opt_linger(int fd, int seconds)
{
	struct linger linger = { .l_onoff = 1, .l_linger = seconds };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

int opt_timeout(int fd, int name, long ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, name, &tv, sizeof(tv));
}

void stream_reset(int fd)
{
	opt_linger(fd, 0);
	close(fd);
}

int nonblocking(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int stream_info(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return getsockopt(fd, SOL_TCP, TCP_INFO, info, &len);
}

int stream_state(int fd)
{
	struct tcp_info info;

	return stream_info(fd, &info) ? -1 : info.tcpi_state;
}

bool stream_reaches(int fd, int state, long ms)
{
	long end = now_ms() + ms;

	while (stream_state(fd) != state) {
		if (now_ms() > end)
			return false;
		sleep_ms(1);
	}
	return true;
}

/* --- sysctls --------------------------------------------------------------- */

int sysctl_set_path(const char *path, const char *value)
{
	char full[256];
	ssize_t n;
	int fd;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = write(fd, value, strlen(value));
	close(fd);
	return n < 0 ? -1 : 0;
}

static void sysctl_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "ipv4/%s_%s", flavour.ltcp ? "ltcp" : "tcp", name);
}

int sysctl_set(const char *name, const char *value)
{
	char path[128];

	sysctl_path(path, sizeof(path), name);
	return sysctl_set_path(path, value);
}

long sysctl_get(const char *name)
{
	char path[128], full[160];
	long number;

	sysctl_path(path, sizeof(path), name);
	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	return read_number(full, &number) ? -1 : number;
}

long stream_counter(const char *name)
{
	FILE *file = fopen("/proc/thread-self/net/ltcp_stat", "re");
	long value, found = -1;
	char word[64];

	while (file && fscanf(file, "%63s %ld", word, &value) == 2)
		if (!strcmp(word, name))
			found = value;
	if (file)
		fclose(file);
	return found;
}

long slab_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long kib = -1;

	while (file && kib < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "Slab: %ld", &kib);
	if (file)
		fclose(file);
	return kib;
}

/* --- time ------------------------------------------------------------------ */

long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000L + ts.tv_nsec / 1000000;
}

void sleep_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

int wait_events(int fd, int events, long ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, ms) <= 0 ? 0 : p.revents;
}

static void *later_run(void *arg)
{
	struct later *l = arg;

	sleep_ms(l->ms);
	if (l->act)
		l->act(l->fd);
	else
		pthread_kill(l->caller, SIGUSR1);
	return NULL;
}

void later_start(struct later *l, long ms, void (*act)(int fd), int fd)
{
	l->caller = pthread_self();
	l->ms = ms;
	l->act = act;
	l->fd = fd;
	pthread_create(&l->thread, NULL, later_run, l);
}

void later_join(struct later *l)
{
	pthread_join(l->thread, NULL);
}

static void ignore_signal(int sig)
{
}

void later_signal(struct later *l, long ms, bool restart)
{
	struct sigaction sa = {
		.sa_handler = ignore_signal,
		.sa_flags = restart ? SA_RESTART : 0,
	};

	sigaction(SIGUSR1, &sa, NULL);
	later_start(l, ms, NULL, -1);
}

void act_close(int fd)
{
	close(fd);
}

void act_reset(int fd)
{
	stream_reset(fd);
}

void act_send_one(int fd)
{
	send(fd, "x", 1, MSG_NOSIGNAL);
}

void act_shutdown_wr(int fd)
{
	shutdown(fd, SHUT_WR);
}

void act_shutdown(int fd)
{
	shutdown(fd, SHUT_RDWR);
}

void act_accept(int fd)
{
	close(stream_accept(fd));
}

void act_drain(int fd)
{
	char buf[16384];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

/* --- data ------------------------------------------------------------------ */

/* Eight octets of the stream: no period that buffer sizes could share with it */
static uint64_t pattern_word(uint32_t seed, uint64_t number)
{
	uint64_t x = (number + ((uint64_t)seed << 40) + 1) * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

uint8_t pattern_at(uint32_t seed, uint64_t pos)
{
	return pattern_word(seed, pos / 8) >> pos % 8 * 8;
}

void pattern_fill(void *buf, size_t len, uint32_t seed, uint64_t pos)
{
	uint8_t *p = buf;

	for (; len && pos % 8; len--)
		*p++ = pattern_at(seed, pos++);
	for (; len >= 8; len -= 8, p += 8, pos += 8) {
		uint64_t word = pattern_word(seed, pos / 8);

		memcpy(p, &word, 8);
	}
	for (; len; len--)
		*p++ = pattern_at(seed, pos++);
}

long pattern_check(const void *buf, size_t len, uint32_t seed, uint64_t pos)
{
	uint8_t want[4096];

	for (size_t done = 0; done < len; done += sizeof(want)) {
		size_t n = len - done < sizeof(want) ? len - done : sizeof(want);

		pattern_fill(want, n, seed, pos + done);
		if (!memcmp(buf + done, want, n))
			continue;
		for (size_t i = 0; i < n; i++)
			if (((const uint8_t *)buf)[done + i] != want[i])
				return done + i;
	}
	return -1;
}

ssize_t send_all(int fd, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = send(fd, buf + done, len - done, MSG_NOSIGNAL);

		if (n < 0)
			return -1;
		done += n;
	}
	return done;
}

ssize_t recv_all(int fd, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = recv(fd, buf + done, len - done, 0);

		if (n <= 0)
			return n < 0 ? -1 : (ssize_t)done;
		done += n;
	}
	return done;
}

long fill(int fd, uint32_t seed)
{
	uint8_t buf[4096];
	long done = 0;

	for (;;) {
		ssize_t n;

		pattern_fill(buf, sizeof(buf), seed, done);
		n = send(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN ? done : -1;
		done += n;
	}
}

long drain(int fd, uint32_t seed, uint64_t pos)
{
	uint8_t buf[16384];
	long done = 0;

	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n <= 0)
			return n == 0 || errno == EAGAIN ? done : -1;
		if (pattern_check(buf, n, seed, pos + done) >= 0)
			return -1;
		done += n;
	}
}

bool recv_pattern(int fd, size_t len, uint32_t seed, uint64_t pos)
{
	uint8_t buf[16384];

	while (len) {
		ssize_t n = recv(fd, buf, len < sizeof(buf) ? len : sizeof(buf), 0);

		if (n <= 0 || pattern_check(buf, n, seed, pos) >= 0)
			return false;
		len -= n;
		pos += n;
	}
	return true;
}

bool send_pattern(int fd, size_t len, uint32_t seed, uint64_t pos)
{
	uint8_t buf[16384];

	while (len) {
		size_t n = len < sizeof(buf) ? len : sizeof(buf);

		pattern_fill(buf, n, seed, pos);
		if (send_all(fd, buf, n) < 0)
			return false;
		len -= n;
		pos += n;
	}
	return true;
}

static void *mover_run_send(void *arg)
{
	struct mover *m = arg;

	m->ok = send_pattern(m->fd, m->len, m->seed, 0);
	m->err = errno;
	return NULL;
}

static void *mover_run_recv(void *arg)
{
	struct mover *m = arg;

	m->ok = recv_pattern(m->fd, m->len, m->seed, 0);
	m->err = errno;
	return NULL;
}

static void mover_start(struct mover *m, void *(*run)(void *), int fd, size_t len, uint32_t seed)
{
	m->fd = fd;
	m->len = len;
	m->seed = seed;
	m->ok = false;
	pthread_create(&m->thread, NULL, run, m);
}

void mover_send(struct mover *m, int fd, size_t len, uint32_t seed)
{
	mover_start(m, mover_run_send, fd, len, seed);
}

void mover_recv(struct mover *m, int fd, size_t len, uint32_t seed)
{
	mover_start(m, mover_run_recv, fd, len, seed);
}

bool mover_join(struct mover *m)
{
	pthread_join(m->thread, NULL);
	return m->ok;
}
