// SPDX-License-Identifier: GPL-2.0
/* Network namespaces, links and what passes over them: see netns.h */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "netns.h"
#include "stream.h"

int netns_here(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

int netns_new(void)
{
	if (unshare(CLONE_NEWNET))
		return -1;
	if (netns_ip("link set lo up\n"))
		return -1;
	return netns_here();
}

int netns_enter(int ns)
{
	return setns(ns, CLONE_NEWNET);
}

int netns_ip(const char *format, ...)
{
	va_list args;
	FILE *ip;
	int status;

	ip = popen("ip -batch - >&2", "we");
	if (!ip)
		return -1;
	va_start(args, format);
	vfprintf(ip, format, args);
	va_end(args);
	status = pclose(ip);
	return status;
}

/* One end: its addresses, and its neighbour's, so that no ARP gets between */
static int set_up_end(int host)
{
	int other = 3 - host;

	return netns_ip("address add 10.0.0.%d/24 dev eth0\n"
			"address add fd00::%d/64 dev eth0 nodad\n"
			"link set eth0 up\n"
			"neighbour add 10.0.0.%d lladdr 02:00:00:00:00:0%d dev eth0\n"
			"neighbour add fd00::%d lladdr 02:00:00:00:00:0%d dev eth0\n",
			host, host, other, other, other, other);
}

int netns_pair(struct netns_pair *pair)
{
	pair->ns[1] = netns_new();
	pair->ns[0] = netns_new();
	if (pair->ns[0] < 0 || pair->ns[1] < 0)
		return -1;
	if (netns_ip("link add eth0 address 02:00:00:00:00:01 type veth "
		     "peer name eth0 address 02:00:00:00:00:02 netns /proc/%d/fd/%d\n",
		     getpid(), pair->ns[1]))
		return -1;
	netns_enter(pair->ns[1]);
	if (set_up_end(2))
		return -1;
	netns_enter(pair->ns[0]);
	return set_up_end(1) ? -1 : 0;
}

int netns_features(const struct netns_pair *pair, const char *features)
{
	char command[200];

	snprintf(command, sizeof(command), "ethtool -K eth0 %s >/dev/null 2>&1", features);
	for (int i = 1; i >= 0; i--) {
		netns_enter(pair->ns[i]);
		if (system(command))
			return -1;
	}
	return 0;
}

void netns_pair_close(struct netns_pair *pair)
{
	close(pair->ns[0]);
	close(pair->ns[1]);
}

/* --- netem ----------------------------------------------------------------- */

/* Not in older headers; older kernels ignore it */
#define NETEM_PRNG_SEED	14

struct netlink_request {
	struct nlmsghdr head;
	struct tcmsg tc;
	uint8_t room[512];
};

static void *put_raw(struct netlink_request *r, const void *data, size_t len)
{
	void *place = (uint8_t *)r + NLMSG_ALIGN(r->head.nlmsg_len);

	memcpy(place, data, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + len;
	return place;
}

static struct rtattr *put_attr(struct netlink_request *r, int type, const void *data, size_t len)
{
	struct rtattr attr = { .rta_type = type, .rta_len = RTA_LENGTH(len) };
	struct rtattr *place = put_raw(r, &attr, sizeof(attr));

	put_raw(r, data, len);
	return place;
}

/* A share of a million as netem wants it, of 2^32 */
static uint32_t probability(uint32_t ppm)
{
	return ppm * 4294967295ull / 1000000;
}

static void put_netem(struct netlink_request *r, const struct netem *n)
{
	struct tc_netem_qopt opt = {
		.limit = n->limit ?: 10000,
		.loss = probability(n->loss),
		.duplicate = probability(n->duplicate),
		.gap = n->reorder ? 1 : 0,
	};
	struct tc_netem_corrupt corrupt = { .probability = probability(n->corrupt) };
	struct tc_netem_reorder reorder = { .probability = probability(n->reorder) };
	int64_t delay_ns = n->delay_us * 1000ll;
	struct rtattr *options = put_attr(r, TCA_OPTIONS, &opt, sizeof(opt));

	put_attr(r, TCA_NETEM_LATENCY64, &delay_ns, sizeof(delay_ns));
	if (n->corrupt)
		put_attr(r, TCA_NETEM_CORRUPT, &corrupt, sizeof(corrupt));
	if (n->reorder)
		put_attr(r, TCA_NETEM_REORDER, &reorder, sizeof(reorder));
	if (n->seed)
		put_attr(r, NETEM_PRNG_SEED, &n->seed, sizeof(n->seed));
	options->rta_len = (uint8_t *)r + r->head.nlmsg_len - (uint8_t *)options;
}

static int netlink_do(struct netlink_request *r)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		uint8_t room[1024];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t n;

	if (fd < 0)
		return -1;
	send(fd, r, r->head.nlmsg_len, 0);
	n = recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(answer.err)))
		return -1;
	errno = -answer.err.error;
	return errno ? -1 : 0;
}

