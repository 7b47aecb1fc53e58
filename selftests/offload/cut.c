// SPDX-License-Identifier: GPL-2.0
/*
 * How bursts are cut: two namespaces joined by tun devices, and between them
 * this program, which looks at every packet as a wire would: none is larger
 * than the MTU, lengths and both checksums are right, segments of a burst have
 * IP identifications that count up, PSH and FIN only the last one, CWR, which marks
 * bring about, only the first. The devices claim different offloads: a card that could segment TCP
 * must not be asked to segment LTCP.
 */
#include "../kselftest_harness.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "netns.h"
#include "stream.h"
#include "transfer.h"

#define PORT	4000
#define LEN	(2 << 20)
#define MTU	1500
#define TCP_CHECKSUM	16	/* octets into a segment */
#define MARK_EACH	100	/* so many packets with text, one that met congestion */

/**
 * struct wire - what lies between the two devices
 * @tun: descriptors of the devices
 * @vnet: packets have a struct virtio_net_hdr ahead
 * @stop: the test is over
 * @packets: seen
 * @full: of them with as much text as fits
 * @reduced: with CWR
 * @partial: of all that the device was to sum
 * @wrong: what was wrong first
 */
struct wire {
	int tun[2];
	bool vnet;
	bool stop;
	unsigned int packets;
	unsigned int full;
	unsigned int reduced;
	unsigned int partial;
	char wrong[200];
	pthread_t thread;
};

FIXTURE(cut) {
	struct netns_pair net;
	struct wire wire;
};

FIXTURE_VARIANT(cut) {
	unsigned int offload;		/* TUN_F_*; 0: a device that can nothing */
	bool v6;
};

FIXTURE_VARIANT_ADD(cut, nothing) {
	.offload = 0,
};

FIXTURE_VARIANT_ADD(cut, checksums) {
	.offload = TUN_F_CSUM,
};

FIXTURE_VARIANT_ADD(cut, tso) {
	.offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
};

FIXTURE_VARIANT_ADD(cut, nothing_v6) {
	.offload = 0,
	.v6 = true,
};

FIXTURE_VARIANT_ADD(cut, tso_v6) {
	.offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
	.v6 = true,
};

/* Without udev nobody else loads the driver and makes its device node. */
static void prepare_tun(void)
{
	if (!access("/dev/net/tun", F_OK))
		return;
	if (system("modprobe tun"))
		printf("# modprobe tun failed\n");
	mkdir("/dev/net", 0755);
	mknod("/dev/net/tun", S_IFCHR | 0600, makedev(10, 200));
}

static int tun_new(int ns, int host, unsigned int offload)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0) };
	int fd;

	netns_enter(ns);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "eth0");
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		return -1;
	if (offload && ioctl(fd, TUNSETOFFLOAD, offload))
		return -1;
	if (netns_ip("address add 10.0.0.%d/24 dev eth0\n"
		     "address add fd00::%d/64 dev eth0 nodad\n"
		     "link set eth0 mtu %d txqueuelen 10000 up\n", host, host, MTU))
		return -1;
	return fd;
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static bool is_v6(const uint8_t *ip)
{
	return ip[0] >> 4 == 6;
}

static int header_of(const uint8_t *ip)
{
	return is_v6(ip) ? 40 : 20;
}

