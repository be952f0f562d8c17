/* PCI functions for drivers (PCI Local Bus Specification 3.0, 3.2.2.3.2, 6.1, 6.2; bridges: PCI-to-PCI Bridge
 * Architecture 1.2, 3.2). A driver gets its BARs as device or io objects, its interrupts as message-signalled
 * irq objects and a copy of the configuration space; it never writes configuration space itself. Bus
 * mastering is on only while the driver lives.
 *
 * init alone holds the ports of configuration space, and only its first thread uses them. */
#include "pci.h"
#include "service.h"
#include <ipc/format.h>
#include <ipc/log.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>

enum {
    PORTS = 0xcf8,
    PORTS_COUNT = 8,
    PORT_ADDRESS = 0, /* in them */
    PORT_DATA = 4,
    COMMAND_IO = 1,
    COMMAND_MEMORY = 2,
    COMMAND_MASTER = 4,
    COMMAND_NO_INTX = 0x400,
    STATUS_CAPABILITIES = 0x10,
    HEADER_MANY = 0x80,
    HEADER_KIND = 0x7f,
    HEADER_BRIDGE = 1,
    CAPABILITIES_MOST = 48,
    BUSES = 256,
    VECTORS_MAX = 4, /* interrupts given to one function */
};
#define PCI_FUNCTION(bus, device, function) ((bus) << 8 | (device) << 3 | (function))

static handle_t ports;

/* access: ACCESS_READ or ACCESS_WRITE. */
static uint32_t config(uint32_t function, uint32_t offset, uint32_t access, uint32_t value)
{
    uint64_t read = UINT32_MAX;

    sys_io_access(ports, PORT_ADDRESS, ACCESS_WRITE(4), 1u << 31 | function << 8 | (offset & 0xfc), 0);
    sys_io_access(ports, PORT_DATA + offset % 4, access, value, &read);
    return (uint32_t)read;
}

uint32_t pci_get(uint32_t function, uint32_t offset, uint32_t bytes)
{
    return config(function, offset, ACCESS_READ(bytes), 0);
}

void pci_put(uint32_t function, uint32_t offset, uint32_t bytes, uint32_t value)
{
    config(function, offset, ACCESS_WRITE(bytes), value);
}

static uint32_t header_kind(uint32_t function)
{
    return pci_get(function, CONFIG_HEADER, 1) & HEADER_KIND;
}

/* The list may be damaged: it is followed a bounded way. */
uint32_t pci_capability(uint32_t function, uint8_t id)
{
    uint32_t at = 0;

    if (pci_get(function, CONFIG_STATUS, 2) & STATUS_CAPABILITIES)
        at = pci_get(function, CONFIG_CAPABILITIES, 1) & 0xfc;
    for (int steps = 0; at >= 0x40 && steps < CAPABILITIES_MOST; steps++) {
        if (pci_get(function, at, 1) == id)
            return at;
        at = pci_get(function, at + 1, 1) & 0xfc;
    }
    return 0;
}

/* ---- BARs ---- */

struct bar {
    uint64_t address, size; /* size 0: none */
    bool is_io, is_wide;    /* wide: the next BAR is its upper half */
};

/* What a BAR reads when all ones were written to it: what stays zero is the size. It decodes nothing now. */
static uint32_t size_bits(uint32_t function, uint32_t at)
{
    uint32_t before = pci_get(function, at, 4), bits;

    pci_put(function, at, 4, UINT32_MAX);
    bits = pci_get(function, at, 4);
    pci_put(function, at, 4, before);
    return bits;
}

static struct bar read_bar(uint32_t function, uint32_t i)
{
    uint32_t at = CONFIG_BAR0 + 4 * i, low = pci_get(function, at, 4), high = 0;
    struct bar bar = {.is_io = low & 1, .is_wide = (low & 7) == 4 && i + 1 < BARS};
    uint64_t mask = bar.is_io ? ~3ul : ~15ul, size;

