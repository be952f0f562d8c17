#!/usr/bin/env python3
"""trace at the shell: what it prints of programs, and that they do not notice; every call in the list is one of libc's."""

import os
import pathlib
import re
import subprocess

import machine

OUT = pathlib.Path(os.environ.get("OUROS_OUT", "out"))
LIST = pathlib.Path("libc/include/ouros/posix_calls.h")

SCRIPT = """\
trace -o /tmp/t cat /etc/hosts /nonexistent > /dev/null 2>&1; s=$?; cat /tmp/t; echo part $s
trace -f -o /tmp/t /tests/traced; echo part $?
cat /tmp/t; echo part $?
trace /tests/traced 2> /tmp/t; grep -c . /tmp/t; echo part $?
trace -c ls /bin 2>&1 > /dev/null; echo part $?
trace -e open,close head -n 1 /etc/motd 2>&1 > /dev/null; echo part $?
trace -o /tmp/t sleep 0.8; cat /tmp/t; echo part $?
trace sh -c 'kill -9 $$' 2>&1; echo part $?
trace nothing-of-this-name > /dev/null 2>&1; echo part $?
trace -e foo ls; trace -c; echo part $?
trace -f sh -c 'sleep 100 & kill -9 $!; wait' 2>&1; echo part $?
"""


def missing(text, *lines):
    for line in lines:
        if not re.search(rf"^{line}$", text, re.M):
            yield f"no line matches {line!r}"


def part_cat(text, status):
    yield from missing(
        text, r'execve\("/bin/cat", \["cat", "/etc/hosts", "/nonexistent"\], 0x\w+\) = 0', r'open\("/etc/hosts", O_RDONLY\) = (3|-1 .*)',
        r'open\("/nonexistent", O_RDONLY\) = -1 ENOENT \(No such file or directory\)', r"_exit\(1\) = \?", r"\+\+\+ exited with 1 \+\+\+",
    )  # fmt: skip
    if status != 1:
        yield f"status {status}"


def part_unnoticed(text, status):
    if "not ok" in text or text.count("ok ") != 7 or status:
        yield "the traced program fails"


def part_followed(text, _):
    pid = r"\[(\d+)\]"
    yield from missing(
        text, pid + r' open\("/nonexistent", O_RDONLY\) = -1 ENOENT .*', pid + r" close\(200\) = -1 EBADF .*",
        pid + r" read\(3, 0x8, 10\) = -1 EFAULT .*", pid + r' open\("x{200,}"\.\.\., O_RDONLY\) = -1 ENAMETOOLONG .*',
        pid + r" mmap\(NULL, 8192, PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0\) = 0x\w+",
        pid + r" pthread_create\(\[0x\w+\], NULL, 0x\w+, .*\) = 0", pid + r" pthread_join\(0x\w+, 0x\w+\) = 0",
        r"\[\d+\.5\] lseek\(\d, 19, SEEK_SET\) = 19", pid + r" pipe\(\[3, 4\]\) = 0", pid + r" fork\(\) = \d+",
        pid + r' write\(4, "z", 1\) = 1', pid + r" _exit\(5\) = \?", pid + r" waitpid\(\d+, \[exited with 5\], 0\) = \d+",
        pid + r' popen\("echo from a shell", "r"\) = 0x\w+', pid + r' write\(1, "from a shell\\n", 13\) = 13', pid + r" pclose\(0x\w+\) = 0",
        pid + r" readdir\(0x\w+\) = NULL", pid + r" dup\(0\) = 3", r"\+\+\+ exited with 0 \+\+\+",
    )  # fmt: skip
    if len(set(re.findall(r"^" + pid, text, re.M))) != 3:
        yield "not three processes: itself, its child, popen's shell"
    if len(re.findall(r" lseek\(\d, \d+, SEEK_SET\) = \d+$", text, re.M)) != 80:
        yield "calls of threads are missing"


def part_not_followed(text, status):
    if status or "not ok" in text or not re.search(r"^\d+$", text, re.M):
        yield "a child that is not followed disturbs"


def part_summary(text, _):
    yield from missing(text, r" *microseconds +calls +errors  call", r" +\d+\.\d +\d\d+ +0  lstat", r" +\d+\.\d +\d+ +\d+  total")


def part_chosen(text, _):
    yield from missing(text, r'open\("/etc/motd", O_RDONLY\) = 3')
    if re.search(r"^(read|write|_exit)", text, re.M):
        yield "calls that were not asked for"


def part_blocked(text, _):
    call = r"nanosleep\(\{tv_sec=0, tv_nsec=8\d+\}, (NULL|0x\w+)"
    yield from missing(text, call + r" <unfinished \.\.\.>", r"<\.\.\. resumed> " + call + r"\) = 0")


def part_killed(text, status):
    yield from missing(text, r"\+\+\+ killed by SIGKILL \+\+\+")
    if status != 137:
        yield f"status {status}"


def part_missing(_, status):
    if status != 127:
        yield f"status {status}"


def part_usage(text, status):
    yield from missing(text, "trace: foo: no such call", r"usage: trace .*")
    if status != 2:
        yield f"status {status}"


def part_killed_child(text, _):
    yield from missing(text, r"\[\d+\] kill\(\d+, SIGKILL\) = 0", r"\+\+\+ exited with \d+ \+\+\+")


PARTS = [
    part_cat, part_unnoticed, part_followed, part_not_followed, part_summary, part_chosen, part_blocked, part_killed, part_missing,
    part_usage, part_killed_child,
]  # fmt: skip


def complete():
    """Each call is defined twice in the library: by its name, a stub, and as what the stub leads to."""
    names = re.findall(r"^    CALL\((\w+),", LIST.read_text(), re.M)
    nm = subprocess.run(["nm", "--defined-only", "out/sysroot/usr/lib/libc.a"], capture_output=True, text=True, check=True)
    defined = re.findall(r"^\w+ [TW] (\w+)$", nm.stdout, re.M)
    for name in names:
        for symbol in (name, "__untraced_" + name):
            if defined.count(symbol) != 1:
                yield f"{symbol}: {defined.count(symbol)} definitions"


def say(name, faults, text=""):
    if faults:
        print(text)
    print(f"not ok {name}: {'; '.join(faults)}" if faults else f"ok {name}", flush=True)
    return bool(faults)


def main():
    failed = say("complete", list(complete()))
    box = machine.Machine(out=OUT, disk="out/disk.img", words=("--", "batch"))
    _, remark, text = machine.run_text(box, SCRIPT, 180)
    found = re.findall(r"(.*?)^part (\d+)\n", text.replace("\r", ""), re.M | re.S)
    if remark or len(found) != len(PARTS):
        return say("runs", [remark or f"{len(found)} parts of {len(PARTS)}"], text)
    for check, (part, status) in zip(PARTS, found):
        failed |= say(check.__name__.removeprefix("part_"), list(check(part, int(status))), part)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
