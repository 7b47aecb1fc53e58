// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks in the window: RST, SYN and ACK where they do not belong, in every
 * state. RFC 9293 section 3.10.7.4 with RFC 5961 (labels U-4, U-5, U-6,
 * MAY-12), RFC 1337.
 */
#define WIRE_MAIN
#include <string.h>
#include <unistd.h>

#include "wire.h"

/* RFC 5961 section 7: so many challenge ACKs ... in so many milliseconds */
#define CHALLENGES	10
#define PERIOD_MS	5000

/* X(name, state, .passive of wire_into()): where RST, SYN and ACK are judged by window */
#define WINDOWED_STATES(X)						\
	X(syn_received_active, SYN_RECEIVED, false)			\
	X(syn_received_passive, SYN_RECEIVED, true)			\
	X(established, ESTABLISHED, false)				\
	X(established_passive, ESTABLISHED, true)			\
	X(fin_wait_1, FIN_WAIT_1, false)				\
	X(fin_wait_2, FIN_WAIT_2, false)				\
	X(close_wait, CLOSE_WAIT, false)				\
	X(closing, CLOSING, false)					\
	X(last_ack, LAST_ACK, false)

#define EACH(test, name, state, passive)				\
	WIRE_TEST(test##_in_##name) { test(w, state, passive); }

/* The state is as before: by the trace, which knows half-open entries too */
static void unchanged(struct wire *w, enum tcp_state state)
{
	wire_expect_state(w, NO_FD, state);
}

/* --- RST ---------------------------------------------------------------- */

/* U-4: at RCV.NXT it is believed; nothing is sent, nothing remains */
static void rst_exact(struct wire *w, enum tcp_state state, bool passive)
{
	int fd = wire_into(w, state, .passive = passive);
	bool half_open = state == SYN_RECEIVED && passive;

	wire_send(w, RST);
	wire_expect_nothing(w, 200000);
	wire_expect_state(w, NO_FD, half_open ? LISTEN : CLOSED);
	/* MUST-12: the user learns that this was no orderly end */
	if (state == SYN_RECEIVED && !passive)
		wire_expect_error(w, fd, ECONNREFUSED);
	else if (state == ESTABLISHED || state == FIN_WAIT_1 || state == FIN_WAIT_2)
		wire_read_error(w, fd, ECONNRESET);
	/* The peer's next segment finds nobody */
	wire_send(w, ACK);
	wire_expect(w, RST, .seq = w->flow->nxt);
}

#define X(name, state, passive) EACH(rst_exact, name, state, passive)
WINDOWED_STATES(X)
#undef X

/* U-4: elsewhere in the window it is answered by a challenge ACK and dropped */
static void rst_in_window(struct wire *w, enum tcp_state state, bool passive)
{
	s64 next;

	wire_into(w, state, .passive = passive);
	next = w->flow->peer_nxt;
	wire_send(w, RST, .seq = next + 1);
	wire_expect(w, ACK, .seq = w->flow->nxt, .ack = next);
	wire_send(w, RST, .seq = next + 1000);
	wire_expect(w, ACK, .seq = w->flow->nxt, .ack = next);
	unchanged(w, state);
}

#define X(name, state, passive) EACH(rst_in_window, name, state, passive)
WINDOWED_STATES(X)
#undef X

/* Section 3.10.7.4, first: outside the window it is dropped in silence */
static void rst_outside_window(struct wire *w, enum tcp_state state, bool passive)
{
	s64 next;

	wire_into(w, state, .passive = passive);
	next = w->flow->peer_nxt;
	wire_send(w, RST, .seq = next - 1);
	wire_send(w, RST, .seq = next - 100000);
	wire_send(w, RST, .seq = next + (1 << 30));
	wire_expect_nothing(w, 100);
	unchanged(w, state);
}

#define X(name, state, passive) EACH(rst_outside_window, name, state, passive)
WINDOWED_STATES(X)
#undef X

/* The window's last number is in it, the next is not (section 3.4) */
WIRE_TEST(rst_at_right_edge)
{
	int fd = wire_open_active(w);
	s64 edge = w->pkt->seg.ack + w->pkt->seg.win;

	wire_send(w, RST, .seq = edge);
	wire_expect_nothing(w, 100);
	wire_send(w, RST, .seq = edge - 1);
	wire_expect(w, ACK, .ack = 1);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* SHLD-2: a RST may carry text */
WIRE_TEST(rst_with_text)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, RST | ACK, .len = 20);
	wire_expect_state(w, fd, CLOSED);
	wire_read_error(w, fd, ECONNRESET);
}

/* The ACK of a RST does not matter in a synchronised state */
WIRE_TEST(rst_with_absurd_ack)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, RST | ACK, .ack = 1 << 30);
	wire_expect_state(w, fd, CLOSED);
}

/* In order text that waits to be read stays readable; the error comes after it or at once */
WIRE_TEST(rst_after_text)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, PSH | ACK, .len = 10);
	wire_drain(w, 499);
	wire_send(w, RST);
	wire_expect_state(w, fd, CLOSED);
	wire_expect_error(w, fd, ECONNRESET);
	wire_write_error(w, fd, EPIPE);
}

