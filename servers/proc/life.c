/* The beginnings and ends of processes. */
#include "server.h"

/* Every end is decided here; what follows comes with the task's death notice. */
void life_end(struct process *p, uint32_t wait_status)
{
    if (p->state == PROCESS_ENDING || p->state == PROCESS_ZOMBIE)
        return;
    p->wait_status = wait_status;
    if (p->state == PROCESS_STARTING && !p->task) {
        p->state = PROCESS_ENDING; /* whoever starts it finds out */
        return;
    }
    p->state = PROCESS_ENDING;
    sys_task_ctl(p->task, TASK_KILL, wait_status, 0, 0, NULL);
}

/* The process is over: its handles go, and whoever waits hears of it. Holding proc_lock. */
static void finish(struct process *p)
{
    struct process *parent = p->parent;
    struct task_info info;
    if (p->task) {
        if (sys_task_ctl(p->task, TASK_INFO, (uint64_t)&info, 0, 0, NULL) == 0)
            p->cpu_ns += info.cpu_ns;
        sys_handle_close(p->task);
        p->task = 0;
    }
    if (p->vfs)
        sys_handle_close(p->vfs);
    p->vfs = 0;
    p->badge = 0;
    if (process_end(p))
        wait_changed(parent);
}

static uint32_t end_status(uint64_t value, enum task_end end)
{
    (void)value;
    return end == TASK_LAST_THREAD
               ? WAIT_STATUS_EXIT(0)
               : WAIT_STATUS_SIGNAL(end == TASK_UNHANDLED_FAULT ? SIGNAL_SEGV : SIGNAL_KILL);
}

void life_dead(uint64_t cookie, uint64_t value, enum task_end end)
{
    uint32_t slot = cookie & 0xffffff;
    if (slot >= PROCESS_MAX)
        return;
    struct process *p = &process_table[slot];
    ipc_lock(&proc_lock);
    if (p->state != PROCESS_FREE && p->state != PROCESS_ZOMBIE && p->image == cookie >> 24) {
        if (p->state != PROCESS_ENDING)
            p->wait_status = end_status(value, end);
        finish(p);
    }
    ipc_unlock(&proc_lock);
}

/* A process that never ran: nobody has to hear of it. Holding proc_lock. */
static void forget(struct process *p)
{
    if (p->vfs)
        sys_handle_close(p->vfs);
    p->vfs = 0;
    p->state = PROCESS_ZOMBIE;
    process_reap(p);
}

/* The vfs half of a new process: cwd, root and umask of the parent, or fresh ones. */
static int make_vfs_session(struct process *p, const struct process *parent)
{
    struct vfs_process request = {.parent = parent ? (uint64_t)parent->pid : 0,
                                  .pid = (uint64_t)p->pid,
                                  .uid = p->euid,
                                  .gid = p->egid};
    struct ipc_transfer transfer = {0};
    int error = vfs_process_create_with(below.vfs, &request, NULL, &transfer);
    if (!error && transfer.got_count != 1)
        error = E_IO;
    if (!error)
        p->vfs = transfer.got[0];
    return error;
}

/* The child's first thread is the parent's calling one, seen to return from the call with pid 0. */
static int copy_thread(const struct process *parent, struct image *image)
{
    int error = sys_thread_create(image->task, USER_BASE, 0, 0, PRIORITY_USER, &image->thread);
    return error ? error : sys_thread_ctl(image->thread, THREAD_COPY, parent->task, 0, NULL);
}

/* What a new process is refused with, in POSIX's words: a full table (of spaces, of handles) is EAGAIN. */
static int creation_error(int error)
{
    if (error == E_FULL)
        return E_AGAIN;
    return error == E_QUOTA || error == E_KMEM ? E_NOMEM : error;
}

static int fork_image(struct process *parent, struct process *child, struct image *image)
{
    int error = make_vfs_session(child, parent);
    if (!error)
        error = image_fork(parent, child, image);
    if (!error)
        error = copy_thread(parent, image);
    return error;
}

int life_fork(struct ipc_request *r, const struct ipc_none *in, struct proc_pid *out)
{
    (void)in;
    int error = E_AGAIN;
    struct image image = {0};
    ipc_lock(&proc_lock);
    struct process *parent = proc_caller(r);
    struct process *child = parent ? process_create(parent) : NULL;
    if (!parent)
        error = E_PERM;
    if (child) {
        error = fork_image(parent, child, &image);
        if (error) {
            image_discard(&image);
            forget(child);
        } else {
            out->pid = child->pid;
            image_adopt(child, &image);
        }
    }
    ipc_unlock(&proc_lock);
    return creation_error(error);
}

