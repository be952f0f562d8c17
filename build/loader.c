/* The direct boot's loader: QEMU starts it by -kernel, as PVH (Xen, arch-x86/hvm/start_info.h), when it has
 * put the kernel where its program headers say (-device loader) and the boot module where there is room
 * (-initrd). It says the same in Multiboot2's words (specification 2.0, 3.6), and jumps behind the kernel's
 * Multiboot2 header. */
#include <stddef.h>
#include <stdint.h>

#define KERNEL          0x200000u /* see microkernel/arch/x86_64/kernel.ld */
#define PVH_MAGIC       0x336ec578u
#define HEADER_MAGIC    0xe85250d6u
#define MEMORY_MAX      128u
#define CMDLINE_MAX     4096u
#define RSDP_SIZE       36u
#define MAP_ENTRY_WORDS 6u

enum tag { END, CMDLINE, MODULE = 3, MEMORY = 6, RSDP = 15 };

struct pvh_info {
    uint32_t magic, version, flags, modules;
    uint64_t module_list, cmdline, rsdp, memory;
    uint32_t memory_count, reserved;
};

__asm__(".pushsection .note.pvh, \"a\", @note\n"
        "  .long 4, 4, 18\n" /* XEN_ELFNOTE_PHYS32_ENTRY */
        "  .asciz \"Xen\"\n"
        "  .long start\n"
        ".popsection\n"
        ".pushsection .bss\n"
        "  .balign 16\n"
        "  .skip 4096\n"
        "stack_top:\n"
        ".popsection\n"
        ".globl start\n"
        "start:\n"
        "  cld\n"
        "  mov $stack_top, %esp\n"
        "  push %ebx\n"
        "  call tell\n"
        "  mov %eax, %edx\n"
        "  mov $information, %ebx\n"
        "  mov $0x36d76289, %eax\n"
        "  jmp *%edx\n");

uint32_t information[4096] __attribute__((aligned(8)));
uint32_t tell(const struct pvh_info *pvh);
static uint32_t *end = information + 2;

/* A tag: words of its own, then bytes that lie somewhere. */
static void add(enum tag type, const uint32_t *words, uint32_t count, const void *bytes, uint32_t size)
{
    char *to = (char *)(end + 2 + count);
    end[0] = type;
    end[1] = 8 + 4 * count + size;
    for (uint32_t i = 0; i < count; i++)
        end[2 + i] = words[i];
    for (uint32_t i = 0; i < size; i++)
        to[i] = ((const char *)bytes)[i];
    end += (end[1] + 7) / 8 * 2;
}

/* Gives where the kernel begins; 0 stops the machine by a triple fault. */
uint32_t tell(const struct pvh_info *pvh)
{
    const uint32_t *header = (const uint32_t *)KERNEL;
    const char *cmdline = (const char *)(uintptr_t)pvh->cmdline;
    const uint64_t *module = (const uint64_t *)(uintptr_t)pvh->module_list;
    const uint32_t memory[] = {4 * MAP_ENTRY_WORDS, 0};
    uint32_t length = 0, count = pvh->memory_count < MEMORY_MAX ? pvh->memory_count : MEMORY_MAX;

    if (pvh->magic != PVH_MAGIC || pvh->version < 1 || header[0] != HEADER_MAGIC)
        return 0;
    while (cmdline && length < CMDLINE_MAX && cmdline[length++])
        ;
    add(CMDLINE, NULL, 0, cmdline, length);
    if (pvh->modules)
        add(MODULE, (const uint32_t[]){(uint32_t)module[0], (uint32_t)(module[0] + module[1]), 0}, 3, NULL,
            0);
    if (pvh->rsdp)
        add(RSDP, NULL, 0, (const void *)(uintptr_t)pvh->rsdp, RSDP_SIZE);
    add(MEMORY, memory, 2, (const void *)(uintptr_t)pvh->memory, count * 4 * MAP_ENTRY_WORDS);
    add(END, NULL, 0, NULL, 0);
    information[0] = (uint32_t)((char *)end - (char *)information);
    return KERNEL + header[2];
}
