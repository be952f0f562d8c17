/* Every operation of every protocol, sent to every server that a program can reach, at random and wrong.
 * Children without root's rights do it, since much of it concerns the caller itself; whatever becomes of
 * them, the servers have to answer as before. Ouros only: it makes the calls itself. */
#include <fcntl.h>
#include <ipc/startup.h>
#include <ipc/syscall.h>
#include <proto/pager.h>
#include <proto/proc.h>
#include <proto/tty.h>
#include <proto/vfs.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "fuzz.h"
#include "posix_test.h"

enum { CHILDREN = 40, CALLS = 1500, WINDOW = 1 << 22 };

static const struct ipc_protocol *const all[] = {&pager_protocol, &proc_protocol, &vfs_protocol,
                                                 &io_protocol,    &tty_protocol,  NULL};
static const struct ipc_protocol *const of_pager[] = {&pager_protocol, NULL};
static const struct ipc_protocol *const of_proc[] = {&proc_protocol, &io_protocol, &vfs_protocol, NULL};
static const struct ipc_protocol *const of_vfs[] = {&vfs_protocol, &io_protocol, NULL};
static const struct ipc_protocol *const of_tty[] = {&io_protocol, &tty_protocol, NULL};

static struct fuzz fuzz;
static uint8_t (*called)[FUZZ_OPS]; /* shared by all children */

/* The console is the test's own output and the shell's input: no bytes, no modes. */
static bool spare_the_console(uint32_t label, const uint64_t words[IPC_WORDS])
{
    (void)words;
    return label != io_label_write && label != io_label_control;
}

static void target(const char *name, handle_t session, const struct ipc_protocol *const *speaks)
{
    struct handle_info info = {0};
    if (session && sys_handle_info(session, &info) == 0)
        fuzz.targets[fuzz.target_count++] = (struct fuzz_target){name, session, info.rights, speaks, NULL};
}

static void target_file(const char *path, uint32_t flags, const struct ipc_protocol *const *speaks)
{
    struct ipc_transfer t = {.in = path, .in_len = (uint32_t)strlen(path)};
    struct vfs_open_reply reply = {0};
    if (vfs_open_with(HANDLE_FIRST(SLOT_VFS), &(struct vfs_open){flags, 0600}, &reply, &t) == 0 &&
        t.got_count && !reply.elsewhere)
        target(path, t.got[0], speaks);
}

static void collect_targets(void)
{
    struct ipc_transfer pipe = {0};
    target("pager", HANDLE_FIRST(SLOT_PAGER), of_pager);
    target("proc", HANDLE_FIRST(SLOT_PROC), of_proc);
    target("vfs", HANDLE_FIRST(SLOT_VFS), of_vfs);
    target_file("x", IO_O_RDWR | IO_O_CREAT, of_vfs);
    target_file("y", IO_O_WRONLY | IO_O_CREAT | IO_O_APPEND, of_vfs);
    target_file("/bin/sh", IO_O_RDONLY, of_vfs);
    target_file(".", IO_O_RDONLY, of_vfs);
    target_file("/bin", IO_O_RDONLY, of_vfs);
    target_file("/dev/null", IO_O_RDWR, of_vfs);
    target_file("/dev/zero", IO_O_RDWR, of_vfs);
    target_file("/dev/tty", IO_O_WRONLY | IO_O_NOCTTY, of_tty);
    fuzz.targets[fuzz.target_count - 1].allow = spare_the_console;
    if (vfs_pipe_with(HANDLE_FIRST(SLOT_VFS), &(struct vfs_pipe){0}, NULL, &pipe) == 0) {
        target("pipe", pipe.got[0], of_vfs);
        target("pipe", pipe.got[1], of_vfs);
    }
}

static void end_here(void)
{
    _exit(0);
}

/* 0: all answers were right. 1: one was not. Any other end is its own doing. */
static int child(unsigned seed)
{
    setsid();
    if (setgid(99) || setuid(99))
        return 1;
    fuzz = (struct fuzz){.seed = 0x9e3779b97f4a7c15ull * (seed + 1),
                         .protocols = all,
                         .called = called,
                         .window_size = WINDOW};
    fuzz.window = (uint64_t)mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fuzz.lent = mmap(NULL, FUZZ_LENT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(fuzz.lent, 'f', FUZZ_LENT);
    collect_targets();
    for (int i = 0; i < CALLS; i++)
        if (!fuzz_once(&fuzz, end_here)) {
            printf("# seed %u, call %d, %s, operation %x: %s\n", seed, i, fuzz.wrong_target, fuzz.wrong_label,
                   fuzz.wrong);
            fflush(stdout);
            return 1;
        }
    return fuzz.answered ? 0 : 1;
}

/* It may have stopped or signalled itself, or wait for ever. */
static int end_of(pid_t pid)
{
    int status;
    for (int i = 0; i < 3000; i++) {
        pid_t got = waitpid(pid, &status, WNOHANG | WUNTRACED);
        if (got == pid && !WIFSTOPPED(status))
            return status;
        if (got == pid)
            kill(pid, SIGKILL);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return status;
}

static const char *calls(void)
{
    int whole = 0, wrong = 0;
    called = mmap(NULL, sizeof *called * 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(called != MAP_FAILED);
    EXPECT(mkdir("/tmp/fuzz", 0777) == 0 && chmod("/tmp/fuzz", 0777) == 0 && chdir("/tmp/fuzz") == 0);
    for (unsigned seed = 0; seed < CHILDREN; seed++) {
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            _exit(child(seed));
        EXPECT(pid > 0);
        int status = end_of(pid);
        whole += WIFEXITED(status) && WEXITSTATUS(status) == 0;
        wrong += WIFEXITED(status) && WEXITSTATUS(status) == 1;
    }
    printf("# %d of %d children came to their end\n", whole, CHILDREN);
    EXPECT(wrong == 0);
    EXPECT(whole > 0);
    fuzz = (struct fuzz){.protocols = all, .called = called};
    const char *never = fuzz_never_called(&fuzz);
    printf("# not called: %s\n", never ? never : "none");
    EXPECT(!never);
    munmap(called, sizeof *called * 8);
    return NULL;
}

static const char *servers_answer(void)
{
    char text[64] = "";
    int fd = open("/tmp/fuzz/after", O_RDWR | O_CREAT, 0600);
    EXPECT(fd >= 0 && write(fd, "after", 5) == 5 && pread(fd, text, 5, 0) == 5 && strcmp(text, "after") == 0);
    close(fd);
    fd = open("/proc/uptime", O_RDONLY);
    EXPECT(fd >= 0 && read(fd, text, sizeof text) > 0);
    close(fd);
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(page != MAP_FAILED);
    page[0] = 1;
    munmap(page, 4096);
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(7);
    EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    return NULL;
}

static const char *no_pinned_memory(void)
{
    struct pager_dma_reply reply = {0};
    EXPECT(pager_map_dma(HANDLE_FIRST(SLOT_PAGER), &(struct pager_dma){.length = 4096}, &reply, 0) ==
           E_RIGHTS);
    EXPECT(reply.physical == 0);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"no-pinned-memory", no_pinned_memory}, {"calls", calls}, {"servers-answer", servers_answer}};
    return RUN(cases);
}
