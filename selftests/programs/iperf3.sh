#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# iperf3, and what it says of itself as JSON.

. "$(dirname "$0")/programs.sh"

programs iperf3

MIB=8

setup() {
	start iperf3 server iperf3 -s
	await 5201
}

# At least so many octets arrived, in each of the directions
received() {	# octets, sums…
	python3 - "$WORK/json" "$@" <<-'END'
		import json, sys
		result = json.load(open(sys.argv[1]))
		assert "error" not in result, result["error"]
		for name in sys.argv[3:]:
		    total = result["end"][name]
		    print("#", name, total["bytes"], "octets,", int(total["bits_per_second"] / 1e6), "Mbit/s")
		    assert total["bytes"] >= int(sys.argv[2]), total
	END
}

run() {	# options, octets, sums…
	local options=$1
	shift
	# shellcheck disable=SC2086 # several options
	client iperf3 -c "$host" -J $options >"$WORK/json" || { cat "$WORK/json"; false; }
	received "$@"
}

by_amount() {	# options
	run "-n ${MIB}M $1" $((MIB << 20)) sum_sent
	# A little less: the end is told by another connection
	received $(((MIB << 20) * 9 / 10)) sum_received
}
test_forward() { each_family by_amount ""; }
test_reverse() { each_family by_amount "-R"; }
test_parallel() { each_family by_amount "-P 8"; }
# It ends when the faster direction has its amount
test_both_ways() { each_family run "-n ${MIB}M --bidir" 500000 sum_received sum_received_bidir_reverse; }

tap_run "$@"