int netem_set(const char *dev, const struct netem *netem)
{
	struct netlink_request r = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
			.nlmsg_type = RTM_NEWQDISC,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
		},
		.tc = {
			.tcm_family = AF_UNSPEC,
			.tcm_ifindex = if_nametoindex(dev),
			.tcm_parent = TC_H_ROOT,
		},
	};

	put_attr(&r, TCA_KIND, "netem", sizeof("netem"));
	put_netem(&r, netem);
	return netlink_do(&r);
}

/* --- taps ------------------------------------------------------------------ */

int tap_open(const char *dev)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(dev),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int room = 8 << 20, on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		close(fd);
		return -1;
	}
	return fd;
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static int find_mss(const uint8_t *opt, int len)
{
	while (len > 0 && opt[0]) {
		int size = opt[0] == 1 ? 1 : len > 1 ? opt[1] : 0;

		if (opt[0] == 2 && size == 4 && len >= 4)
			return get16(opt + 2);
		if (!size)
			break;
		opt += size;
		len -= size;
	}
	return 0;
}

/* The IP header: its length, or 0 when it carries something else */
static int parse_ip(struct packet *p, const uint8_t *data, int len)
{
	if (len >= 20 && data[0] >> 4 == 4) {
		if (data[9] != stream_protocol())
			return 0;
		p->tos = data[1];
		p->ttl = data[8];
		p->ip_len = get16(data + 2);
		return (data[0] & 15) * 4;
	}
	if (len >= 40 && data[0] >> 4 == 6) {
		if (data[6] != stream_protocol())
			return 0;
		p->tos = get16(data) >> 4 & 0xff;
		p->ttl = data[7];
		p->ip_len = 40 + get16(data + 4);
		return 40;
	}
	return 0;
}

static bool parse_packet(struct packet *p, const uint8_t *data, int len)
{
	int ip = parse_ip(p, data, len);
	const uint8_t *tcp = data + ip;
	int header;

	if (!ip || len < ip + 20)
		return false;
	header = (tcp[12] >> 4) * 4;
	if (header < 20 || len < ip + header)
		return false;
	p->sport = get16(tcp);
	p->dport = get16(tcp + 2);
	p->seq = get32(tcp + 4);
	p->ack = get32(tcp + 8);
	p->flags = tcp[13];
	p->window = get16(tcp + 14);
	p->urgent = get16(tcp + 18);
	p->len = p->ip_len - ip - header;
	p->mss = find_mss(tcp + 20, header - 20);
	memcpy(p->raw, data, len < (int)sizeof(p->raw) ? len : (int)sizeof(p->raw));
	return true;
}

/* What the kernel says of a packet beside it */
static void parse_control(struct packet *p, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct tpacket_auxdata aux;
		struct timespec ts;

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			p->at_us = ts.tv_sec * 1000000L + ts.tv_nsec / 1000;
		}
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
			p->partial = aux.tp_status & TP_STATUS_CSUMNOTREADY;
		}
	}
}

static bool tap_read(int tap, struct packet *p)
{
	static uint8_t data[70000];
	struct sockaddr_ll from;
	uint8_t control[256];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(tap, &msg, MSG_DONTWAIT);

	memset(p, 0, sizeof(*p));
	if (n < 0 || !parse_packet(p, data, n))
		return false;
	p->out = from.sll_pkttype == PACKET_OUTGOING;
	parse_control(p, &msg);
	return true;
}

bool tap_next(int tap, struct packet *p, long ms)
{
	long end = now_ms() + ms;

	for (;;) {
		long left = end - now_ms();

		if (!wait_events(tap, POLLIN, left > 0 ? left : 0))
			return false;
		if (tap_read(tap, p))
			return true;
	}
}

bool tap_find(int tap, struct packet *p, uint8_t flags, bool text, long ms)
{
	long end = now_ms() + ms;

	do {
		long left = end - now_ms();

		if (!tap_next(tap, p, left > 0 ? left : 0))
			return false;
	} while (!p->out || (p->flags & flags) != flags || (text && !p->len));
	return true;
}

void tap_flush(int tap)
{
	char octet;

	while (recv(tap, &octet, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0)
		;
}
