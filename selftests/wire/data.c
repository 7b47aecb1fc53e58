// SPDX-License-Identifier: GPL-2.0
/*
 * Data that arrives: in order and not, twice, damaged, with old timestamps,
 * with odd options, urgent. RFC 9293 sections 3.1, 3.2, 3.4, 3.8.5, 3.9.2 and
 * 3.10.7.4, RFC 7323; labels are RFC 9293's.
 */
#define WIRE_MAIN
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "wire.h"

#define DELACK_MAX	499

/* --- order ------------------------------------------------------------------ */

/* SHLD-31, MAY-13: text ahead is kept, and the gap reported at once; then one ACK for both */
WIRE_TEST(out_of_order)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, PSH | ACK, .seq = 101, .len = 100);
	wire_expect(w, ACK, .ack = 1);
	wire_read_nothing(w, fd);
	wire_send(w, PSH | ACK, .seq = 1, .len = 100);
	wire_expect(w, ACK, .ack = 201);
	wire_read(w, fd, 200);
}

/* MUST-59: a hole that releases five pieces is acknowledged once, for all */
WIRE_TEST(hole_filled)
{
	int fd = wire_into(w, ESTABLISHED), i;

	for (i = 5; i >= 1; i--) {
		wire_send(w, PSH | ACK, .seq = 1 + i * 100, .len = 100);
		wire_expect(w, ACK, .ack = 1);
	}
	wire_send(w, PSH | ACK, .seq = 1, .len = 100);
	wire_expect(w, ACK, .ack = 601);
	wire_expect_nothing(w, 1000);
	wire_read(w, fd, 600);
}

/* Two holes: each is reported until it is filled */
WIRE_TEST(two_holes)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, ACK, .seq = 101, .len = 100);
	wire_expect(w, ACK, .ack = 1);
	wire_send(w, ACK, .seq = 301, .len = 100);
	wire_expect(w, ACK, .ack = 1);
	wire_send(w, ACK, .seq = 1, .len = 100);
	wire_expect(w, ACK, .ack = 201);
	wire_send(w, ACK, .seq = 201, .len = 100);
	wire_expect(w, ACK, .ack = 401);
	wire_read(w, fd, 400);
}

/* MUST-58: a burst in order draws fewer ACKs than segments */
WIRE_TEST(acks_are_coalesced)
{
	int fd = wire_into(w, ESTABLISHED), i, acks;

	for (i = 0; i < 20; i++)
		wire_send(w, ACK, .len = 1000);
	acks = wire_drain(w, DELACK_MAX);
	wire_check(w, acks <= 11, "%d ACKs for 20 segments", acks);
	wire_check(w, w->pkt->seg.ack == 20001, "the last ACK is %lld",
		   (long long)w->pkt->seg.ack);
	wire_read(w, fd, 20000);
	wire_drain(w, 10);
}

/* A duplicate is acknowledged at once and delivered once (first, "acknowledgment should be sent") */
WIRE_TEST(duplicate)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, PSH | ACK, .len = 100);
	wire_drain(w, DELACK_MAX);
	wire_send(w, PSH | ACK, .seq = 1, .len = 100);
	wire_expect(w, ACK, .ack = 101);
	wire_read(w, fd, 100);
	wire_read_nothing(w, fd);
}

/* The same ahead of a hole */
WIRE_TEST(duplicate_out_of_order)
{
	int fd = wire_into(w, ESTABLISHED), i;

	for (i = 0; i < 3; i++) {
		wire_send(w, PSH | ACK, .seq = 101, .len = 100);
		wire_expect(w, ACK, .ack = 1);
	}
	wire_send(w, PSH | ACK, .seq = 1, .len = 100);
	wire_expect(w, ACK, .ack = 201);
	wire_read(w, fd, 200);
	wire_read_nothing(w, fd);
}

/* "Segments ... may overlap": what is new counts (section 3.10.7.4, seventh) */
WIRE_TEST(overlap_head)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, PSH | ACK, .seq = 1, .len = 100);
	wire_drain(w, DELACK_MAX);
	wire_send(w, PSH | ACK, .seq = 51, .len = 100);
	wire_drain(w, DELACK_MAX);
	wire_check(w, w->pkt->seg.ack == 151, "ack %lld", (long long)w->pkt->seg.ack);
	wire_read(w, fd, 150);
	wire_read_nothing(w, fd);
}

