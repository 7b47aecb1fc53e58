/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A segment's header: RFC 9293 section 3.1, decoded to host byte order, and
 * back.
 */
#ifndef LTCP_CORE_SEGMENT_H
#define LTCP_CORE_SEGMENT_H

#include <linux/string.h>
#include <linux/types.h>

#include "bytes.h"
#include "options.h"

#define LTCP_HEADER_MIN		20
#define LTCP_HEADER_MAX		(LTCP_HEADER_MIN + LTCP_OPTIONS_MAX)

/*
 * Where the fields are:
 *
 *	 0      2      4           8          12   13      14     16     18
 *	| sport | dport | sequence  | ack      | off | flags | wnd  | sum  | up | options
 */
enum {
	LTCP_AT_SPORT		= 0,
	LTCP_AT_DPORT		= 2,
	LTCP_AT_SEQ		= 4,
	LTCP_AT_ACK		= 8,
	LTCP_AT_OFFSET		= 12,	/* upper half; the lower is reserved, ignored, sent as 0 */
	LTCP_AT_FLAGS		= 13,
	LTCP_AT_WND		= 14,
	LTCP_AT_CHECKSUM	= 16,
	LTCP_AT_UP		= 18,
};

/* Control bits, octet 13 of the header */
enum {
	LTCP_FIN	= 0x01,
	LTCP_SYN	= 0x02,
	LTCP_RST	= 0x04,
	LTCP_PSH	= 0x08,
	LTCP_ACK	= 0x10,
	LTCP_URG	= 0x20,
	LTCP_ECE	= 0x40,
	LTCP_CWR	= 0x80,
};

/**
 * struct ltcp_seg - a segment, with the names of RFC 9293 section 3.3.1
 * @seq: SEG.SEQ
 * @ack: SEG.ACK, meaningful with LTCP_ACK
 * @text: octets of text after the header (SEG.LEN without SYN and FIN)
 * @wnd: SEG.WND as on the wire, not scaled; unsigned (MUST-1)
 * @up: SEG.UP, meaningful with LTCP_URG: offset from @seq to the octet after
 *	the urgent data (MUST-62, RFC 6093)
 * @sport: source port
 * @dport: destination port
 * @flags: control bits
 * @ecn: LTCP_ECN_*: the two bits of the IP header, which the codec does not see
 * @opt: options
 */
struct ltcp_seg {
	u32 seq;
	u32 ack;
	u32 text;
	u16 wnd;
	u16 up;
	u16 sport;
	u16 dport;
	u8 flags;
	u8 ecn;
	struct ltcp_options opt;
};

/* SEG.LEN: text and the controls that occupy sequence space */
static inline u32 ltcp_seg_len(const struct ltcp_seg *seg)
{
	return seg->text + !!(seg->flags & LTCP_SYN) + !!(seg->flags & LTCP_FIN);
}

/* The sequence number just past the segment */
static inline u32 ltcp_seg_end(const struct ltcp_seg *seg)
{
	return seg->seq + ltcp_seg_len(seg);
}

/**
 * ltcp_segment_clear() - begin a header
 * @seg: zero afterwards but for what opt.has and opt.n_sack say is not there
 */
static inline void ltcp_segment_clear(struct ltcp_seg *seg)
{
	memset(seg, 0, offsetof(struct ltcp_seg, opt.sack));
}

/* Why ltcp_segment_parse() refused; all negative */
enum ltcp_parse_error {
	LTCP_PARSE_SHORT	= -1,	/* shorter than its header says */
	LTCP_PARSE_OPTION	= -2,	/* an option's length is bogus (MUST-7) */
};

/**
 * ltcp_segment_parse() - decode a header
 * @seg: result
 * @hdr: the header, all @hdr_len octets of it contiguous
 * @hdr_len: octets available at @hdr; the data offset must not pass it
 * @total: octets of the whole segment, header and text
 *
 * The checksum is the caller's business. Every segment comes by here.
 *
 * Return: the header's length (data offset * 4), or an enum ltcp_parse_error
 */
static inline int ltcp_segment_parse(struct ltcp_seg *seg, const u8 *hdr, unsigned int hdr_len,
				     unsigned int total)
{
	unsigned int len;

	if (hdr_len < LTCP_HEADER_MIN)
		return LTCP_PARSE_SHORT;
	len = (hdr[LTCP_AT_OFFSET] >> 4) * 4;
	if (len < LTCP_HEADER_MIN || len > hdr_len || len > total)
		return LTCP_PARSE_SHORT;

	seg->sport = ltcp_get_be16(hdr + LTCP_AT_SPORT);
	seg->dport = ltcp_get_be16(hdr + LTCP_AT_DPORT);
	seg->seq = ltcp_get_be32(hdr + LTCP_AT_SEQ);
	seg->ack = ltcp_get_be32(hdr + LTCP_AT_ACK);
	seg->flags = hdr[LTCP_AT_FLAGS];
	seg->ecn = 0;
	seg->wnd = ltcp_get_be16(hdr + LTCP_AT_WND);
	seg->up = ltcp_get_be16(hdr + LTCP_AT_UP);
	seg->text = total - len;
	if (!ltcp_options_parse(&seg->opt, hdr + LTCP_HEADER_MIN, len - LTCP_HEADER_MIN,
				seg->flags & LTCP_SYN))
		return LTCP_PARSE_OPTION;
	return len;
}

/**
 * ltcp_segment_write() - encode a header with a zero checksum
 * @hdr: room for LTCP_HEADER_MIN + ltcp_options_len(&seg->opt) octets
 * @seg: what to send; @seg->text is not used
 *
 * Return: the header's length
 */
static inline unsigned int ltcp_segment_write(u8 *hdr, const struct ltcp_seg *seg)
{
	unsigned int len = LTCP_HEADER_MIN;

	len += ltcp_options_write(hdr + LTCP_HEADER_MIN, &seg->opt);
	ltcp_put_be16(hdr + LTCP_AT_SPORT, seg->sport);
	ltcp_put_be16(hdr + LTCP_AT_DPORT, seg->dport);
	ltcp_put_be32(hdr + LTCP_AT_SEQ, seg->seq);
	ltcp_put_be32(hdr + LTCP_AT_ACK, seg->ack);
	hdr[LTCP_AT_OFFSET] = len / 4 << 4;
	hdr[LTCP_AT_FLAGS] = seg->flags;
	ltcp_put_be16(hdr + LTCP_AT_WND, seg->wnd);
	ltcp_put_be16(hdr + LTCP_AT_CHECKSUM, 0);
	ltcp_put_be16(hdr + LTCP_AT_UP, seg->up);
	return len;
}

#endif
