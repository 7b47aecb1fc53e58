// SPDX-License-Identifier: GPL-2.0
/* The hashed TCB table of a network namespace. */
#include <linux/jhash.h>
#include <net/ipv6.h>

#include "net.h"
#include "taken.h"
#include "tcb_table.h"

#define LTCP_TABLE_MIN	1024	/* 8 KiB: who serves at all soon has some hundred in TIME-WAIT */

/**
 * struct ltcp_probe - what is looked for
 * @key: both ends
 * @dif: interface, or the one that a node to be entered is bound to
 * @sdif: enslaved interface, 0: none
 * @enter: look for what stands in a new node's way
 */
struct ltcp_probe {
	const struct ltcp_key *key;
	int dif;
	int sdif;
	bool enter;
};

/* Keys are hashed and compared as plain memory: there must be no padding. */
static_assert(sizeof(struct ltcp_key) == 2 * sizeof(struct in6_addr) + 2 * sizeof(__be16));

/* The table keeps a random seed of its own, and chooses another when it grows. */
static inline u32 table_hash_key(const struct ltcp_key *key, u32 seed)
{
	/* Of IPv4 a third of the words says as much */
	if (ipv6_addr_v4mapped(&key->raddr))
		return jhash_3words((__force u32)key->laddr.s6_addr32[3],
				    (__force u32)key->raddr.s6_addr32[3],
				    (__force u32)key->lport << 16 | (__force u32)key->rport, seed);
	return jhash2((const u32 *)key, sizeof(*key) / sizeof(u32), seed);
}

static u32 table_hash_probe(const void *data, u32 len, u32 seed)
{
	const struct ltcp_probe *probe = data;

	return table_hash_key(probe->key, seed);
}

static u32 table_hash_node(const void *data, u32 len, u32 seed)
{
	const struct ltcp_node *node = data;

	return table_hash_key(&node->key, seed);
}

/* Two entries of one pair can coexist only when bound to different interfaces. */
static bool table_device_matches(const struct ltcp_probe *probe, int bound)
{
	if (probe->enter)
		return !bound || !probe->dif || bound == probe->dif;
	/* What came by an l3mdev belongs to that VRF alone. */
	if (!bound)
		return !probe->sdif;
	return bound == probe->dif || bound == probe->sdif;
}

static int table_compare(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct ltcp_probe *probe = arg->key;
	const struct ltcp_key *key = probe->key;
	const struct ltcp_node *node = obj;

	return key->lport != node->key.lport || key->rport != node->key.rport ||
	       !ipv6_addr_equal(&key->raddr, &node->key.raddr) ||
	       !ipv6_addr_equal(&key->laddr, &node->key.laddr) ||
	       !table_device_matches(probe, node->bound_dev_if);
}

static const struct rhashtable_params table_params = {
	.key_len = sizeof(struct ltcp_probe),
	.head_offset = offsetof(struct ltcp_node, link),
	.min_size = LTCP_TABLE_MIN,
	.automatic_shrinking = true,
	.hashfn = table_hash_probe,
	.obj_hashfn = table_hash_node,
	.obj_cmpfn = table_compare,
};

int ltcp_table_init(struct ltcp_net *ln)
{
	return rhashtable_init(&ln->table, &table_params);
}

void ltcp_table_exit(struct ltcp_net *ln)
{
	WARN_ON_ONCE(atomic_read(&ln->table.nelems));
	rhashtable_destroy(&ln->table);
}

/* Once or twice a segment: nothing in it is worth a call */
__flatten struct ltcp_node *ltcp_table_lookup(struct ltcp_net *ln, const struct ltcp_key *key,
					      int dif, int sdif)
{
	const struct ltcp_probe probe = { .key = key, .dif = dif, .sdif = sdif };

	return rhashtable_lookup(&ln->table, &probe, table_params);
}

int ltcp_table_insert(struct ltcp_net *ln, struct ltcp_node *node)
{
	const struct ltcp_probe probe = {
		.key = &node->key,
		.dif = node->bound_dev_if,
		.enter = true,
	};
	int err;

	err = rhashtable_lookup_insert_key(&ln->table, &probe, &node->link, table_params);
	if (err)
		return err == -EEXIST ? -EADDRINUSE : -ENOMEM;
	node->hashed = true;
	return 0;
}

int ltcp_table_replace(struct ltcp_net *ln, struct ltcp_node *old, struct ltcp_node *new)
{
	int err;

	err = rhashtable_replace_fast(&ln->table, &old->link, &new->link, table_params);
	if (err)
		return err;
	old->hashed = false;
	new->hashed = true;
	return 0;
}

void ltcp_table_remove(struct ltcp_net *ln, struct ltcp_node *node)
{
	if (!node->hashed)
		return;
	rhashtable_remove_fast(&ln->table, &node->link, table_params);
	node->hashed = false;
	ltcp_taken_wipe(ln, &node->key);
}

struct ltcp_node *ltcp_table_next(struct rhashtable_iter *iter)
{
	struct ltcp_node *node;

	/* -EAGAIN: the table is being resized, the walk starts again. */
	do {
		node = rhashtable_walk_next(iter);
	} while (IS_ERR(node) && PTR_ERR(node) == -EAGAIN);
	return IS_ERR(node) ? NULL : node;
}
