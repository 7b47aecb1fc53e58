/* SPDX-License-Identifier: GPL-2.0 */
/* What security modules are asked of passive connections, and told. */
#ifndef LTCP_LSM_H
#define LTCP_LSM_H

#include "family.h"

/**
 * ltcp_lsm_admits() - may a peer open a connection?
 * @sk: listener
 * @family: of the connection
 * @skb: the SYN, or the ACK that echoes a cookie
 * @reply: both ends and the mark count
 *
 * Return: false: the segment is to be dropped
 */
bool ltcp_lsm_admits(const struct sock *sk, const struct ltcp_family *family,
		     struct sk_buff *skb, const struct ltcp_reply *reply);

/**
 * ltcp_lsm_opened() - it did: whose it is may be read from the segment
 * @child: its socket, locked
 * @skb: the segment that has made it a connection
 *
 * Built-in protocols hand on the label that @ltcp_lsm_admits' hook has chosen, by one
 * that modules cannot call; this one has the peer's label read again.
 */
void ltcp_lsm_opened(struct sock *child, struct sk_buff *skb);

#endif
