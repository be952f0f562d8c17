#!/usr/bin/env python3
"""linux.py: the POSIX rows under Linux in the same QEMU, and host time of Linux and Ouros beside each other.

Takes a kernel image by its path (--kernel, --modules), or fetches Debian's by the package's name into out/linux. Prints guest
instructions under -icount beside the figures of Linux that bench/table.py holds; then, of boots in turns under plain QEMU, the
shortest host ns of each system's rows, and how many turns of the control loop that is.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "bench"), str(TOP / "build")]

import host  # noqa: E402
import machine  # noqa: E402
import run  # noqa: E402
import table  # noqa: E402

PACKAGE = "linux-image-cloud-amd64"
OUT = pathlib.Path("out/linux")
MODULES = ("virtio", "virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk")
FILES = "/tests/data/big /root"
WORDS = "console=ttyS0 mitigations=off quiet panic=-1 rdinit=/init --"
COUNTED = ("-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm", "-cpu", "qemu64")
BOTH = ("control_loop", "getppid", "pipe_rtt_1B")  # rows that are timed on both
HINT = "; a kernel image can be given by its path, too: IMAGE=vmlinuz, with MODULES=folder"
TRUE = "int main(void) { return 0; }\n"


class Linux(machine.Machine):
    """The same machine and disk; QEMU loads another kernel."""

    def command(self, work):
        line = super().command(work)
        line = line[: line.index("-kernel")] + ["-kernel", str(self.kernel), "-initrd", str(self.bundle)]
        return line + ["-append", " ".join(self.words), *self.qemu]


def ask(words, folder=None):
    """What a program of the host prints; ends this one if it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    except FileNotFoundError:
        sys.exit(f"bench-linux: there is no {words[0]} here{HINT}")
    if done.returncode:
        sys.exit(f"bench-linux: `{' '.join(words)}` failed{HINT}\n{done.stderr.strip()}")
    return done.stdout


def fetch(package):
    """(image, folder of modules) of the package, or of the one that it stands for; kept in out/linux."""
    named = re.findall(r"^ *Depends: (linux-image-\S+)$", ask(["apt-cache", "depends", package]), re.M)
    package = named[0] if named else package
    kept = OUT / package
    if not (kept / "vmlinuz").exists():
        OUT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=OUT) as work:
            ask(["apt-get", "download", "-q", package], work)
            ask(["dpkg-deb", "-x", *[p.name for p in pathlib.Path(work).glob("*.deb")], "tree"], work)
            tree = pathlib.Path(work, "tree")
            files = [p for name in MODULES for p in tree.rglob(f"{name}.ko")]
            images = list(tree.glob("boot/vmlinuz*"))
            if len(images) != 1:
                sys.exit(f"bench-linux: {package} has {len(images)} kernel images")
            kept.mkdir(exist_ok=True)
            for path in files:
                shutil.copy(path, kept)
            shutil.copy(images[0], kept / "vmlinuz")  # last: it says that all is there
    return kept / "vmlinuz", kept


def cpio(entries):
    """A newc archive of (name, mode, bytes), as Linux takes it for its first root."""
    archive = b""
    for number, (name, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        raw = name.encode() + b"\0"
        device = (5, 1) if name == "dev/console" else (0, 0)
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(raw), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        for part in (head, data):
            archive += part + bytes(-len(part) % 4)
    return archive


def first_root(compiler, modules):
    """The archive with the programs, compiled for Linux, and the drivers."""
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "true.c").write_text(TRUE)
    rows = sorted(str(path) for path in pathlib.Path("bench/posix").glob("*.c"))
    for name, sources in {"init": ["bench/linux_init.c"], "true": [str(OUT / "true.c")], "posix": rows}.items():
        ask([compiler, "-O2", "-static", "-pthread", "-Wall", "-Wextra", "-Werror", *sources, "-o", str(OUT / name)])
    entries = [(name, 0o040755, b"") for name in ("dev", "disk", "modules")] + [("dev/console", 0o020600, b"")]
    entries += [(name, 0o100755, (OUT / name).read_bytes()) for name in ("init", "true", "posix")]
    drivers = [modules / f"{name}.ko" for name in MODULES] if modules else []
    entries += [(f"modules/{path.name}", 0o100644, path.read_bytes()) for path in drivers if path.exists()]
    (OUT / "initrd").write_bytes(cpio(entries))
    return OUT / "initrd"


def boot(box, text=""):
    """What a boot printed; ends this program if it went wrong."""
    status, remark, output = machine.run_text(box, text, run.LIMIT)
    if status or remark or run.BAD.search(output) or "ok bench" not in output:
        sys.exit(f"{output}\nbench-linux: {remark or f'ended with status {status}'}")
    return output


def instructions(box):
    """Prints guest instructions of all rows under Linux."""
    output = boot(dataclasses.replace(box, words=(WORDS, FILES), qemu=COUNTED))
    rounds = {}
    for name, operations, ticks in run.BENCH.findall(output):
        rounds.setdefault(name, []).append(int(ticks) / int(operations))
    print("Guest instructions per operation under Linux; -icount shift=0,sleep=off -cpu qemu64")
    print(f"{'row':22} {'min':>11} {'median':>11} {'table has':>11} {'ratio':>6}")
    known = {row.name: row.peer for row in table.ROWS if row.peer_name and row.peer_name.startswith("Linux")}
    for name, values in rounds.items():
        e = table.entry(table.Row(name, name, known.get(name), None, None), values)
        share = table.ratio(e)
        print(f"{name:22} {table.figure(e['min']):>11} {table.figure(e['median']):>11} {table.figure(e['peer']):>11}"
              f" {f'{share:.2f}' if share else '-':>6}")  # fmt: skip


def host_time(box, out, boots):
    """Prints the host's time of messages, pipes and calls, both systems in turns."""
    rows = ",".join(BOTH)
    plain = dataclasses.replace(box, words=(WORDS, FILES, rows), qemu=())
    ours = dataclasses.replace(list(run.boots(out))[2][0], qemu=())
    theirs, native = {}, {}
    for _ in range(boots):
        host.shortest(boot(plain), theirs)
        host.shortest(boot(ours, f"/bench/posix {FILES} {rows}\n"), native)
        host.measure(out, 1, native)
    print(f"\nHost time, plain QEMU, the shortest round of {boots} boots in turns")
    for system, best, names in (("Linux", theirs, BOTH), ("Ouros", native, dict.fromkeys((*BOTH, *host.ROWS)))):
        for name in names:
            print(f"{system} {host.line(name, best)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/release"))
    parser.add_argument("--kernel", type=pathlib.Path, help="image; instead of Debian's package")
    parser.add_argument("--modules", type=pathlib.Path, help="folder with its virtio modules, where they are not built in")
    parser.add_argument("--package", default=PACKAGE)
    parser.add_argument("--cc", default="gcc", help="compiler for static programs of the host, such as musl-gcc")
    parser.add_argument("--boots", type=int, default=5)
    args = parser.parse_args()
    os.chdir(TOP)
    kernel, modules = (args.kernel, args.modules) if args.kernel else fetch(args.package)
    if not kernel.is_file():
        sys.exit(f"bench-linux: {kernel}: no such image")
    box = Linux(kernel=kernel, bundle=first_root(args.cc, modules), disk=run.DISK)
    print(f"{kernel}, {args.cc} -static")
    instructions(box)
    host_time(box, args.out, args.boots)


if __name__ == "__main__":
    main()
