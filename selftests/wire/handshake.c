// SPDX-License-Identifier: GPL-2.0
/*
 * Opening: SYN, its options, closed ports, old duplicates, data that comes
 * early, SYN cookies. RFC 9293 sections 3.2, 3.4.1, 3.5, 3.7.1, 3.9.2.3 and
 * 3.10.7.1 to 3.10.7.3; labels are RFC 9293's.
 */
#define WIRE_MAIN
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define COOKIES_NEVER	0
#define COOKIES_FLOOD	1
#define COOKIES_ALWAYS	2

/* --- what the stack's own SYN looks like -------------------------------- */

/* SHLD-5, MUST-14: the SYN offers an MSS; RFC 7323: timestamps and window scale */
WIRE_TEST(syn_offers_options)
{
	const struct wire_seg *syn;

	wire_connect_start(w);
	syn = &wire_expect(w, SYN, .mss = 1460, .tsecr = 0)->seg;
	wire_check(w, syn->tsval != NONE, "no timestamps in the SYN");
	wire_check(w, syn->wscale >= 0 && syn->wscale <= 14, "window scale %d", syn->wscale);
	wire_check(w, syn->win > 0, "the SYN's window is closed");
}

/* M3: the SYN has no text, and MUST-44: its source is what IP routing says */
WIRE_TEST(syn_source_and_destination)
{
	const struct wire_pkt *pkt;

	wire_connect_start(w);
	pkt = wire_expect(w, SYN, .len = 0);
	wire_check(w, pkt->src == 0x0a000001, "source %08x", pkt->src);
	wire_check(w, pkt->dst == 0x0a000002, "destination %08x", pkt->dst);
	wire_check(w, pkt->df, "path MTU discovery needs the don't-fragment bit");
}

/* MUST-67, SHLD-6: the MSS offered is MTU - 40; MAY-3: also where that is the default, 536 */
WIRE_TEST(syn_mss_follows_mtu)
{
	static const int mtus[] = { 576, 1400, 1500, 9000 };
	int i;

	for (i = 0; i < 4; i++) {
		int fd;

		if (w->ipv6 && mtus[i] < 1280)
			continue;	/* RFC 8200 section 5: there are no such links */
		wire_set_mtu(w, mtus[i]);
		if (i)
			wire_new_flow(w);
		fd = wire_connect_start(w);
		wire_expect(w, SYN, .mss = mtus[i] - 40);
		wire_close(w, fd);
	}
}

/* MUST-67 for the passive side */
WIRE_TEST(synack_mss_follows_mtu)
{
	wire_set_mtu(w, 1400);
	wire_listen(w);
	wire_send(w, SYN, .mss = 9000);
	wire_expect(w, SYN | ACK, .mss = 1360);
}

/* RFC 7323 sections 1.3 and 3.2, RFC 2018 section 2: a SYN-ACK answers only what was offered */
WIRE_TEST(synack_without_offers)
{
	wire_listen(w);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .mss = 1460, .wscale = NONE, .tsval = NONE, .sackok = NONE);
}

WIRE_TEST(synack_answers_offers)
{
	const struct wire_seg *synack;

	wire_listen(w);
	wire_send(w, SYN, .mss = 1460, .wscale = 3, .tsval = 4711);
	synack = &wire_expect(w, SYN | ACK, .mss = 1460, .tsecr = 4711)->seg;
	wire_check(w, synack->wscale >= 0, "no window scale");
}

/* RFC 9293 section 3.4.1, MUST-8, SHLD-1: for one pair of ports the ISN ticks every 4 us */
WIRE_TEST(isn_ticks_for_one_tuple)
{
	u32 first, ticks;
	u64 mark;

	wire_listen(w);
	wire_send(w, SYN);
	wire_expect(w, SYN | ACK);
	first = w->flow->iss;
	mark = wire_mark(w);
	wire_send(w, RST, .seq = 1);
	wire_sleep(w, 10000);
	wire_next_incarnation(w, w->flow->peer_iss + 1000);
	wire_send(w, SYN);
	wire_expect(w, SYN | ACK);
	ticks = wire_since(mark) * 250;
	wire_check(w, w->flow->iss - first >= ticks - 2500 && w->flow->iss - first <= ticks + 2500,
		   "%u ticks instead of %u", w->flow->iss - first, ticks);
}

