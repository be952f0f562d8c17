/* Threads: registers, priority, what they wait for. */
#pragma once

#include <arch/frame.h>
#include <ouros/layout.h>
#include <task.h>

enum thread_flag {
    THREAD_F_SUSPENDED = 1 << 0, /* does not run; may be blocked besides */
    THREAD_F_CANCEL = 1 << 1,    /* a cancellation is pending */
    THREAD_F_ONE_WAY = 1 << 3,   /* queued by send, not by call */
    THREAD_F_FAULT = 1 << 4,     /* queued or waiting with a fault message, not a call */
    THREAD_F_REGS = 1 << 5,      /* others have written its registers: all of them count when it runs next */
    THREAD_F_FPU = 1 << 6,       /* its values are in the FPU's registers */
    THREAD_F_ACCEPTS = 1 << 7,   /* accept is not 0 */
};
/* With any other of these a message takes the general path (fastpath.S). */
#define THREAD_F_FAST (THREAD_F_FPU | THREAD_F_ACCEPTS)

struct thread {
    struct object object;
    union { /* all user registers while not running */
        struct trap_frame frame __attribute__((aligned(16)));
        struct thread_regs regs; /* the frame, and fs_base */
    };

    struct task *task; /* holds a reference */
    uint32_t id;       /* never used twice */
    uint8_t state;     /* enum thread_state */
    uint8_t priority;  /* effective */
    uint8_t base_priority;
    uint32_t flags; /* enum thread_flag */

    struct list run;        /* ready queue or port queue */
    struct list peers;      /* same priority in a port's sender queue, or waiting at the same futex */
    struct list in_task;    /* task->threads */
    struct tree_node by_id; /* task->by_id */

    /* As a client. */
    uint64_t badge;           /* of the session used in the present call */
    uint16_t call_rights;     /* of the handle used, until it is received */
    uint32_t serial;          /* of the present call or fault, if it is deferred: such replies compare it */
    uint32_t kill_seq, kills; /* how often the call with this number and badge has killed its server */
    uint64_t kill_badge;
    struct thread *server;  /* whose reply slot holds this thread, or NULL: deferred or queued */
    struct port *served_by; /* the port through which it is or was received, or on which it receives */
    struct list received;   /* on served_by->received while it waits for its reply */
    struct ipc_buffers buffers;
    struct vms_note noted[2]; /* of their pages, by enum vms_direction */
    struct notice cancel_notice;

    uint32_t fault_label; /* with THREAD_F_FAULT: the message */
    uint64_t fault_word[IPC_WORDS];

    /* As a server. */
    struct thread *caller; /* the reply slot */
    bool caller_gone;      /* the slot's caller left before it was answered: answering it succeeds */
    uint8_t accept;        /* handles accepted by the wait that it is in */

    /* Deadline and futex. */
    uint64_t deadline; /* of the present wait; DEADLINE_NEVER: none */
    uint64_t due;      /* place in deadline.c's order; DEADLINE_NEVER: not there */
    struct thread *due_above, *due_left, *due_right; /* deadline.c */
    uint32_t due_rank;
    struct tree_node waits; /* futex.c; its key also while another stands for it there */

    /* User memory that a system call could not reach (SYS_TOUCH). */
    vaddr_t touch_address;
    uint32_t touch_access; /* enum fault_access */
    bool touch_refused;

    uint64_t cpu_ticks; /* while it runs: less the time when it began */
    void *fpu;          /* save area, arch/fpu.h; NULL until first used */
};

/* What a system call handler may return beside an error. */
enum {
    SYS_BLOCKED = -1, /* the thread waits, or its registers are already as they should be: do not touch rax */
    SYS_RESTART = -2, /* bounded work is not finished: run the instruction again, other events first */
    SYS_TOUCH = -3,   /* user memory at thread->touch_address is absent: fault there, then run it again */
};

/* Arguments and results of a plain system call. */
struct syscall {
    uint64_t a[6];
    uint64_t r[2];
};

struct thread *thread_current(void);

/* A new thread of a task, not started. E_KMEM, E_QUOTA, E_DEAD. */
int thread_create(struct task *task, vaddr_t entry, vaddr_t stack, uint64_t argument, uint8_t priority,
                  struct thread **out);
/* End a thread at once, wherever it is. */
void thread_kill(struct thread *thread);
/* Wake a blocked thread (on no queue any more) with the result of its system call. */
void thread_wake(struct thread *thread, int error);
/* Give back the slots that were set aside for handles with its next message. */
void thread_unreserve(struct thread *thread);
/* Leave whatever queue a blocked thread is on, keeping its state; why: for the server of a received call. */
void thread_unqueue(struct thread *thread, enum cancel_why why);
bool thread_destroy(struct object *object);

/* ---- futexes (futex.c) ---- */
/* Wake all that wait at a word, whose key is private or shared. SYS_RESTART: some are left. E_INVAL: no word. */
int futex_wake_all(struct task *task, vaddr_t word);
/* A thread that waits at a word waits no more. */
void futex_leave(struct thread *thread);

/* ---- deadlines (deadline.c) ---- */
/* The deadline of the wait that begins: absolute ns. It ends with the wait. */
void deadline_set(struct thread *thread, uint64_t deadline);
/* Forget the thread: it goes. */
void deadline_drop(struct thread *thread);

/* When something may fall due: ns, DEADLINE_NEVER if nothing waits. */
uint64_t deadline_next(void);
/* Wake what is due at `time`, a bounded number of threads. */
void deadline_tick(uint64_t time);
