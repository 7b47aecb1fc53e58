/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A digest of 128 bits that costs little, as millions of octets go through it
 * in an emulated machine: two lanes of multiplications and rotations. Each
 * step is a bijection of the state, so no change of an octet goes unseen but
 * by another that happens to undo it, in both lanes. It resists no attacker.
 */
#ifndef LTCP_SELFTESTS_DIGEST_H
#define LTCP_SELFTESTS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct digest - a digest in the making
 * @lane: state
 * @total: octets taken so far
 * @rest: those that do not fill a word yet
 */
struct digest {
	uint64_t lane[2];
	uint64_t total;
	uint8_t rest[8];
};

void digest_init(struct digest *d);
void digest_update(struct digest *d, const void *data, size_t len);
/* Of finished digests: all octets, their order and number agree */
void digest_final(struct digest *d);
bool digest_equal(const struct digest *a, const struct digest *b);

#endif
