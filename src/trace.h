/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: every change of state and every segment. tools/ltcptrace reads them. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ltcp

#if !defined(LTCP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define LTCP_TRACE_H

#include <linux/in6.h>
#include <linux/tracepoint.h>
#include <net/net_namespace.h>

#include "core/fsm.h"
#include "net.h"
#include "tcb_table.h"

#define LTCP_TRACE_ENDS_STRUCT						\
	__field(u32, net)						\
	__array(u8, laddr, 16)						\
	__array(u8, raddr, 16)						\
	__field(u16, lport)						\
	__field(u16, rport)

#define LTCP_TRACE_ENDS_ASSIGN(ln, key)					\
	do {								\
		__entry->net = (ln)->net->ns.inum;			\
		memcpy(__entry->laddr, &(key)->laddr, 16);		\
		memcpy(__entry->raddr, &(key)->raddr, 16);		\
		__entry->lport = ntohs((key)->lport);			\
		__entry->rport = ntohs((key)->rport);			\
	} while (0)

TRACE_EVENT(ltcp_state,
	TP_PROTO(const struct ltcp_net *ln, const struct ltcp_key *key, u8 from, u8 to, u8 cause),
	TP_ARGS(ln, key, from, to, cause),
	TP_STRUCT__entry(
		LTCP_TRACE_ENDS_STRUCT
		__field(u8, from)
		__field(u8, to)
		__field(u8, cause)
		__field(u8, arrow)
	),
	TP_fast_assign(
		LTCP_TRACE_ENDS_ASSIGN(ln, key);
		__entry->from = from;
		__entry->to = to;
		__entry->cause = cause;
		__entry->arrow = ltcp_fsm_arrow(from, to, cause);
	),
	TP_printk("net=%u local=[%pI6c]:%u remote=[%pI6c]:%u %s -> %s arrow=%u cause=\"%s\"",
		  __entry->net, __entry->laddr, __entry->lport, __entry->raddr, __entry->rport,
		  ltcp_state_name(__entry->from), ltcp_state_name(__entry->to),
		  __entry->arrow, ltcp_cause_name(__entry->cause))
);

#define ltcp_trace_flags(flags)						\
	__print_flags(flags, "",					\
		      { LTCP_SYN, "S" }, { LTCP_FIN, "F" }, { LTCP_RST, "R" },	\
		      { LTCP_PSH, "P" }, { LTCP_ACK, "A" }, { LTCP_URG, "U" },	\
		      { LTCP_ECE, "E" }, { LTCP_CWR, "C" })

DECLARE_EVENT_CLASS(ltcp_segment,
	TP_PROTO(const struct ltcp_net *ln, const struct ltcp_key *key,
		 const struct ltcp_seg *seg),
	TP_ARGS(ln, key, seg),
	TP_STRUCT__entry(
		LTCP_TRACE_ENDS_STRUCT
		__field(u32, seq)
		__field(u32, ack)
		__field(u32, text)
		__field(u16, wnd)
		__field(u8, flags)
		__field(u8, has)
		__field(u8, wscale)
		__field(u16, mss)
		__field(u32, tsval)
		__field(u32, tsecr)
	),
	TP_fast_assign(
		LTCP_TRACE_ENDS_ASSIGN(ln, key);
		__entry->seq = seg->seq;
		__entry->ack = seg->ack;
		__entry->text = seg->text;
		__entry->wnd = seg->wnd;
		__entry->flags = seg->flags;
		__entry->has = seg->opt.has;
		__entry->wscale = seg->opt.has & LTCP_HAS_WSCALE ? seg->opt.wscale : 0;
		__entry->mss = seg->opt.has & LTCP_HAS_MSS ? seg->opt.mss : 0;
		__entry->tsval = seg->opt.has & LTCP_HAS_TS ? seg->opt.tsval : 0;
		__entry->tsecr = seg->opt.has & LTCP_HAS_TS ? seg->opt.tsecr : 0;
	),
	TP_printk("net=%u local=[%pI6c]:%u remote=[%pI6c]:%u flags=%s seq=%u ack=%u len=%u wnd=%u has=%u mss=%u wscale=%u tsval=%u tsecr=%u",
		  __entry->net, __entry->laddr, __entry->lport, __entry->raddr, __entry->rport,
		  ltcp_trace_flags(__entry->flags), __entry->seq, __entry->ack, __entry->text,
		  __entry->wnd, __entry->has, __entry->mss, __entry->wscale, __entry->tsval,
		  __entry->tsecr)
);

DEFINE_EVENT(ltcp_segment, ltcp_segment_in,
	TP_PROTO(const struct ltcp_net *ln, const struct ltcp_key *key,
		 const struct ltcp_seg *seg),
	TP_ARGS(ln, key, seg));

DEFINE_EVENT(ltcp_segment, ltcp_segment_out,
	TP_PROTO(const struct ltcp_net *ln, const struct ltcp_key *key,
		 const struct ltcp_seg *seg),
	TP_ARGS(ln, key, seg));

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
