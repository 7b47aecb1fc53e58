// SPDX-License-Identifier: GPL-2.0
/*
 * sendfile() and splice(), into a connection and out of one: pages go as they
 * are. That none is copied shows when its owner writes to it afterwards: what
 * is not read yet changes, too.
 */
#include "../kselftest_harness.h"

#include <limits.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "netns.h"
#include "stream.h"

#define PORT	4000
#define PAGE	4096
#define LEN	(1 << 20)
#define MUCH	(4 << 20)	/* so many packets that some are lost */

STREAM_FIXTURE(splice);

/* A file in memory: @len octets of the pattern, or, with @octet, of that one */
static int file_new(size_t len, uint32_t seed, int octet)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	uint8_t *text = fd < 0 || ftruncate(fd, len) ? MAP_FAILED :
			mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (text == MAP_FAILED)
		return -1;
	if (octet)
		memset(text, octet, len);
	else
		pattern_fill(text, len, seed, 0);
	munmap(text, len);
	return fd;
}

/* Its owner fills it with something else */
static int file_overwrite(int fd, size_t len, int octet)
{
	char text[PAGE];

	memset(text, octet, sizeof(text));
	for (size_t at = 0; at < len; at += sizeof(text))
		if (pwrite(fd, text, sizeof(text), at) != sizeof(text))
			return -1;
	return 0;
}

static bool all_are(const char *text, size_t len, char octet)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != octet)
			return false;
	return true;
}

static int readable(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

/* All of a file, or -1 */
static long send_file(int fd, int file, off_t from, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = sendfile(fd, file, &from, len - done);

		if (n <= 0)
			return n;
		done += n;
	}
	return done;
}

/* --- into a connection --------------------------------------------------------- */

static const struct { off_t from; size_t len; } pieces[] = {
	{ 0, 1 }, { 0, 100 }, { 5, 1000 }, { 0, PAGE }, { 1, PAGE }, { PAGE - 1, 2 },
	{ 3, 65536 }, { 100, 300001 }, { 0, LEN },
};

TEST_F(splice, any_piece_of_a_file)
{
	int file = file_new(LEN, 1, 0), sv[2];

	ASSERT_LE(0, file);
	ASSERT_OK(stream_pair(sv));
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		struct mover m = { .fd = sv[1] };
		uint8_t *text = malloc(pieces[i].len);
		pid_t child = fork();

		if (!child)
			_exit(send_file(sv[0], file, pieces[i].from, pieces[i].len) !=
			      (long)pieces[i].len);
		EXPECT_EQ(pieces[i].len, recv_all(m.fd, text, pieces[i].len));
		EXPECT_EQ(-1, pattern_check(text, pieces[i].len, 1, pieces[i].from));
		free(text);
	}
	EXPECT_EQ(0, readable(sv[1]));
}

/* What is written and what is spliced keep their order, in one segment or in several */
TEST_F(splice, mixed_with_writes)
{
	int file = file_new(LEN, 1, 0), sv[2];
	uint8_t text[400];
	size_t at = 0;

	ASSERT_LE(0, file);
	ASSERT_OK(stream_pair(sv));
	for (int i = 0; i < 100; i++) {
		size_t n = 1 + i * 37 % 400;

		pattern_fill(text, n, 1, at);
		ASSERT_EQ(n, send(sv[0], text, n, i % 3 ? MSG_MORE : 0));
		at += n;
		n = 1 + i * 91 % 500;
		ASSERT_EQ(n, send_file(sv[0], file, at, n));
		at += n;
	}
	EXPECT_TRUE(recv_pattern(sv[1], at, 1, 0));
}

