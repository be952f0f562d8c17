// sources: @libipc @proc
/* proc as it is, with its loop and its workers, over a vfs, a pager and a terminal that the test plays. */
#include "proc_world.h"
#include "servers/proc/process.h"
#include <pthread.h>

static struct program_run shell; /* a first process: root's */

/* ---- beginnings ---- */

static void starts(void)
{
    struct program_run p;
    struct proc_waited got;
    struct proc_ids ids = {0};
    struct ipc_transfer t = {.out = &ids, .out_len = sizeof ids};
    struct ipc_host_task task;

    CHECK(start("/bin/x", &p) == 0 && lives(&p));
    CHECK(ipc_host_task(p.task, &task) && strcmp(task.name, "x") == 0);
    CHECK(proc_ids_with(p.proc, NULL, NULL, &t) == 0 && ids.pid == p.pid && ids.ppid == 1 && ids.uid == 0);
    CHECK(ids.sid == p.pid && ids.pgid == p.pid && world.foreground == p.pid);
    CHECK((int64_t)world.told.pid == p.pid && world.told.parent == 0);
    exit_of(&p, 42);
    CHECK(!lives(&p));
    CHECK(proc_started_wait(admin, &(struct proc_pid){p.pid}, &got, 0) == 0);
    CHECK(got.pid == p.pid && got.status == WAIT_STATUS_EXIT(42));
    CHECK(proc_started_wait(admin, &(struct proc_pid){p.pid}, &got, 0) == E_SRCH);
    CHECK(proc_started_wait(admin, &(struct proc_pid){shell.pid + 1000}, &got, 0) == E_SRCH);
    CHECK(proc_started_wait(admin, &(struct proc_pid){INT64_MIN}, &got, 0) == E_SRCH);
}

static void programs_that_are_none(void)
{
    struct program_run p;

    CHECK(spawn(&shell, "/bin/none", 0, &p) == E_NOENT);
    CHECK(spawn(&shell, "/bin/garbage", 0, &p) == E_NOEXEC && spawn(&shell, "/bin/empty", 0, &p) == E_NOEXEC);
    CHECK(spawn(&shell, "/bin/short", 0, &p) == E_NOEXEC);
    CHECK(spawn(&shell, "/dev/console", 0, &p) == E_ACCES); /* no file */
    CHECK(spawn(&shell, "/bin/loop", 0, &p) == E_LOOP);
    CHECK(spawn(&shell, "/bin/script", 0, &p) == 0);
    exit_of(&p, 0);
    world.refuse_map = E_NOMEM;
    CHECK(spawn(&shell, "/bin/x", 0, &p) == E_NOMEM);
    world.refuse_map = 0;
    CHECK(wait_for(&shell, -1, 0, &(struct proc_waited){0}) == 0);       /* the script's: */
    CHECK(wait_for(&shell, -1, 0, &(struct proc_waited){0}) == E_CHILD); /* the others have never been */
}

