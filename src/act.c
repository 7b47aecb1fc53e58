// SPDX-License-Identifier: GPL-2.0
/* Carrying out verdicts: the one place where a socket follows the core's decisions. */
#include <net/inet_sock.h>

#include "fastopen.h"
#include "input.h"
#include "output.h"
#include "socket.h"
#include "timers.h"
#include "timewait.h"
#include "trace.h"

static void check_legal(const struct ltcp_verdict *v)
{
#ifdef LTCP_DEBUG
	WARN_ONCE(v->act & LTCP_ACT_ILLEGAL, "ltcp: no such arrow: %s -> %s by %s\n",
		  ltcp_state_name(v->moves[v->n_moves - 1].from),
		  ltcp_state_name(v->moves[v->n_moves - 1].to),
		  ltcp_cause_name(v->moves[v->n_moves - 1].cause));
#endif
}

static bool is_open(u8 state)
{
	return LTCP_IN(state, LTCP_F(ESTABLISHED) | LTCP_F(CLOSE_WAIT));
}

/* What is counted of a change from one state to another, but for CurrEstab */
static const u8 mib_of_move[LTCP_N_STATES][LTCP_N_STATES] = {
	[LTCP_CLOSED][LTCP_SYN_SENT]		= LTCP_MIB_ACTIVE_OPENS,
	[LTCP_LISTEN][LTCP_SYN_SENT]		= LTCP_MIB_ACTIVE_OPENS,
	[LTCP_LISTEN][LTCP_SYN_RECEIVED]	= LTCP_MIB_PASSIVE_OPENS,
	[LTCP_SYN_SENT][LTCP_CLOSED]		= LTCP_MIB_ATTEMPT_FAILS,
	[LTCP_SYN_RECEIVED][LTCP_CLOSED]	= LTCP_MIB_ATTEMPT_FAILS,
	[LTCP_SYN_RECEIVED][LTCP_LISTEN]	= LTCP_MIB_ATTEMPT_FAILS,
	[LTCP_ESTABLISHED][LTCP_CLOSED]		= LTCP_MIB_ESTAB_RESETS,
	[LTCP_CLOSE_WAIT][LTCP_CLOSED]		= LTCP_MIB_ESTAB_RESETS,
};

static void count_move(struct ltcp_net *ln, const struct ltcp_move *move)
{
	u8 mib = mib_of_move[move->from][move->to];
	int estab = is_open(move->to) - is_open(move->from);

	if (mib)
		this_cpu_inc(ln->mib->count[mib]);
	if (estab)
		this_cpu_add(ln->mib->count[LTCP_MIB_CURR_ESTAB], estab);
	if (move->cause == LTCP_CAUSE_TIMEOUT && move->to == LTCP_CLOSED)
		LTCP_COUNT(ln, ABORT_TIMEOUT);
}

void ltcp_trace_moves(struct ltcp_net *ln, const struct ltcp_key *key,
		      const struct ltcp_verdict *v)
{
	int i;

	check_legal(v);
	for (i = 0; i < v->n_moves; i++) {
		const struct ltcp_move *move = &v->moves[i];

		trace_ltcp_state(ln, key, move->from, move->to, move->cause);
		count_move(ln, move);
	}
}

void ltcp_act_moves(struct sock *sk, const struct ltcp_verdict *v)
{
	struct ltcp_sock *ls = ltcp_sk(sk);
	u8 to;

	if (!v->n_moves)
		return;
	ltcp_trace_moves(ltcp_sk_net(sk), &ls->node.key, v);
	if (unlikely(ls->parent))
		ltcp_fastopen_moved(sk, v);
	to = v->moves[v->n_moves - 1].to;
	/* The kernel takes any sk in TIME_WAIT for one that is no full socket */
	if (to == LTCP_TIME_WAIT)
		return;
	if (to == LTCP_CLOSED)
		ltcp_table_remove(ltcp_sk_net(sk), &ls->node);
	inet_sk_set_state(sk, to);
}

