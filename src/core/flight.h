/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is in flight: the sequence numbers from SND.UNA to SND.NXT as spans,
 * each sent at one time and known by now to be one thing: under way, received
 * out of order (RFC 2018), or lost. The scoreboard of RFC 6675 section 3 and
 * the transmission times of RFC 8985 section 5.1 are the same thing here.
 *
 * While nothing is lost, what is sent at about the same time is one span, so
 * that sending a segment and taking an acknowledgment cost the same however
 * much is in flight.
 *
 * The caller owns the storage. When there is no more room, spans are merged so
 * that what is known of them is forgotten rather than made up: SACK is advice.
 */
#ifndef LTCP_CORE_FLIGHT_H
#define LTCP_CORE_FLIGHT_H

#include <linux/types.h>

#include "reasm.h"

/* What a span is: bits of ltcp_span.is; none of them: sent once, and under way */
enum {
	LTCP_SPAN_SACKED	= 1 << 0,	/* the peer has it, out of order */
	LTCP_SPAN_LOST		= 1 << 1,	/* taken for lost, and not sent again since */
	LTCP_SPAN_AGAIN		= 1 << 2,	/* was sent more than once */
};

/**
 * struct ltcp_span - a piece of sequence space in flight
 * @end: just past its last number; it starts where the span before it ends
 * @sent: when its first octet was last sent, low 32 bits of the microsecond clock
 * @is: LTCP_SPAN_* bits
 */
struct ltcp_span {
	u32 end;
	u32 sent;
	u8 is;
};

#define LTCP_SPANS_OWN	3	/* without storage of the caller's */
#define LTCP_SPANS_MAX	1024	/* more would make every ACK slow */

/**
 * struct ltcp_flight - all spans, in the order of their numbers
 * @sacked: octets received out of order
 * @lost: octets taken for lost and not sent again
 * @room: spans that fit into @more, 0: @own is in use
 * @first: where the first span is
 * @n: how many
 * @parted: what was sent last was sent again: new text is of another time than that before
 * @own: storage for a few
 * @fack: just past the highest that the peer has, while something is missing (RACK.fack)
 * @more: the caller's storage
 */
struct ltcp_flight {
	u32 sacked;
	u32 lost;
	u16 room;
	u16 first;
	u16 n;
	u16 parted;
	union {
		struct {
			struct ltcp_span own[LTCP_SPANS_OWN];
			u32 fack;	/* beyond @more: it is kept with either storage */
		};
		struct ltcp_span *more;
	};
};

/**
 * struct ltcp_delivery - what an ACK says has been received
 * @echo: the last microsecond (low 32 bits) of what its timestamp echoes ...
 * @echoed: ... with this; without, what was sent again tells no time
 * @min_rtt_us: what returns sooner after it was sent again is an answer to the
 *	first time
 * @now: low 32 bits of the clock
 * @octets: so many are newly known to have been received
 * @recover: SND.NXT when recovery began, for @fresh
 * @fresh: so many of them were sent once only, and before that
 * @sacked: so many of them out of order
 * @fack: just past the highest that was ever received; kept up
 * @before: @fack before the ACK: what one ACK tells was received in any order
 * @reordered: something sent once was received after what lies beyond it
 * @timed: @sent and @end are set
 * @sent: when the most recently sent of it was sent
 * @end: where that ends
 */
struct ltcp_delivery {
	u32 echo;
	u32 min_rtt_us;
	u32 now;
	u32 recover;
	u32 octets;
	u32 fresh;
	u32 sacked;
	u32 fack;
	u32 before;
	u32 sent;
	u32 end;
	bool echoed;
	bool reordered;
	bool timed;
};

static inline struct ltcp_span *ltcp_flight_span(const struct ltcp_flight *f, unsigned int i)
{
	return (f->room ? f->more : (struct ltcp_span *)f->own) + f->first + i;
}

/* Nothing is known to be missing, nor to be ahead of something missing */
static inline bool ltcp_flight_clean(const struct ltcp_flight *f)
{
	return !(f->sacked | f->lost);
}

/**
 * ltcp_flight_short() - does the caller have to provide storage?
 * @f: the flight
 * @n: spans that the next event may add
 *
 * Return: spans that the storage should have room for; 0: it is large enough
 */
unsigned int ltcp_flight_short(const struct ltcp_flight *f, unsigned int n);

/**
 * ltcp_flight_move() - use other storage
 * @f: the flight
 * @more: room for @room spans, NULL: @f's own, which must suffice
 * @room: at least as many as there are, at most LTCP_SPANS_MAX
 *
 * Return: the storage that is no longer used, NULL: its own
 */
