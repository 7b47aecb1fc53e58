// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies that lose nothing: what a connection has that was built from one,
 * the option that LTCP echoes, and what becomes of an ACK that is lost. What
 * cookies are to peers that know nothing of this is in handshake.c.
 */
#define WIRE_MAIN
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire.h"

#define COOKIES_NEVER	0
#define COOKIES_ALWAYS	2

/* RFC 6994: kind 253 and two octets; empty on a SYN, and then with what is to be echoed */
#define EXPERIMENT	253
#define EXID		0x4c, 0x43
#define OPTION_LEN	14

#define PEER_MSS	1379	/* no table has it */
#define PEER_WSCALE	3
#define PEER_TSVAL	4711

#define OPT_MSS		2, 4, PEER_MSS >> 8, PEER_MSS & 255
#define OPT_WSCALE	1, 3, 3, PEER_WSCALE
#define OPT_SACK	1, 1, 4, 2
#define OPT_TS		1, 1, 8, 10, 0, 0, PEER_TSVAL >> 8, PEER_TSVAL & 255, 0, 0, 0, 0
#define OPT_ECHOES	EXPERIMENT, 4, EXID

/* --- the peer's side of it ------------------------------------------------------- */

/* The option of the last packet, or NULL */
static const u8 *cookie_option(const struct wire *w)
{
	const u8 *opt = w->pkt->opts;
	int i;

	for (i = 0; i < w->pkt->opts_len && opt[i]; i += opt[i] == 1 ? 1 : opt[i + 1])
		if (opt[i] == EXPERIMENT && opt[i + 1] == OPTION_LEN)
			return opt + i;
	return NULL;
}

/* What a peer has been told, and answers with */
struct peer {
	bool ts;
	bool echoes;
	u8 answer[40];
	int answer_len;
};