/* The parts of an image are counted in the request: no count is believed. */
static void images(void)
{
    struct proc_image bad[] = {
        {.path_length = 0, .strings = 11, .argc = 2, .envc = 1},
        {.path_length = 6, .strings = 11, .argc = 0, .envc = 1},
        {.path_length = 6, .strings = 11, .argc = 4, .envc = 0},
        {.path_length = 6, .strings = 11, .argc = UINT32_MAX, .envc = UINT32_MAX},
        {.path_length = 6, .strings = 10, .argc = 2, .envc = 1},
        {.path_length = 6, .strings = UINT32_MAX, .argc = 2, .envc = 1},
        {.path_length = UINT32_MAX, .strings = 11, .argc = 2, .envc = 1},
        {.path_length = 5, .strings = 12, .argc = 2, .envc = 1},
        {.path_length = 6, .strings = 11, .argc = 2, .envc = 1, .fd_count = 1},
        {.path_length = 6, .strings = 11, .argc = 2, .envc = 1, .fd_count = UINT32_MAX},
        {.path_length = 6, .strings = 11, .argc = 2, .envc = 1, .flags = PROC_SETPGROUP, .pgid = 12345},
        {.path_length = 6, .strings = 11, .argc = 2, .envc = 1, .flags = PROC_SETPGROUP, .pgid = INT64_MIN},
    };
    struct program_run child;
    struct proc_pid pid;

    CHECK(spawn(&shell, "/bin/x", 0, &child) == 0);
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
        struct image i;

        image_of(&i, "/bin/x");
        i.head = bad[n];
        CHECK(proc_spawn_with(shell.proc, &i.head, &pid, &i.t) != 0);
        image_of(&i, "/bin/x");
        i.head = bad[n];
        CHECK(n >= 10 || proc_exec_with(child.proc, &i.head, NULL, &i.t) != 0);
        image_of(&i, "/bin/x");
        i.head = bad[n];
        CHECK(n >= 10 || proc_start_with(admin, &i.head, &pid, &i.t) != 0);
    }
    CHECK(lives(&child));
    exit_of(&child, 0);
    CHECK(wait_for(&shell, -1, 0, &(struct proc_waited){0}) == 0);
}

static void execs(void)
{
    struct program_run p, after;
    struct image i;
    struct proc_waited got;

    CHECK(fork_of(&shell, &p) == 0);
    image_of(&i, "/bin/x");
    CHECK(proc_exec_with(p.proc, &i.head, NULL, &i.t) == 0);
    after = newest(p.pid);
    CHECK(after.task != p.task && lives(&after) && !lives(&p));
    CHECK(proc_exit(p.proc, &(struct proc_exit){1}, NULL, 0) == E_PERM); /* of the image that is gone */
    ended(&p);
    exit_of(&after, 3);
    CHECK(wait_for(&shell, after.pid, 0, &got) == 0 && got.status == WAIT_STATUS_EXIT(3));
}

/* ---- ends ---- */

static void waits(void)
{
    struct program_run a, b;
    struct proc_waited got;
    struct ipc_host_call w = {.m = {.label = proc_label_wait, .words = {(uint64_t)-1}}};

    CHECK(wait_for(&shell, -1, 0, &got) == E_CHILD);
    CHECK(fork_of(&shell, &a) == 0 && fork_of(&shell, &b) == 0 && a.pid != b.pid);
    CHECK(wait_for(&shell, -1, WAIT_NOHANG, &got) == 0 && got.pid == 0);
    CHECK(wait_for(&shell, b.pid + 1, 0, &got) == E_CHILD && wait_for(&shell, INT64_MIN, 0, &got) == E_CHILD);
    ipc_host_begin(shell.proc, &w);
    CHECK(!w.answered && w.deferred);
    exit_of(&b, 7);
    CHECK(w.answered && w.m.label == 0 && (int64_t)w.m.words[0] == b.pid);
    CHECK((uint32_t)w.m.words[1] == WAIT_STATUS_EXIT(7));
    w = (struct ipc_host_call){.m = {.label = proc_label_wait, .words = {(uint64_t)-1}}};
    ipc_host_begin(shell.proc, &w);
    ipc_host_cancel(&w, CANCEL_ASKED);
    CHECK(w.answered && w.m.label == E_CANCELLED);
    w = (struct ipc_host_call){.m = {.label = proc_label_wait, .words = {(uint64_t)-1}}};
    ipc_host_begin(shell.proc, &w);
    ipc_host_cancel(&w, CANCEL_DIED); /* the child is not taken by a waiter that is gone */
    exit_of(&a, 1);
    CHECK(wait_for(&shell, -shell.pid, 0, &got) == 0 && got.pid == a.pid);
    CHECK(wait_for(&shell, -1, WAIT_NOHANG, &got) == E_CHILD);
}