/* Every way in which three pieces can overlap, holes included */
WIRE_TEST(overlaps)
{
	static const struct {
		int seq, len;
	} pieces[] = {
		{ 200, 100 }, { 150, 100 }, { 250, 100 }, { 140, 300 }, { 500, 10 },
		{ 505, 10 }, { 490, 40 }, { 500, 10 }, { 430, 70 }, { 600, 50 }, { 650, 50 },
		{ 550, 50 },
	};
	int fd = wire_into(w, ESTABLISHED);
	unsigned int i;

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		wire_send(w, PSH | ACK, .seq = pieces[i].seq, .len = pieces[i].len);
		wire_expect(w, ACK, .ack = 1);
	}
	wire_send(w, PSH | ACK, .seq = 1, .len = 149);
	wire_expect(w, ACK, .ack = 530);
	wire_send(w, PSH | ACK, .seq = 520, .len = 40);
	wire_expect(w, ACK, .ack = 700);
	wire_read(w, fd, 699);
	wire_read_nothing(w, fd);
}

/* What lies beyond the window is cut off, the rest taken */
WIRE_TEST(cut_to_window)
{
	int fd = wire_socket(w);
	s64 edge;

	wire_setsockopt(w, fd, SOL_SOCKET, SO_RCVBUF, 4096);
	wire_open_active(w, .fd = fd);
	edge = w->pkt->seg.ack + w->pkt->seg.win;
	wire_check(w, edge < 20000, "a window of %lld", (long long)edge);
	while (w->flow->peer_nxt < edge - 1000) {
		wire_send(w, PSH | ACK, .len = 500);
		while (wire_recv(w, 100))
			edge = w->pkt->seg.ack + w->pkt->seg.win;
	}
	wire_send(w, PSH | ACK, .seq = w->flow->peer_nxt, .len = 1400, .stray = true);
	wire_drain(w, DELACK_MAX);
	wire_check(w, w->pkt->seg.ack == edge && w->pkt->seg.win == 0, "ack %lld, win %lld",
		   (long long)w->pkt->seg.ack, (long long)w->pkt->seg.win);
	w->flow->peer_nxt = edge;
	wire_read(w, fd, edge - 1);
	wire_drain(w, DELACK_MAX);
}

/* An ACK without text draws no answer, however often it comes */
WIRE_TEST(pure_acks_are_not_answered)
{
	int i;

	wire_into(w, ESTABLISHED);
	for (i = 0; i < 20; i++)
		wire_send(w, ACK);
	wire_expect_nothing(w, 1000);
}

/* --- the circle of numbers (section 3.4) ------------------------------------------- */

static int open_near_wrap(struct wire *w, u32 before)
{
	w->flow->peer_iss = 0u - before;
	return wire_into(w, ESTABLISHED);
}

/* Text crosses 2^32 in one segment, in order and not */
WIRE_TEST(wrap_text)
{
	int fd = open_near_wrap(w, 150);

	wire_send(w, PSH | ACK, .len = 100);
	wire_drain(w, DELACK_MAX);
	wire_send(w, PSH | ACK, .seq = 301, .len = 100);
	wire_expect(w, ACK, .ack = 101);
	wire_send(w, PSH | ACK, .seq = 201, .len = 100);
	wire_expect(w, ACK, .ack = 101);
	wire_send(w, PSH | ACK, .seq = 101, .len = 100);
	wire_expect(w, ACK, .ack = 401);
	wire_read(w, fd, 400);
}

/* SYN is the last number, text begins at 0 */
WIRE_TEST(wrap_after_syn)
{
	int fd = open_near_wrap(w, 1);

	wire_send(w, PSH | ACK, .len = 10);
	wire_drain(w, DELACK_MAX);
	wire_check(w, w->pkt->ack == 10, "ack %u", w->pkt->ack);
	wire_read(w, fd, 10);
}

