/* What the core of vfs needs from outside: memory, the clock, the log, one lock. In the guest port.c gives it
 * over libipc, in the host tests tests/host/vfs_port.c does. The core includes nothing else but the enum of
 * errors. */
#ifndef VFS_PORT_H
#define VFS_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ouros/error.h>

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

#define PAGE_SIZE_VFS 4096u

/// n zeroed bytes, or NULL.
void *port_alloc(size_t n);
/// Gives back what port_alloc gave; NULL is allowed.
void port_free(void *p);
/// One zeroed page, aligned to its size, or NULL.
void *port_page_alloc(void);
void port_page_free(void *page);
struct inode;
/// A file with `shown` set has got more pages, or is about to lose those behind `size`: nobody sees them any
/// more when this returns.
void port_file_resized(struct inode *file, uint64_t size);
/// Nanoseconds since 1970.
uint64_t port_now(void);
/// Fills [p, p+n) with random bytes.
void port_random(void *p, size_t n);
/// Lines of the kernel's log from *cursor on, whole ones; *cursor moves behind them. E_SIZE: not even one
/// fits.
int port_kernel_log(uint64_t *cursor, char *text, size_t size, size_t *n);
/// One line to the system's log, without the newline. Conversions: %s %u %lu %x %lx.
void port_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The core lock guards every field of the core; each function of the core is called with it held. Only a file
 * system that waits for its device drops it, so what a caller keeps across a call is references, never a
 * pointer into a cache. */
void port_lock(void);
void port_unlock(void);

/* Something that happens again and again and can be waited for. */
struct port_event {
    uint32_t count; /* times it has happened */
};
/// Drops the core lock, waits until the event happens (or for no reason), takes the lock again.
void port_sleep(struct port_event *event);
/// Wakes all who sleep on the event.
void port_wake(struct port_event *event);

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
