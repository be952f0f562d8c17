/* The terminal server's state. One thread does everything: handlers park what cannot be answered yet, and
 * tty_settle answers it when bytes, room or time have come. */
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

/* A poll_arm that waits for an event. */
struct arm {
    struct arm *next;
    uint64_t badge, bits;
    handle_t port;
    uint32_t events;
};

struct tty {
    struct line line;
    struct queue readers, writers, drainers, setters;
    struct arm *arms;
    int64_t foreground; /* process group, 0: none */
    uint32_t size;      /* rows << 16 | columns */
};
extern struct tty ttys[LINES];

/* What a session with a line remembers. A session that outlived an instance of the server gets a fresh one.
 */
struct open_line {
    struct tty *tty;
    uint32_t flags; /* IO_O_ access mode, NONBLOCK */
};

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
void tty_settle(void); /* let everything go on that can */
uint64_t tty_next_deadline(void);
uint32_t tty_events(struct tty *t); /* enum io_event that are true now */

/* ---- events.c: signals on their way to proc, and poll ---- */
void events_init(void);
void event_signal(struct tty *t, uint32_t signal);
int event_next(struct ipc_request *r, struct tty_event *out);
bool event_cancel(uint64_t badge, uint32_t thread, uint32_t seq);
int arm_add(struct tty *t, struct ipc_request *r, const struct io_poll_arm *in);
void arms_fire(struct tty *t);
void arms_close(struct tty *t, uint64_t badge);

/* ---- klog.c: the kernel's log on the console ---- */
void klog_start(void);
void klog_follow(struct tty *t); /* print what is new and fits */
uint64_t klog_next(void);        /* when to look again */

#endif
