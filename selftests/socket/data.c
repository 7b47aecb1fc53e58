// SPDX-License-Identifier: GPL-2.0
/* send(), recv() and their flags: how data goes through a connection. */
#include "../kselftest_harness.h"

#include <limits.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(data);

/* Octets that a descriptor could read: FIONREAD is SIOCINQ */
static int readable(int fd)
{
	int n = -1;

	ioctl(fd, SIOCINQ, &n);
	return n;
}

static int unacknowledged(int fd)
{
	int n = -1;

	ioctl(fd, SIOCOUTQ, &n);
	return n;
}

/* --- plain ----------------------------------------------------------------- */

TEST_F(data, both_ways)
{
	static const size_t sizes[] = { 1, 2, 3, 100, 1447, 1448, 1449, 4096, 65535, 65536, 300000 };
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int way = 0; way < 2; way++) {
			struct mover m;

			mover_send(&m, sv[way], sizes[i], i);
			EXPECT_TRUE(recv_pattern(sv[!way], sizes[i], i, 0));
			EXPECT_TRUE(mover_join(&m));
		}
}

TEST_F(data, both_ways_at_once)
{
	struct mover out[2], in[2];
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	for (int i = 0; i < 2; i++) {
		mover_send(&out[i], sv[i], 4 << 20, i + 1);
		mover_recv(&in[i], sv[!i], 4 << 20, i + 1);
	}
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(mover_join(&out[i]));
		EXPECT_TRUE(mover_join(&in[i]));
	}
}

TEST_F(data, read_and_write)
{
	char text[8] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(5, write(sv[0], "hello", 5));
	EXPECT_EQ(5, read(sv[1], text, 8));
	EXPECT_STREQ("hello", text);
}

TEST_F(data, nothing_is_no_error)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(0, send(sv[0], "", 0, 0));
	EXPECT_ERR(EAGAIN, recv(sv[1], &octet, 1, MSG_DONTWAIT));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(0, recv(sv[1], &octet, 0, 0));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
}

TEST_F(data, a_stream_has_no_boundaries)
{
	char text[16] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	for (int i = 0; i < 10; i++)
		EXPECT_EQ(1, send(sv[0], &"0123456789"[i], 1, 0));
	EXPECT_EQ(10, recv_all(sv[1], text, 10));
	EXPECT_STREQ("0123456789", text);
	EXPECT_EQ(10, send(sv[0], "abcdefghij", 10, 0));
	EXPECT_EQ(3, recv(sv[1], text, 3, 0));
	EXPECT_EQ(7, recv(sv[1], text + 3, 16, 0));
	EXPECT_STREQ("abcdefghij", text);
}

