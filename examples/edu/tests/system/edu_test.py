#!/usr/bin/env python3
"""The driver of examples/edu with the device, while it is ended again and again, and without the device."""

import os
import pathlib
import re

import machine

OUT = pathlib.Path(os.environ.get("OUROS_OUT", "out"))
ALL = "0 1 2 3 4 5 6 7 8 9 10 11 12"
SCRIPT = f"""\
edu {ALL}
edu 13; echo usage $?
edu
(n=0; while [ $n -lt 10 ]; do svc restart edu; n=$((n+1)); done) > /dev/null 2>&1 &
n=0; while [ $n -lt 20 ]; do edu {ALL} > /tmp/edu; tail -n 1 /tmp/edu; n=$((n+1)); done | uniq -c
wait
edu
"""


def check(name, script, qemu, *wanted):
    box = machine.Machine(out=OUT, disk="out/disk.img", words=("--", "batch"), qemu=qemu)
    status, remark, text = machine.run_text(box, script, 120)
    missing = [line for line in wanted if not re.search(line, text, re.M)]
    if missing or remark:
        print(text)
    print(f"not ok {name}: {remark or f'no line matches {missing}'}" if missing or remark else f"ok {name}", flush=True)
    return bool(missing or remark)


failed = check("factorials", SCRIPT, ("-device", "edu"), "init: edu up: version 1.0", r"^0! = 1$", r"^12! = 479001600$",
               "^usage 2$", "^13$", r"^ *20 12! = 479001600$", "^273$")  # fmt: skip
failed += check("no-device", "edu 3; echo status $?\n", (), "init: edu up: no device", "there is no such device", "^status 1$")
raise SystemExit(failed > 0)
