# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Unmodified programs over LTCP. A test sources this file and says what packages
# it needs,
#	programs nginx curl
# in a line of its own: scripts/unpack fetched those that are not installed. Their
# files then are where they would be, and two hosts exist, joined by a cable:
# namespaces 'client' (10.0.0.1, fd00::1) and 'server' (10.0.0.2, fd00::2).

. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

# PROGRAMS_OVER=TCP says whether a failure is LTCP's
LTCPIZE=$LTCP_TOP/tools/ltcpize
[[ ${PROGRAMS_OVER-} != TCP ]] || LTCPIZE=/usr/bin/env
WORK=/run/ltcp-programs/$(basename "$0" .sh)
PATH=$PATH:/sbin:/usr/sbin

# A mount namespace of the script's own, in which the packages are installed
install_packages() {	# packages…
	local package folder lower=
	for package in "$@"; do
		folder=$LTCP_CACHE/packages/$package
		[[ ! -d $folder ]] || lower+=$folder/usr:
	done
	[[ ! $lower ]] || mount -t overlay -o "ro,lowerdir=${lower}/usr" packages /usr
}

make_hosts() {
	local host name
	ip netns add client
	ip netns add server
	ip link add eth0 netns client type veth peer name eth0 netns server
	for host in 1 2; do
		[[ $host == 1 ]] && name=client || name=server
		ip -n $name -batch - <<-END
			link set lo up
			address add 10.0.0.$host/24 dev eth0
			address add fd00::$host/64 dev eth0 nodad
			link set eth0 up
		END
	done
}

leave_hosts() {
	local name
	for name in client server; do
		ip netns pids $name 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
		ip netns del $name 2>/dev/null || true
	done
}

programs() {	# packages…
	[[ ${ARGS[*]} != *-l* ]] || return 0
	[[ ${LTCP_VM-} ]] || { echo "this runs in the virtual machine: make test SUITE=programs" >&2; exit 1; }
	if [[ ! ${PROGRAMS_INSIDE-} ]]; then
		PROGRAMS_INSIDE=1 exec unshare -m "$0" ${ARGS[@]+"${ARGS[@]}"}
	fi
	rm -rf "$WORK"
	mkdir -p "$WORK"
	trap leave_hosts EXIT
	if ! install_packages "$@" || ! make_hosts; then
		echo "the packages or the hosts could not be set up" >&2
		exit 1
	fi
}
ARGS=("$@")

on_client() { ip netns exec client "$@"; }
on_server() { ip netns exec server "$@"; }
client() { on_client "$LTCPIZE" "$@"; }
server() { on_server "$LTCPIZE" "$@"; }

# Starts a server that stays in the foreground; its words are shown if the test fails.
start() {	# name, command…
	"${@:2}" >"$WORK/$1.log" 2>&1 </dev/null &
	STARTED+=($!)
	LOGS+=("$WORK/$1.log")
}
STARTED=()
LOGS=()

teardown() {
	local status=$? log
	[[ ${#STARTED[@]} == 0 ]] || kill "${STARTED[@]}" 2>/dev/null || true
	for log in ${LOGS[@]+"${LOGS[@]}"}; do
		[[ $status == 0 || $status == 4 ]] || sed "s|^|# ${log##*/}: |" "$log"
	done
	ip netns pids server | xargs -r kill 2>/dev/null || true
	ip netns pids client | xargs -r kill 2>/dev/null || true
	wait
}

# Does something listen on a port of the server's, over LTCP?
listens() {	# address, port
	client bash -c ": >/dev/tcp/$1/$2" 2>/dev/null
}

await() {	# port
	wait_until listens 10.0.0.2 "$1"
	wait_until listens fd00::2 "$1"
}

# Runs a function with each of the server's addresses: $host, and $url as in a URL.
each_family() {	# function, arguments…
	local host url
	for host in 10.0.0.2 fd00::2; do
		url=$host
		[[ $host != *:* ]] || url=[$host]
		"$@"
		note "$1 ${*:2} $host: done"
	done
	only_ltcp
}

count() {	# namespace, file, counter
	# shellcheck disable=SC2016 # awk's
	ip netns exec "$1" awk -v name="$3" '
		$1 == name { print $2 }
		$1 != "Tcp:" { next }
		!seen { for (i = 2; i <= NF; i++) if ($i == name) seen = i; next }
		{ print $seen }' "/proc/net/$2"
}

# The programs used LTCP, and nobody the system's TCP.
only_ltcp() {
	local name
	[[ $LTCPIZE != /usr/bin/env ]] || return 0
	for name in client server; do
		[[ $(count $name snmp ActiveOpens) == 0 ]] || fail "the $name opened TCP connections"
		[[ $(count $name snmp InSegs) == 0 ]] || fail "the $name got TCP segments"
	done
	[[ $(count server ltcp_stat PassiveOpens) -gt 0 ]] || fail "no connection was LTCP's"
}

random_file() {	# path, size
	[[ -e $1 ]] || head -c "$2" /dev/urandom >"$1"
}

digest() {
	python3 -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
}
