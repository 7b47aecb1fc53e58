// SPDX-License-Identifier: GPL-2.0
/*
 * What a listener's user may ask of the connections to come: that there be text
 * before he hears of them (TCP_DEFER_ACCEPT), and what their SYNs were
 * (TCP_SAVE_SYN).
 */
#define WIRE_MAIN
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <linux/tcp.h>

#include "wire.h"

#define COOKIES_ALWAYS	2

/* --- TCP_DEFER_ACCEPT -------------------------------------------------------- */

/* A listener that waits for text, and a peer whose SYN it has answered */
static int deferring(struct wire *w, int seconds)
{
	int listener = wire_listen(w);

	wire_setsockopt(w, listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, seconds);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	return listener;
}

static void expect_no_connection(struct wire *w, int listener)
{
	wire_check(w, accept(listener, NULL, NULL) < 0 && errno == EAGAIN,
		   "there is something to accept");
	wire_expect_state(w, NO_FD, SYN_RECEIVED);
}

/* The ACK alone tells nobody of the connection; text does, and comes with it */
WIRE_TEST(deferred_until_text)
{
	int listener = deferring(w, 10), fd;

	wire_send(w, ACK);
	wire_expect_nothing(w, 5000);
	expect_no_connection(w, listener);
	wire_check(w, wire_counter(w, "DeferAcceptDrop") == 1, "not counted");
	wire_send(w, PSH | ACK, .len = 10);
	wire_check(w, wire_poll(w, listener, POLLIN, 0) == POLLIN, "no connection to accept");
	fd = wire_accept(w, listener);
	wire_read(w, fd, 10);
	wire_expect(w, ACK, .ack = 11, .until = 499);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* So does the end, and an ACK that has overtaken text */
WIRE_TEST(deferred_until_fin)
{
	int listener = deferring(w, 10), fd;

	wire_send(w, FIN | ACK);
	wire_expect(w, ACK, .ack = 2);
	fd = wire_accept(w, listener);
	wire_read_eof(w, fd);
}

WIRE_TEST(deferred_until_an_ack_beyond_text)
{
	int listener = deferring(w, 10);

	wire_send(w, ACK, .seq = 101);
	wire_check(w, wire_poll(w, listener, POLLIN, 0) == POLLIN, "no connection to accept");
	wire_drain(w, 10);
}

/* When the time is over the peer is asked once more, and its ACK is enough then */
WIRE_TEST(deferred_to_the_end)
{
	int listener = deferring(w, 2), fd;	/* which comes to 3 s: 1 and 2 */

	wire_check(w, wire_getsockopt(w, listener, IPPROTO_TCP, TCP_DEFER_ACCEPT) == 3,
		   "not 3 seconds");
	wire_send(w, ACK);
	wire_expect(w, SYN | ACK, .seq = 0, .after = 3000, .until = 3400);
	wire_send(w, ACK);
	fd = wire_accept(w, listener);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_send(w, ACK);
}

/* Whoever does not answer is asked as if nothing were deferred */
WIRE_TEST(deferred_without_an_ack)
{
	deferring(w, 100);
	wire_expect(w, SYN | ACK, .seq = 0, .after = 1000);
	wire_expect(w, SYN | ACK, .seq = 0, .after = 2000);
}

/* And is given up when nothing at all comes, however long one would wait for text */
WIRE_TEST(deferred_gives_up)
{
	wire_sysctl(w, "ltcp_synack_retries", 1);
	deferring(w, 2);
	wire_send(w, ACK);
	wire_expect(w, SYN | ACK, .seq = 0, .after = 3000, .until = 3400);
	wire_expect_nothing(w, 10000);
	wire_expect_state(w, NO_FD, CLOSED);
	wire_send(w, ACK, .seq = 1);
	wire_expect(w, RST, .seq = 1);
}

/* How long the text was waited for is no round trip */
WIRE_TEST(deferred_measures_nothing)
{
	int listener = wire_listen(w), fd;
	struct tcp_info info;
	socklen_t len = sizeof(info);

	wire_setsockopt(w, listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 30);
	wire_send(w, SYN, .mss = 1460, .tsval = 1000);
	wire_expect(w, SYN | ACK);
	wire_send(w, ACK);
	wire_sleep(w, 5000);
	wire_send(w, PSH | ACK, .len = 10);
	fd = wire_accept(w, listener);
	wire_check(w, !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), "no TCP_INFO");
	wire_check(w, !info.tcpi_rtt && info.tcpi_rto == 1000000, "round trip %u, RTO %u",
		   info.tcpi_rtt, info.tcpi_rto);
	wire_drain(w, 499);
}

