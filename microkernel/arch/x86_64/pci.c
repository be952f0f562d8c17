#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/platform.h>
#include <lock.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u

#define REG_VENDOR     0x00
#define REG_COMMAND    0x04
#define REG_STATUS     0x06
#define REG_HEADER     0x0e
#define REG_BAR        0x10
#define REG_BAR_END    0x28
#define REG_CAPABILITY 0x34
#define COMMAND_MEMORY 2
#define COMMAND_DECODE 3u
#define STATUS_LIST    0x10
#define WINDOWS_END    0x34 /* base addresses; in a bridge also bus numbers and windows */

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
    port_write32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | (offset & 0xfc));
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
    if (bar > 5)
        return 0;
    uint32_t low = config_read(function, REG_BAR + 4 * bar, 4);
    if (low & 1)
        return 0;
    uint64_t high = (low & 6) == 4 && bar < 5 ? config_read(function, REG_BAR + 4 * bar + 4, 4) : 0;
    return high << 32 | (low & ~15u);
}

/* Has the function MSI-X, and a table for it? Nobody moves that one: see pci_write. */
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
            if (config_read(f, REG_VENDOR, 2) != 0xffff && msix_find(f, &m))
                platform_forbid(m.table, m.table + m.count * MSIX_ENTRY_SIZE);
    }
}

static int check(uint32_t offset, uint32_t bytes)
{
    FAIL_IF(bytes != 1 && bytes != 2 && bytes != 4, E_INVAL);
    return offset >= 256 || offset % bytes ? E_RANGE : 0;
}

/* How drivers learn the size of what a base-address register decodes: they write all ones, read, write back.
 * The register never holds the ones for longer than we look, so nothing moves; what was read is kept for the
 * reader. */
static struct {
    uint32_t function, offset, value;
} sizing;

static int write_bar(uint32_t function, uint32_t offset, uint32_t value)
{
    uint32_t now = config_read(function, offset, 4), command = config_read(function, REG_COMMAND, 2);
    sizing.offset = 0;
    if (value != UINT32_MAX)
        return value == now ? 0 : E_RIGHTS;
    config_write(function, REG_COMMAND, 2, command & ~COMMAND_DECODE);
    config_write(function, offset, 4, value);
    sizing.value = config_read(function, offset, 4);
    config_write(function, offset, 4, now);
    config_write(function, REG_COMMAND, 2, command);
    sizing.function = function;
    sizing.offset = offset;
    return 0;
}

int pci_read(uint32_t function, uint32_t offset, uint32_t bytes, uint32_t *value)
{
    TRY(check(offset, bytes));
    bool asked = bytes == 4 && offset && offset == sizing.offset && function == sizing.function;
    *value = asked ? sizing.value : config_read(function, offset, bytes);
    return 0;
}

static bool overlaps(uint32_t offset, uint32_t bytes, uint32_t start, uint32_t length)
{
    return offset < start + length && start < offset + bytes;
}

int pci_write(uint32_t function, uint32_t offset, uint32_t bytes, uint32_t value)
{
    TRY(check(offset, bytes));
    bool bridge = config_read(function, REG_HEADER, 1) & 0x7f;
    if (!bridge && bytes == 4 && offset >= REG_BAR && offset < REG_BAR_END)
        return write_bar(function, offset, value);
    uint32_t msi = find_capability(function, CAP_MSI), x = find_capability(function, CAP_MSIX);
    uint32_t control = msi ? config_read(function, msi + 2, 2) : 0;
    uint32_t length = 10 + (control & MSI_64 ? 4 : 0) + (control & MSI_MASKABLE ? 10 : 0);
    FAIL_IF(overlaps(offset, bytes, REG_BAR, WINDOWS_END - REG_BAR) ||
                (msi && overlaps(offset, bytes, msi, length)) || (x && overlaps(offset, bytes, x, 12)),
            E_RIGHTS);
    config_write(function, offset, bytes, value);
    return 0;
}

/* Write one entry of a table: address, data, and whether it is masked. */
static void msix_store(const struct msix *m, uint32_t index, paddr_t address, uint32_t data, bool masked)
{
    paddr_t at = m->table + index * MSIX_ENTRY_SIZE;
    config_write(m->function, REG_COMMAND, 2, config_read(m->function, REG_COMMAND, 2) | COMMAND_MEMORY);
    volatile uint32_t *entry = local_map(LOCAL_MSIX, at, LOCAL_WRITE | LOCAL_UNCACHED);
    entry[3] = 1;
    entry[0] = (uint32_t)address;
    entry[1] = (uint32_t)(address >> 32);
    entry[2] = data;
    entry[3] = masked;
    local_unmap(LOCAL_MSIX);
}

/* All entries of a function start masked, whatever the firmware did with them. */
static int msix_set(const struct msix *m, uint32_t index, paddr_t address, uint32_t data)
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

static int msi_set(uint32_t function, uint32_t at, paddr_t address, uint32_t data)
{
    uint32_t control = config_read(function, at + 2, 2) & ~0x71u; /* off, one message */
    uint32_t wide = control & MSI_64 ? 4 : 0;
    config_write(function, at + 2, 2, control);
    if (!address)
        return 0;
    config_write(function, at + 4, 4, (uint32_t)address);
    if (wide)
        config_write(function, at + 8, 4, (uint32_t)(address >> 32));
    config_write(function, at + 8 + wide, 2, data);
    if (control & MSI_MASKABLE)
        config_write(function, at + 12 + wide, 4, 0);
    config_write(function, at + 2, 2, control | MSI_ENABLE);
    return 0;
}

int pci_msi_set(uint32_t function, uint32_t index, paddr_t address, uint32_t data)
{
    FAIL_IF(config_read(function, REG_VENDOR, 2) == 0xffff, E_NODEV);
    struct msix m;
    if (msix_find(function, &m))
        return msix_set(&m, index, address, data);
    uint32_t at = find_capability(function, CAP_MSI);
    return !at ? E_NODEV : index ? E_RANGE : msi_set(function, at, address, data);
}