/* FIN is the number 0 */
WIRE_TEST(wrap_at_fin)
{
	int fd = open_near_wrap(w, 11);

	wire_send(w, FIN | ACK, .len = 10);
	wire_expect(w, ACK, .ack = 12);
	wire_check(w, w->pkt->ack == 1, "ack %u", w->pkt->ack);
	wire_read(w, fd, 10);
	wire_read_eof(w, fd);
}

/* Old text from before the wrap is old, a RST beyond it is in the window */
WIRE_TEST(wrap_window)
{
	int fd = open_near_wrap(w, 5);

	wire_send(w, PSH | ACK, .len = 20);
	wire_drain(w, DELACK_MAX);
	wire_send(w, PSH | ACK, .seq = 1, .len = 4);
	wire_expect(w, ACK, .ack = 21);
	wire_send(w, RST, .seq = 100);
	wire_expect(w, ACK, .ack = 21);
	wire_send(w, RST, .seq = 2);
	wire_expect_nothing(w, 100);
	wire_read(w, fd, 20);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* --- damage --------------------------------------------------------------------------- */

/* MUST-3: a wrong checksum: as if it had never come, and counted */
WIRE_TEST(bad_checksum)
{
	int fd = wire_into(w, ESTABLISHED);
	long before = wire_counter(w, "InCsumErrors");

	wire_send(w, PSH | ACK, .len = 100, .bad_csum = true);
	wire_send(w, FIN | ACK, .bad_csum = true);
	wire_send(w, RST, .bad_csum = true);
	wire_expect_nothing(w, 1000);
	wire_read_nothing(w, fd);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_check(w, wire_counter(w, "InCsumErrors") == before + 3, "not counted");
}

/* A data offset below 5, or past the segment's end */
WIRE_TEST(bad_data_offset)
{
	int fd = wire_into(w, ESTABLISHED), doff;

	for (doff = 1; doff < 5; doff++)
		wire_send(w, PSH | ACK, .len = 10, .doff = doff, .stray = true);
	for (doff = 8; doff < 16; doff++)
		wire_send(w, PSH | ACK, .len = 10, .doff = doff, .stray = true);
	wire_expect_nothing(w, 1000);
	wire_read_nothing(w, fd);
	wire_send(w, PSH | ACK, .len = 10);
	wire_read(w, fd, 10);
	wire_drain(w, DELACK_MAX);
}

/* Packets that are too short to be segments */
WIRE_TEST(truncated)
{
	static const u8 ip[20] = {
		0x45, 0, 0, 0, 0, 1, 0, 0, 64, 0, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1,
	};
	int fd = wire_into(w, ESTABLISHED), len, i;

	for (len = 0; len < 20; len++) {
		u8 packet[64] = {};
		u32 sum = 0;

		memcpy(packet, ip, 20);
		packet[3] = 20 + len;
		packet[9] = w->protocol;
		for (i = 0; i < 20; i += 2)
			sum += packet[i] << 8 | packet[i + 1];
		sum = (sum & 0xffff) + (sum >> 16);
		packet[10] = ~sum >> 8;
		packet[11] = ~sum;
		wire_inject(w, packet, 20 + len);
	}
	wire_expect_nothing(w, 1000);
	wire_expect_state(w, fd, ESTABLISHED);
}

/* --- options on segments other than SYN (MUST-5) ------------------------------------------ */

/* MUST-5, MUST-6, MUST-68: unknown options on text, ACK, FIN and RST do not matter */
WIRE_TEST(unknown_options_everywhere)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, PSH | ACK, .len = 10, OPTIONS(250, 6, 1, 2, 3, 4, 1, 0));
	wire_expect(w, ACK, .ack = 11, .until = DELACK_MAX);
	wire_read(w, fd, 10);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_send(w, ACK, OPTIONS(1, 1, 251, 2, 0, 0, 0, 0));
	wire_expect_nothing(w, 1000);
	wire_send(w, FIN | ACK, OPTIONS(252, 8, 1, 2, 3, 4, 5, 6));
	wire_expect(w, ACK, .ack = 12);
	wire_send(w, RST, OPTIONS(252, 4, 1, 2));
	wire_expect_state(w, fd, CLOSED);
}

