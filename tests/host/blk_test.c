// sources: @libipc @blk
/* The server of block devices as it is, on the host, with a RAM disk that has two partitions: through its
 * protocol, by several clients, and by its next instance. */
#include "check.h"
#include <ipc/host.h>
#include <proto/blk.h>
#include <ipc/task.h>
#include <ipc/startup_build.h>
#include <pthread.h>

int blk_main(void);

enum { SECTORS = 2048, FIRST = 64, SIZE = 512 };

static handle_t blk;
static char block[4096] __attribute__((aligned(16)));

/* Sector n is filled with n; two entries in the table of an MBR. */
static void make_disk(void)
{
    static uint8_t image[SECTORS][BLK_SECTOR];
    struct startup_handle handle;
    uint64_t place[2] = {0, sizeof image};
    struct startup_data blob = {"ramdisk", place, sizeof place};
    struct startup_input in = {.handles = &handle, .handle_count = 1, .blobs = &blob, .blob_count = 1};

    for (uint32_t i = 0; i < SECTORS; i++)
        memset(image[i], (int)i, BLK_SECTOR);
    memset(image[0], 0, BLK_SECTOR);
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t *entry = image[0] + 446 + 16 * i;
        uint32_t start = FIRST + i * SIZE, count = SIZE;

        entry[4] = 0x83;
        memcpy(entry + 8, &start, 4);
        memcpy(entry + 12, &count, 4);
    }
    image[0][510] = 0x55;
    image[0][511] = 0xaa;
    handle = startup_named("ramdisk", ipc_host_object(image, sizeof image));
    if (startup_build(&in, block, sizeof block))
        abort();
    ipc_startup_set((struct startup *)block);
}

static handle_t open_device(const char *name, uint32_t rights_missing)
{
    struct blk_info info = {0};

    for (uint32_t i = 0; blk_list(blk, &(struct blk_index){i}, &info, 0) == 0; i++)
        if (strcmp(info.name, name) == 0) {
            struct ipc_transfer t = {0};
            handle_t less = 0;

            if (blk_open_with(blk, &(struct blk_index){i}, &info, &t) || t.got_count != 1)
                return 0;
            if (!rights_missing)
                return t.got[0];
            sys_handle_copy(t.got[0], (RIGHT_CALL | RIGHT_USE | RIGHT_READ | RIGHT_WRITE) & ~rights_missing,
                            0, 0, &less);
            sys_handle_close(t.got[0]);
            return less;
        }
    return 0;
}

static int move(handle_t device, bool write, uint64_t sector, uint32_t count, void *bytes, uint32_t length)
{
    struct ipc_transfer t = {0};
    struct blk_range range = {sector, count};

    if (write) {
        t.in = bytes;
        t.in_len = length;
        return blk_write_with(device, &range, 0, &t);
    }
    t.out = bytes;
    t.out_len = length;
    return blk_read_with(device, &range, 0, &t);
}

static void lists_devices(void)
{
    struct blk_info info = {0};

    CHECK(blk_list(blk, &(struct blk_index){0}, &info, 0) == 0);
    CHECK(strcmp(info.name, "ram0") == 0 && info.sectors == SECTORS && info.flags == BLK_RAM);
    CHECK(blk_list(blk, &(struct blk_index){2}, &info, 0) == 0);
    CHECK(strcmp(info.name, "ram02") == 0 && info.sectors == SIZE && info.flags == (BLK_RAM | BLK_PARTITION));
    CHECK(blk_list(blk, &(struct blk_index){3}, &info, 0) == E_NOENT);
    CHECK(blk_open(blk, &(struct blk_index){UINT32_MAX}, &info, 0) == E_NOENT);
    CHECK(blk_flush(blk, 0, 0, 0) == E_RIGHTS);
}

static void partitions(void)
{
    static uint8_t bytes[4][BLK_SECTOR];
    handle_t whole = open_device("ram0", 0), second = open_device("ram02", 0);

    CHECK(whole && second);
    CHECK(move(second, false, 3, 4, bytes, sizeof bytes) == 0);
    for (uint32_t i = 0; i < 4; i++)
        CHECK(bytes[i][0] == (uint8_t)(FIRST + SIZE + 3 + i) && bytes[i][511] == bytes[i][0]);
    memset(bytes, 0xee, sizeof bytes);
    CHECK(move(second, true, SIZE - 2, 2, bytes, 2 * BLK_SECTOR) == 0);
    CHECK(move(whole, false, FIRST + 2 * SIZE - 3, 4, bytes, sizeof bytes) == 0);
    CHECK(bytes[0][5] == (uint8_t)(FIRST + 2 * SIZE - 3) && bytes[1][5] == 0xee && bytes[2][5] == 0xee);
    CHECK(bytes[3][5] == (uint8_t)(FIRST + 2 * SIZE));
    CHECK(blk_flush(second, 0, 0, 0) == 0 && blk_fence(second, 0, 0, 0) == 0);
    sys_handle_close(whole);
    sys_handle_close(second);
}

