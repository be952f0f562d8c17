/* Types of <pthread.h>. All are plain memory: an object whose bytes are zero is a valid, free, default one,
 * so the static initialisers cost nothing. */
#ifndef _SYS__PTHREADTYPES_H_
#define _SYS__PTHREADTYPES_H_

#if defined(_POSIX_THREADS) || __POSIX_VISIBLE >= 199506

#include <sys/sched.h>

typedef unsigned long pthread_t; /* address of the thread's control block */
typedef unsigned int pthread_key_t;

#define PTHREAD_SCOPE_PROCESS   0
#define PTHREAD_SCOPE_SYSTEM    1
#define PTHREAD_INHERIT_SCHED   1
#define PTHREAD_EXPLICIT_SCHED  2
#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1
#define PTHREAD_PROCESS_PRIVATE 0
#define PTHREAD_PROCESS_SHARED  1

#define PTHREAD_MUTEX_NORMAL     0
#define PTHREAD_MUTEX_RECURSIVE  1
#define PTHREAD_MUTEX_ERRORCHECK 2
#define PTHREAD_MUTEX_DEFAULT    PTHREAD_MUTEX_NORMAL

typedef struct {
    void *stackaddr; /* lowest byte of a stack given by the caller; 0: the library maps one */
    size_t stacksize;
    size_t guardsize;
    int detachstate;
    int contentionscope;
    int inheritsched;
    int schedpolicy;
    struct sched_param schedparam;
} pthread_attr_t;

typedef struct {
    unsigned int word; /* 0 free, 1 held, 2 held and someone may wait */
    int type;
    unsigned long owner; /* recursive and errorcheck only */
    unsigned int depth;
    unsigned int shared;
} pthread_mutex_t;

#define _PTHREAD_MUTEX_INITIALIZER       \
    {                                    \
        0, PTHREAD_MUTEX_NORMAL, 0, 0, 0 \
    }
#define PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP \
    {                                          \
        0, PTHREAD_MUTEX_RECURSIVE, 0, 0, 0    \
    }
#define PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP \
    {                                           \
        0, PTHREAD_MUTEX_ERRORCHECK, 0, 0, 0    \
    }

typedef struct {
    int type;
    int shared;
} pthread_mutexattr_t;

typedef struct {
    unsigned int sequence; /* futex word: goes up with each signal and broadcast */
    unsigned int waiters;
    unsigned int clock; /* clockid_t of timed waits; 0 means CLOCK_REALTIME */
    unsigned int shared;
} pthread_cond_t;

#define _PTHREAD_COND_INITIALIZER \
    {                             \
        0, 0, 0, 0                \
    }

typedef struct {
    unsigned int clock;
    int shared;
} pthread_condattr_t;

typedef struct {
    unsigned int state; /* 0 not begun, 1 running, 2 running and someone waits, 3 done */
} pthread_once_t;

#define _PTHREAD_ONCE_INIT \
    {                      \
        0                  \
    }

typedef struct {
    unsigned int state; /* readers, or ~0 for a writer */
    unsigned int writers_waiting;
    unsigned int sequence;
    unsigned int shared;
} pthread_rwlock_t;

#define _PTHREAD_RWLOCK_INITIALIZER \
    {                               \
        0, 0, 0, 0                  \
    }

typedef struct {
    int shared;
} pthread_rwlockattr_t;

typedef struct {
    unsigned int count;
    unsigned int arrived;
    unsigned int sequence;
    unsigned int shared;
} pthread_barrier_t;

typedef struct {
    int shared;
} pthread_barrierattr_t;

typedef unsigned int pthread_spinlock_t;

#endif
#endif
