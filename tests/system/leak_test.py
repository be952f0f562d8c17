#!/usr/bin/env python3
"""The harness's own check for leaks (/proc/audit around each program) can fail, and says what was left."""

import os
import pathlib

from harness import system

OUT = pathlib.Path(os.environ.get("OUROS_OUT", "out"))

# name: (what the shell does, words that the complaint has to contain; none: there must be no complaint)
CASES = {
    "process": ("sleep 1000 & echo ok left", ("processes +1", "tasks +1", "threads +1", "spaces +1", "anon_pages +")),
    "once-only": ("echo ok nothing", ()),
    "file": ("echo text > /tmp/.left; echo ok left", ("vfs_heap +", "vfs_pages +1")),
    "pipe": ("cat < /dev/zero | sleep 1000 & echo ok left", ("processes +2", "handles +")),
    "clean": ("true | cat; echo text > /tmp/file; (sleep 0.2 &); echo ok nothing", ()),
    "file-gone": ("rm /tmp/.left; echo ok less", ()),
}


def judge(results, name, wanted):
    """What is wrong with what the harness says of this program."""
    found = [result.why for result in results if result.name == f"leak/{name}/leak"]
    if not wanted:
        return found
    if not found:
        return ["no leak was reported"]
    return [f"{word!r} is not in {found[0]!r}" for word in wanted if word not in found[0]]


def main():
    commands = {name: command for name, (command, _) in CASES.items()}
    results = system.run_programs(OUT, "leak", system.usual(OUT), commands, 60)
    faults = {name: judge(results, name, wanted) for name, (_, wanted) in CASES.items()}
    for name, why in faults.items():
        print(f"not ok {name}: {'; '.join(why)}" if why else f"ok {name}")
    return 1 if any(faults.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
