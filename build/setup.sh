#!/bin/sh
# setup.sh run|test|debug|all: name the missing Debian packages and install them by apt, or say what is needed and stop.
set -eu

goal=${1:-all}
missing=

# need PACKAGE COMMAND-OR-FILE: the package is missing when the command or file is.
need() {
    case $2 in
    /*) for file in $2; do [ -e "$file" ] && return 0; done ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$2" >/dev/null 2>&1 && return 0 ;;
    esac
    missing="$missing $1"
}

need gcc gcc
need libc6-dev /usr/include/stdio.h
need binutils ld
[ "$(uname -m)" = x86_64 ] || need gcc-x86-64-linux-gnu x86_64-linux-gnu-gcc
need python3 python3
need qemu-system-x86 qemu-system-x86_64
need grub-common grub-mkrescue
need grub-pc-bin "${GRUB_DIR:-/usr/lib/grub/i386-pc}/multiboot2.mod"
need xorriso xorriso
need mtools mformat
need e2fsprogs mke2fs
need newlib-source '/usr/src/newlib/newlib-*.tar.*'
need xz-utils xz
need patch patch
case $goal in
test | all) need python3-pexpect '/usr/lib/python3*/*-packages/pexpect' ;;
esac
case $goal in
debug | test | all) need gdb gdb ;;
esac

[ -n "$missing" ] || exit 0

echo "These Debian packages are missing:$missing" >&2
if ! command -v apt-get >/dev/null 2>&1; then
    echo "There is no apt here: install what corresponds to them, then start again." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null 2>&1; then
    sudo=sudo
else
    echo "Install them as root: apt-get install$missing" >&2
    exit 1
fi
echo "Installing them ..." >&2
$sudo env DEBIAN_FRONTEND=noninteractive sh -c \
    "apt-get -qq update && apt-get -qq -y install --no-install-recommends $missing" >&2
