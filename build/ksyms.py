#!/usr/bin/env python3
"""nm -n KERNEL | ksyms.py > ksyms.S: the kernel's text symbols as tables that it can search in a panic.

ksym_addr[]     u64, ascending; ksym_name[] u32, offset of the name in ksym_strings; ksym_count u32.
"""

import sys


def text_symbols(lines):
    seen = set()
    for line in lines:
        fields = line.split()
        if len(fields) != 3 or fields[1] not in "tT" or fields[2].startswith(".L"):
            continue
        addr = int(fields[0], 16)
        if addr < 0xFFFF800000000000 or addr in seen:  # the boot code at low addresses is gone when this is used
            continue
        seen.add(addr)
        yield addr, fields[2]


def main():
    symbols = sorted(text_symbols(sys.stdin))
    out = ["    .section .rodata.ksyms, \"a\"", "    .balign 8", "    .globl ksym_addr", "ksym_addr:"]
    out += [f"    .quad {addr:#x}" for addr, _ in symbols] + ["    .quad -1"]
    out += ["    .globl ksym_name", "ksym_name:"]
    offset = 0
    for _, name in symbols:
        out.append(f"    .long {offset}")
        offset += len(name) + 1
    out += ["    .globl ksym_count", "ksym_count:", f"    .long {len(symbols)}"]
    out += ["    .globl ksym_strings", "ksym_strings:"]
    out += [f'    .asciz "{name}"' for _, name in symbols] + ['    .asciz ""']
    out += ["    .section .note.GNU-stack, \"\", @progbits"]
    print("\n".join(out))


main()
