// SPDX-License-Identifier: GPL-2.0
/* The surroundings of the core for tests: see peer.h. */
#include <stdlib.h>
#include <string.h>

#include "core/cong.h"
#include "core/ecn.h"
#include "core/recovery.h"
#include "core/sack.h"
#include "core/transmit.h"
#include "core/window.h"
#include "peer.h"

#define HALF_RTO	SECOND

u64 now;

/* The defaults of Linux where it has them, and of the RFC where Linux falls short */
static const struct ltcp_conf default_conf = {
	.syn_retries = 7,
	.synack_retries = 5,
	.retries1 = 3,
	.retries2 = 15,
	.orphan_retries = 0,
	.keepalive_probes = 9,
	.keepalive_time_s = 7200,
	.keepalive_intvl_s = 75,
	.fin_timeout_s = 60,
	.timewait_ms = 60000,
	.delack_us = 40000,
	.min_snd_mss = 48,
	.ecn = 2,
	.slow_start_after_idle = 1,
	.base_mss = 1024,
	.mtu_probe_floor = 48,
	.probe_threshold = 8,
	.probe_interval_s = 600,
};

void peer_init(struct peer *p, const char *name, u32 iss)
{
	if (!now)
		now = 1000 * SECOND;
	memset(p, 0, sizeof(*p));
	p->name = name;
	p->conf = default_conf;
	p->iss = iss;
	p->path_mss = 1460;
	p->adv_mss = 1460;
	p->buffer = 65535;
	ltcp_tcb_init(&p->tcb, &p->conf);
}

static u32 kept_ahead(const struct peer *p)
{
	u32 sum = 0, i;

	for (i = 0; i < p->ahead.n; i++)
		sum += p->ahead.piece[i].end - p->ahead.piece[i].start;
	return sum;
}

struct ltcp_env peer_env(const struct peer *p)
{
	/* Text ahead takes none of the room that was promised: it is within it */
	EXPECT_LE(p->unread + kept_ahead(p), p->buffer);
	return (struct ltcp_env){
		.now = now,
		.space = p->buffer - p->unread,
		.buffer = p->buffer,
		.unread = p->unread,
		.may_store = !p->no_memory,
		.pressed = p->pressed,
	};
}

enum ltcp_state peer_state(const struct peer *p)
{
	switch (p->form) {
	case PEER_CLOSED:
		break;
	case PEER_LISTENING:
		return LTCP_LISTEN;
	case PEER_HALF:
		return LTCP_SYN_RECEIVED;
	case PEER_CONNECTION:
		return p->tcb.state;
	case PEER_TIME_WAIT:
		return LTCP_TIME_WAIT;
	}
	return LTCP_CLOSED;
}

/* On the wire and off it again: what the codec loses shows in every test */
static struct ltcp_seg over_the_wire(const struct ltcp_seg *seg)
{
	unsigned int len = LTCP_HEADER_MIN + ltcp_options_len(&seg->opt);
	u8 *hdr = malloc(len);
	struct ltcp_seg out;

	EXPECT_EQ(ltcp_segment_write(hdr, seg), len);
	EXPECT_EQ(ltcp_segment_parse(&out, hdr, len, len + seg->text), len);
	free(hdr);
	out.ecn = seg->ecn;	/* IP's, not the codec's */
	return out;
}

static void put(struct peer *p, const struct ltcp_seg *seg)
{
	EXPECT_LT(p->n_sent, PEER_SENT_MAX);
	p->sent_at[p->n_sent] = now;
	p->sent[p->n_sent++] = over_the_wire(seg);
}

bool peer_take(struct peer *p, struct ltcp_seg *seg, u64 *at)
{
	if (!p->n_sent)
		return false;
	*seg = p->sent[0];
	if (at)
		*at = p->sent_at[0];
	p->n_sent--;
	memmove(p->sent, p->sent + 1, p->n_sent * sizeof(*p->sent));
	memmove(p->sent_at, p->sent_at + 1, p->n_sent * sizeof(*p->sent_at));
	return true;
}

