/* What the kernel tells about itself. */
#include <fastpath.h>
#include <irqoff.h>
#include <sched.h>
#include <string.h>
#include <ouros_version.h>

extern const char *boot_cmdline; /* main.c */

static int give_text(const char *text, struct syscall *s)
{
    size_t length = strlen(text);
    if (length > s->a[2])
        length = s->a[2];
    s->r[0] = length;
    return user_write(s->a[1], text, length);
}

int sys_kernel_info(struct thread *thread, struct syscall *s)
{
    switch (s->a[0]) {
    case KINFO_AUDIT:
        kmem_audit();
        /* fall through */
    case KINFO_STATS:
        FAIL_IF(s->a[2] < sizeof stats, E_SIZE);
        stats.longest_irqoff_ns = irqoff_longest();
        stats.idle_ns = sched_cpu_ns(sched_idle_ticks, false);
        stats.uptime_ns = time_now();
        stats.fast_messages = fastpath_taken;
        s->r[0] = sizeof stats;
        return user_write(s->a[1], &stats, sizeof stats);
    case KINFO_BUILD: return give_text(OUROS_BUILD, s);
    case KINFO_CMDLINE: return give_text(boot_cmdline, s);
    default: return trace_control(thread, s);
    }
}
