#include "pipe.h"

static uint32_t pages_all;
static uint64_t next_ino = 1;

uint32_t pipe_pages(void)
{
    return pages_all;
}

struct pipe *pipe_create(void)
{
    struct pipe *p = port_alloc(sizeof *p);
    if (!p)
        return NULL;
    p->readers = p->writers = 1;
    p->ino = next_ino++;
    p->created = port_now();
    list_init(&p->wait_read);
    list_init(&p->wait_write);
    return p;
}

static void pipe_free(struct pipe *p)
{
    for (uint32_t i = 0; i < PIPE_PAGES; i++)
        if (p->page[i]) {
            port_page_free(p->page[i]);
            pages_all--;
        }
    port_free(p);
}

/* Whoever waits at either end learns of a close: readers of the end of the file, writers of the broken pipe.
 */
static void end_closed(struct pipe *p)
{
    wait_wake_all(&p->wait_read);
    wait_wake_all(&p->wait_write);
    if (!p->readers && !p->writers)
        pipe_free(p);
}

void pipe_close_reader(struct pipe *p)
{
    p->readers--;
    end_closed(p);
}

void pipe_close_writer(struct pipe *p)
{
    p->writers--;
    end_closed(p);
}

/* Copies n bytes at ring position `at`, page by page. */
static int ring_copy(struct pipe *p, uint32_t at, size_t n, struct uio *io)
{
    while (n) {
        uint32_t in_page = at % PAGE_SIZE_VFS;
        size_t part = min_u64(n, PAGE_SIZE_VFS - in_page);
        int err = io->copy(io, p->page[at / PAGE_SIZE_VFS % PIPE_PAGES] + in_page, part);
        if (err)
            return err;
        at += part;
        n -= part;
    }
    return 0;
}

int pipe_read(struct pipe *p, size_t len, struct uio *io, size_t *done)
{
    *done = 0;
    if (len == 0 || (p->count == 0 && p->writers == 0))
        return 0;
    if (p->count == 0)
        return E_AGAIN;
    size_t n = min_u64(len, p->count);
    int err = ring_copy(p, p->head, n, io);
    if (err)
        return err;
    p->head = (p->head + n) % PIPE_SIZE;
    p->count -= n;
    *done = n;
    wait_wake_all(&p->wait_write);
    return 0;
}

/* Gets the pages for n bytes behind the last one; false without memory. */
static bool pages_ready(struct pipe *p, size_t n)
{
    uint32_t first = (p->head + p->count) / PAGE_SIZE_VFS,
             last = (p->head + p->count + n - 1) / PAGE_SIZE_VFS;
    for (uint32_t i = first; i <= last; i++) {
        uint8_t **page = &p->page[i % PIPE_PAGES];
        if (*page)
            continue;
        if (pages_all >= PIPE_PAGES_ALL || !(*page = port_page_alloc()))
            return false;
        pages_all++;
    }
    return true;
}

int pipe_write(struct pipe *p, size_t len, struct uio *io, size_t *done)
{
    size_t room = PIPE_SIZE - p->count;
    *done = 0;
    if (p->readers == 0)
        return E_PIPE;
    if (len == 0)
        return 0;
    if (room == 0 || (len <= PIPE_ATOMIC && room < len))
        return E_AGAIN;
    size_t n = min_u64(len, room);
    if (p->count == 0)
        p->head = 0; /* an idle pipe keeps to its first page */
    if (!pages_ready(p, n))
        return E_NOMEM;
    int err = ring_copy(p, p->head + p->count, n, io);
    if (err)
        return err;
    p->count += n;
    *done = n;
    wait_wake_all(&p->wait_read);
    return 0;
}
