// SPDX-License-Identifier: GPL-2.0
/* Sending and expecting, packet by packet. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* --- the tun device ---------------------------------------------------------- */

/* What IPv6 has to say to routers is none of TCP's: multicast groups, solicitations */
static bool is_chatter(const u8 *packet, int len)
{
	return len >= 40 && packet[0] >> 4 == 6 && (packet[6] == 0 || packet[6] == IPPROTO_ICMPV6);
}

static bool read_one(struct wire *w)
{
	static u8 buffer[WIRE_PACKET_MAX];
	int len = read(w->priv->tun, buffer, sizeof(buffer));
	struct wire_raw *raw;

	if (len < 0 && errno == EAGAIN)
		return false;
	if (len < 0)
		wire_fail(w, WIRE_HERE, "reading from the tun device: %s", strerror(errno));
	if (is_chatter(buffer, len))
		return true;
	raw = malloc(sizeof(*raw) + len);
	raw->next = NULL;
	raw->time = wire_now();
	raw->len = len;
	memcpy(raw->data, buffer, len);
	*w->priv->tail = raw;
	w->priv->tail = &raw->next;
	return true;
}

static void read_all(struct wire *w)
{
	while (read_one(w))
		;
}

/*
 * The kernel lets poll() oversleep by a thousandth, 30 ms in half a minute: a long
 * wait ends a little early instead, and who waits comes again.
 */
static void poll_until(struct wire *w, u64 until)
{
	u64 now = wire_now(), us = until > now ? until - now : 0;
	struct pollfd pfd = { .fd = w->priv->tun, .events = POLLIN };
	struct timespec left;

	if (us > 50000)
		us -= us / 500;
	left.tv_sec = us / 1000000;
	left.tv_nsec = us % 1000000 * 1000;
	ppoll(&pfd, 1, &left, NULL);
}

/* Wait for a packet, at most until then; it is stamped with its time. */
static void wait_for_packet(struct wire *w, u64 until)
{
	do {
		poll_until(w, until);
		read_all(w);
	} while (!w->priv->head && wire_now() < until);
}

/* Collect packets until then. */
void wire_pump(struct wire *w, u64 until)
{
	do {
		wait_for_packet(w, until);
	} while (wire_now() < until);
}

void wire_sleep(struct wire *w, int ms)
{
	wire_pump(w, wire_now() + ms * 1000ull);
	wire_mark(w);
}

u64 wire_mark(struct wire *w)
{
	w->priv->base = wire_now();
	return w->priv->base;
}

s64 wire_since(u64 mark)
{
	return (s64)(wire_now() - mark) / 1000;
}

void wire_inject(struct wire *w, const void *packet, int len)
{
	if (write(w->priv->tun, packet, len) != len)
		wire_fail(w, WIRE_HERE, "writing to the tun device: %s", strerror(errno));
	/* Answers of the same moment get its time */
	read_all(w);
}

/* --- receiving ------------------------------------------------------------------ */

/* The connection of a packet of the stack's; one whose port is unknown learns it. */
struct wire_flow *wire_flow_of(struct wire *w, u16 port, u16 peer_port)
{
	int i;

	for (i = w->priv->n_flows - 1; i >= 0; i--) {
		struct wire_flow *flow = &w->priv->flows[i];

		if (flow->peer_port == peer_port && (!flow->port || flow->port == port))
			return flow;
	}
	return NULL;
}

/* The first SYN tells the stack's ISS. */
static void learn(struct wire_flow *flow, const struct wire_pkt *pkt)
{
	const struct wire_seg *seg = &pkt->seg;

	flow->port = pkt->sport;
	if (!(seg->flags & SYN) || flow->iss_known)
		return;
	flow->iss = pkt->seq;
	flow->iss_known = true;
	flow->ts_seen = seg->tsval != NONE;
	flow->wscale = seg->wscale;
}

