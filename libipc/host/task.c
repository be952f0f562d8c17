/* Tasks and threads that a server makes. They have handles, names and ends, and run nothing: what a program
 * would do, the test does. */
#include "kernel.h"
#include <ipc/startup.h>
#include <ouros/error.h>
#include <stdlib.h>
#include <string.h>

static struct host_task *tasks; /* the newest first, dead ones too while handles refer to them */
static uint64_t last_id;

/* ---- lives ---- */

static void end(struct host_task *task, uint64_t value, enum task_end how)
{
    if (task->dead)
        return;
    task->dead = true;
    for (uint32_t i = 0; i < HOST_SLOTS; i++)
        if (task->slots[i].kind)
            host_entry_close(&task->slots[i]);
    if (task->watched)
        host_notice(MSG_TASK_DEAD, task->watch_cookie, value, how, 0);
    if (task->paged)
        host_notice(MSG_TASK_DEAD, task->pager_cookie, value, how, 0);
}

void host_program_put(struct host_program *thread)
{
    thread->handles--;
}

static bool has_begun(const struct host_task *task)
{
    for (const struct host_program *t = task->threads; t; t = t->next)
        if (t->started)
            return true;
    return false;
}

/* Nobody refers to it or to one of its threads. */
static bool is_forgotten(const struct host_task *task)
{
    for (const struct host_program *t = task->threads; t; t = t->next)
        if (t->handles)
            return false;
    return task->handles == 0;
}

static void sweep(void)
{
    for (struct host_task **at = &tasks, *task; (task = *at) != NULL;) {
        if (!task->dead || !is_forgotten(task)) {
            at = &task->next;
            continue;
        }
        *at = task->next;
        for (struct host_program *t = task->threads, *next; t; t = next) {
            next = t->next;
            free(t);
        }
        free(task);
    }
}

void host_task_put(struct host_task *task)
{
    if (--task->handles == 0 && !task->dead && !has_begun(task))
        end(task, 0, TASK_KILLED);
}

int host_task_create(uint64_t *handle)
{
    struct host_task *task;

    sweep();
    if (host_no_more())
        return E_QUOTA;
    task = calloc(1, sizeof *task);
    if (!task)
        abort();
    task->id = ++last_id;
    *handle = host_handle(OBJ_TASK, task, RIGHT_COPY | RIGHT_MANAGE | RIGHT_INFO);
    if (!*handle) {
        free(task);
        return E_FULL;
    }
    task->next = tasks;
    tasks = task;
    return 0;
}

/* ---- handles ---- */

static struct host_task *task_of(handle_t handle, int *error)
{
    struct host_entry *e = host_entry(handle);
    struct host_task *task = e && e->kind == OBJ_TASK ? e->object : NULL;

    *error = !e ? E_HANDLE : !task ? E_TYPE : !(e->rights & RIGHT_MANAGE) ? E_RIGHTS : 0;
    if (!*error && task->dead)
        *error = E_DEAD;
    return task;
}

/* index 0: any. */
static int place(const struct host_entry *from, uint32_t rights, struct host_task *to, uint32_t index,
                 handle_t *there)
{
    int error;

    for (uint32_t i = SLOT_FREE; !index && i < HOST_SLOTS; i++)
        index = to->slots[i].kind == OBJ_NONE ? i : 0;
    if (!index || host_no_more())
        return E_FULL;
    if (index >= HOST_SLOTS)
        return E_RANGE;
    if (to->slots[index].kind)
        return E_EXISTS;
    error = host_entry_copy(from, rights, &to->slots[index]);
    *there = HANDLE_FIRST(index);
    return error;
}

int host_copy_into(handle_t handle, uint32_t rights, handle_t task, uint32_t index, handle_t *copy)
{
    int error;
    struct host_task *to = task_of(task, &error);
    struct host_entry *e = host_entry(handle);

    return error ? error : !e ? E_HANDLE : place(e, rights, to, index, copy);
}

static int copy_handles(struct host_task *to, const struct host_task *from)
{
    if (host_no_more())
        return E_QUOTA;
    for (uint32_t i = 0; i < HOST_SLOTS; i++)
        if (from->slots[i].kind && from->slots[i].rights & RIGHT_COPY)
            host_entry_copy(&from->slots[i], RIGHT_ALL, &to->slots[i]);
    memcpy(to->name, from->name, sizeof to->name);
    return 0;
}

static int copy_handle(struct host_task *to, const struct host_task *from, handle_t handle, uint64_t *value)
{
    const struct host_entry *e =
        HANDLE_INDEX(handle) < HOST_SLOTS ? &from->slots[HANDLE_INDEX(handle)] : NULL;
    handle_t there = HANDLE_NONE;
    int error = !e || !e->kind || HANDLE_GEN(handle) != 1 ? E_HANDLE : place(e, RIGHT_ALL, to, 0, &there);

    *value = there;
    return error;
}

/* ---- control ---- */

static int watch(handle_t port, uint64_t cookie, bool *set, uint64_t *where)
{
    if (HANDLE_INDEX(port) != SLOT_PORT)
        return E_TYPE;
    *set = true;
    *where = cookie;
    return 0;
}

static int info(const struct host_task *task, struct task_info *to)
{
    *to = (struct task_info){.id = task->id, .dead = task->dead};
    for (const struct host_program *t = task->threads; t; t = t->next)
        to->threads++;
    memcpy(to->name, task->name, sizeof to->name);
    return 0;
}

