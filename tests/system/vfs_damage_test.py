#!/usr/bin/env python3
"""Damaged disks: vfs answers with errors and a line in the log, and the system goes on."""

import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

import machine

OUT = pathlib.Path(os.environ.get("OUROS_OUT", "out"))
DISK = pathlib.Path("out/disk.img")
LIMIT = 120
SUPER = 1024
os.environ["PATH"] += ":/usr/sbin:/sbin"


def check(name, faults, text=""):
    if faults:
        print(text)
    print(f"not ok {name}: {'; '.join(faults)}" if faults else f"ok {name}", flush=True)


def session(name, image, script, *wanted):
    """Boot with the image, run the script, and look for texts; its last command is `echo alive`."""
    box = machine.Machine(out=OUT, disk=str(image), words=("--", "batch"))
    status, remark, text = machine.run_text(box, script + "\ndmesg | grep -i -e ext2 -e root\necho alive\n", LIMIT)
    faults = [f"{remark}"] if remark else []
    faults += [] if status == 0 else [f"status {status}"]
    faults += [f"no line matches {line!r}" for line in (*wanted, "^alive$") if not re.search(line, text, re.M)]
    check(name, faults, text)


def poke(image, offset, data):
    with open(image, "r+b") as file:
        file.seek(offset)
        file.write(data)


def debugfs(image, *orders, write=False):
    """Run orders of debugfs on an image; what it prints."""
    command = ["debugfs", *(["-w"] if write else []), "-f", "-", str(image)]
    return subprocess.run(command, input="\n".join(orders) + "\n", capture_output=True, text=True, check=True).stdout


def first_block(image, path):
    """The device block of the first block of a file."""
    return int(re.search(r"^(\d+)", debugfs(image, f"blocks {path}").splitlines()[-1]).group(1))


def truncated(work):
    """A file system larger than its device is refused, and the RAM disk is the root."""
    image = work / "truncated.img"
    shutil.copy(DISK, image)
    os.truncate(image, DISK.stat().st_size // 2)
    session("truncated", image, "cat /etc/motd", "smaller than the file system", "RAM disk", "Welcome")


def wants_journal(work):
    """A journal that must be replayed first is a reason to refuse."""
    image = work / "journal.img"
    shutil.copy(DISK, image)
    data = image.read_bytes()[SUPER + 96 : SUPER + 100]
    poke(image, SUPER + 96, struct.pack("<I", struct.unpack("<I", data)[0] | 4))
    session("wants-journal", image, "cat /etc/motd", "journal must be replayed", "RAM disk")


def unknown_feature(work):
    image = work / "feature.img"
    shutil.copy(DISK, image)
    poke(image, SUPER + 96, struct.pack("<I", 0x40 | 2))
    session("unknown-feature", image, "true", "INCOMPAT", "RAM disk")


def unknown_read_only_feature(work):
    image = work / "ro-feature.img"
    shutil.copy(DISK, image)
    poke(image, SUPER + 100, struct.pack("<I", 0xFFFFFFFF))
    session("unknown-read-only-feature", image, "cat /etc/motd", "Welcome", r"ext2 on vda \(read-only\)")


def scribbled(work):
    """Directories and files that point anywhere: each touch of them is an error, and nothing else suffers."""
    image = work / "scribbled.img"
    shutil.copy(DISK, image)
    block = 4096
    docs = first_block(image, "/usr/share/doc")
    poke(image, docs * block + 24 + 4, struct.pack("<H", 3))  # a record length that leads nowhere
    debugfs(
        image,
        "set_inode_field /tests/data/big block[0] 0xfffffff0",
        "set_inode_field /tests/data/big block[IND] 0x7fffffff",
        "set_inode_field /tests/data/big.crc32 mode 0",
        "set_inode_field /root size 0x7fffffff",
        "set_inode_field /mnt links_count 0",
        write=True,
    )
    script = """\
ls /usr/share/doc || echo ls-failed
cat /usr/share/doc/README || echo readme-failed
wc -c /tests/data/big || echo big-failed
cat /tests/data/big.crc32 || echo sum-failed
ls /root || echo root-failed
ls /mnt || echo mnt-failed
ls /etc"""
    failures = [f"^{word}-failed$" for word in ("readme", "big", "sum", "root", "mnt")]
    session("scribbled", image, script, *failures, "^motd$", "ext2 vda: ")


def nothing(work):
    """A disk with no file system at all."""
    image = work / "nothing.img"
    image.write_bytes(bytes(8 << 20))
    session("no-file-system", image, "ls /bin | head -3", "RAM disk")


def main():
    with tempfile.TemporaryDirectory(prefix="vfs-damage-") as folder:
        for test in (truncated, wants_journal, unknown_feature, unknown_read_only_feature, scribbled, nothing):
            test(pathlib.Path(folder))


main()
