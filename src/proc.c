// SPDX-License-Identifier: GPL-2.0
/* /proc/net/ltcp and ltcp6, listeners first, and /proc/net/ltcp_stat */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "family.h"
#include "half.h"
#include "net.h"
#include "ports.h"
#include "proc.h"
#include "sock.h"
#include "tcb_table.h"
#include "timewait.h"

#define LTCP_PROC_WIDTH	149	/* of a line, as in /proc/net/tcp; tcp6 has no width */

/**
 * struct ltcp_proc_file - one of the two files
 * @name: in /proc/net
 * @af: the sockets it tells of
 * @width: of a line, 0: as it comes
 * @head: the first line
 */
struct ltcp_proc_file {
	const char *name;
	u8 af;
	unsigned int width;
	const char *head;
};

static const struct ltcp_proc_file proc_files[] = {
	{
		.name = "ltcp",
		.af = AF_INET,
		.width = LTCP_PROC_WIDTH,
		.head =
			"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
	}, {
		.name = "ltcp6",
		.af = AF_INET6,
		.head =
			"  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
	},
};

/**
 * struct ltcp_proc_walk - where a reader is
 * @p: for seq_file_net(); must be first
 * @file: which file it reads
 * @listeners: walk of the listeners
 * @listener: the current one, NULL: none
 * @table: then, walk of the table; only between start and stop
 * @size: of the table when the walk stopped
 * @slot: where in the table it stopped ...
 * @skip: ... and how far in that slot; 0: at the beginning
 * @node: the current entry, NULL: none
 */
struct ltcp_proc_walk {
	struct seq_net_private p;
	const struct ltcp_proc_file *file;
	struct ltcp_ports_iter listeners;
	struct sock *listener;
	struct rhashtable_iter table;
	unsigned int size;
	unsigned int slot;
	unsigned int skip;
	struct ltcp_node *node;
};

/* What timer runs next, in Linux's numbers, and in how many clock ticks */
struct ltcp_proc_timer {
	int which;
	clock_t in;
};

/* Linux's numbers of the timers, in the order in which it looks at them */
static const struct {
	u8 timer;
	u8 number;
} proc_timers[] = {
	{ LTCP_TIMER_RTX, 1 },
	{ LTCP_TIMER_PERSIST, 4 },
	{ LTCP_TIMER_KEEPALIVE, 2 },
	{ LTCP_TIMER_LINGER, 2 },
};

static clock_t proc_ticks_until(u64 at, u64 now)
{
	return at > now ? jiffies_to_clock_t(usecs_to_jiffies(at - now)) : 0;
}

static struct ltcp_proc_timer proc_timer(const struct ltcp_tcb *tcb)
{
	struct ltcp_proc_timer result = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(proc_timers); i++) {
		u64 at = READ_ONCE(tcb->timer[proc_timers[i].timer]);

		if (!at || (proc_timers[i].timer == LTCP_TIMER_LINGER && !ltcp_lingers(tcb)))
			continue;
		result.which = proc_timers[i].number;
		result.in = proc_ticks_until(at, ltcp_now());
		break;
	}
	return result;
}

static void proc_show_end(struct seq_file *seq, u8 af, const struct in6_addr *addr, __be16 port)
{
	int i;

	for (i = af == AF_INET ? 3 : 0; i < 4; i++)
		seq_printf(seq, "%08X", addr->s6_addr32[i]);
	seq_printf(seq, ":%04X ", ntohs(port));
}

static void proc_show_ends(struct seq_file *seq, const struct ltcp_node *node, int state)
{
	const struct ltcp_key *key = &node->key;

	seq_printf(seq, "%4lld: ", seq->index - 1);
	proc_show_end(seq, node->af, &key->laddr, key->lport);
	proc_show_end(seq, node->af, &key->raddr, key->rport);
	seq_printf(seq, "%02X ", state);
}

