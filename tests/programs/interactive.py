#!/usr/bin/env python3
"""interactive.py: type at our shell on a pseudo-terminal, and look at what it makes of it.

Each case is a name, what is typed, and a pattern that the output must then contain. One line for each: ok or not ok.
"""

import argparse
import os
import pathlib
import sys
import tempfile
import time

import pexpect

import native

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
HOME, END, DELETE = "\x1b[H", "\x1b[F", "\x1b[3~"
A, B, C, D, E, F, K, L, N, P, U, W, Y = (chr(ord(c) - 64) for c in "ABCDEFKLNPUWY")
TAB, RUBOUT = "\t", "\x7f"
GO = "\0"  # until the command that was typed says "go"

CASES = [
    ("command", "echo one\r", r"\r\none\r\n"),
    ("newline-key", "echo two\n", r"\r\ntwo\r\n"),
    ("left-insert", f"echo ac{LEFT}b\r", r"\r\nabc\r\n"),
    ("rubout", f"echo abx{RUBOUT}c\r", r"\r\nabc\r\n"),
    ("backspace", "echo abx\x08d\r", r"\r\nabd\r\n"),
    ("home-end", f"cho h{A}e{E}i\r", r"\r\nhi\r\n"),
    ("home-end-keys", f"cho h{HOME}e{END}o\r", r"\r\nho\r\n"),
    ("delete", f"echo xa{LEFT}{LEFT}{DELETE}\r", r"\r\na\r\n"),
    ("delete-d", f"echo xb{LEFT}{LEFT}{D}\r", r"\r\nb\r\n"),
    ("kill-end", f"echo keep gone{LEFT}{LEFT}{LEFT}{LEFT}{K}\r", r"\r\nkeep\r\n"),
    ("kill-start", f"garbage{U}echo clean\r", r"\r\nclean\r\n"),
    ("kill-word", f"echo stay leave{W}\r", r"\r\nstay\r\n"),
    ("yank", f"echo twice{W}{Y} {Y}\r", r"\r\ntwice twice\r\n"),
    ("word-keys", f"echo aa bb\x1bb\x1bbX\r", r"\r\nXaa bb\r\n"),
    ("control-arrows", f"echo cc dd\x1b[1;5DY\r", r"\r\ncc Ydd\r\n"),
    ("utf-8", f"echo äöü{LEFT}{RUBOUT}\r", r"\r\näü\r\n"),
    ("history-up", f"echo first\recho second\r{UP}{UP}\r", r"second\r\n.*echo first.*\r\nfirst\r\n"),
    ("history-down", f"echo older\recho draft{UP}{UP}{DOWN}{DOWN}!\r", r"\r\ndraft!\r\n"),
    ("history-edit", f"echo edit\r{P}ed\r", r"\r\nedited\r\n"),
    ("history-builtin", "history | tail -n 1\r", r"\d+  history"),
    ("cancel", f"echo nothing{C}echo $?\r", r"\^C\r\n.*\r\n130\r\n"),
    ("clear", f"echo l{L}\r", r"\x1b\[H\x1b\[2J"),
    ("unknown-keys", "echo k\x1b[5~\x1b[20~\x1bOP\x1b[Z\r", r"\r\nk\r\n"),
    ("second-prompt", "if true; then\recho inside\rfi\r", r"more> .*inside\r\n"),
    ("second-prompt-quote", "echo 'a\rb'\r", r"more> .*\r\na\r\nb\r\n"),
    ("second-prompt-here", "cat <<E\rhere text\rE\r", r"more> .*\r\nhere text\r\n"),
    ("cancel-second", f"while true; do\r{C}echo free\r", r"\^C\r\n.*\r\nfree\r\n"),
    ("end-second", f"( echo a\r{D}echo alive\r", r"syntax error.*\r\nalive\r\n"),
    ("syntax-error", "fi; echo no\recho status $?\r", r"syntax error.*\r\nstatus 2\r\n"),
    ("expansion-error", "echo ${nope?really}\recho on\r", r"nope: really.*\r\non\r\n"),
    ("readonly-error", "readonly r=1; r=2; echo no\recho yes\r", r"read only.*\r\nyes\r\n"),
    ("break-outside", "break; return; echo b\recho c\r", r"\r\nc\r\n"),
    ("interrupt", f"echo go; sleep 100\r{GO}{C}", r"\^C"),
    ("interrupted-status", "echo $?\r", r"\r\n130\r\n"),
    ("interrupt-loop", f"while true; do echo go; sleep 100; done\r{GO}{C}", r"\^C"),
    ("after-loop", "echo again\r", r"\r\nagain\r\n"),
    ("background", "sleep 0 &\r", r"\[1\] \d+\r\n"),
    ("background-done", "sleep 1\r\r", r"\[1\] Done"),
    ("interrupt-busy-loop", f"echo go; while :; do :; done\r{GO}{C}", r"\^C"),
    ("interrupt-busy-status", "echo $?\r", r"\r\n130\r\n"),
    ("interrupt-pipeline", f"(echo go >&2; sleep 100) | cat | cat\r{GO}{C}echo [$?]\r", r"\^C[^\r\n]*(\r\n){1,2}% .*\r\n\[130\]\r\n"),
    ("interrupt-wait", f"sleep 100 & echo go; wait\r{GO}{C}echo [$?]\r", r"\r\n\[130\]\r\n"),
    ("jobs-text", "jobs | cat; jobs\r", r"\[1\] Running +sleep 100 &\r\n"),
    ("jobs-kill", "kill %1; wait %1; echo [$?]\r", r"\r\n\[143\]\r\n"),
    ("kill-nobody", "kill %7; echo [$?]\r", r"%7: no such job\r\n\[1\]\r\n"),
    ("stop-key", f"echo go; sleep 1; echo awake\r{GO}\x1a", r"awake\r\n"),
    ("background-deaf", f"(sleep 1; echo survived) & echo go; sleep 50\r{GO}{C}wait\r", r"survived\r\n"),
    ("child-reads", "echo go; read v; echo [$v]\r\0line for read\r", r"\r\n\[line for read\]\r\n"),
    ("child-reads-cat", f"echo go; cat\r{GO}to cat\r{D}", r"\r\nto cat\r\n"),
    ("complete-file", f"echo unmist{TAB}\r", r"\r\nunmistakable\r\n"),
    ("complete-space", f"cat with{TAB}\r", r"\r\nblank inside\r\n"),
    ("complete-directory", f"echo fold{TAB}in{TAB}\r", r"\r\nfolder/inner/\r\n"),
    ("complete-common", f"echo al{TAB}{TAB}h{TAB}\r", r"alpha  alpine.*\r\nalpha\r\n"),
    ("complete-program", f"basen{TAB}/x/y\r", r"\r\ny\r\n"),
    ("complete-none", f"echo zzz{TAB}z\r", r"\x07.*\r\nzzzz\r\n"),
    ("prompt-expands", "PS1='<$((1+1))>'\r", r"<2>$"),
    ("prompt-back", "PS1='% '\r", r"% $"),
    ("long-line", f"echo {'x' * 300} | wc -c{A}{RIGHT * 3}{E}\r", r"\r\n301\r\n"),
    ("empty-lines", "\r\r  \recho e\r", r"\r\ne\r\n"),
    ("comment", "# nothing\recho f\r", r"\r\nf\r\n"),
    ("exec-fails", "exec nosuch\recho still\r", r"not found.*\r\nstill\r\n"),
    ("set-n-ignored", "set -n\recho n\r", r"\r\nn\r\n"),
    ("raw-restored", "(stty -a || echo) 2>/dev/null; echo r\r", r"\r\nr\r\n"),
]

