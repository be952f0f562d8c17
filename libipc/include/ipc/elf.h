/* The one ELF loader: pager (for init), init (servers) and proc (programs) use it. It takes static ELF64
 * executables for x86-64 (System V ABI, AMD64 supplement; ELF-64 object file format 1.5) and trusts no byte
 * of them. */
#ifndef IPC_ELF_H
#define IPC_ELF_H

#include <ouros/types.h>

#define ELF_SEGMENTS_MAX 16

/* A loadable segment. Segments come in ascending order, and no two share a page. */
struct elf_segment {
    vaddr_t address;              /* first byte; the same as `offset` modulo a page */
    uint64_t memory_size;         /* bytes, > 0; what is beyond file_size is zero */
    uint64_t offset, file_size;   /* of its bytes in the file */
    vaddr_t page_start, page_end; /* the pages that it lies in */
    uint64_t page_offset;         /* file offset of page_start, page aligned */
    uint32_t prot;                /* enum vms_prot; never WRITE with EXEC */
};

struct elf_image {
    vaddr_t entry;
    vaddr_t start, end; /* of all segments, whole pages */
    uint32_t segment_count;
    struct elf_segment segments[ELF_SEGMENTS_MAX];
    struct { /* thread-local storage; all zero if there is none. crt0 finds it by itself */
        vaddr_t address;
        uint64_t file_size, memory_size, align;
    } tls;
};

/* Where the file comes from: all `length` bytes at `offset` (inside file_size), or an error. */
struct elf_source {
    int (*read)(void *context, uint64_t offset, void *to, size_t length);
    void *context;
    uint64_t file_size;
};

/* Read and check the headers. E_NOEXEC when it is no such executable, or what `read` returned. */
int elf_parse(const struct elf_source *source, struct elf_image *image);

/* Call map_segment for each segment in order; stop at the first error. The callback brings file_size bytes
 * from `offset` to `address`, zeros to the rest of its pages, and the protection to all. */
int elf_load(const struct elf_image *image,
             int (*map_segment)(void *context, const struct elf_segment *segment), void *context);

#endif
