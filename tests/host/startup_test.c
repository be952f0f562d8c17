// sources: libipc/startup_build.c libipc/strcpy.c
/* Startup blocks: what goes in comes out at the offsets, and nothing is written beyond the block. */
#include "check.h"
#include <ipc/startup_build.h>
#include <ouros/error.h>

static const char args[] = "sh\0-c\0echo", env[] = "PATH=/bin\0HOME=/";

static struct startup_input input(void)
{
    static struct startup_handle handles[3];
    static const struct startup_fd fds[] = {{0, 2, 0x10010}, {7, 1u << 31, 0x10011}};
    static const struct startup_data blobs[] = {{"pci.config", "0123456789", 10}, {"none", 0, 0}};

    handles[0] = startup_named("pager", 0x10004);
    handles[1] = startup_named("io.serial", 0x10010);
    handles[2] = startup_named("a name that is much too long for it", 1);
    return (struct startup_input){
        .args = args,
        .env = env,
        .arg_bytes = sizeof args,
        .env_bytes = sizeof env,
        .argc = 3,
        .envc = 2,
        .handles = handles,
        .handle_count = 3,
        .fds = fds,
        .fd_count = 2,
        .blobs = blobs,
        .blob_count = 2,
        .random = {1, 2},
        .image_start = 0x400000,
        .image_end = 0x500000,
        .stack_low = 0x7000,
    };
}

static void builds(void)
{
    struct startup_input in = input();
    size_t size = startup_size(&in);
    char *block = aligned_alloc(16, size);
    struct startup *s = (struct startup *)block;
    struct startup_handle *h;
    struct startup_blob *b;

    CHECK(startup_build(&in, block, size) == 0);
    CHECK(s->magic == STARTUP_MAGIC && s->size == size && size % 16 == 0);
    CHECK(s->argc == 3 && memcmp(block + s->argv, args, sizeof args) == 0);
    CHECK(s->envc == 2 && memcmp(block + s->envp, env, sizeof env) == 0);
    h = (struct startup_handle *)(block + s->handles);
    CHECK(s->handle_count == 3 && strcmp(h[1].name, "io.serial") == 0 && h[1].handle == 0x10010);
    CHECK(strlen(h[2].name) == STARTUP_NAME - 1);
    b = (struct startup_blob *)(block + s->blobs);
    CHECK(s->blob_count == 2 && strcmp(b[0].name, "pci.config") == 0 && b[0].length == 10);
    CHECK(memcmp(block + b[0].offset, "0123456789", 10) == 0 && b[1].length == 0);
    CHECK(((struct startup_fd *)(block + s->fds))[1].fd == 7 && s->stack_low == 0x7000 && s->random[1] == 2);
    free(block);
}

static void too_small(void)
{
    struct startup_input in = input();
    size_t size = startup_size(&in);
    char *block = aligned_alloc(16, size);

    CHECK(startup_build(&in, block, size - 1) == E_2BIG);
    free(block);
}

static void too_large(void)
{
    struct startup_input in = input();
    char *big = calloc(1, STARTUP_MAX);

    in.args = big;
    in.arg_bytes = in.argc = STARTUP_MAX;
    CHECK(startup_size(&in) == SIZE_MAX);
    CHECK(startup_build(&in, big, STARTUP_MAX) == E_2BIG);
    in.arg_bytes = UINT32_MAX;
    in.env_bytes = UINT32_MAX;
    in.handle_count = UINT32_MAX;
    CHECK(startup_size(&in) == SIZE_MAX);
    free(big);
}

static void wrong_counts(void)
{
    struct startup_input in = input();
    static _Alignas(16) char block[4096];

    in.argc = 2;
    CHECK(startup_build(&in, block, sizeof block) == E_INVAL);
    in.argc = 4;
    CHECK(startup_build(&in, block, sizeof block) == E_INVAL);
    in = input();
    in.arg_bytes--;
    in.argc = 2;
    CHECK(startup_build(&in, block, sizeof block) == E_INVAL);
    in.arg_bytes = in.argc = 0;
    CHECK(startup_build(&in, block, sizeof block) == 0);
}

int main(void)
{
    RUN(builds);
    RUN(too_small);
    RUN(too_large);
    RUN(wrong_counts);
    CHECK_END();
}
