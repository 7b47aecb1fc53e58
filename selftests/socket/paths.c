// SPDX-License-Identifier: GPL-2.0
/* Across namespaces: routes and their metrics, ICMP, devices, VRF, and namespaces that end. */
#include "../kselftest_harness.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <signal.h>

#include "netns.h"
#include "stream.h"

#define PORT	4000

FIXTURE(paths) {
	struct netns_pair net;
};

FIXTURE_VARIANT(paths) {
	struct flavour flavour;
};

FIXTURE_VARIANT_ADD(paths, ltcp) {
	.flavour = { .ltcp = true, .family = AF_INET },
};

FIXTURE_VARIANT_ADD(paths, tcp) {
	.flavour = { .ltcp = false, .family = AF_INET },
};

/* Two namespaces; tests begin in the first, host 1 */
FIXTURE_SETUP(paths)
{
	ASSERT_STREQ("", stream_begin(&variant->flavour));
	ASSERT_OK(netns_pair(&self->net));
}

FIXTURE_TEARDOWN(paths)
{
	netns_pair_close(&self->net);
}

/* What a segment with timestamps carries over a path */
static int mss(int mtu)
{
	return mtu - (stream_ipv6() ? 40 : 20) - 32;
}

/* In the namespace of host 1 or 2 */
static void at(FIXTURE_DATA(paths) *self, int host)
{
	netns_enter(self->net.ns[host - 1]);
}

/* Host 2 listens; back at host 1 */
static int listen_there(FIXTURE_DATA(paths) *self)
{
	int fd;

	at(self, 2);
	fd = stream_listener(addr_host(2, PORT), 8);
	at(self, 1);
	return fd;
}

static int pair_across(FIXTURE_DATA(paths) *self, int sv[2])
{
	int listener = listen_there(self);
	int err = listener < 0 ? -1 : stream_pair_at(sv, listener, addr_host(2, PORT));

	close(listener);
	return err;
}

/* Both directions take that long */
static int slow_link(FIXTURE_DATA(paths) *self, int delay_us)
{
	struct netem slow = { .delay_us = delay_us };

	at(self, 2);
	if (netem_set("eth0", &slow))
		return -1;
	at(self, 1);
	return netem_set("eth0", &slow);
}

static int socket_bound_to(const char *dev)
{
	int fd = stream_socket(0);

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, strlen(dev)))
		return -1;
	return fd;
}

static int listener_on(const char *dev, int port)
{
	int fd = socket_bound_to(dev);

	return stream_bind(fd, addr_any(port)) || listen(fd, 8) ? -1 : fd;
}

/* --- carrying ---------------------------------------------------------------------- */

TEST_F(paths, both_ways)
{
	struct mover out[2], in[2];
	int sv[2];

	ASSERT_OK(pair_across(self, sv));
	for (int i = 0; i < 2; i++) {
		mover_send(&out[i], sv[i], 1 << 20, i + 1);
		mover_recv(&in[i], sv[!i], 1 << 20, i + 1);
	}
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(mover_join(&out[i]));
		EXPECT_TRUE(mover_join(&in[i]));
	}
}

TEST_F(paths, nobody_listens)
{
	EXPECT_ERR(ECONNREFUSED, stream_connected(addr_host(2, PORT)));
}

TEST_F(paths, namespaces_have_ports_of_their_own)
{
	int here = stream_listener(addr_any(PORT), 1), there;

	ASSERT_OK(here);
	at(self, 2);
	there = stream_listener(addr_any(PORT), 1);
	ASSERT_OK(there);
	ASSERT_OK(stream_connected(addr_host(1, PORT)));
	EXPECT_EQ(POLLIN, wait_events(here, POLLIN, 1000));
	EXPECT_EQ(0, wait_events(there, POLLIN, 10));
}

/* RFC 9293 section 3.5: both open actively, the SYNs cross */
TEST_F(paths, simultaneous_open)
{
	int fd[2];
	char octet;

	ASSERT_OK(slow_link(self, 20000));
	for (int i = 0; i < 2; i++) {
		at(self, i + 1);
		fd[i] = stream_socket(SOCK_NONBLOCK);
		ASSERT_OK(stream_bind(fd[i], addr_host(i + 1, PORT + i)));
	}
	for (int i = 0; i < 2; i++)
		EXPECT_ERR(EINPROGRESS, stream_connect(fd[i], addr_host(2 - i, PORT + !i)));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(POLLOUT, wait_events(fd[i], POLLOUT | POLLIN, 5000));
		EXPECT_EQ(0, opt_get(fd[i], SOL_SOCKET, SO_ERROR));
		EXPECT_TRUE(stream_reaches(fd[i], ESTABLISHED, 5000));
		nonblocking(fd[i], false);
	}
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(1, send(fd[i], "x", 1, 0));
		EXPECT_EQ(1, recv(fd[!i], &octet, 1, 0));
	}
}

