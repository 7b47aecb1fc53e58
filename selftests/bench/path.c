// SPDX-License-Identifier: GPL-2.0
/* A long way between client and server: see path.h */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "netns.h"
#include "path.h"

/*
 * A round trip of 20 ms. At 100 Mbit/s that is 250 kB, and the queue holds as
 * much again, besides what is being delayed; slower links likewise.
 */
#define DELAY		"delay 10ms"
#define PACKETS(mbit)	((mbit) * 26 / 10)
#define WAY_BACK	DELAY " limit 10000"

static int router = -1;

static void __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	checked(-system(command), command);
}

/* Whole trains of segments would share one fate */
static void no_offload(const char *dev)
{
	run("ethtool -K %s tso off gso off gro off tx-sctp-segmentation off", dev);
}

/* One side's cable to the router: 10.2.SIDE.1, the router has 10.2.SIDE.2 */
static void attach(int side)
{
	char dev[16];

	checked(netns_enter(router), "setns");
	checked(-netns_ip("link add side%d type veth peer name path netns /proc/%d/fd/%d\n"
			  "address add 10.2.%d.2/24 dev side%d\n"
			  "link set side%d up\n",
			  side, getpid(), ends_namespace(side), side, side, side), "the router");
	ends_enter(side);
	checked(-netns_ip("address add 10.2.%d.1/24 dev path\n"
			  "link set path up\n"
			  "route add 10.2.%d.0/24 via 10.2.%d.2\n", side, 1 - side, side), "the path");
	no_offload("path");
	checked(netns_enter(router), "setns");
	snprintf(dev, sizeof(dev), "side%d", side);
	no_offload(dev);
}

static void build_router(void)
{
	router = checked(netns_new(), "a namespace");
	checked(sysctl_set_path("ipv4/ip_forward", "1"), "ip_forward");
	attach(0);
	attach(1);
}

void path_set(const struct path *path)
{
	if (router < 0)
		build_router();
	checked(netns_enter(router), "setns");
	run("tc qdisc replace dev side0 root netem " WAY_BACK);
	run("tc qdisc del dev side1 root 2>/dev/null; true");
	run("tc qdisc add dev side1 root netem " DELAY " rate %dmbit limit %d %s",
	    path->mbit, PACKETS(path->mbit), path->netem ?: "");
	run("tc qdisc del dev side0 clsact 2>/dev/null; true");
	if (path->every)
		run("tc qdisc add dev side0 clsact && tc filter add dev side0 ingress matchall "
		    "action gact pass random determ drop %d", path->every);
	ends_enter(0);
}

union addr path_server(int port)
{
	return addr_parse("10.2.1.1", port);
}