TEST_F(splice, a_page_is_not_copied)
{
	int file = file_new(4 * PAGE, 0, 'a'), sv[2];
	char text[4 * PAGE];

	ASSERT_LE(0, file);
	ASSERT_OK(stream_pair(sv));
	ASSERT_EQ(sizeof(text), send_file(sv[0], file, 0, sizeof(text)));
	sleep_ms(50);
	EXPECT_EQ(sizeof(text), readable(sv[1]));
	ASSERT_OK(file_overwrite(file, sizeof(text), 'b'));
	EXPECT_EQ(sizeof(text), recv_all(sv[1], text, sizeof(text)));
	EXPECT_TRUE(all_are(text, sizeof(text), 'b'));
}

static int counter(const char *name)
{
	return flavour.ltcp ? stream_counter(name) : 0;
}

/* Across a link that leaves checksums to us, or not */
static int pair_across(struct netns_pair *net, int sv[2], const char *features)
{
	if (netns_pair(net) || netns_features(net, features))
		return -1;
	return stream_pair_across(net, sv, PORT);
}

/* The sum that we compute is of what leaves, whatever becomes of the page */
static void summed_by_us(struct __test_metadata *_metadata, size_t len)
{
	int file = file_new(4 * PAGE, 0, 'a'), sv[2];
	struct netns_pair net;
	char text[4 * PAGE];

	ASSERT_LE(0, file);
	ASSERT_OK(pair_across(&net, sv, "tx off"));
	ASSERT_EQ(len, send_file(sv[0], file, 0, len));
	sleep_ms(50);
	ASSERT_OK(file_overwrite(file, sizeof(text), 'b'));
	EXPECT_EQ(len, recv_all(sv[1], text, len));
	EXPECT_TRUE(all_are(text, len, 'a'));
	netns_enter(net.ns[1]);
	EXPECT_EQ(0, counter("InCsumErrors"));
}

TEST_F(splice, a_segment_that_we_sum_does_not_change)
{
	summed_by_us(_metadata, 1200);
}

TEST_F(splice, what_we_sum_does_not_change)
{
	summed_by_us(_metadata, 4 * PAGE);
}

/* A page that changes before it is sent again goes as it is then, with a sum that fits */
static void sent_again(struct __test_metadata *_metadata, const char *features)
{
	const struct netem hole = { .loss = 1000000 }, open = { .limit = 1000 };
	int file = file_new(4 * PAGE, 0, 'a'), sv[2];
	struct netns_pair net;
	char text[4 * PAGE];

	ASSERT_LE(0, file);
	ASSERT_OK(pair_across(&net, sv, features));
	ASSERT_OK(netem_set("eth0", &hole));
	ASSERT_EQ(sizeof(text), send_file(sv[0], file, 0, sizeof(text)));
	sleep_ms(50);
	ASSERT_OK(file_overwrite(file, sizeof(text), 'b'));
	ASSERT_OK(netem_set("eth0", &open));
	EXPECT_EQ(sizeof(text), recv_all(sv[1], text, sizeof(text)));
	EXPECT_TRUE(all_are(text, sizeof(text), 'b'));
	netns_enter(net.ns[1]);
	EXPECT_EQ(0, counter("InCsumErrors"));
}

TEST_F(splice, sent_again)
{
	sent_again(_metadata, "tx on");
}

TEST_F(splice, sent_again_summed_by_us)
{
	sent_again(_metadata, "tx off");
}

/* Parts of pages go again, sliced and put together anew, while their owner writes */
static void through_loss(struct __test_metadata *_metadata, const char *features)
{
	const struct netem loss = { .delay_us = 2000, .loss = 100000, .seed = 1 };
	int file = file_new(MUCH, 1, 0), sv[2];
	struct netns_pair net;
	pid_t child;

	ASSERT_LE(0, file);
	ASSERT_OK(pair_across(&net, sv, features));
	ASSERT_OK(netem_set("eth0", &loss));
	child = fork();
	if (!child)
		_exit(send_file(sv[0], file, 0, MUCH) != MUCH);
	EXPECT_TRUE(recv_pattern(sv[1], MUCH, 1, 0));
	netns_enter(net.ns[1]);
	EXPECT_EQ(0, counter("InCsumErrors"));
	if (flavour.ltcp) {
		netns_enter(net.ns[0]);
		EXPECT_LT(0, counter("RetransSegs"));
	}
}

