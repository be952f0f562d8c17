/* The last messages, in a ring that only debug builds have; and a record of each while tracing is on (trace.h). */
#pragma once

#define MESSAGES         64 /* in the ring */
#define MESSAGE_SIZE     64
#define MESSAGE_SHIFT    6
#define MESSAGE_FROM     0 /* threads' ids */
#define MESSAGE_TO       4
#define MESSAGE_LABEL    8
#define MESSAGE_WORD     16
#define MESSAGE_STATE    24
#define MESSAGE_OFF_MASK ((MESSAGES - 1) << MESSAGE_SHIFT)

#ifdef __ASSEMBLER__
/* clang-format off */
/* For fastpath.S, before the processor changes hands: %rsp sends to %rbp, label in %rsi, first word in %rdx. Takes
 * %rax, %rcx. */
.macro MESSAGE_NOTE
#ifdef OUROS_DEBUG
    mov message_count(%rip), %rcx
    incq message_count(%rip)
    shl $MESSAGE_SHIFT, %rcx
    and $MESSAGE_OFF_MASK, %ecx
    lea message_ring(%rip), %rax
    add %rax, %rcx
    mov T_id(%rsp), %eax; mov %eax, MESSAGE_FROM(%rcx)
    mov T_id(%rbp), %eax; mov %eax, MESSAGE_TO(%rcx)
    mov %rsi, MESSAGE_LABEL(%rcx)
    mov %rdx, MESSAGE_WORD(%rcx)
    movzbl T_state(%rsp), %eax; mov %eax, MESSAGE_STATE(%rcx)
#endif
.endm
/* clang-format on */
#else
#include <trace.h>

struct message_record {
    uint32_t from, to; /* threads' ids */
    uint64_t label;    /* and the sequence number in the upper half */
    uint64_t word;     /* the first */
    uint32_t state;    /* enum thread_state of the sender then: CALLING, RECEIVING after an answer, ... */
} __attribute__((aligned(MESSAGE_SIZE)));

#ifdef OUROS_DEBUG
extern struct message_record message_ring[MESSAGES];
extern uint64_t message_count;
/* A message, whose label and words are in the sender's registers, goes to a thread. */
void message_note(const struct thread *from, const struct thread *to);
/* The operation that a label means to a task of this name, and its protocol; NULL: no list has it. */
const char *message_name(uint32_t label, const char *server, const char **protocol);
#else
static inline void message_note(const struct thread *, const struct thread *) {}
#endif

/* On the general path: the server has the call, the client its answer. */
static inline void message_taken(const struct thread *client, const struct thread *server)
{
    message_note(client, server);
    trace_taken(client, server);
}
static inline void message_answered(const struct thread *server, const struct thread *client)
{
    message_note(server, client);
    trace_end(TRACE_ANSWERED, client, (uint32_t)server->frame.rsi);
}
#endif
