// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of a namespace, net.ipv4.ltcp_*, seen on the wire. What has a test
 * elsewhere is not here: syncookies (handshake.c), timewait_ms (close.c).
 */
#define WIRE_MAIN
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define SECOND	1000

/* --- options of the SYN ---------------------------------------------------- */

WIRE_TEST(timestamps_off)
{
	wire_sysctl(w, "ltcp_timestamps", 0);
	wire_connect_start(w);
	wire_expect(w, SYN, .tsval = NONE);
	wire_new_flow(w);
	wire_listen(w);
	wire_send(w, SYN, .tsval = 5);
	wire_expect(w, SYN | ACK, .tsval = NONE);
}

WIRE_TEST(window_scaling_off)
{
	wire_sysctl(w, "ltcp_window_scaling", 0);
	wire_connect_start(w);
	wire_expect(w, SYN, .wscale = NONE);
	wire_new_flow(w);
	wire_listen(w);
	wire_send(w, SYN, .wscale = 5);
	wire_expect(w, SYN | ACK, .wscale = NONE);
}

WIRE_TEST(sack_off)
{
	wire_sysctl(w, "ltcp_sack", 0);
	wire_connect_start(w);
	wire_expect(w, SYN, .sackok = NONE);
	wire_new_flow(w);
	wire_listen(w);
	wire_send(w, SYN, .sackok = 1);
	wire_expect(w, SYN | ACK, .sackok = NONE);
}

/* --- how often, how long ------------------------------------------------------ */

WIRE_TEST(syn_retries)
{
	int fd;

	wire_sysctl(w, "ltcp_syn_retries", 2);
	fd = wire_connect_start(w);
	wire_expect(w, SYN);
	wire_expect(w, SYN, .after = 1 * SECOND);
	wire_expect(w, SYN, .after = 2 * SECOND);
	wire_expect_nothing(w, 10 * SECOND);
	wire_expect_error(w, fd, ETIMEDOUT);
}

WIRE_TEST(synack_retries)
{
	wire_sysctl(w, "ltcp_synack_retries", 2);
	wire_into(w, SYN_RECEIVED, .passive = true);
	wire_expect(w, SYN | ACK, .seq = 0, .after = 1 * SECOND);
	wire_expect(w, SYN | ACK, .seq = 0, .after = 2 * SECOND);
	wire_expect_nothing(w, 100 * SECOND);
	wire_send(w, ACK);
	wire_expect(w, RST, .seq = 1);
}

WIRE_TEST(retries2)
{
	int fd;

	wire_sysctl(w, "ltcp_retries2", 3);
	fd = wire_into(w, ESTABLISHED);
	wire_write(w, fd, 10);
	wire_check(w, wire_drain(w, 10 * SECOND) == 4, "not three retransmissions");
	wire_expect_error(w, fd, ETIMEDOUT);
}

WIRE_TEST(orphan_retries)
{
	int fd;

	wire_sysctl(w, "ltcp_orphan_retries", 2);
	fd = wire_into(w, ESTABLISHED);
	wire_close(w, fd);
	wire_expect(w, FIN | ACK);
	wire_check(w, wire_drain(w, 100 * SECOND) == 2, "not two retransmissions");
	wire_expect_state(w, NO_FD, CLOSED);
}

WIRE_TEST(fin_timeout)
{
	int fd;
	s64 lasted;
	u64 mark;

	wire_sysctl(w, "ltcp_fin_timeout", 8);
	fd = wire_into(w, FIN_WAIT_2);
	mark = wire_mark(w);
	wire_close(w, fd);
	wire_expect_nothing(w, 20 * SECOND);
	lasted = (s64)(wire_move_time(w, FIN_WAIT_2, CLOSED) - mark) / 1000;
	wire_check(w, lasted >= 8 * SECOND && lasted <= 9 * SECOND, "%lld ms", (long long)lasted);
}

