// SPDX-License-Identifier: GPL-2.0
/*
 * What LTCP tells IP: addresses, DS field, TTL, source routes; and what it
 * takes from routes. RFC 9293 sections 3.9.1.1, 3.9.1.9, 3.9.2 and 3.9.2.1;
 * labels are RFC 9293's.
 */
#define WIRE_MAIN
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define LSRR	131
#define TCP_QUICKACK	12
#define SECOND_ADDRESS	"10.0.0.7"

static struct sockaddr_in address(const char *text, u16 port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr(text),
	};
}

static int bind_to(struct wire *w, const char *text, u16 port)
{
	struct sockaddr_in sin = address(text, port);
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, SOL_SOCKET, SO_REUSEADDR, 1);
	wire_check(w, !bind(fd, (struct sockaddr *)&sin, sizeof(sin)), "bind(): %s",
		   strerror(errno));
	return fd;
}

/* --- addresses (section 3.9.1.1) ------------------------------------------- */

/* MUST-43: the caller's choice */
WIRE_TEST(source_address_chosen)
{
	int fd;

	wire_ip(w, "address add " SECOND_ADDRESS "/24 dev tun0");
	fd = bind_to(w, SECOND_ADDRESS, 0);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN);
	wire_check(w, w->pkt->src == 0x0a000007, "source %08x", w->pkt->src);
}

/* MUST-44: else IP's, by the route */
WIRE_TEST(source_address_by_route)
{
	wire_ip(w, "address add " SECOND_ADDRESS "/24 dev tun0");
	wire_ip(w, "route add 10.0.0.2/32 dev tun0 src " SECOND_ADDRESS);
	wire_connect_start(w);
	wire_expect(w, SYN);
	wire_check(w, w->pkt->src == 0x0a000007, "source %08x", w->pkt->src);
}

/* MUST-45: once chosen it stays, whatever becomes of routes */
WIRE_TEST(source_address_stays)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_ip(w, "address add " SECOND_ADDRESS "/24 dev tun0");
	wire_ip(w, "route add 10.0.0.2/32 dev tun0 src " SECOND_ADDRESS);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_check(w, w->pkt->src == 0x0a000001, "source %08x", w->pkt->src);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 100, .after = 190, .until = 300);
	wire_check(w, w->pkt->src == 0x0a000001, "source %08x", w->pkt->src);
}

/* The answer comes from the address that was asked */
WIRE_TEST(answer_from_address_asked)
{
	wire_ip(w, "address add " SECOND_ADDRESS "/24 dev tun0");
	wire_listen_any(w);
	wire_send(w, SYN, .dst = SECOND_ADDRESS, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_check(w, w->pkt->src == 0x0a000007, "source %08x", w->pkt->src);
	wire_new_flow(w);
	w->flow->port = 7;
	wire_send(w, SYN, .dst = SECOND_ADDRESS);
	wire_expect(w, RST | ACK, .seq = 0);
	wire_check(w, w->pkt->src == 0x0a000007, "source %08x", w->pkt->src);
}

/* MUST-46: no connection to broadcast and multicast addresses; nothing is sent */
WIRE_TEST(connect_to_nobody)
{
	static const char * const nobody[] = {
		"255.255.255.255", "10.0.0.255", "224.0.0.1", "239.1.2.3",
	};
	unsigned int i;

	for (i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		struct sockaddr_in sin = address(nobody[i], WIRE_PEER_PORT);
		int fd = wire_socket(w);

		wire_check(w, connect(fd, (struct sockaddr *)&sin, sizeof(sin)) && errno != EINPROGRESS,
			   "connect() to %s: %s", nobody[i], strerror(errno));
		close(fd);
	}
	wire_expect_nothing(w, 3000);
}

/* MUST-42: listening on a port from which a connection is being opened */
WIRE_TEST(listen_beside_syn_sent)
{
	int fd = bind_to(w, WIRE_STACK, WIRE_PORT), listener;

	wire_connect_fd(w, fd);
	wire_expect(w, SYN);
	wire_new_flow(w);
	listener = wire_listen(w);
	wire_into(w, ESTABLISHED, .passive = true, .fd = listener);
}

/* MUST-41: ... or on which one is open: it is not disturbed */
WIRE_TEST(listen_beside_established)
{
	int fd = wire_open_active(w, .fd = bind_to(w, WIRE_STACK, WIRE_PORT)), listener;
	struct wire_flow *first = wire_new_flow(w);

	listener = wire_listen(w);
	wire_into(w, ESTABLISHED, .passive = true, .fd = listener);
	w->flow = first;
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
}

/* --- DS field and TTL (sections 3.9.1.9 and 3.9.2) ----------------------------- */

#define DSCP	0xb8	/* Expedited forwarding; all but the ECN bits are ours to choose */

/* MUST-48, SHLD-22: the user's value, unchanged, from the SYN on */
WIRE_TEST(ds_field)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, IPPROTO_IP, IP_TOS, DSCP);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN, .tos = DSCP);
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .tos = DSCP);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10, .tos = DSCP);
}

