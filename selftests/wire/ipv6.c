// SPDX-License-Identifier: GPL-2.0
/*
 * What only IPv6 has: link-local addresses and their links, flow labels,
 * traffic class and hop limit, extension headers, ICMPv6. All other programs
 * run over IPv6 in a pass of their own (suite.conf).
 */
#define WIRE_MAIN
#include <netinet/in.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define LABEL		0x12345
#define ROUTER		"192.0.2.1"
#define LINK_STACK	"fe80::1"
#define LINK_PEER	"fe80::2"

#define IPV6_FLOWINFO_SEND	33	/* linux/in6.h */

/* ICMPv6 */
#define UNREACHABLE	1
#define TOO_BIG		2
#define PARAMETER	4
#define PROHIBITED	1
#define NO_PORT		4
#define NEXT_HEADER	1

/* In whatever pass this program runs */
static void __attribute__((constructor)) over_ipv6(void)
{
	setenv("LTCP_FAMILY", "6", 1);
}

/* --- header ------------------------------------------------------------------------ */

/* RFC 6437: one label for all of a connection's packets, chosen by the host */
WIRE_TEST(flow_label_of_a_connection)
{
	int fd = wire_connect_start(w), label;

	wire_expect(w, SYN);
	label = w->pkt->seg.label;
	wire_check(w, label, "no flow label");
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .label = label);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100, .label = label);
}

WIRE_TEST(flow_label_switched_off)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN, .label = 0);
}

/* IPV6_FLOWINFO_SEND: the label that the user names in connect() */
WIRE_TEST(flow_label_of_the_user)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(WIRE_PEER_PORT),
		.sin6_flowinfo = htonl(LABEL),
	};
	int fd = wire_socket(w);

	to.sin6_addr.s6_addr[0] = 0xfd;
	to.sin6_addr.s6_addr[15] = 2;
	wire_setsockopt(w, fd, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1);
	wire_check(w, connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno == EINPROGRESS,
		   "connect(): %s", strerror(errno));
	wire_expect(w, SYN, .label = LABEL);
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .label = LABEL);
}

/* net.ipv6.flowlabel_reflect: 1: connections answer with the label they were opened with */
WIRE_TEST(flow_label_reflected)
{
	int listener, fd;

	wire_write_file(w, WIRE_HERE, "/proc/sys/net/ipv6/flowlabel_reflect", "1");
	listener = wire_listen(w);
	wire_send(w, SYN, .mss = 1460, .label = LABEL);
	wire_expect(w, SYN | ACK, .label = LABEL);
	/* The half-open entry remembers it */
	wire_expect(w, SYN | ACK, .seq = 0, .label = LABEL, .after = 1000);
	wire_send(w, ACK, .label = LABEL);
	fd = wire_accept(w, listener);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100, .label = LABEL);
}

/* ... 2: resets without a connection do */
WIRE_TEST(flow_label_reflected_by_reset)
{
	wire_write_file(w, WIRE_HERE, "/proc/sys/net/ipv6/flowlabel_reflect", "2");
	w->flow->port = WIRE_PORT;
	wire_send(w, SYN, .label = LABEL);
	wire_expect(w, RST | ACK, .seq = 0, .label = LABEL);
}

/* MUST-48: the user chooses the traffic class, also of what the listener answers */
WIRE_TEST(traffic_class)
{
	int fd = wire_socket(w), listener;

	wire_setsockopt(w, fd, IPPROTO_IPV6, IPV6_TCLASS, 0x28);
	wire_open_active(w, .fd = fd);
	wire_check(w, w->pkt->seg.tos == 0x28, "traffic class %#x", w->pkt->seg.tos);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10, .tos = 0x28);
	wire_new_flow(w);
	listener = wire_listen(w);
	wire_setsockopt(w, listener, IPPROTO_IPV6, IPV6_TCLASS, 0x28);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .tos = 0x28);
}

/* MUST-49 */
WIRE_TEST(hop_limit)
{
	int fd = wire_socket(w), listener;

	wire_setsockopt(w, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN, .ttl = 33);
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .ttl = 33);
	wire_abort(w, fd);
	wire_expect(w, RST, .ttl = 33);
	wire_new_flow(w);
	listener = wire_listen(w);
	wire_setsockopt(w, listener, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 44);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .ttl = 44);
}

