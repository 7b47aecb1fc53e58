// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "host.h"
#include "store.h"

static void remove_at(struct store *store, unsigned int i)
{
	store->n--;
	memmove(store->piece + i, store->piece + i + 1, (store->n - i) * sizeof(*store->piece));
}

static bool insert_at(struct store *store, unsigned int i, struct ltcp_range new)
{
	if (store->n == STORE_MAX)
		return false;
	memmove(store->piece + i + 1, store->piece + i, (store->n - i) * sizeof(*store->piece));
	store->piece[i] = new;
	store->n++;
	return true;
}

bool store_insert(struct store *store, struct ltcp_range new)
{
	unsigned int i = 0;

	while (i < store->n) {
		switch (ltcp_reasm_fit(&new, &store->piece[i])) {
		case LTCP_FIT_BEFORE:
		case LTCP_FIT_CUT_TAIL:
			return insert_at(store, i, new);
		case LTCP_FIT_DUPLICATE:
			return true;
		case LTCP_FIT_REPLACES:
			remove_at(store, i);
			break;
		case LTCP_FIT_AFTER:
		case LTCP_FIT_CUT_HEAD:
			i++;
			break;
		}
	}
	return insert_at(store, i, new);
}

void store_widen(const struct store *store, struct ltcp_range *run)
{
	unsigned int i;

	for (i = 0; i < store->n; i++) {
		if (seq_le(store->piece[i].start, run->start) &&
		    seq_ge(store->piece[i].end, run->start))
			run->start = store->piece[i].start;
	}
	for (i = 0; i < store->n; i++) {
		if (seq_le(store->piece[i].start, run->end) &&
		    seq_ge(store->piece[i].end, run->end))
			run->end = store->piece[i].end;
	}
	for (i = store->n; i--;) {	/* pieces that touch each other on the other side */
		if (store->piece[i].end == run->start)
			run->start = store->piece[i].start;
	}
}

u32 store_take(struct store *store, u32 rcv_nxt)
{
	u32 start = rcv_nxt, skip;

	while (store->n) {
		switch (ltcp_reasm_ready(&store->piece[0], rcv_nxt, &skip)) {
		case LTCP_READY_GAP:
			return rcv_nxt - start;
		case LTCP_READY_OLD:
			break;
		case LTCP_READY_TAKE:
			rcv_nxt += store->piece[0].end - store->piece[0].start - skip;
			break;
		}
		remove_at(store, 0);
	}
	return rcv_nxt - start;
}