/* Both close at once: each FIN meets the other on the way */
TEST_F(paths, simultaneous_close)
{
	char octet;
	int sv[2];

	ASSERT_OK(slow_link(self, 20000));
	ASSERT_OK(pair_across(self, sv));
	for (int i = 0; i < 2; i++)
		EXPECT_OK(shutdown(sv[i], SHUT_WR));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, recv(sv[i], &octet, 1, 0));
		EXPECT_TRUE(stream_reaches(sv[i], CLOSED, 5000));
	}
}

/* An accept queue that fills while handshakes are under way: two wait, two fit, four come */
TEST_F(paths, abort_on_overflow)
{
	int listener, client[4], resets = 0, fine = 0;
	char octet;

	ASSERT_OK(slow_link(self, 20000));
	at(self, 2);
	ASSERT_OK(sysctl_set("syncookies", "0"));
	ASSERT_OK(sysctl_set("abort_on_overflow", "1"));
	listener = stream_listener(addr_host(2, PORT), 3);
	ASSERT_OK(listener);
	at(self, 1);
	for (int i = 0; i < 2; i++)
		ASSERT_OK(stream_connected(addr_host(2, PORT)));
	for (int i = 0; i < 4; i++) {
		client[i] = stream_socket(SOCK_NONBLOCK);
		EXPECT_ERR(EINPROGRESS, stream_connect(client[i], addr_host(2, PORT)));
	}
	sleep_ms(200);
	for (int i = 0; i < 4; i++) {
		ssize_t n = recv(client[i], &octet, 1, MSG_DONTWAIT);

		resets += n < 0 && errno == ECONNRESET;
		fine += stream_state(client[i]) == ESTABLISHED;
	}
	EXPECT_LE(1, resets);
	EXPECT_GE(2, fine);
}

/* --- ICMP ---------------------------------------------------------------------------- */

