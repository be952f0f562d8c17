/* Deadlines of waiting threads: a leftist heap, linked through the threads.
 *
 * Invariants
 * D1 no thread is due before the one above it; due_rank is the number of threads on the way down the right,
 *    at most that on the left. So the way down the right is no longer than the number of threads has binary
 *    digits, and that bounds each operation
 * D2 due_rank is 0, and due DEADLINE_NEVER, exactly while the thread is not in the heap
 * D3 a thread that waits has due <= deadline
 *
 * A wait that ends leaves its thread in the heap: most deadlines never come, and the next wait's is seldom
 * earlier. When a thread is due it is looked at what it waits for now, and it moves on, or out. */
#include <port.h>

#define BATCH 16 /* threads woken in one tick; the rest follow at once */

static struct thread *first;

static uint32_t rank(const struct thread *t)
{
    return t ? t->due_rank : 0;
}

/* Merge heap b into the one at *link, which hangs under `above`. */
static void merge(struct thread **link, struct thread *above, struct thread *b)
{
    struct thread *at = above;
    while (b) {
        struct thread *a = *link;
        if (!a || b->due < a->due) {
            *link = b;
            b->due_above = at;
            b = a;
        }
        at = *link;
        link = &at->due_right;
    }
    /* Upwards: the whole way that was merged, and from `above` on as far as ranks change. */
    for (bool merged = true; at; at = at->due_above) {
        merged = merged && at != above;
        struct thread *left = at->due_left;
        if (rank(left) < rank(at->due_right)) {
            at->due_left = at->due_right;
            at->due_right = left;
        }
        uint32_t now = rank(at->due_right) + 1;
        if (now == at->due_rank && !merged)
            return;
        at->due_rank = now;
    }
}

void deadline_set(struct thread *thread, uint64_t deadline)
{
    thread->deadline = deadline;
    if (deadline >= thread->due)
        return;
    deadline_drop(thread);
    thread->due = deadline;
    merge(&first, NULL, thread);
}

void deadline_drop(struct thread *thread)
{
    struct thread *above = thread->due_above, *left = thread->due_left, *right = thread->due_right;
    if (!thread->due_rank)
        return;
    thread->due = DEADLINE_NEVER;
    struct thread **link = !above ? &first : above->due_left == thread ? &above->due_left : &above->due_right;
    *link = left;
    if (left)
        left->due_above = above;
    thread->due_above = thread->due_left = thread->due_right = NULL;
    thread->due_rank = 0;
    merge(link, above, right);
}

uint64_t deadline_next(void)
{
    return first ? first->due : DEADLINE_NEVER;
}

void deadline_tick(uint64_t time)
{
    for (int n = 0; n < BATCH && deadline_next() <= time; n++) {
        struct thread *t = first;
        deadline_drop(t);
        if (t->state < THREAD_SENDING || t->state > THREAD_FUTEX)
            continue;
        if (t->deadline > time) {
            deadline_set(t, t->deadline);
            continue;
        }
        thread_unqueue(t, CANCEL_TIMEDOUT);
        thread_wake(t, E_TIMEDOUT);
    }
}
