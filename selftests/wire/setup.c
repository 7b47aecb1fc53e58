// SPDX-License-Identifier: GPL-2.0
/* The world of a test: a network namespace, a tun device, settings. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define TUN	"tun0"

u64 wire_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static void must(struct wire *w, bool good, const char *what)
{
	if (!good)
		wire_fail(w, WIRE_HERE, "%s: %s", what, strerror(errno));
}

/* --- files -------------------------------------------------------------- */

void wire_write_file(struct wire *w, const char *here, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		wire_fail(w, here, "cannot write '%s' to %s: %s", text, path, strerror(errno));
	close(fd);
}

/* Linux's own TCP has the same settings under its own names. */
static void sysctl_path(struct wire *w, const char *name, char *path, int size)
{
	if (w->linux_tcp && !strncmp(name, "ltcp_", 5))
		name++;
	snprintf(path, size, "/proc/sys/net/ipv4/%s", name);
}

void wire_sysctl_at(struct wire *w, const char *here, const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	wire_sysctl_text_at(w, here, name, text);
}

void wire_sysctl_text_at(struct wire *w, const char *here, const char *name, const char *text)
{
	char path[128];

	sysctl_path(w, name, path, sizeof(path));
	wire_write_file(w, here, path, text);
}

int wire_sysctl_read(struct wire *w, const char *name)
{
	char path[128];
	int value = -1;
	FILE *file;

	sysctl_path(w, name, path, sizeof(path));
	file = fopen(path, "r");
	if (!file || fscanf(file, "%d", &value) != 1)
		wire_fail(w, WIRE_HERE, "cannot read %s", path);
	fclose(file);
	return value;
}

/* A line a counter: "Name value" */
long wire_counter_at(struct wire *w, const char *here, const char *name)
{
	FILE *file = fopen("/proc/net/ltcp_stat", "r");
	char word[64];
	long value;

	if (!file)
		wire_fail(w, here, "there is no /proc/net/ltcp_stat");
	while (fscanf(file, "%63s %ld", word, &value) == 2) {
		word[strcspn(word, ":")] = 0;
		if (!strcmp(word, name)) {
			fclose(file);
			return value;
		}
	}
	wire_fail(w, here, "/proc/net/ltcp_stat has no counter %s", name);
}

/* A test program must not be called ip: it would be found first */
void wire_ip_at(struct wire *w, const char *here, const char *args)
{
	char command[256];

	snprintf(command, sizeof(command), "ip %s", args);
	if (system(command))
		wire_fail(w, here, "'%s' failed", command);
	wire_mark(w);
}

static int protocol_number(struct wire *w)
{
	const char *other = getenv("WIRE_PROTOCOL");
	int number = 0;
	FILE *file;

	if (other)
		return atoi(other);
	file = fopen("/sys/module/ltcp/parameters/protocol", "r");
	if (!file || fscanf(file, "%d", &number) != 1)
		wire_fail(w, WIRE_HERE, "is ltcp.ko loaded? There is no protocol number in /sys/module/ltcp");
	fclose(file);
	return number;
}

/* --- the network ----------------------------------------------------------- */

static void set_address(struct wire *w, int fd, int request, const char *address)
{
	struct ifreq ifr = { .ifr_name = TUN };
	struct sockaddr_in *sin = (struct sockaddr_in *)&ifr.ifr_addr;

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = inet_addr(address);
	must(w, !ioctl(fd, request, &ifr), "setting the address of " TUN);
}

static void set_up(struct wire *w, int fd, const char *name)
{
	struct ifreq ifr = {};

	strcpy(ifr.ifr_name, name);
	must(w, !ioctl(fd, SIOCGIFFLAGS, &ifr), "reading an interface's flags");
	ifr.ifr_flags |= IFF_UP;
	must(w, !ioctl(fd, SIOCSIFFLAGS, &ifr), "setting an interface up");
}

/* Sources off the link (tests of ICMP, of martians) must not fail for want of a route. */
static void set_default_route(struct wire *w, int fd)
{
	struct rtentry route = { .rt_flags = RTF_UP, .rt_dev = TUN };

	route.rt_dst.sa_family = AF_INET;
	route.rt_genmask.sa_family = AF_INET;
	must(w, !ioctl(fd, SIOCADDRT, &route), "adding the default route");
}

/* The same for IPv6: the address, fd00::/64, and the default route */
static void set_ipv6(struct wire *w)
{
	struct {
		struct in6_addr addr;
		u32 prefix;
		int ifindex;
	} req = { .prefix = 64, .ifindex = if_nametoindex(TUN) };
	struct in6_rtmsg route = {
		.rtmsg_metric = 1,
		.rtmsg_flags = RTF_UP,
		.rtmsg_ifindex = req.ifindex,
	};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	memcpy(&req.addr, wire_address(w, WIRE_STACK).octets, sizeof(req.addr));
	must(w, !ioctl(fd, SIOCSIFADDR, &req), "setting the IPv6 address of " TUN);
	must(w, !ioctl(fd, SIOCADDRT, &route), "adding IPv6's default route");
	close(fd);
}

