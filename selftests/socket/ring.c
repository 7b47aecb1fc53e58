// SPDX-License-Identifier: GPL-2.0
/* The sockets API by io_uring. */
#include "../kselftest_harness.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(ring);

#define ENTRIES	8

/**
 * struct ring - an io_uring, one request at a time
 * @fd: its descriptor
 * @sq: submission ring
 * @cq: completion ring
 * @sqes: requests
 * @p: where is what
 */
struct ring {
	int fd;
	char *sq;
	char *cq;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

static void *ring_map(const struct ring *r, size_t size, off_t what)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, what);
}

static int ring_open(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, ENTRIES, &r->p);
	if (r->fd < 0)
		return -1;
	r->sq = ring_map(r, r->p.sq_off.array + ENTRIES * sizeof(uint32_t), IORING_OFF_SQ_RING);
	r->cq = ring_map(r, r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe),
			 IORING_OFF_CQ_RING);
	r->sqes = ring_map(r, ENTRIES * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	return 0;
}

static uint32_t *ring_at(char *base, uint32_t offset)
{
	return (uint32_t *)(base + offset);
}

/* Ask for something, without waiting for it */
static int ring_submit(struct ring *r, const struct io_uring_sqe *sqe)
{
	uint32_t *tail = ring_at(r->sq, r->p.sq_off.tail);
	uint32_t at = *tail & *ring_at(r->sq, r->p.sq_off.ring_mask);

	r->sqes[at] = *sqe;
	ring_at(r->sq, r->p.sq_off.array)[at] = at;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0);
}

