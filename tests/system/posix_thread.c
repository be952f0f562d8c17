/* Threads: create, join, detach, exit; keys, thread-local storage, stacks; fork; locked streams. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>

#include "posix_test.h"

#define JOIN(thread) (pthread_join(thread, NULL) == 0)

static void *twice(void *argument)
{
    return (void *)((uintptr_t)argument * 2);
}

static const char *create_and_join(void)
{
    enum { COUNT = 30 };
    pthread_t threads[COUNT];
    void *result;
    for (uintptr_t i = 0; i < COUNT; i++)
        EXPECT(pthread_create(&threads[i], NULL, twice, (void *)i) == 0);
    for (uintptr_t i = 0; i < COUNT; i++)
        EXPECT(pthread_join(threads[i], &result) == 0 && (uintptr_t)result == 2 * i);
    EXPECT(pthread_join(pthread_self(), NULL) == EDEADLK);
    EXPECT(pthread_equal(pthread_self(), pthread_self()));
    return NULL;
}

static const char *create_many_in_turn(void)
{
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        EXPECT(pthread_create(&thread, NULL, twice, NULL) == 0);
        EXPECT(JOIN(thread));
    }
    return NULL;
}

static sem_t detached_done;

static void *detached_main(void *argument)
{
    sem_post(&detached_done);
    return argument;
}

static const char *detached(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    int state;
    EXPECT(sem_init(&detached_done, 0, 0) == 0);
    EXPECT(pthread_attr_init(&attr) == 0);
    EXPECT(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
    EXPECT(pthread_attr_getdetachstate(&attr, &state) == 0 && state == PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 100; i++) {
        EXPECT(pthread_create(&thread, &attr, detached_main, NULL) == 0);
        EXPECT(sem_wait(&detached_done) == 0);
    }
    for (int i = 0; i < 20; i++) {
        EXPECT(pthread_create(&thread, NULL, detached_main, NULL) == 0);
        EXPECT(pthread_detach(thread) == 0);
        EXPECT(sem_wait(&detached_done) == 0);
    }
    pthread_attr_destroy(&attr);
    return NULL;
}

static void deep_exit(volatile int depth)
{
    if (depth == 0)
        pthread_exit((void *)77);
    if (depth)
        deep_exit(depth - 1);
}

static void *exit_main(void *argument)
{
    deep_exit(10);
    return argument;
}

static const char *exit_from_below(void)
{
    pthread_t thread;
    void *result;
    EXPECT(pthread_create(&thread, NULL, exit_main, NULL) == 0);
    EXPECT(pthread_join(thread, &result) == 0 && result == (void *)77);
    return NULL;
}

static pthread_key_t key;
static int destroyed;

static void key_destructor(void *value)
{
    __atomic_add_fetch(&destroyed, (int)(intptr_t)value, __ATOMIC_SEQ_CST);
}

static void *key_main(void *argument)
{
    if (pthread_getspecific(key) != NULL || pthread_setspecific(key, argument))
        return (void *)1;
    sched_yield();
    return pthread_getspecific(key) == argument ? NULL : (void *)2;
}

static const char *keys(void)
{
    pthread_t threads[4];
    void *result;
    EXPECT(pthread_key_create(&key, key_destructor) == 0);
    EXPECT(pthread_setspecific(key, "mine") == 0);
    for (intptr_t i = 0; i < 4; i++)
        EXPECT(pthread_create(&threads[i], NULL, key_main, (void *)(i + 1)) == 0);
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_join(threads[i], &result) == 0 && result == NULL);
    EXPECT(destroyed == 1 + 2 + 3 + 4);
    EXPECT(strcmp(pthread_getspecific(key), "mine") == 0);
    EXPECT(pthread_key_delete(key) == 0);
    EXPECT(pthread_key_create(&key, NULL) == 0 && pthread_getspecific(key) == NULL);
    EXPECT(pthread_key_delete(key) == 0);
    return NULL;
}

static _Thread_local int local = 41;
static _Thread_local _Alignas(64) char local_aligned[64];
static _Thread_local int local_zero;

static void *local_main(void *argument)
{
    bool fresh = local == 41 && local_zero == 0 && local_aligned[63] == 0;
    local = 1000, local_zero = 1, local_aligned[63] = 1;
    bool placed = (uintptr_t)local_aligned % 64 == 0 && (void *)&local != argument;
    errno = 99; /* each thread has its own */
    return fresh && placed ? NULL : (void *)1;
}

