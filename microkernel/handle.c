/* Handle tables: 16-bit index, 16-bit generation; free slots form a list; pages of slots come on demand.
 *
 * Invariants
 * H1 slot 0 is never used; a slot is free exactly when its object is NULL
 * H2 free counts the slots on the free list; reserved <= free
 * H3 the generation of a slot grows each time that it is freed, and is never 0 */
#include <hooks.h>
#include <kmem.h>
#include <port.h>

static struct handle_entry *entry_at(struct handle_table *table, uint32_t index)
{
    uint32_t page = index / HANDLES_PER_PAGE;
    return page < table->pages ? &table->page[page][index % HANDLES_PER_PAGE] : NULL;
}

int handle_entry(struct task *task, handle_t handle, struct handle_entry **out)
{
    struct handle_entry *entry = entry_at(task->handles, HANDLE_INDEX(handle));
    if (!entry || !entry->object || entry->generation != HANDLE_GEN(handle))
        return E_HANDLE;
    *out = entry;
    return 0;
}

enum object_kind handle_kind(const struct handle_entry *entry)
{
    return entry->serial ? OBJ_REPLY : entry->object->kind;
}

int handle_get(struct task *task, handle_t handle, enum object_kind kind, uint32_t rights,
               struct object **out)
{
    struct handle_entry *entry;
    TRY(handle_entry(task, handle, &entry));
    if (kind != OBJ_NONE && handle_kind(entry) != kind)
        return E_TYPE;
    if ((entry->rights & rights) != rights)
        return E_RIGHTS;
    *out = entry->object;
    return 0;
}

/* One more page of slots. Free slots are chained through `serial` from the lowest on. */
static int table_grow(struct task *task)
{
    struct handle_table *table = task->handles;
    if (task->dying)
        return E_DEAD;
    if (table->pages == HANDLE_PAGES)
        return E_FULL;
    void *memory;
    TRY(kmem_alloc(task->account, PAGE_SIZE, &memory));
    struct handle_entry *slots = memory;
    uint32_t base = table->pages * HANDLES_PER_PAGE;
    table->page[table->pages++] = slots;
    for (uint32_t i = HANDLES_PER_PAGE; i-- > 0;) {
        slots[i].generation = 1;
        if (base + i == 0)
            continue;
        slots[i].serial = table->first_free;
        table->first_free = base + i;
        table->free++;
    }
    return 0;
}

int handle_reserve(struct task *task, uint32_t n)
{
    struct handle_table *table = task->handles;
    if (table->free - table->reserved < n)
        TRY(table_grow(task));
    table->reserved += n;
    return 0;
}

void handle_unreserve(struct task *task, uint32_t n)
{
    DEBUG_ASSERT(task->handles->reserved >= n);
    task->handles->reserved -= n;
}

/* Unlink a free slot: the first one (index 0), or a given one, for which the list is searched: callers that
 * name a slot do so in young tables only, where it is found soon. */
static int take_slot(struct handle_table *table, uint32_t index, uint32_t *out)
{
    uint32_t *link = &table->first_free;
    if (index) {
        while (*link && *link != index)
            link = &entry_at(table, *link)->serial;
    }
    if (!*link)
        return E_BUSY;
    *out = *link;
    *link = entry_at(table, *out)->serial;
    table->free--;
    table->used++;
    return 0;
}

static handle_t fill_slot(struct handle_table *table, uint32_t index, struct object *object, uint32_t rights,
                          uint32_t serial)
{
    struct handle_entry *entry = entry_at(table, index);
    entry->object = object;
    entry->rights = (uint16_t)rights;
    entry->serial = serial;
    object_open(object, serial ? 0 : rights);
    return HANDLE_MAKE(index, entry->generation);
}

static int insert(struct task *task, struct object *object, uint32_t rights, uint32_t index, uint32_t serial,
                  handle_t *out)
{
    struct handle_table *table = task->handles;
    if (task->dying)
        return E_DEAD;
    if (index >= HANDLES_PER_PAGE)
        return E_RANGE;
    if (table->free - table->reserved == 0)
        TRY(table_grow(task));
    uint32_t slot;
    TRY(take_slot(table, index, &slot));
    *out = fill_slot(table, slot, object, rights, serial);
    return 0;
}

int handle_insert(struct task *task, struct object *object, uint32_t rights, uint32_t index, handle_t *out)
{
    return insert(task, object, rights, index, 0, out);
}

int handle_insert_reply(struct task *task, struct object *caller, uint32_t serial, handle_t *out)
{
    return insert(task, caller, 0, 0, serial, out);
}

handle_t handle_insert_reserved(struct task *task, struct object *object, uint32_t rights)
{
    struct handle_table *table = task->handles;
    DEBUG_ASSERT(table->reserved > 0);
    uint32_t slot = 0;
    int error = take_slot(table, 0, &slot);
    ASSERT(!error);
    table->reserved--;
    return fill_slot(table, slot, object, rights, 0);
}

