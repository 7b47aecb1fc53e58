// SPDX-License-Identifier: GPL-2.0
/* What is in flight: the scoreboard of RFC 6675 and RFC 8985. */
#include <linux/string.h>

#include "flight.h"
#include "seq.h"

#define LEAST_MORE	16	/* the first time that the caller provides storage */

static u32 start_of(const struct ltcp_flight *f, u32 una, unsigned int i)
{
	return i ? ltcp_flight_span(f, i - 1)->end : una;
}

static u32 len_of(const struct ltcp_flight *f, u32 una, unsigned int i)
{
	return ltcp_flight_span(f, i)->end - start_of(f, una, i);
}

static unsigned int room_of(const struct ltcp_flight *f)
{
	return f->room ? : LTCP_SPANS_OWN;
}

unsigned int ltcp_flight_short(const struct ltcp_flight *f, unsigned int n)
{
	unsigned int room = room_of(f);

	if (f->n + n <= room || room == LTCP_SPANS_MAX)
		return 0;
	n += f->n > LEAST_MORE / 2 ? 2 * f->n : LEAST_MORE;
	return n < LTCP_SPANS_MAX ? n : LTCP_SPANS_MAX;
}

struct ltcp_span *ltcp_flight_move(struct ltcp_flight *f, struct ltcp_span *more, u16 room)
{
	struct ltcp_span *old = f->room ? f->more : NULL;

	memmove(more ? more : f->own, ltcp_flight_span(f, 0), f->n * sizeof(*old));
	if (more)
		f->more = more;
	f->room = room;
	f->first = 0;
	return old;
}

/* Make place for one span at @i; there is room */
static void open_at(struct ltcp_flight *f, unsigned int i)
{
	struct ltcp_span *span;

	if (f->first + f->n == room_of(f)) {
		memmove(ltcp_flight_span(f, 0) - f->first, ltcp_flight_span(f, 0),
			f->n * sizeof(*span));
		f->first = 0;
	}
	span = ltcp_flight_span(f, i);
	memmove(span + 1, span, (f->n - i) * sizeof(*span));
	f->n++;
}

static void close_at(struct ltcp_flight *f, unsigned int i)
{
	struct ltcp_span *span = ltcp_flight_span(f, i);

	f->n--;
	memmove(span, span + 1, (f->n - i) * sizeof(*span));
}

/* Say what a span is, and count it */
static void set(struct ltcp_flight *f, u32 una, unsigned int i, u8 is)
{
	struct ltcp_span *span = ltcp_flight_span(f, i);
	u32 len = len_of(f, una, i);

	if (span->is & LTCP_SPAN_SACKED)
		f->sacked -= len;
	if (span->is & LTCP_SPAN_LOST)
		f->lost -= len;
	if (is & LTCP_SPAN_SACKED)
		f->sacked += len;
	if (is & LTCP_SPAN_LOST)
		f->lost += len;
	span->is = is;
}

/*
 * The last two become one, of which only that is known which is true of both:
 * sent as late as the later.
 */
static void merge_tail(struct ltcp_flight *f, u32 una)
{
	struct ltcp_span *a = ltcp_flight_span(f, f->n - 2), *b = a + 1;
	u8 is = (a->is & b->is) | ((a->is | b->is) & LTCP_SPAN_AGAIN);

	set(f, una, f->n - 2, is);
	set(f, una, f->n - 1, is);
	if (seq_gt(b->sent, a->sent))
		a->sent = b->sent;
	a->end = b->end;
	f->n--;
}

/* Cut span @i in two at @seq, within it. False: no room, not even by merging */
static bool split(struct ltcp_flight *f, u32 una, unsigned int i, u32 seq)
{
	struct ltcp_span *span;

	if (f->n == room_of(f)) {
		if (i + 2 >= f->n)
			return false;
		merge_tail(f, una);
	}
	open_at(f, i);
	span = ltcp_flight_span(f, i);
	span[0] = span[1];
	span[0].end = seq;
	return true;
}

/* Are the two one? What was received, or is to be sent again, is whatever its time */
static bool alike(const struct ltcp_span *a, const struct ltcp_span *b, u32 grain)
{
	if (a->is & b->is & LTCP_SPAN_SACKED)
		return true;
	return a->is == b->is && ((a->is & LTCP_SPAN_LOST) || b->sent - a->sent <= grain);
}

