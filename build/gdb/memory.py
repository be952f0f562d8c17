"""What vmmap, pmem, free and vmstat show in the guest, from the pager's own records and the page tables."""

import struct

import gdb

import objects
import pager
import paging

BLOCK_FRAMES = 512
HUGE_LEVEL = 2
LETTERS = {"free": ".", "stock": ".", "anon": "a", "object": "o", "dma": "d", "pool": "p", "pager": "p", "blank": "p"}


def pager_value(name, file="frame.c"):
    """A variable of the pager's."""
    return paging.fetch(objects.task_root("pager"), gdb.parse_and_eval(f"&'servers/pager/{file}'::{name}"))


def processes():
    """The processes that proc knows: pid -> (name, the pager's id of its space)."""
    table = gdb.parse_and_eval("&'servers/proc/process.c'::process_table")
    entry, size = table.type.target().target(), table.type.target().target().sizeof
    data = paging.read_virtual(objects.task_root("proc"), int(table), table.type.target().sizeof)
    found = {}
    for at in range(0, len(data), size):
        process = gdb.Value(data[at : at + size], entry)
        if int(process["task"]):
            found[int(process["pid"])] = process["name"].string(errors="replace"), int(process["space"])
    return found


def space_of(word):
    """The pager's record of a space, by pid or by the name of a task, and the root of its page tables."""
    known = processes() if word.isdigit() else {}
    names, root = pager.names_by_handle(), objects.task_root("pager")
    for space in pager.spaces(root):
        name, number = names.get(int(space["task"]) & 0xFFFF, ("", ""))
        if (word.isdigit() and int(space["id"]) == known.get(int(word), (0, 0))[1]) or name.split(" (task")[0] == word:
            return space, objects.task_root(number)
    raise LookupError(f"no process {word!r}")


def table_at(address, cache):
    if address not in cache:
        cache[address] = struct.unpack("<512Q", paging.read_physical(address, 4096))
    return cache[address]


def pages(root, start, end):
    """Present entries of a range, from whole tables: (entry, level). Absent tables are passed over."""
    cache, va = {}, start
    while va < end:
        table = root
        for level in range(paging.LEVELS):
            shift = 39 - 9 * level
            entry = table_at(table, cache)[va >> shift & 511]
            present = entry & paging.PRESENT
            if not present or level == paging.LEVELS - 1 or (level and entry & paging.HUGE):
                break
            table = entry & paging.FRAME
        if present:
            yield entry, level
        va = (va >> shift) + 1 << shift


class Frames:
    """The pager's records of frames, read at once."""

    def __init__(self):
        kind = gdb.lookup_type("struct frame")
        self.size, self.count = kind.sizeof, int(pager_value("frame_limit"))
        fields = {field.name: field.bitpos // 8 for field in kind.fields()}
        self.kind_at, self.count_at = fields["kind"], fields["count"]
        address = int(pager_value("frame_table"))
        found = paging.translate(objects.task_root("pager"), address)
        self.data = paging.read_physical(found[0], self.size * self.count)  # RAM is mapped as it lies
        enum = gdb.lookup_type("enum frame_kind").fields()
        self.names = {field.enumval: field.name.removeprefix("FRAME_").lower() for field in enum}

    def kind(self, frame):
        return self.names.get(self.data[frame * self.size + self.kind_at], "?")

    def shared(self, frame):
        at = frame * self.size + self.count_at
        return frame < self.count and int.from_bytes(self.data[at : at + 4], "little") > 1


def vmmap(word):
    """vmmap PID: the regions of a process (or of a task by its name): resident, shared, tables, huge pages."""
    frames = Frames()
    space, root = space_of(word)
    print(f"{'range':35} {'prot':4} {'kB':>10} {'resident':>9} {'shared':>9}  2MiB")
    for region in pager.each_region(objects.task_root("pager"), space):
        start, end = int(region["start"]), int(region["end"])
        resident = shared = huge = 0
        for entry, level in pages(root, start, end):
            first, count = (entry & paging.FRAME) >> 12, BLOCK_FRAMES if level == HUGE_LEVEL else 1
            resident += count
            huge += level == HUGE_LEVEL
            shared += sum(frames.shared(first + i) for i in range(count))
        prot = "".join(letter if int(region["prot"]) & bit else "-" for bit, letter in pager.PROTECTION)
        print(f"{start:#018x}-{end:#018x} {prot:4} {(end - start) // 1024:10} {resident * 4:9} {shared * 4:9}  {huge}")


def pmem():
    """pmem: physical memory, a letter for each 2 MiB: what most of its frames in use are for."""
    frames, line = Frames(), ""
    print(". free  a private  o of memory objects  d for devices  p the pager's  - others'")
    for block in range(frames.count // BLOCK_FRAMES):
        seen = {}
        for i in range(BLOCK_FRAMES):
            letter = LETTERS.get(frames.kind(block * BLOCK_FRAMES + i), "-")
            seen[letter] = seen.get(letter, 0) + 1
        used = {letter: n for letter, n in seen.items() if letter != "."}
        line += max(used, key=used.get) if used else "."
        if block % 64 == 63 or block == frames.count // BLOCK_FRAMES - 1:
            print(f"{block // 64 * 128:6} MiB {line}")
            line = ""


def kinds():
    counts, enum = pager_value("frame_counts"), gdb.lookup_type("enum frame_kind").fields()
    return {f.name.removeprefix("FRAME_").lower(): int(counts["kind"][f.enumval]) for f in enum if f.name != "FRAME_KINDS"}, counts


def free():
    """free: frames by what they are used for, in kB."""
    kind, counts = kinds()
    print(f"owned {int(counts['owned']) * 4} kB, free {kind['free'] * 4}, whole blocks {int(counts['whole'])}")
    print(", ".join(f"{name} {number * 4}" for name, number in kind.items() if name not in ("free", "reserved")))
    committed = int(pager_value("space_committed", "space.c"))
    print(f"promised {committed * 4} kB to {int(pager_value('space_count', 'space.c'))} spaces")


def vmstat():
    """vmstat: pages by use, and what happened since boot."""
    kind, _ = kinds()
    counts = pager_value("fault_counts", "fault.c")
    print(f"free {kind['free']} anon {kind['anon']} file {kind['object']} huge {int(pager_value('huge_pages', 'huge.c'))}")
    print(" ".join(f"{field.name} {int(counts[field.name])}" for field in counts.type.fields()))
    counts = pager_value("writeback_counts", "writeback.c")
    print(" ".join(f"{field.name} {int(counts[field.name])}" for field in counts.type.fields()))
