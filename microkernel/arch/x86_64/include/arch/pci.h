/* PCI configuration space by the ports 0xcf8 and 0xcfc, and message-signalled interrupts (PCI 3.0, chapter
 * 6). A function is bus << 8 | device << 3 | function. Only what the scan at boot has found exists. */
#pragma once

#include <ouros/error.h>
#include <ouros/types.h>

/* Scan from bus 0 through all bridges; note where MSI-X tables lie. */
void pci_init(void);
/* E_NODEV: no such bus. bytes: 1, 2 or 4; offset aligned to it, below 256. */
int pci_read(uint32_t function, uint32_t offset, uint32_t bytes, uint32_t *value);
/* The same; a base address can be asked for its size by writing all ones, but stays. E_RIGHTS for what
 * decides where a device answers or interrupts: base addresses, bridge windows and the MSI and MSI-X
 * capabilities. */
int pci_write(uint32_t function, uint32_t offset, uint32_t bytes, uint32_t value);
/* Does any MSI-X table lie in [start, end)? */
bool pci_msix_within(paddr_t start, paddr_t end);

/* Let entry `index` send `data` to `address`, or nothing if that is 0: MSI-X, or MSI with index 0. E_NODEV:
 * the function has neither; E_RANGE: not so many entries. */
int pci_msi_set(uint32_t function, uint32_t index, paddr_t address, uint32_t data);
