/* SPDX-License-Identifier: GPL-2.0 */
/* A long way between client and server: a router with a slow link, delay and loss. */
#ifndef LTCP_BENCH_PATH_H
#define LTCP_BENCH_PATH_H

#include "load.h"

/**
 * struct path - what happens to packets from the client to the server
 * @mbit: the bottleneck, Mbit/s
 * @netem: arguments of tc-netem(8) besides rate, delay and limit; NULL: none
 * @every: each so manieth is lost; 0: none
 */
struct path {
	int mbit;
	const char *netem;
	int every;
};

/* Make the router be like that, and all queues new */
void path_set(const struct path *path);
/* The server's address by way of the router */
union addr path_server(int port);

#endif
