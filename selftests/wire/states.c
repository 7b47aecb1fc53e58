// SPDX-License-Identifier: GPL-2.0
/* Ways into each state, every step of them checked. */
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

static s64 tsval_of(const struct wire_open *open)
{
	return open->ts ? 100000 : NONE;
}

#define send_syn(w, here, open, f)					\
	wire_send_at(w, here, &(struct wire_seg){			\
		.flags = (f), .seq = NEXT, .ack = NEXT, .fill = NONE,	\
		.win = (open)->win, .mss = (open)->mss,			\
		.wscale = (open)->wscale, .sackok = (open)->sackok,	\
		.tsval = tsval_of(open), .tsecr = ANY })

#define expect(w, here, f)						\
	wire_expect_at(w, here, &(struct wire_seg){			\
		.flags = (f), .seq = NEXT, .ack = NEXT, .win = ANY,	\
		.mss = ANY, .wscale = ANY, .sackok = ANY, .tsval = ANY,	\
		.tsecr = ANY, .tos = ANY, .ttl = ANY, .label = ANY })

/* FIN,ACK or ACK, acknowledging all or (@ack) less */
static void send_plain(struct wire *w, const char *here, const struct wire_open *open, int flags,
		       s64 ack)
{
	wire_send_at(w, here, &(struct wire_seg){
		.flags = flags, .seq = NEXT, .ack = ack, .fill = NONE,
		.win = open->ack_win ?: open->win, .mss = NONE, .wscale = NONE, .sackok = NONE,
		.tsval = ANY, .tsecr = ANY });
}

int wire_open_active_at(struct wire *w, const char *here, const struct wire_open *open)
{
	int fd = wire_connect_start_at(w, here, open->fd ?: NO_FD);

	expect(w, here, SYN);
	send_syn(w, here, open, SYN | ACK);
	expect(w, here, ACK);
	wire_connected_at(w, here, fd);
	wire_expect_state_at(w, here, fd, ESTABLISHED);
	return fd;
}

static int half_open(struct wire *w, const char *here, const struct wire_open *open)
{
	int fd = open->fd ?: wire_listen_at(w, here, NO_FD);

	w->flow->port = WIRE_PORT;
	send_syn(w, here, open, SYN);
	expect(w, here, SYN | ACK);
	return fd;
}

int wire_open_passive_at(struct wire *w, const char *here, const struct wire_open *open)
{
	int listener = half_open(w, here, open);
	int fd;

	send_plain(w, here, open, ACK, NEXT);
	fd = wire_accept_at(w, here, listener);
	if (!open->fd)
		close(listener);
	wire_expect_state_at(w, here, fd, ESTABLISHED);
	return fd;
}

static int simultaneous(struct wire *w, const char *here, const struct wire_open *open)
{
	int fd = wire_connect_start_at(w, here, open->fd ?: NO_FD);

	expect(w, here, SYN);
	send_syn(w, here, open, SYN);
	expect(w, here, SYN | ACK);
	wire_expect_state_at(w, here, fd, SYN_RECEIVED);
	return fd;
}

static int established(struct wire *w, const char *here, const struct wire_open *open)
{
	return open->passive ? wire_open_passive_at(w, here, open) :
			       wire_open_active_at(w, here, open);
}

static int fin_wait_1(struct wire *w, const char *here, const struct wire_open *open)
{
	int fd = established(w, here, open);

	wire_shutdown_at(w, here, fd);
	expect(w, here, FIN | ACK);
	return fd;
}

static int fin_wait_2(struct wire *w, const char *here, const struct wire_open *open)
{
	int fd = fin_wait_1(w, here, open);

	send_plain(w, here, open, ACK, NEXT);
	return fd;
}

static int close_wait(struct wire *w, const char *here, const struct wire_open *open)
{
	int fd = established(w, here, open);

	send_plain(w, here, open, FIN | ACK, NEXT);
	expect(w, here, ACK);
	return fd;
}

static int last_ack(struct wire *w, const char *here, const struct wire_open *open)
{
	int fd = close_wait(w, here, open);

	wire_shutdown_at(w, here, fd);
	expect(w, here, FIN | ACK);
	return fd;
}

static int closing(struct wire *w, const char *here, const struct wire_open *open)
{
	int fd = fin_wait_1(w, here, open);

	send_plain(w, here, open, FIN | ACK, w->flow->nxt - 1);
	expect(w, here, ACK);
	return fd;
}

static int time_wait(struct wire *w, const char *here, const struct wire_open *open)
{
	int fd = fin_wait_2(w, here, open);

	send_plain(w, here, open, FIN | ACK, NEXT);
	expect(w, here, ACK);
	return fd;
}

static int syn_sent(struct wire *w, const char *here, const struct wire_open *open)
{
	int fd = wire_connect_start_at(w, here, open->fd ?: NO_FD);

	expect(w, here, SYN);
	return fd;
}

static int reach(struct wire *w, const char *here, enum tcp_state state,
		 const struct wire_open *open)
{
	switch (state) {
	case CLOSED:
		return wire_socket_at(w, here);
	case LISTEN:
		return wire_listen_at(w, here, NO_FD);
	case SYN_SENT:
		return syn_sent(w, here, open);
	case SYN_RECEIVED:
		return open->passive ? half_open(w, here, open) : simultaneous(w, here, open);
	case ESTABLISHED:
		return established(w, here, open);
	case FIN_WAIT_1:
		return fin_wait_1(w, here, open);
	case FIN_WAIT_2:
		return fin_wait_2(w, here, open);
	case CLOSE_WAIT:
		return close_wait(w, here, open);
	case LAST_ACK:
		return last_ack(w, here, open);
	case CLOSING:
		return closing(w, here, open);
	case TIME_WAIT:
		return time_wait(w, here, open);
	}
	wire_fail(w, here, "no such state: %d", state);
}

int wire_into_at(struct wire *w, const char *here, enum tcp_state state,
		 const struct wire_open *open)
{
	int fd = reach(w, here, state, open);
	/* A TIME-WAIT or half-open entry is no socket; a trace knows nothing of a socket just made. */
	bool no_socket = state == TIME_WAIT || (state == SYN_RECEIVED && open->passive);

	if (state != CLOSED)
		wire_expect_state_at(w, here, no_socket ? NO_FD : fd, state);
	return fd;
}

bool wire_synchronised(enum tcp_state state)
{
	return state != CLOSED && state != LISTEN && state != SYN_SENT && state != SYN_RECEIVED;
}
