// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads on the same sockets: nothing hangs, nothing is lost or comes
 * twice, and the kernel does not complain. Most is found on two processors:
 *	scripts/vm --smp 2 --clock wall -- build/selftests/socket/races
 * RACE_MS says for how long each race is run.
 */
#include "../kselftest_harness.h"

#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(races);

#define PORT	4000

/* A race: its threads run until it is over */
struct race {
	atomic_bool over;
	atomic_long wrong;
	atomic_long done;
	int fd;
	int other;
};

static struct race race;

static long race_ms(void)
{
	const char *text = getenv("RACE_MS");

	/* One processor only changes threads now and then: there is little to find */
	return text ? atol(text) : stream_virtual_clock() ? 150 : 1500;
}

static void *racer(void *(*run)(void *), pthread_t *thread, void *arg)
{
	return pthread_create(thread, NULL, run, arg) ? NULL : thread;
}

/* Run @n threads of each kind for the race's time, and see them all end */
static void run_race(void *(*const kinds[])(void *), int n)
{
	pthread_t threads[64];
	int count = 0;

	signal(SIGPIPE, SIG_IGN);
	for (; *kinds; kinds++)
		for (int i = 0; i < n; i++)
			if (racer(*kinds, &threads[count], (void *)(long)i))
				count++;
	sleep_ms(race_ms());
	race.over = true;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

#define RUN_RACE(n, ...)						\
	do {								\
		run_race((void *(*const[])(void *)){ __VA_ARGS__, NULL }, n);	\
		EXPECT_EQ(0, race.wrong);				\
		EXPECT_LT(0, race.done);				\
	} while (0)

/* A bound on every wait, so that a lost wake-up is seen and not waited for */
static void impatient(int fd)
{
	opt_timeout(fd, SO_RCVTIMEO, 20000);
	opt_timeout(fd, SO_SNDTIMEO, 20000);
}

static int impatient_client(void)
{
	int fd = stream_socket(0);

	impatient(fd);
	return fd;
}

static void wrong(const char *what)
{
	if (atomic_fetch_add(&race.wrong, 1) < 5)
		fprintf(stderr, "# %s: %s\n", what, strerror(errno));
}

/* --- opening ------------------------------------------------------------------------ */

static void *connects_and_echoes(void *arg)
{
	while (!race.over) {
		int fd = impatient_client();
		char octet = 'x';

		if (stream_connect(fd, addr_loopback(PORT)))
			wrong("connect");
		else if (send(fd, &octet, 1, 0) != 1)
			wrong("send");
		else if (recv(fd, &octet, 1, 0) != 1)
			wrong("recv");
		else
			race.done++;
		close(fd);
	}
	return NULL;
}

static void accept_and_echo(void)
{
	int fd = stream_accept(race.fd);
	char octet;

	if (fd < 0)
		return;
	impatient(fd);
	if (recv(fd, &octet, 1, 0) == 1)
		send(fd, &octet, 1, MSG_NOSIGNAL);
	close(fd);
}

/* The last clients want an answer, too: goes on until all is quiet */
static void *accepts_and_echoes(void *arg)
{
	for (;;) {
		if (wait_events(race.fd, POLLIN, 500))
			accept_and_echo();
		else if (race.over)
			return NULL;
	}
}

TEST_F(races, accept_by_many)
{
	race.fd = stream_listener(addr_loopback(PORT), 64);
	nonblocking(race.fd, true);
	RUN_RACE(3, connects_and_echoes, accepts_and_echoes);
}

static bool expected_of_connect(int err)
{
	/* EPIPE: there was a connection, its peer closed it and then reset it */
	return err == ECONNREFUSED || err == ECONNRESET || err == EADDRNOTAVAIL || err == EPIPE;
}

/* Linux's listener forgets, when it goes, without a word whose ACK found the queue full */
static bool unheard(int err)
{
	return err == EAGAIN && !flavour.ltcp;
}

static void *connects_or_is_refused(void *arg)
{
	while (!race.over) {
		int fd = impatient_client();
		char octet;

		if (!stream_connect(fd, addr_loopback(PORT))) {
			ssize_t n = recv(fd, &octet, 1, 0);

			if (n < 0 && errno != ECONNRESET && !unheard(errno))
				wrong("recv");
			race.done++;
		} else if (!expected_of_connect(errno)) {
			wrong("connect");
		}
		stream_reset(fd);
	}
	return NULL;
}

static int reusable_listener(void)
{
	int fd = stream_socket(0);

	opt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!stream_bind(fd, addr_loopback(PORT)) && !listen(fd, 4))
		return fd;
	close(fd);
	return -1;
}

