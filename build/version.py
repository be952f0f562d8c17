#!/usr/bin/env python3
"""version.py HEADER: write HEADER with the version and the commit, touching it only when it changes."""

import pathlib
import subprocess
import sys

VERSION = "0.1"


def git(*words):
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def main():
    header = pathlib.Path(sys.argv[1])
    commit = git("describe", "--always", "--dirty=+", "--abbrev=10", "--exclude=*") or "unknown"
    text = (
        "#pragma once\n"
        f'#define OUROS_VERSION "{VERSION}"\n'
        f'#define OUROS_REVISION "{commit}"\n'
        "#ifdef OUROS_DEBUG\n"
        '#define OUROS_KIND "debug"\n'
        "#else\n"
        '#define OUROS_KIND "release"\n'
        "#endif\n"
        '#define OUROS_BUILD "Ouros " OUROS_VERSION " (" OUROS_REVISION ", " OUROS_KIND ", x86-64)"\n'
    )
    if not header.exists() or header.read_text() != text:
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text(text)


main()
