#!/usr/bin/env python3
"""profile_row.py ROW…: where the guest instructions of rows of one boot go, by program and function.

Boots the bench build as run.py does, lets QEMU log each translation block that it executes, and counts from the first entry of
the row's function to its last one. What runs between rounds, and the row's warm-up, is counted too, but where a second function ends
what is measured; figures are per operation. The kernel's instructions that flush translations are counted as well: loads of CR3, and
INVLPG; with --flushes nothing else is printed.
"""

import argparse
import bisect
import collections
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "bench"), str(TOP / "build")]

import machine  # noqa: E402
import run  # noqa: E402

SIZES = {"160b": "160", "512b": "512", "16KiB": "pages"}
# Rows whose function is not named as they are: (boot, function), and the one that ends what is measured. Boots 0 and 1 are
# kernel/ipc and first/map.
FUNCTIONS = {
    "ipc_call_here": (0, "calls_here"),
    "ipc_call_0w": (0, "calls_0w"),
    "ipc_call_6w": (0, "calls_6w"),
    "ipc_call_deadline": (0, "calls_deadline"),
    **{f"ipc_call_{size}_{way}": (0, f"calls_{way}_{name}") for way in ("read", "write") for size, name in SIZES.items()},
    "ipc_call_stub": (0, "stub_calls"),
    "syscall_fail": (0, "failing_calls"),
    "notify_idle": (0, "notifies"),
    "fault_roundtrip": (1, "serve_faults", "area_is_written"),
    "map_one": (1, "map_singly", "area_is_mapped"),
    "map_batch64": (1, "map_in_batches", "area_is_mapped"),
    "stat": (2, "stat_file"),
    "cow_fault": (2, "cow_write", "cow_wrong"),
    "cow_fault_shared": (2, "cow_write", "cow_wrong"),
    "cow_fault_shared_4k": (2, "cow_write", "cow_wrong"),
    "fork_exit_wait_small": (2, "forks"),
    "create": (2, "create_disk"),
    "unlink": (2, "unlink_disk"),
}
BEFORE = {"read_MiB_cached": "read_MiB_uncached", "pread_4KiB_cached": "read_MiB_uncached"}  # rows that they build on
BLOCK = re.compile(rb"IN: [^\n]*\n((?:0x[^\n]*\n|OBJD[^\n]*\n)+)\s*Trace 0: (0x[0-9a-f]+) \[[0-9a-f]+/([0-9a-f]+)/")
EXECUTED = re.compile(rb"Trace 0: (0x[0-9a-f]+) \[[0-9a-f]+/([0-9a-f]+)/")
INSTRUCTION = re.compile(rb"^(0x[0-9a-f]+)", re.M)
FLUSHES = {"CR3 writes": r"mov\s+%\w+,%cr3", "INVLPG": r"invlpg"}
REACH = 512  # bytes: no block begins as far before one of its instructions
CHUNK = 1 << 22


class Symbols:
    """Functions of the kernel, the servers and the program that runs the row, by address."""

    def __init__(self, images):
        table = []
        for image in images:
            words = subprocess.run(["nm", "-n", str(image)], capture_output=True, text=True, check=True).stdout
            found = [line.split() for line in words.splitlines()]
            table += [(int(f[0], 16), image.name, f[2]) for f in found if len(f) == 3 and f[1] in "tTwW"]
        table.sort()
        self.starts, self.names = [t[0] for t in table], [(t[1], t[2]) for t in table]

    def at(self, address):
        index = bisect.bisect_right(self.starts, address) - 1
        return self.names[index] if index >= 0 else ("firmware", "")

    def address(self, image, function):
        for start, name in zip(self.starts, self.names):
            if name == (image, function):
                return start
        sys.exit(f"profile: {image} has no function {function}")


def flushing(kernel):
    """{address of an instruction that flushes: which of FLUSHES}"""
    words = ["objdump", "-d", "--no-show-raw-insn", str(kernel)]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = {}
    for name, pattern in FLUSHES.items():
        found.update({int(a, 16): name for a in re.findall(rf"^([0-9a-f]+):\s+{pattern}", text, re.M)})
    return found


