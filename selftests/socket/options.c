// SPDX-License-Identifier: GPL-2.0
/* getsockopt() and setsockopt(): what can be set, what it answers, and what it does. */
#include "../kselftest_harness.h"

#include <linux/filter.h>
#include <netinet/ip.h>

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(options);

#define SOON	10	/* ms: what loopback has done by then is done */

/* --- values ---------------------------------------------------------------------- */

TEST_F(options, defaults)
{
	int fd = stream_socket(0);
	struct linger linger = {};
	socklen_t len = sizeof(linger);

	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_REUSEADDR));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_OOBINLINE));
	EXPECT_EQ(1, opt_get(fd, SOL_SOCKET, SO_RCVLOWAT));
	EXPECT_EQ(0, opt_get(fd, SOL_TCP, TCP_NODELAY));
	EXPECT_EQ(0, opt_get(fd, SOL_TCP, TCP_CORK));
	EXPECT_EQ(536, opt_get(fd, SOL_TCP, TCP_MAXSEG));
	EXPECT_EQ(7200, opt_get(fd, SOL_TCP, TCP_KEEPIDLE));
	EXPECT_EQ(75, opt_get(fd, SOL_TCP, TCP_KEEPINTVL));
	EXPECT_EQ(9, opt_get(fd, SOL_TCP, TCP_KEEPCNT));
	EXPECT_EQ(0, opt_get(fd, SOL_TCP, TCP_USER_TIMEOUT));
	EXPECT_OK(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len));
	EXPECT_EQ(0, linger.l_onoff);
}

TEST_F(options, what_was_set_can_be_read)
{
	const struct {
		int level;
		int name;
		int val;
	} cases[] = {
		{ SOL_SOCKET, SO_REUSEADDR, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ SOL_SOCKET, SO_OOBINLINE, 1 },
		{ SOL_SOCKET, SO_RCVLOWAT, 17 },
		{ SOL_SOCKET, SO_PRIORITY, 3 },
		{ SOL_SOCKET, SO_MARK, 7 },
		{ SOL_TCP, TCP_NODELAY, 1 },
		{ SOL_TCP, TCP_NODELAY, 0 },
		{ SOL_TCP, TCP_CORK, 1 },
		{ SOL_TCP, TCP_CORK, 0 },
		{ SOL_TCP, TCP_KEEPIDLE, 11 },
		{ SOL_TCP, TCP_KEEPINTVL, 12 },
		{ SOL_TCP, TCP_KEEPCNT, 13 },
		{ SOL_TCP, TCP_SYNCNT, 4 },
		{ SOL_TCP, TCP_LINGER2, 14 },
		{ SOL_TCP, TCP_USER_TIMEOUT, 15000 },
		{ opt_ip(), opt_tos(), 0x10 },
		{ opt_ip(), opt_ttl(), 33 },
	};
	int fd = stream_socket(0);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_OK(opt_set(fd, cases[i].level, cases[i].name, cases[i].val))
			TH_LOG("case %zu", i);
		EXPECT_EQ(cases[i].val, opt_get(fd, cases[i].level, cases[i].name))
			TH_LOG("case %zu", i);
	}
}

TEST_F(options, bad_values)
{
	static const struct {
		int name;
		int val;
	} cases[] = {
		{ TCP_MAXSEG, 5 },
		{ TCP_MAXSEG, 70000 },
		{ TCP_KEEPIDLE, 0 },
		{ TCP_KEEPIDLE, 32768 },
		{ TCP_KEEPINTVL, 0 },
		{ TCP_KEEPCNT, 0 },
		{ TCP_KEEPCNT, 128 },
		{ TCP_SYNCNT, 0 },
		{ TCP_SYNCNT, 128 },
		{ TCP_USER_TIMEOUT, -1 },
	};
	int fd = stream_socket(0);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_ERR(EINVAL, opt_set(fd, SOL_TCP, cases[i].name, cases[i].val))
			TH_LOG("case %zu", i);
	}
}

