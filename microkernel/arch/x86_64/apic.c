/* Local APIC and I/O APICs, both by memory-mapped registers in KERNEL_LOCAL_SLOT. */
#include <arch/platform.h>
#include <arch/cpu.h>

#define LAPIC_ID       0x20
#define LAPIC_TPR      0x80
#define LAPIC_SPURIOUS 0xf0
#define LVT_LINT0      0x350
#define LVT_LINT1      0x360
#define LVT_ERROR      0x370
#define LVT_MASKED     0x10000
#define LVT_NMI        0x400
#define LAPIC_ENABLE   0x100

#define APIC_BASE_ENABLE 0x800
#define APIC_BASE_FRAME  0xffffff000ul

/* I/O APIC: an index register and a window. */
#define IOAPIC_VERSION  1
#define IOAPIC_REDIRECT 0x10
#define REDIRECT_LOW    0x2000
#define REDIRECT_LEVEL  0x8000
#define REDIRECT_MASKED 0x10000

#define MSI_START 0xfee00000u /* where messages are written */
#define MSI_END   0xfef00000u

static struct ioapic {
    volatile uint32_t *registers;
    uint32_t first, count; /* global system interrupts that it serves */
} ioapics[IOAPIC_MAX];
static uint32_t ioapic_count;

uint32_t lapic_msi_address(void)
{
    return MSI_START | (*lapic(LAPIC_ID) >> 24) << 12;
}

static uint32_t ioapic_read(const struct ioapic *io, uint32_t index)
{
    io->registers[0] = index;
    return io->registers[4];
}

static void ioapic_write(const struct ioapic *io, uint32_t index, uint32_t value)
{
    io->registers[0] = index;
    io->registers[4] = value;
}

void ioapic_add(paddr_t address, uint32_t first)
{
    struct ioapic *io = &ioapics[ioapic_count];
    if (ioapic_count == IOAPIC_MAX)
        return;
    io->registers = local_map(LOCAL_IOAPIC + ioapic_count++, address, LOCAL_WRITE | LOCAL_UNCACHED);
    io->first = first;
    io->count = (ioapic_read(io, IOAPIC_VERSION) >> 16 & 0xff) + 1;
    hw_forbid(address, address + PAGE_SIZE);
    for (uint32_t line = 0; line < io->count; line++)
        ioapic_write(io, IOAPIC_REDIRECT + 2 * line, REDIRECT_MASKED);
}

static const struct ioapic *ioapic_of(uint32_t gsi)
{
    for (uint32_t i = 0; i < ioapic_count; i++)
        if (gsi >= ioapics[i].first && gsi - ioapics[i].first < ioapics[i].count)
            return &ioapics[i];
    return NULL;
}

int ioapic_route(uint32_t gsi, uint32_t vector, uint32_t flags)
{
    const struct ioapic *io = ioapic_of(gsi);
    FAIL_IF(!io, E_RANGE);
    uint32_t index = IOAPIC_REDIRECT + 2 * (gsi - io->first);
    uint32_t bits = (flags & IRQ_ACTIVE_LOW ? REDIRECT_LOW : 0) | (flags & IRQ_LEVEL ? REDIRECT_LEVEL : 0);
    ioapic_write(io, index, REDIRECT_MASKED);
    ioapic_write(io, index + 1, *lapic(LAPIC_ID) & 0xff000000);
    ioapic_write(io, index, REDIRECT_MASKED | bits | vector);
    return 0;
}

void ioapic_mask(uint32_t gsi, bool masked)
{
    const struct ioapic *io = ioapic_of(gsi);
    if (!io)
        return;
    uint32_t index = IOAPIC_REDIRECT + 2 * (gsi - io->first);
    uint32_t value = ioapic_read(io, index) & ~REDIRECT_MASKED;
    ioapic_write(io, index, masked ? value | REDIRECT_MASKED : value);
}

/* The legacy controllers are moved out of the exceptions' way, for spurious interrupts, and masked. */
static void pic_init(void)
{
    static const uint8_t words[][2] = {
        {0x11, 0x11}, {VECTOR_PIC, VECTOR_PIC + 8}, {4, 2}, {1, 1}, {0xff, 0xff}};
    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        port_write(i ? 0x21 : 0x20, 1, words[i][0]);
        port_write(i ? 0xa1 : 0xa0, 1, words[i][1]);
    }
}

void apic_init(void)
{
    pic_init();
    if (ioapic_count == 0) {
        log_print(LOG_WARN, "acpi: no I/O APIC described, assuming the usual one");
        ioapic_add(0xfec00000, 0);
    }
    uint64_t base = msr_read(MSR_APIC_BASE);
    msr_write(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    base &= APIC_BASE_FRAME;
    hw_forbid(base, base + PAGE_SIZE);
    hw_forbid(MSI_START, MSI_END);
    local_map(LOCAL_LAPIC, base, LOCAL_WRITE | LOCAL_UNCACHED);
    *lapic(LAPIC_TPR) = 0;
    *lapic(LAPIC_TIMER_LVT) = LVT_MASKED;
    *lapic(LVT_LINT0) = LVT_MASKED;
    *lapic(LVT_LINT1) = LVT_NMI;
    *lapic(LVT_ERROR) = LVT_MASKED;
    *lapic(LAPIC_SPURIOUS) = LAPIC_ENABLE | VECTOR_SPURIOUS;
    *lapic(LAPIC_EOI) = 0;
}
