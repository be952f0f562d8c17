/* The longest stretches with interrupts off. Guest time: under `-icount shift=0` a nanosecond is an
 * instruction. What is rather long goes to the launcher's port as well, for tests to see. */
#include <arch/cpu.h>
#include <format.h>
#include <irqoff.h>
#include <verbs.h>

#ifdef OUROS_DEBUG
#define WORST    10
#define TOLD     4000     /* ns */
#define LAUNCHER 0xe9     /* where build/machine.py listens */
#define VECTOR   0x10000u /* not a system call */

static struct worst {
    uint32_t what;
    uint64_t ticks;
} worst[WORST]; /* the longest first; each `what` once */
static uint32_t entered_for;
static uint64_t entered_at; /* ticks; 0: not in the kernel, as far as this knows */
static uint64_t checking;   /* a check has begun */
static bool changed;

static void begin(uint32_t what)
{
    entered_for = what;
    entered_at = tsc_read();
}

void irqoff_vector(uint32_t vector)
{
    begin(vector | VECTOR);
}

void irqoff_call(uint32_t number)
{
    begin(number);
}

/* By number and, of those that have one, operation. */
static void call_begin(uint32_t number, const struct syscall *s)
{
    static const uint8_t place[SYS_COUNT] = {
        [SYS_task_ctl] = 2,  [SYS_thread_ctl] = 2, [SYS_port_ctl] = 2, [SYS_hw_create] = 2,
        [SYS_block_ctl] = 2, [SYS_irq_ctl] = 2,    [SYS_futex] = 1,    [SYS_kernel_info] = 1,
    };
    begin(number | (place[number] ? (uint32_t)s->a[place[number] - 1] << 8 & 0xff00 : 0));
}

void irqoff_operation(uint32_t operation)
{
    entered_for = (entered_for & ~0xff00u) | operation << 8;
}

uint64_t irqoff_check(void)
{
    return checking || !entered_at ? 0 : (checking = tsc_read());
}

void irqoff_forgive(const uint64_t *since)
{
    if (!*since) /* within another check */
        return;
    entered_at += tsc_read() - *since;
    checking = 0;
}

static const char *name_of(uint32_t what);

static void tell_launcher(const char *format, ...)
{
    char text[100];
    va_list arguments;
    va_start(arguments, format);
    size_t n = format_text_v(text, sizeof text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < n; i++)
        port_write(LAUNCHER, 1, (uint8_t)text[i]);
}

static void tell_one(void (*print)(const char *format, ...), uint32_t what, uint64_t ticks)
{
    print("interrupts off for %lu ns: %s %u\n", time_ns(ticks), name_of(what),
          what & VECTOR ? what & 0xff : what >> 8 & 0xff);
}

/* Put an entry in its place: in that of the same kind, if that is shorter, else in that of the shortest. */
static void note(uint32_t what, uint64_t ticks)
{
    uint32_t at = 0;
    while (at < WORST - 1 && worst[at].what != what)
        at++;
    if (worst[at].ticks >= ticks)
        return;
    for (; at > 0 && worst[at - 1].ticks < ticks; at--)
        worst[at] = worst[at - 1];
    worst[at] = (struct worst){what, ticks};
    changed = true;
    if (time_ns(ticks) > TOLD) {
        IRQOFF_UNCOUNTED;
        tell_one(tell_launcher, what, ticks);
    }
}

/* So far; it may go on. */
static void take(void)
{
    uint64_t ticks = entered_at ? tsc_read() - entered_at : 0;
    if (ticks > worst[WORST - 1].ticks)
        note(entered_for, ticks);
}

void irqoff_end(void)
{
    take();
    entered_at = 0;
    verbs_poll();
}

#define SYSCALL(number, name, arguments, results, text)        \
    int timed_##name(struct thread *thread, struct syscall *s) \
    {                                                          \
        call_begin(number, s);                                 \
        int result = sys_##name(thread, s);                    \
        take();                                                \
        return result;                                         \
    }
#include <ouros/syscalls.def>
#undef SYSCALL

uint64_t irqoff_longest(void)
{
    return time_ns(worst[0].ticks);
}

static const char *name_of(uint32_t what)
{
    static const char *const names[SYS_COUNT] = {
#define SYSCALL(number, name, arguments, results, text) [number] = #name,
#include <ouros/syscalls.def>
#undef SYSCALL
    };
    if (what & VECTOR)
        return "vector";
    return (what & 0xff) < SYS_COUNT && names[what & 0xff] ? names[what & 0xff] : "no call";
}

void irqoff_tell(void (*print)(const char *format, ...))
{
    for (uint32_t i = 0; i < WORST && worst[i].ticks; i++)
        tell_one(print, worst[i].what, worst[i].ticks);
}

static void log_one(const char *format, ...)
{
    char text[100];
    va_list arguments;
    va_start(arguments, format);
    size_t n = format_text_v(text, sizeof text, format, arguments);
    va_end(arguments);
    log_print(LOG_DEBUG, "%.*s", (int)n - 1, text);
}

void irqoff_log(void)
{
    if (changed)
        irqoff_tell(log_one);
    changed = false;
}
#endif
