// SPDX-License-Identifier: GPL-2.0
/* TIME-WAIT and the ports it keeps. */
#include "../kselftest_harness.h"

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(reuse);

#define PORT	4000
#define SOON	10	/* ms: what loopback has done by then is done */

/* A service on PORT that has served one connection and ended it itself */
static int serve_once(struct __test_metadata *_metadata, union addr *client)
{
	int listener = stream_bound(addr_loopback(PORT), true), sv[2];

	ASSERT_OK(listener);
	ASSERT_OK(listen(listener, 8));
	ASSERT_OK(stream_pair_at(sv, listener, addr_loopback(PORT)));
	*client = addr_local(sv[0]);
	close(sv[1]);
	sleep_ms(SOON);
	close(sv[0]);
	sleep_ms(SOON);
	return listener;
}

TEST_F(reuse, service_restarts_at_once)
{
	union addr client;
	int listener = serve_once(_metadata, &client), sv[2];
	char octet;

	close(listener);
	/* The old connection keeps the port from those who do not ask */
	EXPECT_ERR(EADDRINUSE, stream_bound(addr_loopback(PORT), false));
	listener = stream_bound(addr_loopback(PORT), true);
	ASSERT_OK(listener);
	EXPECT_OK(listen(listener, 8));
	ASSERT_OK(stream_pair_at(sv, listener, addr_loopback(PORT)));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
}

TEST_F_TIMEOUT(reuse, time_wait_lasts_2msl, 300)
{
	union addr client;
	int listener;

	NEEDS_VIRTUAL_CLOCK();
	listener = serve_once(_metadata, &client);
	close(listener);
	sleep_ms(60000 - 4 * SOON);
	EXPECT_ERR(EADDRINUSE, stream_bound(addr_loopback(PORT), false));
	/* An hrtimer ends it; Linux's wheel of timers may be seconds late */
	sleep_ms(flavour.ltcp ? 5 * SOON : 9000);
	EXPECT_OK(stream_bound(addr_loopback(PORT), false));
}

TEST_F(reuse, time_wait_by_sysctl)
{
	union addr client;
	int listener;

	if (!flavour.ltcp)
		SKIP(return, "a constant in Linux's TCP");
	ASSERT_OK(sysctl_set("timewait_ms", "500"));
	listener = serve_once(_metadata, &client);
	close(listener);
	EXPECT_ERR(EADDRINUSE, stream_bound(addr_loopback(PORT), false));
	sleep_ms(600);
	EXPECT_OK(stream_bound(addr_loopback(PORT), false));
}

TEST_F(reuse, no_time_wait_by_sysctl)
{
	union addr client;
	int listener;

	if (!flavour.ltcp)
		SKIP(return, "a constant in Linux's TCP");
	ASSERT_OK(sysctl_set("timewait_ms", "0"));
	listener = serve_once(_metadata, &client);
	close(listener);
	EXPECT_OK(stream_bound(addr_loopback(PORT), false));
}

TEST_F(reuse, time_wait_is_bounded)
{
	union addr client;

	if (!flavour.ltcp)
		SKIP(return, "Linux's bound is another");
	ASSERT_OK(sysctl_set("max_timewait", "0"));
	close(serve_once(_metadata, &client));
	EXPECT_OK(stream_bound(addr_loopback(PORT), false));
}

/* Each address of a port is kept for itself */
TEST_F(reuse, time_wait_keeps_one_address)
{
	union addr client;
	int listener = serve_once(_metadata, &client), other;

	close(listener);
	other = stream_bound(addr_parse("127.0.0.2", PORT), false);
	EXPECT_OK(other);
	close(other);
	EXPECT_ERR(EADDRINUSE, stream_bound(addr_any(PORT), false));
	EXPECT_OK(stream_bound(addr_any(PORT), true));
}

/*
 * The client comes back by the same pair: the SYN's newer timestamp ends the
 * service's TIME-WAIT (RFC 6191, MAY-2).
 */
TEST_F(reuse, new_syn_ends_time_wait)
{
	union addr client;
	int listener = serve_once(_metadata, &client), fd, server;
	char octet;

	sleep_ms(2000);
	fd = stream_bound(client, true);
	ASSERT_OK(fd);
	ASSERT_OK(stream_connect(fd, addr_loopback(PORT)));
	server = stream_accept(listener);
	ASSERT_OK(server);
	EXPECT_EQ(1, send(fd, "x", 1, 0));
	EXPECT_EQ(1, recv(server, &octet, 1, 0));
}

/* The same without timestamps: the ISN lies beyond the old sequence numbers */
TEST_F(reuse, new_syn_ends_time_wait_without_timestamps)
{
	union addr client;
	int listener, fd, server;
	char octet;

	ASSERT_OK(sysctl_set("timestamps", "0"));
	listener = serve_once(_metadata, &client);
	sleep_ms(2000);
	fd = stream_bound(client, true);
	ASSERT_OK(fd);
	ASSERT_OK(stream_connect(fd, addr_loopback(PORT)));
	server = stream_accept(listener);
	ASSERT_OK(server);
	EXPECT_EQ(1, send(fd, "x", 1, 0));
	EXPECT_EQ(1, recv(server, &octet, 1, 0));
}

