// SPDX-License-Identifier: GPL-2.0
/* Programs of a control group that have a say in what its sockets do. */
#include "../kselftest_harness.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "netns.h"
#include "stream.h"
#include "../../tools/btf.h"

STREAM_FIXTURE(hooks);

#define GROUPS	"/tmp/ltcp-cgroup2"

/* "return @verdict" */
static int load(int type, int attach, int verdict)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = type,
		.expected_attach_type = attach,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_SIZE(code),
		.license = (uintptr_t)"GPL",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* A fresh group with this process in it: its descriptor or -1 */
static int enter_group(const char *name)
{
	char path[128], procs[160];
	FILE *f;

	mkdir(GROUPS, 0755);
	mount("none", GROUPS, "cgroup2", 0, NULL);
	snprintf(path, sizeof(path), GROUPS "/%s", name);
	mkdir(path, 0755);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	f = fopen(procs, "we");
	if (!f)
		return -1;
	fprintf(f, "0\n");
	if (fclose(f))
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY);
}

/* A program that refuses everything; -1: the kernel or the machine has no such thing */
static int refuse(const char *name, int type, int attach)
{
	union bpf_attr attr = {
		.target_fd = enter_group(name),
		.attach_bpf_fd = load(type, attach, 0),
		.attach_type = attach,
	};

	if (attr.target_fd == (uint32_t)-1 || attr.attach_bpf_fd == (uint32_t)-1)
		return -1;
	return syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr));
}

#define REFUSE(type, attach)						\
	do {								\
		if (refuse(_metadata->name, type, attach))		\
			SKIP(return, "no control groups or no BPF");	\
	} while (0)

/* The families' programs are different ones; mapped addresses are AF_INET6's */
static int by_family(int inet4, int inet6)
{
	return flavour.family == AF_INET6 ? inet6 : inet4;
}

TEST_F(hooks, socket_is_refused)
{
	REFUSE(BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE);
	EXPECT_ERR(EPERM, stream_socket(0));
}

TEST_F(hooks, bind_is_refused)
{
	REFUSE(BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
	       by_family(BPF_CGROUP_INET4_BIND, BPF_CGROUP_INET6_BIND));
	EXPECT_ERR(EPERM, stream_bind(stream_socket(0), addr_loopback(4000)));
}

/* Another hook, when a port has been found: it is given back */
TEST_F(hooks, bound_port_is_refused)
{
	REFUSE(BPF_PROG_TYPE_CGROUP_SOCK,
	       by_family(BPF_CGROUP_INET4_POST_BIND, BPF_CGROUP_INET6_POST_BIND));
	EXPECT_ERR(EPERM, stream_bind(stream_socket(0), addr_loopback(4000)));
	EXPECT_ERR(EPERM, stream_bind(stream_socket(0), addr_loopback(4000)));
}

TEST_F(hooks, connect_is_refused)
{
	union addr to = addr_loopback(4000);
	int fd;

	ASSERT_OK(stream_listener(to, 1));
	REFUSE(BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
	       by_family(BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT));
	fd = stream_socket(0);	/* it belongs to the group that it is made in */
	EXPECT_ERR(EPERM, stream_connect(fd, to));
	EXPECT_EQ(CLOSED, stream_state(fd));
	EXPECT_ERR(EINVAL, connect(fd, &to.sa, 4));
}

TEST_F_TIMEOUT(hooks, segments_are_refused, 300)
{
	int fd;

	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	REFUSE(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS);
	fd = stream_socket(SOCK_NONBLOCK);
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(0, wait_events(fd, POLLOUT, 500));
	EXPECT_EQ(SYN_SENT, stream_state(fd));
}

TEST_F(hooks, sending_is_refused)
{
	int fd;

	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	REFUSE(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS);
	fd = stream_socket(SOCK_NONBLOCK);
	stream_connect(fd, addr_loopback(4000));
	EXPECT_EQ(0, wait_events(fd, POLLOUT, 500) & ~(POLLERR | POLLHUP | POLLOUT));
	EXPECT_NE(ESTABLISHED, stream_state(fd));
}

/* What a listener answers is sent by it: the SYN-ACK, too */
TEST_F_TIMEOUT(hooks, answering_is_refused, 300)
{
	int fd = stream_socket(SOCK_NONBLOCK);	/* not of the group */

	if (!flavour.ltcp && flavour.family == AF_INET6)
		SKIP(return, "Linux 6.1's does not ask over IPv6");
	REFUSE(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS);
	ASSERT_OK(stream_listener(addr_loopback(4000), 1));
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(0, wait_events(fd, POLLOUT, 500));
	EXPECT_EQ(SYN_SENT, stream_state(fd));
}

TEST_F(hooks, getsockopt_is_refused)
{
	REFUSE(BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT);
	EXPECT_EQ(-EPERM, opt_get(stream_socket(0), SOL_TCP, TCP_NODELAY));
}

TEST_F(hooks, setsockopt_is_refused)
{
	REFUSE(BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT);
	EXPECT_ERR(EPERM, opt_set(stream_socket(0), SOL_TCP, TCP_NODELAY, 1));
}

/*
 * Security modules: one that is a BPF program and refuses everything, for as long
 * as the descriptor is open; -1: the kernel has no such thing
 */
static int refuse_by_module(const char *hook)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -EPERM },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_LSM,
		.expected_attach_type = BPF_LSM_MAC,
		.attach_btf_id = btf_function(hook),
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_SIZE(code),
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr open = {};
	int program = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (program < 0)
		return -1;
	open.raw_tracepoint.prog_fd = program;
	return syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &open, sizeof(open));
}

/* inet_conn_request: nobody is answered who wants a connection, and all are again later */
TEST_F_TIMEOUT(hooks, request_is_refused_by_module, 300)
{
	int listener = stream_listener(addr_loopback(4000), 1), fd = stream_socket(SOCK_NONBLOCK);
	int module = refuse_by_module("bpf_lsm_inet_conn_request");

	if (module < 0)
		SKIP(return, "no security modules by BPF");
	ASSERT_OK(listener);
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	EXPECT_EQ(0, wait_events(fd, POLLOUT, 500));
	EXPECT_EQ(SYN_SENT, stream_state(fd));
	close(module);
	EXPECT_EQ(POLLOUT, wait_events(fd, POLLOUT, 10000));
	EXPECT_EQ(POLLIN, wait_events(listener, POLLIN, 10000));
}

/* Of a peer to whom a cookie is on its way, nothing is known but the cookie */
TEST_F_TIMEOUT(hooks, cookie_is_refused_by_module, 300)
{
	int listener = stream_listener(addr_loopback(4000), 1), fd = stream_socket(SOCK_NONBLOCK);
	const struct netem slow = { .delay_us = 200000 };
	int module;

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(sysctl_set("syncookies", "2"));
	ASSERT_OK(netem_set("lo", &slow));
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_loopback(4000)));
	sleep_ms(300);
	module = refuse_by_module("bpf_lsm_inet_conn_request");
	if (module < 0)
		SKIP(return, "no security modules by BPF");
	EXPECT_EQ(POLLOUT, wait_events(fd, POLLOUT, 500));
	EXPECT_EQ(0, wait_events(listener, POLLIN, 1000));
	close(module);
}

TEST_HARNESS_MAIN