TEST_F(options, bad_calls)
{
	int fd = stream_socket(0), val = 1;
	socklen_t len = sizeof(val);
	void *bad = (void *)1;

	EXPECT_ERR(ENOPROTOOPT, opt_set(fd, SOL_TCP, 9999, 1));
	EXPECT_EQ(-ENOPROTOOPT, opt_get(fd, SOL_TCP, 9999));
	EXPECT_ERR(ENOPROTOOPT, opt_set(fd, SOL_SOCKET, 9999, 1));
	EXPECT_ERR(ENOPROTOOPT, opt_set(fd, 7777, 1, 1));
	EXPECT_ERR(EINVAL, setsockopt(fd, SOL_TCP, TCP_NODELAY, &val, 1));
	EXPECT_ERR(EINVAL, setsockopt(fd, SOL_TCP, 9999, &val, 1));
	EXPECT_ERR(EFAULT, setsockopt(fd, SOL_TCP, TCP_NODELAY, bad, sizeof(val)));
	EXPECT_ERR(EFAULT, getsockopt(fd, SOL_TCP, TCP_NODELAY, bad, &len));
	EXPECT_ERR(EFAULT, getsockopt(fd, SOL_TCP, TCP_NODELAY, &val, bad));
	len = -1;
	EXPECT_ERR(EINVAL, getsockopt(fd, SOL_TCP, TCP_NODELAY, &val, &len));
}

TEST_F(options, short_answers)
{
	int fd = stream_socket(0);
	uint8_t val[4] = { 9, 9, 9, 9 };
	socklen_t len = 2;

	ASSERT_OK(opt_set(fd, SOL_TCP, TCP_NODELAY, 1));
	EXPECT_OK(getsockopt(fd, SOL_TCP, TCP_NODELAY, val, &len));
	EXPECT_EQ(2, len);
	EXPECT_EQ(1, val[0]);
	EXPECT_EQ(9, val[2]);
}

/* An upper layer protocol finds no tcp_sock under it */
/* Seconds become as many RTOs as are over by then, and what those last is told */
TEST_F(options, defer_accept_rounds_up)
{
	static const struct {
		int asked;
		int answer;
	} cases[] = { { 0, 0 }, { 1, 1 }, { 2, 3 }, { 3, 3 }, { 30, 31 }, { 100, 127 } };
	int fd = stream_listener(addr_loopback(4000), 8);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_OK(opt_set(fd, SOL_TCP, TCP_DEFER_ACCEPT, cases[i].asked));
		EXPECT_EQ(cases[i].answer, opt_get(fd, SOL_TCP, TCP_DEFER_ACCEPT));
	}
}

/* Who asks for 2 gets the link's header as well, and what was read is gone */
TEST_F(options, saved_syn_is_read_once)
{
	int listener = stream_listener(addr_loopback(4000), 8);
	socklen_t len[3], none = 0;
	uint8_t syn[128];

	EXPECT_ERR(EINVAL, opt_set(listener, SOL_TCP, TCP_SAVE_SYN, 3));
	EXPECT_ERR(EINVAL, opt_set(listener, SOL_TCP, TCP_SAVE_SYN, -1));
	for (int how = 0; how <= 2; how++) {
		int sv[2];

		ASSERT_OK(opt_set(listener, SOL_TCP, TCP_SAVE_SYN, how));
		ASSERT_EQ(how, opt_get(listener, SOL_TCP, TCP_SAVE_SYN));
		ASSERT_OK(stream_pair_at(sv, listener, addr_loopback(4000)));
		len[how] = 1;
		if (how) {
			EXPECT_ERR(EINVAL, getsockopt(sv[1], SOL_TCP, TCP_SAVED_SYN, syn,
						      &len[how]));
		}
		EXPECT_OK(getsockopt(sv[1], SOL_TCP, TCP_SAVED_SYN, syn, &len[how]));
		EXPECT_OK(getsockopt(sv[1], SOL_TCP, TCP_SAVED_SYN, syn, &none));
		EXPECT_EQ(0, none);
		EXPECT_OK(getsockopt(sv[0], SOL_TCP, TCP_SAVED_SYN, syn, &none));
		EXPECT_EQ(0, none);
		stream_close_pair(sv);
	}
	EXPECT_EQ(0, len[0]);
	EXPECT_LE(40, len[1]);
	EXPECT_EQ(len[1] + 14, len[2]);	/* Ethernet's */
}