static void send_plan_at(struct peer *p, const struct ltcp_plan *plan, u64 at)
{
	struct ltcp_env env = peer_env(p);
	struct ltcp_seg seg = {};

	if (!plan->mtu_probe)
		EXPECT_LE(plan->len, ltcp_transmit_burst(&p->tcb));
	if (plan->len) {
		EXPECT(seq_ge(plan->seq, p->tcb.snd_una));
		EXPECT(seq_le(plan->seq + plan->len, p->tcb.snd_end));
	}
	ltcp_transmit_header(&p->tcb, plan, &env, &seg);
	put(p, &seg);
	ltcp_transmit_sent(&p->tcb, plan, at);
}

static void send_plan(struct peer *p, const struct ltcp_plan *plan)
{
	send_plan_at(p, plan, now);
}

void peer_output(struct peer *p)
{
	u64 at = ltcp_transmit_moment(&p->tcb, now);
	struct ltcp_plan plan;

	if (!ltcp_in_flight(&p->tcb))
		ltcp_cong_start(&p->tcb, now);
	while (ltcp_transmit_next(&p->tcb, &plan) && !p->mute)
		send_plan_at(p, &plan, at);
	ltcp_transmit_idle(&p->tcb, now);
}

static void send_rst(struct peer *p, const struct ltcp_verdict *v)
{
	struct ltcp_seg seg = { .seq = v->rst.seq, .ack = v->rst.ack, .flags = v->rst.flags };

	EXPECT(seg.flags & LTCP_RST);
	put(p, &seg);
}

static void send_ack(struct peer *p)
{
	struct ltcp_plan plan;
	struct ltcp_seg seg = {};

	switch (p->form) {
	case PEER_HALF:
		ltcp_half_ack(&p->half, now, &seg);
		break;
	case PEER_TIME_WAIT:
		ltcp_tw_ack(&p->tw, now, &seg);
		break;
	default:
		ltcp_transmit_ack(&p->tcb, &plan);
		send_plan(p, &plan);
		return;
	}
	put(p, &seg);
}

static void send_syn(struct peer *p)
{
	struct ltcp_plan plan;
	struct ltcp_seg seg = {};

	if (p->form == PEER_HALF) {
		ltcp_half_synack(&p->half, now, &seg);
		put(p, &seg);
		return;
	}
	ltcp_transmit_syn(&p->tcb, &plan);
	send_plan(p, &plan);
}

/* Each move is an arrow and begins where the last one ended */
static void note_moves(struct peer *p, const struct ltcp_verdict *v)
{
	unsigned int i;

	EXPECT(!(v->act & LTCP_ACT_ILLEGAL));
	for (i = 0; i < v->n_moves; i++) {
		EXPECT_LT(p->n_moves, PEER_MOVES_MAX);
		EXPECT(!i || v->moves[i].from == v->moves[i - 1].to);
		EXPECT(ltcp_fsm_arrow(v->moves[i].from, v->moves[i].to, v->moves[i].cause));
		p->moves[p->n_moves++] = v->moves[i];
	}
}

/* What the next ACK will tell of a piece of text */
static void tell(struct peer *p, struct ltcp_range run)
{
	struct ltcp_range both;
	unsigned int i;

	for (i = 0; i < p->ahead.n; i++) {
		if (ltcp_reasm_overlap(&run, &p->ahead.piece[i], &both))
			ltcp_sack_duplicate(&p->tcb, &both);
	}
	if (run.start == p->tcb.rcv_nxt)
		return;
	store_widen(&p->ahead, &run);
	ltcp_sack_stored(&p->tcb, &run);
}

