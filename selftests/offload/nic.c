// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers of network cards, which QEMU emulates (scripts/vm --nic): two cards of
 * a kind, joined by a cable, each in a namespace of its own. What a driver is
 * handed is looked at as it is handed over: no burst, and no checksum to be
 * computed unless the driver says that it computes any. What the card makes of it
 * shows at the other end: no checksum is wrong and nothing is missing.
 */
#include "../kselftest_harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "netns.h"
#include "stream.h"
#include "transfer.h"

#define PORT	4000
#define LEN	(1 << 20)
#define MTU	1500
#define RMEM	"4096 80000 80000"	/* half of it is the window, less than a ring of 64 packets */

#define ALL_ON	"rx on tx on sg on tso on gso on gro on"
#define ALL_OFF	"rx off tx off sg off tso off gso off gro off"

FIXTURE(nic) {
	struct netns_pair net;
	int tap[2];
};

FIXTURE_VARIANT(nic) {
	const char *card;	/* as scripts/vm calls it */
	const char *driver;	/* module */
	const char *features;	/* ethtool -K */
	bool v6;
	bool sums;		/* NETIF_F_HW_CSUM: it sums anything */
};

/* NETIF_F_IP_CSUM and NETIF_F_TSO: of IPv4's TCP, and of nothing else */
FIXTURE_VARIANT_ADD(nic, rtl8139) {
	.card = "rtl8139",
	.driver = "8139cp",
	.features = ALL_ON,
};

FIXTURE_VARIANT_ADD(nic, rtl8139_v6) {
	.card = "rtl8139",
	.driver = "8139cp",
	.features = ALL_ON,
	.v6 = true,
};

FIXTURE_VARIANT_ADD(nic, rtl8139_without) {
	.card = "rtl8139",
	.driver = "8139cp",
	.features = ALL_OFF,
};

/* A host that takes no offload over */
FIXTURE_VARIANT_ADD(nic, virtio) {
	.card = "virtio",
	.driver = "virtio_net",
	.features = ALL_ON,
};

FIXTURE_VARIANT_ADD(nic, virtio_v6) {
	.card = "virtio",
	.driver = "virtio_net",
	.features = ALL_ON,
	.v6 = true,
};

/* A host that takes over checksums and TSO, and hands over what was not summed or cut */
FIXTURE_VARIANT_ADD(nic, virtio_tap) {
	.card = "virtio-tap",
	.driver = "virtio_net",
	.features = ALL_ON,
	.sums = true,
};

FIXTURE_VARIANT_ADD(nic, virtio_tap_v6) {
	.card = "virtio-tap",
	.driver = "virtio_net",
	.features = ALL_ON,
	.v6 = true,
	.sums = true,
};

FIXTURE_VARIANT_ADD(nic, virtio_tap_without) {
	.card = "virtio-tap",
	.driver = "virtio_net",
	.features = ALL_OFF,
};

static int sh(const char *format, const char *a, const char *b)
{
	char command[200];

	snprintf(command, sizeof(command), format, a, b);
	return system(command);
}

/* The place of a kind of card among those that the machine has, from 1 on; 0: it has none */
static int place_of(const char *card)
{
	char cards[200], *rest = cards, *word;

	snprintf(cards, sizeof(cards), "%s", getenv("LTCP_NIC") ?: "");
	for (int i = 1; (word = strtok_r(rest, " ", &rest)); i++)
		if (!strcmp(word, card))
			return i;
	return 0;
}

/* The name of the device with an address; false: there is none in this namespace */
static bool find_device(const char *address, char *name, size_t size)
{
	FILE *list = popen("ip -br link", "re");
	char dev[64], is[64];
	bool found = false;

	while (list && !found && fscanf(list, "%63s %*s %63s%*[^\n]", dev, is) == 2)
		found = !strcmp(is, address);
	if (list)
		pclose(list);
	snprintf(name, size, "%s", dev);
	return found;
}

/* A card, which comes back from a namespace some time after that has ended, goes to @ns */
static int take_card(int here, int ns, int place, int host)
{
	char address[40], dev[64];

	netns_enter(here);
	snprintf(address, sizeof(address), "02:00:00:00:0%d:0%d", place, host);
	for (int tries = 0; !find_device(address, dev, sizeof(dev)); tries++) {
		if (tries == 100)
			return -1;
		sleep_ms(50);
	}
	if (netns_ip("link set %s down\n"
		     "link set %s name eth0 netns /proc/%d/fd/%d\n", dev, dev, getpid(), ns))
		return -1;
	netns_enter(ns);
	return netns_ip("address add 10.0.0.%d/24 dev eth0\n"
			"address add fd00::%d/64 dev eth0 nodad\n"
			"link set eth0 up\n", host, host);
}

