# libipc/ -> $(O)/lib/libipc.a; servers/NAME/ and init/ -> $(O)/servers/NAME: static ELF64, no C library.

LIBIPC_OBJ := $(call objects,$(wildcard libipc/*.c libipc/*.S libipc/x86_64/*.c libipc/x86_64/*.S))
LIBIPC     := $(if $(LIBIPC_OBJ),$(O)/lib/libipc.a)

$(O)/lib/libipc.a: $(LIBIPC_OBJ)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(LIBIPC_OBJ)

SERVER_LINK = $(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,separate-code \
    -Wl,-z,max-page-size=0x1000 -Wl,--gc-sections

# server_sources,NAME: a server may have one level of folders of its own (servers/vfs/ext2/).
server_home    = $(if $(filter init,$(1)),init,servers/$(1))
server_sources = $(wildcard $(foreach end,*.c *.S */*.c */*.S,$(server_home)/$(end)))

SERVER_NAMES := $(if $(LIBIPC_OBJ),$(notdir $(patsubst %/,%,$(sort $(dir $(wildcard servers/*/*.c))))) \
    $(if $(wildcard init/*.c),init))
SERVERS := $(SERVER_NAMES:%=$(O)/servers/%)

# Each server has an address of its own, so that the debugger can hold the symbols of all at once.
SERVER_BASES := $(foreach digit,0 1 2 3 4 5 6 7 8 9 a b c d e f,0x1$(digit)000000)

define server_rule
$(O)/servers/$(1): $(call objects,$(call server_sources,$(1))) $(LIBIPC) build/servers.mk
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(SERVER_LINK) -Wl,-Ttext-segment=$(firstword $(SERVER_BASES)) \
	    $(call objects,$(call server_sources,$(1))) $(LIBIPC) -lgcc -o $$@
-include $(patsubst %.o,%.d,$(call objects,$(call server_sources,$(1))))
SERVER_BASES := $(wordlist 2,16,$(SERVER_BASES))
endef
$(foreach name,$(SERVER_NAMES),$(eval $(call server_rule,$(name))))

-include $(LIBIPC_OBJ:.o=.d)
