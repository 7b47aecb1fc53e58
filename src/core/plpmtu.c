// SPDX-License-Identifier: GPL-2.0
/* Path MTU discovery without ICMP, RFC 4821. */
#include "mss.h"
#include "plpmtu.h"

#define FOLLOWERS	3	/* segments behind a probe: DupThresh, so that its loss shows */

static u16 at_most(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* search_high, as far as the path that is known now goes */
static u16 high(const struct ltcp_tcb *tcb)
{
	return at_most(tcb->plpmtu.high, ltcp_mss_most(tcb));
}

/* Section 7.4: the search is over when there is little left to gain */
static bool converged(const struct ltcp_tcb *tcb)
{
	return high(tcb) <= tcb->plpmtu.low ||
	       high(tcb) - tcb->plpmtu.low < tcb->conf->probe_threshold;
}

/* search_low is @low, anything up to the path's own MTU may pass */
static void search(struct ltcp_tcb *tcb, u16 low, u64 now)
{
	tcb->plpmtu.low = at_most(low, ltcp_mss_most(tcb));
	tcb->plpmtu.high = ltcp_mss_most(tcb);
	tcb->plpmtu.since_s = ltcp_s(now);
	ltcp_plpmtu_forget(tcb);
	ltcp_mss_update(tcb);
}

void ltcp_plpmtu_open(struct ltcp_tcb *tcb, u64 now)
{
	if (tcb->conf->mtu_probing == LTCP_MTU_PROBING_ALWAYS)
		search(tcb, tcb->conf->base_mss, now);
}

void ltcp_plpmtu_path(struct ltcp_tcb *tcb, u16 old)
{
	if (!tcb->plpmtu.low || tcb->path_mss == old)
		return;
	ltcp_plpmtu_forget(tcb);
	if (tcb->path_mss > old)	/* another path, perhaps */
		tcb->plpmtu.high = tcb->path_mss;
	else
		tcb->plpmtu.low = at_most(tcb->plpmtu.low, tcb->path_mss);
}

/*
 * Section 7.7: half of what was tried in vain, but not more than what passes
 * nearly everywhere, and less than what waits: or else the same would go again.
 */
static u32 smaller(const struct ltcp_tcb *tcb)
{
	const u32 floor = tcb->conf->mtu_probe_floor, waits = ltcp_in_flight(tcb);
	u32 size = tcb->plpmtu.low ? tcb->plpmtu.low / 2 : tcb->conf->base_mss;

	if (size > tcb->conf->base_mss)
		size = tcb->conf->base_mss;
	while (size > floor && ltcp_mss_text(tcb, size) >= waits)
		size /= 2;
	return size > floor ? size : floor;
}

void ltcp_plpmtu_stalled(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	u32 size, text;

	if (tcb->conf->mtu_probing == LTCP_MTU_PROBING_OFF)
		return;
	size = smaller(tcb);
	text = ltcp_mss_text(tcb, size);
	if (text >= tcb->snd_mss || text >= ltcp_in_flight(tcb))
		return;
	search(tcb, size, now);
	v->notes |= LTCP_NOTE_BLACK_HOLE;
}

/* The largest first: most paths carry it, and then the search is over. Else by halves. */
static u16 next_size(const struct ltcp_tcb *tcb)
{
	u16 most = high(tcb);

	return most == ltcp_mss_most(tcb) ? most : (tcb->plpmtu.low + most + 1) / 2;
}

/* Section 7.5.1: nothing is missing, and what follows will tell soon whether it is lost */
static bool may_probe_mtu(const struct ltcp_tcb *tcb, u32 text)
{
	u32 all = text + FOLLOWERS * tcb->snd_mss, window = all + tcb->snd_mss;

	return tcb->recovery == LTCP_REC_OPEN && ltcp_flight_clean(&tcb->flight) &&
	       !tcb->rack.probing && !tcb->echoing && !tcb->snd_urg &&
	       ltcp_unsent(tcb) >= all && tcb->snd_wnd >= window && tcb->cwnd >= window;
}

u32 ltcp_plpmtu_due(const struct ltcp_tcb *tcb)
{
	u32 text;

	if (!tcb->plpmtu.low || tcb->plpmtu.size || converged(tcb) ||
	    tcb->conf->mtu_probing == LTCP_MTU_PROBING_OFF)
		return 0;
	text = ltcp_mss_text(tcb, next_size(tcb));
	return text > tcb->snd_mss && may_probe_mtu(tcb, text) ? text : 0;
}

void ltcp_plpmtu_sent(struct ltcp_tcb *tcb, u32 seq)
{
	tcb->plpmtu.size = next_size(tcb);
	tcb->plpmtu.start = seq;
}

u32 ltcp_plpmtu_text(const struct ltcp_tcb *tcb)
{
	return ltcp_mss_text(tcb, tcb->plpmtu.size);
}

static u32 probe_end(const struct ltcp_tcb *tcb)
{
	return tcb->plpmtu.start + ltcp_plpmtu_text(tcb);
}

static void passed(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	tcb->plpmtu.low = tcb->plpmtu.size;
	tcb->plpmtu.since_s = ltcp_s(now);
	ltcp_plpmtu_forget(tcb);
	ltcp_mss_update(tcb);
	v->notes |= LTCP_NOTE_MTU_PASSED;
}

void ltcp_plpmtu_acked(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	if (tcb->plpmtu.size && seq_ge(tcb->snd_una, probe_end(tcb)))
		passed(tcb, now, v);
	/* Section 7.4: the path may have become wider */
	if (converged(tcb) && ltcp_s(now) - tcb->plpmtu.since_s >= tcb->conf->probe_interval_s) {
		tcb->plpmtu.high = ltcp_mss_most(tcb);
		tcb->plpmtu.since_s = ltcp_s(now);
	}
}

bool ltcp_plpmtu_lost(struct ltcp_tcb *tcb, u64 now, struct ltcp_verdict *v)
{
	struct ltcp_range lost;

	if (!tcb->plpmtu.size ||
	    !ltcp_flight_next_lost(&tcb->flight, tcb->snd_una, &lost) ||
	    lost.start != tcb->plpmtu.start || lost.end != probe_end(tcb) ||
	    tcb->flight.lost != lost.end - lost.start)
		return false;
	tcb->plpmtu.high = tcb->plpmtu.size - 1;
	tcb->plpmtu.since_s = ltcp_s(now);
	ltcp_plpmtu_forget(tcb);
	tcb->rtx_force = 1;
	v->notes |= LTCP_NOTE_MTU_FAILED;
	return true;
}
