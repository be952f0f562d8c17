# The C library and the tool chain for programs:
#   newlib (Debian's newlib-source) + build/newlib.patch + libc/include  ->  out/newlib
#   libc/, libpthread/ and the parts of libipc that programs use        ->  out/sysroot/usr/lib/libc.a
#   build/toolchain/                                                    ->  out/bin/x86_64-ouros-gcc and friends
# All of it lies in out/ for debug and release builds alike. $(SYSROOT_STAMP) stands for the whole.

SYSROOT       := out/sysroot
SYSROOT_STAMP := $(SYSROOT)/.stamp
LIBC_READY    := $(SYSROOT_STAMP)

NEWLIB_TAR  := $(lastword $(sort $(wildcard /usr/src/newlib/newlib-*.tar.xz)))
NEWLIB      := out/newlib
NEWLIB_JOBS ?= $(shell nproc)
OVERLAY     := $(wildcard libc/include/*.h libc/include/*/*.h)
# Headers that shape newlib's own objects; a change in another one only has to be copied.
NEWLIB_SEES := $(addprefix libc/include/,machine/_types.h sys/lock.h sys/_pthreadtypes.h sys/ouros_features.h \
    sys/signal.h sys/syslimits.h)

TARGET_FLAGS := -U__linux__ -U__linux -Ulinux -U__gnu_linux__ -D__ouros__=1 -nostdinc -isystem $(GCC_INCLUDE) \
    -fno-pie -fno-stack-protector -fcf-protection=none -ftls-model=local-exec -ffunction-sections -fdata-sections \
    -fno-asynchronous-unwind-tables

# ---- newlib ----

$(NEWLIB)/.unpacked: build/newlib.patch $(NEWLIB_SEES)
	@[ -n "$(NEWLIB_TAR)" ] || { echo 'newlib is missing: install the package newlib-source' >&2; exit 1; }
	$(call say,TAR,$(NEWLIB_TAR))
	$(Q)rm -rf $(NEWLIB) && mkdir -p $(NEWLIB)/src
	$(Q)tar -xf $(NEWLIB_TAR) -C $(NEWLIB)/src --strip-components=1 --no-same-owner
	$(Q)patch -s -d $(NEWLIB)/src -p1 < build/newlib.patch
	$(Q)cp -r libc/include/. $(NEWLIB)/src/newlib/libc/include/
	$(Q)touch $@

NEWLIB_CC = $(CC) $(TARGET_FLAGS) -isystem $(CURDIR)/$(NEWLIB)/build/targ-include \
    -isystem $(CURDIR)/$(NEWLIB)/src/newlib/libc/include
NEWLIB_ENV = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u O -u V CONFIG_SITE=/dev/null
NEWLIB_CONFIGURE = --build=x86_64-pc-linux-gnu --host=x86_64-ouros-elf --target=x86_64-ouros-elf \
    --cache-file=config.cache --disable-multilib --disable-nls --disable-dependency-tracking \
    --enable-newlib-multithread --enable-newlib-mb --disable-newlib-supplied-syscalls

$(NEWLIB)/.built: $(NEWLIB)/.unpacked
	$(call say,CONF,newlib)
	$(Q)rm -rf $(NEWLIB)/build && mkdir -p $(NEWLIB)/build
	$(Q)cd $(NEWLIB)/build && $(NEWLIB_ENV) CC='$(NEWLIB_CC)' CFLAGS=-O2 AR=$(AR) RANLIB=$(CROSS)ranlib \
	    ../src/newlib/configure $(NEWLIB_CONFIGURE) > configure.log 2>&1 || { tail -20 configure.log; exit 1; }
	$(call say,MAKE,newlib: about a minute)
	$(Q)$(NEWLIB_ENV) $(MAKE) -C $(NEWLIB)/build -j$(NEWLIB_JOBS) MAKEINFO=true > $(NEWLIB)/build.log 2>&1 \
	    || { tail -30 $(NEWLIB)/build.log; exit 1; }
	$(Q)touch $@

# ---- headers ----

INSTALLED_ABI := $(wildcard include/ouros/*.h include/ouros/*.def libipc/include/*/*.h)

# newlib's own headers first, ours over them; what does not work here is not shipped.
$(SYSROOT)/.headers: $(NEWLIB)/.built $(OVERLAY) $(INSTALLED_ABI)
	$(call say,HDRS,$(SYSROOT)/usr/include)
	$(Q)rm -rf $(SYSROOT)/usr/include && mkdir -p $(SYSROOT)/usr/include
	$(Q)cp -r $(NEWLIB)/src/newlib/libc/include/. $(NEWLIB)/build/targ-include/newlib.h \
	    $(NEWLIB)/build/targ-include/_newlib_version.h $(SYSROOT)/usr/include/
	$(Q)cp $(NEWLIB)/src/newlib/libc/machine/x86_64/sys/fenv.h $(SYSROOT)/usr/include/sys/
	$(Q)cd $(SYSROOT)/usr/include && rm -rf threads.h utmp.h devctl.h iconv.h ndbm.h regdef.h rpc machine/setjmp-dj.h
	$(Q)cp -r libc/include/. $(SYSROOT)/usr/include/
	$(Q)for d in include libipc/include; do [ ! -d $$d ] || cp -r $$d/. $(SYSROOT)/usr/include/; done
	$(Q)touch $@

