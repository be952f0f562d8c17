/* What the hardware authority hands out: interrupts, port ranges, device memory. */
#pragma once

#include <port.h>

/* An interrupt, turned into notification bits: a line of an I/O APIC, or a message to the local one. */
struct irq {
    struct object object;
    uint32_t vector;
    uint32_t line;     /* global system interrupt, or IRQ_MESSAGE */
    bool level;        /* a line that is masked from its interrupt until IRQ_ACK */
    struct port *port; /* NULL: not bound. Holds a reference */
    uint64_t bits;
};
#define IRQ_MESSAGE UINT32_MAX /* not a line: who writes the vector to the local APIC raises it */

/* Make the interrupt of a line, or one for a message; flags of a line: enum irq_line. E_BUSY: somebody has
 * it; E_RANGE: no such line; E_FULL: no vector left; E_KMEM, E_QUOTA. */
int irq_create(struct account *account, uint32_t line, uint32_t flags, struct object **out);
bool irq_destroy(struct object *object);

/* An io or device object: I/O ports, or physical pages outside RAM, that its holder may use or have mapped
 * (hw_create). */
struct range {
    struct object object;
    uint64_t start, size; /* of a device: whole pages, in bytes. Checked when the object was made */
};
