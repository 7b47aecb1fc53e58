/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Thousands of entries that end after one of a few spans of time: a lane for
 * each span, and in it the entries in the order in which they began, which is
 * that of their ends. Nothing is searched, and one timer serves all lanes.
 */
#ifndef LTCP_CORE_LANES_H
#define LTCP_CORE_LANES_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct ltcp_due - what an entry needs to wait in a lane
 * @link: in the lane; the owner's own once @waits is false
 * @since_ms: when it began, millisecond clock; the lane's span later it ends
 * @cpu: for the owner: whose lanes they are
 * @lane: which
 * @waits: it is in a lane
 */
struct ltcp_due {
	struct list_head link;
	u32 since_ms;
	u16 cpu;
	u8 lane;
	bool waits;
};

/**
 * struct ltcp_lane - entries of one span
 * @dues: by ltcp_due.link, the first to end first
 * @span_ms: how long they wait
 */
struct ltcp_lane {
	struct list_head dues;
	u32 span_ms;
};

/**
 * struct ltcp_lanes - lanes; the owner sees to it that one at a time uses them
 * @lane: the lanes
 * @n: how many
 */
struct ltcp_lanes {
	struct ltcp_lane *lane;
	unsigned int n;
};

/* Does @a come before @b on the millisecond clock? It may have wrapped between the two. */
static inline bool ltcp_ms_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/**
 * ltcp_lanes_init() - empty lanes
 * @lanes: result; spans are 0
 * @lane: memory for @n of them
 * @n: how many, at least one, at most 255
 */
void ltcp_lanes_init(struct ltcp_lanes *lanes, struct ltcp_lane *lane, unsigned int n);

/**
 * ltcp_lanes_pick() - the lane for a span
 * @lanes: lanes
 * @span_ms: the span
 *
 * Return: that of the span, or an empty one, whose span it becomes. Should all be taken
 * by others, the last: entries are put into their place in it then, one by one.
 */
unsigned int ltcp_lanes_pick(struct ltcp_lanes *lanes, u32 span_ms);

/**
 * ltcp_lanes_add() - an entry begins to wait
 * @lanes: lanes
 * @lane: as ltcp_lanes_pick() would say
 * @due: the entry; waits in no lane
 * @span_ms: how long
 * @now_ms: clock; it does not end before @span_ms full milliseconds have passed
 */
void ltcp_lanes_add(struct ltcp_lanes *lanes, unsigned int lane, struct ltcp_due *due,
		    u32 span_ms, u32 now_ms);

/**
 * ltcp_lanes_remove() - an entry waits no longer
 * @due: the entry; it may be waiting or not
 *
 * Return: false when it did not wait any more: whoever took it from its lane ends it
 */
bool ltcp_lanes_remove(struct ltcp_due *due);

/**
 * ltcp_lanes_end_ms() - when does an entry end?
 * @lanes: lanes
 * @due: it waits
 *
 * Return: millisecond clock
 */
static inline u32 ltcp_lanes_end_ms(const struct ltcp_lanes *lanes, const struct ltcp_due *due)
{
	return due->since_ms + lanes->lane[due->lane].span_ms;
}

/**
 * ltcp_lanes_first() - the entry that ends next
 * @lanes: lanes
 *
 * Return: it, or NULL when none waits
 */
struct ltcp_due *ltcp_lanes_first(const struct ltcp_lanes *lanes);

#endif
