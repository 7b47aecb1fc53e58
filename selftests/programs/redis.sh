#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# redis-server, redis-cli and redis-benchmark.

. "$(dirname "$0")/programs.sh"

programs redis-server redis-tools

setup() {
	start redis server redis-server --bind 10.0.0.2 fd00::2 --protected-mode no --save '' \
		--dir "$WORK" --tcp-backlog 128
	await 6379
}

cli() { client redis-cli -h "$host" "$@"; }

commands() {
	[[ $(cli set colour "blue and $host") == OK ]]
	[[ $(cli get colour) == "blue and $host" ]]
	cli del numbers >/dev/null
	[[ $(seq 1000 | sed 's/^/rpush numbers /' | cli | tail -n 1) == 1000 ]]
	[[ $(cli lrange numbers 0 -1 | digest) == "$(seq 1000 | digest)" ]]
	random_file "$WORK/value" 1M
	[[ $(cli -x set big <"$WORK/value") == OK ]]
	cmp <(cli get big | head -c 1M) "$WORK/value"
}
test_commands() { each_family commands; }

benchmark() {
	client redis-benchmark -h "$host" -c 50 -n 1000 -t set,get,lpush,lpop,lrange_100 --csv \
		>"$WORK/csv" 2>"$WORK/err"
	[[ ! -s $WORK/err ]] || { cat "$WORK/err"; false; }
	sed 's/^/# /' "$WORK/csv"
	[[ $(wc -l <"$WORK/csv") -ge 6 ]]
	# Pipelined, and values of many segments
	client redis-benchmark -h "$host" -c 10 -n 500 -P 16 -d 20000 -t set,get --csv >"$WORK/csv"
	[[ $(wc -l <"$WORK/csv") == 3 ]]
	refused grep -i error "$WORK/csv"
}
test_benchmark() { each_family benchmark; }

subscribers() {
	client timeout 20 redis-cli -h "$host" subscribe news >"$WORK/news" &
	wait_until heard
	kill $! 2>/dev/null || true
}
heard() {
	cli publish news "from $host" >/dev/null
	grep -q "from $host" "$WORK/news"
}
test_publish() { each_family subscribers; }

tap_run "$@"