TEST_F(options, no_upper_layer)
{
	int sv[2];

	if (!flavour.ltcp)
		SKIP(return, "TCP has them");
	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(-1, setsockopt(sv[0], SOL_TCP, TCP_ULP, "tls", 4));
}

/* --- TCP_INFO ---------------------------------------------------------------------- */

TEST_F(options, info_of_a_connection)
{
	struct tcp_info info;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_TRUE(send_pattern(sv[0], 20000, 1, 0));
	ASSERT_TRUE(recv_pattern(sv[1], 20000, 1, 0));
	sleep_ms(100);
	ASSERT_OK(stream_info(sv[0], &info));
	EXPECT_EQ(ESTABLISHED, info.tcpi_state);
	EXPECT_EQ(TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE,
		  info.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE));
	EXPECT_TRUE(info.tcpi_snd_wscale > 0);
	EXPECT_TRUE(info.tcpi_rcv_wscale > 0);
	EXPECT_LE(200000, info.tcpi_rto);
	EXPECT_LT(0, info.tcpi_rtt);
	EXPECT_LT(1000, info.tcpi_snd_mss);
	EXPECT_GE(65535, info.tcpi_snd_mss);
	EXPECT_LT(1000, info.tcpi_advmss);
	/* RFC 6928: segments as large as loopback's, two of them */
	EXPECT_LE(flavour.ltcp ? 2 : 10, info.tcpi_snd_cwnd);
	EXPECT_EQ(0, info.tcpi_unacked);
	EXPECT_EQ(0, info.tcpi_retransmits);
	EXPECT_LE(65535, info.tcpi_pmtu);
	EXPECT_LE(100, info.tcpi_last_data_sent);
	EXPECT_GE(2000, info.tcpi_last_data_sent);
	ASSERT_OK(stream_info(sv[1], &info));
	EXPECT_LT(0, info.tcpi_rcv_mss);
	EXPECT_LT(0, info.tcpi_rcv_space);
}

/* RFC 4898's totals: text and segments of both directions, nothing sent again */
TEST_F(options, info_of_what_was_carried)
{
	struct tcp_info to, from;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_TRUE(send_pattern(sv[0], 20000, 1, 0));
	ASSERT_TRUE(recv_pattern(sv[1], 20000, 1, 0));
	sleep_ms(100);
	ASSERT_OK(stream_info(sv[0], &to));
	ASSERT_OK(stream_info(sv[1], &from));
	EXPECT_EQ(20000, to.tcpi_bytes_sent);
	EXPECT_EQ(20000 + !flavour.ltcp, to.tcpi_bytes_acked);	/* Linux's counts the SYN */
	EXPECT_EQ(20000, from.tcpi_bytes_received);
	EXPECT_EQ(0, to.tcpi_bytes_received);
	EXPECT_EQ(0, from.tcpi_bytes_sent);
	EXPECT_EQ(0, to.tcpi_bytes_retrans);
	EXPECT_EQ(0, to.tcpi_total_retrans);
	EXPECT_LT(0, to.tcpi_data_segs_out);
	EXPECT_EQ(to.tcpi_data_segs_out, from.tcpi_data_segs_in);
	EXPECT_EQ(0, from.tcpi_data_segs_out);
	EXPECT_LE(to.tcpi_data_segs_out + 2, to.tcpi_segs_out);
	EXPECT_EQ(to.tcpi_segs_out, from.tcpi_segs_in);
	/* Linux's does not count its SYN-ACK */
	EXPECT_EQ(from.tcpi_segs_out + !flavour.ltcp, to.tcpi_segs_in);
}

