# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Tests in shell, reported as TAP. A script sources this file, defines its
# tests as functions test_…, and ends with:  tap_run "$@"
#
#	#!/bin/bash
#	. "$(dirname "$0")/../lib/tap.sh"
#	test_something() {
#		command_that_must_succeed
#		[[ $(answer) == 42 ]] || fail "the answer is $(answer)"
#	}
#	tap_run "$@"
#
# Each test runs in a subshell under 'set -e', so that any failing command
# fails it. 'setup' and 'teardown', if defined, run round each of them.
# 'skip REASON' ends a test without a verdict. script -t NAME runs one test,
# script -l lists them.

set -uo pipefail

fail() { echo "# $*"; exit 1; }
skip() { printf '%s\n' "$*" >"$TAP_REASON"; exit 4; }
note() { echo "# $*"; }

# Fails the test unless the command fails.
refused() {
	if "$@"; then
		fail "succeeded, but should not: $*"
	fi
}

# Waits until the command succeeds; 10 s by default (TAP_PATIENCE).
wait_until() {
	local left=$((${TAP_PATIENCE:-10} * 10))
	until "$@"; do
		((left-- > 0)) || fail "waited in vain for: $*"
		sleep 0.1
	done
}

# In the order of their definition.
tap_tests() {
	shopt -s extdebug
	declare -F | awk '$3 ~ /^test_/ { print $3 }' | while read -r name; do
		declare -F "$name"
	done | sort -k2n | awk '{ print substr($1, 6) }'
	shopt -u extdebug
}

tap_one() {
	set -e
	! declare -F setup >/dev/null || setup
	! declare -F teardown >/dev/null || trap teardown EXIT
	"test_$1"
}

tap_run() {
	local only='' name number=0 failed=0 status
	local names=()
	while getopts lt: option; do
		case $option in
		l) tap_tests; exit 0 ;;
		t) only=$OPTARG ;;
		*) echo "usage: $0 [-l | -t TEST]" >&2; exit 2 ;;
		esac
	done
	while read -r name; do
		[[ $only && $only != "$name" ]] || names+=("$name")
	done < <(tap_tests)
	TAP_REASON=$(mktemp)
	echo "TAP version 13"
	echo "1..${#names[@]}"
	for name in ${names[@]+"${names[@]}"}; do
		number=$((number + 1))
		set +e
		(tap_one "$name") </dev/null 2>&1
		status=$?
		case $status in
		0) echo "ok $number $name" ;;
		4) echo "ok $number $name # SKIP $(cat "$TAP_REASON")" ;;
		*)
			echo "# $name: exit status $status"
			echo "not ok $number $name"
			failed=1
			;;
		esac
	done
	rm -f "$TAP_REASON"
	exit $failed
}