TEST_F(splice, through_loss)
{
	through_loss(_metadata, "tx on");
}

TEST_F(splice, through_loss_summed_by_us)
{
	through_loss(_metadata, "tx off");
}

/* Writers that do not stop: what arrives is some state of each octet, and all of it arrives */
TEST_F(splice, owner_goes_on_writing)
{
	const struct netem loss = { .delay_us = 2000, .loss = 50000, .seed = 1 };
	int file = file_new(LEN, 0, 'a'), sv[2];
	static char text[LEN];
	struct netns_pair net;
	bool known = true;
	pid_t child;

	ASSERT_LE(0, file);
	ASSERT_OK(pair_across(&net, sv, "tx off"));
	ASSERT_OK(netem_set("eth0", &loss));
	child = fork();
	if (!child)
		_exit(send_file(sv[0], file, 0, LEN) != LEN);
	for (size_t at = 0; at < LEN; at += LEN / 16) {
		ASSERT_EQ(LEN / 16, recv_all(sv[1], text + at, LEN / 16));
		ASSERT_OK(file_overwrite(file, LEN, 'b' + at / (LEN / 16) % 2));
	}
	for (size_t i = 0; i < LEN; i++)
		known &= text[i] >= 'a' && text[i] <= 'c';
	EXPECT_TRUE(known);
	netns_enter(net.ns[1]);
	EXPECT_EQ(0, counter("InCsumErrors"));
}

TEST_F(splice, more_holds_a_segment)
{
	int fds[2], sv[2];
	char text[20];

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(pipe(fds));
	ASSERT_OK(opt_set(sv[0], SOL_TCP, TCP_NODELAY, 1));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(10, write(fds[1], "0123456789", 10));
		ASSERT_EQ(10, splice(fds[0], NULL, sv[0], NULL, 10, i ? 0 : SPLICE_F_MORE));
		sleep_ms(20);
		EXPECT_EQ(i ? 20 : 0, readable(sv[1]));
	}
	EXPECT_EQ(20, recv_all(sv[1], text, 20));
}

/* The file is shorter than sendfile() was told: nothing waits for what does not come */
TEST_F(splice, end_of_a_file)
{
	int file = file_new(1000, 1, 0), sv[2];
	long start;

	ASSERT_OK(stream_pair(sv));
	start = now_ms();
	EXPECT_EQ(1000, sendfile(sv[0], file, &(off_t){ 0 }, PAGE));
	EXPECT_TRUE(recv_pattern(sv[1], 1000, 1, 0));
	EXPECT_TOOK(start, 0, 20);
}

TEST_F(splice, does_not_wait)
{
	int file = file_new(LEN, 1, 0), sv[2];
	uint32_t mem[SK_MEMINFO_VARS];
	socklen_t len = sizeof(mem);
	off_t at = 0;

	ASSERT_OK(stream_small_pair(sv, 20000, 20000));
	nonblocking(sv[0], true);
	while (sendfile(sv[0], file, &at, LEN) > 0)
		;
	EXPECT_EQ(EAGAIN, errno);
	/* What it holds is bounded by the buffers, and counted */
	EXPECT_LT(20000, at);
	EXPECT_GT(120000, at);
	ASSERT_OK(getsockopt(sv[0], SOL_SOCKET, SO_MEMINFO, mem, &len));
	EXPECT_LE(at - readable(sv[1]), mem[SK_MEMINFO_WMEM_QUEUED]);
	EXPECT_GE(60000, mem[SK_MEMINFO_WMEM_QUEUED]);
	EXPECT_TRUE(recv_pattern(sv[1], at, 1, 0));
}

