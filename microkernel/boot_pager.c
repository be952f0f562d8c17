/* The first task's space. The build has laid the pager out in pages, so the kernel maps them where the boot
 * module lies: it knows neither program files nor archives. */
#include <string.h>
#include <window.h>

/* One entry, and the tables that it needs: one that cannot be made shows when the entry is set. Any error is
 * the end: nothing runs yet. */
static void map(struct vms *vms, uint32_t level, vaddr_t va, paddr_t pa, uint32_t prot)
{
    struct window w;
    struct vms_op op = {.op = VMS_SET, .prot = (uint8_t)prot, .count = 1, .va = va, .pa = pa};
    pte_t old;
    window_open(&w, vms);
    for (op.level = 1; op.level <= level; op.level++)
        entry_link(&w, &op);
    op.level = (uint8_t)level;
    int error = entry_change(&w, &op, &old);
    window_close(&w);
    if (error)
        panic("the pager cannot be mapped at %lx: error %d", va, error);
}

/* The image's segments. Gives where the bundle begins. */
static paddr_t image_map(struct vms *vms, const struct boot_info *info, paddr_t at, paddr_t end)
{
    const struct boot_segment *s = info->segment;
    for (; s < info->segment + sizeof info->segment / sizeof *s; s++)
        for (uint32_t n = 0; n < s->pages; n++, at += PAGE_SIZE) {
            if (end - at < PAGE_SIZE)
                panic("the pager is cut short");
            map(vms, PTEP_LEAF, s->va + n * PAGE_SIZE, at, s->prot);
        }
    return at;
}

struct boot_info *boot_pager_load(struct vms *vms, const struct boot_params *params)
{
    struct boot_range module = params->module;
    struct boot_info *info = direct(module.start);
    if (module.end - module.start < sizeof *info || info->magic != BOOT_INFO_MAGIC)
        panic("the boot module does not begin with a pager");
    vms_views_create(vms);
    paddr_t bundle = image_map(vms, info, module.start, module.end);
    info->pager[0] = (struct boot_range){module.start, bundle};
    info->pager_ranges = 1;
    info->bundle = (struct boot_range){bundle, module.end};
    info->cmdline_length = (uint32_t)strlen(params->cmdline);
    __builtin_memcpy(info->cmdline, params->cmdline, info->cmdline_length);
    info->blocks = block_count;
    for (uint32_t b = 0; b < block_count; b++) {
        paddr_t pa = (paddr_t)b << HUGE_SHIFT;
        info->block_kind[b] = blocks[b].kind;
        if (blocks[b].kind == BLOCK_RAM)
            map(vms, PTEP_LEAF - 1, PAGER_RAM + pa, pa, VMS_READ | VMS_WRITE);
    }
    return info;
}
