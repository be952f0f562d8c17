/* The port of the core over libipc: memory, time, log, the core lock. */
#include <ipc/format.h>
#include <ipc/syscall.h>
#include <ipc/heap.h>
#include <ipc/lock.h>
#include <ipc/log.h>
#include <ipc/time.h>
#include "../port.h"

static struct ipc_lock core;

void *port_alloc(size_t n)
{
    return ipc_zalloc(n);
}

void port_free(void *p)
{
    ipc_free(p);
}

uint64_t port_now(void)
{
    return ipc_wall_now();
}

int port_kernel_log(uint64_t *cursor, char *text, size_t size, size_t *n)
{
    uint64_t count = 0;
    int err = sys_log_read(*cursor, text, size, cursor, &count);
    *n = err ? 0 : count;
    return err;
}

void port_log(const char *format, ...)
{
    char line[200];
    va_list args;
    va_start(args, format);
    ipc_vformat(line, sizeof line, format, args);
    va_end(args);
    ipc_warning("%s", line);
}

void port_lock(void)
{
    ipc_lock(&core);
}

void port_unlock(void)
{
    ipc_unlock(&core);
}

_Static_assert(sizeof(struct port_event) == sizeof(struct ipc_condition), "an event is a condition");

void port_sleep(struct port_event *event)
{
    (void)ipc_wait((struct ipc_condition *)event, &core, DEADLINE_NEVER);
}

void port_wake(struct port_event *event)
{
    ipc_wake((struct ipc_condition *)event, UINT32_MAX);
}
