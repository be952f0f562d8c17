/* The stack protector's canary: a global, seeded by ipc_start, so that a server's threads need no storage of
 * their own. */
#include <ipc/task.h>

uint64_t __stack_chk_guard = 0x4f55524f53004f55ul;

_Noreturn void __stack_chk_fail(void);
_Noreturn void __stack_chk_fail(void)
{
    ipc_panic("stack smashed");
}
