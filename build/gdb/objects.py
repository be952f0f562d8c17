"""The kernel's objects: tasks, threads, ports."""

import pathlib
import re

import gdb


def kernel_type(name):
    """A type of the kernel's own symbols, whatever else is loaded."""
    return gdb.lookup_type(name)


def container(node, kind, member):
    """The structure of which node (a struct list) is a member."""
    pointer = kernel_type(kind).pointer()
    offset = next(field.bitpos // 8 for field in kernel_type(kind).fields() if field.name == member)
    return gdb.Value(int(node.address) - offset).cast(pointer).dereference()


def each(head, kind, member):
    """The structures on a list."""
    here = head["next"]
    for _ in range(100000):
        if int(here) in (int(head.address), 0):
            return
        node = here.dereference()
        yield container(node, kind, member)
        here = node["next"]


def tasks():
    head = gdb.parse_and_eval("task_list")
    if not int(head["next"]):
        raise LookupError("there are no tasks yet")
    return each(head, "struct task", "all")


def task_name(task):
    return task["name"].string(errors="replace") or "-"


def find_task(word):
    for task in tasks():
        if task_name(task) == word or str(int(task["id"])) == word:
            return task
    raise LookupError(f"no task {word!r}")


def task_root(word):
    return int(find_task(word)["vms"]["root"])


def enum_word(value, kind, prefix):
    """The name of an enumerator that a plain integer field holds, without its prefix."""
    for field in kernel_type(kind).fields():
        if field.enumval == int(value):
            return field.name.removeprefix(prefix).lower()
    return str(int(value))


def port_names():
    """Whose port each one is, by address: its borrower, else the first task that has a handle of it."""
    names = {}
    for task in tasks():
        for _, entry in handles(task):
            if enum_word(entry["object"]["kind"], "enum object_kind", "OBJ_") == "port":
                names.setdefault(int(entry["object"]), task_name(task))
    for address in names:
        borrower = pointer_to("struct port", address)["borrower"]
        if int(borrower):
            names[address] = task_name(borrower.dereference())
    return names


def pointer_to(kind, address):
    return gdb.Value(address).cast(kernel_type(kind).pointer()).dereference()


def waits_for(thread, names):
    """What a blocked thread waits for, in words."""
    state = enum_word(thread["state"], "enum thread_state", "THREAD_")
    port, badge = 0, ""
    if state in ("calling", "sending", "faulting", "receiving"):
        port = int(thread["served_by"])
        if state in ("calling", "sending"):
            badge = f", badge {int(thread['badge']):#x}"
    elif state == "futex":
        low = gdb.selected_inferior().read_memory(int(thread["waits"]["key"].address), 8)  # gdb knows no wider integers
        return f"the word at {int.from_bytes(bytes(low), 'little'):#x}"
    return f"{names.get(port, 'a')}'s port {port:#x}{badge}" if port else ""


def cpu_ms(thread):
    """The processor time of a thread up to now or, while it runs, up to when it began."""
    ticks, mult = int(thread["cpu_ticks"]), int(gdb.parse_and_eval("time_page->mult"))
    return max(ticks - (ticks >> 63 << 64), 0) * mult / 2**32 / 1e6


def ps():
    """ps: every task with its threads: state, priority, where it stands, what it waits for."""
    names = port_names()
    print("TASK NAME             THREAD STATE     PRIO      CPU ms  RIP                 WAITS FOR")
    for task in tasks():
        head = f"{int(task['id']):4} {task_name(task):16}"
        kmem = int(task["account"]["used"]) // 1024
        used = int(task["handles"]["used"])
        print(f"{head} {int(task['thread_count'])} threads, {used} handles, {kmem} KiB of kernel memory")
        for thread in each(task["threads"], "struct thread", "in_task"):
            state = enum_word(thread["state"], "enum thread_state", "THREAD_")
            state += "+stop" if int(thread["flags"]) & 1 else ""
            print(
                f"{'':21} {int(thread['id']):6} {state:10} {int(thread['priority']):3} {cpu_ms(thread):11.1f}"
                f"  {int(thread['frame']['rip']):#018x}  {waits_for(thread, names)}"
            )


def handles(task):
    """(index, entry) of the used slots of a task's handle table."""
    table = task["handles"]
    per_page = 4096 // kernel_type("struct handle_entry").sizeof
    first, last = table["page"].type.range()
    for page in range(first, last + 1):
        entries = table["page"][page]
        for slot in range(per_page if int(entries) else 0):
            if int(entries[slot]["object"]):
                yield page * per_page + slot, entries[slot]


def thread_words(head, member):
    """Ids of the threads on a list, with their tasks."""
    threads = each(head, "struct thread", member)
    return ", ".join(f"{int(t['id'])} ({task_name(t['task'].dereference())})" for t in threads) or "nobody"


def ports():
    """ports: every port that a handle names: who holds and who serves it, and which threads stand at it."""
    held = {}
    for task in tasks():
        for index, entry in handles(task):
            if enum_word(entry["object"]["kind"], "enum object_kind", "OBJ_") == "port":
                held.setdefault(int(entry["object"]), []).append(f"{task_name(task)}:{index}")
    names = port_names()
    for address, holders in held.items():
        port = pointer_to("struct port", address)
        print(f"port {address:#x} of {names[address]}, held by {', '.join(holders)}")
        notices = sum(1 for _ in each(port["notices"], "struct notice", "link"))
        print(
            f"    {int(port['session_count'])} sessions, {int(port['messages'])} messages received, "
            f"{int(port['queued'])} queued, {notices} notices, bits {int(port['bits']):#x}"
        )
        print(f"    receiving: {thread_words(port['receivers'], 'run')}")
        print(f"    queued: {thread_words(port['senders'], 'run')}; being served: {thread_words(port['received'], 'received')}")


def threads():
    """threads: one line for each thread: id, task, state, priority, where it stands."""
    for task in tasks():
        for thread in each(task["threads"], "struct thread", "in_task"):
            state = enum_word(thread["state"], "enum thread_state", "THREAD_")
            place = f"rip {int(thread['frame']['rip']):#x}"
            print(f"thread {int(thread['id'])} of {task_name(task)}: {state}, priority {int(thread['priority'])}, {place}")


def print_handles(word):
    """handles TASK: what the handles of a task (by name or id) refer to, with their rights."""
    for index, entry in handles(find_task(word)):
        kind = enum_word(entry["object"]["kind"], "enum object_kind", "OBJ_")
        if kind == "thread" and int(entry["rights"]) >> 31:
            kind = "reply"
        print(f"{index:5}: {int(entry['id']):#x} {kind} at {int(entry['object']):#x}, rights {int(entry['rights']):#x}")


def blocks():
    """blocks: what the 2 MiB blocks of memory are for, in runs of one kind, and how many of the RAM are mapped."""
    table, count = gdb.parse_and_eval("blocks"), int(gdb.parse_and_eval("block_count"))
    size = kernel_type("struct block").sizeof
    data = bytes(gdb.selected_inferior().read_memory(int(table.address), size * count))
    fields = {f.name: f.bitpos // 8 for f in kernel_type("struct block").fields() if f.name}
    kinds = [data[n * size + fields["kind"]] for n in range(count)]
    first = 0
    for n in range(count):
        if n + 1 < count and kinds[n + 1] == kinds[n]:
            continue
        name = enum_word(kinds[n], "enum block_kind", "BLOCK_")
        mapped = sum(1 for m in range(first, n + 1) if any(data[m * size : m * size + 4]))
        print(f"blocks {first} to {n}: {name}" + (f", {mapped} of them mapped" if name == "ram" else ""))
        first = n + 1


def operation_names():
    """(protocol, number) and, for numbers that are one protocol's alone, (None, number): "vfs.open"."""
    path = pathlib.Path(__file__).resolve().parents[2] / "out/gen/protocol_names.h"
    names = {}
    for protocol, number, name in re.findall(r'NAME\("(\w+)", (\w+), "(\w+)"\)', path.read_text() if path.exists() else ""):
        own = protocol if int(number, 16) < 0x100 else None
        names[own, int(number, 16)] = f"{protocol}.{name}"
    return names


def messages():
    """messages: the last messages between threads, the oldest first (debug builds)."""
    names = operation_names()
    servers = {int(t["id"]): task_name(task) for task in tasks() for t in each(task["threads"], "struct thread", "in_task")}
    ring, count = gdb.parse_and_eval("message_ring"), int(gdb.parse_and_eval("message_count"))
    size = ring.type.range()[1] + 1
    for number in range(max(0, count - size), count):
        m = ring[number % size]
        label = int(m["label"])
        state = enum_word(m["state"], "enum thread_state", "THREAD_")
        number, server = label & 0xFFFFFFFF, servers.get(int(m["to"]), "?")
        name = names.get((None, number)) or names.get((server, number), "?") if label >> 32 else ""
        print(
            f"thread {int(m['from'])} to {int(m['to'])}:{f' {server} ' + name if name else ''} label {label & 0xFFFFFFFF:#x}, number {label >> 32}, "
            f"first word {int(m['word']):#x}, sender {state}"
        )