FIXTURE_SETUP(nic)
{
	const struct flavour f = {
		.ltcp = !getenv("OFFLOAD_TCP"),
		.family = variant->v6 ? AF_INET6 : AF_INET,
	};
	int here = netns_here(), place = place_of(variant->card);

	self->tap[0] = -1;
	self->tap[1] = -1;
	if (!place)
		SKIP(return, "the machine has no such cards: scripts/vm --nic");
	if (sh("modprobe %s%s", variant->driver, ""))
		SKIP(return, "the kernel has no driver for them");
	ASSERT_STREQ("", stream_begin(&f));
	for (int i = 0; i < 2; i++) {
		self->net.ns[i] = netns_new();
		ASSERT_OK(take_card(here, self->net.ns[i], place, i + 1));
		ASSERT_OK(sysctl_set("rmem", RMEM));
		/* Some features are fixed: ethtool says so and sets the others */
		sh("ethtool -K eth0 %s%s >/dev/null 2>&1", variant->features, "");
		self->tap[i] = tap_open("eth0");
		ASSERT_LE(0, self->tap[i]);
	}
	close(here);
}

FIXTURE_TEARDOWN(nic)
{
	for (int i = 0; i < 2; i++)
		close(self->tap[i]);
	netns_pair_close(&self->net);
}

/* What has left by a device */
struct seen {
	int largest;
	int packets;
	int partial;
};

static void look(int tap, struct seen *seen)
{
	struct packet p;

	while (tap_next(tap, &p, 0)) {
		if (!p.out)
			continue;
		seen->packets++;
		seen->partial += p.partial;
		if (p.ip_len > seen->largest)
			seen->largest = p.ip_len;
	}
}

/* What eth0 has dropped, either way, or found wrong, says /proc/net/dev */
static long device_trouble(void)
{
	unsigned long errs[2], drop[2];
	FILE *file = fopen("/proc/net/dev", "re");
	char line[256];
	long sum = -1;

	while (file && sum < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, " eth0: %*u %*u %lu %lu %*u %*u %*u %*u %*u %*u %lu %lu",
			   &errs[0], &drop[0], &errs[1], &drop[1]) == 4)
			sum = errs[0] + drop[0] + errs[1] + drop[1];
	if (file)
		fclose(file);
	return sum;
}

/*
 * Nothing was wrong, nothing was lost. The virtual clock jumps ahead while a packet waits
 * for QEMU, so that some are sent once more though they do arrive.
 */
static void expect_no_trouble(struct __test_metadata *_metadata, int ns)
{
	netns_enter(ns);
	EXPECT_EQ(0, device_trouble());
	if (!flavour.ltcp)
		return;
	EXPECT_EQ(0, stream_counter("InCsumErrors"));
	EXPECT_EQ(0, stream_counter("InErrs"));
}

TEST_F(nic, both_ways)
{
	struct seen seen[2] = {};
	struct flow flow[2];
	int sv[2];

	ASSERT_OK(stream_pair_across(&self->net, sv, PORT));
	flow_start_both(flow, sv, &(struct flow) {
		.len = LEN,
		.seed = 1,
		.writing = { .chunk = 100000, .random = true },
		.reading = { .chunk = 200000 },
	});
	for (int i = 0; i < 2; i++) {
		flow_join(&flow[i]);
		EXPECT_TRUE(flow_right(&flow[i]));
	}
	for (int i = 0; i < 2; i++) {
		look(self->tap[i], &seen[i]);
		printf("# host %d: %d packets, the largest of %d, %d left to the card to sum\n",
		       i + 1, seen[i].packets, seen[i].largest, seen[i].partial);
		fflush(stdout);
		EXPECT_LT(LEN / MTU, seen[i].packets);
		EXPECT_GE(MTU, seen[i].largest);
		EXPECT_EQ(variant->sums ? seen[i].packets : 0, seen[i].partial);
		expect_no_trouble(_metadata, self->net.ns[i]);
	}
	stream_close_pair(sv);
}

TEST_HARNESS_MAIN