TEST_F(options, info_of_a_listener)
{
	int fd = stream_listener(addr_loopback(4000), 5);
	struct tcp_info info;

	for (int i = 0; i < 3; i++)
		ASSERT_OK(stream_connected(addr_loopback(4000)));
	ASSERT_OK(stream_info(fd, &info));
	EXPECT_EQ(LISTEN, info.tcpi_state);
	EXPECT_EQ(3, info.tcpi_unacked);
	EXPECT_EQ(5, info.tcpi_sacked);
}

TEST_F(options, info_in_part)
{
	struct tcp_info info;
	socklen_t len = 8;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	memset(&info, 0xff, sizeof(info));
	EXPECT_OK(getsockopt(sv[0], SOL_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(8, len);
	EXPECT_EQ(ESTABLISHED, info.tcpi_state);
	EXPECT_EQ(0xffffffff, info.tcpi_snd_mss);
}

TEST_F(options, info_in_plenty)
{
	uint8_t room[1024];
	socklen_t len = sizeof(room);
	int fd = stream_socket(0);

	EXPECT_OK(getsockopt(fd, SOL_TCP, TCP_INFO, room, &len));
	EXPECT_LE(104, len);
	EXPECT_GT(sizeof(room), len);
	EXPECT_EQ(CLOSED, room[0]);
}

TEST_F(options, options_off_by_sysctl)
{
	struct tcp_info info;
	int sv[2];

	ASSERT_OK(sysctl_set("timestamps", "0"));
	ASSERT_OK(sysctl_set("sack", "0"));
	ASSERT_OK(sysctl_set("window_scaling", "0"));
	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(stream_info(sv[0], &info));
	EXPECT_EQ(0, info.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE));
	ASSERT_TRUE(send_pattern(sv[0], 10000, 1, 0));
	ASSERT_TRUE(recv_pattern(sv[1], 10000, 1, 0));
}

/* The least of a sysctl's three numbers is heeded, and there is a floor below it */
TEST_F(options, buffers_have_a_floor)
{
	char text[500] = "";
	int fd, sv[2];

	if (!flavour.ltcp)
		SKIP(return, "Linux's takes any number");
	ASSERT_OK(sysctl_set("rmem", "1 1 1"));
	ASSERT_OK(sysctl_set("wmem", "1 1 1"));
	ASSERT_OK(stream_pair(sv));
	EXPECT_LE(2048, opt_get(sv[0], SOL_SOCKET, SO_RCVBUF));
	EXPECT_LE(4096, opt_get(sv[0], SOL_SOCKET, SO_SNDBUF));
	EXPECT_EQ(500, send(sv[0], text, 500, 0));
	EXPECT_EQ(500, recv(sv[1], text, 500, MSG_WAITALL));
	ASSERT_OK(sysctl_set("rmem", "20000 10000 30000"));
	fd = stream_socket(0);
	EXPECT_EQ(20000, opt_get(fd, SOL_SOCKET, SO_RCVBUF));
}

/* --- what they do -------------------------------------------------------------------- */

TEST_F(options, maxseg_is_offered_and_kept)
{
	struct netns_pair net;
	struct packet p;
	int fd, server, listener, tap;

	ASSERT_OK(netns_pair(&net));
	netns_enter(net.ns[1]);
	listener = stream_listener(addr_host(2, 4000), 1);
	netns_enter(net.ns[0]);
	tap = tap_open("eth0");
	fd = stream_socket(0);
	ASSERT_OK(opt_set(fd, SOL_TCP, TCP_MAXSEG, 700));
	ASSERT_OK(stream_connect(fd, addr_host(2, 4000)));
	ASSERT_TRUE(tap_find(tap, &p, SYN, false, 1000));
	EXPECT_EQ(700, p.mss);
	server = stream_accept(listener);
	EXPECT_GE(700, opt_get(fd, SOL_TCP, TCP_MAXSEG));
	EXPECT_LE(688, opt_get(fd, SOL_TCP, TCP_MAXSEG));
	/* Both sides keep to it; offload may join segments on a virtual link */
	EXPECT_GE(700, opt_get(server, SOL_TCP, TCP_MAXSEG));
	ASSERT_TRUE(send_pattern(fd, 5000, 1, 0));
	ASSERT_TRUE(recv_pattern(server, 5000, 1, 0));
}

TEST_F(options, maxseg_of_a_listener)
{
	int listener = stream_socket(0), server;

	ASSERT_OK(opt_set(listener, SOL_TCP, TCP_MAXSEG, 700));
	ASSERT_OK(stream_bind(listener, addr_loopback(4000)));
	ASSERT_OK(listen(listener, 1));
	EXPECT_EQ(700, opt_get(listener, SOL_TCP, TCP_MAXSEG));
	ASSERT_OK(stream_connected(addr_loopback(4000)));
	server = stream_accept(listener);
	EXPECT_GE(700, opt_get(server, SOL_TCP, TCP_MAXSEG));
}

TEST_F(options, tos_and_ttl_on_the_wire)
{
	int fd = stream_socket(0), tap = tap_open("lo");
	struct packet p;

	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	ASSERT_OK(opt_set(fd, opt_ip(), opt_tos(), 0x10));
	ASSERT_OK(opt_set(fd, opt_ip(), opt_ttl(), 33));
	ASSERT_OK(stream_connect(fd, addr_loopback(4000)));
	ASSERT_TRUE(tap_find(tap, &p, SYN, false, 1000));
	EXPECT_EQ(0x10, p.tos);
	EXPECT_EQ(33, p.ttl);
	EXPECT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_TRUE(tap_find(tap, &p, PSH, true, 1000));
	EXPECT_EQ(0x10, p.tos);
	EXPECT_EQ(33, p.ttl);
}

TEST_F(options, cork_gathers)
{
	struct packet p;
	int sv[2], tap;

	ASSERT_OK(stream_pair(sv));
	tap = tap_open("lo");
	ASSERT_OK(opt_set(sv[0], SOL_TCP, TCP_CORK, 1));
	EXPECT_EQ(3, send(sv[0], "abc", 3, 0));
	EXPECT_EQ(3, send(sv[0], "def", 3, 0));
	EXPECT_FALSE(tap_find(tap, &p, 0, true, 50));
	ASSERT_OK(opt_set(sv[0], SOL_TCP, TCP_CORK, 0));
	ASSERT_TRUE(tap_find(tap, &p, 0, true, 50));
	EXPECT_EQ(6, p.len);
}

/* The next segment that @fd sends */
static bool sends_within(int fd, int tap, long ms)
{
	union addr name = addr_local(fd);
	long end = now_ms() + ms;
	struct packet p;

	while (tap_next(tap, &p, end - now_ms()))
		if (p.out && p.sport == addr_port(&name))
			return true;
	return false;
}

TEST_F(options, quickack)
{
	int sv[2], tap;

	NEEDS_VIRTUAL_CLOCK();
	if (!flavour.ltcp)
		SKIP(return, "Linux's has a judgement of its own");
	ASSERT_OK(stream_pair(sv));
	tap = tap_open("lo");
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_FALSE(sends_within(sv[1], tap, 20));
	/* What is owed goes at once, and so does all that follows */
	ASSERT_OK(opt_set(sv[1], SOL_TCP, TCP_QUICKACK, 1));
	EXPECT_TRUE(sends_within(sv[1], tap, SOON));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_TRUE(sends_within(sv[1], tap, SOON));
}

/* What the peer is told of: never more than the bound */
TEST_F(options, window_clamp)
{
	int listener = stream_listener(addr_loopback(4000), 1), fd = stream_socket(0), server;
	struct tcp_info info;

	ASSERT_OK(opt_set(fd, SOL_TCP, TCP_WINDOW_CLAMP, 4000));
	EXPECT_EQ(4000, opt_get(fd, SOL_TCP, TCP_WINDOW_CLAMP));
	ASSERT_OK(stream_connect(fd, addr_loopback(4000)));
	server = stream_accept(listener);
	ASSERT_TRUE(send_pattern(fd, 1000, 1, 0));
	ASSERT_TRUE(recv_pattern(server, 1000, 1, 0));
	ASSERT_OK(stream_info(server, &info));
	EXPECT_LT(0, info.tcpi_snd_wnd);
	if (flavour.ltcp)
		EXPECT_GE(4000, info.tcpi_snd_wnd);
	EXPECT_ERR(EINVAL, opt_set(fd, SOL_TCP, TCP_WINDOW_CLAMP, 0));
}

TEST_F_TIMEOUT(options, keepalive_probes_come_in_time, 600)
{
	long start;
	int sv[2], tap;

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(stream_pair(sv));
	tap = tap_open("lo");
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_KEEPALIVE, 1));
	ASSERT_OK(opt_set(sv[0], SOL_TCP, TCP_KEEPIDLE, 20));
	/* Linux waits for the longer of the two after a probe that was answered */
	ASSERT_OK(opt_set(sv[0], SOL_TCP, TCP_KEEPINTVL, 20));
	start = now_ms();
	for (int i = 1; i <= 3; i++) {
		ASSERT_TRUE(sends_within(sv[0], tap, 60000));
		/* Linux's timers of seconds are coarse */
		EXPECT_TOOK(start, i * 20000 - 1500, i * 20000 + i * 2100);
	}
}