static void unasked_ends(void)
{
    static const struct {
        enum task_end how;
        uint32_t status;
    } ends[] = {{TASK_UNHANDLED_FAULT, SIGNAL_SEGV}, {TASK_LAST_THREAD, 0}, {TASK_KILLED, SIGNAL_KILL}};
    struct program_run p;
    struct proc_waited got;

    for (int i = 0; i < 3; i++) {
        CHECK(fork_of(&shell, &p) == 0);
        ipc_host_task_end(p.task, 99, ends[i].how);
        CHECK(proc_exit(p.proc, &(struct proc_exit){1}, NULL, 0) == E_PERM);
        ended(&p);
        CHECK(wait_for(&shell, -1, 0, &got) == 0 && got.pid == p.pid && got.status == ends[i].status);
    }
    CHECK(fork_of(&shell, &p) == 0);
    struct pager_exception e = {.space = world.spaces, .code = PAGER_EXC_CPU, .vector = 6, .cookie = 5};
    mailbox_tell(&world.exceptions, &e, sizeof e);
    ended(&p);
    CHECK(wait_for(&shell, -1, 0, &got) == 0 && got.status == SIGNAL_ILL && world.exception_done == 5);
}

/* The sanitizers watch that no entry is used after its end; the order is another each time. */
static void any_order(void)
{
    enum { TREE = 40 };
    uint64_t seed = 5;
    struct proc_waited got;

    for (int round = 0; round < 20; round++) {
        struct program_run tree[TREE] = {shell};
        int waited = 0;

        for (int i = 1; i < TREE; i++)
            CHECK(fork_of(&tree[check_random(&seed) % (uint64_t)i], &tree[i]) == 0);
        for (int left = TREE - 1; left > 0; left--) {
            int k = 1 + (int)(check_random(&seed) % (TREE - 1));

            while (!tree[k].proc)
                k = k % (TREE - 1) + 1;
            if (check_random(&seed) % 3 == 0)
                (void)wait_for(&tree[k], -1, WAIT_NOHANG, &got);
            if (check_random(&seed) % 2) {
                exit_of(&tree[k], 1);
            } else {
                CHECK(kill_by(&shell, tree[k].pid, SIGNAL_KILL) == 0);
                ended(&tree[k]);
            }
        }
        while (wait_for(&shell, -1, 0, &got) == 0)
            waited++;
        CHECK(waited > 0);
    }
}

static void full_table(void)
{
    static struct program_run all[PROCESS_MAX + 1];
    struct proc_waited got;
    int n = 0, error = 0;

    while (n <= PROCESS_MAX && !error)
        error = fork_of(&shell, &all[n++]);
    CHECK(error == E_AGAIN && n - 1 == PROCESS_MAX - 1); /* the shell is one */
    for (int i = 0; i < n - 1; i++)
        sys_handle_close(all[i].proc);
    CHECK(kill_by(&shell, -1, SIGNAL_KILL) == 0);
    for (int i = 0; i < n - 1; i++)
        CHECK(wait_for(&shell, -1, 0, &got) == 0 && got.status == SIGNAL_KILL);
    CHECK(wait_for(&shell, -1, 0, &got) == E_CHILD);
}

/* ---- signals, credentials, groups ---- */

static void stops(void)
{
    struct program_run p;
    struct proc_waited got;
    struct ipc_host_task task;

    CHECK(fork_of(&shell, &p) == 0);
    CHECK(kill_by(&shell, p.pid, SIGNAL_STOP_NOW) == 0 && ipc_host_task(p.task, &task) && task.suspended);
    CHECK(wait_for(&shell, -1, WAIT_NOHANG, &got) == 0 && got.pid == 0);
    CHECK(wait_for(&shell, -1, WAIT_UNTRACED, &got) == 0 &&
          got.status == WAIT_STATUS_STOPPED(SIGNAL_STOP_NOW));
    CHECK(wait_for(&shell, -1, WAIT_UNTRACED | WAIT_NOHANG, &got) == 0 && got.pid == 0); /* told once */
    CHECK(kill_by(&shell, p.pid, SIGNAL_CONT) == 0 && ipc_host_task(p.task, &task) && !task.suspended);
    CHECK(wait_for(&shell, -1, WAIT_CONTINUED, &got) == 0 && got.status == WAIT_STATUS_CONTINUED);
    CHECK(kill_by(&shell, p.pid, SIGNAL_TSTP) == 0 && kill_by(&shell, p.pid, SIGNAL_KILL) == 0);
    CHECK(!lives(&p));
    ended(&p);
    CHECK(wait_for(&shell, -1, 0, &got) == 0 && got.status == SIGNAL_KILL);
}

