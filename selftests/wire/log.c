// SPDX-License-Identifier: GPL-2.0
/* What has happened in this test, for the person who has to find out why. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest.h"
#include "internal.h"

static struct wire_line *line_at(struct wire_private *p, int i)
{
	if (i < WIRE_LOG_HEAD)
		return &p->lines[i];
	return &p->lines[WIRE_LOG_HEAD + (i - WIRE_LOG_HEAD) % WIRE_LOG_TAIL];
}

void wire_log(struct wire *w, u64 time, const char *format, ...)
{
	struct wire_line *line = line_at(w->priv, w->priv->n_lines++);
	va_list args;

	va_start(args, format);
	vsnprintf(line->text, sizeof(line->text), format, args);
	va_end(args);
	line->time = time;
}

static void print_line(struct wire *w, u64 time, const char *text)
{
	printf("# %12.6f  %s\n", (s64)(time - w->priv->start) / 1e6, text);
}

static void print_move(struct wire *w, const struct wire_move *m)
{
	char text[WIRE_LINE];

	snprintf(text, sizeof(text), "                   (%u-%u) %s -> %s  arrow %d, %s",
		 m->port, m->peer_port, wire_state_name(m->from), wire_state_name(m->to),
		 m->arrow, m->cause);
	print_line(w, m->time, text);
}

/* Packets and changes of state, in the order of their times */
void wire_log_print(struct wire *w)
{
	static struct wire_move moves[WIRE_MOVES];
	int n_moves = wire_trace_read(w, moves, WIRE_MOVES);
	struct wire_private *p = w->priv;
	int i, m = 0;

	printf("# --- packets, times in seconds since the test began ---\n");
	for (i = 0; i < p->n_lines; i++) {
		struct wire_line *line;

		if (i == WIRE_LOG_HEAD && p->n_lines > WIRE_LOG_HEAD + WIRE_LOG_TAIL) {
			i = p->n_lines - WIRE_LOG_TAIL;
			printf("# ... %d lines left out ...\n", i - WIRE_LOG_HEAD);
		}
		line = line_at(p, i);
		while (m < n_moves && moves[m].time < line->time)
			print_move(w, &moves[m++]);
		print_line(w, line->time, line->text);
	}
	while (m < n_moves)
		print_move(w, &moves[m++]);
	printf("# --- it is now %.6f ---\n", (s64)(wire_now() - p->start) / 1e6);
	fflush(stdout);
}

void wire_vfail(struct wire *w, const char *here, const char *format, va_list args)
{
	const char *slash = strrchr(here, '/');

	printf("# %s: ", slash ? slash + 1 : here);
	vprintf(format, args);
	printf("\n");
	wire_log_print(w);
	wire_trace_end(w);
	_exit(KSFT_FAIL);
}

void wire_fail(struct wire *w, const char *here, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	wire_vfail(w, here, format, args);
}

void wire_not_so(struct wire *w, const char *here, const char *cond, const char *format, ...)
{
	char text[WIRE_LINE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	wire_fail(w, here, "%s (not so: %s)", text, cond);
}
