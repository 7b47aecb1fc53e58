/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scripted segments in, exact segments out, for one peer. Its ISS is 1000, the
 * other side's 5000, so that SND.NXT starts at 1001 and RCV.NXT at 5001.
 */
#ifndef LTCP_HOST_SCRIPT_H
#define LTCP_HOST_SCRIPT_H

#include "peer.h"

#define ISS 1000u
#define IRS 5000u

#define FIN LTCP_FIN
#define SYN LTCP_SYN
#define RST LTCP_RST
#define PSH LTCP_PSH
#define ACK LTCP_ACK
#define URG LTCP_URG

/* A segment arrives: members of struct ltcp_seg by name; the window is 65535 */
#define ARRIVES(p, ...) \
	peer_segment(p, &(struct ltcp_seg){ .wnd = 65535, __VA_ARGS__ })

/* With timestamps */
#define ARRIVES_TS(p, val, ecr, ...)						\
	ARRIVES(p, .opt = { .has = LTCP_HAS_TS, .tsval = (val), .tsecr = (ecr) }, __VA_ARGS__)

/* The next segment sent was this one; PSH is not looked at */
#define EXPECT_SENT(p, flags, seq, ack, text) \
	expect_sent(__FILE__, __LINE__, p, flags, seq, ack, text)

/* Nothing (more) was sent */
#define EXPECT_SILENT(p) expect_silent(__FILE__, __LINE__, p)

#define EXPECT_STATE(p, state) expect_state(__FILE__, __LINE__, p, LTCP_##state)

/* All states so far, the first one included, separated by blanks */
#define EXPECT_STATES(p, states) expect_states(__FILE__, __LINE__, p, states)

struct ltcp_seg expect_sent(const char *file, int line, struct peer *p, u8 flags, u32 seq,
			    u32 ack, u32 text);
void expect_silent(const char *file, int line, struct peer *p);
void expect_state(const char *file, int line, const struct peer *p, enum ltcp_state state);
void expect_states(const char *file, int line, const struct peer *p, const char *states);

/* Bring a fresh peer to a state as far as possible from CLOSED by plain means */
void in_state(struct peer *p, enum ltcp_state state);

/* The same for a peer whose settings have been changed */
void bring_to_state(struct peer *p, enum ltcp_state state);

/* Its sequence numbers there */
u32 snd_nxt_of(const struct peer *p);
u32 rcv_nxt_of(const struct peer *p);

/* Let time pass; take what is sent and expect it to be at @after from now, alone */
#define EXPECT_SENT_AFTER(p, after, flags, seq, ack, text) \
	expect_sent_after(__FILE__, __LINE__, p, after, flags, seq, ack, text)

struct ltcp_seg expect_sent_after(const char *file, int line, struct peer *p, u64 after, u8 flags,
				  u32 seq, u32 ack, u32 text);

/* A name for a set of control bits, in a buffer that lasts for a few calls */
const char *flags_name(u8 flags);

#endif
