/* poll and select: each descriptor is asked once; if none is ready, each is armed with a notification bit of
 * a port of our own, and the port is waited for. */
#include "libc.h"
#include "kernel.h"

#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>

#include <proto/io.h>

#define NS_PER_MS 1000000ull

_Static_assert(POLLIN == IO_IN && POLLOUT == IO_OUT && POLLERR == IO_ERR && POLLHUP == IO_HUP, "same bits");

#define READABLE (POLLIN | POLLRDNORM)
#define WRITABLE (POLLOUT | POLLWRNORM)

static uint32_t events_asked(short events)
{
    return (events & READABLE ? IO_IN : 0) | (events & WRITABLE ? IO_OUT : 0);
}

static short events_true(uint32_t events, short asked)
{
    int all = (int)(events & (IO_ERR | IO_HUP));
    all |= events & IO_IN ? READABLE : 0;
    all |= events & IO_OUT ? WRITABLE : 0;
    return (short)(all & (asked | POLLERR | POLLHUP));
}

/* Ask one descriptor, or arm it if a port is given. A server without poll has files, which are always ready.
 */
static void poll_one(struct pollfd *entry, handle_t port)
{
    int saved = errno;
    handle_t handle = fd_handle(entry->fd);
    errno = saved;
    if (handle == HANDLE_NONE) {
        entry->revents = POLLNVAL;
        return;
    }
    struct io_poll reply = {0};
    uint32_t asked = events_asked(entry->events);
    int error;
    if (port) {
        struct io_poll_arm request = {asked, 1};
        struct ipc_transfer transfer = {.send = {port}, .send_count = 1};
        error = io_poll_arm_with(handle, &request, &reply, &transfer);
    } else {
        error = io_poll(handle, &(struct io_poll){asked}, &reply, DEADLINE_NEVER);
    }
    if (error == E_NOSYS || error == E_INVAL)
        reply.events = IO_IN | IO_OUT;
    else if (error)
        reply.events = IO_ERR;
    entry->revents = events_true(reply.events, entry->events);
}

static int poll_all(struct pollfd *list, nfds_t count, handle_t port)
{
    int ready = 0;
    for (nfds_t i = 0; i < count; i++) {
        list[i].revents = 0;
        if (list[i].fd < 0)
            continue;
        poll_one(&list[i], port);
        ready += list[i].revents != 0;
    }
    return ready;
}

/* Number of ready entries; 0 after the deadline; an error of Ouros as its negative. */
static int poll_until(struct pollfd *list, nfds_t count, uint64_t deadline)
{
    int ready = poll_all(list, count, HANDLE_NONE);
    if (ready || deadline == DEADLINE_POLL)
        return ready;
    handle_t port, bell = HANDLE_NONE;
    int error = IPC_FED(sys_port_create(&port));
    if (error)
        return -error;
    error = sys_handle_copy(port, RIGHT_NOTIFY | RIGHT_COPY, 0, 0, &bell);
    while (!error && !(ready = poll_all(list, count, bell))) {
        struct ipc_message message = {.flags = deadline == DEADLINE_NEVER ? 0 : IPC_DEADLINE,
                                      .deadline = deadline};
        error = sys_recv_message(port, &message);
    }
    if (bell)
        kernel_handle_close(bell);
    kernel_handle_close(port);
    if (error == E_TIMEDOUT)
        return poll_all(list, count, HANDLE_NONE);
    return error ? -error : ready;
}

static int poll_result(int ready)
{
    return ready < 0 ? error_result(-ready) : ready;
}

int poll(struct pollfd *list, nfds_t count, int timeout_ms)
{
    uint64_t deadline = DEADLINE_NEVER;
    if (count > FD_MAX)
        return fail(EINVAL);
    if (timeout_ms == 0)
        deadline = DEADLINE_POLL;
    else if (timeout_ms > 0)
        deadline = clock_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    return poll_result(poll_until(list, count, deadline));
}

/* ---- select, in terms of poll ---- */

static nfds_t sets_to_list(int count, const fd_set *in, const fd_set *out, struct pollfd list[FD_MAX])
{
    nfds_t used = 0;
    for (int fd = 0; fd < count; fd++) {
        short events =
            (short)((in && FD_ISSET(fd, in) ? POLLIN : 0) | (out && FD_ISSET(fd, out) ? POLLOUT : 0));
        if (events)
            list[used++] = (struct pollfd){fd, events, 0};
    }
    return used;
}

static int list_to_sets(const struct pollfd *list, nfds_t used, fd_set *in, fd_set *out)
{
    int bits = 0;
    for (nfds_t i = 0; i < used; i++) {
        if (list[i].events & POLLIN && list[i].revents & (POLLIN | POLLHUP | POLLERR)) {
            FD_SET(list[i].fd, in);
            bits++;
        }
        if (list[i].events & POLLOUT && list[i].revents & (POLLOUT | POLLERR)) {
            FD_SET(list[i].fd, out);
            bits++;
        }
    }
    return bits;
}

static void set_clear(fd_set *set)
{
    if (set)
        memset(set, 0, sizeof *set);
}

int pselect(int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
            const sigset_t *mask)
{
    struct pollfd list[FD_MAX];
    uint64_t deadline = DEADLINE_NEVER;
    if (count < 0 || count > FD_SETSIZE || count > FD_MAX)
        return fail(EINVAL);
    if (mask && *mask)
        return fail(ENOSYS);
    if (timeout) {
        if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000)
            return fail(EINVAL);
        uint64_t span = (uint64_t)timeout->tv_sec * 1000000000 + (uint64_t)timeout->tv_nsec;
        deadline = span ? clock_monotonic_ns() + span : DEADLINE_POLL;
    }
    nfds_t used = sets_to_list(count, in, out, list);
    int ready = poll_until(list, used, deadline);
    if (ready < 0)
        return error_result(-ready);
    for (nfds_t i = 0; i < used; i++) {
        if (list[i].revents & POLLNVAL)
            return fail(EBADF);
    }
    set_clear(in);
    set_clear(out);
    set_clear(except);
    return list_to_sets(list, used, in, out);
}

int select(int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
    struct timespec span;
    if (timeout) {
        if (timeout->tv_usec < 0 || timeout->tv_usec >= 1000000)
            return fail(EINVAL);
        span = (struct timespec){.tv_sec = timeout->tv_sec, .tv_nsec = timeout->tv_usec * 1000};
    }
    return pselect(count, in, out, except, timeout ? &span : NULL, NULL);
}
