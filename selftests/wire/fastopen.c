// SPDX-License-Identifier: GPL-2.0
/*
 * TCP Fast Open, RFC 7413: the option, cookies given and shown, text on SYNs of
 * either side, what becomes of it when something is lost or refused. Sections
 * are RFC 7413's.
 */
#define WIRE_MAIN
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/tcp.h>

#include "wire.h"

#define CLIENT		1	/* bits of ltcp_fastopen */
#define SERVER		2
#define SERVER_TRUSTS	0x200
#define ALL_LISTENERS	0x400
#define CLIENT_TRUSTS	4

#define KIND		34
#define OURS		8	/* octets of the stack's cookies */

/* The option of the last packet taken: octets of cookie, or NONE */
static int option_of(struct wire *w, u8 *cookie)
{
	const u8 *at = w->pkt->opts, *end = at + w->pkt->opts_len;

	while (at < end && *at) {
		if (*at == KIND) {
			memcpy(cookie, at + 2, at[1] - 2);
			return at[1] - 2;
		}
		at += *at == 1 ? 1 : at[1];
	}
	return NONE;
}

static void expect_option(struct wire *w, int len)
{
	u8 cookie[16];
	int is = option_of(w, cookie);

	wire_check(w, is == len, "a cookie of %d octets", is);
}

/* Options of a SYN: MSS 1460, and the cookie; 0 octets of it: a request */
struct syn_options {
	u8 octets[24];
	int len;
};

static struct syn_options with(const u8 *cookie, int len)
{
	struct syn_options o = { .octets = { 2, 4, 5, 180, KIND, 2 + len } };

	if (len)
		memcpy(o.octets + 6, cookie, len);
	memset(o.octets + 6 + len, 1, -(6 + len) & 3);
	o.len = (6 + len + 3) & ~3;
	return o;
}

static struct tcp_info info_of(struct wire *w, int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	wire_check(w, !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), "no TCP_INFO");
	return info;
}

/* --- the server ------------------------------------------------------------------ */

static void next_flow(struct wire *w)
{
	wire_new_flow(w);
	w->flow->port = WIRE_PORT;
}

/* A SYN that asks for a cookie, shown to be a plain one otherwise */
static void get_cookie(struct wire *w, u8 *cookie)
{
	struct syn_options ask = with(NULL, 0);

	w->flow->port = WIRE_PORT;
	wire_send(w, SYN, .opt = ask.octets, .opt_len = ask.len);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_check(w, option_of(w, cookie) == OURS, "no cookie");
	wire_send(w, RST, .seq = 1);
	next_flow(w);
}

static int listening(struct wire *w, int qlen)
{
	int listener;

	wire_sysctl(w, "ltcp_fastopen", CLIENT | SERVER);
	listener = wire_listen(w);
	if (qlen)
		wire_setsockopt(w, listener, IPPROTO_TCP, TCP_FASTOPEN, qlen);
	return listener;
}

static void send_fast(struct wire *w, const u8 *cookie, int len)
{
	struct syn_options o = with(cookie, OURS);

	wire_send(w, SYN, .len = len, .opt = o.octets, .opt_len = o.len);
}

/* Section 4.2.2: text is read, and answered, before the handshake is over */
WIRE_TEST(server_takes_text)
{
	int listener = listening(w, 5), fd;
	u8 cookie[16];

	get_cookie(w, cookie);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 11);
	expect_option(w, NONE);
	fd = wire_accept(w, listener);
	wire_expect_state(w, fd, SYN_RECEIVED);
	wire_check(w, wire_poll(w, fd, POLLIN | POLLOUT, 0) == (POLLIN | POLLOUT), "not ready");
	wire_read(w, fd, 10);
	wire_write(w, fd, 20);
	wire_expect(w, PSH | ACK, .seq = 1, .ack = 11, .len = 20);
	wire_send(w, ACK);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_check(w, info_of(w, fd).tcpi_options & TCPI_OPT_SYN_DATA, "TCP_INFO does not tell");
	wire_check(w, wire_counter(w, "FastOpenPassive") == 1, "not counted");
	wire_check(w, wire_counter(w, "FastOpenCookieReqd") == 1, "the request is not counted");
	wire_send(w, PSH | ACK, .len = 10);
	wire_read(w, fd, 10);
	wire_drain(w, 499);
}

