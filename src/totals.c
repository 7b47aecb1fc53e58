// SPDX-License-Identifier: GPL-2.0
/* Counting what a connection carries. */
#include <linux/tcp.h>

#include "totals.h"

/* Octets of text between two sequence numbers: neither SYN nor FIN */
static u32 text_between(const struct ltcp_tcb *tcb, u32 from, u32 to)
{
	from = seq_max(from, tcb->iss + 1);
	to = seq_min(to, tcb->snd_end);
	return seq_gt(to, from) ? to - from : 0;
}

void ltcp_totals_in(struct ltcp_totals *t, const struct ltcp_seg *seg, unsigned int n)
{
	t->segs_in += n;
	t->text_segs_in += seg->text ? n : 0;
}

void ltcp_totals_out(struct ltcp_totals *t, const struct ltcp_tcb *tcb,
		     const struct ltcp_seg *seg, unsigned int n, bool again)
{
	t->segs_out += n;
	t->text_segs_out += seg->text ? n : 0;
	if (!again || !(seg->text || (seg->flags & (LTCP_SYN | LTCP_FIN))))
		return;
	t->segs_resent += n;
	t->resent += text_between(tcb, seg->seq, seq_min(seg->seq + seg->text, tcb->snd_nxt));
}

void ltcp_totals_acked(struct ltcp_totals *t, const struct ltcp_tcb *tcb, u32 una)
{
	t->acked += text_between(tcb, una, tcb->snd_una);
}

void ltcp_totals_info(const struct ltcp_totals *t, const struct ltcp_tcb *tcb,
		      struct tcp_info *info)
{
	info->tcpi_bytes_received = t->received;
	info->tcpi_bytes_acked = t->acked;
	info->tcpi_bytes_retrans = t->resent;
	/* What was sent once is acknowledged or still under way */
	info->tcpi_bytes_sent = t->acked + t->resent +
				text_between(tcb, tcb->snd_una, tcb->snd_nxt);
	info->tcpi_segs_in = t->segs_in;
	info->tcpi_segs_out = t->segs_out;
	info->tcpi_data_segs_in = t->text_segs_in;
	info->tcpi_data_segs_out = t->text_segs_out;
	info->tcpi_total_retrans = t->segs_resent;
}
