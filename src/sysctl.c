// SPDX-License-Identifier: GPL-2.0
/* net.ipv4.ltcp_*: named as Linux's tcp_* where the meaning is the same. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sysctl.h>

#include "compat.h"
#include "cong.h"
#include "demux.h"
#include "fastopen.h"
#include "net.h"
#include "sysctl.h"

#define LTCP_RETRIES_MAX	127
#define LTCP_TIMEWAIT_MS_MAX	600000
#define LTCP_FIN_TIMEOUT_MAX	(24 * 60 * 60)
#define LTCP_DELACK_US_MAX	499999	/* MUST-40: less than half a second */

/**
 * struct ltcp_knob - one setting
 * @name: in net.ipv4
 * @offset: its integers in struct ltcp_net
 * @size: octets of them
 * @min: least value of each
 * @max: largest value of each
 * @handler: reads and writes what is no integer, or has consequences; NULL: integers
 * @mode: permissions, with @handler
 */
struct ltcp_knob {
	const char *name;
	size_t offset;
	size_t size;
	int min;
	int max;
	proc_handler *handler;
	umode_t mode;
};

#define KNOBS(_name, _field, _n, _min, _max, ...)		\
	{							\
		.name = "ltcp_" _name,				\
		.offset = offsetof(struct ltcp_net, _field),	\
		.size = (_n) * sizeof(int),			\
		.min = _min,					\
		.max = _max,					\
		__VA_ARGS__					\
	}

#define KNOB(_name, _field, _min, _max, ...) KNOBS(_name, _field, 1, _min, _max, __VA_ARGS__)

#define KNOB_OF(_name, _handler, _size, _mode)			\
	{							\
		.name = "ltcp_" _name,				\
		.size = _size,					\
		.handler = _handler,				\
		.mode = _mode,					\
	}

/* Through a buffer of our own: proc_dostring() with @text, which a write changes */
static int sysctl_text(const struct ctl_table *ctl, char *text, size_t size, int write,
		       void *buffer, size_t *lenp, loff_t *ppos)
{
	struct ctl_table table = { .data = text, .maxlen = size, .mode = ctl->mode };

	return proc_dostring(&table, write, buffer, lenp, ppos);
}

static int sysctl_cong(LTCP_COMPAT_CTL_TABLE *ctl, int write, void *buffer, size_t *lenp,
		       loff_t *ppos)
{
	struct ltcp_net *ln = ctl->data;
	char name[LTCP_CONG_NAME_MAX];
	const struct ltcp_cong_ops *ops = ltcp_cong_get_default(ln);
	int err;

	strscpy(name, ops->name, sizeof(name));
	ltcp_cong_put(ops);
	err = sysctl_text(ctl, name, sizeof(name), write, buffer, lenp, ppos);
	return err || !write ? err : ltcp_cong_set_default(ln, name);
}

static int sysctl_cong_names(const struct ctl_table *ctl, bool allowed, int write,
			     void *buffer, size_t *lenp, loff_t *ppos)
{
	char *names = kzalloc(LTCP_CONG_NAMES_MAX, GFP_KERNEL);
	int err;

	if (!names)
		return -ENOMEM;
	ltcp_cong_names(names, LTCP_CONG_NAMES_MAX, allowed);
	err = sysctl_text(ctl, names, LTCP_CONG_NAMES_MAX, write, buffer, lenp, ppos);
	if (!err && write)
		err = ltcp_cong_allow(names);
	kfree(names);
	return err;
}

static int sysctl_cong_available(LTCP_COMPAT_CTL_TABLE *ctl, int write, void *buffer,
				 size_t *lenp, loff_t *ppos)
{
	return sysctl_cong_names(ctl, false, write, buffer, lenp, ppos);
}

static int sysctl_cong_allowed(LTCP_COMPAT_CTL_TABLE *ctl, int write, void *buffer,
			       size_t *lenp, loff_t *ppos)
{
	return sysctl_cong_names(ctl, true, write, buffer, lenp, ppos);
}

#define FASTOPEN_KEY_TEXT	(4 * 8 + 3)	/* octets of a key: four words, as in Linux's */

static int print_key(char *text, size_t size, const siphash_key_t *key)
{
	__le32 word[4];

	memcpy(word, key, sizeof(word));
	return scnprintf(text, size, "%08x-%08x-%08x-%08x", le32_to_cpu(word[0]),
			 le32_to_cpu(word[1]), le32_to_cpu(word[2]), le32_to_cpu(word[3]));
}

/* @end: what follows it */
static bool read_key(const char *text, siphash_key_t *key, const char **end)
{
	unsigned int word[4];
	__le32 le[4];
	int i, n = 0;

	if (sscanf(text, "%8x-%8x-%8x-%8x%n", &word[0], &word[1], &word[2], &word[3], &n) != 4)
		return false;
	for (i = 0; i < 4; i++)
		le[i] = cpu_to_le32(word[i]);
	memcpy(key, le, sizeof(*key));
	*end = text + n;
	return true;
}

