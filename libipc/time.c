#include <ipc/syscall.h>
#include <ipc/time.h>

static const volatile struct time_page *page(void)
{
    return (const volatile struct time_page *)TIME_PAGE_ADDRESS;
}

static uint64_t tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* The page as it was between two equal, even versions. */
static uint64_t read_clock(uint64_t *wall_ns)
{
    const volatile struct time_page *t = page();
    uint32_t version;
    uint64_t now;

    do {
        while ((version = __atomic_load_n(&t->version, __ATOMIC_ACQUIRE)) & 1)
            ;
        now = t->base_ns + (uint64_t)((unsigned __int128)(tsc() - t->base_tsc) * t->mult >> 32);
        *wall_ns = t->wall_ns;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (version != t->version);
    return now;
}

uint64_t ipc_now(void)
{
    uint64_t wall;

    return read_clock(&wall);
}

uint64_t ipc_wall_now(void)
{
    uint64_t wall, now = read_clock(&wall);

    return now + wall;
}

void ipc_sleep_until(uint64_t deadline)
{
    uint32_t nobody = 0;

    sys_futex(FUTEX_WAIT, &nobody, 0, deadline, 0, 0, 0);
}