static void take_text(struct peer *p, struct ltcp_verdict *v, const struct ltcp_seg *seg)
{
	struct ltcp_range piece = { v->text_seq, v->text_seq + v->text_len };
	struct ltcp_env env;
	u32 n;

	/* What is to be stored is a part of this segment, in the window, and new */
	EXPECT(v->text_len);
	EXPECT_LE(v->text_skip + v->text_len, seg->text);
	EXPECT_EQ(v->text_seq, seg->seq + !!(seg->flags & LTCP_SYN) + v->text_skip);
	EXPECT(seq_ge(piece.start, p->tcb.rcv_nxt));
	EXPECT(seq_le(piece.end, p->tcb.rcv_adv));
	tell(p, piece);
	EXPECT(store_insert(&p->ahead, piece));
	n = store_take(&p->ahead, p->tcb.rcv_nxt);
	p->unread += n;
	p->received += n;
	ltcp_fsm_text_in_order(&p->tcb, n);
	env = peer_env(p);
	ltcp_fsm_text_stored(&p->tcb, p->ahead.n, &env, v);
}

static void end(struct peer *p, const struct ltcp_verdict *v)
{
	int i;

	for (i = 0; i < LTCP_N_TIMERS; i++)
		EXPECT(p->form != PEER_CONNECTION || !p->tcb.timer[i]);
	p->form = p->listener ? PEER_LISTENING : PEER_CLOSED;
	if (p->listener) {	/* the connection's variables were not the listener's */
		ltcp_tcb_init(&p->tcb, &p->conf);
		p->tcb.state = LTCP_LISTEN;
	}
	p->ended = true;
	p->err = v->err;
	p->ahead.n = 0;
}

static void start_time_wait(struct peer *p)
{
	ltcp_tw_from_tcb(&p->tw, &p->tcb);
	p->form = PEER_TIME_WAIT;
	p->tw_end = now + p->conf.timewait_ms * MS;
}

/*
 * What is in flight has a timer that sends it again (RFC 6298) or asks for a window (RFC 9293
 * section 3.8.6.1); so has what waits though no acknowledgment is due that could let it go.
 */
static void check_timers(const struct peer *p)
{
	const struct ltcp_tcb *tcb = &p->tcb;
	bool set = tcb->timer[LTCP_TIMER_RTX] || tcb->timer[LTCP_TIMER_PERSIST];

	if (p->form != PEER_CONNECTION || tcb->syn_held)
		return;
	if (ltcp_in_flight(tcb))
		EXPECT(set);
	else if (ltcp_may_transmit(tcb) && ltcp_transmit_wanted(tcb))
		EXPECT(set || tcb->timer[LTCP_TIMER_PACE]);
}

static void establish(struct peer *p, const struct ltcp_seg *seg);
static void take_syn(struct peer *p, const struct ltcp_seg *seg, u32 iss);

static void act_connection(struct peer *p, struct ltcp_verdict *v)
{
	struct ltcp_plan plan;
	unsigned int before;

	if (v->act & LTCP_ACT_URGENT)
		p->urgent++;
	p->connected |= !!(v->act & LTCP_ACT_CONNECTED);
	p->eof |= !!(v->act & LTCP_ACT_EOF);
	if (v->act & LTCP_ACT_PROBE && ltcp_transmit_probe(&p->tcb, &plan) && !p->mute)
		send_plan(p, &plan);
	if (v->act & LTCP_ACT_KEEPALIVE) {
		ltcp_transmit_keepalive(&p->tcb, &plan);
		send_plan(p, &plan);
	}
	before = p->n_sent;
	if (v->act & LTCP_ACT_OUTPUT)
		peer_output(p);
	/* Text carries the ACK along, but a duplicate ACK must be bare to count as one */
	if (v->act & LTCP_ACT_ACK && (p->n_sent == before || p->tcb.rcv_ahead))
		send_ack(p);
}

