// SPDX-License-Identifier: GPL-2.0
/*
 * The explorer: two peers on the core as it is compiled into the module, a
 * channel that loses, duplicates and reorders, users who open, send, close and
 * abort at any point. Every state that can be reached within a scenario's
 * bounds is visited, breadth first, and the properties below are checked in
 * each; what violates one is printed with the shortest way to it.
 *
 * S1  every change of state is an arrow of the table (peer.c, at each move)
 * S3  both ESTABLISHED: each knows the other's initial sequence number
 * S5  what is delivered is a prefix of what the peer sent in this incarnation
 * S9  a RST ends a connection only at RCV.NXT, in SYN-SENT by acceptable ACK
 * L2  left alone, with nothing lost, all come to rest: CLOSED, LISTEN, or a
 *     state that a user still holds
 * L3  so SYN-RECEIVED is left; and a state that waits for the peer always has
 *     a timer running
 * L5  what is in flight has the retransmission or the persist timer running, and so has
 *     what waits with nothing in flight (peer.c, after each event)
 *
 * Time does not pass but in the check of L2: whether a timer expires before or
 * after a segment arrives is one more choice. 2MSL expires only when no
 * segment is under way: that is what it is for.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/siphash.h>

#include "peer.h"

#define CHANNEL		3	/* segments under way in one direction */
#define INCARNATIONS	12
#define ISS_STEP	200000u	/* beyond any window: RFC 6528 makes it so */
#define START		(1000 * SECOND)
#define QUIET_STEPS	2000	/* of the check of L2, before it is called endless */

/* A segment under way, and in which incarnation of its sender it was sent */
struct packet {
	struct ltcp_seg seg;
	u8 incarnation;
};

/* How often each kind of thing may still happen */
struct budget {
	u8 loss;
	u8 duplication;
	u8 reordering;
	u8 expiry;
	u8 open[2];
	u8 send[2];
	u8 close[2];
	u8 leave[2];
	u8 abort[2];
};

struct scenario {
	const char *name;
	bool listens;		/* peer 1 listens, else it may only open actively */
	bool sack;		/* with SACK and what builds on it */
	u32 reaches;
	struct budget budget;
};

/* States that a scenario must reach, or its search proves nothing */
#define OPENS	(LTCP_F(SYN_SENT) | LTCP_F(SYN_RECEIVED) | LTCP_F(ESTABLISHED))
#define CLOSES	(LTCP_F(FIN_WAIT_1) | LTCP_F(FIN_WAIT_2) | LTCP_F(CLOSE_WAIT))
#define ENDS	(LTCP_F(CLOSING) | LTCP_F(LAST_ACK) | LTCP_F(TIME_WAIT) | LTCP_F(CLOSED))

static const struct scenario scenarios[] = {
	{ "client_and_listener", true, false, OPENS | CLOSES | ENDS | LTCP_F(LISTEN),
	  { .loss = 1, .duplication = 1, .expiry = 1,
	    .open = { 1, 0 }, .send = { 1, 0 }, .close = { 1, 1 } } },
	{ "lost_and_lost_again", true, false, OPENS | CLOSES | ENDS,
	  { .loss = 2, .expiry = 2, .open = { 1, 0 }, .close = { 1, 1 } } },
	{ "reordered_and_duplicated", true, false, OPENS | CLOSES,
	  { .duplication = 1, .reordering = 1, .expiry = 1,
	    .open = { 1, 0 }, .send = { 1, 0 }, .close = { 1, 0 } } },
	{ "both_open", false, false, OPENS | CLOSES | ENDS,
	  { .loss = 1, .reordering = 1, .expiry = 1,
	    .open = { 1, 1 }, .send = { 1, 0 }, .close = { 1, 1 } } },
	{ "abort_and_open_again", true, false, OPENS | LTCP_F(CLOSE_WAIT) | LTCP_F(LISTEN),
	  { .duplication = 1, .expiry = 1, .open = { 2, 0 }, .send = { 1, 0 },
	    .abort = { 1, 0 }, .close = { 1, 0 } } },
	{ "users_leave", true, false, OPENS | CLOSES | ENDS,
	  { .loss = 1, .expiry = 1, .open = { 1, 0 }, .send = { 1, 1 }, .leave = { 1, 1 } } },
	{ "listener_opens", true, false, OPENS | CLOSES | ENDS,
	  { .loss = 1, .expiry = 1, .open = { 1, 1 }, .close = { 1, 1 }, .abort = { 0, 1 } } },
	{ "lost_and_told", true, true, OPENS | CLOSES,
	  { .loss = 1, .reordering = 1, .expiry = 1,
	    .open = { 1, 0 }, .send = { 3, 0 }, .close = { 1, 0 } } },
};

