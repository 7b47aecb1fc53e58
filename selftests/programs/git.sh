#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# git over git://: clone, push, fetch.

. "$(dirname "$0")/programs.sh"

programs git

export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=init.defaultBranch GIT_CONFIG_VALUE_0=main

new_commit() {	# folder, size
	head -c "$2" /dev/urandom >"$1/file$RANDOM"
	git -C "$1" add .
	git -C "$1" commit -q -m "$2 octets"
}

setup() {
	rm -rf "$WORK/source" "$WORK/base"
	git init -q "$WORK/source"
	new_commit "$WORK/source" 1000000
	new_commit "$WORK/source" 1000
	git clone -q --bare "$WORK/source" "$WORK/base/project.git"
	start daemon server git daemon --reuseaddr --export-all --enable=receive-pack \
		--listen=10.0.0.2 --listen=fd00::2 --base-path="$WORK/base"
	await 9418
}

head_of() { git -C "$1" rev-parse main; }

round() {
	rm -rf "$WORK/clone" "$WORK/other"
	client git clone -q "git://$url/project.git" "$WORK/clone"
	client git clone -q "git://$url/project.git" "$WORK/other"
	new_commit "$WORK/clone" 300000
	client git -C "$WORK/clone" push -q origin main
	client git -C "$WORK/other" pull -q
	[[ $(head_of "$WORK/other") == "$(head_of "$WORK/clone")" ]]
	[[ $(head_of "$WORK/base/project.git") == "$(head_of "$WORK/clone")" ]]
	git -C "$WORK/other" fsck --strict
}
test_clone_push_pull() { each_family round; }

tap_run "$@"
