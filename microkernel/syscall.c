/* The general way into a system call and out of it. The table comes from syscalls.def. */
#include <sched.h>

#define SYSCALL_LENGTH 2 /* bytes of the SYSCALL instruction: going back over it runs it again */

int (*const syscall_table[SYS_COUNT])(struct thread *, struct syscall *) = {
#define SYSCALL(number, name, arguments, results, text) [number] = IRQOFF_TIMED(name),
#include <ouros/syscalls.def>
#undef SYSCALL
};

/* False: the thread does not go on with `result`; it waits, or makes the call again. */
static bool finish(struct thread *thread, int *result)
{
    bool touch = *result == SYS_TOUCH;
    if (*result == SYS_RESTART || (touch && !thread->touch_refused)) {
        thread->frame.rip -= SYSCALL_LENGTH;
        if (touch)
            fault_touch(thread);
        else
            sys_yield(thread, NULL);
        return false;
    }
    thread->touch_refused = false;
    if (touch)
        *result = E_FAULT;
    return *result != SYS_BLOCKED;
}

void syscall_finish(struct thread *thread, const struct syscall *s, int result)
{
    struct trap_frame *f = &thread->frame;
    f->rdi = s->a[0];
    f->rsi = s->a[1];
    f->rdx = s->a[2];
    f->r10 = s->a[3];
    f->r8 = s->a[4];
    f->r9 = s->a[5];
    if (finish(thread, &result)) {
        f->rax = (uint32_t)result;
        f->rdx = s->r[0];
        f->r10 = s->r[1];
    }
}

void syscall_enter(struct thread *thread)
{
    uint64_t number = thread->frame.rax & 0xff;
    int result = E_NOSYS;
    irqoff_call(SYS_COUNT);
    if (number >= SYS_call && number <= SYS_send)
        result = syscall_table[number](thread, NULL);
    if (finish(thread, &result))
        thread->frame.rax = (uint32_t)result;
}