/* All that there is; @peer[i] receives from @channel[i] */
static struct world {
	struct peer peer[2];
	struct packet channel[2][CHANNEL];
	u8 n[2];
	u8 incarnation[2];
	u8 sent[2][INCARNATIONS];
	struct budget left;
} world;

enum action_kind {
	DELIVER, LOSE, DUPLICATE, EXPIRE, OPEN, SEND, CLOSE, LEAVE, ABORT, N_ACTIONS
};

static const char * const action_names[N_ACTIONS] = {
	"receives", "loses", "duplicates", "timer", "opens", "sends", "closes", "leaves", "aborts",
};

/* @which: place in the channel, or enum ltcp_timer */
struct action {
	u8 kind;
	u8 peer;
	u8 which;
};

/* A state that was visited: its fingerprint, and how it was reached */
struct visit {
	u64 print[2];
	u32 parent;
	struct action by;
};

static const struct scenario *scenario;
static struct visit *visits;
static u32 n_visits, max_visits, *table, table_size;
static struct world **frontier;
static u32 current;
static struct action under_way;
static bool performing, quieting, replaying;

static u32 iss_of(int i, unsigned int incarnation)
{
	return (i ? 0xfffffff0u : 1000) + incarnation * ISS_STEP;	/* one wraps at once */
}

/* What a violation looks like to its finder: peer.c's expectations end here as well */
static void print_trace(u32 at);

void host_at(const char *fmt, ...)
{
}

void host_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	if (replaying)
		exit(1);
	printf("# violated in %s, %s:%d: ", scenario->name, file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("%s\n# the shortest way there:\n", quieting ? " (left alone)" : "");
	print_trace(current);
	exit(1);
}

/* Fingerprints: what matters for the future, and no times */

struct canon {
	struct ltcp_tcb tcb;
	struct ltcp_span spans[PEER_SPANS_MAX];
	struct ltcp_half half;
	struct ltcp_tw tw;
	struct ltcp_range ahead[STORE_MAX];
	u32 n_ahead, form, listener, received, eof, connected;
};

/* The spans in flight, wherever they are stored; time stands still, but for what is to come */
static void canon_flight(struct canon *c)
{
	struct ltcp_flight *f = &c->tcb.flight;
	int i;

	for (i = 0; i < f->n; i++) {
		c->spans[i].end = ltcp_flight_span(f, i)->end;
		c->spans[i].is = ltcp_flight_span(f, i)->is;
	}
	f->more = NULL;
	f->first = 0;
	memset(f->own, 0, sizeof(f->own));
	c->tcb.rack.sent = 0;
	c->tcb.rack.rtt_us = 0;
	c->tcb.rack.wait_us = !!c->tcb.rack.wait_us;
	c->tcb.undo_tsval = !!c->tcb.undo_tsval;
}

static void canon_tcb(struct ltcp_tcb *tcb)
{
	int i;

	tcb->conf = NULL;
	tcb->timing = 0;
	tcb->rtt_seq = 0;
	tcb->challenge.since_ms = 0;
	tcb->ts_recent_s = 0;
	memset(&tcb->rtt, 0, sizeof(tcb->rtt));
	memset(&tcb->rcvbuf, 0, sizeof(tcb->rcvbuf));
	tcb->rtt_at = 0;
	tcb->rtx_since = 0;
	tcb->rcv_at = 0;
	tcb->snd_at = 0;
	for (i = 0; i < LTCP_N_TIMERS; i++)
		tcb->timer[i] = !!tcb->timer[i];
}

static void canon_peer(struct canon *c, const struct peer *p)
{
	memset(c, 0, sizeof(*c));
	c->form = p->form;
	c->listener = p->listener;
	switch (p->form) {
	case PEER_CONNECTION:
		c->tcb = p->tcb;
		canon_flight(c);
		canon_tcb(&c->tcb);
		c->n_ahead = p->ahead.n;
		memcpy(c->ahead, p->ahead.piece, p->ahead.n * sizeof(p->ahead.piece[0]));
		c->received = p->received;
		c->eof = p->eof;
		c->connected = p->connected;
		break;
	case PEER_HALF:
		c->half = p->half;
		c->half.challenge.since_ms = 0;
		break;
	case PEER_TIME_WAIT:
		c->tw = p->tw;
		c->tw.challenge.since_ms = 0;
		break;
	default:
		break;
	}
}

