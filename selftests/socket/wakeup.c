// SPDX-License-Identifier: GPL-2.0
/* poll(), select(), epoll: what a socket in each state says, and when it wakes one up. */
#include "../kselftest_harness.h"

#include <signal.h>

#include <sys/epoll.h>
#include <sys/select.h>

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(wakeup);

#define ALL	(POLLIN | POLLOUT | POLLPRI | POLLRDHUP)
#define SOON	10	/* ms: what loopback has done by then is done */

static int now(int fd)
{
	return wait_events(fd, ALL, 0);
}

/* An epoll instance that watches one descriptor */
static int watch(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

/* Its next event within @ms, 0: none */
static int next_event(int ep, int ms)
{
	struct epoll_event event;

	return epoll_wait(ep, &event, 1, ms) == 1 ? (int)event.events : 0;
}

/* --- what poll() says -------------------------------------------------------- */

TEST_F(wakeup, fresh_socket)
{
	EXPECT_EQ(POLLOUT | POLLHUP, now(stream_socket(0)));
}

TEST_F(wakeup, listener)
{
	int fd = stream_listener(addr_loopback(4000), 2);

	EXPECT_EQ(0, now(fd));
	ASSERT_OK(stream_connected(addr_loopback(4000)));
	EXPECT_EQ(POLLIN, now(fd));
	ASSERT_OK(stream_accept(fd));
	EXPECT_EQ(0, now(fd));
}

TEST_F(wakeup, connected)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(POLLOUT, now(sv[0]));
	EXPECT_EQ(POLLOUT, now(sv[1]));
}

TEST_F(wakeup, text)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, wait_events(sv[1], ALL, SOON));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_EQ(POLLOUT, now(sv[1]));
}

TEST_F(wakeup, full)
{
	long n;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	n = fill(sv[0], 1);
	sleep_ms(500);
	n += fill(sv[0], 1);
	ASSERT_LT(0, n);
	EXPECT_EQ(0, now(sv[0]));
	act_drain(sv[1]);
	/* What Linux's repeats then may fill the buffer once more, on the debug kernel it does */
	for (int i = 0; i < 100 && !variant->flavour.ltcp && !now(sv[0]); i++) {
		sleep_ms(100);
		act_drain(sv[1]);
	}
	EXPECT_EQ(POLLOUT, wait_events(sv[0], POLLOUT, 1000));
}

TEST_F(wakeup, peer_will_not_send)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	shutdown(sv[0], SHUT_WR);
	sleep_ms(SOON);
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP, now(sv[1]));
	EXPECT_EQ(POLLOUT, now(sv[0]));
}

TEST_F(wakeup, nobody_will_send)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	shutdown(sv[0], SHUT_WR);
	shutdown(sv[1], SHUT_WR);
	sleep_ms(SOON);
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP, now(sv[0]));
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP, now(sv[1]));
}

TEST_F(wakeup, own_shutdown_of_reading)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	shutdown(sv[0], SHUT_RD);
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP, now(sv[0]));
}

TEST_F(wakeup, reset)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	stream_reset(sv[0]);
	sleep_ms(SOON);
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP, now(sv[1]));
	EXPECT_EQ(ECONNRESET, opt_get(sv[1], SOL_SOCKET, SO_ERROR));
	/* The error was told; the end remains */
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP, now(sv[1]));
}

TEST_F(wakeup, urgent)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_EQ(1, send(sv[0], "x", 1, MSG_OOB));
	EXPECT_EQ(POLLPRI, wait_events(sv[1], POLLPRI, 1000));
	EXPECT_EQ(POLLOUT | POLLPRI, now(sv[1]));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, MSG_OOB));
	EXPECT_EQ(POLLOUT, now(sv[1]));
}

TEST_F(wakeup, select_says_the_same)
{
	struct timeval none = {}, soon = { .tv_sec = 1 };
	fd_set in, out, other;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&other);
	FD_SET(sv[1], &in);
	EXPECT_EQ(0, select(sv[1] + 1, &in, NULL, NULL, &none));
	FD_SET(sv[1], &out);
	EXPECT_EQ(1, select(sv[1] + 1, NULL, &out, NULL, &none));
	ASSERT_EQ(1, send(sv[0], "x", 1, MSG_OOB));
	FD_SET(sv[1], &other);
	EXPECT_EQ(1, select(sv[1] + 1, NULL, NULL, &other, &soon));
	ASSERT_EQ(1, send(sv[0], "x", 1, 0));
	FD_SET(sv[1], &in);
	EXPECT_EQ(1, select(sv[1] + 1, &in, NULL, NULL, &soon));
}

/* --- who waits is woken -------------------------------------------------------- */

