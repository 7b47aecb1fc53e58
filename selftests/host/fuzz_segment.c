// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: raw headers, user calls, time and ICMP for a connection in
 * any state. What peer.c expects of the core must hold whatever comes:
 *	make fuzz
 */
#include <linux/errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "script.h"

/* The test harness's part, where a failure has to crash */
void host_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}

void host_at(const char *fmt, ...)
{
}

void host_register(struct host_test *test)
{
}

/**
 * struct input - what the fuzzer has thought of
 * @p: next octet
 * @n: octets left; beyond the last there are zeroes
 */
struct input {
	const u8 *p;
	size_t n;
};

static u8 take8(struct input *in)
{
	if (!in->n)
		return 0;
	in->n--;
	return *in->p++;
}

static u16 take16(struct input *in)
{
	u8 high = take8(in);

	return high << 8 | take8(in);
}

static u32 snd_una_of(const struct peer *p)
{
	switch (p->form) {
	case PEER_HALF:
		return p->half.iss + 1;
	case PEER_TIME_WAIT:
		return p->tw.snd_nxt;
	default:
		return p->tcb.snd_una;
	}
}

static u32 rcv_nxt_now(const struct peer *p)
{
	return p->form == PEER_HALF ? p->half.irs + 1 : rcv_nxt_of(p);
}

/* A header of just its octets in memory; with @near its numbers lie round the right ones */
static void segment(struct peer *p, struct input *in, bool near)
{
	unsigned int len = take8(in) % (LTCP_HEADER_MAX + 1), total = len + take16(in) % 4000, i;
	u8 *hdr = malloc(len ? len : 1);
	struct ltcp_seg seg;

	for (i = 0; i < len; i++)
		hdr[i] = take8(in);
	if (near && len >= LTCP_HEADER_MIN) {
		s16 seq = ltcp_get_be16(hdr + 6), ack = ltcp_get_be16(hdr + 10);

		ltcp_put_be32(hdr + 4, rcv_nxt_now(p) + seq % 3000);
		ltcp_put_be32(hdr + 8, snd_una_of(p) + ack % 3000);
	}
	if (ltcp_segment_parse(&seg, hdr, len, total) >= 0)
		peer_segment(p, &seg);
	free(hdr);
}

static void user_call(struct peer *p, struct input *in)
{
	u8 what = take8(in);
	u16 n = take16(in) % 20000;

	if (p->form != PEER_CONNECTION)
		return;
	if (what % 8 == 0)
		peer_close(p);
	else if (what % 8 == 1 && !p->tcb.user_gone)
		peer_leave(p);
	else if (what == 2)
		peer_abort(p);
	else if (what % 2 && LTCP_IN(p->tcb.state, LTCP_MAY_SEND))
		(what & 64 ? peer_send_urgent : peer_send)(p, n);
	else if (p->unread)
		peer_read(p, n % (p->unread + 1));
}

static void icmp(struct peer *p, struct input *in)
{
	u8 kind = take8(in) % (LTCP_ICMP_MTU + 1);
	u16 off = take16(in);

	if (p->form == PEER_CONNECTION)
		peer_icmp(p, kind, EHOSTUNREACH, p->tcb.snd_una + off);
}

/* The spans cover what is in flight, and their sums are right */
static void check_flight(const struct peer *p)
{
	const struct ltcp_flight *f = &p->tcb.flight;
	u32 at = p->tcb.snd_una, sacked = 0, lost = 0, i;

	if (p->form != PEER_CONNECTION || !p->tcb.syn_acked)
		return;
	for (i = 0; i < f->n; i++) {
		const struct ltcp_span *span = ltcp_flight_span(f, i);

		EXPECT(seq_lt(at, span->end));
		sacked += span->is & LTCP_SPAN_SACKED ? span->end - at : 0;
		lost += span->is & LTCP_SPAN_LOST ? span->end - at : 0;
		at = span->end;
	}
	EXPECT_EQ(at, p->tcb.snd_nxt);
	EXPECT_EQ(sacked, f->sacked);
	EXPECT_EQ(lost, f->lost);
}

static void one_op(struct peer *p, struct input *in)
{
	u8 op = take8(in);

	switch (op % 8) {
	case 0:
		segment(p, in, false);
		break;
	case 5:
		user_call(p, in);
		break;
	case 6:
		peer_wait_until(p, now + (take16(in) + 1ull) * 50 * MS);
		break;
	case 7:
		icmp(p, in);
		break;
	default:
		segment(p, in, true);
	}
	check_flight(p);
	p->n_sent = 0;
	p->n_moves = 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	static struct peer p;
	u8 state, settings;

	now = 0;
	state = 1 + take8(&in) % (LTCP_N_STATES - 1);
	settings = take8(&in);
	peer_init(&p, "P", ISS);
	p.conf.timestamps = settings & 1;
	p.conf.window_scaling = settings >> 1 & 1;
	p.conf.sack = settings >> 2 & 1;
	p.conf.dsack = 1;
	p.conf.tail_probe = 1;
	p.conf.frto = 1;
	p.buffer = settings & 8 ? 3000 : 65535;
	p.wscale = settings & 16 ? 5 : 0;
	bring_to_state(&p, state);
	p.tcb.nodelay = settings >> 5 & 1;
	p.tcb.keepalive = settings >> 6 & 1;
	p.no_memory = settings >> 7 & 1;
	p.listener = settings & 1;
	while (in.n)
		one_op(&p, &in);
	return 0;
}
