// SPDX-License-Identifier: GPL-2.0
/* Listeners: which of several a connection comes to, and how many may wait for one. */
#include "../kselftest_harness.h"

#include "netns.h"
#include "stream.h"

STREAM_FIXTURE(listeners);

#define PORT	4000
#define SOON	10	/* ms: what loopback has done by then is done */

/* Connections that wait for a listener, which is not blocking: they are taken and closed */
static int waiting_for(int listener)
{
	int n = 0, fd;

	sleep_ms(SOON);
	while ((fd = stream_accept(listener)) >= 0) {
		close(fd);
		n++;
	}
	return n;
}

/* --- how many wait ------------------------------------------------------------------- */

/* Of twelve that come one after the other */
static int how_many_wait(int listener)
{
	int fd[12], n;

	for (int i = 0; i < 12; i++) {
		fd[i] = stream_socket(SOCK_NONBLOCK);
		stream_connect(fd[i], addr_loopback(PORT));
		sleep_ms(1);
	}
	n = waiting_for(listener);
	for (int i = 0; i < 12; i++)
		stream_reset(fd[i]);
	return n;
}

static int how_many_wait_of(int backlog)
{
	int fd = stream_listener(addr_loopback(PORT), backlog), n;

	nonblocking(fd, true);
	n = how_many_wait(fd);
	close(fd);
	return n;
}

/* One more than listen() was told, as ever; net.core.somaxconn is the most */
TEST_F(listeners, backlog)
{
	ASSERT_OK(sysctl_set("syncookies", "0"));
	EXPECT_EQ(1, how_many_wait_of(0));
	EXPECT_EQ(2, how_many_wait_of(1));
	EXPECT_EQ(6, how_many_wait_of(5));
	ASSERT_OK(sysctl_set_path("core/somaxconn", "4"));
	EXPECT_EQ(4, how_many_wait_of(3));
	EXPECT_EQ(5, how_many_wait_of(5));
	EXPECT_EQ(5, how_many_wait_of(-1));
}

/* The same with cookies, which need no half-open entry */
TEST_F(listeners, backlog_with_cookies)
{
	ASSERT_OK(sysctl_set("syncookies", "2"));
	EXPECT_EQ(1, how_many_wait_of(0));
	EXPECT_EQ(6, how_many_wait_of(5));
}

/* It may be told anew */
TEST_F(listeners, backlog_changes)
{
	int fd = stream_listener(addr_loopback(PORT), 1);

	ASSERT_OK(sysctl_set("syncookies", "0"));
	nonblocking(fd, true);
	EXPECT_EQ(2, how_many_wait(fd));
	ASSERT_OK(listen(fd, 7));
	EXPECT_EQ(8, how_many_wait(fd));
	ASSERT_OK(listen(fd, 0));
	EXPECT_EQ(1, how_many_wait(fd));
}

/* --- a group of equals --------------------------------------------------------------- */

#define MEMBERS	4
#define CLIENTS	400

/* One of those that share @at, perhaps bound to a device */
static int member_on(const char *dev, union addr at)
{
	int fd = stream_socket(SOCK_NONBLOCK);

	if (opt_set(fd, SOL_SOCKET, SO_REUSEPORT, 1) ||
	    (dev && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, strlen(dev))) ||
	    stream_bind(fd, at) || listen(fd, CLIENTS))
		return -1;
	return fd;
}

static int member(union addr at)
{
	return member_on(NULL, at);
}

/* Connections that come and go: how many cannot */
static int refused(int n)
{
	int bad = 0;

	for (int i = 0; i < n; i++) {
		int fd = stream_connected(addr_loopback(PORT));

		bad += fd < 0;
		stream_reset(fd);
	}
	return bad;
}

/* Each has his part, give or take five standard deviations, and all get all */
static void spread(struct __test_metadata *_metadata, const int *fd, int members)
{
	int all = 0, mean = CLIENTS / members;

	EXPECT_EQ(0, refused(CLIENTS));
	for (int i = 0; i < members; i++) {
		int n = waiting_for(fd[i]);

		EXPECT_LE(mean - 48, n);
		EXPECT_GE(mean + 48, n);
		all += n;
	}
	EXPECT_EQ(CLIENTS, all);
}

static void group(struct __test_metadata *_metadata, const char *cookies)
{
	int fd[MEMBERS];

	ASSERT_OK(sysctl_set("syncookies", cookies));
	for (int i = 0; i < MEMBERS; i++) {
		fd[i] = member(addr_loopback(PORT));
		ASSERT_OK(fd[i]);
	}
	spread(_metadata, fd, MEMBERS);
	/* One leaves: the others have his part */
	close(fd[MEMBERS - 1]);
	spread(_metadata, fd, MEMBERS - 1);
}

TEST_F_TIMEOUT(listeners, group_shares_by_hash, 300)
{
	group(_metadata, "0");
}

/* The echo of a cookie finds one of them as well */
TEST_F_TIMEOUT(listeners, group_shares_with_cookies, 300)
{
	group(_metadata, "2");
}

/* --- who fits best ------------------------------------------------------------------- */

/* Which of the two do ten connections come to? Neither: -1 */
static int chosen(int a, int b)
{
	int n[2];

	if (a < 0 || b < 0 || refused(10))
		return -1;
	n[0] = waiting_for(a);
	n[1] = waiting_for(b);
	close(a);
	close(b);
	return n[0] == 10 && !n[1] ? 0 : n[1] == 10 && !n[0] ? 1 : -1;
}

/* Whichever came first */
TEST_F(listeners, address_before_wildcard)
{
	int wildcard = member(addr_any(PORT));

	EXPECT_EQ(1, chosen(wildcard, member(addr_loopback(PORT))));
	wildcard = member(addr_loopback(PORT));
	EXPECT_EQ(0, chosen(wildcard, member(addr_any(PORT))));
}

TEST_F(listeners, device_before_none)
{
	int bound = member_on("lo", addr_any(PORT));

	if (!flavour.ltcp)
		SKIP(return, "Linux's takes the group that it finds first");
	EXPECT_EQ(0, chosen(bound, member(addr_any(PORT))));
	bound = member(addr_any(PORT));
	EXPECT_EQ(1, chosen(bound, member_on("lo", addr_any(PORT))));
}

TEST_F(listeners, address_before_device)
{
	int address = member(addr_loopback(PORT));

	EXPECT_EQ(0, chosen(address, member_on("lo", addr_any(PORT))));
}

TEST_HARNESS_MAIN
