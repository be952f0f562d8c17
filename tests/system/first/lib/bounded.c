/* Cases that look at how long interrupts were off. A nanosecond is an instruction. What the whole run's longest
 * was is for the harness to compare. */
#include "../first.h"

#define IRQOFF_MOST 20000

static uint64_t longest_before;

void bounded_begin(const char *name)
{
    struct kernel_stats stats = {0};
    CHECK_EQ(sys_kernel_info(KINFO_STATS, &stats, sizeof stats, NULL), 0);
    longest_before = stats.longest_irqoff_ns;
    begin(name);
}

void bounded_end(void)
{
    struct kernel_stats stats = {0};
    CHECK_EQ(sys_kernel_info(KINFO_STATS, &stats, sizeof stats, NULL), 0);
    if (stats.longest_irqoff_ns > IRQOFF_MOST && stats.longest_irqoff_ns > longest_before)
        check_failed(__LINE__, "interrupts were off for too long", stats.longest_irqoff_ns, longest_before);
    end();
}
