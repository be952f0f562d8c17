/* Faults and exceptions of user threads: calls that the kernel makes on a thread's behalf, to its task's
 * pager. */
#include <fastpath.h>
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

/* The short way, as fastpath.S has it for calls: a pager that waits takes over at once. */
static bool fault_call(struct thread *faulter, struct port *port)
{
    struct thread *pager = container_of(port->receivers.next, struct thread, run);
    if (list_empty(&port->receivers) || port->dead || faulter->priority > pager->priority ||
        ((faulter->flags | pager->flags | fastpath_off) & ~(uint32_t)(THREAD_F_FAST | THREAD_F_FAULT)) ||
        !sched_may_switch(pager))
        return false;
    /* POINT OF NO RETURN */
    ipc_put_fault(faulter, pager);
    if (pager->accept)
        thread_unreserve(pager);
    pager->frame.rax = 0;
    pager->caller = faulter;
    list_remove(&pager->run);
    list_add_tail(&port->received, &faulter->received);
    port->messages++;
    faulter->server = pager;
    faulter->served_by = port;
    faulter->state = THREAD_FAULTING;
    faulter->deadline = DEADLINE_NEVER;
    sched_switch(pager);
    return true;
}

bool fault_reply_recv(struct thread *pager, struct thread *faulter, struct port *port)
{
    const struct trap_frame *f = &pager->frame;
    irqoff_call(SYS_reply_recv);
    bool map = (uint32_t)f->rsi == FAULT_MAP && pager->task->is_pager;
    vms_switch(map ? &faulter->task->vms : &pager->task->vms); /* where its entries are at hand */
    if (!map || vms_set_one(&faulter->task->vms, f->word[0], f->word[1], f->word[2])) {
        vms_switch(&pager->task->vms);
        thread_unreserve(pager); /* the general path accepts anew */
        return false;
    }
    /* POINT OF NO RETURN */
    faulter->flags &= ~(uint32_t)THREAD_F_FAULT;
    list_remove(&faulter->received);
    list_add_head(&port->receivers, &pager->run);
    pager->caller = NULL;
    pager->served_by = port;
    pager->priority = pager->base_priority;
    pager->state = THREAD_RECEIVING;
    sched_switch(faulter);
    return true;
}

void fault_enter(struct thread *thread, uint32_t label, uint64_t first, uint64_t second, uint64_t fifth)
{
    struct port *pager = thread->task->pager_notice.port;
    uint64_t *word = thread->fault_word;
    thread->fault_label = label;
    word[0] = first;
    word[1] = second;
    word[2] = thread->frame.rip;
    word[3] = thread->frame.rsp;
    word[4] = fifth;
    thread->flags |= THREAD_F_FAULT;
    if (!pager)
        unhandled(thread, "fault without a pager");
    else if (!fault_call(thread, pager) && ipc_submit(thread, pager, DEADLINE_NEVER) != SYS_BLOCKED)
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
    switch (label) {
    case FAULT_MAP:
        FAIL_IF(!thread_current()->task->is_pager,
                E_RIGHTS); /* whoever else serves faults has no say over frames */
        TRY(vms_set_one(&faulter->task->vms, word[0], word[1], word[2]));
        break;
    case FAULT_RESUME: break;
    case FAULT_REFUSE:
        if (faulter->fault_label == MSG_FAULT && faulter->fault_word[1] & FAULT_TOUCH)
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
