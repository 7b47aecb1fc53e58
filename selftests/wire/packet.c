// SPDX-License-Identifier: GPL-2.0
/* Building packets, taking them apart, and showing them to people. */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <stddef.h>
#include <string.h>

#include "internal.h"

enum {
	OPT_EOL = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_WSCALE = 3,
	OPT_SACK_PERM = 4,
	OPT_SACK = 5,
	OPT_TIMESTAMP = 8,
};

#define HEADER_MIN	20

static void put16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(u8 *p, u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static u16 get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static u32 get32(const u8 *p)
{
	return (u32)get16(p) << 16 | get16(p + 2);
}

/* What is no host's address, in IPv6 the group of all hosts */
static bool is_broadcast(u32 v4)
{
	return v4 >> 28 >= 14 || (v4 & 0xff) == 0xff;
}

/* The address of IPv6 that stands for one of IPv4: wire.h has the rules */
static void put_twin(u8 *p, u32 v4)
{
	memset(p, 0, 16);
	if (is_broadcast(v4)) {
		memcpy(p, "\xff\x02", 2);
		p[15] = 1;
		return;
	}
	if (v4 >> 24 == 10)
		memcpy(p, "\xfd", 1);
	else if (v4 && v4 >> 24 != 127)
		memcpy(p, "\x20\x01\x0d\xb8", 4);
	if (p[0])
		p[7] = v4 >> 8;
	p[15] = v4;
}

struct wire_addr wire_address(struct wire *w, const char *text)
{
	struct wire_addr a = { .len = w->ipv6 ? 16 : 4 };
	struct in_addr v4;

	if (w->ipv6 && inet_pton(AF_INET6, text, a.octets) == 1)
		return a;
	inet_pton(AF_INET, text, &v4);
	if (w->ipv6)
		put_twin(a.octets, ntohl(v4.s_addr));
	else
		memcpy(a.octets, &v4, 4);
	return a;
}

/* Back again */
static u32 twin_of(const u8 *p, int len)
{
	return len == 4 ? get32(p) : 10u << 24 | p[7] << 8 | p[15];
}

/* RFC 1071; over data with its checksum in place the result is 0 */
u16 wire_checksum(const void *data, int len, u32 sum)
{
	const u8 *p = data;
	int i;

	for (i = 0; i + 1 < len; i += 2)
		sum += get16(p + i);
	if (len & 1)
		sum += p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* RFC 9293 section 3.1 and RFC 8200 section 8.1, with the protocol number in force */
u32 wire_pseudo_sum(const u8 *src, const u8 *dst, int addr_len, int protocol, int len)
{
	u32 sum = protocol + len;
	int i;

	for (i = 0; i < addr_len; i += 2)
		sum += get16(src + i) + get16(dst + i);
	return sum;
}

/* --- building --------------------------------------------------------- */

static int put_options(u8 *p, const struct wire_seg *seg)
{
	u8 *start = p;

	if (seg->mss >= 0) {
		*p++ = OPT_MSS;
		*p++ = 4;
		put16(p, seg->mss);
		p += 2;
	}
	if (seg->sackok == 1) {
		*p++ = OPT_SACK_PERM;
		*p++ = 2;
	}
	if (seg->tsval >= 0) {
		*p++ = OPT_TIMESTAMP;
		*p++ = 10;
		put32(p, seg->tsval);
		put32(p + 4, seg->tsecr);
		p += 8;
	}
	if (seg->wscale >= 0) {
		*p++ = OPT_WSCALE;
		*p++ = 3;
		*p++ = seg->wscale;
	}
	while ((p - start) % 4)
		*p++ = OPT_NOP;
	return p - start;
}

static int put_header(struct wire *w, const struct wire_seg *seg, u8 *h)
{
	int options;

	put16(h, seg->sport ?: w->flow->peer_port);
	put16(h + 2, seg->dport ?: w->flow->port);
	put32(h + 4, w->flow->peer_iss + (u32)seg->seq);
	put32(h + 8, seg->flags & ACK ? w->flow->iss + (u32)seg->ack : 0);
	h[13] = seg->flags;
	put16(h + 14, seg->win);
	put16(h + 16, 0);
	put16(h + 18, seg->up);
	if (seg->opt) {
		memcpy(h + HEADER_MIN, seg->opt, seg->opt_len);
		options = seg->opt_len;
		while (options % 4)
			h[HEADER_MIN + options++] = OPT_EOL;
	} else {
		options = put_options(h + HEADER_MIN, seg);
	}
	h[12] = (seg->doff ?: (HEADER_MIN + options) / 4) << 4;
	return HEADER_MIN + options;
}

static void put_text(const struct wire_seg *seg, u8 *p)
{
	u32 place = (u32)seg->seq + !!(seg->flags & SYN);
	int i;

	for (i = 0; i < seg->len; i++)
		p[i] = seg->fill == NONE ? wire_octet(place + i) : seg->fill;
}

int wire_put_ipv4(struct wire *w, u8 *ip, const char *src, const char *dst, int protocol, int len)
{
	static u16 id;

	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, 20 + len);
	put16(ip + 4, ++id);
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, wire_address(w, src).octets, 4);
	memcpy(ip + 16, wire_address(w, dst).octets, 4);
	put16(ip + 10, wire_checksum(ip, 20, 0));
	return 20;
}

