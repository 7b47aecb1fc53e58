// SPDX-License-Identifier: GPL-2.0
/* Timestamps of what was received and sent: SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMPING. */
#include "../kselftest_harness.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <time.h>

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(stamps);

#define SOON	10	/* ms: what loopback has done by then is done */
#define BEGIN	200	/* ms: the kernel begins to stamp a little later than it is asked to */

/* What a recvmsg() has said besides text */
struct told {
	int level;
	int type;
	struct timespec ts[3];
	struct sock_extended_err err;
};

/* Receive up to 64 octets, and what is told with them */
static int recv_told(int fd, int flags, struct told *told)
{
	union {
		char room[512];
		struct cmsghdr align;
	} control;
	char text[64];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *cmsg;
	int ret;

	memset(told, 0, sizeof(*told));
	ret = recvmsg(fd, &msg, flags);
	if (ret < 0)
		return ret;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if ((cmsg->cmsg_level == SOL_IP && cmsg->cmsg_type == IP_RECVERR) ||
		    (cmsg->cmsg_level == SOL_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)) {
			memcpy(&told->err, CMSG_DATA(cmsg), sizeof(told->err));
			continue;
		}
		told->level = cmsg->cmsg_level;
		told->type = cmsg->cmsg_type;
		memcpy(told->ts, CMSG_DATA(cmsg),
		       cmsg->cmsg_len - CMSG_LEN(0) < sizeof(told->ts) ?
		       cmsg->cmsg_len - CMSG_LEN(0) : sizeof(told->ts));
	}
	return ret;
}

/* Seconds that a stamp is from now */
static long age(const struct timespec *ts)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - ts->tv_sec;
}

#define EXPECT_RECENT(ts)						\
	do {								\
		EXPECT_LE(0, age(ts));					\
		EXPECT_GE(20, age(ts));					\
	} while (0)

TEST_F(stamps, when_text_came)
{
	static const struct {
		int name;
		int val;
		int type;
	} cases[] = {
		{ SO_TIMESTAMP, 1, SO_TIMESTAMP },
		{ SO_TIMESTAMPNS, 1, SO_TIMESTAMPNS },
		{ SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
		  SO_TIMESTAMPING },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct told told;
		int sv[2];

		ASSERT_OK(stream_pair(sv));
		EXPECT_EQ(1, send(sv[0], "x", 1, 0));
		EXPECT_EQ(1, recv_told(sv[1], 0, &told));
		EXPECT_EQ(0, told.type);
		ASSERT_OK(opt_set(sv[1], SOL_SOCKET, cases[i].name, cases[i].val));
		sleep_ms(BEGIN);
		EXPECT_EQ(1, send(sv[0], "x", 1, 0));
		EXPECT_EQ(1, recv_told(sv[1], 0, &told));
		EXPECT_EQ(SOL_SOCKET, told.level);
		EXPECT_EQ(cases[i].type, told.type);
		EXPECT_RECENT(&told.ts[0]);
		stream_close_pair(sv);
	}
}

/* Of what is read at once, the last packet's; peeking tells, too */
TEST_F(stamps, of_the_last_packet)
{
	struct told peeked, told;
	struct timespec between;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(opt_set(sv[0], SOL_TCP, TCP_NODELAY, 1));
	ASSERT_OK(opt_set(sv[1], SOL_SOCKET, SO_TIMESTAMPNS, 1));
	sleep_ms(BEGIN);
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	sleep_ms(SOON);
	clock_gettime(CLOCK_REALTIME, &between);
	EXPECT_EQ(1, send(sv[0], "y", 1, 0));
	sleep_ms(SOON);
	EXPECT_EQ(2, recv_told(sv[1], MSG_PEEK, &peeked));
	EXPECT_EQ(2, recv_told(sv[1], 0, &told));
	EXPECT_EQ(peeked.ts[0].tv_nsec, told.ts[0].tv_nsec);
	EXPECT_LE(between.tv_sec * 1000000000ll + between.tv_nsec,
		  told.ts[0].tv_sec * 1000000000ll + told.ts[0].tv_nsec);
}

/* Wait for a stamp in the error queue */
static int next_stamp(int fd, struct told *told)
{
	wait_events(fd, 0, 1000);
	return recv_told(fd, MSG_ERRQUEUE, told);
}

/* When text was handed to the queue, to the device, and acknowledged; by its last octet */
TEST_F(stamps, when_text_went)
{
	int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
		SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_TX_SCHED |
		SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_ACK;
	struct told told;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(5, send(sv[0], "12345", 5, 0));
	sleep_ms(100);		/* until it is acknowledged */
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_TIMESTAMPING, flags));
	for (int call = 0; call < 2; call++) {
		int seen[3] = {};

		EXPECT_EQ(10, send(sv[0], "1234567890", 10, 0));
		for (int i = 0; i < 3; i++) {
			ASSERT_LE(0, next_stamp(sv[0], &told));
			EXPECT_EQ(SOL_SOCKET, told.level);
			EXPECT_EQ(SO_TIMESTAMPING, told.type);
			EXPECT_RECENT(&told.ts[0]);
			EXPECT_EQ(SO_EE_ORIGIN_TIMESTAMPING, told.err.ee_origin);
			EXPECT_EQ(ENOMSG, told.err.ee_errno);
			/* Octets count from where the option was set */
			EXPECT_EQ(10 * (call + 1) - 1, told.err.ee_data);
			ASSERT_GE(SCM_TSTAMP_ACK, told.err.ee_info);
			seen[told.err.ee_info]++;
		}
		EXPECT_EQ(1, seen[SCM_TSTAMP_SND]);
		EXPECT_EQ(1, seen[SCM_TSTAMP_SCHED]);
		EXPECT_EQ(1, seen[SCM_TSTAMP_ACK]);
	}
	EXPECT_ERR(EAGAIN, recv_told(sv[0], MSG_ERRQUEUE | MSG_DONTWAIT, &told));
}

