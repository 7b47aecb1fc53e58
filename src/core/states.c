// SPDX-License-Identifier: GPL-2.0
/*
 * The state machine as a table: every arrow of RFC 9293's figure 5, of its
 * notes and of section 3.10, and no other. Nothing changes state but along a
 * line of it.
 */
#include <linux/kernel.h>

#include "fsm.h"

#define CAUSE(name)	(1u << LTCP_CAUSE_##name)
#define ARROW(n, from, to, causes, rule) { n, LTCP_##from, LTCP_##to, causes, rule }

/* What ends any synchronised state but TIME-WAIT at once */
#define CUT_OFF		(CAUSE(RCV_RST) | CAUSE(ABORT) | CAUSE(TIMEOUT))

/*
 * Arrow 22, SYN-RECEIVED -> CLOSE-WAIT by an ACK of our SYN that carries FIN,
 * is arrows 9 and 12 within one segment and so has no line of its own.
 */
const struct ltcp_arrow ltcp_arrows[] = {
	ARROW(1, CLOSED, LISTEN, CAUSE(OPEN_PASSIVE), "3.10.1"),
	ARROW(2, CLOSED, SYN_SENT, CAUSE(OPEN_ACTIVE), "3.10.1"),
	ARROW(3, LISTEN, CLOSED, CAUSE(CLOSE) | CAUSE(ABORT), "3.10.4, 3.10.5"),
	ARROW(4, LISTEN, SYN_RECEIVED, CAUSE(RCV_SYN), "3.10.7.2, third"),
	ARROW(5, LISTEN, SYN_SENT, CAUSE(OPEN_ACTIVE), "3.10.1"),
	ARROW(6, SYN_SENT, CLOSED, CAUSE(CLOSE), "3.10.4"),
	ARROW(7, SYN_SENT, SYN_RECEIVED, CAUSE(RCV_SYN), "3.10.7.3, fourth"),
	ARROW(8, SYN_SENT, ESTABLISHED, CAUSE(RCV_SYN_ACK), "3.10.7.3, fourth"),
	ARROW(9, SYN_RECEIVED, ESTABLISHED, CAUSE(RCV_ACK_OF_SYN) | CAUSE(RCV_SYN_ACK),
	      "3.10.7.4, fifth; figure 7"),
	ARROW(10, SYN_RECEIVED, FIN_WAIT_1, CAUSE(CLOSE), "3.10.4"),
	ARROW(11, ESTABLISHED, FIN_WAIT_1, CAUSE(CLOSE), "3.10.4"),
	ARROW(12, ESTABLISHED, CLOSE_WAIT, CAUSE(RCV_FIN), "3.10.7.4, eighth"),
	ARROW(13, FIN_WAIT_1, FIN_WAIT_2, CAUSE(RCV_ACK_OF_FIN), "3.10.7.4, fifth"),
	ARROW(14, FIN_WAIT_1, CLOSING, CAUSE(RCV_FIN), "3.10.7.4, eighth"),
	ARROW(15, FIN_WAIT_1, TIME_WAIT, CAUSE(RCV_FIN_ACK), "3.10.7.4, eighth; note 2"),
	ARROW(16, FIN_WAIT_2, TIME_WAIT, CAUSE(RCV_FIN), "3.10.7.4, eighth"),
	ARROW(17, CLOSING, TIME_WAIT, CAUSE(RCV_ACK_OF_FIN), "3.10.7.4, fifth"),
	ARROW(18, CLOSE_WAIT, LAST_ACK, CAUSE(CLOSE), "3.10.4"),
	ARROW(19, LAST_ACK, CLOSED, CAUSE(RCV_ACK_OF_FIN), "3.10.7.4, fifth"),
	/* Besides 2MSL: a new SYN (MAY-2, RFC 6191), and the system being taken down */
	ARROW(20, TIME_WAIT, CLOSED, CAUSE(2MSL) | CAUSE(RCV_SYN) | CAUSE(ABORT),
	      "3.10.8; MAY-2"),
	ARROW(21, SYN_RECEIVED, LISTEN, CAUSE(RCV_RST) | CAUSE(RCV_SYN),
	      "3.10.7.4, second and fourth; note 1"),
	ARROW(23, ESTABLISHED, CLOSED, CUT_OFF, "3.10.7.4, second; 3.10.5; 3.10.8"),
	ARROW(23, FIN_WAIT_1, CLOSED, CUT_OFF, "3.10.7.4, second; 3.10.5; 3.10.8"),
	ARROW(23, FIN_WAIT_2, CLOSED, CUT_OFF, "3.10.7.4, second; 3.10.5; 3.10.8"),
	ARROW(23, CLOSE_WAIT, CLOSED, CUT_OFF, "3.10.7.4, second; 3.10.5; 3.10.8"),
	ARROW(23, CLOSING, CLOSED, CUT_OFF, "3.10.7.4, second; 3.10.5; 3.10.8"),
	ARROW(23, LAST_ACK, CLOSED, CUT_OFF, "3.10.7.4, second; 3.10.5; 3.10.8"),
	ARROW(24, SYN_SENT, CLOSED, CUT_OFF | CAUSE(ICMP), "3.10.7.3, second; 3.8.3; 3.9.2.2"),
	ARROW(25, SYN_RECEIVED, CLOSED, CUT_OFF | CAUSE(ICMP),
	      "3.10.7.4, second; 3.8.3; 3.9.2.2"),
	ARROW(26, FIN_WAIT_2, CLOSED, CAUSE(ORPHAN), "3.6, half-duplex close without a user"),
};

