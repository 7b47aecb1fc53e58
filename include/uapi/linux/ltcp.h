/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* LTCP for user programs: socket(AF_INET or AF_INET6, SOCK_STREAM, IPPROTO_LTCP) */
#ifndef _UAPI_LINUX_LTCP_H
#define _UAPI_LINUX_LTCP_H

/*
 * The default protocol number, "for experimentation and testing" (RFC 3692).
 * The one in force is in /sys/module/ltcp/parameters/protocol.
 */
#define IPPROTO_LTCP	253

#endif