static void kill_rules(void)
{
    struct program_run user, child;
    struct proc_waited got;
    uint32_t old;

    CHECK(fork_of(&shell, &user) == 0);
    CHECK(proc_setids(user.proc, &(struct proc_setids){1, 77}, NULL, 0) == 0 && world.told.uid == 77);
    CHECK(fork_of(&user, &child) == 0);
    CHECK(kill_by(&user, shell.pid, SIGNAL_KILL) == E_PERM && kill_by(&user, shell.pid, 0) == E_PERM);
    CHECK(kill_by(&user, -1, SIGNAL_URG) == 0 && lives(&shell)); /* the child alone is his */
    CHECK(kill_by(&user, 4242, SIGNAL_TERM) == E_SRCH && kill_by(&user, -4242, SIGNAL_TERM) == E_SRCH);
    CHECK(kill_by(&user, INT64_MIN, SIGNAL_TERM) == E_INVAL && kill_by(&user, child.pid, 65) == E_INVAL);
    CHECK(kill_by(&user, child.pid, UINT32_MAX) == E_INVAL && kill_by(&user, INT64_MAX, 1) == E_SRCH);
    CHECK(action(&child, SIGNAL_TERM, PROC_IGNORE, &old) == 0 && old == PROC_DEFAULT);
    CHECK(kill_by(&user, child.pid, SIGNAL_TERM) == 0 && lives(&child));
    CHECK(action(&child, SIGNAL_KILL, PROC_IGNORE, &old) == E_INVAL && action(&child, 0, 0, &old) == E_INVAL);
    CHECK(action(&child, 65, 0, &old) == E_INVAL && action(&child, 1, 3, &old) == E_INVAL);
    CHECK(action(&child, SIGNAL_TERM, PROC_DEFAULT, &old) == 0 && old == PROC_IGNORE);
    CHECK(kill_by(&user, child.pid, SIGNAL_TERM) == 0 && !lives(&child));
    ended(&child);
    CHECK(wait_for(&user, -1, 0, &got) == 0 && got.status == SIGNAL_TERM);
    exit_of(&user, 0);
    CHECK(wait_for(&shell, -1, 0, &got) == 0);
}

static void credentials(void)
{
    struct program_run p;
    struct proc_waited got;
    struct proc_ids ids = {0};
    struct ipc_transfer t = {.out = &ids, .out_len = sizeof ids};

    CHECK(fork_of(&shell, &p) == 0);
    CHECK(proc_setids(p.proc, &(struct proc_setids){3, 5}, NULL, 0) == E_PERM); /* neither uid nor gid */
    CHECK(proc_setids(p.proc, &(struct proc_setids){2, 6}, NULL, 0) == 0);
    CHECK(proc_setids(p.proc, &(struct proc_setids){1, 5}, NULL, 0) == 0);
    CHECK(world.told.uid == 5 && world.told.gid == 6 && world.told.pid == world.told.parent);
    CHECK(proc_setids(p.proc, &(struct proc_setids){1, 0}, NULL, 0) == E_PERM);
    CHECK(proc_setids(p.proc, &(struct proc_setids){2, 0}, NULL, 0) == E_PERM);
    CHECK(proc_ids_with(p.proc, NULL, NULL, &t) == 0 && ids.uid == 5 && ids.euid == 5 && ids.gid == 6);
    CHECK(proc_start_with(p.proc, &(struct proc_image){.path_length = 1}, NULL, &(struct ipc_transfer){0}) ==
          E_RIGHTS);
    CHECK(proc_started_wait(p.proc, &(struct proc_pid){p.pid}, &got, 0) == E_RIGHTS);
    CHECK(proc_fork(admin, NULL, NULL, 0) == E_PERM && proc_setsid(admin, NULL, NULL, 0) == E_PERM);
    exit_of(&p, 0);
    CHECK(wait_for(&shell, -1, 0, &got) == 0);
}

