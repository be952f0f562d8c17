/* The pager: physical memory, objects, regions, spaces.
 *
 * Sessions: a *space* session (RIGHT_USE) acts on one task's own memory; an *admin* session (RIGHT_ADMIN:
 * init, proc) makes and changes other spaces; a *manager* session (RIGHT_WRITE: vfs) supplies the pages of
 * file objects; an *object* session (RIGHT_READ, RIGHT_WRITE) only names an object, to be passed along with
 * map. */
#ifndef PROTO_PAGER_H
#define PROTO_PAGER_H

#include <ipc/protocol.h>

/* Of a space session, beside RIGHT_USE: may have memory pinned for devices. Servers have it, programs do not.
 */
#define PAGER_RIGHT_DEVICE (1u << 12)

enum pager_map_flag {
    PAGER_FIXED = 1 << 0,      /* at `address` exactly, replacing what is there */
    PAGER_SHARED = 1 << 1,     /* stores reach the object; otherwise private, copied on write */
    PAGER_RESIDENT = 1 << 2,   /* all frames now (servers): no later fault, E_NOMEM now */
    PAGER_GUARD = 1 << 3,      /* no access at all; a touch is reported as a guard hit */
    PAGER_STACK = 1 << 4,      /* grows down to `address` on demand; lowest page is a guard */
    PAGER_NO_REPLACE = 1 << 5, /* with FIXED: E_EXISTS instead of replacing */
    PAGER_NO_INHERIT = 1 << 6, /* fork leaves it out */
    PAGER_NO_RESERVE = 1 << 7, /* anonymous, private: committed page by page, when it is touched */
    PAGER_MAY_MOVE = 1 << 8,   /* remap only */
    PAGER_SMALL = 1 << 9,      /* never pages of 2 MiB */
};

