// SPDX-License-Identifier: GPL-2.0
/* Which local ports are taken towards a destination. */
#include <linux/bitmap.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/ipv6.h>

#include "net.h"
#include "taken.h"
#include "tcb_table.h"

#define LTCP_TAKEN_SLOTS	64	/* each 8 KiB when in use */
#define LTCP_N_PORTS		65536

/**
 * struct ltcp_taken - notes of a destination
 * @ln: namespace
 * @laddr: local address
 * @raddr: the peer's address
 * @rport: the peer's port
 * @refs: the slot's and those of searches
 * @n: bits set
 * @rcu: for freeing
 * @ports: those that are taken
 */
struct ltcp_taken {
	const struct ltcp_net *ln;
	struct in6_addr laddr;
	struct in6_addr raddr;
	__be16 rport;
	refcount_t refs;
	atomic_t n;
	struct rcu_head rcu;
	DECLARE_BITMAP(ports, LTCP_N_PORTS);
};

/* By a hash of the destination; one that comes later takes the place */
static struct ltcp_taken __rcu *slots[LTCP_TAKEN_SLOTS];
static DEFINE_SPINLOCK(slots_lock);
static unsigned int n_slots;	/* in use; written under slots_lock */

static struct ltcp_taken __rcu **slot_of(const struct ltcp_key *key)
{
	u32 hash = jhash2((const u32 *)&key->laddr, 8, (__force u32)key->rport);

	BUILD_BUG_ON(offsetof(struct ltcp_key, raddr) != sizeof(key->laddr));
	return &slots[hash % LTCP_TAKEN_SLOTS];
}

static bool taken_is_of(const struct ltcp_taken *taken, const struct ltcp_net *ln,
			const struct ltcp_key *key)
{
	return taken->ln == ln && taken->rport == key->rport &&
	       ipv6_addr_equal(&taken->raddr, &key->raddr) &&
	       ipv6_addr_equal(&taken->laddr, &key->laddr);
}

struct ltcp_taken *ltcp_taken_find(struct ltcp_net *ln, const struct ltcp_key *key)
{
	struct ltcp_taken *taken;

	if (likely(!READ_ONCE(n_slots)))
		return NULL;
	rcu_read_lock();
	taken = rcu_dereference(*slot_of(key));
	if (taken && (!taken_is_of(taken, ln, key) || !refcount_inc_not_zero(&taken->refs)))
		taken = NULL;
	rcu_read_unlock();
	return taken;
}

void ltcp_taken_put(struct ltcp_taken *taken)
{
	if (taken && refcount_dec_and_test(&taken->refs))
		kvfree_rcu(taken, rcu);
}

/* Put other notes into a slot: NULL: none; only in place of @old, if that is not NULL */
static void slot_set(struct ltcp_taken __rcu **slot, struct ltcp_taken *new,
		     const struct ltcp_taken *old)
{
	struct ltcp_taken *gone;

	spin_lock_bh(&slots_lock);
	gone = rcu_dereference_protected(*slot, lockdep_is_held(&slots_lock));
	if (old && gone != old) {
		gone = NULL;
	} else {
		WRITE_ONCE(n_slots, n_slots + !!new - !!gone);
		rcu_assign_pointer(*slot, new);
	}
	spin_unlock_bh(&slots_lock);
	ltcp_taken_put(gone);
}

struct ltcp_taken *ltcp_taken_begin(struct ltcp_net *ln, const struct ltcp_key *key)
{
	struct ltcp_taken *taken = kvzalloc(sizeof(*taken), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);

	if (!taken)
		return NULL;
	taken->ln = ln;
	taken->laddr = key->laddr;
	taken->raddr = key->raddr;
	taken->rport = key->rport;
	refcount_set(&taken->refs, 2);
	slot_set(slot_of(key), taken, NULL);
	return taken;
}

u32 ltcp_taken_next(const struct ltcp_taken *taken, u32 num)
{
	return taken ? find_next_zero_bit(taken->ports, LTCP_N_PORTS, num) : num;
}

void ltcp_taken_note(struct ltcp_taken *taken, u32 num)
{
	if (taken && !test_and_set_bit(num, taken->ports))
		atomic_inc(&taken->n);
}

void ltcp_taken_wipe(struct ltcp_net *ln, const struct ltcp_key *key)
{
	struct ltcp_taken *taken = ltcp_taken_find(ln, key);

	if (!taken)
		return;
	/* The last one: nobody is there any more whom notes were kept of */
	if (test_and_clear_bit(ntohs(key->lport), taken->ports) && atomic_dec_and_test(&taken->n))
		slot_set(slot_of(key), NULL, taken);
	ltcp_taken_put(taken);
}

void ltcp_taken_exit(void)
{
	int i;

	for (i = 0; i < LTCP_TAKEN_SLOTS; i++)
		slot_set(&slots[i], NULL, NULL);
}
