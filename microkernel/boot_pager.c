/* Loading the first task. The kernel knows just enough of ELF and of the bundle's format for one program; all
 * others are loaded by servers. */
#include <window.h>

#define STACK_SIZE   (64ul << 10)
#define INFO_ADDRESS (USER_STACK_TOP + PAGE_SIZE)

/* ELF-64 (System V ABI, chapters 4 and 5): only what we read. */
struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_size, program_size, program_count, section_size, section_count, names;
};
struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, va, pa, file_size, memory_size, align;
};
enum { ELF_EXEC = 2, ELF_X86_64 = 62, ELF_LOAD = 1, ELF_X = 1, ELF_W = 2, ELF_SEGMENTS_MAX = 16 };

/* Frames come from two neighbouring blocks at the end of memory. Any error is the end: nothing runs yet. */
struct loader {
    struct vms *vms;
    struct boot_info *info;
    struct boot_range frames; /* start: the next one */
};

/* One entry, and the tables that it needs. */
static void map(struct loader *l, enum vms_opcode code, uint32_t level, vaddr_t va, paddr_t pa, uint32_t prot)
{
    struct window w;
    struct vms_op op = {
        .op = (uint8_t)code, .level = (uint8_t)level, .prot = (uint8_t)prot, .count = 1, .va = va, .pa = pa};
    struct vms_op link = {.count = 1, .va = va};
    uint32_t missing;
    pte_t old;
    int error;
    window_open(&w, l->vms);
    while ((error = entry_change(&w, &op, &old, &missing)) == E_NOTABLE) {
        link.level = (uint8_t)missing;
        error = entry_link(&w, &link, &missing);
        if (error)
            break;
    }
    window_close(&w);
    if (error)
        panic("no memory for the pager's tables: error %d", error);
}

/* A zeroed page at va: where the kernel sees it. */
static void *page_new(struct loader *l, vaddr_t va, uint32_t prot)
{
    paddr_t frame = l->frames.start;
    if (frame == l->frames.end)
        panic("the pager is too large");
    map(l, VMS_SET, PTEP_LEAF, va, frame, prot);
    l->frames.start += PAGE_SIZE;
    return __builtin_memset(direct(frame), 0, PAGE_SIZE);
}

static void segment_load(struct loader *l, const uint8_t *elf, uint64_t size, const struct elf_segment *s,
                         vaddr_t *lowest)
{
    vaddr_t va = s->va & ~(PAGE_SIZE - 1);
    /* within the file and the first slot; in order, and no page in two segments; not writable and executable
     */
    if (s->file_size > s->memory_size || s->offset > size || s->file_size > size - s->offset ||
        va < *lowest || s->va >= PAGER_RAM || s->memory_size > PAGER_RAM - s->va ||
        (s->flags & (ELF_W | ELF_X)) == (ELF_W | ELF_X))
        panic("the pager has a damaged segment");
    uint32_t prot = VMS_READ | (s->flags & ELF_W ? VMS_WRITE : 0) | (s->flags & ELF_X ? VMS_EXEC : 0);
    for (; va < s->va + s->memory_size; va += PAGE_SIZE) {
        uint64_t skip = va < s->va ? s->va - va : 0, from = va + skip - s->va;
        char *page = page_new(l, va, prot);
        if (from < s->file_size)
            __builtin_memcpy(page + skip, elf + s->offset + from,
                             PAGE_SIZE - skip < s->file_size - from ? PAGE_SIZE - skip : s->file_size - from);
    }
    *lowest = va;
}

static vaddr_t elf_load(struct loader *l, const uint8_t *elf, uint64_t size)
{
    struct elf_header h = {0};
    struct elf_segment s;
    vaddr_t lowest = USER_MIN;
    __builtin_memcpy(&h, elf, size < sizeof h ? size : sizeof h);
    if (__builtin_memcmp(h.ident, "\177ELF\2\1", 6) || h.type != ELF_EXEC || h.machine != ELF_X86_64 ||
        h.program_size != sizeof s || h.program_count > ELF_SEGMENTS_MAX || h.program_offset > size ||
        h.program_count * sizeof s > size - h.program_offset || h.entry >= PAGER_RAM)
        panic("the pager is no program for this machine");
    for (uint32_t i = 0; i < h.program_count; i++) {
        __builtin_memcpy(&s, elf + h.program_offset + i * sizeof s, sizeof s);
        if (s.type == ELF_LOAD && s.memory_size)
            segment_load(l, elf, size, &s, &lowest);
    }
    return h.entry;
}

