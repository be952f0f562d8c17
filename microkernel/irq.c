#include <arch/platform.h>
#include <arch/cpu.h>
#include <hardware.h>
#include <sched.h>

static struct irq *by_vector[VECTOR_DEVICES];

int irq_create(struct account *account, uint32_t line, uint32_t flags, struct object **out)
{
    uint32_t free = VECTOR_DEVICES;
    for (uint32_t i = VECTOR_DEVICES; i-- > 0;)
        if (!by_vector[i])
            free = i;
        else if (by_vector[i]->line == line && line != IRQ_MESSAGE)
            return E_BUSY;
    FAIL_IF(free == VECTOR_DEVICES, E_FULL);
    TRY(line == IRQ_MESSAGE ? 0 : ioapic_route(line, VECTOR_DEVICE + free, flags));
    TRY(object_create(account, OBJ_IRQ, sizeof(struct irq), out));
    struct irq *irq = by_vector[free] = (struct irq *)*out;
    irq->line = line;
    irq->level = flags & IRQ_LEVEL;
    irq->vector = VECTOR_DEVICE + free;
    return 0;
}

bool irq_destroy(struct object *object)
{
    struct irq *irq = (struct irq *)object;
    ioapic_mask(irq->line, true);
    by_vector[irq->vector - VECTOR_DEVICE] = NULL;
    if (irq->port)
        object_put(&irq->port->object);
    return true;
}

/* One that nobody is bound to is lost: drivers poll once when they start. */
void irq_fire(uint32_t vector)
{
    const struct irq *irq = by_vector[vector - VECTOR_DEVICE];
    stats.irqs++;
    if (!irq || !irq->port)
        return;
    if (irq->level)
        ioapic_mask(irq->line, true);
    sched_interrupt = true;
    port_notify(irq->port, irq->bits);
    sched_interrupt = false;
}

static int irq_bind(struct irq *irq, struct thread *thread, handle_t handle, uint64_t bits)
{
    struct object *port = NULL;
    TRY(handle ? handle_get(thread->task, handle, OBJ_PORT, RIGHT_NOTIFY, &port) : 0);
    if (port)
        object_get(port);
    if (irq->port)
        object_put(&irq->port->object);
    irq->port = (struct port *)port;
    irq->bits = bits;
    ioapic_mask(irq->line, !port);
    return 0;
}

int sys_irq_ctl(struct thread *thread, struct syscall *s)
{
    struct irq *irq;
    TRY(handle_get(thread->task, s->a[0], OBJ_IRQ, RIGHT_MANAGE, &irq));
    if (s->a[1] == IRQ_BIND)
        return irq_bind(irq, thread, s->a[2], s->a[3]);
    FAIL_IF(s->a[1] != IRQ_ACK, E_INVAL);
    if (irq->level && irq->port)
        ioapic_mask(irq->line, false);
    return 0;
}
