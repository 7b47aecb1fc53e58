// SPDX-License-Identifier: GPL-2.0
/* How much text a segment may carry, RFC 9293 section 3.7.1. */
#include "mss.h"

#define TS_OPTION_LEN	12	/* two NOPs and the timestamps: RFC 7323 appendix A */
#define COOKIE_OPTION_LEN	16	/* likewise, of the cookie that is echoed */
#define TEXT_MIN	8	/* however small the path */

u16 ltcp_mss_text(const struct ltcp_tcb *tcb, u16 size)
{
	u16 options = (tcb->ts_ok ? TS_OPTION_LEN : 0) + (tcb->echoing ? COOKIE_OPTION_LEN : 0);

	if (!options)
		return size;
	return size > options + TEXT_MIN ? size - options : TEXT_MIN;
}

u16 ltcp_mss_most(const struct ltcp_tcb *tcb)
{
	return tcb->peer_mss < tcb->path_mss ? tcb->peer_mss : tcb->path_mss;
}

void ltcp_mss_update(struct ltcp_tcb *tcb)
{
	u16 most = ltcp_mss_most(tcb), low = tcb->plpmtu.low;

	tcb->snd_mss = ltcp_mss_text(tcb, low && low < most ? low : most);
}
