/* Futexes: private ones keyed by space and address, shared ones by frame. Wakes may be spurious; waiting
 * threads of equal keys hang in one bucket of a hash table, by thread->run. */
#include <sched.h>

#define BUCKETS 256
#define STEP    96          /* threads moved before other events get their turn */
#define MOVED   (1ul << 63) /* no deadline; what is beyond it is how many threads earlier steps have moved */

static struct list bucket[BUCKETS];

static struct list *bucket_of(futex_key_t key)
{
    uint64_t h = ((uint64_t)(key >> 64) ^ (uint64_t)key >> 2) * 0x9e3779b97f4a7c15ul;
    struct list *l = &bucket[h >> 56];
    if (!l->next)
        list_init(l);
    return l;
}

/* The running task's id, or 0 for a shared one, and the address, virtual or physical: so the page of a shared
 * one must be there, and is read first, which also brings it in. */
static int make_key(struct task *task, vaddr_t word, bool shared, futex_key_t *key)
{
    uint32_t probe;
    paddr_t frame;
    FAIL_IF(word % sizeof probe || word < USER_MIN || word >= USER_END, E_INVAL);
    *key = (futex_key_t)task->id << 64 | word;
    if (!shared)
        return 0;
    TRY(user_read(&probe, word, sizeof probe));
    TRY(vms_resolve(&task->vms, word, VMS_READ, &frame));
    *key = frame;
    return 0;
}

/* Threads that wait at a key are woken, or, with another key `to` (0: none), wait there from now on, until
 * *moved is `most`. SYS_RESTART: there may be more. */
static int move(futex_key_t key, uint64_t most, futex_key_t to, uint64_t *moved)
{
    struct list *head = bucket_of(key);
    uint32_t n = 0;
    for (struct list *l = head->next, *next; l != head && *moved < most; l = next) {
        next = l->next;
        struct thread *t = container_of(l, struct thread, run);
        if (t->futex_key != key)
            continue;
        FAIL_IF(n++ == STEP, SYS_RESTART);
        list_remove(&t->run);
        ++*moved;
        if (to) {
            t->futex_key = to;
            list_add_tail(bucket_of(to), &t->run);
        } else {
            t->frame.rax = 0;
            sched_ready(t, SCHED_TAIL);
        }
    }
    return 0;
}

int futex_wake_all(struct task *task, vaddr_t word)
{
    futex_key_t key;
    paddr_t frame;
    uint64_t moved = 0;
    TRY(make_key(task, word, false, &key));
    TRY(move(key, UINT64_MAX, 0, &moved));
    return vms_resolve(&task->vms, word, VMS_READ, &frame) ? 0 : move(frame, UINT64_MAX, 0, &moved);
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

int sys_futex(struct thread *thread, struct syscall *s)
{
    bool shared = s->a[0] & FUTEX_SHARED;
    futex_key_t key, to = 0;
    TRY(make_key(thread->task, s->a[1], shared, &key));
    uint32_t value = (uint32_t)s->a[2];
    uint64_t op = s->a[0] & ~(uint64_t)FUTEX_SHARED;
    s->r[0] = s->a[3] - MOVED <= 2ul * UINT32_MAX ? s->a[3] - MOVED : 0;
    if (op == FUTEX_WAIT)
        return wait(thread, s->a[1], value, s->a[3], key);
    if (op == FUTEX_REQUEUE)
        TRY(make_key(thread->task, s->a[4], shared, &to));
    FAIL_IF(op != FUTEX_WAKE && (op != FUTEX_REQUEUE || key == to), E_INVAL);
    int error = move(key, value, 0, &s->r[0]);
    if (!error && to)
        error = move(key, value + (s->a[5] & UINT32_MAX), to, &s->r[0]);
    s->a[3] = MOVED + s->r[0];
    return error;
}
