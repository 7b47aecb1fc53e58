/* SPDX-License-Identifier: GPL-2.0 */
/* SipHash-2-4 (Aumasson and Bernstein 2012) behind the kernel's interface. */
#ifndef LTCP_SHIM_SIPHASH_H
#define LTCP_SHIM_SIPHASH_H

#include <linux/types.h>

typedef struct {
	u64 key[2];
} siphash_key_t;

struct siphash_state {
	u64 v0;
	u64 v1;
	u64 v2;
	u64 v3;
};

static inline u64 siphash_rotl(u64 x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static inline void siphash_rounds(struct siphash_state *s, unsigned int n)
{
	while (n--) {
		s->v0 += s->v1;
		s->v1 = siphash_rotl(s->v1, 13) ^ s->v0;
		s->v0 = siphash_rotl(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = siphash_rotl(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = siphash_rotl(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = siphash_rotl(s->v1, 17) ^ s->v2;
		s->v2 = siphash_rotl(s->v2, 32);
	}
}

static inline void siphash_word(struct siphash_state *s, u64 m)
{
	s->v3 ^= m;
	siphash_rounds(s, 2);
	s->v0 ^= m;
}

/* @n octets, least significant first, wherever they lie */
static inline u64 siphash_load(const u8 *p, size_t n)
{
	u64 word = 0;

	while (n--)
		word = word << 8 | p[n];
	return word;
}

static inline u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	struct siphash_state s = {
		key->key[0] ^ 0x736f6d6570736575ull, key->key[1] ^ 0x646f72616e646f6dull,
		key->key[0] ^ 0x6c7967656e657261ull, key->key[1] ^ 0x7465646279746573ull,
	};
	const u8 *p = data;
	size_t left;

	for (left = len; left >= 8; left -= 8, p += 8)
		siphash_word(&s, siphash_load(p, 8));
	siphash_word(&s, (u64)len << 56 | siphash_load(p, left));
	s.v2 ^= 0xff;
	siphash_rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static inline u64 siphash_1u64(u64 a, const siphash_key_t *key)
{
	return siphash(&a, sizeof(a), key);
}

static inline u64 siphash_2u64(u64 a, u64 b, const siphash_key_t *key)
{
	u64 in[] = { a, b };

	return siphash(in, sizeof(in), key);
}

static inline u64 siphash_3u64(u64 a, u64 b, u64 c, const siphash_key_t *key)
{
	u64 in[] = { a, b, c };

	return siphash(in, sizeof(in), key);
}

#endif
