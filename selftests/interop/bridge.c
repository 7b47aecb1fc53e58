// SPDX-License-Identifier: GPL-2.0
/* A bridge between LTCP and the kernel's TCP: see bridge.h */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <linux/if_tun.h>

#include "bridge.h"
#include "netns.h"
#include "stream.h"

enum {
	CE = 3,

	OPT_MSS = 2,
	OPT_SACK = 5,
	OPT_TIMESTAMPS = 8,
};

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* RFC 1624: a checksum after one of the words that it covers has changed */
static void adjust_sum(uint8_t *place, uint16_t old, uint16_t new)
{
	uint32_t sum = (uint16_t)~get16(place) + (uint16_t)~old + new;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16)) & 0xffff;
	place[0] = sum >> 8;
	place[1] = sum;
}

/* --- packets --------------------------------------------------------------- */

/**
 * struct view - a packet, taken apart
 * @data: from the IP header on
 * @len: its length
 * @number: where the protocol's number is
 * @tcp: its segment
 * @options: length of the segment's options
 * @text: length of its text
 */
struct view {
	uint8_t *data;
	int len;
	uint8_t *number;
	uint8_t *tcp;
	int options;
	int text;
};

static bool is_ipv6(const struct view *v)
{
	return v->data[0] >> 4 == 6;
}

static bool take_apart(struct view *v, uint8_t *data, int len, int protocol)
{
	int ip;

	if (len < 40)
		return false;
	*v = (struct view){ .data = data, .len = len };
	v->number = data + (is_ipv6(v) ? 6 : 9);
	ip = is_ipv6(v) ? 40 : (data[0] & 15) * 4;
	v->tcp = data + ip;
	if (*v->number != protocol || len < ip + 20)
		return false;
	v->options = (v->tcp[12] >> 4) * 4 - 20;
	v->text = len - ip - 20 - v->options;
	return v->options >= 0 && v->text >= 0;
}

static void translate(struct view *v, uint8_t to)
{
	uint8_t from = *v->number, *tcp_sum = v->tcp + 16;

	*v->number = to;
	adjust_sum(tcp_sum, from, to);
	if (!is_ipv6(v))
		adjust_sum(v->data + 10, v->data[8] << 8 | from, v->data[8] << 8 | to);
}

static int ecn_of(const struct view *v)
{
	return (is_ipv6(v) ? v->data[1] >> 4 : v->data[1]) & CE;
}

static void mark(struct view *v)
{
	uint16_t old = get16(v->data);

	v->data[1] |= is_ipv6(v) ? CE << 4 : CE;
	if (!is_ipv6(v))
		adjust_sum(v->data + 10, old, get16(v->data));
}

/* --- what is seen ---------------------------------------------------------- */

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* RFC 2883 section 4: below the acknowledgment, or within the second block */
static bool is_dsack(const struct view *v, const uint8_t *opt)
{
	uint32_t start = get32(opt + 2), end = get32(opt + 6);

	if (before(start, get32(v->tcp + 8)))
		return true;
	return opt[1] >= 18 && !before(start, get32(opt + 10)) && !before(get32(opt + 14), end);
}

static void see_option(struct seen *s, const struct view *v, const uint8_t *opt)
{
	if (v->tcp[13] & SYN)
		s->syn_options |= 1u << (opt[0] & 31);
	if (opt[0] == OPT_MSS)
		s->mss = get16(opt + 2);
	s->timestamps += opt[0] == OPT_TIMESTAMPS;
	if (opt[0] == OPT_SACK && opt[1] >= 10) {
		s->sack++;
		s->dsack += is_dsack(v, opt);
	}
}

static void see_options(struct seen *s, const struct view *v)
{
	const uint8_t *opt = v->tcp + 20, *end = opt + v->options;

	while (opt < end && *opt) {
		if (*opt == 1) {
			opt++;
			continue;
		}
		if (opt + 1 >= end || opt[1] < 2 || opt + opt[1] > end)
			return;
		see_option(s, v, opt);
		opt += opt[1];
	}
}

static void see_numbers(struct seen *s, const struct view *v)
{
	uint32_t seq = get32(v->tcp + 4), end = seq + v->text;

	if (v->tcp[13] & SYN) {
		s->syn_flags = v->tcp[13];
		s->end = seq + 1;
		return;
	}
	s->probes += v->text <= 1 && before(seq, s->end);
	s->again += v->text && before(seq, s->end);
	s->tail += v->text && before(seq, s->end) && end == s->end;
	if (before(s->end, end))
		s->end = end;
}

