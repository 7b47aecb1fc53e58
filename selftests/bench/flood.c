// SPDX-License-Identifier: GPL-2.0
/* Segments from strangers: what each costs the server, the link's part taken off. */
#include "inject.h"

#define CLOSED_PORT	7999

static double sample_flood(const struct workload *w, enum subject s)
{
	struct injector *in = inject_open(s);
	enum injection what = w->flags & STRAY_ACKS ? INJECT_ACK : INJECT_SYN;
	int port = w->flags & NOBODY_LISTENS ? CLOSED_PORT : PORT;
	int listener = ends_listen(s);
	double link, all;

	ends_setting(s, "syncookies", "2");
	/* TCP looks at an ACK only after it has sent a cookie lately */
	inject(in, INJECT_SYN, PORT, 100);
	inject(in, what, port, 100);
	inject(in, INJECT_NOTHING, port, 100);
	link = inject(in, INJECT_NOTHING, port, w->rounds);
	all = inject(in, what, port, w->rounds);
	ends_setting(s, "syncookies", "1");
	close(listener);
	inject_close(in);
	meter_wall(all - link);
	return all - link;
}

#define FLOOD(name_, flags_)						\
	{								\
		.name = name_,						\
		.unit = "instructions/segment",				\
		.subjects = STREAMS,					\
		.sample = sample_flood,					\
		.rounds = 1000,						\
		.flags = flags_,					\
	}

const struct workload flood_workloads[] = {
	FLOOD("syn-cookie", 0),
	FLOOD("syn-closed-port", NOBODY_LISTENS),
	FLOOD("ack-stray", STRAY_ACKS),
	{}
};
