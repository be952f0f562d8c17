/* Loading the first task. The kernel knows just enough of ELF and of the bundle's format for one program; all
 * others are loaded by servers. */
#include <memory.h>
#include <ouros/boot.h>
#include <window.h>

#define STACK_SIZE   (64ul << 10)
#define INFO_ADDRESS (USER_STACK_TOP + PAGE_SIZE)
#define INFO_SIZE    ((sizeof(struct boot_info) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1))

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

struct loader {
    struct vms *vms;
    struct boot_info *info;
    paddr_t next; /* frame to hand out; a multiple of HUGE_SIZE: choose a new block */
    uint32_t block;
};

/* A zeroed frame, from the end of memory; contiguous within a block. 0: no memory. */
static paddr_t frame_take(struct loader *l)
{
    if (!(l->next & (HUGE_SIZE - 1))) {
        do {
            if (l->block == 0)
                return 0;
            l->block--;
        } while (blocks[l->block].kind != BLOCK_RAM || blocks[l->block].boot);
        l->next = (paddr_t)l->block << HUGE_SHIFT;
        if (l->info) {
            if (l->info->pager_ranges == sizeof l->info->pager / sizeof *l->info->pager)
                return 0;
            l->info->pager[l->info->pager_ranges++] = (struct boot_range){l->next, l->next};
        }
    }
    paddr_t frame = l->next;
    l->next += PAGE_SIZE;
    if (l->info)
        l->info->pager[l->info->pager_ranges - 1].end = l->next;
    __builtin_memset(direct(frame), 0, PAGE_SIZE);
    return frame;
}

/* One entry, and the tables that it needs. */
static int map(struct loader *l, vaddr_t va, paddr_t pa, uint32_t prot, uint32_t level, enum vms_opcode code)
{
    struct window w;
    struct vms_op op = {.level = (uint8_t)level, .prot = (uint8_t)prot, .count = 1, .va = va, .pa = pa};
    uint32_t missing;
    int error;
    window_open(&w, l->vms);
    for (;;) {
        error = code == VMS_GUARD ? entry_guard(&w, &op, &missing) : entry_set(&w, &op, ENTRY_RAM, &missing);
        if (error != E_NOTABLE)
            break;
        struct vms_op link = {.level = (uint8_t)missing, .count = 1, .va = va};
        error = entry_link(&w, &link, &missing);
        if (error)
            break;
    }
    window_close(&w);
    return error;
}

static int segment_load(struct loader *l, const uint8_t *elf, uint64_t size, const struct elf_segment *s,
                        vaddr_t *lowest)
{
    vaddr_t start = s->va & ~(PAGE_SIZE - 1);
    if (s->file_size > s->memory_size || s->offset > size || s->file_size > size - s->offset)
        return E_NOEXEC;
    if (s->va < USER_MIN || s->va >= PAGER_RAM || s->memory_size > PAGER_RAM - s->va || start < *lowest)
        return E_NOEXEC; /* in order, and no page in two segments */
    if ((s->flags & (ELF_W | ELF_X)) == (ELF_W | ELF_X))
        return E_NOEXEC;
    uint32_t prot = VMS_READ | (s->flags & ELF_W ? VMS_WRITE : 0) | (s->flags & ELF_X ? VMS_EXEC : 0);
    for (vaddr_t va = start; va < s->va + s->memory_size; va += PAGE_SIZE) {
        paddr_t frame = frame_take(l);
        if (!frame)
            return E_NOMEM;
        uint64_t skip = va < s->va ? s->va - va : 0, from = va + skip - s->va;
        if (from < s->file_size) {
            uint64_t n = PAGE_SIZE - skip < s->file_size - from ? PAGE_SIZE - skip : s->file_size - from;
            __builtin_memcpy((char *)direct(frame) + skip, elf + s->offset + from, n);
        }
        int error = map(l, va, frame, prot, PTEP_LEAF, VMS_SET);
        if (error)
            return error;
        *lowest = va + PAGE_SIZE;
    }
    return 0;
}

static int elf_load(struct loader *l, const uint8_t *elf, uint64_t size, vaddr_t *entry)
{
    struct elf_header h;
    struct elf_segment s;
    vaddr_t lowest = USER_MIN;
    if (size < sizeof h)
        return E_NOEXEC;
    __builtin_memcpy(&h, elf, sizeof h);
    if (h.ident[4] != 2 || h.ident[5] != 1 || h.type != ELF_EXEC || h.machine != ELF_X86_64 ||
        h.program_size != sizeof s || h.program_count > ELF_SEGMENTS_MAX || h.program_offset > size ||
        h.program_count * sizeof s > size - h.program_offset || h.entry < USER_MIN || h.entry >= PAGER_RAM)
        return E_NOEXEC;
    for (uint32_t i = 0; i < h.program_count; i++) {
        __builtin_memcpy(&s, elf + h.program_offset + i * sizeof s, sizeof s);
        int error = s.type == ELF_LOAD && s.memory_size ? segment_load(l, elf, size, &s, &lowest) : 0;
        if (error)
            return error;
    }
    *entry = h.entry;
    return lowest == USER_MIN ? E_NOEXEC : 0;
}

