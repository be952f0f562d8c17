/* proc: POSIX processes on tasks. What it is asked, and the threads that wait below for news. */
#include "server.h"

struct ipc_lock proc_lock;
struct proc_below below;

struct process *proc_caller(const struct ipc_request *r)
{
    struct process *p = r->tag < PROCESS_MAX ? &process_table[r->tag] : NULL;
    bool valid = p && p->badge == r->badge && (p->state == PROCESS_RUNNING || p->state == PROCESS_STOPPED);
    return valid ? p : NULL;
}

static int ids(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)in;
    (void)out;
    struct proc_ids answer = {0};
    ipc_lock(&proc_lock);
    struct process *p = proc_caller(r);
    if (p)
        answer = (struct proc_ids){.pid = p->pid,
                                   .ppid = p->parent ? p->parent->pid : 1,
                                   .pgid = p->pgid,
                                   .sid = p->sid,
                                   .uid = p->uid,
                                   .euid = p->euid,
                                   .gid = p->gid,
                                   .egid = p->egid};
    ipc_unlock(&proc_lock);
    return p ? ipc_write(r, 0, &answer, sizeof answer) : E_PERM;
}

static int setpgid_op(struct ipc_request *r, const struct proc_setpgid *in, struct ipc_none *out)
{
    (void)out;
    ipc_lock(&proc_lock);
    struct process *p = proc_caller(r);
    int error = p ? process_setpgid(p, in->pid, in->pgid) : E_PERM;
    ipc_unlock(&proc_lock);
    return error;
}

static int setsid_op(struct ipc_request *r, const struct ipc_none *in, struct proc_pid *out)
{
    (void)in;
    ipc_lock(&proc_lock);
    struct process *p = proc_caller(r);
    int error = p ? process_setsid(p) : E_PERM;
    if (!error)
        out->pid = p->sid;
    ipc_unlock(&proc_lock);
    return error;
}

/* Without saved ids yet: root may become anybody, others only what they are. vfs checks permissions by the
 * ids that proc tells it: a process_create of a process that exists changes them. */
static int setids(struct ipc_request *r, const struct proc_setids *in, struct ipc_none *out)
{
    (void)out;
    struct vfs_process known = {0};
    int error = E_PERM;
    ipc_lock(&proc_lock);
    struct process *p = proc_caller(r);
    if (p && in->which == 1 && (p->euid == 0 || in->id == p->uid)) {
        p->uid = p->euid == 0 ? in->id : p->uid;
        p->euid = in->id;
        error = 0;
    } else if (p && in->which == 2 && (p->euid == 0 || in->id == p->gid)) {
        p->gid = p->euid == 0 ? in->id : p->gid;
        p->egid = in->id;
        error = 0;
    }
    if (!error)
        known = (struct vfs_process){
            .parent = (uint64_t)p->pid, .pid = (uint64_t)p->pid, .uid = p->euid, .gid = p->egid};
    if (!error)
        error = vfs_process_create(below.vfs, &known, NULL, DEADLINE_NEVER);
    ipc_unlock(&proc_lock);
    return error;
}

static int usage(struct ipc_request *r, const struct ipc_none *in, struct proc_usage *out)
{
    (void)in;
    struct task_info info = {0};
    ipc_lock(&proc_lock);
    struct process *p = proc_caller(r);
    if (p) {
        sys_task_ctl(p->task, TASK_INFO, (uint64_t)&info, 0, 0, NULL);
        out->cpu_ns = p->cpu_ns + info.cpu_ns;
        out->children_cpu_ns = p->children_cpu_ns;
    }
    ipc_unlock(&proc_lock);
    return p ? 0 : E_PERM;
}

static int foreground(struct ipc_request *r, const struct proc_foreground *in, struct proc_foreground *out)
{
    ipc_lock(&proc_lock);
    struct process *p = proc_caller(r);
    int error = p ? 0 : E_PERM;
    if (!error && in->pgid != 0 && (in->pgid < 0 || !process_group_exists((int32_t)in->pgid, p->sid)))
        error = E_PERM;
    ipc_unlock(&proc_lock);
    struct tty_foreground reply = {0};
    if (!error)
        error = tty_foreground(below.tty, &(struct tty_foreground){.pgid = in->pgid}, &reply, DEADLINE_NEVER);
    out->pgid = reply.pgid;
    return error;
}

static int start(void)
{
    below = (struct proc_below){.task_maker = ipc_handle("task-maker"),
                                .pager = ipc_handle("pager-admin"),
                                .vfs = ipc_open("vfs"),
                                .tty = ipc_open("tty")};
    if (!below.task_maker || !below.pager || !below.vfs || !below.tty)
        return E_NOENT;
    int error = procfs_register();
    if (!error)
        error = ipc_thread_start(signal_tty_thread, NULL, ipc_thread_priority(), NULL);
    if (!error)
        error = ipc_thread_start(signal_exception_thread, NULL, ipc_thread_priority(), NULL);
    if (!error)
        ipc_ready("up to %d processes", PROCESS_MAX);
    return error;
}

int main(void)
{
    static const struct proc_ops ops = {
        .fork = life_fork,
        .exec = life_exec,
        .spawn = life_spawn,
        .wait = wait_op,
        .exit = life_exit,
        .kill = signal_kill,
        .ids = ids,
        .setpgid = setpgid_op,
        .setsid = setsid_op,
        .sigaction = signal_action_op,
        .setids = setids,
        .usage = usage,
        .foreground = foreground,
        .limit = limit_op,
        .start = life_start,
        .started_wait = wait_started,
    };
    return ipc_serve(&(struct ipc_server){
        .name = "proc",
        .protocols = {{&proc_protocol, &ops},
                      {&vfs_protocol, &procfs_vfs_ops},
                      {&io_protocol, &procfs_io_ops}},
        .workers = 4,
        .start = start,
        .dead = life_dead,
        .cancel = wait_cancel,
        .client_close = procfs_close,
    });
}
