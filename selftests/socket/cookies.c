// SPDX-License-Identifier: GPL-2.0
/*
 * A server that speaks first, remembers nothing of a SYN, and does not get the
 * ACK that completes the handshake: LTCP's client repeats it. Linux's TCP would
 * wait for ever, so these tests run over LTCP alone.
 */
#include "../kselftest_harness.h"

#include "netns.h"
#include "stream.h"

#define PORT		4000
#define DELAY_MS	50
#define ALL		1000000		/* of a million packets */

FIXTURE(cookies) {
	struct netns_pair net;
	int listener;
};

FIXTURE_SETUP(cookies)
{
	const struct flavour f = { .ltcp = true, .family = AF_INET };
	int sv[2];

	ASSERT_STREQ("", stream_begin(&f));
	ASSERT_OK(netns_pair(&self->net));
	netns_enter(self->net.ns[1]);
	ASSERT_OK(sysctl_set("syncookies", "2"));
	self->listener = stream_listener(addr_host(2, PORT), 16);
	ASSERT_OK(self->listener);
	netns_enter(self->net.ns[0]);
	/* The first one finds out the neighbours' addresses */
	ASSERT_OK(stream_pair_at(sv, self->listener, addr_host(2, PORT)));
	close(sv[0]);
	close(sv[1]);
	sleep_ms(100);
}

FIXTURE_TEARDOWN(cookies)
{
	netns_pair_close(&self->net);
}

static int link_of(const struct netns_pair *net, int side, const struct netem *netem)
{
	int err;

	netns_enter(net->ns[side]);
	err = netem_set("eth0", netem);
	netns_enter(net->ns[0]);
	return err;
}

/* Greet whoever comes; milliseconds that the client had to wait, or -1 */
static long greeted(int client, int listener, long since)
{
	char banner[8] = "";
	int server = stream_accept(listener);
	bool ok;

	ok = send(server, "banner", 6, 0) == 6 && recv(client, banner, 6, MSG_WAITALL) == 6 &&
	     !strcmp(banner, "banner");
	close(server);
	close(client);
	return ok ? now_ms() - since : -1;
}

/* Nothing passes to the server from the SYN on until @ms later */
static long greeted_after_silence(const struct netns_pair *net, int listener, long ms)
{
	int client = stream_socket(SOCK_NONBLOCK);
	long since = now_ms();

	link_of(net, 1, &(struct netem){ .delay_us = 1000 * DELAY_MS });
	stream_connect(client, addr_host(2, PORT));
	link_of(net, 0, &(struct netem){ .loss = ALL });
	sleep_ms(ms);
	link_of(net, 0, &(struct netem){});
	nonblocking(client, false);
	return greeted(client, listener, since);
}

/* A round trip of 50 ms: repeated after the least RTO of 200 ms, then after twice as much */
TEST_F(cookies, ack_lost_once)
{
	long ms = greeted_after_silence(&self->net, self->listener, 150);

	EXPECT_LE(250, ms);
	EXPECT_GE(450, ms);
}

TEST_F(cookies, ack_lost_twice)
{
	long ms = greeted_after_silence(&self->net, self->listener, 450);

	EXPECT_LE(650, ms);
	EXPECT_GE(950, ms);
}

/*
 * Three of ten packets are lost each way: everybody is greeted who does not give
 * up before; of eight SYNs, all are lost or not answered once in 220 times.
 */
TEST_F_TIMEOUT(cookies, greeted_despite_losses, 3000)
{
	ASSERT_OK(sysctl_set("syn_retries", "20"));
	for (int side = 0; side < 2; side++)
		ASSERT_OK(link_of(&self->net, side, &(struct netem){
			.delay_us = 1000 * DELAY_MS, .loss = 3 * ALL / 10, .seed = 7 + side }));
	for (int i = 0; i < 30; i++) {
		int client = stream_connected(addr_host(2, PORT));

		ASSERT_OK(client);
		EXPECT_LE(0, greeted(client, self->listener, now_ms()));
	}
}

TEST_HARNESS_MAIN