/* SHLD-21: it may change meanwhile */
WIRE_TEST(ds_field_changes)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10, .tos = 0);
	wire_send(w, ACK);
	wire_setsockopt(w, fd, IPPROTO_IP, IP_TOS, 0xfc);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10, .tos = 0xfc);
}

/* A listener's children take it over */
WIRE_TEST(ds_field_of_listener)
{
	int listener = wire_listen(w), fd;

	wire_setsockopt(w, listener, IPPROTO_IP, IP_TOS, DSCP);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .tos = DSCP);
	wire_send(w, ACK);
	fd = wire_accept(w, listener);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10, .tos = DSCP);
}

/* MUST-49 */
WIRE_TEST(ttl)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, IPPROTO_IP, IP_TTL, 33);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN, .ttl = 33);
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .ttl = 33);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10, .ttl = 33);
	wire_abort(w, fd);
	wire_expect(w, RST, .ttl = 33);
}

WIRE_TEST(ttl_default)
{
	wire_sysctl(w, "ip_default_ttl", 77);
	wire_listen(w);
	wire_send(w, SYN);
	wire_expect(w, SYN | ACK, .ttl = 77);
	wire_new_flow(w);
	w->flow->port = 7;
	wire_send(w, SYN);
	wire_expect(w, RST | ACK, .seq = 0, .ttl = 77);
}

/*
 * RFC 5082: what has come from farther away than IP_MINTTL allows is not heard,
 * be it for a listener, for a half-open connection or for an open one
 */
WIRE_TEST(minttl)
{
	int listener = wire_listen(w), fd;

	wire_setsockopt(w, listener, IPPROTO_IP, IP_MINTTL, 255);
	wire_send(w, SYN, .mss = 1460, .ttl = 254, .stray = true);
	wire_expect_nothing(w, 500);
	wire_send(w, SYN, .mss = 1460, .ttl = 255);
	wire_expect(w, SYN | ACK);
	wire_send(w, ACK, .ttl = 254);
	wire_expect(w, SYN | ACK, .seq = 0, .after = 1000);
	wire_send(w, ACK, .ttl = 255);
	fd = wire_accept(w, listener);
	wire_send(w, RST, .ttl = 254, .stray = true);
	wire_send(w, PSH | ACK, .len = 10, .ttl = 255);
	wire_expect(w, ACK, .until = 499);
	wire_read(w, fd, 10);
}

/* --- source routes (section 3.9.2.1) --------------------------------------------- */

