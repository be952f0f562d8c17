/* What the host tests of vfs share: devices over image files, buffers as ends of copies, shell commands,
 * results. */
#ifndef VFS_HOST_H
#define VFS_HOST_H

#include <stdio.h>
#include <stdlib.h>
#include "servers/vfs/bcache.h"
#include "servers/vfs/vfs.h"

extern long host_allocations;     ///< blocks and pages that are allocated now
extern long host_fail_after;      ///< the allocation after so many fails, and all after it; negative: none
extern unsigned long host_logged; ///< lines that were written to the log
extern int host_log_show;
extern uint64_t host_shown_size; ///< what port_file_resized was told last

/// One case: prints "ok name" or "not ok name: why", counts the latter.
extern int host_failures;
void host_result(const char *name, int ok, const char *why);
/// Ends the case with what failed; to be used in functions that return NULL for success.
#define EXPECT(cond)                                           \
    do {                                                       \
        if (!(cond))                                           \
            return __FILE__ ":" HOST_STR(__LINE__) ": " #cond; \
    } while (0)
#define HOST_STR(x)  HOST_STR2(x)
#define HOST_STR2(x) #x
/// Runs a case and checks that it frees all it allocated.
void host_case(const char *name, const char *(*run)(void));

/* A device whose content is memory. */
struct host_disk {
    struct blkdev dev;
    uint8_t *data;
    uint64_t bad_from, bad_to; /* reads that touch this range fail */
};
int host_disk_load(struct host_disk *d, const char *file);
void host_disk_free(struct host_disk *d);

struct host_io {
    struct uio io;
    uint8_t *mem;
    size_t at, cap;
    size_t fail_at; /* a copy that reaches this offset answers E_TOUCH; SIZE_MAX: none */
};
struct host_io host_reader(void *mem, size_t cap); ///< the client's end of a read: bytes arrive in mem
struct host_io host_writer(const void *mem, size_t len);

/// Runs a shell command; its output goes away. The exit status.
int host_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// A scratch directory that is removed when the test ends.
const char *host_scratch(void);

/// Numbers that are the same in each run.
uint32_t host_random(void);
void host_seed(uint64_t seed);

#endif
