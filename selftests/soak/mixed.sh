#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A short seed of 'make soak', so that what would break it is seen each time.

# shellcheck source=selftests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

TOP=$(cd "$(dirname "$0")/../.." && pwd)

# shellcheck disable=SC2317
test_mixed_load() { "$TOP/selftests/soak/load.sh" --few 15 "$TOP/build/selftests"; }

tap_run "$@"
