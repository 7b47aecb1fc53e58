#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ltcpize --bpf: programs that no preloaded library reaches. caddy and hey are
# written in Go and make their system calls themselves; busybox is static.

. "$(dirname "$0")/programs.sh"

programs busybox-static caddy hey

by_bpf() {	# namespace, command…
	ip netns exec "$1" "$LTCPIZE" --bpf "${@:2}"
}

setup() {
	grep -qsa update_socket_protocol /sys/kernel/btf/vmlinux ||
		skip "this kernel has no update_socket_protocol"
	mkdir -p "$WORK/www"
	random_file "$WORK/www/file" 1M
}

test_static() {
	start httpd by_bpf server busybox httpd -f -p "[::]:80" -h "$WORK/www"
	await 80
	each_family static_download
}
static_download() {
	rm -f "$WORK/copy"
	by_bpf client busybox wget -q -O "$WORK/copy" "http://$url/file"
	cmp "$WORK/www/file" "$WORK/copy"
}

test_go() {
	start caddy by_bpf server env HOME="$WORK" caddy file-server --listen :80 --root "$WORK/www"
	await 80
	each_family go_load
}
go_load() {
	by_bpf client hey -n 200 -c 20 "http://$url/file" >"$WORK/hey"
	grep -q '\[200\][[:space:]]*200 responses' "$WORK/hey" || { cat "$WORK/hey"; false; }
}

tap_run "$@"