/* --- SYN ---------------------------------------------------------------- */

/*
 * U-5: whatever its number, a SYN draws a challenge ACK and is dropped. (A
 * passive SYN-RECEIVED follows its own rule: handshake.c, syn_received_*.)
 */
static void syn_anywhere(struct wire *w, enum tcp_state state, bool passive)
{
	s64 next, offsets[] = { -1, 0, 1, 1000, -100000, 1 << 30 };
	unsigned int i;

	if (state == SYN_RECEIVED && passive)
		return;
	wire_into(w, state, .passive = passive);
	next = w->flow->peer_nxt;
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		wire_send(w, SYN, .seq = next + offsets[i], .mss = 1460, .stray = true);
		wire_expect(w, ACK, .seq = w->flow->nxt, .ack = next);
	}
	unchanged(w, state);
}

#define X(name, state, passive) EACH(syn_anywhere, name, state, passive)
WINDOWED_STATES(X)
#undef X

/* ... with ACK and text as well: none of it is taken */
WIRE_TEST(syn_ack_with_text)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, SYN | ACK, .seq = 1, .ack = 1, .len = 10, .stray = true);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	wire_read_nothing(w, fd);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* --- ACK ---------------------------------------------------------------- */

/* U-6: an ACK of what was never sent: ACK, drop, text and all */
static void ack_of_future(struct wire *w, enum tcp_state state, bool passive)
{
	s64 next, nxt;

	if (state == SYN_RECEIVED)	/* RST: handshake.c, syn_received_bad_ack */
		return;
	wire_into(w, state, .passive = passive);
	next = w->flow->peer_nxt;
	nxt = w->flow->nxt;
	wire_send(w, ACK, .ack = nxt + 1, .stray = true);
	wire_expect(w, ACK, .seq = nxt, .ack = next);
	wire_send(w, ACK, .ack = nxt + (1 << 30), .stray = true);
	wire_expect(w, ACK, .seq = nxt, .ack = next);
	unchanged(w, state);
}

#define X(name, state, passive) EACH(ack_of_future, name, state, passive)
WINDOWED_STATES(X)
#undef X

/* U-6: below SND.UNA - MAX.SND.WND the same */
static void ack_of_past(struct wire *w, enum tcp_state state, bool passive)
{
	s64 next, nxt;

	if (state == SYN_RECEIVED)
		return;
	wire_into(w, state, .passive = passive, .win = 10000);
	next = w->flow->peer_nxt;
	nxt = w->flow->nxt;
	wire_send(w, ACK, .ack = nxt - 10010, .stray = true);
	wire_expect(w, ACK, .seq = nxt, .ack = next);
	unchanged(w, state);
}

#define X(name, state, passive) EACH(ack_of_past, name, state, passive)
WINDOWED_STATES(X)
#undef X

/* MAY-12: the text of such a segment is an injection: dropped */
WIRE_TEST(text_with_ack_outside)
{
	int fd = wire_open_active(w, .win = 10000);

	wire_send(w, PSH | ACK, .ack = 1 - 10001, .len = 10, .stray = true);
	wire_expect(w, ACK, .ack = 1);
	wire_send(w, PSH | ACK, .ack = 2, .len = 10, .stray = true);
	wire_expect(w, ACK, .ack = 1);
	wire_read_nothing(w, fd);
	/* An old ACK within the range brings its text in (first number of the range) */
	wire_send(w, PSH | ACK, .ack = 1 - 10000, .len = 10);
	wire_read(w, fd, 10);
	wire_drain(w, 499);
}

/* Fifth: "if the ACK bit is off, drop the segment and return" */
static void no_ack_bit(struct wire *w, enum tcp_state state, bool passive)
{
	wire_into(w, state, .passive = passive);
	wire_send(w, 0, .len = 10, .stray = true);
	wire_send(w, FIN, .stray = true);
	wire_send(w, PSH | URG, .len = 10, .up = 5, .stray = true);
	wire_expect_nothing(w, 100);
	unchanged(w, state);
}

#define X(name, state, passive) EACH(no_ack_bit, name, state, passive)
WINDOWED_STATES(X)
#undef X

/* --- unacceptable numbers --------------------------------------------------- */

/* First: an unacceptable segment is answered by an ACK and dropped */
static void text_outside_window(struct wire *w, enum tcp_state state, bool passive)
{
	s64 next;

	wire_into(w, state, .passive = passive);
	next = w->flow->peer_nxt;
	wire_send(w, ACK, .seq = next - 5000, .len = 10, .stray = true);
	wire_expect(w, ACK, .seq = w->flow->nxt, .ack = next);
	wire_send(w, ACK, .seq = next + (1 << 30), .len = 10, .stray = true);
	wire_expect(w, ACK, .seq = w->flow->nxt, .ack = next);
	unchanged(w, state);
}

#define X(name, state, passive) EACH(text_outside_window, name, state, passive)
WINDOWED_STATES(X)
#undef X

