// SPDX-License-Identifier: GPL-2.0
/* Scripted segments in, exact segments out: see script.h. */
#include <stdio.h>
#include <string.h>

#include "script.h"

const char *flags_name(u8 flags)
{
	static const char * const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE",
					      "CWR" };
	static char bufs[4][40];
	static unsigned int turn;
	char *buf = bufs[turn++ % 4];
	int i;

	buf[0] = 0;
	for (i = 0; i < 8; i++) {
		if (flags >> i & 1)
			strcat(strcat(buf, buf[0] ? "," : ""), names[i]);
	}
	return buf[0] ? buf : "none";
}

static bool same(const struct ltcp_seg *seg, u8 flags, u32 seq, u32 ack, u32 text)
{
	return (seg->flags & ~PSH) == (flags & ~PSH) && seg->seq == seq &&
	       seg->ack == (flags & ACK ? ack : 0) && seg->text == text;
}

struct ltcp_seg expect_sent(const char *file, int line, struct peer *p, u8 flags, u32 seq,
			    u32 ack, u32 text)
{
	struct ltcp_seg seg;

	if (!peer_take(p, &seg, NULL))
		host_fail(file, line, "%s sent nothing, wanted <%s> seq %u ack %u text %u", p->name,
			  flags_name(flags), seq, ack, text);
	if (!same(&seg, flags, seq, ack, text))
		host_fail(file, line,
			  "%s sent <%s> seq %u ack %u text %u, wanted <%s> seq %u ack %u text %u",
			  p->name, flags_name(seg.flags), seg.seq, seg.ack, seg.text,
			  flags_name(flags), seq, ack, text);
	return seg;
}

void expect_silent(const char *file, int line, struct peer *p)
{
	struct ltcp_seg seg;

	if (peer_take(p, &seg, NULL))
		host_fail(file, line, "%s sent <%s> seq %u ack %u text %u, wanted nothing", p->name,
			  flags_name(seg.flags), seg.seq, seg.ack, seg.text);
}

void expect_state(const char *file, int line, const struct peer *p, enum ltcp_state state)
{
	if (peer_state(p) != state)
		host_fail(file, line, "%s is in %s, wanted %s", p->name,
			  ltcp_state_name(peer_state(p)), ltcp_state_name(state));
}

void expect_states(const char *file, int line, const struct peer *p, const char *states)
{
	char got[16 * PEER_MOVES_MAX] = "CLOSED";
	unsigned int i;

	for (i = 0; i < p->n_moves; i++)
		strcat(strcat(got, " "), ltcp_state_name(p->moves[i].to));
	if (strcmp(got, states))
		host_fail(file, line, "%s went through\n#   %s, wanted\n#   %s", p->name, got,
			  states);
}

struct ltcp_seg expect_sent_after(const char *file, int line, struct peer *p, u64 after, u8 flags,
				  u32 seq, u32 ack, u32 text)
{
	u64 start = now;

	expect_silent(file, line, p);
	while (!p->n_sent && peer_next_timer(p)) {
		u64 next = peer_next_timer(p);

		if (next > now)
			now = next;
		peer_run_timers(p);
	}
	if (p->n_sent && p->sent_at[0] != start + after)
		host_fail(file, line, "%s sent after %llu us, wanted %llu", p->name,
			  p->sent_at[0] - start, after);
	return expect_sent(file, line, p, flags, seq, ack, text);
}

u32 snd_nxt_of(const struct peer *p)
{
	return p->form == PEER_TIME_WAIT ? p->tw.snd_nxt : p->tcb.snd_nxt;
}

u32 rcv_nxt_of(const struct peer *p)
{
	return p->form == PEER_TIME_WAIT ? p->tw.rcv_nxt : p->tcb.rcv_nxt;
}

/* The options of the other side's SYN: whatever the peer is set to accept */
static struct ltcp_options syn_options(const struct peer *p)
{
	struct ltcp_options opt = { .has = LTCP_HAS_MSS, .mss = 1460 };

	if (p->conf.timestamps) {
		opt.has |= LTCP_HAS_TS;
		opt.tsval = 100;
		opt.tsecr = p->tcb.ts_off + ltcp_ms(now);
	}
	if (p->conf.window_scaling)
		opt.has |= LTCP_HAS_WSCALE;
	if (p->conf.sack)
		opt.has |= LTCP_HAS_SACK_PERM;
	return opt;
}

static struct ltcp_options later_options(const struct peer *p)
{
	struct ltcp_options opt = { .n_sack = 0 };

	if (p->tcb.ts_ok) {
		opt.has = LTCP_HAS_TS;
		opt.tsval = 100;
		opt.tsecr = p->tcb.ts_off + ltcp_ms(now);
	}
	return opt;
}

static void to_synchronised(struct peer *p, enum ltcp_state state)
{
	ARRIVES(p, .flags = SYN | ACK, .seq = IRS, .ack = ISS + 1, .opt = syn_options(p));
	EXPECT_SENT(p, ACK, ISS + 1, IRS + 1, 0);
	if (state == LTCP_ESTABLISHED)
		return;
	if (state == LTCP_CLOSE_WAIT || state == LTCP_LAST_ACK) {
		ARRIVES(p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 1,
			.opt = later_options(p));
		EXPECT_SENT_AFTER(p, LTCP_FIN_DELACK_US, ACK, ISS + 1, IRS + 2, 0);
	}
	if (state == LTCP_CLOSE_WAIT)
		return;
	peer_close(p);
	EXPECT_SENT(p, FIN | ACK, ISS + 1, p->tcb.rcv_nxt, 0);
	if (state == LTCP_CLOSING) {
		ARRIVES(p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 1,
			.opt = later_options(p));
		EXPECT_SENT(p, ACK, ISS + 2, IRS + 2, 0);
	}
	if (state == LTCP_FIN_WAIT_2 || state == LTCP_TIME_WAIT)
		ARRIVES(p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 2, .opt = later_options(p));
	if (state == LTCP_TIME_WAIT) {
		ARRIVES(p, .flags = FIN | ACK, .seq = IRS + 1, .ack = ISS + 2,
			.opt = later_options(p));
		EXPECT_SENT(p, ACK, ISS + 2, IRS + 2, 0);
	}
}

void bring_to_state(struct peer *p, enum ltcp_state state)
{
	if (state == LTCP_LISTEN)
		peer_listen(p);
	if (state == LTCP_LISTEN || state == LTCP_CLOSED)
		return;
	peer_connect(p);
	EXPECT_SENT(p, SYN, ISS, 0, 0);
	if (state == LTCP_SYN_RECEIVED) {
		ARRIVES(p, .flags = SYN, .seq = IRS, .opt = syn_options(p));
		EXPECT_SENT(p, SYN | ACK, ISS, IRS + 1, 0);
	} else if (state != LTCP_SYN_SENT) {
		to_synchronised(p, state);
	}
	EXPECT_SILENT(p);
	EXPECT_EQ(peer_state(p), state);
}

void in_state(struct peer *p, enum ltcp_state state)
{
	peer_init(p, ltcp_state_name(state), ISS);
	bring_to_state(p, state);
}