static const struct {
	const char *name;
	void (*act)(int fd);
	int events;
	int wanted;
} wakes[] = {
	{ "data", act_send_one, POLLIN, POLLIN },
	{ "FIN", act_shutdown_wr, POLLIN | POLLRDHUP, POLLIN | POLLRDHUP },
	{ "FIN, asked only for RDHUP", act_shutdown_wr, POLLRDHUP, POLLRDHUP },
	{ "close", act_close, POLLIN, POLLIN },
	{ "RST, asked for nothing", act_reset, 0, POLLERR | POLLHUP },
};

TEST_F(wakeup, poll_wakes)
{
	for (size_t i = 0; i < ARRAY_SIZE(wakes); i++) {
		struct later l;
		long start;
		int sv[2];

		ASSERT_OK(stream_pair(sv));
		start = now_ms();
		later_start(&l, 100, wakes[i].act, sv[0]);
		EXPECT_EQ(wakes[i].wanted, wait_events(sv[1], wakes[i].events, 5000))
			TH_LOG("case %s", wakes[i].name);
		EXPECT_TOOK(start, 99, 150);
		later_join(&l);
	}
}

TEST_F(wakeup, epoll_wakes)
{
	for (size_t i = 0; i < ARRAY_SIZE(wakes); i++) {
		struct later l;
		long start;
		int sv[2];

		ASSERT_OK(stream_pair(sv));
		start = now_ms();
		later_start(&l, 100, wakes[i].act, sv[0]);
		EXPECT_EQ(wakes[i].wanted, next_event(watch(sv[1], wakes[i].events), 5000))
			TH_LOG("case %s", wakes[i].name);
		EXPECT_TOOK(start, 99, 150);
		later_join(&l);
	}
}

static void act_connect(int port)
{
	stream_connected(addr_loopback(port));
}

TEST_F(wakeup, listener_wakes)
{
	int fd = stream_listener(addr_loopback(4000), 2);
	struct later l;
	long start = now_ms();

	later_start(&l, 100, act_connect, 4000);
	EXPECT_EQ(POLLIN, wait_events(fd, POLLIN, 5000));
	EXPECT_TOOK(start, 99, 150);
	later_join(&l);
}

TEST_F(wakeup, writer_wakes)
{
	struct later l;
	long start;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	fill(sv[0], 1);
	sleep_ms(500);
	fill(sv[0], 1);
	start = now_ms();
	later_start(&l, 100, act_drain, sv[1]);
	EXPECT_EQ(POLLOUT, wait_events(sv[0], POLLOUT, 5000));
	EXPECT_TOOK(start, 99, 400);
	later_join(&l);
}

/* A blocked call, what ends it, and what it then says */
static const struct {
	const char *name;
	void (*act)(int fd);
	bool own;	/* done to the same socket, not to the peer's */
	int err;	/* 0: EOF */
} ends[] = {
	{ "FIN", act_shutdown_wr, false, 0 },
	{ "close", act_close, false, 0 },
	{ "RST", act_reset, false, ECONNRESET },
	{ "own shutdown", act_shutdown, true, 0 },
};

TEST_F(wakeup, recv_ends)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct later l;
		long n;
		char octet;
		int sv[2];

		ASSERT_OK(stream_pair(sv));
		later_start(&l, 50, ends[i].act, sv[ends[i].own]);
		n = recv(sv[1], &octet, 1, 0);
		EXPECT_STREQ(err_name(ends[i].err), err_of(n))
			TH_LOG("case %s", ends[i].name);
		later_join(&l);
	}
}

