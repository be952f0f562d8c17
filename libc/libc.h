/* What the files of the OS layer share. Every call of POSIX ends here as a message to vfs, proc or pager, or
 * as a futex; errors of Ouros become errno in one place (error.c). */
#ifndef LIBC_LIBC_H
#define LIBC_LIBC_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/lock.h>
#include <sys/types.h>

#include <ipc/startup.h>
#include <ouros/error.h>
#include <ouros/handle.h>

/* Sessions that proc mints for each process, always at the same places. */
#define PROC_SESSION  HANDLE_FIRST(SLOT_PROC)
#define VFS_SESSION   HANDLE_FIRST(SLOT_VFS)
#define PAGER_SESSION HANDLE_FIRST(SLOT_PAGER)

/* The errno value of an error of Ouros. */
int error_number(int error);
/* 0 for 0; otherwise sets errno and gives -1: `return error_result(vfs_…())`. */
int error_result(int error);
/* errno = number; -1. */
int fail(int number);

/* ---- descriptors (fd.c) ---- */

#define FD_MAX 256

enum fd_local_flag { FD_LOCAL_CLOEXEC = 1u << 31 }; /* as in struct startup_fd */

struct fd_entry {
    handle_t handle; /* 0: free; FD_RESERVED: being opened */
    uint32_t flags;  /* O_ flags of the opening, with FD_LOCAL_CLOEXEC */
};

/* Session behind a descriptor, or HANDLE_NONE with errno = EBADF. */
handle_t fd_handle(int fd);
/* Put a session at the lowest free descriptor from `lowest` on. The descriptor, or -1 (EMFILE) and the handle
 * is closed. */
int fd_install(handle_t handle, uint32_t flags, int lowest);
/* The open flags of a descriptor (with FD_LOCAL_CLOEXEC); EBADF as -1. */
int fd_flags(int fd, uint32_t *flags);
/* A copy of the table, for exec and spawn: entries of free descriptors have handle 0. */
void fd_snapshot(struct fd_entry table[FD_MAX]);
/* Take over what the startup block lists. */
void fd_startup(const struct startup *startup);
void fd_fork_lock(void);
void fd_fork_unlock(void);

/* ---- paths (path.c) ---- */

struct ipc_transfer;

/* One step of a path operation: the session to ask and what to send it. The step fills elsewhere and consumed
 * from its reply. */
struct path_step {
    handle_t session;
    struct ipc_transfer *transfer;
    uint32_t elsewhere, consumed;
};
typedef int path_step_fn(struct path_step *step, void *argument);

/* Follow a path, from `directory` (AT_FDCWD: the current one) and from server to server, calling `step` for
 * each. `extra` gives the out-buffer, if any. 0 with the handles of the last reply in extra->got, or an error
 * of Ouros. */
int path_follow(int directory, const char *path, struct ipc_transfer *extra, path_step_fn *step,
                void *argument);
/* path_open: the session of the opened file, its type and permission in *mode. */
int path_open(int directory, const char *path, uint32_t flags, uint32_t mode, handle_t *handle,
              uint32_t *type);

struct stat;
struct io_stat;
void stat_convert(const struct io_stat *from, struct stat *to);

/* ---- processes ---- */

struct proc_image;

/* The in-buffer of exec and spawn (image.c). 0 or an errno value; free with image_free. */
struct image {
    char *buffer;
    uint32_t length;
    bool for_child; /* set by the caller: it is for a new process */
};
int image_build(struct image *image, struct proc_image *request, const char *path, char *const argv[],
                char *const envp[], const struct fd_entry table[FD_MAX]);
void image_free(struct image *image);

/* Call `try_one(path, argument)` for each place where PATH finds `file`; an errno value, or 0 when one
 * succeeded. */
int search_path(const char *file, int (*try_one)(const char *path, void *argument), void *argument);

void process_forget(void); /* in the child of a fork: cached ids are the parent's */
bool process_forked(void); /* has this process begun by a fork? True once */
void random_startup(const uint64_t seed[2]);
void random_unlock(void); /* in the child of a fork */
void memory_startup(const struct startup *startup);
void memory_fork_lock(void);
void memory_fork_unlock(void);

/* ---- time (clock.c) ---- */

struct timespec;
uint64_t clock_monotonic_ns(void);
/* Absolute time on a clock as a deadline. EINVAL as an errno value. */
int clock_deadline(clockid_t clock, const struct timespec *time, uint64_t *deadline);

extern const char *program_name; /* last part of argv[0], for err() and friends */

#endif
