#!/usr/bin/env python3
"""run.py --out FOLDER: boot the release build under counted instructions, run the suite twice, print the table, write
out/bench.json and out/bench.svg. Ends with 1 when a row answered wrongly: a figure of something that did not work is none.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "build"), str(TOP / "bench")]

import chart  # noqa: E402
import machine  # noqa: E402
import table  # noqa: E402

COUNTED = ("-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm")
DISK = "out/bench.img"
LIMIT = 600
BENCH = re.compile(r"\bbench (\w+) (\d+) (\d+)$", re.M)
BAD = re.compile(r"^.*(?:\bnot ok\b|: # ).*$", re.M)
# With sleep=off an idle guest's clock jumps to its next timer: where the host is slow to bring the disk's answer, that is
# the end of the driver's patience. Such a run says nothing.
OUTRUN = re.compile(r"blk: .*: no answer for")
TRIES = 4
ABSENT = re.compile(r"^absent (\w+): (.*)$", re.M)

# Rows that are the slower of two: a server that reads the caller's buffer, and one that writes it.
WORSE_OF = {"ipc_call_160b": "ipc_call_160b_{}", "ipc_call_512b": "ipc_call_512b_{}", "ipc_call_16KiB": "ipc_call_16KiB_{}"}
ALSO = {
    "ipc_call_here": "call + reply within one space, no word",
    "ipc_call_16KiB": "call + reply, 16 KiB copied",
    "control_loop": "control: a loop of 2 instructions, per turn",
    "map_run64": "map 64 pages whose frames are a run, one operation, each",
    "getppid": "getppid, a message to proc",
    "cow_fault_shared_4k": "the first copy-on-write fault in a shared table of 4 KiB pages",
    "create_tmp": "create a file on tmpfs",
    "unlink_tmp": "unlink it on tmpfs",
}


def pack(out, name, *files):
    bundle = out / f"bench/{name}.img"
    subprocess.run([sys.executable, "build/bundle.py", str(bundle), *files], check=True)
    return bundle


def boots(out):
    """The boots of one run: (machine, input)."""
    manifest = out / "bench/kernel/ipc.manifest"
    manifest.write_text(pathlib.Path("tests/system/kernel/manifest").read_text().replace("@TEST@", "ipc"))
    first = [f"pager={out}/stripped/pager", f"init={out}/stripped/init"]
    ipc = pack(out, "kernel/ipc", *first, f"manifest={manifest}", f"bin/ipc={out}/bench/kernel/ipc")
    alone = pack(out, "first/map", f"pager={out}/bench/first/map")
    usual = machine.Machine(out=out, words=("--", "batch"), qemu=COUNTED)
    yield dataclasses.replace(usual, bundle=ipc), ""
    yield dataclasses.replace(usual, bundle=alone), ""
    yield dataclasses.replace(usual, disk=DISK), "/bench/posix\n"


def measure(out):
    """One run of everything: instructions per operation of each round, by row; and why rows are absent."""
    rounds, absent = {}, {}
    for box, text in boots(out):
        for _ in range(TRIES):
            status, remark, output = machine.run_text(box, text, LIMIT)
            if not OUTRUN.search(output):
                break
        bad = BAD.findall(output)
        if status or remark or bad or "ok bench" not in output:
            sys.exit(f"{output}\nbench: {remark or '; '.join(bad[:3]) or f'ended with status {status}'}")
        for name, operations, ticks in BENCH.findall(output):
            rounds.setdefault(name, []).append(int(ticks) / int(operations))
        absent.update(ABSENT.findall(output))
    for name, pair in WORSE_OF.items():
        rounds[name] = max((rounds[pair.format(way)] for way in ("read", "write")), key=sum)
    return rounds, absent


def registers(out):
    """What the processor's control registers hold once the system is up, by the emulator's own words."""
    box = next(iter(boots(out)))[0]
    box = dataclasses.replace(box, bundle=None, disk=DISK)
    with tempfile.TemporaryDirectory(prefix="ouros-") as work:
        words = ["-serial", "null", "-monitor", "none", "-qmp", f"unix:{work}/qmp,server=on,wait=off"]
        qemu = subprocess.Popen(box.command(work) + words, preexec_fn=machine.die_with_parent)
        try:
            record, deadline = pathlib.Path(work, "debugcon"), time.monotonic() + 60
            while not (record.exists() and b"ready" in record.read_bytes()):
                if time.monotonic() > deadline or qemu.poll() is not None:
                    return ""
                time.sleep(0.1)
            with socket.socket(socket.AF_UNIX) as qmp:
                qmp.settimeout(30)
                qmp.connect(f"{work}/qmp")
                replies = qmp.makefile("r")
                replies.readline()
                ask = {"execute": "human-monitor-command", "arguments": {"command-line": "info registers"}}
                for request in ({"execute": "qmp_capabilities"}, ask):
                    qmp.sendall(json.dumps(request).encode() + b"\n")
                    while "return" not in (reply := json.loads(replies.readline())):
                        pass
                return str(reply["return"])
        finally:
            qemu.kill()
            qemu.wait()


def protections(out):
    """What is on in what was measured: read, not assumed."""
    text = registers(out)
    held = {name: int(value, 16) for name, value in re.findall(r"\b(CR0|CR4|EFER)=([0-9a-f]+)", text)}
    bits = {"NX": ("EFER", 11), "WP": ("CR0", 16), "SMEP": ("CR4", 20), "SMAP": ("CR4", 21), "UMIP": ("CR4", 11)}
    on = [name for name, (register, bit) in bits.items() if held.get(register, 0) >> bit & 1]
    off = [name for name in bits if name not in on]
    servers = [p for p in sorted((out / "servers").iterdir()) if b"__stack_chk_fail" in p.read_bytes()]
    words = " ".join(on) or "none"
    words += f"; stack protector in {' '.join(p.name for p in servers) or 'no server'}"
    return words + (f"; OFF: {' '.join(off)}" if off else "")


def difference(a, b):
    """How far two runs of a row are apart, of their medians or minima, whichever is more."""
    return max(abs(a[key] - b[key]) / max(a[key], b[key], 1) for key in ("min", "median"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/release"))
    args = parser.parse_args()
    os.chdir(TOP)
    heading = f"protections on: {protections(args.out)}"
    (rounds, absent), (again, _) = measure(args.out), measure(args.out)
    entries = [table.entry(row, rounds.get(row.name, [])) for row in table.ROWS]
    second = [table.entry(row, again.get(row.name, [])) for row in table.ROWS]
    apart = {a["name"]: difference(a, b) for a, b in zip(entries, second) if a != b}
    print("Guest instructions per operation; release build; QEMU -accel tcg -icount shift=0,sleep=off -smp 1 -cpu max -m 512")
    print(heading[0].upper() + heading[1:])
    print(*table.lines(entries, apart), sep="\n")
    print("\nBesides:")
    for name, title in ALSO.items():
        if name in rounds:
            print(f"  {title}: {table.figure(min(rounds[name]))}")
    for name, why in absent.items():
        print(f"  {name}: not there yet ({why})")
    there, asked = [e for e in entries if e["median"] is not None], [e for e in entries if e["ok"] is not None]
    print(f"{len(there)} of {len(entries)} rows measured, {len(there) - len(apart)} of them the same in two runs;"
          f" {sum(e['ok'] for e in asked)} of {len(asked)} figures reached")  # fmt: skip
    pathlib.Path("out/bench.json").write_text("[\n" + ",\n".join("  " + json.dumps(e) for e in entries) + "\n]\n")
    chart.write(pathlib.Path("out/bench.svg"), entries, heading)
    return 0


if __name__ == "__main__":
    sys.exit(main())