static void groups(void)
{
    struct program_run a, b, far;
    struct proc_waited got;
    struct proc_foreground f = {0};

    CHECK(fork_of(&shell, &a) == 0 && fork_of(&shell, &b) == 0 &&
          spawn(&shell, "/bin/x", PROC_SETSID, &far) == 0);
    CHECK(setpgid(&shell, a.pid, 0) == 0 && setpgid(&shell, b.pid, a.pid) == 0);
    CHECK(setpgid(&shell, far.pid, 0) == E_PERM && setpgid(&shell, b.pid, 31000) == E_PERM);
    CHECK(setpgid(&a, b.pid, 0) == E_SRCH && setpgid(&a, -1, 0) == E_INVAL);
    CHECK(setpgid(&a, 0, INT64_MAX) == E_INVAL && setpgid(&a, INT64_MAX, 0) == E_INVAL);
    CHECK(proc_setsid(a.proc, NULL, NULL, 0) == E_PERM); /* it leads a group */
    CHECK(proc_foreground(shell.proc, &(struct proc_foreground){a.pid}, &f, 0) == 0 && f.pgid == a.pid);
    CHECK(proc_foreground(shell.proc, &(struct proc_foreground){far.pid}, &f, 0) == E_PERM);
    CHECK(proc_foreground(shell.proc, &(struct proc_foreground){INT64_MIN}, &f, 0) == E_PERM);
    struct tty_event bad = {0, 99, a.pid}, none = {0, SIGNAL_INT, -1}, event = {0, SIGNAL_INT, a.pid};
    mailbox_tell(&world.events, &bad, sizeof bad);
    mailbox_tell(&world.events, &none, sizeof none);
    CHECK(lives(&a) && lives(&b));
    mailbox_tell(&world.events, &event, sizeof event); /* ^C: the group, and nobody else */
    CHECK(!lives(&a) && !lives(&b) && lives(&far) && lives(&shell));
    ended(&a), ended(&b);
    CHECK(wait_for(&shell, -a.pid, 0, &got) == 0 && wait_for(&shell, -a.pid, 0, &got) == 0);
    CHECK(got.status == SIGNAL_INT && wait_for(&shell, -a.pid, 0, &got) == E_CHILD);
    exit_of(&far, 0);
    CHECK(wait_for(&shell, -1, 0, &got) == 0);
}

/* ---- all else ---- */

/* Each thing that a new process is made of is once the one that there is no more of. */
static void nothing_more(void)
{
    for (int what = 0; what < 4; what++) {
        int error = E_NOMEM, rounds = 0;

        for (; error; rounds++) {
            struct counts before;
            struct program_run p = {0}, made;
            struct image i;

            CHECK(what != 2 || fork_of(&shell, &p) == 0);
            before = count_all();
            image_of(&i, "/bin/script");
            ipc_host_fail_after(rounds);
            error = what == 0   ? fork_of(&shell, &made)
                    : what == 1 ? spawn(&shell, "/bin/script", 0, &made)
                    : what == 2 ? proc_exec_with(p.proc, &i.head, NULL, &i.t)
                                : start("/bin/x", &made);
            ipc_host_fail_after(-1);
            CHECK(!error || (error != E_PERM && error != E_HANDLE && error != E_DEAD));
            CHECK(!error || nothing_left(before));
            if (what == 2)
                made = error ? p : newest(p.pid);
            if (what == 2 && !error)
                ended(&p);
            if (!error || what == 2)
                exit_of(&made, 0);
            if (!error || what == 2)
                CHECK(what == 3 ? proc_started_wait(admin, &(struct proc_pid){made.pid}, NULL, 0) == 0
                                : wait_for(&shell, -1, 0, &(struct proc_waited){0}) == 0);
        }
        CHECK(rounds > 5);
    }
}