void peer_act(struct peer *p, struct ltcp_verdict *v, const struct ltcp_seg *seg)
{
	if (v->act & LTCP_ACT_TEXT && v->act & LTCP_ACT_ACK_FIRST)
		send_ack(p);
	if (v->act & LTCP_ACT_TEXT)
		take_text(p, v, seg);
	note_moves(p, v);
	p->acts |= v->act;
	p->last = *v;
	if (v->act & (LTCP_ACT_SYN | LTCP_ACT_SYNACK))
		send_syn(p);
	if (p->form == PEER_CONNECTION)
		act_connection(p, v);
	else if (v->act & LTCP_ACT_ACK)
		send_ack(p);
	if (v->act & LTCP_ACT_RST)
		send_rst(p, v);
	if (v->act & LTCP_ACT_RESTART)
		p->tw_end = now + p->conf.timewait_ms * MS;
	if (v->act & LTCP_ACT_TIME_WAIT)
		start_time_wait(p);
	if (v->act & LTCP_ACT_CLOSED)
		end(p, v);
	if (v->act & LTCP_ACT_ESTABLISH)
		establish(p, seg);
	check_timers(p);
}

static void init_tcb(struct peer *p)
{
	ltcp_tcb_init(&p->tcb, &p->conf);
	p->tcb.adv_mss = p->adv_mss;
	p->tcb.path_mss = p->path_mss;
	p->tcb.rcv_wscale = p->conf.window_scaling ? p->wscale : 0;
	p->tcb.ts_off = p->iss * 3;
	p->tcb.flight.more = p->spans;
	p->tcb.flight.room = PEER_SPANS_MAX;
	p->ahead.n = 0;
	p->unread = 0;
	p->received = 0;
	p->queued = 0;
	p->connected = false;
	p->eof = false;
	p->ended = false;
	p->err = 0;
}

void peer_listen(struct peer *p)
{
	struct ltcp_verdict v = {};

	init_tcb(p);
	p->listener = true;
	p->form = PEER_LISTENING;
	ltcp_fsm_open_passive(&p->tcb, &v);
	peer_act(p, &v, NULL);
}

void peer_connect(struct peer *p)
{
	struct ltcp_verdict v = {};
	struct ltcp_env env;

	if (p->form != PEER_LISTENING)
		init_tcb(p);
	p->listener = false;
	p->form = PEER_CONNECTION;
	env = peer_env(p);
	ltcp_fsm_open_active(&p->tcb, p->iss, &env, &v);
	peer_act(p, &v, NULL);
}

void peer_connect_fast(struct peer *p, u32 n, const struct ltcp_fastopen *fastopen)
{
	struct ltcp_verdict v = {};
	struct ltcp_plan plan;
	struct ltcp_env env;

	init_tcb(p);
	p->form = PEER_CONNECTION;
	env = peer_env(p);
	ltcp_fsm_open_active(&p->tcb, p->iss, &env, &v);
	ltcp_fsm_hold_syn(&p->tcb, &v);
	peer_act(p, &v, NULL);
	p->queued += n;
	ltcp_fsm_send(&p->tcb, n, false);
	ltcp_fsm_release_syn(&p->tcb, now);
	ltcp_syn_fastopen(&p->tcb, fastopen);
	ltcp_transmit_syn_text(&p->tcb, &plan);
	send_plan(p, &plan);
	ltcp_syn_fastopen(&p->tcb, NULL);
}

static void queue(struct peer *p, u32 n, bool urgent)
{
	EXPECT_EQ(p->form, PEER_CONNECTION);
	p->queued += n;
	ltcp_fsm_send(&p->tcb, n, urgent);
	peer_output(p);
	check_timers(p);
}

void peer_send(struct peer *p, u32 n)
{
	queue(p, n, false);
}

void peer_send_urgent(struct peer *p, u32 n)
{
	queue(p, n, true);
}

void peer_read(struct peer *p, u32 n)
{
	struct ltcp_verdict v = {};
	struct ltcp_env env;

	EXPECT_LE(n, p->unread);
	p->unread -= n;
	env = peer_env(p);
	if (p->form != PEER_CONNECTION)
		return;
	ltcp_fsm_received(&p->tcb, &env, &v);
	peer_act(p, &v, NULL);
}

