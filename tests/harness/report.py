"""Jobs, results, and the lines by which a test reports: `ok NAME` or `not ok NAME: why`."""

import dataclasses
import pathlib
import re
from typing import Callable

LINE = re.compile(r"^(?:.*?[:\]] +)?(ok|not ok) ([A-Za-z0-9_][\w./+-]*)(?:: (.*))?\s*$")


@dataclasses.dataclass
class Job:
    """What is run as one: a host binary, one boot, one driver. run() gives its results."""

    name: str
    run: Callable


@dataclasses.dataclass
class Result:
    name: str
    why: str | None = None  # None: passed


def line(result):
    return f"ok    {result.name}" if result.why is None else f"FAIL  {result.name}: {result.why}"


def parse_line(text):
    """(case, why or None) of a reporting line, None of any other. A console prefix like `[3.2] name: ` is allowed."""
    found = LINE.match(text)
    if not found:
        return None
    return found.group(2), None if found.group(1) == "ok" else found.group(3) or "failed"


def parse(job, text):
    """The results that a text reports."""
    pairs = (parse_line(row) for row in text.splitlines())
    return [Result(f"{job}/{case}", why) for case, why in filter(None, pairs)]


def keep_log(out, job, text):
    """Store what a failed job printed; returns where."""
    path = pathlib.Path(out, "test-logs", job.replace("/", ".") + ".log")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def judge(out, job, text, ended_well, why):
    """Results of a finished job: what it reported, and a failure of its own when it ended badly or said nothing."""
    results = parse(job, text)
    failed = any(result.why is not None for result in results)
    if not ended_well and not failed:
        results.append(Result(job, why))
    elif not results:
        results.append(Result(job, "no `ok` or `not ok` line"))
    if any(result.why is not None for result in results):
        path = keep_log(out, job, text)
        for result in results:
            if result.why is not None:
                result.why += f" (see {path})"
    return results