/* RFC 5082 */
WIRE_TEST(min_hop_count)
{
	int listener = wire_listen(w);

	wire_setsockopt(w, listener, IPPROTO_IPV6, IPV6_MINHOPCOUNT, 255);
	wire_send(w, SYN, .mss = 1460, .ttl = 254, .stray = true);
	wire_expect_nothing(w, 500);
	wire_send(w, SYN, .mss = 1460, .ttl = 255);
	wire_expect(w, SYN | ACK);
	wire_send(w, ACK, .ttl = 255);
	wire_accept(w, listener);
}

/* --- extension headers ----------------------------------------------------------------- */

/* MUST-16: what the user adds to each packet comes off the text */
WIRE_TEST(options_of_the_user_shorten_segments)
{
	/* Destination options: 8 octets, padding */
	static const u8 padding[] = { 0, 0, 1, 4, 0, 0, 0, 0 };
	int fd = wire_into(w, ESTABLISHED);

	wire_check(w, !setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, padding, sizeof(padding)),
		   "IPV6_DSTOPTS: %s", strerror(errno));
	w->any_ext = true;
	wire_write(w, fd, 1460);
	wire_expect(w, ACK | PSH_ANY, .len = 1452);
	wire_drain(w, 20);
}

/* --- addresses ---------------------------------------------------------------------------- */

static void ignores(struct wire *w, const char *src, const char *dst)
{
	wire_listen_any(w);
	wire_send(w, SYN, .src = src, .dst = dst, .mss = 1460, .stray = true);
	wire_expect_nothing(w, 3000);
}

/* Mapped addresses on the wire would pass for those of IPv4 */
WIRE_TEST(syn_from_mapped_address)	{ ignores(w, "::ffff:10.0.0.2", NULL); }
WIRE_TEST(syn_from_nowhere)		{ ignores(w, "::", NULL); }
WIRE_TEST(syn_to_all_hosts)		{ ignores(w, NULL, "ff02::1"); }

static struct sockaddr_in6 link_peer(struct wire *w, int scope)
{
	struct sockaddr_in6 a = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(WIRE_PEER_PORT),
		.sin6_scope_id = scope,
	};

	a.sin6_addr.s6_addr[0] = 0xfe;
	a.sin6_addr.s6_addr[1] = 0x80;
	a.sin6_addr.s6_addr[15] = 2;
	return a;
}

/* IPv6 makes an address's route later, in a worker of its own */
static void add_link_address(struct wire *w)
{
	wire_ip(w, "address add " LINK_STACK "/64 dev tun0 nodad");
	wire_sleep(w, 100);
}

/* RFC 4007: the link is part of the address */
WIRE_TEST(link_local_active)
{
	struct sockaddr_in6 to = link_peer(w, 0);
	int fd = wire_socket(w);

	add_link_address(w);
	wire_check(w, connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno == EINVAL,
		   "without a link: %s", strerror(errno));
	to = link_peer(w, if_nametoindex("tun0"));
	wire_check(w, connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno == EINPROGRESS,
		   "connect(): %s", strerror(errno));
	wire_expect(w, SYN);
	wire_check(w, w->pkt->src_octets[0] == 0xfe && w->pkt->src_octets[15] == 1, "its source");
	/* From another source it is not the same connection */
	wire_send(w, SYN | ACK, .mss = 1460, .src = LINK_PEER, .dst = LINK_STACK);
	wire_expect(w, ACK);
	wire_expect_state(w, fd, ESTABLISHED);
}

WIRE_TEST(link_local_passive)
{
	struct sockaddr_in6 peer;
	socklen_t len = sizeof(peer);
	int listener, fd;

	add_link_address(w);
	/* The only route for answers is the link that the SYN has come by */
	wire_ip(w, "-6 route del default dev tun0");
	listener = wire_listen_any(w);
	wire_send(w, SYN, .mss = 1460, .src = LINK_PEER, .dst = LINK_STACK);
	wire_expect(w, SYN | ACK);
	wire_expect(w, SYN | ACK, .seq = 0, .after = 1000);
	wire_send(w, ACK, .src = LINK_PEER, .dst = LINK_STACK);
	fd = wire_accept(w, listener);
	wire_check(w, !getpeername(fd, (struct sockaddr *)&peer, &len) &&
		   peer.sin6_scope_id == if_nametoindex("tun0"), "scope %u", peer.sin6_scope_id);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
}

