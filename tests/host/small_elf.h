#ifndef SMALL_ELF_H
#define SMALL_ELF_H

#include <stdint.h>

/* An ELF file with one segment of code (ELF-64 object file format 1.5). */
static struct {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    uint32_t p_type, p_flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
    char code[100];
} small_elf = {.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
               .type = 2,
               .machine = 62,
               .version = 1,
               .entry = 0x400080,
               .phoff = 64,
               .ehsize = 64,
               .phentsize = 56,
               .phnum = 1,
               .p_type = 1,
               .p_flags = 5,
               .vaddr = 0x400000,
               .filesz = 200,
               .memsz = 10000,
               .align = 4096};

#endif
