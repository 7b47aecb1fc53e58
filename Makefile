# SPDX-License-Identifier: GPL-2.0
#
# LTCP: a loadable TCP. 'make help' lists what can be made.

# Which kernel to build for:
#   make                 the running kernel
#   make KDIR=/path      headers, or a built kernel tree, in a folder
#   make KERNEL=6.1      a Debian kernel (6.1, 6.12) or the debug kernel (debug),
#                        the ones that scripts/vm boots
# and how:
#   LTCP_DEBUG=1         with run-time checks (default with KERNEL=)
#   LTCP_PARTS=1         each file by itself (default with KERNEL=debug; Kbuild has the why)
KERNEL ?=
KDIR ?=
SUITE ?=
SKIP ?=
T ?=
SMP ?=
CLOCK ?=

ifneq ($(KERNEL),)
  NAME := $(KERNEL)
  LTCP_DEBUG ?= 1
  LTCP_PARTS ?= $(if $(filter debug,$(KERNEL)),1,0)
else ifneq ($(KDIR),)
  NAME := $(notdir $(abspath $(KDIR)))
  LTCP_DEBUG ?= 0
else
  NAME := $(shell uname -r)
  LTCP_DEBUG ?= 0
endif
LTCP_PARTS ?= 0

TOP := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
OUT := $(TOP)/build/$(NAME)
FARM := $(OUT)/module
MODULE := $(TOP)/ltcp.ko

yes = $(if $(filter-out 0 n no,$(1)),y,n)
V ?= 0
quiet := $(if $(filter 1,$(V)),,@)

all: modules tools ## the module and what tools/ needs (default)

# The headers folder is found when a recipe needs it, not when make starts.
define find_headers
	if [ -n "$(KERNEL)" ]; then \
		case "$(KERNEL)" in \
		debug) dir=$$($(TOP)/scripts/debug-kernel path) || \
			{ echo "The debug kernel is not built yet: run 'make debug-kernel' first." >&2; exit 1; } ;; \
		*) dir=$$($(TOP)/scripts/kernel fetch $(KERNEL)) || exit 1 ;; \
		esac; \
		kdir=$$dir/headers; \
	elif [ -n "$(KDIR)" ]; then \
		kdir=$(abspath $(KDIR)); \
	else \
		kdir=/lib/modules/$(NAME)/build; \
		if [ ! -e "$$kdir/Makefile" ]; then \
			echo "There are no headers of the running kernel, $(NAME), on this machine. Either" >&2; \
			echo "  apt-get install linux-headers-$(NAME)   (or your distribution's package), or" >&2; \
			echo "  make KDIR=/path/to/headers    to build against headers elsewhere, or" >&2; \
			echo "  make KERNEL=6.1               to build for a kernel of the virtual machine (6.1, 6.12)." >&2; \
			exit 1; \
		fi; \
	fi; \
	if [ ! -e "$$kdir/Makefile" ]; then \
		echo "$$kdir holds no kernel headers (no Makefile)" >&2; exit 1; \
	fi; \
	btf=; \
	if [ ! -e "$$kdir/vmlinux" ] || ! command -v pahole >/dev/null; then \
		btf=CONFIG_DEBUG_INFO_BTF_MODULES=; \
	fi
endef

# Links to the sources, so that kernels do not share objects; one make at a time.
define plant_farm
	mkdir -p $(FARM) && exec 9>$(OUT)/lock && flock 9 && \
	mkdir -p $(FARM)/selftests/cong && \
	cp -rsf $(TOP)/src $(TOP)/include $(TOP)/Kbuild $(FARM)/ && \
	cp -sf $(TOP)/selftests/cong/ltcp_cong_example.c $(FARM)/selftests/cong/ && \
	find $(FARM) -xtype l -delete
endef

