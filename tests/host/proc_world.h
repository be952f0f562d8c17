/* What proc stands on, for its tests: a vfs with a few programs, a pager that takes every order, a terminal;
 * and what a program says to proc. Included by one file of a test. */
#ifndef PROC_WORLD_H
#define PROC_WORLD_H

#include "check.h"
#include "mailbox.h"
#include "small_elf.h"
#include <ipc/heap.h>
#include <ipc/host.h>
#include <ipc/server.h>
#include <ipc/startup_build.h>
#include <ipc/task.h>
#include <proto/pager.h>
#include <proto/proc.h>
#include <proto/tty.h>
#include <proto/vfs.h>

int proc_main(void);

/* ---- files ---- */

struct program {
    struct ipc_host_peer peer; /* a session with it is an open file */
    const char *path;
    const void *bytes;
    size_t size;
};

static char garbage[300] = "no program at all";

static int program_call(struct ipc_host_peer *self, struct ipc_message *m);

#define PROGRAM(name, content, length)           \
    {                                            \
        {program_call, 0}, name, content, length \
    }
static struct program programs[] = {
    PROGRAM("/bin/x", &small_elf, sizeof small_elf),
    PROGRAM("/bin/script", "#! /bin/x -e\n rest", 18),
    PROGRAM("/bin/loop", "#!/bin/loop\n", 12),
    PROGRAM("/bin/garbage", garbage, sizeof garbage),
    PROGRAM("/bin/short", &small_elf, 40),
    PROGRAM("/bin/empty", "", 0),
    PROGRAM("/dev/console", "", 0),
};

static void give(struct ipc_message *m, handle_t handle)
{
    m->handles[m->handle_count++] = handle;
}

static int program_call(struct ipc_host_peer *self, struct ipc_message *m)
{
    const struct program *p = (const struct program *)self;
    uint64_t at = m->words[0], n = at < p->size ? p->size - at : 0;

    m->handle_count = 0;
    if (m->label == io_label_read) {
        m->words[0] = n = n < m->buffers.out_len ? n : m->buffers.out_len;
        memcpy((void *)m->buffers.out, (const char *)p->bytes + (n ? at : 0), n);
    } else if (m->label == io_label_map) {
        m->words[0] = p->size;
        give(m, ipc_host_peer(self, 0));
    } else {
        m->label = E_NOSYS;
        return 0;
    }
    m->label = 0;
    return 0;
}

/* ---- vfs, the pager, the terminal ---- */

static struct world {
    struct vfs_process told; /* process_create's last */
    handle_t proc_mount;     /* what was registered for /proc: a session with proc */
    int64_t foreground;
    uint64_t spaces;
    struct mailbox exceptions, events;
    uint64_t exception_done;
    int refuse_map; /* space_map's answer */
} world;

static int open_program(struct ipc_message *m)
{
    const char *path = (const char *)m->buffers.in;

    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (strlen(programs[i].path) == m->buffers.in_len &&
            memcmp(programs[i].path, path, m->buffers.in_len) == 0) {
            struct vfs_open_reply reply = {.mode = i < 6 ? IO_S_IFREG | 0755 : IO_S_IFCHR | 0666};

            memcpy(m->words, &reply, sizeof reply);
            give(m, ipc_host_peer(&programs[i].peer, RIGHT_USE | RIGHT_READ));
            return 0;
        }
    return E_NOENT;
}

static int vfs_call(struct ipc_host_peer *self, struct ipc_message *m)
{
    uint32_t label = m->label;
    handle_t sent = m->handles[0];

    m->handle_count = 0;
    m->label = 0;
    switch (label) {
    case vfs_label_process_create:
        memcpy(&world.told, m->words, sizeof world.told);
        if (world.told.pid != world.told.parent)
            give(m, ipc_host_peer(self, RIGHT_USE));
        break;
    case vfs_label_open_as: m->label = (uint32_t)open_program(m); break;
    case vfs_label_node_register: sys_handle_copy(sent, RIGHT_ALL, 0, 0, &world.proc_mount); break;
    case vfs_label_trim:
    case vfs_label_mounts: memset(m->words, 0, sizeof m->words); break;
    default: m->label = E_NOSYS;
    }
    return 0;
}

static int pager_call(struct ipc_host_peer *self, struct ipc_message *m)
{
    uint32_t label = m->label;
    uint64_t w2 = m->words[2];

    m->handle_count = 0;
    m->label = 0;
    switch (label) {
    case pager_label_space_create:
    case pager_label_space_fork:
        m->words[0] = ++world.spaces;
        give(m, ipc_host_peer(self, RIGHT_USE));
        break;
    case pager_label_space_map: m->label = (uint32_t)world.refuse_map; break;
    case pager_label_space_write: m->words[0] = w2; break;
    case pager_label_next_exception: mailbox_park(&world.exceptions, m); break;
    case pager_label_exception_done: world.exception_done = m->words[0]; break;
    default: memset(m->words, 0, sizeof m->words);
    }
    return 0;
}

static int tty_call(struct ipc_host_peer *self, struct ipc_message *m)
{
    struct tty_foreground f;

    (void)self;
    if (m->label == tty_label_next_event)
        mailbox_park(&world.events, m);
    memcpy(&f, m->words, sizeof f);
    if (m->label == tty_label_foreground) {
        world.foreground = f.pgid ? f.pgid : world.foreground;
        f.pgid = world.foreground;
        memcpy(m->words, &f, sizeof f);
    }
    m->label = 0;
    m->handle_count = 0;
    return 0;
}

static handle_t admin; /* init's session */