static void fingerprint(u64 print[2])
{
	static struct {
		struct canon peer[2];
		struct packet channel[2][CHANNEL];
		u8 n[2], incarnation[2], sent[2][INCARNATIONS];
		struct budget left;
	} c;
	static const siphash_key_t keys[2] = { { { 1, 2 } }, { { 3, 4 } } };
	int i;

	memset(&c, 0, sizeof(c));
	for (i = 0; i < 2; i++) {
		canon_peer(&c.peer[i], &world.peer[i]);
		memcpy(c.channel[i], world.channel[i], world.n[i] * sizeof(struct packet));
	}
	memcpy(c.n, world.n, sizeof(c.n));
	memcpy(c.incarnation, world.incarnation, sizeof(c.incarnation));
	memcpy(c.sent, world.sent, sizeof(c.sent));
	c.left = world.left;
	for (i = 0; i < 2; i++)
		print[i] = siphash(&c, sizeof(c), &keys[i]);
}

/* Actions */

static bool opens_next(const struct peer *p)
{
	return p->form != PEER_CONNECTION && p->form != PEER_HALF;
}

/* What a peer has sent goes under way; a full channel loses it */
static void collect(int i)
{
	struct peer *p = &world.peer[i];
	struct ltcp_seg seg;

	while (peer_take(p, &seg, NULL)) {
		struct packet *packet = &world.channel[!i][world.n[!i]];

		if (world.n[!i] == CHANNEL)
			continue;
		memset(packet, 0, sizeof(*packet));
		packet->seg = seg;
		packet->incarnation = world.incarnation[i];
		world.n[!i]++;
	}
	p->n_moves = 0;
}

/* The next connection gets the next initial sequence number */
static void note_incarnation(int i, bool was_free)
{
	struct peer *p = &world.peer[i];

	if (was_free && !opens_next(p))
		world.incarnation[i]++;
	EXPECT_LT(world.incarnation[i], INCARNATIONS - 1);
	p->iss = iss_of(i, world.incarnation[i] + 1);
}

static void take_packet(int i, int k)
{
	world.n[i]--;
	memmove(&world.channel[i][k], &world.channel[i][k + 1],
		(world.n[i] - k) * sizeof(struct packet));
}

static bool rst_acceptable(const struct peer *p, const struct ltcp_seg *seg)
{
	if (p->form == PEER_HALF)
		return seg->seq == p->half.irs + 1;
	if (p->form != PEER_CONNECTION)
		return false;
	if (p->tcb.state != LTCP_SYN_SENT)
		return seg->seq == p->tcb.rcv_nxt;
	return (seg->flags & LTCP_ACK) && seq_gt(seg->ack, p->tcb.iss) &&
	       seq_le(seg->ack, p->tcb.snd_nxt);
}

static bool ended_by_rst(const struct peer *p)
{
	const struct ltcp_verdict *v = &p->last;

	return v->n_moves && v->moves[v->n_moves - 1].cause == LTCP_CAUSE_RCV_RST;
}

/* S5, for text that has just been taken from @packet */
static void check_text(int i, const struct packet *packet)
{
	const struct peer *p = &world.peer[i];

	EXPECT_EQ(p->tcb.irs, iss_of(!i, packet->incarnation));
	EXPECT_LE(p->received, world.sent[!i][packet->incarnation]);
}

static void deliver(int i, int k)
{
	const struct packet packet = world.channel[i][k];
	struct peer *p = &world.peer[i];
	bool acceptable = rst_acceptable(p, &packet.seg);

	take_packet(i, k);
	memset(&p->last, 0, sizeof(p->last));
	peer_segment(p, &packet.seg);
	if (packet.seg.flags & LTCP_RST)	/* S9 */
		EXPECT(acceptable || !ended_by_rst(p));
	else
		EXPECT(!ended_by_rst(p));
	if (p->last.act & LTCP_ACT_TEXT)
		check_text(i, &packet);
	if (p->form == PEER_CONNECTION && p->unread)
		peer_read(p, p->unread);
}

static void duplicate(int i, int k)
{
	world.channel[i][world.n[i]++] = world.channel[i][k];
}

