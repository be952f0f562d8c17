/* The POSIX rows. Plain POSIX C: gcc -O2 -pthread of this folder's files makes the same program for Linux.
 *
 *   posix [FILE [DIRECTORY [ROWS]]]    FILE: 20 MiB, not read since boot; DIRECTORY: on a disk, to create
 * files in; ROWS: only these, commas between
 *
 * Prints `bench NAME OPERATIONS TICKS` for each round, `absent NAME: why` for what the system lacks, and how
 * long all took by the counter and by the clock. Nothing is printed before the end: output must not run
 * beside what is measured. */
#include "posix.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#ifdef __ouros__
#include <ipc/syscall.h>
#endif

const char *file_name = "/tests/data/big", *directory = "/root";
static const char *reason; /* why the present row cannot be measured; null: it can */
static int absent;         /* the reason is that the system does not have it */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t ticks(void)
{
#if defined __x86_64__
    return __builtin_ia32_rdtsc();
#else
    return now_ns();
#endif
}

uint64_t busy_ticks(void)
{
#ifdef __ouros__
    struct kernel_stats stats;
    sys_kernel_info(KINFO_STATS, &stats, sizeof stats, NULL);
    return ticks() - stats.idle_ns;
#else
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
#endif
}

uint64_t row_fails(const char *why)
{
    absent = errno == ENOSYS || errno == EROFS || errno == ENOTSUP;
    reason = why;
    return 0;
}

int row_failed(void)
{
    return reason != NULL;
}

int wait_for(pid_t pid)
{
    int status = -1;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Rounds of two instructions, where it is known how to write them. */
static uint64_t control_loop(unsigned count)
{
    uint64_t left = count, begun = ticks();
#if defined __x86_64__
    __asm__ volatile("1: dec %0\n jnz 1b" : "+r"(left)::"cc");
#else
    while (left--)
        __asm__ volatile("");
#endif
    return ticks() - begun;
}

static const struct row {
    const char *name;
    row_function *run;
    unsigned count, rounds;
    int warm; /* rounds before those that count */
} rows[] = {
    {"fork_exit_wait_small", forks, 20, 7, 1},
    {"spawn_wait", spawn_wait, 20, 7, 1},
    {"pipe_rtt_1B", pipe_rtt_1B, 200, 7, 1},
    {"signal_self", signal_self, 200, 7, 1},
    {"getppid", get_parent, 1000, 7, 1},
    {"control_loop", control_loop, 100000, 7, 1},
    {"mmap_munmap_1", mmap_munmap_1, 200, 7, 1},
    {"mutex_uncontended", mutex_uncontended, 10000, 7, 1},
    {"thread_create_join", thread_create_join, 50, 7, 1},
    {"cond_rtt", cond_rtt, 500, 7, 1},
    {"read_MiB_uncached", read_MiB_uncached, 4, 5, 0},
    {"read_MiB_cached", read_MiB_cached, 16, 5, 1},
    {"pread_4KiB_cached", pread_4KiB_cached, 1000, 7, 1},
    {"open_close", open_close, 200, 7, 1},
    {"stat", stat_file, 200, 7, 1},
    {"create", create_disk, 1000, 3, 1},
    {"unlink", unlink_disk, 1000, 3, 1},
    {"create_tmp", create_tmp, 1000, 3, 1},
    {"unlink_tmp", unlink_tmp, 1000, 3, 1},
    {"anon_touch_page", anon_touch_page, 16384, 5, 1},
    {"anon_fault_isolated", anon_fault_isolated, 256, 11, 1},
    {"cow_fault", cow_fault, 4096, 5, 1},
    {"cow_fault_shared", cow_fault_shared, 24, 5, 1},
    {"cow_fault_shared_4k", cow_fault_shared_4k, 24, 5, 1},
    {"fork_exit_wait_64MiB", fork_exit_wait_64MiB, 3, 5, 1},
};

static int run_row(const struct row *row)
{
    uint64_t used[16];
    unsigned done = 0;
    reason = NULL;
    errno = 0;
    for (int i = 0; i < row->warm && !reason; i++)
        row->run(row->count);
    for (; done < row->rounds && !reason; done++)
        used[done] = row->run(row->count);
    if (reason) {
        printf("%s %s: %s: %s\n", absent ? "absent" : "not ok", row->name, reason, strerror(errno));
        return !absent;
    }
    for (unsigned i = 0; i < done; i++)
        printf("bench %s %u %llu\n", row->name, row->count, (unsigned long long)used[i]);
    return 0;
}

/* Is the row one of those in the list, with commas between? */
static int is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += length)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || !at[length]))
            return 1;
    return 0;
}

int main(int argc, char **argv)
{
    static char output[1 << 16];
    uint64_t since_power_on = busy_ticks(), begun = ticks(), begun_ns = now_ns();
    int failures = 0;
    setvbuf(stdout, output, _IOFBF, sizeof output);
    file_name = argc > 1 ? argv[1] : file_name;
    directory = argc > 2 ? argv[2] : directory;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (argc < 4 || is_listed(argv[3], rows[i].name))
            failures += run_row(&rows[i]);
    printf("clock %llu ticks %llu ns\n", (unsigned long long)(ticks() - begun),
           (unsigned long long)(now_ns() - begun_ns));
#ifdef __ouros__
    printf("bench boot_to_prompt 1 %llu\n", (unsigned long long)since_power_on);
#else
    (void)since_power_on;
#endif
    printf("%s bench\n", failures ? "not ok" : "ok");
    return failures != 0;
}
