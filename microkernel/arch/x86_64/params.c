/* What the loader tells: Multiboot2 (specification 2.0, 3.6). Everything is copied out, and read only where
 * the boot tables show it. */
#include <arch/boot.h>
#include <string.h>

enum mb2_type { MB2_END, MB2_CMDLINE, MB2_MODULE = 3, MB2_MEMORY = 6, MB2_RSDP_OLD = 14, MB2_RSDP_NEW };
struct mb2_tag {
    uint32_t type, size;
    uint32_t word[];
};
struct map_entry {
    uint64_t base, length;
    uint32_t type, reserved;
};
#define MEMORY_RAM 1

static void add_memory(struct boot_params *p, const void *map, uint64_t size, uint64_t stride)
{
    const struct map_entry *m = map;
    for (; map && stride >= sizeof(*m) && size >= stride;
         m = (const void *)((const char *)m + stride), size -= stride) {
        if (m->length > UINT64_MAX - m->base)
            continue;
        if (p->memory_count == sizeof(p->memory) / sizeof(p->memory[0])) {
            log_print(LOG_WARN, "boot: memory map too long, what follows 0x%lx is left out", m->base);
            return;
        }
        p->memory[p->memory_count++] =
            (struct boot_range_kind){m->base, m->base + m->length, m->type == MEMORY_RAM};
    }
}

/* One tag, with `size` bytes in its body. */
static void mb2_tag(struct boot_params *p, const struct mb2_tag *tag, uint32_t size)
{
    const uint32_t *word = tag->word;
    if (tag->type == MB2_CMDLINE)
        memcpy(p->cmdline, word, size < sizeof(p->cmdline) ? size : sizeof(p->cmdline) - 1);
    else if (tag->type == MB2_MODULE && size >= 8)
        p->module = (struct boot_range){word[0], word[1]};
    else if (tag->type == MB2_MEMORY && size >= 8)
        add_memory(p, word + 2, size - 8, word[0]);
    else if (tag->type == MB2_RSDP_OLD || tag->type == MB2_RSDP_NEW) /* the new one comes second */
        p->rsdp = (paddr_t)word - DIRECT_BASE;
}

static void mb2_read(struct boot_params *p, paddr_t info)
{
    const uint32_t *total = boot_phys(info, 8);
    if (info % 8 || !total || !boot_phys(info, *total))
        return;
    for (uint64_t at = 8, size; at + sizeof(struct mb2_tag) <= *total; at += (size + 7) & ~7ul) {
        const struct mb2_tag *tag = boot_phys(info + at, sizeof(*tag));
        size = tag->size;
        if (tag->type == MB2_END || size < sizeof(*tag) || size > *total - at)
            return;
        mb2_tag(p, tag, (uint32_t)(size - sizeof(*tag)));
    }
}

void boot_params_read(struct boot_params *params, uint32_t magic, paddr_t info)
{
    if (magic == MULTIBOOT2_MAGIC)
        mb2_read(params, info);
    if (params->memory_count == 0)
        panic("boot: the loader does not speak Multiboot2, or tells nothing of memory");
}
