// SPDX-License-Identifier: GPL-2.0
/*
 * Segments of one connection that arrive on two processors at once, and calls
 * of the user's in between. One of the two comes first, and all is as if the
 * other had come later.
 */
#define WIRE_MAIN
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

#define ROUNDS	40
#define SHOTS	4	/* segments of one side */
#define SOON	5	/* ms: what arrives has been dealt with, and answered, by then */

/* What one side does when all are ready: send, or call */
struct side {
	int tun;
	int cpu;
	u8 packet[SHOTS][2048];
	int len[SHOTS];
	int n;
	int to_close;
};

static struct side sides[2];
static pthread_barrier_t ready;

static void load_segment(struct wire *w, int side, const struct wire_seg *seg)
{
	struct side *s = &sides[side];

	s->len[s->n] = wire_build(w, seg, s->packet[s->n]);
	s->n++;
}

/* load(w, side, flags, .seq = …): another segment for this side to send */
#define load(w, side, f, ...)						\
	load_segment(w, side, &(struct wire_seg){			\
		.fill = NONE, .win = 65535, .mss = NONE, .wscale = NONE, .sackok = NONE, \
		.tsval = NONE, .tsecr = NONE, .flags = (f), ##__VA_ARGS__ })

static void *shoot(void *arg)
{
	struct side *s = arg;
	cpu_set_t set;
	int i;

	CPU_ZERO(&set);
	CPU_SET(s->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	pthread_barrier_wait(&ready);
	if (s->to_close)
		close(s->to_close);
	for (i = 0; i < s->n; i++)
		if (write(s->tun, s->packet[i], s->len[i]) != s->len[i])
			return arg;
	return NULL;
}

/* Both sides do what they were loaded with, and are empty again */
static void fire(struct wire *w)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[2];
	void *failed;
	int i;

	pthread_barrier_init(&ready, NULL, 2);
	for (i = 0; i < 2; i++) {
		sides[i].tun = w->priv->tun;
		sides[i].cpu = i % cpus;
		wire_check(w, !pthread_create(&threads[i], NULL, shoot, &sides[i]), "no thread");
	}
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], &failed);
		wire_check(w, !failed, "a segment could not be sent");
		sides[i].n = 0;
		sides[i].to_close = 0;
	}
	pthread_barrier_destroy(&ready);
	wire_drain(w, SOON);
}

/* Another connection, as far as the SYN-ACK */
static void half_open(struct wire *w, int round)
{
	if (round)
		wire_new_flow(w);
	w->flow->port = WIRE_PORT;
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
}

/* The third ACK on both processors, with and without text: one child, one copy of the text */
static void one_child(struct wire *w, int cookies)
{
	int listener = wire_listen(w), fd, i, side;

	wire_sysctl(w, "ltcp_syncookies", cookies);
	for (i = 0; i < ROUNDS; i++) {
		half_open(w, i);
		for (side = 0; side < 2; side++) {
			load(w, side, ACK, .seq = 1, .ack = 1);
			load(w, side, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
		}
		fire(w);
		fd = wire_accept(w, listener);
		wire_check(w, accept(listener, NULL, NULL) < 0, "two children");
		wire_read(w, fd, 10);
		wire_read_nothing(w, fd);
		wire_expect_state(w, fd, ESTABLISHED);
		wire_abort(w, fd);
		wire_drain(w, SOON);
	}
	wire_check(w, !wire_counter(w, "CurrEstab"), "connections are left");
}

WIRE_TEST(third_acks)			{ one_child(w, 0); }
WIRE_TEST(third_acks_with_cookies)	{ one_child(w, 2); }

/* ACK and RST: there was a connection or there was not, but there is none */
WIRE_TEST(reset_and_ack)
{
	int listener = wire_listen(w), fd, i;

	for (i = 0; i < ROUNDS; i++) {
		half_open(w, i);
		load(w, i % 2, ACK, .seq = 1, .ack = 1);
		load(w, (i + 1) % 2, RST, .seq = 1);
		fire(w);
		wire_send(w, ACK);
		wire_expect(w, RST, .seq = 1);
		fd = accept(listener, NULL, NULL);
		if (fd >= 0)
			close(fd);
	}
}

/* The SYN again, and the ACK */
WIRE_TEST(syn_and_ack)
{
	int listener = wire_listen(w), fd, i;

	for (i = 0; i < ROUNDS; i++) {
		half_open(w, i);
		load(w, i % 2, ACK, .seq = 1, .ack = 1);
		load(w, (i + 1) % 2, SYN, .seq = 0, .mss = 1460);
		fire(w);
		fd = wire_accept(w, listener);
		wire_expect_state(w, fd, ESTABLISHED);
		wire_abort(w, fd);
		wire_drain(w, SOON);
	}
}

/* The listener goes while SYN and ACK come, its queues full or not: nothing is left */
static void listener_goes(struct wire *w, int waiting, int backlog)
{
	int listener, i, n, flows = 0;

	for (i = 0; i < 8; i++) {
		listener = wire_listen(w);
		listen(listener, backlog);
		for (n = 0; n < waiting; n++) {
			if (flows++)
				wire_new_flow(w);
			w->flow->port = WIRE_PORT;
			wire_send(w, SYN, .mss = 1460);
			if (wire_recv(w, SOON))
				wire_send(w, ACK);
		}
		half_open(w, flows++);
		load(w, i % 2, ACK, .seq = 1, .ack = 1);
		wire_new_flow(w);
		w->flow->port = WIRE_PORT;
		load(w, i % 2, SYN, .seq = 0, .mss = 1460);
		sides[(i + 1) % 2].to_close = listener;
		fire(w);
		for (n = 0; n < w->priv->n_flows; n++) {
			w->flow = &w->priv->flows[n];
			wire_expect_state(w, NO_FD, CLOSED);
		}
	}
}

WIRE_TEST(listener_closes)		{ listener_goes(w, 0, 16); }
WIRE_TEST(listener_closes_when_full)	{ listener_goes(w, 4, 5); }

/* TIME-WAIT: the peer's FIN again, and the SYN of the next incarnation, which an RST takes back */
WIRE_TEST(time_wait_gives_way)
{
	int listener = wire_listen(w), i;
	struct wire_flow old;

	for (i = 0; i < ROUNDS; i++) {
		if (i)
			wire_new_flow(w);
		w->flow->port = WIRE_PORT;
		wire_into(w, TIME_WAIT, .passive = true, .fd = listener);
		old = *w->flow;
		load(w, i % 2, FIN | ACK, .seq = 1, .ack = 2);
		wire_next_incarnation(w, old.peer_iss + old.peer_nxt + 1);
		load(w, (i + 1) % 2, SYN, .seq = 0, .mss = 1460);
		if (i % 4 < 2)
			load(w, (i + 1) % 2, RST, .seq = 1);
		fire(w);
		if (i % 4 >= 2) {
			wire_expect_state(w, NO_FD, SYN_RECEIVED);
			/* or its SYN-ACK would come again, in the midst of a later round */
			wire_send(w, RST, .seq = 1);
			continue;
		}
		*w->flow = old;
		wire_send(w, FIN | ACK, .seq = 1);
		wire_expect(w, ACK, .seq = 2, .ack = 2);
	}
	wire_close(w, listener);
	wire_drain(w, SOON);
}

TEST_HARNESS_MAIN