void peer_prune(struct peer *p)
{
	if (!p->ahead.n)
		return;
	p->ahead.n--;
	ltcp_sack_forget(&p->tcb, p->ahead.piece[p->ahead.n].start);
}

void peer_close(struct peer *p)
{
	struct ltcp_verdict v = {};

	ltcp_fsm_close(&p->tcb, &v);
	if (p->form == PEER_LISTENING)
		p->listener = false;
	peer_act(p, &v, NULL);
}

void peer_leave(struct peer *p)
{
	struct ltcp_env env = peer_env(p);
	struct ltcp_verdict v = {};

	ltcp_fsm_orphan(&p->tcb, p->unread, &env, &v);
	peer_act(p, &v, NULL);
}

void peer_abort(struct peer *p)
{
	struct ltcp_verdict v = {};

	if (p->form == PEER_LISTENING)
		p->listener = false;
	ltcp_fsm_abort(&p->tcb, 0, &v);
	peer_act(p, &v, NULL);
}

void peer_icmp(struct peer *p, enum ltcp_icmp kind, int err, u32 seq)
{
	struct ltcp_env env = peer_env(p);
	struct ltcp_verdict v = {};

	ltcp_fsm_icmp(&p->tcb, kind, err, seq, &env, &v);
	peer_act(p, &v, NULL);
}

static void segment_for_connection(struct peer *p, const struct ltcp_seg *seg)
{
	struct ltcp_env env = peer_env(p);
	struct ltcp_seg copy = *seg;
	struct ltcp_verdict v = {};

	ltcp_fsm_segment(&p->tcb, &copy, &env, &v);
	peer_act(p, &v, seg);
}

/* RFC 7413: the SYN is the first segment of a connection that there is already */
static void open_fast(struct peer *p, const struct ltcp_seg *seg)
{
	init_tcb(p);
	ltcp_tcb_from_half(&p->tcb, &p->half, now);
	p->tcb.fastopen = 1;
	p->form = PEER_CONNECTION;
	segment_for_connection(p, seg);
}

/* A half-open entry for this SYN */
static void take_syn(struct peer *p, const struct ltcp_seg *seg, u32 iss)
{
	struct ltcp_verdict v = { .act = LTCP_ACT_SYNACK };

	memset(&p->half, 0, sizeof(p->half));
	p->half.iss = iss;
	p->half.ts_off = iss * 3;
	p->half.adv_mss = p->adv_mss;
	p->half.wnd = p->buffer < 65535 ? p->buffer : 65535;
	p->half.rcv_wscale = p->conf.window_scaling ? p->wscale : 0;
	p->half.ecn_ok = ltcp_ecn_wanted(&p->conf, p->tcb.cong, false);
	ltcp_half_from_syn(&p->half, seg, &p->conf, 536);
	if (p->trusting) {
		v.act = 0;
		ltcp_fsm_move(&v, LTCP_LISTEN, LTCP_SYN_RECEIVED, LTCP_CAUSE_RCV_SYN);
		note_moves(p, &v);
		open_fast(p, seg);
		return;
	}
	p->form = PEER_HALF;
	p->half_timer = now + HALF_RTO;
	ltcp_fsm_move(&v, LTCP_LISTEN, LTCP_SYN_RECEIVED, LTCP_CAUSE_RCV_SYN);
	peer_act(p, &v, seg);
}

static void segment_for_listener(struct peer *p, const struct ltcp_seg *seg)
{
	struct ltcp_verdict v = {};

	ltcp_fsm_segment_listen(seg, &v);
	if (v.act & LTCP_ACT_SYNACK)
		take_syn(p, seg, p->iss);
	else
		peer_act(p, &v, seg);
}

/* The half-open connection becomes one, and sees the segment that made it so */
static void establish(struct peer *p, const struct ltcp_seg *seg)
{
	init_tcb(p);
	ltcp_tcb_from_half(&p->tcb, &p->half, now);
	p->form = PEER_CONNECTION;
	segment_for_connection(p, seg);
}

