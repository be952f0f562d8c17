// sources: @libipc @vfs @blk
/* vfs and blk as they are, each in a process of its own: ext2 on a RAM disk, read by several clients at once
 * through a cache that is too small; files that are mapped, and written back. */
#include "vfs_client.h"
#include "blk_process.h"
#include <ipc/lock.h>
#include <ipc/task.h>
#include <ipc/time.h>
#include <proto/pager.h>
#include "servers/vfs/server/session.h"
#include <pthread.h>

enum { CLIENTS = 6, ROUNDS = 1500, SIZE = 3 << 20, FILES = 64 };

static char folder[] = "/tmp/vfs-disk-XXXXXX";
static uint8_t *content, *image;
static size_t image_size;
static handle_t process, shared;

static uint8_t *load(const char *name, size_t *size)
{
    char path[64];
    FILE *file;
    uint8_t *bytes;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END))
        abort();
    *size = (size_t)ftell(file);
    bytes = malloc(*size);
    rewind(file);
    if (fread(bytes, 1, *size, file) != *size)
        abort();
    fclose(file);
    return bytes;
}

/* A file of random bytes, and a folder of small ones. */
static bool make_image(void)
{
    char command[600];
    size_t size;

    snprintf(
        command, sizeof command,
        "{ cd %s && mkdir -p t/dir t/dev t/tmp && dd if=/dev/urandom of=t/big bs=1k count=%u && for i in "
        "$(seq 0 %u); do echo $i > t/dir/f$i; done && PATH=\"$PATH:/usr/sbin:/sbin\" "
        "mke2fs -q -t ext2 -b 1024 -d t image 8M; } >/dev/null 2>&1",
        folder, SIZE / 1024, FILES - 1);
    if (system(command))
        return false;
    content = load("t/big", &size);
    image = load("image", &image_size);
    return size == SIZE;
}

/* ---- the pager, of which vfs asks how large memory is, and which it serves as a manager ---- */

static struct ipc_lock lock; /* guards what follows */
static struct ipc_condition changed;
static struct pager_request wanted; /* .object != 0: to be handed out */
static bool parked;                 /* vfs waits for a request */
static struct pager_object_create object;
static uint8_t supplied[8 * PAGE_SIZE];
static int64_t supplied_bytes = -1;

static void next_request(struct ipc_message *m)
{
    ipc_lock(&lock);
    parked = true;
    ipc_wake(&changed, UINT32_MAX);
    while (!wanted.object)
        (void)ipc_wait(&changed, &lock, DEADLINE_NEVER);
    memcpy(m->words, &wanted, sizeof wanted);
    wanted.object = 0;
    parked = false;
    ipc_unlock(&lock);
}

static void supply(const struct ipc_message *m)
{
    struct pager_supply in;

    memcpy(&in, m->words, sizeof in);
    ipc_lock(&lock);
    if (in.status == 0 && m->buffers.in_len <= sizeof supplied)
        memcpy(supplied, (void *)m->buffers.in, m->buffers.in_len);
    supplied_bytes = in.status ? 0 : m->buffers.in_len;
    ipc_unlock(&lock);
}

static struct {
    int calls;
    uint32_t status, count;
    uint64_t offsets[8];
} written = {.status = 99};
static uint32_t dirty;     /* so many pages, each second one, are to be taken */
static uint64_t destroyed; /* the object */

static void say_written(const struct ipc_message *m)
{
    struct pager_written in;

    memcpy(&in, m->words, sizeof in);
    written.calls++;
    written.status = in.status;
    written.count = m->buffers.in_len / 8;
    if (written.count <= 8)
        memcpy(written.offsets, (void *)m->buffers.in, m->buffers.in_len);
}

/* Each page is full of its own number. */
static void object_read(struct ipc_message *m)
{
    uint8_t *to = (uint8_t *)m->buffers.out;

    for (uint32_t i = 0; i < m->buffers.out_len; i++)
        to[i] = (uint8_t)((m->words[1] + i) / PAGE_SIZE);
    m->words[0] = m->buffers.out_len;
}