/* MUST-9: ISNs of different tuples have nothing to do with each other */
WIRE_TEST(isn_differs_between_tuples)
{
	u32 last = 0;
	int i, near = 0;

	wire_listen(w);
	for (i = 0; i < 8; i++) {
		if (i)
			wire_new_flow(w);
		w->flow->port = WIRE_PORT;
		wire_send(w, SYN);
		wire_expect(w, SYN | ACK);
		near += i && w->flow->iss - last + (1 << 24) < 1 << 25;
		last = w->flow->iss;
	}
	/* A chance of 2^-7 for each */
	wire_check(w, near < 4, "%d of 7 ISNs lie close to the one before", near);
}

/* --- the MSS that is used ------------------------------------------------- */

/* Write so many segments' worth; each must carry exactly @mss */
static void expect_segments(struct wire *w, int fd, int mss, int n)
{
	int i;

	wire_write(w, fd, mss * n);
	for (i = 0; i < n; i++)
		wire_expect(w, ACK | (i == n - 1 ? PSH : PSH_ANY), .len = mss);
	wire_send(w, ACK);
}

static int default_mss(const struct wire *w)
{
	return w->ipv6 ? 1220 : 536;
}

/* MUST-15: without the option a peer takes 536 octets, by IPv6 1220 */
WIRE_TEST(mss_default_active)
{
	expect_segments(w, wire_open_active(w, .mss = NONE), default_mss(w), 4);
}

WIRE_TEST(mss_default_passive)
{
	expect_segments(w, wire_open_passive(w, .mss = NONE), default_mss(w), 4);
}

/* MUST-14: the peer's MSS is honoured */
WIRE_TEST(mss_of_peer_active)
{
	expect_segments(w, wire_open_active(w, .mss = 700), 700, 4);
}

WIRE_TEST(mss_of_peer_passive)
{
	expect_segments(w, wire_open_passive(w, .mss = 700), 700, 4);
}

/* MUST-16: no more than the link carries ... */
WIRE_TEST(mss_bounded_by_mtu)
{
	expect_segments(w, wire_open_active(w, .mss = 9000), 1460, 4);
}

/* ... and the options come off it (RFC 6691) */
WIRE_TEST(mss_less_timestamps)
{
	expect_segments(w, wire_open_active(w, .mss = 9000, .ts = true), 1448, 4);
}

WIRE_TEST(mss_of_peer_less_timestamps)
{
	expect_segments(w, wire_open_passive(w, .mss = 700, .ts = true), 688, 4);
}

/* An MSS of 0 must not make segments so small that sending never ends. */
WIRE_TEST(mss_absurd)
{
	int fd = wire_open_passive(w, .mss = 0);

	wire_write(w, fd, 100);
	wire_recv(w, 100);
	wire_check(w, w->pkt->seg.len >= 48, "a segment of %d octets", w->pkt->seg.len);
	wire_drain(w, 10);
}

/* --- option layouts ------------------------------------------------------- */

/* A SYN with these options, MSS 700 among them: it must take effect. */
static void layout_at(struct wire *w, const char *here, const u8 *opt, int len)
{
	int listener = wire_listen(w), fd;

	wire_send(w, SYN, .opt = opt, .opt_len = len);
	wire_expect(w, SYN | ACK);
	wire_send(w, ACK);
	fd = wire_accept(w, listener);
	expect_segments(w, fd, 700, 3);
}

#define layout(w, ...) layout_at(w, WIRE_HERE, WIRE_BYTES(__VA_ARGS__), sizeof((u8[]){ __VA_ARGS__ }))

/* MUST-4: EOL, NOP and MSS */
WIRE_TEST(options_mss_alone)	{ layout(w, 2, 4, 2, 188); }
WIRE_TEST(options_mss_eol)	{ layout(w, 2, 4, 2, 188, 0, 0, 0, 0); }
WIRE_TEST(options_nops_first)	{ layout(w, 1, 1, 1, 1, 2, 4, 2, 188); }
WIRE_TEST(options_nops_last)	{ layout(w, 2, 4, 2, 188, 1, 1, 1, 1); }
/* MUST-64: not aligned */
WIRE_TEST(options_mss_odd)	{ layout(w, 1, 2, 4, 2, 188, 0, 0, 0); }
WIRE_TEST(options_mss_at_3)	{ layout(w, 1, 1, 1, 2, 4, 2, 188, 0); }
/* MUST-6: unknown kinds are skipped by their length */
WIRE_TEST(options_unknown_first){ layout(w, 250, 6, 1, 2, 3, 4, 2, 4, 2, 188, 0, 0); }
WIRE_TEST(options_unknown_empty){ layout(w, 250, 2, 2, 4, 2, 188, 0, 0); }
WIRE_TEST(options_unknown_long)
{
	layout(w, 2, 4, 2, 188, 251, 36, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
	       9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9);
}
/* MUST-69: what follows EOL does no harm, even if it looks like an option */
WIRE_TEST(options_after_eol)	{ layout(w, 2, 4, 2, 188, 0, 2, 4, 1); }

