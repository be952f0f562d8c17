#!/usr/bin/env python3
"""protocols.py --write | --check | --names: docs/protocols.md from the tables in libipc/include/proto, as the compiler sees them;
or their names as a list for C (microkernel/debug/messages.c) and for gdb's commands."""

import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
HEADERS = sorted((TOP / "libipc/include/proto").glob("*.h"))
TARGET = TOP / "docs/protocols.md"

HEAD = """# Protocols

Made from the lists in `libipc/include/proto` by `make docs`; do not edit. What the operations mean is said there, what the
columns mean in `libipc/include/ipc/protocol.h`.

*Bytes* are those of the request and of the reply. *Rights* are what the session has to carry. *Handles* are how many
may go with the request and come with the reply. *Twice*: whether doing it twice is as good as doing it once; if not, servers with kept state see to it
([ipc.md](ipc.md)).
"""

PRINT = r"""
#include <stdio.h>
extern const struct ipc_protocol *const __start_ipc_protocols[], *const __stop_ipc_protocols[];
int main(void)
{
    for (const struct ipc_protocol *const *p = __start_ipc_protocols; p < __stop_ipc_protocols; p++)
        for (unsigned i = 0; i < (*p)->count; i++) {
            const struct ipc_op *o = &(*p)->ops[i];
            printf("%s %u %s %u %u %u %u\n", (*p)->name, o->number, o->name, o->request_size, o->reply_size, o->rights,
                   o->flags);
        }
}
"""
STUBS = """
int ipc_invoke(const struct ipc_op *o, handle_t s, uint64_t *w, uint64_t d) { return (void)o, (void)s, (void)w, (void)d, 0; }
int ipc_invoke_with(const struct ipc_op *o, handle_t s, uint64_t *w, struct ipc_transfer *t)
{ return (void)o, (void)s, (void)w, (void)t, 0; }
"""
RIGHTS = {1 << 8: "use", 1 << 9: "read", 1 << 10: "write", 1 << 11: "admin", 1 << 12: "device"}
IDEMPOTENT, EFFECT, BUF_IN, BUF_OUT, PARKS = (1 << n for n in range(5))


def operations():
    """(protocol, number, name, request, reply, rights, flags) of every operation, in the order of the lists."""
    source = "".join(f"#include <proto/{header.name}>\n" for header in HEADERS) + STUBS + PRINT
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "print"
        compiler = ["gcc", "-std=gnu17", f"-I{TOP}/include", f"-I{TOP}/libipc/include", "-x", "c", "-", "-o", str(program)]
        subprocess.run(compiler, input=source, text=True, check=True)
        text = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        protocol, number, name, *rest = line.split()
        yield protocol, int(number), name, *map(int, rest)


def row(number, name, request, reply, rights, flags):
    buffers = " ".join(word for bit, word in ((BUF_IN, "in"), (BUF_OUT, "out")) if flags & bit)
    if request > 48:
        buffers = "the request"
    handles = f"{flags >> 8 & 7}, {flags >> 12 & 7}" if flags >> 8 else ""
    twice = "yes" if flags & IDEMPOTENT else "no" if flags & EFFECT else "?"
    need = " ".join(word for bit, word in RIGHTS.items() if rights & bit)
    cells = hex(number), f"`{name}`", f"{request}, {reply}", need, buffers, handles, twice, "yes" if flags & PARKS else ""
    return "| " + " | ".join(cell or "–" for cell in cells) + " |\n"


def table():
    text, last = HEAD, None
    for protocol, *operation in operations():
        if protocol != last:
            text += f"\n## {protocol}\n\n| nr | operation | bytes | rights | buffers | handles | twice | may wait |\n"
            text += "|---|---|---|---|---|---|---|---|\n"
            last = protocol
        text += row(*operation)
    return text


def main():
    if sys.argv[1:] == ["--write"]:
        TARGET.write_text(table())
    elif sys.argv[1:] == ["--check"]:
        if not TARGET.exists() or TARGET.read_text() != table():
            sys.exit("docs/protocols.md is not what libipc/include/proto says: run `make docs`")
    elif sys.argv[1:] == ["--names"]:
        for protocol, number, name, *_ in operations():
            print(f'NAME("{protocol}", {number:#x}, "{name}")')
    else:
        sys.exit(__doc__)


main()