TEST_F(data, unconnected)
{
	int fd = stream_socket(0);
	char octet;

	EXPECT_ERR(EPIPE, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_ERR(ENOTCONN, recv(fd, &octet, 1, 0));
	EXPECT_ERR(ENOTCONN, shutdown(fd, SHUT_WR));
}

TEST_F(data, bad_memory)
{
	char text[4] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_ERR(EFAULT, send(sv[0], (void *)1, 4, 0));
	EXPECT_EQ(3, send(sv[0], "abc", 3, 0));
	EXPECT_ERR(EFAULT, recv(sv[1], (void *)1, 4, 0));
	/* What could not be delivered is still there */
	EXPECT_EQ(3, recv(sv[1], text, 3, 0));
	EXPECT_STREQ("abc", text);
}

TEST_F(data, address_of_a_stream_is_ignored)
{
	union addr from = {}, to = addr_loopback(9);
	socklen_t len = sizeof(from);
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(1, sendto(sv[0], "x", 1, 0, &to.sa, addr_len()));
	EXPECT_EQ(1, recvfrom(sv[1], &octet, 1, 0, &from.sa, &len));
	EXPECT_EQ(0, len);
}

TEST_F(data, sendfile_works)
{
	FILE *file = tmpfile();
	uint8_t buf[5000];
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	pattern_fill(buf, sizeof(buf), 1, 0);
	ASSERT_EQ(1, fwrite(buf, sizeof(buf), 1, file));
	fflush(file);
	EXPECT_EQ(sizeof(buf), sendfile(sv[0], fileno(file), &(off_t){ 0 }, sizeof(buf)));
	EXPECT_TRUE(recv_pattern(sv[1], sizeof(buf), 1, 0));
}

/* --- iovecs ---------------------------------------------------------------- */

/* From a connection into a pipe, and from the pipe into another connection */
TEST_F(data, splice_both_ways)
{
	int in[2], out[2], fds[2], moved = 0, n;
	char text[11] = "";

	ASSERT_OK(stream_pair(in));
	ASSERT_OK(stream_pair(out));
	ASSERT_OK(pipe(fds));
	EXPECT_EQ(10, send(in[0], "0123456789", 10, 0));
	while (moved < 10) {
		n = splice(in[1], NULL, fds[1], NULL, 10 - moved, 0);
		ASSERT_LT(0, n);
		ASSERT_EQ(n, splice(fds[0], NULL, out[0], NULL, n, SPLICE_F_MORE));
		moved += n;
	}
	EXPECT_EQ(10, recv(out[1], text, 10, MSG_WAITALL));
	EXPECT_STREQ("0123456789", text);
	EXPECT_OK(shutdown(in[0], SHUT_WR));
	EXPECT_EQ(0, splice(in[1], NULL, fds[1], NULL, 10, 0));
}

TEST_F(data, iovecs)
{
	uint8_t out[1000], in[1000];
	struct iovec from[] = {
		{ out, 1 }, { out + 1, 0 }, { out + 1, 499 }, { out + 500, 500 },
	};
	struct iovec to[] = {
		{ in, 300 }, { in + 300, 0 }, { in + 300, 3 }, { in + 303, 697 },
	};
	struct msghdr msg = { .msg_iov = from, .msg_iovlen = ARRAY_SIZE(from) };
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	pattern_fill(out, sizeof(out), 1, 0);
	EXPECT_EQ(1000, sendmsg(sv[0], &msg, 0));
	msg.msg_iov = to;
	msg.msg_iovlen = ARRAY_SIZE(to);
	EXPECT_EQ(1000, recvmsg(sv[1], &msg, MSG_WAITALL));
	EXPECT_EQ(0, msg.msg_flags & ~MSG_EOR);
	EXPECT_EQ(-1, pattern_check(in, sizeof(in), 1, 0));
	EXPECT_EQ(1000, writev(sv[1], from, ARRAY_SIZE(from)));
	EXPECT_EQ(1000, readv(sv[0], to, ARRAY_SIZE(to)));
	EXPECT_EQ(-1, pattern_check(in, sizeof(in), 1, 0));
}

TEST_F(data, bad_iovecs)
{
	char text[4] = "ab";
	struct iovec partly[] = { { text, 2 }, { (void *)1, 2 } };
	struct msghdr msg = { .msg_iov = partly, .msg_iovlen = UIO_MAXIOV + 1 };
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_ERR(EMSGSIZE, sendmsg(sv[0], &msg, 0));
	msg.msg_iovlen = 1;
	partly[0].iov_base = (void *)1;
	EXPECT_ERR(EFAULT, sendmsg(sv[0], &msg, 0));
	EXPECT_EQ(0, readable(sv[1]));
}

/* --- flags ----------------------------------------------------------------- */

TEST_F(data, peek)
{
	uint8_t buf[300];
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_TRUE(send_pattern(sv[0], 100, 1, 0));
	ASSERT_TRUE(send_pattern(sv[0], 200, 1, 100));
	for (int i = 0; i < 3; i++) {
		memset(buf, 0, sizeof(buf));
		EXPECT_EQ(300, recv(sv[1], buf, 300, MSG_PEEK | MSG_WAITALL));
		EXPECT_EQ(-1, pattern_check(buf, 300, 1, 0));
	}
	EXPECT_EQ(50, recv(sv[1], buf, 50, MSG_PEEK));
	EXPECT_EQ(300, readable(sv[1]));
	EXPECT_EQ(300, recv(sv[1], buf, 300, 0));
	EXPECT_EQ(-1, pattern_check(buf, 300, 1, 0));
	EXPECT_ERR(EAGAIN, recv(sv[1], buf, 300, MSG_PEEK | MSG_DONTWAIT));
	shutdown(sv[0], SHUT_WR);
	EXPECT_EQ(0, recv(sv[1], buf, 300, MSG_PEEK));
	EXPECT_EQ(0, recv(sv[1], buf, 300, MSG_PEEK));
}

TEST_F(data, waitall)
{
	struct later l;
	char text[8] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(3, send(sv[0], "abc", 3, 0));
	later_start(&l, 100, act_send_one, sv[0]);
	EXPECT_EQ(4, recv(sv[1], text, 4, MSG_WAITALL));
	EXPECT_STREQ("abcx", text);
	later_join(&l);
}

TEST_F(data, waitall_ends_at_eof)
{
	struct later l;
	char text[8];
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(3, send(sv[0], "abc", 3, 0));
	later_start(&l, 100, act_shutdown_wr, sv[0]);
	EXPECT_EQ(3, recv(sv[1], text, 8, MSG_WAITALL));
	later_join(&l);
}

TEST_F(data, waitall_ends_at_a_signal)
{
	struct later l;
	char text[8];
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(3, send(sv[0], "abc", 3, 0));
	later_signal(&l, 100, false);
	EXPECT_EQ(3, recv(sv[1], text, 8, MSG_WAITALL));
	later_join(&l);
}

TEST_F(data, waitall_ends_in_time)
{
	char text[8];
	int sv[2];
	long start;

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(3, send(sv[0], "abc", 3, 0));
	ASSERT_OK(opt_timeout(sv[1], SO_RCVTIMEO, 200));
	start = now_ms();
	EXPECT_EQ(3, recv(sv[1], text, 8, MSG_WAITALL));
	EXPECT_TOOK(start, 199, 250);
}

TEST_F(data, trunc_throws_away)
{
	uint8_t buf[10];
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_TRUE(send_pattern(sv[0], 110, 1, 0));
	EXPECT_EQ(100, recv(sv[1], NULL, 100, MSG_TRUNC));
	EXPECT_EQ(10, recv(sv[1], buf, 10, 0));
	EXPECT_EQ(-1, pattern_check(buf, 10, 1, 100));
}

TEST_F(data, error_queue_is_empty)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_ERR(EAGAIN, recv(sv[1], &octet, 1, MSG_ERRQUEUE));
}

