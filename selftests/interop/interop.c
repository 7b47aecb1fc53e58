// SPDX-License-Identifier: GPL-2.0
/*
 * LTCP's peer is the kernel's TCP: a bridge translates the protocol number.
 * Each test runs twice: LTCP connects, or TCP does.
 */
#include "../kselftest_harness.h"

#include "bridge.h"
#include "netns.h"
#include "stream.h"
#include "transfer.h"

#define DELAY_US	5000
#define LOSS		20000
#define MARKS		50000

enum {
	OPT_MSS_BIT = 1 << 2,
	OPT_WSCALE_BIT = 1 << 3,
	OPT_SACK_OK_BIT = 1 << 4,
	OPT_TIMESTAMPS_BIT = 1 << 8,
	ALL_OPTIONS = OPT_MSS_BIT | OPT_WSCALE_BIT | OPT_SACK_OK_BIT | OPT_TIMESTAMPS_BIT,
};

FIXTURE(interop) {
	struct bridge bridge;
	int fd[2];
	bool open;
};

FIXTURE_VARIANT(interop) {
	enum side active;
};

FIXTURE_VARIANT_ADD(interop, ltcp_connects) {
	.active = LTCP,
};

FIXTURE_VARIANT_ADD(interop, tcp_connects) {
	.active = TCP,
};

#define FAMILY_OF_TEST	((struct flavour){ .ltcp = true, .family = AF_INET })

FIXTURE_SETUP(interop)
{
	const struct flavour f = FAMILY_OF_TEST;

	self->fd[LTCP] = -1;
	self->fd[TCP] = -1;
	ASSERT_STREQ("", stream_begin(&f));
	ASSERT_OK(bridge_open(&self->bridge, DELAY_US));
	self->open = true;
}

FIXTURE_TEARDOWN(interop)
{
	for (int i = 0; i < 2; i++)
		if (self->fd[i] >= 0)
			close(self->fd[i]);
	if (self->open)
		bridge_close(&self->bridge);
}

/* Each connection has ports of its own, lest it meet what another left */
static int port = 4000;

static union addr addr_of(enum side side)
{
	return addr_host(side + 1, port);
}

/* A setting of both sides, by the names that they share */
static int set_both(const struct bridge *b, const char *name, const char *value)
{
	int err = 0;

	for (int i = 0; i < 2; i++) {
		bridge_enter(b, i);
		err |= sysctl_set(name, value);
	}
	return err;
}

/* Connect: fd[] are both ends */
static int join(struct bridge *b, enum side active, int fd[2])
{
	int listener;

	port++;
	bridge_enter(b, !active);
	listener = stream_listener(addr_of(!active), 1);
	bridge_enter(b, active);
	fd[active] = stream_connected(addr_of(!active));
	fd[!active] = fd[active] < 0 ? -1 : stream_accept(listener);
	close(listener);
	return fd[!active] < 0 ? -1 : 0;
}

/* Both ways at the same time, compared by digest; the ends are shut down then */
static bool both_ways(int fd[2], uint64_t len)
{
	struct flow flow[2];
	bool right = true;

	for (int i = 0; i < 2; i++) {
		flow[i] = (struct flow) {
			.from = fd[i],
			.to = fd[!i],
			.len = len,
			.seed = i + 1,
			.writing = { .chunk = 65536 },
			.reading = { .chunk = 65536 },
		};
		flow_start(&flow[i]);
	}
	for (int i = 0; i < 2; i++) {
		flow_join(&flow[i]);
		right &= flow_right(&flow[i]);
	}
	return right;
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info;

	stream_info(fd, &info);
	return info;
}

/* How windows are scaled, ours first or the peer's */
static int scales(const struct tcp_info *info, bool own)
{
	int rcv = info->tcpi_rcv_wscale, snd = info->tcpi_snd_wscale;

	return own ? rcv << 4 | snd : snd << 4 | rcv;
}

static const char *name_of(enum side side)
{
	return side == LTCP ? "LTCP" : "TCP";
}

/* Text of either side arrives at the other */
static bool alive(int fd[2])
{
	char octet[2] = {};

	return send(fd[LTCP], "l", 1, MSG_NOSIGNAL) == 1 && send(fd[TCP], "t", 1, MSG_NOSIGNAL) == 1 &&
	       recv(fd[TCP], &octet[0], 1, 0) == 1 && recv(fd[LTCP], &octet[1], 1, 0) == 1 &&
	       octet[0] == 'l' && octet[1] == 't';
}

