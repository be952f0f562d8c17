/* The POSIX rows. Plain POSIX C: `gcc -O2 -pthread bench/posix.c -o posix` makes the same program for Linux.
 *
 *   posix [FILE [DIRECTORY [ROWS]]]    FILE: 20 MiB, not read since boot; DIRECTORY: on a disk, to create
 * files in; ROWS: only these, commas between
 *
 * Prints `bench NAME OPERATIONS TICKS` for each round and `absent NAME: why` for what the system lacks.
 * Nothing is printed before the end: output must not run beside what is measured. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __ouros__
#include <ipc/syscall.h>
#endif

#define PAGE 4096ul
#define MIB  (1024ul * 1024)

extern char **environ;
static const char *file_name = "/tests/data/big", *directory = "/root";
static const char *reason; /* why the present row cannot be measured; null: it can */
static int absent;         /* the reason is that the system does not have it */

/* One tick is one instruction of the guest, under QEMU's -icount shift=0. */
static uint64_t ticks(void)
{
#if defined __x86_64__
    return __builtin_ia32_rdtsc();
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}

/* Ticks without those in which the machine waited. Elsewhere: the processor time of this process. */
static uint64_t busy_ticks(void)
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

/* The row fails; later rounds are not tried. */
static uint64_t fail(const char *why)
{
    absent = errno == ENOSYS || errno == EROFS || errno == ENOTSUP;
    reason = why;
    return 0;
}

static int wait_for(pid_t pid)
{
    int status = -1;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- memory ---- */

static unsigned char *anonymous(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* `count` pages, `stride` apart, written once each. */
static uint64_t touch(unsigned count, size_t stride)
{
    unsigned char *p = anonymous(count * stride);
    unsigned dirty = 0;
    if (!p)
        return fail("mmap");
    uint64_t begun = ticks();
    for (size_t i = 0; i < count; i++)
        *(volatile unsigned char *)(p + i * stride) = 1;
    uint64_t used = ticks() - begun;
    for (size_t i = 0; i < count; i++)
        dirty |= p[i * stride + 8] | (p[i * stride] ^ 1);
    munmap(p, count * stride);
    return dirty ? fail("pages were not zero") : used;
}

static uint64_t anon_touch_page(unsigned count)
{
    return touch(count, PAGE);
}

/* 256 KiB from any page touched before: mapping neighbours along does not help. The system has been idle
 * before, so that one which zeroes frames ahead of need has them at hand. */
static uint64_t anon_fault_isolated(unsigned count)
{
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    return touch(count, 64 * PAGE);
}

/* A child writes to every `step`th page that it has from its parent, and tells how long it took. */
static uint64_t cow_faults(unsigned count, size_t step)
{
    size_t length = count * step * PAGE;
    unsigned char *p = anonymous(length);
    uint64_t used = 0;
    int ends[2], wrong = 0;
    if (!p || pipe(ends))
        return fail("mmap, pipe");
    memset(p, 7, length);
    pid_t pid = fork();
    if (pid == 0) {
        uint64_t begun = ticks();
        for (size_t i = 0; i < length; i += step * PAGE)
            *(volatile unsigned char *)(p + i) = 1;
        used = ticks() - begun;
        for (size_t i = 0; i < length; i += step * PAGE)
            wrong |= p[i] != 1 || p[i + 1] != 7;
        wrong |= write(ends[1], &used, sizeof used) != sizeof used;
        _exit(wrong);
    }
    close(ends[1]);
    wrong = read(ends[0], &used, sizeof used) != sizeof used || wait_for(pid) != 0;
    for (size_t i = 0; i < length; i += step * PAGE)
        wrong |= p[i] != 7;
    close(ends[0]);
    munmap(p, length);
    return wrong ? fail("a copy was wrong") : used;
}

static uint64_t cow_fault(unsigned count)
{
    return cow_faults(count, 1);
}

/* One page in each 2 MiB, all of which are touched: a full page table, shared until then, is behind each. */
static uint64_t cow_fault_shared(unsigned count)
{
    return cow_faults(count, 512);
}

static uint64_t mmap_munmap_1(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        unsigned char *p = anonymous(PAGE);
        wrong |= !p || munmap(p, PAGE);
    }
    uint64_t used = ticks() - begun;
    return wrong ? fail("mmap or munmap") : used;
}

/* ---- processes ---- */

static uint64_t forks(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(42);
        wrong |= pid < 0 || wait_for(pid) != 42;
    }
    uint64_t used = ticks() - begun;
    return wrong ? fail("fork or wait") : used;
}

