/* edu: QEMU's device for teaching computes factorials. */
#ifndef PROTO_EDU_H
#define PROTO_EDU_H

#include <ipc/protocol.h>

#define EDU_MOST 12 /* what fits into the device's 32 bits */

struct edu_number {
    uint32_t n;
};
struct edu_result {
    uint32_t factorial;
};
struct edu_count {
    uint64_t done; /* factorials since the machine was started, whoever computed them */
};

#define EDU_PROTOCOL(OP)                                                              \
    OP(1, factorial, struct edu_number, struct edu_result, RIGHT_USE, EFFECT | PARKS) \
    OP(2, count, struct ipc_none, struct edu_count, RIGHT_USE, IDEMPOTENT)

/* factorial: E_RANGE beyond EDU_MOST, E_AGAIN while too many wait, E_NODEV, E_TIMEDOUT if the device is
 * silent. */
IPC_PROTOCOL(edu, EDU_PROTOCOL)

#endif