static void *listens_and_closes(void *arg)
{
	while (!race.over) {
		int fd = reusable_listener();

		if (fd < 0)
			continue;
		sched_yield();
		wait_events(fd, POLLIN, 2);
		close(fd);
	}
	return NULL;
}

TEST_F(races, listener_comes_and_goes)
{
	RUN_RACE(2, connects_or_is_refused, listens_and_closes);
}

static void *listens_and_shuts_down(void *arg)
{
	while (!race.over) {
		shutdown(race.fd, SHUT_RDWR);
		sched_yield();
		listen(race.fd, 4);
		wait_events(race.fd, POLLIN, 2);
	}
	/* Nobody accepts any more: who waits must hear of it */
	shutdown(race.fd, SHUT_RDWR);
	return NULL;
}

static void *accepts_what_comes(void *arg)
{
	while (!race.over) {
		int fd = accept4(race.fd, NULL, NULL, 0);

		if (fd >= 0)
			close(fd);
		else
			sched_yield();
	}
	return NULL;
}

/* ... while connections are made of cookies alone */
TEST_F(races, listener_comes_and_goes_with_cookies)
{
	ASSERT_OK(sysctl_set("syncookies", "2"));
	RUN_RACE(2, connects_or_is_refused, listens_and_closes);
}

TEST_F(races, listener_shuts_down_and_listens)
{
	race.fd = reusable_listener();
	nonblocking(race.fd, true);
	RUN_RACE(2, connects_or_is_refused, listens_and_shuts_down, accepts_what_comes);
}

/* --- a group of listeners ------------------------------------------------------------ */

static int group_listener(void)
{
	int fd = stream_socket(SOCK_NONBLOCK);

	if (opt_set(fd, SOL_SOCKET, SO_REUSEPORT, 1) || stream_bind(fd, addr_loopback(PORT)) ||
	    listen(fd, 16))
		wrong("a member of the group");
	return fd;
}

/* Serves for a little while; who is in its queue when it leaves is reset */
static void *joins_and_leaves(void *arg)
{
	while (!race.over) {
		int fd = group_listener(), client;

		for (int i = 0; i < 4 && wait_events(fd, POLLIN, 2); i++) {
			client = stream_accept(fd);
			if (client >= 0 && send(client, "x", 1, MSG_NOSIGNAL) != 1 &&
			    errno != ECONNRESET && errno != EPIPE)
				wrong("send");
			close(client);
		}
		close(fd);
	}
	return NULL;
}

static atomic_int group_clients;

/* One is always there: nobody is refused, and most are served */
static void *connects_to_the_group(void *arg)
{
	group_clients++;
	while (!race.over) {
		int fd = impatient_client();
		char octet;

		if (!stream_connect(fd, addr_loopback(PORT)) && recv(fd, &octet, 1, 0) == 1)
			race.done++;
		else if (errno != ECONNRESET && !unheard(errno))
			wrong("a client of the group");
		stream_reset(fd);
	}
	group_clients--;
	return NULL;
}

