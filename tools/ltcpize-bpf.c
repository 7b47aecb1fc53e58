// SPDX-License-Identifier: GPL-2.0
/*
 * What 'tools/ltcpize --bpf' runs: ltcpize-bpf PROTOCOL COMMAND [ARG...]
 *
 * Since 6.6 the kernel asks BPF programs in update_socket_protocol() what
 * protocol socket() shall have. The one here answers for processes of one
 * control group, in which COMMAND is started; children are in it, too. So it
 * works for programs that make their system calls themselves. A keeper outside
 * of the group holds the hook until the group's last process is gone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/in.h>

#include "btf.h"

#define HOOK		"update_socket_protocol"

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	fputs("ltcpize: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(125);
}

static int find_hook(void)
{
	int id = btf_function(HOOK);

	if (id < 0)
		die("%s cannot be read, and so no hook found (%s): do without --bpf", BTF_KERNEL,
		    strerror(errno));
	if (!id)
		die("this kernel has no hook %s (6.6 and later have): do without --bpf", HOOK);
	return id;
}

/* --- the program ----------------------------------------------------------- */

static int bpf_call(int cmd, union bpf_attr *attr)
{
	int fd = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	if (fd < 0 && (errno == EPERM || errno == EACCES))
		die("--bpf is for root: %s", strerror(errno));
	return fd;
}

/* A map whose only entry is the group */
static int make_map(int group)
{
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_CGROUP_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(uint32_t),
		.max_entries = 1,
	};
	uint32_t key = 0, value = group;
	union bpf_attr put = {
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};
	int map = bpf_call(BPF_MAP_CREATE, &create);

	put.map_fd = map;
	if (map < 0 || bpf_call(BPF_MAP_UPDATE_ELEM, &put) < 0)
		die("BPF's map of control groups: %s", strerror(errno));
	return map;
}

#define INSN(c, d, s, o, i)						\
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
/* The hook's arguments are 64 bits wide each; what counts are the lower 32 */
#define LOAD_ARG(d, n)		INSN(BPF_LDX | BPF_MEM | BPF_DW, d, BPF_REG_6, (n) * 8, 0)
#define JUMP(op, d, i, o)	INSN(BPF_JMP32 | (op) | BPF_K, d, 0, o, i)
#define SET(d, i)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define EXIT			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/*
 * Is it what TCP would serve, and the process in the group? What is not 0
 * becomes the protocol, with 0 it stays what it is. Flags of the type do not
 * matter.
 */
static int load_program(int hook, int map, int protocol)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
		LOAD_ARG(BPF_REG_2, 0),
		JUMP(BPF_JEQ, BPF_REG_2, AF_INET, 1),
		JUMP(BPF_JNE, BPF_REG_2, AF_INET6, 13),
		LOAD_ARG(BPF_REG_2, 1),
		INSN(BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xf),
		JUMP(BPF_JNE, BPF_REG_2, SOCK_STREAM, 10),
		LOAD_ARG(BPF_REG_2, 2),
		JUMP(BPF_JEQ, BPF_REG_2, 0, 1),
		JUMP(BPF_JNE, BPF_REG_2, IPPROTO_TCP, 7),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		SET(BPF_REG_2, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_current_task_under_cgroup),
		JUMP(BPF_JNE, BPF_REG_0, 1, 2),
		SET(BPF_REG_0, protocol),
		EXIT,
		SET(BPF_REG_0, 0),
		EXIT,
	};
	static char log[65536];
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_MODIFY_RETURN,
		.attach_btf_id = hook,
		.insns = (uintptr_t)insns,
		.insn_cnt = sizeof(insns) / sizeof(insns[0]),
		.license = (uintptr_t)"GPL",
		.prog_name = "ltcpize",
		.log_level = 1,
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
	};
	int program = bpf_call(BPF_PROG_LOAD, &load);

	if (program < 0)
		die("the kernel refuses the BPF program: %s\n%s", strerror(errno), log);
	return program;
}

