#include <ipc/elf.h>
#include <ipc/string.h>
#include <ouros/error.h>
#include <ouros/layout.h>
#include <ouros/syscall.h>

enum { PHDRS_MAX = 64, ET_EXEC = 2, EM_X86_64 = 62, PT_LOAD = 1, PT_INTERP = 3, PT_TLS = 7 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };
#define TLS_ALIGN_MAX PAGE_SIZE
#define TLS_SIZE_MAX  (1ul << 20)

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct elf_phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_phdr) == 56, "ELF-64");

static bool inside(uint64_t offset, uint64_t length, uint64_t size)
{
    return offset <= size && length <= size - offset;
}

static int read_header(const struct elf_source *s, struct elf_header *h)
{
    static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little endian */,
                                     1 /* version */};
    int error;

    if (s->file_size < sizeof *h)
        return E_NOEXEC;
    error = s->read(s->context, 0, h, sizeof *h);
    if (error)
        return error;
    if (memcmp(h->ident, ident, sizeof ident) || h->type != ET_EXEC || h->machine != EM_X86_64 ||
        h->version != 1 || h->phentsize != sizeof(struct elf_phdr))
        return E_NOEXEC;
    if (h->phnum == 0 || h->phnum > PHDRS_MAX ||
        !inside(h->phoff, h->phnum * sizeof(struct elf_phdr), s->file_size))
        return E_NOEXEC;
    return 0;
}

static int add_segment(const struct elf_phdr *p, uint64_t file_size, struct elf_image *image)
{
    struct elf_segment *s = &image->segments[image->segment_count];
    uint64_t skew = p->vaddr & (PAGE_SIZE - 1);

    if (p->memsz == 0)
        return 0;
    if (image->segment_count == ELF_SEGMENTS_MAX || p->filesz > p->memsz ||
        !inside(p->offset, p->filesz, file_size) || (p->offset & (PAGE_SIZE - 1)) != skew)
        return E_NOEXEC;
    if (p->vaddr < USER_MIN || !inside(p->vaddr, p->memsz, USER_MMAP_BASE))
        return E_NOEXEC;
    if ((p->flags & (PF_W | PF_X)) == (PF_W | PF_X) || !(p->flags & (PF_R | PF_W | PF_X)))
        return E_NOEXEC;
    *s = (struct elf_segment){.address = p->vaddr,
                              .memory_size = p->memsz,
                              .offset = p->offset,
                              .file_size = p->filesz,
                              .page_start = p->vaddr - skew,
                              .page_end = (p->vaddr + p->memsz + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1),
                              .page_offset = p->offset - skew,
                              .prot = VMS_READ | (p->flags & PF_W ? VMS_WRITE : 0u) |
                                      (p->flags & PF_X ? VMS_EXEC : 0u)};
    if (image->segment_count && s->page_start < s[-1].page_end)
        return E_NOEXEC; /* out of order, overlapping, or two protections for one page */
    image->segment_count++;
    return 0;
}

static int set_tls(const struct elf_phdr *p, uint64_t file_size, struct elf_image *image)
{
    if (image->tls.align || p->filesz > p->memsz || p->memsz > TLS_SIZE_MAX ||
        !inside(p->offset, p->filesz, file_size) || p->align > TLS_ALIGN_MAX || (p->align & (p->align - 1)))
        return E_NOEXEC;
    image->tls.address = p->vaddr;
    image->tls.file_size = p->filesz;
    image->tls.memory_size = p->memsz;
    image->tls.align = p->align ? p->align : 1;
    return 0;
}

static const struct elf_segment *segment_at(const struct elf_image *image, uint64_t address, uint64_t length)
{
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segments[i];

        if (address >= s->address && inside(address - s->address, length, s->memory_size))
            return s;
    }
    return 0;
}

/* What can be said only when all segments are known. */
static int check_whole(struct elf_image *image)
{
    const struct elf_segment *entry = segment_at(image, image->entry, 1);

    if (!entry || !(entry->prot & VMS_EXEC))
        return E_NOEXEC;
    if (image->tls.file_size && !segment_at(image, image->tls.address, image->tls.file_size))
        return E_NOEXEC;
    image->start = image->segments[0].page_start;
    image->end = image->segments[image->segment_count - 1].page_end;
    return 0;
}

int elf_parse(const struct elf_source *source, struct elf_image *image)
{
    struct elf_header header = {0};
    struct elf_phdr p;
    int error = read_header(source, &header);

    *image = (struct elf_image){.entry = header.entry};
    for (uint32_t i = 0; !error && i < header.phnum; i++) {
        error = source->read(source->context, header.phoff + i * sizeof p, &p, sizeof p);
        if (error)
            break;
        if (p.type == PT_LOAD)
            error = add_segment(&p, source->file_size, image);
        else if (p.type == PT_TLS)
            error = set_tls(&p, source->file_size, image);
        else if (p.type == PT_INTERP)
            error = E_NOEXEC;
    }
    return error ? error : check_whole(image);
}

int elf_load(const struct elf_image *image,
             int (*map_segment)(void *context, const struct elf_segment *segment), void *context)
{
    int error = 0;

    for (uint32_t i = 0; !error && i < image->segment_count; i++)
        error = map_segment(context, &image->segments[i]);
    return error;
}