TEST_F_TIMEOUT(options, user_timeout, 600)
{
	struct netem all = { .loss = 1000000 };
	struct netns_pair net;
	int fd, listener;
	long start;
	char octet;

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(netns_pair(&net));
	netns_enter(net.ns[1]);
	listener = stream_listener(addr_host(2, 4000), 1);
	ASSERT_OK(listener);
	netns_enter(net.ns[0]);
	fd = stream_connected(addr_host(2, 4000));
	ASSERT_OK(opt_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 5000));
	ASSERT_OK(netem_set("eth0", &all));
	EXPECT_EQ(1, send(fd, "x", 1, 0));
	start = now_ms();
	EXPECT_ERR(ETIMEDOUT, recv(fd, &octet, 1, 0));
	EXPECT_TOOK(start, 4900, 8000);
}

/* The octets that the last recvmsg() has left, or -1 */
static int recv_inq(int fd, size_t len)
{
	char text[64], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { text, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int left;

	if (recvmsg(fd, &msg, 0) < 0)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_level != SOL_TCP || cmsg->cmsg_type != TCP_CM_INQ)
		return -1;
	memcpy(&left, CMSG_DATA(cmsg), sizeof(left));
	return left;
}

TEST_F(options, inq_tells_what_is_left)
{
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(20, send(sv[0], "01234567890123456789", 20, 0));
	sleep_ms(SOON);
	EXPECT_EQ(-1, recv_inq(sv[1], 4));
	EXPECT_ERR(EINVAL, opt_set(sv[1], SOL_TCP, TCP_INQ, 2));
	ASSERT_OK(opt_set(sv[1], SOL_TCP, TCP_INQ, 1));
	EXPECT_EQ(1, opt_get(sv[1], SOL_TCP, TCP_INQ));
	EXPECT_EQ(12, recv_inq(sv[1], 4));
	EXPECT_EQ(0, recv_inq(sv[1], 12));
	/* The end is still to be read */
	EXPECT_OK(shutdown(sv[0], SHUT_WR));
	sleep_ms(SOON);
	EXPECT_EQ(1, recv_inq(sv[1], 4));
}

