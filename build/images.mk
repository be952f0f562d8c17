# What is booted: the module (pager, servers, manifest, RAM disk), the disk, the GRUB image.
#
#   out/bundle.img      pager, in pages · the bundle: init · manifest · bin/NAME (every server) · ramdisk.img
#   out/disk.img        ext2 on the whole disk: /bin /etc /usr/share /tests
#   out/ouros.iso       GRUB: kernel and out/bundle.img; words for the command line come by SMBIOS (build/run.py)

BUNDLE := $(if $(filter pager init,$(SERVER_NAMES)),$(O)/bundle.img)
DISK   := $(if $(PROGRAMS),out/disk.img)
ISO    := $(if $(KERNEL),$(if $(BUNDLE),$(O)/ouros.iso))
IMAGES := $(BUNDLE) $(DISK) $(ISO)

OVERLAY := $(shell find rootfs -type f 2>/dev/null)
SCRIPTS := $(wildcard tests/programs/*.sh tests/programs/*.out)
MAKE_ROOT := build/mkroot.py

# Without a disk the RAM disk is the root: what one needs to look around, small enough for a machine of 64 MiB.
ESSENTIAL := sh ls cat echo cp mv rm mkdir rmdir ln ps kill free mount df wc grep head tail tr hexdump sleep date uname \
    true false test env printf pwd touch dmesg help poweroff sync
RAMDISK_PROGRAMS := $(filter $(ESSENTIAL:%=out/programs/%),$(PROGRAMS))

out/ramdisk.img: $(RAMDISK_PROGRAMS) $(OVERLAY) $(MAKE_ROOT) build/images.mk
	$(call say,EXT2,$@)
	$(Q)$(PYTHON) $(MAKE_ROOT) --image $@ --root out/ramfs --size 6M --block 1024 --label ramdisk \
	    $(RAMDISK_PROGRAMS:%=bin/=%)

out/disk.img: $(PROGRAMS) $(TEST_PROGRAMS) $(SCRIPTS) $(OVERLAY) $(MAKE_ROOT) build/images.mk
	$(call say,EXT2,$@)
	$(Q)$(PYTHON) $(MAKE_ROOT) --image $@ --root out/rootfs --size 96M --block 4096 --label ouros --test-data \
	    $(PROGRAMS:%=bin/=%) $(TEST_PROGRAMS:%=tests/=%) $(SCRIPTS:%=tests/programs/=%)

# Variants for tests: other block sizes, partition tables.
TEST_DISKS := $(if $(DISK),$(addprefix out/disk-,1k.img 2k.img mbr.img gpt.img))

out/disk-1k.img out/disk-2k.img: out/disk-%k.img: out/disk.img
	$(call say,EXT2,$@)
	$(Q)$(PYTHON) $(MAKE_ROOT) --image $@ --root out/rootfs-$*k --size 64M --block $$(($* * 1024)) --label ouros-$*k \
	    --test-data $(PROGRAMS:%=bin/=%) $(TEST_PROGRAMS:%=tests/=%) $(SCRIPTS:%=tests/programs/=%)

out/disk-mbr.img out/disk-gpt.img: out/disk-%.img: out/disk-1k.img build/partition.py
	$(call say,DISK,$@)
	$(Q)$(PYTHON) build/partition.py $* $< $@

BUNDLE_FILES = $(foreach name,$(filter-out pager init,$(SERVER_NAMES)),bin/$(name)=$(O)/stripped/$(name))

$(O)/stripped/%: $(O)/servers/%
	@mkdir -p $(@D)
	@$(OBJCOPY) --strip-all $< $@

# The manifest: a block beside each server, then what init/manifest adds.
MANIFESTS := $(sort $(wildcard servers/*/manifest)) $(wildcard init/manifest)

$(O)/manifest: .FORCE
	@mkdir -p $(@D)
	@cat $(MANIFESTS) | cmp -s - $@ || cat $(MANIFESTS) > $@

MANIFEST_CHECK := out/host/manifest_check
MANIFEST_CHECK_SRC := build/manifest_check.c $(wildcard init/manifest*.c) libipc/elf.c libipc/cpio.c libipc/format.c \
    libipc/strcpy.c

$(MANIFEST_CHECK): $(MANIFEST_CHECK_SRC) $(wildcard init/manifest*.h)
	@mkdir -p $(@D)
	$(call say,HOST,$@)
	$(Q)$(HOSTCC) -std=gnu17 -O1 -g -Wall -Wextra -Werror -Iinclude -Ilibipc/include $(MANIFEST_CHECK_SRC) -o $@

$(O)/bundle.img: $(SERVER_NAMES:%=$(O)/stripped/%) $(O)/manifest $(if $(PROGRAMS),out/ramdisk.img) \
    build/bundle.py build/images.mk $(MANIFEST_CHECK)
	$(call say,PACK,$@)
	$(Q)$(PYTHON) build/bundle.py $@ $(foreach name,$(filter pager init,$(SERVER_NAMES)),$(name)=$(O)/stripped/$(name)) \
	    manifest=$(O)/manifest $(BUNDLE_FILES) $(if $(PROGRAMS),ramdisk.img=out/ramdisk.img)
	$(Q)$(MANIFEST_CHECK) $@ $(MANIFESTS)

$(O)/ouros.iso: $(KERNEL) $(O)/bundle.img build/grub.cfg build/images.mk
	$(call say,ISO,$@)
	@mkdir -p $(O)/iso/boot/grub
	@$(OBJCOPY) --strip-all $(KERNEL) $(O)/iso/boot/kernel.elf
	@cp $(O)/bundle.img $(O)/iso/boot/
	@cp build/grub.cfg $(O)/iso/boot/grub/
	$(Q)grub-mkrescue $(if $(GRUB_DIR),-d $(GRUB_DIR)) -o $@ $(O)/iso > $(O)/grub-mkrescue.log 2>&1 \
	    || { cat $(O)/grub-mkrescue.log; exit 1; }
