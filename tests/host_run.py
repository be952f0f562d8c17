#!/usr/bin/env python3
"""One host test, or one server on Linux, by itself: built if need be, then run, under gdb if asked.

host_run.py [--gdb] test NAME                 tests/host/NAME_test.c
host_run.py [--gdb] server NAME [GIVEN ...]   servers/NAME behind out/host-tests/NAME.sock; given: NAME=SOCKET, NAME=@FILE"""

import os
import pathlib
import sys

from harness import host


def main(arguments):
    debug = arguments[:1] == ["--gdb"]
    arguments = arguments[debug:]
    if len(arguments) < 2 or arguments[0] not in ("test", "server") or not arguments[1]:
        sys.exit(__doc__)
    kind, name, *given = arguments
    if kind == "test":
        binary = host.BUILT / f"{name}_test"
        complaint = host.build(pathlib.Path(f"tests/host/{name}_test.c"), binary)
        if complaint:
            sys.exit(complaint)
        command = [str(binary)]
    else:
        try:
            binary = host.build_server(name)
        except host.Refused as error:
            sys.exit(str(error))
        command = [str(binary), str(host.BUILT / f"{name}.sock"), *given]
    if debug:
        command = ["gdb", "-q", "--args", *command]
    os.execvp(command[0], command)


main(sys.argv[1:])
