#include <ipc/startup_build.h>
#include <ipc/string.h>
#include <ouros/error.h>

static uint64_t round_up(uint64_t n)
{
    return (n + 15) & ~15ul;
}

size_t startup_size(const struct startup_input *in)
{
    uint64_t size = round_up(sizeof(struct startup));

    size += round_up((uint64_t)in->handle_count * sizeof(struct startup_handle));
    size += round_up((uint64_t)in->fd_count * sizeof(struct startup_fd));
    size += round_up((uint64_t)in->blob_count * sizeof(struct startup_blob));
    for (uint32_t i = 0; i < in->blob_count; i++)
        size += round_up(in->blobs[i].length);
    size += round_up(in->arg_bytes) + round_up(in->env_bytes);
    return size <= STARTUP_MAX ? size : SIZE_MAX;
}

/* Exactly `count` strings, the last one ended by the last byte. */
static bool strings_are(const char *text, uint32_t bytes, uint32_t count)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < bytes; i++)
        found += text[i] == 0;
    return found == count && (bytes == 0 || text[bytes - 1] == 0);
}

/* Append bytes at *end, which stays aligned. Returns their offset. */
static uint32_t append(char *block, uint32_t *end, const void *data, size_t length)
{
    uint32_t offset = *end;

    if (length)
        memcpy(block + offset, data, length);
    *end += (uint32_t)round_up(length);
    return offset;
}

static void append_blobs(const struct startup_input *in, char *block, struct startup *s, uint32_t *end)
{
    struct startup_blob *blobs = (struct startup_blob *)(block + *end);

    s->blob_count = in->blob_count;
    s->blobs = *end;
    *end += (uint32_t)round_up(in->blob_count * sizeof *blobs);
    for (uint32_t i = 0; i < in->blob_count; i++) {
        ipc_strcpy(blobs[i].name, in->blobs[i].name, STARTUP_NAME);
        blobs[i].length = in->blobs[i].length;
        blobs[i].offset = append(block, end, in->blobs[i].data, in->blobs[i].length);
    }
}

int startup_build(const struct startup_input *in, void *to, size_t capacity)
{
    size_t size = startup_size(in);
    uint32_t end = (uint32_t)round_up(sizeof(struct startup));
    struct startup s = {.magic = STARTUP_MAGIC,
                        .size = (uint32_t)size,
                        .argc = in->argc,
                        .envc = in->envc,
                        .handle_count = in->handle_count,
                        .fd_count = in->fd_count,
                        .random = {in->random[0], in->random[1]},
                        .image_start = in->image_start,
                        .image_end = in->image_end,
                        .stack_low = in->stack_low};

    if (size > capacity)
        return E_2BIG;
    if (!strings_are(in->args, in->arg_bytes, in->argc) || !strings_are(in->env, in->env_bytes, in->envc))
        return E_INVAL;
    memset(to, 0, size);
    s.handles = append(to, &end, in->handles, in->handle_count * sizeof *in->handles);
    s.fds = append(to, &end, in->fds, in->fd_count * sizeof *in->fds);
    append_blobs(in, to, &s, &end);
    s.argv = append(to, &end, in->args, in->arg_bytes);
    s.envp = append(to, &end, in->env, in->env_bytes);
    memcpy(to, &s, sizeof s);
    return 0;
}

struct startup_handle startup_named(const char *name, handle_t handle)
{
    struct startup_handle entry = {.handle = handle};

    ipc_strcpy(entry.name, name, sizeof entry.name);
    return entry;
}