class Counter:
    """Reads QEMU's log; counts what runs between the marks."""

    def __init__(self, first, last, flushing):
        self.first, self.last, self.flushing = first, last, flushing  # addresses: rows that begin, and that end
        self.row = None
        self.inside = False
        self.flushes = {}  # translation block, as below: those of its instructions that flush
        self.sizes = {}  # translation block, by the address of its code on the host: instructions of the guest
        self.pending = collections.Counter()  # since the row's function was entered last
        self.total = collections.defaultdict(collections.Counter)
        self.entries = collections.Counter()

    def chunk(self, data):
        for found in BLOCK.finditer(data):
            self.sizes[found[2]] = found[1].count(b"\n")
            places = (int(place, 16) for place in INSTRUCTION.findall(found[1]))
            if names := [self.flushing[place] for place in places if place in self.flushing]:
                self.flushes[found[2]] = names
        if not self.row and not any(b"/%016x/" % first in data for first in self.first):
            return
        for code, address in EXECUTED.findall(data):
            address = int(address, 16)
            if address in self.first:
                if self.row == self.first[address]:
                    self.total[self.row] += self.pending
                self.pending.clear()
                self.row = self.first[address]
                self.entries[self.row] += 1
                self.inside = True
            elif address in self.last:
                self.inside = False
            if self.inside:
                self.pending[address] += self.sizes.get(code, 1)
                if code in self.flushes:
                    self.pending.update(self.flushes[code])

    def read(self, path):
        left = b""
        with open(path, "rb") as log:
            while data := log.read(CHUNK):
                data = left + data
                # a block's text and its first execution are not to be cut apart
                cut = data.rfind(b"\n----------------\n") if b"\n----------------\n" in data[-8192:] else data.rfind(b"\n")
                cut = cut if cut >= 0 else len(data)
                self.chunk(data[: cut + 1])
                left = data[cut + 1 :]
        self.chunk(left)


def rows_of(output):
    """{row: (operations of a round, rounds)} that the run printed."""
    found = collections.defaultdict(list)
    for name, operations, _ in run.BENCH.findall(output):
        found[name].append(int(operations))
    return {name: (operations[0], len(operations)) for name, operations in found.items()}


def show(row, total, operations, symbols, args):
    """What one row's operations were."""
    flushes = {name: total.pop(name, 0) / operations for name in FLUSHES}
    print(f"{row:22}" + "".join(f"  {count:8.2f} {name}" for name, count in flushes.items()))
    if args.flushes:
        return
    by_function = collections.Counter()
    for address, count in total.items():
        by_function[symbols.at(address)] += count
    whole = sum(by_function.values())
    print(f"{row}: {whole / operations:,.1f} instructions an operation, over {operations} operations")
    by_image = collections.Counter()
    for (image, _), count in by_function.items():
        by_image[image] += count
    for image, count in by_image.most_common():
        print(f"  {image:12} {count / operations:12,.1f}")
    print()
    for (image, name), count in by_function.most_common(args.lines):
        print(f"{count / operations:12,.1f}  {100 * count / whole:5.1f} %  {image}: {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="+", metavar="row")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/release"))
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--flushes", action="store_true")
    args = parser.parse_args()
    os.chdir(TOP)
    wanted = {row: FUNCTIONS.get(row, (2, row)) for row in args.rows}
    number = wanted[args.rows[0]][0]
    if any(boot != number for boot, *_ in wanted.values()):
        sys.exit("profile: these rows are not of one boot")
    program = [args.out / "bench/kernel/ipc", args.out / "bench/first/map", pathlib.Path("out/bench/posix")][number]
    box, text = list(run.boots(args.out))[number]
    if number == 2:
        text = f"/bench/posix /tests/data/big /root {','.join(BEFORE.get(row, '') + ',' + row for row in args.rows)}\n"
    servers = [p for p in sorted((args.out / "servers").iterdir()) if p.is_file() and not p.suffix]
    symbols = Symbols([args.out / "kernel.elf", program] + (servers if number != 1 else []))
    first = {symbols.address(program.name, functions[0]): row for row, (_, *functions) in wanted.items()}
    last = {symbols.address(program.name, functions[1]) for _, *functions in wanted.values() if functions[1:]}
    counter = Counter(first, last, flushing(args.out / "kernel.elf"))
    with tempfile.TemporaryDirectory(prefix="ouros-") as work:
        pipe = f"{work}/log"
        os.mkfifo(pipe)
        reader = threading.Thread(target=counter.read, args=(pipe,))
        reader.start()
        words = ("-d", "exec,in_asm,nochain", "-D", pipe)
        if args.flushes:  # only blocks that may have one, and the marks
            places = [(at - REACH, at) for at in counter.flushing] + [(at, at) for at in {*first, *last}]
            words += ("-dfilter", ",".join(f"0x{low:x}..0x{high:x}" for low, high in places))
        box = dataclasses.replace(box, qemu=box.qemu + words)
        status, remark, output = machine.run_text(box, text, 1800)
        reader.join()
    rounds = rows_of(output)
    if status or any(counter.entries[row] < 2 for row in args.rows):
        sys.exit(f"{output}\nprofile: {remark or f'status {status}, the rows ran {dict(counter.entries)} times'}")
    for row in args.rows:
        operations, _ = rounds.get(row, (None, 0))
        show(row, counter.total[row], (operations or 1) * (counter.entries[row] - 1), symbols, args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