TEST_F(options, peek_off)
{
	char text[8] = "";
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	if (opt_set(sv[1], SOL_SOCKET, SO_PEEK_OFF, 2) && !flavour.ltcp)
		SKIP(return, "since Linux 6.9");
	EXPECT_EQ(2, opt_get(sv[1], SOL_SOCKET, SO_PEEK_OFF));
	EXPECT_EQ(7, send(sv[0], "abcdefg", 7, 0));
	sleep_ms(SOON);
	EXPECT_EQ(3, recv(sv[1], text, 3, MSG_PEEK));
	EXPECT_STREQ("cde", text);
	EXPECT_EQ(5, opt_get(sv[1], SOL_SOCKET, SO_PEEK_OFF));
	EXPECT_EQ(2, recv(sv[1], text, 3, MSG_PEEK));
	EXPECT_EQ('f', text[0]);
	EXPECT_ERR(EAGAIN, recv(sv[1], text, 3, MSG_PEEK | MSG_DONTWAIT));
	/* Reading takes the mark back */
	EXPECT_EQ(4, recv(sv[1], text, 4, 0));
	EXPECT_EQ('a', text[0]);
	EXPECT_EQ(3, opt_get(sv[1], SOL_SOCKET, SO_PEEK_OFF));
	ASSERT_OK(opt_set(sv[1], SOL_SOCKET, SO_PEEK_OFF, -1));
	EXPECT_EQ(1, recv(sv[1], text, 1, MSG_PEEK));
	EXPECT_EQ('e', text[0]);
}