/* MUST-7: a bogus length: the segment is dropped, the connection lives */
static void bogus_option_at(struct wire *w, const u8 *opt, int len)
{
	int fd = wire_into(w, ESTABLISHED);
	long before = wire_counter(w, "InOptionErrs");

	wire_send(w, PSH | ACK, .len = 10, .opt = opt, .opt_len = len, .stray = true);
	wire_expect_nothing(w, 1000);
	wire_read_nothing(w, fd);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_check(w, wire_counter(w, "InOptionErrs") == before + 1, "not counted");
	wire_send(w, PSH | ACK, .len = 10);
	wire_read(w, fd, 10);
	wire_drain(w, DELACK_MAX);
}

#define bogus_option(w, ...) bogus_option_at(w, WIRE_BYTES(__VA_ARGS__), sizeof((u8[]){ __VA_ARGS__ }))

WIRE_TEST(option_length_0)		{ bogus_option(w, 250, 0, 0, 0); }
WIRE_TEST(option_length_1)		{ bogus_option(w, 250, 1, 0, 0); }
WIRE_TEST(option_length_past_end)	{ bogus_option(w, 1, 250, 4, 0); }
WIRE_TEST(option_length_40)		{ bogus_option(w, 1, 250, 40, 0); }
WIRE_TEST(option_length_missing)	{ bogus_option(w, 1, 1, 1, 8); }

/* MUST-65's other side: MSS and window scale without SYN are ignored */
WIRE_TEST(syn_options_without_syn)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, PSH | ACK, .len = 10, .mss = 100, .wscale = 7);
	wire_drain(w, DELACK_MAX);
	wire_read(w, fd, 10);
	wire_write(w, fd, 1460);
	wire_expect(w, PSH | ACK, .len = 1460);
}

/* MUST-50, MAY-10, MAY-11: IP options are none of our business, nor are extension headers */
static void ip_option_at(struct wire *w, const u8 *opt, int len)
{
	u8 ext[16] = { w->protocol, 1, 0x1e, 12 };	/* unknown, to be skipped */
	int fd = wire_into(w, ESTABLISHED);

	if (w->ipv6) {
		memcpy(ext + 4, opt, len);
		opt = ext;
		len = sizeof(ext);
	}
	wire_send(w, PSH | ACK, .len = 10, .ip_opt = opt, .ip_opt_len = len);
	wire_expect(w, ACK, .ack = 11, .until = DELACK_MAX);
	wire_read(w, fd, 10);
}

#define ip_option(w, ...) ip_option_at(w, WIRE_BYTES(__VA_ARGS__), sizeof((u8[]){ __VA_ARGS__ }))

WIRE_TEST(ip_option_unknown)		{ ip_option(w, 25, 4, 1, 2); }
WIRE_TEST(ip_option_nop)		{ ip_option(w, 1, 1, 1, 0); }
WIRE_TEST(ip_option_record_route)	{ ip_option(w, 7, 7, 4, 0, 0, 0, 0, 0); }
WIRE_TEST(ip_option_timestamp)		{ ip_option(w, 68, 8, 5, 0, 0, 0, 0, 0); }

/* --- timestamps (RFC 7323) ------------------------------------------------------------------ */

/* Section 3.2: once agreed on, they are on every segment but RST */
WIRE_TEST(timestamps_on_every_segment)
{
	int fd = wire_open_active(w, .ts = true);

	wire_check(w, w->pkt->seg.tsval != NONE && w->pkt->seg.tsecr == 100000, "third ACK");
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .len = 10);
	wire_check(w, w->pkt->seg.tsval != NONE, "text");
	wire_send(w, PSH | ACK, .len = 10);
	wire_drain(w, DELACK_MAX);
	wire_check(w, w->pkt->seg.tsval != NONE, "delayed ACK");
	wire_send(w, RST, .seq = w->flow->peer_nxt + 10);
	wire_expect(w, ACK);
	wire_check(w, w->pkt->seg.tsval != NONE, "challenge ACK");
	wire_read(w, fd, 10);
	wire_shutdown(w, fd);
	wire_expect(w, FIN | ACK);
	wire_check(w, w->pkt->seg.tsval != NONE, "FIN");
	wire_send(w, FIN | ACK);
	wire_expect(w, ACK);
	wire_check(w, w->pkt->seg.tsval != NONE, "TIME-WAIT");
}

