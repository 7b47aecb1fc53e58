// SPDX-License-Identifier: GPL-2.0
/* Bursts: several segments that IP gets as one packet. */
#include "core/transmit.h"
#include "script.h"

#define MSS	1460u

/* Established, windows wide open, IP takes 64 KiB at once */
static void established(struct peer *p, u32 gso_max)
{
	peer_init(p, "P", ISS);
	bring_to_state(p, LTCP_ESTABLISHED);
	p->tcb.snd_wnd = 1 << 20;
	p->tcb.max_snd_wnd = 1 << 20;
	p->tcb.cwnd = 1 << 20;
	p->tcb.gso_max = gso_max;
	p->n_sent = 0;
}

TEST(burst_is_of_full_segments)
{
	struct peer p;

	established(&p, 65000);
	peer_send(&p, 100000);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 44 * MSS);
	/* The last 720 octets go along (RFC 9293 appendix A.3); the next wait for their ACK */
	EXPECT_SENT(&p, ACK, ISS + 1 + 44 * MSS, IRS + 1, 24 * MSS + 720);
	peer_send(&p, 10 * MSS + 7);
	EXPECT_SENT(&p, ACK, ISS + 100001, IRS + 1, 10 * MSS);
	EXPECT_SILENT(&p);
}

TEST(burst_takes_the_rest_along_without_nagle)
{
	struct peer p;

	established(&p, 65000);
	p.tcb.nodelay = 1;
	peer_send(&p, 10 * MSS + 7);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 10 * MSS + 7);
	EXPECT_SILENT(&p);
}

TEST(burst_leaves_the_rest_to_more)
{
	struct peer p;

	established(&p, 65000);
	p.tcb.nodelay = 1;
	p.tcb.more = 1;
	peer_send(&p, 10 * MSS + 7);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 10 * MSS);
	EXPECT_SILENT(&p);
}

/* FIN takes what Nagle would hold back along */
TEST(burst_ends_with_fin)
{
	struct peer p;

	established(&p, 65000);
	p.tcb.cwnd = MSS;
	peer_send(&p, 5 * MSS + 7);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, MSS);
	peer_close(&p);
	EXPECT_SILENT(&p);
	p.tcb.cwnd = 1 << 20;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1 + MSS);
	EXPECT_SENT(&p, FIN | ACK, ISS + 1 + MSS, IRS + 1, 4 * MSS + 7);
	EXPECT_SILENT(&p);
}

TEST(burst_keeps_to_the_windows)
{
	struct peer p;

	established(&p, 65000);
	p.tcb.cwnd = 5 * MSS + 100;
	peer_send(&p, 100000);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 5 * MSS);
	EXPECT_SILENT(&p);
	p.tcb.cwnd = 1 << 20;
	p.tcb.snd_wnd = 8 * MSS + 100;
	peer_output(&p);
	EXPECT_SENT(&p, ACK, ISS + 1 + 5 * MSS, IRS + 1, 3 * MSS);
	EXPECT_SILENT(&p);
}

/* One burst never fills a window: the other half keeps the clock of ACKs going */
TEST(burst_is_half_a_window_at_most)
{
	struct peer p;

	established(&p, 65000);
	p.tcb.max_snd_wnd = 20 * MSS;
	peer_send(&p, 100000);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 10 * MSS);
	established(&p, 65000);
	p.tcb.max_snd_wnd = 3 * MSS;
	peer_send(&p, 100000);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, MSS);
}

/* 100 ms and a window of 200 segments: twice what comes round in a millisecond */
TEST(burst_is_small_on_long_paths)
{
	struct peer p;

	established(&p, 65000);
	p.tcb.cwnd = 200 * MSS;
	p.tcb.rtt.srtt_us = 8 * 100000;
	peer_send(&p, 100000);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 4 * MSS);
	established(&p, 65000);
	p.tcb.cwnd = 20 * MSS;
	p.tcb.rtt.srtt_us = 8 * 100000;
	peer_send(&p, 100000);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 2 * MSS);
}