static void take_dirty(struct ipc_message *m)
{
    uint64_t *to = (uint64_t *)m->buffers.out;

    for (uint32_t i = 0; i < dirty; i++)
        to[i] = i * 2 * PAGE_SIZE;
    m->words[0] = dirty;
    dirty = 0;
}

static int pager(struct ipc_host_peer *self, struct ipc_message *m)
{
    uint32_t label = m->label;

    m->label = 0;
    m->handle_count = 0;
    switch (label) {
    case pager_label_manager_ready: break;
    case pager_label_object_create:
        memcpy(&object, m->words, sizeof object);
        m->words[0] = 77;
        m->handles[0] = ipc_host_peer(self, RIGHT_READ | RIGHT_WRITE);
        m->handle_count = 1;
        break;
    case pager_label_next_request: next_request(m); break;
    case pager_label_supply: supply(m); break;
    case pager_label_written: say_written(m); break;
    case pager_label_object_read: object_read(m); break;
    case pager_label_take_dirty: take_dirty(m); break;
    case pager_label_object_destroy: destroyed = m->words[0]; break;
    default: m->label = E_NOSYS;
    }
    return 0;
}

/* Have vfs deal with a request. */
static void ask(struct pager_request request)
{
    ipc_lock(&lock);
    supplied_bytes = -1;
    wanted = request;
    ipc_wake(&changed, UINT32_MAX);
    while (wanted.object || !parked)
        (void)ipc_wait(&changed, &lock, DEADLINE_NEVER);
    ipc_unlock(&lock);
}

/* ---- cases ---- */

static int open_file(const char *path, handle_t *file)
{
    struct vfs_open_reply reply;
    struct ipc_transfer t = {.in = path, .in_len = (uint32_t)strlen(path)};
    int error = vfs_open_with(process, &(struct vfs_open){.flags = IO_O_RDONLY}, &reply, &t);

    *file = t.got_count ? t.got[0] : HANDLE_NONE;
    return error;
}

static int64_t read_at(handle_t file, uint64_t offset, void *to, uint32_t length)
{
    struct io_count count = {0};
    struct ipc_transfer t = {.out = to, .out_len = length};

    return io_read_with(file, &(struct io_read){offset}, &count, &t) ? -1 : (int64_t)count.count;
}

static uint64_t shared_sum;

static bool one_round(uint32_t *random)
{
    uint8_t bytes[20000], more[700];
    char name[32], number[32];
    handle_t file;
    uint32_t n, at;
    int64_t got, length;
    bool right;

    *random = *random * 1664525 + 1013904223;
    n = *random >> 8 & (FILES - 1);
    at = (*random >> 4) % SIZE;
    snprintf(name, sizeof name, "/dir/f%u", n);
    length = snprintf(number, sizeof number, "%u\n", n);
    if (open_file(name, &file))
        return false;
    right = read_at(file, 0, bytes, sizeof bytes) == length && memcmp(bytes, number, (size_t)length) == 0;
    sys_handle_close(file);
    if (!right || open_file("/big", &file))
        return false;
    length = SIZE - at < sizeof bytes ? SIZE - at : sizeof bytes;
    right =
        read_at(file, at, bytes, sizeof bytes) == length && memcmp(bytes, content + at, (size_t)length) == 0;
    sys_handle_close(file);
    got = read_at(shared, IO_AT_CURSOR, more,
                  sizeof more); /* they take turns: nothing twice, nothing left out */
    for (int64_t i = 0; i < got; i++)
        __atomic_add_fetch(&shared_sum, more[i], __ATOMIC_RELAXED);
    return right && got >= 0;
}

static void *client(void *argument)
{
    uint32_t random = (uint32_t)(uintptr_t)argument;
    int i = 0;

    while (i < ROUNDS && one_round(&random))
        i++;
    return (void *)(uintptr_t)(i < ROUNDS);
}

