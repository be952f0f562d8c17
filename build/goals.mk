# What can be asked for. A goal's `## text` is its line in `make help`.

.PHONY: all kernel servers programs images run boot test test-build fuzz-kernel debug sloc clean format-check help setup docs new-server \
    remove-server host-test host-run

# The inner make that builds: parallel unless the caller has said how, and never reading the caller's input.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))
BUILD = $(MAKE) --no-print-directory $(JOBS)

all: $(KERNEL) $(LIBIPC) $(SERVERS) $(PROGRAMS) images ## build everything: kernel, servers, C library, programs, images
	@:

kernel: $(KERNEL) ## the kernel alone
	@:
servers: $(SERVERS) ## the servers and their library alone
	@:
programs: $(PROGRAMS) ## the C library and the programs alone
	@:
images: $(IMAGES) ## what is booted: bundle, disk, GRUB image
	@:

setup: ## check for the packages that are needed and install what is missing (apt)
	@sh build/setup.sh all </dev/null

run: boot ## build and boot; the console is this terminal, or commands on standard input: echo ls | make -s run
	@$(if $(CAN_EXIT),$(ouros-exit $(file < out/status)))exit $$(cat out/status)

boot:
	@sh build/setup.sh run </dev/null
	@+$(BUILD) images </dev/null
	@$(PYTHON) build/run.py --out $(O) --boot $(or $(BOOT),iso) --status out/status $(if $(LIMIT),--limit $(LIMIT)) \
	    $(if $(WORDS),--words '$(WORDS)') $(if $(MEMORY),--memory $(MEMORY)) $(if $(QEMU_ARGS),--qemu='$(QEMU_ARGS)')

# GNU make's own status for a failed recipe is always 2: `make run` wants the guest's.
ifneq ($(filter run,$(MAKECMDGOALS)),)
ifneq ($(shell command -v $(HOSTCC)),)
-load out/host/exit.so(exit_gmk_setup)
CAN_EXIT := $(filter out/host/exit.so,$(.LOADED))
endif
endif

out/host/exit.so: build/exit.c
	@mkdir -p $(@D)
	@$(HOSTCC) -shared -fPIC -O2 $< -o $@

test: ## build and run all tests; ONLY=text for some of them
	@sh build/setup.sh test </dev/null
	@+$(BUILD) all test-build </dev/null
	@$(PYTHON) tests/run.py --out $(O) $(if $(ONLY),--only '$(ONLY)')

test-build: $(KERNEL_TESTS) $(TEST_PROGRAMS) $(TEST_DISKS)
	@:

fuzz-kernel: ## ten million random system calls, the kernel's books compared all along; SEED=n, CALLS=n
	@sh build/setup.sh test </dev/null
	@+$(BUILD) kernel $(O)/tests/first/fuzz </dev/null
	@$(PYTHON) tests/fuzz_kernel.py --out $(O) $(if $(SEED),--seed $(SEED)) $(if $(CALLS),--calls $(CALLS))

host-test: ## build and run one host test, without the system: NAME=vfs_server; GDB=1 under gdb
	@$(PYTHON) tests/host_run.py $(if $(GDB),--gdb) test '$(NAME)'

host-run: ## run a server on Linux, behind out/host-tests/NAME.sock: SERVER=vfs WITH='blk=out/host-tests/blk.sock'; GDB=1 under gdb
	@$(PYTHON) tests/host_run.py $(if $(GDB),--gdb) server '$(SERVER)' $(WITH)

debug: ## boot stopped, with gdb attached: symbols of kernel and servers; docs/debugging.md has the commands
	@sh build/setup.sh debug </dev/null
	@+$(BUILD) images </dev/null
	@$(PYTHON) build/run.py --out $(O) --boot kernel --debug $(if $(WORDS),--words '$(WORDS)') \
	    $(if $(QEMU_ARGS),--qemu='$(QEMU_ARGS)')

new-server: ## write a server, its protocol, a client and tests: NAME=calc
	@$(PYTHON) build/new_server.py new '$(NAME)'

remove-server: ## take such a server away again: NAME=calc; FORCE=1 also when it has been worked on
	@$(PYTHON) build/new_server.py remove '$(NAME)' $(if $(FORCE),--force)

docs: ## regenerate docs/syscalls.md and docs/protocols.md from the lists in the headers
	@$(PYTHON) docs/syscalls.py --write
	@$(PYTHON) docs/protocols.py --write

sloc: ## count lines of code per part
	@$(PYTHON) build/sloc.py

format-check: ## say where clang-format would change the C sources
	@git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror

clean: ## remove everything that was built
	rm -rf out

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' build/goals.mk build/bench.mk | expand -t 22
	@printf '\n'; sed -n 's/^#  \( .*\)/\1/p' Makefile
