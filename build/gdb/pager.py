"""The pager's own tables, read in its address space."""

import gdb

import objects
import paging

PROTECTION = ((1, "r"), (2, "w"), (4, "x"))
OBJECT_TYPES = {0: "memory object", 1: "file", 2: "bundle"}
FLAGS = (
    (1 << 1, "shared"), (1 << 2, "resident"), (1 << 3, "guard"), (1 << 4, "stack"), (1 << 6, "not inherited"),
    (1 << 16, "device"), (1 << 17, "dma"),
)  # fmt: skip


def names_by_handle():
    """The task that each of the pager's handles refers to: index in the handle table -> name."""
    names = {}
    for index, entry in objects.handles(objects.find_task("pager")):
        if objects.enum_word(entry["object"]["kind"], "enum object_kind", "OBJ_") == "task":
            task = entry["object"].cast(objects.kernel_type("struct task").pointer()).dereference()
            names[index] = f"{objects.task_name(task)} (task {int(task['id'])})", str(int(task["id"]))
    return names


def spaces(root):
    """The pager's records of address spaces."""
    table = paging.fetch(root, gdb.parse_and_eval("&'servers/pager/space.c'::space_table"))
    first, last = table.type.range()
    for index in range(first, last + 1):
        if int(table[index]):
            yield paging.fetch(root, table[index])


def each_region(root, space):
    pointer = space["first"]
    while int(pointer):
        region = paging.fetch(root, pointer)
        yield region
        pointer = region["next"]


def describe(root, region):
    prot = "".join(letter if int(region["prot"]) & bit else "-" for bit, letter in PROTECTION)
    words = [word for bit, word in FLAGS if int(region["flags"]) & bit]
    if int(region["object"]):
        shown = paging.fetch(root, region["object"])
        kind = OBJECT_TYPES.get(int(shown["type"]), "object")
        words.insert(0, f"{kind} {int(shown['id']):#x} from {int(region['offset']):#x}")
    start, end = int(region["start"]), int(region["end"])
    return f"  {start:#018x}-{end:#018x} {prot} {(end - start) // 1024:8} KiB  {', '.join(words) or 'anonymous'}"


def regions(*names):
    """regions [TASK...]: the pager's regions of every space, or of the tasks named (by name or id)."""
    handles = names_by_handle()
    root = objects.task_root("pager")
    for space in spaces(root):
        name, number = handles.get(int(space["task"]) & 0xFFFF, ("a task that is gone", "-"))
        if names and not {name.split(" (task")[0], number} & set(names):
            continue
        print(f"{name}: {int(space['region_count'])} regions, {int(space['pages']) * 4} KiB")
        for region in each_region(root, space):
            print(describe(root, region))