static void expire(int i, int timer)
{
	struct peer *p = &world.peer[i];

	/* All others are put off, so that only this one is due */
	if (p->form == PEER_HALF) {
		p->half_timer = now;
	} else if (p->form == PEER_TIME_WAIT) {
		p->tw_end = now;
	} else {
		int t;

		for (t = 0; t < LTCP_N_TIMERS; t++)
			if (p->tcb.timer[t])
				p->tcb.timer[t] = t == timer ? now : now + 1000 * SECOND;
	}
	peer_run_timers(p);
}

static void perform_user(int i, enum action_kind kind)
{
	struct peer *p = &world.peer[i];

	if (kind == OPEN)
		peer_connect(p);
	else if (kind == CLOSE)
		peer_close(p);
	else if (kind == LEAVE)
		peer_leave(p);
	else if (kind == ABORT)
		peer_abort(p);
	if (kind != SEND)
		return;
	world.sent[i][world.incarnation[i]]++;
	p->tcb.nodelay = 1;
	if (LTCP_IN(p->tcb.state, LTCP_MAY_SEND))
		peer_send(p, 1);
	else	/* not open yet: it waits */
		ltcp_fsm_send(&p->tcb, 1, false);
}

static void pay(struct action a)
{
	struct budget *left = &world.left;

	if (a.kind == DELIVER && a.which)
		left->reordering--;
	else if (a.kind == LOSE)
		left->loss--;
	else if (a.kind == DUPLICATE)
		left->duplication--;
	else if (a.kind == EXPIRE && world.peer[a.peer].form != PEER_TIME_WAIT)
		left->expiry--;
	else if (a.kind == OPEN)
		left->open[a.peer]--;
	else if (a.kind == SEND)
		left->send[a.peer]--;
	else if (a.kind == CLOSE)
		left->close[a.peer]--;
	else if (a.kind == LEAVE)
		left->leave[a.peer]--;
	else if (a.kind == ABORT)
		left->abort[a.peer]--;
}

static void perform(struct action a)
{
	bool was_free = opens_next(&world.peer[a.peer]);

	under_way = a;
	pay(a);
	switch (a.kind) {
	case DELIVER:
		deliver(a.peer, a.which);
		break;
	case LOSE:
		take_packet(a.peer, a.which);
		break;
	case DUPLICATE:
		duplicate(a.peer, a.which);
		break;
	case EXPIRE:
		expire(a.peer, a.which);
		break;
	default:
		perform_user(a.peer, a.kind);
	}
	note_incarnation(a.peer, was_free);
	collect(a.peer);
}

static bool may_expire(int i, int timer)
{
	const struct peer *p = &world.peer[i];

	if (p->form == PEER_TIME_WAIT)
		return !timer && !world.n[0] && !world.n[1];
	if (!world.left.expiry)
		return false;
	if (p->form == PEER_HALF)
		return !timer;
	return p->form == PEER_CONNECTION && p->tcb.timer[timer];
}

static bool may_use(int i, enum action_kind kind)
{
	const struct peer *p = &world.peer[i];
	bool connection = p->form == PEER_CONNECTION;
	u8 state = p->tcb.state;

	switch (kind) {
	case OPEN:
		return world.left.open[i] && (p->form == PEER_CLOSED || p->form == PEER_LISTENING);
	case SEND:
		return world.left.send[i] && connection && !p->tcb.fin_queued &&
		       !p->tcb.close_pending && !p->tcb.user_gone &&
		       LTCP_IN(state, LTCP_MAY_SEND | LTCP_F(SYN_SENT) | LTCP_F(SYN_RECEIVED));
	case CLOSE:
		return world.left.close[i] && connection && !p->tcb.fin_queued &&
		       !p->tcb.close_pending && !p->tcb.user_gone;
	case LEAVE:
		return world.left.leave[i] && connection && !p->tcb.user_gone;
	case ABORT:
		return world.left.abort[i] && connection;
	default:
		return false;
	}
}

static bool possible(struct action a)
{
	switch (a.kind) {
	case DELIVER:
		return a.which < world.n[a.peer] && (!a.which || world.left.reordering);
	case LOSE:
		return a.which < world.n[a.peer] && world.left.loss;
	case DUPLICATE:
		return a.which < world.n[a.peer] && world.left.duplication &&
		       world.n[a.peer] < CHANNEL;
	case EXPIRE:
		return may_expire(a.peer, a.which);
	default:
		return !a.which && may_use(a.peer, a.kind);
	}
}

/* Properties of a state */

