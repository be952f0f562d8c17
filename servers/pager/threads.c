/* The pager's other threads. They hold nothing that anybody waits for.
 *
 * The zeroing one, of the lowest priority, zeroes the stock's frames (stock.h) while nobody else wants the
 * processor. Whoever becomes ready takes the processor from it at once, also amid a page. When the stock is full it
 * sleeps, on a port of its own.
 *
 * The working one carries out the orders of chores (chore.h): it comes before programs, one of which waits for it,
 * and after all servers. */
#include "server.h"

#include <ipc/syscall.h>

#include "chore.h"
#include "stock.h"

#define PRIORITY_LOWEST 0u
#define STACK_BYTES     4096u

#define PRIORITY_WORKER (PRIORITY_USER + 1u)

static handle_t sleep_port, work_port;
static uint8_t stacks[2][STACK_BYTES] __attribute__((aligned(16)));

void machine_wake(void)
{
    sys_notify(sleep_port, 1);
}

void machine_work(void)
{
    sys_notify(work_port, 1);
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

static _Noreturn void worker(void)
{
    for (;;) {
        struct ipc_message m = {0};
        sys_recv_message(work_port, &m);
        if (chore_work())
            sys_notify(machine_port, WORKER_DONE);
    }
}

static int start(void (*run)(void), uint8_t *stack, uint32_t priority, handle_t *port)
{
    handle_t thread;
    int error = sys_port_create(port);
    if (!error) /* as if it had been called: the return address's place */
        error = sys_thread_create(HANDLE_NONE, (vaddr_t)run, (vaddr_t)stack + STACK_BYTES - 8, 0, priority,
                                  &thread);
    return error ? error : sys_thread_ctl(thread, THREAD_START, 0, 0, NULL);
}

int threads_start(void)
{
    int error = start(zeroer, stacks[0], PRIORITY_LOWEST, &sleep_port);
    return error ? error : start(worker, stacks[1], PRIORITY_WORKER, &work_port);
}
