#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tools/ltcpize: programs that know nothing of LTCP run over it.

. "$(dirname "$0")/../lib/tap.sh"

TOP=$(cd "$(dirname "$0")/../.." && pwd)
LTCPIZE=$TOP/tools/ltcpize
PORT=8123

setup() {
	protocol=$(cat /sys/module/ltcp/parameters/protocol) || fail "ltcp is not loaded"
	dir=$(mktemp -d)
	server=
}

teardown() {
	[[ ! $server ]] || kill "$server" 2>/dev/null || true
	rm -rf "$dir"
}

# What protocol does a Python program get that asks for socket(…)?
protocol_of() {	# arguments of socket.socket()
	"$LTCPIZE" python3 -c "
from socket import *
print(socket($1).getsockopt(SOL_SOCKET, 38))"
}

listening() {
	"$LTCPIZE" python3 -c "
import socket
socket.create_connection(('127.0.0.1', $PORT), 1).close()" 2>/dev/null
}

serve_files() {
	head -c 300000 /dev/urandom >"$dir/file"
	(cd "$dir" && exec "$LTCPIZE" python3 -m http.server --bind 127.0.0.1 $PORT) >"$dir/log" 2>&1 &
	server=$!
	wait_until listening
}

test_help() {
	"$LTCPIZE" --help | grep -q '^usage: ltcpize'
}

test_usage_errors() {
	local status=0
	"$LTCPIZE" 2>"$dir/err" || status=$?
	[[ $status == 125 ]] || fail "exit status $status without a command"
	status=0
	"$LTCPIZE" --nonsense true 2>"$dir/err" || status=$?
	[[ $status == 125 ]] || fail "exit status $status for an unknown option"
	grep -q nonsense "$dir/err"
	status=0
	"$LTCPIZE" /no/such/command 2>"$dir/err" || status=$?
	[[ $status == 125 ]] || fail "exit status $status without such a command"
	grep -q /no/such/command "$dir/err"
}

test_exit_status_is_passed_on() {
	local status=0
	"$LTCPIZE" sh -c 'exit 7' || status=$?
	[[ $status == 7 ]]
}

test_arguments_are_passed_on() {
	[[ $("$LTCPIZE" -- printf '%s|' 'a b' '' '*' -v) == 'a b||*|-v|' ]]
}

test_stream_sockets_change() {
	[[ $(protocol_of '') == "$protocol" ]]
	[[ $(protocol_of 'AF_INET, SOCK_STREAM, IPPROTO_TCP') == "$protocol" ]]
	[[ $(protocol_of 'AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC') == "$protocol" ]]
}

test_other_sockets_do_not() {
	[[ $(protocol_of 'AF_INET, SOCK_DGRAM') == 17 ]]
	[[ $(protocol_of 'AF_UNIX, SOCK_STREAM') == 0 ]]
	[[ $(protocol_of 'AF_INET, SOCK_RAW, IPPROTO_ICMP') == 1 ]]
}

test_flags_are_kept() {
	"$LTCPIZE" python3 -c "
import fcntl, os, socket
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
assert fcntl.fcntl(s, fcntl.F_GETFL) & os.O_NONBLOCK
assert fcntl.fcntl(s, fcntl.F_GETFD) & fcntl.FD_CLOEXEC"
}

# LTCP's, or TCP's as long as LTCP does not offer the family
test_ipv6() {
	local got
	got=$(protocol_of 'AF_INET6, SOCK_STREAM')
	[[ $got == "$protocol" || $got == 6 ]] || fail "protocol $got"
	[[ $got == 6 ]] || return 0
	"$LTCPIZE" -v python3 -c 'import socket; socket.socket(socket.AF_INET6)' 2>&1 | grep INET6
	[[ ! $("$LTCPIZE" python3 -c 'import socket; socket.socket(socket.AF_INET6)' 2>&1) ]]
}

