#!/usr/bin/env python3
"""sloc.py [--total PART]: lines of code (not blank, not only comment) of each part of the tree, as git knows it."""

import collections
import pathlib
import re
import subprocess
import sys

C_LIKE = {".c", ".h", ".S", ".ld", ".def"}
HASH = {".py", ".mk", ".sh"}


def strip_c(text):
    """Remove C comments, leaving line ends and strings as they are."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def put(match):
        word = match.group()
        return "\n" * word.count("\n") if word.startswith("/") else word

    return token.sub(put, text)


def count(path):
    text = path.read_text(errors="replace")
    if path.suffix in C_LIKE:
        return sum(1 for line in strip_c(text).splitlines() if line.strip())
    return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def part_of(path):
    parts = path.parts
    if parts[0] in ("microkernel", "servers", "libipc") and len(parts) > 2:
        if parts[0] == "servers":
            return "/".join(parts[:2])
        if parts[0] == "microkernel" and parts[1] == "arch":
            return "/".join(parts[:3])
        if parts[:2] == ("microkernel", "debug"):
            return "microkernel/debug"
    return parts[0] if len(parts) > 1 else "."


def sources():
    """The files of the tree: what git says, or, without git, everything that was not built."""
    try:
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
        if listed.returncode == 0:
            return [pathlib.Path(name) for name in listed.stdout.splitlines()]
    except FileNotFoundError:
        pass
    return [path for path in pathlib.Path(".").rglob("*") if path.parts[0] not in ("out", ".git")]


def counts():
    lines, files = collections.Counter(), collections.Counter()
    for path in sources():
        known = path.suffix in C_LIKE | HASH or path.name == "Makefile"
        if known and path.is_file():
            lines[part_of(path)] += count(path)
            files[part_of(path)] += 1
    return lines, files


def main():
    lines, files = counts()
    if len(sys.argv) == 3 and sys.argv[1] == "--total":
        print(sum(n for part, n in lines.items() if part == sys.argv[2] or part.startswith(sys.argv[2] + "/")))
        return
    for part in sorted(lines):
        print(f"{lines[part]:7}  {part}  ({files[part]} files)")
    print(f"{sum(lines.values()):7}  total")


if __name__ == "__main__":
    main()