/* A RST for a closed port, and what a SYN cookie leaves behind */
WIRE_TEST(link_local_without_connection)
{
	int listener;

	add_link_address(w);
	w->flow->port = WIRE_PORT;
	wire_send(w, SYN, .src = LINK_PEER, .dst = LINK_STACK);
	wire_expect(w, RST | ACK, .seq = 0);
	wire_sysctl(w, "ltcp_syncookies", 2);
	wire_new_flow(w);
	listener = wire_listen_any(w);
	wire_send(w, SYN, .mss = 1460, .src = LINK_PEER, .dst = LINK_STACK);
	wire_expect(w, SYN | ACK);
	wire_send(w, ACK, .src = LINK_PEER, .dst = LINK_STACK);
	wire_expect_state(w, wire_accept(w, listener), ESTABLISHED);
}

/* --- ICMPv6 (RFC 9293 section 3.9.2.2) ---------------------------------------------------- */

/* SHLD-26 names codes 1 and 4 */
static void hard(struct wire *w, int code, int err)
{
	int fd = wire_into(w, SYN_SENT);

	wire_icmp(w, UNREACHABLE, code, .exact = true, .seq = 0, .src = ROUTER);
	wire_expect_state(w, fd, CLOSED);
	wire_expect_error(w, fd, err);
}

WIRE_TEST(prohibited_is_hard)	{ hard(w, PROHIBITED, EACCES); }
WIRE_TEST(no_port_is_hard)	{ hard(w, NO_PORT, ECONNREFUSED); }

/* MUST-56 names all codes of Parameter Problem: a host without LTCP does not end the attempt */
WIRE_TEST(unknown_next_header_is_soft)
{
	int fd = wire_into(w, SYN_SENT);

	wire_icmp(w, PARAMETER, NEXT_HEADER, .exact = true, .seq = 0, .pointer = 6);
	wire_expect_state(w, fd, SYN_SENT);
	wire_drain(w, 600 * 1000);
	wire_expect_error(w, fd, EPROTO);
}

/* IPV6_RECVERR: the user hears of it at once (MUST-47) */
WIRE_TEST(recverr)
{
	int fd = wire_into(w, SYN_SENT);

	wire_setsockopt(w, fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	wire_icmp(w, PARAMETER, NEXT_HEADER, .exact = true, .seq = 0, .pointer = 6);
	wire_expect_error(w, fd, EPROTO);
	wire_expect_state(w, fd, SYN_SENT);
}

/* The quote of a packet with extension headers */
WIRE_TEST(quote_behind_extension_headers)
{
	int fd = wire_into(w, SYN_SENT);

	wire_icmp(w, UNREACHABLE, NO_PORT, .exact = true, .seq = 0, .ext = true);
	wire_expect_state(w, fd, CLOSED);
	wire_expect_error(w, fd, ECONNREFUSED);
}

/* RFC 8201 section 4: 1280 is the least; less is no path of IPv6 */
WIRE_TEST(too_big_down_to_the_least_mtu)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_icmp(w, TOO_BIG, 0, .exact = true, .seq = 1, .mtu = 1279 - w->more, .src = ROUTER);
	wire_expect_nothing(w, 100);
	wire_check(w, wire_counter(w, "IcmpIgnored") == 1, "not counted");
	wire_icmp(w, TOO_BIG, 0, .exact = true, .seq = 1, .mtu = 1280 - w->more, .src = ROUTER);
	wire_expect(w, ACK | PSH_ANY, .seq = 1, .len = 1220);
	wire_check(w, wire_getsockopt(w, fd, IPPROTO_IPV6, IPV6_MTU) == 1280, "IPV6_MTU");
	wire_drain(w, 20);
}

/* IPV6_MTU_DISCOVER: those who do not trust the messages are not told */
WIRE_TEST(too_big_not_wanted)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_setsockopt(w, fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_icmp(w, TOO_BIG, 0, .exact = true, .seq = 1, .mtu = 1280, .src = ROUTER);
	wire_expect_nothing(w, 100);
}

/* No message, but a link that shrinks: nothing is sent that would not fit */
WIRE_TEST(link_shrinks)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_send(w, ACK);
	wire_set_mtu(w, 1300);
	wire_write(w, fd, 1460);
	wire_expect(w, ACK | PSH_ANY, .len = 1260);
	wire_drain(w, 20);
	wire_check(w, w->pkt->seg.len <= 1260, "a segment of %d", w->pkt->seg.len);
}

TEST_HARNESS_MAIN
