#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A second of wrk's load on nginx.

. "$(dirname "$0")/programs.sh"
. "$(dirname "$0")/nginx_server.sh"

programs nginx openssl wrk

load() {
	local requests
	echo hello >"$WORK/www/small"
	client wrk -t 2 -c 32 -d 1 "http://$url/small" >"$WORK/wrk"
	refused grep -E 'Socket errors|Non-2xx' "$WORK/wrk"
	requests=$(sed -nE 's/^ *([0-9]+) requests in .*/\1/p' "$WORK/wrk")
	note "wrk: $requests requests in a second"
	[[ $requests -gt 500 ]]
}
test_load() { each_family load; }

tap_run "$@"
