#!/usr/bin/env python3
"""`make run` as its users meet it: fed from a pipe, and typed at on a terminal."""

import os
import pathlib
import subprocess
import sys
import time

import pexpect

OUT = os.environ.get("OUROS_OUT", "out")
LIMIT = 90
MOTD = pathlib.Path("rootfs/etc/motd").read_text()
PROMPT = r"[#$] "


def check(name, faults, text=""):
    if faults:
        print(text)
    print(f"not ok {name}: {'; '.join(faults)}" if faults else f"ok {name}", flush=True)


def piped(name, script, status, *wanted, words=()):
    """Feed a script to `make -s run`; look at the status and at what was printed."""
    done = subprocess.run(
        ["make", "-s", "run", f"LIMIT={LIMIT}", *words], input=script.encode(), capture_output=True, timeout=2 * LIMIT
    )
    text = done.stdout.decode(errors="replace")
    faults = [] if done.returncode == status else [f"status {done.returncode} instead of {status}"]
    faults += [f"{line!r} was not printed" for line in wanted if line not in text]
    if "\r" in text:
        faults.append("carriage returns in the output")
    check(name, faults, text + done.stderr.decode(errors="replace"))


def many_lines():
    """No byte of a long input is lost, nor a control character taken for an order."""
    count = 600
    script = "".join(f"echo line-{i}-of-many\n" for i in range(count)) + "cat > /tmp/odd\nx\x03y\x04z\x7f\x15\n"
    script = script.replace("cat > /tmp/odd\n", "hexdump -C <<END\n") + "END\n"
    done = subprocess.run(
        ["make", "-s", "run", "BOOT=kernel", f"LIMIT={LIMIT}"], input=script.encode(), capture_output=True, timeout=2 * LIMIT
    )
    text = done.stdout.decode(errors="replace")
    missing = [i for i in range(count) if f"line-{i}-of-many\n" not in text]
    check("piped-long-input", [f"{len(missing)} lines lost, the first is {missing[0]}"] if missing else [], text)
    check("piped-control-bytes", [] if "78 03 79 04 7a 7f 15 0a" in text else ["the bytes were not kept"], text)


def start():
    command = [sys.executable, "build/run.py", "--out", OUT]
    child = pexpect.spawn(command[0], command[1:], timeout=LIMIT, encoding="utf-8", codec_errors="replace", dimensions=(24, 80))
    child.expect("To leave: `poweroff`, or Ctrl-A X")
    return child


def terminal(name, steps):
    """Type at a machine: steps are (what to type, what to expect). Ends by poweroff."""
    child, typed = start(), "nothing"
    try:
        child.expect(PROMPT)
        for typed, expected in steps:
            child.send(typed)
            child.expect(expected)
        child.send("poweroff\r")
        child.expect(pexpect.EOF)
        child.close()
        check(name, [] if child.exitstatus == 0 else [f"status {child.exitstatus}"], child.before or "")
    except (pexpect.TIMEOUT, pexpect.EOF) as error:
        check(name, [f"{type(error).__name__} after {typed!r}"], child.before)
    finally:
        child.close(force=True)


def leave_by_key():
    child = start()
    child.expect(PROMPT)
    child.send("\x01x")
    child.expect(pexpect.EOF)
    child.close()
    check("terminal-ctrl-a-x", [] if child.exitstatus == 0 else [f"status {child.exitstatus}"])


def killed_launcher():
    """The emulator does not outlive its launcher."""
    child = start()
    child.expect(PROMPT)
    children = pathlib.Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
    child.kill(9)
    time.sleep(1)
    left = [pid for pid in children if pathlib.Path(f"/proc/{pid}/exe").exists()]
    check("launcher-killed", [f"process {pid} is left" for pid in left] if children else ["no emulator was found"])


def main():
    piped("piped-motd", "cat /etc/motd\n", 0, MOTD)
    piped("piped-status", "echo one\nsh -c 'exit 7'\n", 7, "one\n")
    piped("piped-no-newline", "echo last", 0, "last\n", words=("BOOT=kernel",))
    piped("piped-nothing", "", 0, words=("BOOT=kernel",))
    leap_day = "QEMU_ARGS=-rtc base=2028-02-29T12:00:00"
    piped("piped-date", "date\n", 0, "Tue Feb 29 12:00:", " UTC 2028", words=("BOOT=kernel", leap_day))
    many_lines()
    terminal(
        "terminal-session",
        [
            ("echo he\x7fello\r", "\nhello\r"),
            ("cat\r", r"cat\r+\n"),
            ("typed\r", r"typed\r+\ntyped\r+\n"),
            ("\x04", PROMPT),
            ("sleep 60\r", r"sleep 60\r+\n"),
            ("\x03", PROMPT),
            ("echo status $?\r", "status 130\r"),
        ],
    )
    leave_by_key()
    killed_launcher()


main()
