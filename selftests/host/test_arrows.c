// SPDX-License-Identifier: GPL-2.0
/* All 26 arrows, each walked; what the table allows but no segment can bring about is no arrow. */
#include "script.h"

/* A set of arrow numbers */
static u32 walked(const struct peer *p)
{
	u32 set = 0;
	unsigned int i;

	for (i = 0; i < p->n_moves; i++)
		set |= 1u << ltcp_fsm_arrow(p->moves[i].from, p->moves[i].to, p->moves[i].cause);
	return set;
}

static u32 walk_user_calls(void)
{
	struct peer p;
	u32 set;

	in_state(&p, LTCP_LISTEN);
	peer_close(&p);
	set = walked(&p);				/* 1, 3 */
	in_state(&p, LTCP_LISTEN);
	peer_connect(&p);
	set |= walked(&p);				/* 5 */
	in_state(&p, LTCP_SYN_SENT);
	peer_close(&p);
	set |= walked(&p);				/* 2, 6 */
	in_state(&p, LTCP_SYN_RECEIVED);
	peer_close(&p);
	set |= walked(&p);				/* 7, 10 */
	in_state(&p, LTCP_SYN_SENT);
	peer_abort(&p);
	set |= walked(&p);				/* 24 */
	in_state(&p, LTCP_SYN_RECEIVED);
	peer_abort(&p);
	set |= walked(&p);				/* 25 */
	in_state(&p, LTCP_CLOSE_WAIT);
	peer_abort(&p);
	return set | walked(&p);			/* 8, 12, 23 */
}

static u32 walk_closes(void)
{
	struct peer p;
	u32 set;

	in_state(&p, LTCP_FIN_WAIT_1);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 2);
	set = walked(&p);				/* 11, 15 */
	in_state(&p, LTCP_CLOSING);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 2, .ack = ISS + 2);
	set |= walked(&p);				/* 14, 17 */
	in_state(&p, LTCP_LAST_ACK);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 2, .ack = ISS + 2);
	set |= walked(&p);				/* 18, 19 */
	in_state(&p, LTCP_TIME_WAIT);
	peer_wait_until(&p, now + 60 * SECOND);
	set |= walked(&p);				/* 13, 16, 20 */
	in_state(&p, LTCP_FIN_WAIT_2);
	peer_leave(&p);
	peer_wait_until(&p, now + 60 * SECOND);
	return set | walked(&p);			/* 26 */
}

static u32 walk_half_open(void)
{
	struct peer p;
	u32 set;

	in_state(&p, LTCP_LISTEN);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	ARRIVES(&p, .flags = RST, .seq = IRS + 1);
	set = walked(&p);				/* 4, 21 */
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	ARRIVES(&p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 1);
	EXPECT_EQ(p.last.n_moves, 2);			/* 9 and 12 at once: 22 */
	EXPECT(p.last.moves[0].to == LTCP_ESTABLISHED && p.last.moves[1].to == LTCP_CLOSE_WAIT);
	return set | walked(&p) | 1u << 22;
}

TEST(arrows_all_26_walked)
{
	u32 set = walk_user_calls() | walk_closes() | walk_half_open();
	unsigned int i;

	EXPECT(!(set & 1));
	for (i = 1; i <= LTCP_N_ARROWS; i++) {
		host_at("arrow %u", i);
		EXPECT(set >> i & 1);
	}
}
