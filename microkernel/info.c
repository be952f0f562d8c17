/* What the kernel tells about itself. */
#include <fastpath.h>
#include <sched.h>
#include <string.h>
#include <ouros_version.h>

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
    case KINFO_BUILD:
        s->r[0] = s->a[2] < strlen(OUROS_BUILD) ? s->a[2] : strlen(OUROS_BUILD);
        return user_write(s->a[1], OUROS_BUILD, s->r[0]);
    default: return trace_control(thread, s);
    }
}