static void *stays_and_serves(void *arg)
{
	int fd;

	while (!race.over || group_clients) {
		wait_events(race.fd, POLLIN, 10);
		fd = stream_accept(race.fd);
		if (fd < 0)
			continue;
		send(fd, "x", 1, MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

TEST_F(races, reuseport_members_leave)
{
	race.fd = group_listener();
	RUN_RACE(2, connects_to_the_group, joins_and_leaves, stays_and_serves);
}

/* Two threads want the same pair of ends: one may have it */
static void *connects_the_same_pair(void *arg)
{
	while (!race.over) {
		int fd = impatient_client();

		opt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		if (stream_bind(fd, addr_loopback(PORT + 1)))
			wrong("bind");
		else if (!stream_connect(fd, addr_loopback(PORT)))
			race.done++;
		else if (!expected_of_connect(errno))
			wrong("connect");
		stream_reset(fd);
	}
	return NULL;
}

TEST_F(races, same_pair)
{
	race.fd = stream_listener(addr_loopback(PORT), 64);
	nonblocking(race.fd, true);
	RUN_RACE(3, connects_the_same_pair, accepts_what_comes);
}

/* Each connects to the other's port: SYNs cross, or meet nobody */
static void *connects_crosswise(void *arg)
{
	int me = (long)arg;

	while (!race.over) {
		int fd = impatient_client();

		opt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		if (!stream_bind(fd, addr_loopback(PORT + me)) &&
		    stream_connect(fd, addr_loopback(PORT + !me)) && errno == ETIMEDOUT)
			wrong("connect");
		race.done++;
		stream_reset(fd);
	}
	return NULL;
}

TEST_F(races, crosswise)
{
	RUN_RACE(2, connects_crosswise);
}

static void *connects_to_itself(void *arg)
{
	while (!race.over) {
		int fd = impatient_client();
		union addr name;
		char octet = 0;

		if (!stream_bind(fd, addr_loopback(0))) {
			name = addr_local(fd);
			if (stream_connect(fd, name))
				wrong("connect");
			else if (send(fd, "x", 1, 0) != 1 || recv(fd, &octet, 1, 0) != 1)
				wrong("echo");
			race.done++;
		}
		stream_reset(fd);
	}
	return NULL;
}

TEST_F(races, self_connect)
{
	RUN_RACE(4, connects_to_itself);
}

static atomic_int holders;

static void *binds_one_port(void *arg)
{
	while (!race.over) {
		int fd = stream_socket(0);

		if (!stream_bind(fd, addr_loopback(PORT))) {
			if (atomic_fetch_add(&holders, 1))
				wrong("two hold the port");
			sched_yield();
			atomic_fetch_sub(&holders, 1);
			race.done++;
		}
		close(fd);
	}
	return NULL;
}

TEST_F(races, bind_one_port)
{
	RUN_RACE(4, binds_one_port);
}

static void *binds_any_port(void *arg)
{
	while (!race.over) {
		int fd = stream_socket(0);

		if (stream_bind(fd, addr_any(0)) || listen(fd, 1))
			wrong("bind or listen");
		race.done++;
		close(fd);
	}
	return NULL;
}

TEST_F(races, bind_any_port)
{
	RUN_RACE(4, binds_any_port);
}

/* --- data ---------------------------------------------------------------------------- */

static atomic_long sent, received;

static void *sends_numbers(void *arg)
{
	while (!race.over) {
		ssize_t n = send(race.fd, "xxxxxxxxxxxxxxxx", 16, 0);

		if (n > 0)
			sent += n;
		else
			wrong("send");
	}
	return NULL;
}

static void *receives_numbers(void *arg)
{
	char buf[1000];
	ssize_t n;

	while ((n = recv(race.other, buf, sizeof(buf), 0)) > 0)
		received += n;
	if (n < 0)
		wrong("recv");
	race.done++;
	return NULL;
}

static void *shuts_down_at_the_end(void *arg)
{
	while (!race.over)
		sleep_ms(10);
	/* Senders are done within that time */
	sleep_ms(300);
	if (!arg)
		shutdown(race.fd, SHUT_WR);
	return NULL;
}

TEST_F(races, many_readers_and_writers)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	race.fd = sv[0];
	race.other = sv[1];
	impatient(sv[1]);
	RUN_RACE(3, sends_numbers, receives_numbers, shuts_down_at_the_end);
	EXPECT_EQ(sent, received);
}

static void *plays_with_options(void *arg)
{
	unsigned int n = (long)arg;
	struct tcp_info info;

	while (!race.over) {
		int fd = n++ % 2 ? race.fd : race.other;
		int on = n / 2 % 2;

		opt_set(fd, SOL_TCP, TCP_NODELAY, on);
		opt_set(fd, SOL_TCP, TCP_CORK, !on);
		opt_set(fd, SOL_SOCKET, SO_RCVBUF, 3000 << n % 5);
		opt_set(fd, SOL_SOCKET, SO_SNDBUF, 5000 << n % 5);
		opt_set(fd, SOL_SOCKET, SO_KEEPALIVE, on);
		opt_set(fd, SOL_TCP, TCP_KEEPIDLE, 1 + n % 3);
		opt_set(fd, SOL_TCP, TCP_QUICKACK, on);
		opt_set(fd, SOL_SOCKET, SO_RCVLOWAT, 1 + n % 7);
		stream_info(fd, &info);
		stream_info(race.fd, &info);
		ioctl(fd, SIOCINQ, &on);
		ioctl(fd, SIOCOUTQ, &on);
		wait_events(fd, POLLIN | POLLOUT, 0);
	}
	opt_set(race.fd, SOL_TCP, TCP_CORK, 0);
	return NULL;
}

static void *sends_pattern(void *arg)
{
	long pos = 0;

	if (arg)
		return NULL;
	while (!race.over && send_pattern(race.fd, 3000, 1, pos))
		pos += 3000;
	sent = pos;
	shutdown(race.fd, SHUT_WR);
	return NULL;
}

static void *receives_pattern(void *arg)
{
	uint8_t buf[5000];
	long pos = 0;
	ssize_t n;

	if (arg)
		return NULL;
	while ((n = recv(race.other, buf, sizeof(buf), 0)) > 0) {
		if (pattern_check(buf, n, 1, pos) >= 0) {
			wrong("pattern");
			break;
		}
		pos += n;
	}
	received = pos;
	race.done++;
	return NULL;
}

TEST_F(races, options_under_traffic)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	race.fd = sv[0];
	race.other = sv[1];
	impatient(sv[0]);
	impatient(sv[1]);
	RUN_RACE(2, plays_with_options, sends_pattern, receives_pattern);
	EXPECT_EQ(sent, received);
}

/* --- ends ------------------------------------------------------------------------------ */

/* What ends a connection while others use it */
enum end { SHUTDOWN, RESET, DISCONNECT, CLOSE_PEER, N_ENDS };

static void end_it(int fd, int peer, enum end end)
{
	union addr nobody = {};

	switch (end) {
	case SHUTDOWN:
		shutdown(fd, SHUT_RDWR);
		break;
	case RESET:
		opt_linger(peer, 0);
		break;
	case DISCONNECT:
		stream_connect(fd, nobody);
		break;
	default:
		break;
	}
	close(peer);
}

static void *user_reads(void *arg)
{
	char buf[500];
	int fd = (long)arg;

	while (recv(fd, buf, sizeof(buf), 0) > 0)
		;
	return NULL;
}

static void *user_writes(void *arg)
{
	char buf[500] = "";
	int fd = (long)arg;

	while (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) > 0)
		;
	return NULL;
}

