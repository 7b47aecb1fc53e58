#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Congestion control by name: sysctls, TCP_CONGESTION, modules.

. "$(dirname "$0")/../lib/tap.sh"

KO=${LTCP_KO-}
EXAMPLE=${KO%/*}/ltcp_cong_example.ko
SYSCTL=/proc/sys/net/ipv4

setup() {
	[[ $KO ]] || fail "this runs in the virtual machine: make test SUITE=cong"
}

teardown() {
	echo cubic >$SYSCTL/ltcp_congestion_control
	wait_until unload
	ip netns del blue 2>/dev/null || true
}

unload() { [[ ! -d /sys/module/ltcp_cong_example ]] || rmmod ltcp_cong_example 2>/dev/null; }

expect() {	# what, command
	local want=$1 got
	shift
	got=$("$@" 2>&1) || true
	[[ $got == "$want" ]] || fail "'$*' says '$got', should say '$want'"
}

setting() { expect "$2" cat "$SYSCTL/ltcp_$1"; }

users() { cut -d' ' -f3 <(grep ^ltcp_cong_example /proc/modules); }

test_default() {
	setting congestion_control cubic
	expect cubic transfer default
	for name in cubic reno; do
		grep -qw $name $SYSCTL/ltcp_available_congestion_control
		grep -qw $name $SYSCTL/ltcp_allowed_congestion_control
	done
	echo reno >$SYSCTL/ltcp_congestion_control
	setting congestion_control reno
	expect reno transfer default
}

test_unknown_names_are_refused() {
	local long=abcdefghijklmnopqrstuvwxyz
	expect "No such file or directory" transfer choose nonsense
	expect "No such file or directory" transfer choose $long
	expect "No such file or directory" transfer choose cubi
	refused sh -c "echo nonsense >$SYSCTL/ltcp_congestion_control" 2>/dev/null
	refused sh -c "echo 'reno nonsense' >$SYSCTL/ltcp_allowed_congestion_control" 2>/dev/null
	refused sh -c "echo reno >$SYSCTL/ltcp_available_congestion_control" 2>/dev/null
	setting congestion_control cubic
	grep -qw cubic $SYSCTL/ltcp_allowed_congestion_control
}

test_choice_by_socket() {
	expect reno transfer choose reno
	expect reno transfer user reno
	for address in 127.0.0.1 ::1 ::ffff:127.0.0.1; do
		expect "$(printf 'reno\nreno')" transfer send reno 1000000 $address
	done
}

test_namespaces() {
	ip netns add blue
	ip netns exec blue sh -c "echo reno >$SYSCTL/ltcp_congestion_control"
	expect reno ip netns exec blue transfer default
	expect cubic transfer default
	refused ip netns exec blue sh -c "echo reno >$SYSCTL/ltcp_allowed_congestion_control" 2>/dev/null
	ip netns del blue
	# A new one begins with what the first one uses
	echo reno >$SYSCTL/ltcp_congestion_control
	ip netns add blue
	expect reno ip netns exec blue transfer default
}

test_example_module() {
	insmod "$EXAMPLE"
	grep -qw example $SYSCTL/ltcp_available_congestion_control
	expect "$(printf 'example\nexample')" transfer send example 5000000
	[[ $(</sys/module/ltcp_cong_example/parameters/connections) == 2 ]]
	wait_until rmmod ltcp_cong_example
	refused grep -qw example $SYSCTL/ltcp_available_congestion_control
	expect "No such file or directory" transfer choose example
}

test_restricted() {
	insmod "$EXAMPLE"
	refused grep -qw example $SYSCTL/ltcp_allowed_congestion_control
	expect "Operation not permitted" transfer user example
	expect example transfer choose example
	echo "cubic reno example" >$SYSCTL/ltcp_allowed_congestion_control
	expect example transfer user example
	echo "cubic  reno" >$SYSCTL/ltcp_allowed_congestion_control
	setting allowed_congestion_control "cubic reno"
	expect "Operation not permitted" transfer user example
}

test_unload_is_refused_while_in_use() {
	insmod "$EXAMPLE"
	transfer hold example >/tmp/hold.out &
	wait_until grep -q example /tmp/hold.out
	[[ $(users) == 1 ]]
	refused rmmod ltcp_cong_example 2>/dev/null
	kill $!
	wait_until rmmod ltcp_cong_example
}

test_unload_is_refused_while_default() {
	insmod "$EXAMPLE"
	echo example >$SYSCTL/ltcp_congestion_control
	refused rmmod ltcp_cong_example 2>/dev/null
	ip netns add blue
	[[ $(users) == 2 ]]
	echo cubic >$SYSCTL/ltcp_congestion_control
	refused rmmod ltcp_cong_example 2>/dev/null
	ip netns del blue
	wait_until rmmod ltcp_cong_example
}

test_name_is_taken() {
	insmod "$EXAMPLE"
	# The same under another module's name
	refused insmod "$EXAMPLE" 2>/dev/null
	[[ $(grep -ow example $SYSCTL/ltcp_available_congestion_control | wc -l) == 1 ]]
}

test_loaded_on_demand() {
	local old
	old=$(</proc/sys/kernel/modprobe)
	# shellcheck disable=SC2016 # the script that is written expands them
	printf '#!/bin/sh\necho "$*" >>/tmp/modprobe.log\n[ "$3" != ltcp_cong_example ] || insmod %s\n' \
		"$EXAMPLE" >/tmp/modprobe
	chmod +x /tmp/modprobe
	echo /tmp/modprobe >/proc/sys/kernel/modprobe
	expect "No such file or directory" transfer user example
	expect example transfer choose example
	echo "$old" >/proc/sys/kernel/modprobe
	grep -q ltcp_cong_example /tmp/modprobe.log
}

tap_run "$@"
