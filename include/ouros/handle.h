/* Kinds of kernel objects and the rights that a handle may carry. */
#ifndef OUROS_HANDLE_H
#define OUROS_HANDLE_H

#include <ouros/types.h>

enum object_kind {
    OBJ_NONE = 0,
    OBJ_TASK = 1,
    OBJ_THREAD = 2,
    OBJ_PORT = 3,
    OBJ_SESSION = 4,
    OBJ_REPLY = 5, /* the deferred right to answer one caller */
    OBJ_IRQ = 6,
    OBJ_IO = 7,
    OBJ_DEVICE = 8,
    OBJ_MEMORY = 9,      /* authority: page-table primitives, blocks, mounts */
    OBJ_HARDWARE = 10,   /* authority: make irq, io and device objects; PCI configuration; the log's owner */
    OBJ_TASK_MAKER = 11, /* authority: make tasks */
    OBJ_KINDS = 12,
};

/* Rights of a handle. A copy never has more than its source. */
enum right {
    RIGHT_COPY = 1 << 0,   /* may be copied, sent in a message, kept */
    RIGHT_CALL = 1 << 1,   /* session: call and send */
    RIGHT_NOTIFY = 1 << 2, /* port or session: raise notification bits */
    RIGHT_RECV = 1 << 3,   /* port: receive, acknowledge, keep, mint. Never copied: only port_ctl(PORT_LEND)
                              passes it on */
    RIGHT_MANAGE = 1 << 4, /* task, thread: control. Port: lend, take back. Irq: bind. Authority: use */
    RIGHT_INFO = 1 << 5,   /* task, thread, port: read state */
    /* Protocol rights: given to the server with each message, meaning fixed by the protocol. */
    RIGHT_USE = 1 << 8,
    RIGHT_READ = 1 << 9,
    RIGHT_WRITE = 1 << 10,
    RIGHT_ADMIN = 1 << 11,
    RIGHT_PROTOCOL = 0xff00,
    RIGHT_ALL = 0xffff,
};

/* handle_info: what a handle refers to; handle 0: the caller in the reply slot, if there is one. */
struct handle_info {
    uint32_t kind;   /* enum object_kind */
    uint32_t rights; /* enum right */
    uint64_t id;     /* task or thread: its id; session: its badge if the asker receives on its port, else 0;
                        caller: its task's id. Ids of tasks are never used twice */
};

#endif
