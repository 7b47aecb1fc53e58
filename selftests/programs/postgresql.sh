#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# PostgreSQL, asked by psql and pgbench.

. "$(dirname "$0")/programs.sh"

programs postgresql-15

BIN=/usr/lib/postgresql/15/bin
DATA=$WORK/data

# It refuses to be run by root
as_nobody() { setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"; }

make_cluster() {
	install -d -o nobody "$DATA"
	as_nobody $BIN/initdb -D "$DATA" -A trust -U nobody --no-sync >"$WORK/initdb.log" 2>&1 ||
		{ cat "$WORK/initdb.log"; false; }
	echo "host all all 10.0.0.0/24 trust" >>"$DATA/pg_hba.conf"
	echo "host all all fd00::/64 trust" >>"$DATA/pg_hba.conf"
}

setup() {
	chmod 755 "$WORK" /run/ltcp-programs
	[[ -e $DATA ]] || make_cluster
	start postgres on_server setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$LTCPIZE" \
		$BIN/postgres -D "$DATA" -h 10.0.0.2,fd00::2 -k '' -F
	await 5432
	wait_until ready
}
ready() { client $BIN/pg_isready -q -h 10.0.0.2; }

psql() { client $BIN/psql -h "$host" -U nobody -At -v ON_ERROR_STOP=1 -d postgres "$@"; }

questions() {
	local address
	address=$(psql -c 'select host(inet_server_addr())')
	[[ $address == "$host" ]] || fail "the server's address is $address"
	# A million octets each way
	psql -c 'drop table if exists t' -c 'create table t (n int, s text)'
	seq 20000 | awk '{ printf "%d\t%040d\n", $1, $1 }' >"$WORK/rows"
	psql -c '\copy t from stdin' <"$WORK/rows"
	cmp "$WORK/rows" <(psql -c '\copy (select * from t order by n) to stdout')
}
test_psql() { each_family questions; }

bench() {
	client $BIN/pgbench -h "$host" -U nobody -i -q -s 1 postgres >"$WORK/init" 2>&1 || { cat "$WORK/init"; false; }
	client $BIN/pgbench -h "$host" -U nobody -c 8 -t 20 postgres >"$WORK/bench" 2>&1 || { cat "$WORK/bench"; false; }
	grep -q 'number of transactions actually processed: 160/160' "$WORK/bench"
	# A connection for each transaction, by the extended protocol
	client $BIN/pgbench -h "$host" -U nobody -c 4 -t 5 -C -S -M prepared postgres >"$WORK/bench" 2>&1 ||
		{ cat "$WORK/bench"; false; }
	grep -q 'number of transactions actually processed: 20/20' "$WORK/bench"
}
test_pgbench() { each_family bench; }

tap_run "$@"
