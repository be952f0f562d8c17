"""Page tables of the guest, read by physical address."""

import contextlib

import gdb

PRESENT, WRITE, USER, UNCACHED, ACCESSED, DIRTY, HUGE, GLOBAL = 1, 2, 4, 16, 32, 64, 128, 256
NO_EXECUTE = 1 << 63
FRAME = 0x000FFFFFFFFFF000
LEVELS = 4
CR0_PG = 1 << 31


@contextlib.contextmanager
def physical():
    """Within: gdb's memory reads are of physical addresses."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        yield
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)


def read_physical(address, length):
    with physical():
        return bytes(gdb.selected_inferior().read_memory(address, length))


def current_root():
    if not int(gdb.parse_and_eval("$cr0")) & CR0_PG:
        raise LookupError("paging is not on yet")
    return int(gdb.parse_and_eval("$cr3")) & FRAME


def walk(root, va):
    """The entries from the top-level table down to the last one for va: (level, index, address, entry)."""
    table = root
    for level in range(LEVELS):
        index = va >> (39 - 9 * level) & 511
        address = table + 8 * index
        entry = int.from_bytes(read_physical(address, 8), "little")
        yield level, index, address, entry
        if not entry & PRESENT or (level in (1, 2) and entry & HUGE):
            return
        table = entry & FRAME


def flags(entry, level):
    """The bits of an entry by name."""
    names = [(WRITE, "W"), (USER, "U"), (UNCACHED, "UC"), (ACCESSED, "A"), (DIRTY, "D"), (GLOBAL, "G")]
    words = [name for bit, name in names if entry & bit]
    words += ["huge"] if entry & HUGE and level < LEVELS - 1 else []
    return " ".join(words + (["NX"] if entry & NO_EXECUTE else ["X"]))


def translate(root, va):
    """(physical address, permission word) of va in the space under root, or None."""
    writable = user = execute = True
    for level, _, _, entry in walk(root, va):
        if not entry & PRESENT:
            return None
        writable &= bool(entry & WRITE)
        user &= bool(entry & USER)
        execute &= not entry & NO_EXECUTE
    size = 1 << (39 - 9 * level)
    physical_address = (entry & FRAME & ~(size - 1)) | va & (size - 1)
    who = "user" if user else "kernel"
    return physical_address, f"{who} r{'w' if writable else '-'}{'x' if execute else '-'}"


def read_virtual(root, va, length):
    """Bytes of another address space."""
    out = b""
    while length:
        found = translate(root, va)
        if not found:
            raise LookupError(f"{va:#x} is not mapped there")
        part = min(length, 4096 - va % 4096)
        out += read_physical(found[0], part)
        va, length = va + part, length - part
    return out


def fetch(root, pointer):
    """What a typed pointer points at in the space under root, as a value."""
    kind = pointer.type.target()
    return gdb.Value(read_virtual(root, int(pointer), kind.sizeof), kind)


def root_of(word):
    """A top-level table by number, or by the name or id of a task."""
    import objects

    try:
        return int(word, 0) if word.startswith("0x") else objects.task_root(word)
    except ValueError:
        return objects.task_root(word)


def pte(address, where=None):
    """pte ADDRESS [SPACE], or pte PID ADDRESS: the page-table entries of an address, level by level.

    SPACE is a task's name or id, or the physical address of a top-level table (0x...); default: the running one."""
    import memory

    if where and address.isdigit():
        return walk_print(int(where, 16), memory.space_of(address)[1])
    value = gdb.parse_and_eval(address)
    value = value.address if value.type.code == gdb.TYPE_CODE_FUNC else value
    va = int(value) & 0xFFFFFFFFFFFFFFFF
    walk_print(va, root_of(where) if where else current_root())


def walk_print(va, root):
    print(f"{va:#018x} in the space {root:#x}")
    for level, index, place, entry in walk(root, va):
        meaning = f"{entry & FRAME:#014x} {flags(entry, level)}" if entry & PRESENT else "not present"
        print(f"  L{level}[{index:3}] at {place:#014x}: {entry:#018x}  {meaning}")
    found = translate(root, va)
    print(f"  = {found[0]:#x}, {found[1]}" if found else "  = not mapped")