/* MUST-64: window scale and timestamps at odd places take effect too */
WIRE_TEST(options_all_unaligned)
{
	const struct wire_seg *synack;

	wire_listen(w);
	wire_send(w, SYN, OPTIONS(1, 3, 3, 5, 8, 10, 0, 0, 18, 103, 0, 0, 0, 0, 2, 4, 2, 188, 0, 0));
	synack = &wire_expect(w, SYN | ACK, .tsecr = 0x1267)->seg;
	wire_check(w, synack->wscale >= 0, "window scale was not seen");
}

/* MUST-7: bogus lengths; the SYN is dropped, and the stack goes on */
static void bogus_at(struct wire *w, const char *here, const u8 *opt, int len)
{
	int listener = wire_listen(w);
	long errors = w->linux_tcp ? 0 : wire_counter(w, "InOptionErrs");

	wire_send(w, SYN, .opt = opt, .opt_len = len, .stray = true);
	wire_expect_nothing(w, 3000);
	if (!w->linux_tcp)
		wire_check(w, wire_counter(w, "InOptionErrs") == errors + 1,
			   "the counter did not step");
	wire_into(w, ESTABLISHED, .passive = true, .fd = listener);
}

#define bogus(w, ...) bogus_at(w, WIRE_HERE, WIRE_BYTES(__VA_ARGS__), sizeof((u8[]){ __VA_ARGS__ }))

WIRE_TEST(options_length_0)		{ bogus(w, 250, 0, 1, 1); }
WIRE_TEST(options_length_1)		{ bogus(w, 250, 1, 1, 1); }
WIRE_TEST(options_length_past_end)	{ bogus(w, 250, 5, 1, 1); }
WIRE_TEST(options_length_255)		{ bogus(w, 250, 255, 1, 1); }
WIRE_TEST(options_length_missing)	{ bogus(w, 1, 1, 1, 250); }
WIRE_TEST(options_mss_past_end)		{ bogus(w, 1, 1, 2, 4); }

/* --- section 3.10.7.1: CLOSED --------------------------------------------- */

#define CLOSED_PORT	7

/* M4, M7: SYN to a port without a listener: <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK> */
WIRE_TEST(closed_port_syn)
{
	w->flow->port = CLOSED_PORT;
	wire_send(w, SYN);
	wire_expect(w, RST | ACK, .seq = 0, .ack = 1);
	/* Nothing is kept. */
	wire_expect_nothing(w, 10000);
	wire_expect_state(w, NO_FD, CLOSED);
}

/* SEG.LEN counts text, SYN and FIN */
WIRE_TEST(closed_port_syn_text_fin)
{
	w->flow->port = CLOSED_PORT;
	wire_send(w, SYN | FIN, .len = 10);
	wire_expect(w, RST | ACK, .seq = 0, .ack = 12);
}

/* With ACK: <SEQ=SEG.ACK><CTL=RST> */
WIRE_TEST(closed_port_ack)
{
	w->flow->port = CLOSED_PORT;
	wire_send(w, ACK, .seq = 50, .ack = 5000);
	wire_expect(w, RST, .seq = 5000);
	wire_send(w, SYN | ACK, .seq = 50, .ack = 0);
	wire_expect(w, RST, .seq = 0);
	wire_send(w, FIN | ACK, .seq = 50, .ack = 77, .len = 10);
	wire_expect(w, RST, .seq = 77);
}

/* "An incoming segment containing a RST is discarded" */
WIRE_TEST(closed_port_rst)
{
	w->flow->port = CLOSED_PORT;
	wire_send(w, RST, .seq = 5);
	wire_send(w, RST | ACK, .seq = 5, .ack = 9);
	wire_expect_nothing(w, 3000);
}

