/* Time: the time stamp counter tells it, the local APIC's countdown interrupts. Both are measured at boot
 * against channel 2 of the 8254, whose frequency is fixed. */
#include <arch/platform.h>
#include <arch/cpu.h>

#define PIT_HZ         1193182ul
#define PIT_TICKS      24000u /* about 20 ms */
#define PIT_DATA2      0x42
#define PIT_MODE       0x43
#define PIT_LATCH      0x80 /* of channel 2 */
#define PIT_COUNT_ONCE 0xb0 /* channel 2, both bytes, mode 0 */
#define PIT_GATE       0x61
#define PIT_WRAPPED    0x20
#define SAMPLE_TRIES   8
#define ROUNDS         10
#define TSC_LIMIT      (1ul << 31)
#define TIMER_MOST     0xffffffffu
#define DIVIDE_BY_1    0xb

static uint64_t lapic_per_ns; /* ticks of the countdown per ns, 32.32 fixed point */

uint64_t time_now(void)
{
    return time_page->base_ns + time_ns(tsc_read() - time_page->base_tsc);
}

uint64_t time_ns(uint64_t ticks)
{
    return (uint64_t)((unsigned __int128)ticks * time_page->mult >> 32);
}

void timer_arm(uint64_t deadline)
{
    uint64_t now = time_now();
    uint64_t wait = deadline > now ? deadline - now : 0;
    unsigned __int128 ticks = ((unsigned __int128)wait * lapic_per_ns >> 32) + 1;
    *lapic(LAPIC_TIMER_INITIAL) = ticks < TIMER_MOST ? (uint32_t)ticks : TIMER_MOST;
}

/* All three counters at one moment: of several tries the one that was disturbed least. */
struct sample {
    uint64_t tsc;
    uint32_t lapic, pit; /* both count down */
};

static struct sample sample(void)
{
    struct sample best = {0};
    uint64_t shortest = UINT64_MAX;
    for (uint32_t i = 0; i < SAMPLE_TRIES; i++) {
        uint64_t begin = tsc_read();
        port_write(PIT_MODE, 1, PIT_LATCH);
        uint32_t pit = port_read(PIT_DATA2, 1);
        pit |= (uint32_t)port_read(PIT_DATA2, 1) << 8;
        uint32_t countdown = *lapic(LAPIC_TIMER_CURRENT);
        uint64_t took = tsc_read() - begin;
        if (took < shortest) {
            shortest = took;
            best = (struct sample){begin + took / 2, countdown, pit};
        }
    }
    return best;
}

/* False: there is no 8254, or we were held up until it had wrapped. */
static bool measure(void)
{
    port_write(PIT_GATE, 1, (port_read(PIT_GATE, 1) & ~2) | 1);
    port_write(PIT_MODE, 1, PIT_COUNT_ONCE);
    port_write(PIT_DATA2, 1, 0xff);
    port_write(PIT_DATA2, 1, 0xff);
    *lapic(LAPIC_TIMER_INITIAL) = TIMER_MOST;
    struct sample end, begin = sample();
    do {
        end = sample();
        if (end.tsc - begin.tsc > TSC_LIMIT)
            return false;
    } while (begin.pit - end.pit < PIT_TICKS);
    if (port_read(PIT_GATE, 1) & PIT_WRAPPED)
        return false;
    uint64_t ns = (begin.pit - end.pit) * 1000000000ul / PIT_HZ;
    time_page->mult = (ns << 32) / (end.tsc - begin.tsc);
    lapic_per_ns = ((uint64_t)(begin.lapic - end.lapic) << 32) / ns;
    return true;
}

/* One store of a whole word: readers see the old value or the new one. */
int sys_clock_set(struct thread *thread, struct syscall *s)
{
    TRY(handle_get(thread->task, s->a[0], OBJ_HARDWARE, RIGHT_MANAGE, NULL));
    time_page->wall_ns = s->a[1];
    return 0;
}

void time_init(void)
{
    *lapic(LAPIC_TIMER_DIVIDE) = DIVIDE_BY_1;
    uint32_t round = 0;
    while (round < ROUNDS && !measure())
        round++;
    if (round == ROUNDS) {
        log_print(LOG_WARN, "time: no 8254 to measure by, assuming 1 GHz");
        time_page->mult = lapic_per_ns = 1ul << 32;
    }
    *lapic(LAPIC_TIMER_INITIAL) = 0;
    *lapic(LAPIC_TIMER_LVT) = VECTOR_TIMER; /* one shot */
    time_page->base_tsc = tsc_read();
    log_print(LOG_INFO, "time: counter %lu kHz, timer %lu kHz", (1000000ul << 32) / time_page->mult,
              lapic_per_ns * 1000000 >> 32);
}