TEST_F(wakeup, send_ends)
{
	static char block[1 << 20];
	static const struct {
		void (*act)(int fd);
		bool own;
		int err;
	} stops[] = {
		{ act_reset, false, ECONNRESET },
		{ act_close, false, ECONNRESET },	/* with data that was not read */
		{ act_shutdown, true, EPIPE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(stops); i++) {
		struct later l;
		long n;
		int sv[2];

		ASSERT_OK(stream_pair(sv));
		fill(sv[1], 1);
		sleep_ms(500);
		fill(sv[1], 1);
		later_start(&l, 50, stops[i].act, sv[stops[i].own]);
		n = send(sv[1], block, sizeof(block), MSG_NOSIGNAL);
		EXPECT_STREQ(err_name(stops[i].err), err_of(n))
			TH_LOG("case %zu", i);
		later_join(&l);
	}
}

TEST_F(wakeup, connect_ends)
{
	struct later l;
	int fd = stream_socket(0);

	ASSERT_EQ(0, netns_ip("link add dummy0 type dummy\n"
			      "address add 10.9.0.1/24 dev dummy0\n"
			      "address add fd00:0:9::1/64 dev dummy0 nodad\n"
			      "link set dummy0 up\n"));
	later_start(&l, 100, act_shutdown, fd);
	EXPECT_ERR(ECONNRESET, stream_connect(fd, addr_parse("10.9.0.2", 7)));
	later_join(&l);
}

/* --- epoll --------------------------------------------------------------------- */

TEST_F(wakeup, level_triggered)
{
	int sv[2], ep;
	char octet;

	ASSERT_OK(stream_pair(sv));
	ep = watch(sv[1], EPOLLIN);
	EXPECT_EQ(0, next_event(ep, SOON));
	ASSERT_EQ(2, send(sv[0], "xy", 2, 0));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(EPOLLIN, next_event(ep, SOON));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_EQ(EPOLLIN, next_event(ep, SOON));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_EQ(0, next_event(ep, SOON));
}

TEST_F(wakeup, edge_triggered_input)
{
	int sv[2], ep;
	char octet;

	ASSERT_OK(stream_pair(sv));
	/* Nagle's algorithm would wait for delayed acknowledgments */
	ASSERT_OK(opt_set(sv[0], SOL_TCP, TCP_NODELAY, 1));
	ep = watch(sv[1], EPOLLIN | EPOLLET | EPOLLRDHUP);
	EXPECT_EQ(0, next_event(ep, SOON));
	ASSERT_EQ(2, send(sv[0], "xy", 2, 0));
	EXPECT_EQ(EPOLLIN, next_event(ep, SOON));
	EXPECT_EQ(0, next_event(ep, SOON));
	/* Reading a part is no edge */
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_EQ(0, next_event(ep, SOON));
	/* More is, though the old was not read */
	ASSERT_EQ(1, send(sv[0], "z", 1, 0));
	EXPECT_EQ(EPOLLIN, next_event(ep, SOON));
	EXPECT_EQ(0, next_event(ep, SOON));
	shutdown(sv[0], SHUT_WR);
	EXPECT_EQ(EPOLLIN | EPOLLRDHUP, next_event(ep, SOON));
	EXPECT_EQ(0, next_event(ep, SOON));
}

TEST_F(wakeup, edge_triggered_output)
{
	int sv[2], ep;
	long n;

	ASSERT_OK(stream_pair(sv));
	ep = watch(sv[0], EPOLLOUT | EPOLLET);
	EXPECT_EQ(EPOLLOUT, next_event(ep, SOON));
	EXPECT_EQ(0, next_event(ep, SOON));
	/* Full, from the writer's point of view, until nothing moves any more */
	do {
		n = fill(sv[0], 1);
		next_event(ep, 500);
	} while (n > 0);
	EXPECT_EQ(0, next_event(ep, 500));
	act_drain(sv[1]);
	EXPECT_EQ(EPOLLOUT, next_event(ep, 1000));
}

TEST_F(wakeup, edge_triggered_listener)
{
	int fd = stream_listener(addr_loopback(4000), 8), ep = watch(fd, EPOLLIN | EPOLLET);

	EXPECT_EQ(0, next_event(ep, SOON));
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(stream_connected(addr_loopback(4000)));
		EXPECT_EQ(EPOLLIN, next_event(ep, SOON));
		EXPECT_EQ(0, next_event(ep, SOON));
	}
}

TEST_F(wakeup, edge_triggered_connect)
{
	int fd = stream_socket(SOCK_NONBLOCK), ep;

	ASSERT_OK(stream_listener(addr_loopback(4000), 8));
	ep = watch(fd, EPOLLIN | EPOLLOUT | EPOLLET);
	EXPECT_EQ(EPOLLOUT | EPOLLHUP, next_event(ep, SOON));
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(EPOLLOUT, next_event(ep, 1000));
}

TEST_F(wakeup, one_shot)
{
	struct epoll_event again = { .events = EPOLLIN | EPOLLONESHOT };
	int sv[2], ep;

	ASSERT_OK(stream_pair(sv));
	ep = watch(sv[1], EPOLLIN | EPOLLONESHOT);
	ASSERT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(EPOLLIN, next_event(ep, SOON));
	ASSERT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(0, next_event(ep, SOON));
	EXPECT_OK(epoll_ctl(ep, EPOLL_CTL_MOD, sv[1], &again));
	EXPECT_EQ(EPOLLIN, next_event(ep, SOON));
}

TEST_F(wakeup, closed_socket_leaves_epoll)
{
	int sv[2], ep;

	ASSERT_OK(stream_pair(sv));
	ep = watch(sv[1], EPOLLIN);
	ASSERT_EQ(1, send(sv[0], "x", 1, 0));
	close(sv[1]);
	EXPECT_EQ(0, next_event(ep, SOON));
}

/* --- signals ------------------------------------------------------------------------ */

/* Has SIGIO, which is blocked, come within @ms? */
static bool signalled(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return sigtimedwait(&set, NULL, &time) == SIGIO;
}

/* O_ASYNC: SIGIO for text, and for its end */
TEST_F(wakeup, signal_to_the_owner)
{
	char octet;
	int sv[2];

	EXPECT_FALSE(signalled(0));
	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(fcntl(sv[1], F_SETOWN, getpid()));
	ASSERT_OK(fcntl(sv[1], F_SETFL, O_ASYNC));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_TRUE(signalled(2000));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_FALSE(signalled(SOON));
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_TRUE(signalled(2000));
}

TEST_HARNESS_MAIN
