// SPDX-License-Identifier: GPL-2.0
/*
 * What GRO merges and what it leaves apart: segments are put on the cable one by one, and a
 * tap behind GRO says in what packets they come. Nobody has the connection; IP throws them
 * away afterwards.
 */
#include "../kselftest_harness.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "netns.h"
#include "stream.h"

#define MSS	1000
#define PORT	4000
#define MOST	8
#define HOLD_MS	20	/* GRO waits so long for more */
#define TICK_NS	4000000	/* Debian's HZ is 250 */

FIXTURE(gro) {
	struct netns_pair net;
	int cable;
	int tap;
};

FIXTURE_VARIANT(gro) {
	int family;
};

FIXTURE_VARIANT_ADD(gro, ipv4) {
	.family = AF_INET,
};

FIXTURE_VARIANT_ADD(gro, ipv6) {
	.family = AF_INET6,
};

/**
 * struct piece - a segment that is put on the cable, and what differs from the usual one
 * @seq: sequence number, not 0
 * @len: octets of text
 * @flags: beside ACK
 * @port: added to the source port
 * @ack: added to the acknowledgment number
 * @window: added to the window
 * @tsval: added to the timestamp
 * @nops: options of so many NOPs instead of timestamps
 * @tos: type of service or traffic class
 * @ttl: taken from the TTL or hop limit
 * @bad: the checksum is wrong
 */
struct piece {
	uint32_t seq;
	int len;
	uint8_t flags;
	int port;
	int ack;
	int window;
	int tsval;
	int nops;
	uint8_t tos;
	uint8_t ttl;
	bool bad;
};

/**
 * struct come - a packet that comes out
 * @len: octets of text
 * @flags: beside ACK
 */
struct come {
	int len;
	uint8_t flags;
};

static int hold(void)
{
	char command[200];

	snprintf(command, sizeof(command), "unshare -m sh -c 'mount -t sysfs none /sys && "
		 "echo %d >/sys/class/net/eth0/gro_flush_timeout'", HOLD_MS * 1000000);
	return system(command);
}

FIXTURE_SETUP(gro)
{
	const struct flavour f = { .ltcp = !getenv("OFFLOAD_TCP"), .family = variant->family };
	struct sockaddr_ll eth0 = { .sll_family = AF_PACKET };

	ASSERT_STREQ("", stream_begin(&f));
	ASSERT_OK(netns_pair(&self->net));
	/* veth merges only what comes from a sender without TSO */
	ASSERT_OK(netns_features(&self->net, "tso off gro on"));
	self->cable = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	eth0.sll_ifindex = if_nametoindex("eth0");
	ASSERT_OK(bind(self->cable, (struct sockaddr *)&eth0, sizeof(eth0)));
	netns_enter(self->net.ns[1]);
	ASSERT_EQ(0, hold());
	self->tap = tap_open("eth0");
	ASSERT_LE(0, self->tap);
}

