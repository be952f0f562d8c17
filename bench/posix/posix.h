/* The POSIX rows: what main.c gives to the files of rows, and those to it. */
#ifndef BENCH_POSIX_H
#define BENCH_POSIX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE 4096ul
#define MIB  (1024ul * 1024)

extern const char *file_name; /* 20 MiB, not read since boot */
extern const char *directory; /* on a disk, for files to be created in */

/// One tick is one instruction of the guest, under QEMU's -icount shift=0.
uint64_t ticks(void);
/// Ticks without those in which the machine waited. Elsewhere than on Ouros: ns of this process's processor time.
uint64_t busy_ticks(void);
/// The row fails, and says why, with errno; later rounds are not tried. Gives 0.
uint64_t row_fails(const char *why);
/// Whether a round of the present row has failed.
int row_failed(void);
/// A child's exit status; -1 when it ended otherwise, or is none.
int wait_for(pid_t pid);
/// Zeroed private memory, or NULL.
unsigned char *anonymous(size_t size);

/* Rows: the ticks that `count` operations take, each of them checked. */
typedef uint64_t row_function(unsigned count);
row_function anon_touch_page, anon_fault_isolated, cow_fault, cow_fault_shared, cow_fault_shared_4k;
row_function mmap_munmap_1;
row_function forks, fork_exit_wait_64MiB, spawn_wait, signal_self, pipe_rtt_1B, get_parent;
row_function thread_create_join, mutex_uncontended, cond_rtt;
row_function read_MiB_uncached, read_MiB_cached, pread_4KiB_cached, open_close, stat_file;
row_function create_disk, unlink_disk, create_tmp, unlink_tmp;

#endif
