// SPDX-License-Identifier: GPL-2.0
/*
 * Closing: FIN in both directions, half-closed connections, TIME-WAIT, those
 * that nobody holds any more, and ABORT. RFC 9293 sections 3.6, 3.10.4,
 * 3.10.5 and 3.10.7.4 (eighth); labels are RFC 9293's.
 */
#define WIRE_MAIN
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define TWO_MSL_MS	60000
#define TCP_LINGER2	8

/* --- half-close ---------------------------------------------------------- */

/* Section 3.6: who has closed may go on receiving, for as long as he likes */
WIRE_TEST(half_closed_receives)
{
	int fd = wire_into(w, FIN_WAIT_2);

	wire_sleep(w, 600 * 1000);
	wire_expect_state(w, fd, FIN_WAIT_2);
	wire_send(w, PSH | ACK, .len = 1000);
	wire_read(w, fd, 1000);
	wire_expect(w, ACK, .seq = 2, .ack = 1001, .until = 499);
	wire_write_error(w, fd, EPIPE);
	wire_send(w, FIN | ACK);
	wire_expect(w, ACK, .seq = 2, .ack = 1002);
	wire_read_eof(w, fd);
	wire_expect_state(w, NO_FD, TIME_WAIT);
}

/* ... in FIN-WAIT-1 as well */
WIRE_TEST(fin_wait_1_receives)
{
	int fd = wire_into(w, FIN_WAIT_1);

	wire_send(w, PSH | ACK, .ack = 1, .len = 100);
	wire_read(w, fd, 100);
	wire_expect(w, ACK, .seq = 2, .ack = 101, .until = 199);
	wire_expect_state(w, fd, FIN_WAIT_1);
}

/* The other side may go on sending in CLOSE-WAIT */
WIRE_TEST(half_closed_sends)
{
	int fd = wire_into(w, CLOSE_WAIT);

	wire_read_eof(w, fd);
	wire_sleep(w, 600 * 1000);
	wire_write(w, fd, 1000);
	wire_expect(w, PSH | ACK, .seq = 1, .ack = 2, .len = 1000);
	wire_send(w, ACK);
	wire_shutdown(w, fd);
	wire_expect(w, FIN | ACK, .seq = 1001, .ack = 2);
	wire_send(w, ACK);
	wire_expect_state(w, NO_FD, CLOSED);
}

/* Who closes because the peer has needs one segment for it: the FIN that says ACK as well */
WIRE_TEST(fin_carries_the_ack_of_fin)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, FIN | ACK);
	wire_shutdown(w, fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_send(w, ACK, .seq = 2, .ack = 2);
	wire_expect_state(w, NO_FD, CLOSED);
}

/* --- FIN and the data before it -------------------------------------------- */

/* CLOSE is queued behind all that was sent before (section 3.10.4) */
WIRE_TEST(fin_follows_data)
{
	int fd = wire_open_active(w, .mss = 1000), i;

	wire_write(w, fd, 3000);
	wire_shutdown(w, fd);
	for (i = 0; i < 3; i++)
		wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_expect(w, FIN | ACK, .seq = 3001);
	wire_send(w, ACK);
	wire_expect_state(w, fd, FIN_WAIT_2);
}

/* ... even if the window takes it only later, and nobody holds the socket */
WIRE_TEST(fin_waits_for_window)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 2000);

	wire_write(w, fd, 3000);
	wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_close(w, fd);
	wire_expect_nothing(w, 100);
	wire_send(w, ACK, .win = 2000);
	wire_expect(w, ACK | PSH_ANY | FIN, .len = 1000);
	wire_send(w, ACK);
	wire_expect_state(w, NO_FD, FIN_WAIT_2);
}

/*
 * Section 3.10.4, SYN-RECEIVED: with nothing queued "form a FIN segment and
 * send it, and enter FIN-WAIT-1"
 */
