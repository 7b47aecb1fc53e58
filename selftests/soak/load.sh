#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In the virtual machine of scripts/soak: all kinds of load at once, again and
# again until the time is over.
#	load.sh [--few] SECONDS FOLDER-OF-THE-TESTS
# --few: one or two tests of each program.

set -u
few=
[[ $1 != --few ]] || { few=yes; shift; }
seconds=$1
tests=$2
end=$((SECONDS + seconds))

# Says what a program that failed has said.
once() {	# program, arguments
	local log=/tmp/soak-${1##*/}
	"$tests/$1" "${@:2}" >"$log" 2>&1 && return
	grep -v '^# *OK\|^ok ' "$log" | sed 's/^/  /'
	echo "$1 failed"
	return 1
}

again_and_again() {	# program, arguments
	local n=0
	while [[ $SECONDS -lt $end ]]; do
		once "$@" || return
		n=$((n + 1))
	done
	echo "$1: $n runs without a fault"
}

memory() { awk '/^(Slab|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo; }

before=$(memory)
jobs=()
FLOOD_KIB=16384 FLOOD_SECONDS=$seconds once socket/flood & jobs+=($!)
again_and_again integrity/impaired ${few:+-v all_5} & jobs+=($!)
again_and_again integrity/shapes ${few:+-v bursts} & jobs+=($!)
again_and_again socket/races ${few:+-t reuseport_members_leave -t edges} & jobs+=($!)

status=0
for job in "${jobs[@]}"; do
	wait "$job" || status=1
done

# What is left when all is over. Caches of the kernel's own are in it.
sleep 10
for file in /sys/kernel/slab/*/shrink; do
	echo 1 >"$file" 2>/dev/null
done
after=$(memory)
echo "slabs and per-CPU memory: $before KiB before, $after KiB after"
[[ $after -le $((before + 8192)) ]] || status=1
exit $status