int wire_put_ipv6(struct wire *w, u8 *ip, const char *src, const char *dst, int protocol, int len)
{
	memset(ip, 0, 40);
	ip[0] = 0x60;
	put16(ip + 4, len);
	ip[6] = protocol;
	ip[7] = 64;
	memcpy(ip + 8, wire_address(w, src).octets, 16);
	memcpy(ip + 24, wire_address(w, dst).octets, 16);
	return 40;
}

int wire_put_ip(struct wire *w, u8 *ip, const char *src, const char *dst, int protocol, int len)
{
	return w->ipv6 ? wire_put_ipv6(w, ip, src, dst, protocol, len) :
			 wire_put_ipv4(w, ip, src, dst, protocol, len);
}

/* The header's options, and what only a segment says; returns the header's length */
static int put_ip_rest(struct wire *w, const struct wire_seg *seg, u8 *ip)
{
	if (w->ipv6) {
		put32(ip, 6u << 28 | seg->ecn << 20 | seg->label);
		ip[7] = seg->ttl ?: 64;
		if (!seg->ip_opt_len)
			return 40;
		memcpy(ip + 40, seg->ip_opt, seg->ip_opt_len);
		ip[6] = seg->ip_opt_next ?: WIRE_DSTOPTS;
		return 40 + seg->ip_opt_len;
	}
	ip[1] = seg->ecn;
	ip[8] = seg->ttl ?: 64;
	if (seg->ip_opt_len)
		memcpy(ip + 20, seg->ip_opt, seg->ip_opt_len);
	ip[0] = 4 << 4 | (20 + seg->ip_opt_len) / 4;
	put16(ip + 10, 0);
	put16(ip + 10, wire_checksum(ip, 20 + seg->ip_opt_len, 0));
	return 20 + seg->ip_opt_len;
}

/* Returns the packet's length. */
int wire_build(struct wire *w, const struct wire_seg *seg, u8 *packet)
{
	int ip_len = (w->ipv6 ? 40 : 20) + seg->ip_opt_len;
	int addr_len = w->ipv6 ? 16 : 4;
	u8 *h = packet + ip_len, *src = packet + (w->ipv6 ? 8 : 12);
	int header = put_header(w, seg, h);
	int len = header + seg->len;

	put_text(seg, h + header);
	wire_put_ip(w, packet, seg->src ?: WIRE_PEER, seg->dst ?: WIRE_STACK, w->protocol,
		    seg->ip_opt_len + len);
	put_ip_rest(w, seg, packet);
	put16(h + 16, wire_checksum(h, len, wire_pseudo_sum(src, src + addr_len, addr_len,
							    w->protocol, len)));
	if (seg->bad_csum)
		h[17] ^= 1;
	return ip_len + len;
}

/* --- taking apart ------------------------------------------------------ */

static const char *take_option(struct wire_seg *seg, const u8 *p)
{
	bool syn = seg->flags & SYN;

	switch (p[0]) {
	case OPT_MSS:
		if (!syn)
			return "MSS option without SYN (MUST-65)";
		if (p[1] != 4)
			return "MSS option of wrong length";
		seg->mss = get16(p + 2);
		break;
	case OPT_WSCALE:
		if (!syn)
			return "window scale option without SYN (RFC 7323 section 2.2)";
		if (p[1] != 3)
			return "window scale option of wrong length";
		seg->wscale = p[2];
		break;
	case OPT_SACK_PERM:
		if (!syn)
			return "SACK-permitted option without SYN (RFC 2018 section 2)";
		if (p[1] != 2)
			return "SACK-permitted option of wrong length";
		seg->sackok = 1;
		break;
	case OPT_TIMESTAMP:
		if (p[1] != 10)
			return "timestamps option of wrong length";
		seg->tsval = get32(p + 2);
		seg->tsecr = get32(p + 6);
		break;
	}
	return NULL;
}