WIRE_TEST(fin_in_syn_received)
{
	int fd = wire_into(w, SYN_RECEIVED);

	wire_shutdown(w, fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_expect_state(w, fd, FIN_WAIT_1);
	wire_send(w, ACK, .ack = 2);
	wire_expect_state(w, fd, FIN_WAIT_2);
}

/* A FIN ahead of missing text waits for it */
WIRE_TEST(fin_out_of_order)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, FIN | ACK, .seq = 11, .len = 10);
	wire_expect(w, ACK, .ack = 1);
	wire_read_nothing(w, fd);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_send(w, ACK, .seq = 1, .len = 10);
	wire_expect(w, ACK, .ack = 22);
	wire_expect_state(w, fd, CLOSE_WAIT);
	wire_read(w, fd, 20);
	wire_read_eof(w, fd);
}

/* A FIN on the last text */
WIRE_TEST(fin_with_text)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, FIN | PSH | ACK, .len = 10);
	wire_expect(w, ACK, .ack = 12);
	wire_expect_state(w, fd, CLOSE_WAIT);
	wire_read(w, fd, 10);
	wire_read_eof(w, fd);
}

/* What comes after FIN is not text of this connection (eighth) */
WIRE_TEST(text_after_fin)
{
	int fd = wire_into(w, CLOSE_WAIT);

	wire_send(w, PSH | ACK, .seq = 2, .len = 10, .stray = true);
	wire_drain(w, 499);
	wire_read_eof(w, fd);
	wire_expect_state(w, fd, CLOSE_WAIT);
}

/* The same FIN again in CLOSE-WAIT: our ACK was lost, it is repeated */
WIRE_TEST(fin_again_in_close_wait)
{
	int fd = wire_into(w, CLOSE_WAIT);

	wire_send(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .seq = 1, .ack = 2);
	wire_expect_state(w, fd, CLOSE_WAIT);
}

/* Both close at once, with text still under way */
WIRE_TEST(simultaneous_close_with_text)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_shutdown(w, fd);
	wire_expect(w, FIN | ACK, .seq = 101);
	wire_send(w, FIN | PSH | ACK, .ack = 1, .len = 50);
	wire_expect(w, ACK, .seq = 102, .ack = 52);
	wire_expect_state(w, fd, CLOSING);
	wire_read(w, fd, 50);
	wire_read_eof(w, fd);
	/* The ACK of the text alone does not end CLOSING */
	wire_send(w, ACK, .ack = 101);
	wire_expect_state(w, fd, CLOSING);
	wire_send(w, ACK, .ack = 102);
	wire_expect_state(w, NO_FD, TIME_WAIT);
}

/* --- our FIN is lost --------------------------------------------------------- */

/* It is sent again after an RTO, and the RTO doubles (RFC 6298 section 5) */
static void fin_repeated(struct wire *w, enum tcp_state state)
{
	s64 seq, ack, gap = 0, last = 0;
	u64 sent;
	int i;

	wire_into(w, state);
	seq = w->flow->nxt - 1;
	ack = w->flow->peer_nxt;
	sent = 0;
	for (i = 0; i < 6; i++, sent = w->pkt->time, last = gap) {
		wire_check(w, wire_recv(w, 120000), "no FIN any more");
		wire_check(w, w->pkt->seg.flags == (FIN | ACK) && w->pkt->seg.seq == seq &&
			   w->pkt->seg.ack == ack, "not our FIN");
		gap = (s64)(w->pkt->time - sent) / 1000;
		if (i > 1)	/* the first gap has nothing before it */
			wire_check(w, gap >= 2 * last - last / 4 && gap <= 2 * last + last / 2,
				   "%lld ms, then %lld ms", (long long)last, (long long)gap);
	}
}

WIRE_TEST(fin_repeated_in_fin_wait_1)	{ fin_repeated(w, FIN_WAIT_1); }
WIRE_TEST(fin_repeated_in_closing)	{ fin_repeated(w, CLOSING); }
WIRE_TEST(fin_repeated_in_last_ack)	{ fin_repeated(w, LAST_ACK); }

/* L4: nobody holds it and the peer is gone: it ends all the same, in minutes */
static void orphan_ends(struct wire *w, enum tcp_state state)
{
	int fd = wire_into(w, state);

	wire_close(w, fd);
	wire_drain(w, 900 * 1000);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_moved(w, state, CLOSED);
}

