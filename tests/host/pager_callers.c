/* The pager's machine for tests that call its functions: who calls, and what came of it, in structs; the rest
 * is the simulated machine's. */
#include "tests/host/pager_machine.h"

#include <stdarg.h>

struct sim_caller *sim_caller;
uint32_t sim_fail_mint, sim_touch_every;
bool sim_quiet;
uint32_t sim_wakes, sim_moved;

static uint32_t copies;
static uint64_t serial;
static handle_t next_reply;
static struct sim_caller *replies[1 << 16];

int machine_batch(handle_t task, struct vms_op *ops, uint32_t count, uint64_t *done)
{
    return sim_batch(task, ops, count, done);
}

int machine_mount(handle_t task, uint32_t index, uint32_t slot)
{
    return sim_mount(task, index, slot);
}

int machine_block(enum block_op op, paddr_t address, enum block_kind kind, uint64_t *value)
{
    return sim_block(op, address, kind, value);
}

void machine_wake(void)
{
    sim_wakes++;
}

void machine_work(void) {}

int machine_window(paddr_t block, bool map)
{
    return sim_window(block, map);
}

int machine_adopt(handle_t task, uint64_t cookie)
{
    sim_task(task)->cookie = cookie;
    return 0;
}

int machine_close(handle_t handle)
{
    if (handle >= 0x20000)
        return 0; /* a session */
    if (handle >= 0x10000) {
        if (replies[handle & 0xffff])
            replies[handle & 0xffff]->closed = true;
        replies[handle & 0xffff] = NULL;
    } else {
        sim_task_end(handle);
    }
    return 0;
}

int machine_handle_info(handle_t handle, struct handle_info *out)
{
    (void)handle, (void)out;
    return E_HANDLE;
}

int machine_mint(uint32_t tag, uint32_t rights, handle_t *session, uint64_t *badge)
{
    (void)rights;
    if (sim_fail_mint > 0) {
        sim_fail_mint--;
        return E_QUOTA;
    }
    *badge = ++serial << 24 | tag;
    *session = 0x20000 + (uint32_t)serial;
    return 0;
}

int machine_defer(handle_t *reply)
{
    MUST(sim_caller && !sim_caller->reply);
    next_reply = (next_reply + 1) & 0xffff;
    MUST(!replies[next_reply]);
    replies[next_reply] = sim_caller;
    *reply = sim_caller->reply = 0x10000 + next_reply;
    return 0;
}

int machine_reply(handle_t reply, uint32_t label, const uint64_t *words, uint32_t n)
{
    MUST(reply >= 0x10000 && reply < 0x20000 && replies[reply & 0xffff]);
    struct sim_caller *c = replies[reply & 0xffff];
    replies[reply & 0xffff] = NULL;
    c->answered = true;
    c->label = label;
    for (uint32_t i = 0; i < n; i++)
        c->word[i] = words[i];
    return 0;
}

static bool copy_fails(void)
{
    return sim_touch_every && ++copies % sim_touch_every == 0;
}

int machine_read(uint64_t offset, void *to, uint64_t length)
{
    if (offset > sim_caller->in_len || length > sim_caller->in_len - offset)
        return E_SIZE;
    if (copy_fails())
        return E_TOUCH;
    memcpy(to, (const uint8_t *)sim_caller->in + offset, length);
    return 0;
}

int machine_write(uint64_t offset, const void *from, uint64_t length)
{
    if (offset > sim_caller->out_len || length > sim_caller->out_len - offset)
        return E_SIZE;
    if (copy_fails())
        return E_TOUCH;
    memcpy((uint8_t *)sim_caller->out + offset, from, length);
    return 0;
}

void machine_log(const char *format, ...)
{
    va_list arguments;
    if (sim_quiet)
        return;
    va_start(arguments, format);
    printf("# ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

void machine_panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("not ok panic: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    fflush(stdout);
    abort();
}

bool machine_moved(frame_t frame)
{
    MUST(frame_table[frame].flags & FRAME_CLAIMED);
    return ++sim_moved % 3 == 0;
}
