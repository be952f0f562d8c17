/* Every system call of ouros/syscalls.def as a function.
 *
 * Each takes the arguments of the list in its order, gives results through the pointers at the end (each may
 * be null) and returns 0 or an error of ouros/error.h. Results are stored also when the call fails: some
 * calls, like msg_read, say how far they came. Calls that carry a message are below, with struct ipc_message.
 */
#ifndef IPC_SYSCALL_H
#define IPC_SYSCALL_H

#include <ipc/trap.h>
#include <ouros/syscall.h>

/* As ipc_trap, for a first result that is a handle. */
static inline int ipc_trap_handle(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                                  uint64_t f, handle_t *handle)
{
    uint64_t value;
    int error = ipc_trap(number, a, b, c, d, e, f, &value, 0);

    if (handle)
        *handle = error ? HANDLE_NONE : (handle_t)value;
    return error;
}

/* ---- messages ---- */

static inline int sys_notify(handle_t port_or_session, uint64_t bits)
{
    return ipc_trap(SYS_notify, port_or_session, bits, 0, 0, 0, 0, 0, 0);
}

/* `reply` 0 is the caller in the reply slot. E_ABSENT after `count` bytes where a page is not there. */
static inline int sys_msg_read(handle_t reply, uint64_t offset, void *destination, uint64_t length,
                               uint64_t *count)
{
    return ipc_trap(SYS_msg_read, reply, offset, (uint64_t)destination, length, 0, 0, count, 0);
}

static inline int sys_msg_write(handle_t reply, uint64_t offset, const void *source, uint64_t length,
                                uint64_t *count)
{
    return ipc_trap(SYS_msg_write, reply, offset, (uint64_t)source, length, 0, 0, count, 0);
}

/* *task: the id of the caller's. */
static inline int sys_reply_defer(handle_t *reply, uint64_t *task)
{
    uint64_t value;
    int error = ipc_trap(SYS_reply_defer, 0, 0, 0, 0, 0, 0, &value, task);

    *reply = error ? HANDLE_NONE : (handle_t)value;
    return error;
}

/* `access`: FAULT_WRITE, or 0 to read. */
static inline int sys_touch(vaddr_t address, uint32_t access)
{
    return ipc_trap(SYS_touch, address, access, 0, 0, 0, 0, 0, 0);
}

/* ---- handles ---- */

static inline int sys_handle_copy(handle_t handle, uint32_t rights, handle_t task, uint32_t index,
                                  handle_t *copy)
{
    return ipc_trap_handle(SYS_handle_copy, handle, rights, task, index, 0, 0, copy);
}

static inline int sys_handle_close(handle_t handle)
{
    return ipc_trap(SYS_handle_close, handle, 0, 0, 0, 0, 0, 0, 0);
}

static inline int sys_handle_info(handle_t handle, struct handle_info *info)
{
    return ipc_trap(SYS_handle_info, handle, (uint64_t)info, 0, 0, 0, 0, 0, 0);
}

/* ---- tasks and threads ---- */

static inline int sys_task_create(handle_t task_maker, uint64_t limit, handle_t *task)
{
    return ipc_trap_handle(SYS_task_create, task_maker, limit, 0, 0, 0, 0, task);
}

static inline int sys_task_ctl(handle_t task, enum task_op op, uint64_t a, uint64_t b, uint64_t c,
                               uint64_t *value)
{
    return ipc_trap(SYS_task_ctl, task, op, a, b, c, 0, value, 0);
}

static inline int sys_thread_create(handle_t task, vaddr_t entry, vaddr_t stack, uint64_t argument,
                                    uint32_t priority, handle_t *thread)
{
    return ipc_trap_handle(SYS_thread_create, task, entry, stack, argument, priority, 0, thread);
}

static inline int sys_thread_ctl(handle_t thread, enum thread_op op, uint64_t a, uint64_t b, uint64_t *value)
{
    return ipc_trap(SYS_thread_ctl, thread, op, a, b, 0, 0, value, 0);
}

/* ---- ports ---- */

static inline int sys_port_create(handle_t *port)
{
    return ipc_trap_handle(SYS_port_create, 0, 0, 0, 0, 0, 0, port);
}

static inline int sys_port_ctl(handle_t port, enum port_op op, uint64_t a, uint64_t b, uint64_t c,
                               uint64_t *value, uint64_t *second)
{
    return ipc_trap(SYS_port_ctl, port, op, a, b, c, 0, value, second);
}

/* ---- hardware ---- */

static inline int sys_hw_create(handle_t hardware, enum hw_kind kind, uint64_t a, uint64_t b, uint64_t c,
                                handle_t *handle, uint64_t *second)
{
    uint64_t value;
    int error = ipc_trap(SYS_hw_create, hardware, kind, a, b, c, 0, &value, second);

    if (handle)
        *handle = error ? HANDLE_NONE : (handle_t)value;
    return error;
}

static inline int sys_irq_ctl(handle_t irq, enum irq_op op, handle_t port, uint64_t bits)
{
    return ipc_trap(SYS_irq_ctl, irq, op, port, bits, 0, 0, 0, 0);
}

static inline int sys_io_access(handle_t io, uint32_t offset, uint32_t access, uint32_t value,
                                uint64_t *result)
{
    return ipc_trap(SYS_io_access, io, offset, access, value, 0, 0, result, 0);
}

