/* The way into a system call and out of it. The table comes from syscalls.def. */
#include <sched.h>

#define SYSCALL_LENGTH 2 /* bytes of the SYSCALL instruction: going back over it runs it again */

static int (*const table[SYS_COUNT])(struct thread *, struct syscall *) = {
#define SYSCALL(number, name, arguments, results, text) [number] = sys_##name,
#include <ouros/syscalls.def>
#undef SYSCALL
};

static bool is_message(uint64_t number)
{
    return number >= SYS_call && number <= SYS_send;
}

static void finish(struct thread *thread, uint64_t number, const struct syscall *s, int result)
{
    struct trap_frame *f = &thread->frame;
    if (result == SYS_RESTART) {
        f->rip -= SYSCALL_LENGTH;
        sched_yield();
        return;
    }
    if (result == SYS_TOUCH && !thread->touch_refused) {
        f->rip -= SYSCALL_LENGTH;
        fault_touch(thread);
        return;
    }
    thread->touch_refused = false;
    if (result == SYS_BLOCKED)
        return;
    f->rax = result == SYS_TOUCH ? E_FAULT : (uint64_t)(uint32_t)result;
    if (!is_message(number)) {
        f->rdx = s->r[0];
        f->r10 = s->r[1];
    }
}

void syscall_enter(struct thread *thread)
{
    struct trap_frame *f = &thread->frame;
    uint64_t number = f->rax & 0xff;
    struct syscall s = {.a = {f->rdi, f->rsi, f->rdx, f->r10, f->r8, f->r9}};
    int result = E_NOSYS;
    if (number < SYS_COUNT && table[number] && (f->rax == number || is_message(number)))
        result = table[number](thread, &s);
    finish(thread, number, &s, result);
}