/* A bad checksum is not worth a RST (MUST-3) */
WIRE_TEST(closed_port_bad_checksum)
{
	w->flow->port = CLOSED_PORT;
	wire_send(w, SYN, .bad_csum = true);
	wire_expect_nothing(w, 3000);
}

/* --- section 3.10.7.2: LISTEN ----------------------------------------------- */

/* First, a RST is ignored, SYN or not */
WIRE_TEST(listen_ignores_rst)
{
	wire_listen(w);
	wire_send(w, RST, .seq = 5);
	wire_send(w, RST | ACK, .seq = 5, .ack = 7);
	wire_send(w, RST | SYN, .seq = 5);
	wire_expect_nothing(w, 3000);
	wire_expect_state(w, NO_FD, LISTEN);
}

/* Second, an ACK draws <SEQ=SEG.ACK><CTL=RST> */
WIRE_TEST(listen_resets_ack)
{
	wire_listen(w);
	wire_send(w, ACK, .seq = 5, .ack = 4711);
	wire_expect(w, RST, .seq = 4711);
	wire_send(w, SYN | ACK, .seq = 5, .ack = 4712);
	wire_expect(w, RST, .seq = 4712);
	wire_expect_state(w, NO_FD, LISTEN);
}

/* Fourth, anything else is dropped */
WIRE_TEST(listen_drops_the_rest)
{
	wire_listen(w);
	wire_send(w, 0, .seq = 5);
	wire_send(w, FIN, .seq = 5);
	wire_send(w, PSH | URG, .seq = 5, .len = 20, .up = 3);
	wire_expect_nothing(w, 3000);
	wire_expect_state(w, NO_FD, LISTEN);
}

/* --- section 3.10.7.3: SYN-SENT --------------------------------------------- */

