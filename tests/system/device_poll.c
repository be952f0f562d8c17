/* A device that a server of somebody's own registered, polled beside pipes and the terminal: run in place of
 * the shell by kernel/bell, whose manifest starts that server. */
#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/wait.h>

#include "posix_test.h"

static int bell, pipe_ends[2];

static void drain(void)
{
    char bytes[64];
    while (poll(&(struct pollfd){.fd = bell, .events = POLLIN}, 1, 0) == 1 &&
           read(bell, bytes, sizeof bytes) > 0)
        ;
}

static const char *reads_what_was_written(void)
{
    char bytes[16] = "";
    struct stat st;
    bell = open("/dev/bell", O_RDWR);
    EXPECT(bell >= 0);
    EXPECT(fstat(bell, &st) == 0 && S_ISCHR(st.st_mode));
    EXPECT(write(bell, "ding", 4) == 4);
    EXPECT(read(bell, bytes, sizeof bytes) == 4 && strcmp(bytes, "ding") == 0);
    EXPECT_ERRNO(read(bell, bytes, sizeof bytes), EAGAIN);
    return NULL;
}

static const char *tells_what_is_ready(void)
{
    struct pollfd all[] = {
        {.fd = bell, .events = POLLIN}, {.fd = pipe_ends[0], .events = POLLIN}, {.fd = 0, .events = POLLPRI}};
    char byte;
    EXPECT(poll(all, 3, 0) == 0);
    EXPECT(poll(all, 3, 30) == 0);
    EXPECT(write(bell, "x", 1) == 1);
    EXPECT(poll(all, 3, -1) == 1 && all[0].revents == POLLIN && all[1].revents == 0);
    EXPECT(write(pipe_ends[1], "y", 1) == 1);
    EXPECT(poll(all, 3, -1) == 2 && all[0].revents == POLLIN && all[1].revents == POLLIN);
    drain();
    EXPECT(poll(all, 3, -1) == 1 && all[0].revents == 0 && all[1].revents == POLLIN);
    EXPECT(read(pipe_ends[0], &byte, 1) == 1 && byte == 'y');
    all[0].events = POLLOUT;
    EXPECT(poll(all, 3, -1) == 1 && all[0].revents == POLLOUT);
    return NULL;
}

/* Wait for both; a child does something to one of them after a while. */
static int wakes_by(int fd)
{
    struct pollfd both[] = {{.fd = bell, .events = POLLIN}, {.fd = pipe_ends[0], .events = POLLIN}};
    pid_t pid = fork();
    if (pid == 0) {
        usleep(20000);
        _exit(write(fd, "z", 1) != 1);
    }
    int status, ready = poll(both, 2, 10000);
    waitpid(pid, &status, 0);
    return ready == 1 && status == 0 ? both[0].revents << 8 | both[1].revents : -1;
}

static const char *wakes_who_waits(void)
{
    char byte;
    for (int i = 0; i < 10; i++) {
        EXPECT(wakes_by(bell) == POLLIN << 8);
        drain();
        EXPECT(wakes_by(pipe_ends[1]) == POLLIN);
        EXPECT(read(pipe_ends[0], &byte, 1) == 1 && byte == 'z');
    }
    return NULL;
}

static const char *works_with_select(void)
{
    fd_set in;
    FD_ZERO(&in);
    FD_SET(bell, &in);
    FD_SET(pipe_ends[0], &in);
    EXPECT(select(FD_SETSIZE, &in, NULL, NULL, &(struct timeval){.tv_usec = 20000}) == 0);
    FD_SET(bell, &in);
    FD_SET(pipe_ends[0], &in);
    EXPECT(write(bell, "x", 1) == 1);
    EXPECT(select(FD_SETSIZE, &in, NULL, NULL, NULL) == 1 && FD_ISSET(bell, &in) &&
           !FD_ISSET(pipe_ends[0], &in));
    drain();
    return NULL;
}

/* Polls that end without an event leave what they armed; there is room for sixteen. */
static const char *full_is_an_error_not_a_hang(void)
{
    struct pollfd one = {.fd = bell, .events = POLLIN};
    int ready = 0;
    for (int i = 0; i < 20 && !ready; i++)
        ready = poll(&one, 1, 1);
    EXPECT(ready == 1 && one.revents == POLLERR);
    EXPECT(write(bell, "x", 1) == 1); /* tells them all, and frees their places */
    drain();
    EXPECT(poll(&one, 1, 1) == 0);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"reads-what-was-written", reads_what_was_written},
        {"tells-what-is-ready", tells_what_is_ready},
        {"wakes-who-waits", wakes_who_waits},
        {"works-with-select", works_with_select},
        {"full-is-an-error-not-a-hang", full_is_an_error_not_a_hang},
    };
    if (pipe(pipe_ends))
        return 1;
    return RUN(cases);
}
