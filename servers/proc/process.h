/* The table of processes: names, kinship, states. Pure bookkeeping: no message is sent from here, so that it
 * is also built and tested on the host.
 *
 * All of it is guarded by the server's one lock (proc_lock in server.c).
 *
 * Invariants
 * T1 a pid is not given out while a process, a process group or a session bears it
 * T2 a process is on its parent's list of children until it was waited for; orphans are nobody's and are
 *    reaped at their end
 * T3 a ZOMBIE has no task; an entry is freed when it was reaped and its refs are 0 */
#ifndef PROC_PROCESS_H
#define PROC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROCESS_MAX  1024 /* entries; also the tag of a process session, so at most 2^24 */
#define PID_MAX      32767
#define PROCESS_NAME 16
#define SIGNALS      64 /* numbered from 1 */

enum process_state {
    PROCESS_FREE,
    PROCESS_STARTING, /* task or image not complete */
    PROCESS_RUNNING,
    PROCESS_STOPPED,
    PROCESS_ENDING, /* its end is decided, its task is not dead yet */
    PROCESS_ZOMBIE,
};

/* What a process may have, as setrlimit has it: numbers as in proto/proc.h. */
enum process_limit {
    LIMIT_SIZE, /* bytes of memory regions */
    LIMIT_DATA,
    LIMIT_STACK,
    LIMIT_LOCKED,
    LIMIT_KERNEL,    /* bytes of page tables, handles, threads and other kernel objects */
    LIMIT_PROCESSES, /* of its user, when it makes one */
    PROCESS_LIMITS,
};
#define LIMIT_NONE    UINT64_MAX
#define STACK_DEFAULT (8ul << 20)
struct process_range {
    uint64_t soft, hard;
};

struct process {
    enum process_state state;
    uint32_t slot; /* own index */
    uint32_t refs; /* handlers at work on it; freed only at 0 */
    int32_t pid, pgid, sid;
    struct process *parent;             /* NULL: orphan, or started by init */
    struct process *children, *sibling; /* list by ->sibling */
    uint32_t uid, euid, gid, egid;
    char name[PROCESS_NAME];
    uint64_t ignored;     /* bit n-1: signal n */
    uint32_t wait_status; /* as waitpid's status word; valid from ENDING on, or while STOPPED */
    bool report_stop;     /* a stop not yet waited for */
    bool report_continue;
    bool reaped;
    bool started_by_init;
    uint64_t children_cpu_ns, cpu_ns;
    struct process_range limit[PROCESS_LIMITS]; /* inherited, kept by exec */
    /* What it is made of, for the server. */
    uint32_t task;  /* handle; 0 once the task is dead */
    uint32_t vfs;   /* handle of its vfs process session, given up at its end */
    uint64_t space; /* pager's id of its space */
    uint64_t badge; /* of its session with this server */
    uint64_t image; /* number of its present task: cookies of death notices carry it */
};

extern struct process process_table[PROCESS_MAX];

/* A new entry, STARTING, child of `parent` (may be NULL), with ids and limits inherited, pid set. NULL: the
 * table or the pids are exhausted, or its user may have no more. */
struct process *process_create(struct process *parent);
/* By pid, any state but FREE; NULL. */
struct process *process_find(int32_t pid);
/* Another limit. E_INVAL: no such one, or soft > hard; E_PERM: a higher hard one, by who is not root. */
int process_set_limit(struct process *process, uint32_t which, struct process_range range);
/* The next entry in use after `slot` (start with -1); NULL at the end. */
struct process *process_next(int32_t slot);
/* Its end is complete: children become orphans (zombies among them are freed); itself becomes a zombie, or is
 * freed when nobody will wait for it. True if somebody may wait for it. */
bool process_end(struct process *process);
/* Taken by wait: unlink from the parent, free when nothing refers to it. */
void process_reap(struct process *process);
void process_get(struct process *process);
void process_put(struct process *process);
/* Does any process but ZOMBIEs that were reaped bear this group or session id? */
bool process_group_exists(int32_t pgid, int32_t sid);

/* waitpid's choice. want: pid > 0, -1 any, 0 own group, < -1 group. options: enum wait_option. *out NULL and
 * 0: a child exists, but none has something to report. E_CHILD: no such child. */
enum wait_option { WAIT_NOHANG = 1, WAIT_UNTRACED = 2, WAIT_CONTINUED = 4 };
int process_wait(struct process *parent, int64_t want, uint32_t options, struct process **out,
                 uint32_t *status);

/* setpgid with all of POSIX's conditions that do not need exec history. E_SRCH, E_PERM, E_INVAL. */
int process_setpgid(struct process *caller, int64_t pid, int64_t pgid);
/* setsid: E_PERM for a group leader. */
int process_setsid(struct process *caller);
/* May the sender signal the target? (POSIX kill: same real or effective uid, or root) */
bool process_may_signal(const struct process *from, const struct process *to);

/* The default action of a signal. */
enum signal_action { SIGNAL_TERMINATE, SIGNAL_IGNORE, SIGNAL_STOP, SIGNAL_CONTINUE };
enum signal_action signal_default(uint32_t signal);
/* Numbers as in our <signal.h>. */
enum signal_number {
    SIGNAL_HUP = 1,
    SIGNAL_INT = 2,
    SIGNAL_QUIT = 3,
    SIGNAL_ILL = 4,
    SIGNAL_TRAP = 5,
    SIGNAL_ABRT = 6,
    SIGNAL_BUS = 7,
    SIGNAL_FPE = 8,
    SIGNAL_KILL = 9,
    SIGNAL_SEGV = 11,
    SIGNAL_PIPE = 13,
    SIGNAL_TERM = 15,
    SIGNAL_CHLD = 17,
    SIGNAL_CONT = 18,
    SIGNAL_STOP_NOW = 19,
    SIGNAL_TSTP = 20,
    SIGNAL_TTIN = 21,
    SIGNAL_TTOU = 22,
    SIGNAL_URG = 23,
    SIGNAL_WINCH = 28,
};
#define WAIT_STATUS_EXIT(code) (((code)&0xffu) << 8)
#define WAIT_STATUS_SIGNAL(s)  ((s)&0x7fu)
#define WAIT_STATUS_STOPPED(s) (((s)&0xffu) << 8 | 0x7f)
#define WAIT_STATUS_CONTINUED  0xffffu

#endif
