// SPDX-License-Identifier: GPL-2.0
/* TCP Fast Open, RFC 7413: the option, cookies, both ends' connections, what they remember. */
#include <errno.h>
#include <string.h>

#include "core/fastopen.h"
#include "script.h"

/* --- the option ---------------------------------------------------------------- */

/* Section 4.1.1: 4 to 16 octets, an even number, or none; and on SYNs alone */
TEST(fastopen_option_lengths)
{
	u8 octets[40] = { LTCP_OPT_FASTOPEN };
	struct ltcp_options opt;
	unsigned int len;

	for (len = 2; len <= 40; len++) {
		unsigned int n = len - 2;
		bool right = !n || (n >= 4 && n <= 16 && n % 2 == 0);

		octets[1] = len;
		EXPECT(ltcp_options_parse(&opt, octets, len, true));
		EXPECT_EQ(!!(opt.has & LTCP_HAS_FASTOPEN), right);
		if (right)
			EXPECT_EQ(opt.fastopen.len, n);
		EXPECT(ltcp_options_parse(&opt, octets, len, false));
		EXPECT_EQ(opt.has, 0);
	}
}

/* Whatever stands beside it: what is written is read again, and aligned */
TEST(fastopen_option_there_and_back)
{
	struct ltcp_options opt = {
		.has = LTCP_HAS_MSS | LTCP_HAS_WSCALE | LTCP_HAS_SACK_PERM | LTCP_HAS_TS |
		       LTCP_HAS_FASTOPEN,
		.mss = 1460,
		.tsval = 1,
		.fastopen = { .cookie = "abcdefghijklmnop" },
	};
	u8 octets[LTCP_OPTIONS_MAX];
	struct ltcp_options back;
	unsigned int len, n;

	for (n = 0; n <= 16; n += n ? 2 : 4) {
		opt.fastopen.len = n;
		len = ltcp_options_len(&opt);
		EXPECT_LE(len, LTCP_OPTIONS_MAX);
		EXPECT_EQ(len % 4, 0);
		EXPECT_EQ(ltcp_options_write(octets, &opt), len);
		EXPECT(ltcp_options_parse(&back, octets, len, true));
		EXPECT_EQ(back.has, opt.has);
		EXPECT_EQ(back.fastopen.len, n);
		EXPECT(!memcmp(back.fastopen.cookie, opt.fastopen.cookie, n));
	}
}

/* --- cookies ---------------------------------------------------------------------- */

static const struct ltcp_fastopen_keys keys = {
	.key = { { { 1, 2 } }, { { 3, 4 } } },
	.n = 2,
};

static const struct ltcp_tuple tuple = {
	.laddr = { [10] = 0xff, 0xff, 192, 0, 2, 1 },
	.raddr = { [10] = 0xff, 0xff, 198, 51, 100, 7 },
	.lport = 80,
	.rport = 40000,
};

static enum ltcp_fastopen_syn judge(const struct ltcp_fastopen *shown, u32 text, unsigned int n,
				    bool trusts, struct ltcp_fastopen *answer)
{
	struct ltcp_fastopen_keys some = keys;
	struct ltcp_seg seg = { .flags = SYN, .text = text };

	some.n = n;
	if (shown) {
		seg.opt.has = LTCP_HAS_FASTOPEN;
		seg.opt.fastopen = *shown;
	}
	memset(answer, 0, sizeof(*answer));
	return ltcp_fastopen_syn(&seg, &tuple, &some, trusts, answer);
}

TEST(fastopen_cookie_is_for_two_addresses)
{
	struct ltcp_fastopen a = {}, b = {};
	struct ltcp_tuple other = tuple;

	ltcp_fastopen_cookie(&a, &tuple, &keys.key[0]);
	other.rport = 1;
	other.lport = 2;
	ltcp_fastopen_cookie(&b, &other, &keys.key[0]);
	EXPECT(!memcmp(&a, &b, sizeof(a)));
	other.raddr[15]++;
	ltcp_fastopen_cookie(&b, &other, &keys.key[0]);
	EXPECT(memcmp(&a, &b, sizeof(a)));
	ltcp_fastopen_cookie(&b, &tuple, &keys.key[1]);
	EXPECT(memcmp(&a, &b, sizeof(a)));
}

