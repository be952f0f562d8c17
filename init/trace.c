/* /dev/ipctrace: the kernel's records of messages (struct trace_record), for root. Tracing is on while it is
 * open, by one at a time; the last close, also by death, ends it. */
#include "service.h"
#include <ipc/server.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>

enum { PAGES = 256, RECORDS = 56 }; /* kept by the kernel; read at a time */

/* Of the one session. What could not be written to its reader, for want of a page of his, is still here. */
static uint64_t owner; /* its badge; 0: tracing is off */
static struct trace_record records[RECORDS];
static uint64_t held; /* bytes of them */

static int control(enum kernel_info what, uint64_t length, uint64_t *filled)
{
    return IPC_FED(sys_kernel_trace(authorities.hardware, what, records, length, filled));
}

int trace_open(struct ipc_request *r)
{
    handle_t session;
    int error = owner ? E_BUSY : ipc_mint(TAG_TRACE, RIGHT_USE | RIGHT_READ, &session, &owner);

    if (error)
        return error;
    held = 0;
    error = control(KINFO_TRACE_START, PAGES, 0);
    if (!error)
        return ipc_give(r, session);
    sys_handle_close(session); /* its close is told, and stops what has begun */
    return error == E_KMEM ? E_NOMEM : error;
}

void trace_close(uint64_t badge)
{
    if (badge != owner)
        return;
    owner = 0;
    control(KINFO_TRACE_STOP, 0, 0);
}

/* Whole records only; 0: there is none at the moment. */
int trace_read(struct ipc_request *r, uint64_t *count)
{
    uint64_t most = r->out_len / sizeof records[0] * sizeof records[0];
    int error = 0;

    if (r->badge != owner || !most)
        return E_INVAL;
    if (!held)
        error = control(KINFO_TRACE_READ, most < sizeof records ? most : sizeof records, &held);
    if (!error && held > most)
        error = E_SIZE;
    if (!error)
        error = ipc_write(r, 0, records, held);
    if (error)
        return error;
    *count = held;
    held = 0;
    return 0;
}
