// SPDX-License-Identifier: GPL-2.0
/*
 * Two peers over a channel that loses, duplicates and reorders: whatever is
 * sent arrives, once and in order, and both ends find an end. Seeds are fixed;
 * CHANNEL_SEED and CHANNEL_RUNS in the environment choose others, and
 * CHANNEL_TRACE=1 shows every segment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/transmit.h"
#include "script.h"

#define IN_FLIGHT_MAX 8192

/**
 * struct channel - what is on its way
 * @seed: state of the random numbers
 * @loss: of 1000 segments so many are lost
 * @twice: of 1000 segments so many are duplicated
 * @delay: least delay
 * @jitter: random delay besides; reorders
 * @scarce: of 100 times so many there is no memory
 * @rough: paths change, nothing can be sent at times, users write as they can
 * @n: segments on their way
 * @seg: they
 * @at: when each arrives
 * @to: where
 */
struct channel {
	u64 seed;
	u32 loss;
	u32 twice;
	u64 delay;
	u64 jitter;
	u32 scarce;
	bool rough;
	unsigned int n;
	struct ltcp_seg seg[IN_FLIGHT_MAX];
	u64 at[IN_FLIGHT_MAX];
	struct peer *to[IN_FLIGHT_MAX];
};

/**
 * struct user - what the program at one end is up to
 * @p: its end
 * @to_send: octets not sent yet
 * @chunk: most at a time
 * @next: when it acts again
 * @leaves: close() rather than shutdown()
 * @closed: has closed
 */
struct user {
	struct peer *p;
	u32 to_send;
	u32 chunk;
	u64 next;
	bool leaves;
	bool closed;
};

/**
 * struct edges - what never goes back, S8
 */
struct edges {
	u32 snd_una;
	u32 rcv_nxt;
	u32 rcv_adv;
};

static struct channel ch;

static u32 dice(u32 n)
{
	return host_random(&ch.seed) % n;
}

static void launch(struct peer *to, const struct ltcp_seg *seg)
{
	EXPECT_LT(ch.n, IN_FLIGHT_MAX);
	ch.seg[ch.n] = *seg;
	ch.at[ch.n] = now + ch.delay + dice(ch.jitter + 1);
	ch.to[ch.n++] = to;
}

static void trace(const struct peer *from, const struct ltcp_seg *seg, bool lost)
{
	if (getenv("CHANNEL_TRACE"))
		printf("# %12.6f %s %-12s <%s> seq %u ack %u text %u wnd %u%s\n", now / 1e6,
		       from->name, ltcp_state_name(peer_state(from)), flags_name(seg->flags),
		       seg->seq, seg->ack, seg->text, seg->wnd, lost ? " (lost)" : "");
}

static void collect(struct peer *from, struct peer *to)
{
	struct ltcp_seg seg;
	bool lost;

	while (peer_take(from, &seg, NULL)) {
		lost = dice(1000) < ch.loss;
		trace(from, &seg, lost);
		if (lost)
			continue;
		launch(to, &seg);
		if (dice(1000) < ch.twice)
			launch(to, &seg);
	}
}

/* The segment that arrives next, or -1 */
static int next_arrival(void)
{
	unsigned int i;
	int best = -1;

	for (i = 0; i < ch.n; i++) {
		if (best < 0 || ch.at[i] < ch.at[best])
			best = i;
	}
	return best;
}

static void deliver(int i)
{
	struct ltcp_seg seg = ch.seg[i];
	struct peer *to = ch.to[i];

	ch.n--;		/* the others keep their order: it decides among equal times */
	memmove(ch.seg + i, ch.seg + i + 1, (ch.n - i) * sizeof(*ch.seg));
	memmove(ch.at + i, ch.at + i + 1, (ch.n - i) * sizeof(*ch.at));
	memmove(ch.to + i, ch.to + i + 1, (ch.n - i) * sizeof(*ch.to));
	peer_segment(to, &seg);
}

static void may_close(struct user *u)
{
	if (u->closed || u->to_send || (u->leaves && (!u->p->eof || u->p->unread)))
		return;
	u->closed = true;
	if (u->leaves)
		peer_leave(u->p);
	else
		peer_close(u->p);
}

/* Another way of writing, another path, and memory that is needed elsewhere */
static void change(struct peer *p)
{
	struct ltcp_tcb *tcb = &p->tcb;

	tcb->nodelay = dice(2);
	tcb->more = !tcb->fin_queued && !dice(3);
	tcb->thin_linear = dice(2);
	if (!dice(3))
		peer_prune(p);
	if (dice(5) || !LTCP_IN(tcb->state, LTCP_MAY_TRANSMIT))
		return;
	ltcp_tcb_set_path_mss(tcb, 100 + dice(1361));
	peer_output(p);
}

