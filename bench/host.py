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
CLOCK = re.compile(r"^clock (\d+) ticks (\d+) ns$", re.M)


def shortest(output, best):
    """Takes the rows of a boot's output into `best`, {row: ns of an operation}, where they are shorter."""
    clock, khz = CLOCK.search(output), KHZ.search(output)
    ns_of_tick = int(clock[2]) / int(clock[1]) if clock else 1e6 / int(khz[1])
    for name, operations, ticks in run.BENCH.findall(output):
        ns = int(ticks) / int(operations) * ns_of_tick
        best[name] = min(ns, best.get(name, ns))


def measure(out, boots, best):
    """Takes the messages' rows into `best`."""
    box, text = next(iter(run.boots(out)))
    for _ in range(boots):
        status, remark, output = machine.run_text(dataclasses.replace(box, qemu=()), text, run.LIMIT)
        bad = [line for line in run.BAD.findall(output) if "irq_to_user" not in line]  # that row means nothing by this clock
        if status or remark or bad or not KHZ.search(output):
            sys.exit(f"{output}\nhost: {remark or f'status {status}'}")
        shortest(output, best)


def line(name, best):
    """A row for people."""
    return f"{name:16} {best[name]:9,.1f} ns  {best[name] / best['control_loop']:9,.1f} turns of the control loop"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/release"))
    parser.add_argument("--boots", type=int, default=5)
    args = parser.parse_args()
    os.chdir(TOP)
    best = {}
    measure(args.out, args.boots, best)
    for name in ROWS:
        print(line(name, best))
    print("two spaces to one, no word:")
    for who, (here, there) in {"Ouros": (best["ipc_call_here"], best["ipc_call_0w"]), **PEERS}.items():
        print(f"  {who:10} {there:9,.0f} / {here:6,.0f} ns = {there / here:5.1f}")


if __name__ == "__main__":
    main()
