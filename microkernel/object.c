/* Objects: creation, references, accounts, and destruction one step at a time. */
#include <hardware.h>
#include <sched.h>

struct list object_ending = {&object_ending, &object_ending};

static size_t object_size[OBJ_KINDS]; /* noted at the first creation of each kind */

int object_create(struct account *account, enum object_kind kind, size_t size, void *out)
{
    struct object *object;
    TRY(kmem_alloc(account, size, &object));
    object->kind = kind;
    object->refs = 1;
    object->account = account;
    account->refs++;
    object_size[kind] = size;
    stats.objects[kind]++;
    *(struct object **)out = object;
    return 0;
}

void object_put(struct object *object)
{
    DEBUG_ASSERT(object->refs > 0);
    if (--object->refs == 0 && !object->doomed) {
        object->doomed = true;
        sched_work = true;
        list_add_tail(&object_ending, &object->ending);
    }
}

void object_end(struct object *object)
{
    object_get(object);
    list_add_tail(&object_ending, &object->ending);
    sched_work = true;
}

void object_open(struct object *object, uint32_t rights)
{
    object_get(object);
    if (object->kind == OBJ_PORT) {
        ((struct port *)object)->owners += (rights & RIGHT_MANAGE) != 0;
        ((struct port *)object)->takers += (rights & RIGHT_RECV) != 0;
    }
}

void object_close(struct object *object, uint32_t rights)
{
    if (object->kind == OBJ_PORT)
        port_closed((struct port *)object, rights);
    else if (object->kind == OBJ_SESSION)
        session_closed((struct session *)object);
    object_put(object);
}

/* The others (authorities, port ranges, device memory) are only words. */
static bool (*const destroy[OBJ_KINDS])(struct object *) = {
    [OBJ_TASK] = task_destroy,       [OBJ_THREAD] = thread_destroy, [OBJ_PORT] = port_destroy,
    [OBJ_SESSION] = session_destroy, [OBJ_IRQ] = irq_destroy,
};

/* The object at the front gets one step; an unfinished one goes to the back, so that a large task does not
 * hold up the small objects behind it. */
void object_reap(void)
{
    struct object *object = container_of(object_ending.next, struct object, ending);
    bool (*step)(struct object *) = object->doomed             ? destroy[object->kind]
                                    : object->kind == OBJ_TASK ? task_end_step
                                                               : port_end_step;
    list_remove(&object->ending);
    if (step && !step(object)) {
        list_add_tail(&object_ending, &object->ending);
    } else if (!object->doomed) {
        object_put(object);
    } else {
        struct account *account = object->account;
        stats.objects[object->kind]--;
        kmem_free(account, object, object_size[object->kind]);
        account_put(account);
    }
}

/* ---- accounts ---- */

struct account account_nobody = {.limit = UINT64_MAX, .refs = 1};

int account_create(uint64_t limit, struct account **out)
{
    TRY(kmem_alloc(&account_nobody, sizeof **out, out));
    **out = (struct account){.limit = limit, .refs = 1};
    return 0;
}

void account_put(struct account *account)
{
    if (account && --account->refs == 0) {
        DEBUG_ASSERT(account->used == 0);
        kmem_free(&account_nobody, account, sizeof(struct account));
    }
}

int account_charge(struct account *account, uint64_t bytes)
{
    FAIL_IF(bytes > account->limit || account->used > account->limit - bytes, E_QUOTA);
    account->used += bytes;
    return 0;
}

void account_refund(struct account *account, uint64_t bytes)
{
    DEBUG_ASSERT(account->used >= bytes);
    account->used -= bytes;
}