static const char *check_text(struct wire *w, const struct wire_pkt *pkt)
{
	u32 place = (u32)pkt->seg.seq + !!(pkt->seg.flags & SYN);
	int i;

	if (w->any_text || w->linux_tcp)
		return NULL;
	for (i = 0; i < pkt->seg.len; i++)
		if (pkt->text[i] != wire_octet(place + i))
			return "its text is not what the user wrote there";
	return NULL;
}

/* Relative numbers; SEG.ACK means something with ACK only. */
static void relate(struct wire_flow *flow, struct wire_pkt *pkt)
{
	pkt->seg.seq = (int32_t)(pkt->seq - flow->iss);
	pkt->seg.ack = pkt->seg.flags & ACK ? (int32_t)(pkt->ack - flow->peer_iss) : 0;
}

/* What flow->nxt was before the packet is what NEXT in wire_expect() means. */
static void advance(struct wire_flow *flow, const struct wire_seg *seg)
{
	s64 end = seg->seq + seg->len + !!(seg->flags & SYN) + !!(seg->flags & FIN);

	if (seg->flags & RST)
		return;
	if (end > flow->nxt)
		flow->nxt = end;
	if (seg->tsval != NONE)
		flow->ts_recent = seg->tsval;
}

/* Which connection, if there are several */
static const char *name_flow(struct wire *w, u16 port, u16 peer_port)
{
	static char text[16];

	text[0] = 0;
	if (w->priv->n_flows > 1)
		snprintf(text, sizeof(text), "(%u-%u) ", port, peer_port);
	return text;
}

static void log_pkt(struct wire *w, const struct wire_pkt *pkt, const char *trouble)
{
	char text[WIRE_LINE / 2];

	wire_format(text, sizeof(text), &pkt->seg, pkt->opts, pkt->opts_len);
	wire_log(w, pkt->time, "stack > peer %s%s%s%s%s", name_flow(w, pkt->sport, pkt->dport),
		 text, pkt->ip_opts_len ? " (IP options)" : "", trouble ? "   ! " : "",
		 trouble ?: "");
}

/* False: not for this test to look at */
static bool accept_raw(struct wire *w, const struct wire_raw *raw)
{
	struct wire_pkt *pkt = w->pkt;
	const char *trouble = wire_parse(w, raw->data, raw->len, pkt);
	struct wire_flow *flow;

	if (trouble) {
		wire_log(w, raw->time, "stack > peer a packet of %d octets, protocol %d   ! %s",
			 raw->len, raw->len > 9 ? raw->data[w->ipv6 ? 6 : 9] : -1, trouble);
		wire_fail(w, WIRE_HERE, "a packet of the stack is wrong: %s", trouble);
	}
	pkt->time = raw->time;
	flow = wire_flow_of(w, pkt->sport, pkt->dport);
	if (!flow && w->any_flow)
		return false;
	if (!flow) {
		log_pkt(w, pkt, "no connection of this test");
		wire_fail(w, WIRE_HERE, "a packet from port %u to port %u", pkt->sport, pkt->dport);
	}
	learn(flow, pkt);
	relate(flow, pkt);
	trouble = check_text(w, pkt);
	log_pkt(w, pkt, trouble);
	if (trouble)
		wire_fail(w, WIRE_HERE, "a packet of the stack is wrong: %s", trouble);
	return true;
}

/* The next packet, at most until then; w->pkt. */
struct wire_pkt *wire_take(struct wire *w, u64 until)
{
	struct wire_private *p = w->priv;
	struct wire_raw *raw;
	bool ours;

	do {
		if (!p->head)
			wait_for_packet(w, until);
		raw = p->head;
		if (!raw)
			return NULL;
		p->head = raw->next;
		if (!p->head)
			p->tail = &p->head;
		ours = accept_raw(w, raw);
		free(raw);
	} while (!ours);
	return w->pkt;
}

