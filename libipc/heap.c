/* The heap: powers of two and the steps between from 32 bytes to 32 KiB, carved from runs of pages and kept
 * on a free list per size; what is larger has pages of its own, given back when it is freed.
 *
 * H1  every block has a header in front: its size class or number of pages, and a mark that tells a live
 * block from a freed one. A free of anything else ends the server: its memory is no longer to be trusted. H2
 * all state is guarded by `lock`. */
#include <ipc/heap.h>
#include <ipc/lock.h>
#include <ipc/string.h>
#include <ipc/task.h>
#include <ouros/types.h>

enum {
    CLASSES = 21,       /* 32 48 64 96 … 24576 32768 */
    RUN = 64 << 10,     /* bytes taken from the source at a time for small blocks */
    LARGE = 0xffffffff, /* header.class of a block with pages of its own */
};
#define LIVE 0x6c697665u
#define DEAD 0x64656164u

struct header {
    uint32_t class, mark;
    union {
        size_t bytes;        /* LARGE: of its pages, header included */
        struct header *next; /* DEAD: the free list */
    };
};
_Static_assert(sizeof(struct header) == 16, "blocks are aligned to 16 bytes");

static struct ipc_lock lock;
static struct header *free_list[CLASSES];
static char *run, *run_end;
static size_t used_bytes, taken_bytes;
static const struct ipc_page_source *source = &ipc_pager_pages;

void ipc_heap_source(const struct ipc_page_source *new_source)
{
    source = new_source;
}

/* Bytes of a class, header included. */
static size_t class_size(uint32_t class)
{
    return (class & 1 ? 48ul : 32ul) << class / 2;
}

/* The smallest class that holds so many bytes; CLASSES or more: none does. */
static uint32_t class_for(size_t bytes)
{
    if (bytes <= 32)
        return 0;
    uint32_t power = 63 - (uint32_t)__builtin_clzl(bytes - 1); /* below bytes, and at most half as much */

    return 2 * (power - 5) + 1 + ((bytes - 1) >> (power - 1) & 1);
}

static void *take_pages(size_t bytes)
{
    void *pages = source->take(bytes);

    if (pages)
        taken_bytes += bytes;
    return pages;
}

static struct header *take_large(size_t bytes)
{
    struct header *h;

    bytes = (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    h = take_pages(bytes);
    if (h)
        *h = (struct header){.class = LARGE, .mark = LIVE, .bytes = bytes};
    return h;
}

/* What is left of a run becomes free blocks of the largest sizes that fit. */
static void retire_run(void)
{
    for (uint32_t class = CLASSES; class -- > 0;)
        while ((size_t)(run_end - run) >= class_size(class)) {
            struct header *h = (struct header *)run;

            *h = (struct header){.class = class, .mark = DEAD, .next = free_list[class]};
            free_list[class] = h;
            run += class_size(class);
        }
}

static struct header *take_small(uint32_t class)
{
    struct header *h = free_list[class];

    if (h) {
        free_list[class] = h->next;
    } else {
        if ((size_t)(run_end - run) < class_size(class)) {
            char *fresh = take_pages(RUN);

            if (!fresh)
                return 0;
            retire_run();
            run = fresh;
            run_end = fresh + RUN;
        }
        h = (struct header *)run;
        run += class_size(class);
    }
    *h = (struct header){.class = class, .mark = LIVE};
    return h;
}

static size_t block_bytes(const struct header *h)
{
    return h->class == LARGE ? h->bytes : class_size(h->class);
}

void *ipc_alloc(size_t size)
{
    struct header *h;
    uint32_t class;

    if (size > SIZE_MAX / 2)
        return 0;
    class = class_for(size + sizeof *h);
    ipc_lock(&lock);
    h = class < CLASSES ? take_small(class) : take_large(size + sizeof *h);
    if (h)
        used_bytes += block_bytes(h);
    ipc_unlock(&lock);
    return h ? h + 1 : 0;
}

void *ipc_zalloc(size_t size)
{
    void *block = ipc_alloc(size);

    if (block)
        memset(block, 0, size);
    return block;
}

static struct header *header_of(const void *block)
{
    struct header *h = (struct header *)block - 1;

    if (h->mark != LIVE || (h->class >= CLASSES && h->class != LARGE))
        ipc_panic("heap: %p is no live block", block);
    return h;
}

void ipc_free(void *block)
{
    struct header *h;
    size_t large = 0;

    if (!block)
        return;
    ipc_lock(&lock);
    h = header_of(block);
    used_bytes -= block_bytes(h);
    h->mark = DEAD;
    if (h->class == LARGE) {
        large = h->bytes;
        taken_bytes -= large;
    } else {
        h->next = free_list[h->class];
        free_list[h->class] = h;
    }
    ipc_unlock(&lock);
    if (large)
        source->give_back(h, large);
}

void *ipc_realloc(void *block, size_t size)
{
    size_t old;
    void *fresh;

    if (!block)
        return ipc_alloc(size);
    old = block_bytes(header_of(block)) - sizeof(struct header);
    if (size <= old && size >= old / 4)
        return block;
    fresh = ipc_alloc(size);
    if (fresh) {
        memcpy(fresh, block, old < size ? old : size);
        ipc_free(block);
    }
    return fresh;
}

size_t ipc_block_bytes(const void *block)
{
    return block ? block_bytes(header_of(block)) : 0;
}

void ipc_heap_usage(size_t *used, size_t *taken)
{
    ipc_lock(&lock);
    *used = used_bytes;
    *taken = taken_bytes;
    ipc_unlock(&lock);
}
