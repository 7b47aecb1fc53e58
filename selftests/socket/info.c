// SPDX-License-Identifier: GPL-2.0
/* TCP_INFO: what it says of a path, of what limits the sender, and of what went wrong. */
#include "../kselftest_harness.h"

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(info);

#define RTT_US	20000
#define TICK_US	4000	/* Linux's TCP measures times in ticks */

/* What struct tcp_info has had since Linux 6.2 and 6.7 */
struct info_now {
	struct tcp_info common;
	uint32_t rcv_wnd;
	uint32_t rehash;
	uint16_t total_rto;
	uint16_t total_rto_recoveries;
	uint32_t total_rto_time;
};

/* A connection across a link that does @netem one way; the caller is at the end that is [0]'s */
static int open_path(const struct netem *netem, int sv[2])
{
	struct netns_pair net;

	if (netns_pair(&net) || netem_set("eth0", netem))
		return -1;
	return stream_pair_across(&net, sv, 4000);
}

static const struct netem slow = { .delay_us = RTT_US };

/* From one end to the other, however small the buffers are */
static bool carry(int sv[2], size_t len)
{
	struct mover send;
	bool right;

	mover_send(&send, sv[0], len, 1);
	right = recv_pattern(sv[1], len, 1, 0);
	return mover_join(&send) && right;
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info;

	stream_info(fd, &info);
	return info;
}

TEST_F(info, rates_of_a_path)
{
	struct tcp_info to, from;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(open_path(&slow, sv));
	to = info_of(sv[0]);
	EXPECT_EQ(0, to.tcpi_delivery_rate);
	EXPECT_EQ(~0ull, to.tcpi_max_pacing_rate);
	ASSERT_TRUE(carry(sv, 300000));
	sleep_ms(200);
	to = info_of(sv[0]);
	from = info_of(sv[1]);
	/* Between ten segments and all of it in a round trip */
	EXPECT_LT(10 * 1200 * 1000000ull / RTT_US / 2, to.tcpi_delivery_rate);
	EXPECT_GT(300000 * 1000000ull / RTT_US, to.tcpi_delivery_rate);
	EXPECT_LT(RTT_US / 2, from.tcpi_rcv_rtt);
	EXPECT_GT(10 * RTT_US, from.tcpi_rcv_rtt);
	/* Linux's counts the SYN as well */
	EXPECT_EQ(to.tcpi_data_segs_out + !flavour.ltcp, to.tcpi_delivered);
	EXPECT_EQ(0, to.tcpi_delivered_ce);
	EXPECT_EQ(0, to.tcpi_dsack_dups);
	EXPECT_EQ(0, from.tcpi_rcv_ooopack);
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_MAX_PACING_RATE, 123456));
	EXPECT_EQ(123456, info_of(sv[0]).tcpi_max_pacing_rate);
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_GE(123456, info_of(sv[0]).tcpi_pacing_rate);
	EXPECT_LT(0, info_of(sv[0]).tcpi_pacing_rate);
}

/* A sender is not said to be limited by the path if its user had no more */
TEST_F(info, rate_of_little)
{
	struct tcp_info info;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(open_path(&slow, sv));
	ASSERT_TRUE(send_pattern(sv[0], 1000, 1, 0));
	sleep_ms(200);
	info = info_of(sv[0]);
	EXPECT_EQ(1, (int)info.tcpi_delivery_rate_app_limited);
	EXPECT_LT(1000 * 1000000ull / RTT_US / 4, info.tcpi_delivery_rate);
	EXPECT_GT(1500 * 1000000ull / RTT_US, info.tcpi_delivery_rate);	/* Linux counts segments */
}

/* Text and acknowledgments come at different times */
TEST_F(info, when_what_came)
{
	struct tcp_info info;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(stream_pair(sv));
	EXPECT_EQ(1, send(sv[1], "x", 1, 0));
	sleep_ms(1000);
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	sleep_ms(300);
	info = info_of(sv[0]);
	EXPECT_LE(1290, info.tcpi_last_data_recv);
	EXPECT_GE(1600, info.tcpi_last_data_recv);
	EXPECT_GE(310, info.tcpi_last_ack_recv);
	EXPECT_LE(290, info.tcpi_last_data_sent);
	EXPECT_GE(330, info.tcpi_last_data_sent);
}