/* ---- the bundle: cpio, "newc" format; numbers are eight hexadecimal digits ---- */

enum { CPIO_HEADER = 110, CPIO_FILE_SIZE = 54, CPIO_NAME_SIZE = 94 };

static bool starts_with(const uint8_t *bytes, uint64_t size, const char *text, uint64_t length)
{
    return size >= length && __builtin_memcmp(bytes, text, length) == 0;
}

static uint64_t hex(const uint8_t *digits)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        uint8_t d = digits[i] | 0x20;
        value = value << 4 | (uint64_t)(d >= '0' && d <= '9' ? d - '0' : (d - 'a' + 10) & 15);
    }
    return value;
}

/* The file called `pager` in a bundle. */
static int bundle_find(const uint8_t *bundle, uint64_t size, const uint8_t **file, uint64_t *length)
{
    uint64_t at = 0;
    while (size - at >= CPIO_HEADER && starts_with(bundle + at, size - at, "070701", 6)) {
        uint64_t names = hex(bundle + at + CPIO_NAME_SIZE), bytes = hex(bundle + at + CPIO_FILE_SIZE);
        uint64_t data = (CPIO_HEADER + names + 3) & ~3ul;
        if (data > size - at || bytes > size - at - data)
            return E_NOEXEC;
        if (names == sizeof "pager" &&
            starts_with(bundle + at + CPIO_HEADER, names, "pager", sizeof "pager")) {
            *file = bundle + at + data;
            *length = bytes;
            return 0;
        }
        uint64_t next = data + ((bytes + 3) & ~3ul);
        if (next > size - at)
            break;
        at += next;
    }
    return E_NOENT;
}

/* ---- all together ---- */

static int info_create(struct loader *l, const struct boot_params *params)
{
    paddr_t first = frame_take(l);
    for (uint64_t n = PAGE_SIZE; first && n < INFO_SIZE; n += PAGE_SIZE)
        frame_take(l); /* the same block: it is far from full */
    if (!first)
        return E_NOMEM;
    l->info = direct(first);
    l->info->magic = BOOT_INFO_MAGIC;
    l->info->blocks = block_count;
    l->info->pager[0] = (struct boot_range){first, l->next};
    l->info->pager_ranges = 1;
    while (l->info->cmdline_length < BOOT_CMDLINE_MAX && params->cmdline[l->info->cmdline_length])
        l->info->cmdline_length++;
    __builtin_memcpy(l->info->cmdline, params->cmdline, l->info->cmdline_length);
    for (uint64_t n = 0; n < INFO_SIZE; n += PAGE_SIZE) {
        int error = map(l, INFO_ADDRESS + n, first + n, VMS_READ, PTEP_LEAF, VMS_SET);
        if (error)
            return error;
    }
    return 0;
}

static int stack_create(struct loader *l)
{
    for (uint64_t n = PAGE_SIZE; n <= STACK_SIZE; n += PAGE_SIZE) {
        paddr_t frame = frame_take(l);
        int error =
            frame ? map(l, USER_STACK_TOP - n, frame, VMS_READ | VMS_WRITE, PTEP_LEAF, VMS_SET) : E_NOMEM;
        if (error)
            return error;
    }
    return map(l, USER_STACK_TOP - STACK_SIZE - PAGE_SIZE, 0, 0, PTEP_LEAF, VMS_GUARD);
}

/* Every RAM block, in huge pages. */
static int ram_map(struct loader *l)
{
    for (uint32_t b = 0; b < block_count; b++) {
        paddr_t pa = (paddr_t)b << HUGE_SHIFT;
        l->info->block_kind[b] = blocks[b].kind;
        if (blocks[b].kind != BLOCK_RAM)
            continue;
        int error = map(l, PAGER_RAM + pa, pa, VMS_READ | VMS_WRITE, PTEP_LEAF - 1, VMS_SET);
        if (error)
            return error;
    }
    return 0;
}

int boot_pager_load(struct task *pager, struct boot_params *params, vaddr_t *entry, vaddr_t *stack,
                    vaddr_t *boot_info)
{
    struct loader l = {.vms = &pager->vms, .block = block_count};
    const struct boot_module *module = params->module;
    if (!params->module_count)
        return E_NOENT;
    const uint8_t *elf = direct(module->start);
    uint64_t size = module->end - module->start;
    int error = info_create(&l, params);
    if (error)
        return error;
    if (starts_with(elf, size, "\177ELF", 4))
        module = params->module_count > 1 ? module + 1 : NULL;
    else
        error = bundle_find(elf, size, &elf, &size);
    if (!error)
        error = starts_with(elf, size, "\177ELF", 4) ? elf_load(&l, elf, size, entry) : E_NOEXEC;
    if (!error)
        error = stack_create(&l);
    if (!error)
        error = ram_map(&l);
    if (error)
        return error;
    if (module)
        l.info->bundle = (struct boot_range){module->start, module->end};
    *stack = USER_STACK_TOP;
    *boot_info = INFO_ADDRESS;
    return 0;
}
