// sources: libipc/client.c libipc/badges.c libipc/lock.c
/* The table of per-session state against a plain array. */
#include "check.h"
#include <ipc/heap.h>
#include <ipc/server.h>
#include "libipc/server_keep.h"

bool kept_state;

int kept_client(uint64_t badge, const void *state)
{
    (void)badge, (void)state;
    return 0;
}

void *ipc_zalloc(size_t size)
{
    return calloc(1, size);
}

void ipc_free(void *block)
{
    free(block);
}

size_t ipc_block_bytes(const void *block)
{
    return block ? 1 : 0;
}

static void *expected[3000];

static uint64_t badge_of(uint64_t i)
{
    return i << 24 | (i % 3);
}

static void random_traffic(void)
{
    uint64_t seed = 9;

    for (int round = 0; round < 300000; round++) {
        uint64_t i = check_random(&seed) % 3000;
        void *state = check_random(&seed) % 2 ? &expected[check_random(&seed) % 3000] : 0;

        CHECK(ipc_client(badge_of(i)) == expected[i]);
        CHECK(ipc_client_set(badge_of(i), state) == 0);
        expected[i] = state;
    }
    for (uint64_t i = 0; i < 3000; i++) {
        CHECK(ipc_client(badge_of(i)) == expected[i]);
        CHECK(ipc_client_set(badge_of(i), 0) == 0);
    }
    for (uint64_t i = 0; i < 3000; i++)
        CHECK(ipc_client(badge_of(i)) == 0);
}

int main(void)
{
    RUN(random_traffic);
    CHECK_END();
}