/* Span @i and the one after it become one if they are alike */
static void join_spans(struct ltcp_flight *f, unsigned int i, u32 grain)
{
	struct ltcp_span *a = ltcp_flight_span(f, i);

	if (i + 1 >= f->n || !alike(a, a + 1, grain))
		return;
	a->end = a[1].end;
	close_at(f, i + 1);
}

static void join_around(struct ltcp_flight *f, unsigned int i, u32 grain)
{
	join_spans(f, i, grain);
	if (i)
		join_spans(f, i - 1, grain);
}

/* The span that holds @seq, which is in flight */
static unsigned int find_span(const struct ltcp_flight *f, u32 seq)
{
	unsigned int low = 0, high = f->n;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (seq_gt(ltcp_flight_span(f, mid)->end, seq))
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

void ltcp_flight_sent(struct ltcp_flight *f, u32 una, u32 end, u32 now, u32 grain)
{
	struct ltcp_span *span;

	if (f->parted)	/* what went again meanwhile lies between, in time */
		grain = 0;
	f->parted = 0;
	if (f->n) {
		span = ltcp_flight_span(f, f->n - 1);
		if (!span->is && now - span->sent <= grain) {
			span->end = end;
			return;
		}
		if (f->n == room_of(f))
			merge_tail(f, una);
	}
	open_at(f, f->n);
	*ltcp_flight_span(f, f->n - 1) = (struct ltcp_span){ .end = end, .sent = now };
}

void ltcp_flight_resent(struct ltcp_flight *f, u32 una, const struct ltcp_range *what, u32 now,
			u32 grain)
{
	unsigned int i = find_span(f, what->start);

	if (!f->parted)	/* what was new meanwhile lies between, in time */
		grain = 0;
	f->parted = 1;
	if (i < f->n && start_of(f, una, i) != what->start && split(f, una, i, what->start))
		i++;
	for (; i < f->n && seq_lt(start_of(f, una, i), what->end); i++) {
		struct ltcp_span *span = ltcp_flight_span(f, i);

		if (span->is & LTCP_SPAN_SACKED)
			continue;
		/* Without room for the rest, all of it has to count as sent */
		if (seq_gt(span->end, what->end))
			split(f, una, i, what->end);
		set(f, una, i, LTCP_SPAN_AGAIN);
		ltcp_flight_span(f, i)->sent = now;
		if (i && alike(ltcp_flight_span(f, i - 1), ltcp_flight_span(f, i), grain))
			join_spans(f, --i, grain);
	}
}

/* Is it an answer to the last time that the span was sent? RFC 8985 section 6.2, step 2 */
static bool tells_time(const struct ltcp_span *span, const struct ltcp_delivery *d)
{
	if (!(span->is & LTCP_SPAN_AGAIN))
		return true;
	if (d->echoed && seq_gt(span->sent, d->echo))
		return false;
	return d->now - span->sent >= d->min_rtt_us;
}

/* From @start to @end, a part of @span, was received, and that is news */
static void deliver(const struct ltcp_span *span, u32 start, u32 end, struct ltcp_delivery *d)
{
	d->octets += end - start;
	if (!(span->is & LTCP_SPAN_AGAIN)) {
		if (seq_le(end, d->recover))
			d->fresh += end - start;
		if (seq_lt(end, d->before))
			d->reordered = true;
	}
	d->fack = seq_max(d->fack, end);
	if (!tells_time(span, d))
		return;
	if (d->timed && (seq_lt(span->sent, d->sent) ||
			 (span->sent == d->sent && seq_lt(end, d->end))))
		return;
	d->timed = true;
	d->sent = span->sent;
	d->end = end;
}

void ltcp_flight_acked(struct ltcp_flight *f, u32 una, u32 ack, struct ltcp_delivery *d)
{
	while (f->n) {
		struct ltcp_span *span = ltcp_flight_span(f, 0);
		u32 end = seq_min(span->end, ack);

		if (!(span->is & LTCP_SPAN_SACKED))
			deliver(span, una, end, d);
		if (span->is & LTCP_SPAN_SACKED)
			f->sacked -= end - una;
		if (span->is & LTCP_SPAN_LOST)
			f->lost -= end - una;
		if (span->end != end)
			return;
		una = end;
		f->first++;
		f->n--;
		if (end == ack)
			break;
	}
	if (!f->n)
		f->first = 0;
}

u32 ltcp_flight_rtt(const struct ltcp_flight *f, u32 ack, u32 now)
{
	unsigned int i = 0;

	while (i < f->n && seq_lt(ltcp_flight_span(f, i)->end, ack))
		i++;
	if (i == f->n || ltcp_flight_span(f, i)->is)
		return 0;
	return now - ltcp_flight_span(f, i)->sent ? : 1;
}

void ltcp_flight_sacked(struct ltcp_flight *f, u32 una, const struct ltcp_range *what,
			struct ltcp_delivery *d)
{
	unsigned int i;

	for (i = find_span(f, what->start); i < f->n; i++) {
		struct ltcp_span *span = ltcp_flight_span(f, i);
		u32 start = start_of(f, una, i);

		if (seq_ge(start, what->end))
			return;
		if (span->is & LTCP_SPAN_SACKED)
			continue;
		if (seq_lt(start, what->start)) {
			if (!split(f, una, i, what->start))
				return;
			continue;
		}
		if (seq_gt(span->end, what->end) && !split(f, una, i, what->end))
			return;
		span = ltcp_flight_span(f, i);
		deliver(span, start, span->end, d);
		d->sacked += span->end - start;
		set(f, una, i, LTCP_SPAN_SACKED | (span->is & LTCP_SPAN_AGAIN));
		join_spans(f, i, 0);
		if (i && (ltcp_flight_span(f, i - 1)->is & LTCP_SPAN_SACKED))
			join_spans(f, --i, 0);
	}
}

void ltcp_flight_lose(struct ltcp_flight *f, u32 una, unsigned int i)
{
	set(f, una, i, ltcp_flight_span(f, i)->is | LTCP_SPAN_LOST);
}

void ltcp_flight_lose_head(struct ltcp_flight *f, u32 una, u32 len)
{
	struct ltcp_span *span = ltcp_flight_span(f, 0);

	if (!f->n || span->is & (LTCP_SPAN_SACKED | LTCP_SPAN_LOST))
		return;
	if (span->end - una > len)
		split(f, una, 0, una + len);	/* without room all of it is lost */
	ltcp_flight_lose(f, una, 0);
	join_around(f, 0, 0);
}

void ltcp_flight_lose_all(struct ltcp_flight *f, u32 una)
{
	unsigned int i = 0;

	while (i < f->n) {
		struct ltcp_span *span = ltcp_flight_span(f, i);

		if (!(span->is & (LTCP_SPAN_SACKED | LTCP_SPAN_LOST)))
			ltcp_flight_lose(f, una, i);
		if (i && alike(span - 1, span, 0))
			join_spans(f, i - 1, 0);
		else
			i++;
	}
}

void ltcp_flight_forget_sacked(struct ltcp_flight *f)
{
	unsigned int i;

	for (i = 0; i < f->n; i++)
		ltcp_flight_span(f, i)->is &= ~LTCP_SPAN_SACKED;
	f->sacked = 0;
}

void ltcp_flight_forget_lost(struct ltcp_flight *f)
{
	unsigned int i;

	for (i = 0; i < f->n; i++)
		ltcp_flight_span(f, i)->is &= ~LTCP_SPAN_LOST;
	f->lost = 0;
}

bool ltcp_flight_next_lost(const struct ltcp_flight *f, u32 una, struct ltcp_range *run)
{
	unsigned int i = 0;

	if (!f->lost)
		return false;
	while (!(ltcp_flight_span(f, i)->is & LTCP_SPAN_LOST))
		i++;
	run->start = start_of(f, una, i);
	while (i < f->n && ltcp_flight_span(f, i)->is & LTCP_SPAN_LOST)
		run->end = ltcp_flight_span(f, i++)->end;
	return true;
}

u32 ltcp_flight_again(const struct ltcp_flight *f, u32 una)
{
	u32 octets = 0;
	unsigned int i;

	for (i = 0; i < f->n; i++) {
		if (ltcp_flight_span(f, i)->is == LTCP_SPAN_AGAIN)
			octets += len_of(f, una, i);
	}
	return octets;
}