static uint8_t protocol_of(const uint8_t *ip)
{
	return ip[is_v6(ip) ? 6 : 9];
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

/* Both addresses, which end the IP header, protocol and length */
static uint32_t pseudo(const uint8_t *ip, int len)
{
	uint32_t sum = protocol_of(ip) + len;

	for (int i = is_v6(ip) ? 8 : 12; i < header_of(ip); i += 2)
		sum += get16(ip + i);
	return sum;
}

static void wrong(struct wire *w, const char *what, long is, long should)
{
	if (!w->wrong[0])
		snprintf(w->wrong, sizeof(w->wrong), "packet %u: %s is %ld, should be %ld",
			 w->packets, what, is, should);
}

static void expect(struct wire *w, const char *what, long is, long should)
{
	if (is != should)
		wrong(w, what, is, should);
}

/**
 * struct before - the packet before, in one direction
 * @id: its IP identification
 * @any: there was one with text
 * @reduced_end: just past the last segment with CWR
 * @pushed_end: just past the last full segment with PSH, if one came
 * @pushed: one did
 * @unmarked: packets with text since one was marked
 */
struct before {
	uint16_t id;
	bool any;
	uint32_t reduced_end;
	uint32_t pushed_end;
	bool pushed;
	unsigned int unmarked;
};

static void finish_checksum(uint8_t *packet, int len, const struct virtio_net_hdr *h)
{
	uint8_t *field = packet + h->csum_start + h->csum_offset;
	uint16_t sum = checksum(packet + h->csum_start, len - h->csum_start, 0);

	field[0] = sum >> 8;
	field[1] = sum;
}

/* What only IPv4's header has */
static void check_v4(struct wire *w, struct before *before, const uint8_t *ip, bool text)
{
	expect(w, "IP header's checksum", checksum(ip, 20, 0), 0);
	if (text && before->any)
		expect(w, "identification", get16(ip + 4), (uint16_t)(before->id + 1));
	before->id = get16(ip + 4);
}

/* RFC 3168 section 6.1.2: the window is reduced once, and so is what says so */
static void check_cwr(struct wire *w, struct before *before, uint32_t seq, int text)
{
	if (w->reduced)
		expect(w, "CWR behind CWR", before->reduced_end == seq, 0);
	before->reduced_end = seq + text;
	w->reduced++;
}

/* The end of what was written seldom fills a segment, and never two in a row */
static void check_psh(struct wire *w, struct before *before, uint32_t seq, int text, bool full)
{
	if (before->pushed && stream_protocol() != IPPROTO_TCP)
		expect(w, "PSH behind PSH", before->pushed_end == seq, 0);
	before->pushed = full;
	before->pushed_end = seq + text;
}

static void check_flags(struct wire *w, struct before *before, const uint8_t *tcp, int text,
			bool full)
{
	uint32_t seq = (uint32_t)get16(tcp + 4) << 16 | get16(tcp + 6);

	if (tcp[13] & CWR)
		check_cwr(w, before, seq, text);
	if (tcp[13] & PSH)
		check_psh(w, before, seq, text, full);
}

/* Routers mark now and then: who is told reduces his window */
static bool mark(struct before *before, uint8_t *ip, int text)
{
	uint8_t *octet = ip + 1, ect = is_v6(ip) ? 0x20 : 2;

	if (!text || !(*octet & ect) || ++before->unmarked < MARK_EACH)
		return false;
	before->unmarked = 0;
	*octet |= ect | ect >> 1;
	return true;
}

static void sum_v4(uint8_t *ip)
{
	uint16_t sum;

	ip[10] = 0;
	ip[11] = 0;
	sum = checksum(ip, 20, 0);
	ip[10] = sum >> 8;
	ip[11] = sum;
}

static void check(struct wire *w, struct before *before, uint8_t *ip, int len)
{
	const uint8_t *tcp = ip + header_of(ip);
	int segment = len - header_of(ip), text = segment - (tcp[12] >> 4) * 4;

	w->packets++;
	if (len > MTU)
		wrong(w, "length", len, MTU);
	expect(w, "IP length", is_v6(ip) ? 40 + get16(ip + 4) : get16(ip + 2), len);
	expect(w, "checksum", checksum(tcp, segment, pseudo(ip, segment)), 0);
	if (!is_v6(ip))
		check_v4(w, before, ip, text > 0);
	if (tcp[13] & FIN)
		expect(w, "PSH or no text with FIN", !text || (tcp[13] & PSH), 1);
	if (!text)
		return;
	before->any = true;
	check_flags(w, before, tcp, text, len == MTU);
	w->full += len == MTU;
	if (mark(before, ip, text) && !is_v6(ip))
		sum_v4(ip);
}

/* One packet from @from to @to; false: there is none */
static bool carry(struct wire *w, int from, int to, struct before *before)
{
	static uint8_t buf[70000];
	struct virtio_net_hdr *h = (struct virtio_net_hdr *)buf;
	int head = w->vnet ? sizeof(*h) : 0, n = read(from, buf, sizeof(buf));
	uint8_t *ip = buf + head;

	if (n <= 0)
		return false;
	if (n < head + 40 || protocol_of(ip) != stream_protocol() || n < head + header_of(ip) + 20)
		return true;
	if (w->vnet) {
		expect(w, "vnet gso_type", h->gso_type, VIRTIO_NET_HDR_GSO_NONE);
		if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
			w->partial++;
			/* Where a driver would have the card sum it, which does not know it */
			if (stream_protocol() != IPPROTO_TCP)
				expect(w, "looks like TCP's", h->csum_offset == TCP_CHECKSUM, 0);
			finish_checksum(ip, n - head, h);
		}
		memset(h, 0, sizeof(*h));
	}
	check(w, before, ip, n - head);
	while (write(to, buf, n) < 0 && errno == EAGAIN)
		sleep_ms(1);
	return true;
}

