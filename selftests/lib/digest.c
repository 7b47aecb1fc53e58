// SPDX-License-Identifier: GPL-2.0
/* A digest of 128 bits: see digest.h */
#include <string.h>

#include "digest.h"

static uint64_t rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void take_word(struct digest *d, uint64_t word)
{
	d->lane[0] = rotate(d->lane[0] ^ word * 0x9e3779b185ebca87ull, 31) * 0xc2b2ae3d27d4eb4full;
	d->lane[1] = rotate(d->lane[1] + word, 27) * 0x165667b19e3779f9ull;
}

void digest_init(struct digest *d)
{
	memset(d, 0, sizeof(*d));
	d->lane[0] = 0x27d4eb2f165667c5ull;
	d->lane[1] = 0x85ebca77c2b2ae63ull;
}

void digest_update(struct digest *d, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t word;

	while (len && (d->total % 8 || len < 8)) {
		d->rest[d->total++ % 8] = *p++;
		len--;
		if (d->total % 8)
			continue;
		memcpy(&word, d->rest, 8);
		take_word(d, word);
	}
	for (; len >= 8; len -= 8, p += 8, d->total += 8) {
		memcpy(&word, p, 8);
		take_word(d, word);
	}
	if (len)
		digest_update(d, p, len);
}

void digest_final(struct digest *d)
{
	uint64_t total = d->total;
	static const uint8_t end[8] = { 0x80 };

	digest_update(d, end, 8 - total % 8);
	take_word(d, total);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return a->lane[0] == b->lane[0] && a->lane[1] == b->lane[1];
}
