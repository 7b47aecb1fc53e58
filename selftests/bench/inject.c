// SPDX-License-Identifier: GPL-2.0
/* Segments from nowhere: see inject.h */
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <time.h>

#include "inject.h"
#include "netns.h"

/* For experiments within a site (IEEE 802): nobody has registered it here */
#define ETHERTYPE_NOBODY	0x88b5

/* Addresses that nobody has; the server has a route to them */
#define NOWHERE		0x0a640000u	/* 10.100.0.0/16 */

/* A TCP header with the options of a SYN, or with a timestamp */
#define SYN_OPTIONS	20
#define ACK_OPTIONS	12

/**
 * struct frame - a segment on Ethernet
 * @eth: its header
 * @ip: likewise
 * @tcp: likewise
 * @options: as many as the kind of segment has
 */
struct frame {
	struct ether_header eth;
	struct iphdr ip;
	struct tcphdr tcp;
	uint8_t options[SYN_OPTIONS];
} __attribute__((packed));

struct injector {
	enum subject subject;
	int fd;
	uint32_t serial;
};

/* Answers go back over the cable, where the client's IP finds that they are not for it */
static void nowhere_route(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	ends_enter(1);
	checked(-netns_ip("route add 10.100.0.0/16 via 10.0.0.1\n"), "a route to nowhere");
	ends_enter(0);
}

struct injector *inject_open(enum subject s)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET };
	struct injector *in = calloc(1, sizeof(*in));

	nowhere_route();
	ends_enter(0);
	in->subject = s;
	in->serial = 1;
	/* Protocol 0: it receives nothing */
	in->fd = checked(socket(AF_PACKET, SOCK_RAW, 0), "AF_PACKET");
	at.sll_ifindex = checked(if_nametoindex("eth0") ?: -1, "eth0");
	checked(bind(in->fd, (struct sockaddr *)&at, sizeof(at)), "bind to eth0");
	return in;
}

void inject_close(struct injector *in)
{
	close(in->fd);
	free(in);
}

static uint32_t sum_up(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *octet = data;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? octet[i] : octet[i] << 8;
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* The same numbers in each repetition, each only once */
static uint32_t scrambled(uint32_t n)
{
	return (n * 2654435761u) ^ 0x5bd1e995;
}

static void add_options(struct frame *f, enum injection what, uint32_t n)
{
	static const uint8_t syn[SYN_OPTIONS] = {
		2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7,
	};
	static const uint8_t ack[ACK_OPTIONS] = { 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 9 };

	if (what == INJECT_ACK)
		memcpy(f->options, ack, sizeof(ack));
	else
		memcpy(f->options, syn, sizeof(syn));
}

/* The length of what is to be sent */
static size_t make_frame(struct frame *f, enum subject s, enum injection what, int port, uint32_t n)
{
	size_t options = what == INJECT_ACK ? ACK_OPTIONS : SYN_OPTIONS;
	size_t tcp_len = sizeof(f->tcp) + options;
	int protocol = stream_protocol();

	*f = (struct frame) {
		.eth = {
			.ether_dhost = { 2, 0, 0, 0, 0, 2 },
			.ether_shost = { 2, 0, 0, 0, 0, 1 },
			.ether_type = htons(what == INJECT_NOTHING ? ETHERTYPE_NOBODY : ETHERTYPE_IP),
		},
		.ip = {
			.version = 4,
			.ihl = 5,
			.tot_len = htons(sizeof(f->ip) + tcp_len),
			.frag_off = htons(IP_DF),
			.ttl = 64,
			.protocol = protocol,
			.saddr = htonl(NOWHERE + 1 + n % 65000),
			.daddr = addr_host(2, 0).in.sin_addr.s_addr,
		},
		.tcp = {
			.source = htons(1024 + scrambled(n) % 60000),
			.dest = htons(port),
			.seq = htonl(scrambled(n + 1)),
			.ack_seq = what == INJECT_ACK ? htonl(scrambled(n + 2)) : 0,
			.doff = tcp_len / 4,
			.syn = what != INJECT_ACK,
			.ack = what == INJECT_ACK,
			.window = htons(64240),
		},
	};
	add_options(f, what, n);
	f->ip.check = folded(sum_up(0, &f->ip, sizeof(f->ip)));
	f->tcp.check = folded(sum_up(sum_up(protocol + tcp_len, &f->ip.saddr, 8), &f->tcp, tcp_len));
	return sizeof(f->eth) + sizeof(f->ip) + tcp_len;
}

/* Frames of one kind, each another; @len: of each */
static struct frame *make_frames(struct injector *in, enum injection what, int port, long count,
				 size_t *len)
{
	struct frame *frames = calloc(count, sizeof(*frames));
	long i;

	if (!frames)
		die("memory for %ld frames", count);
	for (i = 0; i < count; i++)
		*len = make_frame(&frames[i], in->subject, what, port, in->serial++);
	return frames;
}

double inject(struct injector *in, enum injection what, int port, long count)
{
	size_t len = 0;
	struct frame *frames = make_frames(in, what, port, count, &len);
	struct meter m;
	long i;

	meter_start(&m, what == INJECT_NOTHING ? 0 : in->subject);
	for (i = 0; i < count; i++)
		checked(send(in->fd, &frames[i], len, 0), "send to eth0");
	meter_stop(&m);
	free(frames);
	return m.busy / count;
}

void inject_steadily(struct injector *in, enum injection what, int port, long a_second,
		     int seconds)
{
	size_t len = 0;
	struct frame *frames = make_frames(in, what, port, a_second, &len);
	struct timespec tick;
	long ms, i, n = 0;

	clock_gettime(CLOCK_MONOTONIC, &tick);
	for (ms = 0; ms < 1000L * seconds; ms++) {
		for (i = 0; i < a_second / 1000; i++)
			checked(send(in->fd, &frames[n++ % a_second], len, 0), "send to eth0");
		tick.tv_nsec += 1000000;
		if (tick.tv_nsec >= 1000000000) {
			tick.tv_nsec -= 1000000000;
			tick.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL);
	}
	free(frames);
}
