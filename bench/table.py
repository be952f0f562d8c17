"""The rows: what they are called, the best peer's figure, what DESIGN asks for; and the table that is printed.

A peer's figure is the best among those of which it is known that they carry as much (names say where it is more or less).
"""

import dataclasses


@dataclasses.dataclass
class Row:
    name: str
    title: str
    peer: int | None
    peer_name: str | None
    reach: int | None  # instructions; None: nothing is asked for


ROWS = [
    Row("ipc_call_0w", "call + reply, two spaces, no word", 286, "NOVA (1 word)", 240),
    Row("ipc_call_6w", "call + reply, six words", 376, "NOVA (10 words)", 240),
    Row("ipc_call_deadline", "call + reply, finite deadline", 286, "NOVA (no deadline)", 270),
    Row("ipc_call_stub", "generated client, libipc's loop", 286, "NOVA (bare)", 380),
    Row("ipc_call_160b", "call + reply, 160 bytes copied", 1200, "Fiasco.OC (504 bytes)", 600),
    Row("ipc_call_512b", "call + reply, 512 bytes copied", 1200, "Fiasco.OC (504 bytes)", 700),
    Row("syscall_fail", "a system call that fails at once", 96, "Fiasco.OC", 80),
    Row("notify_idle", "notify, nobody waiting", 142, "NOVA", 120),
    Row("fault_roundtrip", "page fault, user pager maps", 1520, "NOVA", 600),
    Row("map_one", "map one page elsewhere", 722, "seL4", 400),
    Row("map_batch64", "the same in a batch of 64, each", 722, "seL4", 60),
    Row("irq_to_user", "device interrupt to user thread", 371, "seL4", 300),
    Row("anon_touch_page", "anonymous first touch, per page", 1860, "xv6 (sbrk)", 800),
    Row("anon_fault_isolated", "the same, pages 256 KiB apart", None, None, 1100),
    Row("cow_fault", "copy-on-write fault, private table", 4460, "Linux", 2200),
    Row("cow_fault_shared", "the first one in a shared table", 4460, "Linux", 8000),
    Row("fork_exit_wait_small", "fork + exit + wait, small", 120000, "Linux", 60000),
    Row("fork_exit_wait_64MiB", "the same, 64 MiB touched", 6604000, "Linux", 200000),
    Row("spawn_wait", "posix_spawn + wait", 267000, "Linux", 120000),
    Row("mmap_munmap_1", "mmap + munmap of one page", 10900, "Linux", 3000),
    Row("thread_create_join", "thread create + join", 76900, "Linux", 8000),
    Row("mutex_uncontended", "mutex lock + unlock, uncontended", 60, "Linux", None),
    Row("cond_rtt", "condition variable, round trip", 13900, "Linux", 3000),
    Row("signal_self", "signal to self, handled", 3650, "Linux", 2500),
    Row("pipe_rtt_1B", "pipe round trip, two processes", 11000, "Linux", 4000),
    Row("pread_4KiB_cached", "pread 4 KiB, cached", 2430, "Linux", 1800),
    Row("read_MiB_cached", "read 1 MiB, cached", 206000, "Linux", 180000),
    Row("read_MiB_uncached", "read 1 MiB from the disk, busy", 1007000, "Linux (process only)", None),
    Row("open_close", "open + close", 6640, "Linux", 6640),
    Row("stat", "stat", 3630, "Linux", 3630),
    Row("create", "create a file, on disk", 60600, "Linux", 20000),
    Row("unlink", "unlink it", 17700, "Linux", 12000),
    Row("boot_to_prompt", "power on to first program, busy", 79000000, "xv6", None),
]


def figure(value):
    """A count for people: tenths only where they say something."""
    if value is None:
        return "-"
    return f"{value:,.1f}" if value < 1000 and value != int(value) else f"{value:,.0f}"


def ratio(entry):
    return entry["median"] / entry["peer"] if entry["median"] is not None and entry["peer"] else None


def verdict(entry):
    if entry["median"] is None:
        return "not there yet"
    return {True: "reached", False: "no", None: "-"}[entry["ok"]]


def tenths(value):
    """Rounded, and whole where it is: reading the clock is in each round, a few thousandths of an operation."""
    if value is None:
        return None
    return int(round(value, 1)) if round(value, 1).is_integer() else round(value, 1)


def entry(row, rounds):
    """What bench.json says of a row whose rounds took so many instructions per operation (none: it is not there)."""
    values = sorted(rounds)
    low = values[0] if values else None
    median = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2 if values else None
    low, median = (tenths(v) for v in (low, median))
    ok = median <= row.reach if values and row.reach is not None else None
    return {"name": row.name, "min": low, "median": median, "peer": row.peer, "peer_name": row.peer_name,
            "reach": row.reach, "ok": ok}  # fmt: skip


def lines(entries, apart):
    """The table. `apart`: by how much the two runs differ, by name (absent: not at all)."""
    yield f"{'operation':34} {'min':>11} {'median':>11} {'two runs':>9} {'best peer':>11} {'who':21} {'ratio':>6} {'wanted':>9}"
    for row, e in zip(ROWS, entries):
        equal = "-" if e["median"] is None else f"{apart[e['name']]:.2%}" if e["name"] in apart else "equal"
        r = f"{ratio(e):.2f}" if ratio(e) is not None else "-"
        yield (
            f"{row.title:34} {figure(e['min']):>11} {figure(e['median']):>11} {equal:>9} {figure(e['peer']):>11}"
            f" {e['peer_name'] or '-':21} {r:>6} {figure(e['reach']):>9}  {verdict(e)}"
        )