/* A cookie without text opens just as well */
WIRE_TEST(server_takes_no_text)
{
	int listener = listening(w, 5);
	u8 cookie[16];

	get_cookie(w, cookie);
	send_fast(w, cookie, 0);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_expect_state(w, wire_accept(w, listener), SYN_RECEIVED);
}

/* All options that both have are agreed on as usual */
WIRE_TEST(server_agrees_on_options)
{
	u8 cookie[16], octets[40] = { 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0,
				      1, 3, 3, 5, 1, 1, KIND, 2 + OURS };
	struct tcp_info info;
	int listener = listening(w, 5);

	get_cookie(w, cookie);
	memcpy(octets + 24, cookie, OURS);
	wire_send(w, SYN, .len = 10, .opt = octets, .opt_len = 32);
	wire_expect(w, SYN | ACK, .ack = 11, .mss = 1460, .tsecr = 7, .sackok = 1);
	info = info_of(w, wire_accept(w, listener));
	wire_check(w, info.tcpi_snd_wscale == 5 && info.tcpi_options & TCPI_OPT_SACK &&
		   info.tcpi_options & TCPI_OPT_TIMESTAMPS, "options %x", info.tcpi_options);
}

/* Section 4.1.2: with a wrong cookie the SYN is a plain one, and the right one is told */
WIRE_TEST(server_refuses_a_wrong_cookie)
{
	int listener = listening(w, 5), fd;
	u8 cookie[16], again[16];

	get_cookie(w, cookie);
	cookie[0] ^= 1;
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_check(w, option_of(w, again) == OURS, "no cookie");
	cookie[0] ^= 1;
	wire_check(w, !memcmp(cookie, again, OURS), "another one than before");
	wire_check(w, wire_counter(w, "FastOpenPassiveFail") == 1, "not counted");
	wire_send(w, PSH | ACK, .seq = 1, .len = 10);
	fd = wire_accept(w, listener);
	wire_read(w, fd, 10);
	wire_drain(w, 499);
}

/* Neither who did not ask for it, nor a namespace that does not want it, nor a SYN without */
static void plain(struct wire *w, bool option)
{
	struct syn_options ask = with(NULL, 0);

	wire_send(w, SYN, .len = 10, .mss = 1460, .opt = option ? ask.octets : NULL,
		  .opt_len = option ? ask.len : 0);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	expect_option(w, NONE);
}

WIRE_TEST(server_did_not_ask)	{ listening(w, 0); plain(w, true); }
WIRE_TEST(server_sees_no_option) { listening(w, 5); plain(w, false); }
WIRE_TEST(server_may_not)
{
	listening(w, 5);
	wire_sysctl(w, "ltcp_fastopen", CLIENT);
	plain(w, true);
}

/* While SYN cookies are in use nothing is remembered, so nothing is taken */
WIRE_TEST(server_uses_syn_cookies)
{
	u8 cookie[16];

	listening(w, 5);
	get_cookie(w, cookie);
	wire_sysctl(w, "ltcp_syncookies", 2);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	expect_option(w, NONE);
}

/* Where no cookie is needed, none is given either */
WIRE_TEST(server_trusts_everybody)
{
	int listener;

	wire_sysctl(w, "ltcp_fastopen", SERVER | SERVER_TRUSTS | ALL_LISTENERS);
	listener = wire_listen(w);
	wire_send(w, SYN, .len = 10, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 11);
	wire_read(w, wire_accept(w, listener), 10);
}

WIRE_TEST(server_trusts_by_option)
{
	int listener = listening(w, 5), fd = wire_socket(w);

	wire_close(w, fd);
	wire_close(w, listener);
	fd = wire_socket(w);
	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_FASTOPEN, 5);
	wire_listen_fd(w, fd);
	wire_send(w, SYN, .len = 10, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 11);
}

