#!/usr/bin/env python3
"""cpio.py ARCHIVE NAME=PATH...: write a newc archive, the same bytes for the same files every time."""

import os
import sys


def pad(size):
    return b"\0" * (-size % 4)


def entry(number, name, mode, data):
    raw = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
    return head + pad(len(head)) + data + pad(len(data))


def main():
    archive, files = sys.argv[1], [word.split("=", 1) for word in sys.argv[2:]]
    fresh = f"{archive}.{os.getpid()}"  # several tests may pack the same at once
    with open(fresh, "wb") as out:
        for number, (name, path) in enumerate(files, 1):
            with open(path, "rb") as source:
                mode = 0o100755 if os.access(path, os.X_OK) else 0o100644
                out.write(entry(number, name, mode, source.read()))
        out.write(entry(0, "TRAILER!!!", 0, b""))
    os.rename(fresh, archive)


main()
