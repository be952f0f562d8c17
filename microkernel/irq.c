#include <arch/platform.h>
#include <arch/cpu.h>
#include <hardware.h>
#include <sched.h>

static struct irq *by_vector[VECTOR_DEVICES];

static int vector_take(const struct irq *what, uint32_t *vector)
{
    *vector = 0;
    for (uint32_t i = 0; i < VECTOR_DEVICES; i++) {
        const struct irq *irq = by_vector[i];
        if (!irq && !*vector)
            *vector = VECTOR_DEVICE + i;
        else if (irq && irq->message == what->message && irq->source == what->source &&
                 irq->index == what->index)
            return E_BUSY;
    }
    return *vector ? 0 : E_FULL;
}

int irq_create(struct account *account, const struct irq *what, uint32_t flags, struct object **out)
{
    uint32_t vector;
    TRY(vector_take(what, &vector));
    TRY(object_create(account, OBJ_IRQ, sizeof(struct irq), out));
    struct irq *irq = (struct irq *)*out;
    irq->source = what->source;
    irq->index = what->index;
    irq->message = what->message;
    irq->level = flags & IRQ_LEVEL;
    int error = irq->message ? pci_msi_set(irq->source, irq->index, lapic_msi_address(), vector)
                             : ioapic_route(irq->source, vector, flags);
    if (error) {
        object_put(*out); /* without a vector: it never was programmed */
        return error;
    }
    irq->vector = vector;
    by_vector[vector - VECTOR_DEVICE] = irq;
    return 0;
}

bool irq_destroy(struct object *object)
{
    struct irq *irq = (struct irq *)object;
    if (irq->vector) {
        if (irq->message)
            pci_msi_set(irq->source, irq->index, 0, 0);
        else
            ioapic_mask(irq->source, true);
        by_vector[irq->vector - VECTOR_DEVICE] = NULL;
    }
    if (irq->port)
        object_put(&irq->port->object);
    return true;
}

/* A message that nobody is bound to is lost: drivers poll once when they start. */
void irq_fire(uint32_t vector)
{
    const struct irq *irq = by_vector[vector - VECTOR_DEVICE];
    stats.irqs++;
    if (!irq || !irq->port)
        return;
    if (irq->level)
        ioapic_mask(irq->source, true);
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
    if (!irq->message)
        ioapic_mask(irq->source, !port);
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
        ioapic_mask(irq->source, false);
    return 0;
}