WIRE_TEST(orphan_ends_in_fin_wait_1)	{ orphan_ends(w, FIN_WAIT_1); }
WIRE_TEST(orphan_ends_in_closing)	{ orphan_ends(w, CLOSING); }
WIRE_TEST(orphan_ends_in_last_ack)	{ orphan_ends(w, LAST_ACK); }

/* --- TIME-WAIT ------------------------------------------------------------------ */

/* MUST-13: 2MSL, exact to the millisecond (F5: an hrtimer) */
WIRE_TEST(two_msl_exact)
{
	s64 lasted;

	wire_into(w, TIME_WAIT);
	wire_sleep(w, TWO_MSL_MS + 1000);
	wire_arrow(w, 20);
	lasted = wire_move_time(w, TIME_WAIT, CLOSED) - wire_move_time(w, FIN_WAIT_2, TIME_WAIT);
	wire_check(w, lasted >= TWO_MSL_MS * 1000 && lasted < TWO_MSL_MS * 1000 + 2000,
		   "2MSL was %lld us", (long long)lasted);
}

/* MUST-13: until the end the peer's FIN is acknowledged, then it finds nobody */
WIRE_TEST(fin_again_in_time_wait)
{
	wire_into(w, TIME_WAIT);
	wire_sleep(w, TWO_MSL_MS - 100);
	wire_send(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_sleep(w, TWO_MSL_MS + 100);
	wire_send(w, FIN | ACK, .seq = 1);
	wire_expect(w, RST, .seq = 2);
}

/* Section 3.10.7.4, eighth: such a FIN restarts 2MSL */
WIRE_TEST(fin_restarts_two_msl)
{
	s64 lasted;
	u64 mark;

	wire_into(w, TIME_WAIT);
	wire_sleep(w, 40000);
	mark = wire_mark(w);
	wire_send(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_sleep(w, TWO_MSL_MS - 100);
	wire_expect_state(w, NO_FD, TIME_WAIT);
	wire_sleep(w, 1000);
	wire_expect_state(w, NO_FD, CLOSED);
	lasted = wire_move_time(w, TIME_WAIT, CLOSED) - mark;
	wire_check(w, lasted >= TWO_MSL_MS * 1000 && lasted < TWO_MSL_MS * 1000 + 3000,
		   "%lld us after the FIN", (long long)lasted);
}

/* An ACK, old text or a RST does not restart it */
WIRE_TEST(others_do_not_restart_two_msl)
{
	wire_into(w, TIME_WAIT);
	wire_sleep(w, 40000);
	wire_send(w, ACK);
	wire_send(w, RST);
	wire_send(w, ACK, .seq = -500, .len = 10, .stray = true);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_sleep(w, 20100);
	wire_expect_state(w, NO_FD, CLOSED);
}

/* CLOSING's way into TIME-WAIT takes 2MSL from there */
WIRE_TEST(two_msl_after_closing)
{
	s64 lasted;

	wire_into(w, CLOSING);
	wire_send(w, ACK);
	wire_sleep(w, TWO_MSL_MS + 1000);
	lasted = wire_move_time(w, TIME_WAIT, CLOSED) - wire_move_time(w, CLOSING, TIME_WAIT);
	wire_check(w, lasted >= TWO_MSL_MS * 1000 && lasted < TWO_MSL_MS * 1000 + 2000,
		   "2MSL was %lld us", (long long)lasted);
}

/* It is tunable */
WIRE_TEST(two_msl_tunable)
{
	s64 lasted;

	wire_sysctl(w, "ltcp_timewait_ms", 1500);
	wire_into(w, TIME_WAIT);
	wire_sleep(w, 2000);
	lasted = wire_move_time(w, TIME_WAIT, CLOSED) - wire_move_time(w, FIN_WAIT_2, TIME_WAIT);
	wire_check(w, lasted >= 1500000 && lasted < 1502000, "2MSL was %lld us",
		   (long long)lasted);
}

/* What is there keeps its time, what comes later has the new one */
WIRE_TEST(two_msl_of_later_ones)
{
	struct wire_flow *first;

	wire_into(w, TIME_WAIT);
	wire_sysctl(w, "ltcp_timewait_ms", 5000);
	first = wire_new_flow(w);
	wire_into(w, TIME_WAIT);
	wire_sleep(w, 5200);
	wire_expect_state(w, NO_FD, CLOSED);
	w->flow = first;
	wire_expect_state(w, NO_FD, TIME_WAIT);
	wire_sysctl(w, "ltcp_timewait_ms", 0);
	wire_sleep(w, TWO_MSL_MS - 5200 - 1000);
	wire_expect_state(w, NO_FD, TIME_WAIT);
	wire_sleep(w, 1200);
	wire_expect_state(w, NO_FD, CLOSED);
}

/* Several entries end in the order in which they began, each in its own time */
WIRE_TEST(two_msl_of_several)
{
	struct wire_flow *flows[3];
	int i;

	for (i = 0; i < 3; i++) {
		if (i)
			wire_new_flow(w);
		flows[i] = w->flow;
		wire_into(w, TIME_WAIT);
		wire_sleep(w, 10000);
	}
	wire_sleep(w, TWO_MSL_MS - 30000 - 100);
	for (i = 0; i < 3; i++) {
		w->flow = flows[i];
		wire_expect_state(w, NO_FD, TIME_WAIT);
		wire_sleep(w, 1000);
		wire_expect_state(w, NO_FD, CLOSED);
		wire_sleep(w, 9000);
	}
}

/* MAY-2: a SYN beyond the old connection's numbers reopens it ... */
WIRE_TEST(reopen_by_sequence)
{
	int listener = wire_listen(w);
	struct wire_flow old;

	wire_into(w, TIME_WAIT, .passive = true, .fd = listener);
	old = *w->flow;
	wire_next_incarnation(w, old.peer_iss + old.peer_nxt + 1);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	/* ... with an ISS larger than the largest of the old one */
	wire_check(w, (int32_t)(w->flow->iss - (old.iss + (u32)old.nxt)) > 0,
		   "the new ISS lies %d before", (int32_t)(old.iss + (u32)old.nxt - w->flow->iss));
	wire_send(w, ACK);
	wire_expect_state(w, wire_accept(w, listener), ESTABLISHED);
}

/* ... not one within them */
WIRE_TEST(no_reopen_by_old_sequence)
{
	int listener = wire_listen(w);

	wire_into(w, TIME_WAIT, .passive = true, .fd = listener);
	wire_send(w, SYN, .seq = 1, .stray = true);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_expect_state(w, NO_FD, TIME_WAIT);
}

/* SHLD-4, RFC 6191: a newer timestamp makes up for an older number ... */
WIRE_TEST(reopen_by_timestamp)
{
	int listener = wire_listen(w);

	wire_into(w, TIME_WAIT, .passive = true, .fd = listener, .ts = true);
	wire_sleep(w, 2000);
	wire_next_incarnation(w, w->flow->peer_iss - 500000);
	wire_send(w, SYN, .mss = 1460, .tsval = 200000);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_send(w, ACK, .tsval = 200001, .tsecr = w->flow->ts_recent);
	wire_expect_state(w, wire_accept(w, listener), ESTABLISHED);
}

/* ... and an older one is not made good by a newer number */
WIRE_TEST(no_reopen_by_old_timestamp)
{
	int listener = wire_listen(w);

	wire_into(w, TIME_WAIT, .passive = true, .fd = listener, .ts = true);
	wire_send(w, SYN, .seq = 5000, .tsval = 50000, .stray = true);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_expect_state(w, NO_FD, TIME_WAIT);
}

/* ... but a timestamp where there was none is enough: PAWS will tell the two apart */
WIRE_TEST(reopen_by_first_timestamp)
{
	int listener = wire_listen(w);

	wire_into(w, TIME_WAIT, .passive = true, .fd = listener);
	wire_next_incarnation(w, w->flow->peer_iss - 500000);
	wire_send(w, SYN, .mss = 1460, .tsval = 7);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_send(w, ACK, .tsval = 8, .tsecr = w->flow->ts_recent);
	wire_expect_state(w, wire_accept(w, listener), ESTABLISHED);
}

/* A SYN that reopens TIME-WAIT, and its SYN-ACK; returns what was known of the old connection */
static struct wire_flow reopen(struct wire *w, int listener)
{
	struct wire_flow old;

	wire_into(w, TIME_WAIT, .passive = true, .fd = listener);
	old = *w->flow;
	wire_next_incarnation(w, old.peer_iss + old.peer_nxt + 1);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	return old;
}

/* TIME-WAIT is there with the old numbers, and lasts 2MSL from now; there is no arrow back to it */
static void still_in_time_wait(struct wire *w, const struct wire_flow *old)
{
	*w->flow = *old;
	wire_send(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_sleep(w, TWO_MSL_MS - 100);
	wire_send(w, ACK, .seq = -500, .len = 10, .stray = true);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_sleep(w, 200);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_check(w, wire_counter(w, "TW") == 1, "TIME-WAIT did not last 2MSL");
}

/* MAY-2: "returns to TIME-WAIT state if the SYN turns out to be an old duplicate" */
WIRE_TEST(reopen_by_old_duplicate)
{
	struct wire_flow old = reopen(w, wire_listen(w));

	wire_expect_state(w, NO_FD, SYN_RECEIVED);
	wire_send(w, RST, .seq = 1);
	still_in_time_wait(w, &old);
}

/* ... or if nobody stands by it */
WIRE_TEST(reopen_unanswered)
{
	struct wire_flow old;

	wire_sysctl(w, "ltcp_synack_retries", 1);
	old = reopen(w, wire_listen(w));
	wire_drain(w, 2500);
	wire_expect_state(w, NO_FD, SYN_RECEIVED);
	wire_drain(w, 1500);
	wire_expect_state(w, NO_FD, CLOSED);
	still_in_time_wait(w, &old);
}

/* ... or if the listener goes */
WIRE_TEST(reopen_and_listener_closes)
{
	int listener = wire_listen(w);
	struct wire_flow old = reopen(w, listener);

	wire_close(w, listener);
	wire_expect(w, RST, .seq = 1);
	still_in_time_wait(w, &old);
}

/* A SYN that finds no room leaves TIME-WAIT as it is */
WIRE_TEST(no_reopen_without_room)
{
	int listener = wire_listen(w);
	struct wire_flow *first, old;

	listen(listener, 0);
	wire_into(w, TIME_WAIT, .passive = true, .fd = listener);
	first = w->flow;
	old = *first;
	wire_new_flow(w);
	w->flow->port = WIRE_PORT;
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_send(w, ACK);		/* nobody accepts it */
	w->flow = first;
	wire_next_incarnation(w, old.peer_iss + old.peer_nxt + 1);
	wire_send(w, SYN, .mss = 1460);
	wire_expect_nothing(w, 500);
	wire_expect_state(w, NO_FD, TIME_WAIT);
	still_in_time_wait(w, &old);
}

/* What TIME-WAIT answers goes the way of what the connection sent */
WIRE_TEST(time_wait_keeps_ds_field)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, w->ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
			w->ipv6 ? IPV6_TCLASS : IP_TOS, 0xb8);
	wire_into(w, TIME_WAIT, .fd = fd);
	wire_send(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2, .tos = 0xb8);
}

/* ... and with its priority: the first band of this queue is for those of 6 and 7 */
WIRE_TEST(time_wait_keeps_priority)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, SOL_SOCKET, SO_PRIORITY, 6);
	wire_into(w, TIME_WAIT, .fd = fd);
	wire_check(w, !system("tc qdisc add dev tun0 root handle 1: prio"), "no queue");
	wire_send(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_check(w, !system("tc -s class show dev tun0 classid 1:1 | grep -q ' 1 pkt'"),
		   "the ACK had another priority");
}