/* Segments with text that leave within @ms: how many; *@octets in the largest */
static int count_segments(int tap, long ms, int *octets)
{
	struct packet p;
	int n = 0;

	*octets = 0;
	while (tap_find(tap, &p, 0, true, ms)) {
		n++;
		if (p.len > *octets)
			*octets = p.len;
	}
	return n;
}

TEST_F(data, more_holds_a_segment)
{
	int sv[2], tap, largest;

	ASSERT_OK(stream_pair(sv));
	tap = tap_open("lo");
	ASSERT_OK(opt_set(sv[0], SOL_TCP, TCP_NODELAY, 1));
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(10, send(sv[0], "0123456789", 10, i < 4 ? MSG_MORE : 0));
	EXPECT_EQ(1, count_segments(tap, 50, &largest));
	EXPECT_EQ(50, largest);
}

/* But not for long: tcp(7) has a ceiling of 200 ms for TCP_CORK */
TEST_F(data, more_does_not_hold_for_ever)
{
	long start;
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	start = now_ms();
	EXPECT_EQ(1, send(sv[0], "x", 1, MSG_MORE));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_TOOK(start, 0, 1000);
}

TEST_F(data, more_then_shutdown)
{
	long start;
	char text[4] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	start = now_ms();
	EXPECT_EQ(3, send(sv[0], "abc", 3, MSG_MORE));
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_EQ(3, recv(sv[1], text, 4, MSG_WAITALL));
	EXPECT_TOOK(start, 0, 20);
}