static void segment_for_half(struct peer *p, const struct ltcp_seg *seg)
{
	struct ltcp_verdict v = {};

	ltcp_half_segment(&p->half, seg, p->defer, now, &v);
	peer_act(p, &v, seg);
}

static void segment_for_time_wait(struct peer *p, const struct ltcp_seg *seg)
{
	struct ltcp_verdict v = {};

	ltcp_tw_segment(&p->tw, seg, &p->conf, now, &v);
	if ((v.act & LTCP_ACT_REOPEN) && p->listener) {
		ltcp_fsm_move(&v, LTCP_TIME_WAIT, LTCP_CLOSED, LTCP_CAUSE_RCV_SYN);
		peer_act(p, &v, seg);
		take_syn(p, seg, seq_max(p->iss, v.iss_min + 1));
		return;
	}
	peer_act(p, &v, seg);
}

static void segment_for_nobody(struct peer *p, const struct ltcp_seg *seg)
{
	struct ltcp_verdict v = {};

	ltcp_fsm_segment_closed(seg, &v);
	peer_act(p, &v, seg);
}

void peer_segment(struct peer *p, const struct ltcp_seg *seg)
{
	struct ltcp_seg in = over_the_wire(seg);

	switch (p->form) {
	case PEER_CLOSED:
		segment_for_nobody(p, &in);
		break;
	case PEER_LISTENING:
		segment_for_listener(p, &in);
		break;
	case PEER_HALF:
		segment_for_half(p, &in);
		break;
	case PEER_CONNECTION:
		segment_for_connection(p, &in);
		break;
	case PEER_TIME_WAIT:
		segment_for_time_wait(p, &in);
		break;
	}
}

static u64 earlier(u64 a, u64 b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

u64 peer_next_timer(const struct peer *p)
{
	u64 next = 0;
	int i;

	if (p->form == PEER_HALF)
		return p->half_timer;
	if (p->form == PEER_TIME_WAIT)
		return p->tw_end;
	if (p->form != PEER_CONNECTION)
		return 0;
	for (i = 0; i < LTCP_N_TIMERS; i++)
		next = earlier(next, p->tcb.timer[i]);
	return next;
}

static void half_expired(struct peer *p)
{
	struct ltcp_verdict v = {};

	ltcp_half_timeout(&p->half, p->conf.synack_retries, p->defer, &v);
	if (!(v.act & LTCP_ACT_CLOSED))
		p->half_timer = now + (HALF_RTO << p->half.retries);
	peer_act(p, &v, NULL);
}

static void time_wait_over(struct peer *p)
{
	struct ltcp_verdict v = { .act = LTCP_ACT_CLOSED };

	ltcp_fsm_move(&v, LTCP_TIME_WAIT, LTCP_CLOSED, LTCP_CAUSE_2MSL);
	peer_act(p, &v, NULL);
}

static void connection_timer(struct peer *p, enum ltcp_timer timer)
{
	struct ltcp_env env = peer_env(p);
	struct ltcp_verdict v = {};

	ltcp_fsm_timeout(&p->tcb, timer, &env, &v);
	peer_act(p, &v, NULL);
}

void peer_run_timers(struct peer *p)
{
	int i;

	if (p->form == PEER_HALF && p->half_timer <= now)
		half_expired(p);
	else if (p->form == PEER_TIME_WAIT && p->tw_end <= now)
		time_wait_over(p);
	for (i = 0; i < LTCP_N_TIMERS && p->form == PEER_CONNECTION; i++) {
		if (p->tcb.timer[i] && p->tcb.timer[i] <= now)
			connection_timer(p, i);
	}
}

void peer_wait_until(struct peer *p, u64 until)
{
	u64 next;

	while ((next = peer_next_timer(p)) && next <= until) {
		if (next > now)
			now = next;
		peer_run_timers(p);
	}
	now = until;
}
