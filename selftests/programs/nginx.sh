#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nginx serves curl.

. "$(dirname "$0")/programs.sh"
. "$(dirname "$0")/nginx_server.sh"

programs nginx curl openssl

download_64() {
	local copy
	rm -f "$WORK"/copy*
	client curl -sS --fail --parallel --parallel-immediate --parallel-max 64 \
		-o "$WORK/copy#1" "http://$url/file?[1-64]"
	for copy in "$WORK"/copy{1..64}; do
		cmp "$WORK/www/file" "$copy"
	done
}
test_64_parallel_downloads() { each_family download_64; }

keep_alive() {
	local connects
	connects=$(client curl -sS --fail -o /dev/null -w '%{num_connects} ' "http://$url/file?[1-8]")
	[[ $connects == "1 0 0 0 0 0 0 0 " ]] || fail "connections made: $connects"
}
test_keep_alive() { each_family keep_alive; }

range() {
	client curl -sSg --fail -r 100000-199999 -o "$WORK/range" "http://$url/file"
	cmp "$WORK/range" <(tail -c +100001 "$WORK/www/file" | head -c 100000)
}
test_range() { each_family range; }

tls() {
	client curl -sSg --fail --cacert "$WORK/cert" -o "$WORK/tls" "https://$url/file"
	cmp "$WORK/www/file" "$WORK/tls"
}
test_tls() { each_family tls; }

tap_run "$@"