TEST(fastopen_what_a_syn_gets)
{
	struct ltcp_fastopen none = {}, right = {}, old = {}, wrong, answer;
	unsigned int i;

	ltcp_fastopen_cookie(&right, &tuple, &keys.key[0]);
	ltcp_fastopen_cookie(&old, &tuple, &keys.key[1]);
	EXPECT_EQ(judge(NULL, 10, 1, false, &answer), LTCP_FASTOPEN_PLAIN);
	EXPECT_EQ(answer.len, 0);
	EXPECT_EQ(judge(&none, 10, 1, false, &answer), LTCP_FASTOPEN_ASKED);
	EXPECT(!memcmp(&answer, &right, sizeof(answer)));
	EXPECT_EQ(judge(&right, 0, 1, false, &answer), LTCP_FASTOPEN_OPEN);
	EXPECT_EQ(judge(&old, 10, 2, false, &answer), LTCP_FASTOPEN_OPEN_OLD);
	EXPECT(!memcmp(&answer, &right, sizeof(answer)));
	EXPECT_EQ(judge(&old, 10, 1, false, &answer), LTCP_FASTOPEN_WRONG);
	for (i = 0; i < 8 * LTCP_FASTOPEN_OURS; i++) {
		wrong = right;
		wrong.cookie[i / 8] ^= 1 << i % 8;
		EXPECT_EQ(judge(&wrong, 10, 2, false, &answer), LTCP_FASTOPEN_WRONG);
		EXPECT(!memcmp(&answer, &right, sizeof(answer)));
	}
	wrong = right;
	wrong.len = 16;
	EXPECT_EQ(judge(&wrong, 10, 2, false, &answer), LTCP_FASTOPEN_WRONG);
	wrong.len = 4;
	EXPECT_EQ(judge(&wrong, 10, 2, false, &answer), LTCP_FASTOPEN_WRONG);
}

/* Where no cookie is needed text is enough; but a SYN without either is a plain one */
TEST(fastopen_without_cookies)
{
	struct ltcp_fastopen none = {}, answer;

	EXPECT_EQ(judge(NULL, 10, 1, true, &answer), LTCP_FASTOPEN_OPEN);
	EXPECT_EQ(judge(&none, 0, 1, true, &answer), LTCP_FASTOPEN_OPEN);
	EXPECT_EQ(judge(NULL, 0, 1, true, &answer), LTCP_FASTOPEN_PLAIN);
}

/* --- the queue --------------------------------------------------------------------- */

TEST(fastopen_queue_is_bounded)
{
	struct ltcp_fastopen_queue q = {};
	u64 at = 1000 * SECOND;

	EXPECT(!ltcp_fastopen_enter(&q, 0, at));
	EXPECT(ltcp_fastopen_enter(&q, 2, at));
	EXPECT(ltcp_fastopen_enter(&q, 2, at));
	EXPECT(!ltcp_fastopen_enter(&q, 2, at));
	ltcp_fastopen_leave(&q, false, at);
	EXPECT(ltcp_fastopen_enter(&q, 2, at));
}

/* Section 5.1: one that was reset keeps its place for a minute, at any time of the clock */
TEST(fastopen_queue_remembers_resets)
{
	u64 start;

	for (start = 1000 * SECOND; start < 1030 * SECOND; start += SECOND) {
		struct ltcp_fastopen_queue q = {};

		EXPECT(ltcp_fastopen_enter(&q, 1, start));
		ltcp_fastopen_leave(&q, true, start);
		EXPECT(!ltcp_fastopen_enter(&q, 1, start));
		EXPECT(!ltcp_fastopen_enter(&q, 1, start + 30 * SECOND));
		EXPECT(!ltcp_fastopen_enter(&q, 1, start + 60 * SECOND));
		EXPECT(ltcp_fastopen_enter(&q, 1, start + 75 * SECOND));
	}
}

/* --- what a client remembers ---------------------------------------------------------- */

