"""Checks of the source tree itself: who may include what, the size of the kernel, generated documents."""

import pathlib
import re
import subprocess
import sys

import new_server
import sloc
from harness import report

KERNEL_LINES = 6000  # what the design allows
HELLO_LINES = 15  # of a server that does one thing
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)
COMPILER_HEADERS = {
    "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "limits.h", "float.h", "stdalign.h", "stdnoreturn.h",
    "iso646.h", "cpuid.h", "x86intrin.h", "immintrin.h",
}  # fmt: skip


def c_files(*folders):
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix in (".c", ".h", ".S", ".def"):
                yield path, INCLUDE.findall(path.read_text(errors="replace"))


def reaches(path, name):
    """The file of this tree that an include with quotes or a path in it names, seen from its own folder."""
    target = (path.parent / name).resolve()
    return target if target.exists() else None


def foreign_server_includes():
    """A server includes its own headers, libipc's and the kernel ABI; nothing of another server."""
    servers = pathlib.Path("servers").resolve()
    for path, names in c_files("servers", "init"):
        home = (servers / path.parts[1]) if path.parts[0] == "servers" else pathlib.Path("init").resolve()
        for name in names:
            target = reaches(path, name)
            inside = target and not target.is_relative_to(home)
            if inside and (target.is_relative_to(servers) or target.is_relative_to(pathlib.Path("init").resolve())):
                yield f"{path} includes {name}"
            if re.match(r"(\.\./)*(servers|init|microkernel|libc|libpthread)/", name):
                yield f"{path} includes {name}"


def hosted_includes(*folders):
    """Freestanding parts include the compiler's headers, the ABI's, libipc's and their own: no C library. What runs them on
    Linux (libipc/host) is none of them."""
    own = {path.name for folder in folders for path, _ in c_files(folder)}
    for path, names in c_files(*folders):
        if path.is_relative_to("libipc/host"):
            continue
        for name in names:
            known = name.split("/")[0] in ("ouros", "ipc", "proto", "arch") or name == "ouros_version.h"
            if not (known or name in COMPILER_HEADERS or reaches(path, name) or pathlib.Path(name).name in own):
                yield f"{path} includes {name}"


def kernel_includes():
    """The kernel includes the ABI and its own headers: nothing of user space."""
    for path, names in c_files("microkernel"):
        for name in names:
            if name.split("/")[0] in ("ipc", "proto") or re.match(r"(\.\./)*(servers|libipc|libc|init)/", name):
                yield f"{path} includes {name}"


def arch_outside():
    """Nothing but arch/ knows the CPU: no inline assembly in the portable kernel."""
    for path, _ in c_files("microkernel"):
        if path.parts[1] != "arch" and re.search(r"\b(__asm__|asm)\b\s*(volatile|goto)?\s*\(", path.read_text()):
            yield f"{path} has inline assembly"


def lines_of(part):
    done = subprocess.run([sys.executable, "build/sloc.py", "--total", part], capture_output=True, text=True, check=True)
    return int(done.stdout)


def kernel_size():
    """What only helps to find the kernel's own bugs lies in microkernel/debug/ and does not count (docs/testing.md)."""
    lines = lines_of("microkernel") - lines_of("microkernel/debug")
    if lines > KERNEL_LINES:
        yield f"the kernel has {lines} lines of code, more than {KERNEL_LINES}"


def hello_size():
    """A server is as little work as promised: what new-server writes, counted as everything else is."""
    text = new_server.FILES["servers/@/main.c"]
    lines = sum(1 for line in sloc.strip_c(text).splitlines() if line.strip())
    if lines > HELLO_LINES:
        yield f"a new server has {lines} lines of code, more than {HELLO_LINES}"


def document_links():
    """What a page links to is there."""
    for page in [pathlib.Path("README.md"), *sorted(pathlib.Path("docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)\s]*)?\)", page.read_text()):
            if not (page.parent / target).exists():
                yield f"{page} links to {target}"


def generated(script):
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    if done.returncode:
        yield done.stdout.strip() or done.stderr.strip()


CHECKS = {
    "servers-do-not-include-each-other": foreign_server_includes,
    "libipc-and-servers-need-no-libc": lambda: hosted_includes("libipc", "servers", "init"),
    "kernel-includes": kernel_includes,
    "kernel-asm-only-in-arch": arch_outside,
    "kernel-size": kernel_size,
    "hello-size": hello_size,
    "syscall-table-is-fresh": lambda: generated("docs/syscalls.py"),
    "protocol-tables-are-fresh": lambda: generated("docs/protocols.py"),
    "documents-link-to-what-exists": document_links,
}


def run():
    for name, check in CHECKS.items():
        found = list(check())
        why = "; ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "") if found else None
        yield report.Result("tree/" + name, why)


def jobs():
    return [report.Job("tree", run)]
