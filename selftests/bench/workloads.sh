#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The benchmark's workloads run over LTCP and over TCP, and its report judges
# what is to be judged. Nothing is measured here.

. "$(dirname "$0")/../lib/tap.sh"

HERE=$(cd "$(dirname "$0")" && pwd)
LOAD=$HERE/../../build/selftests/bench/load

# Each prints a sample, a number above zero.
runs() {	# workload, subjects (ltcp tcp)
	local lines subject
	lines=$("$LOAD" -q -r 1 -s ltcp -s tcp "$1") || fail "$1 failed"
	for subject in ${2:-ltcp tcp}; do
		awk -v name="$1" -v subject=$subject '
			$1 == "sample" && $2 == name && $3 == subject && $5 > 0 { found = 1 }
			END { exit !found }' <<<"$lines" || fail "no sample of $1 over $subject: $lines"
	done
}

test_bursts() {
	for workload in burst-{64,1460,16k,128k}{,-nogso}; do
		runs $workload
	done
}

test_requests() {
	runs rr-1
	runs rr-1k
}

test_connections() {
	runs crr
	runs connect-close
}

test_memory() {
	for workload in mem-established mem-timewait mem-halfopen; do
		runs $workload
	done
}

test_strangers() {
	for workload in syn-cookie syn-closed-port ack-stray; do
		runs $workload
	done
	runs siege
}

test_goodput() {
	for workload in goodput-clean goodput-loss-1in100 goodput-loss-1% goodput-reorder share; do
		runs $workload
	done
}

test_two_processes() {
	runs bulk-16k
	runs pp-1
}

test_scale() {
	runs scale-100 ltcp
}


# --- the report ---------------------------------------------------------------

samples() {	# LTCP, TCP, and TCP once more, of rr-1
	local repetition
	echo "workload rr-1 instructions/transaction"
	for repetition in 0 1 2 3; do
		# The first counts for nothing.
		[[ $repetition != 0 ]] || echo "sample rr-1 ltcp 0 99999 99999"
		[[ $repetition == 0 ]] || echo "sample rr-1 ltcp $repetition $1 $1"
		echo "sample rr-1 tcp $repetition $2 $2"
		echo "sample rr-1 control $repetition $3 $3"
	done
}

report() { python3 "$HERE/report.py" "$@"; }

test_report_met() {
	samples 90 100 101 | report | grep -E '^rr-1 .* 0\.900 +0\.0% +0\.93 +met +1\.010'
}

test_report_missed() {
	samples 94 100 100 | report | grep -E '^rr-1 .* 0\.940 .* missed'
}

test_report_void() {
	local file
	file=$(mktemp -u)
	refused report --json "$file" < <(samples 90 100 102)
	[[ ! -e $file ]] || fail "a void run left a file"
}

test_report_file() {
	samples 90 100 100 | report --json /dev/stderr 2>&1 >/dev/null | python3 -c '
import json, sys
assert json.load(sys.stdin) == [{"workload": "rr-1", "peer": "tcp",
	"unit": "instructions/transaction", "ltcp": 90, "reference": 100,
	"ratio": 0.9, "spread": 0}]'
}

tap_run "$@"