TEST(fastopen_cache_is_bounded)
{
	static struct ltcp_fastopen_cache cache;
	struct ltcp_tuple t = tuple;
	unsigned int i, known = 0;

	memset(&cache, 0, sizeof(cache));
	EXPECT(!ltcp_fastopen_find(&cache, &tuple));
	ltcp_fastopen_learn(&cache, &tuple);
	for (i = 0; i < 2000; i++) {
		t.raddr[14] = i >> 8;
		t.raddr[15] = i;
		ltcp_fastopen_learn(&cache, &t)->mss = i;
		EXPECT_EQ(ltcp_fastopen_find(&cache, &t)->mss, i);
		/* whoever is asked for again and again stays */
		EXPECT(ltcp_fastopen_find(&cache, &tuple));
	}
	for (i = 0; i < 2000; i++) {
		t.raddr[14] = i >> 8;
		t.raddr[15] = i;
		known += !!ltcp_fastopen_find(&cache, &t);
	}
	EXPECT_LE(known, LTCP_FASTOPEN_SETS * LTCP_FASTOPEN_WAYS);
	EXPECT(known > LTCP_FASTOPEN_SETS * LTCP_FASTOPEN_WAYS / 2);
}

/* Of either family, each address of ours has a cookie of its own */
TEST(fastopen_cache_knows_both_addresses)
{
	static struct ltcp_fastopen_cache cache;
	struct ltcp_tuple t = tuple;

	memset(&cache, 0, sizeof(cache));
	ltcp_fastopen_learn(&cache, &t)->mss = 1;
	t.laddr[15]++;
	EXPECT(!ltcp_fastopen_find(&cache, &t));
	ltcp_fastopen_learn(&cache, &t)->mss = 2;
	EXPECT_EQ(ltcp_fastopen_find(&cache, &tuple)->mss, 1);
}

TEST(fastopen_pauses_when_syns_are_lost)
{
	struct ltcp_fastopen_peer peer = {};
	u64 at = 1000 * SECOND;

	ltcp_fastopen_lost(&peer, at);
	EXPECT(!ltcp_fastopen_doubtful(&peer, at));
	ltcp_fastopen_lost(&peer, at);
	EXPECT(ltcp_fastopen_doubtful(&peer, at + 239 * SECOND));
	EXPECT(!ltcp_fastopen_doubtful(&peer, at + 240 * SECOND));
	ltcp_fastopen_lost(&peer, at);
	EXPECT(ltcp_fastopen_doubtful(&peer, at + 479 * SECOND));
	EXPECT(!ltcp_fastopen_doubtful(&peer, at + 480 * SECOND));
}

/* --- the client's connection ------------------------------------------------------------ */

static const struct ltcp_fastopen cookie = { .len = 8, .cookie = "cookie!!" };

TEST(fastopen_syn_text_is_acknowledged)
{
	struct ltcp_seg syn;
	struct peer p;

	peer_init(&p, "P", ISS);
	peer_connect_fast(&p, 100, &cookie);
	syn = EXPECT_SENT(&p, SYN, ISS, 0, 100);
	EXPECT(syn.opt.has & LTCP_HAS_FASTOPEN);
	EXPECT(!memcmp(&syn.opt.fastopen, &cookie, 9));
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 101);
	EXPECT_STATES(&p, "CLOSED SYN-SENT ESTABLISHED");
	EXPECT_SENT(&p, ACK, ISS + 101, IRS + 1, 0);
	EXPECT_EQ(p.tcb.syn_text_acked, 1);
	EXPECT_EQ(p.tcb.fastopen_fail, LTCP_FASTOPEN_FAIL_NONE);
	EXPECT_EQ(p.tcb.rtt.srtt_us > 0, 1);
	EXPECT_SILENT(&p);
}

/* What does not fit, options off, goes when the connection is open */
TEST(fastopen_syn_text_fills_a_segment)
{
	struct peer p;

	peer_init(&p, "P", ISS);
	p.conf.timestamps = 1;
	p.conf.sack = 1;
	p.conf.window_scaling = 1;
	peer_connect_fast(&p, 5000, &cookie);
	EXPECT_SENT(&p, SYN, ISS, 0, 536 - 36);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 501,
		.opt = { .has = LTCP_HAS_MSS, .mss = 1000 });
	EXPECT_SENT(&p, ACK, ISS + 501, IRS + 1, 1000);
}