/* Without a listener there is nothing to reopen, and TIME-WAIT goes on */
WIRE_TEST(no_reopen_without_listener)
{
	wire_into(w, TIME_WAIT);
	wire_send(w, SYN, .seq = 100000, .stray = true);
	wire_drain(w, 100);
	wire_expect_state(w, NO_FD, TIME_WAIT);
}

/* M13: a service starts again on its port while old connections are in TIME-WAIT */
WIRE_TEST(listen_beside_time_wait)
{
	int listener = wire_listen(w);

	wire_into(w, TIME_WAIT, .passive = true, .fd = listener);
	wire_close(w, listener);
	wire_new_flow(w);
	listener = wire_listen(w);
	wire_into(w, ESTABLISHED, .passive = true, .fd = listener);
}

/* --- the user has gone ------------------------------------------------------------ */

/* FIN-WAIT-2 without a user: 60 s, as Linux's tcp_fin_timeout */
WIRE_TEST(fin_wait_2_orphan_60s)
{
	int fd = wire_into(w, ESTABLISHED);
	s64 lasted;

	wire_close(w, fd);
	wire_expect(w, FIN | ACK);
	wire_send(w, ACK);
	wire_expect_nothing(w, 70000);
	wire_arrow(w, 26);
	lasted = (s64)(wire_move_time(w, FIN_WAIT_2, CLOSED) -
		       wire_move_time(w, FIN_WAIT_1, FIN_WAIT_2)) / 1000;
	wire_check(w, lasted >= 60000 && lasted <= 67500, "%lld ms", (long long)lasted);
	/* The peer's FIN then finds nobody */
	wire_send(w, FIN | ACK);
	wire_expect(w, RST, .seq = 2);
}

