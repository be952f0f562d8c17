#!/usr/bin/env python3
"""host.py: nanoseconds of the host for the messages, under plain QEMU (no -icount), each the shortest of all rounds of some boots;
and as ratios that do not depend on how fast this machine is: to the control loop, and two spaces to one space.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "bench"), str(TOP / "build")]

import machine  # noqa: E402
import run  # noqa: E402

ROWS = ("control_loop", "syscall_fail", "notify_idle", "ipc_call_here", "ipc_call_0w", "ipc_call_6w", "ipc_call_stub")
# Host ns of a call and its reply in one space and in two, on the machine on which they were measured.
PEERS = {"NOVA": (210, 7035), "seL4": (276, 6085), "Fiasco.OC": (1014, 10269)}
KHZ = re.compile(r"counter (\d+) kHz")


def measure(out, boots):
    """Shortest ns per operation, by row."""
    box, text = next(iter(run.boots(out)))
    best = {}
    for _ in range(boots):
        status, remark, output = machine.run_text(dataclasses.replace(box, qemu=()), text, run.LIMIT)
        khz = KHZ.search(output)
        bad = [line for line in run.BAD.findall(output) if "irq_to_user" not in line]  # that row means nothing by this clock
        if status or remark or bad or not khz:
            sys.exit(f"{output}\nhost: {remark or f'status {status}'}")
        for name, operations, ticks in run.BENCH.findall(output):
            ns = int(ticks) / int(operations) * 1e6 / int(khz[1])
            best[name] = min(ns, best.get(name, ns))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/release"))
    parser.add_argument("--boots", type=int, default=5)
    args = parser.parse_args()
    os.chdir(TOP)
    best = measure(args.out, args.boots)
    for name in ROWS:
        print(f"{name:16} {best[name]:9,.1f} ns  {best[name] / best['control_loop']:9,.1f} turns of the control loop")
    print("two spaces to one, no word:")
    for who, (here, there) in {"Ouros": (best["ipc_call_here"], best["ipc_call_0w"]), **PEERS}.items():
        print(f"  {who:10} {there:9,.0f} / {here:6,.0f} ns = {there / here:5.1f}")


if __name__ == "__main__":
    main()