const unsigned int ltcp_n_arrow_lines = ARRAY_SIZE(ltcp_arrows);

static const char * const state_names[LTCP_N_STATES] = {
	[LTCP_ESTABLISHED]	= "ESTABLISHED",
	[LTCP_SYN_SENT]		= "SYN-SENT",
	[LTCP_SYN_RECEIVED]	= "SYN-RECEIVED",
	[LTCP_FIN_WAIT_1]	= "FIN-WAIT-1",
	[LTCP_FIN_WAIT_2]	= "FIN-WAIT-2",
	[LTCP_TIME_WAIT]	= "TIME-WAIT",
	[LTCP_CLOSED]		= "CLOSED",
	[LTCP_CLOSE_WAIT]	= "CLOSE-WAIT",
	[LTCP_LAST_ACK]		= "LAST-ACK",
	[LTCP_LISTEN]		= "LISTEN",
	[LTCP_CLOSING]		= "CLOSING",
};

static const char * const cause_names[LTCP_N_CAUSES] = {
	[LTCP_CAUSE_OPEN_PASSIVE]	= "passive OPEN",
	[LTCP_CAUSE_OPEN_ACTIVE]	= "active OPEN",
	[LTCP_CAUSE_CLOSE]		= "CLOSE",
	[LTCP_CAUSE_ABORT]		= "ABORT",
	[LTCP_CAUSE_RCV_SYN]		= "rcv SYN",
	[LTCP_CAUSE_RCV_SYN_ACK]	= "rcv SYN,ACK",
	[LTCP_CAUSE_RCV_ACK_OF_SYN]	= "rcv ACK of SYN",
	[LTCP_CAUSE_RCV_FIN]		= "rcv FIN",
	[LTCP_CAUSE_RCV_ACK_OF_FIN]	= "rcv ACK of FIN",
	[LTCP_CAUSE_RCV_FIN_ACK]	= "rcv FIN with ACK of FIN",
	[LTCP_CAUSE_RCV_RST]		= "rcv RST",
	[LTCP_CAUSE_ICMP]		= "ICMP",
	[LTCP_CAUSE_TIMEOUT]		= "timeout",
	[LTCP_CAUSE_2MSL]		= "2MSL",
	[LTCP_CAUSE_ORPHAN]		= "FIN-WAIT-2 timeout",
};

/* Lines of ltcp_arrows above the first that leads away from a state */
static const u8 lines_above[LTCP_N_STATES] = {
	[LTCP_CLOSED]		= 0,
	[LTCP_LISTEN]		= 2,
	[LTCP_SYN_SENT]		= 5,
	[LTCP_SYN_RECEIVED]	= 8,
	[LTCP_ESTABLISHED]	= 10,
	[LTCP_FIN_WAIT_1]	= 12,
	[LTCP_FIN_WAIT_2]	= 15,
	[LTCP_CLOSING]		= 16,
	[LTCP_CLOSE_WAIT]	= 17,
	[LTCP_LAST_ACK]		= 18,
	[LTCP_TIME_WAIT]	= 19,
};

unsigned int ltcp_fsm_arrow(enum ltcp_state from, enum ltcp_state to, enum ltcp_cause cause)
{
	const struct ltcp_arrow *a, *end = ltcp_arrows + ARRAY_SIZE(ltcp_arrows);

	if (from >= LTCP_N_STATES)
		return 0;
	for (a = ltcp_arrows + lines_above[from]; a < end; a++)
		if (a->from == from && a->to == to && (a->causes & (1u << cause)))
			return a->number;
	return 0;
}

const char *ltcp_state_name(unsigned int state)
{
	return state < LTCP_N_STATES && state_names[state] ? state_names[state] : "?";
}

const char *ltcp_cause_name(unsigned int cause)
{
	return cause < LTCP_N_CAUSES ? cause_names[cause] : "?";
}