/* --- RFC 5961 section 7: the limit on challenge ACKs ---------------------------- */

static int provoke(struct wire *w, int n)
{
	int i, answers = 0;

	for (i = 0; i < n; i++) {
		wire_send(w, RST, .seq = w->flow->peer_nxt + 10);
		if (wire_recv(w, 0))
			answers++;
	}
	return answers;
}

WIRE_TEST(challenge_limit)
{
	int fd = wire_into(w, ESTABLISHED), n;

	n = provoke(w, 3 * CHALLENGES);
	wire_check(w, n == CHALLENGES, "%d challenge ACKs at once", n);
	wire_sleep(w, PERIOD_MS - 500);
	n = provoke(w, CHALLENGES);
	wire_check(w, n == 0, "%d challenge ACKs within the same period", n);
	wire_sleep(w, 600);
	n = provoke(w, 3 * CHALLENGES);
	wire_check(w, n == CHALLENGES, "%d challenge ACKs in the next period", n);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* A shared limit would tell an attacker of others' connections (CVE-2016-5696) */
WIRE_TEST(challenge_limit_not_shared)
{
	struct wire_flow *first;
	int n;

	wire_into(w, ESTABLISHED);
	first = wire_new_flow(w);
	wire_into(w, ESTABLISHED);
	n = provoke(w, 3 * CHALLENGES);
	wire_check(w, n == CHALLENGES, "%d challenge ACKs", n);
	w->flow = first;
	n = provoke(w, 3 * CHALLENGES);
	wire_check(w, n == CHALLENGES, "%d challenge ACKs on the other connection", n);
}

/* The limit is for all kinds of bait together, and for a half-open connection too */
WIRE_TEST(challenge_limit_half_open)
{
	int n;

	wire_into(w, SYN_RECEIVED, .passive = true);
	n = provoke(w, 3 * CHALLENGES);
	wire_check(w, n == CHALLENGES, "%d challenge ACKs", n);
}

WIRE_TEST(challenge_limit_mixed)
{
	int n = 0, i;

	wire_into(w, ESTABLISHED);
	for (i = 0; i < CHALLENGES; i++) {
		wire_send(w, SYN, .stray = true);
		n += !!wire_recv(w, 0);
		wire_send(w, ACK, .ack = 100, .stray = true);
		n += !!wire_recv(w, 0);
		wire_send(w, RST, .seq = 100);
		n += !!wire_recv(w, 0);
	}
	wire_check(w, n == CHALLENGES, "%d challenge ACKs", n);
}

/* Genuine ACKs of text do not come out of that allowance */
WIRE_TEST(challenge_limit_spares_data)
{
	int fd = wire_into(w, ESTABLISHED), n;

	n = provoke(w, 3 * CHALLENGES);
	wire_check(w, n == CHALLENGES, "%d challenge ACKs", n);
	wire_send(w, PSH | ACK, .seq = 11, .len = 10);
	wire_expect(w, ACK, .ack = 1);
	wire_send(w, PSH | ACK, .seq = 1, .len = 10);
	wire_expect(w, ACK, .ack = 21);
	wire_read(w, fd, 20);
}

/* --- RFC 1337: TIME-WAIT --------------------------------------------------------- */

/* A RST, even at RCV.NXT, does not end TIME-WAIT */
WIRE_TEST(rst_in_time_wait)
{
	wire_into(w, TIME_WAIT);
	wire_send(w, RST);
	wire_send(w, RST, .seq = 2);
	wire_send(w, RST, .seq = 3);
	wire_expect_nothing(w, 30000);
	wire_expect_state(w, NO_FD, TIME_WAIT);
	/* It still does its duty */
	wire_send(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
}

/* Old duplicate text in TIME-WAIT is answered by an ACK; the peer knows then where we are */
WIRE_TEST(old_text_in_time_wait)
{
	wire_into(w, TIME_WAIT);
	wire_send(w, ACK, .seq = -500, .len = 10, .stray = true);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_expect_state(w, NO_FD, TIME_WAIT);
}

/* A plain ACK in its place draws nothing: two TIME-WAITs must not talk for ever */
WIRE_TEST(ack_in_time_wait)
{
	wire_into(w, TIME_WAIT);
	wire_send(w, ACK);
	wire_expect_nothing(w, 1000);
}

/* A SYN that is no newer than the old connection draws an ACK (U-5) */
WIRE_TEST(old_syn_in_time_wait)
{
	wire_into(w, TIME_WAIT);
	wire_send(w, SYN, .seq = -1000, .stray = true);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_expect_state(w, NO_FD, TIME_WAIT);
}

/* The limit holds in TIME-WAIT too */
WIRE_TEST(challenge_limit_time_wait)
{
	int i, n = 0;

	wire_into(w, TIME_WAIT);
	for (i = 0; i < 3 * CHALLENGES; i++) {
		wire_send(w, SYN, .seq = -1000, .stray = true);
		n += !!wire_recv(w, 0);
	}
	wire_check(w, n == CHALLENGES, "%d challenge ACKs", n);
}

TEST_HARNESS_MAIN