static inline int sys_clock_set(handle_t hardware, uint64_t wall_ns)
{
    return ipc_trap(SYS_clock_set, hardware, wall_ns, 0, 0, 0, 0, 0, 0);
}

/* ---- waiting ---- */

static inline int sys_futex(uint32_t op, const volatile uint32_t *address, uint32_t value, uint64_t deadline,
                            const volatile uint32_t *address2, uint32_t count, uint64_t *woken)
{
    return ipc_trap(SYS_futex, op, (uint64_t)address, value, deadline, (uint64_t)address2, count, woken, 0);
}

static inline int sys_yield(void)
{
    return ipc_trap(SYS_yield, 0, 0, 0, 0, 0, 0, 0, 0);
}

/* ---- memory ---- */

static inline int sys_vms_batch(handle_t memory, handle_t task, struct vms_op *ops, uint32_t count,
                                uint64_t *done)
{
    return ipc_trap(SYS_vms_batch, memory, task, (uint64_t)ops, count, 0, 0, done, 0);
}

static inline int sys_vms_mount(handle_t memory, handle_t task, uint32_t index, uint32_t slot)
{
    return ipc_trap(SYS_vms_mount, memory, task, index, slot, 0, 0, 0, 0);
}

static inline int sys_block_ctl(handle_t memory, enum block_op op, paddr_t address, enum block_kind kind,
                                uint64_t *value)
{
    return ipc_trap(SYS_block_ctl, memory, op, address, kind, 0, 0, value, 0);
}

/* ---- the log, and what the kernel counts ---- */

static inline int sys_log_write(const char *text, uint64_t length)
{
    return ipc_trap(SYS_log_write, (uint64_t)text, length, 0, 0, 0, 0, 0, 0);
}

static inline int sys_log_read(uint64_t cursor, char *buffer, uint64_t length, uint64_t *next,
                               uint64_t *count)
{
    return ipc_trap(SYS_log_read, cursor, (uint64_t)buffer, length, 0, 0, 0, next, count);
}

static inline int sys_kernel_info(enum kernel_info what, void *buffer, uint64_t length, uint64_t *filled)
{
    return ipc_trap(SYS_kernel_info, what, (uint64_t)buffer, length, 0, 0, 0, filled, 0);
}

/* KINFO_TRACE_…; `hardware` is the authority. */
static inline int sys_kernel_trace(handle_t hardware, enum kernel_info what, void *buffer, uint64_t length,
                                   uint64_t *filled)
{
    return ipc_trap(SYS_kernel_info, what, (uint64_t)buffer, length, hardware, 0, 0, filled, 0);
}

/* ---- calls that carry a message ---- */

/* Everything of a message in memory; x86_64/message.S moves it to and from the registers of ouros/message.h
 * and knows the offsets. On error the whole of it is as it was, but for what the kernel wrote to lent
 * buffers. */
struct ipc_message {
    uint64_t words[IPC_WORDS];
    uint32_t label, seq;
    uint64_t badge;                /* recv: the session's; of a notice or fault: see enum kernel_message */
    uint32_t in_len, out_len;      /* recv: bytes the caller lends for msg_read and msg_write */
    uint32_t thread, rights;       /* recv: the caller's thread id and its session's rights */
    handle_t handles[IPC_HANDLES]; /* those sent; then those received, if any */
    uint32_t handle_count;         /* how many are sent; then how many were received */
    uint32_t accept;               /* how many may come back */
    uint64_t flags;             /* IPC_DEADLINE: `deadline` counts; IPC_BUFFERS: `buffers` does (call only) */
    uint64_t deadline;          /* absolute, ns of the monotonic clock; DEADLINE_POLL does not wait */
    struct ipc_buffers buffers; /* what a call lends */
};

/* Do the message call `number` (with IPC_ flags) on `target`. Returns its error. */
int ipc_message_trap(uint64_t number, uint64_t target, struct ipc_message *m);

static inline uint64_t ipc_message_flags(const struct ipc_message *m)
{
    return m->flags | IPC_SENDING(m->handle_count) | IPC_ACCEPT(m->accept);
}

/* Send *m and wait; the reply overwrites it: label (the status), words, handles. */
static inline int sys_call_message(handle_t session, struct ipc_message *m)
{
    return ipc_message_trap(SYS_call | ipc_message_flags(m), session, m);
}

/* Returns once a receiver took *m. */
static inline int sys_send_message(handle_t session, struct ipc_message *m)
{
    return ipc_message_trap(SYS_send | m->flags | IPC_SENDING(m->handle_count), session, m);
}

/* Wait for a message. accept, flags and deadline are read; the rest of *m is set. */
static inline int sys_recv_message(handle_t port, struct ipc_message *m)
{
    return ipc_message_trap(SYS_recv | m->flags | IPC_ACCEPT(m->accept), port, m);
}

/* Answer the caller in the reply slot with *m, then receive into *m. */
static inline int sys_reply_recv_message(handle_t port, struct ipc_message *m)
{
    return ipc_message_trap(SYS_reply_recv | ipc_message_flags(m), port, m);
}

/* Answer the caller in the reply slot (reply 0) or a deferred one, with *m. */
static inline int sys_reply_message(handle_t reply, struct ipc_message *m)
{
    return ipc_message_trap(SYS_reply | IPC_SENDING(m->handle_count), reply, m);
}

#endif
