# The tools, the flags of each part, and the rules that compile one file.

CROSS  ?= x86_64-linux-gnu-
CC     := $(CROSS)gcc
AR     := $(CROSS)ar
NM     := $(CROSS)nm
OBJCOPY := $(CROSS)objcopy
HOSTCC ?= gcc
PYTHON := $(if $(wildcard /usr/bin/python3),/usr/bin/python3,python3)
export PYTHONDONTWRITEBYTECODE := 1

# One short line per step; nothing under `make -s`, the whole command under V=1.
Q := $(if $(filter 1,$(V)),,@)
SILENT := $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
say = @$(if $(SILENT)$(filter 1,$(V)),:,printf '%-5s %s\n' '$(1)' '$(2)')

GCC_INCLUDE := $(shell $(CC) -print-file-name=include 2>/dev/null)

COMMON_FLAGS := -std=gnu17 -O2 -g -Wall -Wextra -Werror -ffreestanding -nostdinc -isystem $(GCC_INCLUDE) \
    -Iinclude -I$(O)/gen -mgeneral-regs-only -fno-pie -fno-common -fno-strict-aliasing \
    -fno-asynchronous-unwind-tables -fcf-protection=none -ftrack-macro-expansion=0 $(if $(filter 0,$(DEBUG)),,-DOUROS_DEBUG=1)

# Frame pointers stay in the release kernel too: a panic prints a backtrace.
KERNEL_FLAGS := $(COMMON_FLAGS) -Imicrokernel/include -Imicrokernel/debug -Imicrokernel/arch/x86_64/include \
    -mcmodel=kernel -mno-red-zone -fno-stack-protector -fno-omit-frame-pointer

# The canary is a global of libipc's (__stack_chk_guard): a server's threads need no TLS for it.
SERVER_FLAGS := $(COMMON_FLAGS) -Ilibipc/include -fstack-protector-strong -mstack-protector-guard=global

$(O)/obj/microkernel/%.o: FLAGS = $(KERNEL_FLAGS)
$(O)/obj/libipc/%.o: FLAGS = $(SERVER_FLAGS)
$(O)/obj/init/%.o: FLAGS = $(SERVER_FLAGS) -Iinit
$(O)/obj/servers/%.o: FLAGS = $(SERVER_FLAGS) -Iservers/$(word 2,$(subst /, ,$*))
$(O)/obj/tests/%.o: FLAGS = $(SERVER_FLAGS) -Itests/system/kernel

# objects,SOURCES: where their object files go.
objects = $(1:%=$(O)/obj/%.o)

$(O)/obj/%.c.o: %.c build/flags.mk | $(O)/gen/ouros_version.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(FLAGS) -MMD -MP -c $< -o $@

$(O)/obj/%.S.o: %.S build/flags.mk | $(O)/gen/ouros_version.h
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(FLAGS) -D__ASSEMBLER__=1 -MMD -MP -c $< -o $@

# <ouros_version.h>: OUROS_VERSION and OUROS_REVISION for banners; rewritten only when it changes.
$(O)/gen/ouros_version.h: .FORCE
	@$(PYTHON) build/version.py $@

.PHONY: .FORCE
.FORCE:
