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
	OFS_SPORT	= 0,
	OFS_DPORT	= 2,
	OFS_SEQ		= 4,
	OFS_ACK		= 8,
	OFS_OFFSET	= 12,	/* upper half; the lower is reserved, ignored and sent as 0 */
	OFS_FLAGS	= 13,
	OFS_WND		= 14,
	OFS_CHECKSUM	= 16,
	OFS_UP		= 18,
};

static void parse_fixed(struct ltcp_seg *seg, const u8 *hdr)
{
	seg->sport = ltcp_get_be16(hdr + OFS_SPORT);
	seg->dport = ltcp_get_be16(hdr + OFS_DPORT);
	seg->seq = ltcp_get_be32(hdr + OFS_SEQ);
	seg->ack = ltcp_get_be32(hdr + OFS_ACK);
	seg->flags = hdr[OFS_FLAGS];
	seg->ecn = 0;
	seg->wnd = ltcp_get_be16(hdr + OFS_WND);
	seg->up = ltcp_get_be16(hdr + OFS_UP);
}

int ltcp_segment_parse(struct ltcp_seg *seg, const u8 *hdr, unsigned int hdr_len,
		       unsigned int total)
{
	unsigned int len;

	if (hdr_len < LTCP_HEADER_MIN)
		return LTCP_PARSE_SHORT;
	len = (hdr[OFS_OFFSET] >> 4) * 4;
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
	ltcp_put_be16(hdr + OFS_SPORT, seg->sport);
	ltcp_put_be16(hdr + OFS_DPORT, seg->dport);
	ltcp_put_be32(hdr + OFS_SEQ, seg->seq);
	ltcp_put_be32(hdr + OFS_ACK, seg->ack);
	hdr[OFS_OFFSET] = len / 4 << 4;
	hdr[OFS_FLAGS] = seg->flags;
	ltcp_put_be16(hdr + OFS_WND, seg->wnd);
	ltcp_put_be16(hdr + OFS_CHECKSUM, 0);
	ltcp_put_be16(hdr + OFS_UP, seg->up);
	return len;
}
