#!/usr/bin/env python3
"""run.py [--only PATTERN]: run the tests, one line each, and `N passed, N failed` last. docs/testing.md has the conventions."""

import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import signal
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(TOP / "build"), str(TOP / "tests")]
os.environ["PATH"] += ":/usr/sbin:/sbin"

from harness import host, report, system, tree  # noqa: E402


def matches(name, pattern):
    """Whether a name contains a pattern or matches it as a glob."""
    return pattern in name or fnmatch.fnmatch(name, pattern)


def chosen(jobs, pattern):
    """The jobs that a pattern names, or, for `job/case`, those in which the case may be."""
    if not pattern:
        return jobs
    left = []
    for job in jobs:
        if matches(job.name, pattern):
            left.append(job)
        elif hasattr(job, "narrowed") and job.narrowed(lambda name: matches(name, pattern) or pattern.startswith(name + "/")):
            left.append(job)
        elif pattern.startswith(job.name + "/") and not hasattr(job, "narrowed"):
            left.append(job)
    return left


class Printer:
    """Prints results as they come; counts them; remembers the failures."""

    def __init__(self, pattern, jobs):
        # A pattern that names whole jobs shows all their cases; one that names cases shows those.
        parts = [job.name for job in jobs] + [f"{job.name}/{part}" for job in jobs for part in getattr(job, "programs", ())]
        self.pattern = None if not pattern or any(matches(part, pattern) for part in parts) else pattern
        self.passed, self.failures = 0, []
        self.lock = threading.Lock()

    def take(self, results):
        with self.lock:
            for result in results:
                if self.pattern and self.pattern not in result.name:
                    continue
                line = report.line(result)
                print(line, flush=True)
                if result.why is None:
                    self.passed += 1
                else:
                    self.failures.append(line)


def run_job(job, printer):
    begun = time.monotonic()
    try:
        results = list(job.run())
    except Exception as error:  # a broken harness is a failed test, not a lost run
        results = [report.Result(job.name, f"harness: {type(error).__name__}: {error}")]
    if not results:
        results = [report.Result(job.name, "reported nothing")]
    printer.take(results)
    return job.name, time.monotonic() - begun


def longest_off(path):
    """Keep the longest of each kind in the file of stretches with interrupts off (build/machine.py), the longest first."""
    longest = {}
    for line in path.read_text().splitlines():
        ns, what = line.split(" ", 1)
        longest[what] = max(int(ns), longest.get(what, 0))
    rows = sorted(((ns, what) for what, ns in longest.items()), reverse=True)
    path.write_text("".join(f"{ns} {what}\n" for ns, what in rows))
    if rows:
        print(f"interrupts off for at most {rows[0][0]:,} instructions: {rows[0][1]} ({path} has more)")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out"))
    parser.add_argument("--only")
    parser.add_argument("--list", action="store_true", help="print the names of the jobs")
    parser.add_argument("--times", action="store_true", help="print how long each job took")
    args = parser.parse_args()
    os.chdir(TOP)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))

    jobs = chosen(tree.jobs() + host.jobs(args.out) + system.jobs(args.out), args.only)
    if args.list:
        print(*(job.name for job in jobs), sep="\n")
        return 0
    printer = Printer(args.only, jobs)
    stretches = args.out / "interrupts-off"
    stretches.write_text("")
    os.environ["OUROS_IRQOFF"] = str(stretches.absolute())
    workers = max(1, min(2, os.cpu_count() or 1))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        times = list(pool.map(lambda job: run_job(job, printer), jobs))
    longest_off(stretches)
    if args.times:
        for name, seconds in sorted(times, key=lambda pair: -pair[1]):
            print(f"{seconds:7.1f} s  {name}")
    if printer.failures:
        print("\nFailed:", *printer.failures, sep="\n")
    if not jobs:
        print(f"no test is named like {args.only!r}")
    print(f"{printer.passed} passed, {len(printer.failures)} failed")
    return 0 if printer.passed and not printer.failures else 1


try:
    sys.exit(main())
except KeyboardInterrupt:
    os._exit(130)  # the emulators die with us
