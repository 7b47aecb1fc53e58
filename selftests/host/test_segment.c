// SPDX-License-Identifier: GPL-2.0
/* The header's codec, RFC 9293 section 3.1. */
#include <stdlib.h>
#include <string.h>

#include "core/segment.h"
#include "host.h"

/* From memory of just this size, at an odd address */
static int parse(struct ltcp_seg *seg, const u8 *octets, unsigned int len, unsigned int total)
{
	u8 *p = malloc(len + 1);
	int ret;

	memcpy(p + 1, octets, len);
	memset(seg, 0xa5, sizeof(*seg));
	ret = ltcp_segment_parse(seg, p + 1, len, total);
	free(p);
	return ret;
}

/* A SYN-ACK, octet by octet as RFC 9293 figure 1 draws it */
static const u8 syn_ack[] = {
	0x1f, 0x90, 0xc0, 0x01,		/* 8080, 49153 */
	0xff, 0xff, 0xff, 0xfe,		/* SEQ */
	0x80, 0x00, 0x00, 0x01,		/* ACK */
	0x60, 0x12, 0xff, 0xff,		/* 24 octets, SYN ACK, window 65535 */
	0x00, 0x00, 0x12, 0x34,		/* checksum, urgent pointer */
	2, 4, 0x05, 0xb4,		/* MSS 1460 */
};

TEST(segment_fields_where_the_rfc_draws_them)
{
	struct ltcp_seg seg;
	u8 out[LTCP_HEADER_MAX];

	EXPECT_EQ(parse(&seg, syn_ack, sizeof(syn_ack), sizeof(syn_ack) + 100), 24);
	EXPECT_EQ(seg.sport, 8080);
	EXPECT_EQ(seg.dport, 49153);
	EXPECT_EQ(seg.seq, 0xfffffffe);
	EXPECT_EQ(seg.ack, 0x80000001);
	EXPECT_EQ(seg.flags, LTCP_SYN | LTCP_ACK);
	EXPECT_EQ(seg.wnd, 65535);	/* unsigned: MUST-1 */
	EXPECT_EQ(seg.up, 0x1234);
	EXPECT_EQ(seg.text, 100);
	EXPECT(seg.opt.has == LTCP_HAS_MSS && seg.opt.mss == 1460);

	EXPECT_EQ(ltcp_segment_write(out, &seg), 24);
	EXPECT(!memcmp(out, syn_ack, sizeof(syn_ack)));
}

TEST(segment_length_counts_syn_and_fin)
{
	struct ltcp_seg seg = { .seq = 0xfffffffe, .text = 3 };

	EXPECT_EQ(ltcp_seg_len(&seg), 3);
	EXPECT_EQ(ltcp_seg_end(&seg), 1);
	seg.flags = LTCP_SYN | LTCP_ACK;
	EXPECT_EQ(ltcp_seg_len(&seg), 4);
	seg.flags = LTCP_FIN | LTCP_PSH | LTCP_URG | LTCP_RST;
	EXPECT_EQ(ltcp_seg_len(&seg), 4);
	seg.flags = LTCP_SYN | LTCP_FIN;
	EXPECT_EQ(ltcp_seg_len(&seg), 5);
	EXPECT_EQ(ltcp_seg_end(&seg), 3);
}

/* Every data offset against every length at hand: never more is read than is there */
TEST(segment_truncated_headers)
{
	u8 octets[LTCP_HEADER_MAX];
	unsigned int offset, len, total;
	struct ltcp_seg seg;
	int want;

	memset(octets, 1, sizeof(octets));
	for (offset = 0; offset < 16; offset++) {
		for (len = 0; len <= sizeof(octets); len++) {
			host_at("data offset %u, %u octets", offset, len);
			octets[12] = offset << 4;
			want = offset * 4;
			if (offset < 5 || offset * 4 > len)
				want = LTCP_PARSE_SHORT;
			EXPECT_EQ(parse(&seg, octets, len, len), want);
			EXPECT_EQ(parse(&seg, octets, len, len + 7), want);
			if (want > 0)
				EXPECT_EQ(seg.text, len + 7 - want);
		}
	}
	/* the header is at hand, but the segment is said to be shorter */
	octets[12] = 0x80;
	for (total = 0; total < 32; total++)
		EXPECT_EQ(parse(&seg, octets, 60, total), LTCP_PARSE_SHORT);
	EXPECT_EQ(parse(&seg, octets, 60, 32), 32);
	EXPECT_EQ(seg.text, 0);
}

