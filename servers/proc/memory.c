/* /proc's files on memory, all from what the pager sees: meminfo, vmstat, blocks, PID/maps, PID/pagetable. */
#include "server.h"

enum { BLOCK_KB = 2048, ENTRIES_AT_ONCE = 64 };

struct stats {
    struct pager_stats pager;
    struct kernel_stats kernel;
};

/* What both say of themselves, as `text` puts it. */
static int fill_stats(size_t (*text)(const struct stats *s, char *to, size_t size), char *to, size_t size,
                      size_t *length)
{
    struct stats s = {0};
    struct ipc_transfer transfer = {.out = &s.pager, .out_len = sizeof s.pager};
    int error = pager_stats_with(below.pager, &(struct ipc_none){}, NULL, &transfer);
    if (!error)
        error = sys_kernel_info(KINFO_STATS, &s.kernel, sizeof s.kernel, NULL);
    *length = error ? 0 : text(&s, to, size);
    return error;
}

static size_t meminfo_text(const struct stats *s, char *to, size_t size)
{
    const struct pager_stats *p = &s->pager;
    const struct kernel_stats *k = &s->kernel;
    size_t n = text_append(
        to, size, 0, "MemTotal:       %8lu kB\nMemFree:        %8lu kB\nMemAvailable:   %8lu kB\n",
        (p->total_pages + p->kernel_pages + p->table_pages) * 4, p->free_pages * 4, p->free_pages * 4);
    n = text_append(to, size, n,
                    "Cached:         %8lu kB\nAnonPages:      %8lu kB\nPinned:         %8lu kB\n",
                    p->object_pages * 4, p->anon_pages * 4, p->pinned_pages * 4);
    n = text_append(to, size, n, "Dirty:          %8lu kB\nWriteback:      %8lu kB\n",
                    (p->dirty_pages - p->writing_pages) * 4, p->writing_pages * 4);
    n = text_append(to, size, n, "Kernel:         %8lu kB\nPageTables:     %8lu kB\n",
                    k->blocks[BLOCK_KERNEL] * BLOCK_KB, (k->tables - k->tables_free) * 4);
    return text_append(to, size, n, "Spaces:         %8lu\nRegions:        %8lu\nFaults:         %8lu\n",
                       p->spaces, p->regions, p->faults);
}

int memory_fill_meminfo(int32_t pid, char *to, size_t size, size_t *length)
{
    (void)pid;
    return fill_stats(meminfo_text, to, size, length);
}

/* Pages, then counts since boot. */
static size_t vmstat_text(const struct stats *s, char *to, size_t size)
{
    const struct pager_stats *p = &s->pager;
    const struct kernel_stats *k = &s->kernel;
    size_t n = text_append(
        to, size, 0, "free: %lu\nanon: %lu\nhuge: %lu\nfile: %lu\npinned: %lu\ntables: %lu\n", p->free_pages,
        p->anon_pages, p->huge_pages, p->object_pages, p->pinned_pages, k->tables - k->tables_free);
    n = text_append(to, size, n, "zeroed: %lu\nzeroed_taken: %lu\n", p->zeroed_pages, p->zeroed_taken);
    n = text_append(to, size, n, "dirty: %lu\nwriteback: %lu\nwritten: %lu\n",
                    p->dirty_pages - p->writing_pages, p->writing_pages, p->written);
    n = text_append(to, size, n, "faults: %lu\ncow: %lu\npage_ins: %lu\nforks: %lu\n", p->faults,
                    p->cow_faults, p->page_ins, p->forks);
    return text_append(to, size, n, "interrupts: %lu\nswitches: %lu\n", k->irqs, k->switches);
}

int memory_fill_vmstat(int32_t pid, char *to, size_t size, size_t *length)
{
    (void)pid;
    return fill_stats(vmstat_text, to, size, length);
}

