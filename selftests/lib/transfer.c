// SPDX-License-Identifier: GPL-2.0
/* A connection that carries pseudo-random octets both ways at once: see transfer.h */
#include <stdio.h>

#include "stream.h"
#include "transfer.h"

#define ROOM	(256 * 1024)

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static size_t next_size(const struct shape *shape, uint64_t *random)
{
	return shape->random ? 1 + next_random(random) % shape->chunk : shape->chunk;
}

static void maybe_pause(const struct shape *shape, uint64_t *random)
{
	if (shape->pause && next_random(random) % shape->pause == 0)
		sleep_ms(shape->pause_ms);
}

static void *flow_send(void *arg)
{
	static __thread uint8_t buf[ROOM];
	struct flow *flow = arg;
	uint64_t random = flow->seed;

	digest_init(&flow->sent_digest);
	while (flow->sent < flow->len) {
		size_t n = next_size(&flow->writing, &random);
		ssize_t took;

		if (n > flow->len - flow->sent)
			n = flow->len - flow->sent;
		pattern_fill(buf, n, flow->seed, flow->sent);
		took = send(flow->from, buf, n, MSG_NOSIGNAL);
		if (took < 0) {
			flow->err = errno;
			break;
		}
		digest_update(&flow->sent_digest, buf, took);
		flow->sent += took;
		maybe_pause(&flow->writing, &random);
	}
	digest_final(&flow->sent_digest);
	shutdown(flow->from, SHUT_WR);
	return NULL;
}

static void *flow_receive(void *arg)
{
	static __thread uint8_t buf[ROOM];
	struct flow *flow = arg;
	uint64_t random = flow->seed + 1;
	ssize_t n;

	digest_init(&flow->received_digest);
	while ((n = recv(flow->to, buf, next_size(&flow->reading, &random), 0)) > 0) {
		long wrong = pattern_check(buf, n, flow->seed, flow->received);

		if (wrong >= 0 && flow->wrong_at < 0)
			flow->wrong_at = flow->received + wrong;
		digest_update(&flow->received_digest, buf, n);
		flow->received += n;
		maybe_pause(&flow->reading, &random);
	}
	if (n < 0)
		flow->err = errno;
	digest_final(&flow->received_digest);
	return NULL;
}

void flow_start(struct flow *flow)
{
	flow->sent = 0;
	flow->received = 0;
	flow->err = 0;
	flow->wrong_at = -1;
	pthread_create(&flow->threads[0], NULL, flow_send, flow);
	pthread_create(&flow->threads[1], NULL, flow_receive, flow);
}

void flow_start_both(struct flow flow[2], const int sv[2], const struct flow *like)
{
	for (int i = 0; i < 2; i++) {
		flow[i] = *like;
		flow[i].from = sv[i];
		flow[i].to = sv[!i];
		flow[i].seed = like->seed + i;
		flow_start(&flow[i]);
	}
}

void flow_join(struct flow *flow)
{
	pthread_join(flow->threads[0], NULL);
	pthread_join(flow->threads[1], NULL);
}

bool flow_right(const struct flow *flow)
{
	bool same = digest_equal(&flow->sent_digest, &flow->received_digest);

	if (!flow->err && same && flow->received == flow->len && flow->wrong_at < 0)
		return true;
	fprintf(stderr, "# %llu of %llu octets arrived, %s, %s",
		(unsigned long long)flow->received, (unsigned long long)flow->len,
		same ? "digests agree" : "digests differ", err_name(flow->err));
	if (flow->wrong_at >= 0)
		fprintf(stderr, ", the first wrong one at %lld", (long long)flow->wrong_at);
	fprintf(stderr, "\n");
	return false;
}