/* The urgent pointer counts from each segment's own number */
TEST(burst_not_with_urgent_text)
{
	struct ltcp_seg seg;
	struct peer p;

	established(&p, 65000);
	p.tcb.snd_urg = 1;
	p.tcb.snd_up = ISS + 1 + 3 * MSS;
	peer_send(&p, 4 * MSS);
	seg = EXPECT_SENT(&p, URG | ACK, ISS + 1, IRS + 1, MSS);
	EXPECT_EQ(seg.up, 3 * MSS);
	seg = EXPECT_SENT(&p, URG | ACK, ISS + 1 + MSS, IRS + 1, MSS);
	EXPECT_EQ(seg.up, 2 * MSS);
}

TEST(burst_without_gso_is_a_segment)
{
	struct peer p;

	established(&p, 0);
	peer_send(&p, 4 * MSS);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, MSS);
	EXPECT_EQ(ltcp_transmit_burst(&p.tcb), MSS);
	p.tcb.gso_max = 65000;
	EXPECT_EQ(ltcp_transmit_burst(&p.tcb), 44 * MSS);
}

/* Less than a burst may wait for more, as long as something is in flight: an ACK will come */
TEST(burst_gathers)
{
	struct peer p;

	established(&p, 65000);
	p.tcb.nodelay = 1;
	p.tcb.cwnd = 0;
	peer_send(&p, 100);
	EXPECT(!ltcp_transmit_may_gather(&p.tcb));
	p.tcb.cwnd = 1 << 20;
	peer_output(&p);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 100);
	EXPECT(!ltcp_transmit_may_gather(&p.tcb));
	p.tcb.cwnd = 0;
	peer_send(&p, 100);
	EXPECT(ltcp_transmit_may_gather(&p.tcb));
	peer_send(&p, 44 * MSS - 101);
	EXPECT(ltcp_transmit_may_gather(&p.tcb));
	peer_send(&p, 1);
	EXPECT(!ltcp_transmit_may_gather(&p.tcb));
}

/* ... but not what Nagle holds back anyway, what is urgent, or the last of all */
TEST(burst_gathers_nothing_else)
{
	struct peer p;

	established(&p, 65000);
	peer_send(&p, 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 100);
	p.tcb.cwnd = 0;
	peer_send(&p, MSS - 1);
	EXPECT(!ltcp_transmit_may_gather(&p.tcb));
	peer_send(&p, 1);
	EXPECT(ltcp_transmit_may_gather(&p.tcb));
	peer_send_urgent(&p, 1);
	EXPECT(!ltcp_transmit_may_gather(&p.tcb));
	p.tcb.snd_urg = 0;
	EXPECT(ltcp_transmit_may_gather(&p.tcb));
	peer_close(&p);
	EXPECT(!ltcp_transmit_may_gather(&p.tcb));
}

/* What is left of a burst that was too much goes next, with PSH and FIN */
TEST(burst_shortened)
{
	struct ltcp_plan plan = { .seq = 1, .len = 5000, .flags = LTCP_ACK | LTCP_PSH | LTCP_FIN };

	ltcp_plan_shorten(&plan, 5000);
	EXPECT_EQ(plan.flags, LTCP_ACK | LTCP_PSH | LTCP_FIN);
	ltcp_plan_shorten(&plan, 2920);
	EXPECT_EQ(plan.flags, LTCP_ACK);
	EXPECT_EQ(plan.len, 2920);
}

/* Only what is lost is sent again: one segment of the burst */
TEST(burst_lost_is_sent_again_by_segments)
{
	struct peer p;

	established(&p, 65000);
	peer_send(&p, 20 * MSS);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 20 * MSS);
	EXPECT_SENT_AFTER(&p, p.tcb.rtt.rto_us, ACK, ISS + 1, IRS + 1, MSS);
}
