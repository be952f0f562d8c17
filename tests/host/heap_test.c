// sources: libipc/heap.c libipc/lock.c
/* The heap: random traffic with patterns, exhaustion, and pages that come back. */
#include "check.h"
#include <ipc/heap.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <stdarg.h>

static size_t pages_out, limit = SIZE_MAX;

static void *take(size_t bytes)
{
    if (pages_out + bytes > limit)
        return 0;
    pages_out += bytes;
    return memset(aligned_alloc(4096, bytes), 0, bytes);
}

static void give_back(void *pages, size_t bytes)
{
    pages_out -= bytes;
    free(pages);
}

/* One thread: no lock is waited for. */
int ipc_trap(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
             uint64_t *value, uint64_t *second)
{
    (void)number, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)value, (void)second;
    abort();
}

const struct ipc_page_source ipc_pager_pages = {take, give_back};

void ipc_panic(const char *format, ...)
{
    printf("not ok heap: %s\n", format);
    exit(1);
}

#define SLOTS 500
static unsigned char *block[SLOTS];
static size_t length[SLOTS];

static int intact(int i)
{
    for (size_t j = 0; j < length[i]; j++)
        if (block[i][j] != (unsigned char)(i + j))
            return 0;
    return 1;
}

static void fill(int i, size_t from)
{
    for (size_t j = from; j < length[i]; j++)
        block[i][j] = (unsigned char)(i + j);
}

static size_t some_length(uint64_t *seed)
{
    return check_random(seed) % (1ul << (check_random(seed) % 18));
}

static void traffic(void)
{
    uint64_t seed = 11;
    size_t used, taken;

    for (int round = 0; round < 60000; round++) {
        int i = (int)(check_random(&seed) % SLOTS);
        size_t old = length[i];

        CHECK(intact(i));
        switch (check_random(&seed) % 3) {
        case 0:
            ipc_free(block[i]);
            length[i] = some_length(&seed);
            block[i] = ipc_alloc(length[i]);
            CHECK(block[i] && (uintptr_t)block[i] % 16 == 0);
            fill(i, 0);
            break;
        case 1:
            length[i] = some_length(&seed);
            block[i] = ipc_realloc(block[i], length[i]);
            CHECK(block[i]);
            fill(i, old);
            CHECK(intact(i));
            break;
        default:
            ipc_free(block[i]);
            block[i] = 0;
            length[i] = 0;
        }
    }
    for (int i = 0; i < SLOTS; i++)
        ipc_free(block[i]);
    ipc_heap_usage(&used, &taken);
    CHECK(used == 0 && taken == pages_out);
}

static void zeroed(void)
{
    unsigned char *p = ipc_alloc(1000);

    memset(p, 0xff, 1000);
    ipc_free(p);
    p = ipc_zalloc(1000);
    for (int i = 0; i < 1000; i++)
        CHECK(p[i] == 0);
    ipc_free(p);
}

/* Steps of a half and a third: no block is half as large again as what it is for, header included. */
static void fits(void)
{
    for (size_t n = 1; n <= (32 << 10) - 16; n++) {
        void *p = ipc_alloc(n);
        size_t bytes = ipc_block_bytes(p);

        CHECK(bytes >= n + 16 && (bytes == 32 || bytes * 2 < (n + 16) * 3));
        ipc_free(p);
    }
}

static void large_comes_back(void)
{
    size_t before = pages_out;
    void *p = ipc_alloc(1 << 20);

    CHECK(p && pages_out > before);
    ipc_free(p);
    CHECK(pages_out == before);
}

static void exhausted(void)
{
    void *kept = ipc_alloc(40), *same;

    limit = pages_out;
    CHECK(ipc_alloc(1 << 20) == 0);
    CHECK(ipc_alloc(SIZE_MAX) == 0 && ipc_alloc(SIZE_MAX - 20) == 0);
    CHECK(ipc_realloc(kept, 1 << 20) == 0);
    same = ipc_realloc(kept, 41);
    CHECK(same);
    ipc_free(same);
    limit = SIZE_MAX;
}

int main(void)
{
    RUN(traffic);
    RUN(zeroed);
    RUN(fits);
    RUN(large_comes_back);
    RUN(exhausted);
    CHECK_END();
}
