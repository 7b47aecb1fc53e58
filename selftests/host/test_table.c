// SPDX-License-Identifier: GPL-2.0
/*
 * The state table against the list of 26 arrows, written down here a second
 * time, from RFC 9293 figure 5, its notes and section 3.10.
 */
#include <string.h>

#include "core/fsm.h"
#include "host.h"

#define C(name) (1u << LTCP_CAUSE_##name)

/* What may end a connection that both sides have: arrow 23 */
#define ENDS (C(RCV_RST) | C(ABORT) | C(TIMEOUT))

static const struct {
	u8 number;
	u8 from;
	u8 to;
	u32 causes;
} list[] = {
	{ 1, LTCP_CLOSED, LTCP_LISTEN, C(OPEN_PASSIVE) },
	{ 2, LTCP_CLOSED, LTCP_SYN_SENT, C(OPEN_ACTIVE) },
	{ 3, LTCP_LISTEN, LTCP_CLOSED, C(CLOSE) | C(ABORT) },
	{ 4, LTCP_LISTEN, LTCP_SYN_RECEIVED, C(RCV_SYN) },
	{ 5, LTCP_LISTEN, LTCP_SYN_SENT, C(OPEN_ACTIVE) },
	{ 6, LTCP_SYN_SENT, LTCP_CLOSED, C(CLOSE) },
	{ 7, LTCP_SYN_SENT, LTCP_SYN_RECEIVED, C(RCV_SYN) },
	{ 8, LTCP_SYN_SENT, LTCP_ESTABLISHED, C(RCV_SYN_ACK) },
	/* by SYN,ACK when both open at once: figure 7, line 6 */
	{ 9, LTCP_SYN_RECEIVED, LTCP_ESTABLISHED, C(RCV_ACK_OF_SYN) | C(RCV_SYN_ACK) },
	{ 10, LTCP_SYN_RECEIVED, LTCP_FIN_WAIT_1, C(CLOSE) },
	{ 11, LTCP_ESTABLISHED, LTCP_FIN_WAIT_1, C(CLOSE) },
	{ 12, LTCP_ESTABLISHED, LTCP_CLOSE_WAIT, C(RCV_FIN) },
	{ 13, LTCP_FIN_WAIT_1, LTCP_FIN_WAIT_2, C(RCV_ACK_OF_FIN) },
	{ 14, LTCP_FIN_WAIT_1, LTCP_CLOSING, C(RCV_FIN) },
	{ 15, LTCP_FIN_WAIT_1, LTCP_TIME_WAIT, C(RCV_FIN_ACK) },
	{ 16, LTCP_FIN_WAIT_2, LTCP_TIME_WAIT, C(RCV_FIN) },
	{ 17, LTCP_CLOSING, LTCP_TIME_WAIT, C(RCV_ACK_OF_FIN) },
	{ 18, LTCP_CLOSE_WAIT, LTCP_LAST_ACK, C(CLOSE) },
	{ 19, LTCP_LAST_ACK, LTCP_CLOSED, C(RCV_ACK_OF_FIN) },
	/* by a SYN of the next incarnation: MAY-2 */
	{ 20, LTCP_TIME_WAIT, LTCP_CLOSED, C(2MSL) | C(RCV_SYN) | C(ABORT) },
	/* by another SYN: section 3.10.7.4, fourth */
	{ 21, LTCP_SYN_RECEIVED, LTCP_LISTEN, C(RCV_RST) | C(RCV_SYN) },
	/* 22 is 9 and then 12, within one segment */
	{ 23, LTCP_ESTABLISHED, LTCP_CLOSED, ENDS },
	{ 23, LTCP_FIN_WAIT_1, LTCP_CLOSED, ENDS },
	{ 23, LTCP_FIN_WAIT_2, LTCP_CLOSED, ENDS },
	{ 23, LTCP_CLOSE_WAIT, LTCP_CLOSED, ENDS },
	{ 23, LTCP_CLOSING, LTCP_CLOSED, ENDS },
	{ 23, LTCP_LAST_ACK, LTCP_CLOSED, ENDS },
	{ 24, LTCP_SYN_SENT, LTCP_CLOSED, ENDS | C(ICMP) },
	{ 25, LTCP_SYN_RECEIVED, LTCP_CLOSED, ENDS | C(ICMP) },
	{ 26, LTCP_FIN_WAIT_2, LTCP_CLOSED, C(ORPHAN) },
};

