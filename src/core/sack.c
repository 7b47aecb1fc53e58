// SPDX-License-Identifier: GPL-2.0
/* What a receiver tells by SACK: RFC 2018, RFC 2883. */
#include <linux/string.h>

#include "sack.h"

#define OPTION_LEN	4	/* two NOPs, kind and length */
#define BLOCK_LEN	8

static bool touch(const struct ltcp_sack_block *b, const struct ltcp_range *run)
{
	return seq_le(b->start, run->end) && seq_ge(b->end, run->start);
}

static void drop(struct ltcp_sack *sack, unsigned int i)
{
	sack->n--;
	memmove(sack->block + i, sack->block + i + 1, (sack->n - i) * sizeof(*sack->block));
}

bool ltcp_sack_widen(const struct ltcp_tcb *tcb, struct ltcp_range *run)
{
	const struct ltcp_range was = *run;
	unsigned int i;

	for (i = 0; i < tcb->sack.n; i++) {
		const struct ltcp_sack_block *b = &tcb->sack.block[i];

		if (!touch(b, run))
			continue;
		run->start = seq_min(run->start, b->start);
		run->end = seq_max(run->end, b->end);
	}
	return run->start != was.start || run->end != was.end;
}

/* RFC 2018 section 4: the first block is that of the segment, the others as last reported */
void ltcp_sack_stored(struct ltcp_tcb *tcb, const struct ltcp_range *run)
{
	struct ltcp_sack *sack = &tcb->sack;
	unsigned int i = 0;

	if (!tcb->sack_ok)
		return;
	while (i < sack->n) {
		if (touch(&sack->block[i], run))
			drop(sack, i);
		else
			i++;
	}
	if (sack->n == LTCP_SACK_MAX)
		sack->n--;
	memmove(sack->block + 1, sack->block, sack->n * sizeof(*sack->block));
	sack->block[0] = (struct ltcp_sack_block){ run->start, run->end };
	sack->n++;
}

void ltcp_sack_duplicate(struct ltcp_tcb *tcb, const struct ltcp_range *what)
{
	if (!tcb->sack_ok || !tcb->conf->dsack || tcb->sack.dup)
		return;
	tcb->sack.dup = 1;
	tcb->sack.duplicate = (struct ltcp_sack_block){ what->start, what->end };
}

void ltcp_sack_forget(struct ltcp_tcb *tcb, u32 from)
{
	struct ltcp_sack *sack = &tcb->sack;
	unsigned int i = 0;

	while (i < sack->n) {
		if (seq_gt(sack->block[i].end, from))
			sack->block[i].end = from;
		if (seq_le(sack->block[i].end, sack->block[i].start))
			drop(sack, i);
		else
			i++;
	}
}

/* What RCV.NXT has passed is no longer out of order */
static void clean(struct ltcp_tcb *tcb)
{
	unsigned int i = 0;

	while (i < tcb->sack.n) {
		if (seq_le(tcb->sack.block[i].end, tcb->rcv_nxt))
			drop(&tcb->sack, i);
		else
			i++;
	}
}

void ltcp_sack_fill(struct ltcp_tcb *tcb, u32 room, struct ltcp_options *opt)
{
	unsigned int most = room < OPTION_LEN ? 0 : (room - OPTION_LEN) / BLOCK_LEN;
	struct ltcp_sack *sack = &tcb->sack;
	unsigned int i;

	clean(tcb);
	opt->n_sack = 0;
	if (most > LTCP_SACK_MAX)
		most = LTCP_SACK_MAX;
	if (!most)
		return;
	if (sack->dup)
		opt->sack[opt->n_sack++] = sack->duplicate;
	sack->dup = 0;
	for (i = 0; i < sack->n && opt->n_sack < most; i++)
		opt->sack[opt->n_sack++] = sack->block[i];
}
