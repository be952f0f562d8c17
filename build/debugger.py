"""make debug: QEMU stopped at its first instruction, gdb attached, the symbols of the kernel and of every server loaded."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time

import machine


def gdb_line(box, socket, words):
    """gdb's command line: the kernel's symbols at once; the servers' are added by the commands in ouros.py."""
    line = ["gdb", "-q", "-nx", "-ex", "set confirm off", "-ex", "set pagination off", "-ex", "set style enabled off"]
    line += ["-ex", f"set $ouros_out = \"{box.out}\"", str(box.kernel or box.out / "kernel.elf")]
    line += ["-ex", f"target remote {socket}", "-ex", "source build/gdb/ouros.py"]
    return line + list(words)


def run(box, words):
    """Returns (status, remark) as the other ways of running do: gdb's own status."""
    with tempfile.TemporaryDirectory(prefix="ouros-") as work:
        socket = os.path.join(work, "gdb")
        log = box.out / "console.log"
        line = box.command(work) + ["-S", "-chardev", f"socket,id=gdb0,path={socket},server=on,wait=off"]
        line += ["-gdb", "chardev:gdb0", "-monitor", "none"]
        line += ["-chardev", f"pty,id=console,logfile={log}", "-serial", "chardev:console"]
        # Its own session: the interrupt key is for gdb, which stops the guest by it.
        qemu = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=machine.die_with_parent,
        )
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            print(f"Console: {qemu.stdout.readline().strip()}; a copy goes to {log}.", flush=True)
            for _ in range(100):
                if pathlib.Path(socket).exists():
                    break
                time.sleep(0.05)
            restore = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
            return subprocess.run(gdb_line(box, socket, words), preexec_fn=restore).returncode, None
        finally:
            signal.signal(signal.SIGINT, previous)
            qemu.kill()
            qemu.wait()