static uint64_t fork_exit_wait_64MiB(unsigned count)
{
    unsigned char *p = anonymous(64 * MIB);
    if (!p)
        return fail("mmap");
    for (size_t i = 0; i < 64 * MIB; i += PAGE)
        p[i] = 1;
    uint64_t used = forks(count);
    munmap(p, 64 * MIB);
    return used;
}

static uint64_t spawn_wait(unsigned count)
{
    char *arguments[] = {"true", NULL};
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        pid_t pid = -1;
        wrong |= posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ) || wait_for(pid) != 0;
    }
    uint64_t used = ticks() - begun;
    return wrong ? fail("posix_spawn or wait") : used;
}

static volatile unsigned handled;

static void handler(int number)
{
    (void)number;
    handled++;
}

static uint64_t signal_self(unsigned count)
{
    struct sigaction action = {.sa_handler = handler};
    handled = 0;
    if (sigaction(SIGUSR1, &action, NULL))
        return fail("sigaction with a handler");
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++)
        kill(getpid(), SIGUSR1);
    uint64_t used = ticks() - begun;
    return handled != count ? fail("signals were lost") : used;
}

static uint64_t pipe_rtt_1B(unsigned count)
{
    int there[2], back[2], wrong = 0;
    unsigned char byte;
    if (pipe(there) || pipe(back))
        return fail("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        for (unsigned i = 0; i < count + 1; i++) {
            wrong |= read(there[0], &byte, 1) != 1;
            byte++;
            wrong |= write(back[1], &byte, 1) != 1;
        }
        _exit(wrong);
    }
    uint64_t begun = 0;
    for (unsigned i = 0; i < count + 1; i++) {
        if (i == 1) /* by then the child is there */
            begun = ticks();
        byte = (unsigned char)i;
        wrong |=
            write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1 || byte != (unsigned char)(i + 1);
    }
    uint64_t used = ticks() - begun;
    wrong |= wait_for(pid) != 0;
    for (int i = 0; i < 2; i++)
        wrong |= close(there[i]) || close(back[i]);
    return wrong ? fail("a byte was lost") : used;
}

/* ---- threads ---- */

static void *echo(void *argument)
{
    return argument;
}

static uint64_t thread_create_join(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        pthread_t thread;
        void *result = NULL;
        wrong |=
            pthread_create(&thread, NULL, echo, &wrong) || pthread_join(thread, &result) || result != &wrong;
    }
    uint64_t used = ticks() - begun;
    return wrong ? fail("a thread") : used;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned turn, turns_wanted;

static uint64_t mutex_uncontended(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        wrong |= pthread_mutex_lock(&mutex);
        wrong |= pthread_mutex_unlock(&mutex);
    }
    uint64_t used = ticks() - begun;
    return wrong ? fail("a lock") : used;
}

/* Whose turn it is makes the next one's; an odd turn is the other thread's. */
static void *take_turns(void *odd)
{
    pthread_mutex_lock(&mutex);
    while (turn < turns_wanted) {
        if ((turn & 1) == (odd != NULL)) {
            turn++;
            pthread_cond_signal(&changed);
        } else {
            pthread_cond_wait(&changed, &mutex);
        }
    }
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static uint64_t cond_rtt(unsigned count)
{
    pthread_t thread;
    turn = 0;
    turns_wanted = 2 * count;
    uint64_t begun = ticks();
    if (pthread_create(&thread, NULL, take_turns, &mutex))
        return fail("a thread");
    take_turns(NULL);
    uint64_t used = ticks() - begun;
    pthread_join(thread, NULL);
    return turn != turns_wanted ? fail("a turn") : used;
}

/* ---- files ---- */

static unsigned char *block;                  /* 1 MiB */
static uint64_t first_words[20 * MIB / PAGE]; /* of each page of the file, from its first reading */
static int file = -1;

/* `count` MiB from `start` on, in blocks of 1 MiB; the pages' first words are noted, or have to be the same.
 */
static uint64_t read_blocks(unsigned start, unsigned count, uint64_t (*clock)(void), int note)
{
    int wrong = lseek(file, (off_t)(start * MIB), SEEK_SET) < 0;
    uint64_t used = 0;
    for (unsigned i = start; i < start + count; i++) {
        uint64_t begun = clock();
        wrong |= read(file, block, MIB) != (ssize_t)MIB;
        used += clock() - begun;
        for (size_t page = 0; page < MIB / PAGE; page++) {
            uint64_t *word = &first_words[i * (MIB / PAGE) + page];
            if (note)
                memcpy(word, block + page * PAGE, sizeof *word);
            wrong |= memcmp(word, block + page * PAGE, sizeof *word);
        }
    }
    return wrong ? fail("a wrong byte") : used;
}

static uint64_t read_MiB_uncached(unsigned count)
{
    static unsigned next;
    if (file < 0 && ((file = open(file_name, O_RDONLY)) < 0 || !(block = malloc(MIB))))
        return fail("open the file");
    memset(block, 1, MIB);
    next += count;
    return read_blocks(next - count, count, busy_ticks, 1);
}

static uint64_t read_MiB_cached(unsigned count)
{
    return read_blocks(0, count, ticks, 0);
}

static uint64_t pread_4KiB_cached(unsigned count)
{
    uint32_t random = 1;
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        random = random * 1664525 + 1013904223;
        size_t page = (random >> 8) % (16 * MIB / PAGE);
        wrong |= pread(file, block, PAGE, (off_t)(page * PAGE)) != (ssize_t)PAGE;
        wrong |= memcmp(block, &first_words[page], 8) != 0;
    }
    uint64_t used = ticks() - begun;
    return wrong ? fail("a wrong byte") : used;
}

