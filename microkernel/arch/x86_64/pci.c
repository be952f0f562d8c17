#include <arch/cpu.h>
#include <arch/platform.h>
#include <lock.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u

#define REG_COMMAND    0x04
#define REG_STATUS     0x06
#define REG_HEADER     0x0e
#define REG_BAR        0x10
#define REG_BAR_END    0x28
#define REG_CAPABILITY 0x34
#define COMMAND_MEMORY 2
#define COMMAND_DECODE 3u
#define STATUS_LIST    0x10

#define CAP_MSI         0x05
#define CAP_MSIX        0x11
#define CAPS_MOST       48
#define MSI_ENABLE      1
#define MSI_64          0x80
#define MSI_MASKABLE    0x100
#define MSIX_ENABLE     0x8000
#define MSIX_MASK_ALL   0x4000
#define MSIX_ENTRY_SIZE 16

struct msix {
    uint32_t function, capability, count;
    paddr_t table;
};

static struct spinlock lock; /* the pair of ports */

static uint16_t config_select(uint32_t function, uint32_t offset)
{
    port_write(CONFIG_ADDRESS, 4, CONFIG_ENABLE | function << 8 | (offset & 0xfc));
    return (uint16_t)(CONFIG_DATA + (offset & 3));
}

static uint32_t config_read(uint32_t function, uint32_t offset, uint32_t bytes)
{
    LOCK_GUARD(&lock);
    return port_read(config_select(function, offset), bytes);
}

static void config_write(uint32_t function, uint32_t offset, uint32_t bytes, uint32_t value)
{
    LOCK_GUARD(&lock);
    port_write(config_select(function, offset), bytes, value);
}

/* The offset of a capability, 0 if there is none. Lists that run in circles end. */
static uint32_t find_capability(uint32_t function, uint32_t id)
{
    if (!(config_read(function, REG_STATUS, 2) & STATUS_LIST))
        return 0;
    uint32_t at = config_read(function, REG_CAPABILITY, 1) & 0xfc;
    for (uint32_t i = 0; at >= 0x40 && i < CAPS_MOST; i++) {
        if (config_read(function, at, 1) == id)
            return at;
        at = config_read(function, at + 1, 1) & 0xfc;
    }
    return 0;
}

/* The physical address in a memory base-address register, 0 if the firmware gave it none. */
static paddr_t bar_address(uint32_t function, uint32_t bar)
{
    uint32_t low = config_read(function, REG_BAR + 4 * bar, 4);
    if (bar > 5 || low & 1)
        return 0;
    uint64_t high = (low & 6) == 4 && bar < 5 ? config_read(function, REG_BAR + 4 * bar + 4, 4) : 0;
    return high << 32 | (low & ~15u);
}

/* Has the function MSI-X, and a table for it? Nobody moves that one: see sys_hw_pci. */
static bool msix_find(uint32_t function, struct msix *m)
{
    uint32_t at = find_capability(function, CAP_MSIX);
    uint32_t where = at ? config_read(function, at + 4, 4) : 0;
    paddr_t bar = at ? bar_address(function, where & 7) : 0;
    *m = (struct msix){function, at, (config_read(function, at + 2, 2) & 0x7ff) + 1, bar + (where & ~7u)};
    return bar;
}

/* Asks everywhere instead of following bridges: 8192 reads, and no bus is missed. */
void pci_init(void)
{
    struct msix m;
    for (uint32_t device = 0; device < 1u << 16; device += 8) {
        uint32_t header = config_read(device, REG_HEADER, 1); /* all ones: nobody answers */
        uint32_t functions = header == 0xff ? 0 : header & 0x80 ? 8 : 1;
        for (uint32_t f = device; f < device + functions; f++)
            if (msix_find(f, &m))
                platform_forbid(m.table, m.table + m.count * MSIX_ENTRY_SIZE);
    }
}

/* What a base-address register reads when all ones were written to it. It never holds them for longer than we
 * look, so nothing moves. */