static bool at_end(int fd)
{
	char octet;

	return recv(fd, &octet, 1, 0) == 0;
}

TEST_F(interop, options_agreed)
{
	struct seen *seen = self->bridge.seen;
	struct tcp_info l, t;

	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	l = info_of(self->fd[LTCP]);
	t = info_of(self->fd[TCP]);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(ALL_OPTIONS, seen[i].syn_options & ALL_OPTIONS);
		EXPECT_EQ(seen[TCP].mss, seen[i].mss);
	}
	EXPECT_EQ(t.tcpi_options & (TCPI_OPT_SACK | TCPI_OPT_TIMESTAMPS | TCPI_OPT_WSCALE),
		  l.tcpi_options & (TCPI_OPT_SACK | TCPI_OPT_TIMESTAMPS | TCPI_OPT_WSCALE));
	EXPECT_EQ(scales(&t, true), scales(&l, false));
	EXPECT_EQ(t.tcpi_snd_mss, l.tcpi_snd_mss);
	EXPECT_TRUE(alive(self->fd));
}

TEST_F(interop, bulk)
{
	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	EXPECT_TRUE(both_ways(self->fd, 4 << 20));
	for (int i = 0; i < 2; i++) {
		struct seen *s = &self->bridge.seen[i];

		/*
		 * A tail loss probe may be early (RFC 8985 section 7.2): ACKs queue
		 * behind the text of the side that sends them, which grows faster than
		 * SRTT does, up to half a second in 10 ms of path. Nothing else is due.
		 */
		EXPECT_EQ(s->tail, s->again);
		EXPECT_GE(1, s->tail);
		if (s->again || s->lost)
			TH_LOG("%s sent %d segments again", name_of(i), s->again);
		EXPECT_EQ(0, s->lost);
		EXPECT_EQ(0, s->rst);
		EXPECT_EQ(1, s->fin);
		EXPECT_EQ(s->segments, s->timestamps);
	}
}

/* Sockets of AF_INET6, packets of IPv4 */
TEST_F(interop, v4_mapped)
{
	flavour.family = AF_INET6;
	flavour.mapped = true;
	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	EXPECT_TRUE(both_ways(self->fd, 256 << 10));
	EXPECT_EQ(0, self->bridge.seen[LTCP].rst + self->bridge.seen[TCP].rst);
}

TEST_F_TIMEOUT(interop, bulk_under_loss, 3600)
{
	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	self->bridge.loss = LOSS;
	EXPECT_TRUE(both_ways(self->fd, 1 << 20));
	for (int i = 0; i < 2; i++) {
		struct seen *s = &self->bridge.seen[i];

		EXPECT_LT(0, s->lost);
		EXPECT_LT(0, s->again);
		EXPECT_LT(0, s->sack);
		EXPECT_EQ(s->segments, s->timestamps);
	}
}

/* Without an option on the side of TCP, and of LTCP */
static void without(struct __test_metadata *_metadata, FIXTURE_DATA(interop) *self,
		    enum side active, const char *name, int option)
{
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(set_both(&self->bridge, name, "1"));
		bridge_enter(&self->bridge, i);
		ASSERT_OK(sysctl_set(name, "0"));
		self->bridge.loss = 0;
		bridge_forget(&self->bridge);
		ASSERT_OK(join(&self->bridge, active, self->fd));
		EXPECT_EQ(0, self->bridge.seen[i].syn_options & option);
		EXPECT_EQ(0, self->bridge.seen[!active].syn_options & option);
		self->bridge.loss = LOSS;
		EXPECT_TRUE(both_ways(self->fd, 256 << 10));
		close(self->fd[LTCP]);
		close(self->fd[TCP]);
		self->fd[LTCP] = -1;
		self->fd[TCP] = -1;
	}
}

TEST_F_TIMEOUT(interop, without_sack, 3600)
{
	without(_metadata, self, variant->active, "sack", OPT_SACK_OK_BIT);
}

TEST_F_TIMEOUT(interop, without_timestamps, 3600)
{
	without(_metadata, self, variant->active, "timestamps", OPT_TIMESTAMPS_BIT);
}

