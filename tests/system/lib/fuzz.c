#include "fuzz.h"
#include <ipc/syscall.h>
#include <ipc/time.h>
#include <ouros/error.h>
#include <proto/proc.h>

uint64_t fuzz_random(struct fuzz *f, uint64_t below)
{
    f->seed ^= f->seed >> 12;
    f->seed ^= f->seed << 25;
    f->seed ^= f->seed >> 27;
    return (f->seed * 0x2545f4914f6cdd1dull >> 16) % below;
}

static const struct ipc_op *op_of(const struct ipc_protocol *const *list, uint32_t label)
{
    for (; *list; list++)
        for (uint32_t i = 0; i < (*list)->count; i++)
            if ((*list)->ops[i].number == label)
                return &(*list)->ops[i];
    return NULL;
}

/* Note that the operation was called on a server that speaks its protocol, and answered. */
static void note(struct fuzz *f, const struct fuzz_target *t, uint32_t label)
{
    for (uint32_t p = 0; f->protocols[p]; p++)
        for (const struct ipc_protocol *const *list = t->speaks; *list; list++)
            for (uint32_t i = 0; *list == f->protocols[p] && i < (*list)->count; i++)
                if ((*list)->ops[i].number == label)
                    f->called[p][i] = 1;
}

const char *fuzz_never_called(const struct fuzz *f)
{
    for (uint32_t p = 0; f->protocols[p]; p++)
        for (uint32_t i = 0; i < f->protocols[p]->count; i++)
            if (!f->called[p][i])
                return f->protocols[p]->ops[i].name;
    return NULL;
}

static uint32_t random_label(struct fuzz *f, const struct fuzz_target *t)
{
    const struct ipc_protocol *const *list = fuzz_random(f, 5) ? t->speaks : f->protocols;
    uint32_t count = 0;
    while (list[count])
        count++;
    const struct ipc_protocol *p = list[fuzz_random(f, count)];
    if (fuzz_random(f, 12) == 0)
        return (uint32_t)fuzz_random(f, fuzz_random(f, 2) ? 0x300 : 0x80000000);
    return p->ops[fuzz_random(f, p->count)].number;
}

static uint64_t random_word(struct fuzz *f)
{
    static const uint64_t odd[] = {UINT64_MAX, 1ull << 63, INT64_MAX, UINT32_MAX,
                                   1ull << 47, 0xfff,      0x1000,    99};
    switch (fuzz_random(f, 6)) {
    case 0: return 0;
    case 1: return fuzz_random(f, 16);
    case 2: return odd[fuzz_random(f, sizeof odd / sizeof *odd)];
    case 3: return f->window + fuzz_random(f, f->window_size);
    case 4: return (uint64_t)fuzz_random(f, 64) << 32 | fuzz_random(f, 5000);
    default: return fuzz_random(f, 1ull << 48) << fuzz_random(f, 17);
    }
}

static void random_handles(struct fuzz *f, struct ipc_message *m)
{
    m->handle_count = fuzz_random(f, 3) ? 0 : (uint32_t)fuzz_random(f, IPC_HANDLES + 1);
    for (uint32_t i = 0; i < m->handle_count; i++)
        m->handles[i] = fuzz_random(f, 4) ? f->targets[fuzz_random(f, f->target_count)].session
                                          : (handle_t)random_word(f);
    m->accept = (uint32_t)fuzz_random(f, IPC_HANDLES + 1);
}

/* Where a buffer lies and how long it is: mostly in `lent`, in its last bytes too, sometimes nowhere. */
static uint64_t random_buffer(struct fuzz *f, uint32_t *length)
{
    static const uint32_t lengths[] = {0, 1, 7, 48, 49, 64, 255, 4096, 5000, FUZZ_LENT};
    *length = fuzz_random(f, 2) ? lengths[fuzz_random(f, 10)] : (uint32_t)fuzz_random(f, 300);
    if (fuzz_random(f, 10) == 0) {
        *length = (uint32_t)random_word(f);
        return random_word(f);
    }
    return (uint64_t)f->lent + fuzz_random(f, FUZZ_LENT - *length + 1);
}

