/* memcpy, memmove, memset: string instructions on 8-byte words, ends by overlapping loads. The processor (and
 * the emulator, where one word is one instruction) moves a word as cheaply as a byte. No non-temporal stores:
 * what is copied is used soon. The direction flag is clear on entry and on return (psABI); memmove sets it
 * in between. */

#define FUNCTION(name) .globl name; .type name, @function; .balign 16; name
#define END(name) .size name, . - name

    .section .text.memcpy, "ax", @progbits

/* void *memcpy(void *rdi, const void *rsi, size_t rdx)
 * void *memmove(void *rdi, const void *rsi, size_t rdx) */
FUNCTION(memmove):
    movq %rdi, %rcx
    subq %rsi, %rcx
    cmpq %rdx, %rcx /* destination - source, unsigned, below the length: copy from the end */
    jb .Lbackward
FUNCTION(memcpy):
    movq %rdi, %rax
    cmpq $16, %rdx
    jb .Lsmall
    /* The last 8 bytes are read first and stored last, so the words may stop short of them. */
    movq -8(%rsi, %rdx), %r8
    leaq -8(%rdi, %rdx), %r9
    leaq -1(%rdx), %rcx
    shrq $3, %rcx
    rep movsq
    movq %r8, (%r9)
    ret

    /* Fewer than 16 bytes: all loads come before the first store, so overlap does no harm. */
.Lsmall:
    cmpq $8, %rdx
    jb 1f
    movq (%rsi), %r8
    movq -8(%rsi, %rdx), %r9
    movq %r8, (%rdi)
    movq %r9, -8(%rdi, %rdx)
    ret
1:  cmpq $4, %rdx
    jb 2f
    movl (%rsi), %r8d
    movl -4(%rsi, %rdx), %r9d
    movl %r8d, (%rdi)
    movl %r9d, -4(%rdi, %rdx)
    ret
2:  testq %rdx, %rdx
    je 3f
    movq %rdx, %r11
    shrq $1, %r11 /* 1, 2 or 3 bytes: first, middle and last cover them */
    movzbl (%rsi), %r8d
    movzbl (%rsi, %r11), %r9d
    movzbl -1(%rsi, %rdx), %r10d
    movb %r8b, (%rdi)
    movb %r9b, (%rdi, %r11)
    movb %r10b, -1(%rdi, %rdx)
3:  ret

.Lbackward:
    movq %rdi, %rax
    cmpq $16, %rdx
    jb .Lsmall
    movq (%rsi), %r8
    leaq -8(%rsi, %rdx), %rsi
    leaq -8(%rdi, %rdx), %rdi
    leaq -1(%rdx), %rcx
    shrq $3, %rcx
    std
    rep movsq
    cld
    movq %r8, (%rax)
    ret
END(memcpy)
END(memmove)

    .section .text.memset, "ax", @progbits

/* void *memset(void *rdi, int esi, size_t rdx) */
FUNCTION(memset):
    movzbl %sil, %eax
    movabsq $0x0101010101010101, %r8
    imulq %r8, %rax
    movq %rdi, %r9
    cmpq $8, %rdx
    jb 1f
    movq %rax, -8(%rdi, %rdx)
    leaq -1(%rdx), %rcx
    shrq $3, %rcx
    rep stosq
    movq %r9, %rax
    ret
1:  movq %rdx, %rcx
    rep stosb
    movq %r9, %rax
    ret
END(memset)

    .section .note.GNU-stack, "", @progbits
