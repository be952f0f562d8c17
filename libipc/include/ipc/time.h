/* Time of the monotonic clock, read from the kernel's page without a system call. Nanoseconds everywhere. */
#ifndef IPC_TIME_H
#define IPC_TIME_H

#include <ouros/time.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

/* Nanoseconds since boot. */
uint64_t ipc_now(void);

/* Nanoseconds since 1970. */
uint64_t ipc_wall_now(void);

/* Absolute deadlines so long from now. */
#define IPC_US(n) (ipc_now() + (uint64_t)(n)*NS_PER_US)
#define IPC_MS(n) (ipc_now() + (uint64_t)(n)*NS_PER_MS)

/* Sleep until an absolute time; an earlier end (a cancel) is possible. */
void ipc_sleep_until(uint64_t deadline);

#endif
