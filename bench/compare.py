#!/usr/bin/env python3
"""compare.py OLD.json NEW.json: what moved between two runs of the benchmarks, the largest change first."""

import json
import pathlib
import sys

import table


def load(path):
    try:
        return {entry["name"]: entry for entry in json.loads(pathlib.Path(path).read_text())}
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"compare.py: {path or 'no older file was named'}: {error}")


def change(old, new):
    """(how far it moved, what is said of it) or None."""
    before, after = old and old.get("median"), new and new.get("median")
    if before == after:
        return None
    if before is None or after is None:
        return float("inf"), "new" if before is None else "gone"
    return abs(after / before - 1), f"{after / before - 1:+.1%}"


def main():
    if len(sys.argv) != 3 or not sys.argv[1]:
        sys.exit("usage: make bench-compare OLD=old.json")
    old, new = load(sys.argv[1]), load(sys.argv[2])
    names = list(dict.fromkeys([*new, *old]))
    moved = [(change(old.get(n), new.get(n)), n) for n in names if change(old.get(n), new.get(n))]
    for (_, words), name in sorted(moved, key=lambda item: -item[0][0]):
        before, after = (side.get(name, {}).get("median") for side in (old, new))
        crossed = (old.get(name, {}).get("ok"), new.get(name, {}).get("ok"))
        note = {(False, True): "  reached now", (True, False): "  no longer reached"}.get(crossed, "")
        print(f"{name:24} {table.figure(before):>12} -> {table.figure(after):>12}  {words:>8}{note}")
    print(f"{len(moved)} of {len(names)} rows moved")


main()
