/* The traced side of `trace`: a record of each call, written to a pipe whose handle is in no descriptor, so that the
 * program does not meet it. Nothing here allocates, takes a lock or keeps anything between two calls; errno stays as
 * the program has it. Its memory is touched before it is read: a bad pointer is the call's to refuse. */
#include "trace.h"
#include "kernel.h"
#include "libc.h"
#include "tcb.h"

#include <ouros/posix_trace.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <proto/io.h>
#include <proto/proc.h>

uint32_t __trace_on; /* enum posix_trace_flag; 0: the stubs go straight on */
static handle_t pipe_handle;

/* As trace_call.S lays it out. */
struct frame {
    uint64_t argument[POSIX_TRACE_ARGUMENTS];
    uint64_t function;
    uint32_t call;
    int32_t saved; /* errno before the call */
    int64_t result;
    uint64_t begun_ns; /* 0: not shown, as malloc's sbrk inside another call is not */
};
_Static_assert(sizeof(struct frame) == 80, "trace_call.S");
void __trace_enter(struct frame *frame);
void __trace_leave(struct frame *frame);

static const struct {
    uint8_t result, how, kind[POSIX_TRACE_ARGUMENTS];
} calls[] = {
#define TRACED(name, result, how, ...) {TRACE_##result, TRACE_##how, {TRACE_KINDS(__VA_ARGS__)}},
    POSIX_CALLS(TRACED)
#undef TRACED
};

/* A record in the making: `size` of its header says where it ends. */
struct telling {
    struct posix_trace_record head;
    char pieces[POSIX_TRACE_RECORD_MAX - sizeof(struct posix_trace_record)];
};
_Static_assert(sizeof(struct telling) == POSIX_TRACE_RECORD_MAX, "no padding");

static void stop(void)
{
    __trace_on = 0;
    kernel_handle_close(pipe_handle);
    pipe_handle = HANDLE_NONE;
}

static void tell(struct telling *t)
{
    struct io_write request = {IO_AT_CURSOR};
    struct io_count reply = {0};
    struct ipc_transfer transfer = {.in = t, .in_len = t->head.size};
    int error = io_write_with(pipe_handle, &request, &reply, &transfer);
    if (error && error != E_CANCELLED && error != E_AGAIN)
        stop(); /* nobody listens any more */
}

static void begin_record(struct telling *t, enum posix_trace_event event)
{
    t->head = (struct posix_trace_record){.size = sizeof t->head, .event = (uint16_t)event, .pid = getpid()};
    t->head.thread = (uint64_t)tcb_self();
}

/* ---- what arguments point at ---- */

/* Bytes of the program's that can be read from `from` on, at most `length`; of a string, its NUL is the last. */
static size_t copy(char *to, uint64_t from, size_t length, bool string)
{
    size_t n = 0;
    for (; n < length; n++) {
        uint64_t at = from + n;
        if ((n == 0 || at % PAGE_SIZE == 0) && sys_touch(at, 0))
            break;
        to[n] = *(const char *)at;
        if (string && !to[n])
            return n + 1;
    }
    return n;
}

/* Room for a piece of so many bytes, less if the record is full; NULL: for none. */
static char *piece_begin(struct telling *t, uint32_t argument, size_t *length)
{
    size_t left = sizeof *t - t->head.size, head = sizeof(struct posix_trace_piece);
    if (left <= head)
        return NULL;
    if (*length > left - head)
        *length = left - head;
    struct posix_trace_piece piece = {.argument = (uint8_t)argument};
    char *at = (char *)t + t->head.size;
    memcpy(at, &piece, head);
    return at + head;
}

static void piece_end(struct telling *t, size_t length, bool more)
{
    struct posix_trace_piece *piece = (void *)((char *)t + t->head.size);
    uint16_t size = (uint16_t)length;
    memcpy(&piece->length, &size, sizeof size);
    piece->more = more;
    t->head.size += (uint32_t)(sizeof *piece + length);
}

static void put_bytes(struct telling *t, uint32_t argument, uint64_t from, size_t length, size_t most)
{
    size_t n = length < most ? length : most;
    char *to = from && n ? piece_begin(t, argument, &n) : NULL;
    if (!to)
        return;
    size_t got = copy(to, from, n, false);
    if (got)
        piece_end(t, got, got < length);
}

static void put_string(struct telling *t, uint32_t argument, uint64_t from)
{
    size_t n = POSIX_TRACE_PATH_MAX + 1;
    char *to = from ? piece_begin(t, argument, &n) : NULL;
    size_t got = to ? copy(to, from, n, true) : 0;
    if (got)
        piece_end(t, got - !to[got - 1], to[got - 1] != 0);
}

static void put_strings(struct telling *t, uint32_t argument, uint64_t from)
{
    size_t room = POSIX_TRACE_PATH_MAX * 2, used = 0;
    uint64_t string = 0;
    char *to = from ? piece_begin(t, argument, &room) : NULL;
    bool more = true;
    if (!to)
        return;
    while (used < room && copy((char *)&string, from, sizeof string, false) == sizeof string) {
        more = string != 0;
        if (!more)
            break;
        size_t got = copy(to + used, string, room - used, true);
        used += got;
        if (!got || to[used - 1])
            break;
        from += sizeof string;
    }
    piece_end(t, used, more);
}

