#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Python's asyncio: an echo server under load.

. "$(dirname "$0")/programs.sh"

programs python3

setup() {
	start echo server python3 "$PWD/asyncio_echo.py" serve 10.0.0.2 fd00::2
	await 7000
}

load() {
	client python3 "$PWD/asyncio_echo.py" load "$host" "$@"
}
# 100 connections at once, 5 messages each
test_messages() { each_family load 100 5 100; }
# 4 connections, messages larger than all buffers
test_bulk() { each_family load 4 2 500000; }

tap_run "$@"