/* MUST-68 and MUST-69: each option has a length, and after EOL all is zero */
static const char *take_options(struct wire_seg *seg, const u8 *p, int len)
{
	const u8 *end = p + len;
	const char *trouble;

	seg->mss = NONE;
	seg->wscale = NONE;
	seg->sackok = NONE;
	seg->tsval = NONE;
	seg->tsecr = NONE;
	while (p < end) {
		if (*p == OPT_EOL) {
			while (p < end)
				if (*p++)
					return "octets after EOL are not zero (MUST-69)";
			break;
		}
		if (*p == OPT_NOP) {
			p++;
			continue;
		}
		if (p + 1 == end || p[1] < 2 || p + p[1] > end)
			return "an option's length is bogus (MUST-68)";
		trouble = take_option(seg, p);
		if (trouble)
			return trouble;
		p += p[1];
	}
	return NULL;
}

static int ext_len(struct wire *w, const u8 *ip)
{
	return w->any_ext && ip[6] == WIRE_DSTOPTS && !ip[41] ? 8 : 0;
}

static const char *take_ipv6(struct wire *w, const u8 *ip, int len)
{
	if (len < 40 || ip[0] >> 4 != 6)
		return "no IPv6 packet";
	if (get16(ip + 4) + 40 != len)
		return "the IP payload length is not the packet's";
	if (ip[ext_len(w, ip) ? 40 : 6] != w->protocol)
		return "not our IP protocol";
	return NULL;
}

static const char *take_ip(struct wire *w, const u8 *ip, int len)
{
	if (w->ipv6)
		return take_ipv6(w, ip, len);
	if (len < 20 || ip[0] >> 4 != 4)
		return "no IPv4 packet";
	if ((ip[0] & 15) * 4 > len || (ip[0] & 15) < 5)
		return "bad IP header length";
	if (get16(ip + 2) != len)
		return "the IP total length is not the packet's";
	if (wire_checksum(ip, (ip[0] & 15) * 4, 0))
		return "bad IP checksum";
	if (ip[9] != w->protocol)
		return "not our IP protocol";
	return NULL;
}

/*
 * Where the packet goes in the end: with a source route that has not been
 * used up, its last address (RFC 9293 section 3.1, pseudo-header)
 */
static const u8 *final_destination(const u8 *ip)
{
	int end = (ip[0] & 15) * 4, i = 20;

	while (i + 1 < end && ip[i] != IPOPT_EOL) {
		if (ip[i] == IPOPT_NOP) {
			i++;
			continue;
		}
		if (ip[i + 1] < 2 || i + ip[i + 1] > end)
			break;
		if ((ip[i] == IPOPT_LSRR || ip[i] == IPOPT_SSRR) && ip[i + 2] < ip[i + 1])
			return ip + i + ip[i + 1] - 4;
		i += ip[i + 1];
	}
	return ip + 16;
}

/* What is noted of the IP header; returns its length */
static int note_ip(struct wire *w, const u8 *ip, int len, struct wire_pkt *pkt)
{
	struct wire_seg *seg = &pkt->seg;
	int addr_len = w->ipv6 ? 16 : 4;
	const u8 *src = ip + (w->ipv6 ? 8 : 12);

	pkt->ip_len = len;
	pkt->src = twin_of(src, addr_len);
	pkt->dst = twin_of(src + addr_len, addr_len);
	memcpy(pkt->src_octets, src, addr_len);
	seg->tos = w->ipv6 ? get16(ip) >> 4 & 0xff : ip[1];
	seg->ecn = seg->tos & 3;
	seg->ttl = w->ipv6 ? ip[7] : ip[8];
	if (w->ipv6) {
		pkt->df = true;
		seg->label = get32(ip) & 0xfffff;
		return 40 + ext_len(w, ip);
	}
	pkt->df = ip[6] & 0x40;
	pkt->ip_opts_len = (ip[0] & 15) * 4 - 20;
	memcpy(pkt->ip_opts, ip + 20, pkt->ip_opts_len);
	return 20 + pkt->ip_opts_len;
}

static u32 pseudo_sum_of(struct wire *w, const u8 *ip, int len)
{
	if (w->ipv6)
		return wire_pseudo_sum(ip + 8, ip + 24, 16, w->protocol, len);
	return wire_pseudo_sum(ip + 12, final_destination(ip), 4, w->protocol, len);
}

/*
 * Checks all that must hold for every segment; the sequence numbers in
 * pkt->seg stay for the caller, who knows the connection. Returns what is
 * wrong, or NULL.
 */
