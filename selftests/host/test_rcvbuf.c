// SPDX-License-Identifier: GPL-2.0
/* How large the receive buffer has to be. */
#include "core/rcvbuf.h"
#include "host.h"

#define MS	1000u
#define MSS	1460u

TEST(rcvbuf_follows_a_sender_in_slow_start)
{
	struct ltcp_rcvbuf rb;
	u64 now = 5000000;
	u32 seq = 100, flight = 10 * MSS, want, i;

	ltcp_rcvbuf_init(&rb, seq, flight, now);
	ltcp_rcvbuf_echo(&rb, 1, 20 * MS);
	for (i = 0; i < 8; i++) {
		flight *= 2;
		seq += flight;
		now += 20 * MS;
		want = ltcp_rcvbuf_taken(&rb, seq, MSS, now);
		EXPECT_GE(want, 2 * flight);	/* the next flight fits */
	}
	/* and stays as it is when the flight does */
	EXPECT_EQ(ltcp_rcvbuf_taken(&rb, seq + flight, MSS, now + 20 * MS), 0);
}

TEST(rcvbuf_period_is_a_round_trip)
{
	struct ltcp_rcvbuf rb;

	ltcp_rcvbuf_init(&rb, 0, 10 * MSS, 1000);
	/* unknown */
	EXPECT_EQ(ltcp_rcvbuf_taken(&rb, 1000000, MSS, 10 * 1000 * MS), 0);
	ltcp_rcvbuf_echo(&rb, 7, 50 * MS);
	EXPECT_EQ(ltcp_rcvbuf_taken(&rb, 40 * MSS, MSS, 1000 + 49 * MS), 0);
	EXPECT_EQ(ltcp_rcvbuf_taken(&rb, 40 * MSS, MSS, 1000 + 50 * MS),
		  96 * MSS + 2 * 96 * MSS * 3);
}

TEST(rcvbuf_a_slow_reader_needs_no_more)
{
	struct ltcp_rcvbuf rb;
	u64 now = 1000;
	u32 i;

	ltcp_rcvbuf_init(&rb, 0, 10 * MSS, now);
	ltcp_rcvbuf_echo(&rb, 7, 50 * MS);
	for (i = 1; i < 100; i++)
		EXPECT_EQ(ltcp_rcvbuf_taken(&rb, i * 10 * MSS, MSS, now + i * 50 * MS), 0);
}

/* Each echo counts once: a second segment with it is only later */
TEST(rcvbuf_round_trip_by_timestamps)
{
	struct ltcp_rcvbuf rb;

	ltcp_rcvbuf_init(&rb, 0, 10 * MSS, 0);
	ltcp_rcvbuf_echo(&rb, 7, 80 * MS);
	EXPECT_EQ(rb.rtt_us, 80 * MS);
	ltcp_rcvbuf_echo(&rb, 7, 800 * MS);
	EXPECT_EQ(rb.rtt_us, 80 * MS);
	ltcp_rcvbuf_echo(&rb, 8, 160 * MS);
	EXPECT_EQ(rb.rtt_us, 90 * MS);
	ltcp_rcvbuf_echo(&rb, 9, 10 * MS);
	EXPECT_EQ(rb.rtt_us, 80 * MS);
}

/* Without them: from a window to the next; the shortest counts */
TEST(rcvbuf_round_trip_by_windows)
{
	struct ltcp_rcvbuf rb;

	ltcp_rcvbuf_init(&rb, 1, 10 * MSS, 0);
	ltcp_rcvbuf_window(&rb, 1001, 65536, 300 * MS);	/* the user's own delay */
	EXPECT_EQ(rb.rtt_us, 300 * MS);
	ltcp_rcvbuf_window(&rb, 65535, 100000, 320 * MS);
	EXPECT_EQ(rb.rtt_us, 300 * MS);
	ltcp_rcvbuf_window(&rb, 65536, 130000, 350 * MS);
	EXPECT_EQ(rb.rtt_us, 50 * MS);
	ltcp_rcvbuf_window(&rb, 130000, 200000, 450 * MS);
	EXPECT_EQ(rb.rtt_us, 50 * MS);
	ltcp_rcvbuf_window(&rb, 200000, 300000, 480 * MS);
	EXPECT_EQ(rb.rtt_us, 30 * MS);
}

TEST(rcvbuf_has_a_bound)
{
	struct ltcp_rcvbuf rb;

	ltcp_rcvbuf_init(&rb, 0, 1, 0);
	ltcp_rcvbuf_echo(&rb, 1, 1);
	EXPECT_EQ(ltcp_rcvbuf_taken(&rb, 0xffffffff, 65535, 10), 0x40000000);
}