TEST_F_TIMEOUT(interop, without_window_scaling, 3600)
{
	without(_metadata, self, variant->active, "window_scaling", OPT_WSCALE_BIT);
}

/* All of a window is lost, and then some more */
TEST_F_TIMEOUT(interop, silence_of_five_seconds, 3600)
{
	struct mover send[2], recv[2];

	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	for (int i = 0; i < 2; i++) {
		mover_recv(&recv[i], self->fd[!i], 4 << 20, i);
		mover_send(&send[i], self->fd[i], 4 << 20, i);
	}
	sleep_ms(30);
	self->bridge.cut = true;
	sleep_ms(5000);
	self->bridge.cut = false;
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(mover_join(&send[i]));
		EXPECT_TRUE(mover_join(&recv[i]));
		EXPECT_LT(0, self->bridge.seen[i].again);
	}
}

/* RFC 3168: marks are echoed, echoes answered, and nothing is lost */
TEST_F(interop, ecn)
{
	struct seen *seen = self->bridge.seen;

	ASSERT_OK(set_both(&self->bridge, "ecn", "1"));
	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	EXPECT_EQ(SYN | ECE | CWR, seen[variant->active].syn_flags);
	EXPECT_EQ(SYN | ACK | ECE, seen[!variant->active].syn_flags);
	self->bridge.mark = MARKS;
	EXPECT_TRUE(both_ways(self->fd, 2 << 20));
	for (int i = 0; i < 2; i++) {
		EXPECT_LT(seen[i].text / 2, seen[i].ect);
		EXPECT_LT(0, seen[i].ece);
		EXPECT_LT(0, seen[i].cwr);
		EXPECT_LT(0, info_of(self->fd[i]).tcpi_delivered_ce);
		EXPECT_EQ(0, seen[i].again);
	}
}

/* By default neither asks for ECN, and both agree to it if asked (RFC 3168 section 6.1.1) */
TEST_F(interop, ecn_asked_for_by_one)
{
	bridge_enter(&self->bridge, variant->active);
	ASSERT_OK(sysctl_set("ecn", "1"));
	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	EXPECT_EQ(SYN | ACK | ECE, self->bridge.seen[!variant->active].syn_flags);
	EXPECT_TRUE(alive(self->fd));
}

TEST_F(interop, cookies)
{
	struct tcp_info l, t;

	ASSERT_OK(set_both(&self->bridge, "syncookies", "2"));
	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	l = info_of(self->fd[LTCP]);
	t = info_of(self->fd[TCP]);
	EXPECT_TRUE(l.tcpi_options & TCPI_OPT_SACK);
	EXPECT_TRUE(t.tcpi_options & TCPI_OPT_SACK);
	EXPECT_EQ(scales(&t, true), scales(&l, false));
	EXPECT_TRUE(both_ways(self->fd, 1 << 20));
}

/* Both connect, neither listens: their SYNs cross */
TEST_F(interop, simultaneous_open)
{
	struct bridge *b = &self->bridge;

	for (int i = 0; i < 2; i++) {
		bridge_enter(b, i);
		self->fd[i] = stream_socket(SOCK_NONBLOCK);
		ASSERT_OK(stream_bind(self->fd[i], addr_of(i)));
	}
	for (int i = 0; i < 2; i++) {
		bridge_enter(b, i);
		EXPECT_ERR(EINPROGRESS, stream_connect(self->fd[i], addr_of(!i)));
	}
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(POLLOUT, wait_events(self->fd[i], POLLOUT, 1000));
		EXPECT_EQ(0, opt_get(self->fd[i], SOL_SOCKET, SO_ERROR));
		nonblocking(self->fd[i], false);
		EXPECT_EQ(0, b->seen[i].rst);
	}
	EXPECT_TRUE(alive(self->fd));
	EXPECT_TRUE(both_ways(self->fd, 256 << 10));
}

/* The FINs cross, 5 ms each way: each is answered, by no RST */
TEST_F(interop, simultaneous_close)
{
	struct seen *seen = self->bridge.seen;

	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	ASSERT_TRUE(alive(self->fd));
	sleep_ms(500);
	bridge_forget(&self->bridge);
	for (int i = 0; i < 2; i++)
		EXPECT_OK(shutdown(self->fd[i], SHUT_WR));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(FIN_WAIT_1, stream_state(self->fd[i]));
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(at_end(self->fd[i]));
		EXPECT_TRUE(stream_reaches(self->fd[i], CLOSED, 1000));
	}
	sleep_ms(1000);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(1, seen[i].fin);
		EXPECT_EQ(2, seen[i].segments);
		EXPECT_EQ(0, seen[i].rst);
	}
}