static void put_be32(u8 *p, u32 v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

static void prepare_answer(struct wire *w, struct peer *peer)
{
	const u8 *cookie = cookie_option(w);

	peer->answer_len = 0;
	if (peer->ts) {
		static const u8 ts[] = { OPT_TS };

		memcpy(peer->answer, ts, sizeof(ts));
		put_be32(peer->answer + 8, w->pkt->seg.tsval);
		peer->answer_len = sizeof(ts);
		w->flow->ts_sent = true;
	}
	if (!cookie)
		return;
	peer->answer[peer->answer_len++] = 1;
	peer->answer[peer->answer_len++] = 1;
	memcpy(peer->answer + peer->answer_len, cookie, OPTION_LEN);
	peer->answer_len += OPTION_LEN;
}

static void send_syn(struct wire *w, const struct peer *peer)
{
	if (peer->ts && peer->echoes)
		wire_send(w, SYN | ECE | CWR,
			  OPTIONS(OPT_MSS, OPT_SACK, OPT_TS, OPT_WSCALE, OPT_ECHOES));
	else if (peer->ts)
		wire_send(w, SYN | ECE | CWR, OPTIONS(OPT_MSS, OPT_SACK, OPT_TS, OPT_WSCALE));
	else if (peer->echoes)
		wire_send(w, SYN | ECE | CWR, OPTIONS(OPT_MSS, OPT_SACK, OPT_WSCALE, OPT_ECHOES));
	else
		wire_send(w, SYN | ECE | CWR, OPTIONS(OPT_MSS, OPT_SACK, OPT_WSCALE));
}

#define send_answer(w, peer, f, ...)					\
	wire_send(w, f, .opt = (peer)->answer, .opt_len = (peer)->answer_len, ##__VA_ARGS__)

static struct tcp_info info_of(struct wire *w, int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	wire_check(w, !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), "TCP_INFO");
	return info;
}

/* The SYN-ACK that @peer gets; from here on he knows what to answer */
static struct wire_seg shake_hands(struct wire *w, struct peer *peer)
{
	struct wire_seg synack;

	send_syn(w, peer);
	/* An ISS alone has no room for ECN */
	synack = wire_expect(w, SYN | ACK | (peer->ts || peer->echoes ? ECE : 0), .ack = 1)->seg;
	prepare_answer(w, peer);
	return synack;
}

/* --- the same as from an entry ----------------------------------------------------- */

static void same_as_entry(struct wire *w, bool ts, bool echoes)
{
	struct peer peer = { .ts = ts, .echoes = echoes };
	int listener = wire_listen(w), mss = PEER_MSS - (ts ? 12 : 0), fd[2], i;
	struct wire_seg synack[2];
	struct tcp_info info[2];

	wire_sysctl(w, "ltcp_ecn", 2);
	for (i = 0; i < 2; i++) {
		if (i)
			wire_new_flow(w);
		w->flow->port = WIRE_PORT;
		wire_sysctl(w, "ltcp_syncookies", i ? COOKIES_ALWAYS : COOKIES_NEVER);
		synack[i] = shake_hands(w, &peer);
		wire_check(w, !!cookie_option(w) == (i && echoes), "the option on the SYN-ACK");
		wire_sleep(w, 200);
		send_answer(w, &peer, ACK, .win = 4096);
		fd[i] = wire_accept(w, listener);
		wire_write(w, fd[i], 2 * mss);
		wire_expect(w, ACK | PSH_ANY, .len = mss, .tos = 2);
		wire_drain(w, 10);
		send_answer(w, &peer, ACK);
		wire_drain(w, 10);
		info[i] = info_of(w, fd[i]);
	}
	wire_check(w, wire_counter(w, "SyncookiesRecv") == 1, "no cookie");
	wire_check(w, synack[0].mss == synack[1].mss && synack[0].wscale == synack[1].wscale &&
		   synack[0].sackok == synack[1].sackok && synack[0].win == synack[1].win &&
		   (synack[0].tsval == NONE) == (synack[1].tsval == NONE), "other options");
	wire_check(w, info[0].tcpi_options == info[1].tcpi_options, "options %#x, %#x",
		   info[0].tcpi_options, info[1].tcpi_options);
	wire_check(w, info[0].tcpi_snd_wscale == info[1].tcpi_snd_wscale &&
		   info[0].tcpi_rcv_wscale == info[1].tcpi_rcv_wscale, "window scales");
	wire_check(w, info[0].tcpi_snd_mss == info[1].tcpi_snd_mss &&
		   info[0].tcpi_advmss == info[1].tcpi_advmss &&
		   info[0].tcpi_snd_cwnd == info[1].tcpi_snd_cwnd, "MSS %u, %u; cwnd %u, %u",
		   info[0].tcpi_snd_mss, info[1].tcpi_snd_mss,
		   info[0].tcpi_snd_cwnd, info[1].tcpi_snd_cwnd);
	wire_check(w, (info[0].tcpi_options & (TCPI_OPT_SACK | TCPI_OPT_WSCALE | TCPI_OPT_ECN)) ==
		   (TCPI_OPT_SACK | TCPI_OPT_WSCALE | TCPI_OPT_ECN), "not agreed on");
	wire_check(w, !!(info[0].tcpi_options & TCPI_OPT_TIMESTAMPS) == ts, "timestamps");
}

WIRE_TEST(cookie_same_with_timestamps) { same_as_entry(w, true, false); }
WIRE_TEST(cookie_same_with_option) { same_as_entry(w, false, true); }
WIRE_TEST(cookie_same_with_both) { same_as_entry(w, true, true); }

/* A peer with neither loses window scale, SACK and ECN, and the MSS is rounded down */
WIRE_TEST(cookie_bare)
{
	int listener = wire_listen(w), fd;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	wire_sysctl(w, "ltcp_ecn", 2);
	wire_send(w, SYN | ECE | CWR, OPTIONS(OPT_MSS, OPT_SACK, OPT_WSCALE));
	wire_expect(w, SYN | ACK, .wscale = NONE, .sackok = NONE, .tsval = NONE);
	wire_check(w, !cookie_option(w), "an option for a peer who does not know it");
	wire_send(w, ACK);
	fd = wire_accept(w, listener);
	wire_write(w, fd, 2 * 1220);
	wire_expect(w, ACK | PSH_ANY, .len = 1220);
	wire_drain(w, 10);
	wire_send(w, ACK);
}

/* ltcp_syncookies_bare = 0: such a peer is refused, the others are not */
WIRE_TEST(cookie_bare_refused)
{
	struct peer peer = { .ts = true };
	int listener = wire_listen(w);

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	wire_sysctl(w, "ltcp_syncookies_bare", 0);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_send(w, ACK);
	wire_expect(w, RST, .seq = 1);
	wire_new_flow(w);
	w->flow->port = WIRE_PORT;
	shake_hands(w, &peer);
	send_answer(w, &peer, ACK);
	wire_accept(w, listener);
}

/* With the option it is known when the SYN-ACK left: the handshake tells the round trip */
WIRE_TEST(cookie_measures_round_trip)
{
	struct peer peer = { .ts = true, .echoes = true };
	int listener = wire_listen(w), fd;
	struct tcp_info info;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	shake_hands(w, &peer);
	wire_sleep(w, 300);
	send_answer(w, &peer, ACK);
	fd = wire_accept(w, listener);
	info = info_of(w, fd);
	wire_check(w, info.tcpi_rtt > 290000 && info.tcpi_rtt < 340000, "RTT %u us", info.tcpi_rtt);
}

/* Without it no round trip is made up, and TSval goes on from the cookie's */
WIRE_TEST(cookie_continues_timestamps)
{
	struct peer peer = { .ts = true };
	int listener = wire_listen(w), fd;
	struct wire_seg synack;
	struct tcp_info info;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	synack = shake_hands(w, &peer);
	wire_sleep(w, 300);
	send_answer(w, &peer, ACK);
	fd = wire_accept(w, listener);
	info = info_of(w, fd);
	wire_check(w, !info.tcpi_rtt, "RTT %u us", info.tcpi_rtt);
	wire_sleep(w, 50);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_check(w, (u32)w->pkt->seg.tsval - (u32)synack.tsval - 50 <= 20,
		   "TSval %u after %u", (u32)w->pkt->seg.tsval, (u32)synack.tsval);
	send_answer(w, &peer, ACK);
}

/* --- how long they live -------------------------------------------------------------- */

#define PERIOD_MS	30000
#define KEY_MS		(16 * PERIOD_MS)	/* when there is another key */

/* When a cookie is made and echoed, milliseconds from a change of the period */
struct life {
	int made;
	int echoed;
	bool good;
};

static s64 now_ms(void)
{
	return wire_now() / 1000;
}

/* poll() may oversleep by a thousandth, a tenth of a second at most */
static void sleep_until(struct wire *w, s64 ms)
{
	if (ms - now_ms() > 200)
		wire_sleep(w, ms - now_ms() - 200);
	wire_sleep(w, ms - now_ms());
}

/* @every: of which changes */
static void live(struct wire *w, int listener, const struct life *life, int every)
{
	struct peer *peer, peers[] = { {}, { .ts = true }, { .echoes = true } };
	s64 change;

	for (peer = peers; peer < peers + 3; peer++) {
		wire_new_flow(w);
		w->flow->port = WIRE_PORT;
		change = (now_ms() / every + 1) * every;
		sleep_until(w, change + life->made);
		shake_hands(w, peer);
		sleep_until(w, change + life->echoed);
		send_answer(w, peer, ACK);
		if (life->good)
			wire_abort(w, wire_accept(w, listener));
		else if (!peer->echoes)
			wire_expect(w, RST, .seq = 1);
		wire_drain(w, 100);
		wire_check(w, accept(listener, NULL, NULL) < 0, "a cookie too old was taken");
	}
}

/* In the period that they are made in, and to the end of the next */
WIRE_TEST(cookie_lives_for_two_periods)
{
	static const struct life lives[] = {
		{ 10, 2 * PERIOD_MS - 20, true },
		{ 10, 2 * PERIOD_MS + 10, false },
		{ -20, PERIOD_MS - 20, true },
		{ -20, PERIOD_MS + 10, false },
	};
	int listener = wire_listen(w), i;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	for (i = 0; i < 4; i++)
		live(w, listener, &lives[i], PERIOD_MS);
}

/* A new key comes, twice, so that each of the two has been replaced: nobody notices */
WIRE_TEST(cookie_outlives_its_key)
{
	static const struct life lives[] = {
		{ -20, 10, true },
		{ -20, PERIOD_MS - 20, true },
		{ 10, 20, true },
		{ 10, 2 * PERIOD_MS - 20, true },
	};
	int listener = wire_listen(w), i;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	for (i = 0; i < 4; i++)
		live(w, listener, &lives[i], KEY_MS);
}

/* --- the third ACK is lost: LTCP as the server --------------------------------------- */

/* The ACK comes twice: the second is answered, for the peer wants to be heard */
WIRE_TEST(cookie_repeat_is_answered)
{
	struct peer peer = { .echoes = true };
	int listener = wire_listen(w);

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	shake_hands(w, &peer);
	send_answer(w, &peer, ACK);
	wire_accept(w, listener);
	wire_expect_nothing(w, 100);
	send_answer(w, &peer, ACK);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
}

/* Text that has overtaken the first segment is dropped without a RST; when it comes it opens */
WIRE_TEST(cookie_overtaken)
{
	struct peer peer = { .echoes = true };
	int listener = wire_listen(w), fd;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	shake_hands(w, &peer);
	send_answer(w, &peer, PSH | ACK, .seq = 101, .len = 100, .stray = true);
	wire_expect_nothing(w, 100);
	send_answer(w, &peer, PSH | ACK, .seq = 1, .len = 100);
	fd = wire_accept(w, listener);
	wire_read(w, fd, 100);
	wire_drain(w, 499);
}

/* A forged option is dropped, never answered, and is no second try as a weaker form */
WIRE_TEST(cookie_forged_option)
{
	struct peer peer = { .ts = true, .echoes = true };
	int i;

	wire_listen(w);
	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	shake_hands(w, &peer);
	for (i = 0; i < OPTION_LEN - 4; i++) {
		if (i == 4 || i == 5)	/* the time, which only its sender needs */
			continue;
		peer.answer[12 + 2 + 4 + i] ^= 1;
		send_answer(w, &peer, ACK);
		wire_expect_nothing(w, 10);
		peer.answer[12 + 2 + 4 + i] ^= 1;
	}
	wire_check(w, !wire_counter(w, "SyncookiesRecv"), "a forged cookie was taken");
	wire_expect_state(w, NO_FD, LISTEN);
}

/*
 * The echo without the timestamps that were agreed on: dropped, as by an entry. It must not
 * make a connection that the segment itself does not open: no timer would end that.
 */
WIRE_TEST(cookie_without_timestamps)
{
	struct peer peer = { .ts = true, .echoes = true }, bare;
	int listener = wire_listen(w);

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	shake_hands(w, &peer);
	bare = peer;
	bare.answer_len -= 12;
	memmove(bare.answer, peer.answer + 12, bare.answer_len);
	send_answer(w, &bare, ACK);
	wire_expect_nothing(w, 1000);
	wire_check(w, accept(listener, NULL, NULL) < 0 && errno == EAGAIN, "a connection");
	wire_expect_state(w, NO_FD, LISTEN);
	send_answer(w, &peer, ACK);
	wire_expect_state(w, wire_accept(w, listener), ESTABLISHED);
}

/* --- what strangers achieve ------------------------------------------------------------- */

/* ACKs with whatever numbers build nothing: a RST each, and nothing is kept */
WIRE_TEST(cookie_random_acks)
{
	struct peer peer = { .ts = true };
	int i, resets = 0;

	wire_listen(w);
	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	shake_hands(w, &peer);
	w->any_flow = false;
	srandom(1);
	for (i = 0; i < 500; i++) {
		w->flow->peer_port = 20000 + i;
		put_be32(peer.answer + 8, random());
		if (i % 2)
			send_answer(w, &peer, ACK, .seq = random(), .ack = random(), .stray = true);
		else
			wire_send(w, ACK, .seq = random(), .ack = random(), .tsval = NONE,
				  .stray = true);
		resets += wire_recv(w, 10) && (w->pkt->seg.flags & RST);
	}
	w->any_flow = true;
	wire_check(w, resets == 500, "%d of 500 were answered by RST", resets);
	wire_check(w, wire_counter(w, "SyncookiesFailed") == 500, "not looked at");
	wire_check(w, !wire_counter(w, "SyncookiesRecv"), "a connection of a guess");
}

/* The third ACK again, by somebody who has overheard it: the connection there is answers */
WIRE_TEST(cookie_replayed)
{
	struct peer peer = { .ts = true };
	int listener = wire_listen(w), fd;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	shake_hands(w, &peer);
	send_answer(w, &peer, ACK);
	fd = wire_accept(w, listener);
	send_answer(w, &peer, ACK, .seq = 1, .ack = 1);
	wire_expect_nothing(w, 100);
	/* ... and TIME-WAIT, when it has ended in order */
	wire_close(w, fd);
	wire_expect(w, FIN | ACK);
	send_answer(w, &peer, FIN | ACK);
	wire_expect(w, ACK);
	wire_expect_state(w, NO_FD, TIME_WAIT);
	send_answer(w, &peer, ACK, .seq = 1, .ack = 1);
	wire_drain(w, 100);
	wire_check(w, wire_counter(w, "SyncookiesRecv") == 1, "a second connection");
	wire_expect_state(w, NO_FD, TIME_WAIT);
}

/* --- LTCP as the client ----------------------------------------------------------------- */

#define COOKIE		EXPERIMENT, OPTION_LEN, EXID, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

static bool echoes_cookie(const struct wire *w)
{
	static const u8 cookie[] = { COOKIE };
	const u8 *opt = cookie_option(w);

	return opt && !memcmp(opt, cookie, sizeof(cookie));
}

static int connect_to_cookie(struct wire *w)
{
	int fd = wire_connect_start(w);

	wire_expect(w, SYN);
	wire_send(w, SYN | ACK, OPTIONS(2, 4, 5, 180, 1, 1, COOKIE));
	wire_expect(w, ACK);
	wire_check(w, echoes_cookie(w), "the cookie was not echoed");
	return fd;
}

/* The SYN says that cookies would be echoed */
WIRE_TEST(cookie_syn_says_so)
{
	static const u8 echoes[] = { OPT_ECHOES };
	const u8 *opt;
	int i, found = 0;

	wire_connect_start(w);
	opt = wire_expect(w, SYN)->opts;
	for (i = 0; i < w->pkt->opts_len && opt[i]; i += opt[i] == 1 ? 1 : opt[i + 1])
		found += !memcmp(opt + i, echoes, sizeof(echoes));
	wire_check(w, found == 1, "the option is there %d times", found);
}

/* The ACK is sent again until something comes, and carries the cookie each time */
WIRE_TEST(cookie_ack_is_repeated)
{
	int fd = connect_to_cookie(w), i;

	for (i = 0; i < 3; i++) {
		wire_expect(w, ACK, .seq = 1, .ack = 1, .after = i ? 0 : 199, .until = 9000);
		wire_check(w, echoes_cookie(w), "without the cookie");
	}
	wire_send(w, ACK);
	wire_expect_nothing(w, 30000);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
	wire_check(w, !echoes_cookie(w), "the peer has been heard, what for is the cookie?");
	wire_send(w, ACK);
}

/* The SYN-ACK again, which may come late, is no sign that the peer has heard us */
WIRE_TEST(cookie_synack_again)
{
	connect_to_cookie(w);
	wire_send(w, SYN | ACK, .seq = 0, OPTIONS(2, 4, 5, 180, 1, 1, COOKIE));
	wire_expect(w, ACK);
	wire_check(w, echoes_cookie(w), "without the cookie");
	wire_expect(w, ACK, .after = 100, .until = 1100);
	wire_check(w, echoes_cookie(w), "without the cookie");
	wire_send(w, ACK);
}

/* Text carries it as well, and is so much shorter: no segment is larger than the path takes */
WIRE_TEST(cookie_on_text)
{
	int fd = connect_to_cookie(w);

	wire_write(w, fd, 2 * 1444);
	wire_expect(w, ACK | PSH_ANY, .len = 1444);
	wire_check(w, echoes_cookie(w), "without the cookie");
	wire_expect(w, ACK | PSH_ANY, .len = 1444);
	wire_check(w, echoes_cookie(w), "without the cookie");
	wire_send(w, ACK);
	wire_drain(w, 10);
	wire_write(w, fd, 2 * 1460);
	wire_expect(w, ACK | PSH_ANY, .len = 1460);
	wire_check(w, !echoes_cookie(w), "the peer has been heard");
	wire_drain(w, 10);
	wire_send(w, ACK);
}

/* After as long as a cookie can live the peer cannot be reached any more */
WIRE_TEST(cookie_gives_up)
{
	int fd = connect_to_cookie(w);

	wire_drain(w, 200000);
	wire_check(w, wire_since(w->pkt->time) > 60000, "still repeated");
	wire_read_error(w, fd, ETIMEDOUT);
}

TEST_HARNESS_MAIN
