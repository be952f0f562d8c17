"""System tests: guest programs, kernel tests, boots of every configuration, and Python drivers.

    tests/system/NAME.c           a POSIX program, /tests/NAME on the disk, run from the shell
    tests/system/kernel/NAME.c    a server that init starts alone; it reports on the console and powers off
    tests/system/first/NAME.c     the same in the pager's place: nothing but the kernel runs beside it
    tests/system/NAME_test.py     a driver on the host, with build/ and tests/ on its path and OUROS_OUT in its environment

A test in C may name the machines it wants in lines `// config: memory=64 disk=none limit=300`, one machine a line.
"""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import machine
from harness import report

AUDIT = "/tests/audit"  # not a test: says what a program left behind
LIMIT = 120  # seconds for one program, one boot, one kernel test
DRIVER_LIMIT = 600  # unless the driver has a line `# limit: 1800`
LIMIT_LINE = re.compile(r"^# limit: (\d+)$", re.M)
CONFIG = re.compile(r"^// config:(.*)$", re.M)
DISK = "out/disk.img"


def configurations(test, **usual):
    """The machines that a test's source asks for: (suffix of its name, changes to the usual machine, limit)."""
    lines = CONFIG.findall(test.read_text())
    for line in lines or [""]:
        changes, limit = dict(usual), LIMIT
        for word in line.split():
            key, value = word.split("=", 1)
            if key == "limit":
                limit = int(value)
            elif key == "disk":
                changes["disk"] = None if value == "none" else f"out/{value}.img"
            elif key in ("memory", "cpus", "slow"):
                changes[key] = int(value)
            elif key == "icount":
                changes["qemu"] = machine.COUNTED if int(value) else ()
            elif key in ("machine", "boot"):
                changes[key] = value
            elif key == "words":
                changes["words"] = tuple(value.split(",")) + ("--", "batch")
            else:
                raise ValueError(f"{test}: unknown word {word!r} in its configuration")
        suffix = "@" + ",".join(line.split()) if lines and line.split() else ""
        yield suffix, changes, limit


def usual(out):
    """The machine on which a test runs when it asks for nothing else."""
    return machine.Machine(out=out, disk=DISK, words=("--", "batch"), qemu=machine.COUNTED_BESIDE_DISK)


class ProgramRun:
    """One boot that runs programs one after another; watches what they print to tell which one is running."""

    MARK = re.compile(r"@@(begin|end|clean) (\S+)(?: (\d+))?")

    def __init__(self, out, job, commands, limit):
        self.out, self.job, self.limit = out, job, limit
        self.commands, self.waiting = commands, list(commands)
        self.current = self.status = None
        self.lines, self.partial, self.log = [], b"", bytearray()
        self.results = []
        self.batch = None

    def script(self):
        """What the shell is to do: each program between two looks at what there is in the system."""
        # The first round is for the shell's own memory: afterwards it has what it needs to read and run such commands.
        longest = max(self.commands.values(), key=len)
        rows = self.audited("if true && true | cat > /tmp/warm < /dev/null; then (exit 0); else\n" + longest + "\nfi")
        for name in self.waiting:
            rows += self.audited(f"echo @@begin {name}\n{self.commands[name]}\necho @@end {name} $?")
            rows.append(f"echo @@clean {name}")
        return "\n".join(rows) + "\n"

    @staticmethod
    def audited(command):
        return [f"{AUDIT} before", command, "rm -rf /tmp/*", f"{AUDIT} after"]

    def sink(self, data):
        self.log += data
        *whole, self.partial = (self.partial + data).split(b"\n")
        for raw in whole:
            self.line(raw.decode(errors="replace").rstrip("\r"))

    def line(self, text):
        found = self.MARK.search(text)
        if not found:
            self.lines.append(text)
        elif found[1] == "begin":
            self.current, self.lines = found[2], []
            self.batch.deadline = time.monotonic() + self.limit
        elif found[2] == self.current and found[1] == "end":
            self.status = found[3]
        elif found[2] == self.current and self.status is not None:
            self.finish(self.status == "0", f"ended with status {self.status}")

    def leak(self):
        """What the audit behind the program says, or None."""
        found = [text for text in self.lines if text.startswith("leak: ")]
        return found[-1] if found else None

    def finish(self, ended_well, why):
        name = f"{self.job}/{self.current}"
        text = "\n".join(self.lines)
        results = report.judge(self.out, name, text, ended_well, why)
        if self.leak():
            results.append(report.Result(f"{name}/leak", f"{self.leak()} (see {report.keep_log(self.out, name, text)})"))
        self.results += results
        self.waiting.remove(self.current)
        self.current = self.status = None

    def boot(self, box):
        """One boot; True when it got any further."""
        before = len(self.waiting)
        with tempfile.TemporaryFile() as source:
            source.write(self.script().encode())
            source.seek(0)
            self.batch = machine.Batch(box, source.fileno(), self.sink, self.limit)
            status, remark = self.batch.run()
        if status == machine.TOO_LONG:
            self.results.append(report.Result(f"{self.job}/bounded", remark))
        if self.current:
            self.finish(False, remark or f"the machine stopped with status {status}")
        elif len(self.waiting) == before:
            log = report.keep_log(self.out, self.job, self.log.decode(errors="replace"))
            why = f"not run: {remark or f'status {status}'} (see {log})"
            self.results += [report.Result(f"{self.job}/{name}", why) for name in self.waiting]
            self.waiting = []
        return bool(self.waiting)


