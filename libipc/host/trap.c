/* System calls by number, and what of libipc is another on a host: time, threads. */
#include "kernel.h"
#include <ipc/startup.h>
#include <ipc/task.h>
#include <ipc/thread.h>
#include <ipc/time.h>
#include <ouros/error.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- calls that carry a message ---- */

int ipc_message_trap(uint64_t number, uint64_t target, struct ipc_message *m)
{
    int error = 0;

    switch (number & 0xff) {
    case SYS_call: return host_call((handle_t)target, m, false);
    case SYS_send: return host_call((handle_t)target, m, true);
    case SYS_reply: return host_reply((handle_t)target, m);
    case SYS_reply_recv: error = host_self.caller ? host_reply(HANDLE_NONE, m) : 0; /* fall through */
    case SYS_recv: return error ? error : host_recv(m);
    default: return E_NOSYS;
    }
}

void ipc_register_trap(uint64_t number, uint64_t target, struct ipc_registers *r)
{
    struct ipc_message m = {.label = (uint32_t)r->label,
                            .accept = IPC_ACCEPTED(number),
                            .flags = number & IPC_DEADLINE,
                            .deadline = r->lengths};

    memcpy(m.words, r->words, sizeof m.words);
    r->status = (uint32_t)ipc_message_trap(number & 0xff, target, &m);
    if (r->status)
        return;
    memcpy(r->words, m.words, sizeof m.words);
    r->label = m.label | (uint64_t)m.seq << 32;
    r->lengths = m.in_len | (uint64_t)m.out_len << 32;
    r->status = (uint64_t)m.handle_count << 32;
    r->badge = m.badge;
    r->caller = m.thread | (uint64_t)m.rights << 32;
    memcpy(r->handles, m.handles, sizeof r->handles);
}

int sys_call_words(handle_t session, uint32_t *label, uint32_t seq, uint64_t w[IPC_WORDS], uint64_t flags,
                   uint64_t until)
{
    struct ipc_message m = {.label = *label, .seq = seq, .flags = flags, .deadline = until};
    int error;

    memcpy(m.words, w, sizeof m.words);
    error = sys_call_message(session, &m);
    if (error)
        return error;
    memcpy(w, m.words, sizeof m.words);
    *label = m.label;
    return 0;
}

int sys_call_lent(handle_t session, uint32_t *label, uint32_t seq, const uint64_t w[IPC_WORDS],
                  uint64_t reply[IPC_WORDS], const struct ipc_buffers *lent)
{
    struct ipc_message m = {.label = *label, .seq = seq, .flags = IPC_BUFFERS, .buffers = *lent};
    int error;

    memcpy(m.words, w, sizeof m.words);
    error = sys_call_message(session, &m);
    if (error)
        return error;
    memcpy(reply, m.words, sizeof m.words);
    *label = m.label;
    return 0;
}

/* ---- the others ---- */

static pthread_cond_t futexes;

__attribute__((constructor)) static void begin(void)
{
    host_condition(&futexes);
}

/* One queue for all: spurious wakes are legal. */
static int futex(uint32_t op, const volatile uint32_t *address, uint32_t value, uint64_t deadline)
{
    int error = 0;

    pthread_mutex_lock(&host_lock);
    if (op == FUTEX_WAKE)
        pthread_cond_broadcast(&futexes);
    else if (__atomic_load_n(address, __ATOMIC_SEQ_CST) != value)
        error = E_AGAIN;
    else if (!host_wait(&futexes, deadline))
        error = E_TIMEDOUT;
    pthread_mutex_unlock(&host_lock);
    return error;
}

static int notify(handle_t target, uint64_t bits)
{
    struct host_entry *e = host_entry(target);
    struct host_session *session = e && e->kind == OBJ_SESSION ? e->object : NULL;

    if (!session && HANDLE_INDEX(target) != SLOT_PORT)
        return E_HANDLE;
    if (session && session->peer) {
        session->peer->bits |= bits;
        return 0;
    }
    host_port.bits |= bits;
    pthread_cond_broadcast(&host_port.arrived);
    return 0;
}

/* The instance of the calling thread is dead, and the thread with it. */
static void end_instance(uint64_t value)
{
    pthread_mutex_lock(&host_lock);
    if (!host_self.generation)
        exit((int)value);
    host_idle();
    if (host_self.generation == host_port.generation)
        host_instance_end();
    pthread_mutex_unlock(&host_lock);
    pthread_exit(NULL);
}

static int log_line(const char *text, size_t length)
{
    fprintf(stderr, "# %.*s\n", (int)length, text);
    return 0;
}

int (*ipc_host_trap)(uint64_t number, const uint64_t arguments[4], uint64_t *value);