/* The SYN-ACK comes again, and after R2 the connection ends */
WIRE_TEST(server_repeats_its_synack)
{
	int listener = listening(w, 5), fd;
	u8 cookie[16];

	wire_sysctl(w, "ltcp_synack_retries", 2);
	get_cookie(w, cookie);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 11);
	fd = wire_accept(w, listener);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 11, .after = 1000);
	wire_send(w, SYN, .seq = 0, .len = 10, .stray = true);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 11);
	wire_sleep(w, 20000);
	wire_drain(w, 0);
	wire_read(w, fd, 10);
	wire_read_error(w, fd, ETIMEDOUT);
	wire_moved(w, SYN_RECEIVED, CLOSED);
}

/* Section 5.1: so many at a time; one that was reset counts for a minute more */
WIRE_TEST(server_is_bounded)
{
	u8 cookie[16];

	listening(w, 1);
	get_cookie(w, cookie);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
	next_flow(w);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_check(w, wire_counter(w, "FastOpenListenOverflow") == 1, "not counted");
	wire_send(w, RST, .seq = 1);
}

static int reset_one(struct wire *w, u8 *cookie)
{
	int listener = listening(w, 1), fd;

	get_cookie(w, cookie);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
	fd = wire_accept(w, listener);
	wire_send(w, RST);
	wire_read(w, fd, 10);
	wire_read_error(w, fd, ECONNRESET);
	next_flow(w);
	return listener;
}

WIRE_TEST(server_remembers_resets)
{
	u8 cookie[16];

	reset_one(w, cookie);
	wire_sleep(w, 50000);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_send(w, RST, .seq = 1);
	next_flow(w);
	wire_sleep(w, 25000);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
}

/* What is acknowledged gives its place back at once */
WIRE_TEST(server_counts_the_unacknowledged)
{
	u8 cookie[16];

	listening(w, 1);
	get_cookie(w, cookie);
	for (int i = 0; i < 3; i++) {
		if (i)
			next_flow(w);
		send_fast(w, cookie, 10);
		wire_expect(w, SYN | ACK, .ack = 11);
		wire_send(w, ACK);
	}
}

/* The accept queue is full: a plain SYN, dropped like all others */
WIRE_TEST(server_accepts_no_more)
{
	int listener = listening(w, 5), n = 0;
	u8 cookie[16];

	get_cookie(w, cookie);
	listen(listener, 1);
	for (; n < 3; n++) {
		if (n)
			next_flow(w);
		send_fast(w, cookie, 10);
		if (!wire_recv(w, 0))
			break;
	}
	wire_check(w, n == 2, "a backlog of 1 holds %d connections", n);
}

/* The listener closes: whoever waits is reset, whatever the state */
WIRE_TEST(server_closes)
{
	int listener = listening(w, 5);
	u8 cookie[16];

	get_cookie(w, cookie);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
	wire_close(w, listener);
	wire_expect(w, RST, .seq = 1);
}

/* close() after the answer: FIN follows when our SYN is acknowledged */
WIRE_TEST(server_answers_and_closes)
{
	int listener = listening(w, 5), fd;
	u8 cookie[16];

	get_cookie(w, cookie);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
	fd = wire_accept(w, listener);
	wire_read(w, fd, 10);
	wire_write(w, fd, 20);
	wire_expect(w, PSH | ACK, .len = 20);
	wire_close(w, fd);
	wire_send(w, ACK);
	wire_expect(w, FIN | ACK, .seq = 21);
}