static const char *readers(void)
{
    pthread_t threads[CLIENTS];
    struct io_offset end = {0};
    uint64_t sum = 0;
    bool failed = false;

    EXPECT(open_file("/big", &shared) == 0);
    ipc_host_absent(50); /* each fiftieth copy is tried again */
    for (uintptr_t i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], NULL, client, (void *)(i + 1));
    for (int i = 0; i < CLIENTS; i++) {
        void *its;

        pthread_join(threads[i], &its);
        failed |= its != NULL;
    }
    ipc_host_absent(0);
    EXPECT(!failed);
    EXPECT(io_seek(shared, &(struct io_seek){0, 1}, &end, 0) == 0);
    EXPECT(end.offset == (CLIENTS * ROUNDS * 700 < SIZE ? CLIENTS * ROUNDS * 700 : SIZE));
    for (uint64_t i = 0; i < end.offset; i++)
        sum += content[i];
    EXPECT(sum == shared_sum);
    shut(shared);
    return NULL;
}

static const char *mapped(void)
{
    handle_t file;
    struct ipc_transfer t = {0}, again = {0};
    struct io_size size = {0};

    EXPECT(open_file("/big", &file) == 0);
    EXPECT(io_map_with(file, NULL, &size, &t) == 0 && t.got_count == 1 && size.size == SIZE);
    EXPECT(object.size == SIZE && !object.lent);
    EXPECT(io_map_with(file, NULL, &size, &again) == 0 && id_of(again.got[0]) == id_of(t.got[0]));
    ask((struct pager_request){
        .kind = PAGER_PAGE_IN, .object = 77, .tag = object.tag, .offset = 5 * PAGE_SIZE, .pages = 3});
    EXPECT(supplied_bytes == 3 * PAGE_SIZE && !memcmp(supplied, content + 5 * PAGE_SIZE, 3 * PAGE_SIZE));
    ask((struct pager_request){.kind = PAGER_PAGE_IN, .object = 78, .tag = object.tag, .pages = 1});
    EXPECT(supplied_bytes == 0); /* no such object: an error, and no page */
    sys_handle_close(again.got[0]);
    sys_handle_close(t.got[0]);
    shut(file);
    EXPECT(vfs_trim(admin, NULL, NULL, 0) == 0);
    ask((struct pager_request){.kind = PAGER_UNUSED, .object = 77, .tag = object.tag});
    return NULL;
}

/* ---- a file system that can write pages: ext2 with the test's own operation ---- */

static struct fs_ops ops;
static const struct fs_ops *ops_before;
static uint8_t on_disk[SIZE];
static int disk_error;

static int write_pages(struct inode *file, uint64_t off, const void *pages, size_t len)
{
    if (off > file->size || len > file->size - off)
        return E_INVAL;
    if (!disk_error)
        memcpy(on_disk + off, pages, len);
    return disk_error;
}

static bool with_operation(bool there)
{
    struct place at;

    core_enter();
    int error = name_find(system_context(), (struct path){.text = "/big", .len = 4}, WALK_FOLLOW, &at);
    if (!error) {
        ops_before = there ? at.ino->ops : ops_before;
        ops = *ops_before;
        ops.write_pages = write_pages;
        at.ino->ops = there ? &ops : ops_before;
        place_put(&at);
    }
    core_leave();
    return !error;
}

