/* Faults and exceptions of user threads: calls that the kernel makes on a thread's behalf, to its task's
 * pager. */
#include <sched.h>

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

void fault_enter(struct thread *thread, uint32_t label, uint64_t first, uint64_t second, uint64_t fifth)
{
    struct port *pager = thread->task->pager_notice.port;
    uint64_t word[IPC_WORDS] = {first, second, thread->frame.rip, thread->frame.rsp, fifth};
    thread->fault_label = label;
    __builtin_memcpy(thread->fault_word, word, sizeof word);
    thread->flags |= THREAD_F_FAULT;
    if (!pager)
        unhandled(thread, "fault without a pager");
    else if (ipc_submit(thread, pager, DEADLINE_NEVER) != SYS_BLOCKED)
        unhandled(thread, "fault with a dead pager");
}

void fault_touch(struct thread *thread)
{
    uint32_t access = thread->touch_access | FAULT_TOUCH;
    paddr_t frame;
    if (vms_resolve(&thread->task->vms, thread->touch_address, 0, &frame) == 0)
        access |= FAULT_PRESENT;
    fault_enter(thread, MSG_FAULT, thread->touch_address, access, 0);
}

int fault_reply(struct thread *faulter, uint32_t label, const uint64_t word[3])
{
    bool touch = faulter->fault_label == MSG_FAULT && faulter->fault_word[1] & FAULT_TOUCH;
    switch (label) {
    case FAULT_MAP:
        FAIL_IF(!thread_current()->task->is_pager,
                E_RIGHTS); /* whoever else serves faults has no say over frames */
        TRY(vms_set_one(&faulter->task->vms, word[0], word[1], word[2]));
        break;
    case FAULT_RESUME: break;
    case FAULT_REFUSE:
        if (touch)
            faulter->touch_refused = true;
        else
            task_kill(faulter->task, 0, TASK_UNHANDLED_FAULT);
        break;
    default: return E_INVAL;
    }
    ipc_leave(faulter);
    sched_ready(faulter, SCHED_HEAD);
    return 0;
}

int sys_touch(struct thread *thread, struct syscall *s)
{
    vaddr_t address = s->a[0];
    FAIL_IF(address >= USER_END, E_FAULT);
    paddr_t frame;
    if (vms_resolve(&thread->task->vms, address, s->a[1] ? VMS_WRITE : VMS_READ, &frame) == 0)
        return 0;
    thread->touch_address = address;
    thread->touch_access = s->a[1] ? FAULT_WRITE : 0;
    return SYS_TOUCH;
}
