/* The first C function of a server: nothing here has a canary of its own, since it sets the canary. */
#include <ipc/task.h>

extern uint64_t __stack_chk_guard;
extern uint64_t ipc_first_argument;

_Noreturn void ipc_start(uint64_t argument);

__attribute__((optimize("no-stack-protector"))) _Noreturn void ipc_start(uint64_t argument)
{
    const struct startup *block = (const struct startup *)argument;

    ipc_first_argument = argument;
    if (block && block->magic == STARTUP_MAGIC) {
        __stack_chk_guard = block->random[0] & ~0xfful; /* a NUL first: no string writes over it */
        ipc_startup_set(block);
    }
    ipc_exit((uint64_t)main());
}
