/* Limits of processes: kept here, enforced by the pager (memory) and the kernel (its own memory). */
#include "server.h"

_Static_assert((int)PROC_LIMIT_SIZE == LIMIT_SIZE && (int)PROC_LIMIT_DATA == LIMIT_DATA &&
                   (int)PROC_LIMIT_STACK == LIMIT_STACK && (int)PROC_LIMIT_LOCKED == LIMIT_LOCKED &&
                   (int)PROC_LIMIT_KERNEL == LIMIT_KERNEL && (int)PROC_LIMIT_PROCESSES == LIMIT_PROCESSES,
               "the protocol's numbers are the table's");

static int tell_pager(const struct process *p, uint64_t space)
{
    struct pager_limits limits = {.space = space,
                                  .size = p->limit[LIMIT_SIZE].soft,
                                  .data = p->limit[LIMIT_DATA].soft,
                                  .stack = p->limit[LIMIT_STACK].soft,
                                  .locked = p->limit[LIMIT_LOCKED].soft};
    return pager_space_limit(below.pager, &limits, NULL, DEADLINE_NEVER);
}

int limit_space(const struct process *p, uint64_t space)
{
    bool plain = p->limit[LIMIT_SIZE].soft == LIMIT_NONE && p->limit[LIMIT_DATA].soft == LIMIT_NONE &&
                 p->limit[LIMIT_LOCKED].soft == LIMIT_NONE && p->limit[LIMIT_STACK].soft == STACK_DEFAULT;
    return plain ? 0 : tell_pager(p, space); /* the stack is mapped as large as it may be */
}

/* What holds already is changed too. */
static int enforce(const struct process *p, uint32_t which)
{
    if (which == LIMIT_KERNEL)
        return sys_task_ctl(p->task, TASK_LIMIT, p->limit[which].soft, 0, 0, NULL);
    return which < LIMIT_KERNEL ? tell_pager(p, p->space) : 0;
}

int limit_op(struct ipc_request *r, const struct proc_limit *in, struct proc_limit_reply *out)
{
    int error = E_PERM;
    if (in->resource >= PROCESS_LIMITS || in->flags & ~(uint32_t)PROC_LIMIT_SET)
        return E_INVAL;
    ipc_lock(&proc_lock);
    struct process *p = proc_caller(r);
    if (p) {
        struct process_range old = p->limit[in->resource];
        *out = (struct proc_limit_reply){old.soft, old.hard};
        error = in->flags & PROC_LIMIT_SET
                    ? process_set_limit(p, in->resource, (struct process_range){in->soft, in->hard})
                    : 0;
        if (!error && in->flags & PROC_LIMIT_SET)
            error = enforce(p, in->resource);
        if (error)
            p->limit[in->resource] = old;
    }
    ipc_unlock(&proc_lock);
    return error;
}
