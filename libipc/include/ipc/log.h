/* Lines for the kernel's log, which tags them with the task. A line is cut at 240 bytes. */
#ifndef IPC_LOG_H
#define IPC_LOG_H

enum ipc_log_level { IPC_ERROR = 3, IPC_WARNING = 4, IPC_INFO = 6, IPC_DEBUG = 7 };

/* Format as ipc_format does. The level goes first, as "<6>". */
void ipc_log(enum ipc_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define ipc_error(...)   ipc_log(IPC_ERROR, __VA_ARGS__)
#define ipc_warning(...) ipc_log(IPC_WARNING, __VA_ARGS__)
#define ipc_info(...)    ipc_log(IPC_INFO, __VA_ARGS__)
#define ipc_debug(...)   ipc_log(IPC_DEBUG, __VA_ARGS__)

/* The text of an error of ouros/error.h; "unknown error" for other numbers. */
const char *ipc_error_text(int error);

#endif
