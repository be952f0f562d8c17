/* Tasks: creation, control, and death in bounded steps: threads, then handles, then loans, then the notices.
 * The address space goes with the last reference. */
#include <sched.h>

#define REAP_BATCH 16 /* threads or handles a step */

struct list task_list = {&task_list, &task_list};
static uint64_t next_id = 1;

static void task_copy_name(struct task *task, const char *name, size_t length)
{
    size_t n = 0;
    for (; n < length && n < sizeof task->name - 1; n++)
        task->name[n] = name[n] >= ' ' && name[n] < 127 ? name[n] : '?';
    task->name[n] = 0;
}

static int parts_create(struct task *task, uint64_t limit)
{
    TRY(account_create(limit, &task->account));
    TRY(handle_grow(task));
    return vms_create(&task->vms, task->account);
}

int task_create(struct account *payer, uint64_t limit, struct task **out)
{
    struct task *task;
    TRY(object_create(payer, OBJ_TASK, sizeof(struct task), &task));
    list_init(&task->threads);
    list_init(&task->stopped);
    list_init(&task->ports_lent);
    notice_init(&task->pager_notice, &task->object);
    notice_init(&task->watch_notice, &task->object);
    task->id = next_id++;
    task_copy_name(task, "new", 3);
    list_add_tail(&task_list, &task->all);
    int error = parts_create(task, limit);
    if (error) {
        task->dead = true;
        object_put(&task->object);
        return error;
    }
    *out = task;
    return 0;
}

bool task_destroy(struct object *object)
{
    struct task *task = (struct task *)object;
    if (!handle_close_some(task, REAP_BATCH))
        return false;
    if (!vms_destroy_step(&task->vms))
        return false;
    list_remove(&task->all);
    notice_drop(&task->pager_notice);
    notice_drop(&task->watch_notice);
    account_put(task->account);
    return true;
}

void task_kill(struct task *task, uint64_t value, enum task_end how)
{
    if (task->dying)
        return;
    if (task->is_pager)
        panic("the pager ended: value %lu, how %d", task->exit_value, how);
    task->dying = true;
    task->exit_value = value;
    task->exit_how = how;
    object_end(&task->object);
}

bool task_end_step(struct object *object)
{
    struct task *task = (struct task *)object;
    bool threads = !list_empty(&task->threads);
    for (int n = 0; n < REAP_BATCH && !list_empty(&task->threads); n++)
        thread_kill(container_of(task->threads.next, struct thread, in_task));
    if (threads || !handle_close_some(task, REAP_BATCH))
        return false;
    if (!list_empty(&task->ports_lent)) {
        port_loan_end(container_of(task->ports_lent.next, struct port, lent));
        return false;
    }
    task->dead = true;
    struct notice *to[] = {&task->pager_notice, &task->watch_notice};
    for (int i = 0; i < 2; i++)
        notice_send(to[i], MSG_TASK_DEAD, to[i]->badge, task->exit_value, task->exit_how, 0);
    return true;
}

/* ---- system calls ---- */

int sys_task_create(struct thread *thread, struct syscall *s)
{
    struct task *task;
    TRY(handle_get(thread->task, s->a[0], OBJ_TASK_MAKER, RIGHT_MANAGE, NULL));
    TRY(task_create(thread->task->account, s->a[1], &task));
    uint32_t rights = RIGHT_COPY | RIGHT_MANAGE | RIGHT_INFO;
    return handle_insert_new(thread->task, &task->object, rights, &s->r[0]);
}

/* Send a notice to a port that the asker receives on or owns. */
static int watch(struct thread *thread, struct task *task, struct notice *notice, struct syscall *s)
{
    struct port *port;
    TRY(handle_get(thread->task, s->a[2], OBJ_PORT, RIGHT_RECV | RIGHT_MANAGE, &port));
    FAIL_IF(task->dead, E_DEAD);
    notice_bind(notice, port);
    notice->badge = s->a[3];
    return 0;
}

static int copy_one_handle(struct task *task, struct task *source, struct syscall *s)
{
    struct handle_entry copy;
    TRY(handle_copyable(source, s->a[3], &copy));
    return handle_insert(task, copy.object, copy.rights, s->a[4], &s->r[0]);
}

static int task_info(struct task *task, vaddr_t to)
{
    struct task_info info = {
        .id = task->id,
        .kmem_used = task->account->used,
        .kmem_limit = task->account->limit,
        .threads = task->thread_count,
        .handles = task->handles.used,
        .tables = task->vms.tables,
        .dead = task->dead,
        .cpu_ns = sched_cpu_ns(task->cpu_ticks, task == thread_current()->task),
    };
    __builtin_memcpy(info.name, task->name, sizeof info.name);
    return user_write(to, &info, sizeof info);
}

static int task_thread(struct thread *asker, struct task *task, uint64_t id, struct syscall *s)
{
    const struct tree_node *found =
        id ? *tree_find(&task->by_id, id) : task->by_id; /* the oldest, if it lives */
    FAIL_IF(!found, E_NOENT);
    return handle_insert(asker->task, &container_of(found, struct thread, by_id)->object,
                         RIGHT_COPY | RIGHT_MANAGE | RIGHT_INFO, 0, &s->r[0]);
}

/* Stopped threads run again, some at a time. */
static int task_resume(struct task *task)
{
    task->suspended = false;
    for (int n = 0; !list_empty(&task->stopped); n++) {
        FAIL_IF(n == REAP_BATCH, SYS_RESTART);
        struct thread *t = container_of(task->stopped.next, struct thread, run);
        list_remove(&t->run);
        sched_ready(t, SCHED_TAIL);
    }
    return 0;
}

static int task_name(struct task *task, vaddr_t text, uint64_t length)
{
    char name[sizeof task->name];
    FAIL_IF(length >= sizeof name, E_SIZE);
    TRY(user_read(name, text, length));
    task_copy_name(task, name, length);
    return 0;
}

int sys_task_ctl(struct thread *thread, struct syscall *s)
{
    struct task *task = thread->task, *source = NULL;
    uint32_t rights = s->a[1] == TASK_INFO ? RIGHT_INFO : RIGHT_MANAGE;
    if (s->a[0])
        TRY(handle_get(thread->task, s->a[0], OBJ_TASK, rights, &task));
    if (s->a[1] == TASK_COPY_HANDLES || s->a[1] == TASK_COPY_HANDLE)
        TRY(handle_get(thread->task, s->a[2], OBJ_TASK, RIGHT_MANAGE, &source));
    FAIL_IF(!s->a[0] && s->a[1] != TASK_KILL && s->a[1] != TASK_INFO && s->a[1] != TASK_NAME,
            E_RIGHTS); /* what was set by others is not for the task itself to change */
    switch (s->a[1]) {
    case TASK_KILL: task_kill(task, s->a[2], TASK_KILLED); return 0;
    case TASK_SET_PAGER: return watch(thread, task, &task->pager_notice, s);
    case TASK_WATCH: return watch(thread, task, &task->watch_notice, s);
    case TASK_LIMIT: task->account->limit = s->a[2]; return 0;
    case TASK_COPY_HANDLES: return source == task ? E_INVAL : handle_copy_table(task, source);
    case TASK_COPY_HANDLE: return copy_one_handle(task, source, s);
    case TASK_INFO: return task_info(task, s->a[2]);
    case TASK_THREAD: return task_thread(thread, task, s->a[2], s);
    case TASK_SUSPEND: task->suspended = sched_work = true; return 0;
    case TASK_RESUME: return task_resume(task);
    case TASK_NAME: return task_name(task, s->a[2], s->a[3]);
    default: return E_INVAL;
    }
}
