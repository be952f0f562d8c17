#include <ipc/format.h>
#include <ipc/log.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>

enum { LINE_MAX = 240 };

static void log_line(enum ipc_log_level level, const char *format, va_list arguments)
{
    char line[LINE_MAX];
    size_t head = ipc_format(line, sizeof line, "<%u>", (unsigned)level);
    size_t length = head + ipc_vformat(line + head, sizeof line - head, format, arguments);

    sys_log_write(line, length < sizeof line ? length : sizeof line - 1);
}

void ipc_log(enum ipc_log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line(level, format, arguments);
    va_end(arguments);
}

void ipc_panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line(IPC_ERROR, format, arguments);
    va_end(arguments);
    ipc_exit(1);
}

const char *ipc_error_text(int error)
{
    switch (error) {
    case 0: return "no error";
#define X(name, number, posix, text) \
    case number: return text;
        OUROS_ERRORS(X)
#undef X
    default: return "unknown error";
    }
}
