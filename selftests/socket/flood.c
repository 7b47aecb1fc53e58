// SPDX-License-Identifier: GPL-2.0
/*
 * Strangers by the thousand, and genuine clients among them: everybody genuine
 * is served, with all options, what is open stays open, and memory stays as it
 * is. A few thousand segments here; FLOOD_SECONDS has 'make soak' go on for as
 * many of them, on the clock on the wall.
 */
#include "../kselftest_harness.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>

#include "netns.h"
#include "stream.h"

#define PORT		4000
#define BACKLOG		128
#define ROUNDS		20
#define A_ROUND		250	/* segments of strangers */
#define SETTLED		5	/* rounds after which memory grows no more */

FIXTURE(flood) {
	struct netns_pair net;
	int listener;
	int raw;
	int kept[2];
};

/* Strangers come from 10.100.0.0/16, where nobody is */
FIXTURE_SETUP(flood)
{
	const struct flavour f = { .ltcp = true, .family = AF_INET };

	ASSERT_STREQ("", stream_begin(&f));
	ASSERT_OK(netns_pair(&self->net));
	netns_enter(self->net.ns[1]);
	ASSERT_OK(netns_ip("route add 10.100.0.0/16 via 10.0.0.1\n"));
	self->listener = stream_listener(addr_host(2, PORT), BACKLOG);
	ASSERT_OK(self->listener);
	netns_enter(self->net.ns[0]);
	self->raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	ASSERT_OK(self->raw);
	ASSERT_OK(stream_pair_at(self->kept, self->listener, addr_host(2, PORT)));
}

FIXTURE_TEARDOWN(flood)
{
	netns_pair_close(&self->net);
}

/* --- strangers ------------------------------------------------------------------- */

struct stranger {
	struct iphdr ip;
	uint16_t sport;
	uint16_t dport;
	uint32_t seq;
	uint32_t ack;
	uint8_t off;
	uint8_t flags;
	uint16_t window;
	uint16_t check;
	uint16_t urgent;
	uint8_t options[20];
} __attribute__((packed));

static const uint8_t syn_options[20] = {
	2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7,
};

static uint64_t drawn;

static uint32_t draw(void)
{
	drawn = drawn * 6364136223846793005ull + 1442695040888963407ull;
	return drawn >> 32;
}

static uint32_t sum_up(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *octet = data;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? octet[i] : octet[i] << 8;
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* Half of all are SYNs; the others ACKs, RSTs, and any flags there are */
static uint8_t draw_flags(void)
{
	switch (draw() % 8) {
	case 0:
		return ACK;
	case 1:
		return RST | (draw() & ACK);
	case 2:
		return draw();
	case 3:
		return PSH | ACK | (draw() & FIN);
	default:
		return SYN;
	}
}

/* From anybody, or as if from @port of the genuine client, to the listener or to nobody */
static void send_stranger(int raw, uint16_t port)
{
	bool genuine = draw() % 4 == 0;
	uint8_t flags = draw_flags();
	struct stranger s = {
		.ip = {
			.version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = stream_protocol(),
			.saddr = htonl(genuine ? 0x0a000001 : 0x0a640000 + 1 + draw() % 65000),
			.daddr = htonl(0x0a000002),
		},
		.sport = genuine && draw() % 2 ? port : htons(1024 + draw() % 60000),
		.dport = htons(draw() % 8 ? PORT : PORT + draw() % 1000),
		.seq = draw(),
		.ack = flags & ACK ? draw() : 0,
		.flags = flags,
		.window = draw(),
	};
	size_t len = 20 + (flags == SYN ? sizeof(syn_options) : 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = s.ip.daddr };

	if (flags == SYN)
		memcpy(s.options, syn_options, sizeof(syn_options));
	s.off = len / 4 << 4;
	s.check = folded(sum_up(sum_up(s.ip.protocol + len, &s.ip.saddr, 8), &s.sport, len));
	sendto(raw, &s, sizeof(s.ip) + len, 0, (struct sockaddr *)&to, sizeof(to));
}

/* --- the genuine -------------------------------------------------------------------- */

static bool exchanged(const int sv[2])
{
	char text[100];

	return send(sv[1], "hello", 5, 0) == 5 && recv(sv[0], text, 5, MSG_WAITALL) == 5 &&
	       send(sv[0], text, 5, 0) == 5 && recv(sv[1], text, 5, MSG_WAITALL) == 5 &&
	       !memcmp(text, "hello", 5);
}

static bool all_options(int fd)
{
	const int all = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE;
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
	       (info.tcpi_options & all) == all && info.tcpi_snd_mss == 1448;
}

/* One is served as if nothing was the matter, and leaves no TIME-WAIT behind */
static const char *serve_one(int listener)
{
	const struct linger at_once = { .l_onoff = 1 };
	const char *wrong = "";
	int sv[2];

	if (stream_pair_at(sv, listener, addr_host(2, PORT)))
		return "no connection";
	if (!exchanged(sv))
		wrong = "no exchange";
	else if (!all_options(sv[0]) || !all_options(sv[1]))
		wrong = "options are missing";
	setsockopt(sv[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(sv[0]);
	close(sv[1]);
	return wrong;
}

/* A few thousand segments, each remembered, would be as many KiB; FLOOD_KIB is for company */
static long spare_kib(void)
{
	const char *kib = getenv("FLOOD_KIB");

	return kib ? atol(kib) : 1024;
}

TEST_F_TIMEOUT(flood, genuine_clients_are_served, 36000)
{
	const char *seconds = getenv("FLOOD_SECONDS");
	long end = now_ms() + 1000 * (seconds ? atol(seconds) : 0), before = 0;
	union addr me = addr_local(self->kept[0]);

	for (int round = 0; round < ROUNDS || now_ms() < end; round++) {
		if (round == SETTLED)
			before = slab_kib();
		for (int i = 0; i < A_ROUND; i++)
			send_stranger(self->raw, me.in.sin_port);
		ASSERT_STREQ("", serve_one(self->listener));
		ASSERT_TRUE(exchanged(self->kept));
	}
	EXPECT_GE(before + spare_kib(), slab_kib());
}

TEST_HARNESS_MAIN
