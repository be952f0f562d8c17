/* Message-signalled interrupts (PCI Local Bus Specification 3.0, 6.8). The kernel gives an interrupt that a
 * message raises, and says what to write where; here the function is told. A driver never sees the page of an
 * MSI-X table: what it must not do by mistake is raise another's interrupt. */
#include "pci.h"
#include "service.h"
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ouros/layout.h>
#include <proto/pager.h>

enum {
    CAP_MSI = 0x05,
    CAP_MSIX = 0x11,
    CONTROL = 2, /* of both capabilities */
    MSI_ENABLE = 1,
    MSI_MANY = 0x70,
    MSI_64 = 0x80,
    MSI_MASKABLE = 0x100,
    MSIX_COUNT = 0x7ff, /* less one */
    MSIX_MASK_ALL = 0x4000,
    MSIX_ENABLE = 0x8000,
    MSIX_PLACE = 4,
    ENTRY_ADDRESS = 0, /* of an entry, in words */
    ENTRY_ADDRESS_HIGH,
    ENTRY_DATA,
    ENTRY_MASKED,
    ENTRY_WORDS,
    TABLES_MAX = 256,
};

static struct {
    uint64_t start, end; /* whole pages */
} tables[TABLES_MAX];
static uint32_t table_count;

static uint64_t page_up(uint64_t address)
{
    return (address + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static struct msi find(uint32_t function)
{
    struct msi m = {.function = function, .at = pci_capability(function, CAP_MSIX)};
    uint32_t place = m.at ? pci_get(function, m.at + MSIX_PLACE, 4) : 0;
    uint64_t bar = m.at ? pci_bar_address(function, place & 7) : 0;

    if (bar) {
        m.count = (pci_get(function, m.at + CONTROL, 2) & MSIX_COUNT) + 1;
        m.start = bar + (place & ~7u);
        m.end = m.start + m.count * ENTRY_WORDS * sizeof(uint32_t);
    } else {
        m.at = pci_capability(function, CAP_MSI);
        m.count = m.at != 0;
    }
    return m;
}

int msi_note(uint32_t function)
{
    struct msi m = find(function);

    if (!m.start)
        return 0;
    if (table_count == TABLES_MAX)
        return E_FULL;
    tables[table_count].start = m.start & ~(PAGE_SIZE - 1);
    tables[table_count++].end = page_up(m.end);
    return 0;
}

bool msi_in_range(uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < table_count; i++)
        if (start < tables[i].end && tables[i].start < end)
            return true;
    return false;
}

static int map(struct msi *m)
{
    uint64_t start = m->start & ~(PAGE_SIZE - 1), length = page_up(m->end) - start;
    struct pager_map_device request = {.length = length, .prot = VMS_READ | VMS_WRITE};
    struct pager_address place = {0};
    struct ipc_transfer give = {.send_count = 1};
    int error = IPC_FED(sys_hw_create(authorities.hardware, HW_DEVICE, start, length, 0, &give.send[0], 0));

    if (error)
        return error;
    error = pager_map_device_with(HANDLE_FIRST(SLOT_PAGER), &request, &place, &give);
    sys_handle_close(give.send[0]);
    m->table = (volatile uint32_t *)(place.address + m->start % PAGE_SIZE);
    return error;
}

int msi_open(uint32_t function, struct msi *m)
{
    int error;

    *m = find(function);
    msi_off(function);
    if (!m->start)
        return 0;
    error = map(m);
    for (uint32_t i = 0; !error && i < m->count; i++)
        m->table[i * ENTRY_WORDS + ENTRY_MASKED] = 1;
    return error;
}

static void set_msi(const struct msi *m, uint32_t address, uint32_t data)
{
    uint32_t control = pci_get(m->function, m->at + CONTROL, 2);
    uint32_t data_at = m->at + (control & MSI_64 ? 12 : 8);

    pci_put(m->function, m->at + 4, 4, address);
    pci_put(m->function, m->at + 8, 4, 0); /* the upper half, if there is one */
    pci_put(m->function, data_at, 2, data);
    if (control & MSI_MASKABLE)
        pci_put(m->function, data_at + 4, 4, 0);
}

void msi_set(struct msi *m, uint32_t i, uint32_t address, uint32_t data)
{
    volatile uint32_t *entry = m->table + i * ENTRY_WORDS;

    if (!m->start) {
        set_msi(m, address, data);
        return;
    }
    entry[ENTRY_ADDRESS] = address;
    entry[ENTRY_ADDRESS_HIGH] = 0;
    entry[ENTRY_DATA] = data;
    entry[ENTRY_MASKED] = 0;
}

void msi_close(struct msi *m)
{
    uint32_t control = m->count ? pci_get(m->function, m->at + CONTROL, 2) : 0;

    if (m->start) {
        uint64_t start = (uint64_t)m->table & ~(PAGE_SIZE - 1);
        struct pager_range range = {.address = start,
                                    .length = page_up(m->end) - (m->start & ~(PAGE_SIZE - 1))};

        pager_unmap(HANDLE_FIRST(SLOT_PAGER), &range, 0, 0);
        pci_put(m->function, m->at + CONTROL, 2, (control | MSIX_ENABLE) & ~(uint32_t)MSIX_MASK_ALL);
    } else if (m->count) {
        pci_put(m->function, m->at + CONTROL, 2, (control & ~(uint32_t)MSI_MANY) | MSI_ENABLE);
    }
}

void msi_off(uint32_t function)
{
    uint32_t msi = pci_capability(function, CAP_MSI), msix = pci_capability(function, CAP_MSIX);

    if (msi)
        pci_put(function, msi + CONTROL, 2, pci_get(function, msi + CONTROL, 2) & ~(uint32_t)MSI_ENABLE);
    if (msix)
        pci_put(function, msix + CONTROL, 2, pci_get(function, msix + CONTROL, 2) & ~(uint32_t)MSIX_ENABLE);
}
