// sources: libipc/elf.c
/* The ELF loader: a good file, each kind of bad one, and many scribbled ones. */
#include "check.h"
#include <ipc/elf.h>
#include <ouros/error.h>
#include <ouros/layout.h>
#include <ouros/syscall.h>

struct phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
struct file {
    struct {
        uint8_t ident[16];
        uint16_t type, machine;
        uint32_t version;
        uint64_t entry, phoff, shoff;
        uint32_t flags;
        uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    } h;
    struct phdr p[4];
    char rest[0x3000];
};

static struct file good(void)
{
    struct file f = {
        .h = {.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
              .type = 2,
              .machine = 62,
              .version = 1,
              .entry = 0x401000,
              .phoff = 64,
              .ehsize = 64,
              .phentsize = 56,
              .phnum = 4},
        .p = {{1, 4, 0, 0x400000, 0, 0x1000, 0x1000, 0x1000},
              {1, 5, 0x1000, 0x401000, 0, 0x800, 0x800, 0x1000},
              {1, 6, 0x2010, 0x403010, 0, 0x100, 0x2345, 0x1000},
              {7, 4, 0x2010, 0x403010, 0, 0x20, 0x40, 16}},
    };

    return f;
}

static int read_file(void *context, uint64_t offset, void *to, size_t length)
{
    if (offset > sizeof(struct file) || length > sizeof(struct file) - offset)
        abort();
    memcpy(to, (char *)context + offset, length);
    return 0;
}

static int parse(struct file *f, uint64_t size, struct elf_image *image)
{
    return elf_parse(&(struct elf_source){read_file, f, size}, image);
}

static int parse_good(struct file *f)
{
    struct elf_image image;

    return parse(f, sizeof *f, &image);
}

static void accepts(void)
{
    struct file f = good();
    struct elf_image image;

    CHECK(parse(&f, sizeof f, &image) == 0);
    CHECK(image.segment_count == 3 && image.start == 0x400000 && image.end == 0x406000);
    CHECK(image.segments[0].prot == VMS_READ && image.segments[1].prot == (VMS_READ | VMS_EXEC));
    CHECK(image.segments[2].prot == (VMS_READ | VMS_WRITE) && image.segments[2].page_start == 0x403000);
    CHECK(image.segments[2].page_offset == 0x2000 && image.segments[2].page_end == 0x406000);
    CHECK(image.tls.memory_size == 0x40 && image.tls.align == 16);
}

#define REFUSES(name, change)              \
    static void name(void)                 \
    {                                      \
        struct file f = good();            \
        change;                            \
        CHECK(parse_good(&f) == E_NOEXEC); \
    }

REFUSES(bad_magic, f.h.ident[1] = 'e')
REFUSES(class_32, f.h.ident[4] = 1)
REFUSES(big_endian, f.h.ident[5] = 2)
REFUSES(shared_object, f.h.type = 3)
REFUSES(other_machine, f.h.machine = 3)
REFUSES(no_headers, f.h.phnum = 0)
REFUSES(many_headers, f.h.phnum = 65)
REFUSES(headers_outside, f.h.phoff = sizeof(struct file) - 100)
REFUSES(headers_wrap, f.h.phoff = UINT64_MAX - 10)
REFUSES(header_size, f.h.phentsize = 64)
REFUSES(entry_outside, f.h.entry = 0x900000)
REFUSES(entry_in_data, f.h.entry = 0x403010)
REFUSES(write_and_execute, f.p[2].flags = 7)
REFUSES(no_access, f.p[0].flags = 0)
REFUSES(file_larger_than_memory, f.p[2].filesz = 0x3000; f.p[2].memsz = 0x2000)
REFUSES(bytes_outside, f.p[2].offset = sizeof(struct file) + 0x10)
REFUSES(bytes_wrap, f.p[2].offset = UINT64_MAX - 0xfef)
REFUSES(skewed, f.p[2].offset = 0x2018)
REFUSES(overlap, f.p[2].vaddr = 0x401010)
REFUSES(same_page, f.p[2].vaddr = 0x401810; f.p[2].offset = 0x2810)
REFUSES(descending, f.p[0].vaddr = 0x500000)
REFUSES(below_minimum, f.p[0].vaddr = 0x1000)
REFUSES(null_page, f.p[0].vaddr = 0)
REFUSES(kernel_half, f.p[2].vaddr = 0xffffffff80000010)
REFUSES(reaches_too_far, f.p[2].memsz = USER_MMAP_BASE)
REFUSES(memory_wraps, f.p[2].memsz = UINT64_MAX - 8)
REFUSES(interpreter, f.p[3].type = 3)
REFUSES(tls_align, f.p[3].align = 24)
REFUSES(tls_outside, f.p[3].vaddr = 0x800000)
REFUSES(tls_twice, f.p[0] = f.p[3])

