// SPDX-License-Identifier: GPL-2.0
/*
 * How many of all 2^32 acknowledgment numbers open a connection, for one key,
 * pair of ends, sequence number and time? Documentation/syn-cookies.md says 8 for
 * an ISS alone, the weakest form.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "core/cookie.h"
#include "core/segment.h"

#define THREADS	2

static const struct ltcp_cookie_keys keys = { { { { 1, 2 } }, { { 3, 4 } } } };
static const struct ltcp_tuple tuple = {
	.laddr = { [10] = 0xff, 0xff, 192, 0, 2, 1 },
	.raddr = { [10] = 0xff, 0xff, 198, 51, 100, 7 },
	.lport = 80,
	.rport = 40000,
};

struct share {
	pthread_t thread;
	u32 first;
	unsigned long found;
};

static void *count(void *data)
{
	struct share *share = data;
	struct ltcp_seg seg = { .flags = LTCP_ACK, .seq = 4711 };
	struct ltcp_cookie_options opt;
	u32 i;

	for (i = 0; i < (1ull << 32) / THREADS; i++) {
		seg.ack = share->first + i;
		share->found += ltcp_cookie_check(&opt, &tuple, &keys, &seg, true,
						  1234 * LTCP_COOKIE_PERIOD_US);
	}
	return NULL;
}

static unsigned long count_all(void)
{
	struct share share[THREADS] = {};
	unsigned long found = 0;
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		share[i].first = i * (u32)((1ull << 32) / THREADS);
		pthread_create(&share[i].thread, NULL, count, &share[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(share[i].thread, NULL);
		found += share[i].found;
	}
	return found;
}

int main(void)
{
	unsigned long bare = count_all();

	printf("%s - %lu of 2^32 acknowledgment numbers are accepted, 8 are expected\n",
	       bare == 8 ? "ok 1" : "not ok 1", bare);
	return bare != 8;
}
