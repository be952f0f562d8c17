/* The thread control block. Its address is %fs:0, the thread's pthread_t and the owner's mark in locks. The
 * TLS variables lie below it (variant II of the ELF TLS layout), the stack below these:
 *
 *   guard | stack ... | TLS | struct tcb (with its struct _reent)
 *
 * The first thread's is in the frame of start_c, which never returns. */
#ifndef LIBPTHREAD_TCB_H
#define LIBPTHREAD_TCB_H

#include <pthread.h>
#include <reent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>

#define CACHE_LINE 64

enum thread_join_state { JOIN_POSSIBLE, JOIN_TAKEN, JOIN_DETACHED };

struct tcb {
    struct tcb *self;     /* 0: fixed by the ABI */
    void *ipc;            /* 8: libipc's */
    struct _reent *reent; /* 16: __getreent loads it */
    uint64_t reserved;    /* 24 */
    uint64_t reserved2;   /* 32 */
    uint64_t canary;      /* 40: fixed by GCC's stack protector */

    struct tcb *next, *previous; /* list of living and joinable threads; under thread_list_lock */
    unsigned int alive;          /* 1; the kernel sets 0 and wakes the joiner */
    unsigned int join;           /* enum thread_join_state; atomic */
    bool leaving;                /* past the point where it looks at `join`; under thread_list_lock */
    void *result;
    void *(*routine)(void *);
    void *argument;

    char *map;         /* mapping that holds stack, TLS and this; NULL: the caller's or the first thread's */
    size_t map_length; /* bytes, guard included */
    size_t guard;
    char *stack_low;
    size_t stack_size;

    int cancel_state, cancel_type;
    struct _pthread_cleanup_context *cleanup;
    const void *specific[PTHREAD_KEYS_MAX];
    bool has_specific;
    bool in_traced_call;     /* libc/trace.c: what it calls itself is not shown */
    struct _reent own_reent; /* unused by the first thread, whose reent is newlib's global one */
};

_Static_assert(offsetof(struct tcb, reent) == 16, "__getreent");
_Static_assert(offsetof(struct tcb, canary) == 40, "stack protector");

static inline struct tcb *tcb_self(void)
{
    struct tcb *self;
    __asm__("movq %%fs:0, %0" : "=r"(self));
    return self;
}

/* Size and alignment of the program's TLS image, from its PT_TLS header. */
struct tls_image {
    const void *data;
    size_t data_size, size, align;
};
extern struct tls_image tls_image;

/* Bytes that a TLS block with its tcb needs, and its construction in memory of that size that is zero or not.
 * The tcb comes back zeroed but for self and canary. */
size_t tls_block_size(void);
struct tcb *tls_block_make(void *memory, uint64_t canary);

void thread_first(struct tcb *self); /* the program's first thread exists */
void thread_keys_finish(struct tcb *self);
void thread_key_clear(pthread_key_t key); /* in every living thread */
void thread_fork_lock(void);
void thread_fork_parent(void);
void thread_fork_child(void);
bool thread_single(void); /* no other thread exists */

#endif