TEST_F(splice, into_what_is_closed)
{
	int file = file_new(PAGE, 1, 0), sv[2];

	signal(SIGPIPE, SIG_IGN);
	EXPECT_ERR(EPIPE, sendfile(stream_socket(0), file, &(off_t){ 0 }, PAGE));
	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_ERR(EPIPE, sendfile(sv[0], file, &(off_t){ 0 }, PAGE));
	EXPECT_EQ(0, readable(sv[1]));
}

/* --- out of a connection ---------------------------------------------------------- */

/* Nor is it copied on its way out: from the file to the far end's pipe it is one page */
TEST_F(splice, a_page_goes_through_a_connection)
{
	int file = file_new(4 * PAGE, 0, 'a'), fds[2], sv[2], got = 0, n;
	char text[4 * PAGE];

	ASSERT_LE(0, file);
	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(pipe(fds));
	ASSERT_EQ(sizeof(text), send_file(sv[0], file, 0, sizeof(text)));
	for (; got < (int)sizeof(text); got += n) {
		n = splice(sv[1], NULL, fds[1], NULL, sizeof(text) - got, 0);
		ASSERT_LT(0, n);
	}
	ASSERT_OK(file_overwrite(file, sizeof(text), 'b'));
	EXPECT_EQ(sizeof(text), read(fds[0], text, sizeof(text)));
	EXPECT_TRUE(all_are(text, sizeof(text), 'b'));
}

/* What has gone to the pipe stays, though the connection goes */
TEST_F(splice, a_pipe_keeps_what_it_has)
{
	int fds[2], sv[2];
	uint8_t text[1000];

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(pipe(fds));
	ASSERT_TRUE(send_pattern(sv[0], 1000, 1, 0));
	ASSERT_EQ(1000, splice(sv[1], NULL, fds[1], NULL, LEN, 0));
	EXPECT_EQ(0, readable(sv[1]));
	stream_reset(sv[1]);
	stream_reset(sv[0]);
	EXPECT_EQ(1000, read(fds[0], text, sizeof(text)));
	EXPECT_EQ(-1, pattern_check(text, 1000, 1, 0));
}

/* As much as the pipe has room for, and the rest later; nothing is lost between */
TEST_F(splice, a_pipe_that_is_full)
{
	int fds[2], sv[2], moved = 0, n;
	static uint8_t text[LEN];
	struct mover m;

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(pipe(fds));
	nonblocking(sv[1], true);
	mover_send(&m, sv[0], LEN, 1);
	while (moved < LEN) {
		ASSERT_EQ(POLLIN, wait_events(sv[1], POLLIN, 10000));
		/* What it has no room for must not be taken */
		while (splice(sv[1], NULL, fds[1], NULL, LEN, SPLICE_F_NONBLOCK) > 0)
			;
		ASSERT_EQ(EAGAIN, errno);
		n = readable(fds[0]);
		ASSERT_LT(0, n);
		ASSERT_EQ(n, read(fds[0], text, n));
		ASSERT_EQ(-1, pattern_check(text, n, 1, moved));
		moved += n;
	}
	EXPECT_TRUE(mover_join(&m));
}

static void act_send_ten(int fd)
{
	send(fd, "0123456789", 10, MSG_NOSIGNAL);
}

TEST_F(splice, waits_for_text)
{
	int fds[2], sv[2];
	struct later l;
	long start;

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(pipe(fds));
	start = now_ms();
	later_start(&l, 100, act_send_ten, sv[0]);
	EXPECT_EQ(10, splice(sv[1], NULL, fds[1], NULL, LEN, 0));
	EXPECT_TOOK(start, 99, 150);
	later_join(&l);
	nonblocking(sv[1], true);
	EXPECT_ERR(EAGAIN, splice(sv[1], NULL, fds[1], NULL, LEN, 0));
	nonblocking(sv[1], false);
	ASSERT_OK(opt_timeout(sv[1], SO_RCVTIMEO, 100));
	EXPECT_ERR(EAGAIN, splice(sv[1], NULL, fds[1], NULL, LEN, 0));
	later_signal(&l, 50, false);
	EXPECT_ERR(EINTR, splice(sv[1], NULL, fds[1], NULL, LEN, 0));
	later_join(&l);
}

