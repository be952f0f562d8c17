/* Futexes: private ones keyed by space and address, shared ones by frame. Wakes may be spurious; waiting
 * threads of equal keys hang in one bucket of a hash table, by thread->run. */
#include <sched.h>

#define BUCKETS 256

static struct list bucket[BUCKETS];

static struct list *bucket_of(futex_key_t key)
{
    uint64_t h = ((uint64_t)(key >> 64) ^ (uint64_t)key >> 2) * 0x9e3779b97f4a7c15ul;
    struct list *l = &bucket[h >> 56];
    if (!l->next)
        list_init(l);
    return l;
}

/* The task's id, or 0 for a shared one, and the address, virtual or physical. */
static int make_key(struct task *task, vaddr_t word, bool shared, futex_key_t *key)
{
    paddr_t frame;
    FAIL_IF(word % sizeof(uint32_t) || word < USER_MIN || word >= USER_END, E_INVAL);
    *key = (futex_key_t)task->id << 64 | word;
    if (!shared)
        return 0;
    TRY(vms_resolve(&task->vms, word, VMS_READ, &frame));
    *key = frame;
    return 0;
}

/* Up to `most` threads that wait at a key are woken, or, with another key `to` (0: none), wait there from now
 * on. */
static uint32_t move(futex_key_t key, uint32_t most, futex_key_t to)
{
    struct list *head = bucket_of(key);
    uint32_t moved = 0;
    for (struct list *l = head->next, *next; l != head && moved < most; l = next) {
        next = l->next;
        struct thread *t = container_of(l, struct thread, run);
        if (t->futex_key != key)
            continue;
        list_remove(&t->run);
        moved++;
        if (to) {
            t->futex_key = to;
            list_add_tail(bucket_of(to), &t->run);
        } else {
            t->frame.rax = 0;
            sched_ready(t, SCHED_TAIL);
        }
    }
    return moved;
}

uint32_t futex_wake_word(struct task *task, vaddr_t word, uint32_t most)
{
    futex_key_t key;
    uint32_t woken = 0;
    if (make_key(task, word, false, &key) == 0)
        woken = move(key, most, 0);
    if (make_key(task, word, true, &key) == 0)
        woken += move(key, most - woken, 0);
    return woken;
}

static int wait(struct thread *thread, vaddr_t word, uint32_t value, uint64_t deadline, futex_key_t key)
{
    uint32_t now;
    TRY(user_read(&now, word, sizeof now));
    FAIL_IF(now != value, E_AGAIN);
    FAIL_IF(thread->flags & THREAD_F_CANCEL, E_CANCELLED);
    FAIL_IF(deadline != DEADLINE_NEVER && deadline <= time_now(), E_TIMEDOUT);
    thread->futex_key = key;
    sched_block(thread, THREAD_FUTEX);
    list_add_tail(bucket_of(key), &thread->run);
    deadline_set(thread, deadline);
    return SYS_BLOCKED;
}

/* A shared key needs the frame, so the page must be there: read it first, which also brings it in. */
static int resolve_key(struct thread *thread, vaddr_t word, bool shared, futex_key_t *key)
{
    uint32_t probe;
    int error = make_key(thread->task, word, false, key);
    if (error || !shared)
        return error;
    TRY(user_read(&probe, word, sizeof probe));
    return make_key(thread->task, word, true, key);
}

int sys_futex(struct thread *thread, struct syscall *s)
{
    bool shared = s->a[0] & FUTEX_SHARED;
    futex_key_t key, key2;
    TRY(resolve_key(thread, s->a[1], shared, &key));
    uint32_t value = (uint32_t)s->a[2], count = (uint32_t)s->a[5];
    switch (s->a[0] & ~(uint64_t)FUTEX_SHARED) {
    case FUTEX_WAIT: return wait(thread, s->a[1], value, s->a[3], key);
    case FUTEX_WAKE: s->r[0] = move(key, value, 0); return 0;
    case FUTEX_REQUEUE:
        TRY(resolve_key(thread, s->a[4], shared, &key2));
        FAIL_IF(key == key2, E_INVAL);
        s->r[0] = move(key, value, 0);
        s->r[0] += move(key, count, key2);
        return 0;
    default: return E_INVAL;
    }
}
