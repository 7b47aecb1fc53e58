/* SPDX-License-Identifier: GPL-2.0 */
/* Settings of a network namespace: net.ipv4.ltcp_* */
#ifndef LTCP_SYSCTL_H
#define LTCP_SYSCTL_H

struct ltcp_net;

/**
 * ltcp_sysctl_init() - set the defaults, offer the settings
 * @ln: namespace
 *
 * Return: 0 or -ENOMEM
 */
int ltcp_sysctl_init(struct ltcp_net *ln);
void ltcp_sysctl_exit(struct ltcp_net *ln);

#endif
