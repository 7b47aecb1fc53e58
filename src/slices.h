/* SPDX-License-Identifier: GPL-2.0 */
/* Slices of a burst: a packet for each segment, with the burst's headers and its text's part */
#ifndef LTCP_SLICES_H
#define LTCP_SLICES_H

#include <linux/skbuff.h>

/**
 * ltcp_slices() - slice a burst
 * @burst: a packet of many segments, gso_size octets of text each; its data begins
 *	with the text, headers are in front of it. It is the caller's, and no longer to be sent.
 * @features: what the device can do
 *
 * Each slice has the headers as they are, to be finished by those whose they are. The
 * last one answers for the memory of all to the socket that @burst was accounted to.
 *
 * Return: a list, its first ->prev is the last; or -errno
 */
struct sk_buff *ltcp_slices(struct sk_buff *burst, netdev_features_t features);

#endif