/* One line a block of 2 MiB: its number, kind, and frames by what they are used for. */
int memory_fill_blocks(int32_t pid, char *to, size_t size, size_t *length)
{
    static const char *const kind[BLOCK_KINDS] = {"reserved", "ram", "table", "kernel", "device"};
    struct pager_block block[PAGER_BLOCKS_MAX];
    struct pager_count got = {1};
    struct ipc_transfer transfer = {.out = block, .out_len = sizeof block};
    size_t n = text_append(to, size, 0, "block kind free anon object dma pager\n");
    (void)pid;
    for (uint64_t first = 0; got.count; first += got.count) {
        int error = pager_blocks_with(below.pager, &(struct pager_first){first}, &got, &transfer);
        if (error)
            return error;
        for (uint64_t i = 0; i < got.count; i++) {
            const uint16_t *f = block[i].frames;
            n = text_append(to, size, n, "%lu %s %u %u %u %u %u\n", first + i,
                            block[i].kind < BLOCK_KINDS ? kind[block[i].kind] : "?", f[PAGER_FRAMES_FREE],
                            f[PAGER_FRAMES_ANON], f[PAGER_FRAMES_OBJECT], f[PAGER_FRAMES_DMA],
                            f[PAGER_FRAMES_PAGER]);
        }
    }
    *length = n;
    return n + 1 < size ? 0 : E_SIZE;
}

static uint64_t space_of(int32_t pid)
{
    ipc_lock(&proc_lock);
    struct process *p = process_find(pid);
    uint64_t space = p && p->task ? p->space : 0;
    ipc_unlock(&proc_lock);
    return space;
}

static const char *region_name(const struct pager_region *r)
{
    if (r->flags & PAGER_GUARD)
        return "guard";
    if (r->flags & PAGER_STACK)
        return "stack";
    static const char *const name[] = {"anon", "object", "dma", "device"};
    return r->kind < sizeof name / sizeof name[0] ? name[r->kind] : "?";
}

/* One line a region: range, protection (s: stores are shared, p: private), pages present, shared with others,
 * leaf tables, pages of 2 MiB, what it is, and of an object its id and the offset. */
int memory_fill_maps(int32_t pid, char *to, size_t size, size_t *length)
{
    uint64_t space = space_of(pid), room = size / sizeof(struct pager_region) / 2;
    struct pager_count count = {0};
    if (!space)
        return E_SRCH;
    struct pager_region *region = ipc_zalloc(room * sizeof *region);
    struct ipc_transfer transfer = {.out = region, .out_len = (uint32_t)(room * sizeof *region)};
    if (!region)
        return E_NOMEM;
    int error = pager_regions_with(below.pager, &(struct pager_space){space}, &count, &transfer);
    size_t n = 0;
    for (uint64_t i = 0; !error && i < count.count && i < room; i++) {
        const struct pager_region *r = &region[i];
        n = text_append(to, size, n, "%012lx-%012lx %c%c%c%c %lu %lu %u %u %s", r->start, r->end,
                        r->prot & VMS_READ ? 'r' : '-', r->prot & VMS_WRITE ? 'w' : '-',
                        r->prot & VMS_EXEC ? 'x' : '-', r->flags & PAGER_SHARED ? 's' : 'p', r->resident,
                        r->shared, r->tables, r->huge, region_name(r));
        n = r->object ? text_append(to, size, n, " %lu %lx\n", r->object, r->offset)
                      : text_append(to, size, n, "\n");
    }
    ipc_free(region);
    *length = n;
    return error ? error : count.count > room || n + 1 >= size ? E_SIZE : 0;
}

int memory_read_entries(struct ipc_request *r, int32_t pid, uint64_t offset, uint64_t *count)
{
    struct proc_entries one;
    uint64_t space = space_of(pid), room = r->out_len / sizeof one, page = offset / sizeof one;
    *count = 0;
    if (!space)
        return E_SRCH;
    if (offset % sizeof one)
        return E_INVAL;
    for (uint64_t i = 0; i < room && i < ENTRIES_AT_ONCE && page + i < USER_END >> PAGE_SHIFT; i++) {
        struct pager_entries_reply got = {.levels = 0};
        struct pager_entries ask = {space, (page + i) << PAGE_SHIFT};
        int error = pager_entries(below.pager, &ask, &got, DEADLINE_NEVER);
        if (!error) {
            memcpy(one.entry, got.entry, sizeof one.entry);
            error = ipc_write(r, *count, &one, sizeof one);
        }
        if (error)
            return error;
        *count += sizeof one;
    }
    return 0;
}