/* A client that has ended a connection, and opens the same again: errno or 0 */
static int again(union addr client, int listener)
{
	int fd = stream_bound(client, true), server, err;
	char octet = 0;

	if (fd < 0)
		return errno;
	err = stream_connect(fd, addr_loopback(PORT)) ? errno : 0;
	if (!err) {
		server = stream_accept(listener);
		if (send(server, "x", 1, 0) != 1 || recv(fd, &octet, 1, 0) != 1 || octet != 'x')
			err = EIO;
		close(fd);
		sleep_ms(SOON);
		close(server);
		sleep_ms(SOON);
	}
	close(fd);
	return err;
}

/* The side that connects may take its own TIME-WAIT's place when its timestamps have moved on */
TEST_F(reuse, client_reuses_its_time_wait)
{
	int listener = stream_bound(addr_loopback(PORT), true);
	union addr client = addr_loopback(PORT + 1);

	ASSERT_OK(listen(listener, 8));
	ASSERT_EQ(0, again(client, listener));
	if (flavour.ltcp)	/* Linux looks at whole seconds */
		EXPECT_EQ(EADDRNOTAVAIL, again(client, listener));
	for (int i = 0; i < 3; i++) {
		sleep_ms(2100);
		EXPECT_EQ(0, again(client, listener));
	}
}

TEST_F(reuse, client_does_not_reuse_by_sysctl)
{
	int listener = stream_bound(addr_loopback(PORT), true);
	union addr client = addr_loopback(PORT + 1);

	if (!flavour.ltcp)
		SKIP(return, "Linux's is another");
	ASSERT_OK(sysctl_set("timewait_reuse", "0"));
	ASSERT_OK(listen(listener, 8));
	ASSERT_EQ(0, again(client, listener));
	sleep_ms(3000);
	EXPECT_EQ(EADDRNOTAVAIL, again(client, listener));
	ASSERT_OK(sysctl_set("timewait_reuse", "1"));
	ASSERT_OK(sysctl_set("timestamps", "0"));
	EXPECT_EQ(EADDRNOTAVAIL, again(client, listener));
}

/* A port that connect() chose is kept, too, from those who do not ask */
TEST_F(reuse, time_wait_of_a_client_keeps_its_port)
{
	int listener = stream_bound(addr_loopback(PORT), true), sv[2];
	union addr client;

	ASSERT_OK(listen(listener, 8));
	ASSERT_OK(stream_pair_at(sv, listener, addr_loopback(PORT)));
	client = addr_local(sv[0]);
	close(sv[0]);
	sleep_ms(SOON);
	close(sv[1]);
	sleep_ms(SOON);
	EXPECT_ERR(EADDRINUSE, stream_bound(client, false));
	EXPECT_ERR(EADDRINUSE, stream_bound(addr_any(addr_port(&client)), false));
	EXPECT_OK(stream_bound(addr_parse("127.0.0.2", addr_port(&client)), false));
}

/* Many that end: each keeps its client's port, none the service from serving */
TEST_F(reuse, thousand_in_time_wait)
{
	int listener = stream_bound(addr_loopback(PORT), true);

	ASSERT_OK(listen(listener, 8));
	for (int i = 0; i < 1000; i++) {
		int sv[2];

		ASSERT_OK(stream_pair_at(sv, listener, addr_loopback(PORT)));
		close(sv[i % 2]);
		close(sv[(i + 1) % 2]);
	}
	close(listener);
	listener = stream_bound(addr_loopback(PORT), true);
	ASSERT_OK(listener);
	EXPECT_OK(listen(listener, 8));
	EXPECT_OK(stream_connected(addr_loopback(PORT)));
}

/* Connections that live are not in the way of a restart either */
TEST_F(reuse, service_restarts_over_live_connections)
{
	int listener = stream_bound(addr_loopback(PORT), true), sv[2];
	char octet;

	ASSERT_OK(listen(listener, 8));
	ASSERT_OK(stream_pair_at(sv, listener, addr_loopback(PORT)));
	close(listener);
	EXPECT_ERR(EADDRINUSE, stream_bound(addr_loopback(PORT), false));
	listener = stream_bound(addr_loopback(PORT), true);
	ASSERT_OK(listener);
	EXPECT_OK(listen(listener, 8));
	EXPECT_OK(stream_connected(addr_loopback(PORT)));
	EXPECT_EQ(1, send(sv[0], "x", 1, 0));
	EXPECT_EQ(1, recv(sv[1], &octet, 1, 0));
}

/* SO_REUSEADDR allows no second listener */
TEST_F(reuse, no_second_listener)
{
	int first = stream_bound(addr_loopback(PORT), true), second;

	ASSERT_OK(listen(first, 1));
	second = stream_bound(addr_loopback(PORT), true);
	EXPECT_STREQ("EADDRINUSE", second < 0 ? err_of(-1) : err_of(listen(second, 1)));
}

TEST_HARNESS_MAIN