static bool read_keys(const char *text, struct ltcp_fastopen_keys *keys)
{
	const char *end;

	memset(keys, 0, sizeof(*keys));
	keys->n = 1;
	if (!read_key(text, &keys->key[0], &end))
		return false;
	if (*end == ',') {
		keys->n = 2;
		if (!read_key(end + 1, &keys->key[1], &end))
			return false;
	}
	return !*end;
}

/* The key of Fast Open's cookies, and the one before: "key" or "key,key" */
static int sysctl_fastopen_key(LTCP_COMPAT_CTL_TABLE *ctl, int write, void *buffer,
			       size_t *lenp, loff_t *ppos)
{
	char text[2 * FASTOPEN_KEY_TEXT + 8];
	struct ltcp_net *ln = ctl->data;
	struct ltcp_fastopen_keys keys;
	int n, err;

	ltcp_fastopen_net_get(ln, &keys);
	n = print_key(text, sizeof(text), &keys.key[0]);
	if (keys.n > 1) {
		text[n++] = ',';
		print_key(text + n, sizeof(text) - n, &keys.key[1]);
	}
	err = sysctl_text(ctl, text, sizeof(text), write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	return read_keys(text, &keys) ? ltcp_fastopen_net_set(ln, &keys) : -EINVAL;
}

static int sysctl_early_demux(LTCP_COMPAT_CTL_TABLE *ctl, int write, void *buffer, size_t *lenp,
			      loff_t *ppos)
{
	int err = proc_dointvec_minmax(ctl, write, buffer, lenp, ppos);

	if (!err && write)
		ltcp_demux_follow(container_of(ctl->data, struct ltcp_net, set.early_demux));
	return err;
}

/* The machine's pages, all namespaces together; three thresholds, none below the one before */
static int sysctl_mem(LTCP_COMPAT_CTL_TABLE *ctl, int write, void *buffer, size_t *lenp,
		      loff_t *ppos)
{
	unsigned long mem[3] = { ltcp_mem[0], ltcp_mem[1], ltcp_mem[2] };
	struct ctl_table table = { .data = mem, .maxlen = sizeof(mem), .mode = ctl->mode };
	int err = proc_doulongvec_minmax(&table, write, buffer, lenp, ppos), i;

	if (err || !write)
		return err;
	if (!mem[0] || mem[1] < mem[0] || mem[2] < mem[1] || mem[2] > LONG_MAX)
		return -EINVAL;
	for (i = 0; i < 3; i++)
		WRITE_ONCE(ltcp_mem[i], mem[i]);
	return 0;
}

static const struct ltcp_knob knobs[] = {
	KNOB("syn_retries", conf.syn_retries, 1, LTCP_RETRIES_MAX),
	KNOB("synack_retries", conf.synack_retries, 0, LTCP_RETRIES_MAX),
	KNOB("retries1", conf.retries1, 0, LTCP_RETRIES_MAX),
	KNOB("retries2", conf.retries2, 1, LTCP_RETRIES_MAX),
	KNOB("orphan_retries", conf.orphan_retries, 0, LTCP_RETRIES_MAX),
	KNOB("keepalive_probes", conf.keepalive_probes, 1, LTCP_RETRIES_MAX),
	KNOB("keepalive_time", conf.keepalive_time_s, 1, INT_MAX),
	KNOB("keepalive_intvl", conf.keepalive_intvl_s, 1, INT_MAX),
	KNOB("fin_timeout", conf.fin_timeout_s, 0, LTCP_FIN_TIMEOUT_MAX),
	KNOB("timewait_ms", conf.timewait_ms, 0, LTCP_TIMEWAIT_MS_MAX),
	KNOB("timewait_reuse", conf.timewait_reuse, 0, 1),
	KNOB("delack_us", conf.delack_us, 0, LTCP_DELACK_US_MAX),
	KNOB("min_snd_mss", conf.min_snd_mss, 48, U16_MAX),
	KNOB("timestamps", conf.timestamps, 0, 1),
	KNOB("window_scaling", conf.window_scaling, 0, 1),
	KNOB("sack", conf.sack, 0, 1),
	KNOB("dsack", conf.dsack, 0, 1),
	KNOB("tail_probe", conf.tail_probe, 0, 1),
	KNOB("frto", conf.frto, 0, 1),
	KNOB("ecn", conf.ecn, 0, 2),
	KNOB("slow_start_after_idle", conf.slow_start_after_idle, 0, 1),
	KNOB("syncookies", set.syncookies, 0, 2),
	KNOB("syncookies_bare", set.syncookies_bare, 0, 1),
	KNOB("max_orphans", set.max_orphans, 0, INT_MAX),
	KNOB("max_timewait", set.max_timewait, 0, INT_MAX),
	KNOB("max_syn_backlog", set.max_half, 0, INT_MAX),
	KNOB("abort_on_overflow", set.abort_on_overflow, 0, 1),
	KNOB("fastopen", set.fastopen, 0, LTCP_FASTOPEN_BITS),
	KNOB_OF("fastopen_key", sysctl_fastopen_key, LTCP_CONG_NAMES_MAX, 0600),
	KNOB("mtu_probing", conf.mtu_probing, 0, 2),
	KNOB("base_mss", conf.base_mss, 48, U16_MAX),
	KNOB("mtu_probe_floor", conf.mtu_probe_floor, 48, U16_MAX),
	KNOB("probe_threshold", conf.probe_threshold, 1, U16_MAX),
	KNOB("probe_interval", conf.probe_interval_s, 1, INT_MAX),
	KNOB("min_pmtu", set.min_pmtu, 68, U16_MAX),
	KNOB("moderate_rcvbuf", set.moderate_rcvbuf, 0, 1),
	KNOB("early_demux", set.early_demux, 0, 1, .handler = sysctl_early_demux),
	KNOB("autocorking", set.autocorking, 0, 1),
	KNOBS("rmem", set.base_rmem, 3, 1, INT_MAX),
	KNOBS("wmem", set.base_wmem, 3, 1, INT_MAX),
	KNOB_OF("mem", sysctl_mem, sizeof(ltcp_mem), 0644),
	KNOB_OF("congestion_control", sysctl_cong, LTCP_CONG_NAMES_MAX, 0644),
	KNOB_OF("available_congestion_control", sysctl_cong_available, LTCP_CONG_NAMES_MAX, 0444),
	KNOB_OF("allowed_congestion_control", sysctl_cong_allowed, LTCP_CONG_NAMES_MAX, 0644),
};

static const struct ltcp_conf default_conf = {
	.syn_retries = 7,		/* 255 s: MUST-23 asks for 180 s */
	.synack_retries = 5,
	.retries1 = 3,
	.retries2 = 15,
	.orphan_retries = 0,
	.keepalive_probes = 9,
	.keepalive_time_s = 7200,	/* MUST-28 */
	.keepalive_intvl_s = 75,
	.fin_timeout_s = 60,
	.timewait_ms = 60000,
	.timewait_reuse = 1,
	.delack_us = 40000,
	.min_snd_mss = 48,
	.timestamps = 1,
	.window_scaling = 1,
	.sack = 1,
	.dsack = 1,
	.tail_probe = 1,
	.frto = 1,
	.ecn = 2,
	.slow_start_after_idle = 1,
	.mtu_probing = LTCP_MTU_PROBING_OFF,
	.base_mss = 1024,
	.mtu_probe_floor = 48,
	.probe_threshold = 8,
	.probe_interval_s = 600,
};

static const struct ltcp_settings default_set = {
	.syncookies = 1,
	.syncookies_bare = 1,
	.fastopen = LTCP_FASTOPEN_CLIENT,
	.min_pmtu = 552,
	.moderate_rcvbuf = 1,
	.early_demux = 1,
	.autocorking = 1,
	.base_rmem = { 4096, 131072, 6291456 },
	.base_wmem = { 4096, 16384, 4194304 },
};

/* How much a peer can make us keep depends on the machine. */
static void sysctl_defaults(struct ltcp_net *ln)
{
	unsigned long pages = totalram_pages();

	ln->conf = default_conf;
	ln->set = default_set;
	ln->set.max_orphans = clamp(pages / 64, 1024ul, 65536ul);
	ln->set.max_timewait = clamp(pages / 16, 8192ul, 1048576ul);
	ln->set.max_half = clamp(pages / 1024, 128ul, 4096ul);
}

static void sysctl_entry(struct ctl_table *entry, const struct ltcp_knob *knob,
			 struct ltcp_net *ln)
{
	entry->procname = knob->name;
	entry->data = (u8 *)ln + knob->offset;
	entry->maxlen = knob->size;
	entry->mode = knob->mode ? : 0644;
	entry->proc_handler = knob->handler ? : proc_dointvec_minmax;
	entry->extra1 = (void *)&knob->min;
	entry->extra2 = (void *)&knob->max;
	/* Some are the machine's affair, not a namespace's */
	if ((knob->handler == sysctl_cong_allowed || knob->handler == sysctl_mem) &&
	    !net_eq(ln->net, &init_net))
		entry->mode = 0444;
}

/* One more entry, empty: older kernels look for the end of the table. */
static struct ctl_table *sysctl_table(struct ltcp_net *ln)
{
	struct ctl_table *table;
	unsigned int i;

	table = kcalloc(ARRAY_SIZE(knobs) + 1, sizeof(*table), GFP_KERNEL);
	if (!table)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		sysctl_entry(&table[i], &knobs[i], ln);
	return table;
}

int ltcp_sysctl_init(struct ltcp_net *ln)
{
	struct ctl_table *table;

	sysctl_defaults(ln);
	table = sysctl_table(ln);
	if (!table)
		return -ENOMEM;
	ln->sysctl = ltcp_compat_register_sysctl(ln->net, "net/ipv4", table, ARRAY_SIZE(knobs));
	if (!ln->sysctl) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

void ltcp_sysctl_exit(struct ltcp_net *ln)
{
	const struct ctl_table *table = ln->sysctl->ctl_table_arg;

	unregister_net_sysctl_table(ln->sysctl);
	kfree(table);
}