def run_programs(out, job, box, commands, limit):
    """commands: what to type for each test's name."""
    run = ProgramRun(out, job, commands, limit)
    while run.boot(box):  # again after a program that took the machine with it
        pass
    return run.results


def script_commands():
    """The scripts of tests/programs, each in an empty folder, its output compared with what is expected."""
    for script in sorted(pathlib.Path("tests/programs").glob("*.sh")):
        place, name = "/tests/programs", script.stem
        run = f"mkdir /tmp/{name} && cd /tmp/{name} && sh {place}/{name}.sh > /tmp/{name}.out < /dev/null"
        look = f"cmp {place}/{name}.out /tmp/{name}.out"
        yield name, f"if {run} && {look}; then echo ok output; else echo not ok output: status $?; false; fi; s=$?; cd /; (exit $s)"


def shells_of_tests():
    """Programs that a manifest of tests/system/kernel starts in the shell's place."""
    for manifest in pathlib.Path("tests/system/kernel").glob("*.manifest"):
        yield from re.findall(r"^shell /tests/(\S+)", manifest.read_text(), re.M)


def program_jobs(out):
    """Programs that want the usual machine share a boot; each other wish is a boot of its own."""
    shared, not_here = [], {pathlib.Path(AUDIT).name, *shells_of_tests()}
    for test in sorted(pathlib.Path("tests/system").glob("*.c")):
        if test.stem in not_here:
            continue
        for suffix, changes, limit in configurations(test):
            if not suffix:
                shared.append(test.stem)
                continue
            box, name = dataclasses.replace(usual(out), **changes), test.stem
            job = "system" + suffix
            yield report.Job(
                f"{job}/{name}", lambda b=box, j=job, n=name, l=limit: run_programs(out, j, b, {n: "/tests/" + n}, l)
            )
    if shared:
        yield SharedJob("system", {name: "/tests/" + name for name in shared}, out)
    scripts = dict(script_commands())
    if scripts:
        yield SharedJob("script", scripts, out)


class SharedJob(report.Job):
    """The boot of the programs that share one; its name stands for all of them, and --only may pick some."""

    def __init__(self, name, commands, out):
        super().__init__(name, lambda: run_programs(out, name, usual(out), self.programs, LIMIT))
        self.programs = commands

    def narrowed(self, wanted):
        """The same job with only the programs that `wanted` accepts, or None."""
        left = {name: command for name, command in self.programs.items() if wanted(f"{self.name}/{name}")}
        self.programs = left
        return self if left else None


def pack(bundle, *files):
    """A boot bundle of NAME=PATH words."""
    bundle.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "build/bundle.py", str(bundle), *files], check=True)
    return bundle


def kernel_bundle(out, name):
    """Pager, init, the test, a manifest (NAME.manifest beside the test, or one that starts the test alone) and the servers
    that it names."""
    bundle = out / f"tests/kernel/{name}.img"
    manifest = bundle.with_suffix(".manifest")
    own = pathlib.Path(f"tests/system/kernel/{name}.manifest")
    template = own if own.exists() else pathlib.Path("tests/system/kernel/manifest")
    manifest.write_text(template.read_text().replace("@TEST@", name))
    first = [f"pager={out}/stripped/pager", f"init={out}/stripped/init"]
    named = set(re.findall(r"^\s*(?:program|main) bin/(\S+)", manifest.read_text(), re.M)) - {name}
    first += [f"bin/{server}={out}/stripped/{server}" for server in sorted(named)]
    return pack(bundle, *first, f"manifest={manifest}", f"bin/{name}={bundle.with_suffix('')}")