/* A large write is stamped once, by its last octet, when all of it is acknowledged */
TEST_F(stamps, of_a_large_write)
{
	static char text[300000];
	struct mover m;
	struct told told;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_TIMESTAMPING,
			  SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
			  SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_TX_ACK));
	pattern_fill(text, sizeof(text), 1, 0);
	mover_recv(&m, sv[1], sizeof(text), 1);
	EXPECT_EQ(sizeof(text), send_all(sv[0], text, sizeof(text)));
	EXPECT_TRUE(mover_join(&m));
	ASSERT_LE(0, next_stamp(sv[0], &told));
	EXPECT_EQ(sizeof(text) - 1, told.err.ee_data);
	EXPECT_EQ(SCM_TSTAMP_ACK, told.err.ee_info);
}

/* What to ask for to be told of the last octet of each call when it has arrived */
#define ARRIVED	(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |		\
		 SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_TX_ACK)

/* The number of a stamp that is ten octets' */
static int number_of_ten(int fd)
{
	struct told told;

	if (send(fd, "1234567890", 10, 0) != 10 || next_stamp(fd, &told) < 0)
		return -1;
	return told.err.ee_data;
}

/* Octets count anew with each connection; with Linux's TCP when the option is set anew */
TEST_F(stamps, of_another_connection)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	int fd, peer;

	ASSERT_OK(stream_listener(addr_loopback(4000), 2));
	fd = stream_connected(addr_loopback(4000));
	ASSERT_OK(opt_set(fd, SOL_SOCKET, SO_TIMESTAMPING, ARRIVED));
	EXPECT_EQ(9, number_of_ten(fd));
	EXPECT_EQ(19, number_of_ten(fd));
	ASSERT_OK(connect(fd, &unspec, sizeof(unspec)));
	ASSERT_OK(stream_connect(fd, addr_loopback(4000)));
	if (!flavour.ltcp) {
		EXPECT_NE(9, number_of_ten(fd));
		ASSERT_OK(opt_set(fd, SOL_SOCKET, SO_TIMESTAMPING, 0));
		ASSERT_OK(opt_set(fd, SOL_SOCKET, SO_TIMESTAMPING, ARRIVED));
	}
	EXPECT_EQ(9, number_of_ten(fd));
	if (!flavour.ltcp)
		return;
	/* ... and with each one that is accepted */
	ASSERT_OK(connect(fd, &unspec, sizeof(unspec)));
	ASSERT_OK(stream_bind(fd, addr_loopback(4001)));
	ASSERT_OK(listen(fd, 1));
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(stream_connected(addr_loopback(4001)));
		peer = stream_accept(fd);
		ASSERT_OK(peer);
		EXPECT_EQ(9, number_of_ten(peer));
		EXPECT_EQ(19, number_of_ten(peer));
	}
}

/* Text that goes with the SYN counts, too */
TEST_F(stamps, of_fast_open)
{
	int listener = stream_listener(addr_loopback(4000), 2), fd;
	union addr to = addr_loopback(4000);
	struct told told;
	int n;

	if (!flavour.ltcp)
		SKIP(return, "a socket that is not connected cannot have numbers");
	ASSERT_OK(sysctl_set("fastopen", "3"));
	ASSERT_OK(opt_set(listener, SOL_TCP, TCP_FASTOPEN, 5));
	/* The first brings the cookie */
	for (int i = 0; i < 2; i++) {
		fd = stream_socket(0);
		ASSERT_OK(opt_set(fd, SOL_SOCKET, SO_TIMESTAMPING, ARRIVED));
		EXPECT_EQ(5, sendto(fd, "hello", 5, MSG_FASTOPEN, &to.sa, addr_len()));
		for (n = 0; next_stamp(fd, &told) >= 0; n++)
			EXPECT_EQ(4, told.err.ee_data);
		/* What goes with the SYN has gone when it could be stamped, as with Linux's */
		EXPECT_EQ(i ? 0 : 1, !!n);
		EXPECT_EQ(14, number_of_ten(fd));
		close(fd);
	}
}

/* A control message asks for the stamps of one call */
TEST_F(stamps, of_one_call)
{
	char control[CMSG_SPACE(sizeof(uint32_t))] = {};
	struct iovec iov = { "abc", 3 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	uint32_t flags = SOF_TIMESTAMPING_TX_SOFTWARE;
	struct told told;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_TIMESTAMPING,
			  SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SO_TIMESTAMPING;
	cmsg->cmsg_len = CMSG_LEN(sizeof(flags));
	memcpy(CMSG_DATA(cmsg), &flags, sizeof(flags));
	EXPECT_EQ(3, send(sv[0], "xyz", 3, 0));
	sleep_ms(SOON);
	EXPECT_ERR(EAGAIN, recv_told(sv[0], MSG_ERRQUEUE | MSG_DONTWAIT, &told));
	EXPECT_EQ(3, sendmsg(sv[0], &msg, 0));
	ASSERT_LE(0, next_stamp(sv[0], &told));
	EXPECT_EQ(SCM_TSTAMP_SND, told.err.ee_info);
	cmsg->cmsg_type = 99;
	EXPECT_ERR(EINVAL, sendmsg(sv[0], &msg, 0));
}

TEST_HARNESS_MAIN
