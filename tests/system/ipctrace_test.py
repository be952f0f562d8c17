#!/usr/bin/env python3
"""ipctrace at the shell: what it prints, its filters, and a Chrome trace that a JSON parser takes and that adds up."""

import json
import os
import pathlib
import re

import machine

OUT = pathlib.Path(os.environ.get("OUROS_OUT", "out"))

SCRIPT = """\
ipctrace -p cat cat /nonexistent; echo cat $?
echo ---; ipctrace -s blk -n read -p vfs cat /usr/share/doc/* > /dev/null
echo ---; ipctrace -e -p ls ls /nonexistent /bin/ls
echo ---; ipctrace -c ls /bin > /dev/null
echo ---; ipctrace -m 50000 -p sleep sleep 0.1
sleep 3 & echo ---; ipctrace -n nanosleep -p $! -t 1; kill $!; wait
ipctrace -o /tmp/t.json ls / ; echo json $?; cat /tmp/t.json; echo end
ipctrace -p 9999 true; echo nobody $?
ipctrace -c; echo usage $?
ipctrace nothing-of-this-name; echo missing $?
ipctrace sh -c 'kill -9 $$' 2> /dev/null; echo killed $?
ipctrace true 2> /dev/null; echo again $?
"""
LINE = r"^ *\d+\.\d{6} %s/\d+ +%s +%s +\d+\.\d +\d+\.\d  %s$"
WANTED = [
    LINE % ("cat", "vfs", r"vfs\.open", "E_NOENT"), LINE % ("cat", "pager", "fault", "ok"), LINE % ("cat", "proc", r"proc\.exit", r"\(no answer\)"),
    "^cat 1$", LINE % ("ls", "vfs", r"vfs\.stat", "E_NOENT"), r"^server +operation +calls", r"^vfs +vfs\.stat +\d\d+ +\d+ ",
    "^json 0$", "^ipctrace: 9999: no such process$", "^nobody 1$", "^usage: ipctrace ", "^usage 2$", "^missing 127$", "^killed 137$", "^again 0$",
]  # fmt: skip


def printed(text):
    yield from (f"no line matches {line!r}" for line in WANTED if not re.search(line, text, re.M))
    parts = text.split("---\n")
    if len(parts) != 6:
        yield f"{len(parts)} parts"
        return
    if re.search(r" (?!blk )\w+ +(blk|vfs|io|pager|proc)\.(?!read)", parts[1].replace("operation", "")):
        yield "a filter let through what it should not"
    if re.search("vfs.stat .* ok$", parts[2], re.M):
        yield "-e shows what went well"


def chrome(text):
    found = re.search(r"^json 0\n(\{.*\})\nend$", text, re.M | re.S)
    if not found:
        yield "no trace"
        return
    trace = json.loads(found[1])
    events = trace["traceEvents"]
    calls = [e for e in events if e["ph"] == "X"]
    names = {(e["pid"], e["tid"]) for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    if not any(e["name"] == "io.readdir" and e["args"]["server"] == "vfs" and e["args"]["result"] == "ok" for e in calls):
        yield "ls without io.readdir"
    if any((e["pid"], e["tid"]) not in names for e in events):
        yield "a thread without a name"
    if "ls" not in {e["args"]["name"] for e in events if e["name"] == "process_name"}:
        yield "no process named ls"
    begun, ended = ([e["id"] for e in events if e["ph"] == ph] for ph in "be")
    if begun != ended or len(set(begun)) != len(begun):
        yield "served calls that do not end"
    for e in calls:
        if e["ts"] < 0 or abs(e["args"]["queued_us"] + e["args"]["served_us"] - e["dur"]) > 0.002:
            yield f"times: {e}"
    if trace["otherData"]["lost_records"] != 0:
        yield "records were lost"


def main():
    box = machine.Machine(out=OUT, disk="out/disk.img", words=("--", "batch"))
    _, remark, text = machine.run_text(box, SCRIPT, 120)
    text = text.replace("\r", "")
    failed = 0
    for name, check in (("prints", printed), ("chrome-trace", chrome)):
        faults = [remark] if remark else list(check(text))
        failed += bool(faults)
        print(f"not ok {name}: {'; '.join(faults)}" if faults else f"ok {name}", flush=True)
    if failed:
        print(text)
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