TEST(segment_reserved_bits_are_ignored_and_sent_as_zero)
{
	u8 octets[sizeof(syn_ack)], out[LTCP_HEADER_MAX];
	struct ltcp_seg seg, plain;
	unsigned int bits;

	EXPECT_EQ(parse(&plain, syn_ack, sizeof(syn_ack), sizeof(syn_ack)), 24);
	memcpy(octets, syn_ack, sizeof(octets));
	for (bits = 0; bits < 16; bits++) {
		octets[12] = 0x60 | bits;
		EXPECT_EQ(parse(&seg, octets, sizeof(octets), sizeof(octets)), 24);
		EXPECT_EQ(seg.flags, plain.flags);
		EXPECT_EQ(seg.seq, plain.seq);
		EXPECT_EQ(ltcp_segment_write(out, &seg), 24);
		EXPECT_EQ(out[12], 0x60);
	}
}

TEST(segment_every_flag_octet)
{
	u8 octets[LTCP_HEADER_MIN] = { [12] = 0x50 };
	struct ltcp_seg seg;
	unsigned int flags;

	for (flags = 0; flags < 256; flags++) {
		octets[13] = flags;
		EXPECT_EQ(parse(&seg, octets, sizeof(octets), sizeof(octets)), 20);
		EXPECT_EQ(seg.flags, flags);
	}
}

TEST(segment_with_a_bogus_option_is_refused)
{
	u8 octets[24] = { [12] = 0x60, [20] = 99, [21] = 0 };
	struct ltcp_seg seg;

	EXPECT_EQ(parse(&seg, octets, 24, 24), LTCP_PARSE_OPTION);
	octets[21] = 5;
	EXPECT_EQ(parse(&seg, octets, 24, 1000), LTCP_PARSE_OPTION);
	octets[21] = 4;
	EXPECT_EQ(parse(&seg, octets, 24, 24), 24);
}

static void random_segment(struct ltcp_seg *seg, u64 *seed)
{
	unsigned int i;

	memset(seg, 0, sizeof(*seg));
	seg->seq = host_random(seed);
	seg->ack = host_random(seed);
	seg->text = host_random(seed) % 65536;
	seg->wnd = host_random(seed);
	seg->up = host_random(seed);
	seg->sport = host_random(seed);
	seg->dport = host_random(seed);
	seg->flags = host_random(seed);
	/* what counts on SYN only is not written without it */
	seg->opt.has = host_random(seed) & (seg->flags & LTCP_SYN ? 15 : LTCP_HAS_TS);
	if (seg->opt.has & LTCP_HAS_MSS)
		seg->opt.mss = host_random(seed);
	if (seg->opt.has & LTCP_HAS_WSCALE)
		seg->opt.wscale = host_random(seed) % (LTCP_WSCALE_MAX + 1);
	if (seg->opt.has & LTCP_HAS_TS) {
		seg->opt.tsval = host_random(seed);
		seg->opt.tsecr = host_random(seed);
	}
	seg->opt.n_sack = host_random(seed) % 3;
	for (i = 0; i < seg->opt.n_sack; i++) {
		seg->opt.sack[i].start = host_random(seed);
		seg->opt.sack[i].end = host_random(seed);
	}
}

static void expect_same(const struct ltcp_seg *a, const struct ltcp_seg *b)
{
	unsigned int i;

	EXPECT(a->seq == b->seq && a->ack == b->ack && a->text == b->text);
	EXPECT(a->wnd == b->wnd && a->up == b->up && a->flags == b->flags);
	EXPECT(a->sport == b->sport && a->dport == b->dport);
	EXPECT(a->opt.has == b->opt.has && a->opt.mss == b->opt.mss);
	EXPECT(a->opt.wscale == b->opt.wscale);
	EXPECT(a->opt.tsval == b->opt.tsval && a->opt.tsecr == b->opt.tsecr);
	EXPECT_EQ(a->opt.n_sack, b->opt.n_sack);
	for (i = 0; i < a->opt.n_sack; i++) {
		EXPECT_EQ(a->opt.sack[i].start, b->opt.sack[i].start);
		EXPECT_EQ(a->opt.sack[i].end, b->opt.sack[i].end);
	}
}

TEST(segment_round_trip_of_random_segments)
{
	struct ltcp_seg seg, back;
	u8 octets[LTCP_HEADER_MAX];
	unsigned int round, len;
	u64 seed = 793;

	for (round = 0; round < 200000; round++) {
		host_at("round %u", round);
		random_segment(&seg, &seed);
		memset(octets, 0xee, sizeof(octets));
		len = ltcp_segment_write(octets, &seg);
		EXPECT_EQ(len, LTCP_HEADER_MIN + ltcp_options_len(&seg.opt));
		EXPECT(!octets[16] && !octets[17]);	/* the checksum is left zero */
		EXPECT_EQ(parse(&back, octets, len, len + seg.text), len);
		expect_same(&seg, &back);
	}
}
