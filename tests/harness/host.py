"""Host tests: tests/host/NAME_test.c with the sources named in its first line, under the address and undefined-behaviour
sanitizers. Each case is a line `ok CASE` or `not ok CASE: why`; the exit status must agree."""

import glob
import hashlib
import os
import pathlib
import subprocess
import sys
import threading

from harness import report

SANITIZE = os.environ.get("SANITIZE", "address,undefined")  # or thread: make host-test NAME=vfs_disk SANITIZE=thread
FLAGS = ["-std=gnu17", "-g", "-O1", "-Wall", "-Wextra", f"-fsanitize={SANITIZE}", "-fno-sanitize-recover=undefined"]
FLAGS += ["-fno-omit-frame-pointer", "-DOUROS_HOST=1", "-DOUROS_DEBUG=1"]
INCLUDES = ["-Iinclude", "-Ilibipc/host/include", "-Ilibipc/include", "-Itests/host", "-I."]
# The kernel's own headers come last: some have names of the C library's.
KERNEL = ["microkernel/include", "microkernel/debug", "microkernel/arch/x86_64/include"]
INCLUDES += [word for folder in KERNEL for word in ("-idirafter", folder)]
LIMIT = 300  # seconds
# What `@libipc` among the sources stands for: libipc over the host's kernel of threads (libipc/host).
LIBIPC = "badges client cpio elf feed format invoke irq keep lock log open ping request server server_keep shared shared_server"
LIBIPC += " startup_build strcpy task timer"
LIBIPC = ["libipc/host/*.c", *(f"libipc/{name}.c" for name in LIBIPC.split())]
BUILT = pathlib.Path("out/host-tests")


class Refused(Exception):
    """What the compiler said."""


def write(path, text):
    """A file with this text, also for who reads it at the same time; untouched if it is so already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        part = path.with_suffix(f".{threading.get_ident()}")
        part.write_text(text)
        part.rename(path)
    return str(path)


def server(name):
    """What `@NAME` stands for: all of a server's sources, its main under the name NAME_main."""
    files = sorted(glob.glob(f"servers/{name}/**/*.c", recursive=True))
    mains = [file for file in files if os.path.basename(file) == "main.c"]
    if not mains:
        raise Refused(f"servers/{name} has no main.c")
    wrapper = f'#define main {name}_main\n#include "{os.path.abspath(mains[0])}"\n'
    return [write(BUILT / "servers" / f"{name}.c", wrapper), *(file for file in files if file != mains[0])]


def meant(word):
    """The patterns and files that a word among the sources stands for."""
    if word == "@libipc":
        return LIBIPC
    return server(word[1:]) if word.startswith("@") else [word]


def sources(test):
    """The files that the first line of a test asks for; a pattern stands for all that match."""
    with open(test) as file:
        first = file.readline()
    prefix = "// sources:"
    if not first.startswith(prefix):
        raise ValueError(f"{test}: the first line must begin with `{prefix}`")
    words = [name for word in first[len(prefix) :].split() for name in meant(word)]
    return [name for word in words for name in sorted(glob.glob(word)) or [word]]


locks = {}  # of objects, by path
locks_guard = threading.Lock()


def is_fresh(built, dependencies):
    """Is the object newer than all that it was made from?"""
    if not built.exists() or not dependencies.exists():
        return False
    made = built.stat().st_mtime
    files = dependencies.read_text().replace("\\\n", " ").split()[1:]
    return all(os.path.exists(file) and os.path.getmtime(file) < made for file in files)


def compiled(source):
    """The object of a source: tests share them."""
    command = [os.environ.get("HOSTCC", "gcc"), *FLAGS, *INCLUDES, "-c", str(source)]
    built = BUILT / "objects" / (hashlib.sha256(" ".join(command).encode()).hexdigest()[:24] + ".o")
    dependencies = built.with_suffix(".d")
    built.parent.mkdir(parents=True, exist_ok=True)
    with locks_guard:
        lock = locks.setdefault(built, threading.Lock())
    with lock:
        if not is_fresh(built, dependencies):
            command += ["-MMD", "-MF", str(dependencies), "-o", str(built)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if done.returncode != 0:
                raise Refused(done.stdout + done.stderr)
    return str(built)


def link(files, binary):
    binary.parent.mkdir(parents=True, exist_ok=True)
    command = [os.environ.get("HOSTCC", "gcc"), *FLAGS, *map(compiled, files), "-o", str(binary), "-lm", "-pthread"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(done.stdout + done.stderr)


def build(test, binary):
    """Compile a test; None, or what the compiler said."""
    try:
        link([test, *sources(test)], binary)
    except Refused as error:
        return str(error)
    return None


def build_server(name):
    """A server as a program of its own, behind a socket."""
    binary = BUILT / "bin" / name
    text = f'#define SERVER_MAIN {name}_main\n#include "{os.path.abspath("libipc/host/run/serve.c")}"\n'
    files = [file for word in LIBIPC for file in sorted(glob.glob(word))]
    link([write(BUILT / "servers" / f"{name}_run.c", text), *server(name), *files], binary)
    return binary


def run(out, test):
    name = "host/" + test.stem.removesuffix("_test")
    binary = out.resolve() / "host-tests" / test.stem
    complaint = build(test, binary)
    if complaint is not None:
        return [report.Result(name, f"does not compile (see {report.keep_log(out, name, complaint)})")]
    env = dict(os.environ, ASAN_OPTIONS="abort_on_error=0", UBSAN_OPTIONS="print_stacktrace=1")
    try:
        done = subprocess.run(
            [binary], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, timeout=LIMIT
        )
    except subprocess.TimeoutExpired as error:
        text = (error.stdout or b"").decode(errors="replace")
        return report.judge(out, name, text, False, f"still running after {LIMIT} s")
    text = done.stdout.decode(errors="replace")
    return report.judge(out, name, text, done.returncode == 0, f"ended with status {done.returncode}")


def run_scripts(out, name):
    """The shell and the tools, compiled for the host: tests/programs/native.py runs the scripts, interactive.py types."""
    command = [sys.executable, f"tests/programs/{name}.py", "--out", str(out)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT)
    return report.judge(out, name, done.stdout.decode(), done.returncode == 0, f"ended with status {done.returncode}")


def jobs(out):
    scripts = [report.Job(name, lambda name=name: run_scripts(out, name)) for name in ("native", "interactive")]
    tests = sorted(pathlib.Path("tests/host").glob("*_test.c"))
    return scripts + [report.Job("host/" + test.stem.removesuffix("_test"), lambda test=test: run(out, test)) for test in tests]
