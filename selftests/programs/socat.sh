#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# socat and netcat: bulk each way, half-close, many connections.

. "$(dirname "$0")/programs.sh"

programs socat netcat-openbsd

setup() {
	random_file "$WORK/data" 4M
	rm -f "$WORK/got"*
}

same() { cmp "$WORK/data" "$1"; }

# What is sent up to the end of file comes back: socat shuts its half down
echoed() {
	client socat -t 60 - "TCP:$url:7" <"$WORK/data" >"$WORK/got"
	same "$WORK/got"
}
test_socat_echo() {
	start socat4 server socat TCP4-LISTEN:7,fork,reuseaddr,bind=10.0.0.2 EXEC:cat
	start socat6 server socat TCP6-LISTEN:7,fork,reuseaddr,ipv6only EXEC:cat
	await 7
	each_family echoed
}

many() {
	local i clients=()
	for i in {1..8}; do
		client socat -t 60 - "TCP:$url:7" <<<"number $i" >"$WORK/got$i" &
		clients+=($!)
	done
	wait "${clients[@]}"
	for i in {1..8}; do
		[[ $(<"$WORK/got$i") == "number $i" ]] || fail "number $i"
	done
}
test_socat_many() {
	start socat6 server socat TCP6-LISTEN:7,fork,reuseaddr,backlog=64 EXEC:cat
	await 7
	each_family many
}

# Whoever asks gets all of it; the server ends it, as a netcat that listens would with its peer
fetched() {
	server nc.openbsd -l -N "$host" 99 <"$WORK/data" >"$WORK/request" &
	wait_until listening
	client nc.openbsd "$host" 99 <<<"give" >"$WORK/got"
	wait $!
	same "$WORK/got"
	[[ $(<"$WORK/request") == give ]]
}
# Without a connection, which would be the one
listening() { on_server grep -q ':0063 .* 0A ' /proc/net/{l,}tcp /proc/net/{l,}tcp6; }
test_netcat() { each_family fetched; }

tap_run "$@"
