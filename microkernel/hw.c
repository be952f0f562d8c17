/* What the hardware authority hands out: interrupts, port ranges, device memory, PCI configuration.
 *
 * H1 no object reaches what the kernel's own safety rests on: RAM, interrupt controllers, MSI-X tables, and
 * the ways to PCI configuration that go round hw_pci (ports 0xcf8 to 0xcff, ECAM). */
#include <arch/platform.h>
#include <block.h>
#include <log.h>
#include <arch/cpu.h>
#include <hardware.h>

#define PORTS       0x10000u
#define DEVICE_MOST (4ul << 30) /* bytes of one device object: its check walks the blocks */

#define LEGACY_START 0xa0000ul
#define LEGACY_END   0x100000ul

/* Ports of the legacy interrupt controllers and of PCI configuration. 0xcf9 alone is the reset register. */
static bool port_forbidden(uint64_t first, uint64_t count)
{
    static const struct {
        uint16_t first, last;
    } range[] = {{0x20, 0x21}, {0xa0, 0xa1}, {0x4d0, 0x4d1}, {0xcf8, 0xcff}};
    if (first == 0xcf9 && count == 1)
        return false;
    for (uint32_t i = 0; i < sizeof(range) / sizeof(range[0]); i++)
        if (first <= range[i].last && range[i].first < first + count)
            return true;
    return false;
}

static int check_io(uint64_t first, uint64_t count)
{
    FAIL_IF(first >= PORTS || count == 0 || count > PORTS - first, E_RANGE);
    return port_forbidden(first, count) ? E_RIGHTS : 0;
}

/* Whole pages that never are anybody's memory: outside the memory map, or between 640 KiB and 1 MiB. Reserved
 * blocks may hold the kernel's image, or become memory. */
static bool device_allowed(paddr_t start, paddr_t end)
{
    bool legacy = start >= LEGACY_START && end <= LEGACY_END;
    for (paddr_t at = start & ~(HUGE_SIZE - 1); at < end && !legacy; at += HUGE_SIZE)
        if (block_kind_of(at) != BLOCK_DEVICE)
            return false;
    return !platform_forbids(start, end);
}

static int check_device(paddr_t start, uint64_t bytes)
{
    uint64_t top = 1ul << cpu_paddr_bits;
    FAIL_IF(start % PAGE_SIZE || bytes % PAGE_SIZE || bytes == 0, E_INVAL);
    FAIL_IF(start >= top || bytes > top - start || bytes > DEVICE_MOST, E_RANGE);
    return device_allowed(start, start + bytes) ? 0 : E_RIGHTS;
}

static int create_range(struct account *account, enum object_kind kind, const struct syscall *s,
                        struct object **out)
{
    TRY(kind == OBJ_IO ? check_io(s->a[2], s->a[3]) : check_device(s->a[2], s->a[3]));
    TRY(object_create(account, kind, sizeof(struct range), out));
    struct range *range = (struct range *)*out;
    range->start = s->a[2];
    range->size = s->a[3];
    return 0;
}

static int create(struct account *account, const struct syscall *s, struct object **out)
{
    uint64_t a = s->a[2], b = s->a[3];
    switch (s->a[1]) {
    case HW_IRQ_LINE:
        FAIL_IF(a > UINT32_MAX || b & ~(uint64_t)(IRQ_LEVEL | IRQ_ACTIVE_LOW), E_RANGE);
        return irq_create(account, &(struct irq){.source = (uint32_t)a}, (uint32_t)b, out);
    case HW_ISA_IRQ:
        FAIL_IF(a >= ISA_IRQS, E_RANGE);
        return irq_create(account, &(struct irq){.source = platform.isa[a].gsi}, platform.isa[a].flags, out);
    case HW_IRQ_MSI:
        FAIL_IF(a > 0xffff || b > 0x7ff, E_RANGE);
        return irq_create(
            account, &(struct irq){.source = (uint32_t)a, .index = (uint32_t)b, .message = true}, 0, out);
    case HW_IO: return create_range(account, OBJ_IO, s, out);
    case HW_DEVICE: return create_range(account, OBJ_DEVICE, s, out);
    default: return E_INVAL;
    }
}

int sys_hw_create(struct thread *thread, struct syscall *s)
{
    struct object *object;
    TRY(handle_get(thread->task, s->a[0], OBJ_HARDWARE, RIGHT_MANAGE, NULL));
    TRY(create(thread->task->account, s, &object));
    uint32_t rights = RIGHT_COPY | RIGHT_MANAGE | RIGHT_INFO | RIGHT_USE | RIGHT_READ | RIGHT_WRITE;
    TRY(handle_insert_new(thread->task, object, rights, &s->r[0]));
    if (s->a[1] == HW_IO)
        console_ports_taken((uint32_t)s->a[2], (uint32_t)s->a[3]);
    return 0;
}

int sys_io_access(struct thread *thread, struct syscall *s)
{
    const struct range *io;
    bool write = s->a[2] & 0x100;
    uint64_t bytes = s->a[2] & ~0x100ul;
    TRY(handle_get(thread->task, s->a[0], OBJ_IO, write ? RIGHT_WRITE : RIGHT_READ, &io));
    FAIL_IF(bytes != 1 && bytes != 2 && bytes != 4, E_INVAL);
    FAIL_IF(s->a[1] > io->size || bytes > io->size - s->a[1], E_RANGE);
    uint16_t port = (uint16_t)(io->start + s->a[1]);
    if (write)
        port_write(port, (uint32_t)bytes, (uint32_t)s->a[3]);
    else
        s->r[0] = port_read(port, (uint32_t)bytes);
    return 0;
}