/* Does the last packet go by way of @hop to the peer, with its LSRR option at the beginning? */
static bool goes_by(struct wire *w, const char *hop)
{
	const u8 *p = w->pkt->ip_opts;
	int i = 0;

	while (i < w->pkt->ip_opts_len && p[i] == 1)
		i++;
	if (i + 7 > w->pkt->ip_opts_len || p[i] != LSRR)
		return false;
	return w->pkt->dst == ntohl(inet_addr(hop)) && p[i + 2] == 4 &&
	       !memcmp(p + i + p[i + 1] - 4, (u8[]){ 10, 0, 0, 2 }, 4);
}

/* By way of 10.0.0.9; setsockopt() wants the route as it goes into the SYN */
static void set_route(struct wire *w, int fd)
{
	static const u8 route[] = { LSRR, 7, 4, 10, 0, 0, 9, 0 };

	wire_check(w, !setsockopt(fd, IPPROTO_IP, IP_OPTIONS, route, sizeof(route)),
		   "IP_OPTIONS: %s", strerror(errno));
}

/* MUST-51: the user may choose one */
WIRE_TEST(source_route_chosen)
{
	int fd = wire_socket(w);

	set_route(w, fd);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN, .mss = ANY);
	wire_check(w, goes_by(w, "10.0.0.9"), "the SYN does not go by 10.0.0.9");
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	wire_check(w, goes_by(w, "10.0.0.9"), "the ACK does not go by 10.0.0.9");
	/* MUST-16: the options come off the segment: 1500 - 40 - 12 */
	wire_write(w, fd, 3000);
	wire_recv(w, 10);
	wire_check(w, w->pkt->ip_len <= WIRE_MTU, "a packet of %d octets", w->pkt->ip_len);
	wire_drain(w, 10);
}

/* MUST-52: his choice wins over what arrives */
WIRE_TEST(source_route_not_overridden)
{
	int fd = wire_socket(w);

	wire_sysctl(w, "conf/all/accept_source_route", 1);
	wire_sysctl(w, "conf/tun0/accept_source_route", 1);
	set_route(w, fd);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN);
	wire_send(w, SYN | ACK, .mss = 1460, IP_OPTS(LSRR, 7, 8, 10, 0, 0, 8, 0));
	wire_expect(w, ACK);
	wire_check(w, goes_by(w, "10.0.0.9"), "the ACK does not go by 10.0.0.9");
}

/* MUST-53: a passive open answers by the route that the SYN took, turned round */
WIRE_TEST(source_route_reversed)
{
	int listener = wire_listen(w), fd;

	wire_sysctl(w, "conf/all/accept_source_route", 1);
	wire_sysctl(w, "conf/tun0/accept_source_route", 1);
	/* It went by 10.0.0.9, and is complete: the pointer is past the end */
	wire_send(w, SYN, .mss = 1460, IP_OPTS(LSRR, 7, 8, 10, 0, 0, 9, 0));
	wire_expect(w, SYN | ACK);
	wire_check(w, goes_by(w, "10.0.0.9"), "the SYN-ACK does not go by 10.0.0.9");
	wire_send(w, ACK, IP_OPTS(LSRR, 7, 8, 10, 0, 0, 9, 0));
	fd = wire_accept(w, listener);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_check(w, goes_by(w, "10.0.0.9"), "the text does not go by 10.0.0.9");
}

/* --- the route's metrics ------------------------------------------------------------ */

#define ROUTE	"route replace default dev tun0 "

/* All must go by the default route: the one of the link is taken away */
static void metrics(struct wire *w, const char *command)
{
	wire_ip(w, "route del 10.0.0.0/24 dev tun0");
	wire_ip(w, command);
}

/* MTU and MSS */
WIRE_TEST(route_mtu)
{
	int fd;

	metrics(w, ROUTE "mtu 1000");
	fd = wire_connect_start(w);
	wire_expect(w, SYN, .mss = 960);
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	wire_write(w, fd, 1920);
	wire_expect(w, ACK | PSH_ANY, .len = 960);
	wire_expect(w, ACK | PSH, .len = 960);
	wire_check(w, w->pkt->df, "no DF");
}