def first_bundle(out, name):
    """Nothing but the test, which the kernel takes for the pager."""
    test = out / f"tests/first/{name}"
    return pack(test.with_suffix(".img"), f"pager={test}")


def run_kernel_test(out, job, bundle, changes, limit):
    box = machine.Machine(out=out, words=("--", "batch"), bundle=bundle)
    status, remark, text = machine.run_text(dataclasses.replace(box, **changes), "", limit)
    return report.judge(out, job, text, status == 0, remark or f"the machine stopped with status {status}")


def kernel_jobs(out):
    for kind, bundle in (("first", first_bundle), ("kernel", kernel_bundle)):
        for test in sorted(pathlib.Path(f"tests/system/{kind}").glob("*.c")):
            for suffix, changes, limit in configurations(test, qemu=machine.COUNTED):
                job = f"{kind}/{test.stem}{suffix}"
                yield report.Job(
                    job,
                    lambda j=job, b=bundle, n=test.stem, c=changes, l=limit: run_kernel_test(out, j, b(out, n), c, l),
                )


SMOKE = """\
echo smoke $((6*7))
cat /etc/motd
ls /bin | wc -l
echo kept > /tmp/file && cat < /tmp/file | tr k K
sh -c 'exit 5'
"""

# name: (changes to the usual machine)
BOOTS = {
    "q35": {},
    "q35-64M": {"memory": 64},
    "q35-4096M": {"memory": 4096},
    "q35-64M-no-disk": {"memory": 64, "disk": None},
    "q35-no-disk": {"disk": None},
    "q35-grub": {"boot": "iso"},
    "q35-grub-64M": {"boot": "iso", "memory": 64},
    "pc": {"machine": "pc"},
    "pc-64M": {"machine": "pc", "memory": 64},
    "pc-4096M-no-disk": {"machine": "pc", "memory": 4096, "disk": None},
    "pc-grub": {"machine": "pc", "boot": "iso"},
    "q35-disk-1k": {"disk": "out/disk-1k.img"},
    "q35-disk-2k": {"disk": "out/disk-2k.img"},
    "q35-disk-mbr": {"disk": "out/disk-mbr.img"},
    "q35-disk-gpt": {"disk": "out/disk-gpt.img"},
}


def smoke_faults(text, status):
    """What is wrong with the answer to SMOKE."""
    motd = pathlib.Path("rootfs/etc/motd").read_text()
    if "smoke 42" not in text:
        yield "the shell did not answer"
    if motd.strip() not in text:
        yield "/etc/motd was not printed"
    if "Kept" not in text:
        yield "/tmp did not keep a file"
    if status != 5:
        yield f"status {status} instead of the last command's 5"


def run_boot(out, job, changes):
    box = dataclasses.replace(usual(out), **changes)
    status, remark, text = machine.run_text(box, SMOKE, LIMIT)
    faults = [remark] if remark else list(smoke_faults(text, status))
    if faults:
        return [report.Result(job, f"{'; '.join(faults)} (see {report.keep_log(out, job, text)})")]
    return [report.Result(job)]


def boot_jobs(out):
    for name, changes in BOOTS.items():
        job = f"boot/{name}"
        yield report.Job(job, lambda j=job, c=changes: run_boot(out, j, c))


def run_driver(out, job, driver):
    paths = os.pathsep.join(["build", "tests"])
    env = dict(os.environ, OUROS_OUT=str(out), PYTHONPATH=paths)
    command = [sys.executable, str(driver)]
    asked = LIMIT_LINE.search(driver.read_text())
    limit = int(asked[1]) if asked else DRIVER_LIMIT
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
        preexec_fn=machine.die_with_parent,
    )  # fmt: skip
    try:
        text, _ = process.communicate(timeout=limit)
        ended_well, why = process.returncode == 0, f"ended with status {process.returncode}"
    except subprocess.TimeoutExpired:
        process.kill()
        text, _ = process.communicate()
        ended_well, why = False, f"still running after {limit} s"
    return report.judge(out, job, text.decode(errors="replace"), ended_well, why)


def driver_jobs(out):
    for driver in sorted(pathlib.Path("tests/system").glob("*_test.py")):
        job = "driver/" + driver.stem.removesuffix("_test")
        yield report.Job(job, lambda j=job, d=driver: run_driver(out, j, d))


def jobs(out):
    return [*kernel_jobs(out), *program_jobs(out), *driver_jobs(out), *boot_jobs(out)]
