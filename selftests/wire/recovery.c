// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery: SACK and D-SACK in both directions (RFC 2018, RFC 2883),
 * RACK-TLP (RFC 8985), PRR (RFC 6937), F-RTO (RFC 5682), Eifel (RFC 3522),
 * limited transmit (RFC 3042). NewReno without SACK is in window.c.
 */
#define WIRE_MAIN
#include <netinet/in.h>
#include <string.h>

#include "wire.h"

#define MSS	1000
#define RTT	100	/* milliseconds; the tests wait so long before they answer */
#define RTO_MIN	200
#define SEG(n)	(1 + (n) * MSS)

/* Octets of a SACK option, absolute numbers of whichever side's stream */
struct blocks {
	u8 octet[40];
	int len;
};

static void put32(struct blocks *b, u32 v)
{
	b->octet[b->len++] = v >> 24;
	b->octet[b->len++] = v >> 16;
	b->octet[b->len++] = v >> 8;
	b->octet[b->len++] = v;
}

/* Blocks of segments of the stack's stream: { 1, 2, 4, 6 }: 1; 4 and 5 */
static struct blocks blocks_of(struct wire *w, const int *edge, int n)
{
	struct blocks b = { { 1, 1, 5, 2 + 4 * n }, 4 };
	int i;

	for (i = 0; i < n; i++)
		put32(&b, w->flow->iss + SEG(edge[i]));
	return b;
}

