/* Interrupts of a server: each is a bit of its port, bound when it starts. */
#include <ipc/task.h>
#include "server_internal.h"

#define FIRST_BIT 56 /* of the port's notifications, up to 62; 63 is init's ping */

static const struct ipc_server *server;
static handle_t irqs[IPC_IRQS_MAX]; /* by place in server->irqs; 0: there is none of that name */

/* What was raised before this instance bound it is lost: each is looked after once without one. */
int ipc_irqs_begin(const struct ipc_server *s, handle_t port)
{
    server = s;
    for (uint32_t i = 0; i < IPC_IRQS_MAX && s->irqs[i].name; i++) {
        irqs[i] = ipc_handle(s->irqs[i].name);
        if (!irqs[i])
            continue;
        int error = sys_irq_ctl(irqs[i], IRQ_BIND, port, 1ull << (FIRST_BIT + i));
        if (error)
            return error;
        s->irqs[i].handle();
    }
    return 0;
}

uint64_t ipc_irqs_take(uint64_t bits)
{
    for (uint32_t i = 0; i < IPC_IRQS_MAX; i++)
        if (bits & 1ull << (FIRST_BIT + i) && irqs[i]) {
            server->irqs[i].handle();
            sys_irq_ctl(irqs[i], IRQ_ACK, 0, 0); /* a level line was masked until now */
        }
    return bits & ((1ull << FIRST_BIT) - 1);
}
