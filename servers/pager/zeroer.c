/* The pager's second thread: of the lowest priority, it zeroes the stock's frames (stock.h) while nobody else
 * wants the processor. Whoever becomes ready takes the processor from it at once, also amid a page; it holds
 * nothing that anybody waits for. When the stock is full it sleeps, on a port of its own. */
#include "server.h"

#include <ipc/syscall.h>

#include "stock.h"

#define PRIORITY_LOWEST 0u
#define STACK_BYTES     4096u

static handle_t sleep_port;
static uint8_t stack[STACK_BYTES] __attribute__((aligned(16)));

void machine_wake(void)
{
    sys_notify(sleep_port, 1);
}

/* The pager's thread runs as soon as it is notified, so that what it buys is there behind the call. */
static _Noreturn void zeroer(void)
{
    for (;;) {
        while (stock_zero())
            ;
        sys_notify(machine_port, ZEROER_ASKS);
        if (stock_zero())
            continue;
        struct ipc_message m = {0};
        stock_sleep(true);
        sys_recv_message(sleep_port, &m);
        stock_sleep(false);
    }
}

int zeroer_start(void)
{
    handle_t thread;
    int error = sys_port_create(&sleep_port);
    if (!error) /* as if it had been called: the return address's place */
        error = sys_thread_create(HANDLE_NONE, (vaddr_t)zeroer, (vaddr_t)stack + STACK_BYTES - 8, 0,
                                  PRIORITY_LOWEST, &thread);
    return error ? error : sys_thread_ctl(thread, THREAD_START, 0, 0, NULL);
}
