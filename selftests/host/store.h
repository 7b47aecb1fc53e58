/* SPDX-License-Identifier: GPL-2.0 */
/* Storage for text out of order, the plainest there is: a sorted array. The core decides. */
#ifndef LTCP_HOST_STORE_H
#define LTCP_HOST_STORE_H

#include "core/reasm.h"

#ifndef STORE_MAX
#define STORE_MAX 1024	/* a channel's largest window in its smallest segments, and more */
#endif

/**
 * struct store - pieces, ordered and free of overlap
 * @n: how many
 * @piece: their ranges
 */
struct store {
	unsigned int n;
	struct ltcp_range piece[STORE_MAX];
};

/* Keep what of @new is not kept yet, as ltcp_reasm_fit() says. False: no room. */
bool store_insert(struct store *store, struct ltcp_range new);

/* All of the contiguous text that @run is, or would be, a part of */
void store_widen(const struct store *store, struct ltcp_range *run);

/* Octets in order at @rcv_nxt, taken out as ltcp_reasm_ready() says */
u32 store_take(struct store *store, u32 rcv_nxt);

#endif