/* Section 5.4: the clock ticks between 1 ms and 1 s, and never back */
WIRE_TEST(timestamp_clock)
{
	int fd = wire_open_active(w, .ts = true), i;
	u32 first = w->pkt->seg.tsval, last = first;
	u64 start = w->pkt->time;

	for (i = 0; i < 5; i++) {
		u32 now;
		s64 ms;

		wire_sleep(w, 700);
		wire_write(w, fd, 10);
		wire_expect(w, PSH | ACK, .len = 10);
		now = w->pkt->seg.tsval;
		ms = (s64)(w->pkt->time - start) / 1000;
		wire_check(w, (int32_t)(now - last) > 0, "from %u to %u", last, now);
		wire_check(w, now - first >= ms - 2 && now - first <= ms + 2,
			   "%u ticks in %lld ms", now - first, (long long)ms);
		last = now;
		wire_send(w, ACK);
	}
}

/* Section 5.3, R1: an older timestamp: dropped, with an ACK */
WIRE_TEST(paws)
{
	int fd = wire_open_active(w, .ts = true);

	wire_send(w, PSH | ACK, .len = 10, .tsval = 99999, .tsecr = w->flow->ts_recent,
		  .stray = true);
	wire_expect(w, ACK, .ack = 1, .tsecr = 100000);
	wire_read_nothing(w, fd);
	wire_send(w, PSH | ACK, .len = 10, .tsval = 100000, .tsecr = w->flow->ts_recent);
	wire_read(w, fd, 10);
	wire_drain(w, DELACK_MAX);
}

/* A FIN is not exempt, a RST is (section 5.2) */
WIRE_TEST(paws_fin_and_rst)
{
	int fd = wire_open_active(w, .ts = true);

	wire_send(w, FIN | ACK, .tsval = 99999, .tsecr = w->flow->ts_recent, .stray = true);
	wire_expect(w, ACK, .ack = 1);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_send(w, RST, .tsval = 99999, .tsecr = w->flow->ts_recent);
	wire_expect_state(w, fd, CLOSED);
}

/* The comparison is on a circle */
WIRE_TEST(paws_wraps)
{
	int fd = wire_connect_start(w);

	wire_expect(w, SYN);
	wire_send(w, SYN | ACK, .mss = 1460, .tsval = 0xfffffff0ll);
	wire_expect(w, ACK, .tsecr = 0xfffffff0ll);
	wire_send(w, PSH | ACK, .len = 10, .tsval = 5, .tsecr = w->flow->ts_recent);
	wire_expect(w, ACK, .ack = 11, .tsecr = 5, .until = DELACK_MAX);
	wire_send(w, PSH | ACK, .len = 10, .tsval = 0xfffffff1ll, .tsecr = w->flow->ts_recent,
		  .stray = true);
	wire_expect(w, ACK, .ack = 11, .tsecr = 5);
	wire_read(w, fd, 10);
}

/* Section 3.2: a segment without them is dropped in silence, unless RST */
WIRE_TEST(timestamps_missing)
{
	int fd = wire_open_active(w, .ts = true);

	wire_send(w, PSH | ACK, .len = 10, .tsval = NONE, .stray = true);
	wire_expect_nothing(w, 1000);
	wire_read_nothing(w, fd);
	wire_send(w, RST);
	wire_expect_state(w, fd, CLOSED);
}

/* ... and if they were not agreed on, they do not matter */
WIRE_TEST(timestamps_not_agreed)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_send(w, PSH | ACK, .len = 10, .tsval = 1000, .tsecr = 0);
	wire_send(w, PSH | ACK, .len = 10, .tsval = 500, .tsecr = 0);
	wire_recv(w, DELACK_MAX);
	wire_check(w, w->pkt->seg.ack == 21 && w->pkt->seg.tsval == NONE, "ack %lld",
		   (long long)w->pkt->seg.ack);
	wire_read(w, fd, 20);
}