/* --- blocking -------------------------------------------------------------- */

TEST_F(data, recv_waits)
{
	struct later l;
	long start;
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	start = now_ms();
	later_start(&l, 100, act_send_one, sv[0]);
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_TOOK(start, 99, 150);
	later_join(&l);
}

TEST_F(data, recv_does_not_wait)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_ERR(EAGAIN, recv(sv[1], &octet, 1, MSG_DONTWAIT));
	nonblocking(sv[1], true);
	EXPECT_ERR(EAGAIN, recv(sv[1], &octet, 1, 0));
	EXPECT_ERR(EAGAIN, read(sv[1], &octet, 1));
}

TEST_F(data, recv_times_out)
{
	long start;
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(opt_timeout(sv[1], SO_RCVTIMEO, 300));
	start = now_ms();
	EXPECT_ERR(EAGAIN, recv(sv[1], &octet, 1, 0));
	EXPECT_TOOK(start, 299, 350);
}

TEST_F(data, recv_is_interrupted)
{
	struct later l;
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	later_signal(&l, 100, false);
	EXPECT_ERR(EINTR, recv(sv[1], &octet, 1, 0));
	later_join(&l);
	/* signal(7): with a timeout it does not restart */
	ASSERT_OK(opt_timeout(sv[1], SO_RCVTIMEO, 10000));
	later_signal(&l, 100, true);
	EXPECT_ERR(EINTR, recv(sv[1], &octet, 1, 0));
	later_join(&l);
}

TEST_F(data, recv_restarts)
{
	struct later l, m;
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	later_signal(&l, 100, true);
	later_start(&m, 200, act_send_one, sv[0]);
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	later_join(&l);
	later_join(&m);
}

TEST_F(data, send_waits_for_the_reader)
{
	struct mover m;
	int sv[2];

	ASSERT_OK(stream_small_pair(sv, 8192, 8192));
	mover_send(&m, sv[0], 500000, 1);
	sleep_ms(500);
	EXPECT_TRUE(recv_pattern(sv[1], 500000, 1, 0));
	EXPECT_TRUE(mover_join(&m));
}

TEST_F(data, send_does_not_wait)
{
	static uint8_t buf[4 << 20];
	ssize_t n;
	int sv[2];

	ASSERT_OK(stream_small_pair(sv, 8192, 8192));
	n = send(sv[0], buf, sizeof(buf), MSG_DONTWAIT);
	EXPECT_LT(0, n);
	EXPECT_GT(sizeof(buf), n);
	while (n > 0)
		n = send(sv[0], buf, sizeof(buf), MSG_DONTWAIT);
	EXPECT_ERR(EAGAIN, n);
}

/* Unsent text stays short of the mark, though the send buffer has room, and moves on */
TEST_F(data, notsent_lowat)
{
	long all;
	int sv[2];

	ASSERT_OK(stream_small_pair(sv, 1 << 20, 20000));
	ASSERT_OK(opt_set(sv[0], SOL_TCP, TCP_NOTSENT_LOWAT, 20000));
	EXPECT_EQ(20000, opt_get(sv[0], SOL_TCP, TCP_NOTSENT_LOWAT));
	nonblocking(sv[0], true);
	nonblocking(sv[1], true);
	all = fill(sv[0], 1);
	EXPECT_LT(20000, all);
	EXPECT_GT(200000, all);
	EXPECT_EQ(0, wait_events(sv[0], POLLOUT, 0));
	EXPECT_LT(0, drain(sv[1], 1, 0));
	EXPECT_EQ(POLLOUT, wait_events(sv[0], POLLOUT, 5000));
	stream_close_pair(sv);
}

