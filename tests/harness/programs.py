"""Our programs on this machine: the scripts of tests/programs with the shell and the tools built here under the
sanitizers, and the shell's line editor on a pseudo-terminal."""

import sys

from harness import report

sys.path.append("tests/programs")


def run(out):
    import interactive  # only when asked for: it needs pexpect
    import native

    found = [(f"programs/{name}", why) for name, why in native.results(out)]
    if all(why is None or "compile" not in name for name, why in found):
        found += [(f"programs/typing-{name}", why) for name, why in interactive.results(out)]
    return [report.Result(name, why) for name, why in found]


def jobs(out):
    return [report.Job("programs", lambda: run(out))]