/* One side ends its text, the other goes on for long */
TEST_F_TIMEOUT(interop, half_close, 1000)
{
	int active = variant->active;

	ASSERT_OK(join(&self->bridge, active, self->fd));
	ASSERT_OK(shutdown(self->fd[active], SHUT_WR));
	EXPECT_TRUE(at_end(self->fd[!active]));
	EXPECT_TRUE(stream_reaches(self->fd[active], FIN_WAIT_2, 1000));
	sleep_ms(200000);
	EXPECT_TRUE(send_pattern(self->fd[!active], 100000, 1, 0));
	EXPECT_TRUE(recv_pattern(self->fd[active], 100000, 1, 0));
	EXPECT_EQ(CLOSE_WAIT, stream_state(self->fd[!active]));
	ASSERT_OK(shutdown(self->fd[!active], SHUT_WR));
	EXPECT_TRUE(at_end(self->fd[active]));
	EXPECT_TRUE(stream_reaches(self->fd[!active], CLOSED, 1000));
}

/* In TIME-WAIT, by whoever closed first, a new connection between the same ports */
TEST_F(interop, time_wait_reused)
{
	int active = variant->active;
	struct bridge *b = &self->bridge;
	int listener;

	bridge_enter(b, !active);
	listener = stream_listener(addr_of(!active), 1);
	for (int i = 0; i < 3; i++) {
		bridge_enter(b, active);
		self->fd[active] = stream_socket(0);
		opt_set(self->fd[active], SOL_SOCKET, SO_REUSEADDR, 1);
		ASSERT_OK(stream_bind(self->fd[active], addr_of(active)));
		ASSERT_OK(stream_connect(self->fd[active], addr_of(!active)));
		self->fd[!active] = stream_accept(listener);
		ASSERT_LE(0, self->fd[!active]);
		EXPECT_TRUE(alive(self->fd));
		/* The listener's side closes first, so that the SYN finds TIME-WAIT there */
		close(self->fd[!active]);
		EXPECT_TRUE(at_end(self->fd[active]));
		close(self->fd[active]);
		sleep_ms(2000);
	}
	self->fd[LTCP] = -1;
	self->fd[TCP] = -1;
	close(listener);
}

/* Send until the peer has no room left: how many octets, -1 if it always has */
static long send_until_closed(struct bridge *b, const int fd[2], int from)
{
	long sent = fill(fd[from], 3);

	for (int i = 0; i < 100; i++) {
		uint8_t more[4096];
		ssize_t n;

		sleep_ms(100);
		if (b->seen[!from].zero_window)
			return sent;
		pattern_fill(more, sizeof(more), 3, sent);
		n = send(fd[from], more, sizeof(more), MSG_NOSIGNAL);
		sent += n > 0 ? n : 0;
	}
	return -1;
}

/* A reader that does not read for five minutes */
static void zero_window(struct __test_metadata *_metadata, FIXTURE_DATA(interop) *self, int from)
{
	struct seen *seen = self->bridge.seen;
	long sent;

	nonblocking(self->fd[from], true);
	sent = send_until_closed(&self->bridge, self->fd, from);
	nonblocking(self->fd[from], false);
	ASSERT_LT(0, sent);
	sleep_ms(1000);
	bridge_forget(&self->bridge);
	sleep_ms(300000);
	/* From below a second, twice as far apart each time up to two minutes */
	EXPECT_LE(5, seen[from].probes);
	EXPECT_GE(16, seen[from].probes);
	EXPECT_EQ(seen[from].probes, seen[!from].segments);
	EXPECT_EQ(ESTABLISHED, stream_state(self->fd[from]));
	EXPECT_TRUE(recv_pattern(self->fd[!from], sent, 3, 0));
	EXPECT_TRUE(alive(self->fd));
}

TEST_F_TIMEOUT(interop, zero_window_of_tcp, 1000)
{
	bridge_enter(&self->bridge, TCP);
	ASSERT_OK(sysctl_set("rmem", "4096 20000 20000"));
	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	zero_window(_metadata, self, LTCP);
}