static uint16_t internet_checksum(const uint8_t *data, int len)
{
	uint32_t sum = 0;

	for (int i = 0; i < len; i += 2)
		sum += data[i] << 8 | (i + 1 < len ? data[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* Host 2 tells host 1 that a packet of its did not arrive */
static void send_unreachable(FIXTURE_DATA(paths) *self, int code, const struct packet *p)
{
	struct {
		struct icmphdr head;
		uint8_t quoted[48];
	} icmp = { .head = { .type = ICMP_DEST_UNREACH, .code = code } };
	int len = sizeof(icmp.head) + 28;
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd;

	memcpy(icmp.quoted, p->raw, sizeof(icmp.quoted));
	icmp.head.checksum = internet_checksum((uint8_t *)&icmp, len);
	inet_pton(AF_INET, "10.0.0.1", &to.sin_addr);
	at(self, 2);
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	sendto(fd, &icmp, len, 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	at(self, 1);
}

/* The same over IPv6, where the kernel makes the checksum */
static void send_icmp6(FIXTURE_DATA(paths) *self, int type, int code, const struct packet *p)
{
	struct {
		struct icmp6_hdr head;
		uint8_t quoted[48];
	} icmp = { .head = { .icmp6_type = type, .icmp6_code = code } };
	union addr to = addr_host(1, 0);
	int fd;

	memcpy(icmp.quoted, p->raw, sizeof(icmp.quoted));
	at(self, 2);
	fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	sendto(fd, &icmp, sizeof(icmp), 0, &to.sa, addr_len());
	close(fd);
	at(self, 1);
}

static void tell(FIXTURE_DATA(paths) *self, int code, const struct packet *p)
{
	static const struct {
		int type;
		int code;
	} twin[] = {
		[ICMP_HOST_UNREACH] = { ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR },
		[ICMP_PORT_UNREACH] = { ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT },
		[ICMP_PROT_UNREACH] = { ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER },
	};

	if (stream_ipv6())
		send_icmp6(self, twin[code].type, twin[code].code, p);
	else
		send_unreachable(self, code, p);
}

/* A host that is there but does not answer: what goes to 10.0.0.3 ends at host 2 */
static int mute_host(void)
{
	return netns_ip("neighbour add 10.0.0.3 lladdr 02:00:00:00:00:02 dev eth0\n"
			"neighbour add fd00::3 lladdr 02:00:00:00:00:02 dev eth0\n");
}

static int connect_and_hear(struct __test_metadata *_metadata, FIXTURE_DATA(paths) *self, int code)
{
	int fd = stream_socket(SOCK_NONBLOCK), tap = tap_open("eth0");
	struct packet p;

	ASSERT_EQ(0, mute_host());
	EXPECT_ERR(EINPROGRESS, stream_connect(fd, addr_host(3, PORT)));
	ASSERT_TRUE(tap_find(tap, &p, SYN, false, 1000));
	tell(self, code, &p);
	sleep_ms(100);
	return fd;
}

/* The peer's host has no LTCP. ICMPv6's way to say so is a soft error (section 3.9.2.2). */
TEST_F(paths, protocol_unreachable)
{
	int fd = connect_and_hear(_metadata, self, ICMP_PROT_UNREACH);

	if (stream_ipv6()) {
		EXPECT_EQ(flavour.ltcp ? SYN_SENT : CLOSED, stream_state(fd));
		return;
	}
	EXPECT_EQ(CLOSED, stream_state(fd));
	EXPECT_EQ(ENOPROTOOPT, opt_get(fd, SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(0, opt_get(fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(paths, port_unreachable)
{
	int fd = connect_and_hear(_metadata, self, ICMP_PORT_UNREACH);

	EXPECT_EQ(CLOSED, stream_state(fd));
	EXPECT_EQ(ECONNREFUSED, opt_get(fd, SOL_SOCKET, SO_ERROR));
}

/* MUST-56: a soft error does not end the attempt. With Linux it does. */
TEST_F(paths, host_unreachable_is_soft)
{
	int fd = connect_and_hear(_metadata, self, ICMP_HOST_UNREACH);

	EXPECT_EQ(flavour.ltcp ? SYN_SENT : CLOSED, stream_state(fd));
}

/* RFC 1191: a router tells that packets are too big, and they become smaller */
TEST_F(paths, path_mtu)
{
	int far, listener, sv[2];
	struct tcp_info info;
	struct mover m;

	/* Host 2 is the router, 10.0.1.2 lives behind it on a link of 1400 octets */
	far = netns_new();
	at(self, 2);
	ASSERT_OK(sysctl_set_path("ipv4/ip_forward", "1"));
	ASSERT_OK(sysctl_set_path("ipv6/conf/all/forwarding", "1"));
	ASSERT_EQ(0, netns_ip("link add eth1 mtu 1400 type veth peer name eth0 mtu 1400 "
			      "netns /proc/%d/fd/%d\n"
			      "address add 10.0.1.1/24 dev eth1\n"
			      "address add fd00:0:0:1::1/64 dev eth1 nodad\n"
			      "link set eth1 up\n",
			      getpid(), far));
	netns_enter(far);
	ASSERT_EQ(0, netns_ip("address add 10.0.1.2/24 dev eth0\n"
			      "address add fd00:0:0:1::2/64 dev eth0 nodad\n"
			      "link set eth0 mtu 1500\nlink set eth0 up\n"
			      "route add default via 10.0.1.1\n"
			      "route add default via fd00:0:0:1::1\n"));
	listener = stream_listener(addr_any(PORT), 1);
	at(self, 1);
	ASSERT_EQ(0, netns_ip("route add 10.0.1.0/24 via 10.0.0.2\n"
			      "route add fd00:0:0:1::/64 via fd00::2\n"));
	ASSERT_OK(stream_pair_at(sv, listener, addr_parse("10.0.1.2", PORT)));
	ASSERT_OK(stream_info(sv[0], &info));
	EXPECT_EQ(mss(1500), info.tcpi_snd_mss);
	mover_send(&m, sv[0], 300000, 1);
	EXPECT_TRUE(recv_pattern(sv[1], 300000, 1, 0));
	EXPECT_TRUE(mover_join(&m));
	ASSERT_OK(stream_info(sv[0], &info));
	EXPECT_EQ(mss(1400), info.tcpi_snd_mss);
	EXPECT_EQ(1400, info.tcpi_pmtu);
}

/* --- metrics of routes ----------------------------------------------------------------- */

static void set_metric(struct __test_metadata *_metadata, FIXTURE_DATA(paths) *self, int host,
		       const char *metric)
{
	at(self, host);
	ASSERT_EQ(0, netns_ip("route add 10.0.0.%d dev eth0 %s\n"
			      "route add fd00::%d dev eth0 %s\n",
			      3 - host, metric, 3 - host, metric));
	at(self, 1);
}

TEST_F(paths, metric_mtu_lock)
{
	struct tcp_info info;
	struct packet p;
	int sv[2], tap;

	set_metric(_metadata, self, 1, "mtu lock 1400");
	tap = tap_open("eth0");
	ASSERT_OK(pair_across(self, sv));
	ASSERT_TRUE(tap_find(tap, &p, SYN, false, 1000));
	EXPECT_EQ(mss(1400) + 12, p.mss);
	ASSERT_OK(stream_info(sv[0], &info));
	EXPECT_EQ(mss(1400), info.tcpi_snd_mss);
	EXPECT_EQ(1400, info.tcpi_pmtu);
	ASSERT_TRUE(send_pattern(sv[0], 50000, 1, 0));
	ASSERT_TRUE(recv_pattern(sv[1], 50000, 1, 0));
}

TEST_F(paths, metric_advmss)
{
	struct packet p;
	int sv[2], tap;

	set_metric(_metadata, self, 1, "advmss 800");
	tap = tap_open("eth0");
	ASSERT_OK(pair_across(self, sv));
	ASSERT_TRUE(tap_find(tap, &p, SYN, false, 1000));
	EXPECT_EQ(800, p.mss);
	EXPECT_EQ(788, opt_get(sv[1], SOL_TCP, TCP_MAXSEG));
}

TEST_F(paths, metric_advmss_of_the_passive_side)
{
	struct packet p;
	int sv[2], tap;

	set_metric(_metadata, self, 2, "advmss 800");
	at(self, 2);
	tap = tap_open("eth0");
	at(self, 1);
	ASSERT_OK(pair_across(self, sv));
	ASSERT_TRUE(tap_find(tap, &p, SYN | ACK, false, 1000));
	EXPECT_EQ(800, p.mss);
}

/* The MSS of a SYN from here, by a rule of host 1's for its own address, and @more */
static int mss_by_rule(FIXTURE_DATA(paths) *self, const char *more)
{
	char command[200];
	struct packet p;
	int sv[2], tap, ret;

	snprintf(command, sizeof(command), "ip -%d rule add from %s %s lookup 100",
		 stream_ipv6() ? 6 : 4, stream_ipv6() ? "fd00::1" : "10.0.0.1", more);
	if (system(command) ||
	    netns_ip("route add 10.0.0.2 dev eth0 advmss 800 table 100\n"
		     "route add fd00::2 dev eth0 advmss 800 table 100\n"))
		return -1;
	tap = tap_open("eth0");
	ret = pair_across(self, sv) || !tap_find(tap, &p, SYN, false, 1000) ? -1 : p.mss;
	close(tap);
	return ret;
}

/* What only the route says, which is asked for when nobody has chosen an address yet */
TEST_F(paths, rule_by_our_address)
{
	if (!variant->flavour.ltcp && stream_ipv6())
		SKIP(return, "over IPv6 Linux's TCP asks for a route but once");
	EXPECT_EQ(800, mss_by_rule(self, ""));
}

TEST_F(paths, rule_by_our_port)
{
	if (!variant->flavour.ltcp && stream_ipv6())
		SKIP(return, "over IPv6 Linux's TCP asks for a route but once");
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_port_range", "5000 5001"));
	EXPECT_EQ(800, mss_by_rule(self, "sport 5000-5001"));
}

TEST_F(paths, rule_by_another_port)
{
	ASSERT_OK(sysctl_set_path("ipv4/ip_local_port_range", "5000 5001"));
	EXPECT_EQ(mss(1500) + 12, mss_by_rule(self, "sport 6000"));
}

/* Octets sent before anything is acknowledged, 50 ms away */
static long first_flight(int fd)
{
	int tap = tap_open("eth0");
	static char much[60000];
	struct packet p;
	long octets = 0;

	if (send(fd, much, sizeof(much), MSG_DONTWAIT) < 0)
		return -1;
	/* The tap sees packets when they have been delayed */
	sleep_ms(120);
	while (tap_find(tap, &p, 0, true, 0))
		octets += p.len;
	close(tap);
	return octets;
}

TEST_F(paths, metric_initcwnd)
{
	struct tcp_info info;
	int sv[2];

	set_metric(_metadata, self, 1, "initcwnd 3");
	ASSERT_OK(slow_link(self, 50000));
	ASSERT_OK(pair_across(self, sv));
	ASSERT_OK(stream_info(sv[0], &info));
	EXPECT_EQ(3, info.tcpi_snd_cwnd);
	EXPECT_EQ(3 * mss(1500), first_flight(sv[0]));
}

TEST_F(paths, metric_initcwnd_of_the_passive_side)
{
	int sv[2];

	set_metric(_metadata, self, 2, "initcwnd 3");
	ASSERT_OK(slow_link(self, 50000));
	ASSERT_OK(pair_across(self, sv));
	at(self, 2);
	EXPECT_EQ(3 * mss(1500), first_flight(sv[1]));
}

/* RFC 6928: without the metric it is ten */
TEST_F(paths, initial_window)
{
	int sv[2];

	ASSERT_OK(slow_link(self, 50000));
	ASSERT_OK(pair_across(self, sv));
	EXPECT_EQ(10 * mss(1500), first_flight(sv[0]));
	at(self, 2);
	EXPECT_EQ(10 * mss(1500), first_flight(sv[1]));
}

TEST_F(paths, metric_initrwnd)
{
	struct packet p;
	int sv[2], tap;

	set_metric(_metadata, self, 1, "initrwnd 4");
	tap = tap_open("eth0");
	ASSERT_OK(pair_across(self, sv));
	ASSERT_TRUE(tap_find(tap, &p, SYN, false, 1000));
	EXPECT_EQ(4 * (mss(1500) + 12), p.window);
}

TEST_F(paths, metric_rto_min)
{
	struct tcp_info info;
	char octet;
	int sv[2];

	set_metric(_metadata, self, 1, "rto_min 50ms");
	ASSERT_OK(pair_across(self, sv));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(1, send(sv[0], "x", 1, 0));
		ASSERT_EQ(1, recv(sv[1], &octet, 1, 0));
		ASSERT_EQ(1, send(sv[1], "x", 1, 0));
		ASSERT_EQ(1, recv(sv[0], &octet, 1, 0));
	}
	ASSERT_OK(stream_info(sv[0], &info));
	EXPECT_LE(50000, info.tcpi_rto);
	EXPECT_GT(150000, info.tcpi_rto);
}

TEST_F(paths, metric_quickack)
{
	struct packet p;
	int sv[2], tap;

	set_metric(_metadata, self, 2, "quickack 1");
	ASSERT_OK(pair_across(self, sv));
	at(self, 2);
	tap = tap_open("eth0");
	for (int i = 0; i < 10; i++) {
		char octet;
		long start;

		/* Alternating would otherwise make it delay */
		ASSERT_EQ(1, send(sv[1], "x", 1, 0));
		ASSERT_EQ(1, recv(sv[0], &octet, 1, 0));
		sleep_ms(100);
		tap_flush(tap);
		start = now_ms();
		ASSERT_EQ(1, send(sv[0], "x", 1, 0));
		ASSERT_TRUE(tap_find(tap, &p, ACK, false, 1000));
		EXPECT_TOOK(start, 0, -40);
		ASSERT_EQ(1, recv(sv[1], &octet, 1, 0));
	}
}

TEST_F(paths, metric_hoplimit)
{
	struct packet p;
	int sv[2], tap;

	set_metric(_metadata, self, 1, "hoplimit 7");
	set_metric(_metadata, self, 2, "hoplimit 9");
	tap = tap_open("eth0");
	ASSERT_OK(pair_across(self, sv));
	ASSERT_TRUE(tap_next(tap, &p, 1000));
	EXPECT_EQ(SYN, p.flags & (SYN | ACK));
	EXPECT_EQ(7, p.ttl);
	ASSERT_TRUE(tap_next(tap, &p, 1000));
	EXPECT_EQ(SYN | ACK, p.flags & (SYN | ACK));
	EXPECT_EQ(9, p.ttl);
	/* A reset that no socket sends, too */
	tap_flush(tap);
	EXPECT_ERR(ECONNREFUSED, stream_connected(addr_host(2, PORT + 1)));
	ASSERT_TRUE(tap_next(tap, &p, 1000));
	ASSERT_TRUE(tap_next(tap, &p, 1000));
	EXPECT_EQ(RST, p.flags & RST);
	EXPECT_EQ(9, p.ttl);
}

/* --- devices and VRF ---------------------------------------------------------------------- */

TEST_F(paths, bound_to_a_device)
{
	int on_lo, on_eth0;

	at(self, 2);
	on_lo = listener_on("lo", PORT);
	ASSERT_OK(on_lo);
	at(self, 1);
	EXPECT_ERR(ECONNREFUSED, stream_connected(addr_host(2, PORT)));
	at(self, 2);
	on_eth0 = listener_on("eth0", PORT);
	ASSERT_OK(on_eth0);
	at(self, 1);
	EXPECT_OK(stream_connected(addr_host(2, PORT)));
	EXPECT_EQ(POLLIN, wait_events(on_eth0, POLLIN, 1000));
	EXPECT_EQ(0, wait_events(on_lo, POLLIN, 10));
}

TEST_F(paths, connect_by_a_device)
{
	int fd = socket_bound_to("lo");

	ASSERT_OK(listen_there(self));
	ASSERT_OK(opt_timeout(fd, SO_SNDTIMEO, 100));
	/* Out by lo nobody is reached */
	EXPECT_EQ(-1, stream_connect(fd, addr_host(2, PORT)));
	fd = socket_bound_to("eth0");
	EXPECT_OK(stream_connect(fd, addr_host(2, PORT)));
}

/* Host 2's device belongs to a VRF, "red"; IPv6 forgets what it has known of it */
static void make_vrf(struct __test_metadata *_metadata, FIXTURE_DATA(paths) *self)
{
	at(self, 2);
	ASSERT_EQ(0, netns_ip("link add red type vrf table 10\n"
			      "link set red up\n"
			      "link set eth0 master red\n"
			      "address replace fd00::2/64 dev eth0 nodad\n"
			      "neighbour replace fd00::1 lladdr 02:00:00:00:00:01 dev eth0\n"));
	at(self, 1);
}

TEST_F(paths, vrf_listener)
{
	int inside, outside, sv[2];
	char octet;

	make_vrf(_metadata, self);
	at(self, 2);
	/* One that is bound to no VRF does not hear what comes by one */
	outside = stream_listener(addr_any(PORT), 8);
	at(self, 1);
	EXPECT_ERR(ECONNREFUSED, stream_connected(addr_host(2, PORT)));
	at(self, 2);
	inside = listener_on("red", PORT);
	ASSERT_OK(inside);
	at(self, 1);
	ASSERT_OK(stream_pair_at(sv, inside, addr_host(2, PORT)));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
	EXPECT_EQ(1, send(sv[1], "x", 1, 0));
	EXPECT_EQ(1, recv(sv[0], &octet, 1, 0));
	EXPECT_EQ(0, wait_events(outside, POLLIN, 10));
}

TEST_F(paths, vrf_connect)
{
	int listener = stream_listener(addr_host(1, PORT), 8), fd, server;
	char octet;

	make_vrf(_metadata, self);
	at(self, 2);
	/* Without the VRF there is no route */
	EXPECT_ERR(ENETUNREACH, stream_connected(addr_host(1, PORT)));
	fd = socket_bound_to("red");
	ASSERT_OK(fd);
	ASSERT_OK(stream_connect(fd, addr_host(1, PORT)));
	server = stream_accept(listener);
	ASSERT_OK(server);
	EXPECT_EQ(1, send(server, "x", 1, 0));
	EXPECT_EQ(1, recv(fd, &octet, 1, 0));
}

/* --- the way in ------------------------------------------------------------------------------ */

/* Does an octet from host 2 arrive within @ms? */
static bool arrives(int sv[2], long ms)
{
	char octet;

	return send(sv[1], "x", 1, 0) == 1 && wait_events(sv[0], POLLIN, ms) == POLLIN &&
	       recv(sv[0], &octet, 1, 0) == 1;
}

TEST_F(paths, early_demux)
{
	long before;
	int sv[2];

	if (!variant->flavour.ltcp)
		SKIP(return, "looks at a counter of LTCP's");
	ASSERT_OK(pair_across(self, sv));
	/*
	 * All routes are looked for anew once the link is seen to be up, and those of
	 * IPv6 when link-local addresses are found to be nobody else's.
	 */
	sleep_ms(3000);
	ASSERT_TRUE(arrives(sv, 1000));
	before = stream_counter("EarlyDemux");
	ASSERT_LE(0, before);
	ASSERT_TRUE(arrives(sv, 1000));
	EXPECT_EQ(before + 1, stream_counter("EarlyDemux"));
	ASSERT_OK(sysctl_set("early_demux", "0"));
	ASSERT_TRUE(arrives(sv, 1000));
	EXPECT_EQ(before + 1, stream_counter("EarlyDemux"));
	ASSERT_OK(sysctl_set("early_demux", "1"));
	ASSERT_TRUE(arrives(sv, 1000));
	EXPECT_EQ(before + 2, stream_counter("EarlyDemux"));
}

/* A number under /proc/sys/net/netfilter, or -1 */
static long netfilter_get(const char *name)
{
	char path[100];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/netfilter/%s", name);
	file = fopen(path, "r");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

/* Does connection tracking know of nothing within five minutes? It looks once a minute or two */
static bool forgets_all(void)
{
	for (int i = 0; i < 300; i++) {
		if (!netfilter_get("nf_conntrack_count"))
			return true;
		sleep_ms(1000);
	}
	return false;
}

/* Text that nobody reads does not keep what connection tracking knew of it */
TEST_F_TIMEOUT(paths, conntrack_is_let_go, 400)
{
	char octet;
	int sv[2];

	if (system("modprobe act_ct"))
		SKIP(return, "this kernel has no act_ct");
	at(self, 1);
	ASSERT_EQ(0, system("tc qdisc add dev eth0 clsact && "
			    "tc filter add dev eth0 ingress protocol all matchall action ct commit"));
	ASSERT_OK(sysctl_set_path("netfilter/nf_conntrack_generic_timeout", "1"));
	ASSERT_OK(sysctl_set_path("netfilter/nf_conntrack_tcp_timeout_established", "1"));
	ASSERT_OK(pair_across(self, sv));
	ASSERT_EQ(1, send(sv[1], "x", 1, 0));
	ASSERT_EQ(POLLIN, wait_events(sv[0], POLLIN, 1000));
	EXPECT_LE(1, netfilter_get("nf_conntrack_count"));
	EXPECT_TRUE(forgets_all());
	EXPECT_EQ(1, recv(sv[0], &octet, 1, 0));
}

/* A route that is remembered is not used when there is none any more */
TEST_F(paths, address_goes_and_returns)
{
	char octet;
	int sv[2];

	ASSERT_OK(pair_across(self, sv));
	ASSERT_TRUE(arrives(sv, 1000));
	ASSERT_OK(netns_ip("address del %s dev eth0\n", stream_ipv6() ? "fd00::1/64" :
			   "10.0.0.1/24"));
	EXPECT_FALSE(arrives(sv, 300));
	ASSERT_OK(netns_ip("address add %s dev eth0\n", stream_ipv6() ? "fd00::1/64 nodad" :
			   "10.0.0.1/24"));
	EXPECT_EQ(POLLIN, wait_events(sv[0], POLLIN, 10000));
	EXPECT_EQ(1, recv(sv[0], &octet, 1, 0));
}

/* --- IPsec ------------------------------------------------------------------------------------ */

/* What the kernel is told of packets from @from to the other host: "xfrm @what src … dst … @more" */
static int tell_ipsec(const char *what, int from, const char *more)
{
	const char *net = stream_ipv6() ? "fd00::" : "10.0.0.";

	return netns_ip("xfrm %s src %s%d dst %s%d %s\n", what, net, from, net, 3 - from, more);
}

/* A policy of host 2's refuses what host 1 sends: SYNs, and text of a connection that is open */
TEST_F(paths, ipsec_policy_refuses)
{
	int fd = stream_socket(0), listener = listen_there(self), sv[2];
	char octet;

	ASSERT_OK(listener);
	at(self, 2);
	ASSERT_OK(tell_ipsec("policy add", 1, "dir in action block"));
	at(self, 1);
	ASSERT_OK(opt_timeout(fd, SO_SNDTIMEO, 100));
	EXPECT_EQ(-1, stream_connect(fd, addr_host(2, PORT)));
	EXPECT_EQ(0, wait_events(listener, POLLIN, 10));
	close(fd);
	at(self, 2);
	ASSERT_OK(tell_ipsec("policy delete", 1, "dir in"));
	at(self, 1);
	ASSERT_OK(stream_pair_at(sv, listener, addr_host(2, PORT)));
	at(self, 2);
	ASSERT_OK(tell_ipsec("policy add", 1, "dir in action block"));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(0, wait_events(sv[1], POLLIN, 1000));
	ASSERT_OK(tell_ipsec("policy delete", 1, "dir in"));
	EXPECT_EQ(POLLIN, wait_events(sv[1], POLLIN, 10000));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
}

#define ESP "reqid 1 mode transport"
#define KEY "0x00112233445566778899aabbccddeeff01020304"

/* Host @host sends by ESP, and takes nothing in that did not come by it */
static void demand_esp(struct __test_metadata *_metadata, FIXTURE_DATA(paths) *self, int host)
{
	at(self, host);
	for (int from = 1; from <= 2; from++) {
		ASSERT_OK(tell_ipsec("state add", from,
				     "proto esp spi 0x100 " ESP " aead rfc4106(gcm(aes)) " KEY " 128"));
		ASSERT_OK(tell_ipsec("policy add", from,
				     from == host ? "dir out tmpl proto esp " ESP :
						    "dir in tmpl proto esp " ESP));
	}
}

TEST_F(paths, ipsec_carries)
{
	struct mover m;
	struct packet p;
	int sv[2], tap;
	char octet;

	demand_esp(_metadata, self, 2);
	demand_esp(_metadata, self, 1);
	tap = tap_open("eth0");
	ASSERT_OK(tap);
	ASSERT_OK(pair_across(self, sv));
	mover_send(&m, sv[0], 300000, 1);
	EXPECT_TRUE(recv_pattern(sv[1], 300000, 1, 0));
	EXPECT_TRUE(mover_join(&m));
	EXPECT_FALSE(tap_next(tap, &p, 100));
	/* What comes in the clear now is no part of the connection */
	ASSERT_OK(tell_ipsec("policy delete", 1, "dir out"));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_TRUE(tap_next(tap, &p, 1000));
	EXPECT_EQ(0, wait_events(sv[1], POLLIN, 1000));
	ASSERT_OK(tell_ipsec("policy add", 1, "dir out tmpl proto esp " ESP));
	EXPECT_EQ(POLLIN, wait_events(sv[1], POLLIN, 10000));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
}

/* --- namespaces ------------------------------------------------------------------------------ */

TEST_F(paths, sysctls_per_namespace)
{
	long there;

	at(self, 2);
	there = sysctl_get("retries2");
	at(self, 1);
	EXPECT_EQ(15, there);
	EXPECT_EQ(there, sysctl_get("retries2"));
	ASSERT_OK(sysctl_set("retries2", "9"));
	EXPECT_EQ(9, sysctl_get("retries2"));
	at(self, 2);
	EXPECT_EQ(there, sysctl_get("retries2"));
	/* A new one begins with the defaults */
	at(self, 1);
	ASSERT_OK(netns_new());
	EXPECT_EQ(there, sysctl_get("retries2"));
}

TEST_F(paths, sysctls_have_bounds)
{
	EXPECT_ERR(EINVAL, sysctl_set("syn_retries", "0"));
	EXPECT_ERR(EINVAL, sysctl_set("syn_retries", "100000"));
	EXPECT_ERR(ENOENT, sysctl_set("nonsense", "1"));
}

/*
 * Host 2's namespace is left by its last user, with connections in a state:
 * it is gone when its end of the link is.
 */
static bool host2_ends(FIXTURE_DATA(paths) *self, long ms)
{
	long end = now_ms() + ms;

	close(self->net.ns[1]);
	while (if_nametoindex("eth0")) {
		if (now_ms() > end)
			return false;
		sleep_ms(20);
	}
	return true;
}

TEST_F(paths, namespace_ends_empty)
{
	EXPECT_TRUE(host2_ends(self, 10000));
}

TEST_F(paths, namespace_ends_with_connections)
{
	int listener = listen_there(self), sv[4][2];

	for (int i = 0; i < 4; i++)
		ASSERT_OK(stream_pair_at(sv[i], listener, addr_host(2, PORT)));
	/* One waits for accept(), one is half-open */
	ASSERT_OK(stream_connected(addr_host(2, PORT)));
	ASSERT_OK(netem_set("eth0", &(struct netem){ .loss = 1000000 }));
	EXPECT_ERR(EINPROGRESS, stream_connect(stream_socket(SOCK_NONBLOCK), addr_host(2, PORT)));
	for (int i = 0; i < 4; i++)
		stream_reset(sv[i][1]);
	close(listener);
	EXPECT_TRUE(host2_ends(self, 10000));
}

/* TIME-WAIT pins nothing */
TEST_F(paths, namespace_ends_with_time_wait)
{
	int listener = listen_there(self);

	for (int i = 0; i < 20; i++) {
		int sv[2];

		ASSERT_OK(stream_pair_at(sv, listener, addr_host(2, PORT)));
		shutdown(sv[1], SHUT_WR);
		sleep_ms(1);
		close(sv[0]);
		close(sv[1]);
	}
	sleep_ms(100);
	close(listener);
	EXPECT_TRUE(host2_ends(self, 10000));
}

/* Orphans may finish first, but not hold it for ever */
TEST_F_TIMEOUT(paths, namespace_ends_with_orphans, 3000)
{
	int sv[2];

	NEEDS_VIRTUAL_CLOCK();
	ASSERT_OK(pair_across(self, sv));
	ASSERT_LT(0, fill(sv[1], 1));
	close(sv[1]);
	EXPECT_TRUE(host2_ends(self, 2000000));
}

TEST_F(paths, many_namespaces)
{
	for (int i = 0; i < 20; i++) {
		int sv[2];

		ASSERT_STREQ("", stream_begin(&flavour));
		ASSERT_OK(stream_pair(sv));
		ASSERT_EQ(1, send(sv[0], "x", 1, 0));
		shutdown(sv[0], SHUT_WR);
		stream_close_pair(sv);
	}
}

TEST_HARNESS_MAIN
