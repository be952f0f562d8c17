/* x86_64/message.S knows these offsets. */
#include <ipc/syscall.h>

_Static_assert(offsetof(struct ipc_message, words) == 0, "words");
_Static_assert(offsetof(struct ipc_message, label) == 48 && offsetof(struct ipc_message, seq) == 52, "rsi");
_Static_assert(offsetof(struct ipc_message, badge) == 56, "rdi");
_Static_assert(offsetof(struct ipc_message, in_len) == 64 && offsetof(struct ipc_message, out_len) == 68,
               "r14");
_Static_assert(offsetof(struct ipc_message, thread) == 72 && offsetof(struct ipc_message, rights) == 76,
               "r15");
_Static_assert(offsetof(struct ipc_message, handles) == 80, "rbx, rbp");
_Static_assert(offsetof(struct ipc_message, handle_count) == 96, "rax");
_Static_assert(offsetof(struct ipc_message, deadline) == 112 && offsetof(struct ipc_message, buffers) == 120,
               "in");