/* First, an ACK outside draws a RST; the attempt goes on */
WIRE_TEST(syn_sent_bad_ack)
{
	int fd = wire_into(w, SYN_SENT);

	wire_send(w, ACK, .seq = 9, .ack = 0);
	wire_expect(w, RST, .seq = 0);
	wire_send(w, SYN | ACK, .seq = 0, .ack = 2, .stray = true);
	wire_expect(w, RST, .seq = 2);
	wire_expect_state(w, fd, SYN_SENT);
	wire_send(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	wire_expect(w, ACK);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* Second, a RST counts only with an acceptable ACK (U-2: erratum 8167) */
WIRE_TEST(syn_sent_rst_unacceptable)
{
	int fd = wire_into(w, SYN_SENT);

	wire_send(w, RST, .seq = 0);
	wire_send(w, RST | ACK, .seq = 0, .ack = 0);
	wire_send(w, RST | ACK, .seq = 0, .ack = 2);
	wire_expect_nothing(w, 500);
	wire_expect_state(w, fd, SYN_SENT);
	wire_expect_error(w, fd, 0);
	wire_send(w, RST | ACK, .seq = 0, .ack = 1);
	wire_expect_error(w, fd, ECONNREFUSED);
}

/* Fifth, neither SYN nor RST: dropped, though the ACK be acceptable */
WIRE_TEST(syn_sent_no_syn)
{
	int fd = wire_into(w, SYN_SENT);

	wire_send(w, ACK, .seq = 9, .ack = 1);
	wire_send(w, FIN | ACK, .seq = 9, .ack = 1);
	wire_send(w, FIN, .seq = 9);
	wire_send(w, PSH | ACK, .seq = 9, .ack = 1, .len = 10);
	wire_expect_nothing(w, 500);
	wire_expect_state(w, fd, SYN_SENT);
}

/* Fourth: text on a SYN-ACK is processed like any other (M10) */
WIRE_TEST(text_on_syn_ack)
{
	int fd = wire_into(w, SYN_SENT);

	wire_send(w, SYN | ACK, .mss = 1460, .len = 10);
	wire_expect(w, ACK, .seq = 1, .ack = 11);
	wire_read(w, fd, 10);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* ... and a FIN too */
WIRE_TEST(fin_on_syn_ack)
{
	int fd = wire_into(w, SYN_SENT);

	wire_send(w, SYN | ACK | FIN, .mss = 1460, .len = 10);
	wire_expect(w, ACK, .seq = 1, .ack = 12);
	wire_read(w, fd, 10);
	wire_read_eof(w, fd);
	wire_expect_state(w, fd, CLOSE_WAIT);
}

/* --- section 3.5: duplicates ------------------------------------------------ */

/* Figure 9: an old duplicate SYN is undone by the peer's RST; the new one then succeeds */
WIRE_TEST(old_duplicate_syn)
{
	int listener = wire_listen(w), fd;

	wire_next_incarnation(w, 90);
	wire_send(w, SYN);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_send(w, RST, .seq = 1);
	wire_expect_nothing(w, 100);
	wire_next_incarnation(w, 100);
	wire_send(w, SYN);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_send(w, ACK);
	fd = wire_accept(w, listener);
	wire_expect_state(w, fd, ESTABLISHED);
}

/*
 * Figure 10 with RFC 5961: the peer has crashed and opens anew; the challenge
 * ACK lets it reset the old connection.
 */
WIRE_TEST(half_open_discovery)
{
	int fd = wire_into(w, ESTABLISHED);
	s64 nxt;

	wire_send(w, SYN, .seq = 400000, .stray = true);
	nxt = wire_expect(w, ACK, .seq = 1, .ack = 1)->seg.ack;
	wire_send(w, RST, .seq = nxt);
	wire_expect_state(w, fd, CLOSED);
	wire_read_error(w, fd, ECONNRESET);
}

/* Figure 11: the stack sends data to a peer that knows nothing */
WIRE_TEST(half_open_discovery_active)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_send(w, RST, .seq = 1);
	wire_expect_state(w, fd, CLOSED);
}

/* The same SYN again: the SYN-ACK was lost, so it is repeated */
WIRE_TEST(syn_again)
{
	int listener = wire_listen(w);

	wire_send(w, SYN);
	wire_expect(w, SYN | ACK);
	wire_sleep(w, 300);
	wire_send(w, SYN);
	wire_expect(w, SYN | ACK);
	wire_send(w, ACK);
	wire_expect_state(w, wire_accept(w, listener), ESTABLISHED);
}

/* The same SYN-ACK again: the ACK was lost, so it is repeated (3.10.7.4, first and U-5) */
WIRE_TEST(syn_ack_again)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, SYN | ACK, .ack = 1);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* SYN-RECEIVED, fifth: an ACK of something else draws <SEQ=SEG.ACK><CTL=RST> */
WIRE_TEST(syn_received_bad_ack)
{
	int listener = wire_into(w, SYN_RECEIVED, .passive = true);

	wire_send(w, ACK, .seq = 1, .ack = 4711);
	wire_expect(w, RST, .seq = 4711);
	wire_send(w, ACK, .seq = 1, .ack = 0);
	wire_expect(w, RST, .seq = 0);
	wire_send(w, ACK);
	wire_expect_state(w, wire_accept(w, listener), ESTABLISHED);
}

/* The same for an active origin */
WIRE_TEST(syn_received_bad_ack_active)
{
	int fd = wire_into(w, SYN_RECEIVED);

	wire_send(w, ACK, .seq = 1, .ack = 4711);
	wire_expect(w, RST, .seq = 4711);
	wire_expect_state(w, fd, SYN_RECEIVED);
	wire_send(w, ACK);
	wire_connected(w, fd);
}

/* Another SYN in the window of a half-open connection: back to LISTEN (fourth) */
WIRE_TEST(syn_received_new_syn)
{
	int listener = wire_into(w, SYN_RECEIVED, .passive = true);

	wire_send(w, SYN, .seq = 100, .stray = true);
	wire_expect_nothing(w, 10000);
	wire_expect_state(w, NO_FD, LISTEN);
	wire_new_flow(w);
	wire_into(w, ESTABLISHED, .passive = true, .fd = listener);
}

/* First: what lies outside the window is answered by an ACK and changes nothing */
WIRE_TEST(syn_received_outside_window)
{
	int listener = wire_into(w, SYN_RECEIVED, .passive = true);

	wire_send(w, ACK, .seq = -1000, .ack = 1);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	wire_send(w, ACK);
	wire_expect_state(w, wire_accept(w, listener), ESTABLISHED);
}

/* --- M10: data that comes early --------------------------------------------- */

/* Text on the ACK that completes the handshake */
WIRE_TEST(text_on_third_ack)
{
	int listener = wire_into(w, SYN_RECEIVED, .passive = true), fd;

	wire_send(w, PSH | ACK, .len = 10);
	fd = wire_accept(w, listener);
	wire_read(w, fd, 10);
	wire_expect(w, ACK, .ack = 11, .until = 499);
}

/* The third ACK is lost, text and all, and what follows comes first: it is kept */
WIRE_TEST(text_overtakes_third_ack)
{
	int listener = wire_into(w, SYN_RECEIVED, .passive = true), fd;

	wire_send(w, PSH | ACK, .seq = 11, .len = 10);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	fd = wire_accept(w, listener);
	wire_read_nothing(w, fd);
	wire_send(w, PSH | ACK, .seq = 1, .len = 10);
	wire_expect(w, ACK, .ack = 21);
	wire_read(w, fd, 20);
}

/* Text without ACK does not open the connection (fifth): dropped */
WIRE_TEST(text_without_ack)
{
	int listener = wire_into(w, SYN_RECEIVED, .passive = true), fd;

	wire_send(w, PSH, .len = 10, .stray = true);
	wire_expect_nothing(w, 500);
	wire_expect_state(w, NO_FD, SYN_RECEIVED);
	wire_send(w, PSH | ACK, .len = 10);
	fd = wire_accept(w, listener);
	wire_read(w, fd, 10);
	wire_drain(w, 499);
}

/* Text on a SYN is not acknowledged, and delivered once when it comes again */
WIRE_TEST(text_on_syn)
{
	int listener = wire_listen(w), fd;

	wire_send(w, SYN, .mss = 1460, .len = 10);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_send(w, PSH | ACK, .seq = 1, .len = 20);
	fd = wire_accept(w, listener);
	wire_read(w, fd, 20);
	wire_read_nothing(w, fd);
	wire_drain(w, 499);
}

/* In a simultaneous open the peer's text waits for ESTABLISHED */
WIRE_TEST(text_in_simultaneous_open)
{
	int fd = wire_into(w, SYN_RECEIVED);

	wire_read_nothing(w, fd);
	wire_send(w, PSH | ACK, .len = 10);
	wire_connected(w, fd);
	wire_read(w, fd, 10);
	wire_drain(w, 499);
}

/* MUST-10: the SYNs cross, and each is acknowledged by a plain ACK */
WIRE_TEST(simultaneous_open_plain_acks)
{
	int fd = wire_into(w, SYN_RECEIVED);

	wire_send(w, ACK);
	wire_connected(w, fd);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_expect_nothing(w, 3000);
}

/* RFC 7323: in a simultaneous open the options are agreed on as well */
WIRE_TEST(simultaneous_open_options)
{
	int fd = wire_into(w, SYN_RECEIVED, .ts = true, .wscale = 2, .mss = 700);

	wire_check(w, w->pkt->seg.tsval != NONE, "no timestamps");
	wire_check(w, w->pkt->seg.wscale >= 0, "no window scale");
	wire_send(w, SYN | ACK, .mss = 700, .wscale = 2, .tsval = 100100);
	wire_connected(w, fd);
	wire_drain(w, 100);
	expect_segments(w, fd, 688, 3);
}

/* --- SYN cookies (RFC 4987 section 3.6) --------------------------------------- */

/* Mode always: nothing is kept, so the SYN-ACK is never repeated; the ACK alone builds it */
WIRE_TEST(cookie_opens)
{
	int listener = wire_listen(w), fd;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .ack = 1, .mss = 1460);
	wire_expect_nothing(w, 10000);
	wire_send(w, ACK);
	fd = wire_accept(w, listener);
	wire_expect_state(w, fd, ESTABLISHED);
	/* Without timestamps the MSS is one of four */
	expect_segments(w, fd, 1440, 3);
	wire_send(w, PSH | ACK, .len = 10);
	wire_read(w, fd, 10);
	wire_drain(w, 499);
	wire_check(w, wire_counter(w, "SyncookiesSent") == 1, "not counted");
	wire_check(w, wire_counter(w, "SyncookiesRecv") == 1, "not counted");
}