TEST_F_TIMEOUT(interop, zero_window_of_ltcp, 1000)
{
	bridge_enter(&self->bridge, LTCP);
	ASSERT_OK(sysctl_set("rmem", "4096 20000 20000"));
	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	zero_window(_metadata, self, TCP);
}

/*
 * A window that was promised shrinks with its buffer: what finds no room must
 * not be taken for lost, or TCP gives up within the half hour
 */
TEST_F_TIMEOUT(interop, shrunk_buffer, 4000)
{
	long sent;

	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	opt_set(self->fd[LTCP], SOL_SOCKET, SO_RCVBUF, 20000);
	nonblocking(self->fd[TCP], true);
	sent = send_until_closed(&self->bridge, self->fd, TCP);
	nonblocking(self->fd[TCP], false);
	ASSERT_LT(0, sent);
	sleep_ms(1800000);
	EXPECT_EQ(ESTABLISHED, stream_state(self->fd[TCP]));
	EXPECT_TRUE(recv_pattern(self->fd[LTCP], sent, 3, 0));
	EXPECT_TRUE(alive(self->fd));
}

static void keep_alive(int fd)
{
	opt_set(fd, SOL_TCP, TCP_KEEPIDLE, 10);
	opt_set(fd, SOL_TCP, TCP_KEEPINTVL, 5);
	opt_set(fd, SOL_TCP, TCP_KEEPCNT, 3);
	opt_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* Probes are answered; when they are no more the connection ends */
static void kept_alive(struct __test_metadata *_metadata, FIXTURE_DATA(interop) *self, int prober)
{
	struct seen *seen = self->bridge.seen;

	ASSERT_TRUE(alive(self->fd));
	sleep_ms(500);
	bridge_forget(&self->bridge);
	keep_alive(self->fd[prober]);
	sleep_ms(65000);
	EXPECT_EQ(6, seen[prober].probes);
	EXPECT_EQ(6, seen[!prober].segments);
	EXPECT_EQ(ESTABLISHED, stream_state(self->fd[prober]));
	EXPECT_TRUE(alive(self->fd));
	sleep_ms(500);
	self->bridge.cut = true;
	sleep_ms(30000);
	EXPECT_EQ(ETIMEDOUT, opt_get(self->fd[prober], SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(ESTABLISHED, stream_state(self->fd[!prober]));
}

TEST_F_TIMEOUT(interop, keep_alive_of_ltcp, 1000)
{
	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	kept_alive(_metadata, self, LTCP);
}

TEST_F_TIMEOUT(interop, keep_alive_of_tcp, 1000)
{
	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	kept_alive(_metadata, self, TCP);
}

TEST_F(interop, reset)
{
	int active = variant->active;

	ASSERT_OK(join(&self->bridge, active, self->fd));
	stream_reset(self->fd[active]);
	self->fd[active] = -1;
	wait_events(self->fd[!active], POLLIN, 1000);
	EXPECT_EQ(ECONNRESET, opt_get(self->fd[!active], SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(1, self->bridge.seen[active].rst);
}

TEST_F(interop, refused)
{
	bridge_enter(&self->bridge, variant->active);
	self->fd[LTCP] = stream_socket(0);
	EXPECT_ERR(ECONNREFUSED, stream_connect(self->fd[LTCP], addr_of(!variant->active)));
}

TEST_F(interop, urgent_data)
{
	char octet[2] = {};

	ASSERT_OK(join(&self->bridge, variant->active, self->fd));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(1, send(self->fd[i], "a", 1, 0));
		ASSERT_EQ(1, send(self->fd[i], "!", 1, MSG_OOB));
		ASSERT_EQ(1, send(self->fd[i], "b", 1, 0));
		EXPECT_EQ(POLLPRI, wait_events(self->fd[!i], POLLPRI, 1000));
		EXPECT_EQ(1, recv(self->fd[!i], octet, 1, MSG_OOB));
		EXPECT_EQ('!', octet[0]);
		EXPECT_EQ(2, recv(self->fd[!i], octet, 1, 0) + recv(self->fd[!i], octet + 1, 1, 0));
		EXPECT_EQ('a', octet[0]);
		EXPECT_EQ('b', octet[1]);
	}
}

TEST_HARNESS_MAIN
