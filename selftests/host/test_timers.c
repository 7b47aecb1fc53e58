// SPDX-License-Identifier: GPL-2.0
/* Retransmission, keep-alive and USER TIMEOUT with their real times: RFC 9293 section 3.8. */
#include <linux/errno.h>

#include "script.h"

/* Established with a round trip of 100 ms, so an RTO of 300 ms */
static void established(struct peer *p)
{
	in_state(p, LTCP_SYN_SENT);
	peer_wait_until(p, now + 100 * MS);
	ARRIVES(p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1,
		.opt = { .has = LTCP_HAS_MSS, .mss = 1460 });
	EXPECT_SENT(p, ACK, ISS + 1, IRS + 1, 0);
	EXPECT_EQ(p->tcb.rtt.rto_us, 300 * MS);
}

/* RFC 6298 (5.1), (5.4) to (5.6); MUST-18 */
TEST(rtx_timer_backs_off)
{
	struct peer p;
	int i;

	established(&p);
	peer_send(&p, 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 100);
	for (i = 0; i < 8; i++)
		EXPECT_SENT_AFTER(&p, 300 * MS << i, ACK, ISS + 1, IRS + 1, 100);
	/* 300 ms * 2^8 is 76.8 s, then the bound */
	EXPECT_SENT_AFTER(&p, 76800 * MS, ACK, ISS + 1, IRS + 1, 100);
	EXPECT_SENT_AFTER(&p, 120 * SECOND, ACK, ISS + 1, IRS + 1, 100);
	EXPECT_SENT_AFTER(&p, 120 * SECOND, ACK, ISS + 1, IRS + 1, 100);
}

/* (5.2): all acknowledged, no timer; (5.3): some acknowledged, the timer anew */
TEST(rtx_timer_restarts_with_each_ack)
{
	struct peer p;

	established(&p);
	peer_send(&p, 2920);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 1460);
	EXPECT_SENT(&p, ACK, ISS + 1461, IRS + 1, 1460);
	now += 200 * MS;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461);
	EXPECT_EQ(p.tcb.timer[LTCP_TIMER_RTX], now + p.tcb.rtt.rto_us);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2921);
	EXPECT_EQ(p.tcb.timer[LTCP_TIMER_RTX], 0);
	EXPECT_EQ(peer_next_timer(&p), 0);
}

/* Karn: what was sent twice is not measured, and the backoff stays until something new is */
TEST(rtx_karn)
{
	struct peer p;

	established(&p);
	peer_send(&p, 100);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 100);
	EXPECT_SENT_AFTER(&p, 300 * MS, ACK, ISS + 1, IRS + 1, 100);
	now += 10 * MS;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 101);
	EXPECT_EQ(p.tcb.rtt.srtt_us, 8 * 100 * MS);
	/* the next one counts */
	peer_send(&p, 100);
	EXPECT_SENT(&p, ACK, ISS + 101, IRS + 1, 100);
	now += 200 * MS;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 201);
	EXPECT_EQ(p.tcb.rtt.srtt_us, 8 * 112500);
}

/* One measurement a round trip: from the timed segment to the ACK that covers it */
TEST(rtx_one_segment_is_timed)
{
	struct peer p;

	established(&p);
	peer_send(&p, 1460);
	now += 50 * MS;
	peer_send(&p, 1460);
	EXPECT_EQ(p.n_sent, 2);
	now += 150 * MS;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2921);
	EXPECT_EQ(p.tcb.rtt.srtt_us, 8 * 112500);	/* 200 ms, not 150 */
}

/* MUST-20, SHLD-10, SHLD-11: R1 at least 3 retransmissions, R2 at least 100 s */
TEST(rtx_r1_and_r2)
{
	struct peer p;
	u64 start;

	established(&p);
	peer_send(&p, 100);
	start = now;
	peer_wait_until(&p, start + (300 + 600) * MS);
	EXPECT_EQ(p.n_sent, 3);
	EXPECT(!(p.acts & LTCP_ACT_DOUBT_ROUTE));
	peer_wait_until(&p, start + (300 + 600 + 1200) * MS);
	EXPECT(p.acts & LTCP_ACT_DOUBT_ROUTE);
	peer_wait_until(&p, start + 100 * SECOND);
	EXPECT_STATE(&p, ESTABLISHED);
	peer_wait_until(&p, start + 7200 * SECOND);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_EQ(p.err, ETIMEDOUT);
	EXPECT_EQ(p.moves[p.n_moves - 1].cause, LTCP_CAUSE_TIMEOUT);
	EXPECT_EQ(p.n_sent, 16);
}

