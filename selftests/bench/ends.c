// SPDX-License-Identifier: GPL-2.0
/* The ends of connections, of whatever carries them. */
#include <net/if.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "load.h"
#include "netns.h"

uint8_t scratch[256 << 10];

static struct netns_pair net;

/* An abstract name needs no file, but is its namespace's */
static const struct sockaddr_un unix_name = {
	.sun_family = AF_UNIX,
	.sun_path = "\0ltcp-bench",
};

void ends_enter(int side)
{
	checked(netns_enter(net.ns[side]), "setns");
}

/* No limit that a workload would meet, and nothing left over from an earlier one */
static void set_limits(void)
{
	static const char * const settings[][2] = {
		{ "ipv4/tcp_no_metrics_save", "1" },
		{ "core/somaxconn", "1000000" },
		{ "ipv4/tcp_max_syn_backlog", "1000000" },
		{ "ipv4/ltcp_max_syn_backlog", "1000000" },
		{ "ipv4/tcp_max_tw_buckets", "1000000" },
		{ "ipv4/ltcp_max_timewait", "1000000" },
	};
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		checked(sysctl_set_path(settings[i][0], settings[i][1]), settings[i][0]);
}

void ends_network(void)
{
	int side;

	flavour.family = AF_INET;
	checked(netns_pair(&net), "two namespaces");
	for (side = 1; side >= 0; side--) {
		ends_enter(side);
		set_limits();
	}
}

int ends_namespace(int side)
{
	return net.ns[side];
}

void ends_setting(enum subject s, const char *name, const char *value)
{
	int side;

	flavour.ltcp = s == LTCP;
	for (side = 1; side >= 0; side--) {
		ends_enter(side);
		checked(sysctl_set(name, value), name);
	}
}

void ends_demux(bool on)
{
	int side;

	for (side = 1; side >= 0; side--) {
		ends_enter(side);
		checked(sysctl_set_path("ipv4/ltcp_early_demux", on ? "1" : "0"), "early_demux");
	}
}

void ends_ports(const char *range)
{
	checked(sysctl_set_path("ipv4/ip_local_port_range", range), "ip_local_port_range");
}

/* --- what the link does ----------------------------------------------------- */

static void ethtool(void *command)
{
	struct ifreq req = { .ifr_name = "eth0", .ifr_data = command };
	int fd = checked(socket(AF_INET, SOCK_DGRAM, 0), "socket");

	checked(ioctl(fd, SIOCETHTOOL, &req), "ethtool");
	close(fd);
}

/* Features have names; the kernel hands them out to who knows how many there are */
static struct ethtool_gstrings *feature_names(void)
{
	struct {
		struct ethtool_sset_info head;
		uint32_t count;
	} info = {
		.head = {
			.cmd = ETHTOOL_GSSET_INFO,
			.sset_mask = 1ull << ETH_SS_FEATURES,
		},
	};
	struct ethtool_gstrings *names;

	ethtool(&info);
	names = calloc(1, sizeof(*names) + info.count * ETH_GSTRING_LEN);
	*names = (struct ethtool_gstrings) {
		.cmd = ETHTOOL_GSTRINGS,
		.string_set = ETH_SS_FEATURES,
		.len = info.count,
	};
	ethtool(names);
	return names;
}

static int feature_bit(const char *name)
{
	static struct ethtool_gstrings *names;
	unsigned int i;

	if (!names)
		names = feature_names();
	for (i = 0; i < names->len; i++)
		if (!strcmp((char *)names->data + i * ETH_GSTRING_LEN, name))
			return i;
	errno = ENOENT;
	die("feature %s", name);
}

static void set_features(bool on)
{
	static const char * const features[] = {
		"tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation",
		"tx-tcp6-segmentation", "tx-sctp-segmentation", "tx-generic-segmentation", "rx-gro",
	};
	struct {
		struct ethtool_sfeatures head;
		struct ethtool_set_features_block blocks[4];
	} set = { .head = { .cmd = ETHTOOL_SFEATURES, .size = 2 } };
	unsigned int i;

	for (i = 0; i < sizeof(features) / sizeof(*features); i++) {
		int bit = feature_bit(features[i]);
		struct ethtool_set_features_block *block = &set.head.features[bit / 32];

		block->valid |= 1u << bit % 32;
		if (on)
			block->requested |= 1u << bit % 32;
	}
	ethtool(&set);
}

void ends_offload(bool on)
{
	int side;

	for (side = 1; side >= 0; side--) {
		ends_enter(side);
		set_features(on);
	}
}

/* --- streams ---------------------------------------------------------------- */

static int new_socket(enum subject s)
{
	int fd;

	if (s == UNIX)
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
	else
		fd = stream_socket(0);
	return checked(fd, "socket");
}

