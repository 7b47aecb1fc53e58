/* SPDX-License-Identifier: GPL-2.0 */
/* What src/core takes from the kernel's <linux/list.h>, for a program. */
#ifndef LTCP_SHIM_LIST_H
#define LTCP_SHIM_LIST_H

#include <linux/types.h>

#define list_entry(p, type, member)					\
	((type *)((char *)(p) - offsetof(type, member)))
#define list_first_entry_or_null(list, type, member)			\
	(list_empty(list) ? NULL : list_entry((list)->next, type, member))

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add(struct list_head *item, struct list_head *after)
{
	item->prev = after;
	item->next = after->next;
	after->next->prev = item;
	after->next = item;
}

static inline void list_del_init(struct list_head *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	INIT_LIST_HEAD(item);
}

#endif