/* Section 4.2.1: the SYN alone is acknowledged: the text goes again at once, at full rate */
TEST(fastopen_syn_text_is_not_taken)
{
	struct peer p;
	u32 iw;

	peer_init(&p, "P", ISS);
	peer_connect_fast(&p, 100, &cookie);
	EXPECT_SENT(&p, SYN, ISS, 0, 100);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1);
	iw = p.tcb.cwnd;
	EXPECT(iw >= 10 * 536);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 100);
	EXPECT_EQ(p.tcb.fastopen_fail, LTCP_FASTOPEN_FAIL_NOT_ACKED);
	EXPECT_EQ(p.tcb.recovery, LTCP_REC_OPEN);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 101);
	EXPECT_EQ(p.tcb.flight.lost, 0);
	EXPECT(p.tcb.cwnd >= iw);
	EXPECT_SILENT(&p);
}

/* Part of it was taken */
TEST(fastopen_syn_text_is_taken_in_part)
{
	struct peer p;

	peer_init(&p, "P", ISS);
	peer_connect_fast(&p, 100, &cookie);
	EXPECT_SENT(&p, SYN, ISS, 0, 100);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 41);
	EXPECT_SENT(&p, ACK, ISS + 41, IRS + 1, 60);
	EXPECT_SILENT(&p);
}

/* The SYN comes again without text and option (section 4.1.3.1) */
TEST(fastopen_syn_is_lost)
{
	struct ltcp_seg syn;
	struct peer p;

	peer_init(&p, "P", ISS);
	peer_connect_fast(&p, 100, &cookie);
	EXPECT_SENT(&p, SYN, ISS, 0, 100);
	syn = EXPECT_SENT_AFTER(&p, SECOND, SYN, ISS, 0, 0);
	EXPECT(!(syn.opt.has & LTCP_HAS_FASTOPEN));
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 100);
	EXPECT_EQ(p.tcb.fastopen_fail, LTCP_FASTOPEN_FAIL_SYN_LOST);
	EXPECT_EQ(p.tcb.syn_text_acked, 0);
}

/* Both have sent a SYN with text: neither takes it, both send it again */
TEST(fastopen_in_a_simultaneous_open)
{
	struct peer p;

	peer_init(&p, "P", ISS);
	peer_connect_fast(&p, 100, &cookie);
	EXPECT_SENT(&p, SYN, ISS, 0, 100);
	ARRIVES(&p, .flags = SYN, .seq = IRS, .text = 50);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	ARRIVES(&p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 1, 100);
	EXPECT_STATES(&p, "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED");
}

/* A SYN that waits for text has no timer, and can be closed, or met by another */
TEST(fastopen_held_syn)
{
	struct ltcp_verdict v = {};
	struct ltcp_env env;
	struct peer p;

	peer_init(&p, "P", ISS);
	p.form = PEER_CONNECTION;
	env = peer_env(&p);
	ltcp_tcb_init(&p.tcb, &p.conf);
	ltcp_fsm_open_active(&p.tcb, ISS, &env, &v);
	ltcp_fsm_hold_syn(&p.tcb, &v);
	EXPECT(!(v.act & LTCP_ACT_SYN));
	peer_act(&p, &v, NULL);
	EXPECT_EQ(peer_next_timer(&p), 0);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	EXPECT_EQ(p.tcb.syn_held, 0);
}

/* --- the server's connection ------------------------------------------------------------- */

static void trusting(struct peer *p)
{
	peer_init(p, "P", ISS);
	p->trusting = true;
	peer_listen(p);
}

TEST(fastopen_text_is_taken)
{
	struct peer p;

	trusting(&p);
	ARRIVES(&p, .flags = SYN, .seq = IRS, .text = 100);
	EXPECT_STATE(&p, SYN_RECEIVED);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 101, 0);
	EXPECT_EQ(p.unread, 100);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 101, .ack = ISS + 1);
	EXPECT_STATES(&p, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
	EXPECT_EQ(p.tcb.syn_text_acked, 1);
	EXPECT_SILENT(&p);
}

/* Section 4.2.2: the answer does not wait for the handshake's end */
TEST(fastopen_answers_at_once)
{
	struct peer p;

	trusting(&p);
	ARRIVES(&p, .flags = SYN, .seq = IRS, .text = 100);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 101, 0);
	peer_send(&p, 10);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 101, 10);
	peer_send(&p, 5000);	/* Nagle's algorithm: full segments only now */
	EXPECT_SENT(&p, ACK, ISS + 11, IRS + 101, 536);
	p.n_sent = 0;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 101, .ack = ISS + 11);
	EXPECT_STATE(&p, ESTABLISHED);
}

