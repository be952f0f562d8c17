/* Interrupt objects: a line of an I/O APIC or a message of a PCI function, turned into notification bits. */
#pragma once

#include <port.h>

struct irq {
    struct object object;
    uint32_t vector;
    uint32_t source; /* global system interrupt, or PCI function */
    uint32_t index;  /* of the message */
    bool message;
    bool level;        /* a line that is masked from its interrupt until IRQ_ACK */
    struct port *port; /* NULL: not bound. Holds a reference */
    uint64_t bits;
};

/* Make the interrupt that what->message, source and index name; flags of a line: enum irq_line. E_BUSY:
 * somebody has it; E_RANGE: no such line or message; E_NODEV: no such function, or it cannot send messages;
 * E_FULL: no vector left; E_KMEM, E_QUOTA. */
int irq_create(struct account *account, const struct irq *what, uint32_t flags, struct object **out);
bool irq_destroy(struct object *object);

/* An io or device object: I/O ports, or physical pages outside RAM, that its holder may use or have mapped
 * (hw_create). */
struct range {
    struct object object;
    uint64_t start, size; /* of a device: whole pages, in bytes. Checked when the object was made */
};
