/* From the loader to the high half.
 *
 * Multiboot2 enters in 32-bit protected mode, paging off, without usable descriptor tables:
 *   eax = magic, ebx = physical address of the loader's information.
 * Order: own GDT, an IDT for 32-bit code, the permanent IDT (its gates already lead to the high half), the boot
 * tables, long mode, the jump. So there is no moment in which a fault goes unreported. */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <stage.h>

#define LOW(symbol) (symbol - KERNEL_VIRTUAL)
#define COM1        0x3f8
#define BOOT_BASE   0x200000

    .section .boot, "awx"
    .balign 8
multiboot2_header:              /* at BOOT_BASE: see kernel.ld */
    .long 0xe85250d6, 0, multiboot2_end - multiboot2_header
    .long -(0xe85250d6 + (multiboot2_end - multiboot2_header))
    .long 1, 20, 1, 3, 6        /* information that we need: command line, modules, memory map */
    .balign 8
    .long 0, 8
multiboot2_end:

    .code32
    .globl boot_entry
boot_entry:                     /* nothing lies between: build/loader.c */
    cli; cld
    mov %eax, %ebp              /* ebp: magic, ebx: information, until arch_boot */
    mov $LOW(stacks + 0x1000 + STACK_SIZE), %esp
    lgdt gdt_pointer_low
    ljmp $BOOT_CODE32, $1f
1:  mov $KERNEL_DATA, %eax
    mov %eax, %ds; mov %eax, %es; mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs; mov %eax, %gs
    lidt boot_idt_pointer       /* 32 gates, all to fault32 */
    BOOT_STAGE STAGE_ENTRY
    push %ebx
    mov $0x80000000, %eax; cpuid
    cmp $0x80000001, %eax
    jb unfit
    mov $0x80000001, %eax; cpuid
    pop %ebx
    and $(1 << 29 | 1 << 20), %edx
    cmp $(1 << 29 | 1 << 20), %edx
    jne unfit

    mov $LOW(idt), %edi         /* 256 gates to trap_stubs, which are 16 bytes apart */
    mov $LOW(trap_stubs) + 0x80000000, %edx
    mov $256, %ecx
4:  mov $(KERNEL_CODE << 16), %eax
    mov %dx, %ax; stosl
    mov %edx, %eax
    mov $0x8e00, %ax; stosl
    mov $-1, %eax; stosl
    xor %eax, %eax; stosl
    add $16, %edx
    loop 4b

    mov $LOW(direct_l2), %edi   /* 4 GiB in 2 MiB pages, present and writable */
    mov $0x83, %eax
5:  mov %eax, (%edi)
    add $8, %edi
    add $0x200000, %eax
    jnc 5b

    mov $CR4_PAE, %eax; mov %eax, %cr4
    mov $LOW(kernel_l0), %eax; mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr; or $(EFER_LME | EFER_NXE), %eax; wrmsr
    mov %cr0, %eax
    and $~(CR0_EM | CR0_CD | CR0_NW), %eax
    or $(CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE), %eax
    lidt idt_pointer_low        /* a fault from the next instruction on is taken by 64-bit gates */
    mov %eax, %cr0
    ljmp $KERNEL_CODE, $boot_long

/* No processor for us, or a fault in 32-bit code: say so and stop. The line is as the firmware left it; a PC's
 * sends 8 bits after a reset. */
unfit:
    mov $text_unfit, %esi; jmp say
fault32:
    mov $text_fault, %esi
say:
    mov $(COM1 + 5), %dx
    mov $0x10000, %ecx
1:  in %dx, %al
    test $0x20, %al
    loopz 1b
    mov $COM1, %dx
    lodsb; out %al, %dx
    cmp $'\n', %al
    jne say
    mov $0x7f, %al; out %al, $0xf4
2:  cli; hlt
    jmp 2b

    .code64
boot_long:
    BOOT_STAGE STAGE_LONG
    movabs $boot_high, %rax
    jmp *%rax

text_fault: .ascii "\rouros: fault in boot stage 1\r\n"
text_unfit: .ascii "\rouros: this processor lacks long mode or no-execute\r\n"

    .balign 8
gdt_pointer_low:
    .word GDT_SIZE - 1
    .long LOW(gdt)
    .balign 8
boot_idt:
    .rept 32
    .word fault32 - multiboot2_header, BOOT_CODE32, 0x8e00, BOOT_BASE >> 16
    .endr
boot_idt_pointer:
    .word 32 * 8 - 1
    .long boot_idt
idt_pointer_low:
    .word 256 * 16 - 1
    .long LOW(idt)

    .section .text.entry, "ax"
boot_high:
    lea stacks + 0x1000 + STACK_SIZE(%rip), %rsp
    lgdt gdt_pointer_high(%rip) /* the low addresses go with the identity mapping */
    lidt idt_pointer_high(%rip)
    mov %ebp, %edi
    mov %ebx, %esi
    xor %ebp, %ebp
    call arch_boot
    ud2

    .section .data.page, "aw"
/* The tables, which map_init and paging_direct_init complete: until then 4 GiB are seen at 0 too, and the first GiB
 * at KERNEL_VIRTUAL. All entries: present, writable. */
    .balign 4096
    .globl kernel_l0, direct_l1, image_l1
kernel_l0:
    .quad LOW(direct_l1) + 3
    .fill 510, 8, 0
    .quad LOW(image_l1) + 3
direct_l1:
    .set table, 0
    .rept DIRECT_TABLES
    .quad LOW(direct_l2) + table * 0x1000 + 3
    .set table, table + 1
    .endr
    .fill 512 - DIRECT_TABLES, 8, 0
image_l1:
    .fill 510, 8, 0
    .quad LOW(direct_l2) + 3, 0

    .data
    .balign 8
    .globl gdt
gdt:
    .quad 0
    .quad 0x00209a0000000000    /* KERNEL_CODE */
    .quad 0x00cf92000000ffff    /* KERNEL_DATA */
    .quad 0x00cf9a000000ffff    /* BOOT_CODE32 */
    .quad 0x00cff2000000ffff    /* USER_DATA */
    .quad 0x0020fa0000000000    /* USER_CODE */
    .quad 0, 0                  /* TSS_SELECT */
gdt_pointer_high:
    .word GDT_SIZE - 1
    .quad gdt
    .balign 8
idt_pointer_high:
    .word 256 * 16 - 1
    .quad idt

    .section .bss.page, "aw", @nobits
    .balign 4096
    .globl idt
idt:
    .skip 4096

    .section .note.GNU-stack, "", @progbits