/* ACK up to segment @n, with blocks */
#define ack_segments(w, n, ...)							\
	ack_segments_at(w, WIRE_HERE, n, (const int[]){ 0, ##__VA_ARGS__ } + 1,	\
			sizeof((int[]){ 0, ##__VA_ARGS__ }) / sizeof(int) - 1)

static void ack_segments_at(struct wire *w, const char *here, int to, const int *edge, int n)
{
	struct blocks b = blocks_of(w, edge, n);

	wire_send_at(w, here, &(struct wire_seg){
		.flags = ACK, .seq = NEXT, .ack = SEG(to), .fill = NONE, .win = 65535,
		.mss = NONE, .wscale = NONE, .sackok = NONE, .tsval = ANY, .tsecr = ANY,
		.opt = n ? b.octet : NULL, .opt_len = n ? b.len : 0 });
}

#define expect_segment(w, n, ...)						\
	wire_expect(w, ACK | PSH_ANY, .seq = SEG(n), .len = MSS, ##__VA_ARGS__)

/* An open connection over a path of RTT, with segments of MSS, and room for what is written */
static int open_slow(struct wire *w, int sackok)
{
	int fd = wire_socket(w);

	wire_setsockopt(w, fd, SOL_SOCKET, SO_SNDBUF, 1 << 20);
	wire_connect_fd(w, fd);
	wire_expect(w, SYN);
	wire_sleep(w, RTT);
	wire_send(w, SYN | ACK, .mss = MSS, .sackok = sackok, .win = 65535);
	wire_expect(w, ACK);
	wire_connected(w, fd);
	return fd;
}

/* So many segments in flight for a round trip; more is never written but as said */
static int in_flight(struct wire *w, int sackok, int segments)
{
	int fd = open_slow(w, sackok), i;

	wire_write(w, fd, segments * MSS);
	for (i = 0; i < segments; i++)
		expect_segment(w, i);
	wire_sleep(w, RTT);
	return fd;
}

/* --- losses ---------------------------------------------------------------- */

/* Three segments beyond a hole: it is filled at once, the rest is not sent again */
WIRE_TEST(hole)
{
	in_flight(w, 1, 10);
	ack_segments(w, 0, 1, 2);
	ack_segments(w, 0, 1, 3);
	wire_expect_nothing(w, 10);
	ack_segments(w, 0, 1, 4);
	expect_segment(w, 0);
	wire_expect_nothing(w, 10);
	wire_sleep(w, RTT);
	ack_segments(w, 10);
	wire_expect_nothing(w, 1000);
	wire_check(w, wire_counter(w, "FastRetransmits") == 1, "FastRetransmits");
	wire_check(w, wire_counter(w, "RetransSegs") == 1, "RetransSegs");
}

/* Three holes, as the blocks show them; each is filled once */
WIRE_TEST(holes)
{
	in_flight(w, 1, 10);
	ack_segments(w, 0, 1, 3);
	ack_segments(w, 0, 4, 5, 1, 3);
	expect_segment(w, 0);
	ack_segments(w, 0, 6, 7, 4, 5, 1, 3);
	expect_segment(w, 3);
	ack_segments(w, 0, 6, 10, 4, 5, 1, 3);
	expect_segment(w, 5);
	wire_sleep(w, RTT);
	ack_segments(w, 3, 6, 10, 4, 5);
	ack_segments(w, 5, 6, 10);
	ack_segments(w, 10);
	wire_expect_nothing(w, 1000);
	wire_check(w, wire_counter(w, "RetransSegs") == 3, "RetransSegs");
}

/* RFC 6937: for each two that are delivered one is sent */
WIRE_TEST(proportional_rate)
{
	int fd, n, i;

	wire_sysctl_text(w, "ltcp_congestion_control", "reno");
	fd = in_flight(w, 1, 10);
	wire_write(w, fd, 20 * MSS);
	ack_segments(w, 0, 1, 4);
	expect_segment(w, 0);
	for (i = 5; i <= 10; i++)
		ack_segments(w, 0, 1, i);
	n = wire_drain(w, 20);
	wire_check(w, n >= 3 && n <= 5, "%d segments for six", n);
}

/* The retransmission is lost as well: what was sent after it, and has arrived, tells */
WIRE_TEST(lost_retransmission)
{
	int fd = in_flight(w, 1, 10);

	wire_write(w, fd, 20 * MSS);
	ack_segments(w, 0, 1, 4);
	expect_segment(w, 0);
	ack_segments(w, 0, 1, 10);
	expect_segment(w, 10);
	wire_drain(w, RTT);
	ack_segments(w, 0, 1, 11);
	expect_segment(w, 0);
	wire_drain(w, 10);
	wire_check(w, wire_counter(w, "Timeouts") == 0, "Timeouts");
}

/* Without SACK: a new segment for each of the first two duplicate ACKs (RFC 3042) */
WIRE_TEST(limited_transmit)
{
	int fd = in_flight(w, NONE, 10);

	wire_write(w, fd, 10 * MSS);
	wire_expect_nothing(w, 10);
	ack_segments(w, 0);
	expect_segment(w, 10);
	ack_segments(w, 0);
	expect_segment(w, 11);
	wire_expect_nothing(w, 10);
	ack_segments(w, 0);
	expect_segment(w, 0);
	wire_expect_nothing(w, 10);
}

/* --- reordering ------------------------------------------------------------ */

/* Two segments change places: nothing is sent again */
WIRE_TEST(reordered)
{
	in_flight(w, 1, 10);
	ack_segments(w, 0, 1, 2);
	wire_sleep(w, RTT / 10);
	ack_segments(w, 2);
	ack_segments(w, 10);
	wire_expect_nothing(w, 1000);
	wire_check(w, wire_counter(w, "RetransSegs") == 0, "RetransSegs");
	wire_check(w, wire_counter(w, "Reordered") == 1, "Reordered");
}

/* Once that was seen, three segments and more prove nothing, but a quarter of a round trip does */
WIRE_TEST(reordering_path)
{
	int fd = in_flight(w, 1, 10);

	ack_segments(w, 0, 1, 2);
	ack_segments(w, 2);
	ack_segments(w, 2, 3, 9);
	wire_sleep(w, RTT / 10);
	ack_segments(w, 10);
	wire_expect_nothing(w, 500);
	wire_write(w, fd, 4 * MSS);
	wire_expect(w, ACK | PSH_ANY, .len = MSS);
	wire_drain(w, RTT);
	ack_segments(w, 10, 11, 14);
	wire_mark(w);
	expect_segment(w, 10, .after = RTT / 4, .until = RTT / 2);
}

/* --- the tail -------------------------------------------------------------- */

/* The last segment is lost: a probe after two round trips, before any timeout */
WIRE_TEST(tail_probe)
{
	in_flight(w, 1, 4);
	ack_segments(w, 2);
	wire_mark(w);
	expect_segment(w, 3, .after = 2 * RTT, .until = 2 * RTT + 30);
	wire_check(w, wire_counter(w, "LossProbes") == 1, "LossProbes");
	wire_check(w, wire_counter(w, "Timeouts") == 0, "Timeouts");
	/* it has arrived, so the one before it is lost */
	wire_sleep(w, RTT);
	ack_segments(w, 2, 3, 4);
	expect_segment(w, 2);
	wire_sleep(w, RTT);
	ack_segments(w, 4);
	wire_expect_nothing(w, 1000);
}

/* It may be new text, beyond the congestion window */
WIRE_TEST(tail_probe_is_new)
{
	int fd = open_slow(w, 1), i;

	wire_write(w, fd, 11 * MSS);
	for (i = 0; i < 10; i++)
		expect_segment(w, i);
	expect_segment(w, 10, .after = 2 * RTT, .until = 2 * RTT + 30);
	wire_check(w, wire_counter(w, "RetransSegs") == 0, "RetransSegs");
}

/* net.ipv4.ltcp_tail_probe=0: the timeout */
WIRE_TEST(tail_probe_off)
{
	wire_sysctl(w, "ltcp_tail_probe", 0);
	in_flight(w, 1, 4);
	ack_segments(w, 2);
	expect_segment(w, 2, .after = RTO_MIN, .until = 2000);
	wire_check(w, wire_counter(w, "LossProbes") == 0, "LossProbes");
	wire_check(w, wire_counter(w, "Timeouts") == 1, "Timeouts");
}

/* --- mistakes -------------------------------------------------------------- */

/* RFC 5682: one segment, two new ones, and the ACK of an old one: the timeout was spurious */
WIRE_TEST(spurious_timeout)
{
	int fd = in_flight(w, NONE, 10);

	wire_write(w, fd, 30 * MSS);
	expect_segment(w, 0, .after = 1, .until = 2000);
	ack_segments(w, 1);
	expect_segment(w, 10);
	expect_segment(w, 11);
	wire_expect_nothing(w, 10);
	ack_segments(w, 2);
	ack_segments(w, 3);	/* the window is as before, and these make room in it */
	expect_segment(w, 12);
	wire_drain(w, 10);
	wire_check(w, wire_counter(w, "SpuriousRTOs") == 1, "SpuriousRTOs");
	wire_check(w, wire_counter(w, "RetransSegs") == 1, "RetransSegs");
}

/* net.ipv4.ltcp_frto=0: what was in flight goes again at once */
WIRE_TEST(frto_off)
{
	int fd;

	wire_sysctl(w, "ltcp_frto", 0);
	fd = in_flight(w, NONE, 10);
	wire_write(w, fd, 30 * MSS);
	expect_segment(w, 0, .after = 1, .until = 2000);
	ack_segments(w, 1);
	expect_segment(w, 1);
	expect_segment(w, 2);
}

/* RFC 2883 section 5: the peer had it, twice now: the window is as before */
WIRE_TEST(undo_by_dsack)
{
	int fd = in_flight(w, 1, 10);

	ack_segments(w, 0, 1, 4);
	expect_segment(w, 0);
	ack_segments(w, 10);
	wire_sleep(w, RTT / 2);
	ack_segments(w, 10, 0, 1);
	wire_sleep(w, 1);
	wire_check(w, wire_counter(w, "DSACKRecv") == 1, "DSACKRecv");
	wire_check(w, wire_counter(w, "Undos") == 1, "Undos");
	wire_write(w, fd, 20 * MSS);
	wire_check(w, wire_drain(w, 20) >= 10, "the window is still reduced");
}

/* RFC 3522: the ACK echoes what was sent before the retransmission */
WIRE_TEST(undo_by_timestamp)
{
	int fd = wire_open_active(w, .mss = MSS + 12, .sackok = NONE, .ts = true);
	u32 first;
	int i;

	wire_write(w, fd, 10 * MSS);
	for (i = 0; i < 10; i++)
		expect_segment(w, i);
	first = w->pkt->seg.tsval;
	wire_sleep(w, RTT);
	for (i = 0; i < 3; i++)
		wire_send(w, ACK, .ack = 1, .tsecr = first);
	expect_segment(w, 0);
	wire_sleep(w, 20);
	wire_send(w, ACK, .ack = SEG(10), .tsecr = first);
	wire_sleep(w, 1);
	wire_check(w, wire_counter(w, "Undos") == 1, "Undos");
}

/* RFC 2018 section 8: the peer has dropped what it reported: all goes again after a timeout */
WIRE_TEST(reneging)
{
	in_flight(w, 1, 5);
	ack_segments(w, 0, 1, 5);
	expect_segment(w, 0);
	wire_sleep(w, RTT);
	ack_segments(w, 1);
	expect_segment(w, 1, .after = 1, .until = 3000);
	ack_segments(w, 2);
	expect_segment(w, 2);
	expect_segment(w, 3);
	wire_check(w, wire_counter(w, "SACKReneging") == 1, "SACKReneging");
}

/* Blocks of what was never sent, backwards, or empty, are as if they were not there */
WIRE_TEST(bad_blocks)
{
	in_flight(w, 1, 10);
	ack_segments(w, 0, 20, 30);
	ack_segments(w, 0, 5, 3);
	ack_segments(w, 0, 4, 4);
	ack_segments(w, 0, 9, 11, 5, 3, 20, 30);
	wire_expect_nothing(w, 50);
	wire_check(w, wire_counter(w, "FastRetransmits") == 0, "FastRetransmits");
	ack_segments(w, 10);
	wire_expect_nothing(w, 1000);
}

/* --- what the stack tells --------------------------------------------------- */

/* The next packet is a bare ACK with these blocks of the peer's stream, relative */
static void expect_told(struct wire *w, const char *here, s64 ack, const int *edge, int n)
{
	const u8 *p = w->pkt->opts;
	int i;

	wire_expect_at(w, here, &(struct wire_seg){
		.flags = ACK, .seq = NEXT, .ack = ack, .win = ANY, .mss = ANY, .wscale = ANY,
		.sackok = ANY, .tsval = ANY, .tsecr = ANY, .tos = ANY, .ttl = ANY,
		.label = ANY });
	if (!n) {
		wire_check(w, w->pkt->opts_len == 0, "%d octets of options", w->pkt->opts_len);
		return;
	}
	p = w->pkt->opts;
	wire_check(w, w->pkt->opts_len == 4 + 4 * n, "%d octets of options", w->pkt->opts_len);
	wire_check(w, p[2] == 5 && p[3] == 2 + 4 * n, "no SACK option");
	for (i = 0, p += 4; i < n; i++, p += 4) {
		u32 is = p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];

		wire_check(w, is == w->flow->peer_iss + edge[i], "%s: edge %d is %d, not %d", here,
			   i, (int)(is - w->flow->peer_iss), edge[i]);
	}
}

#define told(w, ack, ...)							\
	expect_told(w, WIRE_HERE, ack, (const int[]){ 0, ##__VA_ARGS__ } + 1,	\
		    sizeof((int[]){ 0, ##__VA_ARGS__ }) / sizeof(int) - 1)

static void text(struct wire *w, s64 seq, int len)
{
	wire_send(w, ACK | PSH, .seq = seq, .len = len, .stray = true);
}

/* RFC 2018 section 5, case 3: the 2nd, 4th, 6th and 8th segment of 500 are lost */
WIRE_TEST(tells_blocks)
{
	wire_open_active(w, .sackok = 1);
	text(w, 1, 500);
	wire_drain(w, 100);
	text(w, 1001, 500);
	told(w, 501, 1001, 1501);
	text(w, 2001, 500);
	told(w, 501, 2001, 2501, 1001, 1501);
	text(w, 3001, 500);
	told(w, 501, 3001, 3501, 2001, 2501, 1001, 1501);
	text(w, 1501, 500);
	told(w, 501, 1001, 2501, 3001, 3501);
	text(w, 501, 500);
	told(w, 2501, 3001, 3501);
	text(w, 2501, 500);
	told(w, 3501);
}

/* RFC 2883 section 4: duplicates, once each; below the ACK, and in a block */
WIRE_TEST(tells_duplicates)
{
	wire_open_active(w, .sackok = 1);
	text(w, 1, 500);
	wire_drain(w, 100);
	text(w, 1, 500);
	told(w, 501, 1, 501);
	text(w, 1001, 500);
	told(w, 501, 1001, 1501);
	text(w, 1001, 500);
	told(w, 501, 1001, 1501, 1001, 1501);
	text(w, 1001, 1000);
	told(w, 501, 1001, 1501, 1001, 2001);
	text(w, 501, 1000);
	told(w, 2001, 1001, 1501);
	wire_check(w, wire_counter(w, "Duplicates") >= 3, "Duplicates");
}

/* net.ipv4.ltcp_dsack=0 */
WIRE_TEST(dsack_off)
{
	wire_sysctl(w, "ltcp_dsack", 0);
	wire_open_active(w, .sackok = 1);
	text(w, 1, 500);
	wire_drain(w, 100);
	text(w, 1, 500);
	told(w, 501);
	text(w, 1001, 500);
	told(w, 501, 1001, 1501);
}

/* Without SACK-permitted in both SYNs there are none */
WIRE_TEST(tells_nothing_unasked)
{
	wire_open_active(w);
	text(w, 1001, 500);
	told(w, 1);
	text(w, 1001, 500);
	told(w, 1);
}

TEST_HARNESS_MAIN