static void act(struct user *u)
{
	struct peer *p = u->p;
	enum ltcp_state state = peer_state(p);
	u32 n;

	u->next = now + 1 + dice(100 * MS);
	if (p->unread)
		peer_read(p, 1 + dice(p->unread));
	if (ch.rough && p->form == PEER_CONNECTION)
		change(p);
	if (p->form != PEER_CONNECTION || !LTCP_IN(state, LTCP_MAY_SEND))
		return;
	n = 1 + dice(u->chunk);
	if (n > u->to_send)
		n = u->to_send;
	/* a send buffer of 20000 octets */
	if (n && p->tcb.snd_end - p->tcb.snd_una < 20000) {
		u->to_send -= n;
		peer_send(p, n);
	}
	may_close(u);
}

static void check_edges(const struct peer *p, struct edges *e)
{
	const struct ltcp_tcb *tcb = &p->tcb;
	u32 window = tcb->max_snd_wnd > 1 ? tcb->max_snd_wnd : 1;

	if (p->form != PEER_CONNECTION || LTCP_IN(tcb->state, LTCP_F(SYN_SENT)))
		return;
	EXPECT(seq_le(tcb->snd_una, tcb->snd_nxt));
	EXPECT(!tcb->max_snd_wnd || ltcp_in_flight(tcb) <= window + 1);
	if (tcb->syn_acked && e->rcv_nxt) {
		EXPECT(seq_ge(tcb->snd_una, e->snd_una));
		EXPECT(seq_ge(tcb->rcv_nxt, e->rcv_nxt));
		EXPECT(seq_ge(tcb->rcv_adv, e->rcv_adv));
	}
	*e = (struct edges){ tcb->snd_una, tcb->rcv_nxt, tcb->rcv_adv };
}

/* A timer that is set, but for much later, is as bad as none (RFC 6298 (2.5)) */
static void check_deadlines(const struct peer *p)
{
	const u64 *timer = p->tcb.timer;

	if (p->form != PEER_CONNECTION)
		return;
	EXPECT_LE(timer[LTCP_TIMER_RTX], now + LTCP_RTO_MAX_US);
	EXPECT_LE(timer[LTCP_TIMER_PERSIST], now + LTCP_RTO_MAX_US);
}

static u64 next_event(const struct user *a, const struct user *b, int arrival)
{
	u64 at[] = { a->next, b->next, peer_next_timer(a->p), peer_next_timer(b->p),
		     arrival < 0 ? 0 : ch.at[arrival] };
	u64 next = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		if (at[i] && (!next || at[i] < next))
			next = at[i];
	}
	return next;
}

static bool over(const struct user *u)
{
	return u->p->ended && !u->p->unread;
}

/* Memory is there and is not; who has nothing to read gets his text in any case */
static void weather(struct peer *p)
{
	p->mute = ch.rough && !dice(4);
	if (!ch.scarce || p->form != PEER_CONNECTION)
		return;
	p->pressed = dice(4) > 0;
	p->no_memory = p->unread && dice(100) < ch.scarce;
	if (p->no_memory)
		peer_prune(p);
}

static void converse(struct user *a, struct user *b)
{
	u64 limit = now + 4 * 3600 * SECOND;
	struct edges ea = {}, eb = {};

	while (!over(a) || !over(b)) {
		int arrival = next_arrival();
		u64 next = next_event(a, b, arrival);

		EXPECT_LT(next, limit);
		if (next > now)
			now = next;
		weather(a->p);
		weather(b->p);
		if (arrival >= 0 && ch.at[arrival] <= now)
			deliver(arrival);
		else if (a->next <= now)
			act(a);
		else if (b->next <= now)
			act(b);
		peer_run_timers(a->p);
		peer_run_timers(b->p);
		collect(a->p, b->p);
		collect(b->p, a->p);
		check_edges(a->p, &ea);
		check_edges(b->p, &eb);
		check_deadlines(a->p);
		check_deadlines(b->p);
	}
}

