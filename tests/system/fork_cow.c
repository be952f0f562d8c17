/* fork of a process with 32 MiB touched: both sides write everywhere, and each sees only its own. Then the
 * same while a thread of higher appetite keeps the processor busy, so that fork is preempted. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE  (32ul << 20)
#define WORDS (SIZE / sizeof(uint64_t))

static uint64_t *memory;

static uint64_t pattern(uint64_t seed, uint64_t i)
{
    uint64_t x = (i + 1) * 0x9e3779b97f4a7c15ul ^ seed;
    return x ^ x >> 29;
}

static void fill(uint64_t seed)
{
    for (uint64_t i = 0; i < WORDS; i++)
        memory[i] = pattern(seed, i);
}

static uint64_t wrong(uint64_t seed)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < WORDS; i++)
        n += memory[i] != pattern(seed, i);
    return n;
}

static int child_status(pid_t pid)
{
    int status = -1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int both_write(void)
{
    fill(1);
    pid_t pid = fork();
    if (pid == 0) {
        int bad = wrong(1) != 0;
        fill(2);
        _exit(bad || wrong(2));
    }
    fill(3);
    int status = child_status(pid);
    return status != 0 || wrong(3) != 0;
}

/* A grandchild, and a child that ends before it. */
static int chain(void)
{
    fill(4);
    pid_t pid = fork();
    if (pid == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            memory[0] = 1;
            _exit(memory[1] != pattern(4, 1));
        }
        fill(5);
        _exit(child_status(grandchild) || wrong(5) != 0);
    }
    memory[7] = 7;
    int status = child_status(pid);
    memory[7] = pattern(4, 7);
    return status != 0 || wrong(4) != 0;
}

/* Several busy processes while fork runs: it is preempted in the middle. */
static int preempted(void)
{
    pid_t busy[3];
    for (int i = 0; i < 3; i++) {
        busy[i] = fork();
        if (busy[i] == 0) {
            for (volatile uint64_t n = 0;; n++)
                ;
        }
    }
    int bad = 0;
    for (int i = 0; i < 4; i++) {
        memory[i] = 100 + (uint64_t)i;
        pid_t pid = fork();
        if (pid == 0) {
            memory[i] = 0;
            _exit(memory[WORDS - 1] != pattern(4, WORDS - 1));
        }
        bad |= child_status(pid) != 0 || memory[i] != 100 + (uint64_t)i;
    }
    for (int i = 0; i < 3; i++) {
        int status;
        bad |= kill(busy[i], 9) != 0 || waitpid(busy[i], &status, 0) != busy[i] || !WIFSIGNALED(status) ||
               WTERMSIG(status) != 9;
    }
    return bad;
}

static int report(const char *name, int bad)
{
    if (bad)
        printf("not ok %s: sums differ or a child failed\n", name);
    else
        printf("ok %s\n", name);
    fflush(stdout);
    return bad;
}

int main(void)
{
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        printf("not ok both-write: no memory\n");
        return 1;
    }
    int bad = report("both-write", both_write());
    bad |= report("chain", chain());
    bad |= report("preempted", preempted());
    return bad;
}
