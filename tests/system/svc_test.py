#!/usr/bin/env python3
"""svc at the shell, with a server more than usual; manifests that the build refuses, names for servers likewise."""

import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import machine
from harness import system

OUT = pathlib.Path(os.environ.get("OUROS_OUT", "out"))
CHECKER = "out/host/manifest_check"
BLOCKS = [*sorted(str(path) for path in pathlib.Path("servers").glob("*/manifest")), "init/manifest"]
SPARE = "server spare\n    program bin/serve victim\n    restart 10ms 50ms 3 60s\n"

SCRIPT = """\
svc list
svc stop spare && svc list | grep spare; svc start spare && svc list | grep spare
svc restart spare; echo restarted $?
svc stop blk; echo blk $?
svc restart blk && ls /bin | grep -c svc
svc stop nobody; echo nobody $?
svc dance; echo usage $?
svc log spare
"""


def check(name, faults, text=""):
    if faults:
        print(text)
    print(f"not ok {name}: {'; '.join(faults)}" if faults else f"ok {name}", flush=True)
    return bool(faults)


def bundle(work, blocks):
    """The usual bundle with another manifest and the server of tests/system/kernel/serve.c in it."""
    manifest = work / "manifest"
    manifest.write_text(blocks)
    files = [f"pager={OUT}/stripped/pager", f"init={OUT}/stripped/init", f"manifest={manifest}", "ramdisk.img=out/ramdisk.img"]
    names = [path.parent.name for path in pathlib.Path("servers").glob("*/manifest")]
    files += [f"bin/{name}={OUT}/stripped/{name}" for name in names]
    return system.pack(work / "bundle.img", *files, f"bin/serve={OUT}/tests/kernel/serve")


def commands(work):
    blocks = "".join(pathlib.Path(block).read_text() for block in BLOCKS)
    box = machine.Machine(out=OUT, disk="out/disk.img", words=("--", "batch"), bundle=bundle(work, SPARE + blocks))
    status, remark, text = machine.run_text(box, SCRIPT, 120)
    wanted = [
        *(rf"^{name} +up +\d+\.\d s +0 +\d+ +\d+ +\d+$" for name in ("spare", "tty", "blk", "vfs", "proc")),
        "^spare +stopped ", "^spare +up +0\\..* 0 ", "^restarted 0$", "^svc: blk: other servers need it$", "^blk 1$", "^1$",
        "^svc: nobody: no such server$", "^nobody 1$", "^usage: svc ", "^usage 2$",
        r"^\[.*\] init: spare up",
    ]  # fmt: skip
    faults = [remark] if remark else [f"no line matches {line!r}" for line in wanted if not re.search(line, text, re.M)]
    return check("commands", faults, text)


def complaint(archive, *files):
    done = subprocess.run([CHECKER, str(archive), *map(str, files)], capture_output=True, text=True)
    return (done.stdout + done.stderr).strip() if done.returncode else None


def executable_data(archive):
    """The same bundle with the writable segment of blk's program made executable too."""
    data = bytearray(archive.read_bytes())
    start = data.index(b"\x7fELF", data.index(b"bin/blk\0", data.index(b"070701")))
    table, size, count = struct.unpack_from("<Q", data, start + 32)[0], *struct.unpack_from("<HH", data, start + 54)
    for at in range(start + table, start + table + size * count, size):
        kind, flags = struct.unpack_from("<II", data, at)
        if kind == 1 and flags & 2:
            struct.pack_into("<I", data, at + 4, flags | 1)
    changed = archive.with_name("changed.img")
    changed.write_bytes(data)
    return changed


def refusals(work):
    """(name, change to servers/vfs/manifest, what the checker says)"""
    archive = OUT / "bundle.img"
    vfs = pathlib.Path("servers/vfs/manifest").read_text()
    own = work / "vfs"
    others = [block for block in BLOCKS if "vfs" not in block]
    cases = [
        ("no-file", vfs.replace("bin/vfs", "bin/fs"), f"{own}:1: vfs's program bin/fs is not in the bundle"),
        ("no-grant", vfs + "    grant file x.img as x\n", f"{own}:{vfs.count(chr(10)) + 1}: vfs is granted x.img, which is"),
        ("no-need", vfs.replace("needs blk", "needs blok"), f"{own}:3: vfs needs blok, which no block describes"),
        ("statement", vfs.replace("stack", "stuck"), f"{own}:{vfs[:vfs.index('stack')].count(chr(10)) + 1}: unknown statement: stuck"),
        ("circle", vfs.replace("needs ", "needs proc "), "in a circle: "),
        ("ladder", vfs + "server up\n    program bin/vfs\n    needs vfs\n    node up 0 0666\n", "servers call each other in a circle"),
        ("priority", vfs + "    priority 50\n", "blk must have at least the priority of vfs, which calls it"),
    ]
    failed = 0
    own.write_text(vfs)
    said = complaint(archive, *others, own)
    failed += check("accepted", [said] if said else [])
    for name, text, wanted in cases:
        own.write_text(text)
        said = complaint(archive, *others, own) or "accepted"
        failed += check("refused-" + name, [] if wanted in said else [said])
    said = complaint(executable_data(archive), *BLOCKS) or "accepted"
    wanted = "blk's program bin/blk is no static ELF64 program, or has a segment that is writable and executable"
    failed += check("refused-executable-data", [] if wanted in said else [said])
    return failed


def names():
    """What `make new-server` refuses, before it writes anything."""
    failed = 0
    cases = {"Calc": "no name", "9x": "no name", "x": "no name", "a b": "no name", "../x": "no name", "": "say NAME", "int": "means",
             "ipc_x": "means", "vfs": "servers/vfs/manifest exists", "test": "programs/test.c exists"}  # fmt: skip
    for name, wanted in cases.items():
        done = subprocess.run([sys.executable, "build/new_server.py", "new", name], capture_output=True, text=True)
        good = done.returncode == 1 and wanted in done.stderr
        failed += check(f"name-refused-{name or 'none'}".replace(" ", "-").replace("/", "-"), [] if good else [done.stdout + done.stderr])
    done = subprocess.run([sys.executable, "build/new_server.py", "remove", "vfs"], capture_output=True, text=True)
    return failed + check("remove-refused", [] if done.returncode == 1 and "no server vfs" in done.stderr else [done.stderr])


with tempfile.TemporaryDirectory(prefix="ouros-svc-") as folder:
    work = pathlib.Path(folder)
    sys.exit(int(names() + refusals(work) + commands(work) > 0))
