// SPDX-License-Identifier: GPL-2.0
/* Writing a segment's header: RFC 9293 section 3.1. */
#include <linux/types.h>

#include "bytes.h"
#include "options.h"
#include "segment.h"

unsigned int ltcp_segment_write(u8 *hdr, const struct ltcp_seg *seg)
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
