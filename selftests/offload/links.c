// SPDX-License-Identifier: GPL-2.0
/*
 * Links that can more or less: veth with its features on and off, a bridge, a
 * router to a link with a smaller MTU. Text goes both ways at once and is
 * compared by digest; a tap at the end says in what packets it came.
 */
#include "../kselftest_harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "netns.h"
#include "stream.h"
#include "transfer.h"

#define PORT	4000
#define LEN	(4 << 20)

/* How packets come out of the far end of the link */
enum packets {
	WHOLE,		/* bursts */
	CUT,		/* nothing larger than the MTU */
	MERGED,		/* cut on the way, merged at its end */
};

FIXTURE(links) {
	struct netns_pair net;
	int between;
};

FIXTURE_VARIANT(links) {
	bool v6;
	bool mapped;
	const char *sender;	/* ethtool -K of either end */
	const char *receiver;
	enum packets packets;
	int mtu;		/* of the link behind a router, 0: no router */
	bool bridge;
	const char *port;	/* ethtool -K of the bridge's ports */
	bool black_hole;	/* the router's ICMP messages are not heard */
};

FIXTURE_VARIANT_ADD(links, veth) {
	.packets = WHOLE,
};

/* The one feature that says: bursts may pass whole */
FIXTURE_VARIANT_ADD(links, veth_without_sctp_segmentation) {
	.sender = "tx-sctp-segmentation off",
	.packets = CUT,
};

FIXTURE_VARIANT_ADD(links, veth_without_gso) {
	.sender = "gso off tso off",
	.packets = CUT,
};

FIXTURE_VARIANT_ADD(links, veth_without_checksums) {
	.sender = "tx off",
	.packets = CUT,
};

FIXTURE_VARIANT_ADD(links, veth_without_scatter) {
	.sender = "sg off",
	.packets = CUT,
};

/* veth merges only what comes from a sender without TSO */
FIXTURE_VARIANT_ADD(links, veth_gro) {
	.sender = "tso off tx-sctp-segmentation off",
	.receiver = "gro on",
	.packets = MERGED,
};

FIXTURE_VARIANT_ADD(links, veth_gro_checksums) {
	.sender = "tx off",
	.receiver = "gro on",
	.packets = MERGED,
};

/* IPv4's bursts from sockets of IPv6 */
FIXTURE_VARIANT_ADD(links, veth_mapped) {
	.v6 = true,
	.mapped = true,
	.packets = WHOLE,
};

FIXTURE_VARIANT_ADD(links, veth_v6) {
	.v6 = true,
	.packets = WHOLE,
};

FIXTURE_VARIANT_ADD(links, veth_v6_without_sctp_segmentation) {
	.v6 = true,
	.sender = "tx-sctp-segmentation off",
	.packets = CUT,
};

FIXTURE_VARIANT_ADD(links, veth_v6_without_checksums) {
	.v6 = true,
	.sender = "tx off",
	.packets = CUT,
};

FIXTURE_VARIANT_ADD(links, veth_v6_gro) {
	.v6 = true,
	.sender = "tso off tx-sctp-segmentation off",
	.receiver = "gro on",
	.packets = MERGED,
};

FIXTURE_VARIANT_ADD(links, bridge) {
	.bridge = true,
	.packets = WHOLE,
};

/* What the first link passed whole, the bridge's port has to cut */
FIXTURE_VARIANT_ADD(links, bridge_port_without_offload) {
	.bridge = true,
	.port = "tx off",
	.packets = CUT,
};

FIXTURE_VARIANT_ADD(links, router) {
	.mtu = 1500,
	.packets = WHOLE,
};

/* Bursts are of the right segments once the path is known */
FIXTURE_VARIANT_ADD(links, router_smaller_mtu) {
	.mtu = 1280,
	.packets = WHOLE,
};

FIXTURE_VARIANT_ADD(links, router_smaller_mtu_without_offload) {
	.mtu = 1280,
	.port = "tx off",
	.packets = CUT,
};

/* RFC 4821: what the path carries is found by probes, bursts follow */
FIXTURE_VARIANT_ADD(links, router_black_hole) {
	.mtu = 900,
	.packets = WHOLE,
	.black_hole = true,
};

static int features(const char *dev, const char *what)
{
	char command[200];

	if (!what)
		return 0;
	snprintf(command, sizeof(command), "ethtool -K %s %s >/dev/null 2>&1", dev, what);
	return system(command);
}

/* Two ends in namespaces of their own, their other ends, left and right, in a third */
static int through_third(FIXTURE_DATA(links) *self)
{
	self->net.ns[0] = netns_new();
	self->net.ns[1] = netns_new();
	self->between = netns_new();
	return netns_ip("link add left type veth peer name eth0 netns /proc/%d/fd/%d\n"
			"link add right type veth peer name eth0 netns /proc/%d/fd/%d\n",
			getpid(), self->net.ns[0], getpid(), self->net.ns[1]);
}