static void truncated(void)
{
    struct file f = good();
    struct elf_image image;

    for (uint64_t size = 0; size < 0x2110; size++)
        CHECK(parse(&f, size, &image) == E_NOEXEC);
    CHECK(parse(&f, 0x2110, &image) == 0);
}

/* What a loader may rely on, whatever the file says. */
static int sane(const struct elf_image *image)
{
    vaddr_t last = USER_MIN;

    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segments[i];

        if (s->page_start < last || s->page_end <= s->page_start || s->page_end > USER_MMAP_BASE ||
            s->offset > sizeof(struct file) || s->file_size > sizeof(struct file) - s->offset ||
            s->file_size > s->memory_size || (s->page_offset | s->page_start | s->page_end) % PAGE_SIZE ||
            (s->prot & (VMS_WRITE | VMS_EXEC)) == (VMS_WRITE | VMS_EXEC))
            return 0;
        last = s->page_end;
    }
    return image->segment_count > 0 && image->entry >= image->start && image->entry < image->end;
}

static void scribbled(void)
{
    static const uint64_t odd[] = {0, 1, 0xfff, 0x1000, 0x7fffffff, 0xffffffff, 1ul << 63, UINT64_MAX};
    uint64_t seed = 7, accepted = 0;
    struct elf_image image;

    for (int round = 0; round < 300000; round++) {
        struct file f = good();
        size_t head = sizeof f.h + sizeof f.p;

        for (uint64_t n = check_random(&seed) % 4 + 1; n; n--) {
            size_t at = check_random(&seed) % (head / 8) * 8;

            if (check_random(&seed) % 2)
                memcpy((char *)&f + at, &odd[check_random(&seed) % 8], 8);
            else
                ((uint8_t *)&f)[at + check_random(&seed) % 8] = (uint8_t)check_random(&seed);
        }
        if (parse(&f, sizeof f, &image) == 0) {
            accepted++;
            CHECK(sane(&image));
        }
    }
    CHECK(accepted > 1000);
}

static int count_segment(void *context, const struct elf_segment *s)
{
    int *left = context;

    (void)s;
    return --*left ? 0 : E_NOMEM;
}

static void load_stops(void)
{
    struct file f = good();
    struct elf_image image;
    int left = 2;

    CHECK(parse(&f, sizeof f, &image) == 0);
    CHECK(elf_load(&image, count_segment, &left) == E_NOMEM && left == 0);
    left = 10;
    CHECK(elf_load(&image, count_segment, &left) == 0 && left == 7);
}

int main(void)
{
    RUN(accepts);
    RUN(bad_magic);
    RUN(class_32);
    RUN(big_endian);
    RUN(shared_object);
    RUN(other_machine);
    RUN(no_headers);
    RUN(many_headers);
    RUN(headers_outside);
    RUN(headers_wrap);
    RUN(header_size);
    RUN(entry_outside);
    RUN(entry_in_data);
    RUN(write_and_execute);
    RUN(no_access);
    RUN(file_larger_than_memory);
    RUN(bytes_outside);
    RUN(bytes_wrap);
    RUN(skewed);
    RUN(overlap);
    RUN(same_page);
    RUN(descending);
    RUN(below_minimum);
    RUN(null_page);
    RUN(kernel_half);
    RUN(reaches_too_far);
    RUN(memory_wraps);
    RUN(interpreter);
    RUN(tls_align);
    RUN(tls_outside);
    RUN(tls_twice);
    RUN(truncated);
    RUN(scribbled);
    RUN(load_stops);
    CHECK_END();
}
