"""The emulated machine: how QEMU is started, fed, timed and judged. Used by run.py and by the tests.

The guest speaks to its launcher on the debug console (port 0xe9): a debug build's kernel when interrupts have been off for
longer than before, which means something only where instructions are counted; `ready` once tty owns the serial port (a byte sent earlier
could fall to the boot loader, or be echoed), and `exit N` before it powers off. When the kernel panics, it writes 0x7f to
isa-debug-exit (port 0xf4); a test without any server ends by writing 16 + N there.
"""

import ctypes
import dataclasses
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

TOO_LONG, TIMED_OUT, PANICKED, NO_RECORD = 123, 124, 125, 126
QEMU_PANIC_STATUS = 0x7F << 1 | 1
BARE_EXIT = range(16 << 1 | 1, 0x7F << 1 | 1, 2)

COUNTED = ("-icount", "shift=0,sleep=off")  # an instruction is a nanosecond: the same run each time
COUNTED_BESIDE_DISK = ("-icount", "shift=0,sleep=on")  # the same, but idle time passes as the host's: its disk is not late

READY_LIMIT = 60.0  # seconds without the guest's `ready`, after which input is sent all the same

END_OF_INPUT = b"\x04"
QUOTE = b"\x16"
PLAIN = {0x09, 0x0A}


def quoted(data):
    """The bytes to send so that a line discipline takes each byte of data literally."""
    return b"".join(
        QUOTE + bytes([byte]) if (byte < 0x20 or byte == 0x7F) and byte not in PLAIN else bytes([byte]) for byte in data
    )