static void fix_buffers(int fd)
{
	checked(opt_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER / 2), "SO_SNDBUFFORCE");
	checked(opt_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER / 2), "SO_RCVBUFFORCE");
}

int ends_listen_at(enum subject s, union addr at)
{
	int fd;

	flavour.ltcp = s == LTCP;
	if (s & (UDP | PIPE))
		return -1;
	ends_enter(s == UNIX ? 0 : 1);
	fd = new_socket(s);
	fix_buffers(fd);
	opt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (s == UNIX)
		checked(bind(fd, (struct sockaddr *)&unix_name, sizeof(unix_name)), "bind");
	else
		checked(stream_bind(fd, at), "bind");
	checked(listen(fd, 1000000), "listen");
	ends_enter(0);
	return fd;
}

int ends_listen(enum subject s)
{
	return ends_listen_at(s, addr_host(2, PORT));
}

static void accept_end(struct end *server, int listener)
{
	int fd = checked(accept(listener, NULL, NULL), "accept");

	*server = (struct end) { fd, fd };
}

void ends_connect(struct end *client, struct end *server, enum subject s, int listener)
{
	int fd = new_socket(s);

	if (s == UNIX)
		checked(connect(fd, (struct sockaddr *)&unix_name, sizeof(unix_name)), "connect");
	else
		checked(stream_connect(fd, addr_host(2, PORT)), "connect");
	*client = (struct end) { fd, fd };
	accept_end(server, listener);
}

void ends_connect_to(struct end *client, struct end *server, enum subject s, int listener,
		     union addr to)
{
	int fd;

	flavour.ltcp = s == LTCP;
	fd = new_socket(s);
	fix_buffers(fd);
	checked(stream_connect(fd, to), "connect");
	*client = (struct end) { fd, fd };
	accept_end(server, listener);
}

static void open_stream(struct end *client, struct end *server, enum subject s, unsigned int flags)
{
	int listener = ends_listen(s);

	ends_connect_to(client, server, s, listener, addr_host(2, PORT));
	close(listener);
	if (flags & NODELAY) {
		checked(opt_set(client->out, SOL_TCP, TCP_NODELAY, 1), "TCP_NODELAY");
		checked(opt_set(server->out, SOL_TCP, TCP_NODELAY, 1), "TCP_NODELAY");
	}
}

/* --- floors ----------------------------------------------------------------- */

static int udp_socket(int side)
{
	union addr at = addr_host(side + 1, PORT);
	int fd;

	ends_enter(side);
	fd = checked(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	checked(bind(fd, &at.sa, addr_len()), "bind");
	return fd;
}

static void open_udp(struct end *client, struct end *server)
{
	union addr to[2] = { addr_host(1, PORT), addr_host(2, PORT) };

	*server = (struct end) { udp_socket(1), -1 };
	*client = (struct end) { udp_socket(0), -1 };
	checked(connect(server->in, &to[0].sa, addr_len()), "connect");
	checked(connect(client->in, &to[1].sa, addr_len()), "connect");
	server->out = server->in;
	client->out = client->in;
}

static void open_unix(struct end *client, struct end *server)
{
	int sv[2];

	checked(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), "socketpair");
	fix_buffers(sv[0]);
	fix_buffers(sv[1]);
	*client = (struct end) { sv[0], sv[0] };
	*server = (struct end) { sv[1], sv[1] };
}

static void open_pipes(struct end *client, struct end *server)
{
	int there[2], back[2];

	checked(pipe(there), "pipe");
	checked(pipe(back), "pipe");
	checked(fcntl(there[1], F_SETPIPE_SZ, 1 << 20), "F_SETPIPE_SZ");
	*client = (struct end) { back[0], there[1] };
	*server = (struct end) { there[0], back[1] };
}

void ends_open(struct end *client, struct end *server, enum subject s, unsigned int flags)
{
	if (s == UDP)
		open_udp(client, server);
	else if (s == UNIX)
		open_unix(client, server);
	else if (s == PIPE)
		open_pipes(client, server);
	else
		open_stream(client, server, s, flags);
}

void ends_close(struct end *e)
{
	close(e->in);
	if (e->out != e->in)
		close(e->out);
}

void ends_settle(enum subject s)
{
	/* Idle time takes no time */
	if (s & STREAMS)
		sleep_ms(stream_virtual_clock() ? 65 * 1000 : 100);
}

void end_write(struct end *e, const void *data, size_t len)
{
	while (len) {
		size_t n = checked(write(e->out, data, len), "write");

		data = (const uint8_t *)data + n;
		len -= n;
	}
}

void end_read(struct end *e, void *data, size_t len)
{
	while (len) {
		size_t n = checked(read(e->in, data, len), "read");

		if (!n)
			die("read: the end, with %zu octets to come", len);
		data = (uint8_t *)data + n;
		len -= n;
	}
}
