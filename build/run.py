#!/usr/bin/env python3
"""run.py: boot Ouros in QEMU. With a terminal on standard input, the console is that terminal; without, standard input
is fed to the shell, the machine powers off at its end, and the status is that of the last command.

Statuses of its own: 124 time limit, 125 kernel panic, 126 the machine stopped without a word (a triple fault).
"""

import argparse
import os
import pathlib
import signal
import sys

import debugger
import machine


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out"), help="folder of what was built")
    parser.add_argument("--boot", choices=("kernel", "iso"), default="kernel")
    parser.add_argument("--machine", default="q35")
    parser.add_argument("--memory", type=int, default=512, help="MiB")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--disk", default="out/disk.img", help="image of the virtio disk; 'none' for no disk")
    parser.add_argument("--words", default="", help="kernel command line")
    parser.add_argument("--init-words", default="", help="words for init, after --")
    parser.add_argument("--limit", type=float, help="seconds, then give up")
    parser.add_argument("--status", type=pathlib.Path, help="write the status to this file and exit with 0")
    parser.add_argument("--qemu", action="append", default=[], help="further words for QEMU")
    parser.add_argument("--debug", action="store_true", help="stopped, with gdb attached")
    parser.add_argument("--gdb", action="append", default=[], help="further words for gdb")
    return parser.parse_args()


def describe(args, batch):
    disk = args.disk if args.disk != "none" and os.path.exists(args.disk) else None
    init_words = (["batch"] if batch else []) + args.init_words.split()
    return machine.Machine(
        out=args.out,
        boot=args.boot,
        machine=args.machine,
        memory=args.memory,
        cpus=args.cpus,
        disk=disk,
        words=tuple(args.words.split() + (["--"] + init_words if init_words else [])),
        qemu=tuple(word for words in args.qemu for word in words.split()),
    )


class Console:
    """Writes what the machine prints; its line ends become the host's, unless a terminal wants them as they are."""

    def __init__(self):
        self.raw = os.isatty(1)
        self.held = b""

    def write(self, data):
        data = self.held + data
        self.held = b"\r" if data.endswith(b"\r") and not self.raw else b""
        data = data[: len(data) - len(self.held)]
        sys.stdout.buffer.write(data if self.raw else data.replace(b"\r\n", b"\n"))
        sys.stdout.buffer.flush()


def run(args):
    batch = not sys.stdin.isatty() and not args.debug
    box = describe(args, batch)
    if not (args.out / "kernel.elf").exists():
        sys.exit("run.py: there is no kernel: run make first")
    if args.debug:
        return debugger.run(box, args.gdb)
    if batch:
        return machine.run_batch(box, 0, Console().write, args.limit)
    print("Booting Ouros. To leave: `poweroff`, or Ctrl-A X.", flush=True)
    return machine.run_terminal(box)


def main():
    args = parse()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(128 + number))
    try:
        status, remark = run(args)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status, remark = 128 + signal.SIGPIPE, None
    except KeyboardInterrupt:
        status, remark = 128 + signal.SIGINT, None
    if remark:
        print(f"ouros: {remark}", file=sys.stderr)
    if args.status:
        args.status.write_text(f"{status}\n")
        sys.exit(0)
    sys.exit(status)


main()