static void refusals(void)
{
    static uint8_t bytes[2][BLK_SECTOR];
    handle_t first = open_device("ram01", 0), reader = open_device("ram01", RIGHT_WRITE);
    handle_t server = ipc_host_session(RIGHT_USE | RIGHT_READ | RIGHT_WRITE);

    CHECK(first && reader);
    CHECK(move(first, false, SIZE - 1, 2, bytes, sizeof bytes) == E_RANGE);
    CHECK(move(first, false, UINT64_MAX, 2, bytes, sizeof bytes) == E_RANGE);
    CHECK(move(first, true, UINT64_MAX - 1, 2, bytes, sizeof bytes) == E_RANGE);
    CHECK(move(first, false, 0, 2, bytes, sizeof bytes - 1) == E_SIZE);
    CHECK(move(first, false, 0, 0, bytes, 0) == E_SIZE);
    CHECK(move(first, false, 0, 0x800001, bytes, sizeof bytes) == E_SIZE);
    CHECK(move(reader, true, 0, 2, bytes, sizeof bytes) == E_RIGHTS);
    CHECK(move(reader, false, 0, 2, bytes, sizeof bytes) == 0);
    CHECK(move(blk, false, 0, 2, bytes, sizeof bytes) == E_RIGHTS);
    CHECK(move(server, false, 0, 2, bytes, sizeof bytes) == E_BADF); /* which device? */
    sys_handle_close(server);
    sys_handle_close(first);
    sys_handle_close(reader);
}

enum { CLIENTS = 6, ROUNDS = 300, SPAN = 64 };

/* Random transfers in a span of one's own, followed by a model. */
static void *traffic(void *argument)
{
    uint64_t number = (uint64_t)argument, seed = number + 1;
    uint8_t model[SPAN], bytes[16][BLK_SECTOR];
    handle_t first = open_device("ram01", 0);
    intptr_t wrong = first == 0;

    for (uint32_t i = 0; i < SPAN; i++)
        model[i] = (uint8_t)(FIRST + number * SPAN + i);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t count = 1 + (uint32_t)(check_random(&seed) % 16);
        uint32_t at = (uint32_t)(check_random(&seed) % (SPAN - count + 1));
        bool write = check_random(&seed) % 2;

        for (uint32_t i = 0; write && i < count; i++)
            memset(bytes[i], model[at + i] = (uint8_t)check_random(&seed), BLK_SECTOR);
        wrong += move(first, write, number * SPAN + at, count, bytes, count * BLK_SECTOR) != 0;
        for (uint32_t i = 0; i < count; i++)
            wrong += bytes[i][0] != model[at + i] || bytes[i][BLK_SECTOR - 1] != model[at + i];
    }
    sys_handle_close(first);
    return (void *)wrong;
}

static void several_clients(void)
{
    pthread_t threads[CLIENTS];
    uint32_t before = ipc_host_handles();
    intptr_t wrong = 0;

    ipc_host_absent(7); /* each seventh copy has to be tried again */
    for (uint64_t i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], 0, traffic, (void *)i);
    for (int i = 0; i < CLIENTS; i++) {
        void *its;

        pthread_join(threads[i], &its);
        wrong += (intptr_t)its;
    }
    ipc_host_absent(0);
    CHECK(wrong == 0);
    CHECK(blk_list(blk, &(struct blk_index){0}, 0, 0) == 0); /* the last closes have been dealt with */
    CHECK(ipc_host_handles() == before);
}

int main(void)
{
    make_disk();
    ipc_host_start(blk_main);
    blk = ipc_host_session(RIGHT_USE);
    RUN(lists_devices);
    RUN(partitions);
    RUN(refusals);
    RUN(several_clients);
    ipc_host_stop();
    ipc_host_join();
    CHECK_END();
}
