#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# haproxy before two nginx, asked by curl.

. "$(dirname "$0")/programs.sh"

programs haproxy nginx curl

back_end() {	# number
	mkdir -p "$WORK/www$1" /var/lib/nginx
	random_file "$WORK/file" 200K
	cp "$WORK/file" "$WORK/www$1/file"
	echo "back end $1" >"$WORK/www$1/name"
	cat >"$WORK/nginx$1.conf" <<-END
		user root;
		daemon off;
		worker_processes 1;
		pid $WORK/nginx$1.pid;
		error_log stderr;
		events { worker_connections 128; }
		http {
			access_log off;
			server {
				listen 10.0.0.2:808$1;
				listen [fd00::2]:808$1;
				root $WORK/www$1;
			}
		}
	END
	start "nginx$1" server nginx -e stderr -c "$WORK/nginx$1.conf"
	await "808$1"
}

setup() {
	back_end 1
	back_end 2
	cat >"$WORK/haproxy.cfg" <<-END
		global
			maxconn 200
		defaults
			mode http
			retries 0
			option redispatch
			timeout connect 2s
			timeout client 20s
			timeout server 20s
		frontend all
			bind 10.0.0.2:80
			bind [fd00::2]:80
			default_backend nginx
		backend nginx
			balance roundrobin
			server one 10.0.0.2:8081 check inter 200ms fall 2
			server two [fd00::2]:8082 check inter 200ms fall 2
	END
	start haproxy server haproxy -db -f "$WORK/haproxy.cfg"
	await 80
}

names() { client curl -sS --fail "http://$url/name?[1-$1]" | sort | uniq -c | awk '{ print $1, $4 }' | tr '\n' ';'; }

balanced() {
	[[ $(names 20) == "10 1;10 2;" ]] || fail "who answered: $(names 20)"
	local copy
	client curl -sS --fail --parallel --parallel-max 16 -o "$WORK/copy#1" "http://$url/file?[1-16]"
	for copy in "$WORK"/copy{1..16}; do
		cmp "$WORK/file" "$copy"
	done
}
test_balanced() { each_family balanced; }

# A back end that goes is found out by its RST, and the other takes over
survived() {
	[[ $(names 10) == "10 1;" ]] || fail "who answered: $(names 10)"
}
test_back_end_fails() {
	kill "$(<"$WORK/nginx2.pid")"
	sleep 2
	each_family survived
}

tap_run "$@"