/* ---- the bundle: cpio, "newc" format; numbers are eight hexadecimal digits ---- */

enum { CPIO_HEADER = 110, CPIO_FILE_SIZE = 54, CPIO_NAME_SIZE = 94 };

static uint64_t hex(const uint8_t *digits)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 4 | (digits[i] <= '9' ? digits[i] - '0' + 0u : (digits[i] | 0x20) - 'a' + 10u) % 16;
    return value;
}

/* The file called `pager` in a bundle: its first byte, and its length in *size. NULL: none. */
static const uint8_t *bundle_find(const uint8_t *at, uint64_t *size)
{
    for (uint64_t left = *size; left >= CPIO_HEADER && !__builtin_memcmp(at, "070701", 6);) {
        uint64_t name = hex(at + CPIO_NAME_SIZE), bytes = hex(at + CPIO_FILE_SIZE);
        uint64_t data = (CPIO_HEADER + name + 3) & ~3ul, next = data + ((bytes + 3) & ~3ul);
        if (data > left || bytes > left - data)
            break;
        *size = bytes;
        if (name == sizeof "pager" && !__builtin_memcmp(at + CPIO_HEADER, "pager", sizeof "pager"))
            return at + data;
        if (next > left)
            break;
        at += next;
        left -= next;
    }
    return NULL;
}

/* ---- all together ---- */

static void info_create(struct loader *l, const struct boot_params *params)
{
    l->info = direct(l->frames.start); /* its pages follow one another */
    for (uint64_t n = 0; n < sizeof *l->info; n += PAGE_SIZE)
        page_new(l, INFO_ADDRESS + n, VMS_READ);
    l->info->magic = BOOT_INFO_MAGIC;
    l->info->blocks = block_count;
    while (l->info->cmdline_length < BOOT_CMDLINE_MAX && params->cmdline[l->info->cmdline_length])
        l->info->cmdline_length++;
    __builtin_memcpy(l->info->cmdline, params->cmdline, l->info->cmdline_length);
}

/* Every RAM block, in huge pages. */
static void ram_map(struct loader *l)
{
    for (uint32_t b = 0; b < block_count; b++) {
        paddr_t pa = (paddr_t)b << HUGE_SHIFT;
        l->info->block_kind[b] = blocks[b].kind;
        if (blocks[b].kind == BLOCK_RAM)
            map(l, VMS_SET, PTEP_LEAF - 1, PAGER_RAM + pa, pa, VMS_READ | VMS_WRITE);
    }
}

static bool is_free(uint32_t block)
{
    return blocks[block].kind == BLOCK_RAM && !blocks[block].boot;
}

vaddr_t boot_pager_load(struct task *pager, struct boot_params *params, vaddr_t *stack, vaddr_t *boot_info)
{
    struct loader l = {.vms = &pager->vms};
    const struct boot_module *module = params->module, *bundle = module;
    uint32_t b = block_count;
    while (b > 1 && !(is_free(b - 1) && is_free(b - 2)))
        b--;
    if (!params->module_count || b < 2)
        panic("no module, or no memory for the pager");
    l.frames = (struct boot_range){(b - 2) * HUGE_SIZE, b * HUGE_SIZE};
    const uint8_t *elf = direct(module->start);
    uint64_t size = module->end - module->start;
    if (size >= 4 && !__builtin_memcmp(elf, "\177ELF", 4))
        bundle = params->module_count > 1 ? module + 1 : NULL;
    else if (!(elf = bundle_find(elf, &size)))
        panic("the bundle has no pager");
    info_create(&l, params);
    vaddr_t entry = elf_load(&l, elf, size);
    for (uint64_t n = PAGE_SIZE; n <= STACK_SIZE; n += PAGE_SIZE)
        page_new(&l, USER_STACK_TOP - n, VMS_READ | VMS_WRITE);
    map(&l, VMS_GUARD, PTEP_LEAF, USER_STACK_TOP - STACK_SIZE - PAGE_SIZE, 0, 0);
    ram_map(&l);
    l.info->pager[0] = (struct boot_range){(b - 2) * HUGE_SIZE, l.frames.start};
    l.info->pager_ranges = 1;
    if (bundle)
        l.info->bundle = (struct boot_range){bundle->start, bundle->end};
    *stack = USER_STACK_TOP;
    *boot_info = INFO_ADDRESS;
    return entry;
}
