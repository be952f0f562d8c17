/* Handle tables: 16-bit index, 16-bit generation; free slots form a list; pages of slots come on demand.
 *
 * Invariants
 * H1 slot 0 is never used; a slot is free exactly when its object is NULL
 * H2 free counts the slots on the free list, and those from `fresh` on, which are all zero; reserved <= free
 * H3 the generation of a slot grows each time that it is freed; of a used one it is never 0
 * H4 a slot's id is a handle that finds this slot exactly while it is used; RIGHT_CALL stands in handles of
 *    sessions only, RIGHT_RECV in those of ports, HANDLE_REPLY in those of threads; slot 0 has no rights:
 *    fastpath.S counts on all this
 */
#include <port.h>

#define COPY_STEP   128 /* slots copied before other events get their turn */
#define SEARCH_MOST 512 /* free slots passed over to find a certain one */

static struct handle_entry *entry_at(struct handle_table *table, uint32_t index)
{
    uint32_t page = index / HANDLES_PER_PAGE;
    return page < table->pages ? &table->page[page][index % HANDLES_PER_PAGE] : NULL;
}

int handle_entry(struct task *task, handle_t handle, struct handle_entry **out)
{
    struct handle_entry *entry = entry_at(&task->handles, HANDLE_INDEX(handle));
    FAIL_IF(!entry || entry->id != handle, E_HANDLE);
    *out = entry;
    return 0;
}

enum object_kind handle_kind(const struct handle_entry *entry)
{
    return entry->rights & HANDLE_REPLY ? OBJ_REPLY : entry->object->kind;
}

int handle_get(struct task *task, handle_t handle, enum object_kind kind, uint32_t any, void *out)
{
    struct handle_entry *entry;
    TRY(handle_entry(task, handle, &entry));
    FAIL_IF(handle_kind(entry) != kind, E_TYPE);
    FAIL_IF(!(entry->rights & any), E_RIGHTS);
    if (out)
        *(struct object **)out = entry->object;
    return 0;
}

static int copy_of(const struct handle_entry *entry, struct handle_entry *out)
{
    FAIL_IF(handle_kind(entry) == OBJ_REPLY, E_TYPE);
    *out = *entry;
    out->rights &= ~(uint32_t)(entry->object->kind == OBJ_PORT ? RIGHT_RECV : 0);
    return entry->rights & RIGHT_COPY ? 0 : E_RIGHTS;
}

int handle_copyable(struct task *task, handle_t handle, struct handle_entry *out)
{
    struct handle_entry *entry;
    TRY(handle_entry(task, handle, &entry));
    return copy_of(entry, out);
}

/* Free slots are chained through `rights`. */
static void chain(struct handle_table *table, uint32_t index)
{
    entry_at(table, index)->rights = table->first_free;
    table->first_free = index;
}

int handle_grow(struct task *task)
{
    struct handle_table *table = &task->handles;
    FAIL_IF(task->dying, E_DEAD);
    FAIL_IF(table->pages == HANDLE_PAGES, E_FULL);
    TRY(kmem_alloc(task->account, PAGE_SIZE, &table->page[table->pages]));
    table->free += HANDLES_PER_PAGE;
    if (table->pages++ == 0) {
        table->fresh = 1;
        table->free--;
        table->page[0]->id = HANDLE_FREE(1); /* zero, it would be found by handle 0 */
    }
    return 0;
}

int handle_reserve(struct task *task, uint32_t n)
{
    struct handle_table *table = &task->handles;
    FAIL_IF(task->copy_cursor, E_BUSY);
    if (table->free - table->reserved < n)
        TRY(handle_grow(task));
    table->reserved += n;
    return 0;
}

/* Fill a free slot: the first one (index 0), or a given one, for which the list is searched, but not far: who
 * names a slot does so in a young table, where it is found soon. There is a free slot. */
static int fill(struct handle_table *table, uint32_t index, struct object *object, uint32_t rights,
                uint64_t *out)
{
    uint32_t *link = &table->first_free, end = table->fresh + !table->first_free;
    if (end <= index)
        end = index + 1;
    for (uint32_t i = end; i > table->fresh;)
        chain(table, --i);
    table->fresh = end;
    for (uint32_t n = 0; index && *link && *link != index; n++) {
        FAIL_IF(n == SEARCH_MOST, E_BUSY);
        link = &entry_at(table, *link)->rights;
    }
    FAIL_IF(!*link, E_BUSY);
    index = *link;
    struct handle_entry *entry = entry_at(table, index);
    uint32_t generation = HANDLE_GEN(entry->id);
    *link = entry->rights;
    table->free--;
    table->used++;
    stats.handles++;
    entry->object = object;
    entry->id = HANDLE_MAKE(index, generation ? generation : 1);
    entry->rights = rights;
    object_open(object, rights);
    *out = entry->id;
    return 0;
}

int handle_insert(struct task *task, struct object *object, uint32_t rights, uint64_t index, uint64_t *out)
{
    FAIL_IF(task->dying, E_DEAD);
    FAIL_IF(task->copy_cursor, E_BUSY); /* slots that seem free may be filled already */
    FAIL_IF(index >= HANDLES_PER_PAGE, E_RANGE);
    if (task->handles.free == task->handles.reserved)
        TRY(handle_grow(task));
    return fill(&task->handles, (uint32_t)index, object, rights, out);
}

