/* Processes: who is whose child, group and session; what waitpid finds. See process.h for the invariants. */
#include "process.h"

#include <ouros/error.h>
#include <stddef.h>

struct process process_table[PROCESS_MAX];
#define KERNEL_DEFAULT (8ul << 20) /* tables, handles, threads */
#define KERNEL_MOST    (64ul << 20)

static int32_t last_pid = 1; /* 1 is init, which is no process: orphans name it as their parent */

/* Entries from here on are free: the lowest free one is taken, so the table is as long as it has to be. */
static int32_t table_end;

struct process *process_next(int32_t slot)
{
    for (int32_t i = slot + 1; i < table_end; i++) {
        if (process_table[i].state != PROCESS_FREE)
            return &process_table[i];
    }
    return NULL;
}

struct process *process_find(int32_t pid)
{
    for (struct process *p = process_next(-1); p; p = process_next((int32_t)p->slot)) {
        if (p->pid == pid && !p->reaped)
            return p;
    }
    return NULL;
}

static bool pid_in_use(int32_t pid)
{
    for (struct process *p = process_next(-1); p; p = process_next((int32_t)p->slot)) {
        if (p->pid == pid || p->pgid == pid || p->sid == pid)
            return true;
    }
    return false;
}

static int32_t new_pid(void)
{
    for (int32_t tries = 0; tries < PID_MAX; tries++) {
        last_pid = last_pid < PID_MAX ? last_pid + 1 : 2;
        if (!pid_in_use(last_pid))
            return last_pid;
    }
    return 0;
}

/* Not counted: who was waited for. */
static bool user_may_have_more(const struct process *parent)
{
    uint64_t count = 0;
    if (parent->limit[LIMIT_PROCESSES].soft == LIMIT_NONE)
        return true;
    for (struct process *p = process_next(-1); p; p = process_next((int32_t)p->slot))
        count += p->uid == parent->uid && !p->reaped;
    return count < parent->limit[LIMIT_PROCESSES].soft;
}

int process_set_limit(struct process *p, uint32_t which, struct process_range range)
{
    if (which >= PROCESS_LIMITS || range.soft > range.hard)
        return E_INVAL;
    if (range.hard > p->limit[which].hard && p->euid != 0)
        return E_PERM;
    p->limit[which] = range;
    return 0;
}

static struct process *free_entry(void)
{
    for (uint32_t i = 0; i < PROCESS_MAX; i++) {
        if (process_table[i].state == PROCESS_FREE) {
            process_table[i] = (struct process){.slot = i};
            table_end = (int32_t)i < table_end ? table_end : (int32_t)i + 1;
            return &process_table[i];
        }
    }
    return NULL;
}

struct process *process_create(struct process *parent)
{
    struct process *p = parent && !user_may_have_more(parent) ? NULL : free_entry();
    int32_t pid = p ? new_pid() : 0;
    if (!pid)
        return NULL;
    p->pid = p->pgid = p->sid = pid;
    p->state = PROCESS_STARTING;
    for (int i = 0; i < PROCESS_LIMITS; i++)
        p->limit[i] = parent ? parent->limit[i] : (struct process_range){LIMIT_NONE, LIMIT_NONE};
    if (!parent) {
        p->limit[LIMIT_STACK].soft = STACK_DEFAULT;
        p->limit[LIMIT_KERNEL] = (struct process_range){KERNEL_DEFAULT, KERNEL_MOST};
    }
    if (parent) {
        p->parent = parent;
        p->sibling = parent->children;
        parent->children = p;
        p->pgid = parent->pgid;
        p->sid = parent->sid;
        p->uid = parent->uid, p->euid = parent->euid, p->gid = parent->gid, p->egid = parent->egid;
        p->ignored = parent->ignored;
        for (int i = 0; i < PROCESS_NAME; i++)
            p->name[i] = parent->name[i];
    }
    return p;
}

static void free_if_done(struct process *p)
{
    if (p->reaped && p->refs == 0 && p->state == PROCESS_ZOMBIE)
        p->state = PROCESS_FREE;
    while (table_end > 0 && process_table[table_end - 1].state == PROCESS_FREE)
        table_end--;
}

