#!/usr/bin/env python3
"""The terminal's server is ended again and again while somebody types: nothing that was typed is lost or doubled, the
shell's raw mode and the foreground group stay, and a long output comes whole."""

import os
import sys

import pexpect

OUT = os.environ.get("OUROS_OUT", "out")
# In the background, out of the terminal's way: one restart after the other, each when the server is up again.
KILLER = "while [ ! -e /tmp/stop ]; do svc restart tty; sleep 0.05; done > /dev/null 2>&1 &"


def restarts(shell):
    """How often the server has been ended, by the log on the console so far."""
    return shell.seen.count(b"tty ended, and starts again")


class Record:
    """What pexpect logs."""

    def __init__(self, shell):
        shell.seen = bytearray()
        self.shell = shell

    def write(self, data):
        self.shell.seen += data

    def flush(self):
        pass


def typed_commands(shell):
    for n in range(40):
        for character in f"echo a{n}b$(({n}*1001))":
            shell.send(character)
        shell.send("\r")
        shell.expect(f"a{n}b{n * 1001}\r+\n")


def edited(shell):
    """Cursor keys and erase work: the mode is still the shell's."""
    shell.send("ech 'wXrong'\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x7f\x01\x01\x1b[C\x1b[C\x1b[Co\r")
    shell.expect("\nwrong\r+\n")


def interrupted(shell):
    """^C ends what is in the foreground, and nothing else."""
    for _ in range(5):
        shell.send("sh -c \"echo run''ning; exec sleep 1000\"; echo not this\r")
        shell.expect("running\r+\n")  # until then ^C is a key of the shell's editor, or meets no program
        shell.send("\x03")
        shell.expect("% ")
        shell.send("echo status $?\r")
        shell.expect("status 130\r+\n")


def long_output(shell):
    shell.send("seq 1 3000\r")
    for n in range(1, 3001):
        shell.expect(f"(?m)^{n}\r+\n", timeout=60)


def pending(shell):
    """Typed ahead, while nobody reads."""
    shell.send("sleep 1; echo first\r")
    for character in "echo second $((6*7))\r":
        shell.send(character)
    shell.expect("[^ ]first\r+\n")
    shell.expect("\nsecond 42\r+\n")


CASES = [typed_commands, edited, interrupted, pending, long_output]


def main():
    command = [sys.executable, "build/run.py", "--out", OUT, "--boot", "kernel", "--limit", "500"]
    shell = pexpect.spawn(command[0], command[1:], timeout=60)
    shell.delaybeforesend = 0.01
    shell.logfile_read = Record(shell)
    shell.expect("[#$] $", timeout=90)
    shell.send("PS1='% '\r")
    shell.expect("% $")
    shell.send(KILLER + "\r")
    failed = 0
    for case in CASES:
        name = case.__name__.replace("_", "-")
        before = restarts(shell)
        try:
            case(shell)
            shell.expect("as it was")  # at least one more, and the case has not ended with the server down
            print(f"ok {name}")
            print(f"# {restarts(shell) - before} restarts meanwhile", flush=True)
        except (pexpect.TIMEOUT, pexpect.EOF):
            failed += 1
            lines = shell.seen.decode(errors="replace").splitlines()
            print("\n".join(line for line in lines if "] init: tty " not in line))
            print(f"not ok {name}: the terminal went wrong")
            break
    shell.send("touch /tmp/stop\r")
    shell.send("poweroff 7\r")
    shell.expect(pexpect.EOF)
    shell.close()
    ended = shell.exitstatus == 7 and restarts(shell) >= 20
    print("ok end" if ended else f"not ok end: status {shell.exitstatus}, {restarts(shell)} restarts")
    return int(failed > 0 or not ended)


if __name__ == "__main__":
    sys.exit(main())
