#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# OpenSSH: login by key, 64 MiB each way by scp, ports forwarded.

. "$(dirname "$0")/programs.sh"

programs openssh-server openssh-client curl

# The cipher that takes the fewest instructions
OPTIONS=(-F none -i "$WORK/id" -o "UserKnownHostsFile=$WORK/known" -o BatchMode=yes
	-o Ciphers=aes128-gcm@openssh.com -o GSSAPIAuthentication=no)

make_keys() {
	local host
	ssh-keygen -q -t ed25519 -N '' -f "$WORK/host"
	ssh-keygen -q -t ed25519 -N '' -f "$WORK/id"
	for host in 10.0.0.2 fd00::2; do
		echo "$host $(cut -d' ' -f1,2 "$WORK/host.pub")"
	done >"$WORK/known"
	cp "$WORK/id.pub" "$WORK/authorized"
}

setup() {
	mkdir -p /run/sshd
	grep -q ^sshd: /etc/passwd || echo "sshd:x:74:65534::/run/sshd:/usr/sbin/nologin" >>/etc/passwd
	[[ -e $WORK/id ]] || make_keys
	cat >"$WORK/sshd_config" <<-END
		ListenAddress 10.0.0.2
		ListenAddress fd00::2
		HostKey $WORK/host
		AuthorizedKeysFile $WORK/authorized
		PermitRootLogin yes
		StrictModes no
		UsePAM no
		PidFile none
		Subsystem sftp internal-sftp
	END
	start sshd server "$(command -v sshd)" -D -e -f "$WORK/sshd_config"
	await 22
}

login() {
	# shellcheck disable=SC2016 # the server's shell's
	[[ $(client ssh "${OPTIONS[@]}" "$host" 'echo "$SSH_CONNECTION"') == *" $host 22" ]]
	# The exit status is the command's, the key has to be the right one
	local status=0
	client ssh "${OPTIONS[@]}" "$host" 'exit 7' || status=$?
	[[ $status == 7 ]]
	refused client ssh "${OPTIONS[@]/%id/host}" "$host" true 2>/dev/null
}
test_login() { each_family login; }

copies() {
	random_file "$WORK/data" 64M
	client scp -q "${OPTIONS[@]}" "$WORK/data" "$url:$WORK/there"
	cmp "$WORK/data" "$WORK/there"
	client scp -q "${OPTIONS[@]}" "$url:$WORK/there" "$WORK/back"
	cmp "$WORK/data" "$WORK/back"
	rm "$WORK/there" "$WORK/back"
}
test_scp() { each_family copies; }

forwarded() {
	client ssh "${OPTIONS[@]}" -N -L "8080:$url:8000" "$host" &
	wait_until answers
	client curl -sS --fail --parallel --parallel-max 8 -o "$WORK/forwarded#1" \
		"http://127.0.0.1:8080/file?[1-8]"
	kill $!
	local copy
	for copy in "$WORK"/forwarded{1..8}; do
		cmp "$WORK/www/file" "$copy"
		rm "$copy"
	done
}
answers() { client curl -sS --fail -o /dev/null http://127.0.0.1:8080/file 2>/dev/null; }
test_port_forward() {
	mkdir -p "$WORK/www"
	random_file "$WORK/www/file" 500K
	start http server python3 -m http.server --bind :: --directory "$WORK/www" 8000
	await 8000
	each_family forwarded
}

tap_run "$@"
