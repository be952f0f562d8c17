// sources: libipc/cpio.c
/* The archive reader: what bundle.py writes, and damaged archives. */
#include "check.h"
#include <ipc/cpio.h>
#include <ouros/error.h>

static char archive[4096];
static size_t archive_size;

static void add(const char *name, const char *data)
{
    size_t name_size = strlen(name) + 1, size = strlen(data);
    char head[128];

    sprintf(head, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1, 0100644, 0, 0, 1, 0,
            (int)size, 0, 0, 0, 0, (int)name_size, 0);
    memcpy(archive + archive_size, head, 110);
    memcpy(archive + archive_size + 110, name, name_size);
    archive_size = (archive_size + 110 + name_size + 3) & ~3ul;
    memcpy(archive + archive_size, data, size);
    archive_size = (archive_size + size + 3) & ~3ul;
}

static void build(void)
{
    memset(archive, 0, sizeof archive);
    archive_size = 0;
    add("manifest", "server blk\n");
    add("bin/blk", "ELF?");
    add("empty", "");
    add("TRAILER!!!", "");
}

static void reads(void)
{
    struct cpio_entry e;

    build();
    CHECK(cpio_find(archive, archive_size, "bin/blk", &e) == 0);
    CHECK(e.length == 4 && memcmp(e.data, "ELF?", 4) == 0 && e.mode == 0100644);
    CHECK(cpio_find(archive, archive_size, "empty", &e) == 0 && e.length == 0);
    CHECK(cpio_find(archive, archive_size, "bin", &e) == E_NOENT);
    CHECK(cpio_find(archive, archive_size, "", &e) == E_NOENT);
}

static void truncated(void)
{
    struct cpio_entry e;

    build();
    for (size_t size = 0; size + 4 < archive_size; size++) {
        char *copy = malloc(size + 1);
        memcpy(copy, archive, size);
        int error = cpio_find(copy, size, "absent", &e);
        free(copy);
        CHECK(error == E_CORRUPT);
    }
}

static void scribbled(void)
{
    uint64_t seed = 3;
    struct cpio_entry e;

    for (int round = 0; round < 100000; round++) {
        char *copy;
        size_t cursor = 0;
        volatile char sum = 0;

        build();
        copy = malloc(archive_size);
        memcpy(copy, archive, archive_size);
        for (int n = 0; n < 3; n++)
            copy[check_random(&seed) % archive_size] = "0123456789abcdefF\0x"[check_random(&seed) % 19];
        while (cpio_next(copy, archive_size, &cursor, &e) == 0) {
            for (size_t i = 0; i < e.length; i++)
                sum += ((const char *)e.data)[i];
            CHECK(strlen(e.name) <= e.name_length);
        }
        free(copy);
    }
}

int main(void)
{
    RUN(reads);
    RUN(truncated);
    RUN(scribbled);
    CHECK_END();
}
