#!/usr/bin/env python3
"""bundle.py MODULE NAME=PATH...: write the boot module, the same bytes for the same files every time.

It is the pager, laid out as it shall lie in memory (the file called `pager`, an ELF program; see include/ouros/boot.h), and
behind it the bundle: all other files in a newc archive.
"""

import os
import struct
import sys

PAGE = 4096
READ, WRITE, EXEC = 1, 2, 4
BOOT_INFO_MAGIC = 0x4F55524F53424F4F
INFO_PAGES = 9  # for struct boot_info
SEGMENTS = 8
STACK_PAGES = 16
STACK_TOP = 0x7F8040820000  # USER_STACK_TOP: the page above stays empty, and so does the one below the stack
PAGER_RAM = 1 << 39  # no segment reaches that far
PT_LOAD = 1


def segments_of(elf):
    """(address of the first page, bytes of whole pages, protection) of each part of a program, in order."""
    program, count = struct.unpack_from("<32xQ16xH", elf)
    lowest = PAGE
    for at in range(program, program + count * 56, 56):
        kind, flags, offset, va, _, file_size, memory_size = struct.unpack_from("<IIQQQQQ", elf, at)
        if kind != PT_LOAD or not memory_size:
            continue
        prot = READ | (WRITE if flags & 2 else 0) | (EXEC if flags & 1 else 0)
        start, end = va & -PAGE, (va + memory_size + PAGE - 1) & -PAGE
        if start < lowest or end > PAGER_RAM or prot == READ | WRITE | EXEC:
            sys.exit("bundle.py: the pager's segments share a page, lie too high, or are writable and executable")
        data = bytes(va - start) + elf[offset : offset + file_size]
        yield start, data.ljust(end - start, b"\0"), prot
        lowest = end


def pager_image(elf):
    """The pager in whole pages, struct boot_info first."""
    if elf[:6] != b"\x7fELF\2\1" or struct.unpack_from("<HH", elf, 16) != (2, 62):
        sys.exit("bundle.py: the pager is no static program for x86-64")
    parts = [(STACK_TOP + PAGE, bytes(INFO_PAGES * PAGE), READ), *segments_of(elf)]
    parts.append((STACK_TOP - STACK_PAGES * PAGE, bytes(STACK_PAGES * PAGE), READ | WRITE))
    if len(parts) > SEGMENTS:
        sys.exit("bundle.py: the pager has too many segments")
    head = struct.pack("<QQ", BOOT_INFO_MAGIC, struct.unpack_from("<Q", elf, 24)[0])
    head += b"".join(struct.pack("<QII", va, len(data) // PAGE, prot) for va, data, prot in parts)
    return head + b"".join(data for _, data, _ in parts)[len(head) :]


def pad(size):
    return b"\0" * (-size % 4)


def entry(number, name, mode, data):
    raw = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
    return head + pad(len(head)) + data + pad(len(data))


def main():
    module, files = sys.argv[1], [word.split("=", 1) for word in sys.argv[2:]]
    fresh = f"{module}.{os.getpid()}"  # several tests may pack the same at once
    contents = {}
    for name, path in files:
        with open(path, "rb") as source:
            contents[name] = (0o100755 if os.access(path, os.X_OK) else 0o100644, source.read())
    with open(fresh, "wb") as out:
        out.write(pager_image(contents.pop("pager")[1]))
        for number, (name, (mode, data)) in enumerate(contents.items(), 1):
            out.write(entry(number, name, mode, data))
        out.write(entry(0, "TRAILER!!!", 0, b""))
    os.rename(fresh, module)


main()