TEST_F(options, timestamp_is_a_clock)
{
	int sv[2], before;

	ASSERT_OK(stream_pair(sv));
	before = opt_get(sv[0], SOL_TCP, TCP_TIMESTAMP);
	sleep_ms(50);
	EXPECT_LE(50, opt_get(sv[0], SOL_TCP, TCP_TIMESTAMP) - before);
	EXPECT_GE(5000, opt_get(sv[0], SOL_TCP, TCP_TIMESTAMP) - before);
	EXPECT_ERR(EPERM, opt_set(sv[0], SOL_TCP, TCP_TIMESTAMP, 1));
	/* Nothing to switch, but programs ask for it */
	EXPECT_OK(opt_set(sv[0], SOL_TCP, TCP_THIN_DUPACK, 1));
	EXPECT_ERR(EINVAL, opt_set(sv[0], SOL_TCP, TCP_THIN_DUPACK, 2));
	EXPECT_EQ(0, opt_get(sv[0], SOL_TCP, TCP_THIN_DUPACK));
}

/* The processor that a segment came by; and a listener may prefer one */
TEST_F(options, incoming_cpu)
{
	int a = stream_socket(0), b = stream_socket(0), sv[2];

	ASSERT_OK(stream_pair(sv));
	EXPECT_LE(0, opt_get(sv[0], SOL_SOCKET, SO_INCOMING_CPU));
	if (!flavour.ltcp || sysconf(_SC_NPROCESSORS_ONLN) > 1)
		return;		/* Linux's groups do not look at it before 6.2 */
	opt_set(a, SOL_SOCKET, SO_REUSEPORT, 1);
	opt_set(b, SOL_SOCKET, SO_REUSEPORT, 1);
	ASSERT_OK(opt_set(a, SOL_SOCKET, SO_INCOMING_CPU, 4000));
	ASSERT_OK(opt_set(b, SOL_SOCKET, SO_INCOMING_CPU,
			  opt_get(sv[0], SOL_SOCKET, SO_INCOMING_CPU)));
	ASSERT_OK(stream_bind(a, addr_loopback(4000)));
	ASSERT_OK(stream_bind(b, addr_loopback(4000)));
	ASSERT_OK(listen(a, 64));
	ASSERT_OK(listen(b, 64));
	for (int i = 0; i < 20; i++)
		ASSERT_OK(stream_connected(addr_loopback(4000)));
	nonblocking(b, true);
	for (int i = 0; i < 20; i++)
		EXPECT_OK(stream_accept(b));
}

/* How many connections wait for a listener, which is not blocking */
static int waiting_for(int listener)
{
	int n = 0;

	while (stream_accept(listener) >= 0)
		n++;
	return n;
}

/* How many of ten connections come to it */
static int came_to(int listener)
{
	for (int i = 0; i < 10; i++)
		if (stream_connected(addr_loopback(4000)) < 0)
			return -1;
	sleep_ms(SOON);
	return waiting_for(listener);
}

static int choose_by(int fd, struct sock_filter *filter, int len)
{
	struct sock_fprog prog = { .len = len, .filter = filter };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof(prog));
}

