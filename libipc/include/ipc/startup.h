/* What a new task finds: one block at the top of its first stack; its address is the first thread's argument
 * (rdi). Written by whoever starts the task (pager for init, init for servers, proc for programs); offsets
 * are bytes from the block's beginning, so that it can be built anywhere. */
#ifndef IPC_STARTUP_H
#define IPC_STARTUP_H

#include <ouros/types.h>

#define STARTUP_MAGIC 0x52415453u
#define STARTUP_NAME  24 /* bytes of a name, padded with NUL, at most 23 used */
#define STARTUP_MAX   (256u << 10)

struct startup_handle {
    char name[STARTUP_NAME]; /* "blk", "pager", "io.serial", "irq.0", "device.bar4", … */
    handle_t handle;
};
struct startup_fd {
    int32_t fd;
    uint32_t flags; /* O_ flags of the descriptor and 1 << 31 for close-on-exec */
    handle_t handle;
};
struct startup_blob {
    char name[STARTUP_NAME]; /* "pci.config", … */
    uint32_t offset, length;
};
struct startup {
    uint32_t magic, size;
    uint32_t argc, argv; /* argv: offset of argc NUL-terminated strings, one behind the other */
    uint32_t envc, envp;
    uint32_t handle_count, handles; /* struct startup_handle[] */
    uint32_t fd_count, fds;         /* struct startup_fd[] */
    uint32_t blob_count, blobs;     /* struct startup_blob[] */
    uint64_t random[2];             /* seed of the stack protector and of getentropy */
    vaddr_t image_start, image_end; /* of the program, for information */
    vaddr_t stack_low;              /* lowest address that the first stack may reach */
};

/* Slots with fixed handle values (HANDLE_FIRST(slot)) in every task. */
enum startup_slot {
    SLOT_TASK = 1,  /* the task itself: servers only */
    SLOT_PROC = 2,  /* process session with proc: programs only */
    SLOT_VFS = 3,   /* process session with vfs: programs only */
    SLOT_PAGER = 4, /* the task's own space session with the pager: every task */
    SLOT_PORT = 5,  /* the server's port, lent by init: servers only */
    SLOT_INIT = 6,  /* session with init: servers */
    SLOT_FREE = 16, /* handles put elsewhere start here */
};

#endif