static void proc_show_sock(struct seq_file *seq, struct sock *sk)
{
	const struct ltcp_sock *lsk = ltcp_sk(sk);
	const struct ltcp_tcb *tcb = &lsk->tcb;
	int state = inet_sk_state_load(sk);
	struct ltcp_proc_timer timer = proc_timer(tcb);
	bool listens = state == TCP_LISTEN;
	/* The socket is not locked: what is counted may change meanwhile. */
	int tx = max_t(int, READ_ONCE(tcb->snd_end) - READ_ONCE(tcb->snd_una), 0);
	int rx = max_t(int, READ_ONCE(tcb->rcv_nxt) - READ_ONCE(lsk->copied_seq), 0);
	u32 mss = READ_ONCE(tcb->snd_mss) ?: 1;

	proc_show_ends(seq, &lsk->node, state);
	seq_printf(seq, "%08X:%08X %02X:%08lX %08X %5u %8d %lu %d %pK %lu %lu %u %u %d",
		   listens ? 0 : tx, listens ? READ_ONCE(sk->sk_ack_backlog) : rx,
		   timer.which, timer.in, tcb->retries,
		   from_kuid_munged(seq_user_ns(seq), sock_i_uid(sk)),
		   tcb->probes, sock_i_ino(sk), refcount_read(&sk->sk_refcnt), sk,
		   jiffies_to_clock_t(usecs_to_jiffies(tcb->rtt.rto_us)),
		   jiffies_to_clock_t(usecs_to_jiffies(ltcp_sk_net(sk)->conf.delack_us)), 0,
		   READ_ONCE(tcb->cwnd) / mss,
		   listens ? 0 : (int)(min_t(u32, READ_ONCE(tcb->ssthresh), INT_MAX) / mss));
}

static unsigned long proc_ticks_left(struct ltcp_expiry __percpu *expiry,
				     const struct ltcp_due *due)
{
	u32 ms = ltcp_expiry_left_ms(ltcp_expiry_of(expiry, due), due);

	return ms / (MSEC_PER_SEC / USER_HZ);
}

static void proc_show_half(struct seq_file *seq, const struct ltcp_half_entry *entry)
{
	proc_show_ends(seq, &entry->node, LTCP_SYN_RECEIVED);
	seq_printf(seq, "%08X:%08X %02X:%08lX %08X %5u %8d %u %d %pK", 0, 0, 1,
		   proc_ticks_left(ltcp_net(seq_file_net(seq))->halves, &entry->due),
		   READ_ONCE(entry->half.retries),
		   from_kuid_munged(seq_user_ns(seq), sock_i_uid(entry->listener)),
		   0, 0, 0, entry);
}

static void proc_show_timewait(struct seq_file *seq, const struct ltcp_timewait *entry)
{
	proc_show_ends(seq, &entry->node, LTCP_TIME_WAIT);
	seq_printf(seq, "%08X:%08X %02X:%08lX %08X %5u %8d %d %d %pK", 0, 0, 3,
		   proc_ticks_left(ltcp_net(seq_file_net(seq))->timewait, &entry->due),
		   0, 0, 0, 0, 0, entry);
}

static void proc_show_node(struct seq_file *seq, struct ltcp_node *node)
{
	switch ((enum ltcp_kind)node->kind) {
	case LTCP_KIND_SOCK:
		proc_show_sock(seq, ltcp_node_sk(node));
		break;
	case LTCP_KIND_HALF:
		proc_show_half(seq, container_of(node, struct ltcp_half_entry, node));
		break;
	case LTCP_KIND_TIMEWAIT:
		proc_show_timewait(seq, container_of(node, struct ltcp_timewait, node));
		break;
	}
}

static int proc_show(struct seq_file *seq, void *v)
{
	struct ltcp_proc_walk *walk = seq->private;

	seq_setwidth(seq, walk->file->width);
	if (v == SEQ_START_TOKEN)
		seq_puts(seq, walk->file->head);
	else if (walk->listener)
		proc_show_sock(seq, walk->listener);
	else
		proc_show_node(seq, v);
	seq_pad(seq, '\n');
	return 0;
}

static void *proc_next_node(struct ltcp_proc_walk *walk)
{
	do {
		walk->node = ltcp_table_next(&walk->table);
	} while (walk->node && walk->node->af != walk->file->af);
	return walk->node;
}

