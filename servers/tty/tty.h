/* The terminal server's state. One thread does everything: handlers park what cannot be answered yet, and
 * tty_settle answers it when bytes, room or time have come.
 *
 * What users must not lose when the server dies lies in tty_state, which libipc keeps (docs/ipc.md, "Exactly
 * once"): lines with what was typed and printed, foreground groups, opened sessions, armed polls, signals on
 * their way. Who waits is not kept: parked calls end with E_RESTARTED, and their callers call again. */
#ifndef TTY_TTY_H
#define TTY_TTY_H

#include "line.h"
#include <ipc/server.h>
#include <proto/tty.h>

enum {
    LINES = 1,        /* the console */
    TAG_LINE = 0x100, /* tag of a session with line n: TAG_LINE + n */
    BIT_SERIAL = 1,   /* notification bit of the serial interrupt */
    EVENTS_MAX = 16,
    OPENS_KEPT = 64, /* sessions whose flags are kept; further ones are opened all the same */
    ARMS_MAX = 64,   /* armed polls */
    PARTIALS = 4,    /* writes of which a part has been taken */
    KLOG_CHUNK = 1024,
};

/* A call that waits. */
struct parked {
    struct parked *next;
    struct ipc_request request;
    uint64_t deadline;    /* readers with VTIME; else DEADLINE_NEVER */
    uint64_t done;        /* writers: bytes taken; readers: bytes that were there when the deadline was set */
    struct tty_mode mode; /* setters: what to set once the output has left */
    uint32_t flush;       /* setters: drop input too */
};

/* First come, first served. */
struct queue {
    struct parked *first, **last;
};

/* Who waits for a line. */
struct waits {
    struct queue readers, writers, drainers, setters;
};

/* A write of which `done` bytes have been taken while its caller waits: a repeat goes on from there. */
struct partial {
    uint64_t badge; /* 0: free */
    uint32_t thread, seq;
    uint64_t done;
};

struct tty {
    struct line line;
    int64_t foreground; /* process group, 0: none */
    uint32_t size;      /* rows << 16 | columns */
    uint32_t next_partial;
    struct partial partials[PARTIALS];
};

/* What a session with a line remembers. */
struct open_line {
    struct tty *tty; /* null: free */
    uint32_t flags;  /* IO_O_ access mode, NONBLOCK */
};

/* A poll_arm that waits for an event. Its port lies in our port's keep table, under its index plus one. */
struct arm {
    uint64_t badge, bits; /* badge 0: free */
    uint32_t events, line;
};

/* Of the kernel's log: whole lines, read and not yet printed, are those from `at` to `end` of the chunk. */
struct klog {
    uint64_t cursor, at, end;
    char chunk[KLOG_CHUNK];
};

extern struct tty_state {
    bool started; /* by a former instance, or by this one */
    struct tty ttys[LINES];
    struct open_line opens[OPENS_KEPT];
    struct arm arms[ARMS_MAX];
    struct tty_event events[EVENTS_MAX]; /* for proc, which does not ask at the moment */
    uint32_t events_first, events_last;  /* count up */
    struct klog klog;
} tty_state;

struct waits *waits_of(const struct tty *t);

/* ---- queue.c ---- */
void queue_init(struct queue *q);
/* Defer r and put it at the end; null and *error if that cannot be. */
struct parked *queue_park(struct queue *q, struct ipc_request *r, int *error);
void queue_answer(struct queue *q, struct parked *p, int status, const void *reply,
                  size_t size); /* and frees it */
struct parked *queue_find(struct queue *q, uint64_t badge, uint32_t thread, uint32_t seq);

/* ---- transfer.c: bytes between clients and lines ---- */
int tty_read(struct tty *t, struct ipc_request *r, uint32_t flags, struct io_count *out);
int tty_write(struct tty *t, struct ipc_request *r, uint32_t flags, struct io_count *out);
void tty_write_ends(struct tty *t, const struct ipc_request *r); /* it is answered otherwise */
void tty_settle(void);                                           /* let everything go on that can */
uint64_t tty_next_deadline(void);
uint32_t tty_events(struct tty *t); /* enum io_event that are true now */

/* ---- events.c: signals on their way to proc, and poll ---- */
void events_init(void);
void event_signal(struct tty *t, uint32_t signal);
int event_next(struct ipc_request *r, struct tty_event *out);
bool event_cancel(uint64_t badge, uint32_t thread, uint32_t seq);
int arm_add(struct tty *t, struct ipc_request *r, const struct io_poll_arm *in);
void arms_fire(struct tty *t);
void arms_close(uint64_t badge);

/* ---- klog.c: the kernel's log on the console ---- */
void klog_start(void);           /* in the first instance, and afterwards */
void klog_follow(struct tty *t); /* print what is new and fits */
uint64_t klog_next(void);        /* when to look again */

#endif