# The one in module/ keeps its debug information.
modules: ## ltcp.ko, for the running kernel, KDIR=path or KERNEL=6.1|6.12|debug
	$(quiet)$(find_headers); $(plant_farm) && \
	$(MAKE) --no-print-directory -C $$kdir M=$(FARM) V=$(V) W=1 $$btf \
		LTCP_DEBUG=$(call yes,$(LTCP_DEBUG)) LTCP_WERROR=$(call yes,$(LTCP_WERROR)) \
		LTCP_PARTS=$(call yes,$(LTCP_PARTS)) \
		$(if $(C),C=$(C)) modules && \
	for ko in ltcp.ko selftests/cong/ltcp_cong_example.ko; do \
		if ! [ $(OUT)/$${ko##*/} -nt $(FARM)/$$ko ]; then \
			strip -g $(FARM)/$$ko -o $(OUT)/$${ko##*/}; \
		fi; \
	done
ifeq ($(KERNEL),)
	$(quiet)ln -sfn build/$(NAME)/ltcp.ko $(MODULE)
endif

tools: ## what tools/ltcpize preloads
	$(quiet)$(MAKE) --no-print-directory -s -C $(TOP)/tools O=$(TOP)/build/tools

load: modules tools ## build and load ltcp.ko on this machine (PARAMS="…")
	$(quiet)$(TOP)/scripts/load $(OUT)/ltcp.ko $(PARAMS)

unload: ## reset what LTCP sockets are left and unload ltcp.ko
	$(quiet)$(TOP)/scripts/unload

demo: ## the demonstration, in a virtual machine; installs what it needs
	$(quiet)$(TOP)/scripts/deps build vm demo
	$(quiet)$(TOP)/scripts/demo $(if $(KERNEL),--kernel $(KERNEL))

test: ## all tests (SUITE=wire T=name KERNEL=6.12 SMP=2 CLOCK=wall); installs what they need
	$(quiet)$(TOP)/scripts/deps build vm test
	$(quiet)KERNEL="$(KERNEL)" SUITE="$(SUITE)" SKIP="$(SKIP)" T="$(T)" SMP="$(SMP)" CLOCK="$(CLOCK)" $(TOP)/scripts/test

bench: ## measure LTCP beside the kernel's TCP (WORKLOAD="crr rr-1" KERNEL=6.12)
	$(quiet)$(TOP)/scripts/deps build vm test
	$(quiet)$(TOP)/scripts/bench $(if $(KERNEL),--kernel $(KERNEL)) $(WORKLOAD)

soak: ## ten minutes of mixed load in real time, then crowds (SECONDS_=600 KERNEL=6.12)
	$(quiet)$(TOP)/scripts/deps build vm test
	$(quiet)$(TOP)/scripts/soak $(if $(KERNEL),--kernel $(KERNEL)) $(if $(SECONDS_),--seconds $(SECONDS_))

check: ## checkpatch --strict, sparse, and a build without a warning, on both kernels
	$(quiet)$(TOP)/scripts/deps build check
	$(quiet)$(TOP)/scripts/check

vm: ## a shell in a virtual machine with ltcp.ko loaded (KERNEL=6.12)
	$(quiet)$(TOP)/scripts/deps build vm
	$(quiet)$(TOP)/scripts/vm $(if $(KERNEL),--kernel $(KERNEL)) $(if $(SMP),--smp $(SMP)) $(if $(CLOCK),--clock $(CLOCK))

debug-kernel: ## build the debug kernel for KERNEL=debug (long; once, then cached)
	$(quiet)$(TOP)/scripts/deps build vm debug-kernel
	$(quiet)$(TOP)/scripts/debug-kernel build

deps: ## install all that building, testing and the demonstration need
	$(quiet)$(TOP)/scripts/deps all

clean: ## remove what was built; fetched kernels stay
	$(quiet)find $(TOP)/build -mindepth 1 -maxdepth 1 ! -name kernels -exec rm -rf {} + 2>/dev/null || true
	$(quiet)rm -f $(MODULE)

distclean: clean ## remove the build folder and the cache of fetched kernels
	$(quiet)rm -rf $(TOP)/build
	$(quiet)cache="$${LTCP_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/ltcp}"; \
		rm -rf "$$cache/kernels" "$$cache/source" "$$cache/packages"

help: ## this list
	@echo "Targets:"
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)$$/\1 \2/p' $(firstword $(MAKEFILE_LIST)) | \
		while read -r name text; do printf '  %-13s %s\n' "$$name" "$$text"; done

.PHONY: all modules tools load unload demo test bench check vm debug-kernel deps clean distclean help soak