static void random_message(struct fuzz *f, const struct fuzz_target *t, struct ipc_message *m)
{
    *m = (struct ipc_message){.label = random_label(f, t), .seq = (uint32_t)fuzz_random(f, 1u << 31)};
    const struct ipc_op *op = op_of(t->speaks, m->label);
    for (int i = 0; i < IPC_WORDS; i++)
        m->words[i] = random_word(f);
    random_handles(f, m);
    m->flags = IPC_DEADLINE;
    if (fuzz_random(f, 3)) {
        m->flags |= IPC_BUFFERS;
        m->buffers.in = random_buffer(f, &m->buffers.in_len);
        if (fuzz_random(f, 2))
            m->buffers.out = random_buffer(f, &m->buffers.out_len);
        if (op && op->request_size > IPC_WORD_BYTES && fuzz_random(f, 2))
            m->buffers.in_len = op->request_size, m->buffers.in = (uint64_t)f->lent;
        else if (op && !(op->flags & BUF_OUT) && fuzz_random(f, 4))
            m->buffers.out_len = 0;
    }
}

/* The reply fits what the list says of the operation, and the rest of its words are zero. */
static const char *judge(const struct fuzz_target *t, uint32_t label, const struct ipc_message *m)
{
    const struct ipc_op *op = op_of(t->speaks, label);
    uint32_t used = !op || m->label == E_NOSYS ? 0 : op->reply_size;
    if (m->label & MSG_KERNEL || m->label > E_MEDIUM)
        return "the status is no error of ours";
    if (m->label == E_RESTARTED || m->label == E_HANDLE || m->label == E_TIMEDOUT)
        return m->label == E_RESTARTED ? "a server says that it restarted" : NULL;
    if (!op && m->label != E_NOSYS)
        return "an operation that nobody has is not refused with E_NOSYS";
    if (op && (t->rights & op->rights) != op->rights && m->label != E_RIGHTS && m->label != E_NOSYS)
        return "an operation was done without the right to it";
    if (m->handle_count > (op ? IPC_GIVES(op->flags) : 0))
        return "more handles than the list says";
    if (m->label == E_TOUCH)
        used = 16;
    for (uint32_t i = used; i < IPC_WORD_BYTES; i++)
        if (((const char *)m->words)[i])
            return "words of the reply beyond its size are not zero";
    return NULL;
}

static void fill_lent(struct fuzz *f)
{
    static const char *const texts[] = {"a", "..", "/tmp/fuzz/x", "/proc/self", "dev/null", ".", "/", "%s%n"};
    uint64_t at = fuzz_random(f, FUZZ_LENT - 64);
    for (int i = 0; i < 8; i++)
        __builtin_memcpy(f->lent + at + 8 * i, &(uint64_t){random_word(f)}, 8);
    const char *text = texts[fuzz_random(f, 8)];
    __builtin_memcpy(f->lent + fuzz_random(f, FUZZ_LENT - 64), text, __builtin_strlen(text));
    if (fuzz_random(f, 4) == 0)
        __builtin_memcpy(f->lent, text, __builtin_strlen(text) + 1);
}

bool fuzz_once(struct fuzz *f, void (*after_fork)(void))
{
    const struct fuzz_target *t = &f->targets[fuzz_random(f, f->target_count)];
    struct ipc_message m;
    fill_lent(f);
    random_message(f, t, &m);
    uint32_t label = m.label;
    if (t->allow && !t->allow(label, m.words))
        return true;
    m.deadline = IPC_MS(3);
    int error = sys_call_message(t->session, &m);
    if (error) {
        f->refused++;
        f->wrong = error == E_RESTARTED || error == E_DEAD ? "the server died" : NULL;
    } else {
        f->answered++;
        note(f, t, label);
        if (t->speaks[0] == &proc_protocol && label == proc_label_fork && m.label == 0 && m.words[0] == 0)
            after_fork();
        f->wrong = judge(t, label, &m);
        for (uint32_t i = 0; i < m.handle_count; i++)
            sys_handle_close(m.handles[i]);
    }
    f->wrong_label = label;
    f->wrong_target = t->name;
    return !f->wrong;
}
