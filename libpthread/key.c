/* Thread-specific data: values lie in the thread's block, keys and destructors here. A key may be a deleted
 * one used again: creating it clears its value in every living thread. */
#include "futex_lock.h"
#include "libc.h"
#include "tcb.h"

static struct {
    bool used;
    void (*destructor)(void *);
} keys[PTHREAD_KEYS_MAX];
static unsigned int keys_lock;

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    futex_lock(&keys_lock);
    for (unsigned int i = 0; i < PTHREAD_KEYS_MAX; i++) {
        if (keys[i].used)
            continue;
        keys[i].used = true;
        keys[i].destructor = destructor;
        futex_unlock(&keys_lock);
        thread_key_clear(i);
        *key = i;
        return 0;
    }
    futex_unlock(&keys_lock);
    return EAGAIN;
}

int pthread_key_delete(pthread_key_t key)
{
    if (key >= PTHREAD_KEYS_MAX || !keys[key].used)
        return EINVAL;
    futex_lock(&keys_lock);
    keys[key].used = false;
    keys[key].destructor = NULL;
    futex_unlock(&keys_lock);
    return 0;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
    if (key >= PTHREAD_KEYS_MAX || !keys[key].used)
        return EINVAL;
    struct tcb *self = tcb_self();
    self->specific[key] = value;
    self->has_specific = true;
    return 0;
}

void *pthread_getspecific(pthread_key_t key)
{
    return key < PTHREAD_KEYS_MAX ? (void *)tcb_self()->specific[key] : NULL;
}

void thread_keys_finish(struct tcb *self)
{
    for (int round = 0; self->has_specific && round < PTHREAD_DESTRUCTOR_ITERATIONS; round++) {
        self->has_specific = false; /* a destructor that sets a value asks for another round */
        for (unsigned int i = 0; i < PTHREAD_KEYS_MAX; i++) {
            void *value = (void *)self->specific[i];
            void (*destructor)(void *) = keys[i].destructor;
            self->specific[i] = NULL;
            if (value && destructor)
                destructor(value);
        }
    }
}
