/* One enum of errors for the kernel, the servers and libc (which maps it to errno in one place).
 * Every function and system call of Ouros that can fail returns 0 or one of these, positive. */
#ifndef OUROS_ERROR_H
#define OUROS_ERROR_H

/* X(name, number, POSIX name libc maps it to, text) */
#define OUROS_ERRORS(X)                                                                       \
    /* system calls and messages */                                                           \
    X(E_INVAL, 1, EINVAL, "invalid argument")                                                 \
    X(E_HANDLE, 2, EBADF, "no such handle, or a stale one")                                   \
    X(E_TYPE, 3, EBADF, "handle of another kind")                                             \
    X(E_RIGHTS, 4, EACCES, "handle lacks the right")                                          \
    X(E_QUOTA, 5, ENOMEM, "account of kernel memory exhausted")                               \
    X(E_KMEM, 6, ENOMEM, "kernel has no memory: give it a block and try again")               \
    X(E_FULL, 7, EMFILE, "table full")                                                        \
    X(E_BUSY, 8, EBUSY, "in use")                                                             \
    X(E_EXISTS, 9, EEXIST, "exists already")                                                  \
    X(E_AGAIN, 10, EAGAIN, "not now, try again")                                              \
    X(E_RANGE, 11, ERANGE, "out of range")                                                    \
    X(E_SIZE, 12, EMSGSIZE, "wrong length")                                                   \
    X(E_NOSYS, 13, ENOSYS, "not implemented")                                                 \
    X(E_FAULT, 14, EFAULT, "bad address")                                                     \
    X(E_TOUCH, 15, EFAULT, "page not present: touch it and call again")                       \
    X(E_ABSENT, 16, EFAULT, "copy ended at an absent page")                                   \
    X(E_TIMEDOUT, 17, ETIMEDOUT, "deadline passed")                                           \
    X(E_CANCELLED, 18, EINTR, "cancelled")                                                    \
    X(E_RESTARTED, 19, EINTR, "server restarted before it answered: call again, same number") \
    X(E_DEAD, 20, EPIPE, "peer is gone")                                                      \
    /* page tables */                                                                         \
    X(E_NOTABLE, 21, EFAULT, "a table is missing on the way")                                 \
    X(E_SHARED, 22, EBUSY, "leaf table is shared: unshare it first")                          \
    X(E_HUGE, 23, EBUSY, "a huge entry stands in the way")                                    \
    /* servers */                                                                             \
    X(E_IO, 32, EIO, "input/output error")                                                    \
    X(E_CORRUPT, 33, EIO, "structure on disk is damaged")                                     \
    X(E_NOENT, 34, ENOENT, "no such file or directory")                                       \
    X(E_NOTDIR, 35, ENOTDIR, "not a directory")                                               \
    X(E_ISDIR, 36, EISDIR, "is a directory")                                                  \
    X(E_ACCES, 37, EACCES, "permission denied")                                               \
    X(E_PERM, 38, EPERM, "operation not permitted")                                           \
    X(E_NOMEM, 39, ENOMEM, "out of memory")                                                   \
    X(E_NOSPC, 40, ENOSPC, "no space left on device")                                         \
    X(E_ROFS, 41, EROFS, "read-only file system")                                             \
    X(E_XDEV, 42, EXDEV, "across file systems")                                               \
    X(E_LOOP, 43, ELOOP, "too many symbolic links")                                           \
    X(E_NAMETOOLONG, 44, ENAMETOOLONG, "name too long")                                       \
    X(E_NOTEMPTY, 45, ENOTEMPTY, "directory not empty")                                       \
    X(E_MFILE, 46, EMFILE, "too many open files")                                             \
    X(E_SPIPE, 47, ESPIPE, "cannot seek")                                                     \
    X(E_PIPE, 48, EPIPE, "broken pipe")                                                       \
    X(E_NOTTY, 49, ENOTTY, "not a terminal")                                                  \
    X(E_NXIO, 50, ENXIO, "no such device or address")                                         \
    X(E_NODEV, 51, ENODEV, "no such device")                                                  \
    X(E_BADF, 52, EBADF, "bad file descriptor")                                               \
    X(E_CHILD, 53, ECHILD, "no child processes")                                              \
    X(E_SRCH, 54, ESRCH, "no such process")                                                   \
    X(E_NOEXEC, 55, ENOEXEC, "not an executable")                                             \
    X(E_2BIG, 56, E2BIG, "argument list too long")                                            \
    X(E_FBIG, 57, EFBIG, "file too large")                                                    \
    X(E_MLINK, 58, EMLINK, "too many links")                                                  \
    X(E_INTR, 59, EINTR, "interrupted")                                                       \
    X(E_TXTBSY, 60, ETXTBSY, "text file busy")                                                \
    X(E_OVERFLOW, 61, EOVERFLOW, "value too large")                                           \
    X(E_NOTSUP, 62, ENOTSUP, "not supported")                                                 \
    X(E_NOLCK, 63, ENOLCK, "no locks available")                                              \
    X(E_DEADLK, 64, EDEADLK, "deadlock avoided")                                              \
    X(E_MEDIUM, 65, ENXIO, "no medium")

enum ouros_error {
    E_OK = 0,
#define X(name, number, posix, text) name = number,
    OUROS_ERRORS(X)
#undef X
};

#endif
