/* For programs that run as the first task, in the pager's place: nothing else is there. */
#ifndef TEST_FIRST_H
#define TEST_FIRST_H

#include <ipc/format.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ouros/boot.h>
#include <ouros/ptep.h>

#define TASK     HANDLE_FIRST(PAGER_HANDLE_TASK)
#define MEMORY   HANDLE_FIRST(PAGER_HANDLE_MEMORY)
#define HARDWARE HANDLE_FIRST(PAGER_HANDLE_HARDWARE)
#define MAKER    HANDLE_FIRST(PAGER_HANDLE_TASK_MAKER)

extern const struct boot_info *info;

/* One line of the log; the harness looks for `ok NAME` and `not ok NAME: why`. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A case begins; it fails at the first CHECK that does not hold. */
void begin(const char *name);
void end(void);
void check_failed(int line, const char *text, uint64_t a, uint64_t b);
extern uint32_t failures;
/* The present case has failed. */
bool case_failed(void);
/* Stop the machine, by isa-debug-exit: 16, or 17 when a case failed. */
void finish(void) __attribute__((noreturn));

#define CHECK(condition)                              \
    do {                                              \
        if (!(condition))                             \
            check_failed(__LINE__, #condition, 0, 0); \
    } while (0)
#define CHECK_EQ(a, b)                                    \
    do {                                                  \
        uint64_t a_ = (uint64_t)(a), b_ = (uint64_t)(b);  \
        if (a_ != b_)                                     \
            check_failed(__LINE__, #a " == " #b, a_, b_); \
    } while (0)

uint64_t rnd(void);
/* Another sequence, for each seed its own. */
void rnd_seed(uint64_t seed);
/* Kernel counts, after a full audit. */
void audit(struct kernel_stats *stats);
/* Whether objects, handles, tables, slab pages and blocks are as many; the same as checks, each difference a
 * line. */
bool books_equal(const struct kernel_stats *a, const struct kernel_stats *b);
void books_check(const struct kernel_stats *before, const struct kernel_stats *after);
/* Take back what a large machine keeps for the kernel at boot. */
void books_take_spare(void);
/* Give the kernel a block of each kind of which it has little left. */
void books_feed(void);
/* Wait a while for what dies to be gone; counts after that, without the blocks that were given. */
void books_settle(struct kernel_stats *now);
/* Wait until the counts are what they were, then check it. */
void books_compare(const struct kernel_stats *before);
/* The number behind a word of the command line (" seed="), or `value`. */
uint64_t cmdline_number(const char *name, uint64_t value);
/* A 2 MiB block that holds neither this program nor the bundle, not given out yet. Still mapped at PAGER_RAM.
 */
paddr_t block_take(void);
void block_back(paddr_t block);
/* 4 KiB frames from such blocks, never given back. */
paddr_t frame_take(void);
static inline void *ram(paddr_t pa)
{
    return (void *)(PAGER_RAM + pa);
}
/* Unmap a block from PAGER_RAM, or map it again. */
int ram_unmap(paddr_t block);
int ram_map(paddr_t block);

/* An empty task; and its end, waited for. */
handle_t child_new(void);
void child_end(handle_t task);
/* What the kernel knows about the block around pa: kind, and mappings << 32. */
uint64_t block_info(paddr_t pa);

#define RW (VMS_READ | VMS_WRITE)

/* Faults of this task are caught from now on (once). */
void probe_open(void);
/* Try an access: 0, or FAULT_ bits with 0x100, or 0x200 for another exception. */
enum probe_kind { PROBE_READ, PROBE_WRITE, PROBE_JUMP };
uint64_t probe(uint64_t address, uint64_t kind);

/* One primitive on a task: its error; *op has the results. */
int batch(handle_t task, struct vms_op *op);
int vms(handle_t task, enum vms_opcode code, uint32_t level, vaddr_t va, paddr_t pa, uint32_t prot,
        uint32_t count);
/* Set entries, linking the tables that are missing. */
int map(handle_t task, uint32_t level, vaddr_t va, paddr_t pa, uint32_t prot, uint32_t count);

/* ---- how long interrupts are off (lib/bounded.c) ---- */
/* A case begins; it ends well only if they were not off for longer than allowed, unless something before was
 * longer still. Release builds do not know. */
void bounded_begin(const char *name);
void bounded_end(void);

/* ---- tasks with many threads (lib/threads.c) ---- */
#define THREADS_CODE 0x50000000ul
#define THREADS_WORD (THREADS_CODE + 0x800) /* in the page of the code; 0 */
/* Where a thread may begin, with its argument: wait at a word for ever and be gone, at a shared one or a private
 * one; wait at THREADS_WORD until a time, and again until a second later; wake all at a private word; end with a word; spin. */
extern const char crowd_wait[], crowd_wait_private[], crowd_until[], crowd_twice[], crowd_wake_private[],
    crowd_exit[], crowd_spin[];
/* An empty task but for the page of the code: *code is its frame. */
handle_t threads_task(paddr_t *code);
void threads_make(handle_t task, const char *code, uint64_t argument, uint32_t count);
/* Let others run. */
void let_run(uint64_t milliseconds);
/* How many threads a task has. */
uint64_t threads_of(handle_t task);

#endif
