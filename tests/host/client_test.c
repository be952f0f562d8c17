// sources: @libipc
/* The table of per-session state against a plain array. */
#include "check.h"
#include <ipc/server.h>

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
