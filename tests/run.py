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


def chosen(jobs, pattern):
    """The jobs that a pattern names: by a part of their name, as a glob, or as the beginning of `job/case`."""
    if not pattern:
        return jobs
    return [
        job
        for job in jobs
        if pattern in job.name or fnmatch.fnmatch(job.name, pattern) or pattern.startswith(job.name + "/")
    ]


class Printer:
    """Prints results as they come; counts them; remembers the failures."""

    def __init__(self, pattern, jobs):
        names = [job.name for job in jobs]
        whole = not pattern or any(pattern in name or fnmatch.fnmatch(name, pattern) for name in names)
        self.pattern = None if whole else pattern
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
    workers = max(1, min(2, os.cpu_count() or 1))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        times = list(pool.map(lambda job: run_job(job, printer), jobs))
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