struct pager_map {    /* with a handle: an object session; without: anonymous, zero-filled */
    uint64_t address; /* hint, or exact with PAGER_FIXED; page aligned */
    uint64_t length;  /* bytes, rounded up to pages */
    uint64_t offset;  /* in the object, page aligned */
    uint32_t prot;    /* enum vms_prot; WRITE with EXEC is E_ACCES */
    uint32_t flags;   /* enum pager_map_flag */
};
struct pager_address {
    uint64_t address;
};
struct pager_range {
    uint64_t address, length;
};
struct pager_protect {
    uint64_t address, length;
    uint32_t prot;
};
struct pager_remap {
    uint64_t old, old_length;
    uint64_t length; /* of the new mapping */
    uint64_t to;     /* with PAGER_FIXED */
    uint32_t flags;  /* PAGER_MAY_MOVE; PAGER_FIXED: to `to` exactly, replacing what is there */
};
enum pager_advice {
    PAGER_DISCARD = 1, /* what was written is lost: pages read as zeros, or as the object has them */
    PAGER_FETCH,       /* pages of files will be needed: bring them in, do not wait */
    PAGER_LOCK,        /* all pages into memory, where they stay */
    PAGER_UNLOCK,
    PAGER_LOCK_ALL,    /* the whole space; the range is ignored */
    PAGER_LOCK_FUTURE, /* what will be mapped */
    PAGER_UNLOCK_ALL,
    PAGER_SYNC,        /* dirty pages of files go to their manager, and to its disk: wait for it */
    PAGER_SYNC_LATER,  /* the same without waiting */
    PAGER_SMALL_PAGES, /* no pages of 2 MiB here: those that there are, are split */
    PAGER_LARGE_PAGES, /* they may be */
    PAGER_INVALIDATE,  /* copies of files' pages are to be what the file is, which they are anyway. E_BUSY: a
                          part is locked */
};
struct pager_advise {
    uint64_t address, length;
    uint32_t advice; /* enum pager_advice; the reply counts the pages of files that a lock must still touch */
};
#define PAGER_RESIDENCY_MAX 4096u /* pages asked about in one residency */
struct pager_map_device {         /* with a handle: an OBJ_DEVICE */
    uint64_t offset, length;
    uint32_t prot; /* VMS_UNCACHED is implied */
};
struct pager_dma {
    uint64_t length; /* bytes, rounded up to pages: contiguous, zeroed, pinned, resident */
    uint64_t limit;  /* all of it lies below this physical address; 0: anywhere */
    uint64_t align;  /* of the physical address: a power of two; 0: a page */
};
struct pager_dma_reply {
    uint64_t address;
    uint64_t physical;
};
struct pager_space { /* a space's id, never used twice */
    uint64_t space;
};
struct pager_space_map {
    uint64_t space;
    uint64_t address, length, offset;
    uint32_t prot, flags; /* as pager_map */
};
struct pager_space_map_reply {
    uint64_t address;
};
struct pager_space_range {
    uint64_t space, address, length;
};
struct pager_exception {
    uint64_t space;
    uint64_t thread;  /* thread id: TASK_THREAD gives the handle */
    uint64_t address; /* faulting address */
    uint64_t rip;
    uint32_t vector; /* 14 for page faults, else the exception's */
    uint32_t code;   /* enum pager_exception_code */
    uint64_t cookie; /* to name it in exception_done */
};
enum pager_exception_code {
    PAGER_EXC_CPU = 1,  /* an exception that is no page fault */
    PAGER_EXC_UNMAPPED, /* SEGV_MAPERR */
    PAGER_EXC_DENIED,   /* SEGV_ACCERR */
    PAGER_EXC_GUARD,    /* stack overflow or another guard */
    PAGER_EXC_IO,       /* SIGBUS: the page cannot be brought */
    PAGER_EXC_NOMEM,
    PAGER_EXC_END, /* SIGBUS: beyond the end of the file */
};
struct pager_exception_done {
    uint64_t cookie;
    uint32_t resume; /* 1: the thread runs on; 0: it stays stopped (its task is about to be killed) */
};
struct pager_stats {
    uint64_t total_pages, free_pages, zeroed_pages; /* 4 KiB each; total: RAM that the pager owns;
                                                         zeroed: of the free ones, those zeroed ahead */
    uint64_t anon_pages, object_pages, pinned_pages;
    uint64_t kernel_pages, table_pages; /* given to the kernel, blocks counted whole */
    uint64_t spaces, objects, regions;
    uint64_t faults, cow_faults, page_ins, forks;
    uint64_t huge_pages;          /* 2 MiB each, in all spaces, counted among anon_pages too */
    uint64_t waiters, pool_pages; /* pool: of the pager's records, counted among the pinned ones too */
    uint64_t zeroed_taken;        /* pages that were at hand, zeroed already, when they were needed */
    uint64_t dirty_pages;         /* of files, stored to and not on their disk; not lent ones */
    uint64_t writing_pages;       /* of those: their manager is writing them */
    uint64_t written;             /* pages written since boot */
};
struct pager_region {                    /* element of the out-buffer of `regions` */
    uint64_t start, end, offset, object; /* object: id, 0 for anonymous */
    uint32_t prot, flags;
    uint64_t resident; /* pages present */
    uint64_t shared;   /* of those: pages that something else has, too */
    uint32_t tables;   /* leaf tables that show a part of it */
    uint32_t kind;     /* enum pager_region_kind */
    uint32_t huge;     /* pages of 2 MiB, counted in resident as 512 */
    uint32_t unused;
};
enum pager_region_kind {
    PAGER_REGION_ANON,
    PAGER_REGION_OBJECT,
    PAGER_REGION_DMA,
    PAGER_REGION_DEVICE,
};
/* The page-table entries of an address, read through the pager's views: from the top level down to the first
 * one that leads to no table (the page, a huge page, or nothing). */