/* Of equal listeners a program tells the one by its number; it sees what follows the header */
TEST_F(options, program_chooses_the_listener)
{
	struct sock_filter one[] = { BPF_STMT(BPF_RET | BPF_K, 1) };
	struct sock_filter last[] = { BPF_STMT(BPF_RET | BPF_K, 2) };
	struct sock_filter by_length[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	int fd[3];

	for (int i = 0; i < 3; i++) {
		fd[i] = stream_socket(SOCK_NONBLOCK);
		ASSERT_OK(opt_set(fd[i], SOL_SOCKET, SO_REUSEPORT, 1));
		/* From before it listens, or afterwards, by any of them */
		if (!i)
			ASSERT_OK(choose_by(fd[0], last, 1));
		ASSERT_OK(stream_bind(fd[i], addr_loopback(4000)));
		ASSERT_OK(listen(fd[i], 64));
	}
	EXPECT_EQ(10, came_to(fd[2]));
	ASSERT_OK(choose_by(fd[2], one, 1));
	EXPECT_EQ(10, came_to(fd[1]));
	ASSERT_OK(choose_by(fd[1], by_length, 2));
	EXPECT_EQ(10, came_to(fd[0]));
	/* Its number is another's when one before it goes */
	ASSERT_OK(choose_by(fd[1], one, 1));
	close(fd[0]);
	EXPECT_EQ(10, came_to(fd[1]));
	/* No such number: the hash chooses */
	ASSERT_OK(choose_by(fd[1], last, 1));
	EXPECT_EQ(10, came_to(fd[1]) + waiting_for(fd[2]));
}

/* --- filters -------------------------------------------------------------------------- */

static struct sock_filter drop_all[] = { { 0x06, 0, 0, 0 } };
static struct sock_filter keep_all[] = { { 0x06, 0, 0, 0xffffffff } };

static int detach(int fd)
{
	return opt_set(fd, SOL_SOCKET, SO_DETACH_FILTER, 0);
}

static int attach_program(int fd, struct sock_filter *filter, int len)
{
	struct sock_fprog prog = { .len = len, .filter = filter };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

static int attach(int fd, struct sock_filter *filter)
{
	return attach_program(fd, filter, 1);
}

TEST_F_TIMEOUT(options, filter_on_a_connection, 300)
{
	char octet;
	int sv[2];

	ASSERT_OK(stream_pair(sv));
	ASSERT_OK(attach(sv[1], drop_all));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(0, wait_events(sv[1], POLLIN, 500));
	/* Dropped is not lost: it is sent again */
	ASSERT_OK(detach(sv[1]));
	EXPECT_EQ(POLLIN, wait_events(sv[1], POLLIN, 10000));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	ASSERT_OK(attach(sv[1], keep_all));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
}

TEST_F_TIMEOUT(options, filter_on_a_listener, 300)
{
	int listener = stream_listener(addr_loopback(4000), 1), fd = stream_socket(SOCK_NONBLOCK);

	ASSERT_OK(attach(listener, drop_all));
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(0, wait_events(fd, POLLOUT, 500));
	EXPECT_EQ(SYN_SENT, stream_state(fd));
	ASSERT_OK(detach(listener));
	EXPECT_EQ(POLLOUT, wait_events(fd, POLLOUT, 10000));
	EXPECT_EQ(POLLIN, wait_events(listener, POLLIN, 10000));
}

/* Of the handshake's segments the ACK, too, has to pass the listener's filter */
TEST_F_TIMEOUT(options, filter_on_a_half_open_connection, 300)
{
	static struct sock_filter only_syn[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	int listener = stream_listener(addr_loopback(4000), 1), fd = stream_socket(SOCK_NONBLOCK);

	ASSERT_OK(attach_program(listener, only_syn, 4));
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(POLLOUT, wait_events(fd, POLLOUT, 500));
	EXPECT_EQ(0, wait_events(listener, POLLIN, 500));
	ASSERT_OK(detach(listener));
	EXPECT_EQ(POLLIN, wait_events(listener, POLLIN, 10000));
}

TEST_HARNESS_MAIN
