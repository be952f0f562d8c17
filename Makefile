# Ouros: the one door. `make help` lists what can be asked for; the rules live in build/.
#
#   V=1          show the commands           DEBUG=0      release build, into out/release
#   ONLY=text    run only tests whose name contains text (or matches it as a pattern)
#   BOOT=kernel  boot without GRUB           QEMU_ARGS=…  further words for the emulator
#   WORDS=…      kernel command line         MEMORY=n     MiB          LIMIT=n  seconds, then give up

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-builtin-variables

DEBUG ?= 1
O := $(if $(filter 0,$(DEBUG)),out/release,out)

include build/flags.mk
include build/kernel.mk
include build/servers.mk
-include build/libc.mk
include build/programs.mk
include build/images.mk

include build/goals.mk
include build/bench.mk