static void free_slot(struct task *task, uint32_t index)
{
    struct handle_table *table = task->handles;
    struct handle_entry *entry = entry_at(table, index);
    struct object *object = entry->object;
    uint32_t serial = entry->serial, rights = entry->rights;
    entry->object = NULL;
    if (++entry->generation == 0)
        entry->generation = 1;
    entry->serial = table->first_free;
    table->first_free = index;
    table->free++;
    table->used--;
    if (!serial) {
        object_close(object, rights);
        return;
    }
    /* A reply that is given up: nobody else can answer. A dying server's callers are dealt with by its loans.
     */
    struct thread *caller = (struct thread *)object;
    if (caller->serial == serial && caller->served_by && !task->dying)
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
    struct handle_table *table = task->handles;
    uint32_t end = table->pages * HANDLES_PER_PAGE;
    for (uint32_t looked = 0; task->reap_handle < end && most && looked < 4 * HANDLES_PER_PAGE; looked++) {
        uint32_t index = task->reap_handle++;
        if (entry_at(table, index)->object) {
            free_slot(task, index);
            most--;
        }
    }
    if (task->reap_handle < end)
        return false;
    while (table->pages > 0)
        kmem_free(task->account, table->page[--table->pages], PAGE_SIZE);
    table->free = table->first_free = 0;
    return true;
}

/* ---- system calls ---- */

/* What a copy of a port handle may carry: the right to receive is lent, never copied. */
static uint32_t copy_rights(const struct handle_entry *entry)
{
    return entry->rights & ~(uint32_t)(entry->object->kind == OBJ_PORT ? RIGHT_RECV : 0);
}

int sys_handle_copy(struct thread *thread, struct syscall *s)
{
    struct handle_entry *entry;
    TRY(handle_entry(thread->task, (handle_t)s->a[0], &entry));
    uint32_t rights = s->a[1] == RIGHT_ALL ? copy_rights(entry) : (uint32_t)s->a[1];
    if (handle_kind(entry) == OBJ_REPLY)
        return E_TYPE;
    if (!(entry->rights & RIGHT_COPY) || (rights & ~copy_rights(entry)) || s->a[1] > RIGHT_ALL)
        return E_RIGHTS;
    struct object *task = &thread->task->object;
    if (s->a[2])
        TRY(handle_get(thread->task, (handle_t)s->a[2], OBJ_TASK, RIGHT_MANAGE, &task));
    handle_t handle;
    int error = s->a[3] > UINT32_MAX
                    ? E_RANGE
                    : handle_insert((struct task *)task, entry->object, rights, (uint32_t)s->a[3], &handle);
    s->r[0] = error ? 0 : handle;
    return error;
}

int sys_handle_close(struct thread *thread, struct syscall *s)
{
    return handle_close(thread->task, (handle_t)s->a[0]);
}

int sys_handle_info(struct thread *thread, struct syscall *s)
{
    struct handle_entry *entry;
    TRY(handle_entry(thread->task, (handle_t)s->a[0], &entry));
    struct handle_info info = {.kind = handle_kind(entry), .rights = entry->rights};
    if (info.kind == OBJ_TASK)
        info.id = ((struct task *)entry->object)->id;
    else if (info.kind == OBJ_THREAD)
        info.id = ((struct thread *)entry->object)->id;
    else if (info.kind == OBJ_SESSION) {
        struct session *session = (struct session *)entry->object;
        if (session->port->borrower == thread->task ||
            (!session->port->borrower && session->port->object.account == thread->task->account))
            info.id = session->badge;
    }
    return user_write(s->a[1], &info, sizeof info) ? SYS_TOUCH : 0;
}

/* Same slots, same generations: what fork needs, because the child's memory holds the parent's handle values.
 * The cost is bounded by the table's pages a call; the copy goes on where the child's table ends. */
int handle_copy_table(struct task *to, struct task *from)
{
    if (to->copy_cursor == 0 && to->handles->used != 0)
        return E_BUSY;
    if (to->dying)
        return E_DEAD;
    while (to->handles->pages < from->handles->pages)
        TRY(table_grow(to));
    uint32_t end = from->handles->pages * HANDLES_PER_PAGE;
    for (uint32_t done = 0; to->copy_cursor < end; to->copy_cursor++) {
        if (done++ == HANDLES_PER_PAGE)
            return SYS_RESTART;
        struct handle_entry *source = entry_at(from->handles, to->copy_cursor);
        struct handle_entry *target = entry_at(to->handles, to->copy_cursor);
        target->generation = source->generation;
        if (!source->object || handle_kind(source) == OBJ_REPLY || !(source->rights & RIGHT_COPY))
            continue;
        target->object = source->object;
        target->rights = (uint16_t)copy_rights(source);
        object_open(target->object, target->rights);
        to->handles->used++;
    }
    /* The free list is made anew: every slot that stayed empty, lowest first. */
    struct handle_table *table = to->handles;
    table->first_free = table->free = 0;
    for (uint32_t i = table->pages * HANDLES_PER_PAGE; --i > 0;) {
        struct handle_entry *entry = entry_at(table, i);
        if (entry->object) {
            entry->serial = 0;
            continue;
        }
        entry->serial = table->first_free;
        table->first_free = i;
        table->free++;
    }
    to->copy_cursor = 0;
    return 0;
}
