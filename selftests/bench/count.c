// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's that counts instructions by where they lie, for
 * 'scripts/bench --profile'. meter.c marks what is to be counted by no-operations
 * with a displacement that says to whose account; profile.py makes functions of
 * addresses.
 *
 * Argument: out=FILE. A line there: account, address of a block of
 * instructions, instructions executed in it, times that it was entered.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

EXPORT int qemu_plugin_version = 1;

/* --- blocks --------------------------------------------------------------------- */

/* Account 0 is what is not counted */
#define ACCOUNTS	4
#define BUCKETS		65536

/**
 * struct block - instructions that run one after the other
 * @next: in the same bucket
 * @vaddr: of the first
 * @len: how many
 * @entered: how often since the last mark; generated code adds to it
 * @sum: the same by account, up to the last mark
 */
struct block {
	struct block *next;
	uint64_t vaddr;
	uint64_t len;
	uint64_t entered;
	uint64_t sum[ACCOUNTS];
};

static struct block *blocks[BUCKETS];
static unsigned int account;
static const char *out;

static struct block *block_get(uint64_t vaddr, uint64_t len)
{
	struct block **bucket = &blocks[(vaddr ^ vaddr >> 16) % BUCKETS];
	struct block *b;

	for (b = *bucket; b; b = b->next)
		if (b->vaddr == vaddr && b->len == len)
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->next = *bucket;
	b->vaddr = vaddr;
	b->len = len;
	*bucket = b;
	return b;
}

/* What ran since the last mark belongs to the account of that mark */
static void settle(void)
{
	struct block *b;
	int i;

	for (i = 0; i < BUCKETS; i++)
		for (b = blocks[i]; b; b = b->next) {
			b->sum[account] += b->entered;
			b->entered = 0;
		}
}

static void on_mark(unsigned int vcpu, void *data)
{
	settle();
	account = (uintptr_t)data;
}

/* nopl 0x4c5443NN(%rax): the account's number, or -1 */
static int mark_of(const struct qemu_plugin_insn *insn)
{
	static const uint8_t mark[] = { 0x0f, 0x1f, 0x80 };
	const uint8_t *code = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != 7 || memcmp(code, mark, sizeof(mark)) ||
	    memcmp(code + 4, "CTL", 3) || code[3] >= ACCOUNTS)
		return -1;
	return code[3];
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct block *b = block_get(qemu_plugin_tb_vaddr(tb), n);

	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &b->entered, 1);
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		int mark = mark_of(insn);

		if (mark >= 0)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, CB_NO_REGS,
							       (void *)(uintptr_t)mark);
	}
}

static void on_exit_write(qemu_plugin_id_t id, void *data)
{
	FILE *file = fopen(out, "w");
	struct block *b;
	int i, a;

	if (!file) {
		perror(out);
		return;
	}
	settle();
	for (i = 0; i < BUCKETS; i++)
		for (b = blocks[i]; b; b = b->next)
			for (a = 1; a < ACCOUNTS; a++)
				if (b->sum[a])
					fprintf(file, "%d %llx %llu %llu\n", a,
						(unsigned long long)b->vaddr,
						(unsigned long long)(b->sum[a] * b->len),
						(unsigned long long)b->sum[a]);
	fclose(file);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "count: the argument is out=FILE\n");
		return -1;
	}
	out = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_write, NULL);
	return 0;
}