test_children_inherit() {
	[[ $("$LTCPIZE" sh -c 'sh -c "python3 -c \"
import socket
print(socket.socket().getsockopt(socket.SOL_SOCKET, 38))\""') == "$protocol" ]]
}

# By posix_spawn() and exec with an environment that names the library; not without
test_children_need_the_environment() {
	local ask='import socket; print(socket.socket().getsockopt(socket.SOL_SOCKET, 38))'
	[[ $(ASK=$ask "$LTCPIZE" python3 -c "
import os, sys
args = ['python3', '-c', os.environ['ASK']]
os.waitpid(os.posix_spawn(sys.executable, args, os.environ), 0)") == "$protocol" ]]
	[[ $("$LTCPIZE" env -i "$(command -v python3)" -c "$ask") == 6 ]]
	! has_hook || [[ $("$LTCPIZE" --bpf env -i "$(command -v python3)" -c "$ask") == "$protocol" ]]
}

# What no preloaded library reaches runs, but not in silence
test_out_of_reach() {
	[[ $(LC_ALL=C ldd /bin/busybox 2>&1) == *'not a dynamic'* ]] || skip "there is no static program"
	[[ $("$LTCPIZE" /bin/busybox echo here 2>"$dir/err") == here ]]
	grep '^ltcpize: /bin/busybox is static' "$dir/err"
	cp /bin/true "$dir/raised"
	chmod 4755 "$dir/raised"
	"$LTCPIZE" "$dir/raised" 2>"$dir/err"
	[[ ! -s $dir/err ]]	# it is its user's own
	chown nobody "$dir/raised"
	chmod 4755 "$dir/raised"
	"$LTCPIZE" "$dir/raised" 2>"$dir/err"
	grep 'raised is set-uid' "$dir/err"
	"$LTCPIZE" sh -c 'exit 0' 2>"$dir/err"
	[[ ! -s $dir/err ]]
}

test_preloads_are_kept() {
	local library
	library=$(ldd /bin/bash | awk '/libc\.so/ { print $3 }')
	LD_PRELOAD=$library "$LTCPIZE" sh -c 'echo $LD_PRELOAD' | grep ":$library\$"
}

test_names_resolve_as_before() {
	local ask='import socket; print(sorted(socket.getaddrinfo("localhost", 80)))'
	[[ $("$LTCPIZE" python3 -c "$ask") == "$(python3 -c "$ask")" ]]
}

test_module_missing() {
	local status=0
	unshare -m sh -c 'mount -t tmpfs none /sys/module && exec "$@"' - "$LTCPIZE" true 2>"$dir/err" ||
		status=$?
	[[ $status == 125 ]] || fail "exit status $status"
	grep 'not loaded' "$dir/err"
}

test_library_missing() {
	local status=0
	cp "$LTCPIZE" "$dir/ltcpize"
	LTCP_BUILD=$dir "$dir/ltcpize" true 2>"$dir/err" || status=$?
	[[ $status == 125 ]] || fail "exit status $status"
	grep 'make tools' "$dir/err"
}

test_http() {
	serve_files
	"$LTCPIZE" python3 -c "
import urllib.request
print(urllib.request.urlopen('http://127.0.0.1:$PORT/file').read() == open('$dir/file', 'rb').read())" |
		grep True
	# There is no such server in TCP's world
	refused python3 -c "
import socket
socket.create_connection(('127.0.0.1', $PORT), 1)" 2>/dev/null
}

test_curl() {
	command -v curl >/dev/null || skip "curl is not installed"
	serve_files
	"$LTCPIZE" curl -sS -o "$dir/copy" "http://127.0.0.1:$PORT/file"
	cmp "$dir/file" "$dir/copy"
	# Several at once
	"$LTCPIZE" curl -sS --parallel -o "$dir/copy#1" "http://127.0.0.1:$PORT/file?[1-8]" 2>&1
	local copy
	for copy in "$dir"/copy[1-8]; do
		cmp "$dir/file" "$copy"
	done
}

# --- by BPF ------------------------------------------------------------------

has_hook() { grep -qsa update_socket_protocol /sys/kernel/btf/vmlinux; }

needs_hook() { has_hook || skip "this kernel has no such hook"; }

groups_left() { find /sys/fs/cgroup -name 'ltcpize-*' | grep -c . || true; }

no_group_left() { [[ $(groups_left) == 0 ]]; }

# Kernels without the hook say so, and run nothing
test_bpf_without_hook() {
	! has_hook || skip "this kernel has the hook"
	local status=0
	"$LTCPIZE" --bpf touch "$dir/ran" 2>"$dir/err" || status=$?
	[[ $status == 125 ]] || fail "exit status $status"
	grep 'no hook' "$dir/err"
	[[ ! -e $dir/ran ]]
	no_group_left
}

# As by preload, but it is not for the preloaded library that it works
bpf_protocol_of() {
	"$LTCPIZE" --bpf env -u LD_PRELOAD python3 -c "
from socket import *
print(socket($1).getsockopt(SOL_SOCKET, 38))"
}

test_bpf_sockets() {
	needs_hook
	[[ $(bpf_protocol_of '') == "$protocol" ]]
	[[ $(bpf_protocol_of 'AF_INET6, SOCK_STREAM') == "$protocol" ]]
	[[ $(bpf_protocol_of 'AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP') == "$protocol" ]]
	[[ $(bpf_protocol_of 'AF_INET, SOCK_DGRAM') == 17 ]]
	[[ $(bpf_protocol_of 'AF_UNIX, SOCK_STREAM') == 0 ]]
	[[ $(bpf_protocol_of 'AF_INET, SOCK_RAW, IPPROTO_ICMP') == 1 ]]
}

test_bpf_others_are_left_alone() {
	needs_hook
	"$LTCPIZE" --bpf sleep 1000 &
	local running=$!
	wait_until hooked
	[[ $(python3 -c 'import socket; print(socket.socket().getsockopt(socket.SOL_SOCKET, 38))') == 6 ]]
	# Several at a time; and where /sys is another (ip netns exec)
	unshare -m sh -c 'umount /sys/fs/cgroup && exec "$@"' - "$LTCPIZE" --bpf true
	[[ $(bpf_protocol_of '') == "$protocol" ]]
	kill $running
	wait $running || true
	wait_until no_group_left
}
hooked() { [[ $(cat /sys/fs/cgroup/ltcpize-*/cgroup.procs 2>/dev/null) ]]; }

# Its children stay in the group, and the group for as long as they do
test_bpf_children_inherit() {
	needs_hook
	mkfifo "$dir/go"
	"$LTCPIZE" --bpf sh -c "(cat '$dir/go'; python3 -c 'import socket
print(socket.socket().getsockopt(socket.SOL_SOCKET, 38))') >'$dir/orphan' &"
	echo >"$dir/go"
	wait_until grep -qx "$protocol" "$dir/orphan"
	wait_until no_group_left
}

test_bpf_status_and_arguments() {
	needs_hook
	local status=0
	"$LTCPIZE" --bpf sh -c 'exit 7' || status=$?
	[[ $status == 7 ]]
	[[ $("$LTCPIZE" -b -- printf '%s|' 'a b' '' '*' -v) == 'a b||*|-v|' ]]
	# No child of the command's that it does not know, no pipe kept open
	[[ $("$LTCPIZE" --bpf python3 -c '
import os
try:
    os.wait()
except ChildProcessError:
    print("childless")') == childless ]]
	wait_until no_group_left
}

test_bpf_is_for_root() {
	needs_hook
	local status=0
	setpriv --reuid=nobody --clear-groups "$LTCPIZE" --bpf true 2>"$dir/err" || status=$?
	[[ $status == 125 ]] || fail "exit status $status"
	grep '^ltcpize: ' "$dir/err"
}

tap_run "$@"
