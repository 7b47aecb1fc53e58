// SPDX-License-Identifier: GPL-2.0
/*
 * Segments of strangers, as fast as they can be sent: nothing is built of them, and nothing
 * allocated for them. What the kernel allocates is counted by its tracepoints; of as many
 * segments with wrong checksums, which end sooner, it is what the sender's side takes.
 */
#define WIRE_MAIN
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#define SEGMENTS	3000
#define COOKIES_ALWAYS	2
#define CLOSED_PORT	7
#define TSVAL		100000	/* the peer's timestamps begin there */

/* --- what is allocated ----------------------------------------------------------- */

static const char *const events[] = { "kmem_cache_alloc", "kmalloc" };

#define N_EVENTS	2
#define MAX_CPUS	8

static int counters[N_EVENTS * MAX_CPUS], n_counters;

static int event_number(struct wire *w, const char *event)
{
	char path[128];
	int id = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/kmem/%s/id", event);
	f = fopen(path, "re");
	wire_check(w, f && fscanf(f, "%d", &id) == 1, "no tracepoint %s", event);
	fclose(f);
	return id;
}

/* Of everybody, on all processors */
static void open_counters(struct wire *w)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int i, cpu;

	for (i = 0; i < N_EVENTS; i++) {
		attr.config = event_number(w, events[i]);
		for (cpu = 0; cpu < cpus && cpu < MAX_CPUS; cpu++) {
			int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

			wire_check(w, fd >= 0, "no counter of %s: %s", events[i], strerror(errno));
			counters[n_counters++] = fd;
		}
	}
}

static u64 allocations(struct wire *w)
{
	u64 sum = 0, n;
	int i;

	for (i = 0; i < n_counters; i++) {
		wire_check(w, read(counters[i], &n, sizeof(n)) == sizeof(n), "a counter");
		sum += n;
	}
	return sum;
}

