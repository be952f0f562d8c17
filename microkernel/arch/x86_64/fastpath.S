/* The short way of call and reply_recv: the other party waits already and nothing else wants to happen, so the message
 * stays in its registers and the processor changes hands.
 *
 * Throughout, %rsp is the running thread and %rbp the one that is to run, %rbx its task. There is no stack: interrupts
 * are off, NMI and its like have stacks of their own, and nothing here faults but the reading of a client's buffers,
 * which borrows the kernel's stack.
 *
 * Above a POINT OF NO RETURN there are only checks. Whatever they find, fastpath_full goes on from the same registers
 * and knows the errors. Up to there only fields of the running thread are written that mean something while it waits:
 * saved registers, deadline, buffers. Below it nothing can fail.
 *
 * What the general path does and this does not, nobody can see: the words of a frame are not kept for who waits
 * (after an error they are undefined); caller->server and served_by stay as they were after a reply (ipc.c, I2); a
 * stale frame.vector means only that such a thread leaves by IRET if the general path wakes it. */
#include <arch/entry.h>
#include <messages.h>

    .section .text.entry, "ax"

/* %rax: the slot of handle %edi, in the task's first page of slots; a used slot holds its handle (handle.c, H4). */
.macro FIND_HANDLE right, else
    mov T_task(%rsp), %rcx
    movzbl %dil, %eax; shl $4, %eax
    add TASK_slots(%rcx), %rax
    cmp %edi, HANDLE_id(%rax); jne \else
    testb $\right, HANDLE_rights(%rax); jz \else
.endm

/* Nobody ready is as urgent as %rbp, which can leave by SYSRET; neither thread is suspended, cancelled, at fault or
 * written to by others; the task of %rbp is not suspended; nothing is to be destroyed. \special: some flag is set. */
.macro CHECK_THREADS else, special
    movzbl T_priority(%rbp), %ecx
    cmp sched_ready_top(%rip), %cl; jb \else
    btl $47 - 32, T_rip + 4(%rbp); jc \else
    mov T_task(%rbp), %rbx
    mov T_flags(%rsp), %ecx
    or T_flags(%rbp), %ecx
    or TASK_suspended(%rbx), %ecx
#ifdef OUROS_DEBUG
    or fastpath_off(%rip), %ecx
#endif
    or sched_work(%rip), %ecx; jnz \special
.endm

/* The last check: %ecx has no other flags than THREAD_F_FAST. They cost some work, and then it goes on. Takes %rdi. */
.macro SPECIAL else
    test $~THREAD_F_FAST, %ecx; jnz \else
    testl $THREAD_F_FPU, T_flags(%rsp); jz 1f
    mov %cr0, %rcx; or $CR0_TS, %rcx; mov %rcx, %cr0
    movb $1, %gs:CPU_fpu_trap
1:  testl $THREAD_F_FPU, T_flags(%rbp); jz 2f
    clts; movb $0, %gs:CPU_fpu_trap
2:  movzbl T_accept(%rbp), %ecx     /* handles that %rbp would have taken */
    sub %ecx, TASK_reserved(%rbx)
    movb $0, T_accept(%rbp); andl $~THREAD_F_ACCEPTS, T_flags(%rbp)
.endm

/* From %rsp to %rbp: the processor and its time, FS base, space. Keeps %rdx; takes %rax, %rcx, %r11, %r14. */
.macro SWITCH
#ifdef OUROS_DEBUG
    incq fastpath_taken(%rip)
#endif
    MESSAGE_NOTE
    mov %rbp, %gs:CPU_current
    lea T_frame + FRAME_SIZE(%rbp), %rcx
    mov %rcx, %gs:CPU_entry_rsp
    movb $THREAD_RUNNING, T_state(%rbp)
    incq stats + STATS_switches(%rip)
    mov T_task(%rsp), %r14
    mov %rdx, %r11
    rdtsc; shl $32, %rdx; or %rdx, %rax
    add %rax, T_cpu_ticks(%rsp)
    add %rax, TASK_cpu_ticks(%r14)
    sub %rax, T_cpu_ticks(%rbp)
    sub %rax, TASK_cpu_ticks(%rbx)
    mov T_fs_base(%rbp), %eax; mov T_fs_base + 4(%rbp), %edx
    mov $MSR_FS_BASE, %ecx
    wrmsr                           /* always: user code clears it by loading a selector */
    mov %r11, %rdx
    cmp %rbx, %r14; je 1f
    mov TASK_root(%rbx), %rcx; mov %rcx, %cr3
