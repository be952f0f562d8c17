#!/usr/bin/env python3
"""new_server.py new|remove NAME [--force]: write the files of a server of one's own, or take them away again.

They are all that there is of it: the build finds them by where they lie. docs/writing-a-server.md goes on from here.
"""

import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent

# What these words mean in C, in libipc's headers or in a manifest would be hidden by a server of that name.
TAKEN = set(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register"
    " restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false"
    " main init pager task port ipc sys kernel irq irqs handle proto lib manifest boot".split()
)

FILES = {
    "servers/@/manifest": """\
server @
    program bin/@
    node @ 0 0666 static
""",
    "servers/@/main.c": """\
/* @: adds two numbers. */
#include <ipc/server.h>
#include <proto/@.h>

static int add(struct ipc_request *r, const struct @_pair *in, struct @_sum *out)
{
    (void)r;
    return __builtin_add_overflow(in->a, in->b, &out->sum) ? E_OVERFLOW : 0;
}

int main(void)
{
    static const struct @_ops ops = {.add = add};

    return ipc_serve(&(struct ipc_server){.name = "@", .ops = &ops});
}
""",
    "libipc/include/proto/@.h": """\
/* @: what it is asked, and what it answers. */
#ifndef PROTO_^_H
#define PROTO_^_H

#include <ipc/protocol.h>

struct @_pair {
    int64_t a, b;
};
struct @_sum {
    int64_t sum;
};

#define ^_PROTOCOL(OP) OP(1, add, struct @_pair, struct @_sum, RIGHT_USE, IDEMPOTENT)

IPC_PROTOCOL(@, ^_PROTOCOL)

#endif
""",
    "programs/@.c": """\
// @ a b: asks the server @ for the sum of two numbers.
#include <stdio.h>

#include <ipc/open.h>
#include <proto/@.h>

#include "tool.h"

int main(int argc, char **argv)
{
    long long a, b;
    struct @_sum sum = {0};
    tool_start(argv);
    if (argc != 3 || !tool_number(argv[1], &a) || !tool_number(argv[2], &b))
        tool_usage("a b");
    int error = @_add(ipc_open("@"), &(struct @_pair){a, b}, &sum, 0);
    if (error) {
        tool_warnx("error %d of the server", error);
        return 1;
    }
    printf("%lld\\n", (long long)sum.sum);
    return tool_finish(0);
}
""",
    "tests/host/@_test.c": """\
// sources: @libipc @server
/* The server @, as its source is, on the host under sanitizers: make host-test NAME=@ [GDB=1]. */
#include "check.h"
#include <ipc/host.h>
#include <ouros/error.h>
#include <proto/@.h>

int @_main(void);

static handle_t session;

static void adds(void)
{
    struct @_sum sum = {0};

    CHECK(@_add(session, &(struct @_pair){2, 3}, &sum, 0) == 0);
    CHECK(sum.sum == 5);
}

static void refuses_overflow(void)
{
    CHECK(@_add(session, &(struct @_pair){INT64_MAX, 1}, &(struct @_sum){0}, 0) == E_OVERFLOW);
}

static void starts_again(void)
{
    ipc_host_stop();
    ipc_host_join();
    ipc_host_start(@_main);
    adds();
}

int main(void)
{
    ipc_host_start(@_main);
    session = ipc_host_session(RIGHT_USE);
    RUN(adds);
    RUN(refuses_overflow);
    RUN(starts_again);
    ipc_host_stop();
    ipc_host_join();
    CHECK_END();
}
""",
    "tests/system/@.c": """\
/* The server @, called by a program; also after it has been ended. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ipc/open.h>
#include <proto/@.h>

static int adds(const char *name)
{
    struct @_sum sum = {0};
    int error = @_add(ipc_open("@"), &(struct @_pair){20, 22}, &sum, 0);
    int bad = error || sum.sum != 42;
    if (bad)
        printf("not ok %s: error %d, sum %lld\\n", name, error, (long long)sum.sum);
    else
        printf("ok %s\\n", name);
    return bad;
}

int main(void)
{
    static const char order[] = "restart @";
    int bad = adds("adds"), fd = open("/dev/svc", O_WRONLY);
    if (write(fd, order, strlen(order)) != (ssize_t)strlen(order))
        bad = printf("not ok restart: /dev/svc refuses\\n");
    close(fd);
    return bad | adds("adds-again") ? 1 : 0;
}
""",
}


def fail(why):
    sys.exit(f"new_server.py: {why}")


def text_of(template, name):
    text = template.replace("@libipc", "\0").replace("@server", "\1").replace("@", name).replace("^", name.upper())
    return text.replace("\0", "@libipc").replace("\1", "@" + name)


def files(name):
    return {TOP / path.replace("@", name): text_of(template, name) for path, template in FILES.items()}


def check_name(name):
    if not re.fullmatch("[a-z][a-z0-9_]{1,14}", name):
        fail(f"{name!r} is no name for a server: 2 to 15 small letters, digits and underscores, a letter first")
    if name in TAKEN or name.startswith("ipc_"):
        fail(f"{name} means something else already: choose another name")


def refresh_tables():
    subprocess.run([sys.executable, "docs/protocols.py", "--write"], cwd=TOP, check=True)


def new(name):
    there = [path for path in [*files(name), TOP / "servers" / name, TOP / "programs" / name] if path.exists()]
    if there:
        fail(f"{there[0].relative_to(TOP)} exists already")
    for path, text in files(name).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(path.relative_to(TOP))
    refresh_tables()
    print(f"Try: make test ONLY={name}")


def remove(name, force):
    home = TOP / "servers" / name
    manifest = home / "manifest"
    if not manifest.exists() or not all(path.exists() for path in files(name)):
        fail(f"there is no server {name} that `make new-server` has written")
    changed = [str(path.relative_to(TOP)) for path, text in files(name).items() if path.read_text() != text]
    changed += [str(path.relative_to(TOP)) for path in home.iterdir() if path not in files(name)]
    if changed and not force:
        fail(f"not removed, since there is work in it: {', '.join(changed)} (FORCE=1 removes it all the same)")
    for path in [*files(name), *home.rglob("*")]:
        if path.is_file():
            path.unlink()
    home.rmdir()
    forget_built(name)
    refresh_tables()


def forget_built(name):
    """make does not see that a disk has a program too many: let it make the disks anew."""
    for out in (TOP / "out", TOP / "out/release"):
        for path in (f"servers/{name}", f"stripped/{name}", f"programs/{name}", f"tests/{name}", "disk.img", "ramdisk.img"):
            (out / path).unlink(missing_ok=True)


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("new", "remove") or not sys.argv[2]:
        fail("say NAME=name")
    check_name(sys.argv[2])
    new(sys.argv[2]) if sys.argv[1] == "new" else remove(sys.argv[2], "--force" in sys.argv[3:])


if __name__ == "__main__":
    main()
