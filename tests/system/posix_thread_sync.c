/* What threads wait with: mutexes, conditions, once, semaphores, read-write locks, barriers. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "posix_test.h"

#define JOIN(thread) (pthread_join(thread, NULL) == 0)

static struct timespec soon(long ms)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_nsec += ms * 1000000;
    now.tv_sec += now.tv_nsec / 1000000000;
    now.tv_nsec %= 1000000000;
    return now;
}

static pthread_mutex_t counter_lock = PTHREAD_MUTEX_INITIALIZER;
static int counter;

static void *count_main(void *argument)
{
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&counter_lock);
        int seen = counter;
        if (i % 100 == 0)
            sched_yield(); /* inside: the others have to wait */
        counter = seen + 1;
        pthread_mutex_unlock(&counter_lock);
    }
    return argument;
}

static const char *mutex_excludes(void)
{
    pthread_t threads[5];
    counter = 0;
    for (int i = 0; i < 5; i++)
        EXPECT(pthread_create(&threads[i], NULL, count_main, NULL) == 0);
    for (int i = 0; i < 5; i++)
        EXPECT(JOIN(threads[i]));
    EXPECT(counter == 10000);
    return NULL;
}

static void *unlock_main(void *mutex)
{
    return (void *)(intptr_t)pthread_mutex_unlock(mutex);
}

static const char *mutex_kinds(void)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t mutex;
    pthread_t thread;
    void *result;
    EXPECT(pthread_mutexattr_init(&attr) == 0);
    EXPECT(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE) == 0 &&
           pthread_mutex_init(&mutex, &attr) == 0);
    EXPECT(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_lock(&mutex) == 0 &&
           pthread_mutex_trylock(&mutex) == 0);
    EXPECT(pthread_mutex_unlock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
    EXPECT(pthread_create(&thread, NULL, unlock_main, &mutex) == 0 && pthread_join(thread, &result) == 0);
    EXPECT((intptr_t)result == EPERM);
    EXPECT(pthread_mutex_unlock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == EPERM);
    EXPECT(pthread_mutex_destroy(&mutex) == 0);
    EXPECT(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK) == 0 &&
           pthread_mutex_init(&mutex, &attr) == 0);
    EXPECT(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_lock(&mutex) == EDEADLK);
    EXPECT(pthread_mutex_trylock(&mutex) == EBUSY);
    EXPECT(pthread_mutex_unlock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == EPERM);
    EXPECT(pthread_mutexattr_settype(&attr, 99) == EINVAL);
    pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
    EXPECT(pthread_mutex_lock(&plain) == 0 && pthread_mutex_trylock(&plain) == EBUSY);
    struct timespec deadline = soon(20);
    EXPECT(pthread_mutex_timedlock(&plain, &deadline) == ETIMEDOUT);
    EXPECT(pthread_mutex_unlock(&plain) == 0);
    return NULL;
}

static struct {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int turn;
} table_tennis = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void *player(void *argument)
{
    int me = (int)(intptr_t)argument;
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&table_tennis.lock);
        while (table_tennis.turn != me)
            pthread_cond_wait(&table_tennis.cond, &table_tennis.lock);
        table_tennis.turn = !me;
        pthread_cond_signal(&table_tennis.cond);
        pthread_mutex_unlock(&table_tennis.lock);
    }
    return NULL;
}

static const char *condition_round_trips(void)
{
    pthread_t a, b;
    EXPECT(pthread_create(&a, NULL, player, (void *)0) == 0 &&
           pthread_create(&b, NULL, player, (void *)1) == 0);
    EXPECT(JOIN(a) && JOIN(b));
    return NULL;
}

static struct {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int waiting;
    bool open;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};

static void *gate_main(void *argument)
{
    pthread_mutex_lock(&gate.lock);
    gate.waiting++;
    while (!gate.open)
        pthread_cond_wait(&gate.cond, &gate.lock);
    gate.waiting--;
    pthread_mutex_unlock(&gate.lock);
    return argument;
}

static const char *condition_broadcast(void)
{
    enum { COUNT = 10 };
    pthread_t threads[COUNT];
    int waiting = 0;
    for (int i = 0; i < COUNT; i++)
        EXPECT(pthread_create(&threads[i], NULL, gate_main, NULL) == 0);
    while (waiting < COUNT) {
        sched_yield();
        pthread_mutex_lock(&gate.lock);
        waiting = gate.waiting;
        pthread_mutex_unlock(&gate.lock);
    }
    pthread_mutex_lock(&gate.lock);
    gate.open = true;
    pthread_cond_broadcast(&gate.cond);
    pthread_mutex_unlock(&gate.lock);
    for (int i = 0; i < COUNT; i++)
        EXPECT(JOIN(threads[i]));
    EXPECT(gate.waiting == 0);
    return NULL;
}