static void see(struct seen *s, const struct view *v)
{
	uint8_t flags = v->tcp[13];

	s->segments++;
	s->text += v->text > 0;
	s->fin += !!(flags & FIN);
	s->rst += !!(flags & RST);
	s->urgent += !!(flags & URG);
	s->ect += !!ecn_of(v);
	s->ece += flags & ECE && !(flags & SYN);
	s->cwr += flags & CWR && !(flags & SYN);
	s->zero_window += !get16(v->tcp + 14) && !(flags & RST);
	see_options(s, v);
	see_numbers(s, v);
}

/* BRIDGE_VERBOSE=1 in the environment prints all packets */
static void show(const struct bridge *b, enum side from, const struct view *v)
{
	const uint8_t *tcp = v->tcp;

	if (!getenv("BRIDGE_VERBOSE"))
		return;
	fprintf(stderr, "# %8.3f %4s flags %02x seq %u ack %u len %d win %d\n",
		(now_ms() - b->start) / 1000., from == LTCP ? "LTCP" : "TCP", tcp[13],
		get32(tcp + 4), get32(tcp + 8), v->text, get16(tcp + 14));
}

/* --- the bridge ------------------------------------------------------------ */

/* Of a million draws that many are true */
static bool draw(struct bridge *b, int ppm)
{
	uint64_t x = b->random += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return (x ^ x >> 31) % 1000000 < (uint64_t)ppm;
}

static void carry(struct bridge *b, enum side from)
{
	static uint8_t data[70000];
	ssize_t len = read(b->tun[from], data, sizeof(data));
	struct view v;

	if (len <= 0 || !take_apart(&v, data, len, b->number[from]))
		return;
	see(&b->seen[from], &v);
	show(b, from, &v);
	if (b->cut || draw(b, b->loss)) {
		b->seen[from].lost++;
		return;
	}
	if (ecn_of(&v) && draw(b, b->mark))
		mark(&v);
	translate(&v, b->number[!from]);
	if (write(b->tun[!from], data, len) != len)
		b->seen[from].lost++;
}

static void *bridge_run(void *arg)
{
	struct bridge *b = arg;

	for (;;) {
		struct pollfd p[] = {
			{ .fd = b->tun[0], .events = POLLIN },
			{ .fd = b->tun[1], .events = POLLIN },
			{ .fd = b->stop[0], .events = POLLIN },
		};

		if (poll(p, 3, -1) < 0)
			continue;
		if (p[2].revents)
			return NULL;
		for (int i = 0; i < 2; i++)
			if (p[i].revents)
				carry(b, i);
	}
}

static int open_tun(void)
{
	struct ifreq ifr = { .ifr_name = "eth0", .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd;

	if (access("/dev/net/tun", F_OK)) {
		if (system("modprobe tun"))
			return -1;
		mkdir("/dev/net", 0755);
		mknod("/dev/net/tun", S_IFCHR | 0600, makedev(10, 200));
	}
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_side(struct bridge *b, enum side which, uint32_t delay_us)
{
	const struct netem netem = { .delay_us = delay_us };

	b->ns[which] = netns_new();
	b->tun[which] = open_tun();
	if (b->ns[which] < 0 || b->tun[which] < 0)
		return -1;
	if (netns_ip("address add 10.0.0.%d/24 dev eth0\n"
		     "address add fd00::%d/64 dev eth0 nodad\n"
		     "link set eth0 up txqueuelen 10000\n", which + 1, which + 1))
		return -1;
	return delay_us ? netem_set("eth0", &netem) : 0;
}

int bridge_open(struct bridge *b, uint32_t delay_us)
{
	*b = (struct bridge){ .random = 1, .start = now_ms() };
	if (open_side(b, TCP, delay_us) || open_side(b, LTCP, delay_us) || pipe2(b->stop, O_CLOEXEC))
		return -1;
	for (int i = 0; i < 2; i++) {
		bridge_enter(b, i);
		b->number[i] = stream_protocol();
	}
	return -pthread_create(&b->thread, NULL, bridge_run, b);
}

void bridge_close(struct bridge *b)
{
	close(b->stop[1]);
	pthread_join(b->thread, NULL);
	for (int i = 0; i < 2; i++) {
		close(b->tun[i]);
		close(b->ns[i]);
	}
	close(b->stop[0]);
}

void bridge_enter(const struct bridge *b, enum side side)
{
	netns_enter(b->ns[side]);
	flavour.ltcp = side == LTCP;
}

void bridge_forget(struct bridge *b)
{
	for (int i = 0; i < 2; i++)
		b->seen[i] = (struct seen){ .end = b->seen[i].end };
}
