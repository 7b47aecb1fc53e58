// SPDX-License-Identifier: GPL-2.0
/* Which IP protocol number LTCP may go by. */
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>

#include <linux/ltcp.h>

#include "net.h"

int ltcp_protocol __read_mostly = IPPROTO_LTCP;
module_param_named(protocol, ltcp_protocol, int, 0444);
MODULE_PARM_DESC(protocol, "IP protocol number (253)");

/* Numbers that mean something else, whether or not that is loaded now */
static const struct {
	u8 number;
	const char *what;
} taken[] = {
	{ 0, "IPv6 hop-by-hop options" },
	{ IPPROTO_ICMP, "ICMP" },
	{ IPPROTO_IGMP, "IGMP" },
	{ IPPROTO_IPIP, "IP in IP" },
	{ IPPROTO_TCP, "TCP" },
	{ IPPROTO_EGP, "EGP" },
	{ IPPROTO_UDP, "UDP" },
	{ IPPROTO_DCCP, "DCCP" },
	{ IPPROTO_IPV6, "IPv6 in IP" },
	{ 43, "IPv6 routing header" },
	{ 44, "IPv6 fragment header" },
	{ IPPROTO_RSVP, "RSVP" },
	{ IPPROTO_GRE, "GRE" },
	{ IPPROTO_ESP, "ESP" },
	{ IPPROTO_AH, "AH" },
	{ 58, "ICMPv6" },
	{ 59, "IPv6 no next header" },
	{ 60, "IPv6 destination options" },
	{ IPPROTO_BEETPH, "BEET" },
	{ IPPROTO_ENCAP, "encapsulation" },
	{ IPPROTO_PIM, "PIM" },
	{ IPPROTO_COMP, "IP compression" },
	{ IPPROTO_L2TP, "L2TP" },
	{ IPPROTO_SCTP, "SCTP" },
	{ 135, "IPv6 mobility header" },
	{ IPPROTO_UDPLITE, "UDP-Lite" },
	{ IPPROTO_MPLS, "MPLS in IP" },
	{ 139, "HIP" },
	{ 140, "SHIM6" },
	{ 143, "Ethernet in IP" },
	{ 144, "IPsec AGGFRAG" },
	{ 255, "raw sockets" },
};

int ltcp_protocol_check(void)
{
	unsigned int i;

	if (ltcp_protocol < 0 || ltcp_protocol > 255) {
		pr_err("ltcp: protocol=%d: an IP protocol number is 1 to 254\n", ltcp_protocol);
		return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		if (taken[i].number != ltcp_protocol)
			continue;
		pr_err("ltcp: protocol=%d is %s: choose another, 253 and 254 are for experiments\n",
		       ltcp_protocol, taken[i].what);
		return -EBUSY;
	}
	return 0;
}
