/* Threads: creation, control, waking and ending. */
#include <sched.h>

static uint32_t next_id = 1;

int thread_create(struct task *task, vaddr_t entry, vaddr_t stack, uint64_t argument, uint8_t priority,
                  struct thread **out)
{
    FAIL_IF(task->dying || !vms_alive(&task->vms), E_DEAD);
    const uint32_t id = next_id++;
    struct tree_node **at = tree_find(&task->by_id, id);
    FAIL_IF(*at, E_KMEM); /* numbers have come round: the next one, perhaps */
    struct thread *thread;
    TRY(object_create(task->account, OBJ_THREAD, sizeof(struct thread), &thread));
    thread->task = task;
    object_get(&task->object);
    thread->id = id;
    thread->state = THREAD_NEW;
    thread->priority = thread->base_priority = priority;
    thread->due = thread->deadline = DEADLINE_NEVER;
    thread->serial = HANDLE_REPLY;
    list_init(&thread->run);
    list_init(&thread->peers);
    notice_init(&thread->cancel_notice, &thread->object);
    list_add_tail(&task->threads, &thread->in_task);
    tree_add(at, &thread->by_id, id);
    task->thread_count++;
    object_get(&thread->object); /* for being alive, beside the reference given to the caller */
    arch_thread_init(thread, entry, stack, argument);
    *out = thread;
    return 0;
}

bool thread_destroy(struct object *object)
{
    struct thread *thread = (struct thread *)object;
    notice_drop(&thread->cancel_notice);
    arch_fpu_release(thread);
    object_put(&thread->task->object);
    return true;
}

void thread_unreserve(struct thread *thread)
{
    thread->task->handles.reserved -= thread->accept;
    thread->accept = 0;
    thread->flags &= ~(uint32_t)THREAD_F_ACCEPTS;
}

void thread_wake(struct thread *thread, int error)
{
    thread_unreserve(thread);
    thread->frame.rax = (uint64_t)(uint32_t)error;
    sched_ready(thread, SCHED_HEAD);
}

void thread_unqueue(struct thread *thread, enum cancel_why why)
{
    switch (thread->state) {
    case THREAD_SENDING:
    case THREAD_FAULTING:
    case THREAD_CALLING:
        if (list_empty(&thread->received))
            ipc_leave(thread);
        else
            ipc_abandon(thread, why);
        break;
    case THREAD_FUTEX: futex_leave(thread); break;
    case THREAD_RECEIVING:
    case THREAD_STOPPED: list_remove(&thread->run); break;
    case THREAD_READY: sched_remove(thread); break;
    default: break;
    }
}

void thread_kill(struct thread *thread)
{
    if (thread->state == THREAD_DEAD)
        return;
    thread_unqueue(thread, CANCEL_DIED);
    thread_unreserve(thread);
    deadline_drop(thread);
    thread->state = THREAD_DEAD;
    sched_work = true;
    /* Its caller: those of a lent port wait for the end of the loan when the whole task goes. */
    struct thread *caller = thread->caller;
    if (caller) {
        caller->server = NULL;
        thread->caller = NULL;
        ipc_blame(caller);
        if (!thread->task->dying || caller->served_by->borrower != thread->task)
            ipc_fail_caller(caller, thread->task->dying ? E_DEAD : E_RESTARTED);
    }
    struct task *task = thread->task;
    list_remove(&thread->in_task);
    tree_remove(tree_find(&task->by_id, thread->id));
    if (--task->thread_count == 0)
        task_kill(task, 0, TASK_LAST_THREAD);
    object_put(&thread->object);
}

/* ---- system calls ---- */

int sys_thread_create(struct thread *thread, struct syscall *s)
{
    struct task *task = thread->task;
    if (s->a[0])
        TRY(handle_get(thread->task, s->a[0], OBJ_TASK, RIGHT_MANAGE, &task));
    FAIL_IF(s->a[4] > PRIORITY_MAX || (!s->a[0] && s->a[4] > thread->base_priority), E_RANGE);
    FAIL_IF(s->a[1] >= USER_END, E_FAULT);
    struct thread *new;
    TRY(thread_create(task, s->a[1], s->a[2], s->a[3], (uint8_t)s->a[4], &new));
    uint32_t rights = RIGHT_COPY | RIGHT_MANAGE | RIGHT_INFO;
    int error = handle_insert_new(thread->task, &new->object, rights, &s->r[0]);
    if (error)
        thread_kill(new);
    return error;
}

/* Registers may be looked at and changed only while nothing runs on them. */
static bool at_rest(const struct thread *thread)
{
    return thread->state != THREAD_RUNNING && thread->state != THREAD_READY && thread->state != THREAD_DEAD;
}

_Static_assert(offsetof(struct thread_regs, fs_base) == sizeof(struct trap_frame) &&
                   offsetof(struct thread_regs, rip) == offsetof(struct trap_frame, rip) &&
                   offsetof(struct thread_regs, rax) == offsetof(struct trap_frame, rax),
               "struct thread_regs begins with the frame");

static int set_regs(struct thread *t, vaddr_t from)
{
    struct thread_regs regs;
    FAIL_IF(!at_rest(t), E_BUSY);
    TRY(user_read(&regs, from, sizeof regs));
    FAIL_IF(regs.rip >= USER_END || regs.fs_base >= USER_END, E_RANGE);
    t->regs = regs;
    arch_frame_sanitize(&t->frame);
    t->flags |= THREAD_F_REGS;
    return 0;
}

