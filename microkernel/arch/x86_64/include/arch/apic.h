/* Interrupt controllers. Intel SDM volume 3A, chapter 10 (local APIC, xAPIC registers); 82093AA (I/O APIC).
 */
#pragma once

#include <hooks.h>

/* The firmware's tables, as far as they concern us; filled in by acpi_init. */
#define IOAPIC_MAX 8
#define ECAM_MAX   8
struct platform {
    struct ioapic {
        paddr_t address;
        volatile uint32_t *registers;
        uint32_t first, count; /* global system interrupts that it serves */
    } ioapic[IOAPIC_MAX];
    uint32_t ioapics;
    struct {
        uint32_t gsi;
        uint32_t flags; /* enum irq_line */
    } isa[16];
    struct {
        paddr_t start, end;
    } ecam[ECAM_MAX];
    uint32_t ecams;
    paddr_t lapic;
};
extern struct platform platform;

/* Find and read the MADT and the MCFG. What is missing or damaged is reported, and assumed to be as on a PC.
 */
void acpi_init(const struct boot_params *params);

/* Mask the legacy controllers and every I/O APIC line, enable the local APIC. */
void apic_init(void);

#define LAPIC_TIMER_LVT     0x320
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE  0x3e0
uint32_t lapic_read(uint32_t offset);
void lapic_write(uint32_t offset, uint32_t value);
void lapic_eoi(void);
/* Where a message-signalled interrupt must be written to reach this CPU. */
paddr_t lapic_msi_address(void);

/* Lead a global system interrupt to a vector of this CPU, masked; flags: enum irq_line. E_RANGE: no such
 * line. */
int ioapic_route(uint32_t gsi, uint32_t vector, uint32_t flags);
void ioapic_mask(uint32_t gsi, bool masked);
