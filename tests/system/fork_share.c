/* fork of processes whose page tables are large enough to be shared: chains, parents that leave first, parts
 * unmapped, protected and dropped on one side, threads that write meanwhile, exec, and shared memory. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/posix_test.h"

#define PAGE  4096ul
#define PAGES 1536ul /* three leaf tables, or parts of four */

static unsigned char *memory;

static void fill(unsigned char value)
{
    for (size_t i = 0; i < PAGES; i++)
        memory[i * PAGE] = (unsigned char)(value + i);
}

/* Pages [first, end) that do not have what fill wrote. */
static unsigned wrong_between(unsigned char value, size_t first, size_t end)
{
    unsigned n = 0;
    for (size_t i = first; i < end; i++)
        n += memory[i * PAGE] != (unsigned char)(value + i);
    return n;
}

static unsigned wrong(unsigned char value)
{
    return wrong_between(value, 0, PAGES);
}

static int status_of(pid_t pid)
{
    int status = -1;
    if (pid <= 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static const char *generations(void)
{
    fill(1);
    pid_t pid = fork();
    if (pid == 0) { /* each generation checks what it has from all before, and writes its own page */
        for (unsigned depth = 1; depth <= 6; depth++) {
            if (wrong_between(1, depth, PAGES))
                _exit(1);
            memory[depth * PAGE] = 99;
            pid_t next = fork();
            if (next != 0) {
                memory[100 * PAGE] = 98;
                _exit(depth % 2 ? (status_of(next) != 0) : next < 0); /* every other one leaves first */
            }
            if (memory[depth * PAGE] != 99 || memory[100 * PAGE] != (unsigned char)(1 + 100))
                _exit(2);
        }
        _exit(0);
    }
    EXPECT(status_of(pid) == 0 && wrong(1) == 0);
    return NULL;
}

static const char *many_children(void)
{
    pid_t pid[8];
    fill(3);
    for (unsigned i = 0; i < 8; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            unsigned bad = wrong(3);
            fill((unsigned char)(10 + i));
            _exit(bad || wrong((unsigned char)(10 + i)));
        }
        EXPECT(pid[i] > 0);
    }
    memory[0] = 77;
    for (unsigned i = 0; i < 8; i++)
        EXPECT(status_of(pid[(i * 5 + 3) % 8]) == 0);
    EXPECT(memory[0] == 77 && wrong_between(3, 1, PAGES) == 0);
    return NULL;
}

static const char *often(void)
{
    fill(5);
    for (unsigned i = 0; i < 40; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(i % 3 == 0 ? wrong((unsigned char)(5)) != 0 : 0);
        if (i % 4 == 0)
            memory[i * PAGE] = (unsigned char)(5 + i);
        EXPECT(status_of(pid) == 0);
    }
    EXPECT(wrong(5) == 0);
    return NULL;
}

/* The child: 0 if all is as it should be. */
static int change_part(unsigned part)
{
    unsigned char *p = memory + 700 * PAGE;
    switch (part) {
    case 0: return munmap(p, 30 * PAGE) != 0;
    case 1: return mprotect(p, 30 * PAGE, PROT_READ) || mprotect(p, 30 * PAGE, PROT_READ | PROT_WRITE);
    case 2:
        return mmap(p, 30 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
                   p ||
               p[5 * PAGE] != 0;
    case 3: return mprotect(p, PAGE, PROT_READ) || (p[PAGE] = 1, 0);
    default: return munmap(memory, PAGES * PAGE) != 0;
    }
}

static const char *parts(void)
{
    fill(7);
    for (unsigned part = 0; part < 5; part++) {
        pid_t pid = fork();
        if (pid == 0) {
            int bad = change_part(part);
            if (part < 4)
                bad |= wrong_between(7, 0, 700) || wrong_between(7, 730, PAGES);
            if (part == 1)
                bad |= wrong(7) != 0;
            _exit(bad);
        }
        EXPECT(status_of(pid) == 0 && wrong(7) == 0);
        pid = fork();
        EXPECT(pid >= 0);
        if (pid == 0) { /* now the parent's side changes */
            usleep(20000);
            _exit(wrong(7) != 0);
        }
        if (part != 4)
            EXPECT(change_part(part) == 0);
        EXPECT(status_of(pid) == 0);
        if (part != 4)
            EXPECT(wrong_between(7, 0, 700) == 0 && wrong_between(7, 730, PAGES) == 0);
        EXPECT(mmap(memory, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                    0) == memory);
        fill(7);
    }
    return NULL;
}

/* A page that may not be written stays so on the side that said it, whoever has the table. */
static const char *protection(void)
{
    fill(9);
    pid_t pid = fork();
    if (pid == 0) {
        if (mprotect(memory + 200 * PAGE, PAGE, PROT_READ))
            _exit(1);
        memory[199 * PAGE] = 1;
        *(volatile unsigned char *)(memory + 200 * PAGE) = 1;
        _exit(2);
    }
    memory[200 * PAGE] = 55;
    EXPECT(status_of(pid) == 1000 + SIGSEGV && memory[200 * PAGE] == 55);
    return NULL;
}

static const char *shared_memory(void)
{
    unsigned char *shared = mmap(NULL, 200 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(shared != MAP_FAILED);
    for (size_t i = 0; i < 200; i++)
        shared[i * PAGE] = 1;
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < 200; i++)
            shared[i * PAGE] += (unsigned char)i;
        _exit(0);
    }
    EXPECT(status_of(pid) == 0);
    for (size_t i = 0; i < 200; i++)
        EXPECT(shared[i * PAGE] == (unsigned char)(1 + i));
    EXPECT(munmap(shared, 200 * PAGE) == 0);
    return NULL;
}

static const char *then_exec(void)
{
    fill(11);
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            memory[i * PAGE] = 0;
            execl("/bin/true", "true", (char *)NULL);
            _exit(9);
        }
        EXPECT(status_of(pid) == 0);
    }
    EXPECT(wrong(11) == 0);
    return NULL;
}

static volatile int stop;

/* Each round leaves two pages of different tables equal for all who look between rounds. */
static void *write_always(void *unused)
{
    for (unsigned char n = 0; !stop; n++)
        for (size_t i = 0; i < 8; i++)
            memory[(i * 190 + 1) * PAGE + 8] = n;
    return unused;
}

static const char *while_a_thread_writes(void)
{
    pthread_t thread;
    fill(13);
    stop = 0;
    EXPECT(pthread_create(&thread, NULL, write_always, NULL) == 0);
    for (int i = 0; i < 15; i++) {
        pid_t pid = fork();
        if (pid == 0) { /* nobody writes here: what is read twice is the same */
            unsigned char seen[8], bad = 0;
            for (size_t k = 0; k < 8; k++)
                seen[k] = memory[(k * 190 + 1) * PAGE + 8];
            usleep(5000);
            for (size_t k = 0; k < 8; k++)
                bad |= seen[k] != memory[(k * 190 + 1) * PAGE + 8];
            _exit(bad || wrong(13));
        }
        EXPECT(status_of(pid) == 0);
    }
    stop = 1;
    EXPECT(pthread_join(thread, NULL) == 0 && wrong(13) == 0);
    return NULL;
}

static const struct test_case cases[] = {
    {"fork_share.generations", generations},
    {"fork_share.many_children", many_children},
    {"fork_share.often", often},
    {"fork_share.parts", parts},
    {"fork_share.protection", protection},
    {"fork_share.shared_memory", shared_memory},
    {"fork_share.then_exec", then_exec},
    {"fork_share.while_a_thread_writes", while_a_thread_writes},
};

int main(void)
{
    memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? 1 : RUN(cases);
}