static int bridged(FIXTURE_DATA(links) *self, const char *port)
{
	if (through_third(self) || features("left", port) || features("right", port) ||
	    netns_ip("link add bridge type bridge\n"
		     "link set left master bridge up\n"
		     "link set right master bridge up\n"
		     "link set bridge up\n"))
		return -1;
	for (int i = 0; i < 2; i++) {
		netns_enter(self->net.ns[i]);
		if (netns_ip("address add 10.0.0.%d/24 dev eth0\n"
			     "link set eth0 up\n", i + 1))
			return -1;
	}
	return 0;
}

/* 10.0.0.1 - 10.0.1.1. The far end offers an MSS that is too large for its link. */
static int routed(FIXTURE_DATA(links) *self, int mtu, const char *port)
{
	if (through_third(self) || features("left", port) || features("right", port) ||
	    sysctl_set_path("ipv4/ip_forward", "1") ||
	    netns_ip("address add 10.0.0.254/24 dev left\n"
		     "address add 10.0.1.254/24 dev right\n"
		     "link set right mtu %d\n"
		     "link set left up\n"
		     "link set right up\n", mtu))
		return -1;
	for (int i = 0; i < 2; i++) {
		netns_enter(self->net.ns[i]);
		if (netns_ip("address add 10.0.%d.%d/24 dev eth0\n"
			     "link set eth0 mtu %d up\n"
			     "route add default via 10.0.%d.254 advmss 1460\n",
			     i, 1, i ? mtu : 1500, i))
			return -1;
	}
	return 0;
}

FIXTURE_SETUP(links)
{
	const struct flavour f = {
		.ltcp = !getenv("OFFLOAD_TCP"),
		.family = variant->v6 ? AF_INET6 : AF_INET,
		.mapped = variant->mapped,
	};

	ASSERT_STREQ("", stream_begin(&f));
	self->between = -1;
	ASSERT_OK(variant->bridge ? bridged(self, variant->port) :
		  variant->mtu ? routed(self, variant->mtu, variant->port) :
		  netns_pair(&self->net));
	for (int i = 0; i < 2; i++) {
		netns_enter(self->net.ns[i]);
		ASSERT_EQ(0, features("eth0", variant->sender));
		ASSERT_EQ(0, features("eth0", variant->receiver));
	}
}

FIXTURE_TEARDOWN(links)
{
	netns_pair_close(&self->net);
	close(self->between);
}

/* Open connections go on with DF set, but nobody takes "fragmentation needed" in */
static int close_ears(FIXTURE_DATA(links) *self)
{
	netns_enter(self->net.ns[0]);
	return sysctl_set_path("ipv4/ltcp_mtu_probing", "1") ||
	       sysctl_set_path("ipv4/ip_no_pmtu_disc", "2");
}

static union addr far_end(bool routed, int port)
{
	return routed ? addr_parse("10.0.1.1", port) : addr_host(2, port);
}

/* What has come in since the last look */
struct seen {
	int largest;
	int packets;
	long octets;
};

static void look(int tap, struct seen *seen)
{
	struct packet p;

	while (tap_next(tap, &p, 0)) {
		if (p.out)
			continue;
		seen->packets++;
		seen->octets += p.len;
		if (p.ip_len > seen->largest)
			seen->largest = p.ip_len;
	}
}

TEST_F(links, both_ways)
{
	union addr to = far_end(variant->mtu, PORT);
	int listener, tap, sv[2], mtu = variant->mtu ?: 1500;
	struct seen seen = {};
	struct flow flow[2];

	netns_enter(self->net.ns[1]);
	listener = stream_listener(to, 1);
	ASSERT_LE(0, listener);
	tap = tap_open("eth0");
	ASSERT_LE(0, tap);
	netns_enter(self->net.ns[0]);
	ASSERT_OK(stream_pair_at(sv, listener, to));
	if (variant->black_hole)
		ASSERT_OK(close_ears(self));
	flow_start_both(flow, sv, &(struct flow) {
		.len = LEN,
		.seed = 1,
		.writing = { .chunk = 100000, .random = true },
		.reading = { .chunk = 200000 },
	});
	while (flow[0].received < LEN || flow[1].received < LEN) {
		look(tap, &seen);
		sleep_ms(1);
		if (flow[0].err || flow[1].err)
			break;
	}
	for (int i = 0; i < 2; i++) {
		flow_join(&flow[i]);
		EXPECT_TRUE(flow_right(&flow[i]));
	}
	look(tap, &seen);
	if (variant->black_hole) {
		struct tcp_info info;

		ASSERT_OK(stream_info(sv[0], &info));
		EXPECT_GE(mtu - 52, info.tcpi_snd_mss);
		EXPECT_LT(mtu - 52 - 8, info.tcpi_snd_mss);
	}
	printf("# %d packets, %ld octets, the largest of %d\n", seen.packets, seen.octets,
	       seen.largest);
	fflush(stdout);
	EXPECT_LE(variant->packets == CUT ? mtu : 8000, seen.largest);
	EXPECT_GE(variant->packets == CUT ? mtu : 65535, seen.largest);
	close(tap);
	close(listener);
	stream_close_pair(sv);
}

TEST_HARNESS_MAIN