/* Keys: those of the socket count, and the old one for as long as it is there */
WIRE_TEST(server_changes_keys)
{
	static const u8 two[32] = "0123456789abcdefABCDEFGHIJKLMNOP";
	int listener = listening(w, 5);
	u8 cookie[16], fresh[16], keys[40];
	socklen_t len = sizeof(keys);

	wire_check(w, !getsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys, &len) && !len,
		   "%u octets of a key", len);
	wire_check(w, setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN_KEY, two, 15) < 0 &&
		   errno == EINVAL, "15 octets are a key");
	setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN_KEY, two + 16, 16);
	get_cookie(w, cookie);
	setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN_KEY, two, 32);
	len = sizeof(keys);
	wire_check(w, !getsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys, &len) &&
		   len == 32 && !memcmp(keys, two, 32), "not the keys");
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
	wire_check(w, option_of(w, fresh) == OURS && memcmp(fresh, cookie, OURS), "no new cookie");
	wire_check(w, wire_counter(w, "FastOpenPassiveAltKey") == 1, "not counted");
	next_flow(w);
	setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN_KEY, two, 16);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_send(w, RST, .seq = 1);
	next_flow(w);
	send_fast(w, fresh, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
}

/* The namespace's key, as text; a server somewhere else that has it knows the cookie */
WIRE_TEST(server_keys_of_the_namespace)
{
	u8 cookie[16];

	listening(w, 5);
	wire_sysctl_text(w, "ltcp_fastopen_key", "00000001-00000002-00000003-00000004");
	get_cookie(w, cookie);
	wire_sysctl_text(w, "ltcp_fastopen_key", "5-6-7-8,1-2-3-4");
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
	expect_option(w, OURS);
}

/* TCP_SAVE_SYN knows such SYNs, too */
WIRE_TEST(server_saves_the_syn)
{
	int listener = listening(w, 5), fd;
	u8 cookie[16], syn[128];
	socklen_t len = sizeof(syn);

	wire_setsockopt(w, listener, IPPROTO_TCP, TCP_SAVE_SYN, 1);
	get_cookie(w, cookie);
	send_fast(w, cookie, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
	fd = wire_accept(w, listener);
	wire_check(w, !getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len), "no SYN");
	wire_check(w, len == (socklen_t)(w->ipv6 ? 40 : 20) + 20 + 16, "%u octets", len);
}

/* --- the client -------------------------------------------------------------------- */

static const u8 theirs[16] = "0123456789abcdef";	/* cookies may be longer than ours */

static union {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
} to;

static socklen_t to_peer(struct wire *w)
{
	memset(&to, 0, sizeof(to));
	to.sa.sa_family = w->ipv6 ? AF_INET6 : AF_INET;
	to.in.sin_port = htons(w->flow->peer_port);
	if (w->ipv6)
		inet_pton(AF_INET6, "fd00::2", &to.in6.sin6_addr);
	else
		inet_pton(AF_INET, WIRE_PEER, &to.in.sin_addr);
	return w->ipv6 ? sizeof(to.in6) : sizeof(to.in);
}

/* sendto() with MSG_FASTOPEN: what it returns, or -errno */
static int send_to(struct wire *w, int fd, int n)
{
	socklen_t len = to_peer(w);
	u8 text[4000];
	int done;

	for (int i = 0; i < n; i++)
		text[i] = wire_octet(w->flow->written + 1 + i);
	wire_mark(w);
	done = sendto(fd, text, n, MSG_FASTOPEN | MSG_DONTWAIT | MSG_NOSIGNAL, &to.sa, len);
	if (done < 0)
		return -errno;
	w->flow->written += done;
	return done;
}

/* The peer's cookie is learnt by a connection that asks for one */
static void learn(struct wire *w, int len)
{
	struct syn_options o = with(theirs, len);
	int fd = wire_socket(w), err = send_to(w, fd, 10);

	wire_check(w, err == -EINPROGRESS, "sendto(): %d", err);
	wire_expect(w, SYN, .len = 0);
	expect_option(w, 0);
	wire_send(w, SYN | ACK, .opt = o.octets, .opt_len = o.len);
	wire_expect(w, ACK);
	wire_check(w, info_of(w, fd).tcpi_fastopen_client_fail == 1, "there was no cookie");
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 10);
	wire_abort(w, fd);
	wire_expect(w, RST, .seq = 11);
	wire_new_flow(w);
}