static uint64_t open_close(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        int fd = open("/etc/motd", O_RDONLY);
        wrong |= fd < 0 || close(fd);
    }
    uint64_t used = ticks() - begun;
    return wrong ? fail("open or close") : used;
}

static uint64_t stat_file(unsigned count)
{
    struct stat about;
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++)
        wrong |= stat("/etc/motd", &about) || !S_ISREG(about.st_mode);
    uint64_t used = ticks() - begun;
    return wrong ? fail("stat") : used;
}

static char names[1000][64];

static uint64_t create_in(const char *place, unsigned count)
{
    int wrong = 0;
    for (unsigned i = 0; i < count; i++)
        snprintf(names[i], sizeof names[i], "%s/bench-%u", place, i);
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count && !wrong; i++) {
        int fd = open(names[i], O_CREAT | O_EXCL | O_WRONLY, 0600);
        wrong |= fd < 0 || close(fd);
    }
    uint64_t used = ticks() - begun;
    return wrong ? fail("create a file in the directory") : used;
}

static uint64_t unlink_all(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count && !wrong; i++)
        wrong |= unlink(names[i]);
    uint64_t used = ticks() - begun;
    return wrong ? fail("unlink a file of the directory") : used;
}

/* Each round is a creation of all and a removal of all; one of the two is timed. */
static uint64_t create_disk(unsigned count)
{
    uint64_t used = create_in(directory, count);
    return reason || (unlink_all(count), reason) ? 0 : used;
}
static uint64_t unlink_disk(unsigned count)
{
    create_in(directory, count);
    return reason ? 0 : unlink_all(count);
}
static uint64_t create_tmp(unsigned count)
{
    uint64_t used = create_in("/tmp", count);
    return reason || (unlink_all(count), reason) ? 0 : used;
}
static uint64_t unlink_tmp(unsigned count)
{
    create_in("/tmp", count);
    return reason ? 0 : unlink_all(count);
}

/* ---- all of it ---- */

static const struct row {
    const char *name;
    uint64_t (*run)(unsigned count); /* ticks of `count` operations */
    unsigned count, rounds;
    int warm; /* rounds before those that count */
} rows[] = {
    {"fork_exit_wait_small", forks, 20, 7, 1},
    {"spawn_wait", spawn_wait, 20, 7, 1},
    {"pipe_rtt_1B", pipe_rtt_1B, 200, 7, 1},
    {"signal_self", signal_self, 200, 7, 1},
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

int main(int argc, char **argv)
{
    static char output[1 << 16];
    uint64_t since_power_on = busy_ticks();
    int failures = 0;
    setvbuf(stdout, output, _IOFBF, sizeof output);
    file_name = argc > 1 ? argv[1] : file_name;
    directory = argc > 2 ? argv[2] : directory;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (argc < 4 || strstr(argv[3], rows[i].name))
            failures += run_row(&rows[i]);
#ifdef __ouros__
    printf("bench boot_to_prompt 1 %llu\n", (unsigned long long)since_power_on);
#else
    (void)since_power_on;
#endif
    printf("%s bench\n", failures ? "not ok" : "ok");
    return failures != 0;
}