const char *wire_parse(struct wire *w, const u8 *packet, int len, struct wire_pkt *pkt)
{
	const char *trouble = take_ip(w, packet, len);
	struct wire_seg *seg = &pkt->seg;
	int ip_len, header;
	const u8 *h;

	if (trouble)
		return trouble;
	memset(pkt, 0, offsetof(struct wire_pkt, text));
	ip_len = note_ip(w, packet, len, pkt);
	h = packet + ip_len;
	len -= ip_len;
	if (len < HEADER_MIN)
		return "shorter than a header";
	header = (h[12] >> 4) * 4;
	if (header < HEADER_MIN || header > len)
		return "bad data offset";
	if (h[12] & 15)
		return "reserved bits are set";
	if (wire_checksum(h, len, pseudo_sum_of(w, packet, len)))
		return "bad checksum (MUST-2)";
	pkt->sport = get16(h);
	pkt->dport = get16(h + 2);
	pkt->seq = get32(h + 4);
	pkt->ack = get32(h + 8);
	seg->flags = h[13];
	seg->win = get16(h + 14);
	seg->up = get16(h + 18);
	seg->len = len - header;
	memcpy(pkt->text, h + header, seg->len);
	pkt->opts_len = header - HEADER_MIN;
	memcpy(pkt->opts, h + HEADER_MIN, pkt->opts_len);
	return take_options(seg, pkt->opts, pkt->opts_len);
}

/* --- showing ------------------------------------------------------------ */

/* As tcpdump writes them: [S.], [P.], [R] */
int wire_format_flags(char *out, int size, int flags)
{
	static const char letters[] = "FSRP.UEW";
	char text[16];
	int i, n = 0;

	for (i = 0; letters[i]; i++)
		if (flags & 1 << i)
			text[n++] = letters[i];
	text[n] = 0;
	return snprintf(out, size, "[%s]%s", text, flags & PSH_ANY ? " (P or not)" : "");
}

static int format_options(char *out, int size, const u8 *p, int len)
{
	const u8 *end = p + len;
	int n = snprintf(out, size, " <");

	while (p < end && n < size) {
		const char *comma = p + (*p > OPT_NOP && p + 1 < end ? p[1] : 1) < end ? "," : "";

		if (*p == OPT_EOL || *p == OPT_NOP) {
			n += snprintf(out + n, size - n, "%s%s", *p ? "nop" : "eol", comma);
			p++;
			continue;
		}
		if (p + 1 >= end || p[1] < 2 || p + p[1] > end) {
			n += snprintf(out + n, size - n, "kind %d, bogus length", *p);
			break;
		}
		if (*p == OPT_MSS && p[1] == 4)
			n += snprintf(out + n, size - n, "mss %u", get16(p + 2));
		else if (*p == OPT_WSCALE && p[1] == 3)
			n += snprintf(out + n, size - n, "wscale %u", p[2]);
		else if (*p == OPT_SACK_PERM)
			n += snprintf(out + n, size - n, "sackOK");
		else if (*p == OPT_SACK)
			n += snprintf(out + n, size - n, "sack of %d", (p[1] - 2) / 8);
		else if (*p == OPT_TIMESTAMP && p[1] == 10)
			n += snprintf(out + n, size - n, "TS %u ecr %u", get32(p + 2),
				      get32(p + 6));
		else
			n += snprintf(out + n, size - n, "kind %d len %d", p[0], p[1]);
		n += snprintf(out + n, n < size ? size - n : 0, "%s", comma);
		p += p[1];
	}
	if (n < size)
		n += snprintf(out + n, size - n, ">");
	return n;
}

static int format_number(char *out, int size, const char *name, s64 v)
{
	if (v == ANY)
		return 0;
	return snprintf(out, size, " %s %lld", name, (long long)v);
}

/* One segment in one line; @opts are its options' octets */
void wire_format(char *out, int size, const struct wire_seg *seg, const u8 *opts, int opts_len)
{
	int n = wire_format_flags(out, size, seg->flags);

	n += format_number(out + n, size - n, "seq", seg->seq);
	if (seg->len)
		n += snprintf(out + n, size - n, ":%lld", (long long)seg->seq + seg->len);
	if (seg->flags & ACK)
		n += format_number(out + n, size - n, "ack", seg->ack);
	n += format_number(out + n, size - n, "win", seg->win);
	if (seg->flags & URG)
		n += snprintf(out + n, size - n, " up %d", seg->up);
	if (seg->len)
		n += snprintf(out + n, size - n, " len %d", seg->len);
	if (opts_len > 0)
		n += format_options(out + n, size - n, opts, opts_len);
}