    size = size_bits(function, at);
    if (bar.is_wide) {
        high = pci_get(function, at + 4, 4);
        size |= (uint64_t)size_bits(function, at + 4) << 32;
    } else if ((uint32_t)size & (uint32_t)mask) {
        size |= 0xffffffff00000000ul;
    }
    bar.address = ((uint64_t)high << 32 | low) & mask;
    size &= mask;
    bar.size = size && bar.address ? ~size + 1 : 0;
    if (bar.is_io)
        bar.size &= 0xffff;
    return bar;
}

uint64_t pci_bar_address(uint32_t function, uint32_t i)
{
    uint32_t at = CONFIG_BAR0 + 4 * i, low = i < BARS ? pci_get(function, at, 4) : 1;
    uint64_t high = (low & 7) == 4 && i + 1 < BARS ? pci_get(function, at + 4, 4) : 0;

    return low & 1 ? 0 : high << 32 | (low & ~15u);
}

/* Names of a driver's second and further functions begin with "pci1.", "pci2.", … */
static void name_of(char *name, uint32_t nth, const char *what, uint32_t i)
{
    if (nth == 0)
        ipc_format(name, NAME_MAX, "%s%u", what, (unsigned)i);
    else
        ipc_format(name, NAME_MAX, "pci%u.%s%u", (unsigned)nth, what, (unsigned)i);
}