struct pager_entries {
    uint64_t space, address;
};
struct pager_entries_reply {
    uint64_t entry[4];
    uint32_t levels; /* how many entries there are */
};
enum pager_frames {
    PAGER_FRAMES_FREE,
    PAGER_FRAMES_ANON,   /* private pages */
    PAGER_FRAMES_OBJECT, /* pages of memory objects */
    PAGER_FRAMES_DMA,
    PAGER_FRAMES_PAGER, /* its image and records */
    PAGER_FRAMES_OTHER, /* the kernel's, or nobody's */
    PAGER_FRAMES_KINDS,
};
struct pager_block { /* element of the out-buffer of `blocks`: 2 MiB of memory, in order of address */
    uint16_t kind;   /* enum block_kind, as the kernel has it */
    uint16_t frames[PAGER_FRAMES_KINDS + 1]; /* by enum pager_frames; the last one is 0 */
};
struct pager_first {
    uint64_t first;
};
#define PAGER_BLOCKS_MAX 64u /* blocks that one call tells of at most */
struct pager_count {
    uint64_t count;
};
struct pager_space_stat {
    uint64_t regions, resident_pages, tables, size_pages;
};
/* What one space may have, in bytes; UINT64_MAX: no limit. What it has already stays. */
struct pager_limits {
    uint64_t space;
    uint64_t size;   /* all regions, guards not counted */
    uint64_t data;   /* what counts as promised to it: private memory that may be written, memory objects that
                        it made */
    uint64_t stack;  /* how far a growing stack may grow */
    uint64_t locked; /* regions locked by PAGER_LOCK and its like */
};
struct pager_object_create {
    uint64_t size; /* bytes */
    uint64_t tag;  /* the manager's own name for it, given back in next_request */
    uint32_t lent; /* 1: its pages are memory of the manager's, lent one by one */
};
struct pager_object {
    uint64_t object; /* id, never used twice */
};
struct pager_object_size {
    uint64_t object, size;
};
struct pager_request {
    uint64_t object, tag, offset;
    uint32_t kind, pages;
};
/* What `session` mints. A manager's objects and requests belong to its session, not to the task behind it:
 * give the next instance of a server a copy of the same one. */
enum pager_session_kind { PAGER_SESSION_ADMIN = 1, PAGER_SESSION_MANAGER = 2 };
struct pager_session {
    uint32_t kind; /* enum pager_session_kind */
};
struct pager_check {                /* what `check` found; it writes each fault it finds to the log */
    uint64_t errors, spaces, pages; /* pages: present entries seen */
};
enum pager_request_kind {
    PAGER_PAGE_IN = 1,
    PAGER_UNUSED = 2,    /* the object's last session and region are gone; pages: those that are dirty still,
                            because they could not be written */
    PAGER_WRITE_BACK = 3 /* these pages, dirty until now, are to be written: object_read, then written */
};
struct pager_object_part {
    uint64_t object, offset;
};
struct pager_written {
    uint64_t object;
    uint32_t status; /* 0: the pages are on disk; else the error: they are dirty as before */
};
struct pager_lend { /* the in-buffer: uint64_t addresses of pages in the manager's space */
    uint64_t object, offset;
};
#define PAGER_LEND_MAX   16u          /* pages of one lend */
#define PAGER_SUPPLY_MAX (64ul << 10) /* bytes of one supply */
#define PAGER_COPY_MAX \
    (64ul << 10) /* bytes that one space_read or space_write moves at most: see its count */
struct pager_supply {
    uint64_t object, offset;
    uint32_t status; /* 0: the in-buffer holds the page(s), a short last one is padded with zeros; else the
                        error */
};

