/* More memory for the kernel, from the pager, on behalf of a call that found none. */
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <proto/pager.h>

enum { TRIES = 4 };

/* By hand and not by the protocol's client: that one ends here when it lacks memory itself. */
bool ipc_feed_kernel(uint32_t *tries)
{
    uint64_t words[IPC_WORDS] = {0};
    uint32_t label = pager_label_kernel_memory;

    if (++*tries > TRIES)
        return false;
    return sys_call_words(HANDLE_FIRST(SLOT_PAGER), &label, 0, words, 0, 0) == 0 && label == 0;
}