static void choose_peer(struct peer *p, const char *name, u32 most)
{
	static const u32 isns[] = { 0xffffff00, 0x7fffff00, 0 };
	u32 i = dice(6);

	peer_init(p, name, i < ARRAY_SIZE(isns) ? isns[i] : host_random(&ch.seed));
	p->conf.timestamps = dice(2);
	p->conf.window_scaling = dice(2);
	p->conf.sack = dice(3) > 0;
	p->conf.dsack = dice(3) > 0;
	p->conf.tail_probe = dice(3) > 0;
	p->conf.frto = dice(3) > 0;
	/* As patient as with a user: in thousands of runs 8 losses in a row do happen */
	p->conf.orphan_retries = p->conf.retries2;
	p->adv_mss = 100 + dice(1361);
	p->path_mss = 100 + dice(1361);
	p->buffer = dice(3) ? 20000 + dice(most) : 200 + dice(3000);
	p->wscale = dice(9);
	while (p->buffer >> p->wscale < 4)	/* a window must be worth saying */
		p->wscale--;
}

static void choose_user(struct user *u, struct peer *p)
{
	*u = (struct user){
		.p = p,
		.to_send = dice(4) ? dice(60000) : 0,
		.chunk = dice(2) ? 10000 : 10,
		.next = now,
		.leaves = dice(2),
	};
	if (u->chunk == 10)
		u->to_send /= 20;
}

static void choose_channel(u64 seed, u32 scarce)
{
	ch.seed = seed * 0x9e3779b97f4a7c15ull + 1;
	ch.n = 0;
	ch.loss = dice(3) ? dice(150) : 0;
	ch.twice = dice(100);
	ch.delay = 1 + dice(50 * MS);
	ch.jitter = dice(2) ? dice(100 * MS) : 0;
	ch.scarce = scarce;
}

/* After many losses in a row the last FIN may come when TIME-WAIT is over: RST is the answer */
static bool last_fin_was_late(const struct peer *p)
{
	const struct ltcp_move *last = &p->moves[p->n_moves - 1];

	return last->from == LTCP_LAST_ACK && last->cause == LTCP_CAUSE_RCV_RST;
}

static void expect_whole(const struct peer *from, const struct peer *to)
{
	EXPECT_EQ(to->received, from->queued);
	EXPECT(to->eof);
	EXPECT(to->connected);
	EXPECT(!to->err || last_fin_was_late(to));
}

static void one_run(u64 seed, bool both_open, u32 scarce)
{
	static struct peer a, b;
	struct user ua, ub;

	host_at("seed %llu", seed);
	now = 1000 * SECOND;
	choose_channel(seed, scarce);
	choose_peer(&a, "A", 60000);
	choose_peer(&b, "B", 60000);
	choose_user(&ua, &a);
	choose_user(&ub, &b);
	/* if both wait for the other's end before they close, neither ever does */
	if (ua.leaves && ub.leaves)
		ua.leaves = false;
	if (both_open)
		peer_connect(&b);
	else
		peer_listen(&b);
	b.listener = false;
	peer_connect(&a);
	converse(&ua, &ub);
	expect_whole(&a, &b);
	expect_whole(&b, &a);
}

