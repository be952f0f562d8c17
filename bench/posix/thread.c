/* The rows of threads. */
#include "posix.h"

#include <pthread.h>

static void *echo(void *argument)
{
    return argument;
}

uint64_t thread_create_join(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        pthread_t thread;
        void *result = NULL;
        wrong |=
            pthread_create(&thread, NULL, echo, &wrong) || pthread_join(thread, &result) || result != &wrong;
    }
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("a thread") : used;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned turn, turns_wanted;

uint64_t mutex_uncontended(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        wrong |= pthread_mutex_lock(&mutex);
        wrong |= pthread_mutex_unlock(&mutex);
    }
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("a lock") : used;
}

/* Whose turn it is makes the next one's; an odd turn is the other thread's. */
static void *take_turns(void *odd)
{
    pthread_mutex_lock(&mutex);
    while (turn < turns_wanted) {
        if ((turn & 1) == (odd != NULL)) {
            turn++;
            pthread_cond_signal(&changed);
        } else {
            pthread_cond_wait(&changed, &mutex);
        }
    }
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

uint64_t cond_rtt(unsigned count)
{
    pthread_t thread;
    turn = 0;
    turns_wanted = 2 * count;
    uint64_t begun = ticks();
    if (pthread_create(&thread, NULL, take_turns, &mutex))
        return row_fails("a thread");
    take_turns(NULL);
    uint64_t used = ticks() - begun;
    pthread_join(thread, NULL);
    return turn != turns_wanted ? row_fails("a turn") : used;
}