/* Within that time the peer may close in order */
WIRE_TEST(fin_wait_2_orphan_closes)
{
	int fd = wire_into(w, FIN_WAIT_2);

	wire_close(w, fd);
	wire_sleep(w, 50000);
	wire_send(w, FIN | ACK);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_expect_state(w, NO_FD, TIME_WAIT);
}

/* The clock starts when the user goes, not when FIN-WAIT-2 began */
WIRE_TEST(fin_wait_2_orphaned_late)
{
	int fd = wire_into(w, FIN_WAIT_2);
	s64 lasted;
	u64 mark;

	wire_sleep(w, 100000);
	mark = wire_mark(w);
	wire_close(w, fd);
	wire_expect_nothing(w, 70000);
	lasted = (s64)(wire_move_time(w, FIN_WAIT_2, CLOSED) - mark) / 1000;
	wire_check(w, lasted >= 60000 && lasted <= 67500, "%lld ms", (long long)lasted);
}

/* TCP_LINGER2 shortens it for one socket, tcp(7) */
WIRE_TEST(fin_wait_2_linger2)
{
	int fd = wire_into(w, FIN_WAIT_2);
	s64 lasted;
	u64 mark;

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_LINGER2, 5);
	mark = wire_mark(w);
	wire_close(w, fd);
	wire_expect_nothing(w, 10000);
	lasted = (s64)(wire_move_time(w, FIN_WAIT_2, CLOSED) - mark) / 1000;
	wire_check(w, lasted >= 5000 && lasted <= 6000, "%lld ms", (long long)lasted);
}