FIXTURE_TEARDOWN(gro)
{
	close(self->cable);
	close(self->tap);
	netns_pair_close(&self->net);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* RFC 1071 */
static uint16_t checksum(const uint8_t *p, int len, uint32_t sum)
{
	for (int i = 0; i < len; i++)
		sum += i % 2 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static int put_ipv4(uint8_t *ip, const struct piece *piece, int len)
{
	static uint16_t id[2];	/* of each flow */

	ip[0] = 0x45;
	ip[1] = piece->tos;
	put16(ip + 2, 20 + len);
	put16(ip + 4, id[piece->port]++);
	ip[6] = 0x40;
	ip[8] = 64 - piece->ttl;
	ip[9] = stream_protocol();
	memcpy(ip + 12, (uint8_t []){ 10, 0, 0, 1, 10, 0, 0, 2 }, 8);
	put16(ip + 10, checksum(ip, 20, 0));
	return 20;
}

static int put_ipv6(uint8_t *ip, const struct piece *piece, int len)
{
	put32(ip, 0x60000000 | piece->tos << 20);
	put16(ip + 4, len);
	ip[6] = stream_protocol();
	ip[7] = 64 - piece->ttl;
	inet_pton(AF_INET6, "fd00::1", ip + 8);
	inet_pton(AF_INET6, "fd00::2", ip + 24);
	return 40;
}

/* Header, with timestamps, and text: octets */
static int put_segment(uint8_t *tcp, const struct piece *piece)
{
	put16(tcp, PORT + piece->port);
	put16(tcp + 2, PORT);
	put32(tcp + 4, piece->seq);
	put32(tcp + 8, 1 + piece->ack);
	tcp[12] = 32 / 4 << 4;
	tcp[13] = ACK | piece->flags;
	put16(tcp + 14, 1000 + piece->window);
	memcpy(tcp + 20, (uint8_t []){ 1, 1, 8, 10 }, 4);
	put32(tcp + 24, 100 + piece->tsval);
	put32(tcp + 28, 200);
	memset(tcp + 20, 1, piece->nops);
	pattern_fill(tcp + 32, piece->len, 1, piece->seq);
	return 32 + piece->len;
}

static void put_on_cable(int cable, const struct piece *piece, bool v6)
{
	static uint8_t frame[14 + 40 + 32 + 4 * MSS];
	static const uint8_t ethernet[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
	int head = 14 + (v6 ? 40 : 20), len;
	const uint8_t *addresses;
	uint32_t pseudo;

	memset(frame, 0, sizeof(frame));
	memcpy(frame, ethernet, sizeof(ethernet));
	put16(frame + 12, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	len = put_segment(frame + head, piece);
	addresses = frame + 14 + (v6 ? 8 : 12);
	if (v6)
		put_ipv6(frame + 14, piece, len);
	else
		put_ipv4(frame + 14, piece, len);
	pseudo = stream_protocol() + len;
	for (const uint8_t *p = addresses; p < frame + head; p += 2)
		pseudo += p[0] << 8 | p[1];
	put16(frame + head + 16, checksum(frame + head, len, pseudo) ^ piece->bad);
	if (write(cable, frame, head + len) < 0)
		perror("# write");
}

static long clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

/* Until the kernel's clock ticks, which moves the coarse one */
static void wait_for_tick(void)
{
	long begun = clock_ns(CLOCK_MONOTONIC_COARSE);

	while (clock_ns(CLOCK_MONOTONIC_COARSE) == begun)
		;
}

/* All of them within a tick, for GRO keeps nothing longer: what comes out is left at the tap */
static void put_all(FIXTURE_DATA(gro) *self, const struct piece *piece, int n, bool v6)
{
	long begun;

	do {
		sleep_ms(2 * HOLD_MS);
		tap_flush(self->tap);
		wait_for_tick();
		begun = clock_ns(CLOCK_MONOTONIC);
		for (int i = 0; i < n; i++)
			put_on_cable(self->cable, &piece[i], v6);
	} while (clock_ns(CLOCK_MONOTONIC) - begun > TICK_NS / 2);
	sleep_ms(2 * HOLD_MS);
}

static void comes_as(struct __test_metadata *_metadata, FIXTURE_DATA(gro) *self, bool v6,
		     const struct piece *piece, const struct come *want)
{
	struct packet p;
	int n = 0;

	while (piece[n].seq)
		n++;
	put_all(self, piece, n, v6);
	for (n = 0; want[n].len || want[n].flags; n++) {
		do {
			if (!tap_next(self->tap, &p, 0))
				p = (struct packet){ .len = -1 };
		} while (p.out);
		EXPECT_EQ(want[n].len, p.len);
		EXPECT_EQ(want[n].flags | ACK, p.flags);
	}
	while (tap_next(self->tap, &p, 0))
		EXPECT_TRUE(p.out);
}

/* The segments in the order in which they come; then the packets that are made of them */
#define COMES_AS(pieces, ...)							\
	comes_as(_metadata, self, variant->family == AF_INET6,			\
		 (const struct piece [MOST + 1]){ LTCP_PIECES pieces },		\
		 (const struct come [MOST + 1]){ __VA_ARGS__ })
#define LTCP_PIECES(...)	__VA_ARGS__

TEST_F(gro, run)
{
	COMES_AS(({ 1, MSS }, { 1001, MSS }, { 2001, MSS }, { 3001, MSS }), { 4 * MSS });
}

/* A segment that is not full, PSH and FIN end a run, and are in it */
TEST_F(gro, ends)
{
	COMES_AS(({ 1, MSS }, { 1001, 500 }, { 1501, MSS }), { 1500 }, { MSS });
	COMES_AS(({ 1, MSS }, { 1001, MSS, PSH }, { 2001, MSS }), { 2 * MSS, PSH }, { MSS });
	COMES_AS(({ 1, MSS, PSH }, { 1001, MSS }), { MSS, PSH }, { MSS });
	COMES_AS(({ 1, MSS }, { 1001, MSS, FIN }), { 2 * MSS, FIN });
}

/* What is longer than the first begins another run */
TEST_F(gro, longer)
{
	COMES_AS(({ 1, 500 }, { 501, MSS }, { 1501, MSS }), { 500 }, { 2 * MSS });
}

/* What does not follow stays apart, and in order */
TEST_F(gro, gaps)
{
	COMES_AS(({ 1, MSS }, { 2001, MSS }, { 3001, MSS }), { MSS }, { 2 * MSS });
	COMES_AS(({ 1001, MSS }, { 1, MSS }), { MSS }, { MSS });
	COMES_AS(({ 1, MSS }, { 1, MSS }), { MSS }, { MSS });
	COMES_AS(({ 1, MSS }, { 1001, 0 }, { 1001, MSS }), { MSS }, { 0, ACK }, { MSS });
}

/* All of a run say the same of everything else */
TEST_F(gro, differs)
{
	COMES_AS(({ 1, MSS }, { 1001, MSS, .ack = 1 }), { MSS }, { MSS });
	COMES_AS(({ 1, MSS }, { 1001, MSS, .window = 1 }), { MSS }, { MSS });
	COMES_AS(({ 1, MSS }, { 1001, MSS, .tsval = 1 }), { MSS }, { MSS });
	COMES_AS(({ 1, MSS }, { 1001, MSS, .nops = 12 }), { MSS }, { MSS });
	COMES_AS(({ 1, MSS }, { 1001, MSS, .tos = 3 }), { MSS }, { MSS });
	COMES_AS(({ 1, MSS }, { 1001, MSS, .ttl = 1 }), { MSS }, { MSS });
}

/* Flags that mean each segment for itself; and CWR, which only the first may have */
TEST_F(gro, flags)
{
	COMES_AS(({ 1, MSS }, { 1001, MSS, ECE }), { MSS }, { MSS, ECE });
	COMES_AS(({ 1, MSS, ECE }, { 1001, MSS, ECE }), { 2 * MSS, ECE });
	COMES_AS(({ 1, MSS, CWR }, { 1001, MSS }), { 2 * MSS, CWR });
	COMES_AS(({ 1, MSS }, { 1001, MSS, CWR }), { MSS }, { MSS, CWR });
	COMES_AS(({ 1, MSS, URG }, { 1001, MSS, URG }), { MSS, URG }, { MSS, URG });
	COMES_AS(({ 1, MSS }, { 1001, MSS, RST }), { MSS }, { MSS, RST });
	COMES_AS(({ 1, MSS }, { 1001, MSS, SYN }), { MSS }, { MSS, SYN });
}

/* A wrong checksum is not made a right one */
TEST_F(gro, bad_checksum)
{
	COMES_AS(({ 1, MSS }, { 1001, MSS, .bad = true }, { 2001, MSS }), { MSS }, { MSS }, { MSS });
	COMES_AS(({ 1, MSS, .bad = true }, { 1001, MSS }), { MSS }, { MSS });
}

/* Each flow has a run of its own */
TEST_F(gro, two_flows)
{
	COMES_AS(({ 1, MSS }, { 1, MSS, .port = 1 }, { 1001, MSS }, { 1001, MSS, .port = 1 },
		  { 2001, MSS }),
		 { 3 * MSS }, { 2 * MSS });
}

TEST_HARNESS_MAIN
