/* What the loader tells: Multiboot2 (specification 2.0, 3.6) or PVH (Xen, arch-x86/hvm/start_info.h).
 * Everything is copied out, and read only where the boot tables show it. */
#include <arch/boot.h>
#include <string.h>

#define MB2_END      0
#define MB2_CMDLINE  1
#define MB2_MODULE   3
#define MB2_MEMORY   6
#define MB2_RSDP_OLD 14
#define MB2_RSDP_NEW 15
#define MB2_SIZE_MAX (16u << 20)
#define MEMORY_RAM   1

struct mb2_tag {
    uint32_t type, size;
};
struct map_entry { /* PVH has the same */
    uint64_t base, length;
    uint32_t type, reserved;
};

struct pvh_info {
    uint32_t magic, version, flags, modules;
    paddr_t module_list, cmdline, rsdp, memory;
    uint32_t memory_count, reserved;
};
struct pvh_module {
    paddr_t start;
    uint64_t size;
    paddr_t cmdline;
    uint64_t reserved;
};
#define PVH_MEMORY_MAX 4096u

static void add_memory(struct boot_params *p, paddr_t start, uint64_t length, bool usable)
{
    if (length == 0 || start > UINT64_MAX - length)
        return;
    if (p->memory_count == sizeof(p->memory) / sizeof(p->memory[0])) {
        log_print(LOG_WARN, "boot: memory map too long, %#lx left out", start);
        return;
    }
    p->memory[p->memory_count++] = (struct boot_range_kind){start, start + length, usable};
}

/* At most `most` bytes, up to a NUL. */
static void copy_cmdline(struct boot_params *p, const char *text, uint64_t most)
{
    size_t n = 0;
    while (n < most && n < sizeof(p->cmdline) - 1 && text[n]) {
        p->cmdline[n] = text[n];
        n++;
    }
    p->cmdline[n] = 0;
}

static void add_map(struct boot_params *p, const uint8_t *map, uint64_t size, uint64_t stride)
{
    for (; stride >= sizeof(struct map_entry) && size >= stride; map += stride, size -= stride) {
        const struct map_entry *m = (const struct map_entry *)map;
        add_memory(p, m->base, m->length, m->type == MEMORY_RAM);
    }
}

static void mb2_tag(struct boot_params *p, uint32_t type, const uint8_t *body, uint32_t size)
{
    const uint32_t *word = (const uint32_t *)body;
    switch (type) {
    case MB2_CMDLINE: copy_cmdline(p, (const char *)body, size); break;
    case MB2_MODULE:
        if (size >= 8)
            p->module = (struct boot_range){word[0], word[1]};
        break;
    case MB2_MEMORY:
        if (size >= 8)
            add_map(p, body + 8, size - 8, word[0]);
        break;
    case MB2_RSDP_OLD:
    case MB2_RSDP_NEW:
        if (type == MB2_RSDP_NEW || !p->rsdp)
            p->rsdp = (paddr_t)body - DIRECT_BASE;
        break;
    default: break;
    }
}

static int mb2_read(struct boot_params *p, paddr_t info)
{
    const uint32_t *total = boot_phys(info, 8);
    FAIL_IF(info % 8 || !total || *total < 16 || *total > MB2_SIZE_MAX || !boot_phys(info, *total), E_INVAL);
    const uint8_t *base = (const uint8_t *)total;
    for (uint32_t at = 8; at <= *total - sizeof(struct mb2_tag);) {
        const struct mb2_tag *tag = (const struct mb2_tag *)(base + at);
        if (tag->type == MB2_END || tag->size < sizeof(*tag) || tag->size > *total - at)
            break;
        mb2_tag(p, tag->type, base + at + sizeof(*tag), tag->size - (uint32_t)sizeof(*tag));
        at += (tag->size + 7) & ~7u;
    }
    return 0;
}

static int pvh_read(struct boot_params *p, paddr_t info)
{
    const struct pvh_info *i = boot_phys(info, sizeof(*i));
    FAIL_IF(!i || i->magic != PVH_MAGIC || i->version < 1, E_INVAL);
    p->rsdp = i->rsdp;
    if (i->cmdline && boot_phys(i->cmdline, sizeof(p->cmdline)))
        copy_cmdline(p, boot_phys(i->cmdline, sizeof(p->cmdline)), sizeof(p->cmdline));
    uint32_t count = i->memory_count < PVH_MEMORY_MAX ? i->memory_count : PVH_MEMORY_MAX;
    uint64_t size = count * sizeof(struct map_entry);
    if (boot_phys(i->memory, size))
        add_map(p, boot_phys(i->memory, size), size, sizeof(struct map_entry));
    const struct pvh_module *module = boot_phys(i->module_list, sizeof(*module));
    if (module && i->modules)
        p->module = (struct boot_range){module->start, module->start + module->size};
    return 0;
}

int boot_params_read(struct boot_params *params, uint32_t magic, paddr_t info)
{
    int err = magic == MULTIBOOT2_MAGIC ? mb2_read(params, info)
              : magic == PVH_MAGIC      ? pvh_read(params, info)
                                        : E_INVAL;
    return !err && params->memory_count == 0 ? E_INVAL : err;
}
