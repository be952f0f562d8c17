/* The few ACPI tables that a microkernel needs: ACPI 6.4, 5.2 (RSDP, RSDT, XSDT, MADT); PCI Firmware 3.2
 * (MCFG). All of it is the firmware's word, so lengths and sums are checked before anything is believed. Runs
 * while the boot tables stand. */
#include <arch/platform.h>
#include <string.h>

#define TABLE_MAX   (1u << 20)
#define HEADER_SIZE 36
#define RSDP_SIZE   36
#define TABLES_MAX  256
#define ECAM_MAX    8

struct isa_irq isa_irqs[ISA_IRQS];

static uint64_t field(const uint8_t *at, uint32_t bytes)
{
    uint64_t value = 0;
    memcpy(&value, at, bytes);
    return value;
}

static bool sum_is_zero(const uint8_t *bytes, uint32_t length)
{
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; i++)
        sum += bytes[i];
    return sum == 0;
}

/* A whole table, its sum right; NULL otherwise. */
static const uint8_t *table_at(paddr_t address)
{
    const uint8_t *t = boot_phys(address, HEADER_SIZE);
    uint32_t length = t ? (uint32_t)field(t + 4, 4) : 0;
    if (length >= HEADER_SIZE && length <= TABLE_MAX && boot_phys(address, length) && sum_is_zero(t, length))
        return t;
    log_print(LOG_WARN, "acpi: table at 0x%lx is damaged", address);
    return NULL;
}

static void madt_read(const uint8_t *t, uint32_t length)
{
    for (uint32_t at = 44; at + 2 <= length && t[at + 1] >= 2 && t[at + 1] <= length - at; at += t[at + 1]) {
        const uint8_t *e = t + at;
        if (e[0] == 1 && e[1] >= 12) {
            ioapic_add(field(e + 4, 4), (uint32_t)field(e + 8, 4));
        } else if (e[0] == 2 && e[1] >= 10 && e[2] == 0 && e[3] < ISA_IRQS) { /* is another line, or kind */
            isa_irqs[e[3]].gsi = (uint32_t)field(e + 4, 4);
            isa_irqs[e[3]].flags =
                ((e[8] & 3) == 3 ? IRQ_ACTIVE_LOW : 0) | ((e[8] >> 2 & 3) == 3 ? IRQ_LEVEL : 0);
        }
    }
}

static void mcfg_read(const uint8_t *t, uint32_t length)
{
    for (uint32_t at = 44; at + 16 <= length && at < 44 + ECAM_MAX * 16; at += 16) {
        paddr_t base = field(t + at, 8);
        uint64_t first = t[at + 10], last = t[at + 11];
        if (first <= last)
            hw_forbid(base + (first << 20), base + ((last + 1) << 20));
    }
}

static void tables_read(const uint8_t *root, uint32_t entry_size)
{
    uint64_t end = root ? field(root + 4, 4) : 0;
    for (uint32_t i = 0, at = HEADER_SIZE; at + entry_size <= end && i < TABLES_MAX; i++, at += entry_size) {
        const uint8_t *t = table_at(field(root + at, entry_size));
        if (t && memcmp(t, "APIC", 4) == 0)
            madt_read(t, (uint32_t)field(t + 4, 4));
        else if (t && memcmp(t, "MCFG", 4) == 0)
            mcfg_read(t, (uint32_t)field(t + 4, 4));
    }
}

void acpi_init(const struct boot_params *params)
{
    for (uint32_t i = 0; i < ISA_IRQS; i++)
        isa_irqs[i].gsi = i;
    const uint8_t *r = boot_phys(params->rsdp, RSDP_SIZE);
    if (params->rsdp && r && memcmp(r, "RSD PTR ", 8) == 0 && sum_is_zero(r, 20)) {
        paddr_t xsdt = r[15] >= 2 ? field(r + 24, 8) : 0;
        if (xsdt && boot_phys(xsdt, HEADER_SIZE))
            tables_read(table_at(xsdt), 8);
        else
            tables_read(table_at(field(r + 16, 4)), 4);
    }
}
