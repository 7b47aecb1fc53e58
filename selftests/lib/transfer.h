/* SPDX-License-Identifier: GPL-2.0 */
/* A connection that carries pseudo-random octets both ways at once, checked at both ends. */
#ifndef LTCP_SELFTESTS_TRANSFER_H
#define LTCP_SELFTESTS_TRANSFER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "digest.h"

/**
 * struct shape - how a program reads and writes
 * @chunk: octets of a call, at most
 * @random: of calls: from 1 to @chunk octets, else always @chunk
 * @pause: one call in so many is followed by a pause, 0: none
 * @pause_ms: which is that long
 */
struct shape {
	unsigned int chunk;
	bool random;
	unsigned int pause;
	long pause_ms;
};

/**
 * struct flow - one direction of a transfer
 * @from: socket that sends
 * @to: socket that receives
 * @len: octets to carry
 * @seed: of the octets, and of sizes and pauses
 * @writing: how it is written
 * @reading: how it is read
 * @sent: octets that send() took
 * @received: octets that recv() gave
 * @wrong_at: position of the first wrong octet, -1: none
 * @err: errno that ended it, 0: it came to its end
 * @sent_digest: of what was sent
 * @received_digest: of what was received
 * @threads: sender and receiver
 */
struct flow {
	int from;
	int to;
	uint64_t len;
	uint32_t seed;
	struct shape writing;
	struct shape reading;
	uint64_t sent;
	uint64_t received;
	int64_t wrong_at;
	int err;
	struct digest sent_digest;
	struct digest received_digest;
	pthread_t threads[2];
};

void flow_start(struct flow *flow);
void flow_join(struct flow *flow);
/* One flow each way between the two ends, like @like but for a seed of its own */
void flow_start_both(struct flow flow[2], const int sv[2], const struct flow *like);

/* Did all that was sent arrive, and nothing else? Says on stderr what went wrong. */
bool flow_right(const struct flow *flow);

#endif
