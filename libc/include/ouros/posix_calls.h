/* The calls of POSIX that `trace` shows: CALL(name, result, how, arguments...), in the order that a record counts them in.
 * What the words mean stands in posix_trace.h. The definitions are in libc/ and libpthread/; a line here is all that a
 * call needs to be traced (build/libc.mk), if its arguments are at most six and none of them a float.
 *
 * Not here: what only computes, locks and conditions (too many to be useful), and what answers ENOSYS. */
#ifndef OUROS_POSIX_CALLS_H
#define OUROS_POSIX_CALLS_H

#define POSIX_CALLS(CALL)                                                                 \
    /* files */                                                                           \
    CALL(open, NUMBER, PLAIN, PATH, OPEN_FLAGS, CREATE_MODE)                              \
    CALL(openat, NUMBER, PLAIN, DIRECTORY, PATH, OPEN_FLAGS, CREATE_MODE)                 \
    CALL(close, NUMBER, PLAIN, INT)                                                       \
    CALL(read, COUNT, BLOCKS, INT, BUFFER_OUT, SIZE)                                      \
    CALL(write, COUNT, BLOCKS, INT, BUFFER_IN, SIZE)                                      \
    CALL(pread, COUNT, BLOCKS, INT, BUFFER_OUT, SIZE, LONG)                               \
    CALL(pwrite, COUNT, BLOCKS, INT, BUFFER_IN, SIZE, LONG)                               \
    CALL(readv, COUNT, BLOCKS, INT, POINTER, INT)                                         \
    CALL(writev, COUNT, BLOCKS, INT, POINTER, INT)                                        \
    CALL(lseek, COUNT, PLAIN, INT, LONG, WHENCE)                                          \
    CALL(dup, NUMBER, PLAIN, INT)                                                         \
    CALL(dup2, NUMBER, PLAIN, INT, INT)                                                   \
    CALL(dup3, NUMBER, PLAIN, INT, INT, OPEN_FLAGS)                                       \
    CALL(fcntl, NUMBER, PLAIN, INT, FCNTL, HEX)                                           \
    CALL(ioctl, NUMBER, PLAIN, INT, HEX, POINTER)                                         \
    CALL(pipe, NUMBER, PLAIN, PIPE_OUT)                                                   \
    CALL(pipe2, NUMBER, PLAIN, PIPE_OUT, OPEN_FLAGS)                                      \
    CALL(poll, NUMBER, BLOCKS, POLL, SIZE, INT)                                           \
    CALL(select, NUMBER, BLOCKS, INT, POINTER, POINTER, POINTER, POINTER)                 \
    CALL(pselect, NUMBER, BLOCKS, INT, POINTER, POINTER, POINTER, TIME_IN, POINTER)       \
    CALL(ftruncate, NUMBER, PLAIN, INT, LONG)                                             \
    CALL(truncate, NUMBER, PLAIN, PATH, LONG)                                             \
    CALL(fsync, NUMBER, BLOCKS, INT)                                                      \
    CALL(fdatasync, NUMBER, BLOCKS, INT)                                                  \
    CALL(sync, NOTHING, BLOCKS)                                                           \
    CALL(stat, NUMBER, PLAIN, PATH, STAT_OUT)                                             \
    CALL(lstat, NUMBER, PLAIN, PATH, STAT_OUT)                                            \
    CALL(fstat, NUMBER, PLAIN, INT, STAT_OUT)                                             \
    CALL(fstatat, NUMBER, PLAIN, DIRECTORY, PATH, STAT_OUT, HEX)                          \
    CALL(statvfs, NUMBER, PLAIN, PATH, POINTER)                                           \
    CALL(fstatvfs, NUMBER, PLAIN, INT, POINTER)                                           \
    CALL(access, NUMBER, PLAIN, PATH, ACCESS)                                             \
    CALL(faccessat, NUMBER, PLAIN, DIRECTORY, PATH, ACCESS, HEX)                          \
    CALL(chmod, NUMBER, PLAIN, PATH, MODE)                                                \
    CALL(fchmod, NUMBER, PLAIN, INT, MODE)                                                \
    CALL(fchmodat, NUMBER, PLAIN, DIRECTORY, PATH, MODE, HEX)                             \
    CALL(chown, NUMBER, PLAIN, PATH, INT, INT)                                            \
    CALL(lchown, NUMBER, PLAIN, PATH, INT, INT)                                           \
    CALL(fchown, NUMBER, PLAIN, INT, INT, INT)                                            \
    CALL(fchownat, NUMBER, PLAIN, DIRECTORY, PATH, INT, INT, HEX)                         \
    CALL(utime, NUMBER, PLAIN, PATH, POINTER)                                             \
    CALL(utimes, NUMBER, PLAIN, PATH, POINTER)                                            \
    CALL(utimensat, NUMBER, PLAIN, DIRECTORY, PATH, POINTER, HEX)                         \
    CALL(futimens, NUMBER, PLAIN, INT, POINTER)                                           \
    CALL(umask, OCTAL, PLAIN, MODE)                                                       \
    CALL(mkdir, NUMBER, PLAIN, PATH, MODE)                                                \
    CALL(mkdirat, NUMBER, PLAIN, DIRECTORY, PATH, MODE)                                   \
    CALL(rmdir, NUMBER, PLAIN, PATH)                                                      \
    CALL(unlink, NUMBER, PLAIN, PATH)                                                     \
    CALL(unlinkat, NUMBER, PLAIN, DIRECTORY, PATH, HEX)                                   \
    CALL(link, NUMBER, PLAIN, PATH, PATH)                                                 \
    CALL(linkat, NUMBER, PLAIN, DIRECTORY, PATH, DIRECTORY, PATH, HEX)                    \
    CALL(symlink, NUMBER, PLAIN, PATH, PATH)                                              \
    CALL(symlinkat, NUMBER, PLAIN, PATH, DIRECTORY, PATH)                                 \
    CALL(readlink, COUNT, PLAIN, PATH, BUFFER_OUT, SIZE)                                  \
    CALL(readlinkat, COUNT, PLAIN, DIRECTORY, PATH, BUFFER_OUT, SIZE)                     \
    CALL(rename, NUMBER, PLAIN, PATH, PATH)                                               \
    CALL(renameat, NUMBER, PLAIN, DIRECTORY, PATH, DIRECTORY, PATH)                       \
    CALL(chdir, NUMBER, PLAIN, PATH)                                                      \
    CALL(fchdir, NUMBER, PLAIN, INT)                                                      \
    CALL(getcwd, ADDRESS, PLAIN, STRING_OUT, SIZE)                                        \
    CALL(opendir, ADDRESS, PLAIN, PATH)                                                   \
    CALL(fdopendir, ADDRESS, PLAIN, INT)                                                  \
    CALL(readdir, ADDRESS, PLAIN, POINTER)                                                \
    CALL(closedir, NUMBER, PLAIN, POINTER)                                                \
    CALL(shm_open, NUMBER, PLAIN, PATH, OPEN_FLAGS, MODE)                                 \
    CALL(shm_unlink, NUMBER, PLAIN, PATH)                                                 \
    /* terminals */                                                                       \
    CALL(isatty, TRUTH, PLAIN, INT)                                                       \
    CALL(tcgetattr, NUMBER, PLAIN, INT, POINTER)                                          \
    CALL(tcsetattr, NUMBER, BLOCKS, INT, INT, POINTER)                                    \
    CALL(tcdrain, NUMBER, BLOCKS, INT)                                                    \
    CALL(tcflush, NUMBER, PLAIN, INT, INT)                                                \
    CALL(tcgetpgrp, NUMBER, PLAIN, INT)                                                   \
    CALL(tcsetpgrp, NUMBER, PLAIN, INT, INT)                                              \
    /* processes */                                                                       \
    CALL(fork, NUMBER, FORKS)                                                             \
    CALL(vfork, NUMBER, FORKS)                                                            \
    CALL(execve, NUMBER, REPLACES, PATH, STRINGS, POINTER)                                \
    CALL(posix_spawn, STATUS, BLOCKS, PID_OUT, PATH, POINTER, POINTER, STRINGS, POINTER)  \
    CALL(posix_spawnp, STATUS, BLOCKS, PID_OUT, PATH, POINTER, POINTER, STRINGS, POINTER) \
    CALL(popen, ADDRESS, PLAIN, PATH, PATH)                                               \
    CALL(pclose, NUMBER, BLOCKS, POINTER)                                                 \
    CALL(_system, NUMBER, BLOCKS, PATH)                                                   \
    CALL(wait, NUMBER, BLOCKS, STATUS_OUT)                                                \
    CALL(waitpid, NUMBER, BLOCKS, INT, STATUS_OUT, WAIT)                                  \
    CALL(wait3, NUMBER, BLOCKS, STATUS_OUT, WAIT, POINTER)                                \
    CALL(wait4, NUMBER, BLOCKS, INT, STATUS_OUT, WAIT, POINTER)                           \
    CALL(_exit, NOTHING, ENDS, INT)                                                       \
    CALL(abort, NOTHING, ENDS)                                                            \
    CALL(getpid, NUMBER, PLAIN)                                                           \
    CALL(getppid, NUMBER, PLAIN)                                                          \
    CALL(getpgrp, NUMBER, PLAIN)                                                          \
    CALL(setpgid, NUMBER, PLAIN, INT, INT)                                                \
    CALL(setsid, NUMBER, PLAIN)                                                           \
    CALL(getuid, NUMBER, PLAIN)                                                           \
    CALL(geteuid, NUMBER, PLAIN)                                                          \
    CALL(getgid, NUMBER, PLAIN)                                                           \
    CALL(getegid, NUMBER, PLAIN)                                                          \
    CALL(setuid, NUMBER, PLAIN, INT)                                                      \
    CALL(setgid, NUMBER, PLAIN, INT)                                                      \
    CALL(getrusage, NUMBER, PLAIN, INT, POINTER)                                          \
    CALL(getrlimit, NUMBER, PLAIN, INT, POINTER)                                          \
    CALL(setrlimit, NUMBER, PLAIN, INT, POINTER)                                          \
    CALL(times, COUNT, PLAIN, POINTER)                                                    \
    CALL(uname, NUMBER, PLAIN, POINTER)                                                   \
    CALL(getentropy, NUMBER, PLAIN, POINTER, SIZE)                                        \
    /* signals */                                                                         \
    CALL(kill, NUMBER, PLAIN, INT, SIGNAL)                                                \
    CALL(killpg, NUMBER, PLAIN, INT, SIGNAL)                                              \
    CALL(raise, NUMBER, PLAIN, SIGNAL)                                                    \
    CALL(signal, ADDRESS, PLAIN, SIGNAL, HANDLER)                                         \
    CALL(sigaction, NUMBER, PLAIN, SIGNAL, POINTER, POINTER)                              \
    CALL(sigprocmask, NUMBER, PLAIN, SIGNAL_HOW, POINTER, POINTER)                        \
    CALL(pthread_sigmask, STATUS, PLAIN, SIGNAL_HOW, POINTER, POINTER)                    \
    CALL(sigpending, NUMBER, PLAIN, POINTER)                                              \
    CALL(pthread_kill, STATUS, PLAIN, POINTER, SIGNAL)                                    \
    /* memory */                                                                          \
    CALL(mmap, ADDRESS, PLAIN, POINTER, SIZE, PROTECTION, MAP_FLAGS, INT, HEX)            \
    CALL(munmap, NUMBER, PLAIN, POINTER, SIZE)                                            \
    CALL(mprotect, NUMBER, PLAIN, POINTER, SIZE, PROTECTION)                              \
    CALL(mremap, ADDRESS, PLAIN, POINTER, SIZE, SIZE, HEX)                                \
    CALL(msync, NUMBER, BLOCKS, POINTER, SIZE, HEX)                                       \
    CALL(madvise, NUMBER, PLAIN, POINTER, SIZE, INT)                                      \
    CALL(mincore, NUMBER, PLAIN, POINTER, SIZE, POINTER)                                  \
    CALL(mlock, NUMBER, PLAIN, POINTER, SIZE)                                             \
    CALL(munlock, NUMBER, PLAIN, POINTER, SIZE)                                           \
    CALL(mlockall, NUMBER, PLAIN, HEX)                                                    \
    CALL(munlockall, NUMBER, PLAIN)                                                       \
    CALL(brk, NUMBER, PLAIN, POINTER)                                                     \
    CALL(sbrk, ADDRESS, PLAIN, LONG)                                                      \
    /* time */                                                                            \
    CALL(clock_gettime, NUMBER, PLAIN, CLOCK, TIME_OUT)                                   \
    CALL(clock_getres, NUMBER, PLAIN, CLOCK, TIME_OUT)                                    \
    CALL(gettimeofday, NUMBER, PLAIN, POINTER, POINTER)                                   \
    CALL(nanosleep, NUMBER, BLOCKS, TIME_IN, POINTER)                                     \
    CALL(clock_nanosleep, STATUS, BLOCKS, CLOCK, INT, TIME_IN, POINTER)                   \
    /* threads */                                                                         \
    CALL(pthread_create, STATUS, PLAIN, WORD_OUT, POINTER, POINTER, POINTER)              \
    CALL(pthread_join, STATUS, BLOCKS, POINTER, POINTER)                                  \
    CALL(pthread_detach, STATUS, PLAIN, POINTER)                                          \
    CALL(pthread_exit, NOTHING, ENDS, POINTER)                                            \
    CALL(sched_yield, NUMBER, PLAIN)                                                      \
    CALL(sem_wait, NUMBER, BLOCKS, POINTER)                                               \
    CALL(sem_timedwait, NUMBER, BLOCKS, POINTER, TIME_IN)                                 \
    CALL(sem_post, NUMBER, PLAIN, POINTER)

#endif
