// sources:
/* IPC_PROTOCOL: tables, packing of words, large requests, replies beside errors, many operations. */
#include "check.h"
#include <ipc/protocol.h>
#include <proto/blk.h>
#include <proto/init.h>
#include <proto/pager.h>
#include <proto/proc.h>
#include <proto/tty.h>
#include <proto/vfs.h>

struct calc_add {
    int32_t a, b;
};
struct calc_sum {
    int64_t sum;
    uint8_t odd;
};
struct calc_six {
    uint64_t words[6];
};
struct calc_big {
    uint8_t bytes[49];
};

#define TEN(OP, n)                                                         \
    OP(n##0, t##n##0, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT) \
    OP(n##1, t##n##1, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT) \
    OP(n##2, t##n##2, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT) \
    OP(n##3, t##n##3, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT) \
    OP(n##4, t##n##4, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT) \
    OP(n##5, t##n##5, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT) \
    OP(n##6, t##n##6, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT) \
    OP(n##7, t##n##7, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT) \
    OP(n##8, t##n##8, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT) \
    OP(n##9, t##n##9, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT)
#define CALC_PROTOCOL(OP)                                                                    \
    OP(1, add, struct calc_add, struct calc_sum, RIGHT_USE, IDEMPOTENT)                      \
    OP(2, six, struct calc_six, struct calc_six, RIGHT_READ, EFFECT | TAKES(2))              \
    OP(3, big, struct calc_big, struct ipc_none, RIGHT_WRITE | RIGHT_USE, EFFECT | GIVES(1)) \
    TEN(OP, 1) TEN(OP, 2) TEN(OP, 3) TEN(OP, 4) TEN(OP, 5) TEN(OP, 6) TEN(OP, 7)
IPC_PROTOCOL(calc, CALC_PROTOCOL)

/* What a call came to, instead of the kernel. */
static const struct ipc_op *last_op;
static uint64_t last_words[IPC_WORDS], answer_words[IPC_WORDS];
static struct ipc_transfer last_transfer;
static int answer;

int ipc_invoke(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS], uint64_t deadline)
{
    last_op = op;
    memcpy(last_words, words, sizeof last_words);
    last_transfer = (struct ipc_transfer){.deadline = deadline};
    if (answer >= 0)
        memcpy(words, answer_words, sizeof last_words);
    return session == 5 ? answer : -E_HANDLE;
}

int ipc_invoke_with(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS],
                    struct ipc_transfer *t)
{
    int status = ipc_invoke(op, session, words, t->deadline);

    last_transfer = *t;
    return status;
}

static void packs(void)
{
    struct calc_sum sum = {0};

    answer = 0;
    answer_words[0] = (uint64_t)-7;
    answer_words[1] = 3;
    CHECK(calc_add(5, &(struct calc_add){2, -9}, &sum, 77) == 0);
    CHECK(last_op->number == 1 && last_transfer.deadline == 77);
    CHECK(last_words[0] == (2 | (uint64_t)(uint32_t)-9 << 32) && last_words[1] == 0 && last_words[5] == 0);
    CHECK(sum.sum == -7 && sum.odd == 3);
}

static void six_words(void)
{
    struct calc_six in = {{1, 2, 3, 4, 5, 6}}, out;
    struct ipc_transfer t = {.send_count = 1, .send = {9}};

    answer = 0;
    for (int i = 0; i < 6; i++)
        answer_words[i] = 10u + (unsigned)i;
    CHECK(calc_six_with(5, &in, &out, &t) == 0);
    CHECK(memcmp(last_words, &in, sizeof in) == 0 && out.words[5] == 15 && last_transfer.send[0] == 9);
}

static void reply_beside_error(void)
{
    struct calc_sum sum = {0};

    answer = E_NOENT;
    answer_words[0] = 44;
    CHECK(calc_add(5, &(struct calc_add){1, 1}, &sum, 0) == E_NOENT && sum.sum == 44);
}

static void no_reply_on_failure(void)
{
    struct calc_sum sum = {.sum = 5};

    answer = -E_TIMEDOUT;
    CHECK(calc_add(5, &(struct calc_add){1, 1}, &sum, 0) == E_TIMEDOUT && sum.sum == 5);
    CHECK(calc_add(4, &(struct calc_add){1, 1}, &sum, 0) == E_HANDLE && sum.sum == 5);
}

static void large_is_the_buffer(void)
{
    struct calc_big big = {{1, 2, 3}};

    answer = 0;
    CHECK(calc_big(5, &big, 0, 0) == 0);
    CHECK(last_transfer.in == &big && last_transfer.in_len == 49 && last_words[0] == 0);
}

static void nulls(void)
{
    answer = 0;
    CHECK(calc_t10(5, 0, 0, 0) == 0 && last_op->number == 10);
    CHECK(calc_add(5, &(struct calc_add){1, 1}, 0, 0) == 0);
}

static void tables(void)
{
    CHECK(calc_protocol.count == 73 && strcmp(calc_protocol.name, "calc") == 0);
    CHECK(calc_label_add == 1 && calc_label_t79 == 79 && calc_index_t79 == 72);
    CHECK(strcmp(calc_op_table[calc_index_big].name, "big") == 0);
    CHECK(calc_op_table[2].request_size == 49 && calc_op_table[2].rights == (RIGHT_WRITE | RIGHT_USE));
    CHECK(IPC_TAKES(calc_op_table[1].flags) == 2 && IPC_GIVES(calc_op_table[2].flags) == 1);
    CHECK(sizeof(struct calc_ops) == 73 * sizeof(void *));
}

/* In every protocol each number and each name stands once. */
static void lists_are_sound(void)
{
    const struct ipc_protocol *all[] = {&blk_protocol,  &init_protocol, &io_protocol, &pager_protocol,
                                        &proc_protocol, &tty_protocol,  &vfs_protocol};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (uint32_t a = 0; a < all[i]->count; a++) {
            const struct ipc_op *op = &all[i]->ops[a];

            CHECK(!(op->flags & IDEMPOTENT) != !(op->flags & EFFECT));
            for (uint32_t b = 0; b < a; b++)
                CHECK(all[i]->ops[b].number != op->number && strcmp(all[i]->ops[b].name, op->name));
        }
}

/* Those that one server speaks on one port must not share a number. */
static void neighbours_are_apart(void)
{
    static const struct ipc_protocol *const pairs[][2] = {
        {&vfs_protocol, &io_protocol},   {&proc_protocol, &io_protocol},  {&proc_protocol, &vfs_protocol},
        {&tty_protocol, &io_protocol},   {&init_protocol, &io_protocol},  {&blk_protocol, &io_protocol},
        {&pager_protocol, &io_protocol}, {&pager_protocol, &vfs_protocol}};

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (uint32_t a = 0; a < pairs[i][0]->count; a++)
            for (uint32_t b = 0; b < pairs[i][1]->count; b++)
                CHECK(pairs[i][0]->ops[a].number != pairs[i][1]->ops[b].number);
}

extern const struct ipc_protocol *const __start_ipc_protocols[], *const __stop_ipc_protocols[];

static void found_by_section(void)
{
    int found = 0;

    for (const struct ipc_protocol *const *p = __start_ipc_protocols; p < __stop_ipc_protocols; p++)
        found += *p == &calc_protocol;
    CHECK(found == 1);
}

int main(void)
{
    RUN(packs);
    RUN(six_words);
    RUN(reply_beside_error);
    RUN(no_reply_on_failure);
    RUN(large_is_the_buffer);
    RUN(nulls);
    RUN(tables);
    RUN(lists_are_sound);
    RUN(neighbours_are_apart);
    RUN(found_by_section);
    CHECK_END();
}
