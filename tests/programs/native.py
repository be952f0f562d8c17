#!/usr/bin/env python3
"""native.py [--reference SHELL] [--accept] [NAME...]: run the scripts here with our programs, built for this machine.

Each tests/programs/NAME.sh is run by our shell, with nothing but our programs in PATH, in an empty directory, and must
print exactly NAME.out and end with 0; complaints of the address and undefined-behaviour sanitizers are failures. The
same scripts run inside Ouros: they need a shell, our programs and a directory that can be written to, nothing else.

--reference runs the sh_*.sh with another shell (dash) instead, to check what is expected; scripts with the line
`# ours only` are left out. --accept writes the NAME.out that are missing.
"""

import argparse
import concurrent.futures
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = TOP / "tests/programs"
FLAGS = ["-std=gnu17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Iprograms", "-Iprograms/lib"]
FLAGS += ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
LIMIT = 60  # seconds for one script
ENVIRONMENT = {
    "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "LC_ALL": "C",
    "TZ": "UTC",
    "HOME": "/tmp",
}


def stale(target, sources):
    return not target.exists() or any(path.stat().st_mtime > target.stat().st_mtime for path in sources)


def compile_all(out):
    """Build every program into out/bin; returns what the compiler said, None if nothing."""
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return compile_locked(out)


def compile_locked(out):
    compiler = os.environ.get("HOSTCC", "gcc")
    (out / "bin").mkdir(parents=True, exist_ok=True)
    headers = list((TOP / "programs").rglob("*.h"))
    library = sorted((TOP / "programs/lib").glob("*.c"))
    commands, objects = [], []
    for source in library:
        objects.append(out / f"{source.stem}.o")
        if stale(objects[-1], [source, *headers]):
            commands.append([compiler, *FLAGS, "-c", source, "-o", objects[-1]])
    sets = {path.stem: [path] for path in (TOP / "programs").glob("*.c")}
    sets |= {path.name: sorted(path.glob("*.c")) for path in (TOP / "programs").iterdir() if path.is_dir() and path.name != "lib"}
    links = []
    for name, sources in sets.items():
        if any(re.search(r"^#include <(ouros|ipc|proto)/", path.read_text(), re.M) for path in sources):
            continue  # it speaks to the servers: nothing for this machine
        if stale(out / "bin" / name, [*sources, *library, *headers]):
            links.append([compiler, *FLAGS, *sources, *objects, "-o", out / "bin" / name])

    def execute(command):
        done = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return done.stdout + done.stderr if done.returncode else ""

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for group in (commands, links):
            said = "".join(pool.map(execute, group))
            if said:
                return said
    return None


def first_difference(expected, actual):
    want, got = expected.splitlines(), actual.splitlines()
    for number in range(max(len(want), len(got))):
        left = want[number] if number < len(want) else "nothing"
        right = got[number] if number < len(got) else "nothing"
        if left != right:
            return f"line {number + 1}: {right!r} instead of {left!r}"
    return "the last newline differs"


def run_script(script, shell, path, accept=False):
    """None, or why the script failed."""
    folder = tempfile.mkdtemp(prefix="programs-")
    environment = dict(ENVIRONMENT, PATH=str(path))
    try:
        done = subprocess.run(
            [str(shell), str(script)], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        return f"still running after {LIMIT} s"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    output, errors = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    for text in (output, errors):
        if "Sanitizer" in text or "runtime error:" in text:
            return "sanitizer: " + next(line for line in text.splitlines() if "Sanitizer" in line or "runtime error:" in line)
    expected = script.with_suffix(".out")
    if accept and not expected.exists():
        expected.write_text(output)
    if output != expected.read_text(errors="replace"):
        return first_difference(expected.read_text(errors="replace"), output)
    return None if done.returncode == 0 else f"ended with status {done.returncode}: {errors.strip()[-200:]}"


def scripts():
    return sorted(HERE.glob("*.sh"))


def results(out, accept=False):
    """(name, None or why) of every script."""
    out = pathlib.Path(out).resolve() / "programs-native"
    complaint = compile_all(out)
    if complaint:
        return [("compile", complaint.strip().splitlines()[0])]
    folder = out / "bin"

    def one(script):
        return script.stem, run_script(script, folder / "sh", folder, accept)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, scripts()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "out")
    parser.add_argument("--reference")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    if args.reference:
        folder = args.out.resolve() / "programs-native/bin"
        shell = shutil.which(args.reference)
        wanted = [path for path in HERE.glob("sh_*.sh") if "# ours only" not in path.read_text()]
        found = [(path.stem, run_script(path, shell, folder)) for path in sorted(wanted)]
    else:
        found = results(args.out, args.accept)
    found = [(name, why) for name, why in found if not args.names or name in args.names]
    for name, why in found:
        print(f"ok {name}" if why is None else f"not ok {name}: {why}")
    return int(any(why for _, why in found))


if __name__ == "__main__":
    sys.exit(main())
