/* Pipes: a ring of pages between a read end and a write end. */
#ifndef VFS_PIPE_H
#define VFS_PIPE_H

#include "port.h"
#include "vfs.h"
#include "wait.h"

#define PIPE_PAGES     16u
#define PIPE_SIZE      (PIPE_PAGES * PAGE_SIZE_VFS)
#define PIPE_ATOMIC    4096u /* a write of no more is never mixed with others */
#define PIPE_PAGES_ALL 8192u /* of all pipes together */

struct pipe {
    uint8_t *page[PIPE_PAGES]; /* got when first written */
    uint32_t head, count;      /* the oldest byte; how many there are */
    uint32_t readers, writers; /* open ends */
    uint64_t ino, created;
    struct list wait_read, wait_write; /* struct waiter */
};

/// A pipe with one end of each kind; freed when both have closed. NULL without memory.
struct pipe *pipe_create(void);
void pipe_close_reader(struct pipe *p);
void pipe_close_writer(struct pipe *p);
/// Moves what there is. 0 with *done 0: end of file. E_AGAIN: empty. Nothing is taken on an error of the
/// copy.
int pipe_read(struct pipe *p, size_t len, struct uio *io, size_t *done);
/// Moves what fits, all or nothing up to PIPE_ATOMIC. E_AGAIN: no room; E_PIPE: no reader.
int pipe_write(struct pipe *p, size_t len, struct uio *io, size_t *done);
/// Pages that all pipes hold now.
uint32_t pipe_pages(void);

#endif