const struct wire_pkt *wire_recv(struct wire *w, int ms)
{
	struct wire_pkt *pkt = wire_take(w, wire_now() + ms * 1000ull);

	if (!pkt)
		return NULL;
	advance(wire_flow_of(w, pkt->sport, pkt->dport), &pkt->seg);
	w->priv->base = pkt->time;
	return pkt;
}

int wire_drain(struct wire *w, int ms)
{
	u64 until = wire_now() + ms * 1000ull;
	struct wire_pkt *pkt;
	int n = 0;

	while ((pkt = wire_take(w, until))) {
		advance(wire_flow_of(w, pkt->sport, pkt->dport), &pkt->seg);
		n++;
	}
	wire_mark(w);
	return n;
}

/* --- expecting -------------------------------------------------------------------- */

/* What @want leaves to us */
static struct wire_seg complete(const struct wire_flow *flow, const struct wire_seg *want)
{
	struct wire_seg seg = *want;

	if (seg.seq == NEXT)
		seg.seq = seg.flags & SYN ? 0 : flow->nxt;
	if (!(seg.flags & ACK))
		seg.ack = 0;
	else if (seg.ack == NEXT)
		seg.ack = flow->peer_nxt;
	return seg;
}

static bool differs(s64 want, s64 got)
{
	return want != ANY && want != got;
}

/* The name of the first field that differs, or NULL */
static const char *compare(const struct wire_seg *want, const struct wire_seg *got)
{
	int flags = want->flags & PSH_ANY ? got->flags & ~PSH : got->flags;

	if (flags != (want->flags & ~PSH_ANY))
		return "flags";
	if (differs(want->seq, got->seq))
		return "seq";
	if (differs(want->ack, got->ack))
		return "ack";
	if (differs(want->len, got->len))
		return "len";
	if (differs(want->win, got->win))
		return "win";
	if (got->flags & URG && want->up != got->up)
		return "up";
	if (differs(want->mss, got->mss))
		return "mss";
	if (differs(want->wscale, got->wscale))
		return "wscale";
	if (differs(want->sackok, got->sackok))
		return "sackok";
	if (differs(want->tsval, got->tsval))
		return "tsval";
	if (differs(want->tsecr, got->tsecr))
		return "tsecr";
	if (differs(want->tos, got->tos))
		return "tos";
	if (differs(want->ttl, got->ttl))
		return "ttl";
	if (differs(want->label, got->label))
		return "label";
	return NULL;
}

static int format_wanted_option(char *out, int size, const char *name, s64 v)
{
	if (v == ANY)
		return 0;
	if (v == NONE)
		return snprintf(out, size, " no-%s", name);
	return snprintf(out, size, " %s %lld", name, (long long)v);
}

static const char *format_wanted(const struct wire_seg *want)
{
	static char text[WIRE_LINE];
	int n;

	wire_format(text, sizeof(text), want, NULL, 0);
	n = strlen(text);
	n += format_wanted_option(text + n, sizeof(text) - n, "mss", want->mss);
	n += format_wanted_option(text + n, sizeof(text) - n, "wscale", want->wscale);
	n += format_wanted_option(text + n, sizeof(text) - n, "sackok", want->sackok);
	n += format_wanted_option(text + n, sizeof(text) - n, "tsval", want->tsval);
	n += format_wanted_option(text + n, sizeof(text) - n, "tsecr", want->tsecr);
	n += format_wanted_option(text + n, sizeof(text) - n, "tos", want->tos);
	n += format_wanted_option(text + n, sizeof(text) - n, "ttl", want->ttl);
	format_wanted_option(text + n, sizeof(text) - n, "label", want->label);
	return text;
}

/*
 * Kernel timers live in a wheel whose cells are an eighth of the delay wide:
 * they may be that much late, never early. The measurement itself may be a
 * millisecond off.
 */
static void time_window(const struct wire_seg *want, u64 base, u64 *from, u64 *until)
{
	s64 late = want->until ?: want->after + want->after / 8 + WIRE_SOON_MS;

	*from = want->after ? base + want->after * 1000ull - 1000 : 0;
	*until = base + late * 1000ull;
}

