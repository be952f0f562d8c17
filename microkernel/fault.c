/* Faults and exceptions of user threads: calls that the kernel makes on a thread's behalf, to its task's
 * pager. */
#include <hooks.h>
#include <port.h>
#include <sched.h>

#define VECTOR_PAGE_FAULT 14

/* Bits of the page-fault error code (Intel SDM vol. 3, 4.7). */
enum { PF_PRESENT = 1 << 0, PF_WRITE = 1 << 1, PF_FETCH = 1 << 4 };

static void unhandled(struct thread *thread, const char *why)
{
    struct task *task = thread->task;
    log_print(LOG_WARN, "%s (task %lu) thread %u: %s; message %x, %lx %lx, rip %lx", task->name, task->id,
              thread->id, why, thread->fault_label, thread->fault_word[0], thread->fault_word[1],
              thread->fault_word[2]);
    if (task->is_pager)
        panic("the pager faulted: %s", why);
    thread->flags &= ~(uint32_t)THREAD_F_FAULT;
    task_kill(task, 0, TASK_UNHANDLED_FAULT);
    sched_block(thread, THREAD_STOPPED); /* until the reaper comes */
}

static void submit(struct thread *thread)
{
    struct port *pager = thread->task->pager;
    thread->flags |= THREAD_F_FAULT;
    if (!pager)
        unhandled(thread, "fault without a pager");
    else if (ipc_submit(thread, pager, DEADLINE_NEVER) != SYS_BLOCKED)
        unhandled(thread, "fault with a dead pager");
}

static void page_fault(struct thread *thread, vaddr_t address, uint32_t access)
{
    thread->fault_label = MSG_FAULT;
    thread->fault_word[0] = address;
    thread->fault_word[1] = access;
    thread->fault_word[2] = thread->frame.rip;
    thread->fault_word[3] = thread->frame.rsp;
    thread->fault_word[4] = 0;
    submit(thread);
}

void fault_enter(struct thread *thread, uint32_t vector, uint64_t error, uint64_t address)
{
    if (vector == VECTOR_PAGE_FAULT) {
        uint32_t access = 0;
        access |= error & PF_WRITE ? FAULT_WRITE : 0;
        access |= error & PF_FETCH ? FAULT_EXEC : 0;
        access |= error & PF_PRESENT ? FAULT_PRESENT : 0;
        page_fault(thread, address, access);
        return;
    }
    thread->fault_label = MSG_EXCEPTION;
    thread->fault_word[0] = vector;
    thread->fault_word[1] = error;
    thread->fault_word[2] = thread->frame.rip;
    thread->fault_word[3] = thread->frame.rsp;
    thread->fault_word[4] = address;
    submit(thread);
}

void fault_touch(struct thread *thread)
{
    uint32_t access = thread->touch_access | FAULT_TOUCH;
    paddr_t frame;
    if (vms_resolve(&thread->task->vms, thread->touch_address, 0, &frame) == 0)
        access |= FAULT_PRESENT;
    page_fault(thread, thread->touch_address, access);
}

static void resume(struct thread *thread)
{
    ipc_detach(thread);
    thread->flags &= ~(uint32_t)THREAD_F_FAULT;
    sched_ready(thread, SCHED_HEAD);
}

int fault_reply(struct thread *faulter, uint32_t label, const uint64_t word[3])
{
    bool touch = faulter->fault_label == MSG_FAULT && faulter->fault_word[1] & FAULT_TOUCH;
    switch (label) {
    case FAULT_MAP: TRY(vms_set_one(&faulter->task->vms, word[0], word[1], word[2])); break;
    case FAULT_RESUME: break;
    case FAULT_REFUSE:
        if (touch)
            faulter->touch_refused = true;
        else
            task_kill(faulter->task, 0, TASK_UNHANDLED_FAULT);
        break;
    default: return E_INVAL;
    }
    resume(faulter);
    return 0;
}

int sys_touch(struct thread *thread, struct syscall *s)
{
    vaddr_t address = s->a[0];
    if (address >= USER_END)
        return E_FAULT;
    paddr_t frame;
    if (vms_resolve(&thread->task->vms, address, s->a[1] ? VMS_WRITE : VMS_READ, &frame) == 0)
        return 0;
    thread->touch_address = address;
    thread->touch_access = s->a[1] ? FAULT_WRITE : 0;
    return SYS_TOUCH;
}
