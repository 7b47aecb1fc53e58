// SPDX-License-Identifier: GPL-2.0
/* ICMP errors: RFC 9293 section 3.9.2.2, RFC 5927, RFC 5461. */
#include <linux/errno.h>

#include "script.h"

/* MUST-56: soft errors never end a connection, while it opens or later */
TEST(icmp_soft_errors_do_not_abort)
{
	static const u8 states[] = { LTCP_SYN_SENT, LTCP_SYN_RECEIVED, LTCP_FIN_WAIT_1 };
	struct peer p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		in_state(&p, states[i]);
		peer_icmp(&p, LTCP_ICMP_SOFT, EHOSTUNREACH, p.tcb.snd_una);
		EXPECT_EQ(peer_state(&p), states[i]);
		EXPECT(p.last.act & LTCP_ACT_SOFT_ERROR);
		EXPECT_EQ(p.last.err, EHOSTUNREACH);
		EXPECT_SILENT(&p);
	}
}

/* The last soft error explains a timeout */
TEST(icmp_soft_error_explains_the_timeout)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	peer_icmp(&p, LTCP_ICMP_SOFT, EHOSTUNREACH, ISS);
	peer_wait_until(&p, now + 400 * SECOND);
	EXPECT_STATE(&p, CLOSED);
	EXPECT_EQ(p.err, EHOSTUNREACH);
	/* but not once something has been acknowledged since */
	in_state(&p, LTCP_ESTABLISHED);
	peer_send(&p, 100);
	peer_icmp(&p, LTCP_ICMP_SOFT, EHOSTUNREACH, ISS + 1);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 51);
	peer_wait_until(&p, now + 7200 * SECOND);
	EXPECT_EQ(p.err, ETIMEDOUT);
}

/* SHLD-26: hard errors end what is not synchronised yet (arrows 24, 25) ... */
TEST(icmp_hard_errors_abort_an_opening_connection)
{
	static const u8 states[] = { LTCP_SYN_SENT, LTCP_SYN_RECEIVED };
	struct peer p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		in_state(&p, states[i]);
		peer_icmp(&p, LTCP_ICMP_HARD, ENOPROTOOPT, ISS);
		EXPECT_STATE(&p, CLOSED);
		EXPECT_EQ(p.err, ENOPROTOOPT);
		EXPECT_EQ(p.moves[p.n_moves - 1].cause, LTCP_CAUSE_ICMP);
		EXPECT_SILENT(&p);
	}
}

/* ... and RFC 5461 section 4.1 has them soft afterwards */
TEST(icmp_hard_errors_are_soft_once_synchronised)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	peer_send(&p, 100);
	peer_icmp(&p, LTCP_ICMP_HARD, ECONNREFUSED, ISS + 1);
	EXPECT_STATE(&p, ESTABLISHED);
	EXPECT_EQ(p.last.err, ECONNREFUSED);
}

/* RFC 5927 section 4.1: what is not in flight was not seen by who quotes it */
TEST(icmp_not_in_flight_is_ignored)
{
	static const u32 wrong[] = { ISS, ISS + 101, ISS + 1 - 65535, ISS + 0x80000000 };
	struct peer p;
	unsigned int i, kind;

	for (kind = LTCP_ICMP_SOFT; kind <= LTCP_ICMP_MTU; kind++) {
		in_state(&p, LTCP_ESTABLISHED);
		peer_send(&p, 100);
		for (i = 0; i < ARRAY_SIZE(wrong); i++) {
			peer_icmp(&p, kind, EHOSTUNREACH, wrong[i]);
			EXPECT_EQ(p.last.act, 0);
			EXPECT_EQ(p.last.reason, LTCP_REASON_ICMP_SEQUENCE);
		}
		peer_icmp(&p, kind, EHOSTUNREACH, ISS + 100);
		EXPECT_NE(p.last.act, 0);
	}
	in_state(&p, LTCP_SYN_SENT);
	peer_icmp(&p, LTCP_ICMP_HARD, ECONNREFUSED, ISS + 1);
	EXPECT_STATE(&p, SYN_SENT);
	peer_icmp(&p, LTCP_ICMP_HARD, ECONNREFUSED, ISS - 1);
	EXPECT_STATE(&p, SYN_SENT);
}