static unsigned int expected(unsigned int from, unsigned int to, unsigned int cause)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		if (list[i].from == from && list[i].to == to && list[i].causes >> cause & 1)
			return list[i].number;
	}
	return 0;
}

/* Every triple of two states and a cause: the arrows of the list, and no other */
TEST(table_has_these_arrows_and_no_other)
{
	unsigned int from, to, cause;

	for (from = 0; from <= LTCP_N_STATES; from++) {
		for (to = 0; to <= LTCP_N_STATES; to++) {
			for (cause = 0; cause < LTCP_N_CAUSES; cause++) {
				host_at("%s -> %s, %s", ltcp_state_name(from), ltcp_state_name(to),
					ltcp_cause_name(cause));
				EXPECT_EQ(ltcp_fsm_arrow(from, to, cause),
					  expected(from, to, cause));
			}
		}
	}
}

TEST(table_has_all_26_arrows)
{
	unsigned int i, seen = 0;

	for (i = 0; i < ltcp_n_arrow_lines; i++) {
		EXPECT(ltcp_arrows[i].number >= 1 && ltcp_arrows[i].number <= LTCP_N_ARROWS);
		seen |= 1u << ltcp_arrows[i].number;
	}
	/* 22 has no line: it is 9 and 12, which the first test found */
	EXPECT_EQ(seen | 1u << 22, (1u << (LTCP_N_ARROWS + 1)) - 2);
}

/* No state has an arrow to itself, none is a dead end, and each line says where it is drawn */
TEST(table_is_a_graph_with_rules)
{
	unsigned int i, out = 0, in = 0, all = 0;

	for (i = 0; i < ltcp_n_arrow_lines; i++) {
		const struct ltcp_arrow *a = &ltcp_arrows[i];

		host_at("line %u", i);
		EXPECT_NE(a->from, a->to);
		EXPECT_NE(a->causes, 0);
		EXPECT(a->rule && strlen(a->rule) >= 3);
		out |= 1u << a->from;
		in |= 1u << a->to;
	}
	for (i = 1; i < LTCP_N_STATES; i++)
		all |= 1u << i;
	EXPECT_EQ(out, all);
	EXPECT_EQ(in, all);
}

TEST(table_names)
{
	unsigned int i, j;

	for (i = 1; i < LTCP_N_STATES; i++) {
		EXPECT(strcmp(ltcp_state_name(i), "?"));
		for (j = 1; j < i; j++)
			EXPECT(strcmp(ltcp_state_name(i), ltcp_state_name(j)));
	}
	for (i = 0; i < LTCP_N_CAUSES; i++) {
		EXPECT(strcmp(ltcp_cause_name(i), "?"));
		for (j = 0; j < i; j++)
			EXPECT(strcmp(ltcp_cause_name(i), ltcp_cause_name(j)));
	}
	EXPECT(!strcmp(ltcp_state_name(LTCP_SYN_RECEIVED), "SYN-RECEIVED"));
	EXPECT(!strcmp(ltcp_state_name(LTCP_N_STATES), "?"));
	EXPECT(!strcmp(ltcp_cause_name(LTCP_N_CAUSES), "?"));
}

/* What is no arrow is carried out nowhere unnoticed */
TEST(table_other_moves_are_illegal)
{
	struct ltcp_verdict v = {};

	ltcp_fsm_move(&v, LTCP_LISTEN, LTCP_SYN_RECEIVED, LTCP_CAUSE_RCV_SYN);
	EXPECT_EQ(v.act, 0);
	EXPECT_EQ(v.n_moves, 1);
	EXPECT(v.moves[0].from == LTCP_LISTEN && v.moves[0].to == LTCP_SYN_RECEIVED &&
	       v.moves[0].cause == LTCP_CAUSE_RCV_SYN);
	ltcp_fsm_move(&v, LTCP_SYN_RECEIVED, LTCP_TIME_WAIT, LTCP_CAUSE_RCV_SYN);
	EXPECT_EQ(v.act, LTCP_ACT_ILLEGAL);
	EXPECT_EQ(v.n_moves, 2);
}