TEST_F(data, send_times_out)
{
	static uint8_t buf[4 << 20];
	long start, n;
	int sv[2];

	ASSERT_OK(stream_small_pair(sv, 8192, 8192));
	ASSERT_OK(opt_timeout(sv[0], SO_SNDTIMEO, 300));
	start = now_ms();
	n = send(sv[0], buf, sizeof(buf), 0);
	EXPECT_LT(0, n);
	EXPECT_GT(sizeof(buf), n);
	EXPECT_TOOK(start, 299, 800);
	fill(sv[0], 0);
	start = now_ms();
	EXPECT_ERR(EAGAIN, send(sv[0], buf, sizeof(buf), 0));
	EXPECT_TOOK(start, 299, 500);
}

TEST_F(data, send_is_interrupted)
{
	static uint8_t buf[4 << 20];
	struct later l;
	long n;
	int sv[2];

	ASSERT_OK(stream_small_pair(sv, 8192, 8192));
	later_signal(&l, 300, false);
	n = send(sv[0], buf, sizeof(buf), 0);
	EXPECT_LT(0, n);
	EXPECT_GT(sizeof(buf), n);
	later_join(&l);
	fill(sv[0], 0);
	later_signal(&l, 300, false);
	EXPECT_ERR(EINTR, send(sv[0], buf, sizeof(buf), 0));
	later_join(&l);
}

static void act_send_four(int fd)
{
	for (int i = 0; i < 4; i++) {
		send(fd, "x", 1, MSG_NOSIGNAL);
		sleep_ms(20);
	}
}

TEST_F(data, rcvlowat)
{
	struct later l;
	char text[8] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(opt_set(sv[1], SOL_SOCKET, SO_RCVLOWAT, 4));
	EXPECT_EQ(4, opt_get(sv[1], SOL_SOCKET, SO_RCVLOWAT));
	EXPECT_EQ(3, send(sv[0], "abc", 3, 0));
	EXPECT_EQ(0, wait_events(sv[1], POLLIN, 50));
	later_start(&l, 100, act_send_one, sv[0]);
	EXPECT_EQ(POLLIN, wait_events(sv[1], POLLIN, 1000));
	later_join(&l);
	EXPECT_EQ(4, recv(sv[1], text, 8, 0));
	/* recv() itself waits for as many */
	later_start(&l, 50, act_send_four, sv[0]);
	EXPECT_EQ(4, recv(sv[1], text, 8, 0));
	later_join(&l);
	/* EOF is enough */
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	shutdown(sv[0], SHUT_WR);
	EXPECT_EQ(POLLIN, wait_events(sv[1], POLLIN, 1000));
	EXPECT_EQ(1, recv(sv[1], text, 8, 0));
}

/* Some are there when recv() begins. Linux's TCP sleeps on: it counts from what was read */
TEST_F(data, rcvlowat_in_two_parts)
{
	struct later l;
	char text[8] = "";
	int sv[2];

	if (!flavour.ltcp)
		SKIP(return, "Linux's TCP is not woken");
	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(opt_set(sv[1], SOL_SOCKET, SO_RCVLOWAT, 4));
	EXPECT_EQ(3, send(sv[0], "abc", 3, 0));
	later_start(&l, 100, act_send_one, sv[0]);
	EXPECT_EQ(4, recv(sv[1], text, 8, 0));
	later_join(&l);
}

/* --- queues ---------------------------------------------------------------- */

TEST_F(data, inq)
{
	char text[8];
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(0, readable(sv[1]));
	EXPECT_EQ(5, send(sv[0], "abcde", 5, 0));
	EXPECT_EQ(5, readable(sv[1]));
	EXPECT_EQ(2, recv(sv[1], text, 2, 0));
	EXPECT_EQ(3, readable(sv[1]));
	/* FIN is no octet */
	shutdown(sv[0], SHUT_WR);
	sleep_ms(10);
	EXPECT_EQ(3, readable(sv[1]));
	EXPECT_EQ(3, recv(sv[1], text, 3, 0));
	EXPECT_EQ(0, readable(sv[1]));
}

