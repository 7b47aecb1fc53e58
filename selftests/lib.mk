# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own selftest rules (tools/testing/selftests/lib.mk), fetched with
# Debian's linux-source package and applied to the suites here. A suite's
# Makefile is written as in the kernel:
#
#	TEST_GEN_PROGS := program…	built from program.c
#	TEST_PROGS := script.sh…	run as they are
#	include ../lib.mk
#
# Programs go to build/selftests/<suite>; both
#	#include "../kselftest_harness.h" and #include <linux/ltcp.h>
# are found.

ltcp_top := $(patsubst %/selftests/lib.mk,%,$(abspath $(lastword $(MAKEFILE_LIST))))
OUTPUT ?= $(ltcp_top)/build/selftests/$(notdir $(CURDIR))

ltcp_source := $(shell $(ltcp_top)/scripts/kernel source)
ifeq ($(ltcp_source),)
$(error the kernel's selftest rules could not be fetched)
endif
override selfdir := $(ltcp_source)/tools/testing/selftests

CFLAGS += -Wall -O2 -g
CFLAGS += -I$(ltcp_top)/include -I$(ltcp_top)/include/uapi
CFLAGS += -I$(selfdir)/kselftest -I$(selfdir)

$(shell mkdir -p $(OUTPUT))

# What selftests/run is to run, for scripts/test.
list:
	@printf 'program %s\n' $(notdir $(TEST_GEN_PROGS) $(TEST_CUSTOM_PROGS))
	@printf 'script %s\n' $(TEST_PROGS)

include $(selfdir)/lib.mk

.DEFAULT_GOAL := all
.PHONY: list