static const char *written_back(void)
{
    handle_t file;
    struct ipc_transfer t = {0};
    struct io_size size = {0};
    struct pager_request back = {.kind = PAGER_WRITE_BACK, .object = 77, .offset = 3 * PAGE_SIZE, .pages = 2};

    EXPECT(open_file("/big", &file) == 0 && io_map_with(file, NULL, &size, &t) == 0);
    back.tag = object.tag;
    ask(back); /* ext2 cannot write: it says so */
    EXPECT(written.calls == 1 && written.status == E_ROFS && written.count == 2);
    EXPECT(written.offsets[0] == 3 * PAGE_SIZE && written.offsets[1] == 4 * PAGE_SIZE);
    EXPECT(io_sync(file, NULL, NULL, 0) == E_ROFS && io_sync(file, NULL, NULL, 0) == 0); /* said once */
    sys_handle_close(t.got[0]);
    EXPECT(vfs_trim(admin, NULL, NULL, 0) == 0);
    ask((struct pager_request){.kind = PAGER_UNUSED, .object = 77, .tag = object.tag, .pages = 2});
    EXPECT(destroyed == 77); /* what cannot be written is given up, and the log says so */

    t = (struct ipc_transfer){0};
    EXPECT(with_operation(true) && io_map_with(file, NULL, &size, &t) == 0);
    back.tag = object.tag;
    ask(back);
    EXPECT(written.calls == 2 && written.status == 0 && on_disk[3 * PAGE_SIZE] == 3 &&
           on_disk[5 * PAGE_SIZE - 1] == 4);
    EXPECT(on_disk[2 * PAGE_SIZE] == 0 && on_disk[5 * PAGE_SIZE] == 0);
    back.object = 78; /* not of this file */
    ask(back);
    EXPECT(written.calls == 3 && written.status == E_IO);
    dirty = 4;
    EXPECT(io_sync(file, NULL, NULL, 0) == 0 && written.calls == 7 && written.status == 0 &&
           on_disk[6 * PAGE_SIZE] == 6);
    disk_error = E_IO;
    back.object = 77;
    ask(back);
    EXPECT(written.status == E_IO);
    disk_error = 0;
    EXPECT(io_sync(file, NULL, NULL, 0) == E_IO && io_sync(file, NULL, NULL, 0) == 0); /* said once */
    back.offset = (SIZE / PAGE_SIZE - 1) * PAGE_SIZE; /* the end of the file is the end of what is written */
    ask(back);
    EXPECT(written.status == 0 && on_disk[SIZE - 1] == (uint8_t)((SIZE - 1) / PAGE_SIZE));
    sys_handle_close(t.got[0]);
    EXPECT(vfs_trim(admin, NULL, NULL, 0) == 0);
    destroyed = 0;
    ask((struct pager_request){.kind = PAGER_UNUSED, .object = 77, .tag = object.tag});
    EXPECT(destroyed == 0 && with_operation(false));
    shut(file);
    return NULL;
}

static const char *read_only(void)
{
    struct ipc_host_call c;
    handle_t file;

    EXPECT(on_path(process, vfs_label_mkdir, "/new", 0, 0755, &c) == E_ROFS);
    EXPECT(open_path(process, "/big", IO_O_RDWR, &file) == E_ROFS);
    EXPECT(open_path(process, "/tmp/new", IO_O_RDWR | IO_O_CREAT, &file) == 0);
    shut(file);
    EXPECT(on_path(process, vfs_label_unlink, "/tmp/new", 0, 0, &c) == 0);
    return NULL;
}

static handle_t startup_block(handle_t blk, handle_t manager)
{
    static char block[4096] __attribute__((aligned(16)));
    struct startup_handle handles[] = {startup_named("blk", blk), startup_named("pager.manager", manager)};
    struct startup_input in = {.handles = handles, .handle_count = 2};

    if (startup_build(&in, block, sizeof block))
        abort();
    ipc_startup_set((struct startup *)block);
    return blk;
}

int main(void)
{
    struct ipc_host_peer below = {pager, 0};
    handle_t file;
    char command[80], path[64];

    if (!mkdtemp(folder) || !make_image())
        return 1;
    snprintf(path, sizeof path, "%s/blk", folder);
    handle_t blk = blk_process(image, image_size, path);
    if (!startup_block(blk, ipc_host_peer(&below, RIGHT_WRITE)))
        return 1;
    vfs_start();
    if (new_process(0, 7, 0, &process))
        return 1;
    if (open_file("/big", &file)) /* the first that the process opens: what counts its files stays with it */
        return 1;
    shut(file);
    run_case("read_only", read_only);
    run_case("readers", readers);
    run_case("mapped", mapped);
    run_case("written_back", written_back);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) || check_failures;
}
