#!/usr/bin/env python3
"""`make debug`: gdb's own commands for Ouros, on a machine stopped in the kernel and on one that idles at its shell."""

import os
import re
import subprocess
import sys
import tempfile

OUT = os.environ.get("OUROS_OUT", "out")
LIMIT = 120


def gdb(script, *words):
    """Run gdb commands on a fresh machine."""
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as file:
        file.write(script)
        file.flush()
        command = [sys.executable, "build/run.py", "--out", OUT, "--debug", "--gdb=-batch", "--gdb=-x", f"--gdb={file.name}"]
        done = subprocess.run(
            [*command, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT
        )
    return done.stdout.decode(errors="replace")


def check(name, text, *patterns):
    missing = [pattern for pattern in patterns if not re.search(pattern, text, re.M)]
    if missing:
        print(text)
    print(f"not ok {name}: no {missing[0]!r} in the answer" if missing else f"ok {name}", flush=True)


STOPPED = """
hbreak kernel_main
continue
pte kernel_main
pte 0x1000
kill
"""

# After some seconds the shell waits for input and every server for messages.
RUNNING = """
python
import threading
def stop():
    gdb.post_event(lambda: gdb.execute("interrupt"))
threading.Timer(15, stop).start()
end
continue
ps
ports
regions
regions sh
pte 0x401000 sh
vmmap 2
vmmap vfs
pte 2 401000
pmem
free
vmstat
python
try:
    gdb.execute("vmmap 4711")
except gdb.error as error:
    print(error)
end
threads
handles vfs
blocks
messages
info address region_find
info address service_ready
kill
"""


def main():
    text = gdb(STOPPED)
    check("pte-of-the-kernel", text, r"L3\[ *\d+\] at 0x", r"= 0x[0-9a-f]+, kernel r-x")
    check("pte-of-nothing", text, r"= not mapped")
    text = gdb(RUNNING)
    check("ps", text, r"^ +\d+ pager ", r"^ +\d+ init ", r"^ +\d+ vfs ", r"receiving")
    check("ports", text, r"^port 0x\w+ of tty, held by .*\binit:")
    check("regions", text, r"^vfs \(task \d+\): \d+ regions", r"^ +0x0*401000-0x\w+ r-x +\d+ KiB +file")
    check("vmmap", text, r"^0x0*401000-0x\w+ r-x +\d+ +[1-9]\d* +\d+  0$", r"^no process '4711'|no process '4711'")
    check("pmem", text, r"^ +0 MiB [-.aodp]{64}$")
    check("free", text, r"^owned \d+ kB, free \d+, whole blocks \d+$", r"^promised [1-9]\d* kB to \d+ spaces$")
    check("vmstat", text, r"^free \d+ anon \d+ file \d+ huge \d+$", r"^faults [1-9]\d* ")
    check("threads", text, r"^thread \d+ of vfs: receiving, priority \d+, rip 0x")
    check("handles", text, r"^ +\d+: 0x\w+ session at 0xffff\w+, rights 0x", r"^ +\d+: 0x\w+ port at")
    check("blocks", text, r"^blocks \d+ to \d+: ram, \d+ of them mapped", r"^blocks \d+ to \d+: kernel")
    check("messages", text, r"^thread \d+ to \d+:( \w+ \w+\.\w+)? label 0x\w+, number \d+, first word 0x\w+, sender \w+")
    check("pte-of-a-task", text, r"= 0x[0-9a-f]+, user r-x")
    found = [rf'"{name}" is a function at address 0x1' for name in ("region_find", "service_ready")]
    check("symbols-of-servers", text, *found)


main()