const struct wire_pkt *wire_expect_at(struct wire *w, const char *here,
				      const struct wire_seg *wanted)
{
	struct wire_seg want = complete(w->flow, wanted);
	u64 base = w->priv->base, from, until;
	struct wire_pkt *pkt;
	const char *field;

	time_window(&want, base, &from, &until);
	if (!want.after && until < wire_now())
		until = wire_now();
	pkt = wire_take(w, until);
	if (!pkt)
		wire_fail(w, here, "expected %s, nothing came within %.3f s",
			  format_wanted(&want), (until - base) / 1e6);
	if (wire_flow_of(w, pkt->sport, pkt->dport) != w->flow)
		wire_fail(w, here, "expected %s, the packet is of another connection",
			  format_wanted(&want));
	field = compare(&want, &pkt->seg);
	if (field)
		wire_fail(w, here, "expected %s, %s differs in the last packet",
			  format_wanted(&want), field);
	if (pkt->time < from || (pkt->time > until && want.after))
		wire_fail(w, here, "expected %s %.3f to %.3f s after the one before, it was %.6f s",
			  format_wanted(&want), want.after / 1e3, (until - base) / 1e6,
			  (s64)(pkt->time - base) / 1e6);
	advance(w->flow, &pkt->seg);
	w->priv->base = pkt->time;
	return pkt;
}

void wire_expect_nothing_at(struct wire *w, const char *here, int ms)
{
	u64 until = wire_now() + ms * 1000ull;

	if (wire_take(w, until))
		wire_fail(w, here, "expected nothing for %.3f s; the last packet came",
			  ms / 1e3);
}

/* --- sending ------------------------------------------------------------------------ */

/* A peer's timestamp clock: milliseconds */
static u32 peer_tsval(struct wire *w)
{
	return 100000 + (wire_now() - w->priv->start) / 1000;
}

static void fill_timestamps(struct wire *w, struct wire_seg *seg)
{
	bool wanted = seg->tsval != NONE && seg->tsval != ANY;

	if (seg->tsval == ANY)
		wanted = w->flow->ts_sent && w->flow->ts_seen && !(seg->flags & RST);
	if (!wanted) {
		seg->tsval = NONE;
		return;
	}
	if (seg->tsval == ANY)
		seg->tsval = peer_tsval(w);
	if (seg->tsecr == ANY)
		seg->tsecr = seg->flags & ACK ? w->flow->ts_recent : 0;
}

static void log_sent(struct wire *w, const struct wire_seg *seg, const u8 *packet)
{
	const u8 *h = packet + (w->ipv6 ? 40 : 20) + seg->ip_opt_len;
	int opts_len = (seg->opt ? (seg->opt_len + 3) / 4 * 4 : (h[12] >> 4) * 4 - 20);
	char text[WIRE_LINE / 2];

	wire_format(text, sizeof(text), seg, h + 20, opts_len);
	wire_log(w, wire_now(), "peer > stack %s%s%s%s%s",
		 name_flow(w, seg->dport ?: w->flow->port, seg->sport ?: w->flow->peer_port),
		 text, seg->bad_csum ? " (bad checksum)" : "",
		 seg->src ? " from " : "", seg->src ?: "");
}

