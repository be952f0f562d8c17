/* How IPC_PROTOCOL works. Included by ipc/protocol.h alone, which says what comes out.
 *
 * A list does not know its protocol's name, so it is first turned into tuples: LIST(IPC_COLLECT) gives
 * `, (1, add, …), (2, …)`, and IPC_EACH applies a macro to the name and each tuple (up to 255 of them). */
#ifndef IPC_PROTOCOL_MACROS_H
#define IPC_PROTOCOL_MACROS_H

#define IPC_PARENS       ()
#define IPC_EXPAND(...)  IPC_EXPAND3(IPC_EXPAND3(IPC_EXPAND3(IPC_EXPAND3(__VA_ARGS__))))
#define IPC_EXPAND3(...) IPC_EXPAND2(IPC_EXPAND2(IPC_EXPAND2(IPC_EXPAND2(__VA_ARGS__))))
#define IPC_EXPAND2(...) IPC_EXPAND1(IPC_EXPAND1(IPC_EXPAND1(IPC_EXPAND1(__VA_ARGS__))))
#define IPC_EXPAND1(...) IPC_EXPAND0(IPC_EXPAND0(IPC_EXPAND0(IPC_EXPAND0(__VA_ARGS__))))
#define IPC_EXPAND0(...) __VA_ARGS__

#define IPC_COLLECT(...)         , (__VA_ARGS__)
#define IPC_BARE(...)            __VA_ARGS__
#define IPC_APPLY(macro, ...)    macro(__VA_ARGS__)
#define IPC_EACH(macro, p, list) IPC_EACH_OF(macro, p list(IPC_COLLECT))
#define IPC_EACH_OF(macro, ...)  IPC_EXPAND(IPC_STEP(macro, __VA_ARGS__))
#define IPC_STEP(macro, p, ...)  __VA_OPT__(IPC_STEP_ONE(macro, p, __VA_ARGS__))
#define IPC_STEP_ONE(macro, p, tuple, ...) \
    IPC_APPLY(macro, p, IPC_BARE tuple) __VA_OPT__(IPC_STEP_AGAIN IPC_PARENS(macro, p, __VA_ARGS__))
#define IPC_STEP_AGAIN() IPC_STEP_ONE

/* The tables are weak and in sections of their own: each file that includes the header has them, the linker
 * keeps one, or none. The pointers in ipc_protocols are how ipc_serve finds a protocol by its name. */
#define IPC_TABLE(kind, p) __attribute__((weak, section(".ipc." kind "." #p)))

#define IPC_PROTOCOL(p, LIST)                                                                              \
    enum { IPC_EACH(IPC_OP_LABEL, p, LIST) };                                                              \
    enum { IPC_EACH(IPC_OP_INDEX, p, LIST) p##_op_total };                                                 \
    struct p##_ops {                                                                                       \
        IPC_EACH(IPC_OP_MEMBER, p, LIST)                                                                   \
    };                                                                                                     \
    IPC_EACH(IPC_OP_ASSERT, p, LIST)                                                                       \
    IPC_TABLE("ops", p) const struct ipc_op p##_op_table[] = {IPC_EACH(IPC_OP_ENTRY, p, LIST)};            \
    IPC_TABLE("protocol", p) const struct ipc_protocol p##_protocol = {#p, p##_op_table, p##_op_total};    \
    __attribute__((used,                                                                                   \
                   section("ipc_protocols"))) static const struct ipc_protocol *const p##_protocol_entry = \
        &p##_protocol;                                                                                     \
    _Static_assert(sizeof(struct p##_ops) == p##_op_total * sizeof(void *), "a table of handlers");        \
    IPC_EACH(IPC_OP_CLIENT, p, LIST)

#define IPC_OP_LABEL(p, number, op, request_t, reply_t, need, flags) p##_label_##op = (number),
#define IPC_OP_INDEX(p, number, op, request_t, reply_t, need, flags) p##_index_##op,

#define IPC_OP_MEMBER(p, number, op, request_t, reply_t, need, flags) \
    int (*op)(struct ipc_request *, const request_t *, reply_t *);

#define IPC_OP_ENTRY(p, number, op, request_t, reply_t, need, flags) \
    {#op, (number), (flags), (need), sizeof(request_t), sizeof(reply_t)},

#define IPC_OP_ASSERT(p, number, op, request_t, reply_t, need, flags)                                      \
    _Static_assert(sizeof(reply_t) <= IPC_WORD_BYTES, #p "_" #op ": the reply does not fit in the words"); \
    _Static_assert(sizeof(request_t) <= IPC_REQUEST_MAX, #p "_" #op ": the request is too large");         \
    _Static_assert(sizeof(request_t) <= IPC_WORD_BYTES || !((flags)&BUF_IN),                               \
                   #p "_" #op ": the in-buffer is taken by the request itself");                           \
    _Static_assert((number) > 0 && ((uint32_t)(number)&MSG_KERNEL) == 0, #p "_" #op ": number");

/* The clients: words are packed and unpacked here, where sizes are constants; all else is ipc_invoke's. */
#define IPC_OP_CLIENT(p, number, op, request_t, reply_t, need, flags)                                        \
    __attribute__((unused)) static inline int p##_##op##_with(handle_t session, const request_t *request,    \
                                                              reply_t *reply, struct ipc_transfer *transfer) \
    {                                                                                                        \
        uint64_t words[IPC_WORDS] = {0};                                                                     \
        int error;                                                                                           \
                                                                                                             \
        if (sizeof(request_t) > IPC_WORD_BYTES) {                                                            \
            transfer->in = request;                                                                          \
            transfer->in_len = sizeof(request_t);                                                            \
        } else if (sizeof(request_t) > 0) {                                                                  \
            __builtin_memcpy(words, request, IPC_PACKED(request_t));                                         \
        }                                                                                                    \
        error = ipc_invoke_with(&p##_op_table[p##_index_##op], session, words, transfer);                    \
        if (error < 0)                                                                                       \
            return -error;                                                                                   \
        if (sizeof(reply_t) > 0 && reply)                                                                    \
            __builtin_memcpy(reply, words, sizeof(reply_t));                                                 \
        return error;                                                                                        \
    }                                                                                                        \
    __attribute__((unused)) static inline int p##_##op(handle_t session, const request_t *request,           \
                                                       reply_t *reply, uint64_t deadline)                    \
    {                                                                                                        \
        uint64_t words[IPC_WORDS] = {0};                                                                     \
        int error;                                                                                           \
                                                                                                             \
        if (sizeof(request_t) > IPC_WORD_BYTES)                                                              \
            return p##_##op##_with(session, request, reply, &(struct ipc_transfer){.deadline = deadline});   \
        if (sizeof(request_t) > 0)                                                                           \
            __builtin_memcpy(words, request, IPC_PACKED(request_t));                                         \
        error = ipc_invoke_words(&p##_op_table[p##_index_##op], (number), session, words, deadline);         \
        if (error < 0)                                                                                       \
            return -error;                                                                                   \
        if (sizeof(reply_t) > 0 && reply)                                                                    \
            __builtin_memcpy(reply, words, sizeof(reply_t));                                                 \
        return error;                                                                                        \
    }

/* Bytes of a request that lie in the words: also in a branch not taken the copy must be one that fits. */
#define IPC_PACKED(type) (sizeof(type) > IPC_WORD_BYTES ? 0 : sizeof(type))

#endif
