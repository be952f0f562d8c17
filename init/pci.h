/* PCI configuration space, and message-signalled interrupts. A function is bus << 8 | device << 3 | function
 * (PCI Local Bus Specification 3.0, 3.2.2.3.2). */
#ifndef INIT_PCI_H
#define INIT_PCI_H

#include <ouros/handle.h>
#include <ouros/types.h>

enum {
    CONFIG_ID = 0x00,
    CONFIG_COMMAND = 0x04,
    CONFIG_STATUS = 0x06,
    CONFIG_HEADER = 0x0e,
    CONFIG_BAR0 = 0x10,
    CONFIG_SECONDARY = 0x19,
    CONFIG_CAPABILITIES = 0x34,
    CONFIG_BYTES = 256,
    BARS = 6,
};

/* Read or write 1, 2 or 4 bytes at an offset that they divide; where no function is, ones are read. */
uint32_t pci_get(uint32_t function, uint32_t offset, uint32_t bytes);
void pci_put(uint32_t function, uint32_t offset, uint32_t bytes, uint32_t value);

/* Offset of a capability, or 0. */
uint32_t pci_capability(uint32_t function, uint8_t id);

/* The base address in memory that BAR `i` holds; 0: none, or of ports. */
uint64_t pci_bar_address(uint32_t function, uint32_t i);

/* Remember where the function's MSI-X table lies. E_FULL: too many. */
int msi_note(uint32_t function);
/* Does a page of [start, end) hold an MSI-X table, of whichever function? */
bool msi_in_range(uint64_t start, uint64_t end);

/* The interrupts of one function, while they are programmed. */
struct msi {
    uint32_t function, count; /* of messages that it can send; 0: none */
    uint32_t at;              /* of the capability */
    uint64_t start, end;      /* of the MSI-X table; 0: it has MSI alone */
    volatile uint32_t *table; /* mapped */
};
/* Look the function's capability up; its messages are off until msi_close, and all masked. It decodes memory.
 */
int msi_open(uint32_t function, struct msi *m);
/* Let message `i` write `data` to `address`, a place below 4 GiB. */
void msi_set(struct msi *m, uint32_t i, uint32_t address, uint32_t data);
/* The messages that were set are on. */
void msi_close(struct msi *m);
/* The function sends none any more. */
void msi_off(uint32_t function);

#endif