TEST_F(splice, out_of_what_is_closed)
{
	int fds[2], sv[2];

	ASSERT_OK(pipe(fds));
	EXPECT_ERR(ENOTCONN, splice(stream_socket(0), NULL, fds[1], NULL, 10, 0));
	EXPECT_ERR(ENOTCONN, splice(stream_listener(addr_loopback(0), 1), NULL, fds[1], NULL,
				    10, 0));
	ASSERT_OK(stream_pair(sv));
	ASSERT_EQ(3, send(sv[0], "abc", 3, 0));
	ASSERT_OK(shutdown(sv[0], SHUT_WR));
	EXPECT_EQ(3, splice(sv[1], NULL, fds[1], NULL, 10, 0));
	EXPECT_EQ(0, splice(sv[1], NULL, fds[1], NULL, 10, 0));
	ASSERT_OK(stream_pair(sv));
	stream_reset(sv[0]);
	sleep_ms(50);
	EXPECT_ERR(ECONNRESET, splice(sv[1], NULL, fds[1], NULL, 10, 0));
}

/* RFC 9293 section 3.8.5: reading ends at the mark, and the octet is not among the rest */
TEST_F(splice, urgent_mark)
{
	char text[8] = "";
	int fds[2], sv[2];

	if (!flavour.ltcp)
		SKIP(return, "Linux's TCP splices nothing at the mark, as if it were the end");
	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(pipe(fds));
	ASSERT_EQ(3, send(sv[0], "abU", 3, MSG_OOB));
	ASSERT_EQ(2, send(sv[0], "cd", 2, 0));
	sleep_ms(50);
	EXPECT_EQ(2, splice(sv[1], NULL, fds[1], NULL, 10, 0));
	EXPECT_EQ(1, recv(sv[1], text, 1, MSG_OOB));
	EXPECT_STREQ("U", text);
	EXPECT_EQ(2, splice(sv[1], NULL, fds[1], NULL, 10, 0));
	EXPECT_EQ(4, read(fds[0], text, 8));
	EXPECT_STREQ("abcd", text);
}

/* --- a proxy ------------------------------------------------------------------------- */

/* From one connection to another through a pipe, in pieces of any size */
static void *proxy(void *arg)
{
	int *fd = arg, fds[2], n, out;
	unsigned int random = 1;

	if (pipe(fds))
		return NULL;
	while ((n = splice(fd[0], NULL, fds[1], NULL, 1 + rand_r(&random) % 100000, 0)) > 0)
		for (; n > 0; n -= out) {
			out = splice(fds[0], NULL, fd[1], NULL, n, random % 2 ? SPLICE_F_MORE : 0);
			if (out <= 0)
				return NULL;
		}
	shutdown(fd[1], SHUT_WR);
	close(fds[0]);
	close(fds[1]);
	return NULL;
}

TEST_F(splice, proxy)
{
	int left[2], right[2], ways[2][2];
	struct mover out[2], in[2];
	pthread_t thread[2];

	ASSERT_OK(stream_pair(left));
	ASSERT_OK(stream_pair(right));
	memcpy(ways, (int [2][2]) { { left[1], right[0] }, { right[0], left[1] } }, sizeof(ways));
	for (int i = 0; i < 2; i++) {
		pthread_create(&thread[i], NULL, proxy, ways[i]);
		mover_send(&out[i], i ? right[1] : left[0], 2 * LEN, i);
		mover_recv(&in[i], i ? left[0] : right[1], 2 * LEN, i);
	}
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(mover_join(&out[i]));
		EXPECT_TRUE(mover_join(&in[i]));
		shutdown(i ? right[1] : left[0], SHUT_WR);
		pthread_join(thread[i], NULL);
	}
}

TEST_HARNESS_MAIN
