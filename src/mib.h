/* SPDX-License-Identifier: GPL-2.0 */
/* Counters, per network namespace and CPU; read in /proc/net/ltcp_stat. */
#ifndef LTCP_MIB_H
#define LTCP_MIB_H

#include <linux/percpu.h>

struct ltcp_net;

/*
 * X(symbol, name): names as in Linux's /proc/net/snmp and netstat where the
 * meaning is the same.
 */
#define LTCP_MIB_LIST(X)						\
	/* the first is in no table: 0 means nothing there */		\
	X(CURR_ESTAB, "CurrEstab")					\
	X(ACTIVE_OPENS, "ActiveOpens")					\
	X(PASSIVE_OPENS, "PassiveOpens")				\
	X(ATTEMPT_FAILS, "AttemptFails")				\
	X(ESTAB_RESETS, "EstabResets")					\
	X(IN_SEGS, "InSegs")						\
	X(EARLY_DEMUX, "EarlyDemux")					\
	X(OUT_SEGS, "OutSegs")						\
	X(RETRANS_SEGS, "RetransSegs")					\
	X(IN_ERRS, "InErrs")						\
	X(IN_CSUM_ERRS, "InCsumErrors")					\
	X(IN_OPTION_ERRS, "InOptionErrs")				\
	X(OUT_RSTS, "OutRsts")						\
	X(CHALLENGE_ACKS, "ChallengeAcks")				\
	X(DROP_SEQUENCE, "DropSequence")				\
	X(DROP_PAWS, "DropPaws")					\
	X(DROP_NO_TS, "DropNoTimestamp")				\
	X(DROP_RST, "DropRst")						\
	X(DROP_SYN, "DropSyn")						\
	X(DROP_NO_ACK, "DropNoAck")					\
	X(DROP_ACK, "DropAck")						\
	X(DROP_MEMORY, "DropMemory")					\
	X(DROP_GONE, "DropGone")					\
	X(DROP_BACKLOG, "DropBacklog")					\
	X(DROP_FILTER, "DropFilter")					\
	X(DROP_POLICY, "DropPolicy")					\
	X(DROP_ADDRESS, "DropAddress")					\
	X(ICMP_IGNORED, "IcmpIgnored")					\
	X(LISTEN_OVERFLOWS, "ListenOverflows")				\
	X(HALF_OPEN_FULL, "HalfOpenFull")				\
	X(DEFERRED, "DeferAcceptDrop")					\
	X(COOKIES_SENT, "SyncookiesSent")				\
	X(COOKIES_RECV, "SyncookiesRecv")				\
	X(COOKIES_FAILED, "SyncookiesFailed")				\
	X(FASTOPEN_ACTIVE, "FastOpenActive")				\
	X(FASTOPEN_ACTIVE_FAIL, "FastOpenActiveFail")			\
	X(FASTOPEN_PASSIVE, "FastOpenPassive")				\
	X(FASTOPEN_PASSIVE_FAIL, "FastOpenPassiveFail")			\
	X(FASTOPEN_OVERFLOWS, "FastOpenListenOverflow")			\
	X(FASTOPEN_REQUESTS, "FastOpenCookieReqd")			\
	X(FASTOPEN_OLD_KEY, "FastOpenPassiveAltKey")			\
	X(TW, "TW")							\
	X(TW_OVERFLOW, "TWOverflow")					\
	X(TW_REOPENED, "TWReopened")					\
	X(TW_REUSED, "TWReused")					\
	X(TIMEOUTS, "Timeouts")						\
	X(FAST_RETRANSMITS, "FastRetransmits")				\
	X(TAIL_PROBES, "LossProbes")					\
	X(TAIL_REPAIRED, "LossProbeRecovery")				\
	X(SPURIOUS_RTOS, "SpuriousRTOs")				\
	X(UNDOS, "Undos")						\
	X(REORDERED, "Reordered")					\
	X(RENEGED, "SACKReneging")					\
	X(DSACKS, "DSACKRecv")						\
	X(ABORT_TIMEOUT, "AbortOnTimeout")				\
	X(ABORT_CLOSE, "AbortOnClose")					\
	X(ABORT_MEMORY, "AbortOnMemory")				\
	X(ABORT_LINGER, "AbortOnLinger")				\
	X(OUT_OF_ORDER, "OutOfOrder")					\
	X(DUPLICATES, "Duplicates")					\
	X(PRUNED, "OfoPruned")						\
	X(COLLAPSED, "RcvCollapsed")					\
	X(MEMORY_PRESSURES, "MemoryPressures")				\
	X(DELAYED_ACKS, "DelayedAcks")					\
	X(MTU_BLACK_HOLES, "MTUBlackHoles")				\
	X(MTU_PASSED, "MTUPSuccess")					\
	X(MTU_FAILED, "MTUPFail")					\
	X(PROBES, "WindowProbes")					\
	X(KEEPALIVES, "KeepAlives")					\
	X(AUTO_CORKING, "AutoCorking")

#define LTCP_MIB_ENUM(symbol, name) LTCP_MIB_##symbol,
enum { LTCP_MIB_LIST(LTCP_MIB_ENUM) LTCP_N_MIBS };
#undef LTCP_MIB_ENUM

/**
 * struct ltcp_mib - counters of one CPU
 * @count: by LTCP_MIB_*
 */
struct ltcp_mib {
	unsigned long count[LTCP_N_MIBS];
};

#define LTCP_COUNT(ln, symbol)	this_cpu_inc((ln)->mib->count[LTCP_MIB_##symbol])
#define LTCP_COUNT_N(ln, symbol, n) this_cpu_add((ln)->mib->count[LTCP_MIB_##symbol], n)

int ltcp_mib_init(struct ltcp_net *ln);
void ltcp_mib_exit(struct ltcp_net *ln);

/**
 * ltcp_mib_name() - a counter's name, "InSegs"
 * @i: LTCP_MIB_*
 */
const char *ltcp_mib_name(unsigned int i);

/**
 * ltcp_mib_sum() - a counter, of all CPUs
 * @ln: namespace
 * @i: LTCP_MIB_*
 */
unsigned long ltcp_mib_sum(const struct ltcp_net *ln, unsigned int i);

#endif
