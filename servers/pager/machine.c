#include "block.h"
#include "server.h"

#include <ipc/format.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <stdarg.h>

#define MEMORY   HANDLE_FIRST(PAGER_HANDLE_MEMORY)
#define OWN_TASK HANDLE_FIRST(PAGER_HANDLE_TASK)

handle_t machine_port;
struct ipc_request *machine_request;

int machine_batch(handle_t task, struct vms_op *ops, uint32_t count, uint64_t *done)
{
    return sys_vms_batch(MEMORY, task, ops, count, done);
}

int machine_mount(handle_t task, uint32_t index, uint32_t slot)
{
    return sys_vms_mount(MEMORY, task, index, slot);
}

int machine_block(enum block_op op, paddr_t address, enum block_kind kind, uint64_t *value)
{
    return sys_block_ctl(MEMORY, op, address, kind, value);
}

int machine_window(paddr_t block, bool map)
{
    struct vms_op op = {.op = map ? VMS_SET : VMS_CLEAR,
                        .level = PTEP_LEAF - 1,
                        .prot = map ? VMS_READ | VMS_WRITE : 0,
                        .count = 1,
                        .va = PAGER_RAM + block,
                        .pa = block};
    uint64_t done;
    return sys_vms_batch(MEMORY, OWN_TASK, &op, 1, &done);
}

bool machine_moved(frame_t frame)
{
    const uint32_t *word = frame_memory(frame), *end = word + PAGE_SIZE / sizeof *word;
    for (; word < end; word += FUTEX_WORDS_MOST)
        if (sys_futex(FUTEX_WAKE_WORDS | FUTEX_SHARED, word, FUTEX_WORDS_MOST, 0, 0, 0, NULL) == E_NOENT)
            return false;
    return true;
}

int machine_adopt(handle_t task, uint64_t cookie)
{
    return sys_task_ctl(task, TASK_SET_PAGER, machine_port, cookie, 0, NULL);
}

int machine_close(handle_t handle)
{
    return sys_handle_close(handle);
}

int machine_handle_info(handle_t handle, struct handle_info *info)
{
    return sys_handle_info(handle, info);
}

int machine_mint(uint32_t tag, uint32_t rights, handle_t *session, uint64_t *badge)
{
    uint64_t value;
    int error;
    do
        error = sys_port_ctl(machine_port, PORT_MINT, tag, rights, 0, &value, badge);
    while (error == E_KMEM && block_feed() == 0);
    *session = error ? HANDLE_NONE : (handle_t)value;
    return error;
}

int machine_defer(handle_t *reply)
{
    struct ipc_request kept;
    int error;
    do {
        error = machine_request ? ipc_defer(machine_request, &kept) : sys_reply_defer(reply, NULL);
        if (!error && machine_request)
            *reply = kept.reply;
    } while (error == E_KMEM && block_feed() == 0);
    return error;
}

int machine_reply(handle_t reply, uint32_t label, const uint64_t *words, uint32_t count)
{
    struct ipc_message m = {.label = label};
    for (uint32_t i = 0; i < count; i++)
        m.words[i] = words[i];
    return sys_reply_message(reply, &m);
}

int machine_read(uint64_t offset, void *to, uint64_t length)
{
    return ipc_read(machine_request, offset, to, length);
}

int machine_write(uint64_t offset, const void *from, uint64_t length)
{
    return ipc_write(machine_request, offset, from, length);
}

static void log_line(const char *head, const char *format, va_list arguments)
{
    char line[240];
    size_t n = ipc_format(line, sizeof line, "%s", head);
    n += ipc_vformat(line + n, sizeof line - n, format, arguments);
    sys_log_write(line, n < sizeof line ? n : sizeof line - 1);
}

void machine_log(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_line("<6>", format, arguments);
    va_end(arguments);
}

void machine_panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_line("<3>", format, arguments);
    va_end(arguments);
    for (;;)
        sys_task_ctl(OWN_TASK, TASK_KILL, 1, 0, 0, NULL);
}
