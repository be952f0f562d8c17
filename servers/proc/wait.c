/* waitpid: requests that wait for a child, answered when one has something to report. */
#include "server.h"

#define WAITERS_MAX 2048

static struct waiter {
    bool used;
    bool started; /* of init: for a process by its pid, whoever's child */
    uint32_t slot;
    uint64_t badge;
    int64_t want;
    uint32_t options;
    struct ipc_request request;
} * waiters[WAITERS_MAX];

/* What a wait finds now; true if it is answered (also by an error). Holding proc_lock. */
static bool look(struct process *parent, int64_t want, uint32_t options, struct proc_waited *out, int *error)
{
    struct process *child;
    *error = process_wait(parent, want, options, &child, &out->status);
    if (*error || !child)
        return *error != 0 || options & WAIT_NOHANG;
    out->pid = child->pid;
    out->cpu_ns = child->cpu_ns;
    if (child->state == PROCESS_ZOMBIE)
        process_reap(child);
    return true;
}

static bool look_started(int64_t pid, struct proc_waited *out, int *error)
{
    struct process *p = pid > 0 && pid <= PID_MAX ? process_find((int32_t)pid) : NULL;
    *error = p && p->started_by_init ? 0 : E_SRCH;
    if (*error)
        return true;
    if (p->state != PROCESS_ZOMBIE)
        return false;
    *out = (struct proc_waited){.pid = p->pid, .status = p->wait_status, .cpu_ns = p->cpu_ns};
    process_reap(p);
    return true;
}

static int park(struct ipc_request *r, struct waiter template)
{
    for (uint32_t i = 0; i < WAITERS_MAX; i++) {
        if (waiters[i])
            continue;
        struct waiter *w = ipc_alloc(sizeof *w);
        if (!w)
            return E_NOMEM;
        *w = template;
        int error = ipc_defer(r, &w->request);
        if (error) {
            ipc_free(w);
            return error;
        }
        waiters[i] = w;
        return 0;
    }
    return E_AGAIN;
}

int wait_op(struct ipc_request *r, const struct proc_wait *in, struct proc_waited *out)
{
    int error = E_PERM;
    ipc_lock(&proc_lock);
    struct process *parent = proc_caller(r);
    if (parent && !look(parent, in->pid, in->options, out, &error))
        error =
            park(r, (struct waiter){
                        .slot = parent->slot, .badge = r->badge, .want = in->pid, .options = in->options});
    ipc_unlock(&proc_lock);
    return error;
}

int wait_started(struct ipc_request *r, const struct proc_pid *in, struct proc_waited *out)
{
    int error;
    ipc_lock(&proc_lock);
    if (!look_started(in->pid, out, &error))
        error = park(r, (struct waiter){.started = true, .badge = r->badge, .want = in->pid});
    ipc_unlock(&proc_lock);
    return error;
}

static void answer(uint32_t i, int error, const struct proc_waited *reply)
{
    struct waiter *w = waiters[i];
    waiters[i] = NULL;
    ipc_answer(&w->request, error, reply, reply ? sizeof *reply : 0);
    ipc_free(w);
}

void wait_changed(struct process *parent)
{
    for (uint32_t i = 0; i < WAITERS_MAX; i++) {
        struct waiter *w = waiters[i];
        struct proc_waited reply = {0};
        int error = 0;
        if (!w)
            continue;
        if (w->started ? !parent && look_started(w->want, &reply, &error)
                       : parent && w->slot == parent->slot && w->badge == parent->badge &&
                             look(parent, w->want, w->options, &reply, &error))
            answer(i, error, &reply);
    }
}

uint32_t wait_count(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < WAITERS_MAX; i++)
        count += waiters[i] != NULL;
    return count;
}

void wait_cancel(uint64_t badge, uint32_t thread, uint32_t seq, enum cancel_why why)
{
    (void)why;
    ipc_lock(&proc_lock);
    for (uint32_t i = 0; i < WAITERS_MAX; i++) {
        struct waiter *w = waiters[i];
        if (w && w->badge == badge && w->request.thread == thread && w->request.seq == seq)
            answer(i, E_CANCELLED, NULL);
    }
    ipc_unlock(&proc_lock);
}