static const u8 mib_of_reason[LTCP_N_REASONS] = {
	[LTCP_REASON_SEQUENCE]		= LTCP_MIB_DROP_SEQUENCE,
	[LTCP_REASON_PAWS]		= LTCP_MIB_DROP_PAWS,
	[LTCP_REASON_NO_TS]		= LTCP_MIB_DROP_NO_TS,
	[LTCP_REASON_RST]		= LTCP_MIB_DROP_RST,
	[LTCP_REASON_SYN]		= LTCP_MIB_DROP_SYN,
	[LTCP_REASON_NO_ACK]		= LTCP_MIB_DROP_NO_ACK,
	[LTCP_REASON_ACK]		= LTCP_MIB_DROP_ACK,
	[LTCP_REASON_MEMORY]		= LTCP_MIB_DROP_MEMORY,
	[LTCP_REASON_GONE]		= LTCP_MIB_DROP_GONE,
	[LTCP_REASON_ICMP_SEQUENCE]	= LTCP_MIB_ICMP_IGNORED,
};

/* By the bit of enum ltcp_note */
static const u8 mib_of_note[LTCP_N_NOTES] = {
	LTCP_MIB_TIMEOUTS,
	LTCP_MIB_FAST_RETRANSMITS,
	LTCP_MIB_TAIL_PROBES,
	LTCP_MIB_TAIL_REPAIRED,
	LTCP_MIB_SPURIOUS_RTOS,
	LTCP_MIB_UNDOS,
	LTCP_MIB_REORDERED,
	LTCP_MIB_RENEGED,
	LTCP_MIB_DSACKS,
	LTCP_MIB_DUPLICATES,
	LTCP_MIB_DEFERRED,
	LTCP_MIB_MTU_BLACK_HOLES,
	LTCP_MIB_MTU_PASSED,
	LTCP_MIB_MTU_FAILED,
};

static void count_notes(struct ltcp_net *ln, unsigned long notes)
{
	unsigned int i;

	for_each_set_bit(i, &notes, LTCP_N_NOTES)
		this_cpu_inc(ln->mib->count[mib_of_note[i]]);
}

void ltcp_act_count(struct ltcp_net *ln, const struct ltcp_verdict *v)
{
	if (v->notes)
		count_notes(ln, v->notes);
	if (v->reason == LTCP_REASON_NONE)
		return;
	this_cpu_inc(ln->mib->count[mib_of_reason[v->reason]]);
	if (v->act & LTCP_ACT_ACK && v->reason != LTCP_REASON_MEMORY)
		LTCP_COUNT(ln, CHALLENGE_ACKS);
}

/* MUST-32: the user hears of urgent text at once, before it is stored */
void ltcp_act_urgent(struct sock *sk, struct ltcp_verdict *v)
{
	struct ltcp_sock *ls = ltcp_sk(sk);
	u32 octet = ls->tcb.rcv_up - 1;

	if (!(v->act & LTCP_ACT_URGENT))
		return;
	v->act &= ~LTCP_ACT_URGENT;
	if (seq_lt(octet, ls->copied_seq))
		return;
	ls->oob_seq = octet;
	ls->oob_state = LTCP_OOB_AWAITED;
	sk_send_sigurg(sk);
}

static void connected(struct sock *sk)
{
	sk->sk_state_change(sk);
	sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
}

static void end_of_text(struct sock *sk)
{
	sk->sk_shutdown |= RCV_SHUTDOWN;
	sock_set_flag(sk, SOCK_DONE);
	if (sock_flag(sk, SOCK_DEAD))
		return;
	sk->sk_state_change(sk);
	/* Do not send POLL_HUP for half duplex close. */
	if (sk->sk_shutdown == SHUTDOWN_MASK)
		sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_HUP);
	else
		sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_IN);
}