int handle_insert_new(struct task *task, struct object *object, uint32_t rights, uint64_t *out)
{
    int error = handle_insert(task, object, rights, 0, out);
    object_put(object);
    return error;
}

uint64_t handle_insert_reserved(struct task *task, struct object *object, uint32_t rights)
{
    uint64_t handle = 0;
    DEBUG_ASSERT(task->handles.reserved > 0);
    task->handles.reserved--;
    ASSERT(fill(&task->handles, 0, object, rights, &handle) == 0);
    return handle;
}

static void free_slot(struct task *task, uint32_t index)
{
    struct handle_table *table = &task->handles;
    struct handle_entry *entry = entry_at(table, index);
    struct object *object = entry->object;
    uint32_t rights = entry->rights;
    entry->object = NULL;
    entry->id = HANDLE_FREE((HANDLE_GEN(entry->id) + 1) & 0xffff);
    chain(table, index);
    table->free++;
    table->used--;
    stats.handles--;
    if (!(rights & HANDLE_REPLY)) {
        object_close(object, rights);
        return;
    }
    /* A reply that is given up: nobody else can answer. A dying server's callers are dealt with by its loans. */
    struct thread *caller = (struct thread *)object;
    if (caller->serial == rights && !task->dying)
        ipc_fail_caller(caller, E_DEAD);
    object_put(object);
}

int handle_close(struct task *task, handle_t handle)
{
    struct handle_entry *entry;
    TRY(handle_entry(task, handle, &entry));
    free_slot(task, HANDLE_INDEX(handle));
    return 0;
}

bool handle_close_some(struct task *task, uint32_t most)
{
    struct handle_table *table = &task->handles;
    for (uint32_t looked = 0; table->used; looked++) {
        if (!most || looked == 4 * HANDLES_PER_PAGE)
            return false;
        uint32_t index = task->reap_handle++;
        if (entry_at(table, index)->object) {
            free_slot(task, index);
            most--;
        }
    }
    if (table->pages)
        kmem_free(task->account, table->page[--table->pages], PAGE_SIZE);
    return !table->pages;
}

/* ---- system calls ---- */

int sys_handle_copy(struct thread *thread, struct syscall *s)
{
    struct handle_entry copy;
    struct task *task = thread->task;
    TRY(handle_copyable(thread->task, s->a[0], &copy));
    uint32_t rights = s->a[1] == RIGHT_ALL ? copy.rights : (uint32_t)s->a[1];
    FAIL_IF(s->a[1] > RIGHT_ALL || rights & ~(uint32_t)copy.rights, E_RIGHTS);
    if (s->a[2])
        TRY(handle_get(thread->task, s->a[2], OBJ_TASK, RIGHT_MANAGE, &task));
    return handle_insert(task, copy.object, rights, s->a[3], &s->r[0]);
}

int sys_handle_close(struct thread *thread, struct syscall *s)
{
    return handle_close(thread->task, s->a[0]);
}

int sys_handle_info(struct thread *thread, struct syscall *s)
{
    struct handle_entry *entry;
    if (!s->a[0] && thread->caller)
        return user_write(s->a[1], &(struct handle_info){OBJ_REPLY, 0, thread->caller->task->id},
                          sizeof(struct handle_info));
    TRY(handle_entry(thread->task, s->a[0], &entry));
    struct handle_info info = {.kind = handle_kind(entry),
                               .rights = entry->rights & HANDLE_REPLY ? 0 : entry->rights};
    const struct session *session = (const struct session *)entry->object;
    if (info.kind == OBJ_TASK)
        info.id = ((struct task *)entry->object)->id;
    else if (info.kind == OBJ_THREAD)
        info.id = ((struct thread *)entry->object)->id;
    else if (info.kind == OBJ_SESSION &&
             (session->port->borrower ? session->port->borrower == thread->task
                                      : session->port->object.account == thread->task->account))
        info.id = session->badge;
    return user_write(s->a[1], &info, sizeof info);
}

/* Same slots, same generations: what fork needs, because the child's memory holds the parent's handle values.
 * So many slots a call, downwards, so that the free list begins with the lowest. */
int handle_copy_table(struct task *to, struct task *from)
{
    struct handle_table *table = &to->handles;
    FAIL_IF(to->dying || from->dying, E_DEAD);
    if (!to->copy_cursor) {
        FAIL_IF(table->used || table->reserved, E_BUSY);
        if (table->pages < from->handles.pages)
            TRY(handle_grow(to));
        FAIL_IF(table->pages < from->handles.pages, SYS_RESTART); /* one page is enough for one step */
        table->first_free = 0;
        __builtin_memcpy(to->name, from->name, sizeof to->name);
        to->copy_cursor = table->fresh = from->handles.fresh;
    }
    for (uint32_t n = 0; to->copy_cursor > 1; n++) {
        FAIL_IF(n == COPY_STEP, SYS_RESTART);
        uint32_t index = --to->copy_cursor;
        struct handle_entry *target = entry_at(table, index), *source = entry_at(&from->handles, index), copy;
        if (source && source->object && !copy_of(source, &copy)) {
            *target = copy;
            object_open(copy.object, copy.rights);
            table->free--;
            table->used++;
            stats.handles++;
        } else {
            target->id = HANDLE_FREE(source ? HANDLE_GEN(source->id) : 0);
            chain(table, index);
        }
    }
    to->copy_cursor = 0;
    return 0;
}
