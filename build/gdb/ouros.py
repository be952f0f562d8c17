"""gdb commands for Ouros: ps, threads, ports, handles, pte, regions, blocks, messages; vmmap, pmem, free,
vmstat as in the guest. Loaded by `make debug`.

They read the guest's memory by physical address through page tables of their own walking, so they work wherever the
guest stands, in whatever address space.
"""

import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import memory  # noqa: E402
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


def load_servers():
    """The symbols of all servers: each is linked at an address of its own."""
    folder = os.path.join(gdb.convenience_variable("ouros_out").string(), "servers")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        gdb.execute(f"add-symbol-file {os.path.join(folder, name)}", to_string=True)


Command("ps", objects.ps)
Command("threads", objects.threads)
Command("ports", objects.ports)
Command("handles", objects.print_handles)
Command("blocks", objects.blocks)
Command("messages", objects.messages)
Command("pte", paging.pte, gdb.COMPLETE_EXPRESSION)
Command("regions", pager.regions)
Command("vmmap", memory.vmmap)
Command("pmem", memory.pmem)
Command("free", memory.free)
Command("vmstat", memory.vmstat)
load_servers()
