/* The block server as it is, in a process of its own, with an image as its RAM disk. */
#ifndef BLK_PROCESS_H
#define BLK_PROCESS_H

#include <ipc/host.h>
#include <ipc/startup_build.h>
#include <ipc/task.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int blk_main(void);

static void blk_child(const void *image, size_t size, const char *path)
{
    static char block[4096] __attribute__((aligned(16)));
    struct startup_handle handle = startup_named("ramdisk", ipc_host_object(image, size));
    uint64_t place[2] = {0, size};
    struct startup_data blob = {"ramdisk", place, sizeof place};
    struct startup_input in = {.handles = &handle, .handle_count = 1, .blobs = &blob, .blob_count = 1};

    if (startup_build(&in, block, sizeof block))
        _exit(1);
    ipc_startup_set((struct startup *)block);
    ipc_host_start(blk_main);
    ipc_host_settle();
    if (ipc_host_listen(path, RIGHT_USE))
        _exit(1);
    for (;;)
        pause();
}

/* A session with it, before this process has threads. It ends with its parent. */
static handle_t blk_process(const void *image, size_t size, const char *path)
{
    handle_t session = HANDLE_NONE;

    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        blk_child(image, size, path);
    }
    for (int i = 0; i < 60000 && !session; i++) {
        session = ipc_host_connect(path);
        if (!session)
            usleep(1000);
    }
    return session;
}

#endif