static void check_both_established(void)
{
	const struct peer *a = &world.peer[0], *b = &world.peer[1];

	if (peer_state(a) != LTCP_ESTABLISHED || peer_state(b) != LTCP_ESTABLISHED)
		return;
	EXPECT_EQ(a->tcb.irs, b->tcb.iss);	/* S3 */
	EXPECT_EQ(b->tcb.irs, a->tcb.iss);
}

/* States in which a peer waits for the other: something must wake it (L3, L4) */
static void check_awake(const struct peer *p)
{
	static const u32 waits = LTCP_F(SYN_SENT) | LTCP_F(SYN_RECEIVED) | LTCP_F(FIN_WAIT_1) |
				 LTCP_F(CLOSING) | LTCP_F(LAST_ACK) | LTCP_F(TIME_WAIT);

	if (LTCP_IN(peer_state(p), waits))
		EXPECT(peer_next_timer(p));
	if (p->form == PEER_CONNECTION && p->tcb.user_gone &&
	    peer_state(p) == LTCP_FIN_WAIT_2)
		EXPECT(p->tcb.timer[LTCP_TIMER_LINGER]);
}

static bool at_rest(const struct peer *p)
{
	static const u32 held = LTCP_F(ESTABLISHED) | LTCP_F(CLOSE_WAIT) | LTCP_F(FIN_WAIT_2);
	enum ltcp_state state = peer_state(p);

	if (state == LTCP_CLOSED || state == LTCP_LISTEN)
		return true;
	return LTCP_IN(state, held) && !p->tcb.user_gone && !ltcp_in_flight(&p->tcb) &&
	       !ltcp_unsent(&p->tcb);
}

static void run_due(int i)
{
	bool was_free = opens_next(&world.peer[i]);

	peer_run_timers(&world.peer[i]);
	note_incarnation(i, was_free);
	collect(i);
}

/* One step of a world left alone: what is under way arrives, else time passes. False: rest */
static bool quiet_step(void)
{
	u64 a, b;
	int i;

	for (i = 0; i < 2; i++) {
		if (world.n[i]) {
			perform((struct action){ DELIVER, i, 0 });
			return true;
		}
	}
	a = peer_next_timer(&world.peer[0]);
	b = peer_next_timer(&world.peer[1]);
	if (!a && !b)
		return false;
	i = !a || (b && b < a);
	if ((i ? b : a) > now)
		now = i ? b : a;
	run_due(i);
	return true;
}

/* L2 */
static void check_comes_to_rest(void)
{
	static struct world saved;
	int steps = 0;

	saved = world;
	quieting = true;
	while (quiet_step())
		EXPECT_LT(++steps, QUIET_STEPS);
	EXPECT(at_rest(&world.peer[0]));
	EXPECT(at_rest(&world.peer[1]));
	quieting = false;
	world = saved;
	now = START;
}

static void check_state(void)
{
	check_both_established();
	check_awake(&world.peer[0]);
	check_awake(&world.peer[1]);
	check_comes_to_rest();
}

/* The search */

/* The place of a fingerprint in the table: empty, or its own */
static u32 *slot_of(const u64 print[2])
{
	u32 at = print[0] % table_size;

	while (table[at] && memcmp(visits[table[at]].print, print, 16))
		at = (at + 1) % table_size;
	return &table[at];
}

static void grow(void)
{
	u32 i;

	max_visits = max_visits ? max_visits * 2 : 1 << 16;
	table_size = max_visits * 2;
	visits = realloc(visits, max_visits * sizeof(*visits));
	frontier = realloc(frontier, max_visits * sizeof(*frontier));
	free(table);
	table = calloc(table_size, sizeof(*table));
	if (!visits || !frontier || !table) {
		printf("Bail out! no memory for %u states\n", max_visits);
		exit(1);
	}
	for (i = 1; i < n_visits; i++)
		*slot_of(visits[i].print) = i;
}

/* Visit the world as it is, unless it was visited before */
static void visit(u32 parent, struct action by)
{
	struct visit v = { .parent = parent, .by = by };
	u32 *slot;

	fingerprint(v.print);
	if (n_visits + 1 >= max_visits)
		grow();
	slot = slot_of(v.print);
	if (*slot)
		return;
	*slot = n_visits;
	visits[n_visits] = v;
	frontier[n_visits] = malloc(sizeof(world));
	memcpy(frontier[n_visits], &world, sizeof(world));
	n_visits++;
}

