/* Terminals: io control. Flag bits and control characters have the same values on both sides. */
#include "libc.h"

#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <proto/io.h>
#include <proto/proc.h>

_Static_assert(ICRNL == TTY_I_ICRNL && ONLCR == TTY_O_ONLCR && ICANON == TTY_L_ICANON &&
                   IEXTEN == TTY_L_IEXTEN && ECHOCTL == TTY_L_ECHOCTL && VLNEXT == TTY_VLNEXT &&
                   VMIN == TTY_VMIN,
               "termios.h and proto/io.h agree");

/* A control request on a descriptor; what the server behind it does not know is ENOTTY. */
static int control(int fd, struct io_control request, const void *in, void *out, size_t length,
                   uint64_t *value)
{
    handle_t handle = fd_handle(fd);
    if (handle == HANDLE_NONE)
        return -1;
    struct io_value reply = {0};
    struct ipc_transfer transfer = {
        .in = in, .in_len = in ? (uint32_t)length : 0, .out = out, .out_len = out ? (uint32_t)length : 0};
    int error = io_control_with(handle, &request, &reply, &transfer);
    if (error == E_NOSYS || error == E_INVAL || error == E_NOTSUP)
        error = E_NOTTY;
    if (value)
        *value = reply.value;
    return error_result(error);
}

int tcgetattr(int fd, struct termios *to)
{
    struct tty_mode mode = {0};
    if (control(fd, (struct io_control){.request = IO_TTY_GET}, NULL, &mode, sizeof mode, NULL))
        return -1;
    *to = (struct termios){mode.iflag, mode.oflag, mode.cflag, mode.lflag, {0}, mode.speed, mode.speed};
    memcpy(to->c_cc, mode.cc, sizeof to->c_cc);
    return 0;
}

int tcsetattr(int fd, int when, const struct termios *from)
{
    struct tty_mode mode = {from->c_iflag, from->c_oflag, from->c_cflag, from->c_lflag, {0}, from->c_ospeed};
    if (when < TCSANOW || when > TCSAFLUSH)
        return fail(EINVAL);
    memcpy(mode.cc, from->c_cc, sizeof mode.cc);
    return control(fd, (struct io_control){IO_TTY_SET, (uint32_t)when}, &mode, NULL, sizeof mode, NULL);
}

int isatty(int fd)
{
    struct tty_mode mode;
    return control(fd, (struct io_control){.request = IO_TTY_GET}, NULL, &mode, sizeof mode, NULL) == 0;
}

int tcflush(int fd, int queue)
{
    if (queue < TCIFLUSH || queue > TCIOFLUSH)
        return fail(EINVAL);
    return control(fd, (struct io_control){IO_TTY_FLUSH, (uint32_t)queue + 1}, NULL, NULL, 0, NULL);
}

/* Setting the mode that is set already, "after output", waits for the output. */
int tcdrain(int fd)
{
    struct termios mode;
    return tcgetattr(fd, &mode) ? -1 : tcsetattr(fd, TCSADRAIN, &mode);
}

int tcflow(int fd, int action)
{
    (void)action;
    return isatty(fd) ? fail(ENOSYS) : -1;
}

int tcsendbreak(int fd, int duration)
{
    (void)duration;
    return isatty(fd) ? fail(ENOSYS) : -1;
}

pid_t tcgetpgrp(int fd)
{
    uint64_t group;
    if (control(fd, (struct io_control){.request = IO_TTY_FOREGROUND}, NULL, NULL, 0, &group))
        return -1;
    return (pid_t)group;
}

/* The foreground group is proc's to change: it knows which groups belong to the session. */
int tcsetpgrp(int fd, pid_t group)
{
    if (group <= 0)
        return fail(EINVAL);
    if (!isatty(fd))
        return -1;
    struct proc_foreground reply;
    return error_result(
        proc_foreground(PROC_SESSION, &(struct proc_foreground){group}, &reply, DEADLINE_NEVER));
}

pid_t tcgetsid(int fd)
{
    return isatty(fd) ? getsid(0) : -1;
}

static int window_size(int fd, struct winsize *to)
{
    uint64_t value;
    if (control(fd, (struct io_control){.request = IO_TTY_SIZE}, NULL, NULL, 0, &value))
        return -1;
    *to = (struct winsize){.ws_row = (unsigned short)(value >> 16), .ws_col = (unsigned short)value};
    return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    switch (request) {
    case TCGETS: return tcgetattr(fd, argument);
    case TCSETS:
    case TCSETSW:
    case TCSETSF: return tcsetattr(fd, (int)(request - TCSETS), argument);
    case TIOCGWINSZ: return window_size(fd, argument);
    case TIOCGPGRP: {
        pid_t group = tcgetpgrp(fd);
        *(pid_t *)argument = group;
        return group < 0 ? -1 : 0;
    }
    case TIOCSPGRP: return tcsetpgrp(fd, *(pid_t *)argument);
    default: return fd_handle(fd) == HANDLE_NONE ? -1 : fail(ENOTTY);
    }
}

speed_t cfgetispeed(const struct termios *mode)
{
    return mode->c_ispeed;
}

speed_t cfgetospeed(const struct termios *mode)
{
    return mode->c_ospeed;
}

int cfsetispeed(struct termios *mode, speed_t speed)
{
    mode->c_ispeed = speed ? speed : mode->c_ospeed;
    return 0;
}

int cfsetospeed(struct termios *mode, speed_t speed)
{
    mode->c_ospeed = speed;
    return 0;
}

void cfmakeraw(struct termios *mode)
{
    mode->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    mode->c_oflag &= ~(tcflag_t)OPOST;
    mode->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    mode->c_cflag = (mode->c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    mode->c_cc[VMIN] = 1;
    mode->c_cc[VTIME] = 0;
}