static u64 setting(const char *name, u64 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

TEST(channel_transfers_both_ways)
{
	u64 seed = setting("CHANNEL_SEED", 1), runs = setting("CHANNEL_RUNS", 200), i;

	for (i = 0; i < runs; i++)
		one_run(seed + i, false, 0);
}

/* What a receiver drops, although he promised to take it, comes again as soon as he reads */
TEST(channel_with_little_memory)
{
	u64 seed = setting("CHANNEL_SEED", 1), runs = setting("CHANNEL_RUNS", 200), i;

	for (i = 0; i < runs; i++)
		one_run(seed + i, false, (seed + i) % 2 ? 20 : 90);
}

/* All at once: no memory to send with either, MTUs that change, MSG_MORE, both ways to open */
TEST(channel_rough)
{
	u64 seed = setting("CHANNEL_SEED", 1), runs = setting("CHANNEL_RUNS", 200), i;

	ch.rough = true;
	for (i = 0; i < runs; i++)
		one_run(seed + i, (seed + i) % 5 == 0, (seed + i) % 3 * 30);
}

TEST(channel_simultaneous_open)
{
	u64 seed = setting("CHANNEL_SEED", 1), runs = setting("CHANNEL_RUNS", 100), i;

	for (i = 0; i < runs; i++)
		one_run(seed + i, true, 0);
}

/* The next thing that happens to two ends without users; what A sends is counted */
static void step(struct peer *a, struct peer *b, u64 *octets, u32 *acks)
{
	const struct user ua = { .p = a }, ub = { .p = b };
	int arrival = next_arrival();
	struct ltcp_seg seg;

	now = next_event(&ua, &ub, arrival);
	if (arrival >= 0 && ch.at[arrival] <= now)
		deliver(arrival);
	peer_run_timers(a);
	peer_run_timers(b);
	while (peer_take(a, &seg, NULL)) {
		*octets += seg.text;
		launch(b, &seg);
	}
	*acks += b->n_sent;
	collect(b, a);
}

/*
 * Nothing is lost and the user reads at once: nothing is sent twice, there is
 * an ACK for every second segment, and slow start takes its time and no more:
 * with delayed ACKs it sends 10, 15, 22, 33 segments, then the window's 44.
 */
TEST(channel_calm)
{
	static struct peer a, b;
	u32 acks = 0;
	u64 octets = 0, start;

	ch = (struct channel){ .seed = 1, .delay = 20 * MS };
	peer_init(&a, "A", 0xffff0000);
	peer_init(&b, "B", 77);
	peer_listen(&b);
	peer_connect(&a);
	collect(&a, &b);
	start = now;
	while (b.received < 200 * 1460) {
		step(&a, &b, &octets, &acks);
		if (a.connected && !a.queued)
			peer_send(&a, 200 * 1460);
		peer_read(&b, b.unread);
	}
	EXPECT_EQ(octets, 200 * 1460);
	EXPECT_LE(acks, 1 + 200 / 2 + 2);
	/* the handshake's round trip, and half a one more than the seven windows' */
	EXPECT_LE(now - start, 40 * MS + 15 * 20 * MS);
}

/**
 * struct bulk - how a long transfer over a bad path went
 * @octets: sent in all
 * @lost: of them
 * @timeouts: how often recovery began with one
 */
struct bulk {
	u64 octets;
	u64 lost;
	u32 timeouts;
};

#define BULK	(3000 * 1460ull)

/* From A to B with SACK, at a round trip of 40 ms; every @nth segment of text is lost, 0: none */
static struct bulk transfer(u64 jitter, u32 nth)
{
	static struct peer a, b;
	struct bulk bulk = {};
	struct ltcp_seg seg;
	bool loss = false;
	u32 n = 0;

	ch = (struct channel){ .seed = 1, .delay = 20 * MS, .jitter = jitter };
	peer_init(&a, "A", 0xffff0000);
	peer_init(&b, "B", 77);
	a.conf.sack = b.conf.sack = 1;
	a.conf.dsack = b.conf.dsack = 1;
	a.conf.timestamps = b.conf.timestamps = 1;
	a.conf.window_scaling = b.conf.window_scaling = 1;
	a.conf.tail_probe = a.conf.frto = 1;
	b.buffer = 256 * 1024;
	b.wscale = 3;
	peer_listen(&b);
	peer_connect(&a);
	collect(&a, &b);
	while (b.received < BULK) {
		const struct user ua = { .p = &a }, ub = { .p = &b };
		int arrival = next_arrival();

		now = next_event(&ua, &ub, arrival);
		if (arrival >= 0 && ch.at[arrival] <= now)
			deliver(arrival);
		peer_run_timers(&a);
		peer_run_timers(&b);
		if (a.connected && !a.queued)
			peer_send(&a, BULK);
		peer_read(&b, b.unread);
		while (peer_take(&a, &seg, NULL)) {
			bulk.octets += seg.text;
			if (seg.text && nth && ++n % nth == 0)
				bulk.lost += seg.text;
			else
				launch(&b, &seg);
		}
		collect(&b, &a);
		bulk.timeouts += !loss && a.tcb.recovery == LTCP_REC_LOSS;
		loss = a.tcb.recovery == LTCP_REC_LOSS;
	}
	return bulk;
}

/* What is lost is sent again, once, and nothing waits for a timeout */
TEST(channel_every_100th_is_lost)
{
	struct bulk bulk = transfer(0, 100);

	EXPECT_EQ(bulk.timeouts, 0);
	EXPECT_EQ(bulk.octets - bulk.lost, BULK);
}

/* A tenth: retransmissions are lost as well */
TEST(channel_every_10th_is_lost)
{
	struct bulk bulk = transfer(0, 10);

	EXPECT_EQ(bulk.timeouts, 0);
	EXPECT_EQ(bulk.octets - bulk.lost, BULK);
}

/* Reordered within a quarter of the round trip: once that is known, nothing is sent again */
TEST(channel_reorders)
{
	struct bulk bulk = transfer(8 * MS, 0);

	EXPECT_EQ(bulk.timeouts, 0);
	EXPECT_LE(bulk.octets, BULK + 20 * 1460);
}
