/* Numbers, operations and structures of the system calls. The list itself is syscalls.def. */
#ifndef OUROS_SYSCALL_H
#define OUROS_SYSCALL_H

#include <ouros/error.h>
#include <ouros/handle.h>
#include <ouros/message.h>
#include <ouros/types.h>

/* From 1 on, without holes: the kernel's table has an entry for each number below SYS_COUNT. */
enum syscall_number {
    SYS_NONE,
#define SYSCALL(number, name, arguments, results, text) SYS_##name,
#include <ouros/syscalls.def>
#undef SYSCALL
    SYS_COUNT
};
#define SYSCALL(number, name, arguments, results, text) \
    _Static_assert(SYS_##name == number, "the list is in the order of the numbers");
#include <ouros/syscalls.def>
#undef SYSCALL

/* ---- tasks ---- */
enum task_op {
    TASK_KILL = 1,  /* a = exit value given to the watchers. Own task allowed (does not return) */
    TASK_SET_PAGER, /* a = port (RIGHT_RECV or RIGHT_MANAGE), b = cookie: faults and the task's death go there
                     */
    TASK_WATCH, /* a = port, b = cookie: MSG_TASK_DEAD goes there too. One watcher; a new one replaces it */
    TASK_LIMIT, /* a = new limit of kernel memory, bytes */
    TASK_COPY_HANDLES, /* a = source task: the name, and every handle with RIGHT_COPY, to the same slots and generations of
                          this task, which must have no handles yet */
    TASK_COPY_HANDLE, /* a = source task, b = a handle of the source, c = index (0: any): a copy with the same
                         rights appears in this task; value = handle. The caller needs RIGHT_MANAGE on both */
    TASK_INFO,        /* a = struct task_info * */
    TASK_THREAD,      /* a = thread id (0: any): value = handle of that thread of the task */
    TASK_SUSPEND,     /* stop all threads before their next user instruction */
    TASK_RESUME,
    TASK_NAME, /* a = text, b = length (at most 15): for logs and dumps */
};

struct task_info {
    uint64_t id;
    uint64_t kmem_used, kmem_limit; /* bytes */
    uint32_t threads, handles, tables;
    uint32_t dead; /* 1 when no thread and no handle is left */
    uint64_t cpu_ns;
    char name[16];
};

/* ---- threads ---- */
#define PRIORITY_MAX 63 /* the most urgent */
enum {
    PRIORITY_INIT = 60,
    PRIORITY_DRIVER = 48,
    PRIORITY_SERVER = 40,
    PRIORITY_USER = 20,
};

enum thread_op {
    THREAD_START = 1, /* also: resume after THREAD_SUSPEND */
    THREAD_SUSPEND, /* stop it before its next user instruction; a blocked thread stays blocked and stops then
                     */
    THREAD_KILL,
    THREAD_EXIT, /* own only: a = a u32's address, or 0: set to 0 and woken once the thread is gone; b = 0 */
    THREAD_GET_REGS, /* a = struct thread_regs *; of a suspended, blocked or not yet started thread */
    THREAD_SET_REGS, /* a = const struct thread_regs *. A thread blocked in a call or fault keeps waiting */
    THREAD_COPY, /* a = a task, of which the caller that the asker is to answer is a thread: all its registers, fs base
                    and FPU state go to the new thread, which returns from the call with status 0 and 0 in the first word.
                    E_NOENT: no caller, or not that task's */
    THREAD_PRIORITY, /* a = priority; at most the caller's own task's ceiling */
    THREAD_FS_BASE,  /* a = address */
    THREAD_CANCEL,   /* ask: a queued call or any wait gets E_CANCELLED, now or when next begun (sticky) */
    THREAD_UNCANCEL, /* own only: take back what is pending. value = 1 if something was */
    THREAD_INFO,     /* a = struct thread_info * */
};

/* As the kernel keeps them. Setting leaves vector, error, cs and ss as they have to be. */
struct thread_regs {
    uint64_t r15, r14, rdx, r10, r8, r9, r12, r13, r11, rbp, rdi, rsi, rcx, rbx, rax;
    uint64_t vector, error, rip, cs, rflags, rsp, ss, fs_base;
};

enum thread_state {
    THREAD_NEW,
    THREAD_READY,
    THREAD_RUNNING,
    THREAD_SENDING, /* queued on a port, in call or send */
    THREAD_CALLING, /* received, waits for its reply */
    THREAD_RECEIVING,
    THREAD_FAULTING, /* waits for its pager */
    THREAD_FUTEX,
    THREAD_STOPPED,
    THREAD_DEAD,
};

struct thread_info {
    uint64_t id, task_id;
    uint32_t state; /* enum thread_state */
    uint32_t priority, base_priority;
    uint32_t suspended;
    uint64_t cpu_ns;
};

/* ---- ports ---- */
enum port_op {
    PORT_MINT = 1,  /* a = tag (24 bits), b = rights: value = session handle, second = badge.
                       badge = a serial number of the port << 24 | tag: never the same twice */
    PORT_LEND,      /* a = task, b = slot index (0: any): value = the receive handle in that task.
                       E_BUSY while another borrower lives. Owner only */
    PORT_TAKE_BACK, /* end a loan; callers that were received get E_RESTARTED. Owner only */
    PORT_KEEP,      /* a = key (1 to 2^32-1), b = handle: moved into the port's keep table; a port without
                       RIGHT_RECV and RIGHT_MANAGE */
    PORT_KEPT,      /* a = key: value = a copy of the kept handle; E_NOENT */
    PORT_DROP,      /* a = key: the kept handle is closed */
    PORT_NEXT_KEPT, /* a = key: value = the lowest key above it; E_NOENT at the end */
    PORT_SESSIONS,  /* a = 0: begin, 1: go on; value = a badge; E_NOENT at the end */
    PORT_ACK,       /* a = id of a notice (w5) that was dealt with */
    PORT_INFO,      /* a = struct port_info * */
};

struct port_info {
    uint64_t sessions, queued, notices; /* now; notices that are not acknowledged, at most 1024 */
    uint64_t messages;                  /* received ever */
};

/* ---- hardware ---- */
enum hw_kind {
    HW_IRQ_LINE = 1, /* a = global system interrupt, b = enum irq_line flags */
    HW_IRQ_MSI,      /* raised by a message: second = the address to write to << 32 | the data to write */
    HW_IO,           /* a = first port, b = count. 0x3f8 takes the console from the kernel */
    HW_DEVICE,  /* a = physical address, b = bytes; whole pages outside the memory map (or in the legacy hole
                   below 1 MiB), never APICs or ECAM */
    HW_ISA_IRQ, /* a = ISA interrupt 0 to 15, through the MADT's overrides */
};
enum irq_line { IRQ_LEVEL = 1 << 0, IRQ_ACTIVE_LOW = 1 << 1 };
/* access of io_access: 1, 2 or 4 bytes, and whether it writes. */
#define ACCESS_READ(bytes)  (bytes)
#define ACCESS_WRITE(bytes) ((bytes) | 0x100)

enum irq_op {
    IRQ_BIND = 1, /* port, bits: raised on each interrupt; a level line is masked then until IRQ_ACK (edges
                     and MSI never are). Port 0: unbind */
    IRQ_ACK,
};

/* ---- futexes ---- */
enum futex_op {
    FUTEX_WAIT = 1, /* while *address == value; deadline. E_AGAIN when it differs, E_TIMEDOUT, E_CANCELLED */
    FUTEX_WAKE, /* value = how many at most: count = woken. Goes in steps, counted in the deadline's place */
    FUTEX_REQUEUE,    /* wake `value`, move up to `count` others to address2; count = both */
    FUTEX_WAKE_WORDS, /* all at `value` words from the address on, at most FUTEX_WORDS_MOST: where they are has
                         been moved. E_NOENT: too many, or nobody waits at any shared word; E_INVAL: beyond the
                         first one's page */
    FUTEX_WORDS_MOST = 128,
    FUTEX_SHARED = 0x100, /* keyed by frame instead of by space and address */
};

/* ---- page tables ---- */
enum vms_opcode {
    VMS_LINK = 1, /* level 1, 2 or 3: link an empty table for va. E_EXISTS, E_NOTABLE, E_HUGE */
    VMS_UNLINK,   /* level: take the table of va away; E_BUSY while it has entries, unless VMS_DROP */
    VMS_SET,      /* level 3, or 2 for 2 MiB: count entries from va on, frames from pa on. E_EXISTS if one is
                     present. At level 2 count is at most VMS_HUGE_MOST, here and below */
    VMS_PROTECT,  /* level 3 or 2: new protection for the present entries of count from va on */
    VMS_CLEAR,    /* level 3 or 2: count entries from va on; with count 1, pa receives the old entry */
    VMS_GUARD,    /* level 3: count non-present guard entries */
    VMS_SET_DEVICE, /* as VMS_SET, frames from offset pa of the device object `handle` on */
    VMS_SHARE,      /* level 3: link the leaf table of va in the task `handle` here too, for reading; until it
                       is unshared, only UNLINK and UNSHARE apply: else E_SHARED. E_NOENT: there is none */
    VMS_UNSHARE,    /* level 3: have the leaf table of va alone, a copy if need be; E_KMEM */
};
enum vms_prot {
    VMS_READ = 1 << 0,
    VMS_WRITE = 1 << 1,
    VMS_EXEC = 1 << 2,
    VMS_UNCACHED = 1 << 3,
};
enum vms_flag {
    VMS_DROP =
        1 << 0, /* UNLINK: clear what is left in the table first (leaf tables; upper ones must be empty) */
    VMS_REPLACE = 1 << 1, /* SET: replace present entries, flushing them */
};
struct vms_op {
    uint8_t op;     /* enum vms_opcode */
    uint8_t level;  /* of the entry (SET …) or of the table (LINK, UNLINK); 0 is the top, 3 the leaf */
    uint8_t prot;   /* enum vms_prot */
    uint8_t flags;  /* enum vms_flag */
    uint32_t count; /* entries; 0 means 1; they must not cross the end of one table */
    vaddr_t va;
    paddr_t pa;       /* in: first frame; out: VMS_CLEAR with count 1: the old entry */
    handle_t handle;  /* VMS_SET_DEVICE: the device; VMS_SHARE: the other task */
    uint32_t missing; /* out, on E_NOTABLE: the level of the missing table */
};
#define VMS_BATCH_MAX 64 /* may return 0 with `done` < count: call again with the rest */
#define VMS_HUGE_MOST 32 /* entries of level 2 in one operation */

/* ---- blocks of physical memory, 2 MiB each ---- */
enum block_kind { BLOCK_RESERVED, BLOCK_RAM, BLOCK_TABLE, BLOCK_KERNEL, BLOCK_DEVICE, BLOCK_KINDS };
enum block_op {
    BLOCK_GIVE =
        1, /* address of a RAM block without mappings, kind KERNEL or TABLE; zeroed in steps by the kernel */
    BLOCK_TAKE, /* value = address of a block the kernel no longer needs; E_NOENT; address = 0 */
    BLOCK_INFO, /* address: value = kind | mappings << 32 */
    BLOCK_NEED, /* value = free slab pages of the kernel | free tables << 32: to give ahead of need */
};

/* ---- information ---- */
enum kernel_info {
    KINFO_STATS = 1, /* struct kernel_stats */
    KINFO_BUILD,     /* text: version and build, not NUL-terminated */
    KINFO_AUDIT, /* struct kernel_stats after a full check of the kernel's invariants (debug builds: panics if
                    broken) */
    /* Tracing of messages, by who has the authority over hardware: the fourth argument. */
    KINFO_TRACE_START, /* length: how many pages of records to keep. E_BUSY: it is on already; E_KMEM */
    KINFO_TRACE_READ,  /* the oldest records that fit, struct trace_record; none: nothing new. Forgets them */
    KINFO_TRACE_STOP,  /* and forget all records */
};
/* What becomes of a call, in order. A thread has one at a time, so `client` says which one is meant. */
enum trace_kind {
    TRACE_QUEUED = 1, /* nobody waits to receive it */
    TRACE_TAKEN,      /* a thread of the server has it */
    TRACE_ANSWERED,   /* by the server */
    TRACE_FAILED,     /* the kernel told the client an error in place of the answer */
    TRACE_LEFT,       /* neither: a fault was served, the client died, or waited too long in the queue */
    TRACE_LOST,       /* `label` records are missing here: nobody read them in time */
};
enum trace_flag { TRACE_ONE_WAY = 1 << 0, TRACE_FAULT = 1 << 1 };
/* No words and no buffers: what was said stays between the two. */
struct trace_record {
    uint64_t time_ns;                      /* monotonic */
    uint32_t kind;                         /* enum trace_kind */
    uint32_t label;                        /* the message's; ANSWERED: the status; FAILED: the error */
    uint32_t client, server;               /* threads' ids; 0: not known yet */
    uint32_t client_task, server_task;     /* ids */
    uint32_t seq, flags;                   /* the client's number of the call; enum trace_flag */
    char client_name[16], server_name[16]; /* of the tasks; they end with NUL */
};
struct kernel_stats {
    uint64_t objects[16]; /* by enum object_kind, live */
    uint64_t blocks[8];   /* by enum block_kind */
    uint64_t slab_pages, slab_pages_free;
    uint64_t tables, tables_free;
    uint64_t handles;
    uint64_t ipc_calls, notifies, faults, irqs, switches; /* since boot */
    uint64_t idle_ns, uptime_ns;
    uint64_t longest_irqoff_ns; /* debug builds */
    uint64_t fast_messages;     /* debug builds: that took the short way */
};

#endif