# What is typed for a program while the shell still reads raw. Linux hands it over as it is: no lines, no end.
HERE_ONLY = [
    ("typed-ahead", f"cat | wc -l\rone\rtwox{RUBOUT}\r{D}", r"\r\n2\r\n"),
]


def start(out, folder):
    binaries = out / "bin"
    environment = dict(native.ENVIRONMENT, PATH=str(binaries), PS1="% ", PS2="more> ", TERM="vt100", HOME=folder, GREETED="yes")
    return pexpect.spawn(str(binaries / "sh"), cwd=folder, env=environment, timeout=10, encoding="utf-8", dimensions=(24, 80))


def check(shell, typed, pattern):
    pattern = pattern.replace(r"\r\n", r"\r+\n")  # one more for each terminal on the way
    try:
        first, *rest = typed.split(GO)
        shell.send(first)
        for piece in rest:
            shell.expect(r"\ngo\r+\n")
            time.sleep(0.2)
            shell.send(piece)
        shell.expect(pattern)
        if not pattern.endswith("$"):
            shell.expect("% $")
        return None
    except pexpect.TIMEOUT:
        return f"no {pattern!r} in {shell.before[-200:]!r}"
    except pexpect.EOF:
        return f"the shell has ended: {shell.before[-300:]!r}"


def prepare(folder):
    """The files that the cases know of."""
    for name in ("unmistakable", "alpha", "alpine"):
        pathlib.Path(folder, name).touch()
    pathlib.Path(folder, "with space").write_text("blank inside\n")
    os.makedirs(pathlib.Path(folder, "folder/inner"))


def run_cases(shell, translate=lambda typed: typed, cases=CASES):
    """(name, None or why) of every case; `translate` makes keys what the way to the shell lets through."""
    shell.delaybeforesend = 0.1
    for name, typed, pattern in cases:
        yield name, check(shell, translate(typed), pattern)


def results(out):
    out = pathlib.Path(out).resolve() / "programs-native"
    complaint = native.compile_all(out)
    if complaint:
        return [("compile", complaint.strip().splitlines()[0])]
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        shell = start(out, folder)
        shell.expect("[#$%] $")
        shell.send("PS1='% '; PS2='more> '; PATH=" + str(out / "bin") + "\r")  # /etc/profile of the host may say otherwise
        shell.expect("% $")
        found = list(run_cases(shell))
        shell.send("(exit 42)\r" + D)
        shell.expect(pexpect.EOF)
        shell.close()
        found.append(("end", None if shell.exitstatus == 42 else f"status {shell.exitstatus}"))
    return found


def show(found):
    """Print the results as they come; the exit status."""
    failed = 0
    for name, why in found:
        print(f"ok {name}" if why is None else f"not ok {name}: {why}", flush=True)
        failed += why is not None
    return int(failed > 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=native.TOP / "out")
    args = parser.parse_args()
    return show(results(args.out))


if __name__ == "__main__":
    sys.exit(main())