int life_exec(struct ipc_request *r, const struct proc_image *in, struct ipc_none *out)
{
    (void)out;
    struct image_plan plan;
    int error = plan_read(r, in, &plan);
    if (error)
        return error;
    ipc_lock(&proc_lock);
    struct process *p = proc_caller(r);
    handle_t old = p ? p->task : 0;
    if (p)
        process_get(p);
    ipc_unlock(&proc_lock);
    if (!p) {
        plan_free(&plan);
        return E_PERM;
    }
    struct image image = {0};
    error = image_task(p, &image);
    if (!error)
        error = image_load(p, &plan, old, &image);
    ipc_lock(&proc_lock);
    if (!error && (p->state == PROCESS_ENDING || p->state == PROCESS_ZOMBIE || p->badge != r->badge))
        error = E_CANCELLED; /* killed meanwhile, or another of its threads was faster */
    if (error) {
        image_discard(&image);
    } else {
        struct task_info info;
        if (sys_task_ctl(old, TASK_INFO, (uint64_t)&info, 0, 0, NULL) == 0)
            p->cpu_ns += info.cpu_ns;
        image_adopt(p, &image);
        sys_task_ctl(old, TASK_KILL, 0, 0, 0, NULL);
        sys_handle_close(old);
    }
    process_put(p);
    ipc_unlock(&proc_lock);
    plan_free(&plan);
    return error == E_FULL ? E_NOMEM : error;
}

/* Descriptors 0, 1 and 2 of a first process: the console, opened in its own name. */
static int open_console(struct process *p, struct proc_fd fds[3])
{
    static const char path[] = "/dev/console";
    for (int fd = 0; fd < 3; fd++) {
        struct vfs_open_as request = {.pid = (uint64_t)p->pid, .flags = fd == 0 ? IO_O_RDONLY : IO_O_WRONLY};
        struct vfs_open_reply reply;
        struct ipc_transfer transfer = {.in = path, .in_len = sizeof path - 1};
        int error = vfs_open_as_with(below.vfs, &request, &reply, &transfer);
        if (!error && transfer.got_count != 1)
            error = E_IO;
        if (error)
            return error;
        fds[fd] = (struct proc_fd){.fd = fd, .flags = request.flags, .handle = transfer.got[0]};
    }
    return 0;
}

/* spawn and start: a process that begins with an image of its own. */
static int begin(struct process *parent, struct process *p, struct image_plan *plan,
                 struct proc_fd console[3], struct proc_pid *out)
{
    struct image image = {0};
    int error = make_vfs_session(p, parent);
    if (!error && !parent) {
        error = open_console(p, console);
        plan->fds = console;
        plan->fd_count = 3;
    }
    if (!error)
        error = image_task(p, &image);
    if (!error)
        error = image_load(p, plan, parent ? parent->task : 0, &image);
    ipc_lock(&proc_lock);
    if (!error && p->state != PROCESS_STARTING)
        error = E_CANCELLED;
    if (error) {
        image_discard(&image);
        forget(p);
    } else {
        out->pid = p->pid;
        image_adopt(p, &image);
    }
    ipc_unlock(&proc_lock);
    return creation_error(error);
}

int life_spawn(struct ipc_request *r, const struct proc_image *in, struct proc_pid *out)
{
    struct image_plan plan;
    int error = plan_read(r, in, &plan);
    if (error)
        return error;
    ipc_lock(&proc_lock);
    struct process *parent = proc_caller(r);
    struct process *p = parent ? process_create(parent) : NULL;
    error = !parent ? E_PERM : !p ? E_AGAIN : 0;
    if (!error) {
        process_get(parent);
        p->ignored &= ~in->sigdefault;
        if (in->flags & PROC_SETSID)
            error = process_setsid(p);
        else if (in->flags & PROC_SETPGROUP)
            error = process_setpgid(p, 0, in->pgid);
        if (error) {
            forget(p);
            process_put(parent);
        }
    }
    ipc_unlock(&proc_lock);
    if (!error) {
        error = begin(parent, p, &plan, NULL, out);
        ipc_lock(&proc_lock);
        process_put(parent);
        ipc_unlock(&proc_lock);
    }
    plan_free(&plan);
    return error;
}

int life_start(struct ipc_request *r, const struct proc_image *in, struct proc_pid *out)
{
    struct image_plan plan;
    struct proc_fd fds[3] = {0};
    int error = plan_read(r, in, &plan);
    if (error)
        return error;
    ipc_lock(&proc_lock);
    struct process *p = process_create(NULL);
    if (p)
        p->started_by_init = true;
    ipc_unlock(&proc_lock);
    error = p ? begin(NULL, p, &plan, fds, out) : E_AGAIN;
    if (!error)
        error = tty_foreground(below.tty, &(struct tty_foreground){.pgid = (int64_t)out->pid}, NULL,
                               DEADLINE_NEVER);
    for (int i = 0; i < 3; i++) {
        if (fds[i].handle)
            sys_handle_close(fds[i].handle);
    }
    plan_free(&plan);
    return error;
}

int life_exit(struct ipc_request *r, const struct proc_exit *in, struct ipc_none *out)
{
    (void)out;
    ipc_lock(&proc_lock);
    struct process *p = proc_caller(r);
    if (p)
        life_end(p, WAIT_STATUS_EXIT(in->status));
    ipc_unlock(&proc_lock);
    return p ? 0 : E_PERM;
}
