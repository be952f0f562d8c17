/* All that the pager needs from the kernel, in one place: host tests put a simulated machine behind it.
 *
 * Results are those of the system calls in ouros/syscalls.def. The handles of the authorities stay inside. */
#ifndef PAGER_MACHINE_H
#define PAGER_MACHINE_H

#include <ouros/ptep.h>
#include <ouros/syscall.h>

typedef uint32_t frame_t; /* physical address / PAGE_SIZE; 0 is never a frame of ours */

#ifdef OUROS_HOST
extern uint8_t *machine_ram;
#define MACHINE_RAM machine_ram
ptep_t machine_ptep(uint32_t index, uint32_t slot, uint32_t level, vaddr_t va);
void machine_zero_pages(void *page, uint64_t count);
void machine_copy(void *to, const void *from);
#else
#define MACHINE_RAM ((uint8_t *)PAGER_RAM)

/* The entry of va at a level in the space with this index in V, its leaf view in `slot`. Upper levels first:
 * a level may be read only if the one above is present and no huge page. */
static inline ptep_t machine_ptep(uint32_t index, uint32_t slot, uint32_t level, vaddr_t va)
{
    return level == PTEP_LEAF ? ptep_view_leaf(slot, va)
                              : ptep_view_upper(PAGER_UPPER_SLOT, index, level, va);
}

static inline void machine_zero_pages(void *page, uint64_t count)
{
    uint64_t n = count * (PAGE_SIZE / 8);
    __asm__ volatile("rep stosq" : "+D"(page), "+c"(n) : "a"(0) : "memory");
}

static inline void machine_copy(void *to, const void *from)
{
    uint64_t n = PAGE_SIZE / 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}
#endif

static inline void machine_zero(void *page)
{
    machine_zero_pages(page, 1);
}

static inline void *frame_memory(frame_t frame)
{
    return MACHINE_RAM + ((uint64_t)frame << PAGE_SHIFT);
}

/* ---- page tables and blocks ---- */

/* vms_batch on a task. *done counts the operations that were carried out. */
int machine_batch(handle_t task, struct vms_op *ops, uint32_t count, uint64_t *done);
/* Show the task's space at `index` of V and in leaf view `slot`. */
int machine_mount(handle_t task, uint32_t index, uint32_t slot);
int machine_block(enum block_op op, paddr_t address, enum block_kind kind, uint64_t *value);
/* Map or unmap a block in the pager's own window of RAM. */
int machine_window(paddr_t block, bool map);

/* The page in this frame has been moved elsewhere: whoever waits at a futex in it is woken, to wait where it is now.
 * False: nobody at all waits at a futex by frame. */
bool machine_moved(frame_t frame);

/* ---- tasks and handles ---- */

/* Send a task's faults and its death to the pager's port. */
int machine_adopt(handle_t task, uint64_t cookie);
int machine_close(handle_t handle);
int machine_handle_info(handle_t handle, struct handle_info *info);
/* A new session on the pager's port. */
int machine_mint(uint32_t tag, uint32_t rights, handle_t *session, uint64_t *badge);

/* ---- messages ---- */

/* Make the present caller's reply a handle. */
int machine_defer(handle_t *reply);
/* Answer a deferred caller. label: an error, or an enum fault_reply. On error the reply is kept. */
int machine_reply(handle_t reply, uint32_t label, const uint64_t *words, uint32_t count);
/* Copy from or to the buffer lent by the present caller. E_SIZE, E_TOUCH. */
int machine_read(uint64_t offset, void *to, uint64_t length);
int machine_write(uint64_t offset, const void *from, uint64_t length);

/* ---- the pager's other threads ---- */

/* Have the zeroing thread go on (stock.h). */
void machine_wake(void);
/* There is an order for the working thread (chore.h). */
void machine_work(void);

/* ---- words for people ---- */

/* One line to the kernel log. %s %d %u %x %lx %lu and so on. */
void machine_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* An invariant of the pager's is broken: say so and die (the kernel then stops the machine). */
void machine_panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
#define PAGER_ASSERT(condition)                                                           \
    do {                                                                                  \
        if (!(condition))                                                                 \
            machine_panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition); \
    } while (0)

#endif
