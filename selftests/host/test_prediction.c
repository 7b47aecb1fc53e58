// SPDX-License-Identifier: GPL-2.0
/*
 * Header prediction: what is expected goes a shorter way, and must come out as
 * by the steps of section 3.10.7. An option that means nothing after the SYN
 * makes any segment unexpected and changes nothing else.
 */
#include <string.h>

#include "core/cong.h"
#include "script.h"

#define ROUNDS	200

static struct peer before, after;

/* What ltcp_fsm_segment() makes of a segment, with the receiver's part of it */
static struct ltcp_verdict arrive(struct peer *p, struct ltcp_seg seg, u8 more)
{
	struct ltcp_env env = peer_env(p);
	struct ltcp_verdict v = {};

	seg.opt.has |= more;
	ltcp_fsm_segment(&p->tcb, &seg, &env, &v);
	if (!(v.act & LTCP_ACT_TEXT))
		return v;
	if (v.text_seq == p->tcb.rcv_nxt)
		ltcp_fsm_text_in_order(&p->tcb, v.text_len);
	ltcp_fsm_text_stored(&p->tcb, p->tcb.rcv_ahead, &env, &v);
	return v;
}

/* Mostly what should come, and now and then beside it, at each edge */
static u32 near(u64 *random, u32 value)
{
	u32 r = host_random(random);

	return r % 8 ? value : value + (s32)(r >> 8) % 4 - 1;
}

static struct ltcp_seg segment_for(const struct peer *p, u64 *random)
{
	const struct ltcp_tcb *tcb = &p->tcb;
	struct ltcp_seg seg = {
		.seq = near(random, tcb->rcv_nxt),
		.flags = LTCP_ACK | (host_random(random) % 3 ? 0 : LTCP_PSH),
		.wnd = host_random(random) % 3 ? tcb->snd_wnd >> tcb->snd_wscale : 1000,
		.opt = {
			.has = tcb->ts_ok ? LTCP_HAS_TS : 0,
			.tsval = near(random, tcb->ts_recent),
			.tsecr = ltcp_ms(now) + tcb->ts_off - 1,
		},
	};
	static const u32 texts[] = { 0, 0, 1, 100, 536, 1460, 70000 };

	seg.text = texts[host_random(random) % ARRAY_SIZE(texts)];
	seg.ack = near(random, host_random(random) % 2 ? tcb->snd_una : tcb->snd_nxt);
	if (host_random(random) % 16 == 0)
		seg.flags |= 1 << host_random(random) % 8;
	if (host_random(random) % 8 == 0)
		seg.ecn = host_random(random) % 4;
	return seg;
}

/* A connection about which everything may be said but what ends it at once */
static void vary(struct peer *p, u64 *random)
{
	struct ltcp_tcb *tcb = &p->tcb;
	u32 r = host_random(random);

	now += host_random(random) % (20 * MS);
	tcb->ecn_ok = r & 1;
	tcb->ecn_echo = !!(r & 2);
	tcb->user_gone = !(r & 0x1c);
	tcb->echoing = !(r & 0xe0);
	tcb->rcv_ahead = !(r & 0x300);
	p->no_memory = !(r & 0x1c00);
	tcb->rcv_fin = !(r & 0xe000);
	tcb->rcv_fin_seq = tcb->rcv_nxt + 100;
	tcb->probes = r >> 30;
	tcb->keep_probes = r >> 30;
	tcb->rcv_adv = tcb->rcv_nxt + (r & 0x10000 ? 65535 : 1000);
	if (r & 0x20000)
		tcb->rcv_wup = tcb->rcv_nxt - 5;
	if (!(r & 0xc0000))
		peer_send(p, 2000);
}

static unsigned int compare(struct peer *p, bool timestamps, enum ltcp_state state, u64 *random)
{
	struct ltcp_verdict v, w;
	unsigned int taken = 0;
	struct ltcp_seg seg;

	peer_init(p, "P", ISS);
	p->conf.timestamps = timestamps;
	bring_to_state(p, state);
	for (unsigned int i = 0; i < ROUNDS && peer_state(p) == state; i++) {
		p->n_sent = 0;
		vary(p, random);
		seg = segment_for(p, random);
		host_at("round %u: %s seq %u (%u) ack %u text %u", i, flags_name(seg.flags),
			seg.seq, p->tcb.rcv_nxt, seg.ack, seg.text);
		before = *p;
		v = arrive(p, seg, LTCP_HAS_WSCALE);
		after = *p;
		*p = before;
		w = arrive(p, seg, 0);
		EXPECT(!memcmp(&p->tcb, &after.tcb, sizeof(p->tcb)));
		EXPECT(!memcmp(&v, &w, sizeof(v)));
		taken += !!(w.act & LTCP_ACT_TEXT);
	}
	return taken;
}

TEST(prediction_changes_nothing)
{
	static struct peer p;
	u64 random = 1;
	unsigned int taken = 0;

	for (int i = 0; i < 400; i++) {
		taken += compare(&p, i & 1, LTCP_ESTABLISHED, &random);
		compare(&p, i & 1, LTCP_CLOSE_WAIT, &random);
		compare(&p, i & 1, LTCP_FIN_WAIT_2, &random);
	}
	EXPECT_LT(1000, taken);
}
