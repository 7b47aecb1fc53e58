/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/net/ltcp in the form of /proc/net/tcp, and /proc/net/ltcp_stat */
#ifndef LTCP_PROC_H
#define LTCP_PROC_H

struct ltcp_net;

int ltcp_proc_init(struct ltcp_net *ln);
void ltcp_proc_exit(struct ltcp_net *ln);

#endif