static const char *thread_local_storage(void)
{
    pthread_t thread;
    void *result;
    local = 42;
    errno = 5;
    for (int i = 0; i < 3; i++) { /* the stack of the one before may be used again */
        if (pthread_create(&thread, NULL, local_main, &local) || pthread_join(thread, &result))
            return "create or join failed";
        if (errno != 5)
            return "errno is shared";
        EXPECT(result == NULL);
        errno = 5;
    }
    EXPECT(local == 42 && local_zero == 0);
    return NULL;
}

static void *stack_main(void *argument)
{
    volatile char frame[600 << 10];
    for (size_t i = 0; i < sizeof frame; i += 4096)
        frame[i] = 1;
    return frame[0] == 1 ? argument : NULL;
}

static const char *stack_size(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    void *result;
    size_t size;
    EXPECT(pthread_attr_init(&attr) == 0);
    EXPECT(pthread_attr_setstacksize(&attr, 1 << 20) == 0);
    EXPECT(pthread_attr_getstacksize(&attr, &size) == 0 && size == 1 << 20);
    EXPECT(pthread_attr_setstacksize(&attr, 1) == EINVAL);
    EXPECT(pthread_create(&thread, &attr, stack_main, (void *)5) == 0);
    EXPECT(pthread_join(thread, &result) == 0 && result == (void *)5);
    pthread_attr_destroy(&attr);
    return NULL;
}

static volatile bool stop;

static void *churn_main(void *argument)
{
    while (!stop) {
        free(malloc(100));
        if (argument)
            sched_yield();
    }
    return NULL;
}

static const char *fork_beside_threads(void)
{
    pthread_t threads[3];
    int status;
    stop = false;
    for (int i = 0; i < 3; i++)
        EXPECT(pthread_create(&threads[i], NULL, churn_main, i ? &threads : NULL) == 0);
    for (int i = 0; i < 10; i++) {
        sched_yield();
        pid_t child = fork();
        if (child == 0) {
            void *memory = malloc(1000); /* no lock of a thread that is not here is held */
            pthread_t thread;
            bool fine = memory && pthread_create(&thread, NULL, twice, NULL) == 0 && JOIN(thread);
            _exit(fine ? 0 : 1);
        }
        EXPECT(child > 0);
        EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    stop = true;
    for (int i = 0; i < 3; i++)
        EXPECT(JOIN(threads[i]));
    return NULL;
}

static void *late_main(void *argument)
{
    nanosleep(&(struct timespec){0, 20000000}, NULL);
    exit((int)(intptr_t)argument);
}

/* The process goes on when its first thread ends, and ends with the last one. */
static const char *first_thread_leaves(void)
{
    for (int last = 0; last < 2; last++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            pthread_t thread;
            if (pthread_create(&thread, NULL, last ? twice : late_main, (void *)9))
                _exit(1);
            pthread_exit(NULL);
        }
        EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
               WEXITSTATUS(status) == (last ? 0 : 9));
    }
    return NULL;
}

static int deeper(volatile int depth)
{
    volatile char frame[1000];
    frame[0] = 1;
    return depth == 0 ? 0 : frame[0] + deeper(depth - 1);
}

static void *overflow_main(void *argument)
{
    return (void *)(intptr_t)(argument ? deeper(1 << 20) : 0);
}

static const char *stack_guard(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, overflow_main, &status) == 0)
            pthread_join(thread, NULL);
        _exit(1);
    }
    EXPECT(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    return NULL;
}

static void *write_main(void *stream)
{
    for (int i = 0; i < 200; i++)
        fprintf(stream, "a line that must not be torn apart\n");
    return NULL;
}

static const char *streams_are_locked(void)
{
    pthread_t threads[4];
    char line[80];
    int lines = 0;
    FILE *stream = fopen("lines", "w+");
    EXPECT(stream != NULL);
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_create(&threads[i], NULL, write_main, stream) == 0);
    for (int i = 0; i < 4; i++)
        EXPECT(JOIN(threads[i]));
    rewind(stream);
    while (fgets(line, sizeof line, stream)) {
        EXPECT(strcmp(line, "a line that must not be torn apart\n") == 0);
        lines++;
    }
    EXPECT(lines == 800);
    fclose(stream);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"create_and_join", create_and_join},
        {"create_many_in_turn", create_many_in_turn},
        {"detached", detached},
        {"exit_from_below", exit_from_below},
        {"keys", keys},
        {"thread_local_storage", thread_local_storage},
        {"stack_size", stack_size},
        {"fork_beside_threads", fork_beside_threads},
        {"first_thread_leaves", first_thread_leaves},
        {"stack_guard", stack_guard},
        {"streams_are_locked", streams_are_locked},
    };
    const char *why = enter_work_directory("posix_thread");
    if (why) {
        printf("not ok enter: %s\n", why);
        return 1;
    }
    return RUN(cases);
}