static int bar_size(uint32_t function, uint32_t offset, uint64_t *out)
{
    bool bridge = config_read(function, REG_HEADER, 1) & 0x7f;
    FAIL_IF(bridge || offset < REG_BAR || offset >= REG_BAR_END || offset % 4, E_RANGE);
    uint32_t now = config_read(function, offset, 4), command = config_read(function, REG_COMMAND, 2);
    config_write(function, REG_COMMAND, 2, command & ~COMMAND_DECODE);
    config_write(function, offset, 4, UINT32_MAX);
    *out = config_read(function, offset, 4);
    config_write(function, offset, 4, now);
    config_write(function, REG_COMMAND, 2, command);
    return 0;
}

/* Only the command register is written: all others may lead to where a device answers or interrupts, if not
 * by base addresses, bridge windows, MSI or MSI-X, then by a maker's own second way (as virtio's PCI_CFG). */
int sys_hw_pci(struct thread *thread, struct syscall *s)
{
    TRY(handle_get(thread->task, s->a[0], OBJ_HARDWARE, RIGHT_MANAGE, NULL));
    FAIL_IF(s->a[1] > 0xffff || s->a[2] > 0xff, E_RANGE);
    uint32_t function = (uint32_t)s->a[1], offset = (uint32_t)s->a[2], access = (uint32_t)s->a[3];
    switch (s->a[3]) {
    case ACCESS_READ(1):
    case ACCESS_READ(2):
    case ACCESS_READ(4):
        FAIL_IF(offset % access, E_RANGE);
        s->r[0] = config_read(function, offset, access);
        return 0;
    case ACCESS_WRITE(2):
        FAIL_IF(offset != REG_COMMAND, E_RIGHTS);
        config_write(function, offset, 2, (uint32_t)s->a[4]);
        return 0;
    case ACCESS_WRITE(1):
    case ACCESS_WRITE(4): return E_RIGHTS;
    case ACCESS_SIZE: return bar_size(function, offset, &s->r[0]);
    default: return E_INVAL;
    }
}

/* Write one entry of a table: address, data, and whether it is masked. */
static void msix_store(const struct msix *m, uint32_t index, uint32_t address, uint32_t data, bool masked)
{
    paddr_t at = m->table + index * MSIX_ENTRY_SIZE;
    config_write(m->function, REG_COMMAND, 2, config_read(m->function, REG_COMMAND, 2) | COMMAND_MEMORY);
    volatile uint32_t *entry = local_map(LOCAL_MSIX, at, LOCAL_WRITE | LOCAL_UNCACHED);
    entry[3] = 1;
    entry[0] = address;
    entry[1] = 0;
    entry[2] = data;
    entry[3] = masked;
    local_unmap(LOCAL_MSIX);
}

/* All entries of a function start masked, whatever the firmware did with them. */
static int msix_set(const struct msix *m, uint32_t index, uint32_t address, uint32_t data)
{
    FAIL_IF(index >= m->count, E_RANGE);
    uint32_t control = config_read(m->function, m->capability + 2, 2);
    if (!(control & MSIX_ENABLE)) {
        config_write(m->function, m->capability + 2, 2, control | MSIX_ENABLE | MSIX_MASK_ALL);
        for (uint32_t i = 0; i < m->count; i++)
            msix_store(m, i, 0, 0, true);
    }
    msix_store(m, index, address, data, !address);
    config_write(m->function, m->capability + 2, 2, (control | MSIX_ENABLE) & ~(uint32_t)MSIX_MASK_ALL);
    return 0;
}

static int msi_set(uint32_t function, uint32_t at, uint32_t address, uint32_t data)
{
    uint32_t control = config_read(function, at + 2, 2) & ~0x71u; /* off, one message */
    uint32_t data_at = at + (control & MSI_64 ? 12 : 8);
    config_write(function, at + 2, 2, control);
    if (!address)
        return 0;
    config_write(function, at + 4, 4, address);
    config_write(function, at + 8, 4, 0); /* the upper half, if there is one */
    config_write(function, data_at, 2, data);
    if (control & MSI_MASKABLE)
        config_write(function, data_at + 4, 4, 0);
    config_write(function, at + 2, 2, control | MSI_ENABLE);
    return 0;
}

int pci_msi_set(uint32_t function, uint32_t index, uint32_t address, uint32_t data)
{
    struct msix m;
    if (msix_find(function, &m))
        return msix_set(&m, index, address, data);
    uint32_t at = find_capability(function, CAP_MSI);
    return !at ? E_NODEV : index ? E_RANGE : msi_set(function, at, address, data);
}
