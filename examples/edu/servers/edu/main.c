/* edu: a driver for QEMU's device for teaching (QEMU, docs/specs/edu.rst), one factorial at a time.
 *
 * Requests wait in a queue; the device has the first. What the next instance must know is `state`; who waits
 * need not be kept, for their calls end with E_RESTARTED and are repeated. */
#include <ipc/log.h>
#include <ipc/server.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/time.h>
#include <ipc/timer.h>
#include <proto/edu.h>
#include <proto/pager.h>

enum { IDENTITY = 0x00, FACTORIAL = 0x08, STATUS = 0x20, IRQ_STATUS = 0x24, IRQ_ACKNOWLEDGE = 0x64 };
enum { STATUS_COMPUTING = 1, STATUS_INTERRUPT = 0x80, IRQ_DONE = 1, BAR_USED = 0x1000 };
enum { WAITING_MAX = 16 };

#define PATIENCE_NS NS_PER_S

static struct {
    uint64_t done;
} state;

static volatile char *registers; /* null: there is no device */

static struct waiting {
    struct ipc_request request;
    uint32_t n;
} queue[WAITING_MAX];
static uint32_t first, last; /* count up */

static void silent(struct ipc_timer *timer);
static struct ipc_timer patience = {.fire = silent};

static uint32_t get(uint32_t offset)
{
    return *(volatile uint32_t *)(registers + offset);
}

static void put(uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(registers + offset) = value;
}

/* Give the device the first of the queue, if there is one. */
static void begin(void)
{
    ipc_timer_stop(&patience);
    if (first == last)
        return;
    put(FACTORIAL, queue[first % WAITING_MAX].n);
    ipc_timer_at(&patience, ipc_now() + PATIENCE_NS);
}

static void finish(int error, uint32_t factorial)
{
    struct edu_result result = {factorial};

    state.done += !error;
    ipc_answer(&queue[first++ % WAITING_MAX].request, error, &result, sizeof result);
    begin();
}

static void look(void)
{
    if (!(get(IRQ_STATUS) & IRQ_DONE))
        return;
    put(IRQ_ACKNOWLEDGE, IRQ_DONE);
    if (first != last)
        finish(0, get(FACTORIAL));
}

/* ---- what clients ask ---- */

static int factorial(struct ipc_request *r, const struct edu_number *in, struct edu_result *out)
{
    struct waiting *w = &queue[last % WAITING_MAX];
    int error;

    (void)out;
    if (!registers)
        return E_NODEV;
    if (in->n > EDU_MOST)
        return E_RANGE;
    if (last - first == WAITING_MAX)
        return E_AGAIN;
    w->n = in->n;
    error = ipc_defer(r, &w->request);
    if (!error && last++ == first)
        begin();
    return error;
}

static int count(struct ipc_request *r, const struct ipc_none *in, struct edu_count *out)
{
    (void)r;
    (void)in;
    out->done = state.done;
    return 0;
}

/* ---- the device ---- */

/* An interrupt may not come: look without one, and give the request up if there is nothing to see. */
static void silent(struct ipc_timer *timer)
{
    uint32_t waits_for = first;

    (void)timer;
    look();
    if (first == waits_for)
        finish(E_TIMEDOUT, 0);
}

static int map_registers(handle_t bar)
{
    struct pager_map_device map = {.length = BAR_USED, .prot = VMS_READ | VMS_WRITE};
    struct ipc_transfer transfer = {.send = {bar}, .send_count = 1};
    struct pager_address place = {0};
    int error = pager_map_device_with(HANDLE_FIRST(SLOT_PAGER), &map, &place, &transfer);

    registers = error ? 0 : (volatile char *)place.address;
    return error;
}

/* The device may still be at work for a former instance: wait for it, and forget what it found. */
static int quiet(void)
{
    for (uint64_t end = IPC_MS(1000); get(STATUS) & STATUS_COMPUTING; ipc_sleep_until(IPC_MS(1)))
        if (ipc_now() > end)
            return E_TIMEDOUT;
    put(IRQ_ACKNOWLEDGE, get(IRQ_STATUS));
    put(STATUS, STATUS_INTERRUPT);
    return 0;
}

static int start(void)
{
    handle_t bar = ipc_handle("device.bar0");
    int error;

    if (!bar) {
        ipc_ready("no device");
        return 0;
    }
    error = map_registers(bar);
    if (!error && (get(IDENTITY) & 0xff) != 0xed)
        error = E_NODEV;
    if (!error)
        error = quiet();
    if (!error)
        ipc_ready("version %u.%u", get(IDENTITY) >> 24, get(IDENTITY) >> 16 & 0xff);
    return error;
}

int main(void)
{
    static const struct edu_ops ops = {.factorial = factorial, .count = count};

    return ipc_serve(&(struct ipc_server){.name = "edu",
                                          .ops = &ops,
                                          .kept = &state,
                                          .kept_size = sizeof state,
                                          .irqs = {{"irq.0", look}},
                                          .start = start});
}