#define PAGER_PROTOCOL(OP)                                                                                  \
    OP(1, map, struct pager_map, struct pager_address, RIGHT_USE, EFFECT | TAKES(1))                        \
    OP(2, unmap, struct pager_range, struct ipc_none, RIGHT_USE, IDEMPOTENT)                                \
    OP(3, protect, struct pager_protect, struct ipc_none, RIGHT_USE, IDEMPOTENT)                            \
    OP(4, map_device, struct pager_map_device, struct pager_address, RIGHT_USE | PAGER_RIGHT_DEVICE,        \
       EFFECT | TAKES(1))                                                                                   \
    OP(5, map_dma, struct pager_dma, struct pager_dma_reply, RIGHT_USE | PAGER_RIGHT_DEVICE, EFFECT)        \
    OP(6, memory_object, struct pager_object_size, struct pager_object, RIGHT_USE, EFFECT | GIVES(1))       \
    OP(7, kernel_memory, struct ipc_none, struct ipc_none, RIGHT_USE,                                       \
       IDEMPOTENT) /* after E_KMEM: feed the kernel */                                                      \
    OP(8, remap, struct pager_remap, struct pager_address, RIGHT_USE, EFFECT)                               \
    OP(9, advise, struct pager_advise, struct pager_count, RIGHT_USE, IDEMPOTENT | PARKS)                   \
    OP(10, residency, struct pager_address, struct ipc_none, RIGHT_USE, IDEMPOTENT | BUF_OUT)               \
    OP(16, space_create, struct ipc_none, struct pager_space, RIGHT_ADMIN, EFFECT | TAKES(1) | GIVES(1))    \
    OP(17, space_fork, struct pager_space, struct pager_space, RIGHT_ADMIN, EFFECT | TAKES(1) | GIVES(1))   \
    OP(18, space_map, struct pager_space_map, struct pager_space_map_reply, RIGHT_ADMIN, EFFECT | TAKES(1)) \
    OP(19, space_write, struct pager_space_range, struct pager_count, RIGHT_ADMIN, IDEMPOTENT | BUF_IN)     \
    OP(20, space_read, struct pager_space_range, struct pager_count, RIGHT_ADMIN, IDEMPOTENT | BUF_OUT)     \
    OP(21, next_exception, struct ipc_none, struct pager_exception, RIGHT_ADMIN, EFFECT | PARKS)            \
    OP(22, exception_done, struct pager_exception_done, struct ipc_none, RIGHT_ADMIN, EFFECT)               \
    OP(23, stats, struct ipc_none, struct pager_count, RIGHT_USE, IDEMPOTENT | BUF_OUT)                     \
    OP(24, regions, struct pager_space, struct pager_count, RIGHT_ADMIN, IDEMPOTENT | BUF_OUT)              \
    OP(25, space_stat, struct pager_space, struct pager_space_stat, RIGHT_ADMIN, IDEMPOTENT)                \
    OP(26, bundle, struct ipc_none, struct pager_object_size, RIGHT_ADMIN, IDEMPOTENT | GIVES(1))           \
    OP(27, session, struct pager_session, struct ipc_none, RIGHT_ADMIN, EFFECT | GIVES(1))                  \
    OP(28, dma_release, struct pager_space, struct ipc_none, RIGHT_ADMIN,                                   \
       IDEMPOTENT) /* its device is silent */                                                               \
    OP(29, check, struct ipc_none, struct pager_check, RIGHT_ADMIN, IDEMPOTENT)                             \
    OP(30, entries, struct pager_entries, struct pager_entries_reply, RIGHT_ADMIN, IDEMPOTENT)              \
    OP(31, blocks, struct pager_first, struct pager_count, RIGHT_ADMIN, IDEMPOTENT | BUF_OUT)               \
    OP(32, object_create, struct pager_object_create, struct pager_object, RIGHT_WRITE, EFFECT | GIVES(1))  \
    OP(33, next_request, struct ipc_none, struct pager_request, RIGHT_WRITE, EFFECT | PARKS)                \
    OP(34, supply, struct pager_supply, struct ipc_none, RIGHT_WRITE, IDEMPOTENT | BUF_IN)                  \
    OP(35, resize, struct pager_object_size, struct ipc_none, RIGHT_WRITE, IDEMPOTENT)                      \
    OP(36, object_destroy, struct pager_object, struct ipc_none, RIGHT_WRITE, IDEMPOTENT)                   \
    OP(37, take_dirty, struct pager_object, struct pager_count, RIGHT_WRITE, EFFECT | BUF_OUT)              \
    OP(38, written, struct pager_written, struct ipc_none, RIGHT_WRITE, IDEMPOTENT | BUF_IN)                \
    OP(39, manager_ready, struct ipc_none, struct ipc_none, RIGHT_WRITE, IDEMPOTENT | TAKES(1))             \
    OP(40, lend, struct pager_lend, struct ipc_none, RIGHT_WRITE, IDEMPOTENT | BUF_IN)                      \
    OP(41, object_session, struct pager_object, struct ipc_none, RIGHT_WRITE, EFFECT | GIVES(1))            \
    OP(42, space_limit, struct pager_limits, struct ipc_none, RIGHT_ADMIN, IDEMPOTENT)                      \
    OP(43, object_read, struct pager_object_part, struct pager_count, RIGHT_WRITE, IDEMPOTENT | BUF_OUT)

