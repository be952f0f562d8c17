# make bench: bench/kernel/NAME.c and bench/first/NAME.c are built like the kernel's tests, and with their libraries;
# bench/posix/ is a POSIX program on a disk of its own.

.PHONY: bench bench-build bench-compare bench-flushes bench-host bench-linux profile

bench: ## count guest instructions in the release build: table, out/bench.json, out/bench.svg
	@sh build/setup.sh test </dev/null
	@+$(BUILD) DEBUG=0 bench-build </dev/null
	@$(PYTHON) bench/run.py --out out/release

# make bench-compare OLD=old.json, or make bench-compare old.json
BENCH_OLD := $(or $(OLD),$(filter %.json,$(MAKECMDGOALS)))
bench-compare: ## say what moved since an older out/bench.json: make bench-compare OLD=file.json
	@$(PYTHON) bench/compare.py $(or $(BENCH_OLD),'') out/bench.json

profile: ## where the instructions of a row go, by function: make profile ROW=pipe_rtt_1B
	@+$(BUILD) DEBUG=0 bench-build </dev/null
	@$(PYTHON) bench/profile_row.py $(ROW) --out out/release

bench-flushes: ## CR3 writes and INVLPG per operation of the kernel's rows, counted
	@+$(BUILD) DEBUG=0 bench-build </dev/null
	@$(PYTHON) bench/profile_row.py --out out/release --flushes map_one map_batch64 fault_roundtrip
	@$(PYTHON) bench/profile_row.py --out out/release --flushes syscall_fail notify_idle ipc_call_here ipc_call_0w ipc_call_6w \
	    ipc_call_deadline ipc_call_stub $(foreach size,160b 512b 16KiB,ipc_call_$(size)_read ipc_call_$(size)_write)

bench-host: ## host time of messages under plain QEMU, and as ratios
	@+$(BUILD) DEBUG=0 bench-build </dev/null
	@$(PYTHON) bench/host.py --out out/release

# KERNEL is the kernel of Ouros in these rules, so the image is IMAGE.
bench-linux: ## the POSIX rows under Linux, and host time of both: make bench-linux [IMAGE=vmlinuz MODULES=folder] [HOST_CC=musl-gcc]
	@+$(BUILD) DEBUG=0 bench-build </dev/null
	@$(PYTHON) bench/linux.py --out out/release $(IMAGE:%=--kernel %) $(MODULES:%=--modules %) $(HOST_CC:%=--cc %)

ifneq ($(filter bench-compare,$(MAKECMDGOALS)),)
.PHONY: $(filter %.json,$(MAKECMDGOALS))
$(filter %.json,$(MAKECMDGOALS)): ; @:
endif

BENCH_FREE := $(if $(LIBIPC_OBJ),$(basename $(wildcard bench/kernel/*.c bench/first/*.c)))
BENCH_IMAGES := $(KERNEL) $(BUNDLE) $(BENCH_FREE:%=$(O)/%) $(if $(DISK),out/bench.img)

bench-build: $(BENCH_IMAGES)
	@:

$(O)/obj/bench/%.o: FLAGS = $(SERVER_FLAGS)
BENCH_COMMON := $(call objects,bench/kernel/bare.S)

define bench_rule
$(O)/$(1): $(call objects,$(1).c) $(BENCH_COMMON) $(call free_test_lib,$(notdir $(patsubst %/,%,$(dir $(1))))) $(LIBIPC)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(SERVER_LINK) $$^ -lgcc -o $$@
endef
$(foreach name,$(BENCH_FREE),$(eval $(call bench_rule,$(name))))

out/posix/bench/%.o: FLAGS = $(PROGRAM_FLAGS) -pthread
BENCH_POSIX := $(call program_objects,$(wildcard bench/posix/*.c))

out/bench/posix: $(BENCH_POSIX)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(OUROS_CC) $(PROGRAM_LINK) -pthread $^ -o $@

out/bench.img: $(PROGRAMS) out/bench/posix $(OVERLAY) $(MAKE_ROOT) build/bench.mk
	$(call say,EXT2,$@)
	$(Q)$(PYTHON) $(MAKE_ROOT) --image $@ --root out/rootfs-bench --size 96M --block 4096 --label bench --test-data \
	    $(PROGRAMS:%=bin/=%) bench/=out/bench/posix

-include $(patsubst %.o,%.d,$(call objects,$(BENCH_FREE:%=%.c)) $(BENCH_POSIX))