static int locked_trap(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t *value,
                       uint64_t *second)
{
    handle_t copy = HANDLE_NONE;
    int error;

    switch (number) {
    case SYS_notify: return notify((handle_t)a, b);
    case SYS_handle_close: return host_close((handle_t)a);
    case SYS_handle_info: return host_copy_info((handle_t)a, (struct handle_info *)b);
    case SYS_handle_copy:
        error = c ? host_copy_into((handle_t)a, (uint32_t)b, (handle_t)c, (uint32_t)d, &copy)
                  : host_copy((handle_t)a, (uint32_t)b, &copy);
        *value = copy;
        return error;
    case SYS_port_create: *value = HANDLE_FIRST(SLOT_PORT); return 0;
    case SYS_port_ctl:
        if (HANDLE_INDEX(a) != SLOT_PORT)
            return E_TYPE;
        return host_port_ctl((enum port_op)b, c, d, value, second);
    case SYS_task_create: return host_task_create(value);
    case SYS_task_ctl: return host_task_ctl((handle_t)a, (enum task_op)b, c, d, 0, value);
    case SYS_thread_create: return host_thread_create((handle_t)a, value);
    case SYS_thread_ctl: return host_thread_ctl((handle_t)a, (enum thread_op)b, c);
    default: return E_NOSYS;
    }
}

/* Calls that the test knows: without the lock, so that it may make others. */
static int asked(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t *value)
{
    return ipc_host_trap ? ipc_host_trap(number, (uint64_t[]){a, b, c, d}, value) : E_NOSYS;
}

int ipc_trap(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
             uint64_t *value, uint64_t *second)
{
    uint64_t first = 0, other = 0;
    handle_t reply;
    int error;

    (void)e, (void)f;
    switch (number) {
    case SYS_msg_read: error = host_message_copy((handle_t)a, b, (void *)c, d, false, &first); break;
    case SYS_msg_write: error = host_message_copy((handle_t)a, b, (void *)c, d, true, &first); break;
    case SYS_reply_defer:
        error = host_defer(&reply, &other);
        first = reply;
        break;
    case SYS_futex: error = futex((uint32_t)a, (const volatile uint32_t *)b, (uint32_t)c, d); break;
    case SYS_touch: error = host_touch(a); break;
    case SYS_yield: error = sched_yield(); break;
    case SYS_kernel_info: /* nothing has happened yet */
        memset((void *)b, 0, c);
        error = 0;
        break;
    case SYS_log_write: error = log_line((const char *)a, b); break;
    default:
        error = asked(number, a, b, c, d, &first);
        if (error != E_NOSYS)
            break;
        if (number == SYS_task_ctl && b == TASK_KILL && HANDLE_INDEX(a) <= SLOT_TASK)
            end_instance(c);
        pthread_mutex_lock(&host_lock);
        error = locked_trap(number, a, b, c, d, &first, &other);
        pthread_mutex_unlock(&host_lock);
    }
    if (value)
        *value = first;
    if (second)
        *second = other;
    return error;
}

/* ---- time ---- */

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t ipc_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t ipc_wall_now(void)
{
    return clock_ns(CLOCK_REALTIME);
}

void ipc_sleep_until(uint64_t deadline)
{
    struct timespec until = {(time_t)(deadline / NS_PER_S), (long)(deadline % NS_PER_S)};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* ---- threads, instances ---- */

struct entry {
    void (*function)(void *);
    void *argument;
    uint64_t generation;
};

static void *thread_main(void *argument)
{
    struct entry entry = *(struct entry *)argument;

    free(argument);
    host_self.generation = entry.generation;
    entry.function(entry.argument);
    return NULL;
}

static int start(void (*function)(void *), void *argument, uint64_t generation, pthread_t *thread)
{
    struct entry *entry = malloc(sizeof *entry);

    if (!entry)
        return E_NOMEM;
    *entry = (struct entry){function, argument, generation};
    if (pthread_create(thread, NULL, thread_main, entry) == 0)
        return 0;
    free(entry);
    return E_NOMEM;
}

uint32_t ipc_thread_priority(void)
{
    return PRIORITY_SERVER;
}

int ipc_thread_start(void (*function)(void *), void *argument, uint32_t priority, handle_t *thread)
{
    pthread_t made;
    int error = start(function, argument, host_self.generation, &made);

    (void)priority;
    if (thread)
        *thread = HANDLE_NONE;
    return error ? error : pthread_detach(made);
}

static pthread_t instance;

static void instance_main(void *server_main)
{
    ((int (*)(void))server_main)();
    pthread_mutex_lock(&host_lock);
    host_idle();
    pthread_mutex_unlock(&host_lock);
}

void ipc_host_start(int (*server_main)(void))
{
    pthread_mutex_lock(&host_lock);
    if (!host_port.generation)
        host_port.generation = 1;
    pthread_mutex_unlock(&host_lock);
    if (start(instance_main, (void *)server_main, host_port.generation, &instance))
        abort();
}

void ipc_host_stop(void)
{
    pthread_mutex_lock(&host_lock);
    host_instance_end();
    pthread_mutex_unlock(&host_lock);
}

void ipc_host_join(void)
{
    pthread_join(instance, NULL);
}

handle_t ipc_host_session(uint32_t rights)
{
    uint64_t handle = 0, badge;

    pthread_mutex_lock(&host_lock);
    host_port_ctl(PORT_MINT, 0, rights | RIGHT_CALL | RIGHT_COPY, &handle, &badge);
    pthread_mutex_unlock(&host_lock);
    return (handle_t)handle;
}