/* A soft error is kept for whoever asks; IP_RECVERR asks at once (MUST-47, SHLD-20) */
static void soft_error(struct sock *sk, int err)
{
	WRITE_ONCE(sk->sk_err_soft, err);
	if (!ltcp_sk(sk)->family->recverr(sk))
		return;
	WRITE_ONCE(sk->sk_err, err);
	sk_error_report(sk);
}

/* The connection lives on in a TIME-WAIT entry; the socket is done with it */
static void time_wait(struct sock *sk, const struct ltcp_verdict *v, u64 now)
{
	if (v->act & LTCP_ACT_ACK)
		ltcp_output_ack(sk, now);
	ltcp_timewait_enter(sk, now);
	ltcp_tcb_leave(&ltcp_sk(sk)->tcb);
	inet_sk_set_state(sk, TCP_CLOSE);
	ltcp_socket_closed(sk, 0);
}

/* IP may know another way (MUST-20), and another hash may take one among equals */
static void doubt_route(struct sock *sk)
{
	u32 hash = sk->sk_txhash;

	dst_negative_advice(sk);
	if (sk->sk_txhash != hash)
		ltcp_totals_rehashed(&ltcp_sk(sk)->totals);
}

static void tell_user(struct sock *sk, const struct ltcp_verdict *v)
{
	if (v->act & LTCP_ACT_CONNECTED)
		connected(sk);
	if (v->act & LTCP_ACT_EOF)
		end_of_text(sk);
	if (v->act & LTCP_ACT_SOFT_ERROR)
		soft_error(sk, v->err);
	/* close() may linger for the acknowledgment of our FIN */
	if (v->n_moves && sk->sk_state == TCP_FIN_WAIT2 && !sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
}

static void send_verdict(struct sock *sk, const struct ltcp_verdict *v, u64 now)
{
	bool sent = false;

	if (v->act & (LTCP_ACT_SYN | LTCP_ACT_SYNACK))
		ltcp_output_syn(sk, now);
	if (v->act & LTCP_ACT_PROBE)
		ltcp_output_probe(sk, now);
	if (v->act & LTCP_ACT_KEEPALIVE)
		ltcp_output_keepalive(sk, now);
	if (v->act & LTCP_ACT_OUTPUT)
		sent = ltcp_output(sk, now);
	else
		ltcp_timers_sync(sk, now);
	/* Text carries the ACK along, but a duplicate ACK must be bare to count as one */
	if (v->act & LTCP_ACT_ACK && (!sent || ltcp_sk(sk)->tcb.rcv_ahead))
		ltcp_output_ack(sk, now);
}

/* What text in order mostly brings: it was stored, and its ACK can wait */
static bool is_done(const struct ltcp_verdict *v)
{
	return !(v->act & ~LTCP_ACT_TEXT) && !v->n_moves && !v->notes &&
	       v->reason == LTCP_REASON_NONE;
}

void ltcp_act(struct sock *sk, struct ltcp_verdict *v, u64 now)
{
	if (is_done(v)) {
		ltcp_timers_sync(sk, now);
		return;
	}
	ltcp_act_count(ltcp_sk_net(sk), v);
	if (v->act & LTCP_ACT_CLOSED)
		ltcp_socket_failing(sk, v->err);
	ltcp_act_moves(sk, v);
	if (v->act & LTCP_ACT_ACKED)
		ltcp_output_release(sk);
	ltcp_act_urgent(sk, v);
	tell_user(sk, v);
	if (v->act & LTCP_ACT_RST)
		ltcp_output_rst(sk, v);
	if (v->act & LTCP_ACT_CLOSED) {
		ltcp_socket_closed(sk, v->err);
		return;
	}
	if (v->act & LTCP_ACT_TIME_WAIT) {
		time_wait(sk, v, now);
		return;
	}
	if (v->act & LTCP_ACT_DOUBT_ROUTE)
		doubt_route(sk);
	send_verdict(sk, v, now);
}