static int copy_caller(struct thread *t, struct thread *server, handle_t handle)
{
    struct task *task;
    struct thread *source = server->caller;
    TRY(handle_get(server->task, handle, OBJ_TASK, RIGHT_MANAGE, &task));
    FAIL_IF(!source || source->task != task, E_NOENT);
    FAIL_IF(!at_rest(source) || t->state != THREAD_NEW, E_BUSY);
    TRY(arch_fpu_copy(t, source));
    t->regs = source->regs;
    t->frame.rax = t->frame.rdi = t->frame.rsi = t->frame.rdx = 0;
    arch_frame_sanitize(&t->frame);
    t->flags |= THREAD_F_REGS;
    return 0;
}

static int start(struct thread *t)
{
    t->flags &= ~(uint32_t)THREAD_F_SUSPENDED;
    if (t->state == THREAD_NEW || t->state == THREAD_STOPPED) {
        list_remove(&t->run);       /* a new one is on no list */
        sched_ready(t, SCHED_TAIL); /* on the stopped list while its task is suspended */
    }
    return t->state == THREAD_DEAD ? E_DEAD : 0;
}

static int suspend(struct thread *t)
{
    t->flags |= THREAD_F_SUSPENDED;
    sched_work = true;
    if (t->state == THREAD_READY) {
        sched_remove(t);
        sched_ready(t, SCHED_TAIL); /* finds the flag and goes to the stopped list */
    }
    return t->state == THREAD_DEAD ? E_DEAD : 0;
}

/* Ask a thread to give up waiting. What was received is the server's to end; what waits alone ends here. */
static void cancel(struct thread *t)
{
    t->flags |= THREAD_F_CANCEL;
    switch (t->state) {
    case THREAD_SENDING:
    case THREAD_RECEIVING:
    case THREAD_FUTEX:
        thread_unqueue(t, CANCEL_ASKED);
        thread_wake(t, E_CANCELLED);
        break;
    case THREAD_CALLING: ipc_abandon(t, CANCEL_ASKED); break;
    default: break;
    }
}

static int thread_info(struct thread *t, vaddr_t to)
{
    struct thread_info info = {.id = t->id,
                               .task_id = t->task->id,
                               .state = t->state,
                               .priority = t->priority,
                               .base_priority = t->base_priority,
                               .suspended = t->flags & THREAD_F_SUSPENDED || t->task->suspended,
                               .cpu_ns = sched_cpu_ns(t->cpu_ticks, t == thread_current())};
    return user_write(to, &info, sizeof info);
}

/* s->a[2]: a word to clear, whose waiters wake; once only, for who sees it may take its memory away. */
static int exit_self(struct thread *t, struct syscall *s)
{
    uint32_t zero = 0;
    if (s->a[2]) {
        FAIL_IF(s->a[2] % sizeof zero, E_INVAL);
        if (!s->a[3])
            TRY(user_write(s->a[2], &zero, sizeof zero));
        s->a[3] = true;
        FAIL_IF(futex_wake_all(t->task, s->a[2]) == SYS_RESTART, SYS_RESTART);
    }
    thread_kill(t);
    return SYS_BLOCKED;
}

int sys_thread_ctl(struct thread *thread, struct syscall *s)
{
    struct thread *t = thread;
    uint64_t op = s->a[1];
    if (s->a[0])
        TRY(handle_get(thread->task, s->a[0], OBJ_THREAD, op == THREAD_INFO ? RIGHT_INFO : RIGHT_MANAGE, &t));
    FAIL_IF((op == THREAD_EXIT || op == THREAD_UNCANCEL) && t != thread, E_INVAL);
    switch (op) {
    case THREAD_START: return start(t);
    case THREAD_SUSPEND: return suspend(t);
    case THREAD_KILL: thread_kill(t); return t == thread ? SYS_BLOCKED : 0;
    case THREAD_EXIT: return exit_self(t, s);
    case THREAD_GET_REGS: return at_rest(t) ? user_write(s->a[2], &t->regs, sizeof t->regs) : E_BUSY;
    case THREAD_SET_REGS: return set_regs(t, s->a[2]);
    case THREAD_COPY: return copy_caller(t, thread, s->a[2]);
    case THREAD_PRIORITY:
        FAIL_IF(s->a[2] > PRIORITY_MAX || s->a[2] > thread->base_priority, E_RANGE);
        t->base_priority = (uint8_t)s->a[2];
        sched_set_priority(t, t->base_priority);
        return 0;
    case THREAD_FS_BASE:
        FAIL_IF(s->a[2] >= USER_END, E_RANGE);
        t->regs.fs_base = s->a[2];
        if (t == thread)
            arch_thread_switch(t);
        return 0;
    case THREAD_CANCEL: cancel(t); return 0;
    case THREAD_UNCANCEL:
        s->r[0] = (t->flags & THREAD_F_CANCEL) != 0;
        t->flags &= ~(uint32_t)THREAD_F_CANCEL;
        return 0;
    case THREAD_INFO: return thread_info(t, s->a[2]);
    default: return E_INVAL;
    }
}
