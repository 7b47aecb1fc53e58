// SPDX-License-Identifier: GPL-2.0
/*
 * A segment's header, RFC 9293 section 3.1:
 *
 *	 0      2      4           8          12   13      14     16     18
 *	| sport | dport | sequence  | ack      | off | flags | wnd  | sum  | up | options
 */
#include <linux/types.h>

#include "bytes.h"
#include "options.h"
#include "segment.h"

/* Where the fields are */
enum {
	AT_SPORT	= 0,
	AT_DPORT	= 2,
	AT_SEQ		= 4,
	AT_ACK		= 8,
	AT_OFFSET	= 12,	/* upper half; the lower is reserved, ignored and sent as 0 */
	AT_FLAGS	= 13,
	AT_WND		= 14,
	AT_CHECKSUM	= 16,
	AT_UP		= 18,
};

static void parse_fixed(struct ltcp_seg *seg, const u8 *hdr)
{
	seg->sport = ltcp_get_be16(hdr + AT_SPORT);
	seg->dport = ltcp_get_be16(hdr + AT_DPORT);
	seg->seq = ltcp_get_be32(hdr + AT_SEQ);
	seg->ack = ltcp_get_be32(hdr + AT_ACK);
	seg->flags = hdr[AT_FLAGS];
	seg->ecn = 0;
	seg->wnd = ltcp_get_be16(hdr + AT_WND);
	seg->up = ltcp_get_be16(hdr + AT_UP);
}

int ltcp_segment_parse(struct ltcp_seg *seg, const u8 *hdr, unsigned int hdr_len,
		       unsigned int total)
{
	unsigned int len;

	if (hdr_len < LTCP_HEADER_MIN)
		return LTCP_PARSE_SHORT;
	len = (hdr[AT_OFFSET] >> 4) * 4;
	if (len < LTCP_HEADER_MIN || len > hdr_len || len > total)
		return LTCP_PARSE_SHORT;

	parse_fixed(seg, hdr);
	seg->text = total - len;
	if (!ltcp_options_parse(&seg->opt, hdr + LTCP_HEADER_MIN, len - LTCP_HEADER_MIN,
				seg->flags & LTCP_SYN))
		return LTCP_PARSE_OPTION;
	return len;
}

unsigned int ltcp_segment_write(u8 *hdr, const struct ltcp_seg *seg)
{
	unsigned int len = LTCP_HEADER_MIN;

	len += ltcp_options_write(hdr + LTCP_HEADER_MIN, &seg->opt);
	ltcp_put_be16(hdr + AT_SPORT, seg->sport);
	ltcp_put_be16(hdr + AT_DPORT, seg->dport);
	ltcp_put_be32(hdr + AT_SEQ, seg->seq);
	ltcp_put_be32(hdr + AT_ACK, seg->ack);
	hdr[AT_OFFSET] = len / 4 << 4;
	hdr[AT_FLAGS] = seg->flags;
	ltcp_put_be16(hdr + AT_WND, seg->wnd);
	ltcp_put_be16(hdr + AT_CHECKSUM, 0);
	ltcp_put_be16(hdr + AT_UP, seg->up);
	return len;
}
