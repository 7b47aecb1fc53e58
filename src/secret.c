// SPDX-License-Identifier: GPL-2.0
/* Keys, drawn when first needed: by then the kernel's random numbers are ready. */
#include <linux/net.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/string.h>

#include "secret.h"
#include "sock.h"

/*
 * One key a purpose: an ISN is on the wire for all to see, and must tell
 * nothing of the cookies (MUST-9).
 */
struct ltcp_secrets {
	siphash_key_t isn;
	siphash_key_t ts_off;
	siphash_key_t cookie;
};

static const struct ltcp_secrets *ltcp_secrets(void)
{
	static struct ltcp_secrets secrets __read_mostly;

	net_get_random_once(&secrets, sizeof(secrets));
	return &secrets;
}

void ltcp_key_tuple(struct ltcp_tuple *tuple, const struct ltcp_key *key)
{
	memcpy(tuple->laddr, &key->laddr, sizeof(tuple->laddr));
	memcpy(tuple->raddr, &key->raddr, sizeof(tuple->raddr));
	tuple->lport = ntohs(key->lport);
	tuple->rport = ntohs(key->rport);
}

u32 ltcp_secret_isn(const struct ltcp_key *key)
{
	struct ltcp_tuple tuple;

	ltcp_key_tuple(&tuple, key);
	return ltcp_isn(&tuple, &ltcp_secrets()->isn, ltcp_now());
}

u32 ltcp_secret_ts_off(const struct ltcp_key *key)
{
	struct ltcp_tuple tuple;

	ltcp_key_tuple(&tuple, key);
	return ltcp_ts_offset(&tuple, &ltcp_secrets()->ts_off);
}

const siphash_key_t *ltcp_secret_cookie_key(void)
{
	return &ltcp_secrets()->cookie;
}
