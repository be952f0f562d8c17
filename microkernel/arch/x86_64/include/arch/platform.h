/* Interrupt controllers. Intel SDM volume 3A, chapter 10 (local APIC, xAPIC registers); 82093AA (I/O APIC).
 */
#pragma once

#include <arch/boot.h>
#include <ouros/time.h>

/* Where the firmware has led ISA interrupts; filled in by acpi_init. */
#define ISA_IRQS 16
extern struct isa_irq {
    uint32_t gsi;
    uint32_t flags; /* enum irq_line */
} isa_irqs[ISA_IRQS];

/* No device object may reach this (hw.c): interrupt controllers, where messages are written, ECAM. The end is
 * exclusive. */
void hw_forbid(paddr_t start, paddr_t end);

/* Find and read the MADT and the MCFG. What is missing or damaged is reported, and assumed to be as on a PC.
 */
void acpi_init(const struct boot_params *params);

/* An I/O APIC whose first line is that global system interrupt: mask all its lines. IOAPIC_MAX are used. */
#define IOAPIC_MAX 8
void ioapic_add(paddr_t address, uint32_t first);
/* Mask the legacy controllers, enable the local APIC; have an I/O APIC where a PC has it if none was added. */
void apic_init(void);

#define LAPIC_TIMER_LVT     0x320
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE  0x3e0
#define LAPIC_EOI           0xb0

/* A register of the local APIC. */
static inline volatile uint32_t *lapic(uint32_t offset)
{
    return (volatile uint32_t *)(LOCAL_BASE + LOCAL_LAPIC * PAGE_SIZE + offset);
}

/* Where a message-signalled interrupt must be written to reach this CPU. */
uint32_t lapic_msi_address(void);

/* Lead a global system interrupt to a vector of this CPU, masked; flags: enum irq_line. E_RANGE: no such
 * line. To mask one that is not there does nothing. */
int ioapic_route(uint32_t gsi, uint32_t vector, uint32_t flags);
void ioapic_mask(uint32_t gsi, bool masked);

/* ---- Clocks: the time stamp counter, the one-shot timer of the local APIC. ---- */
extern struct time_page *const time_page;

/* Measure the counters, publish the time page. The local APIC is enabled. */
void time_init(void);
