// SPDX-License-Identifier: GPL-2.0
/* Entries that end after one of a few spans of time. */
#include <linux/kernel.h>

#include "lanes.h"

void ltcp_lanes_init(struct ltcp_lanes *lanes, struct ltcp_lane *lane, unsigned int n)
{
	unsigned int i;

	lanes->lane = lane;
	lanes->n = n;
	for (i = 0; i < n; i++) {
		INIT_LIST_HEAD(&lane[i].dues);
		lane[i].span_ms = 0;
	}
}

unsigned int ltcp_lanes_pick(struct ltcp_lanes *lanes, u32 span_ms)
{
	unsigned int i, empty = lanes->n;

	for (i = 0; i < lanes->n; i++) {
		if (lanes->lane[i].span_ms == span_ms)
			return i;
		if (empty == lanes->n && list_empty(&lanes->lane[i].dues))
			empty = i;
	}
	if (empty == lanes->n)
		return lanes->n - 1;
	lanes->lane[empty].span_ms = span_ms;
	return empty;
}

void ltcp_lanes_add(struct ltcp_lanes *lanes, unsigned int lane, struct ltcp_due *due,
		    u32 span_ms, u32 now_ms)
{
	struct ltcp_lane *l = &lanes->lane[lane];
	struct ltcp_due *before;
	struct list_head *pos;

	due->lane = lane;
	due->waits = true;
	/* The millisecond that has begun does not count; nor does what another span has */
	due->since_ms = now_ms + 1 + span_ms - l->span_ms;
	for (pos = l->dues.prev; pos != &l->dues; pos = pos->prev) {
		before = list_entry(pos, struct ltcp_due, link);
		if (!ltcp_ms_before(due->since_ms, before->since_ms))
			break;
	}
	list_add(&due->link, pos);
}

bool ltcp_lanes_remove(struct ltcp_due *due)
{
	if (!due->waits)
		return false;
	due->waits = false;
	list_del_init(&due->link);
	return true;
}

struct ltcp_due *ltcp_lanes_first(const struct ltcp_lanes *lanes)
{
	struct ltcp_due *first = NULL, *due;
	unsigned int i;

	for (i = 0; i < lanes->n; i++) {
		due = list_first_entry_or_null(&lanes->lane[i].dues, struct ltcp_due, link);
		if (due && (!first || ltcp_ms_before(ltcp_lanes_end_ms(lanes, due),
						     ltcp_lanes_end_ms(lanes, first))))
			first = due;
	}
	return first;
}
