/* TLS blocks (ELF TLS, variant II; only the local-exec model exists in static programs). */
#include "tcb.h"

#include <elf.h>
#include <string.h>

struct tls_image tls_image = {.align = 1};

extern const char __ehdr_start[] __attribute__((weak, visibility("hidden")));

/* newlib's elf.h knows 32-bit structures only. */
struct elf64_header {
    unsigned char ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct elf64_program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
enum { PROGRAM_TLS = 7 };

static void tls_image_find(void)
{
    const struct elf64_header *header = (const void *)__ehdr_start;
    if (!header)
        return;
    const char *at = (const char *)header + header->phoff;
    for (int i = 0; i < header->phnum; i++, at += header->phentsize) {
        const struct elf64_program_header *program = (const void *)at;
        if (program->type != PROGRAM_TLS)
            continue;
        tls_image.data = (const void *)program->vaddr;
        tls_image.data_size = program->filesz;
        tls_image.size = program->memsz;
        tls_image.align = program->align ? program->align : 1;
    }
}

static size_t tls_alignment(void)
{
    return tls_image.align > CACHE_LINE ? tls_image.align : CACHE_LINE;
}

/* Distance from the first TLS variable to the thread pointer: a multiple of the segment's alignment. */
static size_t tls_offset(void)
{
    return (tls_image.size + tls_image.align - 1) & -tls_image.align;
}

size_t tls_block_size(void)
{
    if (!tls_image.data)
        tls_image_find();
    return tls_offset() + sizeof(struct tcb) + tls_alignment();
}

struct tcb *tls_block_make(void *memory, uint64_t canary)
{
    uintptr_t lowest = (uintptr_t)memory + tls_offset();
    struct tcb *tcb = (struct tcb *)((lowest + tls_alignment() - 1) & -tls_alignment());
    char *variables = (char *)tcb - tls_offset();
    memcpy(variables, tls_image.data, tls_image.data_size);
    memset(variables + tls_image.data_size, 0, tls_image.size - tls_image.data_size);
    memset(tcb, 0, offsetof(struct tcb, own_reent));
    tcb->self = tcb;
    tcb->canary = canary;
    tcb->reent = &tcb->own_reent;
    return tcb;
}
