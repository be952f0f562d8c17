#!/usr/bin/env python3
"""The cases of tests/programs/interactive.py, typed at the shell inside Ouros over the serial console."""

import os
import sys

import pexpect

sys.path.append("tests/programs")
import interactive  # noqa: E402

OUT = os.environ.get("OUROS_OUT", "out")
FILES = "mkdir /tmp/t; cd /tmp/t; touch unmistakable alpha alpine; echo 'blank inside' > 'with space'; mkdir -p folder/inner"


def main():
    command = [sys.executable, "build/run.py", "--out", OUT, "--boot", "kernel", "--limit", "500"]
    shell = pexpect.spawn(command[0], command[1:], timeout=20, encoding="utf-8", codec_errors="replace", dimensions=(24, 80))
    shell.expect("[#$] $", timeout=90)
    for line in (FILES, "PS2='more> '", "PS1='% '"):
        shell.send(line + "\r")
        shell.expect("[#$%] $")
    cases = interactive.CASES + interactive.HERE_ONLY
    # The emulator keeps ^A for itself; twice sends it once.
    failed = interactive.show(interactive.run_cases(shell, lambda typed: typed.replace("\x01", "\x01\x01"), cases))
    shell.send("poweroff 7\r")
    shell.expect(pexpect.EOF, timeout=60)
    shell.close()
    failed += interactive.show([("end", None if shell.exitstatus == 7 else f"status {shell.exitstatus}")])
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