/* An ACK of anything new begins the count anew */
TEST(rtx_r2_counts_one_segment)
{
	struct peer p;

	established(&p);
	peer_send(&p, 100);
	peer_wait_until(&p, now + 60 * SECOND);
	EXPECT_GT(p.tcb.retries, 5);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 51);
	EXPECT_EQ(p.tcb.retries, 0);
	EXPECT_EQ(p.tcb.timer[LTCP_TIMER_RTX], now + p.tcb.rtt.rto_us);
}

/* MUST-21: USER TIMEOUT ends one connection at its time, others stay */
TEST(user_timeout_ends_it)
{
	struct peer p;
	u64 start;

	established(&p);
	p.tcb.user_timeout_ms = 10000;
	now += 3600 * SECOND;
	peer_send(&p, 100);
	start = now;
	peer_wait_until(&p, start + 10 * SECOND - 1);
	EXPECT_STATE(&p, ESTABLISHED);
	peer_wait_until(&p, start + 10 * SECOND);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_EQ(p.err, ETIMEDOUT);
}

/* It can be longer than R2 as well */
TEST(user_timeout_outlasts_r2)
{
	struct peer p;
	u64 start;

	established(&p);
	p.conf.retries2 = 3;
	p.tcb.user_timeout_ms = 600000;
	peer_send(&p, 100);
	start = now;
	peer_wait_until(&p, start + 600 * SECOND - 1);
	EXPECT_STATE(&p, ESTABLISHED);
	peer_wait_until(&p, start + 600 * SECOND);
	EXPECT_STATE(&p, CLOSED);
}

TEST(user_timeout_in_syn_sent)
{
	struct peer p;
	u64 start;

	in_state(&p, LTCP_SYN_SENT);
	p.tcb.user_timeout_ms = 5000;
	start = now;
	peer_wait_until(&p, start + 5 * SECOND - 1);
	EXPECT_STATE(&p, SYN_SENT);
	peer_wait_until(&p, start + 5 * SECOND);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_EQ(p.err, ETIMEDOUT);
}

/* MUST-25 */
TEST(keepalive_is_off_unless_asked_for)
{
	struct peer p;

	established(&p);
	peer_wait_until(&p, now + 30 * 86400 * SECOND);
	EXPECT_SILENT(&p);
	EXPECT_STATE(&p, ESTABLISHED);
}

static void keepalive(struct peer *p)
{
	peer_init(p, "P", ISS);
	bring_to_state(p, LTCP_SYN_SENT);
	p->tcb.keepalive = 1;
	ARRIVES(p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1);
	EXPECT_SENT(p, ACK, ISS + 1, IRS + 1, 0);
}

/* MUST-28, SHLD-12: after two hours, one octet back and without text; MUST-29: nine of them */
TEST(keepalive_times)
{
	struct peer p;
	int i;

	keepalive(&p);
	EXPECT_SENT_AFTER(&p, 7200 * SECOND, ACK, ISS, IRS + 1, 0);
	for (i = 1; i < 9; i++)
		EXPECT_SENT_AFTER(&p, 75 * SECOND, ACK, ISS, IRS + 1, 0);
	EXPECT_STATE(&p, ESTABLISHED);
	peer_wait_until(&p, now + 75 * SECOND);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_EQ(p.err, ETIMEDOUT);
	EXPECT_EQ(p.n_sent, 1);
	EXPECT(p.sent[0].flags & RST);
}

