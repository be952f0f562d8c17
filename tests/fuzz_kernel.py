#!/usr/bin/env python3
"""make fuzz-kernel: tests/system/first/fuzz.c with more calls, or another seed, than in the test run."""

import argparse
import pathlib
import sys

sys.path[:0] = ["build", "tests"]

import machine  # noqa: E402
from harness import system  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=10_000_000)
    args = parser.parse_args()
    box = machine.Machine(
        out=args.out,
        memory=64,
        words=("log=error", "--", f"seed={args.seed}", f"calls={args.calls}"),
        bundle=system.first_bundle(args.out, "fuzz"),
        qemu=machine.COUNTED,
    )
    status, remark = machine.run_batch(box, None, lambda data: (sys.stdout.buffer.write(data), sys.stdout.flush()))
    if remark:
        print(f"fuzz-kernel: {remark}", file=sys.stderr)
    sys.exit(status)


main()
