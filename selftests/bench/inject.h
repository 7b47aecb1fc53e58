/* SPDX-License-Identifier: GPL-2.0 */
/* Segments from nowhere: frames that are put on the client's end of the cable. */
#ifndef LTCP_BENCH_INJECT_H
#define LTCP_BENCH_INJECT_H

#include "load.h"

enum injection {
	INJECT_NOTHING,		/* a frame that no protocol takes: what the link costs */
	INJECT_SYN,		/* with the options that everybody sends */
	INJECT_ACK,		/* of something that was never sent */
};

struct injector;

/* What the server answers crosses the cable and is dropped */
struct injector *inject_open(enum subject s);
void inject_close(struct injector *in);

/**
 * inject() - send segments to the server, each from another address and port
 * @in: from inject_open()
 * @what: which kind
 * @port: the server's
 * @count: how many
 *
 * Return: instructions for each, without making it
 */
double inject(struct injector *in, enum injection what, int port, long count);

/* So many a second, evenly; after a second the same come again */
void inject_steadily(struct injector *in, enum injection what, int port, long a_second,
		     int seconds);

#endif