static void start(void)
{
	int i;

	memset(&world, 0, sizeof(world));
	now = START;
	world.left = scenario->budget;
	for (i = 0; i < 2; i++) {
		struct peer *p = &world.peer[i];

		peer_init(p, i ? "B" : "A", iss_of(i, 1));
		p->conf.syn_retries = 2;
		p->conf.synack_retries = 2;
		p->conf.retries1 = 1;
		p->conf.retries2 = 3;
		p->conf.orphan_retries = 2;
		p->conf.delack_us = 1;
		p->conf.sack = scenario->sack;
		p->conf.dsack = scenario->sack;
		p->conf.tail_probe = scenario->sack;
		p->conf.frto = scenario->sack;
		p->buffer = 4000;
	}
	if (scenario->listens)
		peer_listen(&world.peer[1]);
	world.peer[1].n_moves = 0;
	world.peer[1].iss = iss_of(1, 1);
}

static void expand(u32 at)
{
	struct action a;

	for (a.kind = 0; a.kind < N_ACTIONS; a.kind++) {
		for (a.peer = 0; a.peer < 2; a.peer++) {
			for (a.which = 0; a.which < LTCP_N_TIMERS; a.which++) {
				memcpy(&world, frontier[at], sizeof(world));
				if (!possible(a))
					continue;
				performing = true;
				perform(a);
				performing = false;
				visit(at, a);
			}
		}
	}
}

static void print_action(struct action a)
{
	static const char * const timers[LTCP_N_TIMERS] = {
		"RTX", "PERSIST", "DELACK", "KEEPALIVE", "PACE",
	};
	const struct ltcp_seg *seg = &world.channel[a.peer][a.which].seg;

	printf("#   %c %s", 'A' + a.peer, action_names[a.kind]);
	if (a.kind == EXPIRE && world.peer[a.peer].form == PEER_CONNECTION)
		printf(" %s", timers[a.which]);
	if (a.kind <= DUPLICATE)
		printf(" <SEQ=%u><ACK=%u><LEN=%u>%s%s%s%s", seg->seq, seg->ack, seg->text,
		       seg->flags & LTCP_SYN ? " SYN" : "", seg->flags & LTCP_ACK ? " ACK" : "",
		       seg->flags & LTCP_FIN ? " FIN" : "", seg->flags & LTCP_RST ? " RST" : "");
}

static void print_trace(u32 at)
{
	struct action path[256], last = under_way;
	int n = 0;

	for (; at > 1 && n < 255; at = visits[at].parent)
		path[n++] = visits[at].by;
	replaying = true;
	start();
	while (n--) {
		print_action(path[n]);
		perform(path[n]);
		printf("   -> %s, %s\n", ltcp_state_name(peer_state(&world.peer[0])),
		       ltcp_state_name(peer_state(&world.peer[1])));
	}
	if (!performing)
		return;
	print_action(last);
	printf("   -> violation\n");
	fflush(stdout);
}

/* Did the scenario get as far as it should? A search that goes nowhere proves nothing. */
static u32 seen_states[2];

static void note_states(void)
{
	seen_states[0] |= 1u << peer_state(&world.peer[0]);
	seen_states[1] |= 1u << peer_state(&world.peer[1]);
}

static bool went_far(void)
{
	return !(scenario->reaches & ~(seen_states[0] | seen_states[1]));
}

static void explore(void)
{
	n_visits = 1;	/* 0 is "none" in the table */
	max_visits = 0;
	seen_states[0] = seen_states[1] = 0;
	grow();
	start();
	visit(0, (struct action){});
	for (current = 1; current < n_visits; current++) {
		memcpy(&world, frontier[current], sizeof(world));
		now = START;
		note_states();
		check_state();
		expand(current);
		free(frontier[current]);
	}
}

int main(int argc, char **argv)
{
	unsigned int n = sizeof(scenarios) / sizeof(scenarios[0]), i, number = 0, failed = 0;

	printf("TAP version 13\n1..%u\n", argc > 1 ? 1 : n);
	for (i = 0; i < n; i++) {
		scenario = &scenarios[i];
		if (argc > 1 && strcmp(argv[1], scenario->name))
			continue;
		explore();
		printf("# %s: %u states, all visited\n", scenario->name, n_visits - 1);
		if (!went_far())
			printf("# states not reached: %#x\n",
			       scenario->reaches & ~(seen_states[0] | seen_states[1]));
		failed += !went_far();
		printf("%sok %u explore_%s\n", went_far() ? "" : "not ", ++number, scenario->name);
		fflush(stdout);
	}
	return failed || !number;
}
