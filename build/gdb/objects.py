"""The kernel's objects: tasks, threads, ports."""

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


def waits_for(thread):
    """What a blocked thread waits for, in words."""
    state = enum_word(thread["state"], "enum thread_state", "THREAD_")
    if state in ("calling", "sending", "faulting") and int(thread["served_by"]):
        return f"port {int(thread['served_by']):#x}"
    if state in ("calling", "sending") and int(thread["session"]):
        session = thread["session"].dereference()
        return f"port {int(session['port']):#x} badge {int(session['badge']):#x}"
    if state == "receiving" and int(thread["receiving"]):
        return f"port {int(thread['receiving']):#x}"
    if state == "futex":
        return f"address {int(thread['futex_key'][1]):#x}"
    return ""


def ps():
    """ps: every task with its threads: state, priority, where it stands, what it waits for."""
    print("TASK NAME             THREAD STATE     PRIO      CPU ms  RIP                 WAITS FOR")
    for task in tasks():
        head = f"{int(task['id']):4} {task_name(task):16}"
        kmem = int(task["account"]["used"]) // 1024
        print(f"{head} {int(task['thread_count'])} threads, {int(task['handles']['used'])} handles, {kmem} KiB of kernel memory")
        for thread in each(task["threads"], "struct thread", "in_task"):
            state = enum_word(thread["state"], "enum thread_state", "THREAD_")
            state += "+stop" if int(thread["flags"]) & 1 else ""
            print(
                f"{'':21} {int(thread['id']):6} {state:10} {int(thread['priority']):3} {int(thread['cpu_ns']) / 1e6:11.1f}"
                f"  {int(thread['frame']['rip']):#018x}  {waits_for(thread)}"
            )


def handles(task):
    """(index, entry) of the used slots of a task's handle table."""
    table = task["handles"].dereference()
    per_page = kernel_type("struct handle_entry").sizeof
    first, last = table["page"].type.range()
    for page in range(first, last + 1):
        entries = table["page"][page]
        if int(entries):
            for slot in range(4096 // per_page):
                if int(entries[slot]["object"]):
                    yield page * (4096 // per_page) + slot, entries[slot]


def ports():
    """ports: every port that a handle names, with its owner, its borrower, and what is queued on it."""
    seen = {}
    for task in tasks():
        for index, entry in handles(task):
            kind = enum_word(entry["object"]["kind"], "enum object_kind", "OBJ_")
            if kind == "port":
                seen.setdefault(int(entry["object"]), []).append(f"{task_name(task)}:{index}")
    for address, holders in seen.items():
        port = gdb.Value(address).cast(kernel_type("struct port").pointer()).dereference()
        print(f"port {address:#x}  held by {', '.join(holders)}")
        for name in (field.name for field in port.type.fields()):
            if name != "object":
                print(f"    {name} = {port[name].format_string(max_depth=1, symbols=False)}")