static void *wire_run(void *arg)
{
	struct wire *w = arg;
	struct before before[2] = {};

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		struct pollfd pfd[2] = {
			{ .fd = w->tun[0], .events = POLLIN },
			{ .fd = w->tun[1], .events = POLLIN },
		};

		if (poll(pfd, 2, 100) <= 0)
			continue;
		for (int i = 0; i < 2; i++)
			while (carry(w, w->tun[i], w->tun[!i], &before[i]))
				;
	}
	return NULL;
}

FIXTURE_SETUP(cut)
{
	const struct flavour f = {
		.ltcp = !getenv("OFFLOAD_TCP"),
		.family = variant->v6 ? AF_INET6 : AF_INET,
	};

	ASSERT_STREQ("", stream_begin(&f));
	prepare_tun();
	for (int i = 0; i < 2; i++) {
		self->net.ns[i] = netns_new();
		ASSERT_OK(sysctl_set("ecn", "1"));
		self->wire.tun[i] = tun_new(self->net.ns[i], i + 1, variant->offload);
		ASSERT_LE(0, self->wire.tun[i]);
	}
	self->wire.vnet = variant->offload;
	pthread_create(&self->wire.thread, NULL, wire_run, &self->wire);
}

FIXTURE_TEARDOWN(cut)
{
	netns_pair_close(&self->net);
	close(self->wire.tun[0]);
	close(self->wire.tun[1]);
}

TEST_F(cut, right)
{
	struct wire *w = &self->wire;
	struct flow flow[2];
	int sv[2];

	ASSERT_OK(stream_pair_across(&self->net, sv, PORT));
	flow_start_both(flow, sv, &(struct flow) {
		.len = LEN,
		.seed = 1,
		.writing = { .chunk = 100000, .random = true },
		.reading = { .chunk = 200000 },
	});
	for (int i = 0; i < 2; i++) {
		flow_join(&flow[i]);
		EXPECT_TRUE(flow_right(&flow[i]));
	}
	stream_close_pair(sv);
	sleep_ms(200);
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	pthread_join(w->thread, NULL);
	EXPECT_STREQ("", w->wrong);
	printf("# %u packets, %u full, %u with CWR, %u left to the device to sum\n", w->packets,
	       w->full, w->reduced, w->partial);
	fflush(stdout);
	EXPECT_LT(0, w->reduced);
	/* Most are full: bursts were cut, nothing dribbled */
	EXPECT_LT(LEN / MTU, w->full);
}

TEST_HARNESS_MAIN