enum { FAMILIES = 6, CHILDREN = 150 };

/* A process that makes children, plays with them and ends them, while others do the same. */
static void *family(void *argument)
{
    const struct program_run *parent = argument;
    uint64_t seed = (uint64_t)parent->pid;
    intptr_t wrong = 0;

    for (int i = 0; i < CHILDREN; i++) {
        struct proc_pid child = {0};
        struct proc_waited got = {0};

        wrong += proc_fork(parent->proc, NULL, &child, 0) != 0;
        if (check_random(&seed) % 2)
            wrong += proc_setpgid(parent->proc, &(struct proc_setpgid){child.pid, 0}, NULL, 0) != 0;
        if (check_random(&seed) % 2)
            wrong += proc_kill(parent->proc, &(struct proc_kill){child.pid, SIGNAL_STOP_NOW}, NULL, 0) != 0;
        wrong += proc_kill(parent->proc, &(struct proc_kill){child.pid, SIGNAL_KILL}, NULL, 0) != 0;
        wrong += wait_for(parent, check_random(&seed) % 2 ? child.pid : -1, 0, &got) != 0;
        wrong += got.pid != child.pid || got.status != SIGNAL_KILL;
    }
    return (void *)wrong;
}

static void families(void)
{
    struct program_run parents[FAMILIES];
    pthread_t threads[FAMILIES];
    intptr_t wrong = 0;

    for (int i = 0; i < FAMILIES; i++)
        CHECK(fork_of(&shell, &parents[i]) == 0);
    for (int i = 0; i < FAMILIES; i++)
        pthread_create(&threads[i], NULL, family, &parents[i]);
    for (int i = 0; i < FAMILIES; i++) {
        void *its;

        pthread_join(threads[i], &its);
        wrong += (intptr_t)its;
    }
    for (int i = 0; i < FAMILIES; i++) {
        exit_of(&parents[i], 0);
        CHECK(wait_for(&shell, parents[i].pid, 0, &(struct proc_waited){0}) == 0);
    }
    CHECK(wrong == 0);
}

static void proc_files(void)
{
    char path[40], text[4000] = {0};
    struct vfs_open_reply reply;
    struct io_count count = {0};
    struct ipc_transfer t = {.in = path};

    t.in_len = (uint32_t)snprintf(path, sizeof path, "%d/status", (int)shell.pid);
    CHECK(vfs_open_with(world.proc_mount, &(struct vfs_open){0}, &reply, &t) == 0 && t.got_count == 1);
    handle_t file = t.got[0];
    t = (struct ipc_transfer){.out = text, .out_len = sizeof text - 1};
    CHECK(io_read_with(file, &(struct io_read){0}, &count, &t) == 0 && strstr(text, "Name:\tx\n"));
    CHECK(io_read_with(file, &(struct io_read){UINT64_MAX - 1}, &count, &t) == 0 && count.count == 0);
    sys_handle_close(file);
    for (int i = 0; i < 2; i++) {
        t = (struct ipc_transfer){.in = i ? "vmstat" : "meminfo", .in_len = i ? 6 : 7};
        CHECK(vfs_open_with(world.proc_mount, &(struct vfs_open){0}, &reply, &t) == 0 && t.got_count == 1);
        file = t.got[0];
        memset(text, 0, sizeof text);
        t = (struct ipc_transfer){.out = text, .out_len = sizeof text - 1};
        CHECK(io_read_with(file, &(struct io_read){0}, &count, &t) == 0 && count.count == strlen(text));
        CHECK(strstr(text, i ? "page_ins: 0\n" : "PageTables:            0 kB\n"));
        sys_handle_close(file);
    }
    static const char *const bad[] = {
        "99999999999999999999/status", "-1/status", "0/status", "1/2/3", "/", "../..", "maps", "0x1/maps"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        t = (struct ipc_transfer){.in = bad[i], .in_len = (uint32_t)strlen(bad[i])};
        if (vfs_open_with(world.proc_mount, &(struct vfs_open){0}, &reply, &t) == 0)
            sys_handle_close(t.got[0]);
    }
}