int host_task_ctl(handle_t handle, enum task_op op, uint64_t a, uint64_t b, uint64_t c, uint64_t *value)
{
    int error;
    struct host_task *task = task_of(handle, &error), *from = NULL;

    (void)c;
    if (error == E_DEAD && (op == TASK_INFO || op == TASK_KILL))
        error = 0;
    if (!error && (op == TASK_COPY_HANDLES || op == TASK_COPY_HANDLE))
        from = task_of((handle_t)a, &error);
    if (error)
        return error;
    switch (op) {
    case TASK_KILL: end(task, a, TASK_KILLED); return 0;
    case TASK_SET_PAGER: return watch((handle_t)a, b, &task->paged, &task->pager_cookie);
    case TASK_WATCH: return watch((handle_t)a, b, &task->watched, &task->watch_cookie);
    case TASK_COPY_HANDLES: return copy_handles(task, from);
    case TASK_COPY_HANDLE: return copy_handle(task, from, (handle_t)b, value);
    case TASK_INFO: return info(task, (struct task_info *)a);
    case TASK_THREAD:
        if (!task->threads || host_no_more())
            return task->threads ? E_FULL : E_NOENT;
        *value = host_handle(OBJ_THREAD, task->threads, RIGHT_MANAGE);
        return *value ? 0 : E_FULL;
    case TASK_LIMIT: return 0; /* nothing is counted */
    case TASK_SUSPEND:
    case TASK_RESUME: task->suspended = op == TASK_SUSPEND; return 0;
    case TASK_NAME:
        memset(task->name, 0, sizeof task->name);
        memcpy(task->name, (const char *)a, b < sizeof task->name ? b : sizeof task->name - 1);
        return 0;
    default: return E_NOSYS;
    }
}

int host_thread_create(handle_t handle, uint64_t *thread)
{
    int error;
    struct host_task *task = task_of(handle, &error);
    struct host_program *made;

    if (error || host_no_more())
        return error ? error : E_QUOTA;
    made = calloc(1, sizeof *made);
    if (!made)
        abort();
    made->task = task;
    made->next = task->threads;
    task->threads = made;
    *thread = host_handle(OBJ_THREAD, made, RIGHT_MANAGE);
    return *thread ? 0 : E_FULL;
}

/* A task's calling thread is the one that it has. */
static int copy_registers(struct host_program *to, const struct host_task *from)
{
    if (!from->threads)
        return E_NOENT;
    to->regs = from->threads->regs;
    to->regs.rax = to->regs.rdi = to->regs.rsi = to->regs.rdx = 0;
    return 0;
}

int host_thread_ctl(handle_t handle, enum thread_op op, uint64_t a)
{
    struct host_entry *e = host_entry(handle), *source;
    struct host_program *thread = e && e->kind == OBJ_THREAD ? e->object : NULL;

    if (op == THREAD_UNCANCEL)
        return 0;
    if (!thread)
        return E_HANDLE;
    switch (op) {
    case THREAD_START: thread->started = true; return 0;
    case THREAD_INFO: *(struct thread_info *)a = (struct thread_info){.task_id = thread->task->id}; return 0;
    case THREAD_GET_REGS: *(struct thread_regs *)a = thread->regs; return 0;
    case THREAD_SET_REGS: thread->regs = *(const struct thread_regs *)a; return 0;
    case THREAD_COPY:
        source = host_entry((handle_t)a);
        if (!source || source->kind != OBJ_TASK)
            return E_HANDLE;
        return copy_registers(thread, source->object);
    default: return E_NOSYS;
    }
}

/* ---- what a test sees of them ---- */

static struct host_task *find(uint64_t id)
{
    struct host_task *task = tasks;

    while (task && task->id != id)
        task = task->next;
    return task;
}

uint32_t ipc_host_tasks(void)
{
    uint32_t n = 0;

    pthread_mutex_lock(&host_lock);
    for (const struct host_task *t = tasks; t; t = t->next)
        n += !t->dead;
    pthread_mutex_unlock(&host_lock);
    return n;
}

uint64_t ipc_host_last_task(void)
{
    return last_id;
}

bool ipc_host_task(uint64_t id, struct ipc_host_task *out)
{
    const struct host_task *task;

    pthread_mutex_lock(&host_lock);
    task = find(id);
    if (task) {
        *out = (struct ipc_host_task){
            .dead = task->dead, .started = has_begun(task), .suspended = task->suspended};
        memcpy(out->name, task->name, sizeof out->name);
    }
    pthread_mutex_unlock(&host_lock);
    return task && !task->dead;
}

handle_t ipc_host_task_handle(uint64_t id, uint32_t slot)
{
    const struct host_task *task;
    handle_t handle = HANDLE_NONE;

    pthread_mutex_lock(&host_lock);
    task = find(id);
    if (task && slot < HOST_SLOTS && task->slots[slot].kind)
        handle = host_handle(task->slots[slot].kind, task->slots[slot].object, task->slots[slot].rights);
    pthread_mutex_unlock(&host_lock);
    return handle;
}

void ipc_host_task_end(uint64_t id, uint64_t value, enum task_end how)
{
    struct host_task *task;

    pthread_mutex_lock(&host_lock);
    task = find(id);
    if (task)
        end(task, value, how);
    sweep();
    pthread_mutex_unlock(&host_lock);
    ipc_host_settle();
}
