#!/usr/bin/env python3
"""The kernel's debug verbs: each printer, asked over the second serial port while the system idles at its shell; then the
worst stretches with interrupts off, after programs that fork, map, thread and kill, counted in instructions (-icount)."""

import os
import pathlib
import re
import socket
import tempfile
import threading
import time

import machine

OUT = pathlib.Path(os.environ.get("OUROS_OUT", "out"))
LIMIT = 500
IRQOFF_MOST = 20000  # instructions, by docs/debugging.md
HEAVY = (
    "fork_cow", "posix_thread", "posix_thread_sync", "posix_process", "many", "pager_memory", "kill_storm", "vfs_files",
)  # fmt: skip


class Guest:
    """A machine in batch mode whose input stays open, with sockets to its second serial port and to QEMU's monitor."""

    def __init__(self, work):
        self.output = bytearray()
        reader, self.input = os.pipe()
        sockets = []
        for name in ("verbs", "monitor"):
            place = os.path.join(work, name)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(place)
            listener.listen()
            sockets.append((listener, place))
        box = machine.Machine(out=OUT, disk=str(OUT / "disk.img"), words=("--", "batch"), qemu=(
            "-icount", "shift=0,sleep=off",
            "-chardev", f"socket,id=verbs,path={sockets[0][1]}", "-device", "isa-serial,chardev=verbs,index=1",
            "-chardev", f"socket,id=hmp,path={sockets[1][1]}", "-mon", "chardev=hmp",
        ))  # fmt: skip
        self.thread = threading.Thread(target=machine.run_batch, args=(box, reader, self.output.extend, LIMIT))
        self.thread.start()
        self.verbs, self.monitor = (listener.accept()[0] for listener, _ in sockets)
        self.verbs.settimeout(60)

    def run(self, command, mark):
        """Type a command and wait for what it prints at its end."""
        os.write(self.input, f"{command}\necho {mark[0]}'{mark[1:]}'\n".encode())
        end = time.monotonic() + LIMIT
        while mark.encode() not in self.output and time.monotonic() < end and self.thread.is_alive():
            time.sleep(0.2)

    def ask(self, line):
        self.verbs.sendall(line.encode() + b"\n")
        time.sleep(0.2)  # it lies in the port before the doorbell rings
        self.monitor.sendall(b"nmi\n")
        answer = b""
        while not answer.endswith(b"\n.\n") and answer != b".\n":
            answer += self.verbs.recv(4096)
        return answer.decode(errors="replace")

    def close(self):
        os.close(self.input)
        self.thread.join()


def check(name, text, *patterns):
    missing = [pattern for pattern in patterns if not re.search(pattern, text, re.M)]
    if missing:
        print(text)
    print(f"not ok {name}: no {missing[0]!r} in the answer" if missing else f"ok {name}", flush=True)


def check_irqoff(text):
    found = re.findall(r"for (\d+) ns: (\w+ \d+)", text)
    print(text)
    too_long = [what for ns, what in found if int(ns) > IRQOFF_MOST]
    print(f"not ok irqoff: too long: {', '.join(too_long)}" if too_long or not found else "ok irqoff", flush=True)


def main():
    with tempfile.TemporaryDirectory(prefix="ouros-") as work:
        guest = Guest(work)
        try:
            guest.run("true", "ready-for-verbs")
            check("threads", guest.ask("threads"), r"^task 1 pager: \d+ threads", r"^  thread \d+ receiving priority \d+ rip", r" vfs")
            check("ports", guest.ask("ports"), r"^port ffff\w+ of init, lent to vfs: \d+ sessions", r"^ +receiving \d+")
            check("handles", guest.ask("handles vfs"), r"^ +\w+ session rights", r"^ +\w+ port rights")
            check("walk", guest.ask("walk pager 7f804081f000"), r"level 0 entry 255: \w+", r"level 3 entry +31: \w+ W NX")
            check("walk-nowhere", guest.ask("walk nobody 0"), r"no task 'nobody'")
            check("blocks", guest.ask("blocks"), r"RAM, \d+ of them mapped", r"slab pages and \d+ of \d+ tables are free")
            check("messages", guest.ask("messages"), r"thread \d+ to \d+: label \w+, number 0, first word", r"thread \d+ to \d+: \w+'s [a-z]+\.[a-z]\w+ label \w+, number \d+,")
            check("help", guest.ask("help"), "threads, ports")
            check("unknown", guest.ask("nonsense at all"), r"\A\.")
            guest.run("; ".join(f"/tests/{name} > /dev/null" for name in HEAVY), "heavy-is-done")
            check_irqoff(guest.ask("irqoff"))
        finally:
            guest.close()


main()
