/* PCI functions for drivers (PCI Local Bus Specification 3.0, §6.1, §6.2; bridges: PCI-to-PCI Bridge
 * Architecture 1.2, §3.2). A driver gets its BARs as device or io objects, its interrupts as
 * message-signalled irq objects and a copy of the configuration space; it never writes configuration space
 * itself. Bus mastering is on only while the driver lives. */
#include "service.h"
#include <ipc/format.h>
#include <ipc/log.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>

enum {
    CONFIG_ID = 0x00,
    CONFIG_COMMAND = 0x04,
    CONFIG_STATUS = 0x06,
    CONFIG_HEADER = 0x0e,
    CONFIG_BAR0 = 0x10,
    CONFIG_SECONDARY = 0x19,
    CONFIG_CAPABILITIES = 0x34,
    CONFIG_BYTES = 256,
    COMMAND_IO = 1,
    COMMAND_MEMORY = 2,
    COMMAND_MASTER = 4,
    COMMAND_NO_INTX = 0x400,
    STATUS_CAPABILITIES = 0x10,
    HEADER_MANY = 0x80,
    HEADER_BRIDGE = 1,
    CAP_MSI = 0x05,
    CAP_MSIX = 0x11,
    BARS = 6,
    BUSES = 256,
    VECTORS_MAX = 4, /* interrupts given to one function */
};

/* access: ACCESS_READ of 1, 2 or 4 bytes, or ACCESS_SIZE. */
static uint32_t get(uint32_t function, uint32_t offset, uint32_t access)
{
    uint64_t value = 0;

    if (sys_hw_pci(authorities.hardware, function, offset, access, 0, &value))
        return UINT32_MAX;
    return (uint32_t)value;
}

static void put_command(uint32_t function, uint32_t value)
{
    sys_hw_pci(authorities.hardware, function, CONFIG_COMMAND, ACCESS_WRITE(2), value, 0);
}

/* ---- BARs ---- */

struct bar {
    uint64_t address, size; /* size 0: none */
    bool is_io, is_wide;    /* wide: the next BAR is its upper half */
};

/* The size is what stays zero when all ones are written. */
static struct bar read_bar(uint32_t function, uint32_t i)
{
    uint32_t at = CONFIG_BAR0 + 4 * i, low = get(function, at, 4), high = 0;
    struct bar bar = {.is_io = low & 1, .is_wide = (low & 7) == 4 && i + 1 < BARS};
    uint64_t mask = bar.is_io ? ~3ul : ~15ul, size;

    size = get(function, at, ACCESS_SIZE);
    if (bar.is_wide) {
        high = get(function, at + 4, 4);
        size |= (uint64_t)get(function, at + 4, ACCESS_SIZE) << 32;
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

/* Names of a driver's second and further functions begin with "pci1.", "pci2.", … */
static void name_of(char *name, uint32_t nth, const char *what, uint32_t i)
{
    if (nth == 0)
        ipc_format(name, NAME_MAX, "%s%u", what, (unsigned)i);
    else
        ipc_format(name, NAME_MAX, "pci%u.%s%u", (unsigned)nth, what, (unsigned)i);
}

/* A BAR that the kernel keeps to itself (an MSI-X table lies in it) is left out. */
static int give_bars(struct outfit *o, uint32_t function, uint32_t nth)
{
    for (uint32_t i = 0; i < BARS; i++) {
        struct bar bar = read_bar(function, i);
        uint64_t size = bar.is_io ? bar.size : (bar.size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
        uint32_t place = i;
        char name[NAME_MAX];
        handle_t handle;
        int error;

        i += bar.is_wide;
        if (!size)
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

/* Offset of a capability, or 0. The list may be damaged: it is followed a bounded way. */
static uint32_t capability(uint32_t function, uint8_t id)
{
    uint32_t at = 0;

    if (get(function, CONFIG_STATUS, 2) & STATUS_CAPABILITIES)
        at = get(function, CONFIG_CAPABILITIES, 1) & 0xfc;
    for (int steps = 0; at >= 0x40 && steps < 48; steps++) {
        if (get(function, at, 1) == id)
            return at;
        at = get(function, at + 1, 1) & 0xfc;
    }
    return 0;
}

static int give_interrupts(struct outfit *o, uint32_t function, uint32_t nth)
{
    uint32_t msix = capability(function, CAP_MSIX), count = 0;

    if (msix)
        count = (get(function, msix + 2, 2) & 0x7ff) + 1;
    else if (capability(function, CAP_MSI))
        count = 1;
    if (count > VECTORS_MAX)
        count = VECTORS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        char name[NAME_MAX];
        handle_t handle;
        int error = IPC_FED(sys_hw_create(authorities.hardware, HW_IRQ_MSI, function, i, 0, &handle, 0));

        name_of(name, nth, "irq.", i);
        if (!error)
            error = outfit_move(o, name, handle);
        if (error)
            return error;
    }
    return 0;
}

/* ---- a function for a driver ---- */

static int give_config(struct outfit *o, uint32_t function, uint32_t nth)
{
    static char names[FUNCTIONS_MAX][NAME_MAX];
    uint32_t config[CONFIG_BYTES / 4];

    for (uint32_t i = 0; i < CONFIG_BYTES / 4; i++)
        config[i] = get(function, 4 * i, 4);
    ipc_format(names[nth], NAME_MAX, nth ? "pci%u.config" : "pci.config", (unsigned)nth);
    return outfit_blob(o, names[nth], config, sizeof config);
}

static int give(struct outfit *o, uint32_t function)
{
    struct service *s = o->service;
    uint32_t nth = s->function_count, command = get(function, CONFIG_COMMAND, 2);
    int error;

    put_command(function, command & ~(uint32_t)(COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER));
    error = give_bars(o, function, nth);
    put_command(function, command | COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTX);
    s->functions[s->function_count++] = (uint16_t)function;
    if (!error)
        error = give_interrupts(o, function, nth);
    return error ? error : give_config(o, function, nth);
}

/* ---- the search ---- */

struct search {
    struct outfit *outfit;
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
    if ((get(function, CONFIG_HEADER, 1) & 0x7f) == HEADER_BRIDGE)
        add_bus(s, get(function, CONFIG_SECONDARY, 1));
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
            uint32_t function = PCI_FUNCTION(bus, device, f), id = get(function, CONFIG_ID, 4);
            int error;

            if ((id & 0xffff) == 0xffff)
                continue;
            if (f == 0 && get(function, CONFIG_HEADER, 1) & HEADER_MANY)
                functions = 8;
            error = look_at(s, function, id);
            if (error)
                return error;
        }
    }
    return 0;
}

int pci_grant(struct outfit *o, const struct grant *g)
{
    struct search s = {.outfit = o, .grant = g};
    uint32_t before = o->service->function_count;
    int error = scan_bus(&s, 0);

    for (uint32_t i = 0; !error && i < s.bus_count; i++)
        error = scan_bus(&s, s.buses[i]);
    if (error)
        return error;
    return o->service->function_count > before ? 0 : E_NODEV;
}

void pci_silence(struct service *s)
{
    for (uint32_t i = 0; i < s->function_count; i++) {
        uint32_t command = get(s->functions[i], CONFIG_COMMAND, 2);

        put_command(s->functions[i], command & ~(uint32_t)COMMAND_MASTER);
    }
    s->function_count = 0;
}
