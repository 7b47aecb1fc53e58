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

u32 wire_address(const char *text)
{
	return ntohl(inet_addr(text));
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

/* RFC 9293 section 3.1, with the protocol number in force */
u32 wire_pseudo_sum(u32 src, u32 dst, int protocol, int len)
{
	return (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + protocol + len;
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

static void put_ip(u8 *ip, const struct wire_seg *seg, int protocol, int len)
{
	static u16 id;
	int ip_len = 20 + seg->ip_opt_len;

	memset(ip, 0, 20);
	ip[0] = 4 << 4 | ip_len / 4;
	ip[1] = seg->ecn;
	put16(ip + 2, ip_len + len);
	put16(ip + 4, ++id);
	ip[8] = seg->ttl ? : 64;
	ip[9] = protocol;
	put32(ip + 12, wire_address(seg->src ?: WIRE_PEER));
	put32(ip + 16, wire_address(seg->dst ?: WIRE_STACK));
	put16(ip + 10, wire_checksum(ip, ip_len, 0));
}

/* Returns the packet's length. */
int wire_build(struct wire *w, const struct wire_seg *seg, u8 *packet)
{
	int ip_len = 20 + seg->ip_opt_len;
	u8 *h = packet + ip_len;
	int header = put_header(w, seg, h);
	int len = header + seg->len;

	put_text(seg, h + header);
	if (seg->ip_opt_len)
		memcpy(packet + 20, seg->ip_opt, seg->ip_opt_len);
	put_ip(packet, seg, w->protocol, len);
	put16(h + 16, wire_checksum(h, len, wire_pseudo_sum(get32(packet + 12),
							    get32(packet + 16),
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

static const char *take_ip(struct wire *w, const u8 *ip, int len)
{
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
static u32 final_destination(const u8 *ip)
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
			return get32(ip + i + ip[i + 1] - 4);
		i += ip[i + 1];
	}
	return get32(ip + 16);
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
	ip_len = (packet[0] & 15) * 4;
	pkt->ip_len = len;
	pkt->src = get32(packet + 12);
	pkt->dst = get32(packet + 16);
	pkt->df = packet[6] & 0x40;
	pkt->ip_opts_len = ip_len - 20;
	memcpy(pkt->ip_opts, packet + 20, pkt->ip_opts_len);
	seg->tos = packet[1];
	seg->ecn = packet[1] & 3;
	seg->ttl = packet[8];
	h = packet + ip_len;
	len -= ip_len;
	if (len < HEADER_MIN)
		return "shorter than a header";
	header = (h[12] >> 4) * 4;
	if (header < HEADER_MIN || header > len)
		return "bad data offset";
	if (h[12] & 15)
		return "reserved bits are set";
	if (wire_checksum(h, len, wire_pseudo_sum(pkt->src, final_destination(packet),
						    w->protocol, len)))
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