/* A SYN with text and the cookie, and nothing of it answered yet */
static int fast(struct wire *w, int n, int len)
{
	int fd = wire_socket(w), done = send_to(w, fd, n);
	u8 cookie[16];

	wire_check(w, done == n, "sendto(): %d", done);
	wire_expect(w, SYN, .seq = 0, .len = n);
	wire_check(w, option_of(w, cookie) == len && !memcmp(cookie, theirs, len),
		   "not the cookie");
	return fd;
}

/* Sections 4.1.3 and 4.2.1 */
WIRE_TEST(client_sends_text)
{
	int fd;

	learn(w, 8);
	fd = fast(w, 100, 8);
	wire_send(w, SYN | ACK, .ack = 101, .mss = 1460);
	wire_expect(w, ACK, .seq = 101, .ack = 1);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_check(w, info_of(w, fd).tcpi_options & TCPI_OPT_SYN_DATA &&
		   !info_of(w, fd).tcpi_fastopen_client_fail, "TCP_INFO does not tell");
	wire_check(w, wire_counter(w, "FastOpenActive") == 1, "not counted");
	wire_write(w, fd, 50);
	wire_expect(w, PSH | ACK, .seq = 101, .len = 50);
}

/* The answer may come with the SYN-ACK */
WIRE_TEST(client_is_answered_at_once)
{
	int fd;

	learn(w, 8);
	fd = fast(w, 100, 8);
	wire_send(w, SYN | ACK, .ack = 101, .mss = 1460, .len = 30);
	wire_expect(w, ACK, .seq = 101, .ack = 31);
	wire_read(w, fd, 30);
}

/* The longest cookie, and all options: 40 octets of them */
WIRE_TEST(client_has_a_long_cookie)
{
	learn(w, 16);
	fast(w, 100, 16);
	wire_check(w, w->pkt->opts_len == 40 && w->pkt->seg.tsval != NONE &&
		   w->pkt->seg.wscale != NONE && w->pkt->seg.sackok == 1, "options are missing");
}

/* More than a segment takes: what fits, and the rest when the connection is open */
WIRE_TEST(client_sends_a_full_segment)
{
	int fd, done;

	learn(w, 8);
	fd = wire_socket(w);
	done = send_to(w, fd, 4000);
	wire_check(w, done == 1460 - 36, "sendto(): %d", done);
	wire_expect(w, SYN, .seq = 0, .len = done);
	wire_write(w, fd, 100);
	wire_send(w, SYN | ACK, .ack = done + 1, .mss = 1460);
	wire_expect(w, ACK, .seq = done + 1, .len = 0);
	wire_write(w, fd, 100);
	wire_expect(w, PSH | ACK, .len = 100);
}

