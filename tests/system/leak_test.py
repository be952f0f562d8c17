#!/usr/bin/env python3
"""The harness's own check for leaks (/proc/audit around each program) can fail, and says what was left. And a terminal
session leaves nothing: programs interrupted and killed while they read from it, jobs that outlive their shell."""

import os
import pathlib
import sys
import time

import pexpect
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


PROMPT = r"[#$] "
CAT_ENDS = "(sleep 1; kill -9 $(ps | grep ' cat$' | cut -c1-6)) & cat"
TYPED = [
    *["^cat", "^sleep 50", "^cat | cat | cat", "^wc < /dev/zero"] * 3,
    *["sleep 100 &", "sh", "sleep 200 &", "exit", CAT_ENDS],
    *["kill $(ps | grep ' sleep$' | cut -c1-6)", "wait", "rm -rf /tmp/*"],
]


def type_lines(child, lines):
    """A line behind ^ is interrupted once it runs."""
    for line in lines:
        child.sendline(line.lstrip("^"))
        if line.startswith("^"):
            time.sleep(0.3)
            child.sendcontrol("c")
        child.expect(PROMPT)


def typed():
    """What is wrong after a session at the terminal. The first round is for what the shell itself keeps."""
    command = ["build/run.py", "--out", str(OUT), "--disk", system.DISK]
    child = pexpect.spawn(sys.executable, command, timeout=60, encoding="utf-8", codec_errors="replace")
    try:
        child.expect(PROMPT)
        type_lines(child, ["/tests/audit before", *TYPED, "/tests/audit after", "/tests/audit before", *TYPED])
        child.sendline("/tests/audit after && echo no''thing")
        child.expect(["nothing", "leak: [^\r]*"])
        return [] if child.after == "nothing" else [child.after]
    except (pexpect.TIMEOUT, pexpect.EOF) as error:
        return [f"{type(error).__name__} after {child.before!r}"]
    finally:
        child.close(force=True)


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
    faults["typed"] = typed()
    for name, why in faults.items():
        print(f"not ok {name}: {'; '.join(why)}" if why else f"ok {name}")
    return 1 if any(faults.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
