/* What the tests that call the real vfs share: its start, calls, the counting of what it has. Included by one
 * file of a test. */
#ifndef VFS_CLIENT_H
#define VFS_CLIENT_H

#include "check.h"
#include <ipc/host.h>
#include <proto/vfs.h>

int vfs_main(void);

/* A case that returns what went wrong, or NULL. */
#define EXPECT(cond)                                      \
    do {                                                  \
        if (!(cond))                                      \
            return __FILE__ ":" STR(__LINE__) ": " #cond; \
    } while (0)
#define STR(x)  STR2(x)
#define STR2(x) #x

static handle_t admin; /* of the server: a session as proc has it */
static struct ipc_host_call call_with(const void *in, size_t in_len, void *out, size_t out_len)
{
    struct ipc_host_call c = {.m = {.accept = IPC_HANDLES, .flags = in_len || out_len ? IPC_BUFFERS : 0}};
    c.m.buffers = (struct ipc_buffers){(vaddr_t)in, (vaddr_t)out, (uint32_t)in_len, (uint32_t)out_len};
    return c;
}

/* Whether the call has been answered at once. */
static bool begin_call(struct ipc_host_call *c, handle_t s, uint32_t label, const void *request, size_t size)
{
    c->m.label = label;
    if (size)
        memcpy(c->m.words, request, size);
    ipc_host_begin(s, c);
    return c->answered;
}

static int status(const struct ipc_host_call *c)
{
    return c->answered ? c->error ? c->error : (int)c->m.label : -1;
}

/* The server has dealt with the last close. */
static void shut(handle_t h)
{
    sys_handle_close(h);
    ipc_host_settle();
}

static uint64_t id_of(handle_t h)
{
    struct handle_info info = {0};
    return sys_handle_info(h, &info) ? 0 : info.id;
}

/* A call with a path, answered at once. */
static int on_path(handle_t s, uint32_t label, const char *path, uint32_t flags, uint32_t mode,
                   struct ipc_host_call *c)
{
    uint32_t request[2] = {flags, mode};
    *c = call_with(path, strlen(path), NULL, 0);
    begin_call(c, s, label, request, sizeof request);
    return status(c);
}

static int open_path(handle_t s, const char *path, uint32_t flags, handle_t *out)
{
    struct ipc_host_call c;
    int err = on_path(s, vfs_label_open, path, flags, 0644, &c);
    *out = c.m.handle_count ? c.m.handles[0] : HANDLE_NONE;
    return err;
}

static int new_process(uint64_t parent, uint64_t pid, uint32_t uid, handle_t *out)
{
    struct ipc_transfer t = {0};
    int err = vfs_process_create_with(admin, &(struct vfs_process){parent, pid, uid, uid}, NULL, &t);
    *out = t.got_count ? t.got[0] : HANDLE_NONE;
    return err;
}

static inline int transfer(handle_t s, uint32_t label, uint64_t off, void *buf, size_t len, uint64_t *count)
{
    struct ipc_host_call c =
        label == io_label_write ? call_with(buf, len, NULL, 0) : call_with(NULL, 0, buf, len);
    begin_call(&c, s, label, &off, sizeof off);
    *count = c.m.words[0];
    return status(&c);
}

static inline void begin(struct ipc_host_call *c, handle_t s, uint32_t label, void *buf, size_t len)
{
    uint64_t off = IO_AT_CURSOR;
    *c = label == io_label_write ? call_with(buf, len, NULL, 0) : call_with(NULL, 0, buf, len);
    begin_call(c, s, label, &off, sizeof off);
}

static inline int pipe_pair(handle_t s, uint32_t flags, handle_t end[2])
{
    struct ipc_transfer t = {0};
    int err = vfs_pipe_with(s, &(struct vfs_pipe){flags}, NULL, &t);
    end[0] = t.got[0];
    end[1] = t.got[1];
    return err;
}

/* All that the server has of ours and of memory. */
struct counts {
    struct vfs_usage usage;
    uint32_t handles, sessions;
};

static struct counts count_all(void)
{
    struct counts c = {0};
    ipc_host_settle();
    (void)vfs_trim(admin, NULL, &c.usage, 0);
    c.handles = ipc_host_handles();
    c.sessions = ipc_host_sessions();
    return c;
}

static void report(const char *name, const char *why)
{
    if (why)
        printf("not ok %s: %s\n", name, why);
    else
        printf("ok %s\n", name);
    check_failures += why != NULL;
}

static void run_case(const char *name, const char *(*run)(void))
{
    struct counts before = count_all(), after;
    const char *why = run();
    after = count_all();
    if (!why && (after.usage.heap_used != before.usage.heap_used ||
                 after.usage.pages_used != before.usage.pages_used))
        why = "memory is left";
    if (!why && (after.handles != before.handles || after.sessions != before.sessions))
        why = "handles are left";
    report(name, why);
}

static void vfs_start(void)
{
    ipc_host_start(vfs_main);
    admin = ipc_host_session(RIGHT_USE | RIGHT_ADMIN | RIGHT_WRITE);
}

#endif