struct ltcp_span *ltcp_flight_move(struct ltcp_flight *f, struct ltcp_span *more, u16 room);

/**
 * ltcp_flight_clear() - nothing is in flight any more
 * @f: the flight; its storage stays
 */
static inline void ltcp_flight_clear(struct ltcp_flight *f)
{
	f->sacked = 0;
	f->lost = 0;
	f->first = 0;
	f->n = 0;
	f->parted = 0;
}

/**
 * ltcp_flight_sent() - something was sent for the first time
 * @f: the flight
 * @una: SND.UNA
 * @end: just past it; it starts where the last span ends
 * @now: low 32 bits of the clock
 * @grain: microseconds that are taken for one time
 */
void ltcp_flight_sent(struct ltcp_flight *f, u32 una, u32 end, u32 now, u32 grain);

/**
 * ltcp_flight_resent() - something was sent again
 * @f: the flight
 * @una: SND.UNA
 * @what: numbers in flight
 * @now: low 32 bits of the clock
 * @grain: microseconds that are taken for one time
 */
void ltcp_flight_resent(struct ltcp_flight *f, u32 una, const struct ltcp_range *what, u32 now,
			u32 grain);

/**
 * ltcp_flight_acked() - SND.UNA advances
 * @f: the flight
 * @una: the old SND.UNA
 * @ack: the new one
 * @d: what was delivered is added
 */
void ltcp_flight_acked(struct ltcp_flight *f, u32 una, u32 ack, struct ltcp_delivery *d);

/**
 * ltcp_flight_rtt() - the round trip that an acknowledgment has measured
 * @f: the flight, before SND.UNA advances
 * @ack: the new SND.UNA
 * @now: low 32 bits of the clock
 *
 * It may be too long by the grain: a span has the time of its first octet.
 *
 * Return: microseconds since the last of what it acknowledges was sent, 0: that
 * was sent again (Karn) or had been received before
 */
u32 ltcp_flight_rtt(const struct ltcp_flight *f, u32 ack, u32 now);

/**
 * ltcp_flight_advance() - the same, while nothing is missing and nobody asks what it tells
 * @f: the flight, ltcp_flight_clean()
 * @ack: the new SND.UNA
 */
static inline void ltcp_flight_advance(struct ltcp_flight *f, u32 ack)
{
	while (f->n && seq_le(ltcp_flight_span(f, 0)->end, ack)) {
		f->first++;
		f->n--;
	}
	if (!f->n)
		f->first = 0;
}

/**
 * ltcp_flight_sacked() - the peer has something, out of order
 * @f: the flight
 * @una: SND.UNA
 * @what: numbers in flight
 * @d: what was delivered is added
 */
void ltcp_flight_sacked(struct ltcp_flight *f, u32 una, const struct ltcp_range *what,
			struct ltcp_delivery *d);

/**
 * ltcp_flight_lose() - take a span for lost, whole
 * @f: the flight
 * @una: SND.UNA
 * @i: which; neither SACKED nor LOST
 */
void ltcp_flight_lose(struct ltcp_flight *f, u32 una, unsigned int i);

/**
 * ltcp_flight_lose_head() - take for lost what lies at SND.UNA
 * @f: the flight
 * @una: SND.UNA
 * @len: so much of it, or less
 */
void ltcp_flight_lose_head(struct ltcp_flight *f, u32 una, u32 len);

/**
 * ltcp_flight_lose_all() - take everything for lost that was not received
 * @f: the flight
 * @una: SND.UNA
 */
void ltcp_flight_lose_all(struct ltcp_flight *f, u32 una);

/**
 * ltcp_flight_forget_sacked() - the peer may have dropped what it had (RFC 2018 section 8)
 * @f: the flight
 */
void ltcp_flight_forget_sacked(struct ltcp_flight *f);

/**
 * ltcp_flight_forget_lost() - nothing was lost after all
 * @f: the flight
 */
void ltcp_flight_forget_lost(struct ltcp_flight *f);

/**
 * ltcp_flight_next_lost() - the first of what is lost and to be sent again
 * @f: the flight
 * @una: SND.UNA
 * @run: result
 *
 * Return: false when nothing is
 */
bool ltcp_flight_next_lost(const struct ltcp_flight *f, u32 una, struct ltcp_range *run);

/**
 * ltcp_flight_again() - octets that were sent again and are under way
 * @f: the flight
 * @una: SND.UNA
 */
u32 ltcp_flight_again(const struct ltcp_flight *f, u32 una);

#endif