/* MAY-1, SHLD-3: text that the user has not read is lost: RST, not FIN (RFC 2525 section 2.17) */
WIRE_TEST(close_with_unread_text)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, PSH | ACK, .len = 10);
	wire_drain(w, 499);
	wire_close(w, fd);
	wire_expect(w, RST, .seq = 1);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_expect_nothing(w, 10000);
}

/* ... also after the peer's FIN */
WIRE_TEST(close_with_unread_text_in_close_wait)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, FIN | PSH | ACK, .len = 10);
	wire_expect(w, ACK, .ack = 12);
	wire_close(w, fd);
	wire_expect(w, RST, .seq = 1);
	wire_expect_state(w, NO_FD, CLOSED);
}

/* All read: FIN */
WIRE_TEST(close_with_all_read)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, PSH | ACK, .len = 10);
	wire_drain(w, 499);
	wire_read(w, fd, 10);
	wire_close(w, fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 11);
}

/* SHLD-3: text that comes after close() is answered by RST and ends it */
WIRE_TEST(text_after_close_in_fin_wait_1)
{
	int fd = wire_into(w, FIN_WAIT_1);

	wire_close(w, fd);
	wire_send(w, PSH | ACK, .ack = 1, .len = 10);
	wire_expect(w, RST, .seq = ANY);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_expect_nothing(w, 10000);
}