# ---- our objects ----

# Of libipc a program needs what sends messages; the rest is for servers.
LIBC_IPC_SRC := $(wildcard $(addprefix libipc/,invoke.c feed.c message.c shared.c time.c x86_64/message.S))
LIBC_SRC := $(wildcard libc/*.c libc/*.S libpthread/*.c libpthread/*.S) $(LIBC_IPC_SRC)
LIBC_OBJ := $(LIBC_SRC:%=out/libc/%.o)
LIBC_FLAGS := -std=gnu17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror $(TARGET_FLAGS) -isystem $(SYSROOT)/usr/include -Iinclude \
    -Ilibipc/include -Ilibc -Ilibpthread -fno-common -fno-builtin-malloc

out/libc/%.o: % build/libc.mk $(SYSROOT)/.headers
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(LIBC_FLAGS) -MMD -MP -c $< -o $@

# What is in POSIX_CALLS is compiled under another name, and gets a stub with its own: libc/trace_call.S says why.
out/libc/trace_stubs.s: libc/trace_stubs.inc libc/include/ouros/posix_calls.h build/libc.mk
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x assembler-with-cpp $< -o $@

define traced_rule
out/libc/$(1)/%.c.o: $(1)/%.c build/libc.mk out/libc/trace_stubs.s $(SYSROOT)/.headers
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)
	$$(Q)$$(CC) $$(LIBC_FLAGS) -include libc/trace_names.h -MMD -MP -MF $$(@:.o=.d) -MT $$@ -S $$< -o $$(@:.o=.s)
	$$(Q)cat out/libc/trace_stubs.s >> $$(@:.o=.s)
	$$(Q)$$(CC) -c $$(@:.o=.s) -o $$@
endef
$(foreach part,libc libpthread,$(eval $(call traced_rule,$(part))))

-include $(LIBC_OBJ:.o=.d)

# Members of newlib's archive that ours replace: copies with non-temporal stores, a longjmp that returns 0,
# a stack protector whose guard is not the one that GCC uses here, and three that are the OS layer's.
NEWLIB_DROP := memcpy memset memmove setjmp stack_protector isatty raise rename

$(SYSROOT)/usr/lib/libc.a: $(NEWLIB)/.built $(LIBC_OBJ)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)cp $(NEWLIB)/build/libc.a $@.tmp && chmod u+w $@.tmp
	$(Q)$(AR) d $@.tmp $(NEWLIB_DROP:%=lib_a-%.o)
	$(Q)$(AR) qsD $@.tmp $(filter-out %/crt0.S.o,$(LIBC_OBJ)) && mv $@.tmp $@

# ---- tool chain ----

TOOLS := ar ranlib ld nm strip objcopy objdump readelf as size strings addr2line

$(SYSROOT_STAMP): $(SYSROOT)/usr/lib/libc.a $(SYSROOT)/.headers build/toolchain/ouros.specs build/toolchain/gcc.in
	$(call say,TOOLS,out/bin)
	$(Q)mkdir -p out/bin
	$(Q)cp $(NEWLIB)/build/libm.a build/toolchain/ouros.specs $(SYSROOT)/usr/lib/
	$(Q)[ ! -f out/libc/libc/crt0.S.o ] || cp out/libc/libc/crt0.S.o $(SYSROOT)/usr/lib/crt0.o
	$(Q)for l in pthread rt; do rm -f $(SYSROOT)/usr/lib/lib$$l.a; $(AR) rcs $(SYSROOT)/usr/lib/lib$$l.a; done
	$(Q)sed 's,@CROSS@,$(CROSS),' build/toolchain/gcc.in > out/bin/x86_64-ouros-elf-gcc
	$(Q)chmod +x out/bin/x86_64-ouros-elf-gcc
	$(Q)cd out/bin && ln -sf x86_64-ouros-elf-gcc x86_64-ouros-gcc && ln -sf x86_64-ouros-elf-gcc x86_64-ouros-elf-cc
	$(Q)cd out/bin && for t in $(TOOLS); do p=$$(command -v $(CROSS)$$t) || continue; \
	    ln -sf $$p x86_64-ouros-elf-$$t; ln -sf $$p x86_64-ouros-$$t; done
	$(Q)touch $@

.PHONY: libc
libc: $(SYSROOT_STAMP)