/* The SYN again gets its SYN-ACK again */
WIRE_TEST(cookie_syn_again)
{
	int listener = wire_listen(w);

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .ack = 1, .seq = ANY);
	w->flow->iss = w->pkt->seq;
	wire_send(w, ACK);
	wire_accept(w, listener);
}

/* With timestamps the options survive */
WIRE_TEST(cookie_keeps_options)
{
	int listener = wire_listen(w), fd;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	wire_send(w, SYN, .mss = 1460, .wscale = 7, .tsval = 100000);
	wire_expect(w, SYN | ACK, .mss = 1460, .tsecr = 100000);
	wire_check(w, w->pkt->seg.wscale >= 0, "no window scale");
	wire_send(w, ACK, .win = 512);
	fd = wire_accept(w, listener);
	/* 512 << 7 takes all of it; unscaled not one segment would fit */
	expect_segments(w, fd, 1448, 5);
}

/* A low MSS is never exceeded */
WIRE_TEST(cookie_mss)
{
	static const int sizes[] = { 536, 700, 1200, 1300, 1440 };
	int listener = wire_listen(w), fd, i;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	for (i = 0; i < 5; i++) {
		if (i)
			wire_new_flow(w);
		w->flow->port = WIRE_PORT;
		wire_send(w, SYN, .mss = sizes[i]);
		wire_expect(w, SYN | ACK);
		wire_send(w, ACK);
		fd = wire_accept(w, listener);
		wire_write(w, fd, 1460);
		wire_recv(w, 100);
		wire_check(w, w->pkt->seg.len <= sizes[i] && w->pkt->seg.len >= 536,
			   "MSS %d, a segment of %d", sizes[i], w->pkt->seg.len);
		wire_drain(w, 10);
		wire_abort(w, fd);
		wire_drain(w, 10);
	}
}

