/* What the hardware authority hands out: interrupts, port ranges, device memory.
 *
 * H1 no object reaches what the kernel's own safety rests on: RAM and interrupt controllers; nor ECAM, so
 * that PCI configuration has one way, the ports 0xcf8 to 0xcff, and who holds them knows all that happens. */
#include <arch/platform.h>
#include <block.h>
#include <log.h>
#include <arch/cpu.h>
#include <hardware.h>

#define PORTS         0x10000u
#define RANGE_MOST    (2ul << 30) /* bytes of one device object: its check walks the blocks */
#define FORBIDDEN_MAX 64

#define LEGACY_START 0xa0000ul
#define LEGACY_END   0x100000ul

/* What no io or device object may reach. The ports are the legacy interrupt controllers'. */
static struct forbidden {
    enum object_kind kind;
    uint64_t start, end;
} forbidden[FORBIDDEN_MAX] = {{OBJ_IO, 0x20, 0x22}, {OBJ_IO, 0xa0, 0xa2}, {OBJ_IO, 0x4d0, 0x4d2}};
static uint32_t forbidden_count = 3;

void hw_forbid(paddr_t start, paddr_t end)
{
    ASSERT(forbidden_count < FORBIDDEN_MAX);
    forbidden[forbidden_count++] = (struct forbidden){OBJ_DEVICE, start, end};
}

/* Pages that may be somebody's memory: all but what is outside the memory map, or between 640 KiB and 1 MiB.
 * Reserved blocks may hold the kernel's image, or become memory. */
static bool is_memory(paddr_t start, paddr_t end)
{
    bool legacy = start >= LEGACY_START && end <= LEGACY_END;
    for (paddr_t at = start & ~(HUGE_SIZE - 1); at < end && !legacy; at += HUGE_SIZE)
        if (block_kind_of(at) != BLOCK_DEVICE)
            return true;
    return false;
}

static int range_check(enum object_kind kind, uint64_t start, uint64_t size)
{
    bool io = kind == OBJ_IO;
    uint64_t unit = io ? 1 : PAGE_SIZE, top = io ? PORTS : 1ul << cpu_paddr_bits;
    FAIL_IF((start | size) % unit, E_INVAL);
    FAIL_IF(start >= top || size == 0 || size > top - start || size > RANGE_MOST, E_RANGE);
    for (uint32_t i = 0; i < forbidden_count; i++)
        FAIL_IF(kind == forbidden[i].kind && start < forbidden[i].end && forbidden[i].start < start + size,
                E_RIGHTS);
    return !io && is_memory(start, start + size) ? E_RIGHTS : 0;
}

static int range_create(struct account *account, enum object_kind kind, uint64_t start, uint64_t size,
                        struct object **out)
{
    TRY(range_check(kind, start, size));
    TRY(object_create(account, kind, sizeof(struct range), out));
    struct range *range = (struct range *)*out;
    range->start = start;
    range->size = size;
    return 0;
}

static int create(struct account *account, struct syscall *s, struct object **out)
{
    uint64_t a = s->a[2], b = s->a[3];
    switch (s->a[1]) {
    case HW_IRQ_LINE:
        FAIL_IF(a >= IRQ_MESSAGE || b & ~(uint64_t)(IRQ_LEVEL | IRQ_ACTIVE_LOW), E_RANGE);
        return irq_create(account, (uint32_t)a, (uint32_t)b, out);
    case HW_ISA_IRQ:
        FAIL_IF(a >= ISA_IRQS, E_RANGE);
        return irq_create(account, isa_irqs[a].gsi, isa_irqs[a].flags, out);
    case HW_IRQ_MSI:
        TRY(irq_create(account, IRQ_MESSAGE, 0, out));
        s->r[1] = (uint64_t)lapic_msi_address() << 32 | ((struct irq *)*out)->vector;
        return 0;
    case HW_IO: return range_create(account, OBJ_IO, a, b, out);
    case HW_DEVICE: return range_create(account, OBJ_DEVICE, a, b, out);
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
