// SPDX-License-Identifier: GPL-2.0
/*
 * The state trace: ltcp:ltcp_state events in a tracefs instance of this
 * test's own, and which test has forced which arrow.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#define TRACEFS		"/sys/kernel/tracing"

static const char * const state_names[] = {
	[ESTABLISHED] = "ESTABLISHED", [SYN_SENT] = "SYN-SENT",
	[SYN_RECEIVED] = "SYN-RECEIVED", [FIN_WAIT_1] = "FIN-WAIT-1",
	[FIN_WAIT_2] = "FIN-WAIT-2", [TIME_WAIT] = "TIME-WAIT", [CLOSED] = "CLOSED",
	[CLOSE_WAIT] = "CLOSE-WAIT", [LAST_ACK] = "LAST-ACK", [LISTEN] = "LISTEN",
	[CLOSING] = "CLOSING",
};

#define BIT(state)	(1u << (state))

/*
 * The arrows, from RFC 9293 figure 5, its notes and section 3.10, written down
 * here a second time: the module's own table must not be its own judge.
 * Arrow 22 is 9 and 12 within one segment.
 */
static const struct {
	unsigned int from;
	enum tcp_state to;
	const char *why;
} arrows[WIRE_ARROWS + 1] = {
	[1] = { BIT(CLOSED), LISTEN, "passive open" },
	[2] = { BIT(CLOSED), SYN_SENT, "active open" },
	[3] = { BIT(LISTEN), CLOSED, "close" },
	[4] = { BIT(LISTEN), SYN_RECEIVED, "rcv SYN" },
	[5] = { BIT(LISTEN), SYN_SENT, "active open on the listener" },
	[6] = { BIT(SYN_SENT), CLOSED, "close" },
	[7] = { BIT(SYN_SENT), SYN_RECEIVED, "rcv SYN" },
	[8] = { BIT(SYN_SENT), ESTABLISHED, "rcv SYN,ACK" },
	[9] = { BIT(SYN_RECEIVED), ESTABLISHED, "rcv ACK of SYN" },
	[10] = { BIT(SYN_RECEIVED), FIN_WAIT_1, "close" },
	[11] = { BIT(ESTABLISHED), FIN_WAIT_1, "close" },
	[12] = { BIT(ESTABLISHED), CLOSE_WAIT, "rcv FIN" },
	[13] = { BIT(FIN_WAIT_1), FIN_WAIT_2, "rcv ACK of FIN" },
	[14] = { BIT(FIN_WAIT_1), CLOSING, "rcv FIN" },
	[15] = { BIT(FIN_WAIT_1), TIME_WAIT, "rcv FIN with ACK of FIN" },
	[16] = { BIT(FIN_WAIT_2), TIME_WAIT, "rcv FIN" },
	[17] = { BIT(CLOSING), TIME_WAIT, "rcv ACK of FIN" },
	[18] = { BIT(CLOSE_WAIT), LAST_ACK, "close" },
	[19] = { BIT(LAST_ACK), CLOSED, "rcv ACK of FIN" },
	[20] = { BIT(TIME_WAIT), CLOSED, "2MSL" },
	[21] = { BIT(SYN_RECEIVED), LISTEN, "rcv RST, passive origin" },
	[22] = { BIT(SYN_RECEIVED), CLOSE_WAIT, "rcv ACK of SYN with FIN" },
	[23] = { BIT(ESTABLISHED) | BIT(FIN_WAIT_1) | BIT(FIN_WAIT_2) | BIT(CLOSE_WAIT) |
		 BIT(CLOSING) | BIT(LAST_ACK), CLOSED, "RST, ABORT, user timeout" },
	[24] = { BIT(SYN_SENT), CLOSED, "rcv RST, R2, ICMP, ABORT" },
	[25] = { BIT(SYN_RECEIVED), CLOSED, "rcv RST (active origin), R2, ICMP, ABORT" },
	[26] = { BIT(FIN_WAIT_2), CLOSED, "orphan timeout" },
};

/* Shared by all tests of a program, each of which is a process */
static struct {
	int tests;
	char forced_by[WIRE_ARROWS + 1][64];
} *totals;

__attribute__((constructor)) static void make_totals(void)
{
	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
}

const char *wire_state_name(enum tcp_state state)
{
	if (state <= 0 || state >= (int)(sizeof(state_names) / sizeof(state_names[0])))
		return "?";
	return state_names[state];
}

static int state_by_name(const char *name)
{
	int i;

	for (i = ESTABLISHED; i <= CLOSING; i++)
		if (!strcmp(name, state_names[i]))
			return i;
	return 0;
}

/* --- reading -------------------------------------------------------------- */

/* An event's line: "… 12.345678: ltcp_state: net=… A -> B arrow=1 cause="rcv SYN"" */
static bool parse_move(const char *line, struct wire_move *m)
{
	const char *event = strstr(line, ": ltcp_state: ");
	const char *stamp = event;
	char from[16], to[16];
	unsigned int sec, usec;

	if (!event)
		return false;
	while (stamp > line && stamp[-1] != ' ')
		stamp--;
	if (sscanf(stamp, "%u.%u", &sec, &usec) != 2)
		return false;
	m->time = sec * 1000000ull + usec;
	m->cause[0] = 0;
	if (sscanf(event, ": ltcp_state: net=%*u local=[%*[^]]]:%hu remote=[%*[^]]]:%hu %15s -> %15s arrow=%d cause=\"%31[^\"]",
		   &m->port, &m->peer_port, from, to, &m->arrow, m->cause) < 5)
		return false;
	m->from = state_by_name(from);
	m->to = state_by_name(to);
	return true;
}