/* Text on the ACK is kept, text on the SYN is not acknowledged (M10) */
WIRE_TEST(cookie_early_text)
{
	int listener = wire_listen(w), fd;

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	wire_send(w, SYN, .mss = 1460, .len = 10);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_send(w, PSH | ACK, .seq = 1, .len = 20);
	fd = wire_accept(w, listener);
	wire_read(w, fd, 20);
	wire_read_nothing(w, fd);
	wire_drain(w, 499);
}

/* M6: a wrong cookie is a stray ACK: RST */
WIRE_TEST(cookie_wrong)
{
	struct wire_flow *old;

	wire_listen(w);
	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_send(w, ACK, .ack = 1000);
	wire_expect(w, RST, .seq = 1000);
	wire_send(w, ACK, .ack = 0x10000001);
	wire_expect(w, RST, .seq = 0x10000001);
	/* The hash covers the client's ISN */
	wire_send(w, ACK, .seq = 2);
	wire_expect(w, RST, .seq = 1);
	/* ... and its port */
	old = wire_new_flow(w);
	w->flow->port = WIRE_PORT;
	w->flow->peer_iss = old->peer_iss;
	w->flow->iss = old->iss;
	wire_send(w, ACK, .seq = 1, .ack = 1);
	wire_expect(w, RST, .seq = 1);
	wire_expect_state(w, NO_FD, LISTEN);
}

/* A cookie lives for a minute or so: the third ACK may be late, but not for ever */
WIRE_TEST(cookie_expires)
{
	int listener = wire_listen(w);

	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_sleep(w, 20000);
	wire_send(w, ACK);
	wire_accept(w, listener);

	wire_new_flow(w);
	w->flow->port = WIRE_PORT;
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_sleep(w, 200000);
	wire_send(w, ACK);
	wire_expect(w, RST, .seq = 1);
}

/* Mode never: an ACK for which there is no half-open connection is a stray */
WIRE_TEST(cookie_never)
{
	wire_listen(w);
	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_sysctl(w, "ltcp_syncookies", COOKIES_NEVER);
	wire_send(w, ACK);
	wire_expect(w, RST, .seq = 1);
}

/* SYNs of so many peers that never answer; returns the SYN-ACKs that came at once */
static int flood(struct wire *w, int n)
{
	int i, answers = 0;

	w->any_flow = false;
	for (i = 0; i < n; i++) {
		w->flow->peer_port = 20000 + i;
		w->flow->iss_known = false;
		wire_send(w, SYN, .mss = 1460);
		if (wire_recv(w, 0))
			answers++;
	}
	w->any_flow = true;
	wire_new_flow(w);
	w->flow->port = WIRE_PORT;
	return answers;
}

/* Several times the bound, in less than the second after which a SYN-ACK is sent again */
#define FLOOD	600

