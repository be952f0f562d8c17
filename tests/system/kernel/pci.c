// config: disk=disk
/* What init gives a PCI driver: its memory but not the page with the MSI-X table, its interrupts, and
 * messages that are programmed. */
#include "lib/ktest.h"

enum { CAPABILITIES = 0x34, CAP_MSIX = 0x11, MSIX_ENABLE = 0x8000, MSIX_MASK_ALL = 0x4000 };
enum { COMMAND = 4, COMMAND_MASTER = 4, COMMAND_NO_INTX = 0x400 };

static const uint8_t *config;

static uint32_t config_at(uint32_t at, uint32_t bytes)
{
    uint32_t value = 0;
    memcpy(&value, config + at, bytes);
    return value;
}

/* Offset of the MSI-X capability, or 0. */
static uint32_t msix(void)
{
    uint32_t length = 0;
    config = ipc_blob("pci.config", &length);
    CHECK(config && length == 256);
    uint32_t at = length == 256 ? config[CAPABILITIES] & 0xfc : 0;
    for (int i = 0; at && i < 48 && config[at] != CAP_MSIX; i++)
        at = config[at + 1] & 0xfc;
    return at;
}

static handle_t bar(uint32_t i)
{
    char name[] = "device.bar0";
    name[10] = (char)('0' + i);
    return ipc_handle(name);
}

static void no_table(void)
{
    uint32_t at = msix(), given = 0;
    CHECK(at);
    if (!at)
        return;
    uint32_t table = config_at(at + 4, 4) & 7;
    CHECK(config_at(0x10 + 4 * table, 4) & ~15u); /* it has a place */
    CHECK_IS(bar(table), HANDLE_NONE);
    for (uint32_t i = 0; i < 6; i++)
        given += bar(i) != HANDLE_NONE;
    CHECK(given > 0);
}

static void programmed(void)
{
    uint32_t at = msix();
    CHECK(at);
    if (!at)
        return;
    CHECK_IS(config_at(at + 2, 2) & (MSIX_ENABLE | MSIX_MASK_ALL), MSIX_ENABLE);
    CHECK_IS(config_at(COMMAND, 2) & (COMMAND_MASTER | COMMAND_NO_INTX), COMMAND_MASTER | COMMAND_NO_INTX);
    CHECK(ipc_handle("irq.0") != HANDLE_NONE);
    CHECK_IS(sys_irq_ctl(ipc_handle("irq.0"), IRQ_BIND, 0, 0), 0);
    CHECK_IS(sys_irq_ctl(ipc_handle("irq.0"), IRQ_ACK, 0, 0), 0);
}

/* Nothing that it was given is a way to configuration space, or to more hardware. */
static void no_authority(void)
{
    handle_t handle;
    CHECK_IS(ipc_handle("hardware"), HANDLE_NONE);
    CHECK_IS(sys_hw_create(ipc_handle("irq.0"), HW_IO, 0xcf8, 8, 0, &handle, NULL), E_TYPE);
}

int main(void)
{
    static const struct ktest tests[] = {
        {"no-table", no_table}, {"programmed", programmed}, {"no-authority", no_authority}};
    ktest_main(tests, KTEST_COUNT(tests));
}