int wire_trace_read(struct wire *w, struct wire_move *moves, int max)
{
	char path[160], line[512];
	int n = 0;
	FILE *file;

	if (!w->priv->trace[0])
		return 0;
	snprintf(path, sizeof(path), "%s/trace", w->priv->trace);
	file = fopen(path, "r");
	if (!file)
		return 0;
	while (n < max && fgets(line, sizeof(line), file))
		if (line[0] != '#' && parse_move(line, &moves[n]))
			n++;
	fclose(file);
	return n;
}

static void trace_file(struct wire *w, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", w->priv->trace, name);
	wire_write_file(w, WIRE_HERE, path, text);
}

void wire_trace_begin(struct wire *w)
{
	char filter[64], dir[sizeof(w->priv->trace)];

	totals->tests++;
	if (w->linux_tcp)
		return;
	/*
	 * Names of commands, which nobody asks for, are taken down in the scheduler: its
	 * code would be patched for each test, which QEMU's emulation of several
	 * processors does not always survive (an Oops by int3 in __schedule()).
	 */
	wire_write_file(w, WIRE_HERE, TRACEFS "/options/record-cmd", "0");
	snprintf(dir, sizeof(dir), TRACEFS "/instances/wire-%d", getpid());
	if (mkdir(dir, 0700))
		wire_fail(w, WIRE_HERE, "cannot make %s: %s", dir, strerror(errno));
	strcpy(w->priv->trace, dir);
	/* The clock of the packets' times */
	trace_file(w, "trace_clock", "mono");
	snprintf(filter, sizeof(filter), "net == %lu", w->priv->netns);
	trace_file(w, "events/ltcp/ltcp_state/filter", filter);
	trace_file(w, "events/ltcp/ltcp_state/enable", "1");
}

void wire_trace_end(struct wire *w)
{
	if (w->priv->trace[0])
		rmdir(w->priv->trace);
	w->priv->trace[0] = 0;
}

/* --- judging ---------------------------------------------------------------- */

static struct wire_move moves[WIRE_MOVES];

void wire_trace_check(struct wire *w)
{
	int i, n = wire_trace_read(w, moves, WIRE_MOVES);

	for (i = 0; i < n; i++)
		if (!moves[i].arrow)
			wire_fail(w, WIRE_HERE, "%s -> %s is no arrow of the state table",
				  wire_state_name(moves[i].from), wire_state_name(moves[i].to));
}

static bool is_arrow(const struct wire_move *m, int n)
{
	return m->arrow == n && m->to == (int)arrows[n].to && arrows[n].from & BIT(m->from);
}

/* 9 then 12 of one connection, within one segment: no packet lies between */
static bool is_arrow_22(const struct wire_move *m)
{
	return is_arrow(m, 9) && is_arrow(m + 1, 12) && m[0].port == m[1].port &&
	       m[0].peer_port == m[1].peer_port && m[1].time - m[0].time < 1000;
}

void wire_arrow_at(struct wire *w, const char *here, int n)
{
	int i, count;

	if (w->linux_tcp)
		return;
	memset(moves, 0, sizeof(moves));
	count = wire_trace_read(w, moves, WIRE_MOVES - 1);
	for (i = 0; i < count; i++) {
		if (is_arrow(&moves[i], n) || (n == 22 && is_arrow_22(&moves[i]))) {
			strcpy(totals->forced_by[n], w->priv->test);
			return;
		}
	}
	wire_fail(w, here, "arrow %d, to %s, %s, has not been seen", n,
		  wire_state_name(arrows[n].to), arrows[n].why);
}

u64 wire_move_time_at(struct wire *w, const char *here, enum tcp_state from, enum tcp_state to)
{
	int i, count = wire_trace_read(w, moves, WIRE_MOVES);

	for (i = count - 1; i >= 0; i--)
		if (moves[i].from == (int)from && moves[i].to == (int)to)
			return moves[i].time;
	wire_fail(w, here, "%s -> %s has not been seen", wire_state_name(from),
		  wire_state_name(to));
}

void wire_moved_at(struct wire *w, const char *here, enum tcp_state from, enum tcp_state to)
{
	if (!w->linux_tcp)
		wire_move_time_at(w, here, from, to);
}

/* The last state of this connection, else of a listener on its port; 0: no trace of it */
static int last_state(struct wire *w)
{
	int i, own = 0, listener = 0, count = wire_trace_read(w, moves, WIRE_MOVES);

	for (i = 0; i < count; i++) {
		if (moves[i].port != w->flow->port)
			continue;
		if (moves[i].peer_port == w->flow->peer_port)
			own = moves[i].to;
		else if (!moves[i].peer_port)
			listener = moves[i].to;
	}
	return own ?: listener;
}

void wire_expect_state_at(struct wire *w, const char *here, int fd, enum tcp_state state)
{
	int seen;

	if (fd != NO_FD) {
		seen = wire_info_state(w, fd);
		if (seen != (int)state)
			wire_fail(w, here, "expected state %s, TCP_INFO says %s",
				  wire_state_name(state), wire_state_name(seen));
	}
	if (w->linux_tcp)
		return;
	seen = last_state(w) ?: CLOSED;
	if (seen != (int)state)
		wire_fail(w, here, "expected state %s, the trace's last one is %s",
			  wire_state_name(state), wire_state_name(seen));
}

int wire_tests_before(void)
{
	return totals->tests - 1;
}

int wire_missing_arrows(void)
{
	int n, missing = 0;

	for (n = 1; n <= WIRE_ARROWS; n++) {
		const char *by = totals->forced_by[n];

		printf("# arrow %2d to %-12s %-42s %s\n", n, wire_state_name(arrows[n].to),
		       arrows[n].why, *by ? by : "NOBODY");
		missing += !*by;
	}
	fflush(stdout);
	return missing;
}
