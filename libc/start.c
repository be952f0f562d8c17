/* From the startup block to main: TLS and thread block of the first thread, arguments, environment,
 * descriptors, constructors. Nothing may take a lock or set errno before the thread block stands. */
#include "libc.h"
#include "kernel.h"
#include "tcb.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libipc declares the main of servers, which takes nothing. */
extern int program_main(int argc, char **argv, char **envp) __asm__("main");
extern void __libc_init_array(void);
extern void __libc_fini_array(void);
extern struct _reent *const _global_impure_ptr;

const char *program_name = "";

/* Point at `count` NUL-terminated strings from `offset` on. What does not fit in the block is left out. */
static void strings_point(const struct startup *startup, uint32_t offset, uint32_t count, char **to)
{
    char *at = (char *)startup + offset, *end = (char *)startup + startup->size;
    uint32_t n = 0;
    while (n < count && at < end) {
        size_t length = strnlen(at, (size_t)(end - at));
        if (length == (size_t)(end - at))
            break;
        to[n++] = at;
        at += length + 1;
    }
    to[n] = NULL;
}

static uint32_t strings_length(char **list)
{
    uint32_t n = 0;
    while (list[n])
        n++;
    return n;
}

_Noreturn void __ouros_start(struct startup *startup);
__attribute__((used, no_stack_protector)) _Noreturn void __ouros_start(struct startup *startup)
{
    /* This frame is never left: the first thread's block and its argument vectors live in it. */
    size_t size = tls_block_size();
    struct tcb *self = tls_block_make(__builtin_alloca(size), startup->random[0] & ~0xfful);
    if (kernel_set_fs(self))
        __builtin_trap();
    self->reent = _global_impure_ptr;
    self->stack_low = (char *)startup->stack_low;
    self->stack_size = (size_t)((char *)startup - self->stack_low);
    thread_first(self);

    if (startup->magic != STARTUP_MAGIC)
        __builtin_trap();
    char **argv = __builtin_alloca((startup->argc + 1ul) * sizeof(char *));
    char **envp = __builtin_alloca((startup->envc + 1ul) * sizeof(char *));
    strings_point(startup, startup->argv, startup->argc, argv);
    strings_point(startup, startup->envp, startup->envc, envp);
    environ = envp;
    if (argv[0]) {
        const char *slash = strrchr(argv[0], '/');
        program_name = slash ? slash + 1 : argv[0];
    }
    random_startup(startup->random);
    memory_startup(startup);
    fd_startup(startup);

    atexit(__libc_fini_array);
    __libc_init_array();
    exit(program_main((int)strings_length(argv), argv, envp));
}

/* Called by code compiled with -fstack-protector whose canary was overwritten. */
_Noreturn void __stack_chk_fail(void);
_Noreturn void __stack_chk_fail(void)
{
    static const char text[] = "stack smashing detected\n";
    write(2, text, sizeof text - 1);
    abort();
}