static const char *condition_timeout(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec before, after, deadline = soon(50);
    clock_gettime(CLOCK_MONOTONIC, &before);
    EXPECT(pthread_mutex_lock(&lock) == 0);
    EXPECT(pthread_cond_timedwait(&cond, &lock, &deadline) == ETIMEDOUT);
    EXPECT(pthread_mutex_trylock(&lock) == EBUSY); /* it holds the lock again */
    clock_gettime(CLOCK_MONOTONIC, &after);
    long ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    EXPECT(ms >= 48 && ms < 5000);
    EXPECT(pthread_cond_timedwait(&cond, &lock, &deadline) == ETIMEDOUT); /* long past */
    EXPECT(pthread_mutex_unlock(&lock) == 0);
    return NULL;
}

static int once_calls;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void once_routine(void)
{
    nanosleep(&(struct timespec){0, 20000000}, NULL); /* the others arrive meanwhile */
    once_calls++;
}

static void *once_main(void *argument)
{
    pthread_once(&once, once_routine);
    return (void *)(intptr_t)(once_calls == 1 ? argument != NULL : -1);
}

static const char *once_only(void)
{
    pthread_t threads[5];
    void *result;
    for (int i = 0; i < 5; i++)
        EXPECT(pthread_create(&threads[i], NULL, once_main, NULL) == 0);
    for (int i = 0; i < 5; i++)
        EXPECT(pthread_join(threads[i], &result) == 0 && result == NULL);
    EXPECT(once_calls == 1);
    return NULL;
}

static const char *semaphores(void)
{
    sem_t sem;
    int value;
    EXPECT(sem_init(&sem, 0, 2) == 0);
    EXPECT(sem_wait(&sem) == 0 && sem_trywait(&sem) == 0);
    EXPECT_ERRNO(sem_trywait(&sem), EAGAIN);
    struct timespec deadline = soon(20);
    EXPECT_ERRNO(sem_timedwait(&sem, &deadline), ETIMEDOUT);
    EXPECT(sem_post(&sem) == 0 && sem_getvalue(&sem, &value) == 0 && value == 1);
    EXPECT(sem_destroy(&sem) == 0);
    return NULL;
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static int guarded[2];

static void *rwlock_main(void *argument)
{
    bool good = true;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 300; i++) {
        if (argument) {
            pthread_rwlock_wrlock(&rwlock);
            guarded[0]++;
            sched_yield();
            guarded[1]++;
        } else {
            pthread_rwlock_rdlock(&rwlock);
            good &= guarded[0] == guarded[1];
        }
        pthread_rwlock_unlock(&rwlock);
    }
    return good ? NULL : (void *)1;
}

static const char *readers_and_writers(void)
{
    pthread_t threads[4];
    void *result;
    EXPECT(pthread_barrier_init(&barrier, NULL, 4) == 0);
    for (intptr_t i = 0; i < 4; i++)
        EXPECT(pthread_create(&threads[i], NULL, rwlock_main, (void *)(i & 1)) == 0);
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_join(threads[i], &result) == 0 && result == NULL);
    EXPECT(guarded[0] == 600 && guarded[1] == 600);
    EXPECT(pthread_rwlock_rdlock(&rwlock) == 0 && pthread_rwlock_tryrdlock(&rwlock) == 0);
    EXPECT(pthread_rwlock_trywrlock(&rwlock) == EBUSY);
    EXPECT(pthread_rwlock_unlock(&rwlock) == 0 && pthread_rwlock_unlock(&rwlock) == 0);
    EXPECT(pthread_rwlock_trywrlock(&rwlock) == 0 && pthread_rwlock_unlock(&rwlock) == 0);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"mutex_excludes", mutex_excludes},
        {"mutex_kinds", mutex_kinds},
        {"condition_round_trips", condition_round_trips},
        {"condition_broadcast", condition_broadcast},
        {"condition_timeout", condition_timeout},
        {"once_only", once_only},
        {"semaphores", semaphores},
        {"readers_and_writers", readers_and_writers},
    };
    const char *why = enter_work_directory("posix_thread_sync");
    if (why) {
        printf("not ok enter: %s\n", why);
        return 1;
    }
    return RUN(cases);
}