/* residency fills the out-buffer with a byte for each page from `address` on: 1 if it is in memory.
 *
 * space_write and space_read ignore the region's protection, break copy-on-write, bring pages in, and move at
 * most PAGER_COPY_MAX bytes: the reply says how many, the caller goes on from there. E_FAULT: the first byte
 * is not mapped.
 *
 * stats fills the out-buffer with one struct pager_stats, regions with struct pager_region (of the space
 * named; those that fit; count says how many there are), blocks with struct pager_block (from the one named
 * `first` on; count says how many were written, 0 at the end).
 *
 * Dirty pages. A manager is asked to write some by the request PAGER_WRITE_BACK, or takes them by itself:
 * take_dirty fills the out-buffer with uint64_t offsets. Either way they are write-protected, and not dropped,
 * until `written` gives their offsets back, with what came of it. object_read copies pages that are in memory
 * (offset and length in whole pages, PAGER_SUPPLY_MAX at most; count says how many bytes there were). Who
 * cannot write at all says so by `written` with an error: then, as after each failed write, the pages are
 * dirty as before, the next sync of the object says E_IO (or E_NOSPC), and stores that wait for room get
 * PAGER_EXC_IO. The pages are asked for again when somebody else needs that. docs/pager.md has the rest.
 *
 * A new instance of a manager says manager_ready once: requests that its predecessor took are handed out
 * again. supply may bring fewer pages than asked, or more; the request is answered by any supply that meets
 * its range. When the last session and region of an object are gone, dirty pages are written first; then its
 * pages are freed and its manager gets PAGER_UNUSED. Pages that could not be written stay until they are taken
 * and written, or object_destroy.
 *
 * lend answers a request as supply does, but nothing is copied: the pages are the manager's own private
 * memory, which it goes on reading and writing in place; it has said which space is its own by giving a space
 * session with manager_ready. What is stored through a shared mapping is in the file at once, so lent pages
 * are never dirty. They are the manager's alone again when resize has cut them off, or the object is unused;
 * until then the manager must not free them. object_session gives one more session with an object that is
 * still there, E_NOENT if it has been reported unused.
 *
 * A call that would bring a space beyond what space_limit allows answers E_NOMEM; a page that is touched
 * beyond it raises PAGER_EXC_NOMEM, or PAGER_EXC_GUARD below a stack. fork hands the limits on.
 *
 * DMA memory of a dead space stays in quarantine until dma_release names the space.
 *
 * Exceptions of tasks go, by parked next_exception calls, to the admin session that created the space; when
 * nobody is parked there they wait. When that session is closed, or for init's servers unless init parks a
 * call, the pager logs the fault and ends the task with TASK_UNHANDLED_FAULT. */
IPC_PROTOCOL(pager, PAGER_PROTOCOL)

#endif