/* Pieces for what an argument points at, by its kind. */
static void put(struct telling *t, const struct frame *f, uint32_t i, bool done)
{
    enum posix_trace_kind kind = calls[f->call].kind[i];
    uint64_t at = f->argument[i], next = i + 1 < POSIX_TRACE_ARGUMENTS ? f->argument[i + 1] : 0;
    switch (kind) {
    case TRACE_PATH: put_string(t, i, at); return;
    case TRACE_STRINGS: put_strings(t, i, at); return;
    case TRACE_BUFFER_IN: put_bytes(t, i, at, next, POSIX_TRACE_DATA_MAX); return;
    case TRACE_TIME_IN: put_bytes(t, i, at, sizeof(struct timespec), SIZE_MAX); return;
    default: break;
    }
    if (!done)
        return;
    switch (kind) {
    case TRACE_BUFFER_OUT: put_bytes(t, i, at, (size_t)f->result, POSIX_TRACE_DATA_MAX); return;
    case TRACE_STRING_OUT: put_string(t, i, at); return;
    case TRACE_PIPE_OUT: put_bytes(t, i, at, 2 * sizeof(int), SIZE_MAX); return;
    case TRACE_PID_OUT:
    case TRACE_STATUS_OUT: put_bytes(t, i, at, sizeof(int), SIZE_MAX); return;
    case TRACE_WORD_OUT: put_bytes(t, i, at, sizeof(uint64_t), SIZE_MAX); return;
    case TRACE_STAT_OUT: put_bytes(t, i, at, sizeof(struct stat), SIZE_MAX); return;
    case TRACE_TIME_OUT: put_bytes(t, i, at, sizeof(struct timespec), SIZE_MAX); return;
    case TRACE_POLL:
        next = next < POSIX_TRACE_POLL_MAX ? next : POSIX_TRACE_POLL_MAX;
        put_bytes(t, i, at, next * sizeof(struct pollfd), SIZE_MAX);
        return;
    default: return;
    }
}

/* Results of functions that give an int come without their upper half. */
static bool succeeded(const struct frame *f)
{
    switch ((enum posix_trace_result)calls[f->call].result) {
    case TRACE_NUMBER: return (int32_t)f->result != -1;
    case TRACE_COUNT: return f->result != -1;
    case TRACE_ADDRESS: return f->result != 0 && f->result != -1;
    case TRACE_STATUS: return (int32_t)f->result == 0;
    default: return true;
    }
}

static void tell_call(const struct frame *f, enum posix_trace_event event, int error)
{
    struct telling t;
    bool done = event == TRACE_ENDED && succeeded(f);
    begin_record(&t, event);
    t.head.call = (uint16_t)f->call;
    t.head.error = error;
    t.head.begun_ns = f->begun_ns;
    t.head.ended_ns = clock_monotonic_ns();
    t.head.result = f->result;
    memcpy(t.head.argument, f->argument, sizeof f->argument);
    for (uint32_t i = 0; i < POSIX_TRACE_ARGUMENTS && calls[f->call].kind[i]; i++)
        put(&t, f, i, done);
    tell(&t);
}

/* ---- called by __trace_call ---- */

void __trace_enter(struct frame *f)
{
    int saved = errno;
    f->begun_ns = 0;
    if (tcb_self()->in_traced_call)
        return;
    tcb_self()->in_traced_call = calls[f->call].how != TRACE_ENDS; /* thread_exit has calls of its own */
    f->begun_ns = clock_monotonic_ns();
    if (calls[f->call].how != TRACE_PLAIN)
        tell_call(f, TRACE_BEGUN, 0);
    errno = calls[f->call].result == TRACE_ADDRESS ? 0 : saved; /* NULL may be no error: readdir */
    f->saved = saved;
}

void __trace_leave(struct frame *f)
{
    int error = errno;
    if (!f->begun_ns)
        return;
    tcb_self()->in_traced_call = false;
    bool child = calls[f->call].how == TRACE_FORKS && (int32_t)f->result == 0;
    if (child && !(__trace_on & POSIX_TRACE_FOLLOW))
        stop();
    if (__trace_on && !child)
        tell_call(f, TRACE_ENDED, error);
    errno = calls[f->call].result == TRACE_ADDRESS && !error ? f->saved : error;
}

/* ---- beginning, and going on in other programs ---- */

static void start(handle_t handle, uint32_t flags)
{
    pipe_handle = handle;
    __trace_on = flags | POSIX_TRACE_ON;
}

void trace_startup(const struct startup_fd *fd)
{
    struct telling t;
    start(fd->handle, fd->flags);
    begin_record(&t, TRACE_STARTED);
    t.head.begun_ns = t.head.ended_ns = clock_monotonic_ns();
    tell(&t);
}

bool trace_pass(struct proc_fd *fd, enum trace_whom whom)
{
    if (!__trace_on || (whom == TRACE_CHILD && !(__trace_on & POSIX_TRACE_FOLLOW)))
        return false;
    *fd = (struct proc_fd){POSIX_TRACE_FD, __trace_on, pipe_handle};
    return true;
}

int posix_trace_begin(int fd, unsigned int flags)
{
    handle_t copy;
    if (fd_handle(fd) == HANDLE_NONE)
        return -1;
    int error = kernel_handle_copy(fd_handle(fd), &copy);
    if (error)
        return error_result(error);
    close(fd);
    start(copy, flags & POSIX_TRACE_FOLLOW);
    return 0;
}
