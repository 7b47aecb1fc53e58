# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts of this folder share. Source it; it sets no options itself.

LTCP_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
LTCP_BUILD=$LTCP_TOP/build
LTCP_CACHE=${LTCP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ltcp}
# shellcheck disable=SC2034 # used by those who source this file
LTCP_DEBIAN_KERNELS="6.1 6.12"
LTCP_DEFAULT_KERNEL=6.1

say() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Run a command as root, through sudo if need be.
as_root() {
	if [[ $(id -u) -eq 0 ]]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "'$*' needs root: run it as root, or install sudo"
	fi
}

# The folder of a kernel to build against and boot: vmlinux, headers/, …
# Fetched on first use; only its path goes to standard output.
kernel_dir() {
	case $1 in
	debug)
		"$LTCP_TOP/scripts/debug-kernel" path ||
			die "the debug kernel is not built yet: run 'make debug-kernel' first (it takes a while, once)"
		;;
	*)
		"$LTCP_TOP/scripts/kernel" fetch "$1"
		;;
	esac
}

# Splats: what a kernel says when something is wrong with it. One extended
# regular expression, matched against the lines of the kernel log.
ltcp_splat_regex() {
	local parts=(
		'BUG: ' 'kernel BUG at' 'WARNING: ' 'Oops: ' 'Kernel panic'
		'general protection fault' 'KASAN:' 'UBSAN:' 'KCSAN:' 'KFENCE:'
		'possible (circular locking|recursive locking|irq lock inversion|interrupt unsafe)'
		'inconsistent lock state' 'INFO: trying to register non-static key'
		'INFO: task .* blocked for more than' 'rcu.*(self-detected stall|detected stalls)'
		'soft lockup' 'hard LOCKUP' 'unreferenced object' 'new suspected memory leaks'
		'refcount_t:' 'suspicious RCU' 'sleeping function called from invalid context'
		'scheduling while atomic' 'ODEBUG:' 'Bad page state' 'list_(add|del) corruption'
		'Objects remaining in' 'unregister_netdevice: waiting for' 'invalid opcode:'
		'DEBUG_LOCKS_WARN_ON' 'Attempt to release alive' 'ref_tracker:'
	)
	local IFS='|'
	printf '%s\n' "${parts[*]}"
}
