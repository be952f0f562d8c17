/* Read a cpio archive of the "newc" kind (magic 070701; cpio(5)) that lies in memory. Every number in it is
 * checked. */
#ifndef IPC_CPIO_H
#define IPC_CPIO_H

#include <ouros/types.h>

struct cpio_entry {
    const char *name; /* name_length bytes and a NUL behind them */
    size_t name_length;
    const void *data;
    size_t length; /* bytes of data */
    uint32_t mode;
};

/* The entry at *cursor (0: the first), which then moves on. E_NOENT at the end, E_CORRUPT if it is damaged.
 */
int cpio_next(const void *archive, size_t size, size_t *cursor, struct cpio_entry *entry);

/* The entry of this name. E_NOENT, E_CORRUPT. */
int cpio_find(const void *archive, size_t size, const char *name, struct cpio_entry *entry);

#endif