/* Section 4.3 (A): a delayed ACK echoes the earlier of the segments that it covers */
WIRE_TEST(echo_of_delayed_ack)
{
	int fd = wire_open_active(w, .ts = true);
	u32 ecr = w->flow->ts_recent;

	wire_send(w, ACK, .len = 1448, .tsval = 100100, .tsecr = ecr);
	if (wire_recv(w, 0))	/* a quick ACK at the beginning: begin again */
		wire_send(w, ACK, .len = 1448, .tsval = 100100, .tsecr = ecr);
	wire_send(w, ACK, .len = 1448, .tsval = 100200, .tsecr = ecr);
	wire_expect(w, ACK, .tsecr = 100100);
	wire_read(w, fd, w->flow->peer_nxt - 1);
	wire_drain(w, DELACK_MAX);
}

/* Section 4.3 (B): text ahead of a hole does not change the echo ... */
WIRE_TEST(echo_with_hole)
{
	int fd = wire_open_active(w, .ts = true);
	u32 ecr = w->flow->ts_recent;

	wire_send(w, ACK, .len = 100, .tsval = 100100, .tsecr = ecr);
	wire_recv(w, DELACK_MAX);
	wire_send(w, ACK, .seq = 201, .len = 100, .tsval = 100200, .tsecr = ecr);
	wire_expect(w, ACK, .ack = 101, .tsecr = 100100);
	wire_send(w, ACK, .seq = 301, .len = 100, .tsval = 100300, .tsecr = ecr);
	wire_expect(w, ACK, .ack = 101, .tsecr = 100100);
	/* (C): ... the one that fills it does, being the latest that advances the window */
	wire_send(w, ACK, .seq = 101, .len = 100, .tsval = 100400, .tsecr = ecr);
	wire_expect(w, ACK, .ack = 401, .tsecr = 100400);
	wire_read(w, fd, 400);
}

/* Section 4.3: an old duplicate does not turn the echo back, nor does an ACK below RCV.NXT */
WIRE_TEST(echo_not_turned_back)
{
	int fd = wire_open_active(w, .ts = true);
	u32 ecr = w->flow->ts_recent;

	wire_send(w, ACK, .len = 100, .tsval = 100500, .tsecr = ecr);
	wire_recv(w, DELACK_MAX);
	wire_send(w, ACK, .seq = 1, .len = 100, .tsval = 100200, .tsecr = ecr);
	wire_expect(w, ACK, .ack = 101, .tsecr = 100500);
	wire_read(w, fd, 100);
}

/* --- urgent data (section 3.8.5) ------------------------------------------------------------- */

static volatile int urgent_signals;

static void on_sigurg(int signal)
{
	urgent_signals++;
}

static void want_sigurg(struct wire *w, int fd)
{
	urgent_signals = 0;
	signal(SIGURG, on_sigurg);
	wire_check(w, !fcntl(fd, F_SETOWN, getpid()), "F_SETOWN");
}

static bool at_mark(struct wire *w, int fd)
{
	int mark = -1;

	wire_check(w, !ioctl(fd, SIOCATMARK, &mark), "SIOCATMARK");
	return mark;
}

/* MUST-62: the pointer names the octet after the last urgent one */
WIRE_TEST(urgent_sent)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_write_flags(w, fd, 1, MSG_OOB);
	wire_expect(w, URG | PSH | ACK, .seq = 1, .len = 1, .up = 1);
	wire_send(w, ACK);
	wire_write(w, fd, 10);
	wire_expect(w, PSH | ACK, .seq = 2, .len = 10);
	wire_send(w, ACK);
	wire_write_flags(w, fd, 5, MSG_OOB);
	wire_expect(w, URG | PSH | ACK, .seq = 12, .len = 5, .up = 5);
}

/* MUST-30: urgency is announced even while the window is closed to its text */
WIRE_TEST(urgent_announced_early)
{
	int fd = wire_open_active(w, .mss = 1000, .win = 2000);

	wire_write(w, fd, 4000);
	wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_expect(w, ACK | PSH_ANY, .len = 1000);
	wire_write_flags(w, fd, 1, MSG_OOB);
	wire_drain(w, 50);
	wire_send(w, ACK, .win = 1000);
	wire_expect(w, URG | ACK | PSH_ANY, .seq = 2001, .len = 1000, .up = 2001);
}