WIRE_TEST(keepalive)
{
	int fd;

	wire_sysctl(w, "ltcp_keepalive_time", 50);
	wire_sysctl(w, "ltcp_keepalive_intvl", 5);
	wire_sysctl(w, "ltcp_keepalive_probes", 2);
	fd = wire_into(w, ESTABLISHED);
	wire_setsockopt(w, fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	wire_mark(w);
	wire_expect(w, ACK, .seq = 0, .after = 50 * SECOND);
	wire_expect(w, ACK, .seq = 0, .after = 5 * SECOND);
	wire_drain(w, 6 * SECOND);
	wire_expect_error(w, fd, ETIMEDOUT);
}

WIRE_TEST(delack_us)
{
	int i;

	wire_sysctl(w, "ltcp_delack_us", 300000);
	wire_into(w, ESTABLISHED);
	for (i = 0; i < 3; i++) {
		wire_send(w, PSH | ACK, .len = 10);
		wire_recv(w, 499);
	}
	wire_send(w, PSH | ACK, .len = 10);
	wire_expect(w, ACK, .after = 300);
}

/* 2MSL of 0: no TIME-WAIT at all; the peer's FIN again finds nobody */
WIRE_TEST(timewait_none)
{
	wire_sysctl(w, "ltcp_timewait_ms", 0);
	wire_into(w, FIN_WAIT_2);
	wire_send(w, FIN | ACK);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_send(w, FIN | ACK, .seq = 1);
	wire_expect(w, RST, .seq = 2);
}

/* --- how much, how many --------------------------------------------------------- */

WIRE_TEST(min_snd_mss)
{
	int fd;

	wire_sysctl(w, "ltcp_min_snd_mss", 400);
	fd = wire_open_active(w, .mss = 100);
	wire_write(w, fd, 800);
	wire_expect(w, ACK | PSH_ANY, .len = 400);
	wire_expect(w, ACK | PSH, .len = 400);
}

/* ... but not to more than the path carries */
WIRE_TEST(min_snd_mss_of_a_narrow_path)
{
	int fd;

	wire_sysctl(w, "ltcp_min_snd_mss", 9000);
	fd = wire_open_active(w, .mss = 100);
	wire_write(w, fd, 2000);
	wire_expect(w, ACK | PSH_ANY, .len = 1460);
	wire_drain(w, 20);
}

WIRE_TEST(min_pmtu)
{
	int fd;

	wire_sysctl(w, "ltcp_min_pmtu", 1400 + w->more);
	fd = wire_into(w, ESTABLISHED);
	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_icmp(w, 3, 4, .seq = 1, .mtu = 1300);
	wire_expect(w, ACK | PSH_ANY, .seq = 1, .len = 1360);
	wire_drain(w, 20);
}

WIRE_TEST(max_syn_backlog)
{
	int i, answers = 0;

	wire_sysctl(w, "ltcp_syncookies", 0);
	wire_sysctl(w, "ltcp_max_syn_backlog", 5);
	wire_listen(w);
	for (i = 0; i < 20; i++) {
		if (i)
			wire_new_flow(w);
		w->flow->port = WIRE_PORT;
		wire_send(w, SYN);
		answers += !!wire_recv(w, 0);
	}
	wire_check(w, answers == 5, "%d half-open connections", answers);
}

/* An ACK that finds the accept queue full is answered by RST */
WIRE_TEST(abort_on_overflow)
{
	int listener = wire_listen(w), i;

	wire_sysctl(w, "ltcp_abort_on_overflow", 1);
	listen(listener, 0);
	for (i = 0; i < 2; i++) {
		if (i)
			wire_new_flow(w);
		w->flow->port = WIRE_PORT;
		wire_send(w, SYN);
		if (!wire_recv(w, 0))
			return;		/* not even half-open: nothing to reset */
		wire_send(w, ACK);
	}
	wire_expect(w, RST, .seq = 1);
}

/* Beyond that many, connections close without TIME-WAIT */
WIRE_TEST(max_timewait)
{
	int i;

	wire_sysctl(w, "ltcp_max_timewait", 2);
	for (i = 0; i < 3; i++) {
		if (i)
			wire_new_flow(w);
		wire_into(w, FIN_WAIT_2);
		wire_send(w, FIN | ACK);
		wire_expect(w, ACK);
		wire_expect_state(w, NO_FD, i < 2 ? TIME_WAIT : CLOSED);
	}
	wire_check(w, wire_counter(w, "TWOverflow") == 1, "not counted");
}

/* Beyond that many connections without a user, close() resets */
WIRE_TEST(max_orphans)
{
	int i, fd;

	wire_sysctl(w, "ltcp_max_orphans", 2);
	for (i = 0; i < 3; i++) {
		if (i)
			wire_new_flow(w);
		fd = wire_into(w, ESTABLISHED);
		wire_close(w, fd);
		if (i < 2)
			wire_expect(w, FIN | ACK);
	}
	/* In whichever way, the third must not stay */
	wire_drain(w, 50);
	wire_check(w, w->pkt->seg.flags & RST, "a third one without a user");
	wire_expect_state(w, NO_FD, CLOSED);
}

/* The receive window comes from rmem's default; the scale from its most */
WIRE_TEST(rmem)
{
	wire_write_file(w, WIRE_HERE, "/proc/sys/net/ipv4/ltcp_rmem", "4096 8192 16384");
	wire_connect_start(w);
	wire_expect(w, SYN, .wscale = 0);
	wire_check(w, w->pkt->seg.win <= 8192, "win %lld", (long long)w->pkt->seg.win);
}

/* Settings are a namespace's own: what earlier tests have set is not seen here */
WIRE_TEST(settings_are_per_namespace)
{
	wire_check(w, wire_sysctl_read(w, "ltcp_syn_retries") == 7, "syn_retries");
	wire_check(w, wire_sysctl_read(w, "ltcp_timewait_ms") == 60000, "timewait_ms");
	wire_check(w, wire_sysctl_read(w, "ltcp_timestamps") == 1, "timestamps");
}

TEST_HARNESS_MAIN
