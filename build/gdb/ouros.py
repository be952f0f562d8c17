"""gdb commands for Ouros: ps, pte, ports, regions, servers. Loaded by `make debug`.

They read the guest's memory by physical address through page tables of their own walking, so they work wherever the
guest stands, in whatever address space.
"""

import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import objects  # noqa: E402
import paging  # noqa: E402
import pager  # noqa: E402


class Command(gdb.Command):
    """A command whose failures are one line of text, not a trace."""

    def __init__(self, name, function, completer=gdb.COMPLETE_NONE):
        self.__doc__ = function.__doc__
        self.function = function
        super().__init__(name, gdb.COMMAND_USER, completer)

    def invoke(self, argument, from_tty):
        try:
            self.function(*gdb.string_to_argv(argument))
        except (gdb.error, LookupError, TypeError) as error:
            raise gdb.GdbError(str(error)) from None


def servers(*names):
    """servers [NAME...]: load the symbols of the servers (all of them overlap: one or a few at a time).

    Without a name, lists what there is."""
    folder = os.path.join(gdb.convenience_variable("ouros_out").string(), "servers")
    known = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    if not names:
        print("servers:", *known)
    for name in names:
        if name not in known:
            raise LookupError(f"no server {name!r} in {folder}")
        gdb.execute(f"add-symbol-file {os.path.join(folder, name)}")


Command("ps", objects.ps)
Command("ports", objects.ports)
Command("pte", paging.pte, gdb.COMPLETE_EXPRESSION)
Command("regions", pager.regions)
Command("servers", servers)