/* Mode flood: when the queue is full, cookies keep the door open */
WIRE_TEST(cookie_under_flood)
{
	int listener = wire_listen(w), answers;

	wire_sysctl(w, "ltcp_max_syn_backlog", 128);
	wire_sysctl(w, "ltcp_syncookies", COOKIES_FLOOD);
	answers = flood(w, FLOOD);
	wire_check(w, answers == FLOOD, "%d of %d SYNs were answered", answers, FLOOD);
	wire_check(w, wire_counter(w, "SyncookiesSent") > 0, "no cookie under a flood");
	wire_into(w, ESTABLISHED, .passive = true, .fd = listener);
}

/* Mode never: memory is bounded all the same, and after a while the door is open again */
WIRE_TEST(half_open_bounded)
{
	int listener = wire_listen(w), answers;

	wire_sysctl(w, "ltcp_max_syn_backlog", 128);
	wire_sysctl(w, "ltcp_syncookies", COOKIES_NEVER);
	answers = flood(w, FLOOD);
	wire_check(w, answers > 0 && answers < FLOOD, "%d of %d SYNs were answered", answers,
		   FLOOD);
	wire_check(w, wire_counter(w, "SyncookiesSent") == 0, "a cookie, though forbidden");
	wire_sleep(w, 400000);
	while (wire_recv(w, 0))
		;
	wire_into(w, ESTABLISHED, .passive = true, .fd = listener);
}

/* --- MUST-57, MUST-63: addresses that no connection can have ------------------ */

static void no_answer_to(struct wire *w, const char *dst)
{
	wire_listen_any(w);
	wire_send(w, SYN, .dst = dst, .mss = 1460);
	wire_expect_nothing(w, 3000);
	/* ... nor a RST from a closed port */
	wire_send(w, SYN, .dst = dst, .dport = CLOSED_PORT);
	wire_send(w, ACK, .dst = dst, .seq = 1, .ack = 1);
	wire_expect_nothing(w, 3000);
	wire_expect_state(w, NO_FD, LISTEN);
}

/* MUST-57 */
WIRE_TEST(syn_to_subnet_broadcast)	{ no_answer_to(w, "10.0.0.255"); }
WIRE_TEST(syn_to_limited_broadcast)	{ no_answer_to(w, "255.255.255.255"); }
WIRE_TEST(syn_to_multicast)		{ no_answer_to(w, "224.0.0.1"); }

static void no_answer_from(struct wire *w, const char *src)
{
	wire_listen_any(w);
	wire_send(w, SYN, .src = src, .mss = 1460);
	wire_send(w, SYN, .src = src, .dport = CLOSED_PORT);
	wire_expect_nothing(w, 3000);
	wire_expect_state(w, NO_FD, LISTEN);
}

/* MUST-63 */
WIRE_TEST(syn_from_limited_broadcast)	{ no_answer_from(w, "255.255.255.255"); }
WIRE_TEST(syn_from_subnet_broadcast)	{ no_answer_from(w, "10.0.0.255"); }
WIRE_TEST(syn_from_multicast)		{ no_answer_from(w, "224.1.2.3"); }
WIRE_TEST(syn_from_zero)		{ no_answer_from(w, "0.0.0.0"); }
WIRE_TEST(syn_from_loopback)		{ no_answer_from(w, "127.0.0.1"); }
/* The "land" attack: from the stack's own address */
WIRE_TEST(syn_from_itself)		{ no_answer_from(w, WIRE_STACK); }

/* --- an accept queue that is full ---------------------------------------------- */

/*
 * The peer believes in the connection after its ACK. It must not hang: the
 * half-open connection stays, and the repeated SYN-ACK draws the ACK that
 * opens it once there is room.
 */
WIRE_TEST(accept_queue_full)
{
	int listener = wire_listen(w), fd, i;

	listen(listener, 1);
	for (i = 0; i < 3; i++) {
		if (i)
			wire_new_flow(w);
		w->flow->port = WIRE_PORT;
		wire_send(w, SYN, .mss = 1460);
		if (!wire_recv(w, 0))
			break;
		wire_send(w, ACK);
	}
	wire_check(w, i >= 2, "a backlog of 1 holds %d connections", i);
	/* The last of them found the queue full: its ACK was in vain. */
	if (i < 3)
		return;
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		;
	wire_expect(w, SYN | ACK, .seq = 0, .after = 1000);
	wire_send(w, ACK);
	fd = wire_accept(w, listener);
	wire_expect_state(w, fd, ESTABLISHED);
}

TEST_HARNESS_MAIN