/* A BAR is left out if an MSI-X table lies in its pages, or the kernel refuses it. */
static int give_bars(struct outfit *o, uint32_t function, uint32_t nth)
{
    uint32_t bars = header_kind(function) == 0 ? BARS : 0; /* no bridge */

    for (uint32_t i = 0; i < bars; i++) {
        struct bar bar = read_bar(function, i);
        uint64_t size = bar.is_io ? bar.size : (bar.size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
        uint32_t place = i;
        char name[NAME_MAX];
        handle_t handle;
        int error;

        i += bar.is_wide;
        if (!size || (!bar.is_io && msi_in_range(bar.address, bar.address + size)))
            continue;
        error = IPC_FED(sys_hw_create(authorities.hardware, bar.is_io ? HW_IO : HW_DEVICE, bar.address, size,
                                      0, &handle, 0));
        if (error == E_RIGHTS || error == E_RANGE || error == E_INVAL)
            continue;
        name_of(name, nth, bar.is_io ? "io.bar" : "device.bar", place);
        if (!error)
            error = outfit_move(o, name, handle);
        if (error)
            return error;
    }
    return 0;
}

/* ---- interrupts ---- */

static int give_interrupt(struct outfit *o, struct msi *m, uint32_t nth, uint32_t i)
{
    char name[NAME_MAX];
    handle_t handle;
    uint64_t message;
    int error = IPC_FED(sys_hw_create(authorities.hardware, HW_IRQ_MSI, 0, 0, 0, &handle, &message));

    if (error)
        return error;
    msi_set(m, i, (uint32_t)(message >> 32), (uint32_t)message);
    name_of(name, nth, "irq.", i);
    return outfit_move(o, name, handle);
}

static int give_interrupts(struct outfit *o, uint32_t function, uint32_t nth)
{
    struct msi m;
    int error = msi_open(function, &m);

    if (error)
        return error;
    for (uint32_t i = 0; !error && i < m.count && i < VECTORS_MAX; i++)
        error = give_interrupt(o, &m, nth, i);
    msi_close(&m);
    return error;
}

/* ---- a function for a driver ---- */

static int give_config(struct outfit *o, uint32_t function, uint32_t nth)
{
    static char names[FUNCTIONS_MAX][NAME_MAX];
    uint32_t space[CONFIG_BYTES / 4];

    for (uint32_t i = 0; i < CONFIG_BYTES / 4; i++)
        space[i] = pci_get(function, 4 * i, 4);
    ipc_format(names[nth], NAME_MAX, nth ? "pci%u.config" : "pci.config", (unsigned)nth);
    return outfit_blob(o, names[nth], space, sizeof space);
}

static int give(struct outfit *o, uint32_t function)
{
    enum { DECODE = COMMAND_IO | COMMAND_MEMORY };
    struct service *s = o->service;
    uint32_t nth = s->function_count, command = pci_get(function, CONFIG_COMMAND, 2);
    int error;

    command = (command & ~(uint32_t)(DECODE | COMMAND_MASTER)) | COMMAND_NO_INTX;
    pci_put(function, CONFIG_COMMAND, 2, command);
    error = give_bars(o, function, nth);
    pci_put(function, CONFIG_COMMAND, 2, command | DECODE);
    s->functions[s->function_count++] = (uint16_t)function;
    if (!error)
        error = give_interrupts(o, function, nth);
    pci_put(function, CONFIG_COMMAND, 2, command | DECODE | COMMAND_MASTER);
    return error ? error : give_config(o, function, nth);
}

/* ---- the search ---- */

struct search {
    struct outfit *outfit; /* NULL: only to know where MSI-X tables are */
    const struct grant *grant;
    uint8_t buses[BUSES], bus_count; /* to be looked at, and how many of them */
    bool known[BUSES];
};

static bool wanted(const struct grant *g, uint32_t id)
{
    for (uint32_t i = 0; i < g->id_count; i++)
        if (id == (g->ids[i].vendor | (uint32_t)g->ids[i].device << 16))
            return true;
    return false;
}

static bool given_already(uint32_t function)
{
    for (uint32_t i = 0; i < service_count; i++)
        for (uint32_t f = 0; f < services[i].function_count; f++)
            if (services[i].functions[f] == function)
                return true;
    return false;
}

static void add_bus(struct search *s, uint32_t bus)
{
    if (bus == 0 || bus >= BUSES || s->known[bus] || s->bus_count == UINT8_MAX)
        return;
    s->known[bus] = true;
    s->buses[s->bus_count++] = (uint8_t)bus;
}

static int look_at(struct search *s, uint32_t function, uint32_t id)
{
    if (header_kind(function) == HEADER_BRIDGE)
        add_bus(s, pci_get(function, CONFIG_SECONDARY, 1));
    if (!s->outfit)
        return msi_note(function);
    if (!wanted(s->grant, id) || s->outfit->service->function_count == FUNCTIONS_MAX ||
        given_already(function))
        return 0;
    return give(s->outfit, function);
}

static int scan_bus(struct search *s, uint32_t bus)
{
    for (uint32_t device = 0; device < 32; device++) {
        uint32_t functions = 1;

        for (uint32_t f = 0; f < functions; f++) {
            uint32_t function = PCI_FUNCTION(bus, device, f), id = pci_get(function, CONFIG_ID, 4);
            int error;

            if ((id & 0xffff) == 0xffff)
                continue;
            if (f == 0 && pci_get(function, CONFIG_HEADER, 1) & HEADER_MANY)
                functions = 8;
            error = look_at(s, function, id);
            if (error)
                return error;
        }
    }
    return 0;
}

static int scan(struct search *s)
{
    int error = scan_bus(s, 0);

    for (uint32_t i = 0; !error && i < s->bus_count; i++)
        error = scan_bus(s, s->buses[i]);
    return error;
}

int pci_start(void)
{
    struct search s = {0};
    int error = sys_hw_create(authorities.hardware, HW_IO, PORTS, PORTS_COUNT, 0, &ports, 0);

    return error ? error : scan(&s);
}

int pci_grant(struct outfit *o, const struct grant *g)
{
    struct search s = {.outfit = o, .grant = g};
    uint32_t before = o->service->function_count;
    int error = scan(&s);

    if (error)
        return error;
    return o->service->function_count > before ? 0 : E_NODEV;
}

void pci_silence(struct service *s)
{
    for (uint32_t i = 0; i < s->function_count; i++) {
        uint32_t function = s->functions[i], command = pci_get(function, CONFIG_COMMAND, 2);

        pci_put(function, CONFIG_COMMAND, 2, command & ~(uint32_t)COMMAND_MASTER);
        msi_off(function);
    }
    s->function_count = 0;
}