/* Section 4.2.1: the text is not taken: it goes again at once */
WIRE_TEST(client_is_refused)
{
	int fd;

	learn(w, 8);
	fd = fast(w, 100, 8);
	wire_send(w, SYN | ACK, .ack = 1, .mss = 1460);
	wire_expect(w, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	wire_send(w, ACK);
	wire_check(w, info_of(w, fd).tcpi_fastopen_client_fail == 2, "TCP_INFO does not tell");
	wire_check(w, wire_counter(w, "FastOpenActiveFail") == 1, "not counted");
	wire_check(w, info_of(w, fd).tcpi_snd_cwnd >= 10, "it was taken for congestion");
}

/* Section 4.1.3.1: the SYN again has neither text nor option; two losses, and it pauses */
WIRE_TEST(client_suspects_a_black_hole)
{
	int fd, i;

	learn(w, 8);
	for (i = 0; i < 2; i++) {
		fd = fast(w, 100, 8);
		wire_expect(w, SYN, .seq = 0, .len = 0, .after = 1000);
		expect_option(w, NONE);
		wire_send(w, SYN | ACK, .ack = 1, .mss = 1460);
		wire_expect(w, PSH | ACK, .seq = 1, .len = 100);
		wire_send(w, ACK);
		wire_check(w, info_of(w, fd).tcpi_fastopen_client_fail == 3,
			   "TCP_INFO does not tell");
		wire_new_flow(w);
	}
	fd = wire_socket(w);
	wire_check(w, send_to(w, fd, 100) == -EINPROGRESS, "it does not pause");
	wire_expect(w, SYN, .len = 0);
	expect_option(w, NONE);
	wire_close(w, fd);
	wire_new_flow(w);
	wire_sleep(w, 240000);
	wire_drain(w, 0);
	fast(w, 100, 8);
}

/* A server that has another key now says so, and is believed */
WIRE_TEST(client_gets_another_cookie)
{
	static const u8 other[8] = "OTHER...";
	struct syn_options o = with(other, 8);
	u8 cookie[16];
	int fd;

	learn(w, 8);
	fast(w, 100, 8);
	wire_send(w, SYN | ACK, .ack = 1, .opt = o.octets, .opt_len = o.len);
	wire_expect(w, PSH | ACK, .seq = 1, .len = 100);
	wire_new_flow(w);
	fd = wire_socket(w);
	send_to(w, fd, 10);
	wire_expect(w, SYN, .len = 10);
	wire_check(w, option_of(w, cookie) == 8 && !memcmp(cookie, other, 8), "the old cookie");
}

/* RST in answer to such a SYN is a refusal like any other */
WIRE_TEST(client_is_reset)
{
	int fd;

	learn(w, 8);
	fd = fast(w, 100, 8);
	wire_send(w, RST | ACK, .seq = 0, .ack = 101);
	wire_read_error(w, fd, ECONNREFUSED);
}

/* TCP_FASTOPEN_CONNECT: connect() does nothing until there is text */
WIRE_TEST(client_connects_first)
{
	int fd;

	learn(w, 8);
	fd = wire_socket(w);
	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	wire_check(w, !connect(fd, (to_peer(w), &to.sa), to_peer(w)), "connect() waits");
	wire_expect_nothing(w, 5000);
	wire_check(w, wire_poll(w, fd, POLLIN | POLLOUT, 0) == POLLOUT, "not writable");
	wire_check(w, connect(fd, &to.sa, to_peer(w)) < 0 && errno == EISCONN, "not connected");
	wire_write(w, fd, 100);
	wire_expect(w, SYN, .seq = 0, .len = 100);
	expect_option(w, 8);
	wire_send(w, SYN | ACK, .ack = 101, .mss = 1460);
	wire_expect(w, ACK, .seq = 101);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* ... and without a cookie at once, asking for one */
WIRE_TEST(client_connects_without_a_cookie)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN, .len = 0);
	expect_option(w, 0);
}

/* Nobody writes: close() has nothing to say to anybody */
WIRE_TEST(client_never_writes)
{
	int fd;

	learn(w, 8);
	fd = wire_socket(w);
	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	connect(fd, (to_peer(w), &to.sa), to_peer(w));
	wire_close(w, fd);
	wire_expect_nothing(w, 5000);
}

/* Without cookies, by the socket's and the namespace's choice: text, and no option */
static void trusting(struct wire *w, int fd)
{
	wire_check(w, send_to(w, fd, 100) == 100, "nothing was sent");
	wire_expect(w, SYN, .len = 100);
	expect_option(w, NONE);
	wire_send(w, SYN | ACK, .ack = 101, .mss = 1460);
	wire_expect(w, ACK, .seq = 101);
}

WIRE_TEST(client_trusts_by_option)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	trusting(w, fd);
}

WIRE_TEST(client_trusts_everybody)
{
	wire_sysctl(w, "ltcp_fastopen", CLIENT | CLIENT_TRUSTS);
	trusting(w, wire_socket(w));
}

WIRE_TEST(client_trusts_a_route)
{
	if (w->ipv6)
		return;		/* iproute2 sets the metric in the same way */
	wire_ip(w, "route replace 10.0.0.2/32 dev tun0 fastopen_no_cookie 1");
	trusting(w, wire_socket(w));
}

WIRE_TEST(client_may_not)
{
	int fd = wire_socket(w);

	wire_sysctl(w, "ltcp_fastopen", 0);
	wire_check(w, send_to(w, fd, 100) == -EOPNOTSUPP, "it may");
}

TEST_HARNESS_MAIN