1:
.endm

/* To user mode as %rbp: no error, no handles. */
.macro RETURN
    mov T_rbx(%rbp), %rbx
    mov T_rip(%rbp), %rcx
    mov T_rflags(%rbp), %r11
    mov T_rsp(%rbp), %rsp
    mov T_rbp(%rbp), %rbp
    xor %eax, %eax; swapgs; sysretq
.endm

/* ---- call ---- */
    .globl fastpath_call, fastpath_reply_recv, fastpath_flags
fastpath_call:
    movq $-1, T_deadline(%rsp)
    movq $0, T_lengths(%rsp)
call_from_here:
    SAVE %rsp, rbx, rbp, r14, r15, rsi
    FIND_HANDLE RIGHT_CALL, call_full
    mov HANDLE_rights(%rax), %r15d
    mov %esi, %ecx
    or %r15d, %ecx; js call_full                         /* bit 31: MSG_KERNEL, or HANDLE_REPLY */
    mov HANDLE_object(%rax), %rax
    mov SESSION_port(%rax), %r11
    lea PORT_receivers(%r11), %r14
    mov (%r14), %rbp
    cmp %r14, %rbp; je call_full                         /* nobody waits */
    sub $T_run, %rbp
    mov T_priority(%rsp), %cl
    cmp %cl, T_priority(%rbp); jb call_full              /* the receiver has to inherit */
    CHECK_THREADS call_full, call_special
call_go: /* POINT OF NO RETURN */
    mov SESSION_badge(%rax), %rdi; mov %rdi, T_badge(%rsp)
    mov T_run(%rbp), %rcx           /* off port->receivers: the first */
    mov %rcx, (%r14); mov %r14, 8(%rcx)
    movb $THREAD_CALLING, T_state(%rsp)
    mov %rsp, T_caller(%rbp)
    mov %rbp, T_server(%rsp)
    mov %r11, T_served_by(%rsp)
    incq PORT_messages(%r11)
    add $PORT_received, %r11        /* the caller to the end of port->received */
    lea T_received(%rsp), %rcx
    mov 8(%r11), %r14
    mov %rcx, 8(%r11)
    mov %rcx, (%r14)
    mov %r14, 8(%rcx)
    mov %r11, (%rcx)
    shl $32, %r15; mov T_id(%rsp), %ecx; or %rcx, %r15
    SWITCH
    mov T_lengths(%rsp), %r14
    RETURN

call_special:
    SPECIAL call_full
    jmp call_go
call_full:
    mov T_r14(%rsp), %r14; mov T_r15(%rsp), %r15
    jmp full

/* ---- reply_recv ---- */
fastpath_reply_recv:
    movq $-1, T_deadline(%rsp)
reply_recv_from_here:
    SAVE %rsp, rbx, rbp
    mov T_caller(%rsp), %rbp
    test %rbp, %rbp; jz full                             /* nobody to answer */
    FIND_HANDLE RIGHT_RECV, full
    cmpl $0, HANDLE_rights(%rax); js full                /* HANDLE_REPLY */
    mov HANDLE_object(%rax), %r11
    mov PORT_borrower(%r11), %rcx
    test %rcx, %rcx; jz 1f
    cmp %rcx, T_task(%rsp); jne full                     /* lent to another */
1:  mov PORT_queued(%r11), %rcx     /* senders, bits or notices wait */
    or PORT_bits(%r11), %rcx; jnz full
    lea PORT_notices(%r11), %rcx
    cmp %rcx, (%rcx); jne full
    CHECK_THREADS full, reply_recv_special
