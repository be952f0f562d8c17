/* What a traced program tells `trace` of its calls: records, one behind the other, in a pipe. libc writes them
 * (libc/trace.c), programs/trace reads them. Both are built together: this is no interface for others. */
#ifndef OUROS_POSIX_TRACE_H
#define OUROS_POSIX_TRACE_H

#include <ouros/posix_calls.h>
#include <stdint.h>

/* Arguments; _IN and _OUT: what it points at goes along, before and after the call as it were. */
enum posix_trace_kind {
    TRACE_END, /* no such argument */
    TRACE_INT,
    TRACE_LONG, /* also an off_t */
    TRACE_SIZE,
    TRACE_HEX,
    TRACE_POINTER,
    TRACE_PATH, /* or another string that ends with NUL */
    TRACE_DIRECTORY,
    TRACE_OPEN_FLAGS,
    TRACE_CREATE_MODE, /* counts only with O_CREAT, before it */
    TRACE_MODE,
    TRACE_ACCESS,
    TRACE_WHENCE,
    TRACE_FCNTL,
    TRACE_SIGNAL,
    TRACE_SIGNAL_HOW,
    TRACE_HANDLER,
    TRACE_PROTECTION,
    TRACE_MAP_FLAGS,
    TRACE_WAIT,
    TRACE_CLOCK,
    TRACE_BUFFER_IN,  /* as long as the next argument says */
    TRACE_BUFFER_OUT, /* as long as the result says */
    TRACE_STRING_OUT,
    TRACE_STRINGS, /* argv: the strings of the piece, each with its NUL */
    TRACE_PIPE_OUT,
    TRACE_PID_OUT,
    TRACE_STATUS_OUT,
    TRACE_WORD_OUT,
    TRACE_STAT_OUT,
    TRACE_TIME_IN,
    TRACE_TIME_OUT,
    TRACE_POLL, /* as many as the next argument says, as they are afterwards */
};

/* Results, and which of them mean that errno counts. */
enum posix_trace_result {
    TRACE_NUMBER,  /* an int; -1 */
    TRACE_COUNT,   /* 64 bits; -1 */
    TRACE_OCTAL,   /* none */
    TRACE_TRUTH,   /* 0 */
    TRACE_ADDRESS, /* -1; NULL if errno was set */
    TRACE_STATUS,  /* is an errno value itself */
    TRACE_NOTHING,
};

enum posix_trace_how {
    TRACE_PLAIN,
    TRACE_BLOCKS,   /* may take long: told when it begins as well */
    TRACE_FORKS,    /* comes back twice */
    TRACE_REPLACES, /* comes back if it fails */
    TRACE_ENDS,     /* does not come back */
};

enum posix_trace_event {
    TRACE_STARTED, /* a new program in the process */
    TRACE_BEGUN,   /* not TRACE_PLAIN: `result` and what is _OUT do not count */
    TRACE_ENDED,
};

/* A line of POSIX_CALLS as the members of a table: {"open", TRACE_NUMBER, TRACE_PLAIN, {TRACE_PATH, …}}. */
#define TRACE_KINDS(...)      __VA_OPT__(TRACE_KINDS_1(__VA_ARGS__))
#define TRACE_KINDS_1(a, ...) TRACE_##a __VA_OPT__(, TRACE_KINDS_2(__VA_ARGS__))
#define TRACE_KINDS_2(a, ...) TRACE_##a __VA_OPT__(, TRACE_KINDS_3(__VA_ARGS__))
#define TRACE_KINDS_3(a, ...) TRACE_##a __VA_OPT__(, TRACE_KINDS_4(__VA_ARGS__))
#define TRACE_KINDS_4(a, ...) TRACE_##a __VA_OPT__(, TRACE_KINDS_5(__VA_ARGS__))
#define TRACE_KINDS_5(a, ...) TRACE_##a __VA_OPT__(, TRACE_KINDS_6(__VA_ARGS__))
#define TRACE_KINDS_6(a)      TRACE_##a

enum {
    POSIX_TRACE_ARGUMENTS = 6,
    POSIX_TRACE_RECORD_MAX = 1536, /* bytes: a pipe takes it whole */
    POSIX_TRACE_PATH_MAX = 255,    /* bytes kept of a string, */
    POSIX_TRACE_DATA_MAX = 64,     /* and of a buffer */
    POSIX_TRACE_POLL_MAX = 8,
    POSIX_TRACE_FD =
        0x54524143, /* the pipe in the list of descriptors for a new program: no number of a descriptor */
};
enum posix_trace_flag { POSIX_TRACE_ON = 1 << 0, POSIX_TRACE_FOLLOW = 1 << 1 };

struct posix_trace_record {
    uint32_t size;  /* bytes, pieces included */
    uint16_t event; /* enum posix_trace_event */
    uint16_t call;  /* place in POSIX_CALLS */
    int32_t pid;
    int32_t error;               /* errno after the call */
    uint64_t thread;             /* some number that its threads differ by */
    uint64_t begun_ns, ended_ns; /* monotonic */
    uint64_t argument[POSIX_TRACE_ARGUMENTS];
    int64_t result;
};

/* Behind the record: what arguments point at, in their order. */
struct posix_trace_piece {
    uint8_t argument; /* from 0 */
    uint8_t more;     /* there was more of it than `length` bytes */
    uint16_t length;  /* bytes that follow */
};

#ifdef __ouros__
/* Begin to tell: the calling process's further calls, and those of the program that it becomes by exec, go to the pipe
 * `fd`, which is closed as a descriptor. With POSIX_TRACE_FOLLOW its children's as well. 0, or -1 with errno. */
int posix_trace_begin(int fd, unsigned int flags);
#endif

#endif
