// sources: microkernel/deadline.c
/* The heap of deadlines against an array: random threads wait, stop waiting, are woken, and go. */
#include <hooks.h>
#include <port.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 200
#define STEPS   200000
#define SPAN    4096

static struct thread threads[THREADS];
static uint64_t now;
static int faults;

#define CHECK(condition)                                                \
    do {                                                                \
        if (!(condition) && !faults++)                                  \
            printf("# deadline_test.c:%d: %s\n", __LINE__, #condition); \
    } while (0)

void panic(const char *format, ...)
{
    printf("# panic: %s\n", format);
    abort();
}

void thread_unqueue(struct thread *thread, enum cancel_why why)
{
    CHECK(thread->state >= THREAD_SENDING && thread->state <= THREAD_FUTEX && why == CANCEL_TIMEDOUT);
}

static uint64_t due[THREADS]; /* what the model says; DEADLINE_NEVER: does not wait */

void thread_wake(struct thread *thread, int error)
{
    CHECK(error == E_TIMEDOUT && due[thread - threads] <= now);
    CHECK(!thread->due_rank && thread->due == DEADLINE_NEVER);
    thread->state = THREAD_RUNNING;
    due[thread - threads] = DEADLINE_NEVER;
}

static uint64_t earliest(void)
{
    uint64_t least = DEADLINE_NEVER;
    for (unsigned i = 0; i < THREADS; i++)
        least = due[i] < least ? due[i] : least;
    return least;
}

/* Length of the way down the right, which bounds every operation. */
static unsigned longest_right(void)
{
    unsigned most = 0;
    for (unsigned i = 0; i < THREADS; i++)
        most = threads[i].due_rank > most ? threads[i].due_rank : most;
    return most;
}

int main(void)
{
    srand(1);
    for (unsigned i = 0; i < THREADS; i++) {
        due[i] = threads[i].due = DEADLINE_NEVER;
        threads[i].state = THREAD_RUNNING;
    }
    for (unsigned step = 0; step < STEPS && !faults; step++) {
        unsigned i = (unsigned)rand() % THREADS;
        if (step % 64 == 63) {
            now += (unsigned)rand() % (SPAN / 4);
            while (deadline_next() <= now)
                deadline_tick(now);
            CHECK(earliest() > now);
        } else if (due[i] == DEADLINE_NEVER) {
            due[i] = step % 5000 > 4000 ? now + 1 + step % 5000 : now + 1 + (unsigned)rand() % SPAN;
            threads[i].state = i % 2 ? THREAD_CALLING : THREAD_FUTEX;
            deadline_set(&threads[i], due[i]);
        } else {
            threads[i].state = THREAD_RUNNING; /* the wait has ended; the heap is not told */
            due[i] = DEADLINE_NEVER;
            if (step % 8 == 0) {
                deadline_drop(&threads[i]);
                deadline_drop(&threads[i]); /* does nothing */
                CHECK(!threads[i].due_rank && threads[i].due == DEADLINE_NEVER);
            }
        }
        CHECK(deadline_next() <= earliest());
        CHECK(longest_right() <= 8); /* 2^8 > THREADS */
    }
    printf(faults ? "not ok deadline.random: a step went wrong\n" : "ok deadline.random\n");
    return faults != 0;
}
