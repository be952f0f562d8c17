# microkernel/ -> $(O)/kernel.elf, linked twice: the second time with its own symbol table for backtraces.

KERNEL_SRC := $(wildcard microkernel/*.c microkernel/debug/*.c microkernel/arch/x86_64/*.c microkernel/arch/x86_64/*.S)
KERNEL_OBJ := $(call objects,$(KERNEL_SRC))
KERNEL_LD  := microkernel/arch/x86_64/kernel.ld
KERNEL     := $(if $(KERNEL_SRC),$(if $(wildcard $(KERNEL_LD)),$(O)/kernel.elf))

# What assembly knows of C's structures: compiled to text, of which only the lines with an arrow count.
KERNEL_OFFSETS := build/offsets.c
$(O)/gen/offsets.h: FLAGS = $(KERNEL_FLAGS)
$(O)/gen/offsets.h: $(KERNEL_OFFSETS) build/flags.mk build/kernel.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -MMD -MP -MF $@.d -MT $@ -S $< -o - | sed -n 's/.*-> \([A-Za-z0-9_]*\) \$$/    .set \1, /p' > $@.new
	$(Q)mv $@.new $@
$(filter %.S.o,$(KERNEL_OBJ)): $(O)/gen/offsets.h
-include $(O)/gen/offsets.h.d

# Names of operations, for what a debug kernel tells of its last messages.
$(O)/gen/protocol_names.h: $(wildcard libipc/include/proto/*.h libipc/include/ipc/protocol*.h) docs/protocols.py
	@mkdir -p $(@D)
	$(Q)$(PYTHON) docs/protocols.py --names > $@.new && mv $@.new $@
$(O)/obj/microkernel/debug/messages.c.o: $(O)/gen/protocol_names.h

KERNEL_LINK = $(CC) -nostdlib -static -no-pie -Wl,-T,$(KERNEL_LD) -Wl,--build-id=none -Wl,-z,noexecstack \
    -Wl,-z,max-page-size=0x1000

$(O)/kernel.nosyms.elf: $(KERNEL_OBJ) $(KERNEL_LD) build/kernel.mk
	$(call say,LD,$@)
	$(Q)$(KERNEL_LINK) $(KERNEL_OBJ) -o $@

$(O)/ksyms.S: $(O)/kernel.nosyms.elf build/ksyms.py
	$(call say,SYMS,$@)
	$(Q)$(NM) -n $< | $(PYTHON) build/ksyms.py > $@

# The table lies behind the text, so it cannot have moved what it describes; that is checked, not assumed.
$(O)/kernel.elf: $(O)/ksyms.S $(KERNEL_OBJ) | $(O)/loader.elf
	$(call say,LD,$@)
	$(Q)$(CC) -c $(O)/ksyms.S -o $(O)/ksyms.o
	$(Q)$(KERNEL_LINK) $(KERNEL_OBJ) $(O)/ksyms.o -o $@
	$(Q)$(NM) -n $@ | $(PYTHON) build/ksyms.py | cmp - $(O)/ksyms.S

-include $(KERNEL_OBJ:.o=.d)

# The loader of the direct boot: what GRUB does for the image (build/machine.py).
$(O)/obj/build/loader.c.o: FLAGS = $(COMMON_FLAGS) -m32 -march=i686 -fno-stack-protector -fomit-frame-pointer

$(O)/loader.elf: $(O)/obj/build/loader.c.o
	$(call say,LD,$@)
	$(Q)$(CC) -m32 -nostdlib -static -no-pie -Wl,-m,elf_i386 -Wl,-Ttext-segment=0x100000 -Wl,-e,start -Wl,--build-id=none \
	    -Wl,-z,noexecstack $< -o $@
