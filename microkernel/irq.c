#include <arch/apic.h>
#include <arch/pci.h>
#include <cpu.h>
#include <irq.h>

static struct irq *by_vector[VECTOR_DEVICES];
uint64_t irq_count;

static int vector_take(bool message, uint32_t source, uint32_t index, uint32_t *vector)
{
    *vector = 0;
    for (uint32_t i = 0; i < VECTOR_DEVICES; i++) {
        const struct irq *irq = by_vector[i];
        if (!irq && !*vector)
            *vector = VECTOR_DEVICE + i;
        else if (irq && irq->message == message && irq->source == source && irq->index == index)
            return E_BUSY;
    }
    return *vector ? 0 : E_FULL;
}

static int irq_create(struct account *account, const struct irq *model, struct irq **out)
{
    uint32_t vector;
    struct object *object;
    int err = vector_take(model->message, model->source, model->index, &vector);
    if (!err)
        err = object_create(account, OBJ_IRQ, sizeof(struct irq), &object);
    if (err)
        return err;
    struct irq *irq = (struct irq *)object;
    irq->vector = vector;
    irq->source = model->source;
    irq->index = model->index;
    irq->message = model->message;
    irq->level = model->level;
    by_vector[vector - VECTOR_DEVICE] = irq;
    *out = irq;
    return 0;
}

/* Programming it has failed: it never was. */
static int irq_undo(struct irq *irq, int err)
{
    by_vector[irq->vector - VECTOR_DEVICE] = NULL;
    irq->vector = 0;
    object_put(&irq->object);
    return err;
}

int irq_create_line(struct account *account, uint32_t gsi, uint32_t flags, struct object **out)
{
    struct irq *irq;
    int err = irq_create(account, &(struct irq){.source = gsi, .level = flags & IRQ_LEVEL}, &irq);
    if (err)
        return err;
    *out = &irq->object;
    err = ioapic_route(gsi, irq->vector, flags);
    return err ? irq_undo(irq, err) : 0;
}

int irq_create_message(struct account *account, uint32_t function, uint32_t index, struct object **out)
{
    struct irq *irq;
    int err = irq_create(account, &(struct irq){.source = function, .index = index, .message = true}, &irq);
    if (err)
        return err;
    *out = &irq->object;
    err = pci_msi_enable(function, index, lapic_msi_address(), irq->vector);
    return err ? irq_undo(irq, err) : 0;
}

bool irq_destroy(struct object *object)
{
    struct irq *irq = (struct irq *)object;
    if (irq->vector) {
        if (irq->message)
            pci_msi_disable(irq->source, irq->index);
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
    irq_count++;
    if (!irq || !irq->port)
        return;
    if (irq->level)
        ioapic_mask(irq->source, true);
    port_notify(irq->port, irq->bits);
}

static int irq_bind(struct irq *irq, struct thread *thread, handle_t handle, uint64_t bits)
{
    struct object *port = NULL;
    int err = handle ? handle_get(thread->task, handle, OBJ_PORT, RIGHT_NOTIFY, &port) : 0;
    if (err)
        return err;
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
    struct object *object;
    int err = handle_get(thread->task, (handle_t)s->a[0], OBJ_IRQ, RIGHT_MANAGE, &object);
    if (err)
        return err;
    struct irq *irq = (struct irq *)object;
    switch (s->a[1]) {
    case IRQ_BIND: return irq_bind(irq, thread, (handle_t)s->a[2], s->a[3]);
    case IRQ_ACK:
        if (irq->level && irq->port)
            ioapic_mask(irq->source, false);
        return 0;
    default: return E_INVAL;
    }
}