/* Without udev nobody else loads the driver and makes its device node. */
static void prepare_tun(void)
{
	if (system("modprobe tun"))
		printf("# modprobe tun failed\n");
	mkdir("/dev/net", 0755);
	mknod("/dev/net/tun", S_IFCHR | 0600, makedev(10, 200));
}

static int open_tun(struct wire *w)
{
	struct ifreq ifr = { .ifr_name = TUN, .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd;

	if (access("/dev/net/tun", F_OK))
		prepare_tun();
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	must(w, fd >= 0, "opening /dev/net/tun");
	must(w, !ioctl(fd, TUNSETIFF, &ifr), "making " TUN);
	return fd;
}

void wire_set_mtu(struct wire *w, int mtu)
{
	struct ifreq ifr = { .ifr_name = TUN, .ifr_mtu = mtu + w->more };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	must(w, !ioctl(fd, SIOCSIFMTU, &ifr), "setting the MTU");
	close(fd);
}

static void make_network(struct wire *w)
{
	struct stat st;
	int fd;

	must(w, !unshare(CLONE_NEWNET), "making a network namespace (root?)");
	must(w, !stat("/proc/self/ns/net", &st), "looking at the namespace");
	w->priv->netns = st.st_ino;
	/* No neighbour discovery between our packets */
	if (w->ipv6) {
		wire_write_file(w, WIRE_HERE, "/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
		wire_write_file(w, WIRE_HERE,
				"/proc/sys/net/ipv6/conf/default/router_solicitations", "0");
	} else if (!access("/proc/sys/net/ipv6", F_OK)) {
		wire_write_file(w, WIRE_HERE, "/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
		wire_write_file(w, WIRE_HERE, "/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	}
	wire_sysctl(w, "conf/all/rp_filter", 0);
	wire_sysctl(w, "conf/default/rp_filter", 0);
	w->priv->tun = open_tun(w);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	set_up(w, fd, "lo");
	wire_set_mtu(w, WIRE_MTU);
	set_address(w, fd, SIOCSIFADDR, WIRE_STACK);
	set_address(w, fd, SIOCSIFNETMASK, "255.255.255.0");
	set_up(w, fd, TUN);
	set_default_route(w, fd);
	close(fd);
	if (w->ipv6)
		set_ipv6(w);
}

/* --- begin and end ----------------------------------------------------------- */

struct wire_flow *wire_new_flow(struct wire *w)
{
	struct wire_private *p = w->priv;
	struct wire_flow *old = w->flow, *flow;

	if (p->n_flows == WIRE_FLOWS)
		wire_fail(w, WIRE_HERE, "too many connections in one test");
	flow = &p->flows[p->n_flows];
	*flow = (struct wire_flow){
		.peer_port = WIRE_PEER_PORT + p->n_flows,
		.peer_iss = 1000000 + 7000000 * p->n_flows,
		.wscale = NONE,
	};
	p->n_flows++;
	w->flow = flow;
	return old;
}

void wire_next_incarnation(struct wire *w, u32 peer_iss)
{
	*w->flow = (struct wire_flow){
		.port = w->flow->port,
		.peer_port = w->flow->peer_port,
		.peer_iss = peer_iss,
		.wscale = NONE,
	};
}

struct wire *wire_begin(const char *test)
{
	static struct wire world;
	static struct wire_private priv;
	static struct wire_pkt pkt;
	struct wire *w = &world;

	w->priv = &priv;
	w->pkt = &pkt;
	priv.tail = &priv.head;
	snprintf(priv.test, sizeof(priv.test), "%s", test);
	priv.start = wire_now();
	priv.base = priv.start;
	w->protocol = protocol_number(w);
	w->ipv6 = getenv("LTCP_FAMILY") && !strcmp(getenv("LTCP_FAMILY"), "6");
	w->more = w->ipv6 ? 20 : 0;
	w->linux_tcp = w->protocol == IPPROTO_TCP;
	make_network(w);
	wire_new_flow(w);
	wire_trace_begin(w);
	priv.start = wire_now();
	wire_mark(w);
	return w;
}

/*
 * A test has said all that it expects: what the stack has sent besides, and
 * an arrow outside the state table, fail it.
 */
void wire_end(struct wire *w, bool failed)
{
	if (failed || getenv("WIRE_VERBOSE"))
		wire_log_print(w);
	if (!failed) {
		struct wire_pkt *pkt = wire_take(w, wire_now());

		if (pkt)
			wire_fail(w, WIRE_HERE, "the test ended before this packet, the log's last");
		wire_trace_check(w);
	}
	wire_trace_end(w);
}