void wire_send_at(struct wire *w, const char *here, const struct wire_seg *given)
{
	static u8 packet[WIRE_PACKET_MAX];
	struct wire_flow *flow = w->flow;
	struct wire_seg seg = *given;
	int len;

	if (seg.seq == NEXT)
		seg.seq = seg.flags & SYN ? 0 : flow->peer_nxt;
	if (seg.ack == NEXT)
		seg.ack = seg.flags & ACK ? flow->nxt : 0;
	fill_timestamps(w, &seg);
	len = wire_build(w, &seg, packet);
	if (seg.flags & SYN && !seg.src) {
		flow->ts_sent = seg.tsval != NONE;
		flow->wscale_sent = seg.wscale != NONE;
	}
	if (seg.seq <= flow->peer_nxt && !(seg.flags & RST) && !seg.bad_csum && !seg.stray) {
		s64 end = seg.seq + seg.len + !!(seg.flags & SYN) + !!(seg.flags & FIN);

		if (end > flow->peer_nxt)
			flow->peer_nxt = end;
	}
	log_sent(w, &seg, packet);
	wire_mark(w);
	wire_inject(w, packet, len);
}

/* --- ICMP ----------------------------------------------------------------------------- */

static void put_be16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put_be32(u8 *p, u32 v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

/* The segment that the error is about, cut off after @quote octets */
static int put_quote(struct wire *w, const struct wire_icmp *icmp, u8 *p)
{
	int quote = icmp->quote ?: 8;
	int ip = wire_put_ip(w, p, WIRE_STACK, WIRE_PEER, w->protocol, 1500);
	u8 *h = p + ip;

	if (icmp->ext && w->ipv6) {
		/* With destination options in between, as they went out */
		p[6] = WIRE_DSTOPTS;
		memcpy(h, WIRE_BYTES(w->protocol, 0, 1, 4, 0, 0, 0, 0), 8);
		h += 8;
	}
	memset(h, 0, quote);
	put_be16(h, icmp->port ?: w->flow->port);
	put_be16(h + 2, w->flow->peer_port);
	put_be32(h + 4, w->flow->iss + (u32)icmp->seq);
	if (quote >= 20)
		h[12] = 5 << 4;
	return h - p + quote;
}

/* What ICMPv6 says instead; what it does not know it would not be asked to be about */
static void icmp6_twin(const struct wire_icmp *icmp, u8 *type, u8 *code)
{
	static const u8 unreachable[] = { 0, 3, 1, 4, 0, 5 };

	switch (icmp->type) {
	case 3:
		*type = icmp->code == 4 ? 2 : 1;
		*code = icmp->code == 4 ? 0 : unreachable[icmp->code];
		break;
	case 4:
		*type = 100;	/* set aside for experiments */
		break;
	case 11:
		*type = 3;
		break;
	case 12:
		*type = 4;
		break;
	}
}

static int icmp6_message(struct wire *w, const struct wire_icmp *icmp, u8 *message)
{
	if (!icmp->exact)
		icmp6_twin(icmp, &message[0], &message[1]);
	put_be32(message + 4, icmp->mtu ? (u32)icmp->mtu + w->more : icmp->pointer);
	return 8 + put_quote(w, icmp, message + 8);
}

void wire_icmp_at(struct wire *w, const char *here, const struct wire_icmp *icmp)
{
	int ip = w->ipv6 ? 40 : 20, protocol = w->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	u8 packet[512], *message = packet + ip;
	u32 pseudo = 0;
	int len;

	memset(packet, 0, sizeof(packet));
	message[0] = icmp->type;
	message[1] = icmp->code;
	if (w->ipv6) {
		len = icmp6_message(w, icmp, message);
	} else {
		put_be16(message + 6, icmp->mtu);
		len = 8 + put_quote(w, icmp, message + 8);
	}
	wire_put_ip(w, packet, icmp->src ?: WIRE_PEER, icmp->dst ?: WIRE_STACK, protocol, len);
	if (w->ipv6)
		pseudo = wire_pseudo_sum(packet + 8, packet + 24, 16, protocol, len);
	put_be16(message + 2, wire_checksum(message, len, pseudo) ^ icmp->bad_csum);
	wire_log(w, wire_now(), "peer > stack ICMP type %d code %d, quotes seq %lld, mtu %d",
		 message[0], message[1], (long long)icmp->seq, icmp->mtu);
	wire_mark(w);
	wire_inject(w, packet, ip + len);
}