WIRE_TEST(text_after_close_in_fin_wait_2)
{
	int fd = wire_into(w, FIN_WAIT_2);

	wire_close(w, fd);
	wire_send(w, PSH | ACK, .len = 10);
	wire_expect(w, RST, .seq = 2);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_expect_nothing(w, 10000);
}

/* Old text, sent again, is no such thing */
WIRE_TEST(old_text_after_close)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, PSH | ACK, .len = 10);
	wire_read(w, fd, 10);
	wire_drain(w, 499);
	wire_close(w, fd);
	wire_expect(w, FIN | ACK, .ack = 11);
	wire_send(w, PSH | ACK, .seq = 1, .ack = 2, .len = 10);
	wire_expect(w, ACK, .seq = 2, .ack = 11);
	wire_expect_state(w, NO_FD, FIN_WAIT_1);
}

/* Nobody listens any more: half-open and waiting connections are reset, and forgotten */
WIRE_TEST(listener_closes)
{
	int listener = wire_listen(w), i;
	struct wire_flow *half;

	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	half = wire_new_flow(w);
	w->flow->port = WIRE_PORT;
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_send(w, ACK);
	wire_close(w, listener);
	for (i = 0; i < 2; i++) {
		wire_check(w, wire_recv(w, 0), "no RST");
		wire_check(w, w->pkt->seg.flags == RST && w->pkt->seg.seq == 1, "this is no RST");
	}
	wire_expect_state(w, NO_FD, CLOSED);
	w->flow = half;
	wire_expect_state(w, NO_FD, CLOSED);
	wire_send(w, ACK, .ack = 1);
	wire_expect(w, RST, .seq = 1);
}

/* --- ABORT (section 3.10.5) ----------------------------------------------------------- */

/* <SEQ=SND.NXT><CTL=RST> where the peer may believe in the connection, silence elsewhere */
static void abort_in(struct wire *w, enum tcp_state state, bool rst)
{
	int fd = wire_into(w, state);
	s64 nxt = w->flow->nxt;

	wire_abort(w, fd);
	if (rst)
		wire_expect(w, RST, .seq = nxt);
	wire_expect_nothing(w, 10000);
	wire_expect_state(w, NO_FD, CLOSED);
}

WIRE_TEST(abort_in_syn_sent)	 { abort_in(w, SYN_SENT, false); wire_arrow(w, 24); }
WIRE_TEST(abort_in_syn_received) { abort_in(w, SYN_RECEIVED, true); wire_arrow(w, 25); }
WIRE_TEST(abort_in_established)	 { abort_in(w, ESTABLISHED, true); wire_arrow(w, 23); }
WIRE_TEST(abort_in_fin_wait_1)	 { abort_in(w, FIN_WAIT_1, true); wire_arrow(w, 23); }
WIRE_TEST(abort_in_fin_wait_2)	 { abort_in(w, FIN_WAIT_2, true); wire_arrow(w, 23); }
WIRE_TEST(abort_in_close_wait)	 { abort_in(w, CLOSE_WAIT, true); wire_arrow(w, 23); }
WIRE_TEST(abort_in_closing)	 { abort_in(w, CLOSING, false); wire_arrow(w, 23); }
WIRE_TEST(abort_in_last_ack)	 { abort_in(w, LAST_ACK, false); wire_arrow(w, 23); }

/* "All queued SENDs should be given connection reset notification": unsent text is dropped */
WIRE_TEST(abort_drops_text)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 1000);

	wire_write(w, fd, 3000);
	wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_abort(w, fd);
	wire_expect(w, RST, .seq = 1001);
	wire_expect_nothing(w, 10000);
}

TEST_HARNESS_MAIN
