#!/usr/bin/env python3
# limit: 2400
"""docs/writing-a-server.md, followed literally: its commands are run in a copy of the tree, its code is looked for there."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

TOP = pathlib.Path.cwd()
PAGE = pathlib.Path("docs/writing-a-server.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
NOT_COPIED = {".git", *(f"out/{name}" for name in ("release", "test-logs", "host-tests", "programs-native", "rootfs-1k", "rootfs-2k"))}


def copy_tree(to):
    """With what is built, times and all, so that only what is new has to be built there."""

    def ignore(folder, names):
        return [name for name in names if str((pathlib.Path(folder) / name).relative_to(TOP)) in NOT_COPIED]

    shutil.copytree(TOP, to, symlinks=True, ignore=ignore)
    git("init", "-q", at=to)
    git("add", "-A", at=to)
    git("-c", "user.name=guide", "-c", "user.email=guide@localhost", "commit", "-q", "-m", "as it was", at=to)


def git(*words, at):
    return subprocess.run(["git", *words], cwd=at, check=True, capture_output=True, text=True).stdout


def run(command, at):
    """None, or what went wrong."""
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "OUROS_OUT", "ONLY")}
    done = subprocess.run(
        ["sh", "-c", command], cwd=at, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print("#", command, *done.stdout.splitlines()[-15:], sep="\n# ")
    if done.returncode:
        return f"{command}: status {done.returncode}"
    passed = re.search(r"^(\d+) passed, 0 failed$", done.stdout, re.M)
    if "make test" in command and not (passed and int(passed[1]) > 1):
        return f"{command}: no tests passed"
    return None


def has_code(tree, code):
    """Whether a source of the tree has these lines."""
    folders = [tree / name for name in ("servers", "libipc/include/proto", "examples")]
    return any(code in path.read_text() for folder in folders for path in folder.rglob("*") if path.is_file())


def follow(tree):
    """What is wrong, for each block of the page."""
    for number, (kind, text) in enumerate(BLOCK.findall(PAGE.read_text()), 1):
        name = f"block-{number}"
        if kind == "sh":
            for command in text.splitlines():
                yield command.replace(" ", "-").replace("/", "-"), run(command, tree)
        else:
            yield name, None if has_code(tree, text) else f"no source has:\n{text}"


def main():
    failed = 0
    with tempfile.TemporaryDirectory(prefix="ouros-guide-") as folder:
        tree = pathlib.Path(folder, "tree")
        copy_tree(tree)
        for name, why in follow(tree):
            failed += why is not None
            print(f"not ok {name}: {why}" if why else f"ok {name}", flush=True)
        # The driver's files are the example's own: without them, nothing is left of either server.
        for path in (tree / "examples/edu").rglob("*"):
            copied = tree / path.relative_to(tree / "examples/edu")
            if path.is_file():
                copied.unlink()
        run("make docs", tree)
        left = git("status", "--short", at=tree).strip()
        print(f"not ok without-a-trace: {left}" if left else "ok without-a-trace", flush=True)
    return int(failed > 0 or bool(left))


if __name__ == "__main__":
    raise SystemExit(main())
