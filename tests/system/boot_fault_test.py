#!/usr/bin/env python3
"""A fault injected at each stage of the boot prints one report and stops the machine with the panic's status; unknown and
malformed words of the command line are reported."""

import os
import pathlib
import re
import tempfile

import machine

OUT = pathlib.Path(os.environ.get("OUROS_OUT", "out"))
LIMIT = 60
MARK = b"boot fault stage"


def stages():
    """(name, number) of each stage of the boot, but for the mark that it is over."""
    text = pathlib.Path("microkernel/debug/stage.h").read_text()
    return [(n.lower(), int(i)) for n, i in re.findall(r"^#define STAGE_(\w+)\s+(\d+)", text, re.M) if n != "DONE"]


def check(name, faults, text):
    if faults:
        print(text)
    print(f"not ok {name}: {'; '.join(faults)}" if faults else f"ok {name}", flush=True)


def failing(image, number, folder):
    """A copy of a bootable image whose kernel fails in a stage."""
    data = image.read_bytes()
    if data.count(MARK + bytes(4)) != 1:
        raise ValueError(f"{image}: no place for the stage to fail in, or several")
    copy = pathlib.Path(folder, image.name)
    copy.write_bytes(data.replace(MARK + bytes(4), MARK + number.to_bytes(4, "little")))
    return copy


def fault_test(name, number, boot="kernel"):
    with tempfile.TemporaryDirectory() as folder:
        copy = failing(OUT / {"iso": "ouros.iso", "kernel": "kernel.elf"}[boot], number, folder)
        box = machine.Machine(out=OUT, boot=boot, **{boot: copy})
        status, remark, text = machine.run_text(box, "", LIMIT)
    faults = [] if status == machine.PANICKED else [f"status {status}, {remark}"]
    found = re.findall(r"fault in boot stage (\d+)", text)
    if found != [str(number)]:
        faults.append(f"the stages reported are {found}")
    check(name, faults, text)


def option_test():
    malformed = ["mem=few", "mem=16M", "mem=64X", "mem=64MM", "mem=", "mem", "log=loud", "console=com", "init="]
    box = machine.Machine(out=OUT, words=("nonsense", *malformed, "init=init"), bundle=pathlib.Path("no bundle"))
    _, _, text = machine.run_text(box, "", LIMIT)
    check("option-unknown", [] if "unknown word 'nonsense'" in text else ["nobody complained of 'nonsense'"], text)
    said, _, repeated = text.partition("last messages:\n")
    found = re.findall(r"bad value in '(.*)'", said)
    check("option-malformed", [] if found == malformed else [f"those complained of are {found}"], text)
    lines = [line for line in said.splitlines() if line.startswith("[")]
    whole = repeated.splitlines()[: len(lines)] == lines
    check("panic-repeats-the-log", [] if whole else ["the last messages are others than were shown"], text)
    _, _, text = machine.run_text(machine.Machine(out=OUT, words=("mem=96M", "--", "batch")), "", LIMIT)
    memory = [int(n) for n in re.findall(r"memory: (\d+) MiB", text)]
    check("option-memory", [] if memory and 64 <= memory[0] <= 96 else [f"there are {memory} MiB"], text)


def main():
    for name, number in stages():
        fault_test(f"stage-{number}-{name}", number)
    fault_test("stage-1-entry-grub", 1, boot="iso")
    option_test()


main()
