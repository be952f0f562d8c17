/* Signals: their default actions, and what comes up from the terminal and from the pager. Handlers in user
 * memory do not exist yet: libc answers ENOSYS. */
#include "server.h"

static uint64_t bit(uint32_t signal)
{
    return 1ul << (signal - 1);
}

static void stop(struct process *p, uint32_t signal)
{
    if (p->state != PROCESS_RUNNING || sys_task_ctl(p->task, TASK_SUSPEND, 0, 0, 0, NULL))
        return;
    p->state = PROCESS_STOPPED;
    p->wait_status = WAIT_STATUS_STOPPED(signal);
    p->report_stop = true;
    p->report_continue = false;
    wait_changed(p->parent);
}

static void go_on(struct process *p)
{
    if (p->state != PROCESS_STOPPED)
        return;
    p->state = PROCESS_RUNNING;
    p->report_continue = true;
    p->report_stop = false;
    sys_task_ctl(p->task, TASK_RESUME, 0, 0, 0, NULL);
    wait_changed(p->parent);
}

/* Holding proc_lock. */
static void deliver(struct process *p, uint32_t signal)
{
    enum signal_action action = signal_default(signal);
    bool forced = signal == SIGNAL_KILL || signal == SIGNAL_STOP_NOW;
    if (signal == SIGNAL_CONT)
        go_on(p);
    if (!forced && p->ignored & bit(signal))
        return;
    if (action == SIGNAL_TERMINATE)
        life_end(p, WAIT_STATUS_SIGNAL(signal));
    else if (action == SIGNAL_STOP)
        stop(p, signal);
}

static bool alive(const struct process *p)
{
    return p->state != PROCESS_ZOMBIE && !p->reaped;
}

/* kill's choice of targets. Holding proc_lock. */
static bool is_target(const struct process *from, const struct process *p, int64_t pid)
{
    if (pid > 0)
        return p->pid == pid;
    if (pid == 0)
        return p->pgid == from->pgid;
    if (pid == -1)
        return p != from && !p->started_by_init;
    return p->pgid == -pid;
}

int signal_kill(struct ipc_request *r, const struct proc_kill *in, struct ipc_none *out)
{
    (void)out;
    if (in->signal > SIGNALS || in->pid == INT64_MIN)
        return E_INVAL;
    int error = E_SRCH;
    ipc_lock(&proc_lock);
    struct process *from = proc_caller(r);
    for (struct process *p = from ? process_next(-1) : NULL; p; p = process_next((int32_t)p->slot)) {
        if (p->reaped || !is_target(from, p, in->pid))
            continue;
        if (!process_may_signal(from, p)) {
            error = error ? E_PERM : 0;
            continue;
        }
        error = 0;
        if (in->signal && alive(p))
            deliver(p, in->signal);
    }
    ipc_unlock(&proc_lock);
    return from ? error : E_PERM;
}

int signal_action_op(struct ipc_request *r, const struct proc_sigaction *in, struct proc_sigaction_reply *out)
{
    if (in->signal == 0 || in->signal > SIGNALS || in->action > PROC_ASK)
        return E_INVAL;
    if (in->action == PROC_IGNORE && (in->signal == SIGNAL_KILL || in->signal == SIGNAL_STOP_NOW))
        return E_INVAL;
    ipc_lock(&proc_lock);
    struct process *p = proc_caller(r);
    if (p) {
        out->old = p->ignored & bit(in->signal) ? PROC_IGNORE : PROC_DEFAULT;
        if (in->action == PROC_IGNORE)
            p->ignored |= bit(in->signal);
        else if (in->action == PROC_DEFAULT)
            p->ignored &= ~bit(in->signal);
    }
    ipc_unlock(&proc_lock);
    return p ? 0 : E_PERM;
}

/* ---- from the terminal ---- */

void signal_tty_thread(void *unused)
{
    (void)unused;
    for (;;) {
        struct tty_event event = {0};
        int error = tty_next_event(below.tty, &(struct ipc_none){}, &event, DEADLINE_NEVER);
        if (error) {
            ipc_warning("terminal events: %s", ipc_error_text(error));
            ipc_sleep_until(IPC_MS(100));
            continue;
        }
        if (event.signal == 0 || event.signal > SIGNALS || event.pgid <= 0)
            continue;
        ipc_lock(&proc_lock);
        for (struct process *p = process_next(-1); p; p = process_next((int32_t)p->slot)) {
            if (p->pgid == event.pgid && alive(p))
                deliver(p, event.signal);
        }
        ipc_unlock(&proc_lock);
    }
}

/* ---- from the pager ---- */

static uint32_t exception_signal(const struct pager_exception *e)
{
    switch (e->code) {
    case PAGER_EXC_IO:
    case PAGER_EXC_END: return SIGNAL_BUS;
    case PAGER_EXC_NOMEM: return SIGNAL_KILL;
    case PAGER_EXC_CPU: break;
    default: return SIGNAL_SEGV;
    }
    switch (e->vector) { /* Intel SDM vol. 3, table 6-1 */
    case 0:
    case 16:
    case 19: return SIGNAL_FPE;
    case 1:
    case 3: return SIGNAL_TRAP;
    case 6: return SIGNAL_ILL;
    case 17: return SIGNAL_BUS;
    default: return SIGNAL_SEGV;
    }
}

/* Why a process ends, for whoever reads the log. */
static void exception_tell(const struct process *p, const struct pager_exception *e)
{
    static const char *const why[] = {
        [PAGER_EXC_UNMAPPED] = "not mapped",
        [PAGER_EXC_DENIED] = "protection",
        [PAGER_EXC_GUARD] = "guard, or end of the stack",
        [PAGER_EXC_IO] = "cannot be read",
        [PAGER_EXC_NOMEM] = "out of memory",
        [PAGER_EXC_END] = "beyond the end of the file",
    };
    static const char *const name[] = {
        [SIGNAL_ILL] = "SIGILL", [SIGNAL_TRAP] = "SIGTRAP", [SIGNAL_BUS] = "SIGBUS",
        [SIGNAL_FPE] = "SIGFPE", [SIGNAL_KILL] = "SIGKILL", [SIGNAL_SEGV] = "SIGSEGV"};
    const char *signal = name[exception_signal(e)];
    if (e->code < sizeof why / sizeof *why && why[e->code])
        ipc_info("pid %d (%s): %s at 0x%lx (%s), rip 0x%lx", p->pid, p->name, signal, e->address,
                 why[e->code], e->rip);
    else
        ipc_info("pid %d (%s): %s by exception %u, rip 0x%lx", p->pid, p->name, signal, e->vector, e->rip);
}

void signal_exception_thread(void *unused)
{
    (void)unused;
    for (;;) {
        struct pager_exception e = {0};
        struct ipc_none none = {};
        int error = pager_next_exception(below.pager, &none, &e, DEADLINE_NEVER);
        if (error) {
            ipc_warning("exceptions: %s", ipc_error_text(error));
            ipc_sleep_until(IPC_MS(100));
            continue;
        }
        ipc_lock(&proc_lock);
        for (struct process *p = process_next(-1); p; p = process_next((int32_t)p->slot)) {
            if (p->space != e.space || !alive(p))
                continue;
            exception_tell(p, &e);
            life_end(p, WAIT_STATUS_SIGNAL(exception_signal(&e)));
        }
        ipc_unlock(&proc_lock);
        pager_exception_done(below.pager, &(struct pager_exception_done){.cookie = e.cookie}, NULL,
                             DEADLINE_NEVER);
    }
}
