#!/usr/bin/env python3
"""The tool chain for programs: what it predefines, what it finds, and that nothing of the host leaks in."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

BIN = pathlib.Path("out/bin")
INCLUDE = pathlib.Path("out/sysroot/usr/include")
HELLO = '#include <stdio.h>\nint main(void) { printf("hello %d\\n", 5); return 0; }\n'
# Headers that others include and that say so when they are included alone.
PARTS = re.compile(r"^(machine|ssp|ouros|ipc|proto)/|/_|^_|sys/(custom_file|iconvnls|utime|stdio|string|config)\.h|stdatomic")


def check(name, fault):
    print(f"not ok {name}: {fault}" if fault else f"ok {name}", flush=True)


def gcc(*words, source=HELLO, where=BIN, directory=None):
    """Run the compiler on a source given on its standard input."""
    compiler = (pathlib.Path(where) / "x86_64-ouros-gcc").resolve()
    return subprocess.run([compiler, "-x", "c", "-", *words], input=source, capture_output=True, text=True, cwd=directory)


def identity():
    done = subprocess.run([BIN / "x86_64-ouros-elf-gcc", "-dumpmachine"], capture_output=True, text=True)
    check("dumpmachine", "" if done.stdout == "x86_64-ouros-elf\n" else repr(done.stdout))
    macros = gcc("-dM", "-E", source="").stdout
    wrong = [name for name in ("__linux__", "__gnu_linux__", "linux") if f"#define {name} " in macros]
    check("predefines", f"{wrong} are defined" if wrong else "" if "#define __ouros__ 1\n" in macros else "no __ouros__")
    missing = [t for t in ("ar", "ranlib", "ld", "nm", "strip", "objcopy") for p in ("x86_64-ouros-", "x86_64-ouros-elf-")
               if not os.access(BIN / (p + t), os.X_OK)]
    check("tools", f"missing: {missing}" if missing else "")


def programs(scratch):
    done = gcc("-O2", "-o", scratch / "hello")
    headers = subprocess.run(["readelf", "-lhW", scratch / "hello"], capture_output=True, text=True).stdout
    fault = done.stderr or ("" if "EXEC (Executable file)" in headers and "INTERP" not in headers else "not a static program")
    check("one-line", fault or ("a segment is writable and executable" if "RWE" in headers else ""))
    fault = ""
    for words in (["-c"], ["-S"], ["-r", "-nostdlib"], ["-flto", "-O2"], ["-pthread"], ["-fstack-protector-all"], ["-lm"]):
        done = gcc(*words, "-o", scratch / "x")
        fault = fault or (f"{words}: {done.stderr}" if done.returncode else "")
    check("ways-to-call", fault)


def isolation(scratch):
    leaks = [h for h in ("linux/types.h", "gnu/libc-version.h", "sys/epoll.h") if gcc("-E", source=f"#include <{h}>\n").returncode == 0]
    check("host-headers", f"found {leaks}" if leaks else "")
    leaks = [name for name in ("-ldl", "-lresolv", "-lstdc++", "-lz") if gcc("-o", scratch / "x", name).returncode == 0]
    check("host-libraries", f"found {leaks}" if leaks else "")


def headers():
    faults = []
    for path in sorted(INCLUDE.rglob("*.h")):
        name = str(path.relative_to(INCLUDE))
        if PARTS.search(name):
            continue
        done = gcc("-fsyntax-only", "-Wall", "-Wextra", "-Werror", source=f"#include <{name}>\n#include <{name}>\n")
        if done.returncode:
            faults.append(f"{name}: {done.stderr.splitlines()[1:2]}")
    check("headers-alone", "; ".join(faults[:3]))


def moved(scratch):
    place = scratch / "elsewhere"
    shutil.copytree(BIN, place / "bin", symlinks=True)
    shutil.copytree("out/sysroot", place / "sysroot")
    done = gcc("-v", "-o", "hello", where=place / "bin", directory=scratch)
    here = str(pathlib.Path("out").resolve())
    check("moved", done.stderr if done.returncode else "the old place is used" if here in done.stderr else "")


CONFIGURE = """AC_INIT([tiny],[1])
AC_PROG_CC
AC_CHECK_SIZEOF([long])
AC_CHECK_HEADERS([pthread.h sys/mman.h sys/socket.h])
AC_CHECK_FUNCS([fork mmap posix_spawn epoll_create])
AC_SEARCH_LIBS([sin],[m])
AC_CONFIG_HEADERS([config.h])
AC_OUTPUT
"""


def configure(scratch):
    """A small package made with autoconf, where there is one."""
    if not shutil.which("autoreconf"):
        return
    package = scratch / "package"
    package.mkdir()
    (package / "configure.ac").write_text(CONFIGURE)
    subprocess.run(["autoreconf", "-fi"], cwd=package, capture_output=True, check=True)
    environment = dict(os.environ, PATH=f"{BIN.resolve()}:{os.environ['PATH']}")
    command = ["./configure", "--build=x86_64-pc-linux-gnu", "--host=x86_64-ouros-elf"]
    done = subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True)
    found = (package / "config.h").read_text() if done.returncode == 0 else ""
    wanted = ["HAVE_FORK 1", "HAVE_MMAP 1", "HAVE_POSIX_SPAWN 1", "HAVE_PTHREAD_H 1", "HAVE_SYS_MMAN_H 1", "SIZEOF_LONG 8"]
    faults = [f"no {line}" for line in wanted if f"#define {line}\n" not in found]
    faults += [f"{name} was found" for name in ("HAVE_EPOLL_CREATE", "HAVE_SYS_SOCKET_H") if f"#define {name} " in found]
    check("configure", done.stdout[-300:] if done.returncode else "; ".join(faults))


def main():
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        identity()
        programs(scratch)
        isolation(scratch)
        headers()
        moved(scratch)
        configure(scratch)


main()