reply_recv_go: /* POINT OF NO RETURN */
    mov T_base_priority(%rsp), %cl; mov %cl, T_priority(%rsp) /* what it has inherited ends */
    mov T_received(%rbp), %rcx      /* the caller off port->received */
    mov T_received + 8(%rbp), %rax
    mov %rcx, (%rax); mov %rax, 8(%rcx)
    movb $THREAD_RECEIVING, T_state(%rsp)
    movq $0, T_caller(%rsp)
    mov %r11, T_served_by(%rsp)
    add $PORT_receivers, %r11       /* the server first on port->receivers */
    lea T_run(%rsp), %rax
    mov (%r11), %rcx
    mov %rax, (%r11)
    mov %rax, 8(%rcx)
    mov %rcx, (%rax)
    mov %r11, 8(%rax)
    SWITCH
    xor %edi, %edi; mov %esi, %esi
    mov T_r14(%rbp), %r14; mov T_r15(%rbp), %r15
    RETURN

reply_recv_special:
    test $THREAD_F_FAULT, %ecx; jz 1f
    test $~(THREAD_F_FAULT | THREAD_F_FAST), %ecx; jz fastpath_fault_reply
1:  SPECIAL full
    jmp reply_recv_go

/* ---- both, with flags beside the number: a deadline, buffers, handles that are accepted; none that are sent ---- */
fastpath_flags:
    mov %eax, %ecx
    and $~(0xff | IPC_DEADLINE | IPC_BUFFERS | IPC_ACCEPT_ALL), %ecx
    jnz fastpath_full
    movq $-1, T_deadline(%rsp)
    movq $0, T_lengths(%rsp)
    bt $IPC_DEADLINE_BIT, %eax; jnc 1f
    cmp T_due(%rsp), %r14; jb fastpath_full              /* it has to come forward in the order of deadlines */
    mov %r14, T_deadline(%rsp)
1:  bt $IPC_BUFFERS_BIT, %eax; jc read_buffers
accept_handles:
    movzbl T_rax + 2(%rsp), %ecx    /* how many are accepted */
    test %ecx, %ecx; jz 2f
    cmp $IPC_HANDLES, %ecx; ja fastpath_full
    mov T_task(%rsp), %rax
    mov TASK_free(%rax), %r11d
    sub TASK_reserved(%rax), %r11d
    cmp %ecx, %r11d; jb fastpath_full
    add %ecx, TASK_reserved(%rax)  /* given back by `full`, if it comes to that */
    mov %cl, T_accept(%rsp); orl $THREAD_F_ACCEPTS, T_flags(%rsp)
2:  cmpb $SYS_call, T_rax(%rsp); je call_from_here
    jmp reply_recv_from_here

/* The client's struct ipc_buffers, checked as take_buffers does it. A fault leads to fastpath_fault (trap.c). */
    .globl fastpath_read, fastpath_read_end, fastpath_fault
read_buffers:
    cmp $SYS_call, %al; jne fastpath_full
    mov $USER_END - BUFFERS_SIZE, %rcx; cmp %rcx, %r15; ja fastpath_full
    mov %rsp, %rax; mov %gs:CPU_stack_top, %rsp
    SMAP STAC
fastpath_read:
    mov (%r15), %rcx; mov %rcx, T_buffers(%rax)
    mov 8(%r15), %rcx; mov %rcx, T_buffers + 8(%rax)
    mov 16(%r15), %rcx
fastpath_read_end:
    SMAP CLAC
    mov %rcx, T_lengths(%rax); mov %rax, %rsp
    cmpl $IPC_BUFFER_MAX, T_lengths(%rsp); ja fastpath_full
    cmpl $IPC_BUFFER_MAX, T_lengths + 4(%rsp); ja fastpath_full
    .irp which, 0, 1
    mov $USER_END, %rcx
    sub T_buffers + 8 * \which(%rsp), %rcx; jbe fastpath_full
    mov T_lengths + 4 * \which(%rsp), %r11d
    cmp %r11, %rcx; jb fastpath_full
    .endr
    jmp accept_handles
fastpath_fault:
    SMAP CLAC
    mov %rax, %rsp
    jmp fastpath_full

/* Undo what was done for nothing, and go the general way. */
full:
    mov T_rbx(%rsp), %rbx; mov T_rbp(%rsp), %rbp
    movzbl T_accept(%rsp), %ecx
    mov T_task(%rsp), %rax
    sub %ecx, TASK_reserved(%rax)
    movb $0, T_accept(%rsp); andl $~THREAD_F_ACCEPTS, T_flags(%rsp)
    jmp fastpath_full

    .section .note.GNU-stack, "", @progbits