/* Nothing is heard: SYN-ACKs, as often as those of half-open entries, then the end */
TEST(fastopen_synack_comes_again)
{
	struct peer p;

	trusting(&p);
	p.conf.synack_retries = 2;
	ARRIVES(&p, .flags = SYN, .seq = IRS, .text = 100);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 101, 0);
	EXPECT_SENT_AFTER(&p, SECOND, SYN | ACK, ISS, IRS + 101, 0);
	EXPECT_SENT_AFTER(&p, 2 * SECOND, SYN | ACK, ISS, IRS + 101, 0);
	peer_wait_until(&p, now + 5 * SECOND);
	EXPECT_SILENT(&p);
	EXPECT_EQ(p.err, ETIMEDOUT);
}

/* The SYN again draws the SYN-ACK again; its text counts once, FIN not at all */
TEST(fastopen_syn_again)
{
	struct peer p;

	trusting(&p);
	ARRIVES(&p, .flags = SYN | FIN, .seq = IRS, .text = 100);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 101, 0);
	ARRIVES(&p, .flags = SYN, .seq = IRS, .text = 100);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 101, 0);
	ARRIVES(&p, .flags = SYN, .seq = IRS);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 101, 0);
	EXPECT_EQ(p.received, 100);
	EXPECT(!p.eof);
}

/* No memory for the text: it is not acknowledged, and taken when it comes again */
TEST(fastopen_text_finds_no_memory)
{
	struct peer p;

	trusting(&p);
	p.no_memory = true;
	ARRIVES(&p, .flags = SYN, .seq = IRS, .text = 100);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 1, 0);
	p.no_memory = false;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 100);
	EXPECT_STATE(&p, ESTABLISHED);
	EXPECT_EQ(p.received, 100);
}

TEST(fastopen_is_reset)
{
	struct peer p;

	trusting(&p);
	ARRIVES(&p, .flags = SYN, .seq = IRS, .text = 100);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 101, 0);
	ARRIVES(&p, .flags = RST, .seq = IRS + 150);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 101, 0);	/* a challenge */
	ARRIVES(&p, .flags = RST, .seq = IRS + 101);
	EXPECT_STATES(&p, "CLOSED LISTEN SYN-RECEIVED CLOSED");
	EXPECT_EQ(p.err, ECONNRESET);
}

/* CLOSE before the handshake's end: after the answer, if there is one */
TEST(fastopen_closes_early)
{
	struct peer p;

	trusting(&p);
	ARRIVES(&p, .flags = SYN, .seq = IRS, .text = 100);
	EXPECT_SENT(&p, SYN | ACK, ISS, IRS + 101, 0);
	peer_read(&p, 100);
	peer_send(&p, 10);
	EXPECT_SENT(&p, ACK, ISS + 1, IRS + 101, 10);
	peer_close(&p);
	EXPECT_SILENT(&p);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 101, .ack = ISS + 11);
	EXPECT_SENT(&p, FIN | ACK, ISS + 11, IRS + 101, 0);
}

/* The two together: every loss of one of the first segments, and all of it arrives */
TEST(fastopen_both_ends_whatever_is_lost)
{
	unsigned int lost;

	for (lost = 0; lost < 64; lost++) {
		struct ltcp_seg seg;
		struct peer a, b;
		unsigned int n = 0;
		u64 end;

		peer_init(&a, "A", ISS);
		peer_init(&b, "B", IRS);
		b.trusting = true;
		peer_listen(&b);
		peer_connect_fast(&a, 700, &cookie);
		end = now + 200 * SECOND;
		while (now < end) {
			while (a.n_sent || b.n_sent) {
				bool drop = n < 6 && (lost >> n & 1);
				struct peer *to = a.n_sent ? &b : &a;

				EXPECT(peer_take(a.n_sent ? &a : &b, &seg, NULL));
				n++;
				if (!drop)
					peer_segment(to, &seg);
			}
			now += 100 * MS;
			peer_run_timers(&a);
			peer_run_timers(&b);
		}
		host_at("lost %x of %u", lost, n);
		EXPECT_STATE(&a, ESTABLISHED);
		EXPECT_STATE(&b, ESTABLISHED);
		EXPECT_EQ(b.received, 700);
	}
}