/* MUST-30, MUST-32: the user is told by signal and poll; recv(MSG_OOB) gives the octet */
WIRE_TEST(urgent_received)
{
	int fd = wire_into(w, ESTABLISHED);
	char octet = 0;

	want_sigurg(w, fd);
	wire_send(w, URG | PSH | ACK, .len = 10, .up = 10);
	wire_check(w, urgent_signals == 1, "%d signals", urgent_signals);
	wire_check(w, wire_poll(w, fd, POLLPRI, 0) & POLLPRI, "no POLLPRI");
	wire_check(w, recv(fd, &octet, 1, MSG_OOB) == 1, "no urgent octet");
	wire_check(w, octet == wire_octet(10), "octet '%c'", octet);
	wire_read(w, fd, 9);
	wire_read_nothing(w, fd);
	wire_drain(w, DELACK_MAX);
}

/* MUST-33: reading stops at the mark, and SIOCATMARK tells it */
WIRE_TEST(urgent_mark)
{
	int fd = wire_into(w, ESTABLISHED);
	char buffer[100];

	wire_send(w, URG | PSH | ACK, .len = 20, .up = 10);
	wire_check(w, !at_mark(w, fd), "at the mark too early");
	wire_check(w, recv(fd, buffer, sizeof(buffer), 0) == 9, "reading did not stop");
	wire_check(w, at_mark(w, fd), "not at the mark");
	w->flow->read = 10;	/* the urgent octet is not in line */
	wire_read(w, fd, 10);
	wire_check(w, !at_mark(w, fd), "still at the mark");
	wire_drain(w, DELACK_MAX);
}

/* MUST-31: any number of octets; in line (RFC 6093 section 6) all of them are delivered */
WIRE_TEST(urgent_long)
{
	int fd = wire_into(w, ESTABLISHED), i;
	char buffer[8000];

	wire_setsockopt(w, fd, SOL_SOCKET, SO_OOBINLINE, 1);
	want_sigurg(w, fd);
	for (i = 0; i < 5; i++)
		wire_send(w, URG | PSH | ACK, .len = 1000, .up = 5000 - i * 1000);
	wire_send(w, PSH | ACK, .len = 1000);
	wire_check(w, urgent_signals == 1, "%d signals for one pointer", urgent_signals);
	wire_check(w, recv(fd, buffer, sizeof(buffer), MSG_PEEK) == 4999, "the mark is elsewhere");
	wire_read(w, fd, 4999);
	wire_check(w, at_mark(w, fd), "not at the mark");
	wire_read(w, fd, 1001);
	wire_drain(w, DELACK_MAX);
}

/* MUST-32, U-1: a pointer that moves on is news, one that repeats itself is not */
WIRE_TEST(urgent_pointer_moves)
{
	int fd = wire_into(w, ESTABLISHED);

	wire_setsockopt(w, fd, SOL_SOCKET, SO_OOBINLINE, 1);
	want_sigurg(w, fd);
	wire_send(w, URG | PSH | ACK, .len = 10, .up = 10);
	wire_send(w, URG | PSH | ACK, .len = 10, .up = 20);
	wire_check(w, urgent_signals == 2, "%d signals", urgent_signals);
	wire_send(w, URG | PSH | ACK, .seq = 11, .len = 10, .up = 20);
	wire_check(w, urgent_signals == 2, "%d signals", urgent_signals);
	wire_read(w, fd, 19);
	wire_read(w, fd, 1);
	wire_drain(w, DELACK_MAX);
}

/* The pointer may run ahead of its text */
WIRE_TEST(urgent_ahead_of_text)
{
	int fd = wire_into(w, ESTABLISHED);
	char octet;

	want_sigurg(w, fd);
	wire_send(w, URG | ACK, .up = 100);
	wire_check(w, urgent_signals == 1, "%d signals", urgent_signals);
	wire_check(w, recv(fd, &octet, 1, MSG_OOB) < 0 && errno == EAGAIN, "an octet, already");
	wire_send(w, PSH | ACK, .len = 100);
	wire_check(w, recv(fd, &octet, 1, MSG_OOB) == 1 && octet == wire_octet(100), "no octet");
	wire_read(w, fd, 99);
	wire_drain(w, DELACK_MAX);
}

TEST_HARNESS_MAIN
