/* The general way into a system call and out of it. The table comes from syscalls.def. */
#include <irqoff.h>
#include <sched.h>

#define SYSCALL_LENGTH 2 /* bytes of the SYSCALL instruction: going back over it runs it again */

int (*const syscall_table[SYS_COUNT])(struct thread *, struct syscall *) = {
#define SYSCALL(number, name, arguments, results, text) [number] = IRQOFF_TIMED(name),
#include <ouros/syscalls.def>
#undef SYSCALL
};
enum {
#define SYSCALL(number, name, arguments, results, text) +1
    NUMBERS = 0
#include <ouros/syscalls.def>
#undef SYSCALL
};
_Static_assert(NUMBERS == SYS_COUNT - 1, "from 1 on, without holes: plain calls are not looked at again");

static void run_again(struct thread *thread)
{
    thread->frame.rip -= SYSCALL_LENGTH;
}

/* False: the thread does not go on with `result`; it waits, or makes the call again. */
static bool finish(struct thread *thread, int *result)
{
    if (*result == SYS_RESTART) {
        run_again(thread);
        sched_yield();
        return false;
    }
    if (*result == SYS_TOUCH && !thread->touch_refused) {
        run_again(thread);
        fault_touch(thread);
        return false;
    }
    thread->touch_refused = false;
    if (*result == SYS_TOUCH)
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
    if (number >= SYS_call && number <= SYS_send)
        result = syscall_table[number](thread, NULL);
    if (finish(thread, &result))
        thread->frame.rax = (uint32_t)result;
}
