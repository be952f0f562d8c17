# programs/NAME.c or programs/NAME/*.c -> out/programs/NAME, with what they share in programs/lib/;
# tests/system/NAME.c -> out/tests/NAME: POSIX programs built with our own compiler wrapper.

OUROS_CC := out/bin/x86_64-ouros-gcc
LIBC_READY ?= $(OUROS_CC)
HAVE_LIBC := $(wildcard build/libc.mk)

PROGRAM_FLAGS := -std=gnu17 -O2 -g -Wall -Wextra -Werror -ffunction-sections -fdata-sections
PROGRAM_LINK  := -Wl,--gc-sections

program_objects = $(patsubst %.c,out/posix/%.o,$(1))

out/posix/programs/%.o: FLAGS = $(PROGRAM_FLAGS) -Iprograms -Iprograms/lib -Iout/gen
out/posix/tests/%.o: FLAGS = $(PROGRAM_FLAGS) -pthread -Itests/system/lib -idirafter include -idirafter libipc/include

out/posix/%.o: %.c $(LIBC_READY) build/programs.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(OUROS_CC) $(FLAGS) -MMD -MP -c $< -o $@

# What includes every protocol; rewritten only when there is another one.
out/gen/protocols.h: .FORCE
	@mkdir -p $(@D)
	@for p in $(sort $(notdir $(wildcard libipc/include/proto/*.h))); do echo "#include <proto/$$p>"; done > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
out/posix/programs/ipctrace/protocols.o: out/gen/protocols.h

PROGRAM_NAMES := $(if $(HAVE_LIBC),$(patsubst programs/%.c,%,$(wildcard programs/*.c)) \
    $(filter-out lib,$(notdir $(patsubst %/,%,$(sort $(dir $(wildcard programs/*/*.c)))))))
PROGRAMS    := $(PROGRAM_NAMES:%=out/programs/%)
PROGRAM_LIB := $(call program_objects,$(wildcard programs/lib/*.c))

program_sources = $(or $(wildcard programs/$(1).c),$(wildcard programs/$(1)/*.c))

out/posix/lib.a: $(PROGRAM_LIB)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(PROGRAM_LIB)

define program_rule
out/programs/$(1): $(call program_objects,$(call program_sources,$(1))) $(if $(PROGRAM_LIB),out/posix/lib.a)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(OUROS_CC) $$(PROGRAM_LINK) $$^ -o $$@
-include $(patsubst %.o,%.d,$(call program_objects,$(call program_sources,$(1))))
endef
$(foreach name,$(PROGRAM_NAMES),$(eval $(call program_rule,$(name))))

TEST_PROGRAM_NAMES := $(if $(HAVE_LIBC),$(patsubst tests/system/%.c,%,$(wildcard tests/system/*.c)))
TEST_PROGRAMS      := $(TEST_PROGRAM_NAMES:%=out/tests/%)
TEST_PROGRAM_LIB   := $(call program_objects,$(wildcard tests/system/lib/*.c))

$(TEST_PROGRAMS): out/tests/%: out/posix/tests/system/%.o $(TEST_PROGRAM_LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(OUROS_CC) $(PROGRAM_LINK) -pthread $^ -o $@

-include $(PROGRAM_LIB:.o=.d) $(TEST_PROGRAM_LIB:.o=.d) $(TEST_PROGRAM_NAMES:%=out/posix/tests/system/%.d)

# Tests of the kernel: tests/system/kernel/NAME.c runs alone under init, tests/system/first/NAME.c in the pager's place.
# Both are built like servers, with what stands in the folder's lib/.
FREE_TESTS := $(if $(LIBIPC_OBJ),$(patsubst tests/system/%.c,%,$(wildcard tests/system/kernel/*.c tests/system/first/*.c)))
KERNEL_TESTS := $(FREE_TESTS:%=$(O)/tests/%)
free_test_lib = $(call objects,$(wildcard tests/system/$(1)/lib/*.c tests/system/$(1)/lib/*.S))

define free_test_rule
$(O)/tests/$(1): $(call objects,tests/system/$(1).c) $(call free_test_lib,$(patsubst %/,%,$(dir $(1)))) $(LIBIPC)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(SERVER_LINK) $$^ -lgcc -o $$@
endef
$(foreach test,$(FREE_TESTS),$(eval $(call free_test_rule,$(test))))

-include $(patsubst %.o,%.d,$(call objects,$(FREE_TESTS:%=tests/system/%.c)) \
    $(call free_test_lib,kernel) $(call free_test_lib,first))
