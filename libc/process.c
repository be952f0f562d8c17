/* Processes: fork, exit, wait, ids. */
#include "libc.h"
#include "kernel.h"
#include "atfork.h"
#include "tcb.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <proto/proc.h>

/* Together, for the child of a fork writes both, and each page that it writes is a fault. */
static struct {
    pid_t pid; /* 0: not asked yet */
    bool forked;
} own;

void process_forget(void)
{
    own.pid = 0;
    own.forked = true;
}

bool process_forked(void)
{
    bool forked = own.forked;
    own.forked = false;
    return forked;
}

/* The child is a copy of this thread; it comes out of the same call with pid 0. */
pid_t fork(void)
{
    struct ipc_none none = {};
    struct proc_pid reply = {0};
    bool single = thread_single();
    fork_prepare();
    int error = proc_fork(PROC_SESSION, &none, &reply, DEADLINE_NEVER);
    if (error || reply.pid) {
        fork_parent();
        return error ? error_result(error) : (pid_t)reply.pid;
    }
    process_forget();
    random_unlock();
    fork_child(single);
    return 0;
}

pid_t vfork(void)
{
    return fork();
}

void _exit(int status)
{
    struct ipc_none none;
    for (;;) {
        proc_exit(PROC_SESSION, &(struct proc_exit){(uint32_t)status & 0xff}, &none, DEADLINE_NEVER);
        sys_thread_ctl(0, THREAD_EXIT, 0, 0, NULL); /* proc has gone: at least stop */
    }
}

void abort(void)
{
    raise(SIGABRT);
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
    _exit(128 + SIGABRT);
}

static pid_t wait_for(pid_t pid, int *status, int options, struct rusage *usage)
{
    if (options & ~(WNOHANG | WUNTRACED | WCONTINUED))
        return fail(EINVAL);
    struct proc_wait request = {pid, (options & WNOHANG ? 1u : 0) | (options & WUNTRACED ? 2u : 0) |
                                         (options & WCONTINUED ? 4u : 0)};
    struct proc_waited reply = {0};
    int error = proc_wait(PROC_SESSION, &request, &reply, DEADLINE_NEVER);
    if (error)
        return error_result(error);
    if (reply.pid && status)
        *status = (int)reply.status;
    if (usage) {
        memset(usage, 0, sizeof *usage);
        usage->ru_utime.tv_sec = (time_t)(reply.cpu_ns / 1000000000);
        usage->ru_utime.tv_usec = (suseconds_t)(reply.cpu_ns % 1000000000 / 1000);
    }
    return (pid_t)reply.pid;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    return wait_for(pid, status, options, NULL);
}

pid_t wait(int *status)
{
    return wait_for(-1, status, 0, NULL);
}

pid_t wait3(int *status, int options, struct rusage *usage)
{
    return wait_for(-1, status, options, usage);
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    return wait_for(pid, status, options, usage);
}

static int ids(struct proc_ids *to)
{
    struct ipc_none none = {};
    struct ipc_transfer transfer = {.out = to, .out_len = sizeof *to};
    memset(to, 0, sizeof *to);
    return proc_ids_with(PROC_SESSION, &none, &none, &transfer);
}

pid_t getpid(void)
{
    struct proc_ids id;
    if (!own.pid && !ids(&id))
        own.pid = (pid_t)id.pid;
    return own.pid;
}

pid_t getppid(void)
{
    struct proc_ids id;
    return ids(&id) ? 0 : (pid_t)id.ppid;
}

pid_t getpgrp(void)
{
    struct proc_ids id;
    return ids(&id) ? 0 : (pid_t)id.pgid;
}

/* Only of the calling process, until proc tells of others. */
pid_t getpgid(pid_t pid)
{
    if (pid != 0 && pid != getpid())
        return fail(ENOSYS);
    return getpgrp();
}

pid_t getsid(pid_t pid)
{
    struct proc_ids id;
    if (pid != 0 && pid != getpid())
        return fail(ENOSYS);
    int error = ids(&id);
    return error ? error_result(error) : (pid_t)id.sid;
}

uid_t getuid(void)
{
    struct proc_ids id;
    return ids(&id) ? (uid_t)-1 : id.uid;
}

uid_t geteuid(void)
{
    struct proc_ids id;
    return ids(&id) ? (uid_t)-1 : id.euid;
}

gid_t getgid(void)
{
    struct proc_ids id;
    return ids(&id) ? (gid_t)-1 : id.gid;
}

gid_t getegid(void)
{
    struct proc_ids id;
    return ids(&id) ? (gid_t)-1 : id.egid;
}

int issetugid(void)
{
    struct proc_ids id;
    return ids(&id) || id.uid != id.euid || id.gid != id.egid;
}

int setuid(uid_t id)
{
    struct ipc_none none;
    return error_result(proc_setids(PROC_SESSION, &(struct proc_setids){1, id}, &none, DEADLINE_NEVER));
}

int setgid(gid_t id)
{
    struct ipc_none none;
    return error_result(proc_setids(PROC_SESSION, &(struct proc_setids){2, id}, &none, DEADLINE_NEVER));
}

int setpgid(pid_t pid, pid_t group)
{
    struct ipc_none none;
    return error_result(
        proc_setpgid(PROC_SESSION, &(struct proc_setpgid){pid, group}, &none, DEADLINE_NEVER));
}

int setpgrp(void)
{
    return setpgid(0, 0);
}

pid_t setsid(void)
{
    struct ipc_none none = {};
    struct proc_pid reply;
    int error = proc_setsid(PROC_SESSION, &none, &reply, DEADLINE_NEVER);
    return error ? error_result(error) : (pid_t)reply.pid;
}

int getrusage(int who, struct rusage *usage)
{
    struct ipc_none none = {};
    struct proc_usage reply;
    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN)
        return fail(EINVAL);
    int error = proc_usage(PROC_SESSION, &none, &reply, DEADLINE_NEVER);
    if (error)
        return error_result(error);
    uint64_t ns = who == RUSAGE_SELF ? reply.cpu_ns : reply.children_cpu_ns;
    memset(usage, 0, sizeof *usage);
    usage->ru_utime.tv_sec = (time_t)(ns / 1000000000);
    usage->ru_utime.tv_usec = (suseconds_t)(ns % 1000000000 / 1000);
    return 0;
}