/* Connections of all kinds, and listeners */
static int entries(struct wire *w)
{
	FILE *f = fopen(w->ipv6 ? "/proc/net/ltcp6" : "/proc/net/ltcp", "re");
	int c, n = 0;

	wire_check(w, f, "/proc/net");
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* --- strangers -------------------------------------------------------------------- */

/* One segment of a flood, the @i-th */
typedef struct wire_seg (*flood_fn)(struct wire *w, int i);

#define SEGMENT(f, ...)							\
	((struct wire_seg){						\
		.fill = NONE, .win = 65535, .mss = NONE, .wscale = NONE, .sackok = NONE, \
		.tsval = NONE, .tsecr = NONE, .flags = (f), ##__VA_ARGS__ })

static u8 packets[SEGMENTS][128];
static int lengths[SEGMENTS];

static void load(struct wire *w, flood_fn flood, bool bad)
{
	int i;

	srandom(1);
	for (i = 0; i < SEGMENTS; i++) {
		struct wire_seg seg = flood(w, i);

		seg.bad_csum = bad;
		lengths[i] = wire_build(w, &seg, packets[i]);
	}
}

/* What the device has room for of the answers waits until the end */
static void shoot(struct wire *w)
{
	int i;

	for (i = 0; i < SEGMENTS; i++)
		wire_check(w, write(w->priv->tun, packets[i], lengths[i]) == lengths[i], "write");
}

static int take_answers(struct wire *w)
{
	struct pollfd p = { .fd = w->priv->tun, .events = POLLIN };
	static u8 packet[2048];
	int n = 0;

	while (poll(&p, 1, 1) == 1 && read(w->priv->tun, packet, sizeof(packet)) > 0)
		n++;
	return n;
}

static u64 cost(struct wire *w, flood_fn flood, bool bad)
{
	u64 before;

	load(w, flood, bad);
	shoot(w);	/* caches fill */
	take_answers(w);
	before = allocations(w);
	shoot(w);
	return allocations(w) - before;
}

/* One for a hundred of them may be the rest of the machine's; returns answers, as far as there was room */
static int costs_nothing(struct wire *w, flood_fn flood)
{
	u64 without = cost(w, flood, true), with;
	int before, answers;

	wire_check(w, without >= SEGMENTS, "%llu allocations are counted of %d segments",
		   (unsigned long long)without, SEGMENTS);
	take_answers(w);
	before = entries(w);
	with = cost(w, flood, false);
	answers = take_answers(w);
	wire_log(w, wire_now(), "%llu allocations, with wrong checksums %llu; %d answers",
		 (unsigned long long)with, (unsigned long long)without, answers);
	wire_check(w, with <= without + SEGMENTS / 100, "%llu allocations, with wrong checksums %llu",
		   (unsigned long long)with, (unsigned long long)without);
	wire_check(w, entries(w) == before, "%d entries, %d before", entries(w), before);
	return answers;
}

/* A listener that has sent a cookie just now, so that ACKs may be echoes */
static void listen_with_cookies(struct wire *w)
{
	open_counters(w);
	wire_listen(w);
	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	w->flow->port = WIRE_PORT;
	wire_send(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
}

static struct wire_seg any_ack(struct wire *w, int i)
{
	struct wire_seg seg = SEGMENT(ACK, .sport = 10000 + i, .seq = (u32)random(),
				      .ack = (u32)random() << 1 | random() % 2);

	if (i % 2) {
		seg.tsval = random();
		seg.tsecr = random();
	}
	return seg;
}

WIRE_TEST(flood_of_acks)
{
	long before, resets;

	listen_with_cookies(w);
	before = wire_counter(w, "SyncookiesFailed");
	resets = wire_counter(w, "OutRsts");
	costs_nothing(w, any_ack);
	wire_check(w, wire_counter(w, "SyncookiesFailed") == before + 2 * SEGMENTS, "not looked at");
	wire_check(w, wire_counter(w, "OutRsts") == resets + 2 * SEGMENTS, "not answered");
	wire_check(w, !wire_counter(w, "SyncookiesRecv"), "a connection of a guess");
}

static struct wire_seg any_syn(struct wire *w, int i)
{
	return SEGMENT(SYN, .sport = 10000 + i, .seq = (u32)random(), .mss = 1460, .wscale = 7,
		       .tsval = random(), .tsecr = 0);
}

/* Each is answered by a cookie */
WIRE_TEST(flood_of_syns)
{
	listen_with_cookies(w);
	costs_nothing(w, any_syn);
	wire_check(w, wire_counter(w, "SyncookiesSent") == 1 + 2 * SEGMENTS, "not answered");
}

static struct wire_seg any_rst(struct wire *w, int i)
{
	return SEGMENT(RST | (i % 2 ? ACK : 0), .sport = 10000 + i, .seq = (u32)random(),
		       .ack = i % 2 ? (u32)random() : 0);
}

WIRE_TEST(flood_of_rsts)
{
	int answers;

	listen_with_cookies(w);
	answers = costs_nothing(w, any_rst);
	wire_check(w, !answers, "%d answers", answers);
}

static struct wire_seg to_nobody(struct wire *w, int i)
{
	struct wire_seg seg = i % 2 ? any_ack(w, i) : any_syn(w, i);

	seg.dport = CLOSED_PORT;
	return seg;
}

WIRE_TEST(flood_of_strays)
{
	open_counters(w);
	w->flow->port = WIRE_PORT;
	costs_nothing(w, to_nobody);
	wire_check(w, wire_counter(w, "OutRsts") == 2 * SEGMENTS, "not answered");
}

/* --- strangers who know of a connection --------------------------------------------- */

static int opened_by_a_cookie(struct wire *w)
{
	int listener = wire_listen(w);

	open_counters(w);
	wire_sysctl(w, "ltcp_syncookies", COOKIES_ALWAYS);
	return wire_into(w, ESTABLISHED, .passive = true, .fd = listener, .ts = true);
}

/* They have drawn a few challenge ACKs, and text still arrives */
static void survives(struct wire *w, int fd)
{
	wire_send(w, PSH | ACK, .len = 10);
	wire_expect(w, ACK, .ack = 11, .until = 499);
	wire_read(w, fd, 10);
	wire_expect_state(w, fd, ESTABLISHED);
	wire_check(w, wire_counter(w, "SyncookiesRecv") == 1, "another connection");
	wire_check(w, wire_counter(w, "CurrEstab") == 1, "%ld connections",
		   wire_counter(w, "CurrEstab"));
}

static struct wire_seg third_ack(struct wire *w, int i)
{
	return SEGMENT(ACK, .seq = 1, .ack = 1, .tsval = TSVAL, .tsecr = w->flow->ts_recent);
}

/* The ACK that made it, by somebody who has overheard it */
WIRE_TEST(flood_of_third_acks)
{
	int fd = opened_by_a_cookie(w), answers;

	answers = costs_nothing(w, third_ack);
	wire_check(w, answers <= 10, "%d answers", answers);
	survives(w, fd);
}

/* Not the one number that would end it */
static struct wire_seg rst_in_window(struct wire *w, int i)
{
	return SEGMENT(RST, .seq = 2 + random() % 60000);
}

WIRE_TEST(flood_of_rsts_in_the_window)
{
	int fd = opened_by_a_cookie(w), answers;

	answers = costs_nothing(w, rst_in_window);
	wire_check(w, answers <= 10, "%d answers", answers);
	survives(w, fd);
}

static struct wire_seg syn_in_window(struct wire *w, int i)
{
	return SEGMENT(SYN, .seq = random() % 60000, .mss = 1460, .tsval = TSVAL + 1, .tsecr = 0);
}

WIRE_TEST(flood_of_syns_in_the_window)
{
	int fd = opened_by_a_cookie(w), answers;

	answers = costs_nothing(w, syn_in_window);
	wire_check(w, answers <= 10, "%d answers", answers);
	survives(w, fd);
}

TEST_HARNESS_MAIN