static void world_start(void)
{
    static struct ipc_host_peer vfs = {vfs_call, 0}, pager = {pager_call, 0}, tty = {tty_call, 0};
    static char block[4096] __attribute__((aligned(16)));
    struct startup_handle handles[] = {startup_named("vfs", ipc_host_peer(&vfs, RIGHT_PROTOCOL)),
                                       startup_named("pager-admin", ipc_host_peer(&pager, RIGHT_PROTOCOL)),
                                       startup_named("tty", ipc_host_peer(&tty, RIGHT_PROTOCOL)),
                                       startup_named("task-maker", ipc_host_peer(&tty, 0))};
    struct startup_input in = {.handles = handles, .handle_count = 4};

    if (startup_build(&in, block, sizeof block))
        abort();
    ipc_startup_set((struct startup *)block);
    ipc_host_start(proc_main);
    admin = ipc_host_session(RIGHT_USE | RIGHT_ADMIN);
}

/* ---- programs ---- */

struct program_run { /* a process as its program knows it */
    int64_t pid;
    uint64_t task;
    handle_t proc; /* its session with proc */
};

/* The buffer of spawn, exec and start. */
struct image {
    struct proc_image head;
    struct ipc_transfer t;
    char bytes[512];
};

static void image_of(struct image *i, const char *path)
{
    static const char strings[] = "x\0-a\0HOME=/\0";
    uint32_t n = (uint32_t)strlen(path);

    *i = (struct image){.head = {.path_length = n, .strings = sizeof strings - 1, .argc = 2, .envc = 1}};
    memcpy(i->bytes, path, n);
    memcpy(i->bytes + n, strings, sizeof strings - 1);
    i->t = (struct ipc_transfer){.in = i->bytes, .in_len = n + (uint32_t)sizeof strings - 1};
}

static struct program_run newest(int64_t pid)
{
    uint64_t task = ipc_host_last_task();

    return (struct program_run){pid, task, ipc_host_task_handle(task, SLOT_PROC)};
}

static int start(const char *path, struct program_run *out)
{
    struct image i;
    struct proc_pid pid = {0};

    image_of(&i, path);
    int error = proc_start_with(admin, &i.head, &pid, &i.t);
    if (!error)
        *out = newest(pid.pid);
    return error;
}

static int spawn(const struct program_run *by, const char *path, uint32_t flags, struct program_run *out)
{
    struct image i;
    struct proc_pid pid = {0};

    image_of(&i, path);
    i.head.flags = flags;
    int error = proc_spawn_with(by->proc, &i.head, &pid, &i.t);
    if (!error)
        *out = newest(pid.pid);
    return error;
}

static int fork_of(const struct program_run *by, struct program_run *out)
{
    struct proc_pid pid = {0};
    int error = proc_fork(by->proc, NULL, &pid, 0);

    if (!error)
        *out = newest(pid.pid);
    return error;
}

/* The last that it does. */
static void exit_of(struct program_run *p, uint32_t status)
{
    (void)proc_exit(p->proc, &(struct proc_exit){status}, NULL, 0);
    sys_handle_close(p->proc);
    p->proc = HANDLE_NONE;
    ipc_host_settle();
}

/* It was ended: what we hold of it goes. */
static void ended(struct program_run *p)
{
    sys_handle_close(p->proc);
    p->proc = HANDLE_NONE;
    ipc_host_settle();
}

static bool lives(const struct program_run *p)
{
    struct ipc_host_task task;

    ipc_host_settle();
    return ipc_host_task(p->task, &task) && task.started;
}

static int wait_for(const struct program_run *by, int64_t pid, uint32_t options, struct proc_waited *out)
{
    *out = (struct proc_waited){0};
    return proc_wait(by->proc, &(struct proc_wait){pid, options}, out, 0);
}

static int kill_by(const struct program_run *by, int64_t pid, uint32_t signal)
{
    int error = proc_kill(by->proc, &(struct proc_kill){pid, signal}, NULL, 0);

    ipc_host_settle();
    return error;
}

static int action(const struct program_run *p, uint32_t signal, uint32_t what, uint32_t *old)
{
    struct proc_sigaction_reply reply = {0};
    int error = proc_sigaction(p->proc, &(struct proc_sigaction){signal, what}, &reply, 0);

    *old = reply.old;
    return error;
}

static int setpgid(const struct program_run *p, int64_t pid, int64_t pgid)
{
    return proc_setpgid(p->proc, &(struct proc_setpgid){pid, pgid}, NULL, 0);
}

/* ---- what is left ---- */

struct counts {
    size_t heap;
    uint32_t handles, sessions, tasks;
};

static struct counts count_all(void)
{
    struct counts c = {0};
    size_t taken;

    ipc_host_settle();
    ipc_heap_usage(&c.heap, &taken);
    c.heap -= ipc_client_bytes();
    c.handles = ipc_host_handles();
    c.sessions = ipc_host_sessions();
    c.tasks = ipc_host_tasks();
    return c;
}

static bool nothing_left(struct counts before)
{
    struct counts now = count_all();

    if (memcmp(&now, &before, sizeof now) != 0)
        printf("# left: heap %zd, handles %d, sessions %d, tasks %d\n", (ssize_t)(now.heap - before.heap),
               (int)(now.handles - before.handles), (int)(now.sessions - before.sessions),
               (int)(now.tasks - before.tasks));
    return memcmp(&now, &before, sizeof now) == 0;
}

/* A case, and that all it made is gone. */
#define RUN_CLEAN(name)                                             \
    do {                                                            \
        struct counts was = count_all();                            \
        int failed = check_failures;                                \
        name();                                                     \
        if (failed == check_failures && nothing_left(was))          \
            printf("ok %s\n", #name);                               \
        else if (failed == check_failures && ++check_failures)      \
            printf("not ok %s: something is left behind\n", #name); \
    } while (0)

#endif