static void *proc_next_listener(struct ltcp_proc_walk *walk)
{
	do {
		walk->listener = ltcp_ports_next(&walk->listeners);
	} while (walk->listener && walk->listener->sk_family != walk->file->af);
	return walk->listener;
}

static void *proc_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct ltcp_proc_walk *walk = seq->private;

	++*pos;
	if ((v == SEQ_START_TOKEN || walk->listener) && proc_next_listener(walk))
		return walk->listener;
	return proc_next_node(walk);
}

/* Back to the entry that was to be next when the walk stopped, without counting up to it */
static void *proc_resume_node(struct ltcp_proc_walk *walk)
{
	if (walk->skip && walk->table.walker.tbl && walk->table.walker.tbl->size == walk->size) {
		walk->table.slot = walk->slot;
		walk->table.skip = walk->skip - 1;
	}
	return proc_next_node(walk);
}

static void *proc_resume(struct ltcp_proc_walk *walk)
{
	if (walk->listener) {
		walk->listeners.index--;
		return proc_next_listener(walk) ?: proc_next_node(walk);
	}
	return walk->node ? proc_resume_node(walk) : NULL;
}

static void *proc_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	struct ltcp_proc_walk *walk = seq->private;
	struct ltcp_net *ln = ltcp_net(seq_file_net(seq));

	walk->file = pde_data(file_inode(seq->file));
	rhashtable_walk_enter(&ln->table, &walk->table);
	rhashtable_walk_start(&walk->table);
	if (*pos)
		return proc_resume(walk);
	walk->listeners = (struct ltcp_ports_iter){ .ln = ln };
	walk->listener = NULL;
	walk->node = NULL;
	return SEQ_START_TOKEN;
}

static void proc_stop(struct seq_file *seq, void *v)
	__releases(RCU)
{
	struct ltcp_proc_walk *walk = seq->private;
	const struct bucket_table *tbl = walk->table.walker.tbl;

	walk->size = tbl ? tbl->size : 0;
	walk->slot = walk->table.slot;
	walk->skip = walk->table.skip;
	rhashtable_walk_stop(&walk->table);
	rhashtable_walk_exit(&walk->table);
}

static const struct seq_operations proc_ops = {
	.start = proc_start,
	.next = proc_next,
	.stop = proc_stop,
	.show = proc_show,
};

static int proc_show_stat(struct seq_file *seq, void *v)
{
	const struct ltcp_net *ln = ltcp_net(seq_file_single_net(seq));
	unsigned int i;

	for (i = 0; i < LTCP_N_MIBS; i++)
		seq_printf(seq, "%s %ld\n", ltcp_mib_name(i), (long)ltcp_mib_sum(ln, i));
	return 0;
}

/* AF_INET6's file is there when its sockets are. */
static bool proc_wanted(const struct ltcp_net *ln, const struct ltcp_proc_file *file)
{
	return file->af == AF_INET || ln->ctl6;
}

void ltcp_proc_exit(struct ltcp_net *ln)
{
	unsigned int i;

	remove_proc_subtree("ltcp_stat", ln->net->proc_net);
	for (i = 0; i < ARRAY_SIZE(proc_files); i++)
		if (proc_wanted(ln, &proc_files[i]))
			remove_proc_subtree(proc_files[i].name, ln->net->proc_net);
}

int ltcp_proc_init(struct ltcp_net *ln)
{
	struct proc_dir_entry *dir = ln->net->proc_net;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(proc_files); i++) {
		const struct ltcp_proc_file *file = &proc_files[i];

		if (proc_wanted(ln, file) &&
		    !proc_create_net_data(file->name, 0444, dir, &proc_ops,
					  sizeof(struct ltcp_proc_walk), (void *)file))
			goto fail;
	}
	if (!proc_create_net_single("ltcp_stat", 0444, dir, proc_show_stat, NULL))
		goto fail;
	return 0;
fail:
	ltcp_proc_exit(ln);
	return -ENOMEM;
}
