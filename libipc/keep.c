#include "keep.h"
#include <ipc/string.h>
#include <ouros/error.h>

#define MAGIC 0x7065656b6f72756full /* "ouropeek" */

static size_t image_bytes(size_t size)
{
    return sizeof(struct keep_image) + ((size + 15) & ~(size_t)15);
}

static struct keep_image *image(const struct keep *k, uint64_t which)
{
    return (struct keep_image *)((char *)(k->region + 1) + which * image_bytes(k->size));
}

static struct keep_image *live_image(const struct keep *k)
{
    return image(k, k->region->live & 1);
}

size_t keep_bytes(size_t size)
{
    return sizeof(struct keep_region) + 2 * image_bytes(size);
}

void keep_create(struct keep *k)
{
    *k->region = (struct keep_region){.magic = MAGIC, .size = k->size};
    memcpy(image(k, 0) + 1, k->state, k->size);
}

int keep_load(struct keep *k)
{
    const struct keep_image *from;

    if (k->region->magic != MAGIC || k->region->size != k->size)
        return E_INVAL;
    from = live_image(k);
    memcpy(k->now, from, sizeof *from);
    memcpy(k->state, from + 1, k->size);
    k->unclaimed = 0;
    for (uint32_t i = 0; i < KEEP_RESULTS; i++)
        k->unclaimed += k->now->results[i].badge != 0;
    return 0;
}

void keep_commit(struct keep *k)
{
    uint64_t next = (k->region->live & 1) ^ 1;
    struct keep_image *to = image(k, next);

    if (!k->changed && memcmp(live_image(k) + 1, k->state, k->size) == 0)
        return;
    memcpy(to, k->now, sizeof *to);
    memcpy(to + 1, k->state, k->size);
    k->changed = false;
    __atomic_store_n(&k->region->live, next, __ATOMIC_RELEASE); /* K1 */
}

void keep_undo(struct keep *k)
{
    memcpy(k->state, live_image(k) + 1, k->size);
}

void keep_result_free(struct keep *k, uint32_t i)
{
    uint64_t bit = 1ull << i;

    if (!(k->given & bit) && k->now->results[i].badge)
        k->unclaimed--;
    k->given &= ~bit;
    k->now->results[i].badge = 0;
}

uint32_t keep_result_new(struct keep *k)
{
    uint32_t i = 0;

    while (i < KEEP_RESULTS && k->now->results[i].badge)
        i++;
    while (i == KEEP_RESULTS) {
        uint32_t victim = (uint32_t)(k->now->victim++ % KEEP_RESULTS);

        if (k->given & 1ull << victim)
            continue;
        keep_result_free(k, victim);
        i = victim;
    }
    k->given |= 1ull << i;
    k->changed = true;
    return i;
}

uint32_t keep_result_find(struct keep *k, uint64_t badge, uint32_t thread, uint32_t seq)
{
    for (uint32_t i = 0; k->unclaimed && i < KEEP_RESULTS; i++) {
        const struct keep_result *result = &k->now->results[i];

        if (k->given & 1ull << i || result->badge != badge || result->thread != thread || result->seq != seq)
            continue;
        k->given |= 1ull << i;
        k->unclaimed--;
        return i;
    }
    return KEEP_RESULTS;
}

static struct keep_client *find_client(struct keep *k, uint64_t badge)
{
    for (uint32_t i = 0; i < KEEP_CLIENTS; i++)
        if (k->now->clients[i].badge == badge)
            return &k->now->clients[i];
    return 0;
}

int keep_client_set(struct keep *k, uint64_t badge, uint64_t offset)
{
    struct keep_client *client = find_client(k, badge);

    if (!client)
        client = find_client(k, 0);
    if (!client)
        return E_FULL;
    *client = (struct keep_client){badge, offset};
    k->changed = true;
    return 0;
}

void keep_client_forget(struct keep *k, uint64_t badge)
{
    struct keep_client *client = find_client(k, badge);

    if (!client)
        return;
    client->badge = 0;
    k->changed = true;
}
