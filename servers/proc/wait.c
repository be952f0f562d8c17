/* waitpid: requests that wait for a child, answered when one has something to report. */
#include "server.h"

#define WAITERS_MAX 2048

static struct waiter {
    struct waiter *next;
    bool started; /* of init: for a process by its pid, whoever's child */
    uint32_t slot;
    uint64_t badge;
    int64_t want;
    uint32_t options;
    struct ipc_request request;
} * waiters;
static uint32_t waiters_count;

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
    if (waiters_count == WAITERS_MAX)
        return E_AGAIN;
    struct waiter *w = ipc_alloc(sizeof *w);
    if (!w)
        return E_NOMEM;
    *w = template;
    int error = ipc_defer(r, &w->request);
    if (error) {
        ipc_free(w);
        return error;
    }
    w->next = waiters;
    waiters = w;
    waiters_count++;
    return 0;
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

/* Take the waiter at *link off the list, and tell it. */
static void answer(struct waiter **link, int error, const struct proc_waited *reply)
{
    struct waiter *w = *link;
    *link = w->next;
    waiters_count--;
    ipc_answer(&w->request, error, reply, reply ? sizeof *reply : 0);
    ipc_free(w);
}

void wait_changed(struct process *parent)
{
    for (struct waiter **link = &waiters, *w; (w = *link) != NULL;) {
        struct proc_waited reply = {0};
        int error = 0;
        if (w->started ? !parent && look_started(w->want, &reply, &error)
                       : parent && w->slot == parent->slot && w->badge == parent->badge &&
                             look(parent, w->want, w->options, &reply, &error))
            answer(link, error, &reply);
        else
            link = &w->next;
    }
}

uint32_t wait_count(void)
{
    return waiters_count;
}

void wait_cancel(uint64_t badge, uint32_t thread, uint32_t seq, enum cancel_why why)
{
    (void)why;
    ipc_lock(&proc_lock);
    for (struct waiter **link = &waiters, *w; (w = *link) != NULL;)
        if (w->badge == badge && w->request.thread == thread && w->request.seq == seq)
            answer(link, E_CANCELLED, NULL);
        else
            link = &w->next;
    ipc_unlock(&proc_lock);
}