TEST_F(data, queues_of_a_listener)
{
	int fd = stream_listener(addr_loopback(0), 1), n;

	EXPECT_ERR(EINVAL, ioctl(fd, SIOCINQ, &n));
	EXPECT_ERR(EINVAL, ioctl(fd, SIOCOUTQ, &n));
	EXPECT_EQ(0, unacknowledged(stream_socket(0)));
	EXPECT_ERR(ENOTTY, ioctl(fd, 0x7777, &n));
}

TEST_F(data, outq)
{
	long sent, got;
	int sv[2];

	ASSERT_OK(stream_small_pair(sv, 16384, 8192));
	EXPECT_EQ(0, unacknowledged(sv[0]));
	sent = fill(sv[0], 1);
	ASSERT_LT(0, sent);
	/* What is not at the peer is here */
	sleep_ms(300);
	EXPECT_LE(sent, readable(sv[1]) + unacknowledged(sv[0]));
	EXPECT_LT(0, unacknowledged(sv[0]));
	for (got = 0; got < sent; sleep_ms(10)) {
		long n = drain(sv[1], 1, got);

		ASSERT_LE(0, n);
		got += n;
	}
	sleep_ms(1000);
	EXPECT_EQ(0, unacknowledged(sv[0]));
}

/* What is sent to one who does not read is bounded by the two buffers */
TEST_F(data, buffers_bound_memory)
{
	long sent, got = 0, end;
	uint32_t mem[SK_MEMINFO_VARS];
	socklen_t len = sizeof(mem);
	int sv[2];

	ASSERT_OK(stream_small_pair(sv, 20000, 20000));
	EXPECT_EQ(40000, opt_get(sv[0], SOL_SOCKET, SO_SNDBUF));
	EXPECT_EQ(40000, opt_get(sv[1], SOL_SOCKET, SO_RCVBUF));
	sent = fill(sv[0], 1);
	for (int i = 0; i < 20; i++) {
		long more;

		sleep_ms(200);
		more = fill(sv[0], 1);
		ASSERT_LE(0, more);
		/* fill() counts its pattern anew */
		if (more)
			break;
	}
	EXPECT_GE(80000, sent);
	EXPECT_GE(40000, readable(sv[1]));
	ASSERT_OK(getsockopt(sv[1], SOL_SOCKET, SO_MEMINFO, mem, &len));
	EXPECT_GE(60000, mem[SK_MEMINFO_RMEM_ALLOC]);
	len = sizeof(mem);
	ASSERT_OK(getsockopt(sv[0], SOL_SOCKET, SO_MEMINFO, mem, &len));
	EXPECT_GE(60000, mem[SK_MEMINFO_WMEM_QUEUED]);
	end = now_ms() + 20000;
	while (got < sent && now_ms() < end) {
		uint8_t buf[4096];
		long n = recv(sv[1], buf, sent - got < 4096 ? sent - got : 4096, 0);

		ASSERT_LT(0, n);
		ASSERT_EQ(-1, pattern_check(buf, n, 1, got));
		got += n;
	}
	EXPECT_EQ(sent, got);
}

/* Octets that come one by one cost far more than one octet each */
TEST_F(data, tiny_segments_bound_memory)
{
	uint32_t mem[SK_MEMINFO_VARS];
	socklen_t len = sizeof(mem);
	int sv[2], sent = 0;
	uint8_t octet;

	ASSERT_OK(stream_small_pair(sv, 100000, 20000));
	ASSERT_OK(opt_set(sv[0], SOL_TCP, TCP_NODELAY, 1));
	for (; sent < 3000; sent++) {
		octet = pattern_at(1, sent);
		if (send(sv[0], &octet, 1, MSG_DONTWAIT) < 0)
			break;
	}
	ASSERT_LT(0, sent);
	sleep_ms(100);
	ASSERT_OK(getsockopt(sv[1], SOL_SOCKET, SO_MEMINFO, mem, &len));
	EXPECT_GE(60000, mem[SK_MEMINFO_RMEM_ALLOC]);
	EXPECT_TRUE(recv_pattern(sv[1], sent, 1, 0));
	EXPECT_EQ(0, readable(sv[1]));
}

