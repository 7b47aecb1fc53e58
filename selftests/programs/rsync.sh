#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rsync and its own daemon: a tree each way, then only what changed.

. "$(dirname "$0")/programs.sh"

programs rsync

setup() {
	mkdir -p "$WORK/tree/deep/er" "$WORK/module"
	random_file "$WORK/tree/big" 4M
	local i
	for i in {1..50}; do
		random_file "$WORK/tree/deep/er/$i" 3000
	done
	cat >"$WORK/rsyncd.conf" <<-END
		use chroot = no
		uid = root
		gid = root
		[tree]
		path = $WORK/module
		read only = no
	END
	start daemon4 server rsync --daemon --no-detach --config="$WORK/rsyncd.conf" --address=10.0.0.2
	start daemon6 server rsync --daemon --no-detach --config="$WORK/rsyncd.conf" --address=fd00::2
	await 873
}

same_tree() { diff -r "$WORK/tree" "$1"; }

both_ways() {
	rm -rf "$WORK/module"/* "$WORK/back"
	client rsync -a "$WORK/tree/" "rsync://$url/tree/"
	same_tree "$WORK/module"
	client rsync -a "rsync://$url/tree/" "$WORK/back"
	same_tree "$WORK/back"
	# An octet in the middle: its block goes, and not the rest
	printf x | dd of="$WORK/tree/big" bs=1 seek=2000000 conv=notrunc status=none
	touch -d "now + $RANDOM seconds" "$WORK/tree/big"
	client rsync -a --stats "$WORK/tree/" "rsync://$url/tree/" >"$WORK/stats"
	same_tree "$WORK/module"
	[[ $(sed -n 's/^Literal data: \([0-9,]*\).*/\1/p' "$WORK/stats" | tr -d ,) -lt 10000 ]] ||
		{ cat "$WORK/stats"; false; }
}
test_tree() { each_family both_ways; }

tap_run "$@"