/* A locked one: no path MTU discovery, hence no DF (RFC 1191 section 3) */
WIRE_TEST(route_mtu_locked)
{
	int fd;

	metrics(w, ROUTE "mtu lock 1000");
	fd = wire_connect_start(w);
	wire_expect(w, SYN, .mss = 960);
	wire_check(w, !w->pkt->df, "DF, though the MTU is locked");
	wire_send(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	wire_write(w, fd, 960);
	wire_expect(w, ACK | PSH, .len = 960);
	wire_check(w, !w->pkt->df, "DF, though the MTU is locked");
	wire_icmp(w, 3, 4, .seq = 1, .mtu = 600);
	wire_expect(w, ACK | PSH, .seq = 1, .len = 960, .after = 190, .until = 300);
}

WIRE_TEST(route_advmss)
{
	metrics(w, ROUTE "advmss 800");
	wire_connect_start(w);
	wire_expect(w, SYN, .mss = 800);
	wire_new_flow(w);
	wire_listen(w);
	wire_send(w, SYN);
	wire_expect(w, SYN | ACK, .mss = 800);
}

WIRE_TEST(route_initcwnd)
{
	int fd, i;

	metrics(w, ROUTE "initcwnd 4");
	fd = wire_into(w, ESTABLISHED);
	wire_write(w, fd, 14600);
	for (i = 0; i < 4; i++)
		wire_expect(w, ACK | PSH_ANY, .len = 1460);
	wire_expect_nothing(w, 100);
}

WIRE_TEST(route_initrwnd)
{
	metrics(w, ROUTE "initrwnd 4");
	wire_connect_start(w);
	wire_expect(w, SYN);
	wire_check(w, w->pkt->seg.win <= 4 * 1460 && w->pkt->seg.win >= 3 * 1460, "win %lld",
		   (long long)w->pkt->seg.win);
	wire_new_flow(w);
	wire_listen(w);
	wire_send(w, SYN);
	wire_expect(w, SYN | ACK);
	wire_check(w, w->pkt->seg.win <= 4 * 1460 && w->pkt->seg.win >= 3 * 1460, "win %lld",
		   (long long)w->pkt->seg.win);
}

WIRE_TEST(route_rto_min)
{
	int fd;

	metrics(w, ROUTE "rto_min 900ms");
	fd = wire_into(w, ESTABLISHED);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 10, .after = 900);
}

WIRE_TEST(route_quickack)
{
	int i;

	metrics(w, ROUTE "quickack 1");
	wire_into(w, ESTABLISHED);
	for (i = 0; i < 50; i++) {
		wire_send(w, PSH | ACK, .len = 10);
		wire_expect(w, ACK);
	}
}

/* TCP_QUICKACK before the connection is opened; the route that it finds says nothing of it */
WIRE_TEST(user_quickack)
{
	int fd = wire_socket(w), i;

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	fd = wire_open_active(w, .fd = fd);
	for (i = 0; i < 50; i++) {
		wire_send(w, PSH | ACK, .len = 10);
		wire_expect(w, ACK);
	}
	wire_check(w, wire_getsockopt(w, fd, IPPROTO_TCP, TCP_QUICKACK) == 1, "switched off");
}

WIRE_TEST(route_hoplimit)
{
	metrics(w, ROUTE "hoplimit 44");
	wire_connect_start(w);
	wire_expect(w, SYN, .ttl = 44);
}

/* --- no path MTU discovery at all ------------------------------------------------------ */

/* IP_PMTUDISC_DONT: no DF; ICMP does not make segments smaller */
WIRE_TEST(no_pmtu_discovery)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	wire_open_active(w, .fd = fd);
	wire_check(w, !w->pkt->df, "DF");
	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
	wire_check(w, !w->pkt->df, "DF");
}

TEST_HARNESS_MAIN
