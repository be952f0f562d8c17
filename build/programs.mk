# programs/NAME.c or programs/NAME/*.c -> out/programs/NAME; tests/system/NAME.c -> out/tests/NAME: POSIX programs
# built with our own compiler wrapper. Tests of the kernel, tests/system/kernel/NAME.c, are built like servers.

OUROS_CC := out/bin/x86_64-ouros-gcc
LIBC_READY ?= $(OUROS_CC)
HAVE_LIBC := $(wildcard build/libc.mk)

PROGRAM_FLAGS := -std=gnu17 -O2 -g -Wall -Wextra -Werror -ffunction-sections -fdata-sections -Wl,--gc-sections

PROGRAM_NAMES := $(if $(HAVE_LIBC),$(patsubst programs/%.c,%,$(wildcard programs/*.c)) \
    $(notdir $(patsubst %/,%,$(sort $(dir $(wildcard programs/*/*.c))))))
PROGRAMS := $(PROGRAM_NAMES:%=out/programs/%)

TEST_PROGRAM_NAMES := $(if $(HAVE_LIBC),$(patsubst tests/system/%.c,%,$(wildcard tests/system/*.c)))
TEST_PROGRAMS := $(TEST_PROGRAM_NAMES:%=out/tests/%)

program_sources = $(or $(wildcard programs/$(1).c),$(wildcard programs/$(1)/*.c))

define program_rule
out/programs/$(1): $(call program_sources,$(1)) $(wildcard programs/*.h programs/$(1)/*.h) $(LIBC_READY)
	@mkdir -p $$(@D)
	$$(call say,PROG,$$@)
	$$(Q)$$(OUROS_CC) $$(PROGRAM_FLAGS) -Iprograms $(call program_sources,$(1)) -o $$@
endef
$(foreach name,$(PROGRAM_NAMES),$(eval $(call program_rule,$(name))))

out/tests/%: tests/system/%.c $(wildcard tests/system/*.h) $(LIBC_READY)
	@mkdir -p $(@D)
	$(call say,PROG,$@)
	$(Q)$(OUROS_CC) $(PROGRAM_FLAGS) -pthread $< -o $@

KERNEL_TEST_NAMES := $(if $(LIBIPC_OBJ),$(patsubst tests/system/kernel/%.c,%,$(wildcard tests/system/kernel/*.c)))
KERNEL_TESTS := $(KERNEL_TEST_NAMES:%=$(O)/tests/kernel/%)
KERNEL_TEST_LIB := $(call objects,$(wildcard tests/system/kernel/lib/*.c tests/system/kernel/lib/*.S))

$(KERNEL_TESTS): $(O)/tests/kernel/%: $(O)/obj/tests/system/kernel/%.o $(KERNEL_TEST_LIB) $(LIBIPC)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(SERVER_LINK) $< $(KERNEL_TEST_LIB) $(LIBIPC) -lgcc -o $@

-include $(KERNEL_TEST_NAMES:%=$(O)/obj/tests/system/kernel/%.d) $(KERNEL_TEST_LIB:.o=.d)