static void *user_polls(void *arg)
{
	int fd = (long)arg;

	while (!(wait_events(fd, POLLIN, 20000) & POLLHUP))
		sched_yield();
	return NULL;
}

/* A connection with three users, and a peer that sends; then an end */
static void one_end(int listener, enum end end)
{
	void *(*const users[])(void *) = { user_reads, user_writes, user_polls, user_reads };
	static const char text[100000];
	pthread_t threads[5];
	int sv[2];

	if (stream_pair_at(sv, listener, addr_loopback(PORT))) {
		wrong("pair");
		return;
	}
	impatient(sv[0]);
	impatient(sv[1]);
	for (int i = 0; i < 4; i++)
		racer(users[i], &threads[i], (void *)(long)sv[0]);
	racer(user_reads, &threads[4], (void *)(long)sv[1]);
	send(sv[1], text, sizeof(text), MSG_DONTWAIT);
	sched_yield();
	if (end == CLOSE_PEER)
		shutdown(sv[1], SHUT_RDWR);
	end_it(sv[0], dup(sv[1]), end);
	/* Whatever the end was, this one is final */
	shutdown(sv[0], SHUT_RDWR);
	shutdown(sv[1], SHUT_RDWR);
	for (int i = 0; i < 5; i++)
		pthread_join(threads[i], NULL);
	stream_reset(sv[0]);
	stream_reset(sv[1]);
	race.done++;
}

static void ends_under_use(struct __test_metadata *_metadata, enum end end)
{
	int listener = stream_listener(addr_loopback(PORT), 8);
	long stop = now_ms() + race_ms();

	while (now_ms() < stop) {
		long start = now_ms();

		one_end(listener, end);
		/* A wait that had to time out was a wake-up lost */
		EXPECT_GT(20000, now_ms() - start);
	}
	EXPECT_EQ(0, race.wrong);
	EXPECT_LT(0, race.done);
}

TEST_F_TIMEOUT(races, shutdown_under_use, 300)
{
	ends_under_use(_metadata, SHUTDOWN);
}

TEST_F_TIMEOUT(races, reset_under_use, 300)
{
	ends_under_use(_metadata, RESET);
}

TEST_F_TIMEOUT(races, disconnect_under_use, 300)
{
	ends_under_use(_metadata, DISCONNECT);
}

TEST_F_TIMEOUT(races, peer_closes_under_use, 300)
{
	ends_under_use(_metadata, CLOSE_PEER);
}

static void *closes_at_once(void *arg)
{
	int fd = (long)arg;

	shutdown(fd, SHUT_WR);
	return NULL;
}

/* Two FINs at the same time: both sides end */
TEST_F(races, simultaneous_close)
{
	int listener = stream_listener(addr_loopback(PORT), 8);
	long stop = now_ms() + race_ms();

	while (now_ms() < stop) {
		pthread_t threads[2];
		char octet;
		int sv[2];

		ASSERT_OK(stream_pair_at(sv, listener, addr_loopback(PORT)));
		for (int i = 0; i < 2; i++)
			racer(closes_at_once, &threads[i], (void *)(long)sv[i]);
		for (int i = 0; i < 2; i++) {
			impatient(sv[i]);
			EXPECT_EQ(0, recv(sv[i], &octet, 1, 0));
			pthread_join(threads[i], NULL);
		}
		for (int i = 0; i < 2; i++)
			EXPECT_TRUE(stream_reaches(sv[i], CLOSED, 20000));
		stream_close_pair(sv);
	}
}

static void watch_edges(int ep, int fd)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLET | EPOLLRDHUP,
		.data.fd = fd,
	};

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}

static void serve_edge(int ep, const struct epoll_event *event)
{
	char octet;
	int fd = event->data.fd;

	if (fd == race.fd) {
		while ((fd = accept4(race.fd, NULL, NULL, SOCK_NONBLOCK)) >= 0)
			watch_edges(ep, fd);
		return;
	}
	while (recv(fd, &octet, 1, 0) == 1)
		send(fd, &octet, 1, MSG_NOSIGNAL);
	if (event->events & (EPOLLHUP | EPOLLRDHUP))
		close(fd);
}

/* An edge-triggered loop that must hear of everything, and goes on until all is quiet */
static void *serves_by_edges(void *arg)
{
	int ep = epoll_create1(0);
	struct epoll_event event;

	if (arg)
		return NULL;
	watch_edges(ep, race.fd);
	for (;;) {
		if (epoll_wait(ep, &event, 1, 500) == 1)
			serve_edge(ep, &event);
		else if (race.over)
			return NULL;
	}
}

static void *asks_repeatedly(void *arg)
{
	while (!race.over) {
		int fd = impatient_client();
		char octet = 'x';

		if (stream_connect(fd, addr_loopback(PORT)))
			wrong("connect");
		for (int i = 0; i < 10; i++) {
			if (send(fd, &octet, 1, MSG_NOSIGNAL) != 1 || recv(fd, &octet, 1, 0) != 1) {
				wrong("echo");
				break;
			}
			race.done++;
		}
		close(fd);
	}
	return NULL;
}

TEST_F(races, edges)
{
	race.fd = stream_listener(addr_loopback(PORT), 64);
	nonblocking(race.fd, true);
	RUN_RACE(4, asks_repeatedly, serves_by_edges);
}

/* --- timers ------------------------------------------------------------------------------ */

static long clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* The coarse clock stands still between ticks */
static long next_tick(void)
{
	long last = clock_ns(CLOCK_MONOTONIC_COARSE);

	while (clock_ns(CLOCK_MONOTONIC_COARSE) == last)
		;
	return clock_ns(CLOCK_MONOTONIC);
}

/* Whether the peer is to be probed already is asked at the next tick, and no more then */
static bool probe_at_once(int fd)
{
	return !opt_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) && !opt_set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
}

/* A timer that is set just before the tick when it is due may run before whoever sets it is done */
TEST_F(races, timer_set_at_a_tick)
{
	struct timespec tick;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_EQ(0, clock_getres(CLOCK_MONOTONIC_COARSE, &tick));
	for (long before = 0; before < 25000; before += 50) {
		long at;

		ASSERT_TRUE(probe_at_once(sv[0]));
		at = next_tick() + tick.tv_nsec - before;
		while (clock_ns(CLOCK_MONOTONIC) < at)
			;
		ASSERT_TRUE(probe_at_once(sv[0]));
	}
	stream_close_pair(sv);
}

/* --- namespaces -------------------------------------------------------------------------- */

/* A process in a namespace of its own that vanishes in the middle of its work */
static void vanish(int after_ms)
{
	pthread_t thread;

	if (*stream_begin(&flavour))
		_exit(1);
	race.fd = stream_listener(addr_loopback(PORT), 64);
	nonblocking(race.fd, true);
	for (int i = 0; i < 2; i++) {
		racer(connects_and_echoes, &thread, NULL);
		racer(accepts_and_echoes, &thread, NULL);
	}
	sleep_ms(after_ms);
	_exit(0);
}

TEST_F(races, namespaces_vanish)
{
	long stop = now_ms() + race_ms();

	for (int i = 0; now_ms() < stop; i++) {
		pid_t pid[2];
		int status;

		for (int j = 0; j < 2; j++) {
			pid[j] = fork();
			if (!pid[j])
				vanish(5 + i % 10);
		}
		for (int j = 0; j < 2; j++) {
			waitpid(pid[j], &status, 0);
			EXPECT_EQ(0, status);
		}
	}
}

TEST_HARNESS_MAIN
