// SPDX-License-Identifier: GPL-2.0
/* AF_INET6's sockets: IPv4's but for what the kernel's IPv6 does itself. */
#include <net/inet_common.h>
#include <net/ipv6.h>

#include "compat.h"
#include "family.h"
#include "sock.h"
#include "socket.h"

/* Filled in before the first socket is made */
struct proto ltcp6_prot;
struct proto_ops ltcp6_stream_ops __ro_after_init;

/* Kernels before 6.6 find it from the end. */
static_assert(offsetof(struct ltcp6_sock, inet6) + sizeof(struct ipv6_pinfo) ==
	      sizeof(struct ltcp6_sock));

int ltcp_socket6_init(void)
{
	ltcp6_prot = ltcp_prot;
	strscpy(ltcp6_prot.name, "LTCPv6", sizeof(ltcp6_prot.name));
	ltcp6_prot.obj_size = sizeof(struct ltcp6_sock);
	ltcp6_prot.pre_connect = ltcp_ipv6_pre_connect;
	ltcp_compat_ipv6_pinfo_offset(&ltcp6_prot, offsetof(struct ltcp6_sock, inet6));

	ltcp6_stream_ops = ltcp_stream_ops;
	ltcp6_stream_ops.family = PF_INET6;
	ltcp6_stream_ops.release = inet6_release;
	ltcp6_stream_ops.bind = inet6_bind;
	ltcp6_stream_ops.getname = inet6_getname;
	ltcp6_stream_ops.ioctl = inet6_ioctl;
#ifdef CONFIG_COMPAT
	ltcp6_stream_ops.compat_ioctl = inet6_compat_ioctl;
#endif
	return proto_register(&ltcp6_prot, 1);
}

void ltcp_socket6_exit(void)
{
	proto_unregister(&ltcp6_prot);
}
