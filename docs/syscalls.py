#!/usr/bin/env python3
"""syscalls.py --write | --check: docs/syscalls.md from include/ouros/syscalls.def."""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
SOURCE = TOP / "include/ouros/syscalls.def"
TARGET = TOP / "docs/syscalls.md"

HEAD = """# System calls

Made from `include/ouros/syscalls.def` by `make docs`; do not edit. The operations of the `…_ctl` calls and the structures
are in `include/ouros/syscall.h`, the layout of a message in registers in `include/ouros/message.h`, errors in
`include/ouros/error.h`.

Number in `rax`; arguments in `rdi`, `rsi`, `rdx`, `r10`, `r8`, `r9`; the error comes back in `rax`, results in `rdx` and
`r10`. `rcx` and `r11` are lost. Calls whose argument is *message* use the message registers instead.

| nr | call | arguments | results | what it does |
|---|---|---|---|---|
"""


def rows(text):
    """The rows of the table; strings may be split over lines and adjacent."""
    string = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
    pattern = re.compile(r"SYSCALL\(\s*(\d+)\s*,\s*(\w+)\s*,\s*" + r",\s*".join([string] * 3) + r"\)")
    for number, name, *strings in pattern.findall(text):
        yield int(number), name, *("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', part)) for part in strings)


def table():
    text = SOURCE.read_text()
    found = list(rows(text))
    if len(found) != len(re.findall(r"^SYSCALL\(", text, re.M)):
        sys.exit(f"{SOURCE}: a SYSCALL line that this program does not understand")
    cell = lambda words: words.replace("|", "\\|") or "–"
    body = (f"| {n} | `{name}` | {cell(a)} | {cell(r)} | {cell(t)} |\n" for n, name, a, r, t in found)
    return HEAD + "".join(body)


def main():
    if sys.argv[1:] == ["--write"]:
        TARGET.write_text(table())
    elif sys.argv[1:] == ["--check"]:
        if not TARGET.exists() or TARGET.read_text() != table():
            sys.exit("docs/syscalls.md is not what include/ouros/syscalls.def says: run `make docs`")
    else:
        sys.exit(__doc__)


main()