void process_get(struct process *process)
{
    process->refs++;
}

void process_put(struct process *process)
{
    process->refs--;
    free_if_done(process);
}

static void unlink_child(struct process *p)
{
    if (!p->parent)
        return;
    struct process **link = &p->parent->children;
    while (*link != p)
        link = &(*link)->sibling;
    *link = p->sibling;
    p->parent = p->sibling = NULL;
}

void process_reap(struct process *process)
{
    if (process->parent)
        process->parent->children_cpu_ns += process->cpu_ns + process->children_cpu_ns;
    unlink_child(process);
    process->reaped = true;
    free_if_done(process);
}

bool process_end(struct process *process)
{
    while (process->children) {
        struct process *child = process->children;
        unlink_child(child);
        if (child->state == PROCESS_ZOMBIE)
            process_reap(child);
    }
    process->state = PROCESS_ZOMBIE;
    bool awaited = process->parent || process->started_by_init;
    if (process->parent && process->parent->ignored & 1ul << (SIGNAL_CHLD - 1))
        awaited = false;
    if (!awaited)
        process_reap(process);
    return awaited;
}

bool process_group_exists(int32_t pgid, int32_t sid)
{
    for (struct process *p = process_next(-1); p; p = process_next((int32_t)p->slot)) {
        if (p->pgid == pgid && p->sid == sid && !p->reaped)
            return true;
    }
    return false;
}

static bool wanted(const struct process *parent, const struct process *child, int64_t want)
{
    if (want > 0)
        return child->pid == want;
    if (want == 0)
        return child->pgid == parent->pgid;
    return want == -1 || -(int64_t)child->pgid == want;
}

int process_wait(struct process *parent, int64_t want, uint32_t options, struct process **out,
                 uint32_t *status)
{
    bool any = false;
    *out = NULL;
    for (struct process *c = parent->children; c; c = c->sibling) {
        if (!wanted(parent, c, want))
            continue;
        any = true;
        if (c->state == PROCESS_ZOMBIE) {
            *status = c->wait_status;
        } else if (c->state == PROCESS_STOPPED && c->report_stop && options & WAIT_UNTRACED) {
            *status = c->wait_status;
            c->report_stop = false;
        } else if (c->report_continue && options & WAIT_CONTINUED) {
            *status = WAIT_STATUS_CONTINUED;
            c->report_continue = false;
        } else {
            continue;
        }
        *out = c;
        return 0;
    }
    return any ? 0 : E_CHILD;
}

int process_setpgid(struct process *caller, int64_t pid, int64_t pgid)
{
    if (pgid < 0 || pid < 0 || pgid > PID_MAX || pid > PID_MAX)
        return E_INVAL;
    struct process *p = pid == 0 ? caller : process_find((int32_t)pid);
    if (!p || (p != caller && p->parent != caller))
        return E_SRCH;
    if (pgid == 0)
        pgid = p->pid;
    if (p->sid != caller->sid || p->sid == p->pid)
        return E_PERM;
    if (pgid != p->pid && !process_group_exists((int32_t)pgid, p->sid))
        return E_PERM;
    p->pgid = (int32_t)pgid;
    return 0;
}

int process_setsid(struct process *caller)
{
    for (struct process *p = process_next(-1); p; p = process_next((int32_t)p->slot)) {
        if (p->pgid == caller->pid && !p->reaped)
            return E_PERM;
    }
    caller->sid = caller->pgid = caller->pid;
    return 0;
}

bool process_may_signal(const struct process *from, const struct process *to)
{
    return from->euid == 0 || from->uid == to->uid || from->euid == to->uid;
}

enum signal_action signal_default(uint32_t signal)
{
    switch (signal) {
    case SIGNAL_URG:
    case SIGNAL_CHLD:
    case SIGNAL_WINCH: return SIGNAL_IGNORE;
    case SIGNAL_STOP_NOW:
    case SIGNAL_TSTP:
    case SIGNAL_TTIN:
    case SIGNAL_TTOU: return SIGNAL_STOP;
    case SIGNAL_CONT: return SIGNAL_CONTINUE;
    default: return SIGNAL_TERMINATE;
    }
}