/* A cookie's echo comes once, and there is no entry that could wait: as without the option */
WIRE_TEST(deferred_not_with_cookies)
{
	int listener;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	listener = deferring(w, 10);
	wire_send(w, ACK);
	wire_expect_state(w, wire_accept(w, listener), ESTABLISHED);
}

/* --- TCP_SAVE_SYN ---------------------------------------------------------------- */

/* A connection of a listener that keeps SYNs */
static int saving(struct wire *w, int how)
{
	int listener = wire_listen(w);

	wire_setsockopt(w, listener, IPPROTO_TCP, TCP_SAVE_SYN, how);
	return wire_open_passive(w, .fd = listener, .mss = 1234, .wscale = 3);
}

/* The saved SYN: octets, or -errno */
static int saved(int fd, u8 *octets, socklen_t room)
{
	return getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, octets, &room) ? -errno : (int)room;
}

/* IP's header and ours, with all options, and nothing else; a tun device adds none */
static void expect_saved(struct wire *w, int fd)
{
	int ip = w->ipv6 ? 40 : 20, len;
	u8 is[128] = {}, *seg = is + ip;

	len = saved(fd, is, sizeof(is));
	wire_check(w, is[0] == (w->ipv6 ? 0x60 : 0x45), "not IP's header: %02x", is[0]);
	wire_check(w, len == ip + (seg[12] >> 4) * 4, "%d octets", len);
	wire_check(w, (seg[4] << 24 | seg[5] << 16 | seg[6] << 8 | seg[7]) ==
		   (int)w->flow->peer_iss, "not the SYN's number");
	wire_check(w, seg[13] == SYN, "not a SYN: %02x", seg[13]);
	wire_check(w, memmem(seg + 20, len - ip - 20, WIRE_BYTES(2, 4, 1234 >> 8, 1234 & 255), 4),
		   "its MSS is missing");
	wire_check(w, saved(fd, is, sizeof(is)) == 0, "it can be read twice");
}

WIRE_TEST(saved_syn)		{ expect_saved(w, saving(w, 1)); }
WIRE_TEST(saved_syn_and_link)	{ expect_saved(w, saving(w, 2)); }

/* Nobody has asked */
WIRE_TEST(saved_syn_of_none)
{
	u8 is[128];

	wire_check(w, saved(saving(w, 0), is, sizeof(is)) == 0, "there is one");
}

/* Too little room: how much there must be is said, and nothing is lost */
WIRE_TEST(saved_syn_needs_room)
{
	int fd = saving(w, 1);
	socklen_t room = 10;
	u8 is[128];

	wire_check(w, getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, is, &room) && errno == EINVAL &&
		   room >= 44, "%u octets are enough", room);
	expect_saved(w, fd);
}

/* A cookie remembers nothing */
WIRE_TEST(saved_syn_not_with_cookies)
{
	u8 is[128];

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	wire_check(w, saved(saving(w, 1), is, sizeof(is)) == 0, "there is one");
}

/* Of a connection that nobody accepts it is freed; the memory check at the end would see it */
WIRE_TEST(saved_syn_of_nobody)
{
	int listener = wire_listen(w);

	wire_setsockopt(w, listener, IPPROTO_TCP, TCP_SAVE_SYN, 1);
	wire_send(w, SYN);
	wire_expect(w, SYN | ACK);
	wire_send(w, ACK);
	wire_new_flow(w);
	w->flow->port = WIRE_PORT;
	wire_send(w, SYN);
	wire_expect(w, SYN | ACK);
	wire_close(w, listener);
	wire_drain(w, 10);
}

TEST_HARNESS_MAIN