/* One answer and all is well for another two hours */
TEST(keepalive_answered)
{
	struct peer p;

	keepalive(&p);
	EXPECT_SENT_AFTER(&p, 7200 * SECOND, ACK, ISS, IRS + 1, 0);
	EXPECT_SENT_AFTER(&p, 75 * SECOND, ACK, ISS, IRS + 1, 0);
	now += SECOND;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_SENT_AFTER(&p, 7200 * SECOND, ACK, ISS, IRS + 1, 0);
}

/* MUST-26: what is heard in between puts it off; so does text on its way */
TEST(keepalive_only_when_idle)
{
	struct peer p;
	u64 heard;

	keepalive(&p);
	peer_wait_until(&p, now + 7000 * SECOND);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 10);
	heard = now;
	peer_wait_until(&p, now + SECOND);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 11, 0);
	peer_wait_until(&p, heard + 7200 * SECOND - 1);
	EXPECT_SILENT(&p);
	peer_wait_until(&p, heard + 7200 * SECOND);
	EXPECT_SENT(&p, ACK, ISS, IRS + 11, 0);

	keepalive(&p);
	p.conf.keepalive_time_s = 1;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 0);
	peer_send(&p, 100);
	peer_wait_until(&p, now + 60 * SECOND);
	while (p.n_sent) {
		struct ltcp_seg seg;

		EXPECT(peer_take(&p, &seg, NULL));
		EXPECT_EQ(seg.text, 1);		/* window probes, no keep-alive ones */
	}
}

/* MUST-27, and the options of one socket */
TEST(keepalive_times_of_one_connection)
{
	struct peer p;

	keepalive(&p);
	p.tcb.keep_idle_s = 10;
	p.tcb.keep_intvl_s = 3;
	p.tcb.keep_count = 2;
	p.tcb.timer[LTCP_TIMER_KEEPALIVE] = now;
	EXPECT_SENT_AFTER(&p, 10 * SECOND, ACK, ISS, IRS + 1, 0);
	EXPECT_SENT_AFTER(&p, 3 * SECOND, ACK, ISS, IRS + 1, 0);
	peer_wait_until(&p, now + 3 * SECOND - 1);
	EXPECT_STATE(&p, ESTABLISHED);
	peer_wait_until(&p, now + 1);
	EXPECT_STATE(&p, CLOSED);
}

/* USER TIMEOUT decides instead of the count of probes */
TEST(keepalive_with_user_timeout)
{
	struct peer p;

	keepalive(&p);
	p.tcb.user_timeout_ms = 7200000 + 1000000;
	EXPECT_SENT_AFTER(&p, 7200 * SECOND, ACK, ISS, IRS + 1, 0);
	peer_wait_until(&p, now + 999 * SECOND);
	EXPECT_STATE(&p, ESTABLISHED);
	EXPECT_EQ(p.n_sent, 13);	/* more than nine */
	peer_wait_until(&p, now + 75 * SECOND);
	EXPECT_STATE(&p, CLOSED);
	/* one unanswered probe there must be, however long the silence (MUST-29) */
	keepalive(&p);
	p.tcb.user_timeout_ms = 1000;
	EXPECT_SENT_AFTER(&p, 7200 * SECOND, ACK, ISS, IRS + 1, 0);
	EXPECT_STATE(&p, ESTABLISHED);
}

/* The other side of it: a keep-alive probe is answered, in every state that may be idle */
TEST(keepalive_probe_is_answered)
{
	static const u8 states[] = { LTCP_ESTABLISHED, LTCP_FIN_WAIT_2, LTCP_CLOSE_WAIT };
	struct peer p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		in_state(&p, states[i]);
		ARRIVES(&p, .flags = ACK, .seq = p.tcb.rcv_nxt - 1, .ack = p.tcb.snd_nxt);
		EXPECT_SENT(&p, ACK, p.tcb.snd_nxt, p.tcb.rcv_nxt, 0);
		/* with the octet of garbage that some send (MAY-6) */
		ARRIVES(&p, .flags = ACK, .seq = p.tcb.rcv_nxt - 1, .ack = p.tcb.snd_nxt,
			.text = 1);
		EXPECT_SENT(&p, ACK, p.tcb.snd_nxt, p.tcb.rcv_nxt, 0);
	}
}
