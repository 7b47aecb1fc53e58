/* SPDX-License-Identifier: GPL-2.0 */
/* The load generator of the benchmark: what its parts share. */
#ifndef LTCP_BENCH_LOAD_H
#define LTCP_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"

/* What carries the load, as a set where workloads name those they can use */
enum subject {
	LTCP = 1 << 0,
	TCP = 1 << 1,
	CONTROL = 1 << 2,	/* TCP once more: it has to read as TCP does */
	UNIX = 1 << 3,
	UDP = 1 << 4,
	PIPE = 1 << 5,

	STREAMS = LTCP | TCP | CONTROL,
	FLOORS = UNIX | UDP | PIPE,
};

/**
 * struct workload - one row of the benchmark
 * @name: as in the table, the file and the documentation
 * @unit: of what a sample is
 * @subjects: what can carry it
 * @sample: run it once and say what it cost
 * @size: octets of a write, a request, ...
 * @count: writes of a burst, connections, ...
 * @rounds: how often that is done between two readings of the meter
 * @flags: what else is special
 * @data: of the workload's own kind
 * @repetitions: at most so many, 0: any number; what takes long and varies little
 */
struct workload {
	const char *name;
	const char *unit;
	unsigned int subjects;
	double (*sample)(const struct workload *w, enum subject s);
	size_t size;
	long count;
	long rounds;
	unsigned int flags;
	const void *data;
	int repetitions;
};

enum {
	NODELAY = 1 << 0,	/* TCP_NODELAY */
	NO_OFFLOAD = 1 << 1,	/* the link cuts and merges nothing */
	NOBODY_LISTENS = 1 << 2,
	STRAY_ACKS = 1 << 3,
	REQUESTS = 1 << 4,	/* and responses, not one stream of octets */
};

/* Tables of workloads end with one that has no name */
extern const struct workload burst_workloads[];
extern const struct workload request_workloads[];
extern const struct workload connect_workloads[];
extern const struct workload memory_workloads[];
extern const struct workload flood_workloads[];
extern const struct workload siege_workloads[];
extern const struct workload goodput_workloads[];
extern const struct workload scale_workloads[];
extern const struct workload process_workloads[];
extern const struct workload smp_workloads[];

/* Something failed that must not: say what, with errno, and end */
void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...);
/* The same as a check of what a system call returned; returns that */
long checked(long result, const char *what);

/* Instructions for each request and its response over a new connection (request.c) */
double requests(const struct workload *w, enum subject s);

/* --- the meter (meter.c) --------------------------------------------------- */

/**
 * struct meter - instructions, as the virtual clock counts them
 * @busy: not counting idle time
 * @wall: all: a nanosecond each
 */
struct meter {
	double busy;
	double wall;
};

void meter_start(struct meter *m, enum subject s);
void meter_stop(struct meter *m);
/* What this sample took by the wall, per unit; shown where it is far from its value */
void meter_wall(double value);
double meter_last_wall(void);

/* --- ends (ends.c) --------------------------------------------------------- */

/**
 * struct end - one side of a conversation
 * @in: descriptor to read from
 * @out: descriptor to write to; the same but for pipes
 */
struct end {
	int in;
	int out;
};

/* Octets of each socket's buffers: fixed, for those that grow vary */
#define BUFFER	(4 << 20)
#define PORT	7000

/* Two namespaces and the cable between them; the client's is the current one */
void ends_network(void);
/* Make the cable cut and merge nothing, or undo that */
void ends_offload(bool on);
/* A descriptor of the server's namespace or the client's */
int ends_namespace(int side);
/* net.ipv4.tcp_NAME or ltcp_NAME in both namespaces */
void ends_setting(enum subject s, const char *name, const char *value);
/* Does LTCP look at every packet? Nobody else should be measured while it does */
void ends_demux(bool on);
/* The range of ports that connect() chooses from */
void ends_ports(const char *range);
/* Run in the server's namespace, or the client's again */
void ends_enter(int side);
/* A listening socket in the server's namespace, -1 for what listens not */
int ends_listen(enum subject s);
/* The same at another address and port */
int ends_listen_at(enum subject s, union addr at);
/* One connection, with that listener */
void ends_connect(struct end *client, struct end *server, enum subject s, int listener);
/* A connection to an address of the server's, with fixed buffers */
void ends_connect_to(struct end *client, struct end *server, enum subject s, int listener,
		     union addr to);
/* A connection or a pair of whatever it is */
void ends_open(struct end *client, struct end *server, enum subject s, unsigned int flags);
void ends_close(struct end *e);
/* Let all TIME-WAIT states end */
void ends_settle(enum subject s);
/* All of it, with blocking calls */
void end_write(struct end *e, const void *data, size_t len);
void end_read(struct end *e, void *data, size_t len);

/* A place to read to and write from, larger than any write */
extern uint8_t scratch[256 << 10];

#endif