/* Anything at all, from a user's process and through /proc: the shell lives, and nothing is left. */
static void random_calls(void)
{
    static char buffer[3000];
    uint64_t seed = 9;
    struct program_run p, other;
    struct proc_waited got;

    CHECK(fork_of(&shell, &p) == 0 && fork_of(&shell, &other) == 0);
    CHECK(proc_setids(p.proc, &(struct proc_setids){1, 1000}, NULL, 0) == 0);
    for (int i = 0; i < 20000; i++) {
        const struct ipc_protocol *all[] = {&proc_protocol, &vfs_protocol, &io_protocol};
        const struct ipc_protocol *protocol = all[check_random(&seed) % 3];
        const struct ipc_op *op = &protocol->ops[check_random(&seed) % protocol->count];
        struct ipc_host_call c = {.m = {.label = op->number, .accept = IPC_HANDLES, .flags = IPC_BUFFERS}};
        handle_t on = protocol == &proc_protocol ? p.proc : world.proc_mount;

        if (op->number == proc_label_exit || op->number == proc_label_fork) /* there is one of it */
            continue;
        if (op->number == proc_label_kill || op->number == proc_label_exec)
            on = other.proc; /* of root: may end all but the shell */
        for (int k = 0; k < IPC_WORDS; k++)
            c.m.words[k] = check_random(&seed) >> check_random(&seed) % 64;
        if (on == other.proc && op->number == proc_label_kill)
            c.m.words[0] = INT64_MIN, c.m.words[1] |= 1;
        c.m.buffers = (struct ipc_buffers){(vaddr_t)buffer, (vaddr_t)buffer,
                                           op->flags & BUF_IN ? (uint32_t)(check_random(&seed) % 100) : 0,
                                           op->flags & BUF_OUT ? (uint32_t)(check_random(&seed) % 3000) : 0};
        ipc_host_begin(on, &c);
        if (!c.answered)
            ipc_host_cancel(&c, CANCEL_DIED);
        for (uint32_t k = 0; !c.error && k < c.m.handle_count; k++)
            sys_handle_close(c.m.handles[k]);
    }
    CHECK(lives(&shell));
    (void)kill_by(&shell, p.pid, SIGNAL_KILL), (void)kill_by(&shell, other.pid, SIGNAL_KILL);
    ended(&p), ended(&other);
    CHECK(wait_for(&shell, -1, 0, &got) == 0 && wait_for(&shell, -1, 0, &got) == 0);
}

int main(void)
{
    world_start();
    if (start("/bin/x", &shell))
        return 1;
    RUN_CLEAN(starts);
    RUN_CLEAN(programs_that_are_none);
    RUN_CLEAN(images);
    RUN_CLEAN(execs);
    RUN_CLEAN(waits);
    RUN_CLEAN(unasked_ends);
    RUN_CLEAN(stops);
    RUN_CLEAN(kill_rules);
    RUN_CLEAN(credentials);
    RUN_CLEAN(groups);
    RUN_CLEAN(any_order);
    RUN_CLEAN(full_table);
    RUN_CLEAN(families);
    RUN_CLEAN(nothing_more);
    RUN_CLEAN(proc_files);
    RUN_CLEAN(random_calls);
    CHECK_END();
}
