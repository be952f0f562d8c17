/* Futexes: private ones keyed by space and address, shared ones by frame. Wakes may be spurious.
 *
 * Threads that wait at equal keys form a ring, by thread->peers, in the order in which they came; the first is
 * in a tree, by thread->waits. There is a tree for each of some values of a hash, to be quick where few wait. */
#include <sched.h>

#define TREES 256
#define STEP  64          /* threads moved before other events get their turn, of each kind of key */
#define MOVED (1ul << 63) /* no deadline; what is beyond it is how many threads earlier steps have moved */

static struct tree_node *tree[TREES];
static uint32_t shared_waiting; /* threads that wait at shared ones */

/* Where the first thread that waits at a key is linked, or would have to be. */
static struct tree_node **place_of(tree_key_t key)
{
    uint64_t h = ((uint64_t)(key >> 64) ^ (uint64_t)key >> 2) * 0x9e3779b97f4a7c15ul;
    return tree_find(&tree[h >> 56], key);
}

/* The running task's id, or 0 for a shared one, and the address, virtual or physical: so the page of a shared
 * one must be there, and is read first, which also brings it in. */
static int make_key(struct task *task, vaddr_t word, bool shared, tree_key_t *key)
{
    uint32_t probe;
    paddr_t frame;
    FAIL_IF(word % sizeof probe || word < USER_MIN || word >= USER_END, E_INVAL);
    *key = (tree_key_t)task->id << 64 | word;
    if (!shared)
        return 0;
    TRY(user_read(&probe, word, sizeof probe));
    TRY(vms_resolve(&task->vms, word, VMS_READ, &frame));
    *key = frame;
    return 0;
}

/* The thread waits at a key from now on, after all others. first: the first of them, which is given, too; NULL:
 * unknown. */
static struct tree_node *enter(struct thread *thread, tree_key_t key, struct tree_node *first)
{
    struct tree_node **at = first ? &first : place_of(key);
    thread->waits.key = key;
    shared_waiting += key >> 64 == 0;
    if (*at)
        list_add_tail(&container_of(*at, struct thread, waits)->peers, &thread->peers);
    else
        tree_add(at, &thread->waits, key);
    return *at;
}

/* The thread waits no more. at: where the first one with its key is linked. */
static void leave(struct thread *thread, struct tree_node **at)
{
    if (*at == &thread->waits && list_empty(&thread->peers))
        tree_remove(at);
    else if (*at == &thread->waits)
        tree_replace(at, &container_of(thread->peers.next, struct thread, peers)->waits);
    list_remove(&thread->peers);
    shared_waiting -= thread->waits.key >> 64 == 0;
}

void futex_leave(struct thread *thread)
{
    leave(thread, place_of(thread->waits.key));
}

/* Threads that wait at a key are woken, or, with another key `to` (0: none), wait there from now on, until
 * *moved is `most`. SYS_RESTART: there may be more. */
static int move(tree_key_t key, uint64_t most, tree_key_t to, uint64_t *moved)
{
    struct tree_node **at = place_of(key), *first = NULL;
    for (uint32_t n = 0; *at && (*at)->key == key && *moved < most;
         n++) { /* behind the last: another's place */
        struct thread *t = container_of(*at, struct thread, waits);
        FAIL_IF(n == STEP, SYS_RESTART);
        leave(t, at);
        ++*moved;
        if (to) {
            first = enter(t, to, first);
        } else {
            t->frame.rax = 0;
            sched_ready(t, SCHED_TAIL);
        }
    }
    return 0;
}

static int wake_words(tree_key_t key, uint32_t words, uint64_t *woken)
{
    FAIL_IF(words > FUTEX_WORDS_MOST || !shared_waiting, E_NOENT);
    FAIL_IF((uint64_t)key % PAGE_SIZE + words * sizeof(uint32_t) > PAGE_SIZE,
            E_INVAL); /* the next frame is another's */
    *woken = 0;
    for (uint32_t i = 0; i < words; i++) {
        FAIL_IF(*woken >= STEP, SYS_RESTART);
        TRY(move(key + i * sizeof(uint32_t), UINT64_MAX, 0, woken));
    }
    return 0;
}

int futex_wake_all(struct task *task, vaddr_t word)
{
    tree_key_t key;
    paddr_t frame;
    uint64_t moved = 0;
    TRY(make_key(task, word, false, &key));
    TRY(move(key, UINT64_MAX, 0, &moved));
    return vms_resolve(&task->vms, word, VMS_READ, &frame) ? 0 : move(frame, UINT64_MAX, 0, &moved);
}

static int wait(struct thread *thread, vaddr_t word, uint32_t value, uint64_t deadline, tree_key_t key)
{
    uint32_t now;
    TRY(user_read(&now, word, sizeof now));
    FAIL_IF(now != value, E_AGAIN);
    FAIL_IF(thread->flags & THREAD_F_CANCEL, E_CANCELLED);
    FAIL_IF(deadline != DEADLINE_NEVER && deadline <= time_now(), E_TIMEDOUT);
    sched_block(thread, THREAD_FUTEX);
    enter(thread, key, NULL);
    deadline_set(thread, deadline);
    return SYS_BLOCKED;
}

int sys_futex(struct thread *thread, struct syscall *s)
{
    bool shared = s->a[0] & FUTEX_SHARED;
    tree_key_t key, to = 0;
    TRY(make_key(thread->task, s->a[1], shared, &key));
    uint32_t value = (uint32_t)s->a[2];
    uint64_t op = s->a[0] & ~(uint64_t)FUTEX_SHARED;
    s->r[0] = s->a[3] - MOVED <= 2ul * UINT32_MAX ? s->a[3] - MOVED : 0;
    if (op == FUTEX_WAIT)
        return wait(thread, s->a[1], value, s->a[3], key);
    if (op == FUTEX_WAKE_WORDS)
        return wake_words(key, value, &s->r[0]);
    if (op == FUTEX_REQUEUE)
        TRY(make_key(thread->task, s->a[4], shared, &to));
    FAIL_IF(op != FUTEX_WAKE && (op != FUTEX_REQUEUE || key == to), E_INVAL);
    int error = move(key, value, 0, &s->r[0]);
    if (!error && to)
        error = move(key, value + (s->a[5] & UINT32_MAX), to, &s->r[0]);
    s->a[3] = MOVED + s->r[0];
    return error;
}