/* It is there as long as a descriptor of it: this process's and the keeper's */
static void set_hook(int hook, int group, int protocol)
{
	int program = load_program(hook, make_map(group), protocol);
	union bpf_attr open = { .raw_tracepoint.prog_fd = program };
	int link = bpf_call(BPF_RAW_TRACEPOINT_OPEN, &open);

	if (link < 0)
		die("the BPF program cannot be attached: %s%s", strerror(errno),
		    errno == E2BIG ? " (there may be 38 of them)" : "");
	/* The command gets none */
	fcntl(link, F_SETFD, FD_CLOEXEC);
}

/* --- the control group ----------------------------------------------------- */

struct group {
	int root;
	char name[4096];
	int fd;
};

/* A mount of our own that nobody else sees: /sys may hold none (ip netns exec) */
static int mount_groups(void)
{
	int fs = fsopen("cgroup2", FSOPEN_CLOEXEC), root;

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		die("--bpf needs control groups, and to be root: %s", strerror(errno));
	root = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (root < 0)
		die("control groups cannot be mounted: %s", strerror(errno));
	close(fs);
	return root;
}

/* The place of this process in the hierarchy: "" at its root, or "x/y/" */
static void find_place(char *place, size_t size)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[2048];

	*place = 0;
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "0::/", 4) && line[4])
			snprintf(place, size, "%s/", line + 4);
	}
	if (f)
		fclose(f);
}

/* Below the one that this process is in, so that its limits stay in force */
static void make_group(struct group *g)
{
	char place[2048];

	g->root = mount_groups();
	find_place(place, sizeof(place));
	snprintf(g->name, sizeof(g->name), "%sltcpize-%d", place, getpid());
	if (mkdirat(g->root, g->name, 0755) && errno != EEXIST)
		die("the control group %s cannot be made: %s", g->name, strerror(errno));
	g->fd = openat(g->root, g->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->fd < 0)
		die("the control group %s cannot be opened: %s", g->name, strerror(errno));
}

/* If nothing came of it, or at the end: one with processes in it stays */
static void remove_group(const struct group *g)
{
	unlinkat(g->root, g->name, AT_REMOVEDIR);
}

static void join_group(const struct group *g)
{
	int fd = openat(g->fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		die("the control group %s cannot be joined: %s", g->name, strerror(errno));
	close(fd);
}

/* --- the keeper ------------------------------------------------------------ */

static bool has_processes(int events)
{
	char text[256] = "";

	if (pread(events, text, sizeof(text) - 1, 0) <= 0)
		return false;
	return strstr(text, "populated 1");
}

/* Holds the hook while there are processes in the group */
static void keep(const struct group *g, int started)
{
	int events = openat(g->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd p = { .fd = events, .events = POLLPRI };
	char octet;

	while (read(started, &octet, 1) < 0 && errno == EINTR)
		;
	while (has_processes(events))
		poll(&p, 1, -1);
	remove_group(g);
}

/* Not a child of the command, nor in its way when it waits for the end of a pipe */
static void detach(void)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	if (chdir("/"))
		return;
}

/* Forked twice: the command shall not find a child that it does not know */
static void start_keeper(const struct group *g, const int started[2])
{
	pid_t child = fork();

	if (child < 0)
		die("fork: %s", strerror(errno));
	if (child) {
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		return;
	}
	if (fork())
		_exit(0);
	close(started[1]);
	detach();
	keep(g, started[0]);
	_exit(0);
}

static struct group group;

static void give_up(void)
{
	remove_group(&group);
}

int main(int argc, char **argv)
{
	int started[2], hook;

	if (argc < 3)
		die("usage: ltcpize-bpf PROTOCOL COMMAND [ARG...]");
	hook = find_hook();
	if (pipe2(started, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	make_group(&group);
	atexit(give_up);
	set_hook(hook, group.fd, atoi(argv[1]));
	start_keeper(&group, started);
	join_group(&group);
	execvp(argv[2], argv + 2);
	die("%s: %s", argv[2], strerror(errno));
}