def die_with_parent():
    """In the child: have the kernel end it when the launcher ends, however that happens."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclasses.dataclass
class Machine:
    """What to boot and on what. Paths are relative to the top of the tree."""

    out: pathlib.Path = pathlib.Path("out")
    boot: str = "kernel"  # "kernel": QEMU and build/loader.c load it; "iso": GRUB does
    machine: str = "q35"
    memory: int = 512  # MiB
    cpus: int = 1
    disk: str | None = None
    slow: int = 0  # requests that the disk answers in a second; 0: as many as it can
    words: tuple = ()  # the kernel's command line; what follows "--" is for init
    kernel: pathlib.Path | None = None
    bundle: pathlib.Path | None = None
    iso: pathlib.Path | None = None
    qemu: tuple = ()  # further words for QEMU

    def command(self, work):
        """QEMU's command line but for the serial port; work is a folder for this run's records."""
        line = ["qemu-system-x86_64", "-accel", "tcg", "-machine", self.machine, "-cpu", "max"]
        line += ["-smp", str(self.cpus), "-m", str(self.memory)]
        line += ["-nodefaults", "-vga", "none", "-display", "none", "-no-reboot"]
        line += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-debugcon", f"file:{work}/debugcon"]
        line += ["-d", "cpu_reset", "-D", f"{work}/resets"]
        if self.disk:
            slow = f",throttling.iops-total={self.slow}" if self.slow else ""
            line += ["-drive", f"file={self.disk},format=raw,if=none,id=disk0,snapshot=on{slow}"]
            line += ["-device", "virtio-blk-pci,drive=disk0,disable-legacy=on"]
        text = " ".join(self.words)
        if self.boot == "iso":
            iso = self.iso or self.out / "ouros.iso"
            line += ["-drive", f"file={iso},format=raw,media=cdrom,readonly=on", "-boot", "d"]
            line += ["-smbios", "type=11,value=" + text.replace(",", ",,")] if text else []
        else:
            bundle = self.bundle or self.out / "bundle.img"
            kernel = self.kernel or self.out / "kernel.elf"
            line += ["-kernel", str(self.out / "loader.elf"), "-device", f"loader,file={kernel}", "-append", text]
            line += ["-initrd", str(bundle)] if bundle.exists() else []
        return line + list(self.qemu)


IRQOFF_MOST = 20000  # instructions that interrupts may be off
IRQOFF_LINE = re.compile(rb"^interrupts off for (\d+) ns: (.*)$", re.M)


def too_long_off(said):
    """The longest stretch with interrupts off that a guest spoke of, if it is longer than it may be. All of them go to the
    file that OUROS_IRQOFF names, if it names one: lines of a number and what it was for."""
    found = [(int(ns), what.decode()) for ns, what in IRQOFF_LINE.findall(said)]
    if found and "OUROS_IRQOFF" in os.environ:
        with open(os.environ["OUROS_IRQOFF"], "a") as file:
            file.write("".join(f"{ns} {what}\n" for ns, what in found))
    ns, what = max(found, default=(0, ""))
    return f"interrupts off for {ns} ns: {what}" if ns > IRQOFF_MOST else None


def verdict(work, status, timed_out, counted):
    """(exit status, remark or None) from what a finished QEMU left behind. counted: instructions were."""
    if timed_out:
        return TIMED_OUT, "time limit reached"
    if status == QEMU_PANIC_STATUS:
        return PANICKED, "kernel panic"
    record = pathlib.Path(work, "debugcon")
    said = record.read_bytes() if record.exists() else b""
    too_long = too_long_off(said) if counted else None
    if too_long:
        return TOO_LONG, too_long
    found = re.findall(rb"^exit (\d+)\s*$", said, re.M)
    if found:
        return int(found[-1]) & 0xFF, None
    if status in BARE_EXIT:
        return (status >> 1) - 16, None
    resets = pathlib.Path(work, "resets")
    if resets.exists() and b"Triple fault" in resets.read_bytes():
        return NO_RECORD, "triple fault"
    return NO_RECORD, f"the machine stopped without saying how (emulator's status {status})"


class Batch:
    """One run with input from a file descriptor (or none) and output handed to a function."""

    def __init__(self, machine, source, sink, limit):
        self.machine, self.source, self.sink = machine, source, sink
        self.deadline = time.monotonic() + limit if limit else None  # the sink may move it
        self.pending = bytearray()
        self.ready = False

    def run(self):
        with tempfile.TemporaryDirectory(prefix="ouros-") as work:
            self.record = pathlib.Path(work, "debugcon")
            line = self.machine.command(work) + ["-serial", "stdio", "-monitor", "none"]
            qemu = subprocess.Popen(
                line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, preexec_fn=die_with_parent
            )
            os.set_blocking(qemu.stdin.fileno(), False)
            try:
                timed_out = self.pump(qemu)
            finally:
                qemu.kill()
                status = qemu.wait()
                qemu.stdin.close()
                qemu.stdout.close()
            return verdict(work, status, timed_out, COUNTED[0] in self.machine.qemu)

    def pump(self, qemu):
        """Move bytes until QEMU closes its output; True when the time limit ended it."""
        begun = time.monotonic()
        next_end = 0.0
        while True:
            now = time.monotonic()
            if self.deadline is not None and now > self.deadline:
                return True
            self.ready = self.ready or now - begun > READY_LIMIT or self.guest_is_ready()
            if self.ready and self.source is None and not self.pending and now >= next_end:
                self.pending += END_OF_INPUT
                next_end = now + 1.0
            readers = [qemu.stdout]
            if self.source is not None and len(self.pending) < 65536:
                readers.append(self.source)
            writers = [qemu.stdin] if self.ready and self.pending else []
            readable, writable, _ = select.select(readers, writers, [], 0.2 if self.ready else 0.05)
            if self.source in readable:
                self.take_input()
            if writable:
                self.feed(qemu)
            if qemu.stdout in readable and not self.take_output(qemu):
                qemu.wait()
                return False

    def guest_is_ready(self):
        return self.record.exists() and b"ready\n" in self.record.read_bytes()

    def take_input(self):
        data = os.read(self.source, 4096)
        if data:
            self.pending += quoted(data)
        else:
            self.source = None

    def feed(self, qemu):
        try:
            done = os.write(qemu.stdin.fileno(), self.pending[:512])
            del self.pending[:done]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.pending.clear()

    def take_output(self, qemu):
        data = os.read(qemu.stdout.fileno(), 65536)
        if data:
            self.sink(data)
        return bool(data)


def run_batch(machine, source=None, sink=None, limit=None):
    """Boot, feed the descriptor `source`, give output to `sink`. Returns (status, remark or None)."""
    return Batch(machine, source, sink or (lambda data: None), limit).run()


def run_text(machine, text="", limit=120):
    """Boot with `text` as input. Returns (status, remark, output), line ends as the host writes them."""
    output = bytearray()
    with tempfile.TemporaryFile() as source:
        source.write(text.encode())
        source.seek(0)
        status, remark = run_batch(machine, source.fileno(), output.extend, limit)
    return status, remark, output.replace(b"\r\n", b"\n").decode(errors="replace")


def run_terminal(machine):
    """Boot with the serial port on this terminal."""
    import termios

    saved = termios.tcgetattr(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="ouros-") as work:
        line = machine.command(work)
        line += ["-chardev", "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console"]
        line += ["-mon", "chardev=console"]
        qemu = subprocess.Popen(line, preexec_fn=die_with_parent)
        try:
            status = qemu.wait()
        finally:
            qemu.kill()
            qemu.wait()
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
        result, remark = verdict(work, status, False, COUNTED[0] in machine.qemu)
        left_by_key = result == NO_RECORD and status == 0 and remark != "triple fault"
        return (0, None) if left_by_key else (result, remark)
