// SPDX-License-Identifier: GPL-2.0
/* The sockets API by io_uring. */
#include "../kselftest_harness.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

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

/* What protocols must grant, and the kernel has only its own ask for */
TEST_F(ring, no_sending_without_a_copy)
{
	struct ring r;
	int sv[2];

	if (!flavour.ltcp)
		SKIP(return, "TCP has it");
	RING(&r);
	ASSERT_OK(stream_pair(sv));
	EXPECT_ERR(EOPNOTSUPP, RING_DO(&r, .opcode = IORING_OP_SEND_ZC, .fd = sv[0],
				       .addr = (uintptr_t)"x", .len = 1));
}

TEST_HARNESS_MAIN