/* Busy from the first octet to its acknowledgment, and not afterwards */
TEST_F(info, busy)
{
	struct tcp_info info;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(open_path(&slow, sv));
	EXPECT_EQ(0, info_of(sv[0]).tcpi_busy_time);
	ASSERT_TRUE(send_pattern(sv[0], 5000, 1, 0));
	sleep_ms(10);
	EXPECT_LE(10000 - (flavour.ltcp ? 1000 : TICK_US), info_of(sv[0]).tcpi_busy_time);
	sleep_ms(1000);
	info = info_of(sv[0]);
	EXPECT_LE(RTT_US - (flavour.ltcp ? 0 : TICK_US), info.tcpi_busy_time);
	EXPECT_GE(4 * RTT_US, info.tcpi_busy_time);
	EXPECT_EQ(0, info.tcpi_rwnd_limited);
	EXPECT_EQ(0, info.tcpi_sndbuf_limited);
	EXPECT_EQ(0, info_of(sv[1]).tcpi_busy_time);
}

TEST_F(info, limited_by_the_window)
{
	struct tcp_info info;
	long sent;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(stream_small_pair(sv, 1 << 20, 10000));
	nonblocking(sv[0], true);
	sent = fill(sv[0], 1);
	ASSERT_LT(0, sent);
	sleep_ms(2000);
	info = info_of(sv[0]);
	EXPECT_LE(1500000, info.tcpi_rwnd_limited);
	EXPECT_GE(2100000, info.tcpi_rwnd_limited);
	EXPECT_LE(info.tcpi_rwnd_limited, info.tcpi_busy_time);
	EXPECT_EQ(0, info.tcpi_sndbuf_limited);
	ASSERT_TRUE(recv_pattern(sv[1], sent, 1, 0));
	sleep_ms(2000);
	EXPECT_GE(3000000, info_of(sv[0]).tcpi_busy_time);
}

TEST_F(info, limited_by_the_send_buffer)
{
	struct tcp_info info;
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(open_path(&slow, sv));
	ASSERT_OK(opt_set(sv[0], SOL_SOCKET, SO_SNDBUF, 10000));
	ASSERT_TRUE(carry(sv, 200000));
	info = info_of(sv[0]);
	if (flavour.ltcp)	/* Linux's asks only in the moment that it stops */
		EXPECT_LT(2 * RTT_US, info.tcpi_sndbuf_limited);
	EXPECT_LE(info.tcpi_sndbuf_limited, info.tcpi_busy_time);
	EXPECT_EQ(0, info.tcpi_rwnd_limited);
}

/* What comes twice is told by D-SACK, what overtakes is counted where it arrives */
TEST_F(info, duplicates)
{
	const struct netem twice = { .delay_us = RTT_US, .duplicate = 1000000, .seed = 1 };
	int sv[2];

	ASSERT_OK(open_path(&twice, sv));
	ASSERT_TRUE(carry(sv, 20000));
	sleep_ms(500);
	EXPECT_LT(0, info_of(sv[0]).tcpi_dsack_dups);
	EXPECT_EQ(0, info_of(sv[1]).tcpi_dsack_dups);
}

TEST_F(info, out_of_order)
{
	const struct netem some = { .delay_us = RTT_US, .loss = 100000, .seed = 1 };
	int sv[2];

	ASSERT_OK(open_path(&some, sv));
	ASSERT_TRUE(carry(sv, 300000));
	EXPECT_LT(0, info_of(sv[1]).tcpi_rcv_ooopack);
	EXPECT_EQ(0, info_of(sv[0]).tcpi_rcv_ooopack);
	EXPECT_LT(0, info_of(sv[0]).tcpi_bytes_retrans);
}

TEST_F(info, timeouts)
{
	const struct netem all = { .loss = 1000000 }, none = {};
	struct info_now info = {};
	socklen_t len = sizeof(info);
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(open_path(&slow, sv));
	ASSERT_OK(netem_set("eth0", &all));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	sleep_ms(1000);		/* after 200, 400, 800 ms less what a probe took */
	ASSERT_OK(getsockopt(sv[0], SOL_TCP, TCP_INFO, &info, &len));
	if (len < sizeof(info))
		SKIP(return, "since Linux 6.7");
	EXPECT_LE(1, info.total_rto);
	EXPECT_EQ(1, info.total_rto_recoveries);
	EXPECT_LT(0, info.total_rto_time);
	EXPECT_GE(1000, info.total_rto_time);
	EXPECT_LT(0, info.rcv_wnd);
	ASSERT_OK(netem_set("eth0", &none));
	sleep_ms(10000);
	ASSERT_OK(getsockopt(sv[0], SOL_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(1, info.total_rto_recoveries);
	EXPECT_GE(5000, info.total_rto_time);	/* it is over */
}

TEST_HARNESS_MAIN
