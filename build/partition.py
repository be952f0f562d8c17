#!/usr/bin/env python3
"""partition.py mbr|gpt SOURCE DISK: a disk whose first partition, at 1 MiB, holds the image SOURCE."""

import os
import struct
import sys
import uuid
import zlib

SECTOR = 512
FIRST = 2048  # 1 MiB
ENTRIES, ENTRY_SIZE = 128, 128
TABLE_SECTORS = ENTRIES * ENTRY_SIZE // SECTOR
LINUX = uuid.UUID("0FC63DAF-8483-4772-8E79-3D69D8477DE4")
DISK_ID = uuid.UUID("6f75726f-7300-4000-8000-000000000002")
PART_ID = uuid.UUID("6f75726f-7300-4000-8000-000000000003")


def mbr(kind, first, count):
    """A boot sector with one partition, its CHS fields saying "see LBA"."""
    entry = struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", first, count)
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"


def gpt_header(here, other, table, entries, sectors):
    """A GPT header sector (UEFI 2.10, 5.3.2)."""

    def fields(crc):
        return struct.pack(
            "<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc, 0, here, other, 2 + TABLE_SECTORS,
            sectors - TABLE_SECTORS - 2, DISK_ID.bytes_le, table, ENTRIES, ENTRY_SIZE, zlib.crc32(entries),
        )  # fmt: skip

    return fields(zlib.crc32(fields(0))).ljust(SECTOR, b"\0")


def copy(source, disk, offset):
    """Copy an image, leaving its holes holes."""
    with open(source, "rb") as data:
        while block := data.read(1 << 20):
            if block.strip(b"\0"):
                disk.seek(offset)
                disk.write(block)
            offset += len(block)


def main():
    kind, source, target = sys.argv[1:]
    count = os.path.getsize(source) // SECTOR
    sectors = FIRST + count + FIRST
    with open(target + ".new", "wb") as disk:
        disk.truncate(sectors * SECTOR)
        if kind == "mbr":
            disk.write(mbr(0x83, FIRST, count))
        else:
            name = "ouros".encode("utf-16-le").ljust(72, b"\0")
            entry = LINUX.bytes_le + PART_ID.bytes_le + struct.pack("<QQQ", FIRST, FIRST + count - 1, 0) + name
            entries = entry.ljust(ENTRIES * ENTRY_SIZE, b"\0")
            last = sectors - 1
            disk.write(mbr(0xEE, 1, sectors - 1) + gpt_header(1, last, 2, entries, sectors) + entries)
            disk.seek((last - TABLE_SECTORS) * SECTOR)
            disk.write(entries + gpt_header(last, 1, last - TABLE_SECTORS, entries, sectors))
        copy(source, disk, FIRST * SECTOR)
    os.rename(target + ".new", target)


main()
