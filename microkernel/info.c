/* What the kernel tells about itself. */
#include <block.h>
#include <fastpath.h>
#include <hardware.h>
#include <irqoff.h>
#include <sched.h>
#include <string.h>
#include <ouros_version.h>

extern const char *boot_cmdline; /* main.c */

static void collect(struct kernel_stats *stats)
{
    for (unsigned i = 0; i < OBJ_KINDS; i++)
        stats->objects[i] = object_live[i];
    for (unsigned i = 0; i < BLOCK_KINDS; i++)
        stats->blocks[i] = block_kinds[i];
    stats->slab_pages = kmem.pages;
    stats->slab_pages_free = kmem.pages_free;
    stats->tables = kmem.tables;
    stats->tables_free = kmem.tables_free;
    for (struct list *l = task_list.next; l != &task_list; l = l->next) {
        struct task *task = container_of(l, struct task, all);
        if (task->handles)
            stats->handles += task->handles->used;
    }
    stats->longest_irqoff_ns = irqoff_longest();
    stats->irqs = irq_count;
    stats->switches = sched_counts.switches;
    stats->idle_ns = sched_cpu_ns(sched_counts.idle_ticks, false);
    stats->uptime_ns = time_now();
#ifdef OUROS_DEBUG
    stats->fast_messages = fastpath_taken;
#endif
}

static int give_text(const char *text, struct syscall *s)
{
    size_t length = strlen(text);
    if (length > s->a[2])
        length = s->a[2];
    s->r[0] = length;
    return user_write(s->a[1], text, length);
}

int sys_kernel_info(struct thread *, struct syscall *s)
{
    struct kernel_stats stats = {0};
    switch (s->a[0]) {
    case KINFO_AUDIT:
        kmem_audit();
        /* fall through */
    case KINFO_STATS:
        FAIL_IF(s->a[2] < sizeof stats, E_SIZE);
        collect(&stats);
        s->r[0] = sizeof stats;
        return user_write(s->a[1], &stats, sizeof stats);
    case KINFO_BUILD: return give_text(OUROS_BUILD, s);
    case KINFO_CMDLINE: return give_text(boot_cmdline, s);
    default: return E_INVAL;
    }
}