TEST_F(data, buffer_sizes)
{
	int fd = stream_socket(0);

	EXPECT_LE(4096, opt_get(fd, SOL_SOCKET, SO_SNDBUF));
	EXPECT_LE(4096, opt_get(fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_OK(opt_set(fd, SOL_SOCKET, SO_SNDBUF, 1));
	EXPECT_OK(opt_set(fd, SOL_SOCKET, SO_RCVBUF, 1));
	/* Not less than one skb */
	EXPECT_LE(2048, opt_get(fd, SOL_SOCKET, SO_SNDBUF));
	EXPECT_LE(2048, opt_get(fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_OK(opt_set(fd, SOL_SOCKET, SO_RCVBUF, INT_MAX));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(data, least_buffers_still_carry)
{
	struct mover m;
	int sv[2];

	ASSERT_OK(stream_small_pair(sv, 1, 1));
	mover_send(&m, sv[0], 50000, 1);
	EXPECT_TRUE(recv_pattern(sv[1], 50000, 1, 0));
	EXPECT_TRUE(mover_join(&m));
}

/* --- Nagle ----------------------------------------------------------------- */

/* Two namespaces and 50 ms each way: small writes, how many segments before an ACK? */
static int small_writes(struct __test_metadata *_metadata, bool nodelay)
{
	struct netem slow = { .delay_us = 50000 };
	struct netns_pair pair;
	int sv[2], listener, tap, largest;

	ASSERT_OK(netns_pair(&pair));
	ASSERT_OK(netem_set("eth0", &slow));
	netns_enter(pair.ns[1]);
	ASSERT_OK(netem_set("eth0", &slow));
	listener = stream_listener(addr_host(2, 4000), 1);
	ASSERT_OK(listener);
	netns_enter(pair.ns[0]);
	ASSERT_OK(stream_pair_at(sv, listener, addr_host(2, 4000)));
	opt_set(sv[0], SOL_TCP, TCP_NODELAY, nodelay);
	sleep_ms(200);
	tap = tap_open("eth0");
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(10, send(sv[0], "0123456789", 10, 0));
	return count_segments(tap, 80, &largest);
}

TEST_F(data, nagle_gathers_small_writes)
{
	/* The first at once; the others together when it is acknowledged */
	EXPECT_GE(2, small_writes(_metadata, false));
}

TEST_F(data, nodelay_sends_small_writes)
{
	EXPECT_EQ(5, small_writes(_metadata, true));
}

/* --- signals --------------------------------------------------------------- */

TEST_F(data, sigpipe)
{
	int sv[2], status;
	pid_t pid;

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_ERR(EPIPE, send(sv[0], "x", 1, MSG_NOSIGNAL));
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		send(sv[0], "x", 1, 0);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGPIPE, WTERMSIG(status));
	signal(SIGPIPE, SIG_IGN);
	EXPECT_ERR(EPIPE, write(sv[0], "x", 1));
}

/* --- many hands ------------------------------------------------------------ */

TEST_F(data, duplicate_descriptors)
{
	char octet;
	int sv[2], copy;

	ASSERT_OK(stream_pair(sv));
	copy = dup(sv[0]);
	close(sv[0]);
	EXPECT_ERR(EAGAIN, recv(sv[1], &octet, 1, MSG_DONTWAIT));
	EXPECT_EQ(1, send(copy, "x", 1, 0));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	close(copy);
	EXPECT_EQ(0, recv(sv[1], &octet, 1, 0));
}

TEST_F(data, forked_descriptors)
{
	char octet = 0;
	int sv[2];
	pid_t pid;

	ASSERT_OK(stream_pair(sv));
	pid = fork();
	if (!pid) {
		sleep_ms(100);
		_exit(send(sv[0], "y", 1, 0) != 1);
	}
	close(sv[0]);
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_EQ('y', octet);
	waitpid(pid, NULL, 0);
	/* The last of them is gone */
	EXPECT_EQ(0, recv(sv[1], &octet, 1, 0));
}

TEST_HARNESS_MAIN
