#!/usr/bin/env python3
"""mkroot.py --image FILE --root DIR --size N --block N --label NAME [--test-data] PLACE/=FILE...

Lay a root file system out in DIR (the overlay rootfs, the named files in their PLACE, programs stripped) and turn it into
an ext2 image by mke2fs. Everything belongs to root, and the same input gives the same image.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import zlib

OVERLAY = pathlib.Path("rootfs")
STRIP = os.environ.get("CROSS", "x86_64-linux-gnu-") + "strip"
UUID = "6f75726f-7300-4000-8000-000000000001"
BIG = 20 << 20
VAST = 256 << 20


def big_file(path):
    """20 MiB that neither repeat nor compress, and their CRC-32 beside them."""
    data = random.Random(1).randbytes(BIG)
    path.write_bytes(data)
    path.with_suffix(".crc32").write_text(f"{zlib.crc32(data):08x}\n")


def vast_file(path):
    """256 MiB, nearly all of them holes: each MiB begins with its number, 32 bits."""
    with open(path, "wb") as file:
        for number in range(VAST >> 20):
            file.seek(number << 20)
            file.write(number.to_bytes(4, "little"))
        file.truncate(VAST)


def lay_out(root, files, test_data):
    shutil.rmtree(root, ignore_errors=True)
    for name in ("bin", "etc", "dev", "proc", "tmp", "mnt", "root", "usr/share"):
        (root / name).mkdir(parents=True)
    if OVERLAY.is_dir():
        shutil.copytree(OVERLAY, root, dirs_exist_ok=True)
    for word in files:
        place, source = word.split("=", 1)
        target = root / place / os.path.basename(source) if place.endswith("/") else root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(source, "rb") as file:
            program = file.read(4) == b"\x7fELF"
        if program:
            subprocess.run([STRIP, "-o", target, source], check=True)
        else:
            shutil.copy(source, target)
        target.chmod(0o755 if program or source.endswith(".sh") else 0o644)
    if test_data:
        (root / "tests/data").mkdir(parents=True, exist_ok=True)
        big_file(root / "tests/data/big")
        vast_file(root / "tests/data/vast")
    (root / "tmp").chmod(0o1777)


def make_image(args):
    image, root = args.image + ".new", args.root
    if os.path.exists(image):
        os.unlink(image)
    env = dict(os.environ, E2FSPROGS_FAKE_TIME="1700000000", PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
    quiet = dict(env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    features = "^resize_inode,^ext_attr"
    subprocess.run(
        ["mke2fs", "-q", "-t", "ext2", "-b", args.block, "-O", features, "-m", "0", "-L", args.label, "-U", UUID,
         "-E", f"hash_seed={UUID},root_owner=0:0", "-d", root, image, args.size],
        **quiet,
    )
    if os.getuid() != 0:  # mke2fs -d copies the owner of each file
        names = ["/" + str(path.relative_to(root)) for path in sorted(pathlib.Path(root).rglob("*"))]
        orders = "".join(f'sif "{name}" {field} 0\n' for name in names for field in ("uid", "gid"))
        quiet.pop("stdin")
        subprocess.run(["debugfs", "-w", "-f", "-", image], input=orders.encode(), stderr=subprocess.DEVNULL, **quiet)
    os.rename(image, args.image)


def main():
    parser = argparse.ArgumentParser()
    for name in ("image", "root", "size", "block", "label"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--test-data", action="store_true")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    lay_out(pathlib.Path(args.root), args.files, args.test_data)
    make_image(args)


main()
