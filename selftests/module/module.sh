#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Loading, parameters and unloading of ltcp.ko.

. "$(dirname "$0")/../lib/tap.sh"

TOP=$(cd "$(dirname "$0")/../.." && pwd)
KO=${LTCP_KO-}

setup() {
	[[ $KO ]] || fail "this runs in the virtual machine: make test SUITE=module"
	[[ ! -d /sys/module/ltcp ]] || rmmod ltcp
}

teardown() {
	# The next test, and the runner, want to find it as it was.
	[[ ! -d /sys/module/ltcp ]] || "$TOP/scripts/unload" || true
	insmod "$KO" || true
}

# Has a child hold (or serve, or …) a socket; $holder is its pid.
hold_socket() {	# protocol, how
	sockets "${2-hold}" "$1" >/tmp/holder.out 2>&1 &
	holder=$!
	wait_until grep -q . /tmp/holder.out
	grep -q open /tmp/holder.out || fail "no socket: $(tail -n 1 /tmp/holder.out)"
}

opens() { sockets open "$1"; }

# Is IPv6 switched off here (a pass of suite.conf)?
without_ipv6() { [[ ! -e /proc/sys/net/ipv6 ]]; }

# Loading with that number must be refused, and the log must say why.
refuses_protocol() {
	local mark="mark-$1-$RANDOM"
	echo "$mark" >/dev/kmsg
	refused insmod "$KO" "protocol=$1"
	[[ ! -d /sys/module/ltcp ]] || fail "loaded with protocol=$1"
	dmesg | sed "1,/$mark/d" | grep -i 'ltcp.*protocol' || fail "no reason in the kernel log for $1"
}

test_load_and_unload() {
	insmod "$KO"
	[[ -d /sys/module/ltcp ]]
	rmmod ltcp
	[[ ! -d /sys/module/ltcp ]]
}

test_default_protocol() {
	insmod "$KO"
	[[ $(</sys/module/ltcp/parameters/protocol) == 253 ]]
	opens 253
}

test_other_protocol() {
	insmod "$KO" protocol=254
	[[ $(</sys/module/ltcp/parameters/protocol) == 254 ]]
	opens 254
	refused opens 253
}

test_ipv6_where_it_is() {
	insmod "$KO"
	[[ -e /proc/net/ltcp ]]
	if without_ipv6; then
		[[ ! -e /proc/net/ltcp6 ]]
		refused sockets open6 253
	else
		[[ -e /proc/net/ltcp6 ]]
		sockets open6 253
		hold_socket 253 hold6
		refused rmmod ltcp
		kill "$holder"
		wait "$holder" || true
	fi
	sockets connect 253
}

test_refuses_taken_protocols() {
	local number
	for number in 1 6 17; do
		refuses_protocol $number
	done
}

test_refuses_reserved_protocols() {
	local number
	for number in 0 255 256 1000 -1; do
		refuses_protocol $number
	done
}

test_open_socket_pins_module() {
	insmod "$KO"
	hold_socket 253
	refused rmmod ltcp
	[[ -d /sys/module/ltcp ]]
	kill "$holder"
	wait "$holder" || true
	rmmod ltcp
}

test_unload_script() {
	insmod "$KO"
	"$TOP/scripts/unload"
	[[ ! -d /sys/module/ltcp ]]
	"$TOP/scripts/unload" # not loaded: fine
}

test_unload_script_ends_a_server() {
	insmod "$KO"
	hold_socket 253 serve
	refused rmmod ltcp
	"$TOP/scripts/unload"
	[[ ! -d /sys/module/ltcp ]]
	refused wait "$holder"
}

test_unload_script_names_who_is_in_the_way() {
	insmod "$KO"
	hold_socket 253 serve
	kill -STOP "$holder"
	refused "$TOP/scripts/unload" >/tmp/unload.out 2>&1
	cat /tmp/unload.out
	kill -KILL "$holder"
	grep -q 'still in use' /tmp/unload.out
	grep -q "^  $holder sockets serve" /tmp/unload.out
}

test_unload_script_takes_what_builds_on_it() {
	insmod "$KO"
	insmod "${KO%/*}/ltcp_cong_example.ko"
	"$TOP/scripts/unload" 2>&1 | grep -x 'also unloaded: ltcp_cong_example'
	[[ ! -d /sys/module/ltcp && ! -d /sys/module/ltcp_cong_example ]]
}

test_unload_script_after_connection() {
	insmod "$KO"
	sockets connect 253
	"$TOP/scripts/unload"
	[[ ! -d /sys/module/ltcp ]]
}

# By the clock of the guest, in which 2MSL is a minute; 'make soak' has more of them
test_unloads_with_a_crowd_in_time_wait() {
	local before
	insmod "$KO"
	echo 1000000 >/proc/sys/net/ipv4/ltcp_max_timewait
	CROWD=${CROWD-2000} sockets crowd 253
	[[ $(grep -c ' 06 ' /proc/net/ltcp) -ge ${CROWD-2000} ]]
	before=$EPOCHSECONDS
	rmmod ltcp
	[[ $((EPOCHSECONDS - before)) -le 5 ]]
}

test_many_loads() {
	for _ in 1 2 3 4 5; do
		insmod "$KO"
		opens 253
		rmmod ltcp
	done
}

tap_run "$@"