/* The next result, as the system call would have it */
static int ring_result(struct ring *r)
{
	uint32_t *head = ring_at(r->cq, r->p.cq_off.head);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes);
	int ret;

	if (*head == __atomic_load_n(ring_at(r->cq, r->p.cq_off.tail), __ATOMIC_ACQUIRE))
		syscall(SYS_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	ret = cqes[*head & *ring_at(r->cq, r->p.cq_off.ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static int ring_do(struct ring *r, struct io_uring_sqe sqe)
{
	if (ring_submit(r, &sqe) != 1)
		return -1;
	return ring_result(r);
}

#define RING_DO(r, ...) ring_do(r, (struct io_uring_sqe) { __VA_ARGS__ })

#define RING(r)								\
	do {								\
		if (ring_open(r))					\
			SKIP(return, "no io_uring");			\
	} while (0)

/* Opened, used and closed by requests alone; accept waits for the connection, recv for text */
TEST_F(ring, from_connect_to_close)
{
	int listener = stream_listener(addr_loopback(4000), 8), fd = stream_socket(0), server;
	union addr to = addr_loopback(4000);
	struct io_uring_sqe accepting = { .opcode = IORING_OP_ACCEPT, .fd = listener };
	struct ring r, other;
	char text[6] = "";

	RING(&r);
	RING(&other);
	ASSERT_EQ(1, ring_submit(&other, &accepting));
	ASSERT_OK(RING_DO(&r, .opcode = IORING_OP_CONNECT, .fd = fd, .addr = (uintptr_t)&to,
			  .off = addr_len()));
	server = ring_result(&other);
	ASSERT_OK(server);
	accepting = (struct io_uring_sqe) {
		.opcode = IORING_OP_RECV,
		.fd = server,
		.addr = (uintptr_t)text,
		.len = 5,
		.msg_flags = MSG_WAITALL,
	};
	ASSERT_EQ(1, ring_submit(&other, &accepting));
	EXPECT_EQ(5, RING_DO(&r, .opcode = IORING_OP_SEND, .fd = fd,
			     .addr = (uintptr_t)"hello", .len = 5));
	EXPECT_EQ(5, ring_result(&other));
	EXPECT_STREQ("hello", text);
	EXPECT_EQ(0, RING_DO(&r, .opcode = IORING_OP_SHUTDOWN, .fd = fd, .len = SHUT_WR));
	EXPECT_EQ(0, RING_DO(&r, .opcode = IORING_OP_RECV, .fd = server,
			     .addr = (uintptr_t)text, .len = 5));
	EXPECT_EQ(0, RING_DO(&r, .opcode = IORING_OP_CLOSE, .fd = fd));
}

TEST_F(ring, errors_are_those_of_the_calls)
{
	union addr to = addr_loopback(4000);
	int fd = stream_socket(0);
	struct ring r;
	char octet;

	RING(&r);
	EXPECT_ERR(ECONNREFUSED, RING_DO(&r, .opcode = IORING_OP_CONNECT, .fd = fd,
					 .addr = (uintptr_t)&to, .off = addr_len()));
	fd = stream_socket(0);
	EXPECT_ERR(ENOTCONN, RING_DO(&r, .opcode = IORING_OP_RECV, .fd = fd,
				     .addr = (uintptr_t)&octet, .len = 1));
	EXPECT_ERR(EPIPE, RING_DO(&r, .opcode = IORING_OP_SEND, .fd = fd,
				  .addr = (uintptr_t)"x", .len = 1, .msg_flags = MSG_NOSIGNAL));
}

/* --- memory that is lent ---------------------------------------------------------- */

/* The next result, if it is there: does it give back what a send has borrowed? */
static bool ring_returned(struct ring *r)
{
	uint32_t head = *ring_at(r->cq, r->p.cq_off.head);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes);

	syscall(SYS_io_uring_enter, r->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	return head != __atomic_load_n(ring_at(r->cq, r->p.cq_off.tail), __ATOMIC_ACQUIRE) &&
	       cqes[head & *ring_at(r->cq, r->p.cq_off.ring_mask)].flags & IORING_CQE_F_NOTIF;
}

static int ring_lend(struct ring *r, int fd, const void *text, size_t len)
{
	return RING_DO(r, .opcode = IORING_OP_SEND_ZC, .fd = fd, .addr = (uintptr_t)text,
		       .len = len, .msg_flags = MSG_WAITALL | MSG_NOSIGNAL);
}

/*
 * It comes back when it is acknowledged; until then what is sent is what is in it then. What
 * a peer on this host has received and not read yet is not the lender's memory.
 */
static void lent_until_acknowledged(struct __test_metadata *_metadata, const char *features)
{
	const struct netem hole = { .loss = 1000000 }, open = { .limit = 1000 };
	static char text[16384], got[16384];
	struct netns_pair net;
	struct ring r;
	int sv[2];

	RING(&r);
	ASSERT_OK(netns_pair(&net));
	ASSERT_OK(netns_features(&net, features));
	ASSERT_OK(stream_pair_across(&net, sv, 4000));
	ASSERT_OK(netem_set("eth0", &hole));
	memset(text, 'a', sizeof(text));
	ASSERT_EQ(sizeof(text), ring_lend(&r, sv[0], text, sizeof(text)));
	sleep_ms(100);
	EXPECT_FALSE(ring_returned(&r));
	memset(text, 'b', sizeof(text));
	ASSERT_OK(netem_set("eth0", &open));
	for (int i = 0; i < 100 && !ring_returned(&r); i++)
		sleep_ms(100);
	EXPECT_TRUE(ring_returned(&r));
	memset(text, 'c', sizeof(text));
	EXPECT_EQ(sizeof(got), recv_all(sv[1], got, sizeof(got)));
	memset(text, 'b', sizeof(text));
	EXPECT_EQ(0, memcmp(text, got, sizeof(got)));
}

TEST_F(ring, lent_until_acknowledged)
{
	lent_until_acknowledged(_metadata, "tx on tso on");
}

TEST_F(ring, lent_and_summed_by_us)
{
	lent_until_acknowledged(_metadata, "tx off");
}

TEST_F(ring, lent_and_merged)
{
	lent_until_acknowledged(_metadata, "tso off tx-sctp-segmentation off gro on");
}

/* The user writes to it as soon as he has it back; what was sent again was not changed by that */
TEST_F(ring, lent_through_loss)
{
	const struct netem loss = { .delay_us = 2000, .loss = 50000, .seed = 1 };
	static uint8_t text[60000];
	struct netns_pair net;
	struct mover m;
	struct ring r;
	int sv[2];

	RING(&r);
	ASSERT_OK(netns_pair(&net));
	ASSERT_OK(stream_pair_across(&net, sv, 4000));
	ASSERT_OK(netem_set("eth0", &loss));
	mover_recv(&m, sv[1], 20 * sizeof(text), 1);
	for (size_t at = 0; at < 20 * sizeof(text); at += sizeof(text)) {
		pattern_fill(text, sizeof(text), 1, at);
		ASSERT_EQ(sizeof(text), ring_lend(&r, sv[0], text, sizeof(text)));
		/* What gives it back is a result, too: 0 */
		ASSERT_EQ(0, ring_result(&r));
		memset(text, 0, sizeof(text));
	}
	EXPECT_TRUE(mover_join(&m));
}

/* Both ends can, and what is lent goes with what is not */
TEST_F(ring, lent_and_written)
{
	static uint8_t text[30000];
	size_t at = 0;
	struct mover m;
	struct ring r;
	int sv[2];

	RING(&r);
	ASSERT_OK(stream_pair(sv));
	mover_recv(&m, sv[0], 50 * sizeof(text), 1);
	for (int i = 0; i < 50; i++, at += sizeof(text)) {
		size_t part = 1 + i * 577 % sizeof(text);

		pattern_fill(text, sizeof(text), 1, at);
		ASSERT_EQ(part, ring_lend(&r, sv[1], text, part));
		ASSERT_EQ(sizeof(text) - part, send_all(sv[1], text + part, sizeof(text) - part));
		ASSERT_EQ(0, ring_result(&r));
	}
	EXPECT_TRUE(mover_join(&m));
}

TEST_F(ring, lends_what_is_not_there)
{
	struct ring r;
	int sv[2];

	RING(&r);
	ASSERT_OK(stream_pair(sv));
	EXPECT_ERR(EFAULT, ring_lend(&r, sv[0], (void *)4096, 10000));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(1, recv(sv[1], &(char){ 0 }, 1, 0));
}

TEST_HARNESS_MAIN
